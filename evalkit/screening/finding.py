"""Which rows break a check: one function a kind, each over whole columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.screening.cells import Cells, Column, Mask, Places
from evalkit.screening.checks import Check
from evalkit.screening.conditions import meets
from evalkit.screening.identities import sound_identities

CLOSE = 1e-9  # of its size: what adding decimals may cost
MAD = 1.4826  # makes the median deviation that of a normal distribution


class Found(NamedTuple):
    """Rows that break a check: where the table says so, the columns whose cells it shows, and the rows they are compared with."""

    place: str
    columns: tuple[str, ...]
    rows: Places
    beside: Places | None = None


def find(cells: Cells, check: Check) -> list[Found]:
    """Return the rows that break a check, in order.

    Examples
    --------
    >>> cells = Cells(pd.DataFrame({"人数": ["3", "0", "三", ""]}), ())
    >>> [found.rows.tolist() for found in find(cells, Check("range", "人数", low=1, action="stop"))]
    [[1, 2]]
    """
    return [found for found in FINDERS[check.kind](cells, check) if len(found.rows)]


def _each(one: Callable[[Column, Check, Cells], Mask]) -> Callable[[Cells, Check], Iterator[Found]]:
    """Make the finder of a rule that every column must meet by itself."""

    def finder(cells: Cells, check: Check) -> Iterator[Found]:
        for name in check.columns:
            yield Found(name, (name,), np.flatnonzero(one(cells[name], check, cells)))

    return finder


def _all(whole: Callable[[Cells, Check], Mask]) -> Callable[[Cells, Check], Iterator[Found]]:
    """Make the finder of a rule that joins several columns."""

    def finder(cells: Cells, check: Check) -> Iterator[Found]:
        yield Found(check.place, tuple(check.columns or check.then or check.when), np.flatnonzero(whole(cells, check)))

    return finder


# -- one column ---------------------------------------------------------------------------------------------------


def _outside(column: Column, check: Check, cells: Cells) -> Mask:
    low, high = (-np.inf if check.low is None else check.low), (np.inf if check.high is None else check.high)
    return column.filled & ~((column.numbers >= low) & (column.numbers <= high))


def _broken(column: Column, check: Check, cells: Cells) -> Mask:
    return np.asarray(column.filled & ~(np.floor(column.numbers) == column.numbers), dtype=bool)


def _strange(column: Column, check: Check, cells: Cells) -> Mask:
    known = set(check.values)
    return _marked(column, np.array([text not in known for text in column.texts]))


def _misspelt(column: Column, check: Check, cells: Cells) -> Mask:
    sound = re.compile(check.pattern).fullmatch
    return _marked(column, np.array([not sound(text) for text in column.texts]))


def _marked(column: Column, texts: Mask) -> Mask:
    return np.asarray(texts[column.codes] & column.filled, dtype=bool)


def _undated(column: Column, check: Check, cells: Cells) -> Mask:
    return column.filled & np.isnan(column.days)


def _unsound(column: Column, check: Check, cells: Cells) -> Mask:
    return _marked(column, ~sound_identities(column.texts))


def _far(column: Column, check: Check, cells: Cells) -> Mask:
    numbers = column.numbers
    if check.fence == "log-iqr":
        numbers = np.log(np.where(numbers > 0, numbers, np.nan))
    group = cells.together(check.within) if check.within else np.zeros(len(numbers), np.int64)
    by, factor = pd.Series(numbers).groupby(group), float(check.factor or 0)
    if check.fence == "mad":
        centre = by.transform("median").to_numpy()
        spread = MAD * pd.Series(np.abs(numbers - centre)).groupby(group).transform("median").to_numpy()
        low, high = centre - factor * spread, centre + factor * spread
    else:
        places = pd.factorize(group)[0]
        first, third = (by.quantile(share).reindex(pd.unique(group)).to_numpy()[places] for share in (0.25, 0.75))
        low, high = first - factor * (third - first), third + factor * (third - first)
    return np.asarray((numbers < low) | (numbers > high) | (column.filled & np.isnan(column.numbers)), dtype=bool)


# -- several columns ------------------------------------------------------------------------------------------------


def _disordered(cells: Cells, check: Check) -> Mask:
    wrong = np.zeros(len(cells), bool)
    latest = np.full(len(cells), -np.inf)
    for name in check.columns:
        column = cells[name]
        wrong |= (column.filled & np.isnan(column.days)) | (column.days < latest)
        latest = np.fmax(latest, column.days)
    return wrong


def _unequal(cells: Cells, check: Check) -> Mask:
    first, *others = [cells[name] for name in check.columns]
    wrong = np.zeros(len(cells), bool)
    for other in others:
        rows = np.flatnonzero(first.filled & other.filled & ~(first.numbers == other.numbers))
        pairs = zip(first.text_of(rows), other.text_of(rows), strict=True)
        wrong[rows[[one != two for one, two in pairs]]] = True
    return wrong


def _off(cells: Cells, check: Check) -> Mask:
    """Return the rows whose first column is not what the others make, or which hold something that is no number."""
    columns = [cells[name] for name in check.columns]
    first, *others = [column.numbers for column in columns]
    with np.errstate(divide="ignore", invalid="ignore"):
        made = _made(check.kind, others)
        size = np.abs(first) + np.abs(np.stack(others)).max(axis=0)
        off = ~(np.abs(first - made) <= (check.tolerance or 0.0) + check.relative * np.abs(first) + CLOSE * size)
    whole = np.logical_and.reduce([column.filled for column in columns])
    strange = np.logical_or.reduce([column.filled & np.isnan(column.numbers) for column in columns])
    return np.asarray((whole & off) | strange, dtype=bool)


def _made(kind: str, others: list[NDArray[np.float64]]) -> Any:
    if kind == "sum":
        return np.sum(others, axis=0)
    return others[0] / others[1] if kind == "quotient" else others[0] - np.sum(others[1:], axis=0)


def _unmet(cells: Cells, check: Check) -> Mask:
    return meets(cells, check.when) & ~meets(cells, check.then)


# -- several rows ---------------------------------------------------------------------------------------------------


def repeated(keys: NDArray[np.int64]) -> Mask:
    """Return which keys stand more than once.

    Keys are first thrown into a million boxes: only those that share a box are sorted.
    """
    with np.errstate(over="ignore"):
        boxes = ((keys.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(44)).view(np.int64)
    rows = np.flatnonzero((np.bincount(boxes, minlength=1) > 1)[boxes])
    ordered = np.sort(keys[rows])
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    mask = np.zeros(len(keys), bool)
    mask[rows] = np.isin(keys[rows], twice)
    return mask


def _twice(cells: Cells, check: Check) -> Mask:
    filled = np.all([cells[name].filled for name in (*check.columns, *check.within)], axis=0)
    mask = np.zeros(len(cells), bool)
    mask[filled] = repeated(cells.together((*check.columns, *check.within))[filled])
    return mask


def _miscounted(cells: Cells, check: Check) -> Mask:
    group, column = cells.together(check.within), cells[check.columns[0]]
    places = pd.factorize(group)[0]
    wrong = column.filled & ~(column.numbers == np.bincount(places)[places]) & _grouped(cells, check)
    return _first_of(wrong, places)


def _outnumbered(cells: Cells, check: Check) -> Mask:
    places = pd.factorize(cells.together(check.within))[0]
    counts = np.bincount(places, meets(cells, check.when))[places]
    wrong = (counts < (0 if check.low is None else check.low)) | (counts > (np.inf if check.high is None else check.high))
    return _first_of(wrong & _grouped(cells, check), places)


def _grouped(cells: Cells, check: Check) -> Mask:
    return np.asarray(np.all([cells[name].filled for name in check.within], axis=0), dtype=bool)


def _first_of(wrong: Mask, places: Places) -> Mask:
    """Keep the first of the wrong rows of each group: one fault of a group is told once."""
    rows = np.flatnonzero(wrong)
    kept = np.zeros(len(wrong), bool)
    kept[rows[np.unique(places[rows], return_index=True)[1]]] = True
    return kept


def _alike(cells: Cells, check: Check) -> Iterator[Found]:
    """Yield the rows that agree with another but for a few columns, each beside the first such row.

    The rows are keyed once for each choice of columns left out, by sums of mixed codes; rows of equal key are then
    compared themselves, so that no accident of the keys counts.
    """
    columns = [cells[name] for name in check.columns]
    said = np.logical_or.reduce([column.filled for column in columns])
    mixed = [_mixed(column.size, at)[column.codes] for at, column in enumerate(columns)]
    total = np.add.reduce(mixed)
    beside = np.full(len(cells), len(cells))
    for left_out in combinations(range(len(columns)), check.differ or 0):
        key = total - np.add.reduce([mixed[at] for at in left_out]) if left_out else total
        rows = np.flatnonzero(repeated(key.view(np.int64)) & said)
        if len(rows):
            kept = pd.DataFrame({at: column.codes[rows] for at, column in enumerate(columns) if at not in left_out})
            group = np.asarray(kept.groupby(list(kept), sort=False).ngroup(), dtype=np.int64)
            for other, there in _partners(group, rows):
                beside[other] = np.minimum(beside[other], there)
    rows = np.flatnonzero(beside < len(cells))
    yield Found(check.place, tuple(check.columns), rows, beside[rows])


def _partners(group: Places, rows: Places) -> Iterator[tuple[Places, Places]]:
    """Yield the rows of every group of two or more, each with the first other row of it."""
    order = np.lexsort((rows, group))
    group, rows = group[order], rows[order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, np.int64)
    first = np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    later = np.arange(len(group)) != first
    yield rows[later], rows[first[later]]
    leads = first[later][np.r_[True, first[later][1:] != first[later][:-1]]] if later.any() else np.zeros(0, np.int64)
    yield rows[leads], rows[leads + 1]


def _mixed(size: int, column: int) -> NDArray[np.uint64]:
    """Return a 64-bit number for each code of a column (splitmix64), so that sums of them tell rows apart."""
    word = (np.arange(size, dtype=np.uint64) + np.uint64((column + 1) << 40)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        word = (word ^ (word >> np.uint64(shift))) * np.uint64(factor)
    return word ^ (word >> np.uint64(31))


FINDERS: dict[str, Callable[[Cells, Check], Iterator[Found]]] = {
    "required": _each(lambda column, check, cells: ~column.filled), "unique": _all(_twice), "range": _each(_outside),
    "whole": _each(_broken), "one-of": _each(_strange), "pattern": _each(_misspelt), "date": _each(_undated), "order": _all(_disordered),
    "sum": _all(_off), "difference": _all(_off), "quotient": _all(_off), "if-then": _all(_unmet), "equal": _all(_unequal),
    "near-duplicate": _alike, "identity": _each(_unsound), "members": _all(_miscounted), "count": _all(_outnumbered),
    "outlier": _each(_far),
}  # fmt: skip
