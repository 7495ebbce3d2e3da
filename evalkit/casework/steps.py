"""Procedure of identification and exit: the order of its dates, the days of notice, the signatures; and statuses that changed.

A fault of procedure is a problem of the village or township. It is never 错退: the household is not recoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import Faults, LedgerError, ResponsesError
from evalkit.given import takes
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.sample import Sample

STEPS = ("评议", "核实", "认可", "公示", "公告", "销号")
COLUMNS = ("village", "household", "item", "rule", "evidence")
Problem = tuple[str, str, str, str, str]


@dataclass(frozen=True, eq=False)
class Procedure(Shown):
    """The procedure of each household held against the rules.

    Attributes
    ----------
    households : int
    """

    households: int
    _problems: pd.DataFrame

    def problems(self) -> pd.DataFrame:
        """Return one row a fault: village, household, item (the step), rule, evidence (the dates as they are written)."""
        return self._problems.copy()

    def counts(self) -> pd.DataFrame:
        """Return how many households break each rule: item, rule, households."""
        return self._problems.groupby(["item", "rule"], sort=False).size().rename("households").reset_index()

    def _rows_shown(self) -> Rows:
        return table_of(self.counts(), {"item": "程序", "rule": "规则", "households": "户"})

    def __repr__(self) -> str:
        whose = len(self._problems[["village", "household"]].drop_duplicates())
        told = f"{whose} 户共 {len(self._problems)} 处程序问题（不计错退）"
        return f"Procedure {self.households} 户：{self.households - whose} 户程序齐全，{told}"


@takes(LedgerError)
def procedure(
    table: pd.DataFrame,
    *,
    village: str,
    household: str,
    dates: Mapping[str, str],
    notice: tuple[str, str],
    notice_days: int,
    signatures: Mapping[str, str] | None = None,
    signed: Sequence[str] = ("是",),
) -> Procedure:
    """Hold the dates and signatures of each household against the rules of the procedure.

    Parameters
    ----------
    table : DataFrame
        One row a household.
    village, household : str
        Columns that name it.
    dates : mapping of step to column
        The steps in their order, such as 评议, 核实, 认可, 公示, 公告, 销号; two steps may fall on one day.
    notice : (str, str)
        Columns of the first and the last day of the public notice.
    notice_days : int
        Least number of days of the notice, both ends counted. No default: the rule of the place decides (5 and 7 days are in use).
    signatures : mapping of paper to column, optional
    signed : sequence of str
        Answers that mean signed.

    Returns
    -------
    Procedure

    Raises
    ------
    ResponsesError
        With the columns that are absent, or a number of days below 1.

    Examples
    --------
    >>> table = pd.DataFrame({"村": ["甲", "甲"], "户": ["1", "2"], "评议": ["2018-09-01", "2018-09-10"], "核实": ["2018-09-03"] * 2,
    ...     "公示起": ["2018-09-05"] * 2, "公示止": ["2018-09-11", "2018-09-09"]})
    >>> made = procedure(table, village="村", household="户", dates={"评议": "评议", "核实": "核实", "公示": "公示起"},
    ...     notice=("公示起", "公示止"), notice_days=7)
    >>> made
    Procedure 2 户：1 户程序齐全，1 户共 2 处程序问题（不计错退）
    >>> made.problems()[["household", "rule"]].to_numpy().tolist()
    [['2', '核实应不早于评议'], ['2', '公示应不少于 7 天']]
    >>> made.problems()["evidence"].tolist()
    ['评议 2018-09-10，核实 2018-09-03', '2018-09-05 至 2018-09-09，共 5 天']
    """
    papers = dict(signatures or {})
    _refuse(table, [village, household, *dates.values(), *notice, *papers.values()], notice_days)
    columns = dict.fromkeys([*dates.values(), *notice])
    text = {column: table[column].fillna("").astype(str).str.strip() for column in columns}
    days = {column: pd.to_datetime(text[column], errors="coerce", format="%Y-%m-%d") for column in columns}
    found = [
        *_dates(text, days, dates, notice),
        *_order(text, days, dates),
        *_notice(text, days, dates, notice, notice_days),
        *((name, f"{name}应有签字", ~table[column].isin(list(signed)), "") for name, column in papers.items()),
    ]
    whose = table[[village, household]].astype(str)
    parts = [
        pd.DataFrame({"village": whose[village], "household": whose[household], "item": item, "rule": rule, "evidence": evidence})[mask]
        for item, rule, mask, evidence in found
    ]
    problems = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return Procedure(len(table), problems[list(COLUMNS)])


@takes(LedgerError)
def status_changes(sample: Sample, now: pd.DataFrame, *, village: str, household: str, stratum: str, date: str) -> pd.DataFrame:
    """List the drawn households whose kind changed after the date of the frame; none of them is recoded.

    Parameters
    ----------
    now : DataFrame
        The registry of a later date, with columns `village`, `household` and `stratum` (in the words of the sample).
    date : str
        That date.

    Returns
    -------
    DataFrame
        village, household, drawn_as, now, date, note.
    """
    _refuse(now, [village, household, stratum], 1)
    drawn = sample.table("household")[["village", "household", "stratum"]]
    later = now[[village, household, stratum]].astype(str).set_axis(["village", "household", "now"], axis=1)
    both = drawn.merge(later, on=["village", "household"])
    moved = both[both["stratum"] != both["now"]].rename(columns={"stratum": "drawn_as"}).reset_index(drop=True)
    return moved.assign(date=date, note="名单日期之后变更，仍按抽样时的类型计")


Check = tuple[str, str, pd.Series, "pd.Series | str"]


def _dates(
    text: Mapping[str, pd.Series], days: Mapping[str, pd.Series], dates: Mapping[str, str], notice: tuple[str, str]
) -> Iterable[Check]:
    """Yield the steps without a date, and what is none."""
    for item, column in {**dates, "公示截止": notice[1]}.items():
        blank, bad = text[column] == "", days[column].isna()
        yield item, f"{item}应有日期", blank, ""
        yield item, f"{item}日期应写成 年-月-日", bad & ~blank, text[column]


def _order(text: Mapping[str, pd.Series], days: Mapping[str, pd.Series], dates: Mapping[str, str]) -> Iterable[Check]:
    """Yield the steps that lie before the last step with a date."""
    names = list(dates)
    for at, item in enumerate(names[1:], 1):
        for before in names[:at]:
            first, then = dates[before], dates[item]
            between = [days[dates[name]] for name in names[names.index(before) + 1 : at]]
            nearest = pd.concat(between, axis=1).isna().all(axis=1) if between else True
            evidence = before + " " + text[first] + "，" + item + " " + text[then]
            yield item, f"{item}应不早于{before}", (days[then] < days[first]) & nearest, evidence


def _notice(
    text: Mapping[str, pd.Series], days: Mapping[str, pd.Series], dates: Mapping[str, str], notice: tuple[str, str], least: int
) -> Iterable[Check]:
    start, end = notice
    long = (days[end] - days[start]).dt.days + 1
    evidence = text[start] + " 至 " + text[end] + "，共 " + long.fillna(0).astype(int).astype(str) + " 天"
    yield "公示", f"公示应不少于 {least} 天", long < least, evidence
    if "公告" in dates:
        after = days[dates["公告"]] <= days[end]
        yield "公告", "公告应在公示期满之后", after, "公示至 " + text[end] + "，公告 " + text[dates["公告"]]


def _refuse(table: pd.DataFrame, columns: Iterable[str], notice_days: int) -> None:
    faults = Faults("程序表")
    for column in dict.fromkeys(columns):
        if column not in table:
            faults.add(None, column, None, "表中没有这一列", "补上这一列，或改正列名")
    if isinstance(notice_days, bool) or not isinstance(notice_days, int) or notice_days < 1:
        faults.add(None, "notice_days", notice_days, "公示天数应为不小于 1 的整数", "按当地规则写，如 5、7")
    faults.refuse(ResponsesError)
