"""From words of SHAKE-256 to draws of units: with replacement, many to a word, or without replacement, by sorting.

Replicate r of a purpose has a stream of its own, SHAKE-256 over ``seed|purpose|r`` with r = 0, 1, … in decimals, so that the
first 500 of 10,000 replicates are the 500, a replicate can be made without the others, and neither chunks nor threads matter. Purposes
are ``replicates rwy``, ``replicates bootstrap``, ``replicates bootstrap list`` (without replacement, from the list of a population),
``replicates preston 1`` and ``replicates beaumont-emond 1`` (with the number of the stage); ``replicates bootstrap order`` has one
stream, of numbers by which the units of a stratum are ordered on the list.

**With replacement.** A word of 64 bits is cut to its upper b bits, a number w in [0, 2^b). With n units in the stratum, the first draw is
⌊w n/2^b⌋, and what is left, w n mod 2^b, gives the next in the same way: the digits of w/2^b to the base n. A word gives as many draws
as keep n^k ≤ 2^(b − 20), so each outcome has its chance but for a relative error below 2^−20. All strata use the same b,
64 less the binary digits of the largest n. A stratum that needs D draws has V = ⌈D/k⌉ words, and draw j V + v is digit j of word v.
Words stand in the stream by falling number of digits used, then by stratum, then by v.

**Without replacement.** The words are read as numbers of 32 bits, the lower half first, one a unit; the n* smallest of a stratum
are chosen, equal numbers in the order of units (chance below n/2^32).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit import streams
from evalkit.variances import Floats, Ints

SPARE = 20  # bits that a word keeps beyond its draws
Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Layout:
    """How words become draws with replacement.

    Attributes
    ----------
    bits : int
        b.
    size : (words,) uint64 array
        n of the stratum of each word.
    first : (words,) int array
        First place of the stratum of each word.
    active : tuple of int
        How many words, from the first on, give a j-th digit.
    places : int
        Units of all strata.
    """

    bits: int
    size: Words
    first: Ints
    active: tuple[int, ...]
    places: int

    def counts(self, words: Words) -> Ints:
        """Return how often each unit was drawn, (replicates, places), from (replicates, words)."""
        bits, mask = np.uint64(self.bits), np.uint64((1 << self.bits) - 1)
        left, drawn = words >> np.uint64(64 - self.bits), np.empty((len(words), sum(self.active)), dtype=np.uint64)
        begin = self.first.astype(np.uint64) + np.arange(len(words), dtype=np.uint64)[:, None] * np.uint64(self.places)
        at = 0
        for active in self.active:
            part, digits = left[:, :active], drawn[:, at : at + active]
            part *= self.size[:active]
            np.right_shift(part, bits, out=digits)
            digits += begin[:, :active]
            part &= mask
            at += active
        found = np.bincount(drawn.view(np.int64).ravel(), minlength=len(words) * self.places)
        return found.reshape(len(words), self.places)


def layout_of(first: Ints, size: Ints, draws: Ints) -> Layout:
    """Return the layout for `draws` draws of each stratum of `size` units that begin at place `first`.

    Examples
    --------
    >>> layout = layout_of(np.array([0, 100]), np.array([100, 3]), np.array([99, 2]))
    >>> layout.bits, layout.active
    (57, (21, 21, 20, 20, 19))
    """
    bits = 64 - int(size.max(initial=1)).bit_length()
    sizes, of = np.unique(size, return_inverse=True)
    digits = np.array([_digits(int(n), bits - SPARE) for n in sizes], dtype=np.int64)[of]
    words = -(-draws // digits)
    cell = np.repeat(np.arange(len(size)), words)
    place = np.arange(len(cell)) - np.repeat(np.cumsum(words) - words, words)
    used = -(-(draws[cell] - place) // words[cell])
    order = np.lexsort((place, cell, -used))
    active = tuple(int((used > j).sum()) for j in range(int(used.max(initial=0))))
    return Layout(bits, size[cell[order]].astype(np.uint64), first[cell[order]], active, int(size.sum()))


def _digits(n: int, room: int) -> int:
    """Return the largest k ≥ 1 with n^k ≤ 2^room."""
    k = 1
    while n ** (k + 1) <= 1 << room:
        k += 1
    return k


def drawn_counts(layout: Layout, seed: str, purpose: str, start: int, stop: int) -> Ints:
    """Return the counts of replicates `start` to `stop`, (stop − start, places)."""
    return layout.counts(streams.words(seed, purpose, [str(r) for r in range(start, stop)], len(layout.size)))


def chosen(first: Ints, size: Ints, take: Ints, seed: str, purpose: str, start: int, stop: int) -> NDArray[np.bool_]:
    """Say which units are among the `take` of `size` chosen without replacement, (stop − start, places).

    Parameters
    ----------
    first, size, take : (cells,) int arrays
        First place, number of units and number to choose of each stratum, 1 ≤ take ≤ size.
    seed, purpose : str
    start, stop : int
        Replicates.
    """
    places = int(size.sum())
    words = streams.words(seed, purpose, [str(r) for r in range(start, stop)], -(-places // 2))
    lot = words.view("<u4")[:, :places].astype(np.uint64)
    cell = np.repeat(np.arange(len(size)), size)
    within = (np.arange(places) - first[cell]).astype(np.uint64)
    position = np.uint64(int(size.max(initial=1)).bit_length())
    lot <<= position
    lot |= within + (cell.astype(np.uint64) << (position + np.uint64(32)))
    last = np.sort(lot, axis=1)[:, first + take - 1]
    return np.asarray(lot <= last[:, cell])


def stirred(first: Ints, size: Ints, seed: str, purpose: str) -> Ints:
    """Return the places of each stratum in one random order, stratum after stratum."""
    lot: Floats = streams.numbers(seed, purpose, "", int(size.sum()))
    return np.lexsort((lot, np.repeat(np.arange(len(size)), size)))
