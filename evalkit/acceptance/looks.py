"""Two looks at one question: how the risk is split between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from evalkit.errors import EstimateError, one_of
from evalkit.sizing.demands import Demands

LOWEST, NODES = -9.0, 200  # below −9 the normal density holds 1e-19
STEPS = 80  # halvings: to the last digit of a double


class Looks(NamedTuple):
    """What each of two looks may use: normal quantiles, and the one-sided risks to judge by (`ev.judge(…, alpha=…)`)."""

    z: tuple[float, float]
    alpha: tuple[float, float]


class Spending(NamedTuple):
    """A way to split the risk: the two quantiles, given a constant and the share of the information at the first look."""

    title: str
    bounds: Callable[[float, float], tuple[float, float]]


METHODS: Mapping[str, Spending] = {
    "pocock": Spending("Pocock：两次界限相同", lambda c, _: (c, c)),
    "obrien-fleming": Spending("O'Brien–Fleming：第一次从严，第二次接近不分次", lambda c, fraction: (c / math.sqrt(fraction), c)),
}


def two_looks(spending: str, alpha: float = 0.05, *, fraction: float = 0.5) -> Looks:
    """Return the bounds of a sequential test with two looks whose risk is `alpha` altogether.

    The constant solves P(Z₁ < z₁, Z₂ < z₂) = 1 − alpha, (Z₁, Z₂) normal with correlation √fraction (Jennison & Turnbull 2000,
    ch. 2–3). A first look proves when the one-sided bound at 1 − α₁ clears the gate, else the second at 1 − α₂.

    Parameters
    ----------
    spending : {"pocock", "obrien-fleming"}
    alpha : float
        One-sided risk of a wrong proof at either look, in (0, .5).
    fraction : float
        Share of the villages that the first look has, in (0, 1).

    Returns
    -------
    Looks

    Raises
    ------
    EstimateError
        An unknown name, a number outside its range.

    Examples
    --------
    >>> [round(x, 5) for x in (*two_looks("pocock").z, *two_looks("pocock").alpha)]
    [1.87542, 1.87542, 0.03037, 0.03037]
    >>> [round(x, 5) for x in (*two_looks("obrien-fleming").z, *two_looks("obrien-fleming").alpha)]
    [2.37298, 1.67795, 0.00882, 0.04668]
    """
    method = one_of("spending", spending, METHODS, EstimateError, "分摊办法")
    asked = Demands()
    asked.within(0, 0.5, "()", "5% 写 alpha=.05", alpha=alpha)
    asked.within(0, 1, "()", "两次村数相同写 .5", fraction=fraction)
    asked.refuse()
    low, high = float(-ndtri(alpha)), float(-ndtri(alpha / 2))  # one look only, and Bonferroni
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if both_below(*method.bounds(middle, fraction), math.sqrt(fraction)) >= 1 - alpha else (middle, high)
    z = method.bounds(high, fraction)
    return Looks(z, (float(ndtr(-z[0])), float(ndtr(-z[1]))))


def both_below(first: float, second: float, correlation: float) -> float:
    """Return P(Z₁ < first, Z₂ < second) of two standard normal numbers with this correlation, in (0, 1).

    ∫ φ(x)·Φ((second − correlation·x)/√(1 − correlation²)) dx up to `first`, by Gauss–Legendre.

    Examples
    --------
    >>> round(both_below(0, 0, .5), 12)
    0.333333333333
    """
    nodes, weights = _legendre()
    half = (first - LOWEST) / 2
    x = LOWEST + half * (nodes + 1)
    inner = ndtr((second - correlation * x) / math.sqrt(1 - correlation**2))
    return float(half * (weights * np.exp(-(x**2) / 2) * inner).sum() / math.sqrt(2 * math.pi))


@cache
def _legendre() -> tuple[Any, Any]:
    return np.polynomial.legendre.leggauss(NODES)
