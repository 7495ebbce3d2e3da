"""Measures of inequality and poverty: values, and scores that are derivatives by the weights."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr

import evalkit as ev
from evalkit.inequality import (
    CENTRES,
    FORMS,
    SHARE_FORMS,
    ZENGA_FORMS,
    Relative,
    atkinson,
    fgt,
    generalised_entropy,
    gini,
    poverty_line,
    quantile_alpha,
    quintile_share_ratio,
    zenga,
)

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

import case_inequality  # a script beside the cases, not a package

OWN = Path(__file__).parent / "golden" / "own"
GOLD = json.loads((OWN / "inequality.json").read_text(encoding="utf-8"))["values"]
Measure = Callable[[Any, Any], tuple[float, Any]]

# The names of inequality.json and what they ask for.
ASKED: dict[str, Measure] = {
    "gini": gini, "ranks": partial(gini, form="ranks"), "zenga_ranks": partial(zenga, form="ranks"),
    "atkinson_half": partial(atkinson, epsilon=0.5), "atkinson_one": atkinson, "atkinson_two": partial(atkinson, epsilon=2),
    "entropy_minus": partial(generalised_entropy, alpha=-1), "entropy_zero": partial(generalised_entropy, alpha=0),
    "entropy_one": generalised_entropy, "entropy_two": partial(generalised_entropy, alpha=2),
    "fgt_zero": partial(fgt, line=51.37, alpha=0), "fgt_one": partial(fgt, line=51.37, alpha=1),
    "fgt_two": partial(fgt, line=51.37, alpha=2),
    "gap_of_mean": partial(fgt, line=None, alpha=1, relative=Relative(0.9, "mean")), "median": partial(quantile_alpha, prob=0.5),
    "rate_of_median": partial(fgt, line=None, alpha=0, relative=Relative(0.85)),
    "line_of_median": partial(poverty_line, relative=Relative(0.85)),
    "fifths": quintile_share_ratio, "fifths_rows": partial(quintile_share_ratio, form="rows"),
}  # fmt: skip
APART = 0.2013  # neither it nor 1 − it is near a share of whole weights up to 75 in all, where the curve has a corner
BETWEEN = Relative(0.9 + math.pi / 1000, "mean")  # never at an income of whole numbers, where the gap has a kink
SMOOTH: dict[str, Measure] = {
    name: measure for name, measure in ASKED.items() if name.split("_")[0] not in ("median", "rate", "line", "fifths", "gap")
} | {
    "zenga": zenga, "entropy_near_zero": partial(generalised_entropy, alpha=1e-9),
    "entropy_near_one": partial(generalised_entropy, alpha=1 - 1e-9), "gap_of_mean": partial(fgt, line=None, alpha=1, relative=BETWEEN),
    "entropy_half": partial(generalised_entropy, alpha=0.5), "atkinson_near_one": partial(atkinson, epsilon=1 + 1e-9),
    "line_of_mean": partial(poverty_line, relative=Relative(0.5, "mean")), "fgt_half": partial(fgt, line=51.37, alpha=0.5),
    "square_of_mean": partial(fgt, line=None, alpha=2, relative=BETWEEN), "fifths": partial(quintile_share_ratio, share=APART),
}  # fmt: skip
SCALE_FREE = [name for name in SMOOTH if not name.startswith(("fgt", "line"))]  # income in another unit changes nothing
UNTIED = ("zenga_ranks",)  # the order of rows counts among equal incomes


# -- golden -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", GOLD)
def test_values_and_standard_errors_are_those_of_the_definitions_in_r(key: str) -> None:
    name, column = key.split(".")
    table = pd.read_csv(OWN / "villages.csv").assign(income=lambda rows: rows["persons"] * 1.5)
    survey = ev.Survey.from_data(
        table, "w", strata=["vstratum", "hstratum"], clusters=["village", "household"], fpc=["M", "N"], nest=True
    )
    value, scores = ASKED[name](table[column], table["w"])
    found = ev.Estimate.of_scores(survey, value, scores, kind="mean", label=column)
    assert value == pytest.approx(GOLD[key]["value"], rel=1e-9)
    assert float(found.se[0]) == pytest.approx(GOLD[key]["se"], rel=1e-9)


def reference_cases() -> list[Any]:
    file = Path(__file__).resolve().parents[2] / "shared" / "reference" / "cases.json"
    if not file.exists():
        return [pytest.param(None, None, marks=pytest.mark.skip(reason="the reference is not there"))]
    cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, file.parent / "data", id=case["id"]) for case in cases if case["family"] == "inequality"]


@pytest.mark.parametrize(("case", "folder"), reference_cases())
def test_reference_values_of_convey(case: dict[str, Any], folder: Path) -> None:
    answer = case_inequality.ANSWERS[case["function"]]
    assert answer(case, folder) == pytest.approx(case["result"]["value"], rel=case["rtol"])


@pytest.mark.r
def test_r_still_gives_the_stated_values(tmp_path: Path) -> None:
    subprocess.run(["Rscript", "make_inequality.R", str(tmp_path / "inequality.json")], cwd=OWN, check=True)
    again = json.loads((tmp_path / "inequality.json").read_text(encoding="utf-8"))["values"]
    assert again.keys() == GOLD.keys()
    for key, stated in GOLD.items():
        assert again[key] == pytest.approx(stated, rel=1e-9), key


def test_textbook_values() -> None:
    """Incomes 1 … n: Gini (n² − 1)/(3n(n + 1)); two persons with 1 and 4: Atkinson 1/5, Theil and mean log deviation by hand."""
    for n in (2, 5, 40):
        assert gini(np.arange(1, n + 1), np.ones(n))[0] == pytest.approx((n * n - 1) / (3 * n * (n + 1)))
    assert atkinson([1, 4], [1, 1])[0] == pytest.approx(1 - 2 / 2.5)
    assert generalised_entropy([1, 4], [1, 1])[0] == pytest.approx((0.4 * math.log(0.4) + 1.6 * math.log(1.6)) / 2)
    assert generalised_entropy([1, 4], [1, 1], 0)[0] == pytest.approx(-math.log(0.4 * 1.6) / 2)
    assert generalised_entropy([1, 4], [1, 1], 2)[0] == pytest.approx((1.5 / 2.5) ** 2 / 2)


def test_large_lognormal_population() -> None:
    """σ = 1: Gini 2Φ(σ/√2) − 1, Theil and mean log deviation σ²/2, Atkinson 1 − exp(−εσ²/2)."""
    y, w = np.random.default_rng(4).lognormal(size=400_000), np.ones(400_000)
    assert gini(y, w)[0] == pytest.approx(2 * ndtr(1 / np.sqrt(2)) - 1, rel=0.01)
    assert generalised_entropy(y, w, 0)[0] == pytest.approx(0.5, rel=0.02)
    assert generalised_entropy(y, w, 1)[0] == pytest.approx(0.5, rel=0.02)
    assert atkinson(y, w, 0.5)[0] == pytest.approx(1 - math.exp(-0.25), rel=0.02)


# -- identities -----------------------------------------------------------------------------------------------------------

ROWS = st.tuples(st.integers(1, 60), st.integers(1, 5))
SAMPLES = st.lists(ROWS, min_size=3, max_size=15).filter(lambda rows: len({y for y, _ in rows}) > 1)


def split(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([y for y, _ in rows], dtype=float), np.array([w for _, w in rows], dtype=float)


def by_weight(measure: Measure, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Derivatives by the weights, two central differences extrapolated."""

    def change(k: int, part: float) -> float:
        up, down = w.copy(), w.copy()
        up[k], down[k] = w[k] * (1 + part), w[k] * (1 - part)
        return (measure(y, up)[0] - measure(y, down)[0]) / (2 * part * w[k])

    return np.array([(4 * change(k, 5e-4) - change(k, 1e-3)) / 3 for k in range(len(w))])


