"""From scores to grades, places and lights, by stated rules; for one set of scores or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.scoring import Grades, LightRule

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SAME = 1e-9  # points
LIGHTS = ("红灯", "黄灯", "绿灯")


def grade_codes(scores: Floats, vetoed: NDArray[np.bool_], rule: Grades) -> Ints:
    """Return the place of each unit's grade among the names, best first, shape (…, units).

    Units of one score share the better place; a unit that fails a gate is placed last, and has the grade of the veto where there is one.
    """
    if rule.bands:
        levels = np.array(list(rule.bands.values()))
        codes = (scores[..., None] < levels - SAME).sum(axis=-1)
    else:
        counted = np.where(vetoed, -np.inf, scores)
        ahead = (counted[..., None, :] > counted[..., :, None] + SAME).sum(axis=-1)
        edges = np.cumsum(list(rule.quota.values()))
        codes = np.searchsorted(edges, ahead, side="right")
    return np.asarray(np.where(vetoed, rule.names.index(rule.veto), codes) if rule.veto else codes, dtype=np.int64)


def light_codes(scores: Floats, rule: LightRule) -> Ints:
    """Return the place of each unit's light in `LIGHTS`, shape (…, units); units of one score have one light, the milder one."""
    if rule.rule == "threshold":
        low = np.asarray(scores < rule.yellow - SAME)
        return np.asarray(np.where(scores < rule.red - SAME, 0, np.where(low, 1, 2)), dtype=np.int64)
    behind = (scores[..., None, :] <= scores[..., :, None] + SAME).sum(axis=-1)  # from below, ties counted against nobody
    return np.asarray(np.where(behind <= rule.red, 0, np.where(behind <= rule.red + rule.yellow, 1, 2)), dtype=np.int64)
