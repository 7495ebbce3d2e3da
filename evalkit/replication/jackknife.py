"""Jackknife replicates: each leaves out one first-stage unit, and the others of its stratum stand in for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import SurveyError
from evalkit.replication.cells import Cells, design_df, first_cells
from evalkit.replication.plan import Replicates, appearance, stratum_sums
from evalkit.variances import Floats, Ints, Stage


@dataclass(frozen=True, eq=False, repr=False)
class Jackknife(Replicates):
    """One unit left out a replicate.

    Attributes
    ----------
    stratum : (units,) int array
    left_out : (R,) int array
    grown : (R,) float array
        Factor of the others.
    everywhere : (R,) bool array
        Whether the others are all units, or those of the stratum.
    """

    stratum: Ints
    left_out: Ints
    grown: Floats
    everywhere: NDArray[np.bool_]

    def between(self, start: int, stop: int) -> Floats:
        gone, grown = self.left_out[start:stop], self.grown[start:stop, None]
        others = (self.stratum == self.stratum[gone][:, None]) | self.everywhere[start:stop, None]
        factors = np.where(others, grown, 1.0)
        factors[np.arange(len(gone)), gone] = 0.0
        return factors

    def totals(self, sums: Floats) -> Floats:
        """T_r = T + (g − 1) S − g s, with S the sum of the stratum and s that of the unit left out."""
        whole = sums.sum(axis=0)
        strata = stratum_sums(self.stratum, sums)
        grown = self.grown[:, None]
        reach = np.where(self.everywhere[:, None], whole, strata[self.stratum[self.left_out]])
        return np.asarray(whole + (grown - 1) * reach - grown * sums[self.left_out])


def jk1(stages: Sequence[Stage]) -> Replicates:
    """Return the jackknife of an unstratified design: n replicates, scale (1 − f)(n − 1)/n.

    Parameters
    ----------
    stages : sequence of Stage
        The first stage counts; as in R survey (``as.svrepdesign(type = "JK1")``) corrections of later stages are dropped, so the
        part f·(variance inside units) of the variance is left out.

    Raises
    ------
    SurveyError
        More than one stratum; a single unit; unequal chances.

    References
    ----------
    Wolter 2007, Introduction to Variance Estimation, 2nd ed., section 4.2.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> plan = jk1(structure([None], [np.arange(4)], [np.full(4, 40.0)]))
    >>> plan.factors(0, 1).round(4).tolist(), round(plan.scale, 4)
    ([[0.0, 1.3333, 1.3333, 1.3333]], 0.675)
    """
    if len(stages[0].n) > 1:
        raise SurveyError(f"首阶段有 {len(stages[0].n)} 层｜jk1 只用于不分层的设计｜改用 jkn")
    cells = first_cells(stages, "fail")
    n = cells.size
    scale = float(((1 - stages[0].fraction[cells.stratum]) * (n - 1) / n).sum())
    return _leave_out("jk1", stages, cells, scale, np.ones(len(cells.unit)))


def jkn(stages: Sequence[Stage], singleton: str = "fail") -> Replicates:
    """Return the jackknife of a stratified design: rscales (1 − f_h)(n_h − 1)/n_h of the stratum of the unit left out.

    Parameters
    ----------
    stages : sequence of Stage
        The first stage counts, as for `jk1`. Strata taken whole have no replicates.
    singleton : {"fail", "certainty", "remove", "adjust", "average"}
        For strata of one unit that are not taken whole: an error; no replicate; a replicate without the unit, in which all
        others grow by H/(H − 1) (H strata; R's ``adjust``); no replicate, but a scale of units over replicates (``average``).

    Raises
    ------
    SurveyError
        Strata of a single unit under "fail"; unequal chances.

    References
    ----------
    Wolter 2007, section 4.5. Order of replicates as in R survey: by the first row of the stratum, then of the unit.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> plan = jkn(structure([np.array([0, 0, 1, 1, 1])], [np.arange(5)], [None]))
    >>> plan.rscales.round(4).tolist()
    [0.5, 0.5, 0.6667, 0.6667, 0.6667]
    """
    cells = first_cells(stages, singleton, ("adjust", "average"))
    scale = 1.0
    if singleton == "average" and len(cells.lonely):
        scale = (len(cells.unit) + len(cells.lonely)) / len(cells.unit) if len(cells.unit) else 0.0
        if not scale:
            raise SurveyError("singleton=average｜没有多于 1 个单元的层可取平均｜改用 adjust、collapse 或 certainty")
    return _leave_out("jkn", stages, cells, scale, None, cells.lonely if singleton == "adjust" else cells.lonely[:0])


def _leave_out(
    kind: str, stages: Sequence[Stage], cells: Cells, scale: float, rscales: Floats | None, alone: Ints | None = None
) -> Jackknife:
    """Order the units that are left out as their rows appear, those in strata first."""
    stage, strata = stages[0], len(stages[0].n)
    alone = np.zeros(0, dtype=np.int64) if alone is None else alone
    if len(alone) and strata == 1:
        raise SurveyError("singleton=adjust｜只有一层一个单元，没有其余单元可代替｜改用 certainty")
    n, f = cells.size[cells.cell].astype(float), stage.fraction[cells.stratum][cells.cell]
    spread = strata / (strata - 1) if strata > 1 else 1.0
    left_out = np.concatenate([cells.unit, alone])
    grown = np.concatenate([n / (n - 1), np.full(len(alone), spread)])
    by_rule = np.concatenate([(1 - f) * (n - 1) / n, np.full(len(alone), 1 / spread)])
    everywhere = np.arange(len(left_out)) >= len(n)
    seen = appearance(stage.row_unit, stage.units)
    seen_stratum = np.full(strata, len(stage.row_unit))
    np.minimum.at(seen_stratum, stage.unit_stratum, seen)
    order = np.lexsort((seen[left_out], seen_stratum[stage.unit_stratum[left_out]]))
    known = by_rule if rscales is None else rscales
    return Jackknife(
        kind, len(order), stage.units, scale, known[order], design_df(stages), 0,
        stage.unit_stratum, left_out[order], grown[order], everywhere[order],
    )  # fmt: skip
