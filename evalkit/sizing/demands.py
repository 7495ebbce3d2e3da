"""What a plan may ask: every demand is looked at, and all that cannot be met are named at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

SLACK = 1e-9


class Demands:
    """The faults of one question, gathered before any of them is raised.

    Examples
    --------
    >>> asked = Demands()
    >>> asked.within(0, 1, "()", "比例写成小数，如 .02", p=2, level=[.95, 95])
    >>> asked.refuse()
    Traceback (most recent call last):
        ...
    ValueError: p = 2｜应在 (0, 1) 内｜比例写成小数，如 .02
    level 第 2 项 = 95｜应在 (0, 1) 内｜比例写成小数，如 .02
    """

    def __init__(self) -> None:
        self._faults: list[str] = []

    def need(self, met: bool, found: str, expected: str, remedy: str) -> None:
        """Note a fault unless `met`."""
        if not met:
            self._faults.append(f"{found}｜{expected}｜{remedy}")

    def within(self, low: float, high: float, ends: str, remedy: str, **numbers: Any) -> None:
        """Note each number, or entry of an array, outside the interval; None is not looked at, NaN never lies inside."""
        for name, value in numbers.items():
            if value is None:
                continue
            x = np.asarray(value, dtype=float)
            good = (x > low if ends[0] == "(" else x >= low) & (x < high if ends[1] == ")" else x <= high)
            if not good.all():
                bad = np.flatnonzero(~good)
                where = f" 第 {'、'.join(str(i + 1) for i in bad[:6])} 项" if x.ndim else ""
                self._faults.append(f"{name}{where} = {x.ravel()[bad[0]]:g}｜应在 {ends[0]}{low:g}, {high:g}{ends[1]} 内｜{remedy}")

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

    def refuse(self, error: type[Exception] = ValueError) -> None:
        """Raise what was noted.

        Raises
        ------
        ValueError, or `error`
            One line a fault; nothing happens when there is none.
        """
        if self._faults:
            raise error("\n".join(self._faults))


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
