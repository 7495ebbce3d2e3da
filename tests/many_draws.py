"""Many draws of made-up villages: how often each unit is chosen, and whether that agrees with its chance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from evalkit import tickets
from evalkit.selection import Method, Units
from evalkit.selection.ranked import chances

Draw = Callable[[Units, int], list[int]]
DRAWS = 2000
# the largest chance below 1 is over 0.9; for 5 and 20 larger sizes are certain
SIZES = {2: [1, 2, 3, 4, 5, 14], 5: [3, 1, 4, 1, 5, 8, 2, 6, 5, 10], 20: [*range(5, 17), *range(5, 17), 17, 18]}


def villages(size: int, seed: str, **columns: Any) -> Units:
    """Return units with tickets of a seed, and their stratum's digest."""
    digests = [tickets.digest(seed, "village", f"V{i:03d}") for i in range(size)]
    return Units(digests, tickets.digest(seed, "village", "start|甲"), **columns)


def frequencies(draw: Draw, size: int, n: int, **columns: Any) -> list[float]:
    """Return the share of draws in which each unit was chosen."""
    hits: Counter[int] = Counter()
    for k in range(DRAWS):
        hits.update(draw(villages(size, f"monte carlo {k}", **columns), n))
    return [hits[i] / DRAWS for i in range(size)]


def within_band(found: Sequence[float], probs: Sequence[float], errors: float = 4) -> bool:
    """Say whether every frequency is within so many standard errors of its chance; exactly 1 where the chance is 1."""
    return all(abs(f - p) <= errors * math.sqrt(p * (1 - p) / DRAWS) + 1e-12 for f, p in zip(found, probs, strict=True))


def hold(method: Method, n: int, **columns: Any) -> None:
    """Each unit's frequency is within 4 standard errors of its chance, some chances being over 0.9; one that is 5 % off is seen."""
    found = frequencies(method.draw, len(SIZES[n]), n, **columns)
    probs = method.probs(villages(len(SIZES[n]), "any", **columns), n)
    near = max(p for p in probs if p < 1)
    assert near > 0.9 and math.isclose(math.fsum(probs), n)
    assert within_band(found, probs)
    assert not within_band(found, [0.95 * p if p == near else p for p in probs])


def five_per_cent_off(n: int) -> tuple[list[float], list[float]]:
    """Return the chances of `SIZES`, and the same with the largest 5 % smaller and the smallest as much larger."""
    stated = chances(villages(len(SIZES[n]), "any", sizes=SIZES[n]), n)
    least, most = stated.index(min(stated)), stated.index(max(p for p in stated if p < 1))
    off = [p - 0.05 * stated[most] * (i == most) + 0.05 * stated[most] * (i == least) for i, p in enumerate(stated)]
    return stated, off
