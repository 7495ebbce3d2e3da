"""Samples spread over a map, or over any space of known variables: units that are near each other are seldom chosen together.

Near is measured by the squared Euclidean distance of the coordinates as they are given; scale them first where their units differ.
The time grows with the square of N: a second or so at N = 20,000.

A chance within 1e-9 of 0 or 1 counts as decided, so that a chance is kept up to 1e-9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit import tickets
from evalkit.selection.balanced import by_ticket, table
from evalkit.selection.flight import finished, held_columns, kernel, move, undecided
from evalkit.selection.methods import Method, Units
from evalkit.selection.ranked import chances


def local_pivotal(units: Units, n: int) -> list[int]:
    """Choose n units spread over their places by the local pivotal method, LPM2.

    Again and again one undecided unit is taken at random, each as likely, and the undecided unit nearest to it: one of the two
    gives its chance to the other as far as that fits, so that the chance of neither changes on average (Grafström, Lundström &
    Schelin 2012, Biometrics 68:514, §3.2). LPM2 and not LPM1, which moves only pairs that are each other's nearest: LPM2 searches
    once a step wherever the units lie, LPM1 up to N times, and the spread is nearly the same (their tables). Of units equally
    near the one with the smaller ticket is taken.

    Parameters
    ----------
    units : Units
        With `places`; chances are proportional to `sizes`, equal without.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, smallest ticket first.

    Raises
    ------
    ValueError
        When n does not fit, or `places` has faults.

    Examples
    --------
    >>> units = Units([bytes([k]) * 32 for k in range(6)], bytes(32), places=[[0], [1], [10], [11], [20], [21]])
    >>> [k // 2 for k in local_pivotal(units, 3)]
    [0, 1, 2]
    """
    return _spread(units, n, [])


def local_cube(units: Units, n: int) -> list[int]:
    """Choose n units spread over their places and balanced on known totals: the local cube method, doubly balanced.

    Each step of the cube method moves an undecided unit taken at random and as many of its nearest as a direction needs that
    changes no balanced total; so chance moves only between neighbours (Grafström & Tillé 2013, Environmetrics 24:120, §4). At the
    end balancing variables are given up from the last, never the size.

    Parameters
    ----------
    units : Units
        With `balance` and `places`; chances are proportional to `sizes`, equal without.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, smallest ticket first.

    Raises
    ------
    ValueError
        When n does not fit, or `balance` or `places` has faults.

    Examples
    --------
    >>> rows = dict(balance=[[k % 2] for k in range(8)], places=[[k // 2] for k in range(8)])
    >>> sample = local_cube(Units([bytes([k]) * 32 for k in range(8)], bytes(32), **rows), 4)
    >>> len(sample), sum(k % 2 for k in sample)
    (4, 2)
    """
    return _spread(units, n, table(units.balance, len(units), "平衡变量"))


class Field:
    """The units that are still undecided and where they lie, in the order of their tickets.

    Parameters
    ----------
    places : sequence of sequence of float
        Coordinates of each unit.
    order : sequence of int
        Positions of the undecided units.

    Examples
    --------
    >>> field = Field([[0.0], [5.0], [1.0], [-1.0]], [3, 2, 0, 1])
    >>> field.near(0.6, 3)
    [0, 3, 2]
    >>> field.drop([3])
    >>> field.near(0.6, 3)
    [2, 0, 1]
    """

    def __init__(self, places: Sequence[Sequence[float]], order: Sequence[int]) -> None:
        self.units = list(order)
        self.axes = [np.array([places[i][j] for i in order], dtype=float) for j in range(len(places[0]) if places else 0)]
        self.gone: NDArray[np.float64] = np.zeros(len(order))
        self.live = list(range(len(order)))
        self.seat = {i: k for k, i in enumerate(order)}
        self.stand = list(range(len(order)))

    def __len__(self) -> int:
        return len(self.live)

    def near(self, number: float, count: int) -> list[int]:
        """Return one unit, taken by a number between 0 and 1, and its nearest: `count` units, or all there are; nearest first."""
        centre = self.live[min(int(number * len(self.live)), len(self.live) - 1)]
        far = self.gone.copy()
        for axis in self.axes:
            step = axis - axis[centre]
            far += step * step
        far[centre] = -1.0
        last = min(count, len(self.live)) - 1
        within = np.flatnonzero(far <= np.partition(far, last)[last])
        chosen = within[np.argsort(far[within], kind="stable")][: last + 1]
        return [self.units[k] for k in chosen]

    def drop(self, units: Iterable[int]) -> None:
        """Take decided units off the field."""
        for unit in units:
            k, tail = self.seat[unit], self.live[-1]
            self.gone[k] = np.inf
            # the last of the living takes the freed stand, so that taking one at random needs no search
            self.live[self.stand[k]], self.stand[tail] = tail, self.stand[k]
            self.live.pop()


def _spread(units: Units, n: int, balance: Sequence[Sequence[float]]) -> list[int]:
    probs = chances(units, n)
    order = by_ticket(units)
    field = Field(table(units.places, len(units), "坐标"), [i for i in order if undecided(probs[i])])
    _walk_near(probs, field, held_columns(balance, probs), tickets.series(units.start))
    return finished(probs, order, n)


def _walk_near(probs: list[float], field: Field, held: list[list[float]], numbers: Iterator[float]) -> None:
    kept = list(held)
    while len(field) > 1:
        window = field.near(next(numbers), len(kept) + 2)
        direction = kernel([[1.0] * len(window), *([column[i] for i in window] for column in kept)], len(window))
        if direction is None:
            kept.pop()
        else:
            move(probs, window, direction, next(numbers))
            field.drop([i for i in window if not undecided(probs[i])])


SPATIAL = (
    Method(
        name="local-pivotal",
        title="空间分散抽样（局部枢轴法）",
        draw=local_pivotal,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="approximate",
        coordinates=False,
        variance="local-mean",
        needs=("places",),
    ),
    Method(
        name="local-cube",
        title="空间分散且平衡的抽样（局部立方体法）",
        draw=local_cube,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="approximate",
        coordinates=False,
        variance="local-mean",
        needs=("balance", "places"),
    ),
)
