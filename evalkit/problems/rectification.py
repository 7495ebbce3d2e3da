"""Problems: the list and what became of each, on any day: table, four lists, overdue, counts, sentences of the completion report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.design.rectifying import STANDING
from evalkit.errors import LedgerError, one_of
from evalkit.figures import official_date, percent
from evalkit.problems.deadlines import iso_day
from evalkit.problems.steps import CLOSE, STATES, Step, deadline_of, signed, state
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.design.rectifying import Taxonomy
    from evalkit.problems.entry import Problem

ENOUGH = 30  # problems below which no percentage is written
WHOLE = "合计"
COLUMNS = (
    "number", "level", "place", "household", "group", "code", "text", "sources", "found", "lead", "units", "measure", "deadline",
    "extended", "status", "progress", "plan", "signed", "closed", "evidence", "seal", "recurs",
)  # fmt: skip
BY = {"group": "组别", "level": "级", "place": "地点", "lead": "牵头部门", "unit": "责任单位", "source": "来源"}
LISTS = {
    "问题清单": {
        "number": "问题编号", "level": "级", "place": "地点", "household": "户编号", "group": "组别", "code": "问题代码", "text": "问题",
        "sources": "来源", "found": "发现日期",
    },
    "责任清单": {"number": "问题编号", "text": "问题", "lead": "牵头部门", "units": "责任单位"},
    "整改清单": {
        "number": "问题编号", "text": "问题", "measure": "整改措施", "progress": "整改情况", "plan": "下步打算", "status": "状态",
    },
    "整改时限清单": {
        "number": "问题编号", "text": "问题", "found": "发现日期", "deadline": "整改时限", "extended": "原时限", "status": "状态",
        "closed": "销号日期",
    },
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Problems(Shown):
    """A list of problems, and the steps of each where it was read from the ledger.

    Attributes
    ----------
    problems : tuple of Problem
    taxonomy : Taxonomy or None
    merge : tuple of str
        What made two rows one problem; empty where the list was read from the ledger.
    steps : mapping of number to tuple of Step
    """

    problems: tuple[Problem, ...]
    taxonomy: Taxonomy | None = None
    merge: tuple[str, ...] = ()
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict, repr=False)

    def find(self, number: str) -> Problem | None:
        """Return the problem of that number, or None."""
        return next((problem for problem in self.problems if problem.number == number), None)

    def closed(self, number: str) -> str:
        """Return the day on which a problem was closed, empty while it is open."""
        return next((step.day for step in self.steps.get(number, ()) if step.step == CLOSE), "")

    def history(self, number: str) -> pd.DataFrame:
        """Return the steps of one problem: entry (number in the ledger), day, who, step, role, text, plan, deadline, evidence, seal.

        Raises
        ------
        LedgerError
            When there is no such problem.
        """
        if self.find(number) is None:
            raise LedgerError(f"{number}｜清单中没有这个问题｜键入 evalkit problems list 列出")
        names = ["entry", "day", "who", "step", "role", "text", "plan", "deadline", "evidence", "seal"]
        return pd.DataFrame([[getattr(step, name) for name in names] for step in self.steps.get(number, ())], columns=names)

    def table(self, day: str = "") -> pd.DataFrame:
        """Return one row a problem.

        Parameters
        ----------
        day : str
            How it stood at the end of that day: later findings and steps are left out. Empty: all that is known.

        Returns
        -------
        DataFrame
            number, level, place, household, group, code, text, sources (all of them), found, lead, units, measure, deadline (the one
            that holds), extended (the first one, where it was extended), status (待整改, 整改中, 签字中, 已销号), progress, plan, signed
            (role, who, day), closed (day), evidence, seal, recurs (number of a closed problem that has come back as this one).
        """
        until = iso_day(day).isoformat() if day else ""
        rows = [self._row(each, self._until(each.number, until)) for each in self.problems if not until or each.found <= until]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def sources(self) -> pd.DataFrame:
        """Return one row a finding: number, source, reference, found, own (number in that source), text."""
        rows = [(each.number, *source._replace()) for each in self.problems for source in each.sources]
        named = pd.DataFrame(rows, columns=["number", "source", "reference", "found", "text", "own"])
        return named[["number", "source", "reference", "found", "own", "text"]]

    def four_lists(self, day: str = "") -> dict[str, pd.DataFrame]:
        """Return the four lists (四清单) under Chinese headings: 问题清单, 责任清单, 整改清单, 整改时限清单."""
        table = self.table(day)
        return {name: table[list(headings)].rename(columns=headings) for name, headings in LISTS.items()}

    def overdue(self, day: str) -> pd.DataFrame:
        """Return the problems whose deadline lies before a day and that were not closed by then.

        Parameters
        ----------
        day : str
            No default: nothing here reads a clock.

        Returns
        -------
        DataFrame
            number, level, place, household, text, lead, units, deadline, late (days since the deadline), status, plan; the longest first.
        """
        table = self._dated(day)
        late = table[(table["status"] != STATES[3]) & (table["late"] > 0)].sort_values(["late", "number"], ascending=[False, True])
        names = ["number", "level", "place", "household", "text", "lead", "units", "deadline", "late", "status", "plan"]
        return late[names].astype({"late": int}).reset_index(drop=True)

    def progress(self, day: str, *, by: str | Sequence[str] = ()) -> pd.DataFrame:
        """Return how far the list has come on a day, by categories and as a whole.

        Parameters
        ----------
        day : str
        by : str or sequence of str
            ``group``, ``level``, ``place``, ``lead``, ``unit``, ``source``. A problem of several units or sources counts with each.

        Returns
        -------
        DataFrame
            by, category, total, done (closed), undone, overdue, undated (open, without a deadline), share (done of total: NaN where
            there are fewer than 30); last the row 合计.
        """
        table, rows = self._dated(day), list[tuple[Any, ...]]()
        for name in (by,) if isinstance(by, str) else tuple(by):
            word = one_of("by", name, BY, LedgerError, "分法")
            labels = [self._labels(str(number), name) for number in table["number"]]
            for label in dict.fromkeys(label for mine in labels for label in mine):
                rows.append((word, label, *_counts(table[[label in mine for mine in labels]])))
        rows.append((WHOLE, "", *_counts(table)))
        return pd.DataFrame(rows, columns=["by", "category", "total", "done", "undone", "overdue", "undated", "share"])

    def sentences(self, day: str) -> list[str]:
        """Return the sentences of the completion report (整改情况报告): done, undone, next.

        Parameters
        ----------
        day : str
        """
        total, done, undone, overdue, undated, share = _counts(self._dated(day))
        rate = f"，完成率{percent(share)}" if share == share else ""
        told = "".join(f"，其中{word}{count}项" for word, count in (("逾期", overdue), ("未定时限", undated)) if count)
        lines = [f"截至{official_date(day)}，问题清单共{total}项，已销号{done}项{rate}，未完成{undone}项{told}。"]
        table = self.table(day)
        for row in table[table["status"] != STATES[3]].to_dict("records"):
            due = f"整改时限{row['deadline'] or '未定'}，{row['status']}"
            did = f"；{row['progress']}" if row["progress"] else ""
            lines.append(f"未完成：{row['number']} {row['text']}（{due}）{did}；下步打算：{row['plan'] or '没有写'}。")
        return lines

    def _until(self, number: str, day: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps.get(number, ()) if not day or step.day <= day)

    def _row(self, problem: Problem, steps: tuple[Step, ...]) -> tuple[Any, ...]:
        done = [step for step in steps if step.step == "整改"]
        due, close = deadline_of(problem, steps), next((step for step in steps if step.step == CLOSE), None)
        return (
            problem.number, problem.level, problem.place, problem.household,
            self.taxonomy.group_name(problem.code) if self.taxonomy else "", problem.code, problem.text,
            "；".join(dict.fromkeys(f"{each.source} {each.reference}".strip() for each in problem.sources)), problem.found,
            "、".join(problem.lead), "、".join(problem.units), problem.measure, due, problem.deadline if due != problem.deadline else "",
            state(steps), "；".join(step.text for step in done),
            next((step.plan for step in reversed(steps) if step.plan), ""),
            "；".join(f"{step.role} {step.who} {step.day}" for step in signed(steps)), close.day if close else "",
            close.evidence if close else "", close.seal if close else "", problem.recurs,
        )  # fmt: skip

    def _dated(self, day: str) -> pd.DataFrame:
        """Return the table of a day with `late`: days since the deadline, NaN where there is none."""
        table, today = self.table(day), iso_day(day)
        late = [(today - date.fromisoformat(due)).days if due not in ("", STANDING) else np.nan for due in table["deadline"]]
        return table.assign(late=np.asarray(late, float))

    def _labels(self, number: str, by: str) -> tuple[str, ...]:
        problem = self.find(number)
        assert problem is not None  # the numbers are those of the table
        if by == "group":
            return ((self.taxonomy.group_name(problem.code) if self.taxonomy else "") or problem.code,)
        if by in ("lead", "unit"):
            return (problem.lead if by == "lead" else problem.units) or ("（未定）",)
        return _once(each.source for each in problem.sources) if by == "source" else (str(getattr(problem, by)),)

    def _rows_shown(self) -> Rows:
        states = Counter(state(self.steps.get(each.number, ())) for each in self.problems)
        return Rows(("状态", "项"), [(word, str(states[word])) for word in STATES if word in states], 1)

    def __repr__(self) -> str:
        states = [state(self.steps.get(each.number, ())) for each in self.problems]
        told = "，".join(f"{word} {states.count(word)}" for word in STATES if word in states)
        several = sum(len(_once(each.source for each in problem.sources)) > 1 for problem in self.problems)
        more = f"；{several} 项有两个以上来源" if several else ""
        return f"Problems {len(self.problems)} 项{'：' + told if told else ''}{more}"


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _counts(table: pd.DataFrame) -> tuple[int, int, int, int, int, float]:
    total, done = len(table), int((table["status"] == STATES[3]).sum())
    left = table[table["status"] != STATES[3]]
    share = done / total if total >= ENOUGH else np.nan
    return total, done, total - done, int((left["late"] > 0).sum()), int((left["deadline"] == "").sum()), share
