"""After late appeals: which published numbers changed, by which cases, under whose signature."""

from __future__ import annotations

import pandas as pd

from evalkit.casework.ladder import STATUS
from evalkit.casework.log import Cases
from evalkit.errors import LedgerError

KEYS = ("rate", "status")
NUMBERS = {"numerator": "分子", "denominator": "分母", "official": "未加权", "estimate": "加权估计", "low": "区间下限", "high": "区间上限"}
COLUMNS = ("rate", "status", "number", "old", "new", "cases", "signatures")
DECIDING = ("confirmed", "dismissed", "final")


def changed(before: pd.DataFrame, after: pd.DataFrame, log: Cases, *, since: int) -> pd.DataFrame:
    """Compare two tables of rates, and name the decided cases between them.

    Parameters
    ----------
    before, after : DataFrame
        Tables ``rates`` of two results: rate, status, and the numbers.
    log : Cases
    since : int
        Number of the last entry of the ledger that the first results knew.

    Returns
    -------
    DataFrame
        One row a number that differs: rate, status, number, old, new, cases (moved since, with the status they came to), signatures
        (who moved them, and the day).

    Raises
    ------
    LedgerError
        When a number differs and no case was decided since: the change has another cause.
    """
    moved = [e for e in log.entries if e.number > since and e.detail["status"] in DECIDING]
    told = "；".join(f"{e.subject} {STATUS[e.detail['status']]}{e.detail.get('outcome', '')}" for e in moved)
    signed = "；".join(dict.fromkeys(f"{e.who} {e.day}" for e in moved))
    old, new = (table.set_index([table[key].fillna("") for key in KEYS]) for table in (before, after))
    rows = [
        (*key, word, old.loc[key, number], new.loc[key, number], told, signed)
        for key in new.index
        if key in old.index
        for number, word in NUMBERS.items()
        if _differ(old.loc[key, number], new.loc[key, number])
    ]
    if rows and not moved:
        raise LedgerError(f"{rows[0][0]} 等 {len(rows)} 个数不同，而其间没有案件认定、排除或终定｜数字只应随案件变动｜查明变动的来历")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _differ(old: object, new: object) -> bool:
    blank = pd.isna([old, new])
    return bool(blank[0] != blank[1]) if any(blank) else old != new
