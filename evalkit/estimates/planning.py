"""What KG-M needs from a survey, domain by domain: weights, takes, villages with events, effective fractions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit import intervals
from evalkit.estimates.blocks import Block, Proportion, effective_weights
from evalkit.estimates.domains import Domain
from evalkit.variances import FULL, Floats, Grouping, Ints, Stage, add_up, multipliers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.survey import Survey

    Bools = NDArray[np.bool_]

ROUND = 1e-12


@dataclass(frozen=True, eq=False)
class _Villages:
    """The (village, domain) pairs of a domain.

    Attributes
    ----------
    found : Grouping
    whole : (pairs,) bool array
        Villages that were certain.
    weight, cluster, squares : (pairs,) float array
        Sum of the weights; its square, 0 in villages that were certain; and the sum of the squares of the weights.
    """

    found: Grouping
    whole: Bools
    weight: Floats
    cluster: Floats
    squares: Floats


def plan(block: Block, value: Floats, df: Floats, icc: float) -> tuple[intervals.Planning, Floats]:
    """Return the planning of each domain of a proportion, and the degrees of freedom KG-M counts.

    Parameters
    ----------
    block : Block
        With its `proportion`.
    value : (domains,) float array
        Estimated proportions.
    df : (domains,) float array
        First-stage units minus strata in each domain.
    icc : float
        Correlation within first-stage units that is planned with.

    Returns
    -------
    planning : evalkit.intervals.Planning
    df : (domains,) float array
        As given, but Satterthwaite's where strata were taken whole.

    Notes
    -----
    deff_w = n Σω²/(Σω)² (Kish) and take = Σ_i(Σ_j ω_ij)²/Σω² (Gabler, Häder & Lahiri 1999, Surv. Meth.
    25:105) with effective weights ω. The sampling fraction of a row is the product over the stages, so that a
    cluster sample without sub-sampling reaches as far as its clusters, and a census everywhere is 1. Everything is
    summed by village and domain first; `evalkit.intervals.reach` states the formulas for one domain.
    """
    held = block.proportion
    assert held is not None
    survey, domain = block.survey, block.domain
    weight = effective_weights(block)
    seen = _villages(survey, domain, weight)
    total, squares = _by_domain(seen, seen.weight, domain), _by_domain(seen, seen.squares, domain)
    with np.errstate(divide="ignore", invalid="ignore"):
        deff_w = domain.sizes * squares / total**2
        take = _take(survey, domain, weight, seen) / squares
        f_eff, freedom = _reach(seen, domain, weight, icc, df, survey)
    events, villages = _events(survey.stages[0], domain, held, value, seen)
    se = np.sqrt(block.variances(fpc=False))
    return replace(_bounded(deff_w, take, events, f_eff, freedom, se, icc), event_villages=villages), freedom


def _bounded(deff_w: Floats, take: Floats, events: Floats, f_eff: Floats, df: Floats, se: Floats, icc: float) -> intervals.Planning:
    """Return the planning; domains without rows, which are given no interval, take the ends of the ranges."""
    events = np.clip(events, 0, np.maximum(df, 0))
    return intervals.Planning(np.fmax(deff_w, 1.0), np.fmax(take, 1.0), events, icc, np.nan_to_num(np.clip(f_eff, 0, 1)), np.nan_to_num(se))


def _villages(survey: Survey, domain: Domain, weight: Floats) -> _Villages:
    first = survey.stages[0]
    found = domain.partition.grouping(first)
    whole, held = (first.through >= 1 - FULL).take(found.unit), found.sums(weight)
    squares = found.sums(_squares(survey, weight))
    cluster = held**2 if first.alike is None else squares.copy()
    cluster[whole] = 0.0
    return _Villages(found, whole, held, cluster, squares)


def _squares(survey: Survey, weight: Floats) -> Floats:
    """Return the sum of the squares of the weights that each row stands for."""
    return weight**2 if survey.alike is None else np.asarray(weight**2 / survey.alike.like)


def _overall(stages: tuple[Stage, ...]) -> tuple[Floats, Ints] | None:
    """Return the sampling fraction over all stages by a code, and the code of each row; None where a population is endless everywhere."""
    if any(not stage.finite for stage in stages):
        return None
    above, last = multipliers(stages)[-1], stages[-1]
    if len(stages) > 1 and last.chance is None:
        return above * last.fraction, last.row_stratum
    return above[last.unit_stratum] * last.through, last.row_unit


def _by_domain(seen: _Villages, values: Floats, domain: Domain) -> Floats:
    return add_up(seen.found.column, values, domain.count)


def _take(survey: Survey, domain: Domain, weight: Floats, seen: _Villages) -> Floats:
    """Sum the squares of the weights of clusters: villages, or the units below where all villages were taken."""
    squared = _by_domain(seen, seen.cluster, domain)
    if not seen.whole.any():
        return squared
    if len(survey.stages) == 1:
        return squared + _by_domain(seen, np.where(seen.whole, seen.squares, 0.0), domain)
    below = survey.stages[1]
    found = domain.partition.grouping(below)
    inside = survey.stages[0].through[below.unit_parent[found.unit]] >= 1 - FULL
    each = found.sums(weight) ** 2 if below.alike is None else found.sums(_squares(survey, weight))
    return squared + np.bincount(found.column, weights=np.where(inside, each, 0.0), minlength=domain.count)


def _reach(seen: _Villages, domain: Domain, weight: Floats, icc: float, df: Floats, survey: Survey) -> tuple[Floats, Floats]:
    """Return f_eff of each domain, and its degrees of freedom: Satterthwaite's where strata were taken whole."""
    first, overall = survey.stages[0], _overall(survey.stages)
    if not first.finite and overall is None:
        return np.zeros(domain.count), df
    left = seen.squares if overall is None else _left(seen, first, *overall, _squares(survey, weight))
    unsampled = (1 - first.through).take(seen.found.unit) * seen.cluster
    top = icc * _by_domain(seen, unsampled, domain) + _alone(seen, left, icc, domain)
    bottom = icc * _by_domain(seen, seen.cluster, domain) + _alone(seen, seen.squares, icc, domain)
    if not seen.whole.any():
        return 1 - top / bottom, df
    return 1 - top / bottom, _freedom(seen, first, icc * unsampled + np.where(seen.whole, left, (1 - icc) * left), df)


