"""Quantiles by twelve rules, their intervals, densities and scores."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri, stdtrit
from scipy.stats import norm

import evalkit as ev
from evalkit import intervals
from evalkit.quantiles import (
    DENSITIES,
    RULES,
    Ordered,
    density,
    grouped,
    quantile,
    score_limits,
    scores,
    woodruff,
)

OWN = Path(__file__).parent / "golden" / "own"
GOLD = json.loads((OWN / "quantiles.json").read_text(encoding="utf-8"))
TWO = {"weights": "w", "strata": ["vstratum", "hstratum"], "ids": ["village", "household"], "fpc": ["M", "N"], "nest": True}
METHODS = {"mean": "wald-t", "xlogit": "xlogit", "asin": "arcsine-t", "beta": "kg"}
STEPPED = ("math", "school", "hf1", "hf2", "hf3", "shahvaish")


def villages() -> pd.DataFrame:
    table = pd.read_csv(OWN / "villages.csv")
    some = np.where((np.arange(len(table)) + 1) % 4 == 0, 0.0, table["w"])
    return table.assign(even=1.0, some=some)


def built(table: pd.DataFrame, design: dict[str, Any]) -> ev.Survey:
    given_ = {name: design.get(name) or None for name in ("weights", "strata", "fpc")}
    return ev.Survey.from_data(table, clusters=design.get("ids") or None, nest=design.get("nest", False), **given_)


def row_of(
    table: pd.DataFrame, design: dict[str, Any], name: str, p: float, kind: str, rule: str = "math", inside: Any = None,
    alpha: float = 0.05, df: float | None = None,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return quantile, limits and standard error, with the variance of F(q) from the mean of an indicator."""
    where = np.ones(len(table), dtype=bool) if inside is None else inside
    taken = table[where]
    ordered = Ordered(taken[name], taken[design["weights"]])
    q = float(ordered.at(p, rule)[0])

    def share(theta: float) -> ev.Estimate:
        marked = table.assign(_below=(table[name] <= theta).astype(float), _in=where)
        return ev.mean(built(marked, design), "_below", where="_in")

    found = share(q)
    freedom = float(found.df[0]) if df is None else df
    t = -float(ndtri(alpha / 2) if np.isinf(freedom) else stdtrit(freedom, alpha / 2))
    if kind == "score":
        low, high = score_limits(ordered, lambda theta: (float(share(theta)), float(share(theta).se[0])), p, t)
    else:
        method = "wald" if np.isinf(freedom) and kind == "mean" else METHODS[kind]
        made = intervals.proportion(float(found), found.n[0], se=found.se[0], df=freedom, method=method, level=1 - alpha)
        low, high = (float(limit[0]) for limit in woodruff(ordered, made.low, made.high, rule))
    return q, low, high, (high - low) / (2 * t)


def agrees(made: Any, gold: Any) -> None:
    """Compare with R; where R gives NaN, the limit lies beyond the sample and is infinite here."""
    found, stated = np.array(made, dtype=float), np.array([[float(number) for number in row] for row in gold])
    lost = np.isnan(stated)
    assert np.isinf(found[lost]).all()
    assert found[~lost] == pytest.approx(stated[~lost], rel=1e-9)


# -- golden: R's survey on data of our own ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", GOLD["rules"])
@pytest.mark.parametrize("rule", RULES)
def test_rules_are_those_of_r(key: str, rule: str) -> None:
    table, (x, w) = villages(), key.split(".")
    assert quantile(table[x], table[w], GOLD["probs"], rule) == pytest.approx(GOLD["rules"][key][rule], rel=1e-12)


@pytest.mark.parametrize("key", GOLD["intervals"])
def test_intervals_are_those_of_r(key: str) -> None:
    rule, kind = key.split(".")
    asked = {"kind": "mean", "alpha": 0.1, "df": np.inf} if kind == "z90" else {"kind": kind}
    made = [row_of(villages(), TWO, "x", p, rule=rule, **asked) for p in (0.25, 0.5, 0.75)]
    agrees(made, GOLD["intervals"][key])


def test_score_intervals_are_those_of_r() -> None:
    design = {"weights": "even", "strata": "vstratum", "ids": "village"}
    agrees([row_of(villages(), design, "x", p, "score") for p in (0.4, 0.5, 0.6)], GOLD["score"])


