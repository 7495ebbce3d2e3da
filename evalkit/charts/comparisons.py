"""Pictures of comparisons: what a test looked at, and a sample beside its population before and after weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.forests import Line, Span, forest
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, beside, most, scale_below, set_up
from evalkit.charts.style import BLUE, GREY, INK, MILD, PALE, STEPS, in_style, shades
from evalkit.errors import ReportError
from evalkit.estimates.showing import NO_ROWS
from evalkit.figures import interval, is_blank, percent, significant
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.models import Test

BALANCE = ("variable", "category", "asmd_before", "asmd_after")
SOLID = 3  # steps of the scale without a hatch


@lettered
def test_plot(test: Test, *, ax: Axes | None = None, level: float = 0.95, max_rows: int = 40) -> Axes:
    """Draw what a test compared, with the test in words below.

    Parameters
    ----------
    test : Test
        Of independence: the shares of the columns within each row, as bars with intervals. Of groups: the differences, with the
        line 0.
    ax, level, max_rows
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ReportError
        For a test that keeps neither a table nor a difference, as a Wald test.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> test_plot(ev.ttest(survey, "y", "g")).get_title(loc="left")
    '两组均值的 t 检验'
    """
    cells = getattr(test, "cells", None)
    if cells is not None:
        return _bars(test, cells.shares("row"), ax, level, max_rows)
    if test.estimate is None:
        raise ReportError(f"{test.subject}｜这个检验没有留下可画的估计｜画它所比较的 Estimate：.plot()")
    return _differences(test, test.estimate, ax, level, max_rows)


def _bars(test: Test, shares: Any, ax: Axes | None, level: float, max_rows: int) -> Axes:
    """Draw a bar with its interval for each column level, under the name of its row level."""
    count, rest = most(len(shares), max_rows)
    limits = shares.interval(level).iloc[:count]
    rows = list(zip(shares.labels, shares.value.tolist(), limits["low"].tolist(), limits["high"].tolist(), strict=False))[:count]
    rungs = [Rung(str(column), str(row), (percent(share, 1), _between(low, high))) for (row, column), share, low, high in rows]
    columns = list(dict.fromkeys(column for _, column in shares.labels))
    looks = dict(zip(columns, STEPS if len(columns) <= SOLID else shades(len(columns)), strict=False))
    limited = f"{level * 100:g}%区间"
    notes = (f"条为行内份额，线为{limited}", rest, test.sentence("zh"))
    ladder = Ladder(rungs, ("份额", limited), test.title.zh, "\n".join(part for part in notes if part))
    with in_style():
        axes, heights = set_up(ladder, ax)
        scale_below(axes, [0.0, *(end for _, share, low, high in rows for end in (share, high))], share=True)
        for height, ((_, column), share, low, high) in zip(heights, rows, strict=True):
            _bar(axes, height, Span(share, low, high), looks[column])
    return axes


def _bar(axes: Axes, height: float, span: Span, look: tuple[str, str]) -> None:
    colour, hatch = look
    axes.barh(height, span.value, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6, zorder=1.2)
    if not (is_blank(span.low) or is_blank(span.high)):
        low, high = max(0.0, span.low), min(1.0, span.high)
        axes.plot([low, high], [height, height], color="white", linewidth=3.4, zorder=2, solid_capstyle="butt", clip_on=False)
        axes.plot([low, high], [height, height], color=INK, linewidth=1.4, marker="|", markersize=6, zorder=2.1, clip_on=False)


def _between(low: float, high: float) -> str:
    return "" if is_blank(low) or is_blank(high) else interval(max(0.0, low), min(1.0, high))


def _differences(test: Test, estimate: Any, ax: Axes | None, level: float, max_rows: int) -> Axes:
    count, rest = most(len(estimate), max_rows)
    limits = estimate.interval(level, method="t", df=test.ddf).iloc[:count]
    spans = [Span(*each) for each in zip(estimate.value.tolist()[:count], limits["low"].tolist(), limits["high"].tolist(), strict=True)]
    rungs = [Rung(str(label[-1]), "", (significant(span.value),)) for label, span in zip(estimate.labels, spans, strict=False)]
    note = f"点为估计，线为{level * 100:g}%区间（t，自由度 {significant(test.ddf, 3)}）"
    ladder = Ladder(rungs, ("估计",), test.title.zh, note)
    line = Line(0.0, "", "0") if estimate.kind == "coefficient" else None
    return forest(ladder, spans, line, False, ax, "\n".join(part for part in (rest, test.sentence("zh")) if part))


@lettered
def balance_plot(table: pd.DataFrame, *, ax: Axes | None = None, limit: float = 0.1, max_rows: int = 40) -> Axes:
    """Draw standardised differences between sample and population before and after weighting, a dumbbell a category.

    Parameters
    ----------
    table : pandas.DataFrame
        As `evalkit.balance` gives it: variable, category, asmd_before, asmd_after; one row a category.
    ax, max_rows
        As for `estimate_plot`.
    limit : float
        Differences up to `limit` lie in a pale band.

    Returns
    -------
    matplotlib.axes.Axes
        Categories stand under their variable; hollow before, full after.

    Raises
    ------
    ReportError
        When a column is missing or the table is empty.

    Notes
    -----
    A difference below .1 is the usual mark of balance (Austin 2009, Stat. Med. 28:3083; from memory).

    Examples
    --------
    >>> table = pd.DataFrame({"variable": ["户类型"] * 2, "category": ["贫困户", "一般户"]})
    >>> table = table.assign(asmd_before=[.22, .22], asmd_after=[.01, .01])
    >>> axes = balance_plot(table)
    >>> [label.get_text().strip() for label in axes.get_yticklabels()]
    ['贫困户', '一般户', '户类型']
    """
    lacking = [name for name in BALANCE if name not in table.columns]
    if lacking:
        raise ReportError(f"平衡表缺列 {'、'.join(lacking)}｜应有 {'、'.join(BALANCE)}｜补上后重试")
    count, rest = most(len(table), max_rows)
    rows = list(records(table.iloc[:count]))
    rungs = [_category(row, int((table["variable"] == row.variable).sum())) for row in rows]
    note = f"标准化差异：空心为调整前，实心为调整后；浅色带以内不超过 {significant(limit)}"
    ladder = Ladder(rungs, ("调整后", "调整前"), "样本与总体的差异", "\n".join(part for part in (note, rest) if part))
    ends = [float(end) for row in rows for end in (row.asmd_before, row.asmd_after) if not is_blank(end)]
    with in_style():
        axes, heights = set_up(ladder, ax)
        scale_below(axes, [*ends, 0.0, limit], share=False)
        axes.axvspan(0.0, limit, color=PALE, zorder=-1, linewidth=0)
        for height, row in zip(heights, rows, strict=True):
            _dumbbell(axes, height, row.asmd_before, row.asmd_after)
    return axes


def _category(row: Any, count: int) -> Rung:
    cells = tuple("" if is_blank(end) else f"{end:.3f}" for end in (row.asmd_after, row.asmd_before))
    if is_blank(row.category):
        return Rung(str(row.variable), "", cells)
    return Rung(str(row.category), str(row.variable), cells) if count > 1 else Rung(f"{row.variable} {row.category}", "", cells)


def _dumbbell(axes: Axes, height: float, before: Any, after: Any) -> None:
    known = [float(end) for end in (before, after) if not is_blank(end)]
    if not known:
        beside(axes, NO_ROWS, height, 4, side=0.0, ha="left", color=GREY)
        return
    axes.plot([min(known), max(known)], [height, height], color=MILD, linewidth=3, zorder=1.2)
    for end, face in ((before, "white"), (after, BLUE)):
        if not is_blank(end):
            axes.plot([end], [height], "o", color=BLUE, markerfacecolor=face, markersize=6.5, markeredgewidth=1.6, clip_on=False, zorder=3)
