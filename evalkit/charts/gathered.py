"""Charts of a report that are those of a noun: drawn again from Results, in which no household or village is named."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.causes import draw_causes
from evalkit.charts.chart import Chart
from evalkit.charts.draws import Strip, strip_rows
from evalkit.charts.flows import draw_ways
from evalkit.charts.languages import CHINESE
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


def cause_chart(results: Results) -> Chart | None:
    """Draw confirmed and suspected households by item."""
    table = results.table("causes")
    if not (table["by"] == ITEM).any():
        return None
    return _chart(results, "causes", "认定与疑似的户，按事项", draw_causes(table, ITEM, CHINESE, None, "", 40))


def progress_chart(results: Results) -> Chart | None:
    """Draw how many villages had come to each step by each day, where the ledger has a board."""
    days = results.facts.get("board") or {}
    if not any(day for told in days.values() for day in told):
        return None
    board = pd.DataFrame(days)
    return _chart(results, "progress", "日进度", progress_plot(board, steps=list(board.columns)))


def flow_chart(results: Results) -> Chart | None:
    """Draw the way of the cases, where the ledger has any."""
    ways = Counter({tuple(way): int(count) for way, count in results.facts.get("cases") or []})
    return _chart(results, "flow", "案件经过", draw_ways(ways, CHINESE, None, "")) if ways else None


def weight_chart(results: Results) -> Chart | None:
    """Draw the weights after each step, where steps were taken after the base weights."""
    rows = [row for row in records(results.table("weights")) if row.n > 0]
    found = [Spread(row.step, (row.min, row.max), (NAN, row.median, NAN), row.sum, row.deff_w) for row in rows]
    return _chart(results, "weights", "权数，每步之后", spread_rows(found, CHINESE, None, "", 40)) if len(found) > BASE else None


def drawn_chart(results: Results) -> Chart | None:
    """Draw how the drawn units lie along each stratum, without naming them."""
    strips = [Strip.of(*told) for told in results.facts.get("drawn") or []]
    return _chart(results, "drawn", "各层抽中的单位", strip_rows(strips, CHINESE, max_rows=40)) if strips else None


def _chart(results: Results, key: str, title: str, axes: Axes) -> Chart:
    """Return the chart of axes without their title, which the report writes below."""
    axes.set_title("", loc="left")
    figure: Any = axes.get_figure(root=True)
    height = float(figure.get_size_inches()[1])
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - TOP / height))
    mark_simulated(figure, results)
    return Chart(key, title, str(axes.get_label()), figure)
