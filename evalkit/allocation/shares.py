"""Allocation in real numbers: what minimises Σ a²/n for a fixed number, a fixed cost or a fixed variance, within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from evalkit.allocation.checks import Bound, box, entries, finite, lengths, limits, no_spread, refuse, single
from evalkit.allocation.fitting import Shares, solve

Floats = Sequence[float]


def equal(total: float, count: int, *, low: Bound = None, high: Bound = None) -> Shares:
    """Give every stratum the same, as far as its bounds allow.

    Parameters
    ----------
    total : float
        Units to allocate.
    count : int
        Number of strata.
    low, high : number or sequence of number, optional
        Bounds of each stratum.

    Returns
    -------
    Shares
        Real numbers, each within its bounds, and what they minimise.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> equal(90, 3, high=[20, 100, 100]).n
    (20.0, 35.0, 35.0)
    """
    refuse(single("size", count=count))
    return _of_total("使 Σ1/n 最小", total, [1.0] * count, low, high)


def proportional(total: float, sizes: Floats, *, low: Bound = None, high: Bound = None) -> Shares:
    """Give every stratum n·N_h/N, as far as its bounds allow.

    Examples
    --------
    >>> [round(n, 1) for n in proportional(1000, [10000, 2500, 400]).n]
    [775.2, 193.8, 31.0]
    """
    refuse(entries("positive", sizes=sizes))
    return _of_total("使 ΣN²/n 最小", total, sizes, low, high)


def rate(rates: Floats, sizes: Floats) -> Shares:
    """Take the stated share of every stratum, n_h = f_h N_h; the total follows.

    Parameters
    ----------
    rates : sequence of float
        Sampling rate of each stratum, in (0, 1].
    sizes : sequence of float
        Units of each stratum.

    Returns
    -------
    Shares
        Real numbers.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> rate([.1, .5], [1000, 40]).n
    (100.0, 20.0)
    """
    refuse(lengths(len(sizes), rates=rates), entries("share", rates=rates), entries("positive", sizes=sizes))
    whole = tuple(at for at, each in enumerate(rates) if each == 1)
    return Shares(tuple(f * size for f, size in zip(rates, sizes, strict=True)), "按各层给定的抽样比", 0.0, (), whole, 0.0)


def neyman(
    total: float, sizes: Floats, spreads: Floats, *, costs: Floats | None = None, low: Bound = None, high: Bound = None
) -> Shares:
    """Give every stratum n_h ∝ N_h S_h, or ∝ N_h S_h/√c_h with costs (Neyman 1934, JRSS 97:558; Cochran 1977, §5.5).

    Parameters
    ----------
    total : float
        Units to allocate.
    sizes, spreads : sequence of float, shape (strata,)
        N_h > 0 and S_h ≥ 0. A spread of 0 is refused unless `low` gives the stratum a unit; see `planning_spread`.
    costs : sequence of float, optional
        Cost of one unit, > 0. The total stays as asked; for a budget see `fixed_cost`.
    low, high : number or sequence of number, optional
        Bounds of each stratum.

    Returns
    -------
    Shares
        Real numbers, each within its bounds, and what they minimise.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> [round(n, 1) for n in neyman(1000, [10000, 2500, 400], [.14, .2, .1]).n]
    [721.6, 257.7, 20.6]
    """
    weights = _weights(sizes, spreads, costs, low, high)
    if costs is None:
        return _of_total("使 Σ(N·S)²/n 最小", total, weights, low, high)
    return _of_total("使 Σ(N·S)²/(c·n) 最小", total, [a / math.sqrt(c) for a, c in zip(weights, costs, strict=True)], low, high)


def fixed_cost(
    budget: float, sizes: Floats, spreads: Floats, costs: Floats, *, low: Bound = None, high: Bound = None
) -> Shares:
    """Spend `budget` so that the variance of the total is smallest, n_h ∝ N_h S_h/√c_h (Cochran 1977, §5.5).

    Parameters
    ----------
    budget : float
        Σ c_h n_h, without fixed costs.
    sizes, spreads, costs : sequence of float, shape (strata,)
        N_h > 0, S_h ≥ 0 and c_h > 0.
    low, high : number or sequence of number, optional
        Bounds of each stratum.

    Returns
    -------
    Shares
        Real numbers, each within its bounds, and what they minimise.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> [round(n, 2) for n in fixed_cost(3000, [875, 663], [12.5, 31], [5, 9]).n]
    [170.4, 238.67]
    """
    weights = _weights(sizes, spreads, costs, low, high)
    least, most = limits(len(sizes), low, high)
    refuse(lengths(len(sizes), low=least, high=most), entries("bound", low=least, high=most))
    least, most = ([bound * c for bound, c in zip(side, costs, strict=True)] for side in (least, most))
    refuse(box(budget, least, most, len(sizes)))
    dear = [a * math.sqrt(c) for a, c in zip(weights, costs, strict=True)]
    found = solve(f"使 Σ(N·S)²/n 最小，Σc·n = {budget:g}", budget, dear, least, most)
    return replace(found, n=tuple(spent / c for spent, c in zip(found.n, costs, strict=True)))


def fixed_variance(
    variance: float, sizes: Floats, spreads: Floats, *, costs: Floats | None = None, low: Bound = None, high: Bound = None, fpc: bool = True
) -> Shares:
    """Reach `variance` of the estimated total at the least cost (Cochran 1977, §5.5; with bounds as stratallo `optcost`).

    The condition is Σ(N_h S_h)²/n_h − ΣN_h S_h² = V. With t_h = (N_h S_h)²/n_h this is again a division of V + ΣN_h S_h² in proportion
    to N_h S_h √c_h.

    Parameters
    ----------
    variance : float
        V, of the total; for a mean multiply its variance by N².
    sizes, spreads : sequence of float, shape (strata,)
        N_h > 0 and S_h > 0.
    costs : sequence of float, optional
        Cost of one unit, > 0; 1 without it.
    low, high : number or sequence of number, optional
        Bounds of each stratum.
    fpc : bool
        Whether ΣN_h S_h² is taken off.

    Returns
    -------
    Shares
        Real numbers, each within its bounds, and what they minimise.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> [round(n, 2) for n in fixed_variance(2e7, [875, 663], [12.5, 31]).n]
    [16.58, 31.16]
    """
    count, paid = len(sizes), [1.0] * len(sizes) if costs is None else costs
    least, most = limits(count, low, high)
    weights = _weights(sizes, spreads, paid, low, high)
    refuse(entries("positive", spreads=spreads), lengths(count, low=least, high=most), single("positive", variance=variance))
    above = [a * a / bound if bound else math.inf for a, bound in zip(weights, least, strict=True)]
    below = [a * a / bound if bound else math.inf for a, bound in zip(weights, most, strict=True)]
    target = variance + (math.fsum(size * s * s for size, s in zip(sizes, spreads, strict=True)) if fpc else 0.0)
    refuse(_reachable(target, below, above))
    dear = [a * math.sqrt(c) for a, c in zip(weights, paid, strict=True)]
    found = solve(f"使 Σc·n 最小，方差 = {variance:g}", target, dear, below, above)
    n = tuple(a * a / t for a, t in zip(weights, found.n, strict=True))
    return replace(found, n=n, at_low=found.at_high, at_high=found.at_low)


def _reachable(target: float, below: Floats, above: Floats) -> list[str]:
    least, most = math.fsum(below), sum(above)
    if least > target:
        return [f"方差目标加有限总体项 = {target:g}｜各层取上限时仍有 {least:g}｜放宽方差目标或提高上限"]
    return [f"方差目标加有限总体项 = {target:g}｜各层取下限时已只有 {most:g}｜目标已经达到，取下限即可"] if most < target else []


def power(
    total: float, sizes: Floats, cvs: Floats, exponent: float = 0.5, *, low: Bound = None, high: Bound = None
) -> Shares:
    """Give every stratum n_h ∝ X_h^q CV_h: between equal precision (q = 0) and Neyman (q = 1) (Bankier 1988, Am. Stat. 42:174).

    Parameters
    ----------
    total : float
        Units to allocate.
    sizes, cvs : sequence of float, shape (strata,)
        X_h > 0, importance of each stratum, and its coefficient of variation S_h/Ȳ_h > 0.
    exponent : float
        q in [0, 1].
    low, high : number or sequence of number, optional
        Bounds of each stratum.

    Returns
    -------
    Shares
        Real numbers, each within its bounds, and what they minimise.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> [round(n, 1) for n in power(1000, [10000, 2500, 400], [1, 1.2, .8]).n]
    [568.2, 340.9, 90.9]
    """
    refuse(lengths(len(sizes), cvs=cvs), entries("positive", sizes=sizes, cvs=cvs), _in_unit(exponent))
    weights = [x**exponent * cv for x, cv in zip(sizes, cvs, strict=True)]
    return _of_total("使 Σ(X^q·CV)²/n 最小", total, weights, low, high)


def _in_unit(exponent: float) -> list[str]:
    return [] if finite(exponent) and 0 <= exponent <= 1 else [f"exponent = {exponent}｜应在 0 与 1 之间｜改正 exponent"]


def kish(total: float, sizes: Floats, importance: float = 1.0, *, low: Bound = None, high: Bound = None) -> Shares:
    """Give every stratum n_h ∝ √(I²W_h² + 1/H²): a compromise between the whole and its parts (Kish 1988, Surv. Meth. 14:19).

    Parameters
    ----------
    total : float
        Units to allocate.
    sizes : sequence of float, shape (strata,)
        N_h > 0; W_h = N_h/N.
    importance : float
        I ≥ 0, the weight of the whole against its parts: 0 gives equal, large values proportional allocation.
    low, high : number or sequence of number, optional
        Bounds of each stratum.

    Returns
    -------
    Shares
        Real numbers, each within its bounds, and what they minimise.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> [round(n, 1) for n in kish(1000, [10000, 2500, 400]).n]
    [539.5, 246.5, 214.0]
    """
    refuse(entries("positive", sizes=sizes), single("nonnegative", importance=importance))
    whole, count = math.fsum(sizes), len(sizes)
    weights = [math.sqrt((importance * x / whole) ** 2 + 1 / count**2) for x in sizes]
    return _of_total("使 Σ(I²W²+1/H²)/n 最小", total, weights, low, high)


def planning_spread(p: float, n: float) -> float:
    """Return the spread √(p(1−p)) to plan with, p kept between 1/(n+2) and 1 − 1/(n+2).

    A stratum in which n units showed no event has no spread of its own; it is not therefore without events.

    Parameters
    ----------
    p : float
        Rate seen or expected, in [0, 1].
    n : float
        Units that it was seen in, ≥ 0; 0 gives .5.

    Returns
    -------
    float
        Above 0, at most 0.5.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> round(planning_spread(0, 98), 6), round(planning_spread(.3, 98), 6)
    (0.099499, 0.458258)
    """
    wrong = not (finite(p) and 0 <= p <= 1)
    refuse([f"p = {p}｜应在 0 与 1 之间｜改正 p"] if wrong else [], single("nonnegative", n=n))
    kept = min(max(p, 1 / (n + 2)), 1 - 1 / (n + 2))
    return math.sqrt(kept * (1 - kept))


def _weights(sizes: Floats, spreads: Floats, costs: Floats | None, low: Bound, high: Bound) -> list[float]:
    count = len(sizes)
    least, most = limits(count, low, high)
    refuse(
        lengths(count, spreads=spreads, costs=costs, low=least, high=most),
        entries("positive", sizes=sizes, costs=costs),
        entries("nonnegative", spreads=spreads),
    )
    refuse(no_spread(spreads, least, most))
    return [size * spread for size, spread in zip(sizes, spreads, strict=True)]


def _of_total(goal: str, total: float, weights: Floats, low: Bound, high: Bound) -> Shares:
    least, most = limits(len(weights), low, high)
    refuse(box(total, least, most, len(weights)))
    refuse(_room(total, weights, least, most))
    return solve(f"{goal}，Σn = {total:g}", total, weights, least, most)


def _room(total: float, weights: Floats, low: Floats, high: Floats) -> list[str]:
    most = sum(b if w > 0 else a for w, a, b in zip(weights, low, high, strict=True))
    return [f"total = {total}｜标准差大于 0 的层最多容 {most:g}｜改小 total 或给出各层的标准差"] if total > most * (1 + 1e-12) else []
