"""Designs of many stages: what is drawn inside what, chances that multiply, every method, certificates that verify."""

import copy
import hashlib
import math
from collections import Counter
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.certificate import Certificate
from evalkit.errors import CertificateError, DesignError, DrawError
from evalkit.frame import Frame
from evalkit.selection import METHODS
from evalkit.sheets import write_csv
from tests.draws import COLUMNS, listed, people, province, staged

SEED = "31415926535897932384"
FOUR: tuple[dict[str, Any], ...] = (
    {"name": "city", "unit": "city", "method": "srs", "n": 2},
    {"name": "county", "unit": "county", "from": "frame", "method": "srs", "n": 2, "shortfall": "fail"},
    {"name": "town", "unit": "town", "from": "frame", "method": "sampford", "size": "people", "n": 2, "shortfall": "fail"},
    {
        "name": "village",
        "from": "frame",
        "method": "systematic",
        "strata": ["kind"],
        "n": {"贫困村": 1, "非贫困村": 2},
        "shortfall": "fail",
    },
)
HOUSEHOLD = {"name": "household", "method": "srs", "n": 3, "shortfall": "fail"}


def readable(method: str, n: int = 2) -> dict[str, Any]:
    """Return the keys of a stage that a method needs, over the columns of the lists of these tests."""
    way = METHODS[method]
    given = {
        "sizes": {"size": "people"},
        "balance": {"balance": ["people"]},
        "places": {"places": ["x", "y"]},
        "groups": {"groups": ["kind"]},
    }
    keys: dict[str, Any] = {"method": method} | ({} if method == "take-all" else {"n": n})
    for need in way.needs:
        keys |= given[need]
    return keys | ({"sort": ["kind", "people"], "serpentine": True} if way.ordered else {})


# -- stages of the frame ------------------------------------------------------------------------------------------------


def test_four_stages_of_one_list() -> None:
    sample = ev.draw(listed(), staged(*FOUR), seed=SEED)
    table = sample.table("village")
    assert table.groupby("city_unit")["county_unit"].nunique().to_dict() == dict.fromkeys(table["city_unit"].unique(), 2)
    assert len(table) == 2 * 2 * 2 * 3 and table.groupby("town_unit")["kind"].value_counts().unstack().to_numpy().tolist() == [[1, 2]] * 8
    product = table["chance"] * table["town_chance"] * table["county_chance"] * table["city_chance"]
    assert table["prob"].to_numpy() == pytest.approx(product.to_numpy(), rel=1e-15)
    assert table["weight"].to_numpy() == pytest.approx((1 / table["prob"]).to_numpy(), rel=1e-14)
    assert set(table["city_N"]) == {3} and set(table["city_chance"]) == {2 / 3} and set(table["city_stratum"]) == {"全部"}
    for above, unit, start in (("city", "county", 1), ("county", "town", 1)):
        assert (
            table[f"{unit}_unit"].str[start : start + 1 + (unit == "town")] == table[f"{above}_unit"].str[1 : 2 + (unit == "town")]
        ).all()
    assert table["stratum"].str.startswith("T").all() and (table["stratum"] == table["town_unit"] + "|" + table["kind"]).all()


def test_upper_units_are_those_with_the_smallest_hashes() -> None:
    """Redone with nothing but SHA-256: two cities of all, then two counties in each of them."""
    sample, table = ev.draw(listed(), staged(*FOUR), seed=SEED), province()
    def rank(stage: str, unit: str) -> bytes:
        return hashlib.sha256(f"{SEED}|{stage}|{unit}".encode()).digest()

    cities = sorted(set(table["city"]), key=lambda unit: rank("city", unit))[:2]
    assert sample.table("city")["unit"].tolist() == cities
    for city in cities:
        counties = sorted(set(table.loc[table["city"] == city, "county"]), key=lambda unit: rank("county", unit))[:2]
        assert sample.table("county").query("stratum == @city + '|全部'")["unit"].tolist() == counties


def test_weights_of_four_stages_add_up_to_the_list_in_expectation() -> None:
    """Means over 60 seeds within 3 standard errors: of villages, and of people."""
    frame, plan, total = listed(), staged(*FOUR), province()["people"].astype(int).sum()
    tables = [ev.draw(frame, plan, seed=f"mc {i}").table("village") for i in range(60)]
    for values, truth in (
        ([float(table["weight"].sum()) for table in tables], 135),
        ([float((table["weight"] * table["people"].astype(int)).sum()) for table in tables], total),
    ):
        mean = math.fsum(values) / len(values)
        spread = (math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)) ** 0.5
        assert abs(mean - truth) < 3 * spread and spread < 0.09 * truth


