"""From a table and checks to a Screening."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.codes import shown_headings
from evalkit.errors import Faults, ScreeningError
from evalkit.given import takes
from evalkit.privacy import personal as personal_headings
from evalkit.screening.cells import Cells
from evalkit.screening.checks import Check
from evalkit.screening.finding import find
from evalkit.screening.outcome import Broken, Screening
from evalkit.screening.values import value_texts
from evalkit.sheets import numbered


@takes(ScreeningError)
def screen(
    table: Any, checks: Iterable[Check], *, missing: Sequence[str] = (), personal: Iterable[str] = (), subject: str = "表"
) -> Screening:
    """Hold the rows of a table against checks.

    Parameters
    ----------
    table : pandas, polars, pyarrow, DuckDB or Spark table
        Not changed. A table that `evalkit.sheets.read_sheet` gave keeps the row numbers of its file.
    checks : iterable of Check
    missing : sequence of str
        Words that stand for a blank, such as ``—`` or ``无``.
    personal : iterable of str
        Headings whose cells are never shown, beside those that name persons, telephones, numbers of persons and the like
        by themselves.
    subject : str
        What the table is, for headings.

    Returns
    -------
    Screening

    Raises
    ------
    ScreeningError
        When a check reads a column that the table lacks; all of them at once.

    Examples
    --------
    >>> table = pd.DataFrame({"户编号": ["0001", "0002", "0002"], "人数": ["3", "0", ""]})
    >>> found = screen(table, [Check("unique", "户编号", action="stop"), Check("range", "人数", low=1, action="ask")])
    >>> print(found.table().to_string(index=False))
     行   列    值     规则               处理
     3 户编号 0002   不得重复 须改正：删去多余的行，或改正编号
     3  人数    0 应不小于 1  须核实：改正，或核实确有其事
     4 户编号 0002   不得重复 须改正：删去多余的行，或改正编号
    """
    made = numbered(table, ScreeningError).rename(columns=str)
    if not made.index.is_monotonic_increasing:  # the first row of a group is the first of the file, whatever the order here
        made = made.sort_index()
    return screen_rows(made, made.index.to_numpy(dtype=np.int64) + 2, checks, missing=missing, personal=personal, subject=subject)


def screen_rows(
    table: pd.DataFrame, rows: NDArray[np.int64], checks: Iterable[Check], *, files: NDArray[np.object_] | None = None,
    missing: Sequence[str] = (), personal: Iterable[str] = (), subject: str = "表",
) -> Screening:  # fmt: skip
    """Hold rows against checks that know where they stand: `rows` are those a spreadsheet shows, `files` where they came from."""
    checks, cells = tuple(checks), Cells(table, missing)
    _refuse_absent(table, checks, subject)
    hidden = {*personal, *personal_headings(table.columns)}
    broken = []
    for at, check in enumerate(checks):
        for found in find(cells, check):
            open_columns = [name for name in found.columns if name not in hidden]
            beside = None if found.beside is None else rows[found.beside]
            texts = value_texts(cells, check, open_columns, found.rows, beside)
            broken.append(Broken(at, found.place, read_only(found.rows), read_only(texts)))
    return Screening(checks, tuple(broken), read_only(rows.copy()), None if files is None else read_only(files.copy()), subject)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that nobody can write to any more."""
    array.flags.writeable = False
    return array


def _refuse_absent(table: pd.DataFrame, checks: Sequence[Check], subject: str) -> None:
    faults, have = Faults(subject), set(table.columns)
    for check in checks:
        for heading in check.headings:
            if heading not in have:
                remedy = f"改正检查中的列名；现有：{shown_headings(table.columns)}"
                faults.add(1, heading, None, f"没有这一列，检查“{check.rule}”要用", remedy)
    faults.refuse(ScreeningError)
