"""Surveys with replicate weights: made here or elsewhere, by hand, against linearised variances, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError, SurveyError
from evalkit.survey import replicated

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def sampled(seed: int = 1, strata: int = 4, villages: int = 2, rows: int = 5) -> pd.DataFrame:
    """Two villages a stratum unless told otherwise; one stratum when `strata` is 1."""
    dice = np.random.default_rng(seed)
    village = np.repeat(np.arange(strata * villages), rows)
    count = len(village)
    table = pd.DataFrame({"village": village, "stratum": village // villages, "w": dice.uniform(2, 6, count), "M": villages * 5})
    table = table.assign(kind=np.array(list("abc"))[np.arange(count) % 3], x=dice.gamma(4, 1, count), persons=dice.integers(1, 6, count))
    return table.assign(y=dice.normal(4, 1, strata * villages)[village] + dice.normal(0, 1, count), poor=(dice.random(count) < 0.4) * 1)


def survey(table: pd.DataFrame, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **{"weights": "w", "strata": "stratum", "clusters": "village", **design})


def matrix_of(made: ev.Survey) -> np.ndarray:
    """Replicate weights, (replicates, rows)."""
    assert made.replicated is not None
    return made.replicated.weights(0, made.replicated.plan.count)


METHODS: dict[str, dict[str, Any]] = {
    "jkn": {}, "brr": {}, "fay": {"rho": 0.3}, "rwy": {"replicates": 40, "seed": "s"}, "bootstrap": {"replicates": 40, "seed": "s"},
    "preston": {"replicates": 40, "seed": "s"}, "beaumont-emond": {"replicates": 40, "seed": "s"}, "sdr": {},
}  # fmt: skip


# -- made by a rule -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_statistic_is_that_of_each_replicate(method: str) -> None:
    """Values with each row of the weight matrix, and scale·Σ rscales (θ_r − centre)², about the mean and the estimate."""
    table = sampled()
    y, x, poor, persons = (table[name].to_numpy(dtype=float) for name in ("y", "x", "poor", "persons"))
    a = (table.kind == "a").to_numpy()
    asked: list[tuple[Callable[[ev.Survey], ev.Estimate], Callable[[np.ndarray], float]]] = [
        (lambda s: ev.total(s, "y"), lambda w: w @ y),
        (lambda s: ev.mean(s, "y"), lambda w: w @ y / w.sum()),
        (lambda s: ev.mean(s, "y", where=ev.col("kind") == "a"), lambda w: w[a] @ y[a] / w[a].sum()),
        (lambda s: ev.mean(s, "y", by="kind")["a"], lambda w: w[a] @ y[a] / w[a].sum()),
        (lambda s: ev.ratio(s, "y", "x"), lambda w: w @ y / (w @ x)),
        (lambda s: ev.proportion(s, "poor", count="persons"), lambda w: w @ (poor * persons) / (w @ persons)),
        (lambda s: ev.variance(s, "y"), lambda w: 40 / 39 * np.cov(y, aweights=w, ddof=0)),
    ]
    for centre in ("mean", "estimate"):
        made = survey(table).replicate(method, centre=centre, **METHODS[method])
        assert made.replicated is not None
        plan, weights = made.replicated.plan, matrix_of(made)
        for ask, statistic in asked:
            found = ask(made)
            values, own = np.array([statistic(w) for w in weights]), float(statistic(table.w.to_numpy()))
            assert found.replicates[:, 0] == pytest.approx(values, rel=1e-10)
            middle = values.mean() if centre == "mean" else own
            assert float(found) == pytest.approx(own, rel=1e-10)
            expected = plan.scale * (np.asarray(plan.rscales) * (values - middle) ** 2).sum()
            assert found.variances[0] == pytest.approx(expected, rel=1e-9)
            assert found.cov()[0, 0] == pytest.approx(expected, rel=1e-9)


@few
@given(seeds)
def test_the_jackknife_of_totals_is_the_linearised_variance(seed: int) -> None:
    """Corrections of the first stage included, in strata of several sizes, for domains and their covariances."""
    table = sampled(seed, strata=3, villages=4)
    table = table[table.village % 4 != table.stratum]
    for fpc in (None, "M"):
        here = survey(table, fpc=fpc)
        found, linear = (ev.total(each, "y", by="kind") for each in (here.replicate("jkn"), here))
        assert found.value == pytest.approx(linear.value, rel=1e-13)
        assert found.cov() == pytest.approx(linear.cov(), rel=1e-9, abs=1e-9)
    one = survey(table, strata=None, fpc="M")
    assert ev.total(one.replicate("jk1"), "y").variances == pytest.approx(ev.total(one, "y").variances, rel=1e-10)


@few
@given(seeds)
def test_half_samples_of_totals_are_the_linearised_variance(seed: int) -> None:
    here = survey(sampled(seed, strata=7))
    linear = ev.total(here, "y", by="kind").cov()
    for method in ("brr", "fay"):
        made = here.replicate(method, centre="estimate", **METHODS[method])
        assert ev.total(made, "y", by="kind").cov() == pytest.approx(linear, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("method", ["rwy", "bootstrap", "preston", "beaumont-emond"])
def test_bootstraps_of_totals_are_unbiased_for_the_linearised_variance(method: str) -> None:
    """4,000 replicates of totals: within three standard errors of the mean of (t_r − t)²."""
    here = survey(sampled(2, strata=3, villages=6), fpc=None if method == "bootstrap" else "M")
    made = here.replicate(method, replicates=4000, seed="7")
    found = ev.total(made, "y")
    assert made.replicated is not None
    squares = (found.replicates[:, 0] - float(found)) ** 2 * made.replicated.plan.scale * 4000
    assert abs(squares.mean() - ev.total(here, "y").variances[0]) <= 3 * squares.std() / np.sqrt(4000)


def test_a_seed_is_the_replicates_and_the_first_are_those_of_fewer() -> None:
    here = survey(sampled())
    for method in ("rwy", "bootstrap", "preston", "beaumont-emond"):
        many, same, other = (matrix_of(here.replicate(method, replicates=60, seed=seed)) for seed in ("a", "a", "b"))
        assert (many == same).all() and not (many == other).all()
        assert (matrix_of(here.replicate(method, replicates=25, seed="a")) == many[:25]).all()


def test_blocks_of_replicates_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replicates are worked through in blocks; with blocks of one the numbers stay."""
    here = ev.weigh(survey(sampled()), ev.PostStratify("kind", {"a": 60, "b": 55, "c": 50}))
    made = [ev.mean(here.replicate("rwy", replicates=30, seed="q"), "y", by="stratum").replicates]
    monkeypatch.setattr(replicated, "CHUNK", 1)
    made.append(ev.mean(here.replicate("rwy", replicates=30, seed="q"), "y", by="stratum").replicates)
    plain = ev.total(survey(sampled()).replicate("jkn"), "y", by="stratum").replicates
    monkeypatch.undo()
    assert made[1] == pytest.approx(made[0], rel=1e-13)
    assert plain == pytest.approx(ev.total(survey(sampled()).replicate("jkn"), "y", by="stratum").replicates, rel=1e-13)