def test_a_unit_in_two_units_above_is_a_fault_with_its_rows() -> None:
    table = province()
    table.loc[3, "county"] = "C12"
    plan = staged(FOUR[0] | {"n": 3}, FOUR[1] | {"n": 3}, FOUR[2] | {"method": "srs", "size": ""}, FOUR[3])
    with pytest.raises(DrawError, match=r"第 5 行，town：T111｜同一town的county不一致"):
        ev.draw(listed(table), plan, seed=SEED)
    table = province()
    table.loc[3, "county"] = ""
    with pytest.raises(DrawError, match=r"第 5 行，county｜空白"):
        ev.draw(listed(table), staged(*FOUR), seed="1")


@pytest.mark.parametrize("code", ["C1|1", "C1/1", "C 11"])
def test_ids_of_upper_units_hold_no_separators(code: str) -> None:
    table = province().replace({"county": {"C11": code}})
    plan = staged({"name": "county", "unit": "county", "method": "srs", "n": 2}, {"name": "village", "from": "frame", "method": "take-all"})
    with pytest.raises(DrawError, match=r"第 2–16 行（15 处），county｜空白，或含 \| /"):
        ev.draw(listed(table), plan, seed="1")


def test_a_stratum_without_units_under_one_unit_above() -> None:
    """What the design asks for and one county has not is short there; what the whole list has not is a slip of the design."""
    table = province()
    table.loc[table["county"] == "C11", "kind"] = "非贫困村"
    county = {"name": "county", "unit": "county", "method": "take-all"}
    village = {"name": "village", "from": "frame", "method": "srs", "strata": ["kind"], "n": {"贫困村": 1, "非贫困村": 2}}
    with pytest.raises(DrawError, match="C11 层 贫困村｜应抽 1 个，只有 0 个"):
        ev.draw(listed(table), staged(county, village | {"shortfall": "fail"}), seed="1")
    filled = ev.draw(listed(table), staged(county, village | {"shortfall": "fill:非贫困村"}), seed="1")
    assert filled.table("village").groupby("county").size().tolist() == [3] * 9
    assert filled.certificate.content["stages"]["village"]["strata"]["C11|贫困村"] == {"N": 0, "n": 0, "cutoff": "", "units": []}
    with pytest.raises(DrawError, match="设计中的层不在名单中"):
        ev.draw(listed(table), staged(county, village | {"n": {"贫困": 1, "非贫困村": 2}, "shortfall": "take-all"}), seed="1")


def test_a_unit_above_whose_units_are_all_ruled_out() -> None:
    rule = {"column": "town", "drop": ["T111", "T112", "T113"], "reason": "搬迁"}
    county = {"name": "county", "unit": "county", "method": "take-all"}
    village = {"name": "village", "from": "frame", "method": "srs", "n": 2, "rule": [rule]}
    with pytest.raises(DrawError, match="C11 层 全部｜应抽 2 个，只有 0 个"):
        ev.draw(listed(), staged(county, village | {"shortfall": "fail"}), seed="1")
    kept = ev.draw(listed(), staged(county, village | {"shortfall": "take-all"}), seed="1").table()
    assert set(kept["county"]) == set(province()["county"]) - {"C11"} and "T111" not in set(kept["town"])
    every = {**village, "rule": [{"column": "kind", "drop": ["贫困村", "非贫困村"], "reason": "全部"}]}
    with pytest.raises(DrawError, match="没有可抽的单位"):
        ev.draw(listed(), staged({**every, "shortfall": "take-all"}), seed="1")


def test_names_of_columns_that_a_listing_has_too() -> None:
    """A column called size, must, row or above is a column like any other."""
    table = province().rename(columns={"kind": "must", "people": "size", "x": "row", "y": "above"})
    columns = ("town", "county", "city", "must", "size", "row", "above")
    plain = ev.draw(listed(), staged({"name": "v", **readable("pps-systematic", 9)}), seed="1")
    stage = {"name": "v", "method": "pps-systematic", "n": 9, "size": "size", "sort": ["must", "size"], "serpentine": True}
    renamed = ev.draw(listed(table, columns), staged(stage, columns=columns), seed="1")
    assert renamed.villages == plain.villages and set(renamed.table()["must"]) == {"贫困村", "非贫困村"}


def test_two_strata_of_one_name_are_refused() -> None:
    table = province().replace({"kind": {"贫困村": "非贫困村·必访"}})
    must = {"units": ["11101"], "how": "within"}
    with pytest.raises(DrawError, match="两个层同名"):
        ev.draw(listed(table), staged({"name": "v", "method": "srs", "n": 2, "strata": ["kind"], "mandatory": must}), seed="1")


