"""Operators on scores: derivatives of what the steps do, projections, R's sweeps, and variances that come true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.calibration import CellProjection, MatrixProjection, RakedProjection, Redistribution, fit, poststratify, rake

N = 60


def sample(seed: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """Return three classifications, a numeric column, weights and a variable."""
    rng = np.random.default_rng(seed)
    codes = [np.concatenate([np.arange(size), rng.integers(0, size, N - size)]) for size in (2, 3, 4)]
    return codes, rng.gamma(3, 10, N), rng.uniform(5, 50, N), rng.normal(20, 5, N)


def dummies(codes: list[np.ndarray]) -> np.ndarray:
    return np.column_stack([(code[:, None] == np.arange(code.max() + 1)).astype(float) for code in codes])


def derivative(total: Callable[[np.ndarray], float], d: np.ndarray) -> np.ndarray:
    """Return d times the derivative of a total by each weight."""
    found = np.empty(len(d))
    for at, step in enumerate(1e-5 * d):
        up, down = d.copy(), d.copy()
        up[at] += step
        down[at] -= step
        found[at] = d[at] * (total(up) - total(down)) / (2 * step)
    return found


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_linear_calibration_pulls_the_derivative(seed: int) -> None:
    codes, size, d, y = sample(seed)
    x = np.column_stack([np.ones(N), size, codes[0] == 1]).astype(float)
    totals = d @ x * [1.1, 1.2, 0.9]
    w = d * fit(x, d, totals).g
    numeric = derivative(lambda each: float((each * fit(x, each, totals).g) @ y), d)
    assert MatrixProjection(x, d, w).pull(w * y) == pytest.approx(numeric, rel=1e-5, abs=1e-4)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_poststrata_pull_the_derivative(seed: int) -> None:
    codes, _, d, y = sample(seed)
    totals = np.bincount(codes[2], weights=d) * [1.2, 0.8, 1.1, 1.0]
    w = d * poststratify(codes[2], d, totals).g
    numeric = derivative(lambda each: float((each * poststratify(codes[2], each, totals).g) @ y), d)
    assert CellProjection(codes[2], d, w).pull(w * y) == pytest.approx(numeric, rel=1e-6, abs=1e-4)


def handed(d: np.ndarray, cells: np.ndarray, giver: np.ndarray, taker: np.ndarray) -> np.ndarray:
    given, taken = (np.bincount(cells, weights=d * mask) for mask in (giver, taker))
    return np.where(taker, d * (1 + given / taken)[cells], np.where(giver, 0.0, d))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_redistribution_pulls_the_derivative(seed: int) -> None:
    """Rows of all three kinds: takers, givers and rows that keep their weight; those without an answer have no y."""
    codes, _, d, y = sample(seed)
    kind = np.concatenate([[0, 0, 0, 0, 1, 1, 2, 2], np.random.default_rng(seed).choice(3, N - 8, p=[0.6, 0.3, 0.1])])
    cells = np.concatenate([[0, 1, 2, 3], codes[2][4:]])
    giver, taker = kind == 1, kind == 0
    w = handed(d, cells, giver, taker)
    scores = np.where(giver, 0.0, w * y)
    numeric = derivative(lambda each: float(handed(each, cells, giver, taker) @ y), d)
    pulled = Redistribution(cells, giver, taker, d, w).pull(scores)
    assert pulled == pytest.approx(numeric, rel=1e-6, abs=1e-4)
    assert pulled.sum() == pytest.approx(scores.sum(), rel=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_three_ways_to_project_agree(seed: int) -> None:
    codes, _, d, y = sample(seed)
    w = d * np.random.default_rng(seed).uniform(0.5, 2, N)
    s = w * y
    assert CellProjection(codes[2], d, w).pull(s) == pytest.approx(MatrixProjection(dummies(codes[2:]), d, w).pull(s), abs=1e-8)
    assert RakedProjection(codes, d, w).pull(s) == pytest.approx(MatrixProjection(dummies(codes), d, w).pull(s), abs=1e-8)


def test_a_projection_takes_the_columns_away_and_does_nothing_twice() -> None:
    codes, size, d, y = sample(7)
    x = np.column_stack([dummies(codes), size])
    w = d * fit(x, d, d @ x * 1.1, method="raking").g
    once = MatrixProjection(x, d, w).pull(w * y)
    assert (d / w * once) @ x == pytest.approx(np.zeros(10), abs=1e-7)
    assert MatrixProjection(x, d, w).pull(once) == pytest.approx(once, abs=1e-9)
    assert MatrixProjection(x, d, w).pull(w * (x @ np.arange(10.0))) == pytest.approx(np.zeros(N), abs=1e-8)


def test_model_variances_weigh_the_regression() -> None:
    _, size, d, y = sample(8)
    x, q, w = np.column_stack([np.ones(N), size]), 1 / size, d * 1.3
    beta = np.linalg.solve((x * (d * q)[:, None]).T @ x, (x * (d * q)[:, None]).T @ y)
    assert MatrixProjection(x, d, w, q).pull(w * y) == pytest.approx(w * (y - x @ beta), rel=1e-9)


def test_rs_sweeps_are_plain_means_taken_away_in_turn() -> None:
    codes, _, d, y = sample(9)
    w = d * np.random.default_rng(9).uniform(0.5, 2, N)
    rest = y.copy()
    for _ in range(10):
        for code in codes:
            rest -= (np.bincount(code, weights=rest) / np.bincount(code))[code]
    assert RakedProjection(codes, d, w, sweeps=10).pull(w * y) == pytest.approx(w * rest, abs=1e-9)
    many = RakedProjection(codes, d, w, sweeps=500).pull(w * y)
    assert many == pytest.approx(MatrixProjection(dummies(codes), np.ones(N), w).pull(w * y), abs=1e-8)


PROJECTIONS: dict[str, Callable[[list[np.ndarray], np.ndarray, np.ndarray], object]] = {
    "cells": lambda codes, d, w: CellProjection(codes[2], d, w),
    "matrix": lambda codes, d, w: MatrixProjection(dummies(codes), d, w),
    "raked": lambda codes, d, w: RakedProjection(codes, d, w),
    "sweeps": lambda codes, d, w: RakedProjection(codes, d, w, 10),
    "handed": lambda codes, d, w: Redistribution(codes[1], w == 0, (w > 0) & (codes[0] == 1), d, w),
}


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_several_columns_at_once_and_rows_without_weight(kind: str) -> None:
    codes, size, d, y = sample(10)
    w = np.where(np.arange(N) % 7 == 6, 0.0, d * 1.2)
    step = PROJECTIONS[kind](codes, d, w)
    scores = np.column_stack([w * y, w * size])
    both = step.pull(scores)
    assert both.shape == (N, 2) and np.isfinite(both).all()
    assert both[:, 1].tolist() == step.pull(scores[:, 1]).tolist()
    if kind not in ("handed",):
        kept = w > 0
        alone = PROJECTIONS[kind]([code[kept] for code in codes], d[kept], w[kept]).pull(scores[kept, 0])
        assert both[kept, 0] == pytest.approx(alone, abs=1e-9) and not both[~kept].any()


@pytest.mark.parametrize("how", ["linear", "poststratify", "rake"])
def test_variances_from_residuals_come_true(how: str) -> None:
    """Simple random samples of 150 of 1,500: the estimate is nearly unbiased and the estimated variance near the true one."""
    rng = np.random.default_rng(31)
    size, n, draws = 1500, 150, 500
    a, b, v = rng.integers(0, 3, size), rng.integers(0, 2, size), rng.gamma(4, 5, size)
    y = 5 * a - 8 * b + v + rng.normal(0, 6, size)
    x = np.column_stack([np.ones(size), v, b])
    totals, of_a, of_b = x.sum(axis=0), np.bincount(a).astype(float), np.bincount(b).astype(float)
    found, variance = np.empty(draws), np.empty(draws)
    for at in range(draws):
        s = rng.permutation(size)[:n]
        d = np.full(n, size / n)
        if how == "linear":
            w = d * fit(x[s], d, totals).g
            z = MatrixProjection(x[s], d, w).pull(w * y[s])
        elif how == "poststratify":
            w = d * poststratify(a[s], d, of_a).g
            z = CellProjection(a[s], d, w).pull(w * y[s])
        else:
            w = d * rake([a[s], b[s]], d, [of_a, of_b]).g
            z = RakedProjection([a[s], b[s]], d, w).pull(w * y[s])
        found[at] = w @ y[s]
        variance[at] = (1 - n / size) * n / (n - 1) * ((z - z.mean()) ** 2).sum()
    true = found.var(ddof=1)
    assert abs(found.mean() - y.sum()) < 3 * np.sqrt(true / draws)
    assert abs(variance.mean() / true - 1) < 3 * np.sqrt(2 / draws) + 0.02
    assert variance.mean() < 0.95 * (1 - n / size) * size**2 * y.var(ddof=1) / n
