"""The way of the cases: from clue and suspicion through feedback and evidence to the decision, each lane as high as its cases are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.casework import OUTCOMES, STATUS, Cases
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, folded, most, note_below, own_axes
from evalkit.charts.languages import Language, Say, speaker, told, word
from evalkit.charts.layout import apart
from evalkit.charts.style import AMBER, FAMILIES, GREY, INK, MIDDLE, WIDTH, in_style
from evalkit.figures import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (("clue",), ("suspected",), ("notified",), ("answering",), ("confirmed", "dismissed"), ("appealed",), ("final",))
# how a case stands now: its word, colour and hatch, from the top
STANDINGS: Mapping[str, tuple[str, str, str]] = {
    "upheld": ("认定", MIDDLE, ""), "pending": ("待定", "#ffffff", ""), "dismissed": ("排除", AMBER, "////"),
}  # fmt: skip
WORDS = {"认定": "confirmed", "待定": "pending", "排除": "dismissed"}
HIGH = 8.0  # rows of a ladder
BETWEEN = 0.04  # of all cases, between standings
FEWEST = 3  # columns that the picture has room for at least: one alone is a bar, not a wall
LEAST = 0.06  # of the height that a written count needs
BAR = 0.09  # half the width of a bar, in columns


@dataclass(frozen=True)
class Lane:
    """Cases that went the same way: their statuses, how they stand now, how many, and where the lane begins."""

    way: tuple[str, ...]
    standing: str
    count: int
    top: float

    @property
    def middle(self) -> float:
        """Half way down the lane."""
        return self.top + self.count / 2


@lettered
def flow_plot(cases: Cases, *, language: Language = "zh", ax: Axes | None = None, title: str = "") -> Axes:
    """Draw the way of all cases from left to right, a lane for those that went the same way.

    Parameters
    ----------
    cases : Cases
        As `evalkit.cases` reads them from the ledger.
    language : {"zh", "en"}
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str

    Returns
    -------
    matplotlib.axes.Axes
        Lanes are as high as their cases are many; a bar stands where they stopped. Above each bar is how many came by, at the
        right how they stand now. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        Without a case.

    Examples
    --------
    >>> import tempfile, evalkit as ev
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     case = ev.open_case(folder, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason="住房为D级")
    ...     _ = ev.move_case(folder, case, "排除", who="D1", day="2018-11-13", reason="已修缮")
    ...     flow_plot(ev.cases(folder)).get_label()
    '共 1 件：疑似 1，排除 1；现在：认定 0，待定 0，排除 1。'
    """
    return draw_ways(Counter(cases.ways()), speaker(language), ax, title)


def draw_ways(ways: Counter[tuple[str, ...]], say: Say, ax: Axes | None, title: str) -> Axes:
    """Draw lanes of ways that so many cases went; see `flow_plot`."""
    lanes = _lanes(ways)
    most(len(lanes) and 1, 1)
    columns = [column for column in COLUMNS if any(status in column for lane in lanes for status in map(_status, lane.way))]
    note = _note(say, lanes)
    with in_style():
        shown = title or say("案件经过", "The way of the cases")
        axes = own_axes(HIGH, shown, note, pad=30, left=12) if ax is None else ax
        _frame(axes, columns, lanes)
        for lane in lanes:
            _lane(axes, lane, columns)
        _heads(axes, say, lanes, columns)
        _ends(axes, say, lanes)
        note_below(axes, note)
        axes.set_label(_spoken(say, lanes, columns))
    return axes


def _lanes(ways: Counter[tuple[str, ...]]) -> list[Lane]:
    """Return the lanes from the top: upheld, pending, dismissed, and within each those that went the same way longest together."""
    order = [status for column in COLUMNS for status in column]
    names = list(STANDINGS)
    found = sorted(
        ((names.index(_standing(way)), tuple(order.index(_status(step)) for step in way), way) for way in ways), key=lambda each: each[:2]
    )
    gap, at, before = BETWEEN * ways.total(), 0.0, None
    lanes = []
    for standing, _, way in found:
        at += gap if before not in (None, standing) else 0.0
        lanes.append(Lane(way, names[standing], ways[way], at))
        at, before = at + ways[way], standing
    return lanes


def _status(step: str) -> str:
    return step.partition(":")[0]


def _standing(way: Sequence[str]) -> str:
    last, _, outcome = way[-1].partition(":")
    last = OUTCOMES[outcome] if last == "final" else last
    return {"confirmed": "upheld", "final": "upheld", "dismissed": "dismissed"}.get(last, "pending")


def _frame(axes: Axes, columns: Sequence[tuple[str, ...]], lanes: Sequence[Lane]) -> None:
    axes.set_xlim(-0.3, max(len(columns) - 1, FEWEST) + 0.5)
    axes.set_ylim(lanes[-1].top + lanes[-1].count, 0)
    axes.set(xticks=[], yticks=[])
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


def _place(step: str, columns: Sequence[tuple[str, ...]]) -> int:
    return next(at for at, column in enumerate(columns) if _status(step) in column)


def _lane(axes: Axes, lane: Lane, columns: Sequence[tuple[str, ...]]) -> None:
    places = [_place(step, columns) for step in lane.way]
    _, colour, hatch = STANDINGS[lane.standing]
    band: dict[str, Any] = {"height": lane.count, "linewidth": 0.0, "align": "edge"}
    body: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": GREY, "alpha": 0.55, "zorder": 1}
    axes.barh(lane.top, max(places) - min(places), left=min(places), **body, **band)
    for edge in (lane.top, lane.top + lane.count):
        axes.plot([min(places), max(places)], [edge, edge], color=GREY, linewidth=0.5, zorder=1.1)
    for place in places:
        axes.barh(lane.top, 2 * BAR, left=place - BAR, color=INK, zorder=2, **{**band, "linewidth": 0.6, "edgecolor": INK})
    if lane.count >= LEAST * axes.get_ylim()[0]:
        look: dict[str, Any] = {"fontsize": SMALL - 0.5, "color": GREY, "fontfamily": FAMILIES, "va": "center_baseline", "zorder": 3}
        axes.annotate(plain(lane.count), (max(places) + BAR, lane.middle), (3, 0), textcoords="offset points", **look)


def _heads(axes: Axes, say: Say, lanes: Sequence[Lane], columns: Sequence[tuple[str, ...]]) -> None:
    place: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points", "ha": "center", "va": "bottom"}
    for at, column in enumerate(columns):
        counts = [(name, plain(count)) for name, count in _counts(say, lanes, column)]
        text = "\n".join(counts[0] if len(counts) == 1 else map(" ".join, counts))
        axes.annotate(text, (at, 1), (0, 3), fontsize=SMALL, color=INK, fontfamily=FAMILIES, linespacing=1.15, **place)


def _counts(say: Say, lanes: Sequence[Lane], column: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each status of a column, and each outcome of the last one, with how many cases came by; those of none are left out."""
    if column == ("final",):
        outcomes = {"成立": say("终定成立", "final: stands"), "不成立": say("终定不成立", "final: falls")}
        kinds = {f"final:{outcome}": name for outcome, name in outcomes.items()}
    else:
        kinds = {status: word(say, STATUS[status]) for status in column}
    for kind, name in kinds.items():
        count = sum(lane.count for lane in lanes if kind in lane.way)
        if count:
            yield name, count


