"""A ledger to a workbook and back: the chain is checked, only new entries are added, conflicts are listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import EvalkitError, Faults, LedgerError
from evalkit.ledger.entries import BEGINNING, Draft, Entry, chained
from evalkit.ledger.kinds import COMMON, KINDS, Part, heading, refuse_unlike_kind, title
from evalkit.ledger.ledgers import Ledger
from evalkit.sheets import Page, read_grids, write_book

WHOLE = "台账"
HEADINGS = ("序号", "步骤", "对象", "内容", "人", "日期", "前一条指纹", "指纹")
STEPS = {kind.title: step for step, kind in KINDS.items()}
TRUE, FALSE = ("是", "true", "1"), ("否", "false", "0")


def export_book(ledger: Ledger, path: str | Path) -> Path:
    """Write a ledger as a workbook: sheet 台账 with the chain, and one sheet for each kind of entry.

    New entries are written under the last row of a sheet, with 序号 and 指纹 left blank, and taken back by `import_book`.

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.xlsx`` file.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    LedgerError
        When the file is none for a workbook, or the ledger was edited.
    """
    if Path(path).suffix.lower() != ".xlsx":
        raise LedgerError(f"{Path(path).name}｜台账写成工作簿｜文件名以 .xlsx 结尾，如 台账.xlsx；要一种记录的 CSV，从它的工作表另存")
    ledger.refuse_if_edited()
    entries = ledger.entries()
    rows = [(e.number, e.step, e.subject, Draft(e.step, e.subject, e.detail).text, e.who, e.day, e.previous, e.hash) for e in entries]
    note = (f"{len(rows)} 条，末条指纹 {ledger.head}。新的记录另起一行，序号与两个指纹留空；已有的行不要改动。",)
    widths = {"内容": 60.0, "前一条指纹": 12.0, "指纹": 12.0}
    pages = {WHOLE: Page("", pd.DataFrame(rows, columns=list(HEADINGS)), widths=widths, notes=note)}
    for step in dict.fromkeys([*KINDS, *(entry.step for entry in entries)]):
        choices = {part.heading: part.words for part in KINDS[step].parts.values() if part.words} if step in KINDS else {}
        pages[title(step)] = Page("", ledger.table(step), choices=choices)
    return write_book(path, pages)


def import_book(ledger: Ledger, path: str | Path) -> tuple[int, int]:
    """Take the entries of a workbook that the ledger does not hold yet, all or none.

    Rows of sheet 台账 that carry hashes must be the ledger's own, or go on from its last: a fuller copy of the same ledger.
    Rows without 序号, there or on the sheet of a kind, are new entries.

    Returns
    -------
    added, known : int
        Entries added, and entries of the workbook that the ledger held already.

    Raises
    ------
    LedgerError
        With the table of conflicts: rows that were changed, that do not chain, or that differ from the ledger's.
    """
    ledger.refuse_if_edited()
    faults = Faults(f"台账（{Path(path).name}）")
    sheets = _sheets(path)
    if not sheets:
        raise LedgerError(f"{Path(path).name}｜没有“{WHOLE}”或各类记录的工作表｜用 evalkit ledger export 写出的工作簿")
    held, fresh = _chain_rows(sheets.get(WHOLE), faults), _fresh(sheets, faults)
    faults.refuse(LedgerError)
    added: list[int] = []

    def decision(known: tuple[Entry, ...]) -> list[Draft]:
        missing = _missing(held, known, faults)
        _note_edited(sheets, known, faults)
        faults.refuse(LedgerError)
        added.append(len(known))
        return [*missing, *fresh]

    ledger.decide("", decision)
    new = len(ledger.entries()) - added[0]
    return new, len(held) + len(fresh) - new


def _sheets(path: str | Path) -> dict[str, pd.DataFrame]:
    try:
        pages = read_grids(path)
    except EvalkitError as found:
        raise LedgerError(str(found)) from None
    subject = f"台账（{Path(path).name}）"
    return {name: grid.table(Faults(f"{subject}，{name}"), LedgerError) for name, grid in pages.items() if _ours(name)}


def _ours(name: str) -> bool:
    return name == WHOLE or name in STEPS


def _chain_rows(table: pd.DataFrame | None, faults: Faults) -> list[tuple[int, Entry]]:
    """Return the rows that carry hashes, with their row of the sheet; a row whose hash is not its own is noted."""
    if table is None:
        return []
    absent = [name for name in HEADINGS if name not in table]
    if absent:
        faults.add(1, "、".join(absent), None, "没有这一列", "用 evalkit ledger export 写出的工作簿")
        return []
    held: list[tuple[int, Entry]] = []
    for index, cells in _lines(table):
        if cells["指纹"]:
            detail = _json(cells["内容"], index, faults)
            number = int(cells["序号"]) if cells["序号"].isdigit() else 0
            row = (number, cells["步骤"], cells["对象"], cells["内容"], cells["前一条指纹"], cells["指纹"], cells["人"], cells["日期"])
            if chained(row) != cells["指纹"]:
                told = f"第 {number} 条与它自己的指纹不符，这一行被改动"
                faults.add(index, "指纹", None, told, "恢复原行；要更正的另起一行，序号与指纹留空")
            held.append((index, Entry(number, row[1], row[2], detail, row[4], row[5], row[6], row[7])))
    return held


def _missing(held: list[tuple[int, Entry]], known: tuple[Entry, ...], faults: Faults) -> list[Draft]:
    """Return what the workbook holds beyond the ledger; rows that differ from the ledger's are conflicts."""
    hashes = {entry.number: entry.hash for entry in known}
    at, previous, missing = len(known), known[-1].hash if known else BEGINNING, []
    for row, entry in held:
        if entry.number in hashes:
            if hashes[entry.number] != entry.hash:
                told = f"第 {entry.number} 条与台账中的不同：两边各自记过"
                faults.add(row, title(entry.step), None, told, "以台账为准；工作簿中独有的记录另起一行，序号与指纹留空")
        elif entry.number == at + 1 and entry.previous == previous:
            missing.append(Draft(entry.step, entry.subject, entry.detail, entry.who, entry.day))
            at, previous = entry.number, entry.hash
        else:
            told = f"第 {entry.number} 条接不上台账的第 {at} 条"
            faults.add(row, title(entry.step), None, told, "补上中间的行，或另起一行，序号与指纹留空")
    return missing


