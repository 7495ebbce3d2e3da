"""Returns from phones, web forms and statistics programs: one plain table that `collect` takes, and a message for every fault."""

import contextlib
import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
import pytest
import xlsxwriter
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.cli import main
from evalkit.errors import EvalkitError, ResponsesError
from evalkit.sheets import write_bytes, write_csv
from evalkit.sheets.moments import moment
from tests import county
from tests.test_intake_registry import number

KOBO = {
    "start": ["2026-10-01T09:30:00.000+08:00", "2026-10-01T10:00:00.000+08:00"], "base/village": ["411726101201"] * 2,
    "base/household": ["0001", "0002"], "base/q1": ["a b", "b"], "base/q1/a": ["1", "0"], "base/q1/b": ["1", "1"],
    "_place_latitude": ["32.7", "32.8"], "_place_longitude": ["113.3", "113.4"], "spot": ["32.7 113.3 0.0 4.5", ""],
    "head_name": ["甲", "乙"],
    "户主姓名": ["甲", "乙"], "_id": ["7", "8"], "_uuid": ["u7", "u8"], "_submission_time": ["2026-10-01T12:00:00", "2026-10-01T12:00:00"],
    "_index": ["1", "2"],
}  # fmt: skip
WJX = {
    "序号": ["1", "2"], "提交答卷时间": ["2026/10/1 9:30:05", "2026-10-02 09:30"], "所用时间": ["125秒", "2分5秒"], "来源": ["微信"] * 2,
    "来自IP": ["1.2.3.4(河南-驻马店)"] * 2, "1、户编号": ["0001", "0002"], "2、您对帮扶满意吗？[单选题]": ["1", "2"],
    "3、享受了哪些政策(多选)": ["1┋3", "-3"],
}  # fmt: skip
WORDS = {"2、您对帮扶满意吗？[单选题]": ["满意", "一般"], "3、享受了哪些政策(多选)": ["教育┋医疗", "(跳过)"]}


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(ResponsesError) as refused:
        ev.read_returns(path, **options)
    return str(refused.value)


def csv_of(path: Path, columns: dict[str, list[str]], mark: str = ",", code: str = "utf-8-sig") -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=mark, quoting=csv.QUOTE_ALL)
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return write_bytes(path, text.getvalue().encode(code))


