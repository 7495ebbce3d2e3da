"""Operating characteristics: how likely a rule lets a county pass, whatever its true rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, ask_shares, bare, cut, folded, line_at, note_below, own_axes, percents_up, scale_below
from evalkit.charts.languages import CHINESE, Language, Say, speaker, told
from evalkit.charts.style import AMBER, BLUE, FAMILIES, GREY, INK, MIDDLE, ORANGE, WIDTH, in_style
from evalkit.errors import ReportError
from evalkit.figures import WORDS, gate_text, is_blank, told_percent
from evalkit.lists import as_numbers
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.trials import Trials

COLUMNS = ("model", "p", "accept")
RULES = {"legal": "按规则达标", "met": "证实达标", "not met": "证实未达标"}
HIGH = 10.5  # rows of a ladder
# told apart without colour: the dashes, then the marks
LOOKS: tuple[tuple[str, Any, str], ...] = (
    (BLUE, "-", "o"), (ORANGE, (0, (5, 2)), "s"), (INK, (0, (1, 1.4)), "^"), (GREY, (0, (6, 2, 1, 2)), "D"), (MIDDLE, (0, (9, 3)), "v"),
    (INK, "-", "x"),
)  # fmt: skip


@lettered
def oc_plot(
    table: pd.DataFrame, gate: float, better: float | None = None, title: str = "", *, language: Language = "zh", ax: Axes | None = None
) -> Axes:
    """Draw the chance to pass against the true rate, a curve a model or rule.

    Parameters
    ----------
    table : pandas.DataFrame
        model (a model or a rule, its name in the key), p (the true rate) and accept (the chance to pass), shares in [0, 1];
        optionally error, the Monte-Carlo standard error of accept, drawn as twice that to both sides.
    gate : float
        The threshold, the consumer's point: what the rule lets pass from here on is hatched.
    better : float, optional
        The producer's point: the rate that ought to pass.
    title : str
    language : {"zh", "en"}
        Of the words of the picture; a rule keeps its name.
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        Its label says the same in words; ``charts.Chart.of(axes, key)`` takes both.

    Raises
    ------
    ReportError
        When a column is missing or the table empty; for shares outside [0, 1], and more curves than can be told apart (six).

    Notes
    -----
    Which side of the gate is bad is read off the curves: the side on which the chance to pass is lower.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"model": "至多 8 户", "p": [.005, .01, .02, .03], "accept": [.74, .35, .05, .0]})
    >>> axes = oc_plot(table, gate=.02, better=.005, title="20 村 × 60 户")
    >>> [text.get_text() for text in axes.texts]
    ['合格点 0.5%', '门槛 2%']
    """
    _check(table, gate, better)
    say = speaker(language)
    curves = {say(WORDS.get(str(name), str(name)), str(name)): rows.sort_values("p") for name, rows in table.groupby("model", sort=False)}
    note = _note(curves, gate, better, say)
    with in_style():
        axes = own_axes(HIGH, title, note) if ax is None else ax
        _scale(axes, table, gate, better, say)
        for (name, rows), look in zip(curves.items(), LOOKS, strict=False):
            _curve(axes, name, rows, look)
        _risk(axes, curves, gate)
        if better is not None:
            line_at(axes, better, say("合格点", "acceptable") + f" {gate_text(better)}")
            axes.lines[-1].set(linestyle=(0, (4, 2)), linewidth=1.0)
        line_at(axes, gate, say("门槛", "threshold") + f" {gate_text(gate)}")
        _key(axes, _falls(curves))
        note_below(axes, note)
        axes.set_label(told(say, [_spoken(name, rows, say) for name, rows in curves.items()]))
    return axes


@lettered
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

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.plain_design(5, 20, frame=20, households=40)
    >>> trials = ev.simulate(design, {"差错率": [.01, .05]}, seed="1", replicates=2, workers=1)
    >>> [text.get_text() for text in trials_plot(trials).get_legend().get_texts()]
    ['按规则达标', '证实达标', '证实未达标']
    """
    table = trials.oc(gate, icc, model)
    standard, first = trials.standards[gate], trials.points[0]
    shown = (first.icc if icc is None else icc, first.model if model is None else model)
    others = list(dict.fromkeys((point.icc, point.model) for point in trials.points if (point.icc, point.model) != shown))
    rest = f"\n另有未画的真值（写 icc=、model= 来画）：{_truths(others)}" if others else ""
    curves = {RULES[str(name)]: rows.sort_values("p") for name, rows in table.groupby("model", sort=False)}
    with in_style():
        axes = own_axes(HIGH, f"{trials.title}：{standard.rate}的判定（{_truths([shown])}）", rest) if ax is None else ax
        _scale(axes, table, standard.threshold, None)
        for (name, rows), look in zip(curves.items(), LOOKS, strict=False):
            _curve(axes, name, rows, look)
        line_at(axes, standard.threshold, f"门槛 {gate_text(standard.threshold)}")
        axes.set_ylabel("模拟中的占比", fontsize=SMALL, color=GREY, fontfamily=FAMILIES)
        axes.set_xlabel(f"真实的{standard.rate}；竖线为两倍模拟误差{rest}", fontsize=SMALL, color=GREY, fontfamily=FAMILIES)
        down = 0.24 if rest else 0.16  # below the words of the axis: lines may cross anywhere inside
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -down), "ncol": len(RULES)}
        axes.legend(**below, frameon=False, handlelength=3.4, prop={"family": FAMILIES, "size": SMALL + 0.5})
        axes.set_label("；".join(_spoken(name, rows) for name, rows in curves.items()) + "。")
    return axes


