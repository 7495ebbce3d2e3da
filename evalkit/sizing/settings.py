"""The clustered setting that a plan is made for: take, correlation, strata, and what is lost in the field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.intervals import PLANNING_ICC, Planning, planning_effect, proportion
from evalkit.sizing.attrition import issue
from evalkit.sizing.demands import Demands

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """How the villages of a plan are worked, whatever their number.

    Parameters
    ----------
    take : int
        Complete interviews a village, ≥ 1.
    icc : float
        True correlation within villages that is planned for, in [0, 1).
    planning_icc : float, optional
        Correlation that KG-M will be given; that of the package (.05) or `icc`, whichever is larger, without it.
    strata : int
        Strata of villages: df = villages − strata.
    deff_w : float
        Loss from unequal weights, ≥ 1.
    frame, village_size : float, optional
        Villages there and units in a village; they shorten the interval (Wise), see `intervals.reach`. Endless without them.
    response, ineligible : float
        As in `issue`.

    Raises
    ------
    EstimateError
        A number outside its range; all faults at once.

    Examples
    --------
    >>> Setting(60, .05).deff, Setting(60, .05, response=.9).issued(20)
    (3.95, 1340)
    """

    take: int
    icc: float = PLANNING_ICC
    planning_icc: float | None = None
    strata: int = 1
    deff_w: float = 1.0
    frame: float | None = None
    village_size: float | None = None
    response: float = 1.0
    ineligible: float = 0.0

    def __post_init__(self) -> None:
        asked = Demands()
        asked.whole(1, "写整数，每村至少 1 户、至少 1 层", take=self.take, strata=self.strata)
        asked.within(1, math.inf, "[)", "自加权写 deff_w=1", deff_w=self.deff_w)
        asked.within(0, 1, "[)", "村内相关写成小数，如 .05；等于 1 时每村只值一户", icc=self.icc, planning_icc=self.planning_icc)
        if isinstance(self.strata, Real):
            asked.within(self.strata + 1, math.inf, "[)", "村数应多于层数", frame=self.frame)
        asked.within(self.take, math.inf, "[)", "村内户数不少于每村抽取数", village_size=self.village_size)
        asked.within(0, 1, "(]", "应答率写成小数，无人应答则无从调查", response=self.response)
        asked.within(0, 1, "[)", "不合格份额写成小数", ineligible=self.ineligible)
        asked.refuse()

    @property
    def deff(self) -> float:
        """Design effect expected: deff_w·(1 + (take − 1)·icc)."""
        return float(planning_effect(self.deff_w, self.take, self.icc))

    @property
    def prior(self) -> float:
        """ICC that KG-M is given."""
        return max(self.icc, PLANNING_ICC) if self.planning_icc is None else self.planning_icc

    def issued(self, villages: int) -> int:
        """Return the interviews to issue in so many villages, each rounded up."""
        return villages * int(issue(self.take, self.response, self.ineligible).issued[0])

    def f_eff(self, villages: Any) -> Any:
        """Return the effective sampling fraction: 1 − ((1 − f₁)·b·ρ + (1 − f₁f₂)(1 − ρ))/(1 + (b − 1)ρ), f₂ within villages."""
        f1 = np.asarray(villages) / (math.inf if self.frame is None else self.frame)
        f2 = 0.0 if self.village_size is None else self.take / self.village_size
        b, icc = self.take, self.prior
        return np.clip(1 - ((1 - f1) * b * icc + (1 - f1 * f2) * (1 - icc)) / (1 + (b - 1) * icc), 0, 1)

    def limits(self, events: Any, villages: Any, se: Any, seen: Any, level: float, side: Any) -> tuple[Numbers, Numbers]:
        """Return the KG-M limits of arrays of events, villages, standard errors (without fpc) and event villages."""
        m = np.asarray(villages, dtype=float)
        event_df = np.maximum(np.asarray(seen, dtype=float) - self.strata, 0)
        planning = Planning(self.deff_w, self.take, event_df, self.prior, self.f_eff(m), se)
        n = m * self.take
        made = proportion(events / n, n, se=se, df=m - self.strata, planning=planning, level=level, side=side)
        return np.asarray(made.low), np.asarray(made.high)
