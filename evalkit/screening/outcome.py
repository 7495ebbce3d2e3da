"""The Screening: what was found, as one table, as counts, and as the data-quality annex."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import HEADER, Fault, ScreeningError
from evalkit.screening.cells import Places
from evalkit.screening.checks import ACTIONS, Check
from evalkit.sheets import Page, write_book, write_csv
from evalkit.showing import Rows, Shown, table_of

FILE = "文件"
MOST_ROWS = 100_000  # findings that one sheet holds: who has more must look for the cause, not at the rows
SHOWN = 10  # findings in a notebook
SUFFIXES = (".csv", ".xlsx")


class Broken(NamedTuple):
    """The rows that break one check: which check, where the table says so, which rows of the table, and what their cells show."""

    check: int
    place: str
    places: Places
    texts: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Screening(Shown):
    """Rows held against checks.

    Attributes
    ----------
    checks : tuple of Check
    broken : tuple of Broken
        What was found, by check and column.
    rows : ndarray of int
        The spreadsheet row of every row that was looked at.
    files : ndarray of str or None
        The file of each, where there are several.
    subject : str
        What the table is.
    """

    checks: tuple[Check, ...]
    broken: tuple[Broken, ...]
    rows: NDArray[np.int64]
    files: NDArray[np.object_] | None
    subject: str

    @property
    def ok(self) -> bool:
        """Whether no row breaks a check whose action is ``stop``."""
        return not any(self.checks[part.check].action == "stop" for part in self.broken)

    def table(self) -> pd.DataFrame:
        """Return one row for each finding: 行, 列, 值, 规则, 处理, in the order of the rows; 文件 before them where there are several."""
        sizes = [len(part.places) for part in self.broken]
        places = np.concatenate([np.zeros(0, np.int64), *(part.places for part in self.broken)])
        told = [(part.place, self.checks[part.check].rule, self.checks[part.check].told) for part in self.broken]
        column, rule, remedy = (np.repeat(np.array([each[at] for each in told], dtype=object), sizes) for at in range(3))
        texts = np.concatenate([np.zeros(0, object), *(part.texts for part in self.broken)])
        table = pd.DataFrame(dict(zip(HEADER, (self.rows[places], column, texts, rule, remedy), strict=True)))
        if self.files is not None:
            table.insert(0, FILE, self.files[places])
        return table.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)

    def counts(self) -> pd.DataFrame:
        """Return one row for each check and column: 规则, 列, 处理, 处数 (0 where nothing was found) and 占比 of all rows."""
        found = {(part.check, part.place): len(part.places) for part in self.broken}
        rows = [
            (check.rule, place, ACTIONS[check.action], found.get((at, place), 0))
            for at, check in enumerate(self.checks)
            for place in check.places
        ]
        table = pd.DataFrame(rows, columns=["规则", "列", "处理", "处数"])
        return table.assign(占比=table["处数"] / max(len(self.rows), 1))

    def faults(self, *actions: str) -> tuple[Fault, ...]:
        """Return the findings of some actions, of all by default, as faults that a message can carry.

        Raises
        ------
        ScreeningError
            For an action that there is none of.
        """
        if strange := set(actions) - set(ACTIONS):
            raise ScreeningError(f"{'、'.join(sorted(strange))}｜没有这种处理｜写 {'、'.join(ACTIONS)}")
        return tuple(self._sorted(actions or tuple(ACTIONS)))

    def _sorted(self, wanted: Iterable[str]) -> Iterator[Fault]:
        parts = [part for part in self.broken if self.checks[part.check].action in wanted]
        for place, at, text in sorted(
            (int(place), at, str(text)) for at, part in enumerate(parts) for place, text in zip(part.places, part.texts, strict=True)
        ):
            check, column = self.checks[parts[at].check], parts[at].place
            named = f"{self.files[place]}：{column}" if self.files is not None and self.files[place] else column
            yield Fault(int(self.rows[place]), named, text, check.rule, check.told)

    def save(self, path: str | Path) -> Path:
        """Write the data-quality annex: all findings as CSV, or counts and findings as a workbook.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends with ``.csv`` or ``.xlsx``.

        Raises
        ------
        ScreeningError
            For any other ending.
        """
        if Path(path).suffix.lower() not in SUFFIXES:
            raise ScreeningError(f"{Path(path).name}｜写不成这种文件｜文件名以 {'、'.join(SUFFIXES)} 结尾")
        if Path(path).suffix.lower() == ".csv":
            return write_csv(self.table(), path)
        return write_book(path, annex_pages([self]))

    def __len__(self) -> int:
        return sum(len(part.places) for part in self.broken)

    def _rows_shown(self) -> Rows:
        return table_of(self.counts())

    def __repr__(self) -> str:
        counts = {action: sum(len(p.places) for p in self.broken if self.checks[p.check].action == action) for action in ACTIONS}
        told = "，".join(f"{ACTIONS[action]} {count} 处" for action, count in counts.items())
        return f"Screening {self.subject}：{len(self.rows)} 行，{len(self.checks)} 条规则，{told}"


def annex_pages(screenings: Iterable[Screening]) -> Mapping[str, Page]:
    """Return the sheets of the data-quality annex: counts by table and rule, then a sheet of findings for each table."""
    screenings = list(screenings)
    counts = pd.concat([each.counts().assign(表=each.subject) for each in screenings]) if screenings else pd.DataFrame(columns=["表"])
    counts = counts[["表", *(heading for heading in counts.columns if heading != "表")]]
    notes = [f"{each!r}。" for each in screenings] + ["行号是表格软件所示的行，第 1 行为列名；涉及个人信息的格不显示。"]
    pages = {"汇总": Page("数据质量检查汇总", counts, formats={"占比": "0.00%"}, notes=notes)}
    for each in screenings:
        table = each.table()
        more = [f"只列前 {MOST_ROWS} 处，共 {len(table)} 处；全部在同名 csv 中。"] if len(table) > MOST_ROWS else []
        pages[each.subject] = Page("", table.head(MOST_ROWS), notes=more)
    return pages

