"""Charts of a report: drawn from Results, told apart without colour.

Labels stand beside what they name; `Chart.collisions` finds labels that meet or leave the picture.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.chart import Chart
from evalkit.charts.gathered import cause_chart, drawn_chart, flow_chart, progress_chart, weight_chart
from evalkit.charts.glyphs import lend_glyphs
from evalkit.charts.languages import CHINESE, Language, Say, either, headed, speaker, told, word
from evalkit.charts.marks import mark_simulated
from evalkit.charts.progress import ENGLISH, OUTCOMES, Kinds
from evalkit.charts.style import AMBER, BLUE, GREY, INK, ORANGE, PALE, STEPS, WIDTH, in_style, percent_ticks, shades
from evalkit.figures import gate_text, gate_words, interval, is_blank, number, percent
from evalkit.later import later
from evalkit.tables import TOTAL, Results, finding_heads, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

figures = later("matplotlib.figure")

MOST_ROWS = 30
KINDS: Kinds = (("wrong_exit", "错退", BLUE, ""), ("missed", "漏评", AMBER, "////"), ("misidentified", "错评", "#ffffff", ".."))


GATHERED = (cause_chart, progress_chart, flow_chart, weight_chart, drawn_chart)


def draw_all(results: Results, language: Language = "zh") -> list[Chart]:
    """Draw every chart that these results have something to show for, in the order of the report, with words of the language.

    Raises
    ------
    ReportError
        For an unknown language.
    """
    say = speaker(language)
    with in_style():
        drawn = [draw(results, say) for draw in (sample_chart, response_chart, gate_chart, satisfaction_chart, place_chart, *GATHERED)]
        found = [chart for chart in drawn if chart is not None]
        for chart in found:
            lend_glyphs(chart.figure)  # the report names the characters, once for all its parts
    return found


def gate_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw each rate with its interval against its gate, one panel and one scale a rate.

    Returns
    -------
    Chart or None
        None without gates.
    """
    gates, rates = results.table("gates"), results.table("rates")
    if gates.empty:
        return None
    figure, panels = _panels(results, len(gates), say, each=0.98)
    own = [(axes, gate, rates[rates["rate"] == gate.rate]) for axes, gate in zip(panels, records(gates), strict=True)]
    title = say("各项指标及其区间与门槛的比较", "The indicators with their intervals, and their thresholds")
    return Chart("gates", title, told(say, [_gate_panel(*each, say) for each in own]), figure)


def _gate_panel(axes: Axes, gate: Any, rows: pd.DataFrame, say: Say) -> str:
    below = gate.direction == "below"
    low, high = _reach(gate.threshold, rows, below)
    axes.set(xlim=(low, high), ylim=(-0.75, max(len(rows), 1) - 0.25), yticks=[])
    axes.axvspan(*((low, gate.threshold) if below else (gate.threshold, high)), color=PALE, zorder=0)
    axes.axvline(gate.threshold, color=INK, linewidth=1.6)
    axes.spines["left"].set_visible(False)
    name, rule, legal = headed(say, gate.rate), _rule(gate, say), word(say, gate.legal)
    axes.set_title(name, loc="left", fontweight="bold", fontsize=10, color=INK)
    axes.set_title(say(f"规则：{rule}　{legal}", f"Rule: {rule}   {legal}"), loc="right", fontsize=9.5, color=INK)
    for height, row in zip(range(len(rows) - 1, -1, -1), records(rows), strict=True):
        _inchworm(axes, height, row, gate.threshold, say)
    percent_ticks(axes)
    says = say("，", ", ").join(_spoken(row, gate.threshold, say) for row in records(rows))
    return say(f"{name}：{says}，规则为{rule}，{legal}", f"{name}: {says}, rule {rule}, {legal}")


def _rule(gate: Any, say: Say) -> str:
    word = {("below", True): "below", ("below", False): "at most", ("above", True): "above", ("above", False): "at least"}
    return say(gate_words(gate), f"{word[gate.direction, bool(gate.strict)]} {gate_text(gate.threshold)}")


def _reach(threshold: float, rows: pd.DataFrame, below: bool) -> tuple[float, float]:
    if below:
        return 0.0, 1.12 * max([threshold, *rows["high"].dropna(), *rows["estimate"].dropna()])
    least = min([threshold, *rows["low"].dropna(), *rows["estimate"].dropna()])
    return max(0.0, least - 0.2 * (1 - least)), 1.0


def _inchworm(axes: Axes, height: float, row: Any, gate: float, say: Say) -> None:
    if is_blank(row.estimate):
        return
    firm = row.status != "疑似"
    colour, face, dot, line = (BLUE, BLUE, "o", 5) if firm else (ORANGE, "white", "D", 2)
    if not is_blank(row.low):
        axes.plot([row.low, row.high], [height, height], color=colour, linewidth=line, alpha=0.55, clip_on=False)
    axes.plot([row.estimate], [height], dot, color=colour, markerfacecolor=face, markersize=7, clip_on=False)
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(1.015, height, f"{word(say, row.status or '全部')} {percent(row.estimate, gate=gate)}", **place)
    axes.text(either(say, 1.2, 1.3), height, _limits(row, gate, say), color=GREY, **place)


