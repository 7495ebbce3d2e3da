"""Gini coefficient, and the income of the richest fifth over that of the poorest.

Scores are u_k = ∂θ/∂w_k, so that the variance of the estimate is that of the total Σ w·u. Where weights are survey
weights times persons, the survey's scores are persons times u.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of
from evalkit.quantiles import Ordered
from evalkit.quantiles.checks import Bools, Floats, checked, places
from evalkit.quantiles.densities import kernel_means

CHUNK = 1_000_000  # numbers of a block of replicate weights
FORMS = {
    "pairs": "ΣΣ w_i w_j |y_i − y_j| / (2 N T)（Langel–Tillé；默认）",
    "ranks": "2 Σ w R y/(N T) − 1 − 1/N，R 为累计权数（Osier；R 的 convey）",
}
SLOPES = {
    "quantile": "份额合计随分位数之变化即分位数本身（Langel–Tillé；默认）",
    "kernel": "两个核估计之比（Osier；R 的 convey）",
}


def positive_total(y: Floats, w: Floats, subject: str) -> float:
    """Return Σwy, or refuse it when it is not above 0."""
    total = float(w @ y)
    if not total > 0:
        raise EstimateError(f"{subject}｜收入合计为 {total:g}，指标无定义｜应大于 0：核对收入列与域")
    return total


def gini(values: ArrayLike, weights: ArrayLike, form: str = "pairs") -> tuple[float, Floats]:
    """Return the Gini coefficient.

    Parameters
    ----------
    values : (n,) array
        Incomes ≥ 0, not all 0.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    form : str
        A name of `FORMS`.

    Returns
    -------
    value : float
        In [0, 1).
    scores : (n,) float array
        Exact derivatives by the weights.

    Raises
    ------
    EstimateError
        With every fault of values and weights at once; incomes that add up to 0; an unknown form.

    Notes
    -----
    With N = Σw, T = Σwy, C_k and S_k the weight and income of all rows up to k in order of income,

        G = Σ_k w_k A_k/(2NT),   A_k = Σ_j w_j |y_k − y_j| = y_k(2C_k − N) − (2S_k − T),
        u_k = A_k/(NT) − G(1/N + y_k/T).

    A_k is the same wherever a row stands among its equals, so that neither value nor scores depend on the order of
    rows. Langel & Tillé 2013 (JRSS-A 176:521; from memory). The form "ranks" is larger by Σw²y/(NT) − 1/N, of the order
    of 1/n: it puts cumulated weights into the formula for a population of single units, so that a row counts itself in
    full (Osier 2009, Surv. Res. Methods 3:167). In samples "pairs" errs by about −G/n, "ranks" by (1 − G)/n.

    Examples
    --------
    >>> round(gini([1, 2, 3, 4], [1, 1, 1, 1])[0], 6), round(gini([1, 2, 3, 4], [1, 1, 1, 1], "ranks")[0], 6)
    (0.25, 0.25)
    """
    one_of("form", form, FORMS, EstimateError)
    y, w = checked(values, weights, "基尼系数", negative=False)
    whole, total = float(w.sum()), positive_total(y, w, "基尼系数")
    order = np.argsort(y, kind="stable")
    below, income = np.cumsum(w[order]), np.cumsum(w[order] * y[order])
    away = np.empty(len(y))
    away[order] = y[order] * (2 * below - whole) - (2 * income - total)
    value = float(w @ away) / (2 * whole * total)
    scores = away / (whole * total) - value * (1 / whole + y / total)
    if form == "ranks":
        own = float(w**2 @ y) / (whole * total)
        value += own - 1 / whole
        scores += 2 * w * y / (whole * total) - own * (1 / whole + y / total) + 1 / whole**2
    return value, scores


def gini_many(values: ArrayLike, weights: ArrayLike, form: str = "pairs") -> Floats:
    """Return the Gini coefficient under many sets of weights, such as replicate weights.

    Parameters
    ----------
    values : (n,) array
        Incomes ≥ 0.
    weights : (R, n) array
        One set of weights a row, each finite, ≥ 0 and with income above 0.
    form : str
        A name of `FORMS`.

    Returns
    -------
    (R,) float array

    Raises
    ------
    EstimateError
        Faults of values or weights, named by the number of the set.

    Examples
    --------
    >>> gini_many([1, 2, 3, 4], [[1, 1, 1, 1], [1, 0, 0, 1]]).round(12).tolist()
    [0.25, 0.3]
    """
    one_of("form", form, FORMS, EstimateError)
    sets = np.asarray(weights, dtype=float)
    y = checked(values, np.ones(np.shape(values)), "基尼系数", negative=False)[0]
    if sets.ndim != 2 or sets.shape[1] != len(y):
        raise EstimateError(f"基尼系数：复制权数 {sets.shape}｜应为二维：一行一组，一列一个值｜核对方向（转置）与行数")
    bad = ~((np.isfinite(sets) & (sets >= 0)).all(axis=1) & (sets @ y > 0))
    if bool(bad.any()):
        raise EstimateError(f"基尼系数：{places(bad)}复制权数｜每组应为不小于 0 的有限数，收入合计大于 0｜合并域，或换一种复制方法")
    order = np.argsort(y, kind="stable")
    step = max(1, CHUNK // len(y))
    return np.concatenate([_gini_block(y[order], sets[at : at + step][:, order], form) for at in range(0, len(sets), step)])


def _gini_block(y: Floats, w: Floats, form: str) -> Floats:
    """Return 2ΣwCy/(NT) − 1 less what a row counts of itself."""
    whole, total = w.sum(axis=1), w @ y
    ranked = (w * np.cumsum(w, axis=1)) @ y
    own = 1 / whole if form == "ranks" else w**2 @ y / (whole * total)
    return np.asarray(2 * ranked / (whole * total) - 1 - own)


def quintile_share_ratio(
    values: ArrayLike, weights: ArrayLike, share: float = 0.2, rule: str = "math", slope: str = "quantile"
) -> tuple[float, Floats]:
    """Return the income of the richest over that of the poorest, S80/S20.

    Parameters
    ----------
    values : (n,) array
        Incomes; those of the poorest must add up to more than 0.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    share : float
        Share of the population at each end, in (0, 1/2]; .2 for quintiles.
    rule : str
        Rule of the quantiles q, a name of `evalkit.quantiles.RULES`.
    slope : str
        A name of `SLOPES`.

    Returns
    -------
    value : float
    scores : (n,) float array

    Raises
    ------
    EstimateError
        Faults of values and weights; a share outside (0, 1/2]; no income at the lower end; an unknown name.

    Notes
    -----
    R = Σ w y 1(y > q_{1−s})/Σ w y 1(y ≤ q_s). The partial total up to q_p has the score y 1(y ≤ q) − m(1(y ≤ q) − p)
    with m the change of that total by the share of the population, which is q itself, so that no density has to be
    estimated (Langel & Tillé 2011, J. Stat. Plan. Inference 141:2976; from memory). Osier 2009 takes the quotient of
    two kernel estimates for it, the mean income near q.

    Examples
    --------
    >>> quintile_share_ratio(range(1, 11), [1] * 10)[0]
    6.333333333333333
    """
    subject = "五分位份额比"
    how = one_of("slope", slope, SLOPES, EstimateError)
    if not 0 < share <= 0.5:
        raise EstimateError(f"{subject}｜share = {share:g}，应在 0 与 0.5 之间｜五分位写 .2")
    y, w = checked(values, weights, subject)
    ordered = Ordered(y, w)
    q = ordered.at([share, 1 - share], rule)
    change = q if how is SLOPES["quantile"] else kernel_means(ordered, q)
    low, high = (y <= at for at in q)
    poorest = positive_total(y * low, w, f"{subject}（低端）")
    ratio = float(w @ (y * ~high)) / poorest
    below, above = _partial(y, low, share, change[0]), y - _partial(y, high, 1 - share, change[1])
    return ratio, np.asarray((above - ratio * below) / poorest)


def _partial(y: Floats, inside: Bools, p: float, change: float) -> Floats:
    """Scores of the total of the incomes up to the quantile of p."""
    return np.asarray(y * inside - change * (inside.astype(float) - p))
