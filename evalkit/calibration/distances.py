"""Distances between weights before and after calibration, each as the function g = F(u) that it leads to.

u = q·xλ is the linear predictor of a row; F(0) = 1 and F'(0) = 1. With bounds L < 1 < U every g lies in [L, U].

Source: Deville & Särndal 1992, JASA 87:376, section 2 and table 1 (methods 1, 2, 6 and 7); the factor from the inverse
hyperbolic sine is the metric that R survey calls `cal.sinh` with α = 1 (as printed there).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from evalkit.errors import SurveyError, one_of

Floats = NDArray[np.float64]
Curve = Callable[[Floats, float, float], Floats]
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Distance:
    """One distance.

    Attributes
    ----------
    factor : callable
        (u, L, U) → g, elementwise.
    slope : callable
        (u, L, U) → dF/du, elementwise; 0 where g stands at a bound. It says where Newton's steps go, not where they end:
        "logit-r" has g in its place, as the `calib` of R's sampling, and ends at the same g where it ends at all.
    floor : float
        What no g goes below even without bounds.
    bounds : {"may", "must"}
        Whether bounds can be left out.
    finite : bool
        Whether both bounds must be finite.
    text : str
        One line about it.
    """

    factor: Curve
    slope: Curve
    floor: float
    bounds: Literal["may", "must"]
    finite: bool
    text: str


def _linear(u: Floats, low: float, high: float) -> Floats:
    return np.clip(1 + u, low, high)


def _linear_slope(u: Floats, low: float, high: float) -> Floats:
    return _between(1 + u, low, high).astype(float)


def _raking(u: Floats, low: float, high: float) -> Floats:
    return np.clip(_exp(u), low, high)


def _raking_slope(u: Floats, low: float, high: float) -> Floats:
    g = _exp(u)
    return np.where(_between(g, low, high), g, 0.0)


def _logit(u: Floats, low: float, high: float) -> Floats:
    return low + (high - low) * _share(u, low, high)


def _logit_slope(u: Floats, low: float, high: float) -> Floats:
    share = _share(u, low, high)
    return _steepness(low, high) * (high - low) * share * (1 - share)


def _sinh(u: Floats, low: float, high: float) -> Floats:
    return np.clip(_root(u)[0], low, high)


def _sinh_slope(u: Floats, low: float, high: float) -> Floats:
    g, root = _root(u)
    return np.where(_between(g, low, high), 2 * g / (root * np.hypot(1, 2 * u)), 0.0)


def _between(g: Floats, low: float, high: float) -> NDArray[np.bool_]:
    return (g > low) & (g < high)


def _exp(u: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.exp(u)


def _steepness(low: float, high: float) -> float:
    return (high - low) / ((1 - low) * (high - 1))


def _share(u: Floats, low: float, high: float) -> Floats:
    """Return where g stands between the bounds, as a share; written so that it never overflows."""
    return np.asarray(expit(_steepness(low, high) * u + math.log((1 - low) / (high - 1))), dtype=float)


def _root(u: Floats) -> tuple[Floats, Floats]:
    """Return the positive m with m − 1/m = asinh(2u), and √(asinh(2u)² + 4); no cancellation for negative u."""
    p = np.arcsinh(2 * u)
    root = np.hypot(p, 2)
    return np.where(p < 0, 2 / (root - np.minimum(p, 0)), (root + p) / 2), root


METHODS: dict[str, Distance] = {
    "linear": Distance(_linear, _linear_slope, -math.inf, "may", False, "线性（GREG）；给出界限时截断，权数可能为负"),
    "raking": Distance(_raking, _raking_slope, 0.0, "may", False, "指数（迭代比例拟合的极限）；给出界限时截断"),
    "logit": Distance(_logit, _logit_slope, -math.inf, "must", True, "逻辑斯谛，必须给出两侧界限，g 严格在界限之内"),
    "logit-r": Distance(_logit, _logit, -math.inf, "must", True, "同 logit，求解如 R 的 calib 以 g 代替导数（仅供对照）"),
    "truncated": Distance(_linear, _linear_slope, -math.inf, "must", False, "截断线性，必须给出界限"),
    "sinh": Distance(_sinh, _sinh_slope, 0.0, "may", False, "反双曲正弦；对大的调整比指数温和"),
}


def distance(method: str) -> Distance:
    """Return the distance of that name.

    Parameters
    ----------
    method : str
        A name of `METHODS`.

    Raises
    ------
    SurveyError
        No such method; the message prints the table.

    Examples
    --------
    >>> u = np.array([-.5, 0, .5])
    >>> distance("raking").factor(u, 0, 1.5).round(4).tolist()
    [0.6065, 1.0, 1.5]
    >>> distance("logit").factor(np.array([-50., 0, 50]), .5, 2.6).round(4).tolist()
    [0.5, 1.0, 2.6]
    """
    return one_of("method", method, METHODS, SurveyError, "校准距离")


def limits(method: str, bounds: Bounds | None) -> Bounds:
    """Return the bounds (L, U) that hold: those given, or how far the distance itself goes.

    Parameters
    ----------
    method : str
        A name of `METHODS`.
    bounds : (float, float) or None
        L < 1 < U; infinite where the distance allows it.

    Raises
    ------
    SurveyError
        An unknown method, bounds missing where the distance needs them, bounds that do not hold 1 between them.

    Examples
    --------
    >>> limits("raking", None), limits("linear", (.6, 1.6))
    ((0.0, inf), (0.6, 1.6))
    """
    how = distance(method)
    if bounds is None:
        if how.bounds == "must":
            raise SurveyError(f'method = "{method}" 缺 bounds｜{how.text}｜写 bounds=(0.3, 3.0)')
        return how.floor, math.inf
    low, high = (float(each) for each in bounds)
    if not low < 1 < high:
        raise SurveyError(f"bounds = ({low:g}, {high:g})｜应为 L < 1 < U｜例如 bounds=(0.3, 3.0)")
    if how.finite and not (math.isfinite(low) and math.isfinite(high)):
        raise SurveyError(f'method = "{method}"，bounds = ({low:g}, {high:g})｜两侧都应有限｜例如 bounds=(0.3, 3.0)')
    return max(low, how.floor), high
