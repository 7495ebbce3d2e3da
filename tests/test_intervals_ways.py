"""Ways beside the classical ones: finite populations, skewness, mid-p, weights, combinations, joint levels, presentation codes; speed."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betainccinv, betaincinv, stdtrit
from statsmodels.stats.proportion import proportion_confint

from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.exact import admissible_bounds, count_bounds
from evalkit.intervals import FLAGS, JOINT, METHODS, Planning, fay_feuer, joint_level, mover, presentation, proportion
from evalkit.intervals.beta import lower_quantile, upper_quantile
from evalkit.intervals.tails import quantile

MIDP = [name for name, method in METHODS.items() if method.midp]


# -- finite populations --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "n", "size", "exact", "wise"), [(3, 300, 1500, 0.024, 0.02409), (10, 1200, 2000, 0.012, 0.01237)])
def test_finite_populations_asked_by_name(x, n, size, exact, wise):
    # methods §1.5 [check]
    asked = {"population": size, "side": "upper"}
    assert proportion(x / n, n, method="hypergeometric", **asked).high == pytest.approx(exact, abs=5e-6)
    seen = proportion(x / n, n, method="wise", **asked)
    assert (seen.high, seen.f_eff) == (pytest.approx(wise, abs=5e-6), n / size)
    assert proportion(x / n, n, method="wise", f_eff=n / size, side="upper").high == seen.high
    none = proportion(0, 200, method="hypergeometric", population=400, side="upper")
    assert (none.high, none.low, none.reason) == (0.01, 0, "")


def test_wise_without_a_fraction_is_clopper_pearson_and_a_census_a_point():
    # methods §1.5: N = n = 100, x = 5: Wise does not close, so that a census is put in by hand
    plain, free = proportion(0.05, 100, method="clopper-pearson"), proportion(0.05, 100, method="wise", f_eff=0)
    assert (free.low, free.high) == pytest.approx((plain.low, plain.high), rel=1e-12)
    census = proportion([0.05, 0.0], 100, method="wise", population=100)
    assert list(census.low) == list(census.high) == [0.05, 0] and set(census.reason) == {intervals.bounds.CENSUS}
    whole = proportion(0.05, 100, method="hypergeometric", population=100)
    assert (whole.low, whole.high, whole.reason) == (0.05, 0.05, intervals.bounds.CENSUS)


def test_exact_methods_answer_arrays_question_by_question():
    x, n, size = np.array([[0, 3], [5, 20]]), np.array([20, 40]), 100
    for method, bounds in (("hypergeometric", lambda *a: count_bounds(*a, 0.025)), ("wang", lambda *a: admissible_bounds(*a, 0.95))):
        seen = proportion(x / n, n, method=method, population=size)
        want = np.array([[bounds(int(a), int(b), size) for a, b in zip(row, n, strict=True)] for row in x]) / size
        assert (seen.low == want[..., 0]).all() and (seen.high == want[..., 1]).all()
    one = {name: proportion(0.15, 20, method=name, population=100, side="upper").high for name in ("wang", "hypergeometric")}
    assert one["wang"] == one["hypergeometric"], "on one side the tail itself is the shortest"


# -- Kott & Liu ----------------------------------------------------------------------------------------------


def test_kott_liu_by_hand():
    p, n, z = 0.01, 488.889, 1.6448536269514722
    eta, g1, g2 = z**2 / 3 + 1 / 6, -(13 * z**2 + 17) / 18, (2 * z**2 + 7) / 36
    half = z * np.sqrt((p * (1 - p) + (g1 * p * (1 - p) + g2) / n) / n)
    for side, want in (("upper", p + (1 - 2 * p) * eta / n + half), ("lower", p + (1 - 2 * p) * eta / n - half)):
        seen = proportion(p, 1200, se=np.sqrt(p * (1 - p) / n), method="kott-liu", level=0.95, side=side)
        assert (seen.high if side == "upper" else seen.low) == pytest.approx(want, rel=1e-6)
    both = proportion(p, 1200, se=np.sqrt(p * (1 - p) / n), method="kott-liu", level=0.9)
    assert both.high == pytest.approx(p + (1 - 2 * p) * eta / n + half, rel=1e-6)


def test_kott_liu_sides_cover_by_themselves_where_wald_does_not():
    x, grid = np.arange(501), np.linspace(0.02, 0.3, 57)
    chance = stats.binom.pmf(x, 500, grid[:, None])
    miss = {}
    for method in ("kott-liu", "wald"):
        for side in ("upper", "lower"):
            seen = proportion(x / 500, 500, se=np.sqrt(x / 500 * (1 - x / 500) / 500), method=method, side=side)
            beyond = (seen.high < grid[:, None]) if side == "upper" else (seen.low > grid[:, None])
            miss[method, side] = (chance * beyond).sum(axis=1)
    for side in ("upper", "lower"):
        assert miss["kott-liu", side].mean() == pytest.approx(0.05, abs=0.003)
    # Wald's upper bound is beaten more often than it says where rates are rare, its lower one less
    assert miss["wald", "upper"].mean() > 0.056 and miss["wald", "lower"].mean() < 0.044


def test_kott_liu_with_hardly_any_units_is_clopper_pearson():
    seen, plain = (proportion(0.5, 1.2, method=method, level=0.999) for method in ("kott-liu", "clopper-pearson"))
    assert (seen.low, seen.high) == pytest.approx((plain.low, plain.high))


# -- mid-p ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "n"), [(0, 60), (1, 60), (7, 45), (45, 45), (44, 45)])
def test_midp_halves_the_observed_count(x, n):
    seen = proportion(x / n, n, method="clopper-pearson", midp=True)
    law = partial(stats.binom, n)
    if x > 0:
        assert law(seen.low).sf(x - 1) - law(seen.low).pmf(x) / 2 == pytest.approx(0.025, rel=1e-9)
    if x < n:
        assert law(seen.high).cdf(x) - law(seen.high).pmf(x) / 2 == pytest.approx(0.025, rel=1e-9)
    assert seen.midp and (x > 0 or seen.low == 0) and (x < n or seen.high == 1)


@pytest.mark.parametrize("method", MIDP)
def test_midp_is_shorter_and_never_a_point(method):
    more = {"population": 4000} if METHODS[method].needs in ("population", "fraction") else {}
    p = np.array([0, 1, 12, 600, 1200]) / 1200
    asked = {"se": np.sqrt(2.5 * p * (1 - p) / 1200), "df": 19, "method": method, "planning": Planning(1, 60, 5)}
    full, half = (proportion(p, 1200, **asked, midp=midp, **more) for midp in (False, True))
    assert (half.low >= full.low).all() and (half.high <= full.high).all()
    assert (half.high - half.low < full.high - full.low).all() and (half.high > half.low).all()


def test_midp_where_there_is_no_count_is_refused():
    for method in sorted(set(METHODS) - set(MIDP)):
        with pytest.raises(EstimateError, match="折半"):
            proportion(0.1, 50, se=0.05, df=9, method=method, midp=True, population=None if METHODS[method].needs == "" else 100)


# -- Fay & Feuer ---------------------------------------------------------------------------------------------


def test_fay_feuer_by_the_gamma_distribution():
    x, w = np.array([0, 2, 1, 0, 5]), np.array([0.1, 0.3, 0.05, 0.4, 0.15])
    y, v, most = w @ x, w**2 @ x, 0.4
    low, high = fay_feuer(x, w)
    assert low == pytest.approx(stats.gamma.ppf(0.025, y**2 / v, scale=v / y))
    assert high == pytest.approx(stats.gamma.ppf(0.975, (y + most) ** 2 / (v + most**2), scale=(v + most**2) / (y + most)))
    assert fay_feuer(x, w, side="upper", level=0.975) == (0, pytest.approx(high))
    assert fay_feuer(x, w, side="lower", level=0.975) == (pytest.approx(low), np.inf)


@given(x=st.integers(0, 200), level=st.floats(0.5, 0.999))
@settings(max_examples=40, deadline=None)
def test_fay_feuer_with_equal_weights_is_the_exact_poisson_interval(x, level):
    tail = (1 - level) / 2
    low, high = fay_feuer([x], [2.0], level=level)
    assert low == pytest.approx(stats.chi2.ppf(tail, 2 * x) if x else 0, rel=1e-9)
    assert high == pytest.approx(stats.chi2.isf(tail, 2 * x + 2), rel=1e-9)


def test_fay_feuer_covers_with_unequal_weights():
    numbers = np.random.default_rng(3)
    w = numbers.uniform(0.2, 3, 60)
    counts = numbers.poisson(0.05, (3000, 60))
    limits = np.array([fay_feuer(row, w) for row in counts])
    covered = ((limits[:, 0] <= 0.05 * w.sum()) & (limits[:, 1] >= 0.05 * w.sum())).mean()
    assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 3000)


def test_every_fault_of_weighted_counts_is_told_at_once():
    with pytest.raises(EstimateError) as refused:
        fay_feuer([-1, 2], [1, 0, 3], level=95)
    assert all(words in str(refused.value) for words in ("level", "等长", "events"))
    with pytest.raises(EstimateError, match="大于 0"):
        fay_feuer([0, 0], [0, 0])


# -- MOVER ---------------------------------------------------------------------------------------------------


def test_combined_incidence_of_the_worked_case():
    # methods §6.6 [check]
    slope, value = np.array([38_000, 260_000]) / 300_000, 1200 / 300_000 + (38_000 * 0.004 + 260_000 * 0.001) / 300_000
    assert value == pytest.approx(0.00537333, abs=5e-9)
    delta = np.sqrt(slope @ np.array([[0.0018**2, 0.1 * 0.0018 * 0.0005], [0.1 * 0.0018 * 0.0005, 0.0005**2]]) @ slope)
    assert delta == pytest.approx(0.000509433, abs=5e-10)
    low, high = mover(slope, [0.004, 0.001], [0.0011, 0.0001], [0.012, 0.004], 0.1, value=value)
    assert (low, high) == (pytest.approx(0.00447855, abs=5e-9), pytest.approx(0.0082567, abs=5e-8))


@given(
    slope=st.lists(st.floats(-3, 3), min_size=2, max_size=4), seed=st.integers(0, 1000), r=st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_mover_of_symmetric_limits_is_the_usual_standard_error(slope, seed, r):
    numbers = np.random.default_rng(seed)
    k = len(slope)
    value, half = numbers.uniform(-1, 1, k), numbers.uniform(0.01, 1, k)
    low, high = mover(slope, value, value - half, value + half, r)
    corr = np.full((k, k), r) + (1 - r) * np.eye(k)
    terms = np.array(slope) * half
    want = np.sqrt(max(terms @ corr @ terms, 0.0))
    assert (high - low) / 2 == pytest.approx(want, abs=1e-9)
    mirrored = mover(-np.array(slope), value, value - half, value + half, r)
    assert mirrored == pytest.approx((-high, -low), abs=1e-12)


def test_a_negative_correlation_never_shortens_a_sum_but_a_positive_one_shortens_a_difference():
    sides = ([0.1, 0.1], [0.05, 0.08], [0.2, 0.13])
    assert mover([1, 1], *sides, -0.8) == mover([1, 1], *sides, 0.0)
    paired, apart = mover([1, -1], *sides, 0.6), mover([1, -1], *sides, 0.0)
    assert apart[0] < paired[0] < paired[1] < apart[1]
    assert mover([1, -1], *sides, np.nan) == apart
    rows = mover([[1, 1], [1, -1]], *sides, np.eye(2))
    assert rows[0][1] == apart[0] and len(rows[1]) == 2


def test_mover_refuses_limits_beside_their_value():
    with pytest.raises(EstimateError) as refused:
        mover([1, 1], [0.1, 0.3], [0.2, 0.1], [0.3, 0.4], 1.5)
    assert "区间之内" in str(refused.value) and "相关系数" in str(refused.value)
    with pytest.raises(EstimateError, match="2 × 2"):
        mover([1, 1], [0.1, 0.3], [0, 0.1], [0.3, 0.4], np.ones((3, 3)))


# -- joint levels --------------------------------------------------------------------------------------------


def test_joint_levels():
    assert joint_level(0.95, 5, "bonferroni") == pytest.approx(0.99)
    assert joint_level(0.95, 5, "sidak") == pytest.approx(0.95**0.2)
    assert all(joint_level(0.9, 1, name) == pytest.approx(0.9) for name in JOINT)
    # methods §10 [check]: five joint intervals by Šidák, z = 2.5688
    assert stats.norm.isf((1 - joint_level(0.95, 5, "sidak")) / 2) == pytest.approx(2.5688, abs=5e-5)
    with pytest.raises(EstimateError, match="sidak"):
        joint_level(0.95, 5, "scheffe")
    with pytest.raises(EstimateError) as refused:
        joint_level(95, 0, "sidak")
    assert "level" in str(refused.value) and "count" in str(refused.value)


# -- presentation codes --------------------------------------------------------------------------------------

FINE = {"n": 1200, "n_eff": 400, "df": 19}


@pytest.mark.parametrize(
    ("limits", "change", "codes"),
    [
        ((0.004, 0.001, 0.010), {}, ()),  # narrow: shown however wide against the estimate
        ((0.004, 0.001, 0.010), {"n": 25}, ("few-units",)),
        ((0.004, 0.001, 0.010), {"n_eff": 29.9}, ("few-units",)),
        ((0.4, 0.2, 0.5), {}, ("wide",)),
        ((0.02, 0.001, 0.061), {}, ("wide-relative",)),
        ((0.1, 0.05, 0.17), {}, ()),
        ((0.97, 0.90, 0.98), {}, ("complement",)),
        ((0.5, 0.48, 0.52), {"df": 7}, ("few-df",)),
        ((0.0, 0.0, 0.02), {"df": 7}, ("few-df", "end")),
        ((1.0, 0.9, 1.0), {}, ("end", "complement")),
        ((0.1, np.nan, np.nan), {"df": 0}, ("few-df", "no-interval")),
    ],
)
def test_codes_for_proportions(limits, change, codes):
    # methods §1.4 (Parker et al. 2017)
    seen = presentation(*limits, **(FINE | change))
    assert seen.codes == codes
    rank = ["suppress", "review", "footnote"]
    assert seen.status == min((FLAGS[code].status for code in codes), key=rank.index, default="show")
    assert seen.zh.count("；") == seen.en.count(";") == max(len(codes) - 1, 0)


@pytest.mark.parametrize(
    ("limits", "change", "codes"),
    [
        ((2.0, 1.0, 4.0), {}, ()),
        ((2.0, 1.0, 4.3), {}, ("rate-relative",)),
        ((2.0, 1.0, 4.0), {"numerator": 9}, ("few-numerator",)),
        ((2.0, 1.0, 4.0), {"n_eff": 9, "df": 3}, ("few-denominator", "few-df")),
        ((0.0, 0.0, 1.0), {"numerator": 0}, ("few-numerator", "rate-relative", "end")),
    ],
)
def test_codes_for_rates(limits, change, codes):
    # methods §1.4, the standard of 2023
    assert presentation(*limits, **({"kind": "rate", "numerator": 40} | FINE | change)).codes == codes


def test_codes_of_arrays_and_refusals():
    seen = presentation([0.0, 0.4], [0, 0.2], [0.02, 0.5], n=1200, n_eff=400, df=[19, 5])
    assert [each.codes for each in seen] == [("end",), ("wide", "few-df")]
    assert [each.status for each in seen] == ["review", "suppress"]
    with pytest.raises(EstimateError) as refused:
        presentation(2.0, 1, 3, **FINE, kind="count")
    assert "kind" in str(refused.value)
    with pytest.raises(EstimateError, match="numerator"):
        presentation(2.0, 1, 3, **FINE, kind="rate")
    with pytest.raises(EstimateError, match="百分数"):
        presentation(2.0, 1, 3, **FINE)


# -- what is told beside -------------------------------------------------------------------------------------


def test_the_source_of_the_correlation_is_told():
    asked = {"value": 0.01, "n": 1200, "se": 0.0045, "df": 19}
    plan = {"deff_w": 1, "take": 60, "events_df": 6}
    fact = SimpleNamespace(value=0.031, source="全省 2018 年 20 县合并")
    told = [proportion(**asked, planning=Planning(**plan, icc=icc)) for icc in (None, 0.05, fact)]
    assert [seen.icc_source for seen in told] == ["规划值 0.05", "给定值", "全省 2018 年 20 县合并"]
    assert [seen.icc for seen in told] == [0.05, 0.05, 0.031]
    assert told[0].high == told[1].high and told[2].high < told[1].high
    seen = proportion(**asked, planning=Planning(**plan, event_villages=7))
    assert (seen.event_villages, seen.d_e) == (7, 6)
    assert proportion(**asked, method="wilson").icc_source == "" and np.isnan(told[0].event_villages)
    with pytest.raises(EstimateError, match="icc："):
        Planning(**plan, icc=SimpleNamespace(value=1.4, source="错"))


def test_one_event_says_nothing_of_the_design_effect():
    # methods §2.2: with one event the variance is a constant, so deff is about 1 whatever the correlation
    for villages, take in ((10, 120), (20, 60), (44, 30)):
        rates = np.zeros(villages)
        rates[0] = 1 / take
        n = villages * take
        se = rates.std(ddof=1) / np.sqrt(villages)
        seen = proportion(1 / n, n, se=se, df=villages - 1, planning=Planning(1, take, 0))
        assert seen.deff == pytest.approx(1, abs=0.02)
        assert seen.deff_star == pytest.approx(seen.deff0) == 1 + (take - 1) * 0.05


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "hypergeometric"}, ["缺 population"]),
        ({"method": "wang", "population": 50}, ["总体不能少于样本"]),
        ({"method": "hypergeometric", "population": 500, "value": 0.0123}, ["整数的户数"]),
        ({"method": "wise"}, ["population 与 f_eff"]),
        ({"method": "wise", "population": 500, "f_eff": 0.3}, ["population 与 f_eff"]),
        ({"method": "wilson", "population": 500}, ["不读 population"]),
        ({"method": "wilson", "f_eff": 0.2}, ["不读 f_eff"]),
        ({"method": "wise", "f_eff": 1.2}, ["有效抽样比"]),
        ({"value": 2.0, "n": 0, "se": -1.0, "level": 95, "df": None}, ["比例", "单位数", "标准误", "置信", "缺 df"]),
        ({"side": "left", "level": 1.0}, ["没有这种界", "置信"]),
        ({"method": "fieller", "value": -1.0, "level": 0.0}, ["kg-truncated", "比例", "置信"]),
        ({"value": [0.1, 0.2], "n": [10, 20, 30]}, ["形状"]),
        ({"n": np.inf}, ["单位数"]),
        ({"se": np.inf}, ["标准误"]),
        ({"planning": None, "df": None}, ["缺 df", "缺 planning"]),
    ],
)
def test_all_faults_of_a_question_at_once(change, words):
    asked = {"value": 0.02, "n": 100, "se": 0.02, "df": 9, "method": "kg-m", "planning": Planning(1, 10, 2)}
    with pytest.raises(EstimateError) as refused:
        proportion(**(asked | change))
    assert all(word in str(refused.value) for word in words)


# -- many at once --------------------------------------------------------------------------------------------


RANGES = [(1, 10), (5, 5), (60, 2000), (1e4, 1e4), (0.2, 1e5), (40, 1)]


@given(seed=st.integers(0, 10_000), tail=st.floats(1e-3, 0.5), top=st.sampled_from(RANGES))
@settings(max_examples=30, deadline=None)
def test_quantiles_of_many_are_those_of_scipy(seed, tail, top):
    numbers = np.random.default_rng(seed)
    a, b = (numbers.uniform(1e-2, most, 5000) for most in top)
    for mine, theirs in ((lower_quantile, betaincinv), (upper_quantile, betainccinv)):
        np.testing.assert_allclose(mine(a, b, tail), theirs(a, b, tail), rtol=1e-12, atol=1e-290)


def test_quantiles_of_many_keep_their_shape_and_lose_no_nan():
    a = np.linspace(0.5, 30, 8000).reshape(80, 100)
    b = np.full((80, 100), 200.0)
    a[3, 4] = b[5, 6] = np.nan
    seen = lower_quantile(a, b, 0.05)
    assert seen.shape == (80, 100) and np.isnan(seen).sum() == 2 and np.isnan(seen[3, 4]) and np.isnan(seen[5, 6])
    assert np.isnan(upper_quantile(np.full(5000, np.nan), np.ones(5000), 0.05)).all()


def test_many_intervals_are_those_of_each_alone():
    numbers = np.random.default_rng(11)
    n, m = numbers.integers(100, 2400, 6000), numbers.integers(2, 51, 6000)
    p = numbers.integers(0, 40, 6000) / n
    se, plan = np.sqrt(numbers.uniform(0.5, 6, 6000) * p * (1 - p) / n), (numbers.uniform(1, 2, 6000), np.maximum(n / m, 1))
    for side in ("two", "upper"):
        many = proportion(p, n, se=se, df=m - 1, planning=Planning(*plan, 1), side=side)
        few = [
            proportion(p[k], n[k], se=se[k], df=m[k] - 1, planning=Planning(plan[0][k], plan[1][k], 1), side=side)
            for k in range(0, 6000, 97)
        ]
        assert many.low[::97] == pytest.approx([each.low for each in few], rel=1e-11)
        assert many.high[::97] == pytest.approx([each.high for each in few], rel=1e-11)


def test_quantiles_of_t_are_asked_once_for_each_df():
    df = np.random.default_rng(2).integers(1, 60, 5000).astype(float)
    assert (quantile("t", df, 0.025) == -stdtrit(df, 0.025)).all()
    mixed = df + np.where(np.arange(5000) == 7, 0.5, 0)
    assert (quantile("t", mixed, 0.025) == -stdtrit(mixed, 0.025)).all()
    df[9] = np.inf
    assert quantile("t", df, 0.025)[9] == pytest.approx(1.959963984540054)


def test_midp_lies_within_clopper_pearson_and_near_jeffreys():
    for x, n in ((3, 40), (17, 400)):
        seen, wide = proportion(x / n, n, method="clopper-pearson", midp=True), proportion_confint(x, n, method="beta")
        assert wide[0] < seen.low and seen.high < wide[1]
        assert (seen.low, seen.high) == pytest.approx(proportion_confint(x, n, method="jeffreys"), abs=0.5 / n)
