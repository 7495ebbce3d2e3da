"""Design effects of weights: R survey on small data, what the formulas must add up to, and sampling with replacement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimateError
from evalkit.intervals import weight_effect, weighted_take
from evalkit.intervals.weighting import FORMS, chen_rust_effect, design_effect_of_weights, henry_effect, spencer_effect

# R 4.2.2, package survey 4.1-1:
#   d <- data.frame(h = STRATUM, c = VILLAGE, w = W, y = Y)
#   s <- svydesign(ids = ~c, strata = ~h, weights = ~w, data = d); svyby(~y, ~h, s, svymean, deff = TRUE)[, "DEff.y"]
#   s1 <- svydesign(ids = ~c, weights = ~w, data = d); deff(svymean(~y, s1, deff = TRUE))
STRATUM = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]
VILLAGE = [1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6]
W = [10, 12, 9, 9, 11, 15, 20, 25, 22, 18, 30, 21, 24, 19]
Y = [3, 4, 7, 6, 2, 5, 1, 0, 2, 6, 4, 3, 3, 5]
R_STRATA = [1.50391708593066, 2.78094589874475]
R_WHOLE = 2.58271850480034

samples = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def drawn(random: np.random.Generator, n: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p = random.uniform(0.5, 4, n)
    return random.uniform(1, 9, n), 3 + 2 * p + random.normal(size=n), p / 100


def moment(z: np.ndarray, w: np.ndarray) -> float:
    return float(w @ (z - w @ z / w.sum()) ** 2 / w.sum())


# -- golden ----------------------------------------------------------------------------------------------------


def test_chen_rust_parts_of_strata_are_those_of_r() -> None:
    seen = chen_rust_effect(W, Y, STRATUM, VILLAGE)
    assert seen.deff_w * seen.deff_c == pytest.approx(R_STRATA, rel=1e-12)
    assert seen.strata == (1, 2) and seen.n.tolist() == [6, 8]


def test_chen_rust_without_strata_is_the_design_effect_of_r() -> None:
    seen = chen_rust_effect(W, Y, clusters=VILLAGE)
    assert seen.overall == pytest.approx(R_WHOLE, rel=1e-12)
    assert seen.deff_s.tolist() == pytest.approx([1.0], rel=1e-12)


def test_kish_before_and_after_trimming() -> None:
    uneven = [1.0] * 8 + [6, 9]
    seen = design_effect_of_weights(uneven, [2.1875] * 8 + [2.75, 2.75])
    assert seen.overall_before == pytest.approx(2.36295, rel=1e-5)
    assert seen.overall_after == pytest.approx(weight_effect([2.1875] * 8 + [2.75] * 2), rel=1e-12)


# -- identities ------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(samples)
def test_spencer_is_the_variance_of_sampling_with_replacement(random: np.random.Generator) -> None:
    _, y, p = drawn(random)
    n = len(p)
    w = 1 / (n * p)
    variance = float(w**2 @ y**2 - (w @ y) ** 2 / n)  # Σ_U w y² − Y²/n of the population that the sample stands for
    assert spencer_effect(p, w, y) == pytest.approx(variance * n / (w.sum() ** 2 * moment(y, w)), rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(samples)
def test_henry_is_the_formula_of_the_paper(random: np.random.Generator) -> None:
    w, y, x = drawn(random)
    design = np.column_stack([np.ones(len(w)), x])
    a, b = np.linalg.solve(design.T @ (w[:, None] * design), design.T @ (w * y))
    u, n, total = y - b * x, len(w), w.sum()

    def product(z: np.ndarray) -> float:  # ρ(z, w)·σ(z)
        return float(w @ ((z - w @ z / total) * (w - w @ w / total)) / total) / moment(w, w) ** 0.5

    second = n * moment(w, w) ** 0.5 / total * (product(u**2) - 2 * a * product(u))
    assert henry_effect(w, y, x) == pytest.approx((weight_effect(w) * moment(u, w) + second) / moment(y, w), rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(samples, st.floats(0.01, 100))
def test_effects_of_the_papers_do_not_depend_on_units(random: np.random.Generator, unit: float) -> None:
    w, y, p = drawn(random)
    assert henry_effect(w, unit * y, 3 * p + 1) == pytest.approx(henry_effect(w, y, p), rel=1e-7)
    assert spencer_effect(p, w, unit * y) == pytest.approx(spencer_effect(p, w, y), rel=1e-7)
    assert henry_effect(5 * w, y, p) == pytest.approx(henry_effect(w, y, p), rel=1e-9)


def test_spencer_is_nothing_where_answers_are_proportional_to_size() -> None:
    p = np.array([0.02, 0.05, 0.01, 0.03, 0.08])
    assert spencer_effect(p, 1 / (5 * p), 700 * p) == pytest.approx(0, abs=1e-12)


def test_calibration_on_noise_gains_nothing_beyond_kish() -> None:
    random = np.random.default_rng(4)
    w, y, x = random.uniform(1, 9, 40_000), random.normal(size=40_000), random.normal(size=40_000)
    assert henry_effect(w, y, x) == pytest.approx(weight_effect(w), rel=0.03)


def test_practools_form_of_henry_depends_on_the_unit() -> None:
    w, y, x = drawn(np.random.default_rng(5))
    assert henry_effect(w, 1000 * y, x, form="practools") != pytest.approx(henry_effect(w, y, x, form="practools"), rel=1e-3)


def test_chen_rust_parts_multiply_and_add_up() -> None:
    seen = chen_rust_effect(W, Y, STRATUM, VILLAGE)
    assert seen.overall == pytest.approx(float((seen.deff_w * seen.deff_c * seen.deff_s).sum()), rel=1e-14)
    assert seen.deff_c == pytest.approx(1 + (seen.take - 1) * seen.icc, rel=1e-13)
    for at, h in enumerate((1, 2)):
        rows = np.asarray(STRATUM) == h
        assert seen.deff_w[at] == pytest.approx(weight_effect(np.asarray(W)[rows]), rel=1e-13)
        assert seen.take[at] == pytest.approx(weighted_take(np.asarray(W)[rows], np.asarray(VILLAGE)[rows]), rel=1e-13)


def test_chen_rust_in_one_stage_leaves_kish_and_stratification() -> None:
    seen = chen_rust_effect(W, Y, STRATUM)
    assert seen.deff_c.tolist() == [1, 1] and seen.icc.tolist() == [0, 0] and seen.take.tolist() == [1, 1]
    assert chen_rust_effect(W, Y).overall == pytest.approx(weight_effect(W), rel=1e-12)
    mixed = chen_rust_effect(W, Y, STRATUM, [*range(6), *VILLAGE[6:]], [1, 2], nested=True)
    assert mixed.deff_c[0] == 1 and mixed.deff_c[1] == pytest.approx(chen_rust_effect(W, Y, STRATUM, VILLAGE).deff_c[1], rel=1e-13)


def test_chen_rust_takes_labels_and_known_shares() -> None:
    named = chen_rust_effect(W, Y, ["abc"[h] for h in STRATUM], [f"v{c}" for c in VILLAGE])
    assert named.strata == ("b", "c")
    shares = np.bincount(STRATUM, W)[1:] / sum(W)
    assert chen_rust_effect(W, Y, STRATUM, VILLAGE, shares=shares).overall == pytest.approx(named.overall, rel=1e-13)
    again = [0 if c == 4 else c for c in VILLAGE]
    restarted = [c - 3 if h == 2 else c for h, c in zip(STRATUM, VILLAGE, strict=True)]
    assert chen_rust_effect(W, Y, STRATUM, restarted, nested=True).overall == pytest.approx(named.overall, rel=1e-13)
    assert chen_rust_effect(W, Y, STRATUM, again).overall == pytest.approx(named.overall, rel=1e-13)


def test_a_stratum_without_events_adds_nothing() -> None:
    answers = [0] * 6 + Y[6:]
    seen = chen_rust_effect(W, answers, STRATUM, VILLAGE)
    assert seen.deff_s[0] == 0 and seen.deff_c[0] == 1 and np.isfinite(seen.overall)


def test_effects_by_class() -> None:
    seen = design_effect_of_weights([1, 1, 2, 2, 4], [2, 0, 2, 5, 4], ["a", "a", "b", "b", "b"])
    assert seen.n_before.tolist() == [2, 3] and seen.n_after.tolist() == [1, 3]
    assert seen.before.tolist() == pytest.approx([1, weight_effect([2, 2, 4])], rel=1e-14)
    assert seen.after.tolist() == pytest.approx([1, weight_effect([2, 5, 4])], rel=1e-14)
    assert (seen.overall_before, seen.overall_after) == pytest.approx((weight_effect([1, 1, 2, 2, 4]), weight_effect([2, 2, 5, 4])))
    assert seen.total_after.tolist() == [2, 11]


# -- Monte Carlo -----------------------------------------------------------------------------------------------


def test_henry_foretells_the_variance_of_a_regression_estimator() -> None:
    random = np.random.default_rng(11)
    size, n, runs = 2000, 150, 1500
    x = random.gamma(2, 2, size) + 0.5
    y = 20 + 3 * x + random.normal(size=size) * np.sqrt(x)
    p = (x + 2) / (x + 2).sum()
    totals, effects = np.empty(runs), np.empty(runs)
    for run in range(runs):
        s = random.choice(size, n, p=p)
        w = 1 / (n * p[s])
        design = np.column_stack([np.ones(n), x[s]])
        beta = np.linalg.solve(design.T @ (w[:, None] * design), design.T @ (w * y[s]))
        totals[run] = w @ (y[s] - design @ beta) + beta @ [size, x.sum()]
        effects[run] = henry_effect(w, y[s], x[s])
    found = totals.var(ddof=1) / (size**2 * y.var() / n)
    noise = found * (2 / runs) ** 0.5 + effects.std() / runs**0.5
    assert abs(found - effects.mean()) < 3 * noise + 2 / n * found  # residuals of two coefficients are too small by 2/n


def test_chen_rust_foretells_the_variance_of_a_clustered_mean() -> None:
    random = np.random.default_rng(12)
    runs, villages, take = 1500, 30, 12
    cluster, w = np.repeat(np.arange(villages), take), np.tile(np.repeat([50.0, 90.0], take // 2), villages)
    means, effects = np.empty(runs), np.empty(runs)
    for run in range(runs):
        y = np.repeat(random.normal(size=villages) * 0.1**0.5, take) + random.normal(size=villages * take) * 0.9**0.5
        means[run] = w @ y / w.sum()
        effects[run] = chen_rust_effect(w, y, clusters=cluster).overall
    found = means.var(ddof=1) / (1 / (villages * take))
    assert abs(found - effects.mean()) < 3 * (found * (2 / runs) ** 0.5 + effects.std() / runs**0.5) + 0.02 * found
    assert found == pytest.approx(weight_effect(w) * (1 + (weighted_take(w, cluster) - 1) * 0.1), rel=0.12)


# -- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: henry_effect([1, 2], [1, 2], [1, 1]), "线性无关"),
        (lambda: henry_effect([1, -2, 3], [1, 2, 4], [1, 2, 4]), "有限正数"),
        (lambda: henry_effect([1, 2, 3], [2, 2, 2], [1, 2, 4]), "换一个指标"),
        (lambda: henry_effect([1, 2, 3], [1, 2, np.nan], [1, 2, 4]), "各数有限"),
        (lambda: henry_effect([1, 2, 3], [1, 2, 4], [1, 2, 4], form="book"), "practools"),
        (lambda: spencer_effect([0, 0.1, 0.2], [1, 2, 3], [1, 2, 4]), "概率应大于 0"),
        (lambda: chen_rust_effect(W, Y, STRATUM, [1] * 14), "nested=True"),
        (lambda: chen_rust_effect(W, Y, STRATUM, [c % 2 for c in VILLAGE], nested=False), "nested=True"),
        (lambda: chen_rust_effect(W, Y, STRATUM, [1] * 6 + VILLAGE[6:], 2), "至少 2 个群"),
        (lambda: chen_rust_effect(W, Y, STRATUM, VILLAGE, 1), "stages=2"),
        (lambda: chen_rust_effect(W, Y, STRATUM, range(14)), "stages=1"),
        (lambda: chen_rust_effect(W, Y, STRATUM, VILLAGE, 3), "写 1 或 2"),
        (lambda: chen_rust_effect(np.asarray(W) / 100, Y, STRATUM, VILLAGE), "归一化"),
        (lambda: chen_rust_effect(W, Y, STRATUM[:-1], VILLAGE), "strata"),
        (lambda: chen_rust_effect(W, Y, STRATUM, VILLAGE, shares=[0.5, 0.6]), "合计为 1"),
        (lambda: chen_rust_effect(W, Y, [*STRATUM[:-1], 3]), "至少 2 个单位"),
        (lambda: design_effect_of_weights([1, 1], [1, 0], ["a", "b"]), "after：b"),
        (lambda: design_effect_of_weights([1, -1], [1, 0]), "不为负"),
    ],
)
def test_refusals_say_what_to_do(call, told) -> None:
    with pytest.raises(EstimateError, match=told):
        call()


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(EstimateError) as refused:
        chen_rust_effect(np.asarray(W) / 100, Y, [*STRATUM[:-1], 3], VILLAGE)
    assert len(refused.value.faults) > 2


def test_results_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        chen_rust_effect(W, Y).deff_w[0] = 0
    assert set(FORMS) == {"paper", "practools"}
