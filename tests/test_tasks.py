"""Yearly tasks, lights, duties by frequency and lists to look at again: hand numbers, identities, bad input."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.cli import main
from evalkit.errors import FieldworkError
from evalkit.sheets import read_grids, read_sheet
from evalkit.tasks.yearly import PROGRESS, TARGETS
from tests.architecture_rules import ROOT

SEED = "31415926535897932384"
RANK = {"rule": "rank", "red": 1, "yellow": 2, "source": "自拟的例子"}


def laiwu() -> pd.DataFrame:
    """229 tasks of 41 units: 24 have six, 17 have five. Unit k has done k % of its first task by the end of the year, the rest whole."""
    rows = [
        {"单位": f"单位{k:02d}", "任务编号": f"{k}-{i}", "任务": f"任务{i}", "分值": 2, "四季度目标": 200,
         "四季度进度": 2 * k if i == 1 else 200}
        for k in range(1, 42) for i in range(1, (6 if k <= 24 else 5) + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=["单位", "任务编号", "任务", "分值", *TARGETS, *PROGRESS])


def quarterly(*progress: list[float | None]) -> pd.DataFrame:
    """Townships with one task, whose target is 25, 50, 75 and 100 in the quarters."""
    rows = [
        {"单位": f"镇{k}", "任务编号": f"T{k}", "任务": "危房改造", "分值": 10, **dict(zip(TARGETS, (25, 50, 75, 100), strict=True)),
         **dict(zip(PROGRESS, given, strict=True))}
        for k, given in enumerate(progress, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


# -- tasks of the year -----------------------------------------------------------------------------------------------------------


def test_229_tasks_of_41_units() -> None:
    tasks = ev.read_tasks(laiwu())
    assert repr(tasks) == "TaskList 41 个单位，229 项任务"
    units = tasks.units("四季度", "proportional").set_index("单位")
    assert units["任务"].sum() == 229 and units["滞后"].sum() == 41 and units["已达到"].sum() == 188
    assert units.loc["单位10", "得分"] == pytest.approx(100 * (5 + 0.10) / 6)
    assert units.loc["单位41", "得分"] == pytest.approx(100 * (4 + 0.41) / 5)
    whole = tasks.units("四季度", "whole").set_index("单位")
    assert whole.loc["单位10", "得分"] == pytest.approx(500 / 6) and whole.loc["单位41", "得分"] == pytest.approx(80)
    listed = ev.list_problems(
        tasks.problems("四季度", day="2019-01-10", source="任务清单考核", code="5.1", level="县"), merge=["level", "place", "text"]
    )
    assert len(listed.table()) == 41 and listed.table()["text"].iloc[9] == "任务1：目标 200，进度 20"


def test_lights_of_a_quarter_by_place_and_by_score() -> None:
    """Scores 40, 60, 60, 80, 100: the one below is red; two share a place, so that neither of two yellow lights goes to a third."""
    tasks = ev.read_tasks(quarterly(*([25 * share, 50, 75, 100] for share in (0.4, 0.6, 0.6, 0.8, 1.2))))
    lit = tasks.lights("一季度", "proportional", RANK)
    assert lit["score"].tolist() == pytest.approx([40, 60, 60, 80, 100])
    assert lit["light"].tolist() == ["红灯", "黄灯", "黄灯", "绿灯", "绿灯"]
    one = tasks.lights("一季度", "proportional", RANK | {"yellow": 1})
    assert one["light"].tolist() == ["红灯", "绿灯", "绿灯", "绿灯", "绿灯"]  # the shared place is not wholly among the last two
    by_score = {"rule": "threshold", "red": 60, "yellow": 85, "source": "自拟的例子"}
    assert tasks.lights("一季度", "proportional", by_score)["light"].tolist() == ["红灯", "黄灯", "黄灯", "黄灯", "绿灯"]


def test_exposure_counts_quarters_in_a_row() -> None:
    """镇1 is behind in all three quarters, 镇2 only in the second and third."""
    tasks = ev.read_tasks(quarterly([5, 10, 15, 100], [25, 30, 60, 100], [25, 50, 75, 100], [25, 50, 75, 100]))
    shown = tasks.exposure("三季度", "proportional", RANK | {"yellow": 1}).set_index("unit")
    assert shown[["light", "running", "reds"]].to_dict("index") == {
        "镇1": {"light": "红灯", "running": 3, "reds": 3}, "镇2": {"light": "黄灯", "running": 2, "reds": 0},
    }  # fmt: skip


def test_progress_that_was_not_reported_follows_a_named_rule() -> None:
    table = pd.concat([quarterly([None] * 4), quarterly([20, 50, 75, 100]).assign(任务编号="T9")], ignore_index=True)
    tasks = ev.read_tasks(table)
    with pytest.raises(FieldworkError, match="第 2 行，一季度进度｜没有报进度｜补报；或写明 missing"):
        tasks.units("一季度", "proportional")
    scores = {each: tasks.units("一季度", "proportional", missing=each)["得分"].tolist() for each in ("zero", "out")}
    assert scores == {"zero": [pytest.approx(40)], "out": [pytest.approx(80)]}
    assert tasks.state("一季度", "whole", missing="out")["状态"].tolist() == ["未报", "滞后"]


shares = st.lists(st.integers(0, 150), min_size=4, max_size=12)


@settings(max_examples=12)
@given(shares, st.integers(0, 3), st.integers(0, 3), st.randoms(use_true_random=False))
def test_scores_and_lights_keep_their_bounds(done: list[int], red: int, yellow: int, dice: Any) -> None:
    table = quarterly(*([each / 4, each / 2, each * 3 / 4, each] for each in done))
    tasks, rule = ev.read_tasks(table), RANK | {"red": red, "yellow": yellow}
    part, whole = (tasks.units("二季度", scoring)["得分"] for scoring in ("proportional", "whole"))
    assert part.tolist() == pytest.approx([min(each, 100) for each in done])
    assert (whole <= part + 1e-9).all() and set(whole) <= {0.0, 100.0}
    lit = tasks.lights("二季度", "proportional", rule)
    assert (lit["light"] == "红灯").sum() <= red and (lit["light"] != "绿灯").sum() <= red + yellow
    worst = {light: lit.loc[lit["light"] == light, "score"] for light in ("红灯", "黄灯", "绿灯")}
    assert not len(worst["红灯"]) or not len(worst["绿灯"]) or worst["红灯"].max() < worst["绿灯"].min()
    order = list(range(len(table)))
    dice.shuffle(order)
    again = ev.read_tasks(table.iloc[order].reset_index(drop=True)).lights("二季度", "proportional", rule)
    assert again.set_index("unit")["light"].to_dict() == lit.set_index("unit")["light"].to_dict()


def test_every_fault_of_a_list_of_tasks_at_once() -> None:
    table = quarterly([10, 9, 75, 100], [25, 50, 75, 100], [25, 50, 75, 100], [25, 50, 75, 100]).astype(object)
    table.loc[1, ["任务编号", "分值"]] = ["T1", 0]
    table.loc[2, ["任务", "二季度进度"]] = ["", "一半"]
    table.loc[3, [*TARGETS, "四季度进度"]] = [None, None, None, None, -1]
    with pytest.raises(FieldworkError) as refused:
        ev.read_tasks(table)
    told = str(refused.value)
    for part in (
        "第 2 行，二季度进度｜小于一季度进度；各季度从年初累计", "第 3 行，任务编号｜与前面一行重复", "第 3 行，分值｜应大于 0",
        "第 4 行，任务｜不能空白",
        "第 4 行，二季度进度｜应为不小于 0 的数", "第 5 行，四季度进度｜应为不小于 0 的数", "第 5 行，目标｜四个季度都没有目标",
    ):  # fmt: skip
        assert part in told
    assert "一半" not in told
    with pytest.raises(FieldworkError, match="三季度目标｜表中没有这一列") as refused:
        ev.read_tasks(table.drop(columns=["三季度目标", "分值"]))
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"rule": {"rule": "rank", "red": 1, "yellow": 2}}, "亮灯规则不全"), ({"rule": {**RANK, "rule": "末位"}}, "亮灯规则不全"),
        ({"rule": {**RANK, "red": 0.5}}, "名次应为整数"),
        ({"rule": {**RANK, "rule": "threshold", "red": 80, "yellow": 60}}, "黄灯的分数线应高于红灯"),
        ({"rule": "rank"}, "亮灯规则不全"), ({"quarter": "1季度"}, "没有这种季度"), ({"scoring": "比例"}, "没有这种计分规则"),
        ({"missing": "skip"}, "没有这种办法"),
    ],
)  # fmt: skip
def test_rules_that_are_none(asked: dict[str, Any], told: str) -> None:
    tasks = ev.read_tasks(quarterly([25, 50, 75, 100]))
    with pytest.raises(FieldworkError, match=told):
        tasks.lights(**({"quarter": "一季度", "scoring": "whole", "rule": RANK} | asked))


def test_a_quarter_in_which_nothing_is_due() -> None:
    tasks = ev.read_tasks(laiwu())
    with pytest.raises(FieldworkError, match="一季度｜没有一项任务有这个季度的目标"):
        tasks.units("一季度", "whole")
    assert len(tasks.exposure("四季度", "proportional", RANK)) == 3  # quarters without targets are no quarters of green
    one = ev.read_tasks(pd.concat([quarterly([25, 50, 75, 100]), laiwu().iloc[:1]], ignore_index=True))
    units = one.units("一季度", "whole").set_index("单位")
    assert units.loc["单位01", "应完成"] == 0 and np.isnan(units.loc["单位01", "得分"]) and len(one.lights("一季度", "whole", RANK)) == 1


# -- duties ----------------------------------------------------------------------------------------------------------------------


def duties() -> pd.DataFrame:
    """莱芜 2018: townships deliberate weekly; districts meet monthly and go round each quarter; an officer visits monthly."""
    rows = [
        ("甲镇", "研究扶贫工作", "每周", 1, ""), ("乙区", "领导小组会议", "每月", 1, ""), ("乙区", "大走访", "每季度", 1, ""),
        ("干部01", "走访", "每月", 1, "甲镇"), ("干部02", "走访", "每月", 2, "甲镇"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["单位", "职责", "频次", "次数", "所属"])


def records() -> pd.DataFrame:
    """Weeks 1 to 10 without the fourth, twice in the fifth; two meetings; no round; officer 2 once in January, twice in March."""
    weeks = [f"2018-01-{day:02d}" for day in (1, 14, 15, 29, 30)] + [f"2018-02-{day:02d}" for day in (5, 12, 19, 26)] + ["2018-03-05"]
    rows = [("甲镇", "研究扶贫工作", day, 1) for day in weeks] + [("乙区", "领导小组会议", day, 1) for day in ("2018-01-31", "2018-03-01")]
    rows += [("干部01", "走访", f"2018-0{m}-10", 1) for m in (1, 2, 3)] + [
        ("干部02", "走访", "2018-01-20", 1),
        ("干部02", "走访", "2018-03-20", 2),
    ]
    rows += [("甲镇", "研究扶贫工作", "2018-03-27", 1), ("甲镇", "研究扶贫", "2018-01-02", 1), ("乙区", "大走访", "2018-04-01", 1)]
    return pd.DataFrame(rows, columns=["单位", "职责", "日期", "次数"])


def test_duties_of_a_quarter_by_hand() -> None:
    """2018-01-01 is a Monday: twelve whole weeks, the last one 19–25 March; weeks 4, 11 and 12 are missing."""
    found = ev.check_duties(duties(), records(), first="2018-01-01", last="2018-03-31")
    assert found.table()[["单位", "职责", "时段", "应做", "已做", "缺", "缺的时段"]].values.tolist() == [
        ["甲镇", "研究扶贫工作", 12, 12, 10, 3, 3], ["乙区", "领导小组会议", 3, 3, 2, 1, 1], ["乙区", "大走访", 1, 1, 0, 1, 1],
        ["干部01", "走访", 3, 3, 3, 0, 0], ["干部02", "走访", 3, 6, 3, 3, 2],
    ]  # fmt: skip
    assert found.table()["到位率"].tolist() == pytest.approx([9 / 12, 2 / 3, 0, 1, 0.5])
    assert found.missed().iloc[0][["时段", "起", "止"]].tolist() == ["2018-01-22 起一周", "2018-01-22", "2018-01-28"]
    assert found.missed()["时段"].tolist()[3:] == ["2018-02", "2018年1季度", "2018-01", "2018-02"]
    assert found.strays[["行", "原因"]].values.tolist() == [
        [19, "不在完整的时段内"], [20, "职责表中没有这个单位的这项职责"], [21, "不在完整的时段内"],
    ]  # fmt: skip
    assert repr(found) == "Duties 4 个单位 5 项职责：应做 25 次，缺 8 次，7 个时段不足；3 条记录不计"
    towns = found.table("所属").set_index(["所属", "职责"])
    assert towns.loc[("甲镇", "走访"), ["应做", "缺"]].tolist() == [9, 3]
    told = found.problems(day="2018-04-02", source="督查组", codes=dict.fromkeys(duties()["职责"], "5.1"), level="乡")
    assert told["问题"].iloc[0] == "研究扶贫工作：每周，应做 12 次，12 个时段中 3 个不足，共缺 3 次"


def test_duties_go_into_the_quarterly_lights_of_a_system(tmp_path: Path) -> None:
    """莱芜: what was counted is what the system scores; 到位率 of a township's officers is that of all their visits."""
    found = ev.check_duties(duties(), records(), first="2018-01-01", last="2018-03-31")
    codes = {"研究扶贫工作": ("1", "缺"), "走访": ("2", "到位率")}
    values = found.values(codes, day="2018-04-02", source="会议记录与走访台账", by="所属")
    assert values[["对象", "代码", "值"]].values.tolist() == [["甲镇", "1", 3.0], ["甲镇", "2", pytest.approx(6 / 9)]]
    rest = [{**values.iloc[0].to_dict(), "代码": code, "值": value} for code, value in (("3", 1.0), ("4", 0.0))]
    card = ev.score(pd.concat([values, pd.DataFrame(rest)], ignore_index=True), ROOT / "designs/systems/laiwu_quarterly_2018.toml")
    points = card.table().set_index("code")["points"]
    assert points["1"] == pytest.approx(20 - 3 * 2) and points["2"] == 0  # one point for each whole per cent below 100
    with pytest.raises(FieldworkError) as refused:
        found.values({"开会": ("1", "缺"), "走访": ("2", "比例")}, day="2018-04-02", source="台账")
    assert "2 处错误" in str(refused.value)
    for slip in ({}, {"走访": "2"}, {"走访": ("2",)}, None):
        with pytest.raises(FieldworkError, match=r"写如|应为字典"):
            found.values(slip, day="2018-04-02", source="台账")


