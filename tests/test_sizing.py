"""How many units: published and checked figures, identities, exact searches against simulation, and what is refused."""

import math

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from evalkit import sizing
from evalkit.errors import EstimateError
from evalkit.exact import count_bounds

RATES = st.floats(0.005, 0.4)
CLASSES = ([300, 200, 100], [40, 60, 90], [8, 10, 20])
EXAMPLES = settings(max_examples=60, deadline=None)


def test_margin_of_a_rare_rate_step_by_step():
    plain = sizing.for_proportion(0.02, margin=0.01)
    clustered = sizing.for_proportion(0.02, margin=0.01, deff=2.45)
    county = sizing.for_proportion(0.02, margin=0.01, deff=2.45, population=8000)
    assert [round(n, 1) for n in (plain, clustered, county)] == [752.9, 1844.7, 1499.0]
    made = sizing.issue(county, 0.9)
    assert round(county / 0.9, 1) == 1665.6 and made.issued[0] == 1666


@pytest.mark.parametrize(
    "population, sizes",
    [
        (None, [149, 236, 313, 386, 456, 523]),
        (500, [129, 196, 253, 303, 348, 388]),
        (1000, [138, 215, 281, 342, 400, 454]),
        (3000, [145, 229, 302, 371, 436, 500]),
    ],
)
def test_samples_that_prove_two_percent(population, sizes):
    assert [sizing.for_bound(0.02, events, population=population) for events in range(6)] == sizes


def test_no_event_has_a_formula():
    gates = (0.02, 0.01, 0.005)
    assert [sizing.for_bound(gate) for gate in gates] == [149, 299, 598] == [math.ceil(math.log(0.05) / math.log1p(-g)) for g in gates]


@pytest.mark.parametrize("events", [0, 2, 5])
@pytest.mark.parametrize("population, gate", [(400, 0.02), (730, 0.0313)])
def test_a_finite_bound_is_that_of_the_exact_interval(events, population, gate):
    n = sizing.for_bound(gate, events, population=population)
    assert count_bounds(events, n, population, 0.05)[1] / population < gate <= count_bounds(events, n - 1, population, 0.05)[1] / population


def test_exact_search_and_the_sawtooth():
    assert math.ceil(sizing.for_gate(0.005, 0.02)) == 373 and math.ceil(sizing.for_gate(0.01, 0.02)) == 987
    near, far = sizing.exact_for_gate(0.005, 0.02), sizing.exact_for_gate(0.01, 0.02)
    assert (near.n, near.accept) == (386, 3)
    assert (far.first, far.n) == (969, 1091)


@pytest.mark.parametrize("p, population", [(0.005, None), (0.01, None), (0.01, 2000), (0.008, 1234)])
def test_exact_plans_hold_for_every_larger_sample(p, population):
    plan = sizing.exact_for_gate(p, 0.02, population=population)
    n = np.arange(plan.n - 1, 3 * plan.n) if population is None else np.unique(np.linspace(plan.n - 1, population, 60).astype(int))
    d = np.arange(90)[:, None]
    if population is None:
        bad, good = stats.binom(n, 0.02), stats.binom(n, p)
    else:
        bad = stats.hypergeom(population, math.ceil(0.02 * population), n)
        good = stats.hypergeom(population, math.floor(p * population + 1e-9), n)
    accept = (bad.cdf(d) <= 0.05).sum(axis=0) - 1
    assert ((good.cdf(accept) >= 0.8) == (n >= plan.n)).all()
    assert plan.risk <= 0.05 and plan.power >= 0.8 and plan.first <= plan.n


def test_approval_is_the_mirror_of_disapproval():
    up, down = sizing.exact_for_gate(0.95, 0.9, better="high"), sizing.exact_for_gate(0.05, 0.1)
    assert (up.n, up.accept) == (down.n, down.accept)
    assert sizing.for_gate(0.95, 0.9, better="high") == pytest.approx(sizing.for_gate(0.05, 0.1))


def test_power_of_the_exact_search_by_simulation():
    plan, trials = sizing.exact_for_gate(0.01, 0.02), 40_000
    dice = np.random.default_rng(20260101)
    for p, stated in ((0.01, plan.power), (0.02, plan.risk)):
        share = float((dice.binomial(plan.n, p, trials) <= plan.accept).mean())
        assert abs(share - stated) < 3 * math.sqrt(stated * (1 - stated) / trials)


