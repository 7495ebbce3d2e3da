"""How many of the released households were reached: the outcome rates of AAPOR by group, weighted or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.nonresponse import OUTCOMES, RATES, outcome_rates
from evalkit.responses import Responses
from evalkit.weights.base import released_weights

Pending = Literal["out", "unknown"]  # in words in the signature below, which is read when it is called

PENDING = {"out": "不计入", "unknown": "作情况不明（UO）计入"}


@takes(EstimateError)
def response_rates(
    responses: Responses,
    by: str | Iterable[str] = (),
    *,
    e: float | None = None,
    weighted: bool = False,
    pending: Literal["out", "unknown"] | None = None,
) -> pd.DataFrame:
    """Return response, cooperation, refusal and contact rates of the released households.

    Parameters
    ----------
    responses : Responses
    by : str or iterable of str
        Columns of the returns: stratum, village, village_stratum, interviewer, a column of teams …; none for the whole.
    e : float, optional
        Share of households of unknown eligibility that are eligible; by default of each group its known share (CASRO).
    weighted : bool
        By the design weight (1 / chance, shared among the released of village × stratum) instead of counts.
    pending : {"out", "unknown"}, optional
        Main households without a result: left out, or counted as unknown. Has to be said when there are any.

    Returns
    -------
    pandas.DataFrame
        The columns of `by`, released, one count for each outcome of AAPOR, ``pending``, the rates of
        `evalkit.nonresponse.outcome_rates`, and e. A rate without a denominator is not a number.

    Raises
    ------
    EstimateError
        When households are pending and nothing is said of them, or a column of `by` is not there.
    """
    keys = as_list(by)
    table, waiting = responses.table(), _waiting(responses)
    absent = [key for key in keys if key not in table]
    if absent:
        raise EstimateError(f"by｜回收表中没有 {'、'.join(absent)}｜可用：stratum、village、village_stratum、interviewer 等列")
    if len(waiting) and pending not in PENDING:
        choices = "、".join(f'pending="{name}"（{text}）' for name, text in PENDING.items())
        raise EstimateError(f"pending｜有 {len(waiting)} 户主样本没有结果｜写明怎样处理：{choices}")
    if pending == "unknown" and len(waiting):
        unmet = [key for key in keys if key not in waiting]
        if unmet:
            raise EstimateError(f'by｜没有结果的户不知属于哪个 {"、".join(unmet)}｜用 pending="out"，或按名册的列分组')
        table = pd.concat([table, waiting], ignore_index=True)
    if table.empty:
        raise EstimateError('responses｜没有一户有结果，没有率可算｜收入回收表之后再算，或写 pending="unknown"')
    table = released_weights(table) if weighted else table.assign(design_weight=1.0)
    return _rates(table, waiting, keys, e)


def _waiting(responses: Responses) -> pd.DataFrame:
    """Return the main households that nothing is known of, as unknown ones."""
    drawn, table = responses.sample.table("household"), responses.table()
    mains = drawn[drawn["role"] == "main"]
    known = pd.MultiIndex.from_frame(table[["village", "household"]])
    there = pd.MultiIndex.from_frame(mains[["village", "household"]]).isin(known)
    return mains[~there].assign(disposition="unknown_other", complete=False)


def _rates(table: pd.DataFrame, waiting: pd.DataFrame, keys: list[str], e: float | None) -> pd.DataFrame:
    groups = [table[key].to_numpy() for key in keys] if keys else [np.zeros(len(table), dtype=int)]
    marks = pd.DataFrame({code: (table["disposition"] == code).to_numpy() * table["design_weight"].to_numpy() for code in OUTCOMES})
    counts = marks.assign(released=1).groupby(groups, sort=True).sum()
    counts.index.names = keys or ["all"]
    placed = bool(keys) and all(key in waiting for key in keys)
    late = waiting.groupby(keys).size().reindex(counts.index, fill_value=0) if placed else (len(waiting) if not keys else 0)
    rates = outcome_rates({code: counts[code].to_numpy() for code in OUTCOMES}, e)
    made = counts[["released", *OUTCOMES]].assign(pending=late, **{name: rates[name] for name in RATES}, e=rates["e"])
    return made.reset_index(drop=not keys)
