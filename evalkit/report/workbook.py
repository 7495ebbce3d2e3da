"""The workbook: every table of the report on a sheet of its own, numbers as numbers, never a formula."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from evalkit.figures import rounded
from evalkit.later import later
from evalkit.report.model import Cell, Document, Table, breadth
from evalkit.report.wording import Words
from evalkit.tables import Column

xlsxwriter = later("xlsxwriter")

WARM = "#B84600"
WORDS: dict[str, dict[str, Any]] = {  # in cells of the left, the middle and the right
    "word": {"text_wrap": True, "align": "left"}, "short": {"align": "center"}, "absent": {"align": "right"},
}  # fmt: skip
LINE = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}


def workbook_bytes(document: Document) -> bytes:
    """Return the tables of the report as an Excel workbook.

    An interval takes two columns, 下限 and 上限, and 分子/分母 likewise, so that each cell holds one number.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    author = document.fact("institute")
    book.set_properties({"title": document.title, "author": author, "created": document.stamp().replace(tzinfo=None)})
    looks = _looks(book)
    _front(book, looks, document)
    for table in document.tables():
        _sheet(book, looks, document, table)
    book.close()
    return out.getvalue()


def _looks(book: Any) -> dict[str, Any]:
    return {
        "title": book.add_format({**LINE, "bold": True, "font_size": 14}),
        "mark": book.add_format({**LINE, "bold": True, "font_color": WARM}),
        "unit": book.add_format({**LINE, "align": "left", "font_color": "#555555"}),
        "head": book.add_format({**LINE, "bold": True, "align": "center", "text_wrap": True, "top": 2, "bottom": 1, "bg_color": "#EEF3F8"}),
        "note": book.add_format({**LINE, "font_size": 10, "font_color": "#444444", "text_wrap": True}),
        **{name: book.add_format({**LINE, **look}) for name, look in WORDS.items()},
        **{f"whole{name}": book.add_format({**LINE, **look, "bold": True}) for name, look in WORDS.items()},
        "foot": book.add_format({"top": 2}),
    }


def _front(book: Any, looks: dict[str, Any], document: Document) -> None:
    words = document.words
    sheet = _new_sheet(book, document, words.front)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 80)
    sheet.write_string(0, 0, document.title, looks["title"])
    data = document.mark or document.fact("basis") or words.survey
    told = (document.fact("institute"), document.fact("date"), data, words.key, words.values)
    lines = list(zip(words.facts, told, strict=True))
    lines += [(table.number, table.title) for table in document.tables()]
    for row, (name, text) in enumerate(lines, 2):
        sheet.write_string(row, 0, name, looks["word"])
        sheet.write_string(row, 1, text, looks["word"])
        sheet.set_row(row, 16.0 * math.ceil(breadth(text) / 78 or 1))
    sheet.fit_to_pages(1, 0)


def _new_sheet(book: Any, document: Document, name: str) -> Any:
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", "_", name)[:31])
    sheet.set_header(f"&C&\"宋体,加粗\"{document.made_up}" if document.simulated else "&C&F")
    sheet.set_footer(f"&C{document.words.pages}")
    sheet.set_paper(9)
    sheet.hide_gridlines(2)
    return sheet


def _sheet(book: Any, looks: dict[str, Any], document: Document, table: Table) -> None:
    sheet = _new_sheet(book, document, f"{table.number} {table.title}")
    sheet.write_string(0, 0, table.caption, looks["title"])
    said = "　".join(part for part in (document.mark, table.unit) if part)
    sheet.write_string(1, 0, said, looks["mark"] if document.mark else looks["unit"])
    columns = list(_columns(table, document.words))
    sides = [side for side, column in zip(table.sides, table.columns, strict=True) for _ in _heads(column, document.words)]
    widths = [_width(head, form, [row[i].text for row in _cells(table)]) for i, (head, form) in enumerate(columns)]
    sheet.set_row(2, 32)
    for i, (head, _) in enumerate(columns):
        sheet.write_string(2, i, head, looks["head"])
        sheet.set_column(i, i, widths[i])
    for line, row in enumerate(_cells(table), 3):
        whole = table.is_total(table.rows[line - 3])
        for i, (cell, side) in enumerate(zip(row, sides, strict=True)):
            _write(sheet, _look(book, looks, cell, side, whole), line, i, cell)
        sheet.set_row(line, _height(row, widths))
    _finish(sheet, looks, table, widths)


