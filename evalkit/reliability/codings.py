"""Agreement of two codings of the same units: how often they agree, and how far beyond what chance gives.

Every measure is a smooth function of the K × K table of totals, so it comes with its slope in each cell: a Survey makes the standard
error of it, by villages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError

Floats = NDArray[np.float64]
Both = tuple[Floats, Floats]


@dataclass(frozen=True)
class Measure:
    """One measure of agreement.

    Attributes
    ----------
    title : str
    of : callable
        From totals (K, K, …) to the value (…) and its slopes (K, K, …) in the totals; the first coding is the row.
    """

    title: str
    of: Callable[[Floats], Both]


def _shares(t: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return total, cell shares, agreement, and the shares of rows and columns, shaped to go with the cells."""
    whole = t.sum(axis=(0, 1))
    p = t / whole
    agreed = np.einsum("kk...->...", p)
    return whole, p, agreed, p.sum(axis=1), p.sum(axis=0)


def _in_totals(slopes: Floats, p: Floats, whole: Floats) -> Floats:
    """Turn slopes in the shares into slopes in the totals."""
    return np.asarray((slopes - (slopes * p).sum(axis=(0, 1))) / whole)


def _diagonal(like: Floats) -> Floats:
    eye: Floats = np.eye(len(like))
    return eye.reshape(eye.shape + (1,) * (like.ndim - 2))


def _agreement(t: Floats) -> Both:
    whole, p, agreed, _, _ = _shares(t)
    return agreed, _in_totals(_diagonal(p) + np.zeros_like(p), p, whole)


def _beyond_chance(t: Floats, p: Floats, agreed: Floats, chance: Floats, chance_slopes: Floats) -> Both:
    """Return (p_o − p_e)/(1 − p_e), NaN where p_e = 1, with its slopes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (agreed - chance) / (1 - chance)
        slopes = _diagonal(p) / (1 - chance) - (1 - agreed) / (1 - chance) ** 2 * chance_slopes
    return value, _in_totals(slopes, p, t.sum(axis=(0, 1)))


def _kappa(t: Floats) -> Both:
    _, p, agreed, rows, columns = _shares(t)
    chance = (rows * columns).sum(axis=0)
    return _beyond_chance(t, p, agreed, chance, columns[:, None] + rows[None, :])


def _ac1(t: Floats) -> Both:
    _, p, agreed, rows, columns = _shares(t)
    pi, k = (rows + columns) / 2, len(p)
    chance = (pi * (1 - pi)).sum(axis=0) / (k - 1)
    return _beyond_chance(t, p, agreed, chance, ((1 - 2 * pi)[:, None] + (1 - 2 * pi)[None, :]) / 2 / (k - 1))


def _pabak(t: Floats) -> Both:
    value, slopes = _agreement(t)
    k = len(t)
    return (k * value - 1) / (k - 1), slopes * k / (k - 1)


def specific(at: int) -> Callable[[Floats], Both]:
    """Return the agreement on one category, 2t_kk/(t_k. + t_.k): of those whom either coding puts there, how far the other agrees."""

    def measure(t: Floats) -> Both:
        said = t[at].sum(axis=0) + t[:, at].sum(axis=0)
        inside = np.zeros_like(t)
        inside[at] += 1
        inside[:, at] += 1
        with np.errstate(divide="ignore", invalid="ignore"):
            value = 2 * t[at, at] / said
            slopes = -value / said * inside
            slopes[at, at] += 2 / said
        return value, slopes

    return measure


MEASURES = {
    "agreement": Measure("一致率", _agreement),
    "kappa": Measure("κ（Cohen 1960）", _kappa),
    "ac1": Measure("AC1（Gwet 2008）", _ac1),
    "pabak": Measure("PABAK（Byrt 等 1993）", _pabak),
}


def measures_of(levels: int) -> dict[str, Measure]:
    """Return the measures for so many categories: those of `MEASURES`, and the agreement on the positive category, or on each.

    Examples
    --------
    >>> list(measures_of(2)), list(measures_of(3))[4:]
    (['agreement', 'kappa', 'ac1', 'pabak', 'positive'], ['specific 1', 'specific 2', 'specific 3'])
    """
    if levels == 2:
        return {**MEASURES, "positive": Measure("正同意率", specific(1))}
    return {**MEASURES, **{f"specific {at + 1}": Measure(f"第 {at + 1} 类的同意率", specific(at)) for at in range(levels)}}


def agreement_table(counts: ArrayLike) -> dict[str, float]:
    """Return every measure of agreement of a table of counts.

    Parameters
    ----------
    counts : (K, K) array
        Units, or their weights, by category of the first coding (rows) and of the second (columns); of two categories the second
        is the positive one.

    Returns
    -------
    dict of str to float
        κ = (p_o − p_e)/(1 − p_e) with ``p_e = Σ p_k. p_.k`` (Cohen 1960); AC1 with p_e = Σ π_k(1 − π_k)/(K − 1), π the mean of both
        shares (Gwet 2008, Br. J. Math. Stat. Psychol. 61:29); PABAK = (K p_o − 1)/(K − 1). At a prevalence of 1 % κ says little
        of two codings that agree on nearly everybody: read it beside AC1 and the positive agreement. NaN where a measure has none
        (nobody in a category).

    Raises
    ------
    EstimateError
        A table that is not square, with fewer than 2 categories, negative or without anybody.

    Examples
    --------
    >>> {name: round(value, 6) for name, value in agreement_table([[1180, 8], [6, 6]]).items()}
    {'agreement': 0.988333, 'kappa': 0.455677, 'ac1': 0.988078, 'pabak': 0.976667, 'positive': 0.461538}
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) < 2:
        raise EstimateError(f"一致性表｜{table.shape}｜应为 K 行 K 列，K 不小于 2，行为第一次、列为第二次")
    if not (bool(np.isfinite(table).all()) and bool((table >= 0).all()) and table.sum() > 0):
        raise EstimateError("一致性表｜有负数、非数，或合计为 0｜应为不小于 0 的个数")
    return {name: float(measure.of(table)[0]) for name, measure in measures_of(len(table)).items()}
