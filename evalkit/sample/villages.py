"""The stages that are drawn from the frame: counties or townships where there are any, and villages last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import DrawError, Faults
from evalkit.frame.rules import after_rules
from evalkit.sample.cells import Cell, Draw, add_waves, draw_cells
from evalkit.sample.listings import ALL, COUNT, Source, check_units, listing
from evalkit.sample.quotas import Key, asked, fitted, number, share_out
from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    from evalkit.design.stages import Stage
    from evalkit.frame import Frame

ABOVE = ("_unit", "_stratum", "_N", "_chance")
OWN = ("unit", "name", "stratum", "N", "n", "chance", "prob", "weight", "ticket", "certainty", "wave", "hits")
Cells = tuple[Cell, ...]


def draw_villages(frame: Frame, stages: tuple[Stage, ...], seed: str, earlier: Mapping[str, frozenset[str]] = {}) -> dict[str, Cells]:
    """Draw all stages of the frame, one inside the other.

    Parameters
    ----------
    frame : Frame
    stages : tuple of Stage
        The stages of the frame; each but the last has its units in a column.
    seed : str
    earlier : mapping of str to frozenset of str
        Stage → units that may not be drawn again.

    Returns
    -------
    dict of str to tuple of Cell
        Stage → its cells by label. A stage below the first is stratified by the drawn units of the stage above. The
        certainty part of a stratum has a cell of its own.

    Raises
    ------
    DrawError
        With every stratum that cannot be drawn, both numbers and what to type.
    """
    faults = Faults("抽样" if len(stages) > 1 else "抽村")
    clash = sorted(set(frame.columns) & set(OWN))
    if clash:
        faults.add(None, "、".join(clash), None, "名单列名与样本表的列名相同", "在名单中给这些列改名")
    faults.refuse(DrawError)
    drawn: dict[str, Cells] = {}
    table, above = frame.table().set_axis(list(frame.rows)), ""
    for stage in stages:
        if stage.unit and {stage.unit, above} - {""} <= set(table.columns):
            check_units(table, Source(table, stage.unit, above), faults)  # of the whole list, whatever is drawn of it
        above = stage.unit
        _check_strata(table, stage, faults)
    faults.refuse(DrawError)
    above = ""
    for stage in stages:
        source = Source(table, stage.unit or frame.id, above)
        drawn[stage.name] = _stage_cells(source, stage, seed, earlier.get(stage.name, frozenset()))
        chosen = {unit for cell in drawn[stage.name] for unit in cell.chosen}
        table, above = table[table[source.unit].isin(chosen)], source.unit
    return drawn


def village_table(frame: Frame, stages: tuple[Stage, ...], drawn: Mapping[str, Cells], upto: int) -> pd.DataFrame:
    """Return the drawn units of one stage of the frame, one row each, by stratum and order of release.

    Parameters
    ----------
    frame : Frame
    stages : tuple of Stage
    drawn : mapping of str to tuple of Cell
        As `draw_villages` gives them.
    upto : int
        Which stage, counted from 0.

    Returns
    -------
    pandas.DataFrame
        ``unit name <frame columns> stratum N n chance prob weight ticket certainty wave hits``: `chance` is that of this
        stage, `prob` that of all stages together, `weight` the number of draws in all stages over `prob`; for each stage above
        ``<stage>_unit <stage>_stratum <stage>_N <stage>_chance``. Names and columns of the frame stand only with its rows, in
        the last stage; above, the unit's own column does.
    """
    facts = pd.DataFrame([_facts(cell, unit) for cell in drawn[stages[upto].name] for unit in cell.chosen], columns=["unit", *OWN[2:]])
    whole = frame.table()
    kept = whole.take(_places(whole[stages[upto].unit or frame.id], facts["unit"]))
    facts["prob"] = facts["chance"]
    facts["weight"] = facts["hits"] / facts["chance"]
    for stage in stages[:upto]:
        facts = _with_stage(facts, stage, kept[stage.unit].tolist(), drawn[stage.name])
    if upto < len(stages) - 1:
        return facts
    table = pd.DataFrame({"unit": facts["unit"], "name": kept[frame.name or frame.id].to_numpy()})
    for column in frame.columns:
        table[column] = kept[column].to_numpy()
    return pd.concat([table, facts.drop(columns="unit")], axis=1)


def _places(column: pd.Series, units: pd.Series) -> list[int]:
    """Return where each unit first stands in a column of the list."""
    places = {unit: at for at, unit in reversed(list(enumerate(column.tolist())))}
    return [places[unit] for unit in units.tolist()]


def _stage_cells(source: Source, stage: Stage, seed: str, earlier: frozenset[str]) -> Cells:
    faults, draw = Faults("抽村" if not source.above else "抽样"), Draw(seed, stage)
    units = listing(source, stage, earlier, faults)
    faults.refuse(DrawError)
    if units.empty and not source.above:
        faults.add(None, stage.name, None, "没有可抽的单位", "核对名单与这一阶段的 rule")
    faults.refuse(DrawError)
    cells = _cells(units, source, stage)
    counts = {key: len(rows) for key, rows in cells.items()}
    shared = _shared(source, stage, units, counts, faults)
    facts = _facts_above(source) if stage.quota else {}
    _check_rules(stage, facts, faults)
    sizes: dict[tuple[str, str], int] = {}
    wanted: dict[tuple[str, str], int] = {}
    for parent in sorted({above for above, _ in cells}):
        mine = {stratum: rows for (above, stratum), rows in cells.items() if above == parent}
        own = {stratum: count for (above, stratum), count in shared.items() if above == parent}
        ask = asked(stage, {stratum: len(rows) for stratum, rows in mine.items()}, facts.get(parent, {}), own)
        wanted |= {(parent, stratum): count for stratum, count in ask.items()}
        sizes |= {(parent, stratum): count for stratum, count in _random_sizes(mine, ask, stage, parent, faults).items()}
    faults.refuse(DrawError)
    drawn = tuple(cell for key, rows in cells.items() for cell in _drawn(rows, key, sizes[key], wanted[key], draw))
    _check_labels(drawn, faults)
    faults.refuse(DrawError)
    return drawn


def _cells(units: pd.DataFrame, source: Source, stage: Stage) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the units of each stratum; one that is asked for and has none is there with no unit."""
    cells = {(str(above), str(stratum)): rows for (above, stratum), rows in units.groupby(["above", "stratum"], sort=True)}
    parents = sorted(set(source.table[source.above])) if source.above else [""]
    for parent in parents:
        named = stage.named_strata or (() if any(above == parent for above, _ in cells) else (ALL,))
        for stratum in named:
            cells.setdefault((parent, stratum), units.iloc[:0])
    return dict(sorted(cells.items()))


