"""Sizes that rest on the list itself: strata with known spread, a size measure, units that must all be taken."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.sizing.demands import Demands, quantile

Numbers = NDArray[np.float64]


def for_strata(
    sizes: ArrayLike,
    sds: ArrayLike,
    *,
    mean: float | None = None,
    margin: float | None = None,
    relative: float | None = None,
    level: float = 0.95,
    df: float | None = None,
    deffs: ArrayLike = 1.0,
) -> Numbers:
    """Return how many units of each stratum estimate the overall mean as closely as asked, by Neyman's allocation.

    n = (ΣW_h S_h)²/(V + ΣW_h S_h²/N), n_h = n·W_h S_h/ΣW S, with S_h² = sd_h²·deff_h and V = (margin/z)²
    (Cochran 1977, eq. 5.32).

    Parameters
    ----------
    sizes, sds : array, shape (strata,)
        Units there and standard deviation of a unit.
    mean : float, optional
        Overall mean, needed for `relative`.
    margin, relative : float
        Exactly one: half-width, or half-width over mean.
    level, df
        Confidence; degrees of freedom of a t quantile.
    deffs : float or array, shape (strata,)
        Design effects within strata.

    Returns
    -------
    array, shape (strata,)
        Units, before rounding; an n_h above its stratum says that this stratum must be taken whole.

    Raises
    ------
    EstimateError
        A number outside its range, lengths that differ, no target or two.

    Examples
    --------
    >>> for_strata([15000, 10000, 5000], [200, 100, 20], mean=7e6 / 3e4, relative=.03, deffs=[1, 1.2, 1.5]).round(1)
    array([1036.9,  378.6,   42.3])
    """
    size, sd = np.asarray(sizes, dtype=float), np.asarray(sds, dtype=float)
    asked = Demands()
    asked.one(margin=margin, relative=relative)
    asked.within(0, math.inf, "()", "应大于 0", sizes=size, sds=sd, deffs=deffs, margin=margin, relative=relative)
    asked.within(0, 1, "()", "95% 写 level=.95", level=level)
    asked.need(size.ndim == 1 and size.shape == sd.shape, f"sizes {size.size} 个、sds {sd.size} 个", "每层各一个", "补齐")
    asked.need(np.shape(deffs) in ((), size.shape), f"deffs {np.size(deffs)} 个", "一个，或每层一个", "补齐")
    asked.within(-math.inf, math.inf, "()", "应为有限数", mean=mean)
    asked.need(relative is None or bool(mean), f"mean = {mean}", "相对精度需要不为 0 的均值", "写 mean=")
    asked.refuse()
    half = margin if margin is not None else (relative or 0.0) * abs(mean or 0.0)
    share, spread = size / size.sum(), sd * np.sqrt(np.asarray(deffs, dtype=float))
    each = share * spread
    n = each.sum() ** 2 / ((half / quantile(level, df=df)) ** 2 + (share * spread**2).sum() / size.sum())
    return np.asarray(n * each / each.sum())


def pps_variance(sizes: ArrayLike, values: ArrayLike) -> float:
    """Return the variance of a total estimated from one unit drawn with probability proportional to size: Σp(y/p − T)².

    Parameters
    ----------
    sizes, values : array, shape (N,)
        Size measure, > 0, and variable of every unit.

    Returns
    -------
    float
        In the square of the unit of `values`.

    Raises
    ------
    EstimateError
        A size that is not positive, a value that is not finite, lengths that differ.

    Examples
    --------
    >>> pps_variance([1, 2, 3], [2, 4, 6]), round(pps_variance([1, 2, 3], [2, 4, 7]), 4)
    (0.0, 1.0)
    """
    size, value = np.asarray(sizes, dtype=float), np.asarray(values, dtype=float)
    asked = Demands()
    asked.within(0, math.inf, "()", "规模应大于 0", sizes=size)
    asked.within(-math.inf, math.inf, "()", "补全或去掉", values=value)
    asked.need(size.ndim == 1 and size.size > 1 and size.shape == value.shape, f"{size.size} 与 {value.size} 个", "同样多且多于 1", "补齐")
    asked.refuse()
    p = size / size.sum()
    return float((p * (value / p - value.sum()) ** 2).sum())


def for_pps(sizes: ArrayLike, values: ArrayLike, *, cv: float | None = None, se: float | None = None) -> float:
    """Return how many draws with replacement, proportional to size, estimate a total as closely as asked: V₁/V.

    Parameters
    ----------
    sizes, values : array, shape (N,)
        As in `pps_variance`; `values` may be last year's.
    cv, se : float
        Exactly one: standard error over total, or standard error of the total.

    Returns
    -------
    float
        Before rounding.

    Raises
    ------
    EstimateError
        As `pps_variance`; no target or two; `cv` of a total of 0.

    Examples
    --------
    >>> round(for_pps([1, 2, 3], [2, 4, 7], cv=.05), 3)
    2.367
    """
    one = pps_variance(sizes, values)
    total = float(np.asarray(values, dtype=float).sum())
    asked = Demands()
    asked.one(cv=cv, se=se)
    asked.within(0, math.inf, "()", "精度目标应大于 0", cv=cv, se=se)
    asked.need(cv is None or total != 0, "总量为 0", "变异系数需要不为 0 的总量", "改写 se=")
    asked.refuse()
    return one / (se if se is not None else (cv or 0.0) * total) ** 2


@dataclass(frozen=True, eq=False)
class CertaintyCut:
    """The number of large units to take for certain that makes the sample smallest.

    `n` is the whole sample, `certain` the units taken for certain, `least` the smallest value among them (NaN
    without any), `taken` marks them, `curve` gives the sample with 0, 1, … units taken for certain.
    """

    n: float
    certain: int
    least: float
    taken: NDArray[np.bool_]
    curve: Numbers


def certainty_cut(
    values: ArrayLike, *, cv: float | None = None, se: float | None = None, outcomes: ArrayLike | None = None
) -> CertaintyCut:
    """Return how many of the largest units to take for certain, the others drawn at random.

    With k units taken for certain and M = N − k left, n(k) = k + W²S²/(V + W²S²/M), W = M/N, S² the variance of
    the rest; every k is tried (Valliant, Dever & Kreuter 2018, §3.2; the idea is Glasser's, 1962, JASA 57:28).

    Parameters
    ----------
    values : array, shape (N,)
        Variable (last year's, say) whose mean is to be estimated, or the size measure when `outcomes` is given.
    cv, se : float
        Exactly one: standard error of the mean over the mean, or standard error of the mean.
    outcomes : array, shape (N,), optional
        Variable to estimate when the rest is drawn with probability proportional to `values`.

    Returns
    -------
    CertaintyCut

    Raises
    ------
    EstimateError
        Values that are not finite (not positive, as size measure), lengths that differ, no target or two.

    Examples
    --------
    >>> seen = certainty_cut([1., 2, 3, 4, 5, 6, 7, 8, 9, 400], cv=.05)
    >>> seen.certain, seen.least, round(seen.n, 3)
    (1, 400.0, 2.08)
    """
    x = np.asarray(values, dtype=float)
    y = x if outcomes is None else np.asarray(outcomes, dtype=float)
    asked = Demands()
    asked.one(cv=cv, se=se)
    asked.within(0, math.inf, "()", "精度目标应大于 0", cv=cv, se=se)
    asked.within(-math.inf if outcomes is None else 0, math.inf, "()", "补全或去掉", values=x)
    asked.within(-math.inf, math.inf, "()", "补全或去掉", outcomes=y)
    asked.need(x.ndim == 1 and x.size > 1 and x.shape == y.shape, f"{x.size} 与 {y.size} 个", "同样多且多于 1", "补齐")
    asked.need(cv is None or bool(y.mean()), "均值为 0", "变异系数需要不为 0 的均值", "改写 se=")
    asked.refuse()
    order = np.argsort(-x, kind="stable")
    variance = (se if se is not None else (cv or 0.0) * y.mean()) ** 2
    rests = [_rest_variance(x[order[k:]], None if outcomes is None else y[order[k:]]) for k in range(x.size - 1)]
    left = x.size - np.arange(x.size - 1)
    spread = (left / x.size) ** 2 * np.array(rests)
    curve = np.arange(x.size - 1) + spread / (variance + spread / left)
    at = int(curve.argmin())
    return CertaintyCut(float(curve[at]), at, float(x[order[at - 1]]) if at else math.nan, x > x[order[at]], curve)


def _rest_variance(x: Numbers, y: Numbers | None) -> float:
    return float(x.var(ddof=1)) if y is None else pps_variance(x, y) / x.size**2
