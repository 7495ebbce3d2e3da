"""Public functions of the fieldwork and wrong things: whatever they are given, nothing but an EvalkitError in words comes out."""

from __future__ import annotations

import datetime
import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.fieldwork.boards import award
from evalkit.synthetic import registry, returns
from tests.county import ROOT

SHORT = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})
SPOILT = {
    "absent": lambda table, name: table.drop(columns=name), "nan": lambda table, name: table.assign(**{name: np.nan}),
    "text": lambda table, name: table.assign(**{name: "文"}), "below": lambda table, name: table.assign(**{name: -3}),
    "lists": lambda table, name: table.assign(**{name: [[1]] * len(table)}),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One small evaluation with everything that is asked for, and a ledger."""
    design = ev.read_design(ROOT / "designs" / "biyang_2018.toml")
    assert design.specimen is not None
    design = design.model_copy(update={"specimen": design.specimen.model_copy(update={"wrong_exit": 0.2, "confirmed": 1.0})})
    towns = ["411726001", "411726001", "411726002", "411726002"]
    villages = pd.DataFrame({"village_code": [f"41172600{i}001" for i in range(1, 5)], "township_code": towns})
    frame = ev.Frame.from_data(villages, id="village_code", columns=["township_code"])
    county = registry(villages, design)
    sample = ev.draw(frame, design, seed="31415926535897932384")
    sample = ev.draw_next(sample, ev.read_rosters(pd.concat(county.rosters(sample.villages).values()), design))
    table = returns(sample, county.households(sample.villages), design)
    responses = ev.collect(sample, table)
    findings = ev.determine(responses)
    pairs = pd.DataFrame({"f": ["是", "否"] * 20, "g": ["是", "否"] * 18 + ["否", "是"] * 2, "v": list(range(10)) * 4, "s": [1.0, 0] * 20})
    codings = ev.Survey.from_data(pairs.assign(p=[1.0, 0.5] * 20), clusters="v")
    place = tmp_path_factory.mktemp("given")
    return {"sample": sample, "table": table, "responses": responses, "findings": findings, "codings": codings, "place": place,
            "frame": frame, "ledger": ev.Ledger(place / "ledger.sqlite"), "design": design}  # fmt: skip


def calls(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each function with arguments that are right."""
    sample, ledger, findings = made["sample"], made["ledger"], made["findings"]
    teams = pd.DataFrame({"组": ["一组", "二组"], "人数": [2, 2], "每人每日户数": [20, 20], "回避": ["", ""]})
    step = {"ledger": ledger, "who": "D1", "day": "2018-11-12", "reason": "住房"}
    yield "assign", {"sample": sample, "teams": teams, "seed": "1"}
    yield "replacements", {"sample": sample, "ledger": ledger, "table": made["responses"].table()}
    yield "response_rates", {"responses": made["responses"]}
    yield "registry_bias", {"responses": made["responses"]}
    yield "worst_case", {"findings": findings}
    yield "interviewers", {"given": findings}
    yield "reinterview", {"given": findings, "share": 0.1, "seed": "1"}
    yield "agreement", {"survey": made["codings"], "first": "f", "second": "g"}
    yield "two_phase", {"survey": made["codings"], "status": "s", "chance": "p"}
    yield "shed", {"table": SHORT}
    yield "screen", {"table": SHORT, "checks": [ev.Check("range", "b", low=0, action="ask")]}
    yield "match_sources", {"archive": SHORT, "system": SHORT, "key": "a", "fields": ["b"], "households": "all"}
    yield "Check", {"kind": "range", "columns": "b", "low": 0, "high": 3, "action": "ask"}
    yield "read_forms", {"design": made["design"], "files": {}}
    yield "write_nightly", {"table": ev.nightly(sample, made["table"]), "folder": made["place"] / "夜"}
    yield "open_case", {**step, "village": "1", "household": "2", "finding": "错退"}
    yield "move_case", {**step, "case": "1/2/错退", "status": "已反馈", "deadline": "2018-11-20"}
    yield "exhibits", {"ledger": ledger}


def refused(name: str, asked: dict[str, Any], told: str) -> None:
    """Call a function; an answer is right as well as a refusal in words."""
    try:
        getattr(ev, name)(**asked)
    except ev.EvalkitError as refusal:
        assert "｜" in str(refusal), f"{name}, {told}: {refusal}"
    except Exception as raised:
        raise AssertionError(f"{name}, {told}: {type(raised).__name__} {raised}") from raised


def test_nothing_but_a_refusal_comes_out_whatever_is_given(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a name may be taken for a folder
    kinds = (None, 3, -1, 1.5, float("nan"), True, "", "没有", b"x", [], [1, 2], {}, {"a": 1}, object(), datetime.date(2020, 1, 1),
             pd.DataFrame(), SHORT, SHORT.iloc[:0], np.array([1.0]), made["responses"], made["findings"], made["design"])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, right in calls(made):
            refused(name, {**right, "nonesuch": 1}, "an unknown argument")
            for key in inspect.signature(getattr(ev, name)).parameters:
                if key == "folder":
                    continue
                refused(name, {each: right[each] for each in right if each != key}, f"without {key}")
                for value in kinds:
                    refused(name, {**right, key: value}, f"{key} is a {type(value).__name__}")
            for key, table in right.items():
                if isinstance(table, pd.DataFrame):
                    for column in table.columns[:12]:
                        for how, change in SPOILT.items():
                            refused(name, {**right, key: change(table, column)}, f"{key}.{column} {how}")
                    refused(name, {**right, key: pd.concat([table, table], axis=1)}, f"{key} with columns twice")


def test_messages_name_what_was_found_and_where_the_right_thing_comes_from(made: dict[str, Any]) -> None:
    with pytest.raises(ev.EvalkitError, match=r"response_rates：1 处错误\n  responses：DataFrame｜应为Responses｜用 ev.collect\(.*\) 得到"):
        ev.response_rates(made["table"])
    with pytest.raises(ev.EvalkitError, match=r"findings：DataFrame｜应为Findings｜用 ev.determine\(responses\) 得到"):
        ev.worst_case(SHORT)
    with pytest.raises(ev.EvalkitError, match=r"action｜没有写｜写 stop（须改正）、ask（须核实）、note（留意）"):
        ev.Check("required", "a")
    with pytest.raises(ev.EvalkitError, match=r"wighted｜没有这个参数｜是不是 weighted？[\s\S]*e：str｜应为一个数"):
        ev.response_rates(made["responses"], e="10%", wighted=True)
    with pytest.raises(ev.EvalkitError, match="seed｜没有写"):
        ev.reinterview(made["findings"], share=0.1)


def test_the_ledger_and_rosters_refuse_what_is_none(made: dict[str, Any], tmp_path: Path) -> None:
    ledger: Any = ev.Ledger(str(tmp_path / "ledger.sqlite"))
    slips = (({"detail": None}, "应为字典"), ({"detail": {"a": object()}}, "内容不是文字、数、列表与字典"), ({"day": 20181112}, "应为文字"))
    for slip, told in slips:
        with pytest.raises(ev.EvalkitError, match=told):
            ledger.append(**({"step": "note", "subject": "x", "detail": {}} | slip))
    for ask in (lambda: ledger.extend(["x"]), lambda: ledger.decide("note", None), lambda: ledger.entries(3), lambda: ledger.last(None)):
        with pytest.raises(ev.EvalkitError, match="应为"):
            ask()
    with pytest.raises(ev.EvalkitError, match="缺少列：village"):
        ev.without_reserves(made["findings"], made["frame"], SHORT)


def test_blanks_around_answers_are_no_difference(made: dict[str, Any]) -> None:
    table = made["codings"].table()
    padded = ev.Survey.from_data(table.assign(g=table["g"].where(np.arange(40) % 3 > 0, " " + table["g"] + "　")), clusters="v")
    wanted, found = (ev.agreement(survey, "f", "g").table() for survey in (made["codings"], padded))
    pd.testing.assert_frame_equal(found, wanted)
    nothing = ev.Survey.from_data(table.assign(g=table["g"].where(np.arange(40) > 0, " ")), clusters="v")
    assert int(ev.agreement(nothing, "f", "g", missing="out").n[0]) == 39


def test_rates_of_nobody_are_refused(made: dict[str, Any]) -> None:
    nobody = ev.collect(made["sample"], made["table"].iloc[:0])
    with pytest.raises(ev.EvalkitError, match="没有一户有结果"):
        ev.response_rates(nobody, pending="out")


def test_points_go_to_teams_that_the_ledger_knows(tmp_path: Path) -> None:
    ledger = ev.Ledger(tmp_path / "ledger.sqlite")
    ledger.append("assign", "x", {"list": "y", "teams": ["一组", "二组"]})
    award(ledger, "一组", "缺勤", day="2018-11-12")
    with pytest.raises(ev.EvalkitError, match="一阻｜台账中没有这个组｜已知的组：一组、二组；督查员加 --inspector"):
        award(ledger, "一阻", "缺勤", day="2018-11-12")
    assert award(ledger, "D1", "缺勤", day="2018-11-12", inspector=True).subject == "D1"


def test_the_ledger_is_written_as_a_workbook_only(tmp_path: Path) -> None:
    from evalkit.ledger import export_book

    ledger = ev.Ledger(tmp_path / "ledger.sqlite")
    ledger.append("assign", "x", {"list": "y", "teams": ["一组"]})
    with pytest.raises(ev.EvalkitError, match=r"x\.csv｜台账写成工作簿｜文件名以 \.xlsx 结尾"):
        export_book(ledger, tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists() and export_book(ledger, tmp_path / "x.xlsx").exists()


def test_cases_decided_in_the_returns_begin_anew_only_when_asked(made: dict[str, Any], tmp_path: Path) -> None:
    table = made["findings"].cases()
    decided = int(table["status"].isin(["confirmed", "final", "dismissed"]).sum())
    assert decided
    with pytest.raises(ev.EvalkitError, match=f"{decided} 件在回收表中已认定或排除｜.*--reopen（reopen=True）"):
        ev.open_cases(tmp_path, made["findings"], who="D1", day="2018-11-12")
    assert ev.open_cases(tmp_path, made["findings"], who="D1", day="2018-11-12", reopen=True) == len(table)


def test_the_check_of_the_evening_says_what_to_do_about_numbers_and_columns(made: dict[str, Any]) -> None:
    persons = made["design"].returns.persons
    wrong = made["table"].copy()
    row = wrong.index[wrong[made["design"].returns.disposition] == "完成"][0]
    wrong[persons] = wrong[persons].astype(object)
    wrong.loc[row, persons] = -3
    found = ev.nightly(made["sample"], wrong)
    told = found[found["column"] == persons].iloc[0]
    assert (told["rule"], told["remedy"]) == ("人数应为不小于 1 的整数", "核对后改为不小于 1 的整数，如 4")
    with pytest.raises(ev.EvalkitError, match=r"2018-11-12｜回收表中没有这一列｜.*列名（不是组名和日期），或不写；现有："):
        ev.nightly(made["sample"], made["table"], day="2018-11-12")
