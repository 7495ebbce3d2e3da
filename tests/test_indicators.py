"""Indicator systems: scoring rules, trees, gates, what the sample leaves open, grades, places, lights, choices, checklists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import evalkit as ev
from evalkit.cli import main
from evalkit.design.scoring import System
from evalkit.errors import DesignError, EstimateError, ReportError, ResponsesError
from evalkit.indicators import LIGHTS
from evalkit.scoring import METHODS, award
from tests import county

SYSTEMS = Path("designs/systems")
FILES = sorted(SYSTEMS.glob("*.toml"))
WHOLE = {"1.1.1": 1.0, "1.1.2": 1.0, "1.1.3": 1.0, "1.1.4": 1.0, "1.1.5": 1.0}


def system(*items: dict[str, Any], full: float = 10, **more: Any) -> System:
    told = [{"name": item["code"], "source": "自拟", **item} for item in items]
    return ev.read_system({"format": 1, "indicators": {"title": "例", "source": "自拟", "full": full, "item": told, **more}})


def leaf(code: str, weight: float = 10, **keys: Any) -> dict[str, Any]:
    return {"code": code, "weight": weight, "rule": "goalposts", "worst": 0.0, "best": 1.0, "direction": "above", **keys}


def survey(counties: int = 3, seed: int = 1, wrong: float = 0.01) -> ev.Survey:
    chance = np.random.default_rng(seed)
    rows = counties * 400
    table = pd.DataFrame({"county": np.repeat([f"{k}县" for k in "甲乙丙丁戊"[:counties]], 400), "village": np.arange(rows) // 20})
    table["wrong"] = chance.random(rows) < wrong
    table["happy"] = chance.random(rows) < np.repeat(np.linspace(0.97, 0.85, counties), 400)
    return ev.Survey.from_data(table, strata="county", clusters="village")


# -- scoring rules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "x", "weight", "keys", "wanted"),
    [
        ("gate", 0, 20, {}, 0),  # 云南：贫困发生率 3% 不得分
        ("gate", 1, 20, {}, 20),
        ("steps", 0.999, 4, {"target": 1, "direction": "above", "step": 0.001, "per": 1, "part": "begun"}, 3),  # 四川：每步扣 1 分
        ("steps", 0.9985, 4, {"target": 1, "direction": "above", "step": 0.001, "per": 1, "part": "begun"}, 2),
        ("steps", 0.9985, 4, {"target": 1, "direction": "above", "step": 0.001, "per": 1, "part": "whole"}, 3),
        ("steps", 0.9985, 4, {"target": 1, "direction": "above", "step": 0.001, "per": 1, "part": "linear"}, 2.5),
        ("steps", 0.5, 4, {"target": 1, "direction": "above", "step": 0.001, "per": 1, "part": "begun"}, 0),
        ("steps", 0.03, 5, {"target": 0.02, "direction": "below", "step": 0.01, "per": 2, "part": "begun"}, 3),
        ("cases", 4, 30, {"per": 2}, 22),  # 扶贫手册：每处扣 2 分，扣完为止
        ("cases", 40, 30, {"per": 2}, 0),
        ("cases", 40, 30, {"per": 2, "cap": 10}, 20),
        ("cases", 40, 30, {"per": 2, "floor": 5}, 5),
        ("goalposts", 0.95, 10, {"worst": 0.9, "best": 1.0}, 5),
        ("goalposts", 0.001, 10, {"worst": 0.02, "best": 0.0}, 9.5),
        ("percent", 412, 30, {"maximum": 500}, 24.72),
    ],
)
def test_a_rule_gives_its_points(rule: str, x: float, weight: float, keys: dict[str, Any], wanted: float) -> None:
    assert award(rule, [x], weight, **keys)[0] == pytest.approx(wanted, abs=1e-9)


def test_ranks_share_their_places() -> None:
    assert award("rank", [3.0, 1, 3, 2], 6, direction="above").tolist() == [5, 0, 5, 2]
    assert award("rank", [3.0, 1, 2], 6, direction="below").tolist() == [0, 6, 3]


@given(st.floats(0, 2), st.floats(0.001, 1), st.floats(0.1, 5), st.sampled_from(["begun", "whole", "linear"]))
def test_points_lie_between_nothing_and_the_weight(x: float, step: float, per: float, part: str) -> None:
    keys = {"target": 1.0, "direction": "above", "step": step, "per": per, "part": part}
    worse, better = award("steps", [x - 0.1, x], 4, **keys)
    assert 0 <= worse <= better <= 4


def test_what_a_rule_lacks_and_does_not_use_is_told_at_once() -> None:
    with pytest.raises(EstimateError) as told:
        award("goalposts", [np.nan], 10, worst=0, per=2)
    assert [fault.column for fault in told.value.faults] == ["best", "per", "x"]


# -- systems ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_system_reads_says_its_source_and_is_a_table_too(path: Path) -> None:
    found = ev.read_system(path)
    again = ev.read_system(ev.system_table(found), title=found.title, basis=found.source, full=found.full)
    assert found.source and found.published and again.item == found.item


def test_every_fault_of_a_tree_is_told_at_once() -> None:
    items = [
        {"code": "A", "name": "甲", "weight": 5.0, "rule": "sum", "parent": "B"},
        {"code": "B", "name": "乙", "weight": 5.0, "rule": "sum", "parent": "A"},
        {"code": "C", "name": "丙", "weight": 5.0, "rule": "gate", "target": 0.02, "strict": True},
        {"code": "D", "name": "丁", "weight": 5.0, "rule": "cases", "source": "台账", "parent": "E"},
        {"code": "D", "name": "丁二", "weight": 5.0, "rule": "percent", "source": "台账", "maximum": 0.0, "colour": "红"},
    ]
    with pytest.raises(DesignError) as told:
        ev.read_system({"format": 1, "indicators": {"title": "坏", "source": "自拟", "item": items, "grades": {"source": "无"}}})
    found = {(fault.column, fault.rule) for fault in told.value.faults}
    for wanted in (
        ("indicators.item[1].parent", "上级绕成了圈"), ("indicators.item[3].source", "指标没有数据来源"),
        ("indicators.item[3].direction", "计分规则 gate 缺少 direction"), ("indicators.item[4].per", "计分规则 cases 缺少 per"),
        ("indicators.item[4].parent", "没有这个上级指标"), ("indicators.item[5].code", "代码重复"),
        ("indicators.item[5].colour", "没有这个键"), ("indicators.item[5].maximum", "数值太小"),
        ("indicators.grades", "bands（分数线）与 quota（配额）必须且只能写一个"),
    ):  # fmt: skip
        assert wanted in found


@pytest.mark.parametrize(
    ("items", "rule"),
    [
        ([leaf("A", 6), leaf("B", 5)], "一级指标分值之和应为 10"),
        ([{"code": "A", "weight": 10, "rule": "sum"}, leaf("B", 9, parent="A")], "A 的下级分值之和应为 10"),
        ([{"code": "A", "weight": 10, "rule": "weighted"}, leaf("B", 0.9, parent="A")], "A 的下级比重之和应为 1"),
        ([leaf("A", 10), leaf("B", 0, parent="A")], "上级是一个有数值的指标"),
        ([leaf("A", 10, rate="错退率")], "没有说明取哪个数"),
        ([leaf("A", 10, column="happy")], "column 与 statistic 应同时写"),
        ([leaf("A", 10, worst=1.0)], "最好与最差相同"),
    ],
)
def test_a_bad_tree_is_refused(items: list[dict[str, Any]], rule: str) -> None:
    with pytest.raises(DesignError, match=rule):
        system(*items)


def test_an_unknown_column_of_a_table_is_refused() -> None:
    table = ev.system_table(ev.read_system(SYSTEMS / "yingde_2019.toml")).assign(颜色="红")
    with pytest.raises(DesignError, match=r"颜色.*没有这个键"):
        ev.read_system(table, title="例", basis="自拟")


# -- points and gates -----------------------------------------------------------------------------------------------


def test_the_city_table_counts_what_is_published() -> None:
    card = ev.score(WHOLE | {"1.1.1": 0.9999, "1.1.3": 0.998}, SYSTEMS / "sichuan_city_2017.toml")
    assert (card.scores[0], card.reach[0]) == (10.0, 27.0)  # one person short: 0 of 15; insurance 2 steps: 0 of 2
    assert card.open and card.grades == ("",) and any("未公布" in line for line in card.sentences())


def test_a_weighted_group_is_seventy_to_thirty() -> None:
    card = ev.score({"S1": 86.4, "S2": 91.0}, SYSTEMS / "yingde_2019.toml")
    assert card.scores[0] == pytest.approx(0.7 * 86.4 + 0.3 * 91.0)


def test_a_geometric_group_does_not_make_up_for_what_is_short() -> None:
    items = [{"code": "A", "weight": 10, "rule": "sum"}, leaf("B", 5, parent="A"), leaf("C", 5, parent="A")]
    plain = ev.score({"B": 1.0, "C": 0.25}, system(*items))
    short = ev.score({"B": 1.0, "C": 0.25}, system(items[0] | {"aggregation": "geometric"}, *items[1:]))
    assert (plain.scores[0], short.scores[0]) == (pytest.approx(6.25), pytest.approx(5.0))


def test_gates_are_conjunctive_and_worded_as_the_rule_says() -> None:
    good = {"综合贫困发生率": 0.0171, "错退率": 0.0041, "漏评率": 0.0, "群众认可度": 0.90}
    passed = ev.score(good, SYSTEMS / "county_exit_central.toml").units().iloc[0]
    assert (passed["failed"], passed["conclusion"]) == ("", "建议同意退出")  # 90 % exactly is not below 90 %
    failed = ev.score(good | {"错退率": 0.02}, SYSTEMS / "county_exit_central.toml").units().iloc[0]
    assert (failed["failed"], failed["conclusion"]) == ("脱贫人口错退率", "建议不同意退出")
    incidence = good | {"综合贫困发生率": 0.025}
    west = ev.score(incidence, SYSTEMS / "county_exit_west.toml").units().iloc[0]
    assert west["conclusion"] == "建议同意退出" and ev.score(incidence, SYSTEMS / "county_exit_central.toml").failed("本对象")


def test_a_gate_without_an_error_found_is_not_certain() -> None:
    few = ev.Survey.from_data(pd.DataFrame({"wrong": [0] * 100}))
    gate = system({"code": "A", "rule": "gate", "target": 0.02, "direction": "below", "strict": True}, full=0)
    card = ev.score({"A": ev.proportion(few, "wrong")}, gate)
    assert card.verdicts["本对象", "A"].zone == "not proven" and card.unproven("本对象") == "A"
    assert 0.05 < card.drawn.failed.mean() < 0.5
    many = ev.Survey.from_data(pd.DataFrame({"wrong": [0] * 3000}))
    assert ev.score({"A": ev.proportion(many, "wrong")}, gate).unproven("本对象") == ""


def test_what_has_no_value_is_refused_or_out_with_its_weight() -> None:
    two = system(leaf("A", 6), leaf("B", 4))
    with pytest.raises(EstimateError, match="B：本对象｜B 没有数值"):
        ev.score({"A": 0.5}, two)
    card = ev.score({"A": 0.5}, two, missing="out")
    assert (card.scores[0], card.reach[0]) == (3.0, 6.0)


def test_units_may_lack_different_values() -> None:
    table = pd.DataFrame({"对象": ["甲", "甲", "乙"], "代码": ["A", "B", "B"], "值": [0.5, 1, 0.5]})
    table = table.assign(来源="表", 日期="2018", 提供单位="办")
    card = ev.score(table, system(leaf("A", 6), leaf("B", 4)), missing="out")
    assert card.scores.tolist() == [7.0, 2.0] and card.reach.tolist() == [10.0, 4.0]


# -- where values come from -----------------------------------------------------------------------------------------


def test_values_from_elsewhere_say_where_they_come_from() -> None:
    other = pd.DataFrame(
        [["S2", "91%", "调查员评分", "2019-06-01", "调查队"]], columns=["代码", "值", "来源", "日期", "提供单位"]
    )  # fmt: skip
    items = [{"code": "S", "weight": 100, "rule": "weighted"}, leaf("S1", 0.7, parent="S"), leaf("S2", 0.3, parent="S")]
    card = ev.score({"S1": 0.9}, system(*items, full=100), other=other)
    row = card.table().set_index("code").loc["S2"]
    assert row[["source", "date", "who"]].tolist() == ["调查员评分", "2019-06-01", "调查队"] and row["value"] == 0.91
    with pytest.raises(EstimateError) as told:
        ev.score({"S1": 0.9}, system(*items, full=100), other=other.assign(日期="", 值="很好", 颜色="红"))
    assert [(fault.row, fault.column) for fault in told.value.faults if fault.column != "S2"] == [(None, "other"), (2, "日期"), (2, "值")]


def test_a_value_twice_and_a_code_that_there_is_not_are_refused() -> None:
    other = pd.DataFrame({"代码": ["A", "Z"], "值": [0.5, 0.5], "来源": "表", "日期": "2018", "提供单位": "办"})
    with pytest.raises(EstimateError) as told:
        ev.score({"A": 0.5}, system(leaf("A")), other=other)
    assert {fault.rule for fault in told.value.faults} == {"同一对象、同一指标有两个值", "体系中没有这个有数值的指标"}


def test_a_survey_gives_the_columns_that_indicators_name() -> None:
    made = system(leaf("A", column="happy", statistic="proportion"))
    found = survey()
    card = ev.score(found, made, by="county")
    assert card.units_scored == tuple(sorted(("甲县", "乙县", "丙县")))
    assert card.scores == pytest.approx(10 * np.asarray(ev.proportion(found, "happy", by="county").value))
    with pytest.raises(EstimateError, match=r"sad.*survey 中没有这一列"):
        ev.score(found, system(leaf("A", column="sad", statistic="mean")), by="county")


def test_counties_drawn_apart_are_scored_side_by_side() -> None:
    made = system(leaf("A"))
    apart = {f"{k}县": {"A": ev.proportion(survey(1, seed=k), "happy")} for k in range(3)}
    card = ev.score(apart, made)
    assert card.units_scored == ("0县", "1县", "2县") and len(set(card.scores)) == 3


# -- the sample goes through to scores, grades and places -----------------------------------------------------------


def test_draws_have_the_limits_and_the_correlation_of_the_estimates() -> None:
    """Monte Carlo: 5 % of the draws lie beyond each one-sided 95 % limit; an estimate and its complement mirror one another."""
    rate = ev.proportion(survey(1), "happy")
    card = ev.score({"A": rate, "B": 1 - rate}, system(leaf("A", 5), leaf("B", 5)), draws=4000)
    drawn, error = card.readings[:, 0], 3 * (0.05 * 0.95 / 4000) ** 0.5
    low, high = (rate.interval(level=0.95, side=side)[end].iloc[0] for side, end in (("lower", "low"), ("upper", "high")))
    assert (drawn[:, 0] < low).mean() == pytest.approx(0.05, abs=error)
    assert (drawn[:, 0] > high).mean() == pytest.approx(0.05, abs=error)
    assert np.corrcoef(drawn.T)[0, 1] < -0.98
    assert np.ptp(card.drawn.total(card.system)[0]) < 0.5  # what one loses the other gains


def test_draws_of_a_mean_have_its_standard_error() -> None:
    table = pd.DataFrame({"village": np.arange(2000) // 10, "x": np.random.default_rng(5).normal(50, 10, 2000)})
    found = ev.mean(ev.Survey.from_data(table, clusters="village"), "x")
    card = ev.score({"A": found}, system(leaf("A", best=100.0)), draws=4000)
    half = np.diff(np.quantile(card.readings[:, 0, 0], [0.1587, 0.8413]))[0] / 2
    assert half == pytest.approx(float(found.se[0]), rel=0.06)


def test_a_grade_near_its_band_changes_in_half_of_the_draws() -> None:
    table = pd.DataFrame({"代码": ["A"], "值": [0.90], "标准误": [0.02], "来源": "表", "日期": "2018", "提供单位": "办"})
    grades = {"bands": {"好": 9.0, "一般": 0.0}, "source": "自拟"}
    card = ev.score(table, system(leaf("A"), grades=grades))
    assert card.grades == ("好",) and card.grade_shares["好"].iloc[0] == pytest.approx(0.5, abs=3 * (0.25 / 1000) ** 0.5)
    sure = ev.score(table.assign(标准误=0), system(leaf("A"), grades=grades))
    assert sure.grade_shares["好"].iloc[0] == 1 and "没有抽样误差" in "".join(sure.sentences())


def test_rank_sets_are_those_of_the_springs() -> None:
    est, se = [0.97, 0.955, 0.95, 0.93, 0.90], [0.006, 0.007, 0.006, 0.008, 0.009]  # methods §10
    table = pd.DataFrame({"对象": list("甲乙丙丁戊"), "代码": "A", "值": est, "标准误": se, "来源": "表", "日期": "2018", "提供单位": "办"})
    units = ev.score(table, system(leaf("A"), full=10), draws=4000).units()
    wanted = [(1, 3), (1, 4), (1, 4), (2, 5), (4, 5)]
    assert list(zip(units["first"], units["last"], strict=True)) == wanted
    assert list(zip(units["first_kww"], units["last_kww"], strict=True)) == wanted


def test_quotas_and_vetoes_decide_grades() -> None:
    """2016: 8 of 22 provinces 好, 4 较差 named, the others between (domain §3.3); a failed gate goes last whatever its points."""
    rows = [(f"省{k:02}", code, value) for k in range(22) for code, value in (("A", 1 - k / 100), ("G", float(k != 0)))]
    table = pd.DataFrame(rows, columns=["对象", "代码", "值"]).assign(来源="表", 日期="2017", 提供单位="办")
    gate = {"code": "G", "rule": "gate", "target": 1.0, "direction": "above", "strict": False}
    grades = {"quota": {"好": 8, "较好": 6, "一般": 4}, "last": "较差", "veto": "较差", "source": "自拟"}
    card = ev.score(table, system(leaf("A"), gate, grades=grades))
    counts = pd.Series(card.grades).value_counts()
    assert counts[["好", "较好", "一般", "较差"]].tolist() == [8, 6, 4, 4] and card.grades[0] == "较差"


# -- choices --------------------------------------------------------------------------------------------------------


def test_sensitivity_says_which_choice_matters() -> None:
    rows = {"甲": (1.0, 0.2), "乙": (0.6, 0.62), "丙": (0.2, 0.9)}
    table = pd.DataFrame([(u, c, v) for u, pair in rows.items() for c, v in zip("AB", pair, strict=True)], columns=["对象", "代码", "值"])
    card = ev.score(table.assign(来源="表", 日期="2018", 提供单位="办"), system(leaf("A", 5), leaf("B", 5)))
    found = card.sensitivity(base=128)
    told = found.table().set_index("unit")
    assert (told["place_low"] <= told["median_place"]).all() and (told["median_place"] <= told["place_high"]).all()
    assert told.loc["甲", "place_low"] < told.loc["甲", "place_high"]
    index = found.indices().set_index("factor")["total"]
    assert index["抽样"] == 0 and index["合成"] > 0 and index["分值 A"] > 0
    assert "影响最大的是" in found.sentences()[-1]


def test_without_a_choice_nothing_changes() -> None:
    rows = [(u, "A", v) for u, v in (("甲", 0.9), ("乙", 0.5), ("丙", 0.1))]
    table = pd.DataFrame(rows, columns=["对象", "代码", "值"]).assign(来源="表", 日期="2018", 提供单位="办")
    grades = {"bands": {"好": 8.0, "一般": 0.0}, "source": "自拟"}
    found = ev.score(table, system(leaf("A"), grades=grades)).sensitivity(base=64)
    assert found.table()["changed"].tolist() == [0, 0, 0] and found.table()["median_place"].tolist() == [1, 2, 3]
    assert (found.indices()["total"] == 0).all() and found.sentences()[-1] == "各种选择都不改变结果。"


def test_weights_that_hardly_move_give_the_score_itself() -> None:
    """Shares of a weighted group count as parts of what the group weighs in the whole."""
    group = {"code": "A", "weight": 60, "rule": "weighted"}
    made = system(group, leaf("B", 0.75, parent="A"), leaf("C", 0.25, parent="A"), leaf("D", 40), full=100)
    card = ev.score({"B": 0.9, "C": 0.1, "D": 0.5}, made)
    told = card.sensitivity(base=16, spread=1e-6, aggregations=["linear"]).table().iloc[0]
    assert card.scores[0] == pytest.approx(60 * 0.7 + 20)
    assert [told["score_low"], told["score_high"]] == pytest.approx([card.scores[0]] * 2, abs=1e-3)


def test_the_share_of_scenarios_with_another_grade_is_told() -> None:
    grades = {"bands": {"好": 6.2, "一般": 0.0}, "source": "自拟"}
    card = ev.score({"A": 0.25, "B": 1.0}, system(leaf("A", 5), leaf("B", 5), grades=grades))
    assert card.grades == ("好",)  # 6.25 of 10, a hair above the band
    linear = card.sensitivity(base=256, aggregations=["linear"]).table()["changed"].iloc[0]
    assert linear == pytest.approx(0.45, abs=0.1)  # about half of the weights take it below
    assert card.sensitivity(base=256, aggregations=["geometric"]).table()["changed"].iloc[0] > 0.95


def test_a_green_quarter_ends_the_run() -> None:
    lit = pd.DataFrame({"unit": ["甲"], "score": [50.0], "light": ["红灯"], "share": [1.0], "firm": [True]})
    quarters = [lit.assign(period=f"{k}季度", light=light) for k, light in enumerate(["红灯", "绿灯", "黄灯", "红灯"])]
    assert ev.exposure(quarters)[["running", "reds"]].values.tolist() == [[2, 2]]
    with pytest.raises(EstimateError, match="各有不同的 period"):
        ev.exposure([quarters[0], quarters[0]])


def test_the_sobol_indices_are_those_of_a_known_function() -> None:
    """y = 2·u₁ + u₂: first-order = total = .8, .2."""
    chance = np.random.default_rng(3)
    a, b = chance.random((4096, 3)), chance.random((4096, 3))

    def f(u: Any) -> Any:
        return 2 * u[:, 0] + u[:, 1]

    mixed = [f(np.where(np.arange(3) == k, b, a)) for k in range(3)]
    first, total = ev.composites.sobol(f(a), f(b), mixed)
    assert first == pytest.approx([0.8, 0.2, 0], abs=0.05) and total == pytest.approx([0.8, 0.2, 0], abs=0.05)


def test_strange_choices_are_refused_at_once() -> None:
    card = ev.score({"A": 0.5}, system(leaf("A")))
    with pytest.raises(EstimateError) as told:
        card.sensitivity(base=100, spread=2, normalisations=["log"], aggregations=[])
    assert [fault.column for fault in told.value.faults] == ["normalisations", "aggregations", "base", "spread"]


# -- circumstances, lights, two cards, checklists, the rest ---------------------------------------------------------


def test_circumstances_are_indicated_and_nothing_is_proposed() -> None:
    values = {"1.1": 0.98, "2.1": 0.99, "2.2": 0.995, "3.1": 0.93}
    card = ev.score(values, SYSTEMS / "national_assessment_2016.toml")
    noted = pd.DataFrame({"情形": ["（二）"], "事实": ["挪用 3 笔"], "来源": ["审计报告"], "日期": ["2017-01-10"]})
    found = card.circumstances(noted).set_index("code")
    assert found["state"].to_dict() == {
        "（一）": "提示", "（二）": "提示", "（三）": "无资料", "（四）": "无资料", "（五）": "未见", "（六）": "无资料",
    }  # fmt: skip
    assert "审计报告" in found.loc["（二）", "basis"] and "98.00%，低于100%" in found.loc["（一）", "basis"]
    assert "第三方不提出处理意见" in card.sentences()[-1] and not any("约谈" in column for column in found.columns)
    with pytest.raises(EstimateError) as told:
        card.circumstances(noted.assign(情形="（九）", 来源=""))
    assert [fault.column for fault in told.value.faults] == ["情形", "来源"]


@pytest.mark.parametrize(("rule", "red", "yellow", "wanted"), [("rank", 1, 1, "红黄绿绿"), ("threshold", 60, 80, "红黄黄绿")])
def test_lights_by_place_and_by_score(rule: str, red: float, yellow: float, wanted: str) -> None:
    table = pd.DataFrame({"对象": list("甲乙丙丁"), "代码": "A", "值": [0.5, 0.6, 0.7, 0.8]}).assign(来源="表", 日期="2018", 提供单位="区")
    lights = {"rule": rule, "red": red, "yellow": yellow, "source": "自拟"}
    made = ev.score(table, system(leaf("A", 100), full=100, lights=lights)).lights("2018年一季度")
    assert [light[0] for light in made["light"]] == list(wanted) and made["firm"].all() and set(made["light"]) <= set(LIGHTS)
    shown = ev.exposure([made, made.assign(period="2018年二季度")])
    assert shown["unit"].iloc[0] == "甲" and shown["running"].iloc[0] == 2 and "绿灯" not in set(shown["light"])


def test_a_self_score_stands_beside_the_exam_score() -> None:
    sheet = SYSTEMS / "village_exit_yunnan_2016.toml"
    own, exam = ev.score({"1": 0.021}, sheet), ev.score({"1": 0.034}, sheet)
    row = exam.beside(own).iloc[0]
    assert row[["标准分", "自评分", "考核分", "差"]].tolist() == [20, 20, 0, -20]
    with pytest.raises(EstimateError, match=r"应与.*是同一体系"):
        exam.beside(ev.score(WHOLE, SYSTEMS / "sichuan_city_2017.toml"))


def checklists() -> pd.DataFrame:
    rows = [
        ("甲县", "县", "责任落实", "遍访", "台账", "是", ""), ("甲县", "乡", "责任落实", "包村", "签到表", "否", "缺6天"),
        ("甲县", "村", "政策落实", "教育资助", "发放表", "是", ""), ("甲县", "村", "工作落实", "搬迁后扶", "", "不适用", ""),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["对象", "层级", "清单", "项目", "依据", "结果", "典型事例"])


def test_checklists_are_tallied_and_feed_a_scorecard() -> None:
    found = ev.tally(checklists())
    assert found.scores()["score"].tolist()[:2] == [0.5, 1.0] and found.failed()["example"].tolist() == ["缺6天"]
    values = found.values({"责任落实": "A", "政策落实": "B"}, date="2018-11-20", who="评估组")
    card = ev.score(values, system(leaf("A", 6, rule="percent", maximum=1.0), leaf("B", 4, rule="percent", maximum=1.0)))
    assert card.units_scored == ("甲县",) and card.scores[0] == 7.0
    with pytest.raises(ResponsesError, match="各项都不适用"):
        found.values({"工作落实": "C"}, date="2018-11-20", who="评估组")


def test_every_fault_of_a_checklist_is_told_with_its_row() -> None:
    bad = pd.concat([checklists(), checklists().iloc[[0]]], ignore_index=True)
    bad.loc[1, "依据"], bad.loc[2, "结果"], bad.loc[3, "层级"] = "", "部分", "组"
    with pytest.raises(ResponsesError) as told:
        ev.tally(bad)
    assert {(fault.row, fault.column) for fault in told.value.faults} == {(5, "层级"), (4, "结果"), (3, "依据"), (6, "项目")}


def test_a_card_speaks_as_a_tree_and_draws() -> None:
    card = ev.score(WHOLE, SYSTEMS / "sichuan_city_2017.toml")
    assert "1.1.1 减贫人口完成率  100%，15/15 分" in repr(card) and "<table" in card._repr_html_()
    assert "15/15 分" in card.plot().get_label()
    found = ev.score(survey(), system(leaf("A", column="happy", statistic="proportion")), by="county")
    assert found.plot().get_label().startswith("甲县 9.") and "3 个对象" in repr(found) and "<table" in found._repr_html_()
    with pytest.raises(ReportError, match="没有分值可画"):
        ev.score({"综合贫困发生率": 0.01, "错退率": 0.0, "漏评率": 0.0, "群众认可度": 0.95}, SYSTEMS / "county_exit_west.toml").plot()


COUNTY: list[dict[str, Any]] = [
    {"code": code, "name": code, "rule": "gate", "source": "第三方评估", "target": target, "direction": direction, "strict": False,
     "rate": code, "reads": "unweighted"} for code, target, direction in (("错退率", 0.02, "below"), ("群众认可度", 0.9, "above"))
]  # fmt: skip
SECTION = {"title": "两项", "source": "自拟", "full": 0.0, "passed": "建议同意退出", "failed": "建议不同意退出", "item": COUNTY}


def test_rates_of_a_design_go_to_the_indicators_that_name_them() -> None:
    declared, registry, sample, returned = county.build(county.design(indicators=SECTION, returns={"empty_cell": "spread"}))
    found = ev.weigh(ev.determine(ev.collect(sample, returned)))
    frame = ev.Frame.from_data(registry.villages(), id="village_code", name="village", columns=["township_code"])
    rates = ev.measure(found, declared, frame)
    card = ev.score({"示例县": rates}, declared)
    assert card.values.read[0] == pytest.approx([rate.confirmed.official for rate in rates])
    judged = ev.judge(rates[0].confirmed.estimate, 0.02, direction="below", strict=False, legal_value=rates[0].confirmed.official)
    assert card.verdicts["示例县", "错退率"].zone == judged.zone
    assert card.system is declared.indicators and county.design().hash == declared.hash


def test_a_design_tells_the_faults_of_its_indicators_by_path() -> None:
    bad = [COUNTY[0] | {"rate": "错率", "source": ""}, COUNTY[1] | {"weight": 3.0}]
    with pytest.raises(DesignError) as told:
        county.design(indicators=SECTION | {"item": bad})
    found = {(fault.column, fault.rule) for fault in told.value.faults}
    assert found == {
        ("indicators.full", "一级指标分值之和应为 0"), ("indicators.item[1].source", "指标没有数据来源"),
        ("indicators.item[1].rate", "设计中没有这个指标（[[rate]]）"),
    }  # fmt: skip


def test_the_command_scores_a_table(tmp_path: Path) -> None:
    rows = [("甲市", code, value, "表", "2018", "办") for code, value in WHOLE.items()]
    table = pd.DataFrame(rows, columns=["对象", "代码", "值", "来源", "日期", "提供单位"])
    table.to_csv(tmp_path / "values.csv", index=False)
    asked = ["score", str(tmp_path), "--values", str(tmp_path / "values.csv"), "--system", str(SYSTEMS / "sichuan_city_2017.toml")]
    said = CliRunner().invoke(main, asked)
    assert said.exit_code == 0 and "得 27 分（可得 27 分）" in said.output
    assert pd.read_csv(tmp_path / "scorecard.csv")["points"].max() == 27


def test_the_table_of_methods_is_the_one_that_systems_know() -> None:
    assert set(METHODS) == {"gate", "threshold", "steps", "cases", "goalposts", "percent", "rank"}
