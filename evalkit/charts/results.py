"""Charts of a report: drawn from Results, told apart without colour.

Labels stand beside what they name; `Chart.collisions` finds labels that meet or leave the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.chart import Chart
from evalkit.charts.gathered import cause_chart, drawn_chart, flow_chart, progress_chart, weight_chart
from evalkit.charts.glyphs import lend_glyphs
from evalkit.charts.marks import mark_simulated
from evalkit.charts.progress import OUTCOMES, Kinds
from evalkit.charts.style import AMBER, BLUE, GREY, INK, ORANGE, PALE, STEPS, WIDTH, in_style, percent_ticks, shades
from evalkit.figures import gate_words, interval, is_blank, number, percent
from evalkit.later import later
from evalkit.tables import TOTAL, Results, finding_heads, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

figures = later("matplotlib.figure")

MOST_ROWS = 30
KINDS: Kinds = (("wrong_exit", "错退", BLUE, ""), ("missed", "漏评", AMBER, "////"), ("misidentified", "错评", "#ffffff", ".."))


GATHERED = (cause_chart, progress_chart, flow_chart, weight_chart, drawn_chart)


def draw_all(results: Results) -> list[Chart]:
    """Draw every chart that these results have something to show for, in the order of the report."""
    with in_style():
        drawn = [draw(results) for draw in (sample_chart, response_chart, gate_chart, satisfaction_chart, place_chart, *GATHERED)]
        found = [chart for chart in drawn if chart is not None]
        for chart in found:
            lend_glyphs(chart.figure)  # the report names the characters, once for all its parts
    return found


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
    axes.axvspan(*((low, gate.threshold) if below else (gate.threshold, high)), color=PALE, zorder=0)
    axes.axvline(gate.threshold, color=INK, linewidth=1.6)
    axes.spines["left"].set_visible(False)
    axes.set_title(gate.rate, loc="left", fontweight="bold", fontsize=10, color=INK)
    axes.set_title(f"规则：{gate_words(gate)}　{gate.legal}", loc="right", fontsize=9.5, color=INK)
    for height, row in zip(range(len(rows) - 1, -1, -1), records(rows), strict=True):
        _inchworm(axes, height, row, gate.threshold)
    percent_ticks(axes)
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
    looks = shades(len(answers))
    shares = table.set_index(["item", "answer"])["share"]
    for place, item in enumerate(items):
        _stack(axes, place, [float(shares.get((item, answer), 0.0)) for answer in answers], looks)
    axes.set(xlim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1])
    percent_ticks(axes, keep=True)
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


def sample_chart(results: Results) -> Chart | None:
    """Draw planned and completed households of each township, or whatever else the design drew from."""
    table = results.table("sample")
    table = table[table["place"] != TOTAL]
    if len(table) < 2:  # one list as a whole: there is nothing to compare
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
    return Chart("sample", f"各{results.facts.get('place', '乡镇')}计划与完成户数{rest}", says + "。", figure)


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
    called = finding_heads(results.facts)
    _pieces(axes, table, tuple((code, called[code], *drawn) for code, _, *drawn in KINDS))  # type: ignore[misc]  # a name and two looks
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
    mark_simulated(figure, results)
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
    mark_simulated(figure, results)
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


def _breadth(name: str) -> int:
    return min(26, sum(2 if ord(letter) > 0x2E7F else 1 for letter in name))


def _folded(name: str, lines: int) -> str:
    room = 13 * lines  # longer names are cut; the tables have them in full
    whole = name if len(name) <= room else name[: room - 1] + "…"
    return whole if len(whole) <= 13 else whole[:13] + "\n" + whole[13:]
