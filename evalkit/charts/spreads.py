"""The spread of a survey's weights: how many answers speak for how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, bare, folded, note_below, own_axes, tick_text
from evalkit.charts.style import BLUE, FAMILIES, GREY, WIDTH, in_style
from evalkit.later import later

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
