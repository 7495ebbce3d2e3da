"""Exact methods: p(s) of every sample, inclusion and pair frequencies, sure end on any list and any tickets, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import tickets
from evalkit.inclusion import cps_working, proportional
from evalkit.selection.exact import EXACT
from evalkit.selection.exact.stepwise import brewer_weights, stayers
from evalkit.selection.methods import Units

METHOD = {method.name: method for method in EXACT}
SEED = "20260101-314159265358979"
DRAWS = 6000
LISTS = {2: [1, 2, 3, 4, 5, 16, 3], 5: [1, 2, 2, 3, 5, 8, 13, 18, 13, 4, 7, 18], 20: [*range(20, 56), 62, 70, 76, 20]}
names = pytest.mark.parametrize("name", METHOD)


@cache
def many_tickets(draw: int, size: int) -> list[bytes]:
    return [sha256(f"{draw}|{i}".encode()).digest() for i in range(size)]


def at(u: float) -> bytes:
    """Return a ticket whose number is the nearest possible to u."""
    return (min(int(u * 2**52), 2**52 - 1) << 12).to_bytes(8, "big")


def chance_of_taking(name: str, sizes: list[int], n: int, before: tuple[bool, ...]) -> float:
    """Find by bisection below which number the next unit is taken, when those before are decided as stated."""
    forced = [at(0.0) if taken else at(1.0) for taken in before]
    behind = [at(0.5)] * (len(sizes) - len(before) - 1)
    low, high = 0.0, 1.0
    for _ in range(48):
        u = (low + high) / 2
        chosen = METHOD[name].draw(Units([*forced, at(u), *behind], b"", sizes), n)
        low, high = (u, high) if len(before) in chosen else (low, u)
    return low


def chance_of_sample(name: str, sizes: list[int], n: int, chosen: tuple[int, ...], cut: Callable[..., float]) -> float:
    """Multiply the chances of the decisions down the list."""
    total, before = 1.0, tuple[bool, ...]()
    for k in range(len(sizes)):
        if sum(before) == n:
            break
        chance = cut(name, sizes, n, before)
        total *= chance if k in chosen else 1 - chance
        before += (k in chosen,)
    return total


def defined(name: str, sizes: list[int], n: int) -> dict[tuple[int, ...], float]:
    """Return p(s) of every sample by the definition of the design."""
    probs = [Fraction(n * x, sum(sizes)) for x in sizes]
    working = probs if name == "sampford" else [Fraction(p) for p in cps_working([float(p) for p in probs])]
    weights = {
        chosen: math.prod(working[i] / (1 - working[i]) for i in chosen) * (sum(1 - probs[i] for i in chosen) if name == "sampford" else 1)
        for chosen in combinations(range(len(sizes)), n)
    }
    total = sum(weights.values())
    return {chosen: float(weight / total) for chosen, weight in weights.items()}


@pytest.mark.parametrize("name", ["sampford", "cps"])
def test_every_sample_has_the_chance_of_its_definition(name: str) -> None:
    """N = 6, n = 3: the chances of all 20 samples, from the numbers at which the draw changes its mind."""
    sizes = [1, 2, 3, 4, 5, 6]
    cut = cache(lambda name, n, before: chance_of_taking(name, sizes, n, before))
    for chosen, chance in defined(name, sizes, 3).items():
        found = chance_of_sample(name, sizes, 3, chosen, lambda name, _, n, before: cut(name, n, before))
        assert found == pytest.approx(chance, rel=1e-9)


def test_the_two_designs_differ() -> None:
    sampford, cps = defined("sampford", [1, 2, 3, 4, 5, 6], 3), defined("cps", [1, 2, 3, 4, 5, 6], 3)
    assert max(abs(sampford[chosen] - cps[chosen]) for chosen in cps) > 1e-3


def test_brewers_steps_give_each_unit_its_chance() -> None:
    probs = np.array(proportional([3, 5, 8, 9, 12, 2, 12], 4))
    found = np.zeros(7)

    def follow(chosen: list[int], chance: float) -> None:
        if len(chosen) == 4:
            found[chosen] += chance
            return
        weights = brewer_weights(probs, 4, chosen)
        for k in np.flatnonzero(weights):
            follow([*chosen, int(k)], chance * weights[k] / weights.sum())

    follow([], 1.0)
    assert found == pytest.approx(probs, rel=1e-12)


def frequencies(name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each unit and each pair was drawn."""
    sizes = LISTS[n]
    pairs = np.zeros((len(sizes), len(sizes)))
    for draw in range(DRAWS // (1 if n < 20 else 2)):
        given = many_tickets(draw, len(sizes))
        chosen = METHOD[name].draw(Units(given, given[0][::-1], sizes), n)
        pairs[np.ix_(chosen, chosen)] += 1
    pairs /= DRAWS // (1 if n < 20 else 2)
    return np.diag(pairs), pairs


def errors(found: np.ndarray, expected: np.ndarray, draws: int) -> np.ndarray:
    """Return differences in standard errors; where none can be, any difference is beyond all bounds."""
    se = np.sqrt(expected * (1 - expected) / draws)
    return np.abs(found - expected) / np.maximum(se, 1e-9)


@names
@pytest.mark.parametrize("n", LISTS)
def test_inclusion_and_pair_frequencies(name: str, n: int) -> None:
    """Units within 4 standard errors, pairs within Bonferroni's band at 1 in 1,000; both fail where chances are off by 5 %.

    With n = 2 no pair is likely enough for 5 % to show.
    """
    probs = np.array(METHOD[name].probs(Units([b""] * len(LISTS[n]), b"", LISTS[n]), n))
    assert 0.93 < probs.max() < 1
    draws = DRAWS // (1 if n < 20 else 2)
    single, pairs = frequencies(name, n)
    assert errors(single, probs, draws).max() < 4
    off = np.where(np.arange(len(probs)) % 2, 1.05, 0.95)
    assert errors(single, np.minimum(probs * off, 1), draws).max() > 4
    if METHOD[name].joint == "approximate":
        return
    expected, upper = METHOD[name].pairs(probs), np.triu_indices(len(probs), 1)
    band = NormalDist().inv_cdf(1 - 0.001 / (2 * len(upper[0])))
    assert errors(pairs, expected, draws)[upper].max() < band
    assert n == 2 or errors(pairs, np.minimum(expected * 0.95, 1), draws)[upper].max() > band


def test_pairs_of_zero_chance_never_come() -> None:
    _, pairs = frequencies("tille", 2)
    zero = METHOD["tille"].pairs(proportional(LISTS[2], 2)) == 0
    assert zero.any()
    assert not pairs[zero].any()


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(sorted(METHOD)), st.lists(st.integers(1, 10**15), max_size=40), st.data(), st.text(max_size=5))
def test_any_list_gives_n_distinct_units_certain_ones_first(name: str, sizes: list[int], data: st.DataObject, seed: str) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    given = [tickets.digest(seed, "village", f"V{i:03d}") for i in range(len(sizes))]
    chosen = METHOD[name].draw(Units(given, tickets.digest(seed, "village", "start|甲"), sizes), n)
    assert len(set(chosen)) == len(chosen) == n
    sure = [i for i, chance in enumerate(proportional(sizes, n)) if chance == 1]
    assert chosen[: len(sure)] == sorted(sure, key=lambda i: given[i])
    assert chosen[len(sure) :] == sorted(chosen[len(sure) :], key=lambda i: given[i])


