"""Dividing a number in proportion to weights, every part within its bounds, and what can be said of the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.allocation.checks import places

Floats = Sequence[float]
EXACT = 1e-9


@dataclass(frozen=True)
class Shares:
    """One real number a stratum, and what can be said for it.

    Parameters
    ----------
    n : tuple of float
        Allocation of each stratum, before rounding.
    goal : str
        What is minimised, under what condition.
    objective : float
        Its smallest value.
    at_low, at_high : tuple of int
        Positions (from 0) of strata that stand at a bound.
    violation : float
        Largest relative departure from the conditions of Karush, Kuhn and Tucker; 0 but for rounding at the optimum.
    """

    n: tuple[float, ...]
    goal: str
    objective: float
    at_low: tuple[int, ...]
    at_high: tuple[int, ...]
    violation: float

    @property
    def proven(self) -> bool:
        """Whether the conditions of optimality hold; they suffice, the problem being convex."""
        return self.violation <= EXACT

    @property
    def statement(self) -> str:
        """One line: what is minimised, which bounds hold, whether it is proven.

        Examples
        --------
        >>> solve("使 Σa²/n 最小，Σn = 60", 60, [100, 200], [0, 0], [100, 30]).statement
        '使 Σa²/n 最小，Σn = 60；第 2 层取上限；KKT 偏差不超过 1e-12，已证最优'
        """
        verdict = "已证最优" if self.proven else "未证最优"
        return f"{self.goal}；{bounds_told(self.at_low, self.at_high)}；KKT 偏差{departure(self.violation)}，{verdict}"


def bounds_told(at_low: Sequence[int], at_high: Sequence[int]) -> str:
    """Return which strata stand at a bound.

    Examples
    --------
    >>> bounds_told((), ())
    '各层均不受上下限约束'
    """
    told = [f"{places(strata)}取{side}限" for strata, side in ((at_low, "下"), (at_high, "上")) if strata]
    return "，".join(told) or "各层均不受上下限约束"


def departure(violation: float) -> str:
    """Return a departure in words: what lies below 1e-12 is rounding.

    Examples
    --------
    >>> departure(2e-16), departure(.013)
    ('不超过 1e-12', ' 0.013')
    """
    return "不超过 1e-12" if violation <= 1e-12 else f" {violation:.2g}"


def fitted(total: Any, weights: Sequence[Any], low: Sequence[Any], high: Sequence[Any], add: Callable[..., Any]) -> list[Any]:
    """Divide `total` in proportion to `weights`, every part between its bounds.

    Parts beyond a bound are set to it, those above or those below first, whichever lack more together, and the rest is divided anew
    until nothing lies outside: the recursion of take-max and take-min (Wesołowski, Wieczorkowski & Wójciak 2022, JSSAM 10:1263; for
    two sides Bretthauer & Shetty 1995, Oper. Res. 43:670). The result is λ·w clipped to the bounds, which minimises Σ w²/x.

    Parameters
    ----------
    total : number
        Σ low ≤ total ≤ Σ high.
    weights, low, high : sequence of number, shape (strata,)
        Weights ≥ 0; numbers of one kind, float or Fraction.
    add : callable
        How they are summed: `math.fsum`, or `sum` for fractions.

    Returns
    -------
    list of number

    Examples
    --------
    >>> fitted(100., [1., 1., 8.], [20., 0., 0.], [100., 100., 60.], math.fsum)
    [20.0, 20.0, 60.0]
    """
    parts, free = list(low), list(range(len(weights)))
    while free:
        held = set(free)
        rest = total - add(part for at, part in enumerate(parts) if at not in held)
        scale = add(weights[at] for at in free)
        if not scale:
            return parts
        for at in free:
            parts[at] = rest * weights[at] / scale
        over, under = [at for at in free if parts[at] > high[at]], [at for at in free if parts[at] < low[at]]
        if not over and not under:
            return parts
        more = add(parts[at] - high[at] for at in over) >= add(low[at] - parts[at] for at in under)
        for at in over if more else under:
            parts[at] = high[at] if more else low[at]
        held = set(over if more else under)
        free = [at for at in free if at not in held]
    return parts


def solve(goal: str, total: float, weights: Floats, low: Floats, high: Floats) -> Shares:
    """Return the parts x that minimise Σ w²/x with Σ x = `total` within the bounds, with the proof.

    Parameters
    ----------
    goal : str
        What is minimised, in words.
    total : float
        Σ low ≤ total ≤ Σ high.
    weights, low, high : sequence of float, shape (strata,)
        Weights ≥ 0; bounds may be infinite.

    Returns
    -------
    Shares
        Real numbers, each within its bounds.

    Examples
    --------
    >>> solve("", 90, [1, 2, 3], [0, 0, 0], [90, 90, 30]).n
    (20.0, 40.0, 30.0)
    """
    least, most = [float(each) for each in low], [float(each) for each in high]
    x = fitted(float(total), [float(w) for w in weights], least, most, math.fsum)
    at_low = tuple(at for at, each in enumerate(x) if each <= least[at] and (least[at] > 0 or weights[at] > 0))
    at_high = tuple(at for at, each in enumerate(x) if each >= most[at] and at not in at_low)
    objective = math.fsum(w * w / each if each > 0 else math.inf for w, each in zip(weights, x, strict=True) if w > 0)
    return Shares(tuple(x), goal, objective, at_low, at_high, _violation(total, weights, x, least, most))


def _violation(total: float, weights: Floats, x: Floats, low: Floats, high: Floats) -> float:
    """Return the largest of: w/x unequal among free strata, on the wrong side of them at a bound, and the sum missed."""
    ratio = {at: w / x[at] for at, w in enumerate(weights) if x[at] > 0}
    free = [ratio[at] for at in ratio if low[at] < x[at] < high[at] and weights[at] > 0]
    missed = abs(math.fsum(x) - total) / total if total > 0 else 0.0
    floor = max([r for at, r in ratio.items() if x[at] <= low[at] < high[at]], default=0.0)
    roof = min([r for at, r in ratio.items() if x[at] >= high[at] > low[at]], default=math.inf)
    lowest, highest = min([*free, roof]), max([*free, floor])
    apart = (highest - lowest) / highest if math.isfinite(lowest) and highest > 0 else 0.0
    return max(missed, apart, 0.0)
