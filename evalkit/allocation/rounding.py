"""From shares to whole numbers. What quotas rest on uses whole numbers only, so it is the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from evalkit.allocation.checks import Bound, box, entries, lengths, limits, places, refuse
from evalkit.allocation.fitting import fitted

RULES = ("largest-remainder", "up")
NOISE = 1e-9


def largest_remainders(values: Sequence[float]) -> tuple[int, ...]:
    """Round so that the sum is kept: the largest remainders go up (Cont & Heidari 2014, arXiv 1501.00014; stratallo `round_oric`).

    Parameters
    ----------
    values : sequence of float, shape (strata,)
        Real allocation, ≥ 0. The sum itself is rounded to the nearest whole number.

    Returns
    -------
    tuple of int
        Equal remainders: the earlier stratum first. Doubles are compared as the exact fractions they are.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> largest_remainders([1.5, 2.25, 3.25])
    (2, 2, 3)
    """
    refuse(lengths(len(values)), entries("nonnegative", values=values))
    exact = [Fraction(float(value)) for value in values]
    return tuple(_topped_up(exact, round(math.fsum(values))))


def integers(
    shares: Sequence[float], total: int | None = None, low: Bound = None, high: Bound = None, rule: str = "largest-remainder"
) -> tuple[int, ...]:
    """Turn a real allocation into whole numbers within bounds.

    ``largest-remainder`` keeps the sum: parts are first scaled to `total` and clipped to the bounds in exact fractions, then rounded
    down, and the largest remainders go up, ties to the earlier stratum. ``up`` rounds every part up, as a limit on a variance asks, but
    for an excess over a whole number below 1e-9 of the part.

    Parameters
    ----------
    shares : sequence of float, shape (strata,)
        Real allocation, ≥ 0.
    total : int, optional
        Sum to keep; the rounded sum of `shares` without it. ``up`` does not read it.
    low, high : int or sequence of int, optional
        Bounds.
    rule : {"largest-remainder", "up"}
        How to round.

    Returns
    -------
    tuple of int, shape (strata,)
        Within the bounds.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> integers([72.16, 25.77, 2.07], 100, low=[0, 0, 5])
    (70, 25, 5)
    >>> integers([72.16, 25.77, 2.07], rule="up")
    (73, 26, 3)
    """
    count, (least, most) = len(shares), limits(len(shares), low, high)
    unknown = [] if rule in RULES else [f"rule = {rule}｜应为 {'、'.join(RULES)} 之一｜改正 rule"]
    refuse(unknown, lengths(count), entries("nonnegative", shares=shares))
    if rule == "up":
        refuse(box(sum(least), least, most, count, "whole"))
        return tuple(_up(share, a, b) for share, a, b in zip(shares, least, most, strict=True))
    asked = round(math.fsum(shares)) if total is None else total
    refuse(box(asked, least, most, count, "whole"))
    weights = [Fraction(float(share)) for share in shares]
    return _within(asked, weights, least, _finite(most, asked))


def _up(share: float, low: int, high: float) -> int:
    return int(min(max(math.ceil(share * (1 - NOISE)), low), high))


def proportional_integers(total: int, sizes: Sequence[int], low: Bound = None, high: Bound = None) -> tuple[int, ...]:
    """Divide `total` in proportion to whole sizes, exactly: ⌊total·x/X⌋ and one more for the largest remainders.

    Strata that a bound holds are set first (the recursion of `fitted` in exact fractions); the rest is divided among the others.
    Ties go to the earlier stratum. Whole-number arithmetic throughout (Hamilton's method).

    Parameters
    ----------
    total : int
        Units to allocate.
    sizes : sequence of int, shape (strata,)
        Units of each stratum, ≥ 1.
    low, high : int or sequence of int, optional
        Bounds.

    Returns
    -------
    tuple of int
        Sums to `total`.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> proportional_integers(1000, [10000, 2500, 400])
    (775, 194, 31)
    >>> proportional_integers(5, [1, 1, 1])
    (2, 2, 1)
    """
    least, most = limits(len(sizes), low, high)
    refuse(entries("size", sizes=sizes), box(total, least, most, len(sizes), "whole"))
    return _within(total, [Fraction(int(size)) for size in sizes], least, _finite(most, total))


def equal_integers(
    total: int, count: int, low: Bound = None, high: Bound = None, order: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Divide `total` as evenly as the bounds allow; what does not divide goes to the first strata of `order`.

    Every stratum stands at the same level t, or at its bound; those that can take t + 1 get the units left over, one each.

    Parameters
    ----------
    total : int
        Units to allocate.
    count : int
        Number of strata.
    low, high : int or sequence of int, optional
        Bounds.
    order : sequence of int, optional
        Positions of all strata, those to be favoured first; the order of the list without it.

    Returns
    -------
    tuple of int, shape (strata,)
        Within the bounds, with the sum `total`.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> equal_integers(11, 3, high=[2, 9, 9])
    (2, 5, 4)
    >>> equal_integers(4, 3, order=[2, 0, 1])
    (1, 1, 2)
    """
    first = list(range(count)) if order is None else list(order)
    least, most = limits(count, low, high)
    wrong = [] if sorted(first) == list(range(count)) else [f"order = {first}｜应含 0 到 {count - 1} 各一次｜改正 order"]
    refuse(lengths(count), wrong, box(total, least, most, count, "whole"))
    top = _finite(most, total)
    level = _level(total, least, top)
    n = [min(max(level, a), b) for a, b in zip(least, top, strict=True)]
    for at in [at for at in first if least[at] <= level < top[at]][: total - sum(n)]:
        n[at] += 1
    return tuple(n)


def _level(total: int, low: Sequence[int], high: Sequence[int]) -> int:
    """Return the largest t for which Σ min(max(t, low), high) does not exceed the total."""
    bottom, top = 0, max(high) + 1
    while top - bottom > 1:
        middle = (bottom + top) // 2
        fits = sum(min(max(middle, a), b) for a, b in zip(low, high, strict=True)) <= total
        bottom, top = (middle, top) if fits else (bottom, middle)
    return bottom


def _finite(high: Sequence[float], total: int) -> list[int]:
    return [total if bound >= total else math.floor(bound) for bound in high]


def _within(total: int, weights: Sequence[Fraction], low: Sequence[int], high: Sequence[int]) -> tuple[int, ...]:
    least, most = ([Fraction(int(bound)) for bound in side] for side in (low, high))
    most = [max(a, b) for a, b in zip(least, most, strict=True)]
    exact = fitted(Fraction(int(total)), weights, least, most, sum)
    stuck = [at for at, weight in enumerate(weights) if weight == 0]
    left = [f"{places(stuck)}的份额为 0｜其余各层的上限容不下 total = {total}｜提高上限或改小 total"] if sum(exact) != total else []
    refuse(left)
    return tuple(_topped_up(exact, total))


def _topped_up(exact: Sequence[Fraction], total: int) -> list[int]:
    n = [math.floor(part) for part in exact]
    ranked = sorted(range(len(n)), key=lambda at: (n[at] - exact[at], at))
    for at in ranked[: total - sum(n)]:
        n[at] += 1
    return n
