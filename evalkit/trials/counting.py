"""What is counted over trials: shares and means, each with its Monte-Carlo standard error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NOT_MET, NOT_PROVEN, MET = range(3)
NONE = 1e-9  # events: a weighted share of none may miss 0 by rounding


def counted(f: Mapping[str, Floats], zone: NDArray[np.int64], legal: Bools, true: Bools) -> dict[str, NDArray[Any]]:
    """Return what happened in each trial of one gate and point, by name; of intervals only in trials that have one.

    Parameters
    ----------
    f : mapping of str to (trials,) array
        The fields of a trial.
    zone, legal, true : (trials,) array
        Zone, whether the legal rule is satisfied, and whether the true rate meets the standard.
    """
    ruled = not (f["accepted"] < 0).any()
    made, known = ~np.isnan(f["n"]), ~np.isnan(f["interval_low"])
    below, above = f["interval_high"] < f["truth"], f["interval_low"] > f["truth"]
    return {
        "met": zone == MET,
        "not_proven": zone == NOT_PROVEN,
        "not_met": zone == NOT_MET,
        "legal": legal & made,
        "accepted": (f["accepted"] == 1)[: None if ruled else 0],
        "coverage": (~below & ~above)[known],
        "too_low": below[known],
        "too_high": above[known],
        "wrong_upper": (f["high"] < f["truth"])[known],
        "wrong_lower": (f["low"] > f["truth"])[known],
        "false_met": (zone == MET) & ~true,
        "false_not_met": (zone == NOT_MET) & true,
        "none": f["events"] < NONE,
        "no_interval": made & ~known,
        "failed": ~made,
        "truth": f["truth"][made],
        "estimate": f["value"][made],
        "n": f["n"][made],
    }


def widths(f: Mapping[str, Floats]) -> dict[str, float]:
    """Return the mean width of the two-sided intervals with its error, and the width that nine in ten do not exceed."""
    width = f["interval_high"] - f["interval_low"]
    width = width[~np.isnan(width)]
    return {**summarised({"width": width}), "width_90": float(np.quantile(width, 0.9)) if len(width) else np.nan}


def summarised(parts: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return the mean of each part, and behind it as ``<name>_se`` its Monte-Carlo standard error."""
    made: dict[str, float] = {}
    for name, values in parts.items():
        made |= {name: float(values.mean()) if len(values) else np.nan, f"{name}_se": _error(values)}
    return made


def _error(values: NDArray[Any]) -> float:
    """Standard error of a mean; of a share that was 0 or 1 throughout, as if half a trial more had gone the other way."""
    if not len(values):
        return np.nan
    if values.dtype != bool:
        return float(values.std() / np.sqrt(len(values)))
    extreme = bool(values.all() or not values.any())
    share = (values.sum() + 0.5) / (len(values) + 1) if extreme else values.mean()
    return float(np.sqrt(share * (1 - share) / len(values)))
