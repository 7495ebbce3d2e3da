"""Files of SPSS and Stata: value labels in place of codes, questions as the files tell them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from evalkit.errors import EvalkitError
from evalkit.later import later
from evalkit.sheets.cells import Texts
from evalkit.sheets.grids import Grid

pyreadstat = later("pyreadstat", extra="stata")

READERS = {".sav": "read_sav", ".zsav": "read_sav", ".dta": "read_dta"}


class Labelled(NamedTuple):
    """A file of a statistics program.

    Attributes
    ----------
    grid : Grid
        Names of variables in row 1; values that have a label as the label.
    questions : dict of str to str
        Variable → its label.
    labels : dict of str to dict of str to str
        Variable → value → label.
    """

    grid: Grid
    questions: dict[str, str]
    labels: dict[str, dict[str, str]]


def labelled(path: Path) -> Labelled:
    """Read a file of SPSS or Stata with its labels; user-defined missing values are blanks.

    Raises
    ------
    EvalkitError
        When pyreadstat is not installed, or the file cannot be read.
    """
    read = getattr(pyreadstat, READERS[path.suffix.lower()])  # outside the try: pyreadstat may be absent, which is another fault
    try:
        table, about = read(str(path), apply_value_formats=True)
        columns = [table[name].tolist() for name in table.columns]
    except Exception as fault:  # pyreadstat raises its own and Python's classes of error
        raise EvalkitError(f"{path.name}｜打不开这个文件（{type(fault).__name__}）｜在 SPSS 或 Stata 中重新保存，或导出为 xlsx") from None
    texts = Texts()
    rows = [[str(name) for name in table.columns], *(texts.row(row) for row in zip(*columns, strict=True))]
    labels = {name: {texts.row([value])[0]: str(label) for value, label in pairs.items()} for name, pairs in _pairs(about).items()}
    questions = {name: label for name, label in about.column_names_to_labels.items() if label}
    return Labelled(Grid(rows), questions, labels)


def _pairs(about: Any) -> dict[str, dict[Any, Any]]:
    pairs: dict[str, dict[Any, Any]] = about.variable_value_labels
    return pairs