@settings(max_examples=12)
@given(st.lists(st.dates(pd.Timestamp("2017-12-20").date(), pd.Timestamp("2018-07-10").date()), min_size=1, max_size=40, unique=True))
def test_every_record_counts_once_or_is_told(days: list[Any]) -> None:
    wanted = pd.DataFrame({"单位": "甲", "职责": ["a", "b", "c"], "频次": ["每周", "每月", "每季度"]})
    done = pd.concat([pd.DataFrame({"单位": "甲", "职责": duty, "日期": days}) for duty in "abc"], ignore_index=True)
    found = ev.check_duties(wanted, done, first="2018-01-01", last="2018-06-30")
    assert found.rows["已做"].sum() + len(found.strays) == len(done)
    assert (found.rows["缺"] == (found.rows["应做"] - found.rows["已做"]).clip(lower=0)).all()
    for duty, size in (("a", 25), ("b", 6), ("c", 2)):  # 25 weeks end on 24 June
        mine = found.rows[found.rows["职责"] == duty]
        ends, starts = pd.to_datetime(mine["止"]), pd.to_datetime(mine["起"])
        assert len(mine) == size and ((starts.shift(-1) - ends).dropna() == pd.Timedelta(days=1)).all()
        inside = {f"{day}" for day in days if mine["起"].iloc[0] <= f"{day}" <= mine["止"].iloc[-1]}
        assert mine["已做"].sum() == len(inside)


