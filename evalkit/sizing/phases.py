"""Plans in two phases: classify many and measure few, or go back to some of those who did not answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.sizing.demands import Demands

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DoublePlan:
    """A cheap first phase that sorts units into strata, a dear second one: sizes, Neyman shares of the second, and variances.

    `between` is the variance of the stratum means, `within` (ΣW_hS_h)²; `single` and `single_variance` are the
    sample that the budget buys without a first phase and its variance.
    """

    n1: float
    n2: float
    allocation: Numbers
    between: float
    within: float
    variance: float
    single: float
    single_variance: float


def double_sample(
    sizes: ArrayLike, means: ArrayLike, sds: ArrayLike, *, first_cost: float, second_cost: float, budget: float
) -> DoublePlan:
    """Return the best double sample for stratification within a budget (Cochran 1977, eqs 12.13–12.16; no fpc).

    n₂/n₁ = √((V_within/V_between)/(c₂/c₁)), c₁n₁ + c₂n₂ = budget; variance V_between/n₁ + V_within/n₂.

    Parameters
    ----------
    sizes, means, sds : array, shape (strata,)
        Units (or shares), mean and standard deviation of a unit, by stratum.
    first_cost, second_cost, budget : float
        Cost of classifying a unit, of measuring one, and of all.

    Returns
    -------
    DoublePlan

    Raises
    ------
    EstimateError
        A number outside its range, lengths that differ, means that are all equal; n₂ > n₁ (measure all at once then).

    Examples
    --------
    >>> made = double_sample([300, 200, 100], [40, 60, 90], [8, 10, 20], first_cost=10, second_cost=50, budget=20000)
    >>> round(made.n1, 1), round(made.n2, 1), round(made.variance / made.single_variance, 2)
    (860.9, 227.8, 0.77)
    """
    size, mean, sd = (np.asarray(a, dtype=float) for a in (sizes, means, sds))
    asked = Demands()
    asked.within(0, math.inf, "()", "应大于 0", sizes=size, sds=sd, first_cost=first_cost, second_cost=second_cost, budget=budget)
    asked.within(-math.inf, math.inf, "()", "补全", means=mean)
    asked.need(size.ndim == 1 and size.shape == mean.shape == sd.shape, f"{size.size}、{mean.size}、{sd.size} 个", "每层各一个", "补齐")
    asked.refuse()
    share = size / size.sum()
    between = float((share * (mean - (share * mean).sum()) ** 2).sum())
    within = float((share * sd).sum() ** 2)
    asked.need(between > 0, "各层均值相同", "分层应能区分均值", "不必两阶段")
    asked.refuse()
    ratio = math.sqrt(within / between * first_cost / second_cost)
    asked.need(ratio <= 1, f"n2/n1 = {ratio:.3g}", "应不大于 1", "第一阶段不划算，直接单阶段抽样")
    asked.refuse()
    n1 = budget / (first_cost + second_cost * ratio)
    n2, single = n1 * ratio, budget / second_cost
    all_in = float((share * sd**2).sum()) + between
    return DoublePlan(n1, n2, n2 * share * sd / (share * sd).sum(), between, within, between / n1 + within / n2, single, all_in / single)


@dataclass(frozen=True)
class FollowUp:
    """A first phase, and the share `rate` of those without an answer that is followed up: expected sizes, cost, cv.

    `single` is the simple random sample, all of it issued to the same response rate and counted in issued units, that
    would give the same cv; `cost_ratio` is the cost of this plan over its cost.
    """

    n1: float
    n2: float
    rate: float
    cost: float
    cv: float
    single: float
    cost_ratio: float


def follow_up(
    response: float,
    *,
    first_cost: float,
    second_cost: float,
    unit_cv: float = 1.0,
    budget: float | None = None,
    cv: float | None = None,
    population: float | None = None,
) -> FollowUp:
    """Return the best follow-up of those who did not answer: rate √(c₁/(c₂·response)).

    Hansen & Hurwitz 1946, JASA 41:517; Valliant, Dever & Kreuter 2018, ch. 17.

    Parameters
    ----------
    response : float
        Share that answers in the first phase, in (0, 1).
    first_cost, second_cost : float
        Cost of a unit of the first phase, and of one followed up.
    unit_cv : float
        Standard deviation of a unit over its mean.
    budget, cv : float
        Exactly one: expected cost, or coefficient of variation wanted.
    population : float, optional
        Units there.

    Returns
    -------
    FollowUp

    Raises
    ------
    EstimateError
        A number outside its range, no target or two, a follow-up so cheap that all should be followed up.

    Examples
    --------
    >>> made = follow_up(.5, first_cost=50, second_cost=200, budget=100000)
    >>> round(made.n1, 1), round(made.n2, 1), round(made.cv, 4)
    (828.4, 292.9, 0.0382)
    """
    asked = Demands()
    asked.units(population)
    asked.one(budget=budget, cv=cv)
    asked.within(0, 1, "()", "应答率写成小数", response=response)
    asked.within(0, math.inf, "()", "应大于 0", first_cost=first_cost, second_cost=second_cost, unit_cv=unit_cv, budget=budget, cv=cv)
    asked.refuse()
    rate, silent = math.sqrt(first_cost / second_cost / response), 1 - response
    asked.need(rate <= 1, f"追访份额 {rate:.3g}", "应不大于 1", "追访很便宜：全部追访，不必再抽")
    asked.refuse()
    inverse = 0.0 if population is None else 1 / population
    each = first_cost + second_cost * rate * silent
    n1 = budget / each if budget is not None else (1 - response * (1 - rate)) / rate / (((cv or 0.0) / unit_cv) ** 2 + inverse)
    reached = unit_cv * math.sqrt((1 - n1 * inverse + (1 - rate) / rate * silent) / n1)
    single = n1 / (response + silent / rate - n1 * inverse) / response
    return FollowUp(n1, rate * silent * n1, rate, each * n1, reached, single, n1 * each / (single * first_cost))
