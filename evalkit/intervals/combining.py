"""Intervals of several proportions at once: of a sum or difference of them, and all of them jointly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults, one_of

Numbers = NDArray[np.float64]


def mover(
    gradient: ArrayLike, values: ArrayLike, lows: ArrayLike, highs: ArrayLike, correlation: ArrayLike = 0.0, *, value: Any = None
) -> tuple[Any, Any]:
    """Return limits of a combination of estimates from the limits of each: the method of variance estimates recovery.

    Parameters
    ----------
    gradient : (k,) or (rows, k) float array
        Slopes of the combination in its parts: the coefficients of a sum.
    values, lows, highs : (k,) or (rows, k) float arrays
        Estimates of the parts and their limits at the level that is wanted, low ≤ value ≤ high. For a bound on one side give the
        one-sided limits of the parts.
    correlation : float or (k, k) or (rows, k, k) array
        Correlation of the estimates: one number for every pair, or a matrix. NaN (a part that does not vary) counts as 0.
    value : float or (rows,) array, optional
        The combination itself; Σ gradient·values when not given. A constant term belongs here.

    Returns
    -------
    low, high : float or (rows,) array
        NaN where a limit of a part is NaN.

    Raises
    ------
    EstimateError
        Limits that do not hold their value, correlations outside [−1, 1], shapes that do not fit; all faults at once.

    Notes
    -----
    With dᵢ the distance from a part to the limit that moves the sum up, U = θ + √(Σᵢⱼ rᵢⱼ gᵢdᵢ gⱼdⱼ), and L likewise (Donner &
    Zou 2012, Stat. Methods Med. Res. 21:347; Zou & Donner 2008, Stat. Med. 27:1693; Newcombe 1998 for a difference). Where two
    terms pull the same way r is kept within [0, 1]: a negative correlation estimated from few events must not shorten the interval.

    Examples
    --------
    >>> rate = np.array([38_000, 260_000]) / 300_000
    >>> low, high = mover(rate, [.004, .001], [.0011, .0001], [.012, .004], .1, value=1200 / 300_000 + rate @ [.004, .001])
    >>> round(100 * low, 6), round(100 * high, 5)
    (0.447855, 0.82567)
    """
    try:
        slope, part, low, high = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in (gradient, values, lows, highs)))
    except ValueError:
        raise EstimateError("gradient、values、lows、highs｜长度不同｜每个分量各一个数") from None
    r = _correlations(correlation, slope.shape)
    faults = Faults("MOVER")
    if ((low > part) | (part > high)).any():
        faults.add(None, "lows、highs", None, "每个分量应在自己的区间之内", "核对次序；无区间的分量先去掉")
    if not (np.abs(r) <= 1 + 1e-9).all():
        faults.add(None, "correlation", f"{float(r.flat[np.abs(r).argmax()]):g}", "相关系数应在 −1 与 1 之间", "改正后重试")
    faults.refuse(EstimateError)
    centre = (slope * part).sum(axis=-1) if value is None else np.asarray(value, dtype=float)
    up, down = np.where(slope > 0, high - part, part - low), np.where(slope > 0, part - low, high - part)
    return _plain(centre - _length(slope * down, r)), _plain(centre + _length(slope * up, r))


def _correlations(correlation: ArrayLike, shape: tuple[int, ...]) -> Numbers:
    """Return matrices with ones on the diagonal."""
    r, k = np.nan_to_num(np.asarray(correlation, dtype=float)), shape[-1]
    try:
        made = np.array(np.broadcast_to(r, (*shape, k)))
    except ValueError:
        raise EstimateError(f"correlation｜形状为 {r.shape}｜应为一个数，或 {k} × {k} 的矩阵") from None
    made[..., range(k), range(k)] = 1.0
    return made


def _length(terms: Numbers, r: Numbers) -> Numbers:
    pairs = terms[..., :, None] * terms[..., None, :]
    kept = np.where(pairs > 0, np.clip(r, 0, 1), np.clip(r, -1, 1))
    return np.asarray(np.sqrt(np.maximum((kept * pairs).sum(axis=(-2, -1)), 0.0)))


def _plain(limit: Any) -> Any:
    return float(limit) if np.ndim(limit) == 0 else limit


@dataclass(frozen=True)
class Joint:
    """One way to hold several intervals at once: from the level of all and their number to the level of each."""

    level: Callable[[float, int], float]
    text: str


JOINT: dict[str, Joint] = {
    "bonferroni": Joint(lambda level, k: 1 - (1 - level) / k, "Bonferroni：1 − α/k，不作任何假定"),
    "sidak": Joint(lambda level, k: level ** (1 / k), "Šidák：(1 − α)^(1/k)，各区间独立或正相关时成立，略窄"),
}


def joint_level(level: float, count: int, method: str) -> float:
    """Return the level that each of `count` intervals needs for all to hold together at `level`.

    Parameters
    ----------
    level : float
        In (0, 1).
    count : int
        Number of intervals, ≥ 1.
    method : str
        A name of `JOINT`: "bonferroni" whatever the intervals have to do with each other (Dunn 1961, JASA 56:52), "sidak" for
        independent ones (Šidák 1967, JASA 62:626).

    Examples
    --------
    >>> round(joint_level(.95, 5, "bonferroni"), 6), round(joint_level(.95, 5, "sidak"), 6)
    (0.99, 0.989794)
    """
    how = one_of("joint", method, JOINT, EstimateError, "联合区间")
    faults = Faults("联合区间")
    if not 0 < level < 1:
        faults.add(None, "level", level, "置信水平应在 0 与 1 之间", "95% 写 level=.95")
    if not count >= 1:
        faults.add(None, "count", count, "至少应有一个区间", "改正后重试")
    faults.refuse(EstimateError)
    return how.level(level, count)
