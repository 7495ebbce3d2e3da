"""From the columns of a table to the codes, sizes and weights of a design, with every fault noted on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import Faults, SurveyError
from evalkit.given import FAR
from evalkit.sheets import exactly
from evalkit.showing import Rows
from evalkit.variances import FULL, SINGLETON_RULES, Floats, Ints, Stage, group
from evalkit.variances.stages import stage_name

if TYPE_CHECKING:
    from evalkit.survey.surveys import Survey

LARGEST = np.finfo(float).max


@dataclass(frozen=True, eq=False)
class Reading:
    """Turns columns into codes and numbers, noting every fault on the way."""

    table: pd.DataFrame
    faults: Faults
    held: Floats | None = None  # how many rows of the sample each row stands for, where rows were counted together

    def levels(self, strata: list[Any], clusters: list[Any], fpc: list[Any], unequal: bool) -> tuple[list[Any], ...]:
        """Return strata, clusters, fpc and stratum names, one entry a stage; with `unequal` chances the first fpc holds them."""
        count = max(len(clusters), 1)
        for what, given in (("strata", strata), ("fpc", fpc)):
            if len(given) > count:
                rule = f"比 clusters 多，抽样只有 {count} 个阶段"
                self.faults.add(None, what, "、".join(map(str, given)), rule, "在 clusters 中写出每个阶段的单元")
        self._known([*strata, *clusters, *fpc])
        if unequal and (not fpc or fpc[0] is None):
            self.faults.add(None, "fpc", "", "写了 pps 而没有入样概率", "fpc 的第一列写首阶段单元的入样概率")
        if self.faults:
            return [], [], [], []
        strata, clusters, fpc = ([*given, *[None] * count][:count] for given in (strata, clusters, fpc))
        coded = [self._codes(column) for column in strata]
        units = [self._units(column) for column in clusters]
        sizes = [self._size(column) if at or not unequal else self._chance(column) for at, column in enumerate(fpc)]
        return [code for code, _ in coded], units, sizes, [names for _, names in coded]

    def _chance(self, column: Any) -> Floats:
        return self._positive(column, 1.0, "入样概率应大于 0、不超过 1")

    def weights(self, weights: str | None, probs: list[Any]) -> Floats | None:
        """Return the stated weights, None when they follow from the fpc."""
        if weights is not None and probs:
            self.faults.add(None, "weights、probs", "", "只能给一个", "去掉其中一个")
        self._known([weights, *probs])
        if self.faults:
            return None
        if weights is not None:
            return self._positive(weights, np.inf, "权数应为大于 0 的有限数")
        stated = [self._positive(column, 1.0, "入样概率应在 0 与 1 之间") for column in probs]
        return 1 / np.prod(stated, axis=0) if stated else None

    def nested(self, column: Any, first: Stage, levels: tuple[list[Any], ...]) -> None:
        """Note first-stage units that lie in several strata: the stage then has more units than there are codes."""
        strata, units = levels[0][0], levels[1][0]
        if column is None or strata is None or first.units == int(units.max()) + 1:
            return
        of = np.empty(int(units.max()) + 1, dtype=np.int64)
        of[units[::-1]] = strata[::-1]
        self._rows(column, of[units] != strata, "同一首阶段单元出现在两个层中", "核对编号；若编号在各层内重新开始，写 nest=True")

    def sizes(self, stages: Sequence[Stage], fpc: list[Any], sizes: Sequence[Floats | None]) -> None:
        """Note populations below the sample size and fractions that vary inside a stratum."""
        for column, stated, stage in zip(fpc, sizes, stages, strict=False):
            if stated is None:
                continue
            stratum, of = stage.row_stratum, np.empty(len(stage.n))
            of[stratum] = stated
            if bool((of[stratum] != stated).any()):
                of[stratum[::-1]] = stated[::-1]  # the first row of the stratum is taken as right
                self._rows(column, of[stratum] != stated, "同一层内应为同一个数", "核对该层的总体单元数")
            if bool((stated > 1).any()) and bool((of < stage.n).any()):
                self._rows(column, stated < stage.n[stratum], "总体单元数小于样本单元数", "核对总体单元数或重复的单元")

    def agreement(self, stages: Sequence[Stage], probs: list[Any], fpc: list[Any]) -> None:
        """Note stated probabilities that are not the sampling fractions of the same stage."""
        for column, size, stage in zip(probs, fpc, stages, strict=False):
            if column is None or size is None:
                continue
            stated, fraction = self.table[column].to_numpy(dtype=float), stage.row_fraction()
            rule = f"入样概率与 {size} 给出的抽样比不同"
            self._rows(column, np.abs(stated - fraction) > 1e-6 * fraction, rule, "核对两列；概率不等的抽样写 pps=ev.PPS(…)")

    def replicates(self, given: Any) -> Floats | None:
        """Return the matrix of replicate weights, (rows, replicates)."""
        given = [given] if isinstance(given, str) else given
        if not len(given):
            self.faults.add(None, "replicates", "", "没有重复权数", "写列名的列表，或 行 × 套 的数组")
            return None
        if all(isinstance(name, str) for name in given):
            self._known(list(given))
            if self.faults:
                return None
            return np.column_stack([self._weight(name) for name in given])
        try:
            matrix = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            self.faults.add(None, "replicates", "", "应为数，不是文字", "先转换为数值")
            return None
        if matrix.ndim != 2 or len(matrix) != len(self.table):
            self.faults.add(None, "replicates", f"{matrix.shape}", f"应为 {len(self.table)} 行、每列一套重复权数", "转置或核对行数")
        elif not bool((np.isfinite(matrix) & (matrix >= 0)).all()):
            self.faults.add(None, "replicates", "", "重复权数应为不小于 0 的有限数", "改正后重试")
        return matrix

    def _weight(self, column: str) -> Floats:
        value = self._numbers(column)
        bad = ~(np.isfinite(value) & (value >= 0))
        self._rows(column, bad, "重复权数应为不小于 0 的有限数", "改正后重试")
        return np.where(bad, 0.0, value)

    def _known(self, columns: Sequence[Any]) -> None:
        for column in columns:
            if column is not None and column not in self.table.columns:
                self.faults.add(None, str(column), "", "数据中没有这一列", f"可用：{'、'.join(map(str, self.table.columns))}")

    def _rows(self, column: str, bad: Any, rule: str, remedy: str, values: bool = True) -> None:
        if not bool(np.any(bad)):
            return
        if self.held is not None:
            self.faults.add(None, column, "", f"{rule}（{self.held[bad].sum():.0f} 行）", remedy)
            return
        found = self.table[column].to_numpy()
        for at in np.flatnonzero(bad):
            self.faults.add(int(at) + 2, column, found[at] if values else "", rule, remedy)

    def _numbers(self, column: str) -> Floats:
        series = self.table[column]
        if pd.api.types.is_bool_dtype(series) or not pd.api.types.is_numeric_dtype(series):
            self.faults.add(None, column, "", "应为数值，不是文字", f"先用 pd.to_numeric 转换 {column}")
            return np.ones(len(series))
        return series.to_numpy(dtype=float, na_value=np.nan)

    def _positive(self, column: str, most: float, rule: str) -> Floats:
        value = self._numbers(column)
        if bool(value.min(initial=1.0) > 0) and value.max(initial=0.0) <= min(most, LARGEST):
            return value
        bad = ~(np.isfinite(value) & (value > 0) & (value <= most))
        self._rows(column, bad, rule, "补全或改正后重试；不进入估计的行先去掉")
        return np.where(bad, 1.0, value)

    def _size(self, column: Any) -> Floats | None:
        if column is None:
            return None
        value = self._numbers(column)
        with np.errstate(invalid="ignore"):
            counts = bool((value > 1).any())
            if bool((value >= 1 if counts else value > 0).all()):
                return value
            bad = ~(value > 0)
        self._rows(column, bad, "总体单元数或抽样比应大于 0", "补全或改正后重试")
        self._rows(column, (value < 1) & ~bad & counts, "同一列中既有总体单元数（> 1）又有抽样比（< 1）", "统一为一种")
        return np.where(bad, 1.0, value)

    def _codes(self, column: Any) -> tuple[Ints | None, tuple[str, ...]]:
        if column is None:
            return None, ()
        codes, values = self._whole(column, "缺少所在的层")
        return codes, tuple(map(str, values))

    def _units(self, column: Any) -> Ints:
        if column is None:
            return np.arange(len(self.table), dtype=np.int64)
        return self._whole(column, "缺少单元的编号")[0]

    def _whole(self, column: str, rule: str) -> tuple[Ints, Any]:
        codes, values = factorize(self.table[column])
        if codes.min(initial=0) < 0:
            self._rows(column, codes < 0, rule, "补全后重试")
        return codes, values


def snapshot(table: Any) -> pd.DataFrame:
    """Return a shallow copy; under pandas 3 a later change of the caller's table does not reach it."""
    answers = exactly(table, SurveyError)
    if not len(answers):
        raise SurveyError("调查数据没有行｜至少应有 1 行｜核对筛选条件")
    if not answers.columns.is_unique:
        twice = "、".join(map(str, answers.columns[answers.columns.duplicated()].unique()))
        raise SurveyError(f"{twice}｜有几列同名，不知该读哪一列｜改名，或去掉多余的列")
    return answers.copy(deep=False)


