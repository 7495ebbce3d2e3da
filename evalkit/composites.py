"""Composite indices by other choices than one's own: normalisation, aggregation, weights, and which of these matter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from evalkit.errors import EstimateError, one_of
from evalkit.later import later

Floats = NDArray[np.float64]
stats = later("scipy.stats")

LEAST = 0.01  # of full marks: what a zero counts as in a geometric mean, which one zero would otherwise bring to nothing
TIE = 1e-9  # scores no further apart share their place
NORMALISATIONS = {
    "rules": "系统自己的计分规则",
    "minmax": "最小—最大：最差的单位 0，最好的 1",
    "zscore": "标准分：按均值与离散程度，折成 0～1",
    "rank": "名次：末名 0，第一名 1",
}
AGGREGATIONS = {"linear": "加权平均，长短可以相抵", "geometric": "加权几何平均，短板不能全由长处抵补"}


def normalise(x: ArrayLike, method: str) -> Floats:
    """Bring values of several units, more being better, to [0, 1].

    Parameters
    ----------
    x : array, shape (…, units)
    method : {"minmax", "zscore", "rank"}
        (x − min)/(max − min); Φ((x − mean)/spread); (K − place)/(K − 1). Units that are all alike get ½.

    Returns
    -------
    float array, shape of `x`

    Raises
    ------
    EstimateError
        Unknown method.

    Examples
    --------
    >>> normalise([1, 2, 4], "minmax").round(3).tolist(), normalise([1, 2, 4], "rank").tolist()
    ([0.0, 0.333, 1.0], [0.0, 0.5, 1.0])
    """
    one_of("method", method, {key: text for key, text in NORMALISATIONS.items() if key != "rules"}, EstimateError, "归一化方法")
    values = np.asarray(x, dtype=float)
    low, high = values.min(axis=-1, keepdims=True), values.max(axis=-1, keepdims=True)
    alike = high - low <= 1e-12 * np.maximum(1.0, np.abs(high))
    if method == "minmax":
        made = (values - low) / np.where(alike, 1.0, high - low)
    elif method == "zscore":
        apart = values - values.mean(axis=-1, keepdims=True)
        spread = np.sqrt((apart**2).mean(axis=-1, keepdims=True))  # a scale of these very units, no variance of an estimate
        made = ndtr(apart / np.where(alike, 1.0, spread))
    else:
        made = 1 - (places(values) - 1) / max(values.shape[-1] - 1, 1)
    return np.asarray(np.where(alike, 0.5, made), dtype=float)


def aggregate(fractions: ArrayLike, weights: ArrayLike, how: str, axis: int = -1) -> Floats:
    """Return the weighted mean of fractions of full marks, linear or geometric.

    Parameters
    ----------
    fractions : array in [0, 1]
    weights : array ≥ 0 that broadcasts against it, with a sum > 0 along the axis
    how : {"linear", "geometric"}
        Σwf/Σw; exp(Σw·log max(f, 0.01)/Σw).
    axis : int

    Raises
    ------
    EstimateError
        Unknown way.

    Examples
    --------
    >>> float(aggregate([1, .25], [1, 1], "linear")), float(aggregate([1, .25], [1, 1], "geometric"))
    (0.625, 0.5)
    """
    one_of("how", how, AGGREGATIONS, EstimateError, "合成方法")
    f, w = np.broadcast_arrays(np.asarray(fractions, dtype=float), np.asarray(weights, dtype=float))
    whole = w.sum(axis=axis)
    if how == "linear":
        return np.asarray((w * f).sum(axis=axis) / whole)
    return np.asarray(np.exp((w * np.log(np.maximum(f, LEAST))).sum(axis=axis) / whole))


def places(scores: ArrayLike) -> Floats:
    """Return the places of units, 1 the highest; those that tie share the mean of their places.

    Examples
    --------
    >>> places([80, 95, 80]).tolist()
    [2.5, 1.0, 2.5]
    """
    x = np.asarray(scores, dtype=float)
    rows = x.reshape(-1, x.shape[-1])
    return np.array([_places(row) for row in rows]).reshape(x.shape)


def _places(x: Floats) -> Floats:
    """Return the places of one list: sorted once, since pairs of 280 counties in 10,000 draws are 800 million."""
    ordered = np.sort(x[~np.isnan(x)])
    low, high = np.searchsorted(ordered, x - TIE, "left"), np.searchsorted(ordered, x + TIE, "right")
    ahead, same = len(ordered) - high, high - low
    return np.where(np.isnan(x), 0.5, 1 + ahead + (same - 1) / 2)


def sobol(a: ArrayLike, b: ArrayLike, ab: ArrayLike) -> tuple[Floats, Floats]:
    """Return the first-order and total Sobol indices of an output, from its values in a Saltelli design.

    Parameters
    ----------
    a, b : array, shape (n,)
        The output in two independent sets of scenarios; n a power of 2.
    ab : array, shape (factors, n)
        The output where factor i is taken from `b` and all others from `a`.

    Returns
    -------
    first, total : (factors,) float arrays
        Zero where the output never changes.

    References
    ----------
    Saltelli et al. 2010, Comput. Phys. Commun. 181:259; Saisana, Saltelli & Tarantola 2005, JRSS-A 168:307.

    Examples
    --------
    >>> a, b = np.arange(4.0), np.array([3.0, 0, 1, 2])
    >>> first, total = sobol(a, b, [b, a])
    >>> total.round(6).tolist()[1], bool(first[0] > first[1])
    (0.0, True)
    """
    one, two, mixed = (np.asarray(part, dtype=float) for part in (a, b, ab))
    if bool(np.ptp(np.concatenate([one, two])) <= 1e-12):
        return np.zeros(len(mixed)), np.zeros(len(mixed))
    func: dict[str, Any] = {"f_A": one[None], "f_B": two[None], "f_AB": mixed[:, None]}
    found = stats.sobol_indices(func=func, n=len(one))
    return np.atleast_1d(np.squeeze(found.first_order)), np.atleast_1d(np.squeeze(found.total_order))
