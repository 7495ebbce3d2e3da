"""One trial of a design: draw, visit, collect, weigh, estimate and judge, at every point of a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import streams
from evalkit.acceptance import Double
from evalkit.design.accepting import rule_of
from evalkit.design.judgement import DERIVED
from evalkit.errors import EstimateError, SurveyError
from evalkit.plans.reckoning import field_days
from evalkit.rates import assumed, registry_totals
from evalkit.responses import collect
from evalkit.sample import draw, extend
from evalkit.survey import weigh
from evalkit.trials.truths import Point, VillageRates, interviewer_rates, village_rates
from evalkit.trials.visits import interviewers, village_codes, visit

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.judgement import Gate
    from evalkit.estimates import Estimate
    from evalkit.frame import Frame
    from evalkit.responses import Responses
    from evalkit.sample import Sample
    from evalkit.trials.population import Population

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NO_RULE = -1.0  # of "accepted", where a gate has no acceptance rule
FIELDS = ("truth", "value", "read", "low", "high", "interval_low", "interval_high", "events", "n", "df", "accepted")
EFFORT = ("villages", "issued", "complete", "cost", "team_days")


@dataclass(frozen=True, eq=False)
class Setting:
    """All that a trial needs beside its number; it travels to the workers whole.

    Attributes
    ----------
    design : Design
    frame : Frame
    population : Population
    points : tuple of Point
    rates : tuple of str
        The rates of findings and of approval that have true values.
    seed : str
    icc : float or None
        Correlation that the intervals are planned with; None for the true one of each point.
    interviewer : float
        Correlation of the answers that one interviewer takes.
    alphas : tuple of float
        Further risks to judge by, beside that of the design.
    """

    design: Design
    frame: Frame
    population: Population
    points: tuple[Point, ...]
    rates: tuple[str, ...]
    seed: str
    icc: float | None
    interviewer: float
    alphas: tuple[float, ...] = ()

    @cached_property
    def lean(self) -> Design:
        """The design without what is made of answers: findings are made up here, not the answers they rest on."""
        assert self.design.returns is not None
        returns = self.design.returns.model_copy(update={"status": ""})
        return self.design.model_copy(update={"criteria": None, "rates": (), "gates": (), "returns": returns})

    @cached_property
    def village_rates(self) -> dict[str, VillageRates]:
        """Return what the rate of a village may be at each point, by rate."""
        icc, models = np.array([point.icc for point in self.points]), [point.model for point in self.points]
        return {name: village_rates(np.array([point.rate(name) for point in self.points]), icc, models) for name in self.rates}

    @cached_property
    def groups(self) -> list[tuple[float, Ints]]:
        """Return the points that are judged with one planned correlation, by that correlation."""
        planned = np.array([point.icc if self.icc is None else self.icc for point in self.points])
        return [(float(icc), np.flatnonzero(planned == icc)) for icc in np.unique(planned)]

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Return the gates of the design."""
        return self.design.gates


@dataclass(frozen=True, eq=False)
class _Found:
    """One rate of one trial: what is recorded of the households in the survey, (rows, points), and the true rate of the whole list."""

    recorded: NDArray[np.bool_]
    truth: Floats


def run_trial(setting: Setting, number: int) -> tuple[Floats, Floats]:
    """Run one trial.

    Parameters
    ----------
    setting : Setting
    number : int
        Of the trial, from 0; what happens in it depends on the seed and on this number only.

    Returns
    -------
    results : (gates, points, fields) float array
        In the order of FIELDS; behind them the two one-sided bounds at each further alpha.
    effort : (5,) float array
        In the order of EFFORT.
    """
    seed = f"{setting.seed}-{number}"
    roster, sample = _drawn(setting, seed)
    households = sample.table(setting.design.stages[-1].name)
    returned = collect(sample, visit(sample, setting.design, seed, _places(households)))
    try:
        results = _outcome(setting, seed, roster, sample, returned)
    except (SurveyError, EstimateError):
        # nobody answered in a village and stratum, or one alone did, where the design says fail; or nobody of a rate's population
        results = _empty(setting)
    return results, _effort(returned, setting.design)


