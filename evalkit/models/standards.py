"""Direct standardisation: means as they would be if every group had the same composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError, Faults
from evalkit.estimates import Estimate
from evalkit.estimates.domains import Missing, Variable, number
from evalkit.lists import as_list
from evalkit.models.rows import divided, grouped, one_domain
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey

Names = str | Sequence[str]


@dataclass(frozen=True, eq=False)
class Layout:
    """Cells of standard class × group: where each row is, and what each cell counts.

    Attributes
    ----------
    code : (rows,) int array
        Cell of each row, negative outside the domain.
    cell_group : (cells,) int array
    standard : (cells,) float array
        Share of the standard class of the cell in the population.
    groups : tuple of tuples
        Values of the grouping columns.
    """

    survey: Survey
    code: Ints
    cell_group: Ints
    standard: Floats
    groups: tuple[tuple[Any, ...], ...]

    def sums(self, numbers: Floats) -> Floats:
        """Sum by cell."""
        inside = self.code >= 0
        return np.bincount(self.code[inside], weights=numbers[inside], minlength=len(self.standard)).astype(float)

    def means(self, weights: Floats, values: Floats) -> Floats:
        """Means of the columns of `values` by cell, (cells, columns)."""
        whole = self.sums(weights)
        return np.stack([divided(self.sums(weights * column), whole, "标准化") for column in values.T], axis=1)

    def parts(self, each: bool) -> Floats:
        """Share of each cell in each row of the result, (results, cells); a row adds up to 1."""
        member = (self.cell_group[None, :] == np.arange(len(self.groups))[:, None]) * self.standard
        member = member / member.sum(axis=1, keepdims=True)
        if each:
            return np.asarray(member)
        size = np.bincount(self.cell_group, weights=self.sums(self.survey.weights))
        return np.asarray((size / size.sum()) @ member)[None, :]


def standardize(
    survey: Survey,
    var: Names,
    by: Names,
    over: Names | None,
    population: Mapping[Any, float],
    *,
    each: bool = False,
    where: Any = None,
    missing: Missing = "fail",
) -> Estimate:
    """Estimate means standardised to a population: each group is given the same composition by `by`.

    Parameters
    ----------
    survey : Survey
    var : str or list of str
        Numeric or boolean columns.
    by : str or list of str
        Columns of the composition (age group).
    over : str, list of str or None
        Groups that are each given the composition; None for one group.
    population : mapping
        Size of each level of `by` in the standard population (any unit, ≥ 0); tuples of levels for several columns.
    each : bool
        One row a group; otherwise one row for all, the groups counting by their estimated size.
    where, missing
        As for `ev.mean`.

    Returns
    -------
    Estimate
        Of kind "mean".

    Raises
    ------
    EstimateError
        Levels of `by` without a size or sizes without a level, no size above 0, groups in which a class does not occur,
        missing answers under "fail".

    Notes
    -----
    θ_g = Σ_a π_a ȳ_ga with u = π_a (y − ȳ_ga)/W_ga: the residuals of a post-stratification of every group to π, as R
    survey's `svystandardize`. For all groups together the estimated sizes of the groups count as known, as there.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"ill": [0, 0, 1, 1, 0, 1], "age": list("yyoyoo"), "team": list("aaabbb")})
    >>> survey = ev.Survey.from_data(table)
    >>> standardize(survey, "ill", "age", "team", {"y": 3, "o": 1}, each=True).value
    array([0.25 , 0.875])
    """
    if not as_list(by):
        raise EstimateError("by｜没有列｜标准化需要至少一列构成（如年龄组）｜写 by=列名")
    variables = [number(survey, name) for name in as_list(var)]
    layout = _layout(survey, as_list(by), as_list(over), population, where, variables, missing)
    parts = layout.parts(each)
    values = np.stack([variable.values for variable in variables], axis=1)

    def again(weights: Floats) -> Floats:
        return np.asarray(parts @ layout.means(weights, values)).ravel()

    keys = layout.groups if each else ((),)
    labels = [(*key, *variable.label) for key in keys for variable in variables]
    names = (*(as_list(over) if each else ()), "variable")
    inside = one_domain(survey, layout.code >= 0)
    return Estimate.of_columns(survey, again(survey.weights), _scores(layout, values, parts), labels, names, "mean", again, inside)


def _scores(layout: Layout, values: Floats, parts: Floats) -> Floats:
    """Scores by row; columns by group, then variable."""
    weights = layout.survey.weights
    whole, means = layout.sums(weights), layout.means(weights, values)
    inside = np.flatnonzero(layout.code >= 0)
    code = layout.code[inside]
    left = values[inside] - means[code]
    found = np.zeros((len(values), len(parts), values.shape[1]))
    found[inside] = (parts / whole).T[code][:, :, None] * left[:, None, :]
    return found.reshape(len(values), -1)


def _layout(
    survey: Survey, by: list[str], over: list[str], population: Mapping[Any, float], where: Any, variables: list[Variable], missing: Missing
) -> Layout:
    code, keys = grouped(survey, [*over, *by], where, variables, missing)
    own = [(key[: len(over)], key[len(over) :]) for key in keys]
    groups = tuple(dict.fromkeys(group for group, _ in own))
    classes = tuple(dict.fromkeys(each for _, each in own))
    sizes = _sizes(population, classes, by)
    missed = [(group, each) for group in groups for each in classes if (group, each) not in set(own) and sizes[each] > 0]
    if missed:
        shown = "；".join(" ".join(map(str, (*group, *each))) for group, each in missed[:6]) + ("……" if len(missed) > 6 else "")
        raise EstimateError(f"{'、'.join([*over, *by])}：{shown} 没有行｜每组在每一类中至少应有 1 行｜合并类别或用 where= 去掉该组")
    standard = np.array([sizes[each] for _, each in own])
    return Layout(survey, code, np.array([groups.index(group) for group, _ in own]), standard, groups)


def _sizes(population: Mapping[Any, float], classes: tuple[tuple[Any, ...], ...], by: list[str]) -> dict[tuple[Any, ...], float]:
    """Return the size of each class, with every fault of the mapping at once."""
    stated = {key if isinstance(key, tuple) else (key,): float(size) for key, size in population.items()}
    faults, where = Faults("标准人口"), "、".join(by)
    for each in classes:
        if each not in stated:
            faults.add(None, where, " ".join(map(str, each)), "population 中没有这一类", "补上这一类的人口")
    for key, size in stated.items():
        if key not in classes:
            faults.add(None, where, " ".join(map(str, key)), "数据中没有这一类", "去掉它，或与相邻的类合并")
        if not (np.isfinite(size) and size >= 0):
            faults.add(None, where, " ".join(map(str, key)), f"人口为 {size:g}，应为不小于 0 的有限数", "改正后重试")
    if not faults and not any(stated[each] > 0 for each in classes):
        faults.add(None, where, "", "各类人口之和为 0", "写出标准人口")
    faults.refuse(EstimateError)
    return stated
