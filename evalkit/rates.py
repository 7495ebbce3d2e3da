"""The statutory rates, each with its unweighted value of the sample and its design-based estimate.

A household is judged; persons (or households) are counted. Every rate is a ratio whose scores are
linearised over households, so that its variance carries the clustering of persons in households and of
households in villages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.combined import Ratio, union_incidence, weighted_total
from evalkit.errors import EstimateError
from evalkit.intervals import weight_effect
from evalkit.satisfaction import approval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design import Design
    from evalkit.design.judgement import ApprovalRate, FindingRate, IncidenceRate, Total
    from evalkit.estimates import Estimate
    from evalkit.frame import Frame
    from evalkit.survey import Survey

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

Status = Literal["suspected", "confirmed"]


@dataclass(frozen=True, eq=False)
class Measure:
    """One rate at one status; or, from `assumed`, under each of k sets of findings.

    Parameters
    ----------
    numerator : float or (k,) array
    denominator : float
        Unweighted sums in the unit of counting; for 综合贫困发生率 persons by the statutory formula, and for
        the denominator ``villages`` the finds blown up to the drawn villages.
    estimate : Estimate
        The design-based rate, one row (or k), kind ``proportion``.
    """

    numerator: Any
    denominator: float
    estimate: Estimate

    @property
    def official(self) -> Any:
        """The unweighted rate, in [0, 1]."""
        return self.numerator / self.denominator


@dataclass(frozen=True, eq=False)
class Rate:
    """A declared rate and its values: `suspected` counts every case raised and not dismissed, `confirmed` those upheld.

    `band` is, for 群众认可度, the pair of unweighted rates when all don't-knows disapprove or approve;
    `totals` are, for 综合贫困发生率, the registry's numbers of persons.
    """

    declared: FindingRate | IncidenceRate | ApprovalRate
    confirmed: Measure
    suspected: Measure | None = None
    band: tuple[float, float] | None = None
    totals: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the rate in the design."""
        return self.declared.name

    def __repr__(self) -> str:
        found = self.confirmed
        return f"{self.name} {found.official:.3%}（{found.numerator:g}/{found.denominator:g}），加权估计 {float(found.estimate):.3%}"


def measure(survey: Survey, design: Design, frame: Frame, rosters: pd.DataFrame | None = None) -> tuple[Rate, ...]:
    """Make every rate that a design declares.

    Parameters
    ----------
    survey : Survey
        Of the findings of completed interviews, as `weigh` makes it.
    design : Design
    frame : Frame
        Its columns give the registry totals that the design names.
    rosters : pandas.DataFrame, optional
        Household rosters of the drawn villages; needed where a rate's denominator is ``villages``.

    Returns
    -------
    tuple of Rate
        In the order of the design.

    Raises
    ------
    EstimateError
        When a rate's population has no completed household, or a total is missing.

    Notes
    -----
    错退率, 漏评率, 错评率: R = Σ w·(affected) / Σ w·(persons of the population), linearised as
    u = (y − R x) / X (Särndal, Swensson & Wretman 1992, eq. 5.6.10). 综合贫困发生率 =
    (R₀ + e·A + q·B) / P with registry totals R₀, A, B, P of one stated date, without sampling error.
    """
    known = _known_households(rosters)
    made: dict[str, Rate] = {}
    for declared in design.rates:
        if declared.kind == "finding":
            made[declared.name] = _finding_rate(survey, declared, known)
        elif declared.kind == "approval":
            made[declared.name] = _approval_rate(survey, declared)
    for declared in design.rates:
        if declared.kind == "incidence":
            made[declared.name] = _incidence_rate(survey, declared, design, frame, made, known)
    return tuple(made[declared.name] for declared in design.rates)


def assumed(
    survey: Survey, design: Design, frame: Frame, found: Mapping[str, Array], rosters: pd.DataFrame | None = None
) -> dict[str, Measure]:
    """Make the rates as they would be under k sets of findings, all at once.

    Parameters
    ----------
    survey : Survey
        Of completed interviews, as `weigh` makes it; the whole household counts as affected.
    design, frame, rosters
        As in `measure`.
    found : mapping of str to (rows, k) array
        By rate: which households were found in error, or approve, in each of the sets.

    Returns
    -------
    dict of str to Measure
        The rates of `found` and the incidence rates that rest on them, k rows each.

    Raises
    ------
    EstimateError
        As in `measure`.
    """
    known, made = _known_households(rosters), dict[str, Measure]()
    for declared in design.rates:
        if declared.kind != "incidence" and declared.name in found:
            made[declared.name] = _measured(survey, *_ingredients(survey, declared, "confirmed", known, found=found[declared.name]))
    for declared in design.rates:
        if declared.kind == "incidence" and {declared.wrong_exit, declared.missed} <= set(found):
            made[declared.name] = _incidence(
                survey, declared, frame, official=lambda name: made[name].official,
                ratio=lambda name: _ingredients(survey, design.rate(name), "confirmed", known, found=found[name])[0],  # type: ignore[arg-type]  # the design checked the name
            )  # fmt: skip
    return made


def breakdown(survey: Survey, design: Design, groups: pd.Series, rosters: pd.DataFrame | None = None) -> Iterator[tuple[str, str, Measure]]:
    """Yield each rate of findings and approval within each group of households.

    Parameters
    ----------
    survey : Survey
    design : Design
    groups : pandas.Series of str
        One label for each row of the survey.
    rosters : pandas.DataFrame, optional
        As in `measure`.

    Yields
    ------
    tuple of (rate name, group, Measure)
        At the confirmed status; groups without a completed household of the population are left out.
    """
    known = _known_households(rosters)
    labels = groups.to_numpy(dtype=object)
    for declared in design.rates:
        if declared.kind == "incidence":
            continue
        for label in sorted(set(labels)):
            ratio, counted = _ingredients(survey, declared, "confirmed", known, labels == label)
            if counted[1] > 0:
                yield declared.name, str(label), _measured(survey, ratio, counted)


