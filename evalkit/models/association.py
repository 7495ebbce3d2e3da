"""Tests of independence of the rows and columns of a two-way table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import eigh, helmert
from scipy.special import chdtrc, fdtrc

from evalkit.chisquares import satterthwaite, upper_tail
from evalkit.errors import EstimateError, one_of
from evalkit.estimates.domains import Missing
from evalkit.models.cells import Cells, in_cells
from evalkit.models.contrast import quadratic
from evalkit.models.outcome import NO_DF, NO_SPREAD, Test, Words
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.survey import Survey

NULL = Words("行与列独立", "rows and columns are independent")


@dataclass(frozen=True)
class Finding:
    """Statistic, what it follows, degrees of freedom, p-value."""

    statistic: float
    symbol: str
    df: tuple[float, ...]
    p_value: float
    details: tuple[tuple[str, float], ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Pearson:
    """Pearson's statistic of a weighted table and the generalised design effects that it is a sum over.

    Attributes
    ----------
    statistic : float
        X² = n Σ (p − p_r p_c)²/(p_r p_c).
    effects : (k,) float array
        Eigenvalues of Δ = (C'D⁻¹C/n)⁻¹ C'D⁻¹VD⁻¹C, k = (rows − 1)(columns − 1).
    df : float
        Degrees of freedom ν of the covariance V.
    """

    statistic: float
    effects: Floats
    df: float

    @property
    def details(self) -> tuple[tuple[str, float], ...]:
        """X² and the mean design effect."""
        return ("pearson", self.statistic), ("deff", float(self.effects.mean()))


@dataclass(frozen=True)
class Method:
    """One test of independence."""

    find: Callable[[Cells], Finding]
    title: Words


def independence(survey: Survey, row: str, col: str, *, method: str = "f", where: Any = None, missing: Missing = "fail") -> Test:
    """Test whether two columns are independent in the population.

    Parameters
    ----------
    survey : Survey
    row, col : str
        Columns of at least two levels each.
    method : str
        A name of `METHODS`: "f" (Rao–Scott, second order, the default), "chi2" (first order), "adjusted-wald", "wald",
        "lincom" and "saddlepoint" (the sum of weighted χ² that Pearson's statistic follows), "saddlepoint-r" (R's arithmetic).
    where : condition, column name or boolean array, optional
        The rows that the table is of; the others keep their place in the design.
    missing : {"fail", "out"}

    Returns
    -------
    Test
        `detail("pearson")` is X² and `detail("deff")` the mean generalised design effect of the cells. The statistic is
        X²/Σδ for "f", X²/δ̄ for "chi2", X² itself for "lincom" and "saddlepoint".

    Raises
    ------
    EstimateError
        An unknown method, a column of one level, missing values under "fail"; a Wald test of more contrasts than the
        design has degrees of freedom.

    Notes
    -----
    Rao & Scott 1984 (Ann. Statist. 12:46); F with k' and k'ν degrees of freedom, k' = (Σδ)²/Σδ², after Thomas & Rao
    1987 (JASA 82:630); δ from the covariance of the cell proportions as in R survey's `svychisq`. n counts the rows
    that have both values; R counts all rows of the design, which changes X² and δ alike and no p-value. "lincom" is
    exact (R without CompQuadForm falls back on the saddlepoint); "saddlepoint-r" is R's saddlepoint, in which the
    degrees of freedom are cut to a whole number in one of two places.
    Wald: O − RC/N of all cells but the first row and column, F(k, ν); adjusted F(k, ν − k + 1).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3, 4, 4], "a": list("xyxxyyxy"), "b": list("uvuvvvuu")})
    >>> independence(ev.Survey.from_data(table, clusters="village"), "a", "b")
    a × b：Rao–Scott 二阶修正检验，F(1, 3) = 2.25，p = 0.231，n = 8；在 5% 水平上不能拒绝“行与列独立”。
    """
    how = one_of("method", method, METHODS, EstimateError, "检验")
    cells = in_cells(survey, row, col, where, missing)
    for name, levels in zip(cells.names, (cells.rows, cells.columns), strict=True):
        if len(levels) < 2:
            raise EstimateError(f"{name}｜域中只有 {len(levels)} 类｜独立性检验至少需要 2 类｜核对 where 与该列")
    found, title = how.find(cells), how.title
    return Test(f"{row} × {col}", title, NULL, method, found.symbol, found.statistic, found.df, found.p_value, cells.n,
                details=found.details, reason=found.reason, cells=cells)


def _pearson(cells: Cells) -> Pearson:
    shares = cells.shares()
    p = np.asarray(shares.value)
    square = p.reshape(cells.shape)
    expected = np.outer(square.sum(axis=1), square.sum(axis=0)).ravel()
    inverse = np.divide(1.0, p, out=np.zeros(len(p)), where=p > 0)
    contrasts = np.kron(helmert(cells.shape[0]), helmert(cells.shape[1])).T
    scaled = contrasts * inverse[:, None]
    effects = eigh(scaled.T @ shares.cov() @ scaled, contrasts.T @ scaled / cells.n, eigvals_only=True)
    statistic = cells.n * float(((p - expected) ** 2 / expected).sum())
    return Pearson(statistic, np.maximum(effects, 0.0), float(shares.df[0]))


def _on_effects(follow: Callable[[Pearson], Finding]) -> Callable[[Cells], Finding]:
    """Refuse a p-value where the covariance has no degrees of freedom or is 0."""

    def find(cells: Cells) -> Finding:
        made = _pearson(cells)
        lost = NO_DF if not made.df > 0 else NO_SPREAD if not float(made.effects.max()) > 1e-14 else ""
        return Finding(made.statistic, "X²", (), math.nan, made.details, lost) if lost else follow(made)

    return find


def _second_order(made: Pearson) -> Finding:
    df = satterthwaite(made.effects)[1]
    statistic = made.statistic / float(made.effects.sum())
    return Finding(statistic, "F", (df, df * made.df), float(fdtrc(df, df * made.df, statistic)), made.details)


def _first_order(made: Pearson) -> Finding:
    statistic, df = made.statistic / float(made.effects.mean()), float(len(made.effects))
    return Finding(statistic, "χ²", (df,), float(chdtrc(df, statistic)), made.details)


def _as_sum(how: str) -> Callable[[Cells], Finding]:
    """Compare X² with the weighted sum of χ² that it follows, over k'ν degrees of freedom."""

    def follow(made: Pearson) -> Finding:
        ddf = satterthwaite(made.effects)[1] * made.df
        return Finding(made.statistic, "X²", (), upper_tail(made.statistic, made.effects, ddf, how), made.details)

    return _on_effects(follow)


