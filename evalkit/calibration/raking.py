"""Weights that reproduce counts: post-strata, and several margins by iterative proportional fitting on joint cells.

Rows are touched to combine their codes, to sum their weights by cell and to hand out factors; the sweeps are over cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.calibration.bases import Ints, tally
from evalkit.calibration.cells import Cells, Codes, check_codes, collapse
from evalkit.calibration.checks import bad_weights, floats
from evalkit.calibration.distances import Floats
from evalkit.calibration.margins import NUMBERED, Names, check_totals, check_weighted, refuse_miss
from evalkit.errors import Faults, SurveyError

DENSE = 1 << 20  # numbers of a matrix that says which cell is in which category, up to which it is written out


@dataclass(frozen=True, eq=False)
class Raked:
    """Factors that make weights add up to totals by category.

    Attributes
    ----------
    g : (n,) float array
        New weight over old.
    cell_g : (cells,) float array
        The same by cell; 1 where a cell has no weight.
    cells : Cells
        Which rows are in which cell.
    sweeps : int
        Passes over all margins; 1 for post-strata.
    miss : float
        Largest ``|Σ w − T|/T`` over all categories with weight; 0 for post-strata, which miss by no more than rounding.
    """

    g: Floats
    cell_g: Floats
    cells: Cells
    sweeps: int
    miss: float

    def __post_init__(self) -> None:
        for array in (self.g, self.cell_g):
            array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class _Margin:
    """One margin: the category of each cell, as codes and, where small, as a (cells, levels) matrix of 0 and 1."""

    code: Ints
    total: Floats
    matrix: Floats | None

    def sums(self, weights: Floats) -> Floats:
        """Sum weights (R, cells) by category, (R, levels)."""
        if self.matrix is not None:
            return np.asarray(weights @ self.matrix)
        return np.array([tally(self.code, each, len(self.total)) for each in weights])

    def miss(self, found: Floats) -> float:
        """Return the largest relative miss; a category without total and weight misses nothing."""
        return float(np.max(np.abs(found - self.total) / np.where(self.total > 0, self.total, 1.0), initial=0.0))


def rake(
    codes: Sequence[Codes], weights: ArrayLike, margins: Sequence[ArrayLike],
    *, tol: float = 1e-10, max_sweeps: int = 1000, names: Names = NUMBERED,
) -> Raked:  # fmt: skip
    """Scale weights until they add up to the totals of every margin (raking, iterative proportional fitting).

    Parameters
    ----------
    codes : sequence of (n,) int arrays
        Category of each row in each margin, 0 … levels − 1, integers of any width.
    weights : (n,) float array
        d ≥ 0.
    margins : sequence of (levels,) float arrays
        Totals ≥ 0 by category.
    tol : float
        Largest relative miss of a total.
    max_sweeps : int
    names : Names
        For messages.

    Returns
    -------
    Raked

    Raises
    ------
    SurveyError
        Margins with different sums; a category with a total and no weight, or with weight and a total of 0; margins that the
        cells that occur do not allow, with the category that misses most.

    Notes
    -----
    Deming & Stephan 1940, Ann. Math. Stat. 11:427. The limit is that of `fit(…, method="raking")` on the dummies of all margins.
    R survey's `rake` stops by default when no cell changes by 1 or more; with a small `epsilon` it gives these numbers.

    Examples
    --------
    >>> rows, columns, table = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([40., 30, 20, 10])
    >>> (table * rake([rows, columns], table, [[60, 50], [70, 40]]).g).round(4).tolist()
    [35.6466, 24.3534, 34.3534, 15.6466]
    """
    d, totals = _input(codes, weights, margins, tol, names)
    cells = collapse(codes, [len(total) for total in totals], names)
    before = cells.add_up(d)
    made = _margins(cells.codes, totals)
    after, sweeps, miss = _swept(before[None, :], made, tol, max_sweeps, names)
    g = _over(after[0], before)
    return Raked(cells.spread(g), g, cells, sweeps, miss)


def rake_cells(
    weights: ArrayLike, codes: Sequence[Codes], margins: Sequence[ArrayLike],
    *, tol: float = 1e-10, max_sweeps: int = 1000, names: Names = NUMBERED,
) -> Floats:  # fmt: skip
    """Rake many sets of weights at once, each given by cell.

    Parameters
    ----------
    weights : (R, cells) float array
        Sum of the weights of the rows of each cell, ≥ 0, in each set.
    codes : sequence of (cells,) int arrays
        Category of each cell in each margin, such as `Cells.codes`.
    margins, tol, max_sweeps, names
        As for `rake`.

    Returns
    -------
    (R, cells) float array
        Factors; 1 where a cell has no weight.

    Raises
    ------
    SurveyError
        As for `rake`, with the replicates named.

    Examples
    --------
    >>> sets = np.array([[40., 30, 20, 10], [30, 40, 10, 20]])
    >>> (sets * rake_cells(sets, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])], [[60, 50], [70, 40]])).round(4).tolist()
    [[35.6466, 24.3534, 34.3534, 15.6466], [40.7428, 19.2572, 29.2572, 20.7428]]
    """
    sets, totals = _input(codes, weights, margins, tol, names)
    check_codes(codes, [len(total) for total in totals], names)
    after, _, _ = _swept(sets, _margins(codes, totals), tol, max_sweeps, names)
    return _over(after, sets)


def poststratify(codes: Codes, weights: ArrayLike, totals: ArrayLike, *, names: Names = NUMBERED) -> Raked:
    """Scale the weights of each post-stratum to its total.

    Parameters
    ----------
    codes : (n,) int array
        Post-stratum of each row, 0 … levels − 1.
    weights : (n,) float array
        d ≥ 0.
    totals : (levels,) float array
        Totals ≥ 0.
    names : Names
        For messages; of one margin.

    Returns
    -------
    Raked

    Raises
    ------
    SurveyError
        A post-stratum with a total and no weight, or with weight and a total of 0; codes out of range.

    Examples
    --------
    >>> poststratify(np.array([0, 1, 1]), [10., 10, 30], [12, 60]).g.tolist()
    [1.2, 1.5, 1.5]
    """
    d, (total,) = _input([codes], weights, [totals], 0.0, names)
    check_codes([codes], [len(total)], names)
    cells = Cells(codes.astype(np.intp, copy=False), (np.arange(len(total)),))
    g = poststratify_cells(cells.add_up(d)[None, :], total, names=names)[0]
    return Raked(cells.spread(g), g, cells, 1, 0.0)


def poststratify_cells(weights: ArrayLike, totals: ArrayLike, *, names: Names = NUMBERED) -> Floats:
    """Return T over Σ d for many sets of weights at once, each given by post-stratum.

    Parameters
    ----------
    weights : (R, levels) float array
        Σ d by replicate and post-stratum.
    totals : (levels,) float array

    Returns
    -------
    (R, levels) float array
        Factors; 1 where there is neither weight nor total.

    Raises
    ------
    SurveyError
        As for `poststratify`, with the replicates named; totals that are negative or no numbers.

    Examples
    --------
    >>> poststratify_cells([[10., 40], [20, 30]], [12, 60]).tolist()
    [[1.2, 1.5], [0.6, 2.0]]
    """
    sets, total = floats(weights), floats(totals)
    if sets.ndim != 2 or sets.shape[1:] != total.shape:
        raise SurveyError(f"权数 {sets.shape}，总数 {total.shape}｜应为 (组数, 类数) 与 (类数,)｜逐类对应")
    check_totals([total], 0.0, names)
    check_weighted([sets], [total], names)
    return _over(np.broadcast_to(total, sets.shape), sets)


def _input(
    codes: Sequence[Codes], weights: ArrayLike, margins: Sequence[ArrayLike], tol: float, names: Names
) -> tuple[Floats, list[Floats]]:
    """Return weights and totals as arrays; refuse what is wrong with either."""
    d, totals = floats(weights), [floats(margin) for margin in margins]
    faults = Faults("权数与边际")
    bad_weights(faults, d)
    if len(codes) != len(totals):
        faults.add(None, "margins", f"{len(totals)} 组总数", f"编码有 {len(codes)} 个边际", "每个边际各给编码与总数")
    for at, code in enumerate(codes):
        if len(code) != d.shape[-1]:
            faults.add(None, names.margin(at), f"{len(code)} 个编码", f"权数有 {d.shape[-1]} 个", "逐行对应")
    faults.refuse(SurveyError)
    check_totals(totals, tol, names)
    return d, totals


def _margins(codes: Sequence[Codes], totals: Sequence[Floats]) -> list[_Margin]:
    made = []
    for code, total in zip(codes, totals, strict=True):
        small = len(code) * len(total) <= DENSE
        matrix = (code[:, None] == np.arange(len(total))).astype(float) if small else None
        made.append(_Margin(code.astype(np.intp, copy=False), total, matrix))
    return made


def _swept(before: Floats, margins: Sequence[_Margin], tol: float, max_sweeps: int, names: Names) -> tuple[Floats, int, float]:
    """Sweep over the margins until all are met; return the weights (R, cells), the sweeps and the largest relative miss."""
    weights = before.copy()
    totals = [margin.total for margin in margins]
    found = [margin.sums(weights) for margin in margins]
    check_weighted(found, totals, names)
    for sweep in range(max_sweeps + 1):
        miss = max(margin.miss(each) for margin, each in zip(margins, found, strict=True))
        if miss <= tol or sweep == max_sweeps:
            break
        for at, margin in enumerate(margins):
            now = found[0] if at == 0 else margin.sums(weights)
            weights *= np.take(_over(np.broadcast_to(margin.total, now.shape), now), margin.code, axis=1)
        found = [margin.sums(weights) for margin in margins]
    if not miss <= tol:
        refuse_miss(found, totals, sweep, names)
    return weights, sweep, miss


def _over(new: Floats, old: Floats) -> Floats:
    """Return new/old, 1 where old is 0."""
    return np.divide(new, old, out=np.ones(old.shape), where=old > 0)
