"""Each household is judged by the criteria and no other; the status ladder decides what counts."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from evalkit.design.criteria import Criteria
from evalkit.errors import ResponsesError
from evalkit.findings import determine
from evalkit.responses import Responses, collect
from evalkit.sample import Sample
from tests import county

SOUGHT = ("wrong_exit", "missed", "misidentified")
FAIR = {item: "是" for item in county.GUARANTEES} | {item: "否" for item in county.EXCLUSIONS}


def judged(*rows: dict[str, Any], missing: Literal["fail", "met"] | None = None, rules: Criteria | None = None) -> pd.DataFrame:
    """Judge households that are in order but for what the rows say."""
    sample = county.made()[2]
    sound = {"village": "a", "stratum": county.EXITED, "persons": 3, "complete": True, "status": "", "人均纯收入": 9000.0, **FAIR}
    table = pd.DataFrame([{**sound, "household": str(i), **row} for i, row in enumerate(rows)])
    return determine(Responses(sample, (), table), rules, missing=missing).table()


def test_the_truth_of_every_interview_is_found() -> None:
    _, made, sample, _ = county.made()
    table = determine(county.collected()).table()
    truth = made.households(sample.villages).set_index(["village", "household"])["truth"]
    known = truth.reindex(pd.MultiIndex.from_frame(table[["village", "household"]])).to_numpy()
    complete = table["complete"].to_numpy()
    assert (table["finding"].to_numpy()[complete] == known[complete]).all()
    assert (table["finding"][~complete] == "").all()
    assert set(known[complete]) == {"", *SOUGHT}


@pytest.mark.parametrize(
    ("row", "finding", "items"),
    [
        ({}, "", ""),
        ({"人均纯收入": 3535.0}, "", ""),
        ({"人均纯收入": 3534.99}, "wrong_exit", "人均纯收入低于标准"),
        ({"住房安全": "否"}, "wrong_exit", "住房安全：否"),
        ({"人均纯收入": 10.0, "吃不愁": "否", "有小汽车": "是"}, "wrong_exit", "人均纯收入低于标准；吃不愁：否"),
        ({"stratum": county.OUTSIDE, "基本医疗": "否"}, "missed", "基本医疗：否"),
        ({"stratum": county.OUTSIDE, "基本医疗": "否", "有小汽车": "是"}, "", ""),
        ({"stratum": county.OUTSIDE, "有小汽车": "是"}, "", ""),
        ({"stratum": county.REGISTERED, "人均纯收入": 100.0}, "", ""),
        ({"stratum": county.REGISTERED, "人均纯收入": 100.0, "有财政供养人员": "是"}, "misidentified", "有财政供养人员"),
        ({"stratum": "别的户", "人均纯收入": 100.0}, "", ""),
        ({"complete": False, "人均纯收入": 100.0}, "", ""),
    ],
)
def test_each_rule(row: dict[str, Any], finding: str, items: str) -> None:
    table = judged(row)
    assert (table["finding"][0], table["items"][0]) == (finding, items)
    assert table["affected"][0] == (3 if finding else 0)


@pytest.mark.parametrize(
    ("status", "raised", "confirmed"),
    [
        ("", True, False),
        ("clue", False, False),
        ("suspected", True, False),
        ("notified", True, False),
        ("answering", True, False),
        ("confirmed", True, True),
        ("dismissed", False, False),
        ("final", True, True),
    ],
)
def test_the_status_ladder(status: str, raised: bool, confirmed: bool) -> None:
    table = judged({"人均纯收入": 1.0, "status": status})
    assert (table["wrong_exit"][0], table["wrong_exit_confirmed"][0]) == (raised, confirmed)
    assert table["status"][0] == (status or "suspected")
    assert not table[["missed", "missed_confirmed", "misidentified"]].any(axis=None)


def test_a_dismissed_case_stays_among_the_cases_and_counts_nowhere() -> None:
    _, _, sample, table = county.made()
    table = table.reset_index(drop=True).astype(object)
    told = table["状态"] != ""
    table.loc[told, "状态"] = "排除"
    made = determine(collect(sample, table))
    assert len(made.cases()) == told.sum() and set(made.cases()["status"]) == {"dismissed"}
    assert made.counts()[["households", "persons", "confirmed_households"]].to_numpy().sum() == 0 and made.items().empty


def test_without_a_status_column_every_case_counts_as_confirmed() -> None:
    _, _, sample, returned = county.build(county.design(returns={"status": ""}))
    made = determine(collect(sample, returned))
    table = made.table()
    assert table["wrong_exit"].any() and made.faults == ()
    for finding in SOUGHT:
        assert table[finding].equals(table[f"{finding}_confirmed"])


def test_affected_members_are_counted_where_the_returns_say_them() -> None:
    rules = county.design(criteria={"affected": "涉及人数"}).criteria
    poor = {"人均纯收入": 1.0, "status": "confirmed"}
    cells = [{**poor, "涉及人数": 1.0}, {**poor, "涉及人数": np.nan}, {"涉及人数": 0.0}, {**poor, "涉及人数": 0.0, "status": "dismissed"}]
    assert judged(*cells, rules=rules)["affected"].tolist() == [1, 3, 0, 3]
    with pytest.raises(ResponsesError, match="村 a 户 0｜有问题的户，涉及人数为 0"):
        judged({**poor, "涉及人数": 0.0}, rules=rules)


def test_missing_answers_fail_by_default_and_may_speak_for_the_household() -> None:
    holes = {"人均纯收入": np.nan, "吃不愁": "", "有小汽车": ""}
    with pytest.raises(ResponsesError) as refused:
        judged({}, holes)
    for column in holes:
        assert f"{column}：村 a 户 1｜完成调查的户缺答案，无法认定｜补问这一户" in str(refused.value)
    assert "确无回答的，在设计中写 [criteria] missing = \"met\"" in str(refused.value)
    assert judged(holes, {**holes, "住房安全": "否"}, missing="met")["finding"].tolist() == ["", "wrong_exit"]
    assert judged({**holes, "complete": False})["finding"].tolist() == [""]
    assert judged(holes, rules=county.design(criteria={"missing": "met"}).criteria)["finding"].tolist() == [""]
    with pytest.raises(ResponsesError, match="缺答案"):
        judged(holes, missing="fail", rules=county.design(criteria={"missing": "met"}).criteria)


def with_holes(**criteria: Any) -> tuple[Sample, pd.DataFrame, int]:
    """A sample under changed criteria, its returns with two answers of one complete interview blank, and the row."""
    _, _, sample, table = county.build(county.design(criteria=criteria))
    table = table.reset_index(drop=True).astype(object)
    hole = int(table.index[(table["结果"] == "完成") & (table["状态"] == "")][0])
    table.loc[hole, ["人均纯收入", "吃不愁"]] = ""
    return sample, table, hole


def test_the_design_may_let_missing_answers_stand_and_they_are_listed_once() -> None:
    sample, table, hole = with_holes(missing="met")
    responses = collect(sample, table)
    made = determine(responses)
    whose = "村 {} 户 {}".format(*table.loc[hole, ["村代码", "户编号"]].astype(str))
    lines = [fault.line() for fault in made.faults if "缺答案" in fault.rule]
    told = "缺答案，按达标（无否决情形）计｜补问这一户"
    assert lines == [f"第 {hole + 2} 行，{column}：{whose}｜{told}" for column in ("人均纯收入", "吃不愁")]
    assert [fault.line() for fault in responses.faults if "缺答案" in fault.rule] == lines
    sample, table, hole = with_holes()
    spared = [fault for fault in determine(collect(sample, table, missing="keep"), missing="met").faults if "按达标" in fault.rule]
    assert [(fault.column, fault.value) for fault in spared] == [("人均纯收入", whose), ("吃不愁", whose)]


def test_other_rules_may_be_tried_on_the_same_responses() -> None:
    rules = county.design(criteria={"line": 10**9}).criteria
    table = determine(county.collected(), rules).table()
    exited = table["complete"] & (table["stratum"] == county.EXITED)
    assert (table.loc[exited, "finding"] == "wrong_exit").all()
    strange = county.design(criteria={"guarantees": ["没有的列"]}).criteria
    with pytest.raises(ResponsesError, match="没有的列｜回收表中没有这一列"):
        determine(county.collected(), strange)


def test_counts_and_cases_agree_with_the_table() -> None:
    made = determine(county.collected())
    table, cases = made.table(), made.cases()
    assert len(cases) == (table["finding"] != "").sum()
    assert not {"head", "id_number", "address", "interviewer"} & set(cases.columns)
    whole = made.counts().set_index("finding")
    for finding in SOUGHT:
        assert whole.loc[finding, "households"] == table[finding].sum()
        assert whole.loc[finding, "confirmed_persons"] == table.loc[table[f"{finding}_confirmed"], "affected"].sum()
    parts = made.counts(["village_stratum", "stratum"]).groupby("finding").sum(numeric_only=True)
    assert (parts.reindex(whole.index) == whole).all(axis=None)
    items = made.items().groupby("finding")["households"].sum().reindex(whole.index, fill_value=0)
    assert (items >= whole["households"]).all()
    assert "错退" in repr(made)


def test_status_without_a_case_and_cases_without_status_are_listed() -> None:
    table = county.made()[3].reset_index(drop=True).astype(object)
    case = table.index[table["状态"] != ""][0]
    plain = table.index[(table["状态"] == "") & (table["结果"] == "完成")][0]
    table.loc[case, "状态"], table.loc[plain, "状态"] = "", "认定"
    made = determine(collect(county.made()[2], table))
    text = "\n".join(fault.line() for fault in made.faults)
    assert f"状态：村 {table.loc[plain, '村代码']} 户 {table.loc[plain, '户编号']}｜写了状态，而答案未显示问题" in text
    assert f"状态：村 {table.loc[case, '村代码']} 户 {table.loc[case, '户编号']}｜答案显示问题，而没有状态" in text
    assert len(made.faults) == 2


def test_tables_handed_out_are_copies() -> None:
    made = determine(county.collected())
    table, cases = made.table(), made.cases()
    table["finding"], cases["affected"] = "missed", 0
    assert (made.table()["finding"] == "").any() and made.cases()["affected"].min() > 0
