"""The problems of an evaluation's folder: listed, moved, closed, told; the rules are those of `[problems]` in the design."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.design.rectifying import ProblemRules, WorkStage
from evalkit.errors import DesignError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.problems import (
    Problems,
    close_problem,
    follow_problems,
    list_problems,
    note_problem,
    note_problems,
    record_problems,
    sign_problem,
    stage_table,
    write_problem_form,
    write_problem_lists,
    write_register,
    write_step_form,
)
from evalkit.problems.rectification import BY, LISTS
from evalkit.problems.steps import PAPER
from evalkit.problems.taxonomies import design_taxonomy
from evalkit.sheets import write_csv

LIST_FORM, STEP_FORM = "问题清单.xlsx", "整改步骤.xlsx"
FOUR, REGISTER, OVERDUE = "四清单.xlsx", f"{PAPER}.xlsx", "overdue.csv"
LATE = {
    "number": "问题编号", "level": "级", "place": "地点", "household": "户编号", "text": "问题", "lead": "牵头部门", "units": "责任单位",
    "deadline": "整改时限", "late": "逾期天数", "status": "状态", "plan": "下步打算",
}  # fmt: skip


def write_forms(evaluation: Evaluation) -> Said:
    """Write an empty list of problems and an empty table of steps into ``lists/``."""
    taxonomy, chain = design_taxonomy(evaluation.design), _chain(evaluation)
    place = evaluation.folder.part("lists")
    write_problem_form(place / LIST_FORM, taxonomy=taxonomy)
    write_step_form(place / STEP_FORM, chain=chain)
    return (f"空表在 lists/：{LIST_FORM}、{STEP_FORM}；填好后键入 evalkit problems import、evalkit problems steps",)


def take_list(evaluation: Evaluation, file: str, *, who: str, day: str) -> Said:
    """Take a list of problems into the ledger; the same problem from several sources becomes one."""
    rules = _rules(evaluation)
    listed = list_problems(file, merge=rules.merge, taxonomy=design_taxonomy(evaluation.design), **_calendar(rules))
    new = record_problems(evaluation.ledger, listed, who=who, day=day)
    return (f"读入：{listed!r}", f"台账新记 {new} 条；{known_problems(evaluation)!r}")


def tell_list(evaluation: Evaluation, number: str = "") -> Said:
    """Return the problems, or the steps of one."""
    known = known_problems(evaluation)
    if number:
        steps = known.history(number).astype(str).to_dict("records")
        told = (
            f"{s['entry']:>4}  {s['day']}  {s['who']}  {s['step']}{s['role']} {s['text'] or s['evidence']}{s['deadline']}"
            for s in steps
        )
        return (number, *told)
    table = known.table()[["number", "status", "deadline", "sources", "text"]].itertuples(index=False, name=None)
    return (repr(known), *(f"  {number}  {status}  {due or '未定'}  {source}  {text[:24]}" for number, status, due, source, text in table))


def note_one(evaluation: Evaluation, number: str, step: str, *, who: str, day: str, text: str, plan: str, deadline: str) -> Said:
    """Note feedback, rectification, an extension, or that a problem was sent back."""
    note_problem(evaluation.ledger, number, step, who=who, day=day, text=text, plan=plan, deadline=deadline)
    return (f"{number}：{step} 已记",)


def sign_one(evaluation: Evaluation, number: str, role: str, *, who: str, day: str, paper: str) -> Said:
    """Sign one problem off, in the order of the chain."""
    sign_problem(evaluation.ledger, number, role, who=who, day=day, chain=_chain(evaluation), paper=paper or None)
    return (f"{number}：{role} 已签字",)


def close_one(evaluation: Evaluation, number: str, *, who: str, day: str, evidence: str, text: str) -> Said:
    """Close one problem: evidence, every signature, and the three gates where the design asks for them."""
    rules = _rules(evaluation)
    told = {"who": who, "day": day, "evidence": evidence, "text": text}
    close_problem(evaluation.ledger, number, chain=_chain(evaluation), gates=_gates(rules), **told)
    return (f"{number}：已销号",)


def take_steps(evaluation: Evaluation, file: str, *, evidence: str) -> Said:
    """Take many steps from a table, all or none."""
    folder = evidence or Path(file).parent
    new = note_problems(evaluation.ledger, file, chain=_chain(evaluation), gates=_gates(_rules(evaluation)), evidence=folder)
    return (f"整改步骤：新记 {new} 步；{known_problems(evaluation)!r}",)


def tell_overdue(evaluation: Evaluation, day: str) -> Said:
    """Return the overdue problems of a day; write them to ``results/``."""
    table = known_problems(evaluation).overdue(day)
    write_csv(table.rename(columns=LATE), evaluation.folder.part("results") / OVERDUE)
    rows = table[["number", "deadline", "late", "units", "text"]].itertuples(index=False, name=None)
    told = (f"  {number}  {due}  逾期 {late} 天  {units[:20]}  {text[:24]}" for number, due, late, units, text in rows)
    return (f"截至 {day} 逾期 {len(table)} 项", *told, f"写入 results/{OVERDUE}")


def tell_progress(evaluation: Evaluation, day: str, by: Sequence[str]) -> Said:
    """Return the sentences of the completion report and the counts."""
    known = known_problems(evaluation)
    table = known.progress(day, by=tuple(by))
    rows = table.iloc[:-1, :6].itertuples(index=False, name=None)
    counts = (f"  {word} {label}：共 {total}，已销号 {done}，未完成 {left}，逾期 {late}" for word, label, total, done, left, late in rows)
    return (*known.sentences(day), *counts)


def write_lists(evaluation: Evaluation, day: str, start: str) -> Said:
    """Write the four lists and the register of closes to ``results/``."""
    known, place, rules = known_problems(evaluation), evaluation.folder.part("results"), _rules(evaluation)
    stages = _stages(evaluation)
    dated = [stage for stage in stages if start or stage.days is None]
    write_problem_lists(known, place / FOUR, day=day, stages=stage_table(dated, start=start, **_calendar(rules)))
    write_register(known, place / REGISTER, chain=_chain(evaluation), day=day)
    left = [stage.name for stage in stages if stage not in dated]
    told = (f"  阶段 {'、'.join(left)} 从反馈之日数起，没有写 --start，未列",) if left else ()
    return (f"{'、'.join(LISTS)} 写入 results/{FOUR}；{PAPER} 写入 results/{REGISTER}", *told)


def tell_stages(evaluation: Evaluation, start: str) -> Said:
    """Return the stages with their dates."""
    table: pd.DataFrame = stage_table(_stages(evaluation), start=start, **_calendar(_rules(evaluation)))
    return tuple(f"{begin} 至 {end}  {stage}  {task}" for stage, begin, end, task in table.itertuples(index=False, name=None))


def choices() -> tuple[str, ...]:
    """Return what progress may be told by."""
    return tuple(BY)


def known_problems(evaluation: Evaluation) -> Problems:
    """Return the problems that the ledger holds, with all steps of their rectification."""
    return follow_problems(evaluation.ledger, taxonomy=design_taxonomy(evaluation.design), chain=_chain(evaluation, needed=False))


def _rules(evaluation: Evaluation) -> ProblemRules:
    return evaluation.design.problems or ProblemRules()


def _stages(evaluation: Evaluation) -> tuple[WorkStage, ...]:
    known = design_taxonomy(evaluation.design)
    return _rules(evaluation).stage or (known.stage if known else ())


def _chain(evaluation: Evaluation, *, needed: bool = True) -> tuple[str, ...]:
    known = design_taxonomy(evaluation.design)
    chain = _rules(evaluation).chain or (known.chain if known else ())
    if needed and not chain:
        raise DesignError("problems.chain｜设计中没有写由哪几级签字｜写 [problems] chain = [\"包帮干部\", \"审核组长\"] 之类，由低到高")
    return chain


def _gates(rules: ProblemRules) -> bool:
    if rules.gates is None:
        raise DesignError("problems.gates｜设计中没有写销号前是否要过三个不放过｜写 [problems] gates = true 或 false")
    return rules.gates


def _calendar(rules: ProblemRules) -> dict[str, Any]:
    return {"counting": rules.counting, "holidays": rules.holidays, "workdays": rules.workdays}
