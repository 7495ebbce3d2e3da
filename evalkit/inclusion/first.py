"""Chances of single units, proportional to size, in whole numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMED = 20


def proportional(sizes: Sequence[float] | NDArray[Any], n: int) -> list[float]:
    """Return the chance of each unit, proportional to its size, with the units too large for that taken for certain.

    ``π_k = m x_k / X`` over the units that are not certain, with m = n less the certain ones and X the sum of the
    sizes left; units with m x_k ≥ X are fixed at 1 and the rest rescaled until no more are found (Särndal, Swensson
    & Wretman 1992, Model Assisted Survey Sampling, p. 90). Compared in whole numbers, and each π the quotient of two
    whole numbers rounded once.

    Parameters
    ----------
    sizes : sequence or array of int or float, shape (N,)
        Size of each unit, positive; decimals as `whole_sizes` reads them.
    n : int
        How many are to be drawn, 0 ≤ n ≤ N.

    Returns
    -------
    list of float
        0 ≤ π ≤ 1, with sum n.

    Raises
    ------
    ValueError
        When a size is not positive and finite, or n not between 0 and N.

    Examples
    --------
    >>> proportional([1, 2, 3, 4], 2)
    [0.2, 0.4, 0.6, 0.8]
    >>> proportional([1, 1, 2, 16], 2)
    [0.25, 0.25, 0.5, 1.0]
    """
    between(n, len(sizes))
    n, small = int(n), small_sizes(sizes)  # a number of numpy would overflow, or round
    if small is not None:
        return _shares(small, n)
    whole = whole_sizes(sizes)
    sure = set(_sure(whole, n))
    left, rest = n - len(sure), sum(whole) - sum(whole[k] for k in sure)
    return [1.0 if k in sure else left * x / rest for k, x in enumerate(whole)]


def certain(sizes: Sequence[float], n: int) -> list[int]:
    """Return the positions of the units that are taken for certain: too large for a chance proportional to size.

    Parameters
    ----------
    sizes, n
        As in `proportional`.

    Returns
    -------
    list of int
        Ascending.

    Raises
    ------
    ValueError
        As `proportional` does.

    Examples
    --------
    >>> certain([1, 1, 2, 16], 2), certain([3, 4, 5], 3), certain([3, 4, 5], 2)
    ([3], [0, 1, 2], [])
    """
    between(n, len(sizes))
    return _sure(whole_sizes(sizes), int(n))


def small_sizes(sizes: Sequence[float] | NDArray[Any]) -> NDArray[np.int64] | None:
    """Return sizes as an array when they are whole, at least 1, and N times the largest is a whole number of a double.

    Products and quotients of such numbers are the same in an array as in Python's whole numbers, and much faster.

    Parameters
    ----------
    sizes : sequence or array, shape (N,)

    Returns
    -------
    array of int, shape (N,), or None
        None where `whole_sizes` has to be asked, which also says what is wrong.

    Examples
    --------
    >>> small_sizes([3, 4]), small_sizes([3, 0]), small_sizes([0.5, 1]), small_sizes([2**60, 1])
    (array([3, 4]), None, None, None)
    """
    if not len(sizes) or not (isinstance(sizes, np.ndarray) or set(map(type, sizes)) <= {int}):
        return None
    given = np.asarray(sizes)
    small = given.ndim == 1 and given.dtype.kind == "i" and given.min() > 0 and int(given.max()) * len(given) < 2**53
    return given.astype(np.int64, copy=False) if small else None


def sure_mask(sizes: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Return which units are taken for certain, as `certain` finds them.

    Parameters
    ----------
    sizes : array of int, shape (N,)
        As `small_sizes` gives them.
    n : int
        0 ≤ n ≤ N.

    Returns
    -------
    array of bool, shape (N,)

    Examples
    --------
    >>> sure_mask(np.array([1, 1, 2, 16]), 2)
    array([False, False, False,  True])
    """
    sure = np.zeros(len(sizes), dtype=bool)
    left, rest, top = n, int(sizes.sum()), int(sizes.max())
    while left and left * top >= rest:
        # when one of them is taken out, what the others have to reach does not grow: so all at once
        more = ~sure & (left * sizes >= rest)
        sure |= more
        left, rest = left - int(np.count_nonzero(more)), rest - int(sizes[more].sum())
        top = int(sizes[~sure].max(initial=0))
    return sure


def _shares(sizes: NDArray[np.int64], n: int) -> list[float]:
    between(n, len(sizes))
    sure = sure_mask(sizes, n)
    left, rest = n - int(np.count_nonzero(sure)), int(sizes[~sure].sum())
    probs: list[float] = np.where(sure, 1.0, left * sizes / max(rest, 1)).tolist()
    return probs


