"""The yardstick: the same tables in plain numpy, from codes, as fast as numpy alone allows; imports nothing of evalkit.

Rows stand in the order of villages, so the sums of a village are those of a run (`np.add.reduceat`). Sums by village × domain are
dense blocks of a few villages at a time (`np.bincount`), small enough to stay in the cache.
No product of BLAS touches a block: its threads stall where other programs run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainccinv, betaincinv, stdtrit

from benchmarks.surveys import Floats, Ints, Raw

Numbers = dict[str, Floats]
CELLS = 200_000  # bins of a block: 1.6 MB
ICC, PRIOR = 0.05, 5.0


@dataclass(frozen=True, eq=False)
class Sums:
    """What the table is made of, by domain.

    `endless` and `finite` are variances without and with finite populations; `squares` is Σᵢ(Σⱼw)², `weights` Σw²; `left` is the
    variance that finite populations leave of what is planned.
    """

    rows: Ints
    whole: Floats
    share: Floats
    endless: Floats
    finite: Floats
    df: Floats
    squares: Floats
    weights: Floats
    left: Floats
    events_df: Floats


def table(raw: Raw, domain: Ints | None, domains: int, stages: int) -> Numbers:
    """Return estimate, se, low, high, df, deff and n of each domain.

    `stages` 1: villages drawn with replacement; 2: villages and households drawn without, from the populations of `raw`.
    """
    sums = _whole(raw, stages) if domain is None else _by_domain(raw, domain, domains, stages)
    variance = sums.endless if stages == 1 else sums.finite
    p, n = sums.share, sums.rows
    with np.errstate(divide="ignore", invalid="ignore"):
        reference = p * (1 - p) / (n - 1)
        deff = np.where(reference > 0, variance / reference, np.nan)
    low, high = limits(sums, stages)
    found = {"estimate": p, "se": np.sqrt(variance), "low": low, "high": high, "df": sums.df, "deff": deff, "n": n.astype(float)}
    return {name: column[n > 0] for name, column in found.items()}


def limits(sums: Sums, stages: int, tail: float = 0.025) -> tuple[Floats, Floats]:
    """Return the limits of KG-M."""
    p, n, df = sums.share, sums.rows.astype(float), sums.df
    with np.errstate(all="ignore"):
        loss, take = n * sums.weights / sums.whole**2, sums.squares / sums.weights
        planned = np.maximum(loss, loss * (1 + (take - 1) * ICC))
        inside = (p > 0) & (p < 1)
        deff = np.where(inside, sums.endless * n / (p * (1 - p)), planned)
        events = np.clip(sums.events_df, 0, np.maximum(df, 0))
        blend = (events * np.maximum(deff, loss) + PRIOR * planned) / (events + PRIOR)
        star = np.where(inside, np.maximum(np.maximum(loss, deff), blend), planned)
        ratio = np.where((n > 1) & (df > 0), (stdtrit(n - 1, tail) / stdtrit(df, tail)) ** 2, np.nan)
        reach = np.zeros(len(n)) if stages == 1 else 1 - sums.left / (ICC * sums.squares + (1 - ICC) * sums.weights)
        low, high = _wise(p, n / star * ratio, reach, tail)
        none = _wise(np.zeros(len(n)), n / planned * ratio, reach, tail)[1]
    return np.clip(np.minimum(low, 1 - none), 0, p), np.clip(np.maximum(high, none), p, 1)


def _wise(p: Floats, n: Floats, fraction: Floats, tail: float) -> tuple[Floats, Floats]:
    """Clopper–Pearson drawn in for a finite population."""
    x, rest, g = n * p, n * (1 - p), fraction / n
    low = np.where(x > 0, betaincinv(np.where(x > 0, x, 1.0), rest + 1, tail), 0.0)
    high = np.where(rest > 0, betainccinv(x + 1, np.where(rest > 0, rest, 1.0), tail), 1.0)
    shrink = 1 - (n - 1) * g / 2
    return (x - 1) * g / 2 + low * shrink, p * fraction / 2 + high * shrink


@dataclass(frozen=True, eq=False)
class _Factors:
    """What squares count: by village between villages, without and with the finite population; within villages; and in the plan."""

    endless: Floats
    finite: Floats
    within: Floats
    first: Floats
    second: Floats


def _factors(raw: Raw) -> _Factors:
    drawn, endless = raw.drawn[raw.stratum], (raw.n / (raw.n - 1))[raw.stratum]
    within = drawn * (1 - raw.asked) * raw.take / (raw.take - 1)
    return _Factors(endless, (1 - drawn) * endless, within, (1 - drawn) * ICC, (1 - drawn * raw.asked) * (1 - ICC))


def _whole(raw: Raw, stages: int) -> Sums:
    unit, w, factors = raw.unit, raw.weight, _factors(raw)
    starts = np.searchsorted(unit, np.arange(len(raw.stratum)))
    strata = np.searchsorted(raw.stratum, np.arange(len(raw.n)))
    score = w * raw.y
    whole, by_village = w.sum(), np.add.reduceat(w, starts)
    share = score.sum() / whole
    z = (np.add.reduceat(score, starts) - share * by_village) / whole
    spread = (z - (np.add.reduceat(z, strata) / raw.n)[raw.stratum]) ** 2
    endless, finite, squares, left = factors.endless @ spread, 0.0, by_village**2, 0.0
    weights = np.add.reduceat(w * w, starts)
    if stages == 2:
        score -= share * w
        score /= whole
        score -= np.repeat(z / raw.take, raw.take)
        score *= score
        finite = factors.finite @ spread + factors.within @ np.add.reduceat(score, starts)
        left = factors.first @ squares + factors.second @ weights
    rare = np.logical_or.reduceat(raw.y > 0 if share <= 0.5 else raw.y < 1, starts)
    events = np.maximum(np.add.reduceat(rare.astype(float), strata) - 1, 0).sum()
    df = len(raw.stratum) - len(raw.n)
    parts = len(w), whole, share, endless, finite, float(df), squares.sum(), weights.sum(), left, events
    return Sums(*(np.array([part]) for part in parts))


def _by_domain(raw: Raw, domain: Ints, domains: int, stages: int) -> Sums:
    w, rows, factors = raw.weight, np.bincount(domain, minlength=domains), _factors(raw)
    score = w * raw.y
    whole = np.bincount(domain, w, domains).astype(float, copy=False)
    safe = np.where(rows > 0, whole, 1.0)
    share = np.bincount(domain, score, domains) / safe
    score -= share[domain] * w
    score /= safe[domain]
    endless, finite, squares, left, df = _squares(raw, factors, domain, domains, score, stages)
    weights = np.bincount(domain, w * w, domains).astype(float, copy=False)
    if stages == 2:
        left += np.bincount(domain, np.repeat(factors.second, raw.take) * w * w, domains)
    events = _events(raw, (raw.y > 0) == (share <= 0.5)[domain], domain, domains)
    return Sums(rows, whole, share, endless, finite, df, squares, weights, left, events)


def _squares(raw: Raw, factors: _Factors, domain: Ints, domains: int, score: Floats, stages: int) -> tuple[Floats, ...]:
    """Return both variances, Σᵢ(Σⱼw)², what is left of it, and villages minus strata, by domain, some villages at a time."""
    w = raw.weight
    row = raw.stratum[raw.unit] * domains + domain
    shape = len(raw.n), domains
    centre = np.bincount(row, score, len(raw.n) * domains).reshape(shape) / raw.n[:, None]
    strata = (np.bincount(row, minlength=len(raw.n) * domains).reshape(shape) > 0).sum(axis=0)
    endless, finite, squares, left, villages = (np.zeros(domains) for _ in range(5))
    for first, last, here in blocks(raw.unit, len(raw.stratum), domains):
        units = slice(first, last)
        key = raw.unit[here] - first
        key *= domains
        key += domain[here]
        size = (last - first) * domains
        seen = np.zeros(size, dtype=np.uint8)
        seen[key] = 1
        villages += seen.reshape(-1, domains).sum(axis=0, dtype=np.uint16)
        z = np.bincount(key, score[here], size).astype(float, copy=False)
        if stages == 2:
            finite += _within(raw, factors.within, key, z.reshape(-1, domains), score[here], domain[here], units)
        squared = z.reshape(-1, domains)
        squared -= centre[raw.stratum[units]]
        np.square(squared, out=squared)
        endless += np.einsum("i,ij->j", factors.endless[units], squared)
        held = np.bincount(key, w[here], size).reshape(-1, domains)
        np.square(held, out=held)
        squares += held.sum(axis=0)
        if stages == 2:
            finite += np.einsum("i,ij->j", factors.finite[units], squared)
            left += np.einsum("i,ij->j", factors.first[units], held)
    return endless, finite, squares, left, villages - strata


def blocks(unit: Ints, units: int, domains: int) -> Iterator[tuple[int, int, slice]]:
    """Cut the villages so that villages × domains stays in the cache."""
    edges = np.append(np.arange(0, units, min(max(1, CELLS // domains), 65_535)), units)
    cuts = np.searchsorted(unit, edges)
    for at in range(len(edges) - 1):
        yield int(edges[at]), int(edges[at + 1]), slice(int(cuts[at]), int(cuts[at + 1]))


def _within(raw: Raw, factor: Floats, key: Ints, z: Floats, score: Floats, domain: Ints, units: slice) -> Floats:
    """Sum of squares about the mean of the village, of all its households, by domain."""
    take = raw.take[units, None]
    mean = z / take
    rest = score - mean.ravel()[key]
    rest *= rest
    rest *= np.repeat(factor[units], raw.take[units])
    np.square(mean, out=mean)
    mean *= take - np.bincount(key, minlength=z.size).reshape(z.shape)
    return np.asarray(np.bincount(domain, rest, z.shape[1]) + np.einsum("i,ij->j", factor[units], mean))


def _events(raw: Raw, rare: NDArray[np.bool_], domain: Ints, domains: int) -> Floats:
    """Sum over strata of max(villages with the rarer class − 1, 0); only its rows are touched."""
    at = np.flatnonzero(rare)
    keys = np.unique(raw.unit[at] * domains + domain[at])
    held = np.bincount(raw.stratum[keys // domains] * domains + keys % domains, minlength=len(raw.n) * domains)
    return np.asarray(np.maximum(held.reshape(-1, domains) - 1, 0).sum(axis=0), dtype=float)


def factorized(labels: list[pd.Series]) -> list[Ints]:
    """Turn text columns into codes, each once."""
    return [pd.factorize(column)[0] for column in labels]


def raked(groups: list[Ints], targets: list[Floats], weight: Floats, within: float = 1e-10) -> Floats:
    """Rake: the cells of all margins are adjusted in turn, and the rows touched twice."""
    levels = [len(target) for target in targets]
    cell = np.ravel_multi_index(tuple(groups), levels)
    whole = np.bincount(cell, weight, int(np.prod(levels))).reshape(levels)
    factor = np.ones(levels)
    axes = range(len(levels))
    for _ in range(1000):
        for axis, target in zip(axes, targets, strict=True):
            rest = tuple(other for other in axes if other != axis)
            change = target / (whole * factor).sum(axis=rest)
            factor *= change.reshape([-1 if other == axis else 1 for other in axes])
        sums = [(whole * factor).sum(axis=tuple(other for other in axes if other != axis)) for axis in axes]
        if all(bool((abs(found / target - 1) <= within).all()) for found, target in zip(sums, targets, strict=True)):
            return np.asarray(weight * factor.ravel()[cell])
    raise ValueError("raking did not settle")


def bootstrapped(raw: Raw, domain: Ints, domains: int, replicates: int, seed: int) -> Numbers:
    """Return mean and standard error by domain of the rescaled bootstrap (Rao, Wu & Yue 1992): n − 1 of n villages drawn again."""
    rng = np.random.default_rng(seed)
    size = len(raw.stratum) * domains
    key = raw.unit * domains + domain
    top = np.bincount(key, raw.weight * raw.y, size).reshape(-1, domains)
    bottom = np.bincount(key, raw.weight, size).reshape(-1, domains)
    share = top.sum(axis=0) / bottom.sum(axis=0)
    squares = np.zeros(domains)
    starts = np.concatenate(([0], np.cumsum(raw.n)))
    step = max(1, 4_000_000 // len(raw.stratum))
    for begin in range(0, replicates, step):
        many = min(step, replicates - begin)
        factor = np.empty((many, len(raw.stratum)))
        for h, n in enumerate(raw.n.tolist()):
            factor[:, starts[h] : starts[h + 1]] = rng.multinomial(n - 1, np.full(n, 1 / n), many) * (n / (n - 1))
        squares += ((factor @ top / (factor @ bottom) - share) ** 2).sum(axis=0)
    return {"estimate": share, "random_se": np.sqrt(squares / replicates)}
