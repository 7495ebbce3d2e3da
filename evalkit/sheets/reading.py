"""Tables from files, as text: CSV, Excel and Parquet."""

from __future__ import annotations

import csv
import io
import math
import os
import unicodedata
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.codes import seem_data, shown_label
from evalkit.errors import EvalkitError, Faults
from evalkit.later import later

calamine = later("python_calamine")
parquet = later("pyarrow.parquet", extra="big")

BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXTS = (".csv", ".txt", ".tsv")
SUFFIXES = (*TEXTS, *BOOKS, ".parquet")
FORMULA = ("=", "+", "-", "@")
# a double keeps every whole number below this one apart from its neighbours, and Excel keeps 15 digits
EXACT = 10**15


def read_sheet(
    path: str | Path, sheet: str = "", subject: str = "名单", *, error: type[EvalkitError] = EvalkitError
) -> pd.DataFrame:
    """Read a table as text.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV (UTF-8 with or without mark, or GB 18030), Excel (xlsx, xls, xlsb, ods) or Parquet. Row 1
        holds the headings.
    sheet : str
        Sheet of a workbook; empty for its first, which must then be the only one that holds a table
        (sheets of explanations, 说明, do not count).
    subject : str
        What the table is, for messages.
    error : type of EvalkitError
        What to raise.

    Returns
    -------
    pandas.DataFrame
        All columns text, blanks ``""``, cells stripped, headings in NFKC. Rows without any content are
        left out and the index keeps its gaps, so that ``index + 2`` is the row a spreadsheet shows. A
        number is written as a spreadsheet shows it; one too long to be exact is left in the form
        ``4.1E+17``, which `refuse_floats` finds.

    Raises
    ------
    EvalkitError
        When the file is missing, unreadable, or its headings are blank or repeated, or when another
        sheet of the workbook holds a table too.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "名单.csv").write_bytes("代码,村名\\n01,东关\\n".encode("gb18030"))
    ...     read_sheet(Path(folder) / "名单.csv")
       代码  村名
    0  01  东关
    """
    try:
        source = _source(path)
        rows = _rows(source, sheet)
    except EvalkitError as found:
        raise error(str(found)) from None
    return _table(rows, Faults(f"{subject}（{source.name}）"), error)


def refuse_floats(table: pd.DataFrame, column: str, faults: Faults) -> None:
    """Note the cells of an id column that a spreadsheet has turned into numbers.

    Three marks: an exponent, a trailing ``.0``, and numbers of 16 digits or more that all end in zeros
    after the fifteenth (Excel keeps fifteen). The cell itself is not shown, it may be an identity number.

    Parameters
    ----------
    table : pandas.DataFrame
        As `read_sheet` gives it.
    column : str
        The column of ids.
    faults : Faults
        Where the faults are noted.

    Examples
    --------
    >>> faults = Faults("名册")
    >>> refuse_floats(pd.DataFrame({"身份证号": ["4.12726E+17", "41"]}), "身份证号", faults)
    >>> print(faults.text())
    名册：1 处错误
      第 2 行，身份证号｜应为文字，现为科学计数（表格软件已丢失后几位）｜把该列设为文本格式，重新录入或粘贴原号
    """
    cells = table[column].astype(str)
    remedy = "把该列设为文本格式，重新录入或粘贴原号"
    for mask, rule in (
        (cells.str.fullmatch(r"[+-]?[0-9]*\.?[0-9]+[eE][+-]?[0-9]+"), "应为文字，现为科学计数（表格软件已丢失后几位）"),
        (cells.str.fullmatch(r"[0-9]+\.0+"), "应为文字，现为带小数的数值"),
        (_cut_short(cells), "应为文字，第 15 位以后全是 0（表格软件已丢失后几位）"),
    ):
        for row in table.index[mask.to_numpy(dtype=bool)]:
            faults.add(int(row) + 2, column, None, rule, remedy)


