"""The statutory rates, each with its unweighted value of the sample and its design-based estimate.

A household is judged; persons (or households) are counted. Every rate is a ratio whose scores are
linearised over households, so that its variance carries the clustering of persons in households and of
households in villages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.combined import Ratio, union_incidence
from evalkit.design.judgement import DERIVED
from evalkit.intervals import weight_effect
from evalkit.lists import fixed
from evalkit.rates.nouns import Measure, Rate
from evalkit.rates.parts import Counts, Status, accurate, ingredients, inside_of, known_households, measured, unit_of
from evalkit.satisfaction import approval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design import Design
    from evalkit.design.judgement import AccuracyRate, ApprovalRate, FindingRate, IncidenceRate, PrevalenceRate, Total
    from evalkit.frame import Frame
    from evalkit.survey import Survey

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def measure(
    survey: Survey, design: Design, frame: Frame, rosters: pd.DataFrame | None = None, *, bare: bool = False
) -> tuple[Rate, ...]:  # fmt: skip
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
    bare : bool
        Only the confirmed status, without what stands beside it: for those who measure many times.

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
    识别准确率 by its rule: 1 − (errors of both populations) / (persons of both), 1 − 错评率 − 漏评率, or 1 − one rate.
    """
    known = known_households(rosters if any(rate.kind == "finding" and rate.denominator == "villages" for rate in design.rates) else None)
    made: dict[str, Rate] = {}
    for declared in design.rates:
        if declared.kind == "finding":
            made[declared.name] = _finding_rate(survey, declared, known, bare)
        elif declared.kind == "approval":
            made[declared.name] = _approval_rate(survey, declared, bare)
        elif declared.kind == "prevalence":
            made[declared.name] = Rate(declared, measured(survey, *ingredients(survey, declared, "confirmed", None)))
    for declared in design.rates:
        if declared.kind == "incidence":
            made[declared.name] = _incidence_rate(survey, declared, design, frame, made, known, bare)
        elif declared.kind == "accuracy":
            made[declared.name] = _accuracy_rate(survey, declared, design, known, bare)
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
        The rates of `found` and the incidence and accuracy rates that rest on them, k rows each.

    Raises
    ------
    EstimateError
        As in `measure`.
    """
    known, made = known_households(rosters), dict[str, Measure]()

    def part(name: str) -> tuple[Ratio, Counts]:
        return ingredients(survey, _named(design, name), "confirmed", known, found=found[name])

    for declared in design.rates:
        if not isinstance(declared, DERIVED) and declared.name in found:
            made[declared.name] = measured(survey, *part(declared.name))
    for declared in design.rates:
        if declared.kind == "incidence" and {declared.wrong_exit, declared.missed} <= set(found):
            totals = registry_totals(declared, frame)
            made[declared.name] = _incidence(
                survey, declared, totals, official=lambda name: made[name].official, ratio=lambda name: part(name)[0]
            )
        elif declared.kind == "accuracy" and set(declared.errors) <= set(found):
            made[declared.name] = accurate(survey, declared.rule, [part(name) for name in declared.errors])
    return made


def breakdown(survey: Survey, design: Design, groups: pd.Series, rosters: pd.DataFrame | None = None) -> Iterator[tuple[str, str, Measure]]:
    """Yield each rate but 综合贫困发生率 within each group of households.

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
    known = known_households(rosters)
    labels = groups.to_numpy(dtype=object)
    for declared in design.rates:
        if declared.kind == "incidence":
            continue
        parts = declared.errors if declared.kind == "accuracy" else (declared.name,)
        for label in sorted(set(labels)):
            found = [ingredients(survey, _named(design, name), "confirmed", known, labels == label) for name in parts]
            if all(counted[1] > 0 for _, counted in found):
                made = accurate(survey, declared.rule, found) if declared.kind == "accuracy" else measured(survey, *found[0])
                yield declared.name, str(label), made


