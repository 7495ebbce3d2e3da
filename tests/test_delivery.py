"""Delivery to households: numbers made by hand, identities, what people type wrongly, and estimates through a Survey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError, FieldworkError, LedgerError
from evalkit.sheets import read_sheet

COLUMNS = ["村代码", "户编号", "政策", "批次", "应享", "实享", "应发金额", "实发金额", "应发日期", "到账日期", "凭证"]
A, B = "411726101201", "411726101202"
ROWS = [
    (A, "001", "低保", "", "是", "是", 3000, 3000, "2018-03-31", "2018-04-10", "P1"),     # as it should be
    (A, "002", "低保", "", "是", "是", 3000, 2800, "2018-03-31", "2018-05-05", "无"),     # 200 short, 35 days, no proof
    (A, "003", "低保", "", "是", "否", 3000, "", "2018-03-31", "", ""),                   # nothing came
    (A, "004", "低保", "", "否", "是", "", 3000, "", "2018-04-01", "P4"),                 # not entitled
    (B, "001", "低保", "", "是", "是", 2000, 2100, "2018-03-31", "2018-04-30", "有"),     # 100 too much; 30 days is in time
    (B, "002", "低保", "", "否", "否", "", "", "", "", ""),
    (A, "001", "生态补偿", "1", "是", "是", "1,000", 999.999, "2018/3/31", "2018年4月1日", "P7"),  # within half a cent
    (A, "001", "生态补偿", "2", "是", "否", 1000, "", "2018-09-30", "", ""),              # falls due after the day of the check
    (B, "003", "危房改造", "", "是", "是", "", "", "", "", "P9"),                         # a policy without money
]  # fmt: skip
TABLE = pd.DataFrame(ROWS, columns=COLUMNS)
CODES = {"未到户": "2.1", "金额不足": "2.2", "多发": "2.3", "迟发": "2.4", "缺凭证": "2.5", "不应享而享": "2.6"}


def checked(table: object = TABLE, **rules: object) -> ev.Delivery:
    return ev.check_delivery(table, **{"day": "2018-06-30", "late_after": 30, **rules})


def refused(ask: object, error: type[Exception] = FieldworkError) -> str:
    with pytest.raises(error) as told:
        ask()
    return str(told.value)


# -- numbers made by hand ---------------------------------------------------------------------------------------------


def test_the_counts_are_those_made_by_hand() -> None:
    found = checked()
    whole = found.counts(None).iloc[0]
    # entitled 7, one of them not yet due; 1 of 6 not delivered; 4 rows with both amounts and dates; 6 received, one without proof
    told = {
        "户数": 7, "应到": 6, "未到期": 1, "未到户": 1, "金额不足": 1, "可核金额": 4, "多发": 1, "迟发": 1, "可核日期": 4,
        "缺凭证": 1, "实享": 6, "不应享而享": 1,
    }  # fmt: skip
    assert whole[list(told)].to_dict() == told
    # owed 3000 × 3 + 2000 + 1000 fallen due; lacking 200 + 3000, and 0.001 that is below a cent
    assert whole[["应发金额", "差额", "金额不明", "日期不明"]].tolist() == [12000, 3200, 0, 0]
    assert whole["未到户率"] == pytest.approx(1 / 6) and whole["未到位率"] == pytest.approx(3200 / 12000)
    assert whole[["金额不足率", "迟发率"]].tolist() == [0.25, 0.25] and whole["缺凭证率"] == pytest.approx(1 / 6)
    by = found.counts("政策").set_index("政策")
    assert by.loc["低保", ["户数", "应到", "未到户", "不应享而享"]].tolist() == [6, 4, 1, 1]
    assert by.loc["危房改造", ["应到", "未到户率", "可核金额"]].tolist() == [1, 0, 0] and np.isnan(by.loc["危房改造", "未到位率"])
    assert found.counts("乡镇代码")["乡镇代码"].tolist() == [A[:9]]
    late = found.listed("迟发").iloc[0]
    assert (late["户编号"], late["迟发天数"], late["行"]) == ("002", 35, 3)
    assert repr(found) == "Delivery 7 户 3 项政策：应到 6，未到户 1（16.67%），金额不足 1，多发 1，迟发 1，缺凭证 1，不应享而享 1，未到期 1"


def test_rules_are_those_that_were_stated() -> None:
    assert checked(late_after=29).counts(None)["迟发"][0] == 2 and checked(late_after=35).counts(None)["迟发"][0] == 0
    assert checked(tolerance=100.0).counts(None)["多发"][0] == 0 and checked(tolerance=99.0).counts(None)["多发"][0] == 1
    assert checked(day="2018-09-30").counts(None)[["应到", "未到户"]].iloc[0].tolist() == [7, 2]
    plain = checked(TABLE[COLUMNS[:6]], late_after=None)
    assert plain.looked == ("未到户", "不应享而享")
    assert list(plain.counts(None)) == ["户数", "应到", "未到期", "未到户", "未到户率", "不应享而享"]
    assert "没有这种问题" in refused(lambda: plain.listed("迟发"))


def test_the_table_of_the_caller_and_its_order_do_not_matter() -> None:
    before = TABLE.copy()
    counts = checked().counts(["村代码", "政策"])
    pd.testing.assert_frame_equal(checked(TABLE.iloc[::-1]).counts(["村代码", "政策"]), counts)
    pd.testing.assert_frame_equal(TABLE, before)


# -- rows for the list of problems ---------------------------------------------------------------------------------------


def test_misses_become_problems_of_households_or_villages() -> None:
    found = checked()
    listed = ev.list_problems(found.problems(codes=CODES, level="户"), merge=["level", "place", "household", "code", "text"])
    table = listed.table()
    words = ["未到户", "金额不足，差 200.00 元", "多发", "迟发，晚 35 天", "缺凭证", "不应享而享"]
    assert table["text"].tolist() == [f"低保{word}" for word in words]
    assert table["household"].tolist() == ["003", "002", "001", "002", "002", "004"] and set(table["found"]) == {"2018-06-30"}
    villages = found.problems(codes=CODES, level="村")
    assert villages.loc[villages["问题代码"] == "2.1", ["地点", "问题"]].values.tolist() == [[A, "低保未到户 1 户"]]
    assert "没有写对应的问题代码" in refused(lambda: found.problems(codes={"未到户": "2.1"}, level="户"), LedgerError)
    assert "level" in refused(lambda: found.problems(codes=CODES, level="县"))
    whole = checked(TABLE.iloc[[0]])
    assert len(whole.problems(codes={}, level="户")) == 0


# -- identities ------------------------------------------------------------------------------------------------------------

CELLS = st.tuples(st.booleans(), st.booleans(), st.integers(1, 4000), st.integers(1, 4000), st.integers(0, 90), st.booleans())


@settings(max_examples=15, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=12), st.integers(0, 60), st.integers(0, 100))
def test_every_row_is_counted_where_it_belongs(cells: list[tuple[bool, bool, int, int, int, bool]], late: int, tolerance: int) -> None:
    rows = [
        (A if i % 2 else B, f"{i // 3:03d}", f"政策{i % 3}", "", "是" if due else "否", "是" if had else "否", owed if due else "",
            paid if had else "", "2018-03-01" if due else "", str(pd.Timestamp("2018-03-01") + pd.Timedelta(days=wait))[:10] if had else "",
            "有" if proof else "")
        for i, (due, had, owed, paid, wait, proof) in enumerate(cells)
    ]  # fmt: skip
    found = checked(pd.DataFrame(rows, columns=COLUMNS), late_after=late, tolerance=float(tolerance))
    both = [(owed, paid, wait) for due, had, owed, paid, wait, _ in cells if due and had]
    whole = found.counts(None).iloc[0]
    assert whole["未到户"] + len(both) == whole["应到"] == sum(due for due, *_ in cells)
    assert whole["金额不足"] == sum(owed - paid > tolerance for owed, paid, _ in both)
    assert whole["多发"] == sum(paid - owed > tolerance for owed, paid, _ in both)
    assert whole["迟发"] == sum(wait > late for *_, wait in both)
    assert whole["缺凭证"] == sum(had and not proof for _, had, *_, proof in cells)
    assert whole["差额"] == sum(max(0, owed - paid * had) for due, had, owed, paid, *_ in cells if due)
    for by in ("政策", ["村代码", "政策"], "批次"):
        parts = found.counts(by)
        for column in ("应到", "未到户", "金额不足", "迟发", "缺凭证", "差额", "应发金额"):
            assert parts[column].sum() == whole[column]
    assert sum(len(found.listed(kind)) for kind in found.looked) == len(found.problems(codes=CODES, level="户"))


# -- through a Survey ----------------------------------------------------------------------------------------------------------

POLICIES = ("低保", "养老", "教育")


def sampled(lost: bool = True) -> tuple[ev.Survey, pd.DataFrame]:
    """Six villages of ten households each with a weight of its own; household h is due to h mod 4 of three policies."""
    rng = np.random.default_rng(7)
    villages = [f"41172610{i // 3}20{i}" for i in range(6)]
    homes = pd.DataFrame([(v, f"{h:03d}") for v in villages for h in range(10)], columns=["village", "household"])
    homes = homes.assign(town=homes["village"].str[:9], weight=np.repeat([3.0, 5, 8, 2, 4, 9], 10))
    rows = [
        (v, h, policy, "是", "否" if lost and rng.random() < 0.25 else "是")
        for v, h in zip(homes["village"], homes["household"], strict=True) for policy in POLICIES[: int(h) % 4]
    ]  # fmt: skip
    survey = ev.Survey.from_data(homes, weights="weight", clusters="village")
    return survey, pd.DataFrame(rows, columns=["村代码", "户编号", "政策", "应享", "实享"])


def test_a_share_is_a_ratio_whose_variance_is_that_of_its_villages() -> None:
    survey, rows = sampled()
    found = checked(rows, late_after=None)
    share = found.share(survey, unlisted="none")
    homes = survey.table()
    keyed = rows.assign(lost=rows["实享"] == "否").groupby(["村代码", "户编号"])["lost"].agg(["sum", "count"])
    sums = keyed.reindex(pd.MultiIndex.from_frame(homes[["village", "household"]]), fill_value=0).to_numpy(dtype=float)
    w, y, x = homes["weight"].to_numpy(), sums[:, 0], sums[:, 1]
    value = (w @ y) / (w @ x)
    scores = np.array([(w * (y - value * x))[homes["village"] == v].sum() / (w @ x) for v in homes["village"].unique()])
    variance = 6 / 5 * ((scores - scores.mean()) ** 2).sum()  # ultimate clusters, with replacement (Särndal et al. 1992, 5.6.10)
    assert float(share) == pytest.approx(value, rel=1e-12) and share.se[0] == pytest.approx(variance**0.5, rel=1e-12)
    table = found.estimates(survey, unlisted="none").set_index("政策")
    assert table.index.tolist() == [*POLICIES, "全部政策（项）", "全部政策（户）"]
    assert table.loc["全部政策（项）", ["应核", "其中", "样本比率"]].tolist() == [x.sum(), y.sum(), y.sum() / x.sum()]
    assert table.loc["全部政策（户）", "估计值"] == pytest.approx((w @ (y > 0)) / (w @ (x > 0)))
    low, high = found.share(survey, policy="养老", unlisted="none").interval()[["low", "high"]].iloc[0]
    assert table.loc["养老", ["下限", "上限"]].tolist() == [low, high] and 0 < low < high < 1
    assert not table[["估计值", "标准误", "下限", "上限"]].isna().any(axis=None)


def test_places_part_the_whole_and_places_without_anybody_entitled_are_left_out() -> None:
    survey, rows = sampled()
    rows = rows[~((rows["村代码"].str[:9] == "411726101") & (rows["政策"] == "教育"))]
    table = checked(rows, late_after=None).estimates(survey, by="town", unlisted="none")
    assert table.loc[table["政策"] == "教育", "town"].tolist() == ["411726100"]
    assert table.loc[table["政策"] == "全部政策（项）", ["应核", "其中"]].sum().tolist() == [len(rows), (rows["实享"] == "否").sum()]
    assert table["估计值"].between(0, 1).all()


def test_nothing_found_is_no_proof_that_there_is_nothing() -> None:
    survey, rows = sampled(lost=False)
    table = checked(rows, late_after=None).estimates(survey, unlisted="none").set_index("政策")
    assert (table["估计值"] == 0).all() and (table.drop(index="全部政策（项）")["上限"] > 0.01).all()
    assert np.isnan(table.loc["全部政策（项）", "上限"]) and "全部政策（户）" in table.loc["全部政策（项）", "说明"]


def test_money_is_a_ratio_of_amounts() -> None:
    homes = pd.DataFrame({"village": [A, A, A, A, B, B, B], "household": ["001", "002", "003", "004", "001", "002", "003"]})
    survey = ev.Survey.from_data(homes.assign(w=[2.0, 2, 2, 2, 3, 3, 3]), weights="w", clusters="village")
    assert float(checked().share(survey, "差额")) == pytest.approx(2 * 3200 / (2 * 10000 + 3 * 2000))
    # 001 and 002 of A and 001 of B have dates
    assert float(checked().share(survey, "迟发", per="household")) == pytest.approx(2 / (2 + 2 + 3))


def test_households_that_one_side_does_not_know_are_refused() -> None:
    survey, rows = sampled()
    found = checked(rows, late_after=None)
    lacking = refused(lambda: found.share(survey), EstimateError)
    assert "18 户没有写" in lacking and 'unlisted="none"' in lacking
    strange = checked(rows.assign(户编号=rows["户编号"].str.lstrip("0")), late_after=None)
    assert "不在调查数据中" in refused(lambda: strange.share(survey, unlisted="none"), EstimateError)
    assert "可用：低保、养老、教育" in refused(lambda: found.share(survey, policy="医保", unlisted="none"), EstimateError)
    assert "没有一行可核" in refused(lambda: found.share(survey, "迟发", unlisted="none"), EstimateError)
    persons = ev.Survey.from_data(pd.concat([survey.table()] * 2), weights="weight", clusters="village")
    assert "一户有几行" in refused(lambda: found.share(persons, unlisted="none"), EstimateError)
    assert "没有这一列" in refused(lambda: found.share(survey, village="村", unlisted="none"), ev.EvalkitError)


# -- what people type ---------------------------------------------------------------------------------------------------------------

WRONG = [
    (A, "001", "低保", "", "是", "是", "三千", 3000, "2018-03-31", "2018-04-10", ""),            # 2 amount
    (A, "002", "低保", "", "应享", "是", 3000, 3000, "3月31日", "2018-04-10", ""),               # 3 word, date
    ("", "003", "低保", "", "是", "", 3000, "", "2018-03-31", "", ""),                            # 4 village, word
    (A, "11010519491231002X", "低保", "", "是", "否", 3000, 200, "2018-03-31", "2018-04-10", ""),  # 5 a person's number, not 实享
    (A, "001", "低保", "", "是", "是", 3000, 0, "2018-03-31", "2018-07-01", ""),                  # 6 again, 0, after the day of the check
    (A, "005", "低保", "", "否", "否", 3000, "", "", "", ""),                                     # 7 owed though not entitled
    (A, "006", "", "", "是", "是", 3000, "", "2018-03-31", "", ""),                               # 8 policy, amount and date unknown
    (A, "007", "低保", "", "是", "是", -5, 100, "2018-03-31", "2018-04-10", ""),                  # 9 below 0
    (A, "4.5E+11", "低保", "", "是", "是", 0, 100, "2018-03-31", "2018-04-10", ""),               # 10 broken by a spreadsheet; 0 due
]  # fmt: skip


def test_everything_wrong_is_told_at_once_and_nothing_of_it_is_shown() -> None:
    wrong = pd.DataFrame(WRONG, columns=COLUMNS)
    with pytest.raises(FieldworkError) as told:
        checked(wrong)
    found = {(fault.row, fault.column) for fault in told.value.faults}
    assert found == {
        (2, "应发金额"), (3, "应享"), (3, "应发日期"), (4, "村代码"), (4, "实享"), (5, "户编号"), (5, "实发金额"), (5, "到账日期"),
        (6, "村代码、户编号、政策"), (6, "实发金额"), (6, "到账日期"), (7, "应发金额"), (8, "政策"), (8, "实发金额"), (8, "到账日期"),
        (9, "应发金额"), (10, "户编号"), (10, "应发金额"),
    }  # fmt: skip
    assert not any(cell in str(told.value) for cell in ("三千", "11010519491231002X", "3月31日", "4.5E", "411726101201"))
    kept = checked(TABLE.assign(实发金额=["3000", "", "", "3000", "2100", "", "999.999", "", ""]), missing="out")
    assert kept.counts(None)[["可核金额", "金额不明", "应发金额"]].iloc[0].tolist() == [3, 1, 9000]


@pytest.mark.parametrize(
    ("table", "rules", "told"),
    [
        (TABLE, {"day": "6月30日"}, 'day = \'6月30日\'｜应为核查的日期｜写如 day="2018-05-03"'),
        (TABLE, {"late_after": -1}, "应为 0 至 3650 的整数"),
        (TABLE, {"late_after": "30天"}, "late_after：str｜应为整数｜改正"),
        (TABLE, {"tolerance": 500.0}, "应为 0 至 100 元"),
        (TABLE, {"missing": "drop"}, "没有这种处理"),
        (TABLE.drop(columns="到账日期"), {}, "规定了迟发的天数，表中却没有这一列"),
        (TABLE.drop(columns="实发金额"), {}, "有 应发金额 而没有这一列"),
        (TABLE.drop(columns=["应享", "政策"]), {}, "2 处错误"),
        (TABLE.rename(columns={"到账日期": "到帐日期"}), {}, "不敢当作同一列"),
        (TABLE.assign(违规违纪线索=["", "某某截留", *[""] * 7]), {}, "违规违纪线索｜线索不写在这张表里"),
        (TABLE.head(0), {}, "没有一行"),
    ],
)  # fmt: skip
def test_a_rule_or_a_table_that_cannot_be_meant(table: pd.DataFrame, rules: dict[str, object], told: str) -> None:
    said = refused(lambda: checked(table, **rules))
    assert told in said and "某某截留" not in said


# -- workbooks -----------------------------------------------------------------------------------------------------------------------


def test_a_filled_form_comes_back_and_a_workbook_holds_all_that_was_found(tmp_path: Path) -> None:
    survey, rows = sampled()
    form = ev.write_delivery_form(tmp_path / "表.xlsx", households=survey.table(), policies=POLICIES)
    blank = read_sheet(form, "政策到户表")
    assert len(blank) == 180 and blank["户编号"][1] == "000" and (blank[["应享", "实享"]] == "").all(axis=None)
    assert "应为 是、否" in refused(lambda: checked(form, late_after=None))
    ev.write_delivery_form(form, households=survey.table(), policies=POLICIES)  # nobody has filled it yet
    found = checked(rows, late_after=None)
    path = found.save(tmp_path / "到户.xlsx", survey, unlisted="none")
    assert read_sheet(path, "未到户")["行"].tolist() == found.listed("未到户")["行"].astype(str).tolist()
    assert path.read_bytes() == found.save(tmp_path / "又.xlsx", survey, unlisted="none").read_bytes()
    empty = ev.write_delivery_form(tmp_path / "空.xlsx")
    assert "没有一行" in refused(lambda: checked(empty))
