"""Allocation for several variables and domains at once: the cheapest sample that keeps every limit (Bethel, Chromy)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.allocation.checks import Bound, cells, entries, lengths, limits, places, refuse
from evalkit.allocation.fitting import bounds_told, departure
from evalkit.allocation.rounding import NOISE, integers

Numbers = NDArray[np.float64]
Point = tuple[float, Numbers, Numbers]
Problem = tuple[Numbers, Numbers, Numbers, Numbers]
PROVEN = 1e-8
FLOOR = 1e-6
STEPS = 500


@dataclass(frozen=True)
class Several:
    """The cheapest allocation under several limits, and what can be said for it.

    Parameters
    ----------
    n : tuple of float
        Best real allocation.
    objective : float
        Its cost Σ c_h n_h.
    prices : tuple of float
        Dual λ_j ≥ 0 of each limit: what its left-hand side's share of 1 costs at the optimum, in units of cost.
    loads : tuple of float
        Σ_h a_jh/n_h of each limit: 1 where it is active, below where there is room.
    at_low, at_high : tuple of int
        Positions (from 0) of strata that stand at a bound.
    violation : float
        Largest departure from the conditions of Karush, Kuhn and Tucker, relative to the cost: loads above 1, prices of limits with room.
    whole : tuple of int
        A whole allocation that keeps every limit: rounded up, then single units taken away where the limits allow.
    whole_cost, lower : float
        Its cost, and a cost that no whole allocation can go below.
    """

    n: tuple[float, ...]
    objective: float
    prices: tuple[float, ...]
    loads: tuple[float, ...]
    at_low: tuple[int, ...]
    at_high: tuple[int, ...]
    violation: float
    whole: tuple[int, ...]
    whole_cost: float
    lower: float

    @property
    def active(self) -> tuple[int, ...]:
        """Positions of the limits that bind."""
        return tuple(at for at, load in enumerate(self.loads) if load > 1 - PROVEN)

    @property
    def lambdas(self) -> tuple[float, ...]:
        """The prices as shares of their sum."""
        total = math.fsum(self.prices)
        return tuple(price / total if total else 0.0 for price in self.prices)

    @property
    def rounded_up(self) -> tuple[int, ...]:
        """Every stratum rounded up, as R's bethel and R2BEAT do."""
        return integers(self.n, rule="up")

    @property
    def proven(self) -> bool:
        """Whether the real allocation is proven optimal; the problem is convex, so the conditions suffice."""
        return self.violation <= PROVEN

    @property
    def gap(self) -> float:
        """How much dearer the whole allocation may be than the best one: (whole_cost − lower)/lower."""
        return max(self.whole_cost / self.lower - 1, 0.0) if self.lower > 0 else 0.0

    @property
    def statement(self) -> str:
        """One line: what is minimised, which limits and bounds hold, whether it is proven, and how good the whole numbers are."""
        active = "、".join(str(at + 1) for at in self.active) or "无"
        verdict = "实数解已证最优" if self.proven else "实数解未证最优"
        whole = "整数解已证最优" if self.proven and self.gap == 0 else f"整数解离最优至多 {100 * self.gap:.2g}%"
        held = f"起约束的精度要求：第 {active} 项" if self.active else "没有起约束的精度要求"
        bounds = bounds_told(self.at_low, self.at_high)
        return f"使费用 Σc·n 最小 = {self.objective:.6g}；{held}；{bounds}；KKT 偏差{departure(self.violation)}，{verdict}；{whole}"

    def sensitivity(self, by: float = 0.1) -> tuple[float, ...]:
        """Return what each limit would save, to first order, if its standard error were allowed to be `by` larger: 2·by·λ_j.

        The part of finite populations in the limit is taken to grow with it, as R2BEAT does, so it errs upwards.
        """
        return tuple(2 * by * price for price in self.prices)


