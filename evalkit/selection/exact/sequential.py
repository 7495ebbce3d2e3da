"""Down the list once, each unit decided by its own ticket: Sampford's design and conditional Poisson sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from evalkit.inclusion.working import Numbers, cps_odds, steps
from evalkit.selection.exact.rest import drawn
from evalkit.selection.methods import Units
from evalkit.tickets import number

Step = Callable[[int, int, float], float]


def sampford_draw(units: Units, n: int) -> list[int]:
    """Draw Sampford's design down the list, without rejection: p(s) ∝ Π_s ω_i · Σ_s(1 − π_i), ω = π/(1 − π).

    With m units wanted behind those decided, c the sum of 1 − π over the units taken, q_k(m) the chance of conditional
    Poisson sampling (`evalkit.inclusion.working.steps`) and D_k(m) its expected sum of 1 − π over the units k … N, unit k is
    taken when its ticket is below q_k(m)·(D_{k+1}(m−1) + 1 − π_k + c)/(D_k(m) + c). The design is Sampford's (1967,
    Biometrika 54:499); that his rejections can be replaced by a walk down the list is the argument of Chen & Liu
    (1997, Statistica Sinica 7:875) for his p(s).

    Parameters
    ----------
    units : Units
        Tickets and sizes.
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
    >>> sampford_draw(Units([b"c" * 8, b"a" * 8, b"d" * 8, b"b" * 8], sizes=[1, 1, 2, 16]), 2)
    [3, 2]
    """
    return drawn(units, n, _sampford)


def _sampford(units: Units, sizes: Sequence[int], probs: list[float], n: int) -> list[int]:
    chances = np.asarray(probs)
    taken, passed = steps(chances / (1 - chances), n)
    return _walk(units, n, passed, 1 - chances, sampford_step(taken, passed, 1 - chances))


def sampford_step(taken: Numbers, passed: Numbers, out: Numbers) -> Step:
    """Return Sampford's chance of taking unit k when m are wanted, as a function of k, m and the sum of 1 − π of the units taken.

    Parameters
    ----------
    taken, passed : array, shape (N, n + 1)
        As `steps` gives them for ω = π/(1 − π).
    out : array, shape (N,)
        1 − π.

    Examples
    --------
    >>> probs = np.array([0.5, 0.75, 0.75])
    >>> chance = sampford_step(*steps(probs / (1 - probs), 2), 1 - probs)
    >>> round(chance(0, 2, 0.0), 12)
    0.5
    """
    ahead = np.zeros((len(out) + 1, taken.shape[1]))
    for k in range(len(out) - 1, -1, -1):
        ahead[k] = passed[k] * ahead[k + 1]
        ahead[k, 1:] += taken[k, 1:] * (ahead[k + 1, :-1] + out[k])

    def chance(k: int, m: int, held: float) -> float:
        return float(taken[k, m] * (ahead[k + 1, m - 1] + out[k] + held) / (ahead[k, m] + held))

    return chance


def _walk(units: Units, n: int, passed: Numbers, out: Numbers, chance: Step) -> list[int]:
    """Decide the units in the order of the list, each by its own ticket, until n are taken."""
    chosen, held = list[int](), 0.0
    for k, ticket in enumerate(units.tickets):
        m = n - len(chosen)
        if m == 0:
            break
        # when no more are left than are wanted, the unit is taken whatever rounding made of its chance
        if passed[k, m] == 0 or number(ticket) < chance(k, m, held):
            chosen.append(k)
            held += float(out[k])
    return chosen


def cps_draw(units: Units, n: int) -> list[int]:
    """Draw conditional Poisson sampling, the design of largest entropy with these π, down the list.

    Unit k is taken when its ticket is below ω_k/(ω_k + r(k, m)) with m the number still wanted, ω the odds of
    `evalkit.inclusion.working.cps_odds` and r as in `steps` (Chen, Dempster & Liu 1994, Biometrika 81:457; Chen & Liu
    1997, Statistica Sinica 7:875).

    Parameters
    ----------
    units : Units
        Tickets and sizes.
    n : int
        How many to choose, 0 ≤ n ≤ N.

    Returns
    -------
    list of int
        Positions: certainty units, then the others, each by ticket.

    Raises
    ------
    ValueError
        When n is not between 0 and N, a size is not positive, or the iteration for ω does not end.

    Examples
    --------
    >>> cps_draw(Units([b"c" * 8, b"a" * 8, b"d" * 8, b"b" * 8], sizes=[1, 1, 2, 16]), 2)
    [3, 2]
    """
    return drawn(units, n, _cps)


def _cps(units: Units, sizes: Sequence[int], probs: list[float], n: int) -> list[int]:
    taken, passed = steps(_odds(tuple(probs), n), n)
    return _walk(units, n, passed, 1 - np.asarray(probs), lambda k, m, held: float(taken[k, m]))


@lru_cache(maxsize=256)
def _odds(probs: tuple[float, ...], n: int) -> Numbers:
    """Find the odds once for a list that is drawn from many times."""
    odds = cps_odds(probs, n)
    odds.setflags(write=False)
    return odds
