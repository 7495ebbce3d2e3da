"""An acceptance rule on its way: declared in the design, shown in the plan, applied to what was found, told in the report."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.acceptance import Double, Layout, Rule, curve, double, number
from evalkit.errors import DesignError, EstimateError, ReportError
from evalkit.evaluation.accepting import decisions
from evalkit.rates import event_households
from evalkit.report import compose_plan, compose_report
from evalkit.report.model import Paragraph
from evalkit.report.plancharts import plan_charts
from evalkit.report.plantables import plan_tables
from tests import county
from tests.specimens import made_up

RULE: dict[str, Any] = {"at_most": 8, "villages": 20, "take": 60, "consumer": 0.05, "icc": 0.05}
LARGE = {county.EXITED: 84.0, county.REGISTERED: 12.0, county.OUTSIDE: 300.0}  # households of a village: 60 of 84 are drawn


def gate(rate: str = "错退率", threshold: float = 0.02, direction: str = "below", **rule: Any) -> dict[str, Any]:
    told = {"strict": True, "legal_value": "unweighted", "quote": "低于2%", "source": "某文件"}
    return {"rate": rate, "threshold": threshold, "direction": direction, **told, "acceptance": {**RULE, **rule}}


def even(*gates: dict[str, Any], share: float = 0.714, villages: int = 20, **changes: Any) -> dict[str, Any]:
    """A design whose sample weights itself: villages at random, the same share of the households of each."""
    rate = {county.EXITED: share, county.REGISTERED: share, county.OUTSIDE: share}
    stages = [
        {"name": "village", "method": "srs", "n": villages},
        {"name": "household", "method": "srs", "strata": ["户类型"], "rate": rate, "shortfall": "take-all"},
    ]
    planning = {"rates": {"错退率": 0.005, "群众认可度": 0.95}, "types": LARGE}
    sections = {"frame": {"code": "free"}, "stage": stages, "gate": list(gates), "planning": {}, "reserves": {}, **changes}
    whole = county.plan() | {"planning": planning}
    whole |= {name: {**whole[name], **keys} if isinstance(keys, dict) else keys for name, keys in sections.items()}
    return whole


def faults(*gates: dict[str, Any], **changes: Any) -> list[str]:
    with pytest.raises(DesignError) as refused:
        ev.read_design(county.plan(gate=list(gates), **changes))
    return [fault.line() for fault in refused.value.faults]


# -- the design file --------------------------------------------------------------------------------------------------------


def test_a_rule_that_keeps_its_risks_reads():
    assert ev.read_design(county.plan(gate=[gate()])).gates[0].acceptance.at_most == 8
    approving = gate("群众认可度", 0.9, "above", at_most=85, producer={"rate": 0.95, "risk": 0.1})
    phased = gate(at_most=23, two_phase={"villages": 20, "accept": 7, "reject": 24, "spending": "pocock"})
    assert len(ev.read_design(county.plan(gate=[approving, phased])).gates) == 2


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"at_most": 9}, "gate[1].acceptance.at_most：9｜率恰为2%时误予接收的概率为5.37%，大于 consumer = 0.05｜at_most 至多写 8"),
        ({"villages": 10, "take": 120, "icc": 0.1}, "40 个村 × 30 户可以，至多 8 户"),
        ({"producer": {"rate": 0.005, "risk": 0.2}}, "producer：0.2｜率为0.5%时误不接收的概率为27.01%，大于 0.2｜每村 60 户须 23 个村"),
        ({"producer": {"rate": 0.03, "risk": 0.2}}, "较好的率应低于门槛"),
        ({"at_most": 24, "two_phase": {"villages": 20, "accept": 7, "reject": 25}}, "例如 accept = 7、reject = 24、at_most = 23"),
        ({"two_phase": {"villages": 20, "accept": 8, "reject": 10, "spending": "pocock"}}, "two_phase.accept：8｜第一阶段"),
        ({"two_phase": {"villages": 20, "accept": 9, "reject": 10}}, "reject 至少比 accept 大 2"),
        ({"at_most": 1200}, "at_most = 1200"),
        ({"take": 10**6}, "不超过 100000 户"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_is_a_fault(rule, told):
    assert any(told in line for line in faults(gate(**rule))), faults(gate(**rule))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("icc", 1, "icc：1｜数值太大"), ("consumer", 0.6, "consumer：0.6｜数值太大"), ("take", 0, "take：0｜数值太小"),
     ("at_most", "8", "应为整数"), ("policy", 1, "没有这个键"),
     ("two_phase", {"villages": 20, "accept": 1, "reject": 9, "spending": "x"}, "不在允许的取值中")],
)  # fmt: skip
def test_what_stands_outside_its_range_is_told_once(key, value, told):
    lines = faults(gate(**{key: value}))
    assert len(lines) == 1 and told in lines[0]


def test_every_key_of_a_rule_must_be_written():
    for key in RULE:
        one = gate()
        del one["acceptance"][key]
        assert faults(one) == [f"gate[1].acceptance.{key}｜缺少这一项｜补上这一项"]


def test_rates_that_no_count_stands_for_are_refused():
    rates = county.plan()["rate"]
    whole = [{**rates[0], "denominator": "villages"}, rates[1]]
    assert "gate[1].acceptance：错退率｜分母为抽查村全部人口" in faults(gate(), rate=whole)[0]
    totals = {key: {"value": 1000} for key in ("remaining", "exited", "non_registry", "rural")}
    missed = {**rates[0], "name": "漏评率", "finding": "missed", "population": [county.OUTSIDE]}
    whole = {"name": "综合贫困发生率", "kind": "incidence", "wrong_exit": "错退率", "missed": "漏评率"}
    incidence = {**whole, "totals": {**totals, "date": "2018-10-31", "source": "台账"}}
    assert "不能数户接收" in faults(gate("综合贫困发生率"), rate=[rates[0], missed, incidence])[0]


@pytest.mark.parametrize("rate", [None, 3, ["错退率"], {"name": "错退率"}])
def test_shapes_that_are_none_are_left_to_their_section(rate):
    one = {**gate(at_most=9), "rate": rate}
    assert faults(one) and faults({**gate(), "acceptance": rate or 1})


def test_the_rule_has_a_seal_of_its_own_and_no_part_in_the_draw():
    plain, ruled = ev.read_design(county.plan(gate=[{**gate(), "acceptance": None}])), ev.read_design(county.plan(gate=[gate()]))
    other = ev.read_design(county.plan(gate=[gate(at_most=7)]))
    assert plain.hash == ruled.hash
    assert len({design.section_hashes()["gate"] for design in (plain, ruled, other)}) == 3


# -- the sampling plan ------------------------------------------------------------------------------------------------------


@cache
def planned() -> ev.Plan:
    wrong = gate(producer={"rate": 0.005, "risk": 0.3})
    made = double(Layout(20, 280, 0.05), Layout(10, 280, 0.05), 0.9, spending="pocock", direction="above")
    second = {"villages": 10, "accept": made.accept, "reject": made.reject, "spending": "pocock"}
    phased = gate("群众认可度", 0.9, "above", at_most=made.at_most, villages=20, take=280, two_phase=second)
    design = ev.read_design(even(wrong, phased))
    return ev.plan(design, frame())


def frame() -> ev.Frame:
    return ev.Frame.from_data(county.villages(), id="village_code", name="village", columns=["township_code"])


def test_the_plan_tells_the_risks_of_every_rule():
    table = planned().table("acceptance").query("rate == '错退率'").set_index("model")
    rule = Rule(Layout(20, 60, 0.05), 0.02, 8)
    assert table["risk"].to_dict() == pytest.approx(dict(rule.risks))
    assert (table["planned_villages"] == 20).all() and (table["planned_complete"] == 1200).all()
    assert table["risk_planned"].to_dict() == pytest.approx(dict(rule.risks))
    assert (1 - table["rejects_producer"]).to_dict() == pytest.approx(rule.accepts(0.005))
    assert table["accepts_p"].to_dict() == pytest.approx(rule.accepts(0.005))
    assert planned().table("acceptance")["rate"].nunique() == 2


def test_the_curves_hold_gate_and_better_rate():
    curves = planned().table("curves").query("rate == '错退率'")
    rule = Rule(Layout(20, 60, 0.05), 0.02, 8)
    for model, chances in rule.accepts([0.005, 0.02]).items():
        points = curves[curves["model"] == model].set_index("p")["accept"]
        assert points[[0.005, 0.02]].tolist() == pytest.approx(chances)


def test_the_plan_prints_rules_tables_and_curves():
    table = plan_tables(planned())["acceptance"]
    assert table.rows[0][2].text == "20个村×60户，至多8户接收"
    assert any("先20个村×280户，至多" in row[2].text for row in table.rows)
    assert [row[4].text for row in table.rows] == ["贝塔二项", "差村"] * 2
    assert any("错退率接收规则：20个村×60户，至多8户接收；恰在门槛时误予接收的概率4.0%" in line for line in planned().lines())
    said = "".join(block.text for block in compose_plan(planned()).blocks if isinstance(block, Paragraph))
    assert planned().design.section_hashes()["gate"] in said and "入户之前定下的接收规则" in said
    (chart,) = [chart for chart in plan_charts(planned()) if chart.key == "acceptance"]
    assert chart.collisions() == [] and "至多8户接收" in chart.alt


def test_a_plan_without_rules_shows_none():
    plain = ev.plan(ev.read_design(even({**gate(), "acceptance": None})), frame())
    assert plain.table("acceptance").empty and plain.table("curves").empty
    assert "acceptance" not in plan_tables(plain)
    assert "acceptance" not in [chart.key for chart in plan_charts(plain)]
    assert not any("接收规则" in line for line in plain.lines())


def test_a_sample_that_cannot_keep_the_rule_is_refused():
    with pytest.raises(DesignError, match=r"gate\[1\].acceptance：预计完成 1080 户（20 个村），规则按 20 个村 × 60 户｜误予接收的概率将为"):
        ev.plan(ev.read_design(even(gate(), planning={"rates": {}, "types": LARGE, "response": 0.9})), frame())
    uneven = ev.read_design(county.plan(gate=[gate(at_most=0, villages=20, take=10)]) | {"planning": {"rates": {"错退率": 0.005}}})
    with pytest.raises(DesignError, match=r"gate\[1\].acceptance：deff_w = .*接收数只用于自加权样本.*KG-M"):
        ev.plan(uneven, frame())


# -- the verdict --------------------------------------------------------------------------------------------------------------


def test_a_decision_follows_the_number():
    rule = number(Layout(20, 60, 0.05), 0.02)
    assert [ev.accept(found, rule).says for found in (0, 8, 9)] == ["accepted", "accepted", "not accepted"]
    made = ev.accept(5, rule, name="错退率")
    assert made.sound and made.risks == rule.risks
    assert "完成20个村1200户，发现差错5户，予以接收" in repr(made)
    assert "4.02%" in made.sentence(register="technical") and "accept with at most 8" in made.sentence("en")
    assert "不认可5户" in ev.accept(5, number(Layout(20, 60, 0.05), 0.9, direction="above")).sentence()


def test_both_phases():
    half = Layout(20, 60, 0.05)
    rule = double(half, half, 0.02, spending="pocock")
    says = [ev.accept(found, rule).says for found in (rule.accept, rule.accept + 1, rule.reject - 1, rule.reject)]
    assert says == ["accepted", "continue", "continue", "not accepted"]
    last = ev.accept(rule.at_most, rule, phase=2)
    assert (last.says, last.villages, last.households) == ("accepted", 40, 2400)
    assert ev.accept(rule.at_most + 1, rule, phase=2).says == "not accepted"
    short = ev.accept(5, rule, phase=2, takes=[60] * 20 + [30] * 20)
    expected = Double(half, Layout(20, 30, 0.05), 0.02, rule.accept, rule.reject, rule.at_most)
    assert short.risks == pytest.approx(dict(expected.risks))


def test_a_smaller_or_uneven_sample_is_said():
    rule = number(Layout(20, 60, 0.05), 0.02)
    small = ev.accept(5, rule, takes=[50] * 19 + [40])
    assert not small.sound and "此项不作依据" in small.sentence() and "no proof" in small.sentence("en")
    assert small.risks == pytest.approx(dict(Rule(Layout(20, (50,) * 19 + (40,), 0.05), 0.02, 8).risks))
    assert "此项不作依据" not in ev.accept(20, rule, takes=[50] * 20).sentence()  # a rejection only becomes firmer
    uneven = ev.accept(5, rule, deff_w=1.3)
    assert "以区间判定为准" in uneven.sentence() and "the interval decides" in uneven.sentence("en")
    assert ev.accept(3, rule, takes=[1] * 8).risk == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda rule: ev.accept(-1, rule),
        lambda rule: ev.accept(1.5, rule),
        lambda rule: ev.accept(1201, rule),
        lambda rule: ev.accept(5, rule, phase=2),
        lambda rule: ev.accept(5, rule, deff_w=0.5),
        lambda rule: ev.accept(5, rule, takes=[60, 0]),
        lambda rule: ev.accept(5, rule).sentence("de"),
    ],
)
def test_what_cannot_be_decided_is_refused(ask):
    with pytest.raises(EstimateError, match=r"｜.*｜"):
        ask(number(Layout(20, 60, 0.05), 0.02))


# -- an evaluation ------------------------------------------------------------------------------------------------------------


@cache
def evaluated() -> tuple[Any, ev.Survey]:
    wrong = gate(threshold=0.2, at_most=2, villages=20, take=5)
    approving = gate("群众认可度", 0.5, "above", at_most=400, villages=20, take=50)
    changes = {"evaluation": {"singleton": "adjust"}, "returns": {"empty_cell": "spread"}, "reserves": {"n": 2}}
    declared, _, sample, returned = county.build(ev.read_design(even(wrong, approving, share=0.5, **changes)))
    return declared, ev.weigh(ev.determine(ev.collect(sample, returned)))


def test_an_evaluation_counts_households_and_applies_its_rules():
    declared, survey = evaluated()
    table = survey.table()
    exited = table["stratum"] == county.EXITED
    found, takes, deff_w = event_households(survey, declared.rates[0])
    assert found == (table["wrong_exit_confirmed"].astype(bool) & exited).sum() > 0
    assert takes == table[exited].groupby("village").size().to_dict()
    weights = np.asarray(survey.weights)[exited]
    assert deff_w == pytest.approx(len(weights) * (weights**2).sum() / weights.sum() ** 2)
    wrong, approving = decisions(declared, survey)["acceptance"]
    assert (wrong["rate"], wrong["found"], wrong["at_most"]) == ("错退率", found, 2)
    assert wrong["says"] == ("accepted" if found <= 2 else "not accepted")
    assert wrong["risks"] == pytest.approx(dict(Rule(Layout(len(takes), tuple(takes.values()), 0.05), 0.2, 2).risks))
    rate = {rate.name: rate for rate in ev.measure(survey, declared, frame())}["群众认可度"].confirmed
    assert approving["found"] == rate.denominator - rate.numerator
    assert approving["households"] == rate.denominator == len(table)


def test_a_design_without_rules_adds_nothing():
    survey = evaluated()[1]
    plain = ev.read_design(even({**gate(), "acceptance": None}))
    assert decisions(plain, survey) == {}


def test_the_report_tells_the_decision_in_both_registers():
    rule = number(Layout(20, 60, 0.05), 0.02)
    made = ev.accept(5, rule, name="错退率")
    told = {"rate": "错退率", "sentence": made.sentence(), "sentence_technical": made.sentence(register="technical")}
    texts = [(block.text, block.kind) for block in compose_report(made_up(acceptance=[told])).blocks if isinstance(block, Paragraph)]
    kinds = [kind for text, kind in texts if "入户之前定下的接收规则" in text]
    assert kinds == ["text", "technical"]
    assert not any("接收规则" in block.text for block in compose_report(made_up()).blocks if isinstance(block, Paragraph))


# -- the chart ----------------------------------------------------------------------------------------------------------------


def drawn(rule: Rule | Double, **options: Any) -> Any:
    return charts.oc_plot(pd.DataFrame(curve(rule).rows(), columns=["model", "p", "accept"]), **options)


def test_the_lines_are_told_apart_without_colour():
    axes = drawn(Rule(Layout(20, 60, 0.05), 0.02, 8), gate=0.02, better=0.005)
    lines = axes.get_lines()[:2]
    assert [line.get_label() for line in lines] == ["贝塔二项", "差村"]
    assert len({str(line._dash_pattern) for line in lines}) == 2
    assert [text.get_text() for text in axes.texts] == ["合格点 0.5%", "门槛 2%"]
    assert "恰在门槛上时通过2.7%～4.0%" in axes.get_xlabel()
    picture, size = axes._repr_png_()
    assert picture.startswith(b"\x89PNG") and size["width"] > 600


def test_approval_rises_to_the_right():
    axes = drawn(number(Layout(20, 60, 0.05), 0.9, direction="above"), gate=0.9)
    line = axes.get_lines()[0]
    assert line.get_ydata()[np.argmax(line.get_xdata())] == 1
    assert "4.8%" in axes.get_xlabel()


@pytest.mark.parametrize("table", [pd.DataFrame({"p": [0.1]}), pd.DataFrame(columns=["model", "p", "accept"])])
def test_a_table_that_is_no_curve_is_refused(table):
    with pytest.raises(ReportError, match=r"model、p、accept"):
        charts.oc_plot(table, gate=0.02)
