"""Variance under unequal chances: numbers of R, expectations over all samples, identities, many draws, refusals."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SurveyError
from evalkit.inclusion import APPROXIMATIONS, cps, cps_working, poisson, proportional, sampford, srs, tille
from evalkit.selection import METHODS
from evalkit.variances import unequal
from evalkit.variances.unequal.squares import Uncertain
from tests.many_draws import villages

SIX = [i / 7 for i in range(1, 7)]
Y_SIX = [2.0, 3, 7, 8, 9, 13]
TAKEN = [1, 3, 5]
SAMPLE = ([3.0, 8, 13], [2 / 7, 4 / 7, 6 / 7])

# R 4.2.2, survey 4.1-1, sampling 2.9:
#   d <- data.frame(p = c(.31,.55,.7,.2,.45,.62,.15), y = c(3,8,13,7,2,5,6), h = c(1,1,1,2,2,2,2), x = c(1,2,4,2,1,3,2))
#   s <- function(...) svydesign(id = ~1, strata = ~h, fpc = ~p, data = d, ...)
#   v <- function(des) print(c(vcov(svytotal(~y, des)), vcov(svyratio(~y, ~x, des))), digits = 15)
#   vcov(svytotal(~y, s(pps = "brewer")))
#   v(s(pps = "overton")); v(s(pps = "overton", variance = "YG")); v(s(pps = HR())); v(s(pps = HR(), variance = "YG"))
#   q <- HR(list(c(.5, .4)), list(c(1, 2))); v(s(pps = q)); v(s(pps = q, variance = "YG"))
#   J <- UPsampfordpi2(c(.3,.55,.7,.2,.45,.62,.18))[c(2,3,5), c(2,3,5)]; varHT(c(8,13,2), J, 1); varHT(c(8,13,2), J, 2)
#   vartaylor_ratio(c(8,13,2), c(2,4,1), J); with(d, c(varest(y, cbind(1, x), p, 1/p), varest(y, as.matrix(x), p, 1/p), varest(y, pik = p)))
P = np.array([0.31, 0.55, 0.7, 0.2, 0.45, 0.62, 0.15])
Y = np.array([3.0, 8, 13, 7, 2, 5, 6])
X = np.array([1.0, 2, 4, 2, 1, 3, 2])
H = np.array([0, 0, 0, 1, 1, 1, 1])
J = sampford([0.3, 0.55, 0.7, 0.2, 0.45, 0.62, 0.18])[np.ix_([1, 2, 4], [1, 2, 4])]
BREWER_OF_R = 905.62208542283
PAIRS_OF_R = [
    ("overton", "ht", None, 1191.02414089999, 0.0290164076243305), ("overton", "syg", None, 895.086232232394, 0.0324005325531099),
    ("hartley-rao", "ht", None, 1047.49582393619, 0.0299144202105829), ("hartley-rao", "syg", None, 905.62208542283, 0.0316503163095284),
    ("hartley-rao", "ht", [0.5, 0.4], 988.087710544207, 0.0303568467038416),
    ("hartley-rao", "syg", [0.5, 0.4], 964.152086787789, 0.033671748575178),
]  # fmt: skip

# sizes so unequal that the chances of 4 out of 10 run from .1 to .89
MANY = [3, 5, 8, 9, 10, 12, 14, 17, 20, 28]
Y_MANY = np.array([4.0, 3, 9, 8, 13, 10, 16, 15, 24, 25])


def squares(method: str, z: np.ndarray, probs: np.ndarray, stratum: np.ndarray, strata: int) -> float:
    """Return v from c and a, as an engine would add it up."""
    c, a = unequal.coefficients(method, probs, stratum, strata)
    centre = np.bincount(stratum, a * z, minlength=strata)
    return float((c * (z - centre[stratum]) ** 2).sum())


# -- numbers of established software and of the methods -------------------------------------------------------------------


@pytest.mark.parametrize(("method", "stated"), [("hajek", 7.0648148148), ("deville2", 8.2934782609), ("brewer", 9.1388888889)])
def test_the_sample_of_three_villages(method: str, stated: float) -> None:
    assert unequal.approximate(*SAMPLE, method) == pytest.approx(stated, rel=1e-10)
    z = np.array(SAMPLE[0]) / SAMPLE[1]
    assert squares(method, z, np.array(SAMPLE[1]), np.zeros(3, dtype=int), 1) == pytest.approx(stated, rel=1e-10)


def test_the_sample_of_three_villages_from_pairs() -> None:
    joint = sampford(SIX)[np.ix_(TAKEN, TAKEN)]
    assert unequal.horvitz_thompson_total(*SAMPLE) == pytest.approx(39.6666666667)
    assert unequal.horvitz_thompson_variance(SAMPLE[0], joint) == pytest.approx(9.35680, abs=5e-6)
    assert unequal.horvitz_thompson_variance(SAMPLE[0], joint, "ht") == pytest.approx(-28.6493, abs=5e-5)
    z, whole = np.array(SAMPLE[0]) / SAMPLE[1], 91 / 147
    assert z @ unequal.form("hartley-rao", SAMPLE[1], kind="ht", sum_p2_over_n=whole) @ z == pytest.approx(-32.6666666667)
    assert z @ unequal.form("hartley-rao", SAMPLE[1], sum_p2_over_n=whole) @ z == pytest.approx(9.9814814815)
    assert unequal.approximate(*SAMPLE, "hartley-rao", population=SIX) == pytest.approx(9.9814814815)


@pytest.mark.parametrize(("method", "kind", "squared", "total", "ratio"), PAIRS_OF_R)
def test_pairs_in_strata_as_r_survey(method: str, kind: str, squared: list[float] | None, total: float, ratio: float) -> None:
    form = unequal.form(method, P, kind=kind, sum_p2_over_n=squared, stratum=H)
    z, rest = Y / P, (Y - (Y / P).sum() / (X / P).sum() * X) / P / (X / P).sum()
    assert z @ form @ z == pytest.approx(total, rel=1e-12)
    assert rest @ form @ rest == pytest.approx(ratio, rel=1e-12)


def test_squares_and_residuals_as_r() -> None:
    assert squares("brewer", Y / P, P, H, 2) == pytest.approx(BREWER_OF_R, rel=1e-12)
    assert unequal.approximate(Y, P, "deville2") == pytest.approx(935.275436952036, rel=1e-12)
    assert unequal.regression_variance(Y, np.column_stack([np.ones(7), X]), P) == pytest.approx(51.3499036274148, rel=1e-12)
    assert unequal.regression_variance(Y, X, P, 1 / P) == pytest.approx(51.3848384446419, rel=1e-12)


def test_pairs_as_r_sampling() -> None:
    y, x = Y[[1, 2, 4]], X[[1, 2, 4]]
    assert unequal.horvitz_thompson_variance(y, J, "ht") == pytest.approx(83.0812505356777, rel=1e-12)
    assert unequal.horvitz_thompson_variance(y, J, "syg") == pytest.approx(61.4524459314178, rel=1e-12)
    assert unequal.ratio_variance(y, x, J, "ht") == pytest.approx(0.0879654129746491, rel=1e-12)


# -- expectations over all samples of a design ----------------------------------------------------------------------------


@cache
def every_sample(name: str, sizes: tuple[int, ...], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all samples and their chances, from the definition of the design."""
    probs = np.array(proportional(list(sizes), n))
    working = probs if name == "sampford" else np.array(cps_working(probs))
    samples = np.array(list(combinations(range(len(sizes)), n)))
    weight = (working / (1 - working))[samples].prod(axis=1)
    if name == "sampford":
        weight = weight * (1 - probs)[samples].sum(axis=1)
    return samples, weight / weight.sum()


