"""What clustering and unequal weights cost: design effects, intra-village correlation, degrees of freedom.

Plain numbers in and out: one array entry a unit (a household), or one a village where so stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError

PLANNING_ICC = 0.05
PRIOR_WEIGHT = 10.0
Numbers = NDArray[np.float64]


def weight_effect(weights: ArrayLike) -> float:
    """Return Kish's loss from unequal weights, n Σw²/(Σw)² (Kish 1992, JOS 8:183).

    Examples
    --------
    >>> weight_effect([1, 1, 1, 1])
    1.0
    >>> round(weight_effect([1] * 8 + [6, 9]), 5)
    2.36295
    """
    w = _weights(weights)
    return float(len(w) * (w @ w) / w.sum() ** 2)


def weighted_take(weights: ArrayLike, villages: ArrayLike) -> float:
    """Return the take of a village that unequal weights leave, Σᵢ(Σⱼwᵢⱼ)²/Σᵢⱼwᵢⱼ² (Gabler, Häder & Lahiri 1999, Surv. Meth. 25:105).

    Parameters
    ----------
    weights : array, shape (n,)
        Weight of each unit; for a rate of persons, weight × persons of the household.
    villages : array, shape (n,)
        Code of the village of each unit, distinct over the whole sample.

    Examples
    --------
    >>> weighted_take([1, 1, 1, 1, 1, 1], [1, 1, 1, 2, 2, 2])
    3.0
    """
    w = _weights(weights)
    return float((_sums(w, villages) ** 2).sum() / (w @ w))


def planning_effect(deff_w: Any, take: Any, icc: Any) -> Any:
    """Return the design effect a plan expects, deff_w · (1 + (take − 1)·icc), formula (7) of docs/methods.md.

    Examples
    --------
    >>> planning_effect(1., 60, .05)
    3.95
    """
    return deff_w * (1 + (take - 1) * icc)


@dataclass(frozen=True)
class Anova:
    """Mean squares between and within villages of one survey, and the correlation they give.

    `take` is the average village size n₀ of the unbalanced analysis; `event_df` is Σ max(villages with
    events − 1, 0) over strata, the weight of this survey in a pool.
    """

    between: float
    within: float
    take: float
    event_df: float

    @property
    def icc(self) -> float:
        """(MSB − MSW)/(MSB + (n₀ − 1)·MSW), NaN when no village varies."""
        bottom = self.between + (self.take - 1) * self.within
        return (self.between - self.within) / bottom if bottom > 0 else float("nan")


def anova(events: ArrayLike, takes: ArrayLike, strata: ArrayLike | None = None) -> Anova:
    """Return the analysis of variance of village rates (Donner 1986; Ridout, Demétrio & Firth 1999, Biometrics 55:137).

    Parameters
    ----------
    events, takes : array, shape (villages,)
        Events and units of each village.
    strata : array, shape (villages,), optional
        Stratum of each village: villages are then compared within strata, on villages − strata df.

    Raises
    ------
    EstimateError
        When no stratum has two villages, or no village two units.

    Examples
    --------
    >>> seen = anova([0, 0, 0, 1, 3], [10] * 5)
    >>> round(seen.between, 6), round(seen.within, 7), round(seen.icc, 6)
    (0.17, 0.0666667, 0.134199)
    """
    y, size = np.asarray(events, dtype=float), np.asarray(takes, dtype=float)
    label = np.zeros(len(y), dtype=int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    total, df = np.bincount(label, size), len(y) - label.max() - 1
    if df < 1 or size.sum() <= len(y):
        raise EstimateError(f"{len(y)} 个村、{size.sum():g} 户｜每层至少一层有两个村，村内至少有两户｜合并层后重试")
    rate = y / size
    between = (size * (rate - (np.bincount(label, y) / total)[label]) ** 2).sum() / df
    within = (size * rate * (1 - rate)).sum() / (size.sum() - len(y))
    take = (total - np.bincount(label, size**2) / total).sum() / df
    return Anova(float(between), float(within), float(take), event_df(np.bincount(label, y > 0)))


def event_df(event_villages: ArrayLike) -> float:
    """Return Σ max(eₕ − 1, 0), eₕ = villages of stratum h that hold a unit of the rarer class.

    Examples
    --------
    >>> event_df([3, 0, 1, 2])
    3.0
    """
    return float(np.maximum(np.asarray(event_villages, dtype=float) - 1, 0).sum())


def pooled_icc(surveys: Sequence[Anova]) -> float:
    """Return the correlation of a programme: a ratio of sums over its surveys, blended with .05.

    ρ_pool = Σ(MSB − MSW)/Σ(MSB + (n₀ − 1)MSW), clipped to [0, .5]; ρ₀ = (E·ρ_pool + 10·.05)/(E + 10) with
    E the sum of the surveys' `event_df`. Surveys without events add nothing; with E = 0 the answer is .05.

    Examples
    --------
    >>> round(pooled_icc([anova([0, 0, 0, 1, 3], [10] * 5)]), 6)
    0.057654
    >>> pooled_icc([])
    0.05
    """
    weight = sum(seen.event_df for seen in surveys)
    if weight == 0:
        return PLANNING_ICC
    top = sum(seen.between - seen.within for seen in surveys)
    bottom = sum(seen.between + (seen.take - 1) * seen.within for seen in surveys)
    pooled = min(max(top / bottom, 0.0), 0.5)
    return (weight * pooled + PRIOR_WEIGHT * PLANNING_ICC) / (weight + PRIOR_WEIGHT)


@dataclass(frozen=True)
class Reach:
    """How far a sample reaches into its finite population: the effective fraction, and effective df."""

    f_eff: float
    df: float


def reach(
    weights: ArrayLike,
    villages: ArrayLike,
    strata: ArrayLike,
    village_fraction: ArrayLike,
    unit_fraction: ArrayLike,
    icc: float = PLANNING_ICC,
) -> Reach:
    """Return the sampling fraction that a clustered sample amounts to, formula (12) of docs/methods.md, and its degrees of freedom.

    With W = Σⱼw and Q = Σⱼw² of a village, ρ the correlation, f₁ the fraction of villages and f the fraction of
    all units (f₁ × that within the village), stratum h adds
    Vₕ = (1 − f₁ₕ)ρΣᵢW² + (1 − ρ)Σᵢ(1 − fᵢ)Q to the top and Dₕ = ρΣᵢW² + (1 − ρ)ΣᵢQ to the bottom of 1 − f_eff
    (for equal takes b and weights: [(1 − f₁)bρ + (1 − f)(1 − ρ)]/[1 + (b − 1)ρ], the two-stage variance over
    that without end, since a village mean of B units varies by ρ + (1 − ρ)/B). In a stratum whose villages
    are all taken each unit is its own cluster: Vₕ = Σᵢ(1 − fᵢ)Q, Dₕ = ΣᵢQ. The df are Satterthwaite's,
    (ΣVₕ)²/Σ(Vₕ²/dfₕ), dfₕ = villages − 1, or units − villages where all villages are taken.

    Parameters
    ----------
    weights, villages, strata : array, shape (n,)
        Weight, village code (distinct over the sample) and first-stage stratum of each unit.
    village_fraction, unit_fraction : array, shape (n,), or number
        f₁ and f of each unit, in [0, 1]; f₁ = 1 marks a stratum whose villages are all taken. f is the product
        of the fractions of all stages, not the fraction within the village.
    icc : float
        Correlation within villages, in [0, 1].

    Returns
    -------
    Reach
        `f_eff` in [0, 1] and `df` ≥ 0 (villages − strata, or more where villages are all taken).

    Examples
    --------
    >>> import numpy as np
    >>> village = np.repeat(np.arange(20), 60)
    >>> seen = reach(np.ones(1200), village, np.zeros(1200), .2, .1, .05)
    >>> round(seen.f_eff, 6), round(seen.df, 6)
    (0.175949, 19.0)
    """
    w = _weights(weights)
    first, second = (np.broadcast_to(np.asarray(f, dtype=float), w.shape) for f in (village_fraction, unit_fraction))
    _, row, village = np.unique(np.asarray(villages), return_index=True, return_inverse=True)
    stratum = np.unique(np.asarray(strata), return_inverse=True)[1][row]
    whole = first[row] >= 1
    square, sum_of_squares = np.bincount(village, w) ** 2, np.bincount(village, w**2)
    left = np.bincount(village, (1 - second) * w**2)
    top = np.where(whole, left, (1 - first[row]) * icc * square + (1 - icc) * left)
    bottom = np.where(whole, sum_of_squares, icc * square + (1 - icc) * sum_of_squares)
    counted = np.where(whole, np.bincount(village) - 1, 1)
    # a sampled stratum loses one village to its mean; a stratum taken whole lost one unit in each village already
    df: Numbers = np.bincount(stratum, counted.astype(float)) - (np.bincount(stratum, whole.astype(float)) == 0)
    return Reach(float(1 - top.sum() / bottom.sum()), _satterthwaite(np.bincount(stratum, top).astype(float), df))


def _satterthwaite(terms: Numbers, df: Numbers) -> float:
    used = terms > 0
    if not used.any():  # every stage complete: nothing is estimated
        return float(df.sum())
    used &= df > 0  # a stratum without df of its own says nothing about its variance
    if not used.any():
        return 0.0
    return float(terms[used].sum() ** 2 / (terms[used] ** 2 / df[used]).sum())


def village_bound(villages: int, alpha: float = 0.05) -> float:
    """Return the upper bound of the share of villages with events when none of the drawn ones has any, 1 − α^(1/m).

    It assumes nothing about what happens inside a village: formula (13) of docs/methods.md.

    Examples
    --------
    >>> [round(100 * village_bound(m), 1) for m in (10, 20, 30, 40, 50)]
    [25.9, 13.9, 9.5, 7.2, 5.8]
    """
    if villages < 1 or not 0 < alpha < 1:
        raise EstimateError(f"villages = {villages}、alpha = {alpha}｜村数 ≥ 1，0 < alpha < 1｜改正后重试")
    return float(1 - alpha ** (1 / villages))


def _weights(weights: ArrayLike) -> Numbers:
    w = np.asarray(weights, dtype=float)
    if w.ndim != 1 or not len(w) or not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise EstimateError("权数｜应为非空的一维数组，各数有限、不为负、合计大于 0｜检查权数")
    return w


def _sums(w: Numbers, villages: ArrayLike) -> Numbers:
    return np.bincount(np.unique(np.asarray(villages), return_inverse=True)[1], w).astype(float)