# -- every method -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_method_in_a_stage_of_villages(method: str) -> None:
    way, frame = METHODS[method], listed()
    sample = ev.draw(frame, staged({"name": "village", "strata": ["city"], **readable(method, 5)}), seed=SEED)
    table = sample.table()
    draws = table.assign(draws=table["hits"]).groupby("city")["draws"].sum().tolist()
    assert draws == [45] * 3 if method == "take-all" else draws == [5] * 3 or not way.fixed_size
    for cell in sample._first:
        assert math.fsum(cell.probs.values()) == pytest.approx(45 if method == "take-all" else 5, rel=1e-9)
    assert (table["chance"] > 0).all() and (table["weight"] == table["hits"] / table["prob"]).all()
    assert ev.verify(sample.certificate, frame).ok
    shuffled = ev.draw(listed(province().sample(frac=1, random_state=3)), sample.design, seed=SEED)
    assert shuffled.certificate.sha256 == sample.certificate.sha256


@pytest.mark.parametrize("method", [name for name, way in METHODS.items() if not way.replacement])
def test_every_method_in_a_stage_of_households(method: str) -> None:
    first = {"name": "village", "method": "srs", "n": 3}
    keys = {
        key: {"people": "income", "kind": "focus"}.get(value, value) for key, value in readable(method, 4).items() if isinstance(value, str)
    }
    lists = {k: [{"people": "income", "kind": "focus"}.get(c, c) for c in v] for k, v in readable(method, 4).items() if isinstance(v, list)}
    last = {"name": "household", "shortfall": "fail", **readable(method, 4), **keys, **lists}
    plan = staged(first, last, roster=("focus", "income", "x", "y"))
    start = ev.draw(listed(), plan, seed=SEED)
    rosters = people(start.villages)
    sample = start
    for village in reversed(start.villages):
        sample = ev.draw_next(sample, rosters[rosters["village"] == village].sample(frac=1, random_state=2))
    assert sample.certificate.sha256 == ev.draw_next(start, rosters).certificate.sha256
    mains = sample.table().query("role == 'main'")
    if METHODS[method].fixed_size:
        assert mains.groupby("village").size().tolist() == [24 if method == "take-all" else 4] * 3
    assert mains["prob"].to_numpy() == pytest.approx((mains["village_prob"] * mains["chance"]).to_numpy(), rel=1e-15)
    assert ev.verify(sample.certificate, listed(), rosters).complete and ev.verify(sample.certificate, listed(), rosters).ok


def test_methods_that_cannot_be_used_as_written() -> None:
    wrong = (
        ({"method": "pareto", "n": 2}, "pareto 需要 size"),
        ({"method": "srs", "n": 2, "size": "people"}, "srs 不看 size"),
        ({"method": "srs", "n": 2, "balance": ["people"]}, "srs 不看 balance"),
        ({"method": "srs", "n": 2, "sort": ["people"]}, "sort 只用于看次序的方法"),
        ({"method": "take-all", "n": 2}, "take-all 全部走访，不写抽多少"),
        ({"n": 2}, "take-all 全部走访，不写抽多少"),
        ({"method": "srs"}, "抽多少应写且只写"),
        ({"method": "srs", "n": 2, "rate": 0.5}, "抽多少应写且只写"),
    )
    for keys, says in wrong:
        with pytest.raises(DesignError, match=says):
            staged({"name": "village", **keys})
    with pytest.raises(DesignError, match="抽户不能放回"):
        staged(
            {"name": "village", "method": "srs", "n": 2},
            {"name": "household", **readable("pps-wr"), "size": "persons", "shortfall": "fail"},
        )


@pytest.mark.parametrize(
    "method", [name for name, way in METHODS.items() if "sizes" in way.needs and way.fixed_size and not way.replacement]
)
def test_units_certain_by_size_are_a_cell_of_their_own(method: str) -> None:
    table = province()
    table.loc[[0, 20], "people"] = ["90000", "80000"]
    sample = ev.draw(listed(table), staged({"name": "village", **readable(method, 6)}), seed=SEED)
    drawn = sample.table().set_index("unit")
    sure = drawn[drawn["certainty"]]
    assert sorted(sure.index) == ["11101", "12201"] and set(sure["stratum"]) == {"全部·必入"} and set(sure["prob"]) == {1.0}
    assert len(drawn) == 6 and set(drawn.loc[~drawn["certainty"], "N"]) == {133}


