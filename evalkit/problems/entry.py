"""One problem with everybody who found it, and two findings of the same problem made one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from evalkit.design.rectifying import STANDING
from evalkit.showing import Rows, Shown, pairs


class Source(NamedTuple):
    """Where a problem was found: who found it, under which document, when, in which words, under which number of its own."""

    source: str
    reference: str
    found: str
    text: str
    own: str


@dataclass(frozen=True)
class Problem(Shown):
    """One problem, with everybody who found it.

    Attributes
    ----------
    number, level, place, household, code, text : str
        `level` is 户, 村, 乡 or 县; `household` a code.
    found : str
        The first day on which it was found.
    sources : tuple of Source
    lead, units : tuple of str
    measure : str
    deadline : str
        A day, 长期坚持, or empty while it is not set.
    recurs : str
        Number of a closed problem that has come back as this one.
    """

    number: str
    level: str
    place: str
    household: str
    code: str
    text: str
    found: str
    sources: tuple[Source, ...]
    lead: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    measure: str = ""
    deadline: str = ""
    recurs: str = ""

    def key(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what makes it the same as another."""
        return tuple(re.sub(r"\s+", "", getattr(self, name)) for name in names)

    def __repr__(self) -> str:
        due = self.deadline or "未定"
        return f"Problem {self.number}：{self.level} {self.place}，{self.code}，{self.found} 发现，时限 {due}，{len(self.sources)} 处来源"

    def _rows_shown(self) -> Rows:
        return pairs({
            "编号": self.number, "级": self.level, "地点": self.place, "问题代码": self.code, "发现日期": self.found,
            "整改时限": self.deadline, "牵头部门": self.lead, "责任单位": self.units,
            "来源": [each.source for each in self.sources], "再发": self.recurs,
        })  # fmt: skip  # neither the household nor free text, which may name persons


def merge_fault(problem: Problem, other: Problem) -> tuple[str, str, str, str] | None:
    """Return why two findings of one problem cannot be merged: column, value, rule, remedy."""
    same = {(each.source, each.reference, each.found, each.own) for each in problem.sources}
    if any((each.source, each.reference, each.found, each.own) in same for each in other.sources):
        return "问题编号", other.number, "同一来源的同一编号写了两次", "删去重复的一行"
    for name, word in (("deadline", "整改时限"), ("lead", "牵头部门")):
        mine, its = getattr(problem, name), getattr(other, name)
        if mine and its and mine != its:
            told = "、".join(mine) if isinstance(mine, tuple) else mine
            shown = "、".join(its) if isinstance(its, tuple) else its
            return word, shown, f"与 {problem.number} 是同一个问题，而{word}矛盾（{told}）", "定下一个；各来源都保留"
    found = min(problem.found, other.found)
    deadline = problem.deadline or other.deadline
    if deadline not in ("", STANDING) and deadline < max(problem.found, other.found):
        return "整改时限", deadline, f"早于一个来源的发现日期（{max(problem.found, other.found)}；最早 {found}）", "改正其中一个"
    return None


def merged(problem: Problem, other: Problem) -> Problem:
    """Return one problem of two that are the same: number and words of the first, all sources, what either knows."""
    return replace(
        problem,
        found=min(problem.found, other.found),
        sources=(*problem.sources, *other.sources),
        lead=problem.lead or other.lead,
        units=tuple(dict.fromkeys((*problem.units, *other.units))),
        measure=problem.measure or other.measure,
        deadline=problem.deadline or other.deadline,
    )
