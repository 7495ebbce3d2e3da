"""Statistics of a survey: each gives its value and its linearised scores, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates.asking import ask
from evalkit.estimates.blocks import ONE, Block, Proportion, Term, binomial, spread
from evalkit.estimates.domains import Domain, Missing, Variable, asked_column, domain, number, read
from evalkit.estimates.estimate import Estimate, Kind
from evalkit.estimates.smooth import RATIO, SHARE, TOTAL, covariance_of, mean_about
from evalkit.lists import as_list
from evalkit.survey.remote import Points, RemoteSurvey
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.survey import Survey

By = str | Sequence[str] | None
Names = str | Sequence[str]


def mean(survey: Survey, variables: Names, *, by: By = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate means, Σwy/Σw.

    Parameters
    ----------
    survey : Survey
    variables : str or list of str
        Numeric or boolean columns; a text or categorical column gives one row a level (its share).
    by : str or list of str, optional
        Columns whose values make disjoint domains.
    where : condition, column name or boolean array, optional
        The rows that the statistic is about. The others keep their place in the design.
    missing : {"fail", "out", "no"}
        A row without an answer to any of the variables raises, leaves the domain, or counts as 0.

    Returns
    -------
    Estimate
        Rows by domain, then variable, then level.

    Raises
    ------
    EstimateError
        Missing answers under "fail" with their rows. A domain that nobody is in is none: its row is NaN, with n = 0, and a warning.

    Notes
    -----
    Score of the mean in domain d: u = 1_d (y − ȳ_d)/Σ_d w (Särndal, Swensson & Wretman 1992, §5.6 and §10.4);
    units outside the domain count with score 0.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "M": 10, "N": [20, 20, 30, 30, 25, 25], "y": [1, 0, 0, 0, 1, 1]})
    >>> survey = ev.Survey.from_data(table, clusters=["village", None], fpc=["M", "N"])
    >>> found = ev.mean(survey, "y")
    >>> round(float(found), 7), round(float(found.variances[0]), 10)
    (0.4666667, 0.0746548148)
    """
    if isinstance(survey, RemoteSurvey):
        return ask(survey, partial(mean, variables=variables, by=by, missing=missing), as_list(variables), by, where)
    return _made(survey, _read(survey, variables), by, where, missing, "mean", _mean_of)


def total(survey: Survey, variables: Names, *, by: By = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate totals, Σwy.

    Parameters, Returns and Raises are those of `mean`; a text column gives the number in each level.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "M": 10, "N": [20, 20, 30, 30, 25, 25], "y": [1, 0, 0, 0, 1, 1]})
    >>> ev.total(ev.Survey.from_data(table, clusters=["village", None], fpc=["M", "N"]), "y")
    Estimate 总量：y 116.667（标准误 63.2）
    """
    if isinstance(survey, RemoteSurvey):
        return ask(survey, partial(total, variables=variables, by=by, missing=missing), as_list(variables), by, where)
    return _made(survey, _read(survey, variables), by, where, missing, "total", _total_block)


def variance(survey: Survey, variables: Names, *, by: By = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate variances in the population, n/(n − 1) Σw(y − ȳ)²/Σw with n the rows of the domain.

    Parameters, Returns and Raises are those of `mean`.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.survey import Survey
    >>> variance(Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3]})), "y").value
    array([1.])
    """
    if isinstance(survey, RemoteSurvey):
        again = partial(variance, variables=variables, by=by, missing=missing)
        return ask(survey, again, as_list(variables), by, where, squared=True)
    return _made(survey, _read(survey, variables), by, where, missing, "variance", _variance_block)


