"""True chances of samples made of the n smallest ranking numbers: Pareto and sequential Poisson sampling.

No part of a draw: it says how far the chances aimed at are from the true ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.inclusion.first import between

Numbers = NDArray[np.float64]
NODES = 24
TAIL = 34.0
AGREE = 1e-12
CELLS = 2**22


@dataclass(frozen=True)
class Ranking:
    """How the ranking numbers of a method are distributed, as functions of a variable x and the chances π aimed at.

    Parameters
    ----------
    below : callable
        ``below(x, probs)``: the chance that the ranking number of a unit is below x.
    density : callable
        Its derivative in x.
    span : callable
        ``span(probs)``: the least and the greatest x that matter.
    kinks : callable
        ``kinks(probs)``: the x at which `below` is not smooth.
    """

    below: Callable[[Numbers, Numbers], Numbers]
    density: Callable[[Numbers, Numbers], Numbers]
    span: Callable[[Numbers], tuple[float, float]]
    kinks: Callable[[Numbers], Numbers]


def order_sampling(probs: Sequence[float], n: int, distribution: str = "pareto") -> list[float]:
    """Return the true chance of each unit when the n smallest ranking numbers are chosen.

    ``π_k = ∫ f_k(t) P(at most n − 1 of the other ranking numbers are below t) dt``, with the chance under the
    integral from the Poisson-binomial recursion over the units before and after k, and Gauss-Legendre quadrature
    on ever more panels until two results agree to 1e-12 (Rosén 1997, On sampling with probability proportional to
    size, J. Stat. Plan. Inference 62:159; Aires 1999, Algorithms to find exact inclusion probabilities for
    conditional Poisson sampling and Pareto πps sampling designs, Methodol. Comput. Appl. Probab. 1:457).

    Parameters
    ----------
    probs : sequence of float, shape (N,)
        The chances aimed at, 0 < π ≤ 1; units with π = 1 are taken first.
    n : int
        How many are chosen, 0 ≤ n ≤ N, and no fewer than there are units with π = 1.
    distribution : {"pareto", "sequential-poisson"}
        Ranking numbers u(1−π)/(π(1−u)), or u/π.

    Returns
    -------
    list of float
        With sum n, each exact to about 1e-11.

    Raises
    ------
    ValueError
        When a chance or n is out of its range, or the distribution is not known.

    Examples
    --------
    >>> [round(p, 6) for p in order_sampling([k / 7 for k in range(1, 7)], 3)]
    [0.137598, 0.277123, 0.423529, 0.576471, 0.722877, 0.862402]
    """
    aimed = np.asarray(probs, dtype=float)
    _refuse(aimed, n, distribution)
    free = aimed < 1
    left = n - int(np.count_nonzero(~free))
    found = np.ones(len(aimed))
    if left in (0, int(np.count_nonzero(free))):
        found[free] = float(left > 0)
    else:
        found[free] = _integrated(aimed[free], left, RANKINGS[distribution])
    return [float(p) for p in found]


def _refuse(aimed: Numbers, n: int, distribution: str) -> None:
    if distribution not in RANKINGS:
        raise ValueError(f"分布 {distribution}｜应是 {'、'.join(RANKINGS)} 之一｜改正分布")
    wrong = np.flatnonzero(~((aimed > 0) & (aimed <= 1))).tolist()
    if wrong:
        raise ValueError(f"概率：{'、'.join(f'第 {k + 1} 个 {aimed[k]}' for k in wrong)}｜应大于 0、不大于 1｜改正这些概率")
    between(n, len(aimed))
    sure = int(np.count_nonzero(aimed == 1))
    if n < sure:
        raise ValueError(f"n = {n}，概率为 1 的单位 {sure} 个｜n 不小于必选单位数｜改大 n")


def _integrated(aimed: Numbers, n: int, ranking: Ranking) -> Numbers:
    low, high = _range(aimed, n, ranking)
    kinks = ranking.kinks(aimed)
    edges = np.unique(np.concatenate(([low, high], kinks[(kinks > low) & (kinks < high)])))
    coarse, panels = _quadrature(aimed, n, ranking, edges), edges
    while True:
        panels = np.sort(np.concatenate((panels, (panels[1:] + panels[:-1]) / 2)))
        fine = _quadrature(aimed, n, ranking, panels)
        if np.abs(fine - coarse).max() < AGREE:
            return fine
        coarse = fine


def _range(aimed: Numbers, n: int, ranking: Ranking) -> tuple[float, float]:
    """Return x between which the others' count passes n: outside, its chance is 0 or 1 to within exp(−TAIL)."""
    size = len(aimed)

    def crossed(x: float) -> tuple[bool, bool]:
        mean = float(ranking.below(np.array([x]), aimed).sum())
        few = max(_unlikely(n - 1, mean - 1), _unlikely(size - n, size - mean))
        return mean > n or _unlikely(n, mean) < TAIL, mean > n and few > TAIL

    return _first(lambda x: crossed(x)[0], *ranking.span(aimed)), _first(lambda x: crossed(x)[1], *ranking.span(aimed))


