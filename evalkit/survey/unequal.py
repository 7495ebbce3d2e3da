"""PPS: how first-stage units that were drawn with unequal chances enter the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from evalkit import variances
from evalkit.errors import Faults, SurveyError
from evalkit.showing import Rows, Shown, pairs
from evalkit.variances import FULL, Alike, Floats, Ints, Spread, Stage
from evalkit.variances import unequal as rules
from evalkit.variances.forms import Matrix, Successive

FORMS = {
    "overton": "由入样概率近似成对概率（Overton）",
    "hartley-rao": "由入样概率近似成对概率（Hartley–Rao）",
    "joint": "已知成对入样概率的矩阵",
    "successive": "有序等距抽样：相邻单元之差",
}


@dataclass(frozen=True, eq=False)
class PPS(Shown):
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

    def structure(self, levels: tuple[list[Any], ...], alike: Alike | None = None) -> tuple[Stage, ...]:
        """Return the stages, the first with its chances; units that were certain form strata of their own."""
        strata, clusters, sizes, names = levels
        chance = np.asarray(sizes[0], dtype=float)
        own = np.zeros(len(chance), dtype=np.int64) if strata[0] is None else strata[0]
        labels, sure = names[0] or ("全部",), chance >= 1 - FULL
        _refuse_torn(chance, own, clusters[0])
        if sure.any() and not sure.all():
            own, labels = own + sure * (int(own.max()) + 1), (*labels, *(f"{label}（必入）" for label in labels))
        first, *rest = variances.structure([own, *strata[1:]], clusters, [None, *sizes[1:]], [labels, *names[1:]], alike)
        each = np.empty(first.units)
        each[first.row_unit] = chance
        return (replace(first, chance=each, fraction=_mean_chance(first, each)), *rest)

    def ruled(self, first: Stage, singleton: str) -> Stage:
        """Return the first stage, strata merged where they are to be, with the rule for its variance."""
        assert first.chance is not None
        chance = first.chance
        first = replace(first, fraction=_mean_chance(first, chance))
        self._refuse_alone(first, singleton)
        if self.method == "successive":
            return replace(first, form=Successive(_listed(first), first.unit_stratum, first.fraction))
        if self.method in FORMS:
            p2 = self.sum_p2_over_n
            asked: dict[str, Any] = {"sum_p2_over_n": p2, "stratum": first.unit_stratum, "joint": self._joint(first)}
            return replace(first, form=Matrix(rules.form(self.method, chance, kind=self.form, **asked)))
        return replace(first, spread=Spread(*rules.coefficients(self.method, chance, first.unit_stratum, len(first.n))))

    def _joint(self, stage: Stage) -> Floats | None:
        """Return the chances of pairs in the order of the units."""
        if self.matrix is None:
            return None
        given = np.asarray(self.matrix, dtype=float)
        if given.shape != (stage.units, stage.units):
            rule = f"应为 {stage.units} × {stage.units}，每个首阶段单元一行一列，按在数据中首次出现的次序"
            raise SurveyError(f'PPS("joint")｜矩阵为 {given.shape}｜{rule}')
        return given[np.ix_(*[_listed(stage)] * 2)]

    def _refuse_alone(self, stage: Stage, singleton: str) -> None:
        alone = np.flatnonzero((stage.n == 1) & (stage.fraction < 1 - FULL))
        if len(alone) and singleton in ("adjust", "average") and self.method != "poisson":
            raise SurveyError(f"singleton={singleton}｜按规模抽样的层没有共同的中心｜改用 fail、collapse、certainty 或 remove")

    def __repr__(self) -> str:
        return f"PPS {self.method}" + ("" if self.matrix is None else f"（{len(self.matrix)} 个单元的成对概率）")

    def _rows_shown(self) -> Rows:
        return pairs({"规则": self.method, "形式": self.form, "矩阵": "" if self.matrix is None else f"{len(self.matrix)} 个单元"})


def _refuse_torn(chance: Floats, stratum: Ints, cluster: Ints) -> None:
    """Refuse a first-stage unit with more than one chance."""
    unit = np.unique(np.column_stack([stratum, cluster]), axis=0, return_inverse=True)[1].ravel()
    first = np.empty(int(unit.max()) + 1)
    first[unit[::-1]] = chance[::-1]
    faults = Faults("调查数据")
    for at in np.flatnonzero(first[unit] != chance):
        faults.add(int(at) + 2, "fpc", chance[at], "同一首阶段单元的入样概率不止一个", "核对该列与单元的编号")
    faults.refuse(SurveyError)


def _mean_chance(stage: Stage, chance: Floats) -> Floats:
    """Return the mean chance of the units of each stratum; 1 only where all were certain."""
    mean = variances.add_up(stage.unit_stratum, chance, len(stage.n)) / np.maximum(stage.n, 1)
    return np.where(mean >= 1 - FULL, 1.0, np.minimum(mean, 1 - 1e-6))


def _listed(stage: Stage) -> Ints:
    """Return, for each unit, its place in the order in which units first appear in the table."""
    first = np.full(stage.units, len(stage.row_unit))
    np.minimum.at(first, stage.row_unit, np.arange(len(stage.row_unit)))
    place = np.empty(stage.units, dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(stage.units)
    return place
