"""Bundles, eras, published thresholds, causes and what lies outside the list: data of the design, in the words of the report."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.design.standards import Bundle, bundles, published, words_of
from evalkit.findings import Findings
from evalkit.rates import by_cause
from evalkit.report.compose import compose_report
from evalkit.report.exhibits import make_exhibits
from tests import county
from tests.specimens import made_up
from tests.test_combined import TOTALS as PLAIN_TOTALS
from tests.test_rate_kinds import RATES as KINDS

TOTALS = {name: {"value": value} for name, value in PLAIN_TOTALS.items()} | {"date": "2018-10-31", "source": "台账"}
INCIDENCE = {"name": "综合贫困发生率", "kind": "incidence", "wrong_exit": "错退率", "missed": "漏评率", "totals": TOTALS}
RATES: list[dict[str, Any]] = [*KINDS, INCIDENCE]
GATE = {"rate": "漏评率", "direction": "below", "strict": True, "legal_value": "unweighted"}


@pytest.mark.parametrize("name", [name for name in bundles() if name != "四率一度"])
def test_each_published_bundle_can_be_declared(name: str) -> None:
    renamed = {"识别准确率": "识别准确率合并"} if name == "两率一度" else {}
    design = county.design(rate=RATES, bundle={"set": name, "rates": renamed})
    assert design.bundle is not None
    sentence = design.bundle.sentence()
    assert sentence.startswith(f"“{bundles()[name]['name']}”指") and bundles()[name]["source"] in sentence
    assert all(rate in sentence for _, rate in design.bundle.members())


def test_one_that_is_near_speaks_of_what_no_sample_shows() -> None:
    assert "基本公共服务主要领域指标接近全国平均水平" in Bundle(set="三率一度一接近").sentence()


def test_the_fourth_rate_of_anhui_must_be_said() -> None:
    renamed = {"识别准确率": "识别准确率合并"}
    with pytest.raises(ev.EvalkitError, match="1 个指标没有公布"):
        county.design(rate=RATES, bundle={"set": "四率一度", "rates": renamed})
    design = county.design(rate=RATES, bundle={"set": "四率一度", "rates": renamed, "also": ["返贫率"]})
    assert design.bundle is not None and [rate for _, rate in design.bundle.members()][-1] == "返贫率"


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        ({"set": "三率一度"}, "没有这个组合"),
        ({"set": "两率一度"}, "没有声明"),
        ({"set": "三率一度（退出）", "rates": {"漏评率": "错退率"}}, "中的 漏评率 不合"),
        ({"set": "三率一度（退出）", "rates": {"错评率": "错评率"}}, "不是 三率一度"),
        ({"name": "本县三率"}, "都要写"),
        ({"name": "本县三率", "also": ["没有"], "source": "县"}, "没有声明"),
    ],
)
def test_bundles_that_do_not_fit_are_refused(bundle, words) -> None:
    with pytest.raises(ev.EvalkitError, match=words):
        county.design(rate=RATES, bundle=bundle)


def test_a_bundle_of_its_own() -> None:
    design = county.design(rate=RATES, bundle={"name": "本县两率", "also": ["错退率", "漏评率"], "source": "县方案"})
    assert design.bundle is not None and design.bundle.sentence() == "“本县两率”指错退率、漏评率（县方案）。"


@pytest.mark.parametrize("row", published()["threshold"], ids=lambda row: f"{row['standard']}{row['indicator']}")
def test_published_thresholds_are_named_with_their_source(row) -> None:
    threshold = {"standard": row["standard"], "indicator": row["indicator"]}
    gate = county.design(gate=[{**GATE, "rate": "错退率", "threshold": threshold}]).gates[0]
    assert gate.threshold == row["value"] and row["source"] in gate.source and gate.quote == row["quote"]


def test_the_rate_s_own_name_finds_the_threshold_and_what_is_written_stands() -> None:
    central = county.design(rate=RATES, gate=[{**GATE, "rate": "综合贫困发生率", "threshold": {"standard": "西部"}, "quote": "应低于3%"}])
    assert central.gates[0].threshold == 0.03 and central.gates[0].quote == "应低于3%"


def test_thresholds_that_are_none_are_refused_and_strictness_has_no_default() -> None:
    for threshold in ({"standard": "东部"}, {"standard": "西部"}, {"standard": "国家", "year": 2018}):
        with pytest.raises(ev.EvalkitError, match="没有“"):
            county.design(gate=[{**GATE, "rate": "错退率", "threshold": threshold}])
    with pytest.raises(ev.EvalkitError, match="strict"):
        county.design(gate=[{key: value for key, value in GATE.items() if key != "strict"} | {"rate": "错退率", "threshold": 0.02}])


def test_an_era_changes_the_words_and_no_number() -> None:
    old, new = (determined(era) for era in ("", "2021-2025"))
    assert [old.named(code) for code in ("wrong_exit", "missed", "misidentified")] == ["错退", "漏评", "错评"]
    assert [new.named(code) for code in ("wrong_exit", "missed", "misidentified")] == ["风险消除不准", "应纳未纳", "识别不准"]
    assert determined("2026-").named("missed") == "应纳未纳"
    pd.testing.assert_frame_equal(old.table(), new.table())
    assert Bundle(set="三率一度（考核）").members("2021-2025")[0] == ("漏评率", "应纳未纳率")
    assert words_of("2016-2020")["findings"] == {}


@cache
def determined(era: str = "") -> Findings:
    _, _, sample, table = county.build(county.design(evaluation={"era": era}))
    return ev.determine(ev.collect(sample, table))


def test_causes_count_every_case_once_a_grouping_and_give_no_share_of_few() -> None:
    found = determined()
    causes = by_cause(found, {"户类型": "stratum", "村": found.table()["village"]})
    counts = found.counts().set_index("finding")
    for code, name in (("wrong_exit", "错退"), ("missed", "漏评")):
        for by in ("户类型", "村"):
            mine = causes[(causes["finding"] == name) & (causes["by"] == by)]
            assert mine[list(counts.columns)].sum().to_list() == counts.loc[code].to_list()
        items = found.items().query("finding == @code")["households"].sum()
        assert causes[(causes["finding"] == name) & (causes["by"] == "事项")]["households"].sum() == items
    assert counts["confirmed_households"].max() < 30 and causes["share"].isna().all()


def test_thirty_cases_have_shares() -> None:
    _, _, sample, table = county.build(county.design(specimen={"wrong_exit": 0.9, "confirmed": 1.0}))
    causes = by_cause(ev.determine(ev.collect(sample, table)), finding=("wrong_exit",))
    whole = causes[causes["by"] == "户类型"]
    assert whole["confirmed_households"].sum() >= 30 and whole["share"].sum() == pytest.approx(1)


def test_a_cause_nobody_recorded_is_refused() -> None:
    with pytest.raises(ev.EvalkitError, match="没有这一列"):
        by_cause(determined(), {"脱贫年度": "脱贫年度"})
    with pytest.raises(ev.EvalkitError, match="等长"):
        by_cause(determined(), {"组": np.array(["甲"])})


def test_what_lies_outside_the_list_is_said_and_changes_no_draw() -> None:
    outside = {"target": "全省贫困人口", "who": "住在非贫困村的贫困人口", "share": 0.7, "unit": "人", "source": "领域调研"}
    told = county.design(frame={"outside": outside})
    assert told.frame.outside is not None
    assert told.frame.outside.sentence() == (
        "目标总体为全省贫困人口，其中70%（以人计）在名单之外，即住在非贫困村的贫困人口（领域调研）；结果不推断到这一部分。"
    )
    assert told.hash == county.design().hash
    everybody = county.design(frame={"outside": {**outside, "share": 0.0}}).frame.outside
    assert everybody is not None and "全部在名单之内" in everybody.sentence()


def test_the_report_speaks_the_words_of_the_era_and_names_the_bundle() -> None:
    words = words_of("2021-2025")["findings"]
    results = made_up(words=words, bundle=Bundle(set="三率一度（退出）").sentence())
    exhibits = make_exhibits(results)
    heads = [head.heading for head in exhibits.tables["places"].columns]
    assert {"风险消除不准户数", "应纳未纳户数", "识别不准户数"} <= set(heads) and not {"错退户数", "漏评户数"} & set(heads)
    assert "“三率一度”指" in compose_report(results).text()
    old = make_exhibits(made_up()).tables["places"]
    assert {"错退户数", "漏评户数", "错评户数"} <= {head.heading for head in old.columns}