@pytest.mark.parametrize(("name", "pairs"), [("sampford", sampford), ("cps", cps)])
@pytest.mark.parametrize("kind", ["syg", "ht"])
def test_the_chances_of_pairs_give_no_bias(name: str, pairs: Callable[..., np.ndarray], kind: str) -> None:
    """Both forms, and the variance of the design itself, against all 210 samples of 4 out of 10."""
    samples, chance = every_sample(name, tuple(MANY), 4)
    probs = np.array(proportional(MANY, 4))
    joint = pairs(probs)
    totals_ = (Y_MANY / probs)[samples].sum(axis=1)
    true = float((chance * totals_**2).sum() - Y_MANY.sum() ** 2)
    assert unequal.design_variance(Y_MANY, joint) == pytest.approx(true, rel=1e-9)
    found = [unequal.horvitz_thompson_variance(Y_MANY[s], joint[np.ix_(s, s)], kind) for s in samples]
    assert float(chance @ found) == pytest.approx(true, rel=1e-9)


# Share of the variance by which each may miss on average, over all samples of 4 out of 10 with chances from .1 to .89.
BIAS = {
    "deville3": 0.015, "fixed-point": 0.015, "matei-tille-2": 0.015, "tille": 0.03, "brewer4": 0.04, "brewer3": 0.05,
    "matei-tille-3": 0.05, "deville2": 0.06, "hartley-rao": 0.06, "brewer": 0.08, "berger": 0.08, "brewer2": 0.11, "rosen": 0.13,
    "hajek": 0.13, "matei-tille-1": 0.13, "matei-tille-5": 0.16, "matei-tille-4": 0.17,
}  # fmt: skip


