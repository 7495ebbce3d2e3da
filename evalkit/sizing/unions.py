"""The chance of proving a rate that is put together from two rates found in different households of the same villages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit import streams
from evalkit.intervals import Planning, proportion
from evalkit.sizing.chances import village_counts

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
SAMPLES = 10_000  # a chance has a Monte-Carlo standard error of at most half a percentage point
SEED = "evalkit union"


@dataclass(frozen=True, eq=False)
class UnionGroup:
    """The households behind one of the rates.

    Parameters
    ----------
    share : float
        Its part of the whole, in [0, 1]; the shares of all groups add up to 1.
    p : float
        True rate, in [0, 1].
    takes : (villages,) int array
        Complete households in each village, 0 where there are none.
    weights : (villages,) float array
        Weight of a household there, on any scale.
    """

    share: float
    p: float
    takes: Whole
    weights: Numbers

    @property
    def each(self) -> Numbers:
        """What one event of each village adds to the rate, (villages,)."""
        return np.asarray(self.share * self.weights / (self.weights @ self.takes))


@dataclass(frozen=True, eq=False)
class UnionLayout:
    """The villages of all groups, and what KG-M is given of them.

    Parameters
    ----------
    units, strata : (villages,) int array
        First-stage unit of each village (itself, mostly), and stratum of each first-stage unit by its code, (units,).
    icc : float
        Correlation within villages, true and planned, of each rate; the two rates of a village are independent.
    deff_w, take, f_eff, df : float
        Of the whole sample, as `intervals.Planning` has them.
    """

    units: Whole
    strata: Whole
    icc: float
    deff_w: float
    take: float
    f_eff: float
    df: float


@dataclass(frozen=True, eq=False)
class UnionSamples:
    """What so many samples say: weighted value, unweighted value, and the one-sided upper bound, (samples,) each."""

    value: Numbers
    read: Numbers
    high: Numbers


def union_samples(groups: Sequence[UnionGroup], layout: UnionLayout, model: str, level: float, samples: int = SAMPLES) -> UnionSamples:
    """Draw the events of all villages many times, and return the rates and KG-M bounds of the samples.

    Events of different groups have different weights, and whether a village is bad for one rate says nothing of the other; so
    the union of the groups is not one clustered proportion, and no count of events decides. The ways in which events can spread
    are too many to enumerate: they are drawn, from numbers that are the same every time.

    Parameters
    ----------
    groups : sequence of UnionGroup
    layout : UnionLayout
    model : {"beta-binomial", "bad-village"}
        How the events of each rate cluster.
    level : float
        Of the one-sided bound.
    samples : int

    Returns
    -------
    UnionSamples

    Examples
    --------
    >>> takes, one = np.full(40, 30), np.ones(40)
    >>> groups = [UnionGroup(.1, .006, takes, one), UnionGroup(.9, .003, takes, one)]
    >>> layout = UnionLayout(np.arange(40), np.zeros(40, dtype=int), .05, 1.64, 36.6, 0., 39.)
    >>> made = union_samples(groups, layout, "beta-binomial", .95)
    >>> round(float(made.value.mean()), 4), round(float((made.high < .01).mean()), 2)
    (0.0033, 0.58)
    """
    events = [_events(group, layout.icc, model, at, samples) for at, group in enumerate(groups)]
    parts = [y @ group.each for y, group in zip(events, groups, strict=True)]
    value = np.sum(parts, axis=0)
    read = np.sum([group.share * y.sum(axis=1) / group.takes.sum() for y, group in zip(events, groups, strict=True)], axis=0)
    scores = np.sum(
        [y * g.each - np.outer(part / g.share, g.each * g.takes) for y, part, g in zip(events, parts, groups, strict=True)], axis=0
    )
    se = np.sqrt(_variance(scores, layout))
    seen = np.sum(events, axis=0) > 0
    high = _bounds(value, sum(int(group.takes.sum()) for group in groups), se, _event_df(seen, layout), layout, level)
    return UnionSamples(value, read, high)


def _events(group: UnionGroup, icc: float, model: str, place: int, samples: int) -> Whole:
    """Draw the events of each village, (samples, villages), by the inverse of the distribution of its take."""
    u = streams.numbers(SEED, f"{model} {place}", "all", samples * len(group.takes)).reshape(samples, -1)
    made = np.zeros(u.shape, dtype=np.int64)
    if group.p > 0:
        for take in np.unique(group.takes[group.takes > 0]):
            mine = group.takes == take
            chances = village_counts(int(take), group.p, icc, model, int(take)).cumsum()[:-1]
            made[:, mine] = np.searchsorted(chances, u[:, mine])
    return made


def _summed(values: Numbers, codes: Whole) -> Numbers:
    """Return sums over the last axis by code."""
    return np.asarray(values @ np.eye(int(codes.max()) + 1)[codes])


def _variance(scores: Numbers, layout: UnionLayout) -> Numbers:
    """Return Σ_h m_h/(m_h − 1)·Σ(z − z̄_h)², z the sums of the scores by first-stage unit; strata of one unit add nothing."""
    z = _summed(scores, layout.units)
    m = np.bincount(layout.strata).astype(float)
    apart = z - (_summed(z, layout.strata) / m)[:, layout.strata]
    return np.asarray(_summed(apart**2, layout.strata) @ np.where(m > 1, m / np.maximum(m - 1, 1), 0.0))


def _event_df(seen: NDArray[np.bool_], layout: UnionLayout) -> Numbers:
    hit = _summed(seen.astype(float), layout.units) > 0
    return np.asarray(np.maximum(_summed(hit.astype(float), layout.strata) - 1, 0).sum(axis=1))


def _bounds(value: Numbers, n: int, se: Numbers, event_df: Numbers, layout: UnionLayout, level: float) -> Numbers:
    planning = Planning(layout.deff_w, layout.take, event_df, layout.icc, layout.f_eff, se)
    made = proportion(np.minimum(value, 1.0), float(n), se=se, df=layout.df, planning=planning, level=level, side="upper")
    return np.asarray(made.high)
