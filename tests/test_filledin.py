"""Filled-in tables: what people type, every fault at once with its row, and never what stands in a cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit.errors import FieldworkError
from evalkit.filledin import Filled, read_filled
from evalkit.sheets import Page, write_book

NEEDED, OPTIONAL = ("村代码", "应享"), ("实发金额", "到账日期", "凭证")
ROWS = pd.DataFrame(
    [
        ("411726101201", "是", "1,200", "2018-05-03"), ("411726101201", "有", "3千", "去年"), ("", "否", "-5", ""),
        ("4.11726E+11", "", "１２.5", "20180531"), ("411726101201", "是", "", "43223"),
    ],
    columns=["村代码", "应享", "实发金额", "到账日期"],
)  # fmt: skip


def checked(filled: Filled) -> list[tuple[int | None, str]]:
    filled.codes("村代码")
    filled.word("应享", ("是", "否"))
    filled.numbers("实发金额")
    filled.days("到账日期")
    filled.once("村代码", "应享")
    return sorted((fault.row, fault.column) for fault in filled.faults)


FAULTS = [
    (3, "到账日期"), (3, "实发金额"), (3, "应享"), (4, "实发金额"), (4, "村代码"), (5, "应享"), (5, "村代码"), (6, "村代码、应享"),
]  # fmt: skip


def test_every_fault_is_told_at_once_with_the_row_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    path = write_book(tmp_path / "表.xlsx", {"表": Page("", ROWS), "填写说明": Page("", pd.DataFrame({"列": ["甲"]}))})
    for source in (ROWS, path, ROWS.set_index(pd.Index(list("abcde")))):
        filled = read_filled(source, "到户表", NEEDED, OPTIONAL)
        assert filled.given == {"实发金额", "到账日期"} and (filled.rows["凭证"] == "").all()
        assert checked(filled) == FAULTS
        with pytest.raises(FieldworkError) as told:
            filled.refuse()
        assert "8 处错误" in str(told.value) and not any(cell in str(told.value) for cell in ("3千", "去年", "411726101201", "4.11726E"))
    kept = read_filled(ROWS.iloc[2:], "到户表", NEEDED, OPTIONAL)
    assert [row for row, _ in checked(kept)] == [4, 4, 5, 5]  # a part of a table keeps the rows of the whole


def test_sound_cells_are_read_as_what_they_are() -> None:
    filled = read_filled(ROWS, "到户表", NEEDED, OPTIONAL)
    assert filled.numbers("实发金额").dropna().tolist() == [1200.0, -5.0, 12.5]
    assert filled.days("到账日期").tolist() == ["2018-05-03", "", "", "2018-05-31", "2018-05-03"]
    assert filled.word("应享", ("是", "否", "有"), blank=True).tolist() == ["是", "有", "否", "", "是"]
    assert read_filled(ROWS.assign(户主="张三"), "到户表", NEEDED).rows.columns.tolist() == list(NEEDED)


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (["村代码"], "应享｜表中没有这一列｜补上这一列"),
        (["村代码", "应享", "实发金额（元）"], "实发金额｜表中没有这一列，有一列“实发金额(元)”，不敢当作同一列｜是它就改列名为“实发金额”"),
        (["村代码", "应享", "到帐日期"], "到账日期｜表中没有这一列，有一列“到帐日期”"),
        (["村代碼", "应享", "凭证号"], "凭证｜表中没有这一列，有一列“凭证号”"),
        (["行政村代码", "应享"], "村代码｜表中没有这一列｜有一列“行政村代码”，是它就改列名；否则补上"),
    ],
)  # fmt: skip
def test_a_heading_that_was_mistyped_leaves_no_check_out(headings: list[str], told: str) -> None:
    with pytest.raises(FieldworkError) as refused:
        read_filled(pd.DataFrame("是", index=[0], columns=headings), "到户表", NEEDED, OPTIONAL)
    assert told in str(refused.value)


@pytest.mark.parametrize("heading", ["凭证日期", "应发金额", "备注", "村名"])
def test_other_headings_are_left_alone(heading: str) -> None:
    assert not read_filled(pd.DataFrame("是", index=[0], columns=[*NEEDED, heading]), "到户表", NEEDED, OPTIONAL).given


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    for source, told in (
        (ROWS.head(0), "没有一行"), (3, "到户表：int｜不是表，也不是文件的路径"), (tmp_path / "无.xlsx", "没有这个文件"),
        (pd.DataFrame([[1, 2]], columns=["应享"] * 2), "列名重复"),
    ):  # fmt: skip
        with pytest.raises(FieldworkError, match=told):
            read_filled(source, "到户表", NEEDED)
