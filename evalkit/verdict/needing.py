"""What it would take: further villages that would prove a verdict, and the correlation at which it would change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.intervals import Planning, proportion
from evalkit.verdict.chances import Side, clears
from evalkit.verdict.deciding import SAME, Zone

if TYPE_CHECKING:
    from evalkit.verdict.judging import Verdict

MOST = 100_000  # villages, beyond which nobody asks
OTHER_WAY = "只有 KG-M 区间可以这样推算"
UNKNOWN = "估计没有给出村数或规划效应，无从推算"
WRONG_SIDE = "加权估计不在规则所判的那一侧，估计不变时再抽多少户也不能证实"
TOO_NEAR = f"估计离门槛太近，{MOST:,} 个村也不能证实"
ALWAYS = "村内相关取 0 至 1 的任何值，判定区都不变"


@dataclass(frozen=True)
class Needed:
    """The smallest sample that would prove what the legal rule says if the estimate stayed as it is.

    Attributes
    ----------
    villages, households : float
        In all, with the same take; NaN with a `reason` when no number would do.
    more_villages, more_households : float
        Beyond those at hand; 0 when they are enough.
    reason : str
    """

    villages: float = math.nan
    households: float = math.nan
    more_villages: float = math.nan
    more_households: float = math.nan
    reason: str = ""


@dataclass(frozen=True)
class Tipping:
    """The planned correlation at which the zone of a verdict would change, and the zone beyond it.

    Attributes
    ----------
    icc : float
        NaN with a `reason` when no correlation changes it.
    zone : str
        What the verdict would be: above `icc` where it is proven now, below it where it is not.
    reason : str
    """

    icc: float = math.nan
    zone: str = ""
    reason: str = ""


@dataclass(frozen=True, eq=False)
class _Case:
    """A share with all that KG-M needs, and the bound that has to clear the gate."""

    share: float
    n: float
    se: float
    df: float
    villages: float
    planning: Planning
    gate: float
    side: Side
    level: float

    def proves(self, villages: float) -> bool:
        """Return whether so many villages of the same take prove the same share."""
        k = villages / self.villages
        # a village more is a degree of freedom more; strata taken whole count households, which grow in proportion
        df = self.df + villages - self.villages if self.df <= self.villages else self.df * k
        if df <= 0:
            return False
        p = self.planning
        se_wr = None if p.se_wr is None else p.se_wr / math.sqrt(k)
        grown = replace(p, events_df=min(p.events_df * k, df), f_eff=min(p.f_eff * k, 1.0), se_wr=se_wr)
        made = proportion(self.share, self.n * k, se=self.se / math.sqrt(k), df=df, level=self.level, side=self.side, planning=grown)
        return clears(made.high if self.side == "upper" else made.low, self.gate, self.side)


def needed(verdict: Verdict, estimate: Any, icc: Any, side: Side) -> Needed:
    """Return the villages and households that would prove a verdict, the estimate, its design effect and the take staying as they are.

    With no event found it is the smallest sample that could have proved the verdict at all, which may be smaller than the one at hand.
    """
    if verdict.method != "kg-m":
        return Needed(reason=OTHER_WAY)
    villages = verdict.villages
    if not hasattr(estimate, "planning") or not villages > 0:
        return Needed(reason=UNKNOWN)
    case = _case(verdict, estimate, icc, side)
    away = case.gate - case.share if side == "upper" else case.share - case.gate
    if not away > SAME:
        return Needed(reason=WRONG_SIDE)
    f_eff = float(case.planning.f_eff)
    most = MOST if f_eff <= 0 else min(MOST, math.ceil(villages / f_eff))
    found = _smallest(case.proves, most)
    if found is None:
        return Needed(reason=TOO_NEAR)
    take = verdict.n / villages
    households, more = math.ceil(found * take - 1e-9), max(found - villages, 0.0)
    return Needed(float(found), float(households), more, float(max(math.ceil(more * take - 1e-9), 0)))


def _smallest(proves: Callable[[float], bool], most: int) -> int | None:
    """Return the smallest number from which all do; bounds shrink with every village."""
    if not proves(most):
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if proves(middle) else (middle, high)
    return high


def _case(verdict: Verdict, estimate: Any, icc: Any, side: Side) -> _Case:
    plan, df = estimate.planning(icc)
    one = {name: _first(getattr(plan, name)) for name in ("deff_w", "take", "events_df", "icc", "f_eff", "se_wr")}
    scale, shift = _first(getattr(estimate, "scale", 1.0)), _first(getattr(estimate, "shift", 0.0))
    share, gate = ((number - shift) / scale for number in (verdict.value, verdict.threshold))
    se = _first(estimate.se) / abs(scale)
    return _Case(
        min(max(share, 0.0), 1.0), verdict.n, se, _first(df), verdict.villages, Planning(**one), gate, side, 1 - verdict.alpha
    )


def _first(number: Any) -> Any:
    return None if number is None else float(np.ravel(number)[0])


def villages_of(estimate: Any, given: int | None) -> float:
    """Return the number of first-stage units behind an estimate of one row; NaN when it cannot be known."""
    if given:
        return float(given)
    blocks = getattr(estimate, "blocks", None) or getattr(getattr(estimate, "estimate", None), "blocks", None)
    if not blocks:
        return math.nan
    block, column = blocks[0], getattr(estimate, "estimate", estimate).gradient.indices[0]
    found = block.domain.partition.grouping(block.survey.stages[0])
    return float((found.column == column).sum()) if column < block.count else math.nan


def tipping(verdict: Verdict, bound: Callable[[Side, float], float], sides: dict[Zone, Side]) -> Tipping:
    """Return the planned correlation at which the zone changes, by bisection.

    Parameters
    ----------
    verdict : Verdict
    bound : callable
        From side and planned correlation to the bound at the verdict's alpha.
    sides : dict
        Bound that proves each of the two zones.
    """
    if verdict.method != "kg-m" or math.isnan(verdict.icc):
        return Tipping(reason=OTHER_WAY)
    proven = verdict.zone != "not proven"
    for zone, side in sides.items():
        if proven and zone != verdict.zone:
            continue
        low, high = (verdict.icc, 1.0) if proven else (0.0, verdict.icc)
        starts, ends = (clears(bound(side, icc), verdict.threshold, side) for icc in (low, high))
        if starts and not ends:
            return Tipping(_border(bound, verdict.threshold, side, low, high), "not proven" if proven else zone)
    return Tipping(reason=ALWAYS)


def _border(bound: Callable[[Side, float], float], threshold: float, side: Side, low: float, high: float) -> float:
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if clears(bound(side, middle), threshold, side) else (low, middle)
    return (low + high) / 2

