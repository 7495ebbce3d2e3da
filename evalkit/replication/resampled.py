"""Bootstraps of first-stage units: factors a + b·(times drawn), the units of a stratum drawn with replacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.replication.cells import Cells, drawn, enough, first_cells
from evalkit.replication.draws import Layout, chosen, drawn_counts, layout_of, stirred
from evalkit.replication.plan import CHUNK, Replicates
from evalkit.variances import Floats, Ints, Stage

CALL = 4e5  # multiplications that a product of small matrices costs besides its own
CROWDED = 100  # a population above this many times the sample counts as endless


@dataclass(frozen=True, eq=False)
class Listing:
    """Strata whose units are drawn without replacement from a list as long as the population.

    Attributes
    ----------
    first, size, take : (cells,) int arrays
        First line, lines and draws of each stratum.
    place : (lines,) int array
        The place whose unit stands on each line.
    """

    first: Ints
    size: Ints
    take: Ints
    place: Ints

    def counts(self, places: int, seed: str, purpose: str, start: int, stop: int) -> Ints:
        """Return how often each unit was drawn, (stop − start, places)."""
        replicate, line = np.nonzero(chosen(self.first, self.size, self.take, seed, purpose, start, stop))
        found = np.bincount(replicate * places + self.place[line], minlength=(stop - start) * places)
        return found.reshape(stop - start, places)


@dataclass(frozen=True, eq=False, repr=False)
class Resampled(Replicates):
    """Factors ``keep + gain · count`` for the units of strata that vary.

    Attributes
    ----------
    seed : str
    cells : Cells
    layout : Layout
    keep, gain : (places,) float arrays
    listing : Listing or None
        Strata drawn from a list of the population; they have no draws in `layout`.
    """

    seed: str
    cells: Cells
    layout: Layout
    keep: Floats
    gain: Floats
    listing: Listing | None = None

    @property
    def width(self) -> int:
        return max(self.units, 0 if self.listing is None else len(self.listing.place))

    def counts(self, start: int, stop: int) -> Ints:
        """Return how often the unit of each place was drawn, (stop − start, places)."""
        purpose = f"replicates {self.kind}"
        found = drawn_counts(self.layout, self.seed, purpose, start, stop)
        if self.listing is not None:
            found += self.listing.counts(self.layout.places, self.seed, f"{purpose} list", start, stop)
        return found

    def between(self, start: int, stop: int) -> Floats:
        factors = np.ones((stop - start, self.units))
        factors[:, self.cells.unit] = self.keep + self.gain * self.counts(start, stop)
        return factors

    def totals(self, sums: Floats) -> Floats:
        """T_r = a'S + counts_r (b S): the counts alone are made and multiplied, blocks of strata by the columns that they have."""
        base = np.ones(self.units)
        base[self.cells.unit] = self.keep
        gained = self.gain[:, None] * sums[self.cells.unit]
        result = np.tile(base @ sums, (self.count, 1))
        blocks = _blocks(self.cells, gained)
        for start, stop in self.chunks():
            counts = self.counts(start, stop).astype(np.float64)
            for places, columns, part in blocks:
                result[start:stop, columns] += counts[:, places] @ part
        return result


Block = tuple[slice, slice | Ints, Floats]


