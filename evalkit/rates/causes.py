"""错退 and 漏评 by cause: which items failed, in which households, of which year of exit, where. Counts; shares of many cases only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults

if TYPE_CHECKING:
    from evalkit.findings import Findings

ENOUGH = 30  # cases of a finding below which no percentage is written
CAUSES_RULE = f"某类问题的认定户数不足{ENOUGH}时只列户数与人数，不计百分比；同一户可有几个事项，各事项的百分比之和可超过100%。"
ITEM = "事项"
COUNTED = ("households", "persons", "confirmed_households", "confirmed_persons")
COLUMNS = ("finding", "by", "category", *COUNTED, "share")


def by_cause(
    findings: Findings, by: Mapping[str, Any] | None = None, *, finding: tuple[str, ...] = ("wrong_exit", "missed")
) -> pd.DataFrame:
    """Count the cases of each finding by item that failed and by groups of households.

    Parameters
    ----------
    findings : Findings
    by : mapping of str to a column's name or one label a row of the findings' table, optional
        Further groupings by the name they are printed under: ``{"户类型": "stratum", "脱贫年度": "脱贫年度"}``. By default the
        household type.
    finding : tuple of str

    Returns
    -------
    pandas.DataFrame
        finding (its word), by, category, households and persons raised, those confirmed, and `share` of the confirmed households of
        that finding: NaN where they are fewer than 30.

    Raises
    ------
    EstimateError
        A column that the findings do not have, labels of another length.

    Notes
    -----
    Of three cases one is 33 %, and one more would make it 50 %: such a percentage says nothing of the county. The limit of 30 is
    that of the groups of the report, below which no rate is published.
    """
    table = findings.table()
    labels = _labels(table, {"户类型": "stratum"} if by is None else by)
    rows: list[tuple[Any, ...]] = []
    for code in finding:
        persons = findings.affected(code).to_numpy()
        raised, firm = (table[column].to_numpy(dtype=bool) for column in (code, f"{code}_confirmed"))
        lists = [items.split("；") if items else [] for items in table["items"]]
        for name, category, inside in _groups(lists, labels, raised):
            both = [inside & raised, inside & firm]
            counts = [number for mine in both for number in (int(mine.sum()), int(persons[mine].sum()))]
            share = counts[2] / firm.sum() if firm.sum() >= ENOUGH else np.nan
            rows.append((findings.named(code), name, category, *counts, share))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _labels(table: pd.DataFrame, by: Mapping[str, Any]) -> dict[str, Any]:
    faults, found = Faults("成因"), dict[str, Any]()
    for name, given in by.items():
        if isinstance(given, str) and given not in table:
            faults.add(None, name, given, "回收表与名册中没有这一列", "列入 [rosters] columns，或改列名")
        elif not isinstance(given, str) and len(given) != len(table):
            faults.add(None, name, f"{len(given)} 个", f"应与表的 {len(table)} 行等长", "每户一个类别")
        else:
            found[name] = np.asarray(table[given] if isinstance(given, str) else given, dtype=object).astype(str)
    faults.refuse(EstimateError)
    return found


def _groups(lists: list[list[str]], labels: Mapping[str, Any], raised: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield (grouping, category, rows) for every category that has a case."""
    for item in dict.fromkeys(item for at in np.flatnonzero(raised) for item in lists[at]):
        yield ITEM, item, np.array([item in items for items in lists], dtype=bool)
    for name, label in labels.items():
        for category in sorted(set(label[raised])):
            yield name, category, label == category
