"""Waves put together: variances of change by hand, independent waves, steps, replicates and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import EstimateError, SurveyError

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def wave(seed: int, villages: list[int], rows: int = 4, M: int = 30, N: int = 20) -> pd.DataFrame:
    """Households of the villages; a village keeps its level from wave to wave."""
    dice = np.random.default_rng(seed)
    village = np.repeat(villages, rows)
    count = len(village)
    table = pd.DataFrame({"village": village, "stratum": np.where(village % 2 == 0, "even", "odd"), "M": M, "N": N})
    table = table.assign(w=dice.uniform(3, 8, count), y=village + dice.normal(10, 2, count), x=dice.gamma(5, 1, count))
    return table.assign(a=np.array(list("pq"))[np.arange(count) % 2])


def survey(table: pd.DataFrame, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **{"weights": "w", "clusters": "village", **design})


def change(found: ev.Estimate) -> ev.Estimate:
    return found["new"] - found["old"]


def sums(table: pd.DataFrame, column: str = "y") -> pd.Series:
    return (table.w * table[column]).groupby(table.village).sum()


ALL = list(range(1, 9))


# -- by hand --------------------------------------------------------------------------------------------------------


@few
@given(seeds)
def test_change_between_the_same_villages_is_that_of_their_differences(seed: int) -> None:
    """v = n s² over the differences of village sums, less the share of villages sampled."""
    old, new = wave(seed, ALL), wave(seed + 1, ALL, rows=3)
    difference = sums(new) - sums(old)
    for size, left in ((None, 1.0), ("M", 1 - 8 / 30)):
        both = ev.join(old=survey(old, fpc=size), new=survey(new, fpc=size), shared=["village"])
        found = change(ev.total(both, "y", by="wave"))
        assert float(found) == pytest.approx(difference.sum(), rel=1e-12)
        assert found.variances[0] == pytest.approx(left * 8 * difference.var(), rel=1e-10)
        assert both.df == 7 and not any("有放回" in note for note in both.notes)


@few
@given(seeds)
def test_change_in_strata_by_hand(seed: int) -> None:
    old, new = wave(seed, ALL), wave(seed + 1, ALL)
    both = ev.join(old=survey(old, strata="stratum", fpc="M"), new=survey(new, strata="stratum", fpc="M"), shared="village")
    difference = sums(new) - sums(old)
    by_hand = sum((1 - 4 / 30) * 4 * difference[difference.index % 2 == parity].var() for parity in (0, 1))
    assert change(ev.total(both, "y", by="wave")).variances[0] == pytest.approx(by_hand, rel=1e-10)
    assert both.df == 6


@few
@given(seeds)
def test_change_of_means_by_the_scores_of_villages(seed: int) -> None:
    old, new = wave(seed, ALL), wave(seed + 1, ALL)
    both = ev.join(old=survey(old), new=survey(new), shared="village")
    scores = []
    for table in (old, new):
        left = table.y - (table.w @ table.y) / table.w.sum()
        scores.append(sums(table.assign(left=left / table.w.sum()), "left"))
    found = ev.mean(both, "y", by="wave")
    assert change(found).variances[0] == pytest.approx(8 * (scores[1] - scores[0]).var(), rel=1e-10)
    assert found.cov()[0, 1] == pytest.approx(8 * np.cov(*scores)[0, 1], rel=1e-9)


@few
@given(seeds)
def test_villages_that_rotate_count_nothing_in_the_other_wave(seed: int) -> None:
    """Villages 1–6 and 4–9: nine in all; the first stage counts as drawn with replacement, and a note says so where it was not."""
    old, new = wave(seed, list(range(1, 7))), wave(seed + 1, list(range(4, 10)))
    both = ev.join(old=survey(old, fpc="M"), new=survey(new, fpc="M"), shared="village")
    difference = sums(new).reindex(range(1, 10), fill_value=0) - sums(old).reindex(range(1, 10), fill_value=0)
    assert change(ev.total(both, "y", by="wave")).variances[0] == pytest.approx(9 * difference.var(), rel=1e-10)
    assert both.df == 8 and "1 个层各次的首阶段单元或抽样比不同，首阶段按有放回计" in both.notes
    assert ev.join(old=survey(old), new=survey(new), shared="village").notes == ()


@few
@given(seeds)
def test_households_below_shared_villages_are_drawn_anew(seed: int) -> None:
    """Two stages: (1 − f) n s² of the differences, and f Σ (1 − 4/20) 4 s² of the households of both waves."""
    design: dict[str, Any] = {"clusters": ["village", None], "fpc": ["M", "N"]}
    old, new = wave(seed, ALL), wave(seed + 1, ALL)
    both = ev.join(old=survey(old, **design), new=survey(new, **design), shared="village")
    difference, f = sums(new) - sums(old), 8 / 30
    inside = sum(((table.w * table.y).groupby(table.village).var() * 4 * (1 - 4 / 20)).sum() for table in (old, new))
    assert change(ev.total(both, "y", by="wave")).variances[0] == pytest.approx((1 - f) * 8 * difference.var() + f * inside, rel=1e-10)


@few
@given(seeds)
def test_fractions_that_differ_count_as_drawn_with_replacement(seed: int) -> None:
    """The same villages out of 30 in one wave and out of 40 in the other."""
    old, new = wave(seed, ALL), wave(seed + 1, ALL, M=40)
    both = ev.join(old=survey(old, fpc="M"), new=survey(new, fpc="M"), shared="village")
    assert change(ev.total(both, "y", by="wave")).variances[0] == pytest.approx(8 * (sums(new) - sums(old)).var(), rel=1e-10)
    assert any("首阶段按有放回计" in note for note in both.notes)


@few
@given(seeds)
def test_households_of_one_stratum_where_villages_of_another_rotate(seed: int) -> None:
    """Odd villages change from wave to wave and count as drawn with replacement; even ones stay, and their households count below."""
    design: dict[str, Any] = {"strata": ["stratum", None], "clusters": ["village", None], "fpc": ["M", "N"]}
    old, new = wave(seed, [1, 2, 4, 3, 6, 5]), wave(seed + 1, [3, 2, 4, 5, 6, 7, 9])
    both = ev.join(old=survey(old, **design), new=survey(new, **design), shared="village")
    union = [1, 2, 3, 4, 5, 6, 7, 9]
    difference = sums(new).reindex(union, fill_value=0) - sums(old).reindex(union, fill_value=0)
    even, odd = difference[difference.index % 2 == 0], difference[difference.index % 2 == 1]
    inside = 0.0
    for table in (old, new):
        below = (table.w * table.y)[table.village % 2 == 0].groupby(table.village).var()
        inside += (below * 4 * (1 - 4 / 20)).sum()
    expected = 5 * odd.var() + (1 - 3 / 30) * 3 * even.var() + 3 / 30 * inside
    assert change(ev.total(both, "y", by="wave")).variances[0] == pytest.approx(expected, rel=1e-10)


@few
@given(seeds)
def test_independent_waves_add_their_variances(seed: int) -> None:
    old, new = survey(wave(seed, ALL), strata="stratum", fpc="M"), survey(wave(seed + 1, ALL), strata="stratum", fpc="M")
    both = ev.join(old=old, new=new, shared=None)
    found, alone = ev.mean(both, "y", by="wave"), [ev.mean(each, "y") for each in (old, new)]
    assert found.value == pytest.approx([float(each) for each in alone], rel=1e-12)
    assert found.cov() == pytest.approx(np.diag([each.variances[0] for each in alone]), rel=1e-10, abs=1e-14)
    assert change(found).variances[0] == pytest.approx(sum(each.variances[0] for each in alone), rel=1e-10)
    assert both.df == old.df + new.df and found.df.tolist() == [old.df, new.df]


def test_sharing_matters() -> None:
    old, new = survey(wave(1, ALL)), survey(wave(2, ALL))
    found = [change(ev.mean(ev.join(old=old, new=new, shared=shared), "y", by="wave")).se[0] for shared in (["village"], None)]
    assert found[0] < 0.6 * found[1]


# -- each wave stays what it was ------------------------------------------------------------------------------------

DEEP: dict[str, Any] = {"clusters": ["village", None], "fpc": ["M", "N"]}
CLUSTERS: dict[str, Any] = {"fpc": "M"}
STRATA: dict[str, Any] = {"strata": "stratum", "fpc": "M"}


@pytest.mark.parametrize("shared", [None, "village"])
@pytest.mark.parametrize(("first", "second"), [({}, DEEP), (DEEP, DEEP), (STRATA, STRATA), (CLUSTERS, DEEP)])
def test_estimates_of_one_wave_are_those_of_its_survey(shared: str | None, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Also where one wave has fewer stages. With shared villages the first stage counts alike where its fractions are equal."""
    if shared is not None and first.get("fpc") is None:
        second = {"clusters": ["village", None]}
    old, new = survey(wave(1, ALL), **first), survey(wave(2, ALL), **second)
    found = ev.ratio(ev.join(old=old, new=new, shared=shared), "y", "x", by="wave")
    for name, each in (("old", old), ("new", new)):
        alone = ev.ratio(each, "y", "x")
        assert float(found[name]) == pytest.approx(float(alone), rel=1e-12)
        assert found[name].variances == pytest.approx(alone.variances, rel=1e-10)