def _outcome(setting: Setting, seed: str, roster: pd.DataFrame, sample: Sample, returned: Responses) -> Floats:
    """Weigh, estimate and judge what came back, at every point."""
    survey = weigh(returned)
    table = survey.table()
    rows = _rows(setting.population, sample.villages, table)
    found = {name: _found(setting, seed, name, roster, rows) for name in setting.rates}
    results = _empty(setting)
    for icc, points in setting.groups:
        recorded = {name: each.recorded[:, points].astype(float) for name, each in found.items()}
        made = assumed(survey, setting.design, setting.frame, recorded)
        for at, gate in enumerate(setting.gates):
            truth = _truth(setting, gate.rate, found)[points]
            accepted = np.full(len(points), NO_RULE)
            if gate.acceptance is not None:
                accepted = _accepted(gate, setting.design, table, recorded[gate.rate])
            judged = _judged(made[gate.rate].estimate, made[gate.rate].official, truth, gate, setting, icc)
            results[at, points] = np.insert(judged, FIELDS.index("accepted"), accepted, axis=1)
    return results


def _accepted(gate: Gate, design: Design, table: pd.DataFrame, recorded: Floats) -> Floats:
    """Return 1 or 0, whether the acceptance rule of a gate accepts, at each point: its first phase where no more villages were visited."""
    declared, rule = design.rate(gate.rate), rule_of(gate)
    assert declared is not None and not isinstance(declared, DERIVED)  # refused with the design
    inside = np.isin(table["stratum"].to_numpy(), declared.population) if declared.population else np.ones(len(table), dtype=bool)
    events = (recorded if gate.direction == "below" else 1 - recorded)[inside].sum(axis=0)
    most = rule.at_most
    if isinstance(rule, Double) and table.loc[inside, "village"].nunique() <= rule.first.villages:
        most = rule.accept
    return np.asarray(events <= most).astype(np.float64)


def _empty(setting: Setting) -> Floats:
    made = np.full((len(setting.gates), len(setting.points), len(FIELDS) + 2 * len(setting.alphas)), np.nan)
    made[[gate.acceptance is None for gate in setting.gates], :, FIELDS.index("accepted")] = NO_RULE
    return made


def _effort(returned: Responses, design: Design) -> Floats:
    """Return what a trial took, in the order of EFFORT; NaN where `[planning]` says nothing of it."""
    table, plan = returned.table(), design.planning
    assert plan is not None
    issued, complete = table.groupby("village").size(), int(table["complete"].sum())
    cost = plan.cost_village * len(issued) + plan.cost_household * len(table)
    days, _ = field_days(issued, plan.interviews_per_day, plan.villages_per_day, plan.teams)
    return np.array([len(issued), len(table), complete, cost or np.nan, np.nan if days is None else days], dtype=float)


def _drawn(setting: Setting, seed: str) -> tuple[pd.DataFrame, Sample]:
    sample = draw(setting.frame, setting.lean, seed=seed)
    roster = setting.population.roster(sample.villages)
    return roster, extend(sample, roster)


def _places(households: pd.DataFrame) -> Ints:
    """Return the place of each household in the roster of its village: rosters are numbered from 1."""
    return households["household"].to_numpy().astype(np.int64) - 1


