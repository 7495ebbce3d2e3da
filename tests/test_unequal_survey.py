"""Surveys whose first stage was drawn with unequal chances: rules, certain units, later stages, domains, refusals."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit import inclusion
from evalkit.errors import SurveyError
from evalkit.variances import unequal

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)
CHANCES = np.array([0.18, 0.22, 0.26, 0.3, 0.34, 0.4, 0.46, 0.52, 0.6, 0.72])
PAIRS = inclusion.sampford(CHANCES)
RULES = [name for name in unequal.SAMPLE_METHODS if name != "poisson"]


def drawn(seed: int, units: int = 9, rows: int = 3) -> pd.DataFrame:
    """Villages of several households in two strata, with chances of their own."""
    dice = np.random.default_rng(seed)
    village = np.repeat(np.arange(units), rows)
    table = pd.DataFrame({"village": village, "stratum": village % 2, "pi": dice.uniform(0.1, 0.8, units)[village], "N": 8})
    count = units * rows
    return table.assign(y=dice.gamma(3, 2, count), x=dice.gamma(3, 1, count), kind=np.array(list("abc"))[np.arange(count) % 3])


def survey(table: pd.DataFrame, method: str = "hajek", **design: Any) -> ev.Survey:
    rule = design.pop("pps", None) or ev.PPS(method)
    return ev.Survey.from_data(table, **{"clusters": "village", "fpc": "pi", "pps": rule, **design})


def by_village(table: pd.DataFrame, values: Any) -> pd.DataFrame:
    """Sums of values (not weighted) and the chance of each village."""
    return table.assign(v=values).groupby("village").agg(v=("v", "sum"), pi=("pi", "first"), stratum=("stratum", "first"))


# -- the rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*RULES, "poisson"])
@few
@given(seeds)
def test_totals_have_the_variance_of_the_rule_stratum_by_stratum(method: str, seed: int) -> None:
    table = drawn(seed)
    sums = by_village(table, table.y)
    for strata, parts in ((None, [sums]), ("stratum", [part for _, part in sums.groupby("stratum")])):
        made = survey(table, method, strata=strata)
        expected = sum(unequal.approximate(part.v, part.pi, method) for part in parts)
        assert ev.total(made, "y").variances[0] == pytest.approx(expected, rel=1e-10)
        assert made.df == 9 - len(parts)


@few
@given(seeds)
def test_means_have_the_variance_of_their_scores(seed: int) -> None:
    table = drawn(seed)
    w = 1 / table.pi
    left = (table.y - (w @ table.y) / w.sum()) / w.sum()
    sums = by_village(table, left)
    expected = unequal.approximate(sums.v, sums.pi, "deville2")
    assert ev.mean(survey(table, "deville2"), "y").variances[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("form", ["syg", "ht"])
@pytest.mark.parametrize("method", ["overton", "hartley-rao"])
def test_pairs_approximated_from_the_chances(method: str, form: Any) -> None:
    table = drawn(4)
    sums = by_village(table, table.y)
    z = (sums.v / sums.pi).to_numpy()
    matrix = unequal.form(method, sums.pi.to_numpy(), kind=form)
    assert ev.total(survey(table, pps=ev.PPS(method, form=form)), "y").variances[0] == pytest.approx(z @ matrix @ z, rel=1e-10)
    if method == "hartley-rao":
        matrix = unequal.form(method, sums.pi.to_numpy(), kind=form, sum_p2_over_n=0.3)
        stated = survey(table, pps=ev.PPS(method, form=form, sum_p2_over_n=0.3))
        assert ev.total(stated, "y").variances[0] == pytest.approx(z @ matrix @ z, rel=1e-10)


@pytest.mark.parametrize("form", ["syg", "ht"])
def test_joint_chances_are_read_in_the_order_of_first_appearance(form: Any) -> None:
    """Villages 7, 2 and 5 of ten in a table whose labels sort another way; the same in any order of rows."""
    place = [7, 2, 5]
    table = pd.DataFrame({"village": ["b", "b", "c", "a"], "pi": CHANCES[[7, 7, 2, 5]], "y": [3.0, 5, 8, 13]})
    matrix, sums = PAIRS[np.ix_(place, place)], [8.0, 8, 13]
    expected = unequal.horvitz_thompson_variance(sums, matrix, form)
    assert ev.total(survey(table, pps=ev.PPS("joint", matrix, form=form)), "y").variances[0] == pytest.approx(expected, rel=1e-10)
    turned, order = table.iloc[[3, 1, 2, 0]], [2, 0, 1]
    again = survey(turned, pps=ev.PPS("joint", matrix[np.ix_(order, order)], form=form))
    assert ev.total(again, "y").variances[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("form", ["syg", "ht"])
def test_joint_chances_are_unbiased_over_all_samples(form: Any) -> None:
    """All 210 samples of 4 out of 10 with their chances under Sampford's design: the mean of the estimates is the variance."""
    samples = np.array(list(combinations(range(10), 4)))
    odds = CHANCES / (1 - CHANCES)
    p = odds[samples].prod(axis=1) * (1 - CHANCES[samples]).sum(axis=1)
    p /= p.sum()
    held = np.zeros((210, 10))
    held[np.arange(210)[:, None], samples] = 1
    assert (held.T * p) @ held == pytest.approx(PAIRS, rel=1e-9)
    y, at = np.random.default_rng(1).gamma(3, 2, 10), samples.ravel()
    table = pd.DataFrame({"draw": np.repeat(np.arange(210), 4), "y": y[at], "pi": CHANCES[at]})
    same = np.equal.outer(table.draw.to_numpy(), table.draw.to_numpy())
    matrix = np.where(same, PAIRS[np.ix_(at, at)], np.outer(table.pi, table.pi))
    found = ev.total(survey(table, pps=ev.PPS("joint", matrix, form=form), clusters=None, strata="draw"), "y", by="draw")
    truth = ((PAIRS - np.outer(CHANCES, CHANCES)) * np.outer(y / CHANCES, y / CHANCES)).sum()
    assert p @ found.value == pytest.approx(y.sum(), rel=1e-10) and p @ found.variances == pytest.approx(truth, rel=1e-9)


