"""Rosters come in checked, lists go out masked and sealed, templates can be filled and read back."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import FieldworkError
from evalkit.fieldwork import read_rosters, write_form, write_lists, write_templates
from evalkit.fieldwork.forms import GIVEN
from evalkit.fieldwork.lists import SEALED, safe_name
from evalkit.sheets import read_sheet, write_csv
from tests import county

CANARY_ID, CANARY_NAME = "11010519491231002X", "秦始皇某"


def roster(**changes: list[object]) -> pd.DataFrame:
    """A roster of four households; `changes` replace columns."""
    columns: dict[str, list[object]] = {
        "村代码": ["533124100201"] * 4,
        "户编号": ["0001", "0002", "0003", "0004"],
        "户类型": ["已脱贫", county.REGISTERED, "一般农户", county.EXITED],
        "人数": [3, 1, "２", 4],
        "户主": [CANARY_NAME] * 4,
        "证件号码": [CANARY_ID] * 4,
        "自然村": ["1组"] * 4,
    }
    return pd.DataFrame(columns | changes)


def refusal(table: Any, **options: Any) -> str:
    with pytest.raises(FieldworkError) as refused:
        read_rosters(table, county.design(), **options)
    return str(refused.value)


def test_a_roster_is_read_in_the_words_of_the_design() -> None:
    table = roster()
    before = table.copy()
    read = read_rosters(table, county.design())
    assert list(read.columns) == ["village", "household", "stratum", "persons", "head", "id_number", "address"]
    assert read["stratum"].tolist() == [county.EXITED, county.REGISTERED, county.OUTSIDE, county.EXITED]
    assert read["persons"].tolist() == [3, 1, 2, 4]
    pd.testing.assert_frame_equal(table, before)


def test_columns_that_are_not_mapped_stay_empty() -> None:
    declared = county.design(rosters={"head": "", "id_number": "", "address": ""})
    read = read_rosters(roster(), declared)
    assert set(read["head"]) | set(read["id_number"]) | set(read["address"]) == {""}


def test_files_may_come_in_any_order_and_encoding(tmp_path: Path) -> None:
    folder = tmp_path / "名册 三村"
    _, made, sample, _ = county.made()
    rosters = made.rosters(sample.villages[:3])
    for (village, table), kind in zip(rosters.items(), ("gb18030", "utf-8-sig", "xlsx"), strict=True):
        folder.mkdir(exist_ok=True)
        if kind == "xlsx":
            table.to_excel(folder / f"{village}.xlsx", index=False)
        else:
            (folder / f"{village}.csv").write_bytes(table.to_csv(index=False).encode(kind))
    (folder / "~$锁.xlsx").write_bytes(b"")
    whole = read_rosters(folder, county.design())
    turned = read_rosters(sorted(p for p in folder.iterdir() if not p.name.startswith("~"))[::-1], county.design())
    pd.testing.assert_frame_equal(whole, turned)
    assert set(whole["village"]) == set(rosters)
    assert len(whole) == sum(len(table) for table in rosters.values())


def test_no_rosters_yet_is_an_empty_table() -> None:
    assert read_rosters([], county.design()).empty


def test_every_fault_is_named_with_its_row_and_file(tmp_path: Path) -> None:
    write_csv(roster(户编号=["0001", "0001", "", "a/b"], 人数=[0, 2.5, "三", 2]), tmp_path / "甲.csv")
    village = "533124100201"
    write_csv(roster(户类型=["脱贫", "", "一般农户", "已脱贫"], 村代码=[village[:-1], village, "", village]), tmp_path / "乙.csv")
    text = refusal(tmp_path)
    for part in (
        "第 2 行，甲.csv：户编号｜同一村中户编号重复",
        "第 3 行，甲.csv：户编号｜同一村中户编号重复",
        "第 4 行，甲.csv：户编号｜空白",
        "第 5 行，甲.csv：户编号｜代码与编号中不能有",
        "第 2 行，甲.csv：人数：0｜应为不小于 1 的整数",
        "第 3 行，甲.csv：人数：2.5",
        "第 4 行，甲.csv：人数｜应为不小于 1 的整数",
        "第 2 行，乙.csv：户类型：脱贫｜不认识的户类型｜改为 脱贫户、未脱贫户、非建档立卡户",
        "第 3 行，乙.csv：户类型｜空白",
        "第 2 行，乙.csv：村代码：***********｜村代码应为 12 位数字",
        "第 4 行，乙.csv：村代码｜空白",
    ):
        assert part in text, part


def test_ids_that_a_spreadsheet_turned_into_numbers_are_refused(tmp_path: Path) -> None:
    table = roster(证件号码=[4.12726199001011e17] * 4)
    table.to_excel(tmp_path / "名册.xlsx", index=False)
    text = refusal(tmp_path / "名册.xlsx")
    assert "证件号码" in text and "第 2" in text and "文本格式" in text
    assert "4.1" not in text


def test_an_absent_column_is_refused_first_and_names_what_is_there() -> None:
    text = refusal(roster().drop(columns=["人数"]))
    assert "人数｜没有这一列" in text and "户编号" in text


def test_villages_that_were_not_drawn_are_refused_when_the_drawn_are_given() -> None:
    text = refusal(roster(), villages=["533124100202"])
    assert "名册：1 处错误" in text and "第 2 行，村代码：533124100201｜不是抽中的村（4 行）" in text


def test_village_names_under_the_heading_of_codes_are_told_once_a_file(tmp_path: Path) -> None:
    write_csv(roster(村代码=["东关村"] * 4), tmp_path / "甲.csv")
    write_csv(roster(), tmp_path / "乙.csv")
    text = refusal(tmp_path)
    assert text.startswith("名册：1 处错误")
    assert "第 2 行，甲.csv：村代码" in text and "｜这一列应为村代码，看来写的是村名（4 行）" in text


def test_where_the_codes_are_names_themselves_a_strange_one_is_just_strange() -> None:
    declared = county.design(frame={"code": "free"})
    with pytest.raises(FieldworkError, match="不是抽中的村"):
        read_rosters(roster(村代码=["东关村", "东关村", "西关村", "北关村"]), declared, villages=["东关村", "西关村"])


def test_a_stratum_without_a_quota_and_identity_numbers_as_ids_are_refused_in_the_words_of_the_file() -> None:
    first, second = county.plan()["stage"]
    declared = county.design(stage=[first, {**second, "n": {county.EXITED: 8}}], reserves={"n": 1}, rosters={"strata": {}})
    with pytest.raises(FieldworkError, match="第 3 行，户类型：未脱贫户｜不认识的户类型｜改为 脱贫户"):
        read_rosters(roster(), declared)
    assert "｜户编号是身份证号，不能用来抽样" in refusal(roster(户编号=[CANARY_ID, "2", "3", "4"]))


def test_no_message_shows_a_name_or_a_number() -> None:
    wrong = roster(户编号=[CANARY_ID, CANARY_ID, "1", "2"], 人数=["x"] * 4, 户类型=["?"] * 4)
    for text in (refusal(wrong), refusal(wrong, villages=["1"]), refusal(wrong.assign(证件号码=[1.1e17] * 4))):
        assert CANARY_ID not in text and CANARY_NAME not in text
    assert "户编号｜户编号是身份证号" in refusal(wrong)


def cells(path: Path) -> dict[str, list[list[str]]]:
    book = openpyxl.load_workbook(path)
    return {page.title: [["" if cell is None else str(cell) for cell in row] for row in page.iter_rows(values_only=True)] for page in book}


def test_lists_hold_the_mains_in_order_and_the_reserves_under_seal(tmp_path: Path) -> None:
    _, _, sample, _ = county.made()
    paths = write_lists(sample, tmp_path)
    assert len(paths) == len(sample.villages) + 1 and paths[-1].name == "汇总.xlsx"
    assert all(path.exists() and path.parent == tmp_path for path in paths)
    names = sample.table("village").set_index("unit")["name"]
    for path, village in zip(paths, sample.villages, strict=False):
        assert path.name == f"{village}_{names[village]}.xlsx"
        pages = cells(path)
        assert list(pages) == ["入户名单", SEALED]
        mine = sample.table("household").query("village == @village")
        for page, role, column in (("入户名单", "main", 1), (SEALED, "reserve", 2)):
            header, body = pages[page][2], pages[page][3:]
            assert header[column] == "户编号"
            listed = mine[mine["role"] == role].sort_values(["stratum", "order"])["household"].tolist()
            assert [row[column] for row in body][: len(listed)] == listed
            assert "模拟数据" in pages[page][0][0] and village in pages[page][0][0]
    summary = cells(paths[-1])["汇总"]
    assert len([row for row in summary[3:] if row[0]]) == len(sample.villages)


def test_lists_stand_under_the_headings_of_the_design(tmp_path: Path) -> None:
    declared = county.design(rosters={"household": "农户号", "stratum": "类别", "head": "", "persons": "备注"})
    _, _, sample, _ = county.build(declared)
    path, *_, summary = write_lists(sample, tmp_path)
    pages = cells(path)
    assert pages["入户名单"][2] == ["序号", "农户号", "类别", "户主", "证件号码", "自然村", "人数", "结果", "替换原因", "备注"]
    assert pages[SEALED][2][:4] == ["类别", "启用顺序", "农户号", "户主"]
    assert cells(summary)["汇总"][2][0] == "村代码"


def test_reserves_are_numbered_from_one_in_each_stratum(tmp_path: Path) -> None:
    _, _, sample, _ = county.made()
    rows = [row for row in cells(write_lists(sample, tmp_path)[0])[SEALED][3:] if row[1].isdigit()]
    for stratum in {row[0] for row in rows}:
        assert [int(row[1]) for row in rows if row[0] == stratum] == list(range(1, sum(row[0] == stratum for row in rows) + 1))


def test_no_list_shows_an_identity_number(tmp_path: Path) -> None:
    _, made, sample, _ = county.made()
    numbers = set(made.households(sample.villages)["id_number"])
    text = " ".join(
        zipfile.ZipFile(path).read(name).decode() for path in write_lists(sample, tmp_path) for name in zipfile.ZipFile(path).namelist()
        if name.endswith(".xml")
    )  # fmt: skip
    assert "110000************" in text
    assert not numbers & set(re.findall(r"[0-9]{17}[0-9X]", text))


def test_lists_print_on_a4_and_offer_the_words_of_the_design(tmp_path: Path) -> None:
    _, _, sample, _ = county.made()
    page = openpyxl.load_workbook(write_lists(sample, tmp_path)[0])["入户名单"]
    assert page.page_setup.paperSize == 9 and page.page_setup.orientation == "landscape"
    assert page.print_title_rows == "$3:$3"
    offered = " ".join(rule.formula1 for rule in page.data_validations.dataValidation)
    assert "完成,拒访,无人,迁出,未使用" in offered and "多次入户无人" in offered


def test_lists_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    _, _, sample, _ = county.made()
    for one, two in zip(write_lists(sample, tmp_path / "甲 乙"), write_lists(sample, tmp_path / "丙"), strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_nothing_is_listed_before_households_are_drawn(tmp_path: Path) -> None:
    declared, made, _, _ = county.made()
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    with pytest.raises(FieldworkError, match="还没有抽户"):
        write_lists(ev.draw(frame, declared, seed=county.SEED), tmp_path)


@pytest.mark.parametrize(
    ("name", "safe"),
    [("../../etc/村", "_.._etc_村"), ("a:b|c?", "a_b_c_"), ("  .. ", "_"), ("王庄\n村", "王庄_村"), ("寨" * 200, "寨" * 70)],
)
def test_file_names_stay_in_their_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_templates_have_the_headings_text_codes_and_words(tmp_path: Path) -> None:
    declared = county.design()
    paths = write_templates(tmp_path / "模板 一", declared)
    assert [path.name for path in paths] == ["名单模板.xlsx", "名册模板.xlsx", "回收表模板.xlsx"]
    for path, codes in zip(paths, (["village_code", "township_code"], ["村代码", "户编号", "证件号码"], ["村代码", "户编号"]), strict=True):
        book = openpyxl.load_workbook(path)
        page, headings = book.worksheets[0], [cell.value for cell in book.worksheets[0][1]]
        assert book.sheetnames[1] == "填写说明"
        for code in codes:
            assert page.cell(2, headings.index(code) + 1).number_format == "@"
        assert read_sheet(path).empty
    words = " ".join(rule.formula1 for rule in page.data_validations.dataValidation)
    assert all(word in words for word in ("拒访", "认定", "是,否", "认可,不认可,不清楚"))


def test_a_filled_template_is_read_as_it_is(tmp_path: Path) -> None:
    declared = county.design()
    path = write_templates(tmp_path, declared)[1]
    book = openpyxl.load_workbook(path)
    table = roster()
    for i, row in enumerate(table.itertuples(index=False), 2):
        for j, cell in enumerate(row, 1):
            book.worksheets[0].cell(i, j).value = cell
    book.save(path)
    pd.testing.assert_frame_equal(read_rosters(path, declared), read_rosters(table, declared))


def filled(path: Path, answers: pd.DataFrame) -> None:
    """Fill a form as people do: each household of the answers in its row, reserves in the blank rows behind."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    headings = [str(cell.value) for cell in page[1]]
    places = {(page.cell(i, headings.index("村代码") + 1).value, page.cell(i, headings.index("户编号") + 1).value): i
              for i in range(2, page.max_row + 1)}  # fmt: skip
    free = (i for i in range(2, page.max_row + 1) if not page.cell(i, 1).value)
    for row in answers.to_dict("records"):
        i = places.get((row["村代码"], row["户编号"])) or next(free)
        for heading in set(headings) & {str(name) for name in row}:
            page.cell(i, headings.index(heading) + 1).value = row[heading]
    book.save(path)


