"""Weights within bounds: totals kept class by class, R's one pass and its strict form, caps that cannot hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.calibration import CAPS, RULES, cap, trim
from evalkit.errors import EstimateError, SurveyError

UNEVEN = np.array([1.0] * 8 + [6, 9])


def test_one_scaling_is_not_enough() -> None:
    """w = 8 × 1, 6, 9 with deff 2.36295: cut at 3 and scaled once the largest is 4.93; iterated it is 3 (methods §7)."""
    assert 10 * (UNEVEN**2).sum() / UNEVEN.sum() ** 2 == pytest.approx(2.36295, abs=5e-6)
    once = np.minimum(UNEVEN, 3)
    assert (once * 23 / once.sum()).max() == pytest.approx(4.93, abs=5e-3)
    made = trim(UNEVEN, upper=3, rule="proportional")
    assert made.tolist() == [2.125] * 8 + [3, 3] and made.sum() == 23


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["equal", "proportional"]))
def test_within_bounds_and_totals_of_classes_kept(seed: int, rule: str) -> None:
    rng = np.random.default_rng(seed)
    w, code = rng.lognormal(2, 1, 60), np.concatenate([np.arange(3), rng.integers(0, 3, 57)])
    w[rng.random(60) < 0.1] = 0
    mean = np.bincount(code, weights=w) / np.bincount(code, weights=w > 0)
    lower, upper = 0.5 * mean.min(), 1.5 * mean.max()
    made = trim(w, lower, upper, keep=code, rule=rule, strict=True)
    assert np.bincount(code, weights=made) == pytest.approx(np.bincount(code, weights=w), rel=1e-9)
    assert (made[w == 0] == 0).all()
    live = made[w > 0]
    assert live.min() >= lower and live.max() <= upper


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000))
def test_proportional_is_one_multiple_cut_at_the_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w = rng.lognormal(2, 1, 40)
    lower, upper = 0.6 * w.mean(), 1.8 * w.mean()
    made = trim(w, lower, upper, rule="proportional")
    free = (made > lower * (1 + 1e-12)) & (made < upper * (1 - 1e-12))
    ratio = made[free] / w[free]
    factor = ratio[0]
    assert ratio == pytest.approx(np.full(len(ratio), factor), rel=1e-12)
    assert made == pytest.approx(np.clip(factor * w, lower, upper), rel=1e-12)


def test_each_class_by_itself() -> None:
    rng = np.random.default_rng(3)
    w, code = rng.lognormal(2, 0.5, 50), rng.integers(0, 4, 50)
    for rule in RULES:
        together = trim(w, 4, 13, keep=code, rule=rule)
        for each in range(4):
            assert together[code == each] == pytest.approx(trim(w[code == each], 4, 13, rule=rule), rel=1e-12)


def test_nothing_is_cut_where_nothing_lies_outside() -> None:
    for rule in RULES:
        assert trim(UNEVEN, 0.5, 10, rule=rule).tolist() == UNEVEN.tolist()
    given = UNEVEN.copy()
    trim(given, upper=3, rule="proportional")
    assert given.tolist() == UNEVEN.tolist()


def test_one_equal_pass_may_leave_weights_outside_and_strict_does_not() -> None:
    w = np.array([1.0, 1, 9.5, 20])
    assert trim(w, upper=10).max() > 10
    strict = trim(w, upper=10, strict=True)
    assert strict.max() <= 10 and strict.sum() == pytest.approx(31.5, rel=1e-12)


def test_a_cap_that_cannot_hold_names_the_smallest_that_can() -> None:
    for rule in RULES:
        with pytest.raises(SurveyError, match=r"平均权数 2.3，upper = 2(.|\n)*最小上限为 2.3"):
            trim(UNEVEN, upper=2, rule=rule, strict=True)
    with pytest.raises(SurveyError, match=r"第 2 类：平均权数 7.5，upper = 7(.|\n)*upper 至少取 7.5"):
        trim(UNEVEN, upper=7, keep=np.repeat([0, 1], [8, 2]), rule="proportional")
    with pytest.raises(SurveyError, match=r"lower 至多取 2\.3"):
        trim(UNEVEN, 3, 20, rule="proportional")
    assert trim(UNEVEN, upper=2.3, rule="proportional").tolist() == pytest.approx([2.3] * 10)


def test_excess_that_nobody_can_take_is_refused() -> None:
    with pytest.raises(SurveyError, match=r"第 1 类，平均权数 15.*无处可放"):
        trim([10.0, 20], upper=5)


@pytest.mark.parametrize(("asked", "told"), [
    ({"rule": "even"}, "没有这种分法.*\n.*equal"), ({"lower": 5, "upper": 4}, "应为 lower < upper"),
    ({"keep": np.zeros(3, dtype=int)}, "3 行"),
])  # fmt: skip
def test_input_that_does_not_fit_is_refused(asked: dict, told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        trim(UNEVEN, **asked)
    with pytest.raises(SurveyError, match="为负"):
        trim(-UNEVEN, upper=3)


def test_caps() -> None:
    w = np.array([0.0, 1, 2, 3, 4, 5])
    assert cap(w) == 3 + 5 * 2 and cap(w, k=2) == 7 and cap(w, "median", 3.5) == 10.5
    assert type(cap(w)) is float
    for asked, told in (({"rule": "mean"}, "没有这种上限"), ({"rule": "median"}, "k 应大于 0"), ({"k": -1}, "k 应大于 0")):
        with pytest.raises(EstimateError, match=told):
            cap(w, **asked)
    with pytest.raises(EstimateError, match="没有大于 0 的权数"):
        cap(np.zeros(3))
    assert set(CAPS) == {"median-iqr", "median"}