@pytest.mark.parametrize("name", ["sampford", "cps"])
@pytest.mark.parametrize("method", BIAS)
def test_approximations_are_nearly_unbiased(method: str, name: str) -> None:
    samples, chance = every_sample(name, tuple(MANY), 4)
    probs = np.array(proportional(MANY, 4))
    true = unequal.design_variance(Y_MANY, {"sampford": sampford, "cps": cps}[name](probs))
    found = [unequal.approximate(Y_MANY[s], probs[s], method, population=probs, sample=s) for s in samples]
    assert abs(float(chance @ found) / true - 1) <= BIAS[method]


@pytest.mark.parametrize(
    ("method", "bound"), [("hajek1", 0.01), ("fixed-point", 0.01), ("hajek2", 0.1), ("hartley-rao1", 0.01), ("hartley-rao2", 0.07)]
)
def test_approximations_of_the_true_variance(method: str, bound: float) -> None:
    probs = proportional(MANY, 4)
    for pairs in (sampford, cps):
        assert abs(unequal.true_variance(Y_MANY, probs, 4, method) / unequal.design_variance(Y_MANY, pairs(probs)) - 1) <= bound


def test_hartley_and_raos_variances_are_those_of_their_pairs() -> None:
    """Sen–Yates–Grundy's variance with the pairs to order N⁻⁴ is the first, with those to order N⁻³ the second; R's first is another."""
    probs = np.array(proportional(MANY, 4))
    z, both, product = Y_MANY / probs, probs[:, None] + probs, np.outer(probs, probs)
    shorter = 3 / 4 * product * (1 + both / 4 - (probs**2).sum() / 16)
    for method, pairs in (("hartley-rao1", APPROXIMATIONS["hartley_rao"](probs)), ("hartley-rao2", shorter)):
        stated = ((product - pairs) * (z[:, None] - z) ** 2).sum() / 2
        assert unequal.true_variance(Y_MANY, probs, 4, method) == pytest.approx(stated, rel=1e-12)
    assert unequal.true_variance(Y_MANY, probs, 4, "hartley-rao1-as-r") == pytest.approx(93.4773913799724, rel=1e-12)


def test_the_sign_of_r_in_brewers_fourth_is_wrong() -> None:
    """Brewer & Donadio's reduces to simple random sampling and is nearly unbiased; R's loses more than half of the variance."""
    samples, chance = every_sample("sampford", tuple(MANY), 4)
    probs = np.array(proportional(MANY, 4))
    true = unequal.design_variance(Y_MANY, sampford(probs))
    found = [unequal.approximate(Y_MANY[s], probs[s], "brewer4-as-r", population=probs) for s in samples]
    assert float(chance @ found) / true < 0.5


# -- many draws -----------------------------------------------------------------------------------------------------------

DRAWS = 1500
SIZES = [3 + (7 * i) % 23 + (i % 5) * 4 for i in range(40)]
PROBS = np.array(proportional(SIZES, 12))
VALUES = np.array([size + 6 * math.sin(3 * i) for i, size in enumerate(SIZES)])


@cache
def drawn(name: str) -> np.ndarray:
    """Return samples of 12 out of 40 with many seeds, (DRAWS, 12)."""
    return np.array([METHODS[name].draw(villages(40, f"unequal {k}", sizes=SIZES), 12) for k in range(DRAWS)])


@pytest.mark.parametrize(("name", "pairs"), [("sampford", sampford), ("cps", cps), ("tille", tille)])
def test_draws_agree_with_the_chances_of_pairs(name: str, pairs: Callable[..., np.ndarray]) -> None:
    joint = pairs(PROBS)
    true = unequal.design_variance(VALUES, joint)
    found = np.array([unequal.horvitz_thompson_variance(VALUES[s], joint[np.ix_(s, s)]) for s in drawn(name)])
    assert abs(found.mean() - true) <= 3 * found.std(ddof=1) / math.sqrt(DRAWS)
    estimates = (VALUES / PROBS)[drawn(name)].sum(axis=1)
    assert abs(estimates.mean() - VALUES.sum()) <= 3 * math.sqrt(true / DRAWS)
    assert abs(estimates.var(ddof=1) / true - 1) <= 3 * math.sqrt(2 / DRAWS)


