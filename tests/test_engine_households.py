"""Answers that stay in their engine are counted as households by everything that takes a survey, or refused by name."""

from __future__ import annotations

import dataclasses
import inspect
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.errors import EvalkitError
from evalkit.estimates.villages import by_unit
from evalkit.indicators import drawing
from evalkit.indicators.values import Value
from evalkit.survey import RemoteSurvey, Survey
from evalkit.survey.remote import KNOWN, ROWS
from tests.engine_cases import DESIGNS, LARGE, answers, declared, framed, limited, register, same
from tests.refusals import refused

VILLAGES = DESIGNS["villages"]
INCIDENCE: dict[str, Any] = {
    "wrong_exit": "wrong", "missed": "none", "remaining": 1200, "exited": 38000, "non_registry": 260000, "rural": 300000,
    "count": "persons", "among_exited": ev.col("type") == "脱贫户",
}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return answers()


@pytest.fixture(scope="module")
def pair(table: pd.DataFrame) -> tuple[Any, Any]:
    """The same answers in memory and in an engine."""
    return tuple(ev.Survey.from_data(each, **VILLAGES) for each in (table, pl.from_pandas(table).lazy()))


@pytest.mark.parametrize("asked", [{}, {"by": "stratum"}, {"where": ev.col("persons") > 3}])
def test_the_correlation_within_villages_counts_households(pair: tuple[Any, Any], asked: dict[str, Any]) -> None:
    near, far = (ev.icc(each, "wrong", **asked) for each in pair)
    pd.testing.assert_frame_equal(near.table(), far.table(), rtol=1e-12)
    assert near.value == pytest.approx(far.value, rel=1e-12)


def test_the_picture_of_villages_counts_households(pair: tuple[Any, Any]) -> None:
    rates = [ev.proportion(each, "wrong", by="stratum") for each in pair]
    near, far = (by_unit(each).drop(columns="first") for each in rates)
    pd.testing.assert_frame_equal(near, far)
    near, far = (each.plot("villages").get_label() for each in rates)
    assert near == far and "户中" in near


@pytest.mark.parametrize("design", [{}, {"strata": "stratum"}])
def test_without_villages_nothing_is_said_of_villages(table: pd.DataFrame, design: dict[str, Any]) -> None:
    """Each row is then a unit of its own, and what is brought are rows alike counted together, which are no villages."""
    far = ev.Survey.from_data(pl.from_pandas(table).lazy(), **design)
    for survey in (far, ev.Survey.from_data(table, **design)):
        with pytest.raises(EvalkitError, match="村内都只有一户，无从估计村内相关"):
            ev.icc(survey, "wrong")
    with pytest.raises(EvalkitError, match="没有写 clusters"):
        ev.proportion(far, "wrong").plot("villages")


def test_a_saved_result_says_how_many_were_asked(pair: tuple[Any, Any], table: pd.DataFrame, tmp_path: Path) -> None:
    ev.proportion(pair[1], "wrong").save(tmp_path / "a.json")
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8-sig"))["notes"]["抽样设计"]
    assert told.startswith(f"Survey：1600 行（留在原处），代表 {table['uneven'].sum():.6g}，1 阶段")  # of unequal weights
    alike = ev.Survey.from_data(pl.from_pandas(table.assign(w=1.0 + table["village"] % 2)).lazy(), weights="w", clusters="village")
    assert "权数 1–2，" in repr(ev.mean(alike, "wrong").survey)


def test_a_test_counts_households(pair: tuple[Any, Any]) -> None:
    near, far = (ev.wald(ev.mean(each, ["income", "large", "persons"], by="type")) for each in pair)
    assert near.n == far.n == 1600
    assert ev.mean(pair[1], ["income", "large", "uneven"]).n.tolist() == [1600] * 3  # three numbers: six points a cell, a sixth each


def test_weights_may_be_asked_for(pair: tuple[Any, Any]) -> None:
    same(*(ev.mean(each, "uneven") for each in pair))
    same(*(ev.mean(each, ["income", "uneven"], by="type") for each in pair))