@pytest.mark.parametrize(
    ("size", "says"), [("0", "规模应大于 0"), ("-3", "规模应大于 0"), ("", "规模空白"), ("nan", "规模应为数值"), ("多", "规模应为数值")]
)
def test_sizes_that_are_none_name_their_rows(size: str, says: str) -> None:
    table = province()
    table.loc[[4, 7], "people"] = size
    with pytest.raises(DrawError, match=rf"2 处错误\n  第 6 行，people｜{says}.*\n  第 9 行，people｜{says}"):
        ev.draw(listed(table), staged({"name": "village", "method": "pareto", "size": "people", "n": 6}), seed=SEED)


def test_sorting_stratifies_a_systematic_draw() -> None:
    """Of 45 villages of a city sorted by town, every ninth: one or two in each of the nine towns, never three."""
    plan = staged({"name": "village", "method": "systematic", "strata": ["city"], "sort": ["town"], "n": 9})
    spreads = [ev.draw(listed(), plan, seed=f"s{i}").table().groupby("town").size() for i in range(20)]
    assert all(spread.tolist() == [1] * 27 for spread in spreads)


def test_with_replacement_a_village_counts_as_often_as_it_was_drawn() -> None:
    """Means over 60 seeds within 3 standard errors of all households of the list, for two stages with replacement above."""
    table = province(1, 2, 2, 5)
    plan = staged({"name": "village", "method": "pps-wr", "size": "people", "n": 12}, HOUSEHOLD | {"n": 2})
    frame, rosters, sums, twice = listed(table), people(tuple(table["village_code"]), 6), [], 0
    for i in range(60):
        start = ev.draw(frame, plan, seed=f"mc {i}")
        twice += int((start.table("village")["hits"] > 1).sum())
        drawn = ev.draw_next(start, rosters[rosters["village"].isin(start.villages)]).table().query("role == 'main'")
        sums.append(float((drawn["village_hits"] / drawn["prob"]).sum()))
    mean = math.fsum(sums) / 60
    assert twice > 30 and abs(mean - 120) < 3 * (math.fsum((value - mean) ** 2 for value in sums) / 59 / 60) ** 0.5


def test_with_replacement_above_counts_too() -> None:
    """Weights of villages under counties drawn with replacement: means over 60 seeds within 3 standard errors of the list."""
    county = {"name": "county", "unit": "county", "method": "pps-wr", "size": "rows", "n": 6}
    plan = staged(county, {"name": "village", "from": "frame", "method": "srs", "n": 3, "shortfall": "fail"})
    frame, sums, twice = listed(province().iloc[:100]), [], 0
    for i in range(60):
        table = ev.draw(frame, plan, seed=f"mc {i}").table()
        twice += int((table["weight"] * table["prob"] > 1.5).sum())
        sums.append(float(table["weight"].sum()))
    mean = math.fsum(sums) / 60
    assert twice > 60 and abs(mean - 100) <= 3 * (math.fsum((value - mean) ** 2 for value in sums) / 59 / 60) ** 0.5 + 1e-9


# -- what cannot be drawn from ------------------------------------------------------------------------------------------

GROUP = {"name": "group", "unit": "group", "method": "srs", "n": 2, "shortfall": "fail"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"income": ""}, r"第 4 行，\d{5} income｜规模空白"),
        ({"income": "0"}, r"第 4 行，\d{5} income｜规模应大于 0"),
        ({"income": float("nan")}, r"第 4 行，\d{5} income｜规模空白"),
        ({"group": ""}, r"第 4 行，\d{5} group｜空白"),
        ({"group": "1/2"}, r"第 4 行，\d{5} group｜空白，或含 \| /"),
        ({"household": "0001"}, r"household｜\d{5} 内户编号重复"),
    ],
)
def test_faults_of_a_roster_name_its_rows_in_the_table_given(changes: dict[str, Any], says: str) -> None:
    last = {"name": "household", "method": "pareto", "size": "income", "n": 2, "shortfall": "take-all"}
    plan = staged({"name": "village", "method": "srs", "n": 2}, GROUP | {"n": 4}, last, roster=("group", "income"))
    start = ev.draw(listed(), plan, seed=SEED)
    rosters = people(start.villages).iloc[::-1].reset_index(drop=True)
    rosters[list(changes)] = rosters[list(changes)].astype(object)
    rosters.loc[2, list(changes)] = list(changes.values())
    with pytest.raises(DrawError, match=says):
        ev.draw_next(start, rosters)


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        ({"method": "srs", "n": 400}, "应抽 400 个，只有 135 个"),
        ({"method": "pps-wr", "size": "people", "n": 400}, "应抽 400 个，只有 135 个"),
        ({"method": "cube", "balance": ["kind"], "n": 4}, r"第 2–136 行（135 处），kind｜应为数值"),
        ({"method": "local-pivotal", "places": ["kind", "x"], "n": 4}, r"第 2–136 行（135 处），kind｜应为数值"),
        ({"method": "srs", "n": 4, "wave": [{"name": "二轮", "column": "kind", "values": ["无"]}]}, "kind：无｜名单中没有一个单位取这些值"),
        (
            {"method": "srs", "n": {"贫困村": 4, "非贫困": 3}, "strata": ["kind"]},
            "非贫困｜设计中的层不在名单中[\\s\\S]*非贫困村｜名单中的层不在设计",
        ),
        ({"method": "srs", "n": 4, "mandatory": {"units": ["1"], "how": "within"}}, "名单中没有点名的单位"),
    ],
)
def test_stages_that_cannot_be_drawn_from_the_list(stage: dict[str, Any], says: str) -> None:
    with pytest.raises(DrawError, match=says):
        ev.draw(listed(), staged({"name": "village", **stage}), seed=SEED)


