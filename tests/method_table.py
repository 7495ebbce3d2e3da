"""The table of all ways, each with its source and its tests: ``python -m tests.method_table`` renews docs/method_table.md.

The ways and their words are read from the tables of the code, the tests from the text of the tests; sources stand in
`tests.method_sources`, those of functions in their docstrings.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import evalkit
from tests import architecture_rules as law
from tests import pages
from tests.method_sources import SOURCES
from tests.test_docs import NAMES

PAGE = law.ROOT / "docs" / "method_table.md"
HEAD = """# 方法一览

本页由 `python -m tests.method_table` 依代码中的方法表、各函数的说明与测试写成，勿手改。第一部分是可以按名字选用的方法：写错名字时，
报错会列出同一张表。第二部分是其余有出处的函数。公式见 [methods.md](methods.md)，出处的全名见该页与各函数的说明。“依定义”表示不需要出处。
测试一列是写到这个名字的测试文件（在 `tests/`）或由测试照样运行的网页（在 `docs/`）；（全表）表示该文件对整张表逐个试。
各函数说明中的例子另由 pytest 运行；与其他软件的数对照，见 [validation.md](validation.md)。
"""


@dataclass(frozen=True)
class Ways:
    """A table of the code: where it stands, what chooses from it, and the tests that try it."""

    key: str
    title: str
    module: str
    name: str
    asked: str
    tests: str

    def table(self) -> Mapping[str, Any]:
        """Return the table itself."""
        return dict(getattr(importlib.import_module(f"evalkit.{self.module}"), self.name))


TABLES = (
    Ways("selection", "抽样方法", "selection", "METHODS", "`[[stage]] method`", r"selection|unequal|sample|draws|rounds|stages|quotas"),
    Ways("allocation", "样本分配", "allocation", "METHODS", "`[stage.allocation] rule`", r"allocation|quotas|design|plans"),
    Ways("distances", "校准的距离", "calibration.distances", "METHODS", "`ev.Calibrate(distance=)`", r"calibration|weighting|weights"),
    Ways("trimming", "截尾的余额", "calibration.trimming", "RULES", "`ev.Trim(rule=)`", r"trimming|weights|steps"),
    Ways("caps", "截尾的上限", "calibration.trimming", "CAPS", "`ev.calibration.cap`", r"trimming|weights|steps"),
    Ways("replication", "重复权数", "replication.methods", "METHODS", "`survey.replicate(method)`", r"replicat"),
    Ways("singleton", "只有一个单位的层", "variances.totals", "SINGLETON_RULES", "`singleton=`", r"variances|survey|replicat|stages"),
    Ways("squares", "不等概率的方差（只用样本）", "variances.unequal.squares", "RULES", "`ev.PPS(name)`", r"unequal|variances"),
    Ways("pairs", "不等概率的方差（成对概率）", "variances.unequal.pairs", "FORMS", "`ev.PPS(name)`", r"unequal|variances|inclusion"),
    Ways("population", "不等概率的方差（全部 π）", "variances.unequal.population", "POPULATION_RULES", "`approximate`", r"unequal"),
    Ways("true", "真方差的近似", "variances.unequal.population", "TRUE_METHODS", "`true_variance`", r"unequal"),
    Ways("intervals", "比例的区间", "intervals.methods", "METHODS", "`estimate.interval(method=)`", r"interval|rates|verdict"),
    Ways("others", "其他量的区间", "estimates.limits", "OTHERS", "`estimate.interval(method=)`", r"interval|estimates|combine|rate"),
    Ways("joint", "几个区间同时成立", "intervals.combining", "JOINT", "`estimate.interval(joint=)`", r"interval|combine"),
    Ways("quantile rules", "分位数", "quantiles.rules", "RULES", "`ev.quantile(rule=)`", r"quantile"),
    Ways("quantile intervals", "分位数的区间", "estimates.distribution", "INTERVALS", "`ev.quantile(interval=)`", r"quantile|estimates"),
    Ways("densities", "密度", "quantiles.densities", "DENSITIES", "`ev.quantiles.density(rule=)`", r"quantile|inequality"),
    Ways("inequality", "不平等", "estimates.poverty", "INDICES", "`ev.disparity(index=)`", r"inequality|estimates"),
    Ways("association", "列联表的检验", "models.association", "METHODS", "`ev.independence(method=)`", r"models"),
    Ways("chisquares", "χ² 之和的尾概率", "chisquares", "METHODS", "检验与 `ev.wald` 所用", r"chisquares|models"),
    Ways("families", "回归", "models.fitting", "FAMILIES", "`ev.glm(family=)`", r"models"),
    Ways("rank scores", "秩检验", "models.comparison", "SCORES", "`ev.ranktest(score=)`", r"models"),
    Ways("small areas", "小域", "smallareas.methods", "METHODS", "`ev.smallareas.fay_herriot(method=)`", r"smallareas|areas"),
    Ways("agreement", "两次编码的一致", "reliability.codings", "MEASURES", "`ev.agreement`", r"quality_codings|quality|reliability"),
    Ways("looks", "分两次看", "acceptance.looks", "METHODS", "`ev.acceptance.two_looks`", r"acceptance"),
    Ways("programmes", "多县名单的校正", "verdict.programmes", "METHODS", "`ev.violators(method=)`", r"verdict"),
    Ways("ranking", "名次的同时区间", "ranking", "METHODS", "`ev.ranking.rank_sets(method=)`", r"ranking"),
    Ways("scoring", "计分规则", "scoring", "METHODS", "`[[indicator]] rule`", r"indicators|systems|criteria|satisfaction"),
    Ways("approval", "认可的合成", "satisfaction.approving", "RULES", "`[[rate]] rule`", r"satisfaction|rate|systems"),
    Ways("balance", "标准化差", "nonresponse.representativity", "SCALES", "`ev.nonresponse`", r"nonresponse|weight"),
)
SURNAME = r"(?:de |van )?[A-Z][\w’'-]*[a-zéüöåä][\w’'-]*"
CITED = re.compile(rf"{SURNAME}(?:(?:, | & ){SURNAME})*,? \(?(?:19|20)\d\d\b(?!-)")  # surnames and a year
CITED_FORMULA = re.compile(r"[Ff]ormulas?\s[^.]*?of\sdocs/methods\.md")
NO_NAME = re.compile(r"^(?:R|In|The|See|Table|Section|Sichuan|From|With|Of|At|After|Since|NCHS|Numbers|AAPOR) ")


def page() -> str:
    """Return docs/method_table.md as it should read."""
    first = ["## 一、按名字选用的方法\n", *(_ways(ways) for ways in TABLES)]
    return "\n".join([HEAD, *first, "## 二、其余有出处的函数\n", _functions(), "## 三、公式与代码\n", _formulas()])


def _ways(ways: Ways) -> str:
    known, sources, files = ways.table(), SOURCES[ways.key], tried_in(ways)
    rows = [
        [f"`{name}`", words(way), sources.get(name, ""), "、".join(files[name])]
        for name, way in known.items()
    ]
    return f"### {ways.title}\n\n{ways.asked}；代码 `evalkit.{ways.module}`。\n\n{_table(['名', '做什么', '出处', '测试'], rows)}"


def words(way: Any) -> str:
    """Return what a way says of itself."""
    if isinstance(way, str):
        return way
    title = getattr(way, "title", None)
    told = getattr(way, "text", None) or title
    criterion = getattr(way, "criterion", "")
    told = getattr(told, "zh", told)
    return f"{told}：{criterion}" if criterion else str(told)


def tried_in(ways: Ways) -> dict[str, list[str]]:
    """Return the tests that write each name of a table, of those that look at its files."""
    whole = re.compile(rf"\b{ways.name}\b")
    found: dict[str, list[str]] = {name: [] for name in ways.table()}
    for file, text, told in files_of_tests():
        if not re.search(ways.tests, file):
            continue
        of_table = bool(whole.search(text)) and ways.module.split(".")[0] in text
        for name, files in found.items():
            if name in told:
                files.append(f"`{file}`")
            elif of_table:
                files.append(f"`{file}`（全表）")
    return found


@cache
def files_of_tests() -> list[tuple[str, str, frozenset[str]]]:
    """Return each file of tests, and each page that tests run, with its text and the strings in it."""
    made = []
    for path in sorted((law.ROOT / "tests").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        made.append((path.stem, text, strings(ast.parse(text)))) if not path.stem.startswith("test_docs_") else None
    for name in NAMES:
        text = "\n".join(pages.blocks((law.ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")))
        made.append((f"{name}.md", text, strings(ast.parse(text))))
    return made


def strings(tree: ast.AST) -> frozenset[str]:
    """Return the strings of a file, and its keywords with hyphens, as tables of cases write them."""
    nodes = list(ast.walk(tree))
    told = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    keywords = {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
    return frozenset(told | {name.replace("_", "-") for name in keywords if "_" in name})


def _functions() -> str:
    rows = []
    for name, thing in _documented():
        cited = citations(inspect.getdoc(thing) or "")
        if cited:
            last = name.rpartition(".")[2]
            files = [f"`{file}`" for file, text, _ in files_of_tests() if re.search(rf"(?<![\w]){last}\b(?!\s*=[^=])", text)]
            rows.append([f"`{name}`", "；".join(cited), "、".join(files[:4]) + ("……" if len(files) > 4 else "")])
    return _table(["函数", "出处", "测试"], rows)


def formulas() -> list[int]:
    """Return the numbers of the formulas of docs/methods.md."""
    return [int(each) for each in re.findall(r"\\tag\{(\d+)\}", (law.ROOT / "docs" / "methods.md").read_text(encoding="utf-8"))]


def citing() -> dict[int, list[str]]:
    """Return the files of the code that cite each formula."""
    found: dict[int, list[str]] = {}
    for path in sorted((law.ROOT / "evalkit").rglob("*.py")):
        for cited in CITED_FORMULA.findall(path.read_text(encoding="utf-8")):
            for number in re.findall(r"\((\d+)\)", cited):
                found.setdefault(int(number), []).append(path.relative_to(law.ROOT).as_posix())
    return found


def _formulas() -> str:
    found = citing()
    told = "公式的号码是 [methods.md](methods.md) 的。测试核对：每个公式都有代码引用，引用的都有这个公式。\n\n"
    rows = [[f"（{number}）", "、".join(f"`{path}`" for path in found.get(number, []))] for number in formulas()]
    return told + _table(["公式", "代码"], rows)


def _documented() -> list[tuple[str, Any]]:
    found = {f"ev.{name}": getattr(evalkit, name) for name in evalkit._HOME}
    for spring in evalkit._SPRINGS:
        module = getattr(evalkit, spring)
        own = [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
        found |= {f"ev.{spring}.{name}": getattr(module, name) for name in getattr(module, "__all__", own)}
    return [(name, thing) for name, thing in found.items() if inspect.isfunction(thing) and not name.rpartition(".")[2].startswith("_")]


def citations(text: str) -> list[str]:
    """Return the sources that a docstring names, in order, once each.

    >>> citations("As Deville & Tillé 2004, Biometrika; (Chauvet 2009), and Cronbach (1951).")
    ['Deville & Tillé 2004', 'Chauvet 2009', 'Cronbach 1951']
    """
    flat = re.sub(r"\s+", " ", text)
    found = [re.sub(r"(?:'s)?,? \(?(\d{4})$", r" \1", each).removeprefix("As ") for each in CITED.findall(flat)]
    return list(dict.fromkeys(each for each in found if not NO_NAME.match(each)))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
