"""One item of the criteria held against a table: which rows it speaks against, and which answers it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    from evalkit.design.criteria import CriterionRule

    Mask = NDArray[np.bool_]


def concerned(table: pd.DataFrame, rule: CriterionRule) -> Mask:
    """Return which rows an item concerns."""
    inside = np.ones(len(table), dtype=bool)
    for column, words in rule.when.items():
        inside &= table[column].isin(words).to_numpy()
    return inside


def against(table: pd.DataFrame, rule: CriterionRule) -> Mask:
    """Return which rows an item speaks against: not met, or an exclusion that is hit.

    A number is held against the limits as they are written: below `below`, above `above`, or `at_least` and more.
    """
    if not rule.numeric:
        return table[rule.heading].isin(rule.against).to_numpy() & concerned(table, rule)
    numbers = _numbers(table[rule.heading])
    beyond = np.zeros(len(table), dtype=bool)
    for limit, hit in ((rule.below, np.less), (rule.above, np.greater), (rule.at_least, np.greater_equal)):
        if limit is not None:
            beyond |= hit(numbers, limit)
    return beyond & concerned(table, rule)


def blank(table: pd.DataFrame, rule: CriterionRule) -> Mask:
    """Return which rows lack an answer that the item asks of them."""
    cells = table[rule.heading]
    empty = cells.isna().to_numpy()
    blanks = set() if pd.api.types.is_numeric_dtype(cells) else {word for word in set(cells.tolist()) if not str(word).strip()}
    if blanks:
        empty = empty | cells.isin(blanks).to_numpy()
    return empty & concerned(table, rule)


def strange(table: pd.DataFrame, rule: CriterionRule) -> Mask:
    """Return which rows hold an answer outside the item's words, or no number."""
    given = ~blank(table, rule) & concerned(table, rule)
    if rule.numeric:
        return given & np.isnan(_numbers(table[rule.heading]))
    return given & ~table[rule.heading].isin((*rule.against, *rule.allowed)).to_numpy()


def _numbers(cells: pd.Series) -> NDArray[np.float64]:
    numbers = cells if pd.api.types.is_numeric_dtype(cells) else plain_numbers(cells.fillna("").astype(str))
    return numbers.to_numpy(dtype=float)
