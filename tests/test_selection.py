"""Selection: exact systematic positions, what a method may not do, and inclusion frequencies over many seeds."""

from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import tickets
from evalkit.selection import METHODS

SEED = "20260101-314159265358979"
DRAWS = 4000


def all_tickets(seed: str, size: int) -> list[bytes]:
    return [tickets.digest(seed, "village", f"V{i:03d}") for i in range(1, size + 1)]


def test_simple_random_sample_of_the_known_tickets() -> None:
    assert METHODS["srs"].draw(all_tickets(SEED, 6), 3, b"") == [0, 2, 4]


@given(st.integers(1, 400), st.data(), st.binary(min_size=32, max_size=32))
def test_systematic_positions_are_those_of_exact_fractions(size: int, data: st.DataObject, start: bytes) -> None:
    n = data.draw(st.integers(0, size))
    u = Fraction(2 * (int.from_bytes(start[:8], "big") >> 12) + 1, 2**53)
    expected = [int((u + k) * Fraction(size, n)) for k in range(n)]
    assert METHODS["systematic"].draw([b""] * size, n, start) == expected
    assert float(u) == tickets.number(start)


@given(st.sampled_from(sorted(METHODS)), st.integers(0, 60), st.data(), st.text(max_size=5))
def test_every_method_chooses_distinct_units(name: str, size: int, data: st.DataObject, seed: str) -> None:
    n = data.draw(st.integers(0, size))
    chosen = METHODS[name].draw(all_tickets(seed, size), n, tickets.digest(seed, "village", "start|甲"))
    assert len(set(chosen)) == len(chosen) == (size if name == "take-all" else n)
    assert all(0 <= i < size for i in chosen)


@pytest.mark.parametrize("name", ["srs", "systematic"])
def test_more_than_there_are_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="N = 3"):
        METHODS[name].draw(all_tickets("1", 3), 4, bytes(32))


@pytest.mark.parametrize("name", ["srs", "systematic"])
def test_inclusion_frequencies(name: str) -> None:
    """Every unit of 9 is in a sample of 4 with chance 4/9: each frequency within the Bonferroni band at 1 in 10,000."""
    size, n, hits = 9, 4, [0] * 9
    for draw in range(DRAWS):
        seed = f"monte carlo {draw}"
        for i in METHODS[name].draw(all_tickets(seed, size), n, tickets.digest(seed, "village", "start|甲")):
            hits[i] += 1
    band = NormalDist().inv_cdf(1 - 0.0001 / (2 * size)) * (n / size * (1 - n / size) / DRAWS) ** 0.5
    assert max(abs(hit / DRAWS - n / size) for hit in hits) < band


def test_pair_frequencies_of_simple_random_sampling() -> None:
    """The pair (first, last) of 9 is in a sample of 4 with chance (4·3)/(9·8)."""
    both = sum({0, 8} <= set(METHODS["srs"].draw(all_tickets(f"pair {draw}", 9), 4, b"")) for draw in range(DRAWS))
    assert abs(both / DRAWS - 1 / 6) < 4 * (1 / 6 * 5 / 6 / DRAWS) ** 0.5
