"""Returns are held against the sample: all faults at once, nothing guessed, order of arrival of no matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evalkit.errors import ResponsesError
from evalkit.responses import collect
from tests import county

CANARY_ID, CANARY_NAME = "11010519491231002X", "秦始皇某"


def returned() -> pd.DataFrame:
    return county.made()[3].reset_index(drop=True).astype(object)


def refusal(table: Any) -> str:
    with pytest.raises(ResponsesError) as refused:
        collect(county.made()[2], table)
    return str(refused.value)


def complete_rows(table: pd.DataFrame, count: int) -> list[int]:
    return table.index[table["结果"] == "完成"][:count].tolist()


def cell_with(test: Callable[[pd.DataFrame], bool]) -> pd.DataFrame:
    """The drawn households of the first village and stratum that pass a test, with their outcome ("" if none)."""
    sample, table = county.made()[2], returned()
    outcome = table.set_index(["村代码", "户编号"])["结果"]
    drawn = sample.table("household").join(outcome, on=["village", "household"]).fillna({"结果": ""})
    return next(cell.sort_values("order") for _, cell in drawn.groupby(["village", "stratum"]) if test(cell))


def row_of(table: pd.DataFrame, household: pd.Series) -> int:
    return int(table.index[(table["村代码"] == household["village"]) & (table["户编号"] == household["household"])][0])


def added(table: pd.DataFrame, household: pd.Series, outcome: str) -> pd.DataFrame:
    """The returns with one more household, answered as the first complete one."""
    row = table.loc[complete_rows(table, 1)[0]].copy()
    row["村代码"], row["户编号"], row["结果"], row["核实人数"] = household["village"], household["household"], outcome, household["persons"]
    row["状态"] = ""
    return pd.concat([table, row.to_frame().T], ignore_index=True)


def test_sound_returns_are_collected_whole() -> None:
    made, sample = county.collected(), county.made()[2]
    table = made.table()
    assert len(table) == len(returned())
    assert (table["complete"] == (table["disposition"] == "complete")).all()
    drawn = sample.table("household").set_index(["village", "household"])
    drawn = drawn.reindex(pd.MultiIndex.from_frame(table[["village", "household"]]))
    for column in ("stratum", "role", "order", "N", "n", "village_prob", "village_N"):
        assert (drawn[column].to_numpy() == table[column].to_numpy()).all()
    assert table["人均纯收入"].notna().equals(table["complete"])
    assert made.faults == ()
    assert "完成" in repr(made)


def test_a_table_handed_out_is_a_copy_and_the_callers_is_not_written() -> None:
    table = returned()
    before = table.copy()
    made = collect(county.made()[2], table)
    handed = made.table()
    handed["persons"] = 0
    assert made.table()["persons"].min() >= 1
    pd.testing.assert_frame_equal(table, before)


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(chance: Any) -> None:
    table = returned()
    order = list(range(len(table)))
    chance.shuffle(order)
    made = collect(county.made()[2], table.iloc[order])
    pd.testing.assert_frame_equal(made.table(), county.collected().table())


def test_files_of_several_encodings_are_one_table(tmp_path: Path) -> None:
    table, folder = returned(), tmp_path / "回收 表"
    folder.mkdir()
    third = len(table) // 3
    (folder / "一.csv").write_bytes(table[:third].to_csv(index=False).encode("gb18030"))
    table[third : 2 * third].to_csv(folder / "二.csv", index=False, encoding="utf-8-sig")
    table[2 * third :].to_excel(folder / "三.xlsx", index=False)
    pd.testing.assert_frame_equal(collect(county.made()[2], folder).table(), county.collected().table())


def test_full_width_digits_and_blanks_are_read_as_meant() -> None:
    table = returned()
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    for column in ("户编号", "核实人数", "人均纯收入"):
        table[column] = [f" {str(cell).translate(wide)}　" if cell != "" else "" for cell in table[column]]
    pd.testing.assert_frame_equal(collect(county.made()[2], table).table(), county.collected().table())


def test_brackets_in_headings_and_words_are_read_as_the_design_writes_them(tmp_path: Path) -> None:
    words = {"完成": "complete", "拒访": "refusal", "无人（三次）": "noncontact", "迁出": "ineligible"}
    criteria = {"income": "人均纯收入（元）", "yes": ["有", "是"], "no": ["无", "否"]}
    declared = county.design(returns={"dispositions": words}, criteria=criteria)
    _, _, sample, table = county.build(declared)
    table.to_excel(tmp_path / "回收.xlsx", index=False)
    pd.testing.assert_frame_equal(collect(sample, tmp_path / "回收.xlsx").table(), collect(sample, table).table())
    table["吃不愁"] = table["吃不愁"].where(table["结果"] != "完成", "无")
    assert set(collect(sample, table).table().query("complete")["吃不愁"]) == {"无"}


def test_unknown_words_and_strangers_and_repeats_are_named_together() -> None:
    table = returned()
    a, b, c, d, e = complete_rows(table, 5)
    table.loc[a, "结果"] = "已完成"
    table.loc[b, "状态"] = "基本认定"
    table.loc[c, "户编号"] = "9999"
    table.loc[d, "村代码"] = "533124999201"
    table = pd.concat([table, table.loc[[e]]], ignore_index=True)
    text = refusal(table)
    assert f"第 {a + 2} 行，结果：已完成｜不在设计文件的用词中｜改为：完成、拒访、无人、迁出、未使用" in text
    assert f"第 {b + 2} 行，状态：基本认定" in text
    assert f"第 {c + 2} 行，户编号｜这一户不在该村的样本与备用户中" in text
    assert f"第 {d + 2} 行，村代码：533124999201｜不是抽中的村" in text
    assert f"第 {len(table) + 1} 行，户编号｜同一户重复，先见于第 {e + 2} 行" in text


def test_a_blank_outcome_or_household_is_refused() -> None:
    table = returned()
    table.loc[0, "结果"] = ""
    table.loc[1, "户编号"] = ""
    text = refusal(table)
    assert "第 2 行，结果｜不在设计文件的用词中" in text
    assert "第 3 行，户编号｜村代码或户编号空白" in text


def test_answers_of_completed_interviews_are_checked() -> None:
    table = returned()
    a, b, c, d, e, f = complete_rows(table, 6)
    table.loc[a, "人均纯收入"] = "三千"
    table.loc[b, county.GUARANTEES[0]] = "有"
    table.loc[c, county.ITEMS[0]] = "—"
    table.loc[d, "核实人数"] = 0
    table.loc[e, "核实人数"] = 2.5
    table.loc[f, county.EXCLUSIONS[0]] = ""
    text = refusal(table)
    assert f"第 {a + 2} 行，人均纯收入｜应为数值" in text
    assert f"第 {b + 2} 行，吃不愁｜不在允许的答案中｜改为：是、否" in text
    def whose(row: int) -> str:
        return f"村 {table.loc[row, '村代码']} 户 {table.loc[row, '户编号']}"

    remedy = "补问这一户；确无回答的，在设计中写"
    assert f"第 {c + 2} 行，扶贫政策：{whose(c)}｜完成调查的户缺答案｜{remedy}该指标 missing = \"dont_know\"" in text
    assert f"第 {d + 2} 行，核实人数：0｜人数应为不小于 1 的整数" in text
    assert f"第 {e + 2} 行，核实人数：2.5" in text
    assert f"第 {f + 2} 行，有小汽车：{whose(f)}｜完成调查的户缺答案｜{remedy} [criteria] missing = \"met\"" in text
    assert text.startswith("回收表：6 处错误")


def test_answers_of_visits_without_interview_are_not_asked_for() -> None:
    table = returned()
    lost = table["结果"] != "完成"
    assert lost.any()
    table.loc[lost, "人均纯收入"] = "不详"
    made = collect(county.made()[2], table).table()
    assert made.loc[~made["complete"], "人均纯收入"].isna().all()


def test_missing_answers_stay_blank_when_they_are_kept() -> None:
    table = returned()
    (a,) = complete_rows(table, 1)
    table.loc[a, ["人均纯收入", "吃不愁"]] = "无"
    made = collect(county.made()[2], table, missing="keep").table()
    row = made[(made["village"] == table.loc[a, "村代码"]) & (made["household"] == table.loc[a, "户编号"])].iloc[0]
    assert np.isnan(row["人均纯收入"]) and row["吃不愁"] == ""


def test_the_design_says_which_missing_answers_stand() -> None:
    rate = {**county.plan()["rate"][1], "missing": "dont_know"}
    sample, table = county.build(county.design(rate=[county.plan()["rate"][0], rate]))[2:]
    table = table.reset_index(drop=True).astype(object)
    a, b = complete_rows(table, 2)
    table.loc[a, county.ITEMS[0]] = ""
    noted = [fault for fault in collect(sample, table).faults if "缺答案" in fault.rule]
    assert [(fault.row, fault.column, fault.rule) for fault in noted] == [(a + 2, county.ITEMS[0], "缺答案，按不清楚计")]
    with pytest.raises(ResponsesError, match="完成调查的户缺答案"):
        collect(sample, table, missing="fail")
    table.loc[b, "吃不愁"] = ""
    with pytest.raises(ResponsesError) as refused:
        collect(sample, table)
    assert "吃不愁" in str(refused.value) and county.ITEMS[0] not in str(refused.value)


def test_rows_of_a_form_that_nobody_has_filled_are_pending() -> None:
    table = returned()
    a, b = complete_rows(table, 2)
    table.loc[a, [column for column in table.columns if column not in ("村代码", "户编号", "调查员")]] = ""
    made = collect(county.made()[2], table)
    assert made.completion()["pending"].sum() == 1 and len(made.table()) == len(table) - 1
    table.loc[b, "结果"] = ""
    assert f"第 {b + 2} 行，结果｜不在设计文件的用词中" in refusal(table)


def test_village_names_under_the_heading_of_codes_are_told_once() -> None:
    table = returned()
    table["村代码"] = "东关村委会"
    text = refusal(table)
    assert text.startswith("回收表：1 处错误") and f"这一列应为村代码，看来写的是村名（{len(table)} 行）" in text


def test_affected_members_cannot_outnumber_the_household() -> None:
    sample = county.build(county.design(criteria={"affected": "涉及人数"}))
    table = sample[3].reset_index(drop=True).astype(object)
    (a,) = complete_rows(table, 1)
    table.loc[a, "涉及人数"] = int(table.loc[a, "核实人数"]) + 1
    with pytest.raises(ResponsesError, match=f"第 {a + 2} 行，涉及人数：.*涉及人数多于户内人数"):
        collect(sample[2], table)


def test_a_reserve_without_a_failed_main_is_refused() -> None:
    cell = cell_with(lambda cell: (cell.loc[cell["role"] == "main", "结果"] == "完成").all() and (cell["role"] == "reserve").any())
    table = added(returned(), cell[cell["role"] == "reserve"].iloc[0], "完成")
    assert f"第 {len(table) + 1} 行，户编号" in refusal(table)
    assert "没有对应的未完成户" in refusal(table)


def test_a_reserve_before_its_predecessor_is_refused() -> None:
    cell = cell_with(lambda cell: (cell["role"] == "reserve").sum() >= 2 and (cell.loc[cell["role"] == "reserve", "结果"] == "").all())
    table, main = returned(), cell[cell["role"] == "main"].iloc[0]
    table.loc[row_of(table, main), "结果"] = "拒访"
    text = refusal(added(table, cell[cell["role"] == "reserve"].iloc[1], "完成"))
    assert "备用户未按顺序启用：这是第 2 户，前面的第 1 户没有结果" in text
    sound = added(table, cell[cell["role"] == "reserve"].iloc[0], "完成")
    assert len(collect(county.made()[2], sound).table()) == len(table) + 1


def test_a_failed_reserve_releases_the_next_and_a_complete_one_does_not() -> None:
    cell = cell_with(lambda cell: (cell["role"] == "reserve").sum() >= 2 and (cell.loc[cell["role"] == "reserve", "结果"] == "").all())
    spare, table = cell[cell["role"] == "reserve"], returned()
    table.loc[row_of(table, cell[cell["role"] == "main"].iloc[0]), "结果"] = "迁出"
    failed = added(added(table, spare.iloc[0], "无人"), spare.iloc[1], "完成")
    assert len(collect(county.made()[2], failed).table()) == len(table) + 2
    assert "没有对应的未完成户：第 2 户备用" in refusal(added(added(table, spare.iloc[0], "完成"), spare.iloc[1], "完成"))


def test_unused_reserves_may_be_listed_and_leave_no_row_but_mains_may_not() -> None:
    cell = cell_with(lambda cell: (cell["role"] == "reserve").any() and (cell.loc[cell["role"] == "reserve", "结果"] == "").all())
    table = added(returned(), cell[cell["role"] == "reserve"].iloc[0], "未使用")
    pd.testing.assert_frame_equal(collect(county.made()[2], table).table(), county.collected().table())
    main = row_of(table, cell[cell["role"] == "main"].iloc[0])
    table.loc[main, "结果"] = "未使用"
    assert f"第 {main + 2} 行，结果｜主样本户不能是“未使用”" in refusal(table)


def test_what_is_doubtful_stops_nothing_and_is_listed() -> None:
    table = returned()
    a, b, c = complete_rows(table, 3)
    table.loc[a, "核实人数"] = int(table.loc[a, "核实人数"]) + 1
    table.loc[b, "调查员"] = ""
    made = collect(county.made()[2], table.drop(index=c))
    lines = [fault.line() for fault in made.faults]
    assert any(f"第 {a + 2} 行，核实人数" in line and "人数与名册不同" in line for line in lines)
    whose = f"村 {table.loc[b, '村代码']} 户 {table.loc[b, '户编号']}"
    assert any(f"第 {b + 2} 行，调查员：{whose}｜调查员空白" in line for line in lines)
    assert any("主样本户没有结果" in line and f"村 {table.loc[c, '村代码']}：1 户" in line for line in lines)
    assert len(lines) == 3


def test_completion_counts_add_up() -> None:
    made = county.collected()
    for by in ("stratum", "village_stratum", ["village", "stratum"]):
        counts = made.completion(by)
        parts = counts[["complete", "refusal", "noncontact", "ineligible", "pending"]].sum(axis=1)
        assert (counts["released"] == parts).all()
        assert (counts["replaced"] <= counts["released"] - counts["planned"]).all()
        assert counts["complete"].sum() == made.table()["complete"].sum()
    assert made.completion()["planned"].sum() == (made.sample.table("household")["role"] == "main").sum()


def test_ids_turned_into_numbers_and_absent_columns_are_refused(tmp_path: Path) -> None:
    table = returned()
    table["村代码"] = [f"{float(code) * 1e6:.5E}" for code in table["村代码"]]
    assert "科学计数" in refusal(table)
    assert "结果｜没有这一列" in refusal(returned().drop(columns=["结果", "状态"]))
    with pytest.raises(ResponsesError, match="没有这个文件"):
        collect(county.made()[2], tmp_path / "无.csv")


def test_personal_columns_are_dropped_and_never_shown() -> None:
    table = returned().assign(户主姓名=CANARY_NAME, 证件号码=CANARY_ID, 联系电话="13800000000", 天气="晴")
    made = collect(county.made()[2], table).table()
    assert "天气" in made and not {"户主姓名", "证件号码", "联系电话", "head", "id_number"} & set(made.columns)
    assert CANARY_ID not in made.to_csv() and CANARY_NAME not in made.to_csv()
    table.loc[0, "户编号"] = CANARY_ID
    text = refusal(table)
    assert CANARY_ID[:8] not in text and "户编号｜这一户不在" in text


def test_without_mapped_persons_the_roster_counts() -> None:
    declared = county.design(returns={"persons": "", "interviewer": ""})
    _, _, sample, table = county.build(declared)
    made = collect(sample, table).table()
    listed = sample.table("household").set_index(["village", "household"])["persons"]
    assert (listed.reindex(pd.MultiIndex.from_frame(made[["village", "household"]])).to_numpy() == made["persons"].to_numpy()).all()
    assert set(made["interviewer"]) == {""}


@pytest.mark.parametrize("income", ["6444,67", "6.444,67", "1e3", "99999999", "-2000000", "13900001111"])
def test_incomes_in_another_writing_or_unit_are_refused(income: str) -> None:
    table = returned()
    (row,) = complete_rows(table, 1)
    table.loc[row, "人均纯收入"] = income
    says = refusal(table)
    assert f"第 {row + 2} 行，人均纯收入" in says and ("应为数值" in says or "核对单位应为元" in says) and "1390000" not in says


@pytest.mark.parametrize(("persons", "says"), [("1,2", "人数应为不小于 1 的整数"), ("999999999", "人数多于 50")])
def test_persons_of_no_household_are_refused(persons: str, says: str) -> None:
    table = returned()
    (row,) = complete_rows(table, 1)
    table.loc[row, "核实人数"] = persons
    assert says in refusal(table)


def test_thousands_marks_are_read() -> None:
    table = returned()
    (row,) = complete_rows(table, 1)
    village, household = table.loc[row, ["村代码", "户编号"]]
    table.loc[row, "人均纯收入"] = "1,234.5"
    made = collect(county.made()[2], table).table().set_index(["village", "household"])
    assert made.loc[(village, household), "人均纯收入"] == 1234.5


def test_a_column_of_words_that_has_slipped_shows_nobody() -> None:
    table = returned().assign(结果="李四", 状态="13900001111", 村代码="李四")
    assert not {"李四", "1390000"} & {seen for seen in ("李四", "1390000") if seen in refusal(table)}
