"""How many units let a test find a difference, and the power of so many.

Large-sample formulas, except for two means (noncentral t); for a rate near 0 use `exact_for_gate`.
"""

from __future__ import annotations

import math
from typing import Literal

from scipy.special import nctdtr, ndtr, stdtrit

from evalkit.later import later
from evalkit.sizing.demands import Demands, quantile

optimize = later("scipy.optimize")


def for_distance(
    distance: float,
    variance: float,
    *,
    level: float = 0.95,
    power: float = 0.8,
    sides: int = 1,
    deff: float = 1.0,
    population: float | None = None,
) -> float:
    """Return how many units let a test find a true distance: n = S²/(distance²/(z_α + z_β)² + S²/N), S² = variance·deff.

    Parameters
    ----------
    distance : float
        True value minus value tested, ≠ 0.
    variance : float
        Variance of a unit, > 0; for a difference, of both samples together (`change_variance`).
    level, power : float
        1 − error of the first kind, 1 − error of the second, in (0, 1); z_β = Φ⁻¹(power), at least ½.
    sides : {1, 2}
        Tails that share the error of the first kind.
    deff, population
        As in `for_mean`.

    Returns
    -------
    float
        Units, before rounding.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(for_distance(.03, .25, deff=1.8, population=100000), 2)
    2998.58
    """
    asked = _asked(level, power, sides, deff, population)
    asked.need(bool(distance) and math.isfinite(distance), f"distance = {distance}", "不为 0 的有限数", "写真值与检验值之差")
    asked.within(0, math.inf, "()", "方差应大于 0", variance=variance)
    asked.refuse()
    spread = variance * deff
    z = quantile(level, sides) + quantile(power, 1)
    return spread / ((distance / z) ** 2 + (spread / population if population is not None else 0.0))


def power_at(
    n: float,
    distance: float,
    variance: float,
    *,
    level: float = 0.95,
    sides: int = 1,
    deff: float = 1.0,
    population: float | None = None,
) -> float:
    """Return the power of `n` units: Φ(distance/√((1 − n/N)·variance·deff/n) − z_α); with two tails the far one is left out.

    Parameters
    ----------
    n : float
        Complete units, > 0, below `population`.
    distance, variance, level, sides, deff, population
        As in `for_distance`; the distance counts towards the alternative, a negative one away from it.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(power_at(400, .05, .25, deff=1.5, population=100000), 6)
    0.496575
    """
    asked = _asked(level, 0.8, sides, deff, population)
    asked.within(0, math.inf if population is None else population, "()", "样本应大于 0 且小于总体", n=n)
    asked.within(-math.inf, math.inf, "()", "写真值与检验值之差", distance=distance)
    asked.within(0, math.inf, "()", "方差应大于 0", variance=variance)
    asked.refuse()
    left = 1.0 if population is None else 1 - n / population
    return float(ndtr(distance / math.sqrt(left * variance * deff / n) - quantile(level, sides)))


def for_gate(
    p: float,
    gate: float,
    *,
    better: Literal["low", "high"] = "low",
    level: float = 0.95,
    power: float = 0.8,
    sides: int = 1,
    deff: float = 1.0,
    population: float | None = None,
) -> float:
    """Return how many units prove with the stated power that a rate stays on the good side of a gate.

    n = ((z_α√(p₀q₀) + z_β√(p₁q₁))/(p₀ − p₁))²·deff, drawn in by n/(1 + n/N). The true power is a sawtooth:
    near 0 search exactly (`exact_for_gate`).

    Parameters
    ----------
    p, gate : float
        True rate p₁ and threshold p₀, in (0, 1).
    better : {"low", "high"}
        Side of the gate that is good: "low" for error rates, "high" for approval.
    level, power, sides, deff, population
        As in `for_distance`.

    Returns
    -------
    float
        Before rounding.

    Raises
    ------
    EstimateError
        A number outside its range, a true rate that is not on the good side.

    Examples
    --------
    >>> round(for_gate(.005, .02), 1), round(for_gate(.01, .02), 1)
    (372.9, 986.1)
    """
    asked = _asked(level, power, sides, deff, population)
    beyond_gate(asked, p, gate, better)
    asked.refuse()
    z = quantile(level, sides) * math.sqrt(gate * (1 - gate)) + quantile(power, 1) * math.sqrt(p * (1 - p))
    n = (z / (gate - p)) ** 2 * deff
    return n if population is None else n / (1 + n / population)