def _wald(cells: Cells, adjusted: bool = False) -> Finding:
    totals = cells.totals()
    departure, slope = _departures(np.asarray(totals.value).reshape(cells.shape))
    used = np.arange(cells.count).reshape(cells.shape)[1:, 1:].ravel()
    df, count = float(totals.df[0]), float(len(used))
    if not df > 0:
        return Finding(math.nan, "F", (), math.nan, reason=NO_DF)
    form = quadratic(departure[used], (slope @ totals.cov() @ slope.T)[np.ix_(used, used)], df)
    ddf = df - count + 1 if adjusted else df
    statistic = form * ddf / (df * count) if adjusted else form / count
    return Finding(statistic, "F", (count, ddf), float(fdtrc(count, ddf, statistic)))


def _adjusted_wald(cells: Cells) -> Finding:
    return _wald(cells, adjusted=True)


def _departures(table: Floats) -> tuple[Floats, Floats]:
    """Return O − RC/N by cell and its derivatives by cell totals."""
    rows, columns, whole = table.sum(axis=1), table.sum(axis=0), table.sum()
    same_row = np.kron(np.eye(len(rows)), np.ones((len(columns), len(columns))))
    same_column = np.kron(np.ones((len(rows), len(rows))), np.eye(len(columns)))
    by_row, by_column = np.repeat(rows, len(columns)), np.tile(columns, len(rows))
    product = by_row * by_column
    slope = np.eye(table.size) - (same_row * by_column[:, None] + same_column * by_row[:, None]) / whole + product[:, None] / whole**2
    return table.ravel() - product / whole, slope


METHODS: dict[str, Method] = {
    "f": Method(_on_effects(_second_order), Words("Rao–Scott 二阶修正检验", "Rao–Scott second-order test")),
    "chi2": Method(_on_effects(_first_order), Words("Rao–Scott 一阶修正检验", "Rao–Scott first-order test")),
    "adjusted-wald": Method(_adjusted_wald, Words("修正的 Wald 检验", "adjusted Wald test")),
    "wald": Method(_wald, Words("Wald 检验", "Wald test")),
    "lincom": Method(_as_sum("exact"), Words("Pearson 检验（χ² 线性组合，精确）", "Pearson test (exact sum of weighted χ²)")),
    "saddlepoint": Method(_as_sum("saddlepoint"), Words("Pearson 检验（鞍点近似）", "Pearson test (saddlepoint approximation)")),
    "saddlepoint-r": Method(_as_sum("saddlepoint-r"), Words("Pearson 检验（R 的鞍点近似，仅供对照）", "Pearson test (R's saddlepoint)")),
}
