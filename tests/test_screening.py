"""Checks of whole columns: each planted fault is found and nothing else, whatever the order of the rows; nothing personal is shown."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from benchmarks import screening as screening_benchmark
from evalkit import codes
from evalkit.design.checking import CheckRule
from evalkit.errors import HEADER, DesignError, ScreeningError
from evalkit.screening import FENCES, KINDS
from evalkit.screening.identities import sound_identities
from evalkit.sheets import Page, day_of, read_sheet, text_numbers, write_book
from evalkit.sheets.numbers import PLAIN
from evalkit.synthetic import registry, returns
from tests.county import ROOT
from tests.test_evaluation import say, village_list

Check = ev.Check
CITIZEN = "11010519491231002X"  # GB 11643-1999, annex
TYPES = ("脱贫户", "未脱贫户")


def clean(rows: int = 60) -> pd.DataFrame:
    """Return the rows of persons of a clean registry: three to a household, no fault of any kind."""
    at = np.arange(rows)
    household, person = at // 3, at % 3
    net = 3000 + 900 * household
    return pd.DataFrame(
        {
            "村": [f"4117261012{h % 4:02d}" for h in household], "户": [f"{h:04d}" for h in household],
            "人数": "3", "关系": np.where(person == 0, "户主", "子女"), "户类型": [TYPES[h % 2] for h in household],
            "收入": (net + 500).astype(str), "支出": "500.00", "纯收入": net.astype(str), "人均": (net / 3).astype(str),
            "识别": "2014年6月1日", "退出": "2018/11/12", "危房": "否", "证件": CITIZEN,
            "甲": (at * 7).astype(str), "乙": (at * 11).astype(str), "丙": (at * 13).astype(str),
        }
    ).astype("str")  # fmt: skip


CHECKS: dict[str, tuple[Check, dict[str, str]]] = {
    # kind: the check, and what to write into a row of the clean table so that the row, and no other, breaks it
    "required": (Check("required", "户", action="stop"), {"户": "—"}),
    "range": (Check("range", "人数", low=1, high=20, action="ask"), {"人数": "21"}),
    "whole": (Check("whole", "人数", action="stop"), {"人数": "3.5"}),
    "one-of": (Check("one-of", "户类型", values=TYPES, action="stop"), {"户类型": "一般户"}),
    "pattern": (Check("pattern", "村", pattern="[0-9]{12}", action="stop"), {"村": "41172610"}),
    "date": (Check("date", "识别", action="stop"), {"识别": "2014年13月1日"}),
    "order": (Check("order", ["识别", "退出"], action="ask"), {"退出": "2013-12-31"}),
    "sum": (Check("sum", ["收入", "支出", "纯收入"], tolerance=0.01, action="ask"), {"收入": "1"}),
    "difference": (Check("difference", ["纯收入", "收入", "支出"], tolerance=0.01, action="ask"), {"支出": "500.02"}),
    "quotient": (Check("quotient", ["人均", "纯收入", "人数"], tolerance=0.01, action="ask"), {"人均": "1e3"}),
    "if-then": (Check("if-then", when={"人数": [">=3"]}, then={"危房": ["否", ""]}, action="ask"), {"危房": "是"}),
    "equal": (Check("equal", ["支出", "支出2"], action="ask"), {"支出": "501"}),
    "identity": (Check("identity", "证件", action="ask"), {"证件": "110105194912310021"}),
    "outlier": (Check("outlier", "支出", fence="iqr", factor=3, action="note"), {"支出": "90000"}),
    "unique": (Check("unique", ["村", "甲"], action="stop"), {}),
    "near-duplicate": (Check("near-duplicate", ["甲", "乙", "丙"], differ=1, action="ask"), {}),
    "members": (Check("members", "人数", within=["村", "户"], action="ask"), {"人数": "4"}),
    "count": (Check("count", within=["村", "户"], when={"关系": "户主"}, low=1, high=1, action="stop"), {}),
}


def table(rows: int = 60) -> pd.DataFrame:
    made = clean(rows)
    return made.assign(支出2=made["支出"].str.replace("500.00", "500"))


def found(made: pd.DataFrame, check: Check) -> list[int]:
    return [int(row) for row in ev.screen(made, [check], missing=["—"]).table()["行"]]


def test_every_kind_is_tried() -> None:
    assert set(CHECKS) == set(KINDS)


def test_a_clean_table_has_no_rows() -> None:
    screening = ev.screen(table(), [check for check, _ in CHECKS.values()], missing=["—"])
    assert len(screening) == 0 and screening.ok and screening.table().empty
    assert list(screening.table().columns) == list(HEADER)
    assert (screening.counts()["处数"] == 0).all()


@pytest.mark.parametrize("kind", [kind for kind, (_, planted) in CHECKS.items() if planted])
@settings(max_examples=8, deadline=None)
@given(rows=st.sets(st.integers(0, 19), min_size=1, max_size=5), chance=st.randoms(use_true_random=False))
def test_each_planted_fault_is_found_and_nothing_else(kind: str, rows: set[int], chance: Any) -> None:
    check, planted = CHECKS[kind]
    made, firsts = table(), sorted(3 * row for row in rows)  # the first person of a household: one fault a household
    for column, cell in planted.items():
        made.loc[firsts, column] = cell
    expected = [row + 2 for row in firsts]
    assert found(made, check) == expected
    order = list(made.index)
    chance.shuffle(order)
    assert found(made.loc[order], check) == expected


@settings(max_examples=12, deadline=None)
@given(first=st.integers(0, 58), gap=st.integers(1, 59), chance=st.randoms(use_true_random=False))
def test_rows_that_repeat_or_resemble_another_are_both_told(first: int, gap: int, chance: Any) -> None:
    other = min(first + gap, 59)
    made = table()
    made.loc[other, ["村", "甲", "乙"]] = made.loc[first, ["村", "甲", "乙"]]  # 丙 differs still
    order = list(made.index)
    chance.shuffle(order)
    for kind in ("unique", "near-duplicate"):
        assert found(made.loc[order], CHECKS[kind][0]) == [first + 2, other + 2]
    beside = ev.screen(made.loc[order], [CHECKS["near-duplicate"][0]]).table()["值"]
    assert list(beside) == [f"与第 {other + 2} 行", f"与第 {first + 2} 行"]


def test_groups_are_told_once() -> None:
    made = table()
    made.loc[[3, 4, 5], "关系"] = "子女"
    assert found(made, CHECKS["count"][0]) == [5]
    assert found(made.drop(index=7), CHECKS["members"][0]) == [8]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 5), min_size=2, max_size=30), st.integers(0, 2))
def test_near_duplicates_are_those_of_all_pairs(rows: list[tuple[int, ...]], differ: int) -> None:
    made = pd.DataFrame(rows, columns=list("abcde")).astype(str)
    cells = made.to_numpy()
    expected = [
        i + 2 for i in range(len(cells)) if any(j != i and (cells[i] != cells[j]).sum() <= differ for j in range(len(cells)))
    ]
    assert found(made, Check("near-duplicate", list("abcde"), differ=differ, action="ask")) == expected


@given(st.lists(st.text(alphabet="0123456789.,+-e \0年", max_size=26), max_size=30))
def test_numbers_are_read_as_one_by_one(texts: list[str]) -> None:
    one_by_one = [float(text.replace(",", "")) if PLAIN.fullmatch(text) else np.nan for text in texts]
    assert np.array_equal(text_numbers(texts), np.array(one_by_one), equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.from_regex(r"[1-6][1-5][0-9]{4}(19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9Xx]", fullmatch=True), max_size=40))
def test_identity_numbers_are_judged_as_one_by_one(numbers: list[str]) -> None:
    numbers = [*numbers, *(number[:17] + sign for number in numbers[:5] for sign in "0123456789X"), CITIZEN, CITIZEN.lower(), ""]
    tails = ("", "44", "11B1", "74B0", "8412", "4512", "1201", "4", "4X")
    longer = [number + tail for at, number in enumerate(numbers) for tail in (tails if at > len(numbers) - 20 else tails[:1])]
    assert sound_identities(longer).tolist() == [not codes.identity_fault(number) for number in longer]


def test_dates_in_their_forms() -> None:
    forms = ["2026-10-02", "2026/10/2", "2026.10.02", "2026年10月2日", "2026-10-02 09:30", "2026-10-02T09:30:00", "20261002", "46297"]
    assert len({day_of(form) for form in forms}) == 1
    assert day_of("202610") == day_of("2026年10月") == day_of("2026-10-1")
    assert all(np.isnan(day_of(form)) for form in ("", "2026-02-30", "昨天", "99", "1899-01-01", "202613"))


def test_columns_of_any_kind_are_read_alike() -> None:
    text = pd.DataFrame({"人数": ["3", "", "0", "2.5"]})
    kinds = [text.astype(object), pd.DataFrame({"人数": [3, np.nan, 0, 2.5]}), pd.DataFrame({"人数": ["３", " ", "'0", "２.5 "]})]
    checks = [Check("range", "人数", low=1, action="stop"), Check("whole", "人数", action="stop"), Check("required", "人数", action="stop")]
    expected = ev.screen(text, checks).table()
    for made in kinds:
        pd.testing.assert_frame_equal(ev.screen(made, checks).table(), expected)
    assert list(expected["行"]) == [3, 4, 5]
    spoilt = pd.DataFrame({"人数": [np.inf, -1.0, 99.0]})
    assert found(spoilt, checks[0]) == [2, 3]
    assert list(ev.screen(spoilt, [checks[2]], missing=["99"]).table()["行"]) == [4]


def test_nothing_personal_is_shown() -> None:
    made = pd.DataFrame(
        {
            "户主姓名": ["张三丰", "张三丰"], "电话": ["13900001111", "1"], "备注": ["李四在家", "王五"], "户": ["0001", "0001"],
            "证件": ["41", "5"],
        }
    )  # fmt: skip
    checks = [
        Check("unique", "户主姓名", action="ask"), Check("pattern", "电话", pattern="[0-9]{8}", action="ask"),
        Check("one-of", "备注", values=["无人"], action="ask"), Check("unique", "户", action="stop"),
        Check("identity", "证件", action="ask"),
    ]  # fmt: skip
    screening = ev.screen(made, checks, personal=["户", "证件"])
    assert len(screening) == 10 and set(screening.table()["值"]) == {""}
    assert not re.search("张|李|王|0001|139", repr(screening) + screening._repr_html_() + screening.table().to_string())


def test_rules_are_declared_whole_or_refused_with_everything_that_lacks() -> None:
    with pytest.raises(ScreeningError, match=r"low 或 high｜缺少[\s\S]*action：later｜不认识"):
        Check("range", "人数", action="later")
    with pytest.raises(ScreeningError, match="没有这种检查"):
        Check("magic", "人数", action="stop")
    for kind, options in (("pattern", {"pattern": "["}), ("outlier", {"fence": "far", "factor": 3}), ("range", {"low": 3, "high": 1})):
        with pytest.raises(ScreeningError):
            Check(kind, "人数", action="stop", **options)
    with pytest.raises(ScreeningError, match=r"甲｜没有这一列[\s\S]*乙｜没有这一列"):
        ev.screen(pd.DataFrame({"户": ["1"]}), [Check("required", ["甲", "乙"], action="stop")])
    with pytest.raises(ScreeningError, match="一格中有多个值"):
        ev.screen(pd.DataFrame({"户": [["1", "2"]]}), [Check("required", "户", action="stop")])


def test_the_annex_reads_back(tmp_path: Path) -> None:
    made = table()
    made.loc[[2, 7], "人数"] = ["=1+1", "0"]
    checks = [check for check, _ in CHECKS.values()]
    screening = ev.screen(made, checks, missing=["—"], subject="户表")
    again = read_sheet(screening.save(tmp_path / "检查.csv"))
    assert again["规则"].tolist() == screening.table()["规则"].tolist()
    book = screening.save(tmp_path / "检查.xlsx")
    assert len(read_sheet(book, "户表")) == len(screening)
    with pytest.raises(ScreeningError, match="csv"):
        screening.save(tmp_path / "检查.doc")
    assert {fault.row for fault in screening.faults("stop")} == {4}
    assert not screening.ok and "须改正 1 处" in repr(screening)
    with pytest.raises(ValueError, match="read-only"):
        screening.rows[0] = 1


DECLARED = """
[[check]]
on = "frame"
kind = "range"
columns = ["乡村人口"]
low = 301
action = "ask"

