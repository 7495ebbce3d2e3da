"""Teams: how many they are, how much they do a day, and where they must not work."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.codes import division_fault, normalise
from evalkit.errors import DesignError, Faults, FieldworkError
from evalkit.fieldwork.handed import hand_in
from evalkit.fieldwork.lists import safe_name
from evalkit.privacy import personal_cells
from evalkit.tickets import sound_id

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.sample import Sample

SUBJECT = "调查组"
HEADINGS = ("组", "人数", "每人每日户数", "回避")
ANOTHER = "换一个名字：不重复，不含 / \\ : * ? \" < > | 与空格，如 一组"


@dataclass(frozen=True)
class Team:
    """One team.

    Parameters
    ----------
    name : str
        Names a folder and stands in a ticket: no blanks, no ``/`` or ``|``.
    size : int
        Interviewers.
    daily : int
        Households the whole team completes a day.
    homes : tuple of str
        Division codes or names of places where none of them may work.
    """

    name: str
    size: int
    daily: int
    homes: tuple[str, ...] = ()

    def avoids(self, code: str, places: Iterable[str]) -> bool:
        """Say whether a village lies in a home of the team.

        Parameters
        ----------
        code : str
            Of the village; the front of a 12-digit division code names the township, the county and the province.
        places : iterable of str
            What the list says of where the village lies: its name, township, county.

        Examples
        --------
        >>> Team("一组", 4, 24, ("411726",)).avoids("411726101201", ["花园街道"])
        True
        >>> Team("一组", 4, 24, ("古城街道", "411700000000")).avoids("411726101201", ["花园街道"])
        True
        >>> Team("一组", 4, 24, ("411723",)).avoids("411726101201", ["花园街道"])
        False
        """
        known = {folded(place) for place in (*places, code)}
        whole = not division_fault(code)
        return any(home in known or (whole and within(code, home)) for home in map(folded, self.homes))


def folded(place: str) -> str:
    """Return the name of a place without what is only spelling: width of letters, blanks."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", place))


def within(code: str, home: str) -> bool:
    """Say whether a village lies in a division: trailing zeros in pairs or threes stand for all that is below.

    Examples
    --------
    >>> within("411726101201", "411726"), within("411726101201", "411726101000"), within("411726101201", "4117")
    (True, True, True)
    >>> within("411726101201", "41172"), within("411726101201", "411726102000")
    (False, False)
    """
    if not re.fullmatch(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}", home):
        return False
    kept = home.ljust(12, "0")
    for end in (9, 6, 4, 2):
        if set(kept[end:]) == {"0"}:
            home = kept[:end]
    return code.startswith(home)


def read_teams(source: Design | pd.DataFrame | str | Path) -> tuple[Team, ...]:
    """Read the teams from a design's `[teams]` or from a table.

    Parameters
    ----------
    source : Design, DataFrame or path
        A table has the columns 组, 人数, 每人每日户数 and 回避 (several places are parted by 、 or ；).

    Returns
    -------
    tuple of Team
        In the order of their names, so that the order of rows plays no part.

    Raises
    ------
    FieldworkError
        With every fault at once.
    """
    if hasattr(source, "evaluation"):
        return _declared(source)
    handed, faults = hand_in(source, SUBJECT, HEADINGS, (), FieldworkError)
    rows = [dict(zip(handed.table.columns, cells, strict=True)) for cells in handed.table.itertuples(index=False, name=None)]
    made = [_from_cells(cells, int(row), faults) for cells, row in zip(rows, handed.rows, strict=True)]
    return _sound([team for team in made if team], [int(row) for row in handed.rows], faults)


def _declared(design: Any) -> tuple[Team, ...]:
    if design.teams is None:
        raise DesignError("teams｜缺｜分组需要知道有哪些组｜写 [teams] 与 [[teams.team]]，或给出分组表")
    asked = design.teams
    made = [Team(team.name, team.size, int(team.size * asked.interviews), team.homes) for team in asked.team]
    return _sound(made, list(range(1, len(made) + 1)), Faults("[teams]"))


def _from_cells(cells: Mapping[str, str], row: int, faults: Faults) -> Team | None:
    numbers = {}
    for heading, form, rule in (("人数", r"[1-9][0-9]{0,3}", "应为正整数"), ("每人每日户数", r"[0-9]{1,3}(\.[0-9]+)?", "应为正数")):
        text = normalise(cells[heading])
        if not re.fullmatch(form, text) or float(text) <= 0:
            faults.add(row, heading, None, rule, "改为数值，如 4")
            return None
        numbers[heading] = float(text)
    homes = tuple(home for part in re.split(r"[、，,;；\n]", cells["回避"]) if (home := part.strip()))
    return Team(cells["组"], int(numbers["人数"]), int(numbers["人数"] * numbers["每人每日户数"]), homes)


def _sound(teams: list[Team], rows: list[int], faults: Faults) -> tuple[Team, ...]:
    if not teams and not len(faults):
        faults.add(None, "组", None, "一个组也没有", "每组写一行")
    # Windows takes 甲A and 甲a for one folder
    times = Counter(team.name.lower() for team in teams)
    for row, team in zip(rows, teams, strict=False):
        if not sound_id(team.name) or safe_name(team.name) != team.name or times[team.name.lower()] > 1:
            faults.add(row, "组", None, "组名空白、重复，或不能作文件夹名", ANOTHER)
        if personal_cells(team.name):
            faults.add(row, "组", None, "组名里有证件号码、电话一类的号码", "用代号或 一组、二组")
        if team.daily < 1:
            faults.add(row, "每人每日户数", None, "全组每日不足 1 户", "改正人数或每人每日户数")
    faults.refuse(FieldworkError)
    return tuple(sorted(teams, key=lambda team: team.name))


def allowed_teams(sample: Sample, teams: Iterable[Team]) -> dict[str, tuple[str, ...]]:
    """Return for each drawn village the teams that may work there: those without a home in it, its township or its county."""
    table, evaluation = sample.table("village"), sample.design.evaluation
    county = [evaluation.county, *([evaluation.county_code] if evaluation.county_code else [])]
    texts = [column for column in ("name", *sample.design.frame.columns) if column in table]
    found = {}
    for row in table[["unit", *texts]].astype(str).itertuples(index=False, name=None):
        found[row[0]] = tuple(team.name for team in teams if not team.avoids(row[0], [*row[1:], *county]))
    return found
