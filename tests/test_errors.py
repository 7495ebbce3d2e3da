"""Errors: one child a stage, all faults at once, and no row invented."""

from __future__ import annotations

import inspect

import pytest

from evalkit import errors
from evalkit.errors import HEADER, EvalkitError, Fault, Faults, FrameError


def test_every_error_is_an_evalkit_error_with_a_first_line() -> None:
    raised = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Exception)]
    children = [each for each in raised if not issubclass(each, Warning)]
    assert len(children) > 5
    assert all(issubclass(each, EvalkitError) and each.__doc__ for each in children)


def test_a_fault_says_where_what_rule_and_remedy() -> None:
    assert Fault(3, "村代码", "41172", "应为 12 位", "补全").line() == "第 3 行，村代码：41172｜应为 12 位｜补全"


def test_a_fault_without_row_or_value_leaves_them_out() -> None:
    assert Fault(None, "stage[1].n", "", "缺少这一项", "补上").line() == "stage[1].n｜缺少这一项｜补上"


def test_all_faults_are_raised_at_once_and_kept() -> None:
    faults = Faults("名单")
    faults.add(2, "村代码", None, "空", "填写")
    faults.add(5, "村代码", 41, "应为 12 位", "补全")
    with pytest.raises(FrameError) as refused:
        faults.refuse(FrameError)
    assert str(refused.value) == "名单：2 处错误\n  第 2 行，村代码｜空｜填写\n  第 5 行，村代码：41｜应为 12 位｜补全"
    assert [fault.row for fault in refused.value.faults] == [2, 5]


def test_no_fault_no_refusal() -> None:
    Faults("名单").refuse(FrameError)


def test_a_long_table_is_cut_and_says_how_much() -> None:
    faults = Faults("名单")
    faults.extend(Fault(row, f"第{row}列", "", "重复", "改正") for row in range(2, 27))
    lines = faults.text().split("\n")
    assert len(lines) == 22
    assert "另有 5 条" in lines[-1]
    assert len(faults.rows()) == 25
    assert all(len(row) == len(HEADER) for row in faults.rows())


def test_the_same_fault_in_many_rows_is_one_line() -> None:
    faults = Faults("名册")
    faults.extend(Fault(row, "村代码", "东关", "应为 12 位", "改正") for row in (*range(2, 170), 300))
    faults.add(5, "人数", "0", "应为正整数", "填写")
    assert faults.text().split("\n")[1:] == [
        "  第 2–169、300 行（169 处），村代码：东关｜应为 12 位｜改正",
        "  第 5 行，人数：0｜应为正整数｜填写",
    ]


def test_places_are_counted_from_1_and_not_all_are_named() -> None:
    assert errors.places([True, False]) == "第 1 个"
    assert errors.places([True] * 9) == "第 1、2、3、4、5、6等 9 个"
