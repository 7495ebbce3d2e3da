"""Intervals for proportions: published numbers, statsmodels, identities that must hold, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainccinv, betaincinv, stdtr, stdtrit
from statsmodels.stats.proportion import proportion_confint

from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.exact import count_bounds, share_bounds
from evalkit.intervals import METHODS, Planning, proportion, student
from evalkit.intervals.profile import spline

CASE = {"value": 0.01, "n": 1200, "se": 0.0045, "df": 19}
# One estimate, every method: limits to the digits in which they were worked out independently.
WORKED = {
    "wald-t": (0.00058139, 0.0194186),
    "logit-t": (0.00388595, 0.0254876),
    "xlogit": (0.00388595, 0.0254876),
    "log-t": (0.00389902, 0.0256475),
    "arcsine-t": (0.00278917, 0.0215983),
    "wilson": (0.00424015, 0.0234002),
    "wilson-t": (0.00401441, 0.024689),
    "agresti-coull-t": (0.00314328, 0.0255601),
    "jeffreys": (0.00378127, 0.021949),
    "uniform": (0.00437205, 0.0233402),
    "kg": (0.00289852, 0.0246499),
}
MARGIN = 5e-9


def plan(events_df: float = 6, **more: float) -> Planning:
    return Planning(**({"deff_w": 1, "take": 60, "events_df": events_df} | more))


# -- golden --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "limits"), WORKED.items())
def test_one_estimate_by_every_method(method, limits):
    seen = proportion(**CASE, method=method)
    assert (seen.low, seen.high) == pytest.approx(limits, rel=3e-6, abs=6e-9)


def test_effective_numbers_of_the_worked_case():
    seen = proportion(**CASE, method="kg")
    assert (seen.n_eff, seen.deff, seen.n_star) == pytest.approx((488.889, 2.45455, 429.571), rel=2e-6)
    one = {side: proportion(**CASE, method="kg", side=side) for side in ("lower", "upper")}
    assert one["lower"].low == pytest.approx(0.0036656, rel=1e-5)
    assert one["upper"].high == pytest.approx(0.0218587, rel=1e-5)
    assert one["upper"].n_star == pytest.approx(443.077, rel=2e-6)
    assert (one["lower"].high, one["upper"].low) == (1, 0)


def test_kg_m_moderates_the_design_effect():
    seen = proportion(**CASE, planning=plan())
    assert (seen.deff0, seen.deff_star, seen.n_star) == pytest.approx((3.95, 3.1343, 336.408), rel=2e-5)
    assert (seen.low, seen.high) == pytest.approx((0.00232831, 0.0274328), rel=3e-6)
    assert proportion(**CASE, planning=plan(), side="upper").high == pytest.approx(0.0240859, rel=3e-6)
    assert (seen.d_e, seen.icc, seen.df, seen.reason) == (6, 0.05, 19, "")


def test_an_estimated_design_effect_is_never_lowered():
    se = np.sqrt(10 * 0.01 * 0.99 / 1200)
    assert proportion(0.01, 1200, se=se, df=19, planning=plan(1)).deff_star == pytest.approx(10)
    below = proportion(0.01, 1200, se=1e-4, df=19, planning=plan(19, deff_w=1.5, icc=0))
    assert below.deff_star == pytest.approx(1.5)


@pytest.mark.parametrize(("icc", "upper"), [(0, 0.00275), (0.02, 0.00599), (0.05, 0.01082)])
def test_zero_events_keep_the_planned_clustering(icc, upper):
    assert proportion(0, 1200, df=19, side="upper", planning=plan(0, icc=icc)).high == pytest.approx(upper, abs=MARGIN * 1000)


def test_zero_events_without_any_adjustment_and_on_two_sides():
    assert proportion(0, 1200, method="clopper-pearson", side="upper").high == pytest.approx(0.00249, abs=5e-6)
    assert proportion(0, 1200, df=19, planning=plan(0)).high == pytest.approx(0.01372, abs=5e-6)
    assert proportion(0, 1200, df=9, side="upper", planning=plan(0, take=120)).high == pytest.approx(0.0213, abs=5e-5)


@pytest.mark.parametrize(("events", "upper"), [(1, 0.02285), (2, 0.02135)])
def test_more_events_may_lower_the_bound_but_never_below_that_of_none(events, upper):
    rates = np.zeros(10)
    rates[:events] = 1 / 120
    se = rates.std(ddof=1) / np.sqrt(10)
    given_plan = plan(events - 1, take=120)
    seen = proportion(rates.mean(), 1200, se=se, df=9, side="upper", planning=given_plan)
    assert seen.high == pytest.approx(upper, abs=5e-6)
    assert seen.high >= proportion(0, 1200, df=9, side="upper", planning=given_plan).high


def test_floor_of_none_binds_and_mirrors():
    # a variance far below binomial, many villages with events: without the floor errors would better the bound
    few = proportion(1 / 2400, 2400, se=1e-6, df=40, side="upper", planning=plan(40, icc=0.3))
    none = proportion(0, 2400, df=40, side="upper", planning=plan(0, icc=0.3))
    assert few.high == none.high
    most = proportion(1 - 1 / 2400, 2400, se=1e-6, df=40, side="lower", planning=plan(40, icc=0.3))
    assert most.low == pytest.approx(1 - none.high, abs=1e-15)


def test_finite_population_of_the_three_published_samples():
    none = {"df": 199, "side": "upper"}
    assert proportion(0, 200, **none, planning=plan(0, take=1)).high == pytest.approx(0.01487, abs=5e-6)
    assert pytest.approx(0.00746, abs=5e-6) == 1 - 0.05 ** (1 / (200 / 0.5))  # n/(1−f): too short near 0
    assert share_bounds(0, 200, 400, 0.05)[1] == 0.01
    for x, n, size, exact, wise, plain in [(3, 300, 1500, 0.024, 0.02409, 0.02564), (10, 1200, 2000, 0.012, 0.01237, 0.01409)]:
        srs = {"se": np.sqrt(x / n * (1 - x / n) / n), "df": n - 1, "side": "upper"}
        one_village_each = Planning(1, 1, 0, f_eff=n / size, se_wr=srs["se"])
        assert share_bounds(x, n, size, 0.05)[1] == pytest.approx(exact, abs=5e-6)
        assert proportion(x / n, n, **srs, planning=one_village_each).high == pytest.approx(wise, abs=5e-6)
        assert proportion(x / n, n, method="clopper-pearson", side="upper").high == pytest.approx(plain, abs=5e-6)


def test_a_census_has_no_interval_and_nearly_a_census_is_exact():
    census = proportion([0.05, 0, 1], 100, se=0.01, df=99, planning=Planning(1, 1, 3, f_eff=1, se_wr=0.02))
    np.testing.assert_array_equal(census.low, census.value)
    np.testing.assert_array_equal(census.high, census.value)
    assert set(census.reason) == {intervals.bounds.CENSUS}
    nearly = proportion(1 / 380, 380, se=0, df=379, side="upper", planning=Planning(1, 1, 0, f_eff=0.95, se_wr=0.0026))
    assert (nearly.high, nearly.reason) == (0.005, intervals.bounds.EXACT)
    p = np.array([1 / 380])
    wise = intervals.forms.finite(p, np.array([380.0]), 0.95, 0.05)[1][0]
    assert wise == pytest.approx(0.0078, abs=5e-5)
    open_end = intervals.forms.finite(np.array([0.05]), np.array([100.0]), 1.0, 0.05)
    assert (open_end[0][0], open_end[1][0]) == pytest.approx((0.0301, 0.0766), abs=5e-5)


def test_no_fraction_is_clopper_pearson_and_a_fraction_shortens():
    lengths = []
    for fraction in (0, 0.1, 0.3, 0.6, 0.95, 0.999):
        seen = proportion(**CASE, planning=plan(f_eff=fraction, se_wr=0.0045))
        lengths.append(seen.high - seen.low)
    assert lengths == sorted(lengths, reverse=True)
    x, rest = seen.n_star * 0.01, seen.n_star * 0.99
    free = proportion(**CASE, planning=plan())
    assert (free.low, free.high) == pytest.approx((betaincinv(x, rest + 1, 0.025), betainccinv(x + 1, rest, 0.025)), rel=1e-12)


def test_sample_sizes_that_prove_two_percent():
    for x, n in enumerate((149, 236, 313, 386, 456, 523)):
        reached = [proportion(x / k, k, method="clopper-pearson", side="upper").high < 0.02 for k in (n - 1, n)]
        assert reached == [False, True]
    for size, sizes in {1000: (138, 215, 281, 342, 400, 454), 500: (129, 196, 253, 303, 348, 388)}.items():
        for x, n in enumerate(sizes):
            assert [share_bounds(x, k, size, 0.05)[1] < 0.02 for k in (n - 1, n)] == [False, True]


def test_r_survey_on_its_cluster_sample():
    # R 4.2.2, survey 4.1.1: svyciprop on dclus1 <- svydesign(~dnum, weights=~pw, data=apiclus1, fpc=~fpc), I(ell==0)
    asked = {"value": 0.02185792349726776, "n": 183, "se": 0.02262245086113394, "df": 14}
    for method, limits in {
        "xlogit": (0.002304691284135499, 0.17774776682269947),
        "kg": (0.00021614683274315727, 0.13750776391498076),
        "wald-t": (-0.02666240795776698, 0.0703782549523025),
    }.items():
        seen = proportion(**asked, method=method)
        assert (seen.low, seen.high) == pytest.approx(limits, rel=1e-8)
    # R lets the angle of the lower limit fall below 0, where its square rises again; here it stops at 0
    seen = proportion(**asked, method="arcsine-t")
    angle = np.arcsin(np.sqrt(asked["value"]))
    assert (seen.low, seen.high) == (0, pytest.approx(0.09557674, rel=1e-7))
    assert np.sin(2 * angle - np.arcsin(np.sqrt(seen.high))) ** 2 == pytest.approx(0.00030719, rel=2e-5)
    # R reads its likelihood limits off a spline through the profile: the upper one hits, the lower is 1.7 % off
    seen = proportion(**asked, method="likelihood-t")
    assert (seen.low, seen.high) == pytest.approx((0.0006639212, 0.1077784), rel=0.02)
    assert seen.high == pytest.approx(0.1077784, rel=2e-6)


# R 4.2.2, survey 4.1-1: svyciprop(~y, d, method="likelihood") on eight villages of ten households with 0 0 1 0 2 0 0 3
# events (the first of each village), weights 1 3 2 5 in turn, two strata of four villages; then on whole villages of
# 60 and 20 that all have the property or none (profiles of 3 and 5 points), on one event in 40 and in 400, on a whole
# village of ten in six; on 3 events in a village of ten, of two villages, where R prints NA and NaN.
R_EQUAL = [
    ((0.075, 80, 0.041187723552395694, 7), (0.01345795965198, 0.2105773329474)),
    ((5 / 12, 720, 0.14864709750264074, 11), (0.1334607147743, 0.7502226723644)),
    ((5 / 12, 240, 0.14864709750264077, 11), (0.1426907117771, 0.7338761780492)),
    ((0.025, 40, 0.025, 39), (0.001130994139099, 0.112053591324)),
    ((0.0025, 400, 0.0025, 399), (0.0001394551651232, 0.0110198779084997)),
    ((1 / 6, 60, 1 / 6, 5), (0.001197314952924, 0.725076572229677)),
]
R_WEIGHTED = [
    ((13 / 220, 80, 0.037453168887151882, 7), 0.95, (), (0.007542572127886, 0.1892963428164)),
    ((13 / 220, 80, 0.037453168887151882, 7), 0.90, (), (0.01261684685096, 0.1572132966058)),
    ((13 / 220, 80, 0.034926539617284945, 6), 0.95, (), (0.008295952555765, 0.1834533136943)),
    ((13 / 204, 76, 0.039387334925560825, 7), 0.95, (3, 7, 11, 32), (0.008937862679095, 0.196964471467)),
]


@pytest.mark.parametrize(("numbers", "limits"), R_EQUAL)
def test_likelihood_limits_as_r_prints_them(numbers, limits):
    value, n, se, df = numbers
    seen = proportion(value, n, se=se, df=df, method="likelihood-r")
    assert (seen.low, seen.high) == pytest.approx(limits, rel=1e-8)


@pytest.mark.parametrize(("numbers", "level", "missing", "limits"), R_WEIGHTED)
def test_likelihood_limits_of_r_with_weights_and_missing_answers(numbers, level, missing, limits):
    value, n, se, df = numbers
    event = (np.arange(80) % 10 < np.repeat([0, 0, 1, 0, 2, 0, 0, 3], 10)).astype(float)
    event[list(missing)] = np.nan
    stretch = intervals.r_stretch(event, np.tile([1.0, 3, 2, 5], 20))
    longer = 1 - 2 * stdtr(df, stretch * stdtrit(df, (1 - level) / 2))
    seen = proportion(value, n, se=se, df=df, method="likelihood-r", level=longer)
    assert (seen.low, seen.high) == pytest.approx(limits, rel=1e-9)
    plain = proportion(value, n, se=se, df=df, method="likelihood-r", level=level)
    assert (plain.low, plain.high) == pytest.approx(limits, rel=0.1 if missing else 2e-5)


def test_likelihood_limits_that_r_does_not_give_say_so():
    seen = proportion(0.15, 20, se=0.15, df=1, method="likelihood-r")
    assert np.isnan(seen.low) and seen.reason == intervals.bounds.OFF_GRID


@given(value=st.floats(0.01, 0.5), n=st.integers(100, 5000), deff=st.floats(0.5, 5), df=st.integers(10, 300))
@settings(max_examples=40, deadline=None)
def test_likelihood_limits_of_r_mirror_and_are_near_the_exact_ones(value, n, deff, df):
    asked = {"n": n, "se": np.sqrt(deff * value * (1 - value) / n), "df": df}
    seen, exact = (proportion(value, **asked, method=method) for method in ("likelihood-r", "likelihood-t"))
    other = proportion(1 - value, **asked, method="likelihood-r")
    if not np.isnan(seen.low):
        assert seen.low <= value <= seen.high
        assert (1 - other.high, 1 - other.low) == pytest.approx((seen.low, seen.high), abs=1e-8)
        width = exact.high - exact.low
        assert (seen.low, seen.high) == pytest.approx((exact.low, exact.high), abs=0.05 * width)


@given(parts=st.lists(st.floats(-3, 3), min_size=4, max_size=4), steps=st.lists(st.floats(0.1, 2), min_size=3, max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_spline_gives_back_what_its_ends_are_made_of(parts, steps):
    x = np.cumsum([0.0, *steps])
    curve = np.polynomial.Polynomial(parts if len(x) > 3 else parts[:3])
    at = np.linspace(x[0], x[-1], 40)
    assert spline(x, curve(x), at) == pytest.approx(curve(at), rel=1e-6, abs=1e-6)
    assert spline(x, np.sin(x), x) == pytest.approx(np.sin(x), abs=1e-12)


@pytest.mark.parametrize(
    ("method", "theirs"),
    [("wilson", "wilson"), ("jeffreys", "jeffreys"), ("agresti-coull", "agresti_coull"), ("clopper-pearson", "beta"), ("wald", "normal")],
)
@pytest.mark.parametrize(("x", "n"), [(3, 40), (17, 1200), (1190, 1200), (0.7, 33.3)])
def test_simple_random_samples_agree_with_statsmodels(method, theirs, x, n):
    seen = proportion(x / n, n, method=method)
    want = proportion_confint(x, n, method=theirs)
    if method == "wald":
        want = tuple(np.clip(want, 0, 1))
        seen_limits = tuple(np.clip((seen.low, seen.high), 0, 1))
    else:
        seen_limits = (seen.low, seen.high)
    assert seen_limits == pytest.approx(tuple(np.clip(want, 0, 1)), rel=1e-9, abs=1e-14)


def test_nchs_and_truncated_forms_at_the_end_and_above_n():
    # 2831 units, df 60: the NCHS form takes n itself when all have the property, the others keep the df factor
    assert proportion(1, 2831, se=0, df=60, method="kg-nchs").low == pytest.approx(0.9986978180373127, rel=1e-12)
    assert proportion(0, 2831, se=0, df=60, method="wilson-df").high == pytest.approx(0.001410149112568596, rel=1e-10)
    assert proportion(1, 2831, se=0, df=60, method="jeffreys-df").low == pytest.approx(0.9990771075159584, rel=1e-10)
    single = {"value": 8.666105664960698e-05, "n": 2831, "se": 8.764691236023094e-05, "df": 60}
    seen = proportion(**single, method="agresti-coull-df")
    assert (seen.low, seen.high) == (0, pytest.approx(0.0018477427902495853, rel=1e-9))
    assert seen.n_star == pytest.approx(2720.30933236541, rel=1e-10)
    rare = {"value": 0.00583353548005681, "n": 2831, "se": 0.0015457803833726286, "df": 60}
    seen = proportion(**rare, method="kg-truncated")
    assert (seen.low, seen.high, seen.n_star) == pytest.approx((0.0031609335718976125, 0.009839157709418456, 2332.242965224884), rel=1e-9)
    wide = proportion(0.8279480114158234, 200, se=0.024344780113074806, df=197, method="kg-nchs")
    assert (wide.low, wide.high, wide.n_star) == pytest.approx((0.7683642587408029, 0.87752978996693, 200), rel=1e-9)


def test_student():
    seen = student(np.array([1.0, 2.0]), np.array([0.5, 0.5]), np.array([10.0, np.inf]))
    # scipy before 1.17 inverts t to eleven digits
    assert tuple(seen.high - seen.value) == pytest.approx((0.5 * 2.228138851986274, 0.5 * 1.959963984540054), rel=1e-10)
    assert student(1, 0.5, 10, level=0.975, side="upper").high == pytest.approx(seen.high[0], rel=1e-12)
    assert student(1, 0.5, 10, side="upper").low == -np.inf
    nothing = student(1, 0.5, 0, side="upper")
    assert np.isnan(nothing.low) and np.isnan(nothing.high) and nothing.reason
    with pytest.raises(EstimateError, match="标准误"):
        student(1, -1, 5)


# -- design effects ------------------------------------------------------------------------------------------


def test_analysis_of_variance_of_villages():
    y, sizes = [0, 0, 0, 1, 3], [10] * 5
    seen = intervals.anova(y, sizes)
    assert (seen.between, seen.within, seen.icc) == pytest.approx((0.17, 0.0666667, 0.134199), rel=1e-5)
    v = np.var(np.array(y) / 10, ddof=1) / 5
    assert v == pytest.approx(0.0034)
    assert proportion(0.08, 50, se=np.sqrt(v), df=4, method="kg").deff == pytest.approx(2.30978, rel=1e-5)
    assert intervals.planning_effect(1, 10, seen.icc) == pytest.approx(2.20779, rel=1e-5)


def test_analysis_of_variance_within_strata_forgets_the_strata_means():
    y, strata = np.array([0, 0, 1, 5, 5, 6]), np.array([0, 0, 0, 1, 1, 1])
    whole, within = intervals.anova(y, [10] * 6), intervals.anova(y, [10] * 6, strata)
    each = [intervals.anova(y[strata == h], [10] * 3) for h in (0, 1)]
    assert within.between == pytest.approx((each[0].between + each[1].between) / 2)
    assert within.icc < whole.icc
    assert within.event_df == 2


def test_pooled_correlation_blends_and_clips():
    seen = intervals.anova([0, 0, 0, 1, 3], [10] * 5)
    assert intervals.pooled_icc([seen]) == pytest.approx((0.134199 + 0.5) / 11, rel=1e-5)
    none = intervals.anova([0] * 5, [10] * 5)
    assert np.isnan(none.icc)
    assert intervals.pooled_icc([seen, none, none]) == intervals.pooled_icc([seen])
    assert intervals.pooled_icc([none]) == intervals.pooled_icc([]) == 0.05
    torn = intervals.anova([10, 10, 0, 0], [10] * 4)
    assert intervals.pooled_icc([torn] * 1000) == pytest.approx(0.5, abs=0.005)
    even = intervals.anova([5, 5, 5, 5], [10] * 4)
    assert intervals.pooled_icc([even] * 1000) == pytest.approx(0, abs=0.001)


def test_persons_in_households_stand_in_the_weights():
    size = np.repeat([1, 2, 3, 4, 5, 6], 200)
    cv2 = size.var() / size.mean() ** 2
    assert intervals.weight_effect(size) == pytest.approx(1 + cv2)
    persons, households = (proportion(0, n, method="clopper-pearson", side="upper").high for n in (3756, 977))
    assert (persons, households) == pytest.approx((0.00080, 0.00306), abs=5e-6)


def test_reach_of_equal_takes_is_the_short_formula():
    village = np.repeat(np.arange(12), 30)
    strata = village // 4
    seen = intervals.reach(np.full(360, 2.5), village, strata, 0.25, 0.4, 0.05)
    left = (0.75 * 30 * 0.05 + 0.6 * 0.95) / (1 + 29 * 0.05)
    assert seen.f_eff == pytest.approx(1 - left, rel=1e-12)
    assert seen.df == pytest.approx(9)


@given(icc=st.floats(0, 0.5), first=st.floats(0.01, 0.99), within=st.floats(0.01, 1))
@settings(max_examples=30, deadline=None)
def test_reach_is_the_two_stage_variance_over_that_without_end(icc, first, within):
    # expectation of the usual estimator: (1−f₁)(between)/m + f₁(1−f₂)(within)/(mb), in units of σ²/m with take 30
    finite = (1 - first) * (icc + (1 - icc) / 30) + first * (1 - within) * (1 - icc) / 30
    village = np.repeat(np.arange(8), 30)
    seen = intervals.reach(np.ones(240), village, village // 4, first, first * within, icc)
    assert 1 - seen.f_eff == pytest.approx(finite / (icc + (1 - icc) / 30), rel=1e-9)


def test_reach_where_villages_are_all_taken():
    village = np.repeat(np.arange(6), 10)
    strata = village // 3
    first = np.where(strata == 0, 1.0, 0.5)
    seen = intervals.reach(np.ones(60), village, strata, first, 0.2, 0.1)
    taken, sampled = 30 * 0.8, 0.5 * 0.1 * 300 + 0.8 * 0.9 * 30
    assert seen.f_eff == pytest.approx(1 - (taken + sampled) / (30 + 0.1 * 300 + 0.9 * 30), rel=1e-12)
    assert seen.df == pytest.approx((taken + sampled) ** 2 / (taken**2 / 27 + sampled**2 / 2), rel=1e-12)
    census = intervals.reach(np.ones(60), village, strata, 1.0, 1.0)
    assert census.f_eff == pytest.approx(1)
    assert intervals.reach(np.ones(10), np.arange(10) // 5, [0] * 5 + [1] * 5, 0.1, 0.1).df == 0


def test_bound_of_the_share_of_villages():
    assert [round(100 * intervals.village_bound(m), 1) for m in (10, 20, 30, 40, 50)] == [25.9, 13.9, 9.5, 7.2, 5.8]
    with pytest.raises(EstimateError, match="村数"):
        intervals.village_bound(0)


def test_t_ratio_at_one_half_is_its_limit():
    assert intervals.tails.t_ratio(np.array(1200.0), np.array(19.0), 0.5) == pytest.approx(0.974446, abs=5e-7)
    around = [float(intervals.tails.t_ratio(np.array(1200.0), np.array(19.0), a)) for a in (0.4999, 0.5, 0.5001)]
    assert around == pytest.approx([around[1]] * 3, rel=1e-6)


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": 2.0}, "百分数"),
        ({"value": -0.1}, "比例应在"),
        ({"value": [0.1, np.nan]}, "比例应在"),
        ({"n": 0}, "单位数"),
        ({"se": -1.0}, "标准误"),
        ({"level": 1}, "置信水平"),
        ({"level": 95}, "置信水平"),
        ({"side": "left"}, "没有这种界"),
        ({"method": "exact"}, "kg-truncated"),
        ({"planning": None}, "planning"),
        ({"df": None}, "缺 df"),
        ({"se": None}, "缺 se"),
        ({"planning": plan(f_eff=0.2)}, "se_wr"),
    ],
)
def test_questions_without_an_answer_are_refused(change, words):
    with pytest.raises(EstimateError, match=words):
        proportion(**(CASE | {"planning": plan()} | change))


def test_planning_names_every_field_out_of_range():
    with pytest.raises(EstimateError) as refused:
        Planning(0.5, 0, -1, icc=2, f_eff=1.2, se_wr=-1)
    for name in ("deff_w", "take", "events_df", "icc", "f_eff", "se_wr"):
        assert name in str(refused.value)


@pytest.mark.parametrize("method", [name for name, m in METHODS.items() if m.needs_df])
@pytest.mark.parametrize("df", [0, -1, np.nan])
def test_no_degrees_of_freedom_is_nan_with_a_reason_and_never_z(method, df):
    seen = proportion([0.01, 0.0], 1200, se=0.0045, df=df, method=method, planning=plan())
    assert np.isnan(seen.low).all() and np.isnan(seen.high).all()
    assert list(seen.reason) == [intervals.bounds.NO_DF] * 2


@pytest.mark.parametrize("method", METHODS)
def test_none_or_all_never_gives_a_point(method):
    more = {"population": 400} if METHODS[method].needs in ("population", "fraction") else {}
    for midp in (False, True)[: 1 + METHODS[method].midp]:
        seen = proportion([0.0, 1.0], 50, se=[0.0, 0.0], df=9, method=method, planning=plan(0), midp=midp, **more)
        assert (seen.high - seen.low > 0.01).all()
        assert (seen.low[0], seen.high[1]) == (0, 1)
        counts = method in ("kg-m", "hypergeometric", "wang")
        assert counts or list(seen.reason) == [intervals.bounds.AT_THE_END] * 2
    for side, end in (("lower", 0), ("upper", 1)):
        seen = proportion([0.0, 1.0], 50, se=[0.0, 0.0], df=9, method=method, side=side, planning=plan(0), **more)
        assert (seen.high - seen.low > 0.01).all()
        assert (seen.high if side == "lower" else seen.low) == pytest.approx(1 - end)


def test_results_are_numbers_for_numbers_and_frozen_arrays_for_arrays():
    assert type(proportion(**CASE, planning=plan()).low) is float
    value = np.array([0.01, 0.02])
    seen = proportion(value, 1200, se=0.0045, df=19, planning=plan())
    with pytest.raises(ValueError):
        seen.low[0] = 0
    value[0] = 0.5
    assert seen.value[0] == 0.01
    with pytest.raises(AttributeError):
        seen.low = 0


def test_a_share_that_misses_one_by_rounding_is_all():
    seen = proportion(1 - 2**-53, 50, se=1e-17, df=9, planning=plan(0))
    assert seen.value == 1 and np.isnan(seen.deff) and seen.deff_star == seen.deff0


# -- identities ----------------------------------------------------------------------------------------------

# whose grid moves with the level, and may end too early; whole counts are asked elsewhere
SMOOTH = [name for name, m in METHODS.items() if name != "likelihood-r" and m.needs != "population"]
UNBOUNDED = {"wald", "wald-t"}
questions = st.fixed_dictionaries(
    {
        "value": st.one_of(st.just(0.0), st.just(1.0), st.floats(1e-4, 1 - 1e-4)),
        "n": st.integers(20, 5000),
        "df": st.floats(1, 300),
    }
)
plans = st.builds(
    Planning,
    deff_w=st.floats(1, 3),
    take=st.floats(1, 120),
    events_df=st.floats(0, 50),
    icc=st.floats(0, 0.3),
    f_eff=st.floats(0, 0.999),
)
spreads = st.floats(0.5, 30)


def ask(question, planned, deff, method, **more):
    se = np.sqrt(deff * question["value"] * (1 - question["value"]) / question["n"])
    held = Planning(planned.deff_w, planned.take, planned.events_df, planned.icc, planned.f_eff, se)
    if METHODS[method].needs == "fraction":
        more |= {"f_eff": planned.f_eff}
    return proportion(**question, se=se, method=method, planning=held, **more)


@pytest.mark.parametrize("method", SMOOTH)
@given(question=questions, planned=plans, deff=spreads, level=st.floats(0.5, 0.999))
@settings(max_examples=25, deadline=None)
def test_limits_are_in_order_mirror_and_one_sided_tails_agree(method, question, planned, deff, level):
    seen = ask(question, planned, deff, method, level=level)
    slack = 1e-9
    ordered = method in UNBOUNDED or (seen.low >= 0 and seen.high <= 1)
    assert ordered
    off_centre = ("agresti-coull", "agresti-coull-t", "agresti-coull-df", "jeffreys", "jeffreys-df", "uniform", "kott-liu", "wilson-df")
    if method not in off_centre:
        assert seen.low <= seen.value + slack and seen.value <= seen.high + slack
    mirrored = ask(question | {"value": 1 - question["value"]}, planned, deff, method, level=level)
    if not method.startswith("log") or method.startswith("logit"):
        assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((seen.low, seen.high), abs=1e-8)
    for side, limit in (("lower", "low"), ("upper", "high")):
        single = ask(question, planned, deff, method, level=1 - (1 - level) / 2, side=side)
        assert getattr(single, limit) == pytest.approx(getattr(seen, limit), abs=1e-9)


@pytest.mark.parametrize("method", [name for name in SMOOTH if name != "kott-liu"])  # an expansion, whose bounds may cross
@given(question=questions, planned=plans, deff=spreads, level=st.floats(0.5, 0.98))
@settings(max_examples=15, deadline=None)
def test_more_confidence_is_never_shorter(method, question, planned, deff, level):
    less, more = (ask(question, planned, deff, method, level=at) for at in (level, level + 0.01))
    assert more.low <= less.low + 1e-9 and more.high >= less.high - 1e-9


@given(question=questions, planned=plans, deff=spreads)
@settings(max_examples=60, deadline=None)
def test_kg_m_moves_up_from_every_design_effect_and_tends_to_kg(question, planned, deff):
    seen = ask(question, planned, deff, "kg-m")
    assert seen.deff_star >= planned.deff_w - 1e-9
    assert np.isnan(seen.deff) or seen.deff_star >= seen.deff - 1e-9
    assert seen.d_e == min(planned.events_df, question["df"])
    if 0 < question["value"] < 1 and deff > planned.deff_w:
        sure = Planning(planned.deff_w, planned.take, 1e9, planned.icc)
        se = np.sqrt(deff * question["value"] * (1 - question["value"]) / question["n"])
        many = proportion(question["value"], question["n"], se=se, df=1e9, planning=sure)
        plain = proportion(question["value"], question["n"], se=se, df=1e9, method="kg")
        assert many.n_star == pytest.approx(plain.n_star, rel=1e-5)


@given(value=st.floats(1e-4, 0.2), deff=spreads)
@settings(max_examples=40, deadline=None)
def test_limits_are_continuous_in_the_value(value, deff):
    question = {"n": 1200, "df": 19.0}
    a, b = (ask(question | {"value": v}, plan(6), deff, "kg-m") for v in (value, value * (1 + 1e-7)))
    assert (a.low, a.high) == pytest.approx((b.low, b.high), abs=1e-6)


@given(
    counts=st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(n, 200))), tail=st.floats(0.01, 0.3)
)
@settings(max_examples=60, deadline=None)
def test_hypergeometric_bounds_hold_the_count_and_mirror(counts, tail):
    found, drawn, population = counts
    low, high = count_bounds(found, drawn, population, tail)
    assert found <= low <= high <= population - drawn + found
    mirrored = count_bounds(drawn - found, drawn, population, tail)
    assert (population - mirrored[1], population - mirrored[0]) == (low, high)


# -- coverage ------------------------------------------------------------------------------------------------


def villages_of(model: str, p: float, icc: float, villages: int, take: int, seed: int, times: int = 2000) -> np.ndarray:
    """Return event counts of `times` samples of villages: rates beta distributed, or 0 but in a few bad villages."""
    numbers = np.random.default_rng(seed)
    if model == "beta":
        rate = numbers.beta(p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc, (times, villages))
    else:
        bad = p + icc * (1 - p)
        rate = bad * (numbers.random((times, villages)) < p / bad)
    return numbers.binomial(take, rate)


def limits_of(counts: np.ndarray, take: int, method: str, **more):
    m = counts.shape[1]
    rate = counts / take
    value = rate.mean(axis=1)
    se = rate.std(axis=1, ddof=1) / np.sqrt(m)
    holding = np.where(value <= 0.5, (counts > 0).sum(axis=1), (counts < take).sum(axis=1))
    planned = Planning(1, take, np.maximum(holding - 1, 0))
    return proportion(value, m * take, se=se, df=m - 1, method=method, planning=planned, **more)


@pytest.mark.parametrize("model", ["beta", "bad"])
@pytest.mark.parametrize("p", [0.005, 0.02])
def test_coverage_with_twenty_villages_of_sixty(model, p):
    counts = villages_of(model, p, 0.05, 20, 60, seed=20180601)
    seen = limits_of(counts, 60, "kg-m")
    assert ((seen.low <= p) & (p <= seen.high)).mean() >= 0.93
    upper = limits_of(counts, 60, "kg-m", side="upper")
    assert (upper.high < p).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_the_common_interval_covers_four_times_in_ten_where_villages_are_few_and_bad():
    counts = villages_of("bad", 0.005, 0.1, 10, 100, seed=7)
    nchs, ours = (limits_of(counts, 100, method) for method in ("kg-nchs", "kg-m"))
    error = 3 * np.sqrt(0.382 * 0.618 / 2000)
    assert (counts.sum(axis=1) == 0).mean() == pytest.approx(0.61, abs=error)
    assert ((nchs.low <= 0.005) & (nchs.high >= 0.005)).mean() == pytest.approx(0.382, abs=error)
    assert ((ours.low <= 0.005) & (ours.high >= 0.005)).mean() >= 0.93