def _truths(kinds: list[tuple[float, str]]) -> str:
    """Return correlations and models in words."""
    return "；".join(f"村内相关 {icc:g}，{WORDS.get(model, model)}" for icc, model in kinds)


def _check(table: pd.DataFrame, gate: float, better: float | None) -> None:
    if not isinstance(table, pd.DataFrame):
        raise ReportError(f"抽检特性表：{type(table).__name__}｜应为表，列有 {'、'.join(COLUMNS)}｜如 pd.DataFrame(曲线.rows())")
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking or table.empty:
        raise ReportError(f"抽检特性表缺列 {'、'.join(lacking) or '（空表）'}｜应有 {'、'.join(COLUMNS)}，每行一个真实率｜补上后重试")
    columns = {name: as_numbers(table[name]) for name in ("p", "accept")}
    wrong = [name for name, found in columns.items() if found is None or not ((found >= 0) & (found <= 1)).all()]
    if wrong:
        raise ReportError(f"抽检特性曲线：{'、'.join(wrong)} 列｜应为 0 与 1 之间的数｜文字先用 pd.to_numeric(…)，2% 写 .02")
    ask_shares("抽检特性曲线", gate=gate, better=better)
    if (count := table["model"].nunique()) > len(LOOKS):
        raise ReportError(f"{count} 条曲线｜不用颜色至多分得清 {len(LOOKS)} 条｜分几张图画")


def _scale(axes: Axes, table: pd.DataFrame, gate: float, better: float | None, say: Say = CHINESE) -> None:
    ends = [*table["p"], gate, *([] if better is None else [better])]
    scale_below(axes, [float(end) for end in ends], share=True)
    bare(axes)
    axes.set_ylim(0, 1.0)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.grid(axis="y", color="#dcdcdc", linewidth=0.6, zorder=0)
    percents_up(axes)
    axes.set_ylabel(say("通过的概率", "Chance to pass"), fontsize=SMALL, color=GREY, fontfamily=FAMILIES)


