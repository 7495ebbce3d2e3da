"""Area means by the Fay–Herriot model: description of areas, never a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, Faults, places
from evalkit.smallareas.methods import Numbers, log_likelihood, named, solve


@dataclass(frozen=True, eq=False)
class AreaFit:
    """A fitted Fay–Herriot model: description of areas, never a verdict.

    Attributes
    ----------
    eblup : (areas,) float array
        γy + (1 − γ)x'β.
    mse : (areas,) float array
        Estimated mean squared error, g₁ + g₂ + 2g₃ − bias·(1 − γ)². With few areas the correction of "fh" can turn it negative.
    gamma : (areas,) float array
        Weight of the direct estimate.
    beta, beta_se : (covariates,) float array
        Coefficients, the constant first, and their standard errors for A known.
    refvar : float
        Variance between areas A; 0 when the direct estimates differ by no more than their own variances.
    iterations : int
    loglik, aic, bic : float
        Log-likelihood at (β, A) (not the restricted one), −2l + 2(p + 1), −2l + (p + 1)·log m.
    method : str
        Name of `METHODS` that found A.
    constant : bool
        Whether the model has a constant.
    covariance : (covariates, covariates) float array
        (X'V⁻¹X)⁻¹, that of β for A known.
    """

    eblup: Numbers
    mse: Numbers
    gamma: Numbers
    beta: Numbers
    beta_se: Numbers
    refvar: float
    iterations: int
    loglik: float
    aic: float
    bic: float
    method: str
    constant: bool
    covariance: Numbers

    def __post_init__(self) -> None:
        for array in (self.eblup, self.mse, self.gamma, self.beta, self.beta_se, self.covariance):
            array.flags.writeable = False

    def synthetic(self, x: ArrayLike) -> tuple[Numbers, Numbers]:
        """Return x'β and its mean squared error A + x'(X'V⁻¹X)⁻¹x for areas without a sample.

        Parameters
        ----------
        x : array, shape (new areas,) or (new areas, k)
            Covariates as given to the fit, without the constant.
        """
        columns = design_matrix(np.asarray(x, dtype=float), len(np.asarray(x)), self.constant)
        if columns.shape[1] != len(self.beta):
            raise EstimateError(f"x 有 {columns.shape[1]} 列（连常数项）｜模型有 {len(self.beta)} 个系数｜给出与拟合时相同的自变量")
        return columns @ self.beta, self.refvar + ((columns @ self.covariance) * columns).sum(axis=1)


def fay_herriot(y: ArrayLike, x: ArrayLike | None, variances: ArrayLike, method: str = "reml", *, constant: bool = True) -> AreaFit:
    """Return empirical best predictors of area means. They describe areas; they must never feed a county's verdict.

    Parameters
    ----------
    y : array, shape (areas,)
        Direct estimates.
    x : array, shape (areas,) or (areas, k), or None
        Covariates without the constant; None for the common mean alone.
    variances : array, shape (areas,)
        Sampling variances of the direct estimates, > 0, taken as known (smooth estimated ones first).
    method : str
        A name of `METHODS`.
    constant : bool
        Whether the model has a constant.

    Raises
    ------
    EstimateError
        Arrays of unequal length or not finite, a variance that is not positive, too few areas, collinear
        covariates, an unknown method, no convergence.

    Notes
    -----
    g₁ = γD, g₂ = (1 − γ)²x'(X'V⁻¹X)⁻¹x, g₃ = (1 − γ)²·var(A)/(A + D). The variance A is solved to the last digits; R sae
    stops at a relative step of 1e-4, where its A is right to five digits. Small areas with A = 0 get x'β alone.

    References
    ----------
    Fay & Herriot 1979, JASA 74:269; Prasad & Rao 1990, JASA 85:163 and Datta & Lahiri 2000, Statistica Sinica 10:613 for
    reml and ml; Datta, Rao & Smith 2005, Biometrika 92:183 for fh. Numbers of R sae, `mseFH`.

    Examples
    --------
    >>> seen = fay_herriot([1.1, .9, 1.4, .7, 1.2], None, [.02, .01, .04, .02, .03])
    >>> round(seen.refvar, 6), seen.eblup.round(4).tolist()
    (0.04227, [1.0783, 0.9253, 1.2213, 0.8068, 1.1304])
    """
    how = named(method)
    direct, columns, d = checked(y, x, variances, constant)
    state, iterations = solve(how, direct, columns, d)
    gamma = state.a * state.inverse
    left = 1 - gamma
    leverage = ((columns @ state.covariance) * columns).sum(axis=1)
    mse = gamma * d + left**2 * (leverage + 2 * how.spread(state) * state.inverse - how.bias(state))
    loglik, parameters = log_likelihood(state), columns.shape[1] + 1
    return AreaFit(
        eblup=direct - left * state.residual, mse=mse, gamma=gamma,
        beta=state.beta, beta_se=np.sqrt(np.diag(state.covariance)), refvar=state.a, iterations=iterations,
        loglik=loglik, aic=2 * parameters - 2 * loglik, bic=parameters * math.log(len(d)) - 2 * loglik,
        method=method, constant=constant, covariance=state.covariance,
    )  # fmt: skip


def design_matrix(x: Numbers | None, areas: int, constant: bool) -> Numbers:
    ones = np.ones((areas, int(constant)))
    return ones if x is None else np.column_stack([ones, x])


def checked(y: ArrayLike, x: ArrayLike | None, variances: ArrayLike, constant: bool) -> tuple[Numbers, Numbers, Numbers]:
    direct, d, faults = np.asarray(y, dtype=float), np.asarray(variances, dtype=float), Faults("小区域估计")
    areas = direct.size
    given = None if x is None else np.asarray(x, dtype=float)
    for name, each in (("y", direct), ("variances", d)):
        if each.shape != (areas,):
            faults.add(None, name, f"形状 {each.shape}", f"应为等长的一维数组，{areas} 个区域各一个", "没有样本的区域用 synthetic")
        elif not np.isfinite(each).all():
            faults.add(None, name, places(~np.isfinite(each)), "应为有限的数", "没有样本的区域用 synthetic")
    if (d <= 0).any():
        faults.add(None, "variances", places(d.ravel() <= 0), "抽样方差应大于 0", "零方差先平滑，或用 fay_herriot_arcsine")
    if given is not None:
        _covariates(faults, given, areas)
    faults.refuse(EstimateError)
    columns = design_matrix(given, areas, constant)
    rank = int(np.linalg.matrix_rank(columns / np.maximum(np.abs(columns).max(axis=0), 1e-300))) if columns.size else 0
    if not 0 < columns.shape[1] < areas or rank < columns.shape[1]:
        found = f"{areas} 个区域，{columns.shape[1]} 列自变量（连常数项），秩 {rank}"
        raise EstimateError(f"{found}｜区域应多于自变量，各列线性无关｜减少自变量")
    return direct, columns, d


def _covariates(faults: Faults, x: Numbers, areas: int) -> None:
    """Note covariates that are not a row of finite numbers an area."""
    if x.ndim not in (1, 2) or len(x) != areas:
        faults.add(None, "x", f"形状 {x.shape}", f"应有 {areas} 行，每个区域一行", "对齐区域")
    elif not np.isfinite(x).all():
        bad = np.asarray(~np.isfinite(x).reshape(areas, -1).all(axis=1))
        faults.add(None, "x", f"{places(bad)}区域", "应为有限的数", "补全自变量")
