"""Counts of events by village, drawn from two models of how villages differ, and the few numbers of a sample that matter.

A benchmark may use numpy's random numbers; every cell has a stream of its own, made of a seed and of what the cell is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom, binom

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]
Model = Literal["beta", "bad"]

SEED = 20180101
MODELS: dict[Model, str] = {"beta": "贝塔二项", "bad": "坏村"}
SIZES = ((10, 100), (20, 30), (20, 60), (30, 45), (44, 30), (44, 60))
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
ICCS = (0.0, 0.02, 0.05, 0.1)


@dataclass(frozen=True)
class Cell:
    """One truth and one plan: villages, households a village, rate, correlation within villages, model of the villages."""

    villages: int
    take: int
    rate: float
    icc: float
    model: Model

    def stream(self, *more: int) -> np.random.Generator:
        """Return the random numbers of this cell, the same in whatever order cells are run."""
        own = (round(1e6 * self.rate), round(1e6 * self.icc), list(MODELS).index(self.model))
        return np.random.default_rng([SEED, self.villages, self.take, *own, *more])


def grid() -> list[Cell]:
    """Return the grid of methods §1.3: 6 designs × 6 rates × 4 correlations × 2 models."""
    return [Cell(m, b, p, rho, model) for m, b in SIZES for p in RATES for rho in ICCS for model in MODELS]


def chances(rate: float, icc: float, model: Model, take: int) -> Numbers:
    """Return the probabilities of 0, 1, …, `take` events in a village.

    Both models have mean `rate` and correlation `icc`: "beta" village rates are beta distributed, a = p(1 − ρ)/ρ and
    b = (1 − p)(1 − ρ)/ρ; "bad" ones are 0, or q = p + ρ(1 − p) with probability p/q.

    Examples
    --------
    >>> seen = chances(.02, .05, "bad", 60)
    >>> round(float(seen @ np.arange(61)) / 60, 12), round(float(seen[0]), 4)
    (0.02, 0.7155)
    """
    at = np.arange(take + 1)
    if icc == 0:
        return np.asarray(binom.pmf(at, take, rate), dtype=float)
    if model == "beta":
        return np.asarray(betabinom.pmf(at, take, rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc), dtype=float)
    worse = rate + icc * (1 - rate)
    made = rate / worse * binom.pmf(at, take, worse)
    made[0] += 1 - rate / worse
    return np.asarray(made, dtype=float)


def village_rates(rng: np.random.Generator, rate: float, icc: float, model: Model, shape: tuple[int, ...]) -> Numbers:
    """Return rates of villages drawn from a model; their counts are binomial, as in `chances`."""
    if icc == 0:
        return np.full(shape, rate)
    if model == "beta":
        return rng.beta(rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc, shape)
    worse = rate + icc * (1 - rate)
    return np.where(rng.random(shape) < rate / worse, worse, 0.0)


def drawn(cell: Cell, replicates: int) -> Ints:
    """Return the counts of a cell, (replicates, villages)."""
    below = np.cumsum(chances(cell.rate, cell.icc, cell.model, cell.take))[:-1]
    u = cell.stream().random((replicates, cell.villages))
    return np.searchsorted(below, u.ravel(), side="right").reshape(u.shape)


@dataclass(frozen=True, eq=False)
class Sums:
    """What an interval sees of a self-weighting sample of equal takes: Σy, Σy² over villages, and villages with events."""

    total: Ints
    squares: Ints
    hit: Ints

    @staticmethod
    def of(counts: Ints) -> Sums:
        """Return the sums of every replicate, counts (replicates, villages)."""
        return Sums(counts.sum(axis=1), (counts**2).sum(axis=1), (counts > 0).sum(axis=1))

    def distinct(self) -> tuple[Sums, Ints]:
        """Return the samples that differ, and which of them each sample is."""
        width, high = int(self.hit.max()) + 1, int(self.squares.max()) + 1
        keys, place = np.unique((self.total * high + self.squares) * width + self.hit, return_inverse=True)
        rest = keys // width
        return Sums(rest // high, rest % high, keys % width), place
