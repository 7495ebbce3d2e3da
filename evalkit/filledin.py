"""A filled-in table: the headings, words, dates and numbers that a check needs, with every fault and its row."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import Fault, Faults, FieldworkError
from evalkit.sheets import Page, as_pandas, as_text, numbered, plain_numbers, read_sheet, refuse_floats, write_book
from evalkit.sheets.moments import FORMS, plain_moments

YES, NO = "是", "否"
ALIKE, NEAR = 0.76, 0.6  # of difflib: one letter more or less in four but not one for another; worth asking
SAME = str.maketrans("帐", "账")


@dataclass(frozen=True, eq=False)
class Filled:
    """A table as text, and what was found wrong with it so far.

    Attributes
    ----------
    rows : DataFrame
        The columns that were asked for, text, blanks ``""``; ``index + 2`` is the row that a spreadsheet shows.
    given : frozenset of str
        Which of the optional headings the table has.
    others : tuple of str
        The headings that were not asked for.
    faults : Faults
    """

    rows: pd.DataFrame
    given: frozenset[str]
    others: tuple[str, ...]
    faults: Faults

    def note(self, bad: pd.Series, column: str, rule: str, remedy: str) -> None:
        """Note one fault in several rows, without what stands there."""
        self.faults.add_rows(self.rows.index[bad.to_numpy(dtype=bool)], column, rule, remedy)

    def require(self, *columns: str) -> None:
        """Note blanks in columns that must not have any."""
        for column in columns:
            self.note(self.rows[column] == "", column, "不能空白", "填写")

    def codes(self, *columns: str) -> None:
        """Note blanks in columns of codes, and codes that a spreadsheet has turned into numbers."""
        self.require(*columns)
        for column in columns:
            refuse_floats(self.rows, column, self.faults)

    def word(self, column: str, words: Sequence[str], *, blank: bool = False) -> pd.Series:
        """Return a column of words, and note every other one."""
        allowed = [*words, ""] if blank else list(words)
        self.note(~self.rows[column].isin(allowed), column, f"应为 {'、'.join(words)}{'，或空白' if blank else ''}", "改正")
        return self.rows[column]

    def numbers(self, column: str) -> pd.Series:
        """Return a column of numbers of at least 0, NaN where it is blank, and note what is none."""
        cells = self.rows[column]
        values = plain_numbers(cells)
        self.note((values.isna() & (cells != "")) | (values < 0), column, "应为不小于 0 的数", "只写数字，不写单位")
        return values

    def days(self, column: str) -> pd.Series:
        """Return a column of dates in ISO form, ``""`` where it is blank, and note what is none."""
        dates, bad = plain_moments(self.rows[column])
        self.note(bad, column, FORMS, "改正")
        return dates.str[:10]

    def once(self, *columns: str) -> None:
        """Note rows that say again what an earlier row said."""
        twice = self.rows.duplicated(list(columns)) & (self.rows[list(columns)] != "").all(axis=1)
        self.note(twice, "、".join(columns), "与前面一行重复", "只留一行")

    def refuse(self) -> None:
        """Raise all that was noted, if anything was."""
        self.faults.refuse(FieldworkError)


def read_several(*asked: tuple[Any, str, Iterable[str], Iterable[str]]) -> list[Filled]:
    """Read several tables, or refuse all that lack a heading or a row at once.

    Parameters
    ----------
    asked : tuples of source, subject, needed, optional
        As for `read_filled`.

    Raises
    ------
    FieldworkError
        What `read_filled` says of each table, under its subject.
    """
    made, refusals = [], []
    for source, subject, needed, optional in asked:
        try:
            made.append(read_filled(source, subject, needed, optional))
        except FieldworkError as refused:
            refusals.append(refused)
    if refusals:
        raise _together([str(refused) for refused in refusals], [refused.faults for refused in refusals])
    return made


def refuse_several(tables: Iterable[Filled]) -> None:
    """Raise all that was noted in several tables, each under its own subject, if anything was."""
    bad = [each.faults for each in tables if len(each.faults)]
    if bad:
        raise _together([faults.text() for faults in bad], bad)


def _together(texts: Iterable[str], parts: Iterable[Iterable[Fault]]) -> FieldworkError:
    raised = FieldworkError("\n".join(texts))
    raised.faults = tuple(fault for part in parts for fault in part)
    return raised


def read_filled(source: Any, subject: str, needed: Iterable[str], optional: Iterable[str] = ()) -> Filled:
    """Read a filled-in table, or refuse one that lacks a heading or has no row.

    Parameters
    ----------
    source : path or table
    subject : str
        What the table is called in messages.
    needed, optional : iterable of str
        Headings. Other columns are left out, so nothing personal comes in that nobody asked for.

    Returns
    -------
    Filled
        Nothing of it has been checked yet but its headings.

    Raises
    ------
    FieldworkError
        For headings that are missing, for others that look like an optional one (a check must not be left out because of a slip),
        and for a table without a row.

    Examples
    --------
    >>> filled = read_filled(pd.DataFrame({"村代码": ["411726101201"], "应享": ["有"]}), "表", ["村代码", "应享"])
    >>> _ = filled.word("应享", ("是", "否"))
    >>> print(filled.faults.text())
    表：1 处错误
      第 2 行，应享｜应为 是、否｜改正
    """
    is_file = isinstance(source, str | Path)
    faults = Faults(f"{subject}（{Path(source).name}）" if is_file else subject)
    table = numbered(read_sheet(source, subject=subject, error=FieldworkError) if is_file else _in_memory(source, subject), FieldworkError)
    wanted, possible = list(dict.fromkeys(needed)), list(dict.fromkeys(optional))
    headings = [str(heading) for heading in table.columns]
    _note_headings(headings, wanted, possible, faults)
    if not len(table):
        faults.add(None, "表", None, "没有一行", "填写之后再交")
    faults.refuse(FieldworkError)
    given = [heading for heading in possible if heading in table.columns]
    rows = as_text(table[[*wanted, *given]], faults)
    others = tuple(heading for heading in headings if heading not in {*wanted, *possible})
    columns = [*wanted, *possible]
    whole = rows.assign(**{column: "" for column in columns if column not in rows.columns})[columns]  # the first pandas 3 fills no texts in
    return Filled(whole, frozenset(given), others, faults)


def _in_memory(source: Any, subject: str) -> pd.DataFrame:
    try:
        return as_pandas(source, FieldworkError)
    except FieldworkError:
        remedy = "给出文件的路径，或 pandas、polars、pyarrow、DuckDB、Spark 的表"
        raise FieldworkError(f"{subject}：{type(source).__name__}｜不是表，也不是文件的路径｜{remedy}") from None


def save_book(path: str | Path, pages: Mapping[str, Page]) -> Path:
    """Write a workbook whose name says that it is one.

    Raises
    ------
    FieldworkError
        When the name does not end in ``.xlsx``, or is that of a folder.
    """
    place = Path(path)
    if place.suffix.lower() != ".xlsx" or place.is_dir():
        raise FieldworkError(f"{place.name}｜写不成这种文件｜文件名以 .xlsx 结尾，不是文件夹")
    return write_book(place, pages)


def _note_headings(headings: Sequence[str], wanted: Sequence[str], possible: Sequence[str], faults: Faults) -> None:
    """Note headings that are lacking, and others that may be meant for an optional one."""
    others = {_plain(heading): heading for heading in headings if heading not in {*wanted, *possible}}
    for heading in (*wanted, *possible):
        if heading in headings:
            continue
        like = difflib.get_close_matches(_plain(heading), list(others), 1, NEAR if heading in wanted else ALIKE)
        found = f"有一列“{shown_label(others[like[0]])}”" if like else ""
        if heading in wanted:
            faults.add(None, heading, None, "表中没有这一列", f"{found}，是它就改列名；否则补上" if found else "补上这一列")
        elif found:
            remedy = f"是它就改列名为“{heading}”；不是就改一个不相像的列名"
            faults.add(None, heading, None, f"表中没有这一列，{found}，不敢当作同一列", remedy)


def _plain(heading: str) -> str:
    """Return a heading without its unit: 实发金额（元） is 实发金额."""
    return unicodedata.normalize("NFKC", heading).partition("(")[0].strip().translate(SAME)