def _spoken(row: Any, gate: float, say: Say) -> str:
    status, value = word(say, row.status or ""), percent(row.estimate, gate=gate)
    return say(f"{status}{value}", f"{status} {value} ".lstrip()) + _limits(row, gate, say)


def _limits(row: Any, gate: float, say: Say) -> str:
    text = interval(row.low, row.high, gate)
    return say(f"（{text}）", f"({text.replace('～', '–')})") if text else ""


def satisfaction_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw the answers to each question as one bar of shares, in the order of the scale."""
    table = results.table("satisfaction")
    if table.empty:
        return None
    items, answers = list(dict.fromkeys(table["item"])), list(dict.fromkeys(table["answer"]))
    figure, axes = _bars(results, items, say)
    looks = shades(len(answers))
    shares = table.set_index(["item", "answer"])["share"]
    for place, item in enumerate(items):
        _stack(axes, place, [float(shares.get((item, answer), 0.0)) for answer in answers], looks)
    axes.set(xlim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1])
    percent_ticks(axes, keep=True)
    _key(axes, [(answer, *look) for answer, look in zip(answers, looks, strict=True)])
    says = [_answered(i, [(a, float(shares[i, a])) for a in answers if (i, a) in shares.index], say) for i in items]
    return Chart("satisfaction", say("满意度各题回答的构成（加权）", "Answers to each question (weighted)"), told(say, says), figure)


def _answered(item: str, shares: Sequence[tuple[str, float]], say: Say) -> str:
    parts = say("，", ", ").join(f"{answer}{say('', ' ')}{percent(share, 1)}" for answer, share in shares)
    return f"{item}{say('：', ': ')}{parts}"


def _stack(axes: Axes, place: float, shares: Sequence[float], looks: Sequence[tuple[str, str]]) -> None:
    left = 0.0
    for share, (colour, hatch) in zip(shares, looks, strict=True):
        axes.barh(place, share, left=left, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)
        if share >= 0.075:
            plate = {"facecolor": colour, "edgecolor": "none", "pad": 1.0} if hatch else None
            tone = "white" if colour in (STEPS[0][0], STEPS[1][0]) else INK
            axes.text(left + share / 2, place, percent(share, 1), ha="center", va="center", color=tone, fontsize=9, bbox=plate)
        left += share


def sample_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw planned and completed households of each township, or whatever else the design drew from."""
    table = results.table("sample")
    table = table[table["place"] != TOTAL]
    if len(table) < 2:  # one list as a whole: there is nothing to compare
        return None
    shown, rest = _fewest(table, say, table["complete"] / table["planned"].where(table["planned"] > 0))
    figure, axes = _bars(results, [word(say, place) for place in shown["place"]], say, each=0.235)
    for place, row in enumerate(records(shown)):
        axes.barh(place, row.planned, height=0.72, facecolor="white", edgecolor=GREY, linewidth=0.9)
        first = row.complete - row.replaced
        axes.barh(place, first, height=0.42, color=BLUE)
        axes.barh(place, row.replaced, left=first, height=0.42, color=AMBER, hatch="////", edgecolor=INK, linewidth=0.5)
        label = f"  {number(row.complete)}/{number(row.planned)}"
        axes.text(max(row.planned, row.complete), place, label, va="center", fontsize=8.5)
    axes.set_xlim(0, 1.12 * max(shown[["planned", "complete"]].max().max(), 1))
    axes.set_xlabel(say("户", "households"), color=GREY)
    names = say("计划户数 完成户数 其中由备用户完成", "planned completed by_reserves").split()
    looks = (("white", ""), (BLUE, ""), (AMBER, "////"))
    _key(axes, [(name.replace("_", " "), *look) for name, look in zip(names, looks, strict=True)])
    called = word(say, str(results.facts.get("place", "乡镇")))
    title = say(f"各{called}计划与完成户数", f"Households planned and completed by {called.lower()}")
    return Chart("sample", f"{title}{rest}", told(say, [_completed(row, say) for row in records(shown)], "，"), figure)


def _completed(row: Any, say: Say) -> str:
    done, planned = number(row.complete), number(row.planned)
    return say(f"{row.place}完成{done}户、计划{planned}户", f"{word(say, row.place)} {done} of {planned} completed")


