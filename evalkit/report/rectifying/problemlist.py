"""A list of problems as a plain table: one row a problem, checked before any paper is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import Fault, Faults, ReportError
from evalkit.figures import is_blank, official_date
from evalkit.sheets import read_sheet

NEEDED = ("编号", "级别", "地点", "问题")
HEADINGS = (*NEEDED, "依据", "牵头单位", "责任单位", "责任人", "整改措施", "整改时限", "状态", "完成日期", "核验人", "销号日期", "备注")
LEVELS = ("县", "乡镇", "村", "户")
OPEN, DONE = ("未开始", "整改中", "长期坚持"), ("已完成", "已销号")
DATES = ("整改时限", "完成日期", "销号日期")
LASTING = "长期坚持"  # a measure without a last day
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


def read_problems(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Read a list of problems.

    Parameters
    ----------
    source : path or DataFrame
        With 编号, 级别 (县, 乡镇, 村, 户), 地点 and 问题; the other headings of ``HEADINGS`` where they are known. Dates are written
        2018-06-10; a 整改时限 may be 长期坚持. 状态 is 未开始, 整改中, 长期坚持, 已完成 or 已销号.

    Returns
    -------
    DataFrame
        All headings in order, text, blanks ``""``; by level from county to household, in the order of the table within each.

    Raises
    ------
    ReportError
        With every fault and its row: headings that are missing, blanks, numbers used twice, unknown levels and states, dates that are
        none, a state that does not fit the dates.

    Examples
    --------
    >>> table = pd.DataFrame({"编号": ["2", "1"], "级别": ["户", "县"], "地点": ["A村001户", "县"], "问题": ["饮水", "台账"]})
    >>> read_problems(table)["编号"].tolist()
    ['1', '2']
    """
    table = source if isinstance(source, pd.DataFrame) else read_sheet(source, subject="问题清单", error=ReportError)
    lacking = [heading for heading in NEEDED if heading not in table.columns]
    if lacking:
        raise ReportError(f"问题清单｜缺少 {'、'.join(lacking)}｜表头应有 {'、'.join(NEEDED)}，可有 {'、'.join(HEADINGS[4:])}")
    if not len(table):
        raise ReportError("问题清单｜没有一行｜没有发现问题就不必写这份文件；有的，一个问题一行")
    text = pd.DataFrame({name: [_text(value) for value in table[name]] if name in table else "" for name in HEADINGS}, index=table.index)
    faults = Faults("问题清单")
    for fault in _faults(text):
        faults.add(fault.row, fault.column, fault.value, fault.rule, fault.remedy)
    faults.refuse(ReportError)
    return text.sort_values("级别", key=lambda levels: levels.map(LEVELS.index), kind="stable", ignore_index=True)


def _text(value: Any) -> str:
    if is_blank(value) or value is pd.NaT:
        return ""
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else str(value).strip()


def _faults(table: pd.DataFrame) -> Iterator[Fault]:
    twice = table["编号"].duplicated(keep="first")
    for (at, row), again in zip(table.iterrows(), twice, strict=True):
        line = int(str(at)) + 2
        yield from (Fault(line, name, "", "不能空白", "填写") for name in NEEDED if not row[name])
        if row["编号"] and again:
            yield Fault(line, "编号", row["编号"], "编号不能重复", "每个问题一个编号")
        if row["级别"] and row["级别"] not in LEVELS:
            yield Fault(line, "级别", row["级别"], f"应为 {'、'.join(LEVELS)}", "改正")
        if row["状态"] not in ("", *OPEN, *DONE):
            yield Fault(line, "状态", row["状态"], f"应为 {'、'.join((*OPEN, *DONE))}", "改正")
        yield from _date_faults(line, row)


def _date_faults(line: int, row: pd.Series) -> Iterator[Fault]:
    for name in DATES:
        value = row[name]
        if value and not (DATE.fullmatch(value) and _is_day(value)) and not (name == "整改时限" and value == LASTING):
            yield Fault(line, name, value, "应为日期，如 2018-06-10" + ("，或长期坚持" if name == "整改时限" else ""), "改正")
    if row["状态"] in DONE and not row["完成日期"]:
        yield Fault(line, "完成日期", "", f"状态为{row['状态']}的须有完成日期", "补上日期，或改状态")
    if row["状态"] == "已销号" and not row["核验人"]:
        yield Fault(line, "核验人", "", "已销号的须有核验人", "补上（可写代号），或改状态")


def _is_day(text: str) -> bool:
    return bool(pd.notna(pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")))


def day(text: str) -> str:
    """Write a date of the list as official papers do.

    Examples
    --------
    >>> day("2018-06-10"), day("长期坚持")
    ('2018年6月10日', '长期坚持')
    """
    return official_date(text)


def overdue(table: pd.DataFrame, today: str) -> pd.Series:
    """Return which problems are not done although their last day is before a date."""
    last = pd.to_datetime(table["整改时限"], format="%Y-%m-%d", errors="coerce")
    return ~table["状态"].isin(DONE) & (last < pd.Timestamp(today))
