"""The ladder under charts of results: rows one under the other, labels at the left, small numbers at the right, a note below.

A chart without axes of its caller's gets a figure of its own, which is not pyplot's: it opens no window and stays in no list, and a
notebook shows it when it is the last thing of a cell.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from evalkit.charts.languages import CHINESE, Say
from evalkit.charts.layout import figure_of
from evalkit.charts.style import FAINT, FAMILIES, GREY, INK, WIDTH, in_style, wide
from evalkit.errors import Faults, ReportError
from evalkit.figures import gate_text, plain
from evalkit.later import later

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = TypeVar("Row")

figures = later("matplotlib.figure")
mpl_axes = later("matplotlib.axes")
ticker = later("matplotlib.ticker")

STEP, TIGHT, MANY = 0.26, 0.215, 24  # inches a row, the same where there are many, and how many that is
SIZE, SMALL, HEADING = 9.5, 8.5, 10.5  # points
LINES = 1.35  # of a size, from line to line
AROUND, BOLD = 1.1, 1.04  # of a size: what a row needs, and how much wider bold letters are
ROOM = 36  # half-widths of a label
GAP = 9.0  # points between columns of numbers
AIR = 0.45  # rows between groups


@dataclass(frozen=True)
class Rung:
    """One row: what it is called, the group it stands in, and what is written at its right."""

    label: str
    group: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ladder:
    """What stands around the marks of a chart.

    Parameters
    ----------
    rungs : sequence of Rung
        The rows that are drawn, first on top. Neighbours of one group stand under its name.
    heads : tuple of str
        Headings of the cells.
    title, note : str
        Above, and under the axis.
    """

    rungs: Sequence[Rung]
    heads: tuple[str, ...] = ()
    title: str = ""
    note: str = ""

    def places(self) -> tuple[list[float], list[tuple[float, str]]]:
        """Return the height of every row, and height and name of every group; downwards is positive."""
        heights: list[float] = []
        names: list[tuple[float, str]] = []
        at = 0.0
        for name, members in groupby(self.rungs, key=lambda rung: rung.group):
            at += AIR if heights else 0.0
            if name:
                names.append((at, name))
                at += 1
            for _ in members:
                heights.append(at)
                at += 1
        return heights, names


def most(count: int, max_rows: int, say: Say = CHINESE) -> tuple[int, str]:
    """Return how many of the rows are drawn, and what is said of the others, by default in Chinese.

    Examples
    --------
    >>> most(3, 40), most(52, 40)
    ((3, ''), (40, '只画前 40 行，另有 12 行未画'))

    Raises
    ------
    ReportError
        When there is nothing to draw, or max_rows is below 1.
    """
    if count < 1 or max_rows < 1:
        raise ReportError(f"{count} 行，max_rows = {max_rows}｜至少应有一行可画｜核对结果与 max_rows")
    rest = count - max_rows
    told = say(f"只画前 {max_rows} 行，另有 {rest} 行未画", f"The first {max_rows} rows; {rest} more are not drawn")
    return (count, "") if rest <= 0 else (max_rows, told)


def paged(rows: Sequence[Row], max_rows: int, page: int, say: Say = CHINESE) -> tuple[list[Row], str]:
    """Return the rows of a page, and what is said of the others.

    Examples
    --------
    >>> paged(range(52), 40, 2)[1], paged(range(3), 40, 1)[1]
    ('共 52 行，这是第 41～52 行（第 2 页，共 2 页）', '')

    Raises
    ------
    ReportError
        When there is nothing to draw, for max_rows below 1 and a page that there is not.
    """
    count, _ = most(len(rows), max_rows)
    pages = math.ceil(len(rows) / count)
    if not isinstance(page, int) or not 1 <= page <= pages:
        raise ReportError(f"page = {page!r}｜{len(rows)} 行、每页 {max_rows} 行，共 {pages} 页｜写 1 至 {pages}")
    start, stop = (page - 1) * count, min(page * count, len(rows))
    zh = f"共 {len(rows)} 行，这是第 {start + 1}～{stop} 行（第 {page} 页，共 {pages} 页）"
    told = say(zh, f"Rows {start + 1}–{stop} of {len(rows)} (page {page} of {pages})")
    return list(rows[start:stop]), told if pages > 1 else ""


def ask_shares(chart: str, **shares: Any) -> None:
    """Refuse what is no share of 1; None is not looked at.

    Raises
    ------
    ReportError
    """
    faults = Faults(chart)
    for name, share in shares.items():
        if share is not None and faults.is_number(name, share) and not 0 <= share <= 1:
            faults.add(None, name, f"{share:g}", "应在 0 与 1 之间", f"{share:g}% 写 {share / 100:g}" if 1 < share <= 100 else "2% 写 .02")
    faults.refuse(ReportError)


def set_up(ladder: Ladder, ax: Axes | None) -> tuple[Axes, list[float]]:
    """Draw everything but the marks; call it inside `in_style`.

    Returns
    -------
    axes, heights
        The axes, and the height of each row in data units.
    """
    heights, names = ladder.places()
    top, bottom = -0.75, max(heights) + 0.75
    texts = [(height, ("　" if rung.group else "") + cut(rung.label)) for height, rung in zip(heights, ladder.rungs, strict=True)]
    texts += [(height, cut(name)) for height, name in names]
    pad = max(wide(text) for _, text in texts) * SIZE / 2 + 9
    note = folded(ladder.note, (WIDTH * 72 - pad - 12) * 2 / SMALL)
    axes = own_axes(bottom - top, ladder.title, note, left=pad + 12) if ax is None else ax
    axes.set_ylim(bottom, top)
    for height in heights:
        axes.axhline(height, color=FAINT, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    bare(axes)
    fit = 1.0 if ax is None else _fit(axes, bottom - top)
    _label(axes, texts, len(heights), pad, SIZE * fit)
    _columns(axes, ladder, heights, SMALL * fit)
    if note:
        note_below(axes, note)
    return axes, heights


def _fit(axes: Axes, rows: float) -> float:
    """Return by how much letters shrink so that rows do not run into each other in axes that the caller brought."""
    room = axes.get_window_extent().height / figure_of(axes).dpi * 72 / rows
    return min(1.0, room / (SIZE * AROUND))


def own_axes(rows: float, title: str, note: str, pad: float = 20, left: float = 50) -> Axes:
    """Return axes in a figure of their own, high enough for the rows; `left` points stand before them."""
    lines = note.count("\n") + 1 if note else 0
    title = folded(title, (WIDTH * 72 - left) * 2 / (HEADING * BOLD)) if title else ""
    height = rows * (TIGHT if rows > MANY else STEP) + 0.62 + 0.17 * lines + (0.32 + 0.2 * title.count("\n") if title else 0.0)
    figure = figures.Figure(figsize=(WIDTH, height), layout="constrained")
    axes: Axes = figure.add_subplot(axes_class=_picture())
    if title:
        axes.set_title(title, loc="left", fontsize=HEADING, fontweight="bold", color=INK, pad=pad)
    return axes


@cache
def _picture() -> Any:
    """Return the class of axes that a notebook shows as a picture."""
    return type("Picture", (mpl_axes.Axes,), {"_repr_png_": _png})


def _png(axes: Any, dpi: int = 200) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    with in_style():
        axes.figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    width, height = axes.figure.get_size_inches() * 100
    return out.getvalue(), {"width": round(width), "height": round(height)} | ({"alt": axes.get_label()} if axes.get_label() else {})


def note_below(axes: Axes, note: str) -> None:
    """Write a folded note under the axis below."""
    axes.set_xlabel(note, fontsize=SMALL, color=GREY, loc="left", fontfamily=FAMILIES, parse_math=False, linespacing=LINES)


def percents_up(axes: Axes) -> None:
    """Write the axis at the left as percentages, in small grey figures."""
    axes.tick_params(axis="y", labelsize=SMALL, colors=GREY, labelfontfamily=FAMILIES, length=0)
    axes.yaxis.set_major_formatter(lambda value, _: gate_text(round(value, 9)))


def bare(axes: Axes) -> None:
    """Take the frame away but for the axis below, and lay a faint grid."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.grid(axis="x", color=FAINT, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", labelsize=SMALL, colors=GREY, labelfontfamily=FAMILIES)


