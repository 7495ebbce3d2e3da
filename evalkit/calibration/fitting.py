"""Weights that reproduce known totals: one calibration of one set of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from evalkit.calibration.bases import Alike, Basis, Ints, alike, independent, tally
from evalkit.calibration.checks import calibration_input, column_name, design_matrix, floats
from evalkit.calibration.distances import Bounds, Floats, distance, limits
from evalkit.calibration.feasibility import reasons
from evalkit.calibration.newton import Equations, Point, relative_to, solved
from evalkit.errors import Fault, Faults, SurveyError

AGREE = 1e-9  # relative difference between the total of a collinear column and what the others make of it


@dataclass(frozen=True, eq=False)
class Fit:
    """Factors that make weights reproduce totals.

    Attributes
    ----------
    g : (n,) float array
        New weight over old, F(q·zλ).
    multipliers : (p,) float array
        λ; 0 for columns that are combinations of those before them.
    steps : int
        Newton steps taken.
    miss : float
        Largest ``|Σ d g x − t|`` relative to ``|t|`` (or to ``Σ d|x|/1000``, where t is nearer to 0 than that).
    left_out : tuple of int
        Columns, from 0, that are combinations of columns to their left; their totals agree and are met all the same.
    method : str
    bounds : (float, float)
        What every g lies between; infinite without bounds.
    """

    g: Floats
    multipliers: Floats
    steps: int
    miss: float
    left_out: tuple[int, ...]
    method: str
    bounds: Bounds

    def __post_init__(self) -> None:
        self.g.flags.writeable = self.multipliers.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Problem:
    """A calibration made ready: distinct rows, independent columns, and the equations on them."""

    x: Floats
    totals: Floats
    alike: Alike
    basis: Basis
    right: Basis
    equations: Equations
    names: Sequence[str] | None


def fit(
    x: ArrayLike,
    weights: ArrayLike,
    totals: ArrayLike,
    *,
    method: str = "linear",
    bounds: Bounds | None = None,
    tol: float = 1e-10,
    instruments: ArrayLike | None = None,
    q: ArrayLike | None = None,
    max_steps: int = 50,
    names: Sequence[str] | None = None,
) -> Fit:
    """Find g with Σ d g x = t, nearest to 1 in the distance of `method`: g = F(q·xλ), by Newton's steps with halving.

    Parameters
    ----------
    x : (n, p) float array
        Auxiliary variables, an intercept among them where one is wanted; (n,) for a single one.
    weights : (n,) float array
        d ≥ 0.
    totals : (p,) float array
        t, known totals of the population in the units of x.
    method : str
        A name of `METHODS`: "linear", "raking", "logit", "truncated", "sinh"; "logit-r" solves for "logit" as R's sampling does.
    bounds : (float, float), optional
        L < 1 < U, within which every g lies; needed by "logit", "logit-r" and "truncated".
    tol : float
        Largest relative miss of a total.
    instruments : (n, p) float array, optional
        z of generalised calibration, g = F(q·zλ).
    q : (n,) float array, optional
        > 0, inverse to the variance of the model; 1 for all when left out.
    max_steps : int
    names : sequence of str, optional
        Names of the columns, for messages.

    Returns
    -------
    Fit

    Raises
    ------
    SurveyError
        Input that does not fit together; a collinear column whose total contradicts the others; totals that cannot be met
        within the bounds, with the columns that stand in the way and, where a linear program tells, what each can reach.

    Notes
    -----
    A column counts as collinear when all but 1e-7 of its length, weighted with d·q, is a combination of columns to its left; it is
    left out when its total is the same combination of theirs to 1e-9, and refused otherwise. Rows alike in x, z and q are handled once.

    For calibration of clusters with equal weights inside (`unit_stage`), hand in `unit_means(x, weights, cluster)` as x: the
    totals are the same, and rows of a cluster, being alike, get one g.

    Source: Deville & Särndal 1992, JASA 87:376; with instruments Deville 1998 (Actes de la conférence de Rennes), from memory.

    Examples
    --------
    >>> table = np.array([40., 30, 20, 10])
    >>> x = np.array([[1., 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    >>> (table * fit(x, table, [60, 50, 70, 40], method="raking").g).round(4).tolist()
    [35.6466, 24.3534, 34.3534, 15.6466]
    >>> found = fit(x, table, [60, 50, 70, 40])
    >>> (table * found.g).round(9).tolist(), found.left_out
    ([36.0, 24.0, 34.0, 16.0], (3,))
    """
    d = floats(weights)
    problem = prepared(x, d, totals, method=method, bounds=bounds, instruments=instruments, q=q, names=names)
    grouped = problem.alike.add_up(d)
    point, steps = solved(problem.equations, grouped, np.zeros(len(problem.basis.kept)), tol, max_steps)
    made = result(problem, grouped, point, steps, method)
    if not made.miss <= max(tol, AGREE if made.left_out else 0.0):
        refuse(problem, grouped, point)
    return replace(made, g=problem.alike.spread(point.g))


def prepared(
    x: ArrayLike, d: Floats, totals: ArrayLike, *, method: str, bounds: Bounds | None,
    instruments: ArrayLike | None, q: ArrayLike | None, names: Sequence[str] | None,
) -> Problem:  # fmt: skip
    """Check the input of a calibration, group its rows and drop its collinear columns; arguments as for `fit`."""
    how, ends = distance(method), limits(method, bounds)
    rows, t = design_matrix(x), np.atleast_1d(floats(totals))
    z = None if instruments is None else design_matrix(instruments)
    spread = None if q is None else floats(q)
    calibration_input(rows, d, t, spread, z, names)
    found = alike(rows, z, spread)
    rows, weight = found.take(rows), found.add_up(d)
    spread, z = (None if each is None else found.take(each) for each in (spread, z))
    weight = weight if spread is None else weight * spread
    basis = independent(rows, weight)
    _agree(basis, rows, weight, t, names)
    right = basis if z is None else independent(z, weight, basis.kept)
    if len(right.kept) < len(basis.kept):
        lost = "、".join(column_name(names, int(at)) for at in np.setdiff1d(basis.kept, right.kept))
        raise SurveyError(f"instruments 的{lost}｜与左边各列共线，定不出解｜换一个工具变量")
    left = basis.rows(rows)
    other = left if z is None else right.rows(z)
    kept = rows if not len(basis.left_out) else np.ascontiguousarray(rows[:, basis.kept])
    equations = Equations(kept, basis, left, other, spread, t[basis.kept], how, ends)
    return Problem(rows, t, found, basis, right, equations, names)


def _agree(basis: Basis, x: Floats, weight: Floats, totals: Floats, names: Sequence[str] | None) -> None:
    """Refuse collinear columns whose totals are not the same combination of the others'."""
    made = basis.combination.T @ totals[basis.kept]
    size = np.maximum(np.abs(basis.combination).T @ np.abs(totals[basis.kept]), np.abs(totals[basis.left_out]))
    faults = Faults("校准的总数")
    for at, value, scale in zip(basis.left_out, made, size, strict=True):
        if abs(totals[at] - value) > AGREE * scale:
            empty = not bool((x[weight > 0, at] != 0).any())
            rule = "该列在样本中全为 0，总数只能为 0" if empty else f"该列是左边各列的线性组合，总数应为 {value:.10g}"
            remedy = "补样本、合并类别" if empty else "去掉该列，或改正总数"
            faults.add(None, column_name(names, int(at)), f"总数 {totals[at]:.10g}", rule, remedy)
    faults.refuse(SurveyError)


def result(problem: Problem, weights: Floats, point: Point, steps: int, method: str) -> Fit:
    """Return what the search found, per group of rows; the miss counts columns left out as well."""
    miss = float(np.max(missed(problem, weights, point.g)))
    multipliers = problem.right.multipliers(point.solution)
    return Fit(point.g, multipliers, steps, miss, tuple(problem.basis.left_out.tolist()), method, problem.equations.bounds)


def missed(problem: Problem, weights: Floats, g: Floats) -> Floats:
    """Return the relative miss of every total, (p,)."""
    gap = np.abs((weights * g) @ problem.x - problem.totals)
    return np.asarray(gap / relative_to(problem.x, weights, problem.totals))


def refuse(problem: Problem, weights: Floats, point: Point) -> None:
    """Raise, saying which columns cannot be met and what they can reach."""
    faults = Faults("校准不能满足总数")
    faults.extend(why(problem, weights, point.g))
    faults.refuse(SurveyError)


def why(problem: Problem, weights: Floats, g: Floats) -> list[Fault]:
    """Return why the totals are not met by weights·g, one fault a column."""
    kept = problem.basis.kept
    labels = [column_name(problem.names, int(at)) for at in kept]
    equations = problem.equations
    return reasons(equations.x, weights, equations.totals, equations.bounds, missed(problem, weights, g)[kept], labels)


def unit_means(x: ArrayLike, weights: ArrayLike, units: Ints) -> Floats:
    """Return x with each row replaced by the weighted mean of its unit: Σ d x̄ = Σ d x, and rows of a unit are alike.

    Calibrating on these gives all rows of a cluster the same g. With equal weights inside clusters these are the means that R
    survey's `calibrate(aggregate.stage=)` takes; with unequal ones R takes plain means, and misses the totals of x.

    Parameters
    ----------
    x : (n, p) float array
    weights : (n,) float array
        d ≥ 0; a unit without weight gets 0.
    units : (n,) int array
        Codes of units, 0 … U − 1.

    Returns
    -------
    (n, p) float array

    Examples
    --------
    >>> unit_means([[1., 2], [1, 4], [1, 9]], [10., 30, 5], np.array([0, 0, 1])).tolist()
    [[1.0, 3.5], [1.0, 3.5], [1.0, 9.0]]
    """
    rows, d = design_matrix(x), floats(weights)
    total = tally(units, d)
    sums = np.column_stack([tally(units, d * column) for column in rows.T])
    means = np.divide(sums, total[:, None], out=np.zeros_like(sums), where=total[:, None] > 0)
    return np.asarray(means[units])
