"""Organ pipes: one bar a village, as wide as its answers and as high as its share, so that a bad village is seen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.forests import Labels, row_names
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, ask_shares, bare, folded, most, note_below, own_axes, percents_up
from evalkit.charts.style import BLUE, FAINT, FAMILIES, INK, PALE, WIDTH, in_style, wide
from evalkit.errors import ReportError
from evalkit.estimates import Estimate, proportion
from evalkit.estimates.villages import by_unit
from evalkit.figures import gate_text, plain, significant, told_percent
from evalkit.later import later
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.survey import Survey

ticker = later("matplotlib.ticker")

HIGH = 9.0  # rows of a ladder
GAP = 0.02  # of all answers, between strata
LEAST_TOP = 0.05
NAMED = 3  # villages that the note names
ROOM = 24  # bars from which a stroke between them would be more ink than the bars


@lettered
def organ_pipe_plot(
    what: Survey | Estimate,
    column: str | None = None,
    *,
    by: str | None = None,
    names: str | None = None,
    gate: float | None = None,
    ax: Axes | None = None,
    labels: Labels = None,
    title: str = "",
    max_rows: int = 8,
) -> Axes:
    """Draw the villages of a survey side by side: width by answers, height by the share that has the property, the highest first.

    Parameters
    ----------
    what : Survey, or Estimate of proportions
        A survey is asked for ``ev.proportion(survey, column, by=by)``; rows of the estimate stand side by side.
    column : str, optional
        With a survey: a 0/1 or boolean column.
    by : str, optional
        With a survey: a column of strata.
    names : str, optional
        Column of the survey that names villages, for the note; without it each stratum numbers its own in the order of the survey.
    gate : float, optional
        A threshold in [0, 1], drawn as a line.
    ax, labels
        As for `estimate_plot`.
    title : str
    max_rows : int
        Most strata to draw.

    Returns
    -------
    matplotlib.axes.Axes
        Dark are the answers with the property, pale the others; the scale ends above the highest village, not at 100 %. Shares of
        villages are unweighted, the dashed line of each stratum is its weighted estimate. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        A survey without column, or max_rows below 1.
    EstimateError
        For a column that is no share, or an Estimate of something else.

    Notes
    -----
    Organ pipe plots: World Health Organization 2018, Vaccination Coverage Cluster Surveys, annex M.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": [k // 60 for k in range(600)], "wrong": [int(k < 7 or k == 100) for k in range(600)]})
    >>> axes = organ_pipe_plot(ev.Survey.from_data(table, clusters="village"), "wrong", gate=.02)
    >>> axes.get_label()
    'wrong：10村600户中8户，估计1.33%，2个村有；最多的是第1村（7/60）、第2村（1/60）。'
    """
    estimate = _asked(what, column, by)
    ask_shares("管风琴图", gate=gate)
    heading, rows = row_names(estimate, labels)
    if len(rows) == 1:
        heading = f"{heading}：{rows[0][1]}"
    count, rest = most(len(rows), max_rows)
    units = by_unit(estimate)
    units = units[units["row"] < count].sort_values(["row", "share", "n", "unit"], ascending=[True, False, False, True])
    units = units.assign(name=_names(estimate.survey, units, names), of=[" ".join(filter(None, rows[at])) for at in units["row"]])
    strata = [units[units["row"] == at] for at in range(count)]
    values = estimate.value.tolist()
    note = _note(units, rest)
    with in_style():
        axes = own_axes(HIGH, title or heading, note, pad=14) if ax is None else ax
        _frame(axes, units, gate)
        places = [_stratum(axes, units, at, values[at]) for at in range(count)]
        _name(axes, places, [_head(row, own, count) for row, own in zip(rows, strata, strict=False)])
        note_below(axes, note)
        axes.set_label("；".join(map(_spoken, rows, strata, values)) + "。")
    return axes


def _asked(what: Survey | Estimate, column: str | None, by: str | None) -> Estimate:
    if isinstance(what, Estimate):
        if column is not None or by is not None:
            raise ReportError("管风琴图｜Estimate 已定了列与分层｜去掉 column、by，或给出 Survey")
        return what
    if column is None:
        raise ReportError("管风琴图｜没有说画哪一列｜写 organ_pipe_plot(survey, \"wrong_exit\")")
    return proportion(what, column, by=by)


def _names(survey: Survey, units: pd.DataFrame, names: str | None) -> list[str]:
    if names is None:  # each row of the estimate, such as a county, numbers its own
        places = units.groupby("row")["unit"].rank(method="dense").astype(int)
        return [f"第{place}村" for place in places]
    return survey.column(names).iloc[units["first"].to_numpy()].astype(str).tolist()


def _frame(axes: Axes, units: pd.DataFrame, gate: float | None) -> None:
    whole, strata = int(units["n"].sum()), units["row"].nunique()
    axes.set_xlim(0, whole * (1 + GAP * (strata - 1)))
    highest = max(float(units["share"].max()), gate or 0.0)
    axes.set_ylim(0, 1.0 if highest > 0.6 else max(LEAST_TOP, 1.18 * highest))
    bare(axes)
    axes.grid(visible=False, axis="x")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.yaxis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    percents_up(axes)
    if gate is not None:
        axes.axhline(gate, color=INK, linewidth=1.4, zorder=3)
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center_baseline"}
        axes.annotate(f"门槛 {gate_text(gate)}", (1, gate), (4, 0), fontsize=SMALL, fontweight="bold", fontfamily=FAMILIES, **place)


def _stratum(axes: Axes, units: pd.DataFrame, at: int, value: float) -> float:
    """Draw the villages of one stratum and its estimate, and return its middle."""
    own, top = units[units["row"] == at], axes.get_ylim()[1]
    begin = left = float(units.loc[units["row"] < at, "n"].sum() + GAP * units["n"].sum() * at)
    stroke = 0.8 if len(units) < ROOM else 0.5
    for row in records(own):
        axes.bar(left, top, width=row.n, align="edge", color=PALE, edgecolor="white", linewidth=stroke, zorder=1)
        if row.events:
            axes.bar(left, row.share, width=row.n, align="edge", color=BLUE, edgecolor="white", linewidth=stroke, zorder=2)
        left += row.n
    axes.plot([begin, left], [value, value], color=INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=2.8)
    return (begin + left) / 2


def _name(axes: Axes, places: list[float], texts: list[str]) -> None:
    axes.set_xticks(places, texts)
    axes.tick_params(axis="x", length=0, labelsize=SMALL, labelcolor=INK, pad=4)
    for label in axes.get_xticklabels():
        label.set(fontfamily=FAMILIES, parse_math=False)


def _head(row: tuple[str, str], own: pd.DataFrame, count: int) -> str:
    """Return the words under a stratum, cut to the room it has."""
    room = (WIDTH * 72 - 50) / count * 2 / SMALL - 1
    name = " ".join(part for part in row if part)
    while wide(name) > room and len(name) > 1:
        name = name[:-2] + "…"
    counts = f"{len(own)} 村 {plain(own['n'].sum())} 户" if room > 16 else f"{len(own)} 村"
    return counts if count == 1 else f"{name}\n{counts}"


def _count(events: float) -> str:
    return plain(events) if float(events).is_integer() else significant(events)


def _worst(own: pd.DataFrame, of: bool = False) -> str:
    top = own[own["events"] > 0].head(NAMED)
    return "、".join(f"{row.of if of else ''}{row.name}（{_count(row.events)}/{row.n}）" for row in records(top))


def _spoken(row: tuple[str, str], own: pd.DataFrame, value: float) -> str:
    name = " ".join(part for part in row if part)
    hit = int((own["events"] > 0).sum())
    told = f"{hit}个村有；最多的是{_worst(own)}" if hit else "各村都没有"
    return f"{name}：{len(own)}村{plain(own['n'].sum())}户中{_count(own['events'].sum())}户，估计{told_percent(value)}，{told}"


def _note(units: pd.DataFrame, rest: str) -> str:
    ordered = units.sort_values(["share", "n", "unit"], ascending=[False, False, True])
    hit = int((units["events"] > 0).sum())
    none = f"{len(units)} 个村中 {hit} 个有事件" + (f"，比例最高的是{_worst(ordered, units['row'].nunique() > 1)}" if hit else "")
    lines = [f"每条一村，宽为户数，深色高为该村的比例（不加权）；虚线为估计值；{none}", rest]
    return folded("\n".join(line for line in lines if line), (WIDTH * 72 - 50) * 2 / SMALL)
