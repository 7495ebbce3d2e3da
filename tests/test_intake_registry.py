"""Exports of the national registry in both layouts: households out of persons, and a message for every fault."""

import contextlib
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.codes import Directory
from evalkit.codes.identities import CHECKS, WEIGHTS
from evalkit.errors import EvalkitError, FrameError
from evalkit.sheets import write_bytes, write_csv

OLD = (
    "序号", "县（市、区、旗）", "乡（镇）", "行政村", "自然村", "户编号", "人编号", "姓名", "证件号码", "人数", "与户主关系",
    "民族", "文化程度", "在校生状况", "健康状况", "劳动技能", "务工状况", "务工时间（月）", "参加大病医疗", "脱贫属性",
    "（脱贫年度）", "贫困户属性", "主要致贫原因", "危房户", "饮水安全", "饮水困难", "人均纯收入", "联系电话",
)  # fmt: skip
NEW = (
    "序号", "数据日期", "县（市、区、旗）", "乡（镇）", "行政村", "自然村", "户编号", "人编号", "姓名", "证件号码", "人数",
    "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动技能", "务工时间（月）", "是否参加大病保险", "致贫原因1",
    "危房户", "是否解决安全饮用水", "人均纯收入", "户联系电话", "人联系电话", "首次识别时间", "人员识别时间", "户类型",
    "易返贫致贫户(监测对象)类型", "风险是否消除", "风险识别时间", "风险消除时间",
)  # fmt: skip
PERSON = {
    "县（市、区、旗）": "泌阳县", "乡（镇）": "花园街道", "行政村": "东关村", "自然村": "一组", "民族": "汉族",
    "健康状况": "健康", "脱贫属性": "已脱贫", "（脱贫年度）": "2018", "贫困户属性": "一般贫困户", "主要致贫原因": "因病",
    "人均纯收入": "6,444.67", "联系电话": "13900001111", "数据日期": "202206", "致贫原因1": "因病", "首次识别时间": "201412",
    "人员识别时间": "201412", "户类型": "脱贫户", "风险是否消除": "是", "风险识别时间": "",
}  # fmt: skip


def number(at: int) -> str:
    """A made-up identity number that passes the check of GB 11643."""
    digits = f"110105194912{at % 28 + 1:02d}{at % 1000:03d}"
    return digits + CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11]


def export(headings: tuple[str, ...], *changes: dict[str, Any]) -> pd.DataFrame:
    """Two households of two and three persons; `changes` are for rows 2, 3, …"""
    rows = []
    for at in range(5):
        row = {**PERSON, "户编号": "H1" if at < 2 else "H2", "人数": "2" if at < 2 else "3", "姓名": f"甲乙{at}", "证件号码": number(at)}
        row |= {"与户主关系": "户主" if at in (0, 2) else "之子", "人编号": f"P{at}"}
        rows.append(row | (changes[at] if at < len(changes) else {}))
    return pd.DataFrame([dict.fromkeys(headings, "") | row for row in rows])[list(headings)].fillna("")


def refusal(table: pd.DataFrame, folder: Path, **options: Any) -> str:
    with pytest.raises(FrameError) as refused:
        ev.read_registry(write_csv(table, folder / "a.csv"), **options)
    says = str(refused.value)
    assert "甲乙" not in says and "110105" not in says and "1390000" not in says
    return says


