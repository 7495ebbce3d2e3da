"""The best take of a cluster, and how many clusters a budget buys or a precision needs.

Relative variances throughout, no finite-population factors: cv² = V/(m·b)·k·(1 + (b − 1)·icc).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.errors import EstimateError
from evalkit.sizing.demands import Demands


def best_take(icc: float, cluster_cost: float, unit_cost: float) -> float:
    """Return the take with the smallest variance for the money: √((c₁/c₂)(1 − icc)/icc) (Cochran 1977, eq. 10.32).

    For a verdict the best take is smaller, because few clusters leave few degrees of freedom: compare with `villages_for`.

    Parameters
    ----------
    icc : float
        Correlation within clusters, in (0, 1).
    cluster_cost, unit_cost : float
        Cost of a cluster without its units, and of a unit; > 0, in any one currency (team-days, say).

    Returns
    -------
    float
        Units a cluster, before rounding.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(best_take(.05, 800, 40), 2), round(best_take(.02, 800, 40), 1)
    (19.49, 31.3)
    """
    asked = Demands()
    asked.within(0, 1, "()", "群内相关写成小数，如 .05", icc=icc)
    asked.within(0, math.inf, "()", "成本应大于 0", cluster_cost=cluster_cost, unit_cost=unit_cost)
    asked.refuse()
    return math.sqrt(cluster_cost / unit_cost * (1 - icc) / icc)


def two_stage_cv(clusters: float, take: float, icc: float, *, unit_variance: float = 1.0, k: float = 1.0) -> float:
    """Return the coefficient of variation of two stages: √(V/(m·b)·k·(1 + (b − 1)·icc)).

    Parameters
    ----------
    clusters, take : float
        Clusters m, and units a cluster b, > 0.
    icc : float
        In [0, 1).
    unit_variance : float
        Relative variance of a unit, V (for a proportion (1 − p)/p).
    k : float
        `Components.k`.

    Returns
    -------
    float
        Standard error over the estimate.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(two_stage_cv(20, 8, .04, unit_variance=1.2, k=1.1), 6)
    0.102762
    """
    asked = Demands()
    asked.within(0, 1, "[)", "群内相关写成小数，如 .05", icc=icc)
    asked.within(0, math.inf, "()", "应大于 0", clusters=clusters, take=take, unit_variance=unit_variance, k=k)
    asked.refuse()
    return math.sqrt(unit_variance / (clusters * take) * k * (1 + (take - 1) * icc))


def three_stage_cv(
    clusters: float,
    groups: float,
    take: float,
    iccs: tuple[float, float],
    *,
    unit_variance: float = 1.0,
    k: tuple[float, float] = (1.0, 1.0),
) -> float:
    """Return the coefficient of variation of three stages: √(V/(m·g·b)·(k₁δ₁·g·b + k₂(1 + δ₂(b − 1)))).

    Parameters
    ----------
    clusters, groups, take : float
        Clusters m, groups a cluster g, units a group b, > 0.
    iccs : pair of float
        δ₁ of clusters, δ₂ of groups, in [0, 1) (`NestedComponents`).
    unit_variance : float
        Relative variance of a unit.
    k : pair of float
        k₁, k₂.

    Returns
    -------
    float
        Standard error over the estimate.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(three_stage_cv(20, 8, 5, (.02, .08), unit_variance=1.2, k=(1.1, 1)), 6)
    0.057446
    """
    asked = Demands()
    asked.within(0, 1, "[)", "群内相关写成小数，如 .05", iccs=iccs)
    asked.within(0, math.inf, "()", "应大于 0", clusters=clusters, groups=groups, take=take, unit_variance=unit_variance, k=k)
    asked.refuse()
    inner = k[1] * (1 + iccs[1] * (take - 1))
    return math.sqrt(unit_variance / (clusters * groups * take) * (k[0] * iccs[0] * groups * take + inner))


@dataclass(frozen=True)
class TwoStage:
    """Clusters and take (before rounding), what they cost, and the coefficient of variation they give."""

    clusters: float
    take: float
    cost: float
    cv: float


@dataclass(frozen=True)
class ThreeStage:
    """Clusters, groups a cluster and take (before rounding), what they cost, and the coefficient of variation they give."""

    clusters: float
    groups: float
    take: float
    cost: float
    cv: float


def two_stage(
    costs: tuple[float, float],
    icc: float,
    *,
    unit_variance: float = 1.0,
    k: float = 1.0,
    budget: float | None = None,
    cv: float | None = None,
    clusters: float | None = None,
) -> TwoStage:
    """Return the best two-stage plan for a budget or a precision; cost c₁m + c₂mb.

    The take is `best_take`; where the clusters are given, the take is what the money or the precision asks
    (Hansen, Hurwitz & Madow 1953, I ch. 6; Valliant, Dever & Kreuter 2018, §9.3).

    Parameters
    ----------
    costs : pair of float
        Cost of a cluster, and of a unit.
    icc, unit_variance, k
        As in `two_stage_cv`, icc in (0, 1).
    budget, cv : float
        Exactly one.
    clusters : float, optional
        Clusters that are fixed beforehand.

    Returns
    -------
    TwoStage

    Raises
    ------
    EstimateError
        A number outside its range, no target or two, a budget that the clusters alone use up, a precision that
        so few clusters cannot give.

    Examples
    --------
    >>> plan = two_stage((750, 100), .05, budget=100000)
    >>> round(plan.clusters, 1), round(plan.take, 1), round(plan.cv, 4)
    (51.4, 11.9, 0.0502)
    """
    asked = _plan(costs, (icc,), (unit_variance, k), budget, cv, clusters)
    asked.refuse()
    spread = unit_variance * k
    if clusters is None:
        take = best_take(icc, *costs)
        m = (budget or 0.0) / (costs[0] + costs[1] * take) if cv is None else spread / take * (1 + (take - 1) * icc) / cv**2
    elif cv is None:
        m, take = clusters, _left(budget or 0.0, clusters, costs[0]) / costs[1]
    else:
        m, take = clusters, (1 - icc) / _room(cv**2 * clusters / spread, icc)
    reached = two_stage_cv(m, take, icc, unit_variance=unit_variance, k=k)
    return TwoStage(m, take, m * (costs[0] + costs[1] * take), reached)


def three_stage(
    costs: tuple[float, float, float],
    iccs: tuple[float, float],
    *,
    unit_variance: float = 1.0,
    k: tuple[float, float] = (1.0, 1.0),
    budget: float | None = None,
    cv: float | None = None,
    clusters: float | None = None,
) -> ThreeStage:
    """Return the best three-stage plan for a budget or a precision; cost m(c₁ + g(c₂ + c₃b)).

    b = √((1 − δ₂)/δ₂·c₂/c₃), g = √((1 − δ₂)/δ₁·c₁/c₃·k₂/k₁)/b; where the clusters are given, g is what the money or
    the precision asks (Hansen, Hurwitz & Madow 1953, I ch. 7; Valliant, Dever & Kreuter 2018, §9.3.3).

    Parameters
    ----------
    costs : three floats
        Cost of a cluster, a group, a unit.
    iccs, unit_variance, k
        As in `three_stage_cv`, both iccs in (0, 1).
    budget, cv, clusters
        As in `two_stage`.

    Returns
    -------
    ThreeStage

    Raises
    ------
    EstimateError
        As `two_stage`.

    Examples
    --------
    >>> plan = three_stage((500, 100, 120), (.01, .1), budget=100000)
    >>> round(plan.clusters, 1), round(plan.groups, 1), round(plan.take, 1), round(plan.cv, 4)
    (28.3, 7.1, 2.7, 0.0499)
    """
    asked = _plan(costs, iccs, (unit_variance, *k), budget, cv, clusters)
    asked.refuse()
    (c1, c2, c3), (d1, d2) = costs, iccs
    take = math.sqrt((1 - d2) / d2 * c2 / c3)
    inner = k[1] * (1 + d2 * (take - 1))
    if clusters is None:
        groups = math.sqrt((1 - d2) / d1 * c1 / c3 * k[1] / k[0]) / take
        spread = unit_variance * (k[0] * d1 + inner / (groups * take))
        m = (budget or 0.0) / (c1 + groups * (c2 + c3 * take)) if cv is None else spread / cv**2
    elif cv is None:
        m, groups = clusters, _left(budget or 0.0, clusters, c1) / (c2 + c3 * take)
    else:
        m, groups = clusters, inner / take / _room(cv**2 * clusters / unit_variance, k[0] * d1)
    reached = three_stage_cv(m, groups, take, iccs, unit_variance=unit_variance, k=k)
    return ThreeStage(m, groups, take, m * (c1 + groups * (c2 + c3 * take)), reached)


def _plan(
    costs: tuple[float, ...],
    iccs: tuple[float, ...],
    spreads: tuple[float, ...],
    budget: float | None,
    cv: float | None,
    clusters: float | None,
) -> Demands:
    asked = Demands()
    asked.one(budget=budget, cv=cv)
    asked.within(0, math.inf, "()", "应大于 0", costs=costs, spreads=spreads, budget=budget, cv=cv, clusters=clusters)
    asked.within(0, 1, "()", "群内相关写成小数，如 .05", icc=iccs)
    asked.need(len(costs) == len(iccs) + 1, f"costs {len(costs)} 个", f"每阶段一个，共 {len(iccs) + 1} 个", "补齐")
    return asked


def _left(budget: float, clusters: float, cost: float) -> float:
    """Return the money a cluster that is left for its units."""
    left = budget / clusters - cost
    if left <= 0:
        raise EstimateError(f"budget = {budget:g}｜{clusters:g} 个群本身已用 {cost * clusters:g}｜增加预算或减少群数")
    return left


def _room(wanted: float, icc: float) -> float:
    """Return what the precision leaves to the units, once the clusters have taken their part."""
    if wanted <= icc:
        raise EstimateError("cv｜群数太少，无论每群抽多少都达不到｜增加群数或放宽 cv")
    return wanted - icc
