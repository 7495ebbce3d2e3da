"""Who was drawn along the cumulated sizes: a strip a stratum, a piece a unit as long as its chance, dark where it was drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, cut, paged, set_up
from evalkit.charts.languages import Language, Say, lines, speaker, told
from evalkit.charts.style import BLUE, GREY, INK, PALE, in_style
from evalkit.errors import ReportError
from evalkit.figures import plain
from evalkit.plans.wording import UNITS
from evalkit.selection import METHODS
from evalkit.selection.equal import halves_of
from evalkit.selection.ordered import WHOLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.sample import Sample

STEPS = ("systematic", "pps-systematic")  # equal steps along the list as it stands
NAMED = 4  # drawn units that a strip names
TALL = 0.52  # of a row
FINE = 500  # units of a strip from which their borders would be more ink than they are


@dataclass(frozen=True)
class Strip:
    """A stretch of the cumulated chances of one stratum.

    Parameters
    ----------
    stratum, label : str
        The stratum, and what the strip is called: the same with its number where there are several.
    pieces : tuple of (float, float, bool)
        Begin and length of each unit, 0 to 1 along the strip, and whether it was drawn.
    points : tuple of float
        Where the equal steps fall, 0 to 1 along the strip; empty for other methods.
    names : tuple of str
        The drawn units that begin in it.
    drawn, units : int
        Of the whole stratum.
    certain : bool
        Whether its units had to be taken.
    first : bool
        Whether it is the first strip of its stratum.
    """

    stratum: str
    label: str
    pieces: tuple[tuple[float, float, bool], ...]
    points: tuple[float, ...]
    names: tuple[str, ...]
    drawn: int
    units: int
    certain: bool
    first: bool = True

    def told(self, label: str) -> list[Any]:
        """Return the strip as plain data under another name, nobody named: the length of each unit, * behind a drawn one."""
        pieces = " ".join(f"{length:.6g}{'*' if drawn else ''}" for _, length, drawn in self.pieces)
        return [label, pieces, " ".join(f"{point:.6g}" for point in self.points), self.drawn, self.units, self.certain]

    @staticmethod
    def of(label: str, pieces: str, points: str, drawn: int, units: int, certain: bool) -> Strip:
        """Return the strip that `told` has told.

        Examples
        --------
        >>> Strip.of("乡镇01", "0.25 0.75*", "0.5", 1, 2, False).pieces
        ((0.0, 0.25, False), (0.25, 0.75, True))
        """
        lengths = [float(piece.rstrip("*")) for piece in pieces.split()]
        begins = accumulate(lengths[:-1], initial=0.0)
        found = tuple(zip(begins, lengths, (piece.endswith("*") for piece in pieces.split()), strict=True))
        return Strip(label, label, found, tuple(map(float, points.split())), (), drawn, units, certain)


@lettered
def drawn_plot(
    sample: Sample,
    stage: str | None = None,
    *,
    names: bool = True,
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
    max_rows: int = 40,
    page: int = 1,
) -> Axes:
    """Draw who was drawn in each stratum of a stage of the frame, along the cumulated sizes.

    Parameters
    ----------
    sample : Sample
    stage : str, optional
        The last stage of the frame when left out.
    names : bool
        Whether drawn units are named, or only counted.
    language : {"zh", "en"}
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str
    max_rows, page : int
        As for `inchworm_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        Each unit is as long as its chance, that is, as its size where chances are proportional to size, in the order in which the method
        went through the list; dark ones were drawn. Triangles stand where the equal steps of a systematic draw fall. A stratum with many
        drawn units goes over several strips. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        A stage that is not of the frame.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> design = ev.plain_design(2, 3, frame=6, households=9)
    >>> sample = ev.draw(ev.Frame.from_design(design), design, seed="1")
    >>> drawn_plot(sample, names=False).get_label()
    '全部：6 个中抽 2 个。'
    """
    say = speaker(language)
    stages = [part.name for part in sample.design.frame_stages]
    stage = stages[-1] if stage is None else stage
    if stage not in stages:
        raise ReportError(f"{stage}｜不是从名单抽取的阶段｜可用：{'、'.join(stages)}")
    method = next(part.method for part in sample.design.frame_stages if part.name == stage)
    title = title or _title(stage, method, say)
    return strip_rows(strips_of(sample, stage, names), say, names, ax, title, max_rows, page)


def strip_rows(
    strips: Sequence[Strip], say: Say, names: bool = False, ax: Axes | None = None, title: str = "", max_rows: int = 40, page: int = 1
) -> Axes:
    """Draw strips one under the other; see `drawn_plot`."""
    strips, rest = paged(strips, max_rows, page, say)
    rungs = [Rung(strip.label, "", _cells(strip, names, say)) for strip in strips]
    heads = (*([say("抽中", "Drawn")] if names else []), say("抽中/单位", "Drawn/units"))
    ladder = Ladder(rungs, heads, title, lines(_note(strips, say), rest))
    with in_style():
        axes, heights = set_up(ladder, ax)
        axes.set(xlim=(0, 1), xticks=[])
        axes.spines["bottom"].set_visible(False)
        for height, strip in zip(heights, strips, strict=True):
            _draw(axes, height, strip)
        axes.set_label(_spoken(strips, names, say))
    return axes


def strips_of(sample: Sample, stage: str, named: bool) -> list[Strip]:
    """Return the strips of a stage; strata with many drawn units go over several where these are named."""
    table = sample.table(stage)
    names = dict(zip(table["unit"], table["name"] if "name" in table else table["unit"], strict=True))
    found = []
    for cell in sample.cells(stage):
        if not cell.probs:
            continue
        ends = list(accumulate(cell.probs.values(), initial=0.0))
        parts = math.ceil(cell.n / NAMED) if named and cell.n > NAMED and not cell.certainty else 1
        points = _points(cell, ends)
        for part in range(parts):
            span = (ends[-1] * part / parts, ends[-1] * (part + 1) / parts)
            label = cell.label if parts == 1 else f"{cut(cell.label)} {part + 1}/{parts}"
            found.append(replace(_strip(cell, ends, points, span, label, names), first=part == 0))
    return found


def _points(cell: Any, ends: Sequence[float]) -> list[float]:
    """Return where the equal steps fall along the cumulated chances; nothing where the drawn units do not lie under them."""
    if cell.method not in STEPS or cell.certainty or not cell.cutoff or not cell.n:
        return []
    begin = halves_of(bytes.fromhex(cell.cutoff)) / WHOLE
    points = [(begin + k) / cell.n * ends[-1] for k in range(cell.n)]
    chosen, spans = set(cell.chosen), list(zip(cell.probs, ends, ends[1:], strict=False))
    under = {unit for unit, low, high in spans if any(low <= point < high for point in points)}
    return points if under == chosen else []


def _strip(
    cell: Any, ends: Sequence[float], points: Sequence[float], span: tuple[float, float], label: str, names: dict[str, str]
) -> Strip:
    (low, high), chosen = span, set(cell.chosen)
    whole = (high - low) or 1.0
    inside = [(unit, a, b) for unit, a, b in zip(cell.probs, ends, ends[1:], strict=False) if b > low and a < high]
    pieces = tuple(((max(a, low) - low) / whole, (min(b, high) - max(a, low)) / whole, unit in chosen) for unit, a, b in inside)
    here = [unit for unit, a, _ in inside if unit in chosen and a >= low]
    called = tuple(f"{names.get(unit, unit)}{f'×{cell.hits[unit]}' if unit in cell.hits else ''}" for unit in here)
    falls = tuple((point - low) / whole for point in points if low <= point < high)
    return Strip(cell.label, label, pieces, falls, called, cell.n, len(cell.probs), cell.certainty)


def _cells(strip: Strip, names: bool, say: Say) -> tuple[str, ...]:
    listed = say("、", ", ").join(strip.names)
    if strip.certain and len(strip.names) > NAMED:
        listed = say(f"全部 {strip.drawn} 个必入", f"all {strip.drawn} certain")
    counts = f"{plain(strip.drawn)}/{plain(strip.units)}" if strip.first else ""
    return (*([cut(listed)] if names else []), counts)


def _title(stage: str, method: str, say: Say) -> str:
    way = METHODS[method].title
    return say(f"谁被抽中：{UNITS.get(stage, (stage,))[0]}（{way}）", f"Who was drawn: {stage} ({method})")


def _note(strips: Sequence[Strip], say: Say) -> str:
    steps = say("；三角为等距落点", "; triangles are the equal steps") if any(strip.points for strip in strips) else ""
    zh = "一段一个单位，长为入样机会（按规模抽取时即规模），依抽样所用的次序；深色为抽中"
    return say(zh, "A piece a unit, as long as its chance (its size in a draw by size), in the order of the draw; dark: drawn") + steps


def _draw(axes: Axes, height: float, strip: Strip) -> None:
    stroke = 0.5 if len(strip.pieces) < FINE else 0.0
    for drawn, face in ((False, PALE), (True, BLUE)):
        spans = [(begin, length) for begin, length, chosen in strip.pieces if chosen == drawn]
        axes.broken_barh(spans, (height - TALL / 2, TALL), facecolor=face, edgecolor=GREY, linewidth=stroke, zorder=1.2 + drawn)
    if strip.points:
        look: dict[str, Any] = {"marker": "v", "markersize": 4, "color": INK, "linestyle": "none", "zorder": 3, "clip_on": False}
        axes.plot(strip.points, [height - TALL / 2 - 0.08] * len(strip.points), **look)


def _spoken(strips: Sequence[Strip], names: bool, say: Say) -> str:
    comma, parts = say("、", ", "), []
    for stratum, mine in groupby(strips, key=lambda strip: strip.stratum):
        own = list(mine)
        counts = say(f"{plain(own[0].units)} 个中抽 {plain(own[0].drawn)} 个", f"{plain(own[0].drawn)} of {plain(own[0].units)} drawn")
        called = comma.join(name for strip in own for name in strip.names) if names else ""
        who = say("：", ": ") + called if called else ""
        parts.append(say("：", ": ").join([stratum, counts + who]))
    return told(say, parts)