def event_households(survey: Survey, declared: FindingRate | ApprovalRate) -> tuple[int, dict[str, int], float]:
    """Return how many complete households are confirmed events, how many are complete in each village, and the loss from their weights.

    Parameters
    ----------
    survey : Survey
    declared : FindingRate or ApprovalRate
        Events are the finds of a finding rate, and the households that do not approve of 群众认可度.

    Returns
    -------
    tuple of (int, dict of str to int, float)
        Events; complete households of the rate's population by village, in the order of the survey; Kish's weight effect of these.
    """
    ratio, _ = _ingredients(survey, declared, "confirmed", None)
    inside = ratio.den > 0
    event = inside & ((ratio.num > 0) if declared.kind == "finding" else (ratio.num == 0))
    villages = survey.table().loc[inside, "village"].value_counts(sort=False)
    takes = {str(village): int(count) for village, count in villages.items()}
    return int(event.sum()), takes, float(weight_effect(ratio.weight[inside]))


def _finding_rate(survey: Survey, declared: FindingRate, known: pd.DataFrame) -> Rate:
    suspected, confirmed = (_measured(survey, *_ingredients(survey, declared, status, known)) for status in ("suspected", "confirmed"))
    return Rate(declared, confirmed, suspected)


def _approval_rate(survey: Survey, declared: ApprovalRate) -> Rate:
    made = _measured(survey, *_ingredients(survey, declared, "confirmed", None))
    table = survey.table()
    inside = _inside(table, declared.population) & (True if survey.answering is None else survey.answering)
    best = approval(table, declared).approve_if_dk_yes.astype(float) * inside * _unit(table, declared.count)
    return Rate(declared, made, band=(made.official, float(best.sum() / made.denominator)))


def _incidence_rate(
    survey: Survey, declared: IncidenceRate, design: Design, frame: Frame, made: dict[str, Rate], known: pd.DataFrame
) -> Rate:
    def at(status: Status) -> Measure:
        return _incidence(
            survey, declared, frame, official=lambda name: _official(made[name], status),
            ratio=lambda name: _ingredients(survey, design.rate(name), status, known)[0],  # type: ignore[arg-type]  # the design checked the name
        )  # fmt: skip

    totals = MappingProxyType(registry_totals(declared, frame))
    return Rate(declared, at("confirmed"), at("suspected"), totals=totals)


def _incidence(
    survey: Survey, declared: IncidenceRate, frame: Frame, official: Callable[[str], Any], ratio: Callable[[str], Ratio]
) -> Measure:
    """Return an incidence from the unweighted values and the ratios of its two rates, by their names."""
    totals, parts = registry_totals(declared, frame), {"exited": declared.wrong_exit, "non_registry": declared.missed}
    numerator = totals["remaining"] + sum(totals[key] * official(name) for key, name in parts.items())
    return Measure(numerator, totals["rural"], union_incidence(survey, {key: ratio(name) for key, name in parts.items()}, totals))


def registry_totals(declared: IncidenceRate, frame: Frame) -> dict[str, float]:
    """Return the registry's numbers of persons that an incidence rests on."""
    return {key: _total(getattr(declared.totals, key), frame) for key in ("remaining", "exited", "non_registry", "rural")}


def _ingredients(
    survey: Survey, declared: FindingRate | ApprovalRate, status: Status, known: pd.DataFrame | None, where: Mask | None = None,
    found: Array | None = None,
) -> tuple[Ratio, tuple[Any, float]]:  # fmt: skip
    table = survey.table()
    inside = _inside(table, declared.population) & (True if where is None else where)
    if survey.answering is not None:
        inside = inside & survey.answering
    unit = _unit(table, declared.count)
    den = unit * inside
    if found is not None:
        num = den[:, None] * found
    elif declared.kind == "approval":
        num = den * approval(table, declared).approve
    else:
        raised = table[declared.finding if status == "suspected" else f"{declared.finding}_confirmed"].to_numpy(dtype=float)
        persons = "missed_affected" if declared.finding == "missed" and "missed_affected" in table else "affected"
        affected = table[persons].to_numpy(dtype=float) if declared.count == "persons" else np.ones(len(table))
        num = affected * raised * inside
    if declared.kind == "approval" or declared.denominator == "surveyed":
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


def _measured(survey: Survey, ratio: Ratio, counted: tuple[Any, float]) -> Measure:
    if not counted[1] > 0:
        raise EstimateError("指标的总体中没有完成的户｜至少应有 1 户｜核对 [[rate]] 的 population 与名册的户类型")
    return Measure(*counted, ratio.estimate(survey))


def _official(rate: Rate, status: Status) -> Any:
    found = rate.suspected if status == "suspected" else rate.confirmed
    return found.official if found is not None else rate.confirmed.official


def _inside(table: pd.DataFrame, population: tuple[str, ...]) -> Mask:
    return table["stratum"].isin(population).to_numpy() if population else np.ones(len(table), dtype=bool)


def _unit(table: pd.DataFrame, count: str) -> Array:
    return table["persons"].to_numpy(dtype=float) if count == "persons" else np.ones(len(table))


def _total(total: Total, frame: Frame) -> float:
    return total.value if total.value is not None else frame.total(total.column)


def _known_households(rosters: pd.DataFrame | None) -> pd.DataFrame:
    if rosters is None or rosters.empty:
        return pd.DataFrame(columns=["persons", "households"])
    grouped = rosters.groupby(["village", "stratum"])["persons"]
    return pd.DataFrame({"persons": grouped.sum(), "households": grouped.size()})
