"""How many: rates, bounds, rules by what a village is like, shared totals; the same whatever the order of arrival."""

import math
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit import allocation
from evalkit.errors import DesignError, DrawError
from evalkit.sample import Sample
from tests.draws import COLUMNS, listed, people, province, staged

SEED = "31415926535897932384"
VILLAGE = {"name": "village", "method": "srs", "n": 4}
HOUSEHOLD = {"name": "household", "method": "srs", "shortfall": "take-all"}
TYPES = {"strata": ["type"]}


def villages(stage: dict[str, Any], table: pd.DataFrame | None = None) -> dict[str, int]:
    """Return how many villages each stratum gives."""
    drawn = ev.draw(listed(table), staged({"name": "village", "method": "srs"} | stage), seed=SEED)
    return drawn.table().groupby("stratum").size().to_dict()


def mains(sample: Sample, by: tuple[str, ...] = ("village",)) -> dict[Any, int]:
    table = sample.table("household")
    return table[table["role"] == "main"].groupby(list(by) if len(by) > 1 else by[0]).size().to_dict()


# -- rates and rules ----------------------------------------------------------------------------------------------------


@given(st.integers(1, 100), st.integers(1, 60), st.integers(0, 5), st.integers(5, 60))
@settings(max_examples=25, deadline=None)
@example(10, 30, 0, 60)
def test_rates_are_rounded_up_within_their_bounds(percent: int, size: int, least: int, most: int) -> None:
    """Against exact fractions: 10 % of 30 is 3 although 0.1 is more than a tenth in the machine."""
    table = province(1, 1, 1, size)
    sizes = villages({"rate": percent / 100, "least": least, "most": most}, table)
    assert sizes == {"全部": min(size, max(least, min(most, math.ceil(Fraction(percent, 100) * size))))}


def test_rates_by_stratum_leave_out_what_they_do_not_name_or_name_with_0() -> None:
    stage = {"strata": ["kind"], "rate": {"贫困村": 0.1, "非贫困村": 0.0}, "least": 3}
    assert villages(stage) == {"贫困村": 6}
    with pytest.raises(DrawError, match="名单中的层不在设计的 n 中"):
        villages({"strata": ["kind"], "rate": {"贫困村": 0.1}})


def test_the_first_rule_that_fits_a_village_counts() -> None:
    """By what the village is like, and by how many of a type its list holds."""
    rules = [{"where": {"kind": "贫困村"}, "n": 9}, {"holds": {"脱贫户": 8}, "n": 5}, {"rate": 0.125}]
    plan = staged(VILLAGE | {"n": 12}, HOUSEHOLD | {"quota": rules} | TYPES)
    start = ev.draw(listed(), plan, seed=SEED)
    rosters = people(start.villages)
    sample, kinds = ev.draw_next(start, rosters), start.table("village").set_index("unit")["kind"]
    exited = rosters[rosters["stratum"] == "脱贫户"].groupby("village").size()
    expected = {}
    for village in start.villages:
        sizes = rosters[rosters["village"] == village].groupby("stratum").size().to_dict()
        rule = 9 if kinds[village] == "贫困村" else 5 if exited.get(village, 0) >= 8 else None
        for kind, size in sizes.items():
            expected[village, kind] = min(size, rule) if rule else math.ceil(size / 8)
    assert mains(sample, ("village", "stratum")) == expected and {9, 5} & set(expected.values())
    assert ev.verify(sample.certificate, listed(), rosters).ok


def test_rules_under_units_of_the_list() -> None:
    """A stage of the frame asks what the unit above is like; its columns must have one value there."""
    county = {"name": "county", "unit": "county", "method": "take-all"}
    below = {"name": "village", "from": "frame", "method": "srs", "shortfall": "fail"}
    rules = [{"where": {"city": ["S1", "S2"]}, "n": 1}, {"n": 4}]
    table = ev.draw(listed(), staged(county, below | {"quota": rules}), seed=SEED).table()
    assert table.groupby("county").size().tolist() == [1] * 6 + [4] * 3
    with pytest.raises(DrawError, match=r"quota.where.kind｜上一阶段的单位在这一列没有唯一的值"):
        ev.draw(listed(), staged(county, below | {"quota": [{"where": {"kind": "贫困村"}, "n": 1}, {"n": 4}]}), seed=SEED)


