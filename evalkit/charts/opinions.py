"""Pictures of satisfaction: how questions were answered, and which of them matter and are answered badly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, cut, folded, most, note_below, own_axes, percents_up, set_up
from evalkit.charts.languages import Language, Say, lines, speaker, told
from evalkit.charts.layout import beside_points
from evalkit.charts.style import BLUE, FAINT, FAMILIES, GREY, INK, MILD, STEPS, WIDTH, in_style, percent_ticks, shades
from evalkit.errors import ReportError
from evalkit.figures import percent, plain, significant
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.satisfaction.priorities import Priorities

ANSWERS = ("variable", "level", "n", "share")
ROOM = 0.075  # of the axis that a written share needs
SMALL = 8.5
NAME = 24  # half-widths of the name of a question
CORNERS = {"优先改进": (0.01, 0.97, "left", "top"), "继续保持": (0.99, 0.97, "right", "top"), "次要改进": (0.01, 0.03, "left", "bottom")}
CORNERS |= {"维持即可": (0.99, 0.03, "right", "bottom")}
QUARTERS = {"优先改进": "improve first", "继续保持": "keep up", "次要改进": "improve later", "维持即可": "maintain"}


@lettered
def answers_plot(
    table: pd.DataFrame, *, language: Language = "zh", ax: Axes | None = None, title: str = "", max_rows: int = 40
) -> Axes:
    """Draw each question as one bar of the shares of its answers, best to worst.

    Parameters
    ----------
    table : DataFrame
        As `evalkit.answers` gives it, with at most one column of domains before ``variable``; all questions on one scale.
    language : {"zh", "en"}
        Of the words of the picture; questions and answers keep their own.
    ax, title, max_rows
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The number of answers stands at the right; the label of the axes says the same in words.

    Raises
    ------
    ReportError
        When a column is missing or the table is empty.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"工作队": ["满意"] * 6 + ["基本满意"] * 3 + ["不满意"]}))
    >>> axes = answers_plot(ev.answers(survey, "工作队", ev.Scale(("满意", "基本满意", "不满意"), top=("满意",))))
    >>> axes.get_label()
    '工作队：满意 60.0%，基本满意 30.0%，不满意 10.0%。'
    """
    lacking = [name for name in ANSWERS if name not in table.columns]
    if lacking or table.empty:
        raise ReportError(f"回答的构成｜{'没有列 ' + '、'.join(lacking) if lacking else '表是空的'}｜用 ev.answers(…) 的表")
    groups = list(table.columns[: table.columns.get_loc("variable")])
    rows = list(table.groupby([*groups, "variable"], sort=False, observed=True))
    say = speaker(language)
    count, rest = most(len(rows), max_rows, say)
    levels = list(dict.fromkeys(table["level"]))
    looks = dict(zip(levels, shades(len(levels)), strict=True))
    rungs = [Rung(str(key[-1]), " ".join(map(str, key[:-1])), (plain(int(part["n"].sum())),)) for key, part in rows[:count]]
    note = say("条为加权份额，从最好到最差", "Bars: weighted shares, best to worst")
    title = title or say("各题回答的构成", "Answers to each question")
    with in_style():
        axes, heights = set_up(Ladder(rungs, ("n",), title, lines(note, rest)), ax)
        for height, (_, part) in zip(heights, rows, strict=False):
            _stacked(axes, height, part, looks)
        axes.set(xlim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1])
        percent_ticks(axes, keep=True)
        _key(axes, looks, heights[0])
        axes.set_label(told(say, [_spoken(key, part, say) for key, part in rows[:count]]))
    return axes


def _stacked(axes: Axes, height: float, part: pd.DataFrame, looks: dict[Any, tuple[str, str]]) -> None:
    left = 0.0
    for row in records(part):
        colour, hatch = looks[row.level]
        axes.barh(height, row.share, left=left, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6, zorder=1.2)
        if row.share >= ROOM:
            plate = {"facecolor": colour, "edgecolor": "none", "pad": 1.0} if hatch else None
            tone = "white" if colour in (STEPS[0][0], STEPS[1][0]) else INK
            look: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": SMALL, "fontfamily": FAMILIES}
            axes.text(left + row.share / 2, height, percent(row.share, 1), color=tone, bbox=plate, zorder=2, **look)
        left += row.share


def _key(axes: Axes, looks: dict[Any, tuple[str, str]], height: float) -> None:
    # bars of no length, hidden at the start of the first row
    look: dict[str, Any] = {"height": 0.62, "edgecolor": INK, "linewidth": 0.6}
    patches = [axes.barh(height, 0, color=colour, hatch=hatch, **look)[0] for colour, hatch in looks.values()]
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "borderaxespad": 0.1, "ncols": len(looks)}
    axes.legend(patches, list(map(str, looks)), frameon=False, fontsize=SMALL, handlelength=1.5, columnspacing=1.3, **place)


def _spoken(key: Any, part: pd.DataFrame, say: Say) -> str:
    shares = say("，", ", ").join(f"{row.level} {percent(row.share, 1)}" for row in records(part))
    return f"{' '.join(map(str, key))}{say('：', ': ')}{shares}"


@lettered
def priorities_plot(found: Priorities, *, language: Language = "zh", ax: Axes | None = None) -> Axes:
    """Draw performance across and importance upwards, each question a cross of its two intervals, with the four quadrants.

    Parameters
    ----------
    found : Priorities
    language : {"zh", "en"}
        Of the words of the picture; questions keep their own.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        A hollow point has an interval that crosses a dividing line. In Chinese the sentence of `found` stands below. A name without room
        beside its point has a line to it; how many have no room at all is said below.

    Raises
    ------
    ReportError
        For an unknown language.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"总": [9, 8, 3, 4, 6, 9], "甲": [9, 7, 2, 5, 6, 9], "乙": [9, 9, 8, 10, 9, 8]})
    >>> axes = priorities_plot(ev.prioritize(ev.Survey.from_data(table), "总", ["甲", "乙"], ev.Scale.numbered(0, 10, top=(9, 10))))
    >>> axes.get_label()
    '甲：得分 63.3，重要性 96.9%，优先改进；乙：得分 88.3，重要性 3.1%，维持即可。'
    """
    rows = list(records(found.table()))
    say = speaker(language)
    note, title = _scales(found, say), say("重要性与满意度", "Importance and performance")
    with in_style():
        axes = own_axes(10, title, note) if ax is None else ax
        axes.axvline(found.cuts[0], color=GREY, linewidth=0.9)
        axes.axhline(found.cuts[1], color=GREY, linewidth=0.9)
        axes.grid(visible=True, color=FAINT, linewidth=0.5)
        for row in rows:
            axes.plot([row.performance_low, row.performance_high], [row.importance] * 2, color=MILD, linewidth=2.5, zorder=1.5)
            axes.plot([row.performance] * 2, [row.importance_low, row.importance_high], color=MILD, linewidth=2.5, zorder=1.5)
            dot: dict[str, Any] = {"markersize": 7, "markeredgewidth": 1.6, "zorder": 3}
            axes.plot([row.performance], [row.importance], "o", color=BLUE, markerfacecolor=BLUE if row.firm else "white", **dot)
        axes.margins(0.12)
        percents_up(axes)
        corners = [
            axes.text(x, y, say(name, QUARTERS[name]), ha=ha, va=va, transform=axes.transAxes, fontsize=9.5, color=GREY, fontweight="bold")
            for name, (x, y, ha, va) in CORNERS.items()
        ]
        note_below(axes, note)
        unnamed = beside_points(axes, [(cut(str(row.item), NAME), row.performance, row.importance) for row in rows], corners)
        if unnamed:
            note_below(axes, lines(note, say(f"{unnamed} 题太挤，没有写名字", f"Questions without room for a name: {unnamed}")))
        axes.set_label(told(say, [_placed(row, say) for row in rows]))
    return axes


def _scales(found: Priorities, say: Say) -> str:
    fit, level = significant(found.explained, 2), f"{found.level * 100:g}%"
    zh = f"横：得分（0 至 100）；竖：重要性（占 R² 的份额，R²={fit}）；线为{level}区间，空心点的区间跨过分界线"
    en = f"Across: score, 0 to 100; upwards: importance (share of R², which is {fit}); lines: {level} intervals, hollow where they cross"
    return folded(lines(say(zh, en), say(found.sentence(), "")), (WIDTH * 72 - 50) * 2 / SMALL)


def _placed(row: Any, say: Say) -> str:
    score, share = significant(row.performance, 3), percent(row.importance, 1)
    en = f"{row.item}: score {score}, importance {share}, {QUARTERS[row.quadrant]}"
    return say(f"{row.item}：得分 {score}，重要性 {share}，{row.quadrant}", en)
