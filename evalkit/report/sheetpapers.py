"""Papers of one table: the changes of published numbers (数字变更对照表), and the page of the draw (抽样凭证)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.figures import is_blank, number, official_date, points
from evalkit.report.files import write_document
from evalkit.report.model import Block, Cell, Document, Paragraph, Table, cell
from evalkit.tables import Column, records

CHANGES, RECEIPT = "数字变更对照表", "抽样凭证"
COUNTS = ("分子", "分母")
SIGNING = "调查员：　　　　　组长：　　　　　审核人："
UNDATED = "　　　　年　　月　　日"
WITNESSES = "抽样人：　　　　　监督人：　　　　　见证人："


def compose_changes(changes: pd.DataFrame, facts: Mapping[str, Any]) -> Document:
    """Compose the table of numbers that changed after late appeals, each with the cases and the signatures behind it.

    Parameters
    ----------
    changes : DataFrame
        As `evalkit.casework` makes it (rate, status, number, old, new, cases, signatures), with a column ``difference`` = new − old.
    facts : mapping
        title, name, institute, date, simulated of the evaluation.

    Returns
    -------
    Document
        Shares differ in percentage points, counts in numbers.
    """
    heads = ("指标", "口径", "数", "原", "现", "差", "所因案件", "何人何日")
    rows = tuple(_change(row) for row in records(changes))
    table = Table(CHANGES, CHANGES, tuple(Column(head) for head in heads), rows, note="率的差以百分点计；其他数字未变。", number="表1")
    said = f"下列{len(rows)}个数因案件终定而变更，其余数字不变。" if rows else "没有数字变更。"
    blocks: list[Block] = [Paragraph(said), *([table] if rows else [])]
    return _document(CHANGES, facts, [*blocks, *_signed(facts, SIGNING)])


def write_changes(changes: pd.DataFrame, facts: Mapping[str, Any], folder: str | Path) -> list[Path]:
    """Write the table of changes as Word, PDF, web page and workbook."""
    return write_document(compose_changes(changes, facts), folder, CHANGES)


def compose_receipt(stages: pd.DataFrame, hashes: Sequence[tuple[str, str]], told: Sequence[str], facts: Mapping[str, Any]) -> Document:
    """Compose the page that certifies a draw: how it was made, how many of how many, and the hashes of what it was made from.

    Neither the seed nor any unit stands on it, so it may be shown before fieldwork ends.

    Parameters
    ----------
    stages : DataFrame
        One row a stage: stage, strata, listed, drawn, reserves.
    hashes : sequence of (str, str)
        What, and its SHA-256.
    told : sequence of str
        One sentence a stage.
    facts : mapping
        title, name, institute, date, simulated of the evaluation.
    """
    columns = (Column("阶段"), Column("层数", "count"), Column("名单数", "count"), Column("抽取数", "count"), Column("备用数", "count"))
    names = ("stage", "strata", "listed", "drawn", "reserves")
    rows = tuple(tuple(cell(getattr(row, name), head.form) for name, head in zip(names, columns, strict=True)) for row in records(stages))
    seals = tuple((Cell(what, what), Cell(seal, seal)) for what, seal in hashes)
    blocks: list[Block] = [Paragraph("本次抽样按设计在名单上进行，每个单位的抽签号由种子和单位编号算出，与人的选择无关：")]
    blocks += [Paragraph(text) for text in told]
    blocks += [Table("stages", "各阶段抽取数", columns, rows, note="空白为该阶段没有备用。", number="表1")]
    heads = (Column("项目"), Column("SHA-256 指纹或说明"))
    blocks += [Table("hashes", "指纹", heads, seals, note="内容改动一个字节，指纹即不同。", number="表2")]
    blocks += [Paragraph("核对方法：取得名单、设计文件和抽样凭证文件，用公布的核对网页或 evalkit verify 重抽一遍，逐项比对。", "closing")]
    return _document(RECEIPT, facts, [*blocks, *_signed(facts, WITNESSES)])


def _document(what: str, facts: Mapping[str, Any], blocks: Sequence[Block]) -> Document:
    told = {
        "title": f"{facts.get('project') or ''}{what}", "institute": facts.get("institute") or "", "number": facts.get("number") or "",
        "date": official_date(str(facts.get("date") or "")), "simulated": bool(facts.get("simulated")), "subject": what, "letter": True,
    }  # fmt: skip
    return Document(told, tuple(blocks))


def _change(row: Any) -> tuple[Cell, ...]:
    form = "count" if row.number in COUNTS else "percent"
    old, new = cell(row.old, form), cell(row.new, form)
    gap = "" if is_blank(row.difference) else number(row.difference) if form == "count" else points(row.difference)
    texts = (row.rate, row.status, row.number)
    return (*(cell(text, "text") for text in texts), old, new, Cell(gap, gap), cell(row.cases, "text"), cell(row.signatures, "text"))


def _signed(facts: Mapping[str, Any], signers: str) -> Iterator[Block]:
    yield Paragraph(signers, "signing")
    yield Paragraph(f"{facts.get('institute') or ''}（盖章）", "signature")
    yield Paragraph(official_date(str(facts.get("date") or UNDATED)), "signature")
