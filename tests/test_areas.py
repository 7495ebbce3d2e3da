"""Small areas in the river: the springs on effective counts, what each column is, and the guard before a verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import EstimateError


def survey(events=(0, 1, 9, 2, 0), villages: int = 5, take: int = 40, **columns) -> ev.Survey:
    """Townships of villages; the events fall on the first households of every village in turn."""
    parts = []
    for at, count in enumerate(events):
        place = np.arange(villages * take)
        order = place % take * villages + place // take
        parts.append(pd.DataFrame({"town": f"乡{at}", "village": at * villages + place // take, "wrong": order < count}))
    return ev.Survey.from_data(pd.concat(parts, ignore_index=True).assign(**columns), strata="town", clusters=["village"])


DIRECT = ev.proportion(survey(), "wrong", by="town")


def test_the_springs_are_fed_effective_counts() -> None:
    found = ev.small_areas(DIRECT, icc=0.1)
    n_eff = DIRECT.interval(icc=0.1)["n_eff"].to_numpy()
    assert n_eff[0] == pytest.approx(200 / (1 + 39 * 0.1))  # no event: the planned design effect
    by_hand = ev.smallareas.shrunken_shares(DIRECT.value * n_eff, n_eff)
    angles = ev.smallareas.fay_herriot_arcsine(DIRECT.value, None, n_eff)
    table = found.table()
    assert table["shrunk"].to_list() == by_hand.shares.tolist() and table["arcsine"].to_list() == angles.shares.tolist()
    assert (table["town"].to_list(), table["n"].to_list()) == ([f"乡{at}" for at in range(5)], [200] * 5)
    assert table[["low", "high"]].to_numpy() == pytest.approx(DIRECT.interval(icc=0.1)[["low", "high"]].to_numpy())


def test_the_worst_area_is_drawn_in_and_the_best_up() -> None:
    table = ev.small_areas(DIRECT).table()
    assert table["shrunk"][2] < table["direct"][2] and table["shrunk"][0] > table["direct"][0] == 0
    assert ((table["weight"] > 0) & (table["weight"] < 1)).all()
    assert (table["shrunk_high"][2] - table["shrunk_low"][2]) < (table["high"][2] - table["low"][2])


@pytest.mark.parametrize("part", ["noun", "shrunken", "angles", "means"])
def test_no_small_area_is_ever_judged(part: str) -> None:
    """Methods §9: they would pass 24.8 % of the bad counties."""
    noun = ev.small_areas(DIRECT)
    asked = {"noun": noun, "shrunken": noun.shrunken, "angles": noun.angles, "means": noun.angles.angles}[part]
    with pytest.raises(EstimateError, match=r"24\.8%.*不能用于判定"):
        ev.judge(asked, 0.02, strict=True)


def test_areas_alike_say_so() -> None:
    found = ev.small_areas(ev.proportion(survey((2, 2, 2, 2)), "wrong", by="town"))
    assert "收到平均" in repr(found) and found.table()["shrunk"].to_list() == pytest.approx([0.01] * 4)
    assert "只作描述，不用于判定" in found._repr_html_()


def test_what_is_no_proportion_by_areas_is_refused() -> None:
    made = survey()
    for asked, words in (
        (ev.proportion(made, "wrong"), "至少两个区域"),
        (ev.mean(made, "wrong", by="town"), "均值"),
        (0.02, "float"),
        (ev.proportion(survey((0, 0, 0)), "wrong", by="town"), "应有事件"),
    ):
        with pytest.raises(EstimateError, match=words):
            ev.small_areas(asked)
    empty = survey(kind=pd.Categorical(["a", "b"] * 500, categories=["a", "b", "c"]))
    with pytest.warns(ev.errors.EvalkitWarning):
        nobody = ev.proportion(empty, "wrong", by="kind")
    with pytest.raises(EstimateError, match="没有样本户"):
        ev.small_areas(nobody)


def test_known_figures_of_the_areas_move_the_line() -> None:
    x = [0.0, 1, 9, 2, 0]
    with_x, without = (ev.small_areas(DIRECT, given).table()["arcsine"] for given in (x, None))
    assert not np.allclose(with_x, without)


def test_shrinkage_passes_more_bad_counties_than_the_point_rule() -> None:
    """The reason of the guard, methods §9: 60 worlds of 40 counties, rates of mean 1 %; bad is a true rate above 2 %."""
    numbers, passed = np.random.default_rng(9), np.zeros(3)
    for _ in range(60):
        truth, n = numbers.beta(1, 99, 40), np.full(40, 300.0)
        x = numbers.binomial(300, truth)
        bad = truth > 0.02
        drawn = ev.smallareas.shrunken_shares(x, n).shares
        passed += [(drawn[bad] < 0.02).sum(), (x[bad] / 300 < 0.02).sum(), bad.sum()]
    assert passed[0] / passed[2] > 1.3 * passed[1] / passed[2]
