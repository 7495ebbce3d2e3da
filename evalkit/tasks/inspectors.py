"""Points of inspectors from their attendance and their problems (泌阳: 积分制), published day by day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import FieldworkError
from evalkit.fieldwork.boards import POINTS
from evalkit.filledin import Filled, read_several, refuse_several, save_book
from evalkit.given import takes
from evalkit.sheets import Page
from evalkit.sheets.moments import moment
from evalkit.showing import Rows, Shown, table_of

WHO, DAY, NUMBER = "督查员", "日期", "问题编号"
PRESENCE = PRESENT, LEAVE, ABSENT = "出勤", "请假", "缺勤"
PROOFS = REBUTTED, STANDS, OPEN = "有效", "无效", "待定"
TABLES = {
    "出勤表": {
        WHO: "必填。代号，不写姓名",
        DAY: "必填。如 2018-11-15，一人一天一行",
        "出勤": f"必填。{'、'.join(PRESENCE)}；经批准的才是请假",
    },
    "督查问题": {
        NUMBER: "必填。不重复",
        WHO: "必填。与出勤表相同",
        DAY: "必填。发现的日期",
        "举证": f"必填。所查乡村的举证：{'、'.join(PROOFS)}；不能有效举证的写{STANDS}",
    },
}


@dataclass(frozen=True, eq=False, repr=False)
class Inspectors(Shown):
    """Points of inspectors.

    Parameters
    ----------
    _days : DataFrame
        One row an inspector and day: 督查员, 日期, 出勤, 问题, 未被反驳, 待定, 当日积分, 累计积分.
    """

    _days: pd.DataFrame

    def _rows_shown(self) -> Rows:
        return table_of(self._days.groupby(DAY)[["问题", "未被反驳", "待定", "当日积分"]].sum().reset_index())

    def daily(self) -> pd.DataFrame:
        """Return what is published day by day: 日期, 督查员, 出勤, 问题, 未被反驳, 待定, 当日积分, 累计积分, in order of day."""
        return self._days.sort_values([DAY, WHO], kind="stable", ignore_index=True)

    @takes(FieldworkError)
    def table(self, day: str = "") -> pd.DataFrame:
        """Return one row an inspector, most points first: 督查员, 出勤, 请假, 缺勤, 问题, 未被反驳, 待定, 积分, 名次.

        Parameters
        ----------
        day : str
            Up to this day; all days when left out. Inspectors of the same points share the better place.
        """
        until = moment(day)[:10] if day else ""
        if day and not until:
            raise FieldworkError("day｜不是日期｜写如 2018-11-20")
        known = self._days[self._days[DAY] <= until] if until else self._days
        if known.empty:
            raise FieldworkError(f"day｜到 {until} 还没有一条出勤记录｜改正日期")
        counts = pd.crosstab(known[WHO], known["出勤"]).reindex(columns=list(PRESENCE), fill_value=0)
        sums = known.groupby(WHO)[["问题", "未被反驳", "待定", "当日积分"]].sum().rename(columns={"当日积分": "积分"})
        made = counts.join(sums).rename_axis(columns=None).reset_index()
        made = made.assign(名次=made["积分"].rank(method="min", ascending=False).astype(int))
        return made.sort_values(["名次", WHO], kind="stable", ignore_index=True)

    @takes(FieldworkError)
    def save(self, path: str | Path) -> Path:
        """Write a workbook: points so far, points day by day."""
        told = "，".join(f"{name} {value:+d}" for name, value in POINTS.items())
        notes = [f"{told}；经批准请假的不计分；举证待定的先不计。"]
        return save_book(path, {"积分": Page("督查积分", self.table(), notes=notes), "每日": Page("每日积分", self.daily())})

    def __repr__(self) -> str:
        table = self.table()
        absent, stands, waiting = (int(table[name].sum()) for name in (ABSENT, "未被反驳", "待定"))
        return f"Inspectors {len(table)} 人 {self._days[DAY].nunique()} 天：缺勤 {absent} 次，未被反驳 {stands} 个，待定 {waiting} 个"


@takes(FieldworkError)
def inspector_points(attendance: Any, problems: Any = None) -> Inspectors:
    """Count the points of inspectors: −2 for a day's absence without leave, +1 for a problem that the village could not rebut.

    Parameters
    ----------
    attendance : table or path
        督查员, 日期, 出勤 (出勤, 请假 with leave, 缺勤 without); one row an inspector and day.
    problems : table or path, optional
        问题编号, 督查员, 日期, 举证 (of the village: 有效, 无效, 待定); one row a problem. Left out while there is none.

    Returns
    -------
    Inspectors

    Raises
    ------
    FieldworkError
        With every fault of both tables: missing headings, blanks, other words, dates that are none, a day or a problem twice, a problem
        found on a day on which the inspector was not there.

    Examples
    --------
    >>> attendance = pd.DataFrame([("D1", "2018-11-15", "出勤"), ("D2", "2018-11-15", "缺勤")], columns=["督查员", "日期", "出勤"])
    >>> problems = pd.DataFrame([("P1", "D1", "2018-11-15", "无效")], columns=["问题编号", "督查员", "日期", "举证"])
    >>> inspector_points(attendance, problems).table()[["督查员", "积分", "名次"]].values.tolist()
    [['D1', 1, 1], ['D2', -2, 2]]
    """
    given = [("出勤表", attendance), *([] if problems is None else [("督查问题", problems)])]
    there, *more = read_several(*((source, name, TABLES[name], ()) for name, source in given))
    days = _dated(there, "出勤", PRESENCE)
    there.note(days.duplicated([WHO, DAY]) & (days[[WHO, DAY]] != "").all(axis=1), f"{WHO}、{DAY}", "与前面一行重复", "只留一行")
    founds = [_founds(each, days) for each in more]
    refuse_several([there, *more])
    return Inspectors(_counted(days, founds[0] if founds else pd.DataFrame(columns=list(TABLES["督查问题"]))))


def _founds(found: Filled, days: pd.DataFrame) -> pd.DataFrame:
    """Return the problems; note those twice, and those of a day on which the inspector was not there."""
    founds = _dated(found, "举证", PROOFS)
    found.require(NUMBER)
    found.once(NUMBER)
    present = pd.MultiIndex.from_frame(days.loc[days["出勤"] == PRESENT, [WHO, DAY]])
    away = ~pd.Series(pd.MultiIndex.from_frame(founds[[WHO, DAY]]).isin(present), index=founds.index)
    found.note(away & (founds[[WHO, DAY]] != "").all(axis=1), DAY, f"出勤表中{WHO}这一天没有出勤", "改正其中一张表")
    return founds


def _dated(filled: Filled, column: str, words: tuple[str, ...]) -> pd.DataFrame:
    """Return a table with its days in ISO form; note what is blank, no date, or another word."""
    filled.require(WHO, DAY)
    filled.word(column, words)
    return filled.rows.assign(**{DAY: filled.days(DAY)})


def _counted(days: pd.DataFrame, founds: pd.DataFrame) -> pd.DataFrame:
    marks = founds.assign(问题=1, 未被反驳=founds["举证"] == STANDS, 待定=founds["举证"] == OPEN)
    sums = marks.groupby([WHO, DAY])[["问题", "未被反驳", "待定"]].sum().astype(int)
    rows = days[[WHO, DAY, "出勤"]].merge(sums, on=[WHO, DAY], how="left").fillna({name: 0 for name in sums})
    rows = rows.astype(dict.fromkeys(sums, int)).sort_values([WHO, DAY], kind="stable", ignore_index=True)
    points = POINTS["问题未被反驳"] * rows["未被反驳"] + POINTS["缺勤"] * (rows["出勤"] == ABSENT).astype(int)
    return rows.assign(当日积分=points, 累计积分=points.groupby(rows[WHO]).cumsum())
