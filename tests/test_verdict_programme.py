"""Many counties: the adjusted p-values of methods §3.5, lists of violators, and the wrong verdicts of a programme."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.verdict import other_verdict
from evalkit.verdict.programmes import _adjusted

P = (0.001, 0.008, 0.012, 0.03, 0.2)


def verdict(count: int = 12, villages: int = 40, take: int = 30, **asked) -> ev.Verdict:
    at = np.arange(villages * take)
    table = pd.DataFrame({"village": at // take, "wrong": at % take * villages + at // take < count})
    return ev.judge(ev.proportion(ev.Survey.from_data(table, clusters=["village"]), "wrong"), 0.02, strict=True, **asked)


BASE = verdict()


def with_p(*values: float) -> dict[str, ev.Verdict]:
    return {f"县{at}": dataclasses.replace(BASE, p_violation=p) for at, p in enumerate(values)}


@pytest.mark.parametrize(
    ("method", "adjusted", "names"),
    [("holm", (0.005, 0.032, 0.036, 0.06, 0.2), 3), ("bh", (0.005, 0.02, 0.02, 0.0375, 0.2), 4)],
)
def test_the_worked_case_of_section_3_5(method, adjusted, names: int) -> None:
    table = ev.violators(with_p(*P), method=method)
    assert table["p_adjusted"].to_list() == pytest.approx(adjusted, rel=1e-12)
    assert table["violator"].sum() == names and table["label"].to_list() == [f"县{at}" for at in range(5)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=15, deadline=None)
def test_adjusted_values_are_those_of_statsmodels_and_scipy(p: list[float]) -> None:
    assert _adjusted(np.array(p), "holm") == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)
    assert _adjusted(np.array(p), "bh") == pytest.approx(false_discovery_control(p), abs=1e-12)


def test_a_county_without_p_counts_as_a_look_and_is_not_listed() -> None:
    table = ev.violators(with_p(0.02, math.nan, 0.9), method="holm")
    assert table["p_adjusted"][0] == pytest.approx(0.06) and math.isnan(table["p_adjusted"][1])
    assert not table["violator"].any()


def test_a_violator_alone_is_the_county_that_is_proven_not_to_meet() -> None:
    for count in (0, 12, 30, 40, 60):
        one = verdict(count)
        assert ev.violators([one], method="holm")["violator"].iloc[0] == (one.zone == "not met")


def test_the_list_keeps_its_promise_when_every_county_sits_on_the_threshold() -> None:
    """Holm over 20 p-values of true hypotheses: some name is wrong at most 5 % of the time, 300 programmes."""
    numbers = np.random.default_rng(8)
    wrong = sum(ev.violators(with_p(*numbers.uniform(size=20)), method="holm")["violator"].any() for _ in range(300))
    assert wrong / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_questions_without_an_answer_are_refused() -> None:
    with pytest.raises(EstimateError, match="bh"):
        ev.violators([BASE], method="bonferroni")
    with pytest.raises(EstimateError, match="alpha"):
        ev.violators([BASE], method="bh", alpha=5)
    with pytest.raises(EstimateError, match="没有任何判定"):
        ev.violators([], method="bh")
    with pytest.raises(EstimateError, match="float"):
        ev.programme([0.02])
    with pytest.raises(TypeError):
        ev.violators([BASE])


def test_280_counties_on_the_threshold_toss_a_coin_and_proof_does_not() -> None:
    """Methods §3.2: the point rule passes about 140 of 280 counties at 2 %, proof at most 14."""
    seen = ev.programme([BASE] * 280)
    assert seen.passed_at_gate == pytest.approx(140, rel=0.08)
    assert seen.proven_at_gate == pytest.approx(14)
    for language, parts in {"zh": ("280 个县", "不超过 14 个"), "en": ("280 counties", "at most 14 would")}.items():
        assert all(part in seen.sentence(language) for part in (*parts, f"{seen.passed_at_gate:.0f}"))


def test_the_sums_are_those_of_the_verdicts() -> None:
    known = [verdict(count) for count in (0, 10, 22, 30, 70)]
    seen = ev.programme({f"县{at}": each for at, each in enumerate(known)})
    assert (seen.counties, seen.passed) == (5, 3)
    assert (seen.met, seen.not_met) == (sum(v.zone == "met" for v in known), sum(v.zone == "not met" for v in known))
    assert seen.not_met >= 1
    assert seen.passed_at_gate == pytest.approx(sum(other_verdict(0.02, 0.02, v.n_eff, legal=False) for v in known), rel=1e-12)
    assert seen.other_at_value == pytest.approx(sum(v.risk_at_value for v in known), rel=1e-12)


def test_counties_without_chances_are_counted_apart() -> None:
    lost = dataclasses.replace(BASE, risk_at_threshold=math.nan)
    seen = ev.programme([BASE, lost])
    assert seen.unknown == 1 and seen.passed_at_gate == ev.programme([BASE]).passed_at_gate
    assert "1 个无法计算" in repr(seen)


def test_the_coin_toss_agrees_with_simulated_counties() -> None:
    """20 villages of 60, correlation .05, every true rate 2 %: share of 4,000 counties that pass, against the verdicts' own chance."""
    numbers = np.random.default_rng(12)
    rates = numbers.beta(0.02 * 19, 0.98 * 19, (4000, 20))
    passing = (numbers.binomial(60, rates).mean(axis=1) / 60 < 0.02).mean()
    assert other_verdict(0.02, 0.02, 1200 / 3.95, legal=False) == pytest.approx(passing, abs=0.04)