def _now(lanes: Sequence[Lane]) -> dict[str, int]:
    return {standing: sum(lane.count for lane in lanes if lane.standing == standing) for standing in STANDINGS}


def _ends(axes: Axes, say: Say, lanes: Sequence[Lane]) -> None:
    """Write at the right how the cases stand now, each word beside its lanes."""
    counts = {standing: count for standing, count in _now(lanes).items() if count}
    spans = [[lane for lane in lanes if lane.standing == standing] for standing in counts]
    middles = [(own[0].top + own[-1].top + own[-1].count) / 2 for own in spans]
    bottom = axes.get_ylim()[0]
    look: dict[str, Any] = {"fontsize": SMALL + 0.5, "fontfamily": FAMILIES, "fontweight": "bold", "va": "center", "ha": "left"}
    for middle, (standing, count) in zip(apart(middles, bottom / HIGH, 0.0, bottom), counts.items(), strict=True):
        name = STANDINGS[standing][0]
        text = say(f"现{name} {count} 件", f"{count} {WORDS[name]}")
        axes.annotate(text, (1, middle), (4, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points", color=INK, **look)


def _note(say: Say, lanes: Sequence[Lane]) -> str:
    total = plain(sum(lane.count for lane in lanes))
    zh = f"共 {total} 件；一道为一种经过，高与数字为件数，竖条为停留的步骤；蓝为现认定，白为待定，斜线为排除"
    en = f"{total} cases; a lane holds those that went the same way, its height and number how many, with a bar at each step; "
    return folded(say(zh, f"{en}now blue: confirmed, white: pending, hatched: dismissed"), (WIDTH * 72 - 40) * 2 / SMALL)


def _spoken(say: Say, lanes: Sequence[Lane], columns: Sequence[tuple[str, ...]]) -> str:
    steps = [f"{name} {plain(count)}" for column in columns for name, count in _counts(say, lanes, column)]
    now = [f"{say(STANDINGS[key][0], WORDS[STANDINGS[key][0]])} {plain(count)}" for key, count in _now(lanes).items()]
    comma, total = say("，", ", "), plain(sum(lane.count for lane in lanes))
    return told(say, [say(f"共 {total} 件：", f"{total} cases: ") + comma.join(steps), say("现在：", "now: ") + comma.join(now)])
