"""Conditions on columns, written as they are spoken: `col("age") >= 60`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.engines import Far, categories_of, dtype_of, value_of
from evalkit.errors import EstimateError
from evalkit.later import later

if TYPE_CHECKING:
    from evalkit.survey import Survey

nw = later("narwhals.stable.v2")


Answers = tuple[Any, Any]  # expressions of the rows that meet a condition and of those that do not; the others are missing
OTHERWISE: dict[Any, Any] = {
    operator.eq: operator.ne, operator.ne: operator.eq, operator.lt: operator.ge, operator.ge: operator.lt, operator.gt: operator.le,
    operator.le: operator.gt, operator.and_: operator.or_, operator.or_: operator.and_,
}  # fmt: skip


SHORT = ("float16", "float32", "Float32", "float[pyarrow]", "halffloat[pyarrow]")  # decimals of fewer digits than a double


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition on the rows of a survey; `&`, `|` and `~` join conditions."""

    test: Callable[[Survey], pd.Series]
    text: str
    ask: Callable[[Far], Answers]  # the same as expressions, for rows that stay in their engine

    def __and__(self, other: Condition) -> Condition:
        return self._joined(operator.and_, "&", other)

    def __or__(self, other: Condition) -> Condition:
        return self._joined(operator.or_, "|", other)

    def _joined(self, how: Callable[[Any, Any], Any], sign: str, other: Condition) -> Condition:
        def test(survey: Survey) -> pd.Series:
            joined: pd.Series = how(self.test(survey), other.test(survey))
            return joined

        def ask(far: Far) -> Answers:
            (yes, no), (also, nor) = self.ask(far), other.ask(far)
            return how(yes, also), OTHERWISE[how](no, nor)

        return Condition(test, f"({self.text} {sign} {other.text})", ask)

    def __invert__(self) -> Condition:
        return Condition(lambda survey: ~self.test(survey), f"~{self.text}", lambda far: self.ask(far)[::-1])

    def __bool__(self) -> bool:
        raise EstimateError(f"{self.text}｜条件要到用时才有真假，and、or、not 与连写的比较会丢掉一半｜写 &、|、~，各条件加括号")

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Column:
    """A column that is compared, which makes a condition, so that it cannot be a key; made by `col`."""

    name: str

    def _compare(self, how: Callable[[Any, Any], Any], sign: str, value: Any) -> Condition:
        def test(survey: Survey) -> pd.Series:
            left = _fine(survey.column(self.name))
            right = _fine(survey.column(value.name)) if isinstance(value, Column) else value
            lost = left.isna() | (right.isna() if isinstance(value, Column) else False)
            try:
                return _unless(lost, how(left, right))
            except TypeError:
                told = f"{self.name} {sign} {type(value).__name__}"
                raise EstimateError(f"{told}｜列与所比的值不是同一类（数与文字）｜先转换，或改写比较的值") from None

        shown = value.name if isinstance(value, Column) else repr(value)

        def ask(far: Far) -> Answers:
            far.known([self.name, *([value.name] if isinstance(value, Column) else [])])
            far.refuse_mixed(self.name, [far.kinds[value.name] if isinstance(value, Column) else _kind(value)], f"{self.name} {sign} …")
            if how not in (operator.eq, operator.ne):
                _refuse_order(far, [self.name, *([value.name] if isinstance(value, Column) else [])], sign)
            left, known = _column(far, self.name)
            right = _plain(far, self.name, value)
            if isinstance(value, Column):
                right, also = _column(far, value.name)
                known = known & also
            return how(left, right) & known, OTHERWISE[how](left, right) & known

        return Condition(test, f"{self.name} {sign} {shown}", ask)

    def __eq__(self, value: Any) -> Condition:  # type: ignore[override]  # a comparison makes a condition
        return self._compare(operator.eq, "==", value)

    def __ne__(self, value: Any) -> Condition:  # type: ignore[override]  # a comparison makes a condition
        return self._compare(operator.ne, "!=", value)

    def __lt__(self, value: Any) -> Condition:
        return self._compare(operator.lt, "<", value)

    def __le__(self, value: Any) -> Condition:
        return self._compare(operator.le, "<=", value)

    def __gt__(self, value: Any) -> Condition:
        return self._compare(operator.gt, ">", value)

    def __ge__(self, value: Any) -> Condition:
        return self._compare(operator.ge, ">=", value)

    def isin(self, values: Iterable[Any]) -> Condition:
        """Return the condition that the column holds one of the values."""
        listed = list(values)

        def test(survey: Survey) -> pd.Series:
            column = _fine(survey.column(self.name))
            return _unless(column.isna(), column.isin(listed))

        return Condition(test, f"{self.name} in {listed!r}", lambda far: _isin(far, self.name, listed))

    def isna(self) -> Condition:
        """Return the condition that the column has no value."""
        return Condition(lambda survey: survey.column(self.name).isna(), f"{self.name} 缺失", lambda far: _isna(far, self.name))

    def __bool__(self) -> bool:
        raise EstimateError(f"{self.name}｜列本身不是条件｜写 col({self.name!r}) == …，各条件用 &、|、~ 连接")


