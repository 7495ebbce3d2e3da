"""Calibration on totals: the published table, what every distance promises, what is refused and how it is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.calibration import METHODS, distance, fit, fit_many, unit_means
from evalkit.calibration.bases import alike, independent
from evalkit.calibration.distances import limits
from evalkit.errors import SurveyError

TABLE = np.array([40.0, 30, 20, 10])
MARGINS = np.array([[1.0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
TOTALS = np.array([60.0, 50, 70, 40])
BOUNDS = {"logit": (0.3, 3.0), "logit-r": (0.3, 3.0), "truncated": (0.3, 3.0)}


def sample(seed: int, n: int = 60, p: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x with an intercept, weights, and totals that factors between .7 and 1.5 meet."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.gamma(2, 30, n), rng.normal(5, 3, n)])[:, :p]
    d = rng.uniform(5, 50, n)
    return x, d, (d * rng.uniform(0.7, 1.5, n)) @ x


def test_published_table() -> None:
    """The 2 × 2 table of methods §7: raking, linear, logit with bounds (.5, 2.6)."""
    known = {
        ("raking", None): [35.6466, 24.3534, 34.3534, 15.6466],
        ("linear", None): [36, 24, 34, 16],
        ("logit", (0.5, 2.6)): [35.691195, 24.308805, 34.308805, 15.691195],
    }
    for (method, bounds), weights in known.items():
        found = fit(MARGINS, TABLE, TOTALS, method=method, bounds=bounds)
        assert (TABLE * found.g).tolist() == pytest.approx(weights, abs=5e-5 if method == "raking" else 5e-7)
        assert found.left_out == (3,) and found.miss <= 1e-10


@pytest.mark.parametrize("method", METHODS)
def test_every_distance_starts_at_one_with_slope_one(method: str) -> None:
    how, ends = distance(method), limits(method, BOUNDS.get(method))
    u = np.array([-0.4, -0.1, 0.0, 0.2, 0.5])
    numeric = (how.factor(u + 1e-6, *ends) - how.factor(u - 1e-6, *ends)) / 2e-6
    assert how.factor(u, *ends)[2] == 1 and numeric[2] == pytest.approx(1, abs=1e-8)
    if method != "logit-r":
        assert how.slope(u, *ends) == pytest.approx(numeric, abs=1e-8)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "logit-r"])
@pytest.mark.parametrize("bounded", [False, True])
def test_slopes_vanish_beyond_bounds_and_factors_stay_within(method: str, bounded: bool) -> None:
    ends = limits(method, (0.6, 1.4) if bounded else BOUNDS.get(method))
    u = np.linspace(-30, 30, 601)
    g, slope = distance(method).factor(u, *ends), distance(method).slope(u, *ends)
    assert (g >= ends[0]).all() and (g <= ends[1]).all() and (np.diff(g) >= 0).all() and (slope >= 0).all()
    assert not slope[(g <= ends[0]) | (g >= ends[1])].any() or method == "logit"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([("linear", None), ("raking", None), ("sinh", None), ("linear", (0.5, 1.8)),
    ("raking", (0.5, 1.8)), ("truncated", (0.4, 2.0)), ("logit", (0.3, 3.0)), ("sinh", (0.4, 2.5))]))  # fmt: skip
def test_totals_are_met_and_g_is_the_function_of_the_predictor(seed: int, how: tuple[str, tuple[float, float] | None]) -> None:
    x, d, totals = sample(seed)
    try:
        found = fit(x, d, totals, method=how[0], bounds=how[1])
    except SurveyError as refusal:  # totals from factors in (.7, 1.5) lie within all these bounds
        pytest.fail(str(refusal))
    assert (d * found.g) @ x == pytest.approx(totals, rel=1e-10)
    assert found.g == pytest.approx(distance(how[0]).factor(x @ found.multipliers, *found.bounds), rel=1e-9)
    assert found.miss <= 1e-10 and found.g.min() >= found.bounds[0] and found.g.max() <= found.bounds[1]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_linear_is_the_regression_estimator_in_any_units_and_order(seed: int) -> None:
    x, d, totals = sample(seed)
    rng = np.random.default_rng(seed)
    closed = 1 + x @ np.linalg.solve((x * d[:, None]).T @ x, totals - d @ x)
    assert fit(x, d, totals).g == pytest.approx(closed, rel=1e-8)
    scale, order = np.array([1, 1e-3, 1e4, 7.0]), rng.permutation(len(d))
    assert fit(x * scale, d, totals * scale, method="raking").g == pytest.approx(fit(x, d, totals, method="raking").g, rel=1e-8)
    assert fit(x[order], d[order], totals, method="raking").g == pytest.approx(fit(x, d, totals, method="raking").g[order], rel=1e-8)


def test_nothing_changes_when_totals_are_those_of_the_sample() -> None:
    x, d, _ = sample(3)
    for method in METHODS:
        found = fit(x, d, d @ x, method=method, bounds=BOUNDS.get(method))
        assert found.g.tolist() == pytest.approx(np.ones(60).tolist(), abs=1e-12) and found.steps == 0


def test_rows_alike_are_handled_once_and_give_the_same() -> None:
    x, d, totals = sample(5, p=2)
    grouped = fit(x, d, totals, method="raking").g
    assert alike(x).groups == 2 and alike(np.arange(60.0)).first is None
    sums = np.bincount(x[:, 1].astype(int), weights=d)
    assert grouped == pytest.approx(np.where(x[:, 1] == 1, totals[1] / sums[1], (totals[0] - totals[1]) / sums[0]), rel=1e-10)


def test_different_rows_with_the_same_key_are_not_taken_for_alike() -> None:
    one, two = 1.5 + np.sin(1), 1.5 + np.sin(2)
    x = np.array([[two, 0.0], [0, one]] * 4)
    assert x[0] @ [one, two] == x[1] @ [one, two]
    assert alike(x).group is None


def test_collinear_columns_from_the_left() -> None:
    x, d, totals = sample(1)
    basis = independent(np.column_stack([x, x[:, 2], x[:, 0] - x[:, 1]]), d)
    assert basis.kept.tolist() == [0, 1, 2, 3] and basis.left_out.tolist() == [4, 5]
    more = np.column_stack([x[:, 0], 1 - x[:, 1], x[:, 1:]])
    agree = [totals[0], totals[0] - totals[1], *totals[1:]]
    assert fit(more, d, agree, method="raking").g == pytest.approx(fit(x, d, totals, method="raking").g, rel=1e-9)
    agree[2] += 1
    with pytest.raises(SurveyError, match=r"第 3 列（是）.*线性组合，总数应为") as refused:
        fit(more, d, agree, method="raking", names=["一", "否", "是", "人口", "收入"])
    assert len(refused.value.faults) == 1


def test_a_column_of_zeros_needs_a_total_of_zero() -> None:
    x = np.column_stack([np.ones(4), np.zeros(4)])
    assert fit(x, np.ones(4), [6, 0]).g.tolist() == [1.5] * 4
    with pytest.raises(SurveyError, match="第 2 列：总数 3｜该列在样本中全为 0"):
        fit(x, np.ones(4), [6, 3])


def test_rows_without_weight_count_for_nothing() -> None:
    x, d, totals = sample(9)
    d[:20] = 0
    totals = d @ x * 1.1
    assert fit(x, d, totals, method="raking").g[20:] == pytest.approx(fit(x[20:], d[20:], totals, method="raking").g, rel=1e-9)


def test_instruments_and_model_variances() -> None:
    x, d, totals = sample(11)
    rng = np.random.default_rng(11)
    z, q = x + rng.normal(0, 0.3, x.shape) * [0, 0, 20, 2], rng.uniform(0.5, 2, 60)
    general = fit(x, d, totals, method="raking", instruments=z, q=q)
    assert (d * general.g) @ x == pytest.approx(totals, rel=1e-10)
    assert np.log(general.g) / q == pytest.approx(z @ general.multipliers, abs=1e-9)
    assert fit(x, d, totals, instruments=x).g == pytest.approx(fit(x, d, totals).g, rel=1e-10)
    ratio = fit(x[:, 2], d, totals[2], q=1 / x[:, 2])
    assert ratio.g == pytest.approx(np.full(60, totals[2] / (d @ x[:, 2])), rel=1e-12)
    with pytest.raises(SurveyError, match=r"instruments 的第 3 列｜与左边各列共线"):
        fit(x, d, totals, instruments=z[:, [0, 1, 1, 3]])


def test_clusters_with_equal_weights_inside() -> None:
    rng = np.random.default_rng(2)
    unit = np.repeat(np.arange(15), 4)
    x, d, _ = sample(2)
    d = rng.uniform(5, 50, 15)[unit]
    totals = d @ x * [1.1, 1.05, 1.2, 1.0]
    means = unit_means(x, d, unit)
    found = fit(means, d, totals, method="raking")
    assert (d * found.g) @ x == pytest.approx(totals, rel=1e-10)
    assert all(len(np.unique(found.g[unit == each])) == 1 for each in range(15))
    uneven = rng.uniform(5, 50, 60)
    assert uneven @ unit_means(x, uneven, unit) == pytest.approx(uneven @ x, rel=1e-12)


def test_bounds_that_cannot_be_met_are_told_with_what_can() -> None:
    with pytest.raises(SurveyError) as refused:
        fit(MARGINS, TABLE, TOTALS, method="logit", bounds=(0.9, 1.1), names=["东", "西", "甲", "乙"])
    told = [(fault.column, fault.rule) for fault in refused.value.faults]
    assert told[0] == ("第 1 列（东）", "g 在 0.9 与 1.1 之间时只能达到 63 至 77") and len(told) == 3


@pytest.mark.parametrize(("method", "bounds", "reached"), [("raking", None, "6.875 至 9"), ("truncated", (0.5, 1.5), "7.5 至 8")])
def test_totals_that_contradict_each_other_are_told_with_what_is_left(method: str, bounds: tuple | None, reached: str) -> None:
    """x = (1; 0/1; 2 … 8): once the second and third totals hold, linear programming says what the first can be."""
    x = np.array([[1, 0, 5.0], [1, 1, 3], [1, 0, 8], [1, 1, 2]])
    with pytest.raises(SurveyError, match=f"第 1 列：总数 10｜其余总数都满足、.*只能达到 {reached}"):
        fit(x, np.full(4, 2.5), [10, 5, 30], method=method, bounds=bounds)


def test_a_search_that_ends_too_early_is_no_result() -> None:
    x, d, totals = sample(4)
    with pytest.raises(SurveyError, match=r"相对偏差 .*加大 max_steps"):
        fit(x, d, totals, method="raking", max_steps=1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from([
    ("linear", (0.5, 1.6)), ("truncated", (0.8, 1.3)), ("raking", (0.6, 1.7)), ("logit", (0.4, 2.5)),
]))  # fmt: skip
def test_totals_close_to_what_the_bounds_allow_are_reached(seed: int, how: tuple[str, tuple[float, float]]) -> None:
    """Few rows and factors near either bound: most rows end at a bound, where Newton's steps alone come to a halt."""
    rng = np.random.default_rng(seed)
    x, _, _ = sample(seed, n=12)
    d, (low, high) = rng.lognormal(2, 1, 12), how[1]
    totals = (d * np.where(rng.random(12) < 0.5, 1.02 * low, 0.98 * high)) @ x
    assert (d * fit(x, d, totals, method=how[0], bounds=how[1]).g) @ x == pytest.approx(totals, rel=1e-9)


