"""Survey: a table of answers with weights and the design that gave them.

A Survey says whom each answer speaks for, and it is the one place that gives a variance: that of a total
of scores. It keeps a snapshot of the table; nobody writes into the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import variances
from evalkit.errors import Faults, SurveyError
from evalkit.sheets import as_pandas
from evalkit.variances import Floats, Ints, Policy, Stage
from evalkit.weights import base_weights, levels

if TYPE_CHECKING:
    from evalkit.findings import Findings
    from evalkit.responses import Responses

Columns = str | Sequence[str] | None
Singleton = Literal["fail", "certainty", "adjust", "average", "remove", "collapse"]


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """A table, its weights and its stages; made by `Survey.from_data` or `weigh`.

    Attributes
    ----------
    weights : (rows,) float array, read-only
        Population units each row stands for.
    stages : tuple of Stage
        All stages of selection, outermost first.
    policy : Policy
        The rule for strata with one sampled unit.
    notes : tuple of str
        What was decided on the way: strata collapsed, weights of empty cells spread.
    """

    _table: pd.DataFrame
    weights: Floats
    stages: tuple[Stage, ...]
    policy: Policy
    ultimate: bool = False
    notes: tuple[str, ...] = ()
    design: Any = field(default=None)

    @staticmethod
    def from_data(
        table: Any,
        weights: str | None = None,
        probs: Columns = None,
        strata: Columns = None,
        clusters: Columns = None,
        *,
        nest: bool = False,
        fpc: Columns = None,
        singleton: Singleton = "fail",
        singleton_domain: bool = False,
        stages: Literal["all", "first"] = "all",
    ) -> Survey:
        """Describe how a table of answers was sampled.

        Parameters
        ----------
        table : pandas, polars, pyarrow, DuckDB or Spark table
            One row an answer.
        weights : str, optional
            Column of weights, finite and above 0.
        probs : str or list of str, optional
            Columns of selection probabilities in (0, 1], one a stage; the weight is one over their product.
        strata : str or list of str, optional
            Column of strata, or one column a stage.
        clusters : str or list of str, optional
            Units of each stage, outermost first; without them each row is a unit.
        nest : bool
            Whether labels of first-stage units restart in each stratum.
        fpc : str or list of str, optional
            One column a stage: units in the population of the stratum (> 1) or sampling fraction (≤ 1).
            Stages after the last column count as sampled with replacement.
        singleton : str
            What to do with a stratum of one sampled unit that is not taken whole: ``fail``,
            ``certainty`` and ``remove`` (no contribution), ``adjust`` (centred at the mean of all units),
            ``average`` (the mean contribution of the other strata), ``collapse`` (merged with the
            neighbouring stratum).
        singleton_domain : bool
            Whether ``adjust`` and ``average`` also act on strata with one unit in a domain.
        stages : {"all", "first"}
            ``first`` counts the variance of the first stage alone (ultimate cluster).

        Returns
        -------
        Survey

        Raises
        ------
        SurveyError
            With every fault of the table at once: missing columns; weights that are text, missing, not
            finite or not above 0; missing strata or clusters; a first-stage unit in two strata; a fpc
            below the sample size or not constant in its stratum.

        Notes
        -----
        With neither weights nor probs, weights are the product over stages of one over the sampling
        fraction, and 1 without fpc.

        Examples
        --------
        >>> import pandas as pd, evalkit as ev
        >>> table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "M": 10, "N": [20, 20, 30, 30, 25, 25], "y": [1, 0, 0, 0, 1, 1]})
        >>> survey = ev.Survey.from_data(table, clusters=["village", None], fpc=["M", "N"])
        >>> survey
        Survey：6 行，代表 250，权数 33.33–50，2 阶段，首阶段 3 个单元、1 层，自由度 2
        """
        snapshot = _snapshot(table)
        reading = _Reading(snapshot, Faults("调查数据"))
        if singleton not in variances.SINGLETON_RULES:
            raise SurveyError(f"singleton={singleton}｜没有这种规则｜可用：{'、'.join(variances.SINGLETON_RULES)}")
        if stages not in ("all", "first"):
            raise SurveyError(f"stages={stages}｜没有这种取法｜可用：all、first")
        levels = reading.levels(_columns(strata), _columns(clusters), _columns(fpc), nest)
        stated = reading.weights(weights, _columns(probs))
        reading.faults.refuse(SurveyError)
        built = variances.structure(*levels)
        reading.sizes(built, _columns(fpc))
        reading.faults.refuse(SurveyError)
        value = stated if stated is not None else _from_fractions(built)
        value.flags.writeable = False
        built, notes = variances.collapse(built) if singleton == "collapse" else (built, ())
        policy = Policy("fail" if singleton == "collapse" else singleton, singleton_domain)
        return Survey(snapshot, value, built, policy, stages == "first", notes)

    def __len__(self) -> int:
        return len(self.weights)

    def __repr__(self) -> str:
        first = self.stages[0]
        strata = len(np.unique(first.unit_stratum))
        span = f"{self.weights.min():.4g}–{self.weights.max():.4g}" if len(self) else "—"
        how = "（仅计首阶段）" if self.ultimate else ""
        return (
            f"Survey：{len(self)} 行，代表 {self.weights.sum():.6g}，权数 {span}，{len(self.stages)} 阶段{how}，"
            f"首阶段 {first.units} 个单元、{strata} 层，自由度 {self.df}"
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._table.columns)

    @property
    def df(self) -> int:
        """Degrees of freedom of the design: first-stage units minus first-stage strata."""
        first = self.stages[0]
        return first.units - len(np.unique(first.unit_stratum))

    def table(self) -> pd.DataFrame:
        """Return the answers as a table of the caller's own (pandas copies a column when either side writes to it)."""
        return self._table.copy(deep=False)

    def column(self, name: str) -> pd.Series:
        """Return one column.

        Raises
        ------
        SurveyError
            When there is no such column.
        """
        if name not in self._table.columns:
            raise SurveyError(f"{name}｜调查数据中没有这一列｜可用：{'、'.join(map(str, self._table.columns))}")
        return self._table[name].copy(deep=False)

    @cached_property
    def _counted(self) -> tuple[Stage, ...]:
        """The stages whose variance counts."""
        endless = all(not stage.fraction.any() for stage in self.stages[:1])
        return self.stages[:1] if self.ultimate or endless else self.stages

    def variances(self, score: Floats, domain: Ints | None = None, columns: int = 1, *, fpc: bool = True) -> Floats:
        """Variance of the total of weighted scores, in each of disjoint domains.

        Parameters
        ----------
        score : (rows,) float array
            Weighted scores.
        domain : (rows,) int array, optional
            Domain of each row, negative outside all.
        columns : int
            Number of domains.
        fpc : bool
            False leaves out the finite population corrections, except in strata that were taken whole.

        Returns
        -------
        (columns,) float array
        """
        stages = self._counted if fpc else variances.without_fpc(self.stages)
        return variances.variances_of_totals(stages, score, domain, columns, self.policy)

    def covariance(self, blocks: Sequence[tuple[Floats, Ints | None, int]]) -> Floats:
        """Covariance matrix of the totals of several weighted scores, each with its own disjoint domains."""
        return variances.covariance_of_totals(self._counted, blocks, self.policy)


