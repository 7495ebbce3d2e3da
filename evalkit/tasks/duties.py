"""Duties by frequency: how often each unit must do what, what it did, and in which periods it did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from evalkit.errors import Faults, FieldworkError, one_of
from evalkit.filledin import Filled, read_several, refuse_several, save_book
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.problems import problem_rows, refuse_uncoded
from evalkit.sheets import Page
from evalkit.sheets.moments import moment
from evalkit.showing import Rows, Shown, table_of

EVERY = MappingProxyType({"每周": "W-SUN", "每月": "M", "每季度": "Q-DEC", "每年": "Y-DEC"})  # a week is Monday to Sunday
FIVE_CHECKS = MappingProxyType(
    {  # 莱芜 2018: two lists that share their name
        "行业部门": ("通报督查", "专项督查", "观摩督查", "晾晒督查", "互动督查"),
        "区镇": ("亮灯督查", "专业督查", "观摩督查", "通报督查", "互动督查"),
    }
)
KEYS = ["单位", "职责"]
MEASURES = ("缺", "到位率")
UNKNOWN, OUTSIDE = "职责表中没有这个单位的这项职责", "不在完整的时段内"


@dataclass(frozen=True, eq=False, repr=False)
class Duties(Shown):
    """Duties held against what was done.

    Parameters
    ----------
    _rows : DataFrame
        One row a unit, duty and period: 单位, 所属 (the unit itself where the table has no such column), 职责, 频次, 时段, 起, 止, 应做,
        已做, 缺 (never below 0: doing more in one period does not make up for another).
    _strays : DataFrame
        Records that count for nothing: 行, 单位, 职责, 日期, 原因.
    """

    _rows: pd.DataFrame
    _strays: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """Return one row a unit, duty and period: how often it was due, done, and not done."""
        return self._rows.copy(deep=False)

    @property
    def strays(self) -> pd.DataFrame:
        """Return the records that count for nothing, with their rows and why."""
        return self._strays.copy(deep=False)

    @takes(FieldworkError)
    def table(self, by: Literal["单位", "所属"] = "单位") -> pd.DataFrame:
        """Return one row a unit (or 所属, such as the township of its officers) and duty.

        Returns
        -------
        DataFrame
            The column of `by`, 职责, 频次, 时段 (how many), 应做, 已做, 缺, 缺的时段, 到位率 = 1 − 缺/应做.
        """
        one_of("by", by, {"单位": "每个单位一行", "所属": "每个所属单位一行"}, FieldworkError, "分法")
        keys = [by, "职责", "频次"]
        rows = self._rows.assign(short=self._rows["缺"] > 0)
        sums = {name: (name, "sum") for name in ("应做", "已做", "缺")}
        asked = {"时段": ("时段", "size"), **sums, "缺的时段": ("short", "sum")}
        made = rows.groupby(keys, sort=False).agg(**asked).reset_index()
        return made.assign(到位率=1 - made["缺"] / made["应做"])

    def missed(self) -> pd.DataFrame:
        """Return the periods in which something is missing, with their dates."""
        return self._rows[self._rows["缺"] > 0].reset_index(drop=True)

    @takes(FieldworkError)
    def values(self, codes: Mapping[str, Any], *, day: str, source: str, by: Literal["单位", "所属"] = "单位") -> pd.DataFrame:
        """Return the values that a system of indicators scores, for `score` and `evalkit score --values`.

        Parameters
        ----------
        codes : mapping of duty to (code, measure)
            The indicator that a duty goes into, and what it takes: 缺 (how often it was not done) or 到位率.
        day, source : str
            Day of the values, and the records they were counted from.

        Returns
        -------
        DataFrame
            对象, 代码, 值, 来源, 日期, 提供单位 (the units themselves).
        """
        table = self.table(by)
        faults, example = Faults("codes"), '写如 {"研究扶贫工作": ("1", "缺")}'
        for duty, given in codes.items():
            if duty not in set(table["职责"]):
                faults.add(None, duty, None, "没有这项职责", f"可用：{'、'.join(dict.fromkeys(table['职责']))}")
            if not isinstance(given, tuple | list) or len(given) != 2 or given[1] not in MEASURES:
                faults.add(None, duty, None, f"应为指标代码与 {'、'.join(MEASURES)} 之一", example)
        if not codes:
            faults.add(None, "codes", None, "没有写哪项职责进哪个指标", example)
        faults.refuse(FieldworkError)
        rows: list[Any] = [row for row in table.to_dict("records") if row["职责"] in codes]
        told = [(row[by], str(codes[row["职责"]][0]), float(row[codes[row["职责"]][1]]), source, day, row[by]) for row in rows]
        return pd.DataFrame(told, columns=["对象", "代码", "值", "来源", "日期", "提供单位"])

    @takes(FieldworkError)
    def problems(self, *, day: str, source: str, codes: Mapping[str, str], level: str) -> pd.DataFrame:
        """Return one problem for each unit and duty that was not fulfilled, as `list_problems` reads them.

        Parameters
        ----------
        day, source : str
            Day of the finding, and who found it.
        codes : mapping of duty to code
            The code in the taxonomy for each duty with something missing.
        level : {"村", "乡", "县"}
            What the units are.
        """
        short = self.table()
        rows: list[Any] = list(short[short["缺"] > 0].itertuples(index=False))
        refuse_uncoded([row.职责 for row in rows], codes)
        told = [f"{row.职责}：{row.频次}，应做 {row.应做} 次，{row.时段} 个时段中 {row.缺的时段} 个不足，共缺 {row.缺} 次" for row in rows]
        made = [(f"履职/{row.单位}/{row.职责}", level, row.单位, "", codes[row.职责], text) for row, text in zip(rows, told, strict=True)]
        return problem_rows(made, day=day, source=source)

    @takes(FieldworkError)
    def save(self, path: str | Path) -> Path:
        """Write a workbook: units and duties, the periods in which something is missing, the records that count for nothing."""
        note = ["一个时段多做的，不抵另一个时段缺的；不完整的时段不计。"]
        pages = {"汇总": Page("职责履行情况", self.table(), formats={"到位率": "0.00%"}, widths={"到位率": 10.0}, notes=note)}
        if (self._rows["所属"] != self._rows["单位"]).any():
            pages["按所属"] = Page("按所属单位", self.table("所属"), formats={"到位率": "0.00%"}, widths={"到位率": 10.0})
        return save_book(path, pages | {"缺的时段": Page("", self.missed()), "不计的记录": Page("", self._strays)})

    def _rows_shown(self) -> Rows:
        return table_of(self._rows.groupby("职责", sort=False)[["应做", "已做", "缺"]].sum().reset_index())

    def __repr__(self) -> str:
        rows = self._rows
        size = f"{rows['单位'].nunique()} 个单位 {len(rows[KEYS].drop_duplicates())} 项职责"
        stray = f"；{len(self._strays)} 条记录不计" if len(self._strays) else ""
        return f"Duties {size}：应做 {rows['应做'].sum()} 次，缺 {rows['缺'].sum()} 次，{int((rows['缺'] > 0).sum())} 个时段不足{stray}"


@takes(FieldworkError)
def five_checks(kind: str, units: Iterable[str], every: str) -> pd.DataFrame:
    """Return the five kinds of inspection (五查) of 莱芜 as duties.

    Parameters
    ----------
    kind : str
        行业部门 or 区镇: two different lists.
    units : iterable of str
    every : str
        每周, 每月, 每季度 or 每年; the published rule does not say.

    Examples
    --------
    >>> five_checks("区镇", ["甲区"], "每季度")["职责"].tolist()
    ['亮灯督查', '专业督查', '观摩督查', '通报督查', '互动督查']
    """
    names = one_of("kind", kind, FIVE_CHECKS, FieldworkError, "五查")
    one_of("every", every, dict.fromkeys(EVERY, ""), FieldworkError, "频次")
    rows = [(unit, name, every, 1) for unit in as_list(units) for name in names]
    return pd.DataFrame(rows, columns=[*KEYS, "频次", "次数"])


@takes(FieldworkError)
def check_duties(duties: Any, done: Any, *, first: str, last: str) -> Duties:
    """Hold duties by frequency against what was done between two days.

    Parameters
    ----------
    duties : table or path
        单位, 职责, 频次 (每周, 每月, 每季度, 每年); and where there are such columns 次数 (in each period, else 1) and 所属.
    done : table or path
        单位, 职责, 日期; one row a day, with 次数 where it was more than once on that day.
    first, last : str
        The days between which periods count. A period that does not lie wholly between them is left out: nobody can be late with
        it. There is no clock: the days are the caller's.

    Returns
    -------
    Duties

    Raises
    ------
    FieldworkError
        With every fault of both tables: missing headings, blanks, other frequencies, a duty twice, a record twice, dates that are none;
        days in the wrong order; a duty of which no whole period lies between the days.

    Examples
    --------
    >>> duties = pd.DataFrame({"单位": ["甲镇"], "职责": ["研究扶贫工作"], "频次": ["每周"]})
    >>> done = pd.DataFrame({"单位": "甲镇", "职责": "研究扶贫工作", "日期": ["2018-01-03", "2018-01-04", "2018-01-16"]})
    >>> check_duties(duties, done, first="2018-01-01", last="2018-01-28")
    Duties 1 个单位 1 项职责：应做 4 次，缺 2 次，2 个时段不足
    """
    begin, end = (moment(day)[:10] for day in (first, last))
    if not begin or not end or begin > end:
        raise FieldworkError(f'first = {first!r}, last = {last!r}｜应为先后两天｜写如 first="2018-01-01", last="2018-03-31"')
    declared, records = _read(duties, done, begin, end)
    periods = {every: _periods(every, begin, end) for every in dict.fromkeys(declared["频次"])}
    rows = pd.concat([declared[declared["频次"] == every].merge(made, how="cross") for every, made in periods.items()])
    rows = rows.sort_values(["_order", "起"], kind="stable", ignore_index=True)
    counted, used = _counted(rows, records)
    rows = rows.assign(已做=counted, 缺=(rows["应做"] - counted).clip(lower=0))
    strays = records[~records.index.isin(used)]
    known = pd.MultiIndex.from_frame(strays[KEYS]).isin(pd.MultiIndex.from_frame(declared[KEYS]))
    reasons = pd.Series(OUTSIDE, index=strays.index).where(known, UNKNOWN)
    strays = strays[["行", *KEYS, "日期"]].assign(原因=reasons).reset_index(drop=True)
    return Duties(rows[["单位", "所属", "职责", "频次", "时段", "起", "止", "应做", "已做", "缺"]], strays)


def _read(duties: Any, done: Any, begin: str, end: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the duties and the records, or refuse both tables with all their faults."""
    asked = (duties, "职责表", (*KEYS, "频次"), ("次数", "所属")), (done, "履职记录", (*KEYS, "日期"), ("次数",))
    wanted, made = read_several(*asked)
    wanted.require(*KEYS)
    wanted.once(*KEYS)
    _note_periods(wanted, begin, end)
    made.require(*KEYS, "日期")
    days = made.days("日期")
    again = made.rows[KEYS].assign(日期=days).duplicated() & (days != "") & (made.rows[KEYS] != "").all(axis=1)
    made.note(again, "、".join([*KEYS, "日期"]), "与前面一行重复", "只留一行；一天几次的，另加“次数”列")
    need, often = _times(wanted), _times(made)
    refuse_several([wanted, made])
    owner = wanted.rows["所属"].where(wanted.rows["所属"] != "", wanted.rows["单位"])
    declared = wanted.rows[[*KEYS, "频次"]].assign(应做=need.astype(int), 所属=owner, _order=range(len(need)))
    return declared, made.rows[KEYS].assign(日期=days, 次数=often.astype(int), 行=made.rows.index + 2).reset_index(drop=True)