@pytest.mark.parametrize(("headings", "layout"), [(OLD, "2016"), (NEW, "2022")])
def test_both_layouts_become_households_without_persons_data(tmp_path: Path, headings: tuple[str, ...], layout: str) -> None:
    register = ev.read_registry(write_csv(export(headings), tmp_path / "a.csv"))
    households, persons = register.households(), register.persons()
    assert register.layout == layout and not register.faults and len(register) == 2 and len(persons) == 5
    assert households["household"].tolist() == ["H1", "H2"] and households["persons"].tolist() == [2, 3] == households["stated"].tolist()
    assert households["row"].tolist() == [2, 4] and households["income"].tolist() == [6444.67] * 2 and set(households["cause"]) == {"因病"}
    shown = households.to_csv() + persons.to_csv() + repr(register)
    assert "甲乙" not in shown and "110105" not in shown and "139" not in shown and "健康" not in shown
    if layout == "2016":
        assert households[["exit_status", "exit_year", "attribute"]].iloc[0].tolist() == ["已脱贫", "2018", "一般贫困户"]
    else:
        assert households[["type", "identified", "risk_removed"]].iloc[0].tolist() == ["脱贫户", "2014-12", "是"]


def test_personal_columns_are_kept_only_by_name(tmp_path: Path) -> None:
    path = write_csv(export(OLD), tmp_path / "a.csv")
    households = ev.read_registry(path, keep=("name", "id_number")).households()
    assert households["name"].tolist() == ["甲乙0", "甲乙2"] and households["id_number"].tolist() == [number(0), number(2)]
    assert "phone" not in households
    with pytest.raises(FrameError, match="不是个人信息列"):
        ev.read_registry(path, keep="电话")


def book(path: Path, rows: list[list[str]], merges: list[str]) -> Path:
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    for row in rows:
        page.append(row)
    for cells in merges:
        page.merge_cells(cells)
    made.save(path)
    return path


def test_title_two_rows_of_headings_and_merged_cells_below(tmp_path: Path) -> None:
    table = export(("行政村", "户编号", "与户主关系", "人数", "脱贫属性", "脱贫年度 ")).assign(**{"脱贫年度 ": "2018"})
    rows = table.to_numpy().tolist()
    for row in (1, 3, 4):
        rows[row][0] = rows[row][1] = ""
    top = [["贫困户信息"], ["住址", "户编号", "家庭成员", "", "脱贫情况", ""], ["行政村", "", "与户主关系", "人数", "脱贫属性", "脱贫年度"]]
    merges = ["A1:F1", "B2:B3", "C2:D2", "E2:F2", "A4:A5", "B4:B5", "A6:A8", "B6:B8"]
    register = ev.read_registry(book(tmp_path / "a.xlsx", [*top, *rows], merges))
    made = register.households()[["household", "village", "persons", "row"]].to_numpy().tolist()
    assert made == [["H1", "东关村", 2, 4], ["H2", "东关村", 3, 6]]
    with pytest.raises(FrameError, match="户编号空白"):  # the same cells, blank and not merged, are not guessed
        ev.read_registry(book(tmp_path / "b.xlsx", [*top, *rows], merges[:4]))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([{}, {"人数": "3"}], ["第 3 行，人数", "不一致"]),
        ([{"人数": "3"}, {"人数": "3"}], ["第 2 行，人数：3（实有 2 行）"]),
        ([{"人数": "两"}, {"人数": "两"}], ["第 2 行，人数", "应为 1 至 50 的整数"]),
        ([{"与户主关系": "配偶"}], ["第 2 行，与户主关系", "没有户主"]),
        ([{}, {"与户主关系": "户主"}], ["第 2 行，与户主关系", "两个以上户主"]),
        ([{}, {"证件号码": number(0)}], ["第 3 行，证件号码", "重复，先见于第 2 行"]),
        ([{}, {"证件号码": number(0) + "31"}], ["第 3 行，证件号码", "重复，先见于第 2 行"]),
        ([{"证件号码": "1.23E+17"}], ["第 2 行，证件号码", "科学计数"]),
        ([{"证件号码": "110105194912310021"}], ["第 2 行，证件号码", "校验码不符"]),
        ([{"证件号码": "110105491231002"}], ["15 位的旧号"]),
        ([{"证件号码": ""}], ["证件号码空白"]),
        ([{}, {"行政村": "西关村"}], ["第 3 行，行政村", "分在不同的村"]),
        ([{"（脱贫年度）": "18"}, {"（脱贫年度）": "18"}], ["应为年份，如 2018"]),
        ([{"人均纯收入": "6千"}, {"人均纯收入": "6千"}], ["第 2 行，人均纯收入", "应为数值"]),
        ([{"户编号": ""}], ["第 2 行，户编号", "户编号空白"]),
    ],
)
def test_every_fault_has_its_row_and_message(tmp_path: Path, changes: list[dict[str, str]], says: list[str]) -> None:
    text = refusal(export(OLD, *changes), tmp_path)
    assert all(each in text for each in says), text


