"""How two variables vary together: covariances and correlations in the population."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates.asking import ask
from evalkit.estimates.blocks import ONE, Block
from evalkit.estimates.domains import Domain, Missing, domain, number
from evalkit.estimates.estimate import Estimate, Kind
from evalkit.estimates.smooth import CORRELATION, covariance_of
from evalkit.estimates.statistics import By, about_means
from evalkit.survey.remote import RemoteSurvey
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.survey import Survey

Build = Callable[["Survey", Floats, Floats, Domain], tuple[Floats, Block]]


def covariance(survey: Survey, first: str, second: str, *, by: By = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate the covariance of two variables in the population, n/(n − 1) Σw(x − x̄)(y − ȳ)/Σw, n the rows of the domain.

    Parameters
    ----------
    survey : Survey
    first, second : str
        Numeric or boolean columns.
    by, where, missing
        As for `mean`.

    Returns
    -------
    Estimate
        Labelled "first × second".

    Raises
    ------
    EstimateError
        Missing answers under "fail"; a domain of one row.

    Notes
    -----
    A function of four totals, linearised (Särndal, Swensson & Wretman 1992, ex. 5.5.2); R survey's `svyvar` has the same value.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"x": [1.0, 2, 3, 6], "y": [2.0, 1, 4, 5]}))
    >>> round(float(ev.covariance(survey, "x", "y")), 6)
    3.333333
    """
    return _related(survey, first, second, by, where, missing, "covariance", _covariance_block)


def correlation(survey: Survey, first: str, second: str, *, by: By = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate the correlation of two variables in the population, their covariance over the root of both variances.

    Parameters, Returns and Raises are those of `covariance`; a variable that does not vary in a domain is refused too.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"x": [1.0, 2, 3, 6], "y": [2.0, 1, 4, 5]}))
    >>> round(float(ev.correlation(survey, "x", "y")), 6)
    0.845154
    """
    return _related(survey, first, second, by, where, missing, "correlation", _correlation_block)


def _related(survey: Survey, first: str, second: str, by: By, where: Any, missing: Missing, kind: Kind, build: Build) -> Estimate:
    if isinstance(survey, RemoteSurvey):
        again = partial(_related, first=first, second=second, by=by, missing=missing, kind=kind, build=build)
        return ask(survey, again, [first, second], by, where, squared=True)
    x, y = number(survey, first), number(survey, second)
    inside = domain(survey, by, where, [x, y], missing)
    if bool((inside.sizes == 1).any()):
        raise EstimateError(f"{first}、{second}｜每个域至少应有 2 行｜合并域后重试")
    value, block = build(survey, x.apart, y.apart, inside)
    return Estimate.of_blocks(survey, [value], [(f"{first} × {second}",)], (*inside.by, "variable"), kind, [block])


def _covariance_block(survey: Survey, x: Floats, y: Floats, inside: Domain) -> tuple[Floats, Block]:
    x, y = about_means(survey, x, inside), about_means(survey, y, inside)
    n = inside.sizes
    return Block.of_totals(survey, inside, (x * y, x, y, ONE), covariance_of(n / np.maximum(n - 1, 1)))


def _correlation_block(survey: Survey, x: Floats, y: Floats, inside: Domain) -> tuple[Floats, Block]:
    x, y = about_means(survey, x, inside), about_means(survey, y, inside)
    squares = [inside.sums(survey.weights * part**2) for part in (x, y)]
    if any(bool(((square <= 0) & (inside.sizes > 0)).any()) for square in squares):
        raise EstimateError("相关系数｜有变量在某个域内没有变化｜去掉该域或该变量")
    return Block.of_totals(survey, inside, (x * y, x**2, y**2, x, y, ONE), CORRELATION)
