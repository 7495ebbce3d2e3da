"""Places with a share or a verdict each, and how dark they are: what tiles and maps have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.forests import Labels, row_names
from evalkit.charts.ladder import SMALL
from evalkit.charts.languages import Say, told
from evalkit.charts.style import FAMILIES, GREY, INK, MIDDLE, MILD
from evalkit.charts.worms import LOOKS, ZONES
from evalkit.errors import ReportError
from evalkit.estimates import Estimate
from evalkit.estimates.limits import KINDS
from evalkit.figures import NOT_PUBLISHED, WORDS, gate_text, is_blank, told_percent
from evalkit.later import later
from evalkit.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shares = Estimate | Mapping[str, float] | Mapping[str, Verdict] | pd.Series

colors = later("matplotlib.colors")
patches = later("matplotlib.patches")
ticker = later("matplotlib.ticker")

DEPTHS = ("#dde8f2", MILD, MIDDLE, "#0b3c6f")  # neighbours differ in a black and white print too
NONE = ("#ffffff", "")
HIDDEN, ABSENT = ("#ffffff", "////"), ("#ffffff", "....")
ZONE_WORDS = {"met": "proven: met", "not met": "proven: not met", "not proven": "not proven"}
DARK = 0.2  # of the luminance of white, below which letters are white
DIGITS = 12  # of an edge between classes
COLUMNS = 4  # of the key


@dataclass(frozen=True)
class Place:
    """One place: its code, its name, its share (NaN without answers), whether that may be shown, and the zone of a verdict."""

    code: str
    name: str
    share: float
    hidden: bool = False
    zone: str = ""

    def text(self, say: Say) -> str:
        """Return the share as it is written in its tile."""
        if is_blank(self.share):
            return say("无数据", "no data")
        return NOT_PUBLISHED if self.hidden else told_percent(self.share)

    def spoken(self, say: Say) -> str:
        """Return the place in words."""
        hidden = say("样本不足，不公布", "too few answers to publish") if self.hidden and not is_blank(self.share) else ""
        zone = say(f"，{WORDS[self.zone]}", f", {ZONE_WORDS[self.zone]}") if self.zone else ""
        return say("：", ": ").join([self.name, (hidden or self.text(say)) + zone])


@dataclass(frozen=True)
class Shading:
    """How dark places are: by the class of their share, or by the zone of their verdict.

    Parameters
    ----------
    edges : tuple of float
        Between classes of shares; the first class begins above the first edge.
    """

    edges: tuple[float, ...] = ()

    @staticmethod
    def of(places: Sequence[Place]) -> Shading:
        """Return classes with round edges for the shares that are shown."""
        held = [place.share for place in places if not (place.hidden or place.zone or is_blank(place.share) or place.share == 0)]
        shown = [round(share, DIGITS) for share in held]
        if len(set(shown)) < 2:
            return Shading()
        low = 0.0 if min(shown) < 0.6 * max(shown) else min(shown)
        edges = ticker.MaxNLocator(len(DEPTHS), steps=[1, 2, 2.5, 5, 10]).tick_values(low, max(shown))
        edges = [max(0.0, min(1.0, round(float(edge), DIGITS))) for edge in edges]
        first = max(at for at, edge in enumerate(edges) if edge < min(shown) or at == 0)
        last = min(at for at, edge in enumerate(edges) if edge >= max(shown))
        return Shading(tuple(dict.fromkeys(edges[first : last + 1])))

    def look(self, place: Place) -> tuple[str, str]:
        """Return colour and hatch of a place."""
        if is_blank(place.share):
            return ABSENT
        if place.zone:
            return LOOKS[ZONES[place.zone]]
        if place.hidden:
            return HIDDEN
        return NONE if place.share == 0 else self._depth(sum(edge < round(place.share, DIGITS) for edge in self.edges[1:-1]))

    def _depth(self, at: int) -> tuple[str, str]:
        count = max(1, len(self.edges) - 1)
        return DEPTHS[round(at * (len(DEPTHS) - 1) / max(1, count - 1)) if count > 1 else 1], ""

    def key(self, places: Sequence[Place], say: Say) -> list[tuple[str, tuple[str, str]]]:
        """Return the looks that are used, each with its words."""
        used = {self.look(place) for place in places}
        none = any(place.share == 0 and not (place.zone or place.hidden) for place in places)
        said = [(say("一例未见", "none seen"), NONE)] if none else []
        ends = list(zip(self.edges, self.edges[1:], strict=False))
        said += [(say("～", "–").join(map(gate_text, pair)), self._depth(at)) for at, pair in enumerate(ends)]
        said += [(say(WORDS[zone], ZONE_WORDS[zone]), LOOKS[look]) for zone, look in ZONES.items() if any(p.zone == zone for p in places)]
        rest = [(say("样本不足", "too few answers"), HIDDEN), (say("无数据", "no data"), ABSENT)]
        return said + [(words, look) for words, look in rest if look in used]


def places_of(what: Shares, labels: Labels, publish_from: int, say: Say) -> tuple[str, list[Place]]:
    """Return a title and the places of an Estimate by one column, or of a mapping from places to shares or verdicts.

    Raises
    ------
    ReportError
        For an Estimate of something else than proportions by one column, and shares outside [0, 1].
    """
    if isinstance(what, Estimate):
        return _of_estimate(what, labels, publish_from, say)
    found = dict(what) if isinstance(what, Mapping | pd.Series) else {}
    if not found:
        raise ReportError("方块图、地图｜没有可画的地方｜给出按一列分组的比例的 Estimate，或 {代码: 比例或判定}")
    names = labels if isinstance(labels, Mapping) else {}
    places = [_place(str(code), str(names.get(code, code)), each) for code, each in sorted(found.items(), key=lambda pair: str(pair[0]))]
    wrong = [place.code for place in places if not is_blank(place.share) and not 0 <= place.share <= 1]
    if wrong:
        raise ReportError(f"{'、'.join(wrong[:6])}｜比例应在 0 与 1 之间｜2% 写 .02")
    return say("各地的判定", "Verdicts by place") if places[0].zone else say("各地的比例", "Shares by place"), places


def _place(code: str, name: str, each: Any) -> Place:
    if isinstance(each, Verdict):
        return Place(code, name, each.value, zone=str(each.zone))
    return Place(code, name, float("nan") if is_blank(each) else float(each))


def _of_estimate(estimate: Estimate, labels: Labels, publish_from: int, say: Say) -> tuple[str, list[Place]]:
    title, names = row_names(estimate, labels)
    codes = [str(label[0]) for label in estimate.labels]
    if estimate.kind != "proportion" or len(set(codes)) < len(codes):
        raise ReportError(f"这是{KINDS[estimate.kind]}｜一地一格，画按一列分组的比例｜写 ev.proportion(survey, 列, by=地区列)")
    rows = zip(codes, names, estimate.value.tolist(), estimate.n.tolist(), strict=True)
    places = [Place(code, " ".join(filter(None, name)), share, n < publish_from) for code, name, share, n in rows]
    return say(title, f"Shares: {estimate.labels[0][-1]}"), places


def ink_on(colour: str) -> str:
    """Return the colour of letters that are read on a face: white on dark ones.

    Examples
    --------
    >>> ink_on("#0b3c6f"), ink_on("#dde8f2")
    ('white', '#1a1a1a')
    """
    return "white" if luminance(colour) < DARK else INK


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 for black to 1 for white (WCAG 2.1).

    Examples
    --------
    >>> luminance("#ffffff"), round(luminance("#3873a8"), 2)
    (1.0, 0.16)
    """
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colors.to_rgb(colour)]
    return float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])