def test_a_chance_above_1_makes_certain_where_the_size_is_left_to_chance() -> None:
    table = province()
    table.loc[0, "people"] = "900000"
    for seed in ("1", "2", "3"):
        drawn = ev.draw(listed(table), staged({"name": "v", "method": "poisson", "size": "people", "n": 10}), seed=seed).table()
        assert drawn.set_index("unit").loc["11101", "prob"] == 1.0


def test_households_named_one_by_one_carry_their_village() -> None:
    last = {"name": "household", "method": "srs", "n": 2, "shortfall": "fail"}
    start = ev.draw(listed(), staged({"name": "village", "method": "srs", "n": 2}, last), seed=SEED)
    one = f"{start.villages[0]}/0007"
    plan = staged({"name": "village", "method": "srs", "n": 2}, last | {"mandatory": {"units": [one], "how": "on-top"}})
    sample = ev.draw_next(ev.draw(listed(), plan, seed=SEED), people(start.villages))
    table = sample.table().query("role == 'main'")
    assert table.groupby("village").size().tolist() == [3, 2] and set(table.loc[table["cell"] == "全部·必访", "household"]) == {"0007"}
    with pytest.raises(DesignError, match="0007｜没有写明是哪个村的"):
        staged({"name": "village", "method": "srs", "n": 2}, last | {"mandatory": {"units": ["0007"], "how": "on-top"}})


# -- village groups, census, focus groups, purpose ----------------------------------------------------------------------


def test_village_groups_are_swept_whole() -> None:
    group = {"name": "group", "unit": "group", "method": "srs", "n": 2, "shortfall": "fail"}
    plan = staged({"name": "village", "method": "srs", "n": 3}, group, {"name": "household", "method": "take-all"}, roster=("group",))
    start = ev.draw(listed(), plan, seed=SEED)
    sample = ev.draw_next(start, people(start.villages))
    table, groups = sample.table("household"), sample.table("group")
    assert groups.groupby("village").size().tolist() == [2] * 3 and set(groups["N"]) == {4}
    assert (
        table.groupby(["village", "group"]).size().tolist() == [6] * 6 and set(table["chance"]) == {1.0} and set(table["role"]) == {"main"}
    )
    assert set(table["group_chance"]) == {0.5} and table["prob"].to_numpy() == pytest.approx((table["village_prob"] * 0.5).to_numpy())
    for (village,), part in groups.groupby(["village"]):
        tickets = {hashlib.sha256(f"{SEED}|group|{village}/{i}组".encode()).digest(): f"{i}组" for i in range(1, 5)}
        assert part["unit"].tolist() == [tickets[digest] for digest in sorted(tickets)[:2]]
    assert ev.verify(sample.certificate, listed(), people(start.villages)).ok


def test_systematic_starts_differ_between_the_groups_of_a_village() -> None:
    """The start of a stratum is SHA-256 of seed|stage|start|village/group|stratum."""
    group = {"name": "group", "unit": "group", "method": "take-all"}
    last = {"name": "household", "method": "systematic", "n": 1, "shortfall": "fail"}
    plan = staged({"name": "village", "method": "srs", "n": 1}, group, last, roster=("group",))
    start = ev.draw(listed(), plan, seed=SEED)
    sample, village = ev.draw_next(start, people(start.villages)), start.villages[0]
    strata = sample.certificate.content["stages"]["household"]["villages"][village]["strata"]
    expected = {f"{i}组|全部": hashlib.sha256(f"{SEED}|household|start|{village}/{i}组|全部".encode()).hexdigest() for i in range(1, 5)}
    assert {label: cell["cutoff"] for label, cell in strata.items()} == expected


