"""Bethel's allocation: published figures, the conditions of optimality, and agreement with SLSQP."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from evalkit import allocation

SHARES = np.array([10000, 2500, 400]) / 12900
ROWS = allocation.demands(SHARES, [[0.0196, 0.04, 0.01], [0.25, 0.09, 0.2025]], [0.004, 0.012], fpc=False)

# R 4.2.2, package bethel 0.2 (numBethel) and Chromy's iteration in base R to 1e-14 (CHROMY), on strata made for this purpose:
#   N <- c(875, 663, 2410, 120, 1890, 57), the variances below, cv <- c(.03, .05, .06), tot <- c(343525, 1418.2, 480230)
N = [875, 663, 2410, 120, 1890, 57]
VARIANCES = [[156.25, 961, 82.81, 7744, 289, 19600], [0.09, 0.2, 0.16, 0.25, 0.21, 0.24], [400, 90, 1200, 640, 210, 3000]]
ERRORS = np.multiply([0.03, 0.05, 0.06], [343525, 1418.2, 480230])
BTH = (108, 122, 394, 25, 354, 12)
CHROMY = [107.19539258383774, 121.0808155816792, 393.662317907884, 24.5018040191631, 353.6863204794799, 11.403214348678647]
LAMBDA = [9.493470532800754e-15, 0.9999999999999905, 2.170204554180212e-28]


def slsqp(rows, costs, low, high):
    """The same problem by sequential quadratic programming, in 1/n scaled to the order of 1."""
    start = np.minimum(np.maximum(rows.sum(axis=0) ** 0.5 * rows.sum(axis=0).sum() ** 0.5, low), high)
    unit = 1 / start
    found = minimize(
        lambda x: (costs / (x * unit)).sum() / (costs @ start),
        np.ones(len(costs)),
        jac=lambda x: -(costs / (x * x * unit)) / (costs @ start),
        bounds=list(zip(1 / (np.array(high) * unit), 1 / (np.array(low) * unit), strict=True)),
        constraints=[{"type": "ineq", "fun": lambda x: 1 - rows @ (x * unit), "jac": lambda x: -rows * unit}],
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-15},
    )
    return float((costs / (found.x * unit)).sum()), 1 / (found.x * unit)


# -- golden --------------------------------------------------------------------------------------------------


def test_worked_figures():
    found = allocation.bethel(ROWS)
    assert found.n == pytest.approx((1192.12, 255.23, 41.114), rel=5e-6)
    assert found.objective == pytest.approx(1488.46, rel=5e-6)
    assert found.lambdas == pytest.approx((0.28814, 0.71186), abs=5e-6)
    assert found.active == (0, 1) and found.proven
    assert sum(found.whole) == 1489 == found.lower and found.gap == 0


def test_figures_of_r():
    rows = allocation.demands(N, VARIANCES, ERRORS)
    n, share = allocation.chromy(rows)
    assert n == pytest.approx(CHROMY, rel=1e-9)
    assert share == pytest.approx(LAMBDA, rel=1e-6, abs=0)
    found = allocation.bethel(rows, low=2, high=N)
    assert found.n == pytest.approx(CHROMY, rel=1e-9)
    assert found.rounded_up == BTH
    assert sum(found.whole) < sum(BTH) and found.gap < 0.002
    assert allocation.standard_errors(found.n, N, VARIANCES)[1, 0] == pytest.approx(ERRORS[1], rel=1e-12)


# -- identities ----------------------------------------------------------------------------------------------


@st.composite
def problems(draw):
    limits, strata, seed = draw(st.integers(1, 5)), draw(st.integers(1, 7)), draw(st.integers(0, 2**32 - 1))
    dice = np.random.default_rng(seed)
    rows = np.exp(dice.normal(3, 1.5, (limits, strata)) + dice.normal(0, 1, strata)) * (dice.random((limits, strata)) < 0.8)
    rows[:, rows.sum(axis=0) == 0] = 1.0
    costs = dice.uniform(1, 10, strata)
    low = np.full(strata, 2.0)
    # where everything is taken the hardest limit has room to spare
    high = np.maximum(2.0, np.exp(dice.normal(5, 1, strata)))
    return rows / max(1.0, float((rows / high).sum(axis=1).max()) * 1.2), costs, low, high


@settings(max_examples=150, deadline=None)
@given(problems())
def test_conditions_of_optimality_hold(problem):
    rows, costs, low, high = problem
    found = allocation.bethel(rows, costs, low=low.tolist(), high=high.tolist())
    n, prices = np.array(found.n), np.array(found.prices)
    assert found.proven, found.violation
    assert ((rows / n).sum(axis=1) <= 1 + 1e-8).all() and (prices >= 0).all()
    slope = costs - (prices @ rows) / n**2
    inside = (n > low * (1 + 1e-9)) & (n < high * (1 - 1e-9))
    assert np.abs(slope[inside] / costs[inside]).max(initial=0) < 1e-8
    assert (slope[n <= low] >= -1e-8 * costs[n <= low]).all() and (slope[n >= high] <= 1e-8 * costs[n >= high]).all()


@settings(max_examples=40, deadline=None)
@given(problems())
def test_slsqp_finds_nothing_cheaper_and_the_same(problem):
    rows, costs, low, high = problem
    found = allocation.bethel(rows, costs, low=low.tolist(), high=high.tolist())
    cheapest, n = slsqp(rows, costs, low, high)
    assert found.objective <= cheapest * (1 + 1e-7) or (rows / n).sum(axis=1).max() > 1 + 1e-9
    assert found.objective >= cheapest * (1 - 1e-3)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_whole_allocation_keeps_limits_and_bounds(problem):
    rows, costs, low, high = problem
    high = np.ceil(high)
    found = allocation.bethel(rows, costs, low=low.tolist(), high=high.tolist())
    whole = np.array(found.whole)
    assert ((rows / whole).sum(axis=1) <= 1 + 1e-8).all()
    assert (whole >= low).all() and (whole <= high).all()
    assert found.lower * (1 - 1e-9) <= found.whole_cost <= costs @ found.rounded_up + 1e-9


def test_slsqp_agrees_on_the_worked_figures():
    cheapest, n = slsqp(ROWS, np.ones(3), [2.0] * 3, [1e6] * 3)
    found = allocation.bethel(ROWS)
    assert cheapest == pytest.approx(found.objective, rel=1e-8)
    assert n == pytest.approx(found.n, rel=1e-4)


def test_prices_say_what_a_limit_costs():
    found = allocation.bethel(ROWS)
    for at, price in enumerate(found.prices):
        eased = ROWS.copy()
        eased[at] /= 1 + 1e-5
        assert (found.objective - allocation.bethel(eased).objective) / 1e-5 == pytest.approx(price, rel=1e-4)


def test_many_limits_and_strata_census_among_them():
    dice = np.random.default_rng(3)
    size = np.round(np.exp(dice.normal(6, 1, 300)))
    domains = np.arange(300) % 40
    variances = dice.uniform(0.02, 0.25, (3, 300))
    total = np.array([np.bincount(domains, size * dice.uniform(0.1, 0.5, 300)) for _ in variances])
    rows = allocation.demands(size, variances, 0.08 * total, domains=domains)
    low = np.minimum(size, 2)
    low[:5] = size[:5]
    found = allocation.bethel(rows, low=low.tolist(), high=size.tolist())
    assert found.proven and rows.shape == (120, 300)
    assert found.n[:5] == tuple(size[:5])
    assert (allocation.standard_errors(found.n, size, variances, domains=domains) <= 0.08 * total * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(40))
def test_limits_far_apart_or_saying_the_same_are_solved_too(seed):
    dice = np.random.default_rng(seed)
    limits, strata = int(dice.integers(2, 30)), int(dice.integers(1, 60))
    rows = np.exp(dice.normal(3, 2, (limits, strata))) * (dice.random((limits, strata)) < dice.choice([0.2, 0.8]))
    rows[1] = rows[0] * dice.choice([1, 0.999])
    high = np.maximum(2, np.exp(dice.normal(5, 1.5, strata)))
    rows /= max((rows / high).sum(axis=1).max() * 1.01, 1e-300)
    low = np.full(strata, dice.choice([0.0, 2.0]))
    assert allocation.bethel(rows, dice.uniform(1, 10, strata), low=low.tolist(), high=high.tolist()).proven


def test_limit_without_strata_of_its_own_is_left_alone():
    found = allocation.bethel([[100.0, 16.0], [1.0, 1.0]])
    assert found.n == pytest.approx((140, 56)) and found.active == (0,)
    assert found.prices == pytest.approx((196, 0))
    assert found.sensitivity(0.1)[0] == pytest.approx(39.2)


# -- two stages ----------------------------------------------------------------------------------------------


def two_stages(errors, **more):
    return allocation.bethel_two_stage([8000, 2000], [[0.02, 0.04]], [errors], 0.05, 20, [160, 30], **more)


def test_take_wished_for_gives_the_effect_of_that_take():
    found = two_stages(60.0)
    assert found.settled and found.takes == pytest.approx((20, 20))
    assert found.effects[0] == pytest.approx((1.95, 1.95))
    assert found.villages == pytest.approx([n / 20 for n in found.households.n])


def test_takes_follow_the_allocation_where_villages_run_out_or_are_too_few():
    tight, loose = two_stages(38.0), two_stages(60.0, fewest=20)
    assert tight.settled and tight.takes[1] > 20 and tight.villages[1] == pytest.approx(30)
    assert loose.settled and loose.takes[1] < 20 and loose.villages[1] == pytest.approx(20)
    for found in (tight, loose):
        effects = 1 + (np.array(found.takes) - 1) * 0.05
        assert found.effects[0] == pytest.approx(effects, rel=1e-9)
        error = allocation.standard_errors(found.households.n, [8000, 2000], [[0.02, 0.04]], effects=effects)[0, 0]
        assert error == pytest.approx(38 if found is tight else 60, rel=1e-8)
    assert "相互吻合" in tight.statement


def test_no_correlation_is_one_stage():
    plain = allocation.bethel(allocation.demands([8000, 2000], [[0.02, 0.04]], [60.0]), low=2, high=[8000, 2000])
    found = allocation.bethel_two_stage([8000, 2000], [[0.02, 0.04]], [60.0], 0, 20, [160, 30])
    assert found.households.n == pytest.approx(plain.n, rel=1e-12)


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: allocation.bethel([[1.0, -2.0]]), ["rows 第 1 行第 2 列 = -2.0"]),
        (lambda: allocation.bethel([[1.0, np.nan]], [1.0]), ["costs 有 1 个数", "rows 第 1 行第 2 列 = nan"]),
        (lambda: allocation.bethel([[10.0, 2.0], [1, 1]], high=3), ["第 1 项精度要求", "= 4"]),
        (lambda: allocation.bethel([[1.0, 2.0]], low=5, high=[9, 3]), ["第 2 层 low 大于 high"]),
        (lambda: allocation.demands([1, 2], [[1, 2, 3]], [1]), ["variances 有 3 列"]),
        (lambda: allocation.demands([1, 0], [[1, -2]], [0]), ["第 2 层 sizes", "errors 第 1 行第 1 列", "variances 第 1 行第 2 列"]),
        (lambda: allocation.chromy([[1.0, 0.0]]), ["第 2 层不在任何精度要求之内"]),
        (lambda: allocation.bethel_two_stage([10], [[1]], [1], 1.5, 0, [3]), ["icc = 1.5", "take = 0"]),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    assert all(word in str(caught.value) for word in words)
