"""Tables of one kind, handed in as files or as one table: read as text, every row knowing where it stands."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from evalkit.codes import HALF_WIDTH, seem_names, shown, shown_headings, shown_label, shown_word
from evalkit.engines import FILES, Far, of_villages, opened
from evalkit.errors import EvalkitError, Faults
from evalkit.intake import read_handed
from evalkit.patience import Progress, counted
from evalkit.screening import Check, Screening, screen_rows
from evalkit.screening.values import DATED
from evalkit.sheets import as_text, numbered, refuse_floats
from evalkit.sheets.memory import WAYS
from evalkit.sheets.moments import plain_moments
from evalkit.sheets.reading import LIMITS, SUFFIXES

Source = pd.DataFrame | str | Path | Iterable[str | Path]


@dataclass(frozen=True, eq=False)
class Handed:
    """Rows as they were handed in.

    Attributes
    ----------
    table : DataFrame
        All cells text, digits and letters half-width, no blanks around them; index 0, 1, ….
    rows : ndarray of int
        The spreadsheet row of each (the headings are row 1).
    files : ndarray of str
        The file of each; empty where there is only one.
    hidden : frozenset of str
        Columns whose cells no message shows: household numbers, names, identity numbers, addresses.
    others : dict of str to int
        Villages that were not asked for, with their rows that stayed in an engine; None for a table in memory.
    """

    table: pd.DataFrame
    rows: NDArray[np.int64]
    files: NDArray[np.object_]
    hidden: frozenset[str] = frozenset()
    others: Mapping[str, int] | None = None

    def placed(self, faults: Faults, village: str, household: str = "") -> Faults:
        """Return the faults, told by village and household where the rows came from an engine and have no number of their own."""
        if self.others is not None and faults:
            places = [self.place(at, village, household) for at in range(len(self.rows))]
            faults.by_place(dict(zip(self.rows.tolist(), places, strict=True)), "")
        return faults

    def place(self, at: int, village: str, household: str) -> str:
        """Return where a row stands, as a message names it: its row, or its village and household where rows have no number."""
        if self.others is None:
            return placed(self.files[at], f"第 {int(self.rows[at])} 行")
        whose = shown(str(self.table[village].iat[at]))
        return named(whose, str(self.table[household].iat[at])) if household else f"村 {whose}" if whose else ""

    def note(
        self,
        faults: Faults,
        mask: ArrayLike,
        column: str,
        rule: str,
        remedy: str,
        show: bool = True,
        whose: tuple[str, ...] = (),
        known: Iterable[str] | None = None,
    ) -> None:
        """Note one fault for each row of `mask`.

        The cell is shown only where it is a number or, in a column of words, much like one of the words
        `known`: in a column that has slipped it may be a name. `whose` names the columns of the village and
        the household, which are then shown in place of the cell.
        """
        show = show and column in self.table and column not in self.hidden
        for i in np.flatnonzero(np.asarray(mask, dtype=bool)).tolist():
            cell = str(self.table[column].iat[i]) if show else ""
            value = shown(cell) if known is None else shown_word(cell, known)
            value = named(*(str(self.table[heading].iat[i]) for heading in whose)) if whose else value
            faults.add(int(self.rows[i]), placed(self.files[i], column), value, rule, remedy)

    def screen(self, checks: Iterable[Check], subject: str, missing: Iterable[str] = (), rows: ArrayLike | None = None) -> Screening:
        """Hold the rows, or those of a mask, against checks."""
        kept = slice(None) if rows is None else np.asarray(rows, dtype=bool)
        files = self.files[kept] if any(self.files) else None
        table = self.table[kept].reset_index(drop=True)
        return screen_rows(table, self.rows[kept], checks, files=files, missing=tuple(missing), personal=self.hidden, subject=subject)

    def dated(self, checks: Iterable[Check]) -> Handed:
        """Return the rows with the dates that checks read in ISO form; what is no date stays, for the checks to find."""
        columns = dict.fromkeys(heading for check in checks if check.kind in DATED for heading in check.columns)
        made = {name: iso.mask(iso == "", self.table[name]) for name in columns for iso in [plain_moments(self.table[name])[0]]}
        return replace(self, table=self.table.assign(**made)) if made else self

    def note_names(self, faults: Faults, strange: ArrayLike, column: str, known: Iterable[str]) -> NDArray[np.bool_]:
        """Note each file whose column of village codes evidently holds names; return the rows that this explains.

        Parameters
        ----------
        strange : array of bool
            Rows whose cell is no code that is known.
        known : iterable of str
            The known codes; where these are names themselves, nothing is explained.
        """
        mask = np.asarray(strange, dtype=bool)
        explained = np.zeros(len(mask), dtype=bool)
        for file in () if seem_names(known) else dict.fromkeys(self.files[mask]):
            mine = self.files == file
            if seem_names(self.table.loc[mine, column]):
                explained |= mine & mask
                first = int(np.flatnonzero(mine & mask)[0])
                remedy = "在设计文件中改写村代码所在的列名，或把村名换成村代码"
                rule = f"这一列应为村代码，看来写的是村名（{int((mine & mask).sum())} 行）"
                faults.add(int(self.rows[first]), placed(file, column), None, rule, remedy)
        return explained


@dataclass(frozen=True)
class Within:
    """Which rows are brought of a table that stays in its engine: those of some villages.

    Parameters
    ----------
    village : str
        Heading of the village's code.
    villages : collection of str
    needed : bool
        Whether only the columns that are needed are brought; else all.
    register : bool
        Whether the source is a register: a path to one is read where it lies, however small, and other villages are passed over.
    """

    village: str
    villages: Collection[str]
    needed: bool = False
    register: bool = False

    def far(self, source: Any, error: type[EvalkitError]) -> Far | None:
        """Return the source where its rows stay in place: an engine's table, a register, and files that are many or too large."""
        if isinstance(source, (str, Path)):
            path = Path(source)
            big = "*" in path.name or (path.is_file() and path.stat().st_size > LIMITS.size)
            return opened(path, error, text=True) if path.suffix.lower() in FILES and (self.register or big) else None
        return opened(source, error)

    def kept(self, handed: Handed) -> Handed:
        """Return the rows of the villages, where a table in memory or a workbook is a register; all rows where it is none."""
        if not self.register:
            return handed
        mine = handed.table[self.village].isin(list(self.villages)).to_numpy()
        return replace(handed, table=handed.table[mine].reset_index(drop=True), rows=handed.rows[mine], files=handed.files[mine])


