"""Weights of completed interviews, from the probabilities of the draw and the lists of households."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import Faults, SurveyError

CELL = ["village", "stratum"]
CERTAIN = "（必入）"


def base_weights(
    table: pd.DataFrame, empty_cell: Literal["fail", "spread"] = "fail", drawn: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the completed interviews with ``design_weight`` and ``base_weight``.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a returned household: ``village``, ``household``, ``stratum``, ``complete`` (bool),
        ``village_stratum``, ``village_prob``, ``village_N``, ``N`` (households listed in village ×
        stratum) and ``n`` (drawn there).
    empty_cell : {"fail", "spread"}
        What happens to a village × stratum without a completed interview: an error, or its weight goes to
        the same stratum of the other villages of the same first-stage stratum, then of the county.
    drawn : pandas.DataFrame, optional
        All drawn households, so that a cell without a single row in `table` is missed too; columns as in `table`.

    Returns
    -------
    table : pandas.DataFrame
        Completed interviews only. The base weight is N / (village_prob × completed), so that base weights
        add up to the households listed, blown up to the county.
    notes : tuple of str
        One line for each cell whose weight was spread.

    Raises
    ------
    SurveyError

    Examples
    --------
    >>> table = pd.DataFrame({"village": ["a"] * 3, "household": [1, 2, 3], "stratum": "x", "complete": [True, True, False],
    ...     "village_stratum": "t", "village_prob": .5, "village_N": 2, "N": 10, "n": 3})
    >>> base_weights(table)[0]["base_weight"].tolist()
    [10.0, 10.0]
    """
    done = table[table["complete"].to_numpy(dtype=bool)].reset_index(drop=True)
    if done.empty:
        raise SurveyError("没有完成的访问｜至少应有 1 户 complete｜核对回收表的结果列与 [returns].dispositions")
    completed = done.groupby(CELL)["household"].transform("size").to_numpy(dtype=float)
    chance, listed = (done[name].to_numpy(dtype=float) for name in ("village_prob", "N"))
    done["design_weight"] = listed / (chance * done["n"].to_numpy(dtype=float))
    done["base_weight"] = listed / (chance * completed)
    lost = _empty_cells(table if drawn is None else drawn, done)
    if len(lost) and empty_cell == "fail":
        _refuse(lost)
    notes = tuple(_spread(done, cell) for _, cell in lost.iterrows())
    return _certain_apart(done), notes


def _empty_cells(drawn: pd.DataFrame, done: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each village × stratum that was drawn from and has nothing completed."""
    cells = drawn.drop_duplicates(CELL).sort_values(CELL)
    reached = pd.MultiIndex.from_frame(done[CELL])
    return cells[~pd.MultiIndex.from_frame(cells[CELL]).isin(reached)]


def _refuse(lost: pd.DataFrame) -> None:
    faults = Faults("完成情况")
    for cell in lost.to_dict("records"):
        remedy = '补访；或在 [returns] 写 empty_cell = "spread"'
        faults.add(None, f"村 {cell['village']}", cell["stratum"], "该层没有一户完成访问，权数无处可放", remedy)
    faults.refuse(SurveyError)


def _spread(done: pd.DataFrame, cell: pd.Series) -> str:
    """Raise the weights of the neighbours of an empty cell by its share, and say where it went."""
    alike = (done["stratum"] == cell["stratum"]).to_numpy()
    near = alike & (done["village_stratum"] == cell["village_stratum"]).to_numpy()
    takers, where = (near, f"同层（{cell['village_stratum']}）其他村") if near.any() else (alike, "全县其他村")
    if not takers.any():
        raise SurveyError(f"{cell['stratum']}｜全县没有一户完成访问｜补访后重试")
    weight = done["base_weight"].to_numpy(dtype=float)
    amount = float(cell["N"]) / float(cell["village_prob"])
    share = 1 + amount / weight[takers].sum()
    done["base_weight"] = np.where(takers, weight * share, weight)
    return f"村 {cell['village']} 的 {cell['stratum']} 没有完成户，其权数 {amount:.6g} 分给{where}的 {int(takers.sum())} 户"


def _certain_apart(done: pd.DataFrame) -> pd.DataFrame:
    """Put villages with probability 1 into strata of their own, taken whole, where the draw left them with others."""
    certain = done["village_prob"].to_numpy(dtype=float) >= 1
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