@few
@given(seeds)
def test_order_of_rows_changes_no_variance(seed: int) -> None:
    table = sampled(seed)
    turned = table.iloc[np.random.default_rng(seed).permutation(len(table))]
    for method in ("jkn", "brr"):
        one, other = (ev.ratio(survey(each).replicate(method), "y", "x", by="kind") for each in (table, turned))
        if method == "jkn":
            assert other.cov() == pytest.approx(one.cov(), rel=1e-10, abs=1e-12)
        assert other.value == pytest.approx(one.value, rel=1e-12)


def test_degrees_of_freedom_are_those_of_the_design_and_of_the_replicates() -> None:
    here = survey(sampled())
    assert here.replicate("jkn").df == 4 and here.replicate("rwy", replicates=500, seed="1").df == 4
    assert ev.mean(here.replicate("jkn"), "y", where=ev.col("stratum") < 2).df.tolist() == [2]
    wide = survey(sampled(strata=12))
    assert ev.mean(wide.replicate("rwy", replicates=8, seed="1"), "y").df.tolist() == [7]


def test_singleton_rules_go_to_the_replicates() -> None:
    table = sampled()
    alone = table[(table.stratum > 0) | (table.village == 0)]
    with pytest.raises(SurveyError, match="只有 1 个"):
        survey(alone).replicate("jkn")
    for rule in ("certainty", "average", "adjust"):
        made = survey(alone, singleton=rule)
        if rule == "certainty":
            assert ev.total(made.replicate("jkn"), "y").variances == pytest.approx(ev.total(made, "y").variances, rel=1e-10)
        assert ev.total(made.replicate("jkn"), "y").variances[0] > 0


