"""Which units must be reached: by rules on the columns of a list, or because a design takes them for certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import EvalkitError, Faults, FieldworkError
from evalkit.fieldwork.templates import write_blanks
from evalkit.filledin import Filled, read_filled
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.sample import Sample
from evalkit.sheets import cell_text

CODE, KIND, ANY = "单位代码", "类别", "*"
CERTAIN = 1 - 1e-12  # a chance of one, but for the rounding of a quotient
GUIDES = {
    "必访名单": {CODE: "必填。村代码；农户写 村代码/户编号", KIND: "必填。如 2018年拟脱贫村；一个单位属于几类的，写几行"},
    "走访记录": {CODE: "必填。走访过的单位，写法与必访名单相同；走访几次的写几行也行"},
}
RULES = ("第 1 行是列名，不要改动；可以增加其他列，读取时不影响。", "不写姓名、证件、电话。")


@takes(FieldworkError)
def must_visit(source: Any, kinds: Mapping[str, Any], *, code: str | Sequence[str] = "村代码") -> pd.DataFrame:
    """Return the units that must be visited, by rules on the columns of a list.

    Parameters
    ----------
    source : table or path
        One row a unit.
    kinds : mapping of str to (column, values)
        汝南: ``{"2014—2017年脱贫村": ("脱贫年度", range(2014, 2018)), "2018年拟脱贫村": ("拟脱贫年度", [2018]),``
        ``"边缘村": ("边缘村", ["是"])}``. ``"*"`` for the values takes every unit: a census.
    code : str or sequence of str
        Column of the codes, or village and household, which become village/household.

    Returns
    -------
    DataFrame
        One row a unit and kind: 单位代码, 类别. A unit may be of several kinds.

    Raises
    ------
    FieldworkError
        With every fault: columns that are absent, blank or repeated codes, a kind to which no unit belongs.

    Examples
    --------
    >>> table = pd.DataFrame({"村代码": ["01", "02", "03"], "脱贫年度": [2016, "", 2013], "边缘村": ["否", "是", "否"]})
    >>> must_visit(table, {"已脱贫村": ("脱贫年度", range(2014, 2018)), "边缘村": ("边缘村", ["是"])}).values.tolist()
    [['01', '已脱贫村'], ['02', '边缘村']]
    """
    keys = as_list(code)
    rules = _read_rules(kinds, keys)
    columns = [column for column, wanted in rules.values() if wanted is not None]
    filled = read_filled(source, "名单", [*keys, *columns])
    filled.codes(*keys)
    filled.once(*keys)
    codes = filled.rows[keys[0]].str.cat([filled.rows[key] for key in keys[1:]], sep="/")
    parts = [_of_kind(filled, codes, kind, *rule) for kind, rule in rules.items()]
    filled.refuse()
    return pd.concat(parts, ignore_index=True)


def _read_rules(kinds: Mapping[str, Any], keys: Sequence[str]) -> dict[str, tuple[str, set[str] | None]]:
    """Return the column and the values of each kind, None for all; refuse other shapes, and blanks, which every blank cell would be."""
    rules: dict[str, tuple[str, set[str] | None]] = {}
    faults, example = Faults("必访的规则"), '写如 {"边缘村": ("边缘村", ["是"])}'
    if not kinds:
        faults.add(None, "kinds", None, "没有写必访的类别", example)
    for kind, rule in kinds.items():
        if not isinstance(rule, tuple | list) or len(rule) != 2 or not isinstance(rule[0], str):
            faults.add(None, kind, None, "应为列名与取值", example)
            continue
        wanted = _wanted(rule[1])
        rules[kind] = rule[0], wanted
        if wanted is not None and not wanted:
            faults.add(None, kind, None, "没有写取值", example)
        elif wanted is not None and "" in wanted:
            faults.add(None, kind, None, "取值中有空白，空白的格都会算进去", '写出取值；全部单位写 "*"')
    if not keys or len(set(keys)) < len(keys) or not all(keys):
        faults.add(None, "code", "、".join(keys), "没有写代码所在的列，或写重了", '写如 code="村代码"，农户写 code=["村代码", "户编号"]')
    faults.refuse(FieldworkError)
    return rules


def _wanted(values: Any) -> set[str] | None:
    """Return the values as the cells of a table show them; None for all."""
    if isinstance(values, str) and values == ANY:
        return None
    several = isinstance(values, Iterable) and not isinstance(values, str)
    try:
        return {cell_text(value) for value in (values if several else [values])}
    except EvalkitError:
        return set()


def _of_kind(filled: Filled, codes: pd.Series, kind: str, column: str, wanted: set[str] | None) -> pd.DataFrame:
    if wanted is None:
        return pd.DataFrame({CODE: codes, KIND: kind})
    mine = filled.rows[column].isin(wanted)
    if not mine.any():
        filled.faults.add(None, column, None, f"没有一个单位属于“{kind}”", "改正取值（写法与名单中相同），或去掉这一类")
    return pd.DataFrame({CODE: codes[mine], KIND: kind})


@takes(FieldworkError)
def take_all(sample: Sample) -> pd.DataFrame:
    """Return the units that a design takes for certain: strata taken whole, and units that must be taken.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    DataFrame
        单位代码 (the unit, or village/household), 类别 (stage and stratum). Households count as certain within their village.

    Raises
    ------
    FieldworkError
        When the design takes nothing for certain.
    """
    parts = []
    for stage in sample.design.frame_stages:
        drawn = sample.table(stage.name)
        parts.append(_certain(drawn, drawn["unit"].astype(str), stage.name))
    if sample.design.roster_stages and not sample.pending:
        drawn = sample.table(sample.design.stages[-1].name)
        parts.append(_certain(drawn, drawn["village"].astype(str) + "/" + drawn["household"].astype(str), sample.design.stages[-1].name))
    found = pd.concat(parts, ignore_index=True)
    if found.empty:
        raise FieldworkError("sample｜设计没有必定入样的单位｜用 must_visit 或必访名单")
    return found


def _certain(drawn: pd.DataFrame, codes: pd.Series, stage: str) -> pd.DataFrame:
    mine = drawn["chance"].astype(float) >= CERTAIN
    return pd.DataFrame({CODE: codes[mine], KIND: stage + "·" + drawn.loc[mine, "stratum"].astype(str)})


@takes(FieldworkError)
def write_visit_forms(folder: str | Path) -> list[Path]:
    """Write empty tables to fill, as `check_coverage` reads them: 必访名单模板.xlsx, 走访记录模板.xlsx.

    Raises
    ------
    FieldworkError
        When one of them is there and somebody has begun to fill it; none is written then.
    """
    return write_blanks(folder, {name: (guide, [CODE], {}) for name, guide in GUIDES.items()}, RULES)