def book_of(path: Path, sheets: dict[str, dict[str, list[str]]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, columns in sheets.items():
        page = book.add_worksheet(name)
        for at, (heading, cells) in enumerate(columns.items()):
            page.write_column(0, at, [heading, *cells])
    book.close()
    return path


@pytest.mark.parametrize("mark", [",", ";"])
@pytest.mark.parametrize("code", ["utf-8-sig", "gb18030"])
def test_kobo_loses_its_groups_its_doubled_choices_and_persons(tmp_path: Path, mark: str, code: str) -> None:
    made = ev.read_returns(csv_of(tmp_path / "a.csv", KOBO, mark, code))
    table = made.table()
    assert made.dialect == "kobo" and table["household"].tolist() == ["0001", "0002"] and table["q1"].tolist() == ["a┋b", "b"]
    assert made.choices("q1").to_dict("list") == {"a": [1, 0], "b": [1, 1]}
    assert table["start"].tolist() == ["2026-10-01 09:30:00", "2026-10-01 10:00:00"]
    assert set(made.dropped) == {"_place_latitude", "_place_longitude", "spot", "户主姓名"} and "户主姓名" not in table
    kept = ev.read_returns(tmp_path / "a.csv", keep=("户主姓名", "spot", "place")).table()
    assert kept["户主姓名"].tolist() == ["甲", "乙"] and kept["spot_latitude"].tolist() == ["32.7", ""]
    assert kept["place_longitude"].tolist() == ["113.3", "113.4"]


def test_kobo_choices_only_as_columns_fill_the_blank_cell_and_differing_ones_are_named(tmp_path: Path) -> None:
    blank = {**KOBO, "base/q1": ["", ""]}
    assert ev.read_returns(csv_of(tmp_path / "a.csv", blank)).table()["q1"].tolist() == ["a┋b", "b"]
    assert "第 3 行，base/q1｜多选题的文字与各选项的 0/1 列不一致" in refusal(csv_of(tmp_path / "b.csv", {**KOBO, "base/q1": ["a b", "a"]}))


def test_kobo_repeats_know_the_row_of_their_interview(tmp_path: Path) -> None:
    people = {"grp/age": ["30", "5", "60"], "grp/姓名": ["甲", "乙", "丙"], "_index": ["1", "2", "3"], "_parent_index": ["1", "1", "2"]}
    made = ev.read_returns(book_of(tmp_path / "a.xlsx", {"户表": KOBO, "人口表": people}))
    group = made.repeats()["人口表"]
    assert len(made) == 2 and group["age"].tolist() == ["30", "5", "60"] and group["_row"].tolist() == [2, 2, 3] and "姓名" not in group
    orphan = {**people, "_parent_index": ["1", "1", "9"]}
    assert "第 4 行，人口表：_parent_index｜主表中没有这一份问卷" in refusal(book_of(tmp_path / "b.xlsx", {"户表": KOBO, "人口表": orphan}))


def test_kobo_values_and_headings_are_told_by_the_form(tmp_path: Path) -> None:
    survey = {"type": ["text", "text", "select_multiple own"], "name": ["village", "household", "q1"]}
    survey["label::中文 (zh)"] = ["村", "户编号", "有哪些"]
    choices = {"list_name": ["own", "own"], "name": ["a", "b"], "label::English": ["car", "house"]}
    choices["label::中文 (zh)"] = ["小汽车", "商品房"]
    form = book_of(tmp_path / "form.xlsx", {"survey": survey, "choices": choices})
    made = ev.read_returns(csv_of(tmp_path / "a.csv", KOBO), labels=form)
    assert made.table()["q1"].tolist() == ["小汽车┋商品房", "商品房"] and made.labels["q1"]["a"] == "小汽车"
    by_label = {"base/户编号" if name == "base/household" else name: cells for name, cells in KOBO.items()}
    assert "household" in ev.read_returns(csv_of(tmp_path / "b.csv", by_label), labels=form).table()
    assert "不是 XLSForm" in refusal(tmp_path / "a.csv", labels=tmp_path / "a.csv")


def test_surveycto_and_odk_part_groups_by_hyphens(tmp_path: Path) -> None:
    table = {"SubmissionDate": ["Oct 1, 2026 9:30:00 AM"], "base-household": ["0001"], "KEY": ["uuid:1"], "instanceID": ["uuid:1"]}
    made = ev.read_returns(csv_of(tmp_path / "a.csv", table)).table()
    assert made["household"].tolist() == ["0001"] and made["SubmissionDate"].tolist() == ["2026-10-01 09:30:00"]


def test_wjx_pair_gives_texts_and_value_labels(tmp_path: Path) -> None:
    codes, texts = book_of(tmp_path / "a.xlsx", {"Sheet1": WJX}), csv_of(tmp_path / "b.csv", {**WJX, **WORDS}, code="gb18030")
    made = ev.read_returns(codes, labels=texts, names={"2": "满意度"})
    table = made.table()
    assert made.dialect == "wjx" and table["满意度"].tolist() == ["满意", "一般"]
    assert table["享受了哪些政策(多选)"].tolist() == ["教育┋医疗", ""]
    assert made.labels["满意度"] == {"1": "满意", "2": "一般"} and made.labels["享受了哪些政策(多选)"]["3"] == "医疗"
    assert table["所用时间"].tolist() == ["125", "125"] and table["提交答卷时间"].tolist() == ["2026-10-01 09:30:05", "2026-10-02 09:30:00"]
    assert made.dropped == ("来自IP",) and made.questions["满意度"] == "2、您对帮扶满意吗?[单选题]"
    assert made.choices("享受了哪些政策(多选)").to_dict("list") == {"医疗": [1, 0], "教育": [1, 0]}


def test_wjx_files_that_are_no_pair_are_refused(tmp_path: Path) -> None:
    codes = csv_of(tmp_path / "a.csv", WJX)
    other = csv_of(tmp_path / "b.csv", {**WJX, **WORDS, "序号": ["1", "3"]})
    assert "两个文件的序号不同" in refusal(codes, labels=other)
    fewer = {name: cells for name, cells in {**WJX, **WORDS}.items() if not name.startswith("3")}
    assert "文本文件中没有这些列" in refusal(codes, labels=csv_of(tmp_path / "c.csv", fewer))
    same = {**WJX, "2、您对帮扶满意吗？[单选题]": ["1", "1"]}
    says = refusal(csv_of(tmp_path / "d.csv", same), labels=csv_of(tmp_path / "e.csv", {**WJX, **WORDS}))
    assert "第 3 行，2、您对帮扶满意吗" in says and "同一代码对应两种文字" in says
    assert "题号应恰有一列" in refusal(codes, names={"9": "x"})


@pytest.mark.parametrize(
    ("columns", "says"),
    [({"户编号": ["1"], "来源": ["微信"]}, "看不准出自哪里（列名中有 来源）"), ({**KOBO, "来自IP": ["", ""]}, 'dialect="wjx"')],
)
def test_a_dialect_that_is_not_certain_is_asked_for(tmp_path: Path, columns: dict[str, list[str]], says: str) -> None:
    path = csv_of(tmp_path / "a.csv", columns)
    assert says in refusal(path) and len(ev.read_returns(path, "plain"))
    assert "没有这种来源" in refusal(path, dialect="odk")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("2026-10-01 09:30", "2026-10-01 09:30:00"), ("2026/10/2", "2026-10-02"), ("46297", "2026-10-02"),
        ("46297.5", "2026-10-02 12:00:00"),
        ("２０２６年１０月２日", "2026-10-02"), ("20261002", "2026-10-02"), ("2026.1.5", "2026-01-05"), ("2026-02-30", ""),
        ("10/2/2026", ""),
        ("2026", ""), ("九月", ""), ("99999", ""), ("2026-10-01 25:00", ""), ("", ""),
    ],
)  # fmt: skip
def test_dates_in_three_forms(text: str, made: str) -> None:
    assert moment(text) == made