def for_two_proportions(
    p1: float,
    p2: float,
    *,
    overlap: float = 0.0,
    joint: float | None = None,
    ratio: float = 1.0,
    pooled: bool = False,
    level: float = 0.95,
    power: float = 0.8,
    sides: int = 2,
    deff: float = 1.0,
) -> float:
    """Return how many units of the first sample let two proportions be told apart.

    n₁ = (z_α + z_β)²·(p₁q₁ + r·p₂q₂ − 2gr(p₁₂ − p₁p₂))/(p₁ − p₂)² (Valliant, Dever & Kreuter 2018, §4.4);
    `pooled` takes the variance at the common proportion under the hypothesis, as R's power.prop.test does.

    Parameters
    ----------
    p1, p2 : float
        Proportions, in (0, 1), unequal.
    overlap : float
        Share g of the first sample that is also in the second, in [0, 1].
    joint : float, optional
        Share p₁₂ of units with the property both times; p₁p₂ (independent) without it.
    ratio : float
        First over second sample size, r = n₁/n₂.
    pooled : bool
        Needs `overlap` = 0 and `ratio` = 1.
    level, power, sides, deff
        As in `for_distance`.

    Returns
    -------
    float
        n₁ before rounding; n₂ = n₁/ratio.

    Raises
    ------
    EstimateError
        A number outside its range, equal proportions, a joint share that two such proportions cannot have.

    Examples
    --------
    >>> round(for_two_proportions(.5, .55, overlap=.5, joint=.45, sides=1), 2)
    797.55
    >>> round(for_two_proportions(.1, .15, pooled=True, power=.9), 3)
    917.321
    """
    asked = _asked(level, power, sides, deff, None)
    asked.within(0, 1, "()", "比例写成小数，如 .02", p1=p1, p2=p2)
    asked.need(p1 != p2, f"p1 = p2 = {p1}", "两个比例应不同", "改正其一")
    asked.within(max(0.0, p1 + p2 - 1), min(p1, p2), "[]", "两次都有的比例受两个比例所限", joint=joint)
    asked.within(0, 1, "[]", "重叠份额写成小数", overlap=overlap)
    asked.within(0, math.inf, "()", "两样本量之比", ratio=ratio)
    asked.need(not pooled or (overlap == 0 and ratio == 1), "pooled=True", "只用于不重叠、等量的样本", "去掉 pooled")
    asked.refuse()
    first, second = p1 * (1 - p1), p2 * (1 - p2)
    if not pooled:
        correlation = 0.0 if joint is None else (joint - p1 * p2) / math.sqrt(first * second)
        variance = change_variance(first, second, overlap=overlap, correlation=correlation, ratio=ratio)
        return for_distance(p1 - p2, variance, level=level, power=power, sides=sides, deff=deff)
    common = (p1 + p2) / 2
    z = quantile(level, sides) * math.sqrt(2 * common * (1 - common)) + quantile(power, 1) * math.sqrt(first + second)
    return (z / (p1 - p2)) ** 2 * deff


