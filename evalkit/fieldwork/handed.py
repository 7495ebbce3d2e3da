"""Tables of one kind, handed in as files or as one table: read as text, every row knowing where it stands."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from evalkit.codes import mask_identity
from evalkit.errors import EvalkitError, Faults
from evalkit.sheets import cell_text, read_sheet, refuse_floats
from evalkit.sheets.reading import BOOKS, TEXTS

Source = pd.DataFrame | str | Path | Iterable[str | Path]
LONGEST_SHOWN = 20
# letters, digits, point, minus and blank only: Chinese punctuation belongs to the words of a design
HALF_WIDTH = {0xFEE0 + ord(sign): sign for sign in string.ascii_letters + string.digits + ".-"} | {0x3000: " "}


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
    """

    table: pd.DataFrame
    rows: NDArray[np.int64]
    files: NDArray[np.object_]

    def note(self, faults: Faults, mask: ArrayLike, column: str, rule: str, remedy: str, show: bool = True) -> None:
        """Note one fault for each row of `mask`; the cell is shown only where it is no personal data."""
        for i in np.flatnonzero(np.asarray(mask, dtype=bool)).tolist():
            value = shown(str(self.table[column].iat[i])) if show and column in self.table else None
            faults.add(int(self.rows[i]), placed(self.files[i], column), value, rule, remedy)


def hand_in(
    source: Source, subject: str, needed: Iterable[str], ids: Iterable[str], error: type[EvalkitError]
) -> tuple[Handed, Faults]:
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
    needed = tuple(dict.fromkeys(needed))
    parts = [(name, _named(table, needed)) for name, table in _parts(source, subject, error)]
    faults, absent = Faults(subject), Faults(subject)
    for name, table in parts:
        _note_absent(absent, name, table, needed)
        _note_floats(faults, name, table, [column for column in ids if column in table])
    absent.refuse(error)
    return _joined(parts, needed), faults


def shown(text: str) -> str:
    """Return a cell as a message may show it: short, and with anything like an identity number covered."""
    return mask_identity(text) if sum(letter.isdigit() for letter in text) >= 15 else text[:LONGEST_SHOWN]


def placed(file: str, column: str) -> str:
    """Return a column's name for a message, with its file where there are several."""
    return f"{file}：{column}" if file else column


def files_of(source: str | Path | Iterable[str | Path]) -> list[Path]:
    """Return the files of a folder, or the files themselves; lock files of spreadsheet programs are left out."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_dir():
            return [path]
        return sorted(p for p in path.iterdir() if p.suffix.lower() in (*BOOKS, *TEXTS, ".parquet") and not p.name.startswith(("~$", ".")))
    return [Path(path) for path in source]


def _parts(source: Source, subject: str, error: type[EvalkitError]) -> list[tuple[str, pd.DataFrame]]:
    if isinstance(source, pd.DataFrame):
        return [("", source.map(cell_text).rename(columns=str))]
    files = files_of(source)
    names = [path.name if len(files) > 1 else "" for path in files]
    return [(name, read_sheet(path, subject=subject, error=error)) for name, path in zip(names, files, strict=True)]


def _named(table: pd.DataFrame, needed: tuple[str, ...]) -> pd.DataFrame:
    """Give headings the form in which the design writes them: full-width and half-width brackets are one."""
    wanted = {unicodedata.normalize("NFKC", heading): heading for heading in needed}
    folded = {heading: wanted.get(unicodedata.normalize("NFKC", heading).strip(), heading) for heading in table.columns}
    return table.rename(columns=folded)


def _note_absent(faults: Faults, name: str, table: pd.DataFrame, needed: tuple[str, ...]) -> None:
    for column in needed:
        if column not in table.columns:
            have = "、".join(str(heading) for heading in table.columns[:12])
            faults.add(1, placed(name, column), None, "没有这一列", f"补上这一列，或改设计文件中的列名；现有：{have}")


def _note_floats(faults: Faults, name: str, table: pd.DataFrame, ids: Iterable[str]) -> None:
    for column in ids:
        found = Faults("")
        refuse_floats(table, column, found)
        for fault in found:
            faults.add(fault.row, placed(name, column), fault.value, fault.rule, fault.remedy)


def _joined(parts: list[tuple[str, pd.DataFrame]], needed: tuple[str, ...]) -> Handed:
    if not parts:
        return Handed(pd.DataFrame(columns=list(needed), dtype=str), np.empty(0, np.int64), np.empty(0, object))
    rows = [_spreadsheet_rows(table) for _, table in parts]
    files = [np.full(len(table), name, dtype=object) for name, table in parts]
    table = pd.concat([table for _, table in parts], ignore_index=True).fillna("")
    table = table.map(lambda cell: cell.translate(HALF_WIDTH).strip())
    return Handed(table, np.concatenate(rows), np.concatenate(files))


def _spreadsheet_rows(table: pd.DataFrame) -> NDArray[np.int64]:
    if table.index.is_unique and pd.api.types.is_integer_dtype(table.index):
        return table.index.to_numpy(dtype=np.int64) + 2
    return np.arange(len(table), dtype=np.int64) + 2
