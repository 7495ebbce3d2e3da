"""Numbers as people write them in cells: plain decimals, with thousands marks or without; nothing else."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

PLAIN = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")


def plain_numbers(cells: pd.Series) -> pd.Series:
    """Return the numbers of a column of text; not-a-number where a cell is no plain decimal.

    A comma is a thousands mark only where it stands before every three digits: ``6444,67`` may be
    6444.67 or a slip, so it is no number. Neither are ``1e3``, ``inf`` and ``0x5``.

    Parameters
    ----------
    cells : Series of str

    Returns
    -------
    Series of float

    Examples
    --------
    >>> plain_numbers(pd.Series(["3535", "1,234.5", "6444,67", "1,2", "1e3", ""])).tolist()
    [3535.0, 1234.5, nan, nan, nan, nan]
    """
    numbers = [float(cell.replace(",", "")) if PLAIN.fullmatch(cell) else np.nan for cell in cells.astype(str)]
    return pd.Series(numbers, index=cells.index, dtype=np.float64)
