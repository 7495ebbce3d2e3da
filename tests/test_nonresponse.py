"""Nonresponse: R on small data, weights that add up, indicators that know their bias, and estimates that lose theirs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimateError, SurveyError
from evalkit.nonresponse import (
    SCALES,
    STATUS,
    cell_factors,
    partial_indicators,
    propensity_classes,
    r_indicator,
    response_groups,
    response_propensity,
    spread_unknown,
    standardised_differences,
    worst_case,
)

# R 4.2.2, package survey 4.1-1:
#   t <- svydesign(ids = ~1, weights = ~w, data = data.frame(x = 1:12, z = Z, r = ANSWERED, w = W))
#   g <- svyglm(r ~ x + z, t, family = quasibinomial(), control = glm.control(epsilon = 1e-15, maxit = 100)); coef(g); fitted(g)
#   cut(P, quantile(P, seq(0, 1, 1/4)), include.lowest = TRUE)
Z = [0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0]
ANSWERED = [0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1]
W = [3, 1, 2, 2, 5, 1, 4, 2, 3, 1, 1, 2]
R_BETA = [-2.111982631440847, 0.605444765359503, -2.550880810040804]
R_FITTED = [
    0.181452448099860, 0.030710047612381, 0.426621626827530, 0.576835571225974, 0.163059254514318, 0.263046330304644,
    0.893417125051683, 0.545051158176392, 0.965677216449425, 0.800845033158597, 0.989521643433827, 0.994253233302287,
]  # fmt: skip
P = [0.11, 0.42, 0.37, 0.81, 0.55, 0.29, 0.66, 0.73, 0.18, 0.47, 0.93, 0.61]
R_CUTS, R_CLASSES = [0.11, 0.35, 0.51, 0.6775, 0.93], [1, 2, 2, 4, 3, 1, 3, 4, 1, 2, 4, 3]
COLUMNS = np.column_stack([np.arange(1, 13), Z])

fields = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def released(random: np.random.Generator, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, statuses and cells in which every cell has a respondent."""
    status = random.choice(list("RRRNIU"), n)
    cells = random.choice(["东", "西", "南"], n)
    status[:3], cells[:3] = "R", ["东", "西", "南"]
    return random.uniform(1, 9, n), status, cells


# -- golden ----------------------------------------------------------------------------------------------------


def test_propensities_are_those_of_r() -> None:
    fit = response_propensity(COLUMNS, ANSWERED, W)
    assert fit.beta == pytest.approx(R_BETA, rel=1e-11)
    assert fit.propensities == pytest.approx(R_FITTED, rel=1e-11)


def test_classes_are_those_of_r() -> None:
    seen = propensity_classes(P, classes=4)
    assert seen.classes.tolist() == R_CLASSES
    assert seen.cuts == pytest.approx(R_CUTS, rel=1e-14)


def test_groups_are_those_of_r() -> None:
    """R sampling 2.9, help page of rhg's kind: rhg(data.frame(ID_unit = 1:9, status = …, g = …), "g")."""
    seen = response_groups([1, 1, 1, 1, 2, 2, 2, 2, 2], [1, 0, 1, 1, 0, 0, 1, 1, 1])
    assert seen.chance.tolist() == [0.75, 0, 0.75, 0.75, 0, 0, 0.6, 0.6, 0.6]


def test_a_case_worked_by_hand() -> None:
    weights, status, cells = [10, 20, 30, 40, 50, 60], ["R", "N", "I", "U", "R", "N"], ["a", "a", "a", "a", "b", "b"]
    first = spread_unknown(weights, status, cells)
    assert first.weights == pytest.approx([10 * 5 / 3, 20 * 5 / 3, 50, 0, 50, 60], rel=1e-14)
    second = cell_factors(first.weights, np.equal(status, "R"), np.equal(status, "N"), cells)
    assert second.weights == pytest.approx([50, 0, 50, 0, 110, 0], rel=1e-14)
    assert second.table.cells == ("a", "b") and second.table.rows()[0][0] == "a"
    assert second.table.rows()[0][1:] == pytest.approx((2, 1, 1, 50 / 3, 100 / 3, 3.0, True, False), rel=1e-14)


