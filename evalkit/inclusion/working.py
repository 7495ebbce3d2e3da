"""List-sequential recursions of fixed-size designs, and the working probabilities of conditional Poisson sampling.

A(k, m) is the sum over all sets of m units behind unit k of the product of their odds. It leaves the range of a double
at a few hundred units, so nothing here holds it: only the ratios A(k, m)/A(k, m − 1), which stay near the size of the
odds, are computed, from sums and products of positive numbers alone. No step subtracts, so nothing cancels.

Only elementwise + − × ÷, comparisons and sums in a stated order are used: a draw may stand on these numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
CLOSE = 1e-11
ROUNDS = 200
WHOLE = 1e-9


def checked(probs: ArrayLike) -> Numbers:
    """Return probabilities as an array, or refuse them with the position of every fault.

    Examples
    --------
    >>> checked([0.5, 1])
    array([0.5, 1. ])
    >>> checked([0.5, 1.2, float("nan")])
    Traceback (most recent call last):
    ValueError: 第 2、3 个 π 为 1.2、nan｜π 应在 0 与 1 之间｜改正后重试
    """
    given = np.asarray(probs, dtype=float)
    if given.ndim != 1:
        raise ValueError(f"π 有 {given.ndim} 维｜应为一列数｜每个单位给一个 π")
    wrong = [i for i, value in enumerate(given.tolist()) if not 0 <= value <= 1]
    if wrong:
        named, values = "、".join(str(i + 1) for i in wrong[:20]), "、".join(f"{given[i]:g}" for i in wrong[:20])
        raise ValueError(f"第 {named} 个 π 为 {values}｜π 应在 0 与 1 之间｜改正后重试")
    return given


def whole_sum(probs: Numbers) -> int:
    """Return the expected sample size Σπ, which a fixed-size design needs whole.

    Raises
    ------
    ValueError
        When Σπ is further than 1e-9·max(1, Σπ) from a whole number.

    Examples
    --------
    >>> whole_sum(np.array([0.25, 0.75, 1.0]))
    2
    """
    total = math.fsum(probs.tolist())
    n = round(total)
    if abs(total - n) > WHOLE * max(1.0, total):
        raise ValueError(f"π 之和为 {total:.12g}｜固定样本量的方法要求 π 之和为整数｜用 proportional(sizes, n) 求 π")
    return n


def steps(odds: Numbers, n: int) -> tuple[Numbers, Numbers]:
    """Return the chance that a unit is taken, and passed over, when m more are wanted: conditional Poisson sampling in list order.

    With r(k, m) = A(k+1, m)/A(k+1, m−1) the chance of taking unit k is ω_k/(ω_k + r(k, m)), and
    r(k−1, m) = (r(k, m) + ω_k)/(1 + ω_k/r(k, m−1)), r(k−1, 1) = r(k, 1) + ω_k
    (Chen & Liu 1997, Statistica Sinica 7:875, procedure of list-sequential draw; here as ratios).

    Parameters
    ----------
    odds : array, shape (N,)
        ω of each unit, finite and above 0, on any scale.
    n : int
        Sample size, 0 ≤ n ≤ N.

    Returns
    -------
    taken, passed : array, shape (N, n + 1)
        Row k, column m: chances for unit k when m are still wanted of the units k … N; they add to 1. Where m units
        are wanted and no more than m are left, the unit is taken: passed is exactly 0.

    Examples
    --------
    >>> taken, passed = steps(np.ones(3), 2)
    >>> taken[0].round(4).tolist(), passed[1].tolist()
    ([0.0, 0.3333, 0.6667], [1.0, 0.5, 0.0])
    """
    ratios = np.zeros((len(odds), n))
    for k in range(len(odds) - 1, 0, -1):
        w, behind, here = odds[k], ratios[k], ratios[k - 1]
        here[:1] = behind[:1] + w
        here[1:] = (behind[1:] + w) * (behind[:-1] / (behind[:-1] + w))
    both = ratios + odds[:, None]
    taken, passed = np.zeros((len(odds), n + 1)), np.ones((len(odds), n + 1))
    taken[:, 1:], passed[:, 1:] = odds[:, None] / both, ratios / both
    return taken, passed


def chances(odds: Numbers, n: int) -> tuple[Numbers, Numbers]:
    """Return for each unit the chance to be in and to be out of a conditional Poisson sample with these odds.

    Both are sums of positive numbers, so that 1 − π is as exact as π.

    Parameters
    ----------
    odds : array, shape (N,)
        As in `steps`.
    n : int
        Sample size, 0 ≤ n ≤ N.

    Returns
    -------
    inside, outside : array, shape (N,)

    Examples
    --------
    >>> inside, outside = chances(np.array([1.0, 1.0, 2.0]), 2)
    >>> inside.round(4).tolist(), outside.round(4).tolist()
    ([0.6, 0.6, 0.8], [0.4, 0.4, 0.2])
    """
    taken, passed = steps(odds, n)
    wanted = np.zeros((len(odds), n + 1))
    wanted[0, n] = 1.0
    for k in range(len(odds) - 1):
        wanted[k + 1] = wanted[k] * passed[k]
        wanted[k + 1, :-1] += wanted[k, 1:] * taken[k, 1:]
    return _added(wanted * taken), _added(wanted * passed)


def _added(table: Numbers) -> Numbers:
    """Sum the columns from left to right; numpy's own sum takes an order that depends on the machine."""
    total = np.zeros(len(table))
    for column in np.ascontiguousarray(table.T):
        total += column
    return total


