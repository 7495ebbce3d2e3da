"""Tables that another library holds in memory, as pandas."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import EvalkitError, Faults
from evalkit.sheets.cells import Texts, cell_text, plain_texts

NULLABLE = {
    kind.lower(): pd.api.types.pandas_dtype(kind) for kind in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
}
NULLABLE["boolean"] = pd.BooleanDtype()
MOST = 2.0**63  # whole numbers below it have 64 bits
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


def exactly(table: Any, error: type[EvalkitError] = EvalkitError, **options: Any) -> pd.DataFrame:
    """Return a table as a pandas table that keeps whole numbers and truth values beside missing ones, and decimals as numbers.

    pandas by itself makes decimals of whole numbers of polars and Arrow as soon as one is missing: codes beyond 2⁵³ become one.

    Parameters
    ----------
    table : pandas, polars, pyarrow, DuckDB or Spark table
    error : type of EvalkitError
        What to raise.
    **options
        Of pyarrow's ``to_pandas``, for a table of Arrow.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> import polars as pl
    >>> exactly(pl.DataFrame({"code": [2**60, 2**60 + 1, None]}))["code"].dropna().tolist()
    [1152921504606846976, 1152921504606846977]
    """
    library, held = type(table).__module__.partition(".")[0], set[str]()
    if library == "polars":
        held = {str(dtype).lower() for dtype, lost in zip(table.dtypes, table.null_count().row(0), strict=True) if lost}
    elif library == "pyarrow":
        held = {str(field.type) for field, column in zip(table.schema, table.columns, strict=True) if column.null_count}
    held = {"boolean" if name == "bool" else name for name in held}
    kinds = {"bool" if name == "boolean" else name: NULLABLE[name] for name in held if name in NULLABLE}
    if kinds or options:
        made: pd.DataFrame = table.to_pandas(types_mapper=lambda kind: kinds.get(str(kind)), **options)
    else:
        made = as_pandas(table, error)
    if not made.columns.is_unique:
        return made  # which is for the caller to refuse
    full = [name for name in made if kinds and made[name].dtype in NULLABLE.values() and not made[name].hasnans]
    whole = {name: str(made[name].dtype).lower().replace("boolean", "bool") for name in full}
    decimals = {name: _decimals(made[name]) for name in made if made[name].dtype == object and is_decimal(made[name])}
    made = made.astype(whole) if whole else made
    made = made.copy(deep=False) if decimals else made
    for name, cells in decimals.items():
        made[name] = cells
    return made


def is_decimal(cells: pd.Series) -> bool:
    """Say whether cells are objects that hold decimals."""
    return bool(cells.dtype == object) and pd.api.types.infer_dtype(cells) == "decimal"


def _decimals(cells: pd.Series) -> pd.Series:
    """Return decimals as whole numbers where they have no scale, else as doubles, or as they are where these would merge some."""
    floats, found = cells.astype(float), cells.dropna()
    if all(cell.is_finite() and cell.as_tuple().exponent >= 0 for cell in found):
        if not float(floats.abs().max()) < MOST:
            return cells
        whole = pd.Series(pd.array([None if lost else int(cell) for cell, lost in zip(cells, cells.isna(), strict=True)], dtype="Int64"))
        whole.index = cells.index
        return whole.astype("int64") if len(found) == len(cells) else whole
    return cells if floats.nunique() < found.nunique() else floats


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
