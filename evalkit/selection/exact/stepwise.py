"""One unit after the other, by the numbers of the stratum: the rules of Brewer, Tillé and Midzuno."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from evalkit.inclusion.working import Numbers, certain_counts
from evalkit.selection.exact.rest import drawn
from evalkit.selection.methods import Units
from evalkit.tickets import series


def brewer_draw(units: Units, n: int) -> list[int]:
    """Draw one unit after the other by Brewer's rule.

    At step j each unit not yet drawn has a chance proportional to π_k(n − a − π_k)/(n − a − (n − j + 1)π_k), a = Σπ over
    the units drawn (Brewer 1975, Austral. J. Statist. 17:166; Tillé 2006, Sampling Algorithms, §6.1.3). Units
    are looked up in the order of the list by the numbers of the stratum. For n = 2 this is Sampford's design; beyond, its
    pairs have no closed form and Sampford's come closest.

    Parameters
    ----------
    units : Units
        Tickets (for the order of release), start and sizes.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions: certainty units, then the others, each by ticket.

    Raises
    ------
    ValueError
        When n is not between 0 and N, or a size is not positive.

    Examples
    --------
    >>> brewer_draw(Units([b"c", b"a", b"d", b"b"], bytes(32), sizes=[1, 1, 2, 16]), 2)
    [3, 0]
    """
    return drawn(units, n, _brewer)


def _brewer(units: Units, sizes: Sequence[int], probs: list[float], n: int) -> list[int]:
    chances, numbers = np.asarray(probs), series(units.start)
    chosen: list[int] = []
    for _ in range(n):
        running = list(accumulate(brewer_weights(chances, n, chosen).tolist()))
        # a unit drawn has weight 0, so its running sum is that of the unit before and is stepped over
        at = bisect_right(running, next(numbers) * running[-1])
        # the product may round up to the total: then it is the last unit that adds to it
        chosen.append(min(at, bisect_left(running, running[-1])))
    return chosen


def brewer_weights(probs: Numbers, n: int, chosen: Sequence[int]) -> Numbers:
    """Return the weights of Brewer's next step, 0 for the units drawn; written in 1 − π, so that nothing cancels near π = 1.

    n − a − rπ_k with r = n − j + 1 is Σ(1 − π) over the units drawn plus r(1 − π_k), above 0 at every step.

    Examples
    --------
    >>> brewer_weights(np.array([0.5, 0.75, 0.75]), 2, [2]).tolist()
    [0.5, 0.75, 0.0]
    """
    held, left = math.fsum(1 - float(probs[i]) for i in chosen), n - len(chosen)
    out = 1 - probs
    weights = probs * (held + (left - 1) + out) / (held + left * out)
    weights[list(chosen)] = 0.0
    return np.asarray(weights)


def tille_draw(units: Units, n: int) -> list[int]:
    """Take all units and let one after the other go until n are left: Tillé's elimination.

    From k + 1 units to k, a unit leaves with chance 1 − π(k)/π(k + 1), π(k) the inclusion probabilities of sample size k
    (Tillé 1996, Biometrika 83:238). Which sizes are certain at k is compared in whole numbers. A number of the
    stratum is held first against the units that stop being certain, largest first; the units that stopped earlier
    share what is left equally, in the order in which they stopped.

    Parameters
    ----------
    units : Units
        Tickets (for the order of release), start and sizes.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions: certainty units, then the others, each by ticket.

    Raises
    ------
    ValueError
        When n is not between 0 and N, or a size is not positive.

    Examples
    --------
    >>> tille_draw(Units([b"c", b"a", b"d", b"b"], bytes(32), sizes=[1, 1, 2, 16]), 2)
    [3, 2]
    """
    return drawn(units, n, _tille)


def _tille(units: Units, sizes: Sequence[int], probs: list[float], n: int) -> list[int]:
    return stayers(sizes, n, series(units.start))


def stayers(sizes: Sequence[int], n: int, numbers: Iterator[float]) -> list[int]:
    """Return the positions of the n units that are left by elimination; no unit may be certain at n.

    Examples
    --------
    >>> stayers([1, 1, 1], 1, iter([0.1, 0.6]))
    [1]
    """
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i], i))
    descending = [sizes[i] for i in order]
    behind = [*accumulate(reversed(descending))][::-1]
    was, open_ = len(sizes), list[int]()
    for k, sure in zip(range(len(sizes) - 1, n - 1, -1), certain_counts(descending, n), strict=True):
        left = behind[sure]
        stopped = list(range(sure, was))
        leave = accumulate((left - (k - sure) * descending[j]) / left for j in stopped)
        gone = _gone(list(leave), len(open_), next(numbers))
        stopped, open_ = _without(stopped, open_, gone)
        open_ += stopped
        was = sure
    return sorted(order[j] for j in (*range(was), *open_))


def _gone(leave: list[float], others: int, u: float) -> int:
    """Return which of the stopped units, counted from 0, or of the others behind them goes."""
    at = bisect_right(leave, u)
    if at < len(leave) or not others:
        return min(at, len(leave) - 1)
    used = leave[-1] if leave else 0.0
    return at + min(int((u - used) / (1 - used) * others), others - 1)


def _without(stopped: list[int], open_: list[int], gone: int) -> tuple[list[int], list[int]]:
    if gone < len(stopped):
        del stopped[gone]
    else:
        del open_[gone - len(stopped)]
    return stopped, open_


def midzuno_draw(units: Units, n: int) -> list[int]:
    """Draw the units that Tillé's elimination with 1 − π lets go: the generalised Midzuno design.

    1 − π is proportional to X − n x, with X the sum of the sizes x: whole numbers again. Where all π are at least
    (n − 1)/(N − 1) this is one unit with unequal chances and the rest by simple random sampling (Midzuno 1952, Ann.
    Inst. Statist. Math. 3:99; Deville & Tillé 1998, Biometrika 85:89, §4).

    Parameters
    ----------
    units : Units
        Tickets (for the order of release), start and sizes.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions: certainty units, then the others, each by ticket.

    Raises
    ------
    ValueError
        When n is not between 0 and N, or a size is not positive.

    Examples
    --------
    >>> midzuno_draw(Units([b"c", b"a", b"d", b"b"], bytes(32), sizes=[1, 1, 2, 16]), 2)
    [3, 0]
    """
    return drawn(units, n, _midzuno)


def _midzuno(units: Units, sizes: Sequence[int], probs: list[float], n: int) -> list[int]:
    total = sum(sizes)
    kept = set(stayers([total - n * size for size in sizes], len(sizes) - n, series(units.start)))
    return [i for i in range(len(sizes)) if i not in kept]