def test_a_census_has_no_replicates_and_no_variance() -> None:
    """All strata taken whole leave nothing to jackknife: every statistic is certain, with and without steps."""
    here = survey(sampled(), fpc="M").replicate("jkn")
    whole = survey(sampled().assign(M=2), fpc="M").replicate("jkn")
    stepped = ev.weigh(whole, ev.PostStratify("kind", {"a": 60, "b": 55, "c": 50}))
    asked: list[Callable[[ev.Survey], ev.Estimate]] = [
        lambda s: ev.total(s, "y", by="kind"),
        lambda s: ev.ratio(s, "y", "x"),
        lambda s: ev.gini(s, "x"),
        lambda s: ev.quantile(s, "x", [0.3, 0.5]),
        lambda s: ev.glm(s, "y ~ x").estimate,
    ]
    for ask in asked:
        assert ask(here).se.min() > 0
        for made in (whole, stepped):
            found = ask(made)
            assert found.replicates.shape == (0, len(found))
            assert found.se.tolist() == [0] * len(found) and (found.cov() == 0).all()
    with pytest.raises(SurveyError, match="0 套重复权数｜估计的总数共有 3 个误差"):
        ev.weigh(whole, ev.PostStratify("kind", ev.total(survey(sampled(3).assign(one=1.0)), "one", by="kind")))


def test_a_replicate_without_anybody_of_a_domain_has_no_quantile() -> None:
    """As for the mean: refused under "fail", left out under "drop"; once the quantile was refused under both."""
    table = sampled(1, strata=1, villages=9).assign(town=lambda rows: np.where(rows.village < 7, "a", np.where(rows.village < 8, "b", "c")))
    asked = (lambda s: ev.mean(s, "x", by="town"), lambda s: ev.quantile(s, "x", 0.5, by="town", interval="replicate"))
    for ask in asked:
        with pytest.raises(EstimateError, match='missing="drop"'):
            _ = ask(survey(table, strata=None).replicate("jk1")).se
    made = survey(table, strata=None).replicate("jk1", missing="drop")
    with pytest.warns(ev.errors.EvalkitWarning, match="2 行的 95% 区间"):  # a domain of one village has no degrees of freedom
        mean, median = (ask(made) for ask in asked)
    assert np.isnan(mean.replicates).sum(axis=0).tolist() == [0, 1, 1]
    assert (np.isnan(median.replicates) == np.isnan(mean.replicates)).all()
    apart = table[table.town == "a"]
    alone = [ev.quantiles.quantile(apart.x, weights[: len(apart)], 0.5)[0] for weights in matrix_of(made)]
    assert median.replicates[:, 0].tolist() == alone


