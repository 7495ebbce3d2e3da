"""The Sample and the two verbs that make it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import tickets
from evalkit.certificate import FORMAT, Certificate
from evalkit.errors import DrawError
from evalkit.sample.cells import Cell
from evalkit.sample.households import check_rosters, draw_households, household_table, released_list, roster_fingerprint, village_receipt
from evalkit.sample.villages import draw_villages, village_table
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.frame import Frame


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """The units that were chosen, stage by stage.

    Parameters
    ----------
    design : Design
    frame : Frame
    seed, seed_origin : str
    """

    design: Design
    frame: Frame
    seed: str
    seed_origin: str
    _first: tuple[Cell, ...]
    _rosters: pd.DataFrame
    _later: dict[str, tuple[Cell, ...]]

    @property
    def villages(self) -> tuple[str, ...]:
        """Return the drawn villages, sorted."""
        return tuple(sorted(unit for cell in self._first for unit in cell.chosen))

    @property
    def pending(self) -> tuple[str, ...]:
        """Return the drawn villages whose roster has not arrived; none in a design of one stage."""
        return tuple(village for village in self.villages if village not in self._later) if len(self.design.stages) > 1 else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what limits whom the sample speaks for: strata with units but without any in the sample."""
        return tuple(
            f"层 {cell.stratum}：{cell.population} 个单位没有入样机会，结果不代表它们"
            for cell in self._first
            if cell.population and not cell.chosen
        )

    def table(self, stage: str | None = None) -> pd.DataFrame:
        """Return the chosen units as a table.

        Parameters
        ----------
        stage : str, optional
            Name of a stage of the design; the latest that has been drawn when left out.

        Returns
        -------
        pandas.DataFrame
            First stage: ``unit name <frame columns> stratum N n prob weight ticket certainty``; `ticket` is
            the rank of the unit's ticket in its stratum. Later stage: ``village household stratum persons
            N quota n prob role order``, personal columns where the rosters have them, and ``village_stratum
            village_prob village_N village_n``; `role` is ``main`` or ``reserve`` and `order` counts both
            within a village and stratum.

        Raises
        ------
        DrawError
            When the design has no such stage.
        """
        names = [part.name for part in self.design.stages]
        wanted = stage if stage is not None else names[-1 if self._later else 0]
        if wanted not in names:
            raise DrawError(f"{wanted}｜设计中没有这个阶段｜可用：{'、'.join(names)}")
        return self._tables[names.index(wanted)].copy()

    def reserves(self) -> pd.DataFrame:
        """Return the reserve households in the order of release."""
        table = self._tables[1]
        return table[table["role"] == "reserve"].reset_index(drop=True)

    @cached_property
    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        villages = village_table(self.frame, self._first)
        return villages, household_table(self._rosters, self._later, villages)

    @cached_property
    def certificate(self) -> Certificate:
        """Return the receipt of this draw as far as it has got."""
        design, strata = self.design, self.frame.fingerprints(self.design.stages[0].strata)
        content: dict[str, Any] = {
            "format": FORMAT,
            "frame": {"fingerprint": self.frame.fingerprint, "units": len(self.frame), "strata": strata},
            "design": {"hash": design.hash, "plan": design.plan()},
            "seed": {"value": self.seed, "origin": self.seed_origin},
            "stages": {design.stages[0].name: {"method": design.stages[0].method, "strata": first_receipt(self._first)}},
        }
        if self._later:
            content["stages"][design.stages[1].name] = {
                "method": design.stages[1].method,
                "villages": later_receipt(self._rosters, self._later),
            }
        listed = {village: released_list(cells) for village, cells in sorted(self._later.items())}
        return Certificate(content, listed or None)

    def __repr__(self) -> str:
        strata = sum(1 for cell in self._first if cell.chosen)
        parts = [f"{strata} 层 {len(self.villages)} 村（{METHODS[self.design.stages[0].method].title}）"]
        if self._later:
            mains = sum(cell.n for cells in self._later.values() for cell in cells)
            kept = sum(len(cell.reserves) for cells in self._later.values() for cell in cells)
            parts.append(f"{len(self._later)} 村 {mains} 户、备用 {kept} 户")
        if self.pending:
            parts.append(f"{len(self.pending)} 村待名册")
        return f"Sample {'，'.join(parts)}，种子 {self.seed}，凭证指纹 {self.certificate.sha256[:12]}"


