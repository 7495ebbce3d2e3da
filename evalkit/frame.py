"""Frame: who could be chosen, checked and fingerprinted; made by `read_frame`."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pandas as pd

from evalkit import codes, tickets
from evalkit.errors import Faults, FrameError
from evalkit.sheets import as_text, numbered, plain_numbers, read_sheet, refuse_floats

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.sections import FrameSection, Stage

Code = Literal["division", "free"]


class KeepsOrDrops(Protocol):
    """A rule on the rows: keep only, or drop, those whose `column` holds one of the values."""

    @property
    def column(self) -> str: ...
    @property
    def keep(self) -> tuple[str, ...]: ...
    @property
    def drop(self) -> tuple[str, ...]: ...
    @property
    def reason(self) -> str: ...


class Counts(Protocol):
    """Rows to count and explain: those whose `column` contains a text."""

    @property
    def column(self) -> str: ...
    @property
    def contains(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Rule:
    """Keep only, or drop, the rows whose `column` holds one of the values; one of `keep` and `drop` is empty."""

    column: str
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
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
        subject: str = "名单",
    ) -> Frame:
        """Make a frame of a table in memory.

        Parameters
        ----------
        table : pandas, polars, pyarrow, DuckDB or Spark table
            Copied; the caller's table is not written.
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
        faults = Faults(subject)
        _check_choices(code, id, name, columns)
        wanted = _headings(id, name, columns)
        rules, notes = tuple(rules), tuple(notes)
        read = {*wanted, *filled, *(rule.column for rule in rules), *(note.column for note in notes)}
        text = _as_text(table, faults, read)
        kept, dropped = _after_rules(text, rules)
        kept = kept.assign(**{id: kept[id].map(codes.normalise if code == "division" else tickets.clean)})
        _check(kept, id, name, filled, code, faults)
        _check_visible(kept, wanted, faults)
        faults.refuse(FrameError)
        counted = tuple((int(kept[note.column].str.contains(note.contains, regex=False).sum()), note.text) for note in notes)
        rows = kept.sort_values(id, kind="stable").loc[:, wanted]
        units = tuple(rows[id].tolist())
        return cls(id, name, tuple(wanted[1 + bool(name) :]), units, dropped, counted, _fingerprint(rows), rows)

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
        return declared_frame(design.frame, design.stages[0], path if path is not None else design.resolve(design.frame.file))

    def table(self) -> pd.DataFrame:
        """Return a copy of the kept columns, one row a unit in the order of ids."""
        return self._rows.reset_index(drop=True)

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
        stratum = pd.Series(self.labels([by] if isinstance(by, str) else by)).to_numpy()
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
        numbers = plain_numbers(cells.where(~cells.str.contains(",", regex=False), ""))
        faults = Faults("名单")
        for row in sorted(cells.index[~(numbers >= 0).to_numpy(dtype=bool)]):
            value, remedy = codes.shown(str(cells.at[row])), "补全或改正该格，不带千位逗号、单位与文字"
            faults.add(int(row) + 2, column, value, "应为不小于 0 的数值", remedy)
        faults.refuse(FrameError)
        return math.fsum(numbers)

    def row(self, unit: str) -> int:
        """Return the row of a unit as the spreadsheet it was read from shows it."""
        return int(self._rows.index[self.units.index(unit)]) + 2

    def _known(self, columns: Sequence[str]) -> None:
        strange = [column for column in columns if column not in self._rows.columns]
        if strange:
            have = codes.shown_headings(self._rows.columns)
            raise FrameError(f"{'、'.join(map(str, strange))}｜不在名单保留的列中｜写入 [frame] columns；现有：{have}")

    def __len__(self) -> int:
        return len(self.units)

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
) -> Frame:
    """Read the list of first-stage units from a file.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV (UTF-8 or GB 18030), Excel or Parquet; row 1 holds the headings.
    id, name, columns, rules, notes, code, filled
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
    >>> frame = read_frame(
    ...     "designs/data/villages_five_counties.csv", id="village_code", name="village",
    ...     columns=["township"], code="division", rules=[Rule("county", keep=("泌阳县",), reason="只评估泌阳县")])
    >>> frame
    Frame 357 个单位（另按规则剔除 739 行），编号列 village_code，指纹 8dd1b95479df
    """
    table = read_sheet(path, sheet, error=FrameError)
    return Frame.from_data(
        table,
        id=id,
        name=name,
        columns=columns,
        rules=rules,
        notes=notes,
        code=code,
        filled=filled,
        subject=f"名单（{Path(path).name}）",
    )


