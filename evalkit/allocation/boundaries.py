"""Where to cut a size measure into strata: cumulative root frequency, geometric, and Lavallée–Hidiroglou with a stratum taken whole.

A stratum holds the values from its lower bound up to, not including, its upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.allocation.checks import refuse, single
from evalkit.allocation.rounding import integers
from evalkit.allocation.shares import neyman

Numbers = NDArray[np.float64]
STEPS = 1000


@dataclass(frozen=True)
class Strata:
    """A population cut by bounds, with the allocation of its sample.

    Parameters
    ----------
    bounds : tuple of float
        The L − 1 inner bounds, ascending.
    counts : tuple of int
        Values in each stratum.
    spreads : tuple of float
        Standard deviation of each stratum, with divisor N_h.
    n : tuple of int
        Allocation of each stratum.
    cv : float
        Coefficient of variation expected for the total, at `n`.
    rounds : int
        Steps of the iteration; 0 for a rule without one.
    settled : bool
        Whether the iteration came to rest.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    spreads: tuple[float, ...]
    n: tuple[int, ...]
    cv: float
    rounds: int = 0
    settled: bool = True

    @property
    def statement(self) -> str:
        """One line: how many are taken where, and with what precision."""
        told = "、".join(f"{n}/{size}" for n, size in zip(self.n, self.counts, strict=True))
        end = "" if self.settled else f"；{self.rounds} 步后仍未收敛"
        return f"共 {sum(self.n)} 个单位（各层 {told}），预期变异系数 {self.cv:.4g}{end}"


def cumulative_root(values: ArrayLike, count: int, classes: int) -> tuple[float, ...]:
    """Return the bounds that make Σ√f of every stratum most nearly equal (Dalenius & Hodges 1959, JASA 54:88).

    The range is divided into classes of equal width, closed on the left. For each bound the two class limits next to its target are
    tried; of all combinations that with the smallest Σ(Σ√f − T/L)² over strata is taken, the lowest on a tie.

    Parameters
    ----------
    values : array, shape (N,)
        Size measure.
    count : int
        Strata L ≥ 2.
    classes : int
        Number of classes, more than L.

    Returns
    -------
    tuple of float
        The L − 1 inner bounds, ascending.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> cumulative_root([1, 1, 2, 2, 3, 5, 8, 13, 21, 41], 2, 8)
    (11.0,)
    """
    x = _values(values, count)
    refuse([f"classes = {classes}｜应多于层数 {count}｜改大 classes"] if classes <= count else [])
    found = np.histogram(x, classes)[0]
    heights = [0.0, *np.cumsum(np.sqrt(found)).tolist()]
    cuts = _even_cuts(heights, count)
    return _told(tuple(float(x.min() + (x.max() - x.min()) / classes * cut) for cut in cuts))


def _even_cuts(heights: list[float], count: int) -> list[int]:
    """Return the class limits with the most equal strata, by the shortest path over two candidates a bound."""
    share = heights[-1] / count
    paths: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for target in (share * part for part in range(1, count)):
        above = next(at for at, height in enumerate(heights) if height >= target)
        reached = {}
        for cut in (above - 1, above):
            ways = [(cost + (heights[cut] - heights[at] - share) ** 2, [*way, cut]) for at, (cost, way) in paths.items() if at < cut]
            if ways:
                reached[cut] = min(ways)
        refuse([] if reached else ["各级频数过于集中｜每层至少应占一级｜增加 classes 或减少层数"])
        paths = reached
    return min((cost + (heights[-1] - heights[at] - share) ** 2, way) for at, (cost, way) in paths.items())[1]


def geometric(values: ArrayLike, count: int) -> tuple[float, ...]:
    """Return bounds in geometric progression, min·(max/min)^(h/L) (Gunning & Horgan 2004, Surv. Meth. 30:159).

    It makes the coefficients of variation of the strata about equal where the measure is skew; small minima push the bounds down.

    Parameters
    ----------
    values : array, shape (N,)
        Size measure, > 0.
    count : int
        Strata L ≥ 2.

    Returns
    -------
    tuple of float
        The L − 1 inner bounds, ascending.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> [round(each, 6) for each in geometric([1, 5, 16, 81], 4)]
    [3.0, 9.0, 27.0]
    """
    x = _values(values, count)
    refuse([] if x.min() > 0 else [f"最小值 = {x.min():g}｜几何分层要求各数大于 0｜改用 cumulative_root"])
    return _told(tuple(float(x.min() * (x.max() / x.min()) ** (part / count)) for part in range(1, count)))