def _found(setting: Setting, seed: str, name: str, roster: pd.DataFrame, rows: _Rows) -> _Found:
    """Make up what is true of a rate in every village, and what the survey records of its households."""
    declared, population = setting.design.rate(name), setting.population
    assert declared is not None and not isinstance(declared, DERIVED)
    everywhere = setting.village_rates[name].at(streams.numbers(seed, f"trial village {name}", "all", len(population.villages)))
    parts = [
        streams.numbers(seed, f"trial household {name}", population.villages[place], int(n))
        for place, n in zip(rows.places, rows.sizes, strict=True)
    ]
    luck, of_village = np.concatenate(parts), everywhere[rows.places]
    event = luck[:, None] < np.repeat(of_village, rows.sizes, axis=0)
    truth = _true_rate(population, declared, everywhere, rows.places, np.einsum("i,ij->j", _counted(declared, roster), event), seed)
    if not setting.interviewer:
        return _Found(event[rows.row], truth)
    u = partial(streams.numbers, seed, f"trial interviewer {name}", "all")
    said = _recorded(of_village, rows.village, rows.interviewer, setting.interviewer, u)
    return _Found(luck[rows.row, None] < said, truth)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Where the rows of a survey stand in the rosters of the drawn villages, which lie one behind the other, villages by id.

    Attributes
    ----------
    places, sizes : (drawn villages,) int array
        Place in the list, and households.
    village, row, interviewer : (rows,) int array
        Which drawn village, which row of all rosters, and who took the interview.
    """

    places: Ints
    sizes: Ints
    village: Ints
    row: Ints
    interviewer: Ints


def _rows(population: Population, drawn: tuple[str, ...], table: pd.DataFrame) -> _Rows:
    places = np.array([population.place[village] for village in drawn])
    sizes = population.sizes[places].sum(axis=1)
    village = village_codes(table["village"], drawn)
    who = interviewers(village, table["order"].to_numpy())
    return _Rows(places, sizes, village, (np.cumsum(sizes) - sizes)[village] + _places(table), who)


def _counted(declared: Any, roster: pd.DataFrame) -> Floats:
    """Return what each household of a roster counts in a rate, 0 outside its population."""
    inside = np.isin(roster["stratum"].to_numpy(), declared.population) if declared.population else np.ones(len(roster), dtype=bool)
    return inside * (roster["persons"].to_numpy(dtype=float) if declared.count == "persons" else 1.0)


def _recorded(rates: Floats, village: Ints, who: Ints, correlation: float, numbers: Callable[[int], Floats]) -> Floats:
    """Return for each household the rate that its interviewer records in its village, (rows, k).

    Parameters
    ----------
    rates : (villages, k) float array
    village, who : (rows,) int array
    correlation : float
    numbers : callable
        Gives so many uniform numbers.
    """
    pairs, own = np.unique(np.stack([village, who]), axis=1, return_inverse=True)
    return interviewer_rates(rates[pairs[0]], correlation, numbers(pairs.shape[1]))[own.ravel()]


def _true_rate(population: Population, declared: Any, rates: Floats, places: Ints, seen: Floats, seed: str) -> Floats:
    """Return the rate of the whole list: what the drawn villages hold, and what the others do, their households by the normal law."""
    kinds = np.isin(population.labels, declared.population) if declared.population else np.ones(len(population.labels), dtype=bool)
    size, square = (part[:, kinds].sum(axis=1) for part in population.counted[declared.count])
    rest = np.ones(len(size), dtype=bool)
    rest[places] = False
    mean = np.einsum("i,ij->j", size[rest], rates[rest])
    spread = np.sqrt(np.einsum("i,ij->j", square[rest], rates[rest] * (1 - rates[rest])))
    z = streams.normal(streams.numbers(seed, f"trial rest {declared.name}", "all", 1))
    return np.asarray(np.clip((seen + mean + z * spread) / size.sum(), 0.0, 1.0))


def _truth(setting: Setting, name: str, found: dict[str, _Found]) -> Floats:
    declared = setting.design.rate(name)
    assert declared is not None
    if declared.kind != "incidence":
        return found[name].truth
    totals = registry_totals(declared, setting.frame)
    poor = totals["exited"] * found[declared.wrong_exit].truth + totals["non_registry"] * found[declared.missed].truth
    return np.asarray((totals["remaining"] + poor) / totals["rural"])


def _judged(estimate: Estimate, official: Any, truth: Floats, gate: Gate, setting: Setting, icc: float) -> Floats:
    """Return the fields of one gate at some points, but for what its acceptance rule says."""
    evaluation = setting.design.evaluation

    def bounds(alpha: float) -> list[Floats]:
        low = estimate.interval(level=1 - alpha, side="lower", icc=icc)["low"]
        return [low.to_numpy(), estimate.interval(level=1 - alpha, side="upper", icc=icc)["high"].to_numpy()]

    two = estimate.interval(level=evaluation.confidence, icc=icc)
    read = official if gate.legal_value == "unweighted" else estimate.value
    share = estimate.share()
    events = (share if gate.direction == "below" else 1 - share) * estimate.n
    more = [bound for alpha in setting.alphas for bound in bounds(alpha)]
    return np.column_stack(
        [truth, estimate.value, read, *bounds(evaluation.alpha), two["low"], two["high"], events, estimate.n, two["df"], *more]
    )