# -- identities ------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(fields)
def test_weights_of_every_cell_are_kept(random: np.random.Generator) -> None:
    weights, status, cells = released(random)
    first = spread_unknown(weights, status, cells)
    second = cell_factors(first.weights, status == "R", status == "N", cells)
    for cell in ("东", "西", "南"):
        kept = [each[cells == cell].sum() for each in (weights, first.weights, second.weights)]
        assert kept == pytest.approx([kept[0]] * 3, rel=1e-12)
    assert (second.weights[(status == "N") | (status == "U")] == 0).all()
    assert (second.weights[status == "I"] == first.weights[status == "I"]).all()
    assert second.weights == pytest.approx(first.weights * second.factors, rel=1e-15)


@settings(max_examples=25, deadline=None)
@given(fields)
def test_neither_order_nor_names_matter(random: np.random.Generator) -> None:
    weights, status, cells = released(random)
    order = random.permutation(len(weights))
    named = np.array([{"东": 3, "西": 1, "南": 2}[cell] for cell in cells])
    plain = spread_unknown(weights, status, cells).weights
    assert spread_unknown(weights[order], status[order], named[order]).weights == pytest.approx(plain[order], rel=1e-13)


def test_crossed_cells_are_cells_of_pairs() -> None:
    village, kind = list("aabbaabb"), [1, 2, 1, 2, 1, 2, 1, 2]
    answered = [1, 1, 1, 1, 0, 0, 0, 1]
    crossed = cell_factors(np.arange(1, 9), answered, np.logical_not(answered), (village, kind))
    single = cell_factors(np.arange(1, 9), answered, np.logical_not(answered), [f"{v}{k}" for v, k in zip(village, kind, strict=True)])
    assert crossed.table.cells == (("a", 1), ("a", 2), ("b", 1), ("b", 2))
    assert crossed.weights.tolist() == single.weights.tolist()


def test_rules_of_thumb_stand_in_the_table() -> None:
    answered = np.array([True] * 5 + [False] * 20 + [True] * 25 + [False] * 2 + [True] * 3)
    cells = np.repeat(["few answers", "many", "all"], [25, 27, 3])
    table = cell_factors(np.ones(55), answered, ~answered, cells).table
    assert table.cells == ("all", "few answers", "many")
    assert table.large.tolist() == [False, True, False]  # 5 of 25: factor 5
    assert table.small.tolist() == [False, False, False]  # three released, but nothing to give
    short = cell_factors(np.ones(6), [1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 1], ["a"] * 6).table
    assert short.small.tolist() == [True] and short.factor.tolist() == pytest.approx([1.2])


def test_equal_weights_give_the_response_rate() -> None:
    answered = np.array(ANSWERED, dtype=bool)
    done = cell_factors(np.ones(12), answered, ~answered, Z)
    groups = response_groups(Z, answered)
    assert done.factors[answered] == pytest.approx(1 / groups.chance[answered], rel=1e-13)


def test_groups_come_in_the_order_of_the_rows() -> None:
    seen = response_groups((["b", "a", "b", "a"], [1, 1, 2, 1]), [1, 1, 1, 0])
    assert seen.groups == (("b", 1), ("a", 1), ("b", 2)) and seen.group.tolist() == [1, 2, 3, 2]
    assert seen.rates.tolist() == [1, 0.5, 1]


