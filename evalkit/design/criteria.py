"""`[criteria]`: the rules by which a household, a village or a county is judged, and the income line."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from evalkit.design.sections import Number, Section, Switch, Texts, Word, Words

HERE = Path(__file__).parent
NATIONAL = "全国"
LEVELS = {"household": "户", "village": "村", "county": "县"}
Level = Literal["household", "village", "county"]


class CriterionRule(Section):
    """`[[criteria.rule]]`: one item; it speaks against the unit when the answer is among `against`, or a number beyond a limit.

    A ``guarantee`` that is spoken against is not met; an ``exclusion`` is then hit. Without words and limits, the words are the
    criteria's `no` (guarantees) and `yes` (exclusions). `when` names the units that the item concerns: of the others no answer is
    asked. `clause` is the text of the standard, for the evidence sheet.
    """

    name: Word
    kind: Literal["guarantee", "exclusion"] = "guarantee"
    level: Level = "household"
    column: str = ""
    against: Texts = ()
    allowed: Texts = ()
    below: Number | None = None
    above: Number | None = None
    at_least: Number | None = None
    when: dict[str, Words] = {}
    clause: str = ""

    @model_validator(mode="after")
    def _words_or_limits(self) -> CriterionRule:
        if self.numeric and (self.against or self.allowed):
            raise ValueError("又写了文字答案，又写了数值界限｜against、allowed 与 below、above、at_least 只写一类")
        if bool(self.against) != bool(self.allowed):
            raise ValueError("against 与 allowed 只写了一个｜写明不利的答案与其余允许的答案")
        both = sorted(set(self.against) & set(self.allowed))
        if both:
            raise ValueError(f"{'、'.join(both)} 既在 against 又在 allowed 中｜只留一处")
        return self

    @property
    def numeric(self) -> bool:
        """Whether the answer is a number."""
        return any(limit is not None for limit in (self.below, self.above, self.at_least))

    @property
    def words(self) -> tuple[str, ...]:
        """The words of an answer, as they are offered: yes before no."""
        return (*self.allowed, *self.against) if self.kind == "guarantee" else (*self.against, *self.allowed)

    @property
    def heading(self) -> str:
        """The column of the answer: `column`, else the name of the item."""
        return self.column or self.name


def income_line(asked: Any) -> Any:
    """Return the income line that a mapping asks for from the table of lines that comes with evalkit.

    Parameters
    ----------
    asked : mapping or number
        ``{series = "工作线", year = 2018, province = "全国"}``; a number stands for itself.

    Raises
    ------
    ValueError
        When the table has no such series, or none for that year and province: a missing year is never filled in.

    Examples
    --------
    >>> income_line({"series": "工作线", "year": 2018}), income_line({"series": "国家统计局", "year": 2016}), income_line(3400)
    (3535, 2952, 3400)
    """
    return asked if not isinstance(asked, dict) else int(line_row(asked)["标准"])


def line_row(asked: dict[str, Any]) -> dict[str, str]:
    """Return the row of the table of lines that is asked for."""
    strange = sorted(set(asked) - {"table", "series", "year", "province"})
    if strange or not {"series", "year"} <= set(asked) or asked.get("table", "evalkit") != "evalkit":
        raise ValueError("标准线写法不合｜写 line = { series = \"工作线\", year = 2018, province = \"全国\" }，或直接写数值")
    series, year, province = str(asked["series"]), str(asked["year"]), str(asked.get("province", NATIONAL))
    known = sorted({row["系列"] for row in _lines()})
    if series not in known:
        raise ValueError(f"没有 {series} 这个系列｜可用：{'、'.join(known)}")
    mine = [row for row in _lines() if (row["系列"], row["省份"]) == (series, province)]
    found = next((row for row in mine if row["年份"] == year), None)
    if found is None:
        years = "、".join(row["年份"] for row in mine) or "无"
        told = f"{province}的{series}没有 {year} 年的标准线"
        raise ValueError(f"{told}｜有的年份：{years}；查到有文件依据的数值后写 line = 数值 与 line_source")
    return found


@cache
def _lines() -> tuple[dict[str, str], ...]:
    with (HERE / "lines.csv").open(encoding="utf-8", newline="") as table:
        return tuple(csv.DictReader(table))


@cache
def rule_set(name: str) -> tuple[CriterionRule, ...]:
    """Return a set of rules that comes with evalkit.

    Raises
    ------
    ValueError
        When there is none of that name.

    Examples
    --------
    >>> [rule.name for rule in rule_set("陕西户5条")]
    ['有安全住房', '无义务教育阶段辍学学生', '参加新农合和大病保险', '有安全饮水']
    """
    path = HERE / "rules" / f"{name}.toml"
    known = sorted(each.stem for each in (HERE / "rules").glob("*.toml"))
    if name not in known:
        raise ValueError(f"没有 {name} 这套规则｜可用：{'、'.join(known)}")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(CriterionRule(**{"level": data.get("level", "household"), **rule}) for rule in data["rule"])


class Criteria(Section):
    """`[criteria]`: a household falls short when its income is below `line` or a guarantee fails.

    `exclusions` are the facts that bar a household from the registry; `affected` names a column with
    the number of affected persons where it is not the whole household. `missing` says what a completed
    interview without a needed answer is: a fault (``fail``), or one that meets the standard and hits no
    exclusion (``met``), counted and listed.

    `rule` and `sets` add items beyond yes-or-no columns: words, limits, items of villages and of the county. `omitted` names a
    column with the number of members left out of a registered household (漏评 within the household). With `overstay`, a
    registered household that meets everything is a 漏退. `names` calls the findings otherwise (该进未进, 该退未退).
    """

    income: Word
    line: Annotated[Number, BeforeValidator(income_line), Field(gt=0)]
    line_source: str
    guarantees: Texts = ()
    exclusions: Texts = ()
    sets: Texts = ()
    columns: dict[str, Word] = {}
    rule: tuple[CriterionRule, ...] = ()
    yes: Words = ("是",)
    no: Words = ("否",)
    affected: str = ""
    omitted: str = ""
    overstay: Switch = False
    names: dict[Literal["wrong_exit", "missed", "misidentified", "overstayed"], Word] = {}
    missing: Literal["fail", "met"] = "fail"
    exited: Texts = ("脱贫户",)
    registered: Texts = ("未脱贫户",)
    outside: Texts = ("非建档立卡户",)

    @model_validator(mode="before")
    @classmethod
    def _source_of_the_line(cls, data: Any) -> Any:
        """Take the source of a line from the table that the line is from."""
        if isinstance(data, dict) and isinstance(data.get("line"), dict) and not data.get("line_source"):
            try:
                row = line_row(data["line"])
            except ValueError:
                return {**data, "line_source": "缺"}  # the line has a fault of its own
            return {**data, "line_source": f"{row['年份']}年{row['系列']}（{row['省份']}）：{row['依据']}"}
        return data

    @model_validator(mode="after")
    def _rules_fit(self) -> Criteria:
        keys = [(rule.level, rule.name) for level in get_args(Level) for rule in self.rules(level)]
        plain = [("household", name) for name in (*self.guarantees, *self.exclusions)]  # the checks of headings tell of these
        twice = sorted({name for level, name in keys if keys.count((level, name)) > max(1, plain.count((level, name)))})
        names = [name for _, name in keys]
        if twice:
            raise ValueError(f"{'、'.join(twice)} 写了两次｜每项只在 guarantees、exclusions、sets、rule 中写一处")
        if not any(rule.kind == "guarantee" for rule in self.rules()):
            raise ValueError("没有一项保障｜写 guarantees = [ … ]，或 sets、[[criteria.rule]]")
        strange = sorted(set(self.columns) - set(names))
        if strange:
            raise ValueError(f"columns 中的 {'、'.join(strange)} 不是规则的名称｜可用：{'、'.join(names)}")
        return self

    def rules(self, level: Level = "household") -> tuple[CriterionRule, ...]:
        """Return every item of one level with its words filled in: guarantees, exclusions, those of the sets, then the rules."""
        plain = [CriterionRule(name=name) for name in self.guarantees]
        plain += [CriterionRule(name=name, kind="exclusion") for name in self.exclusions]
        named = [rule for name in self.sets for rule in rule_set(name)]
        return tuple(self._worded(rule) for rule in (*plain, *named, *self.rule) if rule.level == level)

    def _worded(self, rule: CriterionRule) -> CriterionRule:
        told = {"column": self.columns.get(rule.name, rule.heading)}
        if rule.numeric or rule.against:
            return rule.model_copy(update=told)
        words = (self.no, self.yes) if rule.kind == "guarantee" else (self.yes, self.no)
        return rule.model_copy(update=told | {"against": words[0], "allowed": words[1]})

    def headings(self) -> tuple[str, ...]:
        """Return every column of the returns that the criteria read."""
        rules = self.rules()
        more = [column for rule in rules for column in rule.when]
        found = (self.income, *(rule.heading for rule in rules), *more, self.affected, self.omitted)
        return tuple(dict.fromkeys(heading for heading in found if heading))


class CaseRules(Section):
    """`[cases]`: what the log of cases leaves open. Nothing here has a default that decides: each is asked for when it matters.

    `appealed`: a case under appeal counts as it was decided before (``decided``) or is suspected again (``pending``). `late`: evidence
    after its deadline is not admitted (``refuse``), is admitted with a reason (``accept``), or goes up with the file (``refer``).
    `signatures` are the levels that sign an evidence sheet, lowest first.
    """

    appealed: Literal["", "decided", "pending"] = ""
    late: Literal["", "refuse", "accept", "refer"] = ""
    signatures: Words = ("调查组", "县组", "总控组")
