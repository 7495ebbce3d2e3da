"""Regressions on a survey: linear, logistic, Poisson and proportional odds."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import models

TABLE = pd.read_csv(Path(__file__).parent / "golden" / "own" / "models.csv")
TWO = {"weights": "w", "strata": "stratum", "clusters": ["village", "household"], "fpc": ["M", "N"], "nest": True}
WORDS = ["差", "中", "良", "优"]
VARIANTS = TABLE.assign(
    word=TABLE["answer"].map(dict(enumerate(WORDS, 1))),
    rank=pd.Categorical(TABLE["answer"].map(dict(enumerate(WORDS, 1))), categories=WORDS, ordered=True),
    flag=TABLE["poor"] == 1,
    twin=2 * TABLE["age"] + 1,
    apart=np.where(TABLE["kind"] == "watched", 1, TABLE["poor"]),
    top=np.where(TABLE["kind"] == "watched", 4, TABLE["answer"]),
    none=np.where(TABLE["kind"] == "watched", 0, TABLE["trips"]),
    one=1,
    half=TABLE["age"].where(np.arange(len(TABLE)) % 9 > 0),
    maybe=pd.array(np.where(np.arange(len(TABLE)) % 9 > 0, TABLE["age"], None), dtype="Int64"),
    **{"户 数": TABLE["age"], "村类": TABLE["stratum"]},
)


def survey(table: pd.DataFrame = VARIANTS, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **(design or TWO))


# -- what a model with groups alone must give --------------------------------------------------------------------


def test_a_linear_model_of_groups_is_their_means() -> None:
    model, means = models.glm(survey(), "income ~ 0 + kind"), ev.mean(survey(), "income", by="kind")
    assert model.estimate.value == pytest.approx(means.value)
    assert model.cov() == pytest.approx(means.cov(), rel=1e-9, abs=1e-6)
    assert model.estimate["kind", "general"].value == pytest.approx(means["general"].value)


def test_a_logistic_model_of_groups_is_the_log_odds_of_their_shares() -> None:
    model, p = models.glm(survey(), "poor ~ 0 + kind", "binomial"), ev.mean(survey(), "poor", by="kind")
    odds = np.log(p) - np.log(1 - p)
    assert model.estimate.value == pytest.approx(odds.value)
    assert model.cov() == pytest.approx(odds.cov(), rel=1e-8)


def test_a_poisson_model_of_groups_is_the_log_of_their_means() -> None:
    model, means = models.glm(survey(), "trips ~ 0 + visited", "poisson"), np.log(ev.mean(survey(), "trips", by="visited"))
    assert model.estimate.value == pytest.approx(means.value)
    assert model.cov() == pytest.approx(means.cov(), rel=1e-8)


def test_thresholds_alone_are_the_log_odds_of_the_cumulative_shares() -> None:
    model = models.ordinal(survey(), "answer ~ 1")
    below = [ev.mean(survey(VARIANTS.assign(below=(TABLE["answer"] <= k) * 1.0)), "below") for k in (1, 2, 3)]
    odds = [np.log(p) - np.log(1 - p) for p in below]
    assert model.estimate.value == pytest.approx([float(each) for each in odds])
    assert model.estimate.se == pytest.approx([each.se[0] for each in odds])
    assert model.estimate.labels == (("threshold", "1|2"), ("threshold", "2|3"), ("threshold", "3|4"))


# -- what does not matter ----------------------------------------------------------------------------------------


def test_the_base_level_does_not_matter_to_the_test_of_a_term() -> None:
    other = VARIANTS.assign(kind=pd.Categorical(TABLE["kind"], categories=["watched", "cleared", "general"]))
    one, two = (models.glm(survey(table), "poor ~ age + kind", "binomial") for table in (VARIANTS, other))
    assert two.estimate.labels[2:] == (("kind", "cleared"), ("kind", "general"))
    assert one.wald("kind").p_value == pytest.approx(two.wald("kind").p_value)
    assert one.predict(TABLE.head(9)).to_numpy() == pytest.approx(two.predict(TABLE.head(9)).to_numpy(), nan_ok=True)


def test_units_of_columns_and_weights_do_not_matter() -> None:
    scaled = VARIANTS.assign(age=TABLE["age"] * 1e6, w=TABLE["w"] * 1e-4)
    for ask in (lambda s: models.glm(s, "poor ~ age", "binomial"), lambda s: models.ordinal(s, "answer ~ age")):
        one, two = ask(survey(weights="w", clusters="village")), ask(survey(scaled, weights="w", clusters="village"))
        assert one.table()["t"].to_numpy() == pytest.approx(two.table()["t"].to_numpy(), rel=1e-7)


def test_a_far_origin_keeps_its_digits() -> None:
    """A year beside an intercept: forming x'wx would lose what QR keeps."""
    year = VARIANTS.assign(year=20_180_000 + TABLE["age"])
    one, two = models.glm(survey(), "income ~ age"), models.glm(survey(year), "income ~ year")
    assert two.estimate["year"].se[0] == pytest.approx(one.estimate["age"].se[0], rel=1e-7)
    assert two.estimate["year"].value == pytest.approx(one.estimate["age"].value, rel=1e-7)


