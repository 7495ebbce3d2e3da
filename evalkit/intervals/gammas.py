"""The gamma interval of a weighted count of rare events, for weights that differ and units that do not cluster."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainccinv, gammaincinv

from evalkit.errors import EstimateError, Faults
from evalkit.intervals.asking import check_level
from evalkit.intervals.tails import Side, tail_of

Numbers = NDArray[np.float64]


def fay_feuer(events: ArrayLike, weights: ArrayLike, *, level: float = 0.95, side: Side = "two") -> tuple[float, float]:
    """Return limits of a weighted sum of Poisson counts, Σw·x (Fay & Feuer 1997, Stat. Med. 16:791).

    Parameters
    ----------
    events : (units,) float array
        Counts x ≥ 0: of groups, or 0 and 1 of single units.
    weights : (units,) float array
        Weight of one event, ≥ 0; for a rate w/Σw, for a standardised rate (standard share)/(units of the group).
    level : float
        Confidence, in (0, 1).
    side : {"two", "lower", "upper"}

    Returns
    -------
    low, high : float
        On the scale of Σw·x. The open side of a one-sided interval ends at 0 or infinity.

    Raises
    ------
    EstimateError
        Negative events or weights, arrays of different lengths, a level outside (0, 1); all faults at once.

    Notes
    -----
    With y = Σwx, v = Σw²x: L = Γ⁻¹(α; y²/v, v/y), and U the same at 1 − α with y + w, v + w², w the largest weight: as if one
    more event had stood where it weighs most. With equal weights these are the exact limits of a Poisson count. Villages are
    not taken into account: a cross-check for samples without clusters.

    Examples
    --------
    >>> weights = np.repeat([1.2, .8], 300) / 600
    >>> low, high = fay_feuer(np.isin(np.arange(600), [5, 400, 401]), weights)
    >>> round(low, 6), round(high, 6)
    (0.000921, 0.014794)
    >>> round(600 * fay_feuer(np.zeros(600), np.full(600, 1 / 600), side="upper")[1], 4)  # −ln .05: the rule of three
    2.9957
    """
    x, w = np.asarray(events, dtype=float), np.asarray(weights, dtype=float)
    faults = Faults("Fay–Feuer")
    check_level(level, side, faults)
    if x.shape != w.shape or x.ndim != 1 or not x.size:
        faults.add(None, "events、weights", f"{x.shape}、{w.shape}", "应为等长的一维数组", "每个单位一个事件数、一个权数")
    for name, part in (("events", x), ("weights", w)):
        if not (part >= 0).all() or not np.isfinite(part).all():
            faults.add(None, name, None, "应为不小于 0 的有限数", "改正后重试")
    if not faults and not (w > 0).any():
        faults.add(None, "weights", None, "至少一个权数应大于 0", "改正后重试")
    faults.refuse(EstimateError)
    low, high = gamma_limits(w @ x, w**2 @ x, w.max(), tail_of(level, side))
    return (0.0 if side == "upper" else float(low)), (np.inf if side == "lower" else float(high))


def gamma_limits(y: Any, v: Any, most: Any, tail: float) -> tuple[Numbers, Numbers]:
    """Return both limits from y = Σwx, v = Σw²x and the largest weight, arrays of one shape."""
    some = np.asarray(y) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(some, v / y * gammaincinv(np.where(some, y**2 / v, 1.0), tail), 0.0)
    above, spread = y + most, v + most**2
    return low, np.asarray(spread / above * gammainccinv(above**2 / spread, tail))
