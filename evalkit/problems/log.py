"""The list of problems in the ledger: recorded with all sources, each step with who and when, append-only and chained."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.casework.log import ledger_of
from evalkit.errors import Faults, LedgerError
from evalkit.ledger import Draft, Entry, Ledger
from evalkit.problems.entry import Problem, Source, merge_fault, merged
from evalkit.problems.rectification import Problems
from evalkit.problems.steps import CLOSE, SIGN, Step, deadline_of, step_fault, step_of
from evalkit.sheets import read_named

if TYPE_CHECKING:
    from evalkit.design.rectifying import Taxonomy

PROBLEM = "problem"
HEADINGS = {
    "问题编号": "number", "步骤": "step", "人": "who", "日期": "day", "职务": "role", "情况": "text", "下步打算": "plan",
    "新时限": "deadline", "佐证": "evidence", "佐证指纹": "seal",
}  # fmt: skip
NEEDED = ("问题编号", "步骤", "人", "日期")
PLAIN = ("level", "place", "household", "code", "text", "found", "measure", "deadline", "recurs")


def follow_problems(ledger: Ledger | str | Path, *, taxonomy: Taxonomy | None = None, chain: Sequence[str] = ()) -> Problems:
    """Read the problems of an evaluation and every step of them.

    Parameters
    ----------
    ledger : Ledger or path
        A ledger, its file, or the folder of the evaluation.
    taxonomy : Taxonomy, optional
        For the names of groups.
    chain : sequence of str
        The roles that sign, lowest first; where given, signatures and closes that came in by another way are held against it.

    Raises
    ------
    LedgerError
        When the ledger was edited, or a step in it is out of order.
    """
    book = ledger_of(ledger)
    book.refuse_if_edited()
    return _followed(book.entries(), taxonomy, chain)


def record_problems(ledger: Ledger | str | Path, problems: Problems, *, who: str, day: str) -> int:
    """Enter a list of problems; return how many entries are new.

    A problem that is the same as one of the ledger, by the key of the list, adds its sources to that one. One that was found after
    that one was closed has come back: it is entered under its own number, with the number of the closed one.

    Parameters
    ----------
    who : str
        Code of the person who enters them.
    day : str
        Not before any of the findings.

    Raises
    ------
    LedgerError
        With every problem at fault: a number that stands for another problem, a deadline that contradicts the one in the ledger.
    """
    book = ledger_of(ledger)
    book.refuse_if_edited()
    before = len(book.entries(PROBLEM))
    book.decide("", lambda known: _recorded(_followed(known, None, ()), problems, who, day))
    return len(book.entries(PROBLEM)) - before


def note_problem(
    ledger: Ledger | str | Path, number: str, step: str, *, who: str, day: str, text: str, plan: str = "", deadline: str = ""
) -> None:
    """Note a step of a problem.

    Parameters
    ----------
    step : str
        反馈 (to the unit), 整改 (what was done), 延期 (with its new `deadline`), 退回 (signatures fall, and are given anew).
    text : str
        What was done, or why; codes, never names.
    plan : str
        What is to be done next, for the completion report.
    """
    _taken(ledger, [Step(number, step, who, day, text=text, plan=plan, deadline=deadline)], (), gated=False)


def sign_problem(
    ledger: Ledger | str | Path, number: str, role: str, *, who: str, day: str, chain: Sequence[str], paper: str | Path | None = None
) -> None:
    """Sign a problem off, in the order of the chain.

    Parameters
    ----------
    role : str
        One of `chain`.
    chain : sequence of str
        The roles that sign, lowest first. No default.
    paper : path, optional
        The signed paper; its hash is kept.

    Raises
    ------
    LedgerError
        Out of order, twice, by a person who signed a lower role, or before anything was done.
    """
    seal = _seal(Path(paper)) if paper is not None else ""
    _taken(ledger, [Step(number, SIGN, who, day, role=role, seal=seal)], chain, gated=False)


def close_problem(
    ledger: Ledger | str | Path,
    number: str,
    *,
    who: str,
    day: str,
    evidence: str | Path,
    chain: Sequence[str],
    gates: bool,
    seal: str = "",
    text: str = "",
) -> None:
    """Close one problem (销号): evidence with its hash, and every signature of the chain.

    Parameters
    ----------
    evidence : path
        The file that shows it; hashed and named, never stored.
    gates : bool
        Whether information, indicators and feedback must be complete (三个不放过). No default.
    seal : str
        SHA-256 of evidence that lies elsewhere.

    Raises
    ------
    LedgerError
    """
    told = seal or (_seal(Path(evidence)) if str(evidence).strip() else "")
    _taken(ledger, [Step(number, CLOSE, who, day, text=text, evidence=Path(evidence).name, seal=told)], chain, gated=gates)


def note_problems(
    ledger: Ledger | str | Path,
    steps: pd.DataFrame | str | Path,
    *,
    chain: Sequence[str],
    gates: bool,
    evidence: str | Path | None = None,
) -> int:
    """Take many steps from a table, all or none; return how many are new.

    Parameters
    ----------
    steps : DataFrame or path
        Under 问题编号, 步骤, 人, 日期, and where needed 职务 (签字), 情况, 下步打算, 新时限 (延期), 佐证 and 佐证指纹 (销号).
    evidence : path, optional
        The folder of the files named under 佐证, which are hashed; without it 佐证指纹 must be written.

    Raises
    ------
    LedgerError
        With every row at fault.
    """
    rows = read_named(steps, HEADINGS, NEEDED, "整改步骤表", LedgerError)
    return _taken(ledger, [_row(row, evidence) for row in rows.values()], chain, gated=gates, lines=list(rows))


def _row(cells: Mapping[str, str], folder: str | Path | None) -> Step:
    step = Step(**cells, entry=0)
    if not step.evidence or step.seal or folder is None:
        return step
    path = Path(folder) / step.evidence
    return step._replace(evidence=path.name, seal=_seal(path) if path.is_file() else "")


def _seal(path: Path) -> str:
    if not path.is_file():
        raise LedgerError(f"{path.name}｜没有这个文件｜检查路径；台账只记文件名与指纹")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _taken(
    ledger: Ledger | str | Path, steps: Sequence[Step], chain: Sequence[str], *, gated: bool, lines: Sequence[int] | None = None
) -> int:
    book = ledger_of(ledger)
    book.refuse_if_edited()

    def decision(entries: tuple[Entry, ...]) -> list[Draft]:
        return _drafts(_followed(entries, None, ()), steps, chain, gated, lines)

    return len(book.decide("", decision))


def _drafts(known: Problems, steps: Sequence[Step], chain: Sequence[str], gated: bool, lines: Sequence[int] | None) -> list[Draft]:
    """Return the entries of all steps, or refuse with every one at fault; a step that was taken already is passed over."""
    faults, drafts, now = Faults("整改"), list[Draft](), {number: list(mine) for number, mine in known.steps.items()}
    for at, step in enumerate(steps):
        line = lines[at] if lines else None
        problem = known.find(step.number)
        if problem is None:
            faults.add(line, "问题编号", step.number, "清单中没有这个编号", "键入 evalkit problems list 列出")
            continue
        mine = now.setdefault(step.number, [])
        if any(step.same(each) for each in mine):
            continue
        told = step_fault(problem, mine, step, chain, gated)
        if told:
            rule, remedy = told.split("｜", 1)
            faults.add(line, f"{step.number}，{step.step}", None, rule, remedy)
            continue
        mine.append(step)
        drafts.append(step.draft(chain, gated))
    faults.refuse(LedgerError)
    return drafts


def _recorded(known: Problems, problems: Problems, who: str, day: str) -> list[Draft]:
    faults, drafts, now = Faults("问题清单"), list[Draft](), {each.number: each for each in known.problems}
    keys = {each.key(problems.merge): each.number for each in known.problems}
    for problem in problems.problems:
        if day < max(each.found for each in problem.sources):
            faults.add(None, problem.number, None, f"登记日期 {day} 早于发现日期", "改正日期")
            continue
        same = now.get(keys.get(problem.key(problems.merge), ""))
        closed = known.closed(same.number) if same else ""
        if same is None or (closed and problem.found > closed):
            drafts += _entered(replace(problem, recurs=same.number if same else ""), now, faults, who, day)
            continue
        fresh = _unknown(same, replace(problem, deadline=_agreed(known, same, problem)))
        told = merge_fault(same, fresh) if fresh else None
        if told:
            faults.add(None, f"{problem.number}，{told[0]}", told[1], *told[2:])
        elif fresh:
            now[same.number] = merged(same, fresh)
            drafts += _told(fresh, same.number, who, day)
    faults.refuse(LedgerError)
    return drafts


def _agreed(known: Problems, same: Problem, problem: Problem) -> str:
    """Return the deadline that a list states, or that of the ledger where the list repeats the one after an extension."""
    return same.deadline if problem.deadline == deadline_of(same, known.steps.get(same.number, ())) else problem.deadline


def _entered(problem: Problem, now: dict[str, Problem], faults: Faults, who: str, day: str) -> list[Draft]:
    if problem.number in now:
        told = "这个编号已用于另一个问题" if not problem.recurs else f"{problem.recurs} 已销号而又出现"
        faults.add(None, problem.number, None, told, "另编一个号；台账不改已有的记录")
        return []
    now[problem.number] = problem
    return _told(problem, problem.number, who, day)


def _unknown(same: Problem, problem: Problem) -> Problem | None:
    """Return a problem with the sources that the ledger does not hold; None where it says nothing new."""
    fresh = tuple(each for each in problem.sources if each not in same.sources)
    news = any(getattr(problem, name) and not getattr(same, name) for name in ("lead", "units", "measure", "deadline"))
    return replace(problem, sources=fresh) if fresh or news else None


def _told(problem: Problem, number: str, who: str, day: str) -> list[Draft]:
    """Return one entry for each source; what is known of the problem stands in each."""
    common: dict[str, Any] = {
        "level": problem.level, "place": problem.place, "household": problem.household, "code": problem.code, "lead": list(problem.lead),
        "units": list(problem.units), "measure": problem.measure, "deadline": problem.deadline, "recurs": problem.recurs,
    }  # fmt: skip
    said = problem.sources or (Source("", "", problem.found, problem.text, ""),)
    return [Draft(PROBLEM, number, common | dict(each._asdict()), who, day) for each in said]


def _problem_of(entry: Entry) -> Problem:
    said = entry.detail
    plain = {key: str(said.get(key, "")) for key in PLAIN}
    source = Source(*(str(said.get(key, "")) for key in Source._fields))
    lead, units = (tuple(map(str, said.get(key, ()))) for key in ("lead", "units"))
    return Problem(number=entry.subject, lead=lead, units=units, sources=(source,) if source.source else (), **plain)


def _followed(entries: Iterable[Entry], taxonomy: Taxonomy | None, chain: Sequence[str]) -> Problems:
    """Follow every problem from its first entry; a step out of order is refused with its number in the ledger."""
    faults, found, steps = Faults("台账中的问题"), dict[str, Problem](), dict[str, list[Step]]()
    for entry in entries:
        if entry.step == PROBLEM:
            each = _problem_of(entry)
            found[each.number] = merged(found[each.number], each) if each.number in found else each
            continue
        step = step_of(entry)
        if step is None or (step.number not in found and entry.step == "signoff"):
            continue
        if step.number not in found:
            faults.add(None, f"第 {entry.number} 条，{step.number}", None, "还没有登记这个问题", "查明这条记录的来历")
            continue
        mine = steps.setdefault(step.number, [])
        told = step_fault(found[step.number], mine, step, chain or _told_chain(entry, mine), gated=False)
        if told:
            rule, remedy = told.split("｜", 1)
            faults.add(None, f"第 {entry.number} 条，{step.number}", None, rule, remedy)
        mine.append(step)
    faults.refuse(LedgerError)
    return Problems(tuple(found.values()), taxonomy, (), {number: tuple(mine) for number, mine in steps.items()})


def _told_chain(entry: Entry, steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the chain as the ledger itself tells it: that of the close, or the signatures so far and this one."""
    written = tuple(map(str, entry.detail.get("chain", ())))
    return written or (*(each.role for each in steps if each.step == SIGN), str(entry.detail.get("role", "")))
