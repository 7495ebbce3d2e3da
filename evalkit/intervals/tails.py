"""What a level leaves in a tail, and the quantiles there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Side = Literal["two", "lower", "upper"]
Numbers = NDArray[np.float64]
SIDES = ("two", "lower", "upper")
MANY, LARGEST = 1024, 10_000_000  # from so many whole degrees of freedom on, each distinct one is asked once


def tail_of(level: float, side: str) -> float:
    """Return the probability that is left in one tail."""
    return (1 - level) / 2 if side == "two" else 1 - level


def quantile(kind: str, df: Numbers, tail: float) -> Numbers:
    """Return the upper quantile; taken in the lower tail, where small probabilities keep their digits."""
    if kind == "z":
        return np.full(np.shape(df), -ndtri(tail))
    return _distinct(lambda freedom: _student(freedom, tail), np.asarray(df, dtype=float))


def _student(df: Numbers, tail: float) -> Numbers:
    endless = np.isinf(df)
    return np.where(endless, -ndtri(tail), -stdtrit(np.where(endless, 1.0, df), tail))


def _distinct(function: Callable[[Numbers], Numbers], values: Numbers) -> Numbers:
    """Take a function of many numbers once for each distinct one, where they are whole (degrees of freedom mostly are)."""
    if values.size < MANY or not (values.min() >= 0 and values.max() < LARGEST):
        return function(values)
    whole = values.astype(np.int64)
    if not np.array_equal(whole, values):
        return function(values)
    used = np.flatnonzero(np.bincount(whole.ravel()))
    table = np.empty(used[-1] + 1)
    table[used] = function(used.astype(float))
    return np.asarray(table[whole])


def t_ratio(n: Numbers, df: Numbers, tail: float) -> Numbers:
    """Return (t_{n−1}/t_{df})² at `tail`; at ½, where both are 0, its limit (f_df(0)/f_{n−1}(0))²; NaN without df or with one unit."""
    tail = tail if abs(tail - 0.5) > 1e-6 else 0.5 - 1e-6  # the quotient of the densities, to 11 digits
    good = (n > 1) & (df > 0)
    top, bottom = (quantile("t", np.where(good, freedom, 1.0), tail) for freedom in (n - 1, df))
    return np.where(good, (top / bottom) ** 2, np.nan)
