"""Chances of pairs, π_ij, from π alone, for fixed-size designs near the largest entropy: approximations of the literature by name.

Each takes π with whole sum n and gives an N × N matrix with π on the diagonal. Pairs with a unit of π = 1 or 0 are
exact; the others come from the formula, with n and the sums over the units with 0 < π < 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalkit.inclusion.exact import within
from evalkit.inclusion.working import Numbers

CLOSE = 1e-14
ROUNDS = 500


def hajek(probs: ArrayLike) -> Numbers:
    """Return π_i π_j (1 − (1 − π_i)(1 − π_j)/d), d = Σπ(1 − π) (Hájek 1964, Ann. Math. Statist. 35:1491, theorem 5.2).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)
        May be below 0 where d < 1.

    Examples
    --------
    >>> round(float(hajek([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])[0, 1]), 9)
    0.113333333
    """
    return within(probs, _hajek)


def _hajek(probs: Numbers, n: int) -> Numbers:
    out = 1 - probs
    return np.asarray(np.outer(probs, probs) * (1 - np.outer(out, out) / (probs * out).sum()))


def hartley_rao(probs: ArrayLike) -> Numbers:
    """Return the expansion to order N⁻⁴ for systematic sampling in random order (Hartley & Rao 1962, Ann. Math. Statist. 33:350, eq. 5.15).

    With s₂ = Σπ², s₃ = Σπ³, π_ij = (n−1)/n · π_iπ_j [1 + (π_i+π_j)/n − s₂/n² + 2(π_i²+π_j²+π_iπ_j)/n²
    − 3(π_i+π_j)s₂/n³ + 3s₂²/n⁴ − 2s₃/n³].

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)

    Examples
    --------
    >>> round(float(hartley_rao([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])[0, 1]), 9)
    0.103695407
    """
    return within(probs, _hartley_rao)


def _hartley_rao(probs: Numbers, n: int) -> Numbers:
    product, both = np.outer(probs, probs), probs[:, None] + probs
    s2, s3 = (probs**2).sum(), (probs**3).sum()
    first = both / n - s2 / n**2
    second = 2 * (both**2 - product) / n**2 - 3 * both * s2 / n**3 + 3 * s2**2 / n**4 - 2 * s3 / n**3
    return np.asarray((n - 1) / n * product * (1 + first + second))


def tille(probs: ArrayLike) -> Numbers:
    """Return β_iβ_j with Σ_{j≠i} β_iβ_j = (n − 1)π_i, fitting rows and sum in turn (Tillé 1996, Surv. Meth. 22:177).

    β_i ← (n − 1)π_i/(Σβ − β_i), then β ← β·√(n(n − 1)/((Σβ)² − Σβ²)), from β = π until nothing moves.

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)
        Row sums n·π_i.

    Raises
    ------
    ValueError
        When the fitting does not end: products with these row sums do not exist.

    Examples
    --------
    >>> round(float(tille([0.375] * 8)[0, 1]), 9)
    0.107142857
    """
    return within(probs, _tille)


def _tille(probs: Numbers, n: int) -> Numbers:
    beta = probs
    for _ in range(ROUNDS):
        fitted = (n - 1) * probs / (beta.sum() - beta)
        fitted = fitted * math.sqrt(n * (n - 1) / (fitted.sum() ** 2 - (fitted**2).sum()))
        if np.abs(fitted / beta - 1).max() <= CLOSE * len(probs):
            return np.outer(fitted, fitted)
        beta = fitted
    raise ValueError(f"Tillé 近似的拟合经 {ROUNDS} 次迭代未收敛｜需要存在行和为 (n−1)π 的乘积矩阵｜改用 brewer4")


def brewer1(probs: ArrayLike) -> Numbers:
    """Return π_iπ_j(c_i + c_j)/2 with c_i = (n − 1)/(n − π_i) (Brewer & Donadio 2003, Surv. Meth. 29:189, eq. 9).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)

    Examples
    --------
    >>> round(float(brewer1([0.375] * 8)[0, 1]), 9)
    0.107142857
    """
    return within(probs, lambda p, n: _brewer(p, (n - 1) / (n - p)))


def brewer2(probs: ArrayLike) -> Numbers:
    """Return π_iπ_j(c_i + c_j)/2 with c_i = (n − 1)/(n − Σπ²/n) (Brewer & Donadio 2003, Surv. Meth. 29:189, eq. 10).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)

    Examples
    --------
    >>> round(float(brewer2([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])[0, 1]), 9)
    0.115702479
    """
    return within(probs, lambda p, n: _brewer(p, np.full(len(p), (n - 1) / (n - (p**2).sum() / n))))


def brewer3(probs: ArrayLike) -> Numbers:
    """Return π_iπ_j(c_i + c_j)/2 with c_i = (n − 1)/(n − 2π_i + Σπ²/n) (Brewer & Donadio 2003, Surv. Meth. 29:189, eq. 11).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)

    Examples
    --------
    >>> round(float(brewer3([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])[0, 1]), 9)
    0.108245341
    """
    return within(probs, lambda p, n: _brewer(p, (n - 1) / (n - 2 * p + (p**2).sum() / n)))


def brewer4(probs: ArrayLike) -> Numbers:
    """Return π_iπ_j(c_i + c_j)/2 with c_i = (n−1)/(n − (2n−1)π_i/(n−1) + Σπ²/(n−1)) (Brewer & Donadio 2003, Surv. Meth. 29:189, eq. 18).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    array, shape (N, N)

    Examples
    --------
    >>> round(float(brewer4([0.5, 0.5, 0.25, 0.75, 0.9, 0.1])[0, 1]), 9)
    0.183654729
    """
    return within(probs, lambda p, n: _brewer(p, (n - 1) / (n - (2 * n - 1) / (n - 1) * p + (p**2).sum() / (n - 1))))


def _brewer(probs: Numbers, factor: Numbers) -> Numbers:
    return np.asarray(np.outer(probs, probs) * (factor[:, None] + factor) / 2)


APPROXIMATIONS: dict[str, Callable[[ArrayLike], Numbers]] = {
    "hajek": hajek,
    "hartley_rao": hartley_rao,
    "tille": tille,
    "brewer1": brewer1,
    "brewer2": brewer2,
    "brewer3": brewer3,
    "brewer4": brewer4,
}
