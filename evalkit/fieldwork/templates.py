"""Empty tables for an institute to fill: the list of villages, a roster, the returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.fieldwork.rosters import known_strata
from evalkit.sheets import Page, write_book

if TYPE_CHECKING:
    from evalkit.design import Design

BLANK_ROWS = 500
GUIDE = "填写说明"


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
    """
    folder = Path(folder)
    written = [_write(folder / "名单模板.xlsx", "名单", *_frame(design))]
    if design.rosters is not None:
        written.append(_write(folder / "名册模板.xlsx", "名册", *_rosters(design)))
    if design.returns is not None:
        written.append(_write(folder / "回收表模板.xlsx", "回收表", *_returns(design)))
    return written


def _write(path: Path, sheet: str, guide: Mapping[str, str], codes: Sequence[str], choices: Mapping[str, Sequence[str]]) -> Path:
    blank = pd.DataFrame("", index=range(BLANK_ROWS), columns=list(guide))
    offered = {column: words for column, words in choices.items() if column in guide and 0 < len(",".join(words)) <= 255}
    formats = {column: "@" for column in [*codes, *offered]}
    widths = {column: max(12.0, 2.0 * len(column) + 2) for column in guide}
    lines = pd.DataFrame({"列": list(guide), "怎样填写": list(guide.values())})
    page = Page(title="", table=blank, widths=widths, formats=formats, choices=offered)
    return write_book(path, {sheet: page, GUIDE: Page(title=f"{sheet}填写说明", table=lines, widths=(24, 90), notes=_RULES)})


_RULES = (
    "第 1 行是列名，不要改动、合并单元格或在上方加标题；以下每行一个单位。",
    "代码、编号、证件号码所在列已设为文本格式；从别处粘贴时选择“只粘贴数值”，以免丢失开头的 0 与后几位。",
    "可以增加其他列，读取时不影响。",
)


def _frame(design: Design) -> tuple[dict[str, str], list[str], dict[str, Sequence[str]]]:
    frame = design.frame
    code = "12 位统计用区划代码，文本" if frame.code == "division" else "不重复的代码，文本，不含 | 与 /"
    guide = {frame.id: f"必填。{code}"}
    if frame.name:
        guide[frame.name] = "村名"
    guide |= {column: "设计文件 [frame] columns 列出的列，抽样或计算用到" for column in frame.columns}
    for stage in design.stages[:1]:
        guide |= {column: "必填。抽样分层所用的列" for column in stage.strata}
        if stage.mandatory is not None:
            guide[stage.mandatory.column] = f"必访村标识：{'、'.join(stage.mandatory.values)}"
    guide |= {rule.column: f"名单规则用到：{rule.reason}" for rule in frame.rule if rule.column not in guide}
    return guide, [frame.id, *(column for column in guide if "code" in column or "代码" in column)], {}


def _rosters(design: Design) -> tuple[dict[str, str], list[str], dict[str, Sequence[str]]]:
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
    codes = [column for column in (columns.village, columns.household, columns.id_number) if column]
    return guide, codes, {columns.stratum: strata}


def _returns(design: Design) -> tuple[dict[str, str], list[str], dict[str, Sequence[str]]]:
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
        if rate.kind == "approval":
            words = tuple(dict.fromkeys((*rate.scale, *rate.dont_know)))
            for item in rate.items:
                texts[item], choices[item] = f"完成调查的户必填。填写：{'、'.join(words)}", words
    return texts, choices
