"""A design file with several faults tells all of them at once, by path; the hash covers what decides a draw."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalkit.design import Design, read_design
from evalkit.errors import DesignError

FILE = Path(__file__).resolve().parent.parent / "designs" / "biyang_2018.toml"
DATA = tomllib.loads(FILE.read_text(encoding="utf-8"))


def changed(*changes: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    data = copy.deepcopy(DATA)
    for change in changes:
        change(data)
    return data


def put(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change that writes a value at a path of the file."""

    def change(data: Any) -> None:
        for part in path[:-1]:
            data = data[part]
        data[path[-1]] = to

    return change


def cut(*path: str | int) -> Callable[[dict[str, Any]], None]:
    """Return a change that removes what stands at a path of the file."""

    def change(data: Any) -> None:
        for part in path[:-1]:
            data = data[part]
        del data[path[-1]]

    return change


def faults(*changes: Callable[[dict[str, Any]], Any]) -> list[str]:
    with pytest.raises(DesignError) as refused:
        read_design(changed(*changes))
    return [line.strip() for line in str(refused.value).split("\n")[1:]]


def test_the_specimen_design_reads() -> None:
    design = read_design(FILE)
    assert [stage.name for stage in design.stages] == ["village", "household"]
    assert sum(design.stages[1].size(stratum) for stratum in design.stages[1].n) == 60
    assert design.simulated
    assert design.stage("village") is design.stages[0]
    assert design.stage("house") is None
    assert design.rate("错退率") is design.rates[0]
    assert design.resolve("a.csv") == FILE.parent / "a.csv"
    assert "泌阳" not in repr(design)


def test_a_design_is_frozen() -> None:
    design = read_design(FILE)
    with pytest.raises(ValidationError):
        design.evaluation.alpha = 0.1


def test_all_faults_at_once_by_their_path() -> None:
    found = faults(
        put("stage", 0, "method", to="magic"),
        put("stage", 0, "n", to=-3),
        put("stage", 1, "n", to="十"),
        put("evaluation", "countty", to="x"),
        put("gate", 0, "rate", to="没有"),
        cut("report", "title"),
    )
    expected = [
        "evaluation.countty：x｜没有这个键｜删去，或对照 evalkit init 写出的样例改正键名",
        "stage[1].n：-3｜数值太小｜应大于 0",
        "stage[2].n：十｜应为正整数，或各层的正整数｜写 n = 2，或 n = { \"层名\" = 28, … }",
        "report.title｜缺少这一项｜补上这一项",
        "stage[1].method：magic｜没有这种抽样方法｜可用：srs、",
        "gate[1].rate：没有｜没有这个指标｜可用：错退率、漏评率、错评率、综合贫困发生率、群众认可度",
    ]
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


ONE_FAULT = [
    (put("stage", 0, "n", to=2.5), "stage[1].n：2.5｜应为正整数"),
    (put("stage", 0, "n", to=0), "stage[1].n：0｜数值太小｜应大于 0"),
    (put("stage", 0, "n", to=[1]), "stage[1].n｜应为正整数"),
    (put("stage", 1, "n", "脱贫户", to=-1), "stage[2].n.脱贫户：-1｜数值太小"),
    (put("stage", 1, "n", "脱贫户", to="十"), "stage[2].n.脱贫户：十｜应为整数"),
    (put("stage", 1, "shortfall", to="fill:富户"), "stage[2].shortfall：fill:富户｜fill: 后面的层不在 n 中｜可用：脱贫户、"),
    (put("stage", 1, "shortfall", to="fill"), "stage[2].shortfall：fill｜写法不合｜写 \"fail\"、\"take-all\" 或 \"fill:层名\""),
    (put("stage", 0, "name", to="村"), "stage[1].name：村｜写法不合｜用小写英文字母"),
    (put("stage", to={"name": "village"}), "stage｜应为列表｜写 [ … ]；若是一节，用双层方括号"),
    (put("stage", to=[]), "stage｜太少｜至少 1 个"),
    (put("evaluation", to="x"), "evaluation：x｜应为表｜"),
    (put("evaluation", "year", to="2018年"), "evaluation.year：2018年｜应为整数"),
    (put("rate", 0, "kind", to="x"), "rate[1]｜种类不在允许的取值中｜改为：'finding'、'incidence'、'approval'"),
    (cut("rate", 0, "kind"), "rate[1]｜缺少 kind｜"),
    (put("rate", 0, "finding", to="x"), "rate[1].finding：x｜不在允许的取值中｜改为：'wrong_exit'、'missed'、'misidentified'"),
    (put("rate", 3, "missed", to="群众认可度"), "rate[4].missed：群众认可度｜没有这个指标，或其种类不是 finding｜可用：错退率"),
    (put("rate", 3, "totals", "rural", to={"value": 1, "column": "x"}), "rate[4].totals.rural｜value（数值）与 column"),
    (put("rate", 2, "name", to="错退率"), "rate：错退率｜指标名重复"),
    (put("rate", 4, "approve", to=["很好"]), "rate[5]｜approve 中的 很好 不在 scale 中"),
    (put("rate", to={"a": 1}), "rate｜应为列表"),
    (put("gate", 0, "threshold", to="2%"), "gate[1].threshold：2%｜应为数值"),
    (put("gate", 0, "threshold", to=2), "gate[1].threshold：2｜数值太大"),
    (cut("gate", 0, "strict"), "gate[1].strict｜缺少这一项"),
    (put("frame", "rule", 0, "drop", to=["x"]), "frame.rule[1]｜keep 与 drop 必须且只能写一个"),
    (put("frame", "columns", to=["a", 2]), "frame.columns[2]：2｜应为文字｜给值加上引号"),
    (put("returns", "dispositions", "完成", to="done"), "returns.dispositions.完成：done｜不在允许的取值中｜改为：'complete'、"),
    (put("format", to=2), "format：2｜不在允许的取值中｜改为：1"),
    (put("抽样", to={}), "抽样｜没有这个键"),
    (cut("rosters"), "rosters｜缺少这一节：第二阶段抽户需要名册列名｜写 [rosters]"),
    (cut("returns"), "returns｜缺少这一节"),
    (cut("criteria"), "criteria｜缺少这一节"),
]


