"""The papers of cases: one evidence sheet a case, and the pack that a county takes to its appeal."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.casework.evidence import exhibits
from evalkit.casework.ladder import STATUS
from evalkit.casework.log import Cases, cases, ledger_of
from evalkit.errors import LedgerError
from evalkit.given import takes
from evalkit.later import later
from evalkit.sheets import Page, write_book, write_bytes
from evalkit.sheets.writing import CREATED

if TYPE_CHECKING:
    from evalkit.findings import Findings
    from evalkit.ledger import Ledger

xlsxwriter = later("xlsxwriter")

SIGNATURES = ("调查组", "县组", "总控组")
WIDTHS = (13, 20, 12, 18, 13, 15)
CATALOGUE = ("证据编号", "名称", "页码", "出具单位", "出具日期", "收到日期")
HEADINGS = (
    "案件编号", "证据编号", "名称", "页码", "出具单位", "出具日期", "收到日期", "逾期", "文件", "文件指纹", "采信", "理由", "采信人",
    "采信日期",
)  # fmt: skip
ZIP_DATE = (2000, 1, 1, 0, 0, 0)
LOOKS: dict[str, dict[str, object]] = {
    "title": {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"},
    "head": {"bold": True, "border": 1, "valign": "vcenter", "text_wrap": True, "bg_color": "#E8EEF4"},
    "band": {"bold": True, "border": 1, "valign": "vcenter", "align": "center", "bg_color": "#F4F4F4"},
    "cell": {"border": 1, "valign": "vcenter", "text_wrap": True},
    "sign": {"border": 1},
}
HEIGHTS = {"title": 30, "sign": 30}
Row = tuple[tuple[str, int, str], ...]  # cells of a row: text, columns it spans, look


@takes(LedgerError)
def write_sheet(
    ledger: Ledger | str | Path, case: str, path: str | Path, *, findings: Findings | None = None, signatures: Sequence[str] = SIGNATURES
) -> Path:
    """Write the evidence sheet of one case as a workbook of one sheet.

    Parameters
    ----------
    findings : Findings, optional
        For the persons, the items that were not met and the clauses of the standard; without it the reason of the first step stands.
    signatures : sequence of str
        The levels that sign, lowest first.

    Raises
    ------
    LedgerError
        When there is no such case, or the ledger was edited.
    """
    log = cases(ledger)
    rows = [*_head(log, case, findings), *_catalogue(exhibits(ledger, case)), *_foot(log, case, signatures)]
    return write_bytes(path, _book(rows))


@takes(LedgerError)
def write_pack(
    ledger: Ledger | str | Path,
    path: str | Path,
    *,
    findings: Findings | None = None,
    signatures: Sequence[str] = SIGNATURES,
    only: Iterable[str] = (),
) -> Path:
    """Write the appeal pack of a county as one zip: the evidence sheets, the log of the cases, the list of evidence, and all hashes.

    The same content gives the same bytes.

    Parameters
    ----------
    only : iterable of str
        Numbers of cases; all when left out.

    Raises
    ------
    LedgerError
        When there is no case, or the ledger was edited.
    """
    book, log = ledger_of(ledger), cases(ledger)
    chosen = list(only) or log.table()["case"].tolist()
    if not chosen:
        raise LedgerError("复议卷｜台账中没有案件｜先键入 evalkit case open")
    listed, files = exhibits(book), dict[str, bytes]()
    for case in chosen:
        rows = [*_head(log, case, findings), *_catalogue(listed[listed["case"] == case]), *_foot(log, case, signatures)]
        files[f"举证表/{case.replace('/', '-')}.xlsx"] = _book(rows)
    steps = [entry for entry in log.entries if entry.subject in chosen]
    told = [(e.number, e.day, e.who, e.subject, STATUS[e.detail["status"]], e.detail.get("reason", ""), e.previous, e.hash) for e in steps]
    pages = {
        "经过": Page("", pd.DataFrame(told, columns=["序号", "日期", "人", "案件编号", "状态", "理由", "前一条指纹", "指纹"])),
        "证据": Page("", listed[listed["case"].isin(chosen)].rename(columns=dict(zip(listed.columns, HEADINGS, strict=True)))),
    }
    files["案件与证据.xlsx"] = _bytes(pages)
    seals = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files["指纹.txt"] = f"{seals}台账末条指纹 {book.head}\n".encode()
    return write_bytes(path, _zipped(files))


def _head(log: Cases, case: str, findings: Findings | None) -> list[Row]:
    steps = log.history(case)
    row = {str(key): str(value) for key, value in log.table().set_index("case").loc[case].items()}
    told = steps["reason"].iloc[0], ""
    persons = ""
    if findings is not None:
        told, persons = _items(findings, row)
    notified = steps.loc[steps["status"] == STATUS["notified"], "day"]
    return [
        (("举证表", 6, "title"),),
        (("案件编号", 1, "head"), (case, 3, "cell"), ("涉及人数", 1, "head"), (persons, 1, "cell")),
        (("村", 1, "head"), (row["village"], 1, "cell"), ("户", 1, "head"), (row["household"], 1, "cell"), ("情形", 1, "head"),
         (case.rpartition("/")[2], 1, "cell")),
        (("疑似事由", 1, "head"), (told[0], 5, "cell")),
        (("标准条款", 1, "head"), (told[1], 5, "cell")),
        (("反馈时间", 1, "head"), (notified.iloc[-1] if len(notified) else "", 1, "cell"), ("举证截止", 1, "head"),
         (row["deadline"], 1, "cell"), ("现状", 1, "head"), (STATUS[row["status"]] + row["outcome"], 1, "cell")),
    ]  # fmt: skip


def _items(findings: Findings, row: Mapping[str, str]) -> tuple[tuple[str, str], str]:
    """Return what was not met and the clauses, and the persons, of the household of a case."""
    mine = findings.evidence()
    keys = ["village", "household", "finding"]
    whose = [row[key] for key in keys]
    mine = mine[(mine[keys] == whose).all(axis=1)]
    found = findings.cases()
    persons = found.loc[(found[keys] == whose).all(axis=1), "affected"]
    said = mine[["item", "answer", "standard"]].itertuples(index=False, name=None)
    why = "；".join(f"{item}：{answer}（{standard}）" for item, answer, standard in said)
    clauses = "；".join(dict.fromkeys(clause for clause in mine["clause"] if clause))
    return (why or row["reason"], clauses), str(int(persons.iloc[0])) if len(persons) else ""


def _catalogue(listed: pd.DataFrame) -> list[Row]:
    rows: list[Row] = [(("证据目录", 6, "band"),), tuple((name, 1, "head") for name in CATALOGUE)]
    for number, title, page, issuer, issued, received, late in listed[
        ["number", "title", "page", "issuer", "issued", "received", "late"]
    ].itertuples(index=False):
        cells = (number, title, page, issuer, issued, f"{received}（逾期）" if late else received)
        rows.append(tuple((str(cell), 1, "cell") for cell in cells))
    rows += [] if len(listed) else [(("（没有收到证据）", 6, "cell"),)]
    rows.append((("采信情况", 6, "band"),))
    rows.append((("证据编号", 1, "head"), ("采信或不采信", 1, "head"), ("理由", 3, "head"), ("何人何日", 1, "head")))
    for number, admitted, reason, who, day in listed[["number", "admitted", "reason", "ruled_by", "ruled"]].itertuples(index=False):
        rows.append(((number, 1, "cell"), (admitted or "待定", 1, "cell"), (reason, 3, "cell"), (f"{who} {day}".strip(), 1, "cell")))
    return rows


def _foot(log: Cases, case: str, signatures: Sequence[str]) -> list[Row]:
    rows: list[Row] = [(("经过", 6, "band"),)]
    rows += [
        ((day, 1, "cell"), (status, 1, "cell"), (who, 1, "cell"), (reason, 3, "cell"))
        for day, status, who, reason in log.history(case)[["day", "status", "who", "reason"]].itertuples(index=False)
    ]
    rows.append((("签字", 6, "band"),))
    return [*rows, *(((f"{role}", 1, "head"), ("", 3, "sign"), ("日期", 1, "head"), ("", 1, "sign")) for role in signatures)]


def _book(rows: Sequence[Row]) -> bytes:
    """Return a workbook of one sheet of six columns."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": CREATED})
    looks = {name: book.add_format(look) for name, look in LOOKS.items()}
    sheet = book.add_worksheet("举证表")
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    for line, row in enumerate(rows):
        column = 0
        for text, span, look in row:
            if span > 1:
                sheet.merge_range(line, column, line, column + span - 1, text, looks[look])
            else:
                sheet.write_string(line, column, text, looks[look])
            column += span
        sheet.set_row(line, _height(row))
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    return out.getvalue()


def _height(row: Row) -> float:
    """Return the height of a row: texts that fold need more lines, which merged cells do not find themselves."""
    column, lines = 0, 1.0
    for text, span, _ in row:
        wide = sum(WIDTHS[column : column + span])
        lines = max(lines, -(-sum(2 if letter > "ÿ" else 1 for letter in text) // wide))
        column += span
    return max(18 * lines, *(HEIGHTS.get(look, 0) for _, _, look in row))


def _bytes(pages: dict[str, Page]) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        return write_book(Path(place) / "案件.xlsx", pages).read_bytes()


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in sorted(files.items()):
            pack.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