def declared_frame(part: FrameSection, first: Stage, path: str | Path) -> Frame:
    """Read the frame that a `[frame]` section declares, with no blanks in the columns that the first stage reads.

    Parameters
    ----------
    part : FrameSection
    first : Stage
        The first stage.
    path : str or pathlib.Path
        The file.

    Returns
    -------
    Frame
    """
    columns = (*part.columns, *([part.place] if part.place else []))
    needed = (*first.strata, *([first.mandatory.column] if first.mandatory else []))
    return read_frame(
        path,
        id=part.id,
        name=part.name,
        columns=columns,
        rules=part.rule,
        notes=part.note,
        code=part.code,
        sheet=part.sheet,
        filled=tuple(column for column in needed if column in columns),
    )


def _headings(id: str, name: str, columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([id, *([name] if name else []), *columns]))


def _as_text(table: Any, faults: Faults, wanted: Iterable[str]) -> pd.DataFrame:
    whole = numbered(table, FrameError)
    missing = sorted(set(wanted) - set(whole.columns))
    for column in missing:
        faults.add(1, column, None, "没有这一列", f"改正列名；现有：{codes.shown_headings(whole.columns)}")
    faults.refuse(FrameError)
    text = as_text(whole[sorted(set(wanted))], faults)
    faults.refuse(FrameError)
    return text.map(_folded)


def _check_choices(code: str, id: str, name: str, columns: Sequence[str]) -> None:
    if code not in ("division", "free"):
        raise FrameError(f"code = {code!r}｜不认识｜写 division（12 位区划代码）或 free（任意编号）")
    if isinstance(columns, str):
        raise FrameError(f"columns = {columns!r}｜应为一列名字｜写 [\"{columns}\"]")
    for heading in (id, name, *columns):
        if not isinstance(heading, str):
            raise FrameError(f"列名 {heading!r}｜列名应为文字｜先给表加上文字列名")


def _folded(cell: str) -> str:
    text = unicodedata.normalize("NFC", cell).translate(codes.HALF_WIDTH).strip()
    # 12.50 in a CSV and 12.5 in a workbook are one number and must give one fingerprint
    return re.sub(r"\.?0+$", "", text) if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text) else text


def _after_rules(table: pd.DataFrame, rules: Iterable[KeepsOrDrops]) -> tuple[pd.DataFrame, tuple[tuple[str, int], ...]]:
    dropped = []
    for rule in rules:
        stays = table[rule.column].isin(rule.keep) if rule.keep else ~table[rule.column].isin(rule.drop)
        dropped.append((rule.reason, int((~stays).sum())))
        table = table[stays]
    return table, tuple(dropped)


def _check(table: pd.DataFrame, id: str, name: str, filled: Sequence[str], code: Code, faults: Faults) -> None:
    if table.empty:
        faults.add(None, "名单", None, "没有一行", "检查文件与 [[frame.rule]] 的 keep、drop 取值")
        return
    for column in dict.fromkeys([id, *filled]):
        refuse_floats(table, column, faults)
    marked = {fault.row for fault in faults}
    if code == "division" and codes.seem_names(table[id]):
        remedy = "把 [frame] id 改为村代码所在的列名，村名所在的列写在 name"
        faults.add(None, id, None, f"这一列应为村代码，看来写的是村名（{len(table)} 行）", remedy)
        return
    for row, unit in zip(table.index, table[id], strict=True):
        if int(row) + 2 not in marked and (rule := _id_fault(unit, code)):
            faults.add(int(row) + 2, id, codes.shown(unit), rule, "改正后重试")
    for row in table.index[table[id].duplicated(keep=False) & (table[id] != "")]:
        faults.add(int(row) + 2, id, codes.shown(str(table.at[row, id])), "编号重复", "每个单位一行，删去多余的行")
    for column in dict.fromkeys([*([name] if name else []), *filled]):
        for row in table.index[table[column] == ""]:
            faults.add(int(row) + 2, column, None, "空白", "补全该格")


def _check_visible(table: pd.DataFrame, kept: Sequence[str], faults: Faults) -> None:
    """Two strata that look the same must not differ by a character that nobody sees."""
    for column in kept[1:]:
        for row in table.index[table[column].map(codes.invisible).to_numpy(dtype=bool)]:
            faults.add(int(row) + 2, column, None, "有不可见字符（零宽字符、换行等）", "重新键入该格")


def _id_fault(unit: str, code: Code) -> str:
    if not unit:
        return "编号空白"
    if not tickets.sound_id(unit):
        return "编号中不能有 | / 空格或不可见字符"
    if codes.is_identity(unit):
        return "编号是身份证号，不能用来抽样"
    return codes.division_fault(unit) if code == "division" else ""


def _fingerprint(rows: pd.DataFrame) -> str:
    return tickets.fingerprint(rows.itertuples(index=False, name=None))
