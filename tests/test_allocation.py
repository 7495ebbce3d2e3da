"""Allocation in shares and whole numbers: published figures, best among all, exact division, bounds, refusals."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import allocation
from evalkit.allocation import METHODS
from evalkit.allocation.fitting import fitted

SIZES, SPREADS = [10000, 2500, 400], [0.14, 0.2, 0.1]

# R 4.2.2 with stratallo 3.0.1 and PracTools 1.7.5, on six strata made for this purpose:
#   N <- c(875, 663, 2410, 120, 1890, 57); S <- c(12.5, 31, 9.1, 88, 17, 140); c <- c(5, 9, 4, 20, 7, 30)
#   opt(700, N*S, m = rep(30, 6), M = N);  strAlloc(Nh = N, Sh = S, cost = 3000, ch = c, alloc = "totcost")
#   optcost(4e7, N*S, sum(N*S^2), M = c(830, 630, 2290, 114, 1795, 54), unit_costs = c)
#   round_oric(opt(400, N*S, m = rep(30, 6)))
SIX, SIX_SPREADS, SIX_COSTS = [875, 663, 2410, 120, 1890, 57], [12.5, 31, 9.1, 88, 17, 140], [5, 9, 4, 20, 7, 30]
OPT = [73.55307589956914, 138.21589659098007, 147.48274354774406, 71.01444402280686, 216.06951576257427, 53.664324176325636]
TOTCOST = [47.967429899990165, 67.18423141265828, 107.53301555327754, 23.155934159720967, 119.08994405107948, 14.28748046736796]
OPTCOST = [34.347253162222195, 48.10751398711832, 76.99940806097591, 16.580891126540177, 85.27478887081547, 10.230602508538666]
ORIC = (42, 79, 84, 41, 123, 31)
# stratallo's own example of domains: dopt(828, c(2, 2, 3), N, S, total = c(2, 3, 5), kappa = c(.5, .2, .3))
DOPT_SIZES = [140, 110, 135, 190, 200, 40, 70]
DOPT_SPREADS = [180**0.5, 20**0.5, 5**0.5, 4**0.5, 35**0.5, 9**0.5, 40**0.5]
DOPT = [140, 103.60438342334805, 132.18060095444164, 166.3920406452503, 195.9500161893717, 19.872958787588303, 70]


# -- golden --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "stated"),
    [
        (allocation.neyman(1000, SIZES, SPREADS), (721.6, 257.7, 20.6)),
        (allocation.proportional(1000, SIZES), (775.2, 193.8, 31.0)),
        (allocation.kish(1000, SIZES), (539.5, 246.5, 214.0)),
        (allocation.power(1000, SIZES, [1, 1.2, 0.8], 1), (750.8, 225.2, 24.0)),
        (allocation.power(1000, SIZES, [1, 1.2, 0.8], 0.5), (568.2, 340.9, 90.9)),
        (allocation.power(1000, SIZES, [1, 1.2, 0.8], 0), (333.3, 400, 266.7)),
    ],
)
def test_worked_figures(found, stated):
    assert tuple(round(n, 1) for n in found.n) == pytest.approx(stated)
    assert found.proven


def test_shares_of_r():
    assert allocation.neyman(700, SIX, SIX_SPREADS, low=30, high=SIX).n == pytest.approx(OPT, rel=1e-9)
    assert allocation.fixed_cost(3000, SIX, SIX_SPREADS, SIX_COSTS).n == pytest.approx(TOTCOST, rel=1e-9)
    high = [830, 630, 2290, 114, 1795, 54]
    assert allocation.fixed_variance(4e7, SIX, SIX_SPREADS, costs=SIX_COSTS, high=high).n == pytest.approx(OPTCOST, rel=1e-9)
    assert allocation.largest_remainders(allocation.neyman(400, SIX, SIX_SPREADS, low=30).n) == ORIC


def test_domains_of_r():
    found = allocation.same_precision(828, DOPT_SIZES, DOPT_SPREADS, [0, 0, 1, 1, 2, 2, 2], [2, 3, 5], [0.5, 0.2, 0.3])
    assert found.n == pytest.approx(DOPT, rel=1e-9)
    assert found.at_high == (0, 6)


def test_methods_of_the_design_file():
    told = {"spreads": SPREADS, "cvs": [1, 1.2, 0.8], "costs": [1, 4, 1]}
    found = {name: method(1000, SIZES, **told) for name, method in METHODS.items()}
    assert found == {
        "equal": (334, 333, 333),
        "proportional": (775, 194, 31),
        "neyman": (721, 258, 21),
        "cost": (828, 148, 24),
        "power": (568, 341, 91),
        "kish": (539, 247, 214),
    }


# -- identities ----------------------------------------------------------------------------------------------

# near each other, so that which stratum gets the next unit is seldom plain to see
weight = st.integers(20, 79).map(lambda twentieth: twentieth / 20) | st.floats(0.01, 100)


@st.composite
def problems(draw, most=4, top=7):
    count = draw(st.integers(1, most))
    a = draw(st.lists(weight, min_size=count, max_size=count))
    low = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    high = [bound + draw(st.integers(1, top - 2)) for bound in low]
    return draw(st.integers(max(sum(low), 1), sum(high))), a, low, high


def value(n, a):
    return math.fsum(w * w / each if each else math.inf for w, each in zip(a, n, strict=True))


@given(problems())
def test_greedy_is_best_among_all_whole_allocations(problem):
    total, a, low, high = problem
    found = allocation.optimal(total, a, low, high)
    every = (n for n in product(*(range(x, y + 1) for x, y in zip(low, high, strict=True))) if sum(n) == total)
    best = min(value(n, a) for n in every)
    assert found.objective == best or found.objective == pytest.approx(best, rel=1e-12)
    assert sum(found.n) == total and found.proven
    assert all(x <= n <= y for x, n, y in zip(low, found.n, high, strict=True))
    assert found.lower <= found.objective * (1 + 1e-12)


@given(problems(), st.integers(-8, 8))
def test_scale_of_the_spreads_does_not_matter(problem, power):
    total, a, low, high = problem
    assert allocation.optimal(total, a, low, high).n == allocation.optimal(total, [w * 2.0**power for w in a], low, high).n


@settings(max_examples=60)
@given(problems(most=3, top=6), st.integers(1, 400))
def test_what_a_budget_buys_is_within_the_stated_gap(problem, tenths):
    _, a, low, high = problem
    costs = [1 + at / 2 for at in range(len(a))]
    low = [max(bound, 1) for bound in low]
    high = [max(x, y) for x, y in zip(low, high, strict=True)]
    budget = sum(c * x for c, x in zip(costs, low, strict=True)) + tenths / 10
    found = allocation.affordable(budget, a, costs, low, high)
    every = product(*(range(x, y + 1) for x, y in zip(low, high, strict=True)))
    best = min(value(n, a) for n in every if sum(c * each for c, each in zip(costs, n, strict=True)) <= budget)
    assert sum(c * n for c, n in zip(costs, found.n, strict=True)) <= budget
    assert found.lower * (1 - 1e-12) <= best <= found.objective <= found.lower * (1 + found.gap) * (1 + 1e-12)
    assert not found.proven or found.objective == pytest.approx(best, rel=1e-12)


@settings(max_examples=60)
@given(problems(most=3), st.floats(0.05, 1))
def test_enough_is_the_smallest_that_suffices(problem, part):
    _, a, low, high = problem
    low = [max(bound, 1) for bound in low]
    high = [max(x, y) for x, y in zip(low, high, strict=True)]
    target = value(high, a) / part
    found = allocation.enough(target, a, low, high)
    every = product(*(range(x, y + 1) for x, y in zip(low, high, strict=True)))
    assert sum(found.n) == min(sum(n) for n in every if value(n, a) <= target)
    assert value(found.n, a) <= target and found.lower <= found.objective + 1e-9


@given(problems(most=8, top=30))
def test_real_shares_keep_sum_and_bounds_and_lie_below_the_whole_ones(problem):
    total, a, low, high = problem
    found = allocation.neyman(total, [1.0] * len(a), a, low=low, high=high)
    assert math.fsum(found.n) == pytest.approx(total, rel=1e-12)
    assert all(x - 1e-12 <= n <= y + 1e-12 for x, n, y in zip(low, found.n, high, strict=True))
    assert found.proven
    assert found.objective <= allocation.optimal(total, a, low, high).objective * (1 + 1e-12)


def clipped_level(total, weights, low, high):
    """The λ for which Σ min(max(λw, low), high) = total, by walking the points where a part meets a bound."""
    points = sorted({Fraction(b, w) for w, pair in zip(weights, zip(low, high, strict=True), strict=True) for b in pair})
    heights = [sum(min(max(point * w, x), y) for w, x, y in zip(weights, low, high, strict=True)) for point in points]
    for a, b, left, right in zip(points, points[1:], heights, heights[1:], strict=False):
        if left <= total <= right:
            return a if left == right else a + (b - a) * (total - left) / (right - left)
    return points[0]


@given(st.data(), st.integers(1, 7))
def test_proportional_quotas_are_exact_quotients_rounded_by_largest_remainder(data, count):
    sizes = data.draw(st.lists(st.integers(1, 10**12), min_size=count, max_size=count))
    low = data.draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    high = [bound + data.draw(st.integers(0, 40)) for bound in low]
    total = data.draw(st.integers(sum(low), sum(high)))
    n = allocation.proportional_integers(total, sizes, low, high)
    level = clipped_level(total, sizes, low, high)
    exact = [min(max(level * size, x), y) for size, x, y in zip(sizes, low, high, strict=True)]
    ranked = sorted(range(count), key=lambda at: (math.floor(exact[at]) - exact[at], at))
    spare = total - sum(math.floor(part) for part in exact)
    assert n == tuple(math.floor(part) + (at in ranked[:spare]) for at, part in enumerate(exact))
    assert sum(n) == total and all(x <= each <= y for x, each, y in zip(low, n, high, strict=True))


@given(st.data(), st.integers(1, 7))
def test_equal_quotas_differ_by_at_most_one_within_bounds(data, count):
    low = data.draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    high = [bound + data.draw(st.integers(0, 40)) for bound in low]
    total = data.draw(st.integers(sum(low), sum(high)))
    order = data.draw(st.permutations(range(count)))
    n = allocation.equal_integers(total, count, low, high, order)
    assert sum(n) == total and all(x <= each <= y for x, each, y in zip(low, n, high, strict=True))
    can_give = [each for each, x in zip(n, low, strict=True) if each > x]
    can_take = [each for each, y in zip(n, high, strict=True) if each < y]
    assert not can_give or not can_take or max(can_give) - min(can_take) <= 1
    even = [at for at in order if low[at] <= min(n) and high[at] > max(n)]
    assert [n[at] for at in even] == sorted((n[at] for at in even), reverse=True)


@given(st.integers(0, 10**15), st.integers(1, 9))
def test_equal_sizes_give_equal_shares(total, count):
    n = METHODS["proportional"](total % 1000, [1000] * count)
    assert n == METHODS["equal"](total % 1000, [1000] * count)
    assert max(n) - min(n) <= 1 and n == tuple(sorted(n, reverse=True))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_sum_bounds_and_type(name):
    sizes, low, high = [7, 900, 45, 3000, 12], [2, 3, 2, 5, 12], [7, 400, 45, 60, 12]
    n = METHODS[name](300, sizes, spreads=[1, 2, 0.5, 3, 1], costs=[1, 2, 3, 4, 5], cvs=[1, 0.2, 2, 1, 1], low=low, high=high)
    assert sum(n) == 300 and all(type(each) is int for each in n)
    assert all(x <= each <= y for x, each, y in zip(low, n, high, strict=True))


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=6), st.integers(0, 100))
def test_power_method_agrees_with_the_real_shares(sizes, hundredths):
    cvs = [1 + at / 7 for at in range(len(sizes))]
    whole = METHODS["power"](500, [max(size, 500) for size in sizes], cvs=cvs, exponent=hundredths / 100)
    real = allocation.power(500, [max(size, 500) for size in sizes], cvs, hundredths / 100).n
    assert max(abs(n - x) for n, x in zip(whole, real, strict=True)) < len(sizes)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 10**6))
def test_fitted_fractions_are_exact(weights, total):
    parts = fitted(Fraction(total), [Fraction(w) for w in weights], [Fraction(0)] * len(weights), [Fraction(total)] * len(weights), sum)
    assert parts == [Fraction(total * w, sum(weights)) for w in weights]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_rounding_moves_no_part_by_one(values):
    n = allocation.largest_remainders(values)
    assert sum(n) == round(math.fsum(values))
    assert all(abs(each - x) < 1 + 1e-9 for each, x in zip(n, values, strict=True))
    up = allocation.integers(values, rule="up")
    assert all(x * (1 - 2e-9) <= each <= x + 1 for each, x in zip(up, values, strict=True))


def test_cost_and_variance_are_each_other_s_inverse():
    found = allocation.fixed_cost(3000, SIX, SIX_SPREADS, SIX_COSTS, low=5, high=SIX)
    reached = found.objective - math.fsum(n * s * s for n, s in zip(SIX, SIX_SPREADS, strict=True))
    back = allocation.fixed_variance(reached, SIX, SIX_SPREADS, costs=SIX_COSTS, low=5, high=SIX)
    assert back.n == pytest.approx(found.n, rel=1e-9)
    assert back.objective == pytest.approx(3000, rel=1e-12)


def test_next_unit_goes_where_the_variance_falls_most():
    # (2, 2) gives 1/2 + 3.24/2 = 2.12, (1, 3) gives 1 + 3.24/3 = 2.08
    assert allocation.optimal(4, [1, 1.8]).n == (1, 3)


def test_planning_spread_of_a_stratum_without_events():
    assert allocation.planning_spread(0, 198) == pytest.approx(math.sqrt(0.005 * 0.995), rel=1e-12)
    assert allocation.planning_spread(1, 198) == pytest.approx(allocation.planning_spread(0, 198), rel=1e-12)
    assert allocation.planning_spread(0, 0) == 0.5


def test_statements_name_goal_bounds_and_proof():
    assert allocation.neyman(700, SIX, SIX_SPREADS, low=30, high=[800, 600, 2000, 60, 1800, 40]).statement == (
        "使 Σ(N·S)²/n 最小，Σn = 700；第 4、6 层取上限；KKT 偏差不超过 1e-12，已证最优"
    )
    assert "整数最优已证" in allocation.optimal(100, [14, 5, 0.4]).statement
    assert "离最优至多" in allocation.affordable(3000, [10937.5, 20553], [5, 9]).statement


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: allocation.neyman(10, [5, -1, math.nan], [1, 2, 3]), ["第 2、3 层 sizes = -1、nan"]),
        (lambda: allocation.neyman(10, [5, 6], [1, math.inf], costs=[0, 1]), ["第 1 层 costs = 0", "第 2 层 spreads = inf"]),
        (lambda: allocation.neyman(10, [5, 6], [1]), ["spreads 有 1 个数｜应与层数 2 相同"]),
        (lambda: allocation.neyman(10, [5, 6], [1, 0]), ["第 2 层标准差为 0", "planning_spread"]),
        (lambda: METHODS["neyman"](5, [50, 60], spreads=[1, 0]), ["第 2 层标准差为 0", "planning_spread"]),
        (lambda: allocation.optimal(5, [1, 0]), ["planning_spread"]),
        (lambda: allocation.optimal(3, [1, 2], low=[2, 2]), ["total = 3｜应在下限之和 4"]),
        (lambda: allocation.optimal(30, [1, 2], high=[2, 2]), ["total = 30", "上限之和 4"]),
        (lambda: allocation.optimal(3, [1, 2], low=[3, 1], high=[2, 9]), ["第 1 层 low 大于 high"]),
        (lambda: allocation.proportional_integers(3, [1.5, 0]), ["第 1、2 层 sizes = 1.5、0｜应为不小于 1 的整数"]),
        (lambda: allocation.proportional_integers(2.5, [1, 2]), ["total = 2.5｜应为不小于 0 的整数"]),
        (lambda: allocation.equal_integers(3, 2, order=[0, 0]), ["order = [0, 0]"]),
        (lambda: METHODS["cost"](5, [50, 60]), ["缺少 spreads", "缺少 costs"]),
        (lambda: METHODS["equal"](5, [50, 60], exponent=0.5), ["exponent 不是等额分配的选项"]),
        (lambda: METHODS["equal"](500, [50, 60]), ["total = 500", "上限之和 110"]),
        (lambda: METHODS["power"](5, [50, 60], cvs=[1, 1], exponent=0.333), ["exponent = 0.333"]),
        (lambda: allocation.proportional(5, []), ["没有一层"]),
        (lambda: allocation.integers([1.0, 2.0], rule="nearest"), ["rule = nearest"]),
        (lambda: allocation.integers([0.0, 2.0], 9, high=3), ["total = 9"]),
        (lambda: allocation.integers([0.0, 2.0], 5, high=3), ["第 1 层的份额为 0"]),
        (lambda: allocation.affordable(3, [1, 2], [2, 2]), ["budget = 3｜各层下限要 4"]),
        (lambda: allocation.enough(0.5, [1, 2], high=4), ["target = 0.5"]),
        (lambda: allocation.fixed_variance(1, [10, 10], [1, 1], high=5), ["放宽方差目标"]),
        (lambda: allocation.fixed_variance(1e9, [10, 10], [1, 1], low=5), ["目标已经达到"]),
        (lambda: allocation.rate([0, 1.2], [5, 5]), ["第 1、2 层 rates = 0、1.2"]),
        (lambda: allocation.planning_spread(1.2, -1), ["p = 1.2", "n = -1"]),
        (lambda: allocation.same_precision(30, [10, 20], [1, 1], [0, 1], [1, 1]), ["应小于各层合计 30"]),
        (lambda: allocation.same_precision(3, [10, 20], [1, 1], [0, 2], [1, 1]), ["domains 含 [0, 2]"]),
    ],
)
def test_refusals_name_what_was_found_and_what_to_do(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    assert all(word in str(caught.value) for word in words)
    assert all(line.count("｜") == 2 for line in str(caught.value).splitlines())
