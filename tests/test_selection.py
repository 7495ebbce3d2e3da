"""Selection by tickets and along lists: exact positions, known draws, what is refused, and frequencies over many seeds."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import tickets
from evalkit.inclusion.first import certain, proportional
from evalkit.inclusion.pareto import order_sampling
from evalkit.selection import METHODS, Method, Units, draw_strata
from evalkit.selection.equal import EQUAL, halves_of, numbers, simple_pairs
from evalkit.selection.ordered import ORDERED, nested, serpentine
from evalkit.selection.ranked import RANKED, below, pareto_ranks, sequential_ranks, smallest, turned

SEED = "20260101-314159265358979"
SIZE, REPLICATES = 30, 6000
OURS = {method.name: method for method in (*EQUAL, *RANKED, *ORDERED)}
BY_TICKET = [name for name, method in OURS.items() if method.reads == "tickets" and not method.ordered]
SIZED = [name for name, method in OURS.items() if "sizes" in method.needs]


def all_tickets(seed: str, size: int) -> list[bytes]:
    return [tickets.digest(seed, "village", f"V{i:03d}") for i in range(1, size + 1)]


def units(seed: str, sizes: Sequence[int]) -> Units:
    return Units(all_tickets(seed, len(sizes)), tickets.digest(seed, "village", "start|甲"), sizes=list(sizes))


def started(u: float, sizes: Sequence[int]) -> Units:
    """Return units whose start is the number u, to 52 bits."""
    return Units([b""] * len(sizes), (int(u * 2**52) << 12).to_bytes(8, "big"), sizes=list(sizes))


# -- known draws ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("srs", [0, 2, 4]),
        ("pareto", [2, 0, 4]),
        ("sequential-poisson", [2, 0, 4]),
        ("poisson", [2, 0, 4]),
        ("take-all", [0, 2, 4, 1, 5, 3]),
    ],
)
def test_draws_of_the_known_tickets(name: str, chosen: list[int]) -> None:
    """Sizes 1 to 6, n = 3: V003, V001 and V005 have the smallest Q."""
    assert OURS[name].draw(units(SEED, range(1, 7)), 3) == chosen


def test_pareto_ranks_of_the_known_tickets() -> None:
    ranks = OURS["pareto"].rank(units(SEED, range(1, 7)), 3)
    assert ranks == pytest.approx([0.572545, 10.826, 0.150812, 5.05976, 0.863984, 1.08513], rel=2e-5)


def test_systematic_by_size_from_a_known_start() -> None:
    """Points 2.59, 9.59 and 16.59 among 1, 3, 6, 10, 15, 21."""
    assert OURS["pps-systematic"].draw(started(0.37, range(1, 7)), 3) == [1, 3, 5]


def test_numbers_are_those_of_the_tickets() -> None:
    known = all_tickets(SEED, 40)
    assert numbers(known).tolist() == [tickets.number(ticket) for ticket in known]
    assert numbers([ticket[:8] for ticket in known[:20]] + known[20:]).tolist() == numbers(known).tolist()


# -- identities -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.data(), st.binary(min_size=32, max_size=32))
def test_systematic_positions_are_those_of_exact_fractions(size: int, data: st.DataObject, start: bytes) -> None:
    n = data.draw(st.integers(0, size))
    u, listed = Fraction(halves_of(start), 2**53), Units([b""] * size, start)
    assert OURS["systematic"].draw(listed, n) == [int((u + k) * Fraction(size, n)) for k in range(n)]
    assert OURS["systematic-circular"].draw(listed, n) == [int(u * size + k * Fraction(size, n)) % size for k in range(n)]
    assert OURS["pps-systematic"].draw(listed, n) == OURS["systematic"].draw(listed, n)
    assert float(u) == tickets.number(start)


@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=40), st.data(), st.binary(min_size=32, max_size=32))
def test_systematic_by_size_takes_the_stretches_that_hold_a_point(sizes: list[int], data: st.DataObject, start: bytes) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    sure = certain(sizes, n)
    rest, m = [k for k in range(len(sizes)) if k not in sure], n - len(sure)
    ends, u = list(accumulate(sizes[k] for k in rest)), Fraction(halves_of(start), 2**53)
    points = [(u + k) * Fraction(ends[-1], m) for k in range(m)]
    hit = [k for k, end in zip(rest, ends, strict=True) if any(end - sizes[k] <= point < end for point in points)]
    assert OURS["pps-systematic"].draw(Units([b""] * len(sizes), start, sizes=sizes), n) == sure + hit


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.data(), st.text(max_size=5))
def test_chromy_is_never_further_than_one_from_its_expectation(sizes: list[int], data: st.DataObject, seed: str) -> None:
    n = data.draw(st.integers(1, len(sizes)))
    listed, sure = units(seed, sizes), certain(sizes, n)
    chosen = set(OURS["chromy"].draw(listed, n)) - set(sure)
    rest, probs = [k for k in range(len(sizes)) if k not in sure], proportional(sizes, n)
    total = sum(sizes[k] for k in rest)
    ends = list(accumulate(sizes[k] for k in rest))
    first = next((i for i, end in enumerate(ends) if end * 2**53 > halves_of(listed.start) * total), 0)
    expected, got = 0.0, 0
    for k in rest[first:] + rest[:first]:
        expected, got = expected + probs[k], got + (k in chosen)
        assert abs(got - expected) < 1 + 1e-9


@given(st.sampled_from(sorted(OURS)), st.lists(st.integers(1, 30), max_size=40), st.data(), st.text(max_size=5))
def test_every_method_chooses_as_many_as_it_says(name: str, sizes: list[int], data: st.DataObject, seed: str) -> None:
    method, listed = OURS[name], units(seed, sizes)
    n = data.draw(st.integers(0, len(sizes)))
    chosen = method.draw(listed, n)
    assert all(0 <= i < len(sizes) for i in chosen)
    assert len(set(chosen)) == len(chosen) or method.replacement
    assert not method.fixed_size or len(chosen) == (len(sizes) if name == "take-all" else n)
    assert sum(method.probs(listed, n)) == pytest.approx(len(sizes) if name == "take-all" else n)


@given(st.sampled_from(SIZED), st.lists(st.integers(1, 10**6), min_size=1, max_size=40), st.data(), st.text(max_size=5))
def test_certain_units_come_first(name: str, sizes: list[int], data: st.DataObject, seed: str) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    sure = set(certain(sizes, n))
    assert OURS[name].replacement or set(OURS[name].draw(units(seed, sizes), n)[: len(sure)]) == sure


@given(st.sampled_from(BY_TICKET), st.permutations(range(20)), st.integers(0, 20), st.text(max_size=5))
def test_tickets_decide_whatever_the_order_of_the_list(name: str, order: list[int], n: int, seed: str) -> None:
    listed = units(seed, [1 + k % 7 for k in range(20)])
    shuffled = Units([listed.tickets[k] for k in order], listed.start, sizes=[listed.sizes[k] for k in order])
    assert [order[k] for k in OURS[name].draw(shuffled, n)] == OURS[name].draw(listed, n)


@given(st.sampled_from([name for name, method in OURS.items() if method.rank]), st.integers(0, 20), st.text(max_size=5))
def test_ranks_say_who_is_chosen(name: str, n: int, seed: str) -> None:
    method, listed = OURS[name], units(seed, [1 + k % 7 for k in range(20)])
    ranks = method.rank(listed, n)
    probs, chosen = method.probs(listed, n), set(method.draw(listed, n))
    if method.fixed_size:
        assert chosen == set(sorted(range(20), key=lambda k: (ranks[k], listed.tickets[k]))[:n])
    else:
        assert chosen == {k for k in range(20) if ranks[k] < probs[k]}


def test_equal_tickets_stand_in_the_order_of_the_list() -> None:
    alike = Units([b"x" * 32] * 5, bytes(32), sizes=[3] * 5)
    assert [OURS[name].draw(alike, 2) for name in ("srs", "pareto", "sequential-poisson")] == [[0, 1]] * 3


def test_few_of_many_are_the_smallest_of_all() -> None:
    known = all_tickets(SEED, 2000)
    assert OURS["srs"].draw(Units(known), 50) == sorted(range(2000), key=lambda k: known[k])[:50]
    assert OURS["srs"].draw(Units([ticket[:1] for ticket in known]), 50) == sorted(range(2000), key=lambda k: (known[k][:1], k))[:50]


def test_with_replacement_more_than_there_are() -> None:
    listed = units(SEED, [1, 2, 5])
    drawn = OURS["pps-wr"].draw(listed, 9)
    assert len(drawn) == 9 and drawn[:4] == OURS["pps-wr"].draw(listed, 4)
    assert OURS["pps-wr"].probs(listed, 16) == [2.0, 4.0, 10.0]


# -- numbers given, and turned round the circle ---------------------------------------------------------------------


def test_ranks_of_numbers_that_are_given() -> None:
    given_numbers, probs = [0.25, 0.75, 0.5, 0.9], [0.25, 0.5, 0.25, 1.0]
    assert pareto_ranks(given_numbers, probs).tolist() == [1.0, 3.0, 3.0, 0.0]
    assert sequential_ranks(given_numbers, probs).tolist() == [1.0, 1.5, 2.0, 0.0]
    assert smallest(pareto_ranks(given_numbers, probs), 3) == [3, 0, 1]
    assert below(given_numbers, probs) == [3]


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20, unique=True), st.floats(0, 0.999))
def test_turning_puts_first_who_comes_next_on_the_circle(given_numbers: list[float], start: float) -> None:
    order = sorted(range(len(given_numbers)), key=lambda k: (given_numbers[k] < start, given_numbers[k]))
    away = turned(given_numbers, start)
    assert np.allclose(away[order], np.sort(away))
    back = turned(given_numbers, start, backwards=True)
    assert np.allclose((away + back) % 1, 0, atol=1e-12) or np.allclose(np.minimum((away + back) % 1, 1 - (away + back) % 1), 0, atol=1e-12)


# -- sorting --------------------------------------------------------------------------------------------------------


def test_serpentine_turns_at_every_group() -> None:
    keys = [[a, b, c] for a in (1, 2) for b in (1, 2) for c in (1, 2)]
    assert ["".join(map(str, keys[i])) for i in serpentine(keys)] == ["111", "112", "122", "121", "221", "222", "212", "211"]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("甲乙丙"), st.integers(0, 2)), max_size=30))
def test_serpentine_and_nested_keep_groups_together(keys: list[tuple[int, str, int]]) -> None:
    assert nested(keys) == sorted(range(len(keys)), key=lambda i: (*keys[i], i))
    order = serpentine(keys)
    assert sorted(order) == list(range(len(keys)))
    for depth in (1, 2, 3):
        runs = [keys[i][:depth] for i in order]
        assert sum(a != b for a, b in pairwise(runs)) == max(0, len(set(runs)) - 1)


def test_keys_that_cannot_be_sorted_are_refused() -> None:
    with pytest.raises(ValueError, match="1、2"):
        serpentine([[1, 2], [1]])
    with pytest.raises(ValueError, match="第 2、3 个单位"):
        nested([[1.0], [float("nan")], [None]])


# -- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({*OURS} - {"take-all", "pps-wr"}))
@pytest.mark.parametrize(("n", "match"), [(4, "N = 3"), (-1, "N = 3"), (1.5, "整数")])
def test_a_number_out_of_range_is_refused(name: str, n: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        OURS[name].draw(units("1", [1, 2, 3]), n)


@pytest.mark.parametrize("n", [-1, 2.5])
def test_draws_with_replacement_need_a_number(n: int) -> None:
    with pytest.raises(ValueError, match="整数"):
        OURS["pps-wr"].draw(units("1", [1, 2, 3]), n)
    with pytest.raises(ValueError, match="至少有一个单位"):
        OURS["pps-wr"].draw(units("1", []), 1)


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("wrong", [0, -3, float("nan"), float("inf")])
def test_sizes_that_are_none_are_refused(name: str, wrong: int) -> None:
    with pytest.raises(ValueError, match=r"第 2、4 个单位的规模"):
        OURS[name].draw(units("1", [5, wrong, 7, wrong]), 2)


@pytest.mark.parametrize("name", SIZED)
def test_sizes_of_another_length_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="4 个单位，2 个规模"):
        OURS[name].draw(Units(all_tickets("1", 4), bytes(32), sizes=[1, 2]), 2)


def test_numbers_and_chances_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"第 2 个 1\.0、第 3 个 nan"):
        pareto_ranks([0.5, 1.0, float("nan")], [0.5, 0.5, 0.5])
    with pytest.raises(ValueError, match=r"第 1 个 0.0、第 2 个 1\.5"):
        sequential_ranks([0.5, 0.5], [0.0, 1.5])
    with pytest.raises(ValueError, match="2 个随机数，1 个概率"):
        below([0.5, 0.5], [0.5])
    with pytest.raises(ValueError, match="起点"):
        turned([0.5], 1.0)
    with pytest.raises(ValueError, match="第 2 个单位的签号"):
        numbers([bytes(8), b"x"])


def test_pairs_of_unequal_chances_are_not_those_of_a_simple_random_sample() -> None:
    for probs in ([0.5, 0.6, 0.9], [0.5, 0.5, 0.5], [0.5, float("nan")]):
        with pytest.raises(ValueError, match=r"概率|π"):
            simple_pairs(probs)


# -- what the table says --------------------------------------------------------------------------------------------


def test_the_table_holds_every_method_once() -> None:
    assert len(OURS) == len((*EQUAL, *RANKED, *ORDERED)) == 12
    assert all(METHODS[name] is method for name, method in OURS.items())


# -- frequencies ----------------------------------------------------------------------------------------------------


def near_one(n: int) -> list[int]:
    """Return 30 thousandths with sum 1000 n, unequal, the first of them near 1."""
    heads = {2: [960], 5: [990, 950, 900], 20: [995, 990, 985, 980, 975, 970, 965, 960, 955, 950, 940, 930]}[n]
    left, many = 1000 * n - sum(heads), SIZE - len(heads)
    tails = [left * (k + 2) // ((many * (many + 3)) // 2) for k in range(many)]
    tails[-1] += left - sum(tails)
    return heads + tails


@cache
def draws(name: str, n: int) -> np.ndarray:
    """Return how often each unit was drawn in each replicate, shape (replicates, units)."""
    counts = np.zeros((REPLICATES, SIZE), dtype=np.int64)
    sizes = near_one(n)
    for replicate in range(REPLICATES):
        stream = hashlib.shake_256(f"{name}|{n}|{replicate}".encode()).digest(32 * (SIZE + 1))
        every = [stream[32 * k : 32 * k + 32] for k in range(SIZE + 1)]
        for k in OURS[name].draw(Units(every[1:], every[0], sizes=sizes), n):
            counts[replicate, k] += 1
    return counts


def true_chances(method: Method, n: int) -> np.ndarray:
    probs = method.probs(Units([b""] * SIZE, sizes=near_one(n)), n)
    return np.array(probs if method.exact_pi else order_sampling(probs, n, method.name))


def agrees(method: Method, n: int, probs: np.ndarray) -> bool:
    """Say whether the mean number of times each unit was drawn is within 4 standard errors of what it should be."""
    variance = probs * (1 - probs / n) if method.replacement else probs * (1 - probs)
    return bool((np.abs(draws(method.name, n).mean(axis=0) - probs) <= 4 * np.sqrt(variance / REPLICATES)).all())


@pytest.mark.parametrize("n", [2, 5, 20])
@pytest.mark.parametrize("name", OURS)
def test_inclusion_frequencies(name: str, n: int) -> None:
    assert agrees(OURS[name], n, true_chances(OURS[name], n))


@pytest.mark.parametrize(("name", "n"), [(name, n) for name in OURS for n in (2, 5, 20) if n == 20 or name in SIZED])
def test_chances_five_percent_off_are_noticed(name: str, n: int) -> None:
    """With a unit near 1 at every n, else at n = 20: a chance of 2/30 would need more replicates."""
    assert not agrees(OURS[name], n, 0.95 * true_chances(OURS[name], n))


@pytest.mark.parametrize("n", [5, 20])
@pytest.mark.parametrize("name", [name for name, method in OURS.items() if method.pairs and not method.approximation])
def test_pair_frequencies(name: str, n: int) -> None:
    """All 435 pairs within the Bonferroni band at 1 in 10,000; pairs without a chance never occur."""
    method, counts = OURS[name], draws(name, n)
    pairs = method.pairs(method.probs(Units([b""] * SIZE, sizes=near_one(n)), n))
    band = NormalDist().inv_cdf(1 - 0.0001 / (SIZE * (SIZE - 1))) * np.sqrt(pairs * (1 - pairs) / REPLICATES)
    frequency = counts.T @ counts / REPLICATES
    assert (np.abs(frequency - pairs) <= band + 1e-12).all()
    if n == 20:  # at n = 5 pairs are too rare for 5 % to show in so few replicates
        assert not (np.abs(frequency - 0.95 * pairs) <= band).all()


def test_true_chances_are_needed_for_sequential_poisson() -> None:
    """With 12 of 30 units near 1 the chances aimed at are not the true ones, and the frequencies say so."""
    method = OURS["sequential-poisson"]
    assert not agrees(method, 20, np.array(near_one(20)) / 1000)


@pytest.mark.parametrize("kind", [np.int64, np.int16])
@pytest.mark.parametrize("name", list(METHODS))
def test_a_whole_number_of_numpy_is_that_number(name: str, kind: type) -> None:
    """Products of numpy's whole numbers overflow: a draw must not change, or stop, where n is one."""
    sizes = [10**17 + 7 * i for i in range(60)]
    values: dict[str, list[list[float]]] = {"balance": [[i % 5] for i in range(60)], "places": [[i % 9, i // 9] for i in range(60)]}
    start, groups = tickets.digest(SEED, "village", "start|甲"), [i % 4 for i in range(60)]
    ours = Units(all_tickets(SEED, 60), start, sizes=sizes, groups=groups, **values)
    way = METHODS[name]
    assert way.draw(ours, kind(20)) == way.draw(ours, 20) and way.probs(ours, kind(20)) == way.probs(ours, 20)
    assert proportional(sizes, kind(20)) == proportional(sizes, 20) and certain([*sizes, 10**20], kind(20)) == [60]


def test_a_size_beyond_every_double_is_certain() -> None:
    assert proportional([10**400, 1, 1], 2) == [1.0, 0.5, 0.5]


@pytest.mark.parametrize("name", ["cube", "cube-stratified", "local-pivotal", "local-cube"])
def test_values_of_other_kinds_are_refused(name: str) -> None:
    good: dict[str, Any] = {"sizes": [1, 2, 3], "balance": [[1.0], [2.0], [3.0]], "places": [[1.0], [2.0], [3.0]], "groups": [0, 0, 1]}
    wrongs: list[tuple[str, list[Any], str]] = [("sizes", [1, 2], "3 个单位，2 个规模")]
    wrongs += [(key, [[1.0], ["甲"], [None]], "第 2、3 个单元") for key in ("balance", "places") if key in METHODS[name].needs]
    wrongs += [("groups", [0, "甲", float("nan")], "第 2、3 个单元的分组")] if name == "cube-stratified" else []
    for key, values, says in wrongs:
        with pytest.raises(ValueError, match=says):
            METHODS[name].draw(Units([b"a", b"b", b"c"], bytes(32), **(good | {key: values})), 1)


@pytest.mark.parametrize("wrong", [{"n": 2.0}, {"n": "2"}, {"n": None}, {"seed": 3}, {"seed": " "}, {"seed": "1|2"}, {"stage": "a|b"}])
def test_strata_are_drawn_with_a_number_a_seed_and_a_stage(wrong: dict[str, Any]) -> None:
    given_parts: dict[str, Any] = {"n": 1, "seed": SEED, "stage": "village"} | wrong
    n = given_parts.pop("n")
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}( 是|｜)"):
        draw_strata(METHODS["srs"], ["V1", "V2"], [1, 1], n, **given_parts)
