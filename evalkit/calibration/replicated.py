"""Calibration repeated over replicate weights: the work is per distinct row of x, not per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.calibration.bases import Alike, Ints
from evalkit.calibration.checks import bad_weights, floats
from evalkit.calibration.distances import Bounds, Floats
from evalkit.calibration.fitting import AGREE, Fit, Problem, missed, prepared, why
from evalkit.calibration.newton import Point, solved
from evalkit.errors import Faults, SurveyError

TOLD = 3  # replicates whose reasons are worked out


@dataclass(frozen=True, eq=False)
class Fits:
    """Calibrations of R sets of weights.

    Attributes
    ----------
    g : (R, m) float array
        Factors by group of rows alike.
    alike : Alike
        Which rows those are.
    multipliers : (R, p) float array
        λ.
    steps : (R,) int array
    miss : (R,) float array
        Largest relative miss, as in `Fit`.
    """

    g: Floats
    alike: Alike
    multipliers: Floats
    steps: Ints
    miss: Floats

    def __post_init__(self) -> None:
        for array in (self.g, self.multipliers, self.steps, self.miss):
            array.flags.writeable = False

    def rows(self) -> Floats:
        """Return the factors of rows, (R, n)."""
        return self.alike.spread(self.g)


def fit_many(
    x: ArrayLike,
    weights: ArrayLike,
    totals: ArrayLike,
    *,
    start: Fit | None = None,
    method: str = "linear",
    bounds: Bounds | None = None,
    tol: float = 1e-10,
    instruments: ArrayLike | None = None,
    q: ArrayLike | None = None,
    max_steps: int = 50,
    names: Sequence[str] | None = None,
) -> Fits:
    """Calibrate every set of replicate weights to the same totals.

    Parameters
    ----------
    x, totals, method, bounds, tol, instruments, q, max_steps, names
        As for `fit`.
    weights : (R, n) float array
        Replicate weights ≥ 0.
    start : Fit, optional
        The calibration of the sample, from whose λ each replicate sets out; worked out when left out.

    Returns
    -------
    Fits
        Factors relative to each replicate's own weights; bounds hold for these.

    Raises
    ------
    SurveyError
        As for `fit`; replicates that cannot be calibrated are counted, and the first three told with their columns.

    Examples
    --------
    >>> x = np.array([[1., 0], [1, 1], [1, 1], [1, 0]])
    >>> found = fit_many(x, [[0, 0, 10., 10], [10, 10, 0, 0]], [24, 10])
    >>> found.rows().round(6).tolist()
    [[1.4, 1.0, 1.0, 1.4], [1.4, 1.0, 1.0, 1.4]]
    """
    d = _sets(weights)
    shared = d.mean(axis=0)  # which columns are independent is asked of all replicates together
    problem = prepared(x, shared, totals, method=method, bounds=bounds, instruments=instruments, q=q, names=names)
    sets = d if problem.alike.group is None else np.array([problem.alike.add_up(each) for each in d])
    first = _first(problem, start, shared, tol, max_steps)
    points: list[Point] = []
    steps = np.zeros(len(sets), dtype=np.int64)
    for at, each in enumerate(sets):
        point, steps[at] = solved(problem.equations, each, first, tol, max_steps)
        points.append(point)
    g = np.array([point.g for point in points])
    miss = np.array([missed(problem, each, each_g).max() for each, each_g in zip(sets, g, strict=True)])
    _refuse(problem, sets, g, np.flatnonzero(~(miss <= max(tol, AGREE if len(problem.basis.left_out) else 0.0))))
    multipliers = np.array([problem.right.multipliers(point.solution) for point in points])
    return Fits(g, problem.alike, multipliers, steps, miss)


def _sets(weights: ArrayLike) -> Floats:
    """Return replicate weights, (R, n), or refuse."""
    d, faults = floats(weights), Faults("复制权数")
    if d.ndim != 2:
        raise SurveyError(f"weights 的形状 {d.shape}｜应为 (组数, 行数)，每组复制权数一行｜一组权数用 fit")
    bad_weights(faults, d)
    faults.refuse(SurveyError)
    return d


def _first(problem: Problem, start: Fit | None, weights: Floats, tol: float, max_steps: int) -> Floats:
    """Return the λ to set out from, in orthonormal columns; 0 where the sample itself has none."""
    right = problem.right
    if start is not None:
        return np.asarray(right.triangle @ start.multipliers[right.kept])
    nothing = np.zeros(len(right.kept))
    point, _ = solved(problem.equations, problem.alike.add_up(weights), nothing, tol, max_steps)
    return point.solution if point.miss <= tol else nothing


def _refuse(problem: Problem, sets: Floats, g: Floats, failed: Ints) -> None:
    faults = Faults(f"复制权数的校准，{len(sets)} 组中 {len(failed)} 组不能满足总数")
    for at in failed[:TOLD]:
        for each in why(problem, sets[at], g[at]):
            faults.add(None, f"第 {at + 1} 组，{each.column}", each.value, each.rule, each.remedy)
    faults.refuse(SurveyError)
