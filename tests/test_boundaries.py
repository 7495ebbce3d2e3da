"""Stratum boundaries: figures by hand, stationarity, precision reached, refusals."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import allocation

SKEW = np.exp(np.random.default_rng(7).normal(6, 1.3, 2000)).round(1)


def needed(x, bounds, cv):
    """n of the Lavallée–Hidiroglou formula, stratum by stratum."""
    parts = np.split(np.sort(x), np.searchsorted(np.sort(x), bounds))
    sizes, spreads = [len(part) for part in parts[:-1]], [part.std() for part in parts[:-1]]
    top = sum(n * s for n, s in zip(sizes, spreads, strict=True)) ** 2
    return len(parts[-1]) + top / ((cv * x.sum()) ** 2 + sum(n * s * s for n, s in zip(sizes, spreads, strict=True)))


def test_cumulative_root_by_hand():
    # classes of width 1: frequencies 9, 4, 4, 1, 1, 1; roots 3, 2, 2, 1, 1, 1; total 10, target 5 is met by the second limit
    values = [0] * 9 + [1] * 4 + [2] * 4 + [3, 4, 6]
    assert allocation.cumulative_root(values, 2, 6) == (2.0,)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 30), min_size=12, max_size=60), st.integers(2, 4))
def test_cumulative_root_is_the_most_even_of_the_neighbouring_limits(values, count):
    x = np.array([*values, 0, 31], dtype=float)
    roots = np.concatenate([[0], np.sqrt(np.histogram(x, 31)[0]).cumsum()])
    share = roots[-1] / count
    near = [{int(np.argmax(roots >= share * part)) - shift for shift in (0, 1)} for part in range(1, count)]
    ways = [cut for cut in combinations(range(1, 31), count - 1) if all(c in near[at] for at, c in enumerate(cut))]
    if not ways:
        with pytest.raises(ValueError):
            allocation.cumulative_root(x, count, 31)
        return
    spread = [float(((np.diff([0, *(roots[c] for c in cut), roots[-1]]) - share) ** 2).sum()) for cut in ways]
    found = tuple(round(bound) for bound in allocation.cumulative_root(x, count, 31))
    assert spread[ways.index(found)] == pytest.approx(min(spread), abs=1e-9)


def test_geometric_bounds():
    assert allocation.geometric([2, 9, 5, 32], 4) == pytest.approx((4, 8, 16))


def test_cut_keeps_the_total_and_takes_small_strata_whole():
    found = allocation.cut(SKEW, allocation.geometric(SKEW, 5), 300)
    assert sum(found.n) == 300 and sum(found.counts) == 2000
    assert all(n <= size for n, size in zip(found.n, found.counts, strict=True))
    assert found.n[-1] == found.counts[-1]
    parts = np.split(np.sort(SKEW), np.searchsorted(np.sort(SKEW), found.bounds))
    square = sum(len(p) ** 2 * (1 / n - 1 / len(p)) * p.std() ** 2 for p, n in zip(parts, found.n, strict=True))
    assert found.cv == pytest.approx(math.sqrt(square) / SKEW.sum(), rel=1e-9)


def test_lavallee_hidiroglou_rests_where_no_move_of_a_unit_helps_much():
    found = allocation.lavallee_hidiroglou(SKEW, 4, 0.03)
    assert found.settled and found.cv <= 0.03 and found.n[-1] == found.counts[-1]
    n = needed(SKEW, found.bounds, 0.03)
    assert sum(found.n) - 4 < n <= sum(found.n)
    values = np.sort(SKEW)
    for at, bound in enumerate(found.bounds):
        here = int(np.searchsorted(values, bound))
        for move in (-40, 40):
            other = list(found.bounds)
            other[at] = float(values[here + move])
            assert needed(SKEW, other, 0.03) > n
    assert n < needed(SKEW, allocation.cumulative_root(SKEW, 4, 200), 0.03)


def test_lavallee_hidiroglou_from_given_bounds_is_never_better_than_the_best_start():
    best = allocation.lavallee_hidiroglou(SKEW, 4, 0.03)
    other = allocation.lavallee_hidiroglou(SKEW, 4, 0.03, start=allocation.geometric(SKEW, 4))
    assert needed(SKEW, best.bounds, 0.03) <= needed(SKEW, other.bounds, 0.03) * (1 + 1e-12)


def test_scale_of_the_measure_does_not_matter():
    one, other = (allocation.lavallee_hidiroglou(SKEW * scale, 3, 0.05) for scale in (1, 1024))
    assert one.counts == other.counts and one.n == other.n
    assert other.bounds == pytest.approx([1024 * bound for bound in one.bounds], rel=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: allocation.geometric([0, 1, 2], 2), "改用 cumulative_root"),
        (lambda: allocation.geometric([1, math.nan, 2], 2), "第 2 个数不是有限数"),
        (lambda: allocation.cumulative_root([1, 2, 3], 3, 3), "classes = 3"),
        (lambda: allocation.cumulative_root([1, 2, 3], 1, 9), "count = 1"),
        (lambda: allocation.cumulative_root([1, 1, 1], 2, 9), "只有 1 个不同的数"),
        (lambda: allocation.lavallee_hidiroglou(SKEW, 4, 0), "cv = 0"),
        (lambda: allocation.lavallee_hidiroglou(SKEW, 4, 0.05, start=(5, 5, 9)), "界点应依次增大"),
        (lambda: allocation.lavallee_hidiroglou([1, 2, 3, 4], 4, 0.05), "减少层数"),
        (lambda: allocation.cut([1, 2, 3, 4], [2.5], 9), "total = 9"),
        (lambda: allocation.cut([1, 2, 3, 4], [0.5], 2), "第 1 层 sizes = 0"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