def replicated(values: np.ndarray, scale: float, rscales: Any) -> Any:
    return np.sqrt(scale * (np.asarray(rscales)[:, None] * (values - values.mean(axis=0)) ** 2).sum(axis=0))


@pytest.mark.parametrize(("rule", "key"), [("math", "quantile"), ("hf7", "hf7")])
def test_quantiles_of_replicates_give_the_variance_of_r(rule: str, key: str) -> None:
    table, gold = villages(), GOLD["replicates"]
    ordered = Ordered(table["x"], table["w"])
    q = ordered.at([0.25, 0.5, 0.75], rule)
    se = replicated(ordered.at_many(gold["weights"], [0.25, 0.5, 0.75], rule), gold["scale"][0], gold["rscales"])
    t = -stdtrit(gold["df"][0], 0.025)
    assert np.column_stack([q, q - t * se, q + t * se, se]) == pytest.approx(np.array(gold[key]), rel=1e-9)


def by_replicates(table: pd.DataFrame, name: str, w: Any, weights: Any, scale: float, rscales: Any, df: float, p: float) -> Any:
    """Woodruff's interval with the replicate variance of F(q)."""
    ordered = Ordered(table[name], w)
    q = float(ordered.at(p)[0])
    below = (table[name] <= q).to_numpy(dtype=float)
    share = weights @ below / weights.sum(axis=1)
    made = intervals.proportion(
        float(w @ below / w.sum()), len(table), se=replicated(share[:, None], scale, rscales)[0], df=df, method="wald-t"
    )
    low, high = (float(limit[0]) for limit in woodruff(ordered, made.low, made.high))
    return q, low, high, (high - low) / (-2 * stdtrit(df, 0.025))


def test_intervals_from_replicate_weights_are_those_of_r() -> None:
    table, gold = villages(), GOLD["replicates"]
    weights, w = np.array(gold["weights"]), table["w"].to_numpy()
    made = [by_replicates(table, "x", w, weights, gold["scale"][0], gold["rscales"], gold["df"][0], p) for p in (0.25, 0.5, 0.75)]
    agrees(made, gold["mean"])


def numbers(part: Any) -> Any:
    """Return every number of a table of R's in one list, NaN included."""
    if isinstance(part, dict):
        return [number for key in sorted(part) if key != "versions" for number in numbers(part[key])]
    return [number for each in part for number in numbers(each)] if isinstance(part, list) else [float(part)]


@pytest.mark.r
def test_r_still_gives_the_stated_values(tmp_path: Path) -> None:
    subprocess.run(["Rscript", "make_quantiles.R", str(tmp_path / "quantiles.json")], cwd=OWN, check=True)
    again = json.loads((tmp_path / "quantiles.json").read_text(encoding="utf-8"))
    assert numbers(again) == pytest.approx(numbers(GOLD), rel=1e-9, nan_ok=True)


# -- golden: the reference, where it lies beside ------------------------------------------------------------------------


def reference() -> Path | None:
    beside = Path(__file__).resolve().parents[2] / "shared" / "reference"
    return beside if (beside / "cases.json").exists() else None


def reference_cases(wanted: Callable[[dict[str, Any]], bool]) -> list[Any]:
    folder = reference()
    if folder is None:
        return [pytest.param(None, marks=pytest.mark.skip(reason="the reference is not there"))]
    content = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["id"]) for case in content["cases"] if wanted(case)]


def table_of(case: dict[str, Any]) -> pd.DataFrame:
    """Return the data of a case of the reference, which is then there."""
    return pd.read_csv(reference() / "data" / f"{case['dataset']}.csv", keep_default_na=False, na_values=[""])


@pytest.mark.parametrize("case", reference_cases(lambda case: case["family"] == "quantile"))
def test_reference_quantiles(case: dict[str, Any]) -> None:
    table, asked = table_of(case), case["statistic"]
    df = np.inf if asked.get("df") == "inf" else None
    options = {"kind": asked["interval"], "rule": asked.get("qrule", "math"), "alpha": asked.get("alpha", 0.05), "df": df}
    for row in case["result"]["rows"]:
        inside = (table[list(row["group"])] == pd.Series(row["group"])).all(axis=1).to_numpy() if "group" in row else None
        p = row.get("prob", asked["probs"])
        made = row_of(table, case["design"], asked["vars"][0], p, inside=inside, **options)
        assert made == pytest.approx((row["estimate"], *row["ci"], row["se"]), rel=case["rtol"])


