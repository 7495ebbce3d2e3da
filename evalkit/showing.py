"""Nouns as notebooks and consoles show them: one sentence, and below it the rows of a small table, the same in HTML and as text."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evalkit.figures import WORDS, is_blank, plain, significant

SHOWN_ROWS = 30  # of a table in a notebook
HEADINGS = {
    "variable": "变量", "level": "类别", "prob": "分位", "term": "项", "groups": "组", "index": "指数", "subject": "对象", "test": "检验",
    "method": "方法", "symbol": "分布", "reason": "说明", "estimate": "估计", "coef": "系数", "se": "标准误", "df": "自由度",
    "ndf": "分子自由度", "ddf": "分母自由度", "deff": "设计效应", "statistic": "统计量", "p": "p 值", "p_value": "p 值",
    "pearson": "Pearson X²",
    "finding": "发现", "households": "户", "persons": "人", "confirmed_households": "认定的户", "confirmed_persons": "认定的人",
    "stratum": "户类型", "planned": "计划", "released": "发放", "complete": "完成", "refusal": "拒访", "noncontact": "未遇",
    "ineligible": "不符合", "pending": "待回", "replaced": "替换完成", "response_rate": "应答率", "note": "说明", "county": "县",
    "unit": "对象", "area": "类别", "score": "得分", "yes": "落实", "no": "未落实", "place": "名次", "median_place": "名次中位数",
    "place_low": "名次低", "place_high": "名次高", "score_low": "得分低", "score_high": "得分高", "grade": "等次", "changed": "等次改变",
    "rate": "指标", "official": "法定值", "official_low": "法定值最低", "official_high": "法定值最高", "estimate_low": "估计最低",
    "estimate_high": "估计最高", "legal_changes": "规则结论改变", "zone_changes": "把握改变", "low": "低", "high": "高",
    "n_eff": "有效 n", "direct": "直接", "shrunk": "收缩", "shrunk_low": "收缩低", "shrunk_high": "收缩高", "weight": "权数",
    "arcsine": "反正弦", "gamma": "反正弦权数", "item": "题", "performance": "得分", "performance_low": "得分低",
    "performance_high": "得分高", "importance": "重要性", "importance_low": "重要性低", "importance_high": "重要性高",
    "quadrant": "象限", "firm": "能确定", "dialled": "拨打", "completed": "完成", "reached": "完成率", "short": "未满",
    "population": "总数", "villages": "村",
}  # fmt: skip


class Rows(NamedTuple):
    """A small table for reading, every cell a text.

    Attributes
    ----------
    headings : sequence of str
        Empty when there is only the sentence.
    cells : sequence of sequence of str
        One for each row.
    names : int
        How many columns, from the left, hold names; the others hold numbers and stand at the right of their cells.
    caption : str
        The sentence above the table; what the noun says of itself when it is empty.
    """

    headings: Sequence[str] = ()
    cells: Sequence[Sequence[str]] = ()
    names: int = 0
    caption: str = ""


class Shown:
    """What shows itself: `repr` is one sentence; a notebook and IPython add the rows below it.

    The rows are counts, totals and declarations, never the row of a person or a household. From a store (pickle, deepcopy) it comes
    back as it was: its arrays cannot be written to, which numpy alone does not keep.
    """

    def __setstate__(self, state: dict[Any, Any]) -> None:
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        vars(self).update(state)

    def _rows_shown(self) -> Rows:
        """Return the rows below the sentence."""
        return Rows()

    def _repr_html_(self) -> str:
        rows = self._rows_shown()
        return as_html(rows.caption or repr(self), rows)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        rows = self._rows_shown()
        printer.text(as_text(rows.caption or repr(self), rows))


def as_html(caption: str, rows: Rows) -> str:
    """Return a sentence and its rows as HTML: no script, no address, every text escaped.

    Examples
    --------
    >>> as_html("1 < 2", Rows()), as_html("甲", Rows(["县"], [["<a>"]], 1)).count("&lt;a&gt;")
    ('<p style="white-space:pre-line">1 &lt; 2</p>', 1)
    """
    if not rows.headings:
        return f'<p style="white-space:pre-line">{html.escape(caption)}</p>'
    return html_table(rows.headings, rows.cells, names=rows.names, caption=caption)


def html_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, names: int = 0, caption: str = "") -> str:
    """Return a small table as a notebook shows it: styles inside the elements, every text escaped.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequence of str
        Only the first 30 are shown.
    names : int
        How many columns, from the left, hold names; the others hold numbers and stand at the right of their cells.
    caption : str
        One sentence above the table.

    Examples
    --------
    >>> print(html_table(["县", "n"], [["<a>", "3"]], names=1))
    <table style="border-collapse:collapse"><thead><tr><th style="padding:2px 10px;text-align:left;border-bottom:1px solid">县</th><th
    style="padding:2px 10px;text-align:right;border-bottom:1px solid">n</th></tr></thead><tbody><tr><td
    style="padding:2px 10px;text-align:left">&lt;a&gt;</td><td style="padding:2px 10px;text-align:right">3</td></tr></tbody></table>
    """
    head = _html_row("th", headings, names, ";border-bottom:1px solid")
    body = "".join(_html_row("td", row, names) for row in rows[:SHOWN_ROWS])
    for more in _more(rows):
        body += f'<tr><td colspan="{len(headings)}" style="padding:2px 10px;text-align:left">{more}</td></tr>'
    told = f'<caption style="text-align:left;padding:2px 10px;white-space:pre-line">{html.escape(caption)}</caption>' if caption else ""
    return f'<table style="border-collapse:collapse">{told}<thead>{head}</thead><tbody>{body}</tbody></table>'


def _html_row(tag: str, cells: Sequence[str], names: int, more: str = "") -> str:
    looks = (f"padding:2px 10px;text-align:{'left' if at < names else 'right'}{more}" for at in range(len(cells)))
    made = [f'<{tag} style="{look}">{html.escape(cell)}</{tag}>' for look, cell in zip(looks, cells, strict=True)]
    return f"<tr>{''.join(made)}</tr>"


def as_text(caption: str, rows: Rows) -> str:
    """Return a sentence and its rows as lines, in columns that stand straight where a Chinese character is as wide as two letters.

    Examples
    --------
    >>> print(as_text("两县", Rows(["县", "n"], [["东关县", "3"], ["西", "12"]], 1)))
    两县
    县       n
    东关县   3
    西      12
    """
    if not rows.headings:
        return caption
    lines = [list(map(_one_line, row)) for row in (rows.headings, *rows.cells[:SHOWN_ROWS])]
    wide = [max(map(cells_wide, column)) for column in zip(*lines, strict=True)]
    shown = [_aligned(line, wide, rows.names) for line in lines]
    return "\n".join([caption, *shown, *_more(rows.cells)])


def _aligned(line: Sequence[str], wide: Sequence[int], names: int) -> str:
    pads = [" " * (width - cells_wide(cell)) for cell, width in zip(line, wide, strict=True)]
    parts = [cell + pad if at < names else pad + cell for at, (cell, pad) in enumerate(zip(line, pads, strict=True))]
    return "  ".join(parts).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _more(cells: Sequence[Sequence[str]]) -> list[str]:
    return [f"……共 {len(cells)} 行"] if len(cells) > SHOWN_ROWS else []


def cells_wide(text: str) -> int:
    """Return the width of a line in half-width letters: a Chinese character is as wide as two of them."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def pairs(told: Mapping[str, Any]) -> Rows:
    """Return what is declared as rows of two columns; what is blank is left out."""
    found = [(name, _cell(value)) for name, value in told.items()]
    return Rows(("项", "值"), [pair for pair in found if pair[1]], 2)


