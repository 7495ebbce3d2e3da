"""A sheet as it stands: rows of text, and which cells the workbook says were merged."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from evalkit.codes import seem_data, shown_label
from evalkit.errors import EvalkitError, Faults

Corner = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of one sheet.

    Attributes
    ----------
    rows : list of list of str
        From the first row of the sheet, whatever stands there; rows may differ in length.
    merged : tuple of ((row, column), (row, column))
        First and last cell of every merged range, counted from 0.
    """

    rows: list[list[str]]
    merged: tuple[tuple[Corner, Corner], ...] = ()

    @property
    def width(self) -> int:
        """Columns of the widest row."""
        return max((len(row) for row in self.rows), default=0)

    def spread(self, first: int, last: int, down: bool) -> Grid:
        """Return the grid with each merged range of some rows filled from its first cell.

        Parameters
        ----------
        first, last : int
            Rows from `first` to before `last`; a range must lie among them.
        down : bool
            Whether ranges of several columns are left as they are: below the headings they are notes, not values.
        """
        rows = list(self.rows)
        for (top, left), (bottom, right) in self.merged:
            if first <= top and bottom < min(last, len(rows)) and not (down and right > left) and left < len(rows[top]):
                for at in range(top, bottom + 1):
                    rows[at] = rows[at] + [""] * (right + 1 - len(rows[at]))
                    rows[at][left : right + 1] = [rows[top][left]] * (right + 1 - left)
        return Grid(rows, self.merged)

    def table(self, faults: Faults, error: type[EvalkitError], head: int = 0) -> pd.DataFrame:
        """Return the table under the headings in row `head`; rows without any content are left out.

        Returns
        -------
        pandas.DataFrame
            ``index + 2`` is the row that a spreadsheet shows.

        Raises
        ------
        EvalkitError
            When headings are blank, repeated, or evidently no headings.
        """
        width = self.width
        heads = [folded(cell) for cell in self.rows[head]] if len(self.rows) > head else []
        heads += [""] * (width - len(heads))
        body = {at - 1: row for at, row in enumerate(self.rows[head + 1 :], head + 1) if any(row)}
        columns = [[row[i] if i < len(row) else "" for row in body.values()] for i in range(width)]
        used = [i for i in range(width) if heads[i] or any(columns[i])]
        _check_heads([(i, heads[i]) for i in used], head + 1, faults)
        faults.refuse(error)
        names = [heads[i] for i in used]
        table = pd.DataFrame(dict(enumerate(columns[i] for i in used)), index=list(body), columns=range(len(used)), dtype=str)
        return table.set_axis(names, axis=1)


def folded(heading: str) -> str:
    """Return a heading in one spelling: NFKC, without line breaks and blanks around it.

    Examples
    --------
    >>> folded(" 县（市、区、旗）\\n")
    '县(市、区、旗)'
    """
    return unicodedata.normalize("NFKC", heading).strip()


def holds_table(name: str, grid: Grid, first: Grid) -> bool:
    """Say whether a sheet holds a table beside the first one; sheets of explanations do not."""
    filled = [[cell for cell in row if cell] for row in grid.rows if any(row)]
    if "说明" in name or not filled:
        return False
    same = bool(first.rows) and filled[0] == [cell for cell in first.rows[0] if cell] and len(filled) > 1
    return same or sum(len(row) > 1 for row in filled) > 1 or not any(any(row) for row in first.rows)


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that stand more than once, sorted.

    Examples
    --------
    >>> repeated(["a", "b", "a"])
    ['a']
    """
    seen = list(names)
    return sorted({name for name in seen if seen.count(name) > 1})


def _check_heads(heads: list[tuple[int, str]], row: int, faults: Faults) -> None:
    names = [name for _, name in heads]
    filled = [name for name in names if name]
    if not names:
        faults.add(row, "列名", None, "表是空的", f"第 {row} 行写列名，以下每行一条")
    elif 2 * len(filled) < len(names):
        faults.add(row, "列名", None, f"第 {row} 行只有标题或是空白，不是列名", "删去列名上方的行，使列名在第 1 行")
        return
    elif len(filled) - len(set(filled)) and seem_data(filled):
        faults.add(row, "列名", None, f"第 {row} 行看来是数据，不是列名", "在最上方加一行，写各列的列名")
        return
    for place, name in heads:
        if not name:
            faults.add(row, f"第 {place + 1} 列", None, "有内容而没有列名", f"在第 {row} 行补上列名，或清空该列")
    for name in repeated(filled):
        faults.add(row, shown_label(name), None, "列名重复", "改名，使每列的名字不同")