def test_rules_that_could_never_fit_are_faults_of_the_design() -> None:
    wrong = (
        ({"quota": [{"where": {"片区": "东"}, "n": 1}, {"n": 2}]}, "quota.1..where：片区｜不在 .frame. columns 中"),
        ({"quota": [{"holds": {"脱贫": 3}, "n": {"脱贫户": 1}}, {"n": 2}]} | TYPES, "holds：脱贫｜没有这个层｜可用：脱贫户"),
        ({"quota": [{"where": {"kind": "贫困村"}, "n": 1}]}, "最后一条不应有条件"),
        ({"quota": [{"n": 1, "rate": 0.5}]}, "n 与 rate 必须且只能写一个"),
    )
    for keys, says in wrong:
        with pytest.raises(DesignError, match=says):
            staged(VILLAGE, HOUSEHOLD | keys)
    with pytest.raises(DesignError, match="第一阶段没有上一阶段的单位"):
        staged({"name": "village", "method": "srs", "quota": [{"where": {"kind": "贫困村"}, "n": 1}, {"n": 2}]})


# -- shared totals ------------------------------------------------------------------------------------------------------

NEEDS: dict[str, dict[str, Any]] = {
    "equal": {}, "proportional": {}, "kish": {"importance": 2.0}, "neyman": {"spreads": {"S1": 1.0, "S2": 2.0, "S3": 4.0}},
    "power": {"cvs": {"S1": 1.0, "S2": 0.5, "S3": 2.0}, "exponent": 0.25},
    "cost": {"spreads": {"S1": 1.0, "S2": 2.0, "S3": 4.0}, "costs": {"S1": 9.0, "S2": 4.0, "S3": 1.0}},
}  # fmt: skip


@pytest.mark.parametrize("rule", NEEDS)
def test_a_total_is_shared_out_by_every_rule(rule: str) -> None:
    """The numbers are those of the allocation itself, with the counts of the list; the sum is exact."""
    table = pd.concat([province(1, 2, 2, 5), province(2, 3, 3, 5)[45:], province(3, 1, 1, 9)[18:]], ignore_index=True)
    sizes = table.groupby("city").size().tolist()
    shared = villages({"strata": ["city"], "allocation": {"total": 23, "rule": rule, "least": 6, **NEEDS[rule]}}, table)
    words = {key: list(part.values()) if isinstance(part, dict) else part for key, part in NEEDS[rule].items()}
    assert sum(shared.values()) == 23 and list(shared.values()) == list(allocation.METHODS[rule](23, sizes, low=6, **words))


def test_a_total_by_a_column_and_between_bounds() -> None:
    table = province()
    sizes = table.assign(people=table["people"].astype(int)).groupby("city")["people"].sum().tolist()
    shared = villages({"strata": ["city"], "allocation": {"total": 20, "rule": "proportional", "by": "people", "most": 7}})
    assert list(shared.values()) == list(allocation.METHODS["proportional"](20, sizes, low=0, high=7))
    with pytest.raises(DrawError, match=r"village｜"):
        villages({"strata": ["city"], "allocation": {"total": 20, "rule": "equal", "most": 6}})
    with pytest.raises(DrawError, match=r"village｜.*S3"):
        villages({"strata": ["city"], "allocation": {"total": 20, "rule": "neyman", "spreads": {"S1": 1.0, "S2": 2.0}}})
    table.loc[3, "people"] = "1.5"
    with pytest.raises(DrawError, match="第 5 行，people｜分配所按的列应为不小于 0 的整数"):
        villages({"strata": ["city"], "allocation": {"total": 20, "rule": "proportional", "by": "people"}}, table)
    with pytest.raises(DesignError, match="没有这种分配规则｜可用：equal、"):
        villages({"strata": ["city"], "allocation": {"total": 20, "rule": "magic"}})


