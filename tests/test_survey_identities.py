"""Identities of surveys and their variances on random designs, and what a survey refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import SurveyError
from evalkit.variances import SINGLETON_RULES

few = settings(max_examples=12, deadline=None)
seeds = st.integers(0, 2**32 - 1)
CLOSE = 1e-12
SECOND_CENSUS = {"strata": ["stratum", None], "clusters": ["village", None], "fpc": ["M", "n"]}


def villages(seed: int, strata: int = 3) -> pd.DataFrame:
    """Two to five villages a stratum, of one to six rows, with weights, margins, an indicator and numbers."""
    dice = np.random.default_rng(seed)
    count = dice.integers(2, 6, strata)
    size = dice.integers(1, 7, count.sum())
    stratum = np.repeat(np.repeat(np.arange(strata), count), size)
    village, rows = np.repeat(np.arange(count.sum()), size), int(size.sum())
    table = pd.DataFrame({"stratum": stratum, "village": village, "M": (count + dice.integers(1, 20, strata))[stratum]})
    table = table.assign(n=np.repeat(size, size), N=np.repeat(size + dice.integers(1, 9, len(size)), size), w=dice.uniform(1, 9, rows))
    table = table.assign(x=dice.gamma(3, 1, rows) + 0.5, y=dice.normal(5, 2, rows), one=1.0, place=np.arange(rows) + 0.0)
    return table.assign(a=np.array(list("pqr"))[np.arange(rows) % 3], b=np.array(list("uv"))[dice.permutation(rows) % 2])


def sampled(table: pd.DataFrame, **design: Any) -> ev.Survey:
    usual = {"weights": "w", "strata": "stratum", "clusters": "village", "fpc": "M", "singleton": "remove"}
    return ev.Survey.from_data(table, **{**usual, **design})


def two_stage(table: pd.DataFrame, **design: Any) -> ev.Survey:
    return sampled(table, **{"strata": ["stratum", None], "clusters": ["village", None], "fpc": ["M", "N"], **design})


def same(first: ev.Estimate, second: ev.Estimate, rel: float = CLOSE) -> None:
    """Two estimates agree in value and covariance."""
    scale = float(np.abs(second.cov()).max())
    assert first.value == pytest.approx(second.value, rel=rel)
    assert first.cov() == pytest.approx(second.cov(), rel=rel, abs=rel * scale)
    assert first.variances == pytest.approx(second.variances, rel=rel, abs=rel * scale)


# -- scores ---------------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_scores_of_ratios_add_up_to_nothing_in_each_domain(seed: int) -> None:
    survey = sampled(villages(seed))
    code = survey.levels("a")[0]
    for found in (ev.mean(survey, "y", by="a"), ev.ratio(survey, "y", "x", by="a"), ev.proportion(survey, "b", by="a", count="x")):
        for block in found.blocks:
            sums = np.bincount(code, weights=block.score)
            assert sums == pytest.approx(np.zeros(3), abs=1e-13 * float(np.abs(block.score).sum() + 1))


@few
@given(seeds)
def test_scores_are_the_derivatives_in_the_weights(seed: int) -> None:
    """w_i ∂θ/∂w_i, by central differences, at three rows."""
    table = villages(seed)
    for at in (0, len(table) // 2, len(table) - 1):
        step = 1e-4 * table.w[at]
        up, down = (sampled(table.assign(w=table.w + sign * step * (table.place == at))) for sign in (1, -1))
        for ask in (lambda s: ev.ratio(s, "y", "x"), lambda s: ev.mean(s, "y"), lambda s: ev.variance(s, "y"), lambda s: ev.total(s, "y")):
            score = float(ask(sampled(table)).blocks[0].score[at])
            assert score == pytest.approx(table.w[at] * (float(ask(up)) - float(ask(down))) / (2 * step), rel=1e-6, abs=1e-7)


@few
@given(seeds)
def test_a_domain_is_the_whole_with_its_scores_and_no_others(seed: int) -> None:
    table = villages(seed)
    inside = (table.a == "p").astype(float)
    survey = two_stage(table.assign(yp=table.y * inside, xp=table.x * inside, p=inside))
    same(ev.total(survey, "y", where=ev.col("a") == "p"), ev.total(survey, "yp"))
    same(ev.mean(survey, "y", where=ev.col("a") == "p"), ev.ratio(survey, "yp", "p"), 1e-10)
    same(ev.ratio(survey, "y", "x", where=ev.col("a") == "p"), ev.ratio(survey, "yp", "xp"))
    assert ev.total(survey, "y", by="a")["p"].variances == pytest.approx(ev.total(survey, "yp").variances, rel=CLOSE)


@few
@given(seeds)
def test_domains_inside_a_condition_are_those_of_the_rows_that_meet_it(seed: int) -> None:
    table = villages(seed)
    survey = two_stage(table.assign(crossed=table.a + table.b))
    found, crossed = ev.mean(survey, "y", by="a", where=ev.col("b") == "u"), ev.mean(survey, "y", by="crossed")
    held = [label[0] for label in crossed.labels if str(label[0]).endswith("u")]
    for name in held:
        assert found[name[0]].variances == pytest.approx(crossed[name].variances, rel=CLOSE)
        assert float(found[name[0]]) == pytest.approx(float(crossed[name]), rel=CLOSE)
    assert found.n.tolist() == [int(((table.a == kind) & (table.b == "u")).sum()) for kind in "pqr"]


@few
@given(seeds)
def test_totals_of_domains_add_up(seed: int) -> None:
    survey = two_stage(villages(seed))
    parts, whole = ev.total(survey, "y", by="a"), ev.total(survey, "y")
    assert parts.value.sum() == pytest.approx(float(whole), rel=CLOSE)
    assert parts.cov().sum() == pytest.approx(whole.variances[0], rel=1e-10)
    added = parts["p"] + parts["q"] + parts["r"]
    assert added.variances == pytest.approx(whole.variances, rel=1e-10)


@few
@given(seeds)
def test_what_is_constant_does_not_vary_and_weights_have_no_scale(seed: int) -> None:
    table = villages(seed)
    survey = two_stage(table)
    assert ev.ratio(survey, "x", "x").se == pytest.approx([0], abs=1e-14)
    assert ev.mean(survey, "one").se == pytest.approx([0], abs=1e-14)
    same(ev.mean(two_stage(table.assign(w=table.w * 1000)), "y"), ev.mean(survey, "y"), 1e-11)


# -- stages ---------------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_a_census_of_the_second_stage_is_one_stage(seed: int) -> None:
    table = villages(seed)
    for statistic in (ev.total, ev.mean):
        same(statistic(sampled(table, **SECOND_CENSUS), "y"), statistic(sampled(table), "y"))


@few
@given(seeds)
def test_a_census_of_villages_makes_them_strata(seed: int) -> None:
    table = villages(seed)
    count = table.groupby("stratum")["village"].transform("nunique").astype(float)
    whole = two_stage(table.assign(M=count))
    by_village = sampled(table, strata="village", clusters=None, fpc="N")
    same(ev.total(whole, "y"), ev.total(by_village, "y"), 1e-11)
    assert whole.df == table.village.nunique() - 3


@few
@given(seeds)
def test_with_replacement_only_the_first_stage_counts(seed: int) -> None:
    table = villages(seed)
    once = sampled(table, fpc=None)
    same(ev.mean(two_stage(table, fpc=[None, "N"]), "y"), ev.mean(once, "y"))
    same(ev.mean(two_stage(table, stages="first"), "y"), ev.mean(sampled(table), "y"))


@few
@given(seeds)
def test_one_stage_by_hand(seed: int) -> None:
    """Σ_h (1 − f_h) n_h s_h² over village sums."""
    table = villages(seed)
    sums = table.assign(z=table.w * table.y).groupby(["stratum", "M", "village"], as_index=False)["z"].sum()
    parts = sums.groupby(["stratum", "M"])["z"].agg(["size", "var"]).reset_index()
    by_hand = ((1 - parts["size"] / parts.M) * parts["size"] * parts["var"]).sum()
    assert ev.total(sampled(table), "y").variances[0] == pytest.approx(by_hand, rel=1e-11)


# -- order and names ------------------------------------------------------------------------------------------------


def renamed(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same table with rows in another order, and strata, villages and categories under names that sort the other way round."""
    turned = table.assign(
        stratum=table.stratum.map(lambda h: f"s{9 - h}"), village=table.village.map(lambda v: f"v{99 - v:02d}"),
        a=table.a.map({"p": "z3", "q": "z2", "r": "z1"}),
    )  # fmt: skip
    return turned.iloc[np.random.default_rng(seed).permutation(len(table))]


