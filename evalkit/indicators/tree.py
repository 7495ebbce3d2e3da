"""From values to points: leaves by their rules, groups from their members, gates beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.composites import aggregate
from evalkit.indicators.values import gates_of
from evalkit.scoring import award
from evalkit.verdict import satisfies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.scoring import Indicator, System

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Marks:
    """Points of every indicator.

    Attributes
    ----------
    points : dict of str to (…, units) array
        By code; a member of a weighted group has a part of 1.
    reach : dict of str to (units,) array
        Most points that could be had: less than the weight where something is not published or has no value.
    failed : (…, units, gates) bool array
        Which gates are not met.
    """

    points: dict[str, Floats]
    reach: dict[str, Floats]
    failed: NDArray[np.bool_]

    def total(self, system: System) -> tuple[Floats, Floats]:
        """Return points and reach of all roots together."""
        roots = [item.code for item in system.children()]
        return np.sum([self.points[code] for code in roots], axis=0), np.sum([self.reach[code] for code in roots], axis=0)


def mark(system: System, read: Floats) -> Marks:
    """Give points for values, shape (…, units, leaves); a value that is no number earns nothing and takes its weight away."""
    points: dict[str, Floats] = {}
    reach: dict[str, Floats] = {}
    places = {leaf.code: j for j, leaf in enumerate(system.leaves)}
    for _, item in reversed(list(system.walk())):
        if item.group:
            points[item.code], reach[item.code] = _grouped(system, item, points, reach)
        elif item.scored:
            points[item.code], reach[item.code] = _leaf(item, read[..., places[item.code]])
        else:
            points[item.code], reach[item.code] = np.zeros(read.shape[:-1]), np.zeros(read.shape[-2])
    gates = [~_met(leaf, read[..., j]) & np.isfinite(read[..., j]) for j, leaf in gates_of(system)]
    return Marks(points, reach, np.stack(gates, axis=-1) if gates else np.zeros((*read.shape[:-1], 0), dtype=bool))


def _met(item: Indicator, x: Floats) -> NDArray[np.bool_]:
    assert item.target is not None and item.direction != "" and item.strict is not None  # the system was checked
    return np.asarray(satisfies(np.where(np.isfinite(x), x, item.target), item.target, item.direction, item.strict), dtype=bool)


def _leaf(item: Indicator, x: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(x.reshape(-1, x.shape[-1])[0])
    keys = item.keys() if item.rule not in ("gate", "threshold") else {}
    whole = _met(item, x).astype(float) if item.rule in ("gate", "threshold") else x
    found = np.zeros(x.shape)
    if known.any():
        found[..., known] = award(item.rule, whole[..., known], item.weight, **keys)
    return found, item.weight * known


def _grouped(system: System, item: Indicator, points: dict[str, Floats], reach: dict[str, Floats]) -> tuple[Floats, Floats]:
    parts = system.children(item.code)
    weights = np.stack([reach[part.code] for part in parts], axis=-1)
    whole = weights.sum(axis=-1)
    most = item.weight * (whole > 0) if item.rule == "weighted" else whole
    earned = np.stack([points[part.code] for part in parts], axis=-1)
    fractions = earned / np.where(weights > 0, weights, 1.0)
    safe = np.where(whole[:, None] > 0, weights, 1.0)
    return most * aggregate(fractions, safe, item.aggregation), most
