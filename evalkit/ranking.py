"""Rank sets: which places in a ranking each unit may hold, given how sure its estimate is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, roots_legendre

from evalkit.errors import EstimateError, Faults, one_of
from evalkit.later import later

charts = later("evalkit.charts")

Numbers = NDArray[np.float64]
METHODS = {
    "mrsw": "两两之差的同时区间（默认，较窄）",
    "kww": "各估计的同时区间（Šidák），可由印出的区间复算",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RankSets:
    """The first and the last place that each unit may hold, jointly at the level; 1 is the largest estimate.

    Attributes
    ----------
    first, last : (units,) int arrays
    critical : float
        Quantile that estimates or differences were compared with.
    place : (units,) int array
        Place of the estimate itself; equal estimates share the first of theirs.
    level : float
        Joint confidence.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    critical: float
    place: NDArray[np.int64]
    level: float

    def plot(self, names: Sequence[str] | None = None, **options: Any) -> Any:
        """Draw which places each unit may hold; `evalkit.charts.ranks_plot` says what may be asked."""
        return charts.ranks_plot(self, names, **options)


def rank_sets(est: ArrayLike, se: ArrayLike, level: float = 0.95, method: str = "mrsw") -> RankSets:
    """Return for every unit the places that the data do not exclude, all of them right together at the level.

    Parameters
    ----------
    est, se : array, shape (units,)
        Independent estimates (counties drawn apart) and their standard errors ≥ 0, at least two.
    level : float
        Joint confidence, in (0, 1).
    method : {"mrsw", "kww"}
        "kww": joint intervals est ± z·se, z = Φ⁻¹(½ + ½·level^(1/K)); place ∈ [1 + #{j: Lⱼ > Uᵢ}, K − #{j: Uⱼ < Lᵢ}]. "mrsw": differences
        against crit·√(seᵢ² + seⱼ²) for all pairs in one step; crit is that of equal standard errors (the studentized range over √2),
        exact there and on the safe side otherwise.

    Returns
    -------
    RankSets

    Raises
    ------
    EstimateError
        Unknown method, level outside (0, 1), shapes that do not fit, a negative standard error or a NaN.

    References
    ----------
    Klein, Wright & Wieczorek 2020, JRSS-A 183:589; Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ. Stud.; Hayter 1984, Ann.
    Statist. 12:61, that equal standard errors are the worst case.

    Examples
    --------
    >>> seen = rank_sets([.97, .955, .95, .93, .90], [.006, .007, .006, .008, .009], method="kww")
    >>> round(seen.critical, 4), list(zip(seen.first.tolist(), seen.last.tolist()))
    (2.5688, [(1, 3), (1, 4), (1, 4), (2, 5), (4, 5)])
    """
    one_of("method", method, METHODS, EstimateError, "排名集合")
    x, s = _checked(est, se, level)
    units = len(x)
    if method == "kww":
        critical = float(ndtri((1 + level ** (1 / units)) / 2))
        apart = critical * (s[:, None] + s)
    else:
        critical = _range_quantile(units, level) / 2**0.5
        apart = critical * np.hypot(s[:, None], s)
    ahead = x[:, None] - x > apart  # row i is surely larger than column j
    place = 1 + (x[:, None] > x).sum(axis=0)
    return RankSets(1 + ahead.sum(axis=0), units - ahead.sum(axis=1), critical, place, float(level))


def _checked(est: ArrayLike, se: ArrayLike, level: float) -> tuple[Numbers, Numbers]:
    x, s, faults = np.asarray(est, dtype=float), np.asarray(se, dtype=float), Faults("排名集合")
    if x.ndim != 1 or x.shape != s.shape or len(x) < 2:
        faults.add(None, "est、se", f"形状 {x.shape}、{s.shape}", "应为等长的一维数组，至少两个", "检查输入")
    elif not (np.isfinite(x) & np.isfinite(s) & (s >= 0)).all():
        faults.add(None, "est、se", None, "应为有限数，标准误不为负", "没有估计的单位不参加排名")
    if not 0 < level < 1:
        faults.add(None, "level", level, "应在 0 与 1 之间", "95% 写 level=.95")
    faults.refuse(EstimateError)
    return x, s


def _range_quantile(units: int, level: float) -> float:
    """Return the quantile of the range of independent standard normals: P(range ≤ q) = K∫φ(z)[Φ(z + q) − Φ(z)]^(K−1)dz."""
    nodes, weights = roots_legendre(200)
    z = 9 * nodes  # φ beyond ±9 is below 1e-18
    density = 9 * weights * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    least, most = 0.0, 20.0
    while most - least > 1e-10:
        q = (least + most) / 2
        reached = units * float(density @ (ndtr(z + q) - ndtr(z)) ** (units - 1))
        least, most = (q, most) if reached < level else (least, q)
    return (least + most) / 2
