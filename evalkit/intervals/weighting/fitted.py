"""Design effects of a total that rest on a regression of the answers: Henry & Valliant, and Spencer.

With N = Σw, a and e the intercept and the residuals of the weighted regression, and moments of the population that the
weighted sample stands for (mean Σwz/N, variance Σw(z − z̄)²/N, covariance likewise).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of
from evalkit.intervals.effects import weight_effect
from evalkit.intervals.weighting.moments import columns, covariance, regress
from evalkit.nonresponse.labels import Numbers


@dataclass(frozen=True, eq=False)
class _Fit:
    """Answers, weights and their regression."""

    w: Numbers
    y: Numbers
    intercept: float
    e: Numbers

    @property
    def share(self) -> float:
        return len(self.w) / float(self.w.sum())


@dataclass(frozen=True)
class Form:
    """How the two effects are put together; `spencer` also reads the chances p."""

    henry: Callable[[_Fit], float]
    spencer: Callable[[_Fit, Numbers], float]
    text: str


def _henry(fit: _Fit) -> float:
    return fit.share**2 / len(fit.w) * float((fit.w**2 * fit.e**2).sum()) / covariance(fit.y, fit.y, fit.w)


def _spencer(fit: _Fit, p: Numbers) -> float:
    spread, kish = covariance(fit.y, fit.y, fit.w), weight_effect(fit.w)
    left = covariance(fit.e, fit.e, fit.w)
    cross = covariance(fit.e**2, fit.w, fit.w) + 2 * fit.intercept * covariance(fit.e, fit.w, fit.w)
    return (fit.intercept**2 * (kish - 1) + kish * left + fit.share * cross) / spread


def _practools_henry(fit: _Fit) -> float:
    """With u = a + e, σ_u stands where the paper has σ(u²), which is of another unit."""
    u, larger = fit.intercept + fit.e, len(fit.w) / (len(fit.w) - 1)
    spread, of_u, of_square = (larger * covariance(z, z, fit.w) for z in (fit.y, u, u**2))
    scale = (of_u / of_square) ** 0.5 if of_square > 0 else 0.0
    second = covariance(u**2, fit.w, fit.w) * scale - 2 * fit.intercept * covariance(u, fit.w, fit.w)
    return (weight_effect(fit.w) * of_u + fit.share * second) / spread


def _practools_spencer(fit: _Fit, p: Numbers) -> float:
    """The term in cov(e, w) is lost to a line that begins with a plus sign; ρ²(y,p) is too small by ((n − 1)/n)²."""
    n, kish = len(fit.w), weight_effect(fit.w)
    spread, size = (covariance(z, z, fit.w) for z in (fit.y, p))
    fitted = ((n - 1) / n * covariance(fit.y, p, fit.w)) ** 2 / (spread * size)
    rest = fit.intercept**2 * (kish - 1) + fit.share * covariance(fit.e**2, fit.w, fit.w)
    return kish * (1 - fitted) + (n - 1) / n * rest / spread


FORMS = {
    "paper": Form(_henry, _spencer, "两篇论文的公式（默认）"),
    "practools": Form(_practools_henry, _practools_spencer, "R PracTools 1.7.5 deffH、deffS 的写法，有误（仅供对照）"),
}


def henry_effect(w: ArrayLike, y: ArrayLike, x: ArrayLike, form: str = "paper") -> float:
    """Return the design effect of a total that was calibrated on covariates: the gain of calibration counts too.

    deff = deff_K·σ_u²/σ_y² + n·σ_w/(N·σ_y²)·[ρ(u²,w)·σ(u²) − 2a·ρ(u,w)·σ_u], u = a + e, which is n·Σw²e²/(N²σ_y²).

    Parameters
    ----------
    w : array, shape (n,)
        Weights before calibration (inverse chances), > 0.
    y : array, shape (n,)
        What is totalled.
    x : array, shape (n,) or (n, k)
        Covariates of the calibration, without the constant.
    form : str
        A name of `FORMS`. "practools" gives the number of R PracTools 1.7.5, which depends on the unit of y.

    Raises
    ------
    EstimateError
        Arrays of unequal length or not finite, a weight that is not positive, collinear covariates, y all equal,
        an unknown form.

    References
    ----------
    Henry & Valliant 2015, Survey Methodology 41:315–331 (the formula from memory; it is the variance of a generalised
    regression estimator with an intercept under sampling with replacement, Σ_U w e², over N²σ_y²/n).

    Examples
    --------
    >>> w, y, x = [4., 4, 9, 9, 2, 2], [3., 5, 9, 8, 2, 3], [1., 2, 4, 4, 1, 1]
    >>> round(henry_effect(w, y, x), 6), round(henry_effect(w, [value / 10 for value in y], x), 6)
    (0.045154, 0.045154)
    """
    how = _form(form)
    weights, answers, covariates = columns(w, y=y, x=x)
    return float(how.henry(_fitted(weights, answers, covariates)))


def spencer_effect(p: ArrayLike, w: ArrayLike, y: ArrayLike, form: str = "paper") -> float:
    """Return the design effect of a total under selection with chances proportional to size.

    deff = a²(deff_K − 1)/σ_y² + deff_K(1 − ρ²(y,p)) + n·ρ(e²,w)σ(e²)σ_w/(N σ_y²) + 2a·n·ρ(e,w)σ_eσ_w/(N σ_y²), from the
    regression of y on p: below 1 where y follows the size, 0 where it is proportional to it.

    Parameters
    ----------
    p : array, shape (n,)
        Chance of each unit in one draw (size over the total of sizes), > 0.
    w : array, shape (n,)
        Weights, 1/(n·p) by design, > 0.
    y : array, shape (n,)
    form : str
        A name of `FORMS`. "practools" gives the number of R PracTools 1.7.5, which lacks the last term.

    Raises
    ------
    EstimateError
        As `henry_effect`; a chance that is not positive.

    References
    ----------
    Spencer 2000, Survey Methodology 26:137–138; Park & Lee 2004, Survey Methodology 30:183 (both from memory; with
    w = 1/(np) the four terms add up to the variance of sampling with replacement, Σ_U w y² − Y²/n, over N²σ_y²/n).

    Examples
    --------
    >>> p = [.02, .02, .05, .05, .01, .03]
    >>> round(spencer_effect(p, [1 / (6 * each) for each in p], [21., 19, 52, 47, 11, 30]), 6)
    0.009289
    """
    how = _form(form)
    weights, answers, chance = columns(w, y=y, p=p)
    if (chance <= 0).any():
        raise EstimateError(f"p 中有 {chance.min():g}｜一次抽取的概率应大于 0｜改正后重试")
    return float(how.spencer(_fitted(weights, answers, chance), chance[:, 0]))


def _form(form: str) -> Form:
    return one_of("form", form, FORMS, EstimateError, "写法")


def _fitted(w: Numbers, y: Numbers, x: Numbers) -> _Fit:
    coefficients = regress(x, y[:, 0], w)
    e = y[:, 0] - coefficients[0] - x @ coefficients[1:]
    return _Fit(w, y[:, 0], float(coefficients[0]), e)
