"""Scores, top boxes, promoters, composites, reliability and drivers in a survey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.reliability import cronbach, relative_weights
from evalkit.satisfaction.moments import of_covariance

THREE = ev.Scale(("满意", "基本满意", "不满意"), top=("满意", "基本满意"), dont_know=("不清楚",))
FIVE = ev.Scale(("非常满意", "满意", "一般", "不满意", "非常不满意"), top=("非常满意", "满意"))
API = ["ell", "mobility", "avg_ed", "emer", "meals"]
TEN = ev.Scale.numbered(0, 10, top=(9, 10))
REFERENCE = Path(__file__).resolve().parent.parent.parent / "shared" / "reference" / "data"


def village_table(seed: int = 7, villages: int = 20, take: int = 15, up: float = 0.0) -> pd.DataFrame:
    """Answers on 0 to 10 to four questions that share a factor and a village effect."""
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(villages), take)
    factor = rng.normal(size=villages)[village] * 0.5 + rng.normal(size=len(village))
    raw = {item: 7 + up + 1.3 * factor + rng.normal(size=len(village)) for item in ("甲", "乙", "丙", "总")}
    answers = {item: np.clip(np.round(value), 0, 10).astype(int) for item, value in raw.items()}
    return pd.DataFrame({"village": village, "w": rng.uniform(1, 3, len(village)), **answers})


def survey(**more: Any) -> ev.Survey:
    return ev.Survey.from_data(village_table(**more), weights="w", clusters="village")


# -- scales ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "points"),
    [
        (THREE, [100, 50, 0]),
        (ev.Scale(("很有效", "有效", "一般", "无效"), top=("很有效",)), [100, 200 / 3, 100 / 3, 0]),
        (FIVE, [100, 75, 50, 25, 0]),
        (TEN, [100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 0]),
        (ev.Scale(("满意", "一般", "差"), top=("满意",), points=(100, 80, 60)), [100, 80, 60]),
    ],
)
def test_points_of_each_scale(scale: ev.Scale, points: list[float]) -> None:
    assert scale.score.tolist() == pytest.approx(points)


@pytest.mark.parametrize(
    "wrong",
    [
        {"answers": ("满意",), "top": ("满意",)},
        {"answers": ("满意", "满意"), "top": ("满意",)},
        {"answers": ("满意", "差"), "top": ()},
        {"answers": ("满意", "差"), "top": ("很好",)},
        {"answers": ("满意", "差"), "top": ("满意",), "dont_know": ("差",)},
        {"answers": ("满意", "差"), "top": ("满意",), "points": (100,)},
        {"answers": ("满意", "差"), "top": ("满意",), "points": (0, 100)},
    ],
)
def test_a_scale_says_what_is_wrong_with_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(EstimateError):
        ev.Scale(**wrong)


def test_answers_outside_the_scale_and_missing_ones_are_told_with_their_rows() -> None:
    data = ev.Survey.from_data(pd.DataFrame({"q": ["满意", "还行", "", None], "r": ["满意"] * 4}))
    with pytest.raises(EstimateError) as refused:
        ev.scores(data, ["q", "r", "s"], THREE)
    for part in ("第 3 行", "第 4 行", "第 5 行", "s", "没有这一列"):
        assert part in str(refused.value)
    only = ev.Survey.from_data(pd.DataFrame({"q": ["满意", "", "不满意"]}))
    assert float(ev.scores(only, "q", THREE, missing="out")) == 50
    assert ev.top_box(only, "q", THREE, dont_know="no", missing="dont_know").n[0] == 3


def test_numbers_may_be_written_as_text() -> None:
    data = ev.Survey.from_data(pd.DataFrame({"q": ["10", "0", "5"], "r": [10.0, 0.0, 5.0]}))
    assert ev.scores(data, ["q", "r"], TEN).value.tolist() == pytest.approx([50, 50])


# -- scores and shares ------------------------------------------------------------------------------------------------


def test_a_score_is_the_mean_of_its_points() -> None:
    data = survey()
    found, plain = ev.scores(data, ["甲", "乙"], TEN, interval="t"), ev.mean(data, ["甲", "乙"])
    assert found.value == pytest.approx(plain.value * 10)
    assert found.se == pytest.approx(plain.se * 10)
    assert found.interval()[["low", "high"]].to_numpy() == pytest.approx(10 * plain.interval()[["low", "high"]].to_numpy())


def test_a_question_leaves_out_its_own_dont_knows_only() -> None:
    table = pd.DataFrame({"q": ["满意", "不清楚", "不满意", "满意"], "r": ["满意", "满意", "满意", "不满意"]})
    found = ev.scores(ev.Survey.from_data(table), ["q", "r"], THREE)
    assert found.n.tolist() == [3, 4]
    assert found.value.tolist() == pytest.approx([200 / 3, 75])


def test_near_the_ceiling_the_interval_stays_below_it() -> None:
    high = survey(up=4.5)
    found = ev.scores(high, "甲", TEN)
    auto, logit = (each.interval().iloc[0] for each in (found, ev.scores(high, "甲", TEN, interval="logit")))
    assert float(found) > 90 and auto.high < 100
    assert (auto.low, auto.high) == (logit.low, logit.high)
    middle = survey()
    assert ev.scores(middle, "甲", TEN).interval().equals(ev.scores(middle, "甲", TEN, interval="t").interval())
    best = ev.Survey.from_data(pd.DataFrame({"q": ["满意"] * 40, "v": np.repeat(range(8), 5)}), clusters="v")
    low, up = ev.scores(best, "q", THREE).interval()[["low", "high"]].to_numpy()[0]
    share = ev.top_box(best, "q", THREE, dont_know="no").interval()["low"][0]
    assert (low, up) == pytest.approx((100 * share, 100)) and low < 100


def test_replicates_give_scores_their_variance() -> None:
    data, jack = survey(), survey().replicate("jk1")
    assert ev.scores(jack, "甲", TEN).se == pytest.approx(ev.scores(data, "甲", TEN).se, rel=0.03)
    high = ev.scores(survey(up=4.5).replicate("jk1"), "甲", TEN).interval()
    assert high["high"][0] < 100


def test_the_band_of_the_dont_knows() -> None:
    table = pd.DataFrame({"q": ["满意"] * 20 + ["基本满意"] * 7 + ["不满意"] * 3 + ["不清楚"] * 5})
    made = ev.top_box_table(ev.Survey.from_data(table), "q", THREE).iloc[0]
    assert (made.n, made.estimate, made.excluding, made.if_yes) == (35, 27 / 35, pytest.approx(27 / 30), 32 / 35)
    assert made.low < made.estimate < made.high
    with pytest.raises(EstimateError):
        ev.top_box(ev.Survey.from_data(table), "q", THREE, dont_know="maybe")


def test_thirty_asked_and_three_dissatisfied() -> None:  # domain.md section 4, S81
    table = pd.DataFrame({"q": ["满意"] * 27 + ["不满意"] * 3})
    assert float(ev.top_box(ev.Survey.from_data(table), "q", THREE, dont_know="no")) == pytest.approx(0.9)


def test_distribution_adds_up_and_its_limits_hold_together() -> None:
    table = village_table().assign(q=lambda t: np.where(t["甲"] > 7, "满意", np.where(t["甲"] > 5, "基本满意", "不清楚")))
    data = ev.Survey.from_data(table, weights="w", clusters="village")
    made = ev.answers(data, "q", THREE)
    assert made["level"].tolist() == ["满意", "基本满意", "不满意", "不清楚"]
    assert made["share"].sum() == pytest.approx(1) and made["n"].sum() == len(table)
    alone = ev.proportion(data, "q").interval(1 - 0.05 / 4)
    assert made["low"][0] == pytest.approx(alone["low"][2]) and made["high"][0] == pytest.approx(alone["high"][2])
    assert made["n"][2] == 0 and made["high"][2] > 0


def test_promoters_less_detractors() -> None:  # methods.md section 8: .62/.08 at n_eff 400 gives .54, se .0319531
    table = pd.DataFrame({"q": [10] * 248 + [8] * 120 + [3] * 32})
    found = ev.nps(ev.Survey.from_data(table), "q", TEN, promoters=(9, 10), detractors=range(7))
    assert float(found) == pytest.approx(0.54)
    assert float(found.se[0]) * np.sqrt(399 / 400) == pytest.approx(0.0319531, abs=5e-8)
    with pytest.raises(EstimateError):
        ev.nps(ev.Survey.from_data(table), "q", TEN, promoters=(9, 10), detractors=range(10))


# -- composites ---------------------------------------------------------------------------------------------------------


def test_a_composite_carries_the_covariance_of_its_items() -> None:
    data = survey()
    parts = ev.scores(data, ["甲", "乙", "丙"], TEN)
    joint = ev.combine(lambda x: (2 * x[0] + x[1] + x[2]) / 4, parts)
    made = ev.composite(data, ["甲", "乙", "丙"], TEN, weights={"甲": 2, "乙": 1, "丙": 1})
    assert float(made) == pytest.approx(float(joint))
    assert made.se == pytest.approx(joint.se)


def test_half_of_the_items_must_be_answered() -> None:
    rows = [["满意"] * 4, ["不满意", "不满意", "", ""], ["满意", "", "", ""]]
    data = ev.Survey.from_data(pd.DataFrame(rows, columns=list("abcd")))
    made = ev.composite(data, list("abcd"), THREE, weights="equal", missing="out")
    assert (made.n[0], float(made)) == (2, 50)
    assert ev.composite(data, list("abcd"), THREE, weights="equal", missing="out", least=0.25).n[0] == 3
    for wrong in ({"weights": {"a": 1}}, {"weights": dict.fromkeys("abcd", 0)}, {"weights": "equal", "least": 0}):
        with pytest.raises(EstimateError):
            ev.composite(data, list("abcd"), THREE, missing="out", **wrong)


# -- reliability and drivers ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference data do not lie beside this clone")
def test_alpha_is_that_of_r() -> None:  # methods.md section 8: svycralpha of R survey
    table = pd.read_csv(REFERENCE / "apistrat.csv")
    data = ev.Survey.from_data(table, weights="pw", strata="stype", fpc="fpc")
    found = ev.alpha(data, API)
    assert float(found) == pytest.approx(0.63867314, abs=5e-9)
    drawn = ev.alpha(data.replicate("bootstrap", replicates=300, seed="31415926535897932384"), API)
    assert drawn.se == pytest.approx(found.se, rel=0.2)


@pytest.mark.parametrize("ask", [ev.alpha, ev.omega])
def test_linearised_and_replicated_reliability_agree(ask: Any) -> None:
    found, jack = ask(survey(), ["甲", "乙", "丙"], TEN), ask(survey().replicate("jk1"), ["甲", "乙", "丙"])
    assert float(found) == pytest.approx(float(jack))
    assert found.se == pytest.approx(jack.se, rel=0.1)
    limits = found.interval()
    assert limits["low"][0] < float(found) < limits["high"][0] < 1


@given(st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_slopes_of_totals_are_those_of_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 3)) + rng.normal(size=(60, 1))
    terms = np.array([*(x[:, i] * x[:, j] for i in range(3) for j in range(i, 3)), *x.T, np.ones(60)])
    totals = terms.sum(axis=1)[:, None]
    for pick in (cronbach, lambda s: relative_weights(s).sum(axis=-1)):
        smooth = of_covariance(3, pick)
        slopes = smooth.slopes(totals)[:, 0]
        for at in range(len(totals)):
            move = np.zeros_like(totals)
            move[at] = 1e-3
            difference = float((smooth.value(totals + move) - smooth.value(totals - move))[0]) / 2e-3
            assert slopes[at] == pytest.approx(difference, rel=1e-4, abs=1e-7)


def test_drivers_are_shares_of_what_is_explained() -> None:
    found = ev.drivers(survey(), "总", ["甲", "乙", "丙"], TEN)
    assert found.value[:3].sum() == pytest.approx(1)
    data = survey()
    model = ev.mean(data, ["总"])
    x = data.table()
    w = x["w"].to_numpy()
    design = np.column_stack([np.ones(len(x)), x[["甲", "乙", "丙"]]])
    root = np.sqrt(w)
    fitted = design @ np.linalg.lstsq(design * root[:, None], x["总"] * root, rcond=None)[0]
    left = (w * (x["总"] - fitted) ** 2).sum() / (w * (x["总"] - float(model)) ** 2).sum()
    assert found.value[3] == pytest.approx(1 - left)
    assert (found.se > 0).all()


def test_questions_that_do_not_vary_or_are_too_few_are_refused() -> None:
    data = ev.Survey.from_data(village_table().assign(丁=5), clusters="village")
    for refused in (
        lambda: ev.alpha(data, ["甲", "丁"], TEN),
        lambda: ev.alpha(data, ["甲"], TEN),
        lambda: ev.omega(data, ["甲", "乙"], TEN),
        lambda: ev.drivers(data, "丁", ["甲", "乙"], TEN),
    ):
        with pytest.raises(EstimateError):
            refused()


def test_modes_are_compared_as_the_design_has_it() -> None:
    table = village_table().assign(方式=lambda t: np.where(t.index % 3 == 0, "电话", "入户"))
    data = ev.Survey.from_data(table, weights="w", clusters="village")
    found = ev.mode_effect(data, ["甲", "乙"], TEN, mode="方式", against="入户")
    parts = ev.scores(data, ["甲", "乙"], TEN, by="方式")
    difference = parts["电话", "乙"] - parts["入户", "乙"]
    assert found.labels == (("电话", "甲"), ("电话", "乙"))
    assert (found.value[1], found.se[1]) == pytest.approx((float(difference), float(difference.se[0])))
    with pytest.raises(EstimateError):
        ev.mode_effect(data, "甲", TEN, mode="方式", against="网络")


def test_scores_cover_the_truth_near_the_ceiling() -> None:
    rng, held, trials = np.random.default_rng(11), 0, 120
    for _ in range(trials):
        village = np.repeat(np.arange(15), 8)
        chance = rng.beta(30, 3, 15)[village]
        answers = np.where(rng.random(len(village)) < chance, "满意", "不满意")
        limits = ev.scores(ev.Survey.from_data(pd.DataFrame({"q": answers, "v": village}), clusters="v"), "q", THREE).interval()
        held += int(limits["low"][0] <= 100 * 30 / 33 <= limits["high"][0])
    assert held / trials > 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)
