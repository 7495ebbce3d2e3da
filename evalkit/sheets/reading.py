"""Tables from files, as text: CSV, Excel, Parquet, SPSS and Stata."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import EvalkitError, Faults
from evalkit.later import later
from evalkit.sheets.books import BOOKS, first_page, read_book
from evalkit.sheets.cells import Texts
from evalkit.sheets.grids import Grid
from evalkit.sheets.limits import Limits
from evalkit.sheets.statistical import READERS, labelled

parquet = later("pyarrow.parquet", extra="big")

TEXTS = (".csv", ".txt", ".tsv")
SUFFIXES = (*TEXTS, *BOOKS, ".parquet", *READERS)
MARKS = ",	;"  # between the cells of a line; the comma first where several are as frequent
LIMITS = Limits()
PRIVATE = re.compile("[\ue000-\uf8ff]")  # GB 18030 holds a place for them, and no text does: another code was misread
EXPONENT, DECIMALS, ZEROS = r"[+-]?[0-9]*\.?[0-9]+[eE][+-]?[0-9]+", r"[0-9]+\.0+", r"[0-9]{15}0+"  # marks of a number where an id stood
TURNED = re.compile("|".join((EXPONENT, DECIMALS, ZEROS)))


def read_sheet(
    path: str | Path, sheet: str = "", subject: str = "名单", *, error: type[EvalkitError] = EvalkitError, limits: Limits = LIMITS
) -> pd.DataFrame:
    """Read a table as text.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV (UTF-8 with or without mark, or GB 18030), Excel (xlsx, xls, xlsb, ods), Parquet, SPSS (sav)
        or Stata (dta). Row 1 holds the headings; values that have a label are read as the label.
    sheet : str
        Sheet of a workbook; empty for its first, which must then be the only one that holds a table
        (sheets of explanations, 说明, do not count).
    subject : str
        What the table is, for messages.
    error : type of EvalkitError
        What to raise.
    limits : Limits
        How large the file may be.

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
        When the file is missing, unreadable, encrypted or larger than the limits, or its headings are blank or repeated, or when another
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
        pages = read_grids(path, sheet, limits)
        grid = first_page(Path(path).name, pages) if len(pages) > 1 else next(iter(pages.values()), Grid([]))
    except EvalkitError as found:
        raise error(str(found)) from None
    return grid.table(Faults(f"{subject}（{Path(path).name}）"), error)


def read_grids(path: str | Path, sheet: str = "", limits: Limits = LIMITS) -> dict[str, Grid]:
    """Read the sheets of a file as they stand.

    Parameters
    ----------
    path : str or pathlib.Path
    sheet : str
        The one that is wanted; empty for all that a person sees in the workbook.
    limits : Limits

    Returns
    -------
    dict of str to Grid
        By name, in the order of the workbook; a file that has no sheets is one of them, named ``""``.

    Raises
    ------
    EvalkitError
        When the file is missing, unreadable, encrypted or too large.
    """
    source = sound_file(path)
    kind = source.suffix.lower()
    if kind in BOOKS:
        return read_book(source, sheet, limits)
    if source.stat().st_size > limits.size:
        raise EvalkitError(f"{source.name}｜文件有 {source.stat().st_size / 1e6:,.0f} MB，超过上限｜按乡镇或按村拆成几个文件")
    if kind in TEXTS:
        return {"": Grid(_text_rows(source))}
    if kind == ".parquet":
        return {"": Grid(_parquet_rows(source, limits))}
    if kind in READERS:
        return {"": labelled(source).grid}
    known = "、".join(SUFFIXES)
    raise EvalkitError(f"{source.name}｜不认识这种文件｜另存为下列之一：{known}")


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
    if not any(TURNED.fullmatch(str(cell)) for cell in set(table[column].tolist())):
        return
    cells = table[column].astype(str)
    remedy = "把该列设为文本格式，重新录入或粘贴原号"
    for mask, rule in (
        (cells.str.fullmatch(EXPONENT), "应为文字，现为科学计数（表格软件已丢失后几位）"),
        (cells.str.fullmatch(DECIMALS), "应为文字，现为带小数的数值"),
        (_cut_short(cells), "应为文字，第 15 位以后全是 0（表格软件已丢失后几位）"),
    ):
        for row in table.index[mask.to_numpy(dtype=bool)]:
            faults.add(int(row) + 2, column, None, rule, remedy)




