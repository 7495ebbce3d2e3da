"""Files written whole or not at all, and what a writer that was killed left behind."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from evalkit.errors import EvalkitError
from evalkit.later import installed, later

# none on Windows: there a file that is open cannot be removed, which tells the same
fcntl = later("fcntl") if installed("fcntl") else None

PART = ".part"
MARK = ".writing"  # held open in a folder that is being made


def write_bytes(path: str | Path, data: bytes, *, sealed: bool = False) -> Path:
    """Write a file whole or not at all: to a neighbour first, which then takes its name.

    Parameters
    ----------
    path : str or pathlib.Path
        The folder is made when it is missing.
    data : bytes
    sealed : bool
        Whether a file written after it states its SHA-256, so that what a machine that dies leaves of it is refused when it is
        read: then nobody waits for the disk.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    EvalkitError
        When the file is open in another program, or may not be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(Path(folder) / "draw" / "seed.txt", b"3141").read_bytes()
    b'3141'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own for each writer, so that two that write the same file do not mix
    part = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}{PART}")
    try:
        with part.open("wb") as out:
            _held(out)
            out.write(data)
            out.flush()
            if not sealed:
                os.fsync(out.fileno())  # on the disk before it takes the name: a machine that dies leaves the old file or the new one
        os.replace(part, target)
    except PermissionError:  # Windows lets nobody replace a file that Excel or Word holds open
        remedy = "关闭 Excel、Word 等程序中的这个文件，或检查文件夹的写入权限，再试一次"
        raise EvalkitError(f"{target}｜写不进：文件正被打开，或没有写入权限｜{remedy}") from None
    finally:
        part.unlink(missing_ok=True)
    return target


@contextmanager
def being_made(folder: Path) -> Iterator[None]:
    """Mark a folder as being made by this process for as long as the block runs; `sweep` leaves it alone."""
    mark = folder / MARK
    with mark.open("wb") as out:
        _held(out)
        yield
    mark.unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """Remove the unfinished files, and the unfinished folders, that killed writers left in a folder and below it.

    What another process is still writing is left alone: it holds a lock on it.

    Returns
    -------
    int
        How many were removed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = (Path(place) / ".facts.json.1-1.part").write_bytes(b"{")
    ...     sweep(Path(place)), list(Path(place).iterdir())
    (1, [])
    """
    found = [path for path in sorted(folder.rglob(f".*{PART}")) if path.is_file()] if folder.is_dir() else []
    return sum(_dropped(path) for path in found)


def sweep_folder(part: Path) -> bool:
    """Remove a folder that was being made, unless its maker lives; return whether it is gone."""
    mark = part / MARK
    if mark.exists() and not _dropped(mark):
        return False
    shutil.rmtree(part, ignore_errors=True)
    return not part.exists()


def _held(file: IO[bytes]) -> None:
    if fcntl is not None:
        with suppress(OSError):  # a disk without locks: then a leftover cannot be told from a file being written
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _dropped(path: Path) -> bool:
    """Remove a file whose writer is dead; return whether it was."""
    try:
        if fcntl is not None:
            with path.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:
        return False
    return True
