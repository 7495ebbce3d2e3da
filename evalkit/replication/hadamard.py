"""Hadamard matrices by rule: the matrices that R's survey takes for balanced half-samples, and those of successive differences.

A matrix of order 2^j m is its core of order m doubled j times, H → [[H, H], [H, −H]] (Sylvester). Cores:

- order 1;
- order p + 1 for a prime p of the form 4k + 3: a border of +1, and inside it −1 where (i + j) mod p is a square, 0 included (Paley 1933);
- order 36 from the twin primes 5 and 7: a first row of +1, a last column of −1 below it, the rest +1 where the Legendre symbols of
  (i + j) mod 35 agree, or 5 divides it and 7 does not (Stanton & Sprott 1958, Canad. J. Math. 10:73);
- order 28 from the prime 13, by Paley's second construction, its columns turned so that the first row is +1.

Which order is taken for a number of pairs, and the order of rows and columns, follow R survey 4.1-1 (``hadamard``), so that
statistics that are not linear get the same variance. One exception: where R's core is of order 28 (24 to 27 pairs, 48 to 55, 108 to
111, 220 to 223) it reads a matrix from a list, for which no rule is known; here it is Paley's. Variances of totals are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.variances import Floats, Ints

Signs = NDArray[np.int8]

R_CORES = (4, 16, 28, 36)  # the orders R keeps, 4 and 16 being doublings of order 1
LARGEST_PRIME = 7919  # of R's list; beyond it cores are doubled


@dataclass(frozen=True, eq=False)
class Hadamard:
    """A Hadamard matrix, given by its core.

    Attributes
    ----------
    core : (m, m) int8 array of −1 and 1
    order : int
        m times a power of 2.
    """

    core: Signs
    order: int

    def signs(self, rows: Ints, columns: Ints) -> Floats:
        """Return the entries at rows × columns, −1.0 or 1.0.

        Examples
        --------
        >>> matrix = Hadamard(np.ones((1, 1), dtype=np.int8), 4)
        >>> matrix.signs(np.arange(4), np.arange(4)).astype(int).tolist()
        [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
        """
        size = len(self.core)
        inner: Signs = self.core[np.ix_(rows % size, columns % size)]
        if self.order == size:
            return inner.astype(np.float64)
        odd = np.bitwise_count((rows // size)[:, None] & (columns // size)) & 1
        return np.asarray(inner * (1.0 - 2.0 * odd))


def for_pairs(pairs: int) -> Hadamard:
    """Return the matrix R's survey takes for `pairs` pairs of units: its first row is +1, and rows 1 … `pairs` are the pairs.

    Parameters
    ----------
    pairs : int
        Number of pairs, 0 or more.

    Examples
    --------
    >>> [for_pairs(pairs).order for pairs in (1, 3, 4, 14, 17, 32, 48)]
    [4, 4, 8, 16, 20, 36, 56]
    """
    below = pairs - pairs % 4
    kept = [size for size in R_CORES if below < size <= below + 4]
    if kept:
        return Hadamard(_core(kept[0]), kept[0])
    sizes = [_doubled(size, pairs + 1) for size in R_CORES]
    best = min(range(len(sizes)), key=lambda at: sizes[at])
    found = _paley(pairs, sizes[best]) if sizes[best] - pairs > 4 else None
    return found or Hadamard(_core(R_CORES[best]), sizes[best])


def for_differences(replicates: int) -> Hadamard:
    """Return the matrix of successive differences: 4·2^j ≥ `replicates`, with no row that is +1 throughout.

    The core is that of Ash 2014 (Surv. Meth. 40:47, table 1) as svrep takes it, so that no replicate equals the full sample for
    want of a difference.

    Examples
    --------
    >>> for_differences(5).order
    8
    """
    core = np.array([[1, -1, 1, 1], [-1, -1, -1, 1], [1, -1, -1, -1], [1, 1, -1, 1]], dtype=np.int8)
    return Hadamard(core, _doubled(4, replicates))


def _doubled(size: int, least: int) -> int:
    while size < least:
        size *= 2
    return size


def _core(size: int) -> Signs:
    made: dict[int, Callable[[], Signs]] = {28: _second_paley, 36: _twin_primes}
    return made[size]() if size in made else np.ones((1, 1), dtype=np.int8)


def _paley(pairs: int, most: int) -> Hadamard | None:
    """Return R's choice among orders 2^j (p + 1) up to `most`, None where it has none."""
    primes = _primes()
    ceiling = order = pairs + 4 - pairs % 4
    if pairs % 8 >= 4:
        while order % 8 == 0:
            order //= 2
        if order - 1 in primes:
            return Hadamard(_bordered(order - 1), ceiling)
    if pairs > primes[-1]:
        return None
    prime = next(p for p in primes if p >= pairs)
    if ceiling + 4 < min(prime + 1, most):
        return _paley(ceiling + 3, 2 * (ceiling + 3))
    return None if prime > most else Hadamard(_bordered(prime), prime + 1)


def _primes() -> list[int]:
    """Return the primes 4k + 3 up to the largest of R's list."""
    sieve = np.ones(LARGEST_PRIME + 1, dtype=bool)
    for number in range(2, int(LARGEST_PRIME**0.5) + 1):
        sieve[number * number :: number] = False
    return [number for number in range(3, LARGEST_PRIME + 1, 4) if sieve[number]]


def _squares(prime: int) -> NDArray[np.bool_]:
    """Say for 0 … prime − 1 which are squares; 0 is."""
    found = np.zeros(prime, dtype=bool)
    found[np.arange(prime) ** 2 % prime] = True
    return found


def _bordered(prime: int) -> Signs:
    core = np.ones((prime + 1, prime + 1), dtype=np.int8)
    index = np.arange(prime)
    core[1:, 1:][_squares(prime)[(index[:, None] + index) % prime]] = -1
    return core


def _twin_primes() -> Signs:
    index = np.arange(35)
    agree = _squares(5)[index % 5] == _squares(7)[index % 7]
    first = np.where(np.gcd(index, 35) == 1, agree, (index % 5 == 0) & (index % 7 != 0))
    core = np.ones((36, 36), dtype=np.int8)
    core[1:, :35] = np.where(first[(index[:, None] + index) % 35], 1, -1)
    core[1:, 35] = -1
    return core


def _second_paley() -> Signs:
    index = np.arange(13)
    away = (index[:, None] - index) % 13
    conference = np.ones((14, 14), dtype=np.int8)
    conference[1:, 1:] = np.where(away == 0, 0, np.where(_squares(13)[away], 1, -1))
    conference[0, 0] = 0
    core = np.kron(conference, [[1, 1], [1, -1]]) + np.kron(np.eye(14, dtype=np.int8), [[1, -1], [-1, -1]])
    turned: Signs = (core * core[0]).astype(np.int8)
    return turned
