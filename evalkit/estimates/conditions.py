"""Conditions on columns, written as they are spoken: `col("age") >= 60`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.engines import Far, value_of
from evalkit.errors import EstimateError
from evalkit.later import later

if TYPE_CHECKING:
    from evalkit.survey import Survey

nw = later("narwhals.stable.v2")


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition on the rows of a survey; `&`, `|` and `~` join conditions."""

    test: Callable[[Survey], pd.Series]
    text: str
    ask: Callable[[Far], Any]  # the same as an expression, for rows that stay in their engine

    def __and__(self, other: Condition) -> Condition:
        return self._joined(operator.and_, "&", other)

    def __or__(self, other: Condition) -> Condition:
        return self._joined(operator.or_, "|", other)

    def _joined(self, how: Callable[[Any, Any], Any], sign: str, other: Condition) -> Condition:
        def test(survey: Survey) -> pd.Series:
            joined: pd.Series = how(self.test(survey), other.test(survey))
            return joined

        return Condition(test, f"({self.text} {sign} {other.text})", lambda far: how(self.ask(far), other.ask(far)))

    def __invert__(self) -> Condition:
        return Condition(lambda survey: ~self.test(survey), f"~{self.text}", lambda far: ~self.ask(far))

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
            left = survey.column(self.name)
            right = survey.column(value.name) if isinstance(value, Column) else value
            lost = left.isna() | (right.isna() if isinstance(value, Column) else False)
            try:
                return _unless(lost, how(left, right))
            except TypeError:
                told = f"{self.name} {sign} {type(value).__name__}"
                raise EstimateError(f"{told}｜列与所比的值不是同一类（数与文字）｜先转换，或改写比较的值") from None

        shown = value.name if isinstance(value, Column) else repr(value)

        def ask(far: Far) -> Any:
            left, right = _column(far, self.name), _column(far, value.name) if isinstance(value, Column) else value
            far.refuse_mixed(self.name, [far.kinds[value.name] if isinstance(value, Column) else _kind(value)], f"{self.name} {sign} …")
            return how(left, right)

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
            column = survey.column(self.name)
            return _unless(column.isna(), column.isin(listed))

        return Condition(test, f"{self.name} in {listed!r}", lambda far: _isin(far, self.name, listed))

    def isna(self) -> Condition:
        """Return the condition that the column has no value."""
        return Condition(lambda survey: survey.column(self.name).isna(), f"{self.name} 缺失", lambda far: _column(far, self.name).is_null())

    def __bool__(self) -> bool:
        raise EstimateError(f"{self.name}｜列本身不是条件｜写 col({self.name!r}) == …，各条件用 &、|、~ 连接")


def _column(far: Far, name: str) -> Any:
    far.known([name])
    return value_of(far, name, far.kinds[name])


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "number" if isinstance(value, Real) else "other"


def _isin(far: Far, name: str, listed: list[Any]) -> Any:
    column = _column(far, name)
    far.refuse_mixed(name, map(_kind, listed), f"{name} in …")
    return nw.when(~column.is_null()).then(column.is_in(listed))


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
