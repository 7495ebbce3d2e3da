"""MOVER for combinations of proportions: limits of the parts, put together with their correlation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.estimates.blocks import Block, effective_weights
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate


def mover_limits(estimate: Estimate, level: float, side: Any, icc: Any) -> dict[str, Any]:
    """Return the MOVER limits of each row from the intervals of the proportions it is made of (`evalkit.intervals.mover`).

    Raises
    ------
    EstimateError
        When a part is no proportion, or a one-sided level is not above .5.
    """
    if side != "two" and not level > 0.5:
        raise EstimateError(f"mover、level={level}｜单侧的 MOVER 要求 level 大于 .5｜提高 level")
    parts = components(estimate)
    low, high, reason = _sides(parts, level, side, icc)
    places = np.searchsorted(parts.gradient.indices, estimate.gradient.indices)
    r, rows = _correlation(parts.cov()), len(estimate)
    lows, highs, why = np.full(rows, np.nan), np.full(rows, np.nan), np.full(rows, "", dtype=object)
    for row, (start, stop) in enumerate(pairwise(estimate.gradient.indptr)):
        at, slope = places[start:stop], estimate.gradient.data[start:stop]
        lost = np.isnan(low[at]) | np.isnan(high[at])
        if lost.any():
            why[row] = reason[at][lost][0]
            continue
        made = intervals.mover(slope, parts.value[at], low[at], high[at], r[np.ix_(at, at)], value=estimate.value[row])
        lows[row], highs[row] = made
    ends = {"low": lows if side != "upper" else -np.inf, "high": highs if side != "lower" else np.inf}
    _, source = intervals.correlation_of(icc)
    return {**ends, "n": estimate.n, "df": estimate.df, "icc": intervals.correlation_of(icc)[0], "icc_source": source, "reason": why}


def _sides(parts: Estimate, level: float, side: Any, icc: Any) -> tuple[Floats, Floats, Any]:
    """Return lower and upper limits of the parts, one-sided ones for a one-sided question."""
    if side == "two":
        found = parts.interval(level, icc=icc)
        return found["low"].to_numpy(), found["high"].to_numpy(), found["reason"].to_numpy()
    below, above = (parts.interval(level, side=each, icc=icc) for each in ("lower", "upper"))
    return below["low"].to_numpy(), above["high"].to_numpy(), below["reason"].to_numpy()


def components(estimate: Estimate) -> Estimate:
    """Return the proportions that an Estimate is made of, each once, in the order of the columns of its gradient.

    Raises
    ------
    EstimateError
        When one of them is no proportion.
    """
    used = np.unique(estimate.gradient.indices)
    shares, start = np.full(estimate.gradient.shape[1], np.nan), 0
    for block in estimate.blocks:
        stop = start + block.count
        if ((used >= start) & (used < stop)).any():
            shares[start:stop] = _shares(block)
        start = stop
    value = shares[used]
    value.flags.writeable = False
    picked = (np.ones(len(used)), used, np.arange(len(used) + 1))
    gradient = sparse.csr_array(picked, shape=(len(used), estimate.gradient.shape[1]))

    def redo() -> Floats:
        return np.concatenate([block.replicates() for block in estimate.blocks], axis=1)[:, used]

    labels = tuple((f"分量 {at}",) for at in range(1, len(used) + 1))
    return replace(
        estimate, value=value, labels=labels, parts=("variable",), kind="proportion", gradient=gradient, shift=np.zeros(len(used)),
        redo=redo, _known={},
    )  # fmt: skip


def _shares(block: Block) -> Floats:
    held = block.proportion
    if held is None:
        raise EstimateError('mover｜有一个分量不是比例（总量、均值、比率等）｜MOVER 由比例的界合成；其余用 method="t"')
    w = effective_weights(block)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(block.domain.sums(w * held.event) / block.domain.sums(w))


def _correlation(cov: Floats) -> Floats:
    """Return correlations; 0 with a part that does not vary."""
    root = np.sqrt(np.maximum(np.diag(cov), 0.0))
    scale = np.outer(root, root)
    return np.asarray(np.clip(np.divide(cov, scale, out=np.zeros_like(cov), where=scale > 0), -1, 1))