def factorize(series: pd.Series) -> tuple[Ints, Any]:
    """Return codes in the order of the values (as text when they do not compare), negative where missing."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu" and len(series):
        low, high = int(series.min()), int(series.max())
        if high - low <= 2 * len(series) and high < 2**63:  # whole numbers that lie close are codes already, but for a shift
            found, codes = group(series.to_numpy(dtype=np.int64) - low, high - low + 1)
            return codes, found + low
    try:
        return _ordered(*pd.factorize(series))
    except TypeError:
        return _ordered(*pd.factorize(series.astype(str).where(series.notna())))


def _ordered(codes: Ints, values: Any) -> tuple[Ints, Any]:
    """Number values in their order; only the distinct values are sorted, and rows in order already are left alone."""
    if not pd.Index(values).is_monotonic_increasing:
        place, values = pd.factorize(values, sort=True)
        codes = np.append(place, -1).take(codes)
    return codes.astype(np.int64, copy=False), values


def from_fractions(stages: Sequence[Stage]) -> Floats:
    """One over the product of the sampling fractions of the stages that state one."""
    share = np.ones(1)
    for stage in stages:
        stated = stage.fraction if stage.chance is None else stage.chance
        known = np.where(stated > 0, stated, 1.0)
        above = share[stage.stratum_parent]
        share = (above * known)[stage.unit_stratum] if stage.chance is None else above[stage.unit_stratum] * known
    return np.asarray((1 / share)[stages[-1].row_unit])


def departure(weights: Floats, stages: Sequence[Stage], fpc: list[Any]) -> tuple[str, ...]:
    """Say where stated weights are not one over the product of the sampling fractions of all stages, when all are stated."""
    if len(fpc) < len(stages) or any(column is None for column in fpc):
        return ()
    ratio = weights / from_fractions(stages)
    if bool((np.abs(ratio - 1) < 1e-6).all()):
        return ()
    return (f"权数与各级抽样比之积的倒数不同（为其 {ratio.min():.4g}–{ratio.max():.4g} 倍），按已调整过的权数对待",)


def levels(series: pd.Series) -> tuple[Ints, list[Any]]:
    """Return codes, negative where missing, and levels: those declared by a categorical column in its order, else sorted."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.array(series.cat.codes, dtype=np.int64), [_plain(level) for level in series.cat.categories]
    codes, found = factorize(series)
    return codes, [_plain(level) for level in found]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def sentence(survey: Survey) -> str:
    """Return what a survey is, in a sentence."""
    head = f"Survey：{_counted(survey)}"
    adjusted = f"，调整 {len(survey.steps)} 步" if survey.steps else ""
    if survey.replicated is not None and survey.replicated.imported:
        return f"{head}，自由度 {survey.df:g}{adjusted}，{survey.replicated}"
    first = survey.stages[0]
    how = "（仅计首阶段）" if survey.ultimate else ""
    told = f"，{survey.replicated}" if survey.replicated is not None else ""
    design = f"{len(survey.stages)} 阶段{how}，首阶段 {first.units} 个单元、{len(np.unique(first.unit_stratum))} 层，自由度 {survey.df:g}"
    return f"{head}，{design}{adjusted}{told}"


