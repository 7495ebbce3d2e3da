"""The ledger: what an evaluation accumulates, one SQLite file, append-only, each entry chained to the last by its hash.

It holds no clock: an entry says what was done, to what, with which numbers, and the day and the person where the caller
gives them. A changed, removed or inserted entry breaks the chain: `Ledger.check` gives the number of the first that does
not fit, and `Ledger.refuse_if_edited` refuses to go on.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import LedgerError
from evalkit.given import takes
from evalkit.ledger.entries import BEGINNING, COLUMNS, Draft, Entry, chain, chained, entry_of
from evalkit.ledger.files import chosen_journal, journal_notice, opened, writing
from evalkit.ledger.kinds import entry_table, refuse_unlike_kind, title
from evalkit.showing import Rows, Shown

Decision = Callable[[tuple[Entry, ...]], Sequence[Draft]]


@takes(LedgerError)
@dataclass(frozen=True)
class Ledger(Shown):
    """The ledger of one evaluation.

    Parameters
    ----------
    path : pathlib.Path
        The SQLite file; it is made at the first entry.
    journal : str
        ``""``: the write-ahead log, on a network folder the rollback journal; ``"wal"`` or ``"rollback"`` force one.

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
    journal: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @takes(LedgerError)
    def append(self, step: str, subject: str, detail: Mapping[str, Any], *, who: str = "", day: str = "") -> Entry:
        """Add an entry; one that repeats the last entry of its step and subject adds nothing.

        Parameters
        ----------
        step, subject : str
            What was done, to what.
        detail : mapping
            Plain data: text, whole numbers, floats, lists and mappings of them; codes, never personal data.
        who : str
            Code of the person or party that did it.
        day : str
            The day, ``2018-11-12``.

        Returns
        -------
        Entry
            The new entry, or the one it repeats.

        Raises
        ------
        LedgerError
            When the file is not a ledger or was made by a later evalkit, or the entry holds personal data or lacks what
            entries of its kind have.
        """
        return self.extend([Draft(step, subject, detail, who, day)])[0]

    @takes(LedgerError)
    def extend(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Add several entries, all or none.

        Returns
        -------
        tuple of Entry
            One for each draft: new, or the one it repeats.

        Raises
        ------
        LedgerError
            As `append`.
        """
        _refuse(drafts)
        with self._open() as base, writing(base):
            return tuple(_added(base, draft) for draft in drafts)

    @takes(LedgerError)
    def decide(self, step: str, decision: Decision) -> tuple[Entry, ...]:
        """Add what is decided from the entries of a step, with nobody else writing in between.

        Parameters
        ----------
        step : str
            Empty for all.
        decision : callable
            Given the entries of the step in order, it returns the drafts to add; what it raises leaves the ledger as it was.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ledger = Ledger(Path(folder) / "ledger.sqlite")
        ...     for _ in range(3):
        ...         _ = ledger.decide("turn", lambda known: [Draft("turn", "", {"turn": len(known) + 1})])
        ...     [entry.detail["turn"] for entry in ledger.entries("turn")]
        [1, 2, 3]
        """
        with self._open() as base, writing(base):
            drafts = decision(_entries(base, step, ""))
            _refuse(drafts)
            return tuple(_added(base, draft) for draft in drafts)

    @takes(LedgerError)
    def entries(self, step: str = "", subject: str = "") -> tuple[Entry, ...]:
        """Return all entries in order, or those of one step or one subject."""
        if not self.path.exists():
            return ()
        with self._open() as base:
            return _entries(base, step, subject)

    @takes(LedgerError)
    def last(self, step: str, subject: str = "") -> Entry | None:
        """Return the newest entry of a step and subject, or None."""
        if not self.path.exists():
            return None
        with self._open() as base:
            return _newest(base, "WHERE step = ? AND subject = ?", (step, subject))

    @takes(LedgerError)
    def table(self, step: str) -> pd.DataFrame:
        """Return the entries of one step as a table, one row an entry, in the Chinese headings of its kind.

        Returns
        -------
        pandas.DataFrame
            序号, 日期, 人, 对象, then one column for each part of the detail.
        """
        return entry_table(step, self.entries(step))

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
                if row[0] != number or row[4] != previous or row[5] != chained(row):
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
        if not self.path.exists():
            return BEGINNING
        with self._open() as base:
            last = _newest(base, "", ())
        return BEGINNING if last is None else last.hash

    @property
    def keeping(self) -> str:
        """The journal with which the file is kept, ``wal`` or ``rollback``."""
        return chosen_journal(self.path, self.journal)

    @property
    def notice(self) -> str:
        """Why the rollback journal is used, empty where it is not."""
        return journal_notice(self.path, self.journal)

    def _rows_shown(self) -> Rows:
        counts = Counter(entry.step for entry in self.entries())
        return Rows(("步骤", "条"), [(title(step), str(count)) for step, count in counts.items()], 1)

    def __repr__(self) -> str:
        return f"Ledger {self.path.name}：{len(self.entries())} 条，末条指纹 {self.head[:12]}"

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(self.path, self.journal)


def _refuse(drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        draft.refuse_unfit()
        refuse_unlike_kind(draft)


def _added(base: sqlite3.Connection, draft: Draft) -> Entry:
    known = _newest(base, "WHERE step = ? AND subject = ?", (draft.step, draft.subject))
    if known is not None and known.says(draft):
        return known
    row = chain(draft, _newest(base, "", ()))
    base.execute(f"INSERT INTO entry ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    return entry_of(row)


def _entries(base: sqlite3.Connection, step: str, subject: str) -> tuple[Entry, ...]:
    where = "(step = ? OR ? = '') AND (subject = ? OR ? = '')"
    rows = base.execute(f"SELECT {COLUMNS} FROM entry WHERE {where} ORDER BY number", (step, step, subject, subject)).fetchall()
    return tuple(entry_of(row) for row in rows)


def _newest(base: sqlite3.Connection, where: str, values: tuple[str, ...]) -> Entry | None:
    row = base.execute(f"SELECT {COLUMNS} FROM entry {where} ORDER BY number DESC LIMIT 1", values).fetchone()
    return None if row is None else entry_of(row)
