"""Spread samples and the measures of spread: chances kept, fixed size, neighbours apart, numbers of R, the local mean variance."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.selection import spatial
from evalkit.selection.balanced import by_ticket
from evalkit.selection.methods import Units
from evalkit.selection.ranked import chances
from evalkit.selection.spatial import SPATIAL, local_cube, local_pivotal
from evalkit.selection.spread import imbalance, local_balance, voronoi_balance
from evalkit.variances import local_mean
from tests.many_draws import SIZES, Draw, five_per_cent_off, frequencies, hold, villages, within_band

Measure = Callable[[Sequence[float], Sequence[Sequence[float]], Sequence[int]], float]


def known(size: int) -> dict[str, list[list[float]]]:
    """Return places in a square and two balancing variables, one of them a slope."""
    dice = random.Random(f"known {size}")
    places = [[dice.random(), dice.random()] for _ in range(size)]
    return {"places": places, "balance": [[50 + 10 * x, dice.expovariate(0.1)] for x, _ in places]}


@pytest.mark.parametrize("n", [2, 5, 20])
@pytest.mark.parametrize("method", SPATIAL, ids=lambda method: method.name)
def test_inclusion_frequencies(method: spatial.Method, n: int) -> None:
    sizes = SIZES[n]
    hold(method, n, sizes=sizes, **known(len(sizes)))


def test_a_draw_with_chances_five_per_cent_off_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (stated, off), sizes, n = five_per_cent_off(5), SIZES[5], 5
    monkeypatch.setattr(spatial, "chances", lambda units, n: list(off))
    assert not within_band(frequencies(local_pivotal, len(sizes), n, sizes=sizes, **known(len(sizes))), stated)


def simple(units: Units, n: int) -> list[int]:
    return by_ticket(units)[:n]


def mean_spread(draw: Draw, measure: Measure, size: int, n: int, repeats: int = 30) -> float:
    columns = known(size)
    return math.fsum(
        measure([n / size] * size, columns["places"], draw(villages(size, f"spread {k}", **columns), n)) for k in range(repeats)
    ) / repeats  # fmt: skip


@pytest.mark.parametrize(
    ("draw", "measure", "factor"),
    [
        (local_pivotal, voronoi_balance, 2.0),
        (local_pivotal, local_balance, 1.4),
        (local_cube, voronoi_balance, 1.6),
        (local_cube, local_balance, 1.25),
    ],
)
def test_samples_are_better_spread_than_simple_random_ones(draw: Draw, measure: Measure, factor: float) -> None:
    size, n = 120, 24
    random_spread = mean_spread(simple, measure, size, n)
    assert factor * mean_spread(draw, measure, size, n) < random_spread
    # the measure sees it when places say nothing about where the units lie
    blind = mean_spread(lambda units, n: draw(replace(units, places=units.places[::-1]), n), measure, size, n)
    assert not factor * blind < random_spread


def test_the_local_cube_is_balanced_too() -> None:
    size, n, columns = 400, 100, known(400)
    units = [villages(size, f"totals {k}", **columns) for k in range(40)]
    squares = {
        draw.__name__: [math.fsum(imbalance([n / size] * size, columns["balance"], draw(one, n))[j] ** 2 for one in units) for j in (0, 1)]
        for draw in (simple, local_pivotal, local_cube)
    }
    assert all(16 * a < b for a, b in zip(squares["local_cube"], squares["simple"], strict=True))
    assert not all(16 * a < b for a, b in zip(squares["local_pivotal"], squares["simple"], strict=True))


@given(st.integers(1, 12), st.text(max_size=4))
def test_of_two_units_at_one_place_one_is_chosen(pairs: int, seed: str) -> None:
    units = villages(2 * pairs, seed, places=[[i // 2, 3.5] for i in range(2 * pairs)])
    assert sorted(i // 2 for i in local_pivotal(units, pairs)) == list(range(pairs))


@st.composite
def any_units(draw: st.DrawFn) -> Units:
    """Units with equal places, places without coordinates, and constant, zero, repeated and collinear balancing variables."""
    size, axes = draw(st.integers(0, 16)), draw(st.integers(0, 3))
    place = st.lists(st.one_of(st.integers(0, 2), st.floats(-1e6, 1e6), st.just(1e99)), min_size=axes, max_size=axes)
    base = draw(st.lists(st.floats(-1e6, 1e6), min_size=size, max_size=size))
    kinds = [base, [2.0 * v for v in base], [0.0] * size, [7.0] * size, [float(i % 2) for i in range(size)]]
    kept = draw(st.lists(st.sampled_from(kinds), max_size=5))
    return villages(
        size,
        draw(st.text(max_size=4)),
        sizes=draw(st.one_of(st.none(), st.lists(st.one_of(st.integers(1, 9), st.integers(1, 10**9)), min_size=size, max_size=size))),
        balance=[[column[i] for column in kept] for i in range(size)],
        places=draw(st.lists(place, min_size=size, max_size=size)),
    )


@settings(max_examples=100, deadline=None)
@given(any_units(), st.data())
def test_always_exactly_n_and_the_order_of_the_list_has_no_say(units: Units, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(units)))
    probs = chances(units, n)
    order = data.draw(st.permutations(range(len(units))))
    columns = {name: getattr(units, name) for name in ("tickets", "sizes", "balance", "places")}
    mixed = replace(units, **{name: None if column is None else [column[i] for i in order] for name, column in columns.items()})
    for draw in (local_pivotal, local_cube):
        chosen = draw(units, n)
        assert len(set(chosen)) == len(chosen) == n
        assert {i for i, p in enumerate(probs) if p == 1} <= set(chosen)
        assert [order[i] for i in draw(mixed, n)] == chosen


def test_a_known_sample_of_each_method() -> None:
    """Held still: the same tickets give the same sample on every machine and in every version."""
    units = villages(12, "20260101-314159265358979", sizes=list(range(1, 13)), **known(12))
    assert {method.name: method.draw(units, 5) for method in SPATIAL} == KNOWN


KNOWN = {"local-pivotal": [3, 8, 11, 7, 9], "local-cube": [8, 11, 7, 6, 9]}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "坐标没有｜"),
        ({"places": [[1.0], [2.0]]}, "坐标有 2 行｜.*共 3 行"),
        ({"places": [[1.0], [math.nan], [-math.inf]]}, "第 2、3 个单元的坐标"),
        ({"places": [[1.0], [2.0], []]}, "第 3 个单元的坐标"),
    ],
)
def test_what_does_not_fit_is_named(columns: dict[str, list[list[float]]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        local_cube(villages(3, "a", balance=[[1.0]] * 3, **columns), 1)


# R 4.2.2, BalancedSampling 2.0.6:
#   prob <- c(.2, .5, .3, .8, .4, .6, .25, .75, .35, .45, .15, .25); s <- c(2, 4, 8, 9, 10); y <- c(3.1, 4.7, 9.2, 6.5, 8.8)
#   x <- cbind(c(1, 2, 2, 5, 7, 8, 1, 4, 6, 9, 3, 5), c(1, 3, 8, 2, 6, 1, 5, 5, 9, 9, 7, 0))   # whole numbers: some units are equally near
#   options(digits = 17); sb(prob, x, s); sblb(prob, x, s); vsb(prob[s], y, x[s, ], 1); vsb(prob[s], y, x[s, ], 3)
PROBS = [0.2, 0.5, 0.3, 0.8, 0.4, 0.6, 0.25, 0.75, 0.35, 0.45, 0.15, 0.25]
PLACES = list(zip([1, 2, 2, 5, 7, 8, 1, 4, 6, 9, 3, 5], [1, 3, 8, 2, 6, 1, 5, 5, 9, 9, 7, 0], strict=True))
SAMPLE = [1, 3, 7, 8, 9]
VALUES = [3.1, 4.7, 9.2, 6.5, 8.8]


def test_measures_of_spread_are_those_of_r() -> None:
    assert voronoi_balance(PROBS, PLACES, SAMPLE) == pytest.approx(0.21799999999999992, rel=1e-12)
    assert local_balance(PROBS, PLACES, SAMPLE) == pytest.approx(0.54778975391478857, rel=1e-12)


@pytest.mark.parametrize(("k", "stated"), [(0, 45.29188555051648990), (1, 45.29188555051648990), (3, 129.11606687505252467)])
def test_local_mean_variance_is_that_of_r(k: int, stated: float) -> None:
    probs, places = [PROBS[i] for i in SAMPLE], [PLACES[i] for i in SAMPLE]
    assert local_mean(VALUES, probs, places, k) == pytest.approx(stated, rel=1e-12)


def test_with_all_others_as_neighbours_the_local_mean_is_the_variance_with_replacement() -> None:
    expanded = [value / 0.4 for value in VALUES]
    mean = math.fsum(expanded) / 5
    stated = 5 / 4 * math.fsum((e - mean) ** 2 for e in expanded)
    assert local_mean(VALUES, [0.4] * 5, [PLACES[i] for i in SAMPLE], 4) == pytest.approx(stated, rel=1e-12)


def test_the_local_mean_is_nearer_to_the_true_variance_than_simple_random_sampling() -> None:
    """On a slope: between a half and twice the variance over many samples, where the formula of simple random samples errs tenfold."""
    size, n, columns = 400, 40, known(400)
    y = [100 * a + 30 * b for a, b in columns["places"]]
    totals, local, plain = [], [], []
    for k in range(100):
        sample = local_pivotal(villages(size, f"slope {k}", **columns), n)
        values = [y[i] for i in sample]
        totals.append(math.fsum(values) * size / n)
        local.append(local_mean(values, [n / size] * n, [columns["places"][i] for i in sample], 2) * (1 - n / size))
        plain.append(size**2 * (1 - n / size) / n * statistics.variance(values))
    true = statistics.variance(totals)
    assert 0.5 < statistics.mean(local) / true < 2 < 5 < statistics.mean(plain) / true


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 3), st.data())
def test_measures_of_a_census_are_nil_and_origin_and_scale_say_nothing(size: int, axes: int, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.tuples(*[st.integers(-9, 9)] * axes), min_size=size, max_size=size, unique=True))
    assert voronoi_balance([1.0] * size, places, range(size)) == local_balance([1.0] * size, places, range(size)) == 0
    sample = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    probs = [len(sample) / size] * size
    moved = [[4.0 * value + 8.0 for value in place] for place in places]
    assert voronoi_balance(probs, places, sample) == voronoi_balance(probs, moved, sample)
    assert local_balance(probs, places, sample) == pytest.approx(local_balance(probs, moved, sample), rel=1e-9, abs=1e-12)
    assert imbalance([1.0] * size, places, range(size)) == [0.0] * axes


@pytest.mark.parametrize(
    ("probs", "places", "sample", "words"),
    [
        ([0.5, 0.0, 1.5], [[1]] * 3, [0], "第 2、3 个概率"),
        ([0.5] * 3, [[1]] * 2, [0], "坐标有 2 行，概率有 3 个"),
        ([0.5] * 3, [[1], [math.nan], []], [0], "第 2、3 个单元的坐标"),
        ([0.5] * 3, [[1]] * 3, [], "样本"),
        ([0.5] * 3, [[1]] * 3, [1, 1], "互不相同"),
        ([0.5] * 3, [[1]] * 3, [3], "0 至 2"),
        ([math.nan] * 3, [[1]] * 3, [3], "第 1、2、3 个概率(.|\n)*0 至 2"),
    ],
)
@pytest.mark.parametrize("measure", [voronoi_balance, local_balance])
def test_measures_name_what_does_not_fit(
    measure: Measure, probs: list[float], places: list[list[float]], sample: list[int], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        measure(probs, places, sample)


@pytest.mark.parametrize(
    ("values", "probs", "places", "k", "words"),
    [
        ([1.0], [0.5], [[1]], 0, "至少两个单元"),
        ([1.0, 2.0], [0.5, 0.5], [[1], [2]], 2, "k = 2"),
        ([1.0, 2.0], [0.5, 0.5], [[1], [2]], -1, "k = -1"),
        ([1.0, 2.0], [0.5], [[1], [2]], 1, "对齐三者"),
        ([1.0, math.nan, 3.0], [0.5, 0.5, 2.0], [[1], [2], [3]], 1, "第 2、3 个单元"),
        ([1.0, 2.0], [0.5, 0.5], [[1], [math.inf]], 1, "第 2 个单元"),
    ],
)
def test_local_mean_names_what_does_not_fit(values: list[float], probs: list[float], places: list[list[float]], k: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        local_mean(values, probs, places, k)
