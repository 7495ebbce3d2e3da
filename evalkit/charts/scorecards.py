"""Pictures of scorecards: the points of one unit by indicator, or the scores of several units with their ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, line_at, most, set_up, tick_text
from evalkit.charts.style import AMBER, BLUE, FAINT, GREY, INK, MILD, ORANGE, in_style
from evalkit.errors import ReportError
from evalkit.figures import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.indicators import Scorecard

COLOURS = {"met": BLUE, "not met": ORANGE, "not proven": AMBER}
ONE_UNIT, SEVERAL = "各指标得分", "各对象得分"


@lettered
def scorecard_plot(card: Scorecard, *, ax: Axes | None = None, title: str = "", max_rows: int = 40) -> Axes:
    """Draw the points of one unit, an indicator a row, or the scores of several units, best first.

    Parameters
    ----------
    card : Scorecard
        Of a system that gives points.
    ax, title, max_rows
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The line over a bar is the range over the joint draws; the label of the axes says the same in words.

    Raises
    ------
    ReportError
        When the system gives no points.

    Examples
    --------
    >>> import evalkit as ev
    >>> card = ev.score({"1.1.1": 1, "1.1.2": .998, "1.1.3": 1, "1.1.4": .9995, "1.1.5": .997}, "designs/systems/sichuan_city_2017.toml")
    >>> axes = scorecard_plot(card)
    >>> axes.get_label().split("；")[:2]
    ['减贫人口完成率 15/15 分', '义务教育达标率 2/4 分']
    """
    if not bool((card.reach > 0).any()):
        raise ReportError(f"{card.system.title}｜只有门槛或记录，没有分值可画｜门槛用 ev.charts 的 verdict_plot")
    several = len(card.units_scored) > 1
    rows = _units(card) if several else _leaves(card)
    count, rest = most(len(rows), max_rows)
    shown = rows[:count]
    note = f"条为得分，空白为失分；线为抽样误差的{card.level:.0%}范围" if card.sampled else "条为得分，空白为失分；各数值均非抽样所得"
    rungs = [Rung(name, group, (f"{number(points)}/{number(reach)}", told)) for name, group, points, reach, _, told in shown]
    with in_style():
        heads = ("得分", "等次" if several else "")
        ladder = Ladder(rungs, heads, title or (SEVERAL if several else ONE_UNIT), "\n".join(each for each in (note, rest) if each))
        axes, heights = set_up(ladder, ax)
        for height, row in zip(heights, shown, strict=True):
            _bar(axes, height, row)
        axes.set_xlim(0, max(row[3] for row in shown) * 1.02)
        axes.xaxis.set_major_formatter(lambda value, _: tick_text(value))
        for name, level in _bands(card) if several else ():
            line_at(axes, level, name)
        axes.set_label("；".join(f"{name} {number(points)}/{number(reach)} 分" for name, _, points, reach, *_ in shown) + "。")
    return axes


def _bar(axes: Axes, height: float, row: Any) -> None:
    _, _, points, reach, (low, high), _ = row
    axes.barh(height, reach, height=0.6, color="white", edgecolor=FAINT, linewidth=0.8, zorder=1)
    axes.barh(height, points, height=0.6, color=MILD, edgecolor=GREY, linewidth=0.6, zorder=1.2)
    if high > low:
        axes.plot([low, high], [height, height], color=INK, linewidth=1.6, zorder=2)


def _leaves(card: Scorecard) -> list[tuple[Any, ...]]:
    table, made = card.table(), []
    names = {item.code: item.name for item in card.system.item}
    for row in table.to_dict("records"):
        if row["reach"] > 0 and not card.system[row["code"]].group and row["weight"] > 0:
            made.append((row["name"], names.get(row["parent"], ""), row["points"], row["reach"], (row["low"], row["high"]), ""))
    return made


def _units(card: Scorecard) -> list[tuple[Any, ...]]:
    table = card.units().sort_values("score", ascending=False, kind="stable")
    return [
        (row["unit"], "", row["score"], row["reach"], (row["low"], row["high"]), row["grade"]) for row in table.to_dict("records")
    ]  # fmt: skip


def _bands(card: Scorecard) -> list[tuple[str, float]]:
    grades = card.system.grades
    return [(name, level) for name, level in grades.bands.items() if level > 0] if grades and not card.open else []
