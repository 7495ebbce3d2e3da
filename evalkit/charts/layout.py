"""What is wrong with the layout of a figure, from the extents of its texts: labels that meet or leave the picture; and room for more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from evalkit.charts.style import FAMILIES, GREY, INK
from evalkit.later import later

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

mpl_text = later("matplotlib.text")

EDGE = "边"
# points beside a point, in the order of trying
AROUND: tuple[tuple[float, float, str], ...] = ((7, 6, "left"), (-7, 6, "right"), (7, -13, "left"), (-7, -13, "right"))
SIZE = 8.5  # points
DOT = 4.0  # points from the middle of a point to its edge
SIDES = ("left", "left", "left", "center", "right", "right", "right", "right", "right", "center", "left", "left")  # by hours of a turn
FARTHER = tuple(
    (reach * math.cos(math.pi / 6 * at), reach * math.sin(math.pi / 6 * at) - SIZE / 3, side)
    for reach in range(18, 260, 8)
    for at, side in enumerate(SIDES)
)
SLACK = 0.5  # pixels: neighbours may touch


class Box(NamedTuple):
    """A box in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float


def texts_of(artist: Artist) -> list[Any]:
    """Return the texts of a figure or axes that are drawn and say something."""
    return [text for text in artist.findobj(mpl_text.Text) if text.get_visible() and text.get_text().strip()]


def meetings(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of labels that overlap, and labels that leave the picture, paired with ``"边"``; call it inside `in_style`."""
    figure.draw_without_rendering()
    unseen = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _beyond(axis)}
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure) if id(text) not in unseen]
    edge = figure.bbox
    meets = [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if overlap(x, y)]
    leaves = [(a, EDGE) for a, x in boxes if x.x0 < edge.x0 - 1 or x.x1 > edge.x1 + 1 or x.y0 < edge.y0 - 1 or x.y1 > edge.y1 + 1]
    return meets + leaves


def _beyond(axis: Any) -> list[Any]:
    """Return the tick labels outside the view: matplotlib keeps them but does not draw them."""
    low, high = sorted(axis.get_view_interval())
    return [label for label, place in zip(axis.get_majorticklabels(), axis.get_majorticklocs(), strict=False) if not low <= place <= high]


def overlap(a: Any, b: Any) -> bool:
    """Say whether two boxes in pixels overlap."""
    return bool(min(a.x1, b.x1) - max(a.x0, b.x0) > SLACK and min(a.y1, b.y1) - max(a.y0, b.y0) > SLACK)


def figure_of(axes: Axes) -> Figure:
    """Return the figure that axes are in."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # none only after the axes are removed
    return figure


def beside_points(axes: Axes, named: Sequence[tuple[str, float, float]], taken: Sequence[Any]) -> int:
    """Write names beside points of x and y, where they meet no other text and no point and stay in the axes.

    A name that finds no room beside its point stands farther off, with a line to it; where there is none at all it is left out.

    Returns
    -------
    int
        How many names were left out.
    """
    look: dict[str, Any] = {"fontsize": SIZE, "color": INK, "fontfamily": FAMILIES, "parse_math": False, "zorder": 4}
    texts = [axes.annotate(name, (x, y), (0, 0), textcoords="offset points", **look) for name, x, y in named]
    for text in texts:
        text.set_in_layout(False)
    figure = figure_of(axes)
    figure.draw_without_rendering()
    scale, edge = figure.dpi / 72, axes.get_window_extent()
    dots = axes.transData.transform([(x, y) for _, x, y in named])
    boxes = [each.get_window_extent() for each in taken]
    boxes += [Box(x - DOT * scale, y - DOT * scale, x + DOT * scale, y + DOT * scale) for x, y in dots.tolist()]
    unnamed = 0
    for text, (_, x, y) in zip(texts, named, strict=True):
        own = text.get_window_extent()
        tried = ((place, _moved(own, place, scale)) for place in (*AROUND, *FARTHER))
        place, box = next(((place, box) for place, box in tried if _free(box, edge, boxes)), (None, None))
        if place is None or box is None:
            text.set_visible(False)
            unnamed += 1
            continue
        text.set(position=place[:2], ha=place[2])
        boxes.append(box)
        if place not in AROUND:
            thread = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": DOT}
            lower = place[1] + SIZE / 3  # the middle of the letters
            axes.annotate("", (x, y), (place[0], lower), textcoords="offset points", arrowprops=thread, zorder=2).set_in_layout(False)
    return unnamed


def _moved(own: Any, place: tuple[float, float, str], scale: float) -> Box:
    """Return the box of a text that stands at its point, moved so many points to one of its sides."""
    across, up, side = place
    left = own.x0 + across * scale - {"left": 0.0, "center": 0.5, "right": 1.0}[side] * own.width
    return Box(left, own.y0 + up * scale, left + own.width, own.y1 + up * scale)


def _free(box: Box, edge: Any, boxes: Sequence[Any]) -> bool:
    inside = edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1
    return bool(inside) and not any(overlap(box, other) for other in boxes)


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Return places near those that are wanted, at least so far apart and between low and high where there is room.

    Parameters
    ----------
    wanted : sequence of float
        In ascending order.
    least : float
        Between neighbours; less where they would not fit otherwise.
    low, high : float

    Examples
    --------
    >>> apart([1.0, 1.1, 5.0], 1.0, 0.0, 5.0), apart([9.0, 9.5], 1.0, 0.0, 9.6)
    ([1.0, 2.0, 5.0], [8.6, 9.6])
    """
    least = min(least, (high - low) / max(1, len(wanted) - 1))
    places: list[float] = []
    for each in wanted:
        places.append(max(each, low, *(before + least for before in places[-1:])))
    for at in range(len(places) - 1, -1, -1):
        places[at] = min([places[at], high, *(after - least for after in places[at + 1 : at + 2])])
    return [round(place, 9) for place in places]