[[check]]
on = "frame"
kind = "one-of"
columns = ["贫困村"]
values = ["是", "否"]
action = "stop"

[[check]]
on = "frame"
kind = "sum"
columns = ["乡村人口", "脱贫人口", "未脱贫人口", "非建档立卡人口"]
tolerance = 0
action = "note"
"""


def test_checks_of_the_design_go_into_the_annex(tmp_path: Path) -> None:
    root = tmp_path / "某 县"
    say("init", str(root))
    before = ev.read_design(root / "design.toml").hash
    with (root / "design.toml").open("a", encoding="utf-8") as file:
        file.write(DECLARED)
    assert ev.read_design(root / "design.toml").hash == before
    listed = village_list()
    listed.loc[4, "贫困村"] = "不详"
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", listed)})
    said = say("check", str(root))
    assert said.startswith("1\n检查：1 处须改正，20 处须留意") and "第 6 行，贫困村｜应为：是、否｜须改正" in said
    again = read_sheet(root / "results" / "check.csv")
    assert len(again) == 21 and again.loc[0].tolist() == ["名单", "6", "贫困村", "", "应为：是、否", "须改正：改为所列的写法"]
    assert len(read_sheet(root / "results" / "check.xlsx", "逐行")) == 21
    counted = pd.read_excel(root / "results" / "check.xlsx", sheet_name="汇总", skiprows=2, engine="calamine").dropna(subset="处数")
    assert counted["处数"].tolist() == [1, 20, 0]
    with (root / "design.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[check]]\non = "frame"\nkind = "required"\ncolumns = ["人口数"]\naction = "stop"\n')
    assert "人口数｜没有这一列" in say("check", str(root))


def test_a_check_of_the_design_is_whole_and_of_a_table_that_is_there() -> None:
    design = tomllib.loads((ROOT / "evalkit" / "design" / "template.toml").read_text(encoding="utf-8"))
    design["check"] = [{"on": "frame", "kind": "range", "columns": "人口", "action": "ask"}]
    with pytest.raises(DesignError, match=r"check\[1\]｜low 或 high 缺少｜range"):
        ev.read_design(design)
    design["check"] = [{"on": "村表", "kind": "required", "columns": ["人口"], "action": "ask"}]
    with pytest.raises(DesignError, match=r"check\[1\].on：村表｜没有这张表｜可用：frame"):
        ev.read_design(design)
    assert get_args(CheckRule.model_fields["kind"].annotation) == tuple(KINDS)
    assert get_args(CheckRule.model_fields["fence"].annotation) == ("", *FENCES)


def test_returns_that_break_a_rule_are_refused_or_noted() -> None:
    design = ev.read_design(ROOT / "designs" / "biyang_2018.toml")
    table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    sample = ev.draw(frame, design, seed="31415926535897932384")
    sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    returned = returns(sample, made.households(sample.villages), design)
    income = design.criteria.income
    high = pd.to_numeric(returned[income], errors="coerce").max()
    for action in ("note", "stop"):
        rule = CheckRule(on="returns", kind="range", columns=(income,), high=float(high) - 1, action=action, rule="收入偏高")
        checked = replace(sample, design=design.model_copy(update={"checks": (rule,)}))
        if action == "stop":
            with pytest.raises(ev.EvalkitError, match=rf"{income}.*收入偏高｜须改正"):
                ev.collect(checked, returned)
        else:
            assert [fault.rule for fault in ev.collect(checked, returned).faults] == ["收入偏高"]


def test_the_benchmark_counts_what_its_floor_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = screening_benchmark.registry(2000, 0.01)
    own = {(part.check, part.place): len(part.places) for part in ev.screen(table, screening_benchmark.checks()).broken}
    masks = screening_benchmark.floor(table)
    assert len(masks) == sum(len(check.places) for check in screening_benchmark.checks()) == 30
    assert own[(4, "户类型")] == masks[10].sum() == 4
    assert len(ev.screen(screening_benchmark.registry(2000), screening_benchmark.checks()[:-3])) == 0
    screening_benchmark.main(["--date", "2026-01-01", "--rows", "2000", "--repeats", "1", "--out", str(tmp_path / "page.md")])
    assert "30 条规则" in (tmp_path / "page.md").read_text(encoding="utf-8") and "写入" in capsys.readouterr().out


def test_limits_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ScreeningError, match=r"low：str｜应为一个数[\s\S]*factor：bool｜应为一个数"):
        ev.Check("range", "收入", low="abc", high=3, factor=True, action="ask")
