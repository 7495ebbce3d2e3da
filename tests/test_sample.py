"""Draws: what decides them, what does not, quotas and their shortfalls, chances over many seeds."""

import hashlib
from collections import Counter
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit import tickets
from evalkit.errors import DrawError
from evalkit.frame import Frame
from evalkit.sample.households import draw_households
from evalkit.sample.villages import draw_villages, village_table
from tests.draws import QUOTAS, SEED, biyang, design, keeping, roster, rosters, small

KEYS: dict[str, Any] = {"id": "village_code", "name": "village", "columns": ["township_code", "township"], "code": "division"}
TOWNS = {"甲镇": 6, "乙镇": 5, "丙镇": 4}


def frame_of(table: pd.DataFrame, **keys: Any) -> Frame:
    return Frame.from_data(table, **(KEYS | keys))


@pytest.fixture(scope="module")
def first() -> ev.Sample:
    return ev.draw(biyang(), design(), seed=SEED)


@pytest.fixture(scope="module")
def whole(first: ev.Sample) -> ev.Sample:
    return ev.draw_next(first, rosters(first.villages))


def test_villages_of_a_real_county(first: ev.Sample) -> None:
    table = first.table()
    assert len(first.villages) == 44 and first.pending == first.villages and table["stratum"].nunique() == 22
    assert list(table.columns) == [
        "unit", "name", "township_code", "township", "stratum", "N", "n", "chance", "prob", "weight", "ticket", "certainty", "wave", "hits",
    ]  # fmt: skip
    assert (table["n"] == 2).all() and (table["prob"] == table["n"] / table["N"]).all() and table["weight"].sum() == pytest.approx(355)


def test_villages_are_the_two_smallest_hashes_of_each_township(first: ev.Sample) -> None:
    """Redone with nothing but hashlib's SHA-256 of seed|village|code."""
    for township, part in biyang().table().groupby("township_code"):
        digests = {hashlib.sha256(f"{SEED}|village|{code}".encode()).digest(): code for code in part["village_code"]}
        expected = [digests[digest] for digest in sorted(digests)[:2]]
        drawn = first.table()
        assert drawn.loc[drawn["stratum"] == township, "unit"].tolist() == expected


def test_households_fill_the_quota_exactly(whole: ev.Sample) -> None:
    table = whole.table()
    mains = table[table["role"] == "main"]
    assert len(mains) == 2640 and (mains.groupby("village").size() == 60).all() and whole.pending == ()
    assert mains.groupby("stratum").size().to_dict() == {"脱贫户": 44 * 28, "未脱贫户": 44 * 3, "非建档立卡户": 44 * 29}
    short = table[table["stratum"] == "未脱贫户"].iloc[0]
    assert (short["N"], short["quota"], short["n"], short["chance"]) == (3, 5, 3, 1.0)
    assert (mains.assign(w=1 / mains["chance"]).groupby("village")["w"].sum().round(9) == 163).all()
    assert (mains["prob"] == mains["village_prob"] * mains["chance"]).all()


def test_mains_and_reserves_are_one_ticket_order(whole: ev.Sample) -> None:
    village = whole.villages[0]
    table = whole.table("household").query("village == @village and stratum == '脱贫户'")
    sheet = roster(village, {"脱贫户": 40, "未脱贫户": 3, "非建档立卡户": 120})
    ids = [f"{village}/{household}" for household in sheet.loc[sheet["stratum"] == "脱贫户", "household"]]
    expected = [unit.partition("/")[2] for unit in tickets.order(SEED, "household", ids)[:36]]
    assert table["household"].tolist() == expected and table["order"].tolist() == list(range(1, 37))
    assert table["role"].tolist() == ["main"] * 28 + ["reserve"] * 8
    assert len(whole.reserves()) == 44 * 16


def test_household_rows_carry_their_village_and_personal_columns(whole: ev.Sample) -> None:
    table, villages = whole.table("household"), whole.table("village").set_index("unit")
    row = table.iloc[100]
    assert row["village_prob"] == villages.loc[row["village"], "prob"] and row["village_stratum"] == villages.loc[row["village"], "stratum"]
    assert row["head"].startswith("户主") and "id_number" not in table.columns


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False))
def test_row_order_of_the_list_changes_nothing(rng: Any) -> None:
    table = small(TOWNS)
    order = list(range(len(table)))
    rng.shuffle(order)
    again = ev.draw(frame_of(table.iloc[order]), design(), seed="7")
    assert again.certificate.data == ev.draw(frame_of(table), design(), seed="7").certificate.data


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_arrival_order_of_rosters_changes_nothing(rng: Any, size: int) -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(), seed="7")
    everything = rosters(start.villages).sample(frac=1, random_state=rng.randrange(2**32))
    villages = list(start.villages)
    rng.shuffle(villages)
    step = start
    for i in range(0, len(villages), size):
        step = ev.draw_next(step, everything[everything["village"].isin(villages[i : i + size])])
    at_once = ev.draw_next(start, everything)
    assert step.certificate.sha256 == at_once.certificate.sha256 and step.certificate.annex() == at_once.certificate.annex()
    pd.testing.assert_frame_equal(step.table(), at_once.table())


