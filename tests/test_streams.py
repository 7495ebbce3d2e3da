"""The streams are SHAKE-256, word by word, and the deviates have the distributions they are named for."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit import streams
from evalkit.errors import EvalkitError

PARTS = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), max_size=12)


def test_words_are_shake_256_read_little_endian() -> None:
    data = hashlib.shake_256("42|人数|411726".encode()).digest(32)
    words = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(4)]
    expected = [((word >> 12) + 0.5) / 2**52 for word in words]
    assert streams.numbers("42", "人数", "411726", 4).tolist() == expected


@given(PARTS, PARTS, PARTS, st.integers(0, 40), st.integers(0, 40))
def test_a_longer_stream_begins_with_the_shorter(seed: str, purpose: str, key: str, some: int, more: int) -> None:
    short, long = streams.numbers(seed, purpose, key, some), streams.numbers(seed, purpose, key, some + more)
    assert (long[:some] == short).all()
    assert ((long > 0) & (long < 1)).all()


def test_streams_differ_by_every_part() -> None:
    first = {streams.numbers(*parts, 1)[0] for parts in [("1", "a", "x"), ("2", "a", "x"), ("1", "b", "x"), ("1", "a", "y")]}
    assert len(first) == 4


def test_the_same_text_in_another_form_is_the_same_stream() -> None:
    assert streams.numbers("é", "a", " x ", 2).tolist() == streams.numbers("é", "a", "x", 2).tolist()


@pytest.mark.parametrize(("parts", "count"), [(("1|2", "a", "b"), 1), (("1", "a|", "b"), 1), (("1", "a", "b"), -1)])
def test_what_could_be_misread_is_refused(parts: tuple[str, str, str], count: int) -> None:
    with pytest.raises(EvalkitError):
        streams.numbers(*parts, count)


def test_numbers_are_uniform_and_cannot_be_written() -> None:
    u = streams.numbers("1", "uniform", "", 20_000)
    assert stats.kstest(u, "uniform").pvalue > 0.001
    with pytest.raises(ValueError):
        u[0] = 0.5


@pytest.mark.parametrize(("trials", "chance"), [(9, 0.233), (1, 0.5), (30, 0.02), (4, 1.0), (4, 0.0)])
def test_binomial_is_the_inverse_distribution_function(trials: int, chance: float) -> None:
    u = streams.numbers("1", "binomial", "", 500)
    assert (streams.binomial(u, trials, chance) == stats.binom.ppf(u, trials, chance)).all()


def test_exponential_and_normal_are_inverse_distribution_functions() -> None:
    u = streams.numbers("1", "normal", "", 200)
    assert np.allclose(streams.normal(u), stats.norm.ppf(u), rtol=1e-9)
    assert np.allclose(streams.exponential(u), stats.expon.ppf(u), rtol=1e-12)


@pytest.mark.parametrize(("mean", "icc"), [(0.3, 0.1), (0.02, 0.05), (0.965, 0.3)])
def test_beta_has_its_mean_and_its_correlation(mean: float, icc: float) -> None:
    chance = streams.beta(streams.numbers("7", "beta", "", 40_000), mean, icc)
    spread = mean * (1 - mean) * icc  # variance of the chances = covariance of two outcomes of one cluster
    assert abs(chance.mean() - mean) < 4 * (spread / 40_000) ** 0.5
    assert chance.var() == pytest.approx(spread, rel=0.1)


def test_beta_without_and_with_full_correlation() -> None:
    u = streams.numbers("7", "beta", "", 1000)
    assert set(streams.beta(u, 0.2, 0.0)) == {0.2}
    assert set(streams.beta(u, 0.2, 1.0)) == {0.0, 1.0}
    assert set(streams.beta(u, 0.0, 0.3)) == {0.0}


def test_pick_takes_items_in_proportion() -> None:
    chosen = np.bincount(streams.pick(streams.numbers("1", "pick", "", 20_000), [5, 0, 3, 2]), minlength=4) / 20_000
    assert chosen[1] == 0
    assert np.abs(chosen - [0.5, 0, 0.3, 0.2]).max() < 0.015


@given(PARTS, PARTS, st.lists(PARTS, max_size=4), st.integers(0, 9))
def test_words_of_many_keys_are_what_numbers_are_made_of(seed: str, purpose: str, keys: list[str], count: int) -> None:
    words = streams.words(seed, purpose, keys, count)
    assert words.shape == (len(keys), count) and not words.flags.writeable
    for key, row in zip(keys, words, strict=True):
        assert (((row >> np.uint64(12)).astype(float) + 0.5) / 2.0**52 == streams.numbers(seed, purpose, key, count)).all()


def test_words_are_read_little_endian_on_every_machine() -> None:
    data = hashlib.shake_256(b"42|replicates|7").digest(16)
    assert streams.words("42", "replicates", ["6", "7"], 2)[1].tolist() == [int.from_bytes(data[i : i + 8], "little") for i in (0, 8)]


@pytest.mark.parametrize(("parts", "keys", "count"), [(("1|2", "a"), ["b"], 1), (("1", "a"), ["b|"], 1), (("1", "a"), ["b"], -1)])
def test_words_refuse_what_could_be_misread(parts: tuple[str, str], keys: list[str], count: int) -> None:
    with pytest.raises(EvalkitError):
        streams.words(*parts, keys, count)
