"""Statistics of a covariance matrix in a survey: alpha, omega and relative weights as smooth functions of totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates import Estimate
from evalkit.estimates.blocks import ONE, Block
from evalkit.estimates.domains import Domain, Variable, domain, number
from evalkit.estimates.smooth import Smooth
from evalkit.estimates.statistics import By, about_means
from evalkit.reliability import correlations, cronbach, mcdonald, one_factor, relative_weights
from evalkit.satisfaction.limits import BELOW_ONE, with_bend
from evalkit.satisfaction.scales import Missing, Scales, read_items
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.survey import Survey

STEP = 1e-5  # of a standardised covariance, to both sides: its square is the error of a slope
Pick = Callable[[Floats], Floats]


def alpha(
    survey: Survey, items: Sequence[str], scale: Scales | None = None, *, by: By = None, where: Any = None, missing: Missing = "fail"
) -> Estimate:
    """Estimate Cronbach's alpha of the sum of several questions, from their weighted covariances.

    Parameters
    ----------
    survey : Survey
        With `survey.replicate("bootstrap", …)` the standard error is that of the bootstrap of first-stage units.
    items : list of str
        At least 2; numeric columns, or answers of `scale`.
    scale : Scale, or mapping of item to Scale, optional
    by, where
        As for `ev.mean`.
    missing : {"fail", "out", "dont_know"}
        A row with a missing answer raises or is left out whole; so is one with a don't-know.

    Returns
    -------
    Estimate
        One row a domain. Limits are made by t on −log(1 − α) (Bonett 2002, J. Educ. Behav. Stat. 27:335), with the survey's variance.

    Raises
    ------
    EstimateError
        Too few questions, one that does not vary in a domain.

    Notes
    -----
    α = k/(k − 1)(1 − Σσ_ii/Σσ_ij); its value is that of `svycralpha` of R survey. Not for formative indices, whose parts need not
    go together.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [2.0, 1, 4, 3, 5], "c": [1.0, 3, 2, 5, 4]})
    >>> round(float(ev.alpha(ev.Survey.from_data(table), ["a", "b", "c"])), 4)
    0.8382
    """
    return _reliability(survey, items, scale, by, where, missing, cronbach, 2, "α")


def omega(
    survey: Survey, items: Sequence[str], scale: Scales | None = None, *, by: By = None, where: Any = None, missing: Missing = "fail"
) -> Estimate:
    """Estimate McDonald's omega of the sum of several questions under one factor, fitted by minres.

    Parameters, Returns and Raises are those of `alpha`; at least 3 questions, and none whose loading is beyond 1.

    Notes
    -----
    ω = (Σλ)²/((Σλ)² + Σψ); preferred to α, which assumes equal loadings (McNeish 2018).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"a": [1.0, 2, 3, 4, 5, 6], "b": [2.0, 1, 4, 3, 5, 6], "c": [2.0, 1, 3, 5, 4, 6]})
    >>> round(float(ev.omega(ev.Survey.from_data(table), ["a", "b", "c"])), 4)
    0.9517
    """
    return _reliability(survey, items, scale, by, where, missing, mcdonald, 3, "ω")


def drivers(
    survey: Survey, outcome: str, items: Sequence[str], scale: Scales | None = None, *, by: By = None, where: Any = None,
    missing: Missing = "fail",
) -> Estimate:  # fmt: skip
    """Estimate how much each question accounts for an overall one: Johnson's relative weights, as shares of R².

    Parameters
    ----------
    survey : Survey
    outcome : str
        The overall question.
    items : list of str
        The questions about its parts.
    scale, by, where, missing
        As for `alpha`.

    Returns
    -------
    Estimate
        Rows by domain, then item (shares, adding up to 1), then ``R²``.

    Notes
    -----
    Johnson (2000); regression coefficients of correlated questions are no measure of importance. Importance derived so is
    association, not effect.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 4], "a": [2.0, 1, 4, 3, 5, 5], "b": [1.0, 3, 2, 5, 4, 1]})
    >>> found = ev.drivers(ev.Survey.from_data(table), "y", ["a", "b"])
    >>> found.value.round(3).tolist()
    [0.695, 0.305, 0.946]
    """
    names = [outcome, *items]
    columns, inside = _read(survey, names, scale, by, where, missing, 2)
    picks: list[Pick] = [*(partial(_share_of, at) for at in range(len(items))), _explained]
    made = [_block(survey, columns, inside, pick) for pick in picks]
    labels = [(name,) for name in (*items, "R²")]
    return Estimate.of_blocks(survey, [value for value, _ in made], labels, (*inside.by, "variable"), "index", [part for _, part in made])


def _share_of(at: int, matrix: Floats) -> Floats:
    found = relative_weights(matrix)
    return np.asarray(found[..., at] / found.sum(axis=-1))


def _explained(matrix: Floats) -> Floats:
    return np.asarray(relative_weights(matrix).sum(axis=-1))


def _reliability(
    survey: Survey, items: Sequence[str], scale: Scales | None, by: By, where: Any, missing: Missing, pick: Pick, least: int, label: str
) -> Estimate:
    columns, inside = _read(survey, items, scale, by, where, missing, least)
    value, block = _block(survey, columns, inside, pick)
    if pick is mcdonald:
        _refuse_heywood(survey, items, columns, inside)
    return Estimate.of_blocks(survey, [value], [(label,)], (*inside.by, "variable"), "reliability", [with_bend(BELOW_ONE, value, block)])


def _read(
    survey: Survey, names: Sequence[str], scale: Scales | None, by: By, where: Any, missing: Missing, least: int
) -> tuple[list[Floats], Domain]:
    """Return the columns about their means, and the rows with an answer to each of them."""
    if len(names) < least:
        raise EstimateError(f"题目：{len(names)} 个｜至少 {least} 个｜补上题目")
    if scale is None:
        variables = [number(survey, name) for name in names]
    else:
        found = read_items(survey, names, scale, by, where, missing)
        variables = [Variable((item.name,), item.points, item.code < 0) for item in found]
    inside = domain(survey, by, where, variables, "fail" if scale is None and missing == "fail" else "out")
    columns = [about_means(survey, variable.values, inside) for variable in variables]
    still = [name for name, column in zip(names, columns, strict=True) if _still(survey, column, inside)]
    if still:
        raise EstimateError(f"{'、'.join(still)}｜在某个域内没有变化，或域内不足 3 行｜去掉该题或合并域")
    return columns, inside


def _still(survey: Survey, column: Floats, inside: Domain) -> bool:
    sizes = inside.sizes
    return bool((((inside.sums(survey.weights * column**2) <= 1e-12) | (sizes < 3)) & (sizes > 0)).any())


def _refuse_heywood(survey: Survey, names: Sequence[str], columns: list[Floats], inside: Domain) -> None:
    totals = np.stack([inside.sums(survey.weights * (1.0 if term is ONE else term)) for term in _terms(columns)])
    beyond = np.atleast_1d((np.abs(one_factor(correlations(_matrices(totals, len(columns))))) > 1).any(axis=0))
    if beyond.any():
        told = "、".join(name for name, bad in zip(names, beyond, strict=True) if bad)
        raise EstimateError(f"{told}｜因子载荷超过 1（Heywood），ω 无意义｜题目太少或不止一个因子，改用 ev.alpha 或另选题目")


def _block(survey: Survey, columns: list[Floats], inside: Domain, pick: Pick) -> tuple[Floats, Block]:
    return Block.of_totals(survey, inside, _terms(columns), of_covariance(len(columns), pick))


def _terms(columns: list[Floats]) -> tuple[Floats | None, ...]:
    return (*(x * y for x, y in combinations_with_replacement(columns, 2)), *columns, ONE)


def _matrices(t: Floats, k: int) -> Floats:
    """Return covariance matrices, (…, k, k), from totals of products, of the columns and of 1; the identity where there are none."""
    w, sums = t[-1], t[-1 - k : -1]
    made = np.empty((*t.shape[1:], k, k))
    with np.errstate(divide="ignore", invalid="ignore"):
        for at, (i, j) in enumerate(combinations_with_replacement(range(k), 2)):
            made[..., i, j] = made[..., j, i] = t[at] / w - sums[i] * sums[j] / w**2
    bad: Any = ~np.isfinite(made).all(axis=(-2, -1)) | (np.diagonal(made, axis1=-2, axis2=-1) <= 0).any(axis=-1)
    return np.where(bad[..., None, None], np.eye(k), made)


def of_covariance(k: int, pick: Pick) -> Smooth:
    """Return a function of the covariance matrix of k columns as one of their totals.

    Parameters
    ----------
    k : int
    pick : callable
        From matrices (…, k, k) to values (…). Its slopes are differences to both sides.
    """

    def value(t: Floats) -> Floats:
        return np.where(t[-1] > 0, pick(_matrices(t, k)), np.nan)

    def slopes(t: Floats) -> Floats:
        matrix, w, sums = _matrices(t, k), t[-1], t[-1 - k : -1]
        root = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
        made = np.zeros_like(t)
        for at, (i, j) in enumerate(combinations_with_replacement(range(k), 2)):
            step = STEP * root[..., i] * root[..., j]
            move = np.zeros((*step.shape, k, k))
            move[..., i, j] = move[..., j, i] = step
            slope = (pick(matrix + move) - pick(matrix - move)) / (2 * step)
            made[at] = slope / w
            made[-1 - k + i] -= slope * sums[j] / w**2
            made[-1 - k + j] -= slope * sums[i] / w**2
            made[-1] += slope * (2 * sums[i] * sums[j] / w**3 - t[at] / w**2)
        return made

    return Smooth(value, slopes)
