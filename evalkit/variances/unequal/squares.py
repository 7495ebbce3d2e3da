"""Variance of totals of samples drawn with unequal chances, estimated as weighted sums of squares from the chances of the sampled units.

With z = y/π the weighted value of a unit and n the number of units of its stratum,

    v = Σ c_i (z_i − m)², m = Σ a_i z_i/Σ a_i in each stratum,

and the methods differ in c and a (Haziza, Mecatti & Rao 2008, Metron 66:91, who give most of them this common form): formula (14)
of docs/methods.md. They suit designs of fixed size near the largest entropy: Sampford, conditional Poisson, Pareto, randomised
systematic sampling (Matei & Tillé 2005, J. Official Stat. 21:543: chances of pairs gain nothing there). Papers whose page or
equation is not named are cited from memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import SurveyError, one_of
from evalkit.variances.stages import FULL, Floats, Ints, add_up
from evalkit.variances.unequal.checks import Flags, together

ROUNDS = 200
CLOSE = 1e-15
TINY = 1e-150

Pair = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class Uncertain:
    """The units of a sample with π < 1.

    Parameters
    ----------
    probs : (units,) float array
        π.
    stratum : (units,) int array
        0 … strata − 1.
    strata : int
    """

    probs: Floats
    stratum: Ints
    strata: int

    @property
    def out(self) -> Floats:
        """1 − π of each unit."""
        return 1 - self.probs

    @property
    def n(self) -> Floats:
        """Number of uncertain units in the stratum of each."""
        return self.summed(np.ones(len(self.probs)))

    @property
    def more(self) -> Floats:
        """n/(n − 1) of the stratum of each unit; 0 where it is alone."""
        n = self.n
        return np.divide(n, n - 1, out=np.zeros(len(n)), where=n > 1)

    def summed(self, values: Floats) -> Floats:
        """Return for each unit the sum over its stratum."""
        return add_up(self.stratum, values, self.strata)[self.stratum]


@dataclass(frozen=True)
class Rule:
    """One estimator: what it is, and its c and a.

    Parameters
    ----------
    text : str
        One line for messages and documents.
    pair : callable
        ``pair(units)`` gives c and a; a on any scale, c = 0 for a unit that is alone in its stratum.
    """

    text: str
    pair: Callable[[Uncertain], Pair]


def _brewer(units: Uncertain) -> Pair:
    """Brewer 2002, Combined Survey Sampling Inference, ch. 9, the first choice of c; R survey's pps = "brewer"."""
    return units.more * units.out, np.ones(len(units.probs))


def _hajek(units: Uncertain) -> Pair:
    """Hájek 1964, Ann. Math. Statist. 35:1491; the same as Deville's first."""
    return units.more * units.out, units.out


def _deville2(units: Uncertain) -> Pair:
    """Deville 1999, Surv. Meth. 25:193; R sampling's varest: c = (1 − π)/(1 − Σα²), α = (1 − π)/Σ(1 − π)."""
    share = units.out / units.summed(units.out)
    rest = units.summed(share * (1 - share))  # 1 − Σα², without its cancellation
    return np.divide(units.out, rest, out=np.zeros(len(rest)), where=units.n > 1), units.out


def _deville3(units: Uncertain) -> Pair:
    return _deville2(units)[0], np.ones(len(units.probs))


def _rosen(units: Uncertain) -> Pair:
    """Rosén 1991: a = (1 − π) log(1 − π)/π, here with the other sign."""
    return units.more * units.out, -units.out * np.log1p(-units.probs) / units.probs


def _fixed(units: Uncertain) -> Pair:
    c = fixed_point(units.out, units)
    return c, np.where(units.n > 1, c, 1.0)


def _poisson(units: Uncertain) -> Pair:
    """Särndal, Swensson & Wretman 1992, eq. 3.5.4: independent draws, Σ(1 − π)z²; one unit is enough."""
    return units.out, np.zeros(len(units.probs))


RULES: dict[str, Rule] = {
    "brewer": Rule("c = (1−π)n/(n−1)，中心为 z 的简单平均（R survey 的 brewer）", _brewer),
    "brewer1": Rule("同 brewer", _brewer),
    "hajek": Rule("c = (1−π)n/(n−1)，中心按 1−π 加权", _hajek),
    "deville1": Rule("同 hajek", _hajek),
    "deville2": Rule("c = (1−π)/(1−Σα²)，α = (1−π)/Σ(1−π)，中心按 1−π 加权（R sampling 的 varest）", _deville2),
    "deville3": Rule("c 同 deville2，中心为 z 的简单平均", _deville3),
    "rosen": Rule("c = (1−π)n/(n−1)，中心按 (1−π)·ln(1−π)/π 加权", _rosen),
    "fixed-point": Rule("c 满足 c − c²/Σc = 1−π，中心按 c 加权", _fixed),
    "poisson": Rule("泊松抽样：c = 1−π，中心为 0", _poisson),
}
SAMPLE_METHODS: dict[str, str] = {name: rule.text for name, rule in RULES.items()}


