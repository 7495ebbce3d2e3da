"""How many units give an estimate of stated precision, and what precision so many units give.

Every function solves V = (1/n − 1/N)·S²·deff for one of its letters. Sizes come back before rounding:
`round_up` makes them whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evalkit.sizing.demands import Demands, quantile

Shape = Literal["wald", "wilson", "logit"]
Finite = Literal["pq", "S2", "inverse"]


def for_mean(
    sd: float,
    *,
    mean: float | None = None,
    margin: float | None = None,
    relative: float | None = None,
    se: float | None = None,
    cv: float | None = None,
    level: float = 0.95,
    df: float | None = None,
    deff: float = 1.0,
    population: float | None = None,
    share: float = 1.0,
) -> float:
    """Return how many units estimate a mean as closely as asked.

    n = S²/(d·V + S²/N), S² = sd²·deff, V the variance asked for: (margin/z)², (relative·mean/z)², se² or
    (cv·mean)²; d is the share of a domain whose members are known only afterwards (Cochran 1977, eq. 4.2;
    Valliant, Dever & Kreuter 2018, ch. 3).

    Parameters
    ----------
    sd : float
        Standard deviation of a unit (in the domain, if there is one), > 0.
    mean : float, optional
        Mean of a unit, ≠ 0; needed for `relative` and `cv`.
    margin, relative, se, cv : float
        Exactly one: half-width of the interval, half-width over mean, standard error, or standard error over mean.
    level : float
        Confidence, in (0, 1); two tails.
    df : float, optional
        Degrees of freedom of a t quantile; normal without it.
    deff : float
        Design effect, > 0.
    population : float, optional
        Units there, N; without it the population has no end.
    share : float
        Share of the domain in the population, in (0, 1].

    Returns
    -------
    float
        Units, before rounding; for a domain: units of the whole sample.

    Raises
    ------
    EstimateError
        A number outside its range; no target or more than one; a relative target without `mean`.

    Examples
    --------
    >>> round(for_mean(30, margin=2, population=3000), 4)
    671.0053
    >>> for_mean(2, mean=1, cv=.01)
    40000.0
    """
    asked = Demands()
    asked.units(population, deff, level, share=share)
    asked.within(0, math.inf, "()", "标准差应大于 0", sd=sd)
    _targets(asked, mean, margin, relative, se, cv)
    asked.refuse()
    return _units(sd**2 * deff, share * _variance(mean, margin, relative, se, cv, quantile(level, df=df)), population)


def for_total(
    sd: float,
    population: float,
    *,
    mean: float | None = None,
    margin: float | None = None,
    relative: float | None = None,
    se: float | None = None,
    cv: float | None = None,
    level: float = 0.95,
    deff: float = 1.0,
    share: float = 1.0,
) -> float:
    """Return how many units estimate a total as closely as asked.

    The total of a domain is that of a variable which is 0 outside: mean d·ȳ and S² = d(S_d² + (1 − d)ȳ²), so
    n = (CV² + 1 − d)/(d·cv² + (CV² + 1 − d)/N) (Valliant, Dever & Kreuter 2018, eq. 3.32).

    Parameters
    ----------
    sd, mean : float
        Standard deviation and mean of a unit (in the domain). `mean` is needed for `relative`, `cv` and `share` < 1.
    population : float
        Units there, N.
    margin, se : float
        In units of the total.
    relative, cv, level, deff, share
        As in `for_mean`.

    Returns
    -------
    float
        Before rounding.

    Raises
    ------
    EstimateError
        As `for_mean`; a domain without `mean`.

    Examples
    --------
    >>> round(for_total(20 ** .5, 500, mean=6, cv=.05, deff=1.2), 4)
    173.913
    """
    asked = Demands()
    asked.units(population, deff, level, share=share)
    asked.within(0, math.inf, "()", "标准差应大于 0", sd=sd)
    asked.need(share == 1 or mean is not None, "缺 mean", "域的总量需要域内均值", "写 mean=")
    _targets(asked, mean, margin, relative, se, cv)
    asked.refuse()
    inside = 0.0 if mean is None else mean
    spread = share * (sd**2 + (1 - share) * inside**2)
    variance = _variance(share * inside * population, margin, relative, se, cv, quantile(level)) / population**2
    return _units(spread * deff, variance, population)


def for_proportion(
    p: float,
    *,
    margin: float | None = None,
    relative: float | None = None,
    se: float | None = None,
    cv: float | None = None,
    level: float = 0.95,
    deff: float = 1.0,
    population: float | None = None,
    share: float = 1.0,
    method: Shape = "wald",
    finite: Finite = "pq",
) -> float:
    """Return how many units estimate a proportion as closely as asked.

    "wald" takes ±z√V; "wilson" and "logit" take half the length of the interval of that name, for p near 0 or 1
    (Valliant, Dever & Kreuter 2018, §3.4). A relative margin of a rare rate asks for millions: ask for a margin,
    or let `villages_for` turn the KG-M interval round.

    Parameters
    ----------
    p : float
        Proportion expected, in (0, 1).
    margin, relative, se, cv : float
        Exactly one, as in `for_mean`; "wilson" and "logit" know `margin` and `relative` only.
    level, deff, population, share
        As in `for_mean`. With "wilson" the finite population enters as n/(1 + n/N).
    method : {"wald", "wilson", "logit"}
        Interval whose half-width is asked for.
    finite : {"pq", "S2", "inverse"}
        Variance of a unit in a finite population: pq, pq·N/(N − 1) as Cochran (1977) has it, or pq·(N − 1)/N,
        which R's PracTools::nLogOdds has by putting the factor on the other side.

    Returns
    -------
    float
        Units, before rounding.

    Raises
    ------
    EstimateError
        As `for_mean`; a margin that [0, 1] does not hold; an unknown method.

    Examples
    --------
    >>> round(for_proportion(.02, margin=.01), 1), round(for_proportion(.02, margin=.01, deff=2.45, population=8000), 1)
    (752.9, 1499.0)
    >>> round(for_proportion(.01, margin=.005, method="wilson"), 2)
    1605.44
    """
    asked = Demands()
    asked.units(population, deff, level, share=share)
    asked.within(0, 1, "()", "比例写成小数，如 .02", p=p)
    asked.within(0, 0.5, "()", "半宽写成小数，如 .01", margin=margin)
    _targets(asked, 1.0, margin, relative, se, cv)  # p is looked at above
    asked.need(method in ("wald", "wilson", "logit"), f"method = {method!r}", "wald、wilson 或 logit", "改 method=")
    asked.need(finite in ("pq", "S2", "inverse"), f"finite = {finite!r}", "pq、S2 或 inverse", "改 finite=")
    half = margin if margin is not None else relative * p if relative is not None else None
    asked.need(method == "wald" or half is not None, f"method = {method!r} 而无半宽", "该区间只按半宽求", "写 margin= 或 relative=")
    asked.need(method == "wald" or half is None or half < 0.5, f"半宽 {half}", "应小于 .5", "改小 relative=")
    asked.refuse()
    spread = p * (1 - p) * _factor(finite, population) * deff
    if method == "wald":
        variance = _variance(p, margin, relative, se, cv, quantile(level))
    else:
        assert half is not None
        variance = (_wilson if method == "wilson" else _logistic)(p, half, quantile(level))
    return _units(spread, share * variance, population)


def _wilson(p: float, half: float, z: float) -> float:
    """Return the variance pq/n of the n at which Wilson's interval is 2·half long."""
    pq = p * (1 - p)
    n = (pq - 2 * half**2 + math.sqrt(half**2 - pq * (4 * half**2 - pq))) * (z / half) ** 2 / 2
    return pq / n if n > 0 else math.inf


