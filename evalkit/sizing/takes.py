"""One question asked of several takes: villages, team-days and cost side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evalkit.errors import EstimateError
from evalkit.sizing.demands import Demands
from evalkit.sizing.fielddays import Costs, TeamDays, team_days
from evalkit.sizing.settings import Setting
from evalkit.sizing.villages import VillagePlan


@dataclass(frozen=True)
class TakePlan:
    """What a take asks for; `plan` and `field` are None and `cost` is infinite where no number of villages answers the question."""

    take: int
    plan: VillagePlan | None
    field: TeamDays | None
    cost: float


def compare_takes(
    setting: Setting,
    takes: Sequence[int],
    solve: Callable[[Setting], VillagePlan],
    costs: Costs,
    *,
    interviews_per_day: float,
    villages_per_day: int = 1,
    teams: int = 1,
    travel_days: int = 0,
) -> tuple[TakePlan, ...]:
    """Return the plan of each take, the cheapest first; equal costs stand in the order of `takes`.

    With team-days as the only cost this is the best take under whole villages in a team's day, for a verdict and not for a variance.

    Parameters
    ----------
    setting : Setting
        Its own take is not read.
    takes : sequence of int
        Complete interviews a village to try.
    solve : function of a Setting
        The question, such as ``lambda s: villages_for_bound(s, .02, events=1)``.
    costs : Costs
    interviews_per_day, villages_per_day, teams, travel_days
        As in `team_days`; a village's work are the interviews issued in it.

    Returns
    -------
    tuple of TakePlan

    Raises
    ------
    EstimateError
        No take, or none that answers the question; what `solve` refuses for a take is told only then.

    Examples
    --------
    >>> from evalkit.sizing.villages import villages_for_bound
    >>> made = compare_takes(Setting(1, .05), [15, 30, 60], lambda s: villages_for_bound(s, .02, events=1), Costs(team_day=1),
    ...     interviews_per_day=30, villages_per_day=2)
    >>> [(plan.take, plan.plan.villages, plan.field.team_days) for plan in made]
    [(15, 25, 13), (30, 17, 17), (60, 13, 26)]
    """
    found, refused = [], []
    for take in takes:
        tried = replace(setting, take=take)
        try:
            plan = solve(tried)
        except EstimateError as refusal:
            refused.append(f"take = {take}：{refusal}")
            found.append(TakePlan(take, None, None, math.inf))
            continue
        work = {"villages_per_day": villages_per_day, "teams": teams, "travel_days": travel_days}
        field = team_days(plan.villages, tried.issued(1), interviews_per_day=interviews_per_day, **work)
        found.append(TakePlan(take, plan, field, costs.of(plan.villages, tried.issued(1), field.team_days)))
    asked = Demands()
    asked.need(len(refused) < len(found), "；".join(refused) or "takes 为空", "至少一个 take 能达到", "换 takes 或放宽要求")
    asked.refuse()
    return tuple(sorted(found, key=lambda plan: plan.cost))