def _note(sheet: Any, look: Any, line: int, text: str, widths: list[float]) -> None:
    """Write a line below a table no wider than the table, so that it prints as large as it can."""
    if len(widths) > 1:
        sheet.merge_range(line, 0, line, len(widths) - 1, "", look)
    sheet.write_string(line, 0, text, look)
    sheet.set_row(line, 15.0 * math.ceil((breadth(text) + 1) / sum(widths)))


def _finish(sheet: Any, looks: dict[str, Any], table: Table, widths: list[float]) -> None:
    columns, end = len(widths), 3 + len(table.rows)
    for i in range(columns):
        sheet.write_blank(end, i, None, looks["foot"])
    for line, text in enumerate(table.endings, end + 1):
        _note(sheet, looks["note"], line, text, widths)
    sheet.freeze_panes(3, 1)
    sheet.autofilter(2, 0, max(end - 1, 2), columns - 1)
    sheet.repeat_rows(0, 2)
    sheet.fit_to_pages(1, 0)
    if columns > 7:
        sheet.set_landscape()


def _columns(table: Table, words: Words) -> Iterator[tuple[str, str]]:
    groups = [text for text, width in table.spans for _ in range(width)] or [""] * len(table.columns)
    for group, column in zip(groups, table.columns, strict=True):
        for part in _heads(column, words):
            yield (f"{group} {part}".strip(), column.form)


def _heads(column: Column, words: Words) -> tuple[str, ...]:
    if column.form == "interval":
        return tuple(column.heading + part for part in words.limits)
    return words.fraction if column.form == "fraction" else (column.heading,)


def _cells(table: Table) -> Iterator[list[Cell]]:
    for row in table.rows:
        yield [part for cell, column in zip(row, table.columns, strict=True) for part in _parts(cell, column.form)]


def _parts(cell: Cell, form: str) -> Iterable[Cell]:
    if form not in ("interval", "fraction"):
        return [cell]
    if not isinstance(cell.value, tuple):
        return [cell, cell]
    return [Cell(text, value) for text, value in zip(re.split("[～–/]", cell.text), cell.value, strict=True)]


def _look(book: Any, looks: dict[str, Any], cell: Cell, side: str, whole: bool) -> Any:
    """Return the format that makes Excel show a number as the other three files print it; bold in the row of the whole."""
    strong = "whole" if whole else ""
    if cell.value is None or isinstance(cell.value, str):
        return looks[strong + {"left": "word", "center": "short", "right": "absent"}[side]]
    shown = number_format(cell.text)
    if not shown.startswith('"') and _displayed(cell.value, shown) != cell.text:
        shown = f'"{cell.text}"'  # Excel rounds halves up, the report was asked to round them to the even digit
    if strong + shown not in looks:
        looks[strong + shown] = book.add_format({**LINE, "num_format": shown, "align": "right", "bold": whole})
    return looks[strong + shown]


def number_format(text: str) -> str:
    """Return the Excel number format with the decimals of a printed number.

    Examples
    --------
    >>> number_format("1.996%"), number_format("42"), number_format("<0.001")
    ('0.000%', '0', '"<0.001"')
    """
    found = re.fullmatch(r"-?\d+(\.\d+)?(%?)", text)
    if found is None:
        return f'"{text}"'
    decimals = len(found[1] or "")
    return "0" + ("." + "0" * (decimals - 1) if decimals else "") + found[2]


def _displayed(value: float, shown: str) -> str:
    """Return what Excel makes of a number by a format: halves rounded up."""
    sign = "%" if shown.endswith("%") else ""
    return f"{rounded(value * 100 if sign else value, len(shown.rstrip('%').partition('.')[2]))}{sign}"


def _write(sheet: Any, look: Any, row: int, column: int, cell: Cell) -> None:
    if cell.value is None:
        return
    if isinstance(cell.value, str) or not math.isfinite(cell.value):
        sheet.write_string(row, column, cell.text, look)
    else:
        sheet.write_number(row, column, cell.value, look)


def _width(head: str, form: str, texts: list[str]) -> float:
    longest = max([min(breadth(head), 12), *(breadth(text) for text in texts)])
    return float(min(longest + 3, 46 if form == "text" else 18))


def _height(row: list[Cell], widths: list[float]) -> float:
    return 16.0 * max(math.ceil((breadth(cell.text) + 1) / width) for cell, width in zip(row, widths, strict=True))