def coefficients(method: str, probs: ArrayLike, stratum: ArrayLike, strata: int) -> Pair:
    """Return c and a of v = Σ c_i (z_i − Σ a_i z_i/Σ a_i)², for the units of all strata at once.

    Parameters
    ----------
    method : str
        One of `SAMPLE_METHODS`.
    probs : array, shape (units,)
        Chances of the sampled units, 0 < π ≤ 1.
    stratum : int array, shape (units,)
        0 … strata − 1.
    strata : int

    Returns
    -------
    c, a : arrays, shape (units,)
        c ≥ 0; a ≥ 0 adds to 1 in each stratum, or is 0 throughout, where the centre is 0. Both are 0 for certain units. The
        only uncertain unit of a stratum has c = 0 (save under "poisson", which is defined for one unit): whoever asks has to
        see to such strata.

    Raises
    ------
    SurveyError
        When the method is unknown, or chances are not in (0, 1].

    Examples
    --------
    Villages with chances of 2/7, 4/7 and 6/7, and one that is certain:

    >>> c, a = coefficients("hajek", [2 / 7, 4 / 7, 6 / 7, 1.0], [0, 0, 0, 0], 1)
    >>> c.round(4).tolist(), a.round(4).tolist()
    ([1.0714, 0.6429, 0.2143, 0.0], [0.5556, 0.3333, 0.1111, 0.0])
    """
    rule = one_of("method", method, RULES, SurveyError, "规则")
    pi = together(probs)[0]
    free = pi < 1 - FULL
    units = Uncertain(pi[free], np.asarray(stratum, dtype=np.int64)[free], strata)
    c, a = np.zeros(len(pi)), np.zeros(len(pi))
    c[free], pull = rule.pair(units)
    total = units.summed(pull)
    a[free] = np.divide(pull, total, out=np.zeros(len(pull)), where=total > 0)
    return c, a


def fixed_point(spread: Floats, units: Uncertain) -> Floats:
    """Return c with c_i − c_i²/Σc = d_i in each stratum (Deville & Tillé 2005, J. Stat. Plan. Inf. 128:569).

    With S = Σc, c_i = 2d_i/(1 + r_i), r_i = √(1 − 4d_i/S), where the largest d may have −r instead. All r follow from that of
    the largest, s in (−1, 1), and Σ(1 − r)/2 = 1 is concave in s: Newton's steps from s = 1 end at its root, so that the result
    does not depend on where an iteration stops. There is no solution unless the largest d is below half of Σd; there the first
    step of the paper's iteration stands, c_i = d_i (1 + d_i n/((n − 1) Σd)), and 0 for a unit that is alone.

    Parameters
    ----------
    spread : (units,) float array
        d > 0.
    units : Uncertain

    Returns
    -------
    (units,) float array

    Examples
    --------
    >>> d = np.array([0.5, 0.6, 0.7, 0.9])
    >>> c = fixed_point(d, Uncertain(1 - d, np.zeros(4, dtype=np.int64), 1))
    >>> bool(np.abs(c - c**2 / c.sum() - d).max() < 1e-14)
    True
    """
    order = np.lexsort((spread, units.stratum))
    ends = order[np.flatnonzero(np.diff(units.stratum[order], append=-1))]
    largest = np.zeros(len(spread), dtype=bool)
    largest[ends] = True
    total, top = units.summed(spread), units.summed(spread * largest)
    first = spread * (1 + spread * units.more / total) * (units.n > 1)
    solvable = 2 * top < total
    ratio = np.where(solvable, spread / top, 0.0)
    return np.where(solvable, 2 * spread / (1 + _roots(ratio, largest, solvable, units)), first)


def _roots(ratio: Floats, largest: Flags, solvable: Flags, units: Uncertain) -> Floats:
    """Return r of each unit; 0 in strata without a solution."""
    s = np.ones(len(ratio))
    for _ in range(ROUNDS):
        root = np.where(largest, s, np.sqrt(np.maximum(0, 1 - ratio * (1 - s**2))))
        lacking = units.summed(np.where(largest, 1 - s, ratio * (1 - s**2) / (1 + root))) / 2 - 1
        slope = units.summed(np.where(largest, 1.0, ratio * s / np.maximum(np.abs(root), TINY))) / 2
        step = np.where(solvable, lacking / np.where(solvable, slope, 1.0), 0.0)
        if not (np.abs(step) > CLOSE).any():
            return np.where(solvable, root, 0.0)
        s = s + step
    return np.where(solvable, root, 0.0)
