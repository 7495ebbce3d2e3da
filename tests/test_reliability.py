"""Misclassification: the worked cases of methods §8.6, the quadrature against random numbers, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.reliability import melded, rogan_gladen

CASE = {"false_positives": 1, "sound": 200, "found_affected": 16, "affected": 20}


def test_the_worked_cases_of_section_8_6() -> None:
    assert rogan_gladen(0.02, 0.8, 0.995) == pytest.approx(0.0188679, abs=5e-8)
    assert ev.reliability.rogan_gladen(0.02, 0.8, 0.98) == 0
    found = melded(6, 300, **CASE)
    assert found.value == pytest.approx(0.018868, abs=5e-7)
    assert found.low == 0 and found.high == pytest.approx(0.0548, abs=3e-4)


@given(p=st.floats(0, 1), se=st.floats(0.6, 1), sp=st.floats(0.6, 1))
@settings(max_examples=50, deadline=None)
def test_the_found_rate_of_a_true_rate_leads_back_to_it(p: float, se: float, sp: float) -> None:
    assert rogan_gladen(min(p * se + (1 - p) * (1 - sp), 1.0), se, sp) == pytest.approx(p, abs=1e-9)


def test_quadrature_agrees_with_random_numbers() -> None:
    numbers, size = np.random.default_rng(3), 400_000
    counts = {"false_positives": 2, "sound": 400, "found_affected": 45, "affected": 50}
    found = melded(30, 600, **counts)

    def drawn(p, sp, se):
        p, sp, se = (numbers.beta(*ab, size) for ab in (p, sp, se))
        return np.clip((p + sp - 1) / (se + sp - 1), 0, 1)

    low = np.quantile(drawn((30, 571), (398, 3), (46, 5)), 0.025)
    high = np.quantile(drawn((31, 570), (399, 2), (45, 6)), 0.975)
    assert (found.low, found.high) == pytest.approx((low, high), abs=3e-4)


def test_perfect_inspection_gives_clopper_pearson() -> None:
    plain = ev.intervals.proportion(0.02, 300, method="clopper-pearson")
    found = melded(6, 300, false_positives=0, sound=10**9, found_affected=10**9, affected=10**9)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-6)


def test_none_found_has_an_upper_limit_and_all_found_is_no_fault() -> None:
    assert 0 < melded(0, 300, **CASE).high < 0.05 and melded(0, 300, **CASE).low == 0
    assert melded(300, 300, **CASE).high == 1


def test_intervals_cover_the_true_rate() -> None:
    numbers, p, se, sp, right = np.random.default_rng(4), 0.05, 0.85, 0.99, 0
    for _ in range(60):
        x = numbers.binomial(600, p * se + (1 - p) * (1 - sp))
        counts = {"false_positives": numbers.binomial(300, 1 - sp), "found_affected": numbers.binomial(40, se)}
        found = melded(x, 600, sound=300, affected=40, **counts)
        right += found.low <= p <= found.high
    assert right / 60 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize(
    ("counts", "words"),
    [({"false_positives": 201}, "false_positives"), ({"affected": 0}, "found_affected"), ({"level": 0}, "level"),
     ({"found_affected": 0}, "大于 1")],
)  # fmt: skip
def test_counts_that_do_not_fit_are_refused(counts, words) -> None:
    with pytest.raises(EstimateError, match=words):
        melded(6, 300, **(CASE | counts))
    with pytest.raises(EstimateError, match="found"):
        rogan_gladen(1.2, 0.8, 0.9)
