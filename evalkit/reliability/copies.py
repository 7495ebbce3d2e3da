"""Answers that were made rather than given: last digits that are not spread evenly, questionnaires that repeat each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from evalkit.errors import EstimateError

DIGITS = 10
BLOCK = 4_000_000  # comparisons held at once


class Digits(NamedTuple):
    """Last digits beside an even spread: χ² with 9 degrees of freedom, its p-value, Myers' index in [0, .9]."""

    n: int
    chi2: float
    p_value: float
    myers: float
    counts: NDArray[np.int64]


def digit_test(numbers: ArrayLike) -> Digits:
    """Test whether the last digits of whole numbers are spread evenly.

    Parameters
    ----------
    numbers : (n,) array of int
        Whole numbers of several digits, whose last digit carries no meaning (income in yuan, area in ares).

    Returns
    -------
    Digits
        χ² = Σ(n_d − n/10)²/(n/10), and the index ½Σ|n_d/n − 1/10| of Myers (1940): the share of answers that would have to end
        in another digit. People round, so a high index of one interviewer is read beside that of the others.

    Examples
    --------
    >>> digit_test([10, 20, 30, 40, 55]).myers, round(digit_test(list(range(100))).p_value, 4)
    (0.8, 1.0)
    """
    values = np.abs(np.asarray(numbers, dtype=np.int64))
    if not len(values):
        raise EstimateError("末位数字｜没有一个整数｜核对列名")
    counts = np.bincount(values % DIGITS, minlength=DIGITS)
    even = len(values) / DIGITS
    chi2 = float(((counts - even) ** 2).sum() / even)
    return Digits(len(values), chi2, float(chdtrc(DIGITS - 1, chi2)), float(np.abs(counts / len(values) - 1 / DIGITS).sum() / 2), counts)


def closest_match(codes: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return, for each questionnaire, the share of answers it has in common with the one most like it, and which one that is.

    Parameters
    ----------
    codes : (n, items) int array
        Answers as codes; negative where there is none, which matches nothing.

    Returns
    -------
    share : (n,) float array
        The maximum percent match of Kuriakose & Robbins (2016, Stat. J. IAOS 32:283), in [0, 1]; NaN with nobody to compare with.
    other : (n,) int array
        Row of the closest; -1 with nobody.

    Examples
    --------
    >>> share, other = closest_match([[1, 2, 3, 4], [1, 2, 3, 5], [9, 9, 9, 9]])
    >>> share.tolist(), other.tolist()
    ([0.75, 0.75, 0.0], [1, 0, 0])
    """
    answers = np.asarray(codes)
    n, items = answers.shape
    if n < 2 or not items:
        return np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    share, other = np.empty(n), np.empty(n, dtype=np.int64)
    columns = np.ascontiguousarray(answers.T)
    step = max(1, BLOCK // n)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        equal = np.zeros((rows.stop - start, n), dtype=np.int32)
        for column in columns:
            equal += (column[rows, None] == column) & (column >= 0)
        equal[np.arange(rows.stop - start), np.arange(start, rows.stop)] = -1
        other[rows] = equal.argmax(axis=1)
        share[rows] = equal.max(axis=1) / items
    return share, other
