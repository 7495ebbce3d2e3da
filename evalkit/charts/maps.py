"""A map of places on boundaries that the user hands in; evalkit ships none."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.charts.forests import Labels
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, folded, note_below, own_axes
from evalkit.charts.languages import Language, Say, lines, speaker
from evalkit.charts.layout import figure_of, overlap
from evalkit.charts.places import Place, Shading, Shares, ink_on, key_above, key_room, places_of, shading_note, spoken
from evalkit.charts.style import FAMILIES, GREY, WIDTH, in_style
from evalkit.charts.tiles import short
from evalkit.errors import Faults, ReportError
from evalkit.figures import is_blank
from evalkit.later import later
from evalkit.rates.causes import ENOUGH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

geopandas = later("geopandas", "map")
mpl_path = later("matplotlib.path")
effects = later("matplotlib.patheffects")
patches = later("matplotlib.patches")

NAME = 12.0  # half-widths of a line of a name
HIGH = 20.0  # rows of a ladder
TRIES = 3


@dataclass(frozen=True, eq=False)
class Shape:
    """One boundary: the code it has, and its rings, outer ones against the clock and holes with it."""

    code: str
    rings: tuple[Any, ...]

    @property
    def area(self) -> float:
        """The area within, in squared units of the boundaries."""
        return float(sum(_signed(ring) for ring in self.rings))

    def inside(self) -> tuple[float, float]:
        """Return a point well inside: the middle of the longest stretch at half the height of the largest ring."""
        largest = max(self.rings, key=_signed)
        y = float((largest[:, 1].min() + largest[:, 1].max()) / 2)
        found = sorted(x for ring in self.rings for x in _crossings(ring, y))
        stretches = list(zip(found[::2], found[1::2], strict=False))
        left, right = max(stretches, key=lambda pair: pair[1] - pair[0]) if stretches else (largest[:, 0].min(), largest[:, 0].max())
        return float(left + right) / 2, y


@lettered
def map_plot(
    what: Shares,
    boundaries: Any,
    *,
    code: str = "code",
    labels: Labels = None,
    publish_from: int = ENOUGH,
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw places on their boundaries, the darker the higher their share, or by the zone of their verdict.

    Parameters
    ----------
    what, labels, publish_from
        As for `tiles_plot`.
    boundaries : path, GeoDataFrame or GeoJSON
        Polygons of the places: a GeoJSON file or mapping, anything with ``__geo_interface__`` (a GeoDataFrame), or another file that
        geopandas reads (a shapefile, a GeoPackage), for which ``pip install 'evalkit[map]'`` is needed.
    code : str
        The column of the boundaries that holds the codes.
    language : {"zh", "en"}
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str

    Returns
    -------
    matplotlib.axes.Axes
        Boundaries without a share are dotted. Names that would run into each other are left out, the smallest first; the note says how
        many. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        For boundaries without the column or with a code twice, and for places without a boundary; all of them at once.
    EvalkitError
        When geopandas is needed and is not installed; it names the extra.

    Examples
    --------
    >>> square = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
    >>> one = {"type": "Feature", "properties": {"code": "A01"}, "geometry": {"type": "Polygon", "coordinates": square}}
    >>> map_plot({"A01": .012}, {"type": "FeatureCollection", "features": [one]}).get_label()
    'A01：1.20%。'
    """
    say = speaker(language)
    heading, places = places_of(what, labels, publish_from, say)
    shapes = _shapes(_features(boundaries), code)
    _check_codes(places, shapes)
    known = {place.code: place for place in places}
    every = [known.get(each, Place(each, "", float("nan"))) for each in shapes]
    shading = Shading.of(places)
    key = shading.key(every, say)
    parts = [say("边界由使用者提供", "Boundaries are the user's"), shading_note(places, publish_from, say)]
    note = say("；", "; ").join(filter(None, parts))
    with in_style():
        axes = own_axes(HIGH, title or heading, note, pad=key_room(key), left=12) if ax is None else ax
        _frame(axes, list(shapes.values()))
        for place in every:
            _fill(axes, shapes[place.code], shading.look(place))
        key_above(axes, key)
        _note(axes, note, 0, say)
        _name(axes, [place for place in every if place.name], shapes, shading, note, say)
        axes.set_label(spoken(places, say))
    return axes


# -- boundaries -----------------------------------------------------------------------------------------------------


def _features(boundaries: Any) -> list[Any]:
    """Return the features of what was handed in."""
    if isinstance(boundaries, str | Path):
        boundaries = _read(Path(boundaries))
    found = getattr(boundaries, "__geo_interface__", boundaries)
    features = found.get("features") if isinstance(found, Mapping) else None
    if not features:
        rule = "应为有多边形的 GeoJSON、GeoDataFrame，或能读成它的文件"
        raise ReportError(f"边界｜{type(boundaries).__name__} 中没有 features｜{rule}")
    return list(features)


