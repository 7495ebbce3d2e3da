"""Returned ◄ read_returns: what came back from phones, web forms and statistics programs, as one plain table that `collect` takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from evalkit.codes import HALF_WIDTH, seem_data, shown_headings
from evalkit.errors import EvalkitError, Faults, ResponsesError, one_of
from evalkit.given import takes
from evalkit.intake import kobo, wjx
from evalkit.intake.dialects import DIALECTS, Page, read_pages, recognised
from evalkit.intake.strays import note_strays
from evalkit.lists import as_list
from evalkit.privacy import kind_of
from evalkit.sheets import Known, Limits, refuse_floats
from evalkit.sheets.moments import FORMS, plain_moments, written_out
from evalkit.showing import Rows, Shown

IDS = r"编号|代码|证件|身份证|号码|账号|^_?id$|code$"


@dataclass(frozen=True, eq=False)
class Returned(Shown):
    """Answers as they came back, under plain headings.

    Attributes
    ----------
    dialect : str
        One of ``plain``, ``kobo``, ``wjx``.
    questions : mapping of str to str
        Heading → question in full, where the file tells it.
    labels : mapping of str to mapping
        Heading → value → label, where the files tell them.
    dropped : tuple of str
        Headings of personal data that were left out.
    """

    dialect: str
    questions: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    dropped: tuple[str, ...]
    _table: pd.DataFrame
    _repeats: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return a copy of the answers, one row an interview; ``index + 2`` is the row in the spreadsheet."""
        return self._table.copy()

    def to_pandas(self) -> pd.DataFrame:
        """Return the table: so `collect` and `read_rosters` take these answers as they are."""
        return self.table()

    def repeats(self) -> dict[str, pd.DataFrame]:
        """Return the tables of repeated questions by name; the column ``_row`` names the interview's row."""
        return {name: table.copy() for name, table in self._repeats.items()}

    def choices(self, heading: str) -> pd.DataFrame:
        """Return one column of 0 and 1 for each answer of a question that takes several."""
        if heading not in self._table:
            raise ResponsesError(f"{heading}｜没有这一列｜用 .table() 的列名")
        return self._table[heading].str.get_dummies(kobo.SEVERAL).drop(columns="", errors="ignore")

    def __len__(self) -> int:
        return len(self._table)

    def _rows_shown(self) -> Rows:
        sizes = {"答卷": self._table, **self._repeats}
        return Rows(("表", "行", "列"), [(name, str(len(table)), str(len(table.columns))) for name, table in sizes.items()], 1)

    def __repr__(self) -> str:
        left = f"，未收个人信息 {len(self.dropped)} 列" if self.dropped else ""
        more = f"，重复组 {len(self._repeats)} 个" if self._repeats else ""
        return f"Returned {len(self)} 份，{len(self._table.columns)} 列（{self.dialect}）{more}{left}"


@takes(ResponsesError)
def read_returns(
    path: str | Path, dialect: str | None = None, *, labels: str | Path | None = None, names: Mapping[str, str] | None = None,
    keep: Iterable[str] = (), missing: Iterable[str] = (), dates: Iterable[str] = (), sheet: str = "", limits: Limits | None = None,
) -> Returned:
    """Read returns from whatever they were collected with.

    Parameters
    ----------
    path : str or pathlib.Path
        Excel, CSV (UTF-8 or GB 18030; comma, semicolon or tab), Parquet, SPSS or Stata.
    dialect : {"plain", "kobo", "wjx"}, optional
        ``kobo``: Kobo, ODK, SurveyCTO; ``wjx``: 问卷星. By default what the headings say for certain.
    labels : str or pathlib.Path, optional
        ``wjx``: the text file of the pair, `path` being the code file. ``kobo``: the XLSForm, whose labels then stand for
        the values, and whose names for headings that are labels.
    names : mapping of str to str, optional
        ``wjx``: leading number of a question → heading; otherwise heading → heading. No two columns may get one name.
    keep : iterable of str
        Headings of personal data that are kept; all others (names, numbers, telephones, accounts, health, places, network
        addresses) are dropped.
    missing : iterable of str
        Cells that say that there is no answer, such as ``—`` or ``-99``; they become blank.
    dates : iterable of str
        Headings of dates, which are given in ISO form. So are, unasked, the columns in which every cell that is filled in
        is a date written out, year first and its parts set apart; whole numbers are never taken for dates unasked.
    sheet : str
        Of a workbook.
    limits : Limits, optional

    Returns
    -------
    Returned

    Raises
    ------
    ResponsesError
        When the file cannot be read, its dialect is not certain, or with every row: dates that are none, codes turned into
        numbers, answers that two forms of the export tell differently, repeated rows without an interview, two columns
        under one new name, a pair of ``wjx`` files the wrong way round.

    Examples
    --------
    >>> import tempfile
    >>> text = "序号,提交答卷时间,所用时间,来自IP,1、户编号,2、满意吗？\\n1,2026/10/2 09:30,125秒,1.2.3.4(河南),0001,满意┋一般\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "问卷.csv"
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     made = read_returns(path, names={"2": "满意度"})
    >>> made
    Returned 1 份，5 列（wjx），未收个人信息 1 列
    >>> made.table().iloc[0].tolist()
    ['1', '2026-10-02 09:30:00', '125', '0001', '满意┋一般']
    """
    if dialect is not None:
        one_of("dialect", dialect, DIALECTS, ResponsesError, "来源")
    try:
        pages, questions, told = read_pages(path, sheet, limits or Limits())
    except EvalkitError as refusal:
        raise ResponsesError(str(refusal)) from None
    return settled(path, pages, dialect, labels, dict(names or {}), keep, tuple(missing), tuple(dates), questions, told)