def proportion(
    survey: Survey,
    variables: Names,
    *,
    by: By = None,
    where: Any = None,
    missing: Missing = "fail",
    count: str | None = None,
    decided_by: str | None = None,
) -> Estimate:
    """Estimate proportions, Σwa·y/Σwa, whose interval is one for proportions (KG-M unless asked otherwise).

    Parameters
    ----------
    survey : Survey
    variables : str or list of str
        0/1 or boolean columns, one row each; text or categorical columns, one row a level.
    by, where, missing
        As for `mean`.
    count : str, optional
        Column with what is counted in a row (``persons``); each row counts 1 without it.
    decided_by : str, optional
        Column that identifies the unit of decision (``household``); n is the number of these units, and
        each must be one row.

    Returns
    -------
    Estimate
        Of kind "proportion". With `count` the scores are those of a ratio, and n stays the number of rows.

    Raises
    ------
    EstimateError
        A column that is neither 0/1 nor text; a unit of decision on several rows; a negative count.

    Notes
    -----
    u = a(y − p)/Σwa, the linearised ratio of Σwa·y to Σwa.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"poor": [0, 1, 0, 0], "persons": [2, 3, 1, 4], "household": [1, 2, 3, 4]}))
    >>> float(ev.proportion(survey, "poor", count="persons", decided_by="household"))
    0.3
    """
    _decided_once(survey, decided_by)
    if isinstance(survey, RemoteSurvey):
        again = partial(proportion, variables=variables, by=by, missing=missing, count=count)
        return ask(survey, again, [*as_list(variables), *as_list(count)], by, where)
    found = _read(survey, variables)
    for variable in found:
        if not bool(((variable.values == 0) | (variable.values == 1)).all()):
            raise EstimateError(f"{variable.label[0]}｜比例需要 0/1、真假或文字列｜先转换，或用 ev.mean、ev.ratio")
    if count is None:
        return _made(survey, found, by, where, missing, "proportion", partial(_share_of, counted=None))
    counted = number(survey, count)
    _refuse_counts(survey, count, counted)
    return _made(survey, found, by, where, missing, "proportion", partial(_share_of, counted=counted.values), [counted])


def ratio(survey: Survey, numerator: str, denominator: str, *, by: By = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate the ratio of two totals, Σwy/Σwx.

    Parameters
    ----------
    survey : Survey
    numerator, denominator : str
        Numeric columns; the denominator's total must not be 0.
    by, where, missing
        As for `mean`.

    Returns
    -------
    Estimate
        Labelled "numerator/denominator".

    Notes
    -----
    u = (y − R x)/Σwx (Särndal, Swensson & Wretman 1992, eq. 5.6.10), formula (3) of docs/methods.md.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3], "x": [2.0, 4, 6]}))
    >>> found = ev.ratio(survey, "y", "x")
    >>> float(found), float(found.se[0])
    (0.5, 0.0)
    """
    if isinstance(survey, RemoteSurvey):
        again = partial(ratio, numerator=numerator, denominator=denominator, by=by, missing=missing)
        return ask(survey, again, [numerator, denominator], by, where)
    top, bottom = number(survey, numerator), number(survey, denominator)
    joint = Variable((f"{numerator}/{denominator}",), top.values, top.missing)
    return _made(survey, [joint], by, where, missing, "ratio", partial(_ratio_block, denominator=bottom.values), [bottom])


def _read(survey: Survey, names: Names) -> list[Variable]:
    found = [variable for name in as_list(names) for variable in read(survey, name)]
    if not found:
        raise EstimateError('列名｜一列也没有给｜写列名，如 "y" 或 ["y", "x"]')
    return found


def _made(
    survey: Survey, variables: list[Variable], by: By, where: Any, missing: Missing, kind: Kind, build: Any, also: Sequence[Variable] = ()
) -> Estimate:
    """Build one block a variable over the same domains."""
    inside = domain(survey, by, where, [*variables, *also], missing)
    made = [build(survey, variable, inside) for variable in variables]
    values, blocks = [value for value, _ in made], [block for _, block in made]
    labels = [variable.label for variable in variables]
    parts = (*inside.by, "variable", *(("level",) if any(len(label) > 1 for label in labels) else ()))
    return Estimate.of_blocks(survey, values, labels, parts, kind, blocks)


def _mean_of(survey: Survey, variable: Variable, inside: Domain) -> tuple[Floats, Block]:
    return mean_block(survey, variable.apart, inside, variable.about)


def mean_block(survey: Survey, values: Floats, inside: Domain, centre: float = 0.0) -> tuple[Floats, Block]:
    """Return the mean of a variable, given as deviations from `centre`, in each domain, and its block."""
    # about the mean of all rows, so that a large mean does not cost the digits of a small spread
    about = 0.0 if centre else float(survey.weights @ values / survey.weights.sum())
    reference = partial(spread, values, survey.weights, inside)
    return Block.of_totals(survey, inside, (values - about, ONE), mean_about(centre + about), reference=reference)


def _total_block(survey: Survey, variable: Variable, inside: Domain) -> tuple[Floats, Block]:
    values = variable.values

    def reference() -> Floats:
        return spread(values, survey.weights, inside, inside.sums(survey.weights) ** 2)

    return Block.of_totals(survey, inside, (values,), TOTAL, reference=reference)


def _variance_block(survey: Survey, variable: Variable, inside: Domain) -> tuple[Floats, Block]:
    n = inside.sizes
    if bool((n == 1).any()):
        raise EstimateError("方差｜每个域至少应有 2 行｜合并域后重试")
    left = about_means(survey, variable.apart, inside)
    squares = left**2 * inside.at(n / np.maximum(n - 1, 1))
    # it takes fourth powers, which means and products do not tell
    reference = partial(spread, squares, survey.weights, inside) if variable.away is None else None
    return Block.of_totals(survey, inside, (left**2, left, left, ONE), covariance_of(n / np.maximum(n - 1, 1)), reference=reference)


def about_means(survey: Survey, values: Floats, inside: Domain) -> Floats:
    """Return deviations from the weighted mean of the row's domain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.nan_to_num(inside.sums(survey.weights * values) / inside.sums(survey.weights))
    return np.asarray(values - inside.at(centre))


