"""Bootstraps that resample every stage of a design whose variance counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import Faults, SurveyError
from evalkit.replication.cells import Cells, cells_of, drawn, enough, equal_chances, rule_or_refuse, shares_above
from evalkit.replication.draws import Layout, chosen, drawn_counts, layout_of
from evalkit.replication.plan import Replicates
from evalkit.variances import FULL, Floats, Ints, Stage


@dataclass(frozen=True, eq=False)
class Halves:
    """One stage of Preston's bootstrap.

    Attributes
    ----------
    cells : Cells
    take : (cells,) int array
        n* = ⌊n/2⌋.
    step : (places,) float array
        λ of the stratum.
    more : (places,) float array
        n/n*.
    parent : (units,) int array
        Unit above.
    """

    cells: Cells
    take: Ints
    step: Floats
    more: Floats
    parent: Ints


@dataclass(frozen=True, eq=False, repr=False)
class Halved(Replicates):
    """Factors 1 + Σ_t carry_t · λ_t (n/n* r_t − 1), carry_t = Π_{s<t} √(n/n*) r_s."""

    seed: str
    levels: tuple[Halves, ...]

    def between(self, start: int, stop: int) -> Floats:
        factors = carry = np.ones((stop - start, 1))
        for at, level in enumerate(self.levels):
            factors, carry = factors[:, level.parent], carry[:, level.parent]
            cells, purpose = level.cells, f"replicates {self.kind} {at + 1}"
            kept = chosen(cells.first, cells.size, level.take, self.seed, purpose, start, stop)
            here = carry[:, cells.unit]
            factors[:, cells.unit] += here * level.step * (level.more * kept - 1)
            carry[:, cells.unit] = here * np.sqrt(level.more) * kept
        return factors


def preston(stages: Sequence[Stage], replicates: int, seed: str, singleton: str = "fail") -> Replicates:
    """Return Preston's rescaled bootstrap: at every stage n* = ⌊n/2⌋ units of each stratum without replacement.

    For two stages the factor of unit j inside unit i is

        1 − λ1 + λ1 (n/n*) r_i − λ2 √(n/n*) r_i + λ2 √(n/n*) r_i (m/m*) q_ij,
        λ1 = √(n* (1 − f1)/(n − n*)),  λ2 = √(m* f1 (1 − f2)/(m − m*)).

    Parameters
    ----------
    stages : sequence of Stage
        All stages whose variance counts (those below a first stage drawn with replacement do not).
    replicates, seed
        As for `rwy`.
    singleton : {"fail", "certainty", "remove"}
        For strata of one unit at any stage; under the last two its factor is that of the unit above.

    Returns
    -------
    Replicates
        Factors of the units of the last stage that counts (`level`); they can be negative, see `softened`. Scale 1/(R − 1). All units
        of a stratum that was taken whole are kept, and what is below them is resampled.

    Raises
    ------
    SurveyError
        Strata of a single unit at any stage under "fail"; unequal chances.

    References
    ----------
    Preston 2009, Surv. Meth. 35:227, eq. 3 and section 4. R survey's ``mrbbootstrap`` also halves strata taken whole (with λ = 0),
    which adds noise, and lets single units pass in silence.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> village = np.repeat(np.arange(4), 2)
    >>> plan = preston(structure([None, None], [village, np.arange(8)], [np.full(8, 8.0), np.full(8, 4.0)]), 100, "1")
    >>> plan.level, plan.units, sorted(set(plan.factors().round(3).ravel().tolist()))
    (1, 8, [0.293, 1.0, 2.414])
    """
    enough(replicates)
    counted, faults = _counted(stages), Faults("重复权数")
    equal_chances(counted, faults)
    levels = [_halves(stage, *part) for stage, part in zip(counted, _parts(counted, singleton, faults), strict=True)]
    return Halved(*drawn("preston", counted, replicates), seed, tuple(levels))


def _halves(stage: Stage, cells: Cells, above: Floats) -> Halves:
    n, take, f = cells.size, cells.size // 2, stage.fraction[cells.stratum]
    step = np.sqrt(take * above[cells.unit[cells.first]] * (1 - f) / (n - take))
    return Halves(cells, take, step[cells.cell], (n / take)[cells.cell], stage.unit_parent)


@dataclass(frozen=True, eq=False)
class Draws:
    """One stage of the bootstrap of Beaumont & Émond.

    Attributes
    ----------
    cells : Cells
    layout : Layout
    root, gain : (places,) float arrays
        √(1 − π) and √(1 − π) n/(n − 1).
    under : (places,) float array
        √(π'/(2 − π')), π' the chance of the unit above; 1 at the first stage.
    unequal : (cells,) bool array
        Strata drawn with unequal chances, whose factors are made to add up to n.
    parent : (units,) int array
        Unit above.
    """

    cells: Cells
    layout: Layout
    root: Floats
    gain: Floats
    under: Floats
    unequal: NDArray[np.bool_]
    parent: Ints

    def factors(self, counts: Ints) -> Floats:
        """Return the factors of the stage by place."""
        made: Floats = 1 - self.root + self.gain * counts
        if self.unequal.any():
            sums = np.add.reduceat(made, self.cells.first, axis=1)
            made *= np.where(self.unequal, self.cells.size / sums, 1.0)[:, self.cells.cell]
        return 1 + self.under * (made - 1)


@dataclass(frozen=True, eq=False, repr=False)
class Multiplied(Replicates):
    """The factors of the stages multiplied."""

    seed: str
    levels: tuple[Draws, ...]

    def between(self, start: int, stop: int) -> Floats:
        factors = np.ones((stop - start, 1))
        for at, level in enumerate(self.levels):
            factors = factors[:, level.parent]
            counts = drawn_counts(level.layout, self.seed, f"replicates {self.kind} {at + 1}", start, stop)
            factors[:, level.cells.unit] *= level.factors(counts)
        return factors


def beaumont_emond(stages: Sequence[Stage], replicates: int, seed: str, singleton: str = "fail") -> Replicates:
    """Return the bootstrap of Beaumont & Émond for stages drawn with equal or unequal chances without replacement.

    At each stage n − 1 draws with replacement in every stratum give a = 1 − √(1 − π) + √(1 − π) n/(n − 1)·count; with unequal
    chances a is then multiplied by n/Σa. At later stages it becomes 1 − q + q a, q = √(π'/(2 − π')), with π' the chance of the unit
    above, and the factors of all stages are multiplied. No factor is negative.

    Parameters
    ----------
    stages : sequence of Stage
        π is `chance` where a stage has it, else `fraction`. Units with π = 1 have the factor 1 and are not drawn.
    replicates, seed, singleton
        As for `preston`; a unit that is alone among certain ones is a single unit.

    Returns
    -------
    Replicates
        Factors of the units of the last stage that counts. Scale 1/(R − 1).

    Raises
    ------
    SurveyError
        Strata of a single unit at any stage under "fail".

    Notes
    -----
    With equal chances the variance of a total is unbiased at all stages, and at one stage this is `rwy`. With unequal chances, to the
    first order, a stratum gives, with z = y/π and z̄ its plain mean,

        n/(n − 1) [Σ (1 − π_i)(z_i − z̄)² − (Σ √(1 − π_i)(z_i − z̄))²/n],

    which is Brewer's estimator but for the last term, 0 when the π are equal.

    References
    ----------
    Beaumont & Émond 2022, Stats 5:339, eq. 20, 21, 24 and section 7; svrep's ``make_rwyb_bootstrap_weights``, which draws certain
    units of a stratum along.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> stages = structure([None], [np.arange(4)], [np.full(4, 40.0)])
    >>> sorted(set(beaumont_emond(stages, 100, "1").factors().round(3).ravel().tolist()))
    [0.051, 1.316, 2.581, 3.846]
    """
    enough(replicates)
    counted, faults = _counted(stages), Faults("重复权数")
    levels = [_draws(stage, *part) for stage, part in zip(counted, _parts(counted, singleton, faults), strict=True)]
    return Multiplied(*drawn("beaumont-emond", counted, replicates), seed, tuple(levels))


def _draws(stage: Stage, cells: Cells, above: Floats) -> Draws:
    n, root, share = cells.size[cells.cell], np.sqrt(1 - stage.through[cells.unit]), above[cells.unit]
    unequal = np.full(len(cells.size), stage.chance is not None)
    layout = layout_of(cells.first, cells.size, cells.size - 1)
    return Draws(cells, layout, root, root * n / (n - 1), np.sqrt(share / (2 - share)), unequal, stage.unit_parent)


def _counted(stages: Sequence[Stage]) -> list[Stage]:
    """Return the stages down to the last that has a unit whose variance counts."""
    reached = [at for at, above in enumerate(shares_above(stages)) if bool((above > 0).any())]
    return list(stages[: reached[-1] + 1])


def _parts(stages: Sequence[Stage], singleton: str, faults: Faults) -> list[tuple[Cells, Floats]]:
    """Return cells and shares above of every stage; refuse when there are faults, those of all stages at once."""
    rule, parts = rule_or_refuse(singleton), []
    for level, (stage, above) in enumerate(zip(stages, shares_above(stages), strict=True)):
        parts.append((cells_of(stage, level, (stage.through < 1 - FULL) & (above > 0), rule, faults), above))
    faults.refuse(SurveyError)
    return parts