def settled(
    path: str | Path, pages: list[Page], dialect: str | None, labels: str | Path | None, names: dict[str, str], keep: Iterable[str],
    missing: tuple[str, ...], dates: tuple[str, ...], questions: dict[str, str], told: dict[str, dict[str, str]],
    always: Iterable[str] = (),
) -> Returned:
    """Return the answers of pages that are read: the steps that every dialect shares, around its own.

    `always` names headings that are kept where they are there; those of `keep` must be there.
    """
    name = Path(path).name
    made, main, others = recognised(name, pages, dialect)
    faults = Faults(f"回收表（{name}）")
    plain = Known(lambda cell: "" if (text := cell.translate(HALF_WIDTH).strip()) in missing else text)
    table = main.grid.table(faults, ResponsesError, main.head)
    if seem_data(list(table.columns)):
        raise ResponsesError(f"{name}｜第 1 行看来是数据，不是列名｜在数据上方加一行列名；列名不写号码")
    note_strays(table, faults)
    groups: dict[str, pd.DataFrame] = {}
    if made == "kobo":
        table, groups, told = _of_kobo(table, others, labels, faults)
        dates = (*dates, *(each for each in kobo.MOMENTS if each in table))
    elif made == "wjx":
        table, questions, told = _of_wjx(table, labels, names, faults)
        names, dates = {}, (*dates, *(each for each in wjx.MOMENTS if each in table))
    elif labels is not None:
        raise ResponsesError("labels=｜只用于 kobo 与 wjx｜SPSS 与 Stata 的标签在文件中，已经使用")
    table = _renamed(table, names)
    table = pd.DataFrame({each: [plain[cell] for cell in table[each]] for each in table}, index=table.index, dtype=str)
    table, left = _without_persons(table, {*as_list(keep), *(each for each in always if each in table)})
    _check_dates(table, dates, faults)
    for each in table.columns[table.columns.str.contains(IDS, case=False)]:
        refuse_floats(table, each, faults)
    faults.refuse(ResponsesError)
    groups = {each: _without_persons(group, ())[0] for each, group in groups.items()}
    return Returned(made, questions, told, tuple(left), table, groups)


def _renamed(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the table under the names given, refused where a column is absent or two would have one name."""
    absent = [name for name in names if name not in table]
    if absent:
        raise ResponsesError(f"names：{shown_headings(absent)}｜没有这一列｜现有：{shown_headings(table.columns)}")
    made = [names.get(name, name) for name in map(str, table)]
    wjx.refuse_shared(list(map(str, table)), made)
    return table.set_axis(made, axis=1)


def _of_kobo(
    table: pd.DataFrame, others: list[Page], labels: str | Path | None, faults: Faults
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], dict[str, dict[str, str]]]:
    heads, told = kobo.form_labels(labels) if labels is not None else ({}, {})
    table = kobo.plain_answers(table.rename(columns=heads), faults).rename(columns=heads)
    pages = {page.name: page.grid.table(Faults(page.name), ResponsesError, page.head) for page in others}
    groups = kobo.repeats(pages, table, faults)
    groups = {name: kobo.plain_answers(group.rename(columns=heads), faults) for name, group in groups.items()}
    labelled = {name: kobo.labelled_answers(group, told) for name, group in groups.items()}
    return kobo.labelled_answers(table, told), labelled, told


def _of_wjx(
    table: pd.DataFrame, labels: str | Path | None, names: Mapping[str, str], faults: Faults
) -> tuple[pd.DataFrame, dict[str, str], dict[str, dict[str, str]]]:
    told: dict[str, dict[str, str]] = {}
    if labels is not None:
        pages = read_pages(labels, "", Limits())[0]
        _, main, _ = recognised(Path(labels).name, pages, "wjx")
        table, told = wjx.paired(table, main.grid.table(faults, ResponsesError, main.head), faults)
    asked = list(table.columns)
    table, questions = wjx.plain_questions(table, names)
    short = dict(zip(asked, table.columns, strict=True))
    if wjx.LASTED in table:
        table = table.assign(**{wjx.LASTED: wjx.lasted(table[wjx.LASTED])})
    return table, questions, {short[name]: pairs for name, pairs in told.items()}


def _without_persons(table: pd.DataFrame, keep: Iterable[str]) -> tuple[pd.DataFrame, list[str]]:
    """Drop personal data that is not kept; a place that is kept is given in four columns."""
    kept, where = as_list(keep), kobo.located(table)
    strange = [name for name in kept if name not in table and name not in where]
    if strange:
        raise ResponsesError(f"keep：{shown_headings(strange)}｜没有这一列｜现有：{shown_headings(table.columns)}")
    left = [str(name) for name in table if kind_of(name) or str(name).lower() in kobo.DEVICES]
    for name, columns in where.items():
        if name in kept:
            table = kobo.in_four(table, name, columns)
        left = [each for each in left if each not in columns] + ([] if name in kept else columns)
    left = [name for name in left if name not in kept]
    return table.drop(columns=left, errors="ignore"), left


def _check_dates(table: pd.DataFrame, dates: tuple[str, ...], faults: Faults) -> None:
    for name in dict.fromkeys(dates):
        if name not in table:
            faults.add(1, name, None, "没有这一列", "改正 dates= 中的列名")
            continue
        table[name], bad = plain_moments(table[name])
        faults.add_rows(table.index[bad.to_numpy(dtype=bool)], name, "不是日期", FORMS)
    for name in (each for each in map(str, table) if each not in dates and not re.search(IDS, each, re.IGNORECASE)):
        if written_out(table[name]):
            table[name] = plain_moments(table[name])[0]
