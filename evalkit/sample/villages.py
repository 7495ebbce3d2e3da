"""The first stage: villages by stratum, with those that must be visited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.codes import shown, shown_label
from evalkit.errors import DrawError, Faults, FrameError
from evalkit.sample.cells import CERTAIN, Cell, fill_cell, quotas
from evalkit.sheets import refuse_floats

if TYPE_CHECKING:
    from evalkit.design.sections import Mandatory, Stage
    from evalkit.frame import Frame

OWN = ("unit", "name", "stratum", "N", "n", "prob", "weight", "ticket", "certainty")


def draw_villages(frame: Frame, stage: Stage, seed: str) -> tuple[Cell, ...]:
    """Draw the first stage.

    Parameters
    ----------
    frame : Frame
    stage : Stage
        Strata, quotas, method, shortfall and mandatory rule.
    seed : str

    Returns
    -------
    tuple of Cell
        By the label of the stratum; the certainty part of a stratum has a cell of its own, with the
        label followed by ``·必访``.

    Raises
    ------
    DrawError
        With every stratum that cannot be drawn, both numbers and what to type.
    """
    faults = Faults("抽村")
    labels = _labels(frame, stage, faults)
    must = _mandatory_units(frame, stage.mandatory, faults)
    _check_strata(set(labels.values()), stage, faults)
    faults.refuse(DrawError)
    strata: dict[str, list[str]] = {}
    for unit in frame.units:
        strata.setdefault(labels[unit], []).append(unit)
    sizes = _random_sizes(strata, must, stage, faults)
    faults.refuse(DrawError)
    return tuple(cell for stratum in sorted(strata) for cell in _cells(stratum, strata[stratum], must, sizes[stratum], stage, seed))


def village_table(frame: Frame, cells: tuple[Cell, ...]) -> pd.DataFrame:
    """Return the drawn villages as a table, one row each, by stratum and ticket.

    Parameters
    ----------
    frame : Frame
    cells : tuple of Cell
        As `draw_villages` gives them.

    Returns
    -------
    pandas.DataFrame
        ``unit name <frame columns> stratum N n prob weight ticket certainty``.
    """
    whole = frame.table().set_index(frame.id, drop=False)
    drawn = whole.loc[[unit for cell in cells for unit in cell.chosen]]
    table = pd.DataFrame({"unit": drawn[frame.id].to_numpy(), "name": drawn[frame.name or frame.id].to_numpy()})
    for column in frame.columns:
        table[column] = drawn[column].to_numpy()
    facts: list[dict[str, Any]] = [_facts(cell, unit) for cell in cells for unit in cell.chosen]
    columns = pd.DataFrame(facts, columns=list(OWN[2:]))
    return pd.concat([table, columns], axis=1)


def _facts(cell: Cell, unit: str) -> dict[str, Any]:
    return {
        "stratum": cell.stratum,
        "N": cell.population,
        "n": cell.n,
        "prob": cell.prob,
        "weight": cell.population / cell.n,
        "ticket": cell.ranks[unit],
        "certainty": cell.certainty,
    }


def _labels(frame: Frame, stage: Stage, faults: Faults) -> dict[str, str]:
    clash = sorted(set(frame.columns) & set(OWN))
    if clash:
        faults.add(None, "、".join(clash), None, "名单列名与样本表的列名相同", "在名单中给这些列改名")
    try:
        labels = frame.labels(stage.strata)
    except FrameError as found:
        raise DrawError(f"抽村：{found}") from None
    table = frame.table()
    for column in stage.strata:
        spoilt = Faults("")
        refuse_floats(table, column, spoilt)
        for fault in spoilt:
            faults.add(frame.row(frame.units[(fault.row or 2) - 2]), column, None, fault.rule, fault.remedy)
        for unit, cell in zip(frame.units, table[column], strict=True):
            if not cell:
                faults.add(frame.row(unit), column, None, "分层列空白", "补全该格")
            elif "|" in cell:
                faults.add(frame.row(unit), column, shown(cell), "分层列的值中不能有 |", "改写该值")
    return labels


def _mandatory_units(frame: Frame, rule: Mandatory | None, faults: Faults) -> frozenset[str]:
    if rule is None:
        return frozenset()
    table = frame.table()
    if rule.column not in table.columns:
        faults.add(None, rule.column, None, "必访规则的列不在名单保留的列中", "写入 [frame] columns")
        return frozenset()
    found = table.loc[table[rule.column].isin(rule.values), frame.id]
    if found.empty:
        faults.add(None, rule.column, "、".join(rule.values), "名单中没有一个单位取这些值", "改正 mandatory 的 values，或删去该规则")
    return frozenset(found)


def _check_strata(present: set[str], stage: Stage, faults: Faults) -> None:
    if not isinstance(stage.n, dict):
        return
    listed = "、".join(shown_label(label) for label in sorted(present)[:30])
    for stratum in sorted(set(stage.n) - present):
        faults.add(None, "n", stratum, "设计中的层不在名单中", f"改正层名或删去；名单中的层：{listed}")
    for stratum in sorted(present - set(stage.n)):
        label = shown_label(stratum)
        faults.add(None, "n", label, "名单中的层不在设计的 n 中", f"写 \"{label}\" = 数；不抽则写 0")


def _random_sizes(strata: dict[str, list[str]], must: frozenset[str], stage: Stage, faults: Faults) -> dict[str, int]:
    forced = {stratum: len(must.intersection(units)) for stratum, units in strata.items()}
    on_top = stage.mandatory is not None and stage.mandatory.how == "on-top"
    counts = {stratum: len(units) - (forced[stratum] if on_top else 0) for stratum, units in strata.items()}
    sizes = quotas(counts, stage, "", faults)
    if on_top:
        return sizes
    for stratum in sorted(strata):
        if forced[stratum] > sizes[stratum]:
            rule = f"必访 {forced[stratum]} 个，超过配额 {sizes[stratum]} 个"
            faults.add(None, f"层 {stratum}", None, rule, "增大该层的 n，或写 how = \"on-top\"（必访在配额之外）")
    return {stratum: sizes[stratum] - forced[stratum] for stratum in strata}


def _cells(stratum: str, units: list[str], must: frozenset[str], n: int, stage: Stage, seed: str) -> list[Cell]:
    certain = [unit for unit in units if unit in must]
    others = [unit for unit in units if unit not in must]
    cells = []
    if certain:
        cells.append(
            fill_cell(certain, len(certain), stratum=stratum + CERTAIN, method="take-all", seed=seed, stage=stage.name, certainty=True)
        )
    if others:
        cells.append(fill_cell(others, n, stratum=stratum, method=stage.method, seed=seed, stage=stage.name, quota=stage.size(stratum)))
    return cells
