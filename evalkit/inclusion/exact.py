"""Chances of pairs, π_ij, where a design has them exactly: N × N matrices with π on the diagonal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalkit.inclusion.first import between
from evalkit.inclusion.working import Numbers, centred, certain_counts, chances, checked, cps_odds, whole_sum

SAME = 1e-12
NONE = 1e-14
FAINT = 1e-40


def srs(size: int, n: int) -> Numbers:
    """Return the pairs of simple random sampling, n(n − 1)/(N(N − 1)).

    Parameters
    ----------
    size : int
        N, at least 0.
    n : int
        0 ≤ n ≤ N.

    Returns
    -------
    array, shape (N, N)

    Raises
    ------
    ValueError
        When n is not between 0 and N.

    Examples
    --------
    >>> srs(3, 2).round(4).tolist()
    [[0.6667, 0.3333, 0.3333], [0.3333, 0.6667, 0.3333], [0.3333, 0.3333, 0.6667]]
    """
    between(n, size)
    pairs = np.full((size, size), n * (n - 1) / max(size * (size - 1), 1))
    np.fill_diagonal(pairs, n / max(size, 1))
    return pairs


def poisson(probs: ArrayLike) -> Numbers:
    """Return the pairs of Poisson sampling, π_ij = π_i π_j: units are drawn independently.

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1; the sum need not be whole.

    Returns
    -------
    array, shape (N, N)

    Examples
    --------
    >>> poisson([0.5, 0.2]).tolist()
    [[0.5, 0.1], [0.1, 0.2]]
    """
    given = checked(probs)
    pairs = np.outer(given, given)
    np.fill_diagonal(pairs, given)
    return pairs


def cps(probs: ArrayLike) -> Numbers:
    """Return the pairs of conditional Poisson sampling, the design of largest entropy with these π.

    π_ij = p_i p_j Pr(S − I_i − I_j = n − 2)/Pr(S = n) for independent draws I with chances p, whose number S is
    Poisson-binomial; the probabilities come from its characteristic function at N' ≥ N + 1 points, which is exact and,
    unlike the quotient (ω_i π_j − ω_j π_i)/(ω_i − ω_j) of Aires (1999, J. Appl. Prob. 36), does not cancel for
    units of nearly the same size. p are odds of `cps_odds` (Chen, Dempster & Liu 1994, Biometrika 81:457).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum n. Units with π = 1 give π_ij = π_j.

    Returns
    -------
    array, shape (N, N)
        Row sums n·π_i.

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, or the sum is not whole.

    Examples
    --------
    >>> pairs = cps([i / 7 for i in range(1, 7)])
    >>> [round(float(pair), 9) for pair in (pairs[0, 1], pairs[2, 3], pairs[4, 5])]
    [0.021224095, 0.167744383, 0.592652667]
    """
    return within(probs, _cps)


def _cps(probs: Numbers, n: int) -> Numbers:
    odds = cps_odds(probs.tolist(), n)
    waves, parts = _transform(centred(odds, n), n)
    return np.asarray(_real(waves, parts, parts) / waves.real.sum())


def cps_as_r(probs: ArrayLike, close: float = 1e-6) -> Numbers:
    """Return the pairs of conditional Poisson sampling as R's package sampling computes them, for comparison; `cps` is exact.

    The working probabilities follow p ← p + π − π(p) until Σ|π − π(p)| ≤ close, and π_ij is the quotient
    (ω_j π_i − ω_i π_j)/(ω_j − ω_i), which spreads what is left of that error; pairs of equal π share what their row
    lacks. UPmaxentropypi2 stops at 1e-6, so its pairs are wrong from the sixth digit on; with 1e-13 they agree with `cps`.

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum n.
    close : float
        Where the iteration stops, above 0.

    Returns
    -------
    array, shape (N, N)

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, the sum is not whole, or 500 rounds do not suffice.

    Examples
    --------
    >>> coarse, fine = cps_as_r([i / 7 for i in range(1, 7)]), cps_as_r([i / 7 for i in range(1, 7)], 1e-12)
    >>> round(float(coarse[0, 1]), 9), round(float(fine[0, 1]), 9)
    (0.021224105, 0.021224095)
    """
    return within(probs, lambda given, n: _quotients(given, n, _additive(given, n, close)))


def _additive(probs: Numbers, n: int, close: float) -> Numbers:
    working = probs
    for _ in range(500):
        step = probs - chances(working / (1 - working), n)[0]
        working = working + step
        if np.abs(step).sum() <= close:
            return np.asarray(working / (1 - working))
    raise ValueError(f"加法迭代经 500 次未达到 {close:g}｜需要 Σ|π − π(p)| ≤ {close:g}｜改用 cps")


def _quotients(probs: Numbers, n: int, odds: Numbers) -> Numbers:
    tied = probs[:, None] == probs
    bottom = np.where(tied, 1.0, odds - odds[:, None])
    pairs = np.where(tied, 0.0, (np.outer(probs, odds) - np.outer(odds, probs)) / bottom)
    np.fill_diagonal(tied, False)
    lacking = (n - 1) * probs - pairs.sum(axis=1)
    return np.asarray(np.where(tied, (lacking / np.maximum(tied.sum(axis=1), 1))[:, None], pairs))


def sampford(probs: ArrayLike) -> Numbers:
    """Return the pairs of Sampford's design, p(s) ∝ Π_s ω_i · Σ_s(1 − π_i), ω = π/(1 − π).

    With I independent draws of chances π, S their number and T = Σ(1 − π_k)I_k, π_ij is E[T; I_i = I_j = 1, S = n]
    over E[T; S = n], from the characteristic function of S (Sampford 1967, Biometrika 54:499, gives it by an alternating
    sum, which fails at a few hundred units).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum n. Units with π = 1 give π_ij = π_j.

    Returns
    -------
    array, shape (N, N)
        Row sums n·π_i.

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, or the sum is not whole.

    Examples
    --------
    >>> pairs = sampford([i / 7 for i in range(1, 7)])
    >>> [round(float(pair), 9) for pair in (pairs[0, 1], pairs[2, 3], pairs[4, 5])]
    [0.019672891, 0.170067446, 0.591101462]
    """
    return within(probs, _sampford)


def _sampford(probs: Numbers, n: int) -> Numbers:
    waves, parts = _transform(probs, n)
    out = (1 - probs)[:, None]
    # E[e^{itS} T I_i I_j] = Φ a_i a_j (H + b_i + b_j): H = Σ(1 − π)a is T of all units, b puts right the two that are surely in
    both = (out * parts).sum(axis=0)
    own = out * (1 - parts)
    pairs = _real(waves, parts, parts * (0.5 * both + own))
    return np.asarray((pairs + pairs.T) / (waves * both).real.sum())


def _transform(probs: Numbers, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Φ(t)e^{−itn} and a_k(t) = π_k e^{it}/φ_k(t), φ_k = 1 − π_k + π_k e^{it}, at the points t ≥ 0 that count.

    An odd number of points keeps t = π out, where φ_k = 0 for π_k = 1/2.
    """
    points = len(probs) + 1 + len(probs) % 2
    turn = np.exp(2j * np.pi * np.arange(points // 2 + 1) / points)
    factors = 1 - probs[:, None] + probs[:, None] * turn
    waves = factors.prod(axis=0)
    # A point left out would add less than FAINT·N², since |a| < N
    kept = np.abs(waves) > FAINT
    weight = np.where(np.arange(len(turn)) == 0, 1.0, 2.0)
    return (weight * waves * turn ** (-n))[kept], (probs[:, None] * turn / factors)[:, kept]


def _real(waves: np.ndarray, left: np.ndarray, right: np.ndarray) -> Numbers:
    return np.asarray(((left * waves) @ right.T).real)


def tille(probs: ArrayLike) -> Numbers:
    """Return the pairs of Tillé's elimination: π_ij = Π_k (1 − v_i(k) − v_j(k)), some of which may be 0.

    k runs over the sample sizes from N − 1 down to n, v_i(k) is the chance that unit i, still there, leaves. A unit
    is sure to stay down to its own size; below it all units that are not sure leave with one and the same chance
    v(k). So only the steps up to the later of the two differ between pairs, and N² pairs cost N² operations
    (Tillé 1996, Biometrika 83:238).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum n. Units with π = 1 give π_ij = π_j.

    Returns
    -------
    array, shape (N, N)
        Row sums n·π_i.

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, or the sum is not whole.

    Examples
    --------
    >>> pairs = tille([i / 7 for i in range(1, 7)])
    >>> float(pairs[0, 1]), round(float(pairs[4, 5]), 9)
    (0.0, 0.571428571)
    """
    return within(probs, _tille)


def _tille(probs: Numbers, n: int) -> Numbers:
    order = np.argsort(-probs, kind="stable")
    half = _stayed(probs[order], n)
    pairs = np.empty_like(half)
    pairs[np.ix_(order, order)] = half + half.T
    return _clear(pairs)


def _stayed(probs: Numbers, n: int) -> Numbers:
    """Return below the diagonal the chance that both of a pair stay; π descend. The last step comes first."""
    size = len(probs)
    # the chances at the end are π itself, so nothing is sure there
    counts = [size, *certain_counts(probs.tolist(), n)[:-1], 0]
    pairs, later = np.zeros((size, size)), 1.0
    for k in range(n, size):
        was, sure = counts[size - k - 1], counts[size - k]
        before, after = _level(probs, k + 1, was), _level(probs, k, sure)
        leave = 1 - after / before
        for j in range(sure, was):
            pairs[j + 1 :, j] = before[j + 1 :] * (1 - leave[j + 1 :] - leave[j]) * later
        later *= max(0.0, 1 - 2 * leave[-1])
    return pairs


def _level(probs: Numbers, k: int, sure: int) -> Numbers:
    """Return the inclusion probabilities of sample size k, of which the first `sure` are 1."""
    left = probs[sure:].sum()
    return np.append(np.ones(sure), (k - sure) * probs[sure:] / left)


def _clear(pairs: Numbers) -> Numbers:
    """Put 0 where only the rounding of a difference is left."""
    return np.where(pairs > NONE, pairs, 0.0)


def midzuno(probs: ArrayLike) -> Numbers:
    """Return the pairs of the generalised Midzuno design, the complement of Tillé's elimination with 1 − π; some may be 0.

    π_ij = π_i + π_j − 1 + π̄_ij with π̄ the pairs of the complement (Deville & Tillé 1998, Biometrika 85:89, §4).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum n. Units with π = 1 give π_ij = π_j.

    Returns
    -------
    array, shape (N, N)
        Row sums n·π_i.

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, or the sum is not whole.

    Examples
    --------
    >>> pairs = midzuno([i / 7 for i in range(1, 7)])
    >>> float(pairs[0, 1]), round(float(pairs[4, 5]), 9)
    (0.0, 0.571428571)
    """
    return within(probs, _midzuno)


def _midzuno(probs: Numbers, n: int) -> Numbers:
    return _clear(probs[:, None] + probs - 1 + _tille(1 - probs, len(probs) - n))


def systematic(probs: ArrayLike) -> Numbers:
    """Return the pairs of systematic sampling from the list in its order; many may be 0.

    With V the running sums of π, unit k is hit when a whole number plus the start falls into [V_{k−1}, V_k). The
    sample changes only where the start passes a fraction of a V; each piece between counts with its width
    (Madow 1949, Ann. Math. Statist. 20:333; Pea, Qualité & Tillé 2007, Comput. Stat. Data Anal. 52:754).

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, in the order of the list, with whole sum n. Units with π = 1 stand outside the list.

    Returns
    -------
    array, shape (N, N)
        Row sums n·π_i.

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, or the sum is not whole.

    Examples
    --------
    >>> systematic([0.25, 0.75, 0.5, 0.5]).tolist()
    [[0.25, 0.0, 0.25, 0.0], [0.0, 0.75, 0.25, 0.5], [0.25, 0.25, 0.5, 0.0], [0.0, 0.5, 0.0, 0.5]]
    """
    return within(probs, _systematic)


def _systematic(probs: Numbers, n: int) -> Numbers:
    ends = np.append(0.0, np.cumsum(probs))
    ends[-1] = n
    cuts = np.sort(ends % 1)
    # sums that differ by rounding alone are one cut
    cuts = np.append(cuts[np.append(True, np.diff(cuts) > SAME) & (cuts < 1 - SAME)], 1.0)
    starts, widths = (cuts[:-1] + cuts[1:]) / 2, np.diff(cuts)
    passed = np.floor(ends[:, None] - starts)
    hit = (passed[1:] > passed[:-1]).astype(float)
    return np.asarray((hit * widths) @ hit.T)


def within(probs: ArrayLike, rule: Callable[[Numbers, int], Numbers]) -> Numbers:
    """Return the pairs of a fixed-size design: `rule` for the units with 0 < π < 1, products with those sure to be in or out.

    Parameters
    ----------
    probs : array, shape (N,)
        π, 0 ≤ π ≤ 1, with whole sum.
    rule : callable
        ``rule(probs, n)`` for units with 0 < π < 1 and 2 ≤ n < N of them to be drawn; its diagonal is not read.

    Returns
    -------
    array, shape (N, N)
        π on the diagonal.

    Raises
    ------
    ValueError
        When a π is not between 0 and 1, or the sum is not whole.

    Examples
    --------
    >>> within([1, 0.5, 0.5, 0], lambda probs, n: 1 / 0).tolist()
    [[1.0, 0.5, 0.5, 0.0], [0.5, 0.5, 0.0, 0.0], [0.5, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    given = checked(probs)
    n = whole_sum(given) - int((given == 1).sum())
    chance = np.flatnonzero((given > 0) & (given < 1))
    pairs = np.outer(given, given)
    if n < len(chance):
        pairs[np.ix_(chance, chance)] = rule(given[chance], n) if n > 1 else 0.0
    np.fill_diagonal(pairs, given)
    return pairs
