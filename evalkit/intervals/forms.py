"""The formulas of the intervals for a proportion, one a function.

Each takes the proportion p, the (effective) number of units n, the quantile c and the probability
`tail` left in one tail (arrays that broadcast), and gives the two limits before they are clipped to [0, 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betainccinv, betaincinv, expit, logit, xlogy

from evalkit.intervals.beta import lower_quantile, upper_quantile

Numbers = NDArray[np.float64]
Limits = tuple[Numbers, Numbers]


def wald(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """p ± c√(pq/n)."""
    half = c * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


def logistic(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Wald on the scale of log odds."""
    half = c / np.sqrt(n * p * (1 - p))
    return expit(logit(p) - half), expit(logit(p) + half)


def logarithmic(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Wald on the scale of log p; the one form that is not symmetric in p and 1 − p."""
    half = c * np.sqrt((1 - p) / (n * p))
    return p * np.exp(-half), p * np.exp(half)


def arcsine(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Wald on the scale of arcsin√p, the argument kept in [0, π/2]."""
    angle, half = np.arcsin(np.sqrt(p)), c / (2 * np.sqrt(n))
    low, high = (np.sin(np.clip(angle + side * half, 0, np.pi / 2)) ** 2 for side in (-1, 1))
    return low, high


def wilson(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """The score interval (Wilson 1927, JASA 22:209)."""
    centre = (p + c**2 / (2 * n)) / (1 + c**2 / n)
    half = c * np.sqrt(p * (1 - p) / n + c**2 / (4 * n**2)) / (1 + c**2 / n)
    return np.where(p == 0, np.minimum(centre - half, 0), centre - half), np.where(p == 1, np.maximum(centre + half, 1), centre + half)


def agresti_coull(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Wald with c²/2 events and c²/2 others added (Agresti & Coull 1998, Am. Stat. 52:119)."""
    more = n + c**2
    return wald((n * p + c**2 / 2) / more, more, c, tail)


def jeffreys(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Quantiles of the posterior under Jeffreys' prior, 0 and 1 kept at the ends."""
    return _posterior(p, n, tail, 0.5)


def uniform(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Quantiles of the posterior under the uniform prior, 0 and 1 kept at the ends."""
    return _posterior(p, n, tail, 1.0)


def _posterior(p: Numbers, n: Numbers, tail: float, prior: float) -> Limits:
    a, b = n * p + prior, n * (1 - p) + prior
    return np.where(p == 0, 0.0, betaincinv(a, b, tail)), np.where(p == 1, 1.0, betainccinv(a, b, tail))


def clopper_pearson(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Both binomial tails inverted (Clopper & Pearson 1934), by beta quantiles, so n and np need not be whole."""
    x, rest = n * p, n * (1 - p)
    some, others = np.where(x > 0, x, 1.0), np.where(rest > 0, rest, 1.0)
    low, high = lower_quantile(some, rest + 1, tail), upper_quantile(x + 1, others, tail)
    return np.where(x > 0, low, 0.0), np.where(rest > 0, high, 1.0)


def mid_p(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Clopper–Pearson with half the weight of the observed count in either tail (Lancaster 1961, JASA 56:223): for description only.

    Shorter, but no longer sure to cover: with x = np the limits solve ½[I_q(x, n−x+1) + I_q(x+1, n−x)] = tail and 1 − tail.
    """
    x, rest = np.broadcast_arrays(n * p, n * (1 - p))
    return _mid(x, rest, tail), np.where(rest > 0, _mid(x, rest, 1 - tail), 1.0)


def _mid(x: Numbers, rest: Numbers, level: float) -> Numbers:
    some, others = np.where(x > 0, x, 1.0), np.where(rest > 0, rest, 1.0)
    low, high = np.zeros(x.shape), np.ones(x.shape)
    for _ in range(60):  # halving [0, 1] so often leaves 1e-18
        q = (low + high) / 2
        reached = np.where(x > 0, betainc(some, rest + 1, q), 1.0) + np.where(rest > 0, betainc(x + 1, others, q), 0.0)
        below = reached < 2 * level
        low, high = np.where(below, q, low), np.where(below, high, q)
    return np.asarray((low + high) / 2 * (high > 1e-17))


def kott_liu(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """Wald with centre and variance moved by the skewness of a count, so that each side by itself covers.

    centre p + (1 − 2p)η/n, variance pq + (γ₁pq + γ₂)/n; η = z²/3 + 1/6, γ₁ = −(13z² + 17)/18, γ₂ = (2z² + 7)/36 (Hall 1982,
    Biometrika 69:647; Cai 2005, J. Stat. Plan. Inf. 131:63; Liu & Kott 2009, JOS 25:569). The expansion needs some units: where
    its variance is not positive, Clopper–Pearson stands in. 0 and 1 are kept at the ends.
    """
    square = c * c
    variance = p * (1 - p) * (1 - (13 * square + 17) / 18 / n) + (2 * square + 7) / 36 / n
    centre, half = p + (1 - 2 * p) * (square / 3 + 1 / 6) / n, c * np.sqrt(np.maximum(variance, 0) / n)
    short, plain = variance <= 0, clopper_pearson(p, n, c, tail)
    low, high = (np.where(short, other, own) for other, own in zip(plain, (centre - half, centre + half), strict=True))
    return np.where(p == 0, 0.0, low), np.where(p == 1, 1.0, high)


def likelihood(p: Numbers, n: Numbers, c: Numbers, tail: float) -> Limits:
    """All q with signed root deviance between −c and c (Rao & Scott 1984 for effective n)."""
    return np.where(p == 0, 0.0, _root(p, n, -c)), np.where(p == 1, 1.0, _root(p, n, c))


def _root(p: Numbers, n: Numbers, target: Numbers) -> Numbers:
    """Return the q whose signed root of 2n·[p ln(p/q) + (1−p) ln((1−p)/(1−q))] is `target`, by bisection."""
    low, high = (np.full(np.broadcast(p, n, target).shape, end) for end in (0.0, 1.0))
    for _ in range(80):  # halving [0, 1] 80 times leaves less than the spacing of doubles
        q = (low + high) / 2
        with np.errstate(divide="ignore"):
            deviance = 2 * n * (xlogy(p, p) + xlogy(1 - p, 1 - p) - xlogy(p, q) - xlogy(1 - p, 1 - q))
        below = np.sign(q - p) * np.sqrt(np.maximum(deviance, 0)) < target
        low, high = np.where(below, q, low), np.where(below, high, q)
    return np.asarray((low + high) / 2)


def finite(p: Numbers, n: Numbers, fraction: Any, tail: float, midp: bool = False) -> Limits:
    """Clopper–Pearson drawn in for a finite population, n a fraction of it (Wise 1954, Biometrika 41:317).

    With g = fraction/n and x = np: L = (x−1)g/2 + B·K, U = xg/2 + B′·K, K = 1 − (n−1)g/2, B and B′ the limits of
    Clopper–Pearson; fraction = 0 gives Clopper–Pearson itself.
    """
    low, high = (mid_p if midp else clopper_pearson)(p, n, np.zeros_like(n), tail)
    g = fraction / n
    shrink = 1 - (n - 1) * g / 2
    return (n * p - 1) * g / 2 + low * shrink, p * fraction / 2 + high * shrink


def bound_of_none(n: Numbers, fraction: Any, tail: float, midp: bool = False) -> Numbers:
    """Return the upper limit of `finite` with no event: Clopper–Pearson's is 1 − tail^(1/n), mid-p's 1 − (2·tail)^(1/n)."""
    weight = np.log(min(2 * tail, 1.0) if midp else tail)
    return np.asarray(-np.expm1(weight / n) * (1 - (n - 1) * (fraction / n) / 2))


def around(p: Numbers, low: Numbers, high: Numbers, tail: float) -> Limits:
    """Keep limits of a finite population within [0, 1] and around the estimate.

    Below ½ the tail leaves the estimate inside; a p-value asks for tails beyond, whose limits must not stop at it.
    """
    return (np.clip(low, 0, p), np.clip(high, p, 1)) if tail <= 0.5 else (np.clip(low, 0, 1), np.clip(high, 0, 1))
