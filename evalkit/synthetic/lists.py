"""Made-up lists of units, for designs whose real list is not public."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from evalkit import tickets

if TYPE_CHECKING:
    from evalkit.design.sections import Level, MadeList

SEED = "made-up list"


def made_list(made: MadeList) -> pd.DataFrame:
    """Return the list that a design describes: every unit of the last level, with its units above.

    Parameters
    ----------
    made : MadeList
        Levels with their counts, values to deal out, numbers to give.

    Returns
    -------
    pandas.DataFrame
        One row a unit of the last level; codes are the code above followed by three digits or more. The values of a
        column are dealt out in the stated parts, which the whole list keeps exactly, and every unit above as nearly as whole
        numbers go; who gets which is decided by tickets, so the list is always the same.

    Examples
    --------
    >>> from evalkit.design.sections import MadeList
    >>> county = {"column": "county", "name": "县", "count": 2}
    >>> village = {"column": "village", "name": "村", "total": 10, "values": {"贫困村": {"是": 2, "否": 3}}}
    >>> table = made_list(MadeList(level=[county, village], numbers={"户数": (200, 400)}))
    >>> table.columns.tolist(), table.groupby("county")["贫困村"].value_counts().loc["001"].to_dict()
    (['county', 'county_name', 'village', 'village_name', '贫困村', '户数'], {'否': 3, '是': 2})
    """
    rows: list[dict[str, str]] = [{}]
    above = ""
    for level in made.level:
        rows = list(_below(rows, level, above))
        _deal_values(rows, level, above)
        above = level.column
    table = pd.DataFrame(rows)
    for column, (least, most) in made.numbers.items():
        table[column] = [str(least + _whole(column, unit) % (most - least + 1)) for unit in table[above]]
    return table


def _below(rows: list[dict[str, str]], level: Level, above: str) -> Iterator[dict[str, str]]:
    for place, row in enumerate(rows):
        for i in range(1, _count(level, place, len(rows)) + 1):
            unit = f"{row.get(above, '')}{i:03d}"
            yield row | {level.column: unit, f"{level.column}_name": f"{level.name}{unit}"}


def _count(level: Level, place: int, units: int) -> int:
    if not level.count:
        return level.total * (place + 1) // units - level.total * place // units
    return level.count[place] if len(level.count) > 1 else level.count[0]


def _deal_values(rows: list[dict[str, str]], level: Level, above: str) -> None:
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.get(above, ""), []).append(row[level.column])
    for column, parts in level.values.items():
        order = [unit for units in groups.values() for unit in tickets.order(SEED, column, units)]
        dealt = dict(zip(order, _in_turn(parts), strict=False))
        for row in rows:
            row[column] = dealt[row[level.column]]


def _in_turn(parts: Mapping[str, int]) -> Iterator[str]:
    """Yield values without end, each time the one that is furthest behind its part, so that every stretch has nearly all parts."""
    whole, given = sum(parts.values()), dict.fromkeys(parts, 0)
    while True:
        dealt = sum(given.values()) + 1
        value = min(parts, key=lambda name: (given[name] * whole - parts[name] * dealt, name))
        given[value] += 1
        yield value


def _whole(column: str, unit: str) -> int:
    return int.from_bytes(tickets.digest(SEED, column, unit)[:8], "big")
