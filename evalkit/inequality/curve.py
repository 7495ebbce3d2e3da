"""Zenga's index of 2007, from the curve of lower means over upper means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of
from evalkit.inequality.lorenz import positive_total
from evalkit.quantiles.checks import Floats, checked

SUBJECT = "曾加指数"
ZENGA_FORMS = {
    "curve": "折线洛伦兹曲线上的精确积分（Langel–Tillé；默认）",
    "ranks": "按行累计的和（Barabesi–Diana–Perri；R 的 convey）：相同收入的次序随行的次序",
}


def zenga(values: ArrayLike, weights: ArrayLike, form: str = "curve") -> tuple[float, Floats]:
    """Return Zenga's index, one minus the mean ratio of the mean income below to the mean income above.

    Parameters
    ----------
    values : (n,) array
        Incomes ≥ 0, not all 0.
    weights : (n,) array
        Finite, ≥ 0, not all 0. Rows of weight 0 get the score 0.
    form : str
        A name of `ZENGA_FORMS`.

    Returns
    -------
    value : float
        In [0, 1]; under "curve" 1 only by rounding, under "ranks" wherever one row alone has income.
    scores : (n,) float array
        Exact derivatives by the weights, as far as these are above 0.

    Raises
    ------
    EstimateError
        With every fault of values and weights at once; incomes that add up to 0; an unknown form.

    Notes
    -----
    Z = 1 − ∫ L(p)(1 − p)/(p(1 − L(p))) dp over [0, 1] (Zenga 2007, Statistica & Applicazioni). On the Lorenz curve that joins
    the distinct incomes y_k by lines, with H and S the weight and the income up to a level, H⁻ and S⁻ those below it, and
    A = yH⁻ − S⁻, B = T + A, the integral is elementary:

        Z = Σ_k (A/B) ln(H/H⁻) + T(1/(N y) − 1/B) ln((T − S⁻)/(T − S))

    (Langel & Tillé 2012, Metrika 75:1093). Equal incomes give 0. The form "ranks" is Z = 1 − Σ w(N/H − 1)(T/K − 1)/N with
    H = Σw and K = T − S⁻ row by row (Barabesi, Diana & Perri 2016, Statistics 50:1161); it counts a row with those below it
    and with those above it, so that equal incomes do not give 0 (five rows .76, a hundred .10).

    Examples
    --------
    >>> round(zenga([5, 5, 5], [1, 2, 1])[0], 12), round(zenga([1, 2, 4], [1, 1, 1])[0], 6)
    (0.0, 0.579382)
    """
    how = one_of("form", form, ZENGA_FORMS, EstimateError)
    y, w = checked(values, weights, SUBJECT, negative=False)
    inside = np.flatnonzero(w > 0)
    scores = np.zeros(len(y))
    make = _curve if how is ZENGA_FORMS["curve"] else _ranks
    value, scores[inside] = make(y[inside], w[inside], positive_total(y, w, SUBJECT))
    return value, scores


def _curve(y: Floats, w: Floats, total: float) -> tuple[float, Floats]:
    levels, place = np.unique(y, return_inverse=True)
    mass = np.bincount(place, weights=w)
    if len(levels) == 1:
        return 0.0, np.zeros(len(y))
    part = _segments(levels, np.cumsum(mass), np.cumsum(mass * levels), total)
    along = part.by_weight + np.append(part.by_weight_below[1:], 0.0), part.by_income + np.append(part.by_income_below[1:], 0.0)
    by_weight, by_income = (_from_here_up(each) for each in along)
    return part.value, part.by_whole + part.by_total * y + by_weight[place] + y * by_income[place]


def _from_here_up(each: Floats) -> Floats:
    return np.cumsum(each[::-1])[::-1]


@dataclass(frozen=True, eq=False)
class _Parts:
    """The index, and its derivatives by N, T, and by H, S, H⁻, S⁻ of each level."""

    value: float
    by_whole: float
    by_total: float
    by_weight: Floats
    by_income: Floats
    by_weight_below: Floats
    by_income_below: Floats


def _segments(y: Floats, h: Floats, s: Floats, total: float) -> _Parts:
    """Differentiate the sum over segments.

    At the first level A = 0 and at the last T(1/(Ny) − 1/B) = 0 whatever the weights, so that the infinite logarithms
    beside them count 0. A first level without income adds H/N, the limit of its second term.
    """
    whole, poor = h[-1], y[0] == 0
    h_below, s_below = np.append(0.0, h[:-1]), np.append(0.0, s[:-1])
    a = y * h_below - s_below
    b = total + a
    left, left_below = np.append(total - s[:-1], 0.0), total - s_below
    rise = np.append(0.0, np.log(h[1:] / h[:-1]))
    inverse = np.where(y > 0, 1 / np.where(y > 0, y, 1.0), 0.0)
    fall = np.where((left > 0) & (y > 0), np.log(left_below / np.where(left > 0, left, 1.0)), 0.0)
    gap = inverse / whole - 1 / b
    second = np.where(fall > 0, total * gap, 0.0)
    both = total * (rise + fall) / b**2
    turn = np.where(fall > 0, second / np.where(left > 0, left, 1.0), 0.0)
    by_total = -a * rise / b**2 + fall * (gap + total / b**2) + second / left_below - turn
    by_weight, none = a / b / h, h[0] / whole if poor else 0.0
    by_weight[0] += 1 / whole if poor else 0.0
    by_weight_below = both * y - np.append(0.0, a[1:] / b[1:] / h_below[1:])
    return _Parts(
        value=float(np.sum(a / b * rise + second * fall)) + none,
        by_whole=float(-np.sum(fall * inverse) * total / whole**2) - none / whole,
        by_total=float(np.sum(by_total)),
        by_weight=by_weight,
        by_income=turn,
        by_weight_below=by_weight_below,
        by_income_below=-both - second / left_below,
    )


def _ranks(y: Floats, w: Floats, total: float) -> tuple[float, Floats]:
    """Σ over rows in order of income; by N, T, H and K in turn, as they depend on the weight of a row."""
    order = np.argsort(y, kind="stable")
    y, w = y[order], w[order]
    below, income = np.cumsum(w), np.cumsum(w * y)
    whole, above = below[-1], total - (income - w * y)
    first, second = w * (total / above - 1), w * (whole / below - 1)
    ratio = (whole / below - 1) * (total / above - 1)
    mean = float(w @ ratio / whole)
    moved = np.sum(first / below) + y * np.sum(second / above)
    moved = moved - whole * _from_here_up(first / below**2) - y * total * np.cumsum(second / above**2)
    scores = np.empty(len(y))
    scores[order] = (mean - ratio - moved) / whole
    return 1 - mean, scores
