"""Intervals from plain numbers: value, standard error, n, degrees of freedom → low, high."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from evalkit.errors import EstimateError, one_of
from evalkit.intervals import forms
from evalkit.intervals.moderated import Moderated, Planning, moderated_limits
from evalkit.intervals.profile import on_r_grid

Side = Literal["two", "lower", "upper"]
Numbers = NDArray[np.float64]
SNAP = 1e-12  # a weighted share of all events may miss 1 by rounding

NO_DF = "自由度不大于 0，区间无法给出"
ONE_UNIT = "只有一个单位，区间无法给出"
AT_THE_END = "一例未见或全部都是：设计效应无从估计，按 n_eff = n 计"
NO_SPREAD = "标准误为 0，区间只有一点"
OFF_GRID = "R 的网格到不了这一界（R 给 NA）：改用 likelihood-t"
CENSUS = "各阶段都是全面调查，没有抽样误差"
EXACT = "不成群且抽样比大于 0.8：超几何分布精确界"


@dataclass(frozen=True, eq=False)
class Interval:
    """An interval and the numbers it was made of: floats when asked with numbers, read-only arrays when asked with arrays.

    Attributes
    ----------
    value, low, high : float or array
        Estimate and limits. On the open side of a one-sided interval the limit is the end of the scale.
    n, n_eff, n_star : float or array
        Units, effective number of units n/deff, and the number that entered the formula (after df adjustment).
    deff, deff0, deff_star : float or array
        Design effect as estimated (NaN when none or all have the property), as planned, as used; NaN where a
        method has none.
    df, d_e : float or array
        Degrees of freedom of the design and those of the villages with events.
    icc, f_eff : float or array
        Correlation and effective sampling fraction that were planned with.
    reason : str or array of str
        Why limits are NaN or were made in a special way; empty otherwise.
    method, level, side
        As asked.
    """

    value: Any
    low: Any
    high: Any
    n: Any
    n_eff: Any
    n_star: Any
    deff: Any
    deff0: Any
    deff_star: Any
    df: Any
    d_e: Any
    icc: Any
    f_eff: Any
    reason: Any
    method: str
    level: float
    side: str


@dataclass(frozen=True, eq=False)
class _Case:
    """What the rules for an effective number of units read."""

    n: Numbers
    n_eff: Numbers
    end: NDArray[np.bool_]
    ratio: Numbers


@dataclass(frozen=True)
class Method:
    """One way to make an interval for a proportion: formula, quantile, effective number of units."""

    form: Callable[..., forms.Limits] | None
    quantile: Literal["z", "t"]
    units: Callable[[_Case], Numbers]
    needs_df: bool
    text: str


def _effective(case: _Case) -> Numbers:
    return case.n_eff


def _ignored(case: _Case) -> Numbers:
    return case.n


def _adjusted(case: _Case) -> Numbers:
    return case.n_eff * case.ratio


def _truncated(case: _Case) -> Numbers:
    return np.minimum(case.n, case.n_eff) * case.ratio


def _nchs(case: _Case) -> Numbers:
    return np.where(case.end, case.n, np.minimum(case.n, case.n_eff * case.ratio))


METHODS: dict[str, Method] = {
    "kg-m": Method(None, "t", _adjusted, True, "Clopper–Pearson，缓和的有效样本量（默认；需 planning）"),
    "kg": Method(forms.clopper_pearson, "t", _adjusted, True, "Korn–Graubard，n_eff 经自由度修正（R 的 beta）"),
    "kg-nchs": Method(forms.clopper_pearson, "t", _nchs, True, "Korn–Graubard，NCHS：修正后不超过 n；两端取 n"),
    "kg-truncated": Method(forms.clopper_pearson, "t", _truncated, True, "Korn–Graubard，先不超过 n 再修正"),
    "clopper-pearson": Method(forms.clopper_pearson, "z", _ignored, False, "Clopper–Pearson，不计设计"),
    "logit": Method(forms.logistic, "z", _effective, False, "对数比数尺度，正态分位数"),
    "logit-t": Method(forms.logistic, "t", _effective, True, "对数比数尺度，t 分位数"),
    "xlogit": Method(forms.logistic, "t", _effective, True, "同 logit-t（R 的 xlogit）"),
    "log": Method(forms.logarithmic, "z", _effective, False, "对数尺度，正态分位数"),
    "log-t": Method(forms.logarithmic, "t", _effective, True, "对数尺度，t 分位数"),
    "arcsine": Method(forms.arcsine, "z", _effective, False, "反正弦尺度，正态分位数"),
    "arcsine-t": Method(forms.arcsine, "t", _effective, True, "反正弦尺度，t 分位数"),
    "wilson": Method(forms.wilson, "z", _effective, False, "Wilson 得分，有效样本量，正态分位数"),
    "wilson-t": Method(forms.wilson, "t", _effective, True, "Wilson 得分，有效样本量，t 分位数"),
    "wilson-df": Method(forms.wilson, "z", _truncated, True, "Wilson 得分，自由度修正后的有效样本量"),
    "agresti-coull": Method(forms.agresti_coull, "z", _effective, False, "Agresti–Coull，正态分位数"),
    "agresti-coull-t": Method(forms.agresti_coull, "t", _effective, True, "Agresti–Coull，t 分位数"),
    "agresti-coull-df": Method(forms.agresti_coull, "z", _truncated, True, "Agresti–Coull，自由度修正后的有效样本量"),
    "jeffreys": Method(forms.jeffreys, "z", _effective, False, "Jeffreys 先验的后验分位数"),
    "jeffreys-df": Method(forms.jeffreys, "z", _truncated, True, "Jeffreys 先验，自由度修正后的有效样本量"),
    "uniform": Method(forms.uniform, "z", _effective, False, "均匀先验的后验分位数"),
    "likelihood": Method(forms.likelihood, "z", _effective, False, "Rao–Scott 似然，正态分位数"),
    "likelihood-t": Method(forms.likelihood, "t", _effective, True, "Rao–Scott 似然，t 分位数"),
    "likelihood-r": Method(on_r_grid, "t", _effective, True, "R 的 likelihood：粗网格、样条、线性内插，与精确解可差百分之几（仅供对照）"),
    "wald": Method(forms.wald, "z", _effective, False, "对称区间，正态分位数（仅供对照）"),
    "wald-t": Method(forms.wald, "t", _effective, True, "对称区间，t 分位数（仅供对照）"),
}
_NEED_INSIDE = (forms.wald, forms.logistic, forms.logarithmic, on_r_grid)  # nothing at 0 and 1: Clopper–Pearson with n stands in


def proportion(
    value: ArrayLike,
    n: ArrayLike,
    *,
    se: ArrayLike | None = None,
    df: ArrayLike | None = None,
    method: str = "kg-m",
    level: float = 0.95,
    side: Side = "two",
    planning: Planning | None = None,
) -> Interval:
    """Return an interval for a proportion estimated from a survey.

    Parameters
    ----------
    value : float or array
        Estimated proportions, in [0, 1].
    n : float or array
        Units that were asked and decided (households), > 0.
    se : float or array, optional
        Design-based standard error, ≥ 0. Without it n counts as the effective number of units; KG-M asks
        for it (or `planning.se_wr`) unless all values are 0 or 1.
    df : float or array, optional
        Degrees of freedom of the design; needed by every method with a t quantile or a df adjustment.
    method : str
        A name of `METHODS`.
    level : float
        Confidence, in (0, 1). One-sided bounds leave 1 − level in their tail, two-sided half of that in each.
    side : {"two", "lower", "upper"}
        "lower" and "upper" give one bound; the other limit is then 1 or 0.
    planning : Planning, optional
        Needed by KG-M.

    Returns
    -------
    Interval
        NaN limits only where df ≤ 0 (or n = 1 where n − 1 is needed, or "likelihood-r" is asked where R gives
        NA), with the reason beside them.

    Raises
    ------
    EstimateError
        Values outside [0, 1], n ≤ 0, level outside (0, 1), an unknown method or side, a missing df, se or planning.

    Notes
    -----
    n_eff = p(1−p)/se². Korn & Graubard 1998 (Surv. Meth. 24:193) for the family of n*, Franco et al. 2019
    (JSSAM 7:334) on why the design effect of a rare rate must not be its own estimate alone. KG-M's upper bound
    is not strictly monotone in the number of events, as with any interval whose variance is estimated.

    Examples
    --------
    >>> seen = proportion(.01, 1200, se=.0045, df=19, planning=Planning(deff_w=1, take=60, events_df=6))
    >>> round(seen.low, 6), round(seen.high, 6), round(seen.deff_star, 4), round(seen.n_star, 3)
    (0.002328, 0.027433, 3.1343, 336.408)
    >>> round(proportion(0, 1200, df=19, level=.95, side="upper", planning=Planning(1, 60, 0)).high, 5)
    0.01082
    >>> round(proportion(.01, 1200, se=.0045, df=19, method="wilson-t").high, 6)
    0.024689
    """
    how, tail = _ask(method, level, side)
    p, size, spread, freedom = _numbers(value, n, se, df, planning)
    _complete(how, method, p, se, df, planning)
    if how.form is None and planning is not None:
        made = _moderated(p, size, spread, freedom, planning, tail)
    else:
        made = _plain(how, p, size, spread, freedom, tail)
    return _result(made, p, size, freedom, planning if how.form is None else None, method, level, side)


def student(value: ArrayLike, se: ArrayLike, df: ArrayLike, *, level: float = 0.95, side: Side = "two") -> Interval:
    """Return value ± t·se; df = inf gives the normal interval, df ≤ 0 gives NaN with the reason.

    Parameters
    ----------
    value, se, df : float or array
        Estimates, standard errors ≥ 0 and degrees of freedom.
    level, side
        As in `proportion`; the open side of a one-sided interval ends at infinity.

    Raises
    ------
    EstimateError
        A negative standard error, a level outside (0, 1), an unknown side.

    Examples
    --------
    >>> seen = student(644.17, 23.78, 14)
    >>> round(seen.low, 3), round(seen.high, 3)
    (593.167, 695.173)
    >>> student(1., .1, 0).reason
    '自由度不大于 0，区间无法给出'
    """
    tail = _tail(level, side)
    x, spread, freedom = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (value, se, df)))
    if (spread < 0).any():
        raise EstimateError(f"se = {spread.min():g}｜标准误不能为负｜检查方差")
    bad = ~(freedom > 0)
    half = np.where(bad, np.nan, _quantile("t", np.where(bad, 1.0, freedom), tail) * spread)
    low, high = _sided(x - half, x + half, side, (-np.inf, np.inf))
    known = {"value": x, "low": low, "high": high, "df": freedom, "reason": np.where(bad, NO_DF, "")}
    return _interval(known, "t", level, side)


def _ask(method: str, level: float, side: str) -> tuple[Method, float]:
    return one_of("method", method, METHODS, EstimateError, "区间"), _tail(level, side)


def _tail(level: float, side: str) -> float:
    if not 0 < level < 1:
        raise EstimateError(f"level = {level}｜置信水平应在 0 与 1 之间｜95% 写 level=.95")
    if side not in ("two", "lower", "upper"):
        raise EstimateError(f"side = {side!r}｜没有这种界｜可用：\"two\"、\"lower\"、\"upper\"")
    return (1 - level) / 2 if side == "two" else 1 - level


def _numbers(value: ArrayLike, n: ArrayLike, se: ArrayLike | None, df: ArrayLike | None, planning: Planning | None) -> tuple[Numbers, ...]:
    parts = [value, n, np.nan if se is None else se, np.nan if df is None else df]
    shape = np.broadcast_shapes(*(np.shape(a) for a in (*parts, *(vars(planning).values() if planning else ())) if a is not None))
    p, size, spread, freedom = (np.array(np.broadcast_to(np.asarray(a, dtype=float), shape)) for a in parts)
    if not ((p >= -SNAP) & (p <= 1 + SNAP)).all():
        raise EstimateError(f"value 中有 {_first(p, (p >= -SNAP) & (p <= 1 + SNAP)):g}｜比例应在 0 与 1 之间｜百分数先除以 100")
    if not (size > 0).all():
        raise EstimateError(f"n 中有 {_first(size, size > 0):g}｜单位数应大于 0｜空的分组不能给区间，先去掉")
    if se is not None and not (spread >= 0).all():
        raise EstimateError(f"se 中有 {_first(spread, spread >= 0):g}｜标准误应为不小于 0 的数｜检查方差")
    return np.where(p < SNAP, 0.0, np.where(p > 1 - SNAP, 1.0, p)), size, spread, freedom


def _first(values: Numbers, good: NDArray[np.bool_]) -> float:
    return float(values[~good][0]) if values.ndim else float(values)


def _complete(how: Method, method: str, p: Numbers, se: ArrayLike | None, df: ArrayLike | None, planning: Planning | None) -> None:
    """Refuse a question that lacks what its method needs."""
    if how.needs_df and df is None:
        raise EstimateError(f"method = {method!r} 缺 df｜没有自由度就不能代以正态分位数｜写 df=（村数 − 层数）")
    if how.form is not None:
        return
    if planning is None:
        rule = "罕见比例的设计效应不能只靠自身估计"
        raise EstimateError(f"method = \"kg-m\" 缺 planning｜{rule}｜写 planning=Planning(deff_w, take, events_df, icc)")
    inside = ((p > 0) & (p < 1)).any()
    if inside and planning.se_wr is None and se is None:
        raise EstimateError("method = \"kg-m\" 缺 se｜有事件时需要标准误｜写 se=")
    if inside and planning.se_wr is None and bool((np.asarray(planning.f_eff) > 0).any()):
        raise EstimateError("f_eff > 0 而缺 se_wr｜有限总体修正只能计一次｜在 planning 中写不含该修正的标准误 se_wr=")


def _quantile(kind: str, df: Numbers, tail: float) -> Numbers:
    """Return the upper quantile; taken in the lower tail, where small probabilities keep their digits."""
    normal = np.full(np.shape(df), -ndtri(tail))
    if kind == "z":
        return normal
    endless = np.isinf(df)
    return np.where(endless, normal, -stdtrit(np.where(endless, 1.0, df), tail))


def _ratio(n: Numbers, df: Numbers, tail: float) -> Numbers:
    """Return (t_{n−1}/t_{df})² at `tail`; at ½, where both are 0, its limit (f_df(0)/f_{n−1}(0))²."""
    tail = tail if abs(tail - 0.5) > 1e-6 else 0.5 - 1e-6  # the quotient of the densities, to 11 digits
    good = (n > 1) & (df > 0)
    top, bottom = (_quantile("t", np.where(good, f, 1.0), tail) for f in (n - 1, df))
    return np.where(good, (top / bottom) ** 2, np.nan)


@dataclass(frozen=True, eq=False)
class _Made:
    low: Numbers
    high: Numbers
    n_eff: Numbers
    n_star: Numbers
    deff: Numbers
    deff0: Numbers
    deff_star: Numbers
    d_e: Numbers
    reason: NDArray[np.str_]


def _moderated(p: Numbers, n: Numbers, se: Numbers, df: Numbers, planning: Planning, tail: float) -> _Made:
    free = se if planning.se_wr is None else np.broadcast_to(np.asarray(planning.se_wr, dtype=float), p.shape)
    m: Moderated = moderated_limits(p, n, free, df, _ratio(n, df, tail), planning, tail)
    census = np.broadcast_to(np.asarray(planning.f_eff, dtype=float) >= 1 - SNAP, p.shape)
    reason = np.select([census, ~(df > 0), ~(n > 1), m.exact], [CENSUS, NO_DF, ONE_UNIT, EXACT], "")
    return _Made(m.low, m.high, n / m.deff_star, m.n_star, m.deff, m.deff0, m.deff_star, m.d_e, reason)


def _plain(how: Method, p: Numbers, n: Numbers, se: Numbers, df: Numbers, tail: float) -> _Made:
    end, still = (p == 0) | (p == 1), se == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = np.where(np.isnan(se) | end, n, p * (1 - p) / se**2)
        units = how.units(_Case(n, n_eff, end, _ratio(n, df, tail)))
    point = ~end & np.isinf(units)
    deff = np.where(end | np.isnan(se), np.nan, n / n_eff)
    safe_p, safe_n = np.where(point, 0.5, p), np.where(point | ~(units > 0), 1.0, units)
    low, high = _limits(how, safe_p, safe_n, _quantile(how.quantile, np.where(df > 0, df, 1.0), tail), tail, end, n)
    low, high = np.where(point, p, low), np.where(point, p, high)
    lost = (how.needs_df & ~(df > 0)) | np.isnan(units)
    short = np.isnan(low) | np.isnan(high)
    cases = [how.needs_df & ~(df > 0), lost, end & ~np.isnan(se), still & point, short]
    reason = np.select(cases, [NO_DF, ONE_UNIT, AT_THE_END, NO_SPREAD, OFF_GRID], "")
    none = np.full(p.shape, np.nan)
    return _Made(np.where(lost, np.nan, low), np.where(lost, np.nan, high), n_eff, units, deff, none, deff, none, reason)


def _limits(how: Method, p: Numbers, n: Numbers, c: Numbers, tail: float, end: NDArray[np.bool_], whole: Numbers) -> forms.Limits:
    assert how.form is not None
    if how.form not in _NEED_INSIDE:
        low, high = how.form(p, n, c, tail)
    else:
        more = (whole,) if how.form is on_r_grid else ()
        inside, at_end = how.form(np.where(end, 0.5, p), n, c, tail, *more), forms.clopper_pearson(p, whole, c, tail)
        low, high = (np.where(end, e, i) for e, i in zip(at_end, inside, strict=True))
    if how.form is forms.wald:
        return low, high  # a symmetric interval keeps its overshoot visible, as R prints it
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _sided(low: Numbers, high: Numbers, side: str, ends: tuple[float, float]) -> tuple[Numbers, Numbers]:
    """Open the side that was not asked for, but keep NaN as NaN."""
    lost = np.isnan(low) | np.isnan(high)
    low = np.where(lost, np.nan, ends[0]) if side == "upper" else low
    high = np.where(lost, np.nan, ends[1]) if side == "lower" else high
    return low, high


def _result(made: _Made, p: Numbers, n: Numbers, df: Numbers, planning: Planning | None, method: str, level: float, side: str) -> Interval:
    low, high = _sided(made.low, made.high, side, (0.0, 1.0))
    planned = (planning.icc, planning.f_eff) if planning is not None else (np.nan, np.nan)
    icc, f_eff = (np.broadcast_to(np.asarray(a, dtype=float), p.shape) for a in planned)
    known = {"value": p, "low": low, "high": high, "n": n, "df": df, "icc": icc, "f_eff": f_eff}
    return _interval(vars(made) | known, method, level, side)


def _interval(known: dict[str, NDArray[Any]], method: str, level: float, side: str) -> Interval:
    none = np.full(known["value"].shape, np.nan)
    numbers: dict[str, Any] = {part.name: _out(known.get(part.name, none)) for part in fields(Interval)}
    return Interval(**(numbers | {"method": method, "level": level, "side": side}))


def _out(numbers: NDArray[Any]) -> Any:
    """Return a plain number for a number, a read-only array for an array."""
    if numbers.ndim == 0:
        return numbers.item()
    numbers = np.array(numbers)
    numbers.flags.writeable = False
    return numbers
