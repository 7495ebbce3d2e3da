"""A made survey: households in villages in strata, a rare property that comes in villages, domains that cross everything; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TAKE = 100  # households a village
STRATA = 100
POPULATION = 400  # households of a village in the population, four times those that were asked
DRAWN = 5  # villages in the population for each that was drawn
RATE, ICC = 0.02, 0.05
MARGINS = (2, 6, 20)


@dataclass(frozen=True, eq=False)
class Raw:
    """The survey as codes: rows in the order of villages, villages in the order of strata.

    Attributes
    ----------
    unit : (rows,) int array
        Village of each household.
    stratum, n : (villages,) and (strata,) int arrays
        Stratum of each village, villages of each stratum.
    weight, y : (rows,) float arrays
    drawn, asked, take : (strata,), (villages,) and (villages,) arrays
        Sampling fractions of villages in a stratum and of households in a village, and households asked.
    """

    unit: Ints
    stratum: Ints
    n: Ints
    weight: Floats
    y: Floats
    drawn: Floats
    asked: Floats
    take: Ints

    @property
    def rows(self) -> int:
        """Number of households."""
        return len(self.unit)

    def domain(self, count: int) -> Ints:
        """Return a domain for each household, whatever its village; the same at every call."""
        return np.random.default_rng(count).integers(0, count, self.rows)

    def margins(self) -> list[Ints]:
        """Return the groups of three margins."""
        rng = np.random.default_rng(3)
        return [rng.choice(levels, self.rows, p=_uneven(levels)).astype(np.int64) for levels in MARGINS]

    def targets(self) -> list[Floats]:
        """Return population totals for the margins, a little off what the weights add up to."""
        return [self.weight.sum() * (0.8 * _uneven(levels) + 0.2 / levels) for levels in MARGINS]

    def strata_labels(self) -> NDArray[np.object_]:
        """Return the label of the stratum of each household, ``s012``."""
        names = np.array([f"s{h:03d}" for h in range(len(self.n))], dtype=object)
        return names[self.stratum[self.unit]]

    def village_labels(self) -> NDArray[np.object_]:
        """Return the label of the village of each household, ``s012-v0034``."""
        names = np.array([f"s{h:03d}-v{at:04d}" for at, h in enumerate(self.stratum.tolist())], dtype=object)
        return names[self.unit]

    def population(self) -> tuple[Ints, Ints]:
        """Return, a row, villages of the stratum and households of the village in the population."""
        villages, households = np.rint(self.n / self.drawn), np.rint(self.take / self.asked)
        return villages.astype(np.int64)[self.stratum[self.unit]], households.astype(np.int64)[self.unit]


def made_survey(rows: int) -> Raw:
    """Return a survey of about so many rows: full villages, at least two in each stratum, the same at every call."""
    villages = max(rows // TAKE, 4)
    strata = min(STRATA, villages // 2)
    rng = np.random.default_rng(20260101)
    unit = np.repeat(np.arange(villages), TAKE)
    stratum = np.arange(villages) * strata // villages
    odds = (1 - ICC) / ICC
    rate = rng.beta(RATE * odds, (1 - RATE) * odds, villages)
    weight = rng.lognormal(3.0, 0.5, len(unit))
    y = (rng.random(len(unit)) < rate[unit]).astype(float)
    n = np.bincount(stratum)
    return Raw(unit, stratum, n, weight, y, n / (n * DRAWN), np.full(villages, TAKE / POPULATION), np.full(villages, TAKE))


def _uneven(levels: int) -> Floats:
    share = np.arange(1.0, levels + 1)
    return np.asarray(share / share.sum())
