"""The design effect of a mean, split into weighting, clustering and stratification: Chen & Rust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults
from evalkit.intervals.weighting.moments import columns
from evalkit.nonresponse.labels import ALL, Codes, Labels, Numbers, called, coded, locked

SAME = 1e-24  # answers of a stratum are the same when their squared spread is less than this share of their squares


@dataclass(frozen=True, eq=False)
class ChenRust:
    """The design effect of a mean, split by stratum and by cause: overall = Σ deff_w · deff_c · deff_s.

    Attributes
    ----------
    strata : tuple
        Labels of the strata in order; one, `ALL`, without strata.
    n : (strata,) int array
        Units.
    take : (strata,) float array
        Units a cluster as the weights leave them, Σᵢ(Σⱼw)²/Σw²; 1 in strata drawn in one stage.
    icc : (strata,) float array
        Correlation within clusters; 0 in strata of one stage, and where all answers are the same.
    cv2_w : (strata,) float array
        Relative variance of the weights.
    deff_w, deff_c, deff_s : (strata,) float array
        Effects of weighting, 1 + cv2_w, of clustering, 1 + (take − 1)·icc, and of stratification, Wₕ²·(n/nₕ)·(σₕ²/σ²).
    overall : float
    """

    strata: tuple[Any, ...]
    n: Codes
    take: Numbers
    icc: Numbers
    cv2_w: Numbers
    deff_w: Numbers
    deff_c: Numbers
    deff_s: Numbers
    overall: float

    def __post_init__(self) -> None:
        locked(self.n, self.take, self.icc, self.cv2_w, self.deff_w, self.deff_c, self.deff_s)


@dataclass(frozen=True, eq=False)
class _Sample:
    """Rows of a stratified sample, its clusters and the sums of its strata.

    A cluster is a label in a stratum: `cluster` is that of each row, `within` and `cluster_label` tell each cluster.
    """

    w: Numbers
    y: Numbers
    stratum: Codes
    cluster: Codes
    within: Codes
    cluster_label: Codes
    labels: tuple[Any, ...]
    n: Codes
    size: Numbers
    residual: Numbers
    square: Numbers
    one_stage: NDArray[np.bool_]


def chen_rust_effect(
    w: ArrayLike,
    y: ArrayLike,
    strata: Labels | None = None,
    clusters: ArrayLike | None = None,
    stages: int | Sequence[int] = 2,
    *,
    shares: ArrayLike | None = None,
    nested: bool = False,
) -> ChenRust:
    """Return the design effect of a weighted mean from a stratified sample of one or two stages, and its parts.

    Parameters
    ----------
    w : array, shape (n,)
        Weights that add up to the population, > 0.
    y : array, shape (n,)
    strata : array, shape (n,), or tuple of such arrays, optional
        Stratum of each unit; a tuple is crossed.
    clusters : array, shape (n,), optional
        Village of each unit; without it every unit is its own cluster and `stages` is not asked.
    stages : int or sequence of int
        1 or 2: stages of selection in every stratum, or in each stratum in sorted order.
    shares : array, shape (strata,), optional
        Share of each stratum in the population; Wₕ = Σw of the stratum over Σw without it.
    nested : bool
        Whether labels of clusters start again in each stratum. If not, a label in two strata is an error.

    Returns
    -------
    ChenRust

    Raises
    ------
    EstimateError
        Arrays of unequal length, weights not positive or not adding up to more than the sample in a stratum,
        `stages` at odds with the clusters, a stratum with one unit or (in two stages) one cluster, y all equal.

    Notes
    -----
    In two stages icc = (deff_h − deff_w)/(deff_w(take − 1)), deff_h the estimated effect of the stratum's mean:
    clusters drawn with replacement over units without, with N = Σw, as R's `svymean(deff = TRUE)`. A stratum whose
    answers are all the same adds nothing to the variance; its icc is given as 0 (R: NaN for the whole).

    References
    ----------
    Chen & Rust 2017, Journal of Survey Statistics and Methodology 5:111–130, Deff* of p. 117; R PracTools, deffCR.

    Examples
    --------
    >>> seen = chen_rust_effect([5.] * 8, [1., 1, 0, 0, 1, 1, 1, 0], clusters=[1, 1, 2, 2, 3, 3, 4, 4])
    >>> round(seen.overall, 6), seen.take.tolist(), seen.deff_w.tolist()
    (2.138889, [2.0], [1.0])
    """
    sample = _sample(w, y, strata, clusters, stages, nested)
    deff_w = sample.n * _add(sample, sample.w**2) / sample.size**2
    take, effect = _clustering(sample, deff_w)
    share = sample.size / sample.size.sum() if shares is None else _shares(shares, len(sample.n))
    n, mean = len(sample.w), (sample.w @ sample.y) / sample.size.sum()
    total = n / (n - 1) * float(sample.w @ (sample.y - mean) ** 2) / (float(sample.size.sum()) - 1)
    within = sample.n / (sample.n - 1) * sample.square / (sample.size - 1)
    deff_s = share**2 * n / sample.n * within / total
    deff_c = effect / deff_w
    icc = np.divide(deff_c - 1, take - 1, out=np.zeros_like(take), where=take > 1)
    return ChenRust(sample.labels, sample.n, take, icc, deff_w - 1, deff_w, deff_c, deff_s, float((deff_w * deff_c * deff_s).sum()))


def _sample(
    w: ArrayLike, y: ArrayLike, strata: Labels | None, clusters: ArrayLike | None, stages: int | Sequence[int], nested: bool
) -> _Sample:
    weights, answers, _ = columns(w, y=y)
    rows = len(weights)
    labels, stratum = ((ALL,), np.zeros(rows, dtype=np.int64)) if strata is None else coded(strata, rows, "strata", EstimateError)
    _, label = (None, np.arange(rows)) if clusters is None else coded(clusters, rows, "clusters", EstimateError)
    keys, cluster = np.unique(stratum * rows + label, return_inverse=True)
    one = np.ones(len(labels), dtype=bool) if clusters is None else _stages(stages, len(labels))
    n, size = np.bincount(stratum), np.bincount(stratum, weights).astype(np.float64)
    residual = answers[:, 0] - (np.bincount(stratum, weights * answers[:, 0]) / size)[stratum]
    square = np.bincount(stratum, weights * residual**2).astype(np.float64)
    sample = _Sample(weights, answers[:, 0], stratum, cluster, keys // rows, keys % rows, labels, n, size, residual, square, one)
    _check(sample, nested)
    return sample


def _stages(stages: int | Sequence[int], strata: int) -> NDArray[np.bool_]:
    given = np.asarray(stages)
    if not np.isin(given, (1, 2)).all() or given.shape not in ((), (strata,)):
        rule = f"每层写 1 或 2，共 {strata} 层，按层标签的次序"
        raise EstimateError(f"stages = {stages}｜{rule}｜写 stages=2，或写与层数等长的列表")
    one: NDArray[np.bool_] = np.broadcast_to(given == 1, (strata,)).copy()
    return one


def _check(sample: _Sample, nested: bool) -> None:
    faults, strata = Faults("加权的设计效应"), len(sample.n)
    units, twice = np.bincount(sample.within, minlength=strata), len(sample.cluster_label) - len(np.unique(sample.cluster_label))
    if not nested and twice:
        rule = "一个群只应属于一层"
        faults.add(None, "clusters", f"{twice} 个群标签出现在多层", rule, "各层从头编号时写 nested=True")
    two = ~sample.one_stage
    for bad, rule, remedy in (
        (sample.n < 2, "每层至少 2 个单位", "并入相邻的层"),
        (sample.size <= sample.n, "各层权数之和应大于样本数", "用推算总体的权数，不用归一化的权数"),
        (sample.one_stage & (units < sample.n), "一阶段的层每个群只有 1 个单位", "该层写 stages=2"),
        (two & (units < 2), "两阶段的层至少 2 个群", "并入相邻的层"),
        (two & (units == sample.n) & (sample.n > 1), "两阶段的层应有群多于 1 个单位", "该层写 stages=1"),
    ):
        if bad.any():
            faults.add(None, "strata", called(sample.labels, np.flatnonzero(bad)), rule, remedy)
    faults.refuse(EstimateError)


def _shares(shares: ArrayLike, strata: int) -> Numbers:
    given = np.asarray(shares, dtype=float)
    if given.shape != (strata,) or not (given > 0).all() or abs(given.sum() - 1) > 1e-6:
        raise EstimateError(f"shares 共 {given.size} 个，合计 {given.sum():g}｜应有 {strata} 个正数，合计为 1｜按层标签的次序写总体份额")
    return given


def _clustering(sample: _Sample, deff_w: Numbers) -> tuple[Numbers, Numbers]:
    """Return units a cluster and the estimated effect of the mean of each stratum: that of the weights alone in one stage."""
    strata, of = len(sample.n), sample.within
    units, square = np.bincount(of, minlength=strata), np.bincount(of, np.bincount(sample.cluster, sample.w) ** 2, strata)
    # residuals add up to 0 in a stratum, so the clusters need no centring
    score = np.bincount(of, np.bincount(sample.cluster, sample.w * sample.residual) ** 2, strata) / sample.size**2
    plain = sample.square / sample.size / (sample.n - 1) * (1 - sample.n / sample.size)
    two = ~sample.one_stage
    varied = two & (sample.square > SAME * _add(sample, sample.w * sample.y**2))
    effect = np.divide(units * score, np.maximum(units - 1, 1) * plain, out=deff_w.copy(), where=varied)
    return np.where(two, square / _add(sample, sample.w**2), 1.0), effect


def _add(sample: _Sample, values: Numbers) -> Numbers:
    return np.bincount(sample.stratum, values).astype(np.float64)
