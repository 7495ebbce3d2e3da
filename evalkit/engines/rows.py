"""Lists that stay in their engine: counted by village, and the rows of some villages brought. Nothing else of them travels."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from evalkit.codes import HALF_WIDTH
from evalkit.engines.decimals import refuse_wide
from evalkit.engines.opening import Far, nw
from evalkit.engines.sums import COUNT, value_of
from evalkit.sheets.cells import Known, cell_text, trimmed

MOST = 2.0**53  # whole numbers below it are exact in every engine


def counted(far: Far, keys: Sequence[str], sums: Sequence[str]) -> pd.DataFrame:
    """Count the rows that are alike, and sum columns of whole numbers, in one pass.

    Parameters
    ----------
    far : Far
    keys : sequence of str
        Columns; rows with the same values of all of them are alike.
    sums : sequence of str
        Columns of whole numbers that are not negative.

    Returns
    -------
    pandas.DataFrame
        One row a combination of values, in no order: the keys, ``evalkit_n`` rows, and for the i-th column of numbers
        ``evalkit_sum{i}`` (a double: exact below 2⁵³) and ``evalkit_wrong{i}``, how many rows hold no such number; these count 0.
    """
    table, made = far.only([*keys, *sums]), dict[str, Any]()
    refuse_wide(table, keys)
    kinds = table.kinds
    for at, name in enumerate(sums):
        number = (_written(name) if kinds[name] == "text" else value_of(table, name, kinds[name])).cast(nw.Float64)
        sound = (number >= 0) & (number < MOST) & (number.round(0) == number)
        # a product of columns, or a cast, is a column before it is summed: not every engine sums expressions
        # sums of whole numbers are exact as doubles below 2⁵³, and beyond they are large and do not wrap around
        made |= {f"evalkit_sum{at}": nw.when(sound).then(number).otherwise(0.0)}
        made |= {f"evalkit_wrong{at}": nw.when(sound).then(nw.lit(0)).otherwise(nw.lit(1))}
    every = [nw.len().alias(COUNT), *(nw.col(name).sum() for name in made)]
    found = table.brought("按村计数", lambda lazy: (lazy.with_columns(**made) if made else lazy).group_by(*keys).agg(*every))
    for name in (COUNT, *made):
        found[name] = found[name].astype(float if name.startswith("evalkit_sum") else "int64")
    return found


def _written(name: str) -> Any:
    """Return the cells of a column of text that are numbers; an engine gives up the whole pass over one that it cannot convert."""
    text = nw.col(name).cast(nw.String).str.strip_chars()
    return nw.when(text.str.contains(r"^[+-]?[0-9]{1,16}(\.[0-9]{0,9})?$")).then(text)


def of_villages(far: Far, column: str, villages: Collection[str], columns: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Bring the rows of some villages.

    Parameters
    ----------
    far : Far
    column : str
        Heading of the village's code.
    villages : collection of str
        Codes, in half-width letters.
    columns : sequence of str
        Headings to bring, under these names.

    Returns
    -------
    rows : pandas.DataFrame
        In no order, counted from 0; codes of villages in the spelling of `villages`.
    others : dict of str to int
        Every other village as it is written, with the number of its rows, which stay where they are.
    """
    table = far.only(columns if column in columns else [column, *columns])
    refuse_wide(table, [column])
    held = table.brought("按村计数", lambda lazy: lazy.group_by(column).agg(nw.len().alias(COUNT)))
    wanted, spelt = set(villages), Known(_spelt)
    cells = [(cell, spelt[cell], int(count)) for cell, count in zip(held[column].tolist(), held[COUNT], strict=True)]
    whole = table.kinds[column] == "whole"  # a blank among whole numbers makes pandas hold them as decimals
    here = [int(cell) if whole else cell for cell, code, _ in cells if code in wanted]
    rows = table.brought("取抽中各村的行", lambda lazy: far.among(lazy, column, here).select(*columns))
    if column in rows:
        rows[column] = rows[column].map(spelt.__getitem__)
    return rows.reset_index(drop=True), {code: count for _, code, count in cells if code not in wanted}


def _spelt(cell: Any) -> str:
    """Return a code in the one spelling in which a list of villages has it, whatever the engine keeps it in."""
    return trimmed(unicodedata.normalize("NFC", cell_text(cell)).translate(HALF_WIDTH).strip())