def _read(path: Path) -> Any:
    if not path.is_file():
        raise ReportError(f"{path.name}｜没有这个边界文件｜核对路径；evalkit 不带任何边界")
    if path.suffix.lower() not in (".json", ".geojson"):
        return geopandas.read_file(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ReportError(f"{path.name}｜不是 UTF-8 的 GeoJSON｜用制图软件另存为 GeoJSON") from None


def _shapes(features: Sequence[Any], code: str) -> dict[str, Shape]:
    faults, found = Faults("边界"), dict[str, Shape]()
    for row, feature in enumerate(features, 1):
        told = dict(feature.get("properties") or {})
        name = _code(told.get(code))
        if is_blank(name):
            faults.add(None, f"第 {row} 个", None, f"没有 {code} 这一列的值", f"写 code=…，现有：{'、'.join(map(str, told)) or '无'}")
            continue
        rings = tuple(_rings(feature.get("geometry") or {}))
        if not rings or name in found:
            faults.add(None, name, None, "代码出现两次" if rings else "不是多边形", "每个代码一个多边形（可由几块组成）")
            continue
        found[name] = Shape(name, rings)
    faults.refuse(ReportError)
    return found


def _code(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if is_blank(value) else str(value).strip()


def _rings(geometry: Mapping[str, Any]) -> Iterator[Any]:
    kind, parts = geometry.get("type"), geometry.get("coordinates") or []
    for polygon in {"Polygon": [parts], "MultiPolygon": parts}.get(str(kind), []):
        for at, points in enumerate(polygon):
            ring = np.asarray([point[:2] for point in points], dtype=float)
            if len(ring) >= 4 and np.isfinite(ring).all():
                yield ring if (_signed(ring) > 0) == (at == 0) else ring[::-1]


def _signed(ring: Any) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def _crossings(ring: Any, y: float) -> Iterator[float]:
    """Yield where a ring crosses a level."""
    for (x0, y0), (x1, y1) in zip(ring[:-1].tolist(), ring[1:].tolist(), strict=True):
        if (y0 > y) != (y1 > y):
            yield x0 + (y - y0) * (x1 - x0) / (y1 - y0)


def _check_codes(places: Sequence[Place], shapes: Mapping[str, Shape]) -> None:
    lacking = [place.code for place in places if place.code not in shapes]
    if lacking:
        found = f"{'、'.join(lacking[:6])}{f' 等 {len(lacking)} 个' if len(lacking) > 6 else ''}"
        raise ReportError(f"{found}｜没有边界｜边界中的代码如 {'、'.join(list(shapes)[:3])}；两边的代码应写法相同")


# -- drawing --------------------------------------------------------------------------------------------------------


def _frame(axes: Axes, shapes: Sequence[Shape]) -> None:
    points = np.concatenate([ring for shape in shapes for ring in shape.rings])
    (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
    room = 0.02 * max(right - left, high - low)
    degrees = max(abs(left), abs(right)) <= 180 and max(abs(low), abs(high)) <= 90
    axes.set(xlim=(left - room, right + room), ylim=(low - room, high + room), xticks=[], yticks=[])
    # a degree of longitude is shorter than one of latitude
    axes.set_aspect(1 / max(0.05, math.cos(math.radians((low + high) / 2))) if degrees else 1.0, anchor="NW")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _fill(axes: Axes, shape: Shape, look: tuple[str, str]) -> None:
    points = np.concatenate(shape.rings)
    codes = [
        code for ring in shape.rings
        for code in (mpl_path.Path.MOVETO, *[mpl_path.Path.LINETO] * (len(ring) - 2), mpl_path.Path.CLOSEPOLY)
    ]  # fmt: skip
    body: dict[str, Any] = {"facecolor": look[0], "hatch": look[1], "edgecolor": GREY, "linewidth": 0.7}
    axes.add_patch(patches.PathPatch(mpl_path.Path(points, codes), **body))


def _name(axes: Axes, places: Sequence[Place], shapes: Mapping[str, Shape], shading: Shading, note: str, say: Say) -> None:
    """Name the places, the largest first; what would run into another name is taken away again."""
    order = sorted(places, key=lambda place: -shapes[place.code].area)
    texts = [_text(axes, place, shapes[place.code], shading.look(place), say) for place in order]
    for _ in range(TRIES):
        for text in texts:
            text.set_visible(False)  # names do not move the map: it is laid out without the work of writing them
        figure_of(axes).draw_without_rendering()
        others = [axes.xaxis.label, axes.get_legend(), axes.title]
        kept = taken = [each.get_window_extent() for each in others if each is not None]
        for text in texts:
            text.set_visible(True)  # what is hidden has no extent
            box = text.get_window_extent()
            text.set_visible(not any(overlap(box, other) for other in kept) and _within(box, axes))
            kept = [*kept, box] if text.get_visible() else kept
        _note(axes, note, len(texts) - len(kept) + len(taken), say)


def _within(box: Any, axes: Axes) -> bool:
    edge = figure_of(axes).bbox
    return bool(box.x0 >= edge.x0 and box.x1 <= edge.x1 and box.y0 >= edge.y0 and box.y1 <= edge.y1)


def _text(axes: Axes, place: Place, shape: Shape, look: tuple[str, str], say: Say) -> Any:
    how: dict[str, Any] = {"fontsize": SMALL - 0.5, "fontfamily": FAMILIES, "linespacing": 1.1, "parse_math": False}
    if look[1]:
        how["bbox"] = {"facecolor": look[0], "edgecolor": "none", "pad": 0.8}
    how["path_effects"] = [effects.withStroke(linewidth=2.2, foreground=look[0])]  # read over a border too
    words = f"{short(place.name, NAME, 2)}\n{place.text(say)}"
    text = axes.text(*shape.inside(), words, ha="center", va="center", color=ink_on(look[0]), **how)
    text.set_in_layout(False)  # the map does not move when a name is taken away
    return text


def _note(axes: Axes, note: str, unnamed: int, say: Say) -> None:
    rest = say(f"{unnamed} 个地方太小，没有写名字", f"Places too small to be named: {unnamed}") if unnamed else ""
    note_below(axes, folded(lines(note, rest), (WIDTH * 72 - 30) * 2 / SMALL))
