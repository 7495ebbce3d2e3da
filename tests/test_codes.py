"""Division codes and identity numbers. The numbers are the standard's own examples, nobody's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import codes
from evalkit.sheets import read_sheet


def test_every_shipped_village_code_is_sound() -> None:
    table = read_sheet("designs/data/villages_five_counties.csv")
    assert [code for code in table["village_code"] if codes.division_fault(code)] == []


@pytest.mark.parametrize(
    ("code", "says"),
    [("41172610120", "11 位"), ("4117261012011", "13 位"), ("41172610120a", "其他字符"), ("991726101201", "省级"),
     ("411726000201", "没有乡镇"), ("411726101000", "乡镇代码"), ("", "其他字符")],
)
def test_bad_division_codes_say_why(code: str, says: str) -> None:
    assert says in codes.division_fault(code)


def test_examples_of_the_standard() -> None:
    assert codes.is_identity("11010519491231002X") and codes.is_identity("440524188001010014")
    assert codes.is_identity("11010519491231002x")


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_is_noticed(place: int, step: int) -> None:
    """MOD 11-2 finds every single changed digit: no weight shares a factor with 11."""
    good = "440524188001010014"
    changed = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
    assert not codes.is_identity(changed)


def test_a_day_that_never_was_is_no_identity() -> None:
    stem = "44052419990230001"
    assert not any(codes.is_identity(stem + check) for check in codes.CHECKS)


@given(st.text(max_size=30))
def test_masks_show_at_most_the_division(text: str) -> None:
    masked = codes.mask_identity(text)
    assert masked == "" or (masked.endswith("*" * 12) and len(masked) in (12, 18))


LEAKS = [
    "张三", "欧阳修", "Li Si", "lisi1", "张三13900001111", "E12345678",
    "13900001111", "13900001111x", "139-0000-1111", "110105194912310021",
]


@pytest.mark.parametrize("cell", LEAKS)
def test_no_name_and_no_long_number_is_shown(cell: str) -> None:
    assert not re.search(r"[张欧Ll]|[0-9]{7}|-0000-", codes.shown(cell))
    assert codes.shown_word(cell, ["完成", "拒访", "未脱贫户"]) == ""
    assert not re.search(r"[0-9]{7}", codes.shown_label(cell))


def test_what_helps_is_shown() -> None:
    cells = ["0038", "A-12", "411726101201", "6444,67", "3人"]
    assert [codes.shown(cell) for cell in cells] == cells
    assert codes.shown_word("已完成", ["完成"]) == "已完成"
    assert len(codes.shown_label("长" * 40000)) == 20 and codes.shown_headings(f"列{i}名" for i in range(50)).count("、") == 11
