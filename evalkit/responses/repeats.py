"""The same household in two rows or two files: a conflict that a person resolves, never an overwrite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit import tickets
from evalkit.codes import shown
from evalkit.fieldwork.handed import Handed
from evalkit.privacy import kind_of

if TYPE_CHECKING:
    from evalkit.design.sections import Returns

SIDES = ["village", "household", "file", "row", "other_file", "other_row", "differing", "seal", "other_seal"]
COVERED = "（不显示）"


def subjects(handed: Handed, columns: Returns) -> pd.Series:
    """Return ``village/household`` of each row."""
    return handed.table[columns.village] + "/" + handed.table[columns.household]


def seal_of(handed: Handed, row: int) -> str:
    """Return the fingerprint of what a row says, whatever file it lies in; blanks and absent columns are the same."""
    cells = handed.table.iloc[row]
    return tickets.seal({str(name): str(cell) for name, cell in cells.items() if cell != ""})


def side_by_side(handed: Handed, columns: Returns) -> pd.DataFrame:
    """Return each row whose household stands in an earlier row too, beside that one, with what differs.

    Returns
    -------
    pandas.DataFrame
        village, household, file, row, other_file, other_row, differing (``列：甲｜乙``, values of personal columns covered),
        seal, other_seal (fingerprints of the two rows).
    """
    names = subjects(handed, columns)
    first: dict[str, int] = {}
    rows = []
    for i, name in enumerate(names.tolist()):
        if name in first:
            rows.append(_pair(handed, columns, first[name], i))
        first.setdefault(name, i)
    return pd.DataFrame(rows, columns=SIDES)


def without_rejected(handed: Handed, columns: Returns, resolved: Mapping[str, str]) -> Handed:
    """Return the rows without those that were decided against.

    Parameters
    ----------
    resolved : mapping
        ``village/household`` → fingerprint of the row to keep. Where no row has it any more, nothing is left out.
    """
    if not resolved:
        return handed
    names = subjects(handed, columns)
    keep = np.ones(len(names), dtype=bool)
    for name in resolved.keys() & set(names[names.duplicated(keep=False)]):
        places = np.flatnonzero((names == name).to_numpy())
        agreed = [i for i in places.tolist() if seal_of(handed, i) == resolved[name]]
        if agreed:
            keep[places] = False
            keep[agreed[0]] = True
    return replace(handed, table=handed.table[keep].reset_index(drop=True), rows=handed.rows[keep], files=handed.files[keep])


def _pair(handed: Handed, columns: Returns, one: int, other: int) -> tuple[object, ...]:
    left, right = handed.table.iloc[one], handed.table.iloc[other]
    names = [str(name) for name in handed.table if left[str(name)] != right[str(name)]]
    told = [f"{name}：{_told(name, left[name])}｜{_told(name, right[name])}" for name in names]
    places = (str(handed.files[one]), int(handed.rows[one]), str(handed.files[other]), int(handed.rows[other]))
    seals = (seal_of(handed, one), seal_of(handed, other))
    return (left[columns.village], shown(left[columns.household]), *places, "；".join(told) or "内容相同", *seals)


def _told(name: str, cell: str) -> str:
    """Return a cell as it may be shown: numbers and codes of plain columns and short words, nothing of personal ones."""
    if not cell:
        return "空白"
    if kind_of(name):
        return COVERED
    return shown(cell) or (cell if len(cell) <= 4 and not any(letter.isdigit() for letter in cell) else COVERED)
