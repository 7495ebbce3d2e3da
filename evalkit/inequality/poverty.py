"""Poverty measures of Foster, Greer and Thorbecke under a fixed line or one that the sample gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of, places
from evalkit.quantiles import Ordered, density, scores
from evalkit.quantiles.checks import Bools, Floats, checked

SUBJECT = "贫困指标"
CENTRES = {"quantile": "分位数（prob=.5 即中位数）", "mean": "均值"}


@dataclass(frozen=True)
class Relative:
    """A poverty line that the sample gives: a share of the median, of another quantile, or of the mean.

    Parameters
    ----------
    share : float
        > 0; .6 of the median is the line of EU statistics.
    of : str
        A name of `CENTRES`.
    prob : float
        Which quantile, in (0, 1).
    rule : str
        Rule of the quantile, a name of `evalkit.quantiles.RULES`.
    density : str
        Rule of the density at the quantile and at the line, a name of `evalkit.quantiles.DENSITIES`.
    """

    share: float = 0.6
    of: str = "quantile"
    prob: float = 0.5
    rule: str = "math"
    density: str = "kernel"


def quantile_alpha(values: ArrayLike, weights: ArrayLike, prob: float, rule: str = "math", slope: str = "kernel") -> tuple[float, Floats]:
    """Return a quantile and its scores, −(1(y ≤ q) − p)/(N f̂(q)).

    Parameters
    ----------
    values, weights : (n,) arrays
    prob : float
        In (0, 1).
    rule : str
        A name of `evalkit.quantiles.RULES`.
    slope : str
        Rule of the density, a name of `evalkit.quantiles.DENSITIES`.

    Returns
    -------
    value : float
    scores : (n,) float array

    Raises
    ------
    EstimateError
        Faults of values and weights; prob outside (0, 1); an unknown rule; values that are all equal.

    Notes
    -----
    Deville 1999 (Surv. Meth. 25:193); Osier 2009 (Surv. Res. Methods 3:167). A linearised score is for covariances and for
    measures that contain a quantile; for the interval of a quantile by itself `evalkit.quantiles.woodruff` is better.

    Examples
    --------
    >>> quantile_alpha([1, 2, 3, 4], [1, 1, 1, 1], .5)[0]
    2.0
    """
    if not 0 < prob < 1:
        raise EstimateError(f"{SUBJECT}｜prob = {prob:g}，应在 0 与 1 之间｜中位数写 .5")
    ordered = Ordered(*checked(values, weights, SUBJECT))
    q = ordered.at(prob, rule)
    return float(q[0]), scores(ordered, prob, q, density(ordered, q, slope))[:, 0]


def poverty_line(values: ArrayLike, weights: ArrayLike, relative: Relative) -> tuple[float, Floats]:
    """Return a line that the sample gives (the at-risk-of-poverty threshold), with its scores.

    Parameters
    ----------
    values, weights : (n,) arrays
        As for `quantile_alpha`; weights as they count for the line (persons, as a rule).
    relative : Relative

    Returns
    -------
    value : float
        > 0.
    scores : (n,) float array

    Raises
    ------
    EstimateError
        As for `quantile_alpha`; a share that is not above 0; an unknown centre; a line that is not above 0.

    Examples
    --------
    >>> poverty_line([1, 2, 3, 4], [1, 1, 1, 1], Relative(.5))[0]
    1.0
    """
    one_of("of", relative.of, CENTRES, EstimateError)
    if not 0 < relative.share < math.inf:
        raise EstimateError(f"{SUBJECT}｜share = {relative.share:g}，应大于 0｜中位数的六成写 .6")
    if relative.of == "mean":
        y, w = checked(values, weights, SUBJECT)
        centre = float(w @ y / w.sum())
        u = (y - centre) / w.sum()
    else:
        centre, u = quantile_alpha(values, weights, relative.prob, relative.rule, relative.density)
    if not centre > 0:
        raise EstimateError(f"{SUBJECT}｜贫困线为 {relative.share * centre:g}，应大于 0｜核对收入列，或给固定的线 line=")
    return relative.share * centre, np.asarray(relative.share * u)


def fgt(
    values: ArrayLike, weights: ArrayLike, line: ArrayLike | None, alpha: float, *, relative: Relative | None = None, strict: bool = False
) -> tuple[float, Floats]:
    """Return the measure P_α = Σ w ((z − y)/z)^α 1(poor)/Σw: the rate of the poor at 0, the poverty gap at 1, its square at 2.

    Parameters
    ----------
    values : (n,) array
        Incomes; may be negative.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    line : float or (n,) array, or None
        Fixed poverty line z > 0, one for all or one a row; None with `relative`.
    alpha : float
        ≥ 0; with `relative` 0 or ≥ 1.
    relative : Relative, optional
        A line that the sample gives; the scores then contain that of the line.
    strict : bool
        Whether a row at the line itself is not poor.

    Returns
    -------
    value : float
    scores : (n,) float array

    Raises
    ------
    EstimateError
        Faults of values, weights and line; both or neither of line and relative; an alpha that is not allowed.

    Notes
    -----
    Foster, Greer & Thorbecke 1984 (Econometrica 52:761), where y ≤ z is poor. Fixed line: u = (g − P_α)/N with g the term of
    a row. A line from the sample adds dP/dz times the score of the line: the density at z for α = 0, else
    α Σ w ((z − y)/z)^{α−1} (y/z²) 1(poor)/N (Deville 1999; Osier 2009). α = 0 with 60 % of the median is EU's at-risk-of-poverty
    rate (R's svyarpr). Between 0 and 1 that derivative is not bounded at the line.

    Examples
    --------
    >>> [round(fgt([1, 2, 3, 4], [1, 1, 1, 1], 2.5, alpha)[0], 6) for alpha in (0, 1, 2)]
    [0.5, 0.2, 0.1]
    >>> fgt([1, 2, 3, 4], [1, 1, 1, 1], None, 0, relative=Relative(.6))[0]
    0.25
    """
    y, w = checked(values, weights, SUBJECT)
    _ask(line, alpha, relative)
    if relative is None:
        z, moved = _lines(line, len(y)), None
    else:
        drawn, moved = poverty_line(y, w, relative)
        z = np.full(len(y), drawn)
    poor = (y < z) if strict else (y <= z)
    gap = np.where(poor, (z - y) / z, 0.0)
    terms = poor.astype(float) if alpha == 0 else gap**alpha
    value = float(w @ terms / w.sum())
    u = (terms - value) / w.sum()
    if relative is not None and moved is not None:
        u = u + _by_line(y, w, float(z[0]), alpha, gap, poor, relative) * moved
    return value, np.asarray(u)


def _by_line(y: Floats, w: Floats, z: float, alpha: float, gap: Floats, poor: Bools, relative: Relative) -> float:
    """dP/dz."""
    if alpha == 0:
        return float(density(Ordered(y, w), z, relative.density)[0])
    return float(w @ np.where(poor, alpha * gap ** (alpha - 1) * y / z**2, 0.0) / w.sum())


def _ask(line: ArrayLike | None, alpha: float, relative: Relative | None) -> None:
    if (line is None) == (relative is None):
        raise EstimateError(f"{SUBJECT}｜line 与 relative 应恰给一个｜固定的线写 line=，由样本定的线写 line=None, relative=Relative(.6)")
    if not 0 <= alpha < math.inf:
        raise EstimateError(f"{SUBJECT}｜alpha = {alpha:g}，应不小于 0｜发生率 0，缺口 1，平方缺口 2")
    if relative is not None and 0 < alpha < 1:
        raise EstimateError(f"{SUBJECT}｜alpha = {alpha:g} 时由样本定的线没有有界的导数｜alpha 取 0 或不小于 1，或给固定的线")


def _lines(line: ArrayLike | None, n: int) -> Floats:
    found = np.asarray(line, dtype=float)
    if found.ndim > 1 or found.size not in (1, n):
        raise EstimateError(f"{SUBJECT}｜line 有 {found.size} 个，应为一个数，或每行一个（{n} 个）｜核对贫困线")
    z = np.array(np.broadcast_to(found, (n,)))
    bad = ~(np.isfinite(z) & (z > 0))
    if bool(bad.any()):
        raise EstimateError(f"{SUBJECT}｜line：{places(bad)}不是大于 0 的有限数｜核对贫困线的单位与缺失")
    return z
