"""Variance of a Horvitz–Thompson total by approximations that know the chances of the whole population.

Two questions: `approximate` estimates the variance from a sample, where the chances of units not drawn may help;
`true_variance` approximates the variance itself from the values of all units, for planning. Both are for one stratum and one
draw of fixed size (Matei & Tillé 2005, J. Official Stat. 21:543; Haziza, Mecatti & Rao 2008, Metron 66:91). Papers whose
page or equation is not named are cited from memory.

Certain units, π ≥ 1 − 1e-7, do not vary and are put aside: n, N and all sums are those of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import Faults, SurveyError, one_of
from evalkit.variances.stages import FULL, Floats, Ints
from evalkit.variances.unequal.checks import Flags, note, numbers, positions, together
from evalkit.variances.unequal.squares import RULES, Pair, Uncertain, fixed_point

SAME = 1e-9
WHOLE = 1e-6
R_STOPS = 1e-5  # where R's UPSvarApprox 0.1.4 leaves its iterations


@dataclass(frozen=True, eq=False)
class Known:
    """A sample and the chances of its population, both without certain units.

    Parameters
    ----------
    units : Uncertain
        The sample, one stratum.
    whole : (N,) float array
        π of the population.
    at : (n,) int array
        Where the sampled units stand in it.
    """

    units: Uncertain
    whole: Floats
    at: Ints

    @property
    def n(self) -> int:
        """Size of the sample."""
        return len(self.at)

    @property
    def more(self) -> float:
        """n/(n − 1)."""
        return self.n / (self.n - 1)

    @property
    def squares(self) -> float:
        """Σπ² over the population."""
        return float((self.whole**2).sum())

    @property
    def plain(self) -> Floats:
        """Weights of the plain mean."""
        return np.ones(self.n)


@dataclass(frozen=True)
class Guess:
    """One estimator that needs the chances of the population: what it is, and the sums of squares that make it.

    Parameters
    ----------
    text : str
        One line for messages and documents.
    terms : callable
        ``terms(known)`` gives pairs of c and a; the estimate is the sum over them of Σc(z − Σaz/Σa)².
    """

    text: str
    terms: Callable[[Known], list[Pair]]


def _hartley_rao(known: Known) -> list[Pair]:
    """Hartley & Rao 1962, Ann. Math. Statist. 33:350, summed over pairs: Σ_{i<j}(1 − π_i − π_j + Σ_Uπ²/n)(z_i − z_j)²/(n − 1)."""
    p, n = known.units.probs, known.n
    return [(known.more * (1 - p - p.sum() / n + known.squares / n), known.plain)]


def _berger(known: Known) -> list[Pair]:
    """Berger 1998, J. Stat. Plan. Inf. 67:209: Hájek's, times Σ_s(1 − π)/Σ_Uπ(1 − π)."""
    out, whole = known.units.out, known.whole
    return [(known.more * out * out.sum() / (whole * (1 - whole)).sum(), out)]


def _brewer2(known: Known) -> list[Pair]:
    """Brewer & Donadio 2003, Surv. Meth. 29:189, eq. 10: (1/c − π) with c = (n − 1)/(n − Σπ²/n)."""
    p, n = known.units.probs, known.n
    return [(known.more * (1 - p + p / n - known.squares / n**2), known.plain)]


def _brewer3(known: Known) -> list[Pair]:
    """The same, eq. 11: c = (n − 1)/(n − 2π + Σπ²/n)."""
    p, n = known.units.probs, known.n
    return [(known.more * (1 - p - p / n + known.squares / n**2), known.plain)]


def _brewer4(known: Known, sign: int = 1) -> list[Pair]:
    """The same, eq. 18: c = (n − 1)/(n − (2n − 1)π/(n − 1) + Σπ²/(n − 1))."""
    p, n = known.units.probs, known.n
    return [(known.more * (1 - p - p / (n - 1) + sign * known.squares / n / (n - 1)), known.plain)]


def _tille(known: Known) -> list[Pair]:
    """Tillé 1996, Surv. Meth. 22:177: Sen–Yates–Grundy with π_ij = β_iβ_j, rows adding to (n − 1)π; β is a multiple of the fixed point."""
    c = fixed_point(known.whole, _alone(known.whole))
    return _product(known, c * np.sqrt((known.n - 1) / c.sum()))


