"""The statutory rates against hand arithmetic, against the algebra of Estimates, and against known truth."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.design import Design
from evalkit.frame import Frame
from evalkit.rates import Rate, breakdown
from tests import county

TOTALS = {"remaining": {"value": 1200}, "exited": {"value": 38000}, "non_registry": {"value": 260000}, "rural": {"value": 300000}}
FINDING = {"kind": "finding", "count": "persons", "decided_by": "household"}
RATES: list[dict[str, Any]] = [
    {"name": "错退率", "finding": "wrong_exit", "population": [county.EXITED], **FINDING},
    {"name": "漏评率", "finding": "missed", "population": [county.OUTSIDE], **FINDING},
    {"name": "漏评率b", "finding": "missed", "population": [county.OUTSIDE], "denominator": "villages", **FINDING},
    {"name": "错退户率", "finding": "wrong_exit", "population": [county.EXITED], **FINDING, "count": "households"},
    {
        "name": "综合贫困发生率", "kind": "incidence", "wrong_exit": "错退率", "missed": "漏评率",
        "totals": {**TOTALS, "date": "2018-10-31", "source": "台账"},
    },
    county.plan()["rate"][1],
]  # fmt: skip


def design(**changes: Any) -> Design:
    return county.design(rate=RATES, returns={"empty_cell": "spread"}, evaluation={"singleton": "adjust"}, **changes)


@cache
def built() -> tuple[ev.Survey, Design, Frame, pd.DataFrame]:
    declared, made, sample, returned = county.build(design())
    rosters = ev.read_rosters(pd.concat(made.rosters(sample.villages).values(), ignore_index=True), declared)
    return ev.weigh(ev.determine(ev.collect(sample, returned))), declared, sample.frame, rosters


@cache
def measured() -> dict[str, Rate]:
    return {rate.name: rate for rate in ev.measure(*built())}


def test_a_finding_rate_is_the_weighted_ratio_of_affected_persons() -> None:
    survey = built()[0]
    table = survey.table()
    exited = table["stratum"] == county.EXITED
    hit = table["wrong_exit_confirmed"] & exited
    rate = measured()["错退率"].confirmed
    weights = pd.Series(survey.weights)
    assert rate.numerator == table.loc[hit, "affected"].sum() > 0
    assert rate.denominator == table.loc[exited, "persons"].sum()
    by_hand = (weights * table["affected"])[hit].sum() / (weights * table["persons"])[exited].sum()
    assert float(rate.estimate) == pytest.approx(by_hand, rel=1e-12)


def test_its_standard_error_is_that_of_the_public_ratio_and_proportion() -> None:
    survey = built()[0]
    exited = ev.col("stratum") == county.EXITED
    same = ev.proportion(survey, "wrong_exit_confirmed", where=exited, count="persons", decided_by="household")
    rate = measured()["错退率"].confirmed.estimate
    assert rate.se == pytest.approx(same.se, rel=1e-12)
    pd.testing.assert_frame_equal(rate.interval(), same.interval(), check_exact=False, rtol=1e-10)
    households = ev.proportion(survey, "wrong_exit_confirmed", where=exited)
    assert measured()["错退户率"].confirmed.estimate.se == pytest.approx(households.se, rel=1e-12)


def test_suspected_counts_every_raised_case() -> None:
    rate = measured()["错退率"]
    assert rate.suspected is not None
    assert rate.suspected.numerator > rate.confirmed.numerator
    assert rate.suspected.denominator == rate.confirmed.denominator


def test_variant_b_divides_by_everyone_of_the_drawn_villages() -> None:
    survey, _, _, rosters = built()
    outside = rosters[rosters["stratum"] == county.OUTSIDE]
    rate = measured()["漏评率b"].confirmed
    assert rate.denominator == outside["persons"].sum()
    table = survey.table()
    per_village = table.drop_duplicates("village").set_index("village")["village_prob"].astype(float)
    everyone = (outside.groupby("village")["persons"].sum() / per_village).sum()
    missed = table["missed_confirmed"] & (table["stratum"] == county.OUTSIDE)
    assert float(rate.estimate) == pytest.approx((survey.weights * table["affected"])[missed].sum() / everyone, rel=1e-12)


def test_variant_b_without_rosters_says_what_to_do() -> None:
    survey, declared, frame, _ = built()
    with pytest.raises(ev.EvalkitError, match="rosters/"):
        ev.measure(survey, declared, frame)


def test_incidence_is_its_formula_and_its_error_is_the_algebra_s() -> None:
    survey = built()[0]
    table = survey.table()
    survey_of = ev.Survey.from_data(
        table.assign(
            e_num=table["affected"] * table["wrong_exit_confirmed"] * (table["stratum"] == county.EXITED),
            e_den=table["persons"] * (table["stratum"] == county.EXITED),
            q_num=table["affected"] * table["missed_confirmed"] * (table["stratum"] == county.OUTSIDE),
            q_den=table["persons"] * (table["stratum"] == county.OUTSIDE),
            w=survey.weights,
        ),
        weights="w",
        strata=["village_stratum", "stratum"],
        clusters=["village", "household"],
        fpc=["village_N", "N"],
        nest=True,
        singleton="adjust",
    )
    e, q = ev.ratio(survey_of, "e_num", "e_den"), ev.ratio(survey_of, "q_num", "q_den")
    formula = (1200 + e * 38000 + q * 260000) / 300000
    rate = measured()["综合贫困发生率"].confirmed
    assert float(rate.estimate) == pytest.approx(float(formula), rel=1e-12)
    assert rate.estimate.se == pytest.approx(formula.se, rel=1e-9)
    official = (1200 + 38000 * measured()["错退率"].confirmed.official + 260000 * measured()["漏评率"].confirmed.official) / 300000
    assert rate.official == pytest.approx(official, rel=1e-12)


def test_incidence_never_falls_below_the_remaining_poor() -> None:
    row = measured()["综合贫困发生率"].confirmed.estimate.interval().iloc[0]
    assert row["low"] >= 1200 / 300000
    assert row["low"] < float(measured()["综合贫困发生率"].confirmed.estimate) < row["high"]


def test_approval_counts_do_not_know_as_not_approving_and_shows_the_band() -> None:
    rate = measured()["群众认可度"]
    assert rate.band is not None
    assert rate.band[0] == rate.confirmed.official <= rate.band[1]
    assert rate.suspected is None


def test_groups_add_up_to_the_whole() -> None:
    survey, declared, _, rosters = built()
    labels = pd.Series(np.where(survey.table()["village"].str[-1].isin(list("02468")), "双", "单"))
    whole = measured()
    for name in ("错退率", "漏评率b", "群众认可度"):
        parts = [found for rate, _, found in breakdown(survey, declared, labels, rosters) if rate == name]
        assert len(parts) == 2
        assert sum(part.numerator for part in parts) == pytest.approx(whole[name].confirmed.numerator, rel=1e-12)
        assert sum(part.denominator for part in parts) == whole[name].confirmed.denominator


def test_a_population_that_nobody_is_in_is_an_error() -> None:
    survey, _, frame, rosters = built()
    first, later = county.plan()["stage"]
    stages = [first, {**later, "n": {**later["n"], "脱贫户二": 1}}]
    rate = {**RATES[0], "population": ["脱贫户二"]}
    changed = county.design(stage=stages, criteria={"exited": ["脱贫户二"]}, rate=[rate], evaluation={"singleton": "adjust"})
    with pytest.raises(ev.EvalkitError, match="没有完成的户"):
        ev.measure(survey, changed, frame, rosters)


def test_rates_are_unbiased_over_repeated_draws() -> None:
    """Draw, interview, determine, weigh and measure 25 times: the mean lies within 3 Monte-Carlo errors of the truth.

    The rates are high, so that 3 errors are a twelfth of the rate at most, less than with 60 draws and rare events.
    """
    high = {"wrong_exit": 0.4, "missed": 0.4, "misidentified": 0.4}
    declared = design(specimen={"noncontact": 0.0, "refusal": 0.0, "ineligible": 0.0, "confirmed": 1.0, **high})
    made = county.registry(county.villages(), declared)
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    people = made.households()
    rosters = ev.read_rosters(pd.concat(made.rosters().values(), ignore_index=True), declared)
    found = []
    for seed in range(25):
        sample = ev.draw(frame, declared, seed=f"2718281828459045{seed:04d}")
        sample = ev.draw_next(sample, rosters[rosters["village"].isin(sample.villages)])
        responses = ev.collect(sample, county.returns(sample, people, declared))
        rates = ev.measure(ev.weigh(ev.determine(responses)), declared, frame, rosters[rosters["village"].isin(sample.villages)])
        found.append([float(rate.confirmed.estimate) for rate in rates[:3]])
    truth = _truth(people, declared)
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    # a ratio's own bias is of order 1/n and far below the Monte-Carlo error here; 3 tests, so Bonferroni at 3 errors holds
    assert (np.abs(np.mean(found, axis=0) - truth) < 3 * error).all(), (np.mean(found, axis=0), truth, error)
    assert (3 * error < truth / 12).all()


def _truth(people: pd.DataFrame, declared: Design) -> np.ndarray[Any, Any]:
    assert declared.criteria is not None
    exited, outside = people["stratum"] == county.EXITED, people["stratum"] == county.OUTSIDE
    wrong, missed = people["truth"] == "wrong_exit", people["truth"] == "missed"
    e = people.loc[exited & wrong, "persons"].sum() / people.loc[exited, "persons"].sum()
    q = people.loc[outside & missed, "persons"].sum() / people.loc[outside, "persons"].sum()
    return np.array([e, q, q])