def _label(axes: Axes, texts: Sequence[tuple[float, str]], rows: int, pad: float, size: float) -> None:
    """Write labels from one left edge; after those of so many rows come names of groups, which are bold."""
    axes.set_yticks([height for height, _ in texts], [text for _, text in texts])
    axes.tick_params(axis="y", length=0, pad=pad, labelsize=size, labelcolor=INK)
    for at, label in enumerate(axes.get_yticklabels()):
        label.set(ha="left", fontfamily=FAMILIES, fontweight="bold" if at >= rows else "normal", parse_math=False)


def _columns(axes: Axes, ladder: Ladder, heights: Sequence[float], size: float) -> None:
    """Write the cells at the right of the axes, one column a heading, from the second in grey."""
    edge = 0.0
    for column, head in enumerate(ladder.heads):
        cells = [rung.cells[column] for rung in ladder.rungs]
        edge += GAP + max(wide(text) for text in (head, *cells)) * SMALL / 2
        colour = GREY if column else INK
        for height, text in zip(heights, cells, strict=True):
            beside(axes, text, height, edge, ha="right", color=colour, fontsize=size)
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right", "va": "baseline"}
        axes.annotate(head, (1, 1), (edge, 5), fontsize=SMALL, color=GREY, fontfamily=FAMILIES, **place)