def event_households(survey: Survey, declared: FindingRate | ApprovalRate | PrevalenceRate) -> tuple[int, dict[str, int], float]:
    """Return how many complete households are confirmed events, how many are complete in each village, and the loss from their weights.

    Parameters
    ----------
    survey : Survey
    declared : FindingRate, ApprovalRate or PrevalenceRate
        Events are the finds of a finding rate, the households that a prevalence counts, and those that do not approve of
        群众认可度.

    Returns
    -------
    tuple of (int, dict of str to int, float)
        Events; complete households of the rate's population by village, in the order of the survey; Kish's weight effect of these.
    """
    ratio, _ = ingredients(survey, declared, "confirmed", None)
    inside = ratio.den > 0
    event = inside & ((ratio.num == 0) if declared.kind == "approval" else (ratio.num > 0))
    villages = survey.table().loc[inside, "village"].value_counts(sort=False)
    takes = {str(village): int(count) for village, count in villages.items()}
    return int(event.sum()), takes, float(weight_effect(ratio.weight[inside]))


def _named(design: Design, name: str) -> FindingRate | ApprovalRate | PrevalenceRate:
    found = design.rate(name)
    assert found is not None and not isinstance(found, DERIVED)  # the design checked the name
    return found


def _finding_rate(survey: Survey, declared: FindingRate, known: pd.DataFrame, bare: bool) -> Rate:
    def at(status: Status) -> Measure:
        return measured(survey, *ingredients(survey, declared, status, known))

    return _at_both(declared, at, bare)


def _at_both(declared: Any, at: Callable[[Status], Measure], bare: bool, **more: Any) -> Rate:
    """Return a rate at the confirmed status and, unless bare, the suspected one."""
    return Rate(declared, at("confirmed"), None if bare else at("suspected"), **more)


def _accuracy_rate(survey: Survey, declared: AccuracyRate, design: Design, known: pd.DataFrame, bare: bool) -> Rate:
    def at(status: Status) -> Measure:
        return accurate(survey, declared.rule, [ingredients(survey, _named(design, name), status, known) for name in declared.errors])

    return _at_both(declared, at, bare)


def _approval_rate(survey: Survey, declared: ApprovalRate, bare: bool) -> Rate:
    made = measured(survey, *ingredients(survey, declared, "confirmed", None))
    if bare:
        return Rate(declared, made)
    table = survey.table()
    inside = inside_of(table, declared.population) & (True if survey.answering is None else survey.answering)
    best = approval(table, declared).approve_if_dk_yes.astype(float) * inside * unit_of(table, declared.count)
    return Rate(declared, made, band=(made.official, float(best.sum() / made.denominator)))


def _incidence_rate(
    survey: Survey, declared: IncidenceRate, design: Design, frame: Frame, made: dict[str, Rate], known: pd.DataFrame, bare: bool
) -> Rate:
    totals = registry_totals(declared, frame)

    def at(status: Status) -> Measure:
        return _incidence(
            survey, declared, totals, official=lambda name: _official(made[name], status),
            ratio=lambda name: ingredients(survey, _named(design, name), status, known)[0],
        )  # fmt: skip

    return _at_both(declared, at, bare, totals={} if bare else fixed(totals))


def _incidence(
    survey: Survey, declared: IncidenceRate, totals: dict[str, float], official: Callable[[str], Any], ratio: Callable[[str], Ratio]
) -> Measure:
    """Return an incidence from the unweighted values and the ratios of its two rates, by their names."""
    parts = {"exited": declared.wrong_exit, "non_registry": declared.missed}
    numerator = totals["remaining"] + sum(totals[key] * official(name) for key, name in parts.items())
    return Measure(numerator, totals["rural"], union_incidence(survey, {key: ratio(name) for key, name in parts.items()}, totals))


def registry_totals(declared: IncidenceRate, frame: Frame) -> dict[str, float]:
    """Return the registry's numbers of persons that an incidence rests on."""
    return {key: _total(getattr(declared.totals, key), frame) for key in ("remaining", "exited", "non_registry", "rural")}


def _official(rate: Rate, status: Status) -> Any:
    found = rate.suspected if status == "suspected" else rate.confirmed
    return found.official if found is not None else rate.confirmed.official


def _total(total: Total, frame: Frame) -> float:
    return total.value if total.value is not None else frame.total(total.column)