def test_months_that_are_none_are_named_in_the_new_layout(tmp_path: Path) -> None:
    text = refusal(export(NEW, {"风险识别时间": "202213"}), tmp_path)
    assert "第 2 行，风险识别时间｜应为年月，如 201412" in text


def test_faults_are_listed_when_asked(tmp_path: Path) -> None:
    path = write_csv(export(OLD, {"与户主关系": "配偶"}, {"证件号码": "1"}), tmp_path / "a.csv")
    register = ev.read_registry(path, faults="list")
    assert sorted(fault.row for fault in register.faults if fault.row) == [2, 3] and len(register) == 2
    assert register.households()["heads"].tolist() == [0, 1]


def test_a_layout_that_is_not_certain_is_asked_for(tmp_path: Path) -> None:
    bare = export(("行政村", "户编号", "与户主关系", "人数"))
    assert "两种格式特有的列名都没有" in refusal(bare, tmp_path) and 'layout="2016"' in refusal(bare, tmp_path)
    assert "两种格式的列名都有" in refusal(export((*OLD, "户类型")), tmp_path)
    assert len(ev.read_registry(write_csv(bare, tmp_path / "b.csv"), layout="2016")) == 2
    assert "没有这种格式" in refusal(bare, tmp_path, layout="2018")
    assert "没有登记系统导出表的列名" in refusal(bare.rename(columns={"户编号": "编号"}), tmp_path)


def test_villages_get_codes_within_their_township_or_a_fault(tmp_path: Path) -> None:
    known = Directory([("411726001201", "东关村民委员会", "花园街道"), ("411726002201", "东关村民委员会", "古城街道")])
    register = ev.read_registry(write_csv(export(OLD), tmp_path / "a.csv"))
    coded = register.coded(known)
    assert set(coded.households()["village_code"]) == {"411726001201"} == set(coded.persons()["village_code"])
    wrong = export(OLD, *[{"行政村": "东官村"}] * 2)
    with pytest.raises(FrameError, match=r"第 2 行，行政村：花园街道东官村｜该乡镇没有这个村｜.*东关村民委员会"):
        ev.read_registry(write_csv(wrong, tmp_path / "b.csv")).coded(known)


def test_old_codes_need_a_table_of_changes(tmp_path: Path) -> None:
    known = Directory([("370116101201", "甲村", "")])
    table = export((*OLD, "村代码"), *[{"村代码": "371202101201"}] * 5)
    register = ev.read_registry(write_csv(table, tmp_path / "a.csv"))
    with pytest.raises(FrameError, match="changes="):
        register.coded(known)
    assert set(register.coded(known, changes={"371202": ["370116"]}).households()["village_code"]) == {"370116101201"}


CELLS = st.sampled_from([*OLD, *NEW, "", "户主", "1", "甲,\n"])


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(st.lists(CELLS, max_size=5), max_size=4)))
def test_whatever_comes_only_evalkit_refuses(tmp_path_factory: pytest.TempPathFactory, given_: Any) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    data = given_ if isinstance(given_, bytes) else "\n".join(",".join(row) for row in given_).encode()
    for name in ("a.csv", "a.xlsx", "a.dta"):
        path = write_bytes(folder / name, data)
        with contextlib.suppress(EvalkitError):
            ev.read_registry(path, faults="list")
        assert path.read_bytes() == data
    assert len(list(folder.iterdir())) == 3
