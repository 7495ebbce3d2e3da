"""Charts of a sampling plan: the stages as a tree of counts, and each gate's deciding bound by number of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from evalkit.charts import BLUE, GREY, INK, ORANGE, STYLE, WIDTH, Chart, know_fonts, oc_plot
from evalkit.figures import gate_text, gate_words, is_blank, number, percent
from evalkit.later import later
from evalkit.plans.telling import rule_told
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evalkit.plans import Plan

mpl = later("matplotlib")
figures = later("matplotlib.figure")
patches = later("matplotlib.patches")

PALE = "#eaf1f7"
STEP = 0.78  # inches a stage
PANEL = 1.72  # inches a row of panels
RULE = 2.7  # inches an acceptance rule


def plan_charts(plan: Plan) -> list[Chart]:
    """Draw the charts of a plan that have something to show.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Chart
    """
    know_fonts()
    draws: tuple[Callable[[Plan], Chart | None], ...] = (stage_chart, bound_chart, acceptance_chart)
    with mpl.rc_context(STYLE):
        drawn = [draw(plan) for draw in draws]
    return [chart for chart in drawn if chart is not None]


def stage_chart(plan: Plan) -> Chart:
    """Draw what each stage reads and takes, one under the other: the wide box is the list, the blue part what is drawn of it."""
    bars = [*(_stage_bar(row) for row in records(plan.table("stages"))), *_complete_bar(plan)]
    figure, axes = _sheet(plan, len(bars) * STEP + 0.3)
    axes.set(xlim=(0, 1), ylim=(len(bars) - 0.7, -0.62), xticks=[], yticks=[])
    axes.axis("off")
    for place, bar in enumerate(bars):
        _box(axes, place, bar.share)
        axes.text(0.05, place, bar.name, va="center", ha="center", fontsize=10.5, fontweight="bold", color=INK)
        axes.text(0.13, place - 0.25, bar.read, va="bottom", fontsize=9, color=GREY)
        axes.text(0.985, place, bar.taken, va="center", ha="right", fontsize=10.5, color=BLUE, fontweight="bold")
        if place:
            arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.0}
            axes.annotate("", xy=(0.05, place - 0.22), xytext=(0.05, place - 0.76), arrowprops=arrow)
    says = "；".join(f"{bar.name}：{bar.read}，{bar.taken}" for bar in bars)
    return Chart("stages", "抽样的各阶段与个数", f"{says}。", figure)


class Bar(NamedTuple):
    """One stage as the chart of stages shows it."""

    name: str
    read: str
    taken: str
    share: float


def _stage_bar(row: Any) -> Bar:
    above = f"，分属{row.cells}个上级单位" if row.cells > 1 else ""
    read = f"{'名单' if row.list == '名单' else '预计名册'}{number(row.population)}{above}，{row.method}"
    share = row.take / row.population if row.population else 0.0
    return Bar(f"抽{row.unit}", read, f"抽{number(row.take)}（{percent(share, 1)}）", share)


def _complete_bar(plan: Plan) -> list[Bar]:
    """Return the bar of complete interviews, where households are interviewed."""
    table = plan.table("interviews").iloc[-1]
    if not plan.design.roster_stages or not table["issued"]:
        return []
    share = table["complete"] / table["issued"]
    lost = f"不合格{number(table['ineligible'], 0)}、未应答{number(table['nonresponse'], 0)}"
    taken = f"预计{number(table['complete'], 0)}（{percent(share, 1)}）"
    return [Bar("完成", f"发出{number(table['issued'])}户，预计{lost}，不计替换", taken, share)]


def _box(axes: Axes, place: int, share: float) -> None:
    low, wide = 0.13, 0.59
    axes.add_patch(patches.Rectangle((low, place - 0.2), wide, 0.4, facecolor=PALE, edgecolor=GREY, linewidth=0.8))
    if share > 0:
        axes.add_patch(patches.Rectangle((low, place - 0.2), wide * min(1.0, share), 0.4, facecolor=BLUE, edgecolor=BLUE, linewidth=0.8))


def bound_chart(plan: Plan) -> Chart | None:
    """Draw for each gate the one-sided bound that so many events would leave, the gate, and the events expected.

    Returns
    -------
    Chart or None
        None without gates, or where no bound exists.
    """
    gates, curves = plan.table("gates"), plan.table("bounds").dropna()
    shown = [gate for gate in records(gates) if (curves["rate"] == gate.rate).any()]
    if not shown:
        return None
    lines = (len(shown) + 1) // 2
    height = lines * PANEL + 0.35
    figure = figures.Figure(figsize=(WIDTH, height))
    grid = figure.subplots(lines, 2, squeeze=False).ravel()
    figure.subplots_adjust(left=0.085, right=0.97, top=1 - 0.5 / height, bottom=0.48 / height, hspace=0.78, wspace=0.24)
    _mark(figure, plan, height)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    says = [_panel(axes, gate, curves[curves["rate"] == gate.rate]) for axes, gate in zip(grid, shown, strict=False)]
    return Chart("bounds", "样本中出现多少事件时，单侧界限落在门槛的哪一侧", "；".join(says) + "。", figure)


def _panel(axes: Axes, gate: Any, curve: Any) -> str:
    below = gate.direction == "below"
    low, high = min(*curve["bound"], gate.threshold), max(*curve["bound"], gate.threshold)
    room = 0.12 * (high - low)
    low, high = max(0.0, low - room), min(1.0, high + room)
    good = (low, gate.threshold) if below else (gate.threshold, high)
    axes.axhspan(*good, color=PALE, zorder=0)
    axes.axhline(gate.threshold, color=INK, linewidth=1.4)
    axes.plot(curve["events"], curve["bound"], color=BLUE, linewidth=1.2, marker="o", markersize=2.4)
    if not is_blank(gate.expected):
        axes.axvline(gate.expected, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.set(ylim=(low, high), xlim=(-0.02 * curve["events"].max(), curve["events"].max() * 1.02))
    axes.locator_params(axis="y", nbins=6)
    axes.locator_params(axis="x", nbins=6, integer=True)
    axes.yaxis.set_major_formatter(lambda value, _: gate_text(round(value, 6)))
    axes.tick_params(labelsize=8.5)
    axes.set_title(gate.rate, loc="left", fontweight="bold", fontsize=9.5, color=INK)
    axes.set_title(gate_words(gate), loc="right", fontsize=9, color=INK)
    axes.set_xlabel("事件数（户）" if below else "不认可户数", fontsize=8.5, color=GREY, labelpad=2)
    allowed = f"至多{number(gate.allowed)}户时可以证实" if gate.allowed >= 0 else "无事件时也不能证实"
    expected = "" if is_blank(gate.expected) else f"，规划值下预计{number(gate.expected, 1)}户"
    return f"{gate.rate}（{gate_words(gate)}）：{allowed}{expected}"


def acceptance_chart(plan: Plan) -> Chart | None:
    """Draw for each acceptance rule how likely it accepts, by the true rate.

    Returns
    -------
    Chart or None
        None where no gate states a rule.
    """
    rules, curves = plan.table("acceptance"), plan.table("curves")
    shown = list(records(rules.drop_duplicates("rate")))
    if not shown:
        return None
    height = len(shown) * RULE + 0.3
    figure = figures.Figure(figsize=(WIDTH, height))
    grid = figure.subplots(len(shown), 1, squeeze=False).ravel()
    figure.subplots_adjust(left=0.085, right=0.97, top=1 - 0.62 / height, bottom=0.72 / height, hspace=0.9)
    _mark(figure, plan, height)
    for axes, rule in zip(grid, shown, strict=True):
        better = None if is_blank(rule.producer_rate) else rule.producer_rate
        oc_plot(curves[curves["rate"] == rule.rate], gate=rule.threshold, better=better, ax=axes)
        short = rule_told(rule) if is_blank(rule.villages_second) else "两阶段的接收规则"  # in full in the table
        axes.set_title(f"{rule.rate}：{short}", loc="left", fontsize=9.5, fontweight="bold", color=INK, pad=18)
    worst = rules.groupby("rate", sort=False)["risk"].max()
    says = [f"{rule.rate}：{rule_told(rule)}，恰在门槛时误予接收的概率{percent(worst[rule.rate], 1)}" for rule in shown]
    return Chart("acceptance", "真实的率为多少时，接收规则有多大可能接收", "；".join(says) + "。", figure)


def _sheet(plan: Plan, height: float) -> tuple[Figure, Axes]:
    figure = figures.Figure(figsize=(WIDTH, height))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.02, right=0.985, top=1 - 0.26 / height, bottom=0.04 / height)
    _mark(figure, plan, height)
    return figure, axes


def _mark(figure: Figure, plan: Plan, height: float) -> None:
    if plan.mark:
        box = {"boxstyle": "square,pad=0.25", "facecolor": "white", "edgecolor": ORANGE, "linewidth": 0.9}
        figure.text(0.985, 1 - 0.05 / height, plan.mark, ha="right", va="top", fontsize=8.5, fontweight="bold", color=ORANGE, bbox=box)
