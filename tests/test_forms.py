"""Linked forms: persons attached to households, places to villages, answers tallied, findings listed; nobody's data shown."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import DesignError, ScreeningError
from evalkit.sheets import Page, read_sheet, write_book
from tests.county import ROOT
from tests.test_evaluation import say, village_list

FORMS = """
[[form]]
name = "户表"
kind = "household"
link = "household"
village = "村代码"
household = "户编号"
persons = "人数"

[[form]]
name = "人口表"
kind = "person"
link = "household"
village = "村代码"
household = "户编号"
key = ["人编号"]

[[form]]
name = "村表"
kind = "village"
link = "village"
village = "村代码"
counts = ["有卫生室"]
findings = { "有卫生室" = ["否"], "其他问题" = ["*"] }

[[form]]
name = "乡镇表"
kind = "township"
link = "township"
township = "乡镇代码"

[[form]]
name = "干部访谈表"
kind = "interview"
link = "none"
by = "对象"
expected = { "县级领导" = 2, "县科级" = 3, "乡科级" = 2, "村" = 2, "驻村" = 2, "帮扶" = 2 }
counts = ["知晓政策"]

[[form]]
name = "资料查阅表"
kind = "document"
link = "none"
key = ["资料"]
findings = { "齐全" = ["否"] }

[[check]]
on = "村表"
kind = "range"
columns = ["户数"]
low = 1
action = "ask"
"""


def content() -> dict[str, Any]:
    text = (ROOT / "evalkit" / "design" / "template.toml").read_text(encoding="utf-8")
    return tomllib.loads(text + FORMS)


def households(counts: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the household form and the person form of households of so many persons."""
    rows = [(f"4117261012{h % 3:02d}", f"{h:04d}", str(n)) for h, n in enumerate(counts)]
    forms = pd.DataFrame(rows, columns=["村代码", "户编号", "人数"])
    people = pd.DataFrame(
        [(v, h, str(i)) for (v, h, n) in rows for i in range(1, int(n) + 1)], columns=["村代码", "户编号", "人编号"]
    )
    return forms, people


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 6), min_size=4, max_size=12), st.data())
def test_persons_and_households_that_do_not_fit_are_told_and_no_others(counts: list[int], data: Any) -> None:
    design = ev.read_design(content())
    forms, people = households(counts)
    assert ev.read_forms(design, {"户表": forms, "人口表": people}).faults == ()
    gone, short = data.draw(st.permutations(range(len(counts))))[:2]
    kept = people[people["户编号"] != f"{gone:04d}"]
    kept = kept.drop(index=kept.index[kept["户编号"] == f"{short:04d}"][0])
    stray = pd.DataFrame({"村代码": ["411726101299"], "户编号": ["0001"], "人编号": ["1"]})
    read = ev.read_forms(design, {"户表": forms, "人口表": pd.concat([kept, stray], ignore_index=True)})
    told = {(fault.row, fault.value.rsplit(" ", 1)[1], fault.rule) for fault in read.faults}
    assert told == {
        (len(kept) + 2, "0001", "户表中没有这一户"), (None, f"{gone:04d}", "没有人口行"),
        (None, f"{short:04d}", f"户表写 {counts[short]} 人，人口表有 {counts[short] - 1} 行"),
    }  # fmt: skip


def test_persons_hang_on_the_interviewed_households_too() -> None:
    forms, people = households([2, 3])
    sample = forms.set_axis(["village", "household", "persons"], axis=1).astype({"persons": int})
    design = ev.read_design(content())
    assert ev.read_forms(design, {"人口表": people}, households=sample).faults == ()
    twice = pd.concat([people, people.iloc[[0]]], ignore_index=True)
    rules = [fault.rule for fault in ev.read_forms(design, {"人口表": twice}, households=sample).faults]
    assert rules == ["合起来不得重复", "合起来不得重复", "户表写 2 人，人口表有 3 行"]


