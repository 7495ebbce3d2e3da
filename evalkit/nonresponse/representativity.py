"""How far the respondents stand for all: R-indicators, differences on the registry's variables, worst-case bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, Faults, one_of
from evalkit.nonresponse.labels import Codes, Labels, Numbers, coded, independent, locked, weighed

SAME = 1e-24  # of the squared mean: propensities that vary by less are all the same but for rounding


@dataclass(frozen=True)
class RIndicator:
    """How evenly a response falls: 1 when all answer with the same chance, 0 at the worst.

    Attributes
    ----------
    value : float
        1 − 2S; with the columns of the response model, S without the part that estimating it adds.
    unadjusted : float
        1 − 2S from the propensities as they are.
    se : float or None
        Standard error of `unadjusted` for units drawn one by one; None without the columns of the model, and where all
        propensities are the same, so that S has none. Villages drawn as clusters make it larger: take replicates then.
    mean : float
        Weighted mean of the propensities: the response rate.
    spread : float
        S behind `value`.
    cv : float
        S/mean: the largest bias that the respondents' mean of any variable can have, in standard deviations of it.
    """

    value: float
    unadjusted: float
    se: float | None
    mean: float
    spread: float
    cv: float


def r_indicator(propensities: ArrayLike, weights: ArrayLike | None = None, x: ArrayLike | None = None) -> RIndicator:
    """Return the R-indicator of a response, 1 − 2·S(ρ), adjusted for its bias when the columns of the model are given.

    Parameters
    ----------
    propensities : array, shape (n,)
        Estimated chances to answer of all sampled units, in [0, 1] (`response_propensity`).
    weights : array, shape (n,), optional
        Design weights that add up to the population; without, the n units are all there is.
    x : array, shape (n,) or (n, k), optional
        The columns of the logistic model that gave the propensities, without the constant.

    Raises
    ------
    EstimateError
        Propensities outside [0, 1], fewer than two, all 0; arrays of unequal length; columns that are collinear or
        (at propensities 0 or 1) leave nothing to estimate.

    Notes
    -----
    S² = Σw(ρ − ρ̄)²/(N − 1), N = Σw. An estimated ρ spreads too much: S² − Σw·z'Cz/N + var(ρ̄), z = ρ(1 − ρ)·(1, x), C the
    covariance of the coefficients of the weighted fit, and var(ρ̄) that of the mean over samples drawn one by one
    ((1/n − 1/N)·S² for equal weights); not below 0. se² = [4a'Ca + 2tr(BCBC) + var(mean of (ρ − ρ̄)²)]/S², a and B the
    covariances of z with ρ and with itself.

    References
    ----------
    Schouten, Cobben & Bethlehem 2009, Survey Methodology 35:101; Shlomo, Skinner & Schouten 2012, J. Statist. Plann. Inference
    142:201; de Heij, Schouten & Shlomo 2015, RISQ manual 2.1.

    Examples
    --------
    >>> seen = r_indicator([.5, .5, .5, .7, .7, .7])
    >>> round(seen.value, 6), round(seen.mean, 6), round(seen.cv, 6)
    (0.780911, 0.6, 0.182574)
    """
    p, w = _propensities(propensities, weights)
    total = float(w.sum())
    mean = float(w @ p) / total
    square = float(w @ (p - mean) ** 2) / (total - 1)
    columns = None if x is None else _model_columns(x, p)
    kept, se = (square, None) if columns is None else _adjusted(p, w, columns, mean, square)
    spread = math.sqrt(kept)
    return RIndicator(1 - 2 * spread, 1 - 2 * math.sqrt(square), se, mean, spread, spread / mean)


def _propensities(propensities: ArrayLike, weights: ArrayLike | None) -> tuple[Numbers, Numbers]:
    p, faults = np.asarray(propensities, dtype=float), Faults("代表性指标")
    w = weighed(np.ones(p.size) if weights is None else weights, faults)
    if p.ndim != 1 or p.shape != w.shape or len(p) < 2 or not ((p >= 0) & (p <= 1)).all():
        faults.add(None, "propensities", f"形状 {p.shape}", "应为与权数等长的一维数组，至少 2 个，各数在 0 与 1 之间", "检查回答概率")
    elif w @ p <= 0:
        faults.add(None, "propensities", "都是 0", "应有大于 0 的回答概率", "没有回答就没有代表性可言")
    elif w.sum() <= 1:
        faults.add(None, "weights", f"合计 {w.sum():g}", "应为推算总体的权数，合计大于 1", "不用归一化的权数")
    faults.refuse(EstimateError)
    return p, w


def _model_columns(x: ArrayLike, p: Numbers) -> Numbers:
    given = np.asarray(x, dtype=float)
    if given.ndim not in (1, 2) or len(given) != len(p) or not np.isfinite(given).all():
        raise EstimateError(f"x 的形状 {given.shape}｜应有 {len(p)} 行，各数有限｜给出回答模型的自变量")
    columns = np.column_stack([np.ones(len(p)), given])
    if independent(columns[p * (1 - p) > 0]) < columns.shape[1]:
        raise EstimateError("x 的各列线性相关，或回答概率都是 0 与 1｜偏差无从估计｜去掉常数列与重复的列，或不给 x")
    return columns


def _adjusted(p: Numbers, w: Numbers, columns: Numbers, mean: float, square: float) -> tuple[float, float | None]:
    total = float(w.sum())
    variance = p * (1 - p)
    z = columns * variance[:, None]
    inner = np.linalg.inv((columns * (w * variance)[:, None]).T @ columns)
    c = inner @ ((columns * (w**2 * variance)[:, None]).T @ columns) @ inner
    bias = float(w @ ((z @ c) * z).sum(axis=1)) / total - _mean_variance(p, w)
    if square <= SAME * mean**2:
        return 0.0, None
    centred = z - (w @ z) / total
    a, b = (w * (p - mean)) @ centred / total, (centred * w[:, None]).T @ centred / total
    lost = b @ c
    parts = 4 * float(a @ c @ a) + 2 * float(np.trace(lost @ lost)) + _mean_variance((p - mean) ** 2, w)
    return max(square - bias, 0.0), math.sqrt(parts / square)


def _mean_variance(values: Numbers, w: Numbers) -> float:
    """Variance of a weighted mean over samples of units drawn one by one, 0 when the sample is all there is."""
    n, total = len(w), float(w.sum())
    left = max(1 - n / total, 0.0)
    return left * n / (n - 1) * float(((w * (values - w @ values / total)) ** 2).sum()) / total**2


@dataclass(frozen=True, eq=False)
class PartialIndicators:
    """What one variable has to do with the uneven response.

    Attributes
    ----------
    categories : tuple
        Labels in order.
    share, mean : (categories,) float array
        Share of the population, and mean propensity.
    unconditional : (categories,) float array
        √share·(mean − overall mean): above 0 where a category answers more than it should.
    conditional : (categories,) float array or None
        What is left within the cells of the other variables, ≥ 0; None without them.
    unconditional_total, conditional_total : float, float or None
        The root of the sum of squares over categories.
    """

    categories: tuple[Any, ...]
    share: Numbers
    mean: Numbers
    unconditional: Numbers
    conditional: Numbers | None
    unconditional_total: float
    conditional_total: float | None

    def __post_init__(self) -> None:
        locked(self.share, self.mean, self.unconditional, self.conditional)


def partial_indicators(
    propensities: ArrayLike, category: Labels, weights: ArrayLike | None = None, others: Labels | None = None
) -> PartialIndicators:
    """Return partial R-indicators of one variable, not adjusted for bias.

    Parameters
    ----------
    propensities, weights
        As `r_indicator`.
    category : array, shape (n,), or tuple of such arrays
        Category of each unit.
    others : array, shape (n,), or tuple of such arrays, optional
        The other variables of the response model, for the conditional indicator; a tuple is crossed.

    Notes
    -----
    Unconditional √(N_k/N)(ρ̄_k − ρ̄); conditional √(Σ_{i in k} w(ρ − ρ̄_cell)²/N), cells those of the other variables. The squares of
    the unconditional ones and the variance within categories add up to the variance of ρ.

    References
    ----------
    Schouten, Shlomo & Skinner 2011, Journal of Official Statistics 27:231; RISQ manual 2.1.

    Examples
    --------
    >>> seen = partial_indicators([.5, .5, .5, .7, .7, .7], list("aaabbb"))
    >>> seen.unconditional.round(6).tolist(), round(seen.unconditional_total, 6)
    ([-0.070711, 0.070711], 0.1)
    """
    p, w = _propensities(propensities, weights)
    labels, code = coded(category, len(p), "category", EstimateError)
    total, size = float(w.sum()), np.bincount(code, w).astype(np.float64)
    if (size <= 0).any():
        raise EstimateError(f"{int((size <= 0).sum())} 个类别的权数合计为 0｜每类应有权数｜去掉这些行")
    mean, share = np.bincount(code, w * p) / size, size / total
    signed = np.sqrt(share) * (mean - float(w @ p) / total)
    left = None if others is None else _conditional(p, w, code, others)
    return PartialIndicators(labels, share, mean, signed, left, _root(signed), None if left is None else _root(left))


def _conditional(p: Numbers, w: Numbers, code: Codes, others: Labels) -> Numbers:
    _, cell = coded(others, len(p), "others", EstimateError)
    size = np.bincount(cell, w)
    mean = np.bincount(cell, w * p) / np.where(size > 0, size, 1.0)
    return np.sqrt(np.bincount(code, w * (p - mean[cell]) ** 2) / float(w.sum()))


def _root(parts: Numbers) -> float:
    return math.sqrt(float(parts @ parts))


def _of_the_registry(sample: Numbers, registry: Numbers) -> Numbers:
    return np.sqrt(registry)


def _pooled(sample: Numbers, registry: Numbers) -> Numbers:
    return np.sqrt((sample + registry) / 2)


@dataclass(frozen=True)
class Scale:
    """What a difference of means is divided by, from the variances of sample and registry."""

    unit: Callable[[Numbers, Numbers], Numbers]
    text: str


SCALES = {
    "registry": Scale(_of_the_registry, "登记库的标准差（默认）"),
    "pooled": Scale(_pooled, "两个方差的平均之平方根"),
}


@dataclass(frozen=True, eq=False)
class StandardisedDifferences:
    """Sample against registry, column by column.

    Attributes
    ----------
    sample, registry : (columns,) float array
        Weighted means.
    unit : (columns,) float array
        Standard deviation that the difference is divided by.
    difference : (columns,) float array
        (sample − registry)/unit; 0 for a column that is the same constant in both.
    largest : float
        Largest absolute difference; above .1 a column is commonly called out of balance, above .25 badly so.
    """

    sample: Numbers
    registry: Numbers
    unit: Numbers
    difference: Numbers
    largest: float

    def __post_init__(self) -> None:
        locked(self.sample, self.registry, self.unit, self.difference)

    @property
    def absolute(self) -> Numbers:
        """Absolute standardised mean differences (ASMD)."""
        return np.abs(self.difference)


def standardised_differences(
    sample: ArrayLike,
    registry: ArrayLike,
    weights: ArrayLike | None = None,
    registry_weights: ArrayLike | None = None,
    scale: str = "registry",
) -> StandardisedDifferences:
    """Return standardised differences of means between respondents and registry: did those who answered look like all?

    Parameters
    ----------
    sample : array, shape (n,) or (n, k)
        Columns known from the registry (household size, status as 0/1, …) for the respondents.
    registry : array, shape (N,) or (N, k)
        The same columns for every unit of the registry, or for the whole sample with its design weights.
    weights, registry_weights : array, optional
        Weights of the rows of each; 1 without.
    scale : str
        A name of `SCALES`.

    Raises
    ------
    EstimateError
        Arrays of unequal length or not finite, unequal numbers of columns, a column without spread whose means differ,
        an unknown scale.

    References
    ----------
    Austin 2011, Multivariate Behavioral Research 46:399 (pooled).

    Examples
    --------
    >>> seen = standardised_differences([[3, 1], [4, 0], [5, 1]], [[2, 1], [3, 0], [4, 0], [5, 1]])
    >>> seen.difference.round(6).tolist()
    [0.447214, 0.333333]
    """
    how = one_of("scale", scale, SCALES, EstimateError, "尺度")
    (a, var_a), (b, var_b) = _moments(sample, weights, "sample"), _moments(registry, registry_weights, "registry")
    if a.shape != b.shape:
        raise EstimateError(f"sample {len(a)} 列、registry {len(b)} 列｜两者应是相同的列｜按相同次序给出")
    unit, gap = how.unit(var_a, var_b), a - b
    flat = unit <= 1e-12 * np.maximum(np.abs(b), 1e-300)
    apart = flat & (np.abs(gap) > 1e-12 * np.maximum(np.abs(b), 1e-300))
    if apart.any():
        where = "、".join(str(at + 1) for at in np.flatnonzero(apart))
        raise EstimateError(f'第 {where} 列没有差异可作尺度，而均值不同｜应有离散程度｜用 scale="pooled"，或去掉该列')
    difference = np.where(flat, 0.0, gap / np.where(flat, 1.0, unit))
    return StandardisedDifferences(a, b, unit, difference, float(np.abs(difference).max()))


def _moments(columns: ArrayLike, weights: ArrayLike | None, name: str) -> tuple[Numbers, Numbers]:
    """Return means and variances of the columns, weighted."""
    given, faults = np.asarray(columns, dtype=float), Faults("与登记库的比较")
    given = given[:, None] if given.ndim == 1 else given
    w = weighed(np.ones(len(given)) if weights is None else weights, faults, f"{name} 的权数")
    if given.ndim != 2 or not given.size or w.shape != given.shape[:1] or not np.isfinite(given).all():
        faults.add(None, name, f"形状 {given.shape}", "应为行 × 列的数，各数有限，权数与行等长", "补全或去掉缺失的行")
    faults.refuse(EstimateError)
    mean = w @ given / w.sum()
    return mean, w @ (given - mean) ** 2 / w.sum()


@dataclass(frozen=True)
class WorstCase:
    """Share of events among all, whatever the nonrespondents are."""

    low: float
    high: float


def worst_case(share: float, response_rate: float) -> WorstCase:
    """Return the bounds of a share when none, and when all, of the nonrespondents are events.

    Parameters
    ----------
    share : float
        Share of events among the respondents, in [0, 1].
    response_rate : float
        Weighted share of the eligible that responded, in [0, 1].

    Raises
    ------
    EstimateError
        Numbers outside [0, 1].

    Notes
    -----
    [p·r, p·r + 1 − r] (Manski 1989). No sampling error is in it: it is what nonresponse alone leaves open. At 5 % nonresponse
    a rate may be 5 points higher, far beyond the sampling error of a rare one.

    Examples
    --------
    >>> seen = worst_case(.004, .95)
    >>> round(seen.low, 6), round(seen.high, 6)
    (0.0038, 0.0538)
    """
    if not (0 <= share <= 1 and 0 <= response_rate <= 1):
        raise EstimateError(f"share = {share}、response_rate = {response_rate}｜都应在 0 与 1 之间｜百分数先除以 100")
    return WorstCase(float(share * response_rate), float(share * response_rate + (1 - response_rate)))