def test_replicates_that_go_by_the_order_of_rows_are_refused(pair: tuple[Any, Any]) -> None:
    near, far = pair
    for method in ("sdr", "brr", "fay"):
        assert "没有行的次序" in refused(lambda method=method: far.replicate(method))
    order = np.argsort(np.random.default_rng(1).random(40))
    found = [ev.mean(each.replicate("sdr", order=order), "income").se[0] for each in (near, far)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_register_without_sums_is_counted() -> None:
    rows = pd.DataFrame({"村代码": [f"5331242070{k // 100:02d}" for k in range(4000)], "乡镇": "甲乡"})
    with duckdb.connect() as engine:
        frames = [
            ev.Frame.from_data(each, id="村代码", columns=["乡镇"], rows="户数")
            for each in (rows, pl.from_pandas(rows).lazy(), engine.from_df(rows))
        ]
    assert len({each.fingerprint for each in frames}) == 1


def test_missing_answers_are_counted_without_rows(table: pd.DataFrame) -> None:
    lost = table.assign(few=table["persons"].where(table.index % 50 > 0), many=table["income"].where(table.index % 50 > 0))
    lost["kind"] = table["type"].where(~table.index.isin([3, 4, 5]))
    far = ev.Survey.from_data(pl.from_pandas(lost).lazy(), **VILLAGES)
    for ask in (lambda: ev.mean(far, "many"), lambda: ev.mean(far, ["few", "income"]), lambda: ev.mean(far, ["many", "income"], by="type")):
        told = refused(ask)
        assert "｜32 行缺答案" in told and "第" not in told
    told = refused(lambda: ev.mean(far, "income", by="kind"))
    assert "kind｜3 行分组的值缺失" in told and "第" not in told


def test_what_a_survey_has_is_there_or_refused_by_name(pair: tuple[Any, Any], tmp_path: Path) -> None:
    far = pair[1]
    has = {name for name in dir(Survey) if not name.startswith("_")} | {part.name for part in dataclasses.fields(Survey)}
    own = {*dir(RemoteSurvey), *(part.name for part in dataclasses.fields(RemoteSurvey))}
    assert has <= own | set(ROWS)
    for name in sorted(has - own):
        assert "行留在原处" in refused(lambda name=name: getattr(far, name))
    assert "行留在原处" in refused(lambda: len(far))
    (tmp_path / "a.csv").write_text("stratum,village,uneven,y\n", encoding="utf-8")
    assert "没有行" in refused(lambda: ev.proportion(ev.Survey.from_data(tmp_path / "a.csv", clusters="village"), "y"))


def poverty(survey: Any) -> ev.Estimate:
    """The formula of the README, from statistics that are asked one by one."""
    missed = ev.proportion(survey, "none", where=ev.col("type") == "一般户", count="persons")
    wrong = ev.proportion(survey, "wrong", where=ev.col("type") == "脱贫户", count="persons")
    return (1600 + missed * 143000 + wrong * 30000) / 174600


@pytest.mark.parametrize("design", ["villages", "two stages", "by size", "rows"])
def test_estimates_of_one_survey_are_put_into_formulas(table: pd.DataFrame, design: str) -> None:
    pair = [ev.Survey.from_data(each, **DESIGNS[design]) for each in (table, pl.from_pandas(table).lazy())]
    same(*map(poverty, pair))
    same(*(ev.mean(each, "income", by="type")["脱贫户"] - ev.mean(each, "income", where=ev.col("type") == "贫困户") for each in pair))
    same(*(np.log(ev.ratio(each, "income", "persons", by="stratum")) * ev.mean(each, "large") for each in pair), rtol=LARGE)
    same(*(ev.combine(lambda a, b, c: a / b + c, *(ev.total(each, name) for name in ("income", "persons", "wrong"))) for each in pair))


def test_formulas_of_replicates_and_limits(pair: tuple[Any, Any]) -> None:
    again = [each.replicate("bootstrap", replicates=30, seed="7") for each in pair]
    same(*map(poverty, again))
    rates = [[ev.proportion(each, name, where=ev.col("persons") > 2) for name in ("wrong", "twin")] for each in pair]
    limits = [(0.5 * first + 0.5 * second).interval(method="mover").select_dtypes("number") for first, second in rates]
    np.testing.assert_allclose(*limits, rtol=1e-11)


def test_what_was_asked_together_is_not_asked_again(pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (ev.mean(pair[1], name) for name in ("income", "persons"))
    both = first + second
    monkeypatch.setattr(RemoteSurvey, "gather", lambda *given: pytest.fail("asked again"))
    assert float(both - second - first) == pytest.approx(0, abs=1e-12)
    assert float((both - second - first).se[0]) == pytest.approx(0, abs=1e-9)
    assert float((pickle.loads(pickle.dumps(first)) * 2).se[0]) == pytest.approx(2 * first.se[0])


def test_values_of_one_survey_in_an_engine_move_together(pair: tuple[Any, Any]) -> None:
    """What other samples could have shown of two indicators: drawn with the correlation of their estimates."""
    made = []
    for each in pair:
        rates = [ev.proportion(each, "wrong", where=where) for where in (ev.col("persons") > 1, ev.col("persons") > 2)]
        values = tuple(Value("甲", code, float(rate), rate) for code, rate in zip("ab", rates, strict=True))
        (group,) = drawing._surveys(SimpleNamespace(sampled=values))
        made.append(drawing._correlated(group, 400))
    np.testing.assert_allclose(*made, atol=1e-9)
    assert np.corrcoef(made[1].T)[0, 1] > 0.7


def test_estimates_of_two_surveys_stay_apart(table: pd.DataFrame) -> None:
    first, second = (ev.mean(ev.Survey.from_data(pl.from_pandas(table).lazy(), clusters="village"), "income") for _ in range(2))
    assert "from_data 只写一次" in refused(lambda: first + second)
    assert "from_data 只写一次" in refused(lambda: ev.combine(lambda a, b: a + b, first, second))


def test_the_incidence_is_that_of_memory(pair: tuple[Any, Any]) -> None:
    near, far = (ev.incidence(each, among_others=ev.col("type") != "脱贫户", **INCIDENCE) for each in pair)
    np.testing.assert_allclose(*(each.table().select_dtypes("number") for each in (near, far)), rtol=1e-11)
    assert (near.n, near.correlation) == (far.n, pytest.approx(far.correlation, rel=1e-9))
    told = refused(lambda: ev.incidence(pair[1], among_others=ev.col("persons") > 4, **INCIDENCE))
    assert f"{((answers()['type'] == '脱贫户') & (answers()['persons'] > 4)).sum()} 户" in told


def test_counts_of_many_values(table: pd.DataFrame) -> None:
    """Points stand on both sides of the mean, and may be negative where no answer is."""
    counted = table.assign(area=np.random.default_rng(1).random(len(table)) ** 4)
    for design in ({"clusters": "village"}, {"weights": "weight", "clusters": ["village", None]}):
        near, far = (ev.Survey.from_data(each, **design) for each in (counted, pl.from_pandas(counted).lazy()))
        rates = [ev.proportion(each, "wrong", count="area", by="type") for each in (near, far)]
        same(*rates)
        limited(*rates)
    uneven = ev.Survey.from_data(pl.from_pandas(counted).lazy(), **VILLAGES)
    assert "权数不等" in refused(lambda: ev.proportion(uneven, "wrong", count="area"))
    below = ev.Survey.from_data(pl.from_pandas(counted.assign(area=counted["area"] - 0.01)).lazy(), clusters="village")
    assert "不能为负" in refused(lambda: ev.proportion(below, "wrong", count="area"))


@pytest.mark.parametrize("spoil", [lambda income: 1e12 + income / 8, lambda income: income.where(income.index > 0, 1e12)])
def test_digits_of_a_large_mean_and_beside_a_sentinel(table: pd.DataFrame, spoil: Any) -> None:
    made = table.assign(income=spoil(table["income"]), kind=table["type"].where(table.index > 0, "错"))
    far = ev.Survey.from_data(pl.from_pandas(made).lazy(), clusters="village")
    found = ev.mean(far, "income", by="kind")
    for label, value, se in zip(found.labels, found.value, found.se, strict=True):
        rows = made["income"][made["kind"] == label[0]]
        assert value == pytest.approx(float(sum(map(Fraction, rows)) / len(rows)), rel=1e-14)
        about = made.assign(income=made["income"] - rows.iloc[0])[made["kind"] == label[0]]  # memory, near the middle of the domain
        near = ev.mean(ev.Survey.from_data(made.assign(income=about["income"]), clusters="village"), "income", missing="out")
        assert se == pytest.approx(near.se[0], rel=1e-11)


def test_missing_answers_that_count_as_none(table: pd.DataFrame) -> None:
    for missing in ("no", "out"):
        surveys = [ev.Survey.from_data(each, clusters="village") for each in (table, pl.from_pandas(table).lazy())]
        same(*(ev.mean(each, "lost", missing=missing) for each in surveys), rtol=LARGE)


def test_the_design_effect_of_a_variance(pair: tuple[Any, Any]) -> None:
    same(*(ev.variance(each, "persons", by="type") for each in pair))
    assert np.isnan(ev.variance(pair[1], "income").deff()[0])  # it takes fourth powers


FIELD = pd.DataFrame({"village": [1], "s": [1.0]})
CALLS: dict[str, Any] = {
    "agreement": lambda s: ev.agreement(s, "none", "twin"), "alpha": lambda s: ev.alpha(s, ["persons", "wrong"], 7),
    "answers": lambda s: ev.answers(s, "persons", 7), "balance": lambda s: ev.balance(s, {"type": {"脱贫户": 1}}),
    "composite": lambda s: ev.composite(s, ["persons", "wrong"], 7, weights=None),
    "correlation": lambda s: ev.correlation(s, "wrong", "persons"), "covariance": lambda s: ev.covariance(s, "income", "persons"),
    "crosstab": lambda s: ev.crosstab(s, "type", "wrong"), "disparity": lambda s: ev.disparity(s, "income"),
    "distance": lambda s: ev.distance(s, declared(), framed(register())), "drivers": lambda s: ev.drivers(s, "income", ["persons"], 7),
    "fgt": lambda s: ev.fgt(s, "income", 4.0),
    "field_composite": lambda s: ev.field_composite(s, ["persons"], 7, field=FIELD, area="village", score="s", each=1, shares=(70, 30)),
    "gini": lambda s: ev.gini(s, "income"), "glm": lambda s: ev.glm(s, "wrong ~ persons"), "icc": lambda s: ev.icc(s, "wrong"),
    "incidence": lambda s: ev.incidence(s, among_others=ev.col("type") == "一般户", **INCIDENCE),
    "independence": lambda s: ev.independence(s, "type", "wrong"), "join": lambda s: ev.join(a=s, b=s, shared=["village"]),
    "mean": lambda s: ev.mean(s, "income"), "measure": lambda s: ev.measure(s, declared(), framed(register())),
    "mode_effect": lambda s: ev.mode_effect(s, ["persons"], 7, mode="wrong", against=0),
    "nps": lambda s: ev.nps(s, "persons", 7, promoters=[7], detractors=[1]),
    "omega": lambda s: ev.omega(s, ["persons", "wrong", "none"], 7), "ordinal": lambda s: ev.ordinal(s, "persons ~ wrong"),
    "prioritize": lambda s: ev.prioritize(s, "income", ["persons", "wrong"], 7),
    "proportion": lambda s: ev.proportion(s, "type", by="stratum"), "quantile": lambda s: ev.quantile(s, "income", [0.5]),
    "ranktest": lambda s: ev.ranktest(s, "income", "wrong"), "ratio": lambda s: ev.ratio(s, "income", "persons"),
    "representativity": lambda s: ev.representativity(s, ["type"]), "scores": lambda s: ev.scores(s, "persons", 7),
    "standardize": lambda s: ev.standardize(s, "income", by="wrong", over="type", population={}),
    "top_box": lambda s: ev.top_box(s, "persons", 7, dont_know="out"), "top_box_table": lambda s: ev.top_box_table(s, "persons", 7),
    "total": lambda s: ev.total(s, "income"), "ttest": lambda s: ev.ttest(s, "income", "wrong"),
    "two_phase": lambda s: ev.two_phase(s, "wrong", chance="share"), "variance": lambda s: ev.variance(s, "persons"),
    "weigh": lambda s: ev.weigh(s, ev.Rake({"type": {"脱贫户": 1}})), "weight_table": ev.weight_table,
    "organ_pipe_plot": lambda s: charts.organ_pipe_plot(s, "wrong").get_label(), "survey_plot": charts.survey_plot,
    "steps_plot": charts.steps_plot, "weight_picture": charts.weight_picture,
}  # fmt: skip


def test_every_public_function_of_a_survey_is_asked() -> None:
    public = {name: getattr(module, name) for module in (ev, charts) for name in module.__all__}
    found = {name for name, each in public.items() if inspect.isfunction(each) and takes_a_survey(each)}
    assert found <= CALLS.keys()


def takes_a_survey(function: Any) -> bool:
    return any("Survey" in str(part.annotation) for part in inspect.signature(function).parameters.values())


@pytest.mark.parametrize("name", CALLS)
def test_right_or_refused_by_name(pair: tuple[Any, Any], name: str) -> None:
    near, far = pair
    try:
        found = CALLS[name](far)
    except EvalkitError as told:
        assert "行留在" in str(told) and name not in KNOWN
        return
    expected = CALLS[name](near)
    if isinstance(found, ev.Estimate):
        same(expected, found)
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("name", ["mean", "quantile", "glm", "crosstab", "icc", "weigh", "weight_table", "balance", "survey_plot", "alpha"])
def test_what_was_brought_is_no_survey_of_households(pair: tuple[Any, Any], name: str) -> None:
    """The survey behind an estimate holds sums: nobody takes its rows for answers."""
    brought = ev.mean(pair[1], ["income", "persons"], by=["type", "wrong", "none"]).survey
    assert "行留在" in refused(lambda: CALLS[name](brought))


def test_one_survey_is_asked_from_several_threads(table: pd.DataFrame, tmp_path: Path) -> None:
    large = pd.concat([table] * 20, ignore_index=True)
    large.to_parquet(tmp_path / "a.parquet")
    far = ev.Survey.from_data(tmp_path / "a.parquet", **VILLAGES)
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: float(ev.mean(far, "income", where=ev.col("type") == "脱贫户")), range(8)))
    assert max(found) - min(found) < 1e-12