def _note_periods(wanted: Filled, begin: str, end: str) -> None:
    """Note frequencies that are none, and those of which no whole period lies between the days."""
    every = wanted.word("频次", tuple(EVERY))
    short = [each for each in EVERY if (every == each).any() and _periods(each, begin, end).empty]
    wanted.note(every.isin(short), "频次", f"{begin} 至 {end} 之间没有一个完整的时段", "改起止日期，或去掉这项职责")


def _times(filled: Filled) -> pd.Series:
    """Return how often, 1 where the table does not say; note what is no whole number from 1."""
    if "次数" not in filled.given:
        return pd.Series(1.0, index=filled.rows.index)
    times = filled.numbers("次数")
    filled.note(times.notna() & ((times < 1) | (times % 1 != 0)), "次数", "应为不小于 1 的整数", "改正；没有做的不写")
    filled.require("次数")
    return times


def _periods(every: str, begin: str, end: str) -> pd.DataFrame:
    """Return the whole periods between two days: 时段, 起, 止."""
    found = pd.period_range(begin, end, freq=EVERY[every])
    rows = [(_named(every, each), f"{each.start_time:%Y-%m-%d}", f"{each.end_time:%Y-%m-%d}") for each in found]
    table = pd.DataFrame(rows, columns=["时段", "起", "止"])
    return table[(table["起"] >= begin) & (table["止"] <= end)].reset_index(drop=True)


def _named(every: str, period: Any) -> str:
    start, year = period.start_time, period.end_time.year
    names = {"每周": f"{start:%Y-%m-%d} 起一周", "每月": f"{start:%Y-%m}", "每季度": f"{year}年{(start.month + 2) // 3}季度"}
    return names.get(every, f"{year}年")


def _counted(rows: pd.DataFrame, records: pd.DataFrame) -> tuple[pd.Series, set[int]]:
    """Return how often each duty was done in each period, and the records that counted."""
    records = records.assign(_record=records.index)
    held = rows.assign(_at=rows.index)[["_at", *KEYS, "起", "止"]].merge(records, on=KEYS)
    inside = held[(held["日期"] >= held["起"]) & (held["日期"] <= held["止"])]
    counts: pd.Series = inside.groupby("_at")["次数"].sum().reindex(rows.index, fill_value=0).astype(int)
    return counts, set(inside["_record"])
