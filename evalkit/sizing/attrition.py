"""From complete interviews back to addresses issued, non-response and ineligibility kept apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.later import later
from evalkit.sizing.demands import SLACK, Demands

stats = later("scipy.stats")
Whole = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Issue:
    """Units of each stratum: issued (whole), and of these expected to be eligible and to be complete; `reserves` wait in order."""

    issued: Whole
    reserves: Whole
    eligible: Numbers
    complete: Numbers


def issue(complete: ArrayLike, response: ArrayLike = 1.0, ineligible: ArrayLike = 0.0, *, certainty: float | None = None) -> Issue:
    """Return how many units to issue for so many complete ones: ⌈complete/(response·(1 − ineligible))⌉, a stratum at a time.

    Parameters
    ----------
    complete : float or array, shape (strata,)
        Complete units wanted, ≥ 0; 0 issues none.
    response : float or array
        Share of eligible units that answer, in (0, 1].
    ineligible : float or array
        Share of issued units that turn out not to belong (moved, dead, not a household), in [0, 1).
    certainty : float, optional
        With it `reserves` are added until issued + reserves hold the complete units with this probability,
        units falling out independently (binomial); in (0, 1).

    Returns
    -------
    Issue

    Raises
    ------
    EstimateError
        A number outside its range, lengths that differ.

    Examples
    --------
    >>> made = issue([100, 40], [.9, .8], [0, .05], certainty=.95)
    >>> made.issued, made.reserves, made.complete.round(1)
    (array([112,  53]), array([5, 7]), array([100.8,  40.3]))
    """
    asked = Demands()
    asked.within(0, math.inf, "[)", "应不小于 0", complete=complete)
    asked.within(0, 1, "(]", "应答率写成小数，无人应答则无从调查", response=response)
    asked.within(0, 1, "[)", "不合格份额写成小数", ineligible=ineligible)
    asked.within(0, 1, "()", "95% 写 certainty=.95", certainty=certainty)
    lengths = {np.size(a) for a in (complete, response, ineligible) if np.ndim(a)}
    asked.need(len(lengths) <= 1, f"长度 {sorted(lengths)}", "每层各一个", "补齐")
    asked.refuse()
    want, answers, lost = np.broadcast_arrays(*(np.atleast_1d(np.asarray(a, dtype=float)) for a in (complete, response, ineligible)))
    rate = answers * (1 - lost)
    issued = _ceil(want / rate)
    sure = issued if certainty is None else np.array([_sure(w, q, certainty) for w, q in zip(_ceil(want), rate, strict=True)])
    return Issue(issued, np.maximum(sure - issued, 0), issued * (1 - lost), issued * rate)


def _ceil(x: Numbers) -> Whole:
    return np.ceil(x - SLACK * np.maximum(1, x)).astype(int)


def _sure(want: int, rate: float, certainty: float) -> int:
    """Return the smallest number of units of which at least `want` are complete with the probability asked for."""
    if want == 0 or rate >= 1:
        return int(want)
    low, high = int(want) - 1, 2 * math.ceil(want / rate) + 10
    while stats.binom.sf(want - 1, high, rate) < certainty:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if stats.binom.sf(want - 1, middle, rate) >= certainty else (middle, high)
    return high
