"""Chances of counts in villages: two models of how events cluster, and the sum over villages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, reduce

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


def sample_counts(takes: Mapping[int, int], p: float, icc: float, model: str, most: int) -> Numbers:
    """Return P(X = 0 … most) for the events of a whole sample; `takes` says how many villages have each take.

    Examples
    --------
    >>> round(float(sample_counts({60: 19, 50: 1}, .02, .05, "beta-binomial", 8).sum()), 4)
    0.0276
    """
    n = sum(take * villages for take, villages in takes.items())
    if p <= 0 or p >= 1:
        return np.asarray((np.arange(most + 1) == (0 if p <= 0 else n)).astype(float))
    parts = [county_counts(village_counts(take, p, icc, model, most), villages) for take, villages in takes.items()]
    return reduce(lambda one, other: np.asarray(np.convolve(one, other)[: most + 1]), parts)


def accepted(takes: Mapping[int, int], gate: float, icc: float, risk: float) -> int:
    """Return the largest number of events that keeps the risk at the gate under both models; −1 if none does.

    d = min over the models of max{d: P(X ≤ d | gate) ≤ risk}.

    Examples
    --------
    >>> accepted({60: 20}, .02, .05, .05), accepted({120: 10}, .02, .1, .05)
    (8, -1)
    """
    n = sum(take * villages for take, villages in takes.items())
    most, found = min(n, math.ceil(gate * n)), None  # the median lies about there
    while found is None or found == most < n:
        most = most if found is None else min(n, 2 * most + 1)
        found = min(int((sample_counts(takes, gate, icc, model, most).cumsum() <= risk).sum()) for model in MODELS) - 1
    return found


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
