"""Intervals for a quantile, read off the distribution function: Woodruff's, and by inverting a score test."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError
from evalkit.quantiles.checks import Floats, probabilities
from evalkit.quantiles.ordered import Ordered


def woodruff(ordered: Ordered, low_p: ArrayLike, high_p: ArrayLike, rule: str = "math") -> tuple[Floats, Floats]:
    """Map the limits of intervals for F(q) to limits for q.

    Parameters
    ----------
    ordered : Ordered
    low_p, high_p : float or (k,) array
        Limits of an interval for the proportion of values ≤ q, q the estimated quantile; made by any method for
        proportions. Only a symmetric interval leaves [0, 1].
    rule : str
        The rule that gave the quantile.

    Returns
    -------
    low, high : (k,) float arrays
        −inf where low_p < 0 and inf where high_p > 1: the sample does not reach that limit (R gives NaN).

    Raises
    ------
    EstimateError
        A limit that is not a number; low_p above high_p.

    Notes
    -----
    Woodruff 1952 (JASA 47:635). With t the quantile that made the interval, se = (high − low)/(2t).

    Examples
    --------
    >>> low, high = woodruff(Ordered(list(range(1, 11)), [1] * 10), .25, .75)
    >>> low.tolist(), high.tolist()
    ([3.0], [8.0])
    """
    low, high = (np.atleast_1d(np.asarray(limit, dtype=float)) for limit in (low_p, high_p))
    if low.shape != high.shape or not bool((low <= high).all()):
        raise EstimateError("Woodruff 区间｜比例的下限应为不大于上限的数，两者同长｜先给出 F(q) 的区间（全部或一例未见时改用 kg）")
    below, above = (ordered.at(np.clip(limit, 0.0, 1.0), rule) for limit in (low, high))
    return np.where(low < 0, -np.inf, below), np.where(high > 1, np.inf, above)


def score_limits(ordered: Ordered, se_at: Callable[[float], tuple[float, float]], p: float, t: float) -> tuple[float, float]:
    """Return the limits of the values θ that a score test of F(θ) = p does not reject.

    Parameters
    ----------
    ordered : Ordered
    se_at : function of θ → (value, se)
        Estimate of F(θ), the proportion of values ≤ θ, and its standard error; asked only at distinct values.
    p : float
        In (0, 1).
    t : float
        Quantile of t or of the normal distribution, > 0.

    Returns
    -------
    low, high : float

    Raises
    ------
    EstimateError
        p outside (0, 1), t ≤ 0, a standard error that is negative or not a number.

    Notes
    -----
    Francisco & Fuller 1991 (Ann. Statist. 19:454). z(θ) = (F̂(θ) − p)/se(θ) is constant between distinct values
    x_1 < … < x_m, so that the set ``{θ : |z(θ)| ≤ t}`` is [x_a, x_{b+1}), with x_a the first value of z ≥ −t and x_b the
    last of z ≤ t. Both are found by bisection, about 2 log₂ m questions; −inf stands before the first value and inf
    where F̂ = 1. Where z is not monotone, bisection finds one of its crossings, as R's root finder does. Of the two values
    beside a crossing the limit is the one whose z is nearer to ±t, as in R's `ffullerCI`. (R then maps it by the rule at
    the *unweighted* share of values ≤ θ, which moves it when weights differ; not done here.) Where F̂ leaps over the
    whole band at one value and every value is rejected, both limits are that value.

    Examples
    --------
    >>> from math import sqrt
    >>> def share(theta):
    ...     return theta / 20, sqrt(theta / 20 * (1 - theta / 20) / 20)
    >>> values = Ordered(list(range(1, 21)), [1] * 20)
    >>> score_limits(values, share, .5, 1.96)
    (6.0, 14.0)
    """
    if not 0 < probabilities(p, "p")[0] < 1 or not 0 < t < math.inf:
        raise EstimateError(f"得分区间：p = {p:g}，t = {t:g}｜p 应在 0 与 1 之间，t 应大于 0｜核对 p 与 level")
    x = ordered.distinct.x
    m = len(x)

    @cache
    def z(place: int) -> float:
        return _score(*se_at(float(x[place])), p)

    first, past = _crossing(lambda place: z(place) >= -t, m), _crossing(lambda place: z(place) > t, m)
    low, high = (first, first) if past <= first else (_nearer(z, first, -t), _nearer(z, past, t))
    return float(x[low]), float(x[high])


def _score(value: float, se: float, p: float) -> float:
    if not se >= 0 or math.isnan(value):
        raise EstimateError("得分区间：标准误不是不小于 0 的数｜F(θ) 的方差无法给出｜核对设计，或改用 Woodruff 区间")
    away = value - p
    return away / se if se > 0 else math.copysign(math.inf, away) if away else 0.0


def _crossing(passed: Callable[[int], bool], m: int) -> int:
    """Return the first of m places that passed, by bisection; the last place always passes (F = 1 there)."""
    before, after = -1, m - 1
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if passed(middle) else (middle, after)
    return after


def _nearer(z: Callable[[int], float], place: int, limit: float) -> int:
    """Return `place` or the place before it, whichever has the score nearer to the limit."""
    return place - 1 if place > 0 and abs(z(place - 1) - limit) < abs(z(place) - limit) else place
