"""What KG-M needs from a survey, row by row: weights, takes, villages with events, effective fractions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit import intervals
from evalkit.estimates.blocks import Block, Proportion, present
from evalkit.estimates.domains import Domain
from evalkit.variances import FULL, Floats, Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.survey import Survey

ROUND = 1e-12


@dataclass(frozen=True, eq=False)
class _Reach:
    """Sampling fractions of each row, and the cluster it counts in.

    In a stratum whose first-stage units were all taken, each unit of the next stage is its own cluster.
    """

    village: Ints
    stratum: Ints
    cluster: Ints
    first: Floats
    overall: Floats
    whole: NDArray[np.bool_]


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
    cluster sample without sub-sampling reaches as far as its clusters, and a census everywhere is 1.
    """
    held = block.proportion
    assert held is not None
    reach = _reach(block.survey)
    rows = [_domain_row(reach, held.weight[at], at, icc) for at in _members(block.domain, len(held.weight))]
    deff_w, take, f_eff, effective = (np.array(part) for part in zip(*rows, strict=True))
    events = _events(block.survey, block.domain, held, value, reach)
    freedom = np.where(np.isnan(effective), df, effective)
    se = np.sqrt(block.variances(fpc=False))
    return intervals.Planning(deff_w, take, np.clip(events, 0, np.maximum(freedom, 0)), icc, f_eff, se), freedom


def _members(domain: Domain, rows: int) -> list[Ints]:
    """Return the rows of each domain."""
    if domain.code is None:
        return [np.arange(rows)]
    order = np.argsort(domain.code, kind="stable")
    return np.split(order, np.searchsorted(domain.code[order], np.arange(domain.count + 1)))[1:-1]


def _domain_row(reach: _Reach, weight: Floats, at: Ints, icc: float) -> tuple[float, float, float, float]:
    """Return deff_w, take, f_eff of one domain, and the df where strata were taken whole (else NaN)."""
    deff_w, take = intervals.weight_effect(weight), intervals.weighted_take(weight, reach.cluster[at])
    if not reach.overall[at].any() and not reach.first[at].any():
        return deff_w, take, 0.0, np.nan
    found = intervals.reach(weight, reach.village[at], reach.stratum[at], reach.first[at], reach.overall[at], icc)
    f_eff = float(np.clip(found.f_eff, 0.0, 1.0))
    if not reach.whole[at].any():
        return deff_w, take, f_eff, np.nan
    # a stratum taken whole leaves less unknown, so it may add degrees of freedom and never take them away
    return deff_w, take, f_eff, max(found.df, _sampled_df(reach, at))


def _sampled_df(reach: _Reach, at: Ints) -> float:
    """Villages minus strata among strata that were not taken whole."""
    drawn = at[~reach.whole[at]]
    return float(len(np.unique(reach.village[drawn])) - len(np.unique(reach.stratum[drawn])))


def _reach(survey: Survey) -> _Reach:
    first = survey.stages[0]
    stratum = first.unit_stratum[first.row_unit]
    share = first.fraction[stratum]
    overall = np.ones(len(stratum))
    for stage in survey.stages:
        overall = overall * stage.fraction[stage.unit_stratum[stage.row_unit]]
    whole = share >= 1 - FULL
    below = survey.stages[1].row_unit if len(survey.stages) > 1 else np.arange(len(stratum))
    cluster = np.where(whole, first.units + below, first.row_unit)
    return _Reach(first.row_unit, stratum, cluster, np.where(whole, 1.0, share), overall, whole)


def _events(survey: Survey, domain: Domain, held: Proportion, value: Floats, reach: _Reach) -> Floats:
    """Sum over strata not taken whole of max(villages with the rarer class − 1, 0), by domain."""
    with_event = _event_df(survey, domain, (held.event > ROUND) & ~reach.whole)
    without = _event_df(survey, domain, (held.event < 1 - ROUND) & ~reach.whole)
    return np.where(value <= 0.5, with_event, without)


def _event_df(survey: Survey, domain: Domain, rows: NDArray[np.bool_]) -> Floats:
    first = survey.stages[0]
    code = np.where(rows, 0 if domain.code is None else domain.code, -1)
    unit, column = present(first.row_unit, first.units, Domain(code, domain.keys, domain.by))
    strata = len(first.n)
    villages = np.bincount(column * strata + first.unit_stratum[unit], minlength=domain.count * strata)
    return np.array([intervals.event_df(row) for row in villages.reshape(domain.count, strata)])
