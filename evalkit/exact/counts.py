"""Bounds of a count in a population drawn by simple random sampling: both tails, and Wang's, which cannot be drawn in further."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError, Faults
from evalkit.exact.chances import at_least, at_most, chance_of, turning

Ints = NDArray[np.int_]
Numbers = NDArray[np.float64]

ROUND = 1e-12  # sums of probabilities miss by so much


def count_bounds(found: int, drawn: int, population: int, tail: float, midp: bool = False) -> tuple[int, int]:
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
    midp : bool
        Give the observed count half its weight: shorter, no longer sure to cover.

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
    half = chance_of(found, drawn, possible, population) / 2 if midp else 0.0
    upper = possible[at_most(found, drawn, population)[possible] - half > tail]
    lower = possible[at_least(found, drawn, population)[possible] - half > tail]
    # for tail > 1/2 a tail may hold no M at all: the bound then stands at the end of what is possible
    return int(lower[0] if lower.size else possible[-1]), int(upper[-1] if upper.size else possible[0])


def share_bounds(found: int, drawn: int, population: int, tail: float, midp: bool = False) -> tuple[float, float]:
    """Return the bounds of `count_bounds` as shares of the population.

    Examples
    --------
    >>> share_bounds(1, 380, 400, .05)
    (0.0025, 0.005)
    """
    low, high = count_bounds(found, drawn, population, tail, midp)
    return low / population, high / population


def admissible_bounds(found: int, drawn: int, population: int, level: float) -> tuple[int, int]:
    """Return the two-sided bounds of a count that cannot be drawn in any further without losing the level.

    The two tails of `count_bounds` leave more coverage than asked, since counts are whole. As in Wang (2015, JASA 110:1491) the
    intervals of all samples are drawn in together, from the middle of the sample space outwards: each end moves inwards
    as long as every population keeps its coverage, found events and found others being treated alike. So no interval is
    wider than that of the two tails, all cover at least `level`, and none could be shorter. (Reimplemented from the idea.)

    Parameters
    ----------
    found, drawn, population : int
        As for `count_bounds`.
    level : float
        Confidence of the interval, in (0, 1).

    Returns
    -------
    tuple of int
        Lower and upper bound of the number of events in the population.

    Raises
    ------
    EstimateError
        When the counts do not fit together or `level` is not in (0, 1).

    Examples
    --------
    >>> count_bounds(10, 50, 2000, .025), admissible_bounds(10, 50, 2000, .95)
    ((203, 671), (211, 661))
    """
    _check(found, drawn, population, level, "level")
    few = min(found, drawn - found)
    low, high = _drawn_in(few, drawn, population, level)
    return (low, high) if few == found else (population - high, population - low)


def _drawn_in(found: int, drawn: int, population: int, level: float) -> tuple[int, int]:
    """Return the drawn-in interval of a sample in the lower half, those nearer the middle being drawn in first."""
    highs = _upper_bounds(drawn, population, (1 - level) / 2)
    lows = population - highs[::-1]
    spare = _coverage(lows, highs, drawn, population) - level
    low, high = 0, population
    for x in range(drawn // 2, found - 1, -1):
        low, high = int(lows[x]), int(highs[x])
        chance = chance_of(x, drawn, np.arange(low, high + 1), population)
        bottom = _trimmed(range(low, population * x // drawn), chance, spare, population)
        if 2 * x == drawn:
            low, high = low + bottom, high - bottom
        else:
            top = _trimmed(range(high, -(-population * x // drawn), -1), chance[::-1], spare, population)
            low, high = low + bottom, high - top
    return low, high


def _upper_bounds(drawn: int, population: int, tail: float) -> Ints:
    """Return the upper bound of `count_bounds` for every sample, 0 to `drawn` events.

    P(X ≤ x | M) is carried along: one event more seen adds the chance of x, one more there takes `turning` away.
    """
    highs, count, reached = np.full(drawn + 1, population), 0, 0.0
    step = 64 + 4 * population // drawn
    for x in range(drawn):
        reached += float(chance_of(x, drawn, np.array(count), population))
        while count < population:
            ahead = np.arange(count, min(count + step, population))
            left = reached - np.cumsum(turning(x, drawn, ahead, population))
            moved = int(np.count_nonzero(left > tail))
            count, reached = count + moved, float(left[moved - 1]) if moved else reached
            if moved < len(ahead):
                break
        highs[x] = count
    return highs


def _coverage(lows: Ints, highs: Ints, drawn: int, population: int) -> Numbers:
    """Return for every population of 0 to `population` events how often its count lies in the interval."""
    covered = np.zeros(population + 1)
    for x, (low, high) in enumerate(zip(lows, highs, strict=True)):
        covered[low : high + 1] += chance_of(x, drawn, np.arange(low, high + 1), population)
    return covered


def _trimmed(counts: range, chance: Numbers, spare: Numbers, population: int) -> int:
    """Take counts off one end of an interval, and their mirror images off its mirror, while coverage can be spared; return how many."""
    for taken, (count, lost) in enumerate(zip(counts, chance, strict=False)):
        mirrored = population - count
        cost = 2 * lost if mirrored == count else lost
        if cost > spare[count] + ROUND:
            return taken
        spare[count] -= cost
        if mirrored != count:
            spare[mirrored] -= cost
    return min(len(counts), len(chance))


def _check(found: int, drawn: int, population: int, tail: float, name: str = "tail") -> None:
    faults = Faults("精确界")
    if not (0 <= found <= drawn <= population and drawn >= 1):
        told = f"{found}、样本 {drawn}、总体 {population}"
        faults.add(None, "事件", told, "应有 0 ≤ 事件 ≤ 样本 ≤ 总体且样本 ≥ 1", "核对三个数")
    if not 0 < tail < 1:
        faults.add(None, name, tail, "应在 0 与 1 之间", "单侧 95% 写 tail=.05，双侧写 level=.95")
    faults.refuse(EstimateError)
