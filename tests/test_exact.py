"""Exact bounds in finite populations: published numbers, scipy's hypergeometric, coverage of every population counted out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit import exact
from evalkit.errors import EstimateError
from evalkit.exact import STRATIFIED, admissible_bounds, count_bounds, stratified_bounds
from evalkit.exact.chances import at_least, at_most, chance_of

samples = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(n, 90)))


@given(counts=samples)
@settings(max_examples=40, deadline=None)
def test_chances_are_those_of_scipy(counts):
    x, n, size = counts
    events = np.arange(size + 1)
    law = stats.hypergeom(size, events, n)
    assert chance_of(x, n, events, size) == pytest.approx(law.pmf(x), abs=1e-13)
    assert at_most(x, n, size) == pytest.approx(law.cdf(x), abs=1e-13)
    assert at_least(x, n, size) == pytest.approx(law.sf(x - 1), abs=1e-13)


def test_chances_keep_their_digits_in_a_large_population():
    small = at_most(0, 200, 400)  # P(none among 200 of 400 | M) = C(400 − M, 200)/C(400, 200)
    assert small[60] == pytest.approx(np.prod((200 - np.arange(60)) / (400 - np.arange(60))), rel=1e-11)
    assert count_bounds(30, 500, 100_000, 0.025) == (4089, 8448)


# -- Wang's interval -----------------------------------------------------------------------------------------


def test_the_admissible_interval_of_a_small_sample_and_of_large_populations():
    # R ExactCIone 1.0.5, WhyperCI_M(x, n, N, .95), as DescTools' own tests quote them
    assert [admissible_bounds(x, 5, 20, 0.95) for x in range(6)] == [(0, 8), (1, 12), (2, 15), (5, 18), (8, 19), (12, 20)]
    assert admissible_bounds(10, 50, 2000, 0.95) == (211, 661)
    assert admissible_bounds(30, 500, 100_000, 0.95) == (4151, 8448)


def coverage(lows: np.ndarray, highs: np.ndarray, n: int, size: int) -> np.ndarray:
    events = np.arange(size + 1)[:, None]
    inside = (lows <= events) & (events <= highs)
    return (stats.hypergeom.pmf(np.arange(n + 1), size, events, n) * inside).sum(axis=1)


@pytest.mark.parametrize(("n", "size"), [(4, 9), (5, 20), (8, 8), (10, 31), (11, 30), (20, 26), (7, 60)])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_the_admissible_interval_covers_every_population_and_cannot_be_shortened(n, size, level):
    mine = np.array([admissible_bounds(x, n, size, level) for x in range(n + 1)])
    wide = np.array([count_bounds(x, n, size, (1 - level) / 2) for x in range(n + 1)])
    covered = coverage(*mine.T, n, size)
    assert covered.min() >= level - 1e-9
    assert (mine[:, 0] >= wide[:, 0]).all() and (mine[:, 1] <= wide[:, 1]).all()
    assert (mine[::-1, 1] == size - mine[:, 0]).all(), "events and others are treated alike"
    estimate = np.arange(n + 1) * size / n
    assert (mine[:, 0] <= estimate).all() and (estimate <= mine[:, 1]).all()
    for x, (low, high) in enumerate(mine):
        for at, moved, stop in ((0, low + 1, low + 1 <= estimate[x]), (1, high - 1, high - 1 >= estimate[x])):
            if stop and moved != mine[x, 1 - at]:
                shorter = mine.copy()
                shorter[x, at] = moved
                shorter[n - x, 1 - at] = size - moved  # the others likewise
                assert coverage(*shorter.T, n, size).min() < level - 1e-9 or n == size


def test_the_admissible_interval_is_often_shorter_and_mirrors():
    lengths = [np.subtract(*admissible_bounds(x, 20, 100, 0.95)[::-1]) for x in range(21)]
    wide = [np.subtract(*count_bounds(x, 20, 100, 0.025)[::-1]) for x in range(21)]
    assert sum(lengths) < 0.97 * sum(wide)
    assert lengths == lengths[::-1]


# -- strata --------------------------------------------------------------------------------------------------


def test_two_strata_by_every_way():
    # methods §1.5 [check]: N = (500, 1000), n = (100, 150), x = (0, 1), one-sided 95 %
    found = [stratified_bounds([0, 1], [100, 150], [500, 1000], 0.05, way)[1] for way in STRATIFIED]
    assert dict(zip(STRATIFIED, found, strict=True)) == {"wendell-schmee": 29, "fisher": 41, "sidak": 50}


@pytest.mark.parametrize("way", STRATIFIED)
def test_one_stratum_is_the_plain_bound_by_every_way(way):
    for x in (0, 3, 20):
        assert stratified_bounds([x], [300], [1500], 0.05, way) == count_bounds(x, 300, 1500, 0.05)


def spelled_out(found: list[int], drawn: list[int], population: list[int], tail: float) -> tuple[int, int]:
    """Wendell & Schmee's bounds with every spread and every sample listed."""
    factor = [size / n for size, n in zip(population, drawn, strict=True)]
    seen = sum(f * x for f, x in zip(factor, found, strict=True))
    best: dict[int, list[float]] = {}
    for spread in product(*(range(size + 1) for size in population)):
        least = most = 0.0
        for counts in product(*(range(n + 1) for n in drawn)):
            chance = np.prod([stats.hypergeom.pmf(x, size, m, n) for x, size, m, n in zip(counts, population, spread, drawn, strict=True)])
            value = sum(f * x for f, x in zip(factor, counts, strict=True))
            least, most = least + chance * (value <= seen + 1e-9), most + chance * (value >= seen - 1e-9)
        kept = best.setdefault(sum(spread), [0.0, 0.0])
        best[sum(spread)] = [max(kept[0], least), max(kept[1], most)]
    first = min(g for g, (_, most) in best.items() if most > tail)
    return max(first, sum(found)), max(g for g, (least, _) in best.items() if least > tail)


