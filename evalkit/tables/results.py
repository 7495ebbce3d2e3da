"""Results: the facts and tables of one evaluation, as files that anybody can read."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from evalkit.errors import Faults, ReportError
from evalkit.figures import is_blank
from evalkit.formats import check_format
from evalkit.lists import fixed
from evalkit.sheets import read_sheet, write_bytes, write_csv
from evalkit.tables.columns import COLUMNS, Column

FACTS = "facts.json"
FORMAT = 1  # of facts.json and the tables beside it
AGAIN = "重新运行 evalkit estimate"


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
        if not isinstance(self.facts, Mapping) or not isinstance(self.tables, Mapping):
            raise ReportError(f"结果｜facts 与 tables 应为名称到内容的对照表｜{AGAIN}")
        strange = sorted(set(self.tables) - set(COLUMNS))
        lacking = [f"{name}.{c}" for name, table in self.tables.items() for c in COLUMNS.get(name, {}) if c not in table.columns]
        if strange or lacking:
            found = f"结果表不全：多出 {'、'.join(strange) or '无'}，缺列 {'、'.join(lacking) or '无'}"
            raise ReportError(f"{found}｜应为 {'、'.join(COLUMNS)}｜{AGAIN}")
        whole = {name: self._snapshot(name) for name in COLUMNS}
        object.__setattr__(self, "tables", fixed(whole))
        object.__setattr__(self, "facts", fixed(json.loads(_facts_text(self.facts))))

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
        """Write every table into a folder, and last the facts with the SHA-256 of each table.

        The same results give the same bytes. Whoever reads while it writes, or after it was cut short, finds
        tables that are not those of the facts, and `load` refuses them.

        Returns
        -------
        list of pathlib.Path
            ``facts.json`` and one CSV a table.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        written = [write_csv(table, place / f"{name}.csv", sealed=True) for name, table in self.tables.items()]
        whole = {**self.facts, "format": FORMAT, "tables": {path.name: _digest(path.read_bytes()) for path in written}}
        sealed = {**whole, "sha256": _digest(_facts_text(whole).encode())}
        return [write_bytes(place / FACTS, _facts_text(sealed).encode()), *written]

    @classmethod
    def load(cls, folder: str | Path) -> Results:
        """Read what `save` wrote.

        Raises
        ------
        ReportError
            Naming each file that is missing, unreadable, or not the one that was written with the facts.
        """
        if not isinstance(folder, (str, Path)):
            raise ReportError(f"结果｜应为文件夹路径，现为 {type(folder).__name__}｜给出 results/ 的路径")
        place = Path(folder)
        lacking = [name for name in [FACTS, *(f"{t}.csv" for t in COLUMNS)] if not (place / name).is_file()]
        if lacking:
            raise ReportError(f"{place.name}｜缺少 {'、'.join(lacking)}｜先运行 evalkit estimate")
        facts, stated = _read_facts(place / FACTS)
        edited = [f"{name}.csv" for name in COLUMNS if stated.get(f"{name}.csv") != _digest((place / f"{name}.csv").read_bytes())]
        if edited:
            raise ReportError(f"{'、'.join(edited)}｜与 {FACTS} 不是同一次估计所写，或写出后改动过｜{AGAIN}")
        return cls(facts, {name: _read(place / f"{name}.csv", name) for name in COLUMNS})

    def __repr__(self) -> str:
        rows = "，".join(f"{name} {len(table)} 行" for name, table in self.tables.items() if len(table))
        return f"Results {self.facts.get('title', '')}：{rows}"


def _facts_text(facts: Mapping[str, Any]) -> str:
    try:
        return json.dumps(_plain(facts), ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError):
        raise ReportError(f"{FACTS}｜facts 中有不能写成 JSON 的值（如无穷大）｜{AGAIN}") from None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_facts(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts, and the SHA-256 of each table that they were written with."""
    try:
        facts = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a number of thousands of digits
        raise ReportError(f"{path.name}｜读不下去，文件被改动或损坏｜{AGAIN}") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("tables"), dict):
        raise ReportError(f"{path.name}｜不是估计结果，或由旧版本写出｜{AGAIN}")
    stated = facts.pop("sha256", "")
    if stated != _digest(_facts_text(facts).encode(errors="replace")):
        raise ReportError(f"{path.name}｜写出后改动过｜{AGAIN}")
    check_format(path.name, facts.pop("format", FORMAT), FORMAT, ReportError)  # those of 0.1.0 state none
    return facts, facts.pop("tables")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    value = value.item() if hasattr(value, "item") else value
    return None if is_blank(value) and value != "" else value


def _read(path: Path, name: str) -> pd.DataFrame:
    raw = read_sheet(path, subject=path.name, error=ReportError).reset_index(drop=True)
    faults = Faults(path.name)
    table = {column: _typed(raw[column], COLUMNS[name].get(column, Column(column)).form, faults) for column in raw.columns}
    faults.refuse(ReportError)
    return pd.DataFrame(table)


def _typed(cells: pd.Series, form: str, faults: Faults) -> pd.Series:
    if form == "text":
        return cells
    words = cells.tolist()  # a results folder has hundreds of columns of few cells, in a programme hundreds of times
    if form == "flag":
        _note(cells, [word not in ("是", "否", "") for word in words], "应为 是 或 否", faults)
        return pd.Series([word == "是" for word in words], index=cells.index, dtype=bool)
    numbers = list(map(_number, words))
    _note(cells, [word != "" and math.isnan(number) for word, number in zip(words, numbers, strict=True)], "应为数值", faults)
    return pd.Series(numbers, index=cells.index, dtype=float)


def _number(text: str) -> float:
    """Read a number to its last digit; a faster reader may lose one, and then the same results differ."""
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _note(cells: pd.Series, wrong: list[bool], rule: str, faults: Faults) -> None:
    for row, bad in zip(cells.index, wrong, strict=True):
        if bad:
            faults.add(int(row) + 2, str(cells.name), None, rule, AGAIN)


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a table one by one, each with its columns as attributes.

    Examples
    --------
    >>> [row.place for row in records(pd.DataFrame({"place": ["A01", "A02"]}))]
    ['A01', 'A02']
    """
    # a namedtuple would be a class of its own for each table of each county
    names = list(map(str, table.columns))
    cells = zip(*(table.iloc[:, at].tolist() for at in range(len(names))), strict=True)
    return (SimpleNamespace(**dict(zip(names, row, strict=True))) for row in cells)
