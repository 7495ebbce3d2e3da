"""Workbooks: every sheet that a person sees, within limits, and which of them is the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.codes import shown_label
from evalkit.errors import EvalkitError
from evalkit.later import later
from evalkit.sheets.cells import Texts
from evalkit.sheets.grids import Grid, holds_table
from evalkit.sheets.limits import Limits, refuse_bomb
from evalkit.sheets.unvalued import refuse_unvalued

calamine = later("python_calamine")

BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def read_book(source: Path, sheet: str, limits: Limits) -> dict[str, Grid]:
    """Return the sheets of a workbook: the one that is asked for, else all that are seen.

    Raises
    ------
    EvalkitError
        When it is no workbook, is encrypted, is larger than the limits, or has no such sheet.
    """
    refuse_bomb(source, limits)
    _refuse_page_of_the_web(source)
    try:
        book = calamine.CalamineWorkbook.from_path(str(source))
        pages = {page.name: _page(book, page.name, source.name, limits) for page in book.sheets_metadata if _is_read(page, sheet)}
    except EvalkitError:
        raise
    except Exception as fault:  # calamine has a class of error for each file format, and they share no parent
        if type(fault).__name__ == "PasswordError":
            raise EvalkitError(f"{source.name}｜工作簿设有打开密码｜去掉密码，另存后重试") from None
        raise EvalkitError(f"{source.name}｜打不开这个工作簿（{type(fault).__name__}）｜用表格软件另存为 xlsx 后重试") from None
    if sheet and sheet not in pages:
        raise EvalkitError(f"{source.name}｜没有工作表 {sheet}｜可用：{'、'.join(book.sheet_names)}")
    refuse_unvalued(source, list(pages))
    return pages


def first_page(name: str, pages: dict[str, Grid]) -> Grid:
    """Return the first sheet, refused when another one holds a table too."""
    first = next(iter(pages), "")
    others = [other for other, grid in pages.items() if other != first and holds_table(other, grid, pages[first])]
    if others:
        named = "、".join(shown_label(other) for other in others)
        remedy = "把数据合到第一张工作表，其余移到别的文件；名单可在 [frame] 中用 sheet 写明读哪一张"
        raise EvalkitError(f"{name}｜除第一张工作表 {shown_label(first)} 外，还有工作表含数据：{named}｜{remedy}")
    return pages[first]


def _refuse_page_of_the_web(source: Path) -> None:
    with source.open("rb") as file:
        start = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        raise EvalkitError(f"{source.name}｜其实是网页（HTML），不是工作簿｜在表格软件中打开，另存为 xlsx 后重试")


def _is_read(page: Any, sheet: str) -> bool:
    """Say whether a sheet is looked at: the one that is asked for, else all that a person sees in the workbook."""
    visible, table = str(page.visible).endswith("Visible"), str(page.typ).endswith("WorkSheet")
    return page.name == sheet if sheet else visible and table


def _page(book: Any, name: str, file: str, limits: Limits) -> Grid:
    page, texts = book.get_sheet_by_name(name), Texts()
    limits.refuse(file, page.total_height, page.total_width)
    merged = tuple(page.merged_cell_ranges or ())
    left = [""] * (page.start[1] if page.start else 0)  # iter_rows begins in the first row, but in the first column that has content
    rows = page.iter_rows() if page.start else ()  # older calamine breaks down over an empty sheet
    return Grid([left + texts.row(row) for row in rows], merged)
