"""Why households were wrongly exited or missed: bars of households by the item that was not met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, beside, most, set_up, whole_below
from evalkit.charts.languages import Language, Say, lines, speaker, told, word
from evalkit.charts.style import BLUE, GREY, in_style
from evalkit.errors import ReportError, one_of
from evalkit.figures import is_blank, percent, plain
from evalkit.findings import Findings
from evalkit.rates.causes import COLUMNS, ENOUGH, ITEM, by_cause
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SOUGHT = ("wrong_exit", "missed")


@lettered
def causes_plot(
    what: Findings | pd.DataFrame,
    *,
    by: str = ITEM,
    language: Language = "zh",
    ax: Axes | None = None,
    title: str = "",
    max_rows: int = 40,
) -> Axes:
    """Draw the households of each finding by the item that was not met, or by another grouping of `evalkit.by_cause`.

    Parameters
    ----------
    what : Findings, or DataFrame
        As `evalkit.by_cause` gives it; of findings the wrong exits and the missed are drawn.
    by : str
        事项 (items), 户类型, or another grouping that the table was made with.
    language : {"zh", "en"}
        Of the words of the picture; items and types keep their own.
    ax, title, max_rows
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The full bar is what was confirmed, the frame around it what is suspected. A percentage stands only where at least 30 households
        of the finding were confirmed. Without a case the picture says that none was found. The label of the axes says the same in words.

    Raises
    ------
    ReportError
        A table with other columns, a grouping that it does not have.

    Examples
    --------
    >>> table = pd.DataFrame([["错退", "事项", "住房安全", 3, 9, 2, 6, float("nan")]], columns=["finding", "by", "category", "households",
    ...     "persons", "confirmed_households", "confirmed_persons", "share"])
    >>> causes_plot(table).get_label(), causes_plot(table, language="en").get_label()
    ('错退 住房安全：疑似 3 户，认定 2 户。', 'wrong exit 住房安全: suspected 3, confirmed 2 households.')
    """
    return draw_causes(what, by, speaker(language), ax, title, max_rows)


def draw_causes(what: Findings | pd.DataFrame, by: str, say: Say, ax: Axes | None, title: str, max_rows: int) -> Axes:
    """Draw what `causes_plot` does; the caller sees to characters that the font lacks."""
    rows, empty = _rows(what, by)
    count, rest = most(len(rows) + len(empty), max_rows, say)
    rows, shares = rows[:count], any(not is_blank(row.share) for row in rows)
    rungs = [Rung(word(say, row.category), word(say, row.finding), _cells(row, shares)) for row in rows]
    rungs += [Rung(word(say, finding), "", ("0", "0", *[""] * shares)) for finding in empty]
    heads = (say("认定", "Confirmed"), say("疑似", "Suspected"), *([say("占认定", "Share")] if shares else []))
    ladder = Ladder(rungs, heads, title or _title(say, by), lines(_note(say, by, shares), rest))
    with in_style():
        axes, heights = set_up(ladder, ax)
        whole_below(axes, max([1, *(row.households for row in rows)]))
        for height, row in zip(heights, rows, strict=False):
            axes.barh(height, row.households, height=0.7, facecolor="white", edgecolor=GREY, linewidth=0.9, zorder=1.1)
            axes.barh(height, row.confirmed_households, height=0.42, color=BLUE, zorder=1.2)
        for height in heights[len(rows) :]:
            beside(axes, say("未发现", "none found"), height, 4, side=0.0, ha="left", color=GREY)
        axes.set_label(told(say, [*(_spoken(say, row) for row in rows), *(_none(say, finding) for finding in empty)]))
    return axes


def _rows(what: Findings | pd.DataFrame, by: str) -> tuple[list[Any], list[str]]:
    """Return the rows of the grouping, the most confirmed first within each finding, and the findings that have none."""
    if isinstance(what, Findings):
        sought = tuple(code for code in SOUGHT if code in what.sought)
        table, names = by_cause(what, finding=sought), [what.named(code) for code in sought]
    else:
        table, names = _checked(what), list(dict.fromkeys(what["finding"])) or ["错退、漏评"]
    if len(table):
        one_of("by", by, {name: name for name in table["by"]}, ReportError, "分组")
    shown = table[(table["by"] == by) & (table["households"] > 0)]
    place = shown["finding"].map({name: at for at, name in enumerate(names)})
    shown = shown.assign(place=place).sort_values(
        ["place", "confirmed_households", "households"], ascending=[True, False, False], kind="stable"
    )  # fmt: skip
    return list(records(shown)), [name for name in names if name not in set(shown["finding"])]


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    lacking = [name for name in COLUMNS if name not in getattr(table, "columns", ())]
    if lacking:
        raise ReportError(f"成因表缺列 {'、'.join(lacking)}｜应有 {'、'.join(COLUMNS)}｜用 ev.by_cause(…) 的表，或直接给出 Findings")
    return table


def _title(say: Say, by: str) -> str:
    return say(f"认定与疑似的户，按{by}", "Confirmed and suspected households by " + ("item" if by == ITEM else by))


def _cells(row: Any, shares: bool) -> tuple[str, ...]:
    return (plain(row.confirmed_households), plain(row.households), *([percent(row.share, 1)] if shares else []))


def _note(say: Say, by: str, shares: bool) -> str:
    zh, en = "实心为认定户数，空框为疑似户数", "Full bars: confirmed households; frames: suspected"
    if by == ITEM:
        zh, en = f"{zh}；同一户可有几个事项", f"{en}; a household can fall under several items"
    zh, en = f"{zh}；认定不足 {ENOUGH} 户的只列户数", f"{en}; no percentages of fewer than {ENOUGH} confirmed"
    return say(zh, en)


def _spoken(say: Say, row: Any) -> str:
    name, raised, firm = f"{word(say, row.finding)} {word(say, row.category)}", plain(row.households), plain(row.confirmed_households)
    share = "" if is_blank(row.share) else say(f"，占认定 {percent(row.share, 1)}", f", {percent(row.share, 1)} of confirmed")
    homes = "household" if row.confirmed_households == 1 else "households"
    return say(f"{name}：疑似 {raised} 户，认定 {firm} 户{share}", f"{name}: suspected {raised}, confirmed {firm} {homes}{share}")


def _none(say: Say, finding: str) -> str:
    return say(f"{finding}：未发现", f"{word(say, finding)}: none found")