def test_totals_of_each_stratum_under_units_above() -> None:
    """Villages of one kind get one total, shared out to the counties; what rules exclude counts for nothing."""
    county = {"name": "county", "unit": "county", "method": "take-all"}
    share = {"total": {"贫困村": 12, "非贫困村": 20}, "rule": "proportional", "by": "rows"}
    rule = {"column": "town", "drop": ["T111", "T112"], "reason": "搬迁"}
    village = {
        "name": "village",
        "from": "frame",
        "method": "srs",
        "strata": ["kind"],
        "allocation": share,
        "shortfall": "fail",
        "rule": [rule],
    }
    table = ev.draw(listed(), staged(county, village), seed=SEED).table()
    assert table.groupby("kind").size().to_dict() == {"贫困村": 12, "非贫困村": 20}
    left = province().query("town not in ['T111', 'T112']").groupby(["kind", "county"]).size()
    proportional = allocation.METHODS["proportional"]
    expected = [proportional(total, left[kind].tolist()) for kind, total in share["total"].items()]
    assert [tuple(part.tolist()) for _, part in table.groupby(["kind", "county"]).size().groupby("kind")] == expected


def test_villages_taken_on_top_leave_room_for_the_shared_total() -> None:
    must = {"column": "kind", "values": ["非贫困村"], "how": "on-top"}
    stage = {"strata": ["city"], "mandatory": must, "allocation": {"total": 54, "rule": "equal"}}
    assert villages(stage) == {"S1": 18, "S1·必访": 27, "S2": 18, "S2·必访": 27, "S3": 18, "S3·必访": 27}


def test_households_of_the_drawn_villages_share_a_total() -> None:
    """In proportion to a column of the list, known before any roster has arrived."""
    shared = HOUSEHOLD | {"allocation": {"total": 50, "rule": "proportional", "by": "people"}, "shortfall": "fail"}
    start = ev.draw(listed(), staged(VILLAGE | {"n": 7}, shared), seed=SEED)
    sample = ev.draw_next(start, people(start.villages))
    sizes = start.table("village").set_index("unit")["people"].astype(int).sort_index()
    assert list(mains(sample).values()) == list(allocation.METHODS["proportional"](50, sizes.tolist()))
    by_type = HOUSEHOLD | TYPES | {"allocation": {"total": {"脱贫户": 20, "一般户": 33}, "rule": "equal"}, "shortfall": "fail"}
    start = ev.draw(listed(), staged(VILLAGE | {"n": 7}, by_type), seed=SEED)
    sample = ev.draw_next(start, people(start.villages))
    assert mains(sample, ("stratum",)) == {"脱贫户": 20, "一般户": 33}
    with pytest.raises(DrawError, match="分层的阶段，总数应按层写"):
        plan = staged(VILLAGE, HOUSEHOLD | TYPES | {"allocation": {"total": 20, "rule": "equal"}})
        ev.draw_next(ev.draw(listed(), plan, seed=SEED), people(ev.draw(listed(), plan, seed=SEED).villages))


ARRIVING: tuple[dict[str, Any], ...] = (
    {"rate": 0.2, "least": 2, "most": 5},
    {"rate": {"脱贫户": 0.5, "一般户": 0.1}} | TYPES,
    {"quota": [{"where": {"kind": "贫困村"}, "n": {"脱贫户": 4, "一般户": 1}}, {"holds": {"脱贫户": 7}, "n": 3}, {"rate": 0.25}]} | TYPES,
    {"allocation": {"total": 40, "rule": "proportional", "by": "people"}},
    {"allocation": {"total": {"脱贫户": 20, "一般户": 15}, "rule": "equal"}} | TYPES,
    {"n": {"脱贫户": 12, "一般户": 3}, "shortfall": "fill:一般户"} | TYPES,
    {"method": "pareto", "size": "income", "n": 5, "mandatory": {"column": "focus", "values": ["残疾户"], "how": "within"}},
)


