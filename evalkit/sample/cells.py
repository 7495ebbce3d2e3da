"""One stratum of one stage: how many, and who. Both stages are drawn by the functions of this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit import tickets
from evalkit.errors import Faults
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design.sections import Stage

CERTAIN = "·必访"


@dataclass(frozen=True)
class Cell:
    """One stratum that has been drawn: of one village in the later stage, of the frame in the first.

    Parameters
    ----------
    stratum : str
        Its label.
    population, quota : int
        Number of units in it, and the number the design asks for before any shortfall rule.
    chosen, reserves : tuple of str
        Units in the order of release.
    digests : dict of str to bytes
        Ticket of every chosen and reserve unit.
    ranks : dict of str to int
        Place of the same units among all tickets of the cell, from 1.
    cutoff : str
        Hexadecimal digest that decided: the largest chosen ticket, or the start of a systematic draw;
        empty when all were taken.
    certainty : bool
        Whether its units had to be taken by the mandatory rule.
    """

    stratum: str
    population: int
    quota: int
    chosen: tuple[str, ...]
    reserves: tuple[str, ...]
    digests: dict[str, bytes]
    ranks: dict[str, int]
    cutoff: str
    certainty: bool = False

    @property
    def n(self) -> int:
        """Return the number of chosen units."""
        return len(self.chosen)

    @property
    def prob(self) -> float:
        """Return the chance of each unit, n/N; 0 in an empty cell."""
        return self.n / self.population if self.population else 0.0

    def receipt(self) -> dict[str, Any]:
        """Return the counts and the cut-off as they stand in a certificate."""
        return {"N": self.population, "n": self.n, "cutoff": self.cutoff}


def fill_cell(
    units: Sequence[str],
    n: int,
    *,
    stratum: str,
    method: str,
    seed: str,
    stage: str,
    village: str = "",
    reserves: int = 0,
    quota: int | None = None,
    certainty: bool = False,
) -> Cell:
    """Draw one stratum.

    Parameters
    ----------
    units : sequence of str
        Ids of all its units, sorted.
    n, reserves : int
        How many to choose, and how many of the next to keep in reserve (fewer when the stratum ends).
    stratum, method, seed, stage : str
        Label, a name of `selection.METHODS`, and the parts of the ticket message.
    village : str
        In the later stage, the village whose households these are; its code stands before theirs in the message.
    quota : int, optional
        The number the design asked for, where a shortfall rule changed it.
    certainty : bool
        Whether the mandatory rule takes them all.

    Returns
    -------
    Cell
    """
    way, prefix = METHODS[method], f"{village}/" if village else ""
    all_tickets = [tickets.digest(seed, stage, f"{prefix}{unit}") for unit in units]
    # a unit id holds no "|", so the message of a start is never that of a unit
    start = tickets.digest(seed, stage, f"start|{prefix}{stratum}")
    chosen = way.draw(all_tickets, n, start)
    by_ticket = sorted(range(len(units)), key=lambda i: (all_tickets[i], i))
    taken = set(chosen)
    waiting = [i for i in by_ticket if i not in taken][:reserves]
    places = {i: place for place, i in enumerate(by_ticket, 1)}
    deciding = {"tickets": max((all_tickets[i] for i in chosen), default=b""), "start": start if chosen else b"", "nothing": b""}
    return Cell(
        stratum=stratum,
        population=len(units),
        quota=n if quota is None else quota,
        chosen=tuple(units[i] for i in chosen),
        reserves=tuple(units[i] for i in waiting),
        digests={units[i]: all_tickets[i] for i in (*chosen, *waiting)},
        ranks={units[i]: places[i] for i in (*chosen, *waiting)},
        cutoff=deciding[way.reads].hex(),
        certainty=certainty,
    )


def quotas(counts: Mapping[str, int], stage: Stage, where: str, faults: Faults) -> dict[str, int]:
    """Return how many to choose in each stratum, by the quotas of a stage and its shortfall rule.

    Parameters
    ----------
    counts : mapping of str to int
        Stratum → number of units that can be chosen at random.
    stage : Stage
        Gives the quota of each stratum and the rule for a stratum that holds fewer.
    where : str
        Place for messages, such as ``411726101201 `` or empty.
    faults : Faults
        Where a shortfall without a remedy is noted.

    Returns
    -------
    dict of str to int
        Of use only when no fault was noted.
    """
    if stage.method == "take-all":
        return dict(counts)
    asked = {stratum: stage.size(stratum) for stratum in counts}
    short = {stratum: asked[stratum] - size for stratum, size in counts.items() if asked[stratum] > size}
    if stage.shortfall == "fail":
        remedy = "改小 n，或在 [[stage]] 写 shortfall = \"take-all\"（有多少抽多少）"
        for stratum in sorted(short):
            _note(faults, where, stratum, counts[stratum], asked[stratum], remedy)
        return asked
    taken = {stratum: min(asked[stratum], size) for stratum, size in counts.items()}
    target = stage.shortfall.removeprefix("fill:")
    if not short or stage.shortfall == "take-all":
        return taken
    missing = sum(short.values()) - short.get(target, 0)
    wanted = stage.size(target) + missing
    if wanted > counts.get(target, 0):
        remedy = f"改小 n，或把 shortfall 改为 \"take-all\"（其中 {missing} 个是替别的层补的）"
        _note(faults, where, target, counts.get(target, 0), wanted, remedy)
    return {**taken, target: wanted}


def _note(faults: Faults, where: str, stratum: str, size: int, wanted: int, remedy: str) -> None:
    faults.add(None, f"{where}层 {stratum}", None, f"应抽 {wanted} 个，只有 {size} 个", remedy)
