"""Several classifications of the same rows, collapsed to one code of a cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.calibration.bases import Ints, tally
from evalkit.calibration.distances import Floats
from evalkit.calibration.margins import NUMBERED, Names
from evalkit.errors import Faults, SurveyError

Codes = NDArray[Any]  # integers of any width

DENSE = 1 << 16  # cells of a full table that is always kept whole; beyond it, as many as four times the rows


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows by cell of the table of all classifications.

    Attributes
    ----------
    row : (n,) int array
        Cell of each row, 0 … cells − 1.
    codes : tuple of (cells,) int arrays
        Category of each cell in each classification.
    """

    row: NDArray[np.intp]
    codes: tuple[Ints, ...]

    @property
    def count(self) -> int:
        """Number of cells, empty ones among them."""
        return len(self.codes[0])

    def add_up(self, values: Floats | None) -> Floats:
        """Sum values of rows, (n,), by cell; count rows for None."""
        return tally(self.row, values, self.count)

    def spread(self, values: Floats) -> Floats:
        """Return the values of cells, (cells,), for rows, (n,)."""
        return np.take(values, self.row, mode="clip")  # codes are known to be in range; "raise" would look again


def collapse(codes: Sequence[Codes], levels: Sequence[int], names: Names = NUMBERED) -> Cells:
    """Combine classifications into cells.

    Parameters
    ----------
    codes : sequence of (n,) int arrays
        Categories 0 … levels − 1; int8, int16, int32 or int64.
    levels : sequence of int
        Number of categories of each.
    names : Names
        For messages.

    Returns
    -------
    Cells
        The full table where it is small, else the cells that occur.

    Raises
    ------
    SurveyError
        No classification, arrays of different lengths, codes that are no integers or out of range.

    Examples
    --------
    >>> cells = collapse([np.array([0, 1, 1]), np.array([2, 0, 2])], [2, 3])
    >>> cells.row.tolist(), [code.tolist() for code in cells.codes]
    ([2, 3, 5], [[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]])
    """
    check_codes(codes, levels, names)
    if math.prod(levels) <= max(DENSE, 4 * len(codes[0])):
        row = codes[0].astype(np.intp)
        for code, size in zip(codes[1:], levels[1:], strict=True):
            row *= size
            row += code.astype(np.intp, copy=False)
        table = np.indices(tuple(levels)).reshape(len(levels), -1)
        return Cells(row, tuple(np.ascontiguousarray(code) for code in table))
    return _occurring(codes, levels)


def _occurring(codes: Sequence[Codes], levels: Sequence[int]) -> Cells:
    """Collapse one classification after the other, keeping the cells that occur."""
    first, row = np.unique(codes[0].astype(np.int64), return_inverse=True)
    found = [first]
    for code, size in zip(codes[1:], levels[1:], strict=True):
        keys, row = np.unique(row * size + code, return_inverse=True)
        found = [each[keys // size] for each in found] + [keys % size]
    return Cells(row, tuple(found))


def check_codes(codes: Sequence[Codes], levels: Sequence[int], names: Names = NUMBERED) -> None:
    """Refuse classifications that do not fit together."""
    faults = Faults("分类编码")
    if not len(codes):
        faults.add(None, "codes", "空", "至少应有一个分类", "给出各边际的编码")
    for at, (code, size) in enumerate(zip(codes, levels, strict=True)):
        name = names.margin(at)
        if code.ndim != 1 or code.dtype.kind not in "iu" or len(code) != len(codes[0]):
            faults.add(None, name, f"{code.dtype}，形状 {code.shape}", f"应为 {len(codes[0])} 行的整数编码", "类别先编成 0、1、2……")
        elif len(code) and not in_range(code, size):
            faults.add(None, name, f"编码自 {code.min()} 至 {code.max()}", f"应在 0 与 {size - 1} 之间", "编码与总数逐类对应")
    faults.refuse(SurveyError)


def in_range(code: Codes, size: int) -> bool:
    """Say whether all codes are 0 … size − 1, in one pass: negative ones turn large when read without sign."""
    unsigned = code.view(code.dtype.str.replace("i", "u")) if code.dtype.kind == "i" else code
    return int(unsigned.max()) < size
