"""Replicates by rule agree with R's survey, and their variances of totals with the linearised ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import replication
from evalkit.errors import EstimateError, SurveyError
from evalkit.replication import Replicates
from evalkit.replication.hadamard import for_differences, for_pairs
from evalkit.variances import Policy, Scores, Stage, structure, variances_of_totals
from tests.from_r import written

OWN = Path(__file__).resolve().parent / "golden" / "own"
STATED = json.loads((OWN / "replicates.json").read_text(encoding="utf-8"))
REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
by_reference = pytest.mark.skipif(not (REFERENCE / "cases.json").exists(), reason="the reference does not lie beside the repository")

Design = tuple[pd.DataFrame, tuple[Stage, ...]]


def design(table: pd.DataFrame, unit: str | None, stratum: str | None = None, fpc: str | None = None) -> Design:
    """Return the table and its first stage; strata and units are coded in the order of their values."""
    codes, names = (None, []) if stratum is None else pd.factorize(table[stratum], sort=True)
    units = np.arange(len(table)) if unit is None else pd.factorize(table[unit], sort=True)[0]
    sizes = None if fpc is None else table[fpc].to_numpy(dtype=float)
    return table, structure([codes], [units], [sizes], [list(map(str, names))])


def own(name: str) -> Design:
    villages = pd.read_csv(OWN / "villages.csv")
    made = {
        "jk1": lambda: design(villages[villages.vstratum == "north"], "village", None, "M"),
        "jkn": lambda: design(villages, "village", "vstratum", "M"),
        "jkn_replaced": lambda: design(villages, "village", "vstratum"),
    }
    return made[name]() if name in made else design(pd.read_csv(OWN / "halves.csv"), "psu", "stratum")


def by_unit(stage: Stage, *columns: Any) -> np.ndarray:
    return np.column_stack([np.bincount(stage.row_unit, np.asarray(column, dtype=float), stage.units) for column in columns])


def statistics(plan: Replicates, table: pd.DataFrame, stages: tuple[Stage, ...], y: str, z: str) -> tuple[np.ndarray, np.ndarray]:
    """Return total, mean and ratio: of the sample, and of every replicate."""
    w = table.w.to_numpy()
    sums = by_unit(stages[0], w * table[y], w, w * table[z])

    def form(t):
        return np.column_stack([t[:, 0], t[:, 0] / t[:, 1], t[:, 0] / t[:, 2]])

    return form(sums.sum(axis=0)[None])[0], form(replication.totals(plan, sums))


# -- golden ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jk1", "jkn", "jkn_replaced", "brr", "fay"])
def test_variances_scales_and_df_are_those_of_r(name: str) -> None:
    table, stages = own(name)
    plan = replication.made(name.removesuffix("_replaced"), stages, seed=None, rho=0.3 if name == "fay" else None)
    whole, values = statistics(plan, table, stages, *(("x", "persons") if name.startswith("jk") else ("y", "z")))
    stated = STATED[name]
    assert (plan.scale, plan.df) == (pytest.approx(stated["scale"], rel=1e-12), stated["df"])
    assert plan.rscales == pytest.approx(stated["rscales"], rel=1e-12)
    assert replication.variance(values, plan.scale, plan.rscales) == pytest.approx(stated["mean"], rel=1e-9)
    about = replication.variance(values, plan.scale, plan.rscales, "estimate", whole)
    assert about == pytest.approx(stated["estimate"], rel=1e-9)
    assert np.diag(replication.covariance(values, plan.scale, plan.rscales, "estimate", whole)) == pytest.approx(about, rel=1e-12)


@pytest.mark.parametrize("pairs", [int(pairs) for pairs in STATED["hadamard"]])
def test_hadamard_matrices_are_those_of_r(pairs: int) -> None:
    matrix = for_pairs(pairs)
    j = np.arange(1, matrix.order + 1)
    i = j[:, None]
    marks = (31 * i**2 + 7 * i * j + 3 * j) % 1009
    assert [matrix.order, int(marks[matrix.signs(j - 1, j - 1) > 0].sum())] == STATED["hadamard"][str(pairs)]


@pytest.mark.r
def test_r_still_gives_these_values(tmp_path: Path) -> None:
    again = written("make_replicates.R", tmp_path)
    assert again["hadamard"] == STATED["hadamard"]
    for name in ("jk1", "jkn", "jkn_replaced", "brr", "fay"):
        assert again[name]["mean"] == pytest.approx(STATED[name]["mean"], rel=1e-9)


def reference(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def cases() -> list[dict[str, Any]]:
    if not (REFERENCE / "cases.json").exists():
        return []
    every = json.loads((REFERENCE / "cases.json").read_text(encoding="utf-8"))["cases"]
    asked = [case for case in every if case["family"] in ("replicate", "replicate_import") and len(case.get("adjust", [1])) == 1]
    return [case for case in asked if case["statistic"]["name"] in ("mean", "total", "ratio", "by") and not case.get("domain")]


def plan_of(case: dict[str, Any], table: pd.DataFrame) -> tuple[Replicates, np.ndarray, np.ndarray, str]:
    """Return the replicates of a case, the unit and the weight of each row, and the centre."""
    given = case["design"]
    weight = table[given["weights"]].to_numpy(dtype=float) if "weights" in given else np.ones(len(table))
    if "repweights" in given:
        told = given["repweights"]
        plan = replication.imported(reference(told["file"]), weight, scale=told["scale"], rscales=told["rscales"])
        return plan, np.arange(len(table)), weight, "estimate" if told["mse"] else "mean"
    first = {key: (given.get(key) or [None])[0] for key in ("ids", "strata", "fpc")}
    _, stages = design(table, first["ids"], first["strata"], first["fpc"])
    how = case["adjust"][0]
    plan = replication.made(how["type"].lower(), stages, seed=None, rho=how.get("fay_rho"))
    return plan, stages[0].row_unit, weight, "estimate" if how.get("mse") else "mean"


@by_reference
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_cases_of_the_reference(case: dict[str, Any]) -> None:
    table, asked, stated = reference(case["dataset"]), case["statistic"], case["result"]
    plan, unit, weight, centre = plan_of(case, table)
    top = asked.get("vars", [asked.get("numerator")])
    known = table[[*top, asked["denominator"]] if "denominator" in asked else top].notna().all(axis=1).to_numpy()
    groups = pd.factorize(table[asked["by"][0]], sort=True)[0] if "by" in asked else np.zeros(len(table), dtype=int)
    kind = asked.get("inner", asked["name"])
    estimates, errors = [], []
    for group in range(groups.max() + 1):
        inside = known & (groups == group)
        below = table[asked["denominator"]].to_numpy(dtype=float) if kind == "ratio" else np.ones(len(table))
        for variable in top:
            rows = [np.where(inside, weight * table[variable].fillna(0.0), 0.0), np.where(inside, weight * below, 0.0)]
            sums = np.column_stack([np.bincount(unit, row, plan.units) for row in rows])
            whole, repeated = sums.sum(axis=0), replication.totals(plan, sums)
            value = whole[0] if kind == "total" else whole[0] / whole[1]
            values = repeated[:, :1] if kind == "total" else repeated[:, :1] / repeated[:, 1:]
            estimates.append(value)
            errors.append(float(replication.variance(values, plan.scale, plan.rscales, centre, [value])[0]) ** 0.5)
    assert estimates == pytest.approx([row["estimate"] for row in stated["rows"]], rel=1e-9)
    assert errors == pytest.approx([row["se"] for row in stated["rows"]], rel=1e-9)
    assert (plan.df, plan.count) == (stated["df"], stated["n_replicates"])
    assert plan.scale == pytest.approx(stated["scale"], rel=1e-12)


@by_reference
@pytest.mark.parametrize(("name", "rho"), [("nhanes2_BRR", 0.0), ("nhanes2_Fay03", 0.3)])
def test_half_samples_are_those_of_r_weight_by_weight(name: str, rho: float) -> None:
    table, stages = design(reference("nhanes2"), "SDMVPSU", "SDMVSTRA")
    made = replication.fay(stages, rho).factors()[:, stages[0].row_unit].T * table.WTMEC2YR.to_numpy()[:, None]
    assert made == pytest.approx(reference(f"reps/{name}").to_numpy(), rel=1e-12)


@by_reference
def test_successive_differences_are_those_of_svrep_weight_by_weight() -> None:
    table, stages = design(reference("systematic"), None)
    made = replication.sdr(stages, 64).factors().T * table.w.to_numpy()[:, None]
    assert made == pytest.approx(reference("reps/systematic_SDR").to_numpy(), rel=1e-12)


@by_reference
@pytest.mark.parametrize(("fpc", "stated"), [(None, 26.594161), ("fpc", 26.329361)])
def test_checks_of_the_methods(fpc: str | None, stated: float) -> None:
    """Methods 6.7: the mean of api00 in apiclus1 by the jackknife, with and without fpc."""
    table, stages = design(reference("apiclus1"), "dnum", None, fpc)
    plan = replication.jk1(stages)
    totals = replication.totals(plan, by_unit(stages[0], table.pw * table.api00, table.pw))
    found = replication.variance(totals[:, :1] / totals[:, 1:], plan.scale, plan.rscales)[0]
    assert found**0.5 == pytest.approx(stated, rel=1e-7)


# -- identities -----------------------------------------------------------------------------------------------------


def strata_and_scores(seed: int, even: bool = False) -> tuple[tuple[Stage, ...], np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = 2 * rng.integers(1, 3, 5) if even else rng.integers(2, 7, 5)
    stratum = np.repeat(np.arange(5), sizes)
    fpc = (np.bincount(stratum) + rng.integers(0, 9, 5)).astype(float)[stratum]
    mixed = rng.permutation(len(stratum))
    return structure([stratum[mixed]], [np.arange(len(mixed))], [None if even else fpc[mixed]]), rng.normal(size=(len(mixed), 3))


def linearised(stages: tuple[Stage, ...], scores: np.ndarray) -> np.ndarray:
    """Variances of totals of rows, a column a variable."""
    made = [variances_of_totals(stages, Scores((column,), np.ones((1, 1))), Policy()) for column in scores.T]
    return np.array([float(part[0]) for part in made])


def of_totals(plan: Replicates, stage: Stage, scores: np.ndarray) -> np.ndarray:
    return replication.variance(replication.totals(plan, by_unit(stage, *scores.T)), plan.scale, plan.rscales)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_jackknife_of_totals_is_linearised_with_fpc(seed: int) -> None:
    stages, scores = strata_and_scores(seed)
    assert of_totals(replication.jkn(stages), stages[0], scores) == pytest.approx(linearised(stages, scores), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.9]))
def test_half_samples_of_pairs_are_linearised(seed: int, rho: float) -> None:
    stratum = np.repeat(np.arange(7), 2)
    stages = structure([stratum], [np.arange(14)], [None])
    scores = np.random.default_rng(seed).normal(size=(14, 3))
    assert of_totals(replication.fay(stages, rho), stages[0], scores) == pytest.approx(linearised(stages, scores), rel=1e-9)


def test_split_strata_are_pairs_of_neighbours() -> None:
    stages, scores = structure([np.zeros(4, dtype=int)], [np.arange(4)], [None]), np.array([[1.0], [2.0], [4.0], [9.0]])
    assert of_totals(replication.brr(stages), stages[0], scores) == pytest.approx([1 + 25])


@pytest.mark.parametrize("pairs", [24, 27, 50, 110])
def test_every_matrix_is_balanced(pairs: int) -> None:
    matrix = for_pairs(pairs)
    signs = matrix.signs(np.arange(matrix.order), np.arange(matrix.order))
    assert (signs @ signs.T == matrix.order * np.eye(matrix.order)).all()
    assert (signs[0] == 1).all() and matrix.order > pairs


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_successive_differences_are_the_circular_estimator(seed: int) -> None:
    stages, scores = strata_and_scores(seed)
    stage, f = stages[0], stages[0].fraction
    expected = np.zeros(3)
    for h in range(5):
        z = by_unit(stage, *scores.T)[stage.unit_stratum == h]
        expected += (1 - f[h]) / 2 * ((z - np.roll(z, -1, axis=0)) ** 2).sum(axis=0)
    plan = replication.sdr(stages, order=np.arange(stage.units))
    about = replication.variance(
        replication.totals(plan, by_unit(stage, *scores.T)), plan.scale, plan.rscales, "estimate", scores.sum(axis=0)
    )
    assert about == pytest.approx(expected, rel=1e-9, abs=1e-12)
    signs = for_differences(40).signs(np.arange(64), np.arange(64))
    assert not (signs == 1).all(axis=1).any() and (signs @ signs.T == 64 * np.eye(64)).all()


def test_fewer_difference_replicates_than_units_walk_round_the_rows() -> None:
    """Ash 2014, table 2: with an order of 8, units 9 to 16 take steps of two rows."""
    plan = replication.sdr(structure([None], [np.arange(16)], [None]), 8)
    one, other = plan.one.tolist(), plan.other.tolist()
    assert one == [*range(8), 0, 2, 4, 6, 1, 3, 5, 7]
    assert other == [*range(1, 8), 0, 2, 4, 6, 0, 3, 5, 7, 1]


ALL = ["jk1", "jkn", "brr", "fay", "sdr", "bootstrap", "rwy", "preston", "beaumont-emond"]


def any_plan(method: str) -> Replicates:
    stages, _ = strata_and_scores(3, even=True)
    if method == "jk1":
        stages = structure([None], [np.arange(11)], [np.full(11, 30.0)])
    drawn = method in ("bootstrap", "rwy", "preston", "beaumont-emond")
    given = {"replicates": 40 if drawn else None, "rho": 0.4 if method == "fay" else None}
    return replication.made(method, stages, seed="7" if drawn else None, **given)


@pytest.mark.parametrize("method", ALL)
def test_totals_are_factors_times_sums_and_ranges_are_parts(method: str) -> None:
    plan = any_plan(method)
    sums = np.random.default_rng(1).normal(size=(plan.units, 4))
    every = plan.factors()
    assert every.shape == (plan.count, plan.units)
    assert replication.totals(plan, sums) == pytest.approx(every @ sums, rel=1e-12, abs=1e-12)
    assert (plan.factors(2, 4) == every[2:4]).all()
    assert plan.factors(3, 3).shape == (0, plan.units)
    assert every.mean() == pytest.approx(1, abs=0.1)
    assert not plan.rscales.flags.writeable


@pytest.mark.parametrize("method", ["jkn", "brr", "fay"])
def test_weights_taken_from_elsewhere_give_the_same(method: str) -> None:
    """Written out as whole weights and read again; the rank of the weights is the degrees of freedom."""
    plan = any_plan(method)
    rng = np.random.default_rng(2)
    weight, y = rng.uniform(1, 9, plan.units), rng.normal(size=(plan.units, 2))
    again = replication.imported(plan.factors().T * weight[:, None], weight, method, plan.scale, plan.rscales)
    assert again.df == plan.df
    assert replication.totals(again, weight[:, None] * y) == pytest.approx(replication.totals(plan, weight[:, None] * y), rel=1e-10)
    assert again.factors(1, 3) == pytest.approx(plan.factors(1, 3), rel=1e-12, abs=1e-15)


def test_softened_half_samples_are_fays() -> None:
    stages, scores = strata_and_scores(5, even=True)
    plan = replication.made("brr", stages, seed=None, tau=1 / 0.7)
    other = replication.fay(stages, 0.3)
    assert plan.factors() == pytest.approx(other.factors())
    assert plan.scale == pytest.approx(other.scale)
    assert replication.totals(plan, scores) == pytest.approx(replication.totals(other, scores))
    assert replication.lowest(plan) == pytest.approx(0.3)


# -- strata of one unit, and refusals -------------------------------------------------------------------------------

LONELY = structure([np.array([0, 0, 0, 1, 2, 2])], [np.arange(6)], [None], [["甲", "乙", "丙"]])
WHOLE = structure([np.array([0, 0, 0, 1, 2, 2])], [np.arange(6)], [np.array([9, 9, 9, 1, 2, 2.0])], [["甲", "乙", "丙"]])


def test_rules_for_single_units() -> None:
    y = np.array([[1.0], [3.0], [8.0], [5.0], [2.0], [7.0]])
    fixed = of_totals(replication.jkn(LONELY, "certainty"), LONELY[0], y)[0]
    assert fixed == pytest.approx(3 / 2 * ((y[:3] - 4) ** 2).sum() + 25)
    assert of_totals(replication.jkn(LONELY, "average"), LONELY[0], y)[0] == pytest.approx(fixed * 6 / 5)
    grown = replication.jkn(LONELY, "adjust")
    assert grown.factors(3, 4).tolist() == [[1.5, 1.5, 1.5, 0.0, 1.5, 1.5]] and grown.rscales[3] == pytest.approx(2 / 3)
    assert replication.made("jkn", LONELY, seed=None, singleton="collapse").count == 6


@pytest.mark.parametrize("method", ["jkn", "sdr", "rwy", "preston", "beaumont-emond", "bootstrap"])
def test_single_units_are_refused_by_name_and_certain_ones_are_not(method: str) -> None:
    given = {"seed": "1", "replicates": 20} if method not in ("jkn", "sdr") else {"seed": None}
    with pytest.raises(SurveyError, match=r"层 乙｜只有 1 个抽中单元.*certainty.*collapse"):
        replication.made(method, LONELY, **given)
    plan = replication.made(method, WHOLE, **given)
    assert (plan.factors()[:, 3:] == 1).all() and not (plan.factors()[:, :3] == 1).all()
    assert (replication.made(method, LONELY, **given, singleton="remove").factors()[:, 3] == 1).all()


def test_a_census_has_no_variance() -> None:
    stages = structure([None], [np.arange(4)], [np.full(4, 4.0)])
    plan = replication.jk1(stages)
    values = replication.totals(plan, np.ones((4, 2)))
    assert plan.count == 0 and values.shape == (0, 2)
    assert replication.variance(values, plan.scale, plan.rscales).tolist() == [0.0, 0.0]


def test_odd_strata_are_refused_all_at_once() -> None:
    with pytest.raises(SurveyError, match=r"(?s)2 处错误.*层 乙.*层 甲：3 个单元"):
        replication.brr(LONELY)


@pytest.mark.parametrize(
    ("method", "given", "told"),
    [
        ("jk2", {}, "没有这种重复方法"),
        ("jk1", {}, "改用 jkn"),
        ("fay", {}, "缺 rho"),
        ("fay", {"rho": 1.0}, "rho = 1.0"),
        ("rwy", {"replicates": 10}, "缺 seed"),
        ("rwy", {"replicates": 1, "seed": "1"}, "至少要 2 套"),
        ("jkn", {"seed": "1"}, "不用 seed"),
        ("brr", {"singleton": "adjust"}, "没有此规则"),
        ("jkn", {"tau": 0.5}, "tau = 0.5"),
        ("sdr", {"replicates": 2}, "至少要 4 套"),
        ("sdr", {"order": [1, 2]}, "order 的形状"),
    ],
)
def test_what_a_method_cannot_do_is_refused(method: str, given: dict[str, Any], told: str) -> None:
    stages = structure([np.array([0, 0, 1, 1])], [np.arange(4)], [None])
    with pytest.raises(SurveyError, match=told):
        replication.made(method, stages, **{"seed": None} | given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "acs"}, "没有这一种"),
        ({"kind": "other"}, "scale"),
        ({"kind": "fay"}, "scale"),
        ({"kind": "jkn"}, "rscales"),
        ({"kind": "jk1", "rscales": [1.0, 2.0, 3.0]}, "rscales"),
        ({"kind": "jk1", "base": [1.0, 0.0, 1.0]}, "第 2 行"),
        ({"kind": "jk1", "base": [1.0, 1.0]}, "形状"),
        ({"kind": "jk1", "weights": [[1.0, np.nan], [1, 1], [1, 1]]}, "第 1 行"),
    ],
)
def test_imports_that_do_not_fit_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        replication.imported(**{"weights": np.ones((3, 2)), "base": np.ones(3)} | given)


def test_scales_of_imports() -> None:
    made = {kind: replication.imported(np.ones((3, 8)), np.ones(3), kind).scale for kind in ("jk1", "jk2", "brr", "bootstrap", "sdr")}
    assert made == {"jk1": 7 / 8, "jk2": 1.0, "brr": 1 / 8, "bootstrap": pytest.approx(1 / 7), "sdr": 0.5}


def test_replicates_that_do_not_count_are_not_in_the_mean() -> None:
    assert replication.variance([[1.0], [3.0], [50.0]], 2.0, [1.0, 1.0, 0.0]).tolist() == [4.0]
    assert replication.covariance([[1.0], [3.0], [50.0]], 2.0, [1.0, 1.0, 0.0])[0] == pytest.approx([4.0])


def test_missing_values_of_replicates() -> None:
    values = np.array([[1.0, 1.0], [2.0, np.nan], [6.0, 3.0]])
    with pytest.raises(EstimateError, match="1 套（首见于第 2 套）没有值"):
        replication.variance(values, 0.5, np.ones(3))
    assert replication.variance(values, 0.5, np.ones(3), missing="drop").tolist() == [7.0, 1.0]
    assert replication.covariance(values, 0.5, np.ones(3), missing="drop").ravel() == pytest.approx([6.25, 2.5, 2.5, 1.0])
    with pytest.raises(EstimateError, match="有一列在所有各套中都没有值"):
        replication.variance(np.full((3, 1), np.nan), 0.5, np.ones(3), missing="drop")
    apart = [[1.0, np.nan], [np.nan, 2.0], [3.0, np.nan]]
    with pytest.raises(EstimateError, match="没有一套在各列都有值"):
        replication.covariance(apart, 0.5, np.ones(3), missing="drop")


@pytest.mark.parametrize("given", [{"centre": "median"}, {"missing": "zero"}, {"centre": "estimate"}, {"rscales": np.ones(2)}])
def test_wrong_questions_about_variances_are_refused(given: dict[str, Any]) -> None:
    for ask in (replication.variance, replication.covariance):
        with pytest.raises(EstimateError):
            ask(**{"values": np.ones((3, 2)), "scale": 1.0, "rscales": np.ones(3)} | given)


def test_sums_that_do_not_fit_are_refused() -> None:
    plan = replication.jkn(structure([None], [np.arange(4)], [None]))
    for sums in (np.ones(3), np.full(4, np.nan), np.ones((4, 2, 2))):
        with pytest.raises(EstimateError):
            replication.totals(plan, sums)
    with pytest.raises(EstimateError, match="应在 0 与 4 之间"):
        plan.factors(2, 9)


def test_unequal_chances_need_their_own_method() -> None:
    unequal = replace(structure([None], [np.arange(4)], [np.full(4, 0.5)])[0], chance=np.full(4, 0.5))
    with pytest.raises(SurveyError, match="beaumont-emond"):
        replication.rwy([unequal], 10, "1")
    assert replication.beaumont_emond([unequal], 10, "1").count == 10
