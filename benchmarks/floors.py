"""The yardstick: the same tables in plain numpy, from codes, as fast as numpy alone allows; imports nothing of evalkit.

Rows may stand in any order. They are touched by `np.bincount` on village × domain, a dense table with a cell for each pair; what follows
is done on those tables. No product of BLAS touches a table: its threads stall where other programs run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import betainccinv, betaincinv, stdtrit

from benchmarks.surveys import Floats, Ints, Raw

Numbers = dict[str, Floats]
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
    sums = _sums(raw, domain, domains, stages)
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


def _sums(raw: Raw, domain: Ints | None, domains: int, stages: int) -> Sums:
    w, shape = raw.weight, (len(raw.stratum), domains)
    key = raw.unit if domain is None else raw.unit * domains + domain
    score = w * raw.y
    rows = np.bincount(key, minlength=shape[0] * domains).reshape(shape)
    held, hits = _dense(key, w, shape), _dense(key, score, shape)
    by_stratum = sparse.csr_array((np.ones(shape[0]), (raw.stratum, np.arange(shape[0]))))
    n, whole = rows.sum(axis=0), held.sum(axis=0)
    safe = np.where(n > 0, whole, 1.0)
    share = hits.sum(axis=0) / safe
    z = hits - share * held
    z /= safe
    away = z - (by_stratum @ z / raw.n[:, None])[raw.stratum]
    away *= away
    drawn, endless = raw.drawn[raw.stratum], (raw.n / (raw.n - 1))[raw.stratum]
    held *= held
    weights = _by_domain(domain, w * w, domains)
    finite, left = np.zeros(domains), np.zeros(domains)
    if stages == 2:
        finite = _down((1 - drawn) * endless, away) + _within(raw, domain, (share, safe, score), z)
        unasked = (1 - drawn * raw.asked) * (1 - ICC)
        left = _down((1 - drawn) * ICC, held) + _by_domain(domain, unasked[raw.unit] * (w * w), domains)
    present = rows > 0
    df = present.sum(axis=0) - (by_stratum @ present > 0).sum(axis=0)
    events = _events(raw, key, domain, share, by_stratum)
    return Sums(n, whole, share, _down(endless, away), finite, df.astype(float), held.sum(axis=0), weights, left, events)


def _dense(key: Ints, values: Floats, shape: tuple[int, int]) -> Floats:
    return np.bincount(key, values, shape[0] * shape[1]).astype(float, copy=False).reshape(shape)


def _by_domain(domain: Ints | None, values: Floats, domains: int) -> Floats:
    return np.array([values.sum()]) if domain is None else np.bincount(domain, values, domains).astype(float, copy=False)


def _down(factor: Floats, table: Floats) -> Floats:
    return np.asarray(np.einsum("i,ij->j", factor, table))


def _within(raw: Raw, domain: Ints | None, known: tuple[Floats, Floats, Floats], z: Floats) -> Floats:
    """Sum of squares about the mean of the village, of all its households, those outside the domain too: Σz² − (Σz)²/m."""
    share, whole, score = known
    factor = raw.drawn[raw.stratum] * (1 - raw.asked) * raw.take / (raw.take - 1)
    at: Ints | int = 0 if domain is None else domain
    rest = (score - share[at] * raw.weight) / whole[at]
    rest *= rest
    rest *= factor[raw.unit]
    return _by_domain(domain, rest, len(share)) - _down(factor / raw.take, z * z)


def _events(raw: Raw, key: Ints, domain: Ints | None, share: Floats, by_stratum: sparse.csr_array) -> Floats:
    """Sum over strata of max(villages with the rarer class − 1, 0); only its rows are touched."""
    seen = np.zeros((len(raw.stratum), len(share)), dtype=bool)
    seen.ravel()[key[(raw.y > 0) == (share <= 0.5)[0 if domain is None else domain]]] = True
    return np.asarray(np.maximum(by_stratum @ seen - 1, 0).sum(axis=0), dtype=float)


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


def bootstrapped(raw: Raw, domain: Ints, domains: int, factors: Iterator[Floats]) -> Numbers:
    """Return mean and standard error by domain, the spread of the replicates, from factors by (replicate, village)."""
    size = len(raw.stratum) * domains
    key = raw.unit * domains + domain
    top = np.bincount(key, raw.weight * raw.y, size).reshape(-1, domains)
    bottom = np.bincount(key, raw.weight, size).reshape(-1, domains)
    made = np.concatenate([factor @ top / (factor @ bottom) for factor in factors])
    return {"estimate": top.sum(axis=0) / bottom.sum(axis=0), "random_se": made.std(axis=0, ddof=1)}


def drawn(raw: Raw, replicates: int, seed: int) -> Iterator[Floats]:
    """Draw n − 1 of n villages again (Rao, Wu & Yue 1992), with numpy's random numbers, some replicates at a time."""
    rng = np.random.default_rng(seed)
    starts = np.concatenate(([0], np.cumsum(raw.n)))
    step = max(1, 4_000_000 // len(raw.stratum))
    for begin in range(0, replicates, step):
        factor = np.empty((min(step, replicates - begin), len(raw.stratum)))
        for h, n in enumerate(raw.n.tolist()):
            factor[:, starts[h] : starts[h + 1]] = rng.multinomial(n - 1, np.full(n, 1 / n), len(factor)) * (n / (n - 1))
        yield factor
