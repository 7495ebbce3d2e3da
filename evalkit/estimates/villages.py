"""A proportion unit by unit of the first stage: how many were asked, and how many have the property."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError
from evalkit.estimates.limits import KINDS
from evalkit.survey import rows_behind

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate


def by_unit(estimate: Estimate) -> pd.DataFrame:
    """Return one row for each row of an Estimate of proportions and each first-stage unit that has answers in it.

    Parameters
    ----------
    estimate : Estimate
        Rows that are proportions of one column, not combinations.

    Returns
    -------
    pandas.DataFrame
        row (number of the row of the estimate), unit (number of the first-stage unit, from 0 in the order of the survey),
        first (number of the first answer of the unit), n (answers), events (those with the property; a household of which a
        share has it counts as that share), share.

    Raises
    ------
    EstimateError
        For anything else than proportions.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "y": [1, 0, 0, 0, 1, 1]}), clusters="village")
    >>> by_unit(ev.proportion(survey, "y"))[["unit", "n", "events", "share"]].to_numpy().tolist()
    [[0.0, 2.0, 1.0, 0.5], [1.0, 2.0, 0.0, 0.0], [2.0, 2.0, 2.0, 1.0]]
    """
    if estimate.kind != "proportion" or (estimate.shift != 0).any() or (estimate.scale != 1).any():
        other = KINDS[estimate.kind] if estimate.kind != "proportion" else "比例的换算"
        raise EstimateError(f"按村｜这是{other}，不是比例本身｜用 ev.proportion(survey, 列)")
    first = estimate.survey.stages[0]
    if first.alike is not None:
        raise EstimateError("按村｜没有写 clusters，留在原处的行各自成一个单位｜from_data 写 clusters=村的列，或先读入内存")
    asked = np.where(estimate.survey.weights > 0, rows_behind(estimate.survey), 0.0)
    parts, start = [], 0
    for block in estimate.blocks:
        held = block.proportion
        assert held is not None
        found = block.domain.partition.grouping(first)
        n, events = found.sums(asked), found.sums(asked * held.event)
        made = pd.DataFrame({"column": start + found.column, "unit": found.unit, "n": np.rint(n).astype(int), "events": events})
        parts.append(made[made["n"] > 0])
        start += block.count
    table = pd.concat(parts)
    rows = pd.DataFrame({"column": estimate.gradient.indices, "row": np.arange(len(estimate))})
    table = rows.merge(table, on="column").sort_values(["row", "unit"], kind="stable", ignore_index=True)
    table["share"] = table["events"] / table["n"]
    where = pd.Series(np.arange(len(estimate.survey))).groupby(first.row_unit).min()
    table["first"] = where.reindex(table["unit"]).to_numpy()
    return table[["row", "unit", "first", "n", "events", "share"]]
