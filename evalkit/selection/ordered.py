"""Chances proportional to size along a list, so that sorting the list stratifies implicitly; and draws with replacement."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.inclusion.approximate import APPROXIMATIONS
from evalkit.inclusion.exact import systematic
from evalkit.inclusion.first import between, certain, small_sizes, sure_mask, whole_sizes
from evalkit.selection.equal import BITS, halves_of
from evalkit.selection.methods import Method, Units
from evalkit.selection.ranked import chances, sizes_of
from evalkit.tickets import series

WHOLE = 2 ** (BITS + 1)
MOST = 10**9  # draws with replacement


def size_steps(units: Units, n: int) -> list[int]:
    """Choose with equal steps along the cumulated sizes from a random start: systematic sampling proportional to size.

    Units whose size reaches the step are taken first, and the rest sampled anew. Unit i of the rest is chosen when a
    point ``(u + k) X / m``, k = 0 … m−1, lies from ``x_1 + … + x_{i−1}`` up to, but not including, ``x_1 + … + x_i``;
    X is the sum of their sizes and m their number (Madow 1949, Annals of Mathematical Statistics 20:333). Whole
    numbers only: neither the step nor a point is rounded.

    Parameters
    ----------
    units : Units
        The N units in the order of the list; sizes and `start` are read.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, the certain ones first, each part in the order of the list.

    Raises
    ------
    ValueError
        When n or a size is refused; see `inclusion.first.proportional`.

    Examples
    --------
    >>> size_steps(Units([b""] * 5, bytes(8), sizes=[1, 2, 30, 3, 4]), 3)
    [2, 0, 3]
    """
    whole = None if units.sizes is None or len(units.sizes) != len(units) else small_sizes(units.sizes)
    if whole is not None:
        return _stepped(whole, units.start, n)
    sure, rest = _split(units, n)
    return sure + _along(rest, units, n - len(sure))


def size_steps_shuffled(units: Units, n: int) -> list[int]:
    """Choose as `size_steps` does, after the list is put into the order of the tickets (Hartley & Rao 1962).

    A list in random order leaves hardly a pair of units without a chance (Hartley & Rao 1962, Annals of
    Mathematical Statistics 33:350).

    Parameters
    ----------
    units : Units
        The N units; tickets, sizes and `start` are read.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, the certain ones first, each part in the order of the tickets.

    Raises
    ------
    ValueError
        As `size_steps` does.

    Examples
    --------
    >>> size_steps_shuffled(Units([b"e", b"d", b"c", b"b", b"a"], bytes(8), sizes=[1, 2, 30, 3, 4]), 3)
    [2, 4, 3]
    """
    sure, rest = ([*sorted(part, key=units.tickets.__getitem__)] for part in _split(units, n))
    return sure + _along(rest, units, n - len(sure))


def chromy(units: Units, n: int) -> list[int]:
    """Walk once round the list and decide on each unit by its own ticket: Chromy's sequential sampling.

    Units too large are taken first. The walk begins at a unit drawn with chance proportional to size by the number
    of the stratum, goes on to the end of the list and from there to where it began. With F_i the fractional part of
    ``m (x_1 + … + x_i) / X`` along the walk, and "ahead" meaning that the number chosen so far exceeds the whole part:
    when F_i ≥ F_{i−1} one is ahead after unit i for certain if ahead before, else with chance
    ``(F_i − F_{i−1}) / (1 − F_{i−1})``; when F_i < F_{i−1}, with chance ``F_i / F_{i−1}`` if ahead before, else not
    (Chromy 1979, Sequential sample selection methods, Proceedings of the Survey Research Methods Section, ASA, 401;
    as in PROC SURVEYSELECT METHOD=PPS_SEQ). The number chosen in any stretch of the walk from its beginning
    is within 1 of its expectation. All comparisons are of whole numbers.

    Parameters
    ----------
    units : Units
        The N units in the order of the list; tickets, sizes and `start` are read.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, the certain ones first, then in the order of the walk.

    Raises
    ------
    ValueError
        As `size_steps` does.

    Examples
    --------
    >>> chromy(Units([bytes([k]) * 8 for k in (90, 200, 10, 120, 60)], bytes(8), sizes=[1, 2, 30, 3, 4]), 3)
    [2, 3, 4]
    """
    sure, rest = _split(units, n)
    if not rest:
        return sure
    sizes = whole_sizes(sizes_of(units))
    cumulated = list(accumulate(sizes[k] for k in rest))
    first = bisect_right(cumulated, halves_of(units.start) * cumulated[-1] // WHOLE)
    walk = rest[first:] + rest[:first]
    return sure + _walk(walk, [sizes[k] for k in walk], [halves_of(units.tickets[k]) for k in walk], n - len(sure))


def independent_draws(units: Units, n: int) -> list[int]:
    """Draw n times, each time any unit with chance x/X: sampling proportional to size with replacement.

    The j-th draw takes the unit whose stretch of the cumulated sizes holds ``u_j X``, with u_j the j-th number of
    `tickets.series` (Hansen & Hurwitz 1943, Annals of Mathematical Statistics 14:333). Whole numbers only.

    Parameters
    ----------
    units : Units
        The N units in the order of the list; sizes and `start` are read.
    n : int
        How many draws, 0 or more; more than N are allowed.

    Returns
    -------
    list of int
        Positions in the order of the draws; a unit stands as often as it was drawn.

    Raises
    ------
    ValueError
        When n is negative, a size is refused, or there is nothing to draw from.

    Examples
    --------
    >>> independent_draws(Units([b""] * 3, bytes(32), sizes=[1, 2, 5]), 4)
    [1, 2, 2, 1]
    """
    _drawn(units, n)
    cumulated = list(accumulate(whole_sizes(sizes_of(units))))
    return [bisect_right(cumulated, int(u * WHOLE) * cumulated[-1] // WHOLE) for u in islice(series(units.start), n)]


def expected_draws(units: Units, n: int) -> list[float]:
    """Return the expected number of draws of each unit with replacement, ``n x / X``; it may exceed 1.

    Examples
    --------
    >>> expected_draws(Units([b""] * 3, sizes=[1, 2, 5]), 4)
    [0.5, 1.0, 2.5]
    """
    _drawn(units, n)
    sizes = whole_sizes(sizes_of(units))
    total = sum(sizes)
    return [n * x / total for x in sizes]


def nested(keys: Sequence[Sequence[Any]]) -> list[int]:
    """Return the order of a list sorted by its first key, within that by the second, and so on, all ascending.

    Parameters
    ----------
    keys : sequence of sequence, shape (N, keys)
        The keys of each unit; the entries of one key can be compared with each other.

    Returns
    -------
    list of int
        Positions; equal units stay in the order of the list.

    Raises
    ------
    ValueError
        When units have different numbers of keys, or a key is missing.

    Examples
    --------
    >>> nested([["乙", 1], ["甲", 2], ["甲", 1], ["乙", 2]])
    [0, 3, 2, 1]
    """
    _sortable(keys)
    return sorted(range(len(keys)), key=lambda i: tuple(keys[i]))


def serpentine(keys: Sequence[Sequence[Any]]) -> list[int]:
    """Return the order of a list sorted by several keys in turns ascending and descending, so that neighbours are alike.

    The first key ascends. Each later key ascends within the first group formed by the keys before it, descends
    within the second, and so on to the end of the list (hierarchic serpentine order: Chromy 1979, Proceedings of the
    Survey Research Methods Section, ASA, 401; Williams & Chromy 1980, SAS Users Group 5).

    Parameters
    ----------
    keys : sequence of sequence, shape (N, keys)
        The keys of each unit; the entries of one key can be compared with each other.

    Returns
    -------
    list of int
        Positions; equal units stay in the order of the list.

    Raises
    ------
    ValueError
        When units have different numbers of keys, or a key is missing.

    Examples
    --------
    >>> keys = [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1], [3, 2]]
    >>> [keys[i] for i in serpentine(keys)]
    [[1, 1], [1, 2], [2, 2], [2, 1], [3, 1], [3, 2]]
    """
    _sortable(keys)
    runs = [list(range(len(keys)))]
    for level in range(len(keys[0]) if keys else 0):
        runs = [group for turn, run in enumerate(runs) for group in _groups(run, [key[level] for key in keys], turn % 2 == 1)]
    return [i for run in runs for i in run]


def _stepped(sizes: NDArray[np.int64], start: bytes, n: int) -> list[int]:
    """Choose as `size_steps` says, in whole numbers that `small_sizes` allows."""
    between(n, len(sizes))
    sure = sure_mask(sizes, n)
    rest, left = np.flatnonzero(~sure), n - int(np.count_nonzero(sure))
    taken: list[int] = np.flatnonzero(sure).tolist()
    if not left:
        return taken
    ends = np.add.accumulate(sizes[rest])  # whole numbers: nothing is rounded, in whatever order they are added
    begin, total = halves_of(start), int(ends[-1])
    points = [(begin + k * WHOLE) * total // (left * WHOLE) for k in range(left)]
    found: list[int] = rest[np.searchsorted(ends, points, side="right")].tolist()
    return taken + found


def _split(units: Units, n: int) -> tuple[list[int], list[int]]:
    """Return the positions that are certain, and the others, each in the order of the list."""
    sure = certain(whole_sizes(sizes_of(units)), n)
    taken = set(sure)
    return sure, [k for k in range(len(units)) if k not in taken] if n > len(sure) else []


def _along(rest: list[int], units: Units, n: int) -> list[int]:
    sizes = whole_sizes(sizes_of(units))
    cumulated = list(accumulate(sizes[k] for k in rest))
    start = halves_of(units.start)
    # stretches begin and end at whole numbers, so the whole part of a point says in which it lies
    return [rest[bisect_right(cumulated, (start + k * WHOLE) * cumulated[-1] // (n * WHOLE))] for k in range(n)]


def _walk(walk: list[int], sizes: list[int], halves: list[int], n: int) -> list[int]:
    """Decide unit by unit; `after` and `before` are F_i X and F_{i−1} X, whole numbers."""
    total, before, ahead, chosen = sum(sizes), 0, False, []
    for k, size, half in zip(walk, sizes, halves, strict=True):
        reached = before + n * size
        after = reached % total
        gains, keeps = half * (total - before) < (after - before) * WHOLE, half * before < after * WHOLE
        now = ahead or gains if after >= before else ahead and keeps
        if reached // total + now > ahead:
            chosen.append(k)
        before, ahead = after, now
    return chosen


def _drawn(units: Units, n: int) -> None:
    if not isinstance(n, int) or not 0 <= n <= MOST or (n > 0 and not len(units)):
        raise ValueError(f"n = {n}，N = {len(units)}｜n 是 0 至 {MOST} 的整数，且至少有一个单位｜改正 n")


def _groups(run: list[int], values: list[Any], descending: bool) -> Iterable[list[int]]:
    ordered = sorted(run, key=values.__getitem__, reverse=descending)
    return [list(group) for _, group in groupby(ordered, key=values.__getitem__)]


def _sortable(keys: Sequence[Sequence[Any]]) -> None:
    widths = sorted({len(key) for key in keys})
    if len(widths) > 1:
        raise ValueError(f"各单位的排序键有 {'、'.join(map(str, widths))} 个｜每个单位的排序键应一样多｜补齐排序键")
    blank = [str(i + 1) for i, key in enumerate(keys) if any(part is None or part != part for part in key)]
    if blank:
        raise ValueError(f"第 {'、'.join(blank)} 个单位缺排序键｜排序的列不能有空值｜补齐这些值，或换一列排序")


ORDERED = (
    Method(
        name="pps-systematic", title="按规模等距抽样", draw=size_steps, probs=chances, reads="start", fixed_size=True, exact_pi=True,
        joint="some-zero", coordinates=False, variance="successive", needs=("sizes",), ordered=True, pairs=systematic,
    ),
    Method(
        name="pps-systematic-random", title="随机排序后按规模等距抽样", draw=size_steps_shuffled, probs=chances, reads="start",
        fixed_size=True, exact_pi=True, joint="approximate", coordinates=False, variance="hajek", needs=("sizes",),
        pairs=APPROXIMATIONS["hajek"], approximation="hajek",
    ),
    Method(
        name="chromy", title="Chromy 序贯抽样", draw=chromy, probs=chances, reads="tickets", fixed_size=True, exact_pi=True,
        joint="approximate", coordinates=False, variance="successive", needs=("sizes",), ordered=True,
        pairs=APPROXIMATIONS["hajek"], approximation="hajek",
    ),
    Method(
        name="pps-wr", title="按规模有放回抽样", draw=independent_draws, probs=expected_draws, reads="start", fixed_size=True,
        exact_pi=True, joint="exact", coordinates=False, variance="with-replacement", needs=("sizes",), replacement=True,
    ),
)  # fmt: skip
