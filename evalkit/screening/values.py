"""What the table of findings shows of the cells that break a rule: numbers and known words, never a person's data."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from evalkit.codes import shown, shown_word
from evalkit.screening.cells import Cells, Places
from evalkit.screening.checks import Check
from evalkit.screening.conditions import ANYTHING
from evalkit.sheets import day_of

DATED = ("date", "order")


def value_texts(cells: Cells, check: Check, columns: Iterable[str], rows: Places, beside: Places | None) -> NDArray[np.object_]:
    """Return for each row what its cells may show.

    Parameters
    ----------
    columns : iterable of str
        The headings that may be shown.
    beside : ndarray of int, optional
        For each row the spreadsheet row that it is compared with, shown in place of the cells.
    """
    if beside is not None:
        return np.array([f"与第 {row} 行" for row in beside.tolist()], dtype=object)
    known = [word for words in (check.values, *check.when.values(), *check.then.values()) for word in words if word != ANYTHING]
    dated = check.kind in DATED

    @cache
    def cell(text: str) -> str:
        if text in known or (dated and day_of(text) == day_of(text)):
            return text
        return shown(text) or (shown_word(text, known) if known else "")

    texts = [map(cell, cells[name].text_of(rows)) for name in columns]
    joined = ["、".join(filter(None, parts)) for parts in zip(*texts, strict=True)] if texts else [""] * len(rows)
    return np.array(joined, dtype=object)