def test_columns_of_one_wave_only() -> None:
    old, new = wave(1, ALL).assign(left=1.5), wave(2, ALL)
    both = ev.join(old=survey(old), new=survey(new), shared="village")
    assert float(ev.mean(both, "left", where=ev.col("wave") == "old")) == pytest.approx(1.5, rel=1e-14)
    with pytest.raises(EstimateError, match="left｜缺答案"):
        ev.mean(both, "left")
    assert ev.mean(both, "y", by=["wave", "a"]).labels[0] == ("old", "p", "y")


def test_three_waves_keep_the_order_in_which_they_are_given() -> None:
    surveys = {name: survey(wave(at, ALL)) for at, name in enumerate(("zeta", "alpha", "mid"))}
    both = ev.join(shared="village", **surveys)
    assert [label[0] for label in ev.mean(both, "y", by="wave").labels] == ["zeta", "alpha", "mid"]
    assert ev.mean(both, "y", by="wave").cov().shape == (3, 3)


def test_a_panel_of_households_without_clusters() -> None:
    old = wave(1, ALL).assign(hh=lambda t: t.village * 10 + t.groupby("village").cumcount())
    new = old.assign(y=old.y + np.random.default_rng(3).normal(1, 0.1, len(old)), w=old.w)
    both = ev.join(old=ev.Survey.from_data(old, weights="w"), new=ev.Survey.from_data(new, weights="w"), shared="hh")
    difference = old.w * (new.y - old.y)
    assert change(ev.total(both, "y", by="wave")).variances[0] == pytest.approx(len(old) * difference.var(), rel=1e-9)


