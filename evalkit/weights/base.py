"""Weights of completed interviews, from the probabilities of the draw and the lists of households.

The base weight is formula (2) of docs/methods.md, the weight by design one over formula (1) of docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Faults, SurveyError
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design import Design

Bools = npt.NDArray[np.bool_]
CELL = ["village", "cell"]
CERTAIN = "（必入）"
FITTING = {"hajek": "hajek", "pps-joint": "hajek", "poisson": "poisson"}  # rules that need no more than the chances of the sample


def base_weights(
    table: pd.DataFrame, empty_cell: Literal["fail", "spread"] = "fail", drawn: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the completed interviews with ``design_weight`` and ``base_weight``.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a returned household: ``village``, ``household``, ``stratum``, ``cell`` (the stratum it was drawn in),
        ``complete`` (bool), ``village_stratum``, ``village_hits`` (how often the village was drawn), ``prob`` (of the
        household, all stages together) and ``n`` (drawn in village × cell).
    empty_cell : {"fail", "spread"}
        What happens to a village × cell without a completed interview: an error, or its weight goes to
        the same stratum of the other villages of the same first-stage stratum, then of the county.
    drawn : pandas.DataFrame, optional
        All drawn households, so that a cell without a single row in `table` is missed too; columns as in `table`, and `role`,
        whose reserves are left aside.

    Returns
    -------
    table : pandas.DataFrame
        Completed interviews only. The design weight is hits / prob, the base weight that times n / completed: the weight by
        design, shared out to those who answered, so that base weights add up to the households listed, blown up to the county.
    notes : tuple of str
        One line for each cell whose weight was spread.

    Raises
    ------
    SurveyError

    Examples
    --------
    >>> table = pd.DataFrame({"village": ["a"] * 3, "household": [1, 2, 3], "stratum": "x", "cell": "x", "n": 3, "prob": .15,
    ...     "complete": [True, True, False], "village_stratum": "t", "village_hits": 1})
    >>> base_weights(table)[0]["base_weight"].tolist()
    [10.0, 10.0]
    """
    done = table[table["complete"].to_numpy(dtype=bool)].reset_index(drop=True)
    if done.empty:
        raise SurveyError("没有完成的访问｜至少应有 1 户 complete｜核对回收表的结果列与 [returns].dispositions")
    completed = done.groupby(CELL)["household"].transform("size").to_numpy(dtype=float)
    done["design_weight"] = _by_design(done)
    done["base_weight"] = done["design_weight"] * done["n"].to_numpy(dtype=float) / completed
    lost = _empty_cells(table if drawn is None else drawn, done)
    if len(lost) and empty_cell == "fail":
        _refuse(lost)
    return done, tuple(_spread(done, cell) for _, cell in lost.iterrows())


def released_weights(table: pd.DataFrame) -> pd.DataFrame:
    """Return all households that were visited, with their weight by design.

    Parameters
    ----------
    table : pandas.DataFrame
        As for `base_weights`.

    Returns
    -------
    pandas.DataFrame
        All rows, with ``design_weight``: hits / prob × drawn / released in each village × cell. Reserves are the continuation of
        the same random order, so that all released households are one sample of the cell. ``base_weight`` is the same.
    """
    made = table.reset_index(drop=True).copy()
    released = made.groupby(CELL)["household"].transform("size").to_numpy(dtype=float)
    made["design_weight"] = made["base_weight"] = _by_design(made) * made["n"].to_numpy(dtype=float) / released
    return made


