"""Acceptance numbers: the tables of methods §3.3 and §3.6, identities, simulation, and what is refused."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import evalkit as ev
from evalkit.acceptance import Double, Layout, Rule, cheapest, curve, double, number, smallest, two_looks
from evalkit.acceptance.looks import both_below
from evalkit.errors import EstimateError

ICCS = (0.0, 0.02, 0.05, 0.1)
# villages × take: acceptance number by ICC; P(accept) at .5 % and 1 % for ICC .05, methods §3.3
TABLE = {
    (10, 100): ((12, 7, 3, None), (0.46, 0.52), 0.20),
    (10, 120): ((15, 9, 4, None), (0.46, 0.54), 0.21),
    (20, 60): ((15, 12, 8, 4), (0.73, 0.75), 0.35),
    (30, 45): ((18, 15, 12, 8), (0.88, 0.89), 0.48),
    (40, 30): ((15, 13, 11, 8), (0.91, 0.91), 0.50),
    (50, 24): ((15, 14, 12, 10), (0.95, 0.95), 0.58),
    (50, 40): ((29, 26, 22, 18), (0.97, 0.98), 0.65),
}


# -- numbers of methods §3.3 and §3.6 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", TABLE)
def test_table_of_acceptance_numbers(shape):
    for icc, stated in zip(ICCS, TABLE[shape][0], strict=True):
        layout = Layout(*shape, icc)
        if stated is None:
            with pytest.raises(EstimateError, match="任何接收数都不能证明低于 2%"):
                number(layout, 0.02)
        else:
            rule = number(layout, 0.02)
            assert rule.at_most == stated
            assert rule.kept and not Rule(layout, 0.02, stated + 1).kept


@pytest.mark.parametrize("shape", TABLE)
def test_table_of_chances(shape):
    numbers, (low, high), at_one = TABLE[shape]
    rule = Rule(Layout(*shape, 0.05), 0.02, numbers[2])
    half, one = (sorted(rule.accepts(rate).values()) for rate in (0.005, 0.01))
    assert half == pytest.approx([low, high], abs=0.0051)
    assert one == pytest.approx([at_one] * 2, abs=0.015)  # the table gives one number for two models


def test_binomial_number_and_its_chances():
    """[check] n = 1200: d = 15, risk .0331, P(accept | 1 %) .8455, | .5 % .9995; 1200 households of one village or of 1200."""
    for layout in (Layout(1, 1200, 0), Layout(1200, 1, 0.3), Layout(20, 60, 0.0)):
        rule = number(layout, 0.02)
        assert rule.at_most == 15
        assert list(rule.risks.values()) == pytest.approx([0.0331] * len(rule.risks), abs=5e-5)
        assert list(rule.accepts(0.01).values()) == pytest.approx([0.8455] * len(rule.risks), abs=5e-5)
        assert list(rule.accepts(0.005).values()) == pytest.approx([0.9995] * len(rule.risks), abs=5e-5)
    assert Layout(20, 60, 0).models == ("binomial",)


@pytest.mark.parametrize(
    ("population", "sizes"),
    [
        (None, [149, 236, 313, 386, 456, 523]),
        (1000, [138, 215, 281, 342, 400, 454]),
        (500, [129, 196, 253, 303, 348, 388]),
        (3000, [145, 229, 302, 371, 436, 500]),
    ],
)
def test_smallest_samples_and_acceptance_numbers_agree(population, sizes):
    """[check] the tables of n: `sizing.for_bound` gives them, and each is the first n whose acceptance number is x.

    With N = 3000 the first sample, 145 < 5 %, is reckoned as binomial here, which takes no number.
    """
    assert [ev.sizing.for_bound(0.02, x, population=population) for x in range(6)] == sizes
    for x, n in enumerate(sizes):
        layout = Layout(1, n, 0, population=population)
        if population is None or layout.models == ("hypergeometric",):
            assert layout.largest(0.02, 0.05) == x
            assert Layout(1, n - 1, 0, population=population).largest(0.02, 0.05) == x - 1


@pytest.mark.parametrize(
    ("take", "icc", "villages", "households", "at_most"),
    [(20, 0.02, 26, 520, None), (20, 0.05, 33, 660, None), (30, 0.02, 18, 540, None), (30, 0.05, 29, 870, None),
     (60, 0.02, 13, 780, 6), (60, 0.05, 23, 1380, 11)],
)  # fmt: skip
def test_smallest_plans(take, icc, villages, households, at_most):
    """[check] consumer 5 % at 2 %, producer 20 % at .5 %."""
    rule = smallest(take, 0.02, icc=icc, better=0.005, producer=0.2)
    assert (rule.layout.villages, rule.layout.n) == (villages, households)
    assert at_most in (None, rule.at_most)
    assert rule.kept and rule.producer_risk(0.005) <= 0.2
    assert rule == number(rule.layout, 0.02)
    for fewer in range(1, villages):
        d = Layout(fewer, take, icc).largest(0.02, 0.05)
        assert d < 0 or Rule(Layout(fewer, take, icc), 0.02, d).producer_risk(0.005) > 0.2


@pytest.mark.parametrize(
    ("shape", "numbers", "approval"),
    [((20, 60), (93, 85, 75), (0.9225, 0.929, 0.9375)), ((40, 30), (98, 92, 86), (0.918, 0.923, 0.928))],
)
def test_approval_numbers(shape, numbers, approval):
    """§3.3: disapprovals accepted at 90 %; P(accept | 95 %) ≥ .785."""
    for icc, stated, observed in zip(ICCS[1:], numbers, approval, strict=True):
        rule = number(Layout(*shape, icc), 0.9, direction="above")
        assert rule.at_most == stated
        assert 1 - rule.at_most / rule.layout.n == pytest.approx(observed, abs=5e-4)
        assert min(rule.accepts(0.95).values()) >= 0.785


def test_group_sequential_constants():
    """[check] §3.6."""
    pocock, fleming = two_looks("pocock"), two_looks("obrien-fleming")
    assert pocock.z == pytest.approx((1.8754, 1.8754), abs=5e-5) and pocock.alpha == pytest.approx((0.03037, 0.03037), abs=5e-6)
    assert fleming.z == pytest.approx((2.3730, 1.6780), abs=6e-5)
    assert fleming.alpha == pytest.approx((0.00882, 0.04668), abs=5e-6)
    # C_P(2) = 2.178 and C_B(2) = 1.977 at a two-sided .05 (Jennison & Turnbull 2000, tables 2.1 and 2.3): the far tail adds next to nothing
    assert two_looks("pocock", 0.025).z[1] == pytest.approx(2.178, abs=1e-3)
    assert two_looks("obrien-fleming", 0.025).z[1] == pytest.approx(1.977, abs=1e-3)


def test_village_bound_stands_beside_zero_events():
    """§3.3: 1 − .05^(1/m)."""
    bounds = [round(100 * ev.intervals.village_bound(m, 0.05), 1) for m in (10, 20, 30, 40, 50)]
    assert bounds == [25.9, 13.9, 9.5, 7.2, 5.8]


def test_an_acceptance_number_takes_milliseconds():
    number(Layout(50, 40, 0.05), 0.02)
    start = time.perf_counter()
    for _ in range(20):
        number(Layout(50, 40, 0.05), 0.02)
    assert (time.perf_counter() - start) / 20 < 0.02


# -- identities -----------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 25), st.floats(0.001, 0.6), st.floats(0.001, 0.4))
def test_both_models_have_the_rate_as_mean_and_the_icc_as_correlation(villages, take, p, icc):
    layout = Layout(villages, take, icc)
    x = np.arange(layout.n + 1)
    for chances in layout.counts(p, layout.n).values():
        assert chances.sum() == pytest.approx(1)
        mean = (x * chances).sum()
        assert mean == pytest.approx(layout.n * p)
        assert ((x - mean) ** 2 * chances).sum() == pytest.approx(layout.n * p * (1 - p) * (1 + (take - 1) * icc))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_unequal_takes_by_enumeration(takes, p, icc):
    """The sum over villages, one village after the other by scipy's beta-binomial."""
    a, b = p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc
    whole = np.ones(1)
    for take in takes:
        whole = np.convolve(whole, stats.betabinom.pmf(np.arange(take + 1), take, a, b))
    layout = Layout(len(takes), tuple(takes), icc)
    assert layout.n == sum(takes)
    np.testing.assert_allclose(layout.counts(p, layout.n)["beta-binomial"], whole, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(2, 60), st.sampled_from(ICCS), st.floats(0.01, 0.3), st.floats(0.01, 0.5))