def key_above(axes: Axes, entries: Sequence[tuple[str, tuple[str, str]]], across: int = COLUMNS) -> None:
    """Write what the looks mean above the axes."""
    if not entries:
        return
    across = min(across, len(entries))
    by_row = [entry for column in range(across) for entry in entries[column::across]]  # a key is filled column by column
    drawn = [patches.Patch(facecolor=colour, hatch=hatch, edgecolor=GREY, linewidth=0.6) for _, (colour, hatch) in by_row]
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.005, 1.0), "borderaxespad": 0.2, "ncols": across}
    look: dict[str, Any] = {"frameon": False, "handlelength": 1.6, "columnspacing": 1.4, "prop": {"family": FAMILIES, "size": SMALL}}
    axes.legend(drawn, [words for words, _ in by_row], **place, **look)


def key_room(entries: Sequence[Any]) -> float:
    """Return the points that the key needs between axes and title."""
    return 8 + 15.0 * -(-len(entries) // COLUMNS)


def shading_note(places: Sequence[Place], publish_from: int, say: Say) -> str:
    """Return what the shades mean, in words."""
    darker = say("越深越高，各档含上端", "the darker the higher, classes hold their upper end")
    said = [] if all(place.zone for place in places) else [darker]
    if any(place.hidden for place in places):
        zh = f"回答不足 {publish_from} 户的不公布，写 {NOT_PUBLISHED}"
        said.append(say(zh, f"fewer than {publish_from} answers are not published: {NOT_PUBLISHED}"))
    if not any(place.zone for place in places):
        said.append(say("各地误差较大，不单独与门槛比较", "places are too uncertain to be held against a threshold"))
    return say("；", "; ").join(said)


def spoken(places: Sequence[Place], say: Say) -> str:
    """Return all places in words."""
    return told(say, [place.spoken(say) for place in places])


