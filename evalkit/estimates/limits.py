"""Intervals of an Estimate: which method fits its kind, and the table of its rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.errors import EstimateError, EvalkitWarning

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate
    from evalkit.survey import Survey

Side = Literal["two", "lower", "upper"]
KINDS = {
    "mean": "均值", "total": "总量", "proportion": "比例", "ratio": "比率", "variance": "方差", "covariance": "协方差",
    "correlation": "相关系数", "quantile": "分位数", "index": "指数", "coefficient": "系数", "combination": "组合",
}  # fmt: skip
NOBODY = "域中没有行"
OWN = "own"
NUMBERS = ("low", "high", "n", "n_eff", "n_star", "deff", "deff0", "deff_star", "df", "d_e", "icc", "f_eff", "reason")


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
    if estimate.kind == "quantile":
        return OWN
    if estimate.kind != "proportion":
        return "t"
    return "kg" if estimate.survey.replicated is not None and estimate.survey.replicated.imported else "kg-m"


def ask(estimate: Estimate, level: float, method: str | None, side: Side, df: Any, icc: float | None) -> pd.DataFrame:
    """Answer `Estimate.interval`."""
    how = method or usual(estimate)
    if how == OWN:
        return _own(estimate, level, side, df)
    if how in ("t", "z"):
        freedom = np.inf if how == "z" else estimate.df if df is None else df
        nobody = estimate.n == 0
        value, se = np.where(nobody, 0.0, estimate.value), np.where(nobody, 0.0, estimate.se)
        return _shown(estimate, _blank(estimate, intervals.student(value, se, freedom, level=level, side=side), nobody), how)
    if estimate.kind != "proportion":
        raise EstimateError(f"{how}｜这是{KINDS[estimate.kind]}，不是比例｜可用：t、z")
    return _shown(estimate, _proportion(estimate, how, level, side, df, icc), how)


def _own(estimate: Estimate, level: float, side: Side, df: Any) -> pd.DataFrame:
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
    nan = np.full(len(estimate), np.nan)
    numbers = {**dict.fromkeys(NUMBERS, nan), "low": low, "high": high, "n": estimate.n, "df": freedom}
    nobody = estimate.n == 0
    reason = np.where(nobody, NOBODY, np.where(freedom > 0, "", intervals.NO_DF))
    return pd.DataFrame({**numbers, "reason": reason, "method": [OWN] * len(estimate)})


def _proportion(estimate: Estimate, how: str, level: float, side: Side, df: Any, icc: float | None) -> intervals.Interval:
    """Ask for the interval of the share, and carry it through shift and scale."""
    scale = estimate.scale
    if bool((scale < 0).any()) and side != "two":
        raise EstimateError("负系数的比例｜单侧界的方向不明｜先取正系数")
    known = intervals.METHODS.get(how)
    if df is not None and known is not None and known.quantile == "z" and not known.needs_df:
        raise EstimateError(f"method={how}、df={df}｜这种区间用正态分位数，不用自由度｜用 {how}-t 等 t 的形式，或去掉 df")
    planned, freedom = estimate.planning(icc) if how == "kg-m" else (None, estimate.df)
    nobody = estimate.n == 0
    se = np.where(nobody, 0.0, estimate.se / np.abs(scale))
    share, n = np.where(nobody, 0.0, estimate.share()), np.where(nobody, 1, estimate.n)
    found = intervals.proportion(
        share, n, se=se, df=freedom if df is None else df, method=how, level=level, side=side, planning=planned
    )
    low, high = estimate.shift + scale * found.low, estimate.shift + scale * found.high
    return _blank(estimate, replace(found, low=np.minimum(low, high), high=np.maximum(low, high)), nobody)


def _blank(estimate: Estimate, found: intervals.Interval, nobody: Any) -> intervals.Interval:
    """Give rows of domains that nobody is in no limits, and the reason."""
    low, high = (np.where(nobody, np.nan, part) for part in (found.low, found.high))
    return replace(found, value=estimate.value, low=low, high=high, n=estimate.n, reason=np.where(nobody, NOBODY, found.reason))


def _shown(estimate: Estimate, made: intervals.Interval, how: str) -> pd.DataFrame:
    rows = len(estimate)
    return pd.DataFrame({**{name: np.broadcast_to(getattr(made, name), rows) for name in NUMBERS}, "method": [how] * rows})


def tabulate(estimate: Estimate, level: float, icc: float | None) -> pd.DataFrame:
    """Answer `Estimate.table`."""
    labels = {name: [label[at] if at < len(label) else "" for label in estimate.labels] for at, name in enumerate(estimate.parts)}
    found = ask(estimate, level, None, "two", None, icc)
    numbers = {"estimate": estimate.value, "se": estimate.se, "low": found["low"].to_numpy(), "high": found["high"].to_numpy()}
    return pd.DataFrame({**labels, **numbers, "df": estimate.df, "deff": estimate.deff(), "n": estimate.n})
