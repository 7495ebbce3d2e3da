"""What a number and two bounds say of a threshold: the legal rule, and the three zones; for one rate or many at once."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

Direction = Literal["below", "above"]
Zone = Literal["met", "not met", "not proven"]
ZONES: tuple[Zone, ...] = ("not met", "not proven", "met")
SAME = 1e-12  # a weighted share may miss its own fraction by rounding


def satisfies(value: ArrayLike, threshold: float, direction: Direction, strict: bool) -> Any:
    """Return whether the legal rule is satisfied by a value, or by each of several.

    Examples
    --------
    >>> satisfies([.019, .02, .021], .02, "below", True).tolist(), satisfies(.9, .9, "above", False).tolist()
    ([True, False, False], True)
    """
    gap = np.asarray(value, dtype=float) - threshold
    beyond = gap < 0 if direction == "below" else gap > 0
    return np.where(np.abs(gap) <= SAME, not strict, beyond)


def zone_codes(low: ArrayLike, high: ArrayLike, threshold: float, direction: Direction) -> Any:
    """Return the place in `ZONES` of each pair of one-sided bounds; bounds that are no numbers prove nothing.

    Examples
    --------
    >>> [ZONES[code] for code in zone_codes([.001, .01, .021], [.019, .03, .05], .02, "below")]
    ['met', 'not proven', 'not met']
    """
    under, over = np.asarray(high, dtype=float) < threshold, np.asarray(low, dtype=float) > threshold
    good, bad = (under, over) if direction == "below" else (over, under)
    return np.where(good, 2, np.where(bad, 0, 1))