def test_the_number_is_the_largest_that_keeps_the_risk(villages, take, icc, gate, consumer):
    layout = Layout(villages, take, icc)
    d = layout.largest(gate, consumer)
    if d >= 0:
        assert Rule(layout, gate, d, consumer).kept
    if d + 1 < layout.n:
        assert not Rule(layout, gate, d + 1, consumer).kept
    above = 1 - gate
    mirrored = Rule(layout, above, max(d, 0), consumer, "above")
    for model, risk in Rule(layout, gate, max(d, 0), consumer).risks.items():  # approval is errors counted from the other end
        assert mirrored.risks[model] == pytest.approx(risk)


def test_chances_fall_with_the_rate_and_reach_both_ends():
    for rule in (Rule(Layout(20, 60, 0.05), 0.02, 8), double(Layout(20, 60, 0.05), Layout(20, 60, 0.05), 0.02, spending="pocock")):
        made = curve(rule, np.linspace(0, 1, 101))
        for chances in made.accept.values():
            assert chances[0] == 1 and chances[-1] == 0
            assert (np.diff(chances) <= 1e-12).all()
    drawn = curve(rule)
    assert drawn.rates[0] == 0 and drawn.rates[-1] == pytest.approx(0.05)
    assert len(list(drawn.rows())) == 2 * drawn.rates.size
    with pytest.raises(ValueError, match="read-only"):
        drawn.rates[0] = 1
    approving = curve(Rule(Layout(20, 60, 0.05), 0.9, 85, direction="above"))
    assert approving.rates[0] == 1 and (np.diff(approving.rates) < 0).all()


