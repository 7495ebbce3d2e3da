"""The Sample and the two verbs that make it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import tickets
from evalkit.certificate import FORMAT, Certificate
from evalkit.design import Design
from evalkit.errors import DrawError
from evalkit.frame import Frame
from evalkit.later import later
from evalkit.patience import Progress
from evalkit.sample.households import (
    Cells,
    Earlier,
    check_rosters,
    columns_read,
    draw_households,
    household_table,
    released_list,
    roster_fingerprint,
    village_receipt,
)
from evalkit.sample.rounds import Rounds, earlier_receipt, earlier_units
from evalkit.sample.villages import draw_villages, village_table
from evalkit.selection import METHODS
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.design.stages import Stage

charts = later("evalkit.charts")


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Shown):
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
    _listed: dict[str, Cells]
    _rosters: pd.DataFrame
    _later: dict[str, dict[str, Cells]]
    _earlier: Earlier = field(default_factory=dict)

    @property
    def _first(self) -> Cells:
        """The cells of the last stage of the frame."""
        return self._listed[self.design.frame_stages[-1].name]

    @property
    def villages(self) -> tuple[str, ...]:
        """Return the drawn units of the last stage of the frame, sorted."""
        return tuple(sorted(unit for cell in self._first for unit in cell.chosen))

    @property
    def pending(self) -> tuple[str, ...]:
        """Return the drawn villages whose roster has not arrived; none in a design without rosters."""
        return tuple(village for village in self.villages if village not in self._later) if self.design.roster_stages else ()

    @property
    def inference(self) -> bool:
        """Return whether the sample speaks for units outside of it: no stage was chosen on purpose alone."""
        return all(stage.inference for stage in self.design.stages)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what limits whom the sample speaks for: strata with units but without any in the sample."""
        limits = [] if self.inference else ["典型选点：结果只说明所选的单位，不作推断"]
        gone = sum(len(units) for units in self._earlier.values())
        limits += [f"以前各轮抽过的 {gone} 个单位不再抽，结果只代表其余单位"] if gone else []
        empty = [cell for cells in self._listed.values() for cell in cells if cell.population and not cell.chosen]
        for cell in empty:
            why = "有入样机会而无一抽中" if any(cell.probs.values()) else "没有入样机会"
            limits.append(f"层 {cell.label}：{cell.population} 个单位{why}，结果不代表它们")
        return (*limits, *self._shut_out())

    def _shut_out(self) -> list[str]:
        """Return the strata of households that the units taken by rule have left without a chance, with the number of villages."""
        shut: dict[str, int] = {}
        for stages in self._later.values():
            for cell in (cell for cells in stages.values() for cell in cells):
                if cell.population and not cell.chosen and cell.quota:
                    shut[cell.stratum] = shut.get(cell.stratum, 0) + 1
        return [f"{count} 个村的 {stratum} 由必入户占满配额，其余户没有入样机会，结果不代表它们" for stratum, count in sorted(shut.items())]

    def table(self, stage: str | None = None) -> pd.DataFrame:
        """Return the chosen units as a table.

        Parameters
        ----------
        stage : str, optional
            Name of a stage of the design; the latest that has been drawn when left out.

        Returns
        -------
        pandas.DataFrame
            Stages of the frame: ``unit name <frame columns> stratum N n chance prob weight ticket certainty wave hits``;
            `chance` is that of the stage, `prob` that of all stages so far, `ticket` the rank of the unit's ticket in its
            stratum, `wave` the later wave that added it, `hits` how often it was drawn. Households: ``village household stratum
            persons cell N quota n chance prob role order``, personal columns where the rosters have them, and
            ``village_stratum village_prob village_N village_n``; `stratum` is the type of the household, `cell` the stratum
            it was drawn in, `role` is ``main`` or ``reserve`` and `order` counts both within a village and cell.

        Raises
        ------
        DrawError
            When the design has no such stage.
        """
        names = [part.name for part in self.design.stages]
        wanted = stage if stage is not None else names[-1] if self._later else self.design.frame_stages[-1].name
        if wanted not in names:
            raise DrawError(f"{wanted}｜设计中没有这个阶段｜可用：{'、'.join(names)}")
        return self._tables[wanted].copy()

    def cells(self, stage: str) -> Cells:
        """Return the strata of a stage of the frame as they were drawn: every unit with its chance in the order of the draw.

        Raises
        ------
        DrawError
            When the stage is not one of the frame.
        """
        if stage not in self._listed:
            raise DrawError(f"{stage}｜不是从名单抽取的阶段｜可用：{'、'.join(self._listed)}")
        return self._listed[stage]

    def plot(self, stage: str | None = None, **options: Any) -> Any:
        """Draw who was drawn along the cumulated sizes; `evalkit.charts.drawn_plot` says what may be asked."""
        return charts.drawn_plot(self, stage, **options)

    def reserves(self) -> pd.DataFrame:
        """Return the reserve households in the order of release; none in a design without rosters."""
        table = self._tables[self.design.stages[-1].name]
        return table[table["role"] == "reserve"].reset_index(drop=True) if self.design.roster_stages else table.iloc[:0]

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        listed, asked = self.design.frame_stages, self.design.roster_stages
        tables = {stage.name: village_table(self.frame, listed, self._listed, at) for at, stage in enumerate(listed)}
        for stage in asked[:-1]:
            rows = [
                {"village": village, "unit": unit, "stratum": cell.label, "N": cell.population, "n": cell.n, "chance": cell.chances[unit]}
                for village, stages in sorted(self._later.items()) for cell in stages[stage.name] for unit in cell.chosen
            ]  # fmt: skip
            tables[stage.name] = pd.DataFrame(rows, columns=["village", "unit", "stratum", "N", "n", "chance"])
        if asked:
            tables[asked[-1].name] = household_table(self._rosters, self._later, asked, tables[listed[-1].name])
        return tables

    @cached_property
    def certificate(self) -> Certificate:
        """Return the receipt of this draw as far as it has got."""
        design = self.design
        content: dict[str, Any] = {
            "format": FORMAT,
            "frame": frame_receipt(self.frame, design),
            "design": {"hash": design.hash, "plan": design.plan()},
            "seed": {"value": self.seed, "origin": self.seed_origin},
            "stages": {
                stage.name: {"method": stage.method, "strata": stage_receipt(self._listed[stage.name])} for stage in design.frame_stages
            },
        }
        receipts = roster_receipts(design.roster_stages, self._rosters, self._later) if self._later else {}
        for stage in design.roster_stages if receipts else ():
            content["stages"][stage.name] = {"method": stage.method, "villages": receipts[stage.name]}
        if any(self._earlier.values()):
            content["earlier"] = earlier_receipt(self._earlier)
        listed = {village: released_list(stages[design.stages[-1].name]) for village, stages in sorted(self._later.items())}
        return Certificate(content, listed or None)

    def _rows_shown(self) -> Rows:
        listed = [(f"{name}：{len(cells)} 层", cells) for name, cells in self._listed.items()]
        rows = [(name, sum(cell.population for cell in cells), sum(cell.n for cell in cells), 0) for name, cells in listed]
        last, counts = self.design.stages[-1].name, Counter[tuple[str, str]]()
        for stages in self._later.values():
            for cell in stages[last]:
                for word, count in (("N", cell.population), ("n", cell.n), ("reserves", len(cell.reserves))):
                    counts[f"{last}：{cell.label}", word] += count
        strata = dict.fromkeys(label for label, _ in counts)
        rows += [(label, counts[label, "N"], counts[label, "n"], counts[label, "reserves"]) for label in strata]
        return Rows(("阶段", "总数", "抽取", "备用"), [(label, *map(str, row)) for label, *row in rows], 1)

    def __repr__(self) -> str:
        strata = sum(1 for cell in self._first if cell.chosen)
        parts = [f"{strata} 层 {len(self.villages)} 村（{METHODS[self.design.frame_stages[-1].method].title}）"]
        if self._later:
            last = self.design.stages[-1].name
            mains = sum(cell.n for stages in self._later.values() for cell in stages[last])
            kept = sum(len(cell.reserves) for stages in self._later.values() for cell in stages[last])
            parts.append(f"{len(self._later)} 村 {mains} 户、备用 {kept} 户")
        if self.pending:
            parts.append(f"{len(self.pending)} 村待名册")
        return f"Sample {'，'.join(parts)}，种子 {self.seed}，凭证指纹 {self.certificate.sha256[:12]}"


