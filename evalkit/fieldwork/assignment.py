"""Assignment: which team interviews which household, by ticket, and on which days."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import Faults, FieldworkError
from evalkit.fieldwork.assigning import CHOOSING, choose_teams, deal
from evalkit.fieldwork.days import Stay, least_days, plan_days
from evalkit.fieldwork.teams import Team, allowed_teams, read_teams
from evalkit.given import takes
from evalkit.later import later
from evalkit.sheets import write_csv
from evalkit.showing import Rows, Shown, table_of
from evalkit.tickets import digest, fingerprint

if TYPE_CHECKING:
    from evalkit.sample import Sample

charts = later("evalkit.charts")

TOGETHER = 2  # teams of a village where nobody says otherwise: one alone shows no effect of its own


@dataclass(frozen=True, eq=False, repr=False)
class Assignment(Shown):
    """Which team interviews which household.

    Attributes
    ----------
    sample : Sample
    teams : tuple of Team
        In the order of their names.
    seed : str
    """

    sample: Sample
    teams: tuple[Team, ...]
    seed: str
    _chosen: dict[str, tuple[str, ...]]
    _dealt: dict[tuple[str, str], str]
    _allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row for each main household: ``village name household stratum persons cell order team``; no personal data."""
        return self._table.copy()

    @cached_property
    def _table(self) -> pd.DataFrame:
        drawn = mains(self.sample)
        drawn["name"] = drawn["village"].map(self._names)
        drawn["team"] = [self._dealt[pair] for pair in zip(drawn["village"], drawn["household"], strict=True)]
        return drawn[["village", "name", "household", "stratum", "persons", "cell", "order", "team"]]

    @cached_property
    def _names(self) -> dict[str, str]:
        table = self.sample.table("village")
        return dict(zip(table["unit"], table["name"] if "name" in table else table["unit"], strict=True))

    @cached_property
    def _work(self) -> dict[str, dict[str, int]]:
        counts = self._table.groupby(["village", "team"]).size()
        return {village: {team: int(counts[village, team]) for team in teams} for village, teams in self._chosen.items()}

    @cached_property
    def _daily(self) -> dict[str, int]:
        return {team.name: team.daily for team in self.teams}

    @cached_property
    def _stays(self) -> list[Stay]:
        return plan_days(self._work, self._daily, {village: digest(self.seed, CHOOSING, village) for village in self._chosen})

    @property
    def least_days(self) -> int:
        """The days below which no plan can be: those of the busiest team."""
        return least_days(self._work, self._daily)

    def teams_of(self, village: str) -> tuple[str, ...]:
        """Return the teams of a village; the first keeps its sealed reserves."""
        return self._chosen[village]

    def by_team(self) -> pd.DataFrame:
        """Return one row a team: ``team size daily villages households team_days last_day avoided``.

        `daily` is households a day, `team_days` the days it is in a village, `avoided` the drawn villages that it must not enter:
        one that should be avoided and is not shows here that a home is written in another way than in the list.
        """
        days = self.days()
        rows = []
        for team in self.teams:
            mine, own = days[days["team"] == team.name], [shares[team.name] for shares in self._work.values() if team.name in shares]
            avoided = sum(team.name not in allowed for allowed in self._allowed.values())
            last = int(mine["day"].max()) if len(mine) else 0
            rows.append((team.name, team.size, team.daily, len(own), sum(own), mine["day"].nunique(), last, avoided))
        return pd.DataFrame(rows, columns=["team", "size", "daily", "villages", "households", "team_days", "last_day", "avoided"])

    def by_village(self) -> pd.DataFrame:
        """Return one row a village: ``village name households teams keeper days first_day``; `keeper` holds the sealed reserves."""
        days = self.days().groupby("village")["day"]
        first, count = days.min(), days.nunique()
        table = pd.DataFrame({"village": list(self._chosen)})
        table["name"] = table["village"].map(self._names)
        table["households"] = [sum(self._work[village].values()) for village in self._chosen]
        table["teams"] = ["、".join(teams) for teams in self._chosen.values()]
        table["keeper"] = [teams[0] for teams in self._chosen.values()]
        return table.assign(days=table["village"].map(count), first_day=table["village"].map(first))

    def days(self, start: str | date | None = None) -> pd.DataFrame:
        """Return the plan of days, without routes: one row for each team, day and village.

        Parameters
        ----------
        start : str or datetime.date, optional
            The first day, as 2018-11-12; then there is a column `date`.

        Returns
        -------
        DataFrame
            ``day date team village name households done``; `done` says whether the team's share of the village ends that day.

        Raises
        ------
        FieldworkError
            When `start` is no date.
        """
        table = pd.DataFrame(self._stays, columns=["day", "team", "village", "households", "done"])
        table.insert(3, "name", table["village"].map(self._names))
        if start is not None:
            first = _day(start)
            table.insert(1, "date", [(first + timedelta(days=day - 1)).isoformat() for day in table["day"]])
        return table

    def plot(self, board: pd.DataFrame | None = None, *, start: str | date | None = None, **options: Any) -> Any:
        """Draw the plan of days beside the board; `evalkit.charts.progress_plot` says what may be asked."""
        return charts.progress_plot(board, self.days(start), **options)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the rule 每组每天至少 1 村 cannot hold: shares that take more than a day, and days on which a team waits."""
        found = []
        for village, shares in self._work.items():
            for team, share in shares.items():
                if share > self._daily[team]:
                    days = math.ceil(share / self._daily[team])
                    found.append(f"{team} 在 {village} 有 {share} 户，每日 {self._daily[team]} 户，要 {days} 天：不能每天至少 1 村")
        for team in self._daily:
            on = {stay.day for stay in self._stays if stay.team == team}
            idle = sorted(set(range(1, max(on, default=0) + 1)) - on)
            found += [f"{team} 在第 {'、'.join(map(str, idle))} 天没有村：同村的另一组那天在别处"] if idle else []
        return tuple(found)

    @property
    def seal(self) -> str:
        """SHA-256 of who interviews whom: village, household and team, in their order."""
        return fingerprint(sorted(self._table[["village", "household", "team"]].itertuples(index=False, name=None)))

    def save(self, path: str | Path) -> Path:
        """Write the table as CSV; it holds codes and no personal data."""
        return write_csv(self._table, path)

    def _rows_shown(self) -> Rows:
        words = {"team": "组", "size": "人", "daily": "每日户", "villages": "村", "households": "户", "team_days": "天"}
        return table_of(self.by_team(), words)

    def __repr__(self) -> str:
        last = max(stay.day for stay in self._stays)
        return f"Assignment：{len(self._chosen)} 个村，{len(self._table)} 户，{len(self.teams)} 组，{last} 天（至少 {self.least_days} 天）"


def mains(sample: Sample) -> pd.DataFrame:
    """Return the main households of a sample in the order of their lists.

    Raises
    ------
    FieldworkError
        When no household has been drawn.
    """
    drawn = sample.table("household") if sample.design.roster_stages else pd.DataFrame()
    if drawn.empty:
        raise FieldworkError("分组：还没有抽户｜名册到达后才能把农户分给各组｜先键入 evalkit rosters")
    drawn = drawn[drawn["role"] == "main"]
    return drawn.sort_values(["village", "cell", "order"], kind="stable").reset_index(drop=True)


@takes(FieldworkError)
def assign(sample: Sample, teams: pd.DataFrame | str | Path | None = None, *, seed: str, per_village: int | None = None) -> Assignment:
    """Assign the drawn households to teams, by ticket.

    Several teams share each village, each with a random part of its households of every kind (interpenetration), so that what
    interviewers do to the answers can be told from what villages differ in. No team works where it comes from (异地).

    Parameters
    ----------
    sample : Sample
        After `draw_next`. Villages whose roster has not arrived wait; those that have arrived are assigned anew with them.
    teams : DataFrame or path, optional
        A table with the columns 组, 人数, 每人每日户数 and 回避; the design's `[teams]` when left out.
    seed : str
        Usually that of the draw; tickets are ``seed|team|village/team`` and ``seed|assignment|village/household``.
    per_village : int, optional
        Teams of a village; that of `[teams]`, else 2, when left out. A village with fewer households takes one for each.

    Returns
    -------
    Assignment
        A pure function of the sample, the teams and the seed: not of the order of rows.

    Raises
    ------
    FieldworkError
        With every village that too few teams may enter, and every fault of the table.
    DesignError
        When there are no teams.
    """
    known = read_teams(sample.design if teams is None else teams)
    if per_village is None:
        per_village = sample.design.teams.per_village if sample.design.teams and teams is None else TOGETHER
    if isinstance(per_village, bool) or not isinstance(per_village, int) or per_village < 1:
        raise FieldworkError(f"per_village = {per_village!r}｜应为正整数｜写 2，即每村至少两组")
    drawn, allowed = mains(sample), allowed_teams(sample, known)
    cells = {
        str(village): dict(zip(table["household"].astype(str), table["cell"].astype(str), strict=True))
        for village, table in drawn.groupby("village")
    }
    allowed = {village: allowed[village] for village in sorted(cells)}
    _refuse_lonely(sample, {village: len(mine) for village, mine in cells.items()}, allowed, per_village)
    sizes = {village: len(mine) for village, mine in sorted(cells.items())}
    chosen = choose_teams(seed, sizes, allowed, {team.name: team.daily for team in known}, per_village)
    dealt = {
        (village, household): team
        for village, mine in sorted(cells.items())
        for household, team in deal(seed, village, mine, chosen[village]).items()
    }
    return Assignment(sample, known, seed, chosen, dealt, allowed)


def _refuse_lonely(sample: Sample, sizes: dict[str, int], allowed: dict[str, tuple[str, ...]], together: int) -> None:
    """Refuse villages that too few teams may enter, all at once."""
    faults = Faults("分组")
    rule, remedy = "可进入该村的组（不在其本县、本乡镇、本村）", "增加外来的组，改正回避的地方，或改小 per_village"
    for village, size in sizes.items():
        needed, have = min(together, size), len(allowed[village])
        if have < needed:
            told = "没有" if not have else f"只有 {have} 个（{'、'.join(allowed[village])}），应有 {needed} 个"
            faults.add(None, f"村 {village}", None, f"{rule}{told}", remedy)
    faults.refuse(FieldworkError)


def _day(start: str | date) -> date:
    try:
        return start if isinstance(start, date) else date.fromisoformat(start)
    except (TypeError, ValueError):
        raise FieldworkError("start｜日期应写成 年-月-日｜写如 2018-11-12") from None