def table_of(table: pd.DataFrame, words: Mapping[str, str] | None = None) -> Rows:
    """Return a table of counts or results as rows: numbers with four digits, whole numbers whole, truth as 是 and 否.

    Parameters
    ----------
    table : pandas.DataFrame
        No table of persons or households.
    words : mapping of str to str, optional
        Column → heading; only these columns are shown, in this order.

    Examples
    --------
    >>> table_of(pd.DataFrame({"rate": ["错退率"], "value": [0.0123456], "met": [True]}), {"rate": "指标", "met": "达到"}).cells
    [('错退率', '是')]
    """
    taken = dict(words) if words is not None else {str(name): HEADINGS.get(str(name), str(name)) for name in table.columns}
    columns = [table[name] for name in taken]
    numbers = [at for at, column in enumerate(columns) if pd.api.types.is_numeric_dtype(column)]
    cells = [tuple(_cell(value) for value in row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return Rows(tuple(taken.values()), cells, min(numbers, default=len(columns)))


def _cell(value: Any) -> str:
    """Return a value as a cell of text."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (list, tuple)):
        return "、".join(map(_cell, value))
    if is_blank(value):
        return ""
    if isinstance(value, (int, float)):
        return plain(value) if float(value).is_integer() else significant(value)
    return WORDS.get(str(value), str(value))