def hand_in(
    source: Source, subject: str, needed: Iterable[str], ids: Iterable[str], error: type[EvalkitError], hidden: Iterable[str] = (),
    within: Within | None = None, progress: Progress | None = None,
) -> tuple[Handed, Faults]:  # fmt: skip
    """Read what was handed in.

    Parameters
    ----------
    source : DataFrame, path, folder, or several paths
        CSV, Excel or Parquet files; a folder stands for all of them in it. A table is not changed.
    subject : str
        What it is, for messages.
    needed : iterable of str
        Headings that must be there.
    ids : iterable of str
        Columns of codes, which must not have been turned into numbers.
    error : type of EvalkitError
        What to raise.
    hidden : iterable of str
        Columns whose cells no message shows.
    within : Within, optional
        Of a table that stays in its engine, which rows are brought; without it such a table is read whole, where it can be.
    progress : callable, optional
        Told a line a file.

    Returns
    -------
    Handed
    Faults
        What was found wrong so far; the caller adds to it and raises.

    Raises
    ------
    EvalkitError
        When a file cannot be read or lacks a heading: nothing more can be checked then.
    """
    needed, others = tuple(dict.fromkeys(needed)), None
    far = None if within is None else within.far(source, error)
    if within is not None and far is not None:
        source, others = of_villages(far, within.village, within.villages, needed if within.needed else list(far.kinds))
    parts = [(name, _named(table, needed)) for name, table in _parts(source, subject, needed, error, progress)]
    faults, absent = Faults(subject), Faults(subject)
    for name, table in parts:
        _note_absent(absent, name, table, needed)
        _note_floats(faults, name, table, [column for column in ids if list(table.columns).count(column) == 1])
    absent.refuse(error)
    handed = replace(_joined(parts, needed), hidden=frozenset(hidden), others=others)
    return handed if within is None or far is not None else within.kept(handed), faults


