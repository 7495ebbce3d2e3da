"""Estimates: values, scores and algebra; domains and missing answers; the interval of a proportion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError, EvalkitWarning
from evalkit.estimates import variance


def county(seed: int = 1, rows: int = 240, **columns: Any) -> pd.DataFrame:
    """Return 20 villages in 4 townships with households of two kinds."""
    rng = np.random.default_rng(seed)
    village = np.sort(rng.integers(0, 20, rows))
    table = pd.DataFrame({
        "township": village // 5, "village": village, "M": 15, "N": 60.0, "w": rng.uniform(2, 9, rows).round(3),
        "kind": rng.choice(["a", "b", "c"], rows), "persons": rng.integers(1, 7, rows), "income": rng.normal(5, 2, rows).round(3),
        "poor": (rng.random(rows) < 0.1).astype(int), "household": range(rows),
    })  # fmt: skip
    return table.assign(**columns)


def survey(table: pd.DataFrame | None = None, **design: Any) -> ev.Survey:
    stated = {"weights": "w", "strata": "township", "clusters": ["village", None], "fpc": ["M", "N"], "singleton": "adjust"}
    return ev.Survey.from_data(county() if table is None else table, **{**stated, **design})


def test_worked_example_of_two_stages() -> None:
    table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "M": 10, "N": [20, 20, 30, 30, 25, 25], "y": [1, 0, 0, 0, 1, 1]})
    two = ev.Survey.from_data(table, clusters=["village", None], fpc=["M", "N"])
    assert float(ev.total(two, "y")) == pytest.approx(116.6666667)
    assert ev.total(two, "y").variances[0] == pytest.approx(3994.4444444)
    assert ev.mean(two, "y").variances[0] == pytest.approx(0.0746548148, rel=1e-8)
    replaced = ev.Survey.from_data(table.assign(w=two.weights), weights="w", clusters="village")
    assert ev.total(replaced, "y").variances[0] == pytest.approx(5277.7777778)
    assert ev.mean(replaced, "y").variances[0] == pytest.approx(0.0997925926, rel=1e-8)


# -- identities -----------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    table = county(seed)
    shuffled = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    for ask in (lambda s: ev.mean(s, "income", by="kind"), lambda s: ev.ratio(s, "poor", "persons", by=["kind"])):
        assert ask(survey(shuffled)).value == pytest.approx(ask(survey(table)).value, rel=1e-12)
        assert ask(survey(shuffled)).cov() == pytest.approx(ask(survey(table)).cov(), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_ratio_is_one_total_over_another(seed: int) -> None:
    s = survey(county(seed))
    direct, built = ev.ratio(s, "income", "persons"), ev.total(s, "income") / ev.total(s, "persons")
    assert direct.value == pytest.approx(built.value)
    assert direct.se == pytest.approx(built.se)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_parts_add_up(seed: int) -> None:
    s = survey(county(seed))
    parts, whole = ev.total(s, "income", by="kind"), ev.total(s, "income")
    summed = parts["a"] + parts["b"] + parts["c"]
    assert float(summed) == pytest.approx(float(whole))
    assert summed.se == pytest.approx(whole.se)
    assert parts.cov().sum() == pytest.approx(whole.variances[0])
    assert ev.proportion(s, "kind").value.sum() == pytest.approx(1.0)


def test_mean_of_a_01_column_is_its_proportion() -> None:
    s = survey()
    assert ev.mean(s, "poor").se == pytest.approx(ev.proportion(s, "poor").se)
    assert ev.proportion(s, "poor").deff() == pytest.approx(ev.mean(s, "poor").deff())


def test_persons_counted_and_households_deciding() -> None:
    s = survey()
    found = ev.proportion(s, "poor", count="persons", decided_by="household")
    table = s.table().assign(affected=lambda t: t["poor"] * t["persons"])
    as_ratio = ev.ratio(survey(table), "affected", "persons")
    assert found.value == pytest.approx(as_ratio.value)
    assert found.se == pytest.approx(as_ratio.se)
    assert found.n.tolist() == [240]
    with pytest.raises(EstimateError, match="多行"):
        ev.proportion(survey(county(household=0)), "poor", decided_by="household")


def test_scores_give_the_same_estimate_as_the_statistic() -> None:
    s = survey()
    y, a = (s.column(name).to_numpy(dtype=float) for name in ("poor", "persons"))
    inside = (s.column("kind") == "a").to_numpy()
    weight = s.weights * a * inside
    value = float(weight @ y / weight.sum())
    made = ev.Estimate.of_scores(s, value, a * inside * (y - value) / weight.sum(), event=y, weight=weight, label="poor")
    direct = ev.proportion(s, "poor", count="persons", where=ev.col("kind") == "a")
    assert made.se == pytest.approx(direct.se)
    assert made.n.tolist() == direct.n.tolist()
    pd.testing.assert_frame_equal(made.interval(), direct.interval())


def test_design_effect_of_simple_random_sampling_is_one() -> None:
    table = pd.DataFrame({"y": np.random.default_rng(3).normal(size=50), "N": 400})
    s = ev.Survey.from_data(table, fpc="N")
    assert ev.mean(s, "y").deff("without") == pytest.approx(1.0)
    assert ev.total(s, "y").deff("without") == pytest.approx(1.0)
    assert ev.mean(s, "y").deff() == pytest.approx(1 - 50 / 400)


def test_variance_of_a_column() -> None:
    table = county()
    assert float(variance(ev.Survey.from_data(table), "income")) == pytest.approx(table["income"].var())


# -- algebra --------------------------------------------------------------------------------------------------------


def test_functions_follow_the_delta_method() -> None:
    s = survey()
    means = ev.mean(s, ["income", "persons"])
    slope = 1 / means["income"].value
    assert np.log(means["income"]).se == pytest.approx(slope * means["income"].se)
    gradient = np.array([1 / means.value[1], -means.value[0] / means.value[1] ** 2])
    quotient = means["income"] / means["persons"]
    assert quotient.variances[0] == pytest.approx(gradient @ means.cov() @ gradient)
    assert (2 * means - 1).se == pytest.approx(2 * means.se)
    assert (1 / means).se == pytest.approx(means.se / means.value**2)
    assert (np.array([1.0, 2.0]) * means).value == pytest.approx([1, 2] * means.value)
    assert (means - means).se == pytest.approx([0, 0], abs=1e-12)


def test_two_surveys_do_not_mix_and_undefined_results_are_refused() -> None:
    with pytest.raises(EstimateError, match="不同的 Survey"):
        ev.mean(survey(), "income") - ev.mean(survey(), "income")
    with pytest.raises(EstimateError, match="不是有限数"):
        np.log(ev.mean(survey(), "income") * 0)
    with pytest.raises(EstimateError, match="没有它的导数"):
        np.floor(ev.mean(survey(), "income"))


def test_a_shifted_and_scaled_proportion_keeps_its_interval() -> None:
    p = ev.proportion(survey(), "poor")
    incidence = (0.004 * 1000 + 900 * p) / 1000
    assert incidence.kind == "proportion"
    plain, moved = p.interval(), incidence.interval()
    assert moved["low"].to_numpy() == pytest.approx(0.004 + 0.9 * plain["low"].to_numpy())
    assert moved["high"].to_numpy() == pytest.approx(0.004 + 0.9 * plain["high"].to_numpy())
    turned = (1 - p).interval()
    assert turned["low"].to_numpy() == pytest.approx(1 - plain["high"].to_numpy())
    assert (p * p).kind == "combination"
    assert incidence.deff() == pytest.approx(p.deff())


# -- domains, labels, missing answers -------------------------------------------------------------------------------


def test_labels_find_rows() -> None:
    found = ev.mean(survey(), ["income", "kind"], by="township")
    assert float(found[0, "income"]) == float(found["0", "income"])
    assert found[1, "kind", "b"].labels == ((1, "kind", "b"),)
    assert len(found) == 16
    with pytest.raises(EstimateError, match="有 4 行这样的标签"):
        found["income"]
    with pytest.raises(EstimateError, match="只有一行时"):
        float(found)


def test_where_keeps_the_design_and_df_counts_the_domain() -> None:
    s = survey()
    here = ev.mean(s, "income", where=ev.col("township") == 2)
    assert here.df.tolist() == [4.0]
    assert here.df_design == 16
    mask = (s.column("township") == 2).to_numpy()
    assert ev.mean(s, "income", where=mask).se == pytest.approx(here.se)
    assert ev.mean(s, "income", by="township")[2].se == pytest.approx(here.se)


def test_missing_answers_fail_leave_or_count_as_no() -> None:
    table = county()
    answers = table["poor"].astype(float)
    answers.iloc[[4, 9]] = np.nan
    s = survey(table.assign(poor=answers))
    with pytest.raises(EstimateError, match=r"2 处错误\n  第 6 行，poor｜缺答案.*\n  第 11 行"):
        ev.proportion(s, "poor")
    assert ev.proportion(s, "poor", missing="out").n.tolist() == [238]
    filled = survey(table.assign(poor=answers.fillna(0)))
    assert float(ev.proportion(s, "poor", missing="no")) == pytest.approx(float(ev.proportion(filled, "poor")))


def test_a_proportion_of_numbers_is_refused() -> None:
    with pytest.raises(EstimateError, match="比例需要 0/1"):
        ev.proportion(survey(), "income")
    with pytest.raises(EstimateError, match="不是比例"):
        ev.mean(survey(), "income").interval(method="kg-m")


def test_a_domain_nobody_is_in_has_a_row_of_nothing_and_is_told_once() -> None:
    with pytest.warns(EvalkitWarning, match="1 个域没有行") as told:
        found = ev.proportion(survey(), "poor", where=ev.col("income") > 1e9).table()
    assert len(told) == 1
    assert found["n"].tolist() == [0] and found[["estimate", "se", "low", "high", "deff"]].isna().all(axis=None)
    table = survey().table()
    declared = table.assign(kind=pd.Categorical(table["kind"], categories=["none", *sorted(table["kind"].unique())]))
    with pytest.warns(EvalkitWarning, match="没有行，数值为 NaN，n 为 0：none"):
        found = ev.mean(survey(declared), "income", by="kind")
    assert found.table()["n"].tolist()[0] == 0 and np.isnan(found.value[0]) and not np.isnan(found.value[1:]).any()


def test_repr_is_one_sentence_and_table_has_the_columns() -> None:
    found = ev.proportion(survey(), "poor", by="kind")
    assert repr(found).startswith("Estimate 比例：a poor ")
    assert list(found.table().columns) == ["kind", "variable", "estimate", "se", "low", "high", "df", "deff", "n"]
    assert "<table" in found._repr_html_()


# -- the interval of a proportion -----------------------------------------------------------------------------------


def clustered(events: int, villages: int = 20, take: int = 60, **columns: Any) -> ev.Survey:
    """Return a self-weighting sample with the events one to a village."""
    rows = villages * take
    village = np.repeat(np.arange(villages), take)
    y = ((np.arange(rows) % take == 0) & (village < events)).astype(float)
    return ev.Survey.from_data(pd.DataFrame({"village": village, "y": y, **columns}), clusters="village")


def test_zero_events_in_20_by_60_give_the_planning_bound() -> None:
    """One-sided 95 % bounds with zero events: 1.082 % at correlation .05, .599 % at .02 (methods 1.6)."""
    found = ev.proportion(clustered(0), "y")
    assert found.interval(side="upper")["high"].iloc[0] == pytest.approx(0.01082, abs=5e-6)
    assert found.interval(side="upper", icc=0.02)["high"].iloc[0] == pytest.approx(0.00599, abs=5e-6)


def test_planning_of_a_self_weighting_sample() -> None:
    planned, df = ev.proportion(clustered(7), "y").planning()
    assert planned.deff_w.tolist() == pytest.approx([1.0])
    assert planned.take.tolist() == pytest.approx([60.0])
    assert planned.events_df.tolist() == [6.0]
    assert planned.f_eff.tolist() == [0.0]
    assert df.tolist() == [19.0]


def test_planning_counts_the_villages_of_the_rarer_class() -> None:
    survey = clustered(7)
    rare, common = ev.proportion(survey, "y"), 1 - ev.proportion(survey, "y")
    turned = ev.Survey.from_data(survey.table().assign(y=lambda table: 1 - table["y"]), clusters="village")
    assert rare.planning()[0].events_df.tolist() == ev.proportion(turned, "y").planning()[0].events_df.tolist() == [6.0]
    assert common.interval()["low"].iloc[0] == pytest.approx(ev.proportion(turned, "y").interval()["low"].iloc[0], rel=1e-9)


def test_a_census_has_no_interval_and_a_sample_of_clusters_reaches_as_far_as_they_do() -> None:
    whole = ev.Survey.from_data(clustered(3).table().assign(M=20), clusters="village", fpc="M")
    shown = ev.proportion(whole, "y").interval()
    assert shown["low"].iloc[0] == shown["high"].iloc[0] == pytest.approx(3 / 1200)
    part = ev.Survey.from_data(clustered(3).table().assign(M=50), clusters="village", fpc="M")
    assert ev.proportion(part, "y").planning()[0].f_eff.tolist() == pytest.approx([0.4])


def test_effective_fraction_takes_the_fractions_of_both_stages() -> None:
    """20 of 50 villages, 60 of 300 households in each: 8 % of all households; correlation .05."""
    table = clustered(3).table().assign(M=50, N=300)
    planned, _ = ev.proportion(ev.Survey.from_data(table, clusters=["village", None], fpc=["M", "N"]), "y").planning()
    left = ((1 - 0.4) * 60 * 0.05 + (1 - 0.4 * 0.2) * 0.95) / (1 + 59 * 0.05)
    assert planned.f_eff.tolist() == pytest.approx([1 - left])


def test_finite_population_correction_enters_once() -> None:
    part = ev.Survey.from_data(clustered(3).table().assign(M=50), clusters="village", fpc="M")
    found = ev.proportion(part, "y")
    assert found.planning()[0].se_wr == pytest.approx(found.se / np.sqrt(0.6))


def test_villages_taken_whole_count_their_households() -> None:
    table = clustered(3).table().assign(N=300.0, township=lambda t: np.where(t["village"] < 5, "all", "drawn"))
    table["M"] = np.where(table["township"] == "all", 5, 40)
    s = ev.Survey.from_data(table, strata="township", clusters=["village", None], fpc=["M", "N"])
    planned, df = ev.proportion(s, "y").planning()
    assert planned.events_df.tolist() == [0.0]
    assert 14 < df[0] < 100
    assert 5 < planned.take[0] < 60
    assert planned.se_wr[0] > 0


def test_rows_of_many_domains_are_the_rows_of_each() -> None:
    s = survey()
    together = ev.proportion(s, "poor", by="kind").interval()
    for at, kind in enumerate("abc"):
        alone = ev.proportion(s, "poor", where=ev.col("kind") == kind).interval()
        assert together.loc[at, ["low", "high"]].tolist() == pytest.approx(alone.loc[0, ["low", "high"]].tolist())


def test_interval_covers_in_a_clustered_population() -> None:
    """600 samples of 10 of 60 villages at 2 %, correlation .05: the 95 % interval covers at least 95 % within 3 errors."""
    rng = np.random.default_rng(5)
    rates = rng.beta(0.02 * 19, 0.98 * 19, 60)
    population = rng.random((60, 100)) < rates[:, None]
    truth, covered = population.mean(), 0
    base = pd.DataFrame({"village": np.repeat(np.arange(10), 40), "M": 60, "N": 100})
    for _ in range(600):
        y = np.concatenate([population[v, rng.permutation(100)[:40]] for v in rng.permutation(60)[:10]])
        s = ev.Survey.from_data(base.assign(y=y), clusters=["village", None], fpc=["M", "N"])
        shown = ev.proportion(s, "y").interval()
        covered += bool(shown["low"].iloc[0] <= truth <= shown["high"].iloc[0])
    assert covered / 600 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 600)