def _column(far: Far, name: str) -> tuple[Any, Any]:
    """Return the expressions of a column and of the rows where it has a value: an engine's own idea of a missing answer is not asked."""
    far.known([name])
    value = value_of(far, name, far.kinds[name])
    return value, ~value.is_null()


def _fine(column: pd.Series) -> pd.Series:
    """Return a column of short decimals (float32) as doubles, as engines and R compare them: 0.1 is then less than its float32."""
    return column.astype("Float64" if pd.api.types.is_extension_array_dtype(column) else float) if str(column.dtype) in SHORT else column


def _plain(far: Far, name: str, value: Any) -> Any:
    """Return a value as the column holds its own: truth values are 0 and 1, a date that is written as text is a date."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    dtype = dtype_of(far, name)
    if not isinstance(value, str) or dtype not in (nw.Date, nw.Datetime):
        return value
    try:
        return date.fromisoformat(value) if dtype == nw.Date else datetime.fromisoformat(value)
    except ValueError:
        raise EstimateError(f"{name}｜列是日期，所比的文字不是｜写成 2024-11-30 的样子") from None


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "number" if isinstance(value, Real) else "other"


def _refuse_order(far: Far, names: list[str], sign: str) -> None:
    """Refuse to compare categories by their order: memory has the order that was declared, an engine often that of the letters."""
    for name in names:
        if categories_of(far, name) is not None:
            rule = "列是类别（有自己的次序），留在原处的表不按次序比"
            raise EstimateError(f"{name} {sign} …｜{rule}｜写 ev.col({name!r}).isin([…])，列出各类")


def _isin(far: Far, name: str, listed: list[Any]) -> Answers:
    column, known = _column(far, name)
    far.refuse_mixed(name, map(_kind, listed), f"{name} in …")
    inside = column.is_in([_plain(far, name, value) for value in listed])
    return inside & known, ~inside & known


def _isna(far: Far, name: str) -> Answers:
    _, known = _column(far, name)
    return ~known, known


def _unless(lost: Any, held: Any) -> pd.Series:
    """Return truth values that are missing where the column is; `&`, `|` and `~` then know three values."""
    series = pd.Series(np.asarray(held, dtype=object), index=lost.index).where(~lost)
    return series.astype("boolean")


def col(name: str) -> Column:
    """Name a column in a condition for `where=`.

    Parameters
    ----------
    name : str
        Column of the survey; looked up when the condition is used.

    Returns
    -------
    Column
        Compare it with ``== != < <= > >=`` (numbers, text, or another ``col``), ``.isin([...])`` or ``.isna()``; join conditions
        with ``& | ~``. A row without a value meets no condition and no denial of one: such rows are refused unless ``isna``
        says where they belong.

    Examples
    --------
    >>> (col("age") >= 60) & ~col("stratum").isin(["脱贫户"])
    (age >= 60 & ~stratum in ['脱贫户'])
    """
    return Column(name)