def _check_rules(stage: Stage, facts: Mapping[str, Mapping[str, str]], faults: Faults) -> None:
    for column in sorted({column for rule in stage.quota for column in rule.where}):
        lacking = sorted(unit for unit, known in facts.items() if column not in known)
        if lacking:
            units = "、".join(map(shown_label, lacking[:5]))
            rule = f"上一阶段的单位在这一列没有唯一的值：{units}"
            faults.add(None, f"{stage.name}.quota.where.{column}", None, rule, "改用它们各有一值的列")


def _check_labels(cells: Cells, faults: Faults) -> None:
    for label, count in sorted(Counter(cell.label for cell in cells).items()):
        if count > 1:
            rule = "两个层同名：名单中的层与必访、必入或轮次的层"
            faults.add(None, "层", shown_label(label), rule, "改写名单中的层名，或 purpose、轮次的名字")


def _drawn(rows: pd.DataFrame, key: tuple[str, str], n: int, quota: int, draw: Draw) -> list[Cell]:
    cells = draw_cells(rows, n, draw=draw, above=key[0], stratum=key[1], quota=quota)
    if not draw.stage.wave:
        return cells
    free, reached, sizes = int((rows["must"] == "").sum()), n, dict[str, int]()
    for wave in draw.stage.wave:
        if wave.n is not None:
            # what the rules took out of the first number they take out of every later one too
            reached = max(reached, min(free, number(wave.n, key[1]) - quota + n))
            sizes[wave.name] = reached
    return add_waves(cells, rows, sizes, draw)


def _shared(source: Source, stage: Stage, units: pd.DataFrame, counts: Mapping[Key, int], faults: Faults) -> dict[Key, int]:
    """Return the part of a shared total that each cell gets."""
    if stage.allocation is None:
        return {}
    by, (table, _) = stage.allocation.by, after_rules(source.table, stage.rule)
    numbers = pd.Series(1, index=table.index) if by in ("", COUNT) else plain_numbers(table[by])
    for row in numbers.index[~((numbers >= 0) & (numbers % 1 == 0)).to_numpy(dtype=bool)]:
        faults.add(int(row), by, None, "分配所按的列应为不小于 0 的整数", "改正该格")
    faults.refuse(DrawError)
    own = units["unit"].map(numbers.groupby(table[source.unit].to_numpy()).sum())
    totals = own.groupby([units["above"], units["stratum"]]).sum().to_dict() if by else counts
    on_top = units[units["must"].isin([rule.purpose for rule in stage.mandatory if rule.how == "on-top"])]
    apart = on_top.groupby(["above", "stratum"]).size().to_dict()
    limits = {key: size - apart.get(key, 0) for key, size in counts.items()}
    try:
        return share_out(stage.allocation, {key: int(totals.get(key, 0)) for key in counts}, limits)
    except ValueError as found:
        raise DrawError(f"{stage.name}｜{found}") from None


