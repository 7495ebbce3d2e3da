"""Variance of an estimated total when the sample is spread over places: each unit against the mean of its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def local_mean(values: ArrayLike, probs: ArrayLike, places: ArrayLike, k: int = 3) -> float:
    """Return the local mean variance of the total Σ y_i/π_i of a sample that is spread over its places.

    v = Σ_i m_i/(m_i − 1) (e_i − ē_i)², with e_i = y_i/π_i, and ē_i its mean over the m_i units made of i and its k nearest in the
    sample; all units as near as the k-th belong to them. With k = 0 they are all units at the smallest distance (Grafström &
    Schelin 2014, Scand. J. Statist. 41:277, §4; after Stevens & Olsen 2003, Environmetrics 14:593). There is no correction for
    the finite population: certain units should be left out.

    Parameters
    ----------
    values : array, shape (n,)
        y of the sampled units.
    probs : array, shape (n,)
        Their chances, over 0 and at most 1.
    places : array, shape (n,) or (n, d)
        Their coordinates.
    k : int
        0 ≤ k < n.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        With fewer than two units, lengths that differ, values that are no numbers, chances outside (0, 1], or an unfit k.

    Examples
    --------
    >>> local_mean([1.0, 3.0, 10.0, 14.0], [0.5] * 4, [0, 1, 10, 11], k=1)
    80.0
    """
    y, pi, where = np.asarray(values, dtype=float), np.asarray(probs, dtype=float), np.asarray(places, dtype=float)
    where = where[:, None] if where.ndim == 1 else where
    _sound(y, pi, where, k)
    expanded = y / pi
    total = 0.0
    for i, value in enumerate(expanded):
        far = ((where - where[i]) ** 2).sum(axis=1)
        others = np.delete(far, i)
        border = others.min() if k == 0 else np.partition(others, k - 1)[k - 1]
        near = far <= border
        near[i] = True
        m = int(near.sum())
        total += m / (m - 1) * (value - expanded[near].mean()) ** 2
    return float(total)


def _sound(y: Numbers, pi: Numbers, where: Numbers, k: int) -> None:
    if y.ndim != 1 or where.ndim != 2 or not len(y) == len(pi) == len(where):
        raise ValueError(f"数值 {y.shape}、概率 {pi.shape}、坐标 {where.shape}｜应各为每个单元一行｜对齐三者")
    if not 0 <= k < len(y) or len(y) < 2:
        raise ValueError(f"k = {k}，样本 {len(y)} 个单元｜至少两个单元，k 在 0 与 n − 1 之间｜改小 k")
    unsound = ~np.isfinite(y) | ~((pi > 0) & (pi <= 1)) | ~np.isfinite(where).all(axis=1)
    if unsound.any():
        listed = "、".join(str(i + 1) for i in np.flatnonzero(unsound))
        raise ValueError(f"第 {listed} 个单元｜数值与坐标应为数，概率应大于 0、不超过 1｜改正这些单元")
