"""Strata that vary: where replicates differ, and what is done with strata of a single unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import Faults, SurveyError
from evalkit.variances import FULL, SINGLETON_RULES, Floats, Ints, Stage, multipliers
from evalkit.variances.stages import stage_name

LEFT_OUT = ("certainty", "remove")  # a stratum of one unit contributes nothing


@dataclass(frozen=True, eq=False)
class Cells:
    """The strata of one stage whose units vary between replicates.

    Attributes
    ----------
    unit : (places,) int array
        Units, stratum after stratum; a place is a position here.
    stratum, first, size : (cells,) int arrays
        Which stratum, its first place, and its number of units, at least 2.
    lonely : int array
        Units that are alone in a stratum that would vary, where the rule lets them be.
    """

    unit: Ints
    stratum: Ints
    first: Ints
    size: Ints
    lonely: Ints

    @property
    def cell(self) -> Ints:
        """Cell of each place."""
        return np.repeat(np.arange(len(self.size)), self.size)


def cells_of(
    stage: Stage, level: int, varies: NDArray[np.bool_], rule: str, faults: Faults, known: Sequence[str] = LEFT_OUT
) -> Cells:
    """Return the strata of a stage that vary; a stratum of one unit is a fault under the rule "fail".

    Parameters
    ----------
    stage : Stage
    level : int
        0 for the first stage, for messages.
    varies : (units,) bool array
        Units that are not certain and whose variance counts.
    rule : str
        "fail", or a rule under which single units stay as they are.
    faults : Faults
        Where faults are noted.
    known : sequence of str
        Rules that the method knows, for messages.
    """
    strata = len(stage.n)
    size = np.bincount(stage.unit_stratum[varies], minlength=strata)
    single = size == 1
    if rule == "fail":
        for h in np.flatnonzero(single):
            where = f"第 {level + 1} 阶段，层 {stage_name(stage, int(h))}"
            faults.add(None, where, None, "只有 1 个抽中单元，无从重复", f"选定 singleton：{_choices(known)}")
    kept = np.flatnonzero(size > 1)
    inside = varies & (size > 1)[stage.unit_stratum]
    unit = np.flatnonzero(inside)
    unit = unit[np.argsort(stage.unit_stratum[unit], kind="stable")]
    lonely = np.flatnonzero(varies & single[stage.unit_stratum])
    return Cells(unit, kept, np.cumsum(size[kept]) - size[kept], size[kept], lonely)


def _choices(known: Sequence[str]) -> str:
    return "、".join(f"{rule}（{SINGLETON_RULES[rule]}）" for rule in (*known, "collapse"))


def rule_or_refuse(rule: str, more: Sequence[str] = ()) -> str:
    """Return the rule for single units if the method knows it."""
    known = ("fail", *LEFT_OUT, *more)
    if rule not in known:
        raise SurveyError(f"singleton = {rule!r}｜这种重复方法没有此规则｜可用：fail（报错）、{_choices(known[1:])}")
    return rule


def first_cells(stages: Sequence[Stage], rule: str, more: Sequence[str] = ()) -> Cells:
    """Return the varying strata of the first stage, drawn with equal chances, or refuse; `more` are rules of the method's own."""
    rule_or_refuse(rule, more)
    stage, faults = stages[0], Faults("重复权数")
    equal_chances(stages[:1], faults)
    found = cells_of(stage, 0, stage.through < 1 - FULL, rule, faults, (*LEFT_OUT, *more))
    faults.refuse(SurveyError)
    return found


def equal_chances(stages: Sequence[Stage], faults: Faults) -> None:
    """Note stages whose units had unequal chances: the corrections of most methods are those of equal chances."""
    for level, stage in enumerate(stages):
        if stage.chance is not None:
            told = "这种方法的有限总体校正只适于等概率抽样", "改用 beaumont-emond，或不给概率（按有放回计）"
            faults.add(None, f"第 {level + 1} 阶段", "不等概率", *told)


def shares_above(stages: Sequence[Stage]) -> list[Floats]:
    """Return, for each stage, the product of the chances of the units above each unit; 1 at the first stage."""
    return [above[stage.unit_stratum] for stage, above in zip(stages, multipliers(stages), strict=True)]


def design_df(stages: Sequence[Stage]) -> float:
    """Return first-stage units minus first-stage strata."""
    first = stages[0]
    return float(first.units - len(np.unique(first.unit_stratum)))


def enough(replicates: int) -> None:
    """Refuse fewer than two replicates."""
    if replicates < 2:
        raise SurveyError(f"replicates = {replicates}｜至少要 2 套｜例如 replicates=500")


def drawn(
    kind: str, stages: Sequence[Stage], replicates: int, scale: float | None = None
) -> tuple[str, int, int, float, Floats, float, int]:
    """Return what all replicates drawn by lot begin with, from the kind to the level; the units of the last of `stages` have factors.

    The scale is 1/(R − 1) where none is given, the rscales are 1, and the degrees of freedom are those of the design, at most R − 1.
    """
    df, known = min(design_df(stages), replicates - 1.0), 1 / (replicates - 1) if scale is None else scale
    return kind, replicates, stages[-1].units, known, np.ones(replicates), df, len(stages) - 1
