"""Chances of pairs: R's numbers, the definition of each design over all samples, sums that must hold, and sizes at which others break."""

from __future__ import annotations

import json
import math
import sys
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.inclusion import APPROXIMATIONS, cps_working, exact, proportional, working
from tests.from_r import written

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

import case_inclusion  # a script beside the cases, not a package

GOLDEN = Path(__file__).resolve().parent / "golden"
STATED = json.loads((GOLDEN / "own" / "pairs.json").read_text(encoding="utf-8"))
FIXED = {"cps": exact.cps, "sampford": exact.sampford, "tille": exact.tille, "midzuno": exact.midzuno, "systematic": exact.systematic}
SIX = [i / 7 for i in range(1, 7)]
NASTY = {
    "two": ([0.1, 0.9], 1),
    "far apart": ([1e-9, 1 - 1e-9], 1),
    "ends": ([1e-6] * 3 + [1 - 1e-6] * 3, 3),
    "nearly all": ([0.999999] * 5 + [5e-6], 5),
    "two in the middle": ([1e-6, 1 - 1e-6, 0.5, 0.5], 2),
    "two kinds": (proportional([10**12] * 10 + [10**9] * 17 + [10**6] * 10 + [1] * 30, 10), 10),
    "two thousand": ([1e-7] * 998 + [1 - 1e-7] * 998 + [0.25, 0.75, 0.5, 0.5], 1000),
    "nearly none": ([1e-9, 0.5, 0.5 - 1e-9], 1),
}
sizes = st.lists(st.integers(1, 10**6), min_size=2, max_size=25)


def agrees(found: Any, case: dict[str, Any]) -> bool:
    stated = np.asarray(case["result"]["value"])
    return bool((np.abs(np.asarray(found) - stated) <= case["atol"] + case["rtol"] * np.abs(stated)).all())


@pytest.mark.parametrize("case", STATED["cases"], ids=lambda case: case["id"])
def test_the_numbers_of_r(case: dict[str, Any]) -> None:
    found = np.asarray(case_inclusion.ANSWERS[case["function"]](case, GOLDEN))
    assert agrees(found, case)
    assert not agrees(found * (1 + 1e-8), case)


@pytest.mark.r
def test_r_still_gives_the_stated_pairs(tmp_path: Path) -> None:
    again = {case["id"]: case["result"]["value"] for case in written("make_pairs.R", tmp_path)["cases"]}
    assert all(agrees(again[case["id"]], case) for case in STATED["cases"])


def samples(weights: dict[tuple[int, ...], Fraction], size: int) -> np.ndarray:
    """Return the pairs of a design from the weight of every sample."""
    pairs, total = [[Fraction(0)] * size for _ in range(size)], sum(weights.values())
    for chosen, weight in weights.items():
        for i in chosen:
            for j in chosen:
                pairs[i][j] += weight / total
    return np.array([[float(pair) for pair in row] for row in pairs])


@pytest.mark.parametrize("n", range(1, 7))
def test_sampford_is_its_definition_over_all_samples(n: int) -> None:
    measure = [2, 3, 5, 7, 7, 11, 12]
    probs = [min(Fraction(1), Fraction(p).limit_denominator(1000)) for p in proportional(measure, n)]
    free = [i for i, p in enumerate(probs) if p < 1]
    m = n - (len(measure) - len(free))
    weights = {
        chosen: math.prod((probs[i] / (1 - probs[i]) for i in chosen), start=Fraction(1)) * sum(1 - probs[i] for i in chosen)
        for chosen in combinations(free, m)
    }
    expected = samples(weights, len(measure))
    found = exact.sampford([float(p) for p in probs])
    assert np.abs(found - expected)[np.ix_(free, free)].max() < 1e-13
    assert found[:, [i for i in range(len(measure)) if i not in free]] == pytest.approx(
        np.array([[float(p)] * (len(measure) - len(free)) for p in probs])
    )


@pytest.mark.parametrize("n", [2, 3, 5])
def test_cps_is_independent_draws_kept_when_n_are_drawn(n: int) -> None:
    probs = [p for p in proportional([2, 3, 5, 7, 7, 11, 12], n) if p < 1]
    m = n - (7 - len(probs))
    odds = [Fraction(p) / (1 - Fraction(p)) for p in cps_working(probs)]
    weights = {chosen: math.prod((odds[i] for i in chosen), start=Fraction(1)) for chosen in combinations(range(len(probs)), m)}
    expected = samples(weights, len(probs))
    assert np.diag(expected) == pytest.approx(probs, rel=1e-10)
    assert exact.cps(probs) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(sizes, st.data())
def test_pairs_of_every_design_hold_together(measure: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(measure)))
    probs = np.array(proportional(measure, n))
    for rule in FIXED.values():
        pairs = rule(probs)
        assert (np.diag(pairs) == probs).all()
        assert pairs == pytest.approx(pairs.T, abs=1e-12)
        assert np.abs(pairs.sum(axis=1) - n * probs).max() < 1e-9
        assert (pairs >= 0).all()
        assert (pairs <= np.minimum.outer(probs, probs) + 1e-9).all()
        assert (pairs >= probs[:, None] + probs - 1 - 1e-9).all()