def _logistic(p: float, half: float, z: float) -> float:
    """Return the variance of p at which the limits expit(logit p ± z√V/pq) are 2·half apart."""
    k = (1 - p) / p
    root = half * (1 + k**2) + math.sqrt((half * (1 + k**2)) ** 2 + k**2 * (1 - 4 * half**2))
    return (p * (1 - p) * math.log(root / (k * (1 - 2 * half))) / z) ** 2


@dataclass(frozen=True)
class Precision:
    """Standard error and margin of an estimate, and both over the estimate (NaN when that is not known)."""

    se: float
    margin: float
    cv: float
    relative: float


def precision(
    n: float, sd: float, *, mean: float = math.nan, level: float = 0.95, deff: float = 1.0, population: float | None = None
) -> Precision:
    """Return the precision that `n` units give to a mean: se² = (1/n − 1/N)·sd²·deff.

    Parameters
    ----------
    n : float
        Complete units, > 0, at most `population`.
    sd, mean, level, deff, population
        As in `for_mean`.

    Returns
    -------
    Precision

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(precision(400, 10, level=.95).margin, 4)
    0.98
    """
    asked = Demands()
    asked.units(population, deff, level)
    most, ends = (math.inf, "()") if population is None or math.isinf(population) else (population, "(]")
    asked.within(0, most, ends, "样本应大于 0 且不超过总体", n=n)
    asked.within(0, math.inf, "()", "标准差应大于 0", sd=sd)
    asked.refuse()
    se = sd * math.sqrt(deff * (1 / n - _inverse(population)))
    size = abs(mean) if mean else math.nan
    return Precision(se, quantile(level) * se, se / size, quantile(level) * se / size)


