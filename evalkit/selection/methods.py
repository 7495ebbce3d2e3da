"""What a selection method is, and what the rest of evalkit may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Method:
    """One way to choose n of N units by their tickets.

    Parameters
    ----------
    name : str
        The word of the design file.
    title : str
        The name in reports.
    draw : callable
        ``draw(tickets, n, start)`` gives the positions of the chosen units, in the order of release.
        `tickets` are the digests of the N units in the order of their ids; `start` is a digest of the
        stratum itself, for methods that need one number for the stratum and not one a unit.
    reads : {"tickets", "start", "nothing"}
        What decides who is chosen: the tickets of the units, the digest of the stratum, or neither.
    fixed_size : bool
        Whether the number chosen is known before the draw.
    exact_pi : bool
        Whether every unit's chance equals the stated inclusion probability.
    joint : {"exact", "some-zero"}
        Whether every pair of units can be chosen together.
    coordinates : bool
        Whether the same seed on a changed list keeps most of the chosen units.
    variance : {"exact", "conservative"}
        What the variance formula of a simple random sample is for this method.
    """

    name: str
    title: str
    draw: Callable[[Sequence[bytes], int, bytes], list[int]]
    reads: Literal["tickets", "start", "nothing"]
    fixed_size: bool
    exact_pi: bool
    joint: Literal["exact", "some-zero"]
    coordinates: bool
    variance: Literal["exact", "conservative"]
