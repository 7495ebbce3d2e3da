"""Results in a notebook: a small table of numbers rounded for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.estimates.limits import KINDS, MIDP, OTHERS, OWN
from evalkit.figures import interval, is_blank, number, p_text, percent, plain, significant
from evalkit.intervals import METHODS
from evalkit.showing import HEADINGS, Rows, as_html

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate

NO_ROWS = "无数据"
LIMITS = ("low", "high")
SHARES = ("estimate", "se", "coef")
WAYS = {"t": "t 分布", "z": "正态分布", OWN: "分位数自身的区间"}
FORMS: dict[str, Callable[[Any], str]] = {
    "n": plain, "df": lambda value: significant(value, 3), "ndf": lambda value: significant(value, 3),
    "ddf": lambda value: significant(value, 3), "deff": number, "p": p_text, "p_value": p_text,
}  # fmt: skip


def is_share(estimate: Estimate) -> bool:
    """Say whether the values of an estimate are shares of 1, to be written as percentages."""
    if estimate.kind != "proportion":
        return False
    known = estimate.value[np.isfinite(estimate.value)]
    return bool((np.abs(estimate.scale) <= 1).all() and ((known >= 0) & (known <= 1)).all())


def way_text(method: str) -> str:
    """Return an interval method in words."""
    name = method.removesuffix(MIDP)
    if name in METHODS:
        return f"{method}：{METHODS[name].text.partition('（默认')[0]}"
    return WAYS[method] if method in WAYS else f"{method}：{OTHERS[method]}" if method in OTHERS else method


def sentence(estimate: Estimate) -> str:
    """Return the first rows of an estimate in a sentence, and how many more there are."""
    head = "；".join(
        f"{' '.join(map(str, label)) or KINDS[estimate.kind]} {value:.6g}（标准误 {se:.4g}）"
        for label, value, se in zip(estimate.labels[:3], estimate.value, estimate.se, strict=False)
    )
    more = f"；……共 {len(estimate)} 行" if len(estimate) > 3 else ""
    return f"Estimate {KINDS[estimate.kind]}：{head}{more}"


def estimate_html(estimate: Estimate, level: float = 0.95) -> str:
    """Return an Estimate as a small HTML table: labels, estimate, se, interval, df, deff, n.

    Parameters
    ----------
    estimate : Estimate
    level : float
        Confidence level of the interval, in (0, 1).

    Returns
    -------
    str
        One ``<table>`` of at most 30 rows with its styles inside, every text escaped.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> made = estimate_html(ev.mean(survey, "y", by="g"))
    >>> "均值：2 行，95%区间，设计自由度 5" in made, made.count("<tr>"), "style>" in made
    (True, 3, False)
    """
    rows = estimate_rows(estimate, level)
    return as_html(rows.caption, rows)


def estimate_rows(estimate: Estimate, level: float = 0.95) -> Rows:
    """Return an Estimate as the rows that a notebook shows."""
    caption = f"{KINDS[estimate.kind]}：{len(estimate)} 行，{level * 100:g}%区间，设计自由度 {estimate.df_design:g}"
    return table_rows(estimate.table(level), caption, level=level, share=is_share(estimate))


def table_html(table: pd.DataFrame, caption: str = "", *, level: float = 0.95, share: bool = False) -> str:
    """Return the table of a result as a small HTML table: low and high in one column, empty columns left out.

    Parameters
    ----------
    table : pandas.DataFrame
        What ``.table()`` of an Estimate, a Test or a Model gives.
    caption : str
        One sentence above the table.
    level : float
        Confidence level of ``low`` and ``high``, for the heading.
    share : bool
        Whether estimate, se and limits are shares of 1.

    Returns
    -------
    str

    Examples
    --------
    >>> made = table_html(pd.DataFrame({"term": ["<x>"], "coef": [0.123456], "low": [0.1], "high": [0.15], "reason": [""]}))
    >>> all(part in made for part in ("&lt;x&gt;", "0.1235", "0.1～0.15", "95%区间")), "说明" in made
    (True, False)
    """
    return as_html(caption, table_rows(table, caption, level=level, share=share))


def table_rows(table: pd.DataFrame, caption: str = "", *, level: float = 0.95, share: bool = False) -> Rows:
    """Return the table of a result as the rows that a notebook shows."""
    columns = {name: _cells(table, str(name), share) for name in table.columns if name not in LIMITS}
    kept = {str(name): cells for name, cells in columns.items() if any(cells) or name in FORMS or name in SHARES}
    names = [name for name in kept if _names(table[name])]
    order = [*names, *(name for name in kept if name not in names)]
    headings, cells = [HEADINGS.get(name, name) for name in order], [kept[name] for name in order]
    if set(LIMITS) <= set(table.columns):
        at = _after(order)
        headings.insert(at, f"{level * 100:g}%区间")
        cells.insert(at, [_limits(low, high, share) for low, high in zip(table["low"], table["high"], strict=True)])
    return Rows(headings, list(zip(*cells, strict=True)), len(names), caption)


def _names(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) or str(column.name) not in {*FORMS, *SHARES, "t", "statistic", *HEADINGS}


def _after(order: list[str]) -> int:
    return max((order.index(name) + 1 for name in SHARES if name in order), default=len(order))


def _cells(table: pd.DataFrame, name: str, share: bool) -> list[str]:
    """Write the cells of a column."""
    column = table[name]
    if name in SHARES:
        blank = NO_ROWS if name == "estimate" else ""
        form: Callable[[Any], str] = percent if share else significant
        return [blank if is_blank(value) else form(value) for value in column.tolist()]
    if name in FORMS:
        return [FORMS[name](value) for value in column.tolist()]
    if pd.api.types.is_float_dtype(column):
        return [significant(value) for value in column.tolist()]
    return ["" if is_blank(value) else str(value) for value in column.tolist()]


def _limits(low: Any, high: Any, share: bool) -> str:
    if share:
        return interval(low, high)
    return "" if is_blank(low) or is_blank(high) else f"{significant(low)}～{significant(high)}"