def test_a_filled_form_is_the_returns(tmp_path: Path) -> None:
    _, _, sample, answers = county.made()
    path = write_form(sample, tmp_path / "回收表（待填）.xlsx")
    blank = read_sheet(path)
    drawn = sample.table("household")
    mains = drawn[drawn["role"] == "main"]
    assert set(zip(blank["村代码"], blank["户编号"], strict=True)) == set(zip(mains["village"], mains["household"], strict=True))
    assert list(blank.columns[:5]) == ["村代码", "village", "户编号", "户类型", "户主"]
    assert blank["户类型"].tolist() == mains["stratum"].tolist()
    assert ev.collect(sample, path).completion()["pending"].sum() == len(mains)
    filled(path, answers)
    made = ev.collect(sample, path).table()
    assert "户主" not in made
    columns = ["village", "household", "disposition", "persons", "status", "complete", "interviewer", "人均纯收入"]
    pd.testing.assert_frame_equal(made[columns], county.collected().table()[columns])
    assert ev.determine(ev.collect(sample, path)).counts().equals(ev.determine(county.collected()).counts())
    with pytest.raises(FieldworkError, match="已有人填写，不能覆盖"):
        write_form(sample, path)


def test_the_form_offers_words_keeps_codes_and_hides_reserves(tmp_path: Path) -> None:
    _, _, sample, _ = county.made()
    path = write_form(sample, tmp_path / "表.xlsx")
    again = path.read_bytes()
    assert write_form(sample, path).read_bytes() == again
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["回收表（模拟数据）", "填写说明"]
    page, reserves = book.worksheets[0], int((sample.table("household")["role"] == "reserve").sum())
    assert page.max_row == 1 + len(sample.table("household")) and reserves > 0
    headings = [cell.value for cell in page[1]]
    assert all(page.cell(page.max_row, headings.index(code) + 1).number_format == "@" for code in ("村代码", "户编号", "结果"))
    words = " ".join(rule.formula1 for rule in page.data_validations.dataValidation)
    assert all(word in words for word in ("完成,拒访", "认定", "是,否", "认可,不认可,不清楚"))
    told = {str(row[0]): row[1] for row in book["填写说明"].iter_rows(values_only=True) if row[0]}
    assert told["户编号"] == told["户主"] == GIVEN and any("启用的备用户" in text for text in told)
    assert "证件号码" not in headings and "自然村" not in headings