def test_propensities_keep_the_weighted_response_rates() -> None:
    w = np.array(W, dtype=float)
    fit = response_propensity(COLUMNS, ANSWERED, w)
    for column in (np.ones(12), *COLUMNS.T):
        assert w * column @ fit.propensities == pytest.approx(w * column @ np.array(ANSWERED), rel=1e-9)
    assert response_propensity(COLUMNS, ANSWERED, 7 * w).beta == pytest.approx(fit.beta, rel=1e-9)
    doubled = np.concatenate([w, np.zeros(12)])
    aside = response_propensity(np.tile(COLUMNS, (2, 1)), np.array(ANSWERED * 2), doubled)
    assert aside.propensities == pytest.approx(np.tile(fit.propensities, 2), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(fields, st.integers(2, 6))
def test_classes_are_ordered_and_of_like_weight(random: np.random.Generator, classes: int) -> None:
    p, w = random.uniform(0.2, 0.9, 300), random.uniform(1, 5, 300)
    seen = propensity_classes(p, w, classes)
    assert seen.weight == pytest.approx(np.full(classes, w.sum() / classes), abs=w.max())
    assert seen.n.sum() == 300 and len(seen.cuts) == classes + 1
    for at in range(1, classes):
        assert p[seen.classes == at].max() <= seen.cuts[at] < p[seen.classes == at + 1].min()
    assert propensity_classes(p, classes=classes).n == pytest.approx(np.full(classes, 300 / classes), abs=1)


def test_equal_propensities_stay_together() -> None:
    seen = propensity_classes([0.3] * 50 + [0.8] * 10)
    assert seen.classes.tolist() == [1] * 50 + [2] * 10
    assert propensity_classes([0.7, 0.72, 0.74]).classes.tolist() == [1, 1, 1]
    assert propensity_classes([0.7, 0.72, 0.74], classes=3, least_range=0).n.tolist() == [1, 1, 1]


def test_no_class_is_empty() -> None:
    """Quantiles between the same two propensities make one cut, and the numbers of classes run without gaps."""
    seen = propensity_classes([0.1, 0.1, 0.1, 0.9, 0.9])
    assert seen.classes.tolist() == [1, 1, 1, 2, 2] and seen.cuts.tolist() == [0.1, 0.1, 0.9]
    assert seen.n.tolist() == [3, 2] and seen.mean == pytest.approx([0.1, 0.9])


def test_an_even_response_has_the_indicator_one() -> None:
    seen = r_indicator([0.6] * 10)
    assert (seen.value, seen.spread, seen.cv) == pytest.approx((1, 0, 0), abs=1e-12) and seen.se is None
    rounded = r_indicator([0.7] * 12, W, COLUMNS)  # whose mean is not .7 to the last digit
    assert (rounded.value, rounded.spread) == (1, 0) and rounded.se is None
    half = r_indicator([1.0] * 5000 + [0.0] * 5000)
    assert half.value == pytest.approx(0, abs=2e-4)


def test_indicator_as_the_formula_says() -> None:
    p, w = np.array(P), 10 * np.array(W)
    total, mean = w.sum(), w @ p / w.sum()
    spread = (w @ (p - mean) ** 2 / (total - 1)) ** 0.5
    seen = r_indicator(p, w)
    assert (seen.value, seen.mean, seen.cv) == pytest.approx((1 - 2 * spread, mean, spread / mean), rel=1e-13)
    assert seen.value == seen.unadjusted


def test_adjustment_for_equal_weights_is_shlomos() -> None:
    """S²(1 + 1/n − 1/N) − Σz'C z/n, in which var(ρ̄) stands with Σ(ρ − ρ̄)²/(n − 1) for S²."""
    fit = response_propensity(COLUMNS, ANSWERED)
    p, n, total = fit.propensities, 12, 600.0
    design = np.column_stack([np.ones(n), COLUMNS])
    z = design * (p * (1 - p))[:, None]
    noise = np.trace(z @ np.linalg.inv(z.T @ design) @ z.T) / n
    square, sample = (((p - p.mean()) ** 2).sum() * scale for scale in (50 / (total - 1), 1 / (n - 1)))
    seen = r_indicator(p, np.full(n, 50.0), COLUMNS)
    assert seen.spread**2 == pytest.approx(square + (1 / n - 1 / total) * sample - noise, rel=1e-10)


def test_partial_indicators_split_the_variance() -> None:
    p, w = np.array(P), np.array(W, dtype=float)
    seen = partial_indicators(p, Z, w, others=[1, 1, 1, 2, 2, 2] * 2)
    mean = w @ p / w.sum()
    within = sum(w[np.array(Z) == z] @ (p[np.array(Z) == z] - m) ** 2 for z, m in zip((0, 1), seen.mean, strict=True)) / w.sum()
    assert seen.unconditional_total**2 + within == pytest.approx(w @ (p - mean) ** 2 / w.sum(), rel=1e-12)
    assert seen.conditional_total is not None and seen.conditional_total**2 == pytest.approx((seen.conditional**2).sum(), rel=1e-13)
    alone = partial_indicators(p, Z, w, others=["all"] * 12)
    assert alone.conditional_total**2 == pytest.approx(w @ (p - mean) ** 2 / w.sum(), rel=1e-12)
    assert partial_indicators(p, Z, w).conditional is None


def test_differences_from_the_registry() -> None:
    random = np.random.default_rng(3)
    registry = np.column_stack([random.normal(5, 2, 400), random.random(400) < 0.3, np.ones(400)])
    same = standardised_differences(registry, registry)
    assert same.difference.tolist() == [0, 0, 0] and same.largest == 0
    moved = standardised_differences(registry[:, 0] + 1, registry[:, 0])
    assert moved.difference == pytest.approx([1 / registry[:, 0].std()], rel=1e-12)
    counted = random.integers(0, 4, 400)
    repeated = standardised_differences(np.repeat(registry, counted, axis=0), registry)
    weighed = standardised_differences(registry, registry, counted)
    assert weighed.difference == pytest.approx(repeated.difference, abs=1e-12)
    counts = 1 + random.integers(0, 4, 400)
    counted_registry = standardised_differences(registry[:50], registry, registry_weights=counts)
    assert counted_registry.difference == pytest.approx(
        standardised_differences(registry[:50], np.repeat(registry, counts, axis=0)).difference, abs=1e-12
    )
    share = standardised_differences([1, 1, 0, 0], [1, 0, 0, 0, 0], scale="pooled")
    assert share.absolute == pytest.approx([0.3 / ((0.25 + 0.16) / 2) ** 0.5], rel=1e-12)


def test_worst_case_holds_whatever_the_others_are() -> None:
    seen = worst_case(0.02, 0.95)
    assert (seen.low, seen.high) == pytest.approx((0.019, 0.069), rel=1e-12)
    assert worst_case(0.02, 1).low == worst_case(0.02, 1).high == 0.02
    assert seen.high - seen.low == pytest.approx(0.05)


# -- Monte Carlo -----------------------------------------------------------------------------------------------


def test_cells_take_away_the_bias_of_nonresponse() -> None:
    random, runs, n = np.random.default_rng(31), 400, 400
    plain, mended = np.empty(runs), np.empty(runs)
    for run in range(runs):
        cell = random.integers(0, 3, n)
        y = random.random(n) < np.array([0.1, 0.3, 0.5])[cell]
        status = np.where(random.random(n) < np.array([0.9, 0.7, 0.5])[cell], "R", "N")
        status[random.random(n) < 0.1] = "U"
        answered = status == "R"
        first = spread_unknown(np.ones(n), status, cell).weights
        w = cell_factors(first, answered, status == "N", cell).weights
        plain[run], mended[run] = y[answered].mean(), w @ y / w.sum()
    assert abs(mended.mean() - 0.3) < 3 * mended.std(ddof=1) / runs**0.5
    assert abs(plain.mean() - 0.3) > 10 * plain.std(ddof=1) / runs**0.5


def test_the_adjusted_indicator_is_less_biased() -> None:
    random, runs, n = np.random.default_rng(32), 250, 250
    beta = np.array([0.6, 0.5, -0.4, 0, 0, 0])
    many = random.normal(size=(200_000, 5))
    chance = 1 / (1 + np.exp(-beta[0] - many @ beta[1:]))
    found = np.empty((runs, 3))
    for run in range(runs):
        x = random.normal(size=(n, 5))
        answered = random.random(n) < 1 / (1 + np.exp(-beta[0] - x @ beta[1:]))
        seen = r_indicator(response_propensity(x, answered).propensities, np.full(n, 1000.0), x)
        found[run] = seen.spread**2, ((1 - seen.unadjusted) / 2) ** 2, seen.se
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / runs**0.5
    assert abs(mean[0] - chance.var()) < 3 * error[0]
    assert abs(mean[1] - chance.var()) > 6 * error[1]
    assert mean[2] == pytest.approx(2 * np.sqrt(found[:, 1]).std(ddof=1), rel=0.2)


# -- refusals --------------------------------------------------------------------------------------------------


def test_an_empty_cell_is_named_with_its_rows() -> None:
    with pytest.raises(SurveyError, match=r"单元 b（1 个单元；让出权数的行如第 3、4 行）.*合并"):
        cell_factors([1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 1, 1], list("aabb"))
    with pytest.raises(SurveyError, match=r"b × 2.*没有合格性已知的行"):
        spread_unknown([1, 1], ["R", "U"], (["a", "b"], [1, 2]))
    assert cell_factors([1, 1, 0], [1, 0, 0], [0, 1, 1], list("aab")).weights.tolist() == [2, 0, 0]  # nothing to give


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: cell_factors([1, 1], [1, 1], [0, 1], ["a", "a"]), "不能既回答又让出"),
        (lambda: cell_factors([1, -1], [1, 0], [0, 1], ["a", "a"]), "不为负"),
        (lambda: cell_factors([1, 1], [1, 0, 0], [0, 1], ["a", "a"]), "应为 2 个是或否"),
        (lambda: cell_factors([1, 1], [1, 2], [0, 1], ["a", "a"]), "True/False"),
        (lambda: cell_factors([1, 1], [1, 0], [0, 1], ["a"]), "应为 2 个标签"),
        (lambda: cell_factors([1, 1], [1, 0], [0, 1], ["a", None]), "缺 1 个标签，首个在第 2 行"),
        (lambda: cell_factors([1, 1], [1, 0], [0, 1], [1.0, np.nan]), "缺 1 个标签"),
        (lambda: cell_factors([1, 1], [1, 0], [0, 1], np.array(["a", 1], dtype=object)), "一律写成文字"),
        (lambda: spread_unknown([1, 1], ["R", "X"], ["a", "a"]), "X"),
        (lambda: response_groups(["a", "b"], [1, 0]), "每组至少一行回答"),
        (lambda: response_propensity(COLUMNS, [1] * 12), "都相同"),
        (lambda: response_propensity(np.ones(12), ANSWERED), "线性无关"),
        (lambda: response_propensity(COLUMNS[:5], ANSWERED), "应有 12 行"),
        (lambda: propensity_classes([0.5, 1.2]), "0（不含）与 1 之间"),
        (lambda: propensity_classes([0.5, 0.9], classes=0), "不小于 1"),
        (lambda: r_indicator([0.5, 1.2]), "0 与 1 之间"),
        (lambda: r_indicator([0.5, 0.7], [0.2, 0.3]), "归一化"),
        (lambda: r_indicator([0, 0]), "大于 0 的回答概率"),
        (lambda: r_indicator(P, x=np.ones(12)), "线性相关"),
        (lambda: partial_indicators(P, Z[:3]), "应为 12 个标签"),
        (lambda: standardised_differences([[1, 2]], [[1], [2]]), "相同的列"),
        (lambda: standardised_differences([1, 2], [3, 3]), "没有差异可作尺度"),
        (lambda: standardised_differences([1, 2], [3, 4], scale="sd"), "pooled"),
        (lambda: worst_case(2, 0.95), "百分数先除以 100"),
    ],
)
def test_refusals_say_what_to_do(call, told) -> None:
    with pytest.raises((EstimateError, SurveyError), match=told):
        call()


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.PerfectSeparationWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_columns_that_tell_all_answers_are_refused() -> None:
    with pytest.raises(EstimateError, match="完全分开"):
        response_propensity([1, 2, 3, 10, 11, 12], [0, 0, 0, 1, 1, 1])


def test_results_cannot_be_written_to() -> None:
    done = cell_factors([1, 1], [1, 0], [0, 1], ["a", "a"])
    for array in (done.weights, done.factors, done.table.factor, propensity_classes(P).classes, response_groups(Z, ANSWERED).chance):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert set(STATUS) == set("RNIU") and set(SCALES) == {"registry", "pooled"}
