"""How large a file may be: asked of a workbook before it is unpacked, so that a small file cannot fill the memory."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import EvalkitError

PIECE, OVERLAP = 1 << 20, 64  # bytes looked at together; what is looked at again, so that no mark falls between two pieces
LETTERS = 26
ROW = re.compile(rb'<row\b[^>]*?\br="([0-9]{1,7})"[^>]*?(?<!/)>')
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # begins old workbooks, and new ones that are encrypted


@dataclass(frozen=True)
class Limits:
    """The largest table that is read.

    Parameters
    ----------
    rows : int
        A sheet with as many rows is refused.
    cells : int
        Rows × columns of one sheet, blanks between them included: they take memory too.
    size : int
        Bytes of a file, and of a workbook when it is unpacked.
    """

    rows: int = 1_000_000
    cells: int = 20_000_000
    size: int = 1_000_000_000

    def refuse(self, name: str, rows: int, columns: int) -> None:
        """Refuse a table by its height and width."""
        if rows >= self.rows or rows * columns > self.cells:
            remedy = "按乡镇或按村拆成几个文件；数据以外的格式与空白行列全部删除"
            raise EvalkitError(f"{name}｜有 {rows} 行 × {columns} 列，超过上限（{self.rows} 行、{self.cells} 格）｜{remedy}")


def refuse_bomb(path: Path, limits: Limits) -> None:
    """Refuse a workbook that would unpack to more than the limits, is encrypted, or is damaged.

    Parameters
    ----------
    path : pathlib.Path
        Workbooks that are no packed file are left to who reads them.

    Raises
    ------
    EvalkitError
    """
    size = path.stat().st_size
    if size > limits.size:
        raise EvalkitError(f"{path.name}｜文件有 {_megabytes(size)}，上限为 {_megabytes(limits.size)}｜按乡镇或按村拆成几个文件")
    with path.open("rb") as file:
        start = file.read(len(COMPOUND))
    if start == COMPOUND and path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb"):
        raise EvalkitError(f"{path.name}｜工作簿设有打开密码，或其实是旧的 xls 文件｜去掉密码另存为 xlsx；旧文件把扩展名改为 .xls")
    if start[:2] == b"PK":
        try:
            _refuse_packed(path, limits)
        except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError) as fault:
            raise EvalkitError(f"{path.name}｜打不开这个工作簿（{type(fault).__name__}）｜用表格软件另存为 xlsx 后重试") from None


def _refuse_packed(path: Path, limits: Limits) -> None:
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > limits.size:
            found = f"解压后有 {_megabytes(unpacked)}，上限为 {_megabytes(limits.size)}"
            raise EvalkitError(f"{path.name}｜{found}（压缩炸弹，或表过大）｜核对来源；确属数据的，按乡镇拆成几个文件")
        for part in parts:
            if part.filename.endswith(".xml") and "sheet" in part.filename.lower():
                limits.refuse(path.name, *_extent(packed, part))


def _extent(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the last row and the last column that a sheet names, reading it piece by piece."""
    rows, letters, wider, tail = 0, "A", _wider("A"), b""
    with packed.open(part) as file:
        while piece := file.read(PIECE):
            text = tail + piece
            tail, place = text[-OVERLAP:], 0
            while found := wider.search(text, place):
                letters, place = found.group(1).decode(), found.end()
                wider = _wider(letters)
            rows = max([rows, *map(int, ROW.findall(text))])
    return rows, _number(letters)


def _wider(letters: str) -> re.Pattern[bytes]:
    """Return what finds a cell in a column to the right of one: a sheet has few such columns and very many cells."""
    more = [f"[A-Z]{{{len(letters) + 1},3}}"] if len(letters) < 3 else []
    for place, letter in enumerate(letters):
        if letter < "Z":
            more.append(f"{letters[:place]}[{chr(ord(letter) + 1)}-Z][A-Z]{{{len(letters) - place - 1}}}")
    return re.compile(rf'r="({"|".join(more) or "(?!)"})[0-9]'.encode())


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
