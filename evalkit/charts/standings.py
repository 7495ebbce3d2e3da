"""Rank sets: which places each unit of a ranking may hold, a row a unit, so that what the data do not tell apart is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from evalkit.charts.forests import row_texts
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, paged, set_up
from evalkit.charts.languages import Language, Say, lines, speaker, told
from evalkit.charts.style import BLUE, MILD, in_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.ranking import RankSets

BEYOND = 0.32  # places that a line reaches beyond its ends, so that a single place is a line too
STEPS = tuple(step * 10**power for power in range(6) for step in (1, 2, 5))  # of places from tick to tick


class Standing(NamedTuple):
    """One unit: the place of its estimate, the first and the last that it may hold, and what it is called."""

    place: int
    first: int
    last: int
    name: str

    @property
    def sure(self) -> bool:
        """Whether only one place is left."""
        return self.first == self.last

    @property
    def span(self) -> str:
        """The places that it may hold, in figures."""
        return f"{self.first}" if self.sure else f"{self.first}–{self.last}"


@lettered
def ranks_plot(
    sets: RankSets,
    names: Sequence[str] | None = None,
    *,
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
    max_rows: int = 40,
    page: int = 1,
) -> Axes:
    """Draw which places each unit may hold, the unit with the largest estimate on top.

    Parameters
    ----------
    sets : RankSets
        As `evalkit.ranking.rank_sets` gives it.
    names : sequence of str, optional
        One a unit, in the order of the estimates; units are numbered from 1 without it.
    language : {"zh", "en"}
        Of the words of the picture; names stay as they are.
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str
    max_rows, page : int
        As for `inchworm_plot`; the scale is that of all units on every page.

    Returns
    -------
    matplotlib.axes.Axes
        The point is the place of the estimate (equal estimates share the first of theirs), the line holds every place that the data do
        not exclude; a full point has one place left. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        Names that are not as many as units, an unknown language, or a page that there is not.

    Notes
    -----
    Lines that overlap in one place do not say that two units are alike, nor lines apart how far apart they are: places only.

    Examples
    --------
    >>> import evalkit as ev
    >>> sets = ev.ranking.rank_sets([.97, .955, .90], [.006, .007, .009])
    >>> ranks_plot(sets, ["甲县", "乙县", "丙县"]).get_label()
    '甲县：第 1 名，可能为第 1～2 名；乙县：第 2 名，可能为第 1～2 名；丙县：第 3 名，已定。'
    """
    say = speaker(language)
    rows, rest = paged(_standings(sets, names), max_rows, page, say)
    rungs = [Rung(row.name, "", (str(row.place), say(row.span.replace("–", "～"), row.span))) for row in rows]
    heads = (say("名次", "Place"), say("可能的名次", "May be"))
    title = title or say("名次集合：每个单位可能的名次", "Rank sets: the places that each unit may hold")
    with in_style():
        axes, heights = set_up(Ladder(rungs, heads, title, lines(_note(sets, rows, say), rest)), ax)
        _scale(axes, len(sets.place))
        for height, row in zip(heights, rows, strict=True):
            _draw(axes, height, row)
        axes.set_label(told(say, [_spoken(row, say) for row in rows]))
    return axes


def _standings(sets: RankSets, names: Sequence[str] | None) -> list[Standing]:
    units = len(sets.place)
    called = [str(at) for at in range(1, units + 1)] if names is None else row_texts(names, units, "names")
    ends = (sets.place.tolist(), sets.first.tolist(), sets.last.tolist(), called)
    return sorted((Standing(*row) for row in zip(*ends, strict=True)), key=lambda row: row[:3])


def _note(sets: RankSets, rows: Sequence[Standing], say: Say) -> str:
    level = f"{sets.level * 100:g}%"
    zh = f"点为估计值的名次，线为数据不能排除的名次，全部单位同时成立的把握至少 {level}"
    en = f"Dot: place of the estimate; line: places that the data do not exclude, right for all units together at {level}"
    sure = any(row.sure for row in rows)
    return say(zh + ("；实心点的名次已定" if sure else ""), en + ("; full: one place is left" if sure else ""))


def _scale(axes: Axes, units: int) -> None:
    axes.set_xlim(0.5, units + 0.5)
    step = next(step for step in STEPS if units <= 12 * step)
    between = [place for place in range(step, units, step) if 1 + step / 2 < place < units - step / 2]
    axes.set_xticks([1, *between, units])


def _draw(axes: Axes, height: float, row: Standing) -> None:
    ends = [row.first - BEYOND, row.last + BEYOND]
    axes.plot(ends, [height, height], color=MILD, linewidth=5, solid_capstyle="butt", clip_on=False, zorder=1.2)
    look: dict[str, Any] = {"color": BLUE, "markersize": 5.5, "markeredgewidth": 1.5, "clip_on": False, "zorder": 3}
    axes.plot([row.place], [height], "o", markerfacecolor=BLUE if row.sure else "white", **look)


def _spoken(row: Standing, say: Say) -> str:
    zh = f"{row.name}：第 {row.place} 名，" + ("已定" if row.sure else f"可能为第 {row.first}～{row.last} 名")
    return say(zh, f"{row.name}: place {row.place}, " + ("certain" if row.sure else f"may be {row.span}"))
