"""The Frame, and how it is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import codes, tickets
from evalkit.engines import FILES, opened
from evalkit.errors import Faults, FrameError
from evalkit.frame.checks import Code, check_choices, check_rows, check_visible
from evalkit.frame.registers import Register, by_village, entries
from evalkit.frame.rules import Counts, KeepsOrDrops, after_rules
from evalkit.lists import as_list
from evalkit.sheets import plain_numbers, read_sheet
from evalkit.showing import Rows, Shown
from evalkit.synthetic import registry
from evalkit.synthetic.lists import made_list

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.sections import FrameSection
    from evalkit.design.stages import Stage


@dataclass(frozen=True, eq=False)
class Frame(Shown):
    """The list of units that can be drawn.

    Parameters
    ----------
    id, name : str
        Headings of the id and of the name; `name` may be empty.
    columns : tuple of str
        The other headings that are kept.
    units : tuple of str
        The ids, sorted.
    dropped : tuple of (str, int)
        Each rule's reason with the number of rows it set aside.
    notes : tuple of (int, str)
        Number of rows and the footnote that explains them.
    fingerprint : str
        SHA-256 of the rows in the order of their ids, each a canonical JSON list of id, name and columns.

    Examples
    --------
    >>> import pandas as pd
    >>> villages = pd.DataFrame({"code": ["02", "01"], "village": ["西关", "东关"], "township": ["城关镇", "城关镇"]})
    >>> frame = Frame.from_data(villages, id="code", name="village", columns=("township",))
    >>> frame.units, frame.fingerprint == Frame.from_data(villages[::-1], id="code", name="village", columns=("township",)).fingerprint
    (('01', '02'), True)
    """

    id: str
    name: str
    columns: tuple[str, ...]
    units: tuple[str, ...]
    dropped: tuple[tuple[str, int], ...]
    notes: tuple[tuple[int, str], ...]
    fingerprint: str
    _rows: pd.DataFrame

    @classmethod
    def from_data(
        cls,
        table: Any,
        *,
        id: str,
        name: str = "",
        columns: Sequence[str] = (),
        rules: Iterable[KeepsOrDrops] = (),
        notes: Iterable[Counts] = (),
        code: Code = "free",
        filled: Sequence[str] = (),
        rows: str = "",
        sums: Sequence[str] = (),
        subject: str = "名单",
    ) -> Frame:
        """Make a frame of a table, or of a register of households.

        Parameters
        ----------
        table : pandas, polars, pyarrow, DuckDB, Spark or Dask table, or path to Parquet or CSV
            Copied; the caller's table is not written. Of a table that stays in its engine, and of a path, only the columns
            that are asked for are brought; of a register only one row for each village.
        id, name, columns : str, str, sequence of str
            Headings to keep.
        rules : iterable of Rule
            Rows to set aside first, in order; counted with their reasons.
        notes : iterable
            Rows to count and to explain, by ``column``, ``contains`` and ``text``.
        code : {"free", "division"}
            ``division``: ids are 12-digit codes of villages.
        filled : sequence of str
            Headings whose cells may not be blank, nor numbers that a spreadsheet has spoilt, such as strata.
        rows : str
            Says that the table is a register with many rows (households) a unit: the unit is the village, and its number of
            rows stands under this heading. Empty for a list with one row a unit.
        sums : sequence of str
            Columns of whole numbers of a register; their sums in each village stand under the same headings.
        subject : str
            What the table is, for messages.

        Returns
        -------
        Frame

        Raises
        ------
        FrameError
            With every fault and its row: missing headings, blank, repeated or unsound ids, ids that a
            spreadsheet has turned into numbers, bad codes, blank strata, invisible characters.
        """
        faults, register = Faults(subject), Register(rows, tuple(as_list(sums)))
        check_choices(code, id, name, columns)
        wanted = _headings(id, name, columns)
        register.check(wanted)
        rules, notes = tuple(rules), tuple(notes)
        read = sorted({*wanted, *filled, *(rule.column for rule in rules), *(note.column for note in notes)})
        listed = entries(table, opened(table, FrameError, text=True), register, read, id, faults)
        kept, dropped = after_rules(listed.text, rules, listed.held)
        kept = kept.assign(**{id: kept[id].map(codes.normalise if code == "division" else tickets.clean)})
        if register.rows:
            units = by_village(kept, listed, register, wanted, [*([name] if name else []), *filled], code, faults)
        else:
            units = kept
            check_rows(units, id, name, filled, code, faults)
        check_visible(units, wanted, faults)
        faults.refuse(FrameError)
        marked = [(kept.loc[kept[note.column].str.contains(note.contains, regex=False), id], note.text) for note in notes]
        counted = tuple((int(found.nunique()), text) for found, text in marked)
        wanted += register.headings
        ordered = units.sort_values(id, kind="stable").loc[:, wanted]
        ids = tuple(ordered[id].tolist())
        return cls(id, name, tuple(wanted[1 + bool(name) :]), ids, dropped, counted, _fingerprint(ordered), ordered)

    @classmethod
    def from_design(cls, design: Design, path: str | Path | None = None) -> Frame:
        """Read the frame that a design declares.

        Parameters
        ----------
        design : Design
        path : str or pathlib.Path, optional
            The file, where it is not the one named in the design.

        Returns
        -------
        Frame
        """
        given = path if path is not None or design.frame.made else design.resolve(design.frame.file)
        return declared_frame(design.frame, design.frame_stages, given, _made_up(design) if given is None else None)

    def table(self) -> pd.DataFrame:
        """Return a copy of the kept columns, one row a unit in the order of ids."""
        return self._rows.reset_index(drop=True)

    def directory(self, place: str = "") -> codes.Directory | None:
        """Return the units by their names, within the places that a column names; nothing where the list has no names.

        Parameters
        ----------
        place : str
            The column of the townships' names; left out where it holds codes.

        Examples
        --------
        >>> villages = pd.DataFrame({"code": ["01", "02"], "village": ["东关村", "西关村"], "township": ["城关镇", "江口镇"]})
        >>> frame = Frame.from_data(villages, id="code", name="village", columns=("township",))
        >>> frame.directory("township").find("西关村委会", "江口回族镇").code
        '02'
        """
        if not self.name:
            return None
        places = self._rows[place] if place in self._rows and codes.seem_names(self._rows[place]) else [""] * len(self)
        return codes.Directory(zip(self.units, self._rows[self.name], places, strict=True))

    def labels(self, by: Sequence[str]) -> dict[str, str]:
        """Return unit → stratum, the values of the columns joined by ``|``; without columns all are 全部."""
        self._known(by)
        if not by:
            return dict.fromkeys(self.units, "全部")
        joined = ("|".join(row) for row in self._rows[list(by)].itertuples(index=False, name=None))
        return dict(zip(self.units, joined, strict=True))

    def fingerprints(self, by: str | Sequence[str]) -> dict[str, str]:
        """Return the fingerprint of each stratum, so that a changed list shows where it was changed.

        Parameters
        ----------
        by : str or sequence of str
            Columns that make the strata.

        Returns
        -------
        dict of str to str
            Stratum → SHA-256 of its rows, made as that of the frame.
        """
        stratum = pd.Series(self.labels(as_list(by))).to_numpy()
        return {str(label): _fingerprint(rows) for label, rows in sorted(self._rows.groupby(stratum), key=lambda part: str(part[0]))}

    def total(self, column: str) -> float:
        """Return the sum of a column of numbers.

        Raises
        ------
        FrameError
            Naming every row whose cell is blank, negative or no plain number.
        """
        self._known([column])
        cells = self._rows[column]
        numbers = plain_numbers(cells.where(~cells.str.contains("[,，]"), ""))
        faults = Faults("名单")
        for row in sorted(cells.index[~(numbers >= 0).to_numpy(dtype=bool)]):
            value, remedy = codes.shown(str(cells.at[row])), "补全或改正该格，不带千位逗号、单位与文字"
            faults.add(int(row) + 2, column, value, "应为不小于 0 的数值", remedy)
        faults.refuse(FrameError)
        return math.fsum(numbers)

    @property
    def rows(self) -> tuple[int, ...]:
        """Return the row of each unit as the spreadsheet it was read from shows it, in the order of ids."""
        return tuple(int(row) + 2 for row in self._rows.index)

    def _known(self, columns: Sequence[str]) -> None:
        strange = [column for column in columns if column not in self._rows.columns]
        if strange:
            have = codes.shown_headings(self._rows.columns)
            raise FrameError(f"{'、'.join(map(str, strange))}｜不在名单保留的列中｜写入 [frame] columns；现有：{have}")

    def __len__(self) -> int:
        return len(self.units)

    def _rows_shown(self) -> Rows:
        aside = [(f"剔除：{reason}", str(count)) for reason, count in self.dropped]
        return Rows(("项", "行"), [("单位", str(len(self))), *aside, *((note, str(count)) for count, note in self.notes)], 1)

    def __repr__(self) -> str:
        aside = sum(count for _, count in self.dropped)
        return f"Frame {len(self)} 个单位（另按规则剔除 {aside} 行），编号列 {self.id}，指纹 {self.fingerprint[:12]}"


def read_frame(
    path: str | Path,
    *,
    id: str,
    name: str = "",
    columns: Sequence[str] = (),
    rules: Iterable[KeepsOrDrops] = (),
    notes: Iterable[Counts] = (),
    code: Code = "free",
    sheet: str = "",
    filled: Sequence[str] = (),
    rows: str = "",
    sums: Sequence[str] = (),
) -> Frame:
    """Read the list of first-stage units from a file.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV (UTF-8 or GB 18030), Excel or Parquet; row 1 holds the headings. A register of households in Parquet or CSV (see
        `rows`) may be larger than memory, and several files: ``registry/*.parquet``.
    id, name, columns, rules, notes, code, filled, rows, sums
        As in `Frame.from_data`.
    sheet : str
        Sheet of a workbook; empty for its first.

    Returns
    -------
    Frame

    Raises
    ------
    FrameError
        With every fault and its row.

    Examples
    --------
    >>> from evalkit.frame import Rule
    >>> frame = read_frame(
    ...     "designs/data/villages_five_counties.csv", id="village_code", name="village",
    ...     columns=["township"], code="division", rules=[Rule("county", keep=("泌阳县",), reason="只评估泌阳县")])
    >>> frame
    Frame 357 个单位（另按规则剔除 739 行），编号列 village_code，指纹 8dd1b95479df
    """
    return Frame.from_data(
        _table(path, sheet, rows),
        id=id,
        name=name,
        columns=columns,
        rules=rules,
        notes=notes,
        code=code,
        filled=filled,
        rows=rows,
        sums=sums,
        subject=f"名单（{Path(path).name}）",
    )


def _made_up(design: Design) -> pd.DataFrame | None:
    """Return the list that a design makes up, with the totals that the registry of its specimen has beside it."""
    part = design.frame
    if part.made is None:
        return None
    listed = made_list(part.made)
    more = {*part.columns, part.place} - {"", *listed.columns}
    if not more or design.specimen is None or design.programme is not None:  # the registry of a programme is made county by county
        return listed
    return registry(listed, design).villages()


def declared_frame(
    part: FrameSection, stages: Sequence[Stage], path: str | Path | None, table: pd.DataFrame | None = None
) -> Frame:
    """Read the frame that a `[frame]` section declares, with no blanks in the columns that its stages read.

    Parameters
    ----------
    part : FrameSection
    stages : sequence of Stage
        The stages that are drawn from it.
    path : str or pathlib.Path, optional
        The file; not needed for a list that the section makes up.
    table : pandas.DataFrame, optional
        A list that was made up already.

    Returns
    -------
    Frame
    """
    columns = (*part.columns, *([part.place] if part.place else []))
    needed = [column for stage in stages for column in (*stage.strata, *(must.column for must in stage.mandatory))]
    if path is not None:
        table = _table(path, part.sheet, part.rows)
    elif table is None and part.made:
        table = made_list(part.made)
    if table is None:
        raise FrameError("名单｜没有给出文件｜给出名单文件的路径")
    return Frame.from_data(
        table,
        id=part.id,
        name=part.name,
        columns=columns,
        rules=part.rule,
        notes=part.note,
        code=part.code,
        filled=tuple(column for column in dict.fromkeys(needed) if column in columns),
        rows=part.rows,
        sums=part.sums,
        subject=f"名单（{Path(path).name if path is not None else '模拟'}）",
    )


def _table(path: str | Path, sheet: str, rows: str) -> Any:
    """Return a file as it is read: a register where it lies, anything else as a table of text."""
    return path if rows and Path(path).suffix.lower() in FILES else read_sheet(path, sheet, error=FrameError)


def _headings(id: str, name: str, columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([id, *([name] if name else []), *columns]))


def _fingerprint(rows: pd.DataFrame) -> str:
    return tickets.fingerprint(rows.itertuples(index=False, name=None))