def is_replicate_quantile(case: dict[str, Any]) -> bool:
    return case["family"] in ("replicate", "replicate_import") and case.get("statistic", {}).get("name") == "quantile"


@pytest.mark.parametrize("case", reference_cases(is_replicate_quantile))
def test_reference_quantiles_of_replicate_designs(case: dict[str, Any]) -> None:
    table, stated, asked = table_of(case), case["result"], case["statistic"]
    w = table[case["design"]["weights"]].to_numpy()
    if asked["interval"] == "mean":
        clusters, codes = np.unique(table["dnum"]), table["dnum"].to_numpy()
        weights = np.array([np.where(codes == c, 0, w * len(clusters) / (len(clusters) - 1)) for c in clusters])
    else:
        weights = pd.read_csv(reference() / "data" / f"{case['design']['repweights']['file']}.csv").to_numpy().T
    rscales = np.ones(len(weights)) * stated["rscales"]
    for row in stated["rows"]:
        if asked["interval"] == "mean":
            made = by_replicates(table, "api00", w, weights, stated["scale"], rscales, stated["df"], row["prob"])
        else:
            ordered = Ordered(table["api00"], w)
            q, many = ordered.at(row["prob"])[0], ordered.at_many(weights, row["prob"])
            se, t = replicated(many, stated["scale"], rscales)[0], -stdtrit(stated["df"], 0.025)
            made = q, q - t * se, q + t * se, se
        assert made == pytest.approx((row["estimate"], *row["ci"], row["se"]), rel=case["rtol"])


# -- identities -----------------------------------------------------------------------------------------------------------

SAMPLES = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 4)), min_size=1, max_size=25).filter(lambda rows: any(w for _, w in rows))


def split(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([y for y, _ in rows], dtype=float), np.array([w for _, w in rows], dtype=float)


@settings(max_examples=60, deadline=None)
@given(SAMPLES, st.integers(0, 40))
def test_math_inverts_the_distribution_function(rows: list[tuple[int, int]], step: int) -> None:
    y, w = split(rows)
    p = step / 40
    share = {x: w[y <= x].sum() / w.sum() for x in y[w > 0]}
    assert quantile(y, w, p)[0] == min(x for x, reached in share.items() if reached >= p - 1e-12)


@settings(max_examples=40, deadline=None)
@given(SAMPLES, st.floats(0, 1), st.sampled_from([rule for rule in RULES if rule != "shahvaish"]))
def test_rules_do_not_feel_the_scale_of_weights_nor_rows_of_weight_0(rows: list[tuple[int, int]], p: float, rule: str) -> None:
    y, w = split(rows)
    found = quantile(y, w, p, rule)
    assert quantile(3 * y - 1, 8 * w, p, rule) == pytest.approx(3 * found - 1, abs=1e-9)
    assert quantile(np.append(y, -99.0), np.append(w, 0.0), p, rule) == pytest.approx(found)


@settings(max_examples=40, deadline=None)
@given(SAMPLES, st.sampled_from([rule for rule in RULES if rule not in ("shahvaish", "hf3")]))
def test_quantiles_rise_with_p_between_the_ends(rows: list[tuple[int, int]], rule: str) -> None:
    y, w = split(rows)
    found = quantile(y, w, np.linspace(0, 1, 33), rule)
    assert (np.diff(found) >= -1e-9).all()
    assert y[w > 0].min() <= found[0] and found[-1] <= y[w > 0].max()


@pytest.mark.parametrize(("rule", "numpy"), [
    ("math", "inverted_cdf"), ("school", "averaged_inverted_cdf"), ("hf4", "interpolated_inverted_cdf"), ("hf5", "hazen"),
    ("hf6", "weibull"), ("hf7", "linear"), ("hf8", "median_unbiased"), ("hf9", "normal_unbiased"),
])  # fmt: skip
def test_equal_weights_give_the_types_of_hyndman_and_fan(rule: str, numpy: Any) -> None:
    y, probs = np.random.default_rng(5).normal(size=16), np.linspace(0, 1, 65)
    assert quantile(y, np.full(16, 7.5), probs, rule) == pytest.approx(np.quantile(y, probs, method=numpy), rel=1e-12, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=12), st.integers(0, 2**32 - 1), st.sampled_from(list(RULES)))
