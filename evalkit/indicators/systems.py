"""Systems of indicators from files, tables and designs, and as tables again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from evalkit.design import Design
from evalkit.design.agreement import Disagreement
from evalkit.design.reading import parsed, validated
from evalkit.design.scoring import Indicator, System, indicator_faults
from evalkit.design.sections import Section
from evalkit.errors import DesignError
from evalkit.figures import is_blank
from evalkit.sheets import as_pandas, read_sheet

NUMBERS = ("weight", "target", "step", "per", "floor", "cap", "worst", "best", "maximum")
HEADINGS = {
    "code": "代码", "name": "指标", "parent": "上级", "weight": "分值", "rule": "计分规则", "source": "数据来源", "unit": "单位",
    "direction": "方向", "strict": "严格", "target": "目标值", "step": "每步", "per": "每步（例）扣分", "part": "不足一步", "floor": "下限",
    "cap": "最多扣", "worst": "最差", "best": "最好", "maximum": "原满分", "office": "考核部门", "note": "说明", "rate": "取自指标",
    "reads": "取哪个数", "column": "取自列", "statistic": "统计量", "aggregation": "合成",
}  # fmt: skip
DIRECTIONS = {"越大越好": "above", "正向": "above", "越小越好": "below", "逆向": "below"}
SWITCHES = {"是": True, "否": False, "true": True, "false": False}


class SystemFile(Section):
    """A file that holds a system by itself."""

    format: Literal[1]
    indicators: System

    @model_validator(mode="after")
    def _agree(self) -> SystemFile:
        faults = list(indicator_faults(self.model_dump(exclude_unset=True)))
        if faults:
            raise Disagreement(faults)
        return self


def read_system(source: Any, *, title: str = "", basis: str = "", full: float = 100.0) -> System:
    """Read a system of indicators.

    Parameters
    ----------
    source : str, pathlib.Path, Design, mapping or table
        A TOML file with ``[indicators]`` and ``[[indicators.item]]``, the same as plain data, a design that has the section, or a
        table (CSV, Excel, or in memory) with one row an indicator and the keys of ``[[indicators.item]]`` or their Chinese headings
        (`evalkit.indicators.HEADINGS`) as columns.
    title, basis : str
        Of a system that is read from a table: its name, and the document it rests on.
    full : float
        Points of all roots of a table together.

    Returns
    -------
    System

    Raises
    ------
    DesignError
        With every fault at once: a tree that is circular, weights that do not sum, a parent that there is not, a gate without
        direction or strictness, an indicator without source, a rule that lacks a key, an unknown column.

    Examples
    --------
    >>> read_system("designs/systems/sichuan_city_2017.toml")
    指标体系 四川省市（州）党委和政府脱贫攻坚成效考核（2017年）：5 个指标，满分 100，0 道门槛（四川省某市转发的考核表，2017年9月，公开部分）
    >>> read_system({"format": 1, "indicators": {"title": "例", "source": "自拟", "full": 10, "item": [
    ...     {"code": "a", "name": "甲", "weight": 5, "rule": "gate", "source": "第三方评估", "target": 0.02, "strict": True}]}})
    Traceback (most recent call last):
        ...
    evalkit.errors.DesignError: 指标体系：2 处错误
      indicators.full：5｜一级指标分值之和应为 10｜改正分值；未公布的写 rule = "open" 的一项补足
      indicators.item[1].direction：a｜计分规则 gate 缺少 direction｜写 direction = …；门槛：达到得满分，达不到一票否决
    """
    if isinstance(source, System):
        return source
    if isinstance(source, Design):
        if source.indicators is None:
            raise DesignError("design｜没有 [indicators] 一节｜写上，或给出 designs/systems/ 中的文件")
        return source.indicators
    if isinstance(source, Mapping):
        return _checked(dict(source), "指标体系")
    if isinstance(source, str | Path) and Path(source).suffix == ".toml":
        return _checked(parsed(Path(source)), Path(source).name)
    table = read_sheet(source, subject="指标表", error=DesignError) if isinstance(source, str | Path) else as_pandas(source, DesignError)
    return _checked({"format": 1, "indicators": {"title": title, "source": basis, "full": full, "item": _rows(table)}}, "指标表")


def _checked(data: dict[str, Any], subject: str) -> System:
    return validated(SystemFile, data, subject, lambda _, written: list(indicator_faults(written))).indicators


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table of indicators as the items of a file; blanks are left out."""
    codes = {heading: key for key, heading in HEADINGS.items()}
    named = table.rename(columns=lambda heading: codes.get(str(heading), str(heading)))
    return [
        {str(key): _typed(str(key), cell) for key, cell in row.items() if not is_blank(cell)}
        for row in named.to_dict("records")
    ]  # fmt: skip


def _typed(key: str, cell: Any) -> Any:
    """Return a cell as the file would have it: numbers and switches may be written as text."""
    plain = cell.item() if isinstance(cell, np.generic) else cell
    if not isinstance(plain, str):
        return float(plain) if key in NUMBERS and isinstance(plain, int) and not isinstance(plain, bool) else plain
    text = plain.strip()
    if key in NUMBERS:
        try:
            return float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            return text
    if key == "strict":
        return SWITCHES.get(text, text)
    return DIRECTIONS.get(text, text) if key == "direction" else text


def system_table(system: System) -> pd.DataFrame:
    """Return a system as a table that `read_system` reads: one row an indicator, Chinese headings, only the columns that are used.

    Examples
    --------
    >>> system_table(read_system("designs/systems/yingde_2019.toml"))[["代码", "上级", "分值", "计分规则"]].values.tolist()
    [['S', '', 100.0, 'weighted'], ['S1', 'S', 0.7, 'goalposts'], ['S2', 'S', 0.3, 'percent']]
    """
    rows = [_written(item) for item in system.item]
    used = [key for key in Indicator.model_fields if any(not is_blank(row.get(key)) for row in rows)]
    order = [key for key in HEADINGS if key in used]
    return pd.DataFrame([{HEADINGS[key]: "" if is_blank(row.get(key)) else row[key] for key in order} for row in rows])


def _written(item: Indicator) -> dict[str, Any]:
    found = item.model_dump(exclude_defaults=True) | {"weight": item.weight, "rule": item.rule}
    return found | ({"strict": "是" if item.strict else "否"} if item.strict is not None else {})
