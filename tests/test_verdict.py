"""Verdicts: the legal rule, the three zones, p-values, risks and the sentences, on a reduced and on a real estimate."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.intervals import Planning, proportion
from evalkit.verdict import conclude, judge, other_verdict


@dataclasses.dataclass(frozen=True)
class Sampled:
    """An estimate reduced to what a verdict reads: 20 villages of 60 unless told otherwise."""

    rate: float
    spread: float = 0.0
    units: int = 1200
    freedom: float = 19
    events_df: float = 0
    take: float = 60
    kind: str = "proportion"

    value = property(lambda self: np.array([self.rate]))
    se = property(lambda self: np.array([self.spread]))
    n = property(lambda self: np.array([self.units]))
    df = property(lambda self: np.array([self.freedom]))

    def interval(self, level=0.95, method=None, side="two", df=None, icc=None):
        plan = Planning(1, self.take, self.events_df, 0.05 if icc is None else icc)
        seen = proportion(self.value, self.n, se=self.se, df=self.freedom, level=level, side=side, planning=plan)
        names = ("low", "high", "n_eff", "deff_star", "icc", "df")
        return pd.DataFrame({name: np.broadcast_to(getattr(seen, name), 1) for name in names}).assign(method="kg-m")


WORKED = Sampled(0.01, 0.0045, events_df=6)
NONE = Sampled(0.0)


# -- rules ---------------------------------------------------------------------------------------------------


def test_the_worked_case_is_legal_but_not_proven():
    verdict = judge(WORKED, 0.02, strict=True, name="错退率")
    assert (verdict.legal, verdict.zone, verdict.confident) == (True, "not proven", False)
    assert verdict.high == pytest.approx(0.0240859, rel=3e-6)
    assert (verdict.interval_low, verdict.interval_high) == pytest.approx((0.00232831, 0.0274328), rel=3e-6)
    assert (verdict.n, verdict.df, verdict.icc, verdict.method) == (1200, 19, 0.05, "kg-m")
    assert verdict.deff == pytest.approx(3.1343, rel=2e-5)
    assert verdict.n_eff == pytest.approx(1200 / 3.1343, rel=2e-5)


@pytest.mark.parametrize(
    ("rate", "direction", "legal", "zone"),
    [
        (0.001, "below", True, "met"),
        (0.001, "above", False, "not met"),
        (0.015, "below", True, "not proven"),
        (0.025, "below", False, "not proven"),
        (0.10, "below", False, "not met"),
        (0.10, "above", True, "met"),
        (0.03, "above", True, "not proven"),
    ],
)
def test_zones_and_legal_rule_on_both_sides(rate, direction, legal, zone):
    estimate = Sampled(rate, math.sqrt(1.5 * rate * (1 - rate) / 1200), events_df=15)
    verdict = judge(estimate, 0.02, direction=direction, strict=True)
    assert (verdict.legal, verdict.zone) == (legal, zone)
    assert verdict.confident == (zone == ("met" if legal else "not met"))


@pytest.mark.parametrize("direction", ["below", "above"])
@pytest.mark.parametrize("value", [24 / 1200, 0.02 + 4e-17, 0.02 - 4e-17])
def test_on_the_threshold_strictness_decides(direction, value):
    assert not judge(WORKED, 0.02, direction=direction, strict=True, legal_value=value).legal
    assert judge(WORKED, 0.02, direction=direction, strict=False, legal_value=value).legal


@pytest.mark.parametrize("direction", ["below", "above"])
def test_a_zone_begins_at_the_bound_and_not_before_it(direction):
    bounds = judge(WORKED, 0.02, strict=True)
    proven = {"below": ("met", "not met"), "above": ("not met", "met")}[direction]
    for bound, zone, side in ((bounds.high, proven[0], 1), (bounds.low, proven[1], -1)):
        for step, expected in ((1e-9, zone), (0.0, "not proven"), (-1e-9, "not proven")):
            gate = bound + side * step
            assert judge(WORKED, gate, direction=direction, strict=True).zone == expected


@pytest.mark.parametrize(("rate", "direction"), [(0.01, "below"), (0.03, "below"), (0.03, "above"), (0.96, "above"), (0.0, "below")])
def test_p_value_puts_the_bound_on_the_threshold(rate, direction):
    gate = 0.9 if rate > 0.5 else 0.02
    estimate = Sampled(rate, math.sqrt(2 * rate * (1 - rate) / 1200), events_df=6)
    verdict = judge(estimate, gate, direction=direction, strict=True)
    side, column = ("upper", "high") if direction == "below" else ("lower", "low")
    assert estimate.interval(level=1 - verdict.p_value, side=side)[column].iloc[0] == pytest.approx(gate, abs=1e-7)
    for alpha in (each for each in (0.2 * verdict.p_value, 1.5 * verdict.p_value) if each <= 0.5):
        assert (judge(estimate, gate, direction=direction, strict=True, alpha=alpha).zone == "met") == (alpha > verdict.p_value)


@given(rate=st.floats(0.001, 0.2), gate=st.floats(0.005, 0.15), events=st.floats(0, 19))
@settings(max_examples=25, deadline=None)
def test_swapping_the_sides_mirrors_the_verdict(rate, gate, events):
    spread = math.sqrt(2 * rate * (1 - rate) / 1200)
    one = judge(Sampled(rate, spread, events_df=events), gate, direction="below", strict=True)
    other = judge(Sampled(1 - rate, spread, events_df=events), 1 - gate, direction="above", strict=True)
    assert (one.legal, one.zone) == (other.legal, other.zone)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-7)
    assert one.risk_at_value == pytest.approx(other.risk_at_value, abs=1e-7)


@pytest.mark.parametrize("freedom", [0, 1, 1.9])
def test_too_few_degrees_of_freedom_give_no_p_value_and_say_so(freedom):
    verdict = judge(Sampled(0.01, 0.0045, freedom=freedom), 0.02, strict=True, name="错退率")
    assert math.isnan(verdict.p_value) and "自由度" in verdict.p_reason
    assert "p 未给出" in verdict.sentence("zh", register="technical")
    if freedom == 0:
        assert (verdict.zone, verdict.confident) == ("not proven", False)
        assert str(verdict) == "错退率为1.00%（区间无法给出），低于2%的门槛，达到标准；统计把握程度不充分。"


def test_planned_correlation_reaches_the_interval():
    loose, tight = (judge(NONE, 0.01, strict=True, icc=icc) for icc in (0.1, 0.02))
    assert (loose.icc, tight.icc) == (0.1, 0.02)
    assert (loose.zone, tight.zone) == ("not proven", "met")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"threshold": 2}, "threshold"),
        ({"threshold": -0.1}, "threshold"),
        ({"threshold": math.nan}, "threshold"),
        ({"direction": "under"}, "below"),
        ({"alpha": 0}, "alpha"),
        ({"strict": "yes"}, "strict"),
        ({"legal_value": 1.5}, "legal_value"),
    ],
)
def test_questions_without_an_answer_are_refused(change, words):
    with pytest.raises(EstimateError, match=words):
        judge(WORKED, **({"threshold": 0.02, "strict": True} | change))


def test_strict_has_no_default_and_one_row_is_judged_at_a_time():
    with pytest.raises(TypeError):
        judge(WORKED, 0.02)

    class Many(Sampled):
        value = property(lambda self: np.array([0.01, 0.02]))

    with pytest.raises(EstimateError, match="一次只判定一行"):
        judge(Many(0.01), 0.02, strict=True)


def test_verdicts_are_frozen():
    verdict = judge(WORKED, 0.02, strict=True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.legal = False


# -- risks ---------------------------------------------------------------------------------------------------


def test_risk_agrees_with_simulated_villages():
    # 20 villages of 60, correlation .05, threshold 2 %: chance that the sample rate is below, by simulation
    for rate, passing in {0.0025: 1.0, 0.005: 0.99, 0.01: 0.94, 0.015: 0.77, 0.02: 0.52, 0.025: 0.29, 0.03: 0.14, 0.04: 0.02}.items():
        assert other_verdict(rate, 0.02, 1200 / 3.95, legal=False) == pytest.approx(passing, abs=0.04)


def test_risk_agrees_with_a_draw_of_beta_binomial_villages():
    numbers = np.random.default_rng(3)
    rate, icc = 0.015, 0.05
    village = numbers.beta(rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc, (4000, 20))
    passing = (numbers.binomial(60, village).mean(axis=1) / 60 < 0.02).mean()
    assert other_verdict(rate, 0.02, 1200 / 3.95, legal=True) == pytest.approx(1 - passing, abs=0.03)


def test_risk_is_that_of_a_beta_with_the_variance_of_the_estimate():
    rate, n_eff = 0.015, 304
    concentration = rate * (1 - rate) / (rate * (1 - rate) / n_eff) - 1
    passing = stats.beta(rate * concentration, (1 - rate) * concentration).cdf(0.02)
    assert other_verdict(rate, 0.02, n_eff, legal=False) == pytest.approx(passing, rel=1e-12)


def test_risk_at_the_ends_and_beyond():
    assert other_verdict(0, 0.02, 300, legal=True) == 0
    assert other_verdict(1, 0.9, 300, legal=True, direction="above") == 0
    assert other_verdict(0.01, 0.02, 300, legal=True) + other_verdict(0.01, 0.02, 300, legal=False) == pytest.approx(1)
    assert math.isnan(other_verdict(0.01, 0.02, 0.5, legal=True))
    assert math.isnan(other_verdict(-0.1, -0.1, 300, legal=True))


# -- zero events ---------------------------------------------------------------------------------------------


def test_zero_events_carry_two_more_bounds():
    verdict = judge(NONE, 0.02, strict=True, name="错退率", villages=20)
    assert (verdict.zone, verdict.legal) == ("met", True)
    assert verdict.high == pytest.approx(0.01082, abs=5e-6)
    assert verdict.free_bound == pytest.approx(0.00249, abs=5e-6)
    assert verdict.village_bound == pytest.approx(0.139, abs=5e-4)
    assert str(verdict) == "错退率：样本中未发现（95%区间上限1.37%），低于2%的门槛，达到标准；统计把握程度充分（单侧95%上限1.08%）。"
    technical = verdict.sentence("zh", register="technical")
    assert "0.25%" in technical and "13.91%" in technical and "未发现" in technical
    assert all("不存在" not in verdict.sentence("zh", register=r) for r in ("main", "technical"))
    assert "none found" in verdict.sentence("en")
    some = judge(WORKED, 0.02, strict=True, villages=20)
    assert math.isnan(some.village_bound) and math.isnan(some.free_bound)


def test_ten_villages_cannot_prove_even_with_no_event():
    verdict = judge(Sampled(0.0, freedom=9, take=120), 0.02, strict=True)
    assert verdict.legal and verdict.zone == "not proven" and verdict.high == pytest.approx(0.0213, abs=5e-5)


# -- sentences -----------------------------------------------------------------------------------------------


def test_main_sentences_are_for_people():
    passed = judge(Sampled(0.0043, 0.0019, 2640, 43, 8, 30), 0.02, strict=True, name="错退率")
    assert str(passed) == "错退率为0.43%（95%区间0.13%～1.03%），低于2%的门槛，达到标准；统计把握程度充分（单侧95%上限0.92%）。"
    assert passed.sentence("en") == (
        "错退率 is 0.43% (95% interval 0.13% to 1.03%), below the threshold of 2%: the standard is met. "
        "Statistical assurance is sufficient (one-sided 95% upper limit 0.92%)."
    )
    failed = judge(Sampled(0.85, 0.02, events_df=15), 0.9, direction="above", strict=False, name="群众认可度")
    assert "低于90%的门槛，未达到标准；统计把握程度充分（单侧95%上限" in str(failed)
    for verdict in (passed, failed):
        for text in (verdict.sentence("zh"), verdict.sentence("en")):
            assert not any(word in text.lower() for word in ("kg-m", "p=", "deff", "n_eff", "df"))


def test_technical_sentences_name_the_method_and_its_numbers():
    verdict = judge(WORKED, 0.02, strict=True, name="错退率")
    for language in ("zh", "en"):
        text = verdict.sentence(language, register="technical")
        for part in ("KG-M", "n=1200", "n_eff=382.9", "deff*=3.13", "icc=0.05", "df=19.0", f"p={verdict.p_value:.4f}", "2.41%"):
            assert part in text, (part, text)
    assert "未能证实" in verdict.sentence("zh", register="technical")
    assert "not proven" in verdict.sentence("en", register="technical")


def test_the_number_the_rule_reads_is_named_when_it_lies_on_the_other_side():
    verdict = judge(Sampled(0.0205, 0.005, events_df=8), 0.02, strict=True, legal_value=0.0198, name="错退率")
    assert verdict.legal and verdict.value_read == 0.0198
    assert str(verdict).startswith("错退率按规定口径为1.98%（加权估计2.05%，95%区间")
    assert "，规定口径1.98%低于2%的门槛，达到标准" in str(verdict)
    assert "the value under the rule, 1.98%, is below" in verdict.sentence("en")
    same_side = judge(Sampled(0.0105, 0.004, events_df=8), 0.02, strict=True, legal_value=0.0110, name="错退率")
    assert "按规定口径为1.10%（加权估计1.05%" in str(same_side) and "，低于2%的门槛" in str(same_side)


def test_nothing_found_under_the_rule_but_a_positive_estimate_is_worded():
    verdict = judge(WORKED, 0.02, strict=True, legal_value=0.0, name="错退率")
    assert "0（样本中未发现）" in str(verdict) and math.isnan(verdict.free_bound)


def test_html_is_one_line_and_escaped():
    verdict = judge(WORKED, 0.02, strict=True, name="<b>")
    shown = verdict._repr_html_()
    assert ">&lt;b&gt;为1.00%" in shown and "<b>" not in shown and "\n" not in shown


def test_unknown_language_or_register_is_refused():
    with pytest.raises(EstimateError, match="语言"):
        judge(WORKED, 0.02, strict=True).sentence("fr")
    with pytest.raises(EstimateError, match="文体"):
        conclude([judge(WORKED, 0.02, strict=True)]).sentence("zh", register="poem")


# -- conclusion ----------------------------------------------------------------------------------------------


def test_all_gates_together():
    good = judge(NONE, 0.02, strict=True, name="错退率")
    weak = judge(WORKED, 0.02, strict=True, name="漏评率")
    bad = judge(Sampled(0.1, 0.01, events_df=15), 0.02, strict=True, name="综合贫困发生率")
    proven, shaky, fails = conclude([good]), conclude([good, weak]), conclude([good, weak, bad])
    assert (proven.passed, proven.proven, proven.failed) == (True, True, ())
    assert (shaky.passed, shaky.proven, shaky.unproven) == (True, False, ("漏评率",))
    assert (fails.passed, fails.failed) == (False, ("综合贫困发生率",))
    assert str(proven) == "错退率达到标准，建议同意退出；各项判定的统计把握程度均充分。"
    assert str(shaky) == "各项指标均达到标准，建议同意退出；其中漏评率的统计把握程度不充分。"
    assert str(fails).startswith("综合贫困发生率未达到标准，建议不同意退出；")
    assert "退出" not in conclude([good], recommend=False).sentence()
    assert fails.sentence("en").startswith("The standard is not met for 综合贫困发生率; the exit is not recommended.")
    assert "交并检验" in fails.sentence("zh", register="technical") and "交并" not in fails.sentence("zh")
    assert "intersection–union" in fails.sentence("en", register="technical")
    with pytest.raises(EstimateError, match="门槛"):
        conclude([])


# -- a real survey -------------------------------------------------------------------------------------------


def households(events: dict[int, int]) -> pd.DataFrame:
    village = np.repeat(np.arange(20), 60)
    raised = np.zeros(1200)
    for at, count in events.items():
        raised[at * 60 : at * 60 + count] = 1
    return pd.DataFrame({"village": village, "wrong": raised, "persons": 1 + np.arange(1200) % 6})


def test_a_real_estimate_is_judged():
    survey = ev.Survey.from_data(households({0: 3, 1: 1, 5: 1, 9: 2, 12: 1, 15: 1, 18: 3}), clusters=["village"])
    estimate = ev.proportion(survey, "wrong")
    verdict = judge(estimate, 0.02, strict=True, name="错退率")
    want = proportion(0.01, 1200, se=float(estimate.se[0]), df=19, side="upper", planning=Planning(1, 60, 6))
    assert verdict.high == pytest.approx(want.high, rel=1e-12)
    assert (verdict.legal, verdict.n, verdict.df) == (True, 1200, 19)
    looser = judge(estimate, 0.02, strict=True, icc=0.2)
    assert looser.high > verdict.high and looser.icc == 0.2


def test_a_real_estimate_without_events_is_judged():
    survey = ev.Survey.from_data(households({}), clusters=["village"])
    verdict = judge(ev.proportion(survey, "wrong"), 0.02, strict=True, name="错退率", villages=20)
    assert verdict.high == pytest.approx(0.01082, abs=5e-6)
    assert "样本中未发现" in str(verdict)


def test_a_registry_total_added_to_a_proportion_moves_gate_and_risk():
    survey = ev.Survey.from_data(households({0: 3, 1: 1, 5: 1, 9: 2, 12: 1, 15: 1, 18: 3}), clusters=["village"])
    share = ev.proportion(survey, "wrong")
    moved = judge(0.004 + 0.5 * share, 0.004 + 0.5 * 0.02, strict=True)
    plain = judge(share, 0.02, strict=True)
    assert moved.zone == plain.zone
    assert (moved.high, moved.p_value) == pytest.approx((0.004 + 0.5 * plain.high, plain.p_value), abs=1e-8)
    assert (moved.risk_at_value, moved.risk_at_threshold) == pytest.approx((plain.risk_at_value, plain.risk_at_threshold), abs=1e-9)


def test_only_proportions_are_judged() -> None:
    """A mean or ratio of a rate with no event has a symmetric interval of no width: it would be "proven" at 0 %."""
    table = pd.DataFrame({"village": np.repeat(np.arange(20), 30), "wrong": 0, "persons": 3, "wrong_persons": 0, "said": "否"})
    survey = ev.Survey.from_data(table, clusters=["village"])
    rate = ev.proportion(survey, "wrong")
    others = [ev.mean(survey, "wrong"), ev.ratio(survey, "wrong_persons", "persons"), ev.total(survey, "persons"), rate + rate]
    for estimate in others:
        with pytest.raises(EstimateError, match="左右对称"):
            judge(estimate, 0.02, strict=True)
    assert judge(rate, 0.02, strict=True).zone == "met"
    assert judge(1 - rate, 0.98, direction="above", strict=True).zone == "met" if float((1 - rate).scale[0]) > 0 else True
    with pytest.raises(EstimateError, match="只有“否”一种回答"):
        judge(ev.proportion(survey, "said"), 0.02, strict=True)


@pytest.mark.parametrize("slip", [{"alpha": 0.95}, {"threshold": "0.02"}, {"alpha": "x"}, {"level": None}, {"villages": 33.5}])
def test_slips_of_a_question_are_refused(slip: dict[str, object]) -> None:
    survey = ev.Survey.from_data(pd.DataFrame({"village": np.repeat(np.arange(20), 30), "wrong": 0}), clusters=["village"])
    with pytest.raises(EstimateError, match=next(iter(slip))):
        judge(ev.proportion(survey, "wrong"), **({"threshold": 0.02, "strict": True} | slip))
