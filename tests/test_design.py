"""A design file with several faults tells all of them at once, by path; the hash covers what decides a draw."""

from __future__ import annotations

import copy
import datetime
import random
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
    assert sum(design.stages[1].n.values()) == 60
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
    (put("report", "name", to="../外面"), "report.name：../外面｜写法不合｜不用"),
    (put("report", "name", to="甲:乙"), "report.name：甲:乙｜写法不合｜不用"),
    (put("rate", -1, "rule", to="single"), "rate[5]｜rule = \"single\" 只用 1 个题目，现有 4 个"),
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
    (put("frame", "columns", 1, to=2), "frame.columns[2]：2｜应为文字｜给值加上引号"),
    (put("returns", "dispositions", "完成", to="done"), "returns.dispositions.完成：done｜不在允许的取值中｜改为：'complete'、"),
    (put("format", to="2"), "format：2｜不在允许的取值中｜改为：1"),
    (put("抽样", to={}), "抽样｜没有这个键"),
    (cut("rosters"), "rosters｜缺少这一节：抽户需要名册列名｜写 [rosters]"),
    (cut("returns"), "returns｜缺少这一节"),
    (cut("criteria"), "criteria｜缺少这一节"),
    # a legal rate that would always be 0
    (put("criteria", "exited", to=["已脱贫户", "脱贫户"]), "criteria.exited：已脱贫户｜没有这个户类型｜可用：脱贫户、"),
    (put("criteria", "registered", to=["未脱贫", "未脱贫户"]), "criteria.registered：未脱贫｜没有这个户类型"),
    (put("criteria", "outside", to=["一般户", "非建档立卡户"]), "criteria.outside：一般户｜没有这个户类型"),
    (put("rate", 0, "population", to=["脱贫户", "脱贫"]), "rate[1].population：脱贫｜没有这个户类型"),
    (put("rate", 4, "population", to=["全部"]), "rate[5].population：全部｜没有这个户类型"),
    (put("reserves", "n", "富户", to=1), "reserves.n：富户｜没有这个户类型"),
    (put("rosters", "strata", to={"已脱贫": "脱贫"}), "rosters.strata：脱贫｜没有这个户类型"),
    (put("rate", 0, "population", to=["未脱贫户"]), "rate[1].population：未脱贫户｜与 criteria.exited 没有共同的户类型"),
    (put("rate", 1, "population", to=["未脱贫户"]), "rate[2].population：未脱贫户｜与 criteria.outside 没有共同"),
    (put("rate", 2, "population", to=["脱贫户"]), "rate[3].population：脱贫户｜与 criteria.registered 没有共同"),
    (put("criteria", "exited", to=[]), "rate[1].population：脱贫户｜与 criteria.exited 没有共同的户类型，这个指标恒为 0"),
    (put("rate", 3, "missed", to="错退率"), "rate[4].missed：错退率｜这个指标的 finding 是 wrong_exit｜写 finding = \"missed\""),
    (put("rate", 3, "wrong_exit", to=[]), "rate[4].wrong_exit｜应为文字"),
    (put("rate", 0, "population", to=[]), "rate[1].population｜太少｜至少 1 个"),
    (put("rate", 4, "items", to=[]), "rate[5].items｜太少"),
    (put("rate", 4, "approve", to=[]), "rate[5].approve｜太少"),
    (put("rate", 4, "dont_know", to=["没听说"]), "rate[5]｜dont_know 中的 没听说 不在 scale 中"),
    (put("rate", 4, "dont_know", to=["认可"]), "rate[5]｜dont_know 中的 认可 不在 scale 中，或又在 approve 中"),
    (put("returns", "dispositions", to={"完成": "refusal"}), "returns.dispositions｜没有表示完成的词｜写 \"完成\" = \"complete\""),
    (put("returns", "statuses", to={"疑似": "suspected"}), "returns.statuses｜没有表示认定的词"),
    (cut("returns", "statuses"), "returns.statuses｜没有表示认定的词"),
    (put("rosters", "stratum", to="人数"), "rosters：人数｜同一列名写了两处"),
    (put("returns", "status", to="调查结果"), "returns：调查结果｜同一列名写了两处"),
    (put("rosters", "village", to=" "), "rosters.village｜不能为空白"),
    (put("criteria", "exclusions", to=["吃不愁"]), "criteria：吃不愁｜同一列名写了两处"),
    (put("criteria", "no", to=["是"]), "criteria：是｜既在 yes 又在 no 中"),
    (cut("stage", 1, "shortfall"), "stage[2].shortfall｜缺少这一项：不足配额时如何办，没有默认"),
    # numbers and switches
    (put("criteria", "line", to=float("inf")), "criteria.line：inf｜不是有限的数值"),
    (put("criteria", "line", to=float("nan")), "criteria.line：nan｜不是有限的数值"),
    (put("criteria", "line", to=True), "criteria.line：True｜应为数值"),
    (put("criteria", "line", to="3535"), "criteria.line：3535｜应为数值"),
    (put("gate", 0, "threshold", to=0), "gate[1].threshold：0｜数值太小｜应大于 0"),
    (put("gate", 0, "threshold", to=1), "gate[1].threshold：1｜数值太大｜应小于 1"),
    (put("gate", 0, "threshold", to="0.02"), "gate[1].threshold：0.02｜应为数值"),
    (put("gate", 0, "threshold", to=True), "gate[1].threshold：True｜应为数值"),
    (put("gate", 0, "strict", to=1), "gate[1].strict：1｜应为 true 或 false"),
    (put("gate", 0, "strict", to="true"), "gate[1].strict：true｜应为 true 或 false"),
    (put("report", "code_names", to="no"), "report.code_names：no｜应为 true 或 false"),
    (put("evaluation", "icc", to="0.05"), "evaluation.icc：0.05｜应为数值"),
    (put("evaluation", "year", to="2018"), "evaluation.year：2018｜应为整数"),
    (put("stage", 0, "n", to=True), "stage[1].n：True｜应为正整数"),
    (put("stage", 0, "n", to="2"), "stage[1].n：2｜应为正整数"),
    (put("stage", 1, "n", "脱贫户", to=True), "stage[2].n.脱贫户：True｜应为整数"),
    (put("stage", 0, "n", to=10**5000), "stage[1].n｜整数太长"),
    (put("stage", 0, "n", to=10**12), "stage[1].n：1000000000000｜数值太大"),
    (put("frame", "note", to=[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]), "frame｜括号嵌套过深"),
    (put("evaluation", "alpha", to=10**5000), "evaluation.alpha｜整数太长"),
    (put("report", "title", to="\ud800"), "report.title"),
    (put("report", "date", to=datetime.date(2018, 12, 10)), "report.date｜应为文字｜给值加上引号"),
]


