"""The best allocation in whole numbers, within bounds, by the exact greedy of the largest gain."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evalkit.allocation.checks import Bound, box, entries, lengths, limits, no_spread, refuse, single
from evalkit.allocation.fitting import bounds_told, solve


@dataclass(frozen=True)
class Quotas:
    """Whole numbers, one a stratum, and what can be said for them.

    Parameters
    ----------
    n : tuple of int
        Allocation of each stratum.
    goal : str
        What is minimised, under what condition.
    objective : float
        Its value at `n`.
    lower : float
        A value that no allocation in whole numbers can go below.
    at_low, at_high : tuple of int
        Positions (from 0) of strata that stand at a bound.
    proven : bool
        Whether no other allocation in whole numbers is better, ties apart.
    """

    n: tuple[int, ...]
    goal: str
    objective: float
    lower: float
    at_low: tuple[int, ...]
    at_high: tuple[int, ...]
    proven: bool

    @property
    def gap(self) -> float:
        """How far the objective may be from the best, relative to it: (objective − lower)/lower."""
        return max(self.objective / self.lower - 1, 0.0) if self.lower > 0 and math.isfinite(self.objective) else 0.0

    @property
    def statement(self) -> str:
        """One line: what is minimised, which bounds hold, whether it is proven, or how far at most from the best.

        Examples
        --------
        >>> optimal(100, [14, 5, .4], high=[60, 99, 99]).statement
        '使 Σa²/n 最小，Σn = 100；第 1 层取上限；整数最优已证，比实数最优高 0.00023%'
        """
        verdict = f"整数最优已证，比实数最优高 {100 * self.gap:.2g}%" if self.proven else f"整数解，离最优至多 {100 * self.gap:.2g}%"
        return f"{self.goal}；{bounds_told(self.at_low, self.at_high)}；{verdict}"


def optimal(total: int, weights: Sequence[float], low: Bound = None, high: Bound = None) -> Quotas:
    """Minimise Σ a_h²/n_h in whole numbers with Σ n_h = `total`, within bounds.

    Units are given out one by one, each to the stratum where a²/(n(n+1)), the fall of the objective, is largest; ties go to the earlier
    stratum. Since the falls only shrink, no other allocation is better (Wright 2012, Am. Stat. 66:217; 2017, Stat. Prob. Lett. 129:50;
    with bounds Friedrich, Münnich, de Vries & Wagner 2015, Comput. Stat. Data Anal. 92:1). Strata with a > 0 get a first unit before
    any gets a second.

    Parameters
    ----------
    total : int
        Units to allocate.
    weights : sequence of float, shape (strata,)
        a_h = N_h S_h ≥ 0. A weight of 0 is refused unless `low` gives the stratum a unit.
    low, high : int or sequence of int, optional
        Bounds.

    Returns
    -------
    Quotas

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> optimal(1000, [1400, 500, 40]).n
    (721, 258, 21)
    """
    least, most = limits(len(weights), low, high)
    refuse(entries("nonnegative", weights=weights), box(total, least, most, len(weights), "whole"))
    refuse(no_spread(weights, least, most))
    squares = [float(a) * float(a) for a in weights]
    n = greedy(total, squares, least, most)
    bound = solve("", total, weights, least, most).objective if total else 0.0
    return _quotas(f"使 Σa²/n 最小，Σn = {total}", n, squares, least, most, bound, not _better_swap(n, squares, least, most))


def greedy(total: int, squares: Sequence[float], low: Sequence[int], high: Sequence[float]) -> list[int]:
    """Return the whole n with Σ n = `total` that minimise Σ q_h/n_h; the numbers must have been checked.

    Only products, quotients and comparisons of doubles are used, in a stated order.

    Parameters
    ----------
    total : int
        Units to allocate, between Σ low and Σ high.
    squares : sequence of float, shape (strata,)
        q_h = a_h² ≥ 0.
    low, high : sequence of int
        Bounds of each stratum; `high` may be infinite.

    Returns
    -------
    list of int, shape (strata,)

    Examples
    --------
    >>> greedy(5, [4., 1.], [0, 0], [9, 9])
    [3, 2]
    """
    n = [int(bound) for bound in low]
    heap = [_gain(n[at], q, at) for at, q in enumerate(squares) if n[at] < high[at]]
    heapq.heapify(heap)
    for _ in range(total - sum(n)):
        at = heap[0][2]
        n[at] += 1
        if n[at] < high[at]:
            heapq.heapreplace(heap, _gain(n[at], squares[at], at))
        else:
            heapq.heappop(heap)
    return n


def _gain(n: int, square: float, at: int) -> tuple[int, float, int]:
    """Return the key of one more unit, the best smallest: first units come before all others."""
    return (0, -square, at) if n == 0 and square > 0 else (1, -square / (n * (n + 1)) if n else 0.0, at)


def _better_swap(n: Sequence[int], squares: Sequence[float], low: Sequence[int], high: Sequence[float]) -> bool:
    """Return whether moving one unit from a stratum to another would help; with falls that shrink, none such means optimal."""
    takers = [_gain(n[at], squares[at], at)[:2] for at in range(len(n)) if n[at] < high[at]]
    givers = [_gain(n[at] - 1, squares[at], at)[:2] for at in range(len(n)) if n[at] > low[at]]
    return bool(takers and givers) and min(takers) < max(givers)


def affordable(budget: float, weights: Sequence[float], costs: Sequence[float], low: Bound = None, high: Bound = None) -> Quotas:
    """Spend at most `budget` so that Σ a_h²/n_h is small, in whole numbers.

    Units are given out by the largest fall per cost, a²/(c n(n+1)); a stratum whose next unit can no longer be paid drops out. With
    unequal costs that need not be the best; `gap` bounds what is lost against the best real allocation, and with equal costs it is
    proven to be nothing.

    Parameters
    ----------
    budget : float
        Σ c_h n_h may not exceed it.
    weights, costs : sequence of float, shape (strata,)
        a_h = N_h S_h > 0 and the cost of a unit c_h > 0.
    low, high : int or sequence of int, optional
        Bounds; `low` is raised to 1.

    Returns
    -------
    Quotas
        Whole numbers within the bounds, and how much may be lost against the best.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> affordable(3000, [10937.5, 20553], [5, 9]).n
    (171, 238)
    """
    count, (least, most) = len(weights), limits(len(weights), low, high)
    refuse(lengths(count, costs=costs, low=least, high=most), entries("positive", weights=weights, costs=costs))
    refuse(entries("whole", low=least), entries("bound", high=most), single("positive", budget=budget))
    least = [max(bound, 1) for bound in least]
    needed = math.fsum(c * bound for c, bound in zip(costs, least, strict=True))
    crossed = [f"budget = {budget:g}｜各层下限要 {needed:g}，下限至少为 1 且不超过上限｜提高预算或改正上下限"]
    refuse(crossed if needed > budget or any(a > b for a, b in zip(least, most, strict=True)) else [])
    squares = [float(a) * float(a) for a in weights]
    n = _spent(budget, squares, costs, least, most)
    within = [[bound * c for bound, c in zip(side, costs, strict=True)] for side in (least, most)]
    used = min(budget, sum(within[1]))
    lower = solve("", used, [a * math.sqrt(c) for a, c in zip(weights, costs, strict=True)], *within).objective
    goal = f"使 Σa²/n 最小，Σc·n ≤ {budget:g}"
    whole = all(each >= bound for each, bound in zip(n, most, strict=True))
    return _quotas(goal, n, squares, least, most, lower, len(set(costs)) == 1 or whole)


def _spent(budget: float, squares: Sequence[float], costs: Sequence[float], low: Sequence[int], high: Sequence[float]) -> list[int]:
    n, left = [int(bound) for bound in low], budget - math.fsum(c * bound for c, bound in zip(costs, low, strict=True))
    heap = [_gain(n[at], q / costs[at], at) for at, q in enumerate(squares) if n[at] < high[at]]
    heapq.heapify(heap)
    while heap:
        at = heapq.heappop(heap)[2]
        if costs[at] <= left:
            n[at], left = n[at] + 1, left - costs[at]
            if n[at] < high[at]:
                heapq.heappush(heap, _gain(n[at], squares[at] / costs[at], at))
    return n


def enough(target: float, weights: Sequence[float], low: Bound = None, high: Bound = None) -> Quotas:
    """Return the smallest whole allocation whose Σ a_h²/n_h does not exceed `target`.

    The greedy of `optimal` is stopped at the first total that suffices, found by halving; every total's optimum being known, none
    smaller does.

    Parameters
    ----------
    target : float
        Largest Σ a²/n allowed, e.g. V + ΣN S² for a variance V of the total with finite population correction.
    weights : sequence of float, shape (strata,)
        a_h = N_h S_h > 0.
    low, high : int or sequence of int, optional
        Bounds; `low` is raised to 1.

    Returns
    -------
    Quotas
        Whole numbers within the bounds, and how much may be lost against the best.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> enough(4000., [1400, 500, 40]).n
    (679, 243, 19)
    """
    count, (least, most) = len(weights), limits(len(weights), low, high)
    refuse(lengths(count, low=least, high=most), entries("positive", weights=weights), single("positive", target=target))
    refuse(entries("whole", low=least), entries("bound", high=most))
    least, squares = [max(bound, 1) for bound in least], [float(a) * float(a) for a in weights]
    best = math.fsum(q / bound for q, bound in zip(squares, most, strict=True))
    short = f"target = {target:g}｜各层取上限时仍有 {best:g}，上限不应低于下限 1｜放宽 target 或提高上限"
    refuse([short] if best > target or any(a > b for a, b in zip(least, most, strict=True)) else [])
    return _smallest(target, squares, least, most)


def _smallest(target: float, squares: list[float], low: list[int], high: list[float]) -> Quotas:
    def value(total: int) -> float:
        return _objective(greedy(total, squares, low, high), squares)

    bottom = sum(low)
    top = bottom if value(bottom) <= target else _doubled(bottom, sum(high), lambda total: value(total) <= target)
    while top - bottom > 1:
        middle = (bottom + top) // 2
        bottom, top = (bottom, middle) if value(middle) <= target else (middle, top)
    n = greedy(top, squares, low, high)
    bounds = [[q / bound for q, bound in zip(squares, side, strict=True)] for side in (high, low)]
    least = solve("", target, [math.sqrt(q) for q in squares], *bounds).objective if target < sum(bounds[1]) else float(sum(low))
    return replace(_quotas(f"使 Σn 最小，Σa²/n ≤ {target:g}", n, squares, low, high, least, True), objective=float(top))


def _doubled(start: int, most: float, suffices: Callable[[int], bool]) -> int:
    total = start
    while not suffices(total):
        total = int(min(2 * total, most))
    return total


def _objective(n: Sequence[int], squares: Sequence[float]) -> float:
    return math.fsum(q / each if each else math.inf for each, q in zip(n, squares, strict=True) if q > 0)


def _quotas(
    goal: str, n: list[int], squares: list[float], low: Sequence[int], high: Sequence[float], lower: float, proven: bool
) -> Quotas:
    at_low = tuple(at for at, each in enumerate(n) if each == low[at] > 0)
    at_high = tuple(at for at, each in enumerate(n) if each >= high[at] and at not in at_low)
    return Quotas(tuple(n), goal, _objective(n, squares), lower, at_low, at_high, proven)
