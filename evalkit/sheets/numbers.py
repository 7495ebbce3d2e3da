"""Numbers as people write them in cells: plain decimals, with thousands marks or without; nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FULL_WIDTH = str.maketrans({0xFEE0 + ord(sign): sign for sign in "0123456789.,+-"})
PLAIN = re.compile(r"[+-]?(?:(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?|\.[0-9]+)")
# 15 digits are a whole number that a double holds, and 10^14 is a double: their quotient is the double next to the decimal
DIGITS, WIDE = 15, 24
FULL = re.compile("[0-9.,+０-９．，＋－-]+")


def plain_numbers(cells: pd.Series) -> pd.Series:
    """Return the numbers of a column of text; not-a-number where a cell is no plain decimal.

    A comma is a thousands mark only where it stands before every three digits: ``6444,67`` may be
    6444.67 or a slip, so it is no number. Neither are ``1e3``, ``inf`` and ``0x5``. Full-width digits, points and commas
    are read as the half-width ones.

    Parameters
    ----------
    cells : Series of str

    Returns
    -------
    Series of float

    Examples
    --------
    >>> plain_numbers(pd.Series(["3535", "1,234.5", "１，２００", "6444,67", "1e3", ""])).tolist()
    [3535.0, 1234.5, 1200.0, nan, nan, nan]
    """
    return pd.Series(text_numbers(list(map(str, cells.tolist()))), index=cells.index, dtype=np.float64)


def text_numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the numbers of a list of texts, as `plain_numbers` does.

    Texts of at most 15 digits are read all at once, character by character across the list; only the others
    (thousands marks, long numbers, words) are looked at one by one.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    ndarray of float, one for each text

    Examples
    --------
    >>> text_numbers(["-0.35", "六", "12，345", "3."]).tolist()
    [-0.35, nan, 12345.0, nan]
    """
    letters = character_table(texts, WIDE)
    numbers, rest = _quick(letters)
    others = letters[:, rest]
    # none but these characters stand in a number, so words are not looked at one by one; 255 may be a full-width one
    allowed = ((others <= ord("9")) & (others >= ord("+")) & (others != ord("/"))) | (others == 0) | (others == 255)
    for at in np.flatnonzero(rest)[allowed.all(axis=0)].tolist():
        text = texts[at]
        if not text.isascii() and FULL.fullmatch(text):
            text = text.translate(FULL_WIDTH)
        if PLAIN.fullmatch(text):
            numbers[at] = float(text.replace(",", ""))
    return numbers


def character_table(texts: Sequence[str], width: int) -> NDArray[np.uint8]:
    """Return the first characters of each text as numbers: width × texts, 0 behind the end, 255 for all but the first 255.

    Examples
    --------
    >>> character_table(["10", "年"], 3).tolist()
    [[49, 255], [48, 0], [0, 0]]
    """
    table = np.zeros((width, len(texts)), np.uint8)
    if len(texts):
        longest = max(map(len, texts))
        cut = texts if longest <= width else [text[:width] for text in texts]
        if "\0" in "".join(cut):  # numpy takes it for the end of a text
            cut = [text.replace("\0", "\ufffd") for text in cut]
        found = np.array(cut, dtype=f"U{max(1, min(longest, width))}")
        letters = found.view(np.uint32).reshape(len(texts), -1).T
        table[: len(letters)] = np.minimum(letters, 255)
    return table


def _quick(places: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers of digits with a sign before and one point between, and which texts are of another form."""
    rows = places.shape[1]
    minus, signed = places[0] == ord("-"), (places[0] == ord("-")) | (places[0] == ord("+"))
    whole, behind = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    digits, points = np.zeros(rows, np.int8), np.zeros(rows, np.int8)
    odd, waiting = np.zeros(rows, bool), np.ones(rows, bool)  # waiting for a digit
    for at, letter in enumerate(places):
        if not letter.any():
            break
        digit, point = (letter - np.uint8(48)) <= 9, letter == ord(".")
        odd |= ~(digit | point | (letter == 0) | (signed if at == 0 else False)) | (point & waiting)
        whole = whole * np.where(digit, 10, 1) + (letter - np.uint8(48)) * digit
        behind += digit & (points > 0)
        digits += digit
        points += point
        waiting = ~digit & (waiting | (letter != 0))
    rest = odd | waiting | (points > 1) | (digits > DIGITS)
    numbers = whole / 10.0 ** np.minimum(behind, DIGITS)
    return np.where(rest, np.nan, np.where(minus, -numbers, numbers)), rest
