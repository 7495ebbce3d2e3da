"""Variance from the values of replicates."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError
from evalkit.variances import Floats

Centre = Literal["mean", "estimate"]
MISSING = ("fail", "drop")


def variance(
    values: ArrayLike,
    scale: float,
    rscales: ArrayLike,
    centre: str = "mean",
    estimate: ArrayLike | None = None,
    missing: str = "fail",
) -> Floats:
    """Return scale · Σ_r rscales_r (θ_r − centre)² of each column.

    Parameters
    ----------
    values : array, shape (R, k)
        θ of every replicate.
    scale : float
    rscales : array, shape (R,)
    centre : {"mean", "estimate"}
        The plain mean of the replicates with rscales above 0, as R survey does, or `estimate` (R's ``mse = TRUE``).
    estimate : array, shape (k,), optional
        θ of the full sample.
    missing : {"fail", "drop"}
        What to do with a replicate that has no value in a column: refuse, or leave it out there (R's ``na.omit``).

    Returns
    -------
    (k,) float array
        0 without replicates: then all of the population is in the sample.

    Raises
    ------
    EstimateError
        Missing values under "fail", columns without any value, an unknown centre or rule, lengths that differ.

    Examples
    --------
    >>> variance([[1.0], [2.0], [6.0]], 0.5, [1.0, 1.0, 1.0]).tolist()
    [7.0]
    """
    theta, weight, middle = _checked(values, rscales, centre, estimate, missing)
    known = np.isfinite(theta)
    if not known.all():
        _refuse_none(known, "有一列在所有各套中都没有值｜至少应有一套｜检查这一列的域是否为空")
    middle = _mean(theta, known, weight) if middle is None else middle
    away = np.where(known, theta - middle, 0.0)
    return np.asarray(scale * np.einsum("r,rk,rk->k", weight, away, away))


def covariance(
    values: ArrayLike,
    scale: float,
    rscales: ArrayLike,
    centre: str = "mean",
    estimate: ArrayLike | None = None,
    missing: str = "fail",
) -> Floats:
    """Return scale · Σ_r rscales_r (θ_r − centre)(θ_r − centre)', (k, k).

    Parameters
    ----------
    values, scale, rscales, centre, estimate
        As for `variance`.
    missing : {"fail", "drop"}
        Under "drop" a replicate without a value in some column is left out altogether, as R survey does.

    Raises
    ------
    EstimateError
        As for `variance`.

    Examples
    --------
    >>> covariance([[1.0, 0.0], [3.0, 1.0]], 1.0, [1.0, 1.0]).tolist()
    [[2.0, 1.0], [1.0, 0.5]]
    """
    theta, weight, middle = _checked(values, rscales, centre, estimate, missing)
    known: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(theta), axis=1)
    if not known.all():
        _refuse_none(known[:, None], "没有一套在各列都有值｜协方差至少要有一套｜合并小域，或只要各列的方差（.se）")
        theta, weight = theta[known], weight[known]
    middle = _mean(theta, np.ones(theta.shape, dtype=bool), weight) if middle is None else middle
    away = (theta - middle) * np.sqrt(scale * weight)[:, None]
    return np.asarray(away.T @ away)


def _checked(
    values: ArrayLike, rscales: ArrayLike, centre: str, estimate: ArrayLike | None, missing: str
) -> tuple[Floats, Floats, Floats | None]:
    """Return values, rscales and the estimate where it is the centre."""
    theta, weight = np.asarray(values, dtype=np.float64), np.asarray(rscales, dtype=np.float64)
    if theta.ndim != 2 or weight.shape != theta.shape[:1]:
        raise EstimateError(f"各套的值 {theta.shape}、rscales {weight.shape}｜应每套一行、各一个 rscales｜对齐二者")
    if centre not in ("mean", "estimate"):
        raise EstimateError(f"centre = {centre!r}｜没有这种中心｜可用：\"mean\"（各套的均值）、\"estimate\"（全样本的估计）")
    if missing not in MISSING:
        raise EstimateError(f"missing = {missing!r}｜没有这种规则｜可用：\"fail\"（报错）、\"drop\"（略去没有值的那几套）")
    lost = ~np.isfinite(theta).all(axis=1)
    if missing == "fail" and bool(lost.any()):
        found = f"{int(lost.sum())} 套（首见于第 {int(np.argmax(lost)) + 1} 套）没有值"
        raise EstimateError(f"{found}｜各套都应有值；小域可能在某套中无人入选｜合并小域，换 fay 或 beaumont-emond，或写 missing=\"drop\"")
    if centre == "mean":
        return theta, weight, None
    if estimate is None or np.shape(estimate) != theta.shape[1:]:
        raise EstimateError(f"centre=\"estimate\" 缺 estimate 或列数不合｜应有 {theta.shape[1]} 个全样本的估计｜写 estimate=")
    return theta, weight, np.asarray(estimate, dtype=np.float64)


def _refuse_none(known: NDArray[np.bool_], told: str) -> None:
    if not np.logical_or.reduce(known, axis=0).all():
        raise EstimateError(told)


def _mean(theta: Floats, known: NDArray[np.bool_], weight: Floats) -> Floats:
    used = known & (weight > 0)[:, None]
    return np.asarray(np.where(used, theta, 0.0).sum(axis=0) / np.maximum(used.sum(axis=0), 1))
