"""Points with their intervals, a row each: estimates, coefficients, a rate against its threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, Ladder, Rung, beside, line_at, most, scale_below, set_up
from evalkit.charts.style import BLUE, FAMILIES, GREY, MILD, in_style
from evalkit.errors import ReportError
from evalkit.estimates.limits import KINDS, OWN
from evalkit.estimates.showing import NO_ROWS, is_share
from evalkit.figures import gate_text, gate_words, is_blank, number, p_text, plain, significant, told_percent
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.estimates import Estimate
    from evalkit.models import Model
    from evalkit.verdict import Verdict

Labels = Mapping[Any, str] | Sequence[str] | None
NO_LIMITS = "无区间"
TERMS = {"Intercept": "截距", "threshold": "分界点"}


@dataclass(frozen=True)
class Span:
    """A value with its limits; NaN for what does not exist."""

    value: float
    low: float
    high: float

    def crosses(self, line: float) -> bool:
        """Say whether the interval holds the line."""
        return self.low <= line <= self.high


@dataclass(frozen=True)
class Line:
    """A line across all rows, and what it is called."""

    at: float
    name: str
    text: str
    between: str = " "


@lettered
def estimate_plot(
    estimate: Estimate,
    *,
    ax: Axes | None = None,
    level: float = 0.95,
    gate: float | None = None,
    labels: Labels = None,
    max_rows: int = 40,
) -> Axes:
    """Draw the rows of an Estimate as points with their intervals, in order, the first on top.

    Parameters
    ----------
    estimate : Estimate
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own when not given, which a notebook shows and ``.figure.savefig(…)`` writes.
    level : float
        Confidence level of the intervals, in (0, 1).
    gate : float, optional
        A threshold in the unit of the estimate (.02 for 2 %), drawn as a line; the point of a row whose interval holds it is hollow.
    labels : mapping or sequence of str, optional
        Other words: a mapping from parts of labels (codes, column names) to words, or one text a row.
    max_rows : int
        Most rows to draw; the note below says how many are left out.

    Returns
    -------
    matplotlib.axes.Axes
        Rows of several parts stand in groups by the first of them. At the right: estimate, n, and the design effect (degrees of
        freedom where there is none). A domain that nobody is in says 无数据.

    Raises
    ------
    ReportError
        Texts that are not as many as rows, a gate that is no number, max_rows below 1.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"poor": [0, 1, 0, 0] * 30, "town": ["东镇", "西镇"] * 60}))
    >>> axes = estimate_plot(ev.proportion(survey, "poor", by="town"), gate=.2)
    >>> [label.get_text() for label in axes.get_yticklabels()], axes.get_title(loc="left")
    (['东镇', '西镇'], '比例：poor')
    """
    if gate is not None and not math.isfinite(gate):
        raise ReportError(f"gate = {gate}｜应为一个有限数｜2% 写 gate=.02")
    limits, share = estimate.interval(level), is_share(estimate)
    count, rest = most(len(estimate), max_rows)
    title, names = row_names(estimate, labels)
    spans = [Span(*each) for each in zip(estimate.value.tolist(), limits["low"].tolist(), limits["high"].tolist(), strict=True)][:count]
    heads, cells = _beside(estimate, spans, share, gate)
    rungs = [Rung(label, group, cell) for (group, label), cell in zip(names, cells, strict=False)]
    line = None if gate is None else Line(gate, "门槛", gate_text(gate) if share else plain(gate))
    note = f"点为估计，线为{level * 100:g}%区间{_way(limits['method'])}"
    return forest(Ladder(rungs, heads, title, note), spans, line, share, ax, rest)


@lettered
def model_plot(model: Model, *, ax: Axes | None = None, level: float = 0.95, intercept: bool = False) -> Axes:
    """Draw the coefficients of a model as points with their intervals, and the line of no effect.

    Parameters
    ----------
    model : Model
    ax, level
        As for `estimate_plot`.
    intercept : bool
        Whether the intercept, or the thresholds of an ordinal model, are drawn too; they stand on another scale.

    Returns
    -------
    matplotlib.axes.Axes
        Levels of a term stand under its name; a hollow point has 0 in its interval.

    Raises
    ------
    ReportError
        When only an intercept is there and it is not asked for.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> [label.get_text() for label in model_plot(ev.glm(survey, "y ~ g")).get_yticklabels()]
    ['g b']
    """
    rows = [row for row in records(model.table(level)) if intercept or row.term not in TERMS]
    if not rows:
        raise ReportError("模型｜除截距外没有系数可画｜写 intercept=True，或用 .table()")
    terms = [row.term for row in rows]
    rungs = [_coefficient(row, terms.count(row.term)) for row in rows]
    title = f"{model.text.zh}：{model.form.response}{f'（事件：{model.form.level}）' if model.form.level else ''}"
    note = f"点为系数，线为{level * 100:g}%区间（t，自由度 {model.df:g}）"
    spans = [Span(row.coef, row.low, row.high) for row in rows]
    return forest(Ladder(rungs, ("系数", "p 值"), title, note), spans, Line(0.0, "", "0"), False, ax)


@lettered
def verdict_plot(verdict: Verdict, *, ax: Axes | None = None) -> Axes:
    """Draw a verdict: the rate with its two-sided interval, the threshold, and the verdict in words below.

    Parameters
    ----------
    verdict : Verdict
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"approve": [1] * 390 + [0] * 10}))
    >>> axes = verdict_plot(ev.judge(ev.proportion(survey, "approve"), .9, direction="above", strict=True, name="群众认可度"))
    >>> axes.get_xlabel().split("\\n")[0], [label.get_text() for label in axes.get_yticklabels()]
    ('点为估计，线为95%区间', ['群众认可度'])
    """
    shown = told_percent(verdict.value, gate=verdict.threshold)
    rung = Rung(verdict.name or "估计值", "", (shown, plain(verdict.n)))
    span = Span(verdict.value, verdict.interval_low, verdict.interval_high)
    ladder = Ladder([rung], ("估计", "n"), "", f"点为估计，线为{verdict.level * 100:g}%区间")
    gate = gate_text(verdict.threshold)
    rule = gate_words(verdict).replace(gate, f" {gate}")
    return forest(ladder, [span], Line(verdict.threshold, "门槛", rule, "："), True, ax, verdict.sentence("zh"))


def forest(ladder: Ladder, spans: Sequence[Span], line: Line | None, share: bool, ax: Axes | None, rest: str = "") -> Axes:
    """Draw points, intervals and the line over a ladder.

    Parameters
    ----------
    ladder : Ladder
    spans : sequence of Span
        One a row of the ladder.
    line : Line or None
        Points of rows whose interval holds it are hollow.
    share : bool
        Whether the values are shares of 1, on an axis of percentages.
    ax : matplotlib.axes.Axes or None
    rest : str
        What is said below the note.
    """
    hollow = [line is not None and span.crosses(line.at) for span in spans]
    told = f"；空心点的区间含{line.name or line.text}" if line is not None and any(hollow) else ""
    ladder = replace(ladder, note="\n".join(part for part in (ladder.note + told, rest) if part))
    with in_style():
        axes, heights = set_up(ladder, ax)
        numbers = [end for span in spans for end in (span.value, span.low, span.high)]
        scale_below(axes, numbers if line is None else [*numbers, line.at], share=share)
        for height, span, empty in zip(heights, spans, hollow, strict=True):
            _mark(axes, height, span, empty)
        if line is not None:
            line_at(axes, line.at, f"{line.name}{line.between}{line.text}".strip())
    return axes


def _mark(axes: Axes, height: float, span: Span, hollow: bool) -> None:
    if is_blank(span.value):
        beside(axes, NO_ROWS, height, 4, side=0.0, ha="left", color=GREY)
        return
    if is_blank(span.low) or is_blank(span.high):
        _beyond(axes, NO_LIMITS, span.value, height)
    else:
        axes.plot([span.low, span.high], [height, height], color=MILD, linewidth=4, solid_capstyle="butt", clip_on=False, zorder=1.2)
    face = "white" if hollow else BLUE
    axes.plot([span.value], [height], "o", color=BLUE, markerfacecolor=face, markersize=6.5, markeredgewidth=1.6, clip_on=False, zorder=3)


def _beyond(axes: Axes, text: str, value: float, height: float) -> None:
    """Write a small text beside a point, on the side where there is room."""
    left, right = axes.get_xlim()
    side = -1 if value > left + 0.7 * (right - left) else 1
    place: dict[str, Any] = {"textcoords": "offset points", "ha": "right" if side < 0 else "left", "va": "center_baseline"}
    axes.annotate(text, (value, height), (8 * side, 0), fontsize=SMALL, color=GREY, fontfamily=FAMILIES, **place)


# -- words ----------------------------------------------------------------------------------------------------


def row_names(estimate: Estimate, labels: Labels) -> tuple[str, list[tuple[str, str]]]:
    """Return the title, and group and label of each row: parts that all rows share go to the title."""
    words = labels if isinstance(labels, Mapping) else {}
    parts = [estimate.parts[at] if at < len(estimate.parts) else "" for at in range(max(map(len, estimate.labels)))]
    rows = [[_word(part, name, words) for part, name in zip(label, parts, strict=False)] for label in estimate.labels]
    rows = [[*row, *[""] * (len(parts) - len(row))] for row in rows]
    varying = [at for at in range(len(parts)) if len({row[at] for row in rows}) > 1]
    shared = [rows[0][at] for at in range(len(parts)) if at not in varying and rows[0][at]]
    title = KINDS[estimate.kind] + (f"：{' '.join(shared)}" if shared else "")
    if labels is not None and not isinstance(labels, Mapping):
        return title, [("", text) for text in row_texts(labels, len(estimate), "labels")]
    if not varying:
        return KINDS[estimate.kind], [("", " ".join(shared) or KINDS[estimate.kind])] * len(rows)
    first, others = varying[0], varying[1:]
    runs = 1 + sum(before[first] != after[first] for before, after in pairwise(rows))
    if not others or runs == len(rows):
        return title, [("", " ".join(row[at] for at in varying if row[at])) for row in rows]
    return title, [(row[first], " ".join(row[at] for at in others if row[at])) for row in rows]


def _word(part: Any, name: str, words: Mapping[Any, str]) -> str:
    """Return a part of a label as it is printed."""
    if part in words or str(part) in words:
        return str(words[part] if part in words else words[str(part)])
    if name == "prob" and isinstance(part, float):
        return f"{gate_text(part)} 分位"
    return f"{part:g}" if isinstance(part, float) else str(part)


def row_texts(labels: Sequence[str], count: int, argument: str) -> list[str]:
    """Return one text a row, of an argument of this name.

    Raises
    ------
    ReportError
        When they are not as many as rows.
    """
    if isinstance(labels, str) or len(labels) != count:
        hint = "或写 {标签: 文字}" if argument == "labels" else "按行的次序写成列表"
        given = "一段文字" if isinstance(labels, str) else f"{len(labels)} 个"
        raise ReportError(f"{argument}：{given}｜应为 {count} 个，每行一个｜{hint}")
    return [str(text) for text in labels]


def _beside(estimate: Estimate, spans: Sequence[Span], share: bool, gate: float | None) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return headings and cells of the columns at the right."""
    deff = estimate.deff()
    last, values = ("设计效应", deff) if bool(np.isfinite(deff).any()) else ("自由度", estimate.df)
    form: Callable[[float], str] = number if last == "设计效应" else lambda value: significant(value, 3)
    written = [told_percent(span.value, gate=gate) if share else significant(span.value) for span in spans]
    cells = zip(written, estimate.n.tolist(), values.tolist(), strict=False)
    return ("估计", "n", last), [(text, plain(n), form(value)) for text, n, value in cells]


def _way(methods: Any) -> str:
    found = str(methods.iloc[0]) if len(methods) else OWN
    return "" if found == OWN else f"（{found}）"


def _coefficient(row: Any, count: int) -> Rung:
    cells = significant(row.coef, 3), p_text(row.p)
    term = TERMS.get(row.term, row.term)
    if not row.level:
        return Rung(term, "", cells)
    return Rung(row.level, term, cells) if count > 1 else Rung(f"{term} {row.level}", "", cells)
