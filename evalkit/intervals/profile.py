"""Likelihood limits as R's survey package prints them: a coarse profile, a spline, straight lines between its points.

`forms.likelihood` solves the same equation exactly. Limits made here serve to compare with a printout of R, nothing else.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, ndtr, stdtrit, xlog1py, xlogy

Numbers = NDArray[np.float64]

ITERATIONS, CONVERGED = 25, 1e-8  # R's glm.control
FAR, ENDLESS = 30.0, -math.log(np.finfo(float).eps)  # R's logit link takes log odds beyond ±30 as ±36
STEPS = 9  # R leaves a side of the profile after so many points …
SHARE = 5  # … each as many standard errors out as a fifth of the longest root it looks for


def on_r_grid(p: Numbers, n_eff: Numbers, c: Numbers, tail: float, n: Numbers) -> tuple[Numbers, Numbers]:
    """Return R's likelihood limits of proportions inside (0, 1); NaN for a limit its grid does not reach, where R has NA.

    Parameters
    ----------
    p, n_eff, n : float arrays
        Proportions, effective and plain number of units; deff = n/n_eff.
    c : float array
        Quantiles of t.
    tail : float
        Unused: `c` says as much.

    Notes
    -----
    R's `svyciprop(method="likelihood")` (survey 4.1-1) takes the signed root z(b) of 2(n − 1)·KL(p ‖ expit b) at
    b = logit p ± k·t_{n−1}(Φ(−c√deff)/4)/5·se/(pq), k = 1, 2, …; on each side the first point beyond that quantile is
    the last, and there are no more than nine. A spline through these points is read at three times as many, and
    ±c√deff is found between neighbours on a straight line. R's deff carries the information of its fit one iteration
    short of the end; with equal weights this gives R's digits, with unequal ones some five of them, and the rest
    through `r_stretch`.

    Examples
    --------
    >>> low, high = on_r_grid(np.array(.1), np.array(50.), np.array(2.), .025, np.array(100.))
    >>> round(float(low), 5), round(float(high), 5)
    (0.03596, 0.20581)
    """
    low, high = np.vectorize(_limits, otypes=[float, float])(p, n_eff, c, n)
    return np.asarray(low), np.asarray(high)


def _limits(p: float, n_eff: float, c: float, n: float) -> tuple[float, float]:
    centre, effect = _equal(p, n)
    cut = c * math.sqrt(n / n_eff * p * (1 - p) * effect)
    tail = float(ndtr(-cut)) / 4
    if n <= 1 or tail == 0:
        return math.nan, math.nan
    longest = -float(stdtrit(n - 1, tail))
    step = longest / SHARE * math.sqrt(p * (1 - p) / n_eff) / _information(centre)
    units = (n - 1) * _information(centre) / (p * (1 - p))
    down, up = (_side(p, units, centre, sign * step, longest) for sign in (-1, 1))
    odds, root = np.array([*down[::-1], (centre, 0.0), *up]).T
    fine = np.linspace(odds[0], odds[-1], 3 * len(odds))
    smooth = spline(odds, root, fine)
    order = np.argsort(smooth, kind="stable")
    low, high = expit(np.interp([-cut, cut], smooth[order], fine[order], left=math.nan, right=math.nan))
    return float(low), float(high)


def r_stretch(event: Numbers, weight: Numbers) -> float:
    """Return how many times longer R's likelihood quantile is than `on_r_grid` takes it, for weighted or missing answers.

    R scales weights to a mean of 1, then leaves out rows without an answer (those left sum to W, not to their number
    n), and its scoring starts from the weights. To have R's own limits ask "likelihood-r" for the level whose t
    quantile is so many times as long.

    Parameters
    ----------
    event : (rows,) float array
        Whether the row has the property, 0 or 1; NaN without an answer.
    weight : (rows,) float array
        Weights > 0, of rows without an answer too.

    Returns
    -------
    float
        √(W/n · design effect of R's fit over that with equal weights); 1 for equal weights and no row missing.

    Examples
    --------
    >>> event = np.array([0., 0, 1, 0, 1, 0])
    >>> r_stretch(event, np.ones(6)), round(r_stretch(np.append(event, np.nan), np.array([2., 2, 2, 2, 2, 2, 1])), 4)
    (1.0, 1.0377)
    """
    w = (weight / weight.mean())[~np.isnan(event)]
    y = event[~np.isnan(event)]
    p, total = float(y @ w / w.sum()), float(w.sum())
    weighted = _fit(p, total, *_start(y, w, np.ones(len(y))))[1]
    return math.sqrt(total / len(y) * weighted / _equal(p, len(y))[1])


def _equal(p: float, n: float) -> tuple[float, float]:
    """Return `_fit` of n rows of weight 1."""
    return _fit(p, n, *_start(np.array([1.0, 0.0]), np.ones(2), np.array([n * p, n * (1 - p)])))


def _start(y: Numbers, w: Numbers, rows: Numbers) -> tuple[float, float]:
    """Return the log odds after the first scoring, from (wy + ½)/(w + 1), and the deviance before it."""
    mu = (w * y + 0.5) / (w + 1)
    information = rows * w * mu * (1 - mu)
    b = information @ (np.log(mu / (1 - mu)) + (y - mu) / (mu * (1 - mu))) / information.sum()
    return float(b), float(-2 * rows * w @ (y * np.log(mu) + (1 - y) * np.log1p(-mu)))


def _fit(p: float, total: float, b: float, before: float) -> tuple[float, float]:
    """Return the log odds b at which R's `glm` stops, and what turns n·se² into R's design effect.

    That is I′/I², with I = mu(1 − mu) at b for the standard error, and I′ one iteration earlier, where R takes its
    information.
    """
    information = _information(b)
    for _ in range(ITERATIONS - 1):
        deviance = -2 * total * float(p * log_expit(b) + (1 - p) * log_expit(-b))
        if abs(deviance - before) < CONVERGED * (deviance + 0.1):
            break
        information, before = _information(b), deviance
        b += (p - float(expit(b))) / information
    return b, information / _information(b) ** 2


def _information(b: float) -> float:
    return float(expit(b) * expit(-b))


def _side(p: float, units: float, centre: float, step: float, longest: float) -> list[tuple[float, float]]:
    """Return log odds and signed roots of one side, outwards, up to the first root as long as `longest`."""
    points: list[tuple[float, float]] = []
    for k in range(1, STEPS + 1):
        b = centre + k * step
        odds = b if abs(b) <= FAR else math.copysign(ENDLESS, b)
        left = xlogy(p, p) - p * log_expit(odds) + xlog1py(1 - p, -p) - (1 - p) * log_expit(-odds)
        points.append((b, math.copysign(math.sqrt(2 * units * max(float(left), 0.0)), step)))
        if abs(points[-1][1]) >= longest:
            break
    return points


def spline(x: Numbers, y: Numbers, at: Numbers) -> Numbers:
    """Return the cubic spline of Forsythe, Malcolm & Moler (1977, ch. 4) through (x, y), read at points within.

    Each end has the third derivative of the cubic through the four points nearest to it; three points give a parabola.

    Parameters
    ----------
    x, y : (points,) float arrays
        At least three points, x increasing.
    at : float array

    Examples
    --------
    >>> x = np.array([0., 1., 3., 4., 6.])
    >>> spline(x, x**3 - x, np.array([.5, 2., 5.]))
    array([ -0.375,   6.   , 120.   ])
    """
    h = np.diff(x)
    slope = np.diff(y) / h
    right = np.zeros(len(x))
    right[1:-1] = np.diff(slope)
    if len(x) > 3:
        third = np.diff(np.diff(slope) / (x[2:] - x[:-2])) / (x[3:] - x[:-3])
        right[0], right[-1] = h[0] ** 2 * third[0], -(h[-1] ** 2) * third[-1]
    middle = np.concatenate([[-h[0]], 2 * (h[:-1] + h[1:]), [-h[-1]]])
    bend = np.linalg.solve(np.diag(middle) + np.diag(h, 1) + np.diag(h, -1), right)  # a sixth of the second derivative
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(h) - 1)
    d = at - x[i]
    first = slope[i] - h[i] * (bend[i + 1] + 2 * bend[i])
    return np.asarray(y[i] + d * (first + d * (3 * bend[i] + d * (bend[i + 1] - bend[i]) / h[i])))