def test_cells_of_a_workbook_titles_merges_full_width_and_missing_codes(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    lines = [["入户调查表"], ["村代码", "户编号", "日期", "收入"], ["411726101201", "０００１", "2026/10/2", "1,234.5"]]
    lines.append(["", "0002", 46297, "—"])
    for line in lines:
        page.append(line)
    page.merge_cells("A1:D1")
    page.merge_cells("A3:A4")
    book.save(tmp_path / "a.xlsx")
    table = ev.read_returns(tmp_path / "a.xlsx", missing=("—",), dates=("日期",)).table()
    assert table.to_numpy().tolist() == [["411726101201", "0001", "2026-10-02", "1,234.5"], ["411726101201", "0002", "2026-10-02", ""]]
    assert (table.index + 2).tolist() == [3, 4]
    page["C3"], page["B4"] = "昨天", 110105194912310021.0
    book.save(tmp_path / "b.xlsx")
    says = refusal(tmp_path / "b.xlsx", dates=("日期",))
    assert "第 3 行，日期｜不是日期" in says and "第 4 行，户编号｜应为文字，现为科学计数" in says and "110105" not in says


def handed(kind: str, table: pd.DataFrame, folder: Path) -> Path:
    """The returns of the test county in a file of one kind."""
    path = folder / f"回收 表.{kind.rpartition('-')[2]}"
    if kind == "sav":
        pyreadstat.write_sav(table.set_axis([name.replace("？", "") for name in table], axis=1), str(path))
    elif kind == "kobo-csv":
        extra = {"_id": "1", "_uuid": "u", "_index": [str(at + 1) for at in range(len(table))]}
        write_csv(table.add_prefix("户表/").assign(**extra), path)
    elif kind == "wjx-xlsx":
        numbered = table.set_axis([f"{at}、{name}" for at, name in enumerate(table, 1)], axis=1)
        order = [str(at + 1) for at in range(len(table))]
        numbered.assign(序号=order, 提交答卷时间="2026/10/1 9:30", 所用时间="100秒", 来自IP="1.2.3.4").to_excel(path, index=False)
    else:
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["sav", "kobo-csv", "wjx-xlsx", "parquet"])
def test_collect_takes_every_kind_of_file_as_it_takes_a_table(tmp_path: Path, kind: str) -> None:
    _, _, sample, table = county.made()
    path = handed(kind, table.astype(str).replace("nan", ""), tmp_path)
    whole, made = county.collected().table(), ev.collect(sample, path).table()
    pd.testing.assert_frame_equal(made[list(whole)], whole)
    assert ev.collect(sample, ev.read_returns(path)).table()[list(whole)].equals(whole)