def sound_file(path: Any) -> Path:
    """Return the path of a file that is there and can be read; anything else is refused."""
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


def _parquet_rows(source: Path, limits: Limits) -> list[list[str]]:
    opened = parquet.ParquetFile  # outside the try: pyarrow may be absent, which is another fault
    try:
        file = opened(source)
        unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups))
        columns = file.read() if unpacked <= limits.size else None
        cells = [column.to_pylist() for column in columns.columns] if columns is not None else []
    except Exception as fault:  # pyarrow raises its own and Python's classes of error
        raise EvalkitError(f"{source.name}｜打不开这个 Parquet 文件（{type(fault).__name__}）｜重新导出，或另存为 xlsx") from None
    if columns is None:
        raise EvalkitError(f"{source.name}｜解压后有 {unpacked / 1e6:,.0f} MB，超过上限｜按乡镇或按村拆成几个文件")
    texts = Texts()
    return [[str(name) for name in columns.column_names], *(texts.row(row) for row in zip(*cells, strict=True))]


def _text_rows(source: Path) -> list[list[str]]:
    text, texts = _decoded(source), Texts()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark_of(text), strict=True)
    try:
        return [texts.row(row) for row in reader]
    except csv.Error as fault:
        where = f"第 {reader.line_num} 行前后的引号不成对，或一格过长（{fault}）"
        raise EvalkitError(f"{source.name}｜CSV 写法有误：{where}｜用表格软件另存为 CSV UTF-8 或 xlsx") from None


def mark_of(text: str) -> str:
    """Return what parts the cells: the most frequent mark of the first line that has any.

    Examples
    --------
    >>> mark_of("村代码;村名;备注，1,2")
    ';'
    """
    for line in text[:100_000].split("\n")[:20]:
        if any(mark in line for mark in MARKS):
            return max(MARKS, key=line.count)
    return ","


def _decoded(source: Path) -> str:
    data = source.read_bytes()
    if data[:2] == b"PK":
        raise EvalkitError(f"{source.name}｜其实是工作簿，不是文字｜把扩展名改为 .xlsx 后重试")
    marked = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for encoding in ("utf-16",) if marked else ("utf-8", "gb18030") if b"\x00" not in data else ():
        try:
            text = data.decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
        if "\0" not in text and not (encoding == "gb18030" and PRIVATE.search(text)):
            return text
    raise EvalkitError(f"{source.name}｜文字编码不是 UTF-8 或 GB 18030（可能是 Big5 或 UTF-16）｜用表格软件另存为 CSV UTF-8 或 xlsx")


def _cut_short(cells: pd.Series) -> pd.Series:
    long = cells.str.fullmatch(r"[0-9]{16,}")
    zeros = cells.str.fullmatch(ZEROS)
    # one number may end so by chance; most of a column does not
    return zeros & (zeros.sum() >= 2) & (2 * zeros.sum() > long.sum())


def read_named(
    table: pd.DataFrame | str | Path, headings: Mapping[str, str], needed: Sequence[str], subject: str, error: type[EvalkitError]
) -> dict[int, dict[str, str]]:
    """Read rows under the headings that people fill in, by the names that the program has for them.

    Parameters
    ----------
    table : DataFrame or path
    headings : mapping of str to str
        From heading to name; other columns are left out.
    needed : sequence of str
        Headings that must be there.
    subject : str
        What the table is, for messages.
    error : type of EvalkitError

    Returns
    -------
    dict of int to dict
        By the row of the spreadsheet: name → stripped text, "" where blank.

    Raises
    ------
    EvalkitError
        Naming the headings that are missing.

    Examples
    --------
    >>> read_named(pd.DataFrame({"人": [" D1 "], "另": [1]}), {"人": "who"}, ["人"], "步骤表", EvalkitError)
    {2: {'who': 'D1'}}
    """
    found = table.reset_index(drop=True) if isinstance(table, pd.DataFrame) else read_sheet(table, subject=subject, error=error)
    missing = [heading for heading in needed if heading not in found]
    if missing:
        raise error(f"{subject}｜缺少列：{'、'.join(missing)}｜列名应为：{'、'.join(headings)}")
    plain = found[[heading for heading in headings if heading in found]].fillna("").astype(str).rename(columns=dict(headings))
    rows = plain.to_dict("records")
    return {int(at) + 2: {str(key): str(value).strip() for key, value in row.items()} for at, row in zip(found.index, rows, strict=True)}