def test_census_stages_and_focus_groups() -> None:
    """Every village, and of each village all households of a focus group and some of the others."""
    last = {"name": "household", "method": "srs", "strata": ["focus"], "n": {"残疾户": 99, "其他": 3}, "shortfall": "take-all"}
    plan = staged({"name": "village", "method": "take-all"}, last, roster=("focus",), reserves={"n": {"其他": 2}})
    table = province(1, 1, 2, 3)
    start = ev.draw(listed(table), plan, seed=SEED)
    assert len(start.villages) == 6 and set(start.table("village")["prob"]) == {1.0}
    rosters = people(start.villages)
    drawn = ev.draw_next(start, rosters).table()
    focus = rosters[rosters["focus"] == "残疾户"]
    assert (drawn["cell"] == "残疾户").sum() == len(focus) and set(drawn.loc[drawn["cell"] == "残疾户", "chance"]) == {1.0}
    assert drawn[drawn["cell"] == "其他"].groupby(["village", "role"]).size().unstack().to_numpy().tolist() == [[3, 2]] * 6
    assert set(drawn["stratum"]) <= {"脱贫户", "一般户"}


def test_places_chosen_on_purpose_allow_no_inference() -> None:
    village = {"name": "village", "selection": "典型", "mandatory": {"units": ["11101", "23205"], "how": "within", "purpose": "典型村"}}
    plan = staged(village, HOUSEHOLD)
    sample = ev.draw(listed(), plan, seed=SEED)
    assert sample.villages == ("11101", "23205") and not sample.inference and "典型选点" in sample.notes[0]
    assert set(sample.table()["stratum"]) == {"全部·典型村"} and ev.verify(sample.certificate, listed()).ok
    with pytest.raises(DesignError, match="典型选点只写 mandatory"):
        staged(village | {"n": 3, "method": "srs"})
    with pytest.raises(DrawError, match="名单中没有点名的单位"):
        ev.draw(listed(), staged({**village, "mandatory": {"units": ["00000"], "how": "within"}}), seed=SEED)


def test_half_on_purpose_half_at_random() -> None:
    must = {"units": ["11101", "11102", "21103"], "how": "within", "purpose": "点名", "share": 0.5}
    stage = {"name": "village", "method": "srs", "n": 6, "mandatory": must}
    table = ev.draw(listed(), staged(stage), seed=SEED).table().set_index("unit")
    assert table.loc[must["units"], "prob"].tolist() == [1.0] * 3 and table["stratum"].value_counts().to_dict() == {
        "全部·点名": 3,
        "全部": 3,
    }
    assert set(table.loc[~table["certainty"], "prob"]) == {3 / 132}
    with pytest.raises(DrawError, match="点名 3 个，不是配额 8 个的 50%"):
        ev.draw(listed(), staged(stage | {"n": 8}), seed=SEED)


def test_several_purposes_on_top_and_within() -> None:
    musts = [
        {"units": ["11101"], "how": "within", "purpose": "点名"},
        {"column": "kind", "values": ["贫困村"], "how": "on-top", "purpose": "贫困"},
    ]
    table = ev.draw(
        listed(), staged({"name": "village", "method": "srs", "n": 5, "strata": ["city"], "mandatory": musts}), seed=SEED
    ).table()
    assert table.groupby("stratum").size().to_dict() == {
        "S1": 4, "S1·点名": 1, "S1·贫困": 18, "S2": 5, "S2·贫困": 18, "S3": 5, "S3·贫困": 18,
    }  # fmt: skip
    assert table["weight"].sum() == pytest.approx(135)


# -- the same list in other clothes -------------------------------------------------------------------------------------

PLANS: tuple[tuple[dict[str, Any], ...], ...] = (
    FOUR,
    ({"name": "village", "method": "pareto", "size": "people", "n": 4, "strata": ["county"]},),
    ({"name": "village", "method": "cube", "balance": ["people", "x"], "n": 6, "strata": ["city"]},),
    (
        {
            "name": "village",
            "method": "chromy",
            "size": "people",
            "sort": ["kind", "people"],
            "serpentine": True,
            "n": 5,
            "strata": ["city"],
        },
    ),
    (FOUR[0], {"name": "v", "from": "frame", "method": "local-pivotal", "places": ["x", "y"], "n": 4, "shortfall": "fail"}),
)


