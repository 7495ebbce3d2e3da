"""Columns of a table as checks read them: every text once, with the rows where it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.codes import HALF_WIDTH
from evalkit.errors import EvalkitError, Faults, ScreeningError
from evalkit.sheets import as_text, cell_text, day_of, text_numbers

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
FULL = re.compile("[" + "".join(re.escape(chr(sign)) for sign in HALF_WIDTH) + "]")
BLOCK = 1000  # texts that are looked at together


class Column:
    """One column: its texts, half-width and without blanks around them, and where each stands.

    Parameters
    ----------
    cells : Series
        Of any kind; not changed.
    missing : iterable of str
        Words that stand for a blank.
    """

    def __init__(self, cells: pd.Series, missing: Iterable[str]) -> None:
        self._cells, self._missing = cells, tuple(missing)
        self._counts = pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)

    @cached_property
    def codes(self) -> Places:
        """For each row the place of its text in `texts`; 0 where the cell is blank."""
        if not self._counts:
            return self._read[0]
        codes = pd.factorize(self._cells)[0] + 1
        return np.where(self.filled, codes, 0)

    @cached_property
    def texts(self) -> list[str]:
        """Each text once; the first is ``""``, which stands for blanks and for the words that mean missing."""
        if not self._counts:
            return self._read[1]
        return ["", *(cell_text(cell) for cell in pd.factorize(self._cells)[1].tolist())]

    @cached_property
    def _read(self) -> tuple[Places, list[str]]:
        try:
            return _coded(self._cells, self._missing)
        except (TypeError, EvalkitError):  # cells that hold lists, or broken text: say which
            faults = Faults("检查的表")
            texts = as_text(self._cells.to_frame(), faults)[self._cells.name]
            faults.refuse(ScreeningError)
            return _coded(texts, self._missing)

    def text_of(self, rows: Places) -> list[str]:
        """Return the texts of some rows."""
        if self._counts:
            return [cell_text(cell) for cell in self._cells.iloc[rows]]
        return [self.texts[code] for code in self.codes[rows].tolist()]

    @cached_property
    def size(self) -> int:
        """How many codes there may be."""
        return int(self.codes.max(initial=0)) + 1

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The number of each row; not-a-number where the cell is blank or no plain number."""
        if not self._counts:
            return text_numbers(self.texts)[self.codes]
        numbers = self._cells.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isfinite(numbers) & self.filled, numbers, np.nan)

    @cached_property
    def filled(self) -> Mask:
        """Which rows are not blank."""
        if not self._counts:
            return self.codes > 0
        absent = text_numbers(list(self._missing))
        return ~(self._cells.isna() | self._cells.isin(absent[~np.isnan(absent)].tolist())).to_numpy(dtype=bool)

    @cached_property
    def days(self) -> NDArray[np.float64]:
        """The day of each row, counted from 1 January of year 1; not-a-number where the cell is blank or no date."""
        return np.array([day_of(text) for text in self.texts], dtype=np.float64)[self.codes]


class Cells:
    """The columns of a table that checks ask for, each read once.

    Parameters
    ----------
    table : pandas.DataFrame
        Not changed.
    missing : iterable of str
        Words that stand for a blank.
    """

    def __init__(self, table: pd.DataFrame, missing: Iterable[str]) -> None:
        self._table, self._missing = table, tuple(missing)
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, name: str) -> Column:
        """Return a column of the table by its heading."""
        if name not in self._columns:
            self._columns[name] = Column(self._table[name], self._missing)
        return self._columns[name]

    def together(self, names: Sequence[str]) -> Places:
        """Return one number for each row that is the same where all the named columns are the same."""
        columns = [self[name] for name in names]
        codes = columns[0].codes
        many = columns[0].size
        for column in columns[1:]:
            if many * column.size >= 2**62:
                codes, found = pd.factorize(codes)
                many = len(found)
            codes = codes * column.size + column.codes
            many *= column.size
        return codes


def _coded(cells: pd.Series, missing: tuple[str, ...]) -> tuple[Places, list[str]]:
    codes, uniques = pd.factorize(cells)
    raw = uniques.tolist()
    plain = isinstance(cells.dtype, pd.StringDtype)
    texts = _folded(raw if plain else [cell_text(cell) for cell in raw])
    blanks = {"", *missing}
    if ((plain and texts is raw) or len(set(texts)) == len(texts)) and not any(blank in texts for blank in blanks):
        return codes + 1, ["", *texts]
    # one text may have been written in several ways, blanks among them: each gets one code, and blank is 0
    known: dict[str, int] = {"": 0}
    places = np.array([0, *(0 if text in blanks else known.setdefault(text, len(known)) for text in texts)], dtype=np.int64)
    return places[codes + 1], list(known)


def _folded(raw: list[str]) -> list[str]:
    """Return texts half-width and stripped; a thousand plain ones are seen to be so at one glance."""
    if all(map(_plain, blocks := ["".join(raw[at : at + BLOCK]) for at in range(0, len(raw), BLOCK)])):
        return raw
    parts = [raw[at * BLOCK : (at + 1) * BLOCK] for at in range(len(blocks))]
    return [text for part, whole in zip(parts, blocks, strict=True) for text in (part if _plain(whole) else map(_fold, part))]


def _plain(text: str) -> bool:
    """Say whether a text is made of the characters between ``!`` and ``~``, but for the apostrophe: nothing of it can be folded."""
    letters = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    return not len(letters) or bool(letters.min() > 32 and letters.max() < 127 and (letters != ord("'")).all())


def _fold(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        text = text.translate(HALF_WIDTH) if FULL.search(text) else text
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2].isdigit() else text