def test_every_fault_of_duties_and_records_at_once() -> None:
    wanted = pd.DataFrame(
        [("甲", "会议", "每周", 1), ("甲", "会议", "每月", 1), ("乙", "", "每天", 1.5), ("丙", "大走访", "每年", 0)],
        columns=["单位", "职责", "频次", "次数"],
    )
    done = pd.DataFrame([("甲", "会议", "2018-01-03"), ("甲", "会议", "2018/1/3"), ("", "会议", "元月")], columns=["单位", "职责", "日期"])
    with pytest.raises(FieldworkError) as refused:
        ev.check_duties(wanted, done, first="2018-01-01", last="2018-03-31")
    told = str(refused.value)
    for part in (
        "职责表：6 处错误", "第 3 行，单位、职责｜与前面一行重复", "第 4 行，职责｜不能空白",
        "第 4 行，频次｜应为 每周、每月、每季度、每年",
        "第 4 行，次数｜应为不小于 1 的整数", "第 5 行，次数｜应为不小于 1 的整数",
        "第 5 行，频次｜2018-01-01 至 2018-03-31 之间没有一个完整的时段",
        "履职记录：3 处错误", "第 3 行，单位、职责、日期｜与前面一行重复", "第 4 行，单位｜不能空白", "第 4 行，日期｜应为日期",
    ):  # fmt: skip
        assert part in told, part
    assert "元月" not in told
    for first, last in (("2018-03-31", "2018-01-01"), ("", "2018-01-01"), ("2018-1", "x")):
        with pytest.raises(FieldworkError, match="应为先后两天"):
            ev.check_duties(wanted, done, first=first, last=last)
    with pytest.raises(FieldworkError, match="没有这种五查"):
        ev.five_checks("村", ["甲"], "每月")


