"""The cases of an evaluation's folder: opened, moved, listed."""

from __future__ import annotations

from evalkit.casework import STATUS, cases, move_case, move_cases, open_case, open_cases
from evalkit.errors import LedgerError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.sheets import write_csv

LISTED = "cases.csv"


def list_cases(evaluation: Evaluation, number: str = "") -> Said:
    """Return the cases, or the steps of one; write the list to ``results/``."""
    log = cases(evaluation.ledger)
    if number:
        steps = log.history(number).itertuples(index=False)
        return (f"{number}：{STATUS[log.status(number)]}", *(f"{s.number:>4}  {s.day}  {s.who}  {s.status}  {s.reason}" for s in steps))
    table = log.table()
    write_csv(table.assign(status=table["status"].map(STATUS)), evaluation.folder.part("results") / LISTED)
    rows = table[["case", "status", "day", "who", "reason"]].itertuples(index=False, name=None)
    lines = [f"  {case}  {STATUS[status]}  {day}  {who}  {reason[:24]}" for case, status, day, who, reason in rows]
    return (repr(log), *lines, f"写入 results/{LISTED}")


def open_found(evaluation: Evaluation, *, who: str, day: str) -> Said:
    """Open a case for every finding of the returns that has none."""
    opened = open_cases(evaluation.ledger, evaluation.findings(), who=who, day=day)
    return (f"立案：新立 {opened} 件；{cases(evaluation.ledger)!r}",)


def open_one(evaluation: Evaluation, case: str, *, who: str, day: str, reason: str, status: str) -> Said:
    """Open one case by its number."""
    parts = case.split("/")
    if len(parts) != 3:
        raise LedgerError(f"{case}｜案件编号应为 村/户/情形｜写如 411726101201/0038/错退")
    return (f"立案：{open_case(evaluation.ledger, *parts, who=who, day=day, reason=reason, status=status)}",)


def move_one(evaluation: Evaluation, case: str, status: str, *, who: str, day: str, reason: str, deadline: str, outcome: str) -> Said:
    """Take one step of a case."""
    move_case(evaluation.ledger, case, status, who=who, day=day, reason=reason, deadline=deadline, outcome=outcome)
    return (f"{case}：{STATUS[cases(evaluation.ledger).status(case)]}",)


def import_steps(evaluation: Evaluation, file: str) -> Said:
    """Take many steps from a table, all or none."""
    return (f"案件：新记 {move_cases(evaluation.ledger, file)} 步；{cases(evaluation.ledger)!r}",)
