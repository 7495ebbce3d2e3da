"""Bounds for a count in a finite population drawn by simple random sampling: no approximation at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError
from evalkit.later import later

stats = later("scipy.stats")


def count_bounds(found: int, drawn: int, population: int, tail: float) -> tuple[int, int]:
    """Return the smallest and the largest number of events that the population may hold.

    The hypergeometric tails are inverted (Buonaccorsi 1987, The American Statistician 41:215): the
    largest M with P(X ≤ found) > tail and the smallest M with P(X ≥ found) > tail.

    Parameters
    ----------
    found : int
        Events in the sample, 0 ≤ found ≤ drawn.
    drawn : int
        Units in the sample, 1 ≤ drawn ≤ population.
    population : int
        Units in the population.
    tail : float
        Probability in each tail, in (0, 1): .05 for a one-sided 95 % bound, .025 for a two-sided interval.

    Returns
    -------
    tuple of int
        Lower and upper bound of the number of events in the population.

    Raises
    ------
    EstimateError
        When the counts do not fit together or `tail` is not in (0, 1).

    Examples
    --------
    >>> count_bounds(0, 200, 400, .05)
    (0, 4)
    >>> count_bounds(3, 300, 1500, .05)
    (5, 36)
    """
    _check(found, drawn, population, tail)
    possible = np.arange(found, population - drawn + found + 1)
    upper = possible[stats.hypergeom.cdf(found, population, possible, drawn) > tail]
    lower = possible[stats.hypergeom.sf(found - 1, population, possible, drawn) > tail]
    # for tail > 1/2 a tail may hold no M at all: the bound then stands at the end of what is possible
    return int(lower[0] if lower.size else possible[-1]), int(upper[-1] if upper.size else possible[0])


def share_bounds(found: int, drawn: int, population: int, tail: float) -> tuple[float, float]:
    """Return the bounds of `count_bounds` as shares of the population.

    Examples
    --------
    >>> share_bounds(1, 380, 400, .05)
    (0.0025, 0.005)
    """
    low, high = count_bounds(found, drawn, population, tail)
    return low / population, high / population


def stratified_count_bound(found: NDArray[np.int_], drawn: NDArray[np.int_], population: NDArray[np.int_], tail: float) -> int:
    """Return the upper bound of the number of events in up to three strata drawn by simple random sampling.

    A total is possible as long as some way of spreading it over the strata gives a stratified estimate
    as small as the one seen with probability above `tail` (Wendell & Schmee 1996, JASA 91:825).

    Parameters
    ----------
    found, drawn, population : array of int, one number a stratum, at most three strata
        Events seen, units drawn and units there.
    tail : float
        Probability in the tail, in (0, 1).

    Returns
    -------
    int
        Largest number of events in the whole population that is not refuted.

    Raises
    ------
    EstimateError
        For more than three strata, or counts that do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> stratified_count_bound(np.array([0, 1]), np.array([100, 150]), np.array([500, 1000]), .05)
    29
    """
    found, drawn, population = (np.asarray(a, dtype=int) for a in (found, drawn, population))
    if not 1 <= len(found) <= 3:
        raise EstimateError(f"层数 {len(found)}｜精确的分层上限只适用于 1～3 层｜层数更多时用 method=\"kg-m\"")
    for x, n, size in zip(found, drawn, population, strict=True):
        _check(int(x), int(n), int(size), tail)
    seen = float((population * found / drawn).sum())
    total = int(found.sum())
    while total < population.sum() - (drawn - found).sum() and _most_likely(total + 1, seen, drawn, population) > tail:
        total += 1
    return total


def _most_likely(total: int, seen: float, drawn: NDArray[np.int_], population: NDArray[np.int_]) -> float:
    """Return the largest probability of an estimate no greater than `seen` over all ways to spread `total`."""
    return max((_no_greater(spread, seen, drawn, population) for spread in _spreads(total, population)), default=0.0)


def _spreads(total: int, population: NDArray[np.int_]) -> list[tuple[int, ...]]:
    if len(population) == 1:
        return [(total,)] if total <= population[0] else []
    return [(first, *rest) for first in range(min(total, int(population[0])) + 1) for rest in _spreads(total - first, population[1:])]


def _no_greater(spread: tuple[int, ...], seen: float, drawn: NDArray[np.int_], population: NDArray[np.int_]) -> float:
    """Return P(stratified estimate ≤ seen) when the strata hold `spread` events."""
    value, chance = np.zeros(1), np.ones(1)
    for events, n, size in zip(spread, drawn, population, strict=True):
        counts = np.arange(min(events, n) + 1)
        value = (value[:, None] + size * counts / n).ravel()
        chance = (chance[:, None] * stats.hypergeom.pmf(counts, size, events, n)).ravel()
        chance, value = chance[value <= seen * (1 + 1e-12) + 1e-12], value[value <= seen * (1 + 1e-12) + 1e-12]
    return float(chance.sum())


def _check(found: int, drawn: int, population: int, tail: float) -> None:
    if not (0 <= found <= drawn <= population and drawn >= 1):
        raise EstimateError(f"事件 {found}、样本 {drawn}、总体 {population}｜应有 0 ≤ 事件 ≤ 样本 ≤ 总体且样本 ≥ 1｜核对三个数")
    if not 0 < tail < 1:
        raise EstimateError(f"tail = {tail}｜应在 0 与 1 之间｜单侧 95% 写 tail=.05")
