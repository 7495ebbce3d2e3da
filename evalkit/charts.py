"""Charts of a report: drawn from Results, told apart without colour, the same bytes every time.

matplotlib is touched only inside functions, under a context of its own settings and without pyplot, so a
notebook's figures and settings are left alone. Labels stand beside what they name; `Chart.collisions`
finds labels that meet or leave the picture.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.figures import gate_text, gate_words, interval, is_blank, number, percent
from evalkit.later import later
from evalkit.tables import TOTAL, Results, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

mpl = later("matplotlib")
figures = later("matplotlib.figure")
font_manager = later("matplotlib.font_manager")
ft2font = later("matplotlib.ft2font")

FONTS = Path(__file__).parent / "report" / "fonts"
FAMILY = "Evalkit Sans SC"
WIDTH = 6.9  # inches: the width of an official page's type area is 6.1, of a web column about 7
MARK = "模拟数据"
MOST_ROWS = 30

INK, GREY, BLUE, ORANGE, AMBER = "#1a1a1a", "#5c5c5c", "#0b4f8a", "#b84600", "#f0b27a"
# dark to light, then hatched: the order of a scale survives a black and white print
STEPS = (("#0b3c6f", ""), ("#3f7fb5", ""), ("#b9d3e6", ""), (AMBER, "////"), ("#ffffff", ".."))
Kinds = tuple[tuple[str, str, str, str], ...]  # column, name, colour, hatch
OUTCOMES: Kinds = (("complete", "完成", BLUE, ""), ("refusal", "拒访", AMBER, "////"), ("noncontact", "未联系上", "#d9d9d9", ".."))
OUTCOMES += (("ineligible", "不合格", "#ffffff", "xxx"),)
KINDS: Kinds = (("wrong_exit", "错退", BLUE, ""), ("missed", "漏评", AMBER, "////"), ("misidentified", "错评", "#ffffff", ".."))

STYLE = {
    "font.family": [FAMILY, "DejaVu Sans"],
    "font.size": 9.5,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "evalkit",
}


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

    def svg(self) -> str:
        """Return the chart as an SVG element for a web page: no script, no outside file, ids of its own."""
        text = self._saved("svg", metadata={"Date": None, "Creator": None}).decode()
        text = re.sub(r"<!--.*?-->\s*", "", text[text.index("<svg") :], flags=re.S)
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
        text = re.sub(r'( id="|href="#|url\(#)', rf"\1{self.key}-", text)
        text = re.sub(r'<svg([^>]*?) width="[^"]*"', r"<svg\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1), count=1)
        return text.replace("<svg", f'<svg role="img" aria-label="{escape(self.alt)}"', 1)

    def png(self, dpi: int = 200) -> bytes:
        """Return the chart as a PNG picture."""
        return self._saved("png", dpi=dpi, metadata={"Software": None})

    def collisions(self) -> list[tuple[str, str]]:
        """Return pairs of labels that overlap, and labels that leave the picture, paired with ``"边"``."""
        with mpl.rc_context(STYLE):
            return _collisions(self.figure)

    def _saved(self, form: str, **options: Any) -> bytes:
        out = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(out, format=form, **options)
        return out.getvalue()


def missing_characters(text: str) -> str:
    """Return the characters of `text` that the bundled font cannot draw, each once, in order.

    Examples
    --------
    >>> missing_characters("泌阳县鄠邑区 0.43%～1.05%")
    ''
    """
    known = _characters()
    return "".join(sorted({letter for letter in text if ord(letter) not in known and not letter.isspace()}))


@cache
def _characters() -> frozenset[int]:
    return frozenset(ft2font.FT2Font(str(FONTS / "EvalkitSansSC-Regular.otf")).get_charmap())


@cache
def know_fonts() -> None:
    """Make the bundled fonts known to matplotlib, once."""
    for file in ("EvalkitSansSC-Regular.otf", "EvalkitSansSC-Bold.ttf"):
        font_manager.fontManager.addfont(str(FONTS / file))


# -- the charts ---------------------------------------------------------------------------------------------


def draw_all(results: Results) -> list[Chart]:
    """Draw every chart that these results have something to show for, in the order of the report."""
    know_fonts()
    with mpl.rc_context(STYLE):
        drawn = [draw(results) for draw in (sample_chart, response_chart, gate_chart, satisfaction_chart, place_chart)]
    return [chart for chart in drawn if chart is not None]


def gate_chart(results: Results) -> Chart | None:
    """Draw each rate with its interval against its gate, one panel and one scale a rate.

    Returns
    -------
    Chart or None
        None without gates.
    """
    gates, rates = results.table("gates"), results.table("rates")
    if gates.empty:
        return None
    figure, panels = _panels(results, len(gates), each=0.98)
    says = [_gate_panel(axes, gate, rates[rates["rate"] == gate.rate]) for axes, gate in zip(panels, records(gates), strict=True)]
    return Chart("gates", "各项指标及其区间与门槛的比较", "；".join(says) + "。", figure)


def _gate_panel(axes: Axes, gate: Any, rows: pd.DataFrame) -> str:
    below = gate.direction == "below"
    low, high = _reach(gate.threshold, rows, below)
    axes.set(xlim=(low, high), ylim=(-0.75, max(len(rows), 1) - 0.25), yticks=[])
    axes.axvspan(*((low, gate.threshold) if below else (gate.threshold, high)), color="#eaf1f7", zorder=0)
    axes.axvline(gate.threshold, color=INK, linewidth=1.6)
    axes.spines["left"].set_visible(False)
    axes.set_title(gate.rate, loc="left", fontweight="bold", fontsize=10, color=INK)
    axes.set_title(f"规则：{gate_words(gate)}　{gate.legal}", loc="right", fontsize=9.5, color=INK)
    for height, row in zip(range(len(rows) - 1, -1, -1), records(rows), strict=True):
        _inchworm(axes, height, row, gate.threshold)
    _percent_ticks(axes)
    says = "，".join(_spoken(row, gate.threshold) for row in records(rows))
    return f"{gate.rate}：{says}，规则为{gate_words(gate)}，{gate.legal}"


def _reach(threshold: float, rows: pd.DataFrame, below: bool) -> tuple[float, float]:
    if below:
        return 0.0, 1.12 * max([threshold, *rows["high"].dropna(), *rows["estimate"].dropna()])
    least = min([threshold, *rows["low"].dropna(), *rows["estimate"].dropna()])
    return max(0.0, least - 0.2 * (1 - least)), 1.0


def _inchworm(axes: Axes, height: float, row: Any, gate: float) -> None:
    if is_blank(row.estimate):
        return
    firm = row.status != "疑似"
    colour, face, dot, line = (BLUE, BLUE, "o", 5) if firm else (ORANGE, "white", "D", 2)
    if not is_blank(row.low):
        axes.plot([row.low, row.high], [height, height], color=colour, linewidth=line, alpha=0.55, clip_on=False)
    axes.plot([row.estimate], [height], dot, color=colour, markerfacecolor=face, markersize=7, clip_on=False)
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(1.015, height, f"{row.status or '全部'} {percent(row.estimate, gate=gate)}", **place)
    axes.text(1.2, height, _bracketed(interval(row.low, row.high, gate)), color=GREY, **place)


def _spoken(row: Any, gate: float) -> str:
    return f"{row.status}{percent(row.estimate, gate=gate)}{_bracketed(interval(row.low, row.high, gate))}"


def _bracketed(text: str) -> str:
    return f"（{text}）" if text else ""


def satisfaction_chart(results: Results) -> Chart | None:
    """Draw the answers to each question as one bar of shares, in the order of the scale."""
    table = results.table("satisfaction")
    if table.empty:
        return None
    items, answers = list(dict.fromkeys(table["item"])), list(dict.fromkeys(table["answer"]))
    figure, axes = _bars(results, items)
    looks = _shades(len(answers))
    shares = table.set_index(["item", "answer"])["share"]
    for place, item in enumerate(items):
        _stack(axes, place, [float(shares.get((item, answer), 0.0)) for answer in answers], looks)
    axes.set(xlim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1])
    _percent_ticks(axes, keep=True)
    _key(axes, [(answer, *look) for answer, look in zip(answers, looks, strict=True)])
    says = [f"{i}：" + "，".join(f"{a}{percent(shares[i, a], 1)}" for a in answers if (i, a) in shares.index) for i in items]
    return Chart("satisfaction", "满意度各题回答的构成（加权）", "；".join(says) + "。", figure)


def _stack(axes: Axes, place: float, shares: Sequence[float], looks: Sequence[tuple[str, str]]) -> None:
    left = 0.0
    for share, (colour, hatch) in zip(shares, looks, strict=True):
        axes.barh(place, share, left=left, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)
        if share >= 0.075:
            plate = {"facecolor": colour, "edgecolor": "none", "pad": 1.0} if hatch else None
            tone = "white" if colour in (STEPS[0][0], STEPS[1][0]) else INK
            axes.text(left + share / 2, place, percent(share, 1), ha="center", va="center", color=tone, fontsize=9, bbox=plate)
        left += share


def _shades(count: int) -> list[tuple[str, str]]:
    if count <= len(STEPS):
        return [STEPS[round(i * (len(STEPS) - 1) / max(1, count - 1))] for i in range(count)]
    return [STEPS[min(i, len(STEPS) - 1)] for i in range(count)]


def sample_chart(results: Results) -> Chart | None:
    """Draw planned and completed households of each township."""
    table = results.table("sample")
    table = table[table["place"] != TOTAL]
    if table.empty:
        return None
    shown, rest = _fewest(table, table["complete"] / table["planned"].where(table["planned"] > 0))
    figure, axes = _bars(results, list(shown["place"]), each=0.235)
    for place, row in enumerate(records(shown)):
        axes.barh(place, row.planned, height=0.72, facecolor="white", edgecolor=GREY, linewidth=0.9)
        first = row.complete - row.replaced
        axes.barh(place, first, height=0.42, color=BLUE)
        axes.barh(place, row.replaced, left=first, height=0.42, color=AMBER, hatch="////", edgecolor=INK, linewidth=0.5)
        label = f"  {number(row.complete)}/{number(row.planned)}"
        axes.text(max(row.planned, row.complete), place, label, va="center", fontsize=8.5)
    axes.set_xlim(0, 1.12 * max(shown[["planned", "complete"]].max().max(), 1))
    axes.set_xlabel("户", color=GREY)
    _key(axes, [("计划户数", "white", ""), ("完成户数", BLUE, ""), ("其中由备用户完成", AMBER, "////")])
    says = "，".join(f"{row.place}完成{number(row.complete)}户、计划{number(row.planned)}户" for row in records(shown))
    return Chart("sample", f"各乡镇计划与完成户数{rest}", says + "。", figure)


def response_chart(results: Results) -> Chart | None:
    """Draw the outcomes of the released households of each stratum."""
    table = results.table("response")
    table = table[table["stratum"] != TOTAL]
    if table.empty or not table["released"].sum():
        return None
    figure, axes = _bars(results, list(table["stratum"]))
    _pieces(axes, table, OUTCOMES)
    for place, row in enumerate(records(table)):
        label = f"  完成{number(row.complete)}，应答率{percent(row.response_rate)}"
        axes.text(row.released, place, label, va="center", fontsize=9)
    axes.set_xlim(0, 1.42 * table["released"].max())
    axes.set_xlabel("启用户数", color=GREY)
    says = "；".join(_outcome(row) for row in records(table))
    return Chart("response", "各户类型调查结果", says + "。", figure)


def _outcome(row: Any) -> str:
    return f"{row.stratum}启用{number(row.released)}户，完成{number(row.complete)}户，应答率{percent(row.response_rate)}"


def place_chart(results: Results) -> Chart | None:
    """Draw the households with a suspected finding, place by place, the most first: the organ pipes."""
    table = results.table("places")
    table = table[table["place"] != TOTAL]
    table = table[table["households"] > 0].sort_values(["households", "place"], ascending=[False, True])
    if table.empty:
        return None
    rest = f"（最多的{MOST_ROWS}个，共{len(table)}个）" if len(table) > MOST_ROWS else ""
    table = table.head(MOST_ROWS)
    figure, axes = _bars(results, list(table["place"]), each=0.24)
    _pieces(axes, table, KINDS)
    for place, row in enumerate(records(table)):
        label = f"  {number(row.households)}，其中认定{number(row.confirmed)}"
        axes.text(row.households, place, label, va="center", fontsize=8.5)
    axes.set_xlim(0, 1.3 * table["households"].max())
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("疑似户数", color=GREY)
    says = (f"{row.place}{number(row.households)}户（认定{number(row.confirmed)}户）" for row in records(table))
    return Chart("places", f"疑似问题户按地点分布{rest}", "，".join(says) + "。", figure)


# -- what the charts share ----------------------------------------------------------------------------------


def _fewest(table: pd.DataFrame, share: pd.Series) -> tuple[pd.DataFrame, str]:
    if len(table) <= MOST_ROWS:
        return table, ""
    order = share.sort_values(kind="stable").index[:MOST_ROWS]
    return table.loc[order], f"（完成比例最低的{MOST_ROWS}个，共{len(table)}个，全部见附表）"


def _panels(results: Results, count: int, each: float) -> tuple[Figure, list[Axes]]:
    height = count * each + 0.45
    figure = figures.Figure(figsize=(WIDTH, height))
    grid = figure.subplots(count, 1, squeeze=False)
    figure.subplots_adjust(left=0.03, right=0.64, top=1 - 0.42 / height, bottom=0.32 / height, hspace=1.15)
    _mark(figure, results, height)
    return figure, list(grid[:, 0])


def _bars(results: Results, names: Sequence[str], each: float = 0.42) -> tuple[Figure, Axes]:
    height = max(1.2, len(names) * each) + 0.92
    figure = figures.Figure(figsize=(WIDTH, height))
    axes = figure.subplots()
    widest = max(_breadth(name) for name in names)
    figure.subplots_adjust(left=min(0.42, 0.03 + 0.0105 * widest), right=0.97)
    figure.subplots_adjust(top=1 - 0.38 / height, bottom=0.52 / height)
    axes.set_yticks(range(len(names)), [_folded(name, lines=2 if each > 0.3 else 1) for name in names])
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    _mark(figure, results, height)
    return figure, axes


def _pieces(axes: Axes, table: pd.DataFrame, kinds: Kinds) -> None:
    used = [kind for kind in kinds if table[kind[0]].sum() > 0]
    for place, (_, row) in enumerate(table.iterrows()):
        left = 0
        for column, _, colour, hatch in used:
            axes.barh(place, row[column], left=left, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)
            left += row[column]
    _key(axes, [(name, colour, hatch) for _, name, colour, hatch in used])


def _key(axes: Axes, entries: Sequence[tuple[str, str, str]]) -> None:
    patches = [axes.barh(0, 0, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)[0] for _, colour, hatch in entries]
    names = [name for name, *_ in entries]
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "borderaxespad": 0.1, "ncols": len(entries)}
    axes.legend(patches, names, frameon=False, fontsize=9, handlelength=1.5, columnspacing=1.3, **place)


def _percent_ticks(axes: Axes, keep: bool = False) -> None:
    if not keep:
        axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: gate_text(round(value, 6)))
    axes.tick_params(axis="x", labelsize=8.5)


def _mark(figure: Figure, results: Results, height: float) -> None:
    if results.simulated:
        box = {"boxstyle": "square,pad=0.25", "facecolor": "white", "edgecolor": ORANGE, "linewidth": 0.9}
        figure.text(0.985, 1 - 0.06 / height, MARK, ha="right", va="top", fontsize=9, fontweight="bold", color=ORANGE, bbox=box)


def _breadth(name: str) -> int:
    return min(26, sum(2 if ord(letter) > 0x2E7F else 1 for letter in name))


def _folded(name: str, lines: int) -> str:
    room = 13 * lines  # longer names are cut; the tables have them in full
    whole = name if len(name) <= room else name[: room - 1] + "…"
    return whole if len(whole) <= 13 else whole[:13] + "\n" + whole[13:]


def _collisions(figure: Figure) -> list[tuple[str, str]]:
    figure.draw_without_rendering()
    unseen = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _beyond(axis)}
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_visible() and text.get_text().strip() and id(text) not in unseen]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    edge = figure.bbox
    meets = [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if _overlap(x, y)]
    leaves = [(a, "边") for a, x in boxes if x.x0 < edge.x0 - 1 or x.x1 > edge.x1 + 1 or x.y0 < edge.y0 - 1 or x.y1 > edge.y1 + 1]
    return meets + leaves


def _beyond(axis: Any) -> list[Any]:
    """Return the tick labels outside the view: matplotlib keeps them but does not draw them."""
    low, high = sorted(axis.get_view_interval())
    return [label for label, place in zip(axis.get_majorticklabels(), axis.get_majorticklocs(), strict=False) if not low <= place <= high]


def _overlap(a: Any, b: Any) -> bool:
    slack = 0.5  # pixels: neighbours may touch
    return bool(min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack)
