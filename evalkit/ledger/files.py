"""The file of a ledger: opened, brought to the present format, with the journal that its disk allows."""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from evalkit.errors import EvalkitWarning, LedgerError
from evalkit.ledger.disks import network_disk

SCHEMA = 2
WAIT = 60  # seconds that a writer waits for another
JOURNALS = {"": "随磁盘而定", "wal": "预写日志", "rollback": "回滚日志"}
SETTING = "EVALKIT_JOURNAL"  # forces one of them
OWN = {"number", "step", "subject", "detail", "previous", "hash", "who", "day"}
TABLES = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY, step TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, who TEXT NOT NULL DEFAULT '', day TEXT NOT NULL DEFAULT '');
CREATE INDEX entry_of ON entry (step, subject, number);
CREATE TRIGGER no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
# from each format to the next; an entry is hashed without the columns that it leaves empty, so the chain holds
MIGRATIONS = {
    0: TABLES,
    1: "ALTER TABLE entry ADD COLUMN who TEXT NOT NULL DEFAULT ''; ALTER TABLE entry ADD COLUMN day TEXT NOT NULL DEFAULT '';",
}
NEXT = {0: SCHEMA, 1: 2}


@contextmanager
def opened(path: Path, journal: str = "") -> Iterator[sqlite3.Connection]:
    """Open a ledger, made when absent and brought to the present format when older.

    Parameters
    ----------
    path : pathlib.Path
    journal : str
        ``""``, ``"wal"`` or ``"rollback"``.

    Raises
    ------
    LedgerError
        When the file is not a ledger, was made by a later evalkit, or cannot be opened or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as base:
            _prepare(base, path)
            _journal(base, path, journal)
            yield base
    except sqlite3.DatabaseError as fault:
        raise LedgerError(f"{path.name}｜台账打不开或写不进（{fault}）｜检查磁盘与权限，或从备份恢复") from None


@contextmanager
def writing(base: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock, taken before anything is read, so that two processes cannot chain to the same entry."""
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")


def chosen_journal(path: Path, journal: str) -> str:
    """Return the journal of a ledger: as asked, as ``EVALKIT_JOURNAL`` says, else as its disk allows.

    Raises
    ------
    LedgerError
        For a name that is none.
    """
    asked = journal or os.environ.get(SETTING, "")
    if asked not in JOURNALS:
        raise LedgerError(f"{SETTING} = {asked}｜没有这种日志｜可用：wal、rollback，或不设")
    return asked or ("rollback" if network_disk(path) else "wal")


def journal_notice(path: Path, journal: str = "") -> str:
    """Say why a ledger is kept with the rollback journal, empty when it is not or was asked to be."""
    disk = network_disk(path)
    if not disk or journal or os.environ.get(SETTING):
        return ""
    remedy = f"最好把文件夹移到本机磁盘；确是本机磁盘的，设环境变量 {SETTING}=wal"
    return f"{path.name}｜在网络文件夹（{disk}）上，预写日志（WAL）不安全，已拒用并改用回滚日志，同时写入的人须等待｜{remedy}"


def _prepare(base: sqlite3.Connection, path: Path) -> None:
    if _version(base) != SCHEMA:
        with writing(base):
            _migrate(base, path)
    columns = {row[1] for row in base.execute("PRAGMA table_info(entry)")}
    if columns != OWN:
        raise LedgerError(f"{path.name}｜不是 evalkit 的台账（表 entry 的列不符）｜恢复原来的 ledger.sqlite")


def _migrate(base: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the present format, all steps in one transaction."""
    version = _version(base)
    if version > SCHEMA or version < 0:
        raise LedgerError(f"{path.name}｜台账格式 {version} 比本版本所识 {SCHEMA} 新｜升级 evalkit 后重试")
    if version == 0 and base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise LedgerError(f"{path.name}｜是别的程序的数据库，不是 evalkit 的台账｜换一个文件夹，或恢复原来的 ledger.sqlite")
    while version < SCHEMA:
        for statement in _statements(MIGRATIONS[version]):
            base.execute(statement)
        version = NEXT[version]
    base.execute(f"PRAGMA user_version = {SCHEMA}")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one at a time: sqlite3's own executescript would end the transaction."""
    held = ""
    for line in script.replace("; ", ";\n").splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):
            yield held
            held = ""


def _version(base: sqlite3.Connection) -> int:
    return int(base.execute("PRAGMA user_version").fetchone()[0])


def _journal(base: sqlite3.Connection, path: Path, journal: str) -> None:
    """Set the journal where it is not set yet; every commit is on the disk before it counts."""
    notice = journal_notice(path, journal)
    if notice:
        warnings.warn(notice, EvalkitWarning, stacklevel=2)
    wanted = {"wal": "wal", "rollback": "delete"}[chosen_journal(path, journal)]
    base.execute("PRAGMA synchronous = FULL")
    if base.execute("PRAGMA journal_mode").fetchone()[0] == wanted:
        return
    try:
        base.execute(f"PRAGMA journal_mode = {wanted}")
    except sqlite3.OperationalError:
        # another process has the file open at this moment: both journals keep it whole, the next to open it alone sets it
        return
