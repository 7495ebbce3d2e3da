"""Intervals of an Estimate: which method fits its kind, and the table of its rows."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.errors import EstimateError, EvalkitWarning, one_of
from evalkit.estimates import mixing
from evalkit.estimates.blocks import Block, effective_weights
from evalkit.intervals.asking import Question, read_question
from evalkit.intervals.bounds import answered
from evalkit.intervals.gammas import gamma_limits
from evalkit.intervals.tails import tail_of
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate
    from evalkit.survey import Survey

Side = Literal["two", "lower", "upper"]
KINDS = {
    "mean": "均值", "total": "总量", "proportion": "比例", "ratio": "比率", "variance": "方差", "covariance": "协方差",
    "correlation": "相关系数", "quantile": "分位数", "index": "指数", "coefficient": "系数", "combination": "组合",
    "score": "得分", "reliability": "信度",
}  # fmt: skip
OWN_KINDS = ("quantile", "score", "reliability")  # whose statistics have intervals of their own
NOBODY = "域中没有行"
OWN, MIDP = "own", "（mid-p）"
NUMBERS = (
    "low", "high", "n", "n_eff", "n_star", "deff", "deff0", "deff_star", "df", "d_e", "event_villages", "icc", "icc_source", "f_eff",
    "level", "reason",
)  # fmt: skip
OTHERS = {
    "t": "估计 ± t 分位数 × 标准误", "z": "估计 ± 正态分位数 × 标准误", "fay-feuer": "Fay–Feuer gamma 区间，权数不等、不计成群（仅供对照）",
    "mover": "MOVER：由各比例的 KG-M 界合成，用于比例的组合",
}  # fmt: skip
PLANNED = ("deff0", "d_e", "event_villages", "icc", "icc_source")  # told beside every interval of a proportion
UNCLUSTERED = "不计成群：仅供对照"
Columns = dict[str, Any]


def roots(variances: Any, value: Any, survey: Survey) -> Any:
    """Return standard errors; NaN, with a warning, where a quadratic form in joint chances came out below 0."""
    forms = any(stage.form is not None for stage in survey.stages)  # the other rules are sums of squares
    below = variances < (-1e-14 * np.asarray(value) ** 2 if forms else -np.inf)
    if below.any():
        rule = f"{int(below.sum())} 行的方差估计小于 0（成对概率的公式会这样），标准误为 NaN"
        warnings.warn(f'{rule}｜改 form="syg"，或用 ev.PPS("deville1") 等由入样概率得出的规则', EvalkitWarning, stacklevel=4)
    return np.where(below, np.nan, np.sqrt(np.maximum(variances, 0.0)))


def usual(estimate: Estimate) -> str:
    """Return the method that is meant when none is named."""
    if estimate.kind in OWN_KINDS:
        return OWN
    if estimate.kind != "proportion":
        return "t"
    return "kg" if estimate.survey.replicated is not None and estimate.survey.replicated.imported else "kg-m"


def ask(
    estimate: Estimate, level: float, method: str | None, side: Side, df: Any, icc: Any, joint: str | None = None, midp: bool = False
) -> pd.DataFrame:
    """Answer `Estimate.interval`."""
    how = method or usual(estimate)
    each = level if joint is None else intervals.joint_level(level, max(int((estimate.n > 0).sum()), 1), joint)
    found, rows = answer(estimate, each, how, side, df, icc, midp), len(estimate)
    known = {"level": each, "reason": "", "icc_source": "", **_planned(estimate, how, icc), **found}
    nan = np.full(rows, np.nan)
    columns = {name: np.broadcast_to(known.get(name, nan), rows) for name in NUMBERS}
    return pd.DataFrame({**columns, "method": [how + MIDP if midp else how] * rows})


def answer(estimate: Estimate, level: float, how: str, side: Side, df: Any, icc: Any, midp: bool = False) -> Columns:
    """Return the limits by the method `how` with what they were made of, one entry a row of the estimate."""
    if midp and (how not in intervals.METHODS or estimate.kind != "proportion"):
        raise EstimateError(f"method = {how!r}、midp=True｜这种区间没有折半的计数｜只用于比例的 kg-m、kg 等")
    return _limits(estimate, how, level, side, df, icc, midp)


def _limits(estimate: Estimate, how: str, level: float, side: Side, df: Any, icc: Any, midp: bool) -> Columns:
    if how == OWN:
        return _own(estimate, level, side, df)
    if how in ("t", "z"):
        return _student(estimate, how, level, side, df)
    if df is not None and how in OTHERS:
        raise EstimateError(f"method={how}、df={df}｜这种区间不用自由度｜去掉 df")
    if how == "mover":
        return mixing.mover_limits(estimate, level, side, icc)
    one_of("method", how, {**intervals.METHODS, **OTHERS}, EstimateError, "区间")
    if estimate.kind != "proportion":
        raise EstimateError(f"{how}｜这是{KINDS[estimate.kind]}，不是比例｜可用：t、z；比例的组合可用 mover")
    if how == "fay-feuer":
        return _carried(estimate, _gamma(estimate, level, side), side)
    return _carried(estimate, _proportion(estimate, how, level, side, df, icc, midp), side)


def _planned(estimate: Estimate, how: str, icc: Any) -> Columns:
    """Return what was planned, which stands beside every interval of a proportion whose villages are known."""
    if estimate.kind != "proportion" or usual(estimate) != "kg-m":
        return {}
    plan, df = estimate.planning(icc)
    known = {name: getattr(plan, name) for name in ("event_villages", "icc", "icc_source")}
    deff0 = np.maximum(plan.deff_w, intervals.planning_effect(plan.deff_w, plan.take, plan.icc))
    return {**known, "deff0": deff0, "d_e": np.clip(plan.events_df, 0, np.maximum(df, 0))}


def _student(estimate: Estimate, how: str, level: float, side: Side, df: Any) -> Columns:
    freedom = np.inf if how == "z" else estimate.df if df is None else df
    nobody, effect = estimate.n == 0, estimate.deff()
    value, se = np.where(nobody, 0.0, estimate.value), np.where(nobody, 0.0, estimate.se)
    found = _blank(estimate, vars(intervals.student(value, se, freedom, level=level, side=side)))
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = np.where(effect > 0, estimate.n / effect, np.nan)
    kept = {name: found[name] for name in ("low", "high", "n", "df", "reason")}
    return {**kept, "n_eff": n_eff, "deff": effect, "deff_star": effect}


def _own(estimate: Estimate, level: float, side: Side, df: Any) -> Columns:
    """Ask the statistic itself, column by column."""
    freedom = np.broadcast_to(np.asarray(estimate.df if df is None else df, dtype=float), len(estimate))
    low, high = np.empty(len(estimate)), np.empty(len(estimate))
    column = estimate.gradient.indices
    start = 0
    for block in estimate.blocks:
        mine = np.flatnonzero((column >= start) & (column < start + block.count))
        if len(mine) and block.bounds is not None:
            own = np.full(block.count, np.nan)
            own[column[mine] - start] = freedom[mine]
            found = block.bounds(level, side, own)
            low[mine], high[mine] = (part[column[mine] - start] for part in found)
        start += block.count
    reason = np.where(estimate.n == 0, NOBODY, np.where(freedom > 0, "", intervals.NO_DF))
    return {"low": low, "high": high, "n": estimate.n, "df": freedom, "reason": reason}


def _proportion(estimate: Estimate, how: str, level: float, side: Side, df: Any, icc: Any, midp: bool) -> Columns:
    """Ask for the interval of the share."""
    known = intervals.METHODS[how]
    if df is not None and known.quantile == "z" and not known.needs_df:
        raise EstimateError(f"method={how}、df={df}｜这种区间用正态分位数，不用自由度｜用 {how}-t 等 t 的形式，或去掉 df")
    if known.needs == "population":
        rule = "简单随机样本的精确界，要知道总体单位数"
        raise EstimateError(f"method={how}｜{rule}｜用 ev.intervals.proportion(比例, n, population=…, method=\"{how}\")")
    key = ("question", how, icc, midp)
    if df is not None or not (icc is None or isinstance(icc, Real)):
        asked = _question(estimate, how, level, side, df, icc, midp)
    elif key in estimate._known:  # a p-value asks the same at many levels
        asked = estimate._known[key].at(level, side)
    else:
        asked = estimate._known[key] = _question(estimate, how, level, side, df, icc, midp)
    made = vars(answered(asked))
    return {name: made[name] for name in NUMBERS if known.needs == "planning" or name not in PLANNED}


def _question(estimate: Estimate, how: str, level: float, side: Side, df: Any, icc: Any, midp: bool) -> Question:
    """Read what is asked of the shares, in the terms of plain numbers."""
    known = intervals.METHODS[how]
    planned, freedom = estimate.planning(icc) if known.needs else (None, estimate.df)
    nobody = estimate.n == 0
    se, f_eff = np.where(nobody, 0.0, estimate.se / np.abs(estimate.scale)), None
    if known.needs == "fraction" and planned is not None:
        se, f_eff, planned = planned.se_wr, planned.f_eff, None
    share, n = np.where(nobody, 0.0, estimate.share()), np.where(nobody, 1, estimate.n)
    return read_question(share, n, se, freedom if df is None else df, how, level, side, planned, None, f_eff, midp)


def _gamma(estimate: Estimate, level: float, side: Side) -> Columns:
    """Ask for the gamma interval of the share from the weights of the rows."""
    parts = np.concatenate([_weighed(block) for block in estimate.blocks if block.proportion is not None], axis=1)
    y, v, most = parts[:, estimate.gradient.indices]
    low, high = gamma_limits(y, v, most, tail_of(level, side))
    none = np.full(len(estimate), UNCLUSTERED)
    return {"low": low if side != "upper" else 0 * y, "high": np.minimum(high, 1) if side != "lower" else 0 * y + 1, "reason": none}


def _weighed(block: Block) -> Floats:
    """Return Σω·event/Σω, Σω²·event/(Σω)² and max ω/Σω by domain, (3, domains)."""
    held = block.proportion
    assert held is not None
    w, domain = effective_weights(block), block.domain
    most = np.zeros(domain.count)
    code = np.zeros(len(w), dtype=int) if domain.code is None else domain.code
    np.maximum.at(most, code[code >= 0], w[code >= 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = domain.sums(w)
        return np.nan_to_num([domain.sums(w * held.event) / whole, domain.sums(w * w * held.event) / whole**2, most / whole])


def _carried(estimate: Estimate, found: Columns, side: Side) -> Columns:
    """Carry the limits of the share through shift and scale."""
    scale = estimate.scale
    if bool((scale < 0).any()) and side != "two":
        raise EstimateError("负系数的比例｜单侧界的方向不明｜先取正系数")
    low, high = estimate.shift + scale * found["low"], estimate.shift + scale * found["high"]
    return _blank(estimate, {**found, "low": np.minimum(low, high), "high": np.maximum(low, high)})


def _blank(estimate: Estimate, found: Columns) -> Columns:
    """Give rows of domains that nobody is in no limits, and the reason."""
    nobody = estimate.n == 0
    low, high = (np.where(nobody, np.nan, found[name]) for name in ("low", "high"))
    return {**found, "low": low, "high": high, "n": estimate.n, "reason": np.where(nobody, NOBODY, found["reason"])}


def label_columns(estimate: Estimate) -> Columns:
    """Return the parts of the labels, a column each."""
    return {name: [label[at] if at < len(label) else "" for label in estimate.labels] for at, name in enumerate(estimate.parts)}


def tabulate(estimate: Estimate, level: float, icc: Any) -> pd.DataFrame:
    """Answer `Estimate.table`."""
    found, rows = answer(estimate, level, usual(estimate), "two", None, icc), len(estimate)
    low, high = (np.broadcast_to(found[name], rows) for name in ("low", "high"))
    numbers = {"estimate": estimate.value, "se": estimate.se, "low": low, "high": high}
    return pd.DataFrame({**label_columns(estimate), **numbers, "df": estimate.df, "deff": estimate.deff(), "n": estimate.n})
