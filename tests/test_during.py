"""While teams are in the field: outcome rates, reserves in order, the board, points, closes, the evening's check, conflicts."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError, FieldworkError, LedgerError
from evalkit.fieldwork import award, close_village, mark_step, score_table, team_days, village_board
from evalkit.ledger import Ledger
from evalkit.nonresponse import OUTCOMES, eligible_share, outcome_rates
from evalkit.responses import handed_returns, side_by_side
from evalkit.sheets import Page, read_grids, write_book
from tests.county import EXITED, OUTSIDE, build, collected, design, made
from tests.test_evaluation import returned, roster, say, village_list

DAY = "2018-11-12"
# 16 attempts to interview, and the rates expected of them at e = 0.5, from the tests of the R package outcomerate 1.0.1 (CC0),
# tests/testthat/test-rate.R, by the formulas of AAPOR, Standard Definitions, 9th edition, 2016
ATTEMPTS = {
    "complete": 5, "partial": 3, "refusal": 2, "noncontact": 1, "other": 2, "unknown_household": 1, "unknown_other": 1, "ineligible": 1,
}  # fmt: skip
EXPECTED = {
    "RR1": (1, 3), "RR2": (8, 15), "RR3": (5, 14), "RR4": (4, 7), "RR5": (5, 13), "RR6": (8, 13), "COOP1": (5, 12), "COOP2": (2, 3),
    "COOP3": (1, 2), "COOP4": (4, 5), "REF1": (2, 15), "REF2": (1, 7), "REF3": (2, 13), "CON1": (4, 5), "CON2": (6, 7), "CON3": (12, 13),
}  # fmt: skip


def test_the_rates_of_a_published_example() -> None:
    rates = outcome_rates(ATTEMPTS, e=0.5)
    assert {name: float(rates[name]) for name in EXPECTED} == pytest.approx(
        {name: above / below for name, (above, below) in EXPECTED.items()}
    )


def test_the_share_of_eligible_units_is_that_of_the_known() -> None:
    assert float(eligible_share(ATTEMPTS)) == pytest.approx(13 / 14)
    # by hand: RR3 = 5 / (13 + 2·13/14)
    assert float(outcome_rates(ATTEMPTS)["RR3"]) == pytest.approx(float(Fraction(5) / (13 + 2 * Fraction(13, 14))))
    assert float(eligible_share({"unknown_other": 3})) == 1


@given(st.dictionaries(st.sampled_from(sorted(OUTCOMES)), st.integers(0, 50)), st.floats(0, 1))
def test_rates_keep_their_order(counts: dict[str, int], e: float) -> None:
    rates = {name: float(value) for name, value in outcome_rates(counts, e).items()}
    if counts.get("complete"):
        assert rates["RR1"] <= rates["RR3"] + 1e-12 and rates["RR3"] <= rates["RR5"] + 1e-12
        assert all(rates[low] <= rates[high] for low, high in (("RR1", "RR2"), ("RR3", "RR4"), ("RR5", "RR6"), ("COOP1", "COOP3")))
        assert all(0 <= value <= 1 for value in rates.values() if not np.isnan(value))
        for cooperation, contact, rate in (("COOP1", "CON1", "RR1"), ("COOP2", "CON2", "RR4"), ("COOP2", "CON3", "RR6")):
            assert rates[cooperation] * rates[contact] == pytest.approx(rates[rate])


@pytest.mark.parametrize(
    ("counts", "e", "told"), [({"done": 1}, None, "没有这种结果：done"), ({"complete": -1}, None, "负数"), ({"complete": 1}, 1.2, "0 与 1")]
)
def test_counts_that_are_none_are_refused(counts: Any, e: Any, told: str) -> None:
    with pytest.raises(EstimateError, match=told):
        outcome_rates(counts, e)


def test_response_rates_of_a_sample_by_group_and_by_weight() -> None:
    responses = collected()
    table = responses.table()
    whole = ev.response_rates(responses).iloc[0]
    counts = table["disposition"].value_counts()
    assert whole["RR1"] == pytest.approx(counts["complete"] / (len(table) - counts["ineligible"])) and whole["released"] == len(table)
    by = ev.response_rates(responses, "stratum")
    assert by["complete"].sum() == counts["complete"] and list(by["stratum"]) == sorted(table["stratum"].unique())
    weighted = ev.response_rates(responses, weighted=True).iloc[0]
    assert weighted[list(OUTCOMES)].sum() == pytest.approx(_population(responses)) and weighted["RR1"] != whole["RR1"]
    with pytest.raises(EstimateError, match="没有 组"):
        ev.response_rates(responses, "组")


def _population(responses: ev.Responses) -> float:
    """Households of the sampled cells, each village standing for its share: what the weights must add up to."""
    drawn = responses.sample.table("household").drop_duplicates(["village", "cell"])
    return float((drawn["N"] / drawn["village_prob"]).sum())


def test_households_without_a_result_have_to_be_spoken_of() -> None:
    _, _, sample, table = made()
    responses = ev.collect(sample, table.iloc[3:])
    with pytest.raises(EstimateError, match=r"有 \d 户主样本没有结果｜写明怎样处理：pending=\"out\""):
        ev.response_rates(responses)
    out, unknown = (ev.response_rates(responses, pending=way).iloc[0] for way in ("out", "unknown"))
    assert out["pending"] == unknown["pending"] == unknown["unknown_other"] and unknown["RR1"] < out["RR1"] == out["RR5"]


def test_outcomes_of_aapor_go_through_a_design() -> None:
    words = {
        "完成": "complete", "部分完成": "partial", "拒访": "refusal", "无人": "noncontact", "语言不通": "other",
        "地址不明": "unknown_household", "情况不明": "unknown_other", "迁出": "ineligible", "未使用": "unused",
    }  # fmt: skip
    _, _, sample, table = build(design(returns={"dispositions": words}))
    reserves = (sample.reserves()["village"] + "/" + sample.reserves()["household"]).tolist()
    lost = table[(table["结果"] == "完成") & ~(table["村代码"] + "/" + table["户编号"]).isin(reserves)].copy()
    lost.loc[lost.index[:4], "结果"] = ["部分完成", "语言不通", "地址不明", "情况不明"]
    responses = ev.collect(sample, lost, missing="keep")
    whole = ev.response_rates(responses, pending="out").iloc[0]
    assert [int(whole[code]) for code in ("partial", "other", "unknown_household", "unknown_other")] == [1, 1, 1, 1]
    counts = responses.completion("village").sum()
    assert counts["refusal"] == 2 and counts["noncontact"] == 2


# -- reserves ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def _cell(stratum: str = EXITED) -> tuple[ev.Sample, str, list[str], list[str]]:
    sample = made()[2]
    drawn = sample.table("household")
    full = drawn[(drawn["stratum"] == stratum) & (drawn["role"] == "reserve")].groupby("village").size()
    village = str(full.index[full == 3][0])
    mine = drawn[(drawn["village"] == village) & (drawn["stratum"] == stratum)].sort_values("order")
    return sample, village, *(mine.loc[mine["role"] == role, "household"].astype(str).tolist() for role in ("main", "reserve"))


def test_reserves_are_released_in_order_one_at_a_time(ledger: Ledger) -> None:
    sample, village, mains, reserves = _cell()
    said: dict[str, Any] = {"reason": "拒访", "team": "一组", "day": DAY}
    first = ev.release_reserve(sample, ledger, village, EXITED, replaces=mains[2], **said)
    second = ev.release_reserve(sample, ledger, village, EXITED, replaces=reserves[0], household=reserves[1], **said)
    assert [first.subject, second.subject] == [f"{village}/{number}" for number in reserves[:2]]
    assert [entry.detail["rank"] for entry in ledger.entries("reserve")] == [1, 2] and ledger.check() is None
    assert (first.day, first.detail["replaces"], first.detail["reason"]) == (DAY, mains[2], "拒访")
    ev.release_reserve(sample, ledger, village, EXITED, replaces=mains[0], **said)
    with pytest.raises(FieldworkError, match="3 户备用已全部启用"):
        ev.release_reserve(sample, ledger, village, EXITED, replaces=mains[1], **said)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reason": "没时间"}, "不是设计所列的替换原因｜可用：拒访"),
        ({"reason": ""}, "不是设计所列的替换原因"),
        ({"household": "reserve 1"}, "不是下一户备用：应启用第 1 户"),
        ({"replaces": "reserve 0"}, "是尚未启用的备用户"),
        ({"replaces": "9999"}, "不在该村该户类型的样本中"),
        ({"stratum": "五保户"}, "该村没有这一户类型｜可用："),
        ({"village": "533124999999"}, "不是抽中的村"),
        ({"team": " "}, "组（team）：空白"),
    ],
)
def test_reserves_out_of_order_or_without_reason_are_refused(ledger: Ledger, changes: dict[str, str], told: str) -> None:
    sample, village, mains, reserves = _cell()
    asked = {"village": village, "stratum": EXITED, "replaces": mains[0], "reason": "拒访", "team": "一组", "day": DAY}
    asked |= {key: reserves[int(value[-1])] if value.startswith("reserve") else value for key, value in changes.items()}
    with pytest.raises((FieldworkError, LedgerError), match=re.escape(told)):
        ev.release_reserve(sample, ledger, asked.pop("village"), asked.pop("stratum"), **asked)
    assert not ledger.entries()


def test_a_household_is_replaced_once(ledger: Ledger) -> None:
    sample, village, mains, _ = _cell()
    said: dict[str, Any] = {"replaces": mains[0], "reason": "拒访", "team": "一组", "day": DAY}
    ev.release_reserve(sample, ledger, village, EXITED, **said)
    with pytest.raises(FieldworkError, match=f"已于 {DAY}由备用户"):
        ev.release_reserve(sample, ledger, village, EXITED, **said)


def test_another_draw_begins_its_reserves_anew(ledger: Ledger) -> None:
    sample, village, mains, _ = _cell()
    said: dict[str, Any] = {"replaces": mains[0], "reason": "拒访", "team": "一组", "day": DAY}
    ledger.append("draw", "", {"certificate": "a"})
    ev.release_reserve(sample, ledger, village, EXITED, **said)
    ledger.append("draw", "", {"certificate": "b"})
    assert ev.release_reserve(sample, ledger, village, EXITED, **said).detail["rank"] == 1


def test_the_share_of_replacements_and_reserves_that_nobody_noted(ledger: Ledger) -> None:
    responses = collected()
    table = responses.table()
    used = table[table["role"] == "reserve"].iloc[0]
    failed = table[(table["village"] == used["village"]) & (table["stratum"] == used["stratum"]) & ~table["complete"]].iloc[0]
    said: dict[str, Any] = {"reason": "拒访", "team": "一组", "day": DAY}
    ev.release_reserve(responses.sample, ledger, used["village"], used["stratum"], replaces=str(failed["household"]), **said)
    whole = ev.replacements(responses.sample, ledger, table).iloc[-1]
    reserves = table["role"] == "reserve"
    assert whole["replaced"] == (reserves & table["complete"]).sum() and whole["share"] == pytest.approx(
        whole["replaced"] / table["complete"].sum()
    )
    assert (whole["released"], whole["unlogged"]) == (1, reserves.sum() - 1)


# -- the board, points, closes -----------------------------------------------------------------------------------------------


def test_five_steps_in_their_order(ledger: Ledger) -> None:
    ledger.append("release", "A", {"team": "一组", "day": DAY, "draw": 1})
    mark_step(ledger, "A", "汇总", team="一组", day=DAY, draw=1, who="甲1")
    with pytest.raises(FieldworkError, match="通报 之前还没有 反馈"):
        mark_step(ledger, "A", "通报", team="一组", day=DAY, draw=1)
    with pytest.raises(FieldworkError, match="没有这一步｜五步依次为：汇总、反馈、通报、交办、验收"):
        mark_step(ledger, "A", "总结", team="一组", day=DAY, draw=1)
    mark_step(ledger, "A", "反馈", team="一组", day="2018-11-13", draw=1)
    board = village_board(ledger, ["A", "B"], 1)
    assert board.to_dict("records")[0] == {
        "village": "A", "team": "一组", "released": DAY, "汇总": DAY, "反馈": "2018-11-13", "通报": "", "交办": "", "验收": "",
        "next": "通报",
    }  # fmt: skip
    assert board["next"].tolist() == ["通报", "汇总"] and village_board(ledger, ["A"], 9)["next"].tolist() == ["汇总"]
    days = team_days(board, [DAY, "2018-11-13"])
    assert days["villages"].tolist() == [1, 0] and days["short"].tolist() == [False, True]


def test_points_of_teams(ledger: Ledger) -> None:
    award(ledger, "一组", "缺勤", day=DAY)
    award(ledger, "一组", "问题未被反驳", day=DAY, problem="P1")
    award(ledger, "二组", "问题未被反驳", day=DAY, problem="P2")
    award(ledger, "二组", "材料齐全", day=DAY, points=3)
    table = score_table(ledger).set_index("whose")
    assert table["points"].to_dict() == {"一组": -1, "二组": 4} and table.loc["一组", "缺勤"] == 1
    with pytest.raises(FieldworkError, match="已为 一组 记过"):
        award(ledger, "二组", "问题未被反驳", day=DAY, problem="P1")
    with pytest.raises(FieldworkError, match="没有这条积分规则｜可用：缺勤 -2、问题未被反驳 \\+1"):
        award(ledger, "二组", "迟到", day=DAY)


def test_nothing_is_closed_before_all_three_are_complete(ledger: Ledger) -> None:
    lacks = {"信息": "3 户没有结果", "指标": "", "反馈": ""}
    with pytest.raises(FieldworkError, match="信息：3 户没有结果｜三个不放过"):
        close_village(ledger, "A", lacks, day=DAY, draw=1)
    with pytest.raises(FieldworkError, match="反馈：未核对"):
        close_village(ledger, "A", {"信息": "", "指标": ""}, day=DAY, draw=1)
    assert close_village(ledger, "A", dict.fromkeys(lacks, ""), day=DAY, draw=1).step == "close"


# -- the evening's check, and households that came back twice --------------------------------------------------------------------


def _with_teams() -> pd.DataFrame:
    table = made()[3].copy()
    return table.assign(组=np.where(table["村代码"] == table["村代码"].iloc[0], "一组", "二组"), 日期=DAY, 户主姓名="张三丰")


def test_the_check_of_the_evening_by_team(tmp_path: Path) -> None:
    sample, table = made()[2], _with_teams()
    done = table.index[(table["结果"] == "完成") & (table["组"] == "一组")]
    table = table.astype({column: object for column in table})
    table.loc[done[0], "住房安全"] = ""
    table.loc[done[1], "人均纯收入"] = "张三丰"
    table.loc[done[2], "结果"] = "做完了"
    twice = pd.concat([table, table.loc[[done[3]]]], ignore_index=True)
    found = ev.nightly(sample, twice, team="组", day="日期")
    kinds = found[found["team"] == "一组"].groupby("kind").size()
    assert {"缺答", "不合逻辑", "重复"} <= set(kinds.index) and (found.loc[found["team"] == "一组", "day"] == DAY).all()
    blank = found[(found["kind"] == "缺答") & (found["column"] == "住房安全")].iloc[0]
    assert (blank["village"], blank["row"]) == (table.loc[done[0], "村代码"], done[0] + 2)
    book, lines = ev.write_nightly(found, tmp_path)
    pages = read_grids(book)
    assert next(iter(pages)) == "汇总" and "一组" in pages and "张三丰" not in lines.read_text(encoding="utf-8-sig")
    with pytest.raises(FieldworkError, match="小组｜回收表中没有这一列"):
        ev.nightly(sample, twice, team="小组")


def test_a_clean_evening_has_nothing_to_put_right(tmp_path: Path) -> None:
    found = ev.nightly(made()[2], _with_teams(), team="组")
    assert not len(found[found["kind"].isin(["重复", "不合逻辑"])])
    assert len(ev.write_nightly(found.iloc[:0], tmp_path)) == 2


def test_a_second_file_of_a_household_is_a_conflict_and_never_an_overwrite(tmp_path: Path) -> None:
    sample, table = made()[2], _with_teams()
    declared = sample.design
    first, second = tmp_path / "一.csv", tmp_path / "二.csv"
    place = table.index[table["结果"] == "完成"][0]
    again = table.loc[[place]].assign(人均纯收入=1234, 户主姓名="李四光")
    table.to_csv(first, index=False)
    again.to_csv(second, index=False)
    with pytest.raises(ev.EvalkitError, match=r"同一户重复，先见于一.csv：第 \d+ 行｜每户只留一行；两份不同的，键入 evalkit conflicts"):
        ev.collect(sample, [first, second])
    assert declared.returns is not None
    pair = side_by_side(handed_returns(sample, [first, second])[0], declared.returns).iloc[0]
    assert (pair["file"], pair["row"], pair["other_file"], pair["other_row"]) == ("一.csv", place + 2, "二.csv", 2)
    assert (
        "1234" in pair["differing"]
        and not re.search("张三丰|李四光", pair["differing"])
        and "户主姓名：（不显示）｜（不显示）" in pair["differing"]
    )
    name = f"{pair['village']}/{table.loc[place, '户编号']}"
    for seal, income in (("seal", table.loc[place, "人均纯收入"]), ("other_seal", 1234)):
        kept = ev.collect(sample, [first, second], resolved={name: pair[seal]}).table()
        mine = kept[(kept["village"] + "/" + kept["household"]) == name]
        assert len(mine) == 1 and mine["人均纯收入"].iloc[0] == pytest.approx(float(income))
    again.assign(人均纯收入=4321).to_csv(second, index=False)
    with pytest.raises(ev.EvalkitError, match="同一户重复"):  # the row that was kept is there no more
        ev.collect(sample, [first, second], resolved={name: pair["other_seal"]})


def test_a_stratum_outside_has_reserves_of_its_own(ledger: Ledger) -> None:
    sample, village, mains, reserves = _cell(OUTSIDE)
    entry = ev.release_reserve(sample, ledger, village, OUTSIDE, replaces=mains[0], reason="拒访", team="一组", day=DAY)
    assert entry.subject == f"{village}/{reserves[0]}"


def test_a_day_in_the_field_by_commands(tmp_path: Path) -> None:
    root = tmp_path / "评估 2018"
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    say("draw", str(root), "--seed", "31415926535897932384")
    evaluation = ev.Evaluation(root)
    for village in evaluation.sample().villages:
        write_book(tmp_path / f"{village}.xlsx", {"名册": Page("", roster(village))})
        say("rosters", str(root), str(tmp_path / f"{village}.xlsx"))
    sample = ev.Evaluation(root).agreed_sample()
    village = sample.villages[0]
    say("release", str(root), village, "--team", "一组", "--day", DAY)
    drawn = sample.table("household")
    mine = drawn[(drawn["village"] == village) & (drawn["stratum"] == "脱贫户")]
    main = str(mine.loc[mine["role"] == "main", "household"].iloc[0])
    table = returned(sample)
    at = table.index[(table["行政村代码"] == village) & (table["户编号"] == main)]
    table.loc[at, ["调查结果", "核查状态", "住房安全有保障"]] = ["拒访", "", "是"]
    asked = ("reserve", str(root), village, "脱贫户", "--replaces", main, "--reason", "拒访", "--team", "一组", "--day", DAY)
    told = say(*asked)
    assert told.startswith("0\n启用：") and say(*asked).startswith("1\n") and "第 1 户备用" in told
    write_book(tmp_path / "回收.xlsx", {"回收": Page("", table)})
    write_book(tmp_path / "又.xlsx", {"回收": Page("", table.loc[[at[0] + 1]].assign(人均纯收入=5999))})
    both = [str(tmp_path / name) for name in ("回收.xlsx", "又.xlsx")]
    assert say("nightly", str(root), *both, "--team", "调查员").startswith("0\n当晚核查：")
    assert (root / "results" / "当晚核查表.xlsx").exists()
    listed = say("conflicts", str(root), *both)
    assert "冲突：1 处" in listed and "人均纯收入：6000｜5999" in listed
    assert say("collect", str(root), *both).startswith("1\n")
    name = f"{village}/{table.loc[at[0] + 1, '户编号']}"
    ways = ("--keep", "又.xlsx", "--row", "2", "--reason", "复核时改正", "--day", DAY, "--who", "督导1")
    assert "采用 又.xlsx 第 2 行" in say("resolve", str(root), name, *both, *ways)
    assert say("collect", str(root), *both).startswith("0\n回收：")
    assert ev.Evaluation(root).responses().table().set_index(["village", "household"]).loc[tuple(name.split("/")), "人均纯收入"] == 5999
    assert say("response", str(root), "--by", "stratum").startswith("0\n应答：RR1")
    for step in ("汇总", "反馈"):
        assert say("mark", str(root), village, step, "--team", "一组", "--day", DAY).startswith("0\n五步")
    assert "积分：一组 -2（缺勤），现 -2 分" in say("points", str(root), "一组", "--rule", "缺勤", "--day", DAY)
    assert "汇总 1，反馈 1，通报 0" in say("board", str(root))
    assert say("close", str(root), village, "--day", DAY).startswith(("0\n销号", "1\n村"))
    lines = say("log", str(root), "--subject", village)
    assert "启用备用户" in lines and "五步" in lines and "发放名单" in lines and "积分" not in lines
    assert say("log", str(root), "--step", "启用备用户").count("启用备用户") == 1 and "可用：" in say("log", str(root), "--step", "x")
    book = str(tmp_path / "台账.xlsx")
    assert say("ledger", "export", str(root), book).startswith("0\n台账：") and "新记 0 条" in say("ledger", "import", str(root), book)


def test_points_beyond_reason_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FieldworkError, match="积分过大"):
        award(Ledger(tmp_path / "ledger.sqlite"), "一组", "表扬", day=DAY, points=10**22)


def test_a_step_is_noted_once_and_in_the_order_of_days(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    noted = mark_step(ledger, "411726101201", "汇总", team="一组", day="2018-11-12", draw=1)
    assert mark_step(ledger, "411726101201", "汇总", team="一组", day="2018-11-12", draw=1) == noted
    for asked, says in ((("汇总", "二组", "2018-11-13"), "一步只记一次"), (("反馈", "一组", "2018-11-01"), "早于前面的步骤")):
        with pytest.raises(FieldworkError, match=says):
            mark_step(ledger, "411726101201", asked[0], team=asked[1], day=asked[2], draw=1)
    with pytest.raises(FieldworkError, match="加 --problem 编号"):
        award(ledger, "一组", "问题未被反驳", day="2018-11-12")