def beside(axes: Axes, text: str, height: float, points: float, *, side: float = 1.0, **look: Any) -> None:
    """Write a small text in a row, so many points from a side of the axes (1 right, 0 left)."""
    place: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "va": "center_baseline"}
    shown: dict[str, Any] = {"fontsize": SMALL, "fontfamily": FAMILIES, "parse_math": False, **look}
    if text:
        axes.annotate(text, (side, height), (points, 0), annotation_clip=False, **place, **shown)


def scale_below(axes: Axes, values: Sequence[float], *, share: bool) -> None:
    """Set limits and ticks of the axis below: from 0 where shares come near it, never beyond 0 and 1."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    room = 0.07 * (high - low) or 0.1 * abs(high) or 1.0
    left, right = low - room, high + room
    if share:
        left, right = (0.0 if low < 0.6 * high else max(0.0, left)), (min(1.0, right) if high < 1 else 1.0)
    axes.set_xlim(left, right)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: gate_text(round(value, 9)) if share else tick_text(value))


def whole_below(axes: Axes, highest: float) -> None:
    """Set the axis below to counts from 0 to a little beyond the highest, with whole numbers at its ticks."""
    axes.set_xlim(0, 1.04 * highest)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: tick_text(value))


def tick_text(value: float) -> str:
    """Return the number at a tick without the dust of its last digits.

    Examples
    --------
    >>> tick_text(0.1 + 0.2), tick_text(1000.0)
    ('0.3', '1000')
    """
    return plain(float(f"{value:.9g}"))


def line_at(axes: Axes, value: float, text: str) -> None:
    """Draw a line across all rows and write what it is above it."""
    axes.axvline(value, color=INK, linewidth=1.4, zorder=1.5)
    left, right = axes.get_xlim()
    share = (value - left) / (right - left)
    side = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    place: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points", "ha": side, "va": "baseline"}
    axes.annotate(text, (value, 1), (0, 5), fontsize=SMALL, color=INK, fontfamily=FAMILIES, fontweight="bold", **place)


def cut(text: str, room: float = ROOM) -> str:
    """Return a label that is not too wide for its column; the tables have it in full."""
    if wide(text) <= room:
        return text
    kept = ""
    for letter in text:
        if wide(kept + letter) > room - 2:
            break
        kept += letter
    return f"{kept}…"


def folded(text: str, room: float) -> str:
    """Return a text in lines of at most so many half-widths; a number and a word of letters stay whole."""
    lines = []
    for line in text.split("\n"):
        made = ""
        for piece in re.findall(r"[（“]*(?:[\w.%～/-]+|.)[，。；：、）”]*", line, flags=re.ASCII):
            if made and wide(made + piece) > room:
                lines.append(made)
                made, piece = "", piece.lstrip()
            made += piece
        lines.append(made)
    return "\n".join(lines)
