"""Numerators and denominators of the rates, one number a household of the survey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.combined import Ratio, union_incidence, weighted_total
from evalkit.errors import EstimateError
from evalkit.rates.nouns import Measure
from evalkit.satisfaction import approval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.judgement import ApprovalRate, FindingRate, PrevalenceRate
    from evalkit.survey import Survey

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

Status = Literal["suspected", "confirmed"]
Counts = tuple[Any, float]


def ingredients(
    survey: Survey, declared: FindingRate | ApprovalRate | PrevalenceRate, status: Status, known: pd.DataFrame | None,
    where: Mask | None = None, found: Array | None = None,
) -> tuple[Ratio, Counts]:  # fmt: skip
    """Return the ratio behind a rate of households, and its unweighted numerator and denominator.

    Parameters
    ----------
    survey : Survey
    declared : FindingRate, ApprovalRate or PrevalenceRate
    status : {"suspected", "confirmed"}
        Which cases a finding rate counts.
    known : pandas.DataFrame, optional
        `known_households` of the rosters; for the denominator ``villages``.
    where : (rows,) bool array, optional
        Households to keep.
    found : (rows, k) array, optional
        Which households were found in error, or approve, in each of k sets; instead of what the survey says.
    """
    table = survey.table()
    inside = inside_of(table, declared.population) & (True if where is None else where)
    if survey.answering is not None:
        inside = inside & survey.answering
    unit = unit_of(table, declared.count)
    den = unit * inside
    if found is not None:
        num = den[:, None] * found
    elif declared.kind != "finding":
        num = den * approval(table, declared).approve
    else:
        raised = table[declared.finding if status == "suspected" else f"{declared.finding}_confirmed"].to_numpy(dtype=float)
        persons = "missed_affected" if declared.finding == "missed" and "missed_affected" in table else "affected"
        affected = table[persons].to_numpy(dtype=float) if declared.count == "persons" else np.ones(len(table))
        num = affected * raised * inside
    if declared.kind != "finding" or declared.denominator == "surveyed":
        return Ratio(num, den, survey.weights), (num.sum(axis=0), float(den.sum()))
    den, whole = _of_villages(table, declared, inside, known, where)
    within = (table["base_weight"] * table["village_prob"]).to_numpy(dtype=float)
    return Ratio(num, den, survey.weights), (weighted_total(num, within), whole)


def _of_villages(
    table: pd.DataFrame, declared: FindingRate, inside: Mask, known: pd.DataFrame | None, where: Mask | None
) -> tuple[Array, float]:
    """Variant b: the denominator is everyone of the population in the drawn villages, known from the rosters.

    Each completed household of a cell stands for the cell's mean, so the weighted sum gives back the
    village's own number and adds no variance of the second stage. The finds of a village that was not
    swept whole are blown up to the village; else a sample's finds would be divided by a census.
    """
    if known is None or known.empty:
        raise EstimateError(f"{declared.name}｜分母口径为抽查村全部人口，却没有名册｜把各村名册放入 rosters/")
    counted = known[declared.count]
    cells = pd.MultiIndex.from_frame(table[["village", "stratum"]])
    den = counted.reindex(cells).to_numpy(dtype=float) / table["N"].to_numpy(dtype=float)
    asked = counted[counted.index.get_level_values("stratum").isin(declared.population)]
    if where is not None:
        asked = asked[asked.index.get_level_values("village").isin(set(table.loc[where, "village"]))]
    return np.where(inside, den, 0.0), float(asked.sum())


def inside_of(table: pd.DataFrame, population: tuple[str, ...]) -> Mask:
    """Return which households belong to the strata of a population; everybody where it names none."""
    return table["stratum"].isin(population).to_numpy() if population else np.ones(len(table), dtype=bool)


def unit_of(table: pd.DataFrame, count: str) -> Array:
    """Return what each household counts: its persons, or 1."""
    return table["persons"].to_numpy(dtype=float) if count == "persons" else np.ones(len(table))


def known_households(rosters: pd.DataFrame | None) -> pd.DataFrame:
    """Return persons and households of each village and stratum by the rosters."""
    if rosters is None or rosters.empty:
        return pd.DataFrame(columns=["persons", "households"])
    grouped = rosters.groupby(["village", "stratum"])["persons"]
    return pd.DataFrame({"persons": grouped.sum(), "households": grouped.size()})


def measured(survey: Survey, ratio: Ratio, counted: Counts) -> Measure:
    """Return a ratio as a measure; refuse a population without a completed household."""
    _refuse_empty(counted[1])
    return Measure(*counted, ratio.estimate(survey))


def accurate(survey: Survey, rule: str, parts: list[tuple[Ratio, Counts]]) -> Measure:
    """Return 1 less the errors of several rates, whose populations do not meet, joined by a rule.

    Parameters
    ----------
    survey : Survey
    rule : {"single", "pooled", "summed"}
        ``pooled``: of all persons of the populations together; ``summed``: 1 less the sum of the rates.
    parts : list of (Ratio, (numerator, denominator))
        Of the errors, as `ingredients` makes them.

    Notes
    -----
    ``summed`` is 1 − Σeᵢ = (1 − m) + m·Σ(1 − eᵢ)/m: m populations, each weighted to the same total, are one population, and the share
    of right ones in it is one proportion. So its interval is one interval of one proportion, as that of 综合贫困发生率 is.
    """
    for _, counted in parts:
        _refuse_empty(counted[1])
    right = [Ratio(_beside(ratio) - ratio.num, ratio.den, ratio.weight) for ratio, _ in parts]
    whole = sum(counted[1] for _, counted in parts)
    if rule == "summed":
        m = len(parts)
        official = 1 - sum(counted[0] / counted[1] for _, counted in parts)
        totals = {"remaining": 1.0 - m, "rural": 1.0, **{str(at): 1.0 for at in range(m)}}
        found = union_incidence(survey, {str(at): ratio for at, ratio in enumerate(right)}, totals, label="准确率")
        return Measure(official * whole, whole, found, counted=False)
    joined = Ratio(np.sum([ratio.num for ratio in right], axis=0), np.sum([ratio.den for ratio in right], axis=0), survey.weights)
    return Measure(sum(counted[1] - counted[0] for _, counted in parts), whole, joined.estimate(survey, "准确率"))


def _beside(ratio: Ratio) -> Array:
    return ratio.den if ratio.num.ndim == 1 else ratio.den[:, None]


def _refuse_empty(denominator: float) -> None:
    if not denominator > 0:
        raise EstimateError("指标的总体中没有完成的户｜至少应有 1 户｜核对 [[rate]] 的 population 与名册的户类型")
