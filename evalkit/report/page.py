"""The web page: one file, no script, no outside request; every word of the data is escaped."""

from __future__ import annotations

from pathlib import Path

from evalkit.later import later
from evalkit.report.model import Document

jinja2 = later("jinja2")

LAYOUT = Path(__file__).with_name("page.html")


def page_bytes(document: Document) -> bytes:
    """Return the report as one self-contained HTML file in UTF-8.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
    """
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    layout = environment.from_string(LAYOUT.read_text(encoding="utf-8"))
    blocks = [(type(block).__name__, f"s{i}", block) for i, block in enumerate(document.blocks)]
    return bytes(layout.render(document=document, blocks=blocks, words=document.words).encode())