STEPS = {
    "none": ([], []),
    "post-stratified": ([ev.PostStratify("a", {"p": 90, "q": 70, "r": 60})], [ev.PostStratify("a", {"z1": 60, "z2": 70, "z3": 90})]),
    "raked": (
        [ev.Rake({"a": {"p": 90, "q": 70, "r": 60}, "b": {"u": 120, "v": 100}})],
        [ev.Rake({"b": {"v": 100, "u": 120}, "a": {"z1": 60, "z2": 70, "z3": 90}})],
    ),
}


@few
@given(seeds, st.sampled_from(["none", "post-stratified"]))
def test_order_and_names_change_nothing(seed: int, steps: str) -> None:
    table, (plain, turned) = villages(seed), STEPS[steps]
    first, second = ev.weigh(two_stage(table), *plain), ev.weigh(two_stage(renamed(table, seed)), *turned)
    same(ev.ratio(second, "y", "x"), ev.ratio(first, "y", "x"))
    same(ev.total(second, "y"), ev.total(first, "y"))
    one, other = ev.mean(first, "y", by="a"), ev.mean(second, "y", by="a")
    assert other.value[::-1] == pytest.approx(one.value, rel=CLOSE)
    assert other.cov()[::-1, ::-1] == pytest.approx(one.cov(), rel=1e-10, abs=CLOSE * np.abs(one.cov()).max())
    assert other.df[::-1].tolist() == one.df.tolist()