@pytest.mark.parametrize("name", ["sampford", "cps", "pareto"])
@pytest.mark.parametrize("method", [*BIAS, "brewer1", "deville1"])
def test_draws_agree_with_the_approximations(method: str, name: str) -> None:
    """12 out of 40: each misses the variance by at most 2 % on average, beside three Monte Carlo errors."""
    true = unequal.design_variance(VALUES, cps(PROBS))
    found = np.array([unequal.approximate(VALUES[s], PROBS[s], method, population=PROBS, sample=s) for s in drawn(name)[:400]])
    assert abs(found.mean() - true) <= 0.02 * true + 3 * found.std(ddof=1) / math.sqrt(len(found))


def test_draws_of_the_cube_agree_with_its_variance() -> None:
    """20 out of 40 balanced on size and a second variable, apart from the rounding of the last steps: right to 5 %."""
    sizes = [8 + (7 * i) % 9 for i in range(40)]
    probs, second = np.array(proportional(sizes, 20)), np.array([10.0 + (5 * i) % 7 for i in range(40)])
    y = np.array(sizes) + 6 * np.sin(3 * np.arange(40))
    balance = np.column_stack([probs, second])
    picked = np.array([METHODS["cube"].draw(villages(40, f"cube {k}", sizes=sizes, balance=balance.tolist()), 20) for k in range(800)])
    found = np.array([unequal.balanced_variance(y[s], probs[s], balance[s]) for s in picked])
    assert abs(found.mean() / (y / probs)[picked].sum(axis=1).var(ddof=1) - 1) <= 0.05 + 3 * math.sqrt(2 / len(picked))
    shifted = [unequal.balanced_variance(y[s] + 2 * second[s], probs[s], balance[s]) for s in picked[:20]]
    assert shifted == pytest.approx(found[:20], rel=1e-9)


def test_poisson_draws() -> None:
    rng = np.random.default_rng(1)
    taken = rng.random((4000, 40)) < PROBS
    true = unequal.design_variance(VALUES, poisson(PROBS))
    found = np.array([unequal.approximate(VALUES[s], PROBS[s], "poisson") for s in taken])
    assert abs(found.mean() - true) <= 3 * found.std(ddof=1) / math.sqrt(len(found))


# -- identities -----------------------------------------------------------------------------------------------------------

CENTRED = [name for name in (*unequal.SAMPLE_METHODS, *unequal.POPULATION_RULES) if name != "poisson"]
samples = st.lists(st.tuples(st.floats(0.01, 0.97), st.floats(-100, 100), st.integers(0, 2)), min_size=3, max_size=25)


