"""How fieldwork goes: what became of the households of each group, and how many villages are done by each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.curves import LOOKS
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import (
    SMALL,
    Ladder,
    Rung,
    bare,
    folded,
    note_below,
    own_axes,
    paged,
    set_up,
    whole_below,
)  # fmt: skip
from evalkit.charts.languages import Language, Say, lines, speaker, told, word
from evalkit.charts.layout import apart
from evalkit.charts.places import key_above
from evalkit.charts.style import AMBER, BLUE, FAINT, FAMILIES, GREY, INK, WIDTH, in_style
from evalkit.errors import Faults, ReportError
from evalkit.figures import percent, plain
from evalkit.later import later
from evalkit.ledger.kinds import FIVE
from evalkit.lists import as_list
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.responses import Responses

ticker = later("matplotlib.ticker")

Kinds = tuple[tuple[str, str, str, str], ...]  # column, name, colour, hatch
OUTCOMES: Kinds = (("complete", "完成", BLUE, ""), ("refusal", "拒访", AMBER, "////"), ("noncontact", "未联系上", "#d9d9d9", ".."))
OUTCOMES += (("ineligible", "不合格", "#ffffff", "xxx"),)
PLANNED = (GREY, (0, (2, 2)), "")
HIGH = 10.0  # rows of a ladder
RIGHT = 84  # points for the names of the lines
ENGLISH = {"complete": "complete", "refusal": "refused", "noncontact": "no contact", "ineligible": "not eligible", "pending": "pending"}
PENDING = ("pending", "待访", "#ffffff", "")


@lettered
def responses_plot(
    responses: Responses,
    by: str | Sequence[str] = "stratum",
    *,
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
    max_rows: int = 40,
    page: int = 1,
) -> Axes:
    """Draw what became of the released households of each group, and the response rate.

    Parameters
    ----------
    responses : Responses
    by : str or list of str
        Columns of the sample, as for `Responses.completion`: stratum, village, village_stratum …
    language : {"zh", "en"}
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str
    max_rows, page : int
        As for `inchworm_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The label of the axes says the same in words.
    """
    say = speaker(language)
    rows, rest = paged(list(records(responses.completion(by))), max_rows, page, say)
    kinds = [kind for kind in (*OUTCOMES, PENDING) if any(getattr(row, kind[0]) for row in rows)]
    names = [" ".join(str(getattr(row, key)) for key in as_list(by)) for row in rows]
    rungs = [Rung(name, "", (f"{plain(row.complete)}/{plain(row.released)}", percent(row.response_rate, 1)))
             for name, row in zip(names, rows, strict=True)]  # fmt: skip
    heads = (say("完成/启用", "Complete/released"), say("应答率", "Response"))
    note = lines(say("条为启用的户；应答率为完成户占合格户", "Bars: released households; response: complete of eligible"), rest)
    with in_style():
        axes, heights = set_up(Ladder(rungs, heads, title or say("调查完成情况", "Completion"), note), ax)
        whole_below(axes, max([1, *(row.released for row in rows)]))
        for height, row in zip(heights, rows, strict=True):
            _pieces(axes, height, row, kinds)
        key_above(axes, [(say(name, ENGLISH[kind]), (colour, hatch)) for kind, name, colour, hatch in kinds], len(kinds))
        axes.set_label(told(say, [_outcomes(name, row, kinds, say) for name, row in zip(names, rows, strict=True)]))
    return axes


def _pieces(axes: Axes, height: float, row: Any, kinds: Sequence[tuple[str, str, str, str]]) -> None:
    left = 0
    for kind, _, colour, hatch in kinds:
        axes.barh(height, getattr(row, kind), left=left, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6, zorder=1.2)
        left += getattr(row, kind)


def _outcomes(name: str, row: Any, kinds: Sequence[tuple[str, str, str, str]], say: Say) -> str:
    counts = say("，", ", ").join(f"{say(chinese, ENGLISH[kind])} {plain(getattr(row, kind))}" for kind, chinese, *_ in kinds)
    rate = percent(row.response_rate, 1)
    return say("：", ": ").join([name, counts + (say(f"，应答率 {rate}", f", response {rate}") if rate else "")])


# -- days -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """A line: its name, the days on which it rises with how far it has come, and how it looks."""

    name: str
    days: tuple[int, ...]
    reached: tuple[int, ...]
    look: tuple[str, Any, str]

    def by(self, day: int) -> int:
        """Return how far it has come by a day."""
        return max((count for at, count in zip(self.days, self.reached, strict=True) if at <= day), default=0)


@lettered
def progress_plot(
    board: pd.DataFrame | None = None,
    planned: pd.DataFrame | None = None,
    *,
    steps: Sequence[str] = ("汇总", "验收"),
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw how many villages have come to each step by each day, beside the plan.

    Parameters
    ----------
    board : DataFrame, optional
        As `evalkit.fieldwork.village_board` gives it, from the ledger.
    planned : DataFrame, optional
        As `Assignment.days` gives it, with a first day where there is a board; one of both must be there.
    steps : list of str
        Of the five steps 汇总, 反馈, 通报, 交办, 验收.
    language : {"zh", "en"}
    ax : matplotlib.axes.Axes, optional
        As for `estimate_plot`.
    title : str

    Returns
    -------
    matplotlib.axes.Axes
        A village counts for the plan on the day on which its last share is due. The line on top is the number of all villages. The
        label of the axes says the same in words.

    Raises
    ------
    ReportError
        Without a board and a plan, for a step that is none, for days that are no dates.

    Examples
    --------
    >>> board = pd.DataFrame({"village": ["a", "b", "c"], "汇总": ["2018-11-12", "2018-11-13", ""], "验收": ["2018-11-20", "", ""]})
    >>> progress_plot(board).get_label()
    '共 3 村；汇总 2 村，至 2018-11-13；验收 1 村，至 2018-11-20。'
    """
    say = speaker(language)
    undated, courses = _courses(board, planned, steps, say)
    whole = _count(board, planned)
    days = sorted({day for course in courses for day in course.days})
    dated = board is not None or (planned is not None and "date" in planned.columns)
    note = _note(undated, say)
    with in_style():
        axes = own_axes(HIGH, title or say("日进度", "Progress by day"), note, left=40) if ax is None else ax
        _frame(axes, days, whole, dated, say)
        for course in courses:
            _line(axes, course, days)
        _names(axes, courses, days, whole, say)
        note_below(axes, note)
        axes.set_label(told(say, [_whole(whole, say), *(_course(each, dated, say) for each in courses)]))
    return axes


def _courses(board: pd.DataFrame | None, planned: pd.DataFrame | None, steps: Sequence[str], say: Say) -> tuple[int, list[Course]]:
    """Return how many steps have no day, and the lines: those of the steps, and that of the plan."""
    if (board is None and planned is None) or (board is not None and planned is not None and "date" not in planned.columns):
        raise ReportError("日进度｜没有可画的｜给出 village_board(…) 的表；与计划同画时写 assignment.days(\"2018-11-12\")")
    undated, found = (0, list[Course]()) if board is None else _done(board, steps, say)
    if planned is not None:
        last = planned.groupby("village")["date" if "date" in planned.columns else "day"].max()
        found.append(_course_of(say("计划", "planned"), [_day(day) or 0 for day in last], PLANNED))
    return undated, found


def _done(board: pd.DataFrame, steps: Sequence[str], say: Say) -> tuple[int, list[Course]]:
    """Return how many steps have no day, and a line for each step."""
    faults, found, undated = Faults("日进度"), list[Course](), 0
    for at, step in enumerate(steps):
        if step not in FIVE or step not in board.columns:
            faults.add(None, "steps", str(step), "没有这一步", f"可用：{'、'.join(FIVE)}")
            continue
        days = [_day(str(day)) for day in board[step] if str(day)]
        undated += days.count(None)
        found.append(_course_of(word(say, step), [day for day in days if day is not None], LOOKS[at % len(LOOKS)]))
    faults.refuse(ReportError)
    return undated, found


def _count(board: pd.DataFrame | None, planned: pd.DataFrame | None) -> int:
    """Return the number of all villages."""
    if board is not None:
        return len(board)
    return 0 if planned is None else int(planned["village"].nunique())


def _day(told: Any) -> int | None:
    if isinstance(told, str):
        try:
            return date.fromisoformat(told).toordinal()
        except ValueError:
            return None
    return int(told)


def _course_of(name: str, days: Sequence[int], look: tuple[str, Any, str]) -> Course:
    each = sorted(set(days))
    return Course(name, tuple(each), tuple(sum(day <= at for day in days) for at in each), look)


def _frame(axes: Axes, days: Sequence[int], whole: int, dated: bool, say: Say) -> None:
    first, last = (days[0] - 1, days[-1]) if days else (0, 1)
    axes.set_xlim(first, max(last, first + 1))
    axes.set_ylim(0, 1.08 * whole)
    bare(axes)
    axes.grid(axis="y", color=FAINT, linewidth=0.6, zorder=0)
    axes.axhline(whole, color=INK, linewidth=0.9, zorder=1)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(7, integer=True) if days else ticker.NullLocator())
    axes.yaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: _date(int(value), dated)[5:] if dated else plain(int(value)))
    axes.tick_params(axis="y", labelsize=SMALL, colors=GREY, labelfontfamily=FAMILIES, length=0)
    place: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "va": "bottom", "ha": "left"}
    axes.annotate(_whole(whole, say), (0, whole), (2, 3), color=INK, fontsize=SMALL, fontfamily=FAMILIES, **place)


def _whole(whole: int, say: Say) -> str:
    return say(f"共 {plain(whole)} 村", f"{plain(whole)} villages")


def _date(day: int, dated: bool) -> str:
    return (date.min + timedelta(days=day - 1)).isoformat() if dated and day > 0 else plain(day)


def _line(axes: Axes, course: Course, days: Sequence[int]) -> None:
    colour, dashes, mark = course.look
    first, last = axes.get_xlim()
    x, y = [first, *course.days, last], [0, *course.reached, course.by(int(last))]
    axes.plot(x, y, drawstyle="steps-post", color=colour, linestyle=dashes, linewidth=1.7, clip_on=False, zorder=3)
    if mark and len(course.days) <= 25:
        look: dict[str, Any] = {"marker": mark, "markersize": 5, "markerfacecolor": "white", "clip_on": False, "zorder": 3.1}
        axes.plot(course.days, course.reached, color=colour, linestyle="none", **look)


def _names(axes: Axes, courses: Sequence[Course], days: Sequence[int], whole: int, say: Say) -> None:
    """Name the lines at their right ends, apart from each other."""
    ordered = sorted(courses, key=lambda course: course.by(days[-1] if days else 0))
    top = axes.get_ylim()[1]
    heights = apart([float(course.by(days[-1] if days else 0)) for course in ordered], top / HIGH, 0.0, top)
    place: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "va": "center_baseline"}
    for height, course in zip(heights, ordered, strict=True):
        text = f"{course.name} {plain(course.by(days[-1] if days else 0))}"
        axes.annotate(text, (1, height), (7, 0), color=course.look[0], fontsize=SMALL, fontfamily=FAMILIES, fontweight="bold", **place)


def _note(undated: int, say: Say) -> str:
    note = say("到当日为止到达各步的村数", "Villages that have come to a step by that day")
    rest = say(f"另有 {undated} 步没有写日期，未画", f"Steps without a day, not drawn: {undated}") if undated else ""
    return folded(lines(note, rest), (WIDTH * 72 - 60) * 2 / SMALL)


def _course(course: Course, dated: bool, say: Say) -> str:
    if not course.days:
        return f"{course.name} 0"
    count, last = plain(course.reached[-1]), _date(course.days[-1], dated)
    zh, en = (f" {last}", last) if dated else (f"第 {last} 天", f"day {last}")
    return say(f"{course.name} {count} 村，至{zh}", f"{course.name} {count}, by {en}")
