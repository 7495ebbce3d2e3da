"""Balanced samples: every unit keeps its chance, and the sample reproduces known totals as closely as whole units can.

The cube method moves a few chances at a time along a direction that changes no balanced total, until one of them is 0 or 1,
and so on to the end. When no such direction is left, the last balancing variable is given up, then the one before; the size of
the sample, always the first, is never given up.

Sources: Deville & Tillé 2004, Biometrika 91:893 (flight phase §3, landing by suppressing variables §4.4); Chauvet & Tillé
2006, Computational Statistics 21:53 (p + 1 units at a time); Chauvet 2009, Survey Methodology 35:115 (groups).

A chance within 1e-9 of 0 or 1 counts as decided, so that a chance is kept up to 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from evalkit import tickets
from evalkit.selection.flight import finished, held_columns, undecided, walk
from evalkit.selection.methods import Method, Units
from evalkit.selection.ranked import chances

WHOLE = 1e-7  # a group's expected number this close to a whole number is whole
LARGEST = 1e100  # above it squares and quotients could overflow


def cube(units: Units, n: int) -> list[int]:
    """Choose n units with fixed chances so that Σ x_k/π_k over the sample is Σ x_k over all units, for every balancing variable.

    Units are moved in the order of their tickets, the numbers are those of the series of `units.start`.

    Parameters
    ----------
    units : Units
        With `balance`; chances are proportional to `sizes`, equal without.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, smallest ticket first.

    Raises
    ------
    ValueError
        When n does not fit, or `balance` has faults.

    Examples
    --------
    >>> units = Units([bytes([k]) * 32 for k in range(8)], bytes(32), balance=[[k % 2] for k in range(8)])
    >>> sample = cube(units, 4)
    >>> len(sample), sum(k % 2 for k in sample)
    (4, 2)
    """
    probs = chances(units, n)
    order = by_ticket(units)
    held = held_columns(table(units.balance, len(units), "平衡变量"), probs)
    walk(probs, order, held, [0] * len(units), tickets.series(units.start), land=True)
    return finished(probs, order, n)


def cube_in_groups(units: Units, n: int) -> list[int]:
    """Choose n units balanced in each group and over all, with the number drawn in a group within 1 of its expectation.

    Chauvet (2009): a flight in each group, then one over all groups that keeps the number of each, landing included. What is
    then left, at most one unit in each group whose expected number is not whole, is decided by the cube method over all groups.
    Where the expected number is whole, exactly so many are drawn.

    Parameters
    ----------
    units : Units
        With `balance` and `groups`; chances are proportional to `sizes`, equal without.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, smallest ticket first.

    Raises
    ------
    ValueError
        When n does not fit, or `balance` or `groups` has faults.

    Examples
    --------
    >>> rows = dict(balance=[[k] for k in range(8)], groups=[1, 1, 1, 1, 2, 2, 2, 2])
    >>> sample = cube_in_groups(Units([bytes([k]) * 32 for k in range(8)], bytes(32), **rows), 4)
    >>> sum(k < 4 for k in sample), sum(k >= 4 for k in sample)
    (2, 2)
    """
    probs = chances(units, n)
    groups = _groups(units)
    held = held_columns(table(units.balance, len(units), "平衡变量"), probs)
    order, numbers = by_ticket(units), tickets.series(units.start)
    members = _members(order, groups)
    expected = {group: math.fsum(probs[i] for i in inside) for group, inside in members.items()}
    for inside in members.values():
        walk(probs, inside, held, groups, numbers, land=False)
    walk(probs, [i for inside in members.values() for i in inside], held, groups, numbers, land=True)
    _round_whole(probs, groups, expected)
    walk(probs, order, held, [0] * len(units), numbers, land=True)
    return finished(probs, order, n)


def by_ticket(units: Units) -> list[int]:
    """Return all positions in the order of the tickets, equal tickets in the order of the list.

    Examples
    --------
    >>> by_ticket(Units([b"c", b"a", b"b"]))
    [1, 2, 0]
    """
    return sorted(range(len(units)), key=lambda i: (units.tickets[i], i))


def table(rows: Sequence[Sequence[float]] | None, size: int, word: str) -> list[list[float]]:
    """Return the values of each unit as numbers after a look at all of them.

    Parameters
    ----------
    rows : sequence of sequence of float or None
        A row for each unit, all equally long.
    size : int
        N.
    word : str
        What the values are, for the message.

    Raises
    ------
    ValueError
        When rows are missing, unequally long, or hold what is no number up to 1e100; all such units are named.

    Examples
    --------
    >>> table([[1, 2], [3, 4]], 2, "坐标")
    [[1.0, 2.0], [3.0, 4.0]]
    >>> table([[1], [float("nan")]], 2, "坐标")
    Traceback (most recent call last):
    ValueError: 第 2 个单元的坐标不全或不是数｜每个单元 1 个数，绝对值不超过 1e100｜补齐或改正
    """
    if rows is None or len(rows) != size:
        found = "没有" if rows is None else f"有 {len(rows)} 行"
        raise ValueError(f"{word}{found}｜应为每个单元一行，共 {size} 行｜给出{word}")
    values = [[float(value) if isinstance(value, Real) else math.nan for value in row] for row in rows]
    width = len(values[0]) if values else 0
    wrong = [str(i) for i, row in enumerate(values, 1) if len(row) != width or not all(abs(value) <= LARGEST for value in row)]
    if wrong:
        rule = f"每个单元 {width} 个数，绝对值不超过 1e100"
        raise ValueError(f"第 {'、'.join(wrong)} 个单元的{word}不全或不是数｜{rule}｜补齐或改正")
    return values


def _groups(units: Units) -> list[int]:
    if units.groups is None or len(units.groups) != len(units):
        found = "没有" if units.groups is None else f"有 {len(units.groups)} 个"
        raise ValueError(f"分组{found}｜应为每个单元一个，共 {len(units)} 个｜给出分组")
    wrong = [str(i) for i, group in enumerate(units.groups, 1) if not isinstance(group, Integral)]
    if wrong:
        raise ValueError(f"第 {'、'.join(wrong)} 个单元的分组不是整数｜应为组的号码｜改正分组")
    return list(units.groups)


def _members(order: Sequence[int], groups: Sequence[int]) -> dict[int, list[int]]:
    """Positions by group, groups in the order of their smallest ticket."""
    members: dict[int, list[int]] = {}
    for i in order:
        members.setdefault(groups[i], []).append(i)
    return members


def _round_whole(probs: list[float], groups: Sequence[int], expected: dict[int, float]) -> None:
    """Decide what rounding left open in groups with a whole expected number."""
    for i, group in enumerate(groups):
        if undecided(probs[i]) and abs(expected[group] - round(expected[group])) <= WHOLE:
            probs[i] = float(probs[i] > 0.5)


BALANCED = (
    Method(
        name="cube",
        title="平衡抽样（立方体法）",
        draw=cube,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="approximate",
        coordinates=False,
        variance="residuals",
        needs=("balance",),
    ),
    Method(
        name="cube-stratified",
        title="分组平衡抽样（立方体法）",
        draw=cube_in_groups,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="approximate",
        coordinates=False,
        variance="residuals",
        needs=("balance", "groups"),
    ),
)
