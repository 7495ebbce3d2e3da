"""Accuracy, prevalence and 群众满意度: against hand arithmetic, in gates, and what a design may not say of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit.rates import Rate, assumed, breakdown
from tests import county

FINDING = {"kind": "finding", "count": "persons", "decided_by": "household"}
REGISTRY = [county.EXITED, county.REGISTERED]
RATES: list[dict[str, Any]] = [
    {"name": "错退率", "finding": "wrong_exit", "population": [county.EXITED], **FINDING},
    {"name": "漏评率", "finding": "missed", "population": [county.OUTSIDE], **FINDING},
    {"name": "错评率", "finding": "misidentified", "population": [county.REGISTERED], **FINDING},
    {"name": "退出准确率", "kind": "accuracy", "errors": ["错退率"], "rule": "single"},
    {"name": "识别准确率合并", "kind": "accuracy", "errors": ["错评率", "漏评率"], "rule": "pooled"},
    {"name": "识别准确率相减", "kind": "accuracy", "errors": ["错评率", "漏评率"], "rule": "summed"},
    {"name": "识别准确率在册", "kind": "accuracy", "errors": ["错评率"], "rule": "single"},
    {
        "name": "返贫率", "kind": "prevalence", "column": "是否返贫", "scale": ["是", "否"], "counted": ["是"], "count": "persons",
        "population": [county.EXITED],
    },
    county.plan()["rate"][1],
    {
        "name": "群众满意度", "kind": "approval", "items": ["驻村工作队", "帮扶责任人"], "scale": ["满意", "一般", "不满意"],
        "approve": ["满意"], "rule": "all", "population": REGISTRY, "count": "households",
    },
]  # fmt: skip


@cache
def built() -> tuple[ev.Survey, Any, Any]:
    changes = {"returns": {"empty_cell": "spread"}, "evaluation": {"singleton": "adjust"}, "specimen": {"shares": {"返贫率": 0.05}}}
    declared, _, sample, returned = county.build(county.design(rate=RATES, **changes))
    return ev.weigh(ev.determine(ev.collect(sample, returned))), declared, sample.frame


@cache
def measured() -> dict[str, Rate]:
    return {rate.name: rate for rate in ev.measure(*built())}


def share(name: str) -> tuple[float, float]:
    found = measured()[name].confirmed
    return found.official, float(found.estimate)


def test_exit_accuracy_is_1_less_wrong_exits_with_the_mirrored_interval() -> None:
    wrong, right = (measured()[name].confirmed for name in ("错退率", "退出准确率"))
    assert right.official == pytest.approx(1 - wrong.official) and float(right.estimate) == pytest.approx(1 - float(wrong.estimate))
    assert right.estimate.se == pytest.approx(wrong.estimate.se, rel=1e-12)
    a, b = wrong.estimate.interval().iloc[0], right.estimate.interval().iloc[0]
    assert [b["low"], b["high"]] == pytest.approx([1 - a["high"], 1 - a["low"]], rel=1e-9)
    assert right.numerator == wrong.denominator - wrong.numerator and right.denominator == wrong.denominator


def test_the_three_rules_of_identification_accuracy() -> None:
    listed, missed = (measured()[name].confirmed for name in ("错评率", "漏评率"))
    pooled, summed, single = (measured()[f"识别准确率{rule}"].confirmed for rule in ("合并", "相减", "在册"))
    wrong, base = listed.numerator + missed.numerator, listed.denominator + missed.denominator
    assert wrong > 0 and pooled.official == pytest.approx(1 - wrong / base)
    assert summed.official == pytest.approx(1 - listed.official - missed.official) and not summed.counted
    assert single.official == pytest.approx(1 - listed.official)
    assert len({round(each.official, 6) for each in (pooled, summed, single)}) == 3  # the rule decides the number


def test_pooled_and_summed_have_the_value_and_the_error_of_their_formulas() -> None:
    survey = built()[0]
    table = survey.table()
    registered, outside = (table["stratum"] == each for each in (county.REGISTERED, county.OUTSIDE))
    wrong = table["affected"] * (table["misidentified_confirmed"] & registered | table["missed_confirmed"] & outside)
    base = table["persons"] * (registered | outside)
    w = survey.weights
    pooled, summed = (measured()[f"识别准确率{rule}"].confirmed.estimate for rule in ("合并", "相减"))
    assert float(pooled) == pytest.approx(1 - (w @ wrong) / (w @ base), rel=1e-12)
    formula = 1 - measured()["错评率"].confirmed.estimate - measured()["漏评率"].confirmed.estimate
    assert float(summed) == pytest.approx(float(formula), rel=1e-12) and summed.se == pytest.approx(formula.se, rel=1e-9)
    low, high = summed.interval()[["low", "high"]].iloc[0]
    assert low < float(summed) < high <= 1 and summed.kind == "proportion"


def test_re_poverty_is_the_share_of_persons_who_say_so() -> None:
    survey = built()[0]
    table = survey.table()
    exited, again = table["stratum"] == county.EXITED, table["是否返贫"] == "是"
    found = measured()["返贫率"].confirmed
    assert found.numerator == table.loc[exited & again, "persons"].sum() > 0
    assert found.denominator == table.loc[exited, "persons"].sum()
    w = survey.weights * table["persons"]
    assert float(found.estimate) == pytest.approx(w[exited & again].sum() / w[exited].sum(), rel=1e-12)


def test_approval_and_satisfaction_are_two_rates_of_two_populations() -> None:
    survey = built()[0]
    table = survey.table()
    approve, content = (measured()[name].confirmed for name in ("群众认可度", "群众满意度"))
    assert approve.denominator == len(table) > content.denominator == table["stratum"].isin(REGISTRY).sum()
    both = (table["驻村工作队"] == "满意") & (table["帮扶责任人"] == "满意") & table["stratum"].isin(REGISTRY)
    assert content.numerator == both.sum()


def test_suspected_cases_lower_an_accuracy_further() -> None:
    rate = measured()["退出准确率"]
    assert rate.suspected is not None and rate.suspected.official < rate.confirmed.official


@pytest.mark.parametrize("name", ["退出准确率", "识别准确率相减", "返贫率"])
def test_gates_read_the_new_kinds(name: str) -> None:
    found = measured()[name].confirmed
    direction = "below" if name == "返贫率" else "above"
    gate = 0.5
    verdict = ev.judge(found.estimate, gate, direction=direction, strict=False, legal_value=found.official, name=name)
    assert verdict.legal == (found.official <= gate if direction == "below" else found.official >= gate)
    assert name in verdict.sentence("zh") and 0 <= verdict.risk_at_threshold <= 1 and verdict.zone == "met"


def test_groups_and_sets_of_findings_have_accuracies_too() -> None:
    survey, declared, frame = built()
    labels = pd.Series(["甲" if code[-1] in "02468" else "乙" for code in survey.table()["village"]])
    parts = [found for rate, _, found in breakdown(survey, declared, labels) if rate == "退出准确率"]
    assert sum(part.numerator for part in parts) == measured()["退出准确率"].confirmed.numerator
    now = survey.table()["wrong_exit_confirmed"].to_numpy(dtype=float)[:, None]
    made = assumed(survey, declared, frame, {"错退率": now * [[0, 1]]})
    assert made["退出准确率"].official == pytest.approx([1, 1 - made["错退率"].official[1]]) and made["退出准确率"].official[0] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"errors": ["错退率"], "rule": "pooled"}, "2 个以上"),
        ({"errors": ["错退率", "漏评率"], "rule": "single"}, "single 写 1 个"),
        ({"errors": ["没有"], "rule": "single"}, "没有这个指标"),
        ({"errors": ["群众认可度"], "rule": "single"}, "种类不是"),
        ({"errors": ["错退率", "错退率"], "rule": "pooled"}, "两次"),
        ({"errors": ["错退率", "返贫率"], "rule": "pooled"}, "算两次"),
        ({"errors": ["错退率"]}, "rule"),
    ],
)
def test_accuracies_that_cannot_be_are_refused_with_the_design(change, words) -> None:
    rates = [*RATES[:3], RATES[7], RATES[8], {"name": "准确率", "kind": "accuracy", **change}]
    with pytest.raises(ev.EvalkitError, match=words):
        county.design(rate=rates)


def test_a_counted_word_must_be_an_answer() -> None:
    with pytest.raises(ev.EvalkitError, match="不在 scale 中"):
        county.design(rate=[{**RATES[7], "counted": ["已返贫"]}])
    with pytest.raises(ev.EvalkitError, match="口径 b"):
        county.design(rate=[{**RATES[0], "denominator": "villages"}, RATES[3]])
