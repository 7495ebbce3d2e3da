"""The calibration equations Σ D F(q·zλ) x = t, solved by Newton's steps with halving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq

from evalkit.calibration.bases import Basis
from evalkit.calibration.distances import Bounds, Distance, Floats

NEAR_ZERO = 1e-3  # a total nearer to 0 than this share of Σ d|x| is met relative to that share
HALVINGS = 40
GAIN = 1e-4  # share of the asked-for decrease of the miss that a step must bring
BRISK = 0.9  # a step that leaves more of the miss than this gives way to the descent of the potential
EXPLAINED = 1e-6  # share of the miss that a direction may leave unexplained
LEVEL = 0.5  # share of the slope along a line that may be left where the descent stops
DAMPING = (0.0, 1e-3, 1e-1, 1.0)  # how much of the slope at u = 0 is added, in turn, when a step brings nothing


@dataclass(frozen=True, eq=False)
class Equations:
    """What does not change from one set of weights to the next.

    Attributes
    ----------
    x : (m, r) float array
        Independent columns.
    basis : Basis
        Their triangle.
    left, right : (m, r) float arrays
        x and the instruments as orthonormal columns; the same array without instruments.
    q : (m,) float array or None
    totals : (r,) float array
    distance : Distance
    bounds : (float, float)
    """

    x: Floats
    basis: Basis
    left: Floats
    right: Floats
    q: Floats | None
    totals: Floats
    distance: Distance
    bounds: Bounds

    def predictor(self, solution: Floats) -> Floats:
        """Return u = q·zλ."""
        u = self.right @ solution
        return u if self.q is None else u * self.q

    def slopes(self, weights: Floats, solution: Floats | None) -> Floats:
        """Return the Jacobian at a solution, at u = 0 for None, in orthonormal columns."""
        weight = weights if self.q is None else weights * self.q
        if solution is not None:
            weight = weight * self.distance.slope(self.predictor(solution), *self.bounds)
        return np.asarray((self.left * weight[:, None]).T @ self.right)


@dataclass(frozen=True, eq=False)
class Point:
    """Where the search stands.

    Attributes
    ----------
    solution : (r,) float array
        λ in orthonormal columns.
    g : (m,) float array
    gap : (r,) float array
        Σ D g x − t in orthonormal columns.
    length : float
        Its length; infinite when it is not a number.
    miss : float
        Largest miss relative to the totals.
    """

    solution: Floats
    g: Floats
    gap: Floats
    length: float
    miss: float


def relative_to(x: Floats, weights: Floats, totals: Floats) -> Floats:
    """Return what the miss of each total is measured by: |t|, or Σ d|x|/1000 where t is nearer to 0.

    Parameters
    ----------
    x : (m, p) float array
    weights : (m,) float array
    totals : (p,) float array
    """
    size = np.maximum(np.abs(totals), NEAR_ZERO * (weights @ np.abs(x)))
    return np.where(size > 0, size, 1.0)


def solved(equations: Equations, weights: Floats, start: Floats, tol: float, max_steps: int) -> tuple[Point, int]:
    """Search from `start`; return where it ended and after how many steps.

    Parameters
    ----------
    equations : Equations
    weights : (m,) float array
        D ≥ 0.
    start : (r,) float array
        λ in orthonormal columns.
    tol : float
        Largest relative miss at which the search ends.
    max_steps : int

    Returns
    -------
    point : Point
        Its `miss` says whether the totals are met.
    steps : int

    Notes
    -----
    Newton's steps, halved until the miss shrinks. Where g is cut off at bounds these can come to a halt short of the solution; the
    equations without instruments are the gradient of a convex function of λ, which then is descended along the same directions.
    """
    scale = relative_to(equations.x, weights, equations.totals)
    point = _point(equations, weights, scale, start)
    for step in range(max_steps):
        if point.miss <= tol:
            return point, step
        found = _step(equations, weights, scale, point)
        if found is None:
            return point, step
        point = found
    return point, max_steps


def _point(equations: Equations, weights: Floats, scale: Floats, solution: Floats) -> Point:
    with np.errstate(over="ignore", invalid="ignore"):
        g = equations.distance.factor(equations.predictor(solution), *equations.bounds)
        missed = (weights * g) @ equations.x - equations.totals
    if not np.isfinite(missed).all():
        return Point(solution, g, missed, np.inf, np.inf)
    gap = equations.basis.totals(missed)
    with np.errstate(over="ignore"):
        length = float(np.sqrt(gap @ gap))
    return Point(solution, g, gap, length, float(np.max(np.abs(missed) / scale, initial=0.0)))


def _step(equations: Equations, weights: Floats, scale: Floats, here: Point) -> Point | None:
    """Return a better point, or None; where all rows stand at bounds the slope at u = 0 leads on."""
    convex = equations.left is equations.right
    slopes, first = equations.slopes(weights, here.solution), None
    for share in DAMPING:
        if share:
            first = equations.slopes(weights, None) if first is None else first
            slopes = slopes + share * first
        if not np.isfinite(slopes).all():
            continue
        direction = lstsq(slopes, -here.gap, check_finite=False)[0]
        left = slopes @ direction + here.gap
        if float(np.sqrt(left @ left)) > EXPLAINED * here.length:
            continue  # rows that could move this part of the miss all stand at bounds
        found = _halved(equations, weights, scale, here, direction)
        if convex and (found is None or found.length > BRISK * here.length):
            found = _descended(equations, weights, scale, here, direction) or found
        if found is not None:
            return found
    return None


def _halved(equations: Equations, weights: Floats, scale: Floats, here: Point, direction: Floats) -> Point | None:
    part = 1.0
    for _ in range(HALVINGS):
        there = _point(equations, weights, scale, here.solution + part * direction)
        if there.length < (1 - GAIN * part) * here.length:
            return there
        part /= 2
    return None


def _descended(equations: Equations, weights: Floats, scale: Floats, here: Point, direction: Floats) -> Point | None:
    """Go along a line towards the lowest point of the convex function, and stop short of it with half the slope left or less."""
    downhill = float(here.gap @ direction)
    best, low, high = None, 0.0, np.inf
    part = 1.0
    for _ in range(HALVINGS if downhill < 0 else 0):
        there = _point(equations, weights, scale, here.solution + part * direction)
        slope = float(there.gap @ direction) if np.isfinite(there.length) else np.inf
        if slope <= 0:
            best, low = there, part
            if slope >= LEVEL * downhill:
                break
        else:
            high = part
        part = 2 * low if high == np.inf else (low + high) / 2
    return best