def test_a_heading_that_is_to_be_filled_is_never_filled_beforehand(tmp_path: Path) -> None:
    _, _, sample, _ = county.build(county.design(rosters={"persons": "核实人数", "stratum": "调查员"}))
    form = read_sheet(write_form(sample, tmp_path / "表.xlsx"))
    assert set(form["核实人数"]) | set(form["调查员"]) == {""}


def test_no_form_before_households_are_drawn(tmp_path: Path) -> None:
    declared, made, _, _ = county.made()
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    with pytest.raises(FieldworkError, match="还没有抽户"):
        write_form(ev.draw(frame, declared, seed=county.SEED), tmp_path / "表.xlsx")


def test_templates_are_written_over_only_while_they_are_blank(tmp_path: Path) -> None:
    declared = county.design()
    first = [path.read_bytes() for path in write_templates(tmp_path, declared)]
    paths = write_templates(tmp_path, declared)
    assert [path.read_bytes() for path in paths] == first
    book = openpyxl.load_workbook(paths[2])
    book.worksheets[0].cell(2, 1).value = "533124100201"
    book.save(paths[2])
    paths[0].unlink()
    with pytest.raises(FieldworkError, match=r"回收表模板\.xlsx｜已有人填写"):
        write_templates(tmp_path, declared)
    assert not paths[0].exists()


