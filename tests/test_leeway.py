"""The distance to the gates agrees with the rates measured anew, and the gate breaks at the case after the last it bears."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit.evaluation.pending import pending_cases
from evalkit.evaluation.places import Places
from evalkit.findings import Findings
from evalkit.frame import Frame
from evalkit.leeway import Distance, distance
from evalkit.responses import collect
from tests import county

RATES = [
    {"name": "错退率", "kind": "finding", "finding": "wrong_exit", "population": [county.EXITED], "count": "persons",
     "decided_by": "household"},
    {"name": "漏评率", "kind": "finding", "finding": "missed", "population": [county.OUTSIDE], "count": "persons",
     "decided_by": "household"},
    {"name": "综合贫困发生率", "kind": "incidence", "wrong_exit": "错退率", "missed": "漏评率",
     "totals": {"remaining": {"value": 1200}, "exited": {"value": 38000}, "non_registry": {"value": 260000}, "rural": {"value": 300000},
                "date": "2018-12-31", "source": "系统"}},
    county.plan()["rate"][1],
]  # fmt: skip


def gate(rate: str, threshold: float, **more: Any) -> dict[str, Any]:
    return {"rate": rate, "threshold": threshold, "direction": "below", "strict": True, "legal_value": "unweighted", "quote": "低于",
            "source": "规则"} | more  # fmt: skip


GATES = [
    gate("错退率", 0.2), gate("漏评率", 0.1, legal_value="weighted"), gate("综合贫困发生率", 0.1),
    gate("群众认可度", 0.5, direction="above", strict=False),
]  # fmt: skip


@cache
def built() -> tuple[ev.Design, Frame, Findings]:
    changes = {"evaluation": {"singleton": "adjust"}, "returns": {"empty_cell": "spread"}}
    declared, _, sample, returned = county.build(county.design(rate=RATES, gate=GATES, **changes))
    return declared, sample.frame, ev.determine(collect(sample, returned))


@cache
def told() -> Distance:
    declared, frame, findings = built()
    return distance(ev.weigh(findings), declared, frame)


def anew(statuses: dict[tuple[str, str, str], str]) -> dict[str, Any]:
    declared, frame, findings = built()
    after = ev.determine(findings.responses, statuses=statuses)
    return {rate.name: rate.confirmed for rate in ev.measure(ev.weigh(after), declared, frame)}


def key(case: str) -> tuple[str, str]:
    village, household, _ = case.split("/")
    return village, household


def test_a_case_moves_the_rate_as_it_is_measured_anew() -> None:
    table, now = told().table(), anew({})
    mine = table[table["case"] != "全部待定"]
    assert {"suspected", "confirmed"} <= set(mine["status"])
    for status, other, column in (("suspected", "confirmed", "if_confirmed"), ("confirmed", "dismissed", "if_dismissed")):
        for rate in ("错退率", "漏评率", "综合贫困发生率"):
            case = mine[(mine["status"] == status) & (mine["rate"] == rate)].iloc[0]
            after = anew({(*key(case["case"]), case["finding"]): other})[rate]
            read = float(after.estimate) if rate == "漏评率" else after.official
            assert case[column] == pytest.approx(read, rel=1e-12)
            assert case["now"] == pytest.approx(float(now[rate].estimate) if rate == "漏评率" else now[rate].official, rel=1e-12)
            low = after.estimate.interval(level=0.95, side="upper", icc=0.05)["high"].iloc[0]
            gate_of = {"错退率": 0.2, "漏评率": 0.1, "综合贫困发生率": 0.1}[rate]
            assert (case[column.replace("if_", "zone_if_")] == "met") == (low < gate_of)


def test_all_pending_cases_at_once() -> None:
    _, _, findings = built()
    cases = findings.cases()
    waiting = cases[cases["status"] == "suspected"]
    after = anew({tuple(row): "confirmed" for row in waiting[["village", "household", "finding"]].itertuples(index=False)})
    row = told().table().query("case == '全部待定' and rate == '错退率'").iloc[0]
    assert row["if_confirmed"] == pytest.approx(after["错退率"].official, rel=1e-12)
    assert told().pending == len(waiting)


def test_the_sentence_says_one_household_more() -> None:
    row = told().table().query("status == 'suspected' and rate == '错退率'").iloc[0]
    moved = f"错退率由{row['now']:.2%}升至{row['if_confirmed']:.2%}"
    assert row["sentence"].startswith(f"{row['case']}：再认定1户{row['persons']:g}人，{moved}")
    row = told().table().query("status == 'confirmed' and rate == '错退率'").iloc[0]
    assert f"排除1户{row['persons']:g}人，错退率由{row['now']:.2%}降至{row['if_dismissed']:.2%}" in row["sentence"]


def test_the_gate_bears_so_many_of_the_smallest_households_and_no_more() -> None:
    _, _, findings = built()
    table, now = findings.table(), anew({})["错退率"]
    row = told().bearing().query("rate == '错退率'").iloc[0]
    free = table[(table["stratum"] == county.EXITED) & table["complete"] & ~table["wrong_exit_confirmed"]]["persons"].sort_values()
    after = [(now.numerator + free.iloc[:m].sum()) / now.denominator for m in (row["smallest"], row["smallest"] + 1)]
    assert after[0] < 0.2 <= after[1]
    assert row["smallest_persons"] == free.iloc[: row["smallest"]].sum() and row["candidates"] == len(free)
    mean = [(now.numerator + m * free.mean()) / now.denominator for m in (row["typical"], row["typical"] + 1)]
    assert mean[0] < 0.2 <= mean[1] and row["typical"] <= row["smallest"]


def test_a_weighted_gate_and_the_incidence_and_approval_have_rows() -> None:
    made = told().bearing()
    assert made[["rate", "event"]].to_numpy().tolist() == [
        ["错退率", "错退"], ["漏评率", "漏评"], ["综合贫困发生率", "错退"], ["综合贫困发生率", "漏评"], ["群众认可度", "不再认可"],
    ]  # fmt: skip
    weighted = made.iloc[1]
    assert weighted["value"] == pytest.approx(float(anew({})["漏评率"].estimate), rel=1e-12)
    approved = made.iloc[4]
    survey = ev.weigh(built()[2])
    n = len(survey.table())
    assert (approved["candidates"] - approved["smallest"]) / n >= 0.5 > (approved["candidates"] - approved["smallest"] - 1) / n


def test_a_gate_that_is_missed_already_bears_nothing() -> None:
    declared, frame, findings = built()
    strict = declared.model_copy(update={"gates": (declared.gates[0].model_copy(update={"threshold": 0.001}),)})
    row = distance(ev.weigh(findings), strict, frame).bearing().iloc[0]
    assert (row["met"], row["smallest"], row["typical"]) == (False, 0, 0) and "已未达到" in row["sentence"]


def test_without_cases_there_is_still_a_distance() -> None:
    declared, frame, findings = built()
    keys = findings.cases()[["village", "household", "finding"]].itertuples(index=False)
    none = ev.determine(findings.responses, statuses={tuple(row): "dismissed" for row in keys})
    made = distance(ev.weigh(none), declared, frame)
    assert made.table().empty and made.pending == 0 and len(made.bearing()) == 5
    with pytest.raises(ev.EvalkitError, match="不是由认定结果加权而来"):
        distance(ev.Survey.from_data(pd.DataFrame({"x": [1, 2], "w": [1.0, 1.0]}), weights="w"), declared, frame)


# -- as a report shows it -----------------------------------------------------------------------------------------


def test_a_report_lists_pending_cases_by_number_and_place_and_no_household() -> None:
    declared, frame, findings = built()
    survey, towns = ev.weigh(findings), sorted(set(frame.table()["township_code"]))
    places = Places({code: f"乡镇{i:02d}" for i, code in enumerate(towns, 1)})
    table, bearing = pending_cases(survey, declared, frame, None, findings, places)
    made = told().table()
    waiting = made[(made["status"] == "suspected") & (made["rate"] == "漏评率")]
    mine = table[table["rate"] == "漏评率"]
    assert len(waiting) > 1 and len(mine) == len(waiting) + 1 and mine["case"].iloc[-1] == "全部待定案件"
    assert mine["then"].to_list()[:-1] == waiting["if_confirmed"].to_list() and (mine["now"] == waiting["now"].iloc[0]).all()
    assert bearing == told().bearing()["sentence"].to_list()
    assert not table["case"].str.contains(r"\d{4}").any() and mine["case"].str.contains("乡镇").sum() == len(waiting)


def test_without_pending_cases_nothing_is_reckoned() -> None:
    declared, frame, findings = built()
    over = {(row.village, row.household, row.finding): "confirmed" for row in findings.cases().itertuples()}
    decided = ev.determine(findings.responses, statuses=over)
    table, bearing = pending_cases(ev.weigh(decided), declared, frame, None, decided, Places({}))
    assert table.empty and bearing == []