def bethel(rows: ArrayLike, costs: ArrayLike | None = None, *, low: Bound = None, high: Bound = None) -> Several:
    """Return the cheapest n with Σ_h a_jh/n_h ≤ 1 for every limit j, within bounds (Bethel 1989, Surv. Meth. 15:47).

    The dual is solved: for prices λ the best n_h is √(Σ_j λ_j a_jh/c_h), clipped to its bounds, and the concave value of the prices is
    maximised over λ ≥ 0 by projected Newton steps (Bertsekas 1982, SIAM J. Control 20:221) from Chromy's start. For strata taken whole
    set `low` and `high` to N_h.

    Parameters
    ----------
    rows : array, shape (limits, strata)
        a_jh ≥ 0, from `demands`.
    costs : array, shape (strata,), optional
        Cost of a unit, > 0; 1 without it.
    low, high : number or sequence of number, optional
        Bounds of each stratum, e.g. 2 and N_h.

    Returns
    -------
    Several

    Raises
    ------
    ValueError
        With every fault of the input, and the limits that even `high` does not keep.

    Examples
    --------
    >>> from evalkit.allocation import demands
    >>> share = np.array([10000, 2500, 400]) / 12900
    >>> rows = demands(share, [[.0196, .04, .01], [.25, .09, .2025]], [.004, .012], fpc=False)
    >>> found = bethel(rows)
    >>> [round(n, 2) for n in found.n], [round(each, 5) for each in found.lambdas]
    ([1192.12, 255.23, 41.11], [0.28814, 0.71186])
    >>> found.statement
    '使费用 Σc·n 最小 = 1488.46；起约束的精度要求：第 1、2 项；各层均不受上下限约束；KKT 偏差不超过 1e-12，实数解已证最优；整数解已证最优'
    """
    a = np.atleast_2d(np.asarray(rows, dtype=float))
    count = a.shape[1]
    cost = np.ones(count) if costs is None else np.asarray(costs, dtype=float)
    least, most = limits(count, low, high)
    refuse(
        lengths(count, costs=cost, low=least, high=most),
        cells("nonnegative", rows=a.tolist()),
        entries("positive", costs=cost.tolist()),
        entries("bound", low=least, high=most),
    )
    bottom, top = np.asarray(least, dtype=float), np.asarray(most, dtype=float)
    refuse(_out_of_reach(a, bottom, top))
    # every limit asks n_h > a_jh for itself: half of that never binds and keeps the search away from 0
    inner = np.maximum(bottom, np.maximum(a.max(axis=0) / 2, FLOOR))
    return _several(a, cost, bottom, top, inner)


def _out_of_reach(a: Numbers, low: Numbers, high: Numbers) -> list[str]:
    crossed = np.flatnonzero((low > high) | (high <= 0)).tolist()
    if crossed:
        return [f"{places(crossed)} low 大于 high，或 high 为 0｜下限不应超过上限｜改正上下限"]
    loads = (a / high).sum(axis=1)
    wrong = np.flatnonzero(loads > 1 + PROVEN)
    if not len(wrong):
        return []
    shown = "、".join(f"{each:.4g}" for each in loads[wrong])
    which = "、".join(str(at + 1) for at in wrong)
    return [f"第 {which} 项精度要求：各层取上限时 Σa/n = {shown}｜不应超过 1｜放宽这些要求或提高上限"]


def chromy(rows: ArrayLike, costs: ArrayLike | None = None, tolerance: float = 1e-14) -> tuple[Numbers, Numbers]:
    """Return the allocation and the shares λ of Chromy's iteration, without bounds (Chromy 1987, Proc. ASA Surv. Res. Meth., 194).

    n_h = √(Σ_jλ_j a_jh/c_h)·Σ_h√(c_h Σ_jλ_j a_jh) with Σλ = 1, then λ_j ← λ_j g_j² rescaled, g_j = Σ_h a_jh/n_h, from equal shares
    until no share moves by `tolerance`. Quick where few limits bind, slow where several bind almost equally: `bethel` finishes.

    Parameters
    ----------
    rows : array, shape (limits, strata)
        a_jh ≥ 0, every stratum in some limit.
    costs : array, shape (strata,), optional
        Cost of a unit; 1 without it.
    tolerance : float
        Largest move of a share at which to stop.

    Returns
    -------
    n : array, shape (strata,)
    lambdas : array, shape (limits,)

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> n, share = chromy([[100., 16.], [1., 1.]])
    >>> n.round(6), share.round(6)
    (array([140.,  56.]), array([1., 0.]))
    """
    a = np.atleast_2d(np.asarray(rows, dtype=float))
    cost = np.ones(a.shape[1]) if costs is None else np.asarray(costs, dtype=float)
    bare = np.flatnonzero(~(a.sum(axis=0) > 0)).tolist()
    refuse(
        cells("nonnegative", rows=a.tolist()),
        entries("positive", costs=cost.tolist()),
        [f"{places(bare)}不在任何精度要求之内｜每层至少属一项｜改用 bethel 并给出 low"] if bare else [],
    )
    share = np.full(len(a), 1 / len(a))
    for _ in range(STEPS):
        mixed = share @ a
        n = np.sqrt(mixed / cost) * np.sqrt(mixed * cost).sum()
        moved = share * (a / n).sum(axis=1) ** 2
        moved /= moved.sum()
        if np.abs(moved - share).max() < tolerance:
            break
        share = moved
    return n, share