@EXAMPLES
@given(p=RATES, margin=st.floats(0.003, 0.1), deff=st.floats(0.5, 6), method=st.sampled_from(["wald", "logit"]))
def test_a_margin_comes_back_from_its_sample(p, margin, deff, method):
    n = sizing.for_proportion(p, margin=margin, deff=deff, population=50_000, method=method)
    assert 0 < n < 50_000
    if method == "wald":
        assert sizing.precision_of_proportion(n, p, deff=deff, population=50_000).margin == pytest.approx(margin)
    wider = sizing.for_proportion(p, margin=1.1 * margin, deff=deff, population=50_000, method=method)
    assert wider < n < sizing.for_proportion(p, margin=margin, deff=deff, method=method)


@EXAMPLES
@given(p=RATES, margin=st.floats(0.003, 0.1), method=st.sampled_from(["wilson", "logit"]))
def test_the_interval_of_the_sample_has_the_length_asked_for(p, margin, method):
    n = sizing.for_proportion(p, margin=margin, method=method)
    z = stats.norm.isf(0.025)
    if method == "wilson":
        low, high = ((p + z * z / (2 * n) + s * z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n) for s in (-1, 1))
    else:
        half = z / math.sqrt(n * p * (1 - p))
        low, high = (1 / (1 + math.exp(-(math.log(p / (1 - p)) + s * half))) for s in (-1, 1))
    assert high - low == pytest.approx(2 * margin, rel=1e-7)


@EXAMPLES
@given(distance=st.floats(0.01, 0.3), power=st.floats(0.5, 0.98), sides=st.sampled_from([1, 2]), population=st.sampled_from([None, 5000]))
def test_the_sample_has_the_power_it_was_made_for(distance, power, sides, population):
    given_ = {"sides": sides, "deff": 1.7, "population": population}
    n = sizing.for_distance(distance, 0.2, power=power, **given_)
    assert sizing.power_at(n, distance, 0.2, **given_) == pytest.approx(power, abs=1e-9)
    whole = sizing.round_up(n)
    if population is None and whole > 1:
        assert sizing.power_at(whole - 1, distance, 0.2, **given_) < power <= sizing.power_at(whole, distance, 0.2, **given_) + 1e-9


@EXAMPLES
@given(distance=st.floats(0.2, 3), power=st.floats(0.6, 0.98), sides=st.sampled_from([1, 2]))
def test_two_means_against_statsmodels(distance, power, sides):
    from_t = TTestIndPower()
    n = sizing.for_two_means(distance, 1.0, power=power, sides=sides)
    if n > 3:
        theirs = from_t.power(distance, n, 0.05, alternative="larger" if sides == 1 else "two-sided")
        assert theirs == pytest.approx(power, abs=2e-4)  # theirs counts the far tail


def test_figures_of_r():
    # R 4.2.2: power.t.test(power=.8, delta=4, sd=10, tol=1e-13)$n; power.prop.test(power=.9, p1=.1, p2=.15, tol=1e-13)$n;
    # power.t.test(n=25, delta=4, sd=10, alternative="one.sided")$power
    near = 1e-7 if scipy.__version__.startswith("1.14.") else 1e-9  # its noncentral t holds eight digits, later ones twelve
    assert sizing.for_two_means(4, 10) == pytest.approx(99.0805650092297, rel=near)
    assert sizing.for_two_proportions(0.1, 0.15, power=0.9, pooled=True) == pytest.approx(917.3206339283639, rel=1e-9)
    assert sizing.power_of_two_means(25, 4, 10, sides=1) == pytest.approx(0.4010638924388871, rel=near)


