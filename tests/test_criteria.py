"""Rule sets as data: income lines by year and series, items of households, villages and the county, 漏退 and omitted members."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit.design.criteria import Criteria, income_line, rule_set
from evalkit.errors import DesignError, ResponsesError
from evalkit.findings import checklist
from evalkit.responses import collect
from tests import county
from tests.test_findings import judged


def criteria(**changes: Any) -> Criteria:
    made = county.design(criteria=changes).criteria
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("series", "year", "line"),
    [
        ("国家统计局", 2011, 2536), ("国家统计局", 2014, 2800), ("国家统计局", 2015, 2855), ("国家统计局", 2016, 2952),
        ("工作线", 2015, 2968), ("工作线", 2016, 3146), ("工作线", 2017, 3335), ("工作线", 2018, 3535), ("工作线", 2019, 3747),
        ("2010年价", 2010, 2300),
    ],
)  # fmt: skip
def test_both_published_series_of_the_line(series: str, year: int, line: int) -> None:
    """domain §9.1."""
    assert income_line({"series": series, "year": year}) == line


def test_the_working_line_grows_by_six_per_cent() -> None:
    for k, year in enumerate(range(2014, 2020)):
        assert income_line({"series": "工作线", "year": year}) == round(2800 * 1.06**k)


def test_a_line_from_the_table_brings_its_source() -> None:
    made = criteria(line={"series": "工作线", "year": 2018}, line_source="")
    assert made.line == 3535 and "每年6%" in made.line_source
    assert criteria(line={"series": "2010年价", "year": 2010, "province": "陕西"}, line_source="").line == 2500


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"series": "国家统计局", "year": 2018},
            "全国的国家统计局没有 2018 年的标准线｜有的年份：2011、2012、2013、2014、2015、2016；查到有文件依据",
        ),
        ({"series": "工作线", "year": 2018, "province": "贵州"}, "贵州的工作线没有 2018 年的标准线｜有的年份：无"),
        ({"series": "省定", "year": 2018}, "没有 省定 这个系列｜可用：2010年价、国家统计局、工作线、相对标准"),
        ({"year": 2018}, "标准线写法不合"),
    ],
)
def test_a_line_that_is_missing_is_a_clear_fault(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(DesignError) as refused:
        county.design(criteria={"line": asked})
    assert f"criteria.line｜{told}" in str(refused.value)


def test_the_57_standard_of_shaanxi() -> None:
    """domain §1.4: household 5 with the income, village 7, county 7."""
    assert [len(rule_set(name)) for name in ("陕西户5条", "陕西村7条", "陕西县7条")] == [4, 7, 7]
    rules = criteria(guarantees=[], exclusions=[], sets=["陕西户5条"], columns={"有安全饮水": "饮水"}, line=2500)
    fair = {"有安全住房": "是", "无义务教育阶段辍学学生": "是", "参加新农合和大病保险": "是", "饮水": "是", "人均纯收入": 3000.0}
    table = judged(fair, {**fair, "饮水": "否"}, {**fair, "人均纯收入": 2499.0, "有安全住房": "否"}, rules=rules)
    assert table["items"].tolist() == ["", "有安全饮水：否", "人均纯收入低于标准；有安全住房：否"]


WATER = [
    {"name": "水量", "below": 35, "clause": "每人每天不少于35升"},
    {"name": "取水", "above": 30},
    {"name": "房屋", "column": "等级", "against": ["C级", "D级"], "allowed": ["A级", "B级"]},
    {"name": "教育", "column": "辍学", "against": ["有"], "allowed": ["无"], "when": {"有学龄儿童": ["是"]}},
    {"name": "识别时收入", "kind": "exclusion", "at_least": 3535},
]
GOOD = {"水量": 35.0, "取水": 30.0, "等级": "B级", "辍学": "", "有学龄儿童": "否", "识别时收入": 3534.0}


@pytest.mark.parametrize(
    ("row", "items"),
    [
        ({}, ""),
        ({"水量": 34.9}, "水量低于 35"),
        ({"取水": 30.5}, "取水高于 30"),
        ({"等级": "D级", "取水": 31.0}, "取水高于 30；房屋：C级或D级"),
        ({"有学龄儿童": "是", "辍学": "有"}, "教育：有"),
        ({"有学龄儿童": "否", "辍学": "有"}, ""),
        ({"stratum": county.REGISTERED, "识别时收入": 3535.0}, "识别时收入不低于 3535"),
    ],
)
def test_rules_with_words_limits_and_conditions(row: dict[str, Any], items: str) -> None:
    assert judged({**GOOD, **row}, rules=criteria(rule=WATER))["items"].tolist() == [items]


def test_a_rule_asks_only_those_whom_it_concerns() -> None:
    with pytest.raises(ResponsesError, match="辍学：村 a 户 0｜完成调查的户缺答案"):
        judged({**GOOD, "有学龄儿童": "是"}, rules=criteria(rule=WATER))
    with pytest.raises(ResponsesError, match="等级：村 a 户 0｜不在允许的答案中｜改为：A级、B级、C级、D级"):
        judged({**GOOD, "等级": "E级"}, rules=criteria(rule=WATER))


def test_a_rule_on_a_column_that_is_absent_is_refused() -> None:
    with pytest.raises(ResponsesError, match="等级｜回收表中没有这一列"):
        judged({name: value for name, value in GOOD.items() if name != "等级"}, rules=criteria(rule=WATER))


def test_rules_are_read_from_returns() -> None:
    declared = county.design(criteria={"rule": WATER})
    table = county.made()[3]
    good = {**GOOD, "水量": "35", "取水": "30", "识别时收入": "100"}
    table = table.reset_index(drop=True).astype(object).assign(**good)
    done = table.index[table["结果"] == "完成"]
    table.loc[done[0], "水量"] = "三十五"
    table.loc[done[1], ["有学龄儿童", "辍学"]] = ["是", ""]
    asked = county.build(declared)[2]
    with pytest.raises(ResponsesError) as refused:
        collect(asked, table)
    assert f"第 {done[0] + 2} 行，水量｜应为数值" in str(refused.value)
    assert f"第 {done[1] + 2} 行，辍学：村" in str(refused.value) and "2 处错误" in str(refused.value)
    table.loc[done[0], "水量"] = "10"
    table.loc[done[1], "辍学"] = "无"
    table.loc[done[0], ["有小汽车", "有财政供养人员"]] = "否"
    made = ev.determine(collect(asked, table)).table()
    mine = made.set_index(["village", "household"]).loc[tuple(table.loc[done[0], ["村代码", "户编号"]])]
    assert mine["finding"] == {county.EXITED: "wrong_exit", county.OUTSIDE: "missed"}.get(mine["stratum"], "")
    assert mine["finding"] == "" or "水量低于 35" in mine["items"]


def test_a_made_county_answers_every_kind_of_rule() -> None:
    declared = county.design(criteria={"rule": WATER, "omitted": "户内漏评人数", "overstay": True})
    _, _, sample, table = county.build(declared)
    made = ev.determine(collect(sample, table))
    assert made.sought == ("wrong_exit", "missed", "misidentified", "overstayed")
    counts = made.counts().set_index("finding")["households"]
    assert counts["wrong_exit"] > 0 and counts["misidentified"] > 0 and counts["overstayed"] == 0


def test_overstayed_is_looked_for_only_when_asked() -> None:
    poor = {"stratum": county.REGISTERED, "人均纯收入": 100.0}
    rich, car = {**poor, "人均纯收入": 9000.0}, {**poor, "人均纯收入": 9000.0, "有小汽车": "是"}
    assert judged(poor, rich, car)["finding"].tolist() == ["", "", "misidentified"]
    table = judged(poor, rich, car, rules=criteria(overstay=True))
    assert table["finding"].tolist() == ["", "overstayed", "misidentified"]
    assert table["items"].tolist() == ["", "收入与各项保障均达标", "有小汽车"]
    assert table["overstayed"].tolist() == [False, True, False]


def test_members_left_out_are_missed_persons_of_a_registered_household() -> None:
    rules = criteria(omitted="户内漏评人数")
    rows: list[dict[str, Any]] = [
        {"户内漏评人数": 1.0, "status": "confirmed"},
        {"户内漏评人数": 2.0, "人均纯收入": 1.0, "status": "confirmed", "persons": 5},
        {"户内漏评人数": 0.0},
        {"stratum": county.OUTSIDE, "户内漏评人数": 2.0},
        {"stratum": county.OUTSIDE, "人均纯收入": 1.0, "户内漏评人数": float("nan")},
    ]
    table = judged(*rows, rules=rules)
    assert table["finding"].tolist() == ["", "wrong_exit", "", "", "missed"]
    assert table["missed"].tolist() == [True, True, False, False, True]
    assert table["missed_affected"].tolist() == [1, 2, 0, 0, 3]
    assert table["affected"].tolist() == [0, 5, 0, 0, 3]
    assert table["missed_confirmed"].tolist() == [True, True, False, False, False]


def test_the_log_of_cases_stands_for_the_status_of_the_returns() -> None:
    base = county.collected()
    found = ev.determine(base)
    case = found.cases().iloc[0]
    key = (case["village"], case["household"], case["finding"])
    other = "dismissed" if case["status"] != "dismissed" else "confirmed"
    after = ev.determine(base, statuses={key: other})
    mine = after.cases().set_index(["village", "household", "finding"])["status"]
    assert mine[key] == other
    assert mine.drop(key).equals(found.cases().set_index(["village", "household", "finding"])["status"].drop(key))
    strange = ev.determine(base, statuses={("x", "9", "missed"): "confirmed"})
    assert any("台账有漏评案件，而答案未显示问题" in fault.rule for fault in strange.faults)


def test_cases_and_evidence_of_a_household() -> None:
    made = ev.determine(county.collected())
    told = made.evidence()
    assert set(told.columns) == {"village", "household", "finding", "item", "clause", "answer", "standard"}
    cases = made.cases()
    assert set(zip(told["village"], told["household"], strict=True)) == set(zip(cases["village"], cases["household"], strict=True))
    assert (cases["scope"] == "整户").all()


VILLAGES = {"贫困发生率": 0.0299, "人均可支配收入占比提高": "是", "有集体经济或合作组织、互助资金组织": "是", "通沥青路或水泥路": "是",
            "有安全饮水": "是", "电力入户率": 1.0, "有标准化村卫生室": "是"}  # fmt: skip


def test_villages_are_held_against_the_seven_items() -> None:
    table = pd.DataFrame([{"村": "甲", **VILLAGES}, {"村": "乙", **VILLAGES, "贫困发生率": 0.03, "电力入户率": 0.999}])
    made = checklist(table, "陕西村7条", unit="村")
    assert made.table()["unmet"].tolist() == [0, 2]
    failed = made.failed()[["村", "item", "standard"]].to_numpy().tolist()
    assert failed == [["乙", "贫困发生率", "低于 0.03"], ["乙", "电力入户率", "不低于 1"]]


def test_a_bad_checklist_tells_all_its_faults() -> None:
    table = pd.DataFrame([{"村": "甲", **VILLAGES, "有安全饮水": ""}, {"村": "甲", **VILLAGES, "有标准化村卫生室": "有"}])
    with pytest.raises(ResponsesError) as refused:
        checklist(table, "陕西村7条", unit="村")
    word = "第 3 行，有标准化村卫生室｜不在允许的答案中｜改为：是、否"
    for line in ("第 2 行，有安全饮水｜缺答案", word, "第 3 行，村｜同一单位写了两行"):
        assert line in str(refused.value)
    with pytest.raises(ResponsesError, match="电力入户率｜表中没有这一列"):
        checklist(table.drop(columns="电力入户率"), "陕西村7条", unit="村")
    with pytest.raises(ResponsesError, match=r"没有 陕西省 这套规则｜可用：.*陕西村7条"):
        checklist(table, "陕西省", unit="村")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sets": ["三不愁"]}, "没有 三不愁 这套规则"),
        ({"rule": [{"name": "水", "below": 1, "against": ["否"]}]}, "又写了文字答案，又写了数值界限"),
        ({"rule": [{"name": "水", "against": ["否"]}]}, "against 与 allowed 只写了一个"),
        ({"rule": [{"name": "吃不愁"}]}, "吃不愁 写了两次"),
        ({"columns": {"无此": "列"}}, "columns 中的 无此 不是规则的名称"),
        ({"guarantees": []}, "没有一项保障"),
    ],
)
def test_criteria_that_do_not_fit_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DesignError, match=told):
        county.design(criteria=changes)


def test_a_rate_of_overstayed_needs_the_criteria_to_look_for_it() -> None:
    rate = {"name": "漏退率", "kind": "finding", "finding": "overstayed", "population": [county.REGISTERED], "count": "persons",
            "decided_by": "household"}  # fmt: skip
    with pytest.raises(DesignError, match="标准没有要求找漏退"):
        county.design(rate=[rate])
    assert county.design(rate=[rate], criteria={"overstay": True}).rates[0].name == "漏退率"