def _tille_as_r(known: Known) -> list[Pair]:
    """Fit β as R's UPSvarApprox does, and stop where it stops."""
    beta, n = known.whole, known.n
    while True:
        fitted = (n - 1) * known.whole / (beta.sum() - beta)
        fitted = fitted * np.sqrt(n * (n - 1) / (fitted.sum() ** 2 - (fitted**2).sum()))
        if np.abs(fitted - beta).max() <= R_STOPS:
            return _product(known, fitted)
        beta = fitted


def _product(known: Known, beta: Floats) -> list[Pair]:
    """Return Σ_{i<j}(π_iπ_j/β_iβ_j − 1)(z_i − z_j)² as the difference of two sums of squares."""
    ratio = known.units.probs / beta[known.at]
    return [(ratio.sum() * ratio, ratio), (-known.n * known.plain, known.plain)]


def _matei_tille1(known: Known) -> list[Pair]:
    size, n = len(known.whole), known.n
    share = _population_point(known)
    return [(n * (size - 1) / (size * (n - 1)) * share, share)]


def _matei_tille2(known: Known) -> list[Pair]:
    return [(_widened(known), known.plain)]


def _matei_tille3(known: Known) -> list[Pair]:
    return [(_widened(known), known.units.out)]


def _matei_tille4(known: Known) -> list[Pair]:
    size = len(known.whole)
    lost = (known.whole * (1 - known.whole)).sum() * size / (size - 1) / known.n**2
    return [(known.units.out * size / (size - 1) / (1 - lost), known.units.out)]


def _matei_tille5(known: Known) -> list[Pair]:
    share = _population_point(known)
    lost = fixed_point(known.whole * (1 - known.whole), _alone(known.whole)).sum() / known.n**2
    return [(share / (1 - lost), share)]


def _population_point(known: Known) -> Floats:
    """Return b/π of the sampled units, b the fixed point of π(1 − π) over the population."""
    b = fixed_point(known.whole * (1 - known.whole), _alone(known.whole))
    return np.asarray(b[known.at] / known.units.probs)


def _widened(known: Known) -> Floats:
    """Return (1 − π)/(1 − Σ_U d²/π), d = π(1 − π)/Σ_Uπ(1 − π)."""
    share = known.whole * (1 - known.whole)
    share = share / share.sum()
    return np.asarray(known.units.out / (1 - (share**2 / known.whole).sum()))


def _alone(probs: Floats) -> Uncertain:
    """Return units as one stratum."""
    return Uncertain(probs, np.zeros(len(probs), dtype=np.int64), 1)


POPULATION_RULES: dict[str, Guess] = {
    "hartley-rao": Guess("Hartley–Rao 两两公式，用总体 Σπ²", _hartley_rao),
    "berger": Guess("hajek 乘以 Σ_s(1−π)/Σ_Uπ(1−π)", _berger),
    "tille": Guess("π_ij ≈ β_iβ_j，行和 (n−1)π", _tille),
    "tille-as-r": Guess("同 tille，迭代停在 R UPSvarApprox 之处", _tille_as_r),
    "brewer2": Guess("Brewer & Donadio 式 10", _brewer2),
    "brewer3": Guess("Brewer & Donadio 式 11", _brewer3),
    "brewer4": Guess("Brewer & Donadio 式 18", _brewer4),
    "brewer4-as-r": Guess("同 brewer4，但 Σπ² 取负号（R UPSvarApprox 0.1.4 的结果）", lambda known: _brewer4(known, -1)),
    "matei-tille-1": Guess("不动点 b，因子 n(N−1)/(N(n−1))", _matei_tille1),
    "matei-tille-2": Guess("c = (1−π)/(1−Σd²/π)，中心为简单平均", _matei_tille2),
    "matei-tille-3": Guess("c 同 matei-tille-2，中心按 1−π 加权", _matei_tille3),
    "matei-tille-4": Guess("b = π(1−π)N/(N−1)，因子 1/(1−Σb/n²)", _matei_tille4),
    "matei-tille-5": Guess("同 matei-tille-4，b 为不动点", _matei_tille5),
}


