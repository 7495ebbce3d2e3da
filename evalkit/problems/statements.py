"""Statements of a list of problems, such as 高于10%, held against estimates of the same unit: 成立, 不成立 or 证据不足."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.figures import gate_text, percent
from evalkit.verdict.asking import refuse_unjudged

if TYPE_CHECKING:
    from evalkit.design.rectifying import Statement, Taxonomy
    from evalkit.estimates import Estimate

HOLDS, FAILS, OPEN, UNSEEN = "成立", "不成立", "证据不足", "没有估计"
COLUMNS = ("code", "text", "unit", "relation", "stated", "value", "low", "high", "conclusion", "sentence")
ONE_SIDED = (">", "≥")


def check_statements(
    source: Taxonomy | Iterable[Statement],
    estimates: Mapping[str, tuple[Estimate, str]],
    *,
    alpha: float = 0.05,
    tolerance: float | None = None,
) -> pd.DataFrame:
    """Hold what a list says of how common its problems are against estimates.

    A share that is said to lie above v holds when the one-sided lower bound at 1 − alpha lies above v, does not hold when the upper
    bound lies at or below v (for ≥: below), and is open otherwise. A share that is said to be about v, or to be v, holds when its
    two-sided interval lies within v ± tolerance, does not hold when it lies outside, and is open otherwise.

    Parameters
    ----------
    source : Taxonomy or iterable of Statement
    estimates : mapping of code to (Estimate, unit)
        The estimate of one row for the statement of that code, and the unit that it counts: 贫困户, 贫困人口, 脱贫户. Shares of other
        units are other numbers, and are refused.
    alpha : float
        In (0, 0.5).
    tolerance : float, optional
        What about v means, in (0, 1). No default; asked for only where such a statement has an estimate.

    Returns
    -------
    DataFrame
        One row a statement: code, text, unit, relation, stated, value, low, high (the bounds that were read), conclusion, sentence.
        A statement without an estimate is listed as 没有估计.

    Raises
    ------
    EstimateError
        With every fault at once: an estimate for a code that there is not, one of another unit, of several rows, no tolerance.
    """
    said = tuple(source) if not hasattr(source, "problem") else tuple(each for kind in source.problem for each in kind.statement)
    if not 0 < alpha < 0.5:
        raise EstimateError(f"alpha = {alpha}｜应在 0 与 0.5 之间｜写如 0.05")
    _refuse(said, estimates, tolerance)
    rows = [_row(each, estimates.get(each.code), alpha, tolerance) for each in said]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _refuse(said: tuple[Statement, ...], estimates: Mapping[str, tuple[Estimate, str]], tolerance: float | None) -> None:
    faults, known = Faults("比例的说法"), {each.code: each for each in said}
    for code, (estimate, unit) in estimates.items():
        if code not in known:
            faults.add(None, code, None, "清单中没有这个说法", f"可用：{'、'.join(known)}")
            continue
        if unit != known[code].unit:
            faults.add(None, code, unit, f"说法的单位是{known[code].unit}，单位不同的比例不能相比", f"给出以{known[code].unit}计的估计")
        if len(estimate.value) != 1:
            faults.add(None, code, None, f"估计有 {len(estimate.value)} 行", "取出一行再比")
        if known[code].relation not in ONE_SIDED and not (tolerance and 0 < tolerance < 1):
            faults.add(None, code, known[code].text, "是“约为”的说法，须写明多近算近", "写 tolerance = 0.02 之类")
    faults.refuse(EstimateError)


def _row(said: Statement, given: tuple[Estimate, str] | None, alpha: float, tolerance: float | None) -> tuple[Any, ...]:
    lead = (said.code, said.text, said.unit, said.relation, said.value)
    if given is None:
        return (*lead, math.nan, math.nan, math.nan, UNSEEN, f"“{said.text}”：没有估计。")
    estimate = given[0]
    refuse_unjudged(estimate)
    value = float(estimate.value[0])
    one = said.relation in ONE_SIDED
    low, high = (_bound(estimate, side if one else "two", end, 1 - alpha) for side, end in (("lower", "low"), ("upper", "high")))
    told = _above(said, low, high) if one else _about(said, low, high, tolerance or 0.0)
    return (*lead, value, low, high, told, _sentence(said, value, low, high, told, alpha))


def _bound(estimate: Estimate, side: Any, end: str, level: float) -> float:
    return float(estimate.interval(level=level, side=side)[end].iloc[0])


def _above(said: Statement, low: float, high: float) -> str:
    if low > said.value or (said.relation == "≥" and low == said.value):
        return HOLDS
    return FAILS if high < said.value or (said.relation == ">" and high == said.value) else OPEN


def _about(said: Statement, low: float, high: float, tolerance: float) -> str:
    least, most = said.value - tolerance, said.value + tolerance
    if low >= least and high <= most:
        return HOLDS
    return FAILS if high < least or low > most else OPEN


def _sentence(said: Statement, value: float, low: float, high: float, told: str, alpha: float) -> str:
    level = f"{100 * (1 - alpha):g}%"
    if math.isnan(low) or math.isnan(high):
        bounds = "区间无法给出"
    elif said.relation not in ONE_SIDED:
        bounds = f"{level}区间{percent(low)}～{percent(high)}"
    elif told == OPEN:
        bounds = f"单侧{level}界限{percent(low, gate=said.value)}与{percent(high, gate=said.value)}，在{gate_text(said.value)}两边"
    else:
        end = ("下", low) if told == HOLDS else ("上", high)
        bounds = f"单侧{level}{end[0]}限{percent(end[1], gate=said.value)}"
    return f"“{said.text}”：以{said.unit}计，估计为{percent(value, gate=said.value)}（{bounds}），{told}。"
