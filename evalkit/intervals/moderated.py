"""KG-M: Clopper–Pearson at a moderated effective sample size.

The estimated variance of a rare rate rests on the few villages with events, so its design effect is
drawn towards the one a plan expects (as Smyth 2004, SAGMB 3(1), moderates variances), and never below
what was estimated. With no event at all the planned design effect is all there is, and it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError, Faults
from evalkit.exact import share_bounds
from evalkit.intervals.effects import PLANNING_ICC, planning_effect
from evalkit.intervals.forms import Limits, around, bound_of_none, finite
from evalkit.lists import as_numbers, seen_in

PRIOR_DF = 5.0
PLANNED, STATED = f"规划值 {PLANNING_ICC:g}", "给定值"
_RANGES = {
    "deff_w": (1, np.inf), "take": (1, np.inf), "events_df": (0, np.inf), "icc": (0, 1), "f_eff": (0, 1), "se_wr": (0, np.inf),
    "event_villages": (0, np.inf),
}  # fmt: skip
EXACT_ABOVE = 0.8
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Planning:
    """What KG-M needs beside the estimate: the design effect that a plan expects, and how much the data say.

    Every field is a number or an array that broadcasts with the estimated values.

    Parameters
    ----------
    deff_w : float
        Loss from unequal weights, ≥ 1 (`weight_effect`).
    take : float
        Units a village as the weights leave them, ≥ 1 (`weighted_take`); 1 for a sample without villages.
    events_df : float
        Σ over strata of max(villages with a unit of the rarer class − 1, 0) (`event_df`); villages of
        strata taken whole do not count.
    icc : float, or an object with `value` and `source`, optional
        Correlation within villages that is planned with, in [0, 1]: a number, a fact of a programme, or .05 when not given.
    f_eff : float
        Effective sampling fraction, in [0, 1] (`reach`); 0 for a population without end, 1 for a census.
    se_wr : float, optional
        Standard error without the finite-population factors that `f_eff` covers. Needed when `f_eff` > 0:
        a factor counted twice makes the interval too short. With `f_eff` = 0 the estimate's own is used.
    event_villages : float, optional
        Villages that hold a unit of the rarer class, to be told beside the interval; nothing is computed from it.
    icc_source : str, optional
        Where `icc` is from; the fact's own source, "给定值" for a number and "规划值 0.05" where none was given.

    Raises
    ------
    EstimateError
        When a field is outside its range.

    Examples
    --------
    >>> plan = Planning(deff_w=1, take=60, events_df=6)
    >>> plan.icc, plan.icc_source
    (0.05, '规划值 0.05')
    """

    deff_w: Any
    take: Any
    events_df: Any
    icc: Any = None
    f_eff: Any = 0.0
    se_wr: Any = None
    event_villages: Any = None
    icc_source: str = ""

    def __post_init__(self) -> None:
        icc, source = correlation_of(self.icc)
        object.__setattr__(self, "icc", icc)
        object.__setattr__(self, "icc_source", self.icc_source or source)
        faults = Faults("Planning")
        for name, value in self.numbers().items():
            least, most = _RANGES[name]
            number = as_numbers(value)
            if number is None:
                faults.add(None, name, repr(value), "应为数，或数的数组", "去掉引号")
            elif not _within(number, least, most):
                faults.add(None, name, value if np.ndim(value) == 0 else "", f"应在 {least:g} 与 {most:g} 之间", "改正后重试")
        faults.refuse(EstimateError)

    def numbers(self) -> dict[str, Any]:
        """Return the fields that are numbers and were given."""
        return {name: value for name, value in vars(self).items() if name in _RANGES and value is not None}


def correlation_of(icc: Any) -> tuple[Any, str]:
    """Return a correlation as a number, and where it is from.

    Parameters
    ----------
    icc : None, float, array, or an object with `value` and `source`
        The planning value, a stated number, or a fact of a programme.

    Examples
    --------
    >>> correlation_of(None), correlation_of(.02)
    ((0.05, '规划值 0.05'), (0.02, '给定值'))
    """
    if icc is None:
        return PLANNING_ICC, PLANNED
    if hasattr(icc, "value") and hasattr(icc, "source"):
        return float(icc.value), str(icc.source)
    return icc, STATED



def _within(number: Numbers, least: float, most: float) -> bool:
    slack = 1e-9 * max(1.0, least)  # Σ over floats may end a hair outside
    return bool(((number >= least - slack) & (number <= most + slack)).all())


@dataclass(frozen=True, eq=False)
class Moderated:
    """The limits and every number on the way to them."""

    low: Numbers
    high: Numbers
    deff: Numbers
    deff0: Numbers
    deff_star: Numbers
    n_star: Numbers
    d_e: Numbers
    exact: NDArray[np.bool_]


def moderated_limits(
    p: Numbers, n: Numbers, se: Numbers, df: Numbers, ratio: Numbers, planning: Planning, tail: float, midp: bool = False
) -> Moderated:
    """Return the KG-M limits of arrays of one shape; NaN where `df` is not positive.

    deff = se²n/(p(1−p)); deff0 = deff_w(1 + (take−1)icc); d = events_df kept within [0, df]; inside (0, 1)
    deff* = max(deff_w, deff, (d·max(deff, deff_w) + 5·deff0)/(d + 5)), at 0 and 1 deff* = max(deff_w, deff0);
    n* = n/deff*·ratio, ratio the squared quotient of the t quantiles on n − 1 and df. The limits are Wise's at
    (np*, n*, f_eff); with events the upper one is never below, the lower never above, what none (all) would give.
    These are formulas (8), (9), (10) and (11) of docs/methods.md.
    """
    deff_w, take, events_df, icc, f_eff = (
        seen_in(p.shape, part) for part in (planning.deff_w, planning.take, planning.events_df, planning.icc, planning.f_eff)
    )
    deff_w, take, f_eff = np.maximum(deff_w, 1), np.maximum(take, 1), np.clip(f_eff, 0, 1)
    deff0 = np.maximum(deff_w, planning_effect(deff_w, take, icc))
    deff = _estimated(p, n, se)
    d_e = np.clip(events_df, 0, np.maximum(df, 0))
    star = np.where(np.isnan(deff), deff0, _moderate(deff, deff_w, deff0, d_e))
    n_star = n / star * ratio
    none = bound_of_none(n / deff0 * ratio, f_eff, tail, midp)
    low, high = finite(p, n_star, f_eff, tail, midp)
    low, high = np.minimum(low, 1 - none), np.maximum(high, none)
    low, high = around(p, low, high, tail)
    simple = ((take - 1) * icc < 1e-9) & (deff_w < 1 + 1e-9) & (abs(p * n - np.rint(p * n)) < 1e-6)
    exact = simple & ~np.isnan(n_star) & (f_eff > EXACT_ABOVE) & (f_eff < 1)
    low, high = _exactly(exact, low, high, p, n, f_eff, tail, midp)
    census = f_eff >= 1 - 1e-12
    return Moderated(np.where(census, p, low), np.where(census, p, high), deff, deff0, star, n_star, d_e, exact)


def _estimated(p: Numbers, n: Numbers, se: Numbers) -> Numbers:
    """Return the estimated design effect, NaN where all or none have the property."""
    inside = (p > 0) & (p < 1)
    return np.where(inside, se**2 * n / np.where(inside, p * (1 - p), 1), np.nan)


def _moderate(deff: Numbers, deff_w: Numbers, deff0: Numbers, d_e: Numbers) -> Numbers:
    blend = (d_e * np.maximum(deff, deff_w) + PRIOR_DF * deff0) / (d_e + PRIOR_DF)
    return np.maximum(np.maximum(deff_w, deff), blend)


def _exactly(
    exact: NDArray[np.bool_], low: Numbers, high: Numbers, p: Numbers, n: Numbers, f_eff: Numbers, tail: float, midp: bool
) -> Limits:
    """Put hypergeometric limits where nearly all units were drawn and none in clusters: Wise's are too wide there."""
    rows = np.flatnonzero(exact)
    if not rows.size:
        return low, high
    low, high = np.array(low), np.array(high)
    for i in rows:
        drawn = round(float(n.flat[i]))
        found, population = round(float(p.flat[i]) * drawn), round(drawn / float(f_eff.flat[i]))
        low.flat[i], high.flat[i] = share_bounds(found, drawn, population, tail, midp)
    return low, high
