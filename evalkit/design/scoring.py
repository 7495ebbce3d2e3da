"""`[indicators]`: a system of indicators as data, a tree with its sources, directions, weights and scoring rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from evalkit.design.sections import Count, Number, Section, Switch, Word
from evalkit.design.staging import Data, entries
from evalkit.errors import Fault
from evalkit.scoring import METHODS

GROUPS = {"sum": "下级得分相加，下级分值之和等于本级分值", "weighted": "下级按比重合成，比重之和为 1"}
UNSCORED = {"record": "只记录，不计分", "open": "未公布：占着分值，不计分"}
RULES = {**{name: method.text for name, method in METHODS.items()}, **UNSCORED}
SAME = 1e-9  # sums of weights written in decimals
NotNegative = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Code = Annotated[str, Field(min_length=1)]


class Indicator(Section):
    """`[[indicators.item]]`: one indicator, or one group of them.

    A group has no value of its own: its `rule` is ``sum`` or ``weighted``, and it is the `parent` of others. A leaf has a value from
    its `source` and a `rule` that makes points of it; `rate` names a rate of the design (`reads` says which of its two values),
    `column` and `statistic` a column of the survey.
    """

    code: Code
    name: Word
    parent: str = ""
    weight: NotNegative = 0.0
    rule: Literal["sum", "weighted", "gate", "threshold", "steps", "cases", "goalposts", "percent", "rank", "record", "open"]
    source: str = ""
    unit: str = ""
    direction: Literal["", "above", "below"] = ""
    strict: Switch | None = None
    target: Number | None = None
    step: Positive | None = None
    per: Positive | None = None
    part: Literal["", "begun", "whole", "linear"] = ""
    floor: Number | None = None
    cap: NotNegative | None = None
    worst: Number | None = None
    best: Number | None = None
    maximum: Positive | None = None
    aggregation: Literal["linear", "geometric"] = "linear"
    rate: str = ""
    reads: Literal["", "unweighted", "weighted"] = ""
    column: str = ""
    statistic: Literal["", "mean", "proportion"] = ""
    office: str = ""
    note: str = ""

    @property
    def group(self) -> bool:
        """Whether it is made of other indicators."""
        return self.rule in GROUPS

    @property
    def scored(self) -> bool:
        """Whether a value of it makes points or decides a gate."""
        return self.rule in METHODS

    def keys(self) -> dict[str, Any]:
        """Return what its scoring rule needs."""
        method = METHODS[self.rule]
        named = {name: getattr(self, name) for name in (*method.needs, *method.may)}
        return {name: value for name, value in named.items() if value not in (None, "")}


class Grades(Section):
    """`[indicators.grades]`: 好, 较好, 一般, 较差 by a stated rule.

    `bands` gives each grade its least score, best first; `quota` gives grades so many units by place, the last takes the rest. `veto`
    is the grade of a unit that fails a gate.
    """

    bands: dict[str, Number] = {}
    quota: dict[str, Count] = {}
    last: str = ""
    veto: str = ""
    source: Word

    @property
    def names(self) -> tuple[str, ...]:
        """The grades, best first."""
        return tuple(self.bands) if self.bands else (*self.quota, self.last)


class LightRule(Section):
    """`[indicators.lights]`: yellow and red lights by place (``rank``: so many units from below) or by score (``threshold``: below it)."""

    rule: Literal["rank", "threshold"]
    red: NotNegative
    yellow: NotNegative
    source: Word


class Indication(Section):
    """`[[indicators.circumstance.test]]`: the circumstance is indicated where the indicator is not `direction` of the threshold."""

    indicator: Word
    direction: Literal["above", "below"]
    threshold: Number
    strict: Switch


class Circumstance(Section):
    """`[[indicators.circumstance]]`: a circumstance that a reader has to know of; facts from elsewhere are `noted` in a table."""

    code: Word
    text: Word
    test: tuple[Indication, ...] = ()


class System(Section):
    """`[indicators]`: a system of indicators.

    `published` says what of it is published and what is not; `full` are the points of all roots together, 0 where nothing is scored.
    `passed` and `failed` are the words where all gates are met, and where not. `reader` says what is left to whom.
    """

    title: Word
    source: Word
    published: str = ""
    full: NotNegative = 100.0
    grades: Grades | None = None
    lights: LightRule | None = None
    passed: str = ""
    failed: str = ""
    reader: str = ""
    circumstance: tuple[Circumstance, ...] = ()
    item: Annotated[tuple[Indicator, ...], Field(min_length=1)]

    def __getitem__(self, code: str) -> Indicator:
        """Return the indicator of a code."""
        return next(item for item in self.item if item.code == code)

    @property
    def leaves(self) -> tuple[Indicator, ...]:
        """The indicators that have a value."""
        return tuple(item for item in self.item if not item.group and item.rule != "open")

    def children(self, code: str = "") -> tuple[Indicator, ...]:
        """Return the indicators under one, or the roots."""
        return tuple(item for item in self.item if item.parent == code)

    def walk(self, code: str = "", depth: int = 0) -> Iterator[tuple[int, Indicator]]:
        """Yield (depth, indicator) from above, each group before its members."""
        for item in self.children(code):
            yield depth, item
            yield from self.walk(item.code, depth + 1)

    def __repr__(self) -> str:
        gates = sum(item.rule == "gate" for item in self.item)
        return f"指标体系 {self.title}：{len(self.leaves)} 个指标，满分 {self.full:g}，{gates} 道门槛（{self.source}）"

    __str__ = __repr__


def indicator_faults(data: Data) -> Iterator[Fault]:
    """Yield what the parts of `[indicators]` contradict one another in, as they are written.

    Examples
    --------
    >>> tree = {"full": 100, "item": [{"code": "a", "parent": "b", "rule": "sum"}, {"code": "b", "parent": "a", "rule": "sum"}]}
    >>> for fault in indicator_faults({"indicators": tree}):
    ...     print(fault.column, fault.value, fault.rule)
    indicators.item[1].parent a → b → a 上级绕成了圈
    """
    section = data.get("indicators")
    if not isinstance(section, dict):
        return
    section = _worded(section)
    items: Items = {}
    for i, item in entries(section, "item"):
        if isinstance(item.get("code"), str):
            items.setdefault(item["code"], (i, item))
    checks = (_repeated, _parents, _circles, _weights) if not list(_circles(section, items)) else (_repeated, _parents, _circles)
    for check in checks:
        yield from check(section, items)
    for i, item in entries(section, "item"):
        yield from _leaf_faults(f"indicators.item[{i}]", item)
    yield from _grade_faults(section)
    yield from _test_faults(section, items)
    yield from _rate_faults(data, section)


Items = dict[str, tuple[int, Data]]


def _worded(section: Data) -> Data:
    """Return the section with nothing but words where rules, parents and grades are compared; other shapes have a fault of their own."""
    items, grades = section.get("item"), section.get("grades")
    words = ("rule", "parent", "rate")
    whole = items if isinstance(items, list | tuple) else []
    plain = [{k: v for k, v in item.items() if k not in words or isinstance(v, str)} if isinstance(item, dict) else item for item in whole]
    levels = {k: v for k, v in grades.items() if k not in ("bands", "quota") or isinstance(v, dict)} if isinstance(grades, dict) else None
    return {**section, "item": plain, "grades": levels}


def _repeated(section: Data, items: Items) -> Iterator[Fault]:
    for i, item in entries(section, "item"):
        if items.get(str(item.get("code")), (i, item))[0] != i:
            yield Fault(None, f"indicators.item[{i}].code", str(item["code"]), "代码重复", "每个指标一个代码")


def _parents(section: Data, items: Items) -> Iterator[Fault]:
    parents = {str(item.get("parent", "")) for _, item in items.values()}
    for code, (i, item) in items.items():
        path, parent = f"indicators.item[{i}]", str(item.get("parent", ""))
        if parent and parent not in items:
            yield Fault(None, f"{path}.parent", parent, "没有这个上级指标", f"可用：{'、'.join(items)}")
        elif parent and items[parent][1].get("rule") not in GROUPS:
            yield Fault(None, f"{path}.parent", parent, "上级是一个有数值的指标", "上级的 rule 写 sum 或 weighted")
        if item.get("rule") in GROUPS and code not in parents:
            yield Fault(None, f"{path}.rule", code, "没有下级指标", "补上下级，或改写 rule")


def _circles(section: Data, items: Items) -> Iterator[Fault]:
    told: set[str] = set()
    for code in items:
        trail = [code]
        while (parent := str(items[trail[-1]][1].get("parent", ""))) in items and parent not in trail:
            trail.append(parent)
        if parent == code and not told & set(trail):
            told |= set(trail)
            path = f"indicators.item[{items[code][0]}].parent"
            yield Fault(None, path, " → ".join([*trail, code]), "上级绕成了圈", "改正其中一个 parent")


def _weights(section: Data, items: Items) -> Iterator[Fault]:
    for code, (i, item) in [*items.items(), ("", (0, {"rule": "sum", "weight": section.get("full", 100.0)}))]:
        parts = [_number(each.get("weight")) for _, each in items.values() if str(each.get("parent", "")) == code]
        wanted = 1.0 if item.get("rule") == "weighted" else _number(item.get("weight"))
        if parts and item.get("rule") in GROUPS and abs(sum(parts) - wanted) > SAME * max(1.0, wanted):
            named = "比重" if item.get("rule") == "weighted" else "分值"
            where, what = (f"indicators.item[{i}].weight", f"{code} 的下级") if code else ("indicators.full", "一级指标")
            remedy = "改正分值；未公布的写 rule = \"open\" 的一项补足"
            yield Fault(None, where, f"{sum(parts):g}", f"{what}{named}之和应为 {wanted:g}", remedy)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _leaf_faults(path: str, item: Data) -> Iterator[Fault]:
    rule, name = item.get("rule"), str(item.get("code", ""))
    if rule in GROUPS or rule not in RULES:
        return
    if not item.get("source"):
        yield Fault(None, f"{path}.source", name, "指标没有数据来源", "写 source = \"第三方评估\" 等")
    method = METHODS.get(str(rule))
    for key in method.needs if method else ():
        if item.get(key) in (None, ""):
            yield Fault(None, f"{path}.{key}", name, f"计分规则 {rule} 缺少 {key}", f"写 {key} = …；{RULES[str(rule)]}")
    if method and rule != "gate" and not _number(item.get("weight")):
        yield Fault(None, f"{path}.weight", name, "计分的指标没有分值", "写 weight = 满分")
    if rule == "goalposts" and item.get("worst") == item.get("best"):
        yield Fault(None, f"{path}.best", name, "最好与最差相同", "改正其一")
    if item.get("rate") and not item.get("reads"):
        yield Fault(None, f"{path}.reads", name, "没有说明取哪个数", "写 reads = \"unweighted\"（样本比率）或 \"weighted\"（加权估计）")
    if bool(item.get("column")) != bool(item.get("statistic")):
        yield Fault(None, f"{path}.statistic", name, "column 与 statistic 应同时写", "写 statistic = \"mean\" 或 \"proportion\"")


def _grade_faults(section: Data) -> Iterator[Fault]:
    grades = section.get("grades")
    if not isinstance(grades, dict):
        return
    bands, quota = grades.get("bands") or {}, grades.get("quota") or {}
    if bool(bands) == bool(quota):
        yield Fault(None, "indicators.grades", "", "bands（分数线）与 quota（配额）必须且只能写一个", "删去或补上一个")
    levels = [_number(value) for value in bands.values()]
    if levels != sorted(levels, reverse=True) or (levels and levels[-1] > 0):
        yield Fault(None, "indicators.grades.bands", "", "应从好到差，末一等的分数线为 0", "按分数线从高到低写")
    if quota and not grades.get("last"):
        yield Fault(None, "indicators.grades.last", "", "没有说明配额以外的是哪一等", "写 last = \"较差\" 等")
    known = [*bands, *quota, grades.get("last")]
    if grades.get("veto") and grades["veto"] not in known:
        yield Fault(None, "indicators.grades.veto", str(grades["veto"]), "没有这一等", f"可用：{'、'.join(map(str, known))}")


def _test_faults(section: Data, items: Items) -> Iterator[Fault]:
    for i, circumstance in entries(section, "circumstance"):
        for j, test in entries(circumstance, "test"):
            if isinstance(test.get("indicator"), str) and test["indicator"] not in items:
                path = f"indicators.circumstance[{i}].test[{j}].indicator"
                yield Fault(None, path, test["indicator"], "没有这个指标", f"可用：{'、'.join(items)}")


def _rate_faults(data: Data, section: Data) -> Iterator[Fault]:
    if "rate" not in data or (data["rate"] and not any(entries(data, "rate"))):
        return  # a system by itself: its rates are looked for when it is scored; rates of a wrong shape have a fault of their own
    names = [rate.get("name") for _, rate in entries(data, "rate")]
    for i, item in entries(section, "item"):
        if item.get("rate") and item["rate"] not in names:
            remedy = f"可用：{'、'.join(map(str, names))}"
            yield Fault(None, f"indicators.item[{i}].rate", str(item["rate"]), "设计中没有这个指标（[[rate]]）", remedy)
