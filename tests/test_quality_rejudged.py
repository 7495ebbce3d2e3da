"""Interviewers, replacements and silence: verdicts by the code of the evaluation, bounds by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.errors import EstimateError
from evalkit.findings import Findings, determine
from evalkit.quality.rejudging import Again
from evalkit.rates import measure
from evalkit.survey import released
from evalkit.verdict import gate_verdicts, satisfies
from tests import county

SAID = {"legal_value": "unweighted", "quote": "见文件", "source": "某文件"}
GATES = [
    {"rate": "错退率", "threshold": 0.02, "direction": "below", "strict": True, **SAID},
    {"rate": "群众认可度", "threshold": 0.9, "direction": "above", "strict": False, **SAID},
]
SPREAD = {"empty_cell": "spread"}


@cache
def built() -> tuple[Findings, Any]:
    declared = county.design(gate=GATES, returns=SPREAD)
    _, registry, sample, table = county.build(declared)
    frame = ev.Frame.from_data(registry.villages(), id="village_code", name="village", columns=["township_code"])
    return determine(ev.collect(sample, table)), frame


TOLD: list[str] = []


@cache
def left_out() -> Any:
    return ev.leave_out(*built(), progress=TOLD.append)


def test_an_interviewer_left_out_by_hand() -> None:
    findings, found = built()[0], left_out()
    table, who = findings.table(), "D011"
    rest = table[(table["interviewer"] != who) & table["complete"] & (table["stratum"] == county.EXITED)]
    by_hand = rest.loc[rest["wrong_exit_confirmed"], "affected"].sum() / rest["persons"].sum()
    rows = found.table().set_index(["rate", "left_out"])
    assert rows.loc[("错退率", who), "official"] == pytest.approx(by_hand)
    assert rows.loc[("错退率", who), "n"] == ((table["interviewer"] == who) & table["complete"]).sum()


def test_nobody_left_out_is_the_evaluation_itself() -> None:
    findings, frame = built()
    found = left_out()
    rates = measure(ev.weigh(findings), findings.design, frame)
    verdicts = gate_verdicts(findings.design, rates, len(findings.sample.villages))
    assert found.whole["official"].tolist() == [float(rate.confirmed.official) for rate in rates]
    assert found.whole["zone"].tolist() == [verdict.zone for verdict in verdicts]


def test_without_nobody_nothing_changes() -> None:
    """Bounds and all: what is done many times is the evaluation itself, and not something near it."""
    again = Again(*built())
    judged = gate_verdicts(again.design, measure(ev.weigh(again.findings), again.design, again.frame), len(again.findings.sample.villages))
    pd.testing.assert_frame_equal(again.without(np.zeros(len(again.findings.table()), dtype=bool)), again.rows(), check_exact=True)
    assert again.rows()[["low", "high", "legal", "zone"]].values.tolist() == [[v.low, v.high, v.legal, v.zone] for v in judged]


def test_ranges_hold_every_row_and_count_the_changes() -> None:
    found = left_out()
    rows, ranges = found.table(), found.ranges().set_index("rate")
    assert not found.refused and set(rows["left_out"]) == set(built()[0].table().query("complete")["interviewer"])
    for rate, mine in rows.groupby("rate"):
        assert ranges.loc[rate, "official_low"] == mine["official"].min() and ranges.loc[rate, "estimate_high"] == mine["estimate"].max()
        changed = (mine["legal"] != found.whole.set_index("rate").loc[rate, "legal"]).sum()
        assert ranges.loc[rate, "legal_changes"] == changed
    assert "逐一去掉调查员" in repr(found)
    assert [f"逐一去掉调查员 {done}/{len(TOLD)}" for done in range(1, rows["left_out"].nunique() + 1)] == TOLD


def test_effects_of_interviewers_of_a_made_up_county_and_their_picture() -> None:
    found = ev.interviewers(built()[0])
    table = found.table().set_index("指标")
    assert table.loc["群众认可度", "共访村数"] == table.loc["群众认可度", "村数"] and table.loc["群众认可度", "说明"] == ""
    assert table["rho"].abs().max() < 0.15  # answers do not depend on who asked
    chart = charts.Chart.of(found.plot("群众认可度"), "interviewers")
    assert chart.collisions() == [] and found["群众认可度"].df[0] > 0
    with pytest.raises(EstimateError, match="指标"):
        found["别的"]


def test_an_interviewer_who_finds_too_much_stands_out() -> None:
    findings, _ = built()
    table = findings.table()
    table = table[table["complete"]].assign(y=lambda t: (t["interviewer"] == "D011").astype(float))
    found = ev.interviewers(table, variables=["y"])
    rows = found.differences("y").set_index("label")
    assert rows["difference"].idxmax() == "D011" and rows.loc["D011", "low"] > 0 and found["y"].p_value < 1e-6


def test_confounded_teams_are_told() -> None:
    table = pd.DataFrame({"village": list("aabb"), "team": list("ssTT"), "y": [0, 1, 0, 0]})
    found = ev.interviewers(table, "team", variables=["y"])
    assert "分不开" in found.table()["说明"].iloc[0] and "混淆" in repr(found) and np.isnan(found.table()["deff_int"].iloc[0])


@pytest.mark.parametrize(
    ("change", "words"), [({"team": ["s", "", "T", "T"]}, "没有写谁"), ({"y": list("abcd")}, "应为数值")]
)  # fmt: skip
def test_what_cannot_be_looked_at_is_refused(change, words) -> None:
    table = pd.DataFrame({"village": list("aabb"), "team": list("sTTT"), "y": [0, 1, 0, 0]}).assign(**change)
    with pytest.raises(EstimateError, match=words):
        ev.interviewers(table, "team", variables=["y"])


def test_without_reserves_by_hand() -> None:
    findings, frame = built()
    found = ev.without_reserves(findings, frame).set_index("rate")
    table = findings.table()
    mine = table[(table["role"] == "main") & table["complete"] & (table["stratum"] == county.EXITED)]
    by_hand = mine.loc[mine["wrong_exit_confirmed"], "affected"].sum() / mine["persons"].sum()
    assert found.loc["错退率", "official_mains"] == pytest.approx(by_hand)
    assert found.loc["错退率", "replacements"] == (table["complete"] & (table["role"] == "reserve")).sum() > 0


def test_worst_cases_by_hand() -> None:
    findings = built()[0]
    found = ev.worst_case(findings).set_index("rate")
    table = findings.table()
    mine = table[table["stratum"] == county.EXITED]
    done, silent = mine[mine["complete"]], mine[mine["disposition"].isin(["refusal", "noncontact"])]
    events = done.loc[done["wrong_exit_confirmed"], "affected"].sum()
    whole = done["persons"].sum() + silent["persons"].sum()
    assert found.loc["错退率", "official_high"] == pytest.approx((events + silent["persons"].sum()) / whole)
    assert found.loc["错退率", "official_low"] == pytest.approx(events / whole)
    assert found.loc["错退率", "silent"] == len(silent)
    assert (found["estimate_low"] <= found["estimate"]).all() and (found["estimate"] <= found["estimate_high"]).all()


@pytest.mark.parametrize("way", [0.2, 0.6, 0.9])
def test_the_flip_is_the_first_count_that_turns_the_verdict(way: float) -> None:
    findings = built()[0]
    mine = findings.table()[findings.table()["stratum"] == county.EXITED]
    silent = np.sort(mine.loc[mine["disposition"].isin(["refusal", "noncontact"]), "persons"])[::-1]
    events, whole = mine.loc[mine["wrong_exit_confirmed"], "affected"].sum(), mine.loc[mine["complete"], "persons"].sum() + silent.sum()
    gate = events / (whole - silent.sum()) + way * silent.sum() / whole * 0.9
    declared = county.design(gate=[{**GATES[0], "threshold": round(float(gate), 6)}], returns=SPREAD)
    found = ev.worst_case(determine(ev.collect(*county.build(declared)[2:]))).iloc[0]
    path = [(events + silent[:k].sum()) / whole for k in range(len(silent) + 1)]
    turned = [k for k, value in enumerate(path) if not satisfies(value, gate, "below", True)]
    assert found["legal"] and not found["legal_worst"] and found["flip"] == turned[0] and found["note"] == ""
    if way == 0.6:
        assert silent[0] > silent[-1]  # the largest first, so fewer than if the smallest were


def test_registry_differences_have_the_joint_error() -> None:
    responses = built()[0].responses
    found = ev.registry_bias(responses)
    assert found["variable"].tolist() == ["stratum"] * 3 + ["registry_persons"]
    assert np.allclose(found["respondents"] - found["sample"], found["difference"])
    assert (found["se"] > 0).all() and (found["n"] >= found["n_respondents"]).all()
    survey = released(responses)
    apart = ev.mean(survey, "persons", where="complete").se[0]
    assert found.set_index("variable").loc["registry_persons", "se"] < apart  # most of both means is the same households
    with pytest.raises(EstimateError, match="没有这一列"):
        ev.registry_bias(responses, ["血型"])


def test_t_of_the_registry_difference_is_calm_where_silence_is_by_lot() -> None:
    numbers, beyond = np.random.default_rng(9), 0
    for _ in range(150):
        table = pd.DataFrame({"x": numbers.normal(size=200), "answered": numbers.uniform(size=200) < 0.8, "village": np.arange(200) // 10})
        survey = ev.Survey.from_data(table, clusters="village")
        gap = ev.mean(survey, "x", where="answered") - ev.mean(survey, "x")
        beyond += abs(float(gap) / gap.se[0]) > 2.09
    assert abs(beyond / 150 - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 150)
