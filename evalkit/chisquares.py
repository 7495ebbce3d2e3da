"""Distribution of quadratic forms: how far a weighted sum of χ² variables reaches.

With λ the weights and ν the degrees of freedom of the variance, the form is

    Q = Σ λ_i χ²_1 / (χ²_ν/ν),

the F-like form of a test whose variance was estimated; ν = ∞ gives Q = Σ λ_i χ²_1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc, ndtr

from evalkit.errors import EstimateError, one_of
from evalkit.later import later

optimize = later("scipy.optimize")

Numbers = NDArray[np.float64]
DUST = 1e-12  # a weight below this share of the largest adds nothing that can be seen
FLAT = 1e-4  # a saddlepoint so near 0 that w and v have lost their digits
FAR = 1e6  # means beyond which exp(−x/2) is too small for a number
TERMS = 100_000  # of the mixture; reached when the weights span four orders of magnitude


@dataclass(frozen=True)
class Method:
    """One way to find the upper tail."""

    tail: Callable[[float, Numbers, float], float]
    text: str


def upper_tail(x: float, weights: ArrayLike, ddf: float = np.inf, method: str = "exact") -> float:
    """Return P(Q > x) for Q = Σ λ_i χ²_1 / (χ²_ν/ν).

    Parameters
    ----------
    x : float
        Value of the form; at 0 and below the probability is 1, and of no number (NaN) it is none.
    weights : (k,) float array
        The λ, of which at least one is above 0; those at or below 0 (rounding of an eigenvalue) count as 0.
    ddf : float
        ν > 0, which need not be whole; infinite for a known variance.
    method : str
        A name of `METHODS`.

    Returns
    -------
    float
        In [0, 1], or NaN.

    Raises
    ------
    EstimateError
        An unknown method, no weight above 0, or ddf not above 0.

    Notes
    -----
    "exact" writes Q as a mixture (Ruben 1962, Ann. Math. Statist. 33:542), to twelve digits; where the weights span
    four orders of magnitude and it would need too many terms, or there are so many of them that its first share
    Π√(λ_min/λ_i) is too small for a number, the saddlepoint stands in. "saddlepoint" is
    Barndorff-Nielsen's r* at the saddlepoint of the form (Kuonen 1999, Biometrika 86:929), and Satterthwaite
    where the saddlepoint is 0. "saddlepoint-r" is that with R survey's arithmetic: ν is cut to a whole number where it
    counts χ² and not where it divides, which puts p off by some per cent (for comparison only). "satterthwaite" matches mean
    and variance: F(k', ν) of x/(a k').

    Examples
    --------
    >>> round(upper_tail(6.0, [1.0, 1.0], method="exact"), 10)  # exp(-3)
    0.0497870684
    >>> [round(upper_tail(9.0, [3.0, 1.0, 0.5], 20, method), 4) for method in METHODS]
    [0.1515, 0.1491, 0.1491, 0.1619]
    """
    how = one_of("method", method, METHODS, EstimateError, "算法")
    given = np.asarray(weights, dtype=float)
    kept = given[given > DUST * given.max(initial=0.0)]
    if not len(kept) or not bool(np.isfinite(kept).all()):
        raise EstimateError("weights｜二次型的系数应至少有一个大于 0 的有限数｜检查协方差")
    if not ddf > 0:
        raise EstimateError(f"ddf = {ddf:g}｜自由度应大于 0｜检查设计的首阶段单元数")
    if np.isnan(x):
        return float("nan")
    if x <= 0:
        return 1.0
    if np.isinf(x) or (np.isinf(ddf) and x > FAR * kept.sum()):
        return 0.0
    scale = float(kept.max())
    return float(np.clip(how.tail(float(x) / scale, kept / scale, float(ddf)), 0.0, 1.0))


def satterthwaite(weights: ArrayLike) -> tuple[float, float]:
    """Return (a, k') with a χ²_k' of the same mean and variance as Σ λ_i χ²_1.

    Parameters
    ----------
    weights : (k,) float array
        The λ ≥ 0.

    Returns
    -------
    (float, float)
        a = Σλ²/Σλ and k' = (Σλ)²/Σλ² (Satterthwaite 1946, Biometrics Bull. 2:110).

    Examples
    --------
    >>> satterthwaite([3.0, 1.0])
    (2.5, 1.6)
    """
    held = np.asarray(weights, dtype=float)
    first, second = float(held.sum()), float((held**2).sum())
    return second / first, first**2 / second


def _by_moments(x: float, weights: Numbers, ddf: float) -> float:
    scale, df = satterthwaite(weights)
    return float(_tails(np.array([x / scale]), np.array([df]), ddf)[0])


def _tails(x: Numbers, df: Numbers, ddf: float) -> Numbers:
    """Upper tails of χ²_df/(χ²_ν/ν)."""
    return np.asarray(chdtrc(df, x) if np.isinf(ddf) else fdtrc(df, ddf, x / df))


def _by_mixture(x: float, weights: Numbers, ddf: float) -> float:
    """Sum c_j P(β χ²_{k+2j} > x), with β the smallest weight so that the c_j are probabilities.

    j c_j = ½ Σ_i s_ij with s_ij = a_i (s_i,j−1 + c_j−1), a_i = 1 − β/λ_i: one step costs k numbers. The terms not
    yet added are below c_j/(1 − max a), which is held against the sum so that small probabilities keep their digits.
    """
    beta, k = float(weights.min()), len(weights)
    first = float(np.sqrt(beta / weights).prod())
    if first < np.finfo(float).tiny:
        return _by_saddlepoint(x, weights, ddf)
    away = 1 - beta / weights
    rest = 1 / (1 - float(away.max()))
    shares, held, total, done = [first], np.zeros(k), 0.0, 0
    while len(shares) < TERMS:
        place = np.arange(done, len(shares))
        reached = np.array([x / beta] * len(place))
        total += float(np.array(shares[done:]) @ _tails(reached, np.asarray(k + 2 * place, dtype=float), ddf))
        done = len(shares)
        if done > k and shares[-1] * rest < max(1e-16 * total, 1e-300):
            return total
        for _ in range(done + k):
            held = away * (held + shares[-1])
            shares.append(float(held.sum()) / (2 * len(shares)))
    return _by_saddlepoint(x, weights, ddf)


def _by_saddlepoint(x: float, weights: Numbers, ddf: float, copies: float | None = None) -> float:
    finite = not np.isinf(ddf)
    part = np.append(weights, -x / ddf) if finite else weights
    times = np.append(np.ones(len(weights)), ddf if copies is None else copies) if finite else np.ones(len(weights))
    aim = 0.0 if finite else x
    largest = float(np.abs(part).max()) if finite else 1.0
    part, aim = part / largest, aim / largest

    def slope(at: float) -> float:
        return float((times * part / (1 - 2 * at * part)).sum() - aim)

    low = 1 / (2 * float(part.min())) if finite else -len(weights) / aim
    high = 1 / (2 * float(part.max()))
    at = float(optimize.brentq(slope, low * (1 - 1e-9), high * (1 - 1e-9), xtol=1e-15, rtol=1e-14))
    if abs(at) * float(part.max()) < FLAT:
        return _by_moments(x, weights, ddf)
    bottom = 1 - 2 * at * part
    w = np.sign(at) * np.sqrt(2 * (at * aim + float((times * np.log(bottom)).sum()) / 2))
    v = at * np.sqrt(2 * float((times * part**2 / bottom**2).sum()))
    return float(ndtr(-(w + np.log(v / w) / w)))


def _as_r(x: float, weights: Numbers, ddf: float) -> float:
    return _by_saddlepoint(x, weights, ddf, np.floor(ddf))


METHODS: dict[str, Method] = {
    "exact": Method(_by_mixture, "χ² 的混合级数，精确"),
    "saddlepoint": Method(_by_saddlepoint, "鞍点近似"),
    "saddlepoint-r": Method(_as_r, "R survey 的鞍点近似：自由度一处取整、一处不取整，可差百分之几（仅供对照）"),
    "satterthwaite": Method(_by_moments, "矩近似：均值与方差相同的 F 分布"),
}