def test_a_scale_read_backwards_changes_signs() -> None:
    one, two = (models.ordinal(survey(), "word ~ age + visited", order=order) for order in (WORDS, WORDS[::-1]))
    assert two.estimate.value == pytest.approx(-one.estimate.value[[0, 1, 4, 3, 2]])
    assert two.estimate.se == pytest.approx(one.estimate.se[[0, 1, 4, 3, 2]])


def test_numbers_words_in_order_and_ordered_categories_are_one_scale() -> None:
    by_number, by_rank = (models.ordinal(survey(), f"{name} ~ age") for name in ("answer", "rank"))
    by_word = models.ordinal(survey(), "word ~ age", order=WORDS)
    assert by_number.estimate.value == pytest.approx(by_word.estimate.value)
    assert by_number.estimate.value == pytest.approx(by_rank.estimate.value)
    assert by_rank.estimate.labels[1] == ("threshold", "差|中")


def test_scores_of_the_fit_add_up_to_0() -> None:
    for model in (models.glm(survey(), "poor ~ age + kind", "binomial"), models.ordinal(survey(), "answer ~ age + kind")):
        for block in model.estimate.blocks:
            assert block.score.sum() == pytest.approx(0, abs=1e-9 * np.abs(block.score).sum())


# -- domains and missing answers ---------------------------------------------------------------------------------


def test_rows_outside_have_no_say_but_stay_in_the_design() -> None:
    young = ev.col("age") < 50
    whole = models.glm(survey(), "poor ~ age + visited", "binomial", where=young)
    alone = models.glm(survey(VARIANTS[TABLE["age"] < 50]), "poor ~ age + visited", "binomial")
    assert whole.estimate.value == pytest.approx(alone.estimate.value)
    assert whole.n == (TABLE["age"] < 50).sum()
    assert (whole.estimate.blocks[0].score[TABLE["age"] >= 50] == 0).all()
    assert whole.estimate.se != pytest.approx(alone.estimate.se)  # the sizes of the domain in the villages vary


def test_levels_outside_the_domain_are_no_levels() -> None:
    model = models.glm(survey(), "income ~ kind", where=ev.col("kind") != "cleared")
    assert model.estimate.labels == (("Intercept",), ("kind", "watched"))


@pytest.mark.parametrize("column", ["half", "maybe"])
def test_missing_answers_fail_or_leave(column: str) -> None:
    with pytest.raises(ev.EvalkitError, match="15 处"):
        models.glm(survey(), f"income ~ {column}")
    model = models.glm(survey(), f"income ~ {column}", missing="out")
    assert model.n == len(TABLE) - 15
    assert model.estimate[column].value == pytest.approx(
        models.glm(survey(), "income ~ age", where=VARIANTS["half"].notna().to_numpy()).estimate["age"].value
    )


# -- formulas ----------------------------------------------------------------------------------------------------


def test_the_formula_keeps_its_order_and_names() -> None:
    model = models.glm(survey(), "income ~ age + visited * kind + np.log(age) + C(answer)")
    assert [term.name for term in model.form.terms] == [
        "Intercept", "age", "visited", "kind", "np.log(age)", "C(answer)", "visited:kind",
    ]  # fmt: skip
    assert model.estimate.labels[-2:] == (("visited:kind", "yes:general"), ("visited:kind", "yes:watched"))
    assert model.estimate["C(answer)", "3"].value == pytest.approx(model.table().query("level == '3'")["coef"].iloc[0])
    assert model.wald("kind:visited").ndf == 2


def test_chinese_names_and_quoted_names() -> None:
    model = models.glm(survey(), 'income ~ 村类 + Q("户 数")')
    plain = models.glm(survey(), "income ~ stratum + age")
    assert model.estimate["村类", "hill"].value == pytest.approx(plain.estimate["stratum", "hill"].value)
    new = pd.DataFrame({"村类": ["hill"], "户 数": [40]})
    assert len(model.predict(new)) == 1