def change_variance(first: float, second: float, *, overlap: float = 0.0, correlation: float = 0.0, ratio: float = 1.0) -> float:
    """Return the variance of a difference of two years, a unit of the first sample: S₁² + r·S₂² − 2·g·r·ρ·S₁S₂.

    A difference of stated margin needs ``for_mean(sqrt(change_variance(…)), margin=…)``, one to be found
    ``for_distance(difference, change_variance(…))`` units (Kish 1965, §12.4; Tam 1984, Am. Stat. 38:288).

    Parameters
    ----------
    first, second : float
        Variances of a unit in the two years, > 0; pq for proportions.
    overlap : float
        Share of the first sample that is in the second too, in [0, 1].
    correlation : float
        Correlation of a unit with itself between the years, in [−1, 1].
    ratio : float
        First over second sample size.

    Returns
    -------
    float

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> change_variance(200, 220, overlap=.75, correlation=0)
    420.0
    """
    asked = Demands()
    asked.within(0, math.inf, "()", "应大于 0", first=first, second=second, ratio=ratio)
    asked.within(0, 1, "[]", "重叠份额写成小数", overlap=overlap)
    asked.within(-1, 1, "[]", "相关系数", correlation=correlation)
    most = min(1.0, 1 / ratio) if ratio > 0 else 1.0
    asked.need(not overlap > most, f"overlap = {overlap}、ratio = {ratio}", f"重叠不超过第二样本，即 {most:g}", "改小 overlap")
    asked.refuse()
    return first + ratio * second - 2 * overlap * ratio * correlation * math.sqrt(first * second)


def for_two_means(distance: float, sd: float, *, level: float = 0.95, power: float = 0.8, sides: int = 2) -> float:
    """Return how many units in each of two independent groups the t test needs, by the noncentral t distribution.

    Parameters
    ----------
    distance, sd : float
        True difference of the means, > 0, and the standard deviation of a unit in either group.
    level, power, sides
        As in `for_distance`.

    Returns
    -------
    float
        Units in each group, before rounding.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(for_two_means(4, 10), 4)
    99.0806
    """
    asked = _asked(level, power, sides, 1.0, None)
    asked.within(0, math.inf, "()", "应大于 0", distance=distance, sd=sd)
    asked.refuse()
    if power_of_two_means(2, distance, sd, level=level, sides=sides) >= power:
        return 2.0
    about = 2.0 * for_distance(distance, sd**2, level=level, power=power, sides=sides) + 10

    def short(n: float) -> float:
        return power_of_two_means(n, distance, sd, level=level, sides=sides) - power

    return float(optimize.brentq(short, 2, about, xtol=1e-11, rtol=1e-13))


def power_of_two_means(n: float, distance: float, sd: float, *, level: float = 0.95, sides: int = 2) -> float:
    """Return the power of the t test on two groups of `n`: P(t′ > t_ν), ν = 2(n − 1), noncentral at distance/sd·√(n/2).

    Parameters
    ----------
    n : float
        Units in each group, at least 2.
    distance, sd, level, sides
        As in `for_two_means`; with two tails the far one is left out.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(power_of_two_means(100, 4, 10), 4)
    0.8036
    """
    asked = _asked(level, 0.8, sides, 1.0, None)
    asked.within(2, math.inf, "[)", "每组至少 2", n=n)
    asked.within(0, math.inf, "()", "应大于 0", distance=distance, sd=sd)
    asked.refuse()
    df = 2 * (n - 1)
    return float(1 - nctdtr(df, math.sqrt(n / 2) * distance / sd, -stdtrit(df, (1 - level) / sides)))


def beyond_gate(asked: Demands, p: float, gate: float, better: str) -> None:
    """Note a true rate that does not lie on the good side of the gate."""
    asked.need(better in ("low", "high"), f"better = {better!r}", "low 或 high", "差错率写 low，认可度写 high")
    if not asked.within(0, 1, "()", "比例写成小数，如 .02", p=p, gate=gate):
        return
    good = p < gate if better != "high" else p > gate
    asked.need(good, f"p = {p:g}、gate = {gate:g}", f"真值应{'高' if better == 'high' else '低'}于门槛，否则无从证明", "改 p，或改 better=")


def _asked(level: float, power: float, sides: int, deff: float, population: float | None) -> Demands:
    asked = Demands()
    asked.units(population, deff, level, sides)
    asked.within(0.5, 1, "[)", "80% 写 power=.8", power=power)
    return asked