@given(st.integers(1, 8))
@settings(max_examples=8, deadline=None)
def test_more_villages_in_one_township_change_nothing_elsewhere(more: int) -> None:
    before = ev.draw(frame_of(small(TOWNS)), design(), seed="7").table()
    after = ev.draw(frame_of(small(TOWNS | {"甲镇": 6 + more})), design(), seed="7").table()
    pd.testing.assert_frame_equal(before.query("stratum != '甲镇'"), after.query("stratum != '甲镇'"))


def test_a_roster_given_again_changes_nothing_but_a_changed_one_is_refused() -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(), seed="7")
    village = start.villages[0]
    sheet = roster(village, {"脱贫户": 40, "未脱贫户": 5, "非建档立卡户": 60})
    once = ev.draw_next(start, sheet)
    assert ev.draw_next(once, sheet).certificate.sha256 == once.certificate.sha256
    with pytest.raises(DrawError, match=f"{village}｜已按另一份名册抽过户"):
        ev.draw_next(once, roster(village, {"脱贫户": 41, "未脱贫户": 5, "非建档立卡户": 60}))
    assert start.pending == start.villages and once.pending == start.villages[1:]


def test_frequencies_of_villages_and_households() -> None:
    """Chance of a village 2/N, of a household 2/N × n/M: Bonferroni band at 1 in 10,000 over 400 seeds."""
    frame, plan, draws = frame_of(small({"甲镇": 5})), design(later={"n": 3}, reserves={"n": 1}), 400
    sheets = rosters(frame.units, {"脱贫户": 8})
    villages: Counter[str] = Counter()
    households: Counter[tuple[str, str]] = Counter()
    released: Counter[tuple[str, str]] = Counter()
    for i in range(draws):
        listed = draw_villages(frame, plan.frame_stages, f"mc {i}")
        drawn = [unit for cell in listed["village"] for unit in cell.chosen]
        known = village_table(frame, plan.frame_stages, listed, 0)
        villages.update(drawn)
        cells = draw_households(sheets[sheets["village"].isin(drawn)], plan.roster_stages, plan.reserves, f"mc {i}", known)
        households.update((village, unit) for village, parts in cells.items() for cell in parts["household"] for unit in cell.chosen)
        released.update((village, unit) for village, parts in cells.items() for cell in parts["household"] for unit in cell.reserves)
    _within_band(villages, 5, 2 / 5, draws)
    _within_band(households, 40, 2 / 5 * 3 / 8, draws)
    _within_band(released, 40, 2 / 5 * 1 / 8, draws)


def _within_band(counts: Counter[Any], cells: int, chance: float, draws: int) -> None:
    assert len(counts) == cells
    band = NormalDist().inv_cdf(1 - 0.0001 / (2 * cells)) * (chance * (1 - chance) / draws) ** 0.5
    assert max(abs(count / draws - chance) for count in counts.values()) < band


def test_a_township_with_one_village() -> None:
    frame = frame_of(small(TOWNS | {"丁镇": 1, "戊镇": 1}))
    with pytest.raises(DrawError, match=r"2 处错误\n  层 丁镇｜应抽 2 个，只有 1 个｜.*take-all[\s\S]*层 戊镇"):
        ev.draw(frame, design(), seed="7")
    taken = ev.draw(frame, design(first={"shortfall": "take-all"}), seed="7").table().set_index("stratum")
    assert taken.loc["丁镇", ["N", "n", "prob"]].tolist() == [1, 1, 1.0]


def test_strata_of_the_design_and_of_the_list_must_agree() -> None:
    with pytest.raises(DrawError, match=r"n：己镇｜设计中的层不在名单中[\s\S]*n：丙镇｜名单中的层不在设计的 n 中｜写 \"丙镇\" = 数"):
        ev.draw(frame_of(small(TOWNS)), design(first={"n": {"甲镇": 2, "乙镇": 2, "己镇": 2}}), seed="7")
    sample = ev.draw(frame_of(small(TOWNS)), design(first={"n": {"甲镇": 2, "乙镇": 1, "丙镇": 0}}), seed="7")
    assert len(sample.villages) == 3 and sample.notes == ("层 丙镇：4 个单位没有入样机会，结果不代表它们",)