def test_the_two_lists_of_five_checks_are_duties() -> None:
    both = [ev.five_checks(kind, ["甲", "乙"], "每季度") for kind in ("行业部门", "区镇")]
    assert [len(each) for each in both] == [10, 10]
    assert set(both[0]["职责"]) & set(both[1]["职责"]) == {"通报督查", "观摩督查", "互动督查"}
    done = pd.DataFrame({"单位": "甲", "职责": "亮灯督查", "日期": ["2018-02-01"]})
    assert ev.check_duties(both[1], done, first="2018-01-01", last="2018-03-31").rows["缺"].sum() == 9


# -- looking again ---------------------------------------------------------------------------------------------------------------


def closed() -> pd.DataFrame:
    return pd.DataFrame({"编号": [f"V1/{i:03d}" for i in range(40)], "类别": ["2017年脱贫户"] * 12 + ["危房改造"] * 28})


def test_a_list_to_look_at_again_is_drawn_by_ticket() -> None:
    """A fifth of 28 is six; the tickets are those that anybody computes; all of the other kind are on it."""
    drawn = ev.revisit(closed(), share=0.2, seed=SEED, by="类别", every=["2017年脱贫户"])
    assert drawn["类别"].value_counts().to_dict() == {"2017年脱贫户": 12, "危房改造": 6}
    ids = closed()["编号"].iloc[12:]
    order = sorted(ids, key=lambda each: hashlib.sha256(f"{SEED}|revisit|{each}".encode()).digest())
    assert drawn.loc[drawn["类别"] == "危房改造", "编号"].tolist() == order[:6]
    assert drawn["概率"].tolist() == pytest.approx([1.0] * 12 + [6 / 28] * 6)
    survey = ev.Survey.from_data(drawn.assign(again=1.0), strata="类别", fpc="件数")
    assert ev.total(survey, "again").value[0] == pytest.approx(40)