@pytest.mark.parametrize("stages", PLANS)
def test_the_same_list_as_other_files_and_tables(stages: tuple[dict[str, Any], ...], tmp_path: Any) -> None:
    table, plan = province(), staged(*stages)
    wanted = ev.draw(listed(), plan, seed=SEED).certificate.sha256
    keys: dict[str, Any] = {"id": "village_code", "name": "village", "columns": list(COLUMNS)}
    mixed = table.sample(frac=1, random_state=5)
    csv = write_csv(mixed, tmp_path / "名 单 2.csv")
    book = tmp_path / "b.xlsx"
    mixed.to_excel(book, index=False)
    parquet = tmp_path / "p.parquet"
    mixed.astype({"people": "int64", "x": "int64"}).to_parquet(parquet)
    frames = [ev.read_frame(path, **keys) for path in (csv, book, parquet)]
    frames += [Frame.from_data(made, **keys) for made in (mixed, pl.from_pandas(mixed), pa.Table.from_pandas(table), duckdb.from_df(mixed))]
    assert {ev.draw(frame, plan, seed=SEED).certificate.sha256 for frame in frames} == {wanted}


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 6), st.sampled_from(PLANS[1:4]))
def test_more_villages_in_one_city_change_nothing_elsewhere(more: int, stages: tuple[dict[str, Any], ...]) -> None:
    table = province()
    extra = table.iloc[:more].assign(village_code=[f"199{i:02d}" for i in range(more)], village="新村")
    before, after = (
        ev.draw(listed(part), staged(*stages), seed="7").table() for part in (table, pd.concat([table, extra], ignore_index=True))
    )
    assert before.query("city != 'S1'").reset_index(drop=True).equals(after.query("city != 'S1'").reset_index(drop=True))


def test_more_villages_under_one_unit_above_change_nothing_elsewhere() -> None:
    table = province()
    extra = table[table["town"] == "T111"].head(1).assign(village_code="11199", village="新村")
    plan = staged(FOUR[0] | {"n": 3}, FOUR[1] | {"n": 3}, FOUR[2] | {"method": "srs", "size": "", "n": 3}, FOUR[3])
    before, after = (ev.draw(listed(part), plan, seed="7").table() for part in (table, pd.concat([table, extra], ignore_index=True)))
    assert before.query("town != 'T111'").reset_index(drop=True).equals(after.query("town != 'T111'").reset_index(drop=True))


# -- certificates of many stages ----------------------------------------------------------------------------------------

GROUPED = staged(
    FOUR[0], {**FOUR[2], "name": "town"}, {"name": "village", "from": "frame", "method": "srs", "n": 1, "shortfall": "fail"},
    {"name": "group", "unit": "group", "method": "srs", "n": 2, "shortfall": "fail"},
    {"name": "household", "method": "pareto", "size": "income", "strata": ["focus"], "n": 1, "shortfall": "take-all"},
    roster=("group", "focus", "income"),
)  # fmt: skip
START = ev.draw(listed(), GROUPED, seed=SEED)
ROSTERS = people(START.villages)
WHOLE = ev.draw_next(START, ROSTERS)


def leaves(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    found = [leaf for key, inner in keys for leaf in leaves(inner, (*path, key))]
    return found or [path]


LEAVES = leaves(WHOLE.certificate.content)


def test_a_true_certificate_of_five_stages() -> None:
    verification = ev.verify(WHOLE.certificate, listed(), ROSTERS)
    assert verification.ok and verification.complete and verification.checked == ("city", "town", "village", "group", "household")
    part = ev.verify(WHOLE.certificate, listed())
    assert part.ok and part.checked == ("city", "town", "village") and not part.complete


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([path for path in LEAVES if path != ("seed", "origin")]), st.sampled_from(["x", 7, 0.5, None, [], {}]), st.booleans()
)
def test_an_edit_of_any_leaf_is_caught(path: tuple[Any, ...], to: Any, resealed: bool) -> None:
    """Whether the edit is sealed anew or not; a content that is no certificate any more is refused."""
    content = copy.deepcopy(WHOLE.certificate.content)
    part: Any = content
    for key in path[:-1]:
        part = part[key]
    if part[path[-1]] == to:
        return
    part[path[-1]] = to
    try:
        edited = Certificate(content, None, Certificate(content).sha256 if resealed else WHOLE.certificate.sha256)
        assert not ev.verify(edited, listed(), ROSTERS).ok
    except CertificateError:
        pass


def test_an_edited_group_is_named() -> None:
    content = copy.deepcopy(WHOLE.certificate.content)
    village = START.villages[0]
    content["stages"]["group"]["villages"][village]["strata"]["全部"]["units"][0]["id"] = "9组"
    told = ev.verify(Certificate(content), listed(), ROSTERS).differences
    assert len(told) == 1 and told[0].startswith(f"村 {village} 层 全部 入样单位：所载 9组、")


