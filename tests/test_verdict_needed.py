"""What it would take to prove a verdict, the correlation that tips it, and questions that judge refuses or doubts."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError, EvalkitWarning
from evalkit.sizing import Setting, villages_for_bound


def survey(events=(), villages: int = 20, take: int = 60, **columns) -> ev.Survey:
    """Villages of one take; `events` are the rows with the property."""
    at = np.arange(villages * take)
    table = pd.DataFrame({"village": at // take, "wrong": np.isin(at, list(events)), "M": 200, "N": 300, "persons": 1 + at % 6})
    return ev.Survey.from_data(table.assign(right=~table.wrong), clusters=["village", None], **columns)


def judged(events=(), gate: float = 0.02, villages: int = 20, take: int = 60, **asked):
    return ev.judge(ev.proportion(survey(events, villages, take), "wrong"), gate, strict=True, **asked)


# -- how many more -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gate", "take", "icc"), [(0.02, 60, 0.05), (0.01, 60, 0.05), (0.01, 30, 0.1), (0.02, 120, 0.05)])
def test_no_event_agrees_with_the_sizing_of_a_plan(gate: float, take: int, icc: float) -> None:
    plan = villages_for_bound(Setting(take, icc), gate, events=0)
    need = judged((), gate, 10, take, icc=icc).needed
    assert (need.villages, need.households) == (plan.villages, plan.complete)
    assert need.more_villages == max(plan.villages - 10, 0) and need.more_households == take * need.more_villages


@pytest.mark.parametrize("events", [(3, 70, 500), tuple(range(0, 1200, 70)), tuple(range(0, 1200, 40)), tuple(range(25))])
def test_so_many_villages_prove_it_and_one_less_does_not(events) -> None:
    verdict = judged(events, 0.0201)
    need, (plan, _) = verdict.needed, verdict.asked[0].planning()
    side, column = ("upper", "high") if verdict.legal else ("lower", "low")

    def bound(m: float) -> float:
        k, spread = m / 20, float(verdict.asked[0].se[0]) / math.sqrt(m / 20)
        grown = ev.intervals.Planning(plan.deff_w, plan.take, np.minimum(plan.events_df * k, m - 1), 0.05)
        made = ev.intervals.proportion(verdict.value, 1200 * k, se=spread, df=m - 1, level=0.95, side=side, planning=grown)
        return float(np.ravel(getattr(made, column))[0])

    for villages, proven in ((need.villages, True), (need.villages - 1, False)):
        assert (bound(villages) < 0.0201 if side == "upper" else bound(villages) > 0.0201) == proven
    assert (need.more_villages > 0) == (not verdict.confident)


def test_the_sentence_says_how_many_more_and_the_same_sample_grown_proves_it() -> None:
    events = (3, 200, 500, 700, 900, 1000, 1100)
    verdict = judged(events, 0.0112, name="错退率")
    need = verdict.needed
    told = f"共需{need.villages:.0f}个村{need.households:.0f}户（再抽{need.more_villages:.0f}个村{need.more_households:.0f}户）才能证实"
    assert not verdict.confident and told in verdict.sentence(register="technical")
    assert f"{need.more_villages:.0f} villages and" in verdict.sentence("en", register="technical")
    times = math.ceil(need.villages / 20)
    grown = judged([at + 1200 * k for at in events for k in range(times)], 0.0112, 20 * times)
    assert grown.value == pytest.approx(verdict.value) and grown.zone == "met"


def test_no_number_helps_when_the_estimate_lies_on_the_other_side() -> None:
    verdict = judged(range(0, 1200, 48), name="错退率", legal_value=0.0199)  # weighted estimate 2.08 %
    assert verdict.legal and math.isnan(verdict.needed.villages) and "那一侧" in verdict.needed.reason
    assert verdict.needed.reason in verdict.sentence(register="technical")
    assert "no number of households" in verdict.sentence("en", register="technical")
    close = judged(range(0, 1200, 50), gate=0.02 + 1e-9)
    assert close.legal and "太近" in close.needed.reason and "too near" in close.sentence("en", register="technical")


def test_no_event_also_says_how_few_could_have_proved_it() -> None:
    told = judged((), villages=20, name="错退率").sentence(register="technical")
    assert "未发现时，这样的判定最少要12个村720户才能证实" in told


def test_a_finite_population_needs_no_more_than_all_of_it() -> None:
    made = survey(range(0, 1200, 50), fpc=["M", "N"])
    verdict = ev.judge(ev.proportion(made, "wrong"), 0.0201, strict=True)
    assert 20 < verdict.needed.villages <= 20 / float(verdict.asked[0].planning()[0].f_eff[0]) + 1


@given(st.sets(st.integers(0, 1199), min_size=1, max_size=40))
@settings(max_examples=10, deadline=None)
def test_approval_is_the_mirror_of_disapproval(events) -> None:
    made = survey(events)
    one = ev.judge(ev.proportion(made, "wrong"), 0.1, strict=True)
    other = ev.judge(ev.proportion(made, "right"), 0.9, direction="above", strict=True)
    assert one.needed == other.needed
    assert one.tipping.icc == pytest.approx(other.tipping.icc, abs=1e-5, nan_ok=True)
    assert one.p_violation == pytest.approx(other.p_violation, abs=1e-7)


class Reduced(NamedTuple):
    """An estimate of another package: value, error and a symmetric interval, nothing that KG-M could plan with."""

    value: Any
    se: Any
    df: Any
    n: Any
    whole: Any

    def interval(self, **asked: Any) -> pd.DataFrame:
        return self.whole.interval(**asked)


def test_other_intervals_say_that_they_do_not_know() -> None:
    table = pd.DataFrame({"v": np.arange(400) // 20, "y": np.linspace(0, 1, 400) ** 3})
    mean = ev.mean(ev.Survey.from_data(table, clusters=["v"]), "y")
    verdict = ev.judge(Reduced(mean.value, mean.se, mean.df, mean.n, mean), 0.5, strict=True)
    assert verdict.method == "t" and "KG-M" in verdict.needed.reason and math.isnan(verdict.tipping_icc)


# -- the correlation that tips a verdict ---------------------------------------------------------------------


@pytest.mark.parametrize(("events", "gate"), [((), 0.02), ((), 0.01), ((3, 70, 500), 0.02), (tuple(range(0, 1200, 75)), 0.025)])
def test_the_zone_changes_at_the_tipping_correlation(events, gate: float) -> None:
    verdict = judged(events, gate)
    at = verdict.tipping_icc
    below, above = (judged(events, gate, icc=at + step).zone for step in (-2e-5, 2e-5))
    assert below == "met" and above == "not proven" and verdict.tipping.zone == (above if verdict.zone == "met" else below)
    word = "大于" if verdict.zone == "met" else "小于"
    assert f"村内相关{word}{at:.3f}时" in verdict.sentence(register="technical")


def test_no_correlation_tips_what_the_data_decide_alone() -> None:
    verdict = judged(range(0, 1200, 40))
    assert math.isnan(verdict.tipping_icc) and verdict.tipping.reason.startswith("村内相关取 0 至 1")
    assert "村内相关" not in verdict.sentence(register="technical")


def test_a_bad_county_tips_too() -> None:
    verdict = judged(range(0, 1200, 23))
    assert verdict.zone == "not met" and verdict.tipping.zone == "not proven" and verdict.tipping_icc > 0.05


# -- the p-value of the other side ---------------------------------------------------------------------------


@pytest.mark.parametrize("events", [range(0, 1200, 40), range(0, 1200, 23), range(8)])
def test_p_violation_puts_the_other_bound_on_the_threshold(events) -> None:
    verdict = judged(events)
    estimate = verdict.asked[0]
    assert estimate.interval(level=1 - verdict.p_violation, side="lower")["low"].iloc[0] == pytest.approx(0.02, abs=1e-7)
    assert (verdict.zone == "not met") == (verdict.p_violation < 0.05)


def test_no_event_is_no_violation_whatever_the_alpha() -> None:
    assert judged(()).p_violation == 1


# -- questions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"threshold": 2}, r"2% 写 0\.02"),
        ({"threshold": 90}, r"90% 写 0\.9"),
        ({"threshold": 1}, "任何率都达到"),
        ({"threshold": 0}, "任何率都达到"),
        ({"threshold": 0, "direction": "above"}, "任何率都达到"),
        ({"level": 95}, "level"),
    ],
)
def test_thresholds_outside_the_scale_are_refused_with_what_to_type(asked, words: str) -> None:
    with pytest.raises(EstimateError, match=words):
        ev.judge(ev.proportion(survey((1,)), "wrong"), **({"threshold": 0.02, "strict": True} | asked))


def test_all_faults_of_one_question_are_told_at_once() -> None:
    with pytest.raises(EstimateError, match="3 处错误") as caught:
        ev.judge(ev.proportion(survey((1,)), "wrong"), 2, direction="under", strict="yes")
    assert len(caught.value.faults) == 3


def test_no_error_at_all_may_be_a_standard() -> None:
    verdict = ev.judge(ev.proportion(survey(()), "wrong"), 0, strict=False)
    assert (verdict.legal, verdict.zone) == (True, "not proven") and "那一侧" in verdict.needed.reason


@pytest.mark.parametrize(("gate", "direction", "word"), [(0.9, "below", "above"), (0.02, "above", "below")])
def test_a_threshold_on_the_unlikely_side_is_doubted(gate: float, direction, word: str) -> None:
    with pytest.warns(EvalkitWarning, match=f'direction="{word}"'):
        ev.judge(ev.proportion(survey((1,)), "wrong"), gate, direction=direction, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ev.judge(ev.proportion(survey((1,)), "wrong"), gate, direction=word, strict=True)


def test_what_is_no_estimate_is_refused() -> None:
    estimate = ev.proportion(survey((1,)), "wrong")
    for asked in (estimate.interval(), 0.01):
        with pytest.raises(EstimateError, match="mid-p"):
            ev.judge(asked, 0.02, strict=True)
    with pytest.warns(EvalkitWarning, match="没有行"):
        nobody = ev.proportion(survey((1,)), "wrong", where=ev.col("persons") > 9)
    with pytest.raises(EstimateError, match="不是数"):
        ev.judge(nobody, 0.02, strict=True)


def test_without_degrees_of_freedom_nothing_is_proven_and_the_sentence_says_why() -> None:
    made = ev.Survey.from_data(pd.DataFrame({"v": np.repeat([1, 2], 50), "s": np.repeat([1, 2], 50), "y": np.arange(100) == 3}),
                               strata="s", clusters=["v"], singleton="certainty")  # fmt: skip
    verdict = ev.judge(ev.proportion(made, "y"), 0.02, strict=True, name="错退率")
    assert (verdict.legal, verdict.zone, verdict.confident) == (True, "not proven", False)
    assert str(verdict).endswith("统计把握程度不充分（自由度不大于 0，区间无法给出）。")
    assert "no bound can be given" in verdict.sentence("en")


def test_the_english_sentence_names_the_deciding_bound() -> None:
    bad = judged(range(0, 1200, 23), name="wrong exits").sentence("en")
    assert "not met. Statistical assurance is sufficient (one-sided 95% lower limit" in bad
    assert "insufficient (one-sided 95% upper limit" in judged(range(0, 1200, 75), 0.018).sentence("en")
