"""Bootstrap replicates: drawn as documented, and unbiased for the linearised variance of totals."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit import replication, streams
from evalkit.replication import Replicates
from evalkit.replication.draws import Layout, chosen, drawn_counts, layout_of
from evalkit.replication.resampled import _blocks
from evalkit.variances import Stage, structure
from tests.test_replication import linearised

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "data"


def values(plan: Replicates, stages: tuple[Stage, ...], scores: np.ndarray) -> np.ndarray:
    row_unit = stages[plan.level].row_unit
    return replication.totals(plan, np.column_stack([np.bincount(row_unit, column, plan.units) for column in scores.T]))


def repeated(plan: Replicates, stages: tuple[Stage, ...], scores: np.ndarray) -> np.ndarray:
    return replication.variance(values(plan, stages, scores), plan.scale, plan.rscales)


def one_stage(fpc: bool = True) -> tuple[Stage, ...]:
    stratum = np.repeat(np.arange(3), [4, 9, 15])
    size = np.repeat([12.0, 10.0, 400.0], [4, 9, 15])
    return structure([stratum], [np.arange(28)], [size if fpc else None])


def two_stages() -> tuple[Stage, ...]:
    """Return villages in two strata, one of villages that were all taken, and households in each."""
    village = np.repeat(np.arange(14), [3, 4, 5, 2, 6, 3, 4, 2, 3, 4, 5, 6, 4, 4])
    stratum = np.where(village < 6, 0, np.where(village < 12, 1, 2))
    first = np.array([9.0, 30.0, 2.0])[stratum]
    second = np.array([6.0, 8, 9, 4, 8, 9] * 3)[village]
    return structure([stratum, None], [village, np.arange(len(village))], [first, second])


# -- how words become draws -----------------------------------------------------------------------------------------


def by_hand(layout: Layout, word: int, size: int) -> list[int]:
    """Return the digits of one word to the base of the stratum's size, in whole numbers of any length."""
    left, digits = word >> (64 - layout.bits), []
    for _ in layout.active:
        left *= size
        digits.append(left >> layout.bits)
        left &= (1 << layout.bits) - 1
    return digits


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 300), st.integers(1, 40)), min_size=1, max_size=6), st.integers(0, 99))
def test_counts_are_the_digits_of_the_words(asked: list[tuple[int, int]], seed: int) -> None:
    size, draws = (np.array(part) for part in zip(*asked, strict=True))
    first = np.cumsum(size) - size
    layout = layout_of(first, size, draws)
    counts = drawn_counts(layout, str(seed), "digits", 0, 3)
    assert (np.add.reduceat(counts, first, axis=1) == draws).all()
    words = streams.words(str(seed), "digits", ["0", "1", "2"], len(layout.size))
    expected = np.zeros_like(counts)
    for r, row in enumerate(words.tolist()):
        for v, word in enumerate(row):
            for digit, active in zip(by_hand(layout, word, int(layout.size[v])), layout.active, strict=True):
                if v < active:
                    expected[r, layout.first[v] + digit] += 1
    assert (counts == expected).all()


def test_a_word_gives_no_more_draws_than_keep_the_chances() -> None:
    for n in (2, 3, 64, 100, 5000, 10**6):
        layout = layout_of(np.array([0]), np.array([n]), np.array([10**4]))
        assert n ** len(layout.active) <= 2 ** (layout.bits - 20)
        assert n << layout.bits <= 2**64


def test_draws_with_replacement_are_even() -> None:
    layout = layout_of(np.array([0, 7]), np.array([7, 90]), np.array([6, 89]))
    counts = drawn_counts(layout, "5", "even", 0, 4000)
    seen = counts.sum(axis=0)
    assert stats.chisquare(seen[:7]).pvalue > 0.001
    assert stats.chisquare(seen[7:]).pvalue > 0.001
    pairs = np.corrcoef(counts[:, 7:].T)[np.triu_indices(90, 1)]  # a multinomial of 90: −1/89
    assert pairs.mean() == pytest.approx(-1 / 89, abs=3 / (4000 * len(pairs)) ** 0.5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=6))
