"""The values of indicators: from estimates, rates and verdicts of surveys, and from tables of other sources with their provenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError, Faults
from evalkit.estimates import Estimate, mean, proportion
from evalkit.figures import is_blank
from evalkit.lists import as_list
from evalkit.rates.nouns import Rate
from evalkit.sheets import as_pandas, numbered, read_sheet
from evalkit.survey import Survey
from evalkit.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.scoring import Indicator, System

    Floats = NDArray[np.float64]

OTHER = {"对象": "unit", "代码": "code", "值": "value", "标准误": "se", "来源": "source", "日期": "date", "提供单位": "who"}
TOLD = ("source", "date", "who")  # what a value from elsewhere has to say of itself
WORDS = {"是": 1.0, "否": 0.0, "达到": 1.0, "未达到": 0.0}
STATISTICS = {"mean": mean, "proportion": proportion}
NOT_UNIT = ("variable", "level", "probability", "term")
ONE = "本对象"  # the unit of values that name none


@dataclass(frozen=True, eq=False)
class Value:
    """One value of one indicator of one unit.

    Attributes
    ----------
    unit, code : str
    read : float
        The number that the rule reads.
    estimate : Estimate or None
        One row, what the number came from; None for a value without a survey.
    se : float
        Standard error of a value from a table, 0 where there is none.
    source, date, who : str
        Its provenance.
    verdict : Verdict or None
    """

    unit: str
    code: str
    read: float
    estimate: Estimate | None = None
    se: float = 0.0
    source: str = ""
    date: str = ""
    who: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, eq=False)
class Values:
    """All values, units by leaves of a system.

    Attributes
    ----------
    units : tuple of str
    read : (units, leaves) float array
        NaN where there is no value.
    single : tuple of Value
    """

    units: tuple[str, ...]
    read: Floats
    single: tuple[Value, ...]

    @property
    def sampled(self) -> tuple[Value, ...]:
        """The values that have a sampling error."""
        return tuple(value for value in self.single if value.estimate is not None or value.se > 0)


def gather(source: Any, system: System, by: Any, other: Any, missing: str) -> Values:
    """Bring the values of all units and leaves together, or refuse them with every fault at once."""
    faults = Faults("记分")
    found = [*_from(source, system, by, faults)]
    if other is not None:
        found += _of_table(other, system, faults)
    units = _units(found)
    read = np.full((len(units), len(system.leaves)), np.nan)
    rows, columns = {unit: i for i, unit in enumerate(units)}, {leaf.code: j for j, leaf in enumerate(system.leaves)}
    placed = [value for value in found if _known(value, columns, faults)]
    for value in placed:
        at = rows[value.unit], columns[value.code]
        if np.isfinite(read[at]):
            faults.add(None, value.code, value.unit, "同一对象、同一指标有两个值", "只留一个来源")
        read[at] = value.read
    _complete(read, units, system, missing, faults)
    faults.refuse(EstimateError)
    return Values(units, read, tuple(placed))


def _units(found: Iterable[Value]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.unit for value in found)) or (ONE,)


def _known(value: Value, columns: Mapping[str, int], faults: Faults) -> bool:
    if value.code not in columns:
        faults.add(None, "code", value.code, "体系中没有这个有数值的指标", f"可用：{'、'.join(columns)}")
    return value.code in columns


def _complete(read: Floats, units: tuple[str, ...], system: System, missing: str, faults: Faults) -> None:
    if missing not in ("fail", "out"):
        faults.add(None, "missing", repr(missing), "没有这种做法", "可用：fail（停下）、out（该指标不计分，满分相应减少）")
    for j, leaf in enumerate(system.leaves):
        lacking = [unit for unit, known in zip(units, np.isfinite(read[:, j]), strict=True) if not known]
        if lacking and missing == "fail" and leaf.scored:
            faults.add(None, leaf.code, "、".join(lacking[:6]), f"{leaf.name} 没有数值", "补上数值，或写 missing=\"out\"")


def _from(source: Any, system: System, by: Any, faults: Faults) -> Iterator[Value]:
    if isinstance(source, Survey):
        yield from _of_survey(source, system, by, faults)
    elif isinstance(source, Mapping) and set(map(str, source)) <= {item.code for item in system.item}:
        for code, value in source.items():
            yield from _of_value(str(code), value, system, "", faults)
    elif isinstance(source, Mapping):
        for unit, inside in source.items():
            yield from (_named(value, str(unit)) for value in _from(inside, system, by, faults))
    elif isinstance(source, tuple | list) and source and all(isinstance(each, Rate | Verdict) for each in source):
        yield from _of_rates(source, system, faults)
    elif isinstance(source, str | Path) or hasattr(source, "columns"):
        yield from _of_table(source, system, faults)
    else:
        rule = "应为 Survey、ev.measure 的各指标、判定、{代码: 值}、{对象: 它的值} 或一张表"
        faults.add(None, "source", type(source).__name__, rule, "见 docs/indicators.md 第三节")


def _named(value: Value, unit: str) -> Value:
    return Value(unit if value.unit == ONE else f"{unit}·{value.unit}", *list(vars(value).values())[1:])


def _of_survey(survey: Survey, system: System, by: Any, faults: Faults) -> Iterator[Value]:
    known = survey.table().columns
    for column in [*as_list(by), *(leaf.column for leaf in system.leaves if leaf.column)]:
        if column not in known:
            faults.add(None, column, None, "survey 中没有这一列", f"可用：{'、'.join(map(str, known[:20]))}")
    if len(faults):
        return
    for leaf in system.leaves:
        if leaf.column:
            yield from _of_value(leaf.code, STATISTICS[leaf.statistic](survey, leaf.column, by=by), system, "第三方评估", faults)


def _of_rates(found: Iterable[Rate | Verdict], system: System, faults: Faults) -> Iterator[Value]:
    named = {each.name: each for each in found}
    for leaf in system.leaves:
        if leaf.rate in named:
            yield from _of_value(leaf.code, named[leaf.rate], system, "第三方评估", faults)


def _of_value(code: str, value: Any, system: System, source: str, faults: Faults) -> Iterator[Value]:
    """Yield the values of one indicator, from whatever it was given as."""
    leaf = next((leaf for leaf in system.leaves if leaf.code == code), None)
    told = source or (leaf.source if leaf else "")
    if isinstance(value, Rate):
        if leaf is not None and not leaf.reads:
            faults.add(None, code, value.name, "没有说明取样本比率还是加权估计", "在指标体系中写 reads")
        made = value.confirmed
        yield Value(ONE, code, float(made.official if leaf and leaf.reads == "unweighted" else made.estimate), made.estimate, source=told)
    elif isinstance(value, Verdict):
        behind = value.asked[0] if isinstance(value.asked[0], Estimate) and len(value.asked[0]) == 1 else None
        yield Value(ONE, code, value.value_read, behind, source=told, verdict=value)
    elif isinstance(value, Estimate):
        yield from (Value(_unit(row), code, float(row), row, source=told) for row in value)
    elif isinstance(value, Real | bool | np.bool_):
        yield Value(ONE, code, float(value), source=told)
    else:
        faults.add(None, code, type(value).__name__, "应为数、Estimate、指标或判定", "其他来源的数写成表，用 other=")


def _unit(row: Estimate) -> str:
    kept = [str(part) for name, part in zip(row.parts, row.labels[0], strict=False) if name not in NOT_UNIT]
    return " ".join(kept) or ONE


def _of_table(table: Any, system: System, faults: Faults) -> list[Value]:
    """Return the values of a table of other sources: one row a unit and indicator, each with source, date and who gave it."""
    if isinstance(table, str | Path):
        table = read_sheet(table, subject="其他来源的数值", error=EstimateError)
    rows = numbered(as_pandas(table, EstimateError), EstimateError).rename(columns=OTHER)
    headings = {code: name for name, code in OTHER.items()}
    lacking = [f"{headings[key]}（{key}）" for key in ("code", "value", *TOLD) if key not in rows.columns]
    strange = [str(name) for name in rows.columns if name not in OTHER.values()]
    for name in lacking:
        faults.add(None, "other", name, "表中没有这一列", "补上这一列；来源、日期、提供单位逐行填写")
    for name in strange:
        faults.add(None, "other", name, "不认识的列", f"可用：{'、'.join(OTHER)}")
    return [] if lacking else [value for at, row in enumerate(rows.to_dict("records")) for value in _of_row(at, row, system, faults)]


def _of_row(at: int, row: Mapping[Any, Any], system: System, faults: Faults) -> Iterator[Value]:
    blank = [key for key in TOLD if is_blank(row[key])]
    headings = {code: name for name, code in OTHER.items()}
    for key in blank:
        faults.add(at + 2, headings[key], None, "不能为空：每个数要说明来历", "填写")
    number, se = _number(row["value"]), _number(row.get("se")) or 0.0
    if number is None or se < 0:
        faults.add(at + 2, "值", None, "应为一个数（百分数写 95% 或 0.95；是否写 是、否），标准误不为负", "改正该数")
    elif not blank:
        unit = ONE if is_blank(row.get("unit")) else str(row["unit"]).strip()
        yield Value(unit, str(row["code"]).strip(), number, None, se, str(row["source"]), str(row["date"]), str(row["who"]))


def _number(cell: Any) -> float | None:
    if isinstance(cell, str):
        text = cell.strip()
        if text in WORDS:
            return WORDS[text]
        try:
            number = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            return None
        return number if np.isfinite(number) else None
    return float(cell) if isinstance(cell, Real | np.bool_) and np.isfinite(float(cell)) else None


def leaf_place(system: System, code: str) -> int:
    """Return the place of a leaf among the leaves."""
    return [leaf.code for leaf in system.leaves].index(code)


def gates_of(system: System) -> tuple[tuple[int, Indicator], ...]:
    """Return the gates with their places among the leaves."""
    return tuple((j, leaf) for j, leaf in enumerate(system.leaves) if leaf.rule == "gate")
