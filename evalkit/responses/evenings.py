"""The check of the evening (当晚核查表): what is missing, illogical, double or to be verified, by team and day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.codes import shown, shown_headings
from evalkit.errors import Fault, FieldworkError
from evalkit.fieldwork.handed import Handed, Source, placed
from evalkit.given import needs, takes
from evalkit.responses.collecting import examined
from evalkit.sheets import Page, write_book, write_csv

if TYPE_CHECKING:
    from evalkit.sample import Sample

KINDS = ("缺答", "不合逻辑", "重复", "待核")
COLUMNS = ["team", "day", "kind", "village", "household", "file", "row", "column", "value", "rule", "remedy"]
HEADINGS = dict(zip(COLUMNS, ("组", "日期", "类别", "村代码", "户编号", "文件", "行", "列", "值", "问题", "处理"), strict=True))
LACKING = ("空白", "没有回答", "没有答", "没有结果", "缺")
NOBODY = "（不明）"


@takes(FieldworkError)
def nightly(sample: Sample, returns: Source, *, team: str = "", day: str = "") -> pd.DataFrame:
    """Return what each team has to put right tonight.

    Parameters
    ----------
    sample : Sample
    returns : DataFrame, path, folder, or several paths
        As for `collect`; nothing is refused but a file that cannot be read.
    team, day : str
        Columns of the returns that hold the team and the day of the interview; empty when there are none.

    Returns
    -------
    pandas.DataFrame
        One row a finding: team, day, kind (缺答, 不合逻辑, 重复, 待核), village, household, file, row, column, value, rule,
        remedy. Values are those of messages: numbers, and words much like the design's; never a cell of a personal column.

    Raises
    ------
    FieldworkError
        When a column that is named is not there.
    """
    found = examined(sample, returns, "keep")
    absent = [name for name in (team, day) if name and name not in found.handed.table]
    if absent:
        here = shown_headings(found.handed.table.columns)
        remedy = "--team、--day 写组与日期所在的列名（不是组名和日期），或不写；现有："
        raise FieldworkError(f"{'、'.join(absent)}｜回收表中没有这一列｜{remedy}{here}")
    at = {(str(file), int(row)): i for i, (file, row) in enumerate(zip(found.handed.files, found.handed.rows, strict=True))}
    doubtful = [(fault, _kind(fault, doubted)) for doubted, faults in ((False, found.faults), (True, found.doubts)) for fault in faults]
    columns = found.handed.table.columns
    rows = [_row(found.handed, at, fault, kind, (team, day), sample) for fault, kind in doubtful]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table = table if len(columns) else table.iloc[:0]
    return table.sort_values(["team", "day", "kind", "village", "household", "row"], kind="stable").reset_index(drop=True)


@takes(FieldworkError)
def write_nightly(table: pd.DataFrame, folder: str | Path, *, title: str = "当晚核查表") -> list[Path]:
    """Write the check of the evening: one workbook with a sheet a team, and one CSV of all.

    Parameters
    ----------
    table : pandas.DataFrame
        As `nightly` gives it.
    folder : str or pathlib.Path

    Returns
    -------
    list of pathlib.Path
    """
    needs(table, COLUMNS, "当晚核查表", FieldworkError)
    named = table.rename(columns=HEADINGS)
    counts = table.groupby(["team", "day", "kind"]).size().unstack("kind", fill_value=0).reindex(columns=list(KINDS), fill_value=0)
    summary = counts.assign(合计=counts.sum(axis=1)).reset_index().rename(columns=HEADINGS).rename_axis(columns=None)
    pages = {"汇总": Page(f"{title}：{len(table)} 处", summary)}
    widths = {"列": 22.0, "问题": 36.0, "处理": 36.0, "处理结果": 16.0}
    for team, mine in named.groupby("组", sort=True):
        notes = ("逐条处理，当晚交组长；处理结果写 已改、属实 或 待复访。",)
        body = mine.drop(columns="组").assign(处理结果="")
        pages[str(team)] = Page(
            f"{title}｜{team}：{len(mine)} 处", body, widths=widths, choices={"处理结果": ("已改", "属实", "待复访")}, notes=notes
        )
    place = Path(folder)
    return [write_book(place / f"{title}.xlsx", pages), write_csv(named, place / f"{title}.csv")]


def _row(
    handed: Handed, at: dict[tuple[str, int], int], fault: Fault, kind: str, named: tuple[str, str], sample: Sample
) -> tuple[object, ...]:
    columns = sample.design.returns
    assert columns is not None
    file, column = _placed(handed, fault)
    i = at.get((file, fault.row or 0)) if fault.row is not None else None
    if i is None:
        village = next((v for v in sample.villages if v in fault.value), "")
        return (NOBODY, "", kind, village, "", file, fault.row, column, fault.value, fault.rule, fault.remedy)
    cells = handed.table.iloc[i]
    team, day = (str(cells[name]) or NOBODY if name else "" for name in named)
    who = (team or "全部", day, kind, shown(cells[columns.village]), shown(cells[columns.household]))
    return (*who, file, fault.row, column, fault.value, fault.rule, fault.remedy)


def _placed(handed: Handed, fault: Fault) -> tuple[str, str]:
    """Return the file and the column of a fault, whose column carries the file where there are several."""
    for file in dict.fromkeys(str(file) for file in handed.files):
        lead = placed(file, "")
        if file and fault.column.startswith(lead):
            return file, fault.column.removeprefix(lead)
    return "", fault.column


def _kind(fault: Fault, doubted: bool) -> str:
    if "重复" in fault.rule:
        return KINDS[2]
    if any(word in fault.rule for word in LACKING):
        return KINDS[0]
    return KINDS[3] if doubted or "备用" in fault.rule or "样本" in fault.rule or "抽中" in fault.rule else KINDS[1]
