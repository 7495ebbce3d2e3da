"""Equal probability: every unit of a stratum has the chance n/N."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evalkit.inclusion.exact import poisson, srs, systematic
from evalkit.inclusion.first import between
from evalkit.inclusion.working import checked
from evalkit.selection.methods import Method, Units

BITS = 52
HEAD = 8


def smallest_tickets(units: Units, n: int) -> list[int]:
    """Choose the n units with the smallest tickets: simple random sampling without replacement.

    Each unit is chosen with probability n/N and each pair with n(n−1)/(N(N−1)) (Fan, Muller & Rezucha
    1962, JASA 57:387, their method of sorted random numbers).

    Parameters
    ----------
    units : Units
        The N units, in the order of their ids; only the tickets are read.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, smallest ticket first; equal tickets stand in the order of ids.

    Raises
    ------
    ValueError
        When n is not between 0 and N.

    Examples
    --------
    >>> smallest_tickets(Units([b"c", b"a", b"d", b"b"]), 2)
    [1, 3]
    """
    between(n, len(units))
    return sorted(_candidates(units.tickets, n), key=units.tickets.__getitem__)[:n]


def tickets_below(units: Units, n: int) -> list[int]:
    """Choose each unit by itself when its number is below n/N: Bernoulli sampling, with n the expected size.

    Units are chosen independently, so the chance of a pair is (n/N)² and the size is random with variance
    n(1 − n/N) (Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, p. 62).

    Parameters
    ----------
    units : Units
        The N units; only the tickets are read.
    n : int
        The expected size, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, smallest ticket first.

    Raises
    ------
    ValueError
        When n is not between 0 and N.

    Examples
    --------
    >>> tickets_below(Units([bytes([k]) * 32 for k in (90, 200, 10, 120)]), 2)
    [2, 0, 3]
    """
    size = len(units)
    between(n, size)
    chosen = np.flatnonzero(numbers(units.tickets) < n / size).tolist() if size else []
    return sorted(chosen, key=units.tickets.__getitem__)


def equal_steps(units: Units, n: int) -> list[int]:
    """Choose every (N/n)-th unit of the list from a random start: systematic sampling.

    Position k is ``floor((u + k) N / n)`` for k = 0 … n−1, with u the number of the stratum; the interval is
    a fraction and is never rounded, so every unit has the chance n/N (Murthy & Rao 1988, Handbook of
    Statistics 6, ch. 7). Whole numbers only, so it is exact for any N.

    Parameters
    ----------
    units : Units
        The N units in the order of the list; only their number and `start`, at least 8 bytes, are read.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, ascending.

    Raises
    ------
    ValueError
        When n is not between 0 and N.

    Examples
    --------
    >>> equal_steps(Units([b""] * 10, bytes(8)), 4)
    [0, 2, 5, 7]
    """
    size = len(units)
    between(n, size)
    halves, whole = halves_of(units.start), 2 ** (BITS + 1)
    return [(halves + k * whole) * size // (n * whole) for k in range(n)]


def circular_steps(units: Units, n: int) -> list[int]:
    """Choose every (N/n)-th unit round the list from a start anywhere in it: circular systematic sampling.

    Position k is ``floor(u N + k N / n) mod N`` for k = 0 … n−1. It differs from `equal_steps` in the start,
    which lies anywhere among the N units and not in the first interval only, so in which sample a given start
    leads to and in the order of release, which begins at the start and goes round. The samples that can occur
    and their chances are the same, because the interval is never rounded; where it is rounded (Lahiri 1951,
    in Murthy & Rao 1988, Handbook of Statistics 6, ch. 7) only the circle keeps the size and the chance n/N.

    Parameters
    ----------
    units : Units
        The N units in the order of the list; only their number and `start`, at least 8 bytes, are read.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions of the chosen units, from the start round the list.

    Raises
    ------
    ValueError
        When n is not between 0 and N.

    Examples
    --------
    >>> circular_steps(Units([b""] * 10, bytes([0x80]) + bytes(7)), 4)
    [5, 7, 0, 2]
    """
    size = len(units)
    between(n, size)
    halves, whole = halves_of(units.start), 2 ** (BITS + 1)
    return [(halves * n + k * whole) * size // (n * whole) % size for k in range(n)]


def every_unit(units: Units, n: int) -> list[int]:
    """Take every unit, in ticket order: a census of the stratum.

    Parameters
    ----------
    units : Units
        The N units; only the tickets are read.
    n : int
        Not read by this method: all are taken.

    Returns
    -------
    list of int
        All positions, smallest ticket first.

    Examples
    --------
    >>> every_unit(Units([b"b", b"a"]), 1)
    [1, 0]
    """
    return smallest_tickets(units, len(units))


def equal_chances(units: Units, n: int) -> list[float]:
    """Return n/N for each unit.

    Examples
    --------
    >>> equal_chances(Units([b""] * 4), 1)
    [0.25, 0.25, 0.25, 0.25]
    """
    size = len(units)
    between(n, size)
    return [n / size] * size if size else []


def sure_chances(units: Units, n: int) -> list[float]:
    """Return 1 for each unit; n is not read.

    Examples
    --------
    >>> sure_chances(Units([b""] * 2), 1)
    [1.0, 1.0]
    """
    return [1.0] * len(units)


def simple_pairs(probs: Sequence[float]) -> np.ndarray:
    """Return the chances of pairs of a simple random sample, n(n−1)/(N(N−1)), with n/N on the diagonal.

    Parameters
    ----------
    probs : sequence of float, shape (N,)
        n/N for each unit.

    Returns
    -------
    array, shape (N, N)

    Raises
    ------
    ValueError
        When the chances differ, or are not n/N for a whole n.

    Examples
    --------
    >>> simple_pairs([0.5] * 4).round(4).tolist()[0]
    [0.5, 0.1667, 0.1667, 0.1667]
    """
    size, total = len(checked(probs)), math.fsum(probs)
    n = round(total)
    if any(not abs(p - n / size) <= 1e-9 for p in probs):
        raise ValueError(f"概率之和 {total:g}，最小 {min(probs):g}，最大 {max(probs):g}｜简单随机抽样中每个单位的概率都是 n/N｜改正概率")
    return srs(size, n)


def numbers(tickets: Sequence[bytes]) -> np.ndarray:
    """Return the tickets as numbers between 0 and 1, each exactly that of `evalkit.tickets.number`.

    Parameters
    ----------
    tickets : sequence of bytes, shape (N,)
        Digests of at least 8 bytes.

    Returns
    -------
    array of float, shape (N,)

    Raises
    ------
    ValueError
        When a digest is too short.

    Examples
    --------
    >>> numbers([bytes(8), bytes([0x40]) + bytes(31)]).round(6).tolist()
    [0.0, 0.25]
    """
    if min(map(len, tickets), default=HEAD) < HEAD:
        short = [str(k + 1) for k, ticket in enumerate(tickets) if len(ticket) < HEAD]
        raise ValueError(f"第 {'、'.join(short)} 个单位的签号不足 {HEAD} 字节｜签号是 SHA-256 的结果｜重新生成签号")
    whole = (_heads(tickets) >> np.uint64(64 - BITS)).astype(float)
    return np.asarray((whole + 0.5) / 2.0**BITS)


def halves_of(start: bytes) -> int:
    """Return the number of a digest as the whole number u · 2**53, so that nothing rounds.

    Examples
    --------
    >>> halves_of(bytes(8)), halves_of(bytes([0x80]) + bytes(7)) == 2**52 + 1
    (1, True)
    """
    return 2 * (int.from_bytes(start[:HEAD], "big") >> (64 - BITS)) + 1


def _heads(tickets: Sequence[bytes]) -> np.ndarray:
    """Return the first 64 bits of each ticket; shorter tickets are filled with zeros, which keeps their order."""
    widths = set(map(len, tickets))
    if len(widths) == 1 and min(widths) >= HEAD:
        table = np.frombuffer(b"".join(tickets), dtype=np.uint8).reshape(len(tickets), -1)[:, :HEAD]
        return np.ascontiguousarray(table).view(">u8")[:, 0].astype(np.uint64)
    return np.frombuffer(b"".join(ticket[:HEAD].ljust(HEAD, b"\0") for ticket in tickets), dtype=">u8").astype(np.uint64)


def _candidates(tickets: Sequence[bytes], n: int) -> Sequence[int]:
    """Return positions, ascending, among which the n smallest tickets are: sorting few is faster than sorting all."""
    if 4 * n >= len(tickets) or n == 0:
        return range(len(tickets))
    heads = _heads(tickets)
    few: list[int] = np.flatnonzero(heads <= np.partition(heads, n - 1)[n - 1]).tolist()
    return few


EQUAL = (
    Method(
        name="srs", title="简单随机抽样", draw=smallest_tickets, probs=equal_chances, reads="tickets", fixed_size=True, exact_pi=True,
        joint="exact", coordinates=True, variance="srs", pairs=simple_pairs, rank=lambda units, n: units.tickets,
    ),
    Method(
        name="bernoulli", title="伯努利抽样", draw=tickets_below, probs=equal_chances, reads="tickets", fixed_size=False, exact_pi=True,
        joint="exact", coordinates=True, variance="poisson", pairs=poisson, rank=lambda units, n: numbers(units.tickets).tolist(),
    ),
    Method(
        name="systematic", title="等距抽样", draw=equal_steps, probs=equal_chances, reads="start", fixed_size=True, exact_pi=True,
        joint="some-zero", coordinates=False, variance="successive", ordered=True, pairs=systematic,
    ),
    Method(
        name="systematic-circular", title="循环等距抽样", draw=circular_steps, probs=equal_chances, reads="start", fixed_size=True,
        exact_pi=True, joint="some-zero", coordinates=False, variance="successive", ordered=True, pairs=systematic,
    ),
    Method(
        name="take-all", title="全部入样", draw=every_unit, probs=sure_chances, reads="nothing", fixed_size=True, exact_pi=True,
        joint="exact", coordinates=True, variance="srs", pairs=poisson,
    ),
)  # fmt: skip
