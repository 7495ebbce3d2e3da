"""Entries of a ledger: what one says, how it is hashed, what it may not hold."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evalkit import tickets
from evalkit.errors import LedgerError
from evalkit.privacy.kinds import kind_of, personal_cells

BEGINNING = "0" * 64
COLUMNS = "number, step, subject, detail, previous, hash, who, day"
# an identity number whatever its check character: a province, a date of birth, four more
MISTYPED = re.compile(r"(?<![0-9A-Za-z])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?!\w)")
LONGEST = 30_000  # a cell of Excel holds 32,767 characters


@dataclass(frozen=True)
class Draft:
    """What is to be entered.

    Parameters
    ----------
    step : str
        The step of the river, such as ``draw``.
    subject : str
        What it was done to, such as a village code; may be empty.
    detail : mapping
        Plain data: text, whole numbers, floats, lists and mappings of them.
    who : str
        Code of the person or the party that did it; empty where nobody is named.
    day : str
        Day it was done, ``2018-11-12``; empty where none is given. The ledger holds no clock of its own.
    """

    step: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    day: str = ""

    @property
    def text(self) -> str:
        """The canonical text of the detail."""
        return tickets.canonical(dict(self.detail))

    def refuse_unfit(self) -> None:
        """Refuse an entry with personal data, a day that is none, or more text than Excel can show.

        Raises
        ------
        LedgerError
        """
        where = f"台账，{self.step or '（没有步骤）'}"
        if not self.step.strip():
            raise LedgerError(f"{where}｜步骤空白｜写明做的是哪一步")
        if not is_day(self.day):
            raise LedgerError(f"{where}｜日期应写成 年-月-日｜写如 2018-11-12")
        try:
            text = self.text
        except (TypeError, ValueError) as fault:
            raise LedgerError(f"{where}｜内容不是文字、数、列表与字典｜只写这些，如 {{'分': 1}}") from fault
        if len(text) > LONGEST:
            raise LedgerError(f"{where}｜内容 {len(text)} 字，超过 {LONGEST}｜台账只记代码与计数，长文另存文件，记它的指纹")
        for place, cell in _cells("内容", {"对象": self.subject, "人": self.who, **self.detail}):
            if kind_of(place.rpartition(".")[2]):
                raise LedgerError(f"{where}，{place}｜像是姓名、证件、电话一类的列｜台账只能记代码：它删不掉任何一条")
            if _personal(cell):
                raise LedgerError(f"{where}，{place}｜含有证件号码或电话号码｜台账只能记代码：它删不掉任何一条；改写代码")


@dataclass(frozen=True)
class Entry:
    """One entry of a ledger.

    Parameters
    ----------
    number : int
        1, 2, 3 … without gaps.
    step, subject, detail, who, day
        As in `Draft`.
    previous, hash : str
        SHA-256 of the entry before and of this one.
    """

    number: int
    step: str
    subject: str
    detail: dict[str, Any]
    previous: str
    hash: str
    who: str = ""
    day: str = ""

    def expected(self) -> str:
        """Return the hash this entry must have."""
        row = (self.number, self.step, self.subject, tickets.canonical(self.detail), self.previous, self.hash, self.who, self.day)
        return chained(row)

    def says(self, draft: Draft) -> bool:
        """Say whether a draft repeats this entry."""
        mine = (self.step, self.subject, tickets.canonical(self.detail), self.who, self.day)
        return mine == (draft.step, draft.subject, draft.text, draft.who, draft.day)


def chain(draft: Draft, last: Entry | None) -> tuple[Any, ...]:
    """Return the row of a draft behind the last entry, in the order of ``COLUMNS``."""
    number, previous = (1, BEGINNING) if last is None else (last.number + 1, last.hash)
    row = (number, draft.step, draft.subject, draft.text, previous, "", draft.who, draft.day)
    return (*row[:5], chained(row), *row[6:])


def chained(row: tuple[Any, ...]) -> str:
    """Return the hash that a row must have, from its text as it stands: nothing is read as JSON.

    An entry without person and day is hashed as in format 1, so that a ledger of that format keeps its chain.
    """
    number, step, subject, detail, previous, _, who, day = row
    if not (isinstance(number, int) and all(isinstance(part, str) for part in (step, subject, detail, previous, who, day))):
        return ""
    parts = [str(number), tickets.canonical(step), tickets.canonical(subject), detail, tickets.canonical(previous)]
    parts += [tickets.canonical(part) for part in (who, day)] if who or day else []
    return hashlib.sha256(f"[{','.join(parts)}]".encode()).hexdigest()


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Return the entry of a row of the file.

    Raises
    ------
    LedgerError
        When its content is no plain data.
    """
    number, step, subject, detail, previous, own, who, day = row
    try:
        content = json.loads(detail)
    except (TypeError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise LedgerError(f"第 {number} 条记录的内容读不下去，台账被改动｜从备份恢复该文件")
    return Entry(number, step, subject, content, previous, own, who, day)


def _personal(cell: str) -> bool:
    """Say whether a text holds a number of a person, one that was mistyped or written with blanks or hyphens too."""
    joined = re.sub(r"(?<=[0-9])[ -](?=[0-9])", "", cell)
    return bool(personal_cells(cell) or personal_cells(joined) or MISTYPED.search(joined))


def is_day(day: str) -> bool:
    """Say whether a text is a day, 2018-11-12, or blank."""
    if not day:
        return True
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day)) and date.fromisoformat(day).year > 0
    except ValueError:
        return False


def _cells(place: str, content: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of plain data and where it stands; the keys are parts of the places."""
    if isinstance(content, Mapping):
        for key, inside in content.items():
            yield from _cells(f"{place}.{key}", inside)
    elif isinstance(content, list | tuple):
        for inside in content:
            yield from _cells(place, inside)
    else:
        yield place, "" if content is None else str(content)
