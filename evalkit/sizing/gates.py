"""Exact answers for one gate and simple random sampling: how many units, and how many events they may hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError
from evalkit.later import later
from evalkit.sizing.demands import SLACK, Demands
from evalkit.sizing.powers import beyond_gate, for_gate

stats = later("scipy.stats")
Whole = NDArray[np.int64]


def for_bound(gate: float, events: int = 0, *, level: float = 0.95, population: int | None = None) -> int:
    """Return the smallest sample in which so many events still leave the one-sided upper bound below the gate.

    Smallest n with P(X ≤ events | n, gate) ≤ 1 − level, X binomial, or hypergeometric with the smallest whole
    number of events that is not below gate·N. It stays so for every larger n.

    Parameters
    ----------
    gate : float
        Threshold, in (0, 1).
    events : int
        Events in the sample, ≥ 0.
    level : float
        One-sided confidence.
    population : int, optional
        Units there; without it the population has no end.

    Returns
    -------
    int
        Units drawn by simple random sampling; of a finite population at most all.

    Raises
    ------
    EstimateError
        A number outside its range; more events than the gate leaves to the whole population.

    Examples
    --------
    >>> [for_bound(.02, x) for x in range(6)]
    [149, 236, 313, 386, 456, 523]
    >>> [for_bound(.02, x, population=1000) for x in range(6)]
    [138, 215, 281, 342, 400, 454]
    """
    asked = Demands()
    asked.units(population, level=level)
    asked.within(0, 1, "()", "比例写成小数，如 .02", gate=gate)
    asked.whole(0, "写预期事件数", events=events)
    asked.whole(1, "写总体单位数", population=population)
    asked.refuse()
    bad = _bad(gate, population)
    if bad is not None and events >= bad:
        raise EstimateError(f"events = {events}、population = {population}｜达到门槛的总体只有 {bad} 个事件｜减少 events 或改 gate")
    low, high = events, events + 1
    while not _proves(high, events, gate, population, bad, 1 - level):
        low, high = high, 2 * high if population is None else min(2 * high, population)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _proves(middle, events, gate, population, bad, 1 - level) else (middle, high)
    return high


def _proves(n: int, events: int, gate: float, population: int | None, bad: int | None, tail: float) -> bool:
    seen = stats.binom.cdf(events, n, gate) if population is None else stats.hypergeom.cdf(events, population, bad, n)
    return bool(seen <= tail)


@dataclass(frozen=True)
class ExactPlan:
    """A sample and its acceptance number: the gate is proved with at most `accept` events.

    `first` is the smallest n that reaches the power, `n` the smallest from which all larger ones do too; `accept`,
    `risk` (of accepting at the gate) and `power` are those of `n`.
    """

    first: int
    n: int
    accept: int
    risk: float
    power: float


def exact_for_gate(
    p: float, gate: float, *, level: float = 0.95, power: float = 0.8, population: int | None = None, better: str = "low"
) -> ExactPlan:
    """Return how many units prove by exact probabilities that a rate stays on the good side of a gate.

    d(n) = max{d: P(X ≤ d | gate) ≤ 1 − level}; power(n) = P(X ≤ d(n) | p) is a sawtooth, so the first crossing
    is not the answer: `n` is the smallest from which no larger one falls below. For an endless population
    every n up to eight times the normal formula is computed, and the last that falls short must lie in the lower half of these.

    Parameters
    ----------
    p, gate : float
        True rate and threshold, in (0, 1); a finite population holds the whole numbers of events ⌊pN⌋ and ⌈gate·N⌉.
    level, power : float
        1 − risk of accepting at the gate, power at `p`.
    population : int, optional
        Units there; without it the population has no end.
    better : {"low", "high"}
        As in `for_gate`; with "high" the events are the units without the property.

    Returns
    -------
    ExactPlan

    Raises
    ------
    EstimateError
        A number outside its range, a true rate that is not on the good side.

    Examples
    --------
    >>> exact_for_gate(.005, .02).n, exact_for_gate(.01, .02).first, exact_for_gate(.01, .02).n
    (386, 969, 1091)
    """
    asked = Demands()
    asked.units(population, level=level)
    asked.within(0.5, 1, "[)", "80% 写 power=.8", power=power)
    asked.whole(1, "写总体单位数", population=population)
    beyond_gate(asked, p, gate, better)
    asked.refuse()
    p, gate = (p, gate) if better == "low" else (1 - p, 1 - gate)
    most = population or 8 * math.ceil(for_gate(p, gate, level=level, power=power)) + 200
    while True:
        n = np.arange(1, most + 1)
        accept, risk, reached = _curve(n, p, gate, population, 1 - level)
        short = n[reached < power]
        last = int(short[-1]) if short.size else 0
        if population is not None or last <= most // 2:
            break
        most *= 2
    at = min(last, most - 1)
    return ExactPlan(int(n[reached >= power][0]), int(n[at]), int(accept[at]), float(risk[at]), float(reached[at]))


def _curve(n: Whole, p: float, gate: float, population: int | None, tail: float) -> tuple[Whole, NDArray[Any], NDArray[Any]]:
    """Return acceptance number (−1 where none), risk and power of every n."""
    if population is None:
        at_gate, at_p = stats.binom(n, gate), stats.binom(n, p)
    else:
        held = math.floor(p * population * (1 + SLACK))
        at_gate, at_p = stats.hypergeom(population, _bad(gate, population), n), stats.hypergeom(population, held, n)
    guess = at_gate.ppf(tail)
    accept = np.where(at_gate.cdf(guess) <= tail, guess, guess - 1)  # ppf is the first d at or above the tail
    return accept.astype(int), at_gate.cdf(accept), at_p.cdf(accept)


def _bad(gate: float, population: int | None) -> int | None:
    return None if population is None else math.ceil(gate * population * (1 - SLACK))
