"""Which rows a statistic is about, and the numbers it reads from them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, EvalkitWarning, Faults
from evalkit.estimates.conditions import Condition
from evalkit.lists import as_list
from evalkit.sheets import is_decimal
from evalkit.survey import Survey, refuse_brought, rows_behind
from evalkit.survey.remote import Points
from evalkit.variances import Floats, Ints, Partition, Stage, add_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

Missing = Literal["fail", "out", "no"]
BROUGHT = ContextVar("BROUGHT", default=False)  # whether a statistic is made of what it brought from an engine


@dataclass(frozen=True, eq=False)
class Domain:
    """Disjoint domains and what they are called.

    Attributes
    ----------
    partition : Partition
        One code a row, negative outside all.
    keys : tuple of tuples
        Values of the `by` columns of each domain; one empty tuple without `by`.
    by : tuple of str
        Names of the `by` columns.
    rows : int
        Rows of the survey.
    """

    partition: Partition
    keys: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]
    rows: int

    @property
    def code(self) -> Ints | None:
        """Domain of each row; None when the one domain holds every row."""
        return self.partition.code

    @property
    def count(self) -> int:
        """Number of domains."""
        return len(self.keys)

    @cached_property
    def sizes(self) -> Ints:
        """Number of rows in each domain."""
        return self.partition.sizes(self.rows)

    def sums(self, values: Floats) -> Floats:
        """Sum values by domain."""
        return self.partition.sums(values)

    def totals(self, values: Floats, stage: Stage) -> Floats:
        """Sum values by domain, through the sums by unit of a stage, which variances need anyway."""
        if self.code is None:
            return self.sums(values)
        found = self.partition.grouping(stage)
        return add_up(found.column, found.sums(values), self.count)

    def at(self, by_domain: Floats) -> Any:
        """Give each row the number of its domain."""
        return self.partition.at(by_domain)

    def df(self, first: Stage) -> Floats:
        """First-stage units minus strata that have a row in each domain; 0 where nobody is."""
        strata = self.partition.cells(first)
        return add_up(strata.column, (strata.sizes - 1).astype(float), self.count)


@dataclass(frozen=True, eq=False)
class Variable:
    """Numbers of one variable or of one level of it; `missing` marks rows without an answer.

    Numbers that were brought from an engine as `about` + `away` keep both, so that a large mean does not cost the digits of a small
    spread.
    """

    label: tuple[Any, ...]
    values: Floats
    missing: Mask | None
    away: Floats | None = None
    about: float = 0.0

    @property
    def apart(self) -> Floats:
        """Return the numbers less `about`."""
        return self.values if self.away is None else self.away


def read(survey: Survey, name: str) -> list[Variable]:
    """Return the numbers of a column: itself when numeric or boolean, one 0/1 variable a level otherwise."""
    series = asked_column(survey, name)
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series) or is_decimal(series):
        return [number(survey, name)]
    codes, levels = survey.levels(name)
    if not levels:
        raise EstimateError(f"{name}｜整列都没有回答，无从估计｜核对列名与导出的表")
    _refuse_numbers(name, series, levels)
    lost = codes < 0
    given = lost if bool(lost.any()) else None
    return [Variable((name, level), (codes == at).astype(float), given) for at, level in enumerate(levels)]


def asked_column(survey: Survey, name: str) -> pd.Series:
    """Return a column of a survey, or refuse what is no survey.

    Raises
    ------
    EstimateError
    """
    if not hasattr(survey, "stages"):
        raise EstimateError(f"{type(survey).__name__}｜应为 Survey｜先 ev.Survey.from_data(表, clusters=…) 或 ev.weigh(…)")
    return survey.column(name)


def _refuse_numbers(name: str, series: pd.Series, levels: list[Any]) -> None:
    """Refuse a column of numbers that stands as text or objects: it would be taken for as many categories."""
    if isinstance(series.dtype, pd.CategoricalDtype) or not levels:
        return
    if all(not isinstance(level, str) or _is_number(level) for level in levels):
        rule = "列里都是数，却是文字或对象列，会被当作类别"
        raise EstimateError(f'{name}｜{rule}｜数值先用 pd.to_numeric(…)；代码表示的类别写 .astype("category")')


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def number(survey: Survey, name: str) -> Variable:
    """Return the numbers of a numeric or boolean column.

    Raises
    ------
    EstimateError
        When the column holds text or an infinite value.
    """
    series = asked_column(survey, name)
    if not (pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series) or is_decimal(series)):
        raise EstimateError(f"{name}｜是文字列，这里需要数值｜先转换为数值，或用 ev.proportion")
    values = series.to_numpy(dtype=float, na_value=np.nan)
    if isinstance(survey.alike, Points) and name in survey.alike.about:
        lost = np.isnan(values)
        away = survey.alike.away[name]
        return Variable((name,), np.where(lost, 0.0, values), lost if bool(lost.any()) else None, away, survey.alike.about[name])
    if bool(np.isfinite(values).all()):
        return Variable((name,), values, None)
    if bool(np.isinf(values).any()):
        _report(survey, name, np.isinf(values), "应为有限数", "改正后重试")
    missing = np.isnan(values)
    return Variable((name,), np.where(missing, 0.0, values), missing)


def domain(survey: Survey, by: str | Sequence[str] | None, where: Any, variables: Sequence[Variable], missing: Missing) -> Domain:
    """Return the domains, with rows that miss an answer treated as `missing` says."""
    if not BROUGHT.get():
        refuse_brought(survey)
    if missing not in ("fail", "out", "no"):
        raise EstimateError(f"missing={missing}｜没有这种处理｜可用：fail（报错）、out（移出域）、no（计为 0）")
    inside = None if where is None else _mask(survey, where)
    if survey.answering is not None:
        inside = survey.answering if inside is None else inside & survey.answering
    names = tuple(as_list(by))
    code, keys = _groups(survey, names, inside, missing)
    for variable in variables:
        if variable.missing is None or missing == "no":
            continue
        lost = variable.missing & (code >= 0) if code is not None else variable.missing
        if missing == "fail" and bool(lost.any()):
            _report(survey, str(variable.label[0]), lost, "缺答案", 'missing="out"（移出域）或 missing="no"（计为 0）')
        code = np.where(variable.missing, -1, code if code is not None else 0)
    parts = survey.whole if code is None else Partition(code, len(keys), survey.whole.held)
    made = Domain(parts, tuple(keys), names, len(survey))
    _say_empty(made)
    return made


def _say_empty(made: Domain) -> None:
    """Warn once of domains without rows: their numbers are NaN."""
    nobody = np.flatnonzero(made.sizes == 0)
    if len(nobody):
        named = "、".join(" ".join(map(str, made.keys[at])) for at in nobody[:5]) if made.by else "（全部）"
        more = "……" if len(nobody) > 5 else ""
        told = f"{len(nobody)} 个域没有行，数值为 NaN，n 为 0：{named}{more}｜核对 where、by 与 missing"
        warnings.warn(told, EvalkitWarning, stacklevel=5)


def _groups(survey: Survey, names: tuple[str, ...], inside: Mask | None, missing: Missing) -> tuple[Ints | None, list[tuple[Any, ...]]]:
    """Return the code of each row and the keys: combinations of values that occur, with every declared category."""
    if not names:
        return None if inside is None else np.where(inside, 0, -1), [()]
    code: Ints | None = None
    keys: list[tuple[Any, ...]] = [()]
    declared = True
    for name in names:
        own, levels = survey.levels(name)
        lost = (own < 0) & (True if inside is None else inside)
        if missing == "fail" and bool((own < 0).any()) and bool(lost.any()):
            _report(survey, name, lost, "分组的值缺失", 'missing="out"（移出域）')
        nobody = (own < 0) | (False if code is None else code < 0)
        code = own if code is None else np.where(nobody, -1, code * len(levels) + own)
        keys = [(*key, level) for key in keys for level in levels]
        declared = declared and isinstance(survey.column(name).dtype, pd.CategoricalDtype)
    assert code is not None
    if len(names) > 1 and not declared:
        code, keys = _occurring(code, keys)
    return code if inside is None else np.where(inside, code, -1), keys


def _occurring(code: Ints, keys: list[tuple[Any, ...]]) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Leave out combinations of values that no row of the survey has."""
    used = np.bincount(code[code >= 0], minlength=len(keys)) > 0
    if used.all():
        return code, keys
    place = np.append(np.where(used, np.cumsum(used) - 1, -1), -1)
    return place[code], [key for key, held in zip(keys, used, strict=True) if held]


