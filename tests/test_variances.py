"""Variances of totals: identities, the worked example, bias of the two-stage estimator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SurveyError
from evalkit.variances import Partition, Policy, Scores, Stage, collapse, covariance_of_totals, structure, variances_of_totals, without_fpc

NONE = Policy("remove")


def scores(score: np.ndarray, domain: np.ndarray | None = None, columns: int = 1) -> Scores:
    """Return one score a row, weighted already, in disjoint domains."""
    return Scores((np.asarray(score, dtype=float),), np.ones((1, columns)), Partition(domain, columns))


def random_design(seed: int, rows: int = 80) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Return strata, clusters and fpc of two stages, nested and with room in every population."""
    rng = np.random.default_rng(seed)
    village = rng.integers(0, 12, rows)
    stratum = village % 3
    inner = rng.integers(0, 2, rows)
    fpc1 = np.array([len(np.unique(village[stratum == h])) + 3.0 for h in range(3)])[stratum]
    cell = village * 2 + inner
    fpc2 = (np.bincount(cell, minlength=24) + 5.0)[cell]
    return [stratum, inner], [village, np.arange(rows)], [fpc1, fpc2]


def two_villages_of_ten() -> tuple[Stage, ...]:
    village = np.array([0, 0, 1, 1, 2, 2])
    return structure([None, None], [village, np.arange(6)], [np.full(6, 10.0), np.array([20.0, 20, 30, 30, 25, 25])])


