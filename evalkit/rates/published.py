"""Published rates held against the whole numbers that could have given them.

A rate is a quotient of two whole numbers and was rounded, so most denominators are ruled out by its digits alone
(Brown & Heathers 2017, Social Psychological and Personality Science 8(4):363, the GRIM test; here for any denominator).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults

SCALES = {"%": 100, "％": 100, "‰": 1000, "": 1}
HALF_UP, HALF_EVEN = "half_up", "half_even"
MOST = 10**7  # denominators that are looked at in one question
SHOWN = 5  # pairs that a sentence lists
FINEST = 8  # digits of a share: beyond them no survey's rate is published


@dataclass(frozen=True, eq=False)
class Consistent:
    """What could have given a published rate.

    Attributes
    ----------
    text : str
        The rate as published.
    low, high : Fraction
        The numbers that round to it lie between them; the ends themselves only by one of the rules of rounding.
    denominators : tuple of (int, int)
        First and last denominator that was asked about.
    unit : str
    """

    text: str
    low: Fraction
    high: Fraction
    denominators: tuple[int, int]
    unit: str
    _table: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a pair: numerator, denominator, value, and whether it is so under rounding ``half_up`` and ``half_even``."""
        return self._table.copy()

    @property
    def possible(self) -> bool:
        """Whether any pair of whole numbers gives the rate, under one of the rules of rounding."""
        return len(self._table) > 0

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs (numerator, denominator), smaller denominators first."""
        return [(int(a), int(b)) for a, b in self._table[["numerator", "denominator"]].itertuples(index=False)]

    @property
    def smallest(self) -> tuple[int, int] | None:
        """The pair with the smallest denominator, None where there is none."""
        return self.pairs[0] if self.possible else None

    def __repr__(self) -> str:
        first, last = self.denominators
        asked = f"分母 {first}" if first == last else f"分母 {first}～{last}"
        if not self.possible:
            return f"{self.text}：{asked} {self.unit}时，没有整数分子能得出这个数"
        shown = "、".join(f"{a}/{b}" for a, b in self.pairs[:SHOWN])
        more = f" 等 {len(self._table)} 对" if len(self._table) > SHOWN else ""
        return f"{self.text}：{asked} {self.unit}时，能得出这个数的有 {shown}{more}"


def consistent(
    rate: str | float,
    *,
    digits: int | None = None,
    denominator: int | Sequence[int] | None = None,
    numerator: int | None = None,
    unit: str = "",
    share: bool = True,
) -> Consistent:
    """List the pairs of whole numbers that could have given a published rate.

    Parameters
    ----------
    rate : str or float
        As published, with its sign and every digit: ``"0.41%"``, ``"4.1‰"``, ``"98.60%"``; or a number, with `digits`.
    digits : int, optional
        Decimals of `rate` as it is written (0.41 % has two); by default those of the text.
    denominator : int or (int, int), optional
        The denominator, or the first and the last that are possible. By default every denominator up to 10 to the power of the rate's
        decimals (a share's: 0.41 % has four), where the smallest pair always lies.
    numerator : int, optional
        The numerator, where it is known; then every denominator that fits it is asked about.
    unit : str
        What was counted (人, 户, 县); only for the words.
    share : bool
        Whether the numerator is part of the denominator. ``False`` for means (22.5 households a village).

    Returns
    -------
    Consistent

    Raises
    ------
    EstimateError
        A rate that cannot be read, digits that contradict it, a denominator below 1, or more than 10⁷ of them.

    Notes
    -----
    With decimals d (of the share) and s = 10⁻ᵈ, x is published as r when r − s/2 ≤ x < r + s/2 (half up), or with either end where
    the last digit of r is even (half even). In whole numbers: a/b is possible when 2·10ᵈ·a lies between (2R − 1)·b and (2R + 1)·b,
    R = r·10ᵈ. No floating-point number is involved.

    Examples
    --------
    >>> consistent("0.41%", denominator=2076, unit="户")
    0.41%：分母 2076 户时，没有整数分子能得出这个数
    >>> consistent("86.57%", denominator=283, unit="县")
    86.57%：分母 283 县时，能得出这个数的有 245/283
    >>> consistent("20.12%").smallest
    (33, 164)
    >>> consistent("0.41%", numerator=28, unit="人").denominators
    (6747, 6913)
    """
    whole, decimals = _read(rate, digits)
    edges = 2 * whole - 1, 2 * whole + 1
    scale = 2 * 10**decimals
    first, last = _asked(denominator, numerator, edges, scale, decimals)
    low, high = Fraction(edges[0], scale), Fraction(edges[1], scale)
    table = _pairs(np.arange(first, last + 1, dtype=np.int64), edges, scale, whole % 2 == 0, share)
    if numerator is not None:
        table = table[table["numerator"] == numerator].reset_index(drop=True)
    if numerator is not None and denominator is None and len(table):
        first, last = int(table["denominator"].iloc[0]), int(table["denominator"].iloc[-1])
    return Consistent(f"{rate}", max(low, Fraction(0)), high, (first, last), unit, table)


def _read(rate: str | float, digits: int | None) -> tuple[int, int]:
    """Return the rate's digits as a whole number, and how many of them are decimals of the share."""
    said = re.fullmatch(r"\s*(\d+)(?:\.(\d+))?\s*([%％‰]?)\s*", rate if isinstance(rate, str) else _written(rate, digits))
    if said is None:
        raise EstimateError(f"rate｜{rate!r} 读不出一个率｜照发布的写法写，如 \"0.41%\"；写数的，另写 digits")
    body, decimals, sign = said[1], said[2] or "", said[3]
    if digits is not None and len(decimals) > digits:
        raise EstimateError(f"digits｜{rate} 有 {len(decimals)} 位小数，而 digits = {digits}｜照发布的写法写，去掉 digits")
    decimals = decimals.ljust(digits or 0, "0")
    places = len(decimals) + len(str(SCALES[sign])) - 1
    if places > FINEST:
        raise EstimateError(f"rate｜{rate} 的小数太多，所给的不像发布的率｜至多 {FINEST} 位（折成比重）")
    return int(body + decimals), places


def _written(rate: float, digits: int | None) -> str:
    if digits is None:
        raise EstimateError("digits｜rate 写成数时，末尾的 0 看不出来｜写 digits（发布时的小数位数），或照原样写成文字，如 \"98.60%\"")
    return f"{float(rate):.{digits}f}"


def _asked(denominator: Any, numerator: int | None, edges: tuple[int, int], scale: int, decimals: int) -> tuple[int, int]:
    faults = Faults("整数对")
    given = (denominator,) if isinstance(denominator, (int, np.integer)) else () if denominator is None else tuple(denominator)
    if denominator is not None and (len(given) not in (1, 2) or not all(isinstance(each, (int, np.integer)) for each in given)):
        faults.add(None, "denominator", repr(denominator), "应为一个整数，或最小与最大两个整数", "如 283 或 (6000, 8000)")
    elif given and not 1 <= min(given) <= max(given) == given[-1]:
        faults.add(None, "denominator", repr(denominator), "分母应不小于 1，先小后大", "改正后重试")
    if numerator is not None and (not isinstance(numerator, (int, np.integer)) or numerator < 0):
        faults.add(None, "numerator", repr(numerator), "应为不小于 0 的整数", "写人数或户数")
    if numerator == 0 and not given:
        faults.add(None, "numerator", "0", "分子为 0 时，多大的分母都合", "写 denominator")
    faults.refuse(EstimateError)
    first, last = (int(given[0]), int(given[-1])) if given else _searched(numerator, edges, scale, decimals)
    if last - first >= MOST:
        raise EstimateError(f"denominator｜{last - first + 1} 个分母太多｜至多 {MOST} 个；写小一点的范围")
    return first, last


def _searched(numerator: int | None, edges: tuple[int, int], scale: int, decimals: int) -> tuple[int, int]:
    """Return the denominators to look at where none are given: those that fit the numerator, or enough to hold the smallest pair."""
    if numerator is None:
        return 1, 10**decimals
    last = numerator * scale // edges[0] if edges[0] > 0 else 0
    if edges[0] <= 0:
        raise EstimateError("denominator｜这个率舍入后可以是 0，分母没有上限｜写 denominator=(最小, 最大)")
    return max(1, -(-numerator * scale // edges[1])), max(1, last)


def _pairs(n: Any, edges: tuple[int, int], scale: int, even: bool, share: bool) -> pd.DataFrame:
    """Return every pair with one of these denominators whose quotient rounds to the rate."""
    low, high = np.maximum(-(-edges[0] * n // scale), 0), edges[1] * n // scale
    high = np.minimum(high, n) if share else high
    count = np.maximum(high - low + 1, 0)
    if count.sum() > MOST:
        raise EstimateError(f"denominator｜合乎的整数对多于 {MOST} 个｜写小一点的范围")
    b = np.repeat(n, count)
    a = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
    at_low, at_high = scale * a == edges[0] * b, scale * a == edges[1] * b
    table = pd.DataFrame({"numerator": a, "denominator": b, "value": a / b, HALF_UP: ~at_high, HALF_EVEN: even | ~(at_low | at_high)})
    return table[table[HALF_UP] | table[HALF_EVEN]].reset_index(drop=True)
