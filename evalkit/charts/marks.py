"""The mark that the data of a chart are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.charts.languages import CHINESE, Say
from evalkit.charts.style import MARK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evalkit.tables import Results


def mark_simulated(figure: Figure, results: Results, say: Say = CHINESE) -> None:
    """Write 模拟数据, or SIMULATED DATA, into the upper right corner where the data are."""
    if results.simulated:
        box = {"boxstyle": "square,pad=0.25", "facecolor": "white", "edgecolor": ORANGE, "linewidth": 0.9}
        top = 1 - 0.06 / figure.get_size_inches()[1]
        mark = say(MARK, "SIMULATED DATA")
        text = figure.text(0.985, top, mark, ha="right", va="top", fontsize=9, fontweight="bold", color=ORANGE, bbox=box)
        text.set_in_layout(False)