def test_many_sets_of_weights_are_each_set_by_itself(values: list[int], seed: int, rule: str) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 4, (6, len(values))) * 1.5
    weights[:, 0] += 1
    probs = [0.0, 0.2, 0.5, 0.75, 1.0]
    many = Ordered(values, weights[0]).at_many(weights, probs, rule)
    assert many == pytest.approx(np.array([quantile(values, w, probs, rule) for w in weights]), rel=1e-12, abs=1e-12)


def test_blocks_of_replicates_do_not_show() -> None:
    rng = np.random.default_rng(8)
    y, weights = rng.normal(size=40_000), rng.integers(0, 3, (60, 40_000))
    ordered = Ordered(y, weights[0])
    assert ordered.at_many(weights, 0.5)[[0, 33, 59]].ravel() == pytest.approx([quantile(y, weights[r], 0.5)[0] for r in (0, 33, 59)])


def test_domains_sorted_at_once_are_the_domains_by_themselves() -> None:
    rng = np.random.default_rng(3)
    y, w, codes = rng.integers(0, 30, 300), rng.uniform(1, 5, 300), rng.integers(-1, 4, 300)
    weights = rng.uniform(0, 2, (5, 300))
    for code, part in enumerate(grouped(y, w, codes, 4)):
        inside = codes == code
        alone = Ordered(y[inside], w[inside])
        for rule in RULES:
            assert part.at([0.1, 0.5, 0.9], rule) == pytest.approx(alone.at([0.1, 0.5, 0.9], rule), rel=1e-12)
        assert part.at_many(weights, 0.4) == pytest.approx(alone.at_many(weights[:, inside], 0.4))
        assert (y[part.rows] == part.values).all()
        rows = rng.permutation(np.flatnonzero(inside))
        assert Ordered(y[rows], w[rows], rows).at_many(weights, 0.4) == pytest.approx(alone.at_many(weights[:, inside], 0.4))


def test_a_share_that_misses_p_by_rounding_counts_as_equal() -> None:
    """Ten weights of 0.1 add up to .7 and .9 only nearly."""
    w = np.full(10, 0.1)
    assert quantile(np.arange(1, 11), w, np.arange(1, 10) / 10).tolist() == list(range(1, 10))
    assert quantile(np.arange(1, 11), w, [0.7, 0.9], "school").tolist() == [7.5, 9.5]
    assert quantile(np.arange(30_000), np.full(30_000, 0.1), 1 / 3)[0] == 9_999


def test_shah_vaish_of_r_moves_with_the_scale_of_the_weights() -> None:
    y = np.arange(1.0, 21)
    assert quantile(y, np.ones(20), 0.5, "shahvaish")[0] == 10
    assert quantile(y, np.full(20, 9.0), 0.5, "shahvaish")[0] == 14


# -- limits ---------------------------------------------------------------------------------------------------------------


def test_limits_beyond_the_sample_are_open() -> None:
    low, high = woodruff(Ordered([1, 2, 3], [1, 1, 1]), [-0.1, 0.2], [0.5, 1.1])
    assert low.tolist() == [-np.inf, 1.0] and high.tolist() == [2.0, np.inf]


def binomial(values: np.ndarray) -> Callable[[float], tuple[float, float]]:
    def share(theta: float) -> tuple[float, float]:
        p = float(np.mean(values <= theta))
        return p, float(np.sqrt(p * (1 - p) / len(values)))

    return share


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 15), min_size=2, max_size=40), st.sampled_from([0.1, 0.25, 0.5, 0.8]), st.floats(0.3, 3))
def test_score_limits_are_the_ends_of_the_values_not_rejected(values: list[int], p: float, t: float) -> None:
    y = np.array(values, dtype=float)
    distinct = np.unique(y)

    def score(theta: float) -> float:
        share, se = binomial(y)(theta)
        return (share - p) / se if se else np.sign(share - p) * np.inf

    z = np.array([score(theta) for theta in distinct])
    kept = distinct[np.abs(z) <= t]
    leap = distinct[np.argmax(z > t)]
    low, high = score_limits(Ordered(y, np.ones(len(y))), binomial(y), p, t)
    if not len(kept):
        assert (low, high) == (leap, leap)
        return
    before = distinct[max(np.argmax(distinct == kept[0]) - 1, 0)]
    assert low in (before, kept[0]) and high in (kept[-1], leap)  # whichever of the two has z nearer to ∓t
    assert abs(score(low) + t) <= min(abs(score(before) + t), abs(score(kept[0]) + t))
    assert abs(score(high) - t) <= min(abs(score(kept[-1]) - t), abs(score(leap) - t))