def _unlikely(count: float, mean: float) -> float:
    """Return −log of Chernoff's bound on the chance of a count so far from its mean."""
    if mean <= 0:
        return float("inf") if count > 0 else 0.0
    return mean - count + (count * float(np.log(count / mean)) if count > 0 else 0.0)


def _first(crossed: Callable[[float], bool], low: float, high: float) -> float:
    """Return about the smallest x for which `crossed` holds, by halving; the end of the span if none."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if crossed(middle) else (middle, high)
    return high


def _quadrature(aimed: Numbers, n: int, ranking: Ranking, edges: Numbers) -> Numbers:
    at, weight = np.polynomial.legendre.leggauss(NODES)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    x, w = (middle + half * at).ravel(), (half * weight).ravel()
    # below the first edge the others' count is below n for certain, so the integral is that of the density alone
    total = ranking.below(edges[:1], aimed)[0].copy()
    step = max(1, CELLS // (len(aimed) * n))
    for begin in range(0, len(x), step):
        part = slice(begin, begin + step)
        total += (w[part, None] * ranking.density(x[part], aimed) * _room(ranking.below(x[part], aimed), n)).sum(axis=0)
    return np.asarray(total)


def _room(below: Numbers, n: int) -> Numbers:
    """Return for each x and unit the chance that at most n − 1 of the other units are below x; shape as `below`."""
    points, size = below.shape
    before = np.empty((size, points, n))
    count = _nobody(points, n)
    for k in range(size):
        before[k] = count
        count = _joined(count, below[:, k])
    room, after = np.empty((points, size)), np.ones((points, n))
    for k in reversed(range(size)):
        # before[i] others counted so far, at most n − 1 − i of those after: `after` holds the chances of "at most"
        room[:, k] = (before[k] * after[:, ::-1]).sum(axis=1)
        after = _joined(after, below[:, k])
    return room


def _nobody(points: int, n: int) -> Numbers:
    count = np.zeros((points, n))
    count[:, 0] = 1.0
    return count


def _joined(count: Numbers, chance: Numbers) -> Numbers:
    """Return the chances of 0 … n−1 units, or of at most so many, after one more unit has come in."""
    moved = count * (1.0 - chance)[:, None]
    moved[:, 1:] += count[:, :-1] * chance[:, None]
    return moved


def _logistic(x: Numbers, probs: Numbers) -> Numbers:
    """Return P(log Q < x) of Pareto: with odds θ = π/(1 − π), θ eˣ/(1 + θ eˣ)."""
    return np.asarray(1.0 / (1.0 + np.exp(-x[:, None]) * ((1.0 - probs) / probs)))


def _logistic_density(x: Numbers, probs: Numbers) -> Numbers:
    below = _logistic(x, probs)
    return below * (1.0 - below)


def _logistic_span(probs: Numbers) -> tuple[float, float]:
    log_odds = np.log(probs / (1.0 - probs))
    return float(-log_odds.max() - 2 * TAIL), float(-log_odds.min() + 2 * TAIL)


def _uniform(x: Numbers, probs: Numbers) -> Numbers:
    return np.minimum(1.0, x[:, None] * probs)


def _uniform_density(x: Numbers, probs: Numbers) -> Numbers:
    return np.where(x[:, None] * probs < 1.0, probs, 0.0)


RANKINGS = {
    "pareto": Ranking(_logistic, _logistic_density, _logistic_span, lambda probs: np.empty(0)),
    "sequential-poisson": Ranking(_uniform, _uniform_density, lambda probs: (0.0, float(1 / probs.min())), lambda probs: 1 / probs),
}