@pytest.mark.parametrize(
    ("found", "drawn", "population"),
    [([0, 1], [3, 4], [7, 9]), ([2, 0], [3, 2], [6, 8]), ([3, 4], [3, 4], [5, 6]), ([0, 1, 1], [2, 2, 2], [4, 5, 3])],
)
def test_wendell_and_schmee_both_ways_against_every_spread_and_sample(found, drawn, population):
    assert stratified_bounds(found, drawn, population, 0.1) == spelled_out(found, drawn, population, 0.1)


@given(seed=st.integers(0, 10_000), tail=st.sampled_from([0.025, 0.05, 0.2]))
@settings(max_examples=25, deadline=None)
def test_fisher_takes_the_best_spread(seed, tail):
    numbers = np.random.default_rng(seed)
    size = numbers.integers(4, 12, 3)
    n = np.array([numbers.integers(1, each + 1) for each in size])
    x = np.array([numbers.integers(0, each + 1) for each in n])
    logs = [np.log(np.maximum(at_most(int(a), int(b), int(c)), 1e-300)) for a, b, c in zip(x, n, size, strict=True)]
    best: dict[int, float] = {}
    for spread in product(*(range(int(c) + 1) for c in size)):
        if all(a <= m <= c - b + a for a, b, c, m in zip(x, n, size, spread, strict=True)):
            worth = sum(float(log[m]) for log, m in zip(logs, spread, strict=True))
            best[sum(spread)] = max(best.get(sum(spread), -np.inf), worth)
    allowed = [g for g, worth in best.items() if stats.chi2.sf(-2 * worth, 6) > tail]
    assert stratified_bounds(x, n, size, tail, "fisher")[1] == max(allowed)


@pytest.mark.parametrize("way", STRATIFIED)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_stratified_bounds_mirror_hold_the_count_and_more_confidence_is_wider(way, seed):
    numbers = np.random.default_rng(seed)
    size = numbers.integers(5, 40, 2)
    n = np.array([numbers.integers(1, each + 1) for each in size])
    x = np.array([numbers.integers(0, each + 1) for each in n])
    low, high = stratified_bounds(x, n, size, 0.05, way)
    assert x.sum() <= low <= high <= size.sum() - (n - x).sum()
    mirrored = stratified_bounds(n - x, n, size, 0.05, way)
    assert (size.sum() - mirrored[1], size.sum() - mirrored[0]) == (low, high)
    wider = stratified_bounds(x, n, size, 0.01, way)
    assert wider[0] <= low and high <= wider[1]


def test_stratified_upper_bound_covers():
    # 3000 samples of two strata with 12 of 400 and 3 of 900 events
    numbers = np.random.default_rng(5)
    x = np.column_stack([numbers.hypergeometric(12, 388, 60, 3000), numbers.hypergeometric(3, 897, 90, 3000)])
    for way in ("wendell-schmee", "fisher"):
        known = {tuple(row): stratified_bounds(row, [60, 90], [400, 900], 0.05, way) for row in np.unique(x, axis=0)}
        bounds = np.array([known[tuple(row)] for row in x])
        error = 3 * np.sqrt(0.05 * 0.95 / 3000)
        assert (bounds[:, 1] < 15).mean() <= 0.05 + error and (bounds[:, 0] > 15).mean() <= 0.05 + error


def test_more_than_three_strata_take_fisher_by_themselves():
    asked = ([0, 1, 0, 2], [50] * 4, [300] * 4, 0.05)
    assert stratified_bounds(*asked) == stratified_bounds(*asked, "fisher")
    with pytest.raises(EstimateError, match="1～3 层"):
        stratified_bounds(*asked, "wendell-schmee")


def test_every_fault_of_a_stratified_question_is_told_at_once():
    with pytest.raises(EstimateError) as refused:
        stratified_bounds([5, 1], [4, 9], [10, 8], 5)
    assert all(words in str(refused.value) for words in ("第 1 层", "第 2 层", "tail"))
    with pytest.raises(EstimateError, match="每层各一个数"):
        stratified_bounds([1], [4, 9], [10, 8], 0.05)
    with pytest.raises(EstimateError, match="整数"):
        stratified_bounds([0.5], [4], [10], 0.05)
    with pytest.raises(EstimateError, match="sidak"):
        stratified_bounds([1], [4], [10], 0.05, "tippett")
    with pytest.raises(EstimateError, match="算不动"):
        stratified_bounds([500] * 3, [1000] * 3, [5000] * 3, 0.05)
    with pytest.raises(EstimateError) as refused:
        count_bounds(3, 2, 10, 2.0)
    assert "事件" in str(refused.value) and "tail" in str(refused.value)
    assert set(exact.__all__) >= {"admissible_bounds", "stratified_bounds"}
