"""Deadlines: so many days after a day, by the calendar or in working days; the stages of a rectification with their dates."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import LedgerError, one_of

if TYPE_CHECKING:
    from evalkit.design.rectifying import WorkStage

COUNTINGS = {"calendar": "日历天，放假也算", "working": "工作日：周六、周日与所给的放假日不算，所给的调休日算"}
SATURDAY = 5
COLUMNS = ("stage", "begin", "end", "task")


def due_day(
    start: str, days: int, *, counting: str, holidays: Collection[str] | None = None, workdays: Collection[str] = ()
) -> str:
    """Return the day that lies so many days after another; the first day is not counted (民法典 第二百零一条).

    Parameters
    ----------
    start : str
        ``2019-03-19``.
    days : int
        At least 1.
    counting : {"calendar", "working"}
        No default. By the calendar a deadline that falls on a holiday stays there.
    holidays : collection of str, optional
        Days off beside Saturdays and Sundays; must be given, if empty, where working days are counted.
    workdays : collection of str
        Saturdays and Sundays that are worked.

    Raises
    ------
    LedgerError

    Examples
    --------
    >>> due_day("2019-03-19", 5, counting="calendar"), due_day("2019-03-19", 5, counting="working", holidays=[])
    ('2019-03-24', '2019-03-26')
    >>> due_day("2018-09-28", 3, counting="working", holidays=[f"2018-10-0{day}" for day in range(1, 8)], workdays=["2018-09-29"])
    '2018-10-09'
    """
    one_of("counting", counting, COUNTINGS, LedgerError, "数法")
    if days < 1:
        raise LedgerError(f"期限 {days} 天｜至少 1 天｜改正天数")
    at = iso_day(start)
    if counting == "calendar":
        return (at + timedelta(days=days)).isoformat()
    if holidays is None:
        raise LedgerError("按工作日数而没有给放假的日子｜放假安排逐年通知，不能猜｜写 holidays = [日期, …]；确实没有的写 []")
    off, worked = {iso_day(day) for day in holidays}, {iso_day(day) for day in workdays}
    if both := sorted(off & worked):
        raise LedgerError(f"{both[0]}｜同时写成放假与调休上班｜只留一处")
    while days:
        at += timedelta(days=1)
        days -= at in worked or (at.weekday() < SATURDAY and at not in off)
    return at.isoformat()


def iso_day(text: str) -> date:
    """Return a date from its ISO text.

    Raises
    ------
    LedgerError
    """
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise LedgerError(f"{text}｜不是日期｜写如 2018-06-10") from None


def stage_table(
    stages: Iterable[WorkStage],
    *,
    start: str = "",
    counting: str = "",
    holidays: Collection[str] | None = None,
    workdays: Collection[str] = (),
) -> pd.DataFrame:
    """Return the stages with their dates.

    Parameters
    ----------
    stages : iterable of WorkStage
        ``taxonomy.stage``, or ``design.problems.stage``.
    start : str
        Day of the feedback, from which stages with `days` are counted; a stage without a first day of its own begins there, or
        where none is given on its last day.
    counting, holidays, workdays
        As in `due_day`; asked for only where a stage has `days`.

    Returns
    -------
    DataFrame
        stage, begin, end, task.

    Examples
    --------
    >>> from evalkit.problems import read_taxonomy
    >>> stages = read_taxonomy("designs/taxonomies/ningshan_2019.toml").stage
    >>> stage_table(stages, start="2019-03-19", counting="calendar")[["stage", "begin", "end"]].values.tolist()
    [['制定方案', '2019-03-19', '2019-03-24'], ['全面整改', '2019-03-19', '2019-04-30'], ['督查核查', '2019-05-01', '2019-05-31']]
    """
    rows = []
    for stage in stages:
        if stage.days is not None and not start:
            raise LedgerError(f"阶段 {stage.name}｜是反馈后 {stage.days} 天，须知反馈的日期｜写 start = \"2019-03-19\"")
        end = stage.end or due_day(start, stage.days or 0, counting=counting, holidays=holidays, workdays=workdays)
        begin = stage.begin or start or end
        if begin > end:
            raise LedgerError(f"阶段 {stage.name}｜截止 {end} 早于开始 {begin}｜改正日期")
        rows.append((stage.name, begin, end, stage.task))
    return pd.DataFrame(rows, columns=list(COLUMNS))