def _curve(axes: Axes, name: str, rows: pd.DataFrame, look: tuple[str, Any, str]) -> None:
    colour, dashes, mark = look
    few = len(rows) <= 25
    axes.plot(
        rows["p"], rows["accept"], color=colour, linestyle=dashes, linewidth=1.7, label=cut(name), clip_on=False, zorder=3,
        marker=mark, markersize=5, markerfacecolor="white", markevery=1 if few else max(1, len(rows) // 10),
    )  # fmt: skip
    if "error" in rows:
        axes.errorbar(rows["p"], rows["accept"], yerr=2 * rows["error"], fmt="none", ecolor=colour, elinewidth=0.9, capsize=2, zorder=2.9)


def _key(axes: Axes, falls: bool) -> None:
    """Name the curves in the corner that they leave empty."""
    look: dict[str, Any] = {"prop": {"family": FAMILIES, "size": SMALL + 0.5}, "handlelength": 3.4, "framealpha": 0.9, "edgecolor": "none"}
    key = axes.legend(loc="upper right" if falls else "upper left", borderaxespad=0.2, **look)
    for text in key.get_texts():
        text.set_parse_math(False)


def _risk(axes: Axes, curves: dict[str, pd.DataFrame], gate: float) -> None:
    """Hatch what lies under the highest curve on the bad side of the gate."""
    left, right = axes.get_xlim()
    side = (gate, right) if _falls(curves) else (left, gate)
    x = np.unique([*np.linspace(*side, 101), *(p for rows in curves.values() for p in rows["p"] if side[0] <= p <= side[1])])
    known = [np.interp(x, rows["p"], rows["accept"], left=np.nan, right=np.nan) for rows in curves.values()]
    top = np.fmax.reduce(known)
    axes.fill_between(x, 0, top, facecolor=AMBER, alpha=0.55, hatch="////", edgecolor=INK, linewidth=0.0, zorder=1)


def _falls(curves: dict[str, pd.DataFrame]) -> bool:
    rows = next(iter(curves.values()))
    return bool(rows["accept"].iloc[-1] <= rows["accept"].iloc[0])


def _at(rows: pd.DataFrame, p: float) -> float:
    return float(np.interp(p, rows["p"], rows["accept"], left=np.nan, right=np.nan))


def _note(curves: dict[str, pd.DataFrame], gate: float, better: float | None, say: Say) -> str:
    risks = [_at(rows, gate) for rows in curves.values()]
    lines = [say("横轴为真实的率；斜线区为不合格而通过", "Across: the true rate; hatched: passes though not good enough")]
    if not any(map(is_blank, risks)):
        lines.append(say("真实率恰在门槛上时通过", "passes at the threshold: ") + _between(risks, say))
    if better is not None and not any(map(is_blank, chances := [_at(rows, better) for rows in curves.values()])):
        passed, refused = _between(chances, say), _between([1 - chance for chance in chances], say)
        en = f"at the acceptable rate: {passed}, so {refused} of good counties are refused"
        lines.append(say(f"在合格点时通过{passed}，即好县被误拒{refused}", en))
    if any("error" in rows for rows in curves.values()):
        lines.append(say("竖线为两倍模拟误差", "upright lines: two Monte-Carlo standard errors"))
    return folded(say("；", "; ").join(lines), (WIDTH * 72 - 60) * 2 / SMALL)


def _between(shares: list[float], say: Say) -> str:
    low, high = (told_percent(share, digits=1) for share in (min(shares), max(shares)))
    return low if low == high else say(f"{low}～{high}", f"{low}–{high}")


def _spoken(name: str, rows: pd.DataFrame, say: Say = CHINESE) -> str:
    pairs = [(gate_text(round(row.p, 9)), told_percent(row.accept)) for row in records(rows)]
    points = [say(f"{p}时通过{share}", f"passes {share} at {p}") for p, share in pairs[:: max(1, len(pairs) // 12)]]
    return say(f"{name}：真实率{'，'.join(points)}", f"{name}: {', '.join(points)}")
