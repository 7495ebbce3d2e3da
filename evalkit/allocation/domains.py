"""Allocation that gives every domain its share of precision, for a fixed number of units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from evalkit.allocation.checks import entries, lengths, refuse, single
from evalkit.allocation.fitting import Shares
from evalkit.allocation.shares import fixed_variance
from evalkit.later import later

optimize = later("scipy.optimize")
Floats = Sequence[float]


def same_precision(
    total: float, sizes: Floats, spreads: Floats, domains: Sequence[int], totals: Floats, priorities: Floats | None = None
) -> Shares:
    """Make the squared CV of every domain κ_d·T with the smallest T that `total` units allow.

    For a given T each domain takes the fewest units that reach κ_d T, at most N_h a stratum; T is then solved for (as
    stratallo `dopt`; Wesołowski & Wieczorkowski 2017, Commun. Stat. Theory Methods 46:2212).

    Parameters
    ----------
    total : float
        Units to allocate, 0 < total < ΣN_h.
    sizes, spreads : sequence of float, shape (strata,)
        N_h > 0 and S_h > 0.
    domains : sequence of int, shape (strata,)
        Domain of each stratum, 0 … D−1.
    totals : sequence of float, shape (domains,)
        Total of the variable in each domain, > 0.
    priorities : sequence of float, shape (domains,), optional
        κ_d > 0: a domain with twice the κ may have twice the squared CV; equal without it.

    Returns
    -------
    Shares
        Its objective is T.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> found = same_precision(90, [100, 100], [2., 4.], [0, 1], [50., 50.])
    >>> [round(n, 2) for n in found.n], round(found.objective, 4)
    ([28.52, 61.48], 0.401)
    """
    number = len(totals)
    kappa = [1.0] * number if priorities is None else priorities
    refuse(
        lengths(len(sizes), spreads=spreads, domains=domains),
        entries("positive", sizes=sizes, spreads=spreads, totals=totals, priorities=kappa),
        single("positive", total=total),
        [] if sorted(set(domains)) == list(range(number)) else [f"domains 含 {sorted(set(domains))}｜应为 0 到 {number - 1}｜改正 domains"],
        [] if len(kappa) == number else [f"priorities 有 {len(kappa)} 个数｜应与域数 {number} 相同｜补齐或删去"],
    )
    refuse([] if total < sum(sizes) else [f"total = {total}｜应小于各层合计 {sum(sizes)}｜改小 total，或全部调查"])
    scale = [k * t * t for k, t in zip(kappa, totals, strict=True)]

    def n_at(level: float) -> list[float]:
        return _each(level, sizes, spreads, domains, scale)

    level = _level(total, lambda log_t: math.fsum(n_at(math.exp(log_t))) - total)
    n = n_at(level)
    whole = tuple(at for at, each in enumerate(n) if each >= sizes[at])
    missed = abs(math.fsum(n) - total) / total
    return Shares(tuple(n), f"使各域 CV²/κ 的共同值 T 最小 = {level:.6g}，Σn = {total:g}", level, (), whole, missed)


def _each(level: float, sizes: Floats, spreads: Floats, domains: Sequence[int], scale: Floats) -> list[float]:
    n = [0.0] * len(sizes)
    for domain, unit in enumerate(scale):
        mine = [at for at, where in enumerate(domains) if where == domain]
        size, spread = [float(sizes[at]) for at in mine], [float(spreads[at]) for at in mine]
        for at, each in zip(mine, fixed_variance(unit * level, size, spread, high=size).n, strict=True):
            n[at] = each
    return n


def _level(total: float, excess: Callable[[float], float]) -> float:
    bottom = top = 0.0
    while excess(bottom) < 0:
        bottom -= 8
    while excess(top) > 0:
        top += 8
    return math.exp(optimize.brentq(excess, bottom, top, xtol=1e-14, rtol=1e-14)) if bottom < top else 1.0
