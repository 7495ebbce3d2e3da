"""How well several items measure one thing: alpha and omega from a covariance matrix, with one factor by minres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError

Floats = NDArray[np.float64]
SWEEPS, STEPS = 30, 25


def cronbach(covariance: ArrayLike) -> Floats:
    """Return Cronbach's alpha of the sum of k items, k/(k − 1)·(1 − Σσ_ii/Σσ_ij).

    Parameters
    ----------
    covariance : (…, k, k) float array
        Covariance matrices of the items, k ≥ 2; correlation matrices give the standardised alpha.

    Returns
    -------
    (…) float array
        At most 1; below 0 where items run against each other.

    Notes
    -----
    Cronbach (1951), Psychometrika 16:297, eq. 2.

    Examples
    --------
    >>> r = [[1, .6, .5, .4], [.6, 1, .55, .45], [.5, .55, 1, .5], [.4, .45, .5, 1]]
    >>> float(cronbach(r).round(6))
    0.8
    """
    matrix = _square(covariance, 2)
    k = matrix.shape[-1]
    trace = np.trace(matrix, axis1=-2, axis2=-1)
    return np.asarray(k / (k - 1) * (1 - trace / matrix.sum(axis=(-2, -1))))


def mcdonald(covariance: ArrayLike) -> Floats:
    """Return McDonald's omega (total) of the sum of k items under one factor, (Σλ)²/((Σλ)² + Σψ).

    Parameters
    ----------
    covariance : (…, k, k) float array
        Covariance matrices, k ≥ 3. The factor is fitted to the correlations and its loadings are multiplied by the
        standard deviations, so that the fit does not depend on the units of the items.

    Returns
    -------
    (…) float array

    Notes
    -----
    McDonald (1999), Test Theory, eq. 6.20b; McNeish (2018), Psychological Methods 23:412.

    Examples
    --------
    >>> r = [[1, .6, .5, .4], [.6, 1, .55, .45], [.5, .55, 1, .5], [.4, .45, .5, 1]]
    >>> float(mcdonald(r).round(6))
    0.802191
    """
    matrix = _square(covariance, 3)
    spread = np.diagonal(matrix, axis1=-2, axis2=-1)
    loading = one_factor(correlations(matrix))
    common = (loading * np.sqrt(spread)).sum(axis=-1) ** 2
    return np.asarray(common / (common + (spread * (1 - loading**2)).sum(axis=-1)))


def correlations(covariance: ArrayLike) -> Floats:
    """Return correlation matrices of covariance matrices, (…, k, k).

    Examples
    --------
    >>> correlations([[4.0, 3], [3, 9]]).round(3).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    matrix = np.asarray(covariance, dtype=float)
    root = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
    return np.asarray(matrix / (root[..., :, None] * root[..., None, :]))


def one_factor(correlation: ArrayLike) -> Floats:
    """Return the loadings of one factor by minres: Σ_{i<j} (r_ij − λ_iλ_j)² is least.

    Parameters
    ----------
    correlation : (…, k, k) float array
        k ≥ 3.

    Returns
    -------
    (…, k) float array
        Signed so that their sum is not negative. A loading beyond ±1 (Heywood) is told by its number.

    Notes
    -----
    Harman & Jones (1966), Psychometrika 31:351: each loading in turn is the regression of its correlations on the others, then
    Newton's steps on the same criterion.

    Examples
    --------
    >>> r = [[1, .6, .5, .4], [.6, 1, .55, .45], [.5, .55, 1, .5], [.4, .45, .5, 1]]
    >>> one_factor(r).round(6).tolist()
    [0.71103, 0.781555, 0.733544, 0.606163]
    """
    r = _square(correlation, 3)
    k = r.shape[-1]
    off = r * (1 - np.eye(k))
    _, vectors = np.linalg.eigh(r)
    loading = vectors[..., -1] * 0.7 * np.sqrt(k)
    for _ in range(SWEEPS):
        for i in range(k):
            others = (loading**2).sum(axis=-1) - loading[..., i] ** 2
            loading[..., i] = (off[..., i, :] * loading).sum(axis=-1) / others
    for _ in range(STEPS):
        step = _newton(off, loading)
        loading = loading - step
        if bool((np.abs(step) < 1e-14).all()):
            break
    return np.asarray(loading * np.where(loading.sum(axis=-1, keepdims=True) < 0, -1.0, 1.0))


def _newton(off: Floats, loading: Floats) -> Floats:
    """Return Newton's step of the minres criterion, (…, k)."""
    k = loading.shape[-1]
    outside = 1 - np.eye(k)
    product = loading[..., :, None] * loading[..., None, :]
    slope = -(((off - product) * outside) @ loading[..., None])[..., 0]
    squares = (loading**2).sum(axis=-1, keepdims=True) - loading**2
    bend = (2 * product - off) * outside + squares[..., None] * np.eye(k)
    return np.asarray(np.linalg.solve(bend, slope[..., None])[..., 0])


def _square(matrix: ArrayLike, least: int) -> Floats:
    made = np.asarray(matrix, dtype=float)
    if made.ndim < 2 or made.shape[-1] != made.shape[-2] or made.shape[-1] < least:
        raise EstimateError(f"协方差阵的形状为 {made.shape}｜应为方阵，至少 {least} 题｜核对题目")
    return made
