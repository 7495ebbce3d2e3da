"""Empty tables for an institute to fill: the list of villages, a roster, the returns."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.design.judgement import ANSWERED
from evalkit.errors import FieldworkError
from evalkit.fieldwork.rosters import known_strata
from evalkit.sheets import Page, read_sheet, write_book

if TYPE_CHECKING:
    from evalkit.design import Design

BLANK_ROWS = 500
GUIDE = "填写说明"
LONGEST_OFFER = 255  # characters Excel takes as the words of a drop-down list, commas included
RULES = (
    "第 1 行是列名，不要改动、合并单元格或在上方加标题；以下每行一个单位。",
    "代码、编号、证件号码所在列已设为文本格式；从别处粘贴时选择“只粘贴数值”，以免丢失开头的 0 与后几位。",
    "可以增加其他列，读取时不影响。",
)
Parts = tuple[Mapping[str, str], Sequence[str], Mapping[str, Sequence[str]]]  # how to fill each column, columns of codes, words offered


def write_templates(folder: str | Path, design: Design) -> list[Path]:
    """Write Excel templates under the headings of a design.

    Each workbook has the table to fill first, so that it can be read back as it is, and 填写说明 second.
    Columns of codes are formatted as text, so that Excel keeps leading zeros and all 18 digits; columns of
    words offer the design's words as drop-down lists.

    Parameters
    ----------
    folder : str or pathlib.Path
        Made when absent.
    design : Design

    Returns
    -------
    list of pathlib.Path
        名单模板.xlsx, and 名册模板.xlsx and 回收表模板.xlsx where the design maps their columns.

    Raises
    ------
    FieldworkError
        When a template of that name has been filled in; none is written then.
    """
    parts = {"名单": _frame(design)}
    if design.rosters is not None:
        parts["名册"] = _rosters(design)
    if design.returns is not None:
        parts["回收表"] = returns_parts(design)
    return write_blanks(folder, parts)


def write_blanks(folder: str | Path, parts: Mapping[str, Parts], rules: Sequence[str] = RULES) -> list[Path]:
    """Write an empty workbook to fill for each sheet, ``<sheet>模板.xlsx``; none when somebody has begun to fill one of them.

    Raises
    ------
    FieldworkError
    """
    paths = {sheet: Path(folder) / f"{sheet}模板.xlsx" for sheet in parts}
    for path in paths.values():
        refuse_filled(path)
    return [write_book(paths[sheet], blank_pages(sheet, *mine, rules)) for sheet, mine in parts.items()]


def blank_pages(
    sheet: str, guide: Mapping[str, str], codes: Sequence[str], choices: Mapping[str, Sequence[str]], rules: Sequence[str],
    rows: int = BLANK_ROWS,
) -> dict[str, Page]:  # fmt: skip
    """Return an empty sheet under the headings of its guide, and the sheet that says how to fill it."""
    blank = pd.DataFrame("", index=range(rows), columns=list(guide))
    return {sheet: table_page(blank, codes, choices), GUIDE: guide_page(f"{sheet}填写说明", guide, rules)}


def table_page(table: pd.DataFrame, codes: Sequence[str], choices: Mapping[str, Sequence[str]]) -> Page:
    """Return a sheet to fill and read back: headings in row 1, codes as text, words as drop-down lists."""
    offered = {column: words for column, words in choices.items() if column in table and 0 < len(",".join(words)) <= LONGEST_OFFER}
    formats = {column: "@" for column in [*codes, *offered]}
    widths = {column: max(12.0, 2.0 * len(column) + 2) for column in table.columns}
    widths |= {column: max(16.0, widths[column]) for column in codes if column in widths}
    return Page(title="", table=table, widths=widths, formats=formats, choices=offered)


def guide_page(title: str, guide: Mapping[str, str], rules: Sequence[str]) -> Page:
    """Return the sheet that says how to fill each column."""
    lines = pd.DataFrame({"列": list(guide), "怎样填写": list(guide.values())})
    return Page(title=title, table=lines, widths=(24, 90), notes=rules)


def refuse_filled(path: Path, given: Collection[str] = ()) -> None:
    """Refuse to write over a form that somebody has begun to fill.

    Parameters
    ----------
    path : pathlib.Path
        Need not exist.
    given : collection of str
        Headings of columns that are filled when the form is written.

    Raises
    ------
    FieldworkError
    """
    if not path.exists():
        return
    table = read_sheet(path, subject="待填的表", error=FieldworkError)
    known = {unicodedata.normalize("NFKC", heading) for heading in given}
    if (table[[heading for heading in table.columns if heading not in known]] != "").any(axis=None):
        raise FieldworkError(f"{path.name}｜已有人填写，不能覆盖｜先把这个文件改名或移走，再试一次")


def _frame(design: Design) -> Parts:
    frame = design.frame
    code = "12 位统计用区划代码，文本" if frame.code == "division" else "不重复的代码，文本，不含 | 与 /"
    guide = {frame.id: f"必填。{code}"}
    if frame.name:
        guide[frame.name] = "村名"
    guide |= {column: "设计文件 [frame] columns 列出的列，抽样或计算用到" for column in frame.columns}
    for stage in design.frame_stages:
        guide |= {column: "必填。抽样分层所用的列" for column in stage.strata}
        guide |= {column: "必填。这一阶段的抽样单位" for column in [stage.unit] if column}
        guide |= {column: "必填。单位的规模，大于 0 的数" for column in [stage.size] if column not in ("", "rows")}
        guide |= {rule.column: f"{rule.purpose}标识：{'、'.join(rule.values)}" for rule in stage.mandatory if rule.column}
    guide |= {rule.column: f"名单规则用到：{rule.reason}" for rule in frame.rule if rule.column not in guide}
    shown = [frame.place, *(note.column for note in frame.note), *design.report.groups]
    guide |= {column: "报告用到" for column in shown if column and column not in guide}
    return guide, [frame.id, *(column for column in guide if "code" in column or "代码" in column)], {}


def _rosters(design: Design) -> Parts:
    columns = design.rosters
    assert columns is not None
    strata = tuple(columns.strata) or known_strata(design)
    texts = {
        columns.village: "必填。与名单一致的村代码，文本",
        columns.household: "必填。村内不重复的户编号，文本，开头的 0 须保留",
        columns.stratum: f"必填。填写：{'、'.join(strata) or '户类型'}",
        columns.persons: "必填。户内人数，不小于 1 的整数",
        columns.head: "户主姓名，只写入入户名单",
        columns.id_number: "户主证件号码，文本；入户名单中只显示前 6 位",
        columns.address: "自然村或村民组",
    }
    guide = {column: text for column, text in texts.items() if column}
    guide |= {column: "设计文件 [rosters] columns 列出的列，抽样用到" for column in columns.columns}
    codes = [column for column in (columns.village, columns.household, columns.id_number) if column]
    return guide, codes, {columns.stratum: strata}


def returns_parts(design: Design) -> Parts:
    """Return how to fill each column of the returns, its columns of codes, and the words to offer."""
    columns = design.returns
    assert columns is not None
    texts = {
        columns.village: "必填。与入户名单一致的村代码，文本",
        columns.household: "必填。与入户名单一致的户编号，文本",
        columns.disposition: f"必填。填写：{'、'.join(columns.dispositions)}",
        columns.interviewer: "调查员编号",
        columns.persons: "完成调查的户必填。核实后的户内人数",
    }
    choices: dict[str, Sequence[str]] = {columns.disposition: tuple(columns.dispositions)}
    answers, words = _answers(design)
    texts |= answers
    choices |= words
    if columns.status:
        texts[columns.status] = f"疑似问题户填写：{'、'.join(columns.statuses)}；没有问题的户留空"
        choices[columns.status] = tuple(columns.statuses)
    return {column: text for column, text in texts.items() if column}, [columns.village, columns.household], choices


def _answers(design: Design) -> tuple[dict[str, str], dict[str, Sequence[str]]]:
    """Return how to fill the columns that criteria and approval rates read, and their words."""
    texts: dict[str, str] = {}
    choices: dict[str, Sequence[str]] = {}
    criteria = design.criteria
    if criteria is not None:
        coded = (*criteria.yes, *criteria.no)
        texts[criteria.income] = f"完成调查的户必填。元/人·年，数值；对照标准 {criteria.line:g} 元"
        for column in (*criteria.guarantees, *criteria.exclusions):
            texts[column], choices[column] = f"完成调查的户必填。填写：{'、'.join(coded)}", coded
        if criteria.affected:
            texts[criteria.affected] = "有问题的户填写涉及人数，不超过户内人数"
    for rate in design.rates:
        if isinstance(rate, ANSWERED):
            words = tuple(dict.fromkeys((*rate.scale, *rate.dont_know)))
            for item in rate.items:
                texts[item], choices[item] = f"完成调查的户必填。填写：{'、'.join(words)}", words
    return texts, choices
