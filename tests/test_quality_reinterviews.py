"""Re-interviews: the draw by ticket, the blind list, the two-phase estimate by Monte Carlo, correction and agreement."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import tickets
from evalkit.errors import EstimateError, FieldworkError
from evalkit.findings import Findings, determine
from tests import county

SEED = "27182818284590452353"


@cache
def returned():
    return ev.collect(*county.build(county.design(returns={"empty_cell": "spread"}))[2:])


@cache
def findings() -> Findings:
    return determine(returned())


@cache
def plan():
    return ev.reinterview(findings(), share=0.1, seed=SEED)


def filled(drawn, seed: int = 1, wrong: float = 0.0) -> pd.DataFrame:
    """The blind list with the first answers given again, but for a share of guarantees turned round."""
    table, first = drawn.blind().astype(object), findings().table().set_index(["village", "household"])
    index = pd.MultiIndex.from_frame(table[["村代码", "户编号"]])
    for column in ("人均纯收入", *county.GUARANTEES, *county.EXCLUSIONS):
        table[column] = first.loc[index, column].to_numpy()
    turned = np.random.default_rng(seed).uniform(size=len(table)) < wrong
    table.loc[turned, "住房安全"] = "否"
    return table.assign(结果="完成")


def test_all_errors_and_the_smallest_tickets_of_the_others() -> None:
    table = plan().table()
    assert table.loc[table["found"], "chosen"].all() and table["found"].sum() > 3
    for _, cell in table[~table["found"]].groupby("village"):
        take = int(np.ceil(0.1 * len(cell) - 1e-9))
        order = tickets.order(SEED, "reinterview", (cell["village"] + "/" + cell["household"]).tolist())
        assert set(cell.loc[cell["chosen"], "village"] + "/" + cell.loc[cell["chosen"], "household"]) == set(order[:take])
        assert cell["chance"].to_numpy() == pytest.approx(take / len(cell))
    counts = plan().counts()
    assert counts["drawn"].sum() + counts["found"].sum() == table["chosen"].sum()


def test_the_draw_does_not_depend_on_the_order_of_rows() -> None:
    one = ev.reinterview(returned(), share=0.1, seed=SEED).table()
    pd.testing.assert_frame_equal(one, plan().table())


def test_the_blind_list_tells_nothing_of_the_first_visit(tmp_path) -> None:
    table = plan().blind()
    assert len(table) == plan().table()["chosen"].sum()
    assert (table[["结果", "人均纯收入", *county.GUARANTEES, *county.EXCLUSIONS]] == "").all().all()
    assert not {"finding", "status", "affected", "found", "状态"} & set(table)
    found = plan().table().set_index(["village", "household"])["found"]
    places = found.loc[pd.MultiIndex.from_frame(table[["村代码", "户编号"]])].to_numpy()
    first = pd.Series(places).groupby(table["村代码"].to_numpy()).first()
    assert 0 < first.mean() < 1  # those found in error do not head the list of their village
    paths = plan().save(tmp_path)
    assert [path.name for path in paths] == ["复访名单.xlsx", "复访名单.csv"]
    assert ev.recheck(plan(), filled(plan())).table().shape[0] == len(table)


def test_the_same_answers_give_the_first_rate_and_full_agreement() -> None:
    found = ev.recheck(plan(), filled(plan()))
    rate = found.rates[0]
    counts = found.counts().set_index("指标").loc[rate.name]
    assert counts["只有首访"] == counts["只有复访"] == 0 < counts["两次都是"]
    assert float(found.two_phase(rate)) == pytest.approx(float(found.first(rate)), rel=0.15)  # but for households of other sizes
    assert found.agreement(rate.name).value == pytest.approx(1)
    row = found.corrected().set_index("指标").loc[rate.name]
    assert row["灵敏度"] == row["特异度"] == 1 and row["校正"] == pytest.approx(row["首访"])


def test_errors_that_were_missed_raise_the_rate() -> None:
    found = ev.recheck(plan(), filled(plan(), wrong=0.2))
    rate = found.rates[0]
    row = found.corrected().set_index("指标").loc[rate.name]
    assert row["两阶段"] > 1.5 * row["首访"] and row["灵敏度"] < 0.9
    assert row["校正低"] <= row["校正"] <= row["校正高"] and row["低"] <= row["两阶段"] <= row["高"]
    assert found.agreement(rate.name)["kappa"].se[0] > 0
    assert "两阶段" in repr(found)


def test_faults_of_the_list_are_told_together() -> None:
    table = filled(plan())
    bad = pd.concat([table, table.iloc[[0]], table.iloc[[1]].assign(户编号="9999")], ignore_index=True)
    bad.loc[2, "结果"] = "做完"
    with pytest.raises(FieldworkError, match=r"(?s)不在复访名单中.*出现两次.*不在允许的结果中"):
        ev.recheck(plan(), bad)
    nobody = table.assign(结果="拒访")
    with pytest.raises(FieldworkError, match="一户都没有复访成功"):
        ev.recheck(plan(), nobody)


@pytest.mark.parametrize(("asked", "words"), [({"share": 0}, "share"), ({"seed": " "}, "seed"), ({"by": "县"}, "没有这一列")])
def test_draws_that_are_none_are_refused(asked, words) -> None:
    with pytest.raises(FieldworkError, match=words):
        ev.reinterview(findings(), **({"share": 0.1, "seed": SEED} | asked))


# -- the two-phase estimate ------------------------------------------------------------------------------------------

VILLAGES, TAKE = 60, 30


def population(numbers) -> tuple[np.ndarray, np.ndarray]:
    """Truth and first find of each household of 600 villages of 30."""
    p = numbers.beta(0.12 * 12, 0.88 * 12, 600).repeat(TAKE)
    truth = numbers.uniform(size=len(p)) < p
    first = np.where(truth, numbers.uniform(size=len(p)) < 0.6, numbers.uniform(size=len(p)) < 0.03)
    return truth, first


def looked(numbers, truth, first, share: float = 0.1) -> pd.DataFrame:
    """A sample of villages, and in each a second look at all finds and a share of the others."""
    villages = np.sort(numbers.choice(600, VILLAGES, replace=False))
    rows = (villages[:, None] * TAKE + np.arange(TAKE)).ravel()
    table = pd.DataFrame({"village": villages.repeat(TAKE), "truth": truth[rows].astype(float), "first": first[rows]})
    rank = pd.Series(numbers.uniform(size=len(table))).groupby([table["village"], table["first"]]).rank()
    size = table.groupby(["village", "first"])["truth"].transform("size")
    take = np.where(table["first"], size, np.ceil(share * size))
    return table.assign(chance=take / size, seen=table["truth"].where(rank <= take))


def test_two_phases_are_unbiased_and_their_intervals_cover_whatever_the_first_look_misses() -> None:
    numbers = np.random.default_rng(12)
    truth, first = population(numbers)
    values, right, variances, rounds = [], 0, [], 300
    for _ in range(rounds):
        survey = ev.Survey.from_data(looked(numbers, truth, first), clusters="village")
        found = ev.two_phase(survey, "seen", chance="chance")
        limits = found.interval(method="logit-t")
        values.append(float(found))
        variances.append(float(found.se[0] ** 2))
        right += bool(limits["low"].iloc[0] <= truth.mean() <= limits["high"].iloc[0])
    spread = np.std(values)
    assert abs(np.mean(values) - truth.mean()) <= 3 * spread / np.sqrt(rounds)
    assert abs(first.mean() - truth.mean()) > 10 * spread / np.sqrt(rounds)  # the first look alone is far off
    assert np.mean(variances) == pytest.approx(spread**2 * 1.05, rel=3 * np.sqrt(2 / rounds) + 0.05)
    assert right / rounds >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / rounds)


def test_everybody_looked_at_twice_is_the_plain_proportion() -> None:
    table = pd.DataFrame({"village": np.arange(40) // 4, "seen": [1.0, 0, 0, 0] * 10, "p": 1.0, "persons": [1, 2, 3, 4] * 10})
    survey = ev.Survey.from_data(table, clusters="village")
    found, plain = ev.two_phase(survey, "seen", chance="p", count="persons"), ev.proportion(survey, "seen", count="persons")
    assert float(found) == pytest.approx(float(plain)) and found.se == pytest.approx(plain.se)
    assert found.interval()["high"].iloc[0] == pytest.approx(plain.interval()["high"].iloc[0])


@pytest.mark.parametrize(
    ("change", "words"), [({"p": 0.0}, "概率"), ({"seen": 2.0}, "0 或 1"), ({"seen": np.nan}, "没有一户")]
)  # fmt: skip
def test_second_looks_that_are_none_are_refused(change, words) -> None:
    table = pd.DataFrame({"village": [1, 1, 2, 2], "seen": [1.0, 0, 0, 1], "p": 1.0}).assign(**change)
    with pytest.raises(EstimateError, match=words):
        ev.two_phase(ev.Survey.from_data(table, clusters="village"), "seen", chance="p")
