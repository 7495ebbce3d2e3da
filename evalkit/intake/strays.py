"""Rows of a sheet that are no answers: totals, notes below the table, headings that stand there again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.errors import Faults

TOTALS = ("合计", "总计", "小计", "共计", "总数", "合 计", "总 计", "小 计")
NOTE = r"(?:注|备注|说明|填表|制表|审核|填报)\S*[:：].*"
FEWEST = 3  # columns of a table in which a row with one cell is no answer


def note_strays(table: pd.DataFrame, faults: Faults) -> None:
    """Note the rows that are no answers, so that they are neither counted nor estimated from.

    Parameters
    ----------
    table : DataFrame of str
        ``index + 2`` is the row in the spreadsheet.
    faults : Faults

    Examples
    --------
    >>> faults = Faults("回收表")
    >>> note_strays(pd.DataFrame({"户编号": ["1", "合计"], "收入": ["9", "9"], "结果": ["完成", ""]}), faults)
    >>> [fault.line() for fault in faults]
    ['第 3 行，户编号｜看来是合计行｜删去这一行']
    """
    if len(table.columns) < FEWEST or table.empty:
        return
    lead, head = table.iloc[:, :2], str(table.columns[0])
    first = lead.iloc[:, 0].where(lead.iloc[:, 0] != "", lead.iloc[:, 1])
    alone = (table.iloc[:, 2:] == "").to_numpy().all(axis=1) & (lead.iloc[:, 1] == "").to_numpy()
    again = np.all([table[name].to_numpy() == name for name in map(str, table.columns[:FEWEST])], axis=0)
    notes = first.str.fullmatch(NOTE).to_numpy(dtype=bool) & alone
    faults.add_rows(table.index[first.isin(TOTALS).to_numpy()], head, "看来是合计行", "删去这一行")
    faults.add_rows(table.index[notes], head, "看来是表下的说明", "删去这一行")
    faults.add_rows(table.index[again], head, "又是列名，看来另有一张表", "两张表分成两个文件，或删去这一行")
