"""Agreement of two codings: the worked table of methods §8, slopes against differences, jackknife against linearisation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

import evalkit as ev
from evalkit.errors import EstimateError
from evalkit.reliability import agreement_table, measures_of

SECTION_8 = [[1180, 8], [6, 6]]


def coded(cells, villages: int = 40) -> pd.DataFrame:
    counts = np.asarray(cells)
    rows = [(i, j) for i in range(len(counts)) for j in range(len(counts)) for _ in range(counts[i, j])]
    return pd.DataFrame(rows, columns=["first", "second"]).assign(village=np.arange(len(rows)) * 7 % villages)


def test_the_table_of_section_8() -> None:
    found = agreement_table(SECTION_8)
    said = {"agreement": 0.988333, "kappa": 0.455677, "ac1": 0.988078, "pabak": 0.976667, "positive": 0.4615}
    assert {name: round(value, 4 if name == "positive" else 6) for name, value in found.items()} == said
    survey = ev.Survey.from_data(coded(SECTION_8), clusters="village")
    assert ev.agreement(survey, "first", "second").value == pytest.approx(list(found.values()))


@given(st.lists(st.integers(1, 60), min_size=9, max_size=9))
@settings(max_examples=30, deadline=None)
def test_kappa_is_that_of_statsmodels_for_three_categories(cells: list[int]) -> None:
    table = np.array(cells).reshape(3, 3)
    assert agreement_table(table)["kappa"] == pytest.approx(cohens_kappa(table).kappa, abs=1e-12)


@pytest.mark.parametrize("levels", [2, 3])
def test_slopes_are_those_of_small_steps(levels: int) -> None:
    t = np.random.default_rng(1).uniform(1, 9, (levels, levels))
    for measure in measures_of(levels).values():
        slopes, step = measure.of(t)[1], 1e-6
        for at in np.ndindex(t.shape):
            up, down = t.copy(), t.copy()
            up[at] += step
            down[at] -= step
            assert slopes[at] == pytest.approx((measure.of(up)[0] - measure.of(down)[0]) / (2 * step), abs=1e-7)


def test_linearised_and_jackknife_errors_agree_and_villages_count() -> None:
    table = coded(SECTION_8)
    survey = ev.Survey.from_data(table, clusters="village")
    linear, jackknife = ev.agreement(survey, "first", "second"), ev.agreement(survey.replicate("jk1"), "first", "second")
    assert jackknife.value == pytest.approx(linear.value)
    assert jackknife.se == pytest.approx(linear.se, rel=0.06)
    together = table.assign(village=np.arange(len(table)) // 30)  # the disagreements lie in few villages
    assert ev.agreement(ev.Survey.from_data(together, clusters="village"), "first", "second").se[0] > 1.5 * linear.se[0]


def test_the_jackknife_by_hand() -> None:
    table = coded(SECTION_8)
    survey = ev.Survey.from_data(table, clusters="village").replicate("jk1")
    left = [agreement_table(pd.crosstab(*(part["first"], part["second"])).to_numpy())["kappa"]
            for part in (table[table["village"] != at] for at in range(40))]  # fmt: skip
    hand = np.sqrt(39 / 40 * ((left - np.mean(left)) ** 2).sum())
    assert ev.agreement(survey, "first", "second")["kappa"].se[0] == pytest.approx(hand, rel=1e-9)


def test_intervals_of_kappa_cover_with_clusters() -> None:
    numbers, right, rounds, truth = np.random.default_rng(5), 0, 120, 0.0
    rate, agrees = 0.3, 0.9

    def drawn(villages: int) -> pd.DataFrame:
        p = numbers.beta(rate * 9, (1 - rate) * 9, villages).repeat(30)
        first = numbers.uniform(size=len(p)) < p
        second = np.where(numbers.uniform(size=len(p)) < agrees, first, ~first)
        return pd.DataFrame({"first": first, "second": second, "village": np.arange(villages).repeat(30)})

    big = drawn(40_000)
    truth = agreement_table(pd.crosstab(big["first"], big["second"]).to_numpy())["kappa"]
    for _ in range(rounds):
        found = ev.agreement(ev.Survey.from_data(drawn(40), clusters="village"), "first", "second")["kappa"].interval()
        right += bool(found["low"].iloc[0] <= truth <= found["high"].iloc[0])
    assert abs(right / rounds - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / rounds)


def test_words_levels_and_domains() -> None:
    words = np.array(["不满意", "一般", "满意"])
    table = coded([[5, 1, 0], [2, 9, 3], [0, 4, 20]], villages=8)
    table = table.assign(first=words[table["first"]], second=words[table["second"]], kind=np.arange(len(table)) % 2)
    survey = ev.Survey.from_data(table, clusters="village")
    names = [label[0] for label in ev.agreement(survey, "first", "second").labels]
    assert names[4:] == ["specific 一般", "specific 不满意", "specific 满意"]
    assert len(ev.agreement(survey, "first", "second", by="kind")) == 14


@pytest.mark.parametrize(
    ("table", "words"),
    [({"first": [0, 0, 0], "second": [0, 0, 0]}, "只有一个答案"), ({"first": ["a", "b", "a"], "second": [0, 1, 0]}, "一列是文字"),
     ({"first": [0.0, 1, None], "second": [0.0, 1, 1]}, "缺答案")],
)  # fmt: skip
def test_codings_that_cannot_be_compared_are_refused(table, words) -> None:
    with pytest.raises(EstimateError, match=words):
        ev.agreement(ev.Survey.from_data(pd.DataFrame(table)), "first", "second")


@pytest.mark.parametrize("table", [[[1, 2]], [[1, -2], [3, 4]], [[0, 0], [0, 0]], [[5]]])
def test_tables_that_are_none_are_refused(table) -> None:
    with pytest.raises(EstimateError, match="一致性表"):
        agreement_table(table)