def precision_of_proportion(
    n: float, p: float, *, level: float = 0.95, deff: float = 1.0, population: float | None = None, finite: Finite = "pq"
) -> Precision:
    """Return the precision that `n` units give to a proportion.

    Parameters
    ----------
    n, p, level, deff, population, finite
        As in `precision` and `for_proportion`.

    Returns
    -------
    Precision

    Raises
    ------
    EstimateError
        A number outside its range.

    Examples
    --------
    >>> round(precision_of_proportion(400, .05, deff=1.6, population=100000).margin, 6)
    0.026962
    """
    asked = Demands()
    asked.within(0, 1, "()", "比例写成小数，如 .02", p=p)
    asked.refuse()
    sd = math.sqrt(p * (1 - p) * _factor(finite, population))
    return precision(n, sd, mean=p, level=level, deff=deff, population=population)


def smallest_proportion(
    n: float, relative: float, *, level: float = 0.95, deff: float = 1.0, population: float | None = None, finite: Finite = "pq"
) -> float:
    """Return the smallest proportion whose relative margin `n` units keep at `relative`: 1/(1 + n·relative²/(z²·deff·(1 − n/N))).

    Parameters
    ----------
    n : float
        Complete units.
    relative : float
        Half-width over proportion, > 0.
    level, deff, population, finite
        As in `precision_of_proportion`.

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
    >>> round(smallest_proportion(320, .2, deff=1.4, population=6000, finite="S2"), 6)
    0.284599
    """
    asked = Demands()
    asked.units(population, deff, level)
    asked.within(0, math.inf if population is None else population, "()", "样本应大于 0 且小于总体", n=n)
    asked.within(0, math.inf, "()", "写 relative=.2", relative=relative)
    asked.refuse()
    spread = quantile(level) ** 2 * deff * (1 - n * _inverse(population)) * _factor(finite, population)
    return 1 / (1 + n * relative**2 / spread)


def _targets(
    asked: Demands, mean: float | None, margin: float | None, relative: float | None, se: float | None, cv: float | None
) -> None:
    asked.one(margin=margin, relative=relative, se=se, cv=cv)
    asked.within(0, math.inf, "()", "精度目标应大于 0", margin=margin, relative=relative, se=se, cv=cv)
    known = mean is not None and math.isfinite(mean) and mean != 0
    asked.need(mean is None or math.isfinite(mean), f"mean = {mean}", "应为有限数", "改正 mean=")
    asked.need(known or (relative is None and cv is None), f"mean = {mean}", "相对精度需要不为 0 的均值", "写 mean=")


def _variance(
    mean: float | None, margin: float | None, relative: float | None, se: float | None, cv: float | None, z: float
) -> float:
    size = 0.0 if mean is None else mean
    if margin is not None:
        return (margin / z) ** 2
    if relative is not None:
        return (relative * size / z) ** 2
    return se**2 if se is not None else (cv or 0.0) ** 2 * size**2


def _units(spread: float, variance: float, population: float | None) -> float:
    return spread / (variance + spread * _inverse(population))


def _inverse(population: float | None) -> float:
    return 0.0 if population is None else 1 / population


def _factor(finite: Finite, population: float | None) -> float:
    if population is None or math.isinf(population) or finite == "pq":
        return 1.0
    whole = population / (population - 1)
    return whole if finite == "S2" else 1 / whole