def _blocks(cells: Cells, gained: Floats) -> list[Block]:
    """Return runs of strata that have the same columns, or everything in one block when that is not more work.

    Domains that lie in strata leave most of `gained` 0; a product of the parts that are not is then many times faster.
    """
    whole: list[Block] = [(slice(None), slice(None), gained)]
    if len(cells.size) < 2:
        return whole
    present = np.logical_or.reduceat(gained != 0, cells.first, axis=0)
    begins = np.flatnonzero(np.r_[True, (present[1:] != present[:-1]).any(axis=1)])
    ends = np.append(cells.first[begins[1:]], len(gained))
    widths = present[begins].sum(axis=1)
    rows = max(1, CHUNK // len(gained))
    if rows * int(((ends - cells.first[begins]) * widths).sum()) + CALL * len(begins) > rows * gained.size / 2:
        return whole
    blocks: list[Block] = []
    for begin, end, columns in zip(cells.first[begins], ends, map(np.flatnonzero, present[begins]), strict=True):
        if len(columns):
            blocks.append((slice(int(begin), int(end)), columns, gained[begin:end, columns]))
    return blocks


def rwy(stages: Sequence[Stage], replicates: int, seed: str, singleton: str = "fail") -> Replicates:
    """Return the bootstrap of Rao, Wu & Yue: n − 1 draws with replacement, factors 1 − √(1 − f) + √(1 − f) n/(n − 1)·count.

    Parameters
    ----------
    stages : sequence of Stage
        The first stage counts: as with the jackknife, f·(variance inside units) is left out. Units of strata taken whole keep
        the factor 1; no factor is negative.
    replicates : int
        R ≥ 2.
    seed : str
    singleton : {"fail", "certainty", "remove"}
        For strata of one unit; under the last two they keep the factor 1.

    Returns
    -------
    Replicates
        Scale 1/(R − 1), as R survey's ``subbootstrap``, to which this is equal without corrections for finite populations.

    Raises
    ------
    SurveyError
        Strata of a single unit under "fail"; fewer than 2 replicates; unequal chances.

    References
    ----------
    Rao, Wu & Yue 1992, Surv. Meth. 18:209; with √(1 − f) as Rao & Wu 1988, J. Amer. Statist. Assoc. 83:231, section 2.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> stages = structure([None], [np.arange(4)], [np.full(4, 40.0)])
    >>> plan = rwy(stages, 500, "314159")
    >>> bool((plan.factors(0, 2) == rwy(stages, 10_000, "314159").factors(0, 2)).all())
    True
    """
    enough(replicates)
    cells = first_cells(stages, singleton)
    root, n = np.sqrt(1 - stages[0].fraction[cells.stratum]), cells.size
    layout = layout_of(cells.first, n, n - 1)
    keep, gain = (1 - root)[cells.cell], (root * n / (n - 1))[cells.cell]
    return Resampled(*drawn("rwy", stages[:1], replicates), seed, cells, layout, keep, gain)


def canty_davison(stages: Sequence[Stage], replicates: int, seed: str, singleton: str = "fail") -> Replicates:
    """Return the bootstrap of R survey's ``type = "bootstrap"``: n draws of n units, factors equal to the counts.

    Parameters
    ----------
    stages, replicates, seed, singleton
        As for `rwy`.

    Returns
    -------
    Replicates
        Scale m/((m − 1)(R − 1)), m the harmonic mean of the n of the strata that vary: right on average over strata only; where the n
        differ much, `rwy` is right in each.

    Raises
    ------
    SurveyError
        As for `rwy`.

    Notes
    -----
    With replacement where f = 0 or below 1 %. Else without replacement, from a list of N = n/f lines on which the units stand in turn,
    in a random order that is the same for all replicates (Gross's population bootstrap), as R does; R also keeps the list below 1 %,
    and counts strata taken whole in m.

    References
    ----------
    Canty & Davison 1999, The Statistician 48:379; Gross 1980, Proc. Surv. Res. Meth. ASA, 181.
    """
    enough(replicates)
    cells = first_cells(stages, singleton)
    n, f = cells.size, stages[0].fraction[cells.stratum]
    listed = f * CROWDED >= 1
    layout = layout_of(cells.first, n, np.where(listed, 0, n))
    mean = len(n) / float((1 / n).sum()) if len(n) else 2.0
    known = drawn("bootstrap", stages[:1], replicates, mean / ((mean - 1) * (replicates - 1)))
    zero, one = np.zeros(len(cells.unit)), np.ones(len(cells.unit))
    listing = _listing(cells, f, np.flatnonzero(listed), seed) if bool(listed.any()) else None
    return Resampled(*known, seed, cells, layout, zero, one, listing)


def _listing(cells: Cells, fraction: Floats, listed: Ints, seed: str) -> Listing:
    n = cells.size[listed]
    size = np.maximum(n, np.rint(n / fraction[listed])).astype(np.int64)
    first = np.cumsum(size) - size
    order = stirred(cells.first, cells.size, seed, "replicates bootstrap order")
    cell = np.repeat(np.arange(len(n)), size)
    line = np.arange(len(cell)) - first[cell]
    return Listing(first, size, n, order[cells.first[listed][cell] + line % n[cell]])