def test_a_large_fraction_is_hypergeometric():
    """[check] by scipy, and the two sides of 5 %."""
    rule = number(Layout(1, 300, 0, population=1500), 0.02)
    assert rule.layout.models == ("hypergeometric",)
    assert rule.risks["hypergeometric"] == pytest.approx(stats.hypergeom.cdf(rule.at_most, 1500, 30, 300))
    assert rule.at_most > number(Layout(1, 300, 0), 0.02).at_most - 1
    assert Layout(1, 75, 0, population=1500).models == ("binomial",)
    assert Layout(1, 76, 0, population=1500).models == ("hypergeometric",)
    assert Layout(20, 60, 0.05, population=1500).models == ("beta-binomial", "bad-village")
    # 90 % of 1000 approve: 100 do not, whatever 1 − .9 is in doubles
    assert Rule(Layout(1, 300, 0, population=1000), 0.9, 5, direction="above").risk == pytest.approx(stats.hypergeom.cdf(5, 1000, 100, 300))


def test_two_looks_share_the_risk():
    for spending in ("pocock", "obrien-fleming"):
        for fraction in (0.2, 0.5, 0.8):
            made = two_looks(spending, 0.05, fraction=fraction)
            assert both_below(*made.z, math.sqrt(fraction)) == pytest.approx(0.95, abs=1e-12)
            joint = stats.multivariate_normal([0, 0], [[1, math.sqrt(fraction)], [math.sqrt(fraction), 1]]).cdf(made.z)
            assert joint == pytest.approx(0.95, abs=2e-5)


def test_double_sampling_by_enumeration():
    plan = Double(Layout(4, 6, 0.1), Layout(3, 6, 0.1), 0.1, 1, 5, 4)
    for model, chances in Layout(4, 6, 0.1).counts(0.1, 24).items():
        second = Layout(3, 6, 0.1).counts(0.1, 18)[model]
        whole = sum(
            chances[x] * (1.0 if x <= 1 else second[: max(0, 4 - x + 1)].sum() if x < 5 else 0.0) for x in range(25)
        )  # fmt: skip
        assert plan.risks[model] == pytest.approx(whole)
        assert plan.continues(0.1)[model] == pytest.approx(chances[2:5].sum())
        assert plan.villages(0.1)[model] == pytest.approx(4 + 3 * chances[2:5].sum())