def test_successive_differences_by_hand() -> None:
    """(1 − f) n/(2(n − 1)) Σ (z_i − z_{i−1})² in the order of the table, f the mean chance, stratum by stratum."""
    table = drawn(6).sort_values("village", ascending=False)
    made = ev.total(survey(table, "successive", strata="stratum"), "y")
    expected = 0.0
    for _, part in by_village(table, table.y).sort_index(ascending=False).groupby("stratum"):
        z, n = (part.v / part.pi).to_numpy(), len(part)
        expected += (1 - part.pi.mean()) * n / (2 * (n - 1)) * (np.diff(z) ** 2).sum()
    assert made.variances[0] == pytest.approx(expected, rel=1e-10)


# -- equal chances, certain units, later stages ---------------------------------------------------------------------


@pytest.mark.parametrize("method", RULES)
def test_equal_chances_are_simple_random_sampling(method: str) -> None:
    table = drawn(7).assign(pi=9 / 40, M=40)
    plain = ev.Survey.from_data(table, clusters="village", fpc="M")
    for one, other in ((ev.total, ev.total), (ev.mean, ev.mean)):
        assert one(survey(table, method), "y").variances == pytest.approx(other(plain, "y").variances, rel=1e-9)


@pytest.mark.parametrize("method", [*RULES, "poisson", "overton", "hartley-rao", "successive"])
def test_certain_villages_vary_only_below(method: str) -> None:
    """One stage: as if they were not there. Two stages: their households count in full."""
    table = drawn(8)
    table.loc[table.village < 2, "pi"] = 1.0
    rest = table[table.village >= 2]
    assert ev.total(survey(table, method), "y").variances == pytest.approx(ev.total(survey(rest, method), "y").variances, rel=1e-10)
    deep: dict[str, Any] = {"clusters": ["village", None], "fpc": ["pi", "N"]}
    sure = table[table.village < 2]
    inside = (sure.groupby("village")["y"].var() * 8**2 * (1 - 3 / 8) / 3).sum()
    both, alone = (ev.total(survey(each, method, **deep), "y").variances[0] for each in (table, rest))
    assert both == pytest.approx(alone + inside, rel=1e-10)
    assert survey(table, method).df == 9 - 2


