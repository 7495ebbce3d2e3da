"""Estimates made of other Estimates by any smooth formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates import algebra
from evalkit.estimates.asking import on_one_survey, way_to_one
from evalkit.estimates.duals import Dual, seeded
from evalkit.estimates.estimate import Estimate
from evalkit.variances import Floats


def combine(
    function: Callable[..., Any], *estimates: Estimate, slopes: Callable[..., Sequence[Any]] | None = None, label: str = "combination"
) -> Estimate:
    """Return a smooth function of Estimates of one Survey, with the joint variance of its linearisation.

    Parameters
    ----------
    function : callable
        Takes one array for each estimate, (rows,), and returns a number or an array. It may index, add up, multiply and use the
        numpy functions whose derivative is known.
    *estimates : Estimate
        Of the same Survey.
    slopes : callable, optional
        For a function that cannot be differentiated so: takes the same arrays, returns for each estimate the matrix of
        derivatives, (results, rows of the estimate).
    label : str
        Name of the result; several results are numbered.

    Returns
    -------
    Estimate
        On a survey with replicates the function is taken of every replicate instead.

    Raises
    ------
    EstimateError
        Estimates of different Surveys; a function without known derivative; a result that is no number.

    Notes
    -----
    With D the matrix of derivatives, the variance is D V D'. Derivatives are exact to rounding: every operation carries its own
    (forward differentiation; Griewank & Walther 2008, Evaluating Derivatives, §3.1).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"kind": ["a", "a", "b", "b", "c"], "y": [1.0, 2, 3, 4, 5]}))
    >>> totals = ev.total(survey, "y", by="kind")
    >>> share = ev.combine(lambda t: t[0] / t.sum(), totals, label="a")
    >>> float(share), round(float(share.se[0]), 6)
    (0.2, 0.169967)
    """
    estimates = _one_survey(estimates)
    values = [estimate.value for estimate in estimates]
    with np.errstate(all="ignore"):
        value, matrices = _by_hand(function, slopes, values) if slopes is not None else _by_rule(function, values)
    if not bool(np.isfinite(value).all()) or not all(bool(np.isfinite(matrix).all()) for matrix in matrices):
        raise EstimateError("combine｜结果或导数不是有限数｜核对自变量是否在定义域内")
    made = algebra.linked(estimates, value, matrices, _rowwise(function))
    labels = ((label,),) if len(value) == 1 else tuple((f"{label}[{at}]",) for at in range(len(value)))
    return replace(made, labels=labels, parts=("variable",))


def _one_survey(estimates: tuple[Estimate, ...]) -> tuple[Estimate, ...]:
    if not estimates or not all(isinstance(each, Estimate) for each in estimates):
        raise EstimateError("combine｜函数之后应为一个或几个 Estimate｜写 ev.combine(lambda a, b: a / b, a, b)")
    found = on_one_survey(estimates)
    if found is None:
        raise EstimateError(f"combine｜各 Estimate 出自不同的 Survey，协方差未知｜{way_to_one(estimates)}")
    return tuple(found)


def _by_rule(function: Callable[..., Any], values: list[Floats]) -> tuple[Floats, list[Floats]]:
    found = function(*seeded(values))
    if isinstance(found, (list, tuple)):
        found = _stacked(found, sum(len(value) for value in values))
    if not isinstance(found, Dual):
        raise EstimateError(f"combine｜函数给出 {type(found).__name__}，与自变量无关或丢了导数｜用 + − × ÷ 与 numpy 函数写，或给出 slopes=")
    slope = np.atleast_2d(found.slope)
    ends = np.cumsum([0, *(len(value) for value in values)])
    return np.atleast_1d(found.value), [slope[:, start:stop] for start, stop in pairwise(ends)]


def _stacked(found: Sequence[Any], inputs: int) -> Dual:
    """Put the parts of a list together; plain numbers among them do not vary."""
    parts = [each if isinstance(each, Dual) else Dual(np.asarray(each, dtype=float), np.zeros((*np.shape(each), inputs))) for each in found]
    value, slope = [np.atleast_1d(each.value) for each in parts], [np.atleast_2d(each.slope) for each in parts]
    return Dual(np.concatenate(value), np.concatenate(slope))


def _by_hand(function: Callable[..., Any], slopes: Callable[..., Sequence[Any]], values: list[Floats]) -> tuple[Floats, list[Floats]]:
    value = np.atleast_1d(np.asarray(function(*values), dtype=float))
    matrices = [np.asarray(matrix, dtype=float).reshape(len(value), -1) for matrix in slopes(*values)]
    wanted = [(len(value), len(part)) for part in values]
    if [matrix.shape for matrix in matrices] != wanted:
        raise EstimateError(f"slopes｜矩阵为 {[m.shape for m in matrices]}｜应为 {wanted}：每个 Estimate 一个")
    return value, matrices


def _rowwise(function: Callable[..., Any]) -> Callable[..., Floats]:
    """Return the function taken of each replicate."""

    def of_replicates(*parts: Floats) -> Floats:
        return np.array([np.atleast_1d(np.asarray(function(*rows), dtype=float)) for rows in zip(*parts, strict=True)])

    return of_replicates
