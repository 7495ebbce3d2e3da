"""How many villages show a change between two years, when some villages and households are visited in both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr

from evalkit.errors import EstimateError
from evalkit.sizing.demands import Demands, quantile
from evalkit.sizing.settings import Setting

MOST = 100_000


@dataclass(frozen=True)
class Overlap:
    """What two years have in common.

    Parameters
    ----------
    villages : float
        Share of the villages that are visited in both years, in [0, 1].
    households : float
        Share of the households of such a village that are interviewed both times, in [0, 1].
    village_correlation : float
        Correlation of village rates between the years, in [−1, 1].
    household_correlation : float
        Correlation of a household with itself between the years, within its village, in [−1, 1].

    Raises
    ------
    EstimateError
        A number outside its range; all faults at once.

    Examples
    --------
    >>> Overlap(villages=.5, village_correlation=.7).households
    0.0
    """

    villages: float = 0.0
    households: float = 0.0
    village_correlation: float = 0.0
    household_correlation: float = 0.0

    def __post_init__(self) -> None:
        asked = Demands()
        asked.within(0, 1, "[]", "重叠份额写成小数", villages=self.villages, households=self.households)
        both = {"village_correlation": self.village_correlation, "household_correlation": self.household_correlation}
        asked.within(-1, 1, "[]", "相关系数", **both)
        loose = self.households > 0 and self.villages == 0
        asked.need(not loose, f"households = {self.households}", "无重叠村则无重叠户", "写 villages=")
        asked.refuse()


def village_variance(setting: Setting, p1: float, p2: float, overlap: Overlap) -> float:
    """Return the variance of a change of a rate, times the villages of a year.

    deff_w·((σ₁² + σ₂²)(ρ + (1 − ρ)/b) − 2g·σ₁σ₂(ρ·r_v + (1 − ρ)·h·r_h/b)), σ² = p(1 − p), g and h the shares of villages and of
    households kept, r_v and r_h their correlations: the covariance of village totals of villages in both samples.

    Parameters
    ----------
    setting : Setting
    p1, p2 : float
        Rates of the two years, in (0, 1).
    overlap : Overlap

    Returns
    -------
    float

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> county = Setting(30, .05)
    >>> round(village_variance(county, .93, .95, Overlap()), 6)
    0.009196
    >>> round(village_variance(county, .93, .95, Overlap(villages=1, village_correlation=.6)), 6)
    0.005859
    """
    asked = Demands()
    asked.within(0, 1, "()", "比例写成小数，如 .02", p1=p1, p2=p2)
    asked.refuse()
    s1, s2 = math.sqrt(p1 * (1 - p1)), math.sqrt(p2 * (1 - p2))
    between, within = setting.icc, (1 - setting.icc) / setting.take
    kept = between * overlap.village_correlation + within * overlap.households * overlap.household_correlation
    return setting.deff_w * ((s1**2 + s2**2) * (between + within) - 2 * overlap.villages * s1 * s2 * kept)


@dataclass(frozen=True)
class ChangePlan:
    """Villages a year, what they carry a year, and the degrees of freedom of the difference."""

    villages: int
    complete: int
    issued: int
    df: int
    power: float


def villages_for_change(
    setting: Setting,
    p1: float,
    p2: float,
    overlap: Overlap | None = None,
    *,
    power: float = 0.8,
    level: float = 0.95,
    sides: int = 2,
) -> ChangePlan:
    """Return how many villages a year show a change of a rate with the stated power.

    Smallest m with m ≥ V(t_df;α + z_β)²/(p₁ − p₂)², V from `village_variance`; df = ⌊(2 − g)m⌋ − strata, the distinct villages of both
    years less the strata, as when both years stand in one design. No finite-population factor: a change is about the process.

    Parameters
    ----------
    setting, p1, p2, overlap
        As in `village_variance`; nothing in common without `overlap`.
    power, level, sides
        As in `for_distance`.

    Returns
    -------
    ChangePlan

    Raises
    ------
    EstimateError
        A number outside its range, equal rates, more villages than there are (or than 100,000).

    Examples
    --------
    >>> county = Setting(30, .05)
    >>> villages_for_change(county, .90, .95).villages
    37
    >>> villages_for_change(county, .90, .95, Overlap(villages=1, village_correlation=.6)).villages
    25
    """
    asked = Demands()
    asked.units(level=level, population=None, sides=sides)
    asked.within(0.5, 1, "[)", "80% 写 power=.8", power=power)
    asked.within(0, 1, "()", "比例写成小数，如 .02", p1=p1, p2=p2)
    asked.need(p1 != p2, f"p1 = p2 = {p1}", "两年比例应不同", "改正其一")
    asked.refuse()
    common = overlap or Overlap()
    variance = village_variance(setting, p1, p2, common)
    most = MOST if setting.frame is None else math.floor(setting.frame)
    low, high = setting.strata, most
    if _power(setting, most, variance, p1 - p2, common, level, sides) < power:
        raise EstimateError(f"power = {power:g}｜每年 {most} 个村也达不到｜增大 take 或重叠，或放宽要求")
    while high - low > 1:
        middle = (low + high) // 2
        enough = _power(setting, middle, variance, p1 - p2, common, level, sides) >= power
        low, high = (low, middle) if enough else (middle, high)
    reached = _power(setting, high, variance, p1 - p2, common, level, sides)
    return ChangePlan(high, high * setting.take, setting.issued(high), _df(setting, high, common), reached)


def _df(setting: Setting, m: int, overlap: Overlap) -> int:
    return math.floor((2 - overlap.villages) * m + 1e-9) - setting.strata


def _power(setting: Setting, m: int, variance: float, change: float, overlap: Overlap, level: float, sides: int) -> float:
    """Return Φ(|change|/√(V/m) − t), which rises with m."""
    return float(ndtr(abs(change) / math.sqrt(variance / m) - quantile(level, sides, _df(setting, m, overlap))))