@settings(max_examples=12)
@given(st.integers(1, 30), st.floats(0, 1), st.randoms(use_true_random=False))
def test_a_larger_share_keeps_what_a_smaller_one_drew(size: int, share: float, dice: Any) -> None:
    table = closed().iloc[:size]
    drawn = ev.revisit(table, share=share, seed=SEED)
    assert len(drawn) == math.ceil(Fraction(str(share)) * size)
    order = list(range(size))
    dice.shuffle(order)
    assert ev.revisit(table.iloc[order], share=share, seed=SEED).equals(drawn)
    assert set(ev.revisit(table, share=share / 2, seed=SEED)["编号"]) <= set(drawn["编号"])


def test_every_fault_of_a_list_to_look_at_again() -> None:
    table = pd.DataFrame({"编号": ["a", "a", "b c", "", "/x"], "类别": ["甲", "甲", "", "乙", "乙"]})
    with pytest.raises(FieldworkError) as refused:
        ev.revisit(table, share=20, seed="a|b", by="类别", every=["丙"])
    told = str(refused.value)
    for part in (
        "第 3 行，编号｜与前面一行重复", "第 4 行，编号｜编号中不能有 |、空格", "第 6 行，编号｜编号中不能有 |、空格",
        "第 5 行，编号｜不能空白", "第 4 行，类别｜不能空白", "share：20｜应为 0 至 1 的数",
        "种子中不能有 |", "every：丙｜清单中没有这一类",
    ):  # fmt: skip
        assert part in told, part
    with pytest.raises(FieldworkError, match="没有写按哪一列分类"):
        ev.revisit(closed(), share=0.1, seed=SEED, every=["危房改造"])
    with pytest.raises(FieldworkError, match="seed｜没有种子"):
        ev.revisit(closed(), share=0.1, seed=" ")
    with pytest.raises(FieldworkError, match="share：str｜应为一个数"):
        ev.revisit(closed(), share="10%", seed=SEED)