def cut(values: ArrayLike, bounds: ArrayLike, n: int) -> Strata:
    """Cut a population at the bounds and allocate n units by Neyman: at least 1 a stratum, at most all, largest remainders up.

    Parameters
    ----------
    values : array, shape (N,)
        Size measure.
    bounds : array, shape (L − 1,)
        Inner bounds, ascending.
    n : int
        Units to allocate.

    Returns
    -------
    Strata

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> cut([1, 2, 3, 4, 10, 20, 30, 40], [5.], 5).n
    (1, 4)
    """
    x, inner = np.asarray(values, dtype=float), np.asarray(bounds, dtype=float)
    counts, _, spreads = _moments(_values(x, len(inner) + 1), inner)
    whole = counts.astype(int).tolist()
    wanted = neyman(n, whole, spreads.tolist(), low=1, high=whole)
    return _strata(x, inner, integers(wanted.n, n, low=1, high=whole))


def lavallee_hidiroglou(values: ArrayLike, count: int, cv: float, start: tuple[float, ...] | None = None) -> Strata:
    """Return the bounds and the Neyman allocation that reach `cv` with the fewest units, the top stratum taken whole.

    n = N_L + (Σ_{h<L} N_hS_h)²/((cv·Y)² + Σ_{h<L} N_hS_h²) is minimised over the bounds: each is moved to where the derivative of n by
    it vanishes at the present means and spreads, a quadratic, until none moves (Sethi 1963, Aust. J. Stat. 5:20; Lavallée & Hidiroglou
    1988, Surv. Meth. 14:33). Where it rests can depend on where it starts: without `start` it goes from three sets of bounds (cumulative
    root, quantiles of the distinct values, geometric) and the smallest n is kept.

    Parameters
    ----------
    values : array, shape (N,)
        Size measure.
    count : int
        Strata L ≥ 2, the last taken whole.
    cv : float
        Coefficient of variation wished for the total, > 0.
    start : tuple of float, shape (L − 1,), optional
        Bounds to start from, and no others.

    Returns
    -------
    Strata
        With n rounded up in every stratum.

    Raises
    ------
    ValueError
        With every fault of the input, or when every start leads to an empty or constant stratum.

    Examples
    --------
    >>> found = lavallee_hidiroglou([1.2**k for k in range(60)], 3, .05)
    >>> found.counts, found.n
    ((40, 10, 10), (2, 3, 10))
    """
    x = _values(values, count)
    refuse(single("positive", cv=cv))
    starts = _starts(x, count) if start is None else [_told(start)]
    ends = [end for each in starts if (end := _settle(x, np.asarray(each), cv)) is not None]
    refuse([] if ends else [f"从各组初始界点出发都得到空层或无差异的层｜{count} 层对这些数过多｜减少层数"])
    _, bounds, rounds, settled = min(ends, key=lambda end: (not end[3], end[0]))
    counts, _, spreads = _moments(x, bounds)
    weights = (counts * spreads)[:-1]
    drawn = _needed(x, bounds, cv)[0] - counts[-1]
    n = integers((weights / weights.sum() * drawn).tolist(), high=counts[:-1].astype(int).tolist(), rule="up")
    return _strata(x, bounds, (*n, int(counts[-1])), rounds, settled)


def _starts(x: Numbers, count: int) -> Iterator[tuple[float, ...]]:
    makers: list[Callable[[], tuple[float, ...]]] = [
        lambda: cumulative_root(x, count, max(20 * count, 100)),
        lambda: _told(tuple(np.quantile(np.unique(x), np.arange(1, count) / count).tolist())),
        lambda: geometric(x, count),
    ]
    for make in makers:
        try:
            yield make()
        except ValueError:  # a rule that these values do not admit is no start
            continue