@dataclass(frozen=True, eq=False)
class _Reading:
    """Turns columns into codes and numbers, noting every fault on the way."""

    table: pd.DataFrame
    faults: Faults

    def levels(self, strata: list[Any], clusters: list[Any], fpc: list[Any], nest: bool) -> tuple[list[Any], ...]:
        """Return strata, clusters, fpc and stratum names, one entry a stage."""
        count = max(len(clusters), 1)
        for what, given in (("strata", strata), ("fpc", fpc)):
            if len(given) > count:
                rule = f"比 clusters 多，抽样只有 {count} 个阶段"
                self.faults.add(None, what, "、".join(map(str, given)), rule, "在 clusters 中写出每个阶段的单元")
        self._known([*strata, *clusters, *fpc])
        if self.faults:
            return [], [], [], []
        strata, clusters, fpc = ([*given, *[None] * count][:count] for given in (strata, clusters, fpc))
        coded = [self._codes(column) for column in strata]
        units = [self._units(column) for column in clusters]
        if not nest and clusters[0] is not None and coded[0][0] is not None:
            self._nested(clusters[0], coded[0][0], units[0])
        return [code for code, _ in coded], units, [self._size(column) for column in fpc], [names for _, names in coded]

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

    def sizes(self, stages: Sequence[Stage], fpc: list[Any]) -> None:
        """Note populations below the sample size and fractions that vary inside a stratum."""
        for column, stage in zip(fpc, stages, strict=False):
            if column is None:
                continue
            stated, stratum = self.table[column].to_numpy(dtype=float), stage.unit_stratum[stage.row_unit]
            first = np.full(len(stage.n), np.nan)
            first[stratum[::-1]] = stated[::-1]
            self._rows(column, stated != first[stratum], "同一层内应为同一个数", "核对该层的总体单元数")
            if bool((stated > 1).any()):
                self._rows(column, stated < stage.n[stratum], "总体单元数小于样本单元数", "核对总体单元数或重复的单元")

    def _known(self, columns: Sequence[Any]) -> None:
        for column in columns:
            if column is not None and column not in self.table.columns:
                self.faults.add(None, str(column), "", "数据中没有这一列", f"可用：{'、'.join(map(str, self.table.columns))}")

    def _rows(self, column: str, bad: Any, rule: str, remedy: str, values: bool = True) -> None:
        found = self.table[column].to_numpy()
        for at in np.flatnonzero(bad):
            self.faults.add(int(at) + 2, column, found[at] if values else "", rule, remedy)

    def _numbers(self, column: str) -> Floats:
        series = self.table[column]
        if pd.api.types.is_bool_dtype(series) or not pd.api.types.is_numeric_dtype(series):
            self._rows(column, np.ones(len(series), dtype=bool), "应为数值，不是文字", f"先用 pd.to_numeric 转换 {column}")
            return np.ones(len(series))
        return series.to_numpy(dtype=float, na_value=np.nan)

    def _positive(self, column: str, most: float, rule: str) -> Floats:
        value = self._numbers(column)
        bad = ~(np.isfinite(value) & (value > 0) & (value <= most))
        self._rows(column, bad, rule, "补全或改正后重试；不进入估计的行先去掉")
        return np.where(bad, 1.0, value)

    def _size(self, column: Any) -> Floats | None:
        if column is None:
            return None
        value = self._numbers(column)
        with np.errstate(invalid="ignore"):
            bad = ~(value > 0)
            mixed = (value < 1) if bool((value > 1).any()) else np.zeros(len(value), dtype=bool)
        self._rows(column, bad, "总体单元数或抽样比应大于 0", "补全或改正后重试")
        self._rows(column, mixed & ~bad, "同一列中既有总体单元数（> 1）又有抽样比（< 1）", "统一为一种")
        return np.where(bad, 1.0, value)

    def _codes(self, column: Any) -> tuple[Ints | None, tuple[str, ...]]:
        if column is None:
            return None, ()
        codes, values = factorize(self.table[column])
        self._rows(column, codes < 0, "缺少所在的层", "补全后重试")
        return codes, tuple(map(str, values))

    def _units(self, column: Any) -> Ints:
        if column is None:
            return np.arange(len(self.table), dtype=np.int64)
        codes, _ = factorize(self.table[column])
        self._rows(column, codes < 0, "缺少单元的编号", "补全后重试")
        return codes

    def _nested(self, column: str, strata: Ints, units: Ints) -> None:
        first = np.full(int(units.max(initial=0)) + 1, -1)
        first[units[::-1]] = strata[::-1]
        torn = (units >= 0) & (first[units] != strata)
        self._rows(column, torn, "同一首阶段单元出现在两个层中", "核对编号；若编号在各层内重新开始，写 nest=True")