@few
@given(seeds, st.sampled_from(["post-stratified", "raked"]))
def test_order_and_names_change_no_weight(seed: int, steps: str) -> None:
    table, (plain, turned) = villages(seed), STEPS[steps]
    first, second = ev.weigh(sampled(table), *plain), ev.weigh(sampled(renamed(table, seed)), *turned)
    again = pd.Series(second.weights, second.column("place")).sort_index()
    assert again.to_numpy() == pytest.approx(first.weights, rel=1e-9 if steps == "raked" else CLOSE)


# -- totals of weights ----------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_trimming_keeps_the_sum_of_each_class(seed: int) -> None:
    survey = sampled(villages(seed))
    for rule in ("equal", "proportional"):
        trimmed = ev.weigh(survey, ev.Trim(upper=8.5, lower=1.2, keep="a", rule=rule)).weights
        code = survey.levels("a")[0]
        assert np.bincount(code, trimmed) == pytest.approx(np.bincount(code, survey.weights), rel=CLOSE)
        assert trimmed.min() >= 1.2 * (1 - 1e-12) and trimmed.max() <= 8.5 * (1 + 1e-12)
        assert ev.weigh(survey, ev.Trim(upper=8.5, rule=rule)).weights.sum() == pytest.approx(survey.weights.sum(), rel=CLOSE)


@few
@given(seeds)
def test_nonresponse_hands_weight_on_and_loses_none(seed: int) -> None:
    """Respondents and ineligible units together weigh what all did, cell by cell; ineligible ones keep their share apart."""
    table = villages(seed)
    what = np.random.default_rng(seed).choice(list("RNIU"), len(table))
    what[:12] = list("RRRRRRIIINNN")[: len(table)]
    survey = sampled(table.assign(what=what))
    made = ev.weigh(survey, ev.Nonresponse(by="a", status="what"))
    code, w = survey.levels("a")[0], survey.weights
    known = np.bincount(code, w * (what != "U"))
    grown = np.bincount(code, w * (what == "I")) * np.bincount(code, w) / known
    assert np.bincount(code, made.weights) + grown == pytest.approx(np.bincount(code, w), rel=CLOSE)
    assert (made.weights[what != "R"] == 0).all() and (made.weights[what == "R"] >= w[what == "R"]).all()


