"""What is easily got wrong where steps, replicates, chances and corrections meet: each case once gave a number without a word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import SurveyError


def people(n: int = 12) -> pd.DataFrame:
    at = np.arange(n)
    return pd.DataFrame({"village": at // 2, "g": np.where(at % 3 == 0, "a", "b"), "x": at % 4 + 1.0, "y": (at * 7 % 5) + 1.0, "w": 10.0})


def survey(table: pd.DataFrame | None = None, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(people() if table is None else table, **{"weights": "w", "clusters": "village", **design})


def test_matrix_products_in_a_formula() -> None:
    totals, matrix = ev.total(survey(), "y", by="g"), np.array([[1.0, 2], [3, 4], [5, 6]])
    for form in (lambda t: np.dot(matrix, t), lambda t: matrix @ t, lambda t: t @ matrix.T):
        made = ev.combine(form, totals)
        assert made.value == pytest.approx(matrix @ totals.value)
        assert made.cov() == pytest.approx(matrix @ totals.cov() @ matrix.T)


def test_formulas_with_lists_powers_and_absolute_values() -> None:
    totals = ev.total(survey(), "y", by="g")
    a, b = totals["a"], totals["b"]
    pair = ev.combine(lambda a, b: [a / b, a * b, 1.0], a, b)
    assert pair.value == pytest.approx([float(a / b), float(a * b), 1.0]) and pair.se[2] == 0
    assert float(np.power(a, 2)) == pytest.approx(float(a) ** 2) and np.power(a, 2).se == pytest.approx((a**2).se)
    assert (2 ** (a / 100)).se == pytest.approx(np.exp(np.log(2) * a / 100).se)
    assert np.abs(-a).se == pytest.approx(a.se)


def test_errors_of_different_totals_are_independent_over_replicates() -> None:
    outside = [ev.total(survey(people().assign(one=1.0), clusters=None), "one", by="g") for _ in range(2)]
    waves = [ev.weigh(survey(people().assign(one=1.0)), ev.PostStratify("g", each)) for each in outside]
    both = ev.join(a=waves[0], b=waves[1], shared=None)
    taylor, made = (ev.total(s, "one", by="wave", where=ev.col("g") == "a").cov() for s in (both, both.replicate("jkn", centre="estimate")))
    assert made == pytest.approx(taylor, abs=1e-9 * taylor.max()) and abs(taylor[0, 1]) < 1e-9 * taylor[0, 0]


def test_keys_of_crossed_totals_are_read_by_their_names() -> None:
    table = people().assign(a=lambda t: t.g, b=np.where(np.arange(12) < 6, "a", "b"))
    counts = table.groupby(["b", "a"])["w"].sum() * 2 + [1, 2, 3, 4]
    for totals in (counts, counts.reset_index(name="N")):
        made = ev.weigh(survey(table), ev.PostStratify(["a", "b"], totals))
        assert made.weights[(table.a == "a") & (table.b == "b")].sum() == pytest.approx(counts["b", "a"])
    outside = ev.total(survey(table.assign(one=1.0)), "one", by=["b", "a"])
    made = ev.weigh(survey(table), ev.PostStratify(["a", "b"], outside))
    assert made.weights[(table.a == "a") & (table.b == "b")].sum() == pytest.approx(float(outside["b", "a"]))


def test_propensities_do_not_guess_who_is_eligible() -> None:
    table = people().assign(what=list("RRNRIRRNRRUR"))
    for classes in (2, None):
        with pytest.raises(SurveyError, match="资格未知"):
            ev.weigh(survey(table), ev.Nonresponse(propensity="x", classes=classes, status="what"))
    with pytest.raises(SurveyError, match="classes=0"):
        ev.Nonresponse(propensity=["x"], classes=0)
    with pytest.raises(SurveyError, match="没有列"):
        ev.Nonresponse(propensity=[])


@pytest.mark.parametrize("fraction", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("step", [ev.Nonresponse(by="g", status="what"), ev.Nonresponse(propensity=["x"], classes=None, status="what")])
def test_who_answers_is_uncertain_in_a_census_too(step: Any, fraction: float) -> None:
    """Over many responses of one sample: estimated variance of the total = variance of sampling + that of answering."""
    rng, n, runs = np.random.default_rng(11), 60, 300
    at = np.arange(n)
    table = pd.DataFrame({"g": np.where(at < 30, "a", "b"), "x": at % 5 / 2.0, "y": 5 + at % 7, "w": 1 / fraction, "f": fraction})
    chance = np.where(table.g == "a", 0.6, 0.8) if step.by else 1 / (1 + np.exp(-(0.3 + 0.5 * table.x)))
    totals, variances = np.empty(runs), np.empty(runs)
    sampling = ev.total(ev.Survey.from_data(table, weights="w", fpc="f"), "y").variances[0]
    for run in range(runs):
        answered = table.assign(what=np.where(rng.random(n) < chance, "R", "N"))
        found = ev.total(ev.weigh(ev.Survey.from_data(answered, weights="w", fpc="f"), step), "y")
        totals[run], variances[run] = found.value[0], found.variances[0]
    answering, error = totals.var(ddof=1), totals.var(ddof=1) * np.sqrt(2 / runs)
    assert abs(variances.mean() - sampling - answering) < 3 * error + 0.12 * (sampling + answering)


def test_an_emptied_cell_stops_a_replicate_by_name() -> None:
    table = people().assign(what=["R", "N"] + ["R"] * 10, g=["a", "a"] + ["b"] * 10, village=[0, 1, *range(2, 12)])
    made = ev.weigh(survey(table), ev.Nonresponse(by="g", status="what")).replicate("jk1")
    with pytest.raises(SurveyError, match=r"重复权数上的 Nonresponse 单元 g.*没有回答者"):
        _ = ev.total(made, "y").variances


@pytest.mark.parametrize("first", [(), (ev.PostStratify("g", {"a": 50, "b": 90}),)])
def test_cluster_calibration_meets_its_totals_on_replicates(first: tuple[Any, ...]) -> None:
    made = ev.weigh(survey(), *first, ev.Calibrate(["1", "x"], {"1": 150, "x": 380}, unit_stage=1)).replicate("jk1")
    totals = [weights @ made.column("x") for weights in made.replicated.weights(0, 6)]
    assert totals == pytest.approx([380.0] * 6, rel=1e-9)


def test_merged_strata_by_size_count_their_units_together() -> None:
    table = pd.DataFrame({"s": ["p", "q", "q"], "pi": [0.5, 0.4, 0.3], "y": [3.0, 5, 9]})
    apart = ev.Survey.from_data(table, strata="s", fpc="pi", pps=ev.PPS("hajek"), singleton="collapse")
    whole = ev.Survey.from_data(table, fpc="pi", pps=ev.PPS("hajek"))
    assert ev.total(apart, "y").variances == pytest.approx(ev.total(whole, "y").variances, rel=1e-12)


@pytest.mark.parametrize("method", ["overton", "hartley-rao", "successive", "hajek"])
def test_a_single_unit_by_size_is_refused(method: str) -> None:
    table = pd.DataFrame({"s": ["p", "q", "q"], "pi": [0.5, 0.4, 0.3], "y": [3.0, 5, 9]})
    with pytest.raises(SurveyError, match="只有 1 个抽中单元"):
        _ = ev.total(ev.Survey.from_data(table, strata="s", fpc="pi", pps=ev.PPS(method)), "y").variances


def test_a_single_unit_of_a_poisson_sample_has_its_variance() -> None:
    table = pd.DataFrame({"s": ["p", "q"], "pi": [0.5, 0.25], "y": [3.0, 5]})
    found = ev.total(ev.Survey.from_data(table, strata="s", fpc="pi", pps=ev.PPS("poisson")), "y")
    assert found.variances[0] == pytest.approx(0.5 * 6**2 + 0.75 * 20**2)
    with pytest.raises(SurveyError, match="样本量随机"):
        found.survey.replicate("jkn")


def test_later_stages_below_unequal_chances_are_checked() -> None:
    table = pd.DataFrame({"v": [1, 1, 2, 2], "pi": [0.5, 0.5, 0.4, 0.4], "N": [1.5, 1.5, 9, 9], "y": 1.0})
    with pytest.raises(SurveyError, match=r"第 2.*N：1\.5"):
        ev.Survey.from_data(table, clusters=["v", None], fpc=["pi", "N"], pps=ev.PPS("hajek"))
    with pytest.raises(SurveyError, match="不止一个"):
        ev.Survey.from_data(table.assign(pi=[1.0, 0.5, 0.4, 0.4]), clusters="v", fpc="pi", pps=ev.PPS("hajek"))
    with pytest.raises(SurveyError, match="没有入样概率"):
        ev.Survey.from_data(table, clusters=["v", None], fpc=[None, "N"], pps=ev.PPS("hajek"))


@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (1, 1)])
def test_a_joint_matrix_of_another_size_is_refused(shape: tuple[int, int]) -> None:
    table = pd.DataFrame({"pi": [0.5, 0.4], "y": [1.0, 2]})
    with pytest.raises(SurveyError, match="应为 2 × 2"):
        ev.Survey.from_data(table, fpc="pi", pps=ev.PPS("joint", np.full(shape, 0.2)))


def test_long_codes_stay_apart_and_double_totals_are_refused() -> None:
    table = people().assign(c=np.where(np.arange(12) < 5, 411726001.0, 411726002.0))
    made = ev.weigh(survey(table), ev.PostStratify("c", {411726001.0: 60, 411726002.0: 90}))
    assert made.weights[:5].sum() == pytest.approx(60) and made.weights[5:].sum() == pytest.approx(90)
    with pytest.raises(SurveyError, match="写了两次"):
        ev.weigh(survey(), ev.PostStratify("g", pd.DataFrame({"g": ["a", "b", "b"], "N": [1, 2, 3]})))
    with pytest.raises(SurveyError, match="总数应为数"):
        ev.weigh(survey(), ev.PostStratify("g", {"a": "many", "b": 2}))


def test_an_estimated_total_brings_its_variance_to_a_calibration() -> None:
    outside = ev.total(survey(clusters=None), "x")
    made = ev.weigh(survey(), ev.Calibrate("x", {"x": outside}))
    assert ev.total(made, "x").variances == pytest.approx(outside.variances, rel=1e-9)
    with pytest.raises(SurveyError, match="协方差未知"):
        ev.weigh(survey(), ev.Calibrate(["1", "x"], {"1": 120, "x": outside}))
    for wrong in (np.eye(3), [[1.0, 2], [0, 1]], -np.eye(2)):
        with pytest.raises(SurveyError, match="非负定"):
            ev.weigh(survey(), ev.Calibrate(["1", "x"], {"1": 120, "x": 300}, covariance=wrong))
    with pytest.raises(SurveyError, match="negative=zero"):
        ev.weigh(survey(), ev.Calibrate("x", {"x": 300}, negative="zero"))


def test_slips_of_users_are_told_in_words() -> None:
    with pytest.raises(SurveyError, match="不是权数调整的步骤"):
        ev.weigh(survey(), ev.Trim)
    with pytest.raises(SurveyError, match="没有重复权数"):
        ev.Survey.from_replicates(people(), "w", [])
    with pytest.raises(SurveyError, match="应为数"):
        ev.Survey.from_replicates(people(), "w", np.full((12, 2), "x"))
    with pytest.raises(SurveyError, match="第 3 行，what"):
        ev.weigh(survey(people().assign(what=["R", None, *"RRRRRRRRRR"])), ev.Nonresponse(by="g", status="what"))


def test_a_condition_is_not_a_truth_value() -> None:
    with pytest.raises(ev.errors.EstimateError, match="条件要到用时才有真假"):
        bool(ev.col("x") == 1)


def test_half_samples_of_strata_that_are_not_pairs_are_refused() -> None:
    table = people().assign(h=lambda t: np.where(t.village < 3, 1, 2))
    with pytest.raises(SurveyError, match=r"恰有两个首阶段单元.*3 个"):
        survey(table, strata="h").replicate("brr")


def test_numbers_kept_as_text_are_refused() -> None:
    with pytest.raises(ev.errors.EstimateError, match="列里都是数，却是文字"):
        ev.mean(survey(people().assign(y=lambda t: t.y.astype(str))), "y")


def test_columns_compared_with_columns_and_missing_answers() -> None:
    table = people().assign(y=lambda t: t.y.where(t.index != 3))
    drawn = survey(table)
    both = ev.total(drawn, "x", where=(ev.col("y") > ev.col("x")) | ev.col("y").isna())
    assert both.value == pytest.approx(10 * table.x[(table.y > table.x) | table.y.isna()].sum())


def test_powers_of_estimates_and_of_negative_numbers() -> None:
    drawn = survey()
    means = ev.mean(drawn, "y", by="g")
    own, hand = means**means, ev.combine(lambda m: m**m, means)
    assert own.value == pytest.approx(means.value**means.value) and own.cov() == pytest.approx(hand.cov())
    assert own.se == pytest.approx(means.se * means.value**means.value * (np.log(means.value) + 1))
    two = means - means.value + 2
    for wrong in (lambda: (-2.0) ** two, lambda: ev.combine(lambda m: (-2.0) ** m, two)):
        with pytest.raises(ev.errors.EstimateError, match="不是有限数"):  # (−2)² is 4, but has no slope in the 2
            wrong()
    assert ev.combine(lambda m: (-m) ** 2, means).se == pytest.approx((means**2).se)


def test_all_columns_that_lack_a_class_are_told_at_once() -> None:
    table = people().assign(a=lambda t: t.g.where(t.index != 2), b=lambda t: t.g.where(t.index != 5), r="R")
    both = ["a", "b"]
    for step in (ev.Trim(upper=9, keep=both), ev.Nonresponse(by=both, status="r"), ev.Nonresponse(propensity=both, status="r")):
        with pytest.raises(SurveyError, match=r"2 处错误\n  第 4 行，a.*\n  第 7 行，b"):
            ev.weigh(survey(table), step)