def test_waves_by_size_that_are_independent() -> None:
    first, second = (wave(at, ALL).assign(pi=lambda t: 0.2 + t.village / 20) for at in (1, 2))
    old, new = (ev.Survey.from_data(each, weights="w", clusters="village", fpc="pi", pps=ev.PPS("hajek")) for each in (first, second))
    found = ev.total(ev.join(old=old, new=new, shared=None), "y", by="wave")
    assert found.cov() == pytest.approx(np.diag([ev.total(each, "y").variances[0] for each in (old, new)]), rel=1e-10, abs=1e-9)


# -- steps and replicates -------------------------------------------------------------------------------------------

TOTALS = {"p": 100, "q": 120}


@pytest.mark.parametrize("shared", [None, "village"])
def test_adjusted_waves_stay_adjusted(shared: str | None) -> None:
    """Each wave's step is pulled through for that wave alone, in the linearised variance and on replicates."""
    old = ev.weigh(survey(wave(1, ALL)), ev.PostStratify("a", TOTALS))
    new = ev.weigh(survey(wave(2, ALL)), ev.Trim(upper=7.5), ev.Rake({"a": {"p": 90, "q": 95}}))
    both = ev.join(old=old, new=new, shared=shared)
    assert both.weights.tolist() == [*old.weights, *new.weights] and len(both.steps) == 3
    found = ev.total(both, "y", by="wave")
    for name, each in (("old", old), ("new", new)):
        alone = ev.total(each, "y")
        assert float(found[name]) == pytest.approx(float(alone), rel=1e-12)
        assert found[name].variances == pytest.approx(alone.variances, rel=1e-10)
    assert ev.total(both, "a", by="wave").se == pytest.approx(np.zeros(4), abs=1e-6)
    again = ev.total(both.replicate("jkn", centre="estimate"), "y", by="wave")
    for name, each in (("old", old), ("new", new)):
        if shared is not None:
            assert again[name].variances == pytest.approx(ev.total(each.replicate("jk1", centre="estimate"), "y").variances, rel=1e-9)
        assert float(again[name]) == pytest.approx(float(ev.total(each, "y")), rel=1e-12)
    assert again.cov()[0, 1] == pytest.approx(0 if shared is None else again.cov()[1, 0], abs=1e-9)


