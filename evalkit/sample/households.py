"""The stages that are drawn from the roster of a village: village groups where there are any, and households last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import codes, tickets
from evalkit.engines import Far, of_villages, opened
from evalkit.errors import DrawError, Faults
from evalkit.patience import Progress, counted
from evalkit.sample.cells import Cell, Draw, draw_cells
from evalkit.sample.listings import ALL, Source, listing, plain_objects
from evalkit.sample.quotas import Key, asked, fitted, village_shares
from evalkit.sample.villages import ABOVE
from evalkit.sheets import as_text, numbered, plain_numbers, refuse_floats

if TYPE_CHECKING:
    from evalkit.design.sections import Reserves
    from evalkit.design.stages import Stage

NEEDED = ("village", "household", "stratum", "persons")
MOST_PERSONS = 50  # a row with more is no household: a village total, a telephone number, an income
PERSONAL = ("head", "id_number", "address")
REMEDY = '删去该村，或改正村代码；表是整份户名册的，只留抽中各村的行：表[表["village"].isin(sample.villages)]'
DECIDING = ("household", "stratum", "persons")
FACTS = ("village", "household", "cell", "N", "quota", "n", "chance", "role", "order")
Cells = tuple[Cell, ...]
Earlier = Mapping[str, frozenset[str]]
TABLE = (
    "village", "household", "stratum", "persons", "cell", "N", "quota", "n", "chance", "prob", "role", "order",
)  # fmt: skip


def check_rosters(rosters: Any, villages: Collection[str], stages: tuple[Stage, ...], counted: bool = False) -> pd.DataFrame:
    """Check rosters and return them cleaned, by village and household.

    Parameters
    ----------
    rosters : pandas, polars, pyarrow, DuckDB, Spark or Dask table, or path to Parquet or CSV
        Columns ``village household stratum persons``, those that the stages read, and, where they are known, ``head id_number
        address``; other columns are left behind. Of a table that stays in its engine only the rows of `villages` are brought.
    villages : collection of str
        The drawn villages.
    stages : tuple of Stage
        The stages that are drawn from rosters; their quotas name the strata where they differ by stratum.
    counted : bool
        Whether the villages were counted from a register, so that a table in an engine must have rows of each.

    Returns
    -------
    pandas.DataFrame
        The index holds the place of each row in the table that was given, from 0.

    Raises
    ------
    DrawError
        With every fault and its row.
    """
    faults = Faults("名册")
    far = opened(rosters, DrawError, text=True)
    table = _cleaned(numbered(rosters, DrawError) if far is None else _brought(far, villages, stages), stages, faults)
    for column in ("village", "household"):
        refuse_floats(table, column, faults)
    _check_villages(table, villages, faults)
    if counted and far is not None:
        note_absent(faults, "village", villages, table["village"])
    _check_households(table, faults)
    _check_strata(table, stages[-1], faults)
    table = table.assign(persons=_persons(table, faults))
    if far is not None and faults:
        faults.by_place(dict(enumerate(table["village"].map(codes.shown), 2)), "村")
    faults.refuse(DrawError)
    return table.astype({"persons": int}).sort_values(["village", "household"])


def draw_households(
    rosters: pd.DataFrame,
    stages: tuple[Stage, ...],
    reserves: Reserves | None,
    seed: str,
    villages: pd.DataFrame,
    earlier: Earlier | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, Cells]]:
    """Draw the stages of the rosters in every village that has one.

    Parameters
    ----------
    rosters : pandas.DataFrame
        As `check_rosters` gives them.
    stages : tuple of Stage
        The stages of the rosters.
    reserves : Reserves, optional
        Reserve households behind each stratum of the last stage.
    seed : str
    villages : pandas.DataFrame
        All drawn villages, as `village_table` gives them: rules ask what a village is like, and a shared total is shared out to
        all of them, whichever roster comes first.
    earlier : mapping of str to frozenset of str
        Stage → units (``village/household``) that may not be drawn again.
    progress : callable, optional
        Told a line a village.

    Returns
    -------
    dict of str to dict of str to tuple of Cell
        Village → stage → its cells. A stratum that the design names and a village does not have gets an empty cell.

    Raises
    ------
    DrawError
        With every village and stratum that is short under the shortfall rule.
    """
    faults, gone, known = Faults("抽户"), earlier or {}, villages.set_index("unit")
    facts = {village: {str(column): str(value) for column, value in row.items()} for village, row in known.to_dict("index").items()}
    shared = {stage.name: _shares(stage, known, faults) for stage in stages if stage.allocation is not None}
    faults.refuse(DrawError)
    drawn: dict[str, dict[str, Cells]] = {}
    for village, rows in counted(plain_objects(rosters).groupby("village"), "抽户", progress):
        drawn[str(village)] = {}
        part, above = rows.set_axis(rows.index + 2), ""
        for stage in stages:
            source = Source(part, stage.unit or "household", above, f"{village} ", "stratum")
            draw = Draw(seed, stage, str(village))
            kept = {stratum: count for (unit, stratum), count in shared.get(stage.name, {}).items() if unit == village}
            back = reserves if stage is stages[-1] else None
            cells = _stage_cells(source, draw, facts[village], kept, back, gone.get(stage.name, frozenset()), faults)
            drawn[str(village)][stage.name] = cells
            if faults and not cells:
                break  # nothing is drawn from a list with faults, and the stages below have no more to tell
            if stage is not stages[-1]:
                part = part[part[source.unit].isin({unit for cell in cells for unit in cell.chosen})]
                above = source.unit
    faults.refuse(DrawError)
    return drawn


def household_table(
    rosters: pd.DataFrame, drawn: Mapping[str, Mapping[str, Cells]], stages: tuple[Stage, ...], villages: pd.DataFrame
) -> pd.DataFrame:
    """Return drawn and reserve households as a table, by village, stratum and order.

    Parameters
    ----------
    rosters : pandas.DataFrame
        As `check_rosters` gives them.
    drawn : mapping of str to mapping of str to tuple of Cell
        As `draw_households` gives them.
    stages : tuple of Stage
        The stages of the rosters.
    villages : pandas.DataFrame
        The table of drawn villages.

    Returns
    -------
    pandas.DataFrame
        ``village household stratum persons cell N quota n chance prob role order``, the personal columns of the rosters, the
        columns that the stages read, for each stage above the last its unit with ``_chance _N _n _stratum``, and
        ``village_stratum village_chance village_prob village_N village_n village_hits``. `stratum` is the type of the household,
        `cell` the stratum it was drawn in; `chance` is that of the last stage, `prob` that of all stages; `village_hits` is how
        often the village was drawn, 1 unless with replacement: the weight by design is ``village_hits / prob``.
    """
    facts = [row for village in sorted(drawn) for cell in drawn[village][stages[-1].name] for row in _facts(village, cell)]
    cells = zip(*facts, strict=True) if facts else [np.empty(0, dtype=object)] * len(FACTS)
    made: dict[str, Any] = dict(zip(FACTS, cells, strict=True))
    roster = pd.MultiIndex.from_frame(rosters[["village", "household"]])
    listed = roster.get_indexer(pd.MultiIndex.from_arrays([made["village"], made["household"]]))
    known = [column for column in rosters.columns if column not in ("village", *DECIDING)]
    made |= {column: rosters[column].array.take(listed) for column in ("stratum", "persons", *known)}
    first = _of_villages(villages)
    of_village = pd.Index(villages["unit"]).get_indexer(made["village"])
    made |= {column: first[column].array.take(of_village) for column in map(str, first)}
    table = pd.DataFrame(made).assign(prob=lambda rows: rows["village_prob"] * rows["chance"])
    for stage in stages[:-1]:
        table = _with_stage(table, stage, drawn)
    others = [column for column in table.columns if column not in (*TABLE, *first.columns, *known)]
    whole = table.loc[:, [*TABLE, *known, *others, *first.columns]]
    return whole.astype({"persons": int}) if len(whole) else whole


def roster_fingerprint(rows: pd.DataFrame, stages: tuple[Stage, ...]) -> str:
    """Return the fingerprint of one village's roster: household, stratum, persons and what the stages read, nothing personal.

    The rows stand in the order of households, as `check_rosters` gives them.
    """
    columns = [*DECIDING, *(column for column in columns_read(stages) if column in rows.columns)]
    household, stratum, persons, *others = (rows[column].tolist() for column in columns)
    return tickets.fingerprint(zip(household, stratum, map(int, persons), *others, strict=True))


def columns_read(stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """Return the columns of a roster that its stages read beside household, type and persons, sorted."""
    named = {column for stage in stages for column in (stage.unit, stage.size, *stage.strata, *stage.sort, *stage.balance)}
    named |= {column for stage in stages for column in (*stage.places, *stage.groups)}
    named |= {must.column for stage in stages for must in stage.mandatory} | {rule.column for stage in stages for rule in stage.rule}
    return tuple(sorted(named - {"", "rows", *DECIDING}))


def released_list(cells: Cells) -> list[dict[str, Any]]:
    """Return the households of one village in the order of release, as they stand in the annex."""
    return [
        {"household": unit, "stratum": cell.label, "role": role, "order": place, "digest": cell.digests[unit].hex()}
        for cell in cells
        for place, (unit, role) in enumerate(_roles(cell), 1)
    ]


def village_receipt(cells: Cells, last: bool) -> dict[str, Any]:
    """Return what the public certificate says of one stage in one village.

    Of households counts, cut-offs and one hash of their ordered list; of the units above them, which are not persons, all.
    """
    strata = {cell.label: {**cell.receipt(), "quota": cell.quota} for cell in cells}
    if not last:
        return {"strata": {cell.label: {**strata[cell.label], "units": cell.units()} for cell in cells}}
    for cell in cells:
        strata[cell.label]["reserves"] = len(cell.reserves)
    return {"list": tickets.fingerprint(tuple(row.values()) for row in released_list(cells)), "strata": strata}


def _stage_cells(
    source: Source, draw: Draw, facts: Mapping[str, str], shared: Mapping[str, int], reserves: Reserves | None,
    earlier: frozenset[str], faults: Faults,
) -> Cells:  # fmt: skip
    """Draw one stage in one village, in each unit above."""
    stage, cells = draw.stage, []
    gone = {unit.partition("/")[2] for unit in earlier if unit.startswith(f"{draw.village}/")}
    found = Faults(faults.subject)
    units = listing(source, stage, gone, found)
    if found:
        faults.extend(found)
        return ()
    for above in (sorted(set(units["above"])) if source.above else ()) or [""]:
        here = units[units["above"] == above] if source.above else units
        labels = here["stratum"].to_numpy()
        strata = {str(stratum): here.take(np.flatnonzero(labels == stratum)) for stratum in set(labels)}
        for stratum in _named(stage):
            strata.setdefault(stratum, units.iloc[:0])
        where = f"{source.where}{above} " if above else source.where
        sizes, wanted = _sizes(strata, stage, facts, shared, where, found)
        if found:
            continue
        for stratum in sorted(strata):
            back = reserves.size(stratum) if reserves else 0
            quota = wanted[stratum]
            cells += draw_cells(strata[stratum], sizes[stratum], draw=draw, above=above, stratum=stratum, quota=quota, reserves=back)
    faults.extend(found)
    return tuple(cells)


def _named(stage: Stage) -> tuple[str, ...]:
    """Return the strata that a list must have: those the design names, or all units as one where it has no strata."""
    return stage.named_strata if stage.strata else (ALL,)


def _sizes(
    strata: Mapping[str, pd.DataFrame], stage: Stage, facts: Mapping[str, str], shared: Mapping[str, int], where: str, faults: Faults
) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many of each stratum are drawn at random, and how many the design asks for."""
    counts = {stratum: len(rows) for stratum, rows in strata.items()}
    wanted = asked(stage, counts, facts, shared)
    ways = {rule.purpose: rule.how for rule in stage.mandatory}
    forced = {stratum: rows["must"].map(ways).value_counts().to_dict() if ways else {} for stratum, rows in strata.items()}
    if not stage.inference:
        return dict.fromkeys(counts, 0), wanted
    free = {stratum: count - forced[stratum].get("on-top", 0) for stratum, count in counts.items()}
    sizes = free if stage.takes_all else fitted(free, wanted, stage, where, faults)
    # a list may hold more units that must be taken than its quota: they are taken all the same, and nobody at random
    return {stratum: max(0, size - forced[stratum].get("within", 0)) for stratum, size in sizes.items()}, wanted


