"""Intervals from plain numbers: value, standard error, n, degrees of freedom → low, high."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults
from evalkit.exact import admissible_bounds, count_bounds
from evalkit.intervals import forms
from evalkit.intervals.asking import SNAP, Question, check_level, read_question
from evalkit.intervals.methods import NEED_INSIDE, Case
from evalkit.intervals.moderated import Planning, moderated_limits
from evalkit.intervals.profile import on_r_grid
from evalkit.intervals.tails import Side, quantile, t_ratio, tail_of
from evalkit.lists import seen_in

Numbers = NDArray[np.float64]

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
        Units, effective number of units (n/deff, for KG-M n/deff*), and the number that entered the formula (after df adjustment).
    deff, deff0, deff_star : float or array
        Design effect as estimated (NaN when none or all have the property), as planned, as used; NaN where a
        method has none.
    df, d_e : float or array
        Degrees of freedom of the design and those of the villages with events.
    event_villages : float or array
        Villages with a unit of the rarer class, as `Planning` tells them; NaN when it does not.
    icc, f_eff : float or array
        Correlation and effective sampling fraction that were planned with.
    reason : str or array of str
        Why limits are NaN or were made in a special way; empty otherwise.
    icc_source : str
        Where the correlation is from; empty where none was planned with.
    method, level, side, midp
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
    event_villages: Any
    icc: Any
    f_eff: Any
    reason: Any
    icc_source: str
    method: str
    level: float
    side: str
    midp: bool = False


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
    population: ArrayLike | None = None,
    f_eff: ArrayLike | None = None,
    midp: bool = False,
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
    population : int or array, optional
        Units in the population: for "hypergeometric" and "wang" (simple random sampling without replacement, whole counts),
        and for "wise" without villages.
    f_eff : float or array, optional
        Effective sampling fraction in [0, 1] for "wise" (`reach`), instead of `population`.
    midp : bool
        Give the observed count half its weight: shorter, no longer sure to cover. For descriptive tables only, a verdict
        refuses it; where limits invert one tail ("kg-m", "kg…", "clopper-pearson", "wise", "hypergeometric").

    Returns
    -------
    Interval
        NaN limits only where df ≤ 0 (or n = 1 where n − 1 is needed, or "likelihood-r" is asked where R gives
        NA), with the reason beside them.

    Raises
    ------
    EstimateError
        Values outside [0, 1], n ≤ 0, level outside (0, 1), an unknown method or side, a missing df, se, planning or
        population; everything that is wrong is told at once.

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
    >>> exact, ours = (proportion(3 / 300, 300, method=name, population=1500) for name in ("hypergeometric", "wang"))
    >>> [(round(1500 * seen.low), round(1500 * seen.high)) for seen in (exact, ours)]
    [(4, 40), (5, 40)]
    """
    return answered(read_question(value, n, se, df, method, level, side, planning, population, f_eff, midp))


def answered(asked: Question) -> Interval:
    """Return the interval that a question asks for, as `proportion` does."""
    return _result(_MAKERS[asked.how.needs](asked), asked)


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
    faults = Faults("区间")
    check_level(level, side, faults)
    x, spread, freedom = np.broadcast_arrays(*(np.array(a, dtype=float) for a in (value, se, df)))
    if (spread < 0).any():
        faults.add(None, "se", f"{spread.min():g}", "标准误不能为负", "检查方差")
    faults.refuse(EstimateError)
    bad = ~(freedom > 0)
    half = np.where(bad, np.nan, quantile("t", np.where(bad, 1.0, freedom), tail_of(level, side)) * spread)
    low, high = _sided(x - half, x + half, side, (-np.inf, np.inf))
    known = {"value": x, "low": low, "high": high, "df": freedom, "reason": np.where(bad, NO_DF, "")}
    return _interval(known, "t", level, side)


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


def _moderated(asked: Question) -> _Made:
    plan, p, n, df = asked.planning, asked.p, asked.n, asked.df
    assert plan is not None
    free = asked.se if plan.se_wr is None else seen_in(p.shape, plan.se_wr)
    m = moderated_limits(p, n, free, df, t_ratio(n, df, asked.tail), plan, asked.tail, asked.midp)
    census = seen_in(p.shape, plan.f_eff) >= 1 - SNAP
    reason = _reasons([census, ~(df > 0), ~(n > 1), m.exact], [CENSUS, NO_DF, ONE_UNIT, EXACT])
    return _Made(m.low, m.high, n / m.deff_star, m.n_star, m.deff, m.deff0, m.deff_star, m.d_e, reason)


def _plain(asked: Question) -> _Made:
    how, p, n, df, tail = asked.how, asked.p, asked.n, asked.df, asked.tail
    n_eff, deff = _effective(asked)
    units = how.units(Case(n, n_eff, asked.end, t_ratio(n, df, tail)))
    point = ~asked.end & np.isinf(units)
    safe_p, safe_n = np.where(point, 0.5, p), np.where(point | ~(units > 0), 1.0, units)
    low, high = _limits(asked, safe_p, safe_n, quantile(how.quantile, np.where(df > 0, df, 1.0), tail))
    low, high = np.where(point, p, low), np.where(point, p, high)
    lost = (how.needs_df & ~(df > 0)) | np.isnan(units)
    short = np.isnan(low) | np.isnan(high)
    cases = [how.needs_df & ~(df > 0), lost, asked.end & ~np.isnan(asked.se), (asked.se == 0) & point, short]
    reason = _reasons(cases, [NO_DF, ONE_UNIT, AT_THE_END, NO_SPREAD, OFF_GRID])
    none = _none(p)
    return _Made(np.where(lost, np.nan, low), np.where(lost, np.nan, high), n_eff, units, deff, none, deff, none, reason)