def test_replicates_of_shared_villages_leave_a_village_out_of_both_waves() -> None:
    """For totals the jackknife gives the linearised variance of change, and each replicate is made by hand."""
    old, new = wave(1, ALL), wave(2, ALL, rows=3)
    both = ev.join(old=survey(old), new=survey(new), shared="village")
    made = both.replicate("jk1")
    found = change(ev.total(made, "y", by="wave"))
    assert found.variances == pytest.approx(change(ev.total(both, "y", by="wave")).variances, rel=1e-10)
    difference = sums(new) - sums(old)
    assert found.replicates[:, 0] == pytest.approx(((difference.sum() - difference) * 8 / 7).to_numpy(), rel=1e-10)


def test_a_step_after_joining_may_use_the_wave() -> None:
    old, new = survey(wave(1, ALL)), survey(wave(2, ALL))
    totals = {("old", "p"): 100, ("old", "q"): 120, ("new", "p"): 90, ("new", "q"): 95}
    after = ev.weigh(ev.join(old=old, new=new, shared="village"), ev.PostStratify(["wave", "a"], totals))
    first = ev.weigh(old, ev.PostStratify("a", TOTALS)), ev.weigh(new, ev.PostStratify("a", {"p": 90, "q": 95}))
    before = ev.join(old=first[0], new=first[1], shared="village")
    assert after.weights == pytest.approx(before.weights, rel=1e-12)
    assert ev.total(after, "y", by="wave").cov() == pytest.approx(ev.total(before, "y", by="wave").cov(), rel=1e-9)


# -- what is refused ------------------------------------------------------------------------------------------------


def refused(shared: Any, **waves: Any) -> str:
    with pytest.raises(SurveyError) as raised:
        ev.join(shared=shared, **waves)
    return str(raised.value)


def test_what_cannot_be_joined() -> None:
    table = wave(1, ALL)
    plain = survey(table)
    assert "至少应有两次调查" in refused(None, old=plain)
    assert "b：DataFrame｜应为 Survey" in refused(None, a=plain, b=table)
    assert "已有 wave 列" in refused(None, a=survey(table.assign(wave=1)), b=plain)
    assert "先 join，再 .replicate" in refused(None, a=plain.replicate("jk1"), b=plain)
    assert "singleton 或 stages 规则不同" in refused(None, a=plain, b=survey(table, singleton="adjust"))
    assert "singleton 或 stages 规则不同" in refused(None, a=plain, b=survey(table, stages="first"))


def test_columns_that_do_not_name_the_villages() -> None:
    table = wave(1, ALL)
    plain = survey(table)
    assert "town 不是每次调查都有" in refused(["town"], a=plain, b=plain)
    assert "village 不是每次调查都有" in refused("village", a=plain, b=survey(table.assign(v=table.village, village=None), clusters="v"))
    assert "不是一一对应" in refused("a", a=plain, b=plain)
    assert "不是一一对应" in refused("stratum", a=plain, b=plain)


def test_villages_in_different_strata() -> None:
    table = wave(1, ALL)
    moved = table.assign(stratum=np.where(table.village < 5, "even", "odd"))
    assert "属于不同的层" in refused("village", a=survey(table, strata="stratum"), b=survey(moved, strata="stratum"))


def test_shared_villages_by_size_are_refused() -> None:
    table = wave(1, ALL).assign(pi=0.3)
    by_size = ev.Survey.from_data(table, weights="w", clusters="village", fpc="pi", pps=ev.PPS("hajek"))
    assert "联合概率未知" in refused("village", a=by_size, b=by_size)
    assert "首阶段的方差规则应相同" in refused(None, a=by_size, b=survey(table))


def test_estimates_of_two_surveys_name_both_ways() -> None:
    old, new = survey(wave(1, ALL)), survey(wave(2, ALL))
    with pytest.raises(EstimateError, match=r"ev\.join") as raised:
        ev.mean(new, "y") - ev.mean(old, "y")
    assert "shared=[村的列]" in str(raised.value) and "shared=None" in str(raised.value)
