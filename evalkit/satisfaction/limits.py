"""Intervals that stay where a score can be: t on a scale where the ends are far away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from evalkit import intervals
from evalkit.estimates import Estimate
from evalkit.estimates.blocks import Block
from evalkit.estimates.statistics import share_block
from evalkit.variances import Floats


class Bend(NamedTuple):
    """A scale for an interval: there, back, and the slope of going there."""

    there: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


STRAIGHT = Bend(lambda x: x, lambda z: z, np.ones_like)
LOGIT = Bend(lambda x: np.log(x / (100 - x)), lambda z: 100 / (1 + np.exp(-z)), lambda x: 100 / (x * (100 - x)))
BELOW_ONE = Bend(lambda x: -np.log(1 - x), lambda z: 1 - np.exp(-z), lambda x: 1 / (1 - x))


def bent(bend: Bend, value: Floats, se: Floats, df: Floats, level: float, side: Any) -> tuple[Floats, Floats]:
    """Return limits made by t on the scale of `bend`."""
    with np.errstate(all="ignore"):
        there, spread = bend.there(value), se * bend.slope(value)
        made = intervals.student(np.nan_to_num(there), np.nan_to_num(spread), df, level=level, side=side)
        return bend.back(made.low), bend.back(made.high)


def spread_of(block: Block, value: Floats) -> Floats:
    """Return the standard errors of a block by domain, by its replicates where there are any."""
    made = block.survey.replicated
    found = block.variances() if made is None else made.variances(block.replicates(), value)
    return np.asarray(np.sqrt(found))


def with_bend(bend: Bend, value: Floats, block: Block) -> Block:
    """Return the block with the interval of a bend as its own."""
    return replace(block, bounds=partial(_bounds, bend, value, block))


def _bounds(bend: Bend, value: Floats, block: Block, level: float, side: Any, df: Floats) -> tuple[Floats, Floats]:
    return bent(bend, value, spread_of(block, value), df, level, side)


def score_limits(way: str, values: Floats, value: Floats, block: Block, level: float, side: Any, df: Floats) -> tuple[Floats, Floats]:
    """Return limits of mean scores from 0 to 100: by t, by logit, or by logit above 90 and below 10."""
    se = spread_of(block, value)
    low, high = bent(STRAIGHT, value, se, df, level, side)
    curved = np.full(len(value), way == "logit") | ((way == "auto") & ((value > 90) | (value < 10)))
    ends = (value <= 0) | (value >= 100)
    for at, found in ((curved & ~ends, partial(bent, LOGIT, value, se, df)), (curved & ends, partial(_at_ends, values, block))):
        if at.any():
            low, high = (np.where(at, new, old) for new, old in zip(found(level, side), (low, high), strict=True))
    return low, high


def _at_ends(values: Floats, block: Block, level: float, side: Any) -> tuple[Floats, Floats]:
    """Return 100 times the KG-M limits of the share of best answers, where every answer is the best or every one the worst.

    The mean of a variable from 0 to 100 is at least 100 times the share of the rows that have 100.
    """
    share, part = share_block(block.survey, (values > 50).astype(float), block.domain, None)
    made = Estimate.of_blocks(block.survey, [share], [("",)], (*block.domain.by, "variable"), "proportion", [part])
    found = made.interval(level, None, side)
    return 100 * found["low"].to_numpy(dtype=float), 100 * found["high"].to_numpy(dtype=float)
