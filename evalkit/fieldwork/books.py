"""Assignment books: one for each team and village, with the sealed reserves in that of their keeper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from evalkit.codes import mask_name
from evalkit.errors import FieldworkError
from evalkit.fieldwork.assignment import Assignment
from evalkit.fieldwork.lists import LIST, SEALED, Village, list_headings, listed_villages, mains_page, sealed_page
from evalkit.given import takes
from evalkit.patience import Progress, counted
from evalkit.sheets import Page, write_book

PLAN = "日程.xlsx"
CARE = "证件号码只显示前 6 位。册子由本组保管，用毕收回。"
ORDER = "按序号入户，主样本户不得自行调换。调查结果逐户填写；未完成的户写明原因，报主责组组长启封备用户。"
KEEPER = (
    "密封。本村备用户只有这一份，由{keeper}组长保管；主样本户未能完成时，写明原因方可启封。",
    "只用同一户类型的备用户，从启用顺序 1 起逐一使用，不得跳过；也未能完成时，启用下一顺序。",
    "每次启用须填写替换哪一户与启用原因。替换他组的户，由他组入户。",
)
MESSAGES = {
    "disposition": "入户之后无论成败都填写。从下拉列表中选择。",
    "替换原因": "未完成的户填写。从下拉列表中选择。",
    "替换哪一户": "被替换的主样本户的户编号。",
    "启用原因": "启封之前填写。从下拉列表中选择。",
}


@dataclass(frozen=True)
class Book:
    """What one team takes to one village.

    Parameters
    ----------
    team : str
    village : Village
    pages : dict of sheet name to Page
        入户名单, and 备用户（密封） where the team keeps it.
    """

    team: str
    village: Village
    pages: dict[str, Page]

    def place(self, folder: str | Path, ending: str) -> Path:
        """Return where the book lies: a folder for each team, a file for each village."""
        return Path(folder) / self.team / f"{self.village.file.removesuffix('.xlsx')}{ending}"


def assignment_books(assignment: Assignment) -> Iterator[Book]:
    """Yield the books of all teams, by village and in the order of its teams.

    Heads of household stand with their surname alone unless `[privacy] keep` names their column.

    Raises
    ------
    FieldworkError
        When two villages would share a file.
    """
    sample = assignment.sample
    drawn = sample.table("household").sort_values(["cell", "order"], kind="stable")
    kept = sample.design.rosters is not None and sample.design.rosters.head in sample.design.privacy.keep
    if "head" in drawn and not kept:
        drawn["head"] = drawn["head"].map(mask_name)
    whose = assignment.table().set_index(["village", "household"])["team"]
    by_village = {str(code): table for code, table in drawn.groupby("village")}
    for village in listed_villages(sample.table("village"), set(by_village)):
        mine = by_village[village.code]
        mains, reserves = mine[mine["role"] == "main"], mine[mine["role"] == "reserve"]
        teams = whose[village.code].reindex(mains["household"]).to_numpy()
        for team in assignment.teams_of(village.code):
            yield Book(team, village, _pages(assignment, village, team, mains[teams == team], reserves))


def _pages(assignment: Assignment, village: Village, team: str, mains: pd.DataFrame, reserves: pd.DataFrame) -> dict[str, Page]:
    design, teams = assignment.sample.design, assignment.teams_of(village.code)
    keeper, others = teams[0], [other for other in teams if other != team]
    shared = f"本村由{'、'.join(teams)}分户调查，各户只由一组入户。" if others else "本村由本组独自调查。"
    kept = f"主责组为{keeper}，备用户密封在其组长处。" if len(reserves) else "本村没有备用户。"
    messages = {list_headings(design).get(heading, heading): text for heading, text in MESSAGES.items()}
    footer = f"{team}　{village.name}"
    pages = {LIST: mains_page(village, mains, design, whose=f"{team} ", notes=(ORDER, shared + kept, CARE))}
    if team == keeper and len(reserves):
        pages[SEALED] = sealed_page(village, reserves, design, notes=(KEEPER[0].format(keeper=keeper), *KEEPER[1:]))
    return {name: replace(page, messages=messages, footer=footer) for name, page in pages.items()}


@takes(FieldworkError)
def write_books(assignment: Assignment, folder: str | Path, *, progress: Progress | None = None) -> list[Path]:
    """Write the assignment books as workbooks.

    Parameters
    ----------
    assignment : Assignment
    folder : str or pathlib.Path
        Made when absent; in it there is a folder for each team.
    progress : callable, optional
        Told a line a book.

    Returns
    -------
    list of pathlib.Path
        ``<team>/<village code>_<village name>.xlsx``. Each prints on A4 with its headings and page numbers on every page and
        offers the design's words as lists. The bytes depend on the sample, the teams and the seed alone.
    """
    books = list(assignment_books(assignment))
    return [write_book(book.place(folder, ".xlsx"), book.pages) for book in counted(books, "写册子", progress)]


@takes(FieldworkError)
def write_days(assignment: Assignment, folder: str | Path, start: str | date | None = None) -> Path:
    """Write the plan of days for those who lead: by day, by team, by village; the teams must not know the villages before.

    Parameters
    ----------
    assignment : Assignment
    folder : str or pathlib.Path
    start : str or datetime.date, optional
        The first day.

    Returns
    -------
    pathlib.Path
        日程.xlsx.
    """
    days, design = assignment.days(start), assignment.sample.design
    words = {"day": "第几天", "date": "日期", "team": "组", "village": "村代码", "name": "村名", "households": "户数", "done": "当天完成"}
    mark = "（模拟数据）" if design.simulated else ""
    least = f"共 {int(days['day'].max())} 天，按各组户数至少 {assignment.least_days} 天。日程只给总队长与抽样方，各组到当日才知道去哪个村。"
    teams = ("组", "人数", "每日户数", "村数", "户数", "组日", "最后一天", "须回避的样本村")
    villages = ("村代码", "村名", "户数", "各组", "主责组", "天数", "第几天开始")
    footer = f"{design.evaluation.county}各组日程"
    pages = {
        "日程": Page(f"{footer}{mark}", days.rename(columns=words), notes=(least, *assignment.notes), footer=footer),
        "各组": Page(f"各组工作量{mark}", assignment.by_team().set_axis(list(teams), axis=1), footer=footer),
        "各村": Page(f"各村分组{mark}", assignment.by_village().set_axis(list(villages), axis=1), footer=footer),
    }
    return write_book(Path(folder) / PLAN, pages)
