"""One stratum of one stage: how many, and who. All stages are drawn by the functions of this file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import inclusion, selection, tickets
from evalkit.sample.listings import read
from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    from evalkit.design.stages import Stage

SURE = "·必入"  # certain by its size


@dataclass(frozen=True)
class Cell:
    """One stratum that has been drawn, under one unit of the stage above.

    Parameters
    ----------
    above, stratum : str
        The unit above, empty in the first stage of a list, and the label of the stratum.
    population, quota : int
        Number of units in it, and the number the design asks for before any shortfall rule.
    chosen, reserves : tuple of str
        Units in the order of release, each once.
    digests : dict of str to bytes
        Ticket of every chosen and reserve unit.
    ranks : dict of str to int
        Place of the same units among all tickets of the cell, from 1.
    probs : dict of str to float
        Chance of every unit of the cell in this stage; with replacement its expected number of draws.
    cutoff : str
        What decided: the largest chosen ticket or rank, or the start; empty when all were taken.
    certainty : bool
        Whether its units had to be taken.
    method : str
        The method that drew it.
    hits : dict of str to int
        How often a unit was drawn, where that was more than once.
    waves : dict of str to str
        The wave of the units that a later one added.
    exact : dict of str to float, optional
        True chances, where units have left the cell since it was drawn.
    """

    above: str
    stratum: str
    population: int
    quota: int
    chosen: tuple[str, ...]
    reserves: tuple[str, ...]
    digests: dict[str, bytes]
    ranks: dict[str, int]
    probs: dict[str, float]
    cutoff: str
    certainty: bool = False
    method: str = "srs"
    hits: dict[str, int] = field(default_factory=dict)
    waves: dict[str, str] = field(default_factory=dict)
    exact: dict[str, float] | None = None

    @cached_property
    def chances(self) -> dict[str, float]:
        """Return the true chance of every unit: that of `probs`, or by quadrature where a method only aims at it."""
        true = selection.METHODS[self.method].exact
        if self.exact is not None or true is None or self.certainty or not self.chosen:
            return self.exact or self.probs
        return dict(zip(self.probs, true(list(self.probs.values())), strict=True))

    @property
    def n(self) -> int:
        """Return the number of chosen units."""
        return len(self.chosen)

    @property
    def label(self) -> str:
        """Return the label under which certificates and tables know the cell."""
        return f"{self.above}|{self.stratum}" if self.above else self.stratum

    def receipt(self) -> dict[str, Any]:
        """Return the counts and the cut-off as they stand in a certificate."""
        return {"N": self.population, "n": self.n, "cutoff": self.cutoff}

    def units(self) -> list[dict[str, Any]]:
        """Return the chosen units as they stand in a certificate."""
        rows: list[dict[str, Any]] = [{"id": unit, "digest": self.digests[unit].hex(), "prob": self.probs[unit]} for unit in self.chosen]
        for row in rows:
            row |= {"hits": self.hits[row["id"]]} if row["id"] in self.hits else {}
            row |= {"wave": self.waves[row["id"]]} if row["id"] in self.waves else {}
        return rows


@dataclass(frozen=True)
class Draw:
    """What the tickets of a stage are made of.

    Parameters
    ----------
    seed : str
    stage : Stage
    village : str
        In the stages of a roster, the village; its code stands before the units in the message.
    """

    seed: str
    stage: Stage
    village: str = ""

    def tickets(self, units: list[str]) -> list[bytes]:
        """Return the tickets of units, shifted as the stage says."""
        named = [f"{self.village}/{unit}" for unit in units] if self.village else units
        found = tickets.digests(self.seed, self.stage.name, named)
        return [tickets.shifted(ticket, self.stage.shift) for ticket in found] if self.stage.shift else found

    def start(self, label: str) -> bytes:
        """Return the digest of a stratum; a unit id holds no ``|``, so its message is never that of a unit."""
        found = tickets.digest(self.seed, self.stage.name, f"start|{self.village}/{label}" if self.village else f"start|{label}")
        return tickets.shifted(found, self.stage.shift) if self.stage.shift else found


def draw_cells(rows: pd.DataFrame, n: int, *, draw: Draw, above: str, stratum: str, quota: int, reserves: int = 0) -> list[Cell]:
    """Draw one stratum: a cell for each purpose of units that must be taken, one for those certain by size, one for the rest.

    Parameters
    ----------
    rows : pandas.DataFrame
        Its units, as `listing` gives them.
    n : int
        How many to choose at random.
    draw : Draw
    above, stratum : str
        The unit above and the label.
    quota, reserves : int
        The number the design asked for, and how many of the next to keep in reserve.

    Returns
    -------
    list of Cell
    """
    stage, cells = draw.stage, []
    for purpose in sorted(set(rows["must"]) - {""}) if stage.mandatory else ():
        part = rows[rows["must"] == purpose]
        cells.append(_fill(part, len(part), "take-all", draw, above, f"{stratum}·{purpose}", len(part), certainty=True))
    rest = rows[rows["must"] == ""] if stage.mandatory else rows
    way = selection.METHODS[stage.method]
    if "sizes" in way.needs and way.fixed_size and not way.replacement and 0 < n < len(rest):
        sure = set(inclusion.certain(rest["size"].tolist(), n))
        if sure:
            part = rest.iloc[sorted(sure)]
            cells.append(_fill(part, len(part), "take-all", draw, above, f"{stratum}{SURE}", len(part), certainty=True))
            rest, n = rest.iloc[[i for i in range(len(rest)) if i not in sure]], n - len(part)
    if len(rest) and stage.inference:
        cells.append(_fill(rest, n, stage.method, draw, above, stratum, quota, reserves))
    elif rows.empty:
        cells.append(Cell(above, stratum, 0, quota, (), (), {}, {}, {}, "", method=stage.method))
    return cells


def add_waves(cells: Sequence[Cell], rows: pd.DataFrame, sizes: Mapping[str, int], draw: Draw) -> list[Cell]:
    """Return the cells of one stratum after all later waves.

    A wave that draws more goes further along the same tickets, so that all waves together are one simple random sample of
    the larger size. A wave that visits all units of a kind makes them a certainty stratum; the others keep the chance of
    their draw.

    Parameters
    ----------
    cells : sequence of Cell
        As `draw_cells` gives them.
    rows : pandas.DataFrame
        All units of the stratum.
    sizes : mapping of str to int
        Wave → how many units of the stratum all waves up to it choose at random.
    draw : Draw

    Returns
    -------
    list of Cell
    """
    merged = list(cells)
    for wave in draw.stage.wave:
        if wave.n is not None:
            certain = {unit for cell in merged if cell.certainty for unit in cell.chosen}
            merged = [_longer(cell, rows, sizes[wave.name], wave.name, draw, certain) for cell in merged]
        else:
            everyone = rows[rows[read(wave.column)].isin(wave.values)]
            merged = _swept(merged, everyone, wave.name, draw)
    return merged


def _longer(cell: Cell, rows: pd.DataFrame, n: int, wave: str, draw: Draw, certain: Collection[str]) -> Cell:
    """Draw a cell again with more units; those that an earlier wave has swept keep their own cell."""
    mine = rows[rows["must"] == ""]
    if cell.certainty or mine.empty:
        return cell
    longer = _fill(mine, n, cell.method, draw, cell.above, cell.stratum, n)
    new = {unit: wave for unit in longer.chosen if unit not in cell.chosen and unit not in certain}
    return _without(replace(longer, waves=cell.waves | new), {unit for unit in certain if unit in longer.probs})


def _swept(cells: Sequence[Cell], everyone: pd.DataFrame, wave: str, draw: Draw) -> list[Cell]:
    before = {unit: cell for cell in cells for unit in cell.chosen}
    certain = {unit for cell in cells if cell.certainty for unit in cell.chosen}
    part = everyone[~everyone["unit"].isin(certain)]
    if part.empty or not cells:
        return list(cells)
    above, stratum = cells[0].above, cells[-1].stratum
    swept = _fill(part, len(part), "take-all", draw, above, f"{stratum}·{wave}", len(part), certainty=True)
    waves = {unit: before[unit].waves.get(unit, "") if unit in before else wave for unit in swept.chosen}
    gone = set(part["unit"])
    return [*(_without(cell, gone) for cell in cells), replace(swept, waves={u: w for u, w in waves.items() if w})]


def _without(cell: Cell, gone: set[str]) -> Cell:
    if cell.certainty:
        return cell
    chosen = tuple(unit for unit in cell.chosen if unit not in gone)
    probs, exact = ({unit: prob for unit, prob in each.items() if unit not in gone} for each in (cell.probs, cell.chances))
    return replace(cell, population=cell.population - len(gone), chosen=chosen, probs=probs, exact=exact)


def _fill(
    rows: pd.DataFrame,
    n: int,
    method: str,
    draw: Draw,
    above: str,
    stratum: str,
    quota: int,
    reserves: int = 0,
    certainty: bool = False,
) -> Cell:
    """Draw n of the units of a cell, and the reserves behind them."""
    way, label = selection.METHODS[method], f"{above}|{stratum}" if above else stratum
    rows = _in_order(rows, draw.stage) if way.ordered else rows
    names = rows["unit"].tolist()
    units = _units(rows, draw, label)
    times = Counter(way.draw(units, n))
    chosen = list(times)
    by_name = sorted(range(len(names)), key=names.__getitem__)
    by_ticket = sorted(by_name, key=units.tickets.__getitem__)
    taken = set(chosen)
    waiting = [i for i in by_ticket if i not in taken][:reserves]
    places = {i: place for place, i in enumerate(by_ticket, 1)}
    chances = way.probs(units, n) if n else [0.0] * len(names)
    return Cell(
        above=above,
        stratum=stratum,
        population=len(names),
        quota=quota,
        chosen=tuple(names[i] for i in chosen),
        reserves=tuple(names[i] for i in waiting),
        digests={names[i]: units.tickets[i] for i in (*chosen, *waiting)},
        ranks={names[i]: places[i] for i in (*chosen, *waiting)},
        probs=dict(zip(names, chances, strict=True)),
        cutoff=_cutoff(way, units, n, chosen),
        certainty=certainty,
        method=method,
        hits={names[i]: count for i, count in times.items() if count > 1},
    )


def _units(rows: pd.DataFrame, draw: Draw, label: str) -> selection.Units:
    stage = draw.stage
    grouped = [tuple(cells) for cells in rows[[read(column) for column in stage.groups]].to_numpy()] if stage.groups else []
    codes = {cells: code for code, cells in enumerate(sorted(set(grouped)))}
    return selection.Units(
        tickets=draw.tickets(rows["unit"].tolist()),
        start=draw.start(label),
        sizes=rows["size"].tolist() if stage.size else None,
        balance=_numbers(rows, stage.balance),
        places=_numbers(rows, stage.places),
        groups=[codes[cells] for cells in grouped] if stage.groups else None,
    )


def _numbers(rows: pd.DataFrame, columns: Sequence[str]) -> list[list[float]] | None:
    if not columns:
        return None
    return [list(cells) for cells in zip(*(plain_numbers(rows[read(column)]).tolist() for column in columns), strict=True)]


def _in_order(rows: pd.DataFrame, stage: Stage) -> pd.DataFrame:
    """Sort a list as the design says; units that are alike stand in the order of their ids."""
    keys = []
    for column in stage.sort:
        numbers = plain_numbers(rows[read(column)])
        keys.append((numbers if numbers.notna().all() else rows[read(column)]).tolist())
    if not keys:
        return rows
    arranged = selection.serpentine if stage.serpentine else selection.nested
    return rows.iloc[arranged(list(zip(*keys, rows["unit"], strict=True)))]


def _cutoff(way: selection.Method, units: selection.Units, n: int, chosen: Sequence[int]) -> str:
    """Return the number that decided, as text: everyone at or below it was chosen."""
    if not chosen or way.reads == "nothing":
        return ""
    if way.reads == "start":
        return units.start.hex()
    if way.rank is None:
        return ""
    ranks = way.rank(units, n)
    last = max(ranks[i] for i in chosen)
    return last.hex() if isinstance(last, bytes) else format(last, ".17g")