def approximate(
    values: ArrayLike, probs: ArrayLike, method: str, *, population: ArrayLike | None = None, sample: ArrayLike | None = None
) -> float:
    """Estimate the variance of Σ y_i/π_i of one sample of fixed size from chances of single units.

    Parameters
    ----------
    values : array, shape (n,)
        y of the sampled units.
    probs : array, shape (n,)
        Their chances, 0 < π ≤ 1.
    method : str
        One of `SAMPLE_METHODS`, or of `POPULATION_RULES`, which need `population`.
    population : array, shape (N,), optional
        Chances of all units, adding to the size of the sample.
    sample : int array, shape (n,), optional
        Positions of the sampled units in `population`, from 0. Without it they are found by their chances: units with the same
        chance count alike in every method.

    Returns
    -------
    float
        Brewer's and Matei & Tillé's from the population can fall below 0 where most units are nearly certain.

    Raises
    ------
    SurveyError
        When the method is unknown or lacks `population`; numbers are unfit, with all faults; the sample is not in the
        population or not of its size; or only one unit is uncertain (save under "poisson").

    Examples
    --------
    y = (3, 8, 13) with π = (2, 4, 6)/7 of the population (1 … 6)/7:

    >>> y, pi = [3, 8, 13], [2 / 7, 4 / 7, 6 / 7]
    >>> [round(approximate(y, pi, method), 5) for method in ("hajek", "deville2", "brewer")]
    [7.06481, 8.29348, 9.13889]
    >>> round(approximate(y, pi, "hartley-rao", population=[i / 7 for i in range(1, 7)]), 5)
    9.98148
    """
    one_of("method", method, {**RULES, **POPULATION_RULES}, SurveyError, "规则")
    pi, y = together(probs, values=values)
    free = pi < 1 - FULL
    if not free.any():
        return 0.0
    if free.sum() == 1 and method != "poisson":
        raise SurveyError(f"π < 1 的单元只有 1 个｜方法 {method} 至少要 2 个｜与相邻的层合并，或用 poisson（独立抽取时）")
    units = _alone(pi[free])
    terms = [RULES[method].pair(units)] if method in RULES else POPULATION_RULES[method].terms(_known(units, free, population, sample))
    z = y[free] / pi[free]
    return float(sum(_squares(z, c, a) for c, a in terms))


def _squares(z: Floats, c: Floats, a: Floats) -> float:
    total = a.sum()
    centre = (a * z).sum() / total if total > 0 else 0.0
    return float((c * (z - centre) ** 2).sum())


def _known(units: Uncertain, free: Flags, population: ArrayLike | None, sample: ArrayLike | None) -> Known:
    if population is None:
        raise SurveyError("缺 population｜此方法要总体全部单元的概率｜写 population=，或改用只要样本概率的方法，如 deville2")
    faults = Faults("总体概率")
    whole = numbers(faults, population=population)[0]
    if whole.ndim != 1:
        raise SurveyError(f"population：{whole.ndim} 维｜应为一列概率，总体每个单元一个｜改正 population 的形状")
    note(faults, "population", whole, ~((whole > 0) & (whole <= 1)), "应大于 0、不大于 1", "改正这些概率")
    faults.refuse(SurveyError)
    inner = whole[whole < 1 - FULL]
    at = _found(units.probs, inner) if sample is None else _stated(units.probs, whole, positions(sample, len(free), len(whole))[free])
    if abs(inner.sum() - len(at)) > WHOLE * len(at):
        raise SurveyError(f"population 之和 {inner.sum():.9g}，样本 {len(at)} 个单元（均不计必入）｜应相等｜给出这次抽样的全部概率")
    return Known(units, inner, at)


def _found(probs: Floats, whole: Floats) -> Ints:
    """Return for each sampled unit the position of a unit of the population with its chance."""
    order = np.argsort(whole)
    place = np.clip(np.searchsorted(whole[order], probs * (1 - SAME)), 0, max(len(whole) - 1, 0))
    at = order[place] if len(whole) else np.zeros(len(probs), dtype=np.int64)
    return _checked(probs, whole, at)


def _stated(probs: Floats, whole: Floats, at: Ints) -> Ints:
    position = np.cumsum(whole < 1 - FULL) - 1
    _checked(probs, whole, at)
    return np.asarray(position[at])


def _checked(probs: Floats, whole: Floats, at: Ints) -> Ints:
    found = whole[at] if len(whole) else np.full(len(probs), np.nan)
    faults, wrong = Faults("样本与总体"), ~(np.abs(found - probs) <= SAME * probs)
    note(faults, "probs", probs, wrong, "应是 population 中该单元的概率", "对齐 probs、population 与 sample")
    faults.refuse(SurveyError)
    return at


@dataclass(frozen=True)
class Approximation:
    """One approximation of the true variance.

    Parameters
    ----------
    text : str
        One line for messages and documents.
    variance : callable
        ``variance(z, probs, n)`` with z = y/π of all units.
    """

    text: str
    variance: Callable[[Floats, Floats, int], float]


