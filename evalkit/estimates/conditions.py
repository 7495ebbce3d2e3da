"""Conditions on columns, written as they are spoken: `col("age") >= 60`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.survey import Survey


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition on the rows of a survey; `&`, `|` and `~` join conditions."""

    test: Callable[[Survey], pd.Series]
    text: str

    def __and__(self, other: Condition) -> Condition:
        return Condition(lambda survey: self.test(survey) & other.test(survey), f"({self.text} & {other.text})")

    def __or__(self, other: Condition) -> Condition:
        return Condition(lambda survey: self.test(survey) | other.test(survey), f"({self.text} | {other.text})")

    def __invert__(self) -> Condition:
        return Condition(lambda survey: ~self.test(survey), f"~{self.text}")

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Column:
    """A column that is compared; made by `col`."""

    name: str

    def _compare(self, how: Callable[[Any, Any], Any], sign: str, value: Any) -> Condition:
        return Condition(lambda survey: how(survey.column(self.name), value), f"{self.name} {sign} {value!r}")

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

    __hash__ = None  # type: ignore[assignment]  # comparing makes a condition, so it cannot be a key

    def isin(self, values: Iterable[Any]) -> Condition:
        """Return the condition that the column holds one of the values."""
        listed = list(values)
        return Condition(lambda survey: survey.column(self.name).isin(listed), f"{self.name} in {listed!r}")


def col(name: str) -> Column:
    """Name a column in a condition for `where=`.

    Parameters
    ----------
    name : str
        Column of the survey; looked up when the condition is used.

    Returns
    -------
    Column
        Compare it with ``== != < <= > >=`` or ``.isin([...])``; join conditions with ``& | ~``.

    Examples
    --------
    >>> (col("age") >= 60) & ~col("stratum").isin(["脱贫户"])
    (age >= 60 & ~stratum in ['脱贫户'])
    """
    return Column(name)
