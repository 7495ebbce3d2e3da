"""The spread of a survey's weights: how many answers speak for how many, and how each step of weighting changed that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, Ladder, Rung, bare, folded, most, note_below, own_axes, scale_below, set_up, tick_text
from evalkit.charts.languages import Language, Say, lines, speaker, told
from evalkit.charts.style import BLUE, FAMILIES, GREY, INK, MILD, WIDTH, in_style
from evalkit.figures import is_blank, number, significant
from evalkit.intervals import weight_effect
from evalkit.later import later
from evalkit.survey import refuse_brought

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.survey import Survey

ticker = later("matplotlib.ticker")

BINS = 31
HIGH = 9.0  # rows of a ladder


@lettered
def survey_plot(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Draw how the weights of a survey are spread: how many rows have a weight of so much.

    Parameters
    ----------
    survey : Survey
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The survey in words stands below.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1, 0, 1, 1], "w": [10.0, 10, 20, 40]}), weights="w")
    >>> axes = survey_plot(survey)
    >>> float(sum(bar.get_height() for bar in axes.patches))
    4.0
    """
    refuse_brought(survey)
    weights = survey.weights if survey.answering is None else survey.weights[survey.answering]
    note = folded(repr(survey), (WIDTH * 72 - 50) * 2 / SMALL)
    with in_style():
        axes = own_axes(HIGH, "权数的分布", note, pad=8) if ax is None else ax
        low, high = float(weights.min()), float(weights.max())
        span = (low, high) if low < high else (0.5 * low, 1.5 * low)  # one weight stands in the middle
        axes.hist(weights, bins=BINS, range=span, color=BLUE, edgecolor="white", linewidth=0.6)
        bare(axes)
        axes.grid(visible=False, axis="x")
        axes.tick_params(axis="y", labelsize=SMALL, colors=GREY, labelfontfamily=FAMILIES)
        axes.yaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: tick_text(value))
        axes.set_ylabel("行数", fontsize=SMALL, color=GREY, fontfamily=FAMILIES)
        note_below(axes, note)
    return axes


@dataclass(frozen=True)
class Spread:
    """The weights after one step: what it is called, least, tenth, median, ninetieth and largest weight, sum and design effect."""

    name: str
    ends: tuple[float, float]
    middle: tuple[float, float, float]
    total: float
    deff: float

    @staticmethod
    def of(name: str, weights: Any) -> Spread:
        """Return the spread of the weights that are not 0."""
        held = np.abs(weights[weights != 0])
        tenth, median, ninetieth = (float(each) for each in np.quantile(held, [0.1, 0.5, 0.9]))
        return Spread(name, (float(held.min()), float(held.max())), (tenth, median, ninetieth), float(held.sum()), weight_effect(held))


@lettered
def steps_plot(
    survey: Survey, *, language: Language = "zh", ax: Axes | None = None, title: str = "", max_rows: int = 40
) -> Axes:
    """Draw the weights of a survey before its steps and after each of them, a row a step.

    Parameters
    ----------
    survey : Survey
        As `evalkit.weigh` makes it; without steps there is one row.
    language : {"zh", "en"}
        Of the words of the picture; steps keep their own.
    ax, title, max_rows
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The thin line reaches from the least to the largest weight, the thick one holds the middle 80 %, the upright stroke is the median;
        at the right their sum and the design effect of unequal weights. The label of the axes says the same in words.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"g": list("aabb"), "w": [10.0, 10, 20, 40]}), weights="w")
    >>> steps_plot(ev.weigh(survey, ev.PostStratify("g", {"a": 40, "b": 60}))).get_label()
    '调整前：10～40，合计 80，权数设计效应 1.38；PostStratify g：20～40，合计 100，权数设计效应 1.12。'
    """
    say = speaker(language)
    refuse_brought(survey)
    found = [Spread.of(say("调整前", "before"), survey.steps[0].before if survey.steps else survey.weights)]
    found += [Spread.of(str(step.step), step.after) for step in survey.steps]
    return spread_rows(found, say, ax, title or say("权数，每步之后", "Weights after each step"), max_rows)


def spread_rows(found: Sequence[Spread], say: Say, ax: Axes | None, title: str, max_rows: int) -> Axes:
    """Draw spreads one under the other; call it inside a function that sees to letters."""
    count, rest = most(len(found), max_rows, say)
    shown = found[:count]
    rungs = [Rung(each.name, "", (significant(each.total, 6), number(each.deff))) for each in shown]
    heads = (say("合计", "Sum"), say("权数设计效应", "Design effect"))
    wide = not any(is_blank(each.middle[0]) for each in shown)
    zh, en = "细线为最小至最大，短竖线为中位数", "Thin: least to largest; stroke: median"
    note = say(f"{zh}{'，粗线为中间 80%' if wide else ''}", f"{en}{'; thick: the middle 80%' if wide else ''}")
    with in_style():
        axes, heights = set_up(Ladder(rungs, heads, title, lines(note, rest)), ax)
        scale_below(axes, [0.0, *(each.ends[1] for each in shown)], share=False)
        axes.set_xlim(left=0)
        for height, each in zip(heights, shown, strict=True):
            _spread(axes, height, each)
        axes.set_label(told(say, [_spoken(each, say) for each in shown]))
    return axes


def _spread(axes: Axes, height: float, each: Spread) -> None:
    tenth, median, ninetieth = each.middle
    axes.plot(each.ends, [height, height], color=INK, linewidth=1.0, marker="|", markersize=5, clip_on=False, zorder=1.4)
    if not is_blank(tenth):
        axes.plot([tenth, ninetieth], [height, height], color=MILD, linewidth=6, solid_capstyle="butt", clip_on=False, zorder=1.3)
    axes.plot([median, median], [height - 0.28, height + 0.28], color=BLUE, linewidth=2.2, clip_on=False, zorder=2)


def _spoken(each: Spread, say: Say) -> str:
    low, high, total = significant(each.ends[0]), significant(each.ends[1]), significant(each.total, 6)
    zh = f"{each.name}：{low}～{high}，合计 {total}，权数设计效应 {number(each.deff)}"
    return say(zh, f"{each.name}: {low}–{high}, sum {total}, design effect {number(each.deff)}")
