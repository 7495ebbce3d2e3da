"""Combined incidence: the worked case of methods §6.6, the union frame against algebra, and what MOVER and delta give beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.intervals import mover

TOTALS = {"remaining": 1200, "exited": 38000, "non_registry": 260000, "rural": 300000}
ASKED = {"wrong_exit": "wrong", "missed": "missed", "among_exited": "exited", "among_others": "other", "count": "persons", **TOTALS}


def households(wrong, missed, villages: int = 20, take: int = 60) -> ev.Survey:
    at = np.arange(villages * take)
    exited = at % 2 == 0
    table = pd.DataFrame({"village": at // take, "exited": exited, "other": ~exited, "persons": 1 + at % 5})
    return ev.Survey.from_data(table.assign(wrong=exited & wrong(at), missed=~exited & missed(at)), clusters=["village"])


SURVEY = households(lambda at: np.isin(at, [0, 130, 402]), lambda at: np.isin(at, [61, 755, 901]))


def test_the_worked_case_of_section_6_6() -> None:
    g = np.array([38000, 260000]) / 300000
    values, se, r = np.array([0.004, 0.001]), np.array([0.0018, 0.0005]), 0.1
    assert 1200 / 300000 + g @ values == pytest.approx(0.00537333, abs=5e-9)
    cov = np.outer(se, se) * [[1, r], [r, 1]]
    assert 100 * np.sqrt(g @ cov @ g) == pytest.approx(0.0509433, abs=5e-8)
    low, high = ev.intervals.mover(g, values, [0.0011, 0.0001], [0.012, 0.004], [[1, r], [r, 1]])
    assert 100 * (0.004 + low) == pytest.approx(0.447855, abs=5e-7)
    assert 100 * (0.004 + high) == pytest.approx(0.82567, abs=5e-6)


@given(x=st.floats(0.1, 0.9), low=st.floats(0, 0.1), g=st.floats(-3, 3))
@settings(max_examples=30, deadline=None)
def test_mover_of_one_part_is_its_interval_and_sums_of_one_estimate_are_whole(x: float, low: float, g: float) -> None:
    ends = sorted((g * (x - low), g * (x + 0.05)))
    assert mover([g], [x], [x - low], [x + 0.05], [[1]]) == pytest.approx(ends, abs=1e-12)
    twice = mover([g, g], [x, x], [x - low] * 2, [x + 0.05] * 2, np.ones((2, 2)))
    assert twice == pytest.approx([2 * end for end in ends], abs=1e-12)


def test_mover_of_a_difference_of_independent_rates_is_newcombe_s() -> None:
    """Newcombe 1998, method 10, case (a): 56/70 − 48/80 with Wilson limits gives .0524 to .3339."""
    parts = [ev.intervals.proportion(p, n, method="wilson") for p, n in ((56 / 70, 70), (48 / 80, 80))]
    found = mover([1, -1], [56 / 70, 48 / 80], [p.low for p in parts], [p.high for p in parts], np.eye(2))
    assert found == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"values": [0.1, 0.1, 0.1]}, "长度不同"), ({"lows": [0.5, 0]}, "自己的区间"), ({"correlation": [[1, 2], [2, 1]]}, "−1 与 1")],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(change, words) -> None:
    given_ = {"gradient": [1, 1], "values": [0.1, 0.2], "lows": [0, 0], "highs": [1, 1], "correlation": np.eye(2)}
    with pytest.raises(EstimateError, match=words):
        mover(**(given_ | change))


def test_the_union_frame_has_the_value_and_the_error_of_the_formula() -> None:
    found = ev.incidence(SURVEY, **ASKED)
    e = ev.proportion(SURVEY, "wrong", where="exited", count="persons")
    q = ev.proportion(SURVEY, "missed", where="other", count="persons")
    formula = (1200 + e * 38000 + q * 260000) / 300000
    assert float(found) == pytest.approx(float(formula), rel=1e-12)
    assert found.se == pytest.approx(formula.se, rel=1e-9)
    assert found.estimate.kind == "proportion" and found.interval()["method"].iloc[0] == "kg-m"
    assert found.interval()["low"].iloc[0] >= 1200 / 300000
    table = found.table().set_index("method")
    t = formula.interval(method="t").iloc[0]
    assert table.loc["delta", ["low", "high"]].to_list() == pytest.approx([t["low"], t["high"]], rel=1e-9)


def test_mover_is_made_of_the_intervals_of_the_two_rates() -> None:
    found = ev.incidence(SURVEY, **ASKED)
    row = found.table(icc=0.1).set_index("method").loc["mover"]
    e, q = (found.parts[key].interval(icc=0.1).iloc[0] for key in ("exited", "non_registry"))
    a, b, r = 38000 / 300000, 260000 / 300000, max(found.correlation, 0)
    d = [a * (e["high"] - float(found.parts["exited"])), b * (q["high"] - float(found.parts["non_registry"]))]
    assert row["high"] == pytest.approx(float(found) + np.sqrt(d[0] ** 2 + d[1] ** 2 + 2 * r * d[0] * d[1]), rel=1e-12)
    pair = ev.proportion(SURVEY, "wrong", where="exited", count="persons"), ev.proportion(SURVEY, "missed", where="other", count="persons")
    joint = (pair[0] + pair[1]).variances[0] - pair[0].variances[0] - pair[1].variances[0]
    assert found.correlation == pytest.approx(joint / 2 / np.sqrt(pair[0].variances[0] * pair[1].variances[0]), rel=1e-9)


def test_nothing_found_still_has_upper_limits_where_delta_has_none() -> None:
    found = ev.incidence(households(lambda at: at < 0, lambda at: at < 0), **ASKED)
    table = found.table().set_index("method")
    assert float(found) == 1200 / 300000 and found.correlation == 0
    assert table.loc["delta", "high"] == pytest.approx(1200 / 300000)
    assert table.loc["mover", "high"] > 0.008 and table.loc["kg-m", "high"] > 0.008


def test_a_verdict_reads_it_as_it_reads_an_estimate() -> None:
    found = ev.incidence(SURVEY, **ASKED)
    verdict = ev.judge(found, 0.02, strict=True, name="综合贫困发生率")
    plain = ev.judge(found.estimate, 0.02, strict=True, name="综合贫困发生率")
    assert str(verdict) == str(plain) and verdict.needed == plain.needed and verdict.tipping == plain.tipping
    with pytest.warns(ev.errors.EvalkitWarning, match="已把这个率限在"):
        below = ev.judge(found, 0.003, strict=True)
    assert (below.legal, below.zone) == (False, "not met")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exited": -1}, "exited"),
        ({"rural": 1000}, "rural"),
        ({"remaining": np.nan}, "remaining"),
        ({"among_others": "exited"}, "不能同属两类"),
        ({"wrong_exit": "persons"}, "0/1"),
    ],
)
def test_totals_and_groups_that_cannot_be_are_refused(change, words) -> None:
    with pytest.raises(EstimateError, match=words):
        ev.incidence(SURVEY, **(ASKED | change))


def test_union_and_mover_cover_where_delta_does_not() -> None:
    """Villages of correlation .05, e = .8 %, q = .1 %, 250 samples: at least .95 less 3 Monte-Carlo errors; delta far below."""
    numbers, covered = np.random.default_rng(6), np.zeros(3)
    truth = (1200 + 0.008 * 38000 + 0.001 * 260000) / 300000
    for _ in range(250):
        village = [np.repeat(numbers.beta(p * 19, (1 - p) * 19, 20), 60) for p in (0.008, 0.001)]
        u = numbers.uniform(size=1200)
        made = households(lambda at, u=u, v=village: u < v[0], lambda at, u=u, v=village: u < v[1])
        table = ev.incidence(made, **ASKED).table()
        covered += ((table["low"] <= truth) & (truth <= table["high"])).to_numpy()
    least = 0.95 - 3 * np.sqrt(0.95 * 0.05 / 250)
    union, summed, delta = covered / 250
    assert union >= least and summed >= least and delta < 0.8, covered / 250