def draw(frame: Frame, design: Design, *, seed: str, seed_origin: str = "given") -> Sample:
    """Draw the first stage of a design.

    Parameters
    ----------
    frame : Frame
        Who could be chosen.
    design : Design
        Strata, quotas and rules.
    seed : str
        Text without ``|``, usually the digits of the public ceremony. There is no default.
    seed_origin : str
        Where it came from, for the certificate.

    Returns
    -------
    Sample
        A pure function of the frame's content, the plan of the design and the seed.

    Raises
    ------
    DrawError
        With every stratum that cannot be drawn: found, asked for, what to type.

    Notes
    -----
    The ticket of a unit is SHA-256 of ``seed|stage|id``; in each stratum the method of the stage reads
    the tickets in the order of ids. Inclusion probability n/N, 1 in a certainty part.

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> villages = ev.read_frame("designs/data/villages_five_counties.csv", id="village_code", name="village",
    ...     columns=["township_code"], rules=design.frame.rule)
    >>> sample = ev.draw(villages, design, seed="31415926535897932384")
    >>> len(sample.villages), round(float(sample.table()["weight"].sum())), len(villages)
    (44, 355, 355)
    """
    plain = _sound_seed(seed)
    first = draw_villages(frame, design.stages[0], plain)
    empty = pd.DataFrame(columns=["village", "household", "stratum", "persons"])
    return Sample(design, frame, plain, tickets.clean(seed_origin), first, empty, {})


def draw_next(sample: Sample, rosters: pd.DataFrame) -> Sample:
    """Draw households in the villages whose rosters are given.

    Parameters
    ----------
    sample : Sample
        Unchanged; call again with its successor when more rosters arrive.
    rosters : pandas.DataFrame
        As `read_rosters` gives them: ``village household stratum persons`` and, where known, ``head
        id_number address``; any of the drawn villages, in any order.

    Returns
    -------
    Sample
        The same whatever the order of arrival. A roster given again without a change changes nothing.

    Raises
    ------
    DrawError
        When a village was not drawn, a roster has faults, a stratum is short under the shortfall rule,
        or a roster differs from the one a village was drawn with.

    Notes
    -----
    The ticket of a household is SHA-256 of ``seed|stage|village/household``. Within a village and stratum
    the first n are drawn and the next ones stand in reserve, in one order.

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.synthetic import registry
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    >>> frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    >>> sample = ev.draw(frame, design, seed="31415926535897932384")
    >>> one, two = (ev.read_rosters(made.rosters([village])[village], design) for village in sample.villages)
    >>> ev.draw_next(sample, one).pending == sample.villages[1:]
    True
    >>> whole = ev.draw_next(ev.draw_next(sample, two), one)
    >>> whole.certificate.sha256 == ev.draw_next(ev.draw_next(sample, one), two).certificate.sha256
    True
    >>> whole.table("household")["role"].value_counts().to_dict()
    {'main': 120, 'reserve': 30}
    """
    if len(sample.design.stages) < 2:
        raise DrawError("抽户｜设计只有一个阶段｜在设计文件中加第二个 [[stage]]")
    stage = sample.design.stages[1]
    given = check_rosters(rosters, sample.villages, stage)
    fresh = given[~given["village"].isin(_unchanged(sample, given))].reset_index(drop=True)
    cells = draw_households(fresh, stage, sample.design.reserves, sample.seed)
    whole = pd.concat([sample._rosters, fresh]) if len(sample._rosters) else fresh
    ordered = whole.sort_values(["village", "household"]).reset_index(drop=True)
    return replace(sample, _rosters=ordered, _later={**sample._later, **cells})


def first_receipt(cells: tuple[Cell, ...]) -> dict[str, Any]:
    """Return what a certificate says of the first stage: every stratum with its units, tickets and chances."""
    return {
        cell.stratum: {
            **cell.receipt(),
            "units": [{"id": unit, "digest": cell.digests[unit].hex(), "prob": cell.prob} for unit in cell.chosen],
        }
        for cell in cells
    }


def later_receipt(rosters: pd.DataFrame, cells: dict[str, tuple[Cell, ...]]) -> dict[str, Any]:
    """Return what a certificate says of the later stage, village by village."""
    by_village = dict(list(rosters.groupby("village")))
    return {village: village_receipt(by_village[village], cells[village]) for village in sorted(cells)}


def _unchanged(sample: Sample, given: pd.DataFrame) -> list[str]:
    known = dict(list(sample._rosters.groupby("village")))
    again = [(str(village), rows) for village, rows in given.groupby("village") if village in known]
    changed = [village for village, rows in again if roster_fingerprint(rows) != roster_fingerprint(known[village])]
    if changed:
        raise DrawError(f"{'、'.join(changed)}｜已按另一份名册抽过户，名册改动后不能再抽｜恢复原名册；确需重抽的，另立文件夹并记录原因")
    return [village for village, _ in again]


def _sound_seed(seed: str) -> str:
    if not isinstance(seed, str):
        raise DrawError(f"seed｜应为文字，现为 {type(seed).__name__}｜给种子加上引号，以免丢失前面的 0")
    plain = tickets.clean(seed)
    if not plain or "|" in plain or not plain.isprintable():
        raise DrawError("seed｜不能为空，也不能含 | 或不可见字符｜写抽签仪式得到的数字，如 \"31415926535897932384\"")
    return plain
