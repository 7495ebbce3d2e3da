"""Every published result of domain §7 that can be checked: which whole numbers could have given a rate, sums, means, rounding."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.figures import rounded

consistent = ev.rates.consistent


@pytest.mark.parametrize(
    ("row", "rate", "asked", "pairs"),
    [
        (1, "0.48%", {"denominator": 2076}, [(10, 2076)]),  # Jinggangshan's 10 of 2,076 households would have been 0.48 %
        (1, "0.41%", {"denominator": 2076}, []),
        (6, "86.57%", {"denominator": 283}, [(245, 283)]),
        (6, "90.46%", {"denominator": 283}, [(256, 283)]),
        (6, "81.27%", {"denominator": 283}, [(230, 283)]),
        (7, "52.4%", {"denominator": 832}, [(436, 832)]),
        (7, "18.4%", {"denominator": 832}, [(153, 832)]),
        (15, "99.99%", {"denominator": 807826, "numerator": 807734}, [(807734, 807826)]),
        (23, "20.12%", {"denominator": 965}, []),  # none of the published counts of 陇川 gives its rate
        (23, "20.12%", {"denominator": 1331}, []),
        (23, "20.12%", {"denominator": 4528}, [(911, 4528)]),  # nor was 911 published of the 4,528
        (24, "100%", {"denominator": 557}, [(555, 557), (556, 557), (557, 557)]),
    ],
)
def test_rates_and_the_pairs_that_could_have_given_them(row, rate, asked, pairs) -> None:
    assert consistent(rate, **asked).pairs == pairs


@pytest.mark.parametrize(
    ("row", "rate", "smallest"),
    [
        (3, "98.61%", (71, 72)), (4, "99.12%", (112, 113)), (5, "91.67%", (11, 12)), (5, "95.38%", (62, 65)), (13, "98.9%", (86, 87)),
        (23, "20.12%", (33, 164)), (28, "0%", (0, 1)),
    ],
)  # fmt: skip
def test_the_smallest_pair(row, rate, smallest) -> None:
    assert consistent(rate).smallest == smallest


def test_jinggangshan_is_counted_in_persons_row_1_and_2() -> None:
    """28 persons at 0.41 % need 6,747 to 6,913 exited persons (the 6,914 of the table is 28/.00405 rounded up: 28/6914 is 0.40 %)."""
    found = consistent("0.41%", numerator=28, unit="人")
    assert found.denominators == (6747, 6913) and len(found.table()) == 6913 - 6747 + 1
    assert (28, 6914) in consistent("0.40%", denominator=6914).pairs
    assert [round(n / 2076, 2) for n in found.denominators] == [3.25, 3.33]  # persons a household
    assert consistent("1.6%", numerator=1417).denominators == (85879, 91419)


def test_lankao_s_villages_are_112_of_113_or_113_of_114_row_4() -> None:
    assert [pair for pair in consistent("99.12%", denominator=(1, 130)).pairs] == [(112, 113), (113, 114)]
    assert consistent("99.13%", denominator=115).pairs == [(114, 115)]
    assert consistent("91.67%", denominator=(1, 24)).pairs == [(11, 12), (22, 24)]


def test_the_283_counties_part_into_four_row_6() -> None:
    no_wrong_exit, no_missed, neither = (consistent(rate, denominator=283).pairs[0][0] for rate in ("86.57%", "90.46%", "81.27%"))
    wrong_exit, missed, any_of_them = 283 - no_wrong_exit, 283 - no_missed, 283 - neither
    both = wrong_exit + missed - any_of_them
    assert (wrong_exit - both, missed - both, both, neither) == (26, 15, 12, 230) and 114 + 169 == 283


def test_longchuan_s_rate_fits_none_of_its_counts_row_23() -> None:
    # its 965 flagged households would be 20.12 % of 4,796, which nobody published
    assert round(965 / 0.2012) == 4796 and (965, 4796) in consistent("20.12%", numerator=965).pairs
    assert consistent("20.12%", denominator=(1, 163)).possible is False


@pytest.mark.parametrize(
    ("row", "text", "numerator", "denominator"),
    [
        (8, "29", 1158, 40), (10, "32", 996, 31), (10, "1654", 51273, 31), (10, "51", 51273, 996), (11, "23.7", 427, 18),
        (19, "60", 2640, 44), (19, "2", 44, 22), (20, "370", 20736, 56), (21, "4.94", 529, 107), (22, "2.62", 4945, 1885),
        (22, "134.6", 1885, 14), (24, "3.27", 1824, 557), (26, "34.8", 4912, 141), (26, "22.5", 1690, 75),
        (3, "3.37", 48660, 14453), (3, "2.24", 4103, 1833),
    ],
)  # fmt: skip
def test_means_follow_from_the_published_counts(row, text, numerator, denominator) -> None:
    assert (numerator, denominator) in consistent(text, denominator=denominator, share=False).pairs


def test_gansu_s_households_a_village_with_one_digit_more_row_10() -> None:
    assert (51273, 996) in consistent("51.5", denominator=996, share=False).pairs


@pytest.mark.parametrize(
    ("row", "parts", "whole"),
    [
        (7, (28, 125), 153), (8, (755, 403), 1158), (8, (2.7, 1.6), 4.3), (8, (2, 4.3), 6.3), (9, (22000, 15300), 37300),
        (11, (311, 116), 427), (16, (43.74, 42.25, 14.01), 100), (16, (58.26, 34.70, 7.04), 100), (20, (23, 33), 56),
        (20, (4707, 16029), 20736), (27, (103, 4), 107), (30, (8, 4, 4, 6), 22), (21, (14 * 2,), 28), (21, (28 * 2,), 56),
    ],
)  # fmt: skip
def test_sums(row, parts, whole) -> None:
    assert sum(Decimal(str(part)) for part in parts) == Decimal(str(whole))


def test_zero_cases_say_how_little_they_prove_rows_13_and_28() -> None:
    """domain §2.3: the upper bound of 0 events at n persons of a simple sample, as the table prints it."""
    for n, printed in ((150, 1.98), (300, 0.99), (1000, 0.30), (1300, 0.23)):
        bound = ev.intervals.proportion(0.0, n, method="clopper-pearson", level=0.95, side="upper").high
        assert float(rounded(100 * float(bound), 2)) == pytest.approx(printed)


@given(a=st.integers(0, 400), more=st.integers(1, 400), digits=st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_every_published_rate_finds_its_own_pair(a: int, more: int, digits: int) -> None:
    b = a + more
    table = consistent(f"{_rounded(a, b, digits, ROUND_HALF_UP)}%", denominator=b).table()
    mine = table[table["numerator"] == a]
    assert len(mine) == 1 and bool(mine["half_up"].iloc[0])
    even = consistent(f"{_rounded(a, b, digits, ROUND_HALF_EVEN)}%", denominator=b).table()
    assert bool(even.loc[even["numerator"] == a, "half_even"].iloc[0])


def _rounded(a: int, b: int, digits: int, rule: str) -> Decimal:
    exact = Fraction(100 * a, b) * 10**digits
    whole = exact.numerator // exact.denominator
    rest = exact - whole
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rule == ROUND_HALF_UP or whole % 2 == 1))
    return Decimal(whole + up).scaleb(-digits)


def test_ties_are_told_apart() -> None:
    """1/8 = 12.5 %: half up gives 13 %, half to even 12 %."""
    up, even = (consistent(rate, denominator=8).table().set_index("numerator") for rate in ("13%", "12%"))
    assert up.loc[1, ["half_up", "half_even"]].to_list() == [True, False]
    assert even.loc[1, ["half_up", "half_even"]].to_list() == [False, True]


@pytest.mark.parametrize(("rate", "asked"), [("1.6%", {}), (0.016, {"digits": 3}), ("16‰", {}), ("0.016", {})])
def test_ways_of_writing_a_rate(rate, asked) -> None:
    assert consistent(rate, denominator=500, **asked).pairs == [(8, 500)]


@pytest.mark.parametrize(
    ("rate", "asked", "words"),
    [
        ("约2%", {}, "读不出"), (0.02, {}, "digits"), ("0.415%", {"digits": 2}, "3 位小数"), ("1%", {"denominator": 0}, "不小于 1"),
        ("1%", {"denominator": "12"}, "整数"), ("1%", {"denominator": (9, 3)}, "先小后大"), ("0%", {"numerator": 0}, "分母"),
        ("0.123456789", {}, "小数太多"), ("1%", {"denominator": (1, 10**9)}, "太多"), ("1%", {"numerator": -1}, "不小于 0"),
    ],
)  # fmt: skip
def test_questions_without_an_answer(rate, asked, words) -> None:
    with pytest.raises(EstimateError, match=words):
        consistent(rate, **asked)


def test_a_refusal_in_words() -> None:
    assert "没有整数分子" in repr(consistent("0.41%", denominator=2076, unit="户"))
    assert np.isfinite(consistent("0.41%", denominator=(6000, 7000)).table()["value"]).all()
