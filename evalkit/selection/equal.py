"""Equal probability: every unit of a stratum has the chance n/N."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.selection.methods import Method

BITS = 52


def smallest_tickets(tickets: Sequence[bytes], n: int, start: bytes = b"") -> list[int]:
    """Choose the n units with the smallest tickets: simple random sampling without replacement.

    Each unit is chosen with probability n/N and each pair with n(n−1)/(N(N−1)) (Fan, Muller & Rezucha
    1962, JASA 57:387, their method of sorted random numbers).

    Parameters
    ----------
    tickets : sequence of bytes
        Digests of the N units, in the order of their ids.
    n : int
        How many to choose, 0 ≤ n ≤ N.
    start : bytes
        Not read by this method.

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
    >>> smallest_tickets([b"c", b"a", b"d", b"b"], 2)
    [1, 3]
    """
    _bounded(n, len(tickets))
    return sorted(range(len(tickets)), key=lambda i: (tickets[i], i))[:n]


def equal_steps(tickets: Sequence[bytes], n: int, start: bytes) -> list[int]:
    """Choose every (N/n)-th unit of the list from a random start: systematic sampling.

    Position k is ``floor((u + k) N / n)`` for k = 0 … n−1, with u the number of `start`; the interval is
    a fraction and is never rounded, so every unit has the chance n/N (Murthy & Rao 1988, Handbook of
    Statistics 6, ch. 7). Whole numbers only, so it is exact for any N.

    Parameters
    ----------
    tickets : sequence of bytes
        Digests of the N units in the order of their ids; only their number is read.
    n : int
        How many to choose, 0 ≤ n ≤ N.
    start : bytes
        Digest of the stratum, at least 8 bytes.

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
    >>> equal_steps([b""] * 10, 4, bytes(8))
    [0, 2, 5, 7]
    """
    size = len(tickets)
    _bounded(n, size)
    # u = halves / 2**53 is the same number as tickets.number(start), kept whole so that nothing rounds
    halves = 2 * (int.from_bytes(start[:8], "big") >> (64 - BITS)) + 1
    whole = 2 ** (BITS + 1)
    return [(halves + k * whole) * size // (n * whole) for k in range(n)]


def every_unit(tickets: Sequence[bytes], n: int, start: bytes = b"") -> list[int]:
    """Take every unit, in ticket order: a census of the stratum.

    Parameters
    ----------
    tickets : sequence of bytes
        Digests of the N units.
    n : int
        Not read by this method: all are taken.
    start : bytes
        Not read by this method.

    Returns
    -------
    list of int
        All positions, smallest ticket first.

    Examples
    --------
    >>> every_unit([b"b", b"a"], 1)
    [1, 0]
    """
    return smallest_tickets(tickets, len(tickets))


def _bounded(n: int, size: int) -> None:
    if not 0 <= n <= size:
        raise ValueError(f"n = {n}｜应在 0 与 N = {size} 之间｜改小 n")


EQUAL = (
    Method(
        name="srs",
        title="简单随机抽样",
        draw=smallest_tickets,
        reads="tickets",
        fixed_size=True,
        exact_pi=True,
        joint="exact",
        coordinates=True,
        variance="exact",
    ),
    Method(
        name="systematic",
        title="等距抽样",
        draw=equal_steps,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="some-zero",
        coordinates=False,
        variance="conservative",
    ),
    Method(
        name="take-all",
        title="全部入样",
        draw=every_unit,
        reads="nothing",
        fixed_size=True,
        exact_pi=True,
        joint="exact",
        coordinates=True,
        variance="exact",
    ),
)