def _true_hajek1(z: Floats, probs: Floats, n: int) -> float:
    b = probs * (1 - probs)
    return len(z) / (len(z) - 1) * _squares(z, b, b)


def _true_hajek2(z: Floats, probs: Floats, n: int) -> float:
    b = probs * (1 - probs)
    return _squares(z, b, b)


def _true_fixed(z: Floats, probs: Floats, n: int) -> float:
    free = probs < 1 - FULL
    b = np.zeros(len(z))
    b[free] = fixed_point(probs[free] * (1 - probs[free]), _alone(probs[free]))
    return _squares(z, b, b)


def _true_hartley_rao2(z: Floats, probs: Floats, n: int) -> float:
    return float((probs * (1 - (n - 1) / n * probs) * (z - (probs * z).sum() / n) ** 2).sum())


def _true_hartley_rao1(z: Floats, probs: Floats, n: int, part: float | None = None) -> float:
    """Sum Hartley & Rao's pairs to the next order; R divides π²Σπ² by 2 where the sum gives n."""
    apart, s2 = z - (probs * z).sum() / n, (probs**2).sum()
    second = (n - 1) / n**2 * ((2 * probs**3 - probs**2 * s2 / (part or n)) * apart**2).sum()
    third = 2 * (n - 1) / n**3 * (probs**2 * apart).sum() ** 2
    return float(_true_hartley_rao2(z, probs, n) - second + third)


TRUE_METHODS: dict[str, Approximation] = {
    "hajek1": Approximation("Σb(z − z̄_b)²，b = π(1−π)N/(N−1)", _true_hajek1),
    "hajek2": Approximation("同 hajek1，b = π(1−π)（Brewer 2002）", _true_hajek2),
    "hartley-rao1": Approximation("Hartley–Rao 展开，到下一阶", _true_hartley_rao1),
    "hartley-rao1-as-r": Approximation(
        "同 hartley-rao1，但 π²Σπ² 除以 2 而非 n（R UPSvarApprox）", lambda z, p, n: _true_hartley_rao1(z, p, n, 2)
    ),
    "hartley-rao2": Approximation("Σπ(1 − (n−1)π/n)(z − Y/n)²", _true_hartley_rao2),
    "fixed-point": Approximation("同 hajek1，b − b²/Σb = π(1−π)", _true_fixed),
}
CERTAIN = {"apart": "必入单元放在一边（默认）", "together": "必入单元留在公式里（R 的 UPSvarApprox）"}


def true_variance(values: ArrayLike, probs: ArrayLike, n: int, method: str, *, certain: Literal["apart", "together"] = "apart") -> float:
    """Approximate the variance of Σ y_i/π_i over all samples from the values of the whole population.

    Parameters
    ----------
    values : array, shape (N,)
        y of all units.
    probs : array, shape (N,)
        Their chances, 0 < π ≤ 1, adding to n.
    n : int
        Size of the sample, certain units among them.
    method : str
        One of `TRUE_METHODS`.
    certain : {"apart", "together"}
        Certain units are put aside, n and N without them; or left in the formulas as R's UPSvarApprox does. They do not vary,
        but "hartley-rao1" and "hartley-rao2" then count them as if they did: up to eight times the variance in a population of
        284 municipalities with one certain unit.

    Returns
    -------
    float

    Raises
    ------
    SurveyError
        When the method or `certain` is unknown, numbers are unfit, or the chances do not add to n.

    Examples
    --------
    >>> y, pi = [2, 3, 7, 8, 9, 13], [i / 7 for i in range(1, 7)]
    >>> [round(true_variance(y, pi, 3, method), 4) for method in ("hajek1", "hartley-rao2", "fixed-point")]
    [5.1943, 5.7333, 5.3589]
    """
    how = one_of("method", method, TRUE_METHODS, SurveyError, "方法")
    one_of("certain", certain, CERTAIN, SurveyError, "做法")
    pi, y = together(probs, values=values)
    if abs(pi.sum() - n) > WHOLE * n:
        raise SurveyError(f"probs 之和 {pi.sum():.9g}，n = {n}｜应相等｜用 inclusion.proportional(sizes, n) 求概率")
    kept = np.full(len(pi), True) if certain == "together" else pi < 1 - FULL
    if not (pi < 1 - FULL).any():
        return 0.0
    return how.variance(y[kept] / pi[kept], pi[kept], n - int((~kept).sum()))