def refuse_brought(survey: Survey) -> None:
    """Refuse the survey behind an estimate of answers in an engine: its rows are sums, and nobody's answers."""
    if survey.alike is not None:
        raise SurveyError(f"这个 Survey 的各行是引擎求出的和｜{FAR}｜先把所需的行、列读入内存，再 ev.Survey.from_data(表, …)")


def rows_behind(survey: Survey) -> Floats:
    """Return how many answers each row stands for: 1, but where the answers stay in an engine."""
    return np.ones(len(survey)) if survey.alike is None else survey.alike.held


def _counted(survey: Survey) -> str:
    """Return how many answers there are, whom they stand for, and the span of their weights where it is known."""
    told = f"代表 {survey.weights.sum():.6g}"
    if survey.alike is not None:  # each row stands for several answers, whose weights are known where they are equal
        held, like = survey.alike.held, survey.alike.like
        span = f"，权数 {_span(survey.weights / held)}" if bool((np.abs(held / like - 1) < 1e-9).all()) else ""
        return f"{held.sum():.0f} 行（留在原处），{told}{span}"
    shown = survey.weights if survey.answering is None else survey.weights[survey.answering]
    return f"{len(shown)} 行，{told}，权数 {_span(shown)}"


def _span(weights: Floats) -> str:
    if not len(weights):
        return "—"
    low, high = f"{weights.min():.4g}", f"{weights.max():.4g}"
    return low if low == high else f"{low}–{high}"