@pytest.mark.parametrize(
    "value, stated",
    [
        # R PracTools 1.7.5: nContMoe(moe.sw=1, e=2, S2=900, N=3000); nProp(CV0=.1, pU=.1, N=10000); nPropMoe(1, .03, pU=.1, N=50000)
        (lambda: sizing.for_mean(30, margin=2, population=3000), 671.0052941968165),
        (lambda: sizing.for_proportion(0.1, cv=0.1, population=10000, finite="S2"), 825.7638315441782),
        (lambda: sizing.for_proportion(0.1, margin=0.03, population=50000, finite="S2"), 381.2245894376794),
        # nWilson(1, e=.005, pU=.01); nWilson(2, e=.2, pU=.01); nLogOdds(1, e=.03, pU=.1, N=50000)
        (lambda: sizing.for_proportion(0.01, margin=0.005, method="wilson"), 1605.4429328387885),
        (lambda: sizing.for_proportion(0.01, relative=0.2, method="wilson"), 9596.038739735333),
        (lambda: sizing.for_proportion(0.1, margin=0.03, population=50000, method="logit", finite="inverse"), 387.51926795377057),
        # nDomain(CV0d=.1, N=20000, CVpopd=1, Pd=.2, est.type="mean")
        (lambda: sizing.for_mean(1, mean=1, cv=0.1, share=0.2, population=20000), 487.8048780487803),
        # R surveyplanning 4.0: MoE_P(P=.3, n=400, pop=6000, R=.8, deff_sam=1.4, deff_est=.9);
        # min_prop(n=400, pop=6000, RMoE=.2, R=.8, deff_sam=1.4)
        (lambda: sizing.precision_of_proportion(320, 0.3, deff=1.26, population=6000, finite="S2").margin, 0.05484067084046183),
        (lambda: sizing.smallest_proportion(320, 0.2, deff=1.4, population=6000, finite="S2"), 0.2845989507552614),
        # R samplesize4surveys 4.1.1: b4p(N=1e5, n=400, P=.5, D=.55, DEFF=1.5), b4dm(1e5, 400, 50, 55, 10, 12, D=3, DEFF=1.5)
        (lambda: sizing.power_at(400, 0.05, 0.25, deff=1.5, population=1e5), 0.4965752630000358),
        (lambda: sizing.power_at(400, 8, 244, deff=1.5, population=1e5), 0.999999999991818),
        # PracTools CVcalc2, CVcalc3, NRFUopt(Ctot=1e5, c1=50, c2=200, theta=.5, CVpop=1, type.sw="cost")
        (lambda: sizing.two_stage_cv(20, 8, 0.04, unit_variance=1.2, k=1.1), 0.10276186062932104),
        (lambda: sizing.three_stage_cv(20, 8, 5, (0.02, 0.08), unit_variance=1.2, k=(1.1, 1)), 0.05744562646538029),
        (lambda: sizing.follow_up(0.5, first_cost=50, second_cost=200, budget=1e5).single, 1372.5830020304793),
        # dub(c1=10, c2=50, Ctot=20000, Nh=c(300, 200, 100), Sh=c(8, 10, 20), Yh.bar=c(40, 60, 90))
        (lambda: sizing.double_sample(*CLASSES, first_cost=10, second_cost=50, budget=20000).n1, 860.9418853606413),
        (lambda: sizing.double_sample(*CLASSES, first_cost=10, second_cost=50, budget=20000).variance, 0.8769315243537004),
    ],
)
def test_figures_of_survey_packages(value, stated):
    assert value() == pytest.approx(stated, rel=1e-9)


def test_overlap_saves_units_and_agrees_with_a_published_standard_error():
    # p = .93, .95, both years .90, n = 1000, 400 in both: se .00996995, .0106113 if independent
    first, second = 0.93 * 0.07, 0.95 * 0.05
    correlation = (0.90 - 0.93 * 0.95) / math.sqrt(first * second)
    overlapped = sizing.change_variance(first, second, overlap=0.4, correlation=correlation)
    assert math.sqrt(overlapped / 1000) == pytest.approx(0.00996995, abs=5e-9)
    assert math.sqrt(sizing.change_variance(first, second) / 1000) == pytest.approx(0.0106113, abs=5e-8)
    assert sizing.for_two_proportions(0.93, 0.95, overlap=0.4, joint=0.90) < sizing.for_two_proportions(0.93, 0.95)


