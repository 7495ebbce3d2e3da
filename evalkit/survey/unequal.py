"""PPS: how first-stage units that were drawn with unequal chances enter the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from evalkit import variances
from evalkit.errors import SurveyError
from evalkit.variances import FULL, Floats, Ints, Spread, Stage
from evalkit.variances import unequal as rules
from evalkit.variances.forms import Matrix, Successive

FORMS = {
    "overton": "由入样概率近似成对概率（Overton）",
    "hartley-rao": "由入样概率近似成对概率（Hartley–Rao）",
    "joint": "已知成对入样概率的矩阵",
    "successive": "有序等距抽样：相邻单元之差",
}


@dataclass(frozen=True, eq=False)
class PPS:
    """A rule for the variance between first-stage units drawn without replacement with unequal chances.

    Parameters
    ----------
    method : str
        A rule from the chances alone (``brewer``, ``hajek``, ``deville1``, ``deville2``, ``poisson``, …), or ``overton``,
        ``hartley-rao``, ``joint`` (with `matrix`), ``successive`` (units in the order of the list they were drawn from).
    matrix : (units, units) array, optional
        For ``joint``: chances of pairs, in the order in which first-stage units first appear in the table; π on the diagonal.
    form : {"syg", "ht"}
        Sen–Yates–Grundy's form or Horvitz–Thompson's, for ``joint``, ``overton`` and ``hartley-rao``.
    sum_p2_over_n : float, optional
        For ``hartley-rao``: Σπ²/n of the population, or one number a stratum; its estimate Σπ/n from the sample when not given.

    Notes
    -----
    From the chances alone v = Σ c_i (z_i − m)²; `evalkit.variances.unequal` lists c and m with their sources. Later stages count
    with the chance of their unit, as in Särndal, Swensson & Wretman 1992, result 4.3.1.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"y": [3.0, 8, 13], "chance": [2 / 7, 4 / 7, 6 / 7]})
    >>> survey = ev.Survey.from_data(table, fpc="chance", pps=ev.PPS("brewer"))
    >>> float(ev.total(survey, "y").variances[0].round(5))
    9.13889
    """

    method: str
    matrix: Any = None
    form: Literal["syg", "ht"] = "syg"
    sum_p2_over_n: float | Sequence[float] | None = None

    def __post_init__(self) -> None:
        known = {**rules.SAMPLE_METHODS, **FORMS}
        if self.method not in known:
            raise SurveyError(f"PPS({self.method!r})｜没有这种规则｜可用：{'、'.join(known)}")
        if (self.method == "joint") != (self.matrix is not None):
            raise SurveyError('PPS｜矩阵与 "joint" 应同时给出｜写 ev.PPS("joint", 矩阵)')

    def structure(self, levels: tuple[list[Any], ...], singleton: str) -> tuple[Stage, ...]:
        """Return the stages, the first with its chances and the rule for its variance."""
        strata, clusters, sizes, names = levels
        chance = np.asarray(sizes[0], dtype=float)
        sure = chance >= 1 - FULL
        own = np.zeros(len(chance), dtype=np.int64) if strata[0] is None else strata[0]
        labels = names[0] or ("全部",)
        if sure.any() and not sure.all():
            own, labels = own + sure * (int(own.max()) + 1), (*labels, *(f"{label}（必入）" for label in labels))
        stages = variances.structure([own, *strata[1:]], clusters, [None, *sizes[1:]], [labels, *names[1:]])
        first = replace(stages[0], **self._first(stages[0], chance, clusters[0]))
        self._refuse_alone(first, singleton)
        return (first, *stages[1:])

    def _first(self, stage: Stage, row_chance: Floats, cluster: Ints) -> dict[str, Any]:
        """Return what the first stage gains: chances of its units, their mean by stratum, and the rule."""
        chance = np.empty(stage.units)
        chance[stage.row_unit] = row_chance
        if bool((chance[stage.row_unit] != row_chance).any()):
            raise SurveyError("fpc｜同一首阶段单元的入样概率不止一个｜核对该列")
        fraction = variances.add_up(stage.unit_stratum, chance, len(stage.n)) / stage.n
        found: dict[str, Any] = {"chance": chance, "fraction": np.where(fraction >= 1 - FULL, 1.0, np.minimum(fraction, 1 - 1e-6))}
        if self.method == "successive":
            return {**found, "form": Successive(_listed(stage), stage.unit_stratum, fraction)}
        if self.method in FORMS:
            joint = None if self.matrix is None else np.asarray(self.matrix, dtype=float)[np.ix_(*[_listed(stage)] * 2)]
            p2 = self.sum_p2_over_n
            matrix = rules.form(self.method, chance, joint=joint, kind=self.form, sum_p2_over_n=p2, stratum=stage.unit_stratum)
            return {**found, "form": Matrix(matrix)}
        return {**found, "spread": Spread(*rules.coefficients(self.method, chance, stage.unit_stratum, len(stage.n)))}

    def _refuse_alone(self, stage: Stage, singleton: str) -> None:
        alone = np.flatnonzero((stage.n == 1) & (stage.fraction < 1 - FULL))
        if len(alone) and singleton in ("adjust", "average") and self.method != "poisson":
            raise SurveyError(f"singleton={singleton}｜按规模抽样的层没有共同的中心｜改用 fail、collapse、certainty 或 remove")


def _listed(stage: Stage) -> Ints:
    """Return, for each unit, its place in the order in which units first appear in the table."""
    first = np.full(stage.units, len(stage.row_unit))
    np.minimum.at(first, stage.row_unit, np.arange(len(stage.row_unit)))
    place = np.empty(stage.units, dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(stage.units)
    return place