def stage_rows(survey: Survey) -> Rows:
    """Return the stages of a survey as the rows that a notebook shows, none where the replicates alone say how it was drawn."""
    if survey.replicated is not None and survey.replicated.imported:
        return Rows()
    told = [(str(at), str(len(np.unique(stage.unit_stratum))), str(stage.units)) for at, stage in enumerate(survey.stages, 1)]
    return Rows(("阶段", "层", "单元"), told)


def refuse_unknown(singleton: str, stages: str) -> None:
    """Refuse a rule for single units, or a choice of stages, that there is none of."""
    if singleton not in SINGLETON_RULES:
        raise SurveyError(f"singleton={singleton}｜没有这种规则｜可用：{'、'.join(SINGLETON_RULES)}")
    if stages not in ("all", "first"):
        raise SurveyError(f"stages={stages}｜没有这种取法｜可用：all、first")


def refuse_replicates(first: Stage, method: str) -> None:
    """Refuse replicates of a design that they do not imitate.

    A sample of random size is imitated by none here; half-samples are of pairs, and which units would form a pair elsewhere is
    nobody's decision yet.
    """
    if first.spread is not None and not first.spread.pull.any():
        rule = "首阶段是泊松抽样，样本量随机，没有合用的重复权数"
        raise SurveyError(f'PPS("poisson")｜{rule}｜用线性化方差，不要 .replicate(…)；或改 pps=ev.PPS("hajek")（按固定样本量）')
    apart = np.flatnonzero((first.n != 2) & (first.fraction < 1 - FULL))
    if method in ("brr", "fay") and len(apart):
        named = "、".join(f"{stage_name(first, int(h))}（{first.n[h]} 个）" for h in apart[:8]) + ("……" if len(apart) > 8 else "")
        raise SurveyError(f'{method}｜每层应恰有两个首阶段单元：{named}｜改用 "jkn"、"rwy"，或先按设计把各层分成对')
