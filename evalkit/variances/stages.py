"""The structure of a multi-stage design as integer codes: stages of units in strata, nested in units above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import SurveyError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FULL = 1e-7  # a stratum is taken whole when its fraction misses 1 by less


@dataclass(frozen=True, eq=False)
class Spread:
    """How the totals of units drawn with unequal chances vary: v = Σ c_i (z_i − m)², m = Σ a_i z_i/Σ a_i (0 when all a are 0).

    Parameters
    ----------
    share : (units,) float array
        c_i ≥ 0, how much the square of each unit counts.
    pull : (units,) float array
        a_i ≥ 0, how much the unit counts in the centre of its stratum.
    """

    share: Floats
    pull: Floats


@dataclass(frozen=True, eq=False)
class Alike:
    """Rows of a sample that are alike and were counted together.

    Parameters
    ----------
    held : (rows,) float array
        How many rows of the sample each row stands for.
    like : (rows,) float array
        How many equal weights their weights are worth, (Σw)²/Σw²: as many as `held` where the weights are equal, else fewer.
    """

    held: Floats
    like: Floats


class Form(Protocol):
    """A quadratic form in the totals of first-stage units, from joint chances or from the order of the list."""

    def variances(self, totals: Floats) -> Floats:
        """Return z'Qz of each column of (units, columns)."""

    def covariance(self, totals: Floats) -> Floats:
        """Return Z'QZ, (columns, columns)."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of selection, as integer codes.

    Parameters
    ----------
    row_unit : (rows,) int array
        Unit of each row, 0 … units − 1.
    unit_stratum : (units,) int array
        Stratum of each unit; strata are nested in the units of the stage above.
    stratum_parent : (strata,) int array
        Unit of the stage above that holds the stratum; all 0 at the first stage.
    n : (strata,) int array
        Sampled units.
    fraction : (strata,) float array
        Sampling fraction in [0, 1]; 0 means with replacement.
    names : tuple of str
        One name a stratum, for messages.
    chance : (units,) float array, optional
        Chance of each unit where units were drawn with unequal chances; `fraction` is then their mean.
    spread, form : optional
        What replaces the squares about the plain mean of equal chances.
    alike : Alike, optional
        Where the units are rows that stand for several.
    """

    row_unit: Ints
    unit_stratum: Ints
    stratum_parent: Ints
    n: Ints
    fraction: Floats
    names: tuple[str, ...] = ()
    chance: Floats | None = None
    spread: Spread | None = None
    form: Form | None = None
    alike: Alike | None = None

    def __post_init__(self) -> None:
        for array in (self.row_unit, self.unit_stratum, self.stratum_parent, self.n, self.fraction):
            array.flags.writeable = False

    @property
    def units(self) -> int:
        """Number of sampled units."""
        return len(self.unit_stratum)

    @cached_property
    def row_stratum(self) -> Ints:
        """Stratum of each row; the very array of `unit_stratum` where units are the rows in their order."""
        alone = self.units == len(self.row_unit) and bool((self.row_unit == np.arange(self.units)).all())
        return self.unit_stratum if alone else self.unit_stratum[self.row_unit]

    @cached_property
    def starts(self) -> Ints | None:
        """First row of each unit where rows stand unit by unit, as they mostly do in a file; None otherwise."""
        before, after = self.row_unit[:-1], self.row_unit[1:]
        return np.append(0, np.flatnonzero(before != after) + 1) if bool((before <= after).all()) else None

    @property
    def unit_parent(self) -> Ints:
        """Unit of the stage above, for each unit."""
        return self.stratum_parent[self.unit_stratum]

    @property
    def finite(self) -> bool:
        """Whether the fraction or chance of any unit is above 0."""
        return bool(((self.fraction > 0) & (self.n > 0)).any() if self.chance is None else self.chance.any())

    @property
    def through(self) -> Floats:
        """Share of the variance inside each unit that counts: its chance of being sampled, 0 with replacement."""
        return self.fraction[self.unit_stratum] if self.chance is None else self.chance

    def row_fraction(self) -> Floats:
        """Sampling fraction of each row at this stage, (rows,)."""
        return self.through[self.row_unit]


