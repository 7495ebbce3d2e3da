"""The plan of days, without routes: which team is in which village on which day."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

TRIES = 32  # orders of the villages, from each byte of their tickets on; the shortest plan is kept


class Stay(NamedTuple):
    """A day of a team in a village; `last` when its share of the village is done then."""

    day: int
    team: str
    village: str
    households: int
    last: bool


def plan_days(work: Mapping[str, Mapping[str, int]], daily: Mapping[str, int], ranks: Mapping[str, bytes]) -> list[Stay]:
    """Return the days of all teams.

    The teams of a village begin it on the same day, and each stays without a break, so that a village is done in the least days
    that its greatest share takes: ``max ⌈households / daily⌉``. A team takes a second village on a day when that
    makes neither longer. Each day the villages come first whose teams have most days of work left,
    then the longest; of the orders that the tickets give, each byte coming first in turn, the one with the shortest plan is kept.

    Parameters
    ----------
    work : mapping of village to mapping of team to int
        Households of each team in each village.
    daily : mapping of team to int
        Households a team completes a day.
    ranks : mapping of village to bytes
        Tickets, which part equals.

    Returns
    -------
    list of Stay
        By day, team and village; days count from 1.

    Examples
    --------
    >>> for stay in plan_days({"A": {"甲": 3, "乙": 2}, "B": {"甲": 6}}, {"甲": 4, "乙": 4}, {"A": b"0", "B": b"1"}):
    ...     print(*stay)
    1 甲 B 4 False
    2 甲 B 2 True
    3 乙 A 2 True
    3 甲 A 3 True
    """
    best: list[Stay] = []
    for turn in range(TRIES):
        turned = {village: ticket[turn:] + ticket[:turn] for village, ticket in ranks.items()}
        stays = _one_plan(work, daily, turned)
        if not best or stays[-1].day < best[-1].day:
            best = stays
        if best[-1].day == least_days(work, daily):
            break
    return best


def _one_plan(work: Mapping[str, Mapping[str, int]], daily: Mapping[str, int], ranks: Mapping[str, bytes]) -> list[Stay]:
    stays: list[Stay] = []
    begun: dict[tuple[str, str], int] = {}  # households left of shares that take more than a day
    waiting = set(work)
    left = {team: sum(shares.get(team, 0) for shares in work.values()) for team in daily}
    day = 0
    while waiting or begun:
        day += 1
        room = dict(daily)
        today = [(village, team, households) for (village, team), households in sorted(begun.items())]
        begun = {}
        for village in sorted(waiting, key=lambda v: (-_days_left(work[v], left, daily), -_length(work[v], daily), ranks[v], v)):
            if all(_has_room(share, room[team] - _kept(today, team), daily[team]) for team, share in work[village].items()):
                today += [(village, team, share) for team, share in work[village].items()]
                waiting.remove(village)
        for village, team, households in today:
            done = min(households, room[team])
            room[team] -= done
            left[team] -= done
            stays.append(Stay(day, team, village, done, done == households))
            if done < households:
                begun[village, team] = households - done
    return sorted(stays)


def _kept(today: list[tuple[str, str, int]], team: str) -> int:
    return sum(households for _, whose, households in today if whose == team)


def _days_left(shares: Mapping[str, int], left: Mapping[str, int], daily: Mapping[str, int]) -> float:
    return max(left[team] / daily[team] for team in shares)


def _length(shares: Mapping[str, int], daily: Mapping[str, int]) -> int:
    return max(math.ceil(share / daily[team]) for team, share in shares.items())


def _has_room(share: int, room: int, daily: int) -> bool:
    """Say whether a share that begins in the room a team has left today takes no more days than on a fresh day."""
    return room > 0 and max(0, math.ceil((share - room) / daily)) + 1 <= math.ceil(share / daily)


def least_days(work: Mapping[str, Mapping[str, int]], daily: Mapping[str, int]) -> int:
    """Return the days below which no plan can be: those of the busiest team.

    Examples
    --------
    >>> least_days({"A": {"甲": 3, "乙": 2}, "B": {"甲": 6}}, {"甲": 4, "乙": 4})
    3
    """
    loads = {team: sum(shares.get(team, 0) for shares in work.values()) for team in daily}
    return max(math.ceil(load / daily[team]) for team, load in loads.items())
