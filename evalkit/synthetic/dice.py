"""The uniform numbers of a made-up county: one stream for each village and variable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit import streams

MARK = "模拟数据"
MARK_COLUMN = "数据说明"


@dataclass(frozen=True, eq=False)
class Dice:
    """The streams of some villages, each keyed by its code, so that no village depends on another.

    Parameters
    ----------
    seed : str
        The specimen's seed.
    villages : tuple of str
        Village codes.
    sizes : ndarray of int
        Households in each village.
    """

    seed: str
    villages: tuple[str, ...]
    sizes: NDArray[np.int64]

    def per_village(self, purpose: str) -> streams.Floats:
        """Return one uniform number for each village."""
        return villages_numbers(self.seed, purpose, self.villages)

    def per_household(self, purpose: str) -> streams.Floats:
        """Return one uniform number for each household, village by village."""
        return streams.numbers_of(self.seed, f"household {purpose}", self.villages, self.sizes.tolist())

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of its village for each household."""
        return np.repeat(values, self.sizes)

    def happens(self, purpose: str, mean: float, icc: float) -> NDArray[np.bool_]:
        """Return a 0/1 outcome for each household, beta-binomial over villages with the stated correlation."""
        chance = streams.beta(self.per_village(purpose), mean, icc)
        return self.per_household(purpose) < self.spread(chance)


def villages_numbers(seed: str, purpose: str, villages: tuple[str, ...]) -> streams.Floats:
    """Return one uniform number for each village, from the stream of that village alone."""
    return streams.numbers_of(seed, f"village {purpose}", villages, [1] * len(villages))