# -- made elsewhere -------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_imported_weights_of_the_jackknife_give_what_the_jackknife_gives(seed: int) -> None:
    """As whole weights in an array or in columns, and as factors."""
    table = sampled(seed, strata=1, villages=9)
    made = survey(table, strata=None).replicate("jk1")
    weights = matrix_of(made).T
    named = table.assign(**{f"r{at}": column for at, column in enumerate(weights.T)})
    forms = [
        ev.Survey.from_replicates(table, "w", weights, kind="jk1"),
        ev.Survey.from_replicates(named, "w", [f"r{at}" for at in range(9)], kind="jk1"),
        ev.Survey.from_replicates(table, "w", weights / table.w.to_numpy()[:, None], kind="jk1", combined=False),
        ev.Survey.from_replicates(table, "w", weights, kind="other", scale=8 / 9),
        ev.Survey.from_replicates(table, "w", weights, scale=1, rscales=[8 / 9] * 9),
        ev.Survey.from_replicates(table, "w", weights, scale=1, rscales=8 / 9),
    ]
    for ask in (lambda s: ev.ratio(s, "y", "x", by="kind"), lambda s: ev.total(s, "kind"), lambda s: np.log(ev.mean(s, "x"))):
        for imported in forms:
            assert ask(imported).value == pytest.approx(ask(made).value, rel=1e-12)
            assert ask(imported).cov() == pytest.approx(ask(made).cov(), rel=1e-9, abs=1e-12)
    assert {imported.df for imported in forms} == {8.0}


def test_scales_by_kind() -> None:
    table = sampled()
    weights = table.w.to_numpy()[:, None] * np.random.default_rng(2).uniform(0.5, 1.5, (len(table), 10))
    totals = table.y.to_numpy() @ weights
    squares, own = ((totals - totals.mean()) ** 2).sum(), ((totals - table.w @ table.y) ** 2).sum()
    for kind, scale in (("jk1", 9 / 10), ("jk2", 1.0), ("brr", 1 / 10), ("bootstrap", 1 / 9), ("sdr", 4 / 10)):
        found = ev.total(ev.Survey.from_replicates(table, "w", weights, kind=kind), "y")
        assert found.variances[0] == pytest.approx(scale * squares, rel=1e-10), kind
    about = ev.Survey.from_replicates(table, "w", weights, kind="fay", scale=0.2, centre="estimate")
    assert ev.total(about, "y").variances[0] == pytest.approx(0.2 * own, rel=1e-10)
    stated = ev.Survey.from_replicates(table, "w", weights, kind="jkn", rscales=np.arange(1.0, 11.0))
    assert ev.total(stated, "y").variances[0] == pytest.approx((np.arange(1, 11) * (totals - totals.mean()) ** 2).sum(), rel=1e-10)


def test_degrees_of_freedom_of_imported_weights() -> None:
    table = sampled()
    weights = matrix_of(survey(table).replicate("jkn")).T
    assert ev.Survey.from_replicates(table, "w", weights, kind="jk2").df == 4
    stated = ev.Survey.from_replicates(table, "w", weights, kind="jk2", df=3)
    assert stated.df == 3 and ev.mean(stated, "y", by="kind").df.tolist() == [3, 3, 3]
    assert ev.proportion(stated, "poor").interval()["method"].tolist() == ["kg"]
    same = ev.Survey.from_replicates(table, "w", np.repeat(table.w.to_numpy()[:, None], 3, axis=1), kind="jk1")
    shown = ev.mean(same, "y").interval()
    assert same.df == 0 and shown["low"].isna().all() and shown["reason"][0] == "自由度不大于 0，区间无法给出"


def test_steps_are_taken_on_imported_replicates() -> None:
    table = sampled(strata=1, villages=9)
    made = survey(table, strata=None).replicate("jk1")
    imported = ev.Survey.from_replicates(table, "w", matrix_of(made).T, kind="jk1")
    totals = {"a": 60, "b": 55, "c": 50}
    one, other = (ev.weigh(each, ev.PostStratify("kind", totals)) for each in (made, imported))
    assert matrix_of(other) == pytest.approx(matrix_of(one), rel=1e-12)
    assert ev.mean(other, "y").variances == pytest.approx(ev.mean(one, "y").variances, rel=1e-10)
    assert ev.total(other, "kind").se == pytest.approx(np.zeros(3), abs=1e-9)


def test_a_replicate_without_a_domain_fails_or_is_left_out() -> None:
    table = sampled(strata=1, villages=6).assign(where=lambda t: np.where(t.village == 2, "far", "near"))
    with pytest.raises(EstimateError, match=r'1 套（首见于第 3 套）没有值.*missing="drop"'):
        _ = ev.mean(survey(table, strata=None).replicate("jk1"), "y", by="where").se
    made = survey(table, strata=None).replicate("jk1", missing="drop")
    found = ev.mean(made, "y", by="where")
    far, near = np.delete(found.replicates[:, 0], 2), found.replicates[:, 1]
    assert np.isnan(found.replicates[2, 0])
    assert found.variances == pytest.approx([5 / 6 * ((each - each.mean()) ** 2).sum() for each in (far, near)])