@few
@given(seeds)
def test_stated_totals_are_met_and_do_not_vary(seed: int) -> None:
    survey = sampled(villages(seed))
    a, b = {"p": 90.0, "q": 70.0, "r": 60.0}, {"u": 120.0, "v": 100.0}
    x = float(survey.weights @ survey.column("x")) * 220 / survey.weights.sum() * 1.03
    steps: list[Any] = [
        ev.PostStratify("a", a), ev.Rake({"a": a, "b": b}), ev.Calibrate(["a", "x"], {"a": a, "x": x}, negative="keep"),
        ev.Calibrate(["a", "x"], {"a": a, "x": x}, distance="raking"),
    ]  # fmt: skip
    for step in steps:
        made = ev.weigh(survey, step)
        found = ev.total(made, "one", by="a")
        assert found.value == pytest.approx([90, 70, 60], rel=1e-10)
        assert found.se == pytest.approx(np.zeros(3), abs=1e-6)
        if isinstance(step, ev.Rake):
            assert ev.total(made, "b").value == pytest.approx([120, 100], rel=1e-10)
            assert ev.total(made, "b").se == pytest.approx(np.zeros(2), abs=1e-6)
        if isinstance(step, ev.Calibrate):
            assert float(ev.total(made, "x")) == pytest.approx(x, rel=1e-10)
            assert ev.total(made, "x").se == pytest.approx([0], abs=1e-6)


@few
@given(seeds)
def test_one_margin_raked_calibrated_or_post_stratified_is_the_same(seed: int) -> None:
    survey, totals = two_stage(villages(seed)), {"p": 90, "q": 70, "r": 60}
    stratified = ev.weigh(survey, ev.PostStratify("a", totals))
    for step in (ev.Rake({"a": totals}), ev.Calibrate(["a"], {"a": totals}, distance="raking"), ev.Calibrate(["a"], {"a": totals})):
        made = ev.weigh(survey, step)
        assert made.weights == pytest.approx(stratified.weights, rel=1e-9)
        same(ev.total(made, "y"), ev.total(stratified, "y"), 1e-8)


@few
@given(seeds)
def test_a_step_taken_twice_changes_nothing_the_second_time(seed: int) -> None:
    survey, step = two_stage(villages(seed)), ev.Rake({"a": {"p": 90, "q": 70, "r": 60}, "b": {"u": 120, "v": 100}})
    once, twice = ev.weigh(survey, step), ev.weigh(survey, step, step)
    assert twice.weights == pytest.approx(once.weights, rel=1e-8)
    same(ev.total(twice, "y"), ev.total(once, "y"), 1e-6)


@few
@given(seeds)
def test_regression_residuals_by_hand(seed: int) -> None:
    """The variance of a calibrated total is that of g·w·(y − x'β), β weighted as before the step."""
    survey = sampled(villages(seed))
    x = np.column_stack([np.ones(len(survey)), survey.column("x")])
    totals = survey.weights @ x * [1.05, 1.02]
    made = ev.weigh(survey, ev.Calibrate(["1", "x"], {"1": totals[0], "x": totals[1]}, negative="keep"))
    y, d = survey.column("y").to_numpy(), survey.weights
    beta = np.linalg.solve((x.T * d) @ x, (x.T * d) @ y)
    left = sampled(survey.table().assign(left=made.weights / d * (y - x @ beta)))
    assert ev.total(made, "y").variances == pytest.approx(ev.total(left, "left").variances, rel=1e-9)


def test_estimated_totals_bring_their_covariance() -> None:
    """v = variance of the residuals + β'Vβ, β the post-stratum means; a post-stratum's own total varies as its estimate."""
    survey = sampled(villages(5))
    other = ev.total(sampled(villages(6)), "one", by="a")
    known = dict(zip("pqr", other.value, strict=True))
    made, fixed = (ev.weigh(survey, ev.PostStratify("a", totals)) for totals in (other, known))
    beta = ev.mean(survey, "y", by="a").value
    extra = beta @ other.cov() @ beta
    assert ev.total(made, "y").variances[0] == pytest.approx(ev.total(fixed, "y").variances[0] + extra, rel=1e-10)
    assert ev.total(made, "one", by="a").cov() == pytest.approx(other.cov(), rel=1e-9, abs=1e-9)
    again = ev.weigh(survey, ev.Calibrate(["a"], {"a": known}, covariance=other.cov()))
    assert ev.total(again, "y").variances == pytest.approx(ev.total(made, "y").variances, rel=1e-9)


# -- what is refused ------------------------------------------------------------------------------------------------


def refusal(table: pd.DataFrame, **design: Any) -> str:
    with pytest.raises(SurveyError) as raised:
        ev.Survey.from_data(table, **design)
    return str(raised.value)