def test_a_domain_needs_its_share_of_a_larger_sample():
    alone = sizing.for_mean(1, mean=1, cv=0.1)
    assert sizing.for_mean(1, mean=1, cv=0.1, share=0.2) == pytest.approx(alone / 0.2)
    assert sizing.for_total(1, 1e12, mean=1, cv=0.1, share=0.2) == pytest.approx((1 + 0.8) / (0.2 * 0.01), rel=1e-6)


def test_finite_population_ends():
    assert sizing.for_mean(3, margin=1e-9, population=200) == pytest.approx(200)
    assert sizing.for_mean(3, margin=0.5, population=math.inf) == sizing.for_mean(3, margin=0.5)
    assert sizing.precision(200, 3, population=200).se == 0
    assert sizing.for_bound(0.02, 19, population=1000) <= 1000


def test_strata_add_up_to_the_variance_asked_for():
    sizes, sds = np.array([900.0, 400, 100]), np.array([2.0, 5, 20])
    n = sizing.for_strata(sizes, sds, margin=0.8)
    share = sizes / sizes.sum()
    variance = (share**2 * sds**2 * (1 / n - 1 / sizes)).sum()
    assert stats.norm.isf(0.025) * math.sqrt(variance) == pytest.approx(0.8)


def test_taking_no_unit_for_certain_when_all_are_alike():
    cut = sizing.certainty_cut(np.linspace(99, 101, 50), cv=0.01)
    assert cut.certain == 0 and math.isnan(cut.least) and not cut.taken.any()
    assert cut.n == pytest.approx(sizing.for_mean(np.linspace(99, 101, 50).std(ddof=1), mean=100, cv=0.01, population=50))
    by_size = sizing.certainty_cut([1.0, 2, 3, 50], cv=0.05, outcomes=[2.0, 3, 7, 110])
    assert by_size.curve.shape == (3,) and by_size.n == by_size.curve.min()


@EXAMPLES
@given(
    complete=st.lists(st.integers(0, 400), min_size=1, max_size=4),
    response=st.floats(0.3, 1),
    ineligible=st.floats(0, 0.5),
)
def test_issued_units_yield_what_is_wanted_and_no_more_than_a_unit_over(complete, response, ineligible):
    made = sizing.issue(complete, response, ineligible, certainty=0.9)
    assert (made.complete >= np.array(complete) - 1e-6).all()
    assert ((made.issued - 1) * response * (1 - ineligible) < np.array(complete)).all()
    for want, sent in zip(complete, made.issued + made.reserves, strict=True):
        assert stats.binom.sf(want - 1, sent, response * (1 - ineligible)) >= 0.9 - 1e-9


def test_non_response_and_ineligibility_stay_apart():
    made = sizing.issue([100, 100], [0.8, 1], [0, 0.2])
    assert made.issued.tolist() == [125, 125] and made.eligible.tolist() == [125, 100] and made.complete.tolist() == [100, 100]


def test_components_of_a_population_without_clustering_and_of_one_that_is_all_clustering():
    value = np.tile([1.0, 2, 3, 4], 6)
    flat = sizing.two_stage_components(value, np.repeat(np.arange(6), 4))
    assert flat.between == 0 and flat.icc == 0 and flat.within == pytest.approx(value.var(ddof=1) * 23 / 24 * 4 / 3 / 6.25)
    whole = sizing.two_stage_components(np.repeat(np.arange(1.0, 7), 4), np.repeat(np.arange(6), 4))
    assert whole.within == 0 and whole.icc == 1
    assert sizing.sums_of_squares(np.repeat(np.arange(1.0, 7), 4), np.repeat(np.arange(6), 4)).icc == 1


def test_components_give_the_variance_of_every_possible_two_stage_sample():
    rng = np.random.default_rng(7)
    clusters = np.repeat(np.arange(4), [3, 4, 5, 6])
    value = rng.gamma(2, 3, clusters.size) + clusters
    probs = np.bincount(clusters) / clusters.size
    seen = sizing.two_stage_components(value, clusters, probs)
    trials = 200_000
    chosen = rng.choice(4, trials, p=probs)
    unit = np.array([rng.integers(0, s, trials) for s in np.bincount(clusters)])[chosen, np.arange(trials)]
    start = np.concatenate([[0], np.bincount(clusters).cumsum()])
    one = value[start[chosen] + unit] / (probs[chosen] / np.bincount(clusters)[chosen])  # one cluster, one unit of it
    relative = (one / value.sum() - 1) ** 2
    # S² of a cluster has N − 1 below, one unit of N varies by S²(N − 1)/N
    size = np.bincount(clusters)
    spread = np.array([value[clusters == i].var(ddof=1) for i in range(4)])
    within = (size**2 * spread * (1 - 1 / size) / probs).sum() / value.sum() ** 2
    assert within < seen.within
    assert abs(relative.mean() - (seen.between + within)) < 3 * relative.std() / math.sqrt(trials)


