"""How much of an outcome each of several correlated predictors accounts for: Johnson's relative weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError
from evalkit.reliability.scales import correlations

Floats = NDArray[np.float64]


def relative_weights(covariance: ArrayLike) -> Floats:
    """Return the relative weights of the predictors; they add up to R².

    Parameters
    ----------
    covariance : (…, p + 1, p + 1) float array
        Covariance (or correlation) matrices of the outcome, first, and p ≥ 1 predictors.

    Returns
    -------
    (…, p) float array
        ε_j ≥ 0 with Σε_j = R².

    Notes
    -----
    With R = V D V' the correlations of the predictors, Λ = V D^½ V' and β = Λ⁻¹ r_xy, ε_j = Σ_k λ_jk² β_k²
    (Johnson 2000, Multivariate Behavioral Research 35:1).

    Examples
    --------
    >>> relative_weights([[1, .5, .3], [.5, 1, 0], [.3, 0, 1]]).round(4).tolist()
    [0.25, 0.09]
    """
    whole = correlations(covariance)
    if whole.shape[-1] < 2:
        raise EstimateError("驱动因素｜没有一个自变量｜至少写 1 题")
    among, along = whole[..., 1:, 1:], whole[..., 0, 1:]
    values, vectors = np.linalg.eigh(among)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    with np.errstate(divide="ignore", invalid="ignore"):
        back = (vectors / np.sqrt(np.maximum(values, 1e-12))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    beta = (back @ along[..., None])[..., 0]
    return np.asarray((root**2 @ (beta**2)[..., None])[..., 0])
