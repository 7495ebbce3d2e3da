"""Presentation flags of an Estimate, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.estimates import limits

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate


def flag_table(estimate: Estimate, icc: Any) -> pd.DataFrame:
    """Answer `Estimate.flags`."""
    if estimate.kind not in ("proportion", "ratio"):
        raise EstimateError(f"flags｜这是{limits.KINDS[estimate.kind]}｜NCHS 的发布标准只说比例与比率，其余看相对标准误")
    found = (_proportions if estimate.kind == "proportion" else _ratios)(estimate, icc)
    shown = found.pop("shown")
    told = {
        "status": [each.status for each in shown], "codes": ["、".join(each.codes) for each in shown],
        "reason_zh": [each.zh for each in shown], "reason_en": [each.en for each in shown],
    }  # fmt: skip
    return pd.DataFrame({**limits.label_columns(estimate), **found, **told})


def _proportions(estimate: Estimate, icc: Any) -> dict[str, Any]:
    """NCHS's own interval inside (0, 1); at the ends, where it has none or one that forgets the villages, KG-M's."""
    usual, nchs = (limits.ask(estimate, 0.95, method, "two", None, icc) for method in (None, "kg-nchs"))
    share = estimate.share()
    end = ((share == 0) | (share == 1)) & (estimate.n > 0)
    numbers = {name: np.where(end, usual[name], nchs[name]) for name in ("low", "high", "n_eff")}
    low, high = (np.sort([(numbers[name] - estimate.shift) / estimate.scale for name in ("low", "high")], axis=0))
    known: dict[str, Any] = {"n": estimate.n, "n_eff": np.fmin(numbers["n_eff"], estimate.n), "df": estimate.df}
    shown = intervals.presentation(np.nan_to_num(share), low, high, **known)
    return {"estimate": estimate.value, "low": numbers["low"], "high": numbers["high"], **known, "shown": shown}


def _ratios(estimate: Estimate, icc: Any) -> dict[str, Any]:
    found = limits.ask(estimate, 0.95, "t", "two", None, icc)
    effect = np.fmax(np.nan_to_num(estimate.deff(), nan=1.0), 1.0)
    top, bottom = (_held(estimate, at) / effect for at in (0, 1))
    known: dict[str, Any] = {"n": estimate.n, "n_eff": bottom, "df": estimate.df}
    shown = intervals.presentation(estimate.value, found["low"], found["high"], **known, kind="rate", numerator=top)
    return {"estimate": estimate.value, "low": found["low"].to_numpy(), "high": found["high"].to_numpy(), **known, "shown": shown}


def _held(estimate: Estimate, at: int) -> Any:
    """Return how many rows of each domain are not 0 in the numerator (0) or the denominator (1)."""
    counts = [block.domain.sums((np.asarray(block.terms[at]) != 0).astype(float)) for block in estimate.blocks]
    return np.concatenate(counts)[estimate.gradient.indices]
