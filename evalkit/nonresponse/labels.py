"""Labels of cells and weights of rows, checked and coded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EvalkitError, Faults

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
Labels = ArrayLike | tuple[ArrayLike, ...]
CALLED = 10  # cells that one message names
ALL = "全部"  # the label of the one class where none are given


def coded(labels: Labels, rows: int, name: str, error: type[EvalkitError]) -> tuple[tuple[Any, ...], Codes]:
    """Return the distinct labels in order and the code of each row; a tuple of arrays is crossed.

    Parameters
    ----------
    labels : array, shape (n,), or tuple of such arrays
        Cells, or what they are crossed from: (village, status). Crossed cells have tuples as labels.
    rows : int
        Rows expected.
    name : str
        Name of the argument, for messages.
    error : type of EvalkitError
        What is raised on a label that is missing or an array of another length.

    Examples
    --------
    >>> cells, code = coded((["a", "a", "b"], [1, 2, 1]), 3, "cells", EvalkitError)
    >>> cells, code.tolist()
    ((('a', 1), ('a', 2), ('b', 1)), [0, 1, 2])
    """
    parts = labels if isinstance(labels, tuple) else (labels,)
    made = [_one(part, rows, name, error) for part in parts]
    key = made[0][1]
    if not isinstance(labels, tuple):
        return tuple(made[0][0].tolist()), key
    for distinct, code in made[1:]:
        key = np.unique(key * len(distinct) + code, return_inverse=True)[1].astype(np.int64)
    first = np.unique(key, return_index=True)[1]
    return tuple(zip(*(distinct[code[first]].tolist() for distinct, code in made), strict=True)), key


def _one(part: ArrayLike, rows: int, name: str, error: type[EvalkitError]) -> tuple[NDArray[Any], Codes]:
    given = np.asarray(part)
    if given.shape != (rows,):
        raise error(f"{name} 的形状 {given.shape}｜应为 {rows} 个标签的一维数组；几列交叉写成元组｜检查 {name}")
    lost = np.asarray(given != given) | np.asarray(given == np.array(None, dtype=object))
    if lost.any():
        at = np.flatnonzero(lost)
        raise error(f"{name} 缺 {len(at)} 个标签，首个在第 {at[0] + 1} 行｜每行应有标签｜补全，或另给一个标签")
    try:
        distinct, code = np.unique(given, return_inverse=True)
    except TypeError as mixed:
        raise error(f"{name} 的标签有数也有文字｜各行应同为一种｜一律写成文字") from mixed
    return distinct, code.astype(np.int64)


def called(labels: Sequence[Any], places: Codes) -> str:
    """Return the names of some cells for a message, at most ten.

    Examples
    --------
    >>> called(["a", ("b", 1)], np.array([0, 1]))
    'a、b × 1'
    """
    named = (" × ".join(map(str, cell)) if isinstance(cell, tuple) else str(cell) for cell in (labels[at] for at in places[:CALLED]))
    return "、".join(named) + ("……" if len(places) > CALLED else "")


def weighed(weights: ArrayLike, faults: Faults, name: str = "weights") -> Numbers:
    """Return weights as a checked array, shape (n,); a fault when one is negative or not finite, or all are 0."""
    w = np.asarray(weights, dtype=float)
    if w.ndim != 1 or not len(w) or not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        faults.add(None, name, f"形状 {w.shape}", "应为非空的一维数组，各数有限、不为负、合计大于 0", "检查权数")
    return w


def masked(mask: ArrayLike, rows: int, faults: Faults, name: str) -> Mask:
    """Return a mask as booleans, shape (n,); a fault when it is not of 0 and 1 or of another length."""
    given = np.asarray(mask)
    if given.shape != (rows,) or not (given.dtype == bool or np.isin(given, (0, 1)).all()):
        faults.add(None, name, f"形状 {given.shape}", f"应为 {rows} 个是或否（True/False 或 1/0）", "检查该列，缺失先定为是或否")
        return np.zeros(rows, dtype=bool)
    return given.astype(bool)


def independent(columns: Numbers) -> int:
    """Return how many columns, each over its largest number, are linearly independent; 0 without rows.

    Examples
    --------
    >>> independent(np.array([[1, 0, 1], [1, 1000, 1001], [1, 0, 1]]))
    2
    """
    return int(np.linalg.matrix_rank(columns / np.maximum(np.abs(columns).max(axis=0), 1e-300))) if len(columns) else 0


def locked(*arrays: NDArray[Any] | None) -> None:
    """Make arrays that are handed out read-only."""
    for array in arrays:
        if array is not None:
            array.flags.writeable = False