# -- points of inspectors --------------------------------------------------------------------------------------------------------


def attended() -> pd.DataFrame:
    """泌阳 2018: D1 is there for three days, D2 is on leave on the second, D3 is absent twice without leave."""
    rows = {"D1": ["出勤"] * 3, "D2": ["出勤", "请假", "出勤"], "D3": ["缺勤", "出勤", "缺勤"]}
    days = ("2018-11-15", "2018-11-16", "2018-11-17")
    return pd.DataFrame([(who, day, word) for who, words in rows.items() for day, word in zip(days, words, strict=True)],
                        columns=["督查员", "日期", "出勤"])  # fmt: skip


def found_by_inspectors() -> pd.DataFrame:
    rows = [
        ("P1", "D1", "2018-11-15", "无效"), ("P2", "D1", "2018/11/15", "无效"), ("P3", "D1", "2018-11-17", "有效"),
        ("P4", "D2", "2018-11-17", "待定"), ("P5", "D3", "2018-11-16", "无效"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["问题编号", "督查员", "日期", "举证"])


def test_points_of_inspectors_by_hand() -> None:
    """D1 2 × 1; D2 nothing, leave costs nothing and one proof is open; D3 1 − 2 × 2."""
    found = ev.inspector_points(attended(), found_by_inspectors())
    assert found.table()[["督查员", "出勤", "请假", "缺勤", "问题", "未被反驳", "待定", "积分", "名次"]].values.tolist() == [
        ["D1", 3, 0, 0, 3, 2, 0, 2, 1], ["D2", 2, 1, 0, 1, 0, 1, 0, 2], ["D3", 1, 0, 2, 1, 1, 0, -3, 3],
    ]  # fmt: skip
    assert found.table("2018-11-16")[["督查员", "积分"]].values.tolist() == [["D1", 2], ["D2", 0], ["D3", -1]]
    daily = found.daily()
    assert daily.loc[daily["督查员"] == "D3", ["当日积分", "累计积分"]].values.tolist() == [[-2, -2], [1, -1], [-2, -3]]
    assert repr(found) == "Inspectors 3 人 3 天：缺勤 2 次，未被反驳 3 个，待定 1 个"
    alone = ev.inspector_points(attended()).table()
    assert alone[["督查员", "积分", "名次"]].values.tolist() == [["D1", 0, 1], ["D2", 0, 1], ["D3", -4, 3]]
    for day in ("2018-11-01", "昨天"):
        with pytest.raises(FieldworkError, match="day｜"):
            found.table(day)


def test_every_fault_of_attendance_and_problems_at_once() -> None:
    there = pd.concat([attended(), pd.DataFrame([("D1", "2018/11/15", "出勤"), ("", "15日", "迟到")], columns=attended().columns)])
    wrong = [("P1", "D1", "2018-11-15", "无效"), ("P6", "D3", "2018-11-15", "无"), ("", "D9", "2018-11-15", "有效")]
    problems = pd.concat([found_by_inspectors(), pd.DataFrame(wrong, columns=found_by_inspectors().columns)])
    with pytest.raises(FieldworkError) as refused:
        ev.inspector_points(there.reset_index(drop=True), problems.reset_index(drop=True))
    told = str(refused.value)
    for part in (
        "出勤表：4 处错误", "第 11 行，督查员、日期｜与前面一行重复", "第 12 行，督查员｜不能空白", "第 12 行，日期｜应为日期",
        "第 12 行，出勤｜应为",
        "督查问题：5 处错误", "第 7 行，问题编号｜与前面一行重复", "第 8 行，举证｜应为", "第 8 行，日期｜出勤表中督查员这一天没有出勤",
        "第 9 行，日期｜出勤表中督查员这一天没有出勤", "第 9 行，问题编号｜不能空白",
    ):  # fmt: skip
        assert part in told, part


# -- commands --------------------------------------------------------------------------------------------------------------------


def test_forms_are_filled_and_the_commands_write_workbooks(tmp_path: Path) -> None:
    def typed(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["tasks", *words])
        return done.exit_code, done.output

    assert typed("form", str(tmp_path))[0] == 0
    forms = {name: tmp_path / f"{name}模板.xlsx" for name in ("任务清单", "职责表", "履职记录", "已办结清单", "出勤表", "督查问题")}
    filled = {"任务清单": quarterly([5, 50, 75, 100], [25, 50, 75, 100]), "职责表": duties(), "履职记录": records(), "已办结清单": closed()}
    filled |= {"出勤表": attended(), "督查问题": found_by_inspectors()}
    for name, path in forms.items():
        assert list(read_sheet(path).columns) == list(filled[name].columns)
        filled[name].to_excel(path, index=False)
    tasks, out = str(forms["任务清单"]), str(tmp_path / "out.xlsx")
    rule = ["--rule", "rank", "--red", "1", "--yellow", "0", "--source", "督查考核办法"]
    status, said = typed("lights", tasks, "--quarter", "一季度", "--scoring", "proportional", *rule, "--out", out)
    assert status == 0 and "红灯：镇1\n黄灯：无" in said
    assert list(read_grids(out)) == ["单位", "亮灯", "曝光", "滞后与未报", "任务"]
    status, said = typed("score", tasks, "--quarter", "一季度", "--scoring", "whole", "--out", out)
    assert status == 0 and "滞后 1 项" in said and list(read_grids(out)) == ["单位", "滞后与未报", "任务"]
    days = ["--first", "2018-01-01", "--last", "2018-03-31"]
    status, said = typed("duties", str(forms["职责表"]), str(forms["履职记录"]), *days, "--out", out)
    assert status == 0 and "缺 8 次" in said and list(read_grids(out)) == ["汇总", "按所属", "缺的时段", "不计的记录"]
    again = ["revisit", str(forms["已办结清单"]), "--share", "0.2", "--seed", SEED, "--by", "类别", "--out", out]
    status, said = typed(*again)
    assert status == 0 and "危房改造：28 件抽 6" in said
    nothing = typed(*again[:3], "0", *again[4:])
    assert nothing == (1, "--share 0｜一件也不抽｜写大于 0 的数，如 --share 0.2；或用 --every 写明全部再看的类别\n")
    wrong = typed("lights", tasks, "--quarter", "一季度", "--scoring", "whole", *rule[:3], "-1", *rule[4:])[1]
    assert wrong.startswith("rule（rule = 'rank'，red = -1.0，") and "red、yellow 为不小于 0 的数" in wrong
    status, said = typed("inspectors", str(forms["出勤表"]), str(forms["督查问题"]), "--out", out)
    assert status == 0 and "1. D1 +2\n2. D2 +0\n3. D3 -3" in said and list(read_grids(out)) == ["积分", "每日"]
    assert typed("form", str(tmp_path)) == (1, "任务清单模板.xlsx｜已有人填写，不能覆盖｜先把这个文件改名或移走，再试一次\n")
    assert typed("duties", tasks, str(tmp_path / "无.xlsx"), *days)[0] == 1
    assert "是读入的文件" in typed("score", tasks, "--quarter", "一季度", "--scoring", "whole", "--out", tasks)[1]
    assert "文件名以 .xlsx 结尾" in typed("score", tasks, "--quarter", "一季度", "--scoring", "whole", "--out", "out.csv")[1]
