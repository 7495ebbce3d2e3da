"""Charts of a report that are those of a noun: drawn again from Results, in which no household or village is named."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.causes import draw_causes
from evalkit.charts.chart import Chart
from evalkit.charts.draws import Strip, strip_rows
from evalkit.charts.flows import draw_ways
from evalkit.charts.languages import CHINESE, Language, Say, either, word
from evalkit.charts.marks import mark_simulated
from evalkit.charts.progress import progress_plot
from evalkit.charts.spreads import Spread, spread_rows
from evalkit.rates.causes import ITEM
from evalkit.tables import Results, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP = 0.28  # inches above the axes, for the mark of simulated data
BASE = 2  # rows of weights before any step: of the design, and of the households that answered
NAN = float("nan")


def cause_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw confirmed and suspected households by item."""
    table = results.table("causes")
    if not (table["by"] == ITEM).any():
        return None
    title = say("认定与疑似的户，按事项", "Confirmed and suspected households by item")
    return _chart(results, "causes", title, draw_causes(table, ITEM, say, None, "", 40), say)


def progress_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw how many villages had come to each step by each day, where the ledger has a board."""
    days = results.facts.get("board") or {}
    if not any(day for told in days.values() for day in told):
        return None
    board = pd.DataFrame(days)
    language: Language = either(say, "zh", "en")
    axes = progress_plot(board, steps=list(board.columns), language=language)
    return _chart(results, "progress", say("日进度", "Progress by day"), axes, say)


def flow_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw the way of the cases, where the ledger has any."""
    ways = Counter({tuple(way): int(count) for way, count in results.facts.get("cases") or []})
    return _chart(results, "flow", say("案件经过", "The way of the cases"), draw_ways(ways, say, None, ""), say) if ways else None


def weight_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw the weights after each step, where steps were taken after the base weights."""
    rows = [row for row in records(results.table("weights")) if row.n > 0]
    found = [Spread(word(say, row.step), (row.min, row.max), (NAN, row.median, NAN), row.sum, row.deff_w) for row in rows]
    if len(found) <= BASE:
        return None
    return _chart(results, "weights", say("权数，每步之后", "Weights after each step"), spread_rows(found, say, None, "", 40), say)


def drawn_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw how the drawn units lie along each stratum, without naming them."""
    strips = [Strip.of(word(say, label), *told) for label, *told in results.facts.get("drawn") or []]
    title = say("各层抽中的单位", "The units drawn in each stratum")
    return _chart(results, "drawn", title, strip_rows(strips, say, max_rows=40), say) if strips else None


def _chart(results: Results, key: str, title: str, axes: Axes, say: Say) -> Chart:
    """Return the chart of axes without their title, which the report writes below."""
    axes.set_title("", loc="left")
    figure: Any = axes.get_figure(root=True)
    height = float(figure.get_size_inches()[1])
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - TOP / height))
    mark_simulated(figure, results, say)
    return Chart(key, title, str(axes.get_label()), figure)
