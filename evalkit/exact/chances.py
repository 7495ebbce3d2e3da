"""Chances of a count in a sample drawn without replacement, for every number of events in the population.

scipy's hypergeometric functions factorise large populations; these need a few logarithms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

Numbers = NDArray[np.float64]


def _log_choose(n: Any, k: Any) -> Any:
    return -np.log1p(n) - betaln(n - k + 1, k + 1)


def chance_of(x: Any, drawn: int, events: Any, population: int) -> Numbers:
    """P(X = x) when `drawn` of `population` units are drawn, `events` of which have the property."""
    x, m = np.broadcast_arrays(x, events)
    good = (x <= m) & (drawn - x <= population - m) & (x >= 0) & (x <= drawn)
    k, m = np.where(good, x, 0), np.where(good, m, 0)
    others = np.where(good, drawn - k, 0)
    logs = _log_choose(m, k) + _log_choose(population - m, others) - _log_choose(population, drawn)
    return np.where(good, np.exp(logs), 0.0)


def turning(x: int, drawn: int, events: Any, population: int) -> Numbers:
    """P(X ≤ x | M) − P(X ≤ x | M + 1), M = `events`: the chance that the unit that turns into an event is the (x + 1)-th drawn.

    C(M, x)·C(N − M − 1, n − x − 1)/C(N, n).
    """
    if x >= drawn:
        return np.zeros(np.shape(events))
    return chance_of(x, drawn - 1, events, population - 1) * (drawn / population)


def at_most(x: int, drawn: int, population: int) -> Numbers:
    """P(X ≤ x) for every number of events from 0 to `population`, summed from the small end."""
    if x >= drawn:
        return np.ones(population + 1)
    steps = turning(x, drawn, np.arange(population), population)
    return np.append(np.cumsum(steps[::-1])[::-1], 0.0)


def at_least(x: int, drawn: int, population: int) -> Numbers:
    """P(X ≥ x) for every number of events from 0 to `population`."""
    if x <= 0:
        return np.ones(population + 1)
    return np.append(0.0, np.cumsum(turning(x - 1, drawn, np.arange(population), population)))