def levels(table: pd.DataFrame, design: Design) -> tuple[pd.DataFrame, list[tuple[str, str, str]], str | None]:
    """Return the columns that say how each stage was drawn, outermost first.

    Parameters
    ----------
    table : pandas.DataFrame
        As `base_weights` gives it.
    design : Design

    Returns
    -------
    table : pandas.DataFrame
        A later stage drawn with unequal chances, and any drawn with replacement, has an endless number of units, which no
        correction goes with; units that were certain are strata of their own, taken whole.
    columns : list of (stratum, unit, number of units)
        Without the outermost stages that were taken whole: the degrees of freedom are those of the first stage with a choice.
        With a rule, the last entry of the first stage names the column of its chances.
    rule : str or None
        The rule of `PPS` that fits the first stage; None where units had equal chances, or no rule from chances alone fits.
    """
    listed, asked = design.frame_stages, design.roster_stages
    named = [(stage, f"{stage.name}_unit", f"{stage.name}_") for stage in listed[:-1]]
    named += [(stage, "village", "village_") for stage in listed[-1:]]
    named += [(stage, stage.unit, f"{stage.name}_") for stage in asked[:-1]]
    columns = [(stage, f"{lead}stratum", unit, f"{lead}N", f"{lead}chance") for stage, unit, lead in named]
    columns += [(stage, "cell", "household", "N", "chance") for stage in asked[-1:]]
    for stage, stratum, unit, size, chance in columns:
        replacement = METHODS[stage.method].replacement
        sure = (table[chance].to_numpy(dtype=float) >= 1) & (not replacement)
        if unit == "village":
            table = _certain_apart(table, sure)
        if stage.size or replacement:
            strata = [stratum] if stage in listed else ["village", stratum]
            whole = table.assign(sure=sure).groupby(strata)["sure"].transform("all")
            table[size] = table[size].astype(float).where(whole, np.inf)
    # stages above that were taken whole are strata, whose villages are the first units drawn; labels below name the unit above
    sampled = [at for at, (*_, chance) in enumerate(columns) if (table[chance].to_numpy(dtype=float) < 1).any()]
    first = min([len(listed) - 1, *sampled])
    rule = FITTING.get(METHODS[columns[first][0].method].variance)
    made = [(stratum, unit, size) for _, stratum, unit, size, _ in columns[first:]]
    if rule is not None:
        made[0] = (*made[0][:2], columns[first][-1])
    return table, made, rule


def _by_design(rows: pd.DataFrame) -> pd.Series:
    return rows["village_hits"].astype(float) / rows["prob"].astype(float)


def _empty_cells(drawn: pd.DataFrame, done: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each village × cell that was drawn from and has nothing completed, with the weight it had (`share`)."""
    reached = set(_cells(done))
    missed = np.array([cell not in reached for cell in _cells(drawn)], dtype=bool)
    missed = missed & (drawn["role"] == "main").to_numpy(dtype=bool) if "role" in drawn else missed
    if not missed.any():
        return drawn.iloc[:0]
    lost = drawn[missed]
    lost = lost.assign(share=_by_design(lost))
    means = lost.groupby(CELL)["share"].transform("mean")
    return lost.assign(share=means * lost["n"]).drop_duplicates(CELL).sort_values(CELL)


def _cells(rows: pd.DataFrame) -> Iterable[tuple[str, str]]:
    """Return the village and cell of each row."""
    return zip(rows["village"].tolist(), rows["cell"].tolist(), strict=True)


def _refuse(lost: pd.DataFrame) -> None:
    faults = Faults("完成情况")
    for cell in lost.to_dict("records"):
        remedy = '补访；或在 [returns] 写 empty_cell = "spread"'
        faults.add(None, f"村 {cell['village']}", cell["cell"], "该层没有一户完成访问，权数无处可放", remedy)
    faults.refuse(SurveyError)


def _spread(done: pd.DataFrame, cell: pd.Series) -> str:
    """Raise the weights of the neighbours of an empty cell by its share, and say where it went."""
    alike = (done["cell"] == cell["cell"]).to_numpy()
    near = alike & (done["village_stratum"] == cell["village_stratum"]).to_numpy()
    takers, where = (near, f"同层（{cell['village_stratum']}）其他村") if near.any() else (alike, "全县其他村")
    if not takers.any():
        raise SurveyError(f"{cell['cell']}｜全县没有一户完成访问｜补访后重试")
    weight = done["base_weight"].to_numpy(dtype=float)
    amount = float(cell["share"])
    share = 1 + amount / weight[takers].sum()
    done["base_weight"] = np.where(takers, weight * share, weight)
    return f"村 {cell['village']} 的 {cell['cell']} 没有完成户，其权数 {amount:.6g} 分给{where}的 {int(takers.sum())} 户"


def _certain_apart(done: pd.DataFrame, certain: Bools) -> pd.DataFrame:
    """Put villages that were certain into strata of their own, taken whole, where the draw left them with others."""
    if not certain.any():
        return done
    villages = done.assign(certain=certain).drop_duplicates("village").groupby("village_stratum")["certain"]
    mixed = (villages.sum() > 0) & (villages.sum() < villages.size())
    whole = done["village_stratum"].map(mixed).to_numpy(dtype=bool) & certain
    if not whole.any():
        return done
    count = done["village_stratum"].map(villages.sum()).to_numpy(dtype=float)
    rest = done["village_N"].to_numpy(dtype=float)
    done["village_N"] = np.where(whole, count, rest)
    done["village_stratum"] = done["village_stratum"].astype(str).where(~whole, done["village_stratum"].astype(str) + CERTAIN)
    return done
