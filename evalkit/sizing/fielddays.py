"""Days of the teams, and money: what binds a plan in the field is whole villages in a team's day."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.sizing.demands import SLACK, Demands


@dataclass(frozen=True)
class TeamDays:
    """What a plan asks of the teams.

    `villages_a_day` is what a team finishes in a day, 0 when one village takes longer; `days_a_village` is then above 1.
    `workload` holds the villages of each team; `days` is the time of the busiest, travel included; `team_days` are the days of all.
    """

    villages_a_day: int
    days_a_village: int
    workload: tuple[int, ...]
    days: int
    team_days: int


def team_days(
    villages: int, take: float, *, interviews_per_day: float, villages_per_day: int = 1, teams: int = 1, travel_days: int = 0
) -> TeamDays:
    """Return how long the teams are in the field, whole villages to a day.

    A team does min(villages_per_day, ⌊interviews_per_day/take⌋) villages a day; if not even one fits, a village
    takes ⌈take/interviews_per_day⌉ days of its own, and what is left of the last day is lost.

    Parameters
    ----------
    villages : int
        Villages to visit, ≥ 0.
    take : float
        Interviews issued in a village, > 0.
    interviews_per_day : float
        Interviews a team (all its interviewers) completes in a day, > 0.
    villages_per_day : int
        Most villages a team can reach in a day, ≥ 1.
    teams : int
        Teams, ≥ 1; the villages are shared as evenly as whole villages allow.
    travel_days : int
        Days of arrival and departure of each team that works at all, ≥ 0.

    Returns
    -------
    TeamDays

    Raises
    ------
    EstimateError
        A number outside its range or not whole.

    Examples
    --------
    >>> team_days(40, 30, interviews_per_day=70, villages_per_day=2, teams=3)
    TeamDays(villages_a_day=2, days_a_village=1, workload=(14, 13, 13), days=7, team_days=21)
    >>> team_days(20, 60, interviews_per_day=40, teams=2).days
    20
    """
    asked = Demands()
    asked.within(0, math.inf, "()", "应大于 0", take=take, interviews_per_day=interviews_per_day)
    asked.whole(0, "写整数的村数、天数", villages=villages, travel_days=travel_days)
    asked.whole(1, "写整数的村数、队数", villages_per_day=villages_per_day, teams=teams)
    asked.refuse()
    fit = min(villages_per_day, math.floor(interviews_per_day / take * (1 + SLACK)))
    long = math.ceil(take / interviews_per_day * (1 - SLACK))
    workload = tuple(villages // teams + (team < villages % teams) for team in range(teams))
    days = [(math.ceil(load / fit) if fit else load * long) + travel_days if load else 0 for load in workload]
    return TeamDays(fit, 1 if fit else long, workload, max(days), sum(days))


@dataclass(frozen=True)
class Costs:
    """A model of what a plan costs: fixed + village·m + unit·m·b + team_day·days + travel·√(m·area).

    The last term is the length of a tour through m places spread over an area (Hansen, Hurwitz & Madow 1953, I ch. 6).

    Parameters
    ----------
    fixed, village, unit, team_day : float
        Cost of the plan itself, of a village, of an interview, of a day of a team; ≥ 0.
    travel : float
        Cost of a unit of length.
    area : float
        Area, in the square of that unit.

    Raises
    ------
    EstimateError
        A negative or missing number.

    Examples
    --------
    >>> Costs(fixed=5000, village=800, unit=40).of(20, 30)
    45000.0
    """

    fixed: float = 0.0
    village: float = 0.0
    unit: float = 0.0
    team_day: float = 0.0
    travel: float = 0.0
    area: float = 0.0

    def __post_init__(self) -> None:
        asked = Demands()
        asked.within(0, math.inf, "[)", "成本不能为负", **vars(self))
        asked.refuse()

    def of(self, villages: float, take: float, days: float = 0.0) -> float:
        """Return the cost of `villages` of `take` interviews each that take `days` team-days."""
        tour = self.travel * math.sqrt(villages * self.area)
        return float(self.fixed + villages * (self.village + self.unit * take) + self.team_day * days + tour)