def _ratio_block(survey: Survey, variable: Variable, inside: Domain, denominator: Floats) -> tuple[Floats, Block]:
    values = variable.values
    whole = inside.sums(survey.weights * denominator)
    if bool(((whole == 0) & (inside.sizes > 0)).any()):
        raise EstimateError("比率｜分母合计为 0｜核对分母列与域")

    def reference() -> Floats:
        value = np.nan_to_num(inside.sums(survey.weights * values) / whole)
        left = values - inside.at(value) * denominator
        return spread(left, survey.weights, inside, (inside.sums(survey.weights) / whole) ** 2)

    return Block.of_totals(survey, inside, (values, denominator), RATIO, reference=reference)


def _share_of(survey: Survey, variable: Variable, inside: Domain, counted: Floats | None) -> tuple[Floats, Block]:
    return share_block(survey, variable.values, inside, counted)


def share_block(survey: Survey, values: Floats, inside: Domain, counted: Floats | None) -> tuple[Floats, Block]:
    """Return the share of 0/1 values in each domain, and its block; `counted` is what a row counts beside its weight."""
    terms: tuple[Term, ...] = (values, ONE)
    if counted is not None:
        terms = (values * counted, counted)
        if bool(((inside.sums(survey.weights * counted) == 0) & (inside.sizes > 0)).any()):
            raise EstimateError("比例｜域中计数合计为 0｜核对 count 列与域")
    held = Proportion(values, counted)
    value, block = Block.of_totals(survey, inside, terms, SHARE, proportion=held)
    return value, replace(block, reference=partial(binomial, value, inside))


def _refuse_counts(survey: Survey, count: str, counted: Variable) -> None:
    """Refuse negative counts; and counts of many values from an engine where weights differ within what was counted together."""
    held = survey.alike
    lowest = held.low[count] if isinstance(held, Points) and count in held.low else counted.values.min()
    if lowest < 0:
        raise EstimateError(f"{count}｜人数（户数）不能为负｜改正后重试")
    if counted.away is not None and held is not None and bool((held.held > held.like * (1 + 1e-9)).any()):
        rule = "取值很多，而同一单元中的权数不等，有效样本量要逐行的数"
        raise EstimateError(f"{count}｜{rule}｜先把所需的行、列读入内存；或 count= 写取值不多的整数（如人数）")


def _decided_once(survey: Survey, unit: str | None) -> None:
    """Refuse a unit of decision that stands on several rows: n would count it more than once."""
    if unit is None:
        return
    if isinstance(survey, RemoteSurvey):
        repeated = survey.repeats(unit) > 0
    else:
        repeated = bool(asked_column(survey, unit).to_frame().assign(_village=survey.stages[0].row_unit).duplicated().any())
    if repeated:
        raise EstimateError(f"{unit}｜同一判定单位占多行，n 会重复计数｜每个 {unit} 应只有一行，人数写在 count 列")
