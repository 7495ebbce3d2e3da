"""A partition of the rows into disjoint domains, and sums by unit and domain: the only thing here that touches every row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.variances.stages import Floats, Ints, Stage, add_up, group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Grouping:
    """The (unit, domain) pairs that have at least one row, and where each row belongs among them.

    For the strata of a stage: the (stratum, domain) cells, and where each pair of the stage belongs among them.

    Parameters
    ----------
    unit, column : (pairs,) int arrays
    inside : (k,) int array or None
        Rows that belong to a domain; None: all.
    place : (k,) int array or None
        Pair of each of these rows; None: each row is a pair of its own.
    starts : (pairs,) int array or None
        First row of each pair, where rows stand pair by pair.
    held : (k,) float array or None
        How many rows of the sample each of these rows stands for, where rows that are alike were counted together; None: 1.
    """

    unit: Ints
    column: Ints
    inside: Ints | None = None
    place: Ints | None = None
    starts: Ints | None = None
    held: Floats | None = None
    _known: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    def sums(self, values: Floats) -> Floats:
        """Sum the values of rows by pair; the sums of a read-only array (the weights of a survey) are remembered."""
        if id(values) in self._known:
            return self._known[id(values)][1]
        made = self._sums(values if self.inside is None else values[self.inside])
        if not values.flags.writeable:
            self._known[id(values)] = values, made  # the array is kept, so that its id stays its own
        return made

    def _sums(self, kept: Floats) -> Floats:
        if self.place is None:
            return kept
        return add_up(self.place, kept, len(self.unit)) if self.starts is None else np.add.reduceat(kept, self.starts)

    def any(self, rows: Bools) -> Bools:
        """Say which pairs have one of these rows."""
        kept = rows if self.inside is None else rows[self.inside]
        if self.place is None:
            return kept
        made = np.zeros(len(self.unit), dtype=bool)
        made[self.place[kept]] = True
        return made

    @cached_property
    def sizes(self) -> Ints:
        """Number of rows of each pair."""
        if self.held is not None:
            counts = self.held if self.place is None else add_up(self.place, self.held, len(self.unit))
            return np.rint(counts).astype(np.int64)  # rows may be shared among points, three of a third each
        return np.ones(len(self.unit), dtype=np.int64) if self.place is None else np.bincount(self.place, minlength=len(self.unit))


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint domains.

    Parameters
    ----------
    code : (rows,) int array or None
        Domain of each row, 0 … columns − 1, negative for rows outside all; None: one domain of all rows.
    columns : int
        Number of domains.
    held : (rows,) float array or None
        How many rows of the sample each row stands for; None: 1.

    Examples
    --------
    >>> Partition(np.array([0, 1, -1, 1]), 2).sums(np.array([1.0, 2, 3, 4])).tolist()
    [1.0, 6.0]
    """

    code: Ints | None = None
    columns: int = 1
    held: Floats | None = None
    _known: dict[Any, Any] = field(default_factory=dict)

    @property
    def inside(self) -> Ints | None:
        """Rows that belong to a domain; None when all do."""
        if self.code is None:
            return None
        if "inside" not in self._known:
            self._known["inside"] = np.flatnonzero(self.code >= 0) if bool((self.code < 0).any()) else None
        found: Ints | None = self._known["inside"]
        return found

    def _kept(self, values: Any) -> Any:
        """Leave out rows outside all domains."""
        return values if self.inside is None else values[self.inside]

    def sums(self, values: Floats) -> Floats:
        """Sum values by domain."""
        if self.code is None:
            return np.array([values.sum()])
        return add_up(self._kept(self.code), self._kept(values), self.columns)

    def sizes(self, rows: int) -> Ints:
        """Number of rows in each domain."""
        if self.held is not None:
            return np.rint(self.sums(self.held)).astype(np.int64)
        return np.array([rows]) if self.code is None else np.bincount(self._kept(self.code), minlength=self.columns)

    def at(self, by_domain: Floats) -> Any:
        """Give each row the number of its domain; rows outside all get that of the last."""
        return by_domain[0] if self.columns == 1 else by_domain[self.code]

    def grouping(self, stage: Stage) -> Grouping:
        """Return the pairs of the units of a stage and the domains, remembered."""
        return self._once(stage.row_unit, lambda: self._units(stage))

    def cells(self, stage: Stage) -> Grouping:
        """Return the cells of the strata of a stage and the domains, and the cell of each pair of the stage, remembered."""
        pairs = self.grouping(stage)
        if pairs.place is not None:
            return self._once(stage.unit_stratum, lambda: self._pairs(stage.unit_stratum.take(pairs.unit), pairs.column, len(stage.n)))
        # pairs are rows, and the strata of rows mostly the units of the stage above: its pairs are these cells
        found = self._once(stage.row_stratum, lambda: self._rows(stage.row_stratum, len(stage.n)))
        if stage.alike is None and found.held is not None:
            found = replace(found, held=None)  # rows that are one a unit: a stratum counts units, whatever they stand for
        if found.place is not None and found.inside is None:
            return found
        return replace(found, inside=None, place=np.arange(len(found.unit)) if found.place is None else found.place)

    def _once(self, codes: Ints, made: Callable[[], Grouping]) -> Grouping:
        """Remember what is made of an array of codes."""
        if id(codes) not in self._known:
            self._known[id(codes)] = codes, made()  # the array is kept, so that its id stays its own
        found: Grouping = self._known[id(codes)][1]
        return found

    def _units(self, stage: Stage) -> Grouping:
        alone, code = stage.units == len(stage.row_unit), self.code
        if alone:
            column = np.zeros(stage.units, dtype=np.int64) if code is None else self._kept(code)
            return Grouping(self._kept(stage.row_unit), column, self.inside, held=self._held)
        if code is None:
            nought = np.zeros(stage.units, dtype=np.int64)
            return Grouping(np.arange(stage.units), nought, None, stage.row_unit, stage.starts, self.held)
        return self._rows(stage.row_unit, stage.units)

    def _rows(self, codes: Ints, size: int) -> Grouping:
        """Group rows by a code of 0 … size − 1 and their domain."""
        found = self._pairs(self._kept(codes), 0 if self.code is None else self._kept(self.code), size, self.inside)
        return found if self.held is None else replace(found, held=self._held)

    @property
    def _held(self) -> Floats | None:
        return None if self.held is None else np.asarray(self._kept(self.held))

    def _pairs(self, codes: Ints, column: Ints | int, size: int, inside: Ints | None = None) -> Grouping:
        keys = codes * self.columns
        keys += column
        keys, place = group(keys, size * self.columns)
        unit = keys // self.columns
        keys -= unit * self.columns
        return Grouping(unit, keys, inside, place)
