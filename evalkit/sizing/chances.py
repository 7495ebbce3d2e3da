"""Chances of counts in villages: two models of how events cluster, and the sum over villages."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, xlog1py, xlogy

Numbers = NDArray[np.float64]
MODELS = ("beta-binomial", "bad-village")
MOST_EVENTS = 36  # 98,092 ways to spread up to 36 events


def village_counts(take: int, p: float, icc: float, model: str, most: int) -> Numbers:
    """Return P(y = 0 … most) for a village of `take`.

    "beta-binomial": village rates are beta with mean p and correlation icc; "bad-village": the rate is
    p + icc(1 − p) in a share p/(p + icc(1 − p)) of the villages and 0 in the others.

    Examples
    --------
    >>> village_counts(60, .02, .05, "beta-binomial", 2).round(4), village_counts(60, .02, .05, "bad-village", 2).round(4)
    (array([0.5757, 0.1691, 0.0898]), array([0.7141, 0.0177, 0.0386]))
    """
    y = np.arange(most + 1)
    possible = y <= take
    y = np.minimum(y, take)
    choose = -betaln(take - y + 1, y + 1) - np.log(take + 1)
    if icc == 0 or model == "bad-village":
        bad = p + icc * (1 - p)
        counts = p / bad * np.exp(choose + xlogy(y, bad) + xlog1py(take - y, -bad))
        counts[0] += 1 - p / bad
    else:
        a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
        counts = np.exp(choose + betaln(y + a, take - y + b) - betaln(a, b))
    return np.asarray(np.where(possible, counts, 0.0))


def county_counts(village: Numbers, villages: int) -> Numbers:
    """Return P(X = 0 … most) for the sum over independent villages: a convolution, exact up to its last entry.

    Examples
    --------
    >>> county_counts(np.array([.5, .5, 0.]), 2)
    array([0.25, 0.5 , 0.25])
    """
    total, power, left = np.eye(1, village.size)[0], village, villages
    while left:
        if left % 2:
            total = np.convolve(total, power)[: village.size]
        power, left = np.convolve(power, power)[: village.size], left // 2
    return np.asarray(total)


@cache
def partitions(most: int) -> Numbers:
    """Return all ways in which up to `most` events spread over villages: row = one way, column j = villages with j + 1 events.

    Examples
    --------
    >>> partitions(2)
    array([[0., 0.],
           [1., 0.],
           [2., 0.],
           [0., 1.]])
    """
    # blocks[total][j]: ways to reach `total` whose largest count is j, made of those that reach total − j with no larger one
    blocks = [{0: np.zeros((1, most), dtype=np.int8)}]
    for total in range(1, most + 1):
        blocks.append({j: _grown([some for i, some in blocks[total - j].items() if i <= j], j) for j in range(1, total + 1)})
    table = np.concatenate([some for block in blocks for some in block.values()]).astype(float)
    table.flags.writeable = False
    return table


def _grown(ways: list[NDArray[np.int8]], j: int) -> NDArray[np.int8]:
    grown = np.concatenate(ways) if ways else np.zeros((0, 0), dtype=np.int8)
    if grown.size:
        grown[:, j - 1] += 1
    return grown


def spread_chances(ways: Numbers, village: Numbers, villages: int) -> Numbers:
    """Return the probability of each way of `partitions`: m!/(Πc_j!·(m − e)!)·Πf_j^c_j·f₀^(m − e).

    Examples
    --------
    >>> spread_chances(partitions(2), np.array([.5, .3, .2]), 2)
    array([0.25, 0.3 , 0.09, 0.2 ])
    """
    seen = ways.sum(axis=1)
    free = villages - seen
    logs = xlogy(ways, village[1:]).sum(axis=1) - gammaln(ways + 1).sum(axis=1) + xlogy(np.maximum(free, 0), village[0])
    chance = np.exp(logs + gammaln(villages + 1) - gammaln(np.maximum(free, 0) + 1))
    return np.asarray(np.where(free >= 0, chance, 0.0))
