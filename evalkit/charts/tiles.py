"""A tile a place, in the order of codes or on a grid that is handed in: which townships stand out, without boundaries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.charts.forests import Labels
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import MANY, SMALL, STEP, TIGHT, folded, note_below, own_axes, paged
from evalkit.charts.languages import Language, Say, lines, speaker
from evalkit.charts.places import Place, Shading, Shares, ink_on, key_above, key_room, places_of, shading_note, spoken
from evalkit.charts.style import FAMILIES, GREY, WIDTH, in_style, wide
from evalkit.errors import Faults, ReportError
from evalkit.rates.causes import ENOUGH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Grid = Mapping[str, tuple[int, int]]
ACROSS = 10  # tiles in a row, in the order of codes
FEWEST = 5  # tiles that a row has room for
TALL = 0.5  # inches of a tile
GAP = 0.04  # of a tile


@lettered
def tiles_plot(
    what: Shares,
    *,
    grid: Grid | None = None,
    labels: Labels = None,
    publish_from: int = ENOUGH,
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
    max_tiles: int = 80,
    page: int = 1,
) -> Axes:
    """Draw one equal tile a place, the darker the higher its share, or by the zone of its verdict.

    Parameters
    ----------
    what : Estimate, or mapping of codes to shares or to verdicts
        An Estimate of proportions by one column, such as ``ev.proportion(survey, "wrong", by="township")``.
    grid : mapping of codes to (row, column), optional
        Where each tile stands, counted from 0 at the top left; without it tiles stand in the order of codes, ten a row.
    labels : mapping, optional
        Other words for codes, as for `estimate_plot`.
    publish_from : int
        Places with fewer answers show — instead of their share; an Estimate knows how many there are, a mapping does not.
    language : {"zh", "en"}
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str
    max_tiles, page : int
        As for `inchworm_plot`; a grid is drawn whole.

    Returns
    -------
    matplotlib.axes.Axes
        Every tile has its name and its share. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        For something else than shares, and a grid that lacks a place or holds two in one tile.

    Examples
    --------
    >>> axes = tiles_plot({"A01": 0.0, "A02": .012, "A03": .031})
    >>> axes.get_label(), [text.get_text() for text in axes.texts][:2]
    ('A01：0%；A02：1.20%；A03：3.10%。', ['A01\\n0%', 'A02\\n1.20%'])
    """
    say = speaker(language)
    heading, places = places_of(what, labels, publish_from, say)
    shading = Shading.of(places)
    spots, rest = _spots(places, grid, max_tiles, page, say)
    shown = list(spots)
    down, across = max(row for row, _ in spots.values()) + 1, max(FEWEST, *(column + 1 for _, column in spots.values()))
    key = shading.key(places, say)
    parts = [_order(grid, say), shading_note(places, publish_from, say)]
    note = _note(lines(say("；", "; ").join(filter(None, parts)), rest))
    with in_style():
        axes = own_axes(_rows(down), title or heading, note, pad=key_room(key), left=12) if ax is None else ax
        _frame(axes, down, across)
        for place, spot in spots.items():
            _tile(axes, place, spot, shading.look(place), say, across)
        key_above(axes, key)
        note_below(axes, note)
        axes.set_label(spoken(shown, say))
    return axes


def _spots(places: list[Place], grid: Grid | None, max_tiles: int, page: int, say: Say) -> tuple[dict[Place, tuple[int, int]], str]:
    """Return where each place stands, and what is said of those on other pages."""
    if grid is not None:
        _check_grid(places, grid)
        return {place: grid[place.code] for place in places}, ""
    shown, rest = paged(places, max_tiles, page, say)
    across = ACROSS if len(shown) > 3 * ACROSS else max(FEWEST, math.ceil(math.sqrt(2 * len(shown))))
    return {place: divmod(at, across) for at, place in enumerate(shown)}, rest


def _check_grid(places: Sequence[Place], grid: Grid) -> None:
    faults, taken = Faults("方块图的位置"), dict[tuple[int, int], str]()
    for place in places:
        spot = grid.get(place.code)
        if spot is None:
            faults.add(None, place.code, None, "grid 中没有它的位置", "写 {代码: (行, 列)}")
        elif not (isinstance(spot, tuple) and len(spot) == 2 and all(isinstance(each, int) and 0 <= each < 100 for each in spot)):
            faults.add(None, place.code, str(spot), "应为 (行, 列)，0 至 99 的整数", "左上角为 (0, 0)")
        elif spot in taken:
            faults.add(None, place.code, str(spot), f"与 {taken[spot]} 同一格", "一格一地")
        else:
            taken[spot] = place.code
    faults.refuse(ReportError)


def _order(grid: Grid | None, say: Say) -> str:
    if grid is None:
        return say("一格一地，按代码次序，不是地理位置", "A tile a place in the order of codes, not where it lies")
    return say("一格一地，位置由使用者给定", "A tile a place, where the user put it")


def _note(text: str) -> str:
    return folded(text, (WIDTH * 72 - 30) * 2 / SMALL)


def _rows(down: int) -> float:
    inches = down * TALL
    return inches / STEP if inches / STEP <= MANY else inches / TIGHT


def _frame(axes: Axes, down: int, across: int) -> None:
    axes.set(xlim=(0, across), ylim=(down, 0), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _tile(axes: Axes, place: Place, spot: tuple[int, int], look: tuple[str, str], say: Say, across: int) -> None:
    (row, column), (colour, hatch) = spot, look
    body: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": GREY, "linewidth": 0.7}
    axes.bar(column + GAP / 2, 1 - GAP, width=1 - GAP, bottom=row + GAP / 2, align="edge", **body)
    size = max(5.0, min(SMALL, SMALL * 1.25 * ACROSS / across)) if across > ACROSS else SMALL
    room = (WIDTH * 72 - 30) / across * (1 - 2 * GAP) * 2 / size - 0.8
    text = "\n".join([short(place.name, room, 2), place.text(say)])
    plate = {"facecolor": colour, "edgecolor": "none", "pad": 0.8} if hatch else None
    look_of: dict[str, Any] = {"fontsize": size, "fontfamily": FAMILIES, "color": ink_on(colour), "linespacing": 1.15, "parse_math": False}
    axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", bbox=plate, **look_of)


def short(name: str, room: float, most: int) -> str:
    """Return a name in at most so many lines of so many half-widths, cut where it is longer.

    Examples
    --------
    >>> short("羊册镇", 8, 2), short("名称特别长的少数民族自治乡", 8, 2)
    ('羊册镇', '名称特别\\n长的少…')
    """
    made, line = [], ""
    for letter in name:
        if wide(line + letter) > room and line:
            made.append(line)
            line = ""
        line += letter
    made.append(line)
    if len(made) <= most:
        return "\n".join(made)
    last = made[most - 1]
    while last and wide(last + "…") > room:
        last = last[:-1]
    return "\n".join([*made[: most - 1], last + "…"])
