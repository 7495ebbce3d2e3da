"""Interviewer effects, last digits and copies: textbook identities, known truths, Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimateError
from evalkit.reliability import closest_match, deff_int, digit_test, interviewer_effect


def test_the_design_effect_of_section_8() -> None:
    assert deff_int(75, 0.02) == pytest.approx(2.48)
    with pytest.raises(EstimateError, match="工作量"):
        deff_int(0, 0.02)


def test_nested_interviewers_give_the_analysis_of_variance_within_villages() -> None:
    numbers = np.random.default_rng(2)
    who, where = np.arange(12).repeat(5), np.arange(4).repeat(15)
    y = numbers.normal(size=60) + numbers.normal(size=12)[who]
    means = y.reshape(12, 5).mean(axis=1)
    between = 5 * ((means.reshape(4, 3) - means.reshape(4, 3).mean(axis=1, keepdims=True)) ** 2).sum() / 8
    within = ((y.reshape(12, 5) - means[:, None]) ** 2).sum() / 48
    found = interviewer_effect(y, who, where)
    assert found.within == pytest.approx(within) and found.between == pytest.approx((between - within) / 5)
    assert found.df == (8, 48) and found.shared == 4 and found.workload == 5


def test_components_are_unbiased_where_interviewers_cross_villages() -> None:
    numbers, made = np.random.default_rng(3), []
    where = np.arange(10).repeat(24)
    who = (where // 2) * 4 + np.tile(np.arange(24) % 4, 10)
    for _ in range(300):
        y = numbers.normal(size=10)[where] * 2 + numbers.normal(scale=0.5, size=20)[who] + numbers.normal(size=240)
        found = interviewer_effect(y, who, where)
        made.append((found.between, found.within))
    mean, error = np.mean(made, axis=0), np.std(made, axis=0) / np.sqrt(300)
    assert (np.abs(mean - [0.25, 1.0]) <= 3 * error).all()


def test_the_test_of_no_difference_keeps_its_level() -> None:
    numbers, rejected = np.random.default_rng(4), 0
    where, who = np.arange(6).repeat(20), np.arange(6).repeat(20) * 2 + np.tile([0, 1], 60)
    for _ in range(400):
        rejected += interviewer_effect(numbers.normal(size=120) + where, who, where).p_value < 0.05
    assert abs(rejected / 400 - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 400)


def test_villages_with_one_interviewer_say_nothing() -> None:
    found = interviewer_effect([1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1])
    assert found.confounded and np.isnan(found.rho) and np.isnan(found.deff) and np.isnan(found.difference).all()
    partly = interviewer_effect([1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1])
    assert partly.shared == 1 and partly.df == (1, 3) and np.isnan(partly.difference[2])
    assert partly.difference[:2] == pytest.approx([0.5, -0.5], abs=1) and partly.difference[0] > partly.difference[1]


def test_constant_answers_have_no_effect() -> None:
    found = interviewer_effect([1] * 8, [0, 1] * 4, [0] * 8)
    assert found.rho == 0 and found.deff == 1 and np.isnan(found.p_value)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=80))
@settings(max_examples=40, deadline=None)
def test_digits_add_up_and_the_index_stays_in_its_range(values: list[int]) -> None:
    found = digit_test(values)
    assert found.counts.sum() == found.n == len(values) and 0 <= found.myers <= 0.9 + 1e-12 and 0 <= found.p_value <= 1


def test_rounding_people_are_found_and_even_digits_are_not() -> None:
    assert digit_test(np.arange(1000)).chi2 == 0
    assert digit_test(np.arange(100) * 10).myers == pytest.approx(0.9)
    numbers, low = np.random.default_rng(6), 0
    for _ in range(400):
        low += digit_test(numbers.integers(0, 10**5, 200)).p_value < 0.05
    assert abs(low / 400 - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 400)


@given(st.integers(2, 25), st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_closest_match_is_that_of_all_pairs(n: int, items: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(-1, 3, (n, items))
    share, other = closest_match(codes)
    for i in range(n):
        pairs = [(((codes[i] == codes[j]) & (codes[j] >= 0)).mean(), -j) for j in range(n) if j != i]
        assert (share[i], -other[i]) == max(pairs)


def test_nobody_to_compare_with() -> None:
    share, other = closest_match(np.zeros((1, 3)))
    assert np.isnan(share[0]) and other[0] == -1
