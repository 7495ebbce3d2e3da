"""The ledger: what an evaluation accumulates, one SQLite file, append-only, each entry chained to the last by its hash.

It holds no clock: an entry says what was done, to what, with which numbers. A changed, removed or inserted
entry breaks the chain: `Ledger.check` gives the number of the first that does not fit, and
`Ledger.refuse_if_edited` refuses to go on.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import tickets
from evalkit.errors import LedgerError

SCHEMA = 1
BEGINNING = "0" * 64
TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY, step TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE INDEX IF NOT EXISTS entry_of ON entry (step, subject, number);
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
COLUMNS = "number, step, subject, detail, previous, hash"


@dataclass(frozen=True)
class Entry:
    """One entry of a ledger.

    Parameters
    ----------
    number : int
        1, 2, 3 … without gaps.
    step : str
        The step of the river, such as ``draw``.
    subject : str
        What it was done to, such as a village code; may be empty.
    detail : dict
        Plain data.
    previous, hash : str
        SHA-256 of the entry before and of this one.
    """

    number: int
    step: str
    subject: str
    detail: dict[str, Any]
    previous: str
    hash: str

    def expected(self) -> str:
        """Return the hash this entry must have."""
        content = [self.number, self.step, self.subject, self.detail, self.previous]
        return tickets.seal(content)


@dataclass(frozen=True)
class Ledger:
    """The ledger of one evaluation.

    Parameters
    ----------
    path : pathlib.Path
        The SQLite file; it is made at the first entry.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "ledger.sqlite")
    ...     _ = ledger.append("draw", "", {"villages": 44})
    ...     _ = ledger.append("draw", "", {"villages": 44})
    ...     len(ledger.entries()), ledger.check(), ledger.last("draw").detail
    (1, None, {'villages': 44})
    """

    path: Path

    def append(self, step: str, subject: str, detail: Mapping[str, Any]) -> Entry:
        """Add an entry; one that repeats the last entry of its step and subject adds nothing.

        Parameters
        ----------
        step, subject : str
            What was done, to what.
        detail : mapping
            Plain data: text, whole numbers, floats, lists and mappings of them.

        Returns
        -------
        Entry
            The new entry, or the one it repeats.

        Raises
        ------
        LedgerError
            When the file is not a ledger or was made by a later evalkit.
        """
        text = tickets.canonical(dict(detail))
        with self._open() as base, base:
            # takes the write lock before reading, so that two processes cannot chain to the same entry
            base.execute("BEGIN IMMEDIATE")
            known = _newest(base, "WHERE step = ? AND subject = ?", (step, subject))
            if known is not None and tickets.canonical(known.detail) == text:
                return known
            last = _newest(base, "", ())
            number, previous = (1, BEGINNING) if last is None else (last.number + 1, last.hash)
            draft = Entry(number, step, subject, json.loads(text), previous, "")
            entry = Entry(number, step, subject, draft.detail, previous, draft.expected())
            base.execute(f"INSERT INTO entry ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", (number, step, subject, text, previous, entry.hash))
        return entry

    def entries(self, step: str = "") -> tuple[Entry, ...]:
        """Return all entries in order, or those of one step."""
        if not self.path.exists():
            return ()
        with self._open() as base:
            rows = base.execute(f"SELECT {COLUMNS} FROM entry WHERE step = ? OR ? = '' ORDER BY number", (step, step)).fetchall()
        return tuple(_entry(row) for row in rows)

    def last(self, step: str, subject: str = "") -> Entry | None:
        """Return the newest entry of a step and subject, or None."""
        found = [entry for entry in self.entries(step) if entry.subject == subject]
        return found[-1] if found else None

    def check(self) -> int | None:
        """Follow the chain from the first entry to the last, one row at a time.

        Returns
        -------
        int or None
            The number of the first entry that does not fit, counted from 1; None when all fit.

        Raises
        ------
        LedgerError
            When the file is not a ledger.
        """
        if not self.path.exists():
            return None
        previous = BEGINNING
        with self._open() as base:
            for number, row in enumerate(base.execute(f"SELECT {COLUMNS} FROM entry ORDER BY number"), 1):
                if row[0] != number or row[4] != previous or row[5] != _chained(row):
                    return number
                previous = row[5]
        return None

    def refuse_if_edited(self) -> None:
        """Refuse to go on with a ledger that was changed.

        Raises
        ------
        LedgerError
            Naming the first entry that does not fit.
        """
        number = self.check()
        if number is not None:
            raise LedgerError(f"{self.path.name}｜第 {number} 条记录与其指纹不符，台账被改动｜从备份恢复该文件，并查明何人改动")

    @property
    def head(self) -> str:
        """Hash of the newest entry: printed in a receipt, it shows later that nothing was cut off the end."""
        entries = self.entries()
        return entries[-1].hash if entries else BEGINNING

    def __repr__(self) -> str:
        return f"Ledger {self.path.name}：{len(self.entries())} 条，末条指纹 {self.head[:12]}"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as base:
                self._prepare(base)
                yield base
        except sqlite3.DatabaseError as fault:
            raise LedgerError(f"{self.path.name}｜台账打不开或写不进（{fault}）｜检查磁盘与权限，或从备份恢复") from None

    def _prepare(self, base: sqlite3.Connection) -> None:
        version = base.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            base.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        elif version > SCHEMA:
            raise LedgerError(f"{self.path.name}｜台账格式 {version} 比本版本所识 {SCHEMA} 新｜升级 evalkit 后重试")


def _newest(base: sqlite3.Connection, where: str, values: tuple[str, ...]) -> Entry | None:
    row = base.execute(f"SELECT {COLUMNS} FROM entry {where} ORDER BY number DESC LIMIT 1", values).fetchone()
    return None if row is None else _entry(row)


def _chained(row: tuple[Any, ...]) -> str:
    """Return the hash that a row must have, from its text as it stands: nothing is read as JSON."""
    number, step, subject, detail, previous, _ = row
    if not (isinstance(number, int) and all(isinstance(part, str) for part in (step, subject, detail, previous))):
        return ""
    parts = (str(number), tickets.canonical(step), tickets.canonical(subject), detail, tickets.canonical(previous))
    return hashlib.sha256(f"[{','.join(parts)}]".encode()).hexdigest()


def _entry(row: tuple[Any, ...]) -> Entry:
    number, step, subject, detail, previous, own = row
    try:
        content = json.loads(detail)
    except (TypeError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise LedgerError(f"第 {number} 条记录的内容读不下去，台账被改动｜从备份恢复该文件")
    return Entry(number, step, subject, content, previous, own)