def test_score_limits_ask_few_questions() -> None:
    y, asked = np.arange(100_000.0), []

    def share(theta: float) -> tuple[float, float]:
        asked.append(theta)
        return (theta + 1) / 1e5, 0.01

    low, high = score_limits(Ordered(y, np.ones(len(y))), share, 0.5, 2.0)
    assert (low, high) == pytest.approx((48_000, 52_000), abs=1) and len(asked) == len(set(asked)) <= 40


# -- densities and scores ---------------------------------------------------------------------------------------------------


def test_scores_with_the_density_of_woodruff_give_back_its_standard_error() -> None:
    y = np.random.default_rng(2).lognormal(size=400)
    ordered, survey = Ordered(y, np.ones(400)), ev.Survey.from_data(pd.DataFrame({"y": y}))
    q, se, half, low, high = median_of(ordered, survey)
    slope = 2 * half / (high - low)
    u = scores(ordered, 0.5, q, slope)[:, 0]
    assert float(ev.Estimate.of_scores(survey, q, u, kind="mean", label="y").se[0]) == pytest.approx(se, rel=1e-12)


def median_of(ordered: Ordered, survey: ev.Survey) -> tuple[float, float, float, float, float]:
    """Return the median with Woodruff's standard error, half the interval of F(q), and the limits."""
    q = float(ordered.at(0.5)[0])
    u = ((ordered.values <= q) - 0.5) / ordered.total
    half = 1.96 * float(ev.Estimate.of_scores(survey, 0.5, u, kind="mean", label="F").se[0])
    low, high = (float(limit[0]) for limit in woodruff(ordered, 0.5 - half, 0.5 + half))
    return q, (high - low) / (2 * 1.96), half, low, high


@pytest.mark.parametrize("rule", DENSITIES)
def test_density_of_a_large_normal_sample(rule: str) -> None:
    y = ndtri((np.arange(20_000) + 0.5) / 20_000)
    z = np.array([-1.5, 0.0, 1.0])
    assert density(Ordered(10 + 2 * y, np.ones(20_000)), 10 + 2 * z, rule) == pytest.approx(norm.pdf(z) / 2, rel=0.03)


def test_covariance_of_two_quantiles_of_simple_random_samples() -> None:
    """p(1 − r)/(n f(q_p) f(q_r)) for p < r."""
    n, at = 4_000, np.array([0.25, 0.6])
    y = ndtri((np.arange(n) + 0.5) / n)
    ordered = Ordered(y, np.ones(n))
    q = ordered.at(at)
    u = scores(ordered, at, q, density(ordered, q, "silverman"))
    truth = 0.25 * 0.4 / (n * norm.pdf(ndtri(0.25)) * norm.pdf(ndtri(0.6)))
    assert float(u[:, 0] @ u[:, 1]) == pytest.approx(truth, rel=0.03)


# -- Monte Carlo ----------------------------------------------------------------------------------------------------------------


def test_coverage_and_scores_of_the_median() -> None:
    """Woodruff's interval and the Silverman scores over 800 simple random samples of 200 log-normal values."""
    rng, n, runs = np.random.default_rng(11), 200, 800
    t, half = 1.972, 0.5 / np.sqrt(n - 1)
    held, medians, variances = 0, [], []
    for _ in range(runs):
        ordered = Ordered(rng.lognormal(size=n), np.ones(n))
        low, high = woodruff(ordered, 0.5 - t * half, 0.5 + t * half)
        held += int(low[0] <= 1 <= high[0])
        q = ordered.at(0.5)
        u = scores(ordered, 0.5, q, density(ordered, q, "silverman"))[:, 0]
        medians.append(q[0])
        variances.append(float(u @ u))
    assert abs(held / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)
    spread, error = np.var(medians), np.var(medians) * np.sqrt(2 / runs)
    assert abs(np.mean(variances) - spread) < 3 * error + 0.1 * spread  # the kernel smooths: a tenth of bias is allowed


