"""Who goes where, by tickets alone: teams to villages, households to teams."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from evalkit.tickets import digest, order

CHOOSING, DEALING = "team", "assignment"  # the purposes in the tickets


def choose_teams(
    seed: str, sizes: Mapping[str, int], allowed: Mapping[str, Sequence[str]], daily: Mapping[str, int], together: int
) -> dict[str, tuple[str, ...]]:
    """Return the teams of each village, the work of all as even as the rules let it be.

    Villages with the fewest teams to choose from come first, then by ticket; each takes the teams that would have the least work
    for their strength, equals by the ticket ``seed|team|village/team``. Then single shares go from a team to another as long
    as Σ load² / daily falls. At the end two teams of the same strength differ by at most one share that they could exchange.

    Parameters
    ----------
    seed : str
    sizes : mapping of village to int
        Households of each village, at least 1.
    allowed : mapping of village to sequence of str
        The teams that may work there, at least as many as are needed.
    daily : mapping of team to int
        Households a day.
    together : int
        Teams of a village; a village with fewer households takes one for each household.

    Returns
    -------
    dict of village to tuple of str
        In the order of tickets: the first keeps the sealed reserves.

    Examples
    --------
    >>> choose_teams("31", {"A": 4, "B": 4, "C": 4}, dict.fromkeys("ABC", ("甲", "乙", "丙")), dict.fromkeys("甲乙丙", 8), 2)
    {'A': ('丙', '甲'), 'B': ('丙', '乙'), 'C': ('乙', '甲')}
    """
    unit = math.lcm(*range(1, together + 1))
    seats = {village: min(together, size) for village, size in sizes.items()}
    shares = {village: sizes[village] * unit // seats[village] for village in sizes}
    ranks = {village: {team: digest(seed, CHOOSING, f"{village}/{team}") for team in allowed[village]} for village in sizes}
    loads = dict.fromkeys(daily, 0)
    chosen: dict[str, set[str]] = {}
    turns = sorted(sizes, key=lambda village: (len(allowed[village]), digest(seed, CHOOSING, village), village))
    for village in turns:
        share = shares[village]
        fit = sorted(allowed[village], key=lambda team: ((loads[team] + share) / daily[team], ranks[village][team]))
        chosen[village] = set(fit[: seats[village]])
        for team in chosen[village]:
            loads[team] += share
    while any([_ease(village, chosen[village], shares[village], ranks[village], loads, daily) for village in turns]):
        pass
    return {village: tuple(sorted(chosen[village], key=ranks[village].__getitem__)) for village in sorted(sizes)}


def _ease(
    village: str, mine: set[str], share: int, ranks: Mapping[str, bytes], loads: dict[str, int], daily: Mapping[str, int]
) -> bool:
    """Let one share of a village go from a busy team to one with less work; say whether one went."""
    for busy in sorted(mine, key=ranks.__getitem__):
        for free in sorted(set(ranks) - mine, key=ranks.__getitem__):
            # d(load²/daily) of both, multiplied by both strengths: whole numbers, so that no rounding decides
            gain = daily[free] * (share - 2 * loads[busy]) + daily[busy] * (share + 2 * loads[free])
            if gain < 0:
                mine.remove(busy)
                mine.add(free)
                loads[busy] -= share
                loads[free] += share
                return True
    return False


def deal(seed: str, village: str, cells: Mapping[str, str], teams: Sequence[str]) -> dict[str, str]:
    """Deal the households of a village out to its teams, kind by kind and by ticket, in turns.

    Within each kind, and in all, the teams' numbers differ by at most one: the halves are alike but for chance, so that
    what one team finds and the other does not is the teams' own doing (interpenetrating samples, Mahalanobis 1946,
    J. R. Stat. Soc. 109:325).

    Parameters
    ----------
    seed, village : str
    cells : mapping of household to str
        The kind each household was drawn in.
    teams : sequence of str
        In their order.

    Returns
    -------
    dict of household to team

    Examples
    --------
    >>> deal("31", "A", {"01": "脱贫户", "02": "脱贫户", "03": "一般户", "04": "一般户"}, ("甲", "乙"))
    {'04': '甲', '03': '乙', '01': '甲', '02': '乙'}
    """
    kinds = sorted(set(cells.values()))
    line = [
        unit.partition("/")[2]
        for kind in kinds
        for unit in order(seed, DEALING, (f"{village}/{household}" for household, its in cells.items() if its == kind))
    ]
    return {household: teams[place % len(teams)] for place, household in enumerate(line)}
