"""Inchworms: how sure a rate is, as a body that is thick where the rate probably lies and thin at its limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.charts.forests import Labels, row_names
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, beside, line_at, paged, scale_below, set_up
from evalkit.charts.style import BLUE, GREY, INK, ORANGE, in_style
from evalkit.errors import Faults, ReportError
from evalkit.estimates import Estimate
from evalkit.estimates.limits import KINDS
from evalkit.estimates.showing import NO_ROWS
from evalkit.figures import WORDS, gate_text, interval, is_blank, plain, told_percent
from evalkit.intervals.asking import check_level
from evalkit.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NORMAL = NormalDist()
QUANTILES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)  # of the normal, at which an Estimate is asked for limits, besides those shown
FAT = 0.4  # rows to each side of the thickest place
FINE = 9  # points of the outline between two limits
# face, hatch: solid on the good side, hatched on the other, empty across the line
LOOKS = {"solid": (BLUE, ""), "hatched": ("#f3c9a5", "/////"), "empty": ("#ffffff", "")}
ZONES = {"met": "solid", "not met": "hatched", "not proven": "empty"}


@dataclass(frozen=True)
class Worm:
    """One row: its value, its limits from the inside out, its one-sided bounds, and which look it has."""

    label: str
    group: str
    value: float
    limits: tuple[tuple[float, float, float], ...]  # normal quantile, low, high
    bounds: tuple[float, float]
    n: float
    look: str
    said: str

    @property
    def extreme(self) -> bool:
        """Whether nobody, or everybody, in the sample had the property."""
        return self.value in (0, 1)


@lettered
def inchworm_plot(
    what: Estimate | Verdict | Iterable[Verdict] | Mapping[str, Verdict],
    *,
    threshold: float | None = None,
    ax: Axes | None = None,
    level: float = 0.95,
    labels: Labels = None,
    title: str = "",
    max_rows: int = 40,
    page: int = 1,
) -> Axes:
    """Draw rates as inchworms over a threshold: body, one-sided bounds as ticks, rows without an event marked.

    Parameters
    ----------
    what : Estimate, Verdict, verdicts, or mapping of names to verdicts
        The rows of an Estimate of proportions; or one verdict a row, of one threshold, as counties of a programme have.
    threshold : float, optional
        Needed with an Estimate, in [0, 1]; verdicts bring their own.
    ax, labels, max_rows
        As for `estimate_plot`.
    level : float
        With an Estimate: level of the one-sided bounds and of the two-sided limits at which bodies end. Verdicts bring their own.
    title : str
    page : int
        Which `max_rows` rows, from 1: a programme of 100 counties has three pages of 40.

    Returns
    -------
    matplotlib.axes.Axes
        The label of the axes says the same in words.

    Raises
    ------
    ReportError
        An Estimate of something else than proportions or without threshold; verdicts of several thresholds.

    Notes
    -----
    The body is exp(−z²/2) high at the two-sided limits of level 2Φ(z) − 1: the normal curve where limits are normal, lopsided where
    they are. Inchworm plots: World Health Organization 2018, Vaccination Coverage Cluster Surveys, annex M. Solid bodies have
    their one-sided bound below the threshold (or a verdict that is proven met), hatched ones above it (proven not met).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": [k % 20 for k in range(1200)], "wrong": [int(k in (7, 400, 811)) for k in range(1200)]})
    >>> survey = ev.Survey.from_data(table, clusters="village")
    >>> axes = inchworm_plot(ev.proportion(survey, "wrong"), threshold=.02)
    >>> axes.get_label()
    'wrong：0.25%，单侧95%界0.01%～1.29%，低于门槛。'
    """
    worms, heading, tail = _of_estimate(what, threshold, level, labels) if isinstance(what, Estimate) else _of_verdicts(what)
    line = _threshold(what, threshold)
    worms, rest = paged(worms, max_rows, page)
    sided = f"单侧{tail * 100:g}%界"
    judged = not isinstance(what, Estimate)
    rungs = [Rung(worm.label, worm.group, _cells(worm, line, judged)) for worm in worms]
    heads = ("估计", sided, "n", *(("判定",) if judged else ()))
    ladder = Ladder(rungs, heads, title or heading, "\n".join(part for part in (_note(worms, sided, judged), rest) if part))
    with in_style():
        axes, heights = set_up(ladder, ax)
        scale_below(axes, [line, *(end for worm in worms for end in (worm.value, *worm.limits[-1][1:], *worm.bounds))], share=True)
        for height, worm in zip(heights, worms, strict=True):
            _draw(axes, height, worm)
        line_at(axes, line, f"门槛 {gate_text(line)}")
        axes.set_label("；".join(_spoken(worm, sided, line) for worm in worms) + "。")
    return axes


# -- rows ---------------------------------------------------------------------------------------------------------


def _threshold(what: Any, threshold: float | None) -> float:
    own: set[float | None] = {threshold}
    if not isinstance(what, Estimate):
        own = {*(verdict.threshold for _, verdict in _verdicts(what)), *(own - {None})}
    if len(own) != 1 or not all(isinstance(each, int | float) and 0 <= each <= 1 for each in own):
        told = "、".join(str(each) for each in sorted(own, key=str))
        raise ReportError(f"threshold = {told}｜应有一个门槛，在 0 与 1 之间｜2% 写 threshold=.02；不同门槛的判定分开画")
    return float(next(each for each in own if each is not None))


def _of_estimate(estimate: Estimate, threshold: float | None, level: float, labels: Labels) -> tuple[list[Worm], str, float]:
    if estimate.kind != "proportion":
        raise ReportError(f"这是{KINDS[estimate.kind]}，不是比例｜尺蠖图只画比例｜改用 .plot()")
    line = _threshold(estimate, threshold)
    faults = Faults("尺蠖图")
    check_level(level, "two", faults)
    faults.refuse(ReportError)
    outer = NORMAL.inv_cdf((1 + level) / 2)
    quantiles = [*(z for z in QUANTILES if z < outer), outer]
    asked = [estimate.interval(2 * NORMAL.cdf(z) - 1) for z in quantiles[:-1]] + [estimate.interval(level)]
    lower, upper = estimate.interval(level, side="lower")["low"].tolist(), estimate.interval(level, side="upper")["high"].tolist()
    heading, names = row_names(estimate, labels)
    worms = []
    for at, (group, label) in enumerate(names):
        limits = tuple((z, float(each["low"].iloc[at]), float(each["high"].iloc[at])) for z, each in zip(quantiles, asked, strict=True))
        side = "低于门槛" if upper[at] < line else "高于门槛" if lower[at] > line else "跨门槛"
        look = {"低于门槛": "solid", "高于门槛": "hatched", "跨门槛": "empty"}[side]
        worms.append(Worm(label, group, float(estimate.value[at]), limits, (lower[at], upper[at]), float(estimate.n[at]), look, side))
    return worms, heading, level


def _verdicts(what: Any) -> list[tuple[str, Verdict]]:
    named = list(what.items()) if isinstance(what, Mapping) else [("", each) for each in ([what] if isinstance(what, Verdict) else what)]
    if not named or not all(isinstance(verdict, Verdict) for _, verdict in named):
        raise ReportError("尺蠖图｜应为 Estimate、Verdict、若干 Verdict，或 {名称: Verdict}｜如 {\"甲县\": ev.judge(…)}")
    return [(name or verdict.name or f"第 {at} 行", verdict) for at, (name, verdict) in enumerate(named, 1)]


def _of_verdicts(what: Any) -> tuple[list[Worm], str, float]:
    named = _verdicts(what)
    alphas, levels = {verdict.alpha for _, verdict in named}, {verdict.level for _, verdict in named}
    if len(alphas) + len(levels) > 2:
        raise ReportError("尺蠖图｜这些判定的 alpha 或 level 不同｜按同一个 alpha、level 判定后再画")
    worms = [_of_verdict(name, verdict) for name, verdict in named]
    names = {verdict.name for _, verdict in named}
    return worms, names.pop() if len(names) == 1 else "判定", 1 - alphas.pop()


def _of_verdict(name: str, verdict: Verdict) -> Worm:
    """Only two pairs of limits are known of a verdict; between them the quantile is taken as linear."""
    sides = sorted([
        (NORMAL.inv_cdf(1 - verdict.alpha), verdict.low, verdict.high),
        (NORMAL.inv_cdf((1 + verdict.level) / 2), verdict.interval_low, verdict.interval_high),
    ])  # fmt: skip
    limits = tuple(each for each in sides if each[0] > 0)
    return Worm(name, "", verdict.value, limits, (verdict.low, verdict.high), verdict.n, ZONES[verdict.zone], WORDS[verdict.zone])


# -- marks --------------------------------------------------------------------------------------------------------


def _draw(axes: Axes, height: float, worm: Worm) -> None:
    if is_blank(worm.value):
        beside(axes, NO_ROWS, height, 4, side=0.0, ha="left", color=GREY)
        return
    face, hatch = LOOKS[worm.look]
    if not any(math.isnan(end) for _, *ends in worm.limits for end in ends):
        x, thick = _outline(worm)
        edge = ORANGE if hatch else BLUE
        axes.fill_between(x, height - thick, height + thick, facecolor=face, hatch=hatch, edgecolor=edge, linewidth=1.1, zorder=1.3)
    for bound in worm.bounds:
        if not is_blank(bound) and 0 < bound < 1:
            axes.plot([bound, bound], [height - 0.3, height + 0.3], color=INK, linewidth=1.5, zorder=2.5)
    mark = "s" if worm.extreme else "o"
    axes.plot([worm.value], [height], mark, color=INK, markerfacecolor="white", markersize=5, markeredgewidth=1.3, clip_on=False, zorder=3)


def _outline(worm: Worm) -> tuple[Any, Any]:
    """Return where the body is, from its low to its high end, and half its thickness in rows there."""
    z = np.array([0.0, *(each for each, *_ in worm.limits)])
    fine = np.unique(np.concatenate([np.linspace(a, b, FINE) for a, b in pairwise(z)]))
    ends = [np.interp(fine, z, [worm.value, *(each[side] for each in worm.limits)]) for side in (1, 2)]
    low, high = np.minimum.accumulate(ends[0]), np.maximum.accumulate(ends[1])
    thick = FAT * np.exp(-(fine**2) / 2)
    return np.concatenate([low[::-1], high]), np.concatenate([thick[::-1], thick])


# -- words --------------------------------------------------------------------------------------------------------


def _cells(worm: Worm, line: float, judged: bool) -> tuple[str, ...]:
    shown = f"{told_percent(worm.value, gate=line)}" if not worm.extreme else "0 例" if worm.value == 0 else "全部"
    bounds = interval(*worm.bounds, gate=line)
    return (shown, bounds, plain(worm.n), *((worm.said,) if judged else ()))


def _note(worms: Sequence[Worm], sided: str, judged: bool) -> str:
    words = {"solid": WORDS["met"], "hatched": WORDS["not met"], "empty": WORDS["not proven"]}
    if not judged:
        words = {"solid": "单侧上界低于门槛", "hatched": "单侧下界高于门槛", "empty": "界限跨门槛"}
    shown = {worm.look for worm in worms}
    looks = [f"{name}{words[look]}" for look, name in (("solid", "实心"), ("hatched", "斜线"), ("empty", "空白")) if look in shown]
    marked = "；方点为样本中一例未见（或全部都是）" if any(worm.extreme for worm in worms) else ""
    return f"越粗处越可能，两端为双侧区间，短竖线为{sided}；{'，'.join(looks)}{marked}"


def _spoken(worm: Worm, sided: str, line: float) -> str:
    if is_blank(worm.value):
        return f"{worm.label}：{NO_ROWS}"
    none = "（一例未见）" if worm.value == 0 else ""
    name = " ".join(part for part in (worm.group, worm.label) if part)
    return f"{name}：{told_percent(worm.value, gate=line)}{none}，{sided}{interval(*worm.bounds, gate=line)}，{worm.said}"
