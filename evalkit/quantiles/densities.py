"""Density at a quantile, and the linearised scores of quantiles that need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of
from evalkit.quantiles.checks import Floats, probabilities
from evalkit.quantiles.ordered import Ordered

QUARTILES = 1.349  # between the quartiles of a normal distribution, in standard deviations


def _spread(ordered: Ordered) -> float:
    """√(Σw(x − x̄)²/Σw)."""
    share = ordered.steps.w[0] / ordered.total
    away = ordered.steps.x - share @ ordered.steps.x
    return float(np.sqrt(share @ away**2))


def _osier(ordered: Ordered) -> float:
    return float(_spread(ordered) / ordered.total**0.2)


def _silverman(ordered: Ordered) -> float:
    quarter, three = ordered.at([0.25, 0.75])
    spread = _spread(ordered)
    narrow = min(spread, (three - quarter) / QUARTILES) if three > quarter else spread
    return float(0.9 * narrow / (ordered.total**2 / np.sum(ordered.weights**2)) ** 0.2)


@dataclass(frozen=True)
class Bandwidth:
    """How wide the normal kernel is."""

    width: Callable[[Ordered], float]
    text: str


DENSITIES: dict[str, Bandwidth] = {
    "kernel": Bandwidth(_osier, "正态核，窗宽 σ·N^(−1/5)，N 为权数之和（Osier；R 的 convey；默认）"),
    "silverman": Bandwidth(_silverman, "正态核，窗宽 0.9·min(σ, IQR/1.349)·n^(−1/5)，n 为有效样本量（更平稳）"),
}


def density(ordered: Ordered, at: ArrayLike, rule: str = "kernel") -> Floats:
    """Estimate the density of the population at given values.

    Parameters
    ----------
    ordered : Ordered
    at : float or (k,) array
    rule : str
        A name of `DENSITIES`.

    Returns
    -------
    (k,) float array
        f̂(z) = Σ w φ((z − x)/h)/(h Σw).

    Raises
    ------
    EstimateError
        An unknown rule; all values equal, so that there is no density.

    Notes
    -----
    Deville 1999 (Surv. Meth. 25:193) and Osier 2009 (Surv. Res. Methods 3:167) take N̂, the size of the population, for the
    bandwidth: in a small sample of a large population the window then holds few rows and the density is rough.

    Examples
    --------
    >>> sample = Ordered(np.linspace(-3, 3, 61), np.exp(-np.linspace(-3, 3, 61) ** 2 / 2))
    >>> density(sample, 0.0, "silverman").round(2).tolist()
    [0.37]
    """
    h, near = _nearness(ordered, at, rule)
    return np.asarray(near.sum(axis=1) / (np.sqrt(2 * np.pi) * h * ordered.total))


def kernel_means(ordered: Ordered, at: ArrayLike, rule: str = "kernel") -> Floats:
    """Return the mean of the values near given ones, Σ w x φ((z − x)/h)/Σ w φ((z − x)/h).

    Parameters, Raises are those of `density`.

    Returns
    -------
    (k,) float array

    Examples
    --------
    >>> kernel_means(Ordered([1, 2, 3], [1, 1, 1]), 2.0).round(12).tolist()
    [2.0]
    """
    _, near = _nearness(ordered, at, rule)
    return np.asarray(near @ ordered.steps.x / near.sum(axis=1))


def _nearness(ordered: Ordered, at: ArrayLike, rule: str) -> tuple[float, Floats]:
    """Return the bandwidth, and w exp(−((z − x)/h)²/2) for each z and x, (k, n)."""
    how: Bandwidth = one_of("density", rule, DENSITIES, EstimateError)
    h = how.width(ordered)
    if not h > 0 or ordered.steps.x[0] == ordered.steps.x[-1]:  # of equal values the spread may be 1e-16 by rounding
        raise EstimateError("密度｜所有的值相同，没有密度｜此指标的标准误改用复制权数，或不用分位数")
    u = (np.atleast_1d(np.asarray(at, dtype=float))[:, None] - ordered.steps.x) / h
    return h, np.asarray(ordered.steps.w * np.exp(-(u**2) / 2))


def scores(ordered: Ordered, probs: ArrayLike, at: ArrayLike, slope: ArrayLike) -> Floats:
    """Return the linearised scores of quantiles, u = −(1(x ≤ q) − p)/(N̂ f̂(q)).

    Parameters
    ----------
    ordered : Ordered
    probs, at : float or (k,) array
        Probabilities p and estimated quantiles q.
    slope : float or (k,) array
        Density f̂(q) > 0, from `density` or from the width of an interval.

    Returns
    -------
    (n, k) float array
        In the order of ``ordered.values``: the covariance of the quantiles is that of the totals Σ w·u.

    Raises
    ------
    EstimateError
        A density that is not above 0.

    Notes
    -----
    Deville 1999, §6; Francisco & Fuller 1991 (Bahadur's representation). From memory.

    Examples
    --------
    >>> scores(Ordered([1, 2, 3, 4], [1, 1, 1, 1]), .5, 2.0, .25).ravel().tolist()
    [-0.5, -0.5, 0.5, 0.5]
    """
    p, q, f = (np.atleast_1d(np.asarray(each, dtype=float)) for each in (probabilities(probs), at, slope))
    if not bool((np.isfinite(f) & (f > 0)).all()):
        raise EstimateError("分位数的得分｜密度应大于 0｜值稀疏处换 density=\"silverman\"，或用复制权数")
    return np.asarray((p - (ordered.values[:, None] <= q)) / (ordered.total * f))
