"""The table of weights: as designed, of the households completed, and after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.intervals import weight_effect

if TYPE_CHECKING:
    from evalkit.survey import Survey


def weights_told(survey: Survey) -> pd.DataFrame:
    """Return one row a step: number, sum, range and unequal weighting effect of the weights after it."""
    table = survey.table()
    named = [("设计权数", table["design_weight"].to_numpy(dtype=float))]
    if survey.answering is None:
        named.append(("完成户基础权数", table["base_weight"].to_numpy(dtype=float)))
    named += [(str(step.step), step.after[step.after != 0]) for step in survey.steps]
    return pd.DataFrame([_weight_row(name, weights) for name, weights in named])


def _weight_row(name: str, weights: Any) -> dict[str, Any]:
    return {
        "step": name,
        "n": len(weights),
        "sum": weights.sum(),
        "min": weights.min(),
        "median": float(np.median(weights)),
        "max": weights.max(),
        "deff_w": weight_effect(weights),
    }