def _alone(seen: _Villages, values: Floats, icc: float, domain: Domain) -> Floats:
    """Sum by domain what rows bring by themselves: all of it in villages that were certain, the share 1 − icc in others."""
    made = (1 - icc) * _by_domain(seen, values, domain)
    return made + icc * _by_domain(seen, np.where(seen.whole, values, 0.0), domain) if seen.whole.any() else made


def _freedom(seen: _Villages, first: Stage, top: Floats, df: Floats) -> Floats:
    """Degrees of freedom, Satterthwaite's in domains with strata that were taken whole; `top` is what villages leave unknown."""
    shape = (len(df), len(first.n))
    cell = _cell(seen, first)
    terms = _cells(cell, top, shape)
    units = _units(seen, first)
    counted = _cells(cell, np.where(seen.whole, seen.found.sizes - units, units), shape)
    entire, held = _cells(cell, seen.whole.astype(float), shape) > 0, _cells(cell, units, shape)
    freedom = _satterthwaite(terms, np.where(held > 0, counted - ~entire, 0.0))
    # a stratum taken whole leaves less unknown, so it may add degrees of freedom and never take them away
    sampled = np.where(entire, 0.0, held - (held > 0)).sum(axis=1)
    return np.where((entire & (held > 0)).any(axis=1), np.fmax(freedom, sampled), df)


def _left(seen: _Villages, first: Stage, overall: Floats, code: Ints, squares: Floats) -> Floats:
    """Sum the squares of weights by village and domain, each as far as the population of the row was not sampled."""
    if code is first.row_unit:  # the fraction is one number a village
        return np.asarray((1 - overall).take(seen.found.unit) * seen.squares)
    return seen.found.sums((1 - overall)[code] * squares)


def _cells(cell: Ints, values: Floats, shape: tuple[int, int]) -> Floats:
    return np.asarray(np.bincount(cell, weights=values, minlength=shape[0] * shape[1]), dtype=float).reshape(shape)


def _satterthwaite(terms: Floats, df: Floats) -> Floats:
    """(ΣV)²/Σ(V²/df) over the strata of each domain that vary and have a degree of freedom; all df where none varies."""
    used = (terms > 0) & (df > 0)
    squares = np.divide(terms**2, df, out=np.zeros_like(terms), where=used).sum(axis=1)
    top = np.where(used, terms, 0.0).sum(axis=1) ** 2
    found = np.divide(top, squares, out=np.zeros(len(terms)), where=squares > 0)
    return np.asarray(np.where((terms > 0).any(axis=1), found, df.sum(axis=1)))


def _events(first: Stage, domain: Domain, held: Proportion, value: Floats, seen: _Villages) -> tuple[Floats, Floats]:
    """Return by domain the degrees of freedom of villages with the rarer class, and the number of such villages."""
    rarer, few = np.zeros((2, domain.count)), value <= 0.5
    if few.any():
        rarer = np.where(few, _event_df(first, domain, held.event > ROUND, seen), rarer)
    if not few.all():
        rarer = np.where(few, rarer, _event_df(first, domain, held.event < 1 - ROUND, seen))
    return rarer[0], rarer[1]


def _event_df(first: Stage, domain: Domain, rows: Bools, seen: _Villages) -> Floats:
    """Sum over strata not taken whole of max(villages with such rows − 1, 0); and the number of villages in all strata."""
    shape, hit = (domain.count, len(first.n)), seen.found.any(rows)
    counted = np.flatnonzero(hit & ~seen.whole)
    units = _units(seen, first)
    villages = _cells(_cell(seen, first, counted), units[counted], shape)
    every = np.bincount(seen.found.column[hit], weights=units[hit], minlength=domain.count)
    return np.stack([np.maximum(villages - 1, 0).sum(axis=1), every]).astype(float)


def _units(seen: _Villages, first: Stage) -> Floats:
    """Return how many first-stage units each pair is: 1, but where the units are rows that stand for several."""
    return np.ones(len(seen.weight)) if first.alike is None else seen.found.sizes.astype(float)


def _cell(seen: _Villages, first: Stage, pairs: Ints | slice = slice(None)) -> Ints:
    """Domain and stratum of pairs as one number."""
    found = seen.found
    return np.asarray(found.column[pairs] * len(first.n) + first.unit_stratum[found.unit[pairs]])
