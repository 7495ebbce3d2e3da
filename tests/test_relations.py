"""Covariances and correlations of two variables: values, scores, replicates, domains, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)
Ask = Callable[..., ev.Estimate]


def sampled(seed: int = 1, villages: int = 10, rows: int = 7) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    village = np.repeat(np.arange(villages), rows)
    x = dice.normal(0, 1, villages)[village] + dice.normal(3, 1, len(village))
    table = pd.DataFrame({"village": village, "x": x, "y": 0.6 * x + dice.normal(1, 1, len(x)), "w": dice.uniform(1, 4, len(x))})
    return table.assign(kind=np.array(list("ab"))[np.arange(len(x)) % 2], M=40)


def survey(table: pd.DataFrame, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **{"weights": "w", "clusters": "village", **design})


def by_hand(w: np.ndarray, table: pd.DataFrame, correlation: bool, inside: Any = slice(None)) -> float:
    """Weighted moments of the rows, with n/(n − 1) for the covariance."""
    w, x, y = w[inside], table.x.to_numpy()[inside], table.y.to_numpy()[inside]
    moments = np.cov(x, y, aweights=w, ddof=0)
    if correlation:
        return float(moments[0, 1] / np.sqrt(moments[0, 0] * moments[1, 1]))
    return float(len(x) / (len(x) - 1) * moments[0, 1])


ASKED = [(ev.covariance, False), (ev.correlation, True)]


@pytest.mark.parametrize(("ask", "correlation"), ASKED)
@few
@given(seeds)
def test_values_are_the_weighted_moments(ask: Ask, correlation: bool, seed: int) -> None:
    table = sampled(seed)
    assert float(ask(survey(table), "x", "y")) == pytest.approx(by_hand(table.w.to_numpy(), table, correlation), rel=1e-11)
    found = ask(survey(table), "x", "y", by="kind")
    inside = [by_hand(table.w.to_numpy(), table, correlation, (table.kind == kind).to_numpy()) for kind in "ab"]
    assert found.value == pytest.approx(inside, rel=1e-11)
    assert found.labels == (("a", "x × y"), ("b", "x × y"))


@pytest.mark.parametrize(("ask", "correlation"), ASKED)
@few
@given(seeds)
def test_scores_are_the_derivatives_in_the_weights(ask: Ask, correlation: bool, seed: int) -> None:
    """w_i ∂θ/∂w_i of the moments by hand, in a domain and without."""
    table = sampled(seed)
    w, inside = table.w.to_numpy(), (table.kind == "b").to_numpy()
    for rows, where in ((np.ones(len(w), dtype=bool), None), (inside, inside)):
        score = ask(survey(table), "x", "y", where=where).blocks[0].score
        slopes = []
        for at in range(0, len(w), 9):
            step = np.where(np.arange(len(w)) == at, 1e-5, 0.0)
            up, down = (by_hand(w + sign * step, table, correlation, rows) for sign in (1, -1))
            slopes.append(w[at] * (up - down) / 2e-5)
        assert score[::9] == pytest.approx(slopes, rel=1e-5, abs=1e-8)
        assert score.sum() == pytest.approx(0, abs=1e-12 * np.abs(score).sum())


@pytest.mark.parametrize(("ask", "correlation"), ASKED)
def test_the_variance_is_that_of_the_village_sums_of_scores(ask: Ask, correlation: bool) -> None:
    table = sampled()
    found = ask(survey(table, fpc="M"), "x", "y")
    sums = np.bincount(table.village, found.blocks[0].score)
    assert found.variances[0] == pytest.approx((1 - 10 / 40) * 10 * sums.var(ddof=1), rel=1e-11)


@pytest.mark.parametrize(("ask", "correlation"), ASKED)
def test_replicates_are_the_moments_of_each(ask: Ask, correlation: bool) -> None:
    table = sampled()
    made = survey(table).replicate("jk1")
    assert made.replicated is not None
    values = np.array([by_hand(w, table, correlation) for w in made.replicated.weights(0, 10)])
    found = ask(made, "x", "y")
    assert found.replicates[:, 0] == pytest.approx(values, rel=1e-10)
    assert found.variances[0] == pytest.approx(0.9 * ((values - values.mean()) ** 2).sum(), rel=1e-9)
    assert found.variances[0] == pytest.approx(ask(survey(table), "x", "y").variances[0], rel=0.6)


@few
@given(seeds)
def test_covariance_with_itself_is_the_variance(seed: int) -> None:
    here = survey(sampled(seed))
    one, other = ev.covariance(here, "x", "x", by="kind"), ev.variance(here, "x", by="kind")
    assert one.value == pytest.approx(other.value, rel=1e-12) and one.cov() == pytest.approx(other.cov(), rel=1e-10)
    same = ev.correlation(here, "x", "x")
    assert float(same) == pytest.approx(1, abs=1e-14) and same.se == pytest.approx([0], abs=1e-12)


@few
@given(seeds)
def test_correlation_is_covariance_over_both_deviations(seed: int) -> None:
    """With its variance: the formula of three estimates and the statistic have the same scores."""
    here = survey(sampled(seed), fpc="M")
    whole = ev.covariance(here, "x", "y") / np.sqrt(ev.variance(here, "x") * ev.variance(here, "y"))
    found = ev.correlation(here, "x", "y")
    assert float(found) == pytest.approx(float(whole), rel=1e-12)
    assert found.variances == pytest.approx(whole.variances, rel=1e-9)
    assert (found - whole).se == pytest.approx([0], abs=1e-7 * found.se[0])


@few
@given(seeds)
def test_units_and_order_of_variables(seed: int) -> None:
    table = sampled(seed)
    here = survey(table.assign(big=1e6 + 1000 * table.x, back=-table.y))
    assert ev.covariance(here, "y", "x").variances == pytest.approx(ev.covariance(here, "x", "y").variances, rel=1e-12)
    assert float(ev.covariance(here, "big", "y")) == pytest.approx(1000 * float(ev.covariance(here, "x", "y")), rel=1e-8)
    one, other = ev.correlation(here, "x", "y"), ev.correlation(here, "big", "back")
    assert float(other) == pytest.approx(-float(one), rel=1e-8) and other.variances == pytest.approx(one.variances, rel=1e-6)


def test_equal_weights_give_the_usual_numbers() -> None:
    table = sampled().assign(w=1.0)
    assert float(ev.covariance(survey(table), "x", "y")) == pytest.approx(np.cov(table.x, table.y)[0, 1], rel=1e-12)
    assert float(ev.correlation(survey(table), "x", "y")) == pytest.approx(np.corrcoef(table.x, table.y)[0, 1], rel=1e-12)


def test_missing_answers() -> None:
    table = sampled()
    table.loc[3, "x"] = np.nan
    table.loc[5, "y"] = np.nan
    here = survey(table)
    with pytest.raises(EstimateError, match="第 5 行，x｜缺答案"):
        ev.covariance(here, "x", "y")
    out = ev.correlation(here, "x", "y", missing="out")
    assert out.n.tolist() == [68]
    kept = table.dropna()
    assert float(out) == pytest.approx(by_hand(kept.w.to_numpy(), kept, True), rel=1e-12)
    zero = table.fillna({"x": 0.0, "y": 0.0})
    assert float(ev.covariance(here, "x", "y", missing="no")) == pytest.approx(by_hand(zero.w.to_numpy(), zero, False), rel=1e-12)


def test_what_has_no_covariance() -> None:
    table = sampled().assign(flat=2.0, alone=lambda t: np.where(t.index == 4, "one", "others"))
    here = survey(table)
    for ask in (ev.covariance, ev.correlation):
        with pytest.raises(EstimateError, match="每个域至少应有 2 行"):
            ask(here, "x", "y", by="alone")
        with pytest.raises(EstimateError, match="kind｜是文字列"):
            ask(here, "x", "kind")
    with pytest.raises(EstimateError, match="没有变化"):
        ev.correlation(here, "x", "flat")
    assert float(ev.covariance(here, "x", "flat")) == pytest.approx(0, abs=1e-15)
    with pytest.raises(EstimateError, match="不是比例"):
        ev.correlation(here, "x", "y").interval(method="kg-m")
    assert ev.correlation(here, "x", "y").kind == "correlation" and ev.covariance(here, "x", "y").kind == "covariance"
