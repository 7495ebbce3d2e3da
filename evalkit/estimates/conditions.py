"""Conditions on columns, written as they are spoken: `col("age") >= 60`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
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

DATES = ("date", "datetime", "datetime64")  # what pandas calls objects that are dates or moments

SORTS = {
    "string": "文字", **dict.fromkeys(DATES, "日期"),
    **dict.fromkeys(["boolean", "integer", "floating", "decimal", "mixed-integer-float"], "数"),
}  # fmt: skip


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
        if _missing(value):
            told = "所比的是缺失值，与它比没有真假"
            raise EstimateError(f"{self.name} {sign} {value}｜{told}｜写 ev.col({self.name!r}).isna()，其余的行前面加 ~")

        def test(survey: Survey) -> pd.Series:
            left = _fine(survey.column(self.name))
            if isinstance(value, Column):
                right = _fine(survey.column(value.name))
                _refuse_zones(left, right)
                _refuse_sorts(self.name, _sort(left), [_sort(right)])
            else:
                right = _near(left, [value])[0]
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
            return _unless(column.isna(), column.isin(_near(column, listed)))

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
    """Return a column as engines compare it: float32 as doubles (0.1 is then less than its float32), dates as their first instant."""
    if str(column.dtype) in SHORT:
        return column.astype("Float64" if pd.api.types.is_extension_array_dtype(column) else float)
    if isinstance(column.dtype, (np.dtypes.ObjectDType, pd.ArrowDtype)) and pd.api.types.infer_dtype(column, skipna=True) in DATES:
        try:
            return pd.to_datetime(column.astype(object))
        except ValueError:
            raise EstimateError(f"{column.name}｜时刻的时区不一｜先用 pd.to_datetime(…, utc=True) 统一") from None
    return column


def _near(column: pd.Series, values: list[Any]) -> list[Any]:
    """Return values as a column in memory, as `_fine` returns it, holds its own: what a column of moments is compared with is a moment."""
    present = [value for value in values if not _missing(value)]
    if column.dtype.kind == "M":
        return [_moment(str(column.name), value, column.dt.tz) for value in present]
    _refuse_sorts(str(column.name), _sort(column), [SORTS.get(pd.api.types.infer_dtype([value]), "") for value in present])
    return values


def _sort(column: pd.Series) -> str:
    """Return what a column holds as `SORTS` calls it; a column of blanks alone holds nothing, whatever pandas made of it."""
    return SORTS.get(pd.api.types.infer_dtype(column, skipna=True), "") if column.notna().any() else ""


def _refuse_sorts(name: str, sort: str, others: Iterable[str]) -> None:
    """Refuse text beside numbers or dates: pandas calls them unequal, so that `!=` would be met by all rows."""
    for other in others:
        if sort and other and sort != other:
            raise EstimateError(f"{name}｜列与所比的值不是同一类（{sort}与{other}）｜先转换，或改写比较的值")


def _missing(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _refuse_zones(left: pd.Series, right: pd.Series) -> None:
    """Refuse moments with a zone beside moments without: pandas calls them unequal, engines take the zone of the machine."""
    if left.dtype.kind == right.dtype.kind == "M" and (left.dt.tz is None) != (right.dt.tz is None):
        raise EstimateError(f"{left.name}、{right.name}｜一列带时区，一列不带，比不出先后｜先用 .dt.tz_localize(…) 统一")


def _moment(name: str, value: Any, zone: Any) -> pd.Timestamp:
    """Return a date (its first instant), a moment or the ISO text of one as a moment; a text is of the column's zone if it names none."""
    if not isinstance(value, (str, date, np.datetime64)):
        raise EstimateError(f"{name}｜列是日期，所比的值不是（{type(value).__name__}）｜写成 \"2024-11-30\" 或 date(2024, 11, 30) 的样子")
    try:
        moment = pd.Timestamp(datetime.fromisoformat(value) if isinstance(value, str) else value)
    except ValueError:
        raise EstimateError(f"{name}｜列是日期，所比的文字不是｜写成 2024-11-30 的样子") from None
    if isinstance(value, str) and zone is not None and moment.tzinfo is None:
        moment = moment.tz_localize(zone)
    if zone is not None and moment.tzinfo is None:
        way = "写 pd.Timestamp('2024-11-30', tz='Asia/Shanghai')，或先把列转成日期"
        raise EstimateError(f"{name}｜列带时区，所比的日期或时刻不带｜{way}")
    if zone is None and moment.tzinfo is not None:
        raise EstimateError(f"{name}｜列不带时区，所比的时刻带｜去掉时区，如 pd.Timestamp('2024-11-30')")
    return moment


def _plain(far: Far, name: str, value: Any) -> Any:
    """Return a value as the column holds its own: truth values are 0 and 1, what a column of dates is compared with is a moment."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    dtype = dtype_of(far, name)
    if isinstance(value, Column) or dtype not in (nw.Date, nw.Datetime):
        return value
    zone = dtype.time_zone if dtype == nw.Datetime else None
    if zone is not None and far.engine == "Spark":  # whose ordinary times are all zoned, and compared in the zone of the session
        return datetime.fromisoformat(value) if isinstance(value, str) else pd.Timestamp(value).to_pydatetime()
    moment = _moment(name, value, zone)
    exact = moment.to_pydatetime() if moment.nanosecond == 0 else moment
    return exact.date() if dtype == nw.Date and moment == moment.normalize() else exact


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
    values = [_plain(far, name, value) for value in listed if not _missing(value)]
    if far.kinds[name] in ("whole", "truth", "number"):
        values = _numbers(name, values, whole=far.kinds[name] != "number")
    elif dtype_of(far, name) == nw.Date:  # no day is a moment within a day
        values = [value for value in values if not isinstance(value, datetime)]
    inside = column.is_in(values)
    return inside & known, ~inside & known


def _numbers(name: str, values: list[Any], *, whole: bool) -> list[Any]:
    """Return numbers as a column of one type can hold them: a list of whole numbers and decimals is of no type in polars."""
    if not all(isinstance(value, (Real, Decimal)) for value in values):
        raise EstimateError(f"{name} in …｜列与所比的值不是同一类（列是数）｜先转换，或改写比较的值")
    return [int(value) for value in values if value == value // 1] if whole else [float(value) for value in values]


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