def test_strata_from_several_columns_and_from_none() -> None:
    table = small(TOWNS).assign(类=["贫困村", "非贫困村"] * 7 + ["贫困村"])
    frame = frame_of(table, columns=["township_code", "township", "类"])
    both = ev.draw(frame, design(first={"strata": ["township_code", "类"], "n": 1}, frame=keeping("类")), seed="7").table()
    assert set(both["stratum"]) == {f"{town}|{kind}" for town in TOWNS for kind in ("贫困村", "非贫困村")}
    assert ev.draw(frame, design(first={"strata": [], "n": 4}), seed="7").table()["stratum"].unique().tolist() == ["全部"]
    with pytest.raises(DrawError, match=r"片区｜.*不在名单保留的列中"):
        ev.draw(frame, design(first={"strata": ["片区"]}, frame=keeping("片区")), seed="7")


@pytest.mark.parametrize("method", ["systematic", "take-all"])
def test_other_methods_are_reached_by_a_design(method: str) -> None:
    plan = design(first={"method": method} | ({"n": None} if method == "take-all" else {}))
    table = ev.draw(frame_of(small(TOWNS)), plan, seed="7").table()
    assert len(table) == (6 if method == "systematic" else 15) and (table["prob"] == table["n"] / table["N"]).all()


def mandatory(how: str, villages: int, n: int = 3) -> ev.Sample:
    table = small(TOWNS).assign(必访=["是" if i < villages else "否" for i in range(15)])
    rule = {"column": "必访", "values": ["是"], "how": how}
    plan = design(first={"mandatory": rule, "n": n}, frame=keeping("必访"))
    return ev.draw(frame_of(table, columns=["township_code", "township", "必访"]), plan, seed="7")


def test_mandatory_villages_within_the_quota() -> None:
    table = mandatory("within", 2).table()
    town = table[table["township_code"] == "甲镇"]
    assert town["stratum"].tolist() == ["甲镇·必访", "甲镇·必访", "甲镇"] and town["prob"].tolist() == [1.0, 1.0, 1 / 4]
    assert town["certainty"].tolist() == [True, True, False] and table["weight"].sum() == pytest.approx(15)


def test_mandatory_villages_on_top_of_the_quota() -> None:
    table = mandatory("on-top", 2).table()
    town = table[table["township_code"] == "甲镇"]
    assert town["stratum"].tolist() == ["甲镇·必访"] * 2 + ["甲镇"] * 3 and town["prob"].tolist() == [1.0] * 2 + [3 / 4] * 3
    assert table["weight"].sum() == pytest.approx(15)


def test_mandatory_villages_that_exceed_the_quota() -> None:
    with pytest.raises(DrawError, match="层 甲镇｜必访 4 个，超过配额 3 个"):
        mandatory("within", 4)
    assert "层 甲镇：3 个单位没有入样机会" in mandatory("within", 3).notes[0]
    with pytest.raises(DrawError, match="名单中没有一个单位取这些值"):
        mandatory("within", 0)


@pytest.mark.parametrize(
    ("shortfall", "sizes", "drawn"),
    [
        ("take-all", {"脱贫户": 10, "未脱贫户": 2, "非建档立卡户": 90}, {"脱贫户": 10, "未脱贫户": 2, "非建档立卡户": 27}),
        ("fill:非建档立卡户", {"脱贫户": 10, "未脱贫户": 2, "非建档立卡户": 90}, {"脱贫户": 10, "未脱贫户": 2, "非建档立卡户": 48}),
        ("fill:脱贫户", {"脱贫户": 60, "未脱贫户": 9, "非建档立卡户": 20}, {"脱贫户": 35, "未脱贫户": 5, "非建档立卡户": 20}),
        ("fill:非建档立卡户", {"脱贫户": 30, "非建档立卡户": 32}, {"脱贫户": 28, "非建档立卡户": 32}),
    ],
)
def test_a_village_with_few_households(shortfall: str, sizes: dict[str, int], drawn: dict[str, int]) -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(later={"shortfall": shortfall}), seed="7")
    table = ev.draw_next(start, roster(start.villages[0], sizes)).table()
    assert table[table["role"] == "main"].groupby("stratum").size().to_dict() == drawn


@pytest.mark.parametrize(
    ("shortfall", "sizes", "says"),
    [
        ("fail", (10, 2, 90), r"2 处错误\n  \d{12} 层 未脱贫户｜应抽 5 个，只有 2 个[\s\S]*层 脱贫户｜应抽 28 个，只有 10 个"),
        ("fail", (30, 0, 90), "层 未脱贫户｜应抽 5 个，只有 0 个"),
        ("fill:非建档立卡户", (10, 2, 40), "层 非建档立卡户｜应抽 48 个，只有 40 个.*其中 21 个是替别的层补的"),
        ("fill:非建档立卡户", (40, 5, 20), "层 非建档立卡户｜应抽 27 个，只有 20 个"),
    ],
)
def test_a_village_with_too_few_households(shortfall: str, sizes: tuple[int, ...], says: str) -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(later={"shortfall": shortfall}), seed="7")
    with pytest.raises(DrawError, match=says):
        ev.draw_next(start, roster(start.villages[0], dict(zip(QUOTAS, sizes, strict=True))))


