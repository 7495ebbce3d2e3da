"""Evidence of cases: listed in the ledger with the hash of its file, admitted or not; late evidence follows a named rule."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import pandas as pd

from evalkit.casework.log import cases, ledger_of
from evalkit.errors import LedgerError, one_of
from evalkit.given import takes
from evalkit.ledger import Draft, Entry, Ledger

EXHIBIT, RULING = "exhibit", "ruling"
COLUMNS = (
    "case", "number", "title", "page", "issuer", "issued", "received", "late", "file", "seal", "admitted", "reason", "ruled_by", "ruled",
)  # fmt: skip
YES, NO, UP = "采信", "不采信", "随卷上报"
LATE = {"refuse": "逾期的证据不采信", "accept": "说明理由后可以采信", "refer": "不予认定，随卷上报"}
ALLOWED = {"refuse": (NO,), "accept": (YES, NO), "refer": (UP,)}


@takes(LedgerError)
def add_exhibit(
    ledger: Ledger | str | Path,
    case: str,
    number: str,
    title: str,
    *,
    who: str,
    received: str,
    file: str | Path | None = None,
    page: str = "",
    issuer: str = "",
    issued: str = "",
) -> Entry:
    """List one piece of evidence; its file is hashed and named, never stored.

    Parameters
    ----------
    number : str
        Its number within the case.
    received, issued : str
        Days, ``2018-11-18``.
    page : str
        Pages, ``3–5``.
    issuer : str
        The office that issued it.

    Raises
    ------
    LedgerError
        For a case that is not there, a number that stands for something else, a file that cannot be read.
    """
    log = cases(ledger)
    log.status(case)
    path = Path(file) if file is not None else None
    if path is not None and not path.is_file():
        raise LedgerError(f"{path.name}｜没有这个文件｜检查路径；台账只记文件名与指纹")
    detail = {
        "number": number, "title": title, "page": page, "issuer": issuer, "issued": issued, "received": received,
        "file": path.name if path else "", "seal": hashlib.sha256(path.read_bytes()).hexdigest() if path else "",
    }  # fmt: skip
    draft = Draft(EXHIBIT, case, detail, who=who, day=received)

    def decision(known: tuple[Entry, ...]) -> list[Draft]:
        same = [entry for entry in known if entry.subject == case and entry.detail["number"] == number]
        if same and not same[-1].says(draft):
            raise LedgerError(f"{case}，证据 {number}｜这个编号已有证据｜另编一个号；台账不改已有的记录")
        return [draft]

    return ledger_of(ledger).decide(EXHIBIT, decision)[0]


@takes(LedgerError)
def rule_exhibit(
    ledger: Ledger | str | Path,
    case: str,
    number: str,
    admitted: str,
    *,
    who: str,
    day: str,
    reason: str,
    late: Literal["refuse", "accept", "refer"] | None = None,
) -> Entry:
    """Say whether a piece of evidence is admitted, and why.

    Parameters
    ----------
    admitted : str
        采信, 不采信, or 随卷上报 (late evidence under ``refer`` alone).
    late : {"refuse", "accept", "refer"}, optional
        What evidence received after the deadline is: asked for only then, and never by default.

    Raises
    ------
    LedgerError
        When there is no such evidence, it is late and no rule is named, or the rule does not allow this.
    """
    mine = exhibits(ledger, case)
    row = mine[mine["number"] == number]
    if row.empty:
        raise LedgerError(f"{case}，证据 {number}｜没有这件证据｜先登记；已有：{'、'.join(mine['number']) or '无'}")
    allowed: tuple[str, ...] = (YES, NO)
    if row["late"].iloc[0]:
        if not late:
            told = "；".join(f"{name} {words}" for name, words in LATE.items())
            raise LedgerError(f"{case}，证据 {number}｜在举证截止之后收到，须写明按哪条规则｜late = 之一：{told}")
        one_of("late", late, LATE, LedgerError, "规则")
        allowed = ALLOWED[late]
    if admitted not in allowed:
        raise LedgerError(f"{case}，证据 {number}｜不能记为{admitted}｜可记：{'、'.join(allowed)}")
    if not reason.strip():
        raise LedgerError(f"{case}，证据 {number}｜没有写理由｜采信与否都要写理由")
    detail = {"number": number, "admitted": admitted, "reason": reason}
    return ledger_of(ledger).append(RULING, case, detail, who=who, day=day)


@takes(LedgerError)
def exhibits(ledger: Ledger | str | Path, case: str = "") -> pd.DataFrame:
    """Return the evidence of one case or of all, with what was ruled last.

    Returns
    -------
    DataFrame
        case, number, title, page, issuer, issued, received, late (received after the deadline), file, seal (its SHA-256), admitted,
        reason, ruled_by, ruled (day); the last four blank where nothing is ruled yet.
    """
    book = ledger_of(ledger)
    deadlines = cases(book).table().set_index("case")["deadline"].to_dict()
    ruled = {(entry.subject, entry.detail["number"]): entry for entry in book.entries(RULING, case)}
    rows = []
    for entry in book.entries(EXHIBIT, case):
        said, ruling = entry.detail, ruled.get((entry.subject, entry.detail["number"]))
        until = deadlines.get(entry.subject, "")
        told = (ruling.detail["admitted"], ruling.detail["reason"], ruling.who, ruling.day) if ruling else ("", "", "", "")
        parts = (said["number"], said["title"], said["page"], said["issuer"], said["issued"], said["received"])
        rows.append((entry.subject, *parts, bool(until) and said["received"] > until, said["file"], said["seal"], *told))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def changed_files(ledger: Ledger | str | Path, folder: str | Path) -> list[str]:
    """Return, for each evidence file that is absent from a folder or no longer has its hash, what is wrong."""
    table, found = exhibits(ledger), []
    for case, number, file, seal in table.loc[table["file"] != "", ["case", "number", "file", "seal"]].itertuples(index=False):
        path = Path(folder) / file
        if not path.is_file():
            found.append(f"{case}，证据 {number}：{file} 不在文件夹中")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != seal:
            found.append(f"{case}，证据 {number}：{file} 与登记时的指纹不符")
    return found
