"""`[problems]`: what a list of problems and its rectification rest on, and the taxonomies that a file may declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from evalkit.design.agreement import Disagreement
from evalkit.design.sections import Number, Section, Switch, Texts, Word, Words
from evalkit.errors import Fault

STANDING = "长期坚持"  # a deadline that is never over


def _iso(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text} 不是日期｜写如 \"2018-06-10\"") from None


def _due(text: str) -> str:
    return text if text == STANDING else _iso(text)


Day = Annotated[str, AfterValidator(_iso)]
Due = Annotated[str, AfterValidator(_due)]
Key = Literal["level", "place", "household", "code", "text"]


class WorkStage(Section):
    """One stage of a rectification: from `begin` to `end`, or so many `days` after the problems were fed back."""

    name: Word
    begin: Day | None = None
    end: Day | None = None
    days: Annotated[int, Field(gt=0, le=3660, strict=True)] | None = None
    task: str = ""

    @model_validator(mode="after")
    def _one_end(self) -> WorkStage:
        if (self.end is None) == (self.days is None):
            raise ValueError("end 与 days 必须且只能写一个｜写截止日期，或反馈后的天数")
        if self.begin and self.end and self.end < self.begin:
            raise ValueError(f"end（{self.end}）早于 begin（{self.begin}）｜改正日期")
        return self


class ProblemRules(Section):
    """`[problems]`: the taxonomy, the stages, the chain of signatures and the calendar of the rectification.

    Nothing here has a default that decides: `merge` (what makes two rows one problem), `chain`, `counting` and `gates` are asked for
    when they matter. `stage` stands instead of the stages of the taxonomy's file.
    """

    taxonomy: str = ""
    merge: tuple[Key, ...] = ()
    chain: Texts = ()
    counting: Literal["", "calendar", "working"] = ""
    holidays: tuple[Day, ...] | None = None
    workdays: tuple[Day, ...] = ()
    gates: Switch | None = None
    stage: tuple[WorkStage, ...] = ()


class Group(Section):
    """A group of problems."""

    code: Word
    name: Word


class Statement(Section):
    """What a list says of how common a problem is: a relation, a value in (0, 1), and the unit that is counted."""

    code: Word
    text: Word
    relation: Literal[">", "≥", "≈", "="]
    value: Number = Field(gt=0, lt=1)
    unit: Word


class ProblemKind(Section):
    """One problem of a taxonomy; its group, and what the document says of how common it is."""

    code: Word
    group: Word
    name: Word
    statement: tuple[Statement, ...] = ()


class Charge(Section):
    """Who leads, who is responsible, and until when; `problems` where the entry answers only some of those of its measure."""

    lead: Words
    units: Words
    deadline: Due
    text: str = ""
    problems: Texts = ()


class Milestone(Section):
    """A date within a measure, before its deadline."""

    day: Day
    text: Word


class Measure(Section):
    """A measure of rectification: the problems it answers (none: it is general), entries of lead and deadline, milestones."""

    code: Word
    name: Word
    problems: Texts
    entry: Annotated[tuple[Charge, ...], Field(min_length=1)]
    milestone: tuple[Milestone, ...] = ()


class Taxonomy(Section):
    """Problems by group, the measures that answer them, and the stages of the work: a file by itself.

    Examples
    --------
    >>> from evalkit.problems import read_taxonomy
    >>> read_taxonomy("designs/taxonomies/longchuan_2018.toml")
    问题分类 陇川县2018年整改方案：6 组 19 个问题，12 条措施 13 项责任与时限
    """

    format: Literal[1]
    title: Word
    source: Word
    note: str = ""
    chain: Texts = ()
    group: Annotated[tuple[Group, ...], Field(min_length=1)]
    problem: Annotated[tuple[ProblemKind, ...], Field(min_length=1)]
    measure: tuple[Measure, ...] = ()
    stage: tuple[WorkStage, ...] = ()

    @model_validator(mode="after")
    def _agree(self) -> Taxonomy:
        faults = [*self._repeated(), *self._unknown()]
        if faults:
            raise Disagreement(faults)
        return self

    def _repeated(self) -> Iterator[Fault]:
        parts: dict[str, Iterable[Group | ProblemKind | Measure | Statement]] = {
            "group": self.group, "problem": self.problem, "measure": self.measure,
            "problem.statement": [said for kind in self.problem for said in kind.statement],
        }  # fmt: skip
        for part, entries in parts.items():
            counts = Counter(entry.code for entry in entries)
            yield from (Fault(None, part, code, f"代码写了 {n} 次", "每个代码只写一次") for code, n in counts.items() if n > 1)

    def _unknown(self) -> Iterator[Fault]:
        groups, codes = {group.code for group in self.group}, {kind.code for kind in self.problem}
        for at, kind in enumerate(self.problem, 1):
            if kind.group not in groups:
                yield Fault(None, f"problem[{at}].group", kind.group, "没有这一组", f"改为：{'、'.join(sorted(groups))}")
        for at, measure in enumerate(self.measure, 1):
            for code in (*measure.problems, *(code for each in measure.entry for code in each.problems)):
                if code not in codes:
                    yield Fault(None, f"measure[{at}].problems", code, "没有这个问题代码", "改为 [[problem]] 中写了的代码")

    def kind(self, code: str) -> ProblemKind | None:
        """Return the problem of that code, or None."""
        return next((kind for kind in self.problem if kind.code == code), None)

    def group_name(self, code: str) -> str:
        """Return the name of the group that a problem stands in, empty for a code that there is not."""
        kind = self.kind(code)
        return "" if kind is None else next(group.name for group in self.group if group.code == kind.group)

    def answers(self, code: str) -> tuple[tuple[Measure, Charge], ...]:
        """Return the measures that answer a problem, each with the entry of lead and deadline."""
        return tuple(
            (measure, each)
            for measure in self.measure
            for each in measure.entry
            if code in measure.problems and (not each.problems or code in each.problems)
        )

    @property
    def charges(self) -> int:
        """How many entries of lead and deadline there are."""
        return sum(len(measure.entry) for measure in self.measure)

    def __repr__(self) -> str:
        told = f"，{len(self.measure)} 条措施 {self.charges} 项责任与时限" if self.measure else ""
        return f"问题分类 {self.title}：{len(self.group)} 组 {len(self.problem)} 个问题{told}"

    __str__ = __repr__