def cell_text(cell: Any) -> str:
    """Return the content of a cell as a spreadsheet shows it, stripped; blanks and missing values are ``""``.

    Parameters
    ----------
    cell : object
        Text, number, date, boolean or None, from any kind of table.

    Returns
    -------
    str
        A whole number below 10¹⁵ without its decimals; a longer one in the form ``4.1E+17``.

    Raises
    ------
    EvalkitError
        When the cell holds several values, or text that is no text.

    Examples
    --------
    >>> cell_text(411726101201.0), cell_text(4.11726199001011e17), cell_text(float("nan"))
    ('411726101201', '4.11726199001011E+17', '')
    """
    cell = cell.item() if hasattr(cell, "item") and getattr(cell, "ndim", 0) == 0 else cell
    if isinstance(cell, (list, tuple, set, frozenset, dict)) or hasattr(cell, "ndim"):
        raise EvalkitError("一格中有多个值｜每格应为一个值｜把这一列拆成几列，或只留一个值")
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number_text(cell)
    if isinstance(cell, (date, datetime, time)):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) and cell.time() != time() else cell.isoformat()[:10]
    text = str(cell).strip()
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise EvalkitError("文字的编码已损坏｜应为完整的文字｜从原来的系统重新导出")
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def _source(path: Any) -> Path:
    if not isinstance(path, (str, os.PathLike)) or "\0" in str(path) or not str(path):
        raise EvalkitError(f"{type(path).__name__}｜不是文件的路径｜写表格文件的路径")
    source = Path(path)
    try:
        if source.is_dir():
            raise EvalkitError(f"{source}｜是文件夹，不是文件｜写其中一个表格文件的路径")
        if not source.is_file():
            raise EvalkitError(f"{source}｜没有这个文件｜检查路径")
        source.open("rb").close()
    except PermissionError:
        raise EvalkitError(f"{source}｜没有读取的权限，或正被其他程序打开｜关闭 Excel 等程序中的这个文件，或检查权限") from None
    except OSError as fault:
        raise EvalkitError(f"{source.name[:40]}｜读不出（{fault.strerror}）｜检查路径与磁盘") from None
    return source


def _rows(source: Path, sheet: str) -> list[list[str]]:
    kind = source.suffix.lower()
    if kind in TEXTS:
        return _text_rows(source)
    if kind in BOOKS:
        return _book_rows(source, sheet)
    if kind == ".parquet":
        return _parquet_rows(source)
    known = "、".join(SUFFIXES)
    raise EvalkitError(f"{source.name}｜不认识这种文件｜另存为下列之一：{known}")


def _parquet_rows(source: Path) -> list[list[str]]:
    read = parquet.read_table  # outside the try: pyarrow may be absent, which is another fault
    try:
        columns = read(source)
        cells = [column.to_pylist() for column in columns.columns]
    except Exception as fault:  # pyarrow raises its own and Python's classes of error
        raise EvalkitError(f"{source.name}｜打不开这个 Parquet 文件（{type(fault).__name__}）｜重新导出，或另存为 xlsx") from None
    return [[str(name) for name in columns.column_names], *([cell_text(cell) for cell in row] for row in zip(*cells, strict=True))]


def _text_rows(source: Path) -> list[list[str]]:
    text = _decoded(source)
    first = text.partition("\n")[0]
    mark = "\t" if "\t" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        return [[cell_text(cell) for cell in row] for row in reader]
    except csv.Error as fault:
        where = f"第 {reader.line_num} 行前后的引号不成对，或一格过长（{fault}）"
        raise EvalkitError(f"{source.name}｜CSV 写法有误：{where}｜用表格软件另存为 CSV UTF-8 或 xlsx") from None


def _decoded(source: Path) -> str:
    data = source.read_bytes()
    if b"\x00" not in data:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise EvalkitError(f"{source.name}｜文字编码不是 UTF-8 或 GB 18030｜用表格软件另存为 CSV UTF-8 或 xlsx")


