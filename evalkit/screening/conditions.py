"""What a cell must hold for a row to fall under a rule: words, a blank, anything, or a number compared."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence

import numpy as np

from evalkit.screening.cells import Cells, Mask

COMPARED = re.compile(r"(>=|<=|>|<|!=)\s*(-?[0-9]+(?:\.[0-9]+)?)")
SIGNS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "!=": operator.ne}
SAID = {">=": "不小于 ", "<=": "不大于 ", ">": "大于 ", "<": "小于 ", "!=": "不等于 "}
ANYTHING, BLANK = "*", ""


def meets(cells: Cells, wanted: Mapping[str, Sequence[str]]) -> Mask:
    """Return the rows that hold, in every named column, one of its words.

    Parameters
    ----------
    cells : Cells
    wanted : mapping of heading to words
        ``""`` stands for a blank, ``*`` for any content, ``>=16`` and its like for numbers so compared.

    Examples
    --------
    >>> import pandas as pd
    >>> meets(Cells(pd.DataFrame({"年龄": ["5", "16", "", "十六"]}), ()), {"年龄": [">=16", ""]}).tolist()
    [False, True, True, False]
    """
    met = np.ones(len(cells), bool)
    for heading, words in wanted.items():
        column, here = cells[heading], np.zeros(len(cells), bool)
        for word in words:
            if found := COMPARED.fullmatch(word):
                here |= SIGNS[found[1]](column.numbers, float(found[2])) & ~np.isnan(column.numbers)
            elif word in (ANYTHING, BLANK):
                here |= column.filled == (word == ANYTHING)
        plain = {word for word in words if word not in (ANYTHING, BLANK) and not COMPARED.fullmatch(word)}
        if plain:
            here |= np.array([text in plain for text in column.texts])[column.codes]
        met &= here
    return met


def said(wanted: Mapping[str, Sequence[str]]) -> str:
    """Return conditions as a rule says them.

    Examples
    --------
    >>> said({"年龄": [">=6", "<16"], "户类型": ["脱贫户"]})
    '年龄不小于 6或小于 16、户类型为脱贫户'
    """
    return "、".join(f"{heading}{'或'.join(_word(word, at == 0) for at, word in enumerate(words))}" for heading, words in wanted.items())


def _word(word: str, first: bool) -> str:
    if found := COMPARED.fullmatch(word):
        return f"{SAID[found[1]]}{found[2]}"
    named = {ANYTHING: "不空白", BLANK: "空白"}.get(word, word)
    return named if word in (ANYTHING, BLANK) or not first else f"为{named}"