@pytest.mark.parametrize("keys", ARRIVING)
@settings(max_examples=2, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_of_arrival_gives_the_same_sample(keys: dict[str, Any], rng: Any, size: int) -> None:
    group = {"name": "group", "unit": "group", "method": "srs", "n": 3, "shortfall": "fail"}
    groups = [group] if "allocation" not in keys and "fill" not in keys.get("shortfall", "") else []
    plan = staged(VILLAGE | {"n": 4}, *groups, HOUSEHOLD | keys, roster=("group", "focus", "income"))
    start = ev.draw(listed(), plan, seed=SEED)
    rosters, villages = people(start.villages).sample(frac=1, random_state=rng.randrange(2**32)), list(start.villages)
    rng.shuffle(villages)
    step = start
    for i in range(0, len(villages), size):
        step = ev.draw_next(step, rosters[rosters["village"].isin(villages[i : i + size])])
    once = ev.draw_next(start, rosters)
    assert step.certificate.sha256 == once.certificate.sha256 and step.certificate.annex() == once.certificate.annex()
    pd.testing.assert_frame_equal(step.table(), once.table())


def test_mandatory_households_are_taken_even_where_they_exceed_the_quota() -> None:
    must = {"column": "focus", "values": ["残疾户"], "how": "within", "purpose": "重点户"}
    start = ev.draw(listed(), staged(VILLAGE, HOUSEHOLD | {"n": 3, "mandatory": must}, roster=("focus",)), seed=SEED)
    rosters = people(start.villages)
    focus = rosters[rosters["focus"] == "残疾户"].groupby("village").size()
    assert (focus > 3).all() and mains(ev.draw_next(start, rosters)) == focus.to_dict()


def test_a_roster_without_any_household_that_may_be_drawn() -> None:
    rule = {"column": "focus", "drop": ["其他", "残疾户"], "reason": "全部"}
    start = ev.draw(listed(), staged(VILLAGE, HOUSEHOLD | {"n": 3, "shortfall": "fail", "rule": [rule]}, roster=("focus",)), seed=SEED)
    with pytest.raises(DrawError, match=r"4 处错误\n  \d{5} 层 全部｜应抽 3 个，只有 0 个"):
        ev.draw_next(start, people(start.villages))


def test_a_roster_without_a_column_that_a_stage_reads() -> None:
    plan = staged(VILLAGE, HOUSEHOLD | {"n": 3, "rule": [{"column": "focus", "keep": ["其他"], "reason": "x"}]}, roster=("focus",))
    start = ev.draw(listed(), plan, seed=SEED)
    with pytest.raises(DrawError, match="focus｜名册缺少抽样要用的这一列"):
        ev.draw_next(start, people(start.villages).drop(columns="focus"))
    with pytest.raises(DesignError, match=r"rule\[1\].column：focus｜不在 \[rosters\] columns 中"):
        staged(VILLAGE, HOUSEHOLD | {"n": 3, "rule": [{"column": "focus", "keep": ["其他"], "reason": "x"}]})
    with pytest.raises(DesignError, match=r"stage\[1\].size：people｜不在 \[frame\] columns 中"):
        staged(VILLAGE | {"method": "pareto", "size": "people"}, columns=tuple(column for column in COLUMNS if column != "people"))


def test_a_total_of_the_villages_is_not_given_to_each_of_their_groups() -> None:
    group = {"name": "group", "unit": "group", "method": "srs", "n": 3, "shortfall": "fail"}
    with pytest.raises(DesignError, match="总数分到各村，不能再分到村内各组"):
        staged(VILLAGE, group, HOUSEHOLD | {"allocation": {"total": 20, "rule": "equal"}}, roster=("group",))
    share = {"method": "srs", "allocation": {"total": 9, "rule": "equal"}, "shortfall": "fail"}
    plan = staged(VILLAGE, {"name": "group", "unit": "group"} | share, {"name": "household", "method": "take-all"}, roster=("group",))
    start = ev.draw(listed(), plan, seed=SEED)
    assert len(ev.draw_next(start, people(start.villages)).table("group")) == 9


def test_the_size_of_an_upper_unit_counts_only_what_the_rules_leave_in() -> None:
    rule = {"column": "town", "drop": ["T111", "T112", "T113", "T121", "T122"], "reason": "搬迁"}
    share = {"total": 6, "rule": "proportional", "by": "rows"}
    county = {"name": "county", "unit": "county", "method": "srs", "strata": ["city"], "allocation": share, "rule": [rule]}
    drawn = ev.draw(listed(), staged(county, {"name": "village", "from": "frame", "method": "take-all"}), seed=SEED).table("county")
    assert tuple(drawn.groupby("stratum").size()) == allocation.METHODS["proportional"](6, [20, 45, 45]) != (2, 2, 2)