def test_templates_do_not_ask_for_what_the_design_does_not_map(tmp_path: Path) -> None:
    declared = county.design(returns={"status": "", "interviewer": ""})
    headings = read_sheet(write_templates(tmp_path, declared)[2]).columns
    assert "状态" not in headings and "" not in headings


def test_float_village_codes_in_a_table_are_refused() -> None:
    table = roster()
    table["证件号码"] = np.full(4, 4.1e17)
    assert "证件号码" in refusal(table)


PHONE = "13900001111"


@pytest.mark.parametrize(
    "changes",
    [
        {"户编号": [CANARY_NAME] * 4},
        {"户编号": [PHONE] * 4},
        {"村代码": [CANARY_NAME] * 4},
        {"村代码": [PHONE, CANARY_ID, "533124100201", "5"]},
        {"户类型": [CANARY_NAME, PHONE, CANARY_ID, "李四"]},
        {"人数": [CANARY_NAME, PHONE, CANARY_ID, "李四"]},
    ],
)
def test_a_column_that_has_slipped_shows_nobody(changes: dict[str, list[object]]) -> None:
    text = refusal(roster(**changes), villages=["533124100201"])
    assert not [seen for seen in (CANARY_NAME, "李四", PHONE, CANARY_ID[:8]) if seen in text]


