"""Interviewer variance: how far answers depend on who asked, within the villages where several asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtrc

from evalkit.errors import EstimateError

Floats = NDArray[np.float64]
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class InterviewerEffect:
    """Components of variance between and within interviewers, villages taken out.

    Attributes
    ----------
    between, within : float
        σ²_int (kept as estimated, so it may be below 0) and σ²_e.
    df : tuple of int
        Of both sums of squares; the first is 0 where interviewers and villages are confounded.
    workload : float
        Interviews an interviewer, n/k.
    villages, shared : int
        Villages, and those where at least two interviewers asked: only these tell anything.
    p_value : float
        Of "interviewers do not differ", by the F ratio; NaN where confounded.
    difference, error : (k,) float array
        Mean of each interviewer above the means of the villages where they asked, and its standard error if interviewers did
        not differ; NaN for those who shared no village.
    count : (k,) int array
        Interviews of each interviewer.
    """

    between: float
    within: float
    df: tuple[int, int]
    workload: float
    villages: int
    shared: int
    p_value: float
    difference: Floats
    error: Floats
    count: NDArray[np.int64]

    @property
    def confounded(self) -> bool:
        """Whether no village was shared by two interviewers, so that nothing can be said."""
        return self.df[0] == 0

    @property
    def rho(self) -> float:
        """ρ_int = σ²_int/(σ²_int + σ²_e), below 0 where interviewers differ less than chance makes them; NaN where confounded."""
        whole = self.between + self.within
        return self.between / whole if whole > 0 else 0.0 if whole == 0 else float("nan")

    @property
    def deff(self) -> float:
        """1 + (m̄ − 1)ρ_int with ρ_int from 0 on."""
        return float("nan") if np.isnan(self.rho) else deff_int(self.workload, max(self.rho, 0.0))


def deff_int(workload: float, rho: float) -> float:
    """Return how many times interviewers blow up a variance, 1 + (m̄ − 1)ρ_int (Kish 1962, JASA 57:92).

    Parameters
    ----------
    workload : float
        Interviews an interviewer, at least 1.
    rho : float
        In [0, 1].

    Examples
    --------
    >>> round(deff_int(75, .02), 2)
    2.48
    """
    if not (workload >= 1 and 0 <= rho <= 1):
        raise EstimateError(f"工作量 {workload}、ρ {rho}｜工作量不小于 1，ρ 在 0 与 1 之间｜核对两个数")
    return 1 + (workload - 1) * rho


def interviewer_effect(values: ArrayLike, interviewers: ArrayLike, villages: ArrayLike) -> InterviewerEffect:
    """Return the interviewer component of variance, with villages as fixed effects.

    Parameters
    ----------
    values : (n,) array
        Answers, 0/1 or numbers, without missing ones.
    interviewers, villages : (n,) int array
        Codes from 0 on.

    Returns
    -------
    InterviewerEffect

    Raises
    ------
    EstimateError
        Arrays of different lengths, values that are no finite numbers.

    Notes
    -----
    Henderson's method III (Searle, Casella & McCulloch 1992, Variance Components, ch. 5.5): with r the sums of y − village mean by
    interviewer and M = Z′Z − Z′X(X′X)⁻¹X′Z, R = r′M⁺r has the expectation σ²_int tr M + rank(M) σ²_e. Where each interviewer asks
    in one village, this is the analysis of variance within villages. A village with one interviewer adds nothing to M: who asked
    and where cannot be told apart there, and effects are then confounded, not 0.

    Examples
    --------
    >>> found = interviewer_effect([1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1], [0] * 8)
    >>> round(found.rho, 4), found.df
    (0.6667, (1, 6))
    """
    y, who, where = np.asarray(values, dtype=float), np.asarray(interviewers), np.asarray(villages)
    if not (y.ndim == 1 and len(y) == len(who) == len(where) and len(y)) or not bool(np.isfinite(y).all()):
        raise EstimateError("调查员效应｜答案、调查员、村应等长，答案为有限数｜先去掉缺答案的行")
    k, m = int(who.max()) + 1, int(where.max()) + 1
    cells = np.bincount(who * m + where, minlength=k * m).reshape(k, m).astype(float)
    takes, count = cells.sum(axis=0), cells.sum(axis=1)
    left = y - (np.bincount(where, y, minlength=m) / np.maximum(takes, 1))[where]
    r = np.bincount(who, left, minlength=k)
    held = np.diag(count) - (cells / np.maximum(takes, 1)) @ cells.T
    free, inverse = _inverse(held)
    explained, whole = float(r @ inverse @ r), float(left @ left)
    rest = len(y) - int((takes > 0).sum()) - free
    within = max(whole - explained, 0.0) / rest if rest > 0 else float("nan")
    between = (explained - free * within) / float(np.trace(held)) if free else float("nan")
    ratio = explained / free / within if free and within > 0 else float("nan")
    p_value = float(fdtrc(free, rest, max(ratio, 0.0))) if np.isfinite(ratio) else float("nan")
    alone = np.diag(held) <= TINY * np.maximum(count, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.where(alone, np.nan, r / np.diag(held))
        error = np.where(alone, np.nan, np.sqrt(within / np.diag(held)))
    shared = int(((cells > 0).sum(axis=0) > 1).sum())
    working = int((count > 0).sum())
    return InterviewerEffect(
        between, within, (free, rest), len(y) / working, int((takes > 0).sum()), shared, p_value, difference, error, count.astype(np.int64)
    )  # fmt: skip


def _inverse(held: Floats) -> tuple[int, Floats]:
    """Return the rank of a symmetric matrix that is not negative, and its pseudoinverse."""
    values, vectors = np.linalg.eigh(held)
    kept = values > TINY * max(float(values.max(initial=0.0)), 1.0)
    return int(kept.sum()), (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
