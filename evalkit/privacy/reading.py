"""The words of any file, and its columns where it is a table: all that a reader of the file could see or search."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import EvalkitError
from evalkit.later import later

calamine = later("python_calamine")
pypdf = later("pypdf", extra="privacy")
pyreadstat = later("pyreadstat", extra="stata")

DRAWING = re.compile(r"<svg\b.*?</svg>|<(?:style|script)\b.*?</(?:style|script)>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*>")
TEXTS = frozenset({".txt", ".md", ".toml", ".xml", ".html", ".htm", ".log", ".svg", ".ipynb", ".typ"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".otf", ".ttf", ".npz"})
LARGEST = 2**28  # bytes of one member of a zipped file; a bomb is not unpacked
Rows = Sequence[Sequence[Any]]


class Unread(Exception):
    """A file whose words cannot be had; the text says why."""


@dataclass(frozen=True)
class Piece:
    """A part of a file: where it stands, its text, and its rows where it is a table with headings in its first row."""

    place: str
    text: str
    rows: Rows = ()


def pieces(path: Path) -> Iterator[Piece]:
    """Yield the parts of a file.

    Raises
    ------
    Unread
        When it is a picture, damaged, locked, or needs a library that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        raise Unread("图片与字体不查")
    reader = READERS.get(suffix, _text)
    try:
        yield from reader(path)
    except Unread:
        raise
    except EvalkitError as lacking:  # the library is not installed
        raise Unread(str(lacking).replace("\n", " ")) from None
    except Exception as trouble:  # any library's word for: damaged, locked, not what its name says
        raise Unread(f"读不出（{type(trouble).__name__}）") from None


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _text(path: Path) -> Iterator[Piece]:
    if path.suffix.lower() not in TEXTS and b"\0" in path.open("rb").read(4096):
        raise Unread("不认识的文件，没有查")
    yield Piece("", _plain(_decoded(path.read_bytes())))


def _plain(text: str) -> str:
    return html.unescape(TAG.sub(" ", DRAWING.sub(" ", text))) if "<" in text else text


def _json(path: Path) -> Iterator[Piece]:
    """The text, and each object with names in it as a table of one row."""
    text = _decoded(path.read_bytes())
    yield Piece("", text)
    waiting = [json.loads(text)]
    while waiting:
        part = waiting.pop()
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        waiting.extend(each for each in inner if isinstance(each, (dict, list)))
        if isinstance(part, dict):
            plain = {key: value for key, value in part.items() if isinstance(value, str)}
            yield Piece("", "", [list(plain), list(plain.values())])


def _csv(path: Path) -> Iterator[Piece]:
    text = _decoded(path.read_bytes())
    first = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))
    yield Piece("", text, rows)


def _workbook(path: Path) -> Iterator[Piece]:
    """Every sheet as a table, and every other part of the file (comments, properties, shared words) as text."""
    book = calamine.CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        yield Piece(f"工作表 {name}", "\n".join("\t".join(_cell(cell) for cell in row) for row in rows), rows)
    if zipfile.is_zipfile(path):
        yield from (piece for piece in _zipped(path) if not piece.place.startswith("xl/worksheets/sheet"))


def _cell(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _zipped(path: Path) -> Iterator[Piece]:
    with zipfile.ZipFile(path) as book:
        for member in book.infolist():
            if member.file_size > LARGEST:
                raise Unread("压缩文件展开后过大")
            if member.filename.lower().endswith((".xml", ".rels", ".txt", ".json", ".csv", ".html")):
                yield Piece(member.filename, _plain(_decoded(book.read(member)).replace("</w:p>", "\n").replace("</w:t><", "<")))


def _base(path: Path) -> Iterator[Piece]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found = base.execute(f'SELECT * FROM "{name}"')
            rows = [[column[0] for column in found.description], *found.fetchall()]
            yield Piece(f"表 {name}", "\n".join("\t".join(map(str, row)) for row in rows), rows)


def _pdf(path: Path) -> Iterator[Piece]:
    for number, page in enumerate(pypdf.PdfReader(str(path)).pages, 1):
        yield Piece(f"第 {number} 页", page.extract_text())


def _parquet(path: Path) -> Iterator[Piece]:
    yield _tabled(pd.read_parquet(path))


def _statistical(path: Path) -> Iterator[Piece]:
    table, _ = (pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav)(str(path))
    yield _tabled(table)


def _tabled(table: pd.DataFrame) -> Piece:
    rows = [list(map(str, table.columns)), *table.astype(str).to_numpy().tolist()]
    return Piece("", "\n".join("\t".join(row) for row in rows), rows)


READERS = {
    ".csv": _csv, ".json": _json, ".xlsx": _workbook, ".xls": _workbook, ".xlsm": _workbook, ".ods": _workbook,
    ".docx": _zipped, ".zip": _zipped, ".sqlite": _base, ".db": _base, ".pdf": _pdf, ".parquet": _parquet,
    ".sav": _statistical, ".zsav": _statistical, ".dta": _statistical,
}  # fmt: skip