@pytest.mark.parametrize("spending", ["pocock", "obrien-fleming"])
def test_double_sampling_keeps_its_risk_and_needs_fewer_villages(spending):
    half = Layout(20, 60, 0.05)
    plan = double(half, half, 0.02, spending=spending)
    assert plan.kept
    assert plan.reject == plan.at_most + 1
    assert Rule(half, 0.02, plan.accept).risk <= two_looks(spending).alpha[0] < Rule(half, 0.02, plan.accept + 1).risk
    more = Double(half, half, 0.02, plan.accept, plan.reject + 1, plan.at_most + 1)
    assert not more.kept
    single = number(Layout(40, 60, 0.05), 0.02)
    assert max(plan.villages(0.005).values()) < 40
    assert plan.producer_risk(0.005) < number(half, 0.02).producer_risk(0.005)
    assert plan.at_most <= single.at_most
    stopped = double(half, half, 0.02, spending=spending, reject=14)
    assert stopped.kept and stopped.reject == 14 and max(stopped.villages(0.03).values()) < max(plan.villages(0.03).values())


def test_no_first_number_at_all():
    plan = double(Layout(10, 60, 0.1), Layout(10, 60, 0.1), 0.02, spending="obrien-fleming")
    assert plan.accept == -1 and plan.kept
    assert "事件 5 户以上不接收" in repr(plan)


def test_cheapest_plan():
    """At 600 yuan a village and 60 a household: 20 a village; at 6,000 a village: 60."""
    asked = {"icc": 0.05, "better": 0.005, "producer": 0.2}
    near = cheapest([20, 30, 60], 0.02, **asked, costs=ev.sizing.Costs(village=600, unit=60))
    far = cheapest([20, 30, 60], 0.02, **asked, costs=ev.sizing.Costs(village=6000, unit=60))
    assert (near[0].rule.layout.take, near[0].cost) == (20, 33 * 600 + 660 * 60)
    assert (far[0].rule.layout.take, far[0].cost) == (60, 23 * 6000 + 1380 * 60)
    assert [each.cost for each in cheapest([60, 20], 0.02, **asked)] == [660, 1380]
    assert [each.rule.layout.take for each in cheapest([5, 60], 0.02, **asked, villages=30)] == [60]


# -- Monte Carlo ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["beta-binomial", "bad-village"])
def test_risks_by_simulation(model):
    draws, villages, take, p, icc = 40_000, 20, 60, 0.02, 0.05
    rng = np.random.default_rng(20180725)
    if model == "beta-binomial":
        rates = rng.beta(p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc, (draws, 2 * villages))
    else:
        bad = p + icc * (1 - p)
        rates = np.where(rng.random((draws, 2 * villages)) < p / bad, bad, 0.0)
    counts = rng.binomial(take, rates)
    one, two = counts[:, :villages].sum(axis=1), counts[:, villages:].sum(axis=1)
    rule = Rule(Layout(villages, take, icc), p, 8)
    plan = double(rule.layout, rule.layout, p, spending="pocock")
    accepted = (one <= plan.accept) | ((one < plan.reject) & (one + two <= plan.at_most))
    for seen, stated in ((one <= 8, rule.risks[model]), (accepted, plan.risks[model])):
        assert abs(seen.mean() - stated) < 3 * math.sqrt(stated * (1 - stated) / draws)


# -- what is refused ----------------------------------------------------------------------------------------------------------


