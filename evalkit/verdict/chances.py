"""Chances behind a verdict: of the opposite verdict in a new sample, and p-values by inverting the bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal

from scipy.special import betainc, expit

from evalkit.later import later
from evalkit.verdict.deciding import Direction, satisfies

optimize = later("scipy.optimize")

Side = Literal["lower", "upper"]

FARTHEST = 30.0  # of the log odds of alpha: 1e-13 and its complement


def other_verdict(rate: float, threshold: float, n_eff: float, *, legal: bool, direction: Direction = "below") -> float:
    """Return the probability that the legal rule says the other thing in a new sample of the same size.

    The estimate of a new sample is taken as beta distributed with mean `rate` and variance
    rate(1 − rate)/n_eff: the continuous form of a beta-binomial count of village events. On the threshold of
    2 % with 20 villages of 60 and a correlation of .05 it gives .55 for "below", simulation .52.

    Parameters
    ----------
    rate : float
        True rate, in [0, 1]; at 0 and 1 every sample shows it.
    threshold : float
        In [0, 1].
    n_eff : float
        Effective number of units, > 1.
    legal : bool
        What the legal rule says of the sample at hand.
    direction : {"below", "above"}

    Returns
    -------
    float
        NaN when n_eff is unknown or not above 1, or `rate` lies outside [0, 1].

    Examples
    --------
    >>> round(other_verdict(.03, .02, 1200 / 3.95, legal=False), 2)
    0.15
    """
    if rate in (0, 1):
        return float(bool(satisfies(rate, threshold, direction, strict=True)) != legal and rate != threshold)
    if not n_eff > 1 or not 0 < rate < 1:
        return math.nan
    below = float(betainc(rate * (n_eff - 1), (1 - rate) * (n_eff - 1), min(max(threshold, 0.0), 1.0)))
    passing = below if direction == "below" else 1 - below
    return 1 - passing if legal else passing


def deciding_side(direction: Direction, met: bool) -> Side:
    """Return the bound that must clear the threshold for the rate to be proven met, or not met."""
    return "upper" if met == (direction == "below") else "lower"


def clears(bound: float, threshold: float, side: Side) -> bool:
    """Return whether a bound leaves the threshold outside; NaN does not."""
    return bound < threshold if side == "upper" else bound > threshold


def smallest_alpha(bound: Callable[[Side, float], float], threshold: float, side: Side) -> float:
    """Return the alpha at which a one-sided bound lies on the threshold: the p-value of the other side of it.

    Parameters
    ----------
    bound : callable
        From side and level to the bound.
    threshold : float
    side : {"lower", "upper"}

    Returns
    -------
    float
        1 where no alpha is large enough, 0 where any is; NaN where a bound is.
    """

    @cache  # the search asks for the ends again
    def gap(odds: float) -> float:
        # −30 of log odds would round the level to 1
        return bound(side, 1 - max(float(expit(odds)), 1e-13)) - threshold

    ends = gap(-FARTHEST), gap(FARTHEST)
    if math.isnan(ends[0]) or math.isnan(ends[1]):
        return math.nan
    sign = 1 if side == "upper" else -1
    if sign * ends[0] < 0:
        return 0.0
    if not sign * ends[1] < 0:
        return 1.0
    return float(expit(optimize.brentq(gap, -FARTHEST, FARTHEST, xtol=1e-10, rtol=1e-12)))
