"""Partitions of a Dask table: each has to hold the types that the table declares, which Dask itself never asks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import EvalkitError

KINDS = {"number": "数", "text": "文字", "truth": "真假", "time": "日期时间", "other": "其他类型"}
INFERRED = {
    "string": "text", "empty": "", "integer": "number", "floating": "number", "mixed-integer-float": "number", "decimal": "number",
    "boolean": "truth", "date": "time", "datetime": "time", "datetime64": "time",
}  # fmt: skip


def checked(table: Any, error: type[EvalkitError]) -> Any:
    """Return a Dask table whose partitions are looked at column by column when they are asked."""
    made, declared = table.copy(), table._meta
    for name in table.columns:
        kind = _kind(declared[name])
        if kind:
            ask = partial(_same, name=str(name), declared=kind, error=error)
            made[name] = table[name].map_partitions(ask, meta=declared[name])
    return made


def _same(part: pd.Series, name: str, declared: str, error: type[EvalkitError]) -> pd.Series:
    """Return a column of a partition, or refuse it: Dask would make groups of both types, or numbers of text, each in silence."""
    found = _kind(part)
    if found and found != declared and not bool(part.isna().all()):
        rule = f"表头所记是{KINDS[declared]}，有的分区中是{KINDS[found]}"
        raise error(f"Dask｜列 {shown_label(name)}：{rule}｜各分区的同名列应为同一类型；先用 astype 统一，或存成 Parquet 再给出文件路径")
    return part


def _kind(column: pd.Series) -> str:
    """Return what a column holds; nothing where an empty one does not say."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return ""
    if pd.api.types.is_bool_dtype(dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "time"
    return INFERRED.get(pd.api.types.infer_dtype(column, skipna=True), "other") if pd.api.types.is_object_dtype(dtype) else "text"
