"""RemoteSurvey: answers that stay in their engine; a statistic brings the sums that it needs, and no row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import engines
from evalkit.engines import Far, Profile
from evalkit.errors import Faults, SurveyError
from evalkit.later import later
from evalkit.showing import Shown
from evalkit.survey import held
from evalkit.survey.declared import Declared
from evalkit.variances import Alike, Floats

if TYPE_CHECKING:
    from evalkit.survey.surveys import Survey

nw = later("narwhals.stable.v2")

INSIDE, OWN = "evalkit_inside", "evalkit_weight"
NO_ROWS = "调查数据没有行｜至少应有 1 行｜核对筛选条件"
# what a Survey has and a table in an engine has not
ROWS = (
    "weights", "stages", "policy", "ultimate", "df", "table", "column", "levels", "variances", "covariance", "finite", "whole", "notes",
    "steps", "design", "answering", "plot", "reached", "alike", "from_data", "from_replicates", "_table", "_known",
)  # fmt: skip
PAIRED = ("每层两个单元谁在前", "")
# replicates that go by the order of the rows, and what else may be written
ORDERED = {"sdr": ("逐次差分中单元的先后", "写 order=（每单元一个位次，单元按编码排列），或"), "brr": PAIRED, "fay": PAIRED}
KNOWN = ("mean", "total", "proportion", "ratio", "variance", "covariance", "correlation", "icc", "incidence")


@dataclass(frozen=True, eq=False)
class Points(Alike):
    """Rows that are points: their mean and variance are those of the answers they stand for, one by one they are nobody's.

    Attributes
    ----------
    away : mapping of str to (rows,) float array
        By column of many values: the points less `about`; where there is no answer they make 0.
    about : mapping of str to float
        A number near the middle of the column.
    low : mapping of str to float
        Its smallest value.
    """

    away: Mapping[str, Floats]
    about: Mapping[str, float]
    low: Mapping[str, float]


@dataclass(frozen=True, eq=False, repr=False)
class RemoteSurvey(Shown):
    """A survey of a table that is not read into memory; made by `Survey.from_data`.

    `mean`, `total`, `proportion`, `ratio`, `variance`, `covariance` and `correlation` take it as they take a Survey. Each looks
    at the numbers of its columns once and sums once: rows with the same units, domain and answer are counted together, and
    numbers of many values are kept as means and products by unit and domain. Value, standard error, degrees of freedom, design
    effect and interval are those of the same table in memory, but for rounding.

    Attributes
    ----------
    far : Far
        The table.
    declared : Declared
        How it was sampled.
    make : callable
        From a design, a table and how many answers its rows stand for to a Survey.
    replicated : tuple
        Method and options of the replicate weights that are asked for.
    """

    far: Far
    declared: Declared
    make: Callable[[Declared, pd.DataFrame, Alike], Survey]
    replicated: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        declared, pps = self.declared, self.declared.pps
        held.refuse_design(self.far, declared)
        if pps is not None and (pps.method in ("joint", "successive") or len(declared.clusters) + declared.by_rows < 2):
            rule = "留在原处的表没有行的次序，也不逐行计方差，不能用这种规则"
            raise SurveyError(f'PPS({pps.method!r})｜{rule}｜写 clusters，并改用 "hajek"、"brewer" 等由入样概率求方差的规则')

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.far.kinds)

    def replicate(self, method: str, **options: Any) -> RemoteSurvey:
        """Return the same survey with replicate weights; `Survey.replicate` says what may be asked."""
        if self.declared.by_rows and len(self.declared.clusters) < 2:
            raise SurveyError(f"{method}｜每行自成一个首阶段单元，留在原处的表不做重复权数｜用线性化方差，或先读入内存")
        if method in ORDERED and options.get("order") is None:
            what, way = ORDERED[method]
            rule = f"{what}由行的次序定，而留在原处的表没有行的次序"
            raise SurveyError(f'{method}｜{rule}｜{way}改用 "jkn"、"rwy"、线性化方差，或先读入内存')
        return replace(self, replicated=(method, options))

    def gather(self, questions: Sequence[tuple[Sequence[str], Sequence[str], Any, bool]]) -> Survey:
        """Bring what statistics need, as a survey of rows that are alike.

        Parameters
        ----------
        questions : sequence of (variables, by, where, squared)
            For each statistic its columns, the columns of its domains, which rows count (a Condition, a column name or None; it
            becomes the column that `inside` names), and whether scores hold squares of the numbers, whose variance among rows is then
            not known.

        Returns
        -------
        Survey
            For `mean`, `total`, `proportion`, `ratio`, `variance`, `covariance` and `correlation` only: other statistics need rows.

        Raises
        ------
        SurveyError
            Columns that are absent; weights that are missing, not finite or not above 0; a condition without an answer.
        """
        asked = list(dict.fromkeys(name for variables, by, _, _ in questions for name in (*variables, *by)))
        self.far.known(asked)
        held.refuse_unnamed(self.far, [*self.declared.columns, *asked])
        wheres = {inside(at): self._condition(where) for at, (_, _, where, _) in enumerate(questions) if where is not None}
        kinds = self.far.kinds
        variables = dict.fromkeys(name for names, _, _, _ in questions for name in names)
        by = {name for _, names, _, _ in questions for name in names}
        engines.refuse_wide(self.far, [*self.declared.strata, *self.declared.clusters, *sorted(by)])
        squared = {name for names, _, _, powers in questions if powers for name in names}
        self.far.refuse_spoilt([name for name in variables if name not in (*by, *self.declared.columns)])
        numbers = [name for name in variables if kinds[name] in ("whole", "number") and name not in (*by, *self.declared.columns)]
        weight = [] if self.declared.weights is None else [self.declared.weights]
        seen = engines.profiled(self.far, list(dict.fromkeys([*numbers, *weight])))
        self._refuse(seen, weight)
        spread = {name: seen[name] for name in numbers if not seen[name].few}
        if squared & spread.keys() and self.declared.by_rows:
            raise SurveyError("留在原处的表｜方差、协方差与相关系数的逐行方差要四次方的和｜clusters 写到行以上的单元，或先读入内存")
        means = {name: profile.anchor for name, profile in spread.items()}
        keys = self._keys(asked, means, wheres) | self._written({*by, *self.declared.strata, *self.declared.clusters}, variables)
        table = engines.gathered(self.far, keys, self.declared.weights, means)
        if table.empty:
            raise SurveyError(NO_ROWS)
        self._refuse_changed(seen, table)
        return self._survey(held.as_in_memory(self.far, table, [*self.declared.columns, *asked]), spread, list(wheres))

    def _written(self, groups: set[Any], variables: Iterable[str]) -> dict[str, Any]:
        """Return the columns of groups as their cells are written in a CSV file: 3.1 and 3.10 are two."""
        both = [name for name in variables if name in groups and name in self.far.written]
        if both:
            raise SurveyError(f"{'、'.join(both)}｜带小数的列既作数、又作分组或单元，3.1 与 3.10 是一数两组｜分两步估计，或把这一列写两份")
        return {name: nw.col(text) for name, text in self.far.written.items() if name in groups}

    def repeats(self, name: str) -> int:
        """Return how many values of a column stand in more than one row of a first-stage unit."""
        return engines.repeated(self.far, [*([] if self.declared.by_rows else self.declared.clusters[:1]), name])

    def _condition(self, where: Any) -> Any:
        if isinstance(where, str):
            self.far.known([where])
            if self.far.kinds[where] != "truth":
                raise SurveyError(f'{where}｜where 应为真假列｜用 ev.col("{where}") > 3 这样的条件')
            known = ~nw.col(where).is_null()
            return nw.col(where) & known, ~nw.col(where) & known
        if not hasattr(where, "ask"):
            raise SurveyError('where｜留在原处的表没有行号，不能用数组｜用 ev.col("列名") > 3 这样的条件')
        return where.ask(self.far)

    def _refuse(self, seen: dict[str, Profile], weight: list[str]) -> None:
        faults = Faults("调查数据")
        for name, profile in seen.items():
            if not profile.rows:
                raise SurveyError(NO_ROWS)
            if profile.endless:
                faults.add(None, name, "", f"{profile.endless} 行不是有限数", "改正后重试")
            if name in weight and (profile.missing or not profile.low > 0):
                faults.add(None, name, "", f"权数应为大于 0 的有限数，{profile.missing} 行缺失，最小 {profile.low:g}", "补全或改正后重试")
        faults.refuse(SurveyError)

    def _refuse_changed(self, seen: dict[str, Profile], table: pd.DataFrame) -> None:
        """Refuse a query that gave other rows when it was asked again: numbers and sums would be of two samples."""
        rows = int(table[engines.COUNT].sum())
        for profile in seen.values():
            if profile.rows != rows:
                rule = f"同一张表问了两次，一次 {profile.rows} 行，一次 {rows} 行"
                raise SurveyError(f"{self.far.engine} 表｜{rule}｜查询应可重复：去掉随机抽取，或先把结果存成表、文件")

    def _keys(self, asked: list[str], spread: dict[str, float], wheres: dict[str, Any]) -> dict[str, Any]:
        """Return the expressions that tell rows apart: design, answers of few values, whether an answer is missing, the condition."""
        kinds = self.far.kinds
        keys = {name: engines.value_of(self.far, name, kinds[name]) for name in [*self.declared.columns, *asked] if name not in spread}
        keys |= {f"evalkit_lost_{name}": engines.value_of(self.far, name, kinds[name]).is_null().cast(nw.Int64) for name in spread}
        if spread and self.declared.by_rows and self.declared.weights:
            keys[self.declared.weights] = engines.value_of(self.far, self.declared.weights, "number")
        # 1 inside, -1 outside, 0 for a condition without an answer
        return {**keys, **{name: where[0].cast(nw.Int64) - where[1].cast(nw.Int64) for name, where in wheres.items()}}

    def _survey(self, table: pd.DataFrame, spread: dict[str, Profile], conditions: list[str]) -> Survey:
        count, weights, squares = (table.pop(name).to_numpy(dtype=float) for name in (engines.COUNT, engines.WEIGHT, engines.SQUARE))
        for name in conditions:
            lost = table[name] == 0
            if bool(lost.any()):
                rule = f"{count[lost.to_numpy()].sum():.0f} 行的条件为缺失"
                raise SurveyError(f'where｜{rule}｜写明缺失归入哪一边：… & ~ev.col("列名").isna()')
            table[name] = table[name] == 1
        stated = self.declared.weights
        alike = Alike(count, count if stated is None else weights**2 / squares)
        if stated is not None:
            table[OWN] = weights / count  # beside the column of the weights, which may itself be asked for
        if spread:
            table, alike = _points(table, spread, weights, alike)
        survey = self.make(self.declared if stated is None else replace(self.declared, weights=OWN), table, alike)
        return survey.replicate(self.replicated[0], **self.replicated[1]) if self.replicated else survey

    def __getattr__(self, name: str) -> Any:
        if name in ROWS:
            raise self._needs_rows()
        raise AttributeError(name)

    def __len__(self) -> int:
        raise self._needs_rows()

    def _needs_rows(self) -> SurveyError:
        way = f"可用 {'、'.join(KNOWN)}；其他的先把所需的行、列读入内存，再 ev.Survey.from_data(表, …)"
        return SurveyError(f"{self.far.engine} 表｜这一步要逐行的数据，而行留在原处｜{way}")

    def __repr__(self) -> str:
        design = "、".join(self.declared.columns) or "每行一个单元"
        told = f"，重复权数 {self.replicated[0]}" if self.replicated else ""
        return f"RemoteSurvey：{self.far}，设计列 {design}{told}"


def inside(at: int) -> str:
    """Return the heading under which the condition of a question stands."""
    return f"{INSIDE}{at}"


def _points(table: pd.DataFrame, spread: dict[str, Profile], weights: Floats, alike: Alike) -> tuple[pd.DataFrame, Points]:
    """Put 2k points for the k numbers of each row, whose mean, variances and products are those of the answers it stands for.

    The points are mean ± √k times a column of a root of the covariance matrix, with equal weights (the sigma points of
    Julier & Uhlmann 1997): sums of the numbers and of their products are exact, and so is all that is made of such sums.
    """
    k = len(spread)
    lost = np.column_stack([table[f"evalkit_lost_{name}"].to_numpy() == 1 for name in spread])
    sums = np.nan_to_num(np.column_stack([table[f"evalkit_s{i}"] for i in range(k)])) / weights[:, None]
    products = np.empty((len(table), k, k))
    for i in range(k):
        for j in range(i, k):
            products[:, i, j] = products[:, j, i] = np.nan_to_num(table[f"evalkit_s{i}_{j}"]) / weights
    values, vectors = np.linalg.eigh(products - sums[:, :, None] * sums[:, None, :])
    root = vectors * np.sqrt(k * np.maximum(values, 0.0))[:, None, :]
    away = np.concatenate([root, -root], axis=2)  # (rows, numbers, points)
    made, apart = table.loc[table.index.repeat(2 * k)].reset_index(drop=True), dict[str, Floats]()
    for i, (name, seen) in enumerate(spread.items()):
        apart[name] = np.where(lost[:, [i]], -seen.anchor, sums[:, [i]] + away[:, i, :]).ravel()
        made[name] = np.where(lost[:, [i]], np.nan, seen.anchor + apart[name].reshape(len(table), -1)).ravel()
    share = 1 / (2 * k)
    held, like = np.repeat(alike.held * share, 2 * k), np.repeat(alike.like * share, 2 * k)
    about, low = ({name: getattr(seen, part) for name, seen in spread.items()} for part in ("anchor", "low"))
    return made, Points(held, like, apart, about, low)
