"""The chance of proving 综合贫困发生率: the plan's beside that of trials of the whole design, and beside exact chances."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.plans.counting import count, planned_frame
from evalkit.plans.planned import _totals
from evalkit.plans.precision import _proof, _setting
from evalkit.plans.strengths import Strength, rate_strengths
from evalkit.sizing import Setting, UnionGroup, UnionLayout, proof_chance, union_samples
from evalkit.sizing.chances import MODELS
from evalkit.sizing.unions import _variance
from evalkit.trials.plain import PLAIN

NAME, TRIALS = "综合贫困发生率", 36
EXITED, OTHERS = "脱贫户", "非建档立卡户"


@cache
def county(villages: int = 16, take: int = 20) -> ev.Design:
    """A county of 100 villages × 200 households: one in eight exited, as many drawn of these as of the others."""
    kinds = {"wrong_exit": ("错退率", EXITED), "missed": ("漏评率", OTHERS)}
    rates: list[dict[str, Any]] = [
        {"name": name, "kind": "finding", "finding": key, "population": [kind], "count": "households", "decided_by": "household"}
        for key, (name, kind) in kinds.items()
    ]
    totals = {key: {"value": value} for key, value in (("remaining", 100), ("exited", 2500), ("non_registry", 17400), ("rural", 20000))}
    totals |= {"date": "2000-01-01", "source": "编造"}
    rates.append({"name": NAME, "kind": "incidence", "wrong_exit": "错退率", "missed": "漏评率", "totals": totals})
    gate = {"rate": NAME, "threshold": 0.035, "direction": "below", "strict": True, "legal_value": "unweighted"}
    level = {"column": "village", "name": "村", "count": 100}
    household = {"name": "household", "method": "srs", "strata": ["户类型"], "n": {EXITED: take, OTHERS: take}, "shortfall": "fail"}
    whole = PLAIN | {
        "evaluation": {"title": "编造", "county": "模拟县", "year": 2000, "icc": 0.05, "alpha": 0.05},
        "frame": {"id": "village", "name": "village_name", "source": "编造", "columns": [], "made": {"level": [level]}},
        "stage": [{"name": "village", "method": "srs", "n": villages}, household],
        "criteria": PLAIN["criteria"] | {"exited": [EXITED], "outside": [OTHERS], "registered": []},
        "rate": rates,
        "gate": [{**gate, "quote": "模拟", "source": "模拟"}],
        "planning": {"rates": {"错退率": 0.04, "漏评率": 0.004}, "types": {EXITED: 25, OTHERS: 175}, "households": 200},
    }
    return ev.read_design(whole)


@cache
def strength() -> Strength:
    design = county()
    frame = planned_frame(design)
    return next(found for found in rate_strengths(design, count(design, frame).lots, _totals(design, frame)) if found.rate == NAME)


def test_the_planned_chance_of_proof_is_that_of_trials() -> None:
    # Monte Carlo: methods §6.6, §11
    made = ev.simulate(county(), seed="union", replicates=TRIALS, model=MODELS, workers=1).table().set_index("model")
    behind = strength()
    assert behind.layout is not None
    for model in MODELS:
        drawn = union_samples(behind.groups, behind.layout, model, 0.95)
        planned = (drawn.high < behind.inner(0.035)).mean()
        told = made.loc[model]
        assert abs(planned - told["met"]) < 3 * told["met_se"], model
        passed = (drawn.read < behind.inner(0.035)).mean()
        assert abs(passed - told["legal"]) < 3 * told["legal_se"] + 0.01, model
    assert _proof(_setting(behind, 100, 200), behind, behind.p, behind.inner(0.035), 0.95, True) < 0.5  # as one kind of event


def test_the_plan_tells_the_less_favourable_model() -> None:
    behind, row = strength(), ev.plan(county()).table("gates").iloc[0]
    assert behind.layout is not None
    chances = [(union_samples(behind.groups, behind.layout, model, 0.95).high < behind.inner(0.035)).mean() for model in MODELS]
    assert row["proof_at_p"] == min(chances)
    assert row["legal_at_p"] > 0.95 and 0.4 < row["legal_at_gate"] < 0.65


@pytest.mark.parametrize("model", MODELS)
def test_one_group_alone_has_the_enumerated_chance(model: str) -> None:
    # Monte Carlo, 10,000 samples: methods §3.2 gives .68 for 20×60 at .5 %
    layout = UnionLayout(np.arange(20), np.zeros(20, dtype=int), 0.05, 1.0, 60.0, 0.0, 19.0)
    drawn = union_samples([UnionGroup(1.0, 0.005, np.full(20, 60), np.ones(20))], layout, model, 0.95)
    exact = proof_chance(Setting(60, 0.05), 20, 0.005, 0.02, model=model)
    assert (drawn.high < 0.02).mean() == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 10_000))


def test_weights_and_strata_of_the_bound_are_those_of_a_survey() -> None:
    # identity: the same households through Survey → proportion of weighted groups give the same standard error
    rng = np.random.default_rng(1)
    takes, weights = rng.integers(5, 9, 12), rng.uniform(1, 3, 12)
    layout = UnionLayout(np.arange(12), np.repeat([0, 1, 2], 4), 0.05, 1.2, 6.0, 0.0, 9.0)
    group = UnionGroup(1.0, 0.1, takes, weights)
    events = rng.binomial(takes, 0.1)
    village = np.repeat(np.arange(12), takes)
    y = np.concatenate([np.arange(take) < hit for take, hit in zip(takes, events, strict=True)]).astype(float)
    table = pd.DataFrame({"village": village, "town": village // 4, "w": weights[village], "y": y})
    survey = ev.Survey.from_data(table, weights="w", strata="town", clusters=["village"])
    share = events @ group.each
    scores = events * group.each - share * group.each * takes
    found = ev.proportion(survey, "y")
    assert share == pytest.approx(float(found), rel=1e-12)
    assert np.sqrt(_variance(scores[None], layout))[0] == pytest.approx(float(found.se[0]), rel=1e-9)