def cps_odds(probs: Sequence[float], n: int) -> Numbers:
    """Return odds whose conditional Poisson sample of n units has the inclusion probabilities π.

    Repeats ω_i ← ω_i·(1 + (1 − v_i/Σv)·(ρ_i − 1)) with v = π(1 − π) and ρ_i = odds of π_i ÷ odds of π_i(ω): the ratio of
    odds in the manner of Chen, Dempster & Liu (1994, Biometrika 81:457, §3), each step shortened as Newton's would be
    if the covariances were those of Hájek (1964). The full step would never end for two units, and where all units are nearly sure to be
    in or out it swings between the two kinds: a step that does not bring the worst error below a quarter is followed by
    half a step. The last step is the one that starts with each π_i(ω) within 1e-11·π_i, plus what Σπ departs from n
    by rounding, of π_i.

    Parameters
    ----------
    probs : sequence of float
        π, each 0 < π < 1, with sum n.
    n : int
        Sample size.

    Returns
    -------
    array, shape (N,)
        On no fixed scale.

    Raises
    ------
    ValueError
        When 200 rounds do not suffice.

    Examples
    --------
    >>> odds = cps_odds([0.5, 0.75, 0.75], 2)
    >>> (odds / odds[0]).round(6).tolist()
    [1.0, 2.0, 2.0]
    """
    goal = np.asarray(probs, dtype=float)
    spread = goal * (1 - goal)
    step = 1 - spread / math.fsum(spread.tolist())
    slack = 1e-15 + 2 * abs(n - math.fsum(goal.tolist()))
    stated = goal / (1 - goal)
    odds, before = stated.copy(), math.inf
    for _ in range(ROUNDS):
        inside, outside = chances(odds, n)
        apart = np.abs(inside - goal)
        worst = float((apart / goal).max())
        pace = 1.0 if worst < before / 4 else 0.5
        odds, before = odds * (1 + pace * step * (stated * outside / inside - 1)), worst
        if bool((apart <= CLOSE * goal + slack).all()):
            return np.asarray(odds)
    raise ValueError(f"条件泊松抽样的工作概率经 {ROUNDS} 次迭代未收敛｜需要每个 π 的相对误差不超过 {CLOSE:g}｜改用 sampford")


def cps_working(probs: ArrayLike) -> list[float]:
    """Return the working probabilities p of conditional Poisson sampling: independent draws with chances p, kept when n are drawn, have π.

    Scaled so that Σp = n, which makes them unique; certainty units keep 1 and units with π = 0 keep 0
    (Chen, Dempster & Liu 1994, Biometrika 81:457).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.

    Returns
    -------
    list of float

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, the sum is not whole, or the iteration of `cps_odds` does not end.

    Examples
    --------
    >>> [round(p, 6) for p in cps_working([i / 7 for i in range(1, 7)])]
    [0.181433, 0.325223, 0.445619, 0.554381, 0.674777, 0.818567]
    """
    given = checked(probs)
    n, open_ = whole_sum(given), (given > 0) & (given < 1)
    if open_.any():
        inner = n - int((given == 1).sum())
        given = given.copy()
        given[open_] = centred(cps_odds(given[open_].tolist(), inner), inner)
    return [float(p) for p in given]


def centred(odds: Numbers, n: int) -> Numbers:
    """Return p = cω/(1 + cω) with the one scale c that gives Σp = n, by Newton's steps on log c kept within a factor of 2.

    Examples
    --------
    >>> centred(np.array([5.0, 10.0, 10.0]), 2).round(6).tolist()
    [0.561553, 0.719224, 0.719224]
    """
    scale = 1.0
    for _ in range(ROUNDS):
        p = scale * odds / (1 + scale * odds)
        excess = n - math.fsum(p.tolist())
        if abs(excess) <= 1e-14 * n:
            break
        scale *= min(2.0, max(0.5, 1 + excess / math.fsum((p * (1 - p)).tolist())))
    return p


def certain_counts(sizes: Sequence[float], n: int) -> list[int]:
    """Return how many of the largest units are certain at each sample size from N − 1 down to n, chances being proportional to size.

    Parameters
    ----------
    sizes : sequence of int or float, shape (N,)
        Above 0, descending; with whole numbers the comparisons are exact.
    n : int
        The last sample size, 0 ≤ n < N.

    Returns
    -------
    list of int, shape (N − n,)

    Examples
    --------
    >>> certain_counts([6, 5, 4, 3, 2, 1], 3)
    [4, 2, 0]
    """
    behind = [*accumulate(reversed(sizes))][::-1]
    counts, sure = [], len(sizes)
    for k in range(len(sizes) - 1, n - 1, -1):
        sure = min(sure, k)
        # once the smallest of the certain units is not certain any more, ask the next
        while sure and (k - sure + 1) * sizes[sure - 1] < behind[sure - 1]:
            sure -= 1
        counts.append(sure)
    return counts