def _settle(x: Numbers, bounds: Numbers, cv: float) -> tuple[float, Numbers, int, bool] | None:
    """Move the bounds until they rest: n, bounds, steps and whether they do; None where a stratum is lost on the way."""
    step, still = 0, False
    while not still and step < STEPS:
        moved = _moved(x, bounds, cv)
        if moved is None or np.any(np.diff(moved) <= 0):
            return None
        still = bool(np.all(np.abs(moved - bounds) <= 1e-12 * np.abs(moved)))
        bounds, step = moved, step + 1
    counts, _, spreads = _moments(x, bounds)
    return None if (counts == 0).any() or (spreads[:-1] == 0).any() else (_needed(x, bounds, cv)[0], bounds, step, still)


def _needed(x: Numbers, bounds: Numbers, cv: float) -> tuple[float, float, float]:
    """Return n, and ΣN_hS_h and the bottom of its formula over the strata that are sampled."""
    counts, _, spreads = _moments(x, bounds)
    weights, parts = (counts * spreads)[:-1].sum(), (counts * spreads**2)[:-1].sum()
    bottom = (cv * x.sum()) ** 2 + parts
    return float(counts[-1] + weights**2 / bottom), float(weights), float(bottom)


def _moved(x: Numbers, bounds: Numbers, cv: float) -> Numbers | None:
    counts, means, spreads = _moments(x, bounds)
    if (counts == 0).any() or (spreads[:-1] == 0).any():
        return None
    _, weights, bottom = _needed(x, bounds, cv)
    lean, pull = weights / bottom, (weights / bottom) ** 2
    # the derivative of n by a bound, seen from one stratum, is first·b² + second·b + third
    first = lean / spreads[:-1] - pull
    second, third = -2 * first * means[:-1], first * means[:-1] ** 2 + lean * spreads[:-1]
    upper = [np.append(each[1:], last) for each, last in ((first, 0.0), (second, 0.0), (third, 1.0))]
    p, q, r = first - upper[0], second - upper[1], third - upper[2]
    inside = q * q - 4 * p * r
    if (inside < 0).any() or (p == 0).any():
        return None
    roots: Numbers = (-q + np.sqrt(inside)) / (2 * p)
    return roots


def _moments(x: Numbers, bounds: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return count, mean and standard deviation (divisor N_h) of each stratum; 0 where it is empty."""
    label, number = np.searchsorted(bounds, x, side="right"), len(bounds) + 1
    counts = np.bincount(label, minlength=number).astype(float)
    filled = np.maximum(counts, 1)
    means = np.bincount(label, x, number) / filled
    squares = np.bincount(label, (x - means[label]) ** 2, number) / filled
    return counts, means, np.sqrt(squares)


def _strata(x: Numbers, bounds: Numbers, n: tuple[int, ...], rounds: int = 0, settled: bool = True) -> Strata:
    counts, _, spreads = _moments(x, bounds)
    taken = np.asarray(n, dtype=float)
    used = taken > 0
    bare = bool((~used & (spreads > 0)).any())
    square = float(((counts**2 * (1 / np.maximum(taken, 1) - 1 / np.maximum(counts, 1)) * spreads**2)[used]).sum())
    cv = math.inf if bare else math.sqrt(max(square, 0.0)) / abs(float(x.sum()))
    return Strata(_told(bounds.tolist()), tuple(int(c) for c in counts), tuple(spreads.tolist()), n, cv, rounds, settled)


def _told(bounds: tuple[float, ...] | list[float]) -> tuple[float, ...]:
    wrong = any(a >= b for a, b in pairwise(bounds))
    refuse([f"界点 {list(bounds)} 有重复或不升序｜界点应依次增大｜减少层数"] if wrong else [])
    return tuple(bounds)


def _values(values: ArrayLike, count: int) -> Numbers:
    x = np.asarray(values, dtype=float).ravel()
    wrong = np.flatnonzero(~np.isfinite(x))
    refuse(
        [f"第 {'、'.join(str(at + 1) for at in wrong)} 个数不是有限数｜各数应为有限数｜补齐或删去"] if len(wrong) else [],
        [] if count >= 2 else [f"count = {count}｜至少应有两层｜改大 count"],
    )
    refuse([] if len(np.unique(x)) >= count else [f"只有 {len(np.unique(x))} 个不同的数｜应不少于层数 {count}｜减少层数"])
    return x