# what may stay as it is
SOUND = [
    put("stage", 0, "n", to=3),
    put("stage", 0, "shortfall", to="take-all"),
    put("criteria", "line", to=3535.5),
    put("rosters", "strata", to={"已脱贫": "脱贫户"}),
    put("returns", "statuses", to={"终定": "final"}),
    put("criteria", "exited", to=[" 脱贫户 "]),
]


@pytest.mark.parametrize("change", SOUND)
def test_what_the_checks_leave_alone(change: Callable[[dict[str, Any]], None]) -> None:
    assert read_design(changed(change)).simulated


def test_a_default_word_that_no_rate_reads_is_no_fault() -> None:
    """A county without 未脱贫户 need not say so in `criteria`."""
    two = {"脱贫户": 30, "非建档立卡户": 30}
    fewer = (put("stage", 1, "n", to=two), put("reserves", "n", to=5), cut("rate", 2), cut("planning", "rates", "错评率"))
    assert read_design(changed(*fewer))


def test_where_n_is_one_number_the_words_of_the_rosters_count() -> None:
    one = (put("stage", 1, "n", to=20), put("stage", 1, "shortfall", to="take-all"), put("reserves", to={"n": 2}))
    assert read_design(changed(*one))
    told = faults(*one, put("rosters", "strata", to={"1": "脱贫户", "2": "未脱贫户"}))
    assert told[0].startswith("rate[2].population：非建档立卡户｜没有这个户类型")


def test_a_fault_seen_only_after_stripping_is_told() -> None:
    told = faults(put("gate", 0, "rate", to=" 没有 "), put("gate", 1, "rate", to=" 错退率 "))
    assert len(told) == 1 and told[0].startswith("gate[1].rate：没有｜没有这个指标")


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
        assert "处错误" in str(refused) or section == "format"  # that one is told first and alone


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


@pytest.mark.parametrize("path", [None, 5, [], ".", "/", "a\0b"])
def test_what_is_no_file_is_told(path: Any) -> None:
    with pytest.raises(DesignError, match="路径"):
        read_design(path)


@pytest.mark.parametrize(
    "text",
    [f"a = {'[' * 100_000}", f"a = {'9' * 5000}", f"format = 0x{'f' * 9000}", "a = 1e99999", "format = true", "a = 0000-00-00"],
    ids=lambda text: text[:14],
)
def test_files_that_no_parser_likes(tmp_path: Path, text: str) -> None:
    (tmp_path / "设计.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DesignError) as refused:
        read_design(tmp_path / "设计.toml")
    assert "Input" not in str(refused.value) and len(str(refused.value)) < 2000


VALUES: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", [], [1], [[]], {}, {"a": 1}, float("nan"), float("inf"), 10**30, 10**5000, "\ud800", b"x",
]  # fmt: skip


def _places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path] * bool(path) + [place for key, value in inner for place in _places(value, (*path, key))]


@pytest.mark.parametrize("seed", range(4))
def test_changed_designs_read_or_are_refused(seed: int) -> None:
    """Put wrong things, one to three at a time, in many places: only DesignError comes out, in Chinese."""
    dice, places = random.Random(seed), _places(DATA)
    for _ in range(60):
        changes = [put(*dice.choice(places), to=dice.choice(VALUES)) for _ in range(dice.choice((1, 1, 2, 3)))]
        try:
            data = changed(*changes)
        except (LookupError, TypeError):
            continue  # the second change stood inside the first
        try:
            assert len(read_design(data).hash) == 64
        except DesignError as refused:
            assert not any(english in str(refused) for english in ("Input", "should", "valid", "Error")), str(refused)


@pytest.mark.parametrize("seed", range(2))
def test_changed_bytes_read_or_are_refused(tmp_path: Path, seed: int) -> None:
    dice, data, file = random.Random(seed), FILE.read_bytes(), tmp_path / "a.toml"
    for _ in range(40):
        spoilt = bytearray(data)
        spoilt[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        file.write_bytes(bytes(spoilt))
        try:
            assert len(read_design(file).hash) == 64
        except DesignError as refused:
            assert "Input" not in str(refused)


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