def test_impossible_plans_say_what_would_do():
    """Issue 5: 10 villages × 120 cannot prove 2 % at ICC .10; 40 × 30 can, with at most 8 errors."""
    with pytest.raises(EstimateError) as refused:
        number(Layout(10, 120, 0.1), 0.02)
    said = str(refused.value)
    assert "10 个村 × 120 户、村内相关 0.1｜任何接收数都不能证明低于 2%" in said
    assert "40 个村 × 30 户可以，至多 8 户" in said and "20 个村 × 60 户可以，至多 4 户" in said
    assert number(Layout(17, 120, 0.1), 0.02).at_most >= 0 and "须 17 个村" in said
    with pytest.raises(EstimateError, match="任何接收数"):
        number(Layout(16, 120, 0.1), 0.02)
    with pytest.raises(EstimateError) as refused:  # 100 households prove nothing, however they are spread
        number(Layout(5, 20, 0.1), 0.02)
    assert "更多的村" not in str(refused.value) and "须 18 个村" in str(refused.value)
    with pytest.raises(EstimateError, match="不能证明高于 90%"):
        number(Layout(3, 5, 0.1), 0.9, direction="above")
    with pytest.raises(EstimateError, match="2 个村 × 120 户"):
        double(Layout(1, 120, 0.1), Layout(1, 120, 0.1), 0.02, spending="pocock")


def test_weights_that_are_not_equal_are_refused():
    assert Layout(20, 60, 0.05, deff_w=1.05).n == 1200
    with pytest.raises(EstimateError, match=r"deff_w = 1.28｜接收数只用于自加权样本.*KG-M"):
        Layout(20, 60, 0.05, deff_w=1.28)


@pytest.mark.parametrize(
    ("ask", "faults"),
    [
        (lambda: Layout(0, 0, 1.0, deff_w=0.5), 4),
        (lambda: Layout(2.5, 60, -0.1), 2),
        (lambda: Layout(3, (20, 30), 0.05), 1),
        (lambda: Layout(3, (20, 30, 0), 0.05), 1),
        (lambda: Layout(1, 60, 0, population=50), 1),
        (lambda: Layout(1, 60, math.nan), 1),
        (lambda: number(Layout(20, 60, 0.05), 1.0, consumer=0.6, direction="up"), 3),
        (lambda: number(Layout(20, 60, 0.05), 2.0), 1),
        (lambda: Rule(Layout(20, 60, 0.05), 0.02, 1200), 1),
        (lambda: Rule(Layout(20, 60, 0.05), 0.02, 8.5), 1),
        (lambda: Rule(Layout(20, 60, 0.05), 0.02, 8).producer_risk(0.03), 1),
        (lambda: Rule(Layout(20, 60, 0.05), 0.9, 85, direction="above").producer_risk(0.8), 1),
        (lambda: Rule(Layout(20, 60, 0.05), 0.02, 8).accepts([0.1, 1.5]), 1),
        (lambda: smallest(60, 0.02, icc=0.05, better=0.03, producer=0.0, consumer=0.0), 3),
        (lambda: smallest(60, 0.9, icc=0.05, better=0.8, producer=0.2, direction="above", villages=0), 2),
        (lambda: smallest(60, 0.02, icc=0.05, better=0.005, producer=0.2, villages=22), 1),
        (lambda: cheapest([], 0.02, icc=0.05, better=0.005, producer=0.2), 1),
        (lambda: cheapest([60, 120], 0.02, icc=0.05, better=0.005, producer=0.2, villages=5), 2),
        (lambda: two_looks("pocock", 0.5, fraction=1.0), 2),
        (lambda: Double(Layout(20, 60, 0.05), Layout(20, 60, 0.02), 0.02, 5, 6, 4), 2),
        (lambda: Double(Layout(20, 60, 0.05), Layout(20, 60, 0.05), 0.02, 2.5, 6, 4), 1),
        (lambda: double(Layout(20, 60, 0.05), Layout(20, 60, 0.05), -0.02, spending="pocock"), 1),
    ],
)
def test_bad_input_is_refused_all_at_once(ask, faults):
    with pytest.raises(EstimateError) as refused:
        ask()
    lines = str(refused.value).split("\n")
    assert len(lines) == faults
    assert all(len(line.split("｜")) == 3 for line in lines)


def test_an_unknown_split_lists_the_choices():
    with pytest.raises(EstimateError, match=r"没有这种分摊办法｜可用：\n  pocock"):
        two_looks("haybittle")