def _dual(a: Numbers, cost: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """Return the prices that maximise the dual value, by Newton steps on the prices that are free to move."""
    prices = _start(a, cost)
    here = _at(prices, a, cost, low, high)
    for _ in range(STEPS):
        scale = max(float(prices.max(initial=0)), float(cost @ low))
        if np.abs(np.maximum(prices + scale * here[1], 0) - prices).max(initial=0) < 1e-14 * scale:
            break
        tried = _searched(prices, _newton(prices, here[1], here[2], scale), here, (a, cost, low, high))
        if tried is None:
            break
        prices, here = tried
    return prices


def _searched(prices: Numbers, step: Numbers, here: Point, problem: Problem) -> tuple[Numbers, Point] | None:
    """Return the first of ever shorter steps that raises the dual value, or None where none does or nothing moves."""
    value, slope, _ = here
    for halvings in range(50):
        tried = np.maximum(prices + step / 2**halvings, 0)
        there = _at(tried, *problem)
        # the last steps change the value by less than its rounding
        if there[0] >= value + 1e-4 * float(slope @ (tried - prices)) - 1e-12 * abs(value):
            return None if np.array_equal(tried, prices) else (tried, there)
    return None


def _start(a: Numbers, cost: Numbers) -> Numbers:
    covered = a.sum(axis=0) > 0
    if not covered.any():
        return np.zeros(len(a))
    n, share = chromy(a[:, covered], cost[covered], 1e-3)
    return np.maximum(share, 1e-3 / len(a)) * float(cost[covered] @ n)


def _at(prices: Numbers, a: Numbers, cost: Numbers, low: Numbers, high: Numbers) -> tuple[float, Numbers, Numbers]:
    """Return the dual value at these prices, its slope (loads − 1) and its curvature."""
    mixed = prices @ a
    n = _best(prices, a, cost, low, high)
    free = (n > low) & (n < high)
    load = (a / n).sum(axis=1)
    scaled = a[:, free] * np.sqrt(0.5 / (cost[free] * n[free] ** 3))
    return float(cost @ n + (mixed / n).sum() - prices.sum()), load - 1, scaled @ scaled.T


def _best(prices: Numbers, a: Numbers, cost: Numbers, low: Numbers, high: Numbers) -> Numbers:
    found: Numbers = np.clip(np.sqrt((prices @ a) / cost), low, high)
    return found


def _newton(prices: Numbers, slope: Numbers, curve: Numbers, scale: float) -> Numbers:
    """Return a step: prices near 0 that want to fall go to 0, the others take Newton's step.

    The ridge keeps limits that say the same from being singular, and steps within sight where no stratum is free; it fades with the slope.
    """
    falling = (prices <= 1e-3 * scale) & (slope < 0)
    step = np.where(falling, -prices, 0.0)
    part = curve[np.ix_(~falling, ~falling)]
    ridge = np.diag(part) * 1e-13 + np.abs(slope[~falling]) * 1e-2 / scale + 1e-300
    step[~falling] = np.linalg.solve(part + np.diag(ridge), slope[~falling])
    return step


def _several(a: Numbers, cost: Numbers, low: Numbers, high: Numbers, inner: Numbers) -> Several:
    prices = _dual(a, cost, inner, high)
    n = _best(prices, a, cost, inner, high)
    load = (a / n).sum(axis=1)
    objective = float(cost @ n)
    slack = np.abs(prices * (load - 1)) / objective
    violation = max(float((load - 1).max(initial=0.0)), float(slack.max(initial=0.0)))
    whole = _thinned(a, cost, np.maximum(low, np.ceil(n * (1 - NOISE))), low, high)
    # at whole costs no whole allocation can cost a fraction
    lower = math.ceil(objective * (1 - NOISE)) if (cost == np.round(cost)).all() else objective
    return Several(
        n=tuple(n.tolist()),
        objective=objective,
        prices=tuple(prices.tolist()),
        loads=tuple(load.tolist()),
        at_low=tuple(np.flatnonzero((n <= low) & (low > 0)).tolist()),
        at_high=tuple(np.flatnonzero((n >= high) & ~((n <= low) & (low > 0))).tolist()),
        violation=violation,
        whole=tuple(int(each) for each in whole),
        whole_cost=float(cost @ whole),
        lower=float(lower),
    )


def _thinned(a: Numbers, cost: Numbers, whole: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """Take single units away, dearest for what they do first, while every limit is kept."""
    n = np.minimum(whole, high)
    order: Sequence[int] = np.argsort(-cost, kind="stable").tolist()
    load = (a / n).sum(axis=1)
    for at in order:
        less = n[at] - 1
        if less < max(low[at], 1):
            continue
        tried = load + a[:, at] / less - a[:, at] / n[at]
        if (tried <= 1 + NOISE).all():
            n[at], load = less, tried
    return n
