"""A made-up county is what its specimen says, is the same every time, and marks itself as made up."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.codes import is_identity
from evalkit.errors import DesignError
from evalkit.synthetic import Registry, registry, returns
from tests import county


def large(**specimen: object) -> Registry:
    """A registry of the 355 villages of the specimen design."""
    table = county.villages("411726")
    return registry(table, county.design(specimen=specimen))


def icc(values: np.ndarray, groups: np.ndarray) -> float:
    """ANOVA estimate of the intra-class correlation (Donner 1986)."""
    n, total = len(values), np.bincount(groups, values)
    size = np.bincount(groups)
    between = float((size * (total / size - values.mean()) ** 2).sum()) / (len(size) - 1)
    within = float((values**2).sum() - (total**2 / size).sum()) / (n - len(size))
    n0 = (n - (size**2).sum() / n) / (len(size) - 1)
    return (between - within) / (between + (n0 - 1) * within)


def test_village_totals_are_sums_of_the_households() -> None:
    _, made, _, _ = county.made()
    listed, people = made.villages().set_index("village_code"), made.households()
    assert (people.groupby("village").size().reindex(listed.index) == listed["户数"]).all()
    assert (people.groupby("village")["persons"].sum().reindex(listed.index) == listed["乡村人口"]).all()
    for stratum, name in ((county.EXITED, "脱贫"), (county.REGISTERED, "未脱贫"), (county.OUTSIDE, "非建档立卡")):
        mine = people[people["stratum"] == stratum].groupby("village")["persons"]
        assert (mine.sum().reindex(listed.index).fillna(0) == listed[f"{name}人口"]).all()
        assert (mine.size().reindex(listed.index).fillna(0) == listed[f"{name}户数"]).all()


def test_the_village_list_is_kept_and_not_written_to() -> None:
    table = county.villages().copy()
    made = registry(table, county.design()).villages()
    pd.testing.assert_frame_equal(table, county.villages())
    pd.testing.assert_frame_equal(made[table.columns], table)
    assert (made["贫困村"] == "是").sum() == 20


def test_one_village_alone_is_the_same_as_within_all() -> None:
    _, made, _, _ = county.made()
    whole = made.households()
    for village in made.villages()["village_code"][[0, 17, 40]]:
        alone = made.households([village])
        pd.testing.assert_frame_equal(alone, whole[whole["village"] == village].reset_index(drop=True))


def test_the_same_specimen_makes_the_same_county_whatever_the_order_of_the_list() -> None:
    again = registry(county.villages()[::-1], county.design())
    first = registry(county.villages(), county.design())
    by = ["village", "household"]
    pd.testing.assert_frame_equal(
        first.households().sort_values(by, ignore_index=True), again.households().sort_values(by, ignore_index=True)
    )
    other = registry(county.villages(), county.design(specimen={"seed": "1"})).households()
    assert not first.households()["persons"][:200].equals(other["persons"][:200])


def test_shares_and_sizes_are_near_those_stated() -> None:
    people = large(households=300, exited_share=0.12, remaining_share=0.02, poor_villages=102).households()
    share = people["stratum"].value_counts(normalize=True)
    assert share[county.EXITED] == pytest.approx(0.12, abs=0.008)
    assert share[county.REGISTERED] == pytest.approx(0.02, abs=0.003)
    assert people["persons"].mean() == pytest.approx(3.1, abs=0.03)
    assert len(people) == pytest.approx(355 * 300, rel=0.07)


def test_truth_has_the_stated_rates_and_clustering() -> None:
    stated = {"wrong_exit": 0.08, "missed": 0.05, "misidentified": 0.1}
    people = large(households=300, exited_share=0.3, remaining_share=0.1, icc=0.1, **stated).households()
    populations = {"wrong_exit": county.EXITED, "missed": county.OUTSIDE, "misidentified": county.REGISTERED}
    for finding, stratum in populations.items():
        mine = people[people["stratum"] == stratum]
        hit = (mine["truth"] == finding).to_numpy(dtype=float)
        village = pd.factorize(mine["village"])[0]
        mean = stated[finding]
        error = np.sqrt(mean * (1 - mean) * (0.1 / 355 + 0.9 / len(mine)))
        assert abs(hit.mean() - mean) < 3.5 * error
        assert icc(hit, village) == pytest.approx(0.1, abs=0.035)
        assert not (people.loc[people["stratum"] != stratum, "truth"] == finding).any()


def test_without_correlation_the_villages_do_not_differ() -> None:
    people = large(households=200, icc=0.0, missed=0.1).households()
    mine = people[people["stratum"] == county.OUTSIDE]
    assert abs(icc((mine["truth"] == "missed").to_numpy(dtype=float), pd.factorize(mine["village"])[0])) < 0.01


@pytest.mark.parametrize("rule", ["all", "majority"])
def test_approving_households_are_as_many_as_stated(rule: str) -> None:
    rates = county.plan()["rate"]
    rates[1]["rule"] = rule
    declared = county.design(rate=rates, specimen={"approval": 0.9, "icc": 0.02, "households": 300})
    people = registry(county.villages("411726"), declared).households()
    yes = sum((people[item] == "认可").astype(int) for item in county.ITEMS)
    approve = yes == 3 if rule == "all" else yes >= 2
    assert approve.mean() == pytest.approx(0.9, abs=3.5 * np.sqrt(0.09 * 0.02 / 355))


def test_identity_numbers_pass_their_check_and_belong_to_no_county() -> None:
    _, made, sample, _ = county.made()
    numbers = made.households(sample.villages[:3])["id_number"]
    assert all(is_identity(number) for number in numbers)
    assert numbers.str.startswith("110000").all()


def test_rosters_carry_the_headings_and_words_of_the_design_and_no_truth() -> None:
    declared, made, sample, _ = county.made()
    table = made.rosters([sample.villages[0]])[sample.villages[0]]
    assert declared.rosters is not None
    assert list(table.columns[:7]) == ["村代码", "户编号", "户类型", "人数", "户主", "证件号码", "自然村"]
    assert set(table["户类型"]) <= {"已脱贫", county.REGISTERED, "一般农户"}
    assert set(table["数据说明"]) == {"模拟数据"}
    assert not {"truth", "outcome", "人均纯收入", *county.GUARANTEES} & set(table.columns)


def test_interviews_follow_the_reserves_in_order_and_say_the_truth() -> None:
    _, _, sample, table = county.made()
    assert set(table["数据说明"]) == {"模拟数据"}
    outcome = table.set_index(["村代码", "户编号"])["结果"]
    drawn = sample.table("household").join(outcome, on=["village", "household"])
    assert drawn.loc[drawn["role"] == "main", "结果"].notna().all()
    assert drawn.loc[drawn["role"] == "reserve", "结果"].notna().sum() > 5
    for _, cell in drawn.groupby(["village", "stratum"]):
        spare = cell[cell["role"] == "reserve"].sort_values("order")
        used = spare["结果"].notna().tolist()
        assert used == sorted(used, reverse=True)
        owed = int((cell.loc[cell["role"] == "main", "结果"] != "完成").sum())
        done = int((spare["结果"] == "完成").sum())
        assert done == owed or (done < owed and all(used))


def test_status_is_written_for_raised_cases_only() -> None:
    _, made, sample, table = county.made()
    truth = made.households(sample.villages).set_index(["village", "household"])["truth"]
    of_row = truth.reindex(pd.MultiIndex.from_frame(table[["村代码", "户编号"]])).to_numpy()
    raised = (table["状态"] != "").to_numpy()
    assert ((of_row != "") & (table["结果"] == "完成").to_numpy() == raised).all()
    assert set(table.loc[raised, "状态"]) <= {"认定", "排除", "疑似"}


def test_a_missing_word_or_section_is_named() -> None:
    declared, made, sample, _ = county.made()
    words = {"完成": "complete", "拒访": "refusal", "无人": "noncontact"}
    with pytest.raises(DesignError, match="ineligible"):
        returns(sample, made.households(sample.villages), county.design(returns={"dispositions": words}))
    with pytest.raises(DesignError, match="specimen"):
        registry(county.villages(), ev.read_design({k: v for k, v in county.plan().items() if k != "specimen"}))
    with pytest.raises(DesignError, match="village_code"):
        registry(county.villages().drop(columns="village_code"), declared)
    with pytest.raises(DesignError, match="没有村"):
        made.households(["999999999999"])


def test_a_county_is_made_quickly() -> None:
    start = time.perf_counter()
    made = large(households=325)
    made.households(made.villages()["village_code"][:44])
    assert time.perf_counter() - start < 4