def test_a_registry_export_is_a_roster(tmp_path: Path) -> None:
    declared = county.design(rosters={"address": "", "stratum": "户类型", "strata": {"脱贫户": county.EXITED}})
    rows = [["名册"], ["村代码", "户编号", "姓名", "证件号码", "人数", "与户主关系", "户类型"]]
    for at, (household, relation) in enumerate([("01", "户主"), ("01", "之子"), ("02", "户主")]):
        rows.append(["533124101201", household, f"甲{at}", number(at), "2" if household == "01" else "1", relation, "脱贫户"])
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    roster = ev.read_rosters(tmp_path / "a.xlsx", declared)
    assert roster[["household", "persons", "stratum"]].to_numpy().tolist() == [["01", 2, county.EXITED], ["02", 1, county.EXITED]]
    assert roster["head"].str[0].tolist() == ["甲", "甲"]
    book.active["D5"], book.active["E5"] = "110105194912310021", "3"
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(EvalkitError, match="第 5 行，证件号码｜校验码不符") as refused:
        ev.read_rosters(tmp_path / "b.xlsx", declared)
    assert "3（实有 1 行）" in str(refused.value) and "甲" not in str(refused.value)


def test_rosters_may_name_villages_instead_of_their_codes(tmp_path: Path) -> None:
    declared = county.design(rosters={"village": "行政村", "address": "", "head": "", "id_number": ""})
    known = ev.Directory([("533124101201", "东关村民委员会", "城关镇"), ("533124102201", "东关村民委员会", "江口镇")])
    table = pd.DataFrame({"乡（镇）": ["城关镇", "江口回族镇"], "行政村": ["东关村", "533124102201"], "户编号": "1"})
    table = table.assign(户类型="已脱贫", 人数="2")
    roster = ev.read_rosters(write_csv(table, tmp_path / "a.csv"), declared, known=known)
    assert roster["village"].tolist() == ["533124101201", "533124102201"]
    with pytest.raises(EvalkitError, match=r"第 2 行，行政村：城关镇东官村｜该乡镇没有这个村｜.*东关村民委员会"):
        ev.read_rosters(table.assign(行政村="东官村")[:1], declared, known=known)


def test_the_command_line_takes_files_of_statistics_programs(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["collect", str(tmp_path), str(write_bytes(tmp_path / "a.doc", b"x"))])
    assert ".sav" in said.output and ".dta" in said.output


PIECES = st.sampled_from([*KOBO, *WJX, "户编号", "a/b", "1", "0", "a b", "┋", "46297", '"', "", "32.7 113.3 0 4", "；", "\t"])


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(st.lists(PIECES, max_size=6), max_size=5)))
def test_whatever_comes_only_evalkit_refuses(tmp_path_factory: pytest.TempPathFactory, what: Any) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    data = what if isinstance(what, bytes) else "\n".join(",".join(row) for row in what).encode()
    for name in ("a.csv", "a.xlsx", "a.sav", "a.parquet"):
        path = write_bytes(folder / name, data)
        for dialect in (None, "kobo", "wjx"):
            with contextlib.suppress(EvalkitError):
                ev.read_returns(path, dialect, labels=path if dialect == "wjx" else None)
        assert path.read_bytes() == data
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize(
    ("title", "ranges", "heads"),
    [
        (True, ["A1:D1", "C2:D2"], [["村代码", "户编号", "两不愁", None], [None, None, "吃", "穿"]]),
        (False, ["C1:D1"], [["村代码", "户编号", "两不愁", None], [None, None, "吃", "穿"]]),
        (False, ["A1:B1", "C1:D1"], [["户", None, "两不愁", None], ["村代码", "户编号", "吃", "穿"]]),
        (False, ["A1:A2", "B1:B2", "C1:D1"], [["村代码", "户编号", "两不愁", None], [None, None, "吃", "穿"]]),
    ],
)
def test_two_rows_of_headings_are_read_as_one(title: bool, ranges: list[str], heads: list[list[str | None]], tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for line in [*([["某县回收表"]] if title else []), *heads, ["411726101201", "0001", "是", "否"]]:
        page.append(line)
    for cells in ranges:
        page.merge_cells(cells)
    book.save(tmp_path / "a.xlsx")
    table = ev.read_returns(tmp_path / "a.xlsx").table()
    assert list(table) == ["村代码", "户编号", "吃", "穿"] and table.to_numpy().tolist() == [["411726101201", "0001", "是", "否"]]
    assert (table.index + 2).tolist() == [4 if title else 3]


def test_a_merged_heading_over_numbers_is_no_second_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for line in (["村代码", "户编号", "收入", None], ["411726101201", "0001", "3000", "4000"]):
        page.append(line)
    page.merge_cells("C1:D1")
    book.save(tmp_path / "a.xlsx")
    assert "第 4 列｜有内容而没有列名" in refusal(tmp_path / "a.xlsx")
