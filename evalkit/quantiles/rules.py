"""Twelve rules that turn sorted values and cumulated weights into a quantile, as R's survey names them.

Every rule gives each sorted value x_i a point s_i on the scale of probability, from its cumulated weight
C_i = w_1 + … + w_i and the whole weight W = C_n. A rule of steps then looks for the step that p lies in, a rule of
lines joins the points (s_i, x_i) and stays at the first and last value outside them. Values of weight 0 take no part.

One set of weights is a row: all rules work on (R, n) weights over the same n sorted values, so that replicates cost
no more than their sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from evalkit.quantiles.checks import Bools, Floats, Ints

EPS = 2.0**-52  # spacing of floats at 1


@dataclass(frozen=True, eq=False)
class Steps:
    """Sorted values with one or more sets of weights.

    Parameters
    ----------
    x : (n,) float array
        Values in ascending order.
    w : (R, n) float array
        Weights ≥ 0, each row with a sum above 0.
    """

    x: Floats
    w: Floats

    @cached_property
    def cum(self) -> Floats:
        """Cumulated weights, (R, n)."""
        return np.cumsum(self.w, axis=1)

    @property
    def total(self) -> Floats:
        """Whole weight of each set, (R, 1)."""
        return self.cum[:, -1:]

    @cached_property
    def absent(self) -> Bools | None:
        """Where a weight is 0, (R, n); None when nowhere."""
        found = self.w == 0
        return found if bool(found.any()) else None

    @property
    def present(self) -> Floats:
        """Values of positive weight in each set, (R, 1)."""
        n = self.w.shape[1]
        gone = 0 if self.absent is None else np.count_nonzero(self.absent, axis=1, keepdims=True)
        return np.asarray(np.broadcast_to(n - gone, self.total.shape), dtype=float)

    @property
    def last(self) -> Floats:
        """Weight of the greatest value of positive weight, (R, 1)."""
        if self.absent is None:
            return self.w[:, -1:]
        return np.take_along_axis(self.w, _last_true(~self.absent)[:, None], axis=1)

    @property
    def slack(self) -> float:
        """How far a cumulated share may miss a probability by rounding alone."""
        return max(1e-12, 4 * EPS * len(self.x))

    def without_absent(self, points: Floats) -> Floats:
        """Return points with NaN where the weight is 0, so that no comparison finds them."""
        return points if self.absent is None else np.where(self.absent, np.nan, points)

    @cached_property
    def shares(self) -> Floats:
        """C/W, (R, n); NaN where the weight is 0."""
        return self.without_absent(self.cum / self.total)

    def distinct(self) -> Steps:
        """Return the distinct values with the weights of equal ones added up."""
        starts = np.flatnonzero(np.concatenate([[True], self.x[1:] != self.x[:-1]]))
        return self if len(starts) == len(self.x) else Steps(self.x[starts], np.add.reduceat(self.w, starts, axis=1))


def _last_true(flags: Bools) -> Ints:
    return np.asarray(flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1))


def _bracket(points: Floats, levels: Floats, whole: bool) -> tuple[Ints, Ints]:
    """Return, for each row and level, the last point ≤ level (−1: none) and the first above it (n: none), both (R, k)."""
    sets, n = points.shape
    if sets == 1 and whole:
        above = np.searchsorted(points[0], levels, side="right")[None, :]
        return above - 1, above
    below, above = np.empty((2, sets, len(levels)), dtype=np.int64)
    for at, level in enumerate(levels):
        reached, passed = points <= level, points > level
        below[:, at] = np.where(reached.any(axis=1), _last_true(reached), -1)
        above[:, at] = np.where(passed.any(axis=1), np.argmax(passed, axis=1), n)
    return below, above


def _ends(below: Ints, above: Ints, n: int) -> tuple[Ints, Ints]:
    """Stay at the first and last value where p lies outside all points."""
    return np.where(below < 0, above, below), np.where(above >= n, below, above)


def _stepped(steps: Steps, probs: Floats, on_step: Callable[[Floats, Floats, Ints], Floats]) -> Floats:
    """Take the first value whose share passes p; where a share equals p, what `on_step` makes of it and the next."""
    low, high = _ends(*_bracket(steps.shares, probs + steps.slack, steps.absent is None), steps.w.shape[1])
    reached = np.take_along_axis(steps.shares, low, axis=1)
    equal = np.abs(reached - probs) <= steps.slack
    return np.where(equal, on_step(steps.x[low], steps.x[high], low), steps.x[high])


def _lower(low: Floats, high: Floats, at: Ints) -> Floats:
    return low


def _halfway(low: Floats, high: Floats, at: Ints) -> Floats:
    return (low + high) / 2


def inverse(steps: Steps, probs: Floats) -> Floats:
    """inf{x : F(x) ≥ p}."""
    return _stepped(steps, probs, _lower)


def school(steps: Steps, probs: Floats) -> Floats:
    """The same, but halfway to the next value where F(x) = p."""
    return _stepped(steps, probs, _halfway)


def nearest_even(steps: Steps, probs: Floats) -> Floats:
    """The next distinct value where F(x) = p, unless x is the 2nd, 4th, 6th … of the distinct values."""
    steps = steps.distinct()

    def even(low: Floats, high: Floats, at: Ints) -> Floats:
        rank = at + 1 if steps.absent is None else np.take_along_axis(np.cumsum(~steps.absent, axis=1), at, axis=1)
        return np.where(rank % 2 == 0, low, high)

    return _stepped(steps, probs, even)


def _joined(steps: Steps, probs: Floats, back: float, more: float) -> Floats:
    """Join the points (C_i − back·w_i)/(W + more·w_n) by lines."""
    whole = steps.total + more * steps.last
    points = steps.without_absent((steps.cum - back * steps.w) / np.where(whole > 0, whole, 1.0))
    low, high = _ends(*_bracket(points, probs, steps.absent is None), steps.w.shape[1])
    start, stop = (np.take_along_axis(points, at, axis=1) for at in (low, high))
    apart = stop > start
    part = np.where(apart, (probs - start) / np.where(apart, stop - start, 1.0), 0.0)
    return np.asarray(steps.x[low] + part * (steps.x[high] - steps.x[low]))


def shah_vaish(steps: Steps, probs: Floats) -> Floats:
    """Steps at (S_i + 1/2 − w_i/2)/(n + 1), S the cumulated weights scaled to mean 1; equal points give their mean."""
    n = steps.present
    points = steps.without_absent((steps.cum * (n / steps.total) + 0.5 - steps.w / 2) / (n + 1))
    made = np.empty((len(points), len(probs)))
    for at, p in enumerate(probs):
        reached = np.where(points <= p, points, -np.inf).max(axis=1)
        first = np.nanmin(points, axis=1)
        taken = points == np.where(np.isfinite(reached), reached, first)[:, None]
        made[:, at] = (taken @ steps.x) / np.count_nonzero(taken, axis=1)
    return made


@dataclass(frozen=True)
class Rule:
    """One rule: what it does, and the function from sorted values with weights and (k,) probabilities to (R, k) quantiles."""

    pick: Callable[[Steps, Floats], Floats]
    text: str


RULES: dict[str, Rule] = {
    "math": Rule(inverse, "分布函数的逆：首个累计份额不小于 p 的值（默认）"),
    "school": Rule(school, "同上；累计份额恰为 p 时取该值与下一值的中点"),
    "shahvaish": Rule(shah_vaish, "Shah–Vaish，照 R 的写法（随权数的量纲而变，仅供对照）"),
    "hf1": Rule(inverse, "Hyndman–Fan 1，即 math"),
    "hf2": Rule(school, "Hyndman–Fan 2，即 school"),
    "hf3": Rule(nearest_even, "Hyndman–Fan 3：累计份额恰为 p 时取偶数位的值"),
    "hf4": Rule(partial(_joined, back=0.0, more=0.0), "Hyndman–Fan 4：连接 (C/W, x)"),
    "hf5": Rule(partial(_joined, back=1 / 2, more=0.0), "Hyndman–Fan 5：连接 ((C − w/2)/W, x)"),
    "hf6": Rule(partial(_joined, back=0.0, more=1.0), "Hyndman–Fan 6：连接 (C/(W + w_n), x)"),
    "hf7": Rule(partial(_joined, back=1.0, more=-1.0), "Hyndman–Fan 7：连接 ((C − w)/(W − w_n), x)"),
    "hf8": Rule(partial(_joined, back=1 / 3, more=1 / 3), "Hyndman–Fan 8：连接 ((C − w/3)/(W + w_n/3), x)"),
    "hf9": Rule(partial(_joined, back=3 / 8, more=1 / 4), "Hyndman–Fan 9：连接 ((C − 3w/8)/(W + w_n/4), x)"),
}