def _fresh(sheets: dict[str, pd.DataFrame], faults: Faults) -> list[Draft]:
    """Return the rows without number and hash: of sheet 台账 first, then of each kind."""
    drafts = []
    for name, table in sheets.items():
        for index, cells in _lines(table):
            if name == WHOLE and cells.get("序号") and not cells.get("指纹") and cells.get("步骤"):
                faults.add(index, "指纹", None, "有序号而没有指纹", "新的记录两者都留空；旧的记录恢复原行")
            elif not cells.get("序号") and not cells.get("指纹"):
                drafts.append(_drafted(_draft(name, cells, index, faults), index, faults))
    return drafts


def _draft(name: str, cells: dict[str, str], index: int, faults: Faults) -> Draft:
    step = STEPS.get(cells.get("步骤", ""), cells.get("步骤", "")) if name == WHOLE else STEPS[name]
    detail = _json(cells.get("内容", ""), index, faults) if name == WHOLE else _typed(step, cells, index, faults)
    return Draft(step, cells.get("对象", ""), detail, cells.get("人", ""), cells.get("日期", ""))


def _note_edited(sheets: dict[str, pd.DataFrame], known: tuple[Entry, ...], faults: Faults) -> None:
    """Note the numbered rows on the sheet of a kind that do not say what the ledger says."""
    held = {str(entry.number): entry for entry in known}
    for name in sheets.keys() & STEPS.keys():
        for index, cells in _lines(sheets[name]):
            entry = held.get(cells.get("序号", ""))
            if entry is not None and _told(_typed(STEPS[name], cells, index, faults)) != _told(entry.detail, STEPS[name]):
                told = f"{name}：第 {entry.number} 条与台账中的不同"
                faults.add(index, "序号", None, told, "恢复原行；要更正的另起一行，序号留空")


def _told(detail: dict[str, Any], step: str = "") -> dict[str, str]:
    """Return a detail as it can be read from cells."""
    known = KINDS[step].parts if step else detail
    return {key: str(value) for key, value in detail.items() if key in known and value not in ("", None, [])}


def _drafted(draft: Draft, index: int, faults: Faults) -> Draft:
    try:
        draft.refuse_unfit()
        refuse_unlike_kind(draft)
    except LedgerError as fault:
        where, rule, remedy = str(fault).split("｜", 2)
        faults.add(index, where.removeprefix("台账，"), None, rule, remedy)
    return draft


def _lines(table: pd.DataFrame) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its row of the sheet."""
    for index, row in zip(table.index, table.itertuples(index=False, name=None), strict=True):
        yield int(index) + 2, dict(zip(table.columns, map(str, row), strict=True))


def _json(text: str, index: int, faults: Faults) -> dict[str, Any]:
    try:
        content = json.loads(text or "{}")
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        faults.add(index, "内容", None, '读不成 {"项": 值} 的样子', "照已有的行写，或写在各类记录自己的工作表中")
        return {}
    return content


def _typed(step: str, cells: dict[str, str], index: int, faults: Faults) -> dict[str, Any]:
    """Return the detail of a row of a kind's own sheet: each cell in the form of its part, blanks left out."""
    taken, detail = {*COMMON.values()}, {}
    for key, part in KINDS[step].parts.items():
        name = heading(step, key)
        cell = cells.get(f"{name}({key})" if name in taken else name, "")
        if cell:
            try:
                detail[key] = _formed(part, cell)
            except ValueError:
                faults.add(index, name, None, "读不成这一列应有的样子", "整数写数字，列表用；隔开，是非写 是 或 否")
    return detail


def _formed(part: Part, cell: str) -> Any:
    if part.form in (int, float):
        return part.form(cell)
    if part.form is bool:
        if cell.lower() not in (*TRUE, *FALSE):
            raise ValueError(cell)
        return cell.lower() in TRUE
    if part.form is list:
        return [each.strip() for each in cell.replace(";", "；").split("；") if each.strip()]
    return json.loads(cell) if part.form is dict else cell