def test_frequencies_of_households_under_groups() -> None:
    """Chance of a household is the product of its stages: Bonferroni band at 1 in 10,000 over 60 seeds."""
    table = province(1, 1, 2, 3)
    plan = staged(
        {"name": "village", "method": "srs", "n": 3}, {"name": "group", "unit": "group", "method": "srs", "n": 2, "shortfall": "fail"},
        HOUSEHOLD | {"n": 1}, roster=("group",),
    )  # fmt: skip
    frame, rosters, counts = listed(table), people(tuple(table["village_code"]), 8, 4), Counter[tuple[str, str]]()
    for i in range(60):
        start = ev.draw(frame, plan, seed=f"mc {i}")
        drawn = ev.draw_next(start, rosters[rosters["village"].isin(start.villages)]).table().query("role == 'main'")
        assert set(drawn["prob"]) == {0.5 * 0.5 * 0.5}
        counts.update(zip(drawn["village"], drawn["household"], strict=True))
    band = 4.5 * (0.125 * 0.875 / 60) ** 0.5
    assert len(counts) == 48 and max(abs(count / 60 - 0.125) for count in counts.values()) < band


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        (({**FOUR[1], "unit": "city"},), r"stage\[2\].unit：city｜与 stage\[1\] 的 unit 相同"),
        (({**FOUR[1], "unit": "village_code"},), r"stage\[2\].unit：village_code｜这一列是表中各行的编号"),
    ],
)
def test_units_of_two_stages_are_in_columns_of_their_own(stages: tuple[dict[str, Any], ...], says: str) -> None:
    with pytest.raises(DesignError, match=says):
        staged(FOUR[0], *stages, FOUR[3])


def test_the_least_is_not_above_the_most() -> None:
    village = {"name": "village", "method": "srs"}
    with pytest.raises(DesignError, match=r"stage\[1\].least：9｜大于 most 的 3"):
        staged({**village, "rate": 0.1, "least": 9, "most": 3})
    with pytest.raises(DesignError, match=r"stage\[1\].least.贫困村：9｜大于 most 的 3"):
        staged({**village, "strata": ["kind"], "rate": 0.1, "least": {"贫困村": 9, "非贫困村": 1}, "most": 3})
    with pytest.raises(DesignError, match=r"stage\[1\].allocation.least：4｜大于 most 的 3"):
        staged({**village, "allocation": {"total": 9, "rule": "equal", "least": 4, "most": 3}})


def test_units_that_are_strata_of_their_own() -> None:
    sample = ev.draw(listed(), staged({**FOUR[0], "strata": ["city"], "n": 1}, {**FOUR[3], "from": "frame"}), seed=SEED)
    assert sample.table("city")["stratum"].tolist() == ["S1", "S2", "S3"] and set(sample.table("city")["chance"]) == {1.0}


def test_identity_numbers_name_no_stratum() -> None:
    number, table = "11010519491231002X", province()
    table.loc[3, "kind"] = number
    for n in (1, 3):  # also where the stratum would be short, which would name it
        with pytest.raises(DrawError, match=r"第 5 行，kind｜是身份证号，不能用来分层") as found:
            ev.draw(listed(table), staged({"name": "village", "method": "srs", "strata": ["kind"], "n": n}), seed=SEED)
        assert number not in str(found.value)
    table.loc[3, "kind"] = f"贫困{number}"
    with pytest.raises(DrawError, match=r"层 贫困110105\*+｜应抽 3 个，只有 1 个"):
        ev.draw(listed(table), staged({"name": "village", "method": "srs", "strata": ["kind"], "n": 3}), seed=SEED)


def test_sizes_with_too_many_decimals_name_their_rows() -> None:
    table = province()
    table.loc[[3, 7], "people"] = "0.1234567891234"
    with pytest.raises(DrawError, match=r"第 5 行，people｜规模的小数多于 9 位[^第]*第 9 行"):
        ev.draw(listed(table), staged({"name": "village", "method": "pareto", "size": "people", "n": 3}), seed=SEED)


@pytest.mark.parametrize("wrong", ["frame", "design", "seed_origin", "earlier"])
def test_things_that_are_no_part_of_a_draw_are_refused(wrong: str) -> None:
    given: dict[str, Any] = {"frame": listed(), "design": staged(*FOUR), "seed_origin": "given", "earlier": ()}
    given[wrong] = 3.5
    with pytest.raises(DrawError, match=f"^{wrong}｜现为 float｜给出"):
        ev.draw(given["frame"], given["design"], seed=SEED, seed_origin=given["seed_origin"], earlier=given["earlier"])
