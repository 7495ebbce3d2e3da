"""Atkinson indices and the generalised entropy: means of powers of income over mean income."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import boxcox

from evalkit.errors import EstimateError, places
from evalkit.inequality.lorenz import positive_total
from evalkit.quantiles.checks import Floats, checked


def _relative(values: ArrayLike, weights: ArrayLike, subject: str, needs_income: bool) -> tuple[Floats, Floats, float]:
    """Return income over mean income, shares of the weight, and Σw."""
    y, w = checked(values, weights, subject, negative=False)
    if needs_income and bool((y == 0).any()):
        found = f"{places(y == 0)}收入为 0，此参数下无定义"
        raise EstimateError(f"{subject}｜{found}｜换参数（atkinson 取 <1，广义熵取 >0），或按规则处理零收入")
    whole = float(w.sum())
    return y * (whole / positive_total(y, w, subject)), w / whole, whole


def _finite(value: float, scores: Floats, asked: str, remedy: str) -> tuple[float, Floats]:
    """Return value and scores, or refuse powers of incomes that are too large for a number."""
    if not (math.isfinite(value) and bool(np.isfinite(scores).all())):
        raise EstimateError(f"{asked}｜收入的幂超出数的范围，值或得分不是有限的数｜{remedy}")
    return value, scores


def atkinson(values: ArrayLike, weights: ArrayLike, epsilon: float = 1.0) -> tuple[float, Floats]:
    """Return the Atkinson index, one minus the income that, given to all, would be as good, over mean income.

    Parameters
    ----------
    values : (n,) array
        Incomes ≥ 0, and above 0 for epsilon ≥ 1.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    epsilon : float
        Aversion to inequality, > 0.

    Returns
    -------
    value : float
        In [0, 1].
    scores : (n,) float array
        Exact derivatives by the weights.

    Raises
    ------
    EstimateError
        Faults of values and weights; epsilon ≤ 0; an income of 0 with epsilon ≥ 1; powers too large for a number.

    Notes
    -----
    With r = y/ȳ, c = 1 − ε and M = Σ w r^c/N: A = 1 − M^{1/c} (geometric mean for c = 0), and
    u = −M^{1/c}[(r^c/M − 1)/c − (r − 1)]/N. Written with (r^c − 1)/c, so that nothing is lost near ε = 1.
    Atkinson 1970 (J. Econ. Theory 2:244); Biewen & Jenkins 2006 (Oxf. Bull. 68:371; from memory) for the scores.

    Examples
    --------
    >>> round(atkinson([1, 4], [1, 1])[0], 12), round(atkinson([1, 4], [1, 1], .5)[0], 12)
    (0.2, 0.1)
    """
    if not 0 < epsilon < math.inf:
        raise EstimateError(f"阿特金森指数｜epsilon = {epsilon:g}，应大于 0｜常用 .5、1、2")
    r, share, whole = _relative(values, weights, "阿特金森指数", epsilon >= 1)
    c = 1.0 - epsilon
    with np.errstate(over="ignore", invalid="ignore"):
        power = boxcox(r, c)
        mean = float(share @ power)
        log_mean = math.log1p(c * mean) if c * mean > -1 else math.nan
        equal = math.exp(log_mean / c if c else mean)
        change = (power - mean) / math.exp(log_mean)
        scores = np.asarray(-equal * (change - (r - 1)) / whole)
    return _finite(1 - equal, scores, f"阿特金森指数：epsilon = {epsilon:g}", "epsilon 常用 .5、1、2；再核对近于 0 的收入")


def generalised_entropy(values: ArrayLike, weights: ArrayLike, alpha: float = 1.0) -> tuple[float, Floats]:
    """Return the generalised entropy index: Theil's index at 1, the mean log deviation at 0, half the squared CV at 2.

    Parameters
    ----------
    values : (n,) array
        Incomes ≥ 0, and above 0 for alpha ≤ 0.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    alpha : float
        Weight of differences at the top.

    Returns
    -------
    value : float
        ≥ 0.
    scores : (n,) float array
        Exact derivatives by the weights.

    Raises
    ------
    EstimateError
        Faults of values and weights; alpha not finite; an income of 0 with alpha ≤ 0; powers too large for a number.

    Notes
    -----
    With r = y/ȳ and φ(r) = (r^α − 1 − α(r − 1))/(α(α − 1)), in the limit r ln r − (r − 1) at 1 and (r − 1) − ln r at 0:
    GE = Σwφ/N and u = (φ − GE(1 + α(r − 1)))/N. Shorrocks 1980 (Econometrica 48:613); scores as in Biewen & Jenkins 2006.
    R's convey refuses incomes of 0 at α = 1, where r ln r is 0.

    Examples
    --------
    >>> [round(generalised_entropy([1, 4], [1, 1], alpha)[0], 6) for alpha in (0, 1, 2)]
    [0.223144, 0.192745, 0.18]
    """
    if not math.isfinite(alpha):
        raise EstimateError(f"广义熵｜alpha = {alpha}，应为有限的数｜常用 0、1、2")
    r, share, whole = _relative(values, weights, "广义熵指数", alpha <= 0)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = _deviation(r, alpha)
        value = float(share @ deviation)
        scores = np.asarray((deviation - value * (1 + alpha * (r - 1))) / whole)
    return _finite(value, scores, f"广义熵指数：alpha = {alpha:g}", "alpha 常用 0、1、2；再核对极小与极大的收入")


def _deviation(r: Floats, alpha: float) -> Floats:
    """φ(r); of two ways to write it the one that keeps its digits at this α."""
    if alpha < 0.5:
        return np.asarray((boxcox(r, alpha) - (r - 1)) / (alpha - 1))
    some = r > 0
    return np.asarray((np.where(some, r * boxcox(np.where(some, r, 1.0), alpha - 1), 0.0) - (r - 1)) / alpha)
