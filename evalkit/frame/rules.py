"""Rules on the rows of a list: which are kept or dropped, with the reason; which are counted and explained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from evalkit.showing import Rows, Shown, pairs


class KeepsOrDrops(Protocol):
    """A rule on the rows: keep only, or drop, those whose `column` holds one of the values."""

    @property
    def column(self) -> str: ...
    @property
    def keep(self) -> tuple[str, ...]: ...
    @property
    def drop(self) -> tuple[str, ...]: ...
    @property
    def reason(self) -> str: ...


class Counts(Protocol):
    """Rows to count and explain: those whose `column` contains a text."""

    @property
    def column(self) -> str: ...
    @property
    def contains(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Rule(Shown):
    """Keep only, or drop, the rows whose `column` holds one of the values; one of `keep` and `drop` is empty."""

    column: str
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    reason: str = ""

    def __repr__(self) -> str:
        what = f"只留 {'、'.join(self.keep)}" if self.keep else f"剔除 {'、'.join(self.drop)}"
        return f"Rule {self.column}：{what}{f'（{self.reason}）' if self.reason else ''}"

    def _rows_shown(self) -> Rows:
        return pairs({"列": self.column, "只留": self.keep, "剔除": self.drop, "理由": self.reason})


def after_rules(
    table: pd.DataFrame, rules: Iterable[KeepsOrDrops], held: pd.Series | None = None
) -> tuple[pd.DataFrame, tuple[tuple[str, int], ...]]:
    """Return the rows that the rules leave, and each rule's reason with the number it set aside; a row may hold several alike."""
    dropped = []
    for rule in rules:
        stays = table[rule.column].isin(rule.keep) if rule.keep else ~table[rule.column].isin(rule.drop)
        gone = int((~stays).sum()) if held is None else int(held[table.index][~stays].sum())
        dropped.append((rule.reason, gone))
        table = table[stays]
    return table, tuple(dropped)
