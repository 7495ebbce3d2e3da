"""Checks of paradata: each planted oddity is found and nothing else, undone checks say why, nothing of a person is printed."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.errors import DesignError, EstimateError
from evalkit.quality.checks import distance
from evalkit.responses import collect
from tests import county

LIMITS = {
    "shortest": 15, "longest": 180, "night": ["21:00", "07:00"], "digits": ["收入"], "digit_p": 0.001, "straight": 3, "match": 0.9,
    "far": 5, "same_place": 4,
}  # fmt: skip
ITEMS = ["甲题", "乙题", "丙题"]
ROLES = {
    "village": "村", "household": "户", "interviewer": "员", "team": "组", "start": "始", "end": "终", "latitude": "纬",
    "longitude": "经", "callback": "访",
}  # fmt: skip
CALLS = {"相符": "confirmed", "没来过": "denied", "未通": "unreached"}


def clean(n: int = 240, villages: int = 6) -> pd.DataFrame:
    """Interviews without anything odd: one after the other, two interviewers a village, points near the village."""
    numbers = np.random.default_rng(8)
    village = np.arange(n) % villages
    turn = np.arange(n) // (2 * villages)
    start = pd.Timestamp("2018-11-12 08:00") + pd.to_timedelta(turn % 14 * 45 + turn // 14 * 1440, unit="m")
    table = pd.DataFrame({
        "村": [f"V{at}" for at in village], "户": [f"{at:04d}" for at in range(n)],
        "员": [f"E{at % villages}{at // villages % 2}" for at in range(n)],
        "组": [f"T{at % 3}" for at in village], "始": start.strftime("%Y-%m-%d %H:%M"),
        "终": (start + pd.Timedelta("30min")).strftime("%Y-%m-%d %H:%M"),
        "纬": 32.7 + village * 0.05 + numbers.normal(0, 0.002, n), "经": 113.3 + numbers.normal(0, 0.002, n),
        "访": np.where(np.arange(n) % 10 == 0, "相符", ""), "收入": numbers.integers(3000, 30000, n),
    })  # fmt: skip
    for at, item in enumerate(ITEMS):
        table[item] = np.where((np.arange(n) + at) % 2, "满意", "一般")
    return table.assign(**{f"问{at}": numbers.integers(0, 6, n) for at in range(9)})


def seen(table: pd.DataFrame, **changes):
    return ev.plausibility(table, limits={**LIMITS, **changes}, items=ITEMS, callbacks=CALLS, **ROLES)


def households(table: pd.DataFrame, check: str) -> set[str]:
    found = seen(table).flagged()
    return set(found.loc[found["核查"] == check, "户"])


def test_nothing_is_listed_where_nothing_is_odd() -> None:
    found = seen(clean())
    assert found.flagged().empty and [check.name for check in found.checks if check.undone] == ["末位数字偏好"]
    assert found["访问过短"].looked == 240 and found["回访不符"].looked == 24


PLANTED = {
    "时间缺失": ({3: {"终": "下午"}}, {"0003"}),
    "访问过短": ({5: {"终": "2018-11-12 08:05"}}, {"0005"}),
    "访问过长": ({239: {"终": "2018-11-13 18:00"}}, {"0239"}),
    "夜间访问": ({239: {"始": "2018-11-14 21:30", "终": "2018-11-14 22:00"}}, {"0239"}),
    "访问重叠": ({12: {"始": "2018-11-12 08:20", "终": "2018-11-12 08:40"}}, {"0000", "0012"}),
    "直线作答": ({7: dict.fromkeys(ITEMS, "满意")}, {"0007"}),
    "离村过远": ({9: {"纬": 33.5}}, {"0009"}),
    "回访不符": ({20: {"访": "没来过"}}, {"0020"}),
    "回访未通": ({30: {"访": "未通"}}, {"0030"}),
}


@pytest.mark.parametrize("check", PLANTED)
def test_what_is_planted_is_found_and_nothing_else(check: str) -> None:
    table, (changes, found) = clean(), PLANTED[check]
    for row, cells in changes.items():
        for column, value in cells.items():
            table.loc[row, column] = value
    assert households(table, check) == found


def test_copies_of_one_interviewer_and_of_anybody() -> None:
    table = clean()
    answers = [*ITEMS, "收入", *(f"问{at}" for at in range(9))]
    table.loc[12, answers] = table.loc[0, answers]  # the same interviewer in the same village
    table.loc[101, answers] = table.loc[50, answers]
    assert households(table, "答案完全相同") == {"0000", "0012", "0050", "0101"}
    assert {"0000", "0012"} <= households(table, "近似重复问卷")
    table.loc[12, "问0"] = 9 - table.loc[12, "问0"]
    assert households(table, "近似重复问卷") == {"0000", "0012"} and households(table, "答案完全相同") == {"0050", "0101"}


def test_one_place_and_round_numbers_of_one_interviewer() -> None:
    table = clean()
    table.loc[[0, 12, 24, 36], ["纬", "经"]] = [32.7, 113.3]
    assert households(table, "同一坐标") == {"0000", "0012", "0024", "0036"}
    rounder = clean(720)
    mine = rounder["员"] == "E00"
    rounder.loc[mine, "收入"] = rounder.loc[mine, "收入"] // 100 * 100
    found = seen(rounder)["末位数字偏好"]
    assert found.units.loc[found.units["flagged"], "interviewer"].tolist() == ["E00"] and found.looked == 12
    assert "Myers 0.90" in found.units.loc[found.units["flagged"], "value"].iloc[0]


def test_tables_by_interviewer_and_team_add_up() -> None:
    table = clean()
    table.loc[[3, 5], "终"] = table.loc[[3, 5], "始"]
    found = seen(table)
    whole = found.table().set_index("核查")
    for by, title in (("interviewer", "调查员"), ("team", "组"), ("village", "村")):
        part = found.table(by)
        assert set(part.columns) == {"核查", title, "看了", "列出", "比例"}
        assert part.groupby("核查")["看了"].sum()["访问过短"] == whole.loc["访问过短", "看了"] == 240
        assert part.groupby("核查")["列出"].sum()["访问过短"] == 2
    with pytest.raises(EstimateError, match="by = "):
        found.table("县")


def test_checks_that_cannot_be_made_say_why() -> None:
    found = ev.plausibility(clean(), village="村", household="户")
    undone = found.table().set_index("核查")["未做"]
    assert "没有写 shortest" in undone["访问过短"] and "没有给出 start" in undone["访问过短"]
    assert undone["答案完全相同"] == "" and "调查员" in undone["访问重叠"]
    blank = ev.plausibility(clean().assign(纬="", 经=""), limits=LIMITS, **ROLES)
    assert "全部空白" in blank["离村过远"].undone


def test_faults_of_the_call_are_told_together() -> None:
    with pytest.raises(EstimateError, match=r"(?s)没有这种列.*没有这一列"):
        ev.plausibility(clean(), village="村庄", household="户", 天气="晴")
    with pytest.raises(EstimateError, match="limits"):
        ev.plausibility(clean(), limits={"shortest": -1}, village="村", household="户")
    with pytest.raises(EstimateError, match="limits"):
        ev.plausibility(clean(), limits={"night": ["25:00", "7:00"]}, village="村", household="户")


def test_distance_of_a_degree() -> None:
    assert distance(0.0, 0.0, 1.0, 0.0) == pytest.approx(111.195, abs=1e-3)
    assert distance(60.0, 10.0, 60.0, 11.0) == pytest.approx(distance(0.0, 10.0, 0.0, 11.0) / 2, rel=1e-4)


def with_paradata() -> tuple[dict[str, Any], pd.DataFrame]:
    columns = {"start": "开始", "end": "结束", "latitude": "纬度", "longitude": "经度", "callback": "回访", "team": "组"}
    columns["callbacks"] = CALLS
    table = county.made()[3].copy()
    n = len(table)
    start = pd.Timestamp("2018-11-12 08:00") + pd.to_timedelta(np.arange(n) * 3, unit="m")
    table["开始"], table["结束"] = start.strftime("%Y年%m月%d日 %H:%M"), (start + pd.Timedelta("20min")).strftime("%Y/%m/%d %H:%M")
    table["纬度"], table["经度"], table["回访"], table["组"] = "32.71234567", "113.31234567", "相符", "一组"
    return columns, table


def test_returns_keep_what_the_design_names_and_print_no_coordinate() -> None:
    columns, table = with_paradata()
    declared = county.design(returns={**county.plan()["returns"], **columns}, quality={"shortest": 30, "far": 1, "same_place": 3})
    sample = county.build(declared)[2]
    responses = collect(sample, table)
    found = ev.plausibility(responses)
    assert found["访问过短"].flagged == found["同一坐标"].flagged == found.interviews and found["离村过远"].flagged == 0
    assert found["回访未通"].looked == found.interviews
    shown = found.table().to_csv() + found.flagged().to_csv() + repr(found)
    assert "1234567" not in shown and "32.7" not in shown
    with pytest.raises(EstimateError, match="returns"):
        ev.plausibility(responses, start="开始")
    assert "latitude" not in county.collected().table()
    assert declared.hash == county.design().hash  # paradata decide no draw


def test_a_column_that_is_named_and_absent_is_told_of() -> None:
    columns, _ = with_paradata()
    declared = county.design(returns={**county.plan()["returns"], **columns}, quality={"shortest": 30})
    found = ev.plausibility(collect(county.build(declared)[2], county.made()[3]))
    assert "回收表没有“开始”一列" in found["访问过短"].undone


def test_a_design_with_wrong_limits_is_refused() -> None:
    with pytest.raises(DesignError, match="night"):
        county.design(quality={"night": ["21:00"]})


def test_files_and_picture(tmp_path) -> None:
    table = clean()
    table.loc[[3, 5], "终"] = table.loc[[3, 5], "始"]
    found = seen(table)
    paths = found.save(tmp_path)
    assert [path.name for path in paths] == ["合理性核查.xlsx", "核查.csv", "列出.csv"]
    again = [path.read_bytes() for path in found.save(tmp_path / "b")]
    assert again == [path.read_bytes() for path in paths]
    chart = charts.Chart.of(found.plot(), "plausibility")
    assert chart.collisions() == [] and "访问过短：240户中2户" in chart.alt


def test_ten_thousand_interviews_in_seconds() -> None:
    table = clean(10_000, 50)
    begun = time.process_time()
    seen(table)
    assert time.process_time() - begun < 6


def test_given_centres_stand_before_medians() -> None:
    table = clean()
    table.loc[table["村"] == "V0", "纬"] += 0.3  # a whole village interviewed elsewhere: its own median does not tell
    assert households(table, "离村过远") == set()
    found = ev.plausibility(table, limits=LIMITS, centres={"V0": (32.7, 113.3)}, **ROLES)["离村过远"]
    assert set(found.units.loc[found.units["flagged"], "village"]) == {"V0"} and "村中心" in found.rule


def test_too_few_numbers_for_digits_are_told() -> None:
    assert "没有一名调查员有 30 个数" in seen(clean(60))["末位数字偏好"].undone
