"""Results: the facts and tables of one evaluation, as files that anybody can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from evalkit.errors import ReportError
from evalkit.figures import is_blank
from evalkit.sheets import read_sheet, write_bytes, write_csv
from evalkit.tables.columns import COLUMNS, Column


@dataclass(frozen=True, eq=False)
class Results:
    """The facts and tables of one evaluation: all that a report says.

    Parameters
    ----------
    facts : mapping
        Names, dates, counts, hashes, notes, texts and the conclusion, as plain data.
    tables : mapping of str to pandas.DataFrame
        The tables of ``COLUMNS``; one that is left out is empty. Counts are numbers of units, shares lie in 0 to 1.

    Raises
    ------
    ReportError
        When a table is unknown or lacks a column.

    Examples
    --------
    >>> results = Results({"title": "示例"}, {})
    >>> len(results.table("sample"))
    0
    """

    facts: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        strange = sorted(set(self.tables) - set(COLUMNS))
        lacking = [f"{name}.{c}" for name, table in self.tables.items() for c in COLUMNS.get(name, {}) if c not in table.columns]
        if strange or lacking:
            found = f"结果表不全：多出 {'、'.join(strange) or '无'}，缺列 {'、'.join(lacking) or '无'}"
            raise ReportError(f"{found}｜应为 {'、'.join(COLUMNS)}｜重新运行 evalkit estimate")
        whole = {name: self._snapshot(name) for name in COLUMNS}
        object.__setattr__(self, "tables", MappingProxyType(whole))
        object.__setattr__(self, "facts", MappingProxyType(json.loads(_facts_text(self.facts))))

    def _snapshot(self, name: str) -> pd.DataFrame:
        given = self.tables.get(name)
        return pd.DataFrame(columns=list(COLUMNS[name])) if given is None else given.reset_index(drop=True).copy(deep=False)

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table."""
        return self.tables[name].copy(deep=False)

    @property
    def simulated(self) -> bool:
        """Whether the data are made up, so that every page must say so."""
        return bool(self.facts.get("simulated"))

    def save(self, folder: str | Path) -> list[Path]:
        """Write the facts and every table into a folder; the same results give the same bytes.

        Returns
        -------
        list of pathlib.Path
            ``facts.json`` and one CSV a table.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        written = [place / "facts.json"]
        write_bytes(written[0], _facts_text(self.facts).encode())
        for name, table in self.tables.items():
            written.append(place / f"{name}.csv")
            write_csv(table, written[-1])
        return written

    @classmethod
    def load(cls, folder: str | Path) -> Results:
        """Read what `save` wrote.

        Raises
        ------
        ReportError
            When a file is missing.
        """
        place = Path(folder)
        lacking = [name for name in ["facts.json", *(f"{t}.csv" for t in COLUMNS)] if not (place / name).is_file()]
        if lacking:
            raise ReportError(f"{place.name}｜缺少 {'、'.join(lacking)}｜先运行 evalkit estimate")
        facts = json.loads((place / "facts.json").read_text(encoding="utf-8"))
        return cls(facts, {name: _read(place / f"{name}.csv", name) for name in COLUMNS})

    def __repr__(self) -> str:
        rows = "，".join(f"{name} {len(table)} 行" for name, table in self.tables.items() if len(table))
        return f"Results {self.facts.get('title', '')}：{rows}"


def _facts_text(facts: Mapping[str, Any]) -> str:
    return json.dumps(_plain(facts), ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    value = value.item() if hasattr(value, "item") else value
    return None if is_blank(value) and value != "" else value


def _read(path: Path, name: str) -> pd.DataFrame:
    raw = read_sheet(path, subject=path.name, error=ReportError).reset_index(drop=True)
    return pd.DataFrame({column: _typed(raw[column], COLUMNS[name].get(column, Column(column)).form) for column in raw.columns})


def _typed(cells: pd.Series, form: str) -> pd.Series:
    if form == "text":
        return cells
    if form == "flag":
        return cells == "是"
    return pd.to_numeric(cells.replace("", None))


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a table one by one, each with its columns as attributes.

    Examples
    --------
    >>> [row.place for row in records(pd.DataFrame({"place": ["A01", "A02"]}))]
    ['A01', 'A02']
    """
    return iter(table.itertuples(index=False))
