"""Chances proportional to size, and the true chances of Pareto and sequential Poisson sampling."""

import math
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from evalkit.inclusion.first import by_strata, certain, proportional, whole_sizes
from evalkit.inclusion.pareto import order_sampling

# R 4.2.2, package sampling 2.9:
#   library(sampling); options(digits = 17)
#   inclusionprobabilities(c(12, 7, 30, 4, 19, 85, 3, 22, 40, 9), 4)
#   inclusionprobabilities(c(1.25, 0.5, 12, 3.75, 9), 3)
#   inclusionprobastrata(c(1,1,2,2,2,3), c(1,2,1))
R_TEN = [
    0.246575342465753411, 0.143835616438356156, 0.616438356164383472, 0.082191780821917804, 0.390410958904109595,
    1, 0.061643835616438353, 0.452054794520547920, 0.821917808219178037, 0.184931506849315058,
]  # fmt: skip
R_FIVE = [0.227272727272727265, 0.090909090909090912, 1, 0.681818181818181879, 1]
R_STRATA = [0.5, 0.5, 0.66666666666666663, 0.66666666666666663, 0.66666666666666663, 1]

TEN = [12, 7, 30, 4, 19, 85, 3, 22, 40, 9]


# -- proportional to size -------------------------------------------------------------------------------------------


def test_chances_are_those_of_r() -> None:
    assert proportional(TEN, 4) == pytest.approx(R_TEN, rel=1e-14)
    assert proportional([1.25, 0.5, 12, 3.75, 9], 3) == pytest.approx(R_FIVE, rel=1e-14)
    assert by_strata([1, 1, 2, 2, 2, 3], {1: 1, 2: 2, 3: 1}) == R_STRATA


def test_units_become_certain_in_turns() -> None:
    """Of 20 the size 12 is certain at n = 3; only without it 5 is; 2 and 1 are left with 1 to draw."""
    assert certain([12, 5, 2, 1], 3) == [0, 1]
    assert proportional([12, 5, 2, 1], 3) == [1.0, 1.0, 2 / 3, 1 / 3]


@given(st.lists(st.integers(1, 10**18), min_size=1, max_size=40), st.data())
def test_chances_are_exact_and_add_up_to_n(sizes: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    sure, probs = certain(sizes, n), proportional(sizes, n)
    left = sum(sizes) - sum(sizes[k] for k in sure)
    exact = [Fraction(1) if k in sure else Fraction((n - len(sure)) * x, left) for k, x in enumerate(sizes)]
    assert sum(exact) == n and all(0 <= p <= 1 for p in exact)
    assert all(p < 1 for k, p in enumerate(exact) if k not in sure)
    assert probs == [float(p) for p in exact]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.data())
def test_rounds_of_fixing_find_the_same_certain_units(sizes: list[int], data: st.DataObject) -> None:
    """The textbook's rounds: all with m x ≥ X at once, then again among the rest."""
    n = data.draw(st.integers(0, len(sizes)))
    sure: set[int] = set()
    while True:
        rest = [k for k in range(len(sizes)) if k not in sure]
        new = [k for k in rest if (n - len(sure)) * sizes[k] >= sum(sizes[j] for j in rest)]
        if not new:
            break
        sure |= set(new)
    assert certain(sizes, n) == sorted(sure)


@given(st.lists(st.decimals(min_value="0.001", max_value=10**9, places=3), min_size=1, max_size=20))
def test_decimals_become_whole_in_the_same_proportions(values: list[float]) -> None:
    floats = [float(value) for value in values]
    whole = whole_sizes(floats)
    assert all(isinstance(x, int) and x >= 1 for x in whole)
    assert len({Fraction(x) / Fraction(str(value)) for x, value in zip(whole, values, strict=True)}) == 1
    assert whole == whole_sizes(np.array(floats))


def test_whole_numbers_stay_as_they_are() -> None:
    assert whole_sizes([3, 5.0, np.int64(7), 1e3]) == [3, 5, 7, 1000]
    assert whole_sizes([]) == [] and proportional([], 0) == []
    assert whole_sizes([0.1, 0.2, 0.3]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("sizes", "match"),
    [
        ([1, 0, 2, -1], r"第 2、4 个单位的规模是 0、-1｜"),
        ([1.5, math.nan, math.inf], r"第 2、3 个单位的规模是 nan、inf｜"),
        ([1.5, 1 / 3], r"第 2 个单位.*小数不超过 9 位"),
        ([0] * 25, r"等 25 个"),
        ([5, None, "7"], r"第 2、3 个单位的规模是 None、7｜"),
    ],
)
def test_sizes_that_are_none_are_refused(sizes: list[float], match: str) -> None:
    for ask in (proportional, certain):
        with pytest.raises(ValueError, match=match):
            ask(sizes, 1)


@pytest.mark.parametrize("n", [-1, 4, 1.5])
def test_a_number_out_of_range_is_refused(n: int) -> None:
    for ask in (proportional, certain):
        with pytest.raises(ValueError, match="n = "):
            ask([1, 2, 3], n)