def _shares(stage: Stage, villages: pd.DataFrame, faults: Faults) -> dict[Key, int]:
    assert stage.allocation is not None
    named = stage.named_strata
    if stage.strata and not named:
        faults.add(None, f"{stage.name}.allocation.total", None, "分层的阶段，总数应按层写", "写 total = { \"层名\" = 数, … }")
        return {}
    try:
        return village_shares(stage.allocation, villages, named or (ALL,))
    except (KeyError, ValueError) as found:
        faults.add(None, f"{stage.name}.allocation", None, f"总数分不下去：{found}", "改正 total、least、most 或 by")
        return {}


def _of_villages(villages: pd.DataFrame) -> pd.DataFrame:
    """Return what the table of households tells of their villages, one row each."""
    own = ["stratum", "chance", "prob", "N", "n", "hits"]
    upper = [column for column in villages.columns if column.endswith(ABOVE)]
    hits = (villages["weight"] * villages["prob"]).round().astype(int)  # of all stages of the frame together
    return villages.assign(hits=hits)[[*own, *upper]].set_axis([*(f"village_{column}" for column in own), *upper], axis=1)


def _with_stage(table: pd.DataFrame, stage: Stage, drawn: Mapping[str, Mapping[str, Cells]]) -> pd.DataFrame:
    """Add the unit above that a household was drawn in, with its chance."""
    name = stage.name
    rows = [
        (village, unit, cell.chances[unit], cell.population, cell.n, cell.label)
        for village, stages in drawn.items() for cell in stages[name] for unit in cell.chosen
    ]  # fmt: skip
    columns = ["village", stage.unit, f"{name}_chance", f"{name}_N", f"{name}_n", f"{name}_stratum"]
    joined = table.merge(pd.DataFrame(rows, columns=columns), on=["village", stage.unit], how="left", validate="m:1")
    joined["prob"] = joined["prob"] * joined[f"{name}_chance"]
    return joined