@pytest.mark.parametrize(("spread", "n"), [(0.5, 500), (3.0, 500), (1.0, 1900)])
def test_two_thousand_units(spread: float, n: int) -> None:
    measure = (1000 * np.exp(spread * spread_values(2000))).astype(int) + 1
    probs = np.array(proportional(measure.tolist(), n))
    for rule in (exact.cps, exact.sampford, exact.tille):
        pairs = rule(probs)
        assert np.isfinite(pairs).all()
        assert np.abs(pairs.sum(axis=1) - n * probs).max() < 1e-9


def spread_values(count: int) -> np.ndarray:
    """Return values spread like a normal variable, in a mixed order."""
    u = (np.arange(count) * 1237 % count + 0.5) / count
    return np.asarray((u**0.135 - (1 - u) ** 0.135) / 0.1975)


@pytest.mark.parametrize("name", NASTY)
def test_working_probabilities_of_nasty_lists(name: str) -> None:
    probs, n = NASTY[name]
    inside, outside = working.chances(working.cps_odds(probs, n), n)
    slack = 1e-15 + 2 * abs(n - math.fsum(probs))
    assert np.abs(inside - probs).max() <= 1e-11 + slack
    assert np.abs(outside - (1 - np.asarray(probs))).max() <= 1e-11 + slack
    assert sum(cps_working(probs)) == pytest.approx(n, rel=1e-12)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=40), st.data())
def test_working_probabilities_are_found_over_twelve_powers_of_ten(exponents: list[int], data: st.DataObject) -> None:
    probs = proportional([2**k for k in exponents], data.draw(st.integers(1, len(exponents) - 1)))
    found = cps_working(probs)
    assert [p for p in found if p == 1] == [p for p in probs if p == 1]
    assert sum(found) == pytest.approx(sum(probs), rel=1e-9)


def test_an_iteration_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "ROUNDS", 2)
    with pytest.raises(ValueError, match=r"未收敛.*改用 sampford"):
        working.cps_odds([0.3, 0.3, 0.4], 1)


def test_known_numbers_of_the_list_one_to_six() -> None:
    """Sampford, Tillé and systematic as R prints them; R's conditional Poisson stops early: its .021224105 is .021224095."""
    assert exact.sampford(SIX)[[0, 2, 4], [1, 3, 5]] == pytest.approx([0.019672891, 0.170067446, 0.591101462], abs=5e-10)
    assert exact.cps_as_r(SIX)[[0, 2, 4], [1, 3, 5]] == pytest.approx([0.021224105, 0.167743848, 0.592652677], abs=5e-10)
    assert exact.cps(SIX)[[0, 2, 4], [1, 3, 5]] == pytest.approx([0.021224095, 0.167744383, 0.592652667], abs=5e-10)
    assert exact.tille(SIX)[[0, 4], [1, 5]] == pytest.approx([0, 4 / 7], abs=1e-14)
    assert int((exact.systematic(SIX) == 0).sum()) == 2 * 6
    assert cps_working(SIX) == pytest.approx([0.18143338, 0.32522308, 0.44561905, 0.55438095, 0.67477692, 0.81856662], abs=2e-8)


def test_midzuno_of_moderate_sizes_is_one_unequal_draw_and_a_simple_random_sample() -> None:
    """Where every π ≥ (n − 1)/(N − 1) the pairs have Midzuno's closed form (1952, Ann. Inst. Statist. Math. 3:99)."""
    n, probs = 4, np.array(proportional([9, 9, 10, 11, 11, 10, 10, 10], 4))
    size = len(probs)
    first = ((size - 1) * probs - (n - 1)) / (size - n)
    both = (n - 1) / (size - 1) * ((size - n) / (size - 2) * (first[:, None] + first) + (n - 2) / (size - 2))
    off = ~np.eye(size, dtype=bool)
    assert exact.midzuno(probs)[off] == pytest.approx(both[off], rel=1e-12)


def test_systematic_pairs_are_those_of_all_starts() -> None:
    probs = np.array([3, 1, 4, 1, 5, 2]) / 8
    ends, hits = np.append(0, np.cumsum(probs)), np.zeros((6, 6))
    for start in (np.arange(8) + 0.5) / 8:
        chosen = np.floor(ends[1:] - start) > np.floor(ends[:-1] - start)
        hits += np.outer(chosen, chosen) / 8
    assert exact.systematic(probs) == pytest.approx(hits, abs=1e-15)


@pytest.mark.parametrize("name", ["cps", "sampford", "tille", "midzuno"])
def test_equal_chances_give_simple_random_sampling(name: str) -> None:
    assert FIXED[name]([0.375] * 8) == pytest.approx(exact.srs(8, 3), rel=1e-12)


