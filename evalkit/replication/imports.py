"""Replicate weights that somebody else made, with the scales of their kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import lapack

from evalkit.errors import Faults, SurveyError
from evalkit.replication.plan import Replicates
from evalkit.variances import Floats

DEPENDENT = 1e-5  # a column this near to the others, relative to its length, adds nothing to the rank


@dataclass(frozen=True)
class Kind:
    """What follows from the number of replicates R.

    Attributes
    ----------
    text : str
    scale : float or None
        Multiplied by R^−1, (R − 1)/R, 1/(R − 1) or 1 as `form` says; None: must be stated.
    form : str
    rscales : bool
        Whether rscales must be stated.
    """

    text: str
    scale: float | None = None
    form: str = "1"
    rscales: bool = False

    def of(self, count: int) -> float | None:
        """Return the scale for R = `count`."""
        forms = {"1": 1.0, "1/R": 1 / count, "(R−1)/R": (count - 1) / count, "1/(R−1)": 1 / max(count - 1, 1)}
        return None if self.scale is None else self.scale * forms[self.form]


KINDS: dict[str, Kind] = {
    "jk1": Kind("不分层刀切，scale = (R−1)/R", 1.0, "(R−1)/R"),
    "jk2": Kind("成对刀切，scale = 1", 1.0),
    "jkn": Kind("分层刀切，scale = 1，须给各套的 rscales", 1.0, rscales=True),
    "brr": Kind("平衡半样本，scale = 1/R", 1.0, "1/R"),
    "fay": Kind("Fay 法，须给 scale = 1/(R(1−ρ)²)"),
    "bootstrap": Kind("自助法，scale = 1/(R−1)", 1.0, "1/(R−1)"),
    "sdr": Kind("逐次差分，scale = 4/R", 4.0, "1/R"),
    "other": Kind("其他，须给 scale"),
}  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Imported(Replicates):
    """Replicate weights divided by the weights.

    Attributes
    ----------
    weights : (rows, R) float array
    base : (rows,) float array
    """

    weights: Floats
    base: Floats

    def between(self, start: int, stop: int) -> Floats:
        return np.ascontiguousarray((self.weights[:, start:stop] / self.base[:, None]).T)

    def totals(self, sums: Floats) -> Floats:
        return np.asarray(self.weights.T @ (sums / self.base[:, None]))


def imported(
    weights: ArrayLike,
    base: ArrayLike,
    kind: str = "other",
    scale: float | None = None,
    rscales: Sequence[float] | float | None = None,
    df: float | None = None,
) -> Replicates:
    """Return replicates from a file of weights; each row is a unit.

    Parameters
    ----------
    weights : array, shape (rows, R)
        Whole replicate weights (factors times `base`).
    base : array, shape (rows,)
        Weights of the full sample, above 0.
    kind : str
        A name of `KINDS`, which gives the scale where it follows from R.
    scale : float, optional
        At least 0; goes before that of the kind.
    rscales : float or sequence of R floats, optional
        At least 0; 1 when not given, save that "jkn" needs them: (R − 1)/R for all is not the variance of a stratified jackknife.
    df : float, optional
        Without it `rank_df` of the weights.

    Raises
    ------
    SurveyError
        With all faults: an unknown kind, scales that are missing or negative, weights that are negative or not finite, lengths that
        differ.

    Examples
    --------
    >>> plan = imported([[0.0, 15, 15], [15, 0, 15], [15, 15, 0]], [10.0, 10, 10], "jk1")
    >>> plan.df, round(plan.scale, 4), plan.factors(0, 1).tolist()
    (2.0, 0.6667, [[0.0, 1.5, 1.5]])
    """
    faults = Faults("重复权数")
    matrix, whole = np.asarray(weights, dtype=np.float64), np.asarray(base, dtype=np.float64)
    if kind not in KINDS:
        listed = "、".join(f"{name}（{entry.text}）" for name, entry in KINDS.items())
        faults.add(None, "kind", repr(kind), "没有这一种", f"可用：{listed}")
    if matrix.ndim != 2 or matrix.shape[:1] != whole.shape or 0 in matrix.shape:
        faults.add(None, "weights", f"形状 {matrix.shape}", f"应为 {whole.shape} 行、每套一列", "对齐行与权数")
    faults.refuse(SurveyError)
    count = matrix.shape[1]
    _sound(matrix, whole, faults)
    by_kind = KINDS[kind].of(count) if scale is None else float(scale)
    spread = _spread(kind, rscales, count, faults)
    if by_kind is None or not (np.isfinite(by_kind) and by_kind >= 0):
        faults.add(None, "scale", scale, f"{kind} 须有不小于 0 的 scale", KINDS[kind].text)
    faults.refuse(SurveyError)
    assert by_kind is not None
    freedom = rank_df(matrix) if df is None else float(df)
    return Imported(kind, count, len(whole), by_kind, spread, freedom, 0, matrix, whole)


def _sound(matrix: Floats, whole: Floats, faults: Faults) -> None:
    wrong = np.flatnonzero(~(np.isfinite(matrix) & (matrix >= 0)).all(axis=1))
    if len(wrong):
        faults.add(None, "weights", f"第 {'、'.join(str(i + 1) for i in wrong[:6])} 行", "重复权数应为不小于 0 的数", "补全或改正")
    wrong = np.flatnonzero(~(np.isfinite(whole) & (whole > 0)))
    if len(wrong):
        faults.add(None, "base", f"第 {'、'.join(str(i + 1) for i in wrong[:6])} 行", "权数应大于 0", "改正，或去掉这些行")


def _spread(kind: str, rscales: Sequence[float] | float | None, count: int, faults: Faults) -> Floats:
    if rscales is None and KINDS[kind].rscales:
        faults.add(None, "rscales", None, "分层刀切的方差须有各套的 rscales", "写 rscales=各层的 (n−1)/n·(1−f)，每套一个")
    given = np.asarray(1.0 if rscales is None else rscales, dtype=np.float64)
    if given.shape not in ((), (count,)) or not (np.isfinite(given) & (given >= 0)).all():
        faults.add(None, "rscales", f"形状 {given.shape}", f"应为一个或 {count} 个不小于 0 的数", "改正 rscales")
        return np.ones(count)
    return np.array(np.broadcast_to(given, (count,)))


def rank_df(weights: ArrayLike) -> float:
    """Return the rank of replicate weights minus 1, the degrees of freedom of R survey's ``degf``.

    Parameters
    ----------
    weights : array, shape (rows, R)
        Weights or factors; those of a domain's rows give the degrees of freedom of the domain.

    Returns
    -------
    float
        A column whose distance from the span of the others is below 1e-5 of its length does not count (R's ``qr(tol = 1e-5)``).

    Examples
    --------
    >>> rank_df([[0.0, 2, 1], [2.0, 0, 1], [2.0, 0, 1]])
    1.0
    """
    matrix = np.asarray(weights, dtype=np.float64)
    length = np.sqrt((matrix**2).sum(axis=0))
    matrix = matrix[:, length > 0] / length[length > 0]
    if not matrix.size:
        return -1.0
    cross = matrix @ matrix.T if len(matrix) < matrix.shape[1] else matrix.T @ matrix
    rank = lapack.dpstrf(cross, tol=DEPENDENT**2)[2]
    return float(rank - 1)
