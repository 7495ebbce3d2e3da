"""Numbers as official tables write them."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.figures import adds_up, percent, points, rounded, rounding


@pytest.mark.parametrize(
    ("share", "gate", "text"),
    [
        (0.00445, None, "0.45%"),
        (0.00435, None, "0.44%"),
        (0.285 / 100 * 100, None, "28.50%"),
        (0.01996, 0.02, "1.996%"),
        (0.019996, 0.02, "1.9996%"),
        (0.0200049, 0.02, "2.0005%"),
        (0.02, 0.02, "2.00%"),
        (0.9, 0.9, "90.00%"),
        (0.89999, 0.9, "89.999%"),
        (0.00001, None, "0.001%"),
        (0.99999, None, "99.999%"),
        (0, None, "0%"),
        (1, None, "100%"),
        (math.nan, None, ""),
    ],
)
def test_percent_rounds_half_up_and_never_onto_a_gate(share, gate, text):
    assert percent(share, gate=gate) == text


@given(share=st.floats(0, 1), gate=st.sampled_from([0.02, 0.03, 0.9, 0.85]))
def test_percent_keeps_the_side_of_the_gate(share, gate):
    shown = float(percent(share, gate=gate).replace("…", "0").rstrip("%"))
    if abs(share - gate) > 1e-11:
        assert np.sign(shown - gate * 100) in (np.sign(share - gate), 0 if abs(share - gate) < 1e-9 else np.sign(share - gate))
    assert shown == pytest.approx(share * 100, abs=0.00501)


@given(st.integers(-10_000, 10_000))
def test_halves_go_up_as_in_a_spreadsheet(thousandths):
    value = thousandths / 1000
    assert rounded(value, 2) == Decimal(thousandths).scaleb(-3).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(st.integers(-10_000, 10_000))
def test_halves_go_to_the_even_digit_only_inside_the_block(thousandths):
    value = thousandths / 1000
    with rounding("half-even"):
        assert rounded(value, 2) == Decimal(thousandths).scaleb(-3).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        assert percent(0.00125) == "0.12%" and points(0.00125) == "0.12个百分点"
    assert percent(0.00125) == "0.13%"


@given(st.lists(st.integers(0, 500), min_size=1, max_size=6))
def test_printed_parts_add_up_exactly_when_their_digits_do(counts):
    whole = sum(counts)
    assert adds_up([str(count) for count in counts], str(whole)) and not adds_up([str(count) for count in counts], str(whole + 1))
    assert adds_up([*(str(count) for count in counts), "…"], str(whole + 1))
