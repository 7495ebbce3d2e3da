"""Tables of several tiers of checking read: one with a column for each tier, or one for each tier; and an empty one to fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import Faults, FieldworkError
from evalkit.fieldwork.templates import blank_pages, refuse_filled
from evalkit.filledin import Filled, read_filled, read_several, refuse_several, save_book
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.tiers.compared import FAIL, ITEM, PASS, Tiers

RESULT, ROW = "结果", "_row"
RULES = ("一行写一个单位的一个项目；各级各写各的结果，不互相改。", "第 1 行是列名，不要改动；可以增加其他列，读取时不影响。")
Words = tuple[str, str]


@takes(FieldworkError)
def compare_tiers(source: Any, *, tiers: Sequence[str], unit: str | Sequence[str], words: tuple[str, str] = (PASS, FAIL)) -> Tiers:
    """Hold the answers of several tiers of checking to the same items against one another.

    Parameters
    ----------
    source : table, path, or mapping of tier to table or path
        One table with one row a unit and item: the columns of the unit, 项目, and a column for each tier, blank where the tier did
        not look. Or each tier's own table: the columns of the unit, 项目, 结果.
    tiers : sequence of str
        The tiers, lowest first.
    unit : str or sequence of str
        Columns that name a unit, such as 村代码 and 户编号.
    words : (str, str)
        What stands for 达标 and 不达标 in the tables.

    Returns
    -------
    Tiers

    Raises
    ------
    FieldworkError
        With every fault of all tables and its row: missing columns, blanks, other words, an item twice for a unit; fewer than two
        tiers; a tier that answered nothing.

    Examples
    --------
    >>> rows = [("01", "饮水", "达标", "达标"), ("02", "饮水", "达标", "不达标"), ("03", "饮水", "不达标", "达标")]
    >>> table = pd.DataFrame(rows, columns=["村代码", "项目", "乡级自查", "县级普查"])
    >>> compare_tiers(table, tiers=["乡级自查", "县级普查"], unit="村代码")
    Tiers 3 个单位 1 个项目：乡级自查×县级普查 都查 3，漏查 1，误报 1
    """
    names, keys = tuple(as_list(tiers)), tuple(as_list(unit))
    _refuse_names(names, keys, words)
    rows, lines = _several(source, names, keys, words) if isinstance(source, Mapping) else _one(source, names, keys, words)
    silent = [name for name in names if (rows[name] == "").all()]
    if silent:
        raise FieldworkError(f"{'、'.join(silent)}｜没有一项结果｜填写 {words[0]} 或 {words[1]}，或从 tiers 中去掉")
    seen = rows[list(names)] != ""
    alone = [name for name in names if not (seen[name] & seen.drop(columns=name).any(axis=1)).any()]
    if alone:
        raise FieldworkError(f"{'、'.join(alone)}｜查的单位与项目和别的级没有一个相同｜核对代码（开头的 0）与项目的写法，各级应一致")
    return Tiers(rows, lines, keys, names)


def _refuse_names(names: tuple[str, ...], keys: tuple[str, ...], words: Words) -> None:
    faults = Faults("各级核查表")
    if len(names) < 2:
        faults.add(None, "tiers", "、".join(names), "至少两级，低的在前", '写如 tiers=["乡级自查", "县级普查"]；命令中 --tier 每级写一次')
    if not keys:
        faults.add(None, "unit", None, "没有写哪些列指明一个单位", '写如 unit="村代码"')
    if len({*names, *keys, ITEM, RESULT}) < len(names) + len(keys) + 2:
        faults.add(None, "tiers、unit", "、".join([*names, *keys]), f"有重复，或与 {ITEM}、{RESULT} 同名", "各列名不同")
    if words[0] == words[1] or not all(words):
        faults.add(None, "words", "、".join(words), "应为两个不同的词", '写如 words=("合格", "不合格")')
    faults.refuse(FieldworkError)


def _one(source: Any, names: tuple[str, ...], keys: tuple[str, ...], words: Words) -> tuple[pd.DataFrame, pd.DataFrame]:
    filled = read_filled(source, "各级核查表", [*keys, ITEM, *names])
    filled.codes(*keys)
    filled.require(ITEM)
    filled.once(*keys, ITEM)
    for name in names:
        filled.word(name, words, blank=True)
    filled.refuse()
    rows = filled.rows.reset_index(drop=True)
    rows[list(names)] = rows[list(names)].replace(_plain(words))
    lines = pd.DataFrame({name: filled.rows.index.to_numpy() + 2 for name in names})
    return rows, lines


def _several(source: Mapping[str, Any], names: tuple[str, ...], keys: tuple[str, ...], words: Words) -> tuple[pd.DataFrame, pd.DataFrame]:
    if set(source) != set(names):
        raise FieldworkError(f"{'、'.join(map(str, source))}｜各级的表应与 tiers 相同：{'、'.join(names)}｜改正名字，或补上一级的表")
    filled = read_several(*((source[name], name, (*keys, ITEM, RESULT), ()) for name in names))
    for each in filled:
        each.codes(*keys)
        each.require(ITEM)
        each.once(*keys, ITEM)
        each.word(RESULT, words)
    refuse_several(filled)
    parts = [_own(each, name, words) for each, name in zip(filled, names, strict=True)]
    table = pd.concat([part[[*keys, ITEM]] for part in parts]).drop_duplicates(ignore_index=True)
    for part in parts:
        table = table.merge(part, on=[*keys, ITEM], how="left")
    rows = table[[*keys, ITEM, *names]].fillna("")
    lines = table[[f"{name}{ROW}" for name in names]].fillna(0).astype(int).set_axis(list(names), axis=1)
    return rows, lines


def _own(filled: Filled, name: str, words: Words) -> pd.DataFrame:
    rows = filled.rows.replace({RESULT: _plain(words)})
    return rows.rename(columns={RESULT: name}).assign(**{f"{name}{ROW}": filled.rows.index + 2})


def _plain(words: Words) -> dict[str, str]:
    return dict(zip(words, (PASS, FAIL), strict=True))


@takes(FieldworkError)
def write_tier_form(path: str | Path, *, tiers: Sequence[str], unit: str | Sequence[str], words: tuple[str, str] = (PASS, FAIL)) -> Path:
    """Write an empty table of tiers to fill, as `compare_tiers` reads it.

    Parameters
    ----------
    path : str or Path
        An ``.xlsx`` file.
    tiers, unit, words
        As for `compare_tiers`.

    Raises
    ------
    FieldworkError
        When the file is there and somebody has begun to fill it.
    """
    names, keys, place = tuple(as_list(tiers)), tuple(as_list(unit)), Path(path)
    _refuse_names(names, keys, words)
    refuse_filled(place)
    guide = {key: "必填。单位的代码或编号，文本；不写姓名" for key in keys} | {ITEM: "必填。核查项目，各级用同一个名字"}
    guide |= {name: f"{name}的结果：{words[0]}、{words[1]}；没有查的留空" for name in names}
    return save_book(place, blank_pages("各级核查", guide, keys, dict.fromkeys(names, words), RULES))