def test_worked_example_of_two_stages() -> None:
    """M = 10, m = 3, N = (20, 30, 25), two households each: first stage 3694.44, second 300 (methods 6.2)."""
    score = np.array([1, 0, 0, 0, 1, 1]) * np.repeat([20 / 2, 30 / 2, 25 / 2], 2) * 10 / 3
    stages = two_villages_of_ten()
    assert score.sum() == pytest.approx(116.6666667)
    assert variances_of_totals(stages, scores(score), NONE)[0] == pytest.approx(3994.4444444, rel=1e-9)
    assert variances_of_totals(stages[:1], scores(score), NONE)[0] == pytest.approx(3694.4444444, rel=1e-9)
    assert variances_of_totals(without_fpc(stages), scores(score), NONE)[0] == pytest.approx(5277.7777778, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_second_stage_census_is_one_stage(seed: int) -> None:
    strata, clusters, fpc = random_design(seed)
    score = np.random.default_rng(seed).normal(size=80)
    census = structure(strata, clusters, [fpc[0], np.ones(80)])
    one = structure(strata[:1], clusters[:1], fpc[:1])
    assert variances_of_totals(census, scores(score), NONE) == pytest.approx(variances_of_totals(one, scores(score), NONE), rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    strata, clusters, fpc = random_design(seed)
    rng = np.random.default_rng(seed)
    score, domain, shuffled = rng.normal(size=80), rng.integers(-1, 4, 80), rng.permutation(80)
    before = variances_of_totals(structure(strata, clusters, fpc), scores(score, domain, 4), NONE)
    moved = structure([a[shuffled] for a in strata], [a[shuffled] for a in clusters], [a[shuffled] for a in fpc])
    assert variances_of_totals(moved, scores(score[shuffled], domain[shuffled], 4), NONE) == pytest.approx(before, rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["remove", "adjust", "average"]), st.booleans())
def test_domain_variances_are_the_diagonal_of_their_covariance(seed: int, rule: str, domains: bool) -> None:
    strata, clusters, fpc = random_design(seed)
    rng = np.random.default_rng(seed)
    score, domain = rng.normal(3, 1, 80), rng.integers(-1, 3, 80)
    stages, policy = structure(strata, clusters, fpc), Policy(rule, domains)
    try:
        apart = variances_of_totals(stages, scores(score, domain, 3), policy)
        joint = covariance_of_totals(stages, [scores(score, domain, 3), scores(score)], policy)
    except SurveyError:  # average, and a village with single households only
        return
    assert np.diag(joint)[:3] == pytest.approx(apart, rel=1e-9)
    assert np.linalg.eigvalsh(joint).min() > -1e-9 * np.trace(joint)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_domain_is_the_score_zeroed_outside(seed: int) -> None:
    strata, clusters, fpc = random_design(seed)
    rng = np.random.default_rng(seed)
    score, inside = rng.normal(2, 1, 80), rng.random(80) < 0.5
    stages = structure(strata, clusters, fpc)
    by_code = variances_of_totals(stages, scores(score, np.where(inside, 0, -1), 1), NONE)
    assert by_code == pytest.approx(variances_of_totals(stages, scores(score * inside), NONE), rel=1e-10)


def test_covariance_in_blocks_of_units(monkeypatch: pytest.MonkeyPatch) -> None:
    strata, clusters, fpc = random_design(7)
    rng = np.random.default_rng(7)
    stages = structure(strata, clusters, fpc)
    blocks = [scores(rng.normal(size=80), rng.integers(-1, 3, 80), 3), scores(rng.normal(size=80))]
    whole = covariance_of_totals(stages, blocks, NONE)
    monkeypatch.setattr("evalkit.variances.totals.CHUNK", 12)
    assert covariance_of_totals(stages, blocks, NONE) == pytest.approx(whole, rel=1e-12)


def test_constant_scores_of_a_large_total_leave_no_noise() -> None:
    stages = structure([None], [np.arange(1000)], [None])
    assert variances_of_totals(stages, scores(np.full(1000, 1e9 / 3)), NONE)[0] <= 1e-3


def test_without_fpc_villages_taken_whole_leave_their_households() -> None:
    """Two villages of two, two households of ten in each: the villages add nothing, the households as with replacement."""
    village = np.array([0, 0, 1, 1])
    stages = structure([None, None], [village, np.arange(4)], [np.full(4, 2.0), np.full(4, 10.0)])
    assert variances_of_totals(without_fpc(stages), scores(np.array([1.0, 3, 10, 14])), NONE)[0] == pytest.approx(2 * 2 + 2 * 8)


def single() -> tuple[Stage, ...]:
    return structure([np.array([0, 0, 1, 2, 2])], [np.arange(5)], [None], [("p", "q", "r")])


def test_a_single_unit_fails_and_names_stratum_and_choices() -> None:
    with pytest.raises(SurveyError, match=r"层 q｜只有 1 个抽中单元.*collapse"):
        variances_of_totals(single(), scores(np.arange(5.0)), Policy())


def test_rules_for_single_units() -> None:
    score = np.array([1.0, 3, 10, 2, 6])
    rest = 4.0 + 16.0
    got = {rule: variances_of_totals(single(), scores(score), Policy(rule))[0] for rule in ("remove", "certainty", "average", "adjust")}
    assert got == pytest.approx({"remove": rest, "certainty": rest, "average": rest * 3 / 2, "adjust": rest + (10 - 22 / 5) ** 2})


def test_a_single_unit_taken_whole_is_no_fault() -> None:
    stages = structure([np.array([0, 0, 1])], [np.arange(3)], [np.array([4.0, 4, 1])])
    assert variances_of_totals(stages, scores(np.array([1.0, 3, 9])), Policy())[0] == pytest.approx(2 * (1 - 0.5) * 2)


def test_collapse_merges_with_the_next_stratum_and_says_so() -> None:
    merged, notes = collapse(single())
    assert len(notes) == 1 and "单个单元的层" in notes[0]
    score = np.array([1.0, 3, 10, 2, 6])
    assert variances_of_totals(merged, scores(score), Policy())[0] == pytest.approx(4 + 3 * np.var([10, 2, 6], ddof=1))


def test_collapse_without_a_neighbour_is_refused() -> None:
    with pytest.raises(SurveyError, match="无相邻的层"):
        collapse(structure([None], [np.zeros(2, dtype=int)], [None]))


def test_two_stage_variance_is_unbiased() -> None:
    """4,000 samples of 4 of 9 villages and 3 of each 8 households: the mean estimate meets the true variance."""
    rng = np.random.default_rng(20180701)
    population = rng.normal(size=(9, 1)) * 2 + rng.normal(size=(9, 8))
    stages = structure([None, None], [np.repeat(np.arange(4), 3), np.arange(12)], [np.full(12, 9.0), np.full(12, 8.0)])
    totals, estimates = np.empty(4000), np.empty(4000)
    for at in range(4000):
        villages = rng.permutation(9)[:4]
        chosen = np.concatenate([population[v, rng.permutation(8)[:3]] for v in villages]) * 9 / 4 * 8 / 3
        totals[at], estimates[at] = chosen.sum(), variances_of_totals(stages, scores(chosen), NONE)[0]
    squares = (totals - population.sum()) ** 2
    error = np.sqrt((squares.var() + estimates.var()) / 4000)
    assert abs(estimates.mean() - squares.mean()) < 3 * error
