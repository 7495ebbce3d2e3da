"""A partition of the rows into disjoint domains, and sums by unit and domain: the only thing here that touches every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalkit.variances.stages import Floats, Ints, Stage, add_up, group


@dataclass(frozen=True, eq=False)
class Grouping:
    """The (unit, domain) pairs that have at least one row, and where each row belongs among them.

    Parameters
    ----------
    unit, column : (pairs,) int arrays
    inside : (k,) int array or None
        Rows that belong to a domain; None: all.
    place : (k,) int array or None
        Pair of each of these rows; None: each row is a pair of its own.
    """

    unit: Ints
    column: Ints
    inside: Ints | None = None
    place: Ints | None = None
    _known: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    def sums(self, values: Floats) -> Floats:
        """Sum the values of rows by pair; the sums of a read-only array (the weights of a survey) are remembered."""
        if id(values) in self._known:
            return self._known[id(values)][1]
        kept = values if self.inside is None else values[self.inside]
        made = kept if self.place is None else add_up(self.place, kept, len(self.unit))
        if not values.flags.writeable:
            self._known[id(values)] = values, made  # the array is kept, so that its id stays its own
        return made


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint domains.

    Parameters
    ----------
    code : (rows,) int array or None
        Domain of each row, 0 … columns − 1, negative for rows outside all; None: one domain of all rows.
    columns : int
        Number of domains.

    Examples
    --------
    >>> Partition(np.array([0, 1, -1, 1]), 2).sums(np.array([1.0, 2, 3, 4])).tolist()
    [1.0, 6.0]
    """

    code: Ints | None = None
    columns: int = 1
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

    def sums(self, values: Floats) -> Floats:
        """Sum values by domain."""
        if self.code is None:
            return np.array([values.sum()])
        if self.inside is None:
            return add_up(self.code, values, self.columns)
        return add_up(self.code[self.inside], values[self.inside], self.columns)

    def sizes(self, rows: int) -> Ints:
        """Number of rows in each domain."""
        if self.code is None:
            return np.array([rows])
        return np.bincount(self.code if self.inside is None else self.code[self.inside], minlength=self.columns)

    def at(self, by_domain: Floats) -> Any:
        """Give each row the number of its domain; rows outside all get that of the last."""
        return by_domain[0] if self.columns == 1 else by_domain[self.code]

    def grouping(self, stage: Stage) -> Grouping:
        """Return the pairs of the units of a stage and the domains, remembered."""
        if id(stage) not in self._known:
            self._known[id(stage)] = stage, self._grouped(stage)  # the stage is kept, so that its id stays its own
        found: Grouping = self._known[id(stage)][1]
        return found

    def _grouped(self, stage: Stage) -> Grouping:
        unit, inside = stage.row_unit, self.inside
        if self.code is None:
            return Grouping(np.arange(stage.units), np.zeros(stage.units, dtype=np.int64), None, unit)
        code = self.code
        if inside is not None:
            unit, code = unit[inside], code[inside]
        if stage.units == len(stage.row_unit):
            return Grouping(unit, code, inside)
        keys, place = group(unit * self.columns + code, stage.units * self.columns)
        return Grouping(keys // self.columns, keys % self.columns, inside, place)
