"""The correlation within villages: the worked case of methods §2.3, pooling by hand, what is left out, and the saved fact."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.clustering import Counted
from evalkit.errors import EstimateError
from evalkit.intervals import anova, pooled_icc

WORKED = (0, 0, 0, 1, 3)  # events in five villages of ten, methods §2.3


def county(counts, take=10, **columns) -> pd.DataFrame:
    counts = np.asarray(counts)
    wrong = np.concatenate([np.arange(take) < count for count in counts]).astype(float)
    return pd.DataFrame({"village": np.repeat(np.arange(len(counts)), take), "wrong": wrong, **columns})


def survey(counts, **columns) -> ev.Survey:
    return ev.Survey.from_data(county(counts, **columns), clusters=["village"])


def counties(**counts) -> ev.Survey:
    table = pd.concat([county(events, county=name) for name, events in counts.items()], ignore_index=True)
    table["village"] = table["county"] + table["village"].astype(str)
    return ev.Survey.from_data(table, strata="county", clusters=["village"])


def simulated(icc: float, number: int, seed: int) -> list[np.ndarray]:
    numbers = np.random.default_rng(seed)
    rates = numbers.beta(0.02 * (1 - icc) / icc, 0.98 * (1 - icc) / icc, (number, 20))
    return list(numbers.binomial(30, rates))


def test_the_worked_case_of_section_2_3() -> None:
    fact = ev.icc(survey(WORKED), "wrong", name="错退率", programme="2018")
    row = fact.table().iloc[0]
    assert (row.MSB, row.MSW, row.n0) == pytest.approx((0.17, 0.0666667, 10), abs=5e-8)
    assert row.icc == pytest.approx(0.134199, abs=5e-7) and row.E == 1
    estimate = ev.proportion(survey(WORKED), "wrong")
    assert float(estimate.se[0] ** 2) == pytest.approx(0.0034, rel=1e-12)
    deff = float(estimate.interval()["deff"].iloc[0])
    assert deff == pytest.approx(2.30978, abs=5e-6)
    assert 1 + 9 * row.icc == pytest.approx(2.20779, abs=5e-6)
    assert fact.pooled == pytest.approx(row.icc)
    assert fact.value == pytest.approx((1 * 0.134199 + 10 * 0.05) / 11, abs=1e-6)
    assert fact.source == "错退率，5 村，2018"


def test_counties_are_pooled_as_a_ratio_of_sums() -> None:
    fact = ev.icc(counties(甲=WORKED, 乙=(0, 2, 2, 0, 1), 丙=(0, 0, 0, 0, 0)), "wrong", by="county")
    seen = [anova(events, [10] * 5) for events in (WORKED, (0, 2, 2, 0, 1), (0, 0, 0, 0, 0))]
    assert fact.pooled == pytest.approx(sum(a.between - a.within for a in seen) / sum(a.between + 9 * a.within for a in seen), rel=1e-12)
    assert fact.weight == 1 + 2 + 0
    assert fact.value == pytest.approx(pooled_icc(seen), rel=1e-12) == pytest.approx((3 * fact.pooled + 0.5) / 13, rel=1e-12)
    assert fact.source == "wrong，3 县合并"
    assert fact.without("甲").value == pytest.approx(pooled_icc(seen[1:]), rel=1e-12)
    assert "不含甲" in fact.without("甲").source


def test_villages_are_compared_within_strata() -> None:
    table = county((5, 6, 0, 1), stratum=np.repeat([1, 2], 20))
    split = ev.icc(ev.Survey.from_data(table, strata="stratum", clusters=["village"]), "wrong")
    want = anova((5, 6, 0, 1), [10] * 4, [1, 1, 2, 2])
    assert split.rows[0].between == pytest.approx(want.between, rel=1e-12)
    assert split.rows[0].between < ev.icc(ev.Survey.from_data(table, clusters=["village"]), "wrong").rows[0].between


def test_villages_that_were_certain_are_left_out() -> None:
    table = county((0, 1, 3, 9, 9), stratum=np.repeat(["a", "b"], [30, 20]), M=np.repeat([30, 2], [30, 20]))
    fact = ev.icc(ev.Survey.from_data(table, strata="stratum", clusters=["village"], fpc="M"), "wrong")
    want = anova((0, 1, 3), [10] * 3)
    assert (fact.rows[0].villages, fact.rows[0].events) == (3, 4)
    assert fact.rows[0].between == pytest.approx(want.between, rel=1e-12)
    whole = ev.Survey.from_data(table[table.stratum == "b"], strata="stratum", clusters=["village"], fpc="M")
    with pytest.raises(EstimateError, match="全部抽中"):
        ev.icc(whole, "wrong")


def test_the_rarer_class_counts_and_the_rest_is_symmetric() -> None:
    rare, common = ev.icc(survey(WORKED), "wrong"), ev.icc(survey([10 - x for x in WORKED]), "wrong")
    assert common.value == pytest.approx(rare.value, rel=1e-12) and common.weight == rare.weight == 1


def test_households_are_the_units_and_answers_outside_are_not_counted() -> None:
    table = county((*WORKED, 0), persons=3)
    table.loc[50, "wrong"] = np.nan
    made = ev.Survey.from_data(table, clusters=["village"])
    with pytest.raises(EstimateError, match="缺答案"):
        ev.icc(made, "wrong")
    assert ev.icc(made, "wrong", missing="out").rows[0].households == 59
    assert ev.icc(made, "wrong", where=ev.col("village") < 5, missing="out").value == pytest.approx(ev.icc(survey(WORKED), "wrong").value)


def test_no_event_gives_the_planning_value_and_says_so() -> None:
    fact = ev.icc(survey([0] * 5), "wrong")
    assert fact.value == 0.05 and np.isnan(fact.pooled) and "不足两个" in repr(fact)


def test_a_fact_is_the_icc_of_an_interval_and_of_a_verdict() -> None:
    estimate = ev.proportion(survey((0, 0, 0, 1, 1) * 4), "wrong")
    fact = ev.icc(survey(WORKED), "wrong")
    pd.testing.assert_frame_equal(
        estimate.interval(icc=fact)[["low", "high", "icc"]], estimate.interval(icc=fact.value)[["low", "high", "icc"]]
    )
    verdict = ev.judge(estimate, 0.2, strict=True, icc=fact)
    assert verdict.icc == fact.value and verdict == ev.judge(estimate, 0.2, strict=True, icc=fact.value)


def test_a_saved_fact_is_the_same_fact_and_a_changed_one_is_refused(tmp_path) -> None:
    fact = ev.icc(counties(甲=WORKED, 乙=(0, 2, 2, 0, 1)), "wrong", by="county", programme="2018").without("乙")
    path = fact.save(tmp_path / "icc.json")
    assert ev.read_icc(path) == fact and ev.read_icc(path).source == fact.source
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["value"] == fact.value and data["format"] == 1 and len(data["sha256"]) == 64
    data["rows"][0]["between"] = 0.5
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(EstimateError, match="SHA-256"):
        ev.read_icc(path)
    for text, words in (("{", "JSON"), ("[]", "不是村内相关"), ('{"kind": "icc", "format": 9}', "format = 9，本版本只识 1｜由较新")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EstimateError, match=words):
            ev.read_icc(path)
    with pytest.raises(EstimateError, match="JSON"):
        ev.read_icc(tmp_path / "none.json")


def test_programmes_add_up_and_nothing_counts_twice() -> None:
    one = ev.icc(counties(甲=WORKED), "wrong", by="county", name="错退率", programme="2018")
    two = ev.icc(counties(甲=(0, 2, 2, 0, 1)), "wrong", by="county", name="错退率", programme="2019")
    both = one + two
    assert both.value == pytest.approx(pooled_icc([*one.used, *two.used]), rel=1e-12) == sum([one, two]).value
    assert both.source == "错退率，2 县合并，2018、2019"
    with pytest.raises(EstimateError, match="算两遍"):
        one + one
    with pytest.raises(EstimateError, match="不是同一指标"):
        one + ev.icc(survey(WORKED), "wrong")
    with pytest.raises(EstimateError, match="可用：甲"):
        one.without("丁")
    with pytest.raises(EstimateError, match="一行不剩"):
        one.without("甲")


@pytest.mark.parametrize("counts", [(3,), (0, 1)])
def test_too_few_villages_are_refused_with_the_reason(counts) -> None:
    take = 10 if len(counts) == 1 else 1
    made = ev.Survey.from_data(county(counts, take), clusters=["village"], singleton="certainty")
    with pytest.raises(EstimateError, match="没有一层有两个村"):
        ev.icc(made, "wrong")


def test_a_county_that_gives_none_is_named_and_left_out() -> None:
    fact = ev.icc(counties(a=WORKED, b=(1, 0)), "wrong", by="county", where=ev.col("village") != "b1")
    assert fact.table()["reason"].to_list() == ["", "没有一层有两个村，或村内都只有一户"]
    assert fact.value == pytest.approx(ev.icc(survey(WORKED), "wrong").value) and fact.source.startswith("wrong，1 县")


def test_text_columns_are_refused() -> None:
    made = survey(WORKED, kind=["a", "b"] * 25)
    with pytest.raises(EstimateError, match="一次一个 0/1 列"):
        ev.icc(made, "kind")


def test_the_pool_finds_the_correlation_of_simulated_villages() -> None:
    """Beta-binomial villages, rate 2 %, correlation .05: the pool of 300 counties within 3 jackknife standard errors."""
    rows = tuple(
        Counted("", str(at), 20, 600, int(y.sum()), a.between, a.within, a.take, a.event_df)
        for at, y in enumerate(simulated(0.05, 300, 5))
        for a in [anova(y, [30] * 20)]
    )
    whole = ev.Clustering("错退率", rows, "county")
    left = np.array([whole.without(str(at)).pooled for at in range(300)])
    error = float(np.sqrt(299 / 300 * ((left - left.mean()) ** 2).sum()))
    assert abs(whole.pooled - 0.05) < 3 * error and error < 0.01
