"""What real files do to a reader: dates in several forms, clashing names, swapped pairs, full-width numbers."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import EvalkitError, ResponsesError
from evalkit.fieldwork.handed import hand_in
from evalkit.sheets import plain_numbers, write_bytes, write_csv
from tests import county
from tests.test_intake_registry import OLD, export
from tests.test_intake_returns import WJX, WORDS, csv_of, refusal


def test_columns_of_written_dates_come_in_one_form_and_whole_numbers_are_never_taken_for_dates(tmp_path: Path) -> None:
    columns = {
        "户编号": ["2018-11-12", "2018-11-13"], "调查日期": ["2018/11/12", "2018年11月13日"], "复核": ["2018.1.5", ""],
        "金额": ["20181112", "43416"], "备注": ["2018/11/12", "无"],
    }  # fmt: skip
    table = ev.read_returns(csv_of(tmp_path / "a.csv", columns)).table()
    assert table.iloc[0].tolist() == ["2018-11-12", "2018-11-12", "2018-01-05", "20181112", "2018/11/12"]
    assert table.iloc[1].tolist() == ["2018-11-13", "2018-11-13", "", "43416", "无"]
    assert ev.read_returns(tmp_path / "a.csv", dates=["金额"]).table()["金额"].tolist() == ["2018-11-12", "2018-11-12"]
    assert "年份只有两位、先后看不准的不作猜测" in refusal(csv_of(tmp_path / "b.csv", {"日期": ["18/11/12", "11/12/2018"]}), dates=["日期"])


def test_dates_that_checks_declare_are_brought_to_one_form_and_others_left_for_the_checks() -> None:
    table = pd.DataFrame({"日期": ["20181112", "2018年11月12日", "43416", "11/12/18", ""], "编号": ["20181112"] * 5})
    handed, _ = hand_in(table, "表", ["日期", "编号"], [], ResponsesError)
    checks = [ev.Check("date", "日期", action="stop"), ev.Check("whole", "编号", action="stop")]
    made = handed.dated(checks)
    assert made.table["日期"].tolist() == ["2018-11-12"] * 3 + ["11/12/18", ""] and made.table["编号"].tolist() == ["20181112"] * 5
    assert made.screen(checks, "表").table()["行"].tolist() == [5]


@pytest.mark.parametrize(
    ("names", "says"),
    [({"a": "x", "b": "x"}, "a与b 都成了“x”"), ({"a": "c"}, "a与c 都成了“c”"), ({"甲": "x"}, "没有这一列"), ({"a": "b", "b": "a"}, "")],
)
def test_names_that_clash_are_refused_with_both_columns(tmp_path: Path, names: dict[str, str], says: str) -> None:
    path = csv_of(tmp_path / "a.csv", {"a": ["1"], "b": ["2"], "c": ["3"]})
    if says:
        assert says in refusal(path, names=names)
    else:
        assert ev.read_returns(path, names=names).table().iloc[0].to_dict() == {"b": "1", "a": "2", "c": "3"}


def test_numbers_of_questions_that_get_one_name_are_refused_and_a_given_name_wins(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "a.csv", {**WJX, "4、户编号": ["9", "9"]})
    assert "1、户编号与2、您对帮扶满意吗" in refusal(path, names={"1": "x", "2": "x"})
    assert ev.read_returns(path, names={"2": "户编号"}).table()["户编号"].tolist() == ["1", "2"]


def test_a_wjx_pair_the_wrong_way_round_is_refused(tmp_path: Path) -> None:
    codes, texts = csv_of(tmp_path / "c.csv", WJX), csv_of(tmp_path / "t.csv", WJX | WORDS)
    assert "两个文件放反了" in refusal(texts, labels=codes)
    assert len(ev.read_returns(codes, labels=texts)) == 2
    bare = csv_of(tmp_path / "b.csv", {heading: cells for heading, cells in WJX.items() if not heading[0].isdigit()})
    assert len(ev.read_returns(bare, labels=bare)) == 2  # no question at all


def test_full_width_commas_and_thousands_are_numbers() -> None:
    cells = ["１，２００", "1,200", "1，200", "－１，２００．５", "1，20", "，200", "1、200"]
    assert plain_numbers(pd.Series(cells)).fillna(-1).tolist() == [1200, 1200, 1200, -1200.5, -1, -1, -1]


def test_rosters_of_a_folder_name_villages_as_people_do(tmp_path: Path) -> None:
    frame = ev.Frame.from_data(
        pd.DataFrame({
            "code": ["533124101201", "533124102201", "533124102202"], "village": ["东关村民委员会", "东关村民委员会", "西关社区居委会"],
            "township": ["城关镇", "江口镇", "江口镇"], "n": ["1", "2", "3"],
        }), id="code", name="village", columns=("township", "n"), code="division",
    )  # fmt: skip
    known = frame.directory("township")
    assert known is not None and frame.directory("n") is not None
    declared = county.design(rosters={"address": "", "head": "", "id_number": ""})
    table = pd.DataFrame({
        "村代码": ["东关村委会", "东关村", "371202101201", "533124101201"], "乡（镇）": ["城关镇", "江口回族镇", "江口镇", "城关镇"],
        "行政村": ["", "", "西关", "东关村"], "户编号": "1", "户类型": "已脱贫", "人数": "2",
    }).assign(户编号=["1", "1", "1", "2"])  # fmt: skip
    made = ev.read_rosters(table, declared, known=known, villages=frame.units)
    assert made["village"].tolist() == ["533124101201", "533124101201", "533124102201", "533124102202"]
    with pytest.raises(EvalkitError, match=r"第 4 行，村代码：371202101201｜不是抽中的村"):
        ev.read_rosters(table[2:3].assign(行政村="南关"), declared, known=known, villages=frame.units)
    with pytest.raises(EvalkitError, match="有 2 个村名字相近"):
        ev.read_rosters(table[:1], declared, known=frame.directory(), villages=frame.units)
    bare = ev.Frame.from_data(pd.DataFrame({"code": ["1"]}), id="code", code="free")
    assert bare.directory() is None


def test_words_years_and_incomes_of_a_register_are_asked_about_in_one_table(tmp_path: Path) -> None:
    changes = [{"贫困户属性": "贫闲户", "（脱贫年度）": "2031", "人均纯收入": "-300", "脱贫属性": "已脫贫"}] * 2
    changes += [{"人均纯收入": "9999999"}, {"与户主关系": "之猫", "人均纯收入": "9999999"}, {"人均纯收入": "9999999"}]
    changes[1] = {**changes[1], "与户主关系": "配偶"}
    register = ev.read_registry(write_csv(export(OLD, *changes), tmp_path / "a.csv"))
    table = register.table()
    assert list(table) == ["行", "列", "值", "规则", "处理"] and table["处理"].str.startswith("须核实：").all()
    told = set(zip(table["行"], table["列"], strict=True))
    of_household = {(2, "贫困户属性"), (2, "脱贫属性"), (2, "(脱贫年度)"), (2, "人均纯收入"), (4, "人均纯收入"), (5, "与户主关系")}
    assert {(row, column.replace("（", "(").replace("）", ")")) for row, column in told} == of_household
    assert not len(ev.read_registry(write_csv(export(OLD), tmp_path / "b.csv")).table())


@pytest.mark.parametrize(
    ("code", "mark", "says"), [("utf-16", "", ""), ("utf-8", "\ufeff\ufeff", ""), ("big5", "", "Big5"), ("utf-16-le", "", "UTF-16")]
)
def test_texts_of_other_codes_are_read_or_refused_never_garbled(tmp_path: Path, code: str, mark: str, says: str) -> None:
    path = write_bytes(tmp_path / "a.csv", (mark + "戶編號,結果,村代碼\n0001,滿意,1\n").encode(code))
    if says:
        assert says in refusal(path)
    else:
        assert ev.read_returns(path).table().to_dict("records") == [{"戶編號": "0001", "結果": "滿意", "村代碼": "1"}]


def test_formulas_without_values_and_error_cells_are_no_blanks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["户编号", "收入"], ["0001", "=1000+200"], ["0002", "1300"]):
        page.append(row)
    book.save(tmp_path / "a.xlsx")
    assert "B2" in (says := refusal(tmp_path / "a.xlsx")) and "公式没有算出的值" in says
    page["B2"], page["B3"].value, page["B3"].data_type = 1200, "#N/A", "e"
    book.save(tmp_path / "b.xlsx")
    assert "B3" in (says := refusal(tmp_path / "b.xlsx")) and "错误值" in says
    page["B3"].value, page["B3"].data_type = "1300", "s"
    hidden = book.create_sheet("草稿")
    hidden["A1"], hidden.sheet_state = "=1+1", "hidden"
    book.save(tmp_path / "c.xlsx")
    assert ev.read_returns(tmp_path / "c.xlsx").table()["收入"].tolist() == ["1200", "1300"]


@pytest.mark.parametrize(("name", "data", "says"), [("a.csv", b"PK\x03\x04", "其实是工作簿"), ("a.xls", b"<html><table>", "其实是网页")])
def test_files_under_a_wrong_ending_say_what_they_are(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    assert says in refusal(write_bytes(tmp_path / name, data))


def test_totals_notes_and_headings_below_a_table_are_no_answers(tmp_path: Path) -> None:
    columns = {"户编号": ["1", "合计", "注：单位为元", "户编号", "2"], "收入": ["9", "9", "", "收入", "8"]}
    columns |= {"结果": ["完成", "", "", "结果", "完成"]}
    says = refusal(csv_of(tmp_path / "a.csv", columns))
    assert "第 3 行，户编号｜看来是合计行" in says and "第 4 行，户编号｜看来是表下的说明" in says and "第 5 行，户编号｜又是列名" in says
    assert len(ev.read_returns(csv_of(tmp_path / "b.csv", {name: [cells[0], cells[4]] for name, cells in columns.items()}))) == 2
