"""The ledger of an evaluation: shown, written to a workbook, taken back from one."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import LedgerError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.ledger import KINDS, Entry, export_book, import_book
from evalkit.ledger.kinds import heading, title

SHOWN = 24  # characters of one part of an entry


def history(evaluation: Evaluation, step: str = "", subject: str = "") -> Said:
    """Return the ledger in lines, in order: all of it, or the entries of one step, of one subject.

    Parameters
    ----------
    step : str
        A step by its English or its Chinese name, such as ``release`` or 发放名单.
    subject : str
        What it was done to, such as a village code; ``411726101201`` also finds its households ``411726101201/0038``.
    """
    _refuse_absent(evaluation)
    entries = evaluation.ledger.entries()
    asked = _step(step, {entry.step for entry in entries})
    shown = [entry for entry in entries if asked in ("", entry.step) and _concerns(entry, subject)]
    part = f"，其中 {len(shown)} 条" if asked or subject else ""
    notice = [evaluation.ledger.notice] if evaluation.ledger.notice else []
    head = f"台账：{len(entries)} 条，前后相连，末条指纹 {evaluation.ledger.head[:16]}{part}"
    return (head, *notice, *(_entry_line(entry) for entry in shown))


def export_ledger(evaluation: Evaluation, path: str | Path) -> Said:
    """Write the ledger as a workbook."""
    _refuse_absent(evaluation)
    written = export_book(evaluation.ledger, path)
    return (
        f"台账：{len(evaluation.ledger.entries())} 条写入 {written}",
        "新的记录另起一行，序号与指纹留空；填好后键入 evalkit ledger import",
    )


def import_ledger(evaluation: Evaluation, path: str | Path) -> Said:
    """Take the new entries of a workbook, all or none."""
    _refuse_absent(evaluation)
    added, known = import_book(evaluation.ledger, path)
    now = len(evaluation.ledger.entries())
    return (f"台账：新记 {added} 条，{known} 条原已在内；现有 {now} 条，末条指纹 {evaluation.ledger.head[:16]}",)


def _refuse_absent(evaluation: Evaluation) -> None:
    if not evaluation.folder.root.is_dir():
        raise LedgerError(f"{evaluation.folder.root}｜没有这个文件夹｜检查路径，或键入 evalkit init 文件夹名")


def _step(step: str, present: set[str]) -> str:
    names = {kind.title: name for name, kind in KINDS.items()}
    asked = names.get(step, step)
    if asked and asked not in {*KINDS, *present}:
        choices = "、".join(f"{name}（{title(name)}）" for name in dict.fromkeys([*KINDS, *sorted(present)]))
        raise LedgerError(f"--step {step}｜没有这种步骤｜可用：{choices}")
    return asked


def _concerns(entry: Entry, subject: str) -> bool:
    return subject in ("", entry.subject) or entry.subject.startswith(f"{subject}/")


def _entry_line(entry: Entry) -> str:
    said = [(heading(entry.step, key), value) for key, value in entry.detail.items()]
    told = "，".join(f"{name} {str(value)[:SHOWN]}" for name, value in said if value not in ("", None, []))
    when = "，".join(part for part in (entry.day, entry.who) if part)
    return f"{entry.number:>4}  {title(entry.step)}  {entry.subject[:18]}  {when + '  ' if when else ''}{told}"
