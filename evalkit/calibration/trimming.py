"""Weights kept within bounds, what is cut off given to the other rows of the class, and rules for a cap.

Rows with weight 0 are out of the sample: they are never raised and take nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.calibration.bases import tally
from evalkit.calibration.cells import Codes
from evalkit.calibration.checks import bad_weights, floats
from evalkit.calibration.distances import Floats
from evalkit.errors import EstimateError, Faults, SurveyError, one_of

PASSES = 100_000  # of R's strict trimming, which nears its end in geometric steps
SETTLED = 1e-13  # relative excess over a bound that counts as none
ROOM = 1e-12  # relative difference between a class's mean weight and a bound that is rounding


@dataclass(frozen=True)
class Rule:
    """One way to hand out what is cut off."""

    apply: Callable[[Floats, Codes, float, float, bool], Floats]
    text: str


@dataclass(frozen=True)
class Cap:
    """One rule for a cap: weights > 0 and k → cap."""

    value: Callable[[Floats, float], float]
    k: float | None
    text: str


def trim(
    weights: ArrayLike, lower: float = 0.0, upper: float = math.inf, *,
    keep: Codes | None = None, rule: str = "equal", strict: bool = False,
) -> Floats:  # fmt: skip
    """Cut weights off at bounds and give the excess to the other rows of the class, whose total stays.

    Parameters
    ----------
    weights : (n,) float array
        w ≥ 0.
    lower, upper : float
        Bounds, lower < upper.
    keep : (n,) int array, optional
        Class of each row, ≥ 0, whose total weight is kept; one class when left out.
    rule : str
        A name of `RULES`. "equal" is R survey's `trimWeights`: the excess is spread equally over the rows that were not cut, so that
        some may pass the bound anew. "proportional" multiplies the rows that are not cut until none passes a bound.
    strict : bool
        With "equal": repeat until no weight passes a bound, as R's `strict = TRUE`. "proportional" is always strict.

    Returns
    -------
    (n,) float array
        New weights.

    Raises
    ------
    SurveyError
        Bounds out of order; a class whose mean weight lies outside the bounds, with the smallest cap (or largest floor) that
        would do; a class in which every row is cut, so that none can take the excess.

    Notes
    -----
    Potter 1990, Proc. Survey Research Methods, ASA, 225 (from memory), with redistribution until no weight passes the cap: scaling once
    would lift others, or the same ones, over it again. The end of that is clip(λw, lower, upper) with one λ a class.

    Examples
    --------
    >>> w = [1.] * 8 + [6, 9]
    >>> trim(w, upper=3, rule="proportional").tolist()
    [2.125, 2.125, 2.125, 2.125, 2.125, 2.125, 2.125, 2.125, 3.0, 3.0]
    >>> trim(w, upper=6.5).round(4).tolist()
    [1.2778, 1.2778, 1.2778, 1.2778, 1.2778, 1.2778, 1.2778, 1.2778, 6.2778, 6.5]
    """
    w, code = _input(weights, lower, upper, keep, rule)
    live = np.flatnonzero(w > 0)
    sound, classes = w[live], code[live]
    if rule != "equal" or strict:
        _feasible(sound, classes, lower, upper)
    made = w.copy()
    made[live] = RULES[rule].apply(sound, classes, lower, upper, strict)
    return made


def _input(weights: ArrayLike, lower: float, upper: float, keep: Codes | None, rule: str) -> tuple[Floats, Codes]:
    w = floats(weights)
    code = np.zeros(len(w), dtype=np.intp) if keep is None else keep
    one_of("rule", rule, RULES, SurveyError, "分法")
    faults = Faults("截断权数")
    bad_weights(faults, w)
    if not 0 <= max(lower, 0.0) < upper:
        faults.add(None, "界限", f"lower = {lower:g}，upper = {upper:g}", "应为 lower < upper，upper > 0", "改正界限")
    if len(code) != len(w) or code.dtype.kind not in "iu" or bool((code < 0).any()):
        faults.add(None, "keep", f"{code.dtype}，{len(code)} 行", f"应为 {len(w)} 行不小于 0 的整数编码", "与权数逐行对应")
    faults.refuse(SurveyError)
    return w, code


def _feasible(w: Floats, code: Codes, lower: float, upper: float) -> None:
    """Refuse bounds that cannot hold the total of a class."""
    rows, mean = tally(code, None), _means(code, w)
    high, low = mean > upper * (1 + ROOM), (mean < lower * (1 - ROOM)) & (rows > 0)
    faults = Faults("截断权数")
    for at in np.flatnonzero(high):
        found = f"平均权数 {mean[at]:.10g}，upper = {upper:g}"
        remedy = f"upper 至少取 {mean[at]:.10g}；各类都可行的最小上限为 {mean.max():.10g}"
        faults.add(None, f"第 {at + 1} 类", found, "都取上限也放不下该类的合计", remedy)
    for at in np.flatnonzero(low):
        found = f"平均权数 {mean[at]:.10g}，lower = {lower:g}"
        faults.add(None, f"第 {at + 1} 类", found, "都取下限也超过该类的合计", f"lower 至多取 {mean[at]:.10g}")
    faults.refuse(SurveyError)


def _means(code: Codes, values: Floats, part: NDArray[np.bool_] | None = None) -> Floats:
    """Return Σ values over the number of rows (of those in `part`) by class; 0 where there is none."""
    count = tally(code, None if part is None else part.astype(float))
    return np.divide(tally(code, values), count, out=np.zeros(len(count)), where=count > 0)


def _equal(w: Floats, code: Codes, lower: float, upper: float, strict: bool) -> Floats:
    """Spread the excess equally over rows not cut in this pass; strict: pass after pass, as R does."""
    for _ in range(PASSES if strict else 1):
        cut = np.clip(w, lower, upper)
        excess = w - cut
        if float(np.max(np.abs(excess) / np.maximum(w, cut), initial=0.0)) <= SETTLED:
            return cut
        inside = excess == 0
        lost = np.flatnonzero((tally(code, None) > 0) & (tally(code, inside.astype(float)) == 0))
        if len(lost):
            found = f"第 {int(lost[0]) + 1} 类，平均权数 {_means(code, w)[lost[0]]:.10g}"
            raise SurveyError(f"{found}｜每一行都越界，截下的权数无处可放｜界限应把平均权数包在内，或并入其他类")
        w = np.where(inside, cut + _means(code, excess, inside)[code], cut)
    if not strict:
        return w
    raise SurveyError(f"{PASSES} 遍后仍有权数越界｜界限离平均权数太近｜放宽界限，或用 rule=\"proportional\"")


def _proportional(w: Floats, code: Codes, lower: float, upper: float, strict: bool) -> Floats:
    """Fix rows at bounds, class by class those above or those below, whichever lack more, until λw lies within for the rest."""
    total = tally(code, w)
    made, free = np.clip(w, lower, upper), np.ones(len(w), dtype=bool)
    while bool(free.any()):
        rest = total - tally(code, np.where(free, 0.0, made), len(total))
        size = tally(code, np.where(free, w, 0.0), len(total))
        scaled = w * np.divide(rest, size, out=np.ones_like(rest), where=size > 0)[code]
        over, under = free & (scaled > upper), free & (scaled < lower)
        made = np.where(free, np.clip(scaled, lower, upper), made)
        if not bool((over | under).any()):
            break
        more = tally(code, np.where(over, scaled - upper, 0.0) - np.where(under, lower - scaled, 0.0)) >= 0
        free = free & ~np.where(more[code], over, under)
    return made


RULES: dict[str, Rule] = {
    "equal": Rule(_equal, "截下的平分给未截的行（R 的 trimWeights）；strict=True 重复到无一越界"),
    "proportional": Rule(_proportional, "未截的行按比例放大，直到无一越界"),
}


def cap(weights: ArrayLike, rule: str = "median-iqr", k: float | None = None) -> float:
    """Return a cap for weights: median + k·IQR, or k × median.

    Parameters
    ----------
    weights : (n,) float array
        Rows with weight 0 are left aside.
    rule : str
        A name of `CAPS`.
    k : float, optional
        > 0; 5 for "median-iqr" when left out, to be given for "median".

    Returns
    -------
    float

    Raises
    ------
    EstimateError
        An unknown rule, no k, no weight above 0.

    Notes
    -----
    Quartiles by linear interpolation (type 7 of Hyndman & Fan 1996, R's default).

    Examples
    --------
    >>> cap([1, 2, 3, 4, 5])
    13.0
    >>> cap([1, 2, 3, 4, 50], "median", 3)
    9.0
    """
    how, w = one_of("rule", rule, CAPS, EstimateError, "上限"), floats(weights)
    factor = how.k if k is None else float(k)
    if factor is None or not (math.isfinite(factor) and factor > 0):
        raise EstimateError(f"k = {k}｜{how.text}，k 应大于 0｜例如 k=3.5")
    live = w[w > 0]
    if not len(live):
        raise EstimateError("没有大于 0 的权数｜上限由权数的分布定｜检查上一步的权数")
    return how.value(live, factor)


def _median_iqr(w: Floats, k: float) -> float:
    low, middle, high = (float(each) for each in np.quantile(w, [0.25, 0.5, 0.75]))
    return middle + k * (high - low)


CAPS: dict[str, Cap] = {
    "median-iqr": Cap(_median_iqr, 5.0, "中位数 + k × 四分位距，k 默认 5"),
    "median": Cap(lambda w, k: k * float(np.median(w)), None, "k × 中位数"),
}