def test_truth_and_two_level_text_are_events() -> None:
    flag, text = models.glm(survey(), "flag ~ age", "binomial"), models.glm(survey(), "visited ~ age", "binomial")
    assert flag.estimate.value == pytest.approx(models.glm(survey(), "poor ~ age", "binomial").estimate.value)
    assert text.form.level == "yes"
    assert "事件：yes" in text.sentence()


def test_transformations_of_the_sample_are_remembered_in_predictions() -> None:
    plain, centred = (models.glm(survey(), f"income ~ {term}").predict(TABLE.head(3)) for term in ("age", "standardize(age)"))
    assert centred.to_numpy() == pytest.approx(plain.to_numpy())


# -- predictions -------------------------------------------------------------------------------------------------


def test_predictions_are_combinations_of_coefficients() -> None:
    model = models.glm(survey(), "income ~ age + kind")
    e = model.estimate
    by_hand = e["Intercept"] + 40 * e["age"] + e["kind", "general"]
    found = model.predict(pd.DataFrame({"kind": ["general"], "age": [40]})).iloc[0]
    assert (found["estimate"], found["se"]) == pytest.approx((float(by_hand), by_hand.se[0]))


def test_predicted_chances_stay_between_0_and_1() -> None:
    model = models.glm(survey(), "poor ~ age + kind", "binomial")
    mean, link = model.predict(TABLE), model.predict(TABLE, kind="link")
    assert ((mean["low"] > 0) & (mean["low"] < mean["estimate"]) & (mean["estimate"] < mean["high"]) & (mean["high"] < 1)).all()
    assert np.log(mean["estimate"] / (1 - mean["estimate"])).to_numpy() == pytest.approx(link["estimate"].to_numpy())


def test_chances_of_the_categories_add_up_to_1() -> None:
    found = models.ordinal(survey(), "word ~ age + kind", order=WORDS).predict(TABLE.head(5))
    assert found["level"].tolist() == WORDS * 5
    assert found.groupby("row")["estimate"].sum().to_numpy() == pytest.approx(np.ones(5))
    assert (found["se"] > 0).all()
    alone, shares = models.ordinal(survey(), "word ~ 1", order=WORDS).predict(TABLE.head(1)), ev.proportion(survey(), "rank")
    assert alone["estimate"].to_numpy() == pytest.approx(shares.value)
    assert alone["se"].to_numpy() == pytest.approx(shares.se)


# -- tables and words --------------------------------------------------------------------------------------------


def test_a_model_is_frozen_and_speaks_two_languages() -> None:
    model = models.glm(survey(), "poor ~ age + kind", "binomial")
    with pytest.raises(FrozenInstanceError):
        model.n = 0
    assert repr(model) == "逻辑斯蒂回归，poor 对 age、kind：129 行，4 个系数，自由度 9。"
    assert model.sentence("en") == "logistic regression of poor on age, kind: 129 rows, 4 coefficients, df 9."
    assert "<table" in model._repr_html_()
    assert " ".join(model.table()) == "term level coef se t p low high reason"
    with pytest.raises(ev.EvalkitError, match="zh"):
        model.sentence("fr")


def test_the_table_agrees_with_its_own_tests() -> None:
    model = models.glm(survey(), "poor ~ age + visited", "binomial")
    table = model.table(level=0.9)
    for name, row in zip(("Intercept", "age", "visited"), table.itertuples(), strict=True):
        test = model.wald(name)
        assert (test.statistic, test.p_value) == pytest.approx((row.t**2, row.p))
    assert (table["low"] > model.table()["low"]).all()
    assert ((table["p"] < 0.1) == ((table["low"] > 0) | (table["high"] < 0))).all()


def test_no_degrees_of_freedom_no_p_value() -> None:
    table = models.glm(survey(), "income ~ village").table()
    assert table[["p", "low", "high"]].isna().all(axis=None)
    assert table["reason"].str.contains("自由度").all()
    assert math.isnan(models.glm(survey(), "income ~ village").wald("village").p_value)


def test_a_perfect_fit_has_no_t() -> None:
    table = models.glm(survey(VARIANTS.assign(income=0.0)), "income ~ 1").table()
    assert table["coef"].iloc[0] == table["se"].iloc[0] == 0
    assert math.isnan(table["p"].iloc[0])
    assert table["reason"].iloc[0] == "标准误为 0，p 值无法给出"


def test_no_warning_escapes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models.glm(survey(), "poor ~ age + kind", "binomial").table()
        models.ordinal(survey(), "answer ~ age").table()


