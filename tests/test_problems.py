"""The list of problems: taxonomy, merging, deadlines, the chain of signatures, closes, the edited log, the completion report."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import DesignError, LedgerError
from evalkit.ledger import Ledger
from tests.architecture_rules import ROOT

LONGCHUAN = ROOT / "designs" / "taxonomies" / "longchuan_2018.toml"
NINGSHAN = ROOT / "designs" / "taxonomies" / "ningshan_2019.toml"
CHAIN = ("包帮干部", "审核组长")
KEY = ("level", "place", "household", "code")
ENTRY = {"lead": "a", "units": "b", "deadline": "长期坚持"}
SAME = {"户编号": "0001", "来源": ["第三方评估", "督查"]}
SEAL = hashlib.sha256(b"x").hexdigest()
STEP = {"who": "C1", "day": "2018-05-20"}


def rows(n: int = 1, **columns: Any) -> pd.DataFrame:
    plain = {
        "问题编号": [f"P{i + 1}" for i in range(n)], "级": "户", "地点": "533124001001", "户编号": [f"{i + 1:04d}" for i in range(n)],
        "问题代码": "3.1", "问题": "后续帮扶缺失", "来源": "第三方评估", "来源文号": "", "发现日期": "2018-05-03", "责任单位": "县扶贫办",
        "整改措施": "一户一策", "整改时限": "2018-06-10",
    }  # fmt: skip
    return pd.DataFrame({**plain, **columns}, index=range(n))


def listed(n: int = 1, **columns: Any) -> ev.Problems:
    return ev.list_problems(rows(n, **columns), merge=KEY, taxonomy=ev.read_taxonomy(LONGCHUAN))


def recorded(folder: Path, n: int = 1, **columns: Any) -> Path:
    ev.record_problems(folder, listed(n, **columns), who="D1", day="2018-05-10")
    return folder


def ready(folder: Path) -> Path:
    """One problem that was fed back, put right and signed by the first of the chain."""
    recorded(folder)
    ev.note_problem(folder, "P1", "反馈", who="D1", day="2018-05-12", text="发文反馈")
    ev.note_problem(folder, "P1", "整改", text="已定帮扶计划", **STEP)
    ev.sign_problem(folder, "P1", CHAIN[0], chain=CHAIN, who="C1", day="2018-05-21")
    return folder


# -- taxonomy and deadlines ------------------------------------------------------------------------------------------------------


def test_longchuan_has_six_groups_nineteen_problems_twelve_measures_and_thirteen_entries() -> None:
    """domain.md §6.0: 11 entries by 6月10日, one by 9月30日, one 长期坚持; six statements, each with its unit."""
    known = ev.read_taxonomy(LONGCHUAN)
    assert (len(known.group), len(known.problem), len(known.measure), known.charges) == (6, 19, 12, 13)
    assert [sum(kind.group == group.code for kind in known.problem) for group in known.group] == [6, 2, 3, 2, 3, 3]
    assert ev.charge_table(known)["deadline"].value_counts().to_dict() == {"2018-06-10": 11, "长期坚持": 1, "2018-09-30": 1}
    said = [(each.relation, each.value, each.unit) for kind in known.problem for each in kind.statement]
    assert said == [
        (">", 0.10, "贫困户"), ("≈", 0.50, "贫困人口"), ("=", 0.2012, "脱贫户"), (">", 0.15, "脱贫户"),
        (">", 0.02, "脱贫户"), (">", 0.05, "贫困户"),
    ]  # fmt: skip
    assert sorted(each.day for measure in known.measure for each in measure.milestone) == ["2018-05-10", "2018-05-20", "2018-05-31"]
    assert all(len(known.answers(kind.code)) == 1 for kind in known.problem)


def test_the_stages_of_longchuan_and_ningshan() -> None:
    plain = ev.stage_table(ev.read_taxonomy(LONGCHUAN).stage).set_index("stage")
    assert plain.loc["制定方案", ["begin", "end"]].tolist() == ["2018-05-10", "2018-05-13"]
    assert plain["end"].tolist() == ["2018-05-13", "2018-05-14", "2018-06-10", "2018-06-15", "2018-06-12", "2018-06-20"]
    counted = ev.stage_table(ev.read_taxonomy(NINGSHAN).stage, start="2019-03-19", counting="calendar")
    assert counted["end"].tolist() == ["2019-03-24", "2019-04-30", "2019-05-31"]
    with pytest.raises(LedgerError, match="须知反馈的日期"):
        ev.stage_table(ev.read_taxonomy(NINGSHAN).stage)


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(1, 60), st.integers(1, 60), st.sets(st.integers(1, 80), max_size=12))
def test_working_days_add_up_and_never_end_on_a_day_off(start: date, first: int, then: int, off: set[int]) -> None:
    free = [(start + timedelta(days=each)).isoformat() for each in off]
    rule = {"counting": "working", "holidays": free}
    whole = ev.due_day(start.isoformat(), first + then, **rule)
    assert whole == ev.due_day(ev.due_day(start.isoformat(), first, **rule), then, **rule)
    assert date.fromisoformat(whole).weekday() < 5 and whole not in free
    between = [start + timedelta(days=each) for each in range(1, (date.fromisoformat(whole) - start).days + 1)]
    assert sum(day.weekday() < 5 and day.isoformat() not in free for day in between) == first + then


def test_a_term_needs_to_be_told_how_days_are_counted() -> None:
    for counting, holidays, told in (("", None, "没有这种数法"), ("working", None, "没有给放假的日子"), ("lunar", [], "没有这种数法")):
        with pytest.raises(LedgerError, match=told):
            ev.due_day("2019-03-19", 5, counting=counting, holidays=holidays)
    made = ev.list_problems(rows(2, 整改时限=["5天内", "3个工作日"]), merge=KEY, counting="calendar", holidays=["2018-05-04"])
    assert made.table()["deadline"].tolist() == ["2018-05-08", "2018-05-09"]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"problem": [{"code": "1.1", "group": "9", "name": "甲"}]}, r"problem\[1\].group：9｜没有这一组｜改为：1"),
        ({"problem": [{"code": "1.1", "group": "1", "name": "甲"}] * 2}, "1.1｜代码写了 2 次"),
        ({"measure": [{"code": "一", "name": "乙", "problems": ["7"], "entry": [ENTRY]}]}, "没有这个问题代码"),
        ({"stage": [{"name": "整改", "end": "6月10日"}]}, "不是日期"),
        ({"stage": [{"name": "整改", "end": "2018-06-10", "days": 5}]}, "只能写一个"),
    ],
)  # fmt: skip
def test_a_taxonomy_that_does_not_agree_with_itself_is_refused(part: dict[str, Any], told: str) -> None:
    plain = {"format": 1, "title": "例", "source": "自拟", "group": [{"code": "1", "name": "识别"}]}
    kinds = {"problem": [{"code": "1.1", "group": "1", "name": "甲"}]}
    with pytest.raises(DesignError, match=told):
        ev.read_taxonomy({**plain, **kinds, **part})


# -- the list --------------------------------------------------------------------------------------------------------------------


def test_the_same_problem_from_four_sources_is_one_and_keeps_all() -> None:
    names = ["第三方评估", "民主监督", "督查", "暗访"]
    days = ["2018-05-03", "2018-04-20", "2018-05-05", "2018-05-06"]
    made = listed(4, 户编号="0001", 来源=names, 发现日期=days, 整改时限=["", "", "2018-06-10", ""], 责任单位=["甲", "", "乙", "甲"])
    problem = made.problems[0]
    assert len(made.problems) == 1 and [each.source for each in problem.sources] == names
    assert (problem.found, problem.deadline, problem.units) == ("2018-04-20", "2018-06-10", ("甲", "乙"))
    assert made.sources()["own"].tolist() == ["P1", "P2", "P3", "P4"]
    assert problem.lead == ("县脱贫攻坚指挥部",) and problem.measure == "一户一策"  # what is blank comes from measure 八


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"问题代码": "3.9"}, "第 2 行，问题代码：3.9｜陇川县2018年整改方案的分类中没有这个代码｜可用：1.1、"),
        ({"整改时限": "2018-05-01"}, "整改时限：2018-05-01｜早于发现日期 2018-05-03"),
        ({"整改时限": "尽快"}, "应为日期、几天内"),
        ({"整改时限": "5天"}, "没有这种数法"),
        ({"级": "组"}, "没有这一级｜改为：户、村、乡、县"),
        ({"户编号": ""}, "户级的问题没有写户编号"),
        ({"来源": ""}, "来源｜空白"),
        ({"发现日期": "上月"}, "不是日期"),
        (SAME | {"整改时限": ["2018-06-10", "2018-09-30"]}, "是同一个问题，而整改时限矛盾（2018-06-10）"),
        (SAME | {"牵头部门": ["甲", "乙"]}, "牵头部门矛盾"),
        ({"问题编号": "P1"}, "第 3 行，问题编号：P1｜第 2 行已用这个编号"),
        ({"问题编号": "P1", "户编号": "0001"}, "同一来源的同一编号写了两次"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_with_their_place(columns: dict[str, Any], told: str) -> None:
    with pytest.raises(LedgerError) as refused:
        listed(2, **columns)
    assert told in str(refused.value)


def test_the_key_of_merging_has_no_default() -> None:
    for merge in ((), ("village",)):
        with pytest.raises(LedgerError, match="写明哪些项相同算同一个问题"):
            ev.list_problems(rows(), merge=merge)
    apart = ev.list_problems(rows(2), merge=["level", "place", "household"])
    assert len(apart.problems) == 2 and len(ev.list_problems(rows(2), merge=["place", "code"]).problems) == 1


# -- the ledger ------------------------------------------------------------------------------------------------------------------


def test_one_problem_from_finding_to_close(tmp_path: Path) -> None:
    ready(tmp_path)
    ev.sign_problem(tmp_path, "P1", CHAIN[1], chain=CHAIN, who="L1", day="2018-05-22")
    proof = tmp_path / "照片.jpg"
    proof.write_bytes(b"x")
    ev.close_problem(tmp_path, "P1", who="L1", day="2018-05-23", evidence=proof, chain=CHAIN, gates=True)
    log = ev.follow_problems(tmp_path, chain=CHAIN)
    row = log.table().iloc[0]
    assert (row["status"], row["closed"], row["evidence"], row["seal"]) == ("已销号", "2018-05-23", "照片.jpg", SEAL)
    assert row["signed"] == "包帮干部 C1 2018-05-21；审核组长 L1 2018-05-22"
    assert log.history("P1")["step"].tolist() == ["反馈", "整改", "签字", "签字", "销号"]
    assert log.table("2018-05-21")["status"].tolist() == ["签字中"] and log.table("2018-05-02").empty
    before = len(Ledger(tmp_path / "ledger.sqlite").entries())
    ev.close_problem(tmp_path, "P1", who="L1", day="2018-05-23", evidence=proof, chain=CHAIN, gates=True)  # said twice, kept once
    assert len(Ledger(tmp_path / "ledger.sqlite").entries()) == before


def close(folder: Path, **more: Any) -> None:
    told = {"who": "L1", "day": "2018-05-23", "evidence": "x", "seal": SEAL, "chain": CHAIN, "gates": True}
    ev.close_problem(folder, "P1", **{**told, **more})


def test_steps_out_of_order_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    ready(tmp_path)
    refused: list[tuple[Any, str]] = [
        (lambda: close(tmp_path), "审核组长还没有签字"),
        (lambda: close(tmp_path, chain=()), "没有写由哪几级签字"),
        (lambda: ev.sign_problem(tmp_path, "P1", "书记", chain=CHAIN, who="S1", day="2018-05-22"), "签字的各级中没有“书记”"),
        (lambda: ev.sign_problem(tmp_path, "P1", CHAIN[0], chain=CHAIN, who="C2", day="2018-05-22"), "已经签字"),
        (lambda: ev.sign_problem(tmp_path, "P1", CHAIN[1], chain=CHAIN, who="C1", day="2018-05-22"), "一人不能签两级"),
        (lambda: ev.sign_problem(tmp_path, "P1", CHAIN[1], chain=CHAIN, who="L1", day="2018-05-02"), "早于上一步"),
        (lambda: ev.note_problem(tmp_path, "P1", "整改", who="C1", day="2018-05-22", text="再改"), "先退回"),
        (lambda: ev.note_problem(tmp_path, "P9", "整改", who="C1", day="2018-05-22", text="再改"), "清单中没有这个编号"),
        (lambda: ev.note_problem(tmp_path, "P1", "签收", who="C1", day="2018-05-22", text="再改"), "没有这一步"),
        (lambda: ev.note_problem(tmp_path, "P1", "反馈", who="", day="2018-05-22", text="再改"), "没有写何人"),
        (lambda: ev.note_problem(tmp_path, "P1", "反馈", who="C1", day="5月", text="再改"), "日期应写成"),
    ]
    book = Ledger(tmp_path / "ledger.sqlite")
    kept = len(book.entries())
    for act, told in refused:
        with pytest.raises(LedgerError) as fault:
            act()
        assert told in str(fault.value)
    assert len(book.entries()) == kept
    ev.sign_problem(tmp_path, "P1", CHAIN[1], chain=CHAIN, who="L1", day="2018-05-22")
    without: list[tuple[dict[str, Any], str]] = [
        ({"evidence": "", "seal": ""}, "没有佐证或其指纹"), ({"seal": "abc"}, "没有佐证或其指纹"),
        ({"seal": "", "evidence": tmp_path / "无"}, "没有这个文件"),
    ]  # fmt: skip
    for more, told in without:
        with pytest.raises(LedgerError, match=told):
            close(tmp_path, **more)
    close(tmp_path)
    with pytest.raises(LedgerError, match="已于 2018-05-23 销号"):
        ev.note_problem(tmp_path, "P1", "整改", who="C1", day="2018-05-24", text="再改")


def test_the_three_gates_hold_a_close_back_where_they_are_asked_for(tmp_path: Path) -> None:
    recorded(tmp_path, 整改时限="", 问题代码="1.1", 整改措施="", 责任单位="", 牵头部门="")  # measure 二 fills what is blank
    recorded(tmp_path, 1, 问题编号="Q1", 户编号="0009", 整改时限="", 发现日期="2018-05-09")
    ev.note_problem(tmp_path, "P1", "整改", text="已改", **STEP)
    for role, who in zip(CHAIN, ("C1", "L1"), strict=True):
        ev.sign_problem(tmp_path, "P1", role, chain=CHAIN, who=who, day="2018-05-22")
    with pytest.raises(LedgerError, match="反馈：没有反馈给责任单位｜三个不放过"):
        close(tmp_path)
    close(tmp_path, gates=False)
    assert ev.follow_problems(tmp_path).closed("P1") == "2018-05-23"


def test_sent_back_signatures_fall_and_extended_deadlines_hold(tmp_path: Path) -> None:
    ready(tmp_path)
    ev.note_problem(tmp_path, "P1", "退回", who="L1", day="2018-05-22", text="佐证不足")
    ev.note_problem(tmp_path, "P1", "延期", who="L1", day="2018-05-22", text="项目未完工", deadline="2018-09-30")
    with pytest.raises(LedgerError, match="不晚于原时限（2018-09-30）"):
        ev.note_problem(tmp_path, "P1", "延期", who="L1", day="2018-05-22", text="再延", deadline="2018-07-01")
    ev.sign_problem(tmp_path, "P1", CHAIN[0], chain=CHAIN, who="C1", day="2018-05-25")
    row = ev.follow_problems(tmp_path).table().iloc[0]
    assert (row["deadline"], row["extended"], row["signed"]) == ("2018-09-30", "2018-06-10", "包帮干部 C1 2018-05-25")
    assert ev.follow_problems(tmp_path).table("2018-05-20")["deadline"].tolist() == ["2018-06-10"]


def test_what_the_ledger_holds_already_is_merged_or_contradicted(tmp_path: Path) -> None:
    recorded(tmp_path)
    assert ev.record_problems(tmp_path, listed(), who="D1", day="2018-05-11") == 0
    again = listed(问题编号="M7", 来源="民主监督", 整改时限="")
    assert ev.record_problems(tmp_path, again, who="D1", day="2018-05-11") == 1
    assert ev.follow_problems(tmp_path).sources()["own"].tolist() == ["P1", "M7"]
    for other, told in (
        (listed(问题编号="M8", 来源="督查", 整改时限="2018-09-30"), "整改时限矛盾"),
        (listed(户编号="0002"), "这个编号已用于另一个问题"),
        (listed(问题编号="M9", 来源="督查", 发现日期="2018-06-01"), "早于发现日期"),
    ):
        with pytest.raises(LedgerError, match=told):
            ev.record_problems(tmp_path, other, who="D1", day="2018-05-11")


def test_a_closed_problem_that_comes_back_gets_its_own_number(tmp_path: Path) -> None:
    ready(tmp_path)
    ev.sign_problem(tmp_path, "P1", CHAIN[1], chain=CHAIN, who="L1", day="2018-05-22")
    close(tmp_path)
    back = listed(问题编号="H1", 来源="回头看", 发现日期="2018-08-01", 整改时限="2018-09-01")
    assert ev.record_problems(tmp_path, back, who="D1", day="2018-08-02") == 1
    told = ev.follow_problems(tmp_path).table()[["number", "status", "recurs"]].values.tolist()
    assert told == [["P1", "已销号", ""], ["H1", "待整改", "P1"]]


def test_an_edited_log_and_a_step_by_another_way_are_seen(tmp_path: Path) -> None:
    ready(tmp_path)
    book = Ledger(tmp_path / "ledger.sqlite")
    book.append("close", "P1", {"evidence": "x", "seal": SEAL, "chain": list(CHAIN)}, who="L1", day="2018-05-23")
    with pytest.raises(LedgerError, match="审核组长还没有签字"):
        ev.follow_problems(tmp_path)
    with sqlite3.connect(book.path) as base:
        base.execute("DROP TRIGGER no_update")
        base.execute("UPDATE entry SET detail = replace(detail, '2018-06-10', '2018-12-31') WHERE number = 1")
    with pytest.raises(LedgerError, match="第 1 条记录与其指纹不符"):
        ev.follow_problems(tmp_path)
    with pytest.raises(LedgerError, match="第 1 条记录与其指纹不符"):
        ev.note_problem(tmp_path, "P1", "整改", text="再改", **STEP)


def test_fengqing_107_problems_of_which_103_are_put_right_and_4_open(tmp_path: Path) -> None:
    """domain.md §2.2, design 14: 107 problems, 103 fixed, 4 open."""
    places = [f"5309210010{i % 9 + 1:02d}" for i in range(107)]
    recorded(tmp_path, 107, 地点=places)
    numbers = [f"P{i + 1}" for i in range(107)]
    said = [(number, step, who, role) for number in numbers[:103] for step, who, role in (
        ("整改", "C1", ""), ("签字", "C1", CHAIN[0]), ("签字", "L1", CHAIN[1]), ("销号", "L1", ""))]  # fmt: skip
    said += [(numbers[-1], "整改", "C1", "")]
    table = pd.DataFrame(said, columns=["问题编号", "步骤", "人", "职务"]).assign(
        日期="2018-06-09", 情况="已落实", 下步打算="巩固", 佐证="照片.jpg", 佐证指纹=SEAL
    )  # fmt: skip
    assert ev.note_problems(tmp_path, table, chain=CHAIN, gates=False) == 413
    log = ev.follow_problems(tmp_path, taxonomy=ev.read_taxonomy(LONGCHUAN), chain=CHAIN)
    whole = log.progress("2018-06-20", by=["group", "level", "unit", "place"])
    assert whole.iloc[-1].tolist()[2:7] == [107, 103, 4, 4, 0] and whole.iloc[-1]["share"] == pytest.approx(103 / 107)
    for word in ("组别", "级", "责任单位", "地点"):
        part = whole[whole["by"] == word]
        assert part[["total", "done", "undone", "overdue"]].sum().tolist() == [107, 103, 4, 4]
    assert whole[whole["by"] == "地点"]["share"].isna().all()  # of fewer than 30, no percentage
    told = log.sentences("2018-06-20")
    assert told[0] == "截至2018年6月20日，问题清单共107项，已销号103项，完成率96.26%，未完成4项，其中逾期4项。" and len(told) == 5
    assert told[1].endswith("（整改时限2018-06-10，待整改）；下步打算：没有写。") and "已落实；下步打算：巩固" in told[-1]
    late = log.overdue("2018-06-20")
    assert late["late"].tolist() == [10] * 4 and log.overdue("2018-06-10").empty
    assert log.progress("2018-06-08").iloc[-1]["done"] == 0
    with pytest.raises(LedgerError, match="第 2 行，P1，整改｜已于"):
        ev.note_problems(tmp_path, table.head(1).assign(日期="2018-06-30"), chain=CHAIN, gates=False)


def test_the_four_lists_and_the_words_of_the_noun() -> None:
    made = listed(2, 来源=["第三方评估", "暗访"])
    lists = made.four_lists()
    assert list(lists) == ["问题清单", "责任清单", "整改清单", "整改时限清单"] and {len(each) for each in lists.values()} == {2}
    assert lists["问题清单"]["组别"].tolist() == ["贫困退出质量不高"] * 2
    assert lists["整改时限清单"]["整改时限"].tolist() == ["2018-06-10"] * 2
    assert repr(made) == "Problems 2 项：待整改 2"
    with pytest.raises(LedgerError, match="没有这种分法"):
        made.progress("2018-06-20", by="colour")
    with pytest.raises(LedgerError, match="不是日期"):
        made.overdue("今天")