@few
@given(seeds)
def test_two_stages_by_hand(seed: int) -> None:
    """The rule over z = w·y by village, and Σ π_i (1 − f) n s² of z inside (Särndal, Swensson & Wretman 1992, result 4.3.1)."""
    table = drawn(seed)
    made = survey(table, "brewer", clusters=["village", None], fpc=["pi", "N"])
    assert made.weights == pytest.approx(8 / 3 / table.pi, rel=1e-12)
    z = table.assign(z=made.weights * table.y).groupby("village")["z"].agg(["sum", "var"])
    pi = table.groupby("village")["pi"].first()
    expected = unequal.approximate(z["sum"] * pi, pi, "brewer") + (pi * (1 - 3 / 8) * 3 * z["var"]).sum()
    assert ev.total(made, "y").variances[0] == pytest.approx(expected, rel=1e-10)
    first = survey(table, "brewer", clusters=["village", None], fpc=["pi", "N"], stages="first")
    assert ev.total(first, "y").variances[0] == pytest.approx(unequal.approximate(z["sum"] * pi, pi, "brewer"), rel=1e-10)


@pytest.mark.parametrize("method", ["hajek", "brewer", "deville2", "overton", "successive"])
@few
@given(seeds)
def test_domains_are_zeroed_scores_and_add_up(method: str, seed: int) -> None:
    table = drawn(seed)
    table = table.assign(ya=table.y * (table.kind == "a"), kind=np.where(table.village < 3, "z", table.kind))
    table = table.assign(ya=table.y * (table.kind == "a"))
    made = survey(table, method, strata="stratum")
    parts, whole = ev.total(made, "y", by="kind"), ev.total(made, "y")
    assert parts["a"].variances == pytest.approx(ev.total(made, "ya").variances, rel=1e-10)
    assert np.diag(parts.cov()) == pytest.approx(parts.variances, rel=1e-10)
    assert parts.cov().sum() == pytest.approx(whole.variances[0], rel=1e-9)


@few
@given(seeds)
def test_order_and_names_change_nothing(seed: int) -> None:
    table = drawn(seed)
    turned = table.assign(village=99 - table.village, stratum=table.stratum.map({0: "z", 1: "a"}))
    turned = turned.iloc[np.random.default_rng(seed).permutation(len(table))]
    for method in ("hajek", "deville2", "fixed-point", "hartley-rao"):
        one, other = (ev.ratio(survey(each, method, strata="stratum"), "y", "x") for each in (table, turned))
        assert other.variances == pytest.approx(one.variances, rel=1e-11)


def test_calibrated_totals_have_the_variance_of_their_residuals() -> None:
    table = drawn(9)
    made = survey(table, "deville2")
    x = np.column_stack([np.ones(len(table)), table.x])
    totals = made.weights @ x * [1.04, 1.1]
    fitted = ev.weigh(made, ev.Calibrate(["1", "x"], {"1": totals[0], "x": totals[1]}, negative="keep"))
    w = made.weights
    beta = np.linalg.solve((x.T * w) @ x, (x.T * w) @ table.y)
    sums = by_village(table, fitted.weights / w * (table.y - x @ beta))
    assert ev.total(fitted, "y").variances[0] == pytest.approx(unequal.approximate(sums.v, sums.pi, "deville2"), rel=1e-9)