@pytest.mark.parametrize(("change", "start"), ONE_FAULT, ids=[start[:30] for _, start in ONE_FAULT])
def test_one_fault_is_told_once_in_chinese(change: Callable[[dict[str, Any]], None], start: str) -> None:
    found = faults(change)
    assert len(found) == 1, found
    assert found[0].startswith(start)
    assert all(english not in found[0] for english in ("Input", "should", "Error", "valid"))


@given(st.sampled_from(sorted(DATA)), st.sampled_from(["x", 3, None, [], [1], {}, {"a": 1}, [["x"]], True]))
def test_no_shape_of_a_section_breaks_the_reading(section: str, value: Any) -> None:
    try:
        read_design(changed(put(section, to=value)))
    except DesignError as refused:
        assert "处错误" in str(refused)


# -- the file itself ------------------------------------------------------------------------------------------------


def test_a_missing_file_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"没有这个文件.*evalkit init"):
        read_design(tmp_path / "无.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[抽样]\n方法 = 1\n", "第 1 行｜TOML 写法有误｜.*键用英文"),
        ("format = 1\ncounty = 泌阳县\n", "第 2 行｜TOML 写法有误｜.*加半角引号"),
        ("format = 1\n[report]\ntitle = “报告”\n", "第 3 行｜TOML 写法有误｜.*半角"),
        ("format＝1\n", "第 1 行｜TOML 写法有误｜.*半角"),
        ("format = 1\nformat = 2\n", "第 2 行｜TOML 写法有误"),
        ("path = 'x'\n", "path｜没有这个键｜删去"),
    ],
)
def test_slips_of_chinese_writers_are_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "设计.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DesignError, match=rf"设计\.toml｜{told}"):
        read_design(file)


def test_another_coding_is_told_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(FILE.read_bytes().decode().encode("gb18030"))
    with pytest.raises(DesignError, match="不是 UTF-8"):
        read_design(file)
    file.write_bytes(b"\xef\xbb\xbf" + FILE.read_bytes())
    assert read_design(file).hash == read_design(FILE).hash


# -- the hash -------------------------------------------------------------------------------------------------------

FREE = [
    put("report", "title", to="另一个标题"),
    put("report", "date", to="2019-01-01"),
    put("rosters", "village", to="村编码"),
    put("returns", "persons", to="人口"),
    put("evaluation", "alpha", to=0.1),
    put("specimen", "seed", to="1" * 20),
    put("gate", 0, "threshold", to=0.03),
    put("frame", "file", to="另一处.csv"),
    put("frame", "note", 0, "text", to="另一段说明"),
]
BOUND = [
    put("stage", 0, "n", to=3),
    put("stage", 1, "n", "脱贫户", to=29),
    put("stage", 0, "method", to="systematic"),
    put("stage", 0, "strata", to=["township"]),
    put("reserves", "n", "脱贫户", to=9),
    put("frame", "rule", 0, "keep", to=["411727"]),
    put("frame", "id", to="代码"),
]


@pytest.mark.parametrize("change", FREE)
def test_the_hash_does_not_see_what_may_change_after_the_draw(change: Callable[[dict[str, Any]], None]) -> None:
    design, other = read_design(changed()), read_design(changed(change))
    assert other.hash == design.hash
    assert other.section_hashes() != design.section_hashes()


@pytest.mark.parametrize("change", BOUND)
def test_the_hash_sees_what_decides_the_draw(change: Callable[[dict[str, Any]], None]) -> None:
    assert read_design(changed(change)).hash != read_design(changed()).hash


def test_the_hash_is_that_of_the_canonical_text_and_not_of_the_order_of_keys() -> None:
    backwards = dict(reversed(changed().items()))
    assert read_design(backwards).canonical() == read_design(FILE).canonical()
    assert " " not in read_design(FILE).canonical()[:40]
    assert isinstance(read_design(backwards), Design)
