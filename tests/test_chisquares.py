"""Weighted sums of χ²: exact, by the saddlepoint, by moments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import chdtrc, fdtrc

import evalkit as ev
from evalkit.chisquares import METHODS, satterthwaite, upper_tail

WEIGHTS = st.lists(st.floats(0.05, 5), min_size=1, max_size=6)
DF = st.one_of(st.just(math.inf), st.floats(1.5, 200))


def imhof(x: float, weights: list[float], ddf: float) -> float:
    """P(Σ λ χ² − x χ²_ν/ν > 0), or of Σ λ χ² > x, by inverting the characteristic function (Imhof 1961, eq. 3.2)."""
    part = np.array(weights if math.isinf(ddf) else [*weights, -x / ddf])
    times = np.array([1.0] * len(weights) + ([] if math.isinf(ddf) else [ddf]))
    aim = x if math.isinf(ddf) else 0.0

    def wave(u: float) -> float:
        angle = 0.5 * float((times * np.arctan(part * u)).sum()) - 0.5 * aim * u
        return math.sin(angle) / (u * float(((1 + (part * u) ** 2) ** (times / 4)).prod()))

    with np.errstate(over="ignore"):  # 1/∞ is the 0 that it should be
        return 0.5 + quad(wave, 0, math.inf, limit=2000, epsabs=1e-10)[0] / math.pi


def test_the_sum_of_imhof() -> None:
    """Q₁ = 0.6 χ² + 0.3 χ² + 0.1 χ² (Imhof 1961, Biometrika 48:419, table 1)."""
    found = [upper_tail(x, [0.6, 0.3, 0.1]) for x in (0.1, 0.7, 2.0)]
    assert found == pytest.approx([0.9458, 0.5064, 0.1240], abs=5e-5)


@pytest.mark.parametrize(("x", "weights", "ddf"), [(9.0, [3, 1, 0.5], 20.5), (2.0, [1, 0.2, 0.2, 0.01], 7.25), (4.0, [2, 1, 1], 150.0)])
def test_the_mixture_agrees_with_the_inverted_characteristic_function(x: float, weights: list[float], ddf: float) -> None:
    assert upper_tail(x, weights, ddf) == pytest.approx(imhof(x, weights, ddf), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 60), st.floats(0.1, 8), st.integers(1, 7), DF)
def test_equal_weights_give_the_plain_distribution(x: float, weight: float, count: int, ddf: float) -> None:
    plain = chdtrc(count, x / weight) if math.isinf(ddf) else fdtrc(count, ddf, x / weight / count)
    for method in ("exact", "satterthwaite"):
        assert upper_tail(x, [weight] * count, ddf, method) == pytest.approx(plain, rel=1e-10, abs=1e-300)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 40), WEIGHTS, DF, st.floats(0.01, 100))
def test_units_and_order_do_not_matter(x: float, weights: list[float], ddf: float, unit: float) -> None:
    for method in METHODS:
        found = upper_tail(x, weights, ddf, method)
        assert 0 <= found <= 1
        assert upper_tail(unit * x, [unit * each for each in reversed(weights)], ddf, method) == pytest.approx(found, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 20), WEIGHTS, DF)
def test_the_approximations_are_near(x: float, weights: list[float], ddf: float) -> None:
    exact = upper_tail(x, weights, ddf)
    assert upper_tail(1.1 * x, weights, ddf) < exact or exact in (0.0, 1.0)
    assert upper_tail(x, weights, ddf, "saddlepoint") == pytest.approx(exact, abs=0.03)
    assert upper_tail(x, weights, ddf, "satterthwaite") == pytest.approx(exact, abs=0.08)


def test_small_probabilities_keep_their_digits() -> None:
    assert upper_tail(300.0, [1.0]) == pytest.approx(chdtrc(1, 300.0), rel=1e-12)
    assert upper_tail(300.0, [1.0, 0.5, 0.2]) == pytest.approx(upper_tail(300.0, [1.0, 0.5, 0.2], method="saddlepoint"), rel=0.2)


def test_weights_of_rounding_count_as_nothing() -> None:
    assert upper_tail(3.0, [1.0, 1e-16, -1e-15], 12) == upper_tail(3.0, [1.0], 12)
    assert upper_tail(0.0, [1.0]) == upper_tail(-1.0, [1.0]) == 1.0


def test_weights_far_apart_are_left_to_the_saddlepoint() -> None:
    assert upper_tail(4.0, [1.0, 1e-6], 30) == upper_tail(4.0, [1.0, 1e-6], 30, "saddlepoint")


@pytest.mark.parametrize("ddf", [math.inf, 40.0])
def test_many_weights_are_left_to_the_saddlepoint_where_the_first_share_is_no_number(ddf: float) -> None:
    """Once p was 0 at the mean: Π√(λ_min/λ_i) is 10^−555 for these 700 weights."""
    weights = np.linspace(0.01, 1, 700)
    for x in (0.9, 1.2, 1.5):
        found = upper_tail(x * weights.sum(), weights, ddf)
        assert found == upper_tail(x * weights.sum(), weights, ddf, "saddlepoint") > 0
        assert found == pytest.approx(imhof(x * weights.sum(), weights.tolist(), ddf), rel=0.01, abs=1e-6)


@pytest.mark.parametrize("x", [1e-14, 1e-11, 6.535014359077246e-12, 1e-9, 1e-3])
def test_near_0_the_saddlepoint_is_found(x: float) -> None:
    """Once the bracket of its root ended at the root itself, and the root finder's own error came out."""
    for weights in ([5.8e-4, 0.11, 14.4, 9.3e-3], [1.0, 1, 1], [0.0155, 180.0]):
        assert upper_tail(x, weights, method="saddlepoint") == pytest.approx(1, abs=0.05)


def test_far_out_the_probability_is_0_and_of_no_number_it_is_none() -> None:
    for method in METHODS:
        assert upper_tail(2e9, [1.0, 0.5], method=method) == upper_tail(math.inf, [1.0, 0.5], 12, method) == 0
        assert math.isnan(upper_tail(math.nan, [1.0, 0.5], 12, method))


def test_draws_agree() -> None:
    rng, draws = np.random.default_rng(5), 200_000
    weights, ddf = np.array([2.5, 1.0, 0.3]), 9.5
    form = rng.chisquare(1, (draws, 3)) @ weights / (rng.chisquare(ddf, draws) / ddf)
    for x in (2.0, 8.0, 20.0):
        p = upper_tail(x, weights, ddf)
        assert abs((form > x).mean() - p) < 3 * math.sqrt(p * (1 - p) / draws)


def test_moments() -> None:
    scale, df = satterthwaite([2.0, 1.0, 0.5])
    assert scale * df == pytest.approx(3.5)
    assert scale**2 * df == pytest.approx(4 + 1 + 0.25)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((1.0, [1.0], 3.0, "davies"), "satterthwaite"), ((1.0, [0.0, -1.0]), "大于 0"), ((1.0, [np.nan]), "大于 0"),
        ((1.0, [1.0], 0.0), "自由度"),
    ],
)  # fmt: skip
def test_refusals(asked: tuple[float, ...], said: str) -> None:
    with pytest.raises(ev.EvalkitError, match=said):
        upper_tail(*asked)
