"""What a cell says, as text: the form a spreadsheet shows, whatever the file kept it in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

import pandas as pd

from evalkit.errors import EvalkitError

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# a double keeps every whole number below this one apart from its neighbours, and Excel keeps 15 digits
EXACT = 10**15


def cell_text(cell: Any) -> str:
    """Return the content of a cell as a spreadsheet shows it, stripped; blanks and missing values are ``""``.

    Parameters
    ----------
    cell : object
        Text, number, date, boolean or None, from any kind of table.

    Returns
    -------
    str
        A whole number below 10¹⁵ without its decimals; a longer one in the form ``4.1E+17``.

    Raises
    ------
    EvalkitError
        When the cell holds several values, or text that is no text.

    Examples
    --------
    >>> cell_text(411726101201.0), cell_text(4.11726199001011e17), cell_text(float("nan"))
    ('411726101201', '4.11726199001011E+17', '')
    """
    if isinstance(cell, str):
        return _plain_text(cell)
    cell = cell.item() if hasattr(cell, "item") and getattr(cell, "ndim", 0) == 0 else cell
    if isinstance(cell, (list, tuple, set, frozenset, dict)) or hasattr(cell, "ndim"):
        raise EvalkitError("一格中有多个值｜每格应为一个值｜把这一列拆成几列，或只留一个值")
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number_text(cell)
    if isinstance(cell, (date, datetime, time)):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) and cell.time() != time() else cell.isoformat()[:10]
    return _plain_text(str(cell))


def trimmed(text: str) -> str:
    """Return a decimal without the zeros behind it: 12.50 in a CSV and 12.5 in a workbook are one number; other text as it is.

    Examples
    --------
    >>> trimmed("12.50"), trimmed("533124207000.0"), trimmed("0012.0")
    ('12.5', '533124207000', '0012.0')
    """
    return re.sub(r"\.?0+$", "", text) if "." in text and re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text) else text


def _plain_text(cell: str) -> str:
    """Return a text without the blanks around it and without the apostrophe that keeps it from being a formula."""
    text = cell.strip()
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise EvalkitError("文字的编码已损坏｜应为完整的文字｜从原来的系统重新导出")
    return text[1:] if text[:1] == "'" and seems_formula(text[1:]) else text


def plain_texts(cells: Iterable[str]) -> bool:
    """Say whether `cell_text` does no more than strip any of the texts: none is broken, none keeps an apostrophe before it.

    A list of a million cells is looked at at once.

    Examples
    --------
    >>> plain_texts([" 王庄", "0038"]), plain_texts(["'=1"]), plain_texts([chr(0xD800)])
    (True, False, False)
    """
    whole = "".join(cells)
    try:
        whole.encode()
    except UnicodeEncodeError:
        return False
    return "'" not in whole


def seems_formula(text: str) -> bool:
    """Say whether a spreadsheet program may take a text for a formula, so that an apostrophe has to keep it a text.

    Examples
    --------
    >>> seems_formula("=HYPERLINK(1)"), seems_formula(" ＠SUM(1)"), seems_formula("\\t1"), seems_formula("'=1"), seems_formula("王庄")
    (True, True, True, False, False)
    """
    return text.lstrip(" \u3000").startswith(FORMULA)


class Known(dict[Any, str]):
    """Texts of cells that were met before: a survey says the same few words a million times.

    Examples
    --------
    >>> known = Known(str.upper)
    >>> known["a"], known
    ('A', {'a': 'A'})
    """

    def __init__(self, tell: Callable[[Any], str]) -> None:
        super().__init__()
        self.tell = tell

    def __missing__(self, cell: Any) -> str:
        text = self[cell] = self.tell(cell)
        return text


class Texts:
    """Rows of cells to rows of text, each text kept once.

    Examples
    --------
    >>> Texts().row(["是", 3.0, True, None])
    ['是', '3', 'TRUE', '']
    """

    def __init__(self) -> None:
        self.words, self.numbers = Known(cell_text), Known(_number_text)

    def row(self, cells: Iterable[Any]) -> list[str]:
        """Return the texts of one row."""
        words, numbers = self.words, self.numbers
        kinds = ((type(cell), cell) for cell in cells)
        return [
            words[cell] if kind is str else numbers[cell] if kind is float else str(cell) if kind is int else cell_text(cell)
            for kind, cell in kinds
        ]


def _number_text(cell: float) -> str:
    if math.isnan(cell):
        return ""
    if cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    return f"{cell:.14E}" if abs(cell) >= EXACT else repr(cell)
