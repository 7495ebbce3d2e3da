"""The later stage: households of a drawn village by stratum, from its roster."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import codes, tickets
from evalkit.errors import DrawError, Faults
from evalkit.sample.cells import Cell, fill_cell, quotas
from evalkit.sheets import as_text, numbered, plain_numbers, refuse_floats

if TYPE_CHECKING:
    from evalkit.design.sections import Reserves, Stage

NEEDED = ("village", "household", "stratum", "persons")
MOST_PERSONS = 50  # a row with more is no household: a village total, a telephone number, an income
PERSONAL = ("head", "id_number", "address")


def check_rosters(rosters: Any, villages: Collection[str], stage: Stage) -> pd.DataFrame:
    """Check rosters and return them cleaned, by village and household.

    Parameters
    ----------
    rosters : pandas, polars, pyarrow, DuckDB or Spark table
        Columns ``village household stratum persons`` and, where they are known, ``head id_number address``;
        other columns are left behind.
    villages : collection of str
        The drawn villages.
    stage : Stage
        The later stage; its quotas name the strata where they differ by stratum.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DrawError
        With every fault and its row.
    """
    faults = Faults("名册")
    table = _cleaned(numbered(rosters, DrawError), faults)
    for column in ("village", "household"):
        refuse_floats(table, column, faults)
    _check_villages(table, villages, faults)
    _check_households(table, faults)
    _check_strata(table, stage, faults)
    table = table.assign(persons=_persons(table, faults))
    faults.refuse(DrawError)
    return table.astype({"persons": int}).sort_values(["village", "household"]).reset_index(drop=True)


def draw_households(rosters: pd.DataFrame, stage: Stage, reserves: Reserves | None, seed: str) -> dict[str, tuple[Cell, ...]]:
    """Draw the households of every village in the rosters.

    Parameters
    ----------
    rosters : pandas.DataFrame
        As `check_rosters` gives them.
    stage : Stage
    reserves : Reserves, optional
    seed : str

    Returns
    -------
    dict of str to tuple of Cell
        Village → its strata, by label. A stratum of the design without a household in the village has an
        empty cell.

    Raises
    ------
    DrawError
        With every village and stratum that is short under the shortfall rule.
    """
    faults = Faults("抽户")
    if stage.mandatory is not None:
        faults.add(None, f"stage {stage.name}", None, "抽户阶段没有必访规则", "删去该阶段的 mandatory")
    plans: dict[str, tuple[dict[str, list[str]], dict[str, int]]] = {}
    named = tuple(stage.n) if isinstance(stage.n, dict) else ()
    for village, rows in rosters.groupby("village"):
        strata: dict[str, list[str]] = {stratum: [] for stratum in named}
        for stratum, households in rows.groupby("stratum")["household"]:
            strata[str(stratum)] = sorted(households)
        sizes = quotas({stratum: len(units) for stratum, units in strata.items()}, stage, f"{village} ", faults)
        plans[str(village)] = (strata, sizes)
    faults.refuse(DrawError)
    return {village: _village_cells(village, *plan, stage, reserves, seed) for village, plan in plans.items()}


def household_table(rosters: pd.DataFrame, cells: Mapping[str, tuple[Cell, ...]], villages: pd.DataFrame) -> pd.DataFrame:
    """Return drawn and reserve households as a table, by village, stratum and order.

    Parameters
    ----------
    rosters : pandas.DataFrame
        As `check_rosters` gives them.
    cells : mapping of str to tuple of Cell
        As `draw_households` gives them.
    villages : pandas.DataFrame
        The table of drawn villages.

    Returns
    -------
    pandas.DataFrame
        ``village household stratum persons N quota n prob role order``, the personal columns of the
        rosters, and ``village_stratum village_prob village_N village_n``.
    """
    facts = [row for village in sorted(cells) for cell in cells[village] for row in _facts(village, cell)]
    order = ["village", "household", "stratum", "persons", "N", "quota", "n", "prob", "role", "order"]
    drawn = pd.DataFrame(facts, columns=[column for column in order if column != "persons"])
    known = [column for column in PERSONAL if column in rosters.columns]
    table = drawn.merge(rosters[["village", "household", "persons", *known]], on=["village", "household"], how="left", validate="1:1")
    first = villages[["unit", "stratum", "prob", "N", "n"]].set_axis(
        ["village", "village_stratum", "village_prob", "village_N", "village_n"], axis=1
    )
    whole = table.loc[:, [*order, *known]].merge(first, on="village", how="left", validate="m:1")
    return whole.astype({"persons": int}) if len(whole) else whole


def roster_fingerprint(rows: pd.DataFrame) -> str:
    """Return the fingerprint of one village's roster: household, stratum and persons, nothing personal.

    The rows stand in the order of households, as `check_rosters` gives them.
    """
    return tickets.fingerprint(
        (household, stratum, int(persons))
        for household, stratum, persons in zip(rows["household"], rows["stratum"], rows["persons"], strict=True)
    )


def released_list(cells: tuple[Cell, ...]) -> list[dict[str, Any]]:
    """Return the households of one village in the order of release, as they stand in the annex."""
    return [
        {"household": unit, "stratum": cell.stratum, "role": role, "order": place, "digest": cell.digests[unit].hex()}
        for cell in cells
        for place, (unit, role) in enumerate(_roles(cell), 1)
    ]


def village_receipt(rows: pd.DataFrame, cells: tuple[Cell, ...]) -> dict[str, Any]:
    """Return what the public certificate says of one village: counts, cut-offs and one hash of its ordered list."""
    listed = tickets.fingerprint(tuple(row.values()) for row in released_list(cells))
    strata = {cell.stratum: {**cell.receipt(), "quota": cell.quota, "reserves": len(cell.reserves)} for cell in cells}
    return {"roster": roster_fingerprint(rows), "list": listed, "strata": strata}


def _village_cells(
    village: str, strata: dict[str, list[str]], sizes: dict[str, int], stage: Stage, reserves: Reserves | None, seed: str
) -> tuple[Cell, ...]:
    return tuple(
        fill_cell(
            strata[stratum],
            sizes[stratum],
            stratum=stratum,
            method=stage.method,
            seed=seed,
            stage=stage.name,
            village=village,
            reserves=reserves.size(stratum) if reserves else 0,
            quota=stage.size(stratum),
        )
        for stratum in sorted(strata)
    )


def _roles(cell: Cell) -> list[tuple[str, str]]:
    return [(unit, "main") for unit in cell.chosen] + [(unit, "reserve") for unit in cell.reserves]


def _facts(village: str, cell: Cell) -> list[dict[str, Any]]:
    same = {"village": village, "stratum": cell.stratum, "N": cell.population, "quota": cell.quota, "n": cell.n, "prob": cell.prob}
    return [{**same, "household": unit, "role": role, "order": place} for place, (unit, role) in enumerate(_roles(cell), 1)]


def _cleaned(rosters: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    heads = rosters.columns.tolist()
    for column in NEEDED:
        if column not in heads:
            faults.add(1, column, None, "名册缺少这一列", "用 read_rosters 读名册")
    columns = [*NEEDED, *(column for column in PERSONAL if column in heads)]
    faults.refuse(DrawError)
    table = as_text(pd.DataFrame(rosters[columns]).reset_index(drop=True), faults)
    faults.refuse(DrawError)
    return table.assign(**{column: table[column].map(tickets.clean) for column in ("village", "household", "stratum")})


def _check_villages(table: pd.DataFrame, villages: Collection[str], faults: Faults) -> None:
    counts = table.loc[~table["village"].isin(list(villages)), "village"].value_counts(sort=False)
    for village, count in counts.items():
        faults.add(None, "village", codes.shown(str(village)), f"这个村没有被抽中（名册中有 {count} 行）", "删去该村，或改正村代码")


def _check_households(table: pd.DataFrame, faults: Faults) -> None:
    for row, household in enumerate(table["household"]):
        if codes.is_identity(household):
            faults.add(row + 2, "household", None, "户编号是身份证号，不能用来抽样", "改用名册中的户编号")
        elif not tickets.sound_id(household):
            faults.add(row + 2, "household", None, "户编号空白，或含 | / 空格、不可见字符", "改正户编号")
    villages = table["village"].tolist()
    for row in table.index[table.duplicated(["village", "household"], keep=False) & (table["household"] != "")]:
        faults.add(int(row) + 2, "household", None, f"{codes.shown(villages[row])} 内户编号重复", "每户一行，户编号在村内唯一")


def _check_strata(table: pd.DataFrame, stage: Stage, faults: Faults) -> None:
    known = tuple(stage.n) if isinstance(stage.n, dict) else ()
    for row, stratum in enumerate(table["stratum"]):
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
