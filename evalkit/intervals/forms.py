"""The formulas of the intervals for a proportion, one a function.

Each takes the proportion p, the (effective) number of units n, the quantile c and the probability
`tail` left in one tail (arrays that broadcast), and gives the two limits before they are clipped to [0, 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainccinv, betaincinv, expit, logit, xlogy

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
    return np.where(x > 0, betaincinv(some, rest + 1, tail), 0.0), np.where(rest > 0, betainccinv(x + 1, others, tail), 1.0)


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


def finite(p: Numbers, n: Numbers, fraction: Any, tail: float) -> Limits:
    """Clopper–Pearson drawn in for a finite population, n a fraction of it (Wise 1954, Biometrika 41:317).

    With g = fraction/n and x = np: L = (x−1)g/2 + B·K, U = xg/2 + B′·K, K = 1 − (n−1)g/2, B and B′ the limits of
    Clopper–Pearson; fraction = 0 gives Clopper–Pearson itself.
    """
    low, high = clopper_pearson(p, n, np.zeros_like(n), tail)
    g = fraction / n
    shrink = 1 - (n - 1) * g / 2
    return (n * p - 1) * g / 2 + low * shrink, p * fraction / 2 + high * shrink
