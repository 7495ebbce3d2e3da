"""Tables that another library holds in memory, as pandas."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import EvalkitError, Faults
from evalkit.sheets.cells import Texts, cell_text, plain_texts

WAYS = ("to_pandas", "toPandas", "df")  # polars and pyarrow, Spark, DuckDB


def as_pandas(table: Any, error: type[EvalkitError] = EvalkitError) -> pd.DataFrame:
    """Return a table as a pandas table; one that is so already is handed back itself.

    Parameters
    ----------
    table : pandas, polars, pyarrow, DuckDB or Spark table
    error : type of EvalkitError
        What to raise.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    EvalkitError
        When it is no table of a library named above.

    Examples
    --------
    >>> import polars as pl
    >>> as_pandas(pl.DataFrame({"n": [2, 3]}))["n"].tolist()
    [2, 3]
    """
    if isinstance(table, pd.DataFrame):
        return table
    for way in WAYS:
        if callable(getattr(table, way, None)):
            made: pd.DataFrame = getattr(table, way)()
            return made
    remedy = "给出 pandas、polars、pyarrow、DuckDB 或 Spark 的表；文件用 read_frame、read_rosters、collect 读"
    raise error(f"{type(table).__name__}｜不是可读的表｜{remedy}")


def numbered(table: Any, error: type[EvalkitError] = EvalkitError) -> pd.DataFrame:
    """Return a table as a pandas table whose headings differ and whose index counts its rows.

    Parameters
    ----------
    table : pandas, polars, pyarrow, DuckDB or Spark table
    error : type of EvalkitError
        What to raise.

    Returns
    -------
    pandas.DataFrame
        ``index + 2`` is the row that a spreadsheet shows: an index of distinct whole numbers is kept, any
        other is counted anew.

    Raises
    ------
    EvalkitError
        When headings are repeated or stand in several lines.

    Examples
    --------
    >>> numbered(pd.DataFrame({"n": [2, 3]}, index=["a", "b"])).index.tolist()
    [0, 1]
    """
    made = as_pandas(table, error)
    if isinstance(made.columns, pd.MultiIndex):
        raise error("列名有多层｜应只有一层｜合成一层文字列名")
    repeated = sorted({str(heading) for heading in made.columns[made.columns.duplicated()]})
    if repeated:
        raise error(f"{'、'.join(shown_label(heading) for heading in repeated)}｜列名重复｜改名，使每列的名字不同")
    counted = made.index.is_unique and pd.api.types.is_integer_dtype(made.index)
    return made if counted else made.reset_index(drop=True)


def as_text(table: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """Return a table with every cell as the text that a spreadsheet shows.

    Parameters
    ----------
    table : pandas.DataFrame
        As `numbered` gives it.
    faults : Faults
        Where cells are noted that hold several values or broken text; they come back blank.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> as_text(pd.DataFrame({"户编号": [133.0, 7]}), Faults("名册"))["户编号"].tolist()
    ['133', '7']
    """
    return pd.DataFrame({name: _texts(table[name], faults) for name in table.columns}, index=table.index, dtype=str)


def _texts(cells: pd.Series, faults: Faults) -> list[str]:
    """Return the cells of one column as text."""
    values = cells.tolist()
    if set(map(type, values)) == {str} and plain_texts(values):
        return list(map(str.strip, values))
    with suppress(EvalkitError):
        return Texts().row(values)
    texts: list[str] = []  # which of them cannot be read is found one by one
    for row, cell in zip(cells.index, values, strict=True):
        try:
            texts.append(cell_text(cell))
        except EvalkitError as found:
            rule, _, remedy = str(found).rpartition("｜")
            faults.add(int(row) + 2, shown_label(str(cells.name)), None, rule, remedy)
            texts.append("")
    return texts
