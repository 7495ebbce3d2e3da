"""Response propensities: a weighted logistic regression of answering, and classes cut from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, Faults
from evalkit.later import later
from evalkit.nonresponse.labels import Codes, Mask, Numbers, independent, locked, masked, weighed

models = later("statsmodels.genmod.generalized_linear_model")
families = later("statsmodels.genmod.families")

LEAST_RANGE = 0.05  # propensities that differ by no more say nothing: one class
SEPARATED = 1e-8  # a fitted chance nearer to 0 or 1 means that the columns tell the answers apart
STEPS = 100
CLOSE = 1e-10  # of the coefficients; the step after it is of order 1e-20


@dataclass(frozen=True, eq=False)
class Propensity:
    """A fitted response model.

    Attributes
    ----------
    propensities : (n,) float array, read-only
        Estimated chance to answer, in (0, 1).
    beta : (k,) float array, read-only
        Coefficients, the constant first.
    iterations : int
    """

    propensities: Numbers
    beta: Numbers
    iterations: int

    def __post_init__(self) -> None:
        locked(self.propensities, self.beta)


def response_propensity(x: ArrayLike, responded: ArrayLike, weights: ArrayLike | None = None) -> Propensity:
    """Return chances to answer, by logistic regression weighted as R's `svyglm(…, quasibinomial())` weighs.

    Parameters
    ----------
    x : array, shape (n,) or (n, k)
        What is known of respondents and nonrespondents alike (numbers; categories as 0/1 columns), without the constant.
    responded : bool array, shape (n,)
    weights : array, shape (n,), optional
        ≥ 0; each row counts once without them. Rows of weight 0 get a propensity but no say.

    Returns
    -------
    Propensity
        Standard errors are not given: those of the model know nothing of the design.

    Raises
    ------
    EstimateError
        Arrays of unequal length or not finite, everybody or nobody answered, collinear columns, columns that
        tell respondents and nonrespondents wholly apart, no convergence.

    Notes
    -----
    Iterated weighted least squares of statsmodels (GLM, binomial, logit) on weights of mean 1.

    Examples
    --------
    >>> seen = response_propensity([0, 0, 0, 1, 1, 1, 1, 1], [1, 0, 1, 1, 1, 1, 0, 1])
    >>> seen.propensities.round(6).tolist()
    [0.666667, 0.666667, 0.666667, 0.8, 0.8, 0.8, 0.8, 0.8]
    """
    columns, answered, w = _checked(x, responded, weights)
    used = w > 0
    scaled = w[used] * (int(used.sum()) / float(w.sum()))
    model = models.GLM(answered[used].astype(float), columns[used], family=families.Binomial(), freq_weights=scaled)
    fit = model.fit(maxiter=STEPS, tol=CLOSE, rtol=CLOSE, tol_criterion="params")
    chance = np.asarray(fit.predict(columns), dtype=float)
    if not np.isfinite(chance).all() or (np.minimum(chance, 1 - chance) < SEPARATED).any():
        raise EstimateError("自变量把回答与未回答完全分开｜回答概率应在 0 与 1 之间｜合并类别或减少自变量")
    if not fit.converged:
        raise EstimateError(f"{STEPS} 步后回归未收敛｜应收敛｜合并类别、减少自变量，或把自变量换成相近的尺度")
    return Propensity(chance, np.asarray(fit.params, dtype=float), int(fit.fit_history["iteration"]))


def _checked(x: ArrayLike, responded: ArrayLike, weights: ArrayLike | None) -> tuple[Numbers, Mask, Numbers]:
    rows, faults = np.size(responded), Faults("回答概率")
    given, answered = np.asarray(x, dtype=float), masked(responded, np.size(responded), faults, "responded")
    w = weighed(np.ones(rows) if weights is None else weights, faults)
    if given.ndim not in (1, 2) or len(given) != rows or not np.isfinite(given).all():
        faults.add(None, "x", f"形状 {given.shape}", f"应有 {rows} 行，各数有限", "补全自变量，类别写成 0/1 列")
    if w.shape != (rows,):
        faults.add(None, "weights", f"形状 {w.shape}", f"应与 responded 同为 {rows} 行", "检查权数")
    faults.refuse(EstimateError)
    used = w > 0
    if answered[used].all() or not answered[used].any():
        raise EstimateError("responded 都相同｜应有回答者，也应有未回答者｜全部回答时不需调整")
    columns = np.column_stack([np.ones(rows), given])
    rank = independent(columns[used])
    if rank < columns.shape[1]:
        raise EstimateError(f"自变量 {columns.shape[1] - 1} 列，连常数项秩为 {rank}｜各列应线性无关｜去掉常数列与重复的列")
    return columns, answered, w


@dataclass(frozen=True, eq=False)
class PropensityClasses:
    """Classes of like propensity.

    Attributes
    ----------
    classes : (n,) int array
        1 for the smallest propensities.
    cuts : (classes + 1,) float array
        A class holds the propensities above its lower cut up to the upper one; the first holds its lower cut too.
    n : (classes,) int array
        Rows.
    weight, mean : (classes,) float array
        Sum of the weights, and weighted mean of the propensities.
    """

    classes: Codes
    cuts: Numbers
    n: Codes
    weight: Numbers
    mean: Numbers

    def __post_init__(self) -> None:
        locked(self.classes, self.cuts, self.n, self.weight, self.mean)


def propensity_classes(
    propensities: ArrayLike, weights: ArrayLike | None = None, classes: int = 5, *, least_range: float = LEAST_RANGE
) -> PropensityClasses:
    """Return classes cut at the quantiles of the propensities: cells for `cell_factors`.

    Parameters
    ----------
    propensities : array, shape (n,)
        In (0, 1], of respondents and nonrespondents (`response_propensity`).
    weights : array, shape (n,), optional
        With weights each class holds about the same weight (cut at the smallest propensity whose share of the weight
        reaches k/classes); without, the same number of rows (quantiles of type 7, as R PracTools `pclass` cuts).
    classes : int
        ≥ 1. Fewer come out where many propensities are equal, since equals stay together.
    least_range : float
        When largest and smallest differ by no more, there is one class.

    Raises
    ------
    EstimateError
        Propensities outside (0, 1], arrays of unequal length, classes < 1.

    Notes
    -----
    `pclass` jitters the propensities at random to break ties before it cuts; here nothing is random.

    References
    ----------
    Rosenbaum & Rubin 1984, JASA 79:516; Valliant, Dever & Kreuter 2018, section 13.5.2 (from memory).

    Examples
    --------
    >>> seen = propensity_classes([.2, .3, .5, .6, .7, .9], classes=3)
    >>> seen.classes.tolist(), seen.n.tolist(), seen.mean.round(2).tolist()
    ([1, 1, 2, 2, 3, 3], [2, 2, 2], [0.25, 0.55, 0.8])
    """
    p, faults = np.asarray(propensities, dtype=float), Faults("回答概率的分类")
    w = weighed(np.ones(p.size) if weights is None else weights, faults)
    if p.ndim != 1 or p.shape != w.shape or not ((p > 0) & (p <= 1)).all():
        faults.add(None, "propensities", f"形状 {p.shape}", "应为与权数等长的一维数组，各数在 0（不含）与 1 之间", "检查回答概率")
    if classes < 1:
        faults.add(None, "classes", classes, "应不小于 1", "写 classes=5")
    faults.refuse(EstimateError)
    low, high = float(p.min()), float(p.max())
    inner = np.empty(0) if high - low <= least_range else _inner(p, None if weights is None else w, classes)
    inner = np.unique(inner[inner < high])
    used, code = np.unique(np.searchsorted(inner, p, side="left"), return_inverse=True)
    inner = inner[used[:-1]]  # several cuts may fall between the same two propensities
    n, weight = np.bincount(code), np.bincount(code, w).astype(np.float64)
    mean = np.divide(np.bincount(code, w * p), weight, out=np.bincount(code, p) / n, where=weight > 0)
    return PropensityClasses(code + 1, np.concatenate([[low], inner, [high]]), n, weight, mean)


def _inner(p: Numbers, w: Numbers | None, classes: int) -> Numbers:
    shares = np.arange(1, classes) / classes
    if w is None:
        return np.asarray(np.quantile(p, shares), dtype=float)
    order = np.argsort(p, kind="stable")
    reached = np.cumsum(w[order])
    at = np.searchsorted(reached, shares * reached[-1] * (1 - 1e-12), side="left")
    cuts: Numbers = p[order][at]
    return cuts