@pytest.mark.parametrize("name", SMOOTH)
@settings(max_examples=12, deadline=None)
@given(rows=SAMPLES)
def test_scores_are_derivatives_by_the_weights(name: str, rows: list[tuple[int, int]]) -> None:
    y, w = split(rows)
    assume(not name.endswith("of_mean") or np.abs(y - BETWEEN.share * (w @ y / w.sum())).min() > 0.05)  # beyond its kink
    scores = SMOOTH[name](y, w)[1]
    assert scores == pytest.approx(by_weight(SMOOTH[name], y, w), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", ["gini", "ranks", "zenga", "zenga_ranks", "atkinson_half", "entropy_one", "entropy_half", "entropy_two"])
def test_scores_are_derivatives_with_incomes_of_0(name: str) -> None:
    y, w = np.array([0, 0, 1, 3, 3, 5, 8, 8.5, 20]), np.array([1, 3, 2, 2, 1, 4, 1, 2, 1.5])
    assert SMOOTH[name](y, w)[1] == pytest.approx(by_weight(SMOOTH[name], y, w), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", SMOOTH)
@settings(max_examples=12, deadline=None)
@given(rows=SAMPLES, data=st.data())
def test_rows_may_be_shuffled_split_and_weighted_by_0(name: str, rows: list[tuple[int, int]], data: st.DataObject) -> None:
    y, w = split(rows)
    if name in UNTIED:
        y = y + np.arange(len(y)) / 1000
    value, scores = SMOOTH[name](y, w)
    order = np.array(data.draw(st.permutations(range(len(y)))))
    again, shuffled = SMOOTH[name](y[order], w[order])
    assert again == pytest.approx(value, abs=1e-12) and shuffled == pytest.approx(scores[order], rel=1e-9, abs=1e-12)
    assert SMOOTH[name](np.append(y, 7.0), np.append(w, 0.0))[0] == pytest.approx(value, abs=1e-12)
    if name not in ("ranks", "zenga_ranks"):
        halved = np.append(w, w[0] / 2)
        halved[0] /= 2
        assert SMOOTH[name](np.append(y, y[0]), halved)[0] == pytest.approx(value, abs=1e-12)
        assert float(w @ scores) == pytest.approx(0, abs=1e-9)  # weights twice as large change nothing


@pytest.mark.parametrize("name", SCALE_FREE)
def test_the_unit_of_income_does_not_matter(name: str) -> None:
    y, w = np.array([1, 2, 2.5, 4, 9, 11]), np.array([1, 2, 1, 3, 1, 2.0])
    value, scores = SMOOTH[name](y, w)
    again, scaled = SMOOTH[name](1e4 * y, w)
    assert again == pytest.approx(value, rel=1e-9) and scaled == pytest.approx(scores, rel=1e-9)


@pytest.mark.parametrize("measure", [gini, zenga, atkinson, generalised_entropy, partial(generalised_entropy, alpha=0)])
def test_equal_incomes_give_0(measure: Measure) -> None:
    value, scores = measure([7.0] * 5, [1, 2, 3, 4, 5])
    assert value == pytest.approx(0, abs=1e-12) and scores == pytest.approx(np.zeros(5), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(SAMPLES)
def test_gini_is_half_the_mean_difference_of_pairs(rows: list[tuple[int, int]]) -> None:
    y, w = split(rows)
    pairs = w @ np.abs(y[:, None] - y) @ w / (2 * w.sum() * (w @ y))
    assert gini(y, w)[0] == pytest.approx(pairs, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(SAMPLES)
def test_zenga_is_the_integral_over_the_lorenz_curve(rows: list[tuple[int, int]]) -> None:
    y, w = split(rows)
    order = np.argsort(y)
    share = np.append(0, np.cumsum(w[order]) / w.sum())
    lorenz = np.append(0, np.cumsum((w * y)[order]) / (w @ y))

    def ratio(p: float) -> float:
        of = np.interp(p, share, lorenz)
        return float(of * (1 - p) / (p * (1 - of)))

    whole = sum(quad(ratio, start, stop, epsabs=1e-11)[0] for start, stop in pairwise(share))
    assert zenga(y, w)[0] == pytest.approx(1 - whole, abs=1e-9)


def test_poverty_adds_up_over_groups() -> None:
    rng = np.random.default_rng(9)
    y, w, first = rng.normal(5, 3, 200), rng.uniform(1, 4, 200), rng.random(200) < 0.4
    for alpha in (0, 1, 2):
        parts = [fgt(y[part], w[part], 4.0, alpha)[0] * w[part].sum() for part in (first, ~first)]
        assert sum(parts) / w.sum() == pytest.approx(fgt(y, w, 4.0, alpha)[0], rel=1e-12)


def test_a_line_for_each_row_and_who_stands_on_it() -> None:
    assert fgt([2, 2, 6], [1, 1, 2], [2, 3, 4], 0)[0] == 0.5
    assert fgt([2, 2, 6], [1, 1, 2], [2, 3, 4], 0, strict=True)[0] == 0.25
    assert fgt([2, 2, 6], [1, 1, 2], [2, 3, 4], 1)[0] == pytest.approx(1 / 12)


def test_the_two_forms_of_the_share_ratio_agree_in_large_samples() -> None:
    y, w = np.random.default_rng(7).lognormal(0, 0.4, 100_000), np.ones(100_000)
    (curve, exact), (rows, kernel) = (quintile_share_ratio(y, w, form=form) for form in SHARE_FORMS)
    assert rows == pytest.approx(curve, rel=1e-4)
    assert float(exact @ exact) == pytest.approx(float(kernel @ kernel), rel=0.02)


@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.sampled_from([0.2, 0.25, 0.5, APART]))
def test_the_share_ratio_is_that_of_the_lorenz_curve(rows: list[tuple[int, int]], share: float) -> None:
    y, w = split(rows)
    order = np.argsort(y)
    below, income = np.append(0, np.cumsum(w[order])), np.append(0, np.cumsum((w * y)[order]))
    low, high = np.interp([share * w.sum(), (1 - share) * w.sum()], below, income)
    value, scores = quintile_share_ratio(y, w, share)
    assert value == pytest.approx((w @ y - high) / low, rel=1e-9)
    assert value >= 1 - 1e-12 and float(w @ scores) == pytest.approx(0, abs=1e-9)


def test_the_share_ratio_of_equal_incomes_is_1() -> None:
    """Once it was 0: nobody has more than the quantile when all have it."""
    value, scores = quintile_share_ratio([7.0] * 10, np.arange(1, 11))
    assert value == pytest.approx(1, rel=1e-12) and scores == pytest.approx(np.zeros(10), abs=1e-12)
    value, scores = quintile_share_ratio([3, 4, 4, 4, 4, 4, 4, 4, 4, 5], [1] * 10)
    assert value == pytest.approx(9 / 7)
    assert quintile_share_ratio([3, 4, 4, 4, 4, 4, 4, 4, 4, 5], [1] * 10, form="rows")[0] == pytest.approx(5 / 35)


def test_a_survey_is_asked_for_the_share_ratio_by_the_same_names() -> None:
    survey = ev.Survey.from_data(pd.DataFrame({"y": [3.0, 4, 4, 4, 4, 4, 4, 4, 4, 5]}))
    found = [float(ev.disparity(survey, "y", "quintile-share-ratio", form=form)) for form in SHARE_FORMS]
    assert found == pytest.approx([9 / 7, 5 / 35])
    with pytest.raises(ev.EvalkitError, match="share、form、rule"):
        ev.disparity(survey, "y", "quintile-share-ratio", slope="kernel")


# -- Monte Carlo ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gini", "zenga", "atkinson", "entropy", "rate", "gap", "fifths"])
def test_variance_from_scores_is_the_variance_over_samples(name: str) -> None:
    """600 simple random samples of 400 from a log-normal population of a million with σ = .6."""
    measure: Measure = {
        "gini": gini, "zenga": zenga, "atkinson": atkinson, "entropy": generalised_entropy, "fifths": quintile_share_ratio,
        "rate": partial(fgt, line=None, alpha=0, relative=Relative()), "gap": partial(fgt, line=None, alpha=1, relative=Relative()),
    }[name]  # fmt: skip
    rng, n, runs = np.random.default_rng(21), 400, 600
    w = np.full(n, 1e6 / n)
    made = [measure(rng.lognormal(0, 0.6, n), w) for _ in range(runs)]
    values, variances = np.array([value for value, _ in made]), np.array([(w * scores) @ (w * scores) for _, scores in made])
    spread = values.var(ddof=1)
    error = np.hypot(spread * np.sqrt(2 / runs), variances.std() / np.sqrt(runs))
    assert abs(variances.mean() - spread) < 3 * error


def test_bias_of_the_two_forms_of_the_gini() -> None:
    """Over samples of n = 25: −G/n for pairs, (1 − G)/n for ranks, to the first order."""
    rng, n, runs = np.random.default_rng(13), 25, 8_000
    truth = 2 * ndtr(0.6 / np.sqrt(2)) - 1
    y = rng.lognormal(0, 0.6, (runs, n))
    w = np.full(n, 1e6 / n)
    for form, bias in (("pairs", -truth / n), ("ranks", (1 - truth) / n)):
        found = np.array([gini(row, w, form)[0] for row in y])
        assert abs(found.mean() - truth - bias) < 3 * found.std() / np.sqrt(runs) + 0.3 * abs(bias)


# -- refusals ----------------------------------------------------------------------------------------------------------------

INCOME: list[Measure] = [gini, zenga, atkinson, generalised_entropy]


@pytest.mark.parametrize("measure", [*INCOME, quintile_share_ratio, partial(fgt, line=1.0, alpha=0), partial(quantile_alpha, prob=0.5)])
@pytest.mark.parametrize(("values", "weights", "told"), [
    ([1, np.nan], [1, 1], "values：第 2 个"), ([1, np.inf], [1, 1], "values：第 2 个"), ([1, 2], [1, -1], "weights：第 2 个"),
    ([1, 2], [0, 0], "全部为 0"), ([], [], "没有数"), ([1, 2, 3], [1, 1], "应与 values 同长"),
])  # fmt: skip
def test_faulty_input_is_refused(measure: Measure, values: Any, weights: Any, told: str) -> None:
    with pytest.raises(ev.EvalkitError, match=told):
        measure(values, weights)


@pytest.mark.parametrize("measure", INCOME)
def test_negative_incomes_and_no_income_are_refused(measure: Measure) -> None:
    with pytest.raises(ev.EvalkitError, match="不能为负"):
        measure([1, -2], [1, 1])
    with pytest.raises(ev.EvalkitError, match=r"合计|收入为 0"):
        measure([0, 0], [1, 1])


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (partial(atkinson, epsilon=200), "epsilon = 200"), (partial(generalised_entropy, alpha=-200), "alpha = -200"),
        (partial(generalised_entropy, alpha=1e4), "alpha = 10000"),
    ],
)  # fmt: skip
def test_powers_too_large_for_a_number_are_refused(ask: Measure, told: str) -> None:
    """Once the value was inf, or a number with scores that were none."""
    with pytest.raises(ev.EvalkitError, match=told):
        ask([1, 2, 3, 1e5], [1] * 4)
    with pytest.raises(ev.EvalkitError, match="epsilon"):
        atkinson([5e-324, 5e-324], [1, 1], 1.5)  # once math domain error


def test_the_ranges_the_docstrings_state() -> None:
    """The forms by ranks reach beyond those of the curve: below 0 with weights below 1, and 1 itself."""
    assert gini([1, 1], [0.1, 0.1], "ranks")[0] == pytest.approx(-4.5)
    assert [round(zenga([5] * n, [1] * n, "ranks")[0], 2) for n in (5, 100)] == [0.76, 0.10]
    assert zenga([0, 0, 5], [1, 1, 1], "ranks")[0] == 1.0 and 0.9 < zenga([0, 0, 5], [1, 1, 1])[0] < 1


def test_odd_questions_are_refused() -> None:
    y, w = [1.0, 2, 4], [1.0, 1, 1]
    questions: list[tuple[Callable[[], Any], str]] = [
        (lambda: gini(y, w, "rank"), "pairs"), (lambda: zenga(y, w, "rank"), "curve"), (lambda: atkinson(y, w, 0), "epsilon"),
        (lambda: atkinson([0, 1], [1, 1], 1), "收入为 0"), (lambda: generalised_entropy([0, 1], [1, 1], 0), "收入为 0"),
        (lambda: generalised_entropy(y, w, math.nan), "alpha"), (lambda: quintile_share_ratio(y, w, 0.7), "share"),
        (lambda: quintile_share_ratio(y, w, form="flat"), "rows"), (lambda: quintile_share_ratio(y, w, rule="hf7"), 'form="rows"'),
        (lambda: quintile_share_ratio([5] * 9, [1] * 9, form="rows"), "相同"),
        (lambda: quintile_share_ratio([0, 0, 0, 0, 9], [1] * 5), "低端"),
        (lambda: fgt(y, w, 1.0, -1), "alpha"), (lambda: fgt(y, w, None, 0), "relative"), (lambda: fgt(y, w, 0.0, 0), "line"),
        (lambda: fgt(y, w, [1, 2], 0), "line"), (lambda: fgt(y, w, 1.0, 0, relative=Relative()), "relative"),
        (lambda: fgt(y, w, None, 0.5, relative=Relative()), "导数"), (lambda: poverty_line(y, w, Relative(0)), "share"),
        (lambda: poverty_line(y, w, Relative(of="mode")), "mean"), (lambda: poverty_line([-3, -2, -1], w, Relative()), "贫困线"),
        (lambda: quantile_alpha(y, w, 1.0), "prob"), (lambda: quantile_alpha([2, 2], [1, 1], 0.5), "相同"),
        (lambda: gini([1e200, 1e200], [1e200, 1]), "有限"),
    ]  # fmt: skip
    for ask, told in questions:
        with pytest.raises(ev.EvalkitError, match=told):
            ask()


def test_plain_floats_come_out_and_the_callers_arrays_are_left_alone() -> None:
    y, w = np.array([3.0, 1, 2, 9]), np.ones(4)
    for name, measure in (ASKED | SMOOTH).items():
        value, scores = measure(y, w)
        assert type(value) is float and scores.shape == (4,), name
    assert y.tolist() == [3, 1, 2, 9] and y.flags.writeable


def test_every_form_says_what_it_does() -> None:
    assert all(text for table in (FORMS, SHARE_FORMS, ZENGA_FORMS, CENTRES) for text in table.values())
