"""Replicate weights of a survey: factors for units, and the steps taken again on every replicate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import sparse

from evalkit import replication
from evalkit.errors import EvalkitError, SurveyError
from evalkit.variances import Floats, Ints, Partition, add_up
from evalkit.weights.steps import Sets

if TYPE_CHECKING:
    from evalkit.weights.steps import Applied

CHUNK = 4_000_000  # numbers in a block of replicates


@dataclass(frozen=True, eq=False, repr=False)
class Replicated:
    """Replicates of a survey; made by `Survey.replicate` or `Survey.from_replicates`.

    Rows that share their unit of replication and, in every step, the cell of the step have the same factor: a replicate is
    a number a cell, never a number a row.

    Attributes
    ----------
    plan : replication.Replicates
        Factors by unit, scale and rscales.
    unit : (rows,) int array
        Unit of replication of each row.
    base : (rows,) float array
        Weights before the steps.
    steps : tuple of Applied
    centre : {"mean", "estimate"}
    missing : {"fail", "drop"}
        What becomes of a replicate in which a statistic has no value.
    imported : bool
        Whether the replicate weights were made elsewhere, so that the villages behind them are unknown.
    """

    plan: replication.Replicates
    unit: Ints
    base: Floats
    steps: tuple[Applied, ...] = ()
    centre: replication.Centre = "mean"
    missing: Literal["fail", "drop"] = "fail"
    imported: bool = False

    def __post_init__(self) -> None:
        errors = sum(step.errors for step in self.steps)
        if errors > self.plan.count:
            found = f"{self.plan.count} 套重复权数｜估计的总数共有 {errors} 个误差，每个需要一套"
            raise SurveyError(f"{found}｜增加 replicates，或不用重复权数（线性化不缺）")

    def __repr__(self) -> str:
        return f"{self.plan.count} 套重复权数（{self.plan.kind}）"

    @cached_property
    def _cells(self) -> tuple[Ints, Ints]:
        """Cell of each row, and the first row of each cell."""
        if not self.steps:
            return self.unit, np.empty(0, dtype=np.int64)
        codes = [self.unit, *(code for step in self.steps for code in step.cells)]
        joint = codes[0]
        for code in codes[1:]:
            joint = np.unique(joint * (int(code.max()) + 1) + code, return_inverse=True)[1]
        first = np.unique(joint, return_index=True)[1]
        return joint, first

    @property
    def _spread(self) -> Floats:
        return np.broadcast_to(self.plan.scale * np.asarray(self.plan.rscales), self.plan.count)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self._cells[1]) if self.steps else self.plan.units

    def multipliers(self, start: int, stop: int) -> Floats:
        """Return what the base weights are multiplied by, (stop − start, cells)."""
        factors = self.plan.factors(start, stop)
        if not self.steps:
            return factors
        cell, first = self._cells
        made = factors[:, self.unit[first]]
        base = add_up(cell, self.base, len(first))
        used = 0
        for step in self.steps:
            made = made * _replayed(step, Sets(base * made, first, start, self._spread, used))
            used += step.errors
        return made

    def totals(self, terms: Sequence[Floats | None], partition: Partition) -> Floats:
        """Return the totals of terms by replicate and domain, (terms, replicates, domains); None stands for the term 1."""
        cell = self._cells[0]
        weighted = [self.base if term is None else self.base * term for term in terms]
        sums: Any = _sums(cell, self.cells, weighted, partition)
        if isinstance(sums, np.ndarray) and not self.steps:
            made = self.plan.totals(sums)
        else:
            made = np.empty((self.plan.count, sums.shape[1]))
            for start, stop in self.plan.chunks(self.cells, CHUNK):
                made[start:stop] = (sums.T @ self.multipliers(start, stop).T).T
        return made.reshape(self.plan.count, len(terms), partition.columns).transpose(1, 0, 2)

    def values(self, again: Callable[[Floats], Any]) -> Floats:
        """Return a statistic computed anew with the weights of each replicate, (replicates, columns)."""
        made = list[Any]()
        step = max(1, CHUNK // max(self.cells, len(self.base), 1))
        for start in range(0, self.plan.count, step):
            for weights in self.weights(start, min(start + step, self.plan.count)):
                made.append(again(weights))
                self.plan.tell(len(made) - 1, len(made))
        if not made:  # all of the population is in the sample, and the sample itself says how many columns there are
            return np.empty((0, np.size(again(self.steps[-1].after if self.steps else self.base))))
        return np.array(made, dtype=float)

    def weights(self, start: int, stop: int) -> Floats:
        """Return the weights of replicates, (stop − start, rows)."""
        return self.multipliers(start, stop)[:, self._cells[0]] * self.base

    def variances(self, values: Floats, estimate: Floats) -> Floats:
        """Variance of each column of replicate values; NaN where the estimate itself is none."""
        known = np.isfinite(estimate)
        found = np.full(len(estimate), np.nan)
        found[known] = replication.variance(values[:, known], *self._rule, estimate[known], self.missing)
        return found

    def covariance(self, values: Floats, estimate: Floats) -> Floats:
        """Covariance of the columns of replicate values."""
        known = np.isfinite(estimate)
        found = np.full((len(estimate), len(estimate)), np.nan)
        found[np.ix_(known, known)] = replication.covariance(values[:, known], *self._rule, estimate[known], self.missing)
        return found

    @property
    def _rule(self) -> tuple[float, Floats, str]:
        return self.plan.scale, self.plan.rscales, self.centre


def _replayed(step: Applied, sets: Sets) -> Floats:
    """Take a step again; a refusal says which step, and in which replicates."""
    try:
        return step.replay(sets)
    except EvalkitError as refusal:
        which = f"第 {sets.start + 1}–{sets.start + len(sets.weights)} 套重复权数上的 {step.note()}"
        rule = "某套里一类没有人时，合并该类，或用不会抽空的方法（fay、beaumont-emond）"
        raise SurveyError(f"{which}｜{refusal}｜{rule}") from refusal


def _sums(cell: Ints, cells: int, weighted: Sequence[Floats], partition: Partition) -> Any:
    """Sum weighted terms by cell, terms × domains columns wide: dense where cells are few, sparse otherwise."""
    width = partition.columns
    inside = partition.inside
    cell = cell if inside is None else cell[inside]
    code = np.zeros(len(cell), dtype=np.int64) if partition.code is None else partition.code if inside is None else partition.code[inside]
    kept = weighted if inside is None else [values[inside] for values in weighted]
    if cells * width * len(kept) <= CHUNK * 4:
        key = cell * width + code
        return np.stack([add_up(key, values, cells * width).reshape(cells, width) for values in kept], axis=1).reshape(cells, -1)
    parts = [sparse.csr_array((values, (cell, code)), shape=(cells, width)) for values in kept]
    return sparse.csc_array(sparse.hstack(parts))
