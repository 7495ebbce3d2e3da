"""Weighting cells: the weight of rows that did not answer goes to those of their cell that did.

In each cell the takers' weights are multiplied by (Σw of takers and givers)/Σw of takers, the givers' become 0, every other
row keeps its own; so the weights of each cell add up to what they did before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, Faults, SurveyError
from evalkit.nonresponse.labels import Codes, Labels, Mask, Numbers, called, coded, locked, masked, weighed

LEAST_RELEASED = 20
MOST_FACTOR = 3.0
STATUS = {"R": "合格，已回答", "N": "合格，未回答", "I": "不合格（迁走、空户、不属调查对象）", "U": "是否合格不明"}


@dataclass(frozen=True, eq=False)
class CellTable:
    """One entry a cell: who gave, who took, and whether the rules of thumb hold.

    Attributes
    ----------
    cells : tuple
        Labels in order.
    released, takers, givers : (cells,) int array
        Rows of takers and givers together, and of each.
    taker_weight, giver_weight : (cells,) float array
        Sums of the weights before.
    factor : (cells,) float array
        What the takers' weights were multiplied by; 1 in a cell without givers.
    small : (cells,) bool array
        Something is given, and fewer than 20 rows were released: the factor rests on little.
    large : (cells,) bool array
        A factor above 3: a few answers stand for many.
    """

    cells: tuple[Any, ...]
    released: Codes
    takers: Codes
    givers: Codes
    taker_weight: Numbers
    giver_weight: Numbers
    factor: Numbers
    small: Mask
    large: Mask

    def __post_init__(self) -> None:
        locked(self.released, self.takers, self.givers, self.taker_weight, self.giver_weight, self.factor, self.small, self.large)

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the table as plain rows, in the order of the attributes."""
        columns = [self.released, self.takers, self.givers, self.taker_weight, self.giver_weight, self.factor, self.small, self.large]
        return list(zip(self.cells, *(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True, eq=False)
class CellFactors:
    """The factor and the new weight of each row, and the table of cells.

    Attributes
    ----------
    factors, weights : (n,) float array, read-only
        The cell's factor for takers, 0 for givers, 1 for all others; and the weight times that.
    table : CellTable
    """

    factors: Numbers
    weights: Numbers
    table: CellTable

    def __post_init__(self) -> None:
        locked(self.factors, self.weights)


def cell_factors(weights: ArrayLike, responded: ArrayLike, given: ArrayLike, cells: Labels) -> CellFactors:
    """Return weights after the eligible nonrespondents' weight went to the respondents of their cell.

    Parameters
    ----------
    weights : array, shape (n,)
        Weights of all released rows, ≥ 0.
    responded : bool array, shape (n,)
        Who takes: the respondents.
    given : bool array, shape (n,)
        Who gives: the eligible nonrespondents. Rows that are neither (ineligible) keep their weight and stand apart.
    cells : array, shape (n,), or tuple of such arrays
        Weighting cell of each row; a tuple is crossed, as (village, registration status).

    Returns
    -------
    CellFactors

    Raises
    ------
    SurveyError
        Arrays of unequal length, weights negative or not finite, a row that both responded and gives, a missing
        label, a cell with weight to give and nobody to take it (all such cells at once).

    References
    ----------
    Valliant, Dever & Kreuter 2018, Practical Tools for Designing and Weighting Survey Samples, section 13.5 (from memory).

    Examples
    --------
    >>> done = cell_factors([10, 10, 20, 10, 10], [1, 0, 1, 1, 0], [0, 1, 0, 0, 0], list("aaabb"))
    >>> done.weights.round(4).tolist(), done.table.factor.round(4).tolist()
    ([13.3333, 0.0, 26.6667, 10.0, 10.0], [1.3333, 1.0])
    """
    faults = Faults("无回答调整")
    w = weighed(weights, faults)
    take, give = masked(responded, w.size, faults, "responded"), masked(given, w.size, faults, "given")
    if (take & give).any():
        rule = "一行不能既回答又让出权数"
        faults.add(None, "responded、given", f"{int((take & give).sum())} 行两者皆是", rule, "given 只标合格而未回答的行")
    faults.refuse(SurveyError)
    labels, code = coded(cells, len(w), "cells", SurveyError)
    return _handed(w, take, give, labels, code, "没有回答者")


def spread_unknown(weights: ArrayLike, status: ArrayLike, cells: Labels) -> CellFactors:
    """Return weights after those of unknown eligibility were spread over the rows of their cell whose status is known.

    Parameters
    ----------
    weights : array, shape (n,)
        Weights of all released rows, ≥ 0.
    status : array of str, shape (n,)
        A key of `STATUS` for each row: "R" respondent, "N" eligible nonrespondent, "I" ineligible, "U" unknown.
        R, N and I take in proportion to their weights; I then keeps what it has and stands apart.
    cells : array, shape (n,), or tuple of such arrays
        As `cell_factors`.

    Raises
    ------
    SurveyError
        As `cell_factors`; an unknown status.

    Notes
    -----
    The share of unknown units that is eligible is thus taken to be that of the known ones of the cell (AAPOR's e by cell,
    weighted). `cell_factors` with status == "R" and status == "N" is the next step.

    Examples
    --------
    >>> spread_unknown([10, 10, 10, 10, 10], ["R", "N", "I", "U", "R"], ["a"] * 4 + ["b"]).weights.round(4).tolist()
    [13.3333, 13.3333, 13.3333, 0.0, 10.0]
    """
    faults = Faults("合格性调整")
    w, code = weighed(weights, faults), np.asarray(status)
    if code.shape != w.shape:
        faults.add(None, "status", f"形状 {code.shape}", f"应为 {w.size} 个状态的一维数组", "检查 status")
    elif not np.isin(code, list(STATUS)).all():
        strange = "、".join(map(str, list(dict.fromkeys(code[~np.isin(code, list(STATUS))].tolist()))[:5]))
        table = "；".join(f"{key} {text}" for key, text in STATUS.items())
        faults.add(None, "status", strange, f"只有：{table}", "把回收结果改写成这四种")
    faults.refuse(SurveyError)
    unknown = code == "U"
    labels, cell = coded(cells, len(w), "cells", SurveyError)
    return _handed(w, ~unknown, unknown, labels, cell, "没有合格性已知的行")


def _handed(w: Numbers, take: Mask, give: Mask, labels: tuple[Any, ...], cell: Codes, empty: str) -> CellFactors:
    taken, given = (np.bincount(cell, np.where(mask, w, 0.0), len(labels)).astype(np.float64) for mask in (take, give))
    lost = np.flatnonzero((taken <= 0) & (given > 0))
    if len(lost):
        first = np.flatnonzero(give & np.isin(cell, lost))[:5] + 1
        where = f"（{len(lost)} 个单元；让出权数的行如第 {'、'.join(map(str, first))} 行）"
        raise SurveyError(f"单元 {called(labels, lost)}{where}｜{empty}，权数无处可去｜与相近的单元合并后重试")
    factor = np.where(given > 0, (taken + given) / np.where(taken > 0, taken, 1.0), 1.0)
    factors = np.where(take, factor[cell], np.where(give, 0.0, 1.0))
    takers, givers = (np.bincount(cell[mask], minlength=len(labels)) for mask in (take, give))
    small = (givers > 0) & (takers + givers < LEAST_RELEASED)
    table = CellTable(labels, takers + givers, takers, givers, taken, given, factor, small, factor > MOST_FACTOR)
    return CellFactors(factors, w * factors, table)


@dataclass(frozen=True, eq=False)
class ResponseGroups:
    """Groups in which all are taken to answer with the same chance.

    Attributes
    ----------
    groups : tuple
        Labels, in the order in which the rows first show them.
    group : (n,) int array
        Group of each row, 1 for the first label.
    rates : (groups,) float array
        Respondents over all rows of the group.
    chance : (n,) float array
        The group's rate for respondents, 0 for the others.
    """

    groups: tuple[Any, ...]
    group: Codes
    rates: Numbers
    chance: Numbers

    def __post_init__(self) -> None:
        locked(self.group, self.rates, self.chance)


def response_groups(selection: Labels, responded: ArrayLike) -> ResponseGroups:
    """Return response homogeneity groups: the estimated chance to answer is the share that did.

    Parameters
    ----------
    selection : array, shape (n,), or tuple of such arrays
        What the groups are made of (stratum of selection, stratum × sex …); a tuple is crossed.
    responded : bool array, shape (n,)

    Raises
    ------
    EstimateError
        Arrays of unequal length, a missing label, a group in which nobody answered (its units have no one to stand for them).

    References
    ----------
    Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, section 15.6.2; R sampling, `rhg` and (with a tuple) `rhg_strata`.

    Examples
    --------
    >>> seen = response_groups([1, 1, 1, 1, 2, 2, 2, 2, 2], [1, 0, 1, 1, 0, 0, 1, 1, 1])
    >>> seen.rates.tolist(), seen.chance.tolist()
    ([0.75, 0.6], [0.75, 0.0, 0.75, 0.75, 0.0, 0.0, 0.6, 0.6, 0.6])
    """
    faults = Faults("回答组")
    answered = masked(responded, np.size(responded), faults, "responded")
    faults.refuse(EstimateError)
    labels, code = coded(selection, len(answered), "selection", EstimateError)
    order = np.argsort(np.unique(code, return_index=True)[1])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    group, named = place[code], tuple(labels[at] for at in order)
    rates = np.bincount(group, answered) / np.bincount(group)
    if (rates == 0).any():
        raise EstimateError(f"组 {called(named, np.flatnonzero(rates == 0))}｜每组至少一行回答｜与相近的组合并后重试")
    return ResponseGroups(named, group + 1, rates, np.where(answered, rates[group], 0.0))