def _snapshot(table: Any) -> pd.DataFrame:
    """Return a shallow copy; under pandas 3 a later change of the caller's table does not reach it."""
    answers = as_pandas(table, SurveyError)
    if not len(answers):
        raise SurveyError("调查数据没有行｜至少应有 1 行｜核对筛选条件")
    return answers.copy(deep=False)


def _columns(given: Any) -> list[Any]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)


def factorize(series: pd.Series) -> tuple[Ints, Any]:
    """Return codes in the order of the values (as text when they do not compare), negative where missing."""
    try:
        codes, values = pd.factorize(series, sort=True)
    except TypeError:
        codes, values = pd.factorize(series.astype(str).where(series.notna()), sort=True)
    return codes.astype(np.int64), values


def _from_fractions(stages: Sequence[Stage]) -> Floats:
    """One over the product of the sampling fractions of the stages that state one."""
    share = np.ones(len(stages[0].row_unit))
    for stage in stages:
        share = share * np.where(stage.fraction > 0, stage.fraction, 1.0)[stage.unit_stratum[stage.row_unit]]
    return 1 / share


def weigh(returned: Responses | Findings) -> Survey:
    """Give every completed interview its weight, and the design that it was drawn by.

    Parameters
    ----------
    returned : Responses or Findings
        What came back; only completed interviews stay.

    Returns
    -------
    Survey
        All stages of the draw, with finite population corrections where a stage was drawn with equal chances: villages in
        their strata, households in the strata of their village. A stage drawn by size counts as drawn with replacement, which
        overstates its variance. Villages that were certain form strata of their own, taken whole: their first-stage variance
        is 0. The table gains ``design_weight`` (1 / inclusion probability by design) and ``base_weight`` (the same, shared out
        to those completed in each village × cell).

    Raises
    ------
    SurveyError
        A village × cell without a completed interview when the design's ``returns.empty_cell`` is ``fail``, naming the
        cells; nothing was completed; or the places were chosen on purpose.

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.synthetic import registry, returns
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    >>> frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    >>> sample = ev.draw(frame, design, seed="31415926535897932384")
    >>> sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    >>> survey = weigh(ev.collect(sample, returns(sample, made.households(sample.villages), design)))
    >>> listed = made.villages().set_index("village_code").loc[list(sample.villages), "户数"].sum()
    >>> bool(np.isclose(survey.weights.sum(), listed * 3 / 2))
    True
    """
    design = returned.design
    if not returned.sample.inference:
        raise SurveyError("典型选点｜所选单位不代表其他单位，不作推断｜只列所选单位的计数；要推断的，改用随机抽样的设计")
    policy = design.returns.empty_cell if design.returns is not None else "fail"
    table, notes = base_weights(returned.table(), policy, returned.sample.table("household"))
    table, drawn_by = levels(table, design)
    survey = Survey.from_data(
        table,
        weights="base_weight",
        strata=[stratum for stratum, _, _ in drawn_by],
        clusters=[unit for _, unit, _ in drawn_by],
        fpc=[size for _, _, size in drawn_by],
        singleton=design.evaluation.singleton,
    )
    return Survey(survey._table, survey.weights, survey.stages, survey.policy, survey.ultimate, (*notes, *survey.notes), design)