# -- refusals ----------------------------------------------------------------------------------------------------

REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: models.glm(survey(), "income ~ age + twin"), "twin｜是其他各项的线性组合"),
    (lambda: models.glm(survey(), "income ~ age + one + twin"), "one、twin"),
    (lambda: models.glm(survey(), "apart ~ kind + age", "binomial"), "系数趋于无穷"),
    (lambda: models.glm(survey(), "apart ~ kind + age", "binomial", tolerance=1e-8), "系数趋于无穷"),
    (lambda: models.glm(survey(), "none ~ kind", "poisson"), "系数趋于无穷"),
    (lambda: models.glm(survey(), "income ~ age", "gamma"), "poisson"),
    (lambda: models.glm(survey(), "answer ~ age", "binomial"), r"\[0, 1\]"),
    (lambda: models.glm(survey(VARIANTS.assign(trips=-1.0)), "trips ~ age", "poisson"), r"\[0, inf\]"),
    (lambda: models.glm(survey(), "kind ~ age", "binomial"), "有 3 类"),
    (lambda: models.glm(survey(), "visited ~ age", "binomial", where=ev.col("visited") == "no"), "有 1 类"),
    (lambda: models.glm(survey(), "income ~ Age + kin"), "Age、kin"),
    (lambda: models.glm(survey(), "income ~ strange(age)"), "strange"),
    (lambda: models.glm(survey(), "income ~ np.log(trips)"), "有限数"),
    (lambda: models.glm(survey(), "income ~ age +"), "公式"),
    (lambda: models.glm(survey(), "age"), "因变量 ~ 自变量"),
    (lambda: models.glm(survey(), "income ~ half", missing="no"), "不能计为 0"),
    (lambda: models.glm(survey(), "income ~ age", where=ev.col("age") > 200), "域中没有行"),
    (lambda: models.glm(survey(), "income ~ kind").wald("kinds"), "Intercept、kind"),
    (lambda: models.glm(survey(), "income ~ kind").table(level=95), "level"),
    (lambda: models.glm(survey(), "income ~ kind").predict(TABLE, kind="odds"), "link"),
    (lambda: models.glm(survey(), "income ~ kind").predict(pd.DataFrame({"age": [3]})), "kind"),
    (lambda: models.glm(survey(), "income ~ kind").predict(pd.DataFrame({"kind": ["rich"]})), "rich"),
    (lambda: models.glm(survey(), "income ~ age").predict(pd.DataFrame({"age": [3.0, None]})), "第 3 行，age"),
    (lambda: models.ordinal(survey(), "word ~ age"), "order="),
    (lambda: models.ordinal(survey(), "word ~ age", order=["差", "中"]), "不在 order 中"),
    (lambda: models.ordinal(survey(), "poor ~ age"), "至少需要 3 类"),
    (lambda: models.ordinal(survey(), "np.log(answer) ~ age"), "不是算式"),
    (lambda: models.ordinal(survey(), "answer ~ age - 1"), "截距"),
    (lambda: models.ordinal(survey(), "top ~ kind"), "系数趋于无穷"),
    (lambda: models.ordinal(survey(), "answer ~ age").wald("Intercept"), "age"),
]


@pytest.mark.parametrize(("ask", "said"), REFUSED)
def test_refusals_say_what_is_wrong(ask: Callable[[], Any], said: str) -> None:
    with pytest.raises(ev.EvalkitError, match=said):
        ask()


# -- Monte Carlo -------------------------------------------------------------------------------------------------


def test_intervals_of_a_slope_cover_in_clusters() -> None:
    """60 villages of 10, half of them visited: the village effect is what an interval that ignores the design forgets."""
    rng, times, villages, take, truth = np.random.default_rng(11), 130, 60, 10, 0.7
    clusters = np.repeat(np.arange(villages), take)
    visited = (clusters % 2).astype(float)
    covered, naive = 0, 0
    for _ in range(times):
        eta = truth * visited + rng.normal(0, 0.8, villages)[clusters]
        table = pd.DataFrame({"v": clusters, "x": visited, "y": (eta + rng.normal(size=len(eta)))})
        row = models.glm(survey(table, clusters="v"), "y ~ x").table().iloc[1]
        alone = 2 * math.sqrt(2 * (0.8**2 + 1) / (villages * take / 2))
        covered += row["low"] <= truth <= row["high"]
        naive += abs(row["coef"] - truth) < alone
    assert abs(covered / times - 0.95) < 3 * math.sqrt(0.05 * 0.95 / times)
    assert naive / times < 0.85
