"""Tables for everybody: small counts withheld, and with them what would let a reader reckon them back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.suppression import small, withheld_line, withheld_table
from evalkit.tables.columns import COLUMNS, TOTAL
from evalkit.tables.results import Results

SHARES = ("official", "estimate", "se", "low", "high")
KINDS = ("wrong_exit", "missed", "misidentified")
OUTCOMES = ("complete", "refusal", "noncontact", "ineligible")
REASON = "不公布"


def withhold(results: Results, most: int) -> Mapping[str, pd.DataFrame]:
    """Return the tables of an evaluation that may be published, with small counts withheld.

    Parameters
    ----------
    results : Results
    most : int
        Counts of 1 to `most` are withheld; ``[privacy] small`` of the design.

    Returns
    -------
    mapping of str to DataFrame
        gates and rates (the county as a whole, never withheld: the verdict rests on them), groups, findings, places, satisfaction
        and response. Withheld cells are NaN; a column 不公布 says why, empty where nothing is.

    Examples
    --------
    >>> table = pd.DataFrame({"item": "扶贫政策", "answer": ["认可", "不认可", "不清楚"], "n": [90, 3, 12], "share": [.86, .03, .11]})
    >>> withhold(Results({}, {"satisfaction": table}), 4)["satisfaction"][["answer", "n", "不公布"]].to_numpy().tolist()
    [['认可', 90.0, ''], ['不认可', nan, '少于 5'], ['不清楚', nan, '可推算出少于 5 的格']]
    """
    made = {name: results.table(name) for name in ("rates", "gates")}
    return made | {
        "groups": _groups(results.table("groups"), most),
        "findings": _findings(results.table("findings"), most),
        "places": _places(results.table("places"), most),
        "satisfaction": _answers(results.table("satisfaction"), most),
        "response": _outcomes(results.table("response"), most),
    }


def _counts(table: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.float64]:
    return np.asarray(np.nan_to_num(table[list(columns)].to_numpy(dtype=np.float64)))


def _any(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows hold a cell that is true."""
    return np.asarray(cells.any(axis=1))


def _blanked(table: pd.DataFrame, mask: NDArray[np.bool_], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the table with some columns blank where the mask, of one row or of every cell, says so."""
    here = np.broadcast_to(mask[:, None] if mask.ndim == 1 else mask, (len(table), len(columns)))
    return table.assign(**{column: table[column].astype(np.float64).mask(here[:, i]) for i, column in enumerate(columns)})


def _reasons(table: pd.DataFrame, first: NDArray[np.bool_], hidden: NDArray[np.bool_], most: int) -> pd.DataFrame:
    least = f"少于 {most + 1}"
    return table.assign(**{REASON: np.where(first, least, np.where(hidden, f"可推算出{least} 的格", ""))})


def _lines(table: pd.DataFrame, keys: list[str], counts: list[NDArray[np.float64]], most: int) -> NDArray[np.bool_]:
    """Return which rows are withheld when each group of rows adds up to a total that is published."""
    hidden = np.zeros(len(table), dtype=bool)
    for rows in table.groupby(keys, sort=False).indices.values():
        for each in counts:
            hidden[rows] |= withheld_line(each[rows], most)
    return hidden


def _groups(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Both the events and those without: 58 of 60 tells of two households as much as 2 of 60 does."""
    events = _counts(table, ("numerator",))[:, 0]
    without = np.maximum(_counts(table, ("denominator",))[:, 0] - events, 0)
    hidden = _lines(table, ["rate", "group_kind"], [events, without], most)
    first = small(events, most) | small(without, most)
    return _reasons(_blanked(table, hidden, ("numerator", *SHARES)), first, hidden, most)


def _answers(table: pd.DataFrame, most: int) -> pd.DataFrame:
    counts = _counts(table, ("n",))[:, 0]
    hidden = _lines(table, ["item"], [counts], most)
    return _reasons(_blanked(table, hidden, ("n", "share")), small(counts, most), hidden, most)


def _findings(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Items of one household overlap, so nothing adds up; raised less confirmed tells how many were dismissed or are open."""
    raised, firm = (_counts(table, (name,))[:, 0] for name in ("households", "confirmed_households"))
    hidden = small(raised, most) | small(firm, most) | small(np.maximum(raised - firm, 0), most)
    columns = tuple(name for name, column in COLUMNS["findings"].items() if column.form == "count")
    return _reasons(_blanked(table, hidden, columns), hidden, hidden, most)


def _crossed(counts: NDArray[np.float64], most: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which cells and which row totals are withheld; the totals of columns are published, so a whole column goes instead."""
    if not counts.size:
        return counts > 0, np.zeros(len(counts), dtype=bool)
    cells, rows, columns = withheld_table(counts, most)
    return cells | columns, rows


def _places(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Places by kinds of problem, with the households of each place beside them; the totals stand in the row 合计 and are published."""
    inner = (table["place"] != TOTAL).to_numpy()
    counts = _counts(table[inner], KINDS)
    cells, rows = _crossed(counts, most)
    totals, firm = _counts(table, ("households",))[inner, 0], _counts(table, ("confirmed",))[inner, 0]
    rows = rows | small(totals, most)
    confirmed = rows | _any(cells) | small(firm, most)
    hidden = np.zeros((len(table), len(KINDS) + 2), dtype=bool)
    hidden[inner] = np.column_stack([rows, cells, confirmed])
    first = np.zeros(len(table), dtype=bool)
    first[inner] = _any(small(counts, most)) | small(totals, most) | small(firm, most)
    return _reasons(_blanked(table, hidden, ("households", *KINDS, "confirmed")), first, _any(hidden), most)


def _outcomes(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Household types by outcome; the totals stand in the row 合计."""
    inner = (table["stratum"] != TOTAL).to_numpy()
    counts = _counts(table[inner], OUTCOMES)
    cells, rows = _crossed(counts, most)
    hidden = np.zeros((len(table), len(OUTCOMES)), dtype=bool)
    hidden[inner] = cells
    blanked = _blanked(table, hidden, OUTCOMES)
    whole = _any(hidden)
    whole[inner] |= rows
    first = _any(small(_counts(table, OUTCOMES), most)) & inner
    return _reasons(_blanked(blanked, whole, ("released", "replaced", "response_rate")), first, whole, most)