def columns(rows: list[tuple[float, float, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probs, values, stratum = zip(*rows, strict=True)
    return np.array(probs), np.array(values), np.array(stratum)


@pytest.mark.parametrize("method", [name for name in CENTRED if name != "brewer4-as-r"])
def test_equal_chances_are_simple_random_sampling(method: str) -> None:
    y, n, size = np.array([3.0, 5, 9, 2]), 4, 10
    simple = size**2 * (1 - n / size) / n * y.var(ddof=1)
    found = unequal.approximate(y, np.full(n, n / size), method, population=np.full(size, n / size))
    assert found == pytest.approx(simple, rel=1e-12)


def test_pairs_of_equal_chances_are_simple_random_sampling() -> None:
    y, joint = np.array([3.0, 5, 9, 2]), srs(10, 4)[:4, :4]
    simple = 100 * 0.6 / 4 * y.var(ddof=1)
    z = y / 0.4
    assert unequal.horvitz_thompson_variance(y, joint) == pytest.approx(simple, rel=1e-12)
    assert unequal.horvitz_thompson_variance(y, joint, "ht") == pytest.approx(simple, rel=1e-12)
    for method in ("overton", "hartley-rao"):
        for kind in ("ht", "syg"):
            assert z @ unequal.form(method, np.full(4, 0.4), kind=kind) @ z == pytest.approx(simple, rel=1e-12)


@pytest.mark.parametrize("method", CENTRED)
def test_values_in_proportion_to_the_chances_do_not_vary(method: str) -> None:
    population = np.array(proportional(MANY, 4))
    assert unequal.approximate(7 * population[:4], population[:4], method, population=population) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("method", [name for name in unequal.SAMPLE_METHODS if name != "poisson"])
@settings(max_examples=15, deadline=None)
@given(rows=samples)
def test_strata_add_up_and_order_does_not_matter(method: str, rows: list[tuple[float, float, int]]) -> None:
    probs, values, stratum = columns(rows)
    parts = [unequal.approximate(values[stratum == h], probs[stratum == h], method) for h in range(3) if (stratum == h).sum() > 1]
    whole = squares(method, values / probs, probs, stratum, 3)
    scale = 1e-9 * float(((values / probs) ** 2).sum())
    assert whole == pytest.approx(sum(parts), rel=1e-9, abs=scale)
    turned = np.argsort(values, kind="stable")
    assert squares(method, (values / probs)[turned], probs[turned], stratum[turned], 3) == pytest.approx(whole, rel=1e-9, abs=scale)


@pytest.mark.parametrize("method", unequal.SAMPLE_METHODS)
def test_coefficients_keep_what_they_promise(method: str) -> None:
    """Nonnegative; a adds to 1 or is 0; certain units count nowhere; a unit alone has c = 0 save under Poisson."""
    probs, stratum = np.array([0.2, 0.5, 1.0, 0.9, 0.4, 1 - 1e-9, 0.3]), np.array([0, 0, 0, 0, 1, 1, 3])
    c, a = unequal.coefficients(method, probs, stratum, 4)
    assert (c >= 0).all() and (a >= 0).all()
    sums = np.bincount(stratum, a, minlength=4)
    assert sums == pytest.approx([0, 0, 0, 0] if method == "poisson" else [1, 1, 0, 1])
    assert (c[[2, 5]] == 0).all() and (a[[2, 5]] == 0).all()
    assert (c[[4, 6]] == ([0.6, 0.7] if method == "poisson" else [0, 0])).all()
    alone, _ = unequal.coefficients(method, probs[[0, 1, 3]], np.zeros(3, dtype=int), 1)
    assert c[[0, 1, 3]] == pytest.approx(alone, rel=1e-14)


@pytest.mark.parametrize("method", [*CENTRED, "poisson"])
def test_certain_units_change_nothing(method: str) -> None:
    population = np.array(proportional(MANY, 4))
    y, s = Y_MANY, np.array([1, 4, 7, 8])
    before = unequal.approximate(y[s], population[s], method, population=population, sample=s)
    with_certain = np.insert(population, 2, 1.0)
    positions = np.array([1, 2, 5, 8, 9])
    more = np.insert(y, 2, 1000.0)
    for where in (positions, None):
        found = unequal.approximate(more[positions], with_certain[positions], method, population=with_certain, sample=where)
        assert found == pytest.approx(before, rel=1e-12)
    assert unequal.approximate([5.0, 6.0], [1.0, 1.0], method) == 0.0


@pytest.mark.parametrize("method", unequal.TRUE_METHODS)
def test_certain_units_of_the_population(method: str) -> None:
    probs = np.array(proportional(MANY, 4))
    apart = unequal.true_variance(np.append(Y_MANY, 1e6), np.append(probs, 1.0), 5, method)
    assert apart == pytest.approx(unequal.true_variance(Y_MANY, probs, 4, method), rel=1e-12)
    assert unequal.true_variance([1.0, 2.0], [1.0, 1.0], 2, method) == 0.0
    if method.startswith("hartley"):
        assert unequal.true_variance(np.append(Y_MANY, 1e6), np.append(probs, 1.0), 5, method, certain="together") > 100 * apart


def test_certain_units_in_pairs() -> None:
    joint = sampford([*SIX, 1.0])
    inside = [*TAKEN, 6]
    y = [*SAMPLE[0], 100.0]
    for kind in ("syg", "ht"):
        without = unequal.horvitz_thompson_variance(SAMPLE[0], joint[np.ix_(TAKEN, TAKEN)], kind)
        assert unequal.horvitz_thompson_variance(y, joint[np.ix_(inside, inside)], kind) == pytest.approx(without, rel=1e-12)
    for method in ("overton", "hartley-rao"):
        found = unequal.form(method, [*SAMPLE[1], 1.0], kind="ht")
        assert found[:3, :3] == pytest.approx(unequal.form(method, SAMPLE[1], kind="ht"), rel=1e-14)
        assert (found[3] == 0).all() and (found[:, 3] == 0).all()


@settings(max_examples=30, deadline=None)
@given(samples)
def test_brewer_is_hartley_and_rao_with_their_square_estimated(rows: list[tuple[float, float, int]]) -> None:
    """Σ_U π²/n estimated by Σπ/n gives Brewer's first estimator, in any strata; the order-of-N⁻¹ pairs give nothing else."""
    probs, values, stratum = columns(rows)
    z = values / probs
    found = z @ unequal.form("hartley-rao", probs, stratum=stratum) @ z
    assert found == pytest.approx(squares("brewer", z, probs, stratum, 3), rel=1e-9, abs=1e-9 * float((z**2).sum()))


def test_forms_are_symmetric_and_sen_yates_grundy_ignores_a_common_part() -> None:
    for method in ("overton", "hartley-rao", "joint"):
        joint = sampford(SIX)[np.ix_(TAKEN, TAKEN)] if method == "joint" else None
        form = unequal.form(method, SAMPLE[1], joint=joint)
        assert form == pytest.approx(form.T)
        assert form.sum(axis=1) == pytest.approx(np.zeros(3), abs=1e-14)


def test_poisson_is_horvitz_and_thompson_with_independent_pairs() -> None:
    found = unequal.horvitz_thompson_variance(SAMPLE[0], poisson(SAMPLE[1]), "ht")
    assert found == pytest.approx(unequal.approximate(*SAMPLE, "poisson"), rel=1e-12)
    assert unequal.approximate([3.0], [0.25], "poisson") == pytest.approx(0.75 * 144)


@pytest.mark.parametrize(
    "spread",
    [[0.5, 0.6, 0.7, 0.9], [0.5, 0.5], [1.0, 0.4, 0.65], [1.0, 0.5, 0.7], [1.0, 1.0, 0.1], [0.3], [0.9, 0.1, 0.1], [1e-9, 2e-9, 2e-9]],
)
def test_the_fixed_point_is_where_its_iteration_ends(spread: list[float]) -> None:
    d = np.array(spread)
    c = unequal.fixed_point(d, Uncertain(1 - d, np.zeros(len(d), dtype=int), 1))
    if 2 * max(spread) < sum(spread):
        assert c - c**2 / c.sum() == pytest.approx(d, rel=1e-12)
        walked = d.copy()
        for _ in range(20000):
            walked = walked**2 / walked.sum() + d
        assert c == pytest.approx(walked, rel=1e-9)
    else:
        n = len(d)
        assert c == pytest.approx(d * (1 + d / d.sum() * n / (n - 1)) if n > 1 else [0.0], rel=1e-12)


def test_positions_in_the_population_need_not_be_given() -> None:
    probs = np.array(proportional([2, 2, 3, 5, 5, 8, 9], 3))
    s = np.array([1, 4, 6])
    for method in unequal.POPULATION_RULES:
        stated = unequal.approximate([1.0, 5, 7], probs[s], method, population=probs, sample=s)
        assert unequal.approximate([1.0, 5, 7], probs[s], method, population=probs) == pytest.approx(stated, rel=1e-14)


def test_successive_differences_over_all_orders_are_simple_random_sampling() -> None:
    z = np.array([3.0, 5, 9, 2])
    orders = [np.array(order) for order in _orders(4)]
    simple = 4 * 0.6 * z.var(ddof=1)
    for circular in (False, True):
        found = [unequal.successive(z[order], np.zeros(4, dtype=int), 0.4, circular=circular) for order in orders]
        assert np.mean(found) == pytest.approx(simple, rel=1e-12)


def _orders(n: int) -> list[list[int]]:
    return [[]] if n == 0 else [[*order[:k], n - 1, *order[k:]] for order in _orders(n - 1) for k in range(n)]


@pytest.mark.parametrize("circular", [False, True])
def test_successive_differences_by_stratum_and_column(circular: bool) -> None:
    rng = np.random.default_rng(3)
    z, stratum, fraction = rng.normal(size=(30, 2)), rng.integers(0, 4, 30), np.array([0.0, 0.2, 0.5, 1.0, 0.3])
    stratum[stratum == 3] = 4
    whole = unequal.successive(z, stratum, fraction, circular=circular)
    parts = sum(
        np.asarray(unequal.successive(z[stratum == h], np.zeros((stratum == h).sum(), dtype=int), fraction[h], circular=circular))
        for h in range(5)
    )
    assert whole == pytest.approx(parts, rel=1e-12)
    assert whole == pytest.approx(whole.T)
    assert unequal.successive(z[:, 1], stratum, fraction, circular=circular) == pytest.approx(whole[1, 1])
    h = np.flatnonzero(stratum == 1)
    steps, n = np.diff(z[h, 0]), len(h)
    plain = 0.8 * n / (2 * (n - 1)) * (steps**2).sum()
    ring = 0.4 * ((steps**2).sum() + (z[h[-1], 0] - z[h[0], 0]) ** 2)
    one = unequal.successive(z[h, 0], np.zeros(n, dtype=int), 0.2, circular=circular)
    assert one == pytest.approx(ring if circular else plain, rel=1e-12)


def test_residuals_of_an_exact_relation_do_not_vary() -> None:
    assert unequal.regression_variance(2 + 3 * X, np.column_stack([np.ones(7), X, 2 * X]), P) == pytest.approx(0, abs=1e-20)
    assert unequal.balanced_variance(3 * X, P, X) == pytest.approx(0, abs=1e-20)
    with_certain = unequal.balanced_variance(np.append(Y, 99), np.append(P, 1.0), np.append(X, 50))
    assert with_certain == pytest.approx(unequal.balanced_variance(Y, P, X), rel=1e-12)
    assert unequal.balanced_variance(Y, P, P) == pytest.approx(unequal.approximate(Y, P, "hajek"), rel=1e-12)


def test_residuals_lose_a_degree_of_freedom_a_variable() -> None:
    """Equal chances and x = (1, X): N²(1 − f)/n times the mean square of the residuals on n − 2 degrees of freedom."""
    x, f = np.column_stack([np.ones(7), X]), 0.4
    rest = Y - x @ np.linalg.solve(x.T @ x, x.T @ Y)
    stated = (1 - f) * 7 / f**2 * (rest**2).sum() / 5
    assert unequal.balanced_variance(Y, np.full(7, f), x) == pytest.approx(stated, rel=1e-12)


def test_rosens_centre() -> None:
    c, a = unequal.coefficients("rosen", P, H, 2)
    for h in (0, 1):
        p = P[h == H]
        pull = (1 - p) * np.log(1 - p) / p
        assert a[h == H] == pytest.approx(pull / pull.sum(), rel=1e-12)
        assert c[h == H] == pytest.approx((1 - p) * len(p) / (len(p) - 1), rel=1e-12)


def test_means_and_totals() -> None:
    assert unequal.hajek_mean(np.full(7, 4.0), P) == pytest.approx(4)
    assert unequal.horvitz_thompson_total(P, P) == pytest.approx(7)
    assert type(unequal.hajek_mean(Y, P)) is float
    assert type(unequal.approximate(Y, P, "hajek")) is float


# -- refusals -------------------------------------------------------------------------------------------------------------


def test_faults_of_a_matrix_of_pairs_are_named_together() -> None:
    joint = sampford(SIX)[np.ix_(TAKEN, TAKEN)].copy()
    joint[0, 1] = joint[1, 0] = 0.0
    joint[0, 2] += 0.01
    joint[1, 2] = joint[2, 1] = 0.9
    with pytest.raises(SurveyError) as told:
        unequal.horvitz_thompson_variance(SAMPLE[0], joint)
    assert len(told.value.faults) == 3
    for text in ("(1,2) 个：0｜应大于 0", "(1,3) 个", "应对称", "(2,3) 个：0.9｜应不大于"):
        assert text in str(told.value)


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda: unequal.approximate(*SAMPLE, "deville9"), "\n  deville2 "),
        (lambda: unequal.coefficients("tille", SAMPLE[1], [0, 0, 0], 1), "\n  brewer "),
        (lambda: unequal.form("brewer", SAMPLE[1]), "\n  overton "),
        (lambda: unequal.form("overton", SAMPLE[1], kind="yg"), "syg"),
        (lambda: unequal.form("joint", SAMPLE[1]), "写 joint="),
        (lambda: unequal.form("joint", SAMPLE[1], joint=sampford(SIX)), "形状 (6, 6)"),
        (lambda: unequal.form("joint", [0.2, 0.3, 0.4], joint=sampford(SIX)[:3, :3]), "应等于 probs"),
        (lambda: unequal.approximate(*SAMPLE, "tille"), "写 population="),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=[*SIX, 0.0]), "population 第 7 个：0"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=SIX[:5]), "probs 第 3 个"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=SIX, sample=[0, 1, 5]), "probs 第 1、2 个"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=SIX, sample=[1, 3, 6]), "0 与 5 之间"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=[*SIX, 0.4]), "之和 3.4"),
        (lambda: unequal.approximate([1.0], [0.5], "hajek"), "只有 1 个"),
        (lambda: unequal.approximate([1.0, math.nan], [0.5, 1.5], "hajek"), "probs 第 2 个：1.5"),
        (lambda: unequal.approximate([1.0, math.nan], [0.5, 1.5], "hajek"), "values 第 2 个：nan"),
        (lambda: unequal.approximate([1.0], [0.5, 0.5], "hajek"), "同为 2 个单元"),
        (lambda: unequal.coefficients("hajek", [0.5, 0.0], [0, 0], 1), "probs 第 2 个：0"),
        (lambda: unequal.true_variance(Y_SIX, SIX, 4, "hajek1"), "n = 4"),
        (lambda: unequal.true_variance(Y_SIX, SIX, 3, "hajek"), "\n  hajek2 "),
        (lambda: unequal.ratio_variance([1.0, 2], [1.0, -1.5], [[0.5, 0.3], [0.3, 0.75]]), "分母"),
        (lambda: unequal.regression_variance(Y, X, P, -P), "weights"),
        (lambda: unequal.balanced_variance(Y[:2], P[:2], np.eye(2)), "平衡变量 2 个"),
        (lambda: unequal.hajek_mean([], []), "0 个单元"),
        (lambda: unequal.successive([1.0, math.inf], [0, 0, 0], 1.2), "z 第 2 个"),
        (lambda: unequal.successive([1.0, math.inf], [0, 0, 0], 1.2), "fraction 第 1 个"),
        (lambda: unequal.joint_chances([[0.5, math.nan], [math.nan, 0.5]]), "(1,2)"),
        (lambda: unequal.joint_chances([["a"]]), "joint：不是数"),
        (lambda: unequal.form("hartley-rao", P, sum_p2_over_n=math.nan), "sum_p2_over_n 第 1 个：nan"),
        (lambda: unequal.form("hartley-rao", P, sum_p2_over_n=[0.5, 1.3], stratum=H), "sum_p2_over_n 第 2 个：1.3｜应大于 0、不大于 1"),
        (lambda: unequal.form("hartley-rao", P, sum_p2_over_n=[0.5, 0.4, 0.3], stratum=H), "共 2 层"),
        (lambda: unequal.form("hartley-rao", P, sum_p2_over_n="a"), "sum_p2_over_n：不是数"),
        (lambda: unequal.form("hartley-rao", P, stratum=H[:3]), "7 个单元各一个"),
        (lambda: unequal.form("hartley-rao", P, stratum=H - 1), "stratum 第 1、2、3 个：-1"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=SIX, sample=[1, 3]), "样本的 3 个单元各一个"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=SIX, sample=[1, 3, 5, 5]), "样本的 3 个单元各一个"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=SIX, sample=[1, 3, 4.5]), "sample 第 3 个：4.5"),
        (lambda: unequal.approximate(*SAMPLE, "tille", population=[SIX]), "population：2 维"),
        (lambda: unequal.approximate(["a", 1, 2], SAMPLE[1], "hajek"), "values：不是数"),
        (lambda: unequal.approximate([0.5], 0.0, "hajek"), "probs：0 维"),
        (lambda: unequal.true_variance(Y_SIX, SIX, 3, "hajek1", certain="foo"), "\n  together "),
        (lambda: unequal.successive([1.0, 2, 4], [0, 0, 1], [0.1, 0.2, 0.3, [0.4]]), "fraction：不是数"),
        (lambda: unequal.successive([1.0, 2, 4], [0, 1, 2], [0.1, 0.2]), "共 3 层"),
        (lambda: unequal.successive([1.0, 2, 4], ["a", "a", "b"], 0.1), "stratum：不是数"),
        (lambda: unequal.successive([1.0, 2, 4], [0, -1, 0.5], 0.1), "stratum 第 2、3 个：-1、0.5"),
        (lambda: unequal.successive(["a", 2, 4], [0, 0, 0], 0.1), "z：不是数"),
        (lambda: unequal.successive(1.0, 0, 0.1), "z：0 维"),
        (lambda: unequal.successive(np.ones((2, 2, 2)), [0, 0], 0.1), "z：3 维"),
        (lambda: unequal.joint_chances(0.5), "形状 ()"),
    ],
)
def test_refusals_say_what_to_type(ask: Callable[[], object], text: str) -> None:
    with pytest.raises(SurveyError) as told:
        ask()
    assert text in str(told.value)
    assert "｜" in str(told.value)


def test_faulty_chances_are_told_once_and_before_they_are_divided_by() -> None:
    """Once 1/π went first: numpy's warning, and a fault of weights that nobody gave."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SurveyError, match="probs 第 2 个：0") as told:
            unequal.regression_variance(Y, X, np.where(np.arange(7) == 1, 0.0, P))
    assert "weights" not in str(told.value) and len(told.value.faults) == 1
    with pytest.raises(SurveyError, match="2 处错误"):
        unequal.regression_variance(Y[:3], X, np.where(np.arange(7) == 1, 0.0, P))


def test_strata_without_a_unit_may_have_a_fraction() -> None:
    z, stratum = [1.0, 2, 4, 3], [0, 0, 1, 1]
    assert unequal.successive(z, stratum, [0.1, 0.2, 0.9]) == pytest.approx(unequal.successive(z, stratum, [0.1, 0.2]))
