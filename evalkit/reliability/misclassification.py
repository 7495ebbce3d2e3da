"""Misclassification: what a rate found by a fallible inspection says of the true rate.

At 2 % everything hangs on the specificity: with one wrong find in 50 sound households a found rate of 2 % is no evidence of any error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, roots_legendre

from evalkit.errors import EstimateError, Faults

Numbers = NDArray[np.float64]
Part = tuple[float, float, int]  # events, units, 0 or 1
POINTS = 60


@dataclass(frozen=True)
class Corrected:
    """A rate corrected for misclassification, with its limits."""

    value: float
    low: float
    high: float


def rogan_gladen(found: float, sensitivity: float, specificity: float) -> float:
    """Return the true rate behind a found one, (p̂ + Sp − 1)/(Se + Sp − 1), kept within [0, 1].

    Parameters
    ----------
    found : float
        Rate found, in [0, 1].
    sensitivity, specificity : float
        Probability that an affected unit is found, and that a sound one is not, in [0, 1]; together above 1.

    Raises
    ------
    EstimateError
        A number outside its range; sensitivity + specificity not above 1: then a find says nothing.

    References
    ----------
    Rogan & Gladen 1978, Am. J. Epidemiol. 107:71.

    Examples
    --------
    >>> round(rogan_gladen(.02, .8, .995), 7), rogan_gladen(.02, .8, .98)
    (0.0188679, 0.0)
    """
    faults = Faults("误判校正")
    for name, number in (("found", found), ("sensitivity", sensitivity), ("specificity", specificity)):
        if not 0 <= number <= 1:
            faults.add(None, name, number, "应在 0 与 1 之间", "比例写成小数")
    if not faults and not sensitivity + specificity > 1:
        faults.add(None, "sensitivity、specificity", f"{sensitivity} + {specificity}", "两者之和应大于 1", "这样的核查不含信息，改核查办法")
    faults.refuse(EstimateError)
    return min(max((found + specificity - 1) / (sensitivity + specificity - 1), 0.0), 1.0)


def melded(
    events: float,
    units: float,
    *,
    false_positives: float,
    sound: float,
    found_affected: float,
    affected: float,
    level: float = 0.95,
) -> Corrected:
    """Return the corrected rate with an interval that knows sensitivity and specificity only from samples of their own.

    The lower limit is the α/2 quantile of g = (p + Sp − 1)/(Se + Sp − 1) with p, Sp and Se drawn apart from the confidence
    distributions that make g small (Beta(x, n − x + 1) for p and Sp, Beta(x + 1, n − x) for Se), the upper limit the 1 − α/2 quantile with
    the others. The quantiles are taken by quadrature, so nothing is random.

    Parameters
    ----------
    events, units : float
        Finds and units of the survey; for a clustered sample the effective numbers p̂·n* and n*, whole or not.
    false_positives, sound : float
        Wrong finds among so many units known to be sound; not whole where they were seen with unequal chances.
    found_affected, affected : float
        Finds among so many units known to be affected.
    level : float
        In (0, 1), two-sided.

    Raises
    ------
    EstimateError
        Counts that do not fit, a level outside (0, 1), sensitivity + specificity not above 1.

    References
    ----------
    Bayer, Fay & Graubard 2023, arXiv 2205.13494; R asht WprevSeSp.

    Examples
    --------
    >>> seen = melded(6, 300, false_positives=1, sound=200, found_affected=16, affected=20)
    >>> round(seen.value, 6), seen.low, round(seen.high, 3)
    (0.018868, 0.0, 0.055)
    """
    _check({"events": (events, units), "false_positives": (false_positives, sound), "found_affected": (found_affected, affected)}, level)
    value = rogan_gladen(events / units, found_affected / affected, 1 - false_positives / sound)
    tail = (1 - level) / 2
    good = sound - false_positives
    low = _quantile((events, units, 0), (good, sound, 0), (found_affected, affected, 1), tail)
    high = _quantile((events, units, 1), (good, sound, 1), (found_affected, affected, 0), 1 - tail)
    return Corrected(value, min(low, value), max(high, value))


def _quantile(rate: Part, specificity: Part, sensitivity: Part, at: float) -> float:
    """Return the quantile of g in [0, 1]; each part is (events, units, 0 for its lower and 1 for its upper distribution)."""
    nodes, weights = roots_legendre(POINTS)
    grid, weights = (nodes + 1) / 2, weights / 2
    sp, se = _inverse(*specificity, grid)[:, None], _inverse(*sensitivity, grid)
    slope = np.maximum(se + sp - 1, 0.0)  # where a find says nothing, g is 0 or 1 by the sign of p + Sp − 1
    least, most = 0.0, 1.0

    def chance(g: float) -> float:
        return float(weights @ _chance(rate, np.clip(1 - sp + g * slope, 0, 1)) @ weights)

    if chance(0.0) >= at:
        return 0.0
    while most - least > 1e-8:
        middle = (least + most) / 2
        least, most = (middle, most) if chance(middle) < at else (least, middle)
    return (least + most) / 2


def _chance(rate: Part, border: Numbers) -> Numbers:
    """Return P(p ≤ border)."""
    events, units, upper = rate
    a, b = events + upper, units - events + 1 - upper
    if a <= 0 or b <= 0:  # the lower distribution of no event is 0, the upper one of all is 1
        return np.asarray(border >= (0 if a <= 0 else 1), dtype=float)
    return np.asarray(betainc(a, b, border))


def _inverse(events: float, units: float, upper: int, u: Numbers) -> Numbers:
    a, b = events + upper, units - events + 1 - upper
    if a <= 0 or b <= 0:
        return np.full(u.shape, 0.0 if a <= 0 else 1.0)
    return np.asarray(betaincinv(a, b, u))


def _check(counts: dict[str, tuple[float, float]], level: float) -> None:
    faults = Faults("误判校正")
    for name, (part, whole) in counts.items():
        if not (np.isfinite(whole) and whole > 0 and 0 <= part <= whole):
            faults.add(None, name, f"{part}/{whole}", "应有 0 ≤ 事件数 ≤ 单位数，单位数大于 0", "核对计数")
    if not 0 < level < 1:
        faults.add(None, "level", level, "应在 0 与 1 之间", "95% 写 level=.95")
    faults.refuse(EstimateError)
