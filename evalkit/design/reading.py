"""From a TOML file to a Design, with every fault of the file reported at once by its path."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evalkit.design.declarations import Design
from evalkit.errors import DesignError, Faults

RULES = {
    "missing": ("缺少这一项", "补上这一项"),
    "extra_forbidden": ("没有这个键", "删去，或对照 evalkit init 写出的样例改正键名"),
    "literal_error": ("不在允许的取值中", "改为：{expected}"),
    "union_tag_invalid": ("种类不在允许的取值中", "改为：{expected_tags}"),
    "union_tag_not_found": ("缺少 kind", "写 kind = \"finding\"、\"incidence\" 或 \"approval\""),
    "greater_than": ("数值太小", "应大于 {gt}"),
    "greater_than_equal": ("数值太小", "应不小于 {ge}"),
    "less_than": ("数值太大", "应小于 {lt}"),
    "less_than_equal": ("数值太大", "应不大于 {le}"),
    "int_parsing": ("应为整数", "写不带引号的整数"),
    "int_type": ("应为整数", "写不带引号的整数"),
    "int_from_float": ("应为整数", "写不带小数的整数"),
    "float_parsing": ("应为数值", "写不带引号的数值"),
    "float_type": ("应为数值", "写不带引号的数值"),
    "bool_type": ("应为 true 或 false", "写 true 或 false，不带引号"),
    "bool_parsing": ("应为 true 或 false", "写 true 或 false，不带引号"),
    "string_type": ("应为文字", "给值加上引号"),
    "string_pattern_mismatch": ("写法不合", "应符合 {pattern}"),
    "dict_type": ("应为表", "写 {{ 名称 = 值 }}"),
    "tuple_type": ("应为列表", "写 [ … ]"),
    "too_short": ("太少", "至少 {min_length} 个"),
    "too_long": ("太多", "至多 {max_length} 个"),
}
UNION_PARTS = frozenset({"finding", "incidence", "approval", "int", "constrained-int", "dict[str,constrained-int]"})


def read_design(path: str | Path | Mapping[str, Any]) -> Design:
    """Read an evaluation's design file.

    Parameters
    ----------
    path : str, pathlib.Path or mapping
        A TOML file in UTF-8, or the same content as plain data.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        With every fault of the file: its path, what was found, what was expected, what to type.

    Examples
    --------
    >>> import evalkit as ev
    >>> ev.read_design("designs/biyang_2018.toml").evaluation.county
    '泌阳县'
    >>> ev.read_design({"format": 1, "stage": [{"name": "village", "method": "srs", "n": -3}]})
    Traceback (most recent call last):
        ...
    evalkit.errors.DesignError: 设计文件：4 处错误
      evaluation｜缺少这一项｜补上这一项
      frame｜缺少这一项｜补上这一项
      stage[1].n：-3｜数值太小｜应大于 0
      report｜缺少这一项｜补上这一项
    """
    if isinstance(path, Mapping):
        return _checked(dict(path), "设计文件")
    source = Path(path)
    return _checked(_parsed(source) | {"path": source}, source.name)


def _parsed(source: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DesignError(f"{source}｜没有这个文件｜检查路径，或键入 evalkit init 文件夹名") from None
    except UnicodeDecodeError:
        raise DesignError(f"{source.name}｜不是 UTF-8 文字｜另存为 UTF-8 后重试") from None
    except tomllib.TOMLDecodeError as fault:
        raise DesignError(f"{source.name}｜TOML 写法有误：{fault}｜键用英文，文字值加引号") from None
    if "path" in data:
        raise DesignError(f"{source.name}｜path｜没有这个键｜删去")
    return data


def _checked(data: dict[str, Any], subject: str) -> Design:
    try:
        return Design.model_validate(data)
    except ValidationError as found:
        faults = Faults(subject)
        for fault in found.errors(include_url=False):
            _note(faults, fault)
        faults.refuse(DesignError)
        raise


def _note(faults: Faults, fault: Any) -> None:
    path = _path_text(fault["loc"])
    if fault["type"] == "value_error":
        for line in str(fault["ctx"]["error"]).split("\n"):
            parts = line.split("｜")
            where, value, rule, remedy = parts if len(parts) == 4 else (path, "", line, "改正后重试")
            faults.add(None, where, value, rule, remedy)
        return
    rule, remedy = RULES.get(fault["type"], (fault["msg"], "改正后重试"))
    found = fault["input"] if fault["type"] != "missing" else ""
    value = found if isinstance(found, (str, int, float, bool)) else ""
    if path not in {known.column for known in faults if known.column.endswith(".n")}:
        faults.add(None, path, value, rule, remedy.format(**fault.get("ctx", {})))


def _path_text(location: tuple[Any, ...]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif part not in UNION_PARTS:
            text += f".{part}" if text else str(part)
    return text or "设计文件"