def draw(
    frame: Frame, design: Design, *, seed: str, seed_origin: str = "given", earlier: Rounds = ()
) -> Sample:
    """Draw the stages of the frame: villages, and what stands above them.

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
    earlier : Sample, Certificate or path of a certificate or annex, or several of them
        Earlier rounds, for stages with ``repeat = "never"``: what they took is not drawn again, here or in `draw_next`.

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
    _refuse_other_kinds(frame, design, seed_origin)
    plain = _sound_seed(seed)
    gone = earlier_units(design.stages, earlier)
    listed = draw_villages(frame, design.frame_stages, plain, gone)
    empty = pd.DataFrame(columns=["village", "household", "stratum", "persons", *columns_read(design.roster_stages)])
    return Sample(design, frame, plain, tickets.clean(seed_origin), listed, empty, {}, gone)


def draw_next(sample: Sample, rosters: Any, *, progress: Progress | None = None) -> Sample:
    """Draw households in the villages whose rosters are given.

    Parameters
    ----------
    sample : Sample
        Unchanged; call again with its successor when more rosters arrive.
    rosters : pandas.DataFrame, or a table in an engine, or a path to Parquet or CSV
        As `read_rosters` gives them: ``village household stratum persons`` and, where known, ``head
        id_number address``; any of the drawn villages, in any order. A polars LazyFrame, a DuckDB relation, a Spark or Dask
        table, or a file may be the register of all villages under these headings: only the rows of drawn villages are brought.
    progress : callable, optional
        Told a line a village.

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
    stages = sample.design.roster_stages
    if not stages:
        raise DrawError("抽户｜设计没有从名册抽取的阶段｜在设计文件中加抽户的 [[stage]]")
    given = check_rosters(rosters, sample.villages, stages, bool(sample.design.frame.rows))
    return extend(sample, given[~given["village"].isin(_unchanged(sample, given))], progress)