def _effective(asked: Question) -> tuple[Numbers, Numbers]:
    """Return the effective number of units, n where there is no standard error or nothing varies, and the design effect."""
    p, se, unknown = asked.p, asked.se, np.isnan(asked.se) | asked.end
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = np.where(unknown, asked.n, p * (1 - p) / se**2)
        return n_eff, np.where(unknown, np.nan, asked.n / n_eff)


def _drawn_in(asked: Question) -> _Made:
    """Wise's limits of an effective number of units."""
    p, f_eff = asked.p, np.clip(asked.f_eff, 0, 1)
    n_eff, deff = _effective(asked)
    point = (~asked.end & np.isinf(n_eff)) | (f_eff >= 1 - SNAP)
    units = np.where(np.isinf(n_eff), 1.0, n_eff)
    low, high = forms.around(p, *forms.finite(p, units, f_eff, asked.tail, asked.midp), asked.tail)
    cases = [f_eff >= 1 - SNAP, asked.end & ~np.isnan(asked.se), point]
    reason = _reasons(cases, [CENSUS, AT_THE_END, NO_SPREAD])
    none = _none(p)
    return _Made(np.where(point, p, low), np.where(point, p, high), n_eff, n_eff, deff, none, deff, none, reason)


def _counted(asked: Question) -> _Made:
    """Exact limits of whole counts, each distinct question asked once."""
    whole = (np.rint(part).astype(int).ravel() for part in (asked.p * asked.n, asked.n, asked.population))
    rows, place = np.unique(np.stack(list(whole)), axis=1, return_inverse=True)
    limits = np.array([_count_limits(asked, *map(int, row)) for row in rows.T], dtype=float).reshape(-1, 2)
    low, high = (limits[place.ravel(), at].reshape(asked.p.shape) / asked.population for at in (0, 1))
    none, reason = _none(asked.p), _reasons([asked.n == asked.population], [CENSUS])
    return _Made(low, high, asked.n, asked.n, none, none, none, none, reason)


def _count_limits(asked: Question, found: int, drawn: int, population: int) -> tuple[int, int]:
    if asked.method == "wang" and asked.side == "two":
        return admissible_bounds(found, drawn, population, asked.level)
    return count_bounds(found, drawn, population, asked.tail, asked.midp)


_MAKERS = {"": _plain, "planning": _moderated, "fraction": _drawn_in, "population": _counted}


def _none(p: Numbers) -> Numbers:
    return np.broadcast_to(np.nan, p.shape)


def _reasons(cases: list[Any], words: list[str]) -> NDArray[np.str_]:
    """Return the first reason that holds; texts are long, so that an empty array of them is shared."""
    if not any(case.any() for case in cases):
        return np.broadcast_to(np.array(""), cases[-1].shape)
    return np.select(cases, words, "")


def _limits(asked: Question, p: Numbers, n: Numbers, c: Numbers) -> forms.Limits:
    how, tail = asked.how, asked.tail
    form = forms.mid_p if asked.midp else how.form
    assert form is not None
    if form not in NEED_INSIDE:
        low, high = form(p, n, c, tail)
    else:
        more = (asked.n,) if form is on_r_grid else ()
        inside, at_end = form(np.where(asked.end, 0.5, p), n, c, tail, *more), forms.clopper_pearson(p, asked.n, c, tail)
        low, high = (np.where(asked.end, e, i) for e, i in zip(at_end, inside, strict=True))
    if form is forms.wald:
        return low, high  # a symmetric interval keeps its overshoot visible, as R prints it
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _sided(low: Numbers, high: Numbers, side: str, ends: tuple[float, float]) -> tuple[Numbers, Numbers]:
    """Open the side that was not asked for, but keep NaN as NaN."""
    lost = np.isnan(low) | np.isnan(high)
    low = np.where(lost, np.nan, ends[0]) if side == "upper" else low
    high = np.where(lost, np.nan, ends[1]) if side == "lower" else high
    return low, high


def _result(made: _Made, asked: Question) -> Interval:
    low, high = _sided(made.low, made.high, asked.side, (0.0, 1.0))
    known = vars(made) | {"value": asked.p, "low": low, "high": high, "n": asked.n, "df": asked.df}
    planning, source = asked.planning if asked.how.needs == "planning" else None, ""
    if planning is not None:
        source, told = planning.icc_source, {"icc": planning.icc, "f_eff": planning.f_eff, "event_villages": planning.event_villages}
        known |= {name: _kept(np.nan if part is None else part, asked.p.shape) for name, part in told.items()}
    elif asked.how.needs == "fraction":
        known |= {"f_eff": asked.f_eff}
    return _interval(known, asked.method, asked.level, asked.side, source, asked.midp)


def _kept(part: Any, shape: tuple[int, ...]) -> Numbers:
    """Return a copy that nobody else writes to, seen in a shape."""
    return seen_in(shape, np.array(part, dtype=float))


def _interval(known: dict[str, NDArray[Any]], method: str, level: float, side: str, source: str = "", midp: bool = False) -> Interval:
    said = {"icc_source": source, "method": method, "level": level, "side": side, "midp": midp}
    none = _none(known["value"])
    numbers: dict[str, Any] = {part.name: _out(known.get(part.name, none)) for part in fields(Interval) if part.name not in said}
    return Interval(**(numbers | said))


def _out(numbers: NDArray[Any]) -> Any:
    """Return a plain number for a number, a read-only array for an array; all arrays here are our own."""
    if numbers.ndim == 0:
        return numbers.item()
    numbers.flags.writeable = False
    return numbers
