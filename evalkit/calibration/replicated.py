"""Calibration repeated over replicate weights: the work is per distinct row of x, not per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

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
    factors: ArrayLike | None = None,
    units: Ints | None = None,
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
    weights : (R, n) float array, or (n,) with `factors`
        Replicate weights; or the weights of the sample, which the factors multiply.
    factors : (R, U) float array, optional
        Factor of each unit in each replicate.
    units : (n,) int array, optional
        Unit of each row, 0 … U − 1; needed with `factors`. Rows are then touched once, however many replicates there are.
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
    >>> found = fit_many(x, np.full(4, 5.), [24, 10], factors=[[0, 2.], [2, 0]], units=np.array([0, 0, 1, 1]))
    >>> found.rows().round(6).tolist()
    [[1.4, 1.0, 1.0, 1.4], [1.4, 1.0, 1.0, 1.4]]
    """
    d = floats(weights)
    shared = _shared(d, factors, units)
    problem = prepared(x, shared, totals, method=method, bounds=bounds, instruments=instruments, q=q, names=names)
    sets = group_sums(problem.alike, d, factors, units)
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


def _shared(d: Floats, factors: ArrayLike | None, units: Ints | None) -> Floats:
    """Return the weights that say which columns are independent: those of the sample, or the mean of the replicates'."""
    if (factors is None) != (units is None) or d.ndim != (2 if factors is None else 1):
        found = f"weights {d.ndim} 维，factors {'缺' if factors is None else '有'}，units {'缺' if units is None else '有'}"
        raise SurveyError(f"{found}｜给 (R, n) 的 weights，或 (n,) 的 weights 加 factors 与 units｜二者取一")
    faults = Faults("复制权数")
    bad_weights(faults, d if factors is None else floats(factors))
    faults.refuse(SurveyError)
    if factors is not None and units is not None:
        table = floats(factors)
        if table.ndim != 2 or len(units) != len(d) or (len(d) and not 0 <= int(units.min()) <= int(units.max()) < table.shape[1]):
            raise SurveyError(f"factors {table.shape}，units {units.shape}｜units 应与 weights 逐行对应，编号为 0 至 U − 1｜改正 units")
        return d
    return np.asarray(d.mean(axis=0) if len(d) else d.sum(axis=0))


def group_sums(alike: Alike, weights: Floats, factors: ArrayLike | None, units: Ints | None) -> Floats:
    """Sum replicate weights by group of rows alike, (R, m).

    Parameters
    ----------
    alike : Alike
    weights, factors, units
        As for `fit_many`.
    """
    if factors is None or units is None:
        return weights if alike.group is None else np.array([alike.add_up(each) for each in weights])
    group = np.arange(alike.size) if alike.group is None else alike.group
    return replicate_sums(group, weights, floats(factors), units, alike.groups)


def replicate_sums(group: Ints, weights: Floats, factors: Floats, units: Ints, groups: int) -> Floats:
    """Return Σ factor·d by replicate and group, touching rows once.

    Parameters
    ----------
    group : (n,) int array
        Group of each row, 0 … groups − 1; cells of a table, for `rake_cells`.
    weights : (n,) float array
    factors : (R, U) float array
    units : (n,) int array
        Unit of each row, 0 … U − 1.
    groups : int

    Returns
    -------
    (R, groups) float array

    Examples
    --------
    >>> replicate_sums(np.array([0, 1, 1]), np.array([1., 2, 3]), np.array([[0., 2], [2, 0]]), np.array([0, 0, 1]), 2).tolist()
    [[0.0, 6.0], [2.0, 4.0]]
    """
    by_unit = csr_array((weights, (units, group)), shape=(factors.shape[1], groups))
    return np.asarray(factors @ by_unit)


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