def test_strata_without_a_number_and_the_reverse_are_refused() -> None:
    with pytest.raises(ValueError, match="乙：没有 n；丁：没有单位；甲：n = 3，N = 2"):
        by_strata(["甲", "甲", "乙"], {"甲": 3, "丁": 1})


# -- true chances ---------------------------------------------------------------------------------------------------


def one_of_two_pareto(first: float, second: float) -> float:
    """∫ θ₁/(1+θ₁t)² /(1+θ₂t) dt = r (r − 1 − log r)/(r − 1)² with r = θ₁/θ₂."""
    r = first / (1 - first) / (second / (1 - second))
    return r * (r - 1 - math.log(r)) / (r - 1) ** 2


def below(t: float, p: float, name: str) -> float:
    return p * t / (1 - p + p * t) if name == "pareto" else min(1.0, p * t)


def by_sets(probs: list[float], n: int, k: int, name: str) -> float:
    """Integrate over the number u of unit k, adding up the sets of others that lie below it one by one."""
    others = [p for j, p in enumerate(probs) if j != k]

    def room(u: float) -> float:
        t = u * (1 - probs[k]) / (probs[k] * (1 - u)) if name == "pareto" else u / probs[k]
        f = [below(t, p, name) for p in others]
        sets = (set(inside) for m in range(n) for inside in combinations(range(len(f)), m))
        return sum(math.prod(f[j] if j in inside else 1 - f[j] for j in range(len(f))) for inside in sets)

    kinks = sorted(probs[k] / p for p in others if probs[k] < p) if name != "pareto" else None
    return quad(room, 0, 1, epsabs=1e-12, epsrel=1e-12, limit=400, points=kinks)[0]


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.7), (0.001, 0.999), (0.45, 0.55)])
def test_one_of_two_has_a_closed_form(first: float, second: float) -> None:
    assert order_sampling([first, second], 1)[0] == pytest.approx(one_of_two_pareto(first, second), rel=1e-10)
    assert order_sampling([first, second], 1, "sequential-poisson")[0] == pytest.approx(first / (2 * second), rel=1e-10)


@pytest.mark.parametrize("name", ["pareto", "sequential-poisson"])
@pytest.mark.parametrize(("probs", "n"), [([0.1, 0.35, 0.6, 0.95], 2), ([0.9, 0.8, 0.55, 0.5, 0.25], 3), ([0.02, 0.08, 0.1, 0.3, 0.5], 1)])
def test_true_chances_are_those_found_set_by_set(probs: list[float], n: int, name: str) -> None:
    assert order_sampling(probs, n, name) == pytest.approx([by_sets(probs, n, k, name) for k in range(len(probs))], rel=1e-9)


def test_pareto_of_six() -> None:
    """Sizes 1 to 6, n = 3: at most 3.7 % off."""
    aimed = proportional(range(1, 7), 3)
    true = order_sampling(aimed, 3)
    assert true == pytest.approx([0.137598, 0.277123, 0.423529, 0.576471, 0.722877, 0.862402], abs=6e-7)
    assert max(abs(t / a - 1) for t, a in zip(true, aimed, strict=True)) == pytest.approx(0.0368, abs=5e-5)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=25), st.data(), st.sampled_from(["pareto", "sequential-poisson"]))
def test_true_chances_add_up_to_n_and_follow_size(sizes: list[int], data: st.DataObject, name: str) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    aimed = proportional(sizes, n)
    if n == 0:
        return
    true = order_sampling(aimed, n, name)
    assert math.fsum(true) == pytest.approx(n, abs=1e-9)
    assert all(t == 1.0 for t, a in zip(true, aimed, strict=True) if a == 1.0)
    ranked = [t for _, t in sorted(zip(sizes, true, strict=True))]
    assert all(b - a > -1e-10 for a, b in pairwise(ranked))


def test_equal_chances_are_met_exactly() -> None:
    for name in ("pareto", "sequential-poisson"):
        assert order_sampling([0.2] * 50, 10, name) == pytest.approx([0.2] * 50, rel=1e-11)


def test_true_chances_of_two_thousand() -> None:
    aimed = proportional([20 + k * 7919 % 1500 for k in range(2000)], 100)
    true = order_sampling(aimed, 100)
    assert math.fsum(true) == pytest.approx(100, abs=1e-9)
    assert max(abs(t / a - 1) for t, a in zip(true, aimed, strict=True)) < 1e-6


def test_all_or_none_of_those_that_are_not_certain() -> None:
    assert order_sampling([1.0, 0.5, 0.5], 1) == [1.0, 0.0, 0.0]
    assert order_sampling([1.0, 0.5, 0.5], 3) == [1.0, 1.0, 1.0]


def test_chances_that_cannot_be_aimed_at_are_refused() -> None:
    with pytest.raises(ValueError, match=r"第 1 个 0.0、第 3 个 nan"):
        order_sampling([0.0, 0.5, math.nan], 1)
    with pytest.raises(ValueError, match="必选单位"):
        order_sampling([1.0, 1.0, 0.5], 1)
    with pytest.raises(ValueError, match="N = 2"):
        order_sampling([0.5, 0.5], 3)
    with pytest.raises(ValueError, match="pareto、sequential-poisson"):
        order_sampling([0.5, 0.5], 1, "uniform")
