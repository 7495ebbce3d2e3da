"""MOVER: the interval of a sum recovered from the intervals of its parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults

Numbers = NDArray[np.float64]


def mover(gradient: ArrayLike, values: ArrayLike, lows: ArrayLike, highs: ArrayLike, correlation: ArrayLike) -> tuple[float, float]:
    """Return the limits of Σ gⱼ·xⱼ from the limits of its parts.

    Each part brings the distance to the limit on its own side, dⱼ = |gⱼ|(xⱼ − lⱼ) or |gⱼ|(uⱼ − xⱼ), and the distances add
    up as standard errors do: θ ∓ √(Σᵢⱼ dᵢdⱼ·sign(gᵢgⱼ)·rᵢⱼ). So a part that nothing was found of still brings its upper limit,
    where the delta method gives it no variance at all.

    Parameters
    ----------
    gradient : array, shape (k,)
        Known factors, of any sign.
    values, lows, highs : array, shape (k,)
        Estimates and their limits, low ≤ value ≤ high, all at one level and side.
    correlation : array, shape (k, k)
        Of the estimates, in [−1, 1], 1 on the diagonal. For a sum clip negative ones to 0: that can only widen the interval.

    Returns
    -------
    tuple of float
        Low and high; NaN where a limit of a part is NaN.

    Raises
    ------
    EstimateError
        Shapes that do not fit, limits on the wrong side of a value, correlations outside [−1, 1].

    References
    ----------
    Zou & Donner 2008, Statistics in Medicine 27:1693; Newcombe 1998, Statistics in Medicine 17:873.

    Examples
    --------
    >>> low, high = mover([38 / 300, 260 / 300], [.004, .001], [.0011, .0001], [.012, .004], [[1, .1], [.1, 1]])
    >>> round(100 * (.004 + low), 6), round(100 * (.004 + high), 5)
    (0.447855, 0.82567)
    """
    g, x, low, high = (np.asarray(part, dtype=float) for part in (gradient, values, lows, highs))
    r = np.asarray(correlation, dtype=float)
    _check(g, x, low, high, r)
    signed = np.sign(g)[:, None] * r * np.sign(g)
    below, above = np.where(g > 0, g * (x - low), -g * (high - x)), np.where(g > 0, g * (high - x), -g * (x - low))
    centre = float(g @ x)
    half = [float(np.sqrt(np.maximum(side @ signed @ side, 0.0))) for side in (below, above)]
    return centre - half[0], centre + half[1]


def _check(g: Numbers, x: Numbers, low: Numbers, high: Numbers, r: Numbers) -> None:
    faults = Faults("MOVER")
    shapes = {part.shape for part in (g, x, low, high)}
    if shapes != {(len(g),)} or r.shape != (len(g), len(g)):
        faults.add(None, "gradient、values、lows、highs、correlation", None, "前四个等长，correlation 为方阵", "核对长度")
        faults.refuse(EstimateError)
    if ((low > x) | (high < x)).any():
        faults.add(None, "lows、highs", None, "应有 low ≤ value ≤ high", "核对次序；单侧界的另一侧写比例的端点 0 或 1")
    if (abs(r) > 1 + 1e-9).any() or (abs(np.diag(r) - 1) > 1e-9).any():
        faults.add(None, "correlation", None, "相关系数应在 -1 与 1 之间，对角线为 1", "协方差先化为相关系数")
    faults.refuse(EstimateError)