def add_up(keys: Ints, values: Floats, size: int) -> Floats:
    """Sum values by key, 0 … size − 1."""
    return np.asarray(np.bincount(keys, weights=values, minlength=size), dtype=float)


def group(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the distinct keys in order, and the position of each key among them.

    Parameters
    ----------
    keys : (k,) int array
        Values in 0 … size − 1.
    size : int
        Number of possible keys; when it is not many times larger than `keys`, no sorting is needed.

    Examples
    --------
    >>> [part.tolist() for part in group(np.array([5, 2, 5]), 9)]
    [[2, 5], [1, 0, 1]]
    """
    if size > 32 * len(keys) + 65536:
        distinct, position = np.unique(keys, return_inverse=True)
        return distinct, position
    seen = np.zeros(size, dtype=bool)
    seen[keys] = True
    distinct = np.flatnonzero(seen)
    if len(distinct) == size:
        return distinct, keys
    place = np.empty(size, dtype=np.int32 if size < 2**31 else np.int64)
    place[distinct] = np.arange(len(distinct), dtype=place.dtype)
    return distinct, place.take(keys).astype(np.int64)


def structure(
    strata: Sequence[Ints | None],
    clusters: Sequence[Ints],
    sizes: Sequence[Floats | None],
    names: Sequence[Sequence[str]] = (),
    alike: Alike | None = None,
) -> tuple[Stage, ...]:
    """Turn codes per row into nested stages.

    Parameters
    ----------
    strata : sequence of (rows,) int arrays or None, one a stage
        Codes ≥ 0; None where the stage is not stratified.
    clusters : sequence of (rows,) int arrays, one a stage
        Codes ≥ 0, outermost first; a code means a unit within its stratum and unit above. Codes 0, 1, … that all occur and lie
        in one stratum each are the numbers of the units.
    sizes : sequence of (rows,) float arrays or None, one a stage
        Units in the population of the row's stratum (> 1) or sampling fraction (≤ 1); None: with replacement.
    names : sequence of sequences of str, one a stage
        Name of each stratum code.
    alike : Alike, optional
        Where rows stand for several and are the units of the last stage, which then counts them all. That is stated and not seen: a
        cluster whose rows all give one answer is one row too, and stays one unit.

    Returns
    -------
    tuple of Stage

    Examples
    --------
    Three of ten villages, two households of twenty, thirty and twenty-five:

    >>> village = np.array([0, 0, 1, 1, 2, 2])
    >>> stages = structure([None, None], [village, np.arange(6)], [np.full(6, 10.0), np.array([20.0, 20, 30, 30, 25, 25])])
    >>> [stage.n.tolist() for stage in stages]
    [[3], [2, 2, 2]]
    """
    stages: list[Stage] = []
    for level, (stratum, cluster, size) in enumerate(zip(strata, clusters, sizes, strict=True)):
        label = names[level] if level < len(names) else ()
        rows = alike if level == len(clusters) - 1 else None
        stages.append(_stage(stages[-1] if stages else None, stratum, cluster, size, label, rows))
    return tuple(stages)


def _stage(
    above: Stage | None, stratum: Ints | None, cluster: Ints, size: Floats | None, label: Sequence[str], alike: Alike | None
) -> Stage:
    parents, width = 1 if above is None else above.units, 1 if stratum is None else int(stratum.max(initial=0)) + 1
    row_unit, of = _units(_strata(above, stratum, width, len(cluster)), parents * width, cluster)
    keys, unit_stratum = (np.arange(parents), of) if stratum is None else group(of, parents * width)
    held = None if alike is None else alike.held
    n = np.bincount(unit_stratum, weights=held, minlength=len(keys)).astype(np.int64, copy=False)
    names = tuple(label[code] for code in keys % width) if len(label) else ()
    made = Stage(row_unit, unit_stratum, keys // width, n, np.zeros(len(n)), names, alike=alike)
    return made if size is None else replace(made, fraction=_fractions(size, made.row_stratum, n))


def _strata(above: Stage | None, stratum: Ints | None, width: int, rows: int) -> Ints:
    """Return, for each row, a number for its unit above and its stratum; without strata the very array of the units above."""
    if above is None:
        return np.zeros(rows, dtype=np.int64) if stratum is None else stratum
    return above.row_unit if stratum is None else above.row_unit * width + stratum


def _units(strata: Ints, size: int, cluster: Ints) -> tuple[Ints, Ints]:
    """Return the unit of each row, and the stratum (0 … size − 1) of each unit.

    Rows that are units of their own, and clusters that lie in one stratum each, keep their numbers.
    """
    span, rows = int(cluster.max(initial=0)) + 1, len(cluster)
    if span == rows and bool((cluster == np.arange(rows)).all()):
        return cluster, strata
    if span <= rows:
        of = np.full(span, -1)
        of[cluster] = strata
        if bool((of >= 0).all()) and np.array_equal(of.take(cluster), strata):
            return cluster, of
    distinct, place = group(strata, size)
    units, row_unit = group(place * span + cluster, len(distinct) * span)
    return row_unit, distinct[units // span]


def _fractions(size: Floats, row_stratum: Ints, n: Ints) -> Floats:
    """Return the fraction of each stratum; a column with any value above 1 holds counts."""
    stated = np.empty(len(n))
    stated[row_stratum] = size
    return n / stated if bool((size > 1).any()) else stated


def collapse(stages: tuple[Stage, ...]) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """Merge each stratum of one unit with its neighbour in the design order, and say which.

    The neighbour is the next stratum inside the same unit above, the one before for the last. Strata
    that are taken whole are left alone. The merged stratum has the units and the population of both.

    Returns
    -------
    stages : tuple of Stage
    notes : tuple of str
        One line a merger.
    """
    merged, notes = [], []
    for level, stage in enumerate(stages, 1):
        onto = _neighbours(stage, level)
        moved = np.flatnonzero(onto != np.arange(len(onto)))
        notes += [f"第 {level} 阶段：单个单元的层 {stage_name(stage, int(h))} 并入 {stage_name(stage, int(onto[h]))}" for h in moved]
        merged.append(_merge(stage, onto) if len(moved) else stage)
    return tuple(merged), tuple(notes)


def _neighbours(stage: Stage, level: int) -> Ints:
    """Return, for each stratum, the stratum it becomes part of."""
    onto = np.arange(len(stage.n))
    open_ = stage.fraction < 1 - FULL
    for h in np.flatnonzero((stage.n == 1) & open_):
        mates = np.flatnonzero((stage.stratum_parent == stage.stratum_parent[h]) & open_)
        at = int(np.searchsorted(mates, h))
        if len(mates) == 1:
            found = f"第 {level} 阶段，层 {stage_name(stage, int(h))}｜只有 1 个单元，且无相邻的层可并入"
            raise SurveyError(f"{found}｜改用其他 singleton 规则：certainty、adjust、average、remove")
        mate = mates[at + 1] if at + 1 < len(mates) else mates[at - 1]
        joined = np.isin(onto, (onto[h], onto[mate]))
        onto[joined] = min(onto[h], onto[mate])
    return onto


def _merge(stage: Stage, onto: Ints) -> Stage:
    n = add_up(onto, stage.n.astype(float), len(onto))
    with np.errstate(divide="ignore"):
        population = add_up(onto, stage.n / stage.fraction, len(onto))
    fraction = np.divide(n, population, out=stage.fraction.copy(), where=n > 0)
    return replace(stage, unit_stratum=onto[stage.unit_stratum], n=n.astype(np.int64), fraction=fraction)


def without_fpc(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Return the design as if sampled with replacement, except that strata taken whole stay so.

    The first stage alone then counts, and inside first-stage units that were certain the stage below.
    """
    return tuple(
        replace(stage, fraction=np.where(stage.fraction < 1 - FULL, 0.0, 1.0), chance=None, spread=None, form=None) for stage in stages
    )


def stage_name(stage: Stage, stratum: int) -> str:
    """Return what messages call a stratum."""
    return stage.names[stratum] if stage.names else str(stratum + 1)


def multipliers(stages: Sequence[Stage]) -> list[Floats]:
    """Return, for each stage, the product of the sampling fractions above each stratum."""
    above = [np.ones(len(stages[0].n))]
    for upper, lower in pairwise(stages):
        through = above[-1][upper.unit_stratum] * upper.through
        above.append(through[lower.stratum_parent])
    return above
