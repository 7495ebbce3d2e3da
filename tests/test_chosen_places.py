"""Places chosen on purpose: counts and the sentence that they speak for nobody else; no rate, interval, gate or weight anywhere."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit.evaluation.assembly import Drawing
from evalkit.evaluation.chosen import count_only
from evalkit.findings import Findings
from evalkit.rates.counts import visited
from evalkit.report.compose import compose_report
from evalkit.tables import Results
from tests import county
from tests.test_rate_kinds import RATES


def typical(**changes: Any) -> dict[str, Any]:
    codes = county.villages()["village_code"].to_list()[::9][:4]
    village = {"name": "village", "selection": "典型", "mandatory": {"units": codes, "how": "on-top", "purpose": "典型村"}}
    return {"stage": [village, county.plan()["stage"][1]], "rate": RATES, **changes}


@cache
def found() -> Findings:
    _, _, sample, table = county.build(county.design(**typical(specimen={"wrong_exit": 0.4, "missed": 0.3})))
    return ev.determine(ev.collect(sample, table))


@cache
def results() -> Results:
    return count_only(found(), Drawing(found().sample.certificate, (), {}))


def test_counts_are_those_of_the_households_visited() -> None:
    table, counts = found().table(), visited(found()).set_index(["rate", "status"])
    exited = table["complete"] & (table["stratum"] == county.EXITED)
    assert counts.loc[("错退率", "认定"), "denominator"] == table.loc[exited, "persons"].sum()
    assert counts.loc[("错退率", "认定"), "numerator"] == table.loc[table["wrong_exit_confirmed"], "affected"].sum() > 0
    assert counts.loc[("错退率", "疑似"), "numerator"] > counts.loc[("错退率", "认定"), "numerator"]
    assert counts.loc[("群众认可度", ""), "denominator"] == table["complete"].sum()
    assert "退出准确率" not in counts.index.get_level_values("rate")


def test_the_report_counts_and_infers_nothing() -> None:
    document = compose_report(results())
    text = document.text()
    assert "不推断总体" in text and "典型选点不作判定" in text
    for words in ("区间为", "加权的估计值", "样本比率", "统计把握程度充分", "样本按设计随机抽取"):
        assert words not in text, words
    rates = results().table("rates")
    assert rates[["official", "estimate", "se", "low", "high"]].isna().all(axis=None) and (rates["denominator"] > 0).all()
    assert results().table("gates").empty and results().table("weights").empty and len(results().table("causes"))


def test_a_gate_on_chosen_places_is_refused_with_the_design() -> None:
    gate = {"rate": "错退率", "threshold": 0.02, "direction": "below", "strict": True, "legal_value": "unweighted"}
    with pytest.raises(ev.EvalkitError, match="典型选点，不推断总体，不作判定"):
        county.design(**typical(gate=[{**gate, "quote": "", "source": ""}]))


def test_a_survey_of_chosen_places_is_refused() -> None:
    with pytest.raises(ev.EvalkitError, match="典型选点"):
        ev.weigh(found())


def test_nothing_to_count_is_said() -> None:
    rates = [RATES[0], {**RATES[3]}]
    design = county.design(**typical(rate=rates))
    _, _, sample, table = county.build(design)
    counts = visited(ev.determine(ev.collect(sample, table)))
    assert counts["rate"].to_list() == ["错退率", "错退率"] and isinstance(counts, pd.DataFrame)
