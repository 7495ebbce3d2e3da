"""Totals and means from unequal chances, and variances of totals that auxiliary variables explain in part.

Papers whose page or equation is not named are cited from memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import SurveyError
from evalkit.variances.stages import FULL, Floats
from evalkit.variances.unequal.checks import together
from evalkit.variances.unequal.population import approximate


def horvitz_thompson_total(values: ArrayLike, probs: ArrayLike) -> float:
    """Return Σ y_i/π_i, the total of the population (Horvitz & Thompson 1952, J. Amer. Statist. Assoc. 47:663).

    Parameters
    ----------
    values, probs : array, shape (n,)
        y and the chances of the sampled units, 0 < π ≤ 1.

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When numbers are unfit, with all faults.

    Examples
    --------
    >>> round(horvitz_thompson_total([3, 8, 13], [2 / 7, 4 / 7, 6 / 7]), 4)
    39.6667
    """
    pi, y = together(probs, values=values)
    return float((y / pi).sum())


def hajek_mean(values: ArrayLike, probs: ArrayLike) -> float:
    """Return (Σ y_i/π_i)/(Σ 1/π_i), the mean of the population (Hájek 1971).

    Parameters
    ----------
    values, probs : array, shape (n,)
        y and the chances of the sampled units, 0 < π ≤ 1; at least one unit.

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When numbers are unfit, with all faults, or there is no unit.

    Examples
    --------
    >>> round(hajek_mean([3, 8, 13], [2 / 7, 4 / 7, 6 / 7]), 4)
    6.1818
    """
    pi, y = together(probs, values=values)
    if not len(pi):
        raise SurveyError("样本 0 个单元｜均值至少要 1 个单元｜核对样本")
    return float((y / pi).sum() / (1 / pi).sum())


def regression_variance(
    y: ArrayLike, x: ArrayLike, probs: ArrayLike, weights: ArrayLike | None = None, *, method: str = "deville2"
) -> float:
    """Estimate the variance of a regression (GREG) total: that of the total of the residuals of y on x.

    R sampling's varest (Deville's second formula; Deville & Särndal 1992, J. Amer. Statist. Assoc. 87:376, eq. 3.4 for the
    residuals). The coefficients minimise Σ w (y − x'β)².

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n,) or (n, k)
        Auxiliary variables, with a column of 1 where an intercept is meant; columns may depend on each other.
    probs : array, shape (n,)
        0 < π ≤ 1.
    weights : array, shape (n,), optional
        w ≥ 0 of the regression; 1/π without it.
    method : str
        Any method of `approximate` that needs the sample only.

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When numbers are unfit, with all faults, or as in `approximate`.

    Examples
    --------
    >>> pi = [2 / 7, 4 / 7, 6 / 7, 3 / 7]
    >>> round(regression_variance([3, 8, 13, 7], [1, 2, 4, 2], pi), 4)
    4.9761
    """
    stated = {} if weights is None else {"weights": weights}
    pi, values, *given, table = together(probs, table=x, y=y, **stated)
    w = given[0] if given else 1 / pi
    if (w < 0).any():
        raise SurveyError(f"weights 中有 {w.min():g}｜权数应不小于 0｜改正权数")
    return approximate(_residuals(values, table, w)[0], pi, method)


def balanced_variance(values: ArrayLike, probs: ArrayLike, balance: ArrayLike) -> float:
    """Estimate the variance of Σ y_i/π_i of a sample balanced on totals, as the cube method draws it.

    v = Σ c_i (z_i − b'x_i/π_i)², c = (1 − π) n/(n − q), b by least squares with weights c, q the rank of x (Deville & Tillé
    2005, J. Stat. Plan. Inf. 128:569, their first choice of c). What the last steps of the cube leave unbalanced is not in it,
    and with chances that differ much, or few more units than variables, it is low: by 30 % with 12 units, 2 variables and
    chances from .04 to .53.

    Parameters
    ----------
    values : array, shape (n,)
    probs : array, shape (n,)
        0 < π ≤ 1. Certain units are put aside.
    balance : array, shape (n,) or (n, q)
        The variables whose totals were balanced; π itself among them where the size was fixed.

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When numbers are unfit, with all faults, or the uncertain units are not more than the variables.

    Examples
    --------
    Balanced on π alone, the size, it is Hájek's:

    >>> from evalkit.variances.unequal import approximate
    >>> y, pi = [3, 8, 13], [2 / 7, 4 / 7, 6 / 7]
    >>> round(balanced_variance(y, pi, pi), 5), round(approximate(y, pi, "hajek"), 5)
    (7.06481, 7.06481)
    """
    pi, y, table = together(probs, table=balance, values=values)
    free = pi < 1 - FULL
    n = int(free.sum())
    if not n:
        return 0.0
    rest, rank = _residuals(y[free] / pi[free], table[free] / pi[free][:, None], 1 - pi[free])
    if n <= rank:
        raise SurveyError(f"π < 1 的单元 {n} 个，平衡变量 {rank} 个｜单元应多于变量｜减少平衡变量")
    return float(n / (n - rank) * ((1 - pi[free]) * rest**2).sum())


def _residuals(y: Floats, x: Floats, weights: Floats) -> tuple[Floats, int]:
    """Return y − x'β of weighted least squares, and the rank of x."""
    root = np.sqrt(weights)
    beta, _, rank, _ = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)
    return np.asarray(y - x @ beta), int(rank)