def test_every_fault_of_a_roster_at_once() -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(), seed="7")
    sheet = roster(start.villages[0], {"脱贫户": 40, "未脱贫户": 5, "非建档立卡户": 60}).astype({"persons": object})
    sheet.loc[0, "household"] = "11010519491231002X"
    sheet.loc[1, "household"] = "3/8"
    sheet.loc[2, "stratum"] = "贫困户"
    sheet.loc[3, "persons"] = 2.5
    sheet.loc[5, "household"] = sheet.loc[4, "household"]
    sheet.loc[6, "village"] = "411726999999"
    with pytest.raises(DrawError) as refusal:
        ev.draw_next(start, sheet)
    text = str(refusal.value)
    expected = [
        "第 2 行，household｜户编号是身份证号，不能用来抽样｜改用名册中的户编号",
        "第 3 行，household｜户编号空白，或含 |",
        "第 4 行，stratum｜户类型不在设计的 n 中",
        "第 5 行，persons｜人数应为正整数",
        "第 6 行，household",
        "第 7 行，household",
        "village：411726999999｜这个村没有被抽中（名册中有 1 行）",
    ]
    assert [says for says in expected if says not in text] == []
    assert "110105" not in text


@pytest.mark.parametrize("seed", ["", "  ", "1|2", "1\n2", 20181231])
def test_unsound_seeds(seed: Any) -> None:
    with pytest.raises(DrawError, match="seed"):
        ev.draw(frame_of(small(TOWNS)), design(), seed=seed)


def test_columns_that_clash_with_the_sample_table() -> None:
    frame = frame_of(small(TOWNS).assign(prob="1"), columns=["township_code", "prob"])
    with pytest.raises(DrawError, match="prob｜名单列名与样本表的列名相同"):
        ev.draw(frame, design(), seed="7")


def test_a_sample_is_frozen_and_hands_out_copies(whole: ev.Sample) -> None:
    with pytest.raises(AttributeError):
        whole.seed = "8"
    handed = whole.table()
    handed["prob"] = np.nan
    assert whole.table()["prob"].notna().all()
    with pytest.raises(DrawError, match="可用：village、household"):
        whole.table("person")
    assert "44 村" in repr(whole) and SEED in repr(whole) and whole.certificate.sha256[:12] in repr(whole)


def test_quotas_of_the_design_are_the_specimens(whole: ev.Sample) -> None:
    assert whole.table().groupby("stratum")["quota"].first().to_dict() == QUOTAS


def test_rosters_of_other_types_are_read_as_spreadsheets_show_them() -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(), seed="7")
    sheet = roster(start.villages[0], {"脱贫户": 40, "未脱贫户": 5, "非建档立卡户": 60})
    sheet["household"] = sheet["household"].str.lstrip("0")
    numbers = sheet.assign(**{column: sheet[column].astype(float) for column in ("village", "household", "persons")})
    assert ev.draw_next(start, numbers).certificate.sha256 == ev.draw_next(start, sheet).certificate.sha256


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"household": 1.1e17}, "科学计数"),
        ({"household": float("nan")}, "户编号空白"),
        ({"persons": 51}, "人数多于 50"),
        ({"persons": "1,2"}, "人数应为正整数"),
        ({"persons": float("inf")}, "人数应为正整数"),
        ({"household": "李四"}, "户编号重复"),
        ({"stratum": "李四"}, "户类型不在设计的 n 中"),
        ({"village": "13900001111"}, "没有被抽中"),
    ],
)
def test_rosters_in_memory_that_cannot_be_drawn_from(changes: dict[str, Any], says: str) -> None:
    start = ev.draw(frame_of(small(TOWNS)), design(), seed="7")
    sheet = roster(start.villages[0], {"脱贫户": 40, "未脱贫户": 5, "非建档立卡户": 60}).assign(**changes)
    with pytest.raises(DrawError, match=says) as refusal:
        ev.draw_next(start, sheet)
    assert "李四" not in str(refusal.value) and "1390000" not in str(refusal.value)


@pytest.mark.parametrize("table", [None, "rosters", pd.DataFrame([[1, 2]], columns=["village", "village"])])
def test_what_is_no_table_of_rosters(table: Any) -> None:
    with pytest.raises(DrawError):
        ev.draw_next(ev.draw(frame_of(small(TOWNS)), design(), seed="7"), table)