def extend(sample: Sample, fresh: pd.DataFrame, progress: Progress | None = None) -> Sample:
    """Draw households from rosters that have been checked, of villages that had none: what `draw_next` does after its checks."""
    villages = sample.table(sample.design.frame_stages[-1].name)
    stages, reserves = sample.design.roster_stages, sample.design.reserves
    cells = draw_households(fresh, stages, reserves, sample.seed, villages, sample._earlier, progress)
    # checked rosters are in their order
    ordered = pd.concat([sample._rosters, fresh]).sort_values(["village", "household"]) if len(sample._rosters) else fresh
    return replace(sample, _rosters=ordered.reset_index(drop=True), _later={**sample._later, **cells})


def frame_receipt(frame: Frame, design: Design) -> dict[str, Any]:
    """Return what a certificate says of the frame: its fingerprint, and that of each stratum of the first stage."""
    return {"fingerprint": frame.fingerprint, "units": len(frame), "strata": frame.fingerprints(design.stages[0].strata)}


def stage_receipt(cells: Cells) -> dict[str, Any]:
    """Return what a certificate says of a stage of the frame: every stratum with its units, tickets and chances."""
    return {cell.label: {**cell.receipt(), "units": cell.units()} for cell in cells}


def roster_receipts(
    stages: tuple[Stage, ...], rosters: pd.DataFrame, later: dict[str, dict[str, Cells]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what a certificate says of the stages of the rosters: stage → village → its receipt."""
    prints = {village: roster_fingerprint(rows, stages) for village, rows in rosters.groupby("village")}
    return {
        stage.name: {
            village: {"roster": prints[village], **village_receipt(later[village][stage.name], stage is stages[-1])}
            for village in sorted(later)
        }
        for stage in stages
    }


def _unchanged(sample: Sample, given: pd.DataFrame) -> list[str]:
    known, stages = dict(list(sample._rosters.groupby("village"))), sample.design.roster_stages
    again = [(str(village), rows) for village, rows in given[given["village"].isin(list(known))].groupby("village")]
    changed = [village for village, rows in again if roster_fingerprint(rows, stages) != roster_fingerprint(known[village], stages)]
    if changed:
        raise DrawError(f"{'、'.join(changed)}｜已按另一份名册抽过户，名册改动后不能再抽｜恢复原名册；确需重抽的，另立文件夹并记录原因")
    return [village for village, _ in again]


def _refuse_other_kinds(frame: Any, design: Any, seed_origin: Any) -> None:
    wanted = (
        ("frame", frame, Frame, "ev.read_frame 读出的名单"),
        ("design", design, Design, "ev.read_design 读出的设计"),
        ("seed_origin", seed_origin, str, "文字"),
    )
    wrong = [f"{what}｜现为 {type(found).__name__}｜给出 {way}" for what, found, kind, way in wanted if not isinstance(found, kind)]
    if wrong:
        raise DrawError("\n".join(wrong))


def _sound_seed(seed: str) -> str:
    if not isinstance(seed, str):
        raise DrawError(f"seed｜应为文字，现为 {type(seed).__name__}｜给种子加上引号，以免丢失前面的 0")
    plain = tickets.clean(seed)
    if not plain or "|" in plain or not plain.isprintable():
        raise DrawError("seed｜不能为空，也不能含 | 或不可见字符｜写抽签仪式得到的数字，如 \"31415926535897932384\"")
    return plain
