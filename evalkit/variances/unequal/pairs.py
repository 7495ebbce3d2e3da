"""Variance of totals from the chances of pairs: quadratic forms z'Qz in the weighted values z = y/π.

With D_ij = (π_ij − π_iπ_j)/π_ij, Horvitz & Thompson's form has Q = D, and Sen, Yates & Grundy's, for designs of fixed size,
−½ Σ D_ij (z_i − z_j)², has Q = D less its row sums on the diagonal (Särndal, Swensson & Wretman 1992, Model Assisted Survey
Sampling, eq. 2.8.6 and 2.8.10). The first can be far below 0 where the second is sound. Papers whose page or equation is not
named are cited from memory.

Certain units, π ≥ 1 − 1e-7, do not vary: their rows of Q are 0, and they are not counted in n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import Faults, SurveyError, one_of
from evalkit.variances.forms import Successive
from evalkit.variances.stages import FULL, Floats, Ints
from evalkit.variances.unequal.checks import Flags, note, numbers, shares, strata, together
from evalkit.variances.unequal.squares import Uncertain

Kind = Literal["syg", "ht"]
CLOSE = 1e-8
DIAGONAL = 1e-6


@dataclass(frozen=True, eq=False)
class Drawn:
    """A sample as rules for pairs read it.

    Parameters
    ----------
    probs : (n,) float array
    free : (n,) bool array
        Units that are not certain.
    stratum : (n,) int array
    n : (n,) float array
        Uncertain units in the stratum of each, at least 2 as far as pairs exist.
    squares : (n,) float array
        Σπ²/n over the population of the stratum of each, or its estimate.
    joint : (n, n) float array or None
    """

    probs: Floats
    free: Flags
    stratum: Ints
    n: Floats
    squares: Floats
    joint: Floats | None

    def within(self, numerator: Floats) -> Floats:
        """Return numerator/(n − 1) for pairs of uncertain units of one stratum, 0 for others."""
        inside = (self.stratum[:, None] == self.stratum) & self.free & self.free[:, None]
        return np.asarray(np.where(inside, numerator / np.maximum(self.n - 1, 1), 0.0))


@dataclass(frozen=True)
class PairRule:
    """Where D comes from.

    Parameters
    ----------
    text : str
        One line for messages and documents.
    dependence : callable
        ``dependence(drawn)`` gives D, (n, n); its diagonal is not read.
    """

    text: str
    dependence: Callable[[Drawn], Floats]


def _overton(drawn: Drawn) -> Floats:
    """Overton 1985; Stehman & Overton 1994, Amer. Statist. 48:261: π_ij = π_iπ_j(n − 1)/(n − (π_i + π_j)/2)."""
    return drawn.within((drawn.probs[:, None] + drawn.probs) / 2 - 1)


def _hartley_rao(drawn: Drawn) -> Floats:
    """Hartley & Rao 1962, Ann. Math. Statist. 33:350: π_ij = π_iπ_j(n − 1)/(n − π_i − π_j + Σπ²/n)."""
    return drawn.within(drawn.probs[:, None] + drawn.probs - 1 - drawn.squares)


def _joint(drawn: Drawn) -> Floats:
    if drawn.joint is None:
        raise SurveyError("方法 joint 缺 joint｜要两两入样概率的矩阵｜写 joint=，或改用 overton、hartley-rao")
    return np.asarray(1 - drawn.probs[:, None] * drawn.probs / drawn.joint)


FORMS: dict[str, PairRule] = {
    "overton": PairRule("由 π 近似 π_ij（Overton）", _overton),
    "hartley-rao": PairRule("由 π 与 Σπ²/n 近似 π_ij（Hartley–Rao）", _hartley_rao),
    "joint": PairRule("已知 π_ij 的矩阵", _joint),
}
KINDS: dict[str, Callable[[Floats], Floats]] = {
    "syg": lambda dependence: dependence - np.diag(dependence.sum(axis=1)),
    "ht": lambda dependence: dependence,
}


def form(
    method: str,
    probs: ArrayLike,
    *,
    joint: ArrayLike | None = None,
    kind: Kind = "syg",
    sum_p2_over_n: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
) -> Floats:
    """Return the matrix Q of v = z'Qz, z the weighted values y/π of the sampled units.

    Parameters
    ----------
    method : str
        One of `FORMS`.
    probs : array, shape (n,)
        0 < π ≤ 1.
    joint : array, shape (n, n), optional
        For "joint": π_ij, π on the diagonal; see `joint_chances`. Pairs of different strata belong to it, as π_iπ_j.
    kind : {"syg", "ht"}
        Sen–Yates–Grundy's form, for samples of fixed size, or Horvitz–Thompson's.
    sum_p2_over_n : float or array, shape (strata,), optional
        For "hartley-rao": Σπ²/n over the uncertain units of the population, in (0, 1]; without it Σπ/n over those of the
        sample.
    stratum : int array, shape (n,), optional
        0 … strata − 1; all one stratum without it.

    Returns
    -------
    array, shape (n, n)
        Symmetric; 8n² bytes. The only uncertain unit of a stratum has 0 under "syg" and 1 − π under "ht".

    Raises
    ------
    SurveyError
        When the method or kind is unknown, `joint` is missing or wrong, chances or Σπ²/n are not in (0, 1], or there is not
        one number a stratum or one stratum a unit.

    Examples
    --------
    >>> pi = np.array([2, 4, 6]) / 7
    >>> z = np.array([3, 8, 13]) / pi
    >>> for kind in ("syg", "ht"):
    ...     [round(float(z @ form("hartley-rao", pi, kind=kind, sum_p2_over_n=p2) @ z), 5) for p2 in (91 / 147, None)]
    [9.98148, 9.13889]
    [-32.66667, -7.97222]
    """
    rule, shape = one_of("method", method, FORMS, SurveyError, "规则"), one_of("kind", kind, KINDS, SurveyError, "形式")
    pi = together(probs)[0]
    given = None if joint is None else joint_chances(joint, pi)
    codes, squares = _by_stratum(len(pi), stratum, sum_p2_over_n)
    free = pi < 1 - FULL
    dependence = rule.dependence(_drawn(pi, free, codes, squares, given))
    np.fill_diagonal(dependence, np.where(free, 1 - pi, 0.0))
    return shape(dependence)


def _by_stratum(units: int, stratum: ArrayLike | None, stated: ArrayLike | None) -> tuple[Ints, Floats | None]:
    """Return the stratum of each unit, and the stated Σπ²/n of the stratum of each."""
    faults = Faults("两两近似")
    codes = np.zeros(units, dtype=np.int64) if stratum is None else strata(faults, numbers(faults, stratum=stratum)[0], units)
    squares = None if stated is None else np.atleast_1d(numbers(faults, sum_p2_over_n=stated)[0])
    count = int(codes.max(initial=0)) + 1
    if squares is not None:
        note(faults, "sum_p2_over_n", squares, ~((squares > 0) & (squares <= 1)), "应大于 0、不大于 1", "写总体的 Σπ²/n，不是 Σπ²")
        if not len(faults) and squares.shape not in ((1,), (count,)):
            rule = f"应为一个数，或每层一个，共 {count} 层（全为必入单元的层也算）"
            faults.add(None, "sum_p2_over_n", f"形状 {squares.shape}", rule, "按层的次序写")
    faults.refuse(SurveyError)
    return codes, None if squares is None else np.broadcast_to(squares, count)[codes]


def _drawn(probs: Floats, free: Flags, stratum: Ints, stated: Floats | None, joint: Floats | None) -> Drawn:
    units = Uncertain(probs, stratum, int(stratum.max(initial=0)) + 1)
    n = units.summed(free.astype(float))
    squares = units.summed(free * probs) / np.maximum(n, 1) if stated is None else stated
    return Drawn(probs, free, stratum, n, squares, joint)


def joint_chances(joint: ArrayLike, probs: Floats | None = None, *, zero: bool = False) -> Floats:
    """Return a matrix of chances of pairs as an array, or refuse it with all its faults, by position from 1.

    Parameters
    ----------
    joint : array, shape (n, n)
        Symmetric, 0 < π_ij ≤ min(π_i, π_j), single chances on the diagonal.
    probs : array, shape (n,), optional
        What the diagonal should be.
    zero : bool
        Whether π_ij = 0 is allowed, as it is for the variance of a design, though not for its estimate.

    Returns
    -------
    array, shape (n, n)

    Raises
    ------
    SurveyError

    Examples
    --------
    >>> joint_chances([[0.5, 0.0, 0.6], [0.0, 0.5, 0.2], [0.6, 0.2, 0.6]])
    Traceback (most recent call last):
        ...
    evalkit.errors.SurveyError: 两两入样概率：2 处错误
      joint 第 (1,2) 个：0｜应大于 0，否则方差无法由样本估计｜改用只要 π 的方法（hajek、deville2），有序等距用 successive
      joint 第 (1,3) 个：0.6｜应不大于两单元各自的概率｜核对这些单元对
    """
    faults = Faults("两两入样概率")
    pairs = numbers(faults, joint=joint)[0]
    size = np.atleast_1d(pairs).shape[0] if probs is None else len(probs)
    if pairs.shape != (size, size):
        raise SurveyError(f"joint 形状 {pairs.shape}｜应为 ({size}, {size})，与样本单元同序｜只取样本单元的行与列")
    own = np.diag(pairs)
    note(faults, "joint 对角线", own, ~((own > 0) & (own <= 1)), "应大于 0、不大于 1", "对角线写各单元的概率")
    if probs is not None:
        note(faults, "joint 对角线", own, ~(np.abs(own - probs) <= DIAGONAL * probs), "应等于 probs", "对齐单元的次序")
    _pairs(faults, pairs, own, zero)
    faults.refuse(SurveyError)
    return pairs


def _pairs(faults: Faults, pairs: Floats, own: Floats, zero: bool) -> None:
    above = np.triu(np.ones(pairs.shape, dtype=bool), 1)
    apart = ~(np.abs(pairs - pairs.T) <= CLOSE * np.abs(pairs))
    note(faults, "joint", pairs, above & apart, "应对称", "核对这些单元对")
    instead = "改用只要 π 的方法（hajek、deville2），有序等距用 successive"
    most = (1 + CLOSE) * np.minimum(own[:, None], own)
    if not zero:
        note(faults, "joint", pairs, above & (pairs == 0), "应大于 0，否则方差无法由样本估计", instead)
    note(faults, "joint", pairs, above & ~(pairs >= 0), "应大于 0", "核对这些单元对")
    note(faults, "joint", pairs, above & (pairs > most), "应不大于两单元各自的概率", "核对这些单元对")


def horvitz_thompson_variance(values: ArrayLike, joint: ArrayLike, form: Kind = "syg") -> float:
    """Estimate the variance of Σ y_i/π_i of one sample from the chances of its pairs.

    Parameters
    ----------
    values : array, shape (n,)
        y of the sampled units.
    joint : array, shape (n, n)
        π_ij, all above 0, with π on the diagonal.
    form : {"syg", "ht"}
        Sen–Yates–Grundy's, for designs of fixed size, or Horvitz–Thompson's, for any design; both are unbiased there.

    Returns
    -------
    float
        May be below 0.

    Raises
    ------
    SurveyError
        When numbers or chances are unfit, with all faults.

    Examples
    --------
    Sampford's design of 3 out of 6:

    >>> from evalkit.inclusion import sampford
    >>> joint = sampford([i / 7 for i in range(1, 7)])[np.ix_([1, 3, 5], [1, 3, 5])]
    >>> [round(horvitz_thompson_variance([3, 8, 13], joint, kind), 4) for kind in ("syg", "ht")]
    [9.3568, -28.6493]
    """
    pairs = joint_chances(joint)
    pi, y = together(np.diag(pairs), values=values)
    return _quadratic(y / pi, pairs, form)


def _quadratic(z: Floats, pairs: Floats, kind: Kind) -> float:
    return float(z @ form("joint", np.diag(pairs), joint=pairs, kind=kind) @ z)


def ratio_variance(y: ArrayLike, x: ArrayLike, joint: ArrayLike, form: Kind = "syg") -> float:
    """Estimate the variance of R = (Σy/π)/(Σx/π), linearised: that of the total of (y − R x)/(Σx/π).

    Source: Särndal, Swensson & Wretman 1992, eq. 5.6.10; R sampling's vartaylor_ratio is form "ht".

    Parameters
    ----------
    y, x : array, shape (n,)
    joint : array, shape (n, n)
        As for `horvitz_thompson_variance`.
    form : {"syg", "ht"}

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When numbers or chances are unfit, or Σx/π is 0.

    Examples
    --------
    >>> from evalkit.inclusion import sampford
    >>> joint = sampford([i / 7 for i in range(1, 7)])[np.ix_([1, 3, 5], [1, 3, 5])]
    >>> round(ratio_variance([3, 8, 13], [1, 2, 4], joint), 6)
    0.052914
    """
    pairs = joint_chances(joint)
    pi, top, bottom = together(np.diag(pairs), y=y, x=x)
    total = float((bottom / pi).sum())
    if total == 0:
        raise SurveyError("x 的加权合计为 0｜比率无定义｜换一个分母")
    residual = top - (top / pi).sum() / total * bottom
    return _quadratic(residual / pi / total, pairs, form)


def design_variance(values: ArrayLike, joint: ArrayLike) -> float:
    """Return the variance of Σ y_i/π_i over all samples of a design, Σ_ij (π_ij − π_iπ_j) z_i z_j.

    Parameters
    ----------
    values : array, shape (N,)
        y of all units of the population.
    joint : array, shape (N, N)
        π_ij of all pairs, π on the diagonal; pairs that are never drawn have 0.

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When numbers or chances are unfit, with all faults.

    Examples
    --------
    >>> from evalkit.inclusion import sampford
    >>> round(design_variance([2, 3, 7, 8, 9, 13], sampford([i / 7 for i in range(1, 7)])), 5)
    5.29115
    """
    pairs = joint_chances(joint, zero=True)
    pi, y = together(np.diag(pairs), values=values)
    z = y / pi
    return float(z @ (pairs - np.outer(pi, pi)) @ z)


def successive(z: ArrayLike, stratum: ArrayLike, fraction: ArrayLike, *, circular: bool = False) -> float | Floats:
    """Return the variance of totals of systematic samples from the differences of neighbours in the order of the list.

    v = Σ_h (1 − f_h) n_h/(2(n_h − 1)) Σ_i (z_hi − z_h,i−1)² (Wolter 2007, Introduction to Variance Estimation, eq. 8.2.2);
    circular: Σ_h (1 − f_h)/2 [Σ_i (z_hi − z_h,i−1)² + (z_hn − z_h1)²] (Ash 2014, Surv. Meth. 40:47, SD2).

    Parameters
    ----------
    z : array, shape (n,) or (n, k)
        Weighted values, in the order of the list within each stratum.
    stratum : int array, shape (n,)
        0 … strata − 1.
    fraction : float or array, shape (strata,)
        Sampling fraction, 0 ≤ f ≤ 1; strata without a unit may stand among them.
    circular : bool
        Whether the last unit of a stratum is a neighbour of its first.

    Returns
    -------
    float, or array of shape (k, k) with the covariances of k totals
        A stratum of one unit adds 0: whoever asks has to see to it.

    Raises
    ------
    SurveyError
        When lengths differ, values are no numbers, strata are not numbered from 0, or fractions are not in [0, 1].

    Examples
    --------
    >>> [round(successive([1.0, 2.0, 4.0], [0, 0, 0], 0.2, circular=ring), 9) for ring in (False, True)]
    [3.0, 5.6]
    """
    faults = Faults("逐次差分")
    values, given, taken = numbers(faults, z=z, stratum=stratum, fraction=fraction)
    if values.ndim not in (1, 2):
        raise SurveyError(f"z：{values.ndim} 维｜应为一列数，或每个单元一行、每个变量一列｜改正 z 的形状")
    codes = strata(faults, given, len(values))
    share = shares(faults, taken, int(codes.max(initial=0)) + 1)
    note(faults, "z", values, ~np.isfinite(values), "应为数", "改正或去掉这些单元")
    faults.refuse(SurveyError)
    table = values if values.ndim == 2 else values[:, None]
    found = _closed(table, codes, share) if circular else Successive(np.arange(len(codes)), codes, share).covariance(table)
    return found if values.ndim == 2 else float(found[0, 0])


def _closed(table: Floats, stratum: Ints, share: Floats) -> Floats:
    """Add the difference of the ends; n/(n − 1) goes into the fraction."""
    n = np.bincount(stratum, minlength=len(share))
    open_ = Successive(np.arange(len(stratum)), stratum, 1 - (1 - share) * np.maximum(n - 1, 0) / np.maximum(n, 1))
    order = np.argsort(stratum, kind="stable")
    ends, held = np.cumsum(n), n > 0
    gap = table[order[ends[held] - 1]] - table[order[ends[held] - n[held]]]
    return np.asarray(open_.covariance(table) + (gap * (1 - share[held])[:, None] / 2).T @ gap)