@names
@pytest.mark.parametrize("u", [0.0, 1.0, 0.5])
def test_any_tickets_give_n_units(name: str, u: float) -> None:
    """The least likely samples are reached too: all numbers as small, or as large, as a ticket can be."""
    chosen = METHOD[name].draw(Units([at(u)] * 300, bytes(32), [1 + k**3 for k in range(300)]), 70)
    assert len(set(chosen)) == 70


@names
def test_two_thousand_units_of_all_sizes(name: str) -> None:
    sizes = [1 + k**4 % 99991 for k in range(1999)] + [10**7]
    given = many_tickets(1, 2000)
    chosen = METHOD[name].draw(Units(given, given[0], sizes), 500)
    assert len(set(chosen)) == 500
    assert chosen[0] == 1999


@names
def test_equal_sizes_need_not_be_given(name: str) -> None:
    given = many_tickets(2, 9)
    assert METHOD[name].draw(Units(given, given[0]), 4) == METHOD[name].draw(Units(given, given[0], [7] * 9), 4)
    assert METHOD[name].probs(Units(given, given[0]), 3) == [1 / 3] * 9


@names
def test_what_cannot_be_drawn_is_refused(name: str) -> None:
    three = many_tickets(3, 3)
    for sizes, n, said in [([1, 2, 3], 4, "N = 3"), ([1, 2, 3], -1, "N = 3"), ([1, 0, -3], 2, "2、3"), ([1, 2], 1, "2 个规模")]:
        with pytest.raises(ValueError, match=said):
            METHOD[name].draw(Units(three, three[0], sizes), n)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sampford", [0, 2, 5]), ("cps", [0, 2, 5]), ("brewer", [2, 4, 5]), ("tille", [2, 5, 3]), ("midzuno", [4, 1, 5])],
)
def test_the_known_seed_always_gives_the_same_villages(name: str, expected: list[int]) -> None:
    given = [tickets.digest(SEED, "village", f"V{i:03d}") for i in range(1, 7)]
    assert METHOD[name].draw(Units(given, tickets.digest(SEED, "village", "start|"), [1, 2, 3, 4, 5, 6]), 3) == expected


@names
def test_coordination_is_as_stated(name: str) -> None:
    """One village less of 60: methods that decide by tickets keep nine in ten of the chosen, the others need not."""
    sizes, kept = [3 + 7 * k % 40 for k in range(60)], 0
    for draw in range(60):
        given = many_tickets(draw, 60)
        gone = draw % 60
        less = Units(given[:gone] + given[gone + 1 :], given[0], sizes[:gone] + sizes[gone + 1 :])
        before = {given[i] for i in METHOD[name].draw(Units(given, given[0], sizes), 20)}
        kept += len(before & {less.tickets[i] for i in METHOD[name].draw(less, 20)})
    assert (kept > 0.93 * 60 * 20) == METHOD[name].coordinates


def test_elimination_by_hand() -> None:
    """Sizes 4, 2, 1, 1 down to n = 1.

    From 4 to 3, π = 1, 1, ½, ½: units 2 and 3 leave with ½ each. From 3 to 2, π = 1, ½, ¼, ¼: unit 1 leaves with ½, else the small one.
    From 2 to 1, π = ½, ¼, ⅛, ⅛: unit 0 leaves with ½, else the other.
    """
    assert stayers([4, 2, 1, 1], 1, iter([0.5, 0.6, 0.4])) == [1]
    assert stayers([4, 2, 1, 1], 1, iter([0.4, 0.4, 0.6])) == [0]
    assert stayers([4, 2, 1, 1], 1, iter([0.4, 0.4, 0.4])) == [3]


def test_the_table_says_what_the_methods_are() -> None:
    for method in EXACT:
        assert method.fixed_size and method.exact_pi and method.needs == ("sizes",)
        assert (method.reads == "tickets") == method.coordinates
        assert (method.joint == "exact") == (method.variance == "pps-joint")
        assert bool(method.approximation) == (method.joint == "approximate")