def named(village: str, household: str) -> str:
    """Return a household as a message names it.

    Examples
    --------
    >>> named("411726101201", "0038")
    '村 411726101201 户 0038'
    """
    return f"村 {shown_label(village)} 户 {shown(household)}"


def placed(file: str, column: str) -> str:
    """Return a column's name for a message, with its file where there are several."""
    return f"{file}：{column}" if file else column


def files_of(source: Any) -> list[Any]:
    """Return the files of a folder, or the files themselves; lock files of spreadsheet programs are left out."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_dir():
            return [path]
        return sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES and not p.name.startswith(("~$", ".")))
    return [Path(path) if isinstance(path, (str, os.PathLike)) else path for path in source]  # what is no path is refused where it is read


def _parts(
    source: Source, subject: str, needed: tuple[str, ...], error: type[EvalkitError], progress: Progress | None
) -> list[tuple[str, pd.DataFrame]]:
    if isinstance(source, (str, os.PathLike)) or (isinstance(source, Iterable) and not _is_table(source)):
        files = files_of(source)
        if not files and isinstance(source, (str, os.PathLike)):
            raise error(f"{subject}｜文件夹 {Path(source).name} 中没有表格文件｜把表格（xlsx、csv 等）放进去")
        names = [Path(str(path)).name if len(files) > 1 else "" for path in files]
        pairs = zip(names, files, strict=True)
        return [(name, read_handed(path, subject, needed, error)) for name, path in counted(pairs, f"读{subject}", progress, len(files))]
    table = numbered(source, error)
    faults = Faults(subject)
    text = as_text(table, faults).rename(columns=str)
    faults.refuse(error)
    return [("", text)]


def _is_table(source: object) -> bool:
    return isinstance(source, pd.DataFrame) or any(callable(getattr(source, way, None)) for way in WAYS)


def _named(table: pd.DataFrame, needed: tuple[str, ...]) -> pd.DataFrame:
    """Give headings the form in which the design writes them: full-width and half-width brackets are one."""
    wanted = {unicodedata.normalize("NFKC", heading): heading for heading in needed}
    folded = {heading: wanted.get(unicodedata.normalize("NFKC", heading).strip(), heading) for heading in table.columns}
    return table.rename(columns=folded)


def _note_absent(faults: Faults, name: str, table: pd.DataFrame, needed: tuple[str, ...]) -> None:
    for column in needed:
        if column not in table.columns:
            have = f"补上这一列，或改设计文件中的列名；现有：{shown_headings(table.columns)}"
            faults.add(1, placed(name, column), None, "没有这一列", have)
        elif list(table.columns).count(column) > 1:
            faults.add(1, placed(name, column), None, "列名重复（全角与半角视为相同）", "改名，使每列的名字不同")


def _note_floats(faults: Faults, name: str, table: pd.DataFrame, ids: Iterable[str]) -> None:
    for column in ids:
        found = Faults("")
        refuse_floats(table, column, found)
        for fault in found:
            faults.add(fault.row, placed(name, column), fault.value, fault.rule, fault.remedy)


def _joined(parts: list[tuple[str, pd.DataFrame]], needed: tuple[str, ...]) -> Handed:
    if not parts:
        return Handed(pd.DataFrame(columns=list(needed), dtype=str), np.empty(0, np.int64), np.empty(0, object))
    rows = [table.index.to_numpy(dtype=np.int64) + 2 for _, table in parts]
    files = [np.full(len(table), name, dtype=object) for name, table in parts]
    table = pd.concat([table for _, table in parts], ignore_index=True).fillna("")
    table = pd.DataFrame({name: _half_width(table[name]) for name in table}, index=table.index, columns=table.columns)
    return Handed(table, np.concatenate(rows), np.concatenate(files))


def _half_width(cells: pd.Series) -> pd.Series:
    """Return a column with digits and letters half-width; a column that has none of others comes back as it is."""
    words = cells.tolist()
    plain = {word: word.translate(HALF_WIDTH).strip() for word in set(words)}
    same = all(word == made for word, made in plain.items())
    return cells if same else pd.Series(list(map(plain.__getitem__, words)), dtype=str, index=cells.index)