def test_far_totals_are_reached_by_halved_steps() -> None:
    x, d, _ = sample(6)
    rng = np.random.default_rng(6)
    totals = (d * np.exp(rng.normal(3, 1.5, 60))) @ x
    found = fit(x, d, totals, method="raking")
    assert (d * found.g) @ x == pytest.approx(totals, rel=1e-10)
    with pytest.raises(SurveyError):
        fit(x, d, totals, method="logit", bounds=(0.3, 3))


def test_all_faults_of_the_input_at_once() -> None:
    x = np.ones((4, 2))
    x[1, 1] = np.nan
    with pytest.raises(SurveyError) as refused:
        fit(x, [1, -1, 2, 3], [1, np.inf], q=[1, 1, 0, 1])
    assert [fault.column for fault in refused.value.faults] == ["第 2 列", "第 2 列", "权数", "q"]
    with pytest.raises(SurveyError) as refused:
        fit(np.ones((4, 2)), np.ones(3), np.ones(3), q=np.ones(2), instruments=np.ones((4, 1)))
    assert len(refused.value.faults) == 4


@pytest.mark.parametrize(("asked", "told"), [
    ({"method": "chisq"}, "没有这种校准距离.*\n.*linear"), ({"method": "logit"}, "缺 bounds"), ({"bounds": (1.1, 2)}, "应为 L < 1 < U"),
    ({"method": "logit", "bounds": (0.3, np.inf)}, "两侧都应有限"),
])  # fmt: skip
def test_unknown_methods_and_wrong_bounds(asked: dict, told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        fit(MARGINS, TABLE, TOTALS, **asked)


def test_results_are_read_only() -> None:
    found = fit(MARGINS, TABLE, TOTALS)
    with pytest.raises(ValueError, match="read-only"):
        found.g[0] = 1
    with pytest.raises(AttributeError):
        found.steps = 2


# -- replicates -------------------------------------------------------------------------------------------------------


def replicates(seed: int, sets: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    x, d, totals = sample(seed, n=120)
    rng = np.random.default_rng(seed)
    units = rng.integers(0, 30, 120)
    return x, d, totals, d * (rng.poisson(1, (sets, 30)) + 0.05)[:, units]


@pytest.mark.parametrize(("method", "bounds"), [("linear", None), ("raking", None), ("truncated", (0.1, 9)), ("logit", (0.1, 9))])
def test_replicates_one_by_one_and_together(method: str, bounds: tuple[float, float] | None) -> None:
    x, d, totals, weights = replicates(8)
    x[:, 2] = x[:, 2].round(-1)
    x[:, 3] = 1 + x[:, 3].round(0) % 2 * x[:, 1]
    totals = d @ x * 1.05
    found = fit_many(x, weights, totals, method=method, bounds=bounds)
    assert found.alike.groups < 120
    for each, g in zip(weights, found.rows(), strict=True):
        assert g == pytest.approx(fit(x, each, totals, method=method, bounds=bounds).g, rel=1e-8)
    begun = fit_many(x, weights, totals, method=method, bounds=bounds, start=fit(x, d, totals, method=method, bounds=bounds))
    assert begun.rows() == pytest.approx(found.rows(), rel=1e-8)
    assert found.miss.max() <= 1e-10 and found.multipliers.shape == (12, 4)


def test_a_replicate_that_lost_a_category_is_named() -> None:
    x, _, totals, weights = replicates(8)
    weights[4, x[:, 1] == 1] = 0
    with pytest.raises(SurveyError, match=r"12 组中 1 组不能满足总数(.|\n)*第 5 组，第 2 列"):
        fit_many(x, weights, totals, method="raking")


def test_replicates_that_do_not_fit_are_refused() -> None:
    x, d, totals, weights = replicates(1)
    with pytest.raises(SurveyError, match=r"形状 \(120,\)｜应为 \(组数, 行数\)"):
        fit_many(x, d, totals)
    with pytest.raises(SurveyError, match="应有 120 行"):
        fit_many(x, weights[:, :-1], totals)
    with pytest.raises(SurveyError, match="为负"):
        fit_many(x, -weights, totals)
