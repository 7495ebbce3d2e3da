"""What a reader is told in the part of rare rates: numbers where numbers are due, names, reasons in both languages, remedies that help."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import DesignError, EstimateError
from tests import county
from tests.test_acceptance_design import gate

A = ev.acceptance
LAYOUT = A.Layout(20, 60, 0.05)
DOUBLE = A.double(LAYOUT, LAYOUT, 0.02, spending="pocock")
AT = np.arange(2000)
FEW = ev.Survey.from_data(pd.DataFrame({"village": AT // 40, "wrong": AT % 400 == 0}), clusters=["village"])
MET = ev.judge(ev.proportion(FEW, "wrong"), 0.02, strict=True)
LONE = ev.Survey.from_data(pd.DataFrame({"village": 0, "wrong": AT < 50}), clusters=["village"], singleton="certainty")
UNSURE = ev.judge(ev.proportion(LONE, "wrong"), 0.02, strict=True)
SURE_RULE = A.Rule(A.Layout(200, 60, 0.01), 0.02, 3)

TOLD: dict[str, tuple[Callable[[], str], str]] = {
    "tiny risk": (lambda: ev.accept(0, SURE_RULE).sentence("zh", register="technical"), "完成的样本<0.000001%"),
    "tiny risk, en": (lambda: ev.accept(0, SURE_RULE).sentence("en", register="technical"), "<0.000001% for the one completed"),
    "no df": (lambda: UNSURE.sentence("en"), "no bound can be given: no degrees of freedom"),
    "no df, technical": (lambda: UNSURE.sentence("en", register="technical"), "not given (fewer than 2 degrees of freedom)"),
    "no name": (lambda: ev.conclude([UNSURE, MET]).sentence("zh"), "第1项未达到标准（第1项的统计把握程度不充分），建议不同意退出；第2项"),
    "no name, en": (lambda: ev.conclude([MET, UNSURE]).sentence("en"), "not met for rate 2"),
    "one county": (lambda: ev.programme([MET]).sentence("en"), "1 county: "),
    "two counties": (lambda: ev.programme([MET, MET]).sentence("en"), "2 counties: "),
}


@pytest.mark.parametrize("case", TOLD)
def test_sentences_say_what_is_due(case: str) -> None:
    say, told = TOLD[case]
    assert told in say() and "…" not in say()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: A.Layout(20, 60, 0.05, deff_w=1.3), "把设计改为自加权：村按户数 pps 抽取、每村户数相同"),
        (lambda: ev.accept(3, A.number(LAYOUT, 0.02), phase=2), "这条规则只有一个阶段"),
        (lambda: ev.accept(3, DOUBLE, phase=2, takes=[60] * 20), "两个阶段的村都写，先第一阶段的 20 个"),
        (lambda: ev.accept(3, DOUBLE, takes=[60] * 40), "两个阶段都完成了写 phase=2"),
    ],
)
def test_refusals_say_what_to_do(ask: Callable[[], object], told: str) -> None:
    with pytest.raises(EstimateError, match=told):
        ask()


@pytest.mark.parametrize(("at_most", "remedy"), [(5, "at_most 写大一些：7 至 8"), (7, "")])
def test_a_number_that_is_too_small_is_told_a_larger_one(at_most: int, remedy: str) -> None:
    """At 5 errors a county of 0.4 % fails too often; the same villages keep both risks with 7 or 8."""
    plan = county.plan(gate=[gate(at_most=at_most, producer={"rate": 0.004, "risk": 0.25})])
    if not remedy:
        assert ev.read_design(plan).gates[0].acceptance is not None
        return
    with pytest.raises(DesignError) as refused:
        ev.read_design(plan)
    assert remedy in str(refused.value) and "producer.risk" in str(refused.value)
