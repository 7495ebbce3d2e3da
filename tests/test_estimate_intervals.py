"""Intervals of an Estimate: what every row carries, the unit of decision, MOVER, Fay–Feuer, joint intervals, mid-p, flags."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.estimates import mixing

CARRIED = [
    "low", "high", "n", "n_eff", "n_star", "deff", "deff0", "deff_star", "df", "d_e", "event_villages", "icc", "icc_source", "f_eff",
    "level", "reason", "method",
]  # fmt: skip


def county(events: dict[int, int] | None = None, villages: int = 20, take: int = 60, **columns: Any) -> pd.DataFrame:
    """Return villages of so many households; `events` says how many of each village have the property."""
    village = np.repeat(np.arange(villages), take)
    place = np.tile(np.arange(take), villages)
    bad = sum(((village == v) & (place < x) for v, x in (events or {}).items()), np.zeros(len(village), dtype=bool))
    table = pd.DataFrame({"village": village, "bad": bad.astype(int), "half": np.where(place < take // 2, "a", "b"), "one": 1})
    return table.assign(**columns)


def survey(table: pd.DataFrame, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **({"clusters": "village"} | design))


def test_the_worked_case_through_a_survey() -> None:
    # methods §1.6: 20 × 60, 12 events in 7 villages, KG-M with ρ0 = .05
    found = ev.proportion(survey(county({0: 4, 3: 3, 5: 1, 8: 1, 9: 1, 11: 1, 17: 1})), "bad")
    seen = found.interval().iloc[0]
    assert (seen.n, seen.df, seen.d_e, seen.event_villages, seen.icc) == (1200, 19, 6, 7, 0.05)
    assert (seen.deff0, seen.icc_source, seen.method, seen.level) == (pytest.approx(3.95), "规划值 0.05", "kg-m", 0.95)
    deff = found.se[0] ** 2 * 1200 / (0.01 * 0.99)
    assert seen.deff == pytest.approx(deff) and seen.deff_star == pytest.approx((6 * deff + 5 * 3.95) / 11)
    assert seen.n_eff == pytest.approx(1200 / seen.deff_star)


@pytest.mark.parametrize(("icc", "upper"), [(0.0, 0.00275), (0.02, 0.00599), (0.05, 0.01082)])
def test_zero_events_through_a_survey(icc: float, upper: float) -> None:
    # methods §1.6: 20 × 60 without an event
    seen = ev.proportion(survey(county()), "bad").interval(side="upper", icc=icc).iloc[0]
    assert seen.high == pytest.approx(upper, abs=5e-6) and seen.low == 0
    assert (seen.event_villages, seen.d_e, seen.reason) == (0, 0, "") and np.isnan(seen.deff)


@pytest.mark.parametrize("method", [None, "t", "z", "wilson-t", "kg-nchs", "wise", "kott-liu", "fay-feuer"])
def test_every_result_carries_what_it_was_made_of(method: str | None) -> None:
    found = ev.proportion(survey(county({0: 4, 3: 2, 5: 1})), "bad", by="half")
    seen = found.interval(method=method, icc=SimpleNamespace(value=0.03, source="全省合并"))
    assert list(seen.columns) == CARRIED
    assert (seen["event_villages"] == [3, 0]).all() and (seen["icc"] == 0.03).all() and set(seen["icc_source"]) == {"全省合并"}
    assert seen["deff0"].to_numpy() == pytest.approx(1 + 29 * 0.03) and (seen["d_e"] == [2, 0]).all()
    assert (seen["n"] == 600).all() and (seen["level"] == 0.95).all()
    assert not seen[["low", "high"]].isna().any().any()


def test_a_mean_carries_its_design_effect() -> None:
    table = county(income=np.random.default_rng(1).normal(5, 1, 1200))
    found = ev.mean(survey(table), "income")
    seen = found.interval().iloc[0]
    assert (seen.deff, seen.n_eff) == pytest.approx((found.deff()[0], 1200 / found.deff()[0]))
    assert np.isnan(seen.icc) and seen.icc_source == "" and seen.method == "t"


def test_villages_of_the_rarer_class_are_counted_in_take_all_strata_too() -> None:
    table = county({0: 1, 4: 2, 15: 60, 16: 60, 17: 60, 18: 60, 19: 60}, M=np.repeat([10.0, 30.0], 600), stratum=np.repeat([0, 1], 600))
    design = ev.Survey.from_data(table, clusters="village", strata="stratum", fpc="M")
    seen = ev.proportion(design, "bad", by="stratum").interval()
    assert (seen["event_villages"] == [2, 5]).all()
    assert seen["d_e"].iloc[0] == 0 and seen["d_e"].iloc[1] == 4, "villages of a stratum taken whole are told but not counted"
    most = ev.proportion(survey(county({v: 60 for v in range(17)})), "bad").interval()
    assert most["event_villages"].iloc[0] == 3, "above one half the others are the rarer class"


# -- the unit of decision ------------------------------------------------------------------------------------------------


def test_a_rate_of_persons_is_decided_by_households() -> None:
    # methods §2.4 [check]: 1200 households, mean size 3.13, CV² .228: n_eff 977 and U .306 %, not .080 %
    size = np.repeat([1, 2, 3, 4, 5, 6, 7], [130, 314, 406, 120, 120, 70, 40])
    cv2 = size.var() / size.mean() ** 2
    assert (len(size), size.sum(), cv2) == (1200, 3756, pytest.approx(0.228, abs=5e-4))
    assert size.mean() * (1 + cv2) == pytest.approx(3.84, abs=5e-3)
    table = pd.DataFrame({"bad": 0, "persons": size, "household": np.arange(1200)})
    found = ev.proportion(ev.Survey.from_data(table), "bad", count="persons", decided_by="household")
    seen = found.interval(side="upper").iloc[0]
    assert seen.n == 1200 and seen.n_eff == pytest.approx(977, abs=0.5)
    claimed = intervals.proportion(0, int(size.sum()), method="clopper-pearson", side="upper").high
    assert (seen.high, claimed) == pytest.approx((0.00306, 0.00080), abs=5e-6)
    assert seen.high == pytest.approx(1 - 0.05 ** (1 / seen.n_eff), rel=1e-9)


# -- MOVER ---------------------------------------------------------------------------------------------------------------


def two_rates(events: dict[int, int] | None = None) -> ev.Estimate:
    return ev.proportion(survey(county({0: 4, 3: 2, 5: 1, 9: 32} if events is None else events)), "bad", by="half")


def test_mover_of_a_difference_by_hand() -> None:
    rates = two_rates()
    gap = rates["a", "bad"] - rates["b", "bad"]
    limits, cov = rates.interval(), rates.cov()
    r = cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
    want = intervals.mover([1, -1], rates.value, limits["low"], limits["high"], r)
    seen = gap.interval(method="mover").iloc[0]
    assert (seen.low, seen.high) == pytest.approx(want, rel=1e-12)
    assert seen.low < gap.value[0] < seen.high and seen.method == "mover" and seen.icc_source == "规划值 0.05"
    for side in ("lower", "upper"):
        one = gap.interval(0.975, method="mover", side=side).iloc[0]
        assert (one.low if side == "lower" else one.high) == pytest.approx(seen.low if side == "lower" else seen.high)
        assert (one.high if side == "lower" else one.low) == (np.inf if side == "lower" else -np.inf)


def test_mover_of_incidence_with_registry_totals() -> None:
    # methods §6.6: θ = (R0 + A e + B q)/P; known totals, one estimated rate without an event
    rates = two_rates({0: 4, 3: 2})
    theta = (1200 + 38_000 * rates["a", "bad"] + 260_000 * rates["b", "bad"]) / 300_000
    wide, delta = (theta.interval(method=method).iloc[0] for method in ("mover", "t"))
    limits = rates.interval()
    lift = np.hypot(*(np.array([38_000, 260_000]) / 300_000 * (limits["high"] - rates.value)))
    assert wide.high == pytest.approx(theta.value[0] + lift)
    assert wide.high - wide.low > 2 * (delta.high - delta.low), "the delta method takes the rate without event for known"


def test_mover_of_a_ratio_of_rates_and_of_a_single_rate() -> None:
    rates = two_rates()
    ratio = ev.combine(lambda p: p[0] / p[1], rates)
    seen = ratio.interval(method="mover").iloc[0]
    assert seen.low < ratio.value[0] < seen.high
    single, plain = rates.interval(method="mover"), rates.interval()
    assert single[["low", "high"]].to_numpy() == pytest.approx(plain[["low", "high"]].to_numpy(), rel=1e-9)


def test_mover_takes_replicates_too() -> None:
    rates = ev.proportion(survey(county({0: 4, 3: 2, 5: 1, 9: 32})).replicate("jkn"), "bad", by="half")
    gap = rates["a", "bad"] - rates["b", "bad"]
    taylor = two_rates()
    want = (taylor["a", "bad"] - taylor["b", "bad"]).interval(method="mover").iloc[0]
    assert tuple(gap.interval(method="mover")[["low", "high"]].iloc[0]) == pytest.approx((want.low, want.high), rel=1e-6)
    assert mixing.components(gap).value == pytest.approx(rates.value)


def test_mover_wants_proportions_and_villages() -> None:
    made = survey(county({0: 4}, income=1.0))
    with pytest.raises(EstimateError, match="不是比例"):
        (ev.proportion(made, "bad") + ev.mean(made, "income")).interval(method="mover")
    with pytest.raises(EstimateError, match=r"大于 \.5"):
        two_rates().interval(0.4, method="mover", side="upper")
    with pytest.raises(EstimateError, match="不用自由度"):
        two_rates().interval(method="mover", df=3)


# -- other ways ----------------------------------------------------------------------------------------------------------


def test_fay_feuer_from_the_weights_of_a_survey() -> None:
    rng = np.random.default_rng(4)
    w, size = rng.uniform(0.5, 4, 1200), rng.integers(1, 7, 1200)
    table = county({0: 4, 3: 2, 9: 32}, w=w, persons=size, household=np.arange(1200))
    found = ev.proportion(survey(table, weights="w"), "bad", by="half", count="persons")
    seen = found.interval(method="fay-feuer")
    for at, half in enumerate("ab"):
        mine = (table["half"] == half).to_numpy()
        omega = (w * size)[mine]
        want = intervals.fay_feuer(table["bad"].to_numpy()[mine], omega / omega.sum())
        assert tuple(seen[["low", "high"]].iloc[at]) == pytest.approx(want, rel=1e-12)
    assert set(seen["reason"]) == {"不计成群：仅供对照"}
    upper = found.interval(0.975, method="fay-feuer", side="upper")
    assert (upper["low"] == 0).all() and upper["high"].to_numpy() == pytest.approx(seen["high"].to_numpy())
    every = ev.proportion(survey(county(bad=1)), "bad").interval(method="fay-feuer").iloc[0]
    assert every.low < 1 == every.high


def test_wise_takes_the_fraction_of_the_design() -> None:
    table = county({0: 4, 3: 2}, M=40, N=300)
    found = ev.proportion(survey(table, clusters=["village", None], fpc=["M", "N"]), "bad")
    plan, _ = found.planning()
    seen = found.interval(method="wise").iloc[0]
    want = intervals.proportion(found.value[0], 1200, se=plan.se_wr[0], method="wise", f_eff=plan.f_eff[0])
    assert (seen.low, seen.high, seen.f_eff) == pytest.approx((want.low, want.high, plan.f_eff[0])) and seen.f_eff > 0.2


@pytest.mark.parametrize("joint", ["bonferroni", "sidak"])
def test_joint_intervals_are_those_of_a_higher_level(joint: str) -> None:
    found = ev.proportion(survey(county({0: 4, 3: 2})), "bad", by="village")
    seen = found.interval(0.9, joint=joint)
    level = intervals.joint_level(0.9, 20, joint)
    alone = found.interval(level)
    assert seen[["low", "high", "level"]].to_numpy() == pytest.approx(alone[["low", "high", "level"]].to_numpy(), nan_ok=True)
    means = ev.mean(survey(county(income=np.arange(1200.0))), "income", by="half")
    assert (means.interval(joint=joint)["high"] > means.interval()["high"]).all()


def test_joint_intervals_hold_together() -> None:
    rng = np.random.default_rng(6)
    missed = 0
    for _ in range(200):
        table = pd.DataFrame({"g": np.repeat(np.arange(8), 40), "y": rng.normal(0, 1, 320)})
        seen = ev.mean(ev.Survey.from_data(table), "y", by="g").interval(0.9, joint="bonferroni")
        missed += bool(((seen["low"] > 0) | (seen["high"] < 0)).any())
    assert missed / 200 <= 0.1 + 3 * np.sqrt(0.09 / 200)


def test_midp_is_for_tables_only() -> None:
    found = ev.proportion(survey(county({0: 4, 3: 2})), "bad")
    full, half = found.interval().iloc[0], found.interval(midp=True).iloc[0]
    assert full.low < half.low < half.high < full.high and half.method == "kg-m（mid-p）"
    for method in ("t", "mover", "wilson"):
        with pytest.raises(EstimateError, match="折半"):
            found.interval(method=method, midp=True)

    class Shortened:
        value, se, df, n = found.value, found.se, found.df, found.n

        def interval(self, *, level: float, side: Any, icc: float | None = None) -> pd.DataFrame:
            return found.interval(level, side=side, icc=icc, midp=True)

    with pytest.raises(EstimateError, match="mid-p"):
        ev.judge(Shortened(), 0.02, strict=True)


def test_questions_without_an_answer_name_the_ways() -> None:
    found = two_rates()
    for method, words in (("best", "mover"), ("wang", "population"), ("hypergeometric", "population")):
        with pytest.raises(EstimateError, match=words):
            found.interval(method=method)
    with pytest.raises(EstimateError, match="bonferroni"):
        found.interval(joint="scheffe")
    with pytest.raises(EstimateError, match="icc"):
        found.interval(icc="0.05")


# -- flags ---------------------------------------------------------------------------------------------------------------


def test_flags_keep_every_number_and_take_kg_m_at_zero_events() -> None:
    # methods §1.4: never a width of 0 at no events
    found = ev.proportion(survey(county({0: 4, 3: 2, 9: 1})), "bad", by="half")
    seen = found.flags()
    assert list(seen.columns) == [
        "half", "variable", "estimate", "low", "high", "n", "n_eff", "df", "status", "codes", "reason_zh", "reason_en",
    ]  # fmt: skip
    assert seen["estimate"].to_numpy() == pytest.approx(found.value)
    assert seen["status"].tolist() == ["show", "review"] and seen["codes"].tolist() == ["", "end"]
    inside, ends = found.interval(method="kg-nchs").iloc[0], found.interval().iloc[1]
    assert (seen["low"].iloc[0], seen["high"].iloc[0]) == (inside.low, inside.high)
    assert (seen["low"].iloc[1], seen["high"].iloc[1]) == (0, ends.high) and ends.high > 0.01


def test_flags_of_few_villages_and_few_households() -> None:
    seen = ev.proportion(survey(county({0: 1}, villages=4, take=6)), "bad").flags().iloc[0]
    assert seen.status == "suppress" and {"few-units", "few-df"} <= set(seen.codes.split("、")) and seen.estimate > 0
    assert seen.reason_zh.startswith("单位数") and seen.reason_en.startswith("fewer than 30")


def test_flags_of_a_shifted_proportion_are_those_of_the_proportion() -> None:
    found = ev.proportion(survey(county({0: 4, 3: 2})), "bad")
    moved = (1200 - 260_000 * found) / 300_000
    assert moved.flags()["codes"].tolist() == found.flags()["codes"].tolist()
    assert moved.flags()["estimate"].iloc[0] == moved.value[0]


def test_flags_of_ratios_and_of_what_has_no_standard() -> None:
    made = survey(county({0: 4, 3: 2}, persons=3, wrong=0))
    ratio = ev.ratio(made, "bad", "persons").flags().iloc[0]
    assert "few-numerator" in ratio.codes.split("、"), "6 households with an event are fewer than 10"
    with pytest.raises(EstimateError, match="均值"):
        ev.mean(made, "persons").flags()
