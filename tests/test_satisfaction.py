"""Approval of a household from its answers, by each rule, with don't-knows on both sides; and shares of answers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.design.judgement import ApprovalRate
from evalkit.errors import ResponsesError
from evalkit.satisfaction import approval, distribution
from evalkit.survey import Survey
from tests import county

SCALE = ("认可", "基本认可", "不认可", "不清楚")
ANSWERS = st.lists(st.lists(st.sampled_from(SCALE), min_size=4, max_size=4), min_size=1, max_size=8)
ITEMS = ("甲", "乙", "丙", "丁")


def rate(**changes: Any) -> ApprovalRate:
    keys: dict[str, Any] = {
        "name": "群众认可度", "kind": "approval", "items": ITEMS, "scale": SCALE, "approve": SCALE[:2],
        "dont_know": ["不清楚"], "rule": "majority",
    }  # fmt: skip
    return ApprovalRate(**{**keys, **changes})


def answers(*rows: str) -> pd.DataFrame:
    """Households whose answers are written 认, 基, 否 or 疑."""
    words = dict(zip("认基否疑", SCALE, strict=True)) | {"空": ""}
    return pd.DataFrame([[words[letter] for letter in row] for row in rows], columns=list(ITEMS))


@pytest.mark.parametrize(
    ("row", "every", "most"),
    [
        ("认基认基", (1, 1), (1, 1)),
        ("认认认否", (0, 0), (1, 1)),
        ("认认否否", (0, 0), (0, 0)),
        ("认认疑否", (0, 0), (0, 1)),
        ("认认认疑", (0, 1), (1, 1)),
    ],
)
def test_rules_and_band(row: str, every: tuple[int, int], most: tuple[int, int]) -> None:
    for rule, expected in (("all", every), ("majority", most)):
        made = approval(answers(row), rate(rule=rule))
        assert (made.approve[0], made.approve_if_dk_yes[0]) == expected


def test_a_single_item_decides_alone() -> None:
    made = approval(answers("认否否否", "否认认认", "疑认认认"), rate(rule="single", items=["甲"]))
    assert made.approve.tolist() == [True, False, False]
    assert made.approve_if_dk_yes.tolist() == [True, False, True]


@settings(max_examples=40, deadline=None)
@given(ANSWERS)
def test_all_implies_majority_and_the_band_only_widens(rows: list[list[str]]) -> None:
    table = pd.DataFrame(rows, columns=list(ITEMS))
    every, most = approval(table, rate(rule="all")), approval(table, rate())
    assert (every.approve <= most.approve).all() and (every.approve_if_dk_yes <= most.approve_if_dk_yes).all()
    assert (most.approve <= most.approve_if_dk_yes).all()
    turned = approval(table[list(ITEMS[::-1])], rate(items=ITEMS[::-1]))
    assert (turned.approve == most.approve).all()


@pytest.mark.parametrize(
    ("row", "three", "sixty"),
    [
        ("认认认否", (1, 1), (1, 1)),
        ("认认疑否", (0, 1), (0, 1)),
        ("基基基基", (1, 1), (0, 0)),
        ("认否否否", (0, 0), (0, 0)),
        ("认基认疑", (1, 1), (1, 1)),
    ],
)
def test_so_many_of_the_items_and_their_mean_score(row: str, three: tuple[int, int], sixty: tuple[int, int]) -> None:
    for rule, expected in (({"rule": "at-least", "at_least": 3}, three), ({"rule": "mean-score", "mean_score": 60.0}, sixty)):
        made = approval(answers(row), rate(**rule))
        assert (made.approve[0], made.approve_if_dk_yes[0]) == expected


@settings(max_examples=40, deadline=None)
@given(ANSWERS)
def test_all_of_the_items_is_at_least_all_of_them(rows: list[list[str]]) -> None:
    table = pd.DataFrame(rows, columns=list(ITEMS))
    assert approval(table, rate(rule="all")).approve.tolist() == approval(table, rate(rule="at-least", at_least=4)).approve.tolist()


@pytest.mark.parametrize("wrong", [{"rule": "at-least"}, {"at_least": 2}, {"rule": "at-least", "at_least": 5}, {"rule": "mean-score"}])
def test_a_rule_has_its_number_and_no_other(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        rate(**wrong)


def test_only_the_population_and_completed_interviews_are_asked() -> None:
    table = answers("认认认认", "认认认认", "空空空空", "空空空空")
    table["stratum"] = ["甲户", "乙户", "乙户", "甲户"]
    table["complete"] = [True, True, True, False]
    made = approval(table, rate(population=["甲户"]))
    assert made.approve.tolist() == [True, False, False, False]
    assert made.approve_if_dk_yes.tolist() == [True, False, False, False]


def test_missing_and_unknown_answers_are_refused() -> None:
    table = answers("认认认认", "空认认认")
    table.loc[0, "乙"] = "还行"
    with pytest.raises(ResponsesError) as refused:
        approval(table, rate(items=["甲", "乙", "戊"]))
    lacking = "甲：1 户｜完成调查的户缺答案｜补问这一户；确无回答的，在设计中写该指标 missing"
    for part in (lacking, "乙：1 户｜不在允许的答案中", "戊｜没有这一列"):
        assert part in str(refused.value)
    made = approval(answers("空空认认"), rate(), missing="dont_know")
    declared = approval(answers("空空认认"), rate(missing="dont_know"))
    for one in (made, declared):
        assert (one.approve[0], one.approve_if_dk_yes[0]) == (False, True)
    with pytest.raises(ResponsesError):
        approval(answers("空空认认"), rate(missing="dont_know"), missing="fail")


def test_arrays_cannot_be_written() -> None:
    made = approval(answers("认认认认"), rate())
    with pytest.raises(ValueError):
        made.approve[0] = False


def test_shares_of_answers_are_weighted_and_in_the_order_of_the_scale() -> None:
    table = answers("认认认认", "否认认认", "疑认认认", "认认认认").assign(w=[1.0, 2.0, 3.0, 4.0])
    made = distribution(Survey.from_data(table, weights="w"), rate())
    first = made[made["item"] == "甲"]
    assert first["answer"].tolist() == list(SCALE)
    assert first["n"].tolist() == [2, 0, 1, 1]
    assert first["share"].tolist() == pytest.approx([0.5, 0.0, 0.2, 0.3])
    assert made.groupby("item")["share"].sum().tolist() == pytest.approx([1.0] * 4)


def test_shares_are_of_those_who_were_asked() -> None:
    table = answers("认认认认", "否认认认", "空空空空").assign(w=[1.0, 3.0, 9.0], stratum=["甲户", "甲户", "乙户"])
    made = distribution(Survey.from_data(table, weights="w"), rate(population=["甲户"]))
    assert made.loc[made["item"] == "甲", "share"].tolist() == pytest.approx([0.25, 0.0, 0.75, 0.0])
    nobody = distribution(Survey.from_data(table, weights="w"), rate(population=["丙户"]))
    assert set(nobody["n"]) == {0} and set(nobody["share"]) == {0.0}


def test_the_simulated_returns_approve_as_stated() -> None:
    table = county.collected().table()
    declared = county.design().rate("群众认可度")
    assert isinstance(declared, ApprovalRate)
    made = approval(table, declared)
    assert made.approve[table["complete"]].mean() == pytest.approx(0.965, abs=0.06)
    assert not made.approve[~table["complete"]].any()
