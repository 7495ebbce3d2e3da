"""Measures of poverty and inequality of an income."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit import inequality
from evalkit.errors import EstimateError, one_of
from evalkit.estimates.blocks import Block
from evalkit.estimates.domains import Domain, Missing, Variable, domain, number
from evalkit.estimates.estimate import Estimate
from evalkit.estimates.statistics import By, share_block
from evalkit.inequality import Relative
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey
    from evalkit.survey.replicated import Replicated

Measure = Callable[[Floats, Floats, Ints], tuple[float, Floats]]


@dataclass(frozen=True)
class Index:
    """A measure of inequality: its kernel, from incomes and weights to value and scores, what it is, and the options it takes."""

    kernel: Callable[..., tuple[float, Floats]]
    text: str
    takes: tuple[str, ...]


INDICES = {
    "gini": Index(inequality.gini, "基尼系数（form）", ("form",)),
    "atkinson": Index(inequality.atkinson, "Atkinson 指数（epsilon）", ("epsilon",)),
    "entropy": Index(inequality.generalised_entropy, "广义熵（alpha：1 为 Theil，0 为平均对数偏差）", ("alpha",)),
    "zenga": Index(inequality.zenga, "Zenga 指数（form）", ("form",)),
    "quintile-share-ratio": Index(inequality.quintile_share_ratio, "五分位份额比（share、form、rule）", ("share", "form", "rule")),
}


def disparity(
    survey: Survey, variable: str, index: str = "gini", *, count: str | None = None, by: By = None, where: Any = None,
    missing: Missing = "fail", **options: Any,
) -> Estimate:  # fmt: skip
    """Estimate a measure of inequality.

    Parameters
    ----------
    survey : Survey
    variable : str
        Income of the row (per head, where `count` counts persons).
    index : {"gini", "atkinson", "entropy", "zenga", "quintile-share-ratio"}
    count : str, optional
        Column with what a row counts (``persons``); each row counts 1 without it.
    by, where, missing
        As for `mean`.
    **options
        Of the index, as in `evalkit.inequality`: ``epsilon``, ``alpha``, ``form``, ``share``, ``rule``.

    Returns
    -------
    Estimate
        Of kind "index", labelled variable, index.

    Raises
    ------
    EstimateError
        An unknown index; incomes the index is not made for (negative; 0 where logarithms are taken).

    Notes
    -----
    Scores as in `evalkit.inequality` (Langel & Tillé 2013, J. R. Statist. Soc. A 176:521, for the Gini coefficient; Deville 1999,
    Surv. Meth. 25:193, for the method).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"income": [1.0, 2, 3, 4]}))
    >>> float(ev.disparity(survey, "income", "quintile-share-ratio", share=.25)), float(ev.gini(survey, "income"))
    (4.0, 0.25)
    """
    known = one_of("index", index, INDICES, EstimateError, "指数")
    unknown = set(options) - set(known.takes)
    if unknown:
        takes = "、".join(known.takes) or "没有"
        raise EstimateError(f"{index} 不用 {'、'.join(sorted(unknown))}｜它的选项：{takes}｜去掉多余的选项")
    return _measured(survey, variable, index, lambda y, w, rows: known.kernel(y, w, **options), count, by, where, missing)


def gini(
    survey: Survey, variable: str, *, count: str | None = None, by: By = None, where: Any = None, missing: Missing = "fail"
) -> Estimate:
    """Estimate the Gini coefficient; `disparity` with ``index="gini"``.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> ev.gini(ev.Survey.from_data(pd.DataFrame({"income": [0.0, 0, 0, 8]})), "income")
    Estimate 指数：income gini 0.75（标准误 0.25）
    """
    return disparity(survey, variable, "gini", count=count, by=by, where=where, missing=missing)


def fgt(
    survey: Survey, variable: str, line: float | str | None = None, alpha: float = 0.0, *, relative: Relative | None = None,
    strict: bool = True, count: str | None = None, by: By = None, where: Any = None, missing: Missing = "fail",
) -> Estimate:  # fmt: skip
    """Estimate the poverty measures of Foster, Greer & Thorbecke: the rate of the poor, the poverty gap, its square.

    Parameters
    ----------
    survey : Survey
    variable : str
        Income per head.
    line : float or str, optional
        Poverty line in the unit of the income, > 0; or the column that holds each row's line (province × year).
    alpha : float
        0 the rate, 1 the gap, 2 the squared gap; ≥ 0.
    relative : Relative, optional
        Instead of `line`: a share of the median or mean of the domain, whose estimation the variance includes.
    strict : bool
        Whether who has the line itself is not poor (低于标准); False counts them.
    count, by, where, missing
        As for `disparity`.

    Returns
    -------
    Estimate
        Of kind "index", labelled variable, "P0", "P1" …; the rate of the poor by a fixed line is of kind "proportion", with its
        interval.

    Notes
    -----
    P_α = Σ w ((z − y)/z)^α 1(y < z)/Σw (Foster, Greer & Thorbecke 1984, Econometrica 52:761).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"income": [1000.0, 3000, 5000, 9000]}))
    >>> float(ev.fgt(survey, "income", 4000)), float(ev.fgt(survey, "income", 4000, 1))
    (0.5, 0.25)
    """
    lines = None if isinstance(line, (int, float)) or line is None else number(survey, line)
    if alpha == 0 and relative is None and line is not None:
        return _rate(survey, variable, line if lines is None else lines, strict, count, by, where, missing)

    def measure(y: Floats, w: Floats, rows: Ints) -> tuple[float, Floats]:
        drawn: Any = line if lines is None else lines.values[rows]
        return inequality.fgt(y, w, drawn, alpha, relative=relative, strict=strict)

    also = [] if lines is None else [lines]
    return _measured(survey, variable, f"P{alpha:g}", measure, count, by, where, missing, also)


def _rate(
    survey: Survey, variable: str, line: Any, strict: bool, count: str | None, by: By, where: Any, missing: Missing
) -> Estimate:
    """Estimate the rate of the poor by a fixed line: a proportion, with its interval."""
    income, counted = number(survey, variable), None if count is None else number(survey, count)
    lines = [line] if isinstance(line, Variable) else []
    z = lines[0].values if lines else np.full(len(survey), float(line))
    inside = domain(survey, by, where, [income, *lines, *([] if counted is None else [counted])], missing)
    if bool((~(np.isfinite(z) & (z > 0)) & (True if inside.code is None else inside.code >= 0)).any()):
        raise EstimateError("贫困线｜应为大于 0 的有限数｜写 line=数，或补全那一列")
    poor = (income.values < z) if strict else (income.values <= z)
    value, block = share_block(survey, poor.astype(float), inside, None if counted is None else counted.values)
    return Estimate.of_blocks(survey, [value], [(variable, "P0")], (*inside.by, "variable", "index"), "proportion", [block])


def _measured(
    survey: Survey, variable: str, label: str, measure: Measure, count: str | None, by: By, where: Any, missing: Missing,
    also: list[Variable] | None = None,
) -> Estimate:  # fmt: skip
    income = number(survey, variable)
    counted = None if count is None else number(survey, count)
    read = [income, *([] if counted is None else [counted]), *(also or [])]
    inside = domain(survey, by, where, read, missing)
    rows = _members(inside)
    each = np.ones(len(survey)) if counted is None else counted.values
    value, u = np.full(inside.count, np.nan), np.zeros(len(survey))
    for at in np.flatnonzero(inside.sizes > 0):
        here = rows[at]
        value[at], score = measure(income.values[here], survey.weights[here] * each[here], here)
        u[here] = each[here] * score
    again = partial(_again, income.values, each, rows, measure)
    block = Block(survey, inside, (u,), np.ones((1, inside.count)), again=again)
    return Estimate.of_blocks(survey, [value], [(variable, label)], (*inside.by, "variable", "index"), "index", [block])


def _members(inside: Domain) -> list[Ints]:
    """Return the rows of each domain."""
    if inside.code is None:
        return [np.arange(inside.rows)]
    order = np.argsort(inside.code, kind="stable")
    return np.split(order, np.searchsorted(inside.code[order], np.arange(inside.count + 1)))[1:-1]


def _again(income: Floats, each: Floats, rows: list[Ints], measure: Measure, made: Replicated) -> Floats:
    """Return the measure of every replicate and domain; none where nobody of the domain is in the replicate."""

    def anew(weights: Floats) -> list[float]:
        kept = [here[weights[here] > 0] for here in rows]
        return [measure(income[here], weights[here] * each[here], here)[0] if len(here) else np.nan for here in kept]

    return made.values(anew)
