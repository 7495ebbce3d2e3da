"""Sampling errors of every estimate, overall and by group, as the appendix of a DHS report lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evalkit.tables import COLUMNS


def sampling_errors(rates: Iterable[Mapping[str, Any]], groups: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the table ``errors`` of the results from the rows of rates and of groups.

    Parameters
    ----------
    rates, groups : iterable of mapping
        With rate, estimate, se, n and deff (shares in 0 to 1); status for rates, group_kind and group for groups.

    Returns
    -------
    DataFrame
        deft = √deff, relative = SE/R, and R ± 2 SE, cut off at 0 and 1 (DHS Sampling and Household Listing Manual 2012, appendix B).
        Without any event SE is 0 and deft and relative are blank.

    Examples
    --------
    >>> row = {"rate": "错退率", "status": "认定", "estimate": 0.01, "se": 0.004, "n": 400, "deff": 1.44}
    >>> sampling_errors([row], [])[["deft", "relative", "two_low", "two_high"]].round(4).to_numpy().tolist()
    [[1.2, 0.4, 0.002, 0.018]]
    """
    table = pd.DataFrame([*rates, *groups]).reindex(columns=[*COLUMNS["errors"], "deff"])
    table[["status", "group_kind", "group"]] = table[["status", "group_kind", "group"]].astype(object).fillna("")
    r, se, deff = (table[name].astype(float) for name in ("estimate", "se", "deff"))
    table["deft"] = np.sqrt(deff.where(se > 0))
    table["relative"] = (se / r).where((r > 0) & (se > 0))
    table["two_low"], table["two_high"] = (r - 2 * se).clip(lower=0), (r + 2 * se).clip(upper=1)
    return table[list(COLUMNS["errors"])][r.notna() & se.notna()].reset_index(drop=True)
