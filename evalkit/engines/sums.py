"""Sums by columns: the only thing that is asked of every row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd

from evalkit.engines.opening import Far, nw

FEW = 64  # whole numbers that lie this close together are told apart one by one
COUNT, WEIGHT, SQUARE = "evalkit_n", "evalkit_w", "evalkit_ww"  # headings that no table of answers has


@dataclass(frozen=True)
class Profile:
    """What one look at all rows says of a column of numbers.

    Attributes
    ----------
    rows, missing : int
        Rows of the table, and those without a value (no number, NaN, counts as none).
    low, high : float
        Smallest and largest value; NaN where there is none.
    broken : int
        Values that are not whole.
    endless : int
        Infinite values.
    middle : float
        Mean of the logarithms of the sizes of the values that are not 0.
    """

    rows: int
    missing: int
    low: float
    high: float
    broken: int
    endless: int
    middle: float

    @property
    def few(self) -> bool:
        """Whether the values are whole numbers that lie close together."""
        return not self.broken and not self.endless and not self.high - self.low >= FEW

    @property
    def anchor(self) -> float:
        """A number in the middle of most values: their geometric mean, which one value that is far too large does not move; 0 between
        numbers of both signs.
        """
        if not math.isfinite(self.middle) or self.low < 0 < self.high:
            return 0.0
        return math.copysign(math.exp(self.middle), self.high + self.low)


def dtype_of(far: Far, name: str) -> Any:
    """Return the type of a column as the engine declares it."""
    return far.tried("读列名", far.lazy.collect_schema)[name]


def categories_of(far: Far, name: str) -> tuple[str, ...] | None:
    """Return the categories of a column in their order, none where the engine does not declare them; None for another column."""
    dtype = dtype_of(far, name)
    if isinstance(dtype, nw.Enum):
        return tuple(dtype.categories)
    return () if dtype == nw.Categorical or name in far.classes else None


def value_of(far: Far, name: str, kind: str) -> Any:
    """Return the expression of a column as numbers (a truth value is 0 or 1, NaN is no value), or as text."""
    if kind == "truth":
        # Dask cannot make whole numbers of truth values that are missing
        return nw.col(name).cast(nw.Float64 if far.engine == "Dask" else nw.Int64)
    if kind == "whole" and dtype_of(far, name) in (nw.Int128, nw.UInt128):
        return nw.col(name).cast(nw.Int64)  # what DuckDB makes of sum(); other libraries know no such number
    if kind == "number":
        number = nw.col(name).cast(nw.Float64)
        return nw.when(~number.is_nan()).then(number)
    return nw.col(name) if kind in ("whole", "other") else nw.col(name).cast(nw.String)


def named(made: Mapping[str, Any]) -> list[Any]:
    """Return expressions under their names; as keyword arguments a heading such as ``self`` would be taken for another thing."""
    return [each.alias(name) for name, each in made.items()]


def profiled(far: Far, columns: Sequence[str]) -> dict[str, Profile]:
    """Look once at all rows of columns of numbers.

    Parameters
    ----------
    far : Far
    columns : sequence of str
        Of kind "whole" or "number".

    Returns
    -------
    dict of str to Profile
    """
    if not columns:
        return {}
    made: dict[str, Any] = {}
    kinds, asked = far.kinds, [nw.len().alias("rows")]
    for at, name in enumerate(columns):
        number = value_of(far, name, kinds[name]).cast(nw.Float64)
        finite = nw.when((number > -np.inf) & (number < np.inf)).then(number)
        made |= {f"value{at}": finite, f"all{at}": number, f"broken{at}": (finite.round(0) != finite).cast(nw.Int64)}
        size = finite.abs()
        made[f"log{at}"] = nw.when(size > 0).then(size).log()
        asked += [nw.col(f"value{at}").count().alias(f"finite{at}"), nw.col(f"all{at}").count().alias(f"count{at}")]
        asked += [nw.col(f"value{at}").min().alias(f"low{at}"), nw.col(f"value{at}").max().alias(f"high{at}")]
        asked.append(nw.col(f"broken{at}").sum().alias(f"broken{at}"))
        asked.append(nw.col(f"log{at}").mean().alias(f"middle{at}"))
    looked = far.brought("逐列看数值", lambda lazy: lazy.select(*named(made)).select(*asked))
    found = looked.iloc[0].astype(float).fillna({f"broken{at}": 0 for at in range(len(columns))})
    return {name: _profile(found, at) for at, name in enumerate(columns)}


def _profile(found: pd.Series, at: int) -> Profile:
    rows, count, finite = (int(found[name]) for name in ("rows", f"count{at}", f"finite{at}"))
    low, high, middle = (float(found[f"{name}{at}"]) for name in ("low", "high", "middle"))
    return Profile(rows, rows - count, low, high, int(found[f"broken{at}"]), count - finite, middle)


def gathered(far: Far, keys: Mapping[str, Any], weight: str | None, means: Mapping[str, float]) -> pd.DataFrame:
    """Count the rows that are alike, and sum what they hold, in one pass.

    Parameters
    ----------
    far : Far
    keys : mapping of str to narwhals expression
        Rows with the same values of all of them are alike.
    weight : str or None
        Column of weights.
    means : mapping of str to float
        Columns of numbers that are summed, each with a number near its mean, from which deviations are taken so that a large
        mean does not cost the digits of a small spread.

    Returns
    -------
    pandas.DataFrame
        One row a combination of keys, in their order: the keys, ``evalkit_n`` rows, ``evalkit_w`` and ``evalkit_ww`` the sums of the
        weights and of their squares; for the columns of numbers ``evalkit_s0 …``, the sums of weighted deviations, and
        ``evalkit_s0_1 …``, those of their products.
    """
    kinds = far.kinds
    one = nw.lit(1.0) if weight is None else nw.col(weight).cast(nw.Float64)
    made: dict[str, Any] = {**keys, WEIGHT: one, SQUARE: one * one}
    away = [value_of(far, name, kinds[name]).cast(nw.Float64) - about for name, about in means.items()]
    made |= {f"evalkit_s{i}": one * each for i, each in enumerate(away)}
    made |= {f"evalkit_s{i}_{j}": one * away[i] * away[j] for i, j in combinations_with_replacement(range(len(away)), 2)}
    summed = [nw.col(name).sum() for name in made if name not in keys]
    every = [nw.len().alias(COUNT), *summed]
    plain = {f"evalkit_k{at}": name for at, name in enumerate(keys)}  # DuckDB groups by no heading that ends in a blank
    asked = {**{short: keys[name] for short, name in plain.items()}, **{name: made[name] for name in made if name not in keys}}

    def ask(lazy: Any) -> Any:
        chosen = lazy.select(*named(asked))
        return chosen.group_by(*plain).agg(*every).sort(*plain) if keys else chosen.select(*every)

    found = far.brought("按列求和", ask).rename(columns=plain)
    for name in (COUNT, *(name for name in made if name not in keys)):
        found[name] = found[name].astype(float)
    return found


def repeated(far: Far, columns: Sequence[str]) -> int:
    """Return how many combinations of values of these columns stand in more than one row."""
    far.known(columns)

    def ask(lazy: Any) -> Any:
        counted = lazy.group_by(*columns).agg(nw.len().alias(COUNT))
        return counted.filter(nw.col(COUNT) > 1).select(nw.len().alias(COUNT))

    return int(far.brought("查重复", ask)[COUNT].iloc[0])