def _roles(cell: Cell) -> list[tuple[str, str]]:
    return [(unit, "main") for unit in cell.chosen] + [(unit, "reserve") for unit in cell.reserves]


def _facts(village: str, cell: Cell) -> list[tuple[Any, ...]]:
    """Return the columns FACTS of the drawn and reserve households of a cell."""
    same, chances = (cell.label, cell.population, cell.quota, cell.n), cell.chances
    return [(village, unit, *same, chances[unit], role, place) for place, (unit, role) in enumerate(_roles(cell), 1)]


def _cleaned(rosters: pd.DataFrame, stages: tuple[Stage, ...], faults: Faults) -> pd.DataFrame:
    heads = rosters.columns.tolist()
    for column in NEEDED:
        if column not in heads:
            faults.add(1, column, None, "名册缺少这一列", "用 read_rosters 读名册")
    words = {name for stage in stages for name in stage.strata}  # one that is no column stands for the type of the household
    for column in columns_read(stages):
        if column not in heads and column not in words:
            faults.add(1, column, None, "名册缺少抽样要用的这一列", "列入 [rosters] columns，并用 read_rosters 读名册")
    columns = [*NEEDED, *(column for column in dict.fromkeys((*PERSONAL, *columns_read(stages))) if column in heads)]
    faults.refuse(DrawError)
    table = as_text(pd.DataFrame(rosters[columns]).reset_index(drop=True), faults)
    faults.refuse(DrawError)
    return table.assign(**{column: tickets.cleaned(table[column].tolist()) for column in ("village", "household", "stratum")})


