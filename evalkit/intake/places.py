"""Villages of a table by name, or by codes of an older edition: the codes of today, or faults with the nearest names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from evalkit.codes import Directory, Found, normalise, renewed, shown, shown_label
from evalkit.errors import Faults


def village_codes(
    table: pd.DataFrame, known: Directory, faults: Faults, changes: Mapping[str, Iterable[str]] | None = None
) -> pd.Series:
    """Return the code of each row's village.

    Parameters
    ----------
    table : DataFrame
        Columns village_code or village, township where there is one; ``index + 2`` or the column row is the spreadsheet row.
    known : Directory
    faults : Faults
        Where is noted, once for each village, what is not found for certain.
    changes : mapping of str to iterable of str, optional
        Old code → new codes.

    Returns
    -------
    Series of str
        Blank where there is a fault.
    """
    names = table.reindex(columns=["village_code", "village", "township"], fill_value="").fillna("")
    rows = table["row"] if "row" in table else pd.Series(table.index + 2, index=table.index)
    codes = {code for code, _, _ in known.villages}
    made: dict[tuple[str, str, str], str] = {}
    for row, key in zip(rows, names.itertuples(index=False, name=None), strict=True):
        if key not in made:
            found = _found(key, known, codes, changes or {})
            made[key] = found.code
            _note(faults, int(row), key, found)
    return pd.Series([made[key] for key in names.itertuples(index=False, name=None)], index=table.index, dtype=str)


def _found(key: tuple[str, str, str], known: Directory, codes: set[str], changes: Mapping[str, Iterable[str]]) -> Found:
    code, village, township = key
    if not code:
        return known.find(village, township)
    new, fault = renewed(normalise(code), changes)
    if fault or new in codes:
        return Found(code="" if fault else new, fault=fault)
    return Found(fault="村代码不在名单中（旧版代码须用 changes= 给出新旧对照，不作猜测）")


def _note(faults: Faults, row: int, key: tuple[str, str, str], found: Found) -> None:
    code, village, township = key
    where = "村代码" if code else "行政村"
    value = shown(code) if code else shown_label(f"{township}{village}")
    if found.fault:
        near = f"；相近的有：{'、'.join(map(shown_label, found.nearest))}" if found.nearest else ""
        faults.add(row, where, value, found.fault, f"改为名单中的写法，或补一列村代码{near}")
