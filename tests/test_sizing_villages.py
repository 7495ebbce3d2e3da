"""How many villages: takes, costs, team-days, and the number of villages solved for."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit import sizing
from evalkit.errors import EstimateError
from evalkit.intervals import Planning, proportion
from evalkit.sizing.chances import MODELS, county_counts, partitions, spread_chances, village_counts

EXAMPLES = settings(max_examples=40, deadline=None)
TAKES = st.integers(2, 80)
ICCS = st.floats(0.005, 0.3)


def test_best_takes():
    assert round(sizing.best_take(0.05, 800, 40), 2) == 19.49 and round(sizing.best_take(0.02, 800, 40), 1) == 31.3


@EXAMPLES
@given(icc=ICCS, other=st.floats(0.3, 3))
def test_no_other_plan_for_the_money_is_better(icc, other):
    plan = sizing.two_stage((800, 40), icc, budget=1e5)
    assert plan.cost == pytest.approx(1e5)
    take = plan.take * other
    assert sizing.two_stage_cv(1e5 / (800 + 40 * take), take, icc) >= plan.cv * (1 - 1e-12)
    assert sizing.two_stage((800, 40), icc, cv=plan.cv).cost == pytest.approx(1e5)
    fixed = sizing.two_stage((800, 40), icc, cv=plan.cv, clusters=plan.clusters)
    assert fixed.take == pytest.approx(plan.take) and fixed.cost == pytest.approx(1e5)


@EXAMPLES
@given(first=ICCS, second=ICCS, more=st.floats(0.5, 2))
def test_no_other_three_stage_plan_for_the_money_is_better(first, second, more):
    costs = (500, 100, 20)
    plan = sizing.three_stage(costs, (first, second), budget=1e5)
    assert plan.cost == pytest.approx(1e5)
    for groups, take in ((plan.groups * more, plan.take), (plan.groups, plan.take * more)):
        clusters = 1e5 / (500 + groups * (100 + 20 * take))
        assert sizing.three_stage_cv(clusters, groups, take, (first, second)) >= plan.cv * (1 - 1e-12)
    again = sizing.three_stage(costs, (first, second), cv=plan.cv, clusters=plan.clusters)
    assert again.groups == pytest.approx(plan.groups)
    assert sizing.three_stage(costs, (first, second), budget=1e5, clusters=plan.clusters).cv == pytest.approx(plan.cv)


def test_whole_villages_in_a_day_bind():
    assert sizing.team_days(20, 30, interviews_per_day=70, villages_per_day=3).team_days == 10  # two fit, not 2⅓
    assert sizing.team_days(20, 36, interviews_per_day=70, villages_per_day=3).team_days == 20
    assert sizing.team_days(20, 80, interviews_per_day=70).team_days == 40
    shared = sizing.team_days(21, 30, interviews_per_day=70, villages_per_day=2, teams=4, travel_days=2)
    assert shared.workload == (6, 5, 5, 5) and shared.days == 5 and shared.team_days == 4 * 5
    assert sizing.team_days(2, 30, interviews_per_day=70, teams=4, travel_days=2).team_days == 2 * 3
    assert sizing.team_days(0, 30, interviews_per_day=70).days == 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("icc", [0, 0.05, 0.3])
def test_village_counts_have_their_mean_and_correlation(model, icc):
    take, p = 30, 0.04
    chance, y = village_counts(take, p, icc, model, take), np.arange(take + 1)
    assert chance.sum() == pytest.approx(1) and y @ chance == pytest.approx(take * p)
    variance = (y - take * p) ** 2 @ chance
    assert variance == pytest.approx(take * p * (1 - p) * (1 + (take - 1) * icc))
    if model == "beta-binomial" and icc:
        a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
        assert chance == pytest.approx(stats.betabinom.pmf(y, take, a, b), rel=1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_all_spreads_together_are_the_sum_over_villages(model):
    ways, village = partitions(9), village_counts(20, 0.03, 0.05, model, 9)
    events = ways @ np.arange(1, 10)
    assert len(ways) == sum((1, 1, 2, 3, 5, 7, 11, 15, 22, 30)) == len(np.unique(ways, axis=0))
    by_spread = np.bincount(events.astype(int), spread_chances(ways, village, 6))
    assert by_spread == pytest.approx(county_counts(village, 6))


@pytest.mark.parametrize(
    "take, icc, first", [(20, 0.02, 26), (20, 0.05, 33), (30, 0.02, 18), (30, 0.05, 29), (60, 0.02, 13), (60, 0.05, 23)]
)
def test_smallest_numbers_of_villages_with_an_acceptance_number(take, icc, first):
    plan = sizing.villages_for_power(sizing.Setting(take, icc), 0.005, 0.02, rule="number")
    assert plan.first == first and plan.villages >= first and plan.reached >= 0.8
    if take == 60:
        assert plan.accept == {0.02: 6, 0.05: 11}[icc] and plan.complete == {0.02: 780, 0.05: 1380}[icc]


@pytest.mark.parametrize(
    "villages, take, icc, power, risk",
    [(20, 60, 0.05, 0.675, 0.036), (40, 30, 0.05, 0.85, 0.044), (50, 40, 0.05, 0.92, 0.049), (20, 60, 0.02, 0.86, 0.040)],
)
def test_chances_of_proof_that_were_published_from_simulation(villages, take, icc, power, risk):
    county = sizing.Setting(take, icc, planning_icc=icc)
    chances = [sizing.proof_chance(county, villages, p, 0.02, model="beta-binomial") for p in (0.005, 0.02)]
    assert chances == pytest.approx([power, risk], abs=0.015)


def test_ten_large_villages_prove_nothing():
    assert sizing.proof_chance(sizing.Setting(120, 0.05), 10, 0.0025, 0.02) == 0
    assert sizing.villages_for_bound(sizing.Setting(120, 0.05), 0.02, events=0).villages > 10


def kg_m_upper(counts, take, icc):
    """Return the KG-M upper bounds of counties simulated, one row of village counts each."""
    m = counts.shape[1]
    rate = counts.sum(axis=1) / (m * take)
    se = counts.std(axis=1, ddof=1) / take / math.sqrt(m)
    seen = np.maximum((counts > 0).sum(axis=1) - 1, 0)
    return proportion(rate, m * take, se=se, df=m - 1, planning=Planning(1, take, seen, icc), level=0.95, side="upper").high


@pytest.mark.parametrize("take, icc, p", [(30, 0.05, 0.005), (60, 0.02, 0.005), (20, 0.05, 0.003)])
def test_stated_share_of_simulated_counties_proves_the_gate(take, icc, p):
    county, trials = sizing.Setting(take, icc), 6000
    plan = sizing.villages_for_power(county, p, 0.02, model="beta-binomial")
    dice = np.random.default_rng(20260101 + take)
    for rate in (p, 0.02):
        a, b = rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc
        counts = dice.binomial(take, dice.beta(a, b, (trials, plan.villages)))
        proved = float((kg_m_upper(counts, take, county.prior) < 0.02).mean())
        stated = sizing.proof_chance(county, plan.villages, rate, 0.02, model="beta-binomial")
        assert abs(proved - stated) < 3 * math.sqrt(stated * (1 - stated) / trials)
    assert plan.reached >= 0.8 > sizing.proof_chance(county, plan.villages - 1, p, 0.02, model="beta-binomial")


@EXAMPLES
@given(take=TAKES, icc=st.floats(0, 0.2), events=st.integers(0, 4))
def test_the_bound_is_below_the_gate_from_there_on(take, icc, events):
    county = sizing.Setting(take, icc, planning_icc=icc)
    plan = sizing.villages_for_bound(county, 0.03, events=events)
    assert plan.reached < 0.03 and plan.df == plan.villages - 1 and plan.complete == plan.villages * take
    more = sizing.villages_for_bound(county, 0.03, events=events + 1)
    assert plan.villages <= more.villages
    deff = 1 + (take - 1) * icc
    rate = min(events / plan.complete, 1)
    planning = Planning(1, take, max(min(events, plan.villages) - 1, 0), icc)
    se = math.sqrt(rate * (1 - rate) * deff / plan.complete)
    seen = proportion(rate, plan.complete, se=se, df=plan.df, planning=planning, level=0.95, side="upper")
    assert seen.high == pytest.approx(plan.reached)


def test_one_household_a_village_is_the_simple_random_sample():
    plan = sizing.villages_for_bound(sizing.Setting(1, 0, planning_icc=0), 0.02, events=2)
    assert plan.complete == sizing.for_bound(0.02, 2) == 313


def test_margins_and_their_villages():
    county = sizing.Setting(30, 0.05)
    sizes = [sizing.villages_for_margin(county, 0.02, margin).villages for margin in (0.008, 0.01, 0.015, 0.02)]
    assert all(a > b for a, b in pairwise(sizes))
    assert sizing.villages_for_margin(sizing.Setting(30, 0.05, frame=100, village_size=50), 0.02, 0.01).villages < sizes[1]
    assert sizing.villages_for_margin(sizing.Setting(30, 0.05, strata=8), 0.02, 0.01).df >= 8
    assert sizing.villages_for_bound(county, 0.02, p=0.005).villages < sizing.villages_for_bound(county, 0.02, p=0.01).villages


def test_clustering_and_strata_ask_for_more_villages():
    by_icc = [sizing.villages_for_bound(sizing.Setting(30, icc, planning_icc=icc), 0.02, events=1).villages for icc in (0, 0.02, 0.05, 0.1)]
    assert all(a < b for a, b in pairwise(by_icc))
    by_strata = [sizing.villages_for_bound(sizing.Setting(30, 0.05, strata=h), 0.02, events=1).villages for h in (1, 4, 10)]
    assert all(a < b for a, b in pairwise(by_strata))


def test_issued_and_complete_interviews_stay_apart():
    plan = sizing.villages_for_bound(sizing.Setting(60, 0.05, response=0.9, ineligible=0.04), 0.02, events=0)
    assert plan.complete == 60 * plan.villages and plan.issued == 70 * plan.villages  # 60/(.9 · .96) = 69.4


def test_one_village_more_is_what_power_needs_between_years():
    county = sizing.Setting(30, 0.05)
    apart = sizing.villages_for_change(county, 0.90, 0.95)
    kept = sizing.villages_for_change(county, 0.90, 0.95, sizing.Overlap(villages=1, village_correlation=0.6))
    same = sizing.villages_for_change(county, 0.90, 0.95, sizing.Overlap(1, 1, 0.6, 0.5))
    assert same.villages < kept.villages < apart.villages
    assert apart.df == 2 * apart.villages - 1 and kept.df == kept.villages - 1 and min(apart.power, kept.power, same.power) >= 0.8


def test_variance_of_a_change_by_simulation():
    county, trials, m = sizing.Setting(10, 0.1), 4000, 20
    overlap = sizing.Overlap(villages=0.5, village_correlation=1.0)
    dice, (p1, p2) = np.random.default_rng(11), (0.3, 0.3)
    village = dice.beta(0.3 * 9, 0.7 * 9, (trials, 3 * m // 2))  # correlation .1; half of the villages in both years
    first = dice.binomial(10, village[:, :m]).sum(axis=1) / (10 * m)
    second = dice.binomial(10, village[:, m // 2 :]).sum(axis=1) / (10 * m)
    square = (second - first) ** 2
    stated = sizing.village_variance(county, p1, p2, overlap) / m
    assert abs(square.mean() - stated) < 3 * square.std() / math.sqrt(trials)


def test_takes_compared_by_team_days():
    def solve(county):
        return sizing.villages_for_bound(county, 0.02, events=0)

    county = sizing.Setting(1, 0.05, frame=14)
    made = sizing.compare_takes(county, [5, 20, 60], solve, sizing.Costs(team_day=1), interviews_per_day=30)
    assert [plan.plan is None for plan in made][-1] and made[0].plan is not None and math.isinf(made[-1].cost)
    assert made[0].cost == made[0].field.team_days


@pytest.mark.parametrize(
    "ask, faults",
    [
        (lambda: sizing.Setting(30, 1), 1),
        (lambda: sizing.Setting(0, -0.1, response=0, ineligible=1), 4),
        (lambda: sizing.Setting(30.5, 0.05, frame=1), 2),
        (lambda: sizing.best_take(0, 800, -40), 2),
        (lambda: sizing.two_stage((500, 100), 0.05, budget=1000, cv=0.05), 1),
        (lambda: sizing.two_stage((500, 100), 0.05, budget=1000, clusters=5), 1),
        (lambda: sizing.two_stage((500, 100), 0.05, cv=0.05, clusters=5), 1),
        (lambda: sizing.three_stage((500, 100), (0.05, 0.1), budget=1000), 1),
        (lambda: sizing.team_days(20, 0, interviews_per_day=30, teams=0), 2),
        (lambda: sizing.Costs(village=-1), 1),
        (lambda: sizing.villages_for_margin(sizing.Setting(30), 0.02, 0), 1),
        (lambda: sizing.villages_for_bound(sizing.Setting(30), 0.02), 1),
        (lambda: sizing.villages_for_bound(sizing.Setting(30), 0.02, p=0.03), 1),
        (lambda: sizing.villages_for_bound(sizing.Setting(30, frame=5), 0.02, events=0), 1),
        (lambda: sizing.villages_for_power(sizing.Setting(30), 0.03, 0.02), 1),
        (lambda: sizing.villages_for_power(sizing.Setting(30, frame=5), 0.01, 0.02, rule="number"), 1),
        (lambda: sizing.proof_chance(sizing.Setting(60), 100, 0.02, 0.05), 1),
        (lambda: sizing.proof_chance(sizing.Setting(60), 1, 0.01, 0.05, rule="x", model="y"), 3),
        (lambda: sizing.villages_for_change(sizing.Setting(30), 0.5, 0.5), 1),
        (lambda: sizing.villages_for_change(sizing.Setting(30, frame=4), 0.5, 0.51), 1),
        (lambda: sizing.Overlap(villages=0, households=0.5), 1),
        (lambda: sizing.compare_takes(sizing.Setting(30), [], lambda s: None, sizing.Costs(), interviews_per_day=30), 1),
    ],
)
def test_impossible_demands_name_every_fault(ask, faults):
    with pytest.raises(EstimateError) as refusal:
        ask()
    lines = str(refusal.value).split("\n")
    assert len(lines) == faults and all(line.count("｜") == 2 for line in lines)
