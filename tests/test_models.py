"""Tests on a survey: independence, comparisons of groups, contrasts; two-way tables and standardised means."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtrc
from scipy.stats import chi2_contingency

import evalkit as ev
from evalkit import models
from evalkit.models.association import METHODS
from evalkit.models.comparison import SCORES

TABLE = pd.read_csv(Path(__file__).parent / "golden" / "own" / "models.csv")
TWO = {"weights": "w", "strata": "stratum", "clusters": ["village", "household"], "fpc": ["M", "N"], "nest": True}
BANDS = {"18-39": 5, "40-59": 4, "60+": 3}
Statistic = Callable[[ev.Survey], ev.Estimate]


def survey(table: pd.DataFrame = TABLE, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **(design or TWO))


def nudged(statistic: Statistic, row: int, step: float) -> np.ndarray:
    table = TABLE.assign(w=TABLE["w"] + step * (np.arange(len(TABLE)) == row))
    return np.asarray(statistic(survey(table)).value)


SMOOTH: dict[str, Statistic] = {
    "difference": lambda s: models.ttest(s, "income", "visited").estimate,
    "counts": lambda s: models.crosstab(s, "kind", "answer"),
    "shares": lambda s: models.crosstab(s, "kind", "answer", share="all"),
    "row shares": lambda s: models.crosstab(s, "kind", "answer", share="row"),
    "column shares": lambda s: models.crosstab(s, "kind", "answer", share="col"),
    "standardised": lambda s: models.standardize(s, ["income", "age"], "band", "visited", BANDS, each=True),
    "gaussian": lambda s: models.glm(s, "income ~ age + kind").estimate,
    "binomial": lambda s: models.glm(s, "poor ~ age + kind", "binomial").estimate,
    "poisson": lambda s: models.glm(s, "trips ~ age + visited", "poisson", where=ev.col("age") < 60).estimate,
    "ordinal": lambda s: models.ordinal(s, "answer ~ age + visited").estimate,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_scores_are_the_derivatives_by_the_weights(name: str) -> None:
    """u_i = ∂θ/∂w_i: the one property that makes a variance out of scores."""
    found = SMOOTH[name](survey())
    scores = np.stack([block.score / survey().weights for block in found.blocks], axis=1)
    scale = np.abs(scores).max(axis=0)
    for row in (0, 17, 64, 128):
        slope = (nudged(SMOOTH[name], row, 1e-3) - nudged(SMOOTH[name], row, -1e-3)) / 2e-3
        assert (np.abs(slope - scores[row]) <= 1e-6 * scale).all()


@pytest.mark.parametrize("name", SMOOTH)
def test_replicates_give_nearly_the_same_standard_errors(name: str) -> None:
    design = {"weights": "w", "strata": "stratum", "clusters": "village"}
    taylor, jackknife = SMOOTH[name](survey(**design)), SMOOTH[name](survey(**design).replicate("jkn"))
    assert taylor.value == pytest.approx(jackknife.value, rel=1e-9)
    assert (np.abs(np.log(jackknife.se / taylor.se)) < 0.35).all()


# -- two-way tables ----------------------------------------------------------------------------------------------


def test_counts_are_totals_and_shares_add_up() -> None:
    table = models.crosstab(survey(), "kind", "answer")
    by = ev.total(survey(TABLE.assign(one=1.0)), "one", by=["kind", "answer"])
    for kind, answer in table.labels:
        assert float(table[kind, answer]) == pytest.approx(float(by[kind, answer]))
        assert table[kind, answer].se[0] == pytest.approx(by[kind, answer].se[0])
    shares = models.crosstab(survey(), "kind", "answer", share="all")
    assert shares.value.sum() == pytest.approx(1)
    assert shares.cov().sum() == pytest.approx(0, abs=1e-15)


def test_row_shares_are_proportions_in_the_rows() -> None:
    shares = models.crosstab(survey(), "kind", "band", share="row")
    by = ev.proportion(survey(), "band", by="kind")
    assert shares.value == pytest.approx(by.value)
    assert shares.se == pytest.approx(by.se)
    assert models.crosstab(survey(), "band", "kind", share="col")["60+", "general"].se[0] == pytest.approx(shares["general", "60+"].se[0])


def test_an_empty_cell_counts_0() -> None:
    table = TABLE.assign(kind=np.where(TABLE["answer"] == 1, "general", TABLE["kind"]))
    shares = models.crosstab(survey(table), "kind", "answer", share="row")
    assert float(shares["watched", 1]) == 0.0
    assert shares["watched", 1].se[0] == 0.0
    for method in METHODS:
        assert 0 <= models.independence(survey(table), "kind", "answer", method=method).p_value <= 1


def test_categories_keep_their_order_and_those_that_do_not_occur_are_left_out() -> None:
    kind = pd.Categorical(TABLE["kind"], categories=["watched", "never", "general", "cleared"])
    found = models.crosstab(survey(TABLE.assign(kind=kind)), "kind", "visited")
    assert [label[0] for label in found.labels[::2]] == ["watched", "general", "cleared"]


# -- independence ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_rows_and_columns_may_change_places(method: str) -> None:
    one, other = (models.independence(survey(), *pair, method=method) for pair in (("kind", "answer"), ("answer", "kind")))
    assert one.p_value == pytest.approx(other.p_value, rel=1e-6)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_names_of_levels_do_not_matter(method: str) -> None:
    named = TABLE.assign(answer=TABLE["answer"].map({1: "z", 2: "b", 3: "y", 4: "a"}))
    one, other = (models.independence(survey(table), "kind", "answer", method=method) for table in (TABLE, named))
    assert one.p_value == pytest.approx(other.p_value, rel=1e-6)


def test_a_table_of_four_cells_has_one_answer() -> None:
    f, lincom, wald, t = (
        models.independence(survey(), "visited", "poor", method="f"), models.independence(survey(), "visited", "poor", method="lincom"),
        models.independence(survey(), "visited", "poor", method="wald"), models.ttest(survey(), "poor", "visited"),
    )  # fmt: skip
    assert f.df == pytest.approx((1.0, 12.0))
    assert lincom.p_value == pytest.approx(f.p_value, rel=1e-9)
    assert wald.statistic == pytest.approx(f.statistic, rel=0.2)
    assert t.statistic**2 == pytest.approx(f.statistic, rel=0.2)


def test_equal_weights_without_clusters_give_pearsons_test() -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"a": rng.integers(0, 3, 4000), "b": rng.integers(0, 4, 4000)})
    found = models.independence(survey(table, singleton="fail"), "a", "b", method="chi2")
    pearson = chi2_contingency(pd.crosstab(table["a"], table["b"]))
    assert found.detail("pearson") == pytest.approx(pearson.statistic)
    assert found.detail("deff") == pytest.approx(1, abs=0.02)
    assert found.p_value == pytest.approx(pearson.pvalue, abs=0.02)


def test_rows_outside_stay_in_the_design() -> None:
    inside = ev.col("stratum") != "edge"
    found = models.independence(survey(), "kind", "answer", where=inside)
    alone = models.independence(survey(TABLE[TABLE["stratum"] != "edge"]), "kind", "answer")
    assert found.p_value == pytest.approx(alone.p_value)  # a stratum that is left out whole takes its degrees of freedom along
    assert models.independence(survey(), "kind", "note", missing="out").n == TABLE["note"].notna().sum()


def test_no_degrees_of_freedom_no_p_value() -> None:
    found = models.independence(survey(), "kind", "answer", where=ev.col("village") == "hill1")
    assert math.isnan(found.p_value)
    assert "自由度" in found.reason
    assert "no degrees of freedom" in found.sentence("en")
    with pytest.raises(ev.EvalkitError, match="自由度 12"):
        models.independence(survey(), "village", "answer", method="wald")


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: models.independence(survey(), "kind", "answer", method="g"), "saddlepoint"),
    (lambda: models.independence(survey(), "kind", "kind"), "同一列"),
    (lambda: models.independence(survey(), "kind", "note"), "12 处"),
    (lambda: models.independence(survey(), "kind", "note", missing="no"), "不能计为 0"),
    (lambda: models.independence(survey(), "kind", "answer", where=ev.col("answer") == 1), "只有 1 类"),
    (lambda: models.independence(survey(), "kind", "answer", where=ev.col("age") > 200), "域中没有行"),
    (lambda: models.crosstab(survey(), "kind", "answer", share="total"), "row"),
    (lambda: models.ttest(survey(), "income", "kind"), "恰有两组"),
    (lambda: models.ttest(survey(), "kind", "visited"), "文字列"),
    (lambda: models.ttest(survey(), "note"), "12 处"),
    (lambda: models.ranktest(survey(), "income", "visited", score="savage"), "wilcoxon"),
    (lambda: models.ranktest(survey(), "income", "visited", where=ev.col("visited") == "no"), "只有 1 组"),
    (lambda: models.standardize(survey(), "income", "band", "kind", {"18-39": 1, "40-59": -1, "old": 1}), "3 处"),
    (lambda: models.standardize(survey(), "income", "band", "village", BANDS), "没有行"),
    (lambda: models.standardize(survey(), "income", [], None, {}), "没有列"),
    (lambda: models.wald(ev.mean(survey(), "income", by="kind"), [1, -1]), "形状"),
    (lambda: models.wald(ev.mean(survey(), "income", by="kind"), [[1, -1, 0], [2, -2, 0]]), "互不重复"),
    (lambda: models.wald(ev.mean(survey(), "income", by="kind"), null=[1, 2]), "null"),
    (lambda: models.wald(ev.mean(survey(), "income", by="kind"), {"rich": 1}), "没有这样的标签"),
]


@pytest.mark.parametrize(("ask", "said"), REFUSED)
def test_refusals_say_what_is_wrong(ask: Callable[[], Any], said: str) -> None:
    with pytest.raises(ev.EvalkitError, match=said):
        ask()


# -- comparisons of groups ---------------------------------------------------------------------------------------


def test_two_means_are_the_linear_model_of_their_group() -> None:
    found, model = models.ttest(survey(), "income", "visited"), models.glm(survey(), "income ~ visited")
    row = model.table().iloc[1]
    assert (found.statistic, found.p_value) == pytest.approx((row["t"], row["p"]))
    assert found.interval() == pytest.approx((row["low"], row["high"]))
    assert model.wald("visited").statistic == pytest.approx(found.statistic**2)
    moved = models.ttest(survey(), "income", "visited", mu=float(found.estimate))
    assert moved.statistic == pytest.approx(0, abs=1e-9)


def test_a_mean_is_refused_where_its_interval_leaves_it_out() -> None:
    interval = ev.mean(survey(), "income").interval()
    low, high = float(interval["low"].iloc[0]), float(interval["high"].iloc[0])
    assert models.ttest(survey(), "income", mu=low).p_value == pytest.approx(0.05)
    assert models.ttest(survey(), "income", mu=high + 1).p_value < 0.05 < models.ttest(survey(), "income", mu=high - 1).p_value


@pytest.mark.parametrize("score", SCORES)
def test_ranks_heed_order_alone(score: str) -> None:
    one = models.ranktest(survey(), "income", "visited", score=score)
    curved = models.ranktest(survey(TABLE.assign(income=np.log(TABLE["income"]))), "income", "visited", score=score)
    shuffled = models.ranktest(survey(TABLE.sample(frac=1, random_state=1)), "age", "visited", score=score)
    assert (curved.statistic, curved.p_value) == pytest.approx((one.statistic, one.p_value))
    assert shuffled.statistic == pytest.approx(models.ranktest(survey(), "age", "visited", score=score).statistic)


def test_ranks_of_the_reverse_order_change_sign() -> None:
    one, other = (models.ranktest(survey(TABLE.assign(age=sign * TABLE["age"])), "age", "visited") for sign in (1, -1))
    assert one.statistic == pytest.approx(-other.statistic)


def test_ranks_of_several_groups_are_no_matter_of_which_comes_first() -> None:
    other = TABLE.assign(kind=TABLE["kind"].map({"general": "z", "cleared": "y", "watched": "x"}))
    one, two = (models.ranktest(survey(table), "income", "kind") for table in (TABLE, other))
    assert (one.symbol, one.df, one.statistic) == ("F", (2.0, 10.0), pytest.approx(two.statistic))


def test_a_standard_error_of_0_or_no_degrees_of_freedom_give_no_p_value() -> None:
    same = models.ttest(survey(TABLE.assign(income=1.0)), "income", "visited")
    assert math.isnan(same.p_value)
    assert "标准误为 0" in same.sentence()
    few = models.ttest(survey(), "income", "visited", where=ev.col("village") == "hill1")
    assert math.isnan(few.p_value)
    assert "自由度" in few.sentence()
    assert all(math.isnan(limit) for limit in few.interval())


# -- contrasts ---------------------------------------------------------------------------------------------------


def test_a_contrast_is_the_algebra_of_estimates() -> None:
    means = ev.mean(survey(), "income", by="stratum")
    difference = means["hill"] - means["plain"]
    found = models.wald(means, {"hill": 1, "plain": -1}, df=12)
    assert found.statistic == pytest.approx(float(difference) ** 2 / difference.variances[0])
    assert found.p_value == pytest.approx(models.wald(difference, df=12).p_value)
    assert models.wald(means, [[1, -1, 0], [1, 0, -1]], df=12).statistic == pytest.approx(
        models.wald(means, [{"plain": 1, "hill": -1}, {"edge": 1, "plain": -1}], df=12).statistic
    )


def test_the_adjusted_form_costs_degrees_of_freedom() -> None:
    shares = models.crosstab(survey(), "kind", "answer", share="row")
    plain, adjusted = (models.wald(shares, np.eye(12)[:3], 0.2, adjusted=flag) for flag in (False, True))
    assert adjusted.df == (3.0, 10.0)
    assert adjusted.statistic == pytest.approx(plain.statistic * 10 / 12)
    assert adjusted.p_value > plain.p_value
    assert math.isnan(models.wald(shares, np.eye(12), adjusted=True, df=11).p_value)


def test_n_counts_the_rows_behind() -> None:
    means = ev.mean(survey(), "income", by="kind")
    assert models.wald(means).n == len(TABLE)
    assert models.wald(means["general"]).n == (TABLE["kind"] == "general").sum()


# -- standardised means ------------------------------------------------------------------------------------------


def test_a_group_with_its_own_composition_keeps_its_mean() -> None:
    own = survey().table().groupby("band")["w"].sum().to_dict()
    found = models.standardize(survey(), "income", "band", None, own)
    assert float(found) == pytest.approx(float(ev.mean(survey(), "income")))


def test_unlike_groups_become_alike() -> None:
    table = TABLE.assign(flat=TABLE["band"].map({"18-39": 1.0, "40-59": 2.0, "60+": 4.0}))
    found = models.standardize(survey(table), "flat", "band", "kind", BANDS, each=True)
    assert found.value == pytest.approx(np.full(3, (5 + 8 + 12) / 12))
    assert found.se == pytest.approx(np.zeros(3), abs=1e-12)
    assert found.labels == (("cleared", "flat"), ("general", "flat"), ("watched", "flat"))


def test_sizes_of_the_population_have_any_unit_and_0_leaves_a_class_out() -> None:
    large = {band: size * 1e6 for band, size in BANDS.items()}
    one, other = (models.standardize(survey(), "income", "band", "kind", sizes) for sizes in (BANDS, large))
    assert (float(one), one.se[0]) == pytest.approx((float(other), other.se[0]))
    young = models.standardize(survey(), "income", "band", "visited", {"18-39": 1, "40-59": 0, "60+": 0}, each=True)
    by = ev.mean(survey(), "income", by="visited", where=ev.col("band") == "18-39")
    assert young.value == pytest.approx(by.value)
    assert young.se == pytest.approx(by.se)


def test_a_replicate_that_empties_a_group_is_refused() -> None:
    lone = TABLE.assign(kind=np.where(TABLE["village"] == "hill1", "lone", "other"))
    jackknife = survey(lone, weights="w", strata="stratum", clusters="village").replicate("jkn")
    with pytest.raises(ev.EvalkitError, match="权数合计为 0"):
        _ = models.standardize(jackknife, "income", "kind", None, {"lone": 1, "other": 1}).se
    with pytest.raises(ev.EvalkitError, match="权数合计为 0"):
        models.ttest(jackknife, "income", "kind")


def test_several_columns_of_composition_are_named_by_tuples() -> None:
    sizes = {(band, visited): 1.0 for band in BANDS for visited in ("no", "yes")}
    found = models.standardize(survey(), "income", ["band", "visited"], None, sizes)
    assert float(found) == pytest.approx(ev.mean(survey(), "income", by=["band", "visited"]).value.mean())


# -- outcomes ----------------------------------------------------------------------------------------------------


def test_an_outcome_is_frozen_and_speaks_two_languages() -> None:
    found = models.independence(survey(), "kind", "answer")
    with pytest.raises(FrozenInstanceError):
        found.p_value = 0.0
    assert repr(found) == found.sentence("zh") == (
        "kind × answer：Rao–Scott 二阶修正检验，F(4.218, 50.61) = 0.9891，p = 0.425，n = 129；在 5% 水平上不能拒绝“行与列独立”。"
    )
    assert found.sentence("en", alpha=0.5).endswith("at the 50% level it is rejected that rows and columns are independent.")
    with pytest.raises(ev.EvalkitError, match="zh"):
        found.sentence("fr")
    with pytest.raises(ev.EvalkitError, match="pearson"):
        found.detail("cramer")
    with pytest.raises(ev.EvalkitError, match="没有区间"):
        found.interval()


def test_tables_hold_plain_numbers() -> None:
    made = models.ttest(survey(), "income", "visited").table()
    assert " ".join(made) == "subject test method symbol statistic ndf ddf p_value estimate se low high n reason"
    assert "<table" in models.independence(survey(), "kind", "answer")._repr_html_()
    found = models.independence(survey(), "kind", "answer")
    assert all(type(number) is float for number in (found.statistic, found.p_value, *found.df, found.detail("deff")))


# -- Monte Carlo -------------------------------------------------------------------------------------------------


def test_rao_and_scott_keep_the_size_that_pearson_loses_in_clusters() -> None:
    """40 villages of 20, row and column each clustered and independent of each other: 5 % should be rejected."""
    rng, times, villages, take = np.random.default_rng(20), 500, 40, 20
    clusters = np.repeat(np.arange(villages), take)
    rejected = np.zeros(2)
    for _ in range(times):
        a, b = ((rng.normal(0, 0.8, villages)[clusters] + rng.normal(size=villages * take)) > cut for cut in (0.0, 0.4))
        found = models.independence(survey(pd.DataFrame({"v": clusters, "a": a, "b": b}), clusters="v"), "a", "b")
        naive = float(chdtrc(1, found.detail("pearson")))
        rejected += np.array([found.p_value < 0.05, naive < 0.05])
    size, naive_size = rejected / times
    assert abs(size - 0.05) < 3 * math.sqrt(0.05 * 0.95 / times)
    assert naive_size > 0.15
