"""Identity numbers, a whole column at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.codes import CHECKS, PROVINCES, WEIGHTS
from evalkit.sheets import character_table

LONGEST = 22  # a disability certificate that was issued anew
DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def sound_identities(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Say which texts are identity numbers of citizens, or numbers of disability certificates made of them.

    The same is said as by `evalkit.codes.identity_fault`, number by number.

    Parameters
    ----------
    texts : sequence of str
        Half-width.

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> sound_identities(["11010519491231002X", "11010519491231002X44", "110105194912310021", "110105491231002"]).tolist()
    [True, True, False, False]
    """
    letters = character_table(texts, LONGEST + 1)
    letters = np.where((letters >= ord("a")) & (letters <= ord("z")), letters - 32, letters).astype(np.uint8)
    digits = letters - np.uint8(48)  # 10 and more: no digit
    last = np.where(letters[17] == ord("X"), 10, np.where(digits[17] <= 9, digits[17], 255))
    shaped = (digits[:17] <= 9).all(axis=0) & _tails(letters, digits)
    total = np.zeros(len(texts), np.int32)
    for digit, weight in zip(digits, WEIGHTS, strict=False):
        total += digit.astype(np.int32) * weight
    expected = np.array([10 if sign == "X" else int(sign) for sign in CHECKS])[total % 11]
    known = np.zeros(256, bool)
    known[[int(code) for code in PROVINCES]] = True
    return np.asarray(shaped & known[digits[0] * np.uint8(10) + digits[1]] & _days_exist(digits[6:14]) & (last == expected), dtype=bool)


def _tails(letters: NDArray[np.uint8], digits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Say which texts end as they may: after 18 characters, category and grade behind them, or B and a digit or two behind these."""
    ends = [(letters[at] == 0) & (letters[at - 1] != 0) for at in (18, 20, 22)]
    kind = (digits[18] >= 1) & (digits[18] <= 7) & (digits[19] >= 1) & (digits[19] <= 4)
    again = (digits[21] <= 9) & ((digits[20] <= 9) | ((letters[20] == ord("B")) & (digits[21] > 0)))
    return np.asarray(ends[0] | (ends[1] & kind) | (ends[2] & kind & again), dtype=bool)


def _days_exist(digits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    numbers = digits.astype(np.int32)
    year = ((numbers[0] * 10 + numbers[1]) * 10 + numbers[2]) * 10 + numbers[3]
    month, day = numbers[4] * 10 + numbers[5], numbers[6] * 10 + numbers[7]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = DAYS[np.clip(month, 0, 12)] + (leap & (month == 2))
    return np.asarray((year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest), dtype=bool)
