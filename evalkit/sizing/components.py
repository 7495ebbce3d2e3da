"""Variance components of a population, for planning: how much lies between villages, how much within.

All are relative: over the squared total, so that they carry over to other variables of the same kind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError
from evalkit.sizing.demands import Demands

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Components:
    """Relative variance between and within clusters and of a unit; k = (between + within)/unit, icc = between/(between + within)."""

    between: float
    within: float
    unit: float

    @property
    def k(self) -> float:
        """What clustering makes of the variance of a unit, about 1 when cluster sizes differ little."""
        return (self.between + self.within) / self.unit

    @property
    def icc(self) -> float:
        """Measure of homogeneity δ, the ICC of planning formulas."""
        return self.between / (self.between + self.within)


@dataclass(frozen=True)
class NestedComponents:
    """Components of three stages: `first` (villages against all below them) and `second` (groups against units within villages)."""

    first: Components
    second: Components


def two_stage_components(values: ArrayLike, clusters: ArrayLike, probs: ArrayLike | None = None) -> Components:
    """Return B² and W² of a population of clusters.

    Clusters drawn by simple random sampling: B² = S²(totals)/t̄², W² = M·ΣN_i²S_i²/T². With one-draw
    probabilities p_i: B² = Σp_i(t_i/p_i − T)²/T², W² = ΣN_i²S_i²/p_i/T² (Valliant, Dever & Kreuter 2018, §9.2).
    A cluster of one unit takes the mean S² of the others.

    Parameters
    ----------
    values : array, shape (N,)
        Variable of every unit, total ≠ 0.
    clusters : array, shape (N,)
        Cluster of every unit.
    probs : array, shape (clusters,), optional
        One-draw probabilities in the ascending order of the cluster codes, sum 1.

    Returns
    -------
    Components

    Raises
    ------
    EstimateError
        Lengths that differ, values that are not finite, fewer than two clusters, none with two units.

    Examples
    --------
    >>> seen = two_stage_components([1., 3, 2, 4, 6, 8], [1, 1, 2, 2, 3, 3])
    >>> round(seen.between, 4), round(seen.within, 4), round(seen.icc, 4)
    (0.4375, 0.125, 0.7778)
    """
    x, at, size, asked = _grouped(values, clusters)
    p = _chances(probs, size.size, asked)
    totals = np.bincount(at, x).astype(float)
    spread = _spreads(x, at)
    total = float(totals.sum())
    if p is None:
        between = float(totals.var(ddof=1)) / float(totals.mean()) ** 2
        within = size.size * float((size**2 * spread).sum()) / total**2
    else:
        between, within = _between(totals, p), float((size**2 * spread / p).sum()) / total**2
    return Components(between, within, float(x.var(ddof=1)) / float(x.mean()) ** 2)


def three_stage_components(
    values: ArrayLike, clusters: ArrayLike, groups: ArrayLike, probs: ArrayLike, *, as_r: bool = False
) -> NestedComponents:
    """Return the components of a population of clusters (drawn with p_i) of groups of units (both by simple random sampling).

    B² = Σp_i(t_i/p_i − T)²/T², W² = ΣQ_i²S_3i²/p_i/T²; W₂² = ΣN_i²S²(group totals)/p_i/T²,
    W₃² = ΣN_iΣQ_ij²S_ij²/p_i/T² (Valliant, Dever & Kreuter 2018, §9.2.4).

    Parameters
    ----------
    values, clusters, probs
        As in `two_stage_components`.
    groups : array, shape (N,)
        Group of every unit; a code is another group in another cluster.
    as_r : bool
        Only to compare with a printout of R's PracTools::BW3stagePPS (1.7.5): one code is one group, in the cluster of
        its first unit, and W₃² takes N_i and p_i from the clusters in order, Nᵢ groups each, in the order of the group
        codes. Where groups are not numbered cluster after cluster these are the numbers of other clusters.

    Returns
    -------
    NestedComponents

    Raises
    ------
    EstimateError
        As `two_stage_components`; no cluster with two groups, no group with two units.

    Examples
    --------
    >>> seen = three_stage_components([1., 3, 2, 4, 6, 8, 5, 5], [1, 1, 1, 1, 2, 2, 2, 2], [1, 1, 2, 2, 3, 3, 4, 4], [.4, .6])
    >>> round(seen.first.icc, 4), round(seen.second.icc, 4)
    (0.3103, 0.4074)
    """
    x, at, size, asked = _grouped(values, clusters)
    label = np.unique(np.asarray(groups), return_inverse=True)[1]
    asked.need(label.size == x.size, f"groups {label.size} 个", f"与 values 同样 {x.size} 个", "补齐")
    p = _chances(probs, size.size, asked)
    assert p is not None
    first, inner = np.unique(at * (int(label.max()) + 1) + label if not as_r else label, return_index=True, return_inverse=True)[1:]
    owner = at[first]
    group_total, group_size = np.bincount(inner, x).astype(float), np.bincount(inner)
    total = float(x.sum())
    number = np.bincount(owner)
    w = float((size**2 * _spreads(x, at) / p).sum()) / total**2
    w2 = float((number**2 * _spreads(group_total, owner) / p).sum()) / total**2
    taken = np.repeat(np.arange(size.size), number) if as_r else owner
    w3 = float((number[taken] * group_size**2 * _spreads(x, inner) / p[taken]).sum()) / total**2
    unit = float(x.var(ddof=1)) / float(x.mean()) ** 2
    return NestedComponents(Components(_between(np.bincount(at, x).astype(float), p), w, unit), Components(w2, w3, unit))


@dataclass(frozen=True)
class Analysis:
    """Sums of squares of an analysis of variance, and the adjusted ICC 1 − (N/(N − M))·within/total."""

    total: float
    between: float
    within: float
    icc: float


def sums_of_squares(values: ArrayLike, clusters: ArrayLike) -> Analysis:
    """Return the analysis of variance of units in clusters.

    The ICC is 1 − MS(within)/(SS(total)/N) (Särndal, Swensson & Wretman 1992, eq. 4.2.6 with clusters of
    different size); for a rate in a sample take `intervals.anova`.

    Parameters
    ----------
    values, clusters : array, shape (N,)
        As in `two_stage_components`.

    Returns
    -------
    Analysis

    Raises
    ------
    EstimateError
        As `two_stage_components`.

    Examples
    --------
    >>> sums_of_squares([1., 3, 2, 4, 6, 8], [1, 1, 2, 2, 3, 3])
    Analysis(total=34.0, between=28.0, within=6.0, icc=0.6470588235294117)
    """
    x, at, size, asked = _grouped(values, clusters)
    asked.refuse()
    mean = np.bincount(at, x) / size
    within = float(((x - mean[at]) ** 2).sum())
    total = float(((x - x.mean()) ** 2).sum())
    return Analysis(total, total - within, within, 1 - x.size / (x.size - size.size) * within / total)


def _grouped(values: ArrayLike, clusters: ArrayLike) -> tuple[Numbers, Whole, Whole, Demands]:
    x = np.asarray(values, dtype=float)
    code = np.asarray(clusters)
    asked = Demands()
    asked.within(-math.inf, math.inf, "()", "补全或去掉", values=x)
    asked.need(x.ndim == 1 and x.shape == code.shape, f"values {x.size} 个、clusters {code.size} 个", "每单位各一个", "补齐")
    asked.refuse()
    at, size = np.unique(code, return_inverse=True, return_counts=True)[1:]
    asked.need(1 < size.size < x.size, f"{x.size} 个单位在 {size.size} 个群", "至少两个群，且有群多于一个单位", "换分群")
    asked.need(bool(x.size) and x.sum() != 0 and np.ptp(x) > 0, "values 总和为 0 或全部相同", "相对方差需要不为 0 的总和与差异", "换变量")
    return x, at, size, asked


def _chances(probs: ArrayLike | None, clusters: int, asked: Demands) -> Numbers | None:
    p = None if probs is None else np.asarray(probs, dtype=float)
    asked.within(0, 1, "()", "一次抽取的概率", probs=p)
    if p is not None:
        asked.need(p.shape == (clusters,), f"probs {p.size} 个", f"每群一个，共 {clusters} 个", "按群代码升序给出")
        asked.need(abs(float(p.sum()) - 1) < 1e-3, f"probs 之和 {p.sum():.6g}", "应为 1", "除以其和")
    asked.refuse()
    return p


def _between(totals: Numbers, p: Numbers) -> float:
    total = float(totals.sum())
    return float((p * (totals / p - total) ** 2).sum()) / total**2


def _spreads(x: Numbers, at: Whole) -> Numbers:
    """Return the variance in each group; a group of one takes the mean of the others."""
    n = np.bincount(at)
    squares = np.bincount(at, (x - (np.bincount(at, x) / n)[at]) ** 2)
    some = n > 1
    if not some.any():
        raise EstimateError("每组只有一个单位｜组内方差无从得出｜换分组")
    spread = squares / np.where(some, n - 1, 1)
    return np.asarray(np.where(some, spread, spread[some].mean()))
