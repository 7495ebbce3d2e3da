"""The PDF: the page of GB/T 9704 laid out by typst from data, with the bundled fonts only, so it looks the same everywhere."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import Any

from evalkit.report.model import Block, Document, Heading, Paragraph, Picture, Table
from evalkit.report.typeset import typeset_pdf

LAYOUT = Path(__file__).with_name("report.typ")
WIDTH, SIZES = 442.0, (10.5, 9.0, 8.0, 7.5, 7.0)  # points: 156 mm
UNIVERSAL = "ua-1"  # which asks for a title
SHORT = 16  # a table with so few rows is not parted over two pages


def pdf_bytes(document: Document) -> bytes:
    """Return the report as a PDF: tagged as PDF/UA-1 asks, with bookmarks, pages numbered — 1 — on the outer side, and no clock in it.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
    """
    return typeset_pdf(LAYOUT, "report", _data(document), document.stamp(), standards=[UNIVERSAL] if document.title else [])


def _data(document: Document) -> dict[str, Any]:
    cover = {name: document.fact(name) for name in ("institute", "date", "number")}
    titles = {"title": document.title, "title_lines": document.title_lines, "title_mark": document.title_mark, "letter": document.letter}
    words = {"mark": document.mark, "copy": document.words.pdf, "contents": document.words.contents, "language": document.language}
    return {**cover, **titles, **words, "blocks": [_block(block) for block in document.blocks]}


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": block.text, "label": block.label}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "style": block.kind, "text": block.text}
    if isinstance(block, Picture):
        return {"kind": "picture", "caption": block.caption, "svg": block.svg, "alt": block.chart.alt}
    return _table(block)


def _table(table: Table) -> dict[str, Any]:
    size, shares = table.fit(WIDTH, SIZES)
    ends = list(accumulate(width for _, width in table.spans))
    return {
        "kind": "table",
        "caption": table.caption,
        "unit": table.unit,
        "spans": [list(span) for span in table.spans],
        "rules": [[end - width, end] for (text, width), end in zip(table.spans, ends, strict=True) if text],
        "heads": [column.heading for column in table.columns],
        "sides": list(table.sides),
        "shares": shares,
        "size": size,
        "rows": [[cell.text for cell in row] for row in table.rows],
        "totals": [table.is_total(row) for row in table.rows],
        "endings": table.endings,
        "short": len(table.rows) <= SHORT,
    }