def response_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw the outcomes of the released households of each stratum."""
    table = results.table("response")
    table = table[table["stratum"] != TOTAL]
    if table.empty or not table["released"].sum():
        return None
    figure, axes = _bars(results, [headed(say, stratum) for stratum in table["stratum"]], say)
    _pieces(axes, table, tuple((code, say(name, ENGLISH[code]), colour, hatch) for code, name, colour, hatch in OUTCOMES))
    for place, row in enumerate(records(table)):
        done, rate = number(row.complete), percent(row.response_rate)
        label = say(f"  完成{done}，应答率{rate}", f"  {done} complete, response {rate}")
        axes.text(row.released, place, label, va="center", fontsize=9)
    axes.set_xlim(0, either(say, 1.42, 1.66) * table["released"].max())
    axes.set_xlabel(say("启用户数", "released households"), color=GREY)
    title = say("各户类型调查结果", "Completion by type of household")
    return Chart("response", title, told(say, [_outcome(row, say) for row in records(table)]), figure)


def _outcome(row: Any, say: Say) -> str:
    released, done, rate = number(row.released), number(row.complete), percent(row.response_rate)
    zh = f"{row.stratum}启用{released}户，完成{done}户，应答率{rate}"
    return say(zh, f"{headed(say, row.stratum)}: {released} released, {done} complete, response {rate}")


def place_chart(results: Results, say: Say = CHINESE) -> Chart | None:
    """Draw the households with a suspected finding, place by place, the most first: the organ pipes."""
    table = results.table("places")
    table = table[table["place"] != TOTAL]
    table = table[table["households"] > 0].sort_values(["households", "place"], ascending=[False, True])
    if table.empty:
        return None
    few = say(f"（最多的{MOST_ROWS}个，共{len(table)}个）", f" (the {MOST_ROWS} with most, of {len(table)})")
    rest = few if len(table) > MOST_ROWS else ""
    table = table.head(MOST_ROWS)
    figure, axes = _bars(results, [word(say, place) for place in table["place"]], say, each=0.24)
    called = finding_heads(results.facts)
    _pieces(axes, table, tuple((code, word(say, called[code]), colour, hatch) for code, _, colour, hatch in KINDS))
    for place, row in enumerate(records(table)):
        firm = say(f"，其中认定{number(row.confirmed)}", f", {number(row.confirmed)} confirmed")
        label = f"  {number(row.households)}{firm}"
        axes.text(row.households, place, label, va="center", fontsize=8.5)
    axes.set_xlim(0, 1.3 * table["households"].max())
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel(say("疑似户数", "households with a suspected finding"), color=GREY)
    title = say("疑似问题户按地点分布", "Households with a suspected finding by place")
    return Chart("places", f"{title}{rest}", told(say, [_suspected(row, say) for row in records(table)], "，"), figure)


def _suspected(row: Any, say: Say) -> str:
    raised, firm = number(row.households), number(row.confirmed)
    return say(f"{row.place}{raised}户（认定{firm}户）", f"{word(say, row.place)} {raised} ({firm} confirmed)")


# -- what the charts share ----------------------------------------------------------------------------------


def _fewest(table: pd.DataFrame, say: Say, share: pd.Series) -> tuple[pd.DataFrame, str]:
    if len(table) <= MOST_ROWS:
        return table, ""
    order = share.sort_values(kind="stable").index[:MOST_ROWS]
    zh = f"（完成比例最低的{MOST_ROWS}个，共{len(table)}个，全部见附表）"
    return table.loc[order], say(zh, f" (the {MOST_ROWS} with the lowest completion of {len(table)}; all in the annex)")


def _panels(results: Results, count: int, say: Say, each: float) -> tuple[Figure, list[Axes]]:
    height = count * each + 0.45
    figure = figures.Figure(figsize=(WIDTH, height))
    grid = figure.subplots(count, 1, squeeze=False)
    figure.subplots_adjust(left=0.03, right=0.64, top=1 - 0.42 / height, bottom=0.32 / height, hspace=1.15)
    mark_simulated(figure, results, say)
    return figure, list(grid[:, 0])


def _bars(results: Results, names: Sequence[str], say: Say, each: float = 0.42) -> tuple[Figure, Axes]:
    height = max(1.2, len(names) * each) + 0.92
    figure = figures.Figure(figsize=(WIDTH, height))
    axes = figure.subplots()
    names = [_folded(name, lines=2 if each > 0.3 else 1) for name in names]
    widest = max(_breadth(line) for name in names for line in name.split("\n"))
    figure.subplots_adjust(left=min(0.42, 0.03 + 0.0105 * widest), right=0.97)
    figure.subplots_adjust(top=1 - 0.38 / height, bottom=0.52 / height)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    mark_simulated(figure, results, say)
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
    if name.isascii():
        return "\n".join(textwrap.wrap(name, 26 if lines == 1 else 20, max_lines=lines, placeholder="…"))
    room = 13 * lines  # longer names are cut; the tables have them in full
    whole = name if len(name) <= room else name[: room - 1] + "…"
    return whole if len(whole) <= 13 else whole[:13] + "\n" + whole[13:]
