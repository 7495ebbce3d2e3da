"""What a selection method is, what it reads, and what the rest of evalkit may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Units:
    """The units of one stratum as a method reads them, in the order of the list: by id, or as the design sorts them.

    Parameters
    ----------
    tickets : sequence of bytes
        Digest of each of the N units.
    start : bytes
        Digest of the stratum itself, for methods that need numbers that belong to no unit; see `tickets.series`.
    sizes : sequence or array of int, optional
        Size measure of each unit, whole and at least 1; without it all units have the same size.
    balance : sequence of sequence of float, optional
        For each unit the values whose totals the sample should reproduce.
    places : sequence of sequence of float, optional
        For each unit its coordinates.
    groups : sequence of int, optional
        For each unit the number of its group, for methods that keep the number drawn in each group close to its expectation.
    """

    tickets: Sequence[bytes]
    start: bytes = b""
    sizes: Sequence[int] | NDArray[np.int64] | None = None
    balance: Sequence[Sequence[float]] | None = None
    places: Sequence[Sequence[float]] | None = None
    groups: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self.tickets)


@dataclass(frozen=True)
class Method:
    """One way to choose n of N units.

    Parameters
    ----------
    name : str
        The word of the design file.
    title : str
        The name in reports.
    draw : callable
        ``draw(units, n)`` gives the positions of the chosen units, in the order of release; with
        replacement a position stands as often as it was drawn.
    probs : callable
        ``probs(units, n)`` gives the chance of each unit; with replacement its expected number of draws.
    reads : {"tickets", "start", "nothing"}
        What decides who is chosen: the tickets of the units, numbers made of the digest of the stratum, or neither.
    needs : tuple of {"sizes", "balance", "places", "groups"}
        What the method cannot do without.
    ordered : bool
        Whether the order of the list matters, so that sorting it stratifies implicitly.
    fixed_size : bool
        Whether the number chosen is known before the draw.
    exact_pi : bool
        Whether every unit's chance equals `probs` exactly.
    joint : {"exact", "approximate", "some-zero"}
        Whether the chance of every pair is known exactly, approximated, or 0 for some pairs.
    pairs : callable, optional
        ``pairs(probs)`` gives the N × N chances of pairs, the single chances on the diagonal: exact, or the approximation
        named in `approximation`.
    approximation : str
        Name of the approximation of `pairs`; empty where it is exact.
    coordinates : bool
        Whether the same seed on a changed list keeps most of the chosen units.
    variance : str
        The variance estimator that fits: "srs", "pps-joint", "hajek", "successive", "with-replacement", "local-mean", "residuals",
        "poisson" or "none".
    replacement : bool
        Whether a unit can be drawn more than once.
    rank : callable, optional
        ``rank(units, n)`` gives a number or digest for each unit; those with the n smallest are chosen, or, where the size is not
        fixed, those below their chance.
    exact : callable, optional
        ``exact(probs)`` gives the true chance of each unit of a method that only aims at `probs`; no part of a draw.
    """

    name: str
    title: str
    draw: Callable[[Units, int], list[int]]
    probs: Callable[[Units, int], list[float]]
    reads: Literal["tickets", "start", "nothing"]
    fixed_size: bool
    exact_pi: bool
    joint: Literal["exact", "approximate", "some-zero"]
    coordinates: bool
    variance: str
    needs: tuple[Literal["sizes", "balance", "places", "groups"], ...] = ()
    ordered: bool = False
    pairs: Callable[[Sequence[float]], np.ndarray] | None = None
    approximation: str = ""
    replacement: bool = False
    rank: Callable[[Units, int], Sequence[float] | Sequence[bytes]] | None = None
    exact: Callable[[Sequence[float]], list[float]] | None = None

    def __post_init__(self) -> None:
        for name in ("draw", "probs", "rank"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _counted(getattr(self, name)))


def _counted(step: Callable[[Units, int], Any]) -> Callable[[Units, int], Any]:
    """Return a step of a method that reads a whole number of numpy as one of Python: those of numpy overflow, or round."""

    @wraps(step)
    def counted(units: Units, n: int) -> Any:
        return step(units, int(n) if isinstance(n, Integral) else n)

    return counted