# -- what is refused ------------------------------------------------------------------------------------------------


def refused(table: pd.DataFrame, replicates: Any, weights: str = "w", **more: Any) -> str:
    with pytest.raises(SurveyError) as raised:
        ev.Survey.from_replicates(table, weights, replicates, **{"kind": "jk1", **more})
    return str(raised.value)


def test_matrices_of_another_shape_or_content() -> None:
    table = sampled()
    whole = np.ones((len(table), 6))
    assert f"(6, {len(table)})｜应为 {len(table)} 行、每列一套重复权数｜转置" in refused(table, whole.T)
    assert "应为 40 行" in refused(table, np.ones(len(table))) and "应为 40 行" in refused(table, whole[:-1])
    for wrong in (-1.0, np.nan, np.inf):
        assert "重复权数应为不小于 0 的有限数" in refused(table, np.where(np.arange(6) == 2, wrong, whole))


def test_columns_of_replicates_with_faults() -> None:
    table = sampled().assign(r1=1.0, r2="1", r3=lambda t: np.where(t.index == 2, -1.0, 1.0))
    message = refused(table, ["r1", "r2", "r3"])
    assert "r2｜应为数值，不是文字" in message and "第 4 行，r3：-1.0｜重复权数应为不小于 0 的有限数" in message
    assert "r9｜数据中没有这一列" in refused(table, ["r1", "r9"])


def test_weights_with_faults() -> None:
    table = sampled().assign(w=lambda t: np.select([t.index == 0, t.index == 1, t.index == 2, t.index == 3], [0, -1, np.nan, np.inf], 1.0))
    message = refused(table, np.ones((len(table), 3)))
    assert "第 2–5 行（4 处），w" in message and "权数应为大于 0 的有限数" in message
    assert "应为数值，不是文字" in refused(table.assign(w="2"), np.ones((len(table), 3)))


def test_kinds_and_scales() -> None:
    table, weights = sampled(), np.ones((40, 3))
    assert "没有这一种" in refused(table, weights, kind="jackknife") and "sdr" in refused(table, weights, kind="jackknife")
    assert "other 须有不小于 0 的 scale" in refused(table, weights, kind="other")
    assert "fay 须有不小于 0 的 scale" in refused(table, weights, kind="fay")
    assert "分层刀切的方差须有各套的 rscales" in refused(table, weights, kind="jkn")
    message = refused(table, weights, scale=-1.0, rscales=[1.0, 2.0])
    assert "应为一个或 3 个不小于 0 的数" in message and "scale：-1" in message


def test_methods_that_do_not_fit() -> None:
    here = survey(sampled())
    with pytest.raises(SurveyError, match="没有这种重复方法｜可用") as raised:
        here.replicate("jackknife")
    assert all(name in str(raised.value) for name in METHODS)
    for wrong in ({"method": "rwy", "replicates": 10}, {"method": "rwy", "seed": "1"}, {"method": "fay"}, {"method": "jk1"}):
        with pytest.raises(SurveyError):
            here.replicate(**wrong)
    with pytest.raises(SurveyError, match="jkn 不用 rho"):
        here.replicate("jkn", rho=0.3)
    with pytest.raises(EstimateError, match="没有这种中心"):
        _ = ev.total(here.replicate("jkn", centre="median"), "y").se


def test_replicates_are_asked_of_surveys_that_have_them() -> None:
    here = survey(sampled())
    with pytest.raises(EstimateError, match=r"没有重复权数.*replicate"):
        _ = ev.total(here, "y").replicates
    made = here.replicate("jkn")
    with pytest.raises(EstimateError, match="不同的 Survey"):
        ev.total(made, "y") - ev.total(here, "y")
    assert "8 套重复权数（jkn）" in repr(made)
