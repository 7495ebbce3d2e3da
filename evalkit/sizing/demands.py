"""What a plan may ask: every demand is looked at, and all that cannot be met are named at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from evalkit.errors import NAMED, EstimateError
from evalkit.lists import as_numbers

SLACK = 1e-9
LONG = 40  # letters of a value that a message repeats


class Demands:
    """The faults of one question, gathered before any of them is raised.

    Examples
    --------
    >>> asked = Demands()
    >>> asked.within(0, 1, "()", "比例写成小数，如 .02", p=2, level=[.95, 95])  # both are numbers
    True
    >>> asked.refuse()
    Traceback (most recent call last):
        ...
    evalkit.errors.EstimateError: p = 2｜应在 (0, 1) 内｜比例写成小数，如 .02
    level 第 2 项 = 95｜应在 (0, 1) 内｜比例写成小数，如 .02
    """

    def __init__(self) -> None:
        self._faults: list[str] = []

    def need(self, met: bool, found: str, expected: str, remedy: str) -> None:
        """Note a fault unless `met`."""
        if not met:
            self._faults.append(f"{found}｜{expected}｜{remedy}")

    def within(self, low: float, high: float, ends: str, remedy: str, **numbers: Any) -> bool:
        """Note each number, or entry of an array, outside the interval; None is not looked at, NaN never lies inside.

        Returns
        -------
        bool
            Whether they are all numbers, so that they may be compared; what is none is noted as such.
        """
        low, high = (end if as_numbers(end) is not None else limit for end, limit in ((low, -math.inf), (high, math.inf)))
        texts = {name: value for name, value in numbers.items() if value is not None and as_numbers(value) is None}
        for name, value in texts.items():
            self._faults.append(f"{name} = {_shown(value)}｜应为数｜{remedy}；去掉引号")
        for name, value in numbers.items():
            if value is None or name in texts:
                continue
            x = np.asarray(value, dtype=float)
            good = (x > low if ends[0] == "(" else x >= low) & (x < high if ends[1] == ")" else x <= high)
            if not good.all():
                self._faults.append(f"{_found(name, x, ~good)}｜应在 {ends[0]}{low:g}, {high:g}{ends[1]} 内｜{remedy}")
        return not texts

    def whole(self, least: int, remedy: str, several: bool = False, **numbers: Any) -> bool:
        """Note each number, or entry of `several`, that is not whole or too small, and say whether none is; None is not looked at."""
        faults = len(self._faults)
        for name, value in numbers.items():
            x = None if isinstance(value, bool) else as_numbers(value)
            if value is None:
                continue
            if x is None or x.ndim != several:
                self._faults.append(f"{name} = {_shown(value)}｜{'各为' if several else ''}不小于 {least} 的整数｜{remedy}")
            elif not (good := np.isfinite(x) & (x >= least) & (x == np.rint(x))).all():
                self._faults.append(f"{_found(name, x, ~good)}｜不小于 {least} 的整数｜{remedy}")
        return len(self._faults) == faults

    def one(self, **given: float | None) -> None:
        """Note when not exactly one of the named numbers is there."""
        there = [name for name, value in given.items() if value is not None]
        self.need(len(there) == 1, f"给出 {'、'.join(there) or '无'}", f"{'、'.join(given)} 中恰好一个", "只写其中一个")

    def units(self, population: float | None, deff: Any = 1.0, level: float = 0.95, sides: int = 2, share: float = 1.0) -> None:
        """Look at what most questions share."""
        self.within(0, 1, "()", "95% 写 level=.95", level=level)
        self.within(0, math.inf, "()", "无设计效应写 deff=1", deff=deff)
        self.within(1, math.inf, "(]", "总体无限时不写 population", population=population)
        self.within(0, 1, "(]", "整个总体写 share=1", share=share)
        self.need(sides in (1, 2), f"sides = {sides}", "1 或 2", "单侧写 sides=1")

    @contextmanager
    def along(self) -> Iterator[None]:
        """Note the refusal of what is made inside, to be told along with the rest."""
        try:
            yield
        except EstimateError as refusal:
            self._faults.extend(line for line in str(refusal).split("\n") if line not in self._faults)

    def refuse(self) -> None:
        """Raise what was noted.

        Raises
        ------
        EstimateError
            One line a fault; nothing happens when there is none.
        """
        if self._faults:
            raise EstimateError("\n".join(self._faults))


def _found(name: str, x: NDArray[Any], bad: Any) -> str:
    """Return what was found: a number, or the first of those at fault and where they stand."""
    at = np.flatnonzero(bad)
    where = f" 第 {'、'.join(str(i + 1) for i in at[:NAMED])} 项" if x.ndim else ""
    return f"{name}{where} = {x.ravel()[at[0]]:g}"


def _shown(value: Any) -> str:
    """Return a value as it was typed; of what is long, what it is."""
    typed = repr(value.item() if isinstance(value, np.generic) else value)
    return typed if len(typed) <= LONG and "\n" not in typed else type(value).__name__


def quantile(level: float, sides: int = 2, df: float | None = None) -> float:
    """Return the upper quantile of the normal distribution, or of t on `df`.

    Examples
    --------
    >>> round(quantile(.95), 6), round(quantile(.95, sides=1), 6), round(quantile(.95, df=19), 6)
    (1.959964, 1.644854, 2.093024)
    """
    tail = (1 - level) / sides
    return float(-ndtri(tail)) if df is None or math.isinf(df) else float(-stdtrit(df, tail))


def round_up(n: float) -> int:
    """Return the smallest whole number that is not below `n`, forgiving the last digits of a double.

    Examples
    --------
    >>> round_up(752.9), round_up(100.00000000000001)
    (753, 100)
    """
    return math.ceil(n - SLACK * max(1.0, abs(n)))
