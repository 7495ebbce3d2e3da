"""Rank sets: the worked case of methods §10, the quantile against simulation, and joint coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import studentized_range

import evalkit as ev
from evalkit.errors import EstimateError, ReportError
from evalkit.ranking import rank_sets

EST, SE = np.array([0.97, 0.955, 0.95, 0.93, 0.90]), np.array([0.006, 0.007, 0.006, 0.008, 0.009])
PLACES = [(1, 3), (1, 4), (1, 4), (2, 5), (4, 5)]


def places(found) -> list[tuple[int, int]]:
    return list(zip(found.first.tolist(), found.last.tolist(), strict=True))


def test_the_worked_case_of_section_10() -> None:
    kww, mrsw = ev.ranking.rank_sets(EST, SE, method="kww"), rank_sets(EST, SE)
    assert kww.critical == pytest.approx(2.5688, abs=5e-5)
    assert mrsw.critical == pytest.approx(2.72, abs=0.01)
    assert places(kww) == places(mrsw) == PLACES


def test_the_critical_value_is_the_studentized_range_and_safe_for_unequal_errors() -> None:
    for units in (2, 5, 30):
        want = float(studentized_range.ppf(0.95, units, np.inf)) / np.sqrt(2)
        assert rank_sets(np.zeros(units), np.ones(units)).critical == pytest.approx(want, abs=2e-4)
    draws = np.random.default_rng(1).normal(size=(40_000, 5)) * SE
    apart = abs(draws[:, :, None] - draws[:, None, :]) / np.where(np.eye(5), 1, np.hypot(SE[:, None], SE))
    exact = np.quantile(apart.max(axis=(1, 2)), 0.95)
    assert 2.65 < exact < rank_sets(EST, SE).critical + 0.02


@pytest.mark.parametrize("method", ["mrsw", "kww"])
def test_all_places_are_right_together_as_often_as_said(method: str) -> None:
    numbers, truth = np.random.default_rng(2), np.array([0.9, 0.9, 0.89, 0.85])
    se, right = np.array([0.01, 0.02, 0.015, 0.01]), 0
    for _ in range(500):
        found = rank_sets(truth + se * numbers.normal(size=4), se, method=method)
        above = (truth[:, None] > truth).sum(axis=0)
        right += bool(((found.first <= above + 1) & (found.last >= 4 - (truth[:, None] < truth).sum(axis=0))).all())
    assert right / 500 > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 500)


def test_differences_tell_at_least_as_much_apart() -> None:
    mrsw, kww = rank_sets(EST, SE / 2), rank_sets(EST, SE / 2, method="kww")
    assert (mrsw.last - mrsw.first).sum() <= (kww.last - kww.first).sum()
    assert (mrsw.first >= 1).all() and (mrsw.last <= 5).all() and (mrsw.first <= mrsw.last).all()


def test_two_units_are_told_apart_by_the_error_of_their_difference() -> None:
    assert rank_sets([0, 1], [1, 1]).critical == pytest.approx(1.959964, abs=1e-6)
    apart = 2.1 * np.sqrt(2)  # beyond 1.96·√2, not beyond 2.24·2
    assert places(rank_sets([0, apart], [1, 1])) == [(2, 2), (1, 1)]
    assert places(rank_sets([0, apart], [1, 1], method="kww")) == [(1, 2), (1, 2)]


def test_order_and_sign_of_the_units_do_not_matter() -> None:
    order = np.array([3, 0, 4, 2, 1])
    assert places(rank_sets(EST[order], SE[order])) == [PLACES[at] for at in order]
    turned = rank_sets(-EST, SE)
    assert list(zip((6 - turned.last).tolist(), (6 - turned.first).tolist(), strict=True)) == PLACES


@pytest.mark.parametrize(
    ("change", "words"),
    [({"method": "x"}, "kww"), ({"level": 1}, "level"), ({"se": [1, -1, 1, 1, 1]}, "不为负"), ({"est": [1, 2]}, "等长"),
     ({"est": [np.nan] * 5}, "有限")],
)  # fmt: skip
def test_questions_without_an_answer_are_refused(change, words) -> None:
    with pytest.raises(EstimateError, match=words):
        rank_sets(**({"est": EST, "se": SE} | change))


def test_the_picture_shows_the_sets_and_says_them() -> None:
    sets = rank_sets([0.90, 0.97, 0.97, 0.955], [0.001, 0.006, 0.006, 0.007])
    axes = sets.plot(list("abcd"), language="en")
    assert sets.place.tolist() == [4, 1, 1, 3]  # equal estimates share a place
    assert axes.get_label() == "b: place 1, may be 1–3; c: place 1, may be 1–3; d: place 3, may be 1–3; a: place 4, certain."
    lines = [line for line in axes.lines if line.get_linewidth() == 5]
    assert [tuple(np.round(line.get_xdata()).astype(int)) for line in lines] == [(1, 3), (1, 3), (1, 3), (4, 4)]
    assert [line.get_markerfacecolor() == "white" for line in axes.lines if line.get_marker() == "o"] == [True, True, True, False]
    with pytest.raises(ReportError, match="names：3 个｜应为 4 个"):
        sets.plot(["a", "b", "c"])