def test_a_roster_without_headings_shows_nobody(tmp_path: Path) -> None:
    roster().to_excel(tmp_path / "a.xlsx", index=False, header=False)
    text = refusal(tmp_path / "a.xlsx")
    assert "看来是数据" in text and CANARY_NAME not in text and CANARY_ID not in text


@pytest.mark.parametrize(
    ("source", "says"), [(None, "不是可读的表"), (5, "不是可读的表"), ("none.xlsx", "没有这个文件"), ([None], "不是文件的路径")]
)
def test_what_is_no_roster_is_refused(source: Any, says: str) -> None:
    assert says in refusal(source)


def test_an_empty_folder_is_no_roster(tmp_path: Path) -> None:
    assert "没有表格文件" in refusal(tmp_path)


def test_headings_that_are_one_after_folding_are_refused() -> None:
    table = roster()
    table["人数 "] = 3
    assert "列名重复" in refusal(table)


@pytest.mark.parametrize(("persons", "says"), [("51", "人数多于 50"), ("1,2", "应为不小于 1 的整数"), ("3e0", "应为不小于 1 的整数")])
def test_persons_of_no_household(persons: str, says: str) -> None:
    assert says in refusal(roster(人数=[persons, 1, 1, 1]))


def test_household_numbers_that_lost_their_zeros() -> None:
    assert "第 4 行，户编号｜看来丢了开头的 0" in refusal(roster(户编号=["0001", "0002", "133", "1004"]))
    assert len(read_rosters(roster(户编号=["1", "2", "133", "1004"]), county.design())) == 4
