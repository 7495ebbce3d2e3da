"""The cases of an evaluation's folder: opened, moved, listed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.casework import (
    STATUS,
    add_exhibit,
    cases,
    changed,
    decided_anew,
    move_case,
    move_cases,
    open_case,
    open_cases,
    rule_exhibit,
    write_pack,
)
from evalkit.errors import LedgerError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.leeway import distance
from evalkit.report.sheetpapers import write_changes
from evalkit.sheets import Page, write_book, write_csv
from evalkit.survey import weigh
from evalkit.tables import Results

LISTED = "cases.csv"
DISTANCE = "distance.xlsx"
PACK = "复议卷.zip"
CHANGED = "changed.csv"
CASE_HEADINGS = {
    "case": "案件编号", "status": "状态", "persons": "人数", "rate": "指标", "now": "现值", "if_confirmed": "若认定",
    "if_dismissed": "若排除", "legal_now": "现达标", "legal_if_confirmed": "认定后达标",
    "legal_if_dismissed": "排除后达标", "sentence": "说明",
}  # fmt: skip
BEARING_HEADINGS = {
    "rate": "指标", "event": "再有", "threshold": "门槛", "value": "现值", "met": "达标", "typical": "还能承受（一般的户）",
    "typical_persons": "每户人数", "smallest": "还能承受（影响最小的户）", "smallest_persons": "其人数", "candidates": "可变的户数",
}  # fmt: skip
NARROW = {"现值": 9.0, "若认定": 9.0, "若排除": 9.0, "门槛": 9.0, "每户人数": 9.0}
SHARES = {"现值": "0.00%", "若认定": "0.00%", "若排除": "0.00%", "门槛": "0.00%", "每户人数": "0.0"}


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


def open_found(evaluation: Evaluation, *, who: str, day: str, reopen: bool = False) -> Said:
    """Open a case for every finding of the returns that has none; those decided in the returns start anew only when asked to."""
    found = evaluation.findings()
    anew = len(decided_anew(evaluation.ledger, found))
    opened = open_cases(evaluation.ledger, found, who=who, day=day, reopen=reopen)
    told = [f"  留意｜其中 {anew} 件在回收表中已认定或排除，现从疑似走起，走完之前不计入分子｜逐步记入后重新 evalkit estimate"]
    return (f"立案：新立 {opened} 件；{cases(evaluation.ledger)!r}", *(told if anew else []))


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


def tell_distance(evaluation: Evaluation) -> Said:
    """Say what each case would change and how many more each gate can bear; write both tables to ``results/``."""
    made = distance(weigh(evaluation.findings()), evaluation.design, evaluation.frame, evaluation._rosters())
    table = made.table()[list(CASE_HEADINGS)]
    table["status"] = table["status"].map(lambda code: STATUS.get(code, ""))
    pages = {
        "距门槛": Page("距门槛还有多远", made.bearing()[list(BEARING_HEADINGS)].rename(columns=BEARING_HEADINGS), NARROW, SHARES),
        "逐案": Page("每个案件认定或排除后各指标的变化", table.rename(columns=CASE_HEADINGS), NARROW | {"说明": 70.0}, SHARES),
    }
    write_book(evaluation.folder.part("results") / DISTANCE, pages)
    return (f"待定 {made.pending} 件", *(f"  {line}" for line in made.sentences()), f"写入 results/{DISTANCE}")


def list_evidence(evaluation: Evaluation, case: str, number: str, name: str, **told: str) -> Said:
    """List one piece of evidence; its file is hashed, never stored."""
    entry = add_exhibit(evaluation.ledger, case, number, name, file=told.pop("file") or None, **told)
    return (f"{case}：证据 {number} 已登记，指纹 {entry.detail['seal'][:16] or '（没有文件）'}",)


def rule_evidence(evaluation: Evaluation, case: str, number: str, admitted: str, *, who: str, day: str, reason: str) -> Said:
    """Say whether evidence is admitted; what is late follows the rule of the design."""
    late = evaluation.design.cases.late or None
    rule_exhibit(evaluation.ledger, case, number, admitted, who=who, day=day, reason=reason, late=late)
    return (f"{case}：证据 {number} {admitted}",)


def pack(evaluation: Evaluation) -> Said:
    """Write the appeal pack of the county: evidence sheets, log, list of evidence, hashes."""
    found = evaluation.findings() if evaluation.folder.tables("returns") else None
    signatures = evaluation.design.cases.signatures
    path = write_pack(evaluation.ledger, evaluation.folder.part("results") / PACK, findings=found, signatures=signatures)
    return (f"复议卷：{len(cases(evaluation.ledger).table())} 件，写入 results/{path.name}",)


def tell_changes(evaluation: Evaluation, earlier: str, since: int) -> Said:
    """Compare the results with earlier ones, and name the cases between them."""
    before, after = Results.load(Path(earlier)), Results.load(evaluation.folder.root / "results")
    table = changed(before.tables["rates"], after.tables["rates"], cases(evaluation.ledger), since=since)
    write_csv(table, evaluation.folder.part("results") / CHANGED)
    difference = pd.to_numeric(table["new"]) - pd.to_numeric(table["old"])
    facts = {**after.facts, "project": evaluation.design.evaluation.title, "number": "", "date": ""}
    paths = write_changes(table.assign(difference=difference), facts, evaluation.folder.part("report"))
    rows = table[["rate", "status", "number", "old", "new"]].itertuples(index=False, name=None)
    said = f"变动：{len(table)} 个数，写入 results/{CHANGED}；对照表 report/{paths[0].name} 等 {len(paths)} 份"
    return (said, *(f"  {' '.join(map(str, row))}" for row in rows))