def _mask(survey: Survey, where: Any) -> Mask:
    found = where.test(survey) if isinstance(where, Condition) else survey.column(where) if isinstance(where, str) else where
    series = _aligned(survey, found) if isinstance(found, pd.Series) else pd.Series(np.asarray(found).ravel())
    if len(series) != len(survey):
        raise EstimateError(f"where 有 {len(series)} 行，调查数据有 {len(survey)} 行｜应等长｜用 ev.col(…) 写条件")
    if bool(series.isna().any()):
        _report(survey, "where", series.isna().to_numpy(), "条件为缺失", '写明缺失归入哪一边：… & ~ev.col("列名").isna()')
    if not pd.api.types.is_bool_dtype(series.infer_objects()):
        raise EstimateError('where｜应为真假列｜用 ev.col("列名") > 3 这样的条件')
    return series.to_numpy(dtype=bool)


def _aligned(survey: Survey, given: pd.Series) -> pd.Series:
    """Return a column of truth values in the order of the rows of the survey, found by its index."""
    index = survey.table().index
    if len(given) != len(index) or given.index.equals(index):
        return given
    if not given.index.is_unique or not index.is_unique or bool((~index.isin(given.index)).any()):
        raise EstimateError('where｜这一列的索引与调查数据的不同，不知哪一行对哪一行｜用 ev.col("列名") 写条件，或 .to_numpy() 按行对齐')
    return given.reindex(index)


def _report(survey: Survey, column: str, bad: Mask, rule: str, remedy: str) -> None:
    """Raise, naming the rows but never their content; those of an engine have no number and are counted."""
    faults = Faults("估计")
    if survey.alike is None:
        faults.add_rows(np.flatnonzero(bad), column, rule, remedy)
    else:
        faults.add(None, column, "", f"{rows_behind(survey)[bad].sum():.0f} 行{rule}", remedy)
    faults.refuse(EstimateError)