# -- refusals ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "weights", "told"), [
    ([1, np.nan], [1, 1], "values：第 2 个"), ([1, np.inf], [1, 1], "values：第 2 个"), ([1, 2], [1, -1], "weights：第 2 个"),
    ([1, 2], [1, np.nan], "weights：第 2 个"), ([1, 2], [0, 0], "全部为 0"), ([], [], "没有数"), ([1, 2], [1], "应与 values 同长"),
    (["a"], [1], "不是数"), ([[1]], [1], "2 维"),
])  # fmt: skip
def test_faulty_input_is_refused(values: Any, weights: Any, told: str) -> None:
    with pytest.raises(ev.EvalkitError, match=told):
        quantile(values, weights, 0.5)


def test_all_faults_are_told_at_once_and_no_value_is_shown() -> None:
    with pytest.raises(ev.EvalkitError) as refusal:
        quantile([31_415, np.nan], [1, -1], 0.5)
    assert "values" in str(refusal.value) and "weights" in str(refusal.value) and "31" not in str(refusal.value)


def test_odd_questions_are_refused() -> None:
    ordered = Ordered([1, 2, 3], [1, 1, 1])
    with pytest.raises(ev.EvalkitError, match=r"1\.5"):
        ordered.at([0.5, 1.5])
    with pytest.raises(ev.EvalkitError, match="hf7"):
        ordered.at(0.5, "hf10")
    with pytest.raises(ev.EvalkitError, match="p = 1"):
        score_limits(ordered, binomial(np.arange(3)), 1.0, 2.0)
    with pytest.raises(ev.EvalkitError, match="标准误"):
        score_limits(ordered, lambda theta: (0.5, np.nan), 0.5, 2.0)
    with pytest.raises(ev.EvalkitError, match="Woodruff"):
        woodruff(ordered, np.nan, 0.5)
    with pytest.raises(ev.EvalkitError, match="复制权数"):
        ordered.at_many([1, 1, 1], 0.5)
    with pytest.raises(ev.EvalkitError, match="第 2 个复制权数"):
        ordered.at_many([[1, 1, 1], [0, 0, 0]], 0.5)
    with pytest.raises(ev.EvalkitError, match="第 2 个域"):
        grouped([1, 2], [1, 1], [0, 0], 2)
    with pytest.raises(ev.EvalkitError, match="silverman"):
        density(ordered, 2.0, "box")
    with pytest.raises(ev.EvalkitError, match="相同"):
        density(Ordered([2, 2], [1, 1]), 2.0)
    with pytest.raises(ev.EvalkitError, match="相同"):  # of nine equal values the standard deviation is 1e-16, once a density of 1e15
        density(Ordered([5] * 9, [1] * 9), 5.0)
    with pytest.raises(ev.EvalkitError, match="密度"):
        scores(ordered, 0.5, 2.0, 0.0)


def test_values_are_frozen_and_the_callers_arrays_are_left_alone() -> None:
    y, w = np.array([3.0, 1, 2]), np.ones(3)
    ordered = Ordered(y, w)
    y[0] = 99
    assert ordered.at(1.0)[0] == 3 and y.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        ordered.values[0] = 5
    with pytest.raises(AttributeError):
        ordered.values = y


def test_every_method_says_what_it_does() -> None:
    assert len(RULES) == 12 and all(rule.text for rule in RULES.values())
    assert all(entry.text for entry in DENSITIES.values())


@pytest.mark.filterwarnings("ignore::evalkit.errors.EvalkitWarning")
@pytest.mark.parametrize(("way", "method"), [("wald", "wald-t"), ("logit", "logit-t"), ("arcsine", "arcsine-t"), ("kg", "kg")])
def test_an_interval_of_woodruff_is_that_of_the_share_below_mapped_back(way: str, method: str) -> None:
    table = villages().assign(below=lambda rows: rows["x"] <= np.quantile(rows["x"], 0.4))
    survey = ev.Survey.from_data(table, weights="w", clusters=["village"])
    share = ev.proportion(survey, "below")
    limits = share.interval(method=method)[["low", "high"]].iloc[0]
    mapped = [float(ev.quantile(survey, "x", p)) for p in limits]
    assert ev.quantile(survey, "x", float(share), interval=way).interval()[["low", "high"]].iloc[0].tolist() == mapped