def test_places_interviews_and_papers_are_counted_and_their_findings_listed() -> None:
    villages = pd.DataFrame(
        {"村代码": ["411726101201", "411726101299"], "有卫生室": ["否", "是"], "其他问题": ["李四家漏雨", "无"], "户数": ["0", "5"]}
    )
    talks = pd.DataFrame({"对象": ["县级领导", "驻村", "驻村", "厨师"], "知晓政策": ["是", "是", "否", ""]})
    papers = pd.DataFrame({"资料": ["会议记录", "公示"], "齐全": ["是", "否"]})
    townships = pd.DataFrame({"乡镇代码": ["411726101"]})
    tables = {"村表": villages, "干部访谈表": talks, "资料查阅表": papers, "乡镇表": townships}
    read = ev.read_forms(ev.read_design(content()), tables, villages=["411726101201", "411726102202"])
    assert read.findings().to_numpy().tolist() == [
        ["村表", "全部", "411726101201", "有卫生室", "否", "", 2], ["村表", "全部", "411726101201", "其他问题", "见原表", "", 2],
        ["资料查阅表", "全部", "", "齐全", "否", "", 3],
    ]  # fmt: skip
    counts = read.counts()
    assert counts[(counts["表"] == "干部访谈表") & (counts["事项"] == "")][["类别", "份数"]].to_numpy().tolist() == [
        ["县级领导", 1], ["县科级", 0], ["乡科级", 0], ["村", 0], ["驻村", 2], ["帮扶", 0], ["厨师", 1],
    ]  # fmt: skip
    assert counts[counts["事项"] == "知晓政策"][["类别", "回答", "份数"]].to_numpy().tolist() == [
        ["县级领导", "是", 1], ["驻村", "否", 1], ["驻村", "是", 1], ["厨师", "（未答）", 1],
    ]  # fmt: skip
    told = [(fault.row, fault.column, fault.rule) for fault in read.faults]
    assert told == [
        (2, "村表：户数", "应不小于 1"), (5, "干部访谈表：对象", "应为：县级领导、县科级、乡科级、村、驻村、帮扶"),
        (3, "村表：村代码", "不在抽中的村（乡镇）中"), (None, "村表：村代码", "没有交回"), (None, "乡镇表：乡镇代码", "没有交回"),
    ]  # fmt: skip
    assert "李四" not in str(read.faults) + read.findings().to_string() + repr(read) + read._repr_html_()


def test_forms_are_declared_whole() -> None:
    design = content()
    assert ev.read_design(design).hash == ev.read_design({k: v for k, v in design.items() if k not in ("form", "check")}).hash
    for change, rule in (
        ({"village": ""}, "要有 village"), ({"kind": "village"}, "户表与人口表"), ({"expected": {"甲": 1}}, "没有 by"),
        ({"counts": ["联系电话"]}, "是个人信息"), ({"name": "户表"}, "表名重复"), ({"name": "../人"}, "写法不合"),
    ):  # fmt: skip
        forms = [dict(form) for form in content()["form"]]
        forms[1] |= change
        with pytest.raises(DesignError, match=rule):
            ev.read_design({**design, "form": forms})
    with pytest.raises(ScreeningError, match="没有这张表｜可用：户表、人口表"):
        ev.read_forms(ev.read_design(design), {"县表": pd.DataFrame()})
    with pytest.raises(ScreeningError, match=r"村表[\s\S]*户数｜没有这一列"):
        ev.read_forms(ev.read_design(design), {"村表": pd.DataFrame({"村代码": ["1"], "有卫生室": ["是"], "其他问题": [""]})})


def test_the_command_takes_forms_and_writes_counts(tmp_path: Path) -> None:
    root = tmp_path / "某 县"
    say("init", str(root))
    with (root / "design.toml").open("a", encoding="utf-8") as file:
        file.write(FORMS)
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    forms, people = households([2, 3])
    for name, table in (("户表", forms), ("人口表", people.iloc[1:])):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        said = say("forms", str(root), name, str(tmp_path / f"{name}.csv"))
    assert said.startswith("0\nForms 户表 2 份，人口表 4 份；发现 0 处，待核实 1 处") and "户表写 2 人，人口表有 1 行" in said
    assert len(read_sheet(root / "results" / "forms" / "faults.csv")) == 1
    assert read_sheet(root / "results" / "forms" / "counts.csv")["份数"].tolist() == ["2", "4"]
    assert (root / "returns" / "人口表" / "人口表.csv").exists()
    assert "没有这张表" in say("forms", str(root), "县表", str(tmp_path / "户表.csv"))
    assert "没有关联表" in say("forms", str(tmp_path)) or "没有这个文件" in say("forms", str(tmp_path))