def test_three_stages_of_distinct_groups_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(3)
    clusters, groups = np.repeat([1, 2, 3], 12), np.tile(np.repeat([1, 2, 3], 4), 3)
    value = rng.gamma(3, 1, 36) + clusters + groups
    order = rng.permutation(36)
    first = sizing.three_stage_components(value, clusters, groups, [0.2, 0.3, 0.5])
    again = sizing.three_stage_components(value[order], clusters[order], groups[order], [0.2, 0.3, 0.5])
    numbered = sizing.three_stage_components(value, clusters, 10 * clusters + groups, [0.2, 0.3, 0.5], as_r=True)
    for part in ("first", "second"):
        for name in ("between", "within", "unit", "icc", "k"):
            assert getattr(getattr(first, part), name) == pytest.approx(getattr(getattr(again, part), name))
            assert getattr(getattr(first, part), name) == pytest.approx(getattr(getattr(numbered, part), name))


def test_two_phase_plans_are_optima():
    given_ = {"first_cost": 10, "second_cost": 50, "budget": 20000}
    plan = sizing.double_sample(*CLASSES, **given_)
    for n1 in (0.9 * plan.n1, 1.1 * plan.n1):
        assert plan.between / n1 + plan.within / ((20000 - 10 * n1) / 50) > plan.variance
    by_cost = sizing.follow_up(0.5, first_cost=50, second_cost=200, budget=1e5)
    by_cv = sizing.follow_up(0.5, first_cost=50, second_cost=200, cv=by_cost.cv)
    assert by_cv.cost == pytest.approx(1e5) and by_cv.n1 == pytest.approx(by_cost.n1)


@pytest.mark.parametrize(
    "ask, faults",
    [
        (lambda: sizing.for_mean(3, margin=0), 1),
        (lambda: sizing.for_mean(-3, margin=0, deff=0, level=95), 4),
        (lambda: sizing.for_mean(3), 1),
        (lambda: sizing.for_mean(3, margin=1, cv=0.1), 2),
        (lambda: sizing.for_proportion(2, margin=0.01), 1),
        (lambda: sizing.for_proportion(math.nan, margin=0.01), 1),
        (lambda: sizing.for_proportion(0.02, cv=0.1, method="wilson"), 1),
        (lambda: sizing.for_gate(0.03, 0.02), 1),
        (lambda: sizing.exact_for_gate(0.03, 0.02, population=10.5), 2),
        (lambda: sizing.for_bound(0.02, 20, population=1000), 1),
        (lambda: sizing.issue([10, 20], [0, 0.5], [0.1, 1]), 2),
        (lambda: sizing.issue([10, 20], [0.5, 0.5, 0.5]), 1),
        (lambda: sizing.for_two_proportions(0.5, 0.5, joint=0.7), 2),
        (lambda: sizing.change_variance(1, 1, overlap=0.8, ratio=2), 1),
        (lambda: sizing.pps_variance([1, 0, 3], [1, 2, 3]), 1),
        (lambda: sizing.two_stage_components([1, 2, 3], [1, 2, 3]), 1),
        (lambda: sizing.double_sample([1, 1], [5, 5], [1, 1], first_cost=1, second_cost=9, budget=100), 1),
        (lambda: sizing.follow_up(0.1, first_cost=10, second_cost=10, budget=100), 1),
        (lambda: sizing.precision(300, 1, population=200), 1),
    ],
)
def test_impossible_demands_name_every_fault(ask, faults):
    with pytest.raises(EstimateError) as refusal:
        ask()
    lines = str(refusal.value).split("\n")
    assert len(lines) == faults and all(line.count("｜") == 2 for line in lines)
