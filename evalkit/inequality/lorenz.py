"""Gini coefficient, and the income of the richest fifth over that of the poorest.

Scores are u_k = ∂θ/∂w_k, so that the variance of the estimate is that of the total Σ w·u. Where weights are survey
weights times persons, the survey's scores are persons times u.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of
from evalkit.quantiles import Ordered
from evalkit.quantiles.checks import Bools, Floats, checked
from evalkit.quantiles.densities import kernel_means

FORMS = {
    "pairs": "ΣΣ w_i w_j |y_i − y_j| / (2 N T)（Langel–Tillé；默认）",
    "ranks": "2 Σ w R y/(N T) − 1 − 1/N，R 为累计权数（Osier；R 的 convey）",
}
SHARE_FORMS = {
    "curve": "折线洛伦兹曲线上的份额，分位数处的人按比例分开（Langel–Tillé；默认）",
    "rows": "整行计入，不分开；得分用核估计（Osier；R 的 convey）。分位数处收入相同的人多时不可用",
}


def positive_total(y: Floats, w: Floats, subject: str) -> float:
    """Return Σwy, or refuse it when it is not above 0, or too large for a number."""
    with np.errstate(over="ignore"):
        total = float(w @ y)
    if not 0 < total < math.inf:
        raise EstimateError(f"{subject}｜收入合计为 {total:g}，指标无定义｜应为大于 0 的有限数：核对收入列与域")
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
        Below 1; ≥ 0 under "pairs". Under "ranks" it can be below 0 where weights are below 1 (shares, scaled weights).
    scores : (n,) float array
        Exact derivatives by the weights.

    Raises
    ------
    EstimateError
        With every fault of values and weights at once; incomes that add up to 0; an unknown form.

    Notes
    -----
    With N = Σw, T = Σwy, C_k and S_k the weight and income of all rows up to k in order of income,

        G = Σ_k w_k A_k/(2NT),   A_k = Σ_j w_j abs(y_k − y_j) = y_k(2C_k − N) − (2S_k − T),
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


def quintile_share_ratio(
    values: ArrayLike, weights: ArrayLike, share: float = 0.2, rule: str = "math", form: str = "curve"
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
        For the form "rows": rule of the quantiles q, a name of `evalkit.quantiles.RULES`. The curve needs none.
    form : str
        A name of `SHARE_FORMS`.

    Returns
    -------
    value : float
        ≥ 1 under "curve", and 1 where all incomes are equal; ≥ 0 under "rows" where no income is negative.
    scores : (n,) float array
        Exact derivatives by the weights under "curve", save where a cumulated share is s or 1 − s to the digit: there the
        curve has a corner, and they are those of one side.

    Raises
    ------
    EstimateError
        Faults of values and weights; a share outside (0, 1/2]; no income at the lower end; an unknown name; a rule with
        "curve"; under "rows" incomes that are all equal.

    Notes
    -----
    With L(p) = Σ w y 1(y ≤ q) − q(Σ w 1(y ≤ q) − pN) the income of the poorest pN persons, q the quantile of p, the form
    "curve" is R = (T − L(1 − s))/L(s). L joins the distinct incomes by lines: persons with the income q itself are divided,
    and both ends hold just sN persons, however many have the same income. ∂L/∂w = y 1(y ≤ q) − q(1(y ≤ q) − p), without a
    density (Langel & Tillé 2011, J. Stat. Plan. Inference 141:2976; from memory).

    The form "rows" is Σ w y 1(y > q_{1−s})/Σ w y 1(y ≤ q_s), whole rows. Where many have the income q_{1−s}, few or none are
    above it: ten equal incomes would give 0. Its scores have the mean income near q, a quotient of kernel estimates, in the
    place of q (Osier 2009, Surv. Res. Methods 3:167).

    Examples
    --------
    >>> quintile_share_ratio(range(1, 11), [1] * 10)[0]
    6.333333333333333
    >>> quintile_share_ratio([5, 5, 5, 5, 5, 5, 5, 8], [1] * 8)[0]  # the richest 1.6 persons have 8 + 0.6 × 5
    1.375
    """
    subject = "五分位份额比"
    rows = one_of("form", form, SHARE_FORMS, EstimateError) is SHARE_FORMS["rows"]
    if not rows and rule != "math":
        raise EstimateError(f'{subject}｜rule = {rule!r}，form = {form!r} 读曲线，不用分位数规则｜去掉 rule，或写 form="rows"')
    if not 0 < share <= 0.5:
        raise EstimateError(f"{subject}｜share = {share:g}，应在 0 与 0.5 之间｜五分位写 .2")
    y, w = checked(values, weights, subject)
    ordered = Ordered(y, w)
    q = ordered.at([share, 1 - share], rule)
    low, high = (y <= at for at in q)
    change = kernel_means(ordered, q) if rows else q
    below, above = _partial(y, low, share, change[0]), y - _partial(y, high, 1 - share, change[1])
    lower, upper = (y * low, y * ~high) if rows else (below, above)
    poorest = positive_total(lower, w, f"{subject}（低端）")
    ratio = float(w @ upper) / poorest
    return ratio, np.asarray((above - ratio * below) / poorest)


def _partial(y: Floats, inside: Bools, p: float, change: float) -> Floats:
    """Scores of the total of the incomes up to the quantile of p."""
    return np.asarray(y * inside - change * (inside.astype(float) - p))
