"""A Word file read back: its paragraphs and tables in order, as a person sees them after every tracked change is accepted."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError, ReportError
from evalkit.later import later
from evalkit.sheets.limits import Limits, refuse_bomb

docx = later("docx")
ns = later("docx.oxml.ns")

LARGEST = Limits(size=200_000_000)
GONE = frozenset({"del", "moveFrom", "sectPr"})  # struck out, or no words
OTHERS = frozenset({"pPr", "rPr", "txbxContent", "Fallback", "instrText"})  # of a paragraph: no words of its own
MARKS = {"tab": "\t", "br": "\n", "noBreakHyphen": "-"}
OUTSIDE = ("footnotes", "endnotes")
ZERO_WIDTH = re.compile("[\u200b\u2060\ufeff]")


@dataclass(frozen=True)
class Said:
    """A paragraph, with the heading it stands under and its place there."""

    text: str
    under: str
    at: int

    @property
    def place(self) -> str:
        """Where it stands, as a person looks for it."""
        return f"{self.under or '封面'} 第{self.at}段"


@dataclass(frozen=True)
class Grid:
    """A table: its caption, the texts of its cells, rows of merged cells filled up with blanks, and how many rows are headings."""

    caption: str
    rows: tuple[tuple[str, ...], ...]
    heads: int = 1


@dataclass(frozen=True)
class Content:
    """What a Word file says."""

    paragraphs: tuple[Said, ...]
    tables: tuple[Grid, ...]


def read_word(file: str | Path | bytes) -> Content:
    """Read a Word file: body, footnotes and endnotes; what is struck out under tracked changes is left out, what is put in counts.

    Parameters
    ----------
    file : str, path or bytes

    Returns
    -------
    Content
        The 目录 and the heads and feet of pages are left out.

    Raises
    ------
    ReportError
        For a file that is no .docx, is damaged, or would unpack to more than 200 MB.
    """
    word = _opened(file)
    styles = {style.style_id: style.name for style in word.styles}
    items = list(_items(word.element.body))
    for part in word.part.package.iter_parts():
        if any(part.partname.endswith(f"/{kind}.xml") for kind in OUTSIDE):
            items += list(_items(docx.oxml.parse_xml(part.blob)))
    return _gathered(items, styles)


def _opened(file: str | Path | bytes) -> Any:
    name = "文件" if isinstance(file, bytes) else Path(file).name
    remedy = "在 Word 或 WPS 中打开，另存为 .docx"
    try:
        if not isinstance(file, bytes):
            refuse_bomb(Path(file), LARGEST)
        return docx.Document(io.BytesIO(file) if isinstance(file, bytes) else str(file))
    except FileNotFoundError:
        raise ReportError(f"{name}｜没有这个文件｜写出改过的 .docx 的路径") from None
    except (ValueError, KeyError, EvalkitError, zipfile.BadZipFile, docx.opc.exceptions.PackageNotFoundError, SyntaxError):
        raise ReportError(f"{name}｜不是完好的 Word 文件（.docx）｜{remedy}") from None


def _items(holder: Any) -> Iterator[Any]:
    """Yield paragraphs and tables in order, through content controls and marks of change."""
    for child in holder:
        if _local(child) in ("p", "tbl"):
            yield child
        elif _local(child) not in GONE:
            yield from _items(child)


def _gathered(items: list[Any], styles: dict[str, str]) -> Content:
    said, tables, under, at, last = [], [], "", 0, ""
    for item in items:
        if _local(item) == "tbl":
            heads = len(item.findall(f"{ns.qn('w:tr')}/{ns.qn('w:trPr')}/{ns.qn('w:tblHeader')}"))
            tables.append(Grid(_caption(item) or last, tuple(_rows(item)), max(heads, 1)))
            continue
        text, style = _text(item), _style(item, styles)
        if not text.strip() or style.lower().startswith("toc"):
            continue
        last = text
        if style.lower().startswith("heading") or style == "附件标题":
            under, at = text, 0
        else:
            at += 1
        said.append(Said(text, under, at))
    return Content(tuple(said), tuple(tables))


def _style(paragraph: Any, styles: dict[str, str]) -> str:
    found = paragraph.find(f"{ns.qn('w:pPr')}/{ns.qn('w:pStyle')}")
    return styles.get(found.get(ns.qn("w:val")), "") if found is not None else ""


def _caption(table: Any) -> str:
    found = table.find(f"{ns.qn('w:tblPr')}/{ns.qn('w:tblCaption')}")
    return str(found.get(ns.qn("w:val"))) if found is not None else ""


def _rows(table: Any) -> Iterator[tuple[str, ...]]:
    for row in table.findall(ns.qn("w:tr")):
        if row.find(f"{ns.qn('w:trPr')}/{ns.qn('w:del')}") is None:
            yield tuple(text for cell in row.findall(ns.qn("w:tc")) for text in _cell(cell))


def _cell(cell: Any) -> list[str]:
    properties = cell.find(ns.qn("w:tcPr"))
    span = properties.find(ns.qn("w:gridSpan")) if properties is not None else None
    wide = int(span.get(ns.qn("w:val"))) if span is not None else 1
    text = "\n".join(_text(paragraph) for paragraph in cell.iter(ns.qn("w:p")))
    return [text, *[""] * (wide - 1)]


def _text(paragraph: Any) -> str:
    return ZERO_WIDTH.sub("", "".join(_words(paragraph)))


def _words(node: Any) -> Iterator[str]:
    for child in node:
        name = _local(child)
        if name == "t":
            yield child.text or ""
        elif name in MARKS:
            yield MARKS[name]
        elif name not in GONE | OTHERS:
            yield from _words(child)


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
