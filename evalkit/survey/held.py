"""What the columns of a table in an engine hold: taken where memory takes them, and handed on as memory has them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from evalkit import engines
from evalkit.engines import Far
from evalkit.errors import Faults, SurveyError
from evalkit.later import later
from evalkit.survey.declared import Declared

nw = later("narwhals.stable.v2")

OWN = "evalkit_"  # how the columns that sums are brought under begin
ZONELESS = ("DuckDB", "Spark")  # engines that keep the moment of a zoned time and forget its zone


def refuse_design(far: Far, declared: Declared) -> None:
    """Refuse weights, sizes and chances that are no numbers, as a table in memory is refused.

    Raises
    ------
    SurveyError
        Naming the columns; also those that are not there.
    """
    stated = [*([declared.weights] if declared.weights else []), *(name for name in (*declared.fpc, *declared.probs) if name is not None)]
    far.known([*declared.columns, *stated])
    far.refuse_spoilt((), stated)
    faults, kinds = Faults("调查数据"), far.kinds
    for name in dict.fromkeys(stated):
        if kinds[name] not in ("whole", "number"):
            told = {"text": "文字", "truth": "真假"}.get(kinds[name], "日期等")
            faults.add(None, name, "", f"应为数值，不是{told}", f"先把 {name} 转换为数值，再交给 {far.engine}")
    faults.refuse(SurveyError)


def refuse_unnamed(far: Far, columns: Iterable[str]) -> None:
    """Refuse headings that sums are brought under, and times whose zone the engine forgets, which would give domains other names.

    Raises
    ------
    SurveyError
    """
    faults = Faults("调查数据")
    for name in dict.fromkeys(columns):
        dtype = engines.dtype_of(far, name)
        if name.startswith(OWN):
            faults.add(None, name, "", f"列名以 {OWN} 开头，与求和时所用的列名相撞", "改名后重试")
        if far.engine in ZONELESS and dtype == nw.Datetime and dtype.time_zone is not None:
            rule = f"带时区的时刻，{far.engine} 不记原来的时区，分组的名字会变"
            faults.add(None, name, "", rule, "先转成日期、文字或不带时区的时刻")
    faults.refuse(SurveyError)


def as_in_memory(far: Far, table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return sums whose truth values are true and false again, and whose categories are all there, in the order declared.

    A category that nobody has is a result too: its upper bound says how rare it may be.
    """
    kinds, made = far.kinds, dict[str, pd.Series]()
    for name in columns:
        if name not in table or name not in kinds:
            continue
        if kinds[name] == "truth":
            truth = table[name].astype("boolean")
            made[name] = truth if truth.isna().any() else truth.astype(bool)
        elif categories := engines.categories_of(far, name):
            made[name] = table[name].astype(pd.CategoricalDtype(list(categories), ordered=True))
    return table.assign(**made)
