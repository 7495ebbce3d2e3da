"""Tables to files, whole or not at all and the same bytes every time: CSV and Excel."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.later import later
from evalkit.sheets.cells import EXACT, seems_formula
from evalkit.sheets.whole import write_bytes
from evalkit.showing import cells_wide

xlsxwriter = later("xlsxwriter")

LONGEST_TITLE, LONGEST_MESSAGE = 32, 255  # of a cell's message, as Excel takes them
LINE = 15.0  # points that a line of a cell is high
CREATED = datetime(2000, 1, 1)
LOOKS: dict[str, dict[str, object]] = {
    "title": {"bold": True, "font_size": 14, "valign": "vcenter"},
    "head": {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center", "bg_color": "#E8EEF4"},
    "note": {"font_color": "#444444", "valign": "top"},
}


@dataclass(frozen=True)
class Page:
    """One sheet of a workbook.

    Parameters
    ----------
    title : str
        Line above the table; empty for a sheet whose first row must be the headings (one that is read back).
    table : pandas.DataFrame
        Written without its index. Numbers stay numbers, everything else is text.
    widths : sequence of float or mapping of heading to float
        Column widths in characters; a column left out gets a width that fits its heading and cells.
    formats : mapping of heading to str
        Number formats, such as ``0.00%``.
    choices : mapping of heading to sequence of str
        Words offered as a drop-down list in the cells of a column.
    notes : sequence of str
        Lines under the table.
    messages : mapping of heading to str
        What a cell of a column says when it is chosen, and when something else than one of its words is typed.
    footer : str
        Printed at the foot of each page, before its number and theirs; pages are numbered only where there is one.
    """

    title: str
    table: pd.DataFrame
    widths: Sequence[float] | Mapping[str, float] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    messages: Mapping[str, str] = field(default_factory=dict)
    footer: str = ""


def write_csv(table: pd.DataFrame, path: str | Path, *, sealed: bool = False) -> Path:
    """Write a table as CSV in UTF-8 with a mark, so that Excel shows Chinese.

    Numbers are written in full; a text that a spreadsheet would take for a formula (one that begins with ``= + - @``, their
    full-width forms, a tab or a line break, blanks before them passed over) gets an apostrophe before it, which `read_sheet`
    takes off again.

    Parameters
    ----------
    table : pandas.DataFrame
        Written without its index.
    path : str or pathlib.Path
    sealed : bool
        As in `write_bytes`.

    Returns
    -------
    pathlib.Path
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_guarded(str(heading)) for heading in table.columns])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([_guarded(_native(cell)) for cell in row])
    return write_bytes(path, out.getvalue().encode("utf-8-sig"), sealed=sealed)


def write_book(path: str | Path, pages: Mapping[str, Page | tuple[Any, ...]]) -> Path:
    """Write a workbook: one page a sheet, the same bytes for the same content.

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.xlsx`` file.
    pages : mapping of sheet name to Page
        A tuple stands for ``Page(*tuple)``. Characters that Excel refuses in sheet names become ``_``.

    Returns
    -------
    pathlib.Path
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": CREATED})
    looks = {name: book.add_format(look) for name, look in LOOKS.items()}
    for name, page in pages.items():
        _write_page(book, looks, re.sub(r"[\[\]:*?/\\']", "_", name)[:31], page if isinstance(page, Page) else Page(*page))
    book.close()
    return write_bytes(path, out.getvalue())


def _write_page(book: Any, looks: Mapping[str, Any], name: str, page: Page) -> None:
    sheet = book.add_worksheet(name)
    top = 2 if page.title else 0
    if page.title:
        sheet.write_string(0, 0, page.title, looks["title"])
    lines: dict[int, int] = {}
    for column, heading in enumerate(page.table.columns):
        cells = [_native(cell) for cell in page.table.iloc[:, column]]
        width = _width(page.widths, column, str(heading), cells)
        sheet.set_column(column, column, width)
        sheet.write_string(top, column, str(heading), looks["head"])
        form = page.formats.get(str(heading), "General")
        over = _runs_over(cells, width)
        look = book.add_format({"border": 1, "valign": "vcenter", "num_format": form, "text_wrap": bool(over)})
        lines.update({row: max(count, lines.get(row, 1)) for row, count in over.items()})
        _write_column(sheet, top + 1, column, cells, look)
        rule = _rule(page, str(heading))
        if rule and cells:
            sheet.data_validation(top + 1, column, top + len(cells), column, rule)
    for row, count in lines.items():
        sheet.set_row(top + 1 + row, LINE * count)  # not every program finds the height by itself
    for line, note in enumerate(page.notes):
        sheet.write_string(top + len(page.table) + 2 + line, 0, note, looks["note"])
    _page_setup(sheet, top, len(page.table.columns))
    if page.footer:
        sheet.set_footer(f"&L{page.footer.replace('&', '&&')}&R第 &P 页　共 &N 页")


def _rule(page: Page, heading: str) -> dict[str, Any]:
    """Return what may be typed in a column and what its cells say; nothing where all is free."""
    rule: dict[str, Any] = {"validate": "list", "source": list(page.choices[heading])} if heading in page.choices else {}
    if heading in page.messages:
        told = page.messages[heading][:LONGEST_MESSAGE]
        rule = (rule or {"validate": "any"}) | {"input_title": heading[:LONGEST_TITLE], "input_message": told}
        if heading in page.choices:
            rule |= {"error_title": heading[:LONGEST_TITLE], "error_message": told}
    return rule


def _write_column(sheet: Any, top: int, column: int, cells: Iterable[Any], look: Any) -> None:
    for row, cell in enumerate(cells, top):
        if cell is None:
            sheet.write_blank(row, column, None, look)
        elif isinstance(cell, str):
            sheet.write_string(row, column, cell, look)
        else:
            sheet.write_number(row, column, cell, look)


def _native(cell: Any) -> Any:
    plain = cell.item() if hasattr(cell, "item") else cell
    if plain is None or plain is pd.NA or plain is pd.NaT or (isinstance(plain, float) and math.isnan(plain)):
        return None
    if isinstance(plain, bool):
        return "是" if plain else "否"
    if isinstance(plain, (int, float)):
        return _number(plain)
    return str(plain)


def _number(plain: int | float) -> int | float | str:
    if not math.isfinite(plain):
        return str(plain)
    # 3535.0 and 3535 are one number: a CSV shows it as a workbook does
    return int(plain) if plain == int(plain) and abs(plain) < EXACT else plain


def _guarded(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")  # csv leaves a bare \r unquoted, and readers begin a new row at it
    return f"'{text}" if seems_formula(text) else text


def _width(widths: Sequence[float] | Mapping[str, float], column: int, heading: str, cells: Sequence[Any]) -> float:
    if isinstance(widths, Mapping):
        if heading in widths:
            return widths[heading]
    elif column < len(widths):
        return widths[column]
    longest = max([cells_wide(heading), *(cells_wide(str(cell)) for cell in cells[:200] if cell is not None)])
    return min(40.0, longest + 2.0)


def _runs_over(cells: Sequence[Any], width: float) -> dict[int, int]:
    """Return the rows whose text is wider than its column, with the lines it takes."""
    long = {row: cells_wide(cell) for row, cell in enumerate(cells) if isinstance(cell, str) and 2 * len(cell) > width}
    return {row: math.ceil((wide + 2) / (width - 1)) for row, wide in long.items() if wide > width}


def _page_setup(sheet: Any, top: int, columns: int) -> None:
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(top)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if columns > 7:
        sheet.set_landscape()