def _brought(far: Far, villages: Collection[str], stages: tuple[Stage, ...]) -> pd.DataFrame:
    """Bring the rows of the drawn villages from a register that stays where it is."""
    have = far.kinds
    wanted = [name for name in dict.fromkeys((*NEEDED, *PERSONAL, *columns_read(stages))) if name in have or name == "village"]
    rows, _ = of_villages(far, "village", villages, wanted)
    return rows


def note_absent(faults: Faults, column: str, villages: Iterable[str], held: Iterable[str]) -> None:
    """Note the villages of which the register that counted them has no row: it is another one, or writes their codes otherwise."""
    for village in sorted({*villages} - {*held}):
        rule = "按村计过户数的户名册中，这个村一行也没有"
        faults.add(None, column, codes.shown(village), rule, "核对是不是同一份户名册，村代码的写法有没有变")


def _check_villages(table: pd.DataFrame, villages: Collection[str], faults: Faults) -> None:
    counts = table.loc[~table["village"].isin(list(villages)), "village"].value_counts(sort=False)
    for village, count in counts.items():
        faults.add(None, "village", codes.shown(str(village)), f"这个村没有被抽中（名册中有 {count} 行）", REMEDY)


def _check_households(table: pd.DataFrame, faults: Faults) -> None:
    households = table["household"].tolist()
    wrong = {name for name in set(households) if codes.is_identity(name) or not tickets.sound_id(name)}
    for row, household in enumerate(households) if wrong else ():
        if household in wrong and codes.is_identity(household):
            faults.add(row + 2, "household", None, "户编号是身份证号，不能用来抽样", "改用名册中的户编号")
        elif household in wrong:
            faults.add(row + 2, "household", None, "户编号空白，或含 | / 空格、不可见字符", "改正户编号")
    villages = table["village"].tolist()
    for row in table.index[table.duplicated(["village", "household"], keep=False) & (table["household"] != "")]:
        faults.add(int(row) + 2, "household", None, f"{codes.shown(villages[row])} 内户编号重复", "每户一行，户编号在村内唯一")


def _check_strata(table: pd.DataFrame, stage: Stage, faults: Faults) -> None:
    own = [name for name in stage.strata if name not in table.columns]
    known = stage.named_strata if len(stage.strata) == len(own) == 1 else ()
    for row, stratum in enumerate(table["stratum"].tolist()):
        if not stratum:
            faults.add(row + 2, "stratum", None, "户类型空白", "补全该格")
        elif known and stratum not in known:
            faults.add(row + 2, "stratum", codes.shown_word(stratum, known), "户类型不在设计的 n 中", f"改为：{'、'.join(known)}")


def _persons(table: pd.DataFrame, faults: Faults) -> pd.Series:
    numbers = plain_numbers(table["persons"])
    for row in table.index[~((numbers > 0) & (numbers % 1 == 0)).to_numpy(dtype=bool)]:
        faults.add(int(row) + 2, "persons", None, "人数应为正整数", "改正人数")
    for row in table.index[(numbers > MOST_PERSONS).to_numpy(dtype=bool)]:
        faults.add(int(row) + 2, "persons", None, f"人数多于 {MOST_PERSONS}", "一户一行；核对人数")
    return numbers.fillna(0)
