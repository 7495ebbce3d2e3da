"""Chances proportional to size, decided by the ticket of each unit alone, so that samples of different years overlap."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evalkit.inclusion.approximate import APPROXIMATIONS
from evalkit.inclusion.exact import poisson
from evalkit.inclusion.first import between, proportional
from evalkit.inclusion.pareto import order_sampling
from evalkit.selection.equal import numbers
from evalkit.selection.methods import Method, Units


def chances(units: Units, n: int) -> list[float]:
    """Return the chance of each unit, proportional to its size, the certain ones at 1; see `inclusion.first.proportional`.

    Parameters
    ----------
    units : Units
        The N units; only the sizes are read, without them all are the same.
    n : int
        How many are to be drawn, 0 ≤ n ≤ N.

    Returns
    -------
    list of float
        With sum n.

    Raises
    ------
    ValueError
        When the sizes are not as many as the tickets, or `proportional` refuses them or n.

    Examples
    --------
    >>> chances(Units([b""] * 3, sizes=[1, 2, 5]), 2)
    [0.3333333333333333, 0.6666666666666666, 1.0]
    """
    return proportional(sizes_of(units), n)


def sizes_of(units: Units) -> Sequence[int]:
    """Return the sizes of the units, or 1 for each where none are given.

    Examples
    --------
    >>> sizes_of(Units([b""] * 3))
    [1, 1, 1]
    """
    if units.sizes is None:
        return [1] * len(units)
    if len(units.sizes) != len(units):
        raise ValueError(f"{len(units)} 个单位，{len(units.sizes)} 个规模｜每个单位一个规模｜核对两者的顺序和个数")
    # numpy's whole numbers would overflow in products, Python's do not
    return units.sizes.tolist() if isinstance(units.sizes, np.ndarray) else units.sizes


def pareto_ranks(given: ArrayLike, probs: ArrayLike) -> np.ndarray:
    """Return the ranking numbers of Pareto sampling, ``Q = (u · (1 − π)) / (π · (1 − u))``, evaluated in that order.

    The units with the n smallest Q are chosen; units with π = 1 have Q = 0 and come first (Rosén 1997, On
    sampling with probability proportional to size, Journal of Statistical Planning and Inference 62:159).

    Parameters
    ----------
    given : array of float, shape (N,)
        The number u of each unit, 0 ≤ u < 1: of its ticket, or any other permanent number.
    probs : array of float, shape (N,)
        The chance aimed at for each unit, 0 < π ≤ 1.

    Returns
    -------
    array of float, shape (N,)

    Raises
    ------
    ValueError
        When an entry is out of its range, or the lengths differ.

    Examples
    --------
    >>> pareto_ranks([0.5, 0.25, 0.9], [0.5, 0.25, 1.0]).tolist()
    [1.0, 1.0, 0.0]
    """
    u, p = _checked(given, probs)
    return (u * (1.0 - p)) / (p * (1.0 - u))


def sequential_ranks(given: ArrayLike, probs: ArrayLike) -> np.ndarray:
    """Return the ranking numbers of sequential Poisson sampling, ``u / π``, and 0 for units with π = 1.

    The units with the n smallest are chosen (Ohlsson 1998, Sequential Poisson sampling, Journal of Official
    Statistics 14:149).

    Parameters
    ----------
    given, probs
        As in `pareto_ranks`.

    Returns
    -------
    array of float, shape (N,)

    Raises
    ------
    ValueError
        When an entry is out of its range, or the lengths differ.

    Examples
    --------
    >>> sequential_ranks([0.5, 0.25, 0.9], [0.5, 0.25, 1.0]).tolist()
    [1.0, 1.0, 0.0]
    """
    u, p = _checked(given, probs)
    return np.where(p == 1.0, 0.0, u / p)


def turned(given: ArrayLike, start: float, backwards: bool = False) -> np.ndarray:
    """Return numbers on the circle from 0 to 1 as distances from a start, so that other units come first.

    Forwards ``u − start``, backwards ``start − u``, plus 1 where negative (Ohlsson 1995, Coordination of samples
    using permanent random numbers, in Business Survey Methods, ch. 9).

    Parameters
    ----------
    given : array of float
        Permanent numbers, 0 < u < 1.
    start : float
        0 ≤ start < 1.
    backwards : bool
        Whether to go towards smaller numbers.

    Returns
    -------
    array of float
        From 0 to 1.

    Raises
    ------
    ValueError
        When a number or the start is out of its range.

    Examples
    --------
    >>> turned([0.25, 0.75], 0.5).tolist(), turned([0.25, 0.5], 0.375, backwards=True).tolist()
    ([0.75, 0.25], [0.125, 0.875])
    """
    u = np.asarray(given, dtype=float)
    _refuse(~((u > 0) & (u < 1)), u, "随机数", "应在 0 与 1 之间")
    if not 0 <= start < 1:
        raise ValueError(f"起点 {start}｜应不小于 0、小于 1｜改正起点")
    away = start - u if backwards else u - start
    return np.where(away < 0, away + 1.0, away)


def smallest(ranks: ArrayLike, n: int, tickets: Sequence[bytes] | None = None) -> list[int]:
    """Return the positions of the n smallest ranking numbers, ascending; ties by ticket, then by position.

    Parameters
    ----------
    ranks : array of float, shape (N,)
        Ranking numbers.
    n : int
        0 ≤ n ≤ N.
    tickets : sequence of bytes, shape (N,), optional
        Digests that decide between equal numbers.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        When a number is NaN, or n not between 0 and N.

    Examples
    --------
    >>> smallest([0.5, 0.1, 0.5, 0.7], 2), smallest([0.5, 0.1, 0.5, 0.7], 2, [b"d", b"a", b"c", b"b"])
    ([1, 0], [1, 2])
    """
    found = np.asarray(ranks, dtype=float)
    between(n, len(found))
    _refuse(np.isnan(found), found, "序数", "应是数")
    if n == 0:
        return []
    # all that tie with the n-th stay in until the tickets have decided
    few: list[int] = np.flatnonzero(found <= np.partition(found, n - 1)[n - 1]).tolist()
    ties = few if tickets is None else [tickets[k] for k in few]
    return [k for _, _, k in sorted(zip(found[few].tolist(), ties, few, strict=True))[:n]]


def below(given: ArrayLike, probs: ArrayLike, tickets: Sequence[bytes] | None = None) -> list[int]:
    """Return the positions of the units whose number is below their chance, u < π, by ascending `sequential_ranks`.

    Parameters
    ----------
    given, probs
        As in `pareto_ranks`.
    tickets : sequence of bytes, shape (N,), optional
        Digests that decide the order of equal ranking numbers.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        When an entry is out of its range, or the lengths differ.

    Examples
    --------
    >>> below([0.3, 0.6, 0.2, 0.9], [0.4, 0.5, 0.9, 1.0])
    [3, 2, 0]
    """
    u, p = _checked(given, probs)
    inside: list[int] = np.flatnonzero(u < p).tolist()
    ties = None if tickets is None else [tickets[k] for k in inside]
    return [inside[k] for k in smallest(sequential_ranks(u[inside], p[inside]), len(inside), ties)]


def smallest_pareto(units: Units, n: int) -> list[int]:
    """Choose the n units with the smallest Pareto ranking numbers: Pareto πps sampling.

    The chances differ a little from π: `inclusion.pareto.order_sampling` gives the true ones.

    Parameters
    ----------
    units : Units
        The N units with tickets and sizes.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, the certain ones first, then by ascending Q of `pareto_ranks`.

    Raises
    ------
    ValueError
        As `chances` and `numbers` do.

    Examples
    --------
    >>> smallest_pareto(Units([bytes([k]) * 8 for k in (9, 130, 20, 240)], sizes=[1, 2, 3, 40]), 2)
    [3, 2]
    """
    return smallest(_pareto_of(units, n), n, units.tickets)


def smallest_sequential(units: Units, n: int) -> list[int]:
    """Choose the n units with the smallest u/π: sequential Poisson sampling.

    Parameters
    ----------
    units, n
        As in `smallest_pareto`.

    Returns
    -------
    list of int
        Positions of the chosen units, the certain ones first, then by ascending u/π.

    Raises
    ------
    ValueError
        As `chances` and `numbers` do.

    Examples
    --------
    >>> smallest_sequential(Units([bytes([k]) * 8 for k in (9, 130, 20, 240)], sizes=[1, 2, 3, 40]), 2)
    [3, 2]
    """
    return smallest(_sequential_of(units, n), n, units.tickets)


def numbers_below(units: Units, n: int) -> list[int]:
    """Choose each unit by itself when u < π: Poisson sampling, with n the expected size.

    Units are chosen independently, so the chance of a pair is π_k π_l (Särndal, Swensson & Wretman 1992, Model
    Assisted Survey Sampling, p. 85).

    Parameters
    ----------
    units, n
        As in `smallest_pareto`; n is the expected size.

    Returns
    -------
    list of int
        Positions of the chosen units, the certain ones first, then by ascending u/π, in which they join as n grows.

    Raises
    ------
    ValueError
        As `chances` and `numbers` do.

    Examples
    --------
    >>> numbers_below(Units([bytes([k]) * 8 for k in (9, 130, 20, 240)], sizes=[1, 2, 3, 40]), 2)
    [3, 2, 0]
    """
    return below(numbers(units.tickets), chances(units, n), units.tickets) if n else []


def _pareto_of(units: Units, n: int) -> np.ndarray:
    return pareto_ranks(numbers(units.tickets), chances(units, n)) if n else np.full(len(units), np.inf)


def _sequential_of(units: Units, n: int) -> np.ndarray:
    return sequential_ranks(numbers(units.tickets), chances(units, n)) if n else np.full(len(units), np.inf)


def _checked(given: ArrayLike, probs: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    u, p = np.asarray(given, dtype=float), np.asarray(probs, dtype=float)
    if u.shape != p.shape:
        raise ValueError(f"{u.size} 个随机数，{p.size} 个概率｜每个单位各一个｜核对两者的顺序和个数")
    _refuse(~((u >= 0) & (u < 1)), u, "随机数", "应不小于 0、小于 1")
    _refuse(~((p > 0) & (p <= 1)), p, "概率", "应大于 0、不大于 1")
    return u, p


def _refuse(wrong: np.ndarray, values: np.ndarray, what: str, rule: str) -> None:
    if wrong.any():
        named = "、".join(f"第 {k + 1} 个 {values[k]}" for k in np.flatnonzero(wrong).tolist())
        raise ValueError(f"{what}：{named}｜{rule}｜改正这些{what}")


def pareto_chances(probs: Sequence[float]) -> list[float]:
    """Return the true chances of Pareto sampling: near `probs`, which it aims at."""
    return order_sampling(probs, round(math.fsum(probs)), "pareto")


def sequential_chances(probs: Sequence[float]) -> list[float]:
    """Return the true chances of sequential Poisson sampling: near `probs`, which it aims at."""
    return order_sampling(probs, round(math.fsum(probs)), "sequential-poisson")


RANKED = (
    Method(
        name="pareto", title="帕累托不等概率抽样", draw=smallest_pareto, probs=chances, reads="tickets", fixed_size=True, exact_pi=False,
        joint="approximate", coordinates=True, variance="hajek", needs=("sizes",), pairs=APPROXIMATIONS["hajek"],
        approximation="hajek", rank=lambda units, n: _pareto_of(units, n).tolist(), exact=pareto_chances,
    ),
    Method(
        name="sequential-poisson", title="序贯泊松抽样", draw=smallest_sequential, probs=chances, reads="tickets", fixed_size=True,
        exact_pi=False, joint="approximate", coordinates=True, variance="hajek", needs=("sizes",), pairs=APPROXIMATIONS["hajek"],
        approximation="hajek", rank=lambda units, n: _sequential_of(units, n).tolist(), exact=sequential_chances,
    ),
    Method(
        name="poisson", title="泊松抽样", draw=numbers_below, probs=chances, reads="tickets", fixed_size=False, exact_pi=True,
        joint="exact", coordinates=True, variance="poisson", needs=("sizes",), pairs=poisson,
        rank=lambda units, n: numbers(units.tickets).tolist(),
    ),
)  # fmt: skip