def _sure(whole: list[int], n: int) -> list[int]:
    between(n, len(whole))
    left, rest = n, sum(whole)
    if not whole or left * max(whole) < rest:
        return []
    sure = []
    # the largest first: once one is not certain, no smaller one is
    for k in sorted(range(len(whole)), key=whole.__getitem__, reverse=True):
        if left * whole[k] < rest:
            break
        sure.append(k)
        left, rest = left - 1, rest - whole[k]
    return sorted(sure)


def by_strata(strata: Sequence[Hashable], n: Mapping[Any, int]) -> list[float]:
    """Return the chance n_h / N_h of each unit of a stratified simple random sample.

    Parameters
    ----------
    strata : sequence, shape (N,)
        Stratum of each unit.
    n : mapping
        For each stratum how many are to be drawn, 0 ≤ n_h ≤ N_h.

    Returns
    -------
    list of float
        0 ≤ π ≤ 1, in the order of the units.

    Raises
    ------
    ValueError
        When a stratum has no number, a number no stratum, or n_h is not between 0 and N_h.

    Examples
    --------
    >>> by_strata(["甲", "甲", "乙", "甲", "乙"], {"甲": 2, "乙": 2})
    [0.6666666666666666, 0.6666666666666666, 1.0, 0.6666666666666666, 1.0]
    """
    sizes = Counter(strata)
    strange = [f"{h}：{why}" for h, why in _one_sided(sizes, n)]
    strange += [f"{h}：n = {n[h]}，N = {sizes[h]}" for h in sizes if h in n and not 0 <= n[h] <= sizes[h]]
    if strange:
        raise ValueError(f"{'；'.join(strange)}｜每层一个 n，在 0 与 N 之间｜改正 n")
    return [n[h] / sizes[h] for h in strata]


def _one_sided(sizes: Mapping[Any, int], n: Mapping[Any, int]) -> list[tuple[Any, str]]:
    return [(h, "没有 n") for h in sizes if h not in n] + [(h, "没有单位") for h in n if h not in sizes]


def whole_sizes(values: Sequence[float] | NDArray[Any], digits: int = 9) -> list[int]:
    """Return sizes as whole numbers in exactly the same proportions: each decimal times one power of ten.

    Parameters
    ----------
    values : sequence or array of int or float, shape (N,)
        Positive and finite. A float means the shortest decimal that gives it: 0.1 is one tenth.
    digits : int
        How many decimals are allowed.

    Returns
    -------
    list of int
        At least 1 each.

    Raises
    ------
    ValueError
        When a value is 0, negative, infinite or NaN, or has more decimals than allowed; positions counted from 1.

    Examples
    --------
    >>> whole_sizes([0.5, 12, 3.25])
    [50, 1200, 325]
    """
    plain: list[float] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if set(map(type, plain)) <= {int} and min(plain, default=1) > 0:
        return [*map(int, plain)]
    wrong = [k for k, x in enumerate(plain) if not (isinstance(x, Real) and 0 < x < math.inf)]
    if wrong:
        raise ValueError(f"{_places(wrong)}的规模是 {_shown(plain, wrong)}｜规模应是大于 0 的数｜改正这些单位的规模，或把它们移出抽样框")
    decimals = [Decimal(int(x)) if isinstance(x, Integral) else Decimal(repr(float(x))).normalize() for x in plain]
    used = [max(0, -int(x.as_tuple().exponent)) for x in decimals]
    long = [k for k, places in enumerate(used) if places > digits]
    if long:
        raise ValueError(f"{_places(long)}的规模是 {_shown(plain, long)}｜小数不超过 {digits} 位｜先把规模四舍五入")
    scale = max(used, default=0)
    return [int(x.scaleb(scale)) for x in decimals]


def between(n: int, size: int) -> None:
    """Refuse a number to be drawn that is not whole, or not between 0 and N.

    Parameters
    ----------
    n : int
        How many are to be drawn.
    size : int
        N, how many there are.

    Raises
    ------
    ValueError
        When n is refused.

    Examples
    --------
    >>> between(4, 3)
    Traceback (most recent call last):
    ValueError: n = 4｜应在 0 与 N = 3 之间｜改小 n
    """
    if not isinstance(n, Integral):
        raise ValueError(f"n = {n!r}｜应是整数｜改正 n")
    if not 0 <= n <= size:
        raise ValueError(f"n = {n}｜应在 0 与 N = {size} 之间｜改{'小' if n > 0 else '正'} n")


def _places(positions: Sequence[int]) -> str:
    named = "、".join(str(k + 1) for k in positions[:NAMED])
    return f"第 {named} 个单位" + (f"等 {len(positions)} 个" if len(positions) > NAMED else "")


def _shown(values: Sequence[Any], positions: Sequence[int]) -> str:
    return "、".join(str(values[k]) for k in positions[:NAMED])