def _facts_above(source: Source) -> dict[str, dict[str, str]]:
    """Return what the units above are like: the columns that have one value in each."""
    if not source.above:
        return {"": {}}
    by_unit = source.table.groupby(source.above)
    single = [column for column in source.table.columns if (by_unit[column].nunique() == 1).all()]
    return {str(unit): dict(row) for unit, row in by_unit[single].first().iterrows()} if single else {}


def _check_strata(table: pd.DataFrame, stage: Stage, faults: Faults) -> None:
    """Note the strata that the design names and the whole list does not hold, and the reverse."""
    named = set(stage.named_strata)
    if not named or not {*stage.strata, *(rule.column for rule in stage.rule)} <= set(table.columns):
        return
    rows, _ = after_rules(table, stage.rule)
    present = {"|".join(cells) for cells in rows[list(stage.strata)].drop_duplicates().itertuples(index=False)} if stage.strata else {ALL}
    listed = "、".join(shown_label(label) for label in sorted(present)[:30])
    for stratum in sorted(named - present):
        faults.add(None, "n", stratum, "设计中的层不在名单中", f"改正层名或删去；名单中的层：{listed}")
    for stratum in sorted(present - named):
        label = shown_label(stratum)
        faults.add(None, "n", label, "名单中的层不在设计的 n 中", f"写 \"{label}\" = 数；不抽则写 0")


def _random_sizes(cells: dict[str, pd.DataFrame], wanted: dict[str, int], stage: Stage, above: str, faults: Faults) -> dict[str, int]:
    """Return how many of each stratum are drawn at random: what is asked for, less the units taken within it."""
    ways = {rule.purpose: rule.how for rule in stage.mandatory}
    where = f"{above} " if above else ""
    forced = {stratum: rows["must"].map(ways).value_counts().to_dict() for stratum, rows in cells.items()}
    counts = {stratum: len(rows) - forced[stratum].get("on-top", 0) for stratum, rows in cells.items()}
    if not stage.inference:
        return dict.fromkeys(cells, 0)
    if stage.takes_all:
        return {stratum: int((rows["must"] == "").sum()) for stratum, rows in cells.items()}
    sizes = fitted(counts, wanted, stage, where, faults)
    for stratum in sorted(cells):
        within = forced[stratum].get("within", 0)
        if within > sizes[stratum]:
            rule = f"必访 {within} 个，超过配额 {sizes[stratum]} 个"
            faults.add(None, f"{where}层 {shown_label(stratum)}", None, rule, "增大该层的 n，或写 how = \"on-top\"（必访在配额之外）")
        _check_shares(cells[stratum], stage, sizes[stratum], f"{where}层 {shown_label(stratum)}", faults)
    return {stratum: sizes[stratum] - forced[stratum].get("within", 0) for stratum in cells}


def _check_shares(rows: pd.DataFrame, stage: Stage, size: int, where: str, faults: Faults) -> None:
    for rule in stage.mandatory:
        named = int((rows["must"] == rule.purpose).sum())
        if rule.share is not None and named != round(rule.share * size):
            stated = f"{rule.purpose} {named} 个，不是配额 {size} 个的 {rule.share:.0%}"
            faults.add(None, where, None, stated, "改正点名的单位，或改 share、n")


def _facts(cell: Cell, unit: str) -> dict[str, Any]:
    return {
        "unit": unit,
        "stratum": cell.label,
        "N": cell.population,
        "n": cell.n,
        "chance": cell.chances[unit],
        "ticket": cell.ranks[unit],
        "certainty": cell.certainty,
        "wave": cell.waves.get(unit, ""),
        "hits": cell.hits.get(unit, 1),
    }


def _with_stage(facts: pd.DataFrame, stage: Stage, units: list[str], cells: Cells) -> pd.DataFrame:
    """Add the unit above of one stage, and multiply the chances by its own."""
    known = {unit: (cell.label, cell.population, cell.chances[unit], cell.hits.get(unit, 1)) for cell in cells for unit in cell.chosen}
    *told, hits = zip(*(known[unit] for unit in units), strict=True) if units else ((), (), (), ())
    columns = {f"{stage.name}{end}": values for end, values in zip(ABOVE, (units, *told), strict=True)}
    chances = np.array(told[-1], dtype=float)
    return facts.assign(prob=facts["prob"] * chances, weight=facts["weight"] * np.array(hits) / chances, **columns)
