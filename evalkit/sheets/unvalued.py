"""Cells of a workbook that look blank to a reader and are not: formulas that were never worked out, and error values."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

from evalkit.codes import shown_label
from evalkit.errors import EvalkitError

ERROR = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*?\bt="e"')
UNVALUED = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"(?![^>]*\bt="str")[^>]*><f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>')
SHEET = re.compile(rb'<sheet\b[^>]*?>')
LINK = re.compile(rb'<Relationship\b[^>]*?>')
NAMED = 6  # cells that the message names


def refuse_unvalued(path: Path, names: Iterable[str]) -> None:
    """Refuse a workbook in whose sheets a formula has no value, or a cell holds an error value such as ``#N/A``.

    Parameters
    ----------
    path : pathlib.Path
        Looked into where it is an xlsx or xlsm file.
    names : iterable of str
        The sheets that are read; in others such cells do no harm.

    Raises
    ------
    EvalkitError
        Naming sheet and cells.
    """
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return
    try:
        with zipfile.ZipFile(path) as packed:
            told = [line for name, part in _parts(packed, set(names)) for line in _lines(name, packed.read(part))]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError) as fault:
        raise EvalkitError(f"{path.name}｜打不开这个工作簿（{type(fault).__name__}）｜用表格软件另存为 xlsx 后重试") from None
    if told:
        raise EvalkitError(f"{path.name}｜{'；'.join(told)}｜改正或清空错误值；公式在 Excel 中重新计算后保存，或粘贴为数值")


def _lines(name: str, data: bytes) -> Iterator[str]:
    """Yield what a sheet holds of either."""
    for pattern, mark, what in ((ERROR, b't="e"', "是错误值（#N/A 一类）"), (UNVALUED, b"<f", "公式没有算出的值")):
        if found := _cells(pattern, data, mark):
            more = f" 等 {len(found)} 格" if len(found) > NAMED else ""
            yield f"{shown_label(name)} {'、'.join(found[:NAMED])}{more} {what}"


def _cells(pattern: re.Pattern[bytes], data: bytes, mark: bytes) -> list[str]:
    return [cell.decode() for cell in pattern.findall(data)] if mark in data else []


def _parts(packed: zipfile.ZipFile, names: set[str]) -> list[tuple[str, str]]:
    """Return the sheets that are read, each with its part of the file; none where the workbook is not laid out as usual."""
    inside = set(packed.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= inside:
        return []
    links = {_told(link, "Id"): _told(link, "Target") for link in LINK.findall(packed.read("xl/_rels/workbook.xml.rels"))}
    found = []
    for sheet in SHEET.findall(packed.read("xl/workbook.xml")):
        target = links.get(_told(sheet, "r:id"), "")
        part = posixpath.normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        if _told(sheet, "name") in names and part in inside:
            found.append((_told(sheet, "name"), part))
    return found


def _told(tag: bytes, key: str) -> str:
    found = re.search(rf'\s{key}="([^"]*)"'.encode(), tag)
    return unescape(found[1].decode("utf-8", "replace")) if found else ""
