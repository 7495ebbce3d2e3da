"""Tiers of checking: counts by hand, agreement by the table of methods §8, samples of units, identities, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.cli import main
from evalkit.errors import EstimateError, FieldworkError, LedgerError
from evalkit.sheets import read_grids, read_sheet
from evalkit.tiers import Tiers

LOWER, UPPER = "乡级自查", "县级普查"


def table(cells: list[list[int]], item: str = "饮水") -> pd.DataFrame:
    """Units of each combination: rows lower 达标, 不达标; columns upper 达标, 不达标."""
    words = ("达标", "不达标")
    rows = [(item, a, b) for i, a in enumerate(words) for j, b in enumerate(words) for _ in range(cells[i][j])]
    made = pd.DataFrame(rows, columns=["项目", LOWER, UPPER])
    return made.assign(村代码=[f"{i:04d}" for i in range(len(made))])


def compared(source: object) -> Tiers:
    return ev.compare_tiers(source, tiers=[LOWER, UPPER], unit="村代码")


def test_the_table_of_methods_section_8() -> None:
    """1,180 and 6 agreed, 8 only above, 6 only below: κ 0.455677, AC1 0.988078; 8 of 14 missed, 6 of 12 false."""
    found = compared(table([[1180, 8], [6, 6]]))
    row = found.table().iloc[0]
    assert row[["双方都查", "都达标", "下级漏查", "误报", "都不达标"]].tolist() == [1200, 1180, 8, 6, 6]
    assert (row["一致率"], row["kappa"], row["ac1"]) == pytest.approx((0.988333, 0.455677, 0.988078), abs=1e-6)
    assert (row["漏查率"], row["误报率"]) == pytest.approx((8 / 14, 6 / 12))
    assert repr(found) == "Tiers 1200 个单位 1 个项目：乡级自查×县级普查 都查 1200，漏查 8，误报 6"
    assert found.missed(LOWER, UPPER)["上级行"].tolist() == list(range(1182, 1190))
    other = compared(table([[3, 2], [1, 4]])).table().iloc[0]
    assert (other["漏查率"], other["误报率"], other["一致率"]) == pytest.approx((2 / 6, 1 / 5, 7 / 10))
    assert found.crosstab(LOWER, UPPER).to_numpy().tolist() == [[1180, 8, 0], [6, 6, 0], [0, 0, 0]]


def test_items_one_by_one_and_what_only_one_tier_looked_at() -> None:
    rows = [
        ("01", "饮水", "达标", "达标", "不达标"), ("01", "住房", "达标", "", "达标"), ("02", "饮水", "不达标", "不达标", ""),
        ("02", "住房", "", "达标", "达标"), ("03", "饮水", "达标", "不达标", "不达标"),
    ]  # fmt: skip
    found = ev.compare_tiers(
        pd.DataFrame(rows, columns=["村代码", "项目", "自评", "乡查", "复核"]), tiers=["自评", "乡查", "复核"], unit="村代码"
    )
    water = found.compare("自评", "乡查").set_index("项目").loc["饮水"]
    assert water[["双方都查", "都达标", "下级漏查", "误报", "都不达标"]].tolist() == [3, 1, 1, 0, 1]
    house = found.compare("自评", "乡查").set_index("项目").loc["住房"]
    assert house[["双方都查", "只有下级查", "只有上级查"]].tolist() == [0, 1, 1] and np.isnan(house["一致率"])
    assert found.table()[["下级", "上级", "下级漏查"]].values.tolist() == [["自评", "乡查", 1], ["自评", "复核", 2], ["乡查", "复核", 1]]
    assert found.missed("自评", "复核")[["村代码", "项目", "下级行", "上级行"]].values.tolist() == [
        ["01", "饮水", 2, 2],
        ["03", "饮水", 6, 6],
    ]
    assert found.crosstab("自评", "乡查").loc["达标", "未查"] == 1


def test_each_tier_may_have_a_table_and_words_of_its_own(tmp_path: Path) -> None:
    """The rows that are told are those of each file."""
    own = pd.DataFrame({"村代码": ["01", "02", "03"], "项目": "饮水", "结果": ["合格", "合格", "不合格"]})
    upper = pd.DataFrame({"村代码": ["03", "04", "01"], "项目": "饮水", "结果": ["合格", "不合格", "不合格"]})
    files = {"自评": tmp_path / "自评.csv", "复核": tmp_path / "复核.csv"}
    own.to_csv(files["自评"], index=False)
    upper.to_csv(files["复核"], index=False)
    found = ev.compare_tiers(files, tiers=["自评", "复核"], unit="村代码", words=("合格", "不合格"))
    assert found.missed("自评", "复核").values.tolist() == [["01", "饮水", 2, 4]]
    assert found.false_alarms("自评", "复核").values.tolist() == [["03", "饮水", 4, 2]]
    assert found.table().iloc[0][["双方都查", "只有下级查", "只有上级查"]].tolist() == [2, 1, 1]


cells = st.lists(st.sampled_from(["达标", "不达标", ""]), min_size=3, max_size=30)


@settings(max_examples=25)
@given(cells, cells, st.randoms(use_true_random=False))
def test_counts_add_up_and_do_not_hang_on_the_order_of_rows(lower: list[str], upper: list[str], dice: object) -> None:
    size = min(len(lower), len(upper))
    rows = pd.DataFrame({"村代码": [f"{i // 2:03d}" for i in range(size)], "项目": ["甲", "乙"] * (size // 2) + ["甲"] * (size % 2)})
    rows = rows.assign(**{LOWER: lower[:size], UPPER: upper[:size]})
    if not ((rows[LOWER] != "") & (rows[UPPER] != "")).any():
        with pytest.raises(FieldworkError, match=r"没有一项结果|没有一个相同"):
            compared(rows)
        return
    found = compared(rows)
    counts = found.compare(LOWER, UPPER)
    assert (counts["双方都查"] == counts[["都达标", "下级漏查", "误报", "都不达标"]].sum(axis=1)).all()
    neither = ((rows[LOWER] == "") & (rows[UPPER] == "")).sum()
    assert (
        counts[["双方都查", "只有下级查", "只有上级查"]].iloc[-1].sum() + neither == size == found.crosstab(LOWER, UPPER).to_numpy().sum()
    )
    assert (counts.iloc[:-1, 1:6].sum() == counts.iloc[-1, 1:6]).all()
    assert len(found.missed(LOWER, UPPER)) == counts["下级漏查"].iloc[-1]
    order = list(range(size))
    dice.shuffle(order)
    assert compared(rows.iloc[order].reset_index(drop=True)).table().equals(found.table())
    parts = {name: rows.loc[rows[name] != "", ["村代码", "项目", name]].rename(columns={name: "结果"}) for name in (LOWER, UPPER)}
    assert compared(parts).table().equals(found.table())


def test_a_sample_of_units_is_weighted_and_its_units_are_the_clusters() -> None:
    """Two strata of weights 10 and 30: the missed rate is Σw missed/Σw problems above, its error that of a ratio over units."""
    one, two = table([[3, 1], [0, 1]]), table([[2, 2], [1, 1]]).assign(村代码=[f"9{i:03d}" for i in range(6)])
    rows = pd.concat([one, two], ignore_index=True)
    rows = pd.concat([rows, rows.assign(项目="住房")], ignore_index=True)
    units = rows["村代码"].unique()
    plan = pd.DataFrame({"村代码": units, "层": [unit[0] for unit in units], "N": [50 if unit[0] == "0" else 180 for unit in units]})
    found = compared(rows).sampled(LOWER, UPPER, plan, strata="层", fpc="N").set_index(["项目", "指标"])
    water = found.loc[("饮水", "漏查率")]
    assert (water["分子"], water["分母"], water["样本比率"]) == (3, 5, pytest.approx(0.6))
    assert water["估计值"] == pytest.approx((10 * 1 + 30 * 2) / (10 * 2 + 30 * 3))
    both = rows.merge(plan, on="村代码").assign(
        missed=lambda t: (t[UPPER] == "不达标") & (t[LOWER] == "达标"), bad=lambda t: t[UPPER] == "不达标"
    )
    survey = ev.Survey.from_data(both.astype({"missed": float, "bad": float}), strata="层", clusters="村代码", fpc="N")
    whole = found.loc[("全部项目", "漏查率")]
    assert whole["标准误"] == pytest.approx(ev.ratio(survey, "missed", "bad").se[0])
    assert whole["标准误"] == pytest.approx(water["标准误"])  # the second item says the same of the same units: no news
    assert found.loc[("饮水", "一致率"), "估计值"] == pytest.approx((10 * 4 + 30 * 3) / 230)


def test_a_census_above_has_no_error() -> None:
    rows = table([[4, 2], [1, 3]])
    found = compared(rows).sampled(LOWER, UPPER, pd.DataFrame({"村代码": rows["村代码"], "N": 10}), fpc="N")
    assert (found["标准误"] == 0).all() and found["估计值"].tolist() == pytest.approx(found["样本比率"].tolist())


def test_what_was_missed_becomes_problems_that_the_list_takes_in() -> None:
    found = compared(table([[1, 2], [0, 1]]))
    rows = found.problems(LOWER, UPPER, day="2018-11-20", source="县级普查", codes={"饮水": "2.1"}, level="村")
    listed = ev.list_problems(rows, merge=["level", "place", "code"])
    assert len(listed.table()) == 2 and listed.table()["text"].iloc[0] == "饮水：乡级自查为达标，县级普查为不达标"
    with pytest.raises(LedgerError, match="饮水｜没有写对应的问题代码"):
        found.problems(LOWER, UPPER, day="2018-11-20", source="县级普查", codes={}, level="村")
    homes = table([[0, 1], [0, 0]]).assign(户编号="0038")
    of_homes = ev.compare_tiers(homes, tiers=[LOWER, UPPER], unit=["村代码", "户编号"])
    row = of_homes.problems(LOWER, UPPER, day="2018-11-20", source="县级普查", codes={"饮水": "2.1"}, level="户").iloc[0]
    assert row[["级", "地点", "户编号"]].tolist() == ["户", "0000", "0038"]
    with pytest.raises(FieldworkError, match="户编号"):
        found.problems(LOWER, UPPER, day="2018-11-20", source="县级普查", codes={"饮水": "2.1"}, level="户")


def test_every_fault_of_a_table_at_once() -> None:
    rows = pd.DataFrame(
        [("01", "饮水", "达标", "好"), ("", "饮水", "达标", ""), ("01", "饮水", "达标", "达标"), ("02", "", "合格", "达标")],
        columns=["村代码", "项目", LOWER, UPPER],
    )
    with pytest.raises(FieldworkError) as refused:
        compared(rows)
    told = str(refused.value)
    for part in (
        "第 3 行，村代码｜不能空白",
        "第 5 行，项目｜不能空白",
        "第 4 行，村代码、项目｜与前面一行重复",
        f"第 2 行，{UPPER}｜应为",
        f"第 5 行，{LOWER}｜应为",
    ):
        assert part in told
    assert "5 处错误" in told and "好" not in told and "合格" not in told
    with pytest.raises(FieldworkError) as refused:
        compared({LOWER: rows.drop(columns="项目"), UPPER: rows[["村代码"]]})
    assert str(refused.value).count("没有这一列") == 4 and len(refused.value.faults) == 4


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"tiers": [LOWER]}, "至少两级"), ({"tiers": [LOWER, LOWER]}, "各列名不同"), ({"unit": []}, "没有写哪些列指明一个单位"),
        ({"unit": "项目"}, "各列名不同"), ({"words": ("好", "好")}, "两个不同的词"), ({"words": ("好",)}, "2 个值"),
        ({"tiers": [LOWER, "复核"]}, "复核｜表中没有这一列"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_compared(asked: dict[str, object], told: str) -> None:
    with pytest.raises(FieldworkError, match=told):
        ev.compare_tiers(table([[1, 1], [1, 1]]), **({"tiers": [LOWER, UPPER], "unit": "村代码"} | asked))


def test_pairs_and_samples_that_do_not_fit() -> None:
    found = compared(table([[2, 1], [1, 1]]))
    with pytest.raises(FieldworkError, match="下级在前、上级在后"):
        found.compare(UPPER, LOWER)
    with pytest.raises(FieldworkError, match="没有这种核查"):
        found.missed("自评", UPPER)
    plan = pd.DataFrame({"村代码": ["0000", "0001", "0002", "0003"]})
    with pytest.raises(EstimateError, match="第 6 行的单位不在上级的样本中"):
        found.sampled(LOWER, UPPER, plan)
    with pytest.raises(EstimateError, match="有单位写了两次"):
        found.sampled(LOWER, UPPER, pd.concat([plan, plan]))
    with pytest.raises(EstimateError, match="没有 村代码 列"):
        found.sampled(LOWER, UPPER, plan.rename(columns={"村代码": "村"}))
    for how in ({"hello": 1}, {"weights": "权数"}):
        with pytest.raises(EstimateError, match=r"没有这个参数|上级样本表中没有这一列"):
            found.sampled(LOWER, UPPER, plan, **how)
    with pytest.raises(FieldworkError, match="codes：str｜应为字典"):
        found.problems(LOWER, UPPER, day="2018-11-20", source="复核", codes="2.1", level="村")
    with pytest.raises(FieldworkError, match="没有这种级"):
        found.problems(LOWER, UPPER, day="2018-11-20", source="复核", codes={"饮水": "1"}, level="镇")


def test_a_form_is_filled_compared_and_written(tmp_path: Path) -> None:
    """The form reads back as it is; the workbook has the pairs, and no sheet is over another."""
    form, out = tmp_path / "核查.xlsx", tmp_path / "对照.xlsx"
    tiers = ["--tier", LOWER, "--tier", UPPER, "--unit", "村代码"]
    assert CliRunner().invoke(main, ["tiers", "form", str(form), *tiers]).exit_code == 0
    assert list(read_sheet(form).columns) == ["村代码", "项目", LOWER, UPPER]
    refused = CliRunner().invoke(main, ["tiers", "compare", str(form), *tiers])
    assert refused.exit_code == 1 and "没有一行" in refused.output
    table([[3, 1], [1, 1]])[["村代码", "项目", LOWER, UPPER]].to_excel(form, index=False)
    done = CliRunner().invoke(main, ["tiers", "compare", str(form), *tiers, "--out", str(out)])
    assert done.exit_code == 0 and "都查 6，漏查 1，误报 1" in done.output
    assert list(read_grids(out)) == ["各级对照", "按项目", "交叉表", "漏查", "误报"]
    over = CliRunner().invoke(main, ["tiers", "compare", str(form), *tiers, "--out", str(form)])
    assert over.exit_code == 1 and "是读入的文件，不能写在上面" in over.output
    again = CliRunner().invoke(main, ["tiers", "form", str(form), *tiers])
    assert again.exit_code == 1 and "已有人填写" in again.output
    three = CliRunner().invoke(main, ["tiers", "compare", "a", "b", "c", *tiers])
    assert three.exit_code == 1 and "3 个文件，2 级" in three.output


def test_names_of_tiers_may_be_longer_than_those_of_sheets(tmp_path: Path) -> None:
    names = [f"贫困村退出乡级自查（含指标自查与资料自查）第{i}轮" for i in "一二三"]
    rows = pd.DataFrame({"村代码": ["01", "02"], "项目": "饮水", **dict.fromkeys(names, "达标")})
    out = ev.compare_tiers(rows, tiers=names, unit="村代码").save(tmp_path / "对照.xlsx")
    assert list(read_grids(out))[:3] == ["各级对照", "按项目1", "交叉表1"]
    with pytest.raises(FieldworkError, match=r"文件名以 \.xlsx 结尾"):
        ev.compare_tiers(rows, tiers=names, unit="村代码").save(tmp_path / "对照.csv")


def test_codes_that_lost_their_zeros_are_not_taken_for_other_units() -> None:
    parts = {LOWER: pd.DataFrame({"村代码": ["01"], "项目": "饮水", "结果": "达标"})}
    parts[UPPER] = parts[LOWER].assign(村代码=[1])
    with pytest.raises(FieldworkError, match="和别的级没有一个相同｜核对代码"):
        compared(parts)