def test_one_unit_in_a_stratum_fails_or_leaves_the_variance() -> None:
    table = pd.DataFrame({"h": ["甲", "甲", "甲", "乙"], "pi": [0.2, 0.5, 0.4, 0.3], "y": [3.0, 8, 5, 9]})
    design: dict[str, Any] = {"strata": "h", "fpc": "pi", "pps": ev.PPS("hajek")}
    with pytest.raises(SurveyError, match="层 乙｜只有 1 个抽中单元"):
        _ = ev.total(ev.Survey.from_data(table, **design), "y").se
    expected = unequal.approximate(table.y[:3], table.pi[:3], "hajek")
    for rule in ("certainty", "remove"):
        found = ev.total(ev.Survey.from_data(table, **design, singleton=rule), "y")
        assert found.variances[0] == pytest.approx(expected, rel=1e-10)
    for rule in ("adjust", "average"):
        with pytest.raises(SurveyError, match=f"singleton={rule}｜按规模抽样的层没有共同的中心"):
            ev.Survey.from_data(table, **design, singleton=rule)


# -- what is refused ------------------------------------------------------------------------------------------------


def refused(table: pd.DataFrame, **design: Any) -> str:
    with pytest.raises(SurveyError) as raised:
        survey(table, **design)
    return str(raised.value)


def test_chances_outside_their_range_are_named_by_row() -> None:
    table = drawn(1, units=6, rows=1).assign(pi=[0.0, -0.1, 1.2, np.nan, np.inf, 0.5])
    message = refused(table)
    assert "5 处错误" in message and "第 2–6 行（5 处），pi" in message and "入样概率应大于 0、不超过 1" in message
    assert "应为数值，不是文字" in refused(table.assign(pi="0.5"))


def test_chances_that_are_not_stated_or_differ_inside_a_village() -> None:
    table = drawn(1)
    assert "写了 pps 而没有入样概率" in refused(table, fpc=None)
    table.loc[1, "pi"] = 0.9
    assert "同一首阶段单元的入样概率不止一个" in refused(table)


def test_stated_probabilities_against_the_chances() -> None:
    table = drawn(1).assign(p=0.5)
    assert "p：0.5｜入样概率与 pi 给出的抽样比不同" in refused(table, probs="p")
    assert survey(table, probs="pi").weights == pytest.approx(1 / table.pi)


def test_rules_nobody_knows_and_matrices_that_do_not_fit() -> None:
    with pytest.raises(SurveyError, match=r"PPS\('hayek'\)｜没有这种规则｜可用：.*hajek"):
        ev.PPS("hayek")
    for given_ in (("hajek", np.eye(3)), ("joint", None)):
        with pytest.raises(SurveyError, match="矩阵与 \"joint\" 应同时给出"):
            ev.PPS(*given_)
    table = pd.DataFrame({"village": [0, 1, 2], "pi": CHANCES[[1, 3, 5]], "y": [1.0, 2, 3]})
    matrix = PAIRS[np.ix_([1, 3, 5], [1, 3, 5])]
    assert "对角线" in refused(table, pps=ev.PPS("joint", matrix + np.eye(3) * 0.01))
    assert "应对称" in refused(table, pps=ev.PPS("joint", matrix + np.triu(np.full((3, 3), 0.01), 1)))
    assert "应大于 0" in refused(table, pps=ev.PPS("joint", np.diag(np.diag(matrix))))
    assert "没有这种形式｜可用：\n  syg" in refused(table, pps=ev.PPS("overton", form="yg"))


def test_replicates_without_unequal_chances_say_which_method_knows_them() -> None:
    made = survey(drawn(1))
    for method in ("jk1", "jkn"):
        with pytest.raises(SurveyError, match=r"不等概率.*beaumont-emond"):
            made.replicate(method)
    drawn_ = made.replicate("beaumont-emond", replicates=400, seed="1")
    assert ev.total(drawn_, "y").variances[0] == pytest.approx(ev.total(made, "y").variances[0], rel=0.35)
