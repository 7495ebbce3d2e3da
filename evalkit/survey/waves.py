"""Several surveys as one, so that what is estimated from each can be compared: waves with villages in common, or independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
import pandas as pd

from evalkit.errors import Faults, SurveyError
from evalkit.given import FAR
from evalkit.lists import as_list
from evalkit.survey.remote import RemoteSurvey
from evalkit.survey.surveys import Survey
from evalkit.variances import FULL, Floats, Ints, Stage
from evalkit.weights.steps import Applied, Sets

WAVE = "wave"
MAKE = "用 Survey.from_data 或 weigh 建立"


def join(*, shared: Sequence[str] | str | None, **waves: Survey) -> Survey:
    """Put surveys together, one column ``wave`` telling them apart.

    Parameters
    ----------
    shared : list of str, or None
        Columns whose values name a first-stage unit in every wave (``["county", "village"]``): the same values are the same
        unit, so that estimates of different waves are correlated through it. None: the samples are independent.
    **waves : Survey
        Each wave under its name, in order: ``s2017=a, s2018=b``.

    Returns
    -------
    Survey
        With the rows of all waves. ``ev.mean(joined, "y", by="wave")`` has the joint covariance; a difference is
        ``found["s2018"] - found["s2017"]``. With shared units a stratum holds the units of all waves together; its fraction
        counts only where every wave has the same units and the same fraction, else the first stage counts as drawn with
        replacement (a note says so). Inside a shared unit each wave is a stratum of its own.

    Raises
    ------
    SurveyError
        Fewer than two waves; a column ``wave`` already there; replicates (join first, replicate then); different designs or
        rules; with `shared`, columns that do not name the first-stage units one to one, or a unit in different strata.

    References
    ----------
    Berger & Priam 2016, J. R. Statist. Soc. A 179:251, on estimators of change from overlapping samples.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> one = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "y": [1.0, 2, 3, 4, 5, 6]})
    >>> a, b = (ev.Survey.from_data(one.assign(y=one.y + step), clusters="village") for step in (0, 1))
    >>> both = ev.mean(ev.join(old=a, new=b, shared=["village"]), "y", by="wave")
    >>> change = both["new"] - both["old"]
    >>> float(change), float(change.se[0].round(12))
    (1.0, 0.0)
    """
    _refuse(waves, shared)
    surveys = list(waves.values())
    labels = pd.Categorical(np.repeat(list(waves), [len(each) for each in surveys]), categories=list(waves))
    table = pd.concat([each.table() for each in surveys], ignore_index=True).assign(**{WAVE: labels})
    depth = max(len(each.stages) for each in surveys)
    padded = [_padded(each.stages, depth) for each in surveys]
    notes: tuple[str, ...] = ()
    if shared is None:
        stages = tuple(_beside(level) for level in zip(*padded, strict=True))
    else:
        unit = _units(table, as_list(shared), surveys)
        first, notes = _together([stages[0] for stages in padded], unit)
        stages = (first, *(_beside(level) for level in list(zip(*padded, strict=True))[1:]))
        stages = _under(stages, padded, first)
    weights = np.concatenate([each.weights for each in surveys])
    weights.flags.writeable = False
    notes = (*(f"{name}：{note}" for name, each in waves.items() for note in each.notes), *notes)
    return replace(surveys[0], _table=table, weights=weights, stages=stages, notes=notes, design=None, steps=_steps(surveys), _known={})


def _refuse(waves: dict[str, Survey], shared: object) -> None:
    faults = Faults("合并")
    if len(waves) < 2:
        faults.add(None, "waves", str(len(waves)), "至少应有两次调查", "写 ev.join(s2017=a, s2018=b, shared=…)")
    for name, each in waves.items():
        if not isinstance(each, Survey):
            rule, way = (FAR, f"先把所需的行、列读入内存，{MAKE}") if isinstance(each, RemoteSurvey) else ("应为 Survey", f"先{MAKE}")
            faults.add(None, name, type(each).__name__, rule, way)
            continue
        if WAVE in each.columns:
            faults.add(None, name, WAVE, "已有 wave 列", "先给这一列改名")
        if each.replicated is not None:
            faults.add(None, name, str(each.replicated), "已有重复权数，不能合并", "先 join，再 .replicate(…)")
    faults.refuse(SurveyError)
    rules = {(each.policy, each.ultimate) for each in waves.values()}
    if len(rules) > 1:
        raise SurveyError("各次调查的 singleton 或 stages 规则不同｜合并后只能有一种｜用同一规则重建")


def _padded(stages: tuple[Stage, ...], depth: int) -> tuple[Stage, ...]:
    """Add stages that take the one unit inside each unit whole, and so vary nothing."""
    while len(stages) < depth:
        last, units = stages[-1], np.arange(stages[-1].units)
        ones = np.ones(len(units), dtype=np.int64)
        stages = (*stages, Stage(last.row_unit, units, units.copy(), ones, np.ones(len(units))))
    return stages


def _beside(level: Sequence[Stage]) -> Stage:
    """Number the units and strata of one stage of all waves one after the other."""
    if any(stage.form is not None for stage in level):
        raise SurveyError('成对概率的抽样不能合并｜合并只认由入样概率本身得出的规则｜改用 ev.PPS("deville1") 等')
    units, strata, above = (np.cumsum([0, *sizes])[:-1] for sizes in (
        [stage.units for stage in level], [len(stage.n) for stage in level], [int(stage.stratum_parent.max()) + 1 for stage in level],
    ))  # fmt: skip
    parts = list(zip(level, units, strata, above, strict=True))
    names = tuple(name for stage in level for name in (stage.names or ("",) * len(stage.n)))
    made = Stage(
        np.concatenate([stage.row_unit + at for stage, at, _, _ in parts]),
        np.concatenate([stage.unit_stratum + at for stage, _, at, _ in parts]),
        np.concatenate([stage.stratum_parent + at for stage, _, _, at in parts]),
        np.concatenate([stage.n for stage in level]),
        np.concatenate([stage.fraction for stage in level]),
        names if any(names) else (),
    )
    return _unequal(made, level)


def _unequal(made: Stage, level: Sequence[Stage]) -> Stage:
    """Carry the chances and the rules of stages drawn by size."""
    if all(stage.chance is None for stage in level):
        return made
    if any(stage.spread is None for stage in level):
        raise SurveyError("一次调查按规模抽样，另一次不是｜首阶段的方差规则应相同｜都写 pps=，或都按有放回计（去掉 fpc）")
    spreads = [stage.spread for stage in level if stage.spread is not None]
    spread = type(spreads[0])(np.concatenate([each.share for each in spreads]), np.concatenate([each.pull for each in spreads]))
    return replace(made, chance=np.concatenate([stage.through for stage in level]), spread=spread)


def _units(table: pd.DataFrame, shared: list[str], surveys: list[Survey]) -> Ints:
    """Return the code of the first-stage unit that the shared columns name, for each row."""
    lacking = [name for name in shared if name not in table or bool(table[name].isna().any())]
    if lacking:
        raise SurveyError(f"shared={shared}｜{'、'.join(lacking)} 不是每次调查都有、每行都有值的列｜核对列名")
    unit = np.asarray(table.groupby(shared, sort=True, observed=True).ngroup(), dtype=np.int64)
    start = 0
    for each in surveys:
        own, named = each.stages[0].row_unit, unit[start : start + len(each)]
        pairs = len(np.unique(own * (int(unit.max()) + 1) + named))
        if not pairs == len(np.unique(named)) == each.stages[0].units:
            raise SurveyError(f"shared={shared}｜这些列与首阶段单元不是一一对应｜写出能认出一个首阶段单元的列，如 县、村")
        start += len(each)
    return unit


def _together(level: Sequence[Stage], unit: Ints) -> tuple[Stage, tuple[str, ...]]:
    """Return the first stage of all waves over common units, and a note where a fraction no longer counts."""
    if any(stage.form is not None or stage.spread is not None for stage in level):
        raise SurveyError("按规模抽样的各次调查有共同的村｜联合概率未知｜首阶段按有放回计：去掉 fpc 与 pps 再合并")
    known: dict[str, int] = {}
    label = [
        np.array([known.setdefault(name, len(known)) for name in (stage.names or ("",) * len(stage.n))], dtype=np.int64) for stage in level
    ]
    row_stratum = np.concatenate([codes[stage.unit_stratum[stage.row_unit]] for codes, stage in zip(label, level, strict=True)])
    unit_stratum = np.full(int(unit.max()) + 1, -1, dtype=np.int64)
    unit_stratum[unit] = row_stratum
    if bool((unit_stratum[unit] != row_stratum).any()):
        raise SurveyError("同一首阶段单元在各次调查中属于不同的层｜方差无从合并｜统一分层，或 shared=None")
    n = np.bincount(unit_stratum, minlength=len(known))
    fractions = np.full((len(level), len(known)), np.nan)
    for wave, (codes, stage) in enumerate(zip(label, level, strict=True)):
        fractions[wave, codes] = np.where(stage.n == n[codes], stage.fraction, np.nan)
    same = np.abs(fractions - fractions[0]).max(axis=0) < FULL
    fraction = np.where(same, fractions[0], 0.0)
    parents, names = np.zeros(len(known), dtype=np.int64), tuple(known) if any(known) else ()
    moved = int((~same).sum())
    notes = (f"{moved} 个层各次的首阶段单元或抽样比不同，首阶段按有放回计",) if moved and any(s.fraction.any() for s in level) else ()
    return Stage(unit, unit_stratum, parents, n, fraction, names), notes


def _under(stages: tuple[Stage, ...], padded: Sequence[tuple[Stage, ...]], first: Stage) -> tuple[Stage, ...]:
    """Hang the strata of the second stage under the common units of the first."""
    if len(stages) < 2:
        return stages
    start, parents = 0, []
    for each in padded:
        rows = len(each[0].row_unit)
        common = np.empty(each[0].units, dtype=np.int64)
        common[each[0].row_unit] = first.row_unit[start : start + rows]
        parents.append(common[each[1].stratum_parent])
        start += rows
    return (first, replace(stages[1], stratum_parent=np.concatenate(parents)), *stages[2:])


@dataclass(frozen=True, eq=False, repr=False)
class Part:
    """A step of one wave, seen from all rows; the others are left as they are.

    Attributes
    ----------
    step : Applied
    start, stop : int
        The rows of the wave.
    before, after : (rows,) float array
    """

    step: Applied
    start: int
    stop: int
    before: Floats
    after: Floats

    def note(self) -> str:
        """Return what the step did."""
        return self.step.note()

    def pull(self, score: Floats) -> Floats:
        """Pull the scores of the wave back through its step."""
        made = score.copy()
        made[self.start : self.stop] = self.step.pull(score[self.start : self.stop])
        return made

    @property
    def cells(self) -> tuple[Ints, ...]:
        """Cells of the step, and one cell for all other rows."""
        made = []
        for code in self.step.cells:
            whole = np.zeros(len(self.before), dtype=np.int64)
            whole[self.start : self.stop] = code + 1
            made.append(whole)
        return tuple(made)

    def __repr__(self) -> str:
        return str(self.step)

    @property
    def errors(self) -> int:
        """Number of independent errors that estimated totals bring."""
        return self.step.errors

    def outer(self, score: Floats, fpc: bool) -> Floats:
        """Ask the step for variance that is not one of sampling."""
        return self.step.outer(score[self.start : self.stop], fpc)

    def replay(self, sets: Sets) -> Floats:
        """Take the step again on the cells of the wave."""
        mine = np.flatnonzero((sets.first >= self.start) & (sets.first < self.stop))
        made = np.ones_like(sets.weights)
        own = replace(sets, weights=sets.weights[:, mine], first=sets.first[mine] - self.start)
        made[:, mine] = self.step.replay(own)
        return made


def _steps(surveys: Sequence[Survey]) -> tuple[Applied, ...]:
    """Return the steps of all waves over all rows, the first step of each wave before the second of any."""
    ends = np.cumsum([0, *(len(each) for each in surveys)])
    weights = [each.steps[0].before if each.steps else each.weights for each in surveys]
    made: list[Applied] = []
    for round_ in zip_longest(*(each.steps for each in surveys)):
        for wave, step in enumerate(round_):
            if step is not None:
                before = np.concatenate(weights)
                weights[wave] = step.after
                made.append(Part(step, int(ends[wave]), int(ends[wave + 1]), before, np.concatenate(weights)))
    return tuple(made)
