"""A Chart: a drawn figure with the words that stand in for it, the same bytes every time."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from evalkit.charts.layout import figure_of, meetings
from evalkit.charts.style import STYLE
from evalkit.later import later

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

mpl = later("matplotlib")


@dataclass(frozen=True, eq=False)
class Chart:
    """One drawn chart with the words that stand in for it.

    Parameters
    ----------
    key : str
        Short name, unique in a report.
    title : str
        What the chart says, without a number.
    alt : str
        The same content in words, for readers who do not see the picture.
    figure : matplotlib.figure.Figure
    """

    key: str
    title: str
    alt: str
    figure: Figure

    @staticmethod
    def of(axes: Axes, key: str) -> Chart:
        """Return the chart of axes that `oc_plot` and its like have drawn: their title, and the words they keep as their label.

        Examples
        --------
        >>> import pandas as pd
        >>> from evalkit import charts
        >>> table = pd.DataFrame({"model": "至多 8 户", "p": [.005, .02, .04], "accept": [.74, .05, .0]})
        >>> Chart.of(charts.oc_plot(table, gate=.02), "oc").alt
        '至多 8 户：真实率0.5%时通过74.00%，2%时通过5.00%，4%时通过0%。'
        """
        return Chart(key, axes.get_title(loc="left"), str(axes.get_label()), figure_of(axes))

    def svg(self) -> str:
        """Return the chart as an SVG element for a web page: no script, no outside file, ids of its own."""
        text = self._saved("svg", metadata={"Date": None, "Creator": None}).decode()
        text = re.sub(r"<!--.*?-->\s*", "", text[text.index("<svg") :], flags=re.S)
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
        text = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), text)  # a hundredth of a point is enough
        text = re.sub(r'( id="|href="#|url\(#)', rf"\1{self.key}-", text)
        text = re.sub(r'<svg([^>]*?) width="[^"]*"', r"<svg\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1), count=1)
        return text.replace("<svg", f'<svg role="img" aria-label="{escape(self.alt)}"', 1)

    def png(self, dpi: int = 200) -> bytes:
        """Return the chart as a PNG picture."""
        return self._saved("png", dpi=dpi, metadata={"Software": None})

    def collisions(self) -> list[tuple[str, str]]:
        """Return pairs of labels that overlap, and labels that leave the picture, paired with ``"边"``."""
        with mpl.rc_context(STYLE):
            return meetings(self.figure)

    def _saved(self, form: str, **options: Any) -> bytes:
        out = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(out, format=form, **options)
        return out.getvalue()
