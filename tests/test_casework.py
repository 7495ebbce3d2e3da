"""The log of cases: the ladder, who and when and why, edits detected, and what counts in the rates."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import evalkit as ev
from evalkit.casework import STATUS, case_number, cases, move_case, move_cases, open_case, open_cases
from evalkit.cli import main
from evalkit.errors import LedgerError
from evalkit.ledger import KINDS, Ledger
from tests import county

SAID = {"who": "D1", "reason": "见卷"}


def opened(folder: Path) -> str:
    return open_case(folder, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason="住房为D级")


def walked(folder: Path, *steps: str, start: int = 13, **more: Any) -> str:
    case = opened(folder)
    for i, status in enumerate(steps):
        told = {"已反馈": {"deadline": "2018-11-30"}, "终定": {"outcome": "成立"}}.get(status, {})
        move_case(folder, case, status, day=f"2018-11-{start + i}", **SAID, **{**told, **(more if status == steps[-1] else {})})
    return case


def test_the_statuses_are_those_of_the_ledger() -> None:
    assert KINDS["case"].parts["status"].words == tuple(STATUS)


def test_the_whole_ladder_is_kept_with_who_when_and_why(tmp_path: Path) -> None:
    case = walked(tmp_path, "已反馈", "举证中", "认定", "上报复议", "终定")
    log = ev.cases(tmp_path)
    assert log.history(case)["status"].tolist() == ["疑似", "已反馈", "举证中", "认定", "上报复议", "终定"]
    assert log.history(case)["day"].is_monotonic_increasing and set(log.history(case)["who"]) == {"D1"}
    assert log.table().loc[0, ["finding", "status", "deadline", "outcome", "steps"]].tolist() == [
        "wrong_exit", "final", "2018-11-30", "成立", 6,
    ]  # fmt: skip
    assert Ledger(tmp_path / "ledger.sqlite").check() is None


@pytest.mark.parametrize(
    ("walk", "step", "told"),
    [
        ([], "认定", "由疑似不能直接到认定，次序不对｜可到：已反馈、排除"),
        (["已反馈"], "上报复议", "由已反馈不能直接到上报复议"),
        (["已反馈", "举证中"], "疑似", "由举证中不能直接到疑似"),
        (["已反馈", "认定", "终定"], "排除", "已终定，不再变动"),
        ([], "核实", "没有这种状态｜可用：线索、疑似"),
    ],
)
def test_a_step_out_of_order_is_refused_and_nothing_is_lost(tmp_path: Path, walk: list[str], step: str, told: str) -> None:
    case = walked(tmp_path, *walk)
    before = len(cases(tmp_path).entries)
    with pytest.raises(LedgerError, match=told):
        move_case(tmp_path, case, step, day="2018-12-30", **SAID)
    assert len(cases(tmp_path).entries) == before


def test_a_step_needs_who_when_why_and_what_it_says(tmp_path: Path) -> None:
    case = opened(tmp_path)
    with pytest.raises(LedgerError, match="没有写理由"):
        move_case(tmp_path, case, "排除", who="D1", day="2018-11-13", reason=" ")
    with pytest.raises(LedgerError, match="已反馈须写举证截止"):
        move_case(tmp_path, case, "已反馈", day="2018-11-13", **SAID)
    with pytest.raises(LedgerError, match="日期早于上一步（2018-11-12）"):
        move_case(tmp_path, case, "排除", day="2018-11-11", **SAID)
    with pytest.raises(LedgerError, match="还没有这个案件，不能直接记为认定｜先立案"):
        move_case(tmp_path, "411726101201/0039/错退", "认定", day="2018-11-13", **SAID)
    with pytest.raises(LedgerError, match="案件编号应为 村/户/情形"):
        move_case(tmp_path, "0039", "认定", day="2018-11-13", **SAID)
    with pytest.raises(LedgerError, match="终定须写终定结果"):
        walked(tmp_path, "已反馈", "认定", "终定", outcome="")
    assert case_number("a", "1", "missed") == "a/1/漏评"


def test_an_edited_log_is_detected(tmp_path: Path) -> None:
    case = walked(tmp_path, "已反馈", "认定")
    base = sqlite3.connect(tmp_path / "ledger.sqlite")
    base.executescript("DROP TRIGGER no_update; UPDATE entry SET detail = replace(detail, 'confirmed', 'dismissed') WHERE number = 3;")
    base.close()
    with pytest.raises(LedgerError, match="第 3 条记录与其指纹不符，台账被改动"):
        cases(tmp_path)
    with pytest.raises(LedgerError, match="台账被改动"):
        move_case(tmp_path, case, "终定", day="2018-12-01", outcome="成立", **SAID)


def test_a_step_that_came_in_by_another_way_is_found(tmp_path: Path) -> None:
    case = opened(tmp_path)
    Ledger(tmp_path / "ledger.sqlite").append("case", case, {"status": "final", "outcome": "成立"}, who="D1", day="2018-11-13")
    with pytest.raises(LedgerError, match=r"第 2 条，.*由疑似不能直接到终定"):
        cases(tmp_path)


def test_many_steps_from_a_table_are_taken_all_or_none(tmp_path: Path) -> None:
    numbers = [case_number("411726101201", f"{i:04}", "漏评") for i in range(3)]
    table = pd.DataFrame({"案件编号": numbers, "状态": "疑似", "人": "D1", "日期": "2018-11-12", "理由": "见卷"})
    assert (move_cases(tmp_path, table), move_cases(tmp_path, table)) == (3, 0)
    more = table.assign(状态=["已反馈", "认定", "已反馈"], 日期="2018-11-13", 举证截止=["2018-11-20", "", ""])
    with pytest.raises(LedgerError) as refused:
        move_cases(tmp_path, more)
    assert "第 3 行" in str(refused.value) and "第 4 行" in str(refused.value) and "2 处错误" in str(refused.value)
    assert len(cases(tmp_path).entries) == 3
    more.assign(状态="已反馈", 举证截止="2018-11-20").to_excel(tmp_path / "案件.xlsx", index=False)
    assert move_cases(tmp_path, tmp_path / "案件.xlsx") == 3
    with pytest.raises(LedgerError, match="缺少列：理由"):
        move_cases(tmp_path, table.drop(columns="理由"))


def test_what_a_case_is_for_the_rates(tmp_path: Path) -> None:
    key = ("411726101201", "0038", "wrong_exit")
    for i, (walk, more, status) in enumerate(
        [
            ((), {}, "suspected"),
            (("已反馈", "举证中"), {}, "answering"),
            (("已反馈", "认定"), {}, "confirmed"),
            (("已反馈", "认定", "终定"), {"outcome": "成立"}, "final"),
            (("已反馈", "认定", "终定"), {"outcome": "不成立"}, "dismissed"),
        ]
    ):
        walked(tmp_path / str(i), *walk, **more)
        assert cases(tmp_path / str(i)).statuses() == {key: status}
    walked(tmp_path, "已反馈", "认定", "上报复议")
    log = cases(tmp_path)
    assert log.statuses(appealed="decided") == {key: "confirmed"} and log.statuses(appealed="pending") == {key: "suspected"}
    with pytest.raises(LedgerError, match="正在复议，是否计入须由规则写明｜在设计中写"):
        log.statuses()


def test_the_log_decides_which_cases_enter_the_numerators(tmp_path: Path) -> None:
    found = ev.determine(county.collected())
    assert open_cases(tmp_path, found, who="D1", day="2018-11-12", reopen=True) == len(found.cases())
    assert open_cases(tmp_path, found, who="D1", day="2018-11-12") == 0
    counted = ev.determine(county.collected(), statuses=cases(tmp_path).statuses()).counts()
    assert counted["confirmed_households"].sum() == 0 and counted["households"].sum() == len(found.cases())
    first = cases(tmp_path).table()["case"][0]
    move_case(tmp_path, first, "已反馈", day="2018-11-13", deadline="2018-11-20", **SAID)
    move_case(tmp_path, first, "认定", day="2018-11-14", **SAID)
    assert ev.determine(county.collected(), statuses=cases(tmp_path).statuses()).counts()["confirmed_households"].sum() == 1
    with pytest.raises(LedgerError, match="没有这个案件"):
        cases(tmp_path).history("a/1/漏评")


def test_the_commands_open_move_and_list(tmp_path: Path) -> None:
    case = "411726101201/0038/错退"
    (tmp_path / "design.toml").write_bytes((county.ROOT / "designs" / "biyang_2018.toml").read_bytes())

    def said(*words: str) -> str:
        return CliRunner().invoke(main, ["case", *words[:1], str(tmp_path), *words[1:]]).output

    told = ["--who", "D1", "--reason", "住房为D级", "--day"]
    assert said("open", case, *told, "2018-11-12") == f"立案：{case}\n"
    assert said("move", case, "已反馈", *told, "2018-11-13", "--deadline", "2018-11-20") == f"{case}：已反馈\n"
    assert "次序不对" in said("move", case, "终定", *told, "2018-11-14", "--outcome", "成立")
    assert "指纹 （没有文件）" in said("evidence", case, "1", "鉴定表", "--who", "X1", "--received", "2018-11-21")
    assert "须写明按哪条规则" in said("rule", case, "1", "采信", *told, "2018-11-22")
    assert "已反馈 1" in said("list") and "住房为D级" in said("list", "--case", case)
    assert said("pack").startswith("复议卷：1 件")
