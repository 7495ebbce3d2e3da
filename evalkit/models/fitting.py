"""Fits of generalised linear models by statsmodels, and their linearised scores."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import expit

from evalkit.errors import EstimateError
from evalkit.later import later
from evalkit.models.formula import Form
from evalkit.models.outcome import Words
from evalkit.variances import Floats

linear = later("statsmodels.genmod.generalized_linear_model")
families = later("statsmodels.genmod.families")
STEPS = 60  # of the fit; a fit that exists takes about ten
SAME = 1e-8  # relative change of the coefficients at which the fit stops; its error is then the square of that
MELTED = 1e-7  # information on a coefficient, as a share of what the same rows tell in a linear model
EDGE = 1e-6  # a fitted value this near to 0 (or 1) shows why a fit has no end


@dataclass(frozen=True)
class Family:
    """A distribution with its canonical link, so that dμ/dη = V(μ).

    Attributes
    ----------
    model : str
        Name in `statsmodels.genmod.families`.
    mean : callable
        μ from the linear predictor η.
    slope : callable
        dμ/dη from μ.
    begin : callable
        First μ from the response and the weights (of mean 1), as R's `glm` begins.
    within : (float, float)
        Range of the response.
    """

    model: str
    mean: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    begin: Callable[[Floats, Floats], Floats]
    within: tuple[float, float]
    text: Words


FAMILIES: dict[str, Family] = {
    "gaussian": Family("Gaussian", np.asarray, np.ones_like, lambda y, w: y, (-np.inf, np.inf), Words("线性回归", "linear regression")),
    "binomial": Family(
        "Binomial", expit, lambda mu: mu * (1 - mu), lambda y, w: (w * y + 0.5) / (w + 1), (0.0, 1.0),
        Words("逻辑斯蒂回归", "logistic regression"),
    ),
    "poisson": Family("Poisson", np.exp, np.asarray, lambda y, w: y + 0.1, (0.0, np.inf), Words("泊松回归", "Poisson regression")),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients, and the working weight w·(dμ/dη)²/V(μ) of each row that the information is made of."""

    beta: Floats
    working: Floats


def fitted(how: Family, form: Form, weights: Floats, tolerance: float | None = None, start: Floats | None = None) -> Fit:
    """Return the weighted fit.

    Parameters
    ----------
    how : Family
    form : Form
    weights : (n,) float array
        Weights ≥ 0 of the rows of the form.
    tolerance : float, optional
        Stop as R's `glm` does, when |D − D'| < tolerance (|D| + 0.1) for the deviance D, with the working weights of the
        last step; without it the coefficients have to stand still.
    start : (p,) float array, optional
        Coefficients to begin with: a replicate begins where the whole sample ended.

    Raises
    ------
    EstimateError
        When the fit has no end, with the reason.
    """
    used = weights > 0
    scale = float(weights[used].mean())
    y, x, w = form.y[used], form.x[used], weights[used] / scale
    family: Any = getattr(families, how.model)()
    family.starting_mu = lambda response: how.begin(response, w)
    model = linear.GLM(y, x, family=family, freq_weights=w)
    slack = 0.1 * (1.0 if start is None else float(w.sum()))  # R's replicates have weights that add up to 1
    stop = {"tol_criterion": "params", "atol": 1e-12, "rtol": SAME}
    if tolerance is not None:
        stop = {"tol_criterion": "deviance", "atol": tolerance * slack, "rtol": tolerance}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a fit without end is refused below, in our own words
        try:
            found = model.fit(start_params=start, maxiter=STEPS, scale=1.0, **stop)
        except (ValueError, np.linalg.LinAlgError):
            raise EstimateError(f"公式 {form.formula}：拟合中断｜各列的量级应相近、数值应正常｜缩放极大的列后重试") from None
    beta = np.asarray(found.params, dtype=float)
    now = np.asarray(model.weights) if tolerance is not None else w * how.slope(how.mean(x @ beta))
    if not (found.converged and bool(np.isfinite(beta).all()) and _told(x, w, now)):
        _explain(how, form, how.mean(x @ beta))
    working = np.zeros(len(weights))
    working[used] = scale * now
    return Fit(beta, working)


def _told(x: Floats, weights: Floats, working: Floats) -> bool:
    """Say whether the rows tell every coefficient: the information on one that runs away melts from step to step."""
    before, after = (np.diag(np.linalg.qr(x * np.sqrt(part)[:, None], mode="r")) for part in (weights, working))
    return bool((after**2 > MELTED * before**2).all())


def _explain(how: Family, form: Form, mu: Floats) -> None:
    """Say why a fit has no end."""
    low, high = how.within
    if bool(((mu < low + EDGE) | (mu > high - EDGE)).any()):
        what = "某类或某种组合中因变量全为 0（或全为 1），系数趋于无穷"
        raise EstimateError(f"公式 {form.formula}：拟合不收敛，{what}｜各类中因变量应有变化｜合并类别或去掉该项")
    raise EstimateError(f"公式 {form.formula}：{STEPS} 步内拟合不收敛｜各列的量级应相近｜缩放极大的列，或去掉近乎重复的项")


def scores(how: Family, form: Form, weights: Floats, fit: Fit) -> Floats:
    """Return u = A⁻¹ x (y − μ)(dμ/dη)/V(μ) by row of the survey, 0 outside the domain.

    A = Σ working x x' is taken apart as QR of √working·x, which keeps the digits that forming A would lose.
    """
    mu = how.mean(form.x @ fit.beta)
    upper = np.linalg.qr(form.x * np.sqrt(fit.working)[:, None], mode="r")
    inverse = solve_triangular(upper, np.eye(len(upper)))
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = np.where(weights > 0, (form.y - mu) / how.slope(mu) * fit.working / weights, 0.0)
    found = np.zeros((len(form.rows), len(fit.beta)))
    found[form.rows] = ((form.x @ inverse) * pull[:, None]) @ inverse.T
    return found
