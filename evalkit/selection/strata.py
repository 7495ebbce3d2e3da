"""Many strata of one list at once: ids and numbers in, positions of the chosen units out."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence, Sized
from functools import cached_property
from numbers import Integral
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from evalkit import tickets
from evalkit.selection.methods import Method, Units

Label = Hashable


class Tickets(Sequence[bytes]):
    """The tickets of some units of a list, made when the first is asked for: a method that reads none pays for none.

    Parameters
    ----------
    seed, stage : str
        As in `tickets.digest`.
    units : sequence of str
        The ids of the whole list.
    at : array of int
        Where the units stand in it.
    """

    def __init__(self, seed: str, stage: str, units: Sequence[str], at: NDArray[np.intp]) -> None:
        self._seed, self._stage, self._units, self._at = seed, stage, units, at

    @cached_property
    def _made(self) -> list[bytes]:
        return tickets.digests(self._seed, self._stage, [self._units[k] for k in self._at.tolist()])

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        return self._made[place]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._at)


def draw_strata(
    method: Method,
    units: Sequence[str],
    strata: Sequence[Label] | NDArray[Any],
    n: int | Mapping[Any, int],
    *,
    seed: str,
    stage: str,
    sizes: Sequence[int] | NDArray[np.int64] | None = None,
) -> dict[Label, list[int]]:
    """Draw every stratum of a list with one method: the same units as stratum by stratum.

    The ticket of a unit is ``seed|stage|unit`` and the start of a stratum ``seed|stage|start|<its label>``, as in a draw from
    a design file; so the samples are the same where the units stand in the same order.

    Parameters
    ----------
    method : Method
        One of `selection.METHODS` that needs no more than sizes.
    units : sequence of str, shape (N,)
        Ids in the order of the list.
    strata : sequence or array, shape (N,)
        The label of each unit's stratum, text or whole number.
    n : int or mapping
        How many to choose in each stratum, or for each label; a stratum that the mapping does not name gets none.
    seed, stage : str
        What the tickets are made of.
    sizes : sequence or array of int, shape (N,), optional
        Size of each unit, for methods that need it.

    Returns
    -------
    dict of label to list of int
        Positions in `units` in the order of release, for every stratum, by ascending label.

    Raises
    ------
    ValueError
        When lengths differ, a label of `n` has no unit, the method needs more than sizes, the seed or the stage is none, or a
        stratum cannot be drawn.

    Examples
    --------
    >>> from evalkit.selection import METHODS
    >>> ids = ["V001", "V002", "V003", "V004", "V005", "V006"]
    >>> draw_strata(METHODS["srs"], ids, [1, 2, 1, 1, 2, 2], 1, seed="20260101-314159265358979", stage="village")
    {1: [0], 2: [4]}
    """
    _check(method, units, strata, sizes)
    _check_asked(n, seed, stage)
    positions = _positions(strata)
    wanted = {label: n.get(label, 0) if isinstance(n, Mapping) else n for label in positions}
    strange = [str(label) for label in n if label not in positions] if isinstance(n, Mapping) else []
    if strange:
        raise ValueError(f"n 中的层 {'、'.join(strange[:20])}｜名单中没有这些层｜改正层名，或删去")
    whole = None if sizes is None else _as_array(sizes)
    drawn: dict[Label, list[int]] = {}
    for label, at in positions.items():
        own = None if sizes is None else [sizes[k] for k in at.tolist()] if whole is None else whole[at]
        mine = Units(Tickets(seed, stage, units, at), tickets.digest(seed, stage, f"start|{label}"), sizes=own)
        drawn[label] = at[method.draw(mine, wanted[label])].tolist()
    return drawn


def _check(method: Method, units: Sequence[str], strata: Sequence[Label] | NDArray[Any], sizes: Sized | None) -> None:
    more = [need for need in method.needs if need != "sizes"]
    if more:
        raise ValueError(f"{method.name} 还需要 {'、'.join(more)}｜这里只读规模｜逐层用 METHODS[\"{method.name}\"].draw")
    if "sizes" in method.needs and sizes is None:
        raise ValueError(f"{method.name} 需要规模｜每个单位一个规模｜写 sizes=")
    counts = [len(units), len(strata), *([] if sizes is None else [len(sizes)])]
    if len(set(counts)) > 1:
        raise ValueError(f"单位、层、规模的个数是 {'、'.join(map(str, counts))}｜应一样多｜核对三者的顺序和个数")


def _check_asked(n: int | Mapping[Any, int], seed: str, stage: str) -> None:
    if not isinstance(n, Integral | Mapping):
        raise ValueError(f"n 是 {type(n).__name__}｜应为整数，或 层 → 整数｜改正 n")
    for what, part in (("seed", seed), ("stage", stage)):
        if not isinstance(part, str) or not part.strip() or "|" in part:
            raise ValueError(f"{what}｜应为文字，不能为空，也不能含 |｜改正 {what}")


def _as_array(sizes: Sequence[int] | NDArray[np.int64]) -> NDArray[Any] | None:
    """Return whole sizes as an array, which is cut into strata at once; nothing where they would not stay what they are."""
    found = np.asarray(sizes)
    return found if found.dtype.kind == "i" else None


def _positions(strata: Sequence[Label] | NDArray[Any]) -> dict[Any, NDArray[np.intp]]:
    """Return for each label, ascending, where it stands."""
    labels, codes = _coded(strata)
    # 16 bits are sorted by their digits, which is ten times as fast
    by_label = np.argsort(codes.astype(np.int16) if len(labels) < 2**15 else codes, kind="stable")
    ends = np.bincount(codes, minlength=len(labels)).cumsum().tolist()
    return {label: by_label[begin:end] for label, begin, end in zip(labels, [0, *ends][:-1], ends, strict=True)}


def _coded(strata: Sequence[Label] | NDArray[Any]) -> tuple[list[Any], NDArray[Any]]:
    """Return the labels, ascending, and for each unit the place of its own among them."""
    if not isinstance(strata, np.ndarray):
        found_labels: set[Any] = set(strata)
        labels = sorted(found_labels)  # those of one kind can be compared
        table = {label: code for code, label in enumerate(labels)}
        return labels, np.fromiter(map(table.__getitem__, strata), dtype=np.intp, count=len(strata))
    if strata.dtype.kind not in "iu" or not len(strata) or int(strata.max()) - int(strata.min()) > len(strata):
        found, codes = np.unique(strata, return_inverse=True)
        return found.tolist(), codes
    shifted = strata - strata.min()
    there = np.bincount(shifted) > 0
    return (np.flatnonzero(there) + strata.min()).tolist(), (there.cumsum() - 1)[shifted]
