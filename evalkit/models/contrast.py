"""Wald tests: whether linear contrasts of estimates are what a hypothesis says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import fdtrc

from evalkit.errors import EstimateError
from evalkit.estimates.algebra import degrees
from evalkit.models.outcome import NO_DF, Test, Words
from evalkit.survey import rows_behind
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.estimates import Estimate

Contrast = ArrayLike | Mapping[Any, float] | Sequence[Mapping[Any, float]]
TITLE = Words("Wald 检验", "Wald test")
FLAT = 1e-10  # a covariance flatter than this in some direction cannot be told from one without it


def wald(
    estimate: Estimate, contrast: Contrast | None = None, null: ArrayLike = 0.0, *, df: float | None = None, adjusted: bool = False
) -> Test:
    """Test whether C·θ = null for the rows θ of an Estimate.

    Parameters
    ----------
    estimate : Estimate
    contrast : (q, rows) or (rows,) array, mapping label → number, or list of mappings, optional
        The rows of C; without it every row is tested at once (C = identity).
    null : float or (q,) array
        What the hypothesis says.
    df : float, optional
        Degrees of freedom of the covariance instead of the smallest of the rows of the estimate.
    adjusted : bool
        F = W (ν − q + 1)/(ν q) with q and ν − q + 1 degrees of freedom (Korn & Graubard 1990, Am. Statist. 44:270; from
        memory) instead of W/q with q and ν; the plain form rejects too often when q is not small against ν.

    Returns
    -------
    Test
        F, with NaN and a reason where ν (or ν − q + 1) is not above 0.

    Raises
    ------
    EstimateError
        A contrast that does not fit, or more contrasts than the covariance can tell apart.

    Notes
    -----
    W = (Cθ − null)' (C V C')⁻¹ (Cθ − null), F = W/q, as R survey's `regTermTest`.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> means = ev.mean(survey, "y", by="g")
    >>> test = wald(means, {"b": 1, "a": -1})
    >>> round(test.statistic, 6), test.df
    (12.0, (1.0, 5.0))
    """
    matrix = _matrix(estimate, contrast)
    departure = matrix @ np.asarray(estimate.value) - _null(null, len(matrix))
    together = _together(estimate, matrix)
    freedom = together if df is None else float(df)
    count = float(len(matrix))
    subject = "、".join(" ".join(map(str, label)) for label in estimate.labels[:3]) + ("……" if len(estimate) > 3 else "")
    said = _said(contrast is None, np.asarray(null, dtype=float))
    n = _rows_behind(estimate)
    ddf = freedom - count + 1 if adjusted else freedom
    method = "adjusted-wald" if adjusted else "wald"
    if not ddf > 0:
        return Test(subject, TITLE, said, method, "F", math.nan, (count, ddf), math.nan, n, reason=NO_DF)
    form = quadratic(departure, matrix @ estimate.cov() @ matrix.T, together)
    statistic = form * ddf / (freedom * count) if adjusted else form / count
    return Test(subject, TITLE, said, method, "F", statistic, (count, ddf), float(fdtrc(count, ddf, statistic)), n)


def _together(estimate: Estimate, matrix: Floats) -> float:
    """Degrees of freedom of all rows that the contrasts touch, together: first-stage units minus strata with a row in any of them."""
    touched = sparse.csr_array(np.abs(matrix).sum(axis=0)[None, :]) @ abs(estimate.gradient)
    return float(degrees(estimate.survey, estimate.blocks, sparse.csr_array(touched), None)[0])


def quadratic(departure: Floats, covariance: Floats, df: float) -> float:
    """Return d' V⁻¹ d, where V has `df` degrees of freedom.

    Raises
    ------
    EstimateError
        When V has no inverse: more contrasts than first-stage units allow, or contrasts that repeat each other.
    """
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    safe = np.where(spread > 0, spread, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(safe, safe))
    if len(departure) > df or not bool((spread > 0).all()) or float(values[0]) < FLAT * float(values[-1]):
        what = f"{len(departure)} 个假设不能同时检验（协方差矩阵的自由度 {df:g}）"
        raise EstimateError(f"{what}｜假设应互不重复、标准误不为 0、个数不超过自由度｜减少类别或假设，列联表改用 method=\"f\"")
    return float((((departure / safe) @ vectors) ** 2 / values).sum())


def _matrix(estimate: Estimate, contrast: Any) -> Floats:
    if contrast is None:
        return np.eye(len(estimate))
    if isinstance(contrast, Mapping):
        return _row(estimate, contrast)[None, :]
    if isinstance(contrast, Sequence) and contrast and all(isinstance(row, Mapping) for row in contrast):
        return np.stack([_row(estimate, row) for row in contrast])
    matrix = np.atleast_2d(np.asarray(contrast, dtype=float))
    if matrix.ndim != 2 or matrix.shape[1] != len(estimate) or not bool(np.isfinite(matrix).all()):
        raise EstimateError(f"contrast 的形状 {matrix.shape}｜应为（假设数, {len(estimate)}）的有限数｜或写 {{标签: 系数}}")
    return matrix


def _row(estimate: Estimate, wanted: Mapping[Any, float]) -> Floats:
    row = np.zeros(len(estimate))
    for key, number in wanted.items():
        row[estimate.labels.index(estimate[key].labels[0])] += float(number)
    return row


def _rows_behind(estimate: Estimate) -> int:
    """Number of rows of the survey behind any row of the estimate."""
    used = np.unique(estimate.gradient.indices)
    seen, first = np.zeros(len(estimate.survey), dtype=bool), 0
    for block in estimate.blocks:
        own = used[(used >= first) & (used < first + block.count)] - first
        code = block.domain.code
        seen |= bool(len(own)) if code is None else np.isin(code, own)
        first += block.count
    return round(float(rows_behind(estimate.survey)[seen].sum()))


def _null(null: ArrayLike, count: int) -> Floats:
    stated = np.asarray(null, dtype=float)
    if stated.ndim > 1 or stated.size not in (1, count):
        raise EstimateError(f"null 有 {stated.size} 个数｜应为一个数，或每个假设一个，共 {count} 个｜改正后重试")
    return np.asarray(np.broadcast_to(stated, (count,)), dtype=float)


def _said(plain: bool, null: Floats) -> Words:
    shown = "、".join(f"{number:g}" for number in np.atleast_1d(null))
    return Words(f"{'各项' if plain else '各对比'}等于 {shown}", f"all {'rows' if plain else 'contrasts'} equal {shown}")