@pytest.mark.parametrize("rule", [*FIXED.values(), *APPROXIMATIONS.values()])
def test_certain_and_impossible_units(rule: Any) -> None:
    pairs = rule([1, 0.5, 0, 0.25, 0.75, 0.5, 1])
    inner = rule([0.5, 0.25, 0.75, 0.5])
    assert pairs[0].tolist() == pairs[:, 6].tolist() == [1, 0.5, 0, 0.25, 0.75, 0.5, 1]
    assert not pairs[2].any()
    assert (pairs[np.ix_([1, 3, 4, 5], [1, 3, 4, 5])] == inner).all()
    assert (rule([1, 1]) == 1).all()
    assert rule([0.25, 0.75]).tolist() == [[0.25, 0], [0, 0.75]]


@pytest.mark.parametrize("rule", [*FIXED.values(), *APPROXIMATIONS.values(), cps_working])
def test_what_is_no_probability_is_refused(rule: Any) -> None:
    with pytest.raises(ValueError, match=r"第 2、4 个 π 为 nan、1\.5｜π 应在 0 与 1 之间"):
        rule([0.5, float("nan"), 0.5, 1.5])
    with pytest.raises(ValueError, match=r"π 之和为 1\.6｜.*整数"):
        rule([0.5, 0.6, 0.5])
    with pytest.raises(ValueError, match="2 维"):
        rule([[0.5, 0.5]])


def test_poisson_and_simple_random_pairs() -> None:
    assert exact.poisson([0.3, 1, 0.9]) == pytest.approx(np.array([[0.3, 0.3, 0.27], [0.3, 1, 0.9], [0.27, 0.9, 0.9]]))
    assert exact.srs(1, 1).tolist() == [[1]]
    assert exact.srs(0, 0).shape == (0, 0)
    with pytest.raises(ValueError, match="N = 3"):
        exact.srs(3, 4)
    with pytest.raises(ValueError, match=r"-0\.1"):
        exact.poisson([-0.1])


def by_hand(name: str, i: int, j: int, probs: list[Fraction]) -> Fraction:
    """Return one pair of an approximation in fractions, written out term by term as its paper has it."""
    n, a, b = sum(probs), probs[i], probs[j]
    squares, cubes = sum(p * p for p in probs), sum(p**3 for p in probs)
    if name == "hajek":
        return a * b * (1 - (1 - a) * (1 - b) / sum(p * (1 - p) for p in probs))
    if name == "hartley_rao":
        main = (n - 1) / n * a * b + (n - 1) / n**2 * (a**2 * b + a * b**2) - (n - 1) / n**3 * a * b * squares
        small = 2 * (n - 1) / n**3 * (a**3 * b + a * b**3 + a**2 * b**2) - 3 * (n - 1) / n**4 * (a**2 * b + a * b**2) * squares
        return main + small + 3 * (n - 1) / n**5 * a * b * squares**2 - 2 * (n - 1) / n**4 * a * b * cubes
    bottom = {
        "brewer1": lambda p: n - p,
        "brewer2": lambda p: n - squares / n,
        "brewer3": lambda p: n - 2 * p + squares / n,
        "brewer4": lambda p: n - (2 * n - 1) / (n - 1) * p + squares / (n - 1),
    }[name]
    return a * b * ((n - 1) / bottom(a) + (n - 1) / bottom(b)) / 2


@pytest.mark.parametrize("name", [name for name in APPROXIMATIONS if name != "tille"])
def test_approximations_in_fractions(name: str) -> None:
    probs = [Fraction(k, 40) for k in (3, 8, 13, 21, 33, 16, 26)]
    found = APPROXIMATIONS[name]([float(p) for p in probs])
    expected = [[float(by_hand(name, i, j, probs)) if i != j else float(p) for j in range(7)] for i, p in enumerate(probs)]
    assert found == pytest.approx(np.array(expected), rel=1e-13)


def test_the_product_approximation_has_the_sums_of_a_fixed_size() -> None:
    probs = np.array([3, 8, 13, 21, 33, 16, 26]) / 40
    pairs = APPROXIMATIONS["tille"](probs)
    assert pairs.sum(axis=1) == pytest.approx(3 * probs, rel=1e-12)
    off = pairs / np.sqrt(np.outer(pairs[0], pairs[0]))
    assert off[1, 2] / off[1, 3] == pytest.approx(off[4, 2] / off[4, 3], rel=1e-12)


@pytest.mark.parametrize("name", APPROXIMATIONS)
def test_approximations_come_close_to_the_largest_entropy(name: str) -> None:
    """With 200 units, n = 40 and π from .03 to .90 no pair is off by more than 2 %, and by Hájek's none by more than .05 %."""
    probs = np.array(proportional((100 * np.exp(0.6 * spread_values(200))).astype(int).tolist(), 40))
    off = ~np.eye(len(probs), dtype=bool)
    worst = np.abs(APPROXIMATIONS[name](probs) / exact.cps(probs) - 1)[off].max()
    assert worst < (0.0005 if name == "hajek" else 0.02)