def test_probabilities_outside_their_range_or_against_the_fractions_are_named_by_row() -> None:
    table = pd.DataFrame({"p": [0.0, -0.5, 1.5, np.nan, np.inf, 0.5], "N": 12.0, "w": 1.0})
    message = refusal(table, probs="p")
    assert "第 2–6 行（5 处），p" in message and "入样概率应在 0 与 1 之间" in message
    message = refusal(table.assign(p=[0.5, 0.5, 0.4, 0.5, 0.5, 0.5]), probs="p", fpc="N")
    assert "第 4 行，p：0.4｜入样概率与 N 给出的抽样比不同" in message and "ev.PPS" in message
    assert "只能给一个" in refusal(table, probs="N", weights="w")
    text = refusal(table.assign(p="0.5"), probs="p")
    assert "应为数值，不是文字" in text and "pd.to_numeric" in text


def test_text_and_holes_in_population_sizes_are_named_by_row() -> None:
    table = pd.DataFrame({"N": [9.0, np.nan, 0.0, -3.0], "T": "9"})
    message = refusal(table, fpc="N")
    assert message.count("总体单元数或抽样比应大于 0") == 3 and all(f"第 {row} 行" in message for row in (3, 4, 5))
    assert "T｜应为数值，不是文字｜先用 pd.to_numeric 转换 T" in refusal(table, fpc="T")


def test_more_columns_than_stages_are_refused() -> None:
    table = pd.DataFrame({"v": [1, 2], "N": 9.0})
    assert "比 clusters 多，抽样只有 1 个阶段" in refusal(table, strata=["v", "v"])
    assert "比 clusters 多，抽样只有 1 个阶段" in refusal(table, fpc=["N", "N"])


def test_a_stratum_of_one_unit_is_named_with_the_five_rules() -> None:
    table = pd.DataFrame({"h": ["东", "东", "西", "南"], "y": [1.0, 2, 3, 4]})
    survey = ev.Survey.from_data(table, strata="h")
    with pytest.raises(SurveyError) as raised:
        _ = ev.mean(survey, "y").se
    message = str(raised.value)
    assert "层 南、西｜只有 1 个抽中单元" in message or "层 西、南｜只有 1 个抽中单元" in message
    assert all(rule in message for rule in SINGLETON_RULES if rule != "fail") and len(SINGLETON_RULES) == 6


def test_a_lonely_unit_of_a_later_stage_is_named_too() -> None:
    table = pd.DataFrame({"v": [1, 1, 2, 3], "M": 9, "N": 5, "y": [1.0, 2, 3, 4]})
    survey = ev.Survey.from_data(table, clusters=["v", None], fpc=["M", "N"])
    with pytest.raises(SurveyError, match="第 2 阶段，层 2、3｜只有 1 个抽中单元"):
        _ = ev.total(survey, "y").se


def test_the_five_rules_for_lonely_strata_by_hand() -> None:
    """Strata of 3, 2 and 1 units without corrections; sums of weighted scores are the units' own."""
    table = pd.DataFrame({"h": list("aaabbc"), "y": [1.0, 4, 7, 2, 8, 9]})
    sound, centre = 3 * 9.0 + 2 * 18.0, 31 / 6
    expected = {
        "certainty": sound, "remove": sound, "average": sound * 3 / 2, "adjust": sound + (9 - centre) ** 2,
        "collapse": 3 * 9.0 + 3 * np.var([2, 8, 9], ddof=1),
    }  # fmt: skip
    for rule, variance in expected.items():
        survey = ev.Survey.from_data(table, strata="h", singleton=rule)
        assert ev.total(survey, "y").variances[0] == pytest.approx(variance, rel=1e-12), rule
    assert "并入" in ev.Survey.from_data(table, strata="h", singleton="collapse").notes[0]


def test_without_degrees_of_freedom_there_is_no_interval_and_a_reason() -> None:
    table = pd.DataFrame({"h": ["东", "西"], "y": [1.0, 0.0]})
    survey = ev.Survey.from_data(table, strata="h", singleton="certainty")
    assert survey.df == 0
    for found in (ev.mean(survey, "y"), ev.proportion(survey, "y")):
        shown = found.interval()
        assert np.isnan(shown[["low", "high"]].to_numpy()).all() and shown["reason"].tolist() == ["自由度不大于 0，区间无法给出"]
    assert ev.mean(survey, "y").table()["low"].isna().all()


def test_a_survey_is_frozen_and_its_stages_too() -> None:
    survey = sampled(villages(1))
    for name in ("weights", "stages", "steps"):
        with pytest.raises(AttributeError):
            setattr(survey, name, None)
    assert replace(survey) is not survey
