"""Which rows a statistic is about, and the numbers it reads from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.estimates.conditions import Condition
from evalkit.survey import Survey, factorize
from evalkit.variances import Floats, Ints, add_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

Missing = Literal["fail", "out", "no"]


@dataclass(frozen=True, eq=False)
class Domain:
    """Disjoint domains: one code a row, negative outside all.

    Attributes
    ----------
    code : (rows,) int array or None
        None when the one domain holds every row.
    keys : tuple of tuples
        Values of the `by` columns of each domain; one empty tuple without `by`.
    by : tuple of str
        Names of the `by` columns.
    """

    code: Ints | None
    keys: tuple[tuple[Any, ...], ...]
    by: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of domains."""
        return len(self.keys)

    def sums(self, values: Floats) -> Floats:
        """Sum values by domain."""
        if self.code is None:
            return np.array([values.sum()])
        if bool((self.code < 0).any()):
            inside = self.code >= 0
            return add_up(self.code[inside], values[inside], self.count)
        return add_up(self.code, values, self.count)

    def sizes(self, rows: int) -> Ints:
        """Number of rows in each domain."""
        return np.array([rows]) if self.code is None else np.bincount(self.code[self.code >= 0], minlength=self.count)

    def at(self, by_domain: Floats) -> Any:
        """Give each row the number of its domain."""
        return by_domain[0] if self.count == 1 else by_domain[self.code]


@dataclass(frozen=True, eq=False)
class Variable:
    """Numbers of one variable or of one level of it; `missing` marks rows without an answer."""

    label: tuple[Any, ...]
    values: Floats
    missing: Mask | None


def as_list(given: Any) -> list[Any]:
    """Return one name as a list of one."""
    return [given] if isinstance(given, str) else list(given)


def read(survey: Survey, name: str) -> list[Variable]:
    """Return the numbers of a column: itself when numeric or boolean, one 0/1 variable a level otherwise."""
    series = survey.column(name)
    if pd.api.types.is_numeric_dtype(series):
        return [number(survey, name)]
    missing = series.isna().to_numpy()
    codes, levels = _levels(series)
    lost = missing if bool(missing.any()) else None
    return [Variable((name, level), (codes == at).astype(float), lost) for at, level in enumerate(levels)]


def number(survey: Survey, name: str) -> Variable:
    """Return the numbers of a numeric or boolean column.

    Raises
    ------
    EstimateError
        When the column holds text or an infinite value.
    """
    series = survey.column(name)
    if not pd.api.types.is_numeric_dtype(series):
        raise EstimateError(f"{name}｜是文字列，这里需要数值｜先转换为数值，或用 ev.proportion")
    values = series.to_numpy(dtype=float, na_value=np.nan)
    missing = np.isnan(values)
    if bool(np.isinf(values).any()):
        _report(name, np.isinf(values), "应为有限数", "改正后重试")
    if not bool(missing.any()):
        return Variable((name,), values, None)
    return Variable((name,), np.where(missing, 0.0, values), missing)


def domain(survey: Survey, by: str | Sequence[str] | None, where: Any, variables: Sequence[Variable], missing: Missing) -> Domain:
    """Return the domains, with rows that miss an answer treated as `missing` says."""
    if missing not in ("fail", "out", "no"):
        raise EstimateError(f"missing={missing}｜没有这种处理｜可用：fail（报错）、out（移出域）、no（计为 0）")
    inside = None if where is None else _mask(survey, where)
    names = tuple(as_list(by)) if by is not None else ()
    code, keys = _groups(survey, names, inside, missing)
    for variable in variables:
        if variable.missing is None or missing == "no":
            continue
        lost = variable.missing & (code >= 0) if code is not None else variable.missing
        if missing == "fail" and bool(lost.any()):
            _report(str(variable.label[0]), lost, "缺答案", 'missing="out"（移出域）或 missing="no"（计为 0）')
        code = np.where(variable.missing, -1, code if code is not None else 0)
    return _dense(code, keys, names)


def _dense(code: Ints | None, keys: list[tuple[Any, ...]], names: tuple[str, ...]) -> Domain:
    """Leave out domains without rows."""
    if code is None:
        return Domain(None, tuple(keys), names)
    used = np.bincount(code[code >= 0], minlength=len(keys)) > 0
    if not used.any():
        raise EstimateError("域中没有行｜where、by 与 missing 之后至少应有 1 行｜核对条件")
    if not used.all():
        place = np.append(np.where(used, np.cumsum(used) - 1, -1), -1)
        code = place[code]
    return Domain(code, tuple(key for key, held in zip(keys, used, strict=True) if held), names)


def _groups(survey: Survey, names: tuple[str, ...], inside: Mask | None, missing: Missing) -> tuple[Ints | None, list[tuple[Any, ...]]]:
    code: Ints | None = None if inside is None else np.where(inside, 0, -1)
    keys: list[tuple[Any, ...]] = [()]
    for name in names:
        series = survey.column(name)
        own, levels = _levels(series)
        lost = (own < 0) & ((code >= 0) if code is not None else True)
        if missing == "fail" and bool(lost.any()):
            _report(name, lost, "分组的值缺失", 'missing="out"（移出域）')
        joined = own if code is None else code * len(levels) + own
        code = np.where((own < 0) | ((code < 0) if code is not None else False), -1, joined)
        keys = [(*key, level) for key in keys for level in levels]
    return code, keys


def _levels(series: pd.Series) -> tuple[Ints, list[Any]]:
    """Return codes and levels in order: that of the categories, else sorted."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.asarray(series.cat.codes, dtype=np.int64), [_plain(level) for level in series.cat.categories]
    codes, levels = factorize(series)
    return codes, [_plain(level) for level in levels]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _mask(survey: Survey, where: Any) -> Mask:
    found = where.test(survey) if isinstance(where, Condition) else survey.column(where) if isinstance(where, str) else where
    series = pd.Series(np.asarray(found)) if not isinstance(found, pd.Series) else found
    if len(series) != len(survey):
        raise EstimateError(f"where 有 {len(series)} 行，调查数据有 {len(survey)} 行｜应等长｜用 ev.col(…) 写条件")
    if bool(series.isna().any()):
        _report("where", series.isna().to_numpy(), "条件为缺失", "写明缺失归入哪一边")
    if not pd.api.types.is_bool_dtype(series.infer_objects()):
        raise EstimateError('where｜应为真假列｜用 ev.col("列名") > 3 这样的条件')
    return series.to_numpy(dtype=bool)


def _report(column: str, bad: Mask, rule: str, remedy: str) -> None:
    """Raise, naming the rows but never their content."""
    faults = Faults("估计")
    for row in np.flatnonzero(bad):
        faults.add(int(row) + 2, column, "", rule, remedy)
    faults.refuse(EstimateError)
