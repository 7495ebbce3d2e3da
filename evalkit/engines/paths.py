"""Which files a path means: the file that is named, or, where its name holds ``*``, those that it fits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evalkit.codes import shown_label
from evalkit.errors import EvalkitError
from evalkit.sheets.reading import sound_file

FILES = (".parquet", ".csv")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # of another machine; one letter is a drive


def chosen(given: str | Path, error: type[EvalkitError]) -> list[Path]:
    """Return the files that a path means, sorted by name.

    Only ``*`` in the name of the file is a pattern; ``[ ] ?`` stand for themselves, as in a second download (``回答[1].csv``).
    As in a shell, a pattern passes over files whose names begin with a point: halves of a download, notes of macOS.

    Parameters
    ----------
    given : str or pathlib.Path
    error : type of EvalkitError

    Raises
    ------
    EvalkitError
        When there is no such file, when it is no Parquet or CSV, or when a folder is among those that a pattern fits.
    """
    path = Path(given)
    if not str(given).strip():
        raise error("路径｜是空的｜写 Parquet 或 CSV 文件的路径")
    if ADDRESS.match(str(given)):
        raise error(f"{shown_label(str(given))}｜只读本机（或已挂载）的文件｜先下载或挂载，再写它的路径")
    if path.is_dir():
        raise error(f"{shown_label(path.name)}｜是文件夹，不是文件｜写出其中的文件：{shown_label(path.name)}/*.parquet 或 *.csv")
    if "*" in str(path.parent) and not path.parent.is_dir():
        raise error(f"{path}｜* 只能写在文件名中，不能写在文件夹名中｜逐个文件夹写，或先合并成一个文件夹")
    if path.suffix.lower() not in FILES:
        known, way = "、".join(FILES), "回收表用 ev.read_returns，名单用 ev.read_frame，名册用 ev.read_rosters"
        raise error(f"{path}｜留在原处读的文件应为 {known}｜另存为 Parquet；或先读入内存（{way}）")
    if "*" not in path.name:
        return [_sound(path, error)]
    fits, plain = re.compile(".*".join(map(re.escape, path.name.split("*")))), not path.name.startswith(".")
    inside = path.parent.iterdir() if path.parent.is_dir() else ()
    files = sorted(each for each in inside if fits.fullmatch(each.name) and not (plain and each.name.startswith(".")))
    if not files:
        raise error(f"{path}｜没有这个文件｜核对路径与文件名")
    for folder in (each for each in files if each.is_dir()):
        way = f"写出其中的文件 {shown_label(folder.name)}/*{path.suffix}，或移走它"
        raise error(f"{shown_label(folder.name)}｜是文件夹，而 {shown_label(path.name)} 应只合于文件｜{way}")
    return [_sound(each, error) for each in files]


def escaped(path: Path) -> str:
    """Return a path in which DuckDB finds no pattern.

    Examples
    --------
    >>> escaped(Path("回答[1].csv"))
    '回答[[]1].csv'
    """
    return re.sub(r"([\[?*])", r"[\1]", str(path))


def _sound(path: Any, error: type[EvalkitError]) -> Path:
    try:
        return sound_file(path)
    except EvalkitError as found:
        raise error(str(found)) from None
