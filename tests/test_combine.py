"""Formulas of Estimates: derivatives, joint variances, replicates, and the operators that say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.estimates import algebra, duals

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def sampled(seed: int = 1, villages: int = 12, rows: int = 8) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    village = np.repeat(np.arange(villages), rows)
    count = len(village)
    table = pd.DataFrame({"village": village, "w": dice.uniform(2, 5, count), "kind": np.array(list("abc"))[np.arange(count) % 3]})
    level = dice.normal(0, 0.05, villages)[village]
    return table.assign(y=0.4 + level + dice.uniform(-0.1, 0.1, count), x=0.5 - level + dice.uniform(-0.2, 0.2, count), M=60)


def survey(table: pd.DataFrame | None = None, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(sampled() if table is None else table, **{"weights": "w", "clusters": "village", **design})


SURVEY = survey()
Y, X, KINDS = ev.mean(SURVEY, "y"), ev.mean(SURVEY, "x"), ev.mean(SURVEY, "y", by="kind")


def slopes_of(function: Callable[..., Any], values: list[np.ndarray]) -> np.ndarray:
    """Derivatives in all inputs by central differences, (results, inputs)."""
    flat, ends = np.concatenate(values), np.cumsum([len(value) for value in values])[:-1]
    columns = []
    for at in range(len(flat)):
        step = np.zeros(len(flat))
        step[at] = 1e-6
        up, down = (np.atleast_1d(np.asarray(function(*np.split(flat + sign * step, ends)), dtype=float)) for sign in (1, -1))
        columns.append((up - down) / 2e-6)
    return np.column_stack(columns)


def joint(*estimates: ev.Estimate) -> np.ndarray:
    """Covariance of all rows of several estimates, from the linear combinations that single them out."""
    sizes = [len(each) for each in estimates]
    eye = np.eye(sum(sizes))
    blocks = [eye[:, sum(sizes[:at]) : sum(sizes[: at + 1])] for at in range(len(sizes))]
    stacked = ev.combine(lambda *parts: np.concatenate(parts), *estimates, slopes=lambda *parts: blocks)
    return stacked.cov()


# -- derivatives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", list(duals.ONE), ids=lambda function: function.__name__)
def test_derivatives_of_known_functions(function: Any) -> None:
    """Value, derivative and covariance, asked for as a formula and as a numpy function of the Estimate."""
    slope = slopes_of(function, [KINDS.value])
    found = ev.combine(function, KINDS)
    assert found.value == pytest.approx(function(KINDS.value), rel=1e-15)
    assert found.cov() == pytest.approx(slope @ KINDS.cov() @ slope.T, rel=1e-7, abs=1e-14)
    applied = function(KINDS)
    assert applied.value == pytest.approx(found.value, rel=1e-15) and applied.labels == KINDS.labels
    assert applied.cov() == pytest.approx(found.cov(), rel=1e-12, abs=1e-18)


FORMULAS: dict[str, Callable[..., Any]] = {
    "sum": lambda k, y, x: k.sum() + y - x,
    "share": lambda k, y, x: k[0] / k.sum(),
    "shares": lambda k, y, x: k / k.sum(),
    "product": lambda k, y, x: k * y / (1 - x),
    "powers": lambda k, y, x: k**2 + y**0.5 + 2**x + x**y,
    "reversed": lambda k, y, x: 3 - (2 / k) + (1 - x) * 4,
    "negative": lambda k, y, x: -k + (+y),
    "logit": lambda k, y, x: special.logit(k) - np.log(y / (1 - y)),
    "mean": lambda k, y, x: np.mean(k) * np.sum(k) + k.mean(),
    "dot": lambda k, y, x: np.dot(k, k) + k @ k,
    "weights": lambda k, y, x: k @ np.array([0.2, 0.3, 0.5]) * y,
    "picked": lambda k, y, x: k[[2, 0]] * k[1],
    "sliced": lambda k, y, x: k[1:] - k[:-1],
    "list": lambda k, y, x: [k[0] - k[1], k[2] * y[0], np.exp(x[0])],
    "root of squares": lambda k, y, x: np.sqrt((k**2).sum() + np.square(y)),
    "builtin sum": lambda k, y, x: sum(k[at] * (at + 1) for at in range(3)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_agree_with_central_differences(name: str) -> None:
    function = FORMULAS[name]
    found = ev.combine(function, KINDS, Y, X)
    values = [KINDS.value, Y.value, X.value]
    slope = slopes_of(function, values)
    assert found.value == pytest.approx(np.atleast_1d(np.asarray(function(*values), dtype=float)).ravel(), rel=1e-14)
    assert found.cov() == pytest.approx(slope @ joint(KINDS, Y, X) @ slope.T, rel=1e-6, abs=1e-12)
    assert found.se == pytest.approx(np.sqrt(np.diag(found.cov())), rel=1e-12)


def test_slopes_given_by_hand_are_those_found() -> None:
    by_rule = ev.combine(lambda k, y: k / y, KINDS, Y)
    by_hand = ev.combine(
        lambda k, y: k / y, KINDS, Y, slopes=lambda k, y: [np.diag(np.full(3, 1 / y[0])), (-k / y[0] ** 2)[:, None]]
    )
    assert by_hand.value.tolist() == by_rule.value.tolist()
    assert by_hand.cov() == pytest.approx(by_rule.cov(), rel=1e-12)


def test_the_covariance_of_formulas_with_their_parts() -> None:
    """What was combined can be combined again, with the right covariance."""
    quotient = Y / X
    assert (quotient * X - Y).se == pytest.approx([0], abs=1e-12)
    assert ev.combine(lambda q, x, y: q * x - y, quotient, X, Y).se == pytest.approx([0], abs=1e-12)
    assert (np.log(Y) - np.log(X) - np.log(quotient)).se == pytest.approx([0], abs=1e-12)


# -- operators and combine say the same -----------------------------------------------------------------------------

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "numbers": lambda a, b: 3 * a - b / 2 + 1,
    "numbers first": lambda a, b: 1 - 2 / a + (5 - b),
    "power": lambda a, b: a**3 - b**-0.5,
    "functions": lambda a, b: np.exp(a) * np.sqrt(b),
    "negative": lambda a, b: -a - np.negative(b),
    "numpy": lambda a, b: np.add(a, np.multiply(2.0, b)) - np.subtract(1.0, a) / np.divide(b, 3.0),
}


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("replicated", [False, True])
def test_operators_and_combine_agree(name: str, replicated: bool) -> None:
    table = sampled(3)
    here = survey(table).replicate("jk1") if replicated else survey(table)
    for a, b in ((ev.mean(here, "y"), ev.mean(here, "x")), (ev.mean(here, "y", by="kind"), ev.mean(here, "x", by="kind"))):
        one, other = OPERATORS[name](a, b), ev.combine(OPERATORS[name], a, b)
        assert one.value == pytest.approx(other.value, rel=1e-14)
        assert one.cov() == pytest.approx(other.cov(), rel=1e-10, abs=1e-18)
        assert one.df.tolist() == other.df.tolist() and one.n.tolist() == other.n.tolist()


def test_one_row_goes_with_many() -> None:
    assert (KINDS / Y).cov() == pytest.approx(ev.combine(lambda k, y: k / y, KINDS, Y).cov(), rel=1e-10)
    assert (Y / KINDS).cov() == pytest.approx(ev.combine(lambda k, y: y / k, KINDS, Y).cov(), rel=1e-10)
    assert (KINDS * np.array([1.0, 2, 3])).se == pytest.approx(KINDS.se * [1, 2, 3])
    assert (KINDS - Y).labels == (Y - KINDS).labels == KINDS.labels


def test_results_are_labelled() -> None:
    assert ev.combine(lambda y, x: y / x, Y, X, label="份额").labels == (("份额",),)
    assert ev.combine(lambda k: k / k.sum(), KINDS, label="s").labels == (("s[0]",), ("s[1]",), ("s[2]",))
    made = ev.combine(lambda y, x: y / x, Y, X)
    assert made.labels == (("combination",),) and list(made.table()["variable"]) == ["combination"] and made.kind == "combination"


# -- against replicates ---------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_a_formula_on_replicates_is_the_formula_of_each(seed: int) -> None:
    table = sampled(seed)
    made = survey(table).replicate("jk1")
    assert made.replicated is not None
    a, b = ev.mean(made, "y", by="kind"), ev.ratio(made, "y", "x")
    weights = made.replicated.weights(0, 12)
    means = np.array([[w[table.kind == k] @ table.y[table.kind == k] / w[table.kind == k].sum() for k in "abc"] for w in weights])
    ratio = (weights @ table.y) / (weights @ table.x)
    by_hand = np.log(means[:, 0] / means[:, 2]) * ratio - means[:, 1] ** 2
    for found in (
        np.log(a["a"] / a["c"]) * b - a["b"] ** 2,
        ev.combine(lambda k, r: np.log(k[0] / k[2]) * r - k[1] ** 2, a, b),
    ):
        assert found.replicates[:, 0] == pytest.approx(by_hand, rel=1e-12)
        assert found.variances[0] == pytest.approx(11 / 12 * ((by_hand - by_hand.mean()) ** 2).sum(), rel=1e-10)


@few
@given(seeds)
def test_the_jackknife_of_a_formula_is_the_linearised_variance_to_one_over_n(seed: int) -> None:
    table = sampled(seed, villages=40)

    def form(s: ev.Survey) -> ev.Estimate:
        return np.log(ev.mean(s, "y", where=ev.col("kind") == "a") / ev.mean(s, "x"))

    jackknife, linear = (float(form(s).variances[0]) for s in (survey(table).replicate("jk1"), survey(table)))
    assert jackknife == pytest.approx(linear, rel=8 / 40)


def test_pieces_of_an_estimate_keep_their_replicates() -> None:
    made = survey().replicate("jk1")
    both = ev.mean(made, "y", by="kind")
    assert both["b"].replicates[:, 0].tolist() == both.replicates[:, 1].tolist()
    assert [each.replicates[0, 0] for each in both] == both.replicates[0].tolist()
    assert (2 * both + 1).replicates == pytest.approx(2 * both.replicates + 1, rel=1e-15)


# -- order and names ------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_order_of_rows_and_names_of_villages_change_nothing(seed: int) -> None:
    table = sampled(seed)
    turned = table.assign(village=99 - table.village).iloc[np.random.default_rng(seed).permutation(len(table))]
    made = []
    for each in (table, turned):
        here = survey(each, fpc="M")
        made.append(ev.combine(lambda k, r: [k[0] / k.sum(), r[0] * k[2]], ev.total(here, "y", by="kind"), ev.ratio(here, "y", "x")))
    assert made[1].value == pytest.approx(made[0].value, rel=1e-12)
    assert made[1].cov() == pytest.approx(made[0].cov(), rel=1e-12, abs=1e-12 * np.abs(made[0].cov()).max())


def test_degrees_of_freedom_are_those_of_all_villages_touched() -> None:
    table = sampled().assign(part=lambda t: np.where(t.village < 3, "few", np.where(t.village < 8, "more", "rest")))
    parts = ev.mean(survey(table), "y", by="part")
    assert parts.df.tolist() == [2, 4, 3]
    assert (parts["few"] - parts["more"]).df.tolist() == [7]
    assert ev.combine(lambda k: k[0] - k[2], parts).df.tolist() == [6]
    assert (parts["few"] - parts["more"]).n.tolist() == [64]


# -- what is refused ------------------------------------------------------------------------------------------------


def refused(function: Callable[..., Any], *estimates: Any, **more: Any) -> str:
    with pytest.raises(EstimateError) as raised:
        ev.combine(function, *estimates, **more)
    return str(raised.value)


def test_formulas_that_cannot_be_differentiated() -> None:
    for function in (np.floor, np.maximum.reduce, np.sort):
        assert "没有它的导数" in (message := refused(lambda k, f=function: f(k), KINDS)) and "slopes=" in message
    assert "exp" in refused(np.rint, KINDS)
    assert "丢了导数" in refused(lambda k: 3.0, KINDS)
    with pytest.raises(EstimateError, match="没有它的导数"):
        np.ceil(KINDS)


def test_results_that_are_no_numbers() -> None:
    assert "不是有限数" in refused(lambda k: np.log(k - k), KINDS)
    assert "不是有限数" in refused(lambda k: 1 / (k - k), KINDS)
    assert "不是有限数" in refused(lambda k: np.log(k - k), KINDS, slopes=lambda k: [np.eye(3)])
    with pytest.raises(EstimateError, match="不是有限数"):
        KINDS / (Y - Y)


def test_estimates_that_do_not_go_together() -> None:
    other = ev.mean(survey(sampled(2)), "y")
    assert "ev.join" in refused(lambda a, b: a - b, Y, other)
    assert "应为一个或几个 Estimate" in refused(lambda a: a, 3.0)
    assert "应为一个或几个 Estimate" in refused(lambda: 1.0)
    with pytest.raises(EstimateError, match="行数 3 与 2"):
        KINDS - ev.mean(SURVEY, ["y", "x"])
    with pytest.raises(EstimateError, match="数组有 2 个数"):
        KINDS + np.array([1.0, 2.0])
    with pytest.raises(EstimateError, match="只能与数"):
        KINDS + "a"


def test_slopes_of_another_shape() -> None:
    assert "每个 Estimate 一个" in refused(lambda k: k.sum(), KINDS, slopes=lambda k: [np.ones((2, 3))[:1, :2]])
    assert "每个 Estimate 一个" in refused(lambda k, y: k.sum(), KINDS, Y, slopes=lambda k, y: [np.ones((1, 3))])


def test_every_act_of_two_has_the_slopes_of_its_values() -> None:
    a, b, step = np.array([0.3, 0.7]), np.array([0.2, 0.9]), 1e-6
    assert set(algebra.ACTS) == set(duals.TWO)
    for function, (plain, mirrored) in algebra.ACTS.items():
        assert plain.value(a, b) == pytest.approx(function(a, b)) and mirrored.value(b, a) == pytest.approx(function(a, b))
        for act in (plain, mirrored):
            first, second = act.slopes(a, b)
            assert first == pytest.approx((act.value(a + step, b) - act.value(a - step, b)) / (2 * step), rel=1e-8)
            assert second == pytest.approx((act.value(a, b + step) - act.value(a, b - step)) / (2 * step), rel=1e-8)
