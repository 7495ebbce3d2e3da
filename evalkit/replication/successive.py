"""Successive differences: replicates for samples drawn at even distances from an ordered list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import Faults, SurveyError
from evalkit.replication.cells import Cells, cells_of, design_df, rule_or_refuse
from evalkit.replication.hadamard import Hadamard, for_differences
from evalkit.replication.plan import Replicates, appearance
from evalkit.variances import FULL, Floats, Ints, Stage


@dataclass(frozen=True, eq=False, repr=False)
class Successive(Replicates):
    """Factors 1 + 2^(−3/2) √(1 − f) (h_ar − h_br).

    Attributes
    ----------
    matrix : Hadamard
    unit, one, other : (places,) int arrays
        Units that vary, and the two rows of the matrix of each.
    step : (places,) float array
        2^(−3/2) √(1 − f).
    """

    matrix: Hadamard
    unit: Ints
    one: Ints
    other: Ints
    step: Floats

    def between(self, start: int, stop: int) -> Floats:
        factors, columns = np.ones((stop - start, self.units)), np.arange(start, stop)
        turned = self.matrix.signs(self.one, columns) - self.matrix.signs(self.other, columns)
        factors[:, self.unit] += (turned * self.step[:, None]).T
        return factors

    def totals(self, sums: Floats) -> Floats:
        """Gather what each row of the matrix is multiplied by, and multiply."""
        weighed = self.step[:, None] * sums[self.unit]
        gathered = np.zeros((self.count, sums.shape[1]))
        np.add.at(gathered, self.one, weighed)
        np.subtract.at(gathered, self.other, weighed)
        rows, result = np.arange(self.count), np.tile(sums.sum(axis=0), (self.count, 1))
        for start, stop in self.chunks():
            result[start:stop] += self.matrix.signs(rows, np.arange(start, stop)).T @ gathered
        return result

    @property
    def width(self) -> int:
        return max(self.units, self.count)


def sdr(stages: Sequence[Stage], replicates: int | None = None, order: ArrayLike | None = None, singleton: str = "fail") -> Replicates:
    """Return successive difference replicates, scale 4/R with R = 4·2^j.

    Parameters
    ----------
    stages : sequence of Stage
        The first stage counts.
    replicates : int, optional
        Least R; without it, at least the number of units.
    order : array, shape (units,), optional
        Place of each unit on the list it was drawn from; without it, units stand as their rows.
    singleton : {"fail", "certainty", "remove"}
        For strata of one unit; under the last two they keep the factor 1.

    Returns
    -------
    Replicates
        With R ≥ units the variance of a total is, in each stratum, (1 − f)/2 [Σ (z_i − z_{i+1})² + (z_n − z_1)²], the circular
        estimator SD2; strata taken whole keep the factor 1. With fewer replicates rows of the matrix are used again, by Ash's
        assignment RA1 along the whole list, and the variance holds on average only.

    Raises
    ------
    SurveyError
        Fewer than 4 replicates asked; strata of a single unit under "fail"; an order of another length.

    References
    ----------
    Fay & Train 1995, Proc. Gov. Statist. Sect. ASA, 154; Ash 2014, Surv. Meth. 40:47. Matrix and fpc as in svrep
    (``as_sdr_design``), which for a stratified list also takes differences across strata.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> plan = sdr(structure([None], [np.arange(4)], [None]))
    >>> plan.factors(0, 2).round(3).tolist(), plan.scale
    ([[1.707, 0.293, 1.0, 1.0], [1.0, 1.0, 0.293, 1.707]], 1.0)
    """
    stage, faults = stages[0], Faults("重复权数")
    if replicates is not None and replicates < 4:
        raise SurveyError(f"replicates = {replicates}｜sdr 至少要 4 套｜例如 replicates=80")
    cells = cells_of(stage, 0, stage.through < 1 - FULL, rule_or_refuse(singleton), faults)
    faults.refuse(SurveyError)
    place = appearance(stage.row_unit, stage.units) if order is None else np.asarray(order)
    if place.shape != (stage.units,):
        raise SurveyError(f"order 的形状 {place.shape}｜应每单元一个位次，共 {stage.units} 个｜对齐单元")
    unit = cells.unit[np.lexsort((place[cells.unit], cells.cell))]
    matrix = for_differences(replicates or len(unit))
    one, other = _circles(cells) if matrix.order >= len(unit) else _walks(len(unit), matrix.order)
    step = 2**-1.5 * np.sqrt(1 - stage.through[unit])
    ones = np.ones(matrix.order)
    return Successive(
        "sdr", matrix.order, stage.units, 4 / matrix.order, ones, design_df(stages), 0, matrix, unit, one, other, step
    )


def _circles(cells: Cells) -> tuple[Ints, Ints]:
    """Give each unit its own row and that of the next, the last of a stratum that of the first."""
    one = np.arange(len(cells.unit))
    other = one + 1
    other[cells.first + cells.size - 1] = cells.first
    return one, other


def _walks(units: int, order: int) -> tuple[Ints, Ints]:
    """Walk round the rows with steps of 1, then of 2, …, each walk closed before the next begins."""
    one: list[int] = []
    for step in range(1, -(-units // order) + 1):
        stride = (step - 1) % (order - 1) + 1
        walks = int(np.gcd(stride, order))
        one += [(begin + k * stride) % order for begin in range(walks) for k in range(order // walks)]
    first = np.array(one, dtype=np.int64)[:units]
    return first, (first + np.arange(units) // order % (order - 1) + 1) % order