def _book_rows(source: Path, sheet: str) -> list[list[str]]:
    try:
        book = calamine.CalamineWorkbook.from_path(str(source))
        pages = {page.name: _page_rows(book, page.name) for page in book.sheets_metadata if _is_read(page, sheet)}
    except Exception as fault:  # calamine has a class of error for each file format, and they share no parent
        raise EvalkitError(f"{source.name}｜打不开这个工作簿（{type(fault).__name__}）｜用表格软件另存为 xlsx 后重试") from None
    if sheet:
        if sheet not in pages:
            raise EvalkitError(f"{source.name}｜没有工作表 {sheet}｜可用：{'、'.join(book.sheet_names)}")
        return pages[sheet]
    first = next(iter(pages), "")
    others = [name for name, rows in pages.items() if name != first and _holds_table(name, rows, pages[first])]
    if others:
        named = "、".join(shown_label(name) for name in others)
        remedy = "把数据合到第一张工作表，其余移到别的文件；名单可在 [frame] 中用 sheet 写明读哪一张"
        raise EvalkitError(f"{source.name}｜除第一张工作表 {shown_label(first)} 外，还有工作表含数据：{named}｜{remedy}")
    return pages.get(first, [])


def _is_read(page: Any, sheet: str) -> bool:
    """Say whether a sheet is looked at: the one that is asked for, else all that a person sees in the workbook."""
    visible, table = str(page.visible).endswith("Visible"), str(page.typ).endswith("WorkSheet")
    return page.name == sheet if sheet else visible and table


def _page_rows(book: Any, name: str) -> list[list[str]]:
    return [[cell_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]


def _holds_table(name: str, rows: list[list[str]], first: list[list[str]]) -> bool:
    filled = [[cell for cell in row if cell] for row in rows if any(row)]
    if "说明" in name or not filled:
        return False
    same = bool(first) and filled[0] == [cell for cell in first[0] if cell] and len(filled) > 1
    return same or sum(len(row) > 1 for row in filled) > 1 or not any(any(row) for row in first)


def _number_text(cell: float) -> str:
    if math.isnan(cell):
        return ""
    if cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    return f"{cell:.14E}" if abs(cell) >= EXACT else repr(cell)


def _table(rows: list[list[str]], faults: Faults, error: type[EvalkitError]) -> pd.DataFrame:
    width = max((len(row) for row in rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    heads = [unicodedata.normalize("NFKC", head).strip() for head in rows[0]] if rows else []
    used = [i for i in range(width) if heads[i] or any(row[i] for row in rows[1:])]
    _check_heads([(i, heads[i]) for i in used], faults)
    faults.refuse(error)
    body = {i: [row[j] for j in used] for i, row in enumerate(rows[1:]) if any(row)}
    return pd.DataFrame(list(body.values()), index=list(body), columns=[heads[i] for i in used], dtype=str)


def _check_heads(heads: list[tuple[int, str]], faults: Faults) -> None:
    names = [name for _, name in heads]
    filled = [name for name in names if name]
    if not names:
        faults.add(1, "列名", None, "表是空的", "第 1 行写列名，以下每行一个单位")
    elif 2 * len(filled) < len(names):
        faults.add(1, "列名", None, "第 1 行只有标题或是空白，不是列名", "删去列名上方的行，使列名在第 1 行")
        return
    elif len(filled) - len(set(filled)) and seem_data(filled):
        faults.add(1, "列名", None, "第 1 行看来是数据，不是列名", "在最上方加一行，写各列的列名")
        return
    for place, name in heads:
        if not name:
            faults.add(1, f"第 {place + 1} 列", None, "有内容而没有列名", "在第 1 行补上列名，或清空该列")
    for name in sorted({name for name in filled if names.count(name) > 1}):
        faults.add(1, shown_label(name), None, "列名重复", "改名，使每列的名字不同")


def _cut_short(cells: pd.Series) -> pd.Series:
    long = cells.str.fullmatch(r"[0-9]{16,}")
    zeros = cells.str.fullmatch(r"[0-9]{15}0+")
    # one number may end so by chance; most of a column does not
    return zeros & (zeros.sum() >= 2) & (2 * zeros.sum() > long.sum())
