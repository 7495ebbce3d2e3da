"""Balanced half-samples: of each pair of first-stage units one counts double, in turns that a Hadamard matrix balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.errors import Faults, SurveyError
from evalkit.replication.cells import Cells, cells_of, design_df, rule_or_refuse
from evalkit.replication.hadamard import Hadamard, for_pairs
from evalkit.replication.plan import Replicates, appearance
from evalkit.variances import FULL, Floats, Ints, Stage
from evalkit.variances.stages import stage_name


@dataclass(frozen=True, eq=False, repr=False)
class Balanced(Replicates):
    """One unit of each pair grown, the other shrunk.

    Attributes
    ----------
    matrix : Hadamard
        Row 1 + p, column r: +1 where the first unit of pair p grows in replicate r.
    grow, shrink : (pairs,) int arrays
        First and second unit of each pair.
    step : float
        1 − ρ: factors are 1 ± step.
    """

    matrix: Hadamard
    grow: Ints
    shrink: Ints
    step: float

    def turns(self, start: int, stop: int) -> Floats:
        """Return ± step for each replicate and pair."""
        return self.step * self.matrix.signs(np.arange(1, len(self.grow) + 1), np.arange(start, stop)).T

    def between(self, start: int, stop: int) -> Floats:
        factors, turns = np.ones((stop - start, self.units)), self.turns(start, stop)
        factors[:, self.grow] += turns
        factors[:, self.shrink] -= turns
        return factors

    def totals(self, sums: Floats) -> Floats:
        """T_r = T + Σ_p ± step (s_first − s_second)."""
        result = np.tile(sums.sum(axis=0), (self.count, 1))
        between = sums[self.grow] - sums[self.shrink]
        for start, stop in self.chunks():
            result[start:stop] += self.turns(start, stop) @ between
        return result


def brr(stages: Sequence[Stage], singleton: str = "fail") -> Replicates:
    """Return balanced half-samples, factors 0 and 2, scale 1/R.

    Parameters
    ----------
    stages : sequence of Stage
        The first stage counts. Strata taken whole keep the factor 1; other corrections for finite populations are left out, as R
        survey does. A stratum of 4, 6, … units is split into pairs of units whose rows follow one another.
    singleton : {"fail", "certainty", "remove"}
        Under the last two, single units keep the factor 1.

    Raises
    ------
    SurveyError
        Strata with an odd number of units.

    Notes
    -----
    R and the matrix as in R survey (``as.svrepdesign(type = "BRR")``): see `for_pairs`. Pairs come in the order of their
    strata's names as text (of their codes without names), split strata before pairs; units in the order of their first rows.

    References
    ----------
    McCarthy 1969, Rev. Int. Statist. Inst. 37:239; Wolter 2007, ch. 3.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> plan = brr(structure([np.array([0, 0, 1, 1])], [np.arange(4)], [None]))
    >>> plan.factors().tolist()
    [[2.0, 0.0, 2.0, 0.0], [0.0, 2.0, 2.0, 0.0], [2.0, 0.0, 0.0, 2.0], [0.0, 2.0, 0.0, 2.0]]
    """
    return _half_samples("brr", stages, 0.0, singleton)


def fay(stages: Sequence[Stage], rho: float, singleton: str = "fail") -> Replicates:
    """Return Fay's half-samples, factors ρ and 2 − ρ, scale 1/(R (1 − ρ)²).

    Parameters
    ----------
    stages, singleton
        As for `brr`.
    rho : float
        In [0, 1); no unit is left out when it is above 0.

    Raises
    ------
    SurveyError
        ρ outside [0, 1); strata with an odd number of units.

    References
    ----------
    Judkins 1990, J. Official Stat. 6:223.
    """
    if not 0 <= rho < 1:
        raise SurveyError(f"rho = {rho}｜应不小于 0、小于 1｜例如 rho=.3")
    return _half_samples("fay", stages, rho, singleton)


def _half_samples(kind: str, stages: Sequence[Stage], rho: float, singleton: str) -> Balanced:
    stage, faults = stages[0], Faults("重复权数")
    cells = cells_of(stage, 0, stage.through < 1 - FULL, rule_or_refuse(singleton), faults)
    for h in np.flatnonzero(cells.size % 2):
        where = f"第 1 阶段，层 {stage_name(stage, int(cells.stratum[h]))}"
        faults.add(None, where, f"{cells.size[h]} 个单元", "各层单元应两两成对", "改用 jkn，或先并层、分层成对")
    faults.refuse(SurveyError)
    grow, shrink = _pairs(stage, cells)
    matrix, step = for_pairs(len(grow)), 1 - rho
    count, ones = matrix.order, np.ones(matrix.order)
    df = design_df(stages) - (len(cells.unit) - len(cells.size) - len(grow))  # a split stratum has no more than one a pair
    return Balanced(kind, count, stage.units, 1 / (count * step**2), ones, df, 0, matrix, grow, shrink, step)


def _pairs(stage: Stage, cells: Cells) -> tuple[Ints, Ints]:
    """Return first and second units of the pairs, in R's order."""
    strata = len(stage.n)
    named = np.argsort(np.array(stage.names), kind="stable") if stage.names else np.arange(strata)
    place = np.empty(strata, dtype=np.int64)
    place[named] = np.arange(strata)
    pair = cells.size[cells.cell] == 2
    seen = appearance(stage.row_unit, stage.units)[cells.unit]
    ordered = cells.unit[np.lexsort((seen, place[stage.unit_stratum[cells.unit]], pair))]
    return ordered[0::2], ordered[1::2]
