"""Small areas: worked numbers, closed forms of equal variances, the likelihoods themselves, and mean squared errors by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.integrate import quad
from scipy.special import betaln, gammaln
from scipy.stats import norm

from evalkit import smallareas
from evalkit.errors import EstimateError
from evalkit.smallareas import METHODS, arcsine_mse, fay_herriot, fay_herriot_arcsine, shrunken_shares

N_EFF, SHARES = (300, 300, 150, 400, 250), (0.004, 0.03, 0, 0.01, 0.006)
X = np.array([0.3, 1.2, 0.8, 2.1, 1.7, 0.1, 2.9, 1.4, 0.6, 2.4])
Y = np.array([2.3, 1.7, 2.9, 4.1, 5.2, -0.7, 7.6, 2.0, 3.3, 5.0])
D = np.array([0.21, 0.1, 0.35, 0.12, 0.4, 0.18, 0.25, 0.08, 0.3, 0.15])

worlds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def likelihood(a: float, y: np.ndarray, x: np.ndarray, d: np.ndarray, restricted: bool) -> float:
    v = np.diag(1 / (a + d))
    design = np.column_stack([np.ones(len(y)), x])
    information = design.T @ v @ design
    r = y - design @ np.linalg.solve(information, design.T @ v @ y)
    value = -0.5 * (np.log(2 * math.pi * (a + d)).sum() + r @ v @ r)
    return float(value - 0.5 * np.linalg.slogdet(information)[1]) if restricted else float(value)


# -- golden ----------------------------------------------------------------------------------------------------


def test_shares_on_the_arcsine_scale_as_worked_independently() -> None:
    fit = fay_herriot_arcsine(SHARES, None, N_EFF)
    assert fit.angles.refvar == pytest.approx(0.00263366, rel=2e-6)
    assert fit.angles.beta == pytest.approx([0.0866291], rel=1e-6)
    assert fit.angles.gamma == pytest.approx([0.759638, 0.759638, 0.612433, 0.808203, 0.724795], rel=1e-6)
    assert fit.naive == pytest.approx([0.00473945, 0.0232457, 0.00112683, 0.00948989, 0.00639264], rel=2e-6)
    assert fit.shares == pytest.approx([0.00536608, 0.0238489, 0.00214421, 0.00998518, 0.00710765], rel=2e-6)


@pytest.mark.parametrize(
    ("method", "variance"),
    [("reml", lambda square, m, p, d: square / (m - p) - d), ("fh", lambda square, m, p, d: square / (m - p) - d),
     ("ml", lambda square, m, p, d: square / m - d)],
)  # fmt: skip
def test_equal_variances_have_a_closed_form(method, variance) -> None:
    design = np.column_stack([np.ones(10), X])
    beta, square, *_ = np.linalg.lstsq(design, Y)
    fit = fay_herriot(Y, X, np.full(10, 0.1), method)
    a = variance(square[0], 10, 2, 0.1)
    assert (fit.refvar, *fit.beta) == pytest.approx((a, *beta), rel=1e-9)
    gamma = a / (a + 0.1)
    assert fit.eblup == pytest.approx(gamma * Y + (1 - gamma) * design @ beta, rel=1e-9)
    leverage = np.einsum("ij,jk,ik->i", design, np.linalg.inv(design.T @ design), design)
    bias = -2 / 10 * (a + 0.1) if method == "ml" else 0
    # g1 + g2 + 2 g3: var(A) is 2(A + D)²/m for all three methods when variances are equal
    mse = gamma * 0.1 + (1 - gamma) ** 2 * ((a + 0.1) * leverage + 4 / 10 * (a + 0.1) - bias)
    assert fit.mse == pytest.approx(mse, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_mean_squared_error_of_unequal_variances_written_out(method: str) -> None:
    """Prasad & Rao 1990, Datta & Lahiri 2000 and Datta, Rao & Smith 2005, with whole matrices."""
    fit = fay_herriot(Y, X, D, method)
    a, m, design = fit.refvar, 10, np.column_stack([np.ones(10), X])
    v = np.diag(1 / (a + D))
    inverse = np.linalg.inv(design.T @ v @ design)
    asymptotic = 2 * m / np.trace(v) ** 2 if method == "fh" else 2 / np.trace(v @ v)
    bias = {
        "reml": 0.0,
        "ml": -np.trace(inverse @ design.T @ v @ v @ design) / np.trace(v @ v),
        "fh": 2 * (m * np.trace(v @ v) - np.trace(v) ** 2) / np.trace(v) ** 3,
    }[method]
    for at in range(m):
        left = D[at] / (a + D[at])
        g1, g2, g3 = left * a, left**2 * design[at] @ inverse @ design[at], left**2 * asymptotic / (a + D[at])
        assert fit.mse[at] == pytest.approx(g1 + g2 + 2 * g3 - bias * left**2, rel=1e-9)
    assert fit.iterations < 25 and a > 0


# -- identities ------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(worlds, st.sampled_from(["ml", "reml"]))
def test_no_variance_has_a_higher_likelihood(random: np.random.Generator, method: str) -> None:
    d = random.uniform(0.05, 1, 12)
    x = random.normal(size=12)
    y = 1 + x + random.normal(size=12) * np.sqrt(random.choice([0.0, 0.3, 2.0]) + d)
    fit = fay_herriot(y, x, d, method)
    top = likelihood(fit.refvar, y, x, d, method == "reml")
    assert all(likelihood(a, y, x, d, method == "reml") <= top + 1e-9 for a in np.linspace(0, 8, 400))
    assert fit.loglik == pytest.approx(likelihood(fit.refvar, y, x, d, restricted=False), rel=1e-10)
    assert (fit.aic, fit.bic) == pytest.approx((6 - 2 * fit.loglik, 3 * math.log(12) - 2 * fit.loglik), rel=1e-12)


def test_scoring_that_swings_for_ever_is_settled_by_secants() -> None:
    random = np.random.default_rng(72)  # the observed information is more than twice the expected
    d, x = random.uniform(0.05, 1, 12), random.normal(size=12)
    y = 1 + x + random.normal(size=12) * np.sqrt(random.choice([0.0, 0.3, 2.0]) + d)
    fit = fay_herriot(y, x, d)
    best = optimize.minimize_scalar(lambda a: -likelihood(a, y, x, d, True), bounds=(0, 0.1), options={"xatol": 1e-12})
    assert fit.refvar == pytest.approx(best.x, rel=1e-6) and fit.refvar > 0.01 and fit.iterations < 20


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_fh_solves_its_equation(random: np.random.Generator) -> None:
    d, x = random.uniform(0.05, 1, 12), random.normal(size=12)
    y = 1 + x + random.normal(size=12) * np.sqrt(random.choice([0.0, 0.3, 2.0]) + d)
    fit = fay_herriot(y, x, d, "fh")
    found = float((((y - fit.beta[0] - fit.beta[1] * x) ** 2) / (fit.refvar + d)).sum())
    assert found == pytest.approx(10, rel=1e-8) if fit.refvar > 0 else found <= 10


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_the_variance_is_found_to_the_last_digits(method: str) -> None:
    fit = fay_herriot(Y, X, D, method)
    other = optimize.minimize_scalar(lambda a: -likelihood(a, Y, X, D, method == "reml"), bounds=(0, 5), options={"xatol": 1e-12})
    assert fit.refvar == pytest.approx(other.x, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_estimates_follow_the_unit_and_the_line(method: str) -> None:
    fit, moved = fay_herriot(Y, X, D, method), fay_herriot(100 * Y + 7, X * 3 - 2, 1e4 * D, method)
    assert moved.eblup == pytest.approx(100 * fit.eblup + 7, rel=1e-8)
    assert moved.mse == pytest.approx(1e4 * fit.mse, rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_areas_that_do_not_differ_get_the_line(method: str) -> None:
    fit = fay_herriot([1.0, 1.1, 0.95, 1.02], None, [1.0, 2, 1, 2], method)
    assert fit.refvar == 0 and fit.gamma.tolist() == [0, 0, 0, 0]
    assert fit.eblup == pytest.approx(np.full(4, fit.beta[0]), rel=1e-12)
    on_it = fay_herriot(2 + 3 * X, X, D, method)
    assert on_it.refvar == 0 and on_it.eblup == pytest.approx(2 + 3 * X, rel=1e-9)


def test_an_area_without_a_sample_gets_the_synthetic_estimate() -> None:
    fit = fay_herriot(Y, X, D)
    value, mse = fit.synthetic([1.0, 2.0])
    assert value == pytest.approx(fit.beta[0] + fit.beta[1] * np.array([1.0, 2.0]), rel=1e-12)
    hardly = fay_herriot([*Y, 99.0], [*X, 2.0], [*D, 1e12])  # hardly a sample
    assert hardly.eblup[-1] == pytest.approx(value[1], rel=1e-6) and hardly.gamma[-1] < 1e-11
    assert hardly.mse[-1] == pytest.approx(mse[1], rel=1e-3)
    assert fay_herriot(Y, None, D).synthetic(np.empty((2, 0)))[0] == pytest.approx(np.repeat(fay_herriot(Y, None, D).beta, 2))


def test_the_corrected_share_is_the_expected_one() -> None:
    fit = fay_herriot_arcsine(SHARES, None, N_EFF)
    for theta, gamma, share in zip(fit.angles.eblup, fit.angles.gamma, fit.shares, strict=True):
        sd = math.sqrt(fit.angles.refvar * (1 - gamma))
        assert share == pytest.approx(
            quad(lambda t, m=theta, s=sd: math.sin(t) ** 2 * norm.pdf(t, m, s), -1, 1.5, epsabs=1e-13)[0], rel=1e-6
        )


def test_bootstrap_begins_alike_however_long_it_runs() -> None:
    fit = fay_herriot_arcsine(SHARES, None, N_EFF)
    few, more = (arcsine_mse(fit, None, N_EFF, seed="7", replicates=count) for count in (20, 40))
    second = 2 * more - few
    assert (second > 0).all() and (arcsine_mse(fit, None, N_EFF, seed="7", replicates=20) == few).all()
    assert (arcsine_mse(fit, None, N_EFF, seed="8", replicates=20) != few).all()


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_shrunken_shares_lie_between_own_and_common(random: np.random.Generator) -> None:
    n = random.integers(30, 300, 15).astype(float)
    x = random.binomial(n.astype(int), random.beta(1, 40, 15)).astype(float)
    x[0] += 1
    seen = shrunken_shares(x, n)
    assert (np.minimum(x / n, seen.mean) <= seen.shares + 1e-12).all() and (seen.shares <= np.maximum(x / n, seen.mean) + 1e-12).all()
    assert seen.mean == pytest.approx(x.sum() / n.sum(), rel=1e-12)
    assert (seen.low <= seen.high).all()
    assert seen.shares == pytest.approx(seen.weight * x / n + (1 - seen.weight) * seen.mean, rel=1e-9)


def test_shares_that_differ_by_chance_alone_are_the_common_one() -> None:
    seen = shrunken_shares([2, 2, 2, 2], [100, 100, 100, 100])
    assert seen.size == math.inf and seen.shares.tolist() == pytest.approx([0.02] * 4)


def test_equal_counts_have_kleinmans_closed_form() -> None:
    x, n = np.array([0.0, 1, 9, 2, 0, 4]), 120
    p, mean = x / n, x.mean() / n
    square = ((p - mean) ** 2).sum() / 5  # has the mean μ(1 − μ)/n·(1 + (n − 1)ρ) but for a factor 1 + O(1/m)
    rho = (square * n / (mean * (1 - mean)) - 1) / (n - 1)
    assert 1 / (shrunken_shares(x, np.full(6, n)).size + 1) == pytest.approx(rho, rel=1e-12)


# -- Monte Carlo -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_mean_squared_errors_are_right_on_average(method: str) -> None:
    random, runs, m = np.random.default_rng(21), 700, 25
    d, x = np.linspace(0.5, 2, m), random.normal(size=m)
    squares, stated = np.empty((runs, m)), np.empty((runs, m))
    for run in range(runs):
        truth = 1 + 2 * x + random.normal(size=m)
        fit = fay_herriot(truth + random.normal(size=m) * np.sqrt(d), x, d, method)
        squares[run], stated[run] = (fit.eblup - truth) ** 2, fit.mse
    gap = (squares - stated).mean(axis=1)
    # the correction is right to order 1/m: with A near D what is left is a few per cent
    assert abs(gap.mean()) < 3 * gap.std(ddof=1) / runs**0.5 + 0.02 * squares.mean()
    assert squares.mean() < 0.8 * d.mean()


def test_bootstrap_error_of_shares_is_right_on_average() -> None:
    random, runs, m = np.random.default_rng(22), 60, 20
    n = np.linspace(150, 500, m)
    squares, stated = np.empty(runs), np.empty(runs)
    for run in range(runs):
        angle = np.clip(0.18 + 0.05 * random.normal(size=m), 0, math.pi / 2)
        seen = np.sin(np.clip(angle + random.normal(size=m) / np.sqrt(4 * n), 0, math.pi / 2)) ** 2
        fit = fay_herriot_arcsine(seen, None, n)
        squares[run] = ((fit.shares - np.sin(angle) ** 2) ** 2).mean()
        stated[run] = arcsine_mse(fit, None, n, seed=str(run), replicates=20).mean()
    gap = squares - stated
    assert abs(gap.mean()) < 3 * gap.std(ddof=1) / runs**0.5


def test_shrinkage_estimates_the_beta_that_made_the_shares() -> None:
    random = np.random.default_rng(23)
    n = np.full(4000, 200)
    x = random.binomial(n, random.beta(2, 98, 4000))
    seen = shrunken_shares(x, n)
    assert seen.mean == pytest.approx(0.02, rel=0.03) and seen.size == pytest.approx(100, rel=0.12)
    a, b = seen.mean * seen.size, (1 - seen.mean) * seen.size

    def density(k: int) -> float:
        return float(np.exp(gammaln(201) - gammaln(k + 1) - gammaln(201 - k) + betaln(k + a, 200 - k + b) - betaln(a, b)))

    assert (x == 0).mean() == pytest.approx(density(0), abs=0.03)


def test_shrinkage_beats_the_direct_shares_and_passes_bad_areas() -> None:
    random = np.random.default_rng(24)
    truth = random.beta(1.5, 98.5, 3000)
    x = random.binomial(300, truth)
    seen = shrunken_shares(x, np.full(3000, 300))
    assert ((seen.shares - truth) ** 2).mean() < ((x / 300 - truth) ** 2).mean()
    bad = truth > 0.02
    assert (seen.shares[bad] < 0.02).mean() > (x[bad] / 300 < 0.02).mean()  # why it must not feed a verdict


# -- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: fay_herriot(Y, X, D, "bayes"), "reml"),
        (lambda: fay_herriot(Y, X, D - 0.2), "抽样方差应大于 0"),
        (lambda: fay_herriot(Y, X[:-1], D), "应有 10 行"),
        (lambda: fay_herriot([1, np.nan], None, [1, 1]), "y：第 2 个｜应为有限的数"),
        (lambda: fay_herriot(Y, X, np.where(D > 0.3, -1, D)), "variances：第 3、5 个"),
        (lambda: fay_herriot(Y, X, np.where(D > 0.3, np.inf, D)), "variances：第 3、5 个｜应为有限的数"),
        (lambda: fay_herriot(Y, np.where(X > 2.5, np.nan, X), D), "x：第 7 个区域｜应为有限的数"),
        (lambda: fay_herriot(Y, X, D[:-1]), r"variances：形状 \(9,\)"),
        (lambda: fay_herriot(Y, np.ones(10), D), "线性无关"),
        (lambda: fay_herriot(Y[:2], X[:2], D[:2]), "区域应多于自变量"),
        (lambda: fay_herriot(Y, X, D).synthetic(np.ones((2, 2))), "相同的自变量"),
        (lambda: fay_herriot_arcsine([0.1, 1.2], None, [10, 10]), "shares：第 2 个.*百分数先除以 100"),
        (lambda: fay_herriot_arcsine([0.1, 0.2], None, [10, 0]), "n_eff：第 2 个｜有效样本量"),
        (lambda: arcsine_mse(fay_herriot_arcsine(SHARES, None, N_EFF), None, [0, *N_EFF[1:]], seed="1"), "n_eff：第 1 个｜有效样本量"),
        (lambda: arcsine_mse(fay_herriot_arcsine(SHARES, None, N_EFF), None, N_EFF, seed="1", replicates=0), "不小于 1"),
        (lambda: shrunken_shares([0, 0], [10, 10]), "应有事件"),
        (lambda: shrunken_shares([3, 11], [10, 10]), "x：第 2 个｜应有 0 ≤ x ≤ n_eff"),
        (lambda: shrunken_shares([3, 1], [10, np.inf]), "n_eff：第 2 个"),
        (lambda: shrunken_shares([1, 0, 1], [1, 1, 1]), "最大 1｜应有区域的有效样本量大于 1"),
        (lambda: shrunken_shares([0.5, 0, 0.2], [0.5, 0.8, 0.9]), "最大 0.9｜应有区域的有效样本量大于 1"),
        (lambda: shrunken_shares([3], [10]), "至少两个区域"),
        (lambda: shrunken_shares([3, 1], [10, 10], level=95), "level"),
    ],
)
def test_refusals_say_what_to_do(call, told) -> None:
    with pytest.raises(EstimateError, match=told):
        call()


def test_nothing_here_feeds_a_verdict() -> None:
    assert "may feed the verdict" in (smallareas.__doc__ or "")
    for each in (fay_herriot, fay_herriot_arcsine, shrunken_shares):
        assert "must never feed a county's verdict" in (each.__doc__ or "")


def test_results_cannot_be_written_to() -> None:
    for array in (fay_herriot(Y, X, D).eblup, fay_herriot_arcsine(SHARES, None, N_EFF).shares, shrunken_shares([1, 2], [9, 9]).shares):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
