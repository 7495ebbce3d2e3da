"""Decimals that an engine keeps exactly: without a scale they are whole numbers, with one and many digits no double is one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from evalkit.errors import Faults
from evalkit.later import later

nw = later("narwhals.stable.v2")

EXACT = 15  # digits that a double keeps
LONG = 18  # digits that a whole number of 64 bits always keeps
HUGE = ("HUGEINT", "UHUGEINT")
DECIMAL = re.compile(r"DECIMAL\(([0-9]+), ?([0-9]+)\)", re.IGNORECASE)


def kept_whole(lazy: Any) -> tuple[Any, frozenset[str]]:
    """Return a table whose decimals without a scale are whole numbers, and its decimals that a double merges.

    A number beyond 64 bits is refused by the engine when its column is asked for; in Spark, such columns are text.

    Parameters
    ----------
    lazy : narwhals LazyFrame

    Returns
    -------
    lazy : narwhals LazyFrame
    wide : frozenset of str
        Columns of decimals of more than 15 digits that cannot become whole numbers: they can be summed, and make no groups.
    """
    digits = _digits(lazy)
    spark = lazy.implementation.is_spark_like()  # which may wrap a number around in silence
    whole = {name: nw.String if spark and many > LONG else nw.Int64 for name, (many, scale) in digits.items() if not scale}
    wide = frozenset(name for name, (many, _) in digits.items() if many > EXACT and name not in whole)
    return (lazy.with_columns(*(nw.col(name).cast(kind) for name, kind in whole.items())) if whole else lazy), wide


def refuse_wide(far: Any, columns: Iterable[Any]) -> None:
    """Refuse to make groups or units of decimals that would merge as doubles.

    Parameters
    ----------
    far : Far
    columns : iterable of str

    Raises
    ------
    EvalkitError
    """
    faults = Faults(f"{far.engine} 表")
    for name in dict.fromkeys(columns):
        if name in far.wide:
            rule = "是超过 15 位的定点小数（DECIMAL），按浮点数比会把不同的代码并成一个"
            faults.add(None, name, None, rule, "代码先用 CAST(… AS VARCHAR)，数量先用 CAST(… AS DOUBLE)")
    faults.refuse(far.error)


def _digits(lazy: Any) -> dict[str, tuple[int, int]]:
    """Return of each column of decimals how many digits it has, and how many of them behind the point."""
    native = nw.to_native(lazy)
    if lazy.implementation.is_duckdb():
        kinds = {name: str(kind) for name, kind in zip(native.columns, native.types, strict=True)}
        return {name: (38, 0) if kind in HUGE else _told(kind) for name, kind in kinds.items() if kind in HUGE or DECIMAL.fullmatch(kind)}
    if lazy.implementation.is_polars():
        schema = native.collect_schema()
        held = {name: kind for name, kind in schema.items() if type(kind).__name__ == "Decimal"}
        return {name: (kind.precision or 38, kind.scale) for name, kind in held.items()}
    if lazy.implementation.is_spark_like():
        kinds = {field.name: field.dataType.simpleString() for field in native.schema}
        return {name: _told(kind) for name, kind in kinds.items() if DECIMAL.fullmatch(kind)}
    return {name: (38, 1) for name, dtype in lazy.collect_schema().items() if dtype == nw.Decimal}


def _told(kind: str) -> tuple[int, int]:
    found = DECIMAL.fullmatch(kind)
    assert found is not None
    return int(found[1]), int(found[2])
