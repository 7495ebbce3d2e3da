"""What of a registry export is to be asked about: words that the registry does not have, years and incomes that can hardly be."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalkit.errors import Fault
from evalkit.intake.layouts import MONTHS
from evalkit.screening import Check, screen_rows

# the words of the registry's own lists, brackets half-width; others are not wrong for certain, but have to be explained
WORDS: dict[str, tuple[str, ...]] = {
    "attribute": ("一般贫困户", "低保户", "五保户", "低保贫困户", "五保贫困户", "特困供养贫困户", "一般农户"),
    "exit_status": ("已脱贫", "未脱贫", "预脱贫", "返贫", "稳定脱贫", "已脱贫(享受政策)", "已脱贫(不享受政策)"),
    "relation": (
        "户主", "本人或户主", "本人", "配偶", "之子", "之女", "之儿媳", "之女婿", "之孙子", "之孙女", "之外孙子",
        "之外孙女", "之孙媳", "之孙女婿", "之曾孙子", "之曾孙女", "之父", "之母", "之岳父", "之岳母", "之公公", "之婆婆",
        "之祖父", "之祖母", "之外祖父", "之外祖母", "之兄弟姐妹", "之兄弟媳妇", "之叔伯", "之侄儿", "之侄女", "之外甥", "之外甥女",
        "其他",
    ),
    "type": ("脱贫户", "一般农户", "脱贫不稳定户", "边缘易致贫户", "突发严重困难户", "监测户"),
    "monitored": ("脱贫不稳定户", "边缘易致贫户", "突发严重困难户"),
}  # fmt: skip
FIRST_YEAR, LAST_EXIT, LAST_YEAR = 2013, 2020, 2035  # the registry was begun at the end of 2013; nobody was said to have exited after 2020
MOST_INCOME = 100_000  # yuan a person and year
OF_HOUSEHOLD = ("attribute", "exit_status", "exit_year", "income", "type", "monitored", "identified", "risk_found", "risk_gone")


def doubtful(persons: pd.DataFrame, told: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return the cells to be asked about, in the order of the rows; what is said of a household is asked once.

    Parameters
    ----------
    persons : DataFrame
        After `check_persons`; ``index + 2`` is the row in the spreadsheet.
    told : mapping of str to str
        Own word → heading of the file.

    Examples
    --------
    >>> persons = pd.DataFrame({"household": ["H1", "H1"], "relation": ["户主", "之猫"], "income": [-5.0, -5.0]})
    >>> for fault in doubtful(persons, {"household": "户编号", "relation": "与户主关系", "income": "人均纯收入"}):
    ...     print(fault.line())
    第 2 行，人均纯收入：-5｜应在 0 至 100000 之间｜须核实：核对收入；亏损为负的，留有说明
    第 3 行，与户主关系｜不是登记系统的用词｜须核实：改为系统的写法，或说明其含义
    """
    again = persons["household"].duplicated() & (persons["household"] != "")
    found: list[Fault] = []
    for word, check in _checks(persons, told):
        rows = persons[~again] if word in OF_HOUSEHOLD else persons
        cells = rows[[word]].set_axis([told[word]], axis=1)
        if word in (*MONTHS, "exit_year"):
            cells = cells.apply(lambda column: column.str[:4])
        found += screen_rows(cells, rows.index.to_numpy(dtype="int64") + 2, [check]).faults()
    return tuple(sorted(found, key=lambda fault: fault.row or 0))


def _checks(persons: pd.DataFrame, told: Mapping[str, str]) -> list[tuple[str, Check]]:
    strange, remedy = "不是登记系统的用词", "改为系统的写法，或说明其含义"
    made = [(word, Check("one-of", told[word], values=words, action="ask", rule=strange, remedy=remedy)) for word, words in WORDS.items()
            if word in persons]  # fmt: skip
    for word in (each for each in (*MONTHS, "exit_year") if each in persons):
        last = LAST_EXIT if word == "exit_year" else LAST_YEAR
        rule = f"年份应在 {FIRST_YEAR} 至 {last} 之间"
        made.append((word, Check("range", told[word], low=FIRST_YEAR, high=last, action="ask", rule=rule, remedy="核对年份")))
    if "income" in persons:
        remedy = "核对收入；亏损为负的，留有说明"
        made.append(("income", Check("range", told["income"], low=0, high=MOST_INCOME, action="ask", remedy=remedy)))
    return made