def test_without_replacement_as_many_as_asked(asked: list[tuple[int, int]]) -> None:
    size, take = np.array([max(pair) for pair in asked]), np.array([min(pair) for pair in asked])
    first = np.cumsum(size) - size
    kept = chosen(first, size, take, "1", "halves", 0, 6)
    assert (np.add.reduceat(kept, first, axis=1, dtype=int) == take).all()
    words = streams.words("1", "halves", ["4"], -(-int(size.sum()) // 2)).view("<u4")[0]
    cell = [int(word) for word in words[first[-1] : first[-1] + size[-1]]]
    assert kept[4, first[-1] :].tolist() == [word <= sorted(cell)[take[-1] - 1] for word in cell]


def test_every_half_is_as_likely() -> None:
    kept = chosen(np.array([0, 5]), np.array([5, 3]), np.array([2, 1]), "8", "halves", 0, 6000)
    codes = (kept[:, :5] * 2 ** np.arange(5)).sum(axis=1)
    assert stats.chisquare(np.unique(codes, return_counts=True)[1]).pvalue > 0.001
    assert len(np.unique(codes)) == 10


@pytest.mark.parametrize("method", ["bootstrap", "rwy", "preston", "beaumont-emond"])
def test_the_first_replicates_do_not_depend_on_how_many_there_are(method: str) -> None:
    few, many = (replication.made(method, two_stages(), replicates=count, seed="1") for count in (30, 3000))
    assert (few.factors() == many.factors(0, 30)).all()
    assert (many.factors(2990, 2995) == many.factors(2980)[10:15]).all()
    other = replication.made(method, two_stages(), replicates=30, seed="2")
    assert not (few.factors() == other.factors()).all()


@pytest.mark.parametrize("method", ["bootstrap", "rwy", "preston", "beaumont-emond"])
def test_df_are_no_more_than_the_replicates_have(method: str) -> None:
    assert replication.made(method, one_stage(), replicates=500, seed="1").df == 25
    assert replication.made(method, one_stage(), replicates=11, seed="1").df == 10


# -- unbiased -------------------------------------------------------------------------------------------------------


def near(plan: Replicates, stages: tuple[Stage, ...], scores: np.ndarray, expected: np.ndarray, bias: float = 0.0) -> None:
    """Within three Monte-Carlo standard errors, from the fourth moment of the replicates, and a stated relative bias."""
    theta = values(plan, stages, scores)
    squares = (theta - theta.mean(axis=0)) ** 2
    error = squares.std(axis=0) / squares.mean(axis=0) / plan.count**0.5
    found = replication.variance(theta, plan.scale, plan.rscales)
    assert (np.abs(found / expected - 1) < 3 * error + bias).all(), (found / expected, error)


def normal_scores(stages: tuple[Stage, ...], columns: int = 4) -> np.ndarray:
    return np.random.default_rng(12).normal(3, 1, size=(len(stages[0].row_unit), columns))


@pytest.mark.parametrize("method", ["rwy", "preston", "beaumont-emond"])
def test_one_stage_bootstraps_are_unbiased(method: str) -> None:
    plan = replication.made(method, one_stage(), replicates=6000, seed="11")
    scores = normal_scores(one_stage())
    near(plan, one_stage(), scores, linearised(one_stage(), scores))


@pytest.mark.parametrize("method", ["preston", "beaumont-emond"])
def test_two_stage_bootstraps_are_unbiased(method: str) -> None:
    stages = two_stages()
    plan = replication.made(method, stages, replicates=6000, seed="11")
    assert plan.level == 1
    scores = normal_scores(stages)
    near(plan, stages, scores, linearised(stages, scores))
    certain = np.where(stages[0].unit_stratum[stages[0].row_unit] == 2, 1.0, 0.0)[:, None] * scores
    assert (linearised(stages, certain) > 0).all()
    near(plan, stages, certain, linearised(stages, certain))


def test_three_stage_bootstraps_are_unbiased() -> None:
    village = np.repeat(np.arange(6), 8)
    group = np.repeat(np.arange(24), 2)
    stages = structure([None] * 3, [village, group, np.arange(48)], [np.full(48, 9.0), np.full(48, 6.0), np.full(48, 3.0)])
    scores = np.random.default_rng(4).normal(size=(48, 4))
    for method in ("preston", "beaumont-emond"):
        plan = replication.made(method, stages, replicates=6000, seed="11")
        assert (plan.level, plan.units) == (2, 48)
        near(plan, stages, scores, linearised(stages, scores))


@pytest.mark.parametrize("fpc", [False, True])
def test_the_bootstrap_of_r_is_unbiased_for_even_strata(fpc: bool) -> None:
    stratum = np.repeat(np.arange(3), 10)
    stages = structure([stratum], [np.arange(30)], [np.full(30, 30.0) if fpc else None])
    scores = np.random.default_rng(9).normal(size=(30, 4))
    plan = replication.canty_davison(stages, 6000, "3")
    expected = linearised(stages, scores) * (30 / 29 if fpc else 1)  # (N − n)/(N − 1) for 1 − n/N
    assert plan.scale == pytest.approx(10 / (9 * 5999))
    near(plan, stages, scores, expected)
    assert (plan.factors(0, 50).reshape(50, 3, 10).sum(axis=2) == 10).all()


def test_stages_below_a_first_stage_with_replacement_do_not_count() -> None:
    village = np.repeat(np.arange(6), 3)
    stages = structure([None, None], [village, np.arange(18)], [None, np.full(18, 9.0)])
    for method in ("preston", "beaumont-emond"):
        plan = replication.made(method, stages, replicates=5, seed="1")
        assert (plan.level, plan.units) == (0, 6)


def moments(outcomes: list[np.ndarray]) -> np.ndarray:
    away = np.array(outcomes) - 1
    return away.T @ away / len(outcomes)


def test_every_outcome_of_rwy_and_their_variance() -> None:
    """Three of nine units: nine pairs of draws, equally likely, give the linearised variance exactly."""
    stages = structure([None], [np.arange(3)], [np.full(3, 9.0)])
    root = (1 - 3 / 9) ** 0.5
    outcomes = [1 - root + root * 3 / 2 * np.bincount(pair, minlength=3) for pair in product(range(3), repeat=2)]
    z = np.array([2.0, 3.0, 7.0])
    assert z @ moments(outcomes) @ z == pytest.approx(linearised(stages, z[:, None])[0], rel=1e-12)
    assert_same_outcomes(replication.rwy(stages, 9000, "1"), outcomes)


def test_every_outcome_of_preston_and_their_variance() -> None:
    """Four of ten villages, then two or three households: halves of halves, by the formula of methods 6.7."""
    village = np.array([0, 0, 1, 1, 2, 2, 2, 3, 3])
    stages = structure([None, None], [village, np.arange(9)], [np.full(9, 10.0), np.array([5.0, 5, 6, 6, 4, 4, 4, 2, 2])])
    f1, m, f2 = 0.4, np.array([2, 2, 3, 2]), np.array([2 / 5, 2 / 6, 3 / 4, 1.0])
    lam1, lam2 = (2 * (1 - f1) / 2) ** 0.5, (1 * f1 * (1 - f2) / (m - 1)) ** 0.5
    outcomes = []
    for halves in combinations(range(4), 2):
        r = np.isin(np.arange(4), halves)[village]
        for picks in product(*(range(k) for k in m)):
            q = np.concatenate([np.arange(k) == pick for k, pick in zip(m, picks, strict=True)])
            outcomes.append(
                1 - lam1 + lam1 * 2 * r - lam2[village] * 2**0.5 * r + lam2[village] * 2**0.5 * r * m[village] * q
            )
    z = np.array([2.0, 3, 7, 1, 4, 4, 9, 2, 5])
    assert z @ moments(outcomes) @ z == pytest.approx(linearised(stages, z[:, None])[0], rel=1e-12)
    assert_same_outcomes(replication.preston(stages, 9000, "1"), outcomes)


def assert_same_outcomes(plan: Replicates, outcomes: list[np.ndarray]) -> None:
    """The plan has these rows of factors and no others, as often as they should come."""
    kinds, often = np.unique(np.round(outcomes, 9), axis=0, return_counts=True)
    found, seen = np.unique(np.round(plan.factors(), 9), axis=0, return_counts=True)
    assert found == pytest.approx(kinds, abs=2e-9)
    assert stats.chisquare(seen, often / often.sum() * plan.count).pvalue > 0.001


def test_unequal_chances_are_near_brewers_estimator() -> None:
    rng = np.random.default_rng(6)
    probs = np.r_[rng.uniform(0.05, 0.7, 40), 1.0, 1.0]
    plain = structure([None], [np.arange(42)], [np.full(42, 0.4)])
    stages = (replace(plain[0], chance=probs),)
    plan = replication.beaumont_emond(stages, 8000, "2")
    z = rng.normal(10, 2, size=(42, 4))
    free = z[:40] - z[:40].mean(axis=0)
    out, n = 1 - probs[:40, None], 40
    brewer = n / (n - 1) * (out * free**2).sum(axis=0)
    stated = brewer - (np.sqrt(out) * free).sum(axis=0) ** 2 / (n - 1)
    near(plan, stages, z, stated, bias=2 / n)  # the ratio n/Σa is linear to the first order only
    assert repeated(plan, stages, z) == pytest.approx(brewer, rel=0.15)
    factors = plan.factors(0, 200)
    assert (factors[:, 40:] == 1).all() and factors.min() >= 0
    assert factors[:, :40].sum(axis=1) == pytest.approx(np.full(200, 40.0))


def test_softening_leaves_no_negative_factor_and_the_same_variance() -> None:
    village = np.repeat(np.arange(4), 2)
    stages = structure([None, None], [village, np.arange(8)], [np.full(8, 4.2), np.full(8, 40.0)])
    plan = replication.preston(stages, 2000, "1")
    tau = 1 - replication.lowest(plan)
    assert tau > 1
    soft = replication.softened(plan, tau)
    assert replication.lowest(soft) == pytest.approx(0, abs=1e-12)
    scores = np.random.default_rng(1).normal(size=(8, 3))
    assert repeated(soft, stages, scores) == pytest.approx(repeated(plan, stages, scores), rel=1e-9)


# -- the kernel -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "blocks"), [("nested", 40), ("crossed", 1), ("partly", 4)])
def test_columns_that_lie_in_strata_are_multiplied_apart(kind: str, blocks: int) -> None:
    stratum = np.repeat(np.arange(40), 30)
    stages = structure([stratum], [np.arange(1200)], [None])
    rng = np.random.default_rng(3)
    sums = rng.normal(size=(1200, 80))
    column = np.arange(80)
    if kind == "nested":
        sums *= stratum[:, None] == column // 2
    if kind == "partly":
        sums *= (stratum[:, None] // 10) == column // 20
    plan: Any = replication.rwy(stages, 70, "1")
    assert len(_blocks(plan.cells, plan.gain[:, None] * sums)) == blocks
    assert replication.totals(plan, sums) == pytest.approx(plan.factors() @ sums, rel=1e-9, abs=1e-9)


def test_a_unit_with_many_factors_is_done_a_chunk_at_a_time() -> None:
    stages = structure([None], [np.arange(300_000)], [None])
    plan = replication.rwy(stages, 9, "1")
    assert [stop - start for start, stop in plan.chunks()] == [3, 3, 3]
    found = replication.totals(plan, np.ones(300_000))
    assert found.ravel() == pytest.approx(np.full(9, 300_000.0))


@pytest.mark.skipif(not (REFERENCE / "strat2stage.csv").exists(), reason="the reference does not lie beside the repository")
def test_weights_of_rs_multistage_bootstrap_are_possible_here() -> None:
    """Each weight of R's mrbbootstrap is one that the formula gives the same row (single units and whole districts set apart)."""
    table = pd.read_csv(REFERENCE / "apiclus2.csv")
    theirs = pd.read_csv(REFERENCE / "reps" / "apiclus2_mrbbootstrap80.csv").to_numpy() / table.pw.to_numpy()[:, None]
    sizes = [table.fpc1.to_numpy(dtype=float), table.fpc2.to_numpy(dtype=float)]
    stages = structure([None, None], [pd.factorize(table.dnum)[0], np.arange(len(table))], sizes)
    single = stages[1].n[stages[1].unit_stratum] == 1
    ours = replication.preston(stages, 400, "1", "certainty").factors()[:, stages[1].row_unit].T
    rows = np.flatnonzero(~single[stages[1].row_unit])
    assert len(rows) > 80
    for row in rows:
        possible = np.unique(ours[row].round(7))
        assert np.isin(np.unique(theirs[row].round(7)), possible).all()
