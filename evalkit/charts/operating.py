"""The operating characteristic of a rule: how likely it accepts, by the true rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.charts.ladder import SMALL, bare, line_at, own_axes, scale_below
from evalkit.charts.style import BLUE, FAMILIES, GREY, INK, ORANGE, in_style
from evalkit.errors import ReportError
from evalkit.figures import WORDS, gate_text, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from evalkit.trials import Trials

HIGH = 10.0  # rows of a ladder
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "linestyle": "-", "linewidth": 1.6},
    {"color": ORANGE, "linestyle": (0, (4, 2)), "linewidth": 1.6},
    {"color": INK, "linestyle": (0, (1, 1.5)), "linewidth": 1.6},
    {"color": GREY, "linestyle": (0, (6, 2, 1, 2)), "linewidth": 1.6},
)  # told apart by their dashes where colour is lost
COLUMNS = ("model", "p", "accept")
RULES = {"legal": "按规则达标", "met": "证实达标", "not met": "证实未达标"}


def oc_plot(
    table: pd.DataFrame,
    *,
    gate: float,
    better: float | None = None,
    title: str = "接收概率",
    rate: str = "真实的率",
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability of accepting against the true rate, a line a model.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``model p accept``: for each model the rates and probabilities, both in [0, 1]. `evalkit.acceptance.curve` makes its rows.
    gate : float
        Threshold of the rate, marked by a line; the points on it are the consumer risks, written beside the higher one.
    better : float, optional
        The rate that should be accepted, marked likewise.
    title, rate : str
        Above, and what the axis below shows.
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ReportError
        A table that lacks a column or rows, a rate that its lines do not reach.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit import acceptance
    >>> rule = acceptance.number(acceptance.Layout(20, 60, .05), .02)
    >>> table = pd.DataFrame(acceptance.curve(rule).rows(), columns=["model", "p", "accept"])
    >>> axes = oc_plot(table, gate=.02)
    >>> [line.get_label() for line in axes.get_lines()[:2]]
    ['贝塔二项', '差村']
    """
    _check(table, gate, better)
    with in_style():
        axes = own_axes(HIGH, title, "") if ax is None else ax
        _lines(axes, table, gate, rate)
        _mark(axes, table, gate, "o")
        if better is not None:
            _mark(axes, table, better, "s")
        falls = table["p"].iloc[table["accept"].argmax()] < gate
        axes.legend(loc="upper right" if falls else "upper left", fontsize=SMALL, frameon=False, prop={"family": FAMILIES, "size": SMALL})
    return axes


def trials_plot(trials: Trials, *, gate: int = 0, icc: float | None = None, model: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what simulated trials say of a gate by the true rate: how often the legal rule passes, and how often either side is proven.

    Parameters
    ----------
    trials : Trials
    gate : int
        Its place among the gates of the design.
    icc, model
        Of the points to show; the first by default.
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        Bars reach two Monte-Carlo standard errors to either side.

    Raises
    ------
    ReportError
        True rates all on one side of the threshold, or fewer than two of them.
    """
    standard, table = trials.standards[gate], trials.oc(gate, icc, model)
    _check(table, standard.threshold, None)
    with in_style():
        axes = own_axes(HIGH, f"{trials.title}：{standard.rate}的判定", "") if ax is None else ax
        _lines(axes, table.replace({"model": RULES}), standard.threshold, f"真实的{standard.rate}")
        for look, (_, line) in zip(LOOKS, table.groupby("model", sort=False), strict=False):
            axes.errorbar(line["p"], line["accept"], 2 * line["error"], fmt=".", color=look["color"], markersize=4, elinewidth=0.8, capsize=2)
        axes.set_ylabel("模拟中的占比", fontsize=SMALL, color=GREY, fontfamily=FAMILIES)
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "ncol": len(RULES)}  # lines may cross anywhere
        axes.legend(**below, fontsize=SMALL, frameon=False, prop={"family": FAMILIES, "size": SMALL})
    return axes


def _lines(axes: Axes, table: pd.DataFrame, gate: float, rate: str) -> None:
    """Draw a line a model, the scales and the threshold."""
    for look, (model, line) in zip(LOOKS * len(table), table.groupby("model", sort=False), strict=False):
        axes.plot(line["p"], line["accept"], label=WORDS.get(str(model), str(model)), **look)
    bare(axes)
    axes.set_ylim(-0.02, 1.04)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1], [gate_text(share) for share in (0, 0.2, 0.4, 0.6, 0.8, 1)])
    axes.tick_params(axis="y", labelsize=SMALL, colors=GREY, labelfontfamily=FAMILIES)
    scale_below(axes, table["p"].tolist(), share=True)
    line_at(axes, gate, f"门槛{gate_text(gate)}")
    axes.set_xlabel(rate, fontsize=SMALL, color=GREY, fontfamily=FAMILIES)


def _check(table: pd.DataFrame, gate: float, better: float | None) -> None:
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking or table.empty:
        found = f"缺列 {'、'.join(lacking)}" if lacking else "0 行"
        raise ReportError(f"{found}｜应有列 model、p、accept，至少一行｜用 ev.acceptance.curve(规则).rows() 做表")
    low, high = table["p"].min(), table["p"].max()
    for name, value in (("gate", gate), ("better", better)):
        if value is not None and not low <= value <= high:
            raise ReportError(f"{name} = {value}｜应在线所及的 {low:g} 至 {high:g} 之内｜2% 写 .02，或用更宽的 rates 做表")


def _mark(axes: Axes, table: pd.DataFrame, rate: float, marker: str) -> None:
    """Mark the points of the lines nearest to a rate, and write the one furthest on the wrong side."""
    near = (table["p"] - rate).abs()
    points = table[np.isclose(near, near.min())]
    filled = INK if marker == "o" else "white"
    axes.plot(points["p"], points["accept"], linestyle="", marker=marker, markersize=5.5, color=INK, markerfacecolor=filled, zorder=4)
    risk = marker == "o"
    shown = float(points["accept"].max() if risk else points["accept"].min())
    text = f"误予接收 {percent(shown, 1)}" if risk else f"{gate_text(rate)}时接收 {percent(shown, 1)}"
    left, right = axes.get_xlim()
    side = 1 if (rate - left) / (right - left) < 0.55 else -1
    place: dict[str, Any] = {"textcoords": "offset points", "va": "bottom" if risk else "center", "ha": "left" if side > 0 else "right"}
    axes.annotate(text, (rate, shown), (7 * side, 3 if risk else 0), fontsize=SMALL, color=INK, fontfamily=FAMILIES, **place)
