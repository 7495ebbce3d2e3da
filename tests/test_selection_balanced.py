"""Balanced samples: fixed size whatever the variables, chances kept, totals met, numbers by group, and no say for the order of the list."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.selection import balanced
from evalkit.selection.balanced import BALANCED, cube, cube_in_groups
from evalkit.selection.flight import DEPENDENT, kernel, undecided
from evalkit.selection.methods import Units
from evalkit.selection.ranked import chances
from evalkit.selection.spread import imbalance
from tests.many_draws import SIZES, Draw, five_per_cent_off, frequencies, hold, villages, within_band


def known(size: int) -> dict[str, list[list[float]]]:
    """Return two balancing variables, uncorrelated with the order of the list."""
    dice = random.Random(f"known {size}")
    return {"balance": [[dice.gauss(50, 10), dice.expovariate(0.1)] for _ in range(size)]}


@pytest.mark.parametrize("n", [2, 5, 20])
@pytest.mark.parametrize("method", BALANCED, ids=lambda method: method.name)
def test_inclusion_frequencies(method: balanced.Method, n: int) -> None:
    sizes = SIZES[n]
    hold(method, n, sizes=sizes, groups=[i % 3 for i in range(len(sizes))], **known(len(sizes)))


def test_a_draw_with_chances_five_per_cent_off_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (stated, off), sizes, n = five_per_cent_off(5), SIZES[5], 5
    monkeypatch.setattr(balanced, "chances", lambda units, n: list(off))
    assert not within_band(frequencies(cube, len(sizes), n, sizes=sizes, **known(len(sizes))), stated)


def spread_of_totals(samples: Sequence[Sequence[int]], probs: Sequence[float], balance: Sequence[Sequence[float]]) -> list[float]:
    """Return the root mean square of the relative error of each balancing variable's total."""
    errors = [imbalance(probs, balance, sample) for sample in samples]
    return [math.sqrt(math.fsum(e[j] ** 2 for e in errors) / len(errors)) for j in range(len(balance[0]))]


@pytest.mark.parametrize(("draw", "factor"), [(cube, 6), (cube_in_groups, 3)])
@pytest.mark.parametrize("equal", [True, False])
def test_totals_err_a_fraction_of_those_of_samples_that_are_not_balanced(draw: Draw, factor: float, equal: bool) -> None:
    """Of simple random samples where chances are equal, else of samples of the same chances that hold nothing but their size."""
    size, n, dice = 400, 100, random.Random("totals")
    sizes = [20 if equal else dice.randint(20, 60) for _ in range(size)]
    balance = [[dice.gauss(50, 10), s * dice.uniform(0.5, 1.5), float(dice.random() < 0.3)] for s in sizes]
    units = [villages(size, f"totals {k}", sizes=sizes, balance=balance, groups=[i % 4 for i in range(size)]) for k in range(40)]
    probs = chances(units[0], n)
    unheld = [draw(replace(one, balance=[[]] * size), n) for one in units]
    simple = [balanced.by_ticket(one)[:n] for one in units] if equal else unheld
    bound = spread_of_totals(simple, probs, balance)
    assert all(factor * f < b for f, b in zip(spread_of_totals([draw(one, n) for one in units], probs, balance), bound, strict=True))
    assert not any(factor * f < b for f, b in zip(spread_of_totals(unheld, probs, balance), bound, strict=True))


def test_groups_are_balanced_each() -> None:
    """Totals within a group err less than half of those of the cube over all, which looks at no group."""
    size, n, dice = 400, 100, random.Random("groups")
    balance = [[dice.gauss(50, 10), dice.expovariate(0.1)] for _ in range(size)]
    inside = [[row[j] if i % 4 == group else 0.0 for group in range(4) for j in range(2)] for i, row in enumerate(balance)]
    units = [villages(size, f"each {k}", balance=balance, groups=[i % 4 for i in range(size)]) for k in range(40)]
    errors = {draw: spread_of_totals([draw(one, n) for one in units], [n / size] * size, inside) for draw in (cube, cube_in_groups)}
    assert all(2 * a < b for a, b in zip(errors[cube_in_groups], errors[cube], strict=True))


@given(st.integers(2, 5), st.integers(1, 6), st.data())
def test_a_number_in_each_category_that_can_be_met_is_met(kinds: int, each: int, data: st.DataObject) -> None:
    """With categories as balancing variables and whole expected numbers the cube draws exactly a stratified sample."""
    kind = [i % kinds for i in range(kinds * 2 * each)]
    units = villages(len(kind), data.draw(st.text(max_size=4)), balance=[[float(k == j) for j in range(kinds)] for k in kind])
    assert Counter(kind[i] for i in cube(units, kinds * each)) == dict.fromkeys(range(kinds), each)


