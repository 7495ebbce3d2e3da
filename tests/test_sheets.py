"""Tables in and out of files: encodings, numbers that spreadsheets spoil, whole files or none, equal bytes."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EvalkitError, Faults, FrameError
from evalkit.sheets import Page, as_text, cell_text, plain_numbers, read_sheet, refuse_floats, write_book, write_bytes, write_csv

TABLE = pd.DataFrame({"户编号": ["0038", "=1+1", "-3"], "人数": [1, 2, 3], "收入": [0.1, None, 3535.0], "贫困村": [True, False, True]})
CELLS = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=8).map(lambda text: text.strip())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "泌阳 评估（2018）"


def test_a_csv_and_a_workbook_read_back_as_the_same_text(folder: Path) -> None:
    write_csv(TABLE, folder / "名单.csv")
    write_book(folder / "名单.xlsx", {"名单": ("", TABLE)})
    from_csv, from_book = read_sheet(folder / "名单.csv"), read_sheet(folder / "名单.xlsx")
    pd.testing.assert_frame_equal(from_csv, from_book)
    assert from_csv["户编号"].tolist() == ["0038", "=1+1", "-3"]
    assert from_csv["收入"].tolist() == ["0.1", "", "3535"]


def test_a_csv_shows_no_formula_to_a_spreadsheet(folder: Path) -> None:
    lines = write_csv(TABLE, folder / "a.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1:] == ["0038,1,0.1,是", "'=1+1,2,,否", "'-3,3,3535,是"]


def test_formulas_are_text_and_numbers_are_numbers(folder: Path) -> None:
    write_book(folder / "a.xlsx", {"甲/乙": Page("标题", TABLE, formats={"收入": "0.00"}, choices={"贫困村": ["是", "否"]}, notes=["注"])})
    page = openpyxl.load_workbook(folder / "a.xlsx")["甲_乙"]
    assert page["A1"].value == "标题" and page["A3"].value == "户编号"
    assert (page["A5"].value, page["A5"].data_type) == ("=1+1", "s")
    assert (page["B4"].value, page["B4"].data_type) == (1, "n") and page["C4"].number_format == "0.00"
    assert page["C5"].value is None and page["D4"].value == "是"


def test_two_writings_have_the_same_bytes(folder: Path) -> None:
    pages = {"一": ("题", TABLE), "二": ("", TABLE)}
    first = write_book(folder / "a.xlsx", pages).read_bytes()
    time.sleep(2.1)  # a zip file holds times in steps of two seconds
    assert write_book(folder / "b.xlsx", pages).read_bytes() == first
    assert write_csv(TABLE, folder / "a.csv").read_bytes() == write_csv(TABLE, folder / "b.csv").read_bytes()


def test_chinese_text_in_either_encoding(folder: Path) -> None:
    text = "代码,村名\n01,鄠邑𠮷村\n"
    tables = [read_sheet(write_bytes(folder / f"{code}.csv", text.encode(code))) for code in ("utf-8", "utf-8-sig", "gb18030")]
    assert [table["村名"].tolist() for table in tables] == [["鄠邑𠮷村"]] * 3


def test_parquet_reads_as_text(folder: Path) -> None:
    folder.mkdir()
    TABLE[["户编号", "人数"]].to_parquet(folder / "a.parquet")
    assert read_sheet(folder / "a.parquet").to_numpy().tolist() == [["0038", "1"], ["=1+1", "2"], ["-3", "3"]]


def test_row_numbers_survive_blank_rows(folder: Path) -> None:
    table = read_sheet(write_bytes(folder / "a.csv", b"a,b\n1,2\n,\n\n3,4\n"))
    assert (table.index + 2).tolist() == [2, 5]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_any_text_survives_a_csv(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    rows = [row for row in rows if any(row)]
    table = pd.DataFrame(rows, columns=["甲", "乙"], dtype=str)
    back = read_sheet(write_csv(table, tmp_path_factory.mktemp("csv") / "a.csv"))
    expected = [[cell_text(f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell) for cell in row] for row in rows]
    assert back.to_numpy().tolist() == expected


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_identity_numbers_spoilt_by_a_spreadsheet(folder: Path, form: str) -> None:
    faults = Faults("名册")
    if form == "csv":
        write_bytes(folder / "a.csv", b"id\n1.10105E+17\n110105194912310000\n440524188001010000\n12.0\n0038\n")
    else:
        folder.mkdir()
        book = openpyxl.Workbook()
        for row in (["id"], [110105194912310021.0], ["0038"], [44052418800101001]):
            book.active.append(row)
        book.save(folder / "a.xlsx")
    refuse_floats(read_sheet(folder / f"a.{form}"), "id", faults)
    assert [fault.row for fault in faults] == ([2, 5, 3, 4] if form == "csv" else [2, 4])
    assert "110105" not in faults.text()


def test_sound_long_codes_pass() -> None:
    faults = Faults("名册")
    refuse_floats(pd.DataFrame({"id": ["11010519491231002X", "440524188001010014", "440524188001010000", "411726101201"]}), "id", faults)
    assert len(faults) == 0


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"a,a\n1,2\n", "列名重复"),
        ("a.csv", b"a,\n1,2\n", "没有列名"),
        ("a.csv", b"", "表是空的｜第 1 行写列名，以下每行一条"),
        ("a.csv", b"\xff\xfe\x00a\x00", "文字编码"),
        ("a.xlsx", b"not a workbook", "打不开"),
        ("a.doc", b"x", "不认识"),
    ],
)
def test_unreadable_files_say_what_to_do(folder: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        read_sheet(write_bytes(folder / name, data), error=FrameError)


def test_missing_file_and_sheet(folder: Path) -> None:
    with pytest.raises(EvalkitError, match="没有这个文件"):
        read_sheet(folder / "none.csv")
    write_book(folder / "a.xlsx", {"甲": ("", TABLE)})
    with pytest.raises(EvalkitError, match="可用：甲"):
        read_sheet(folder / "a.xlsx", "乙")


def test_a_failed_writing_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes(folder / "a.csv", b"old")

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(folder / "a.csv", b"new")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("a.csv", b"old")]


def test_a_file_that_is_open_elsewhere_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(*_: object) -> None:
        raise PermissionError("[WinError 5]")

    monkeypatch.setattr("os.replace", held)
    with pytest.raises(EvalkitError, match="关闭 Excel"):
        write_bytes(folder / "a.xlsx", b"new")
    assert not list(folder.iterdir())


def refused(path: Any, **options: Any) -> str:
    with pytest.raises(FrameError) as refusal:
        read_sheet(path, error=FrameError, **options)
    return str(refusal.value)


PEOPLE = "户编号,户主,证件号码\n0001,李四,11010519491231002X\n0002,李四,11010519491231002X\n"


@pytest.mark.parametrize("text", ['"' + PEOPLE, PEOPLE.replace("李四", '"李四"x', 1), PEOPLE.split("\n", 1)[1].replace("0001", "李四")])
def test_a_spoilt_heading_row_shows_no_person(folder: Path, text: str) -> None:
    says = refused(write_bytes(folder / "a.csv", text.encode()))
    assert "李四" not in says and "1101051949" not in says


@pytest.mark.parametrize(("lines", "says"), [(["2018年名册,,", "户编号,户主,人数", "1,甲,2"], "标题"), ([",,", "a,b,c", "1,2,3"], "标题")])
def test_a_title_above_the_headings_is_recognised(folder: Path, lines: list[str], says: str) -> None:
    text = refused(write_bytes(folder / "a.csv", "\n".join(lines).encode()))
    assert "1 处错误" in text and says in text and "删去列名上方的行" in text


def test_a_workbook_with_two_tables_is_refused_and_names_the_sheets(folder: Path) -> None:
    few = TABLE[:1]
    for first in ({"一组": ("", TABLE)}, {"空": ("", pd.DataFrame())}, {"填写说明": ("", few)}):
        pages = {**first, "二组": ("", TABLE[:2])}
        says = refused(write_book(folder / "a.xlsx", pages))
        assert "二组" in says and "[frame]" in says
        assert len(read_sheet(folder / "a.xlsx", "二组")) == len(pages["二组"][1])
    harmless = {"名册": ("", TABLE), "填写说明": ("题", TABLE), "Sheet2": ("", pd.DataFrame()), "备注": ("仅供内部使用", pd.DataFrame())}
    assert len(read_sheet(write_book(folder / "b.xlsx", harmless))) == len(TABLE)


def test_what_is_no_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    assert "是文件夹" in refused(folder)
    for path in (None, 5, "a\0b.csv", ""):
        assert "不是文件的路径" in refused(path)
    assert "Parquet" in refused(write_bytes(folder / "a.parquet", b"junk" * 9))

    def held(*_: object, **__: object) -> None:
        raise PermissionError(13, "denied")

    path = write_bytes(folder / "a.csv", b"a\n1\n")
    monkeypatch.setattr(Path, "open", held)
    assert "没有读取的权限" in refused(path)


@pytest.mark.parametrize("cell", [[1], {2}, np.array([1, 2]), "\udcff"])
def test_cells_that_are_no_one_value_are_refused(cell: object) -> None:
    faults = Faults("名单")
    as_text(pd.DataFrame({"a": pd.Series(["x", cell], dtype=object)}), faults)
    assert [fault.row for fault in faults] == [3]


@pytest.mark.parametrize("cell", ["6444,67", "6.444,67", "1,2", "1,23,456", "1e3", "inf", "nan", "0x5", "1_0", "", ".", "3人"])
def test_what_is_no_plain_number(cell: str) -> None:
    assert plain_numbers(pd.Series([cell])).isna().all()


def test_plain_numbers() -> None:
    assert plain_numbers(pd.Series(["-3", "+3.50", "1,234", "12,345,678.9"])).tolist() == [-3, 3.5, 1234, 12345678.9]


def test_a_text_wider_than_its_column_goes_on_in_a_further_line(tmp_path: Path) -> None:
    table = pd.DataFrame({"短": ["是"], "长": ["未做的缘由" * 12]})
    write_book(tmp_path / "a.xlsx", {"表": Page("", table)})
    row = openpyxl.load_workbook(tmp_path / "a.xlsx").active[2]
    assert [bool(cell.alignment.wrap_text) for cell in row] == [False, True]
