"""Register ◄ read_registry: the export of the national registry, one row a person, as households and persons in own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from evalkit.codes import Directory
from evalkit.errors import HEADER, EvalkitError, Fault, Faults, FrameError
from evalkit.given import takes
from evalkit.intake.doubts import doubtful
from evalkit.intake.households import HEAD, one_row_each
from evalkit.intake.layouts import FIELDS, PERSONAL, Headings, absent, find_headings, recognised
from evalkit.intake.people import check_persons
from evalkit.intake.places import village_codes
from evalkit.privacy import kind_of
from evalkit.sheets import Grid, Limits, read_grids, refuse_floats
from evalkit.sheets.grids import folded
from evalkit.showing import Rows, Shown

WhatOfFaults = Literal["fail", "list"]


@dataclass(frozen=True, eq=False)
class Register(Shown):
    """Households and persons of a registry export.

    Attributes
    ----------
    layout : str
        ``2016`` (2016–2020) or ``2022``.
    faults : tuple of Fault
        What is to be asked about, with rows: words that the registry does not have, years and incomes that can hardly be;
        and, where faults are listed rather than refused, what is wrong.
    """

    layout: str
    faults: tuple[Fault, ...]
    _households: pd.DataFrame
    _persons: pd.DataFrame

    def households(self) -> pd.DataFrame:
        """Return a copy of the table of households, in the order of the file.

        Columns, as far as the file has them: household, county, township, village, village_code, hamlet, persons (rows
        counted, int), stated (人数; missing where it is no number), heads (rows with 与户主关系 = 户主), attribute,
        exit_status, exit_year (``2018``), type, monitored, cause, income (yuan a person and year), identified and the
        other months (``2014-12``), row (of the head in the spreadsheet) and kept personal columns of the head.
        """
        return self._households.copy()

    def table(self) -> pd.DataFrame:
        """Return the faults as a table: 行, 列, 值, 规则, 处理, in the order of the rows."""
        found = sorted(self.faults, key=lambda fault: fault.row or 0)
        rows = [(fault.row, fault.column, fault.value or "", fault.rule, fault.remedy) for fault in found]
        return pd.DataFrame(rows, columns=list(HEADER))

    def persons(self) -> pd.DataFrame:
        """Return a copy of the table of persons: household, what the file says of each person, row in the spreadsheet."""
        return self._persons.copy()

    def coded(self, known: Directory, changes: Mapping[str, Iterable[str]] | None = None, faults: WhatOfFaults = "fail") -> Register:
        """Return the register with the code of each household's village in ``village_code``.

        Parameters
        ----------
        known : Directory
            The villages that may appear.
        changes : mapping of str to iterable of str, optional
            Old code → new code or codes, where the file has codes of an older edition; nothing is guessed.
        faults : {"fail", "list"}

        Raises
        ------
        FrameError
            For villages that are not found for certain, with the nearest names.
        """
        found = Faults("登记系统导出表")
        codes = village_codes(self._households, known, found, changes)
        _settle(found, faults)
        households = self._households.assign(village_code=codes)
        by_household = dict(zip(households["household"], codes, strict=True))
        persons = self._persons.assign(village_code=self._persons["household"].map(by_household))
        return replace(self, faults=(*self.faults, *found), _households=households, _persons=persons)

    def __len__(self) -> int:
        return len(self._households)

    def _rows_shown(self) -> Rows:
        counts = Counter((fault.column, fault.rule) for fault in self.faults)
        return Rows(("列", "规则", "处"), [(*key, str(count)) for key, count in counts.items()], 2)

    def __repr__(self) -> str:
        return f"Register {len(self)} 户 {len(self._persons)} 人（{self.layout} 年格式），待改正、核实 {len(self.faults)} 处"


@takes(FrameError)
def read_registry(
    path: str | Path, layout: str | None = None, *, keep: Iterable[str] = (), faults: WhatOfFaults = "fail", sheet: str = "",
    limits: Limits | None = None,
) -> Register:
    """Read a person-level export of the national registry into households.

    Parameters
    ----------
    path : str or pathlib.Path
        A workbook, CSV or any other file that `read_frame` takes. The headings may stand below a title, in two rows with
        merged cells, with other endings (in brackets) or without the columns that are not needed.
    layout : {"2016", "2022"}, optional
        By default what the headings say.
    keep : iterable of str
        Personal columns to keep: name, id_number, health, phone, person_phone. They are dropped unless named.
    faults : {"fail", "list"}
        Whether faults of rows are refused, or listed in `Register.faults`.
    sheet : str
        Of a workbook; by default the only one that has such headings.
    limits : Limits, optional
        How large the file may be.

    Returns
    -------
    Register

    Raises
    ------
    FrameError
        When no such headings are found or the layout is not certain; for ``fail`` with every fault and its row: persons
        unlike the stated 人数, a household without a 户主 or with two, identity numbers twice, unsound or turned into
        numbers, a household in two villages or with other values in other rows, months and years that are none.

    Examples
    --------
    >>> import tempfile
    >>> text = (
    ...     "贫困人口信息表\\n县（市、区、旗）,乡（镇）,行政村,户编号,姓名,证件号码,人数,与户主关系,脱贫属性,脱贫年度,人均纯收入\\n"
    ...     "泌阳县,花园街道,东关村,H1,甲,11010519491231002X,2,户主,已脱贫,2018,6444.67\\n"
    ...     "泌阳县,花园街道,东关村,H1,乙,440524188001010014,2,配偶,已脱贫,2018,6444.67\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "导出.csv"
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     register = read_registry(path)
    >>> register
    Register 1 户 2 人（2016 年格式），待改正、核实 0 处
    >>> register.households()[["household", "village", "persons", "stated", "exit_year", "income"]]
      household village  persons  stated exit_year   income
    0        H1     东关村        2       2      2018  6444.67
    """
    if faults not in ("fail", "list"):
        raise FrameError(f"faults = {faults!r}｜没有这种选择｜写 fail（有错即拒绝）或 list（列在 .faults 中）")
    kept = {keep} if isinstance(keep, str) else set(keep)
    if kept - set(PERSONAL):
        raise FrameError(f"keep：{'、'.join(sorted(map(str, kept - set(PERSONAL))))}｜不是个人信息列｜可写：{'、'.join(PERSONAL)}")
    try:
        pages = read_grids(path, sheet, limits or Limits())
    except EvalkitError as refusal:
        raise FrameError(str(refusal)) from None
    name, grid, headings = _page(Path(path).name, pages)
    made = recognised(set(headings.words.values()), layout)
    found = Faults(f"登记系统导出表（{name}）")
    persons, households = _both(name, grid, headings, found)
    _settle(found, faults)
    doubts = doubtful(persons, headings.told)
    private = [word for word in PERSONAL if word not in kept]
    persons = persons.drop(columns=[*private, HEAD], errors="ignore").reset_index(drop=True)
    return Register(made, (*found, *doubts), households.drop(columns=private, errors="ignore"), persons)


def under_headings(name: str, grid: Grid, wanted: Iterable[str]) -> pd.DataFrame:
    """Return the households of an export under the headings of the file, as a roster: 人数 are the persons counted, 户主 the head's name.

    Raises
    ------
    FrameError
        With every fault of the file.
    """
    headings, asked = find_headings(grid), set(wanted)
    assert headings is not None
    found = Faults(f"登记系统导出表（{name}）")
    _, households = _both(name, grid, headings, found)
    found.refuse(FrameError)
    table = households.set_axis(households["row"] - 2, axis=0).rename_axis(None)
    columns = {folded(told): table[word] for word, told in headings.told.items() if word in table}
    columns |= {folded(headings.told["stated"]) if "stated" in headings.told else "人数": table["persons"].astype(str)}
    columns |= {heading: table["name"] for heading in ("户主", "户主姓名") if heading in asked and "name" in table}
    kept = [heading for heading in columns if heading in asked or not kind_of(heading)]
    return pd.DataFrame({heading: columns[heading].astype(str) for heading in kept}, index=table.index, dtype=str)


def _both(name: str, grid: Grid, headings: Headings, found: Faults) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the persons and the households of a sheet, checked."""
    persons = _words(grid, headings)
    if persons.empty:
        raise FrameError(f"{name}｜列名以下没有一行｜核对文件")
    if "id_number" in persons:
        _refuse_numbers(persons, headings, found)
    persons = check_persons(persons, headings.told, found)
    return persons, one_row_each(persons, headings.told, found)


def _settle(found: Faults, faults: WhatOfFaults) -> None:
    if faults == "fail":
        found.refuse(FrameError)


def _page(name: str, pages: dict[str, Grid]) -> tuple[str, Grid, Headings]:
    fitting = [(page, grid, headings) for page, grid in pages.items() if (headings := find_headings(grid))]
    if not fitting:
        raise absent(name, next(iter(pages.values()), Grid([])))
    if len(fitting) > 1:
        raise FrameError(f"{name}｜有 {len(fitting)} 张工作表像导出表｜写明 sheet=：{'、'.join(page for page, _, _ in fitting)}")
    page, grid, headings = fitting[0]
    return f"{name} {page}".strip(), grid, headings


def _words(grid: Grid, headings: Headings) -> pd.DataFrame:
    """Return the rows below the headings under own words; cells that the workbook merged downwards are filled."""
    rows = grid.spread(headings.last + 1, len(grid.rows), down=True).rows
    body = {at - 1: row for at, row in enumerate(rows) if at > headings.last and any(row)}
    places = {word: at for at, word in reversed(headings.words.items())}
    columns = {word: [row[at] if at < len(row) else "" for row in body.values()] for word, at in places.items()}
    order = [word for word in FIELDS if word in columns]
    return pd.DataFrame({word: columns[word] for word in order}, index=list(body), dtype=str)


def _refuse_numbers(persons: pd.DataFrame, headings: Headings, found: Faults) -> None:
    told = headings.told["id_number"]
    refuse_floats(persons[["id_number"]].set_axis([told], axis=1), told, found)