@st.composite
def any_units(draw: st.DrawFn) -> Units:
    """Units with all that may go wrong: no, constant, zero, repeated, collinear, huge variables; equal places; any groups."""
    size = draw(st.integers(0, 16))
    number = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, -1.0, 1e90, 5e-324]))
    base = [draw(st.lists(number, min_size=size, max_size=size)) for _ in range(draw(st.integers(0, 4)))]
    base += [[2.0 * v for v in base[0]], [a + b for a, b in zip(base[0], base[-1], strict=True)]] if base else []
    base += [[0.0] * size, [7.0] * size]
    kept = draw(st.lists(st.sampled_from(base), max_size=6))
    sizes = draw(st.one_of(st.none(), st.lists(st.one_of(st.integers(1, 9), st.integers(1, 10**9)), min_size=size, max_size=size)))
    groups = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    places = draw(st.lists(st.tuples(st.integers(0, 2), st.floats(-9, 9)), min_size=size, max_size=size))
    return villages(
        size, draw(st.text(max_size=4)), sizes=sizes, balance=[[c[i] for c in kept] for i in range(size)], groups=groups, places=places
    )


@settings(max_examples=120, deadline=None)
@given(any_units(), st.data())
def test_always_exactly_n_and_groups_within_one(units: Units, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(units)))
    probs = chances(units, n)
    for draw in (cube, cube_in_groups):
        chosen = draw(units, n)
        assert len(set(chosen)) == len(chosen) == n
        assert chosen == sorted(chosen, key=lambda i: units.tickets[i])
        assert all(probs[i] > 0 for i in chosen) and {i for i, p in enumerate(probs) if p == 1} <= set(chosen)
    drawn = Counter(units.groups[i] for i in chosen)
    for group in set(units.groups):
        expected = math.fsum(p for p, g in zip(probs, units.groups, strict=True) if g == group)
        assert math.floor(expected + 1e-9) <= drawn[group] <= math.ceil(expected - 1e-9)


@settings(max_examples=60, deadline=None)
@given(any_units(), st.data())
def test_the_order_of_the_list_has_no_say(units: Units, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(units)))
    order = data.draw(st.permutations(range(len(units))))
    names = ("tickets", "sizes", "balance", "groups", "places")
    columns = {name: getattr(units, name) for name in names}
    mixed = replace(units, **{name: None if column is None else [column[i] for i in order] for name, column in columns.items()})
    for draw in (cube, cube_in_groups):
        assert [order[i] for i in draw(mixed, n)] == draw(units, n)


def test_a_known_sample_of_each_method() -> None:
    """Held still: the same tickets give the same sample on every machine and in every version."""
    units = villages(12, "20260101-314159265358979", sizes=list(range(1, 13)), groups=[0, 1, 2] * 4, **known(12))
    assert {method.name: method.draw(units, 5) for method in BALANCED} == KNOWN


KNOWN = {"cube": [8, 11, 5, 6, 9], "cube-stratified": [8, 10, 11, 7, 9]}


@settings(max_examples=100)
@given(st.integers(1, 5), st.integers(1, 6), st.data())
def test_a_direction_changes_nothing_that_is_held(height: int, width: int, data: st.DataObject) -> None:
    number = st.one_of(st.floats(-1, 1), st.sampled_from([0.0, 1.0, -1.0]))
    rows = data.draw(st.lists(st.lists(number, min_size=width, max_size=width), min_size=height, max_size=height))
    direction = kernel(rows, width)
    if direction is None:
        assert height >= width
    else:
        longest = max(map(abs, direction))
        assert longest > 0
        assert all(abs(math.fsum(a * b for a, b in zip(row, direction, strict=True))) <= 2 * width * DEPENDENT * longest for row in rows)


def test_undecided_is_within_a_billionth() -> None:
    assert [undecided(p) for p in (0.0, 1e-9, 2e-9, 0.5, 1 - 2e-9, 1 - 1e-10, 1.0)] == [False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "平衡变量没有｜"),
        ({"balance": [[1.0], [2.0]]}, "平衡变量有 2 行｜.*共 3 行"),
        ({"balance": [[1.0], [math.nan], [math.inf]]}, "第 2、3 个单元的平衡变量"),
        ({"balance": [[1.0, 2.0], [3.0], [1e101, 1.0]]}, "第 2、3 个单元的平衡变量"),
        ({"balance": [[1.0]] * 3}, "分组没有｜"),
        ({"balance": [[1.0]] * 3, "groups": [1]}, "分组有 1 个｜.*共 3 个"),
    ],
)
def test_what_does_not_fit_is_named(columns: dict[str, list[list[float]]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cube_in_groups(villages(3, "a", **{"groups": [1, 1, 1], **columns} if "平衡" in words else columns), 1)


@pytest.mark.parametrize("n", [-1, 4])
def test_a_number_outside_the_list_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="N = 3"):
        cube(villages(3, "a", balance=[[1.0]] * 3), n)


def test_band_of_many_units_is_wider_than_bonferroni_at_one_in_a_thousand() -> None:
    """4 standard errors for up to 26 units leave a chance of 0.2 % to fail a sound draw, and the seeds are fixed."""
    assert 26 * 2 * (1 - NormalDist().cdf(4)) < 0.002
