"""The variance between areas of the Fay–Herriot model: three ways to estimate it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError, one_of

Numbers = NDArray[np.float64]
CLOSE = 1e-12  # of the variance between areas, relative
ITERATIONS = 500


@dataclass(frozen=True, eq=False)
class State:
    """The model at one value of A."""

    a: float
    inverse: Numbers  # 1/(A + D)
    beta: Numbers
    covariance: Numbers  # (X'V⁻¹X)⁻¹
    residual: Numbers
    loss: Numbers  # X'V⁻²X


@dataclass(frozen=True)
class Method:
    """One way to estimate the variance between areas.

    `step` gives the next move of A, `likelihood` what must not fall, `spread` the asymptotic variance of the
    estimated A and `bias` its asymptotic bias, which the mean squared error is corrected for.
    """

    step: Callable[[State, Numbers], float]
    likelihood: Callable[[State], float] | None
    spread: Callable[[State], float]
    bias: Callable[[State], float]
    text: str


def state_at(y: Numbers, x: Numbers, d: Numbers, a: float) -> State:
    inverse = 1 / (a + d)
    scaled = x * inverse[:, None]
    covariance: Numbers = np.linalg.inv(scaled.T @ x).astype(np.float64)
    beta = covariance @ (scaled.T @ y)
    return State(a, inverse, beta, covariance, y - x @ beta, scaled.T @ scaled)


def _ml_step(s: State, x: Numbers) -> float:
    squares = float(((s.inverse * s.residual) ** 2).sum())
    return (squares - float(s.inverse.sum())) / float((s.inverse**2).sum())


def _reml_step(s: State, x: Numbers) -> float:
    """(y'PPy − tr P)/tr(PP), P = V⁻¹ − V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹."""
    lost = s.covariance @ s.loss
    cubes = s.covariance @ ((x * s.inverse[:, None] ** 3).T @ x)
    trace = float(s.inverse.sum() - np.trace(lost))
    square = float((s.inverse**2).sum() - 2 * np.trace(cubes) + np.trace(lost @ lost))
    return (float(((s.inverse * s.residual) ** 2).sum()) - trace) / square


def _fh_step(s: State, x: Numbers) -> float:
    """Newton's step towards Σ(y − x'β)²/(A + D) = m − p; the sum falls and is convex in A."""
    excess = float((s.inverse * s.residual**2).sum()) - (len(x) - x.shape[1])
    slope = float(((s.inverse * s.residual) ** 2).sum())
    return excess / slope if slope > 0 else -s.a


def log_likelihood(s: State) -> float:
    return float(0.5 * (np.log(s.inverse / (2 * math.pi)).sum() - (s.inverse * s.residual**2).sum()))


def _reml_likelihood(s: State) -> float:
    return log_likelihood(s) + 0.5 * float(np.linalg.slogdet(s.covariance)[1])


def _likelihood_spread(s: State) -> float:
    return 2 / float((s.inverse**2).sum())


def _fh_spread(s: State) -> float:
    return 2 * len(s.inverse) / float(s.inverse.sum()) ** 2


def _ml_bias(s: State) -> float:
    return -float(np.trace(s.covariance @ s.loss)) / float((s.inverse**2).sum())


def _fh_bias(s: State) -> float:
    total, square, m = float(s.inverse.sum()), float((s.inverse**2).sum()), len(s.inverse)
    return 2 * (m * square - total**2) / total**3


METHODS: dict[str, Method] = {
    "reml": Method(_reml_step, _reml_likelihood, _likelihood_spread, lambda s: 0.0, "受限极大似然（默认）"),
    "ml": Method(_ml_step, log_likelihood, _likelihood_spread, _ml_bias, "极大似然"),
    "fh": Method(_fh_step, None, _fh_spread, _fh_bias, "Fay–Herriot 的矩方程"),
}


def named(method: str) -> Method:
    return one_of("method", method, METHODS, EstimateError, "方法")


def solve(how: Method, y: Numbers, x: Numbers, d: Numbers) -> tuple[State, int]:
    """Return the model at the estimated A ≥ 0: scoring (Newton for fh) quickened by secants, halved where the likelihood would fall."""
    scale = float(np.median(d))
    state, before = state_at(y, x, d, scale), (math.nan, math.nan)
    for at in range(1, ITERATIONS + 1):
        step = how.step(state, x)
        new = state_at(y, x, d, max(state.a + _move(state.a, step, *before), 0.0))
        if how.likelihood is not None:
            new = _not_below(how.likelihood, state, new, (y, x, d))
        if abs(new.a - state.a) <= CLOSE * (new.a + 1e-3 * scale):
            return _or_none(how, new, (y, x, d)), at
        state, before = new, (state.a, step)
    raise EstimateError(f"{ITERATIONS} 步后方差仍未收敛（A = {state.a:g}）｜区域太少或方差悬殊｜换一种 method：{'、'.join(METHODS)}")


def _move(a: float, step: float, earlier: float, earlier_step: float) -> float:
    """Return the secant's move to where the step is 0: scoring alone swings where the observed information is twice the expected."""
    slope = (step - earlier_step) / (a - earlier) if a != earlier else math.nan
    return max(-10 * abs(step), min(-step / slope, 10 * abs(step))) if slope < 0 else step


def _not_below(likelihood: Callable[[State], float], old: State, new: State, data: tuple[Numbers, Numbers, Numbers]) -> State:
    floor = likelihood(old)
    for _ in range(40):
        if likelihood(new) >= floor - 1e-11 * abs(floor):
            return new
        new = state_at(*data, (old.a + new.a) / 2)
    return new


def _or_none(how: Method, found: State, data: tuple[Numbers, Numbers, Numbers]) -> State:
    """A likelihood may have a second top at A = 0: take the higher."""
    if how.likelihood is None or found.a == 0:
        return found
    none = state_at(*data, 0.0)
    return none if how.likelihood(none) > how.likelihood(found) else found
