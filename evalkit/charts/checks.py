"""Pictures of the quality of fieldwork: how much each check lists, and how interviewers stand to each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evalkit.charts.forests import Line, Span, forest
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, beside, most, scale_below, set_up
from evalkit.charts.style import BLUE, GREY, INK, in_style
from evalkit.figures import number, percent, plain, significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.quality import Interviewers, Plausibility
    from evalkit.quality.checks import Check

UNDONE = "未做"
READ = "列出的应再看一眼，不等于有错；各项规则不同，不能相加"


@lettered
def plausibility_plot(plausibility: Plausibility, *, ax: Axes | None = None) -> Axes:
    """Draw, for each check, the share of what it looked at that it lists.

    Parameters
    ----------
    plausibility : Plausibility
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        A check that was not made says 未做; the page of checks says why.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": "甲", "household": ["1", "2"], "callback": ["是", "否"]})
    >>> seen = ev.plausibility(table, callbacks={"是": "confirmed", "否": "denied"}, village="village", household="household",
    ...     callback="callback")
    >>> plausibility_plot(seen).get_label()
    '回访不符：2户中1户；回访未通：2户中0户。'
    """
    checks = plausibility.checks
    cells = [_cells(check) for check in checks]
    rungs = [Rung(check.name, "", cell) for check, cell in zip(checks, cells, strict=True)]
    shares = [check.flagged / check.looked if check.looked else 0.0 for check in checks]
    with in_style():
        axes, heights = set_up(Ladder(rungs, ("列出", "看了", "比例"), f"合理性核查（{plausibility.interviews} 户）", READ), ax)
        scale_below(axes, [0.0, max([*shares, 0.01])], share=True)
        for height, check, share in zip(heights, checks, shares, strict=True):
            if check.undone:
                beside(axes, UNDONE, height, 4, side=0.0, ha="left", color=GREY)
            axes.barh(height, share, height=0.62, color=BLUE, edgecolor=INK, linewidth=0.6, zorder=1.2)
        axes.set_label("；".join(_spoken(check) for check in checks if not check.undone) + "。")
    return axes


def _cells(check: Check) -> tuple[str, str, str]:
    if check.undone:
        return "", "", ""
    return f"{check.flagged}", f"{check.looked}", percent(check.flagged / check.looked, 1) if check.looked else ""


def _spoken(check: Check) -> str:
    unit = "户" if check.unit == "户" else "项"
    return f"{check.name}：{check.looked}{unit}中{check.flagged}{unit}"


@lettered
def interviewer_plot(interviewers: Interviewers, name: str | None = None, *, ax: Axes | None = None, max_rows: int = 40) -> Axes:
    """Draw how far the mean of each interviewer lies above those of the villages where they asked: a caterpillar.

    Parameters
    ----------
    interviewers : Interviewers
    name : str, optional
        Of the variable; the first when not given.
    ax, max_rows
        As for `estimate_plot`; those farthest from the others are drawn first.

    Returns
    -------
    matplotlib.axes.Axes
        The line is 95 % of what chance would give if interviewers did not differ; the point of one within it is hollow.
    """
    name = interviewers.names[0] if name is None else name
    effect, table = interviewers[name], interviewers.differences(name).dropna(subset="difference")
    count, rest = most(len(table), max_rows)
    table = table.reindex(table["difference"].abs().sort_values(ascending=False).index[:count]).sort_values("difference", ascending=False)
    rows = list(table[["label", "n", "difference", "low", "high"]].itertuples(index=False, name=None))
    spans = [Span(*row[2:]) for row in rows]
    rungs = [Rung(str(row[0]), "", (significant(row[2], 2), plain(row[1]))) for row in rows]
    rho = "不能估计" if math.isnan(effect.rho) else number(effect.rho, 4)
    note = f"点为与同村其他{interviewers.title}之差，线为95%区间；ρ = {rho}，设计效应 {number(effect.deff)}"
    return forest(Ladder(rungs, ("差", "户数"), f"{name}：各{interviewers.title}", note), spans, Line(0.0, "", "0"), False, ax, rest)
