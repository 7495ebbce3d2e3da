"""Rounds and years: waves merged, households that never repeat, permanent tickets and their shift, overlap."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit.certificate import Certificate
from evalkit.errors import DesignError, DrawError
from evalkit.sample import overlap
from tests.draws import listed, people, province, staged

SEED = "31415926535897932384"
CENSUS = {"name": "二轮", "column": "kind", "values": ["贫困村"]}
BASE = {"name": "village", "method": "srs", "strata": ["city"], "n": 4}
HOUSEHOLD = {"name": "household", "method": "srs", "n": 3, "shortfall": "fail", "repeat": "never"}


# -- waves --------------------------------------------------------------------------------------------------------------


def test_a_wave_of_more_is_the_larger_sample_of_the_same_seed() -> None:
    waves = [{"name": "二轮", "n": 7}, {"name": "三轮", "n": 11}]
    merged = ev.draw(listed(), staged(BASE | {"wave": waves}), seed=SEED)
    small, large = (ev.draw(listed(), staged(BASE | {"n": n}), seed=SEED) for n in (4, 11))
    assert merged.villages == large.villages and set(small.villages) < set(merged.villages)
    table, plain = merged.table(), large.table()
    assert (table["prob"] == plain["prob"]).all() and table["unit"].tolist() == plain["unit"].tolist()
    assert table.groupby(["city", "wave"]).size().unstack().to_numpy().tolist() == [[4, 4, 3]] * 3
    assert set(table.loc[table["wave"] == "", "unit"]) == set(small.villages) and ev.verify(merged.certificate, listed()).ok


def test_a_wave_that_visits_all_of_a_kind_keeps_the_first() -> None:
    """As in 泌阳: some villages of each township, then all poor villages."""
    merged = ev.draw(listed(), staged(BASE | {"wave": [CENSUS]}), seed=SEED)
    first = ev.draw(listed(), staged(BASE), seed=SEED)
    poor = set(province().query("kind == '贫困村'")["village_code"])
    assert set(merged.villages) == poor | set(first.villages)
    table = merged.table().set_index("unit")
    assert set(table.loc[sorted(poor), "prob"]) == {1.0} and set(table.loc[sorted(poor), "stratum"]) == {f"S{i}·二轮" for i in (1, 2, 3)}
    rest = table[~table.index.isin(poor)]
    assert set(rest["prob"]) == {4 / 45} and set(rest["N"]) == {27} and set(rest["wave"]) == {""}
    assert set(table.loc[sorted(poor & set(first.villages)), "wave"]) == {""} and set(
        table.loc[sorted(poor - set(first.villages)), "wave"]
    ) == {"二轮"}
    assert ev.verify(merged.certificate, listed()).ok


@pytest.mark.parametrize("waves", [[CENSUS, {"name": "三轮", "n": 9}], [{"name": "三轮", "n": 9}, CENSUS]])
def test_waves_of_both_kinds_in_either_order(waves: list[dict[str, Any]]) -> None:
    merged = ev.draw(listed(), staged(BASE | {"wave": waves}), seed=SEED)
    large = ev.draw(listed(), staged(BASE | {"n": 9}), seed=SEED)
    table = merged.table()
    poor = set(province().query("kind == '贫困村'")["village_code"])
    assert sorted(table["unit"]) == sorted(poor | set(large.villages)) and set(table.loc[~table["unit"].isin(poor), "prob"]) == {9 / 45}
    assert not table["unit"].duplicated().any() and ev.verify(merged.certificate, listed()).ok


def test_frequencies_of_merged_waves() -> None:
    """Chance 1 of a poor village, n/N of another: Bonferroni band at about 1 in 10,000 over 250 seeds."""
    table, stage = province(1, 1, 2, 5), {"name": "village", "method": "srs", "n": 2, "wave": [{"name": "二轮", "n": 3}, CENSUS]}
    frame, plan, counts, sums = listed(table), staged(stage), Counter[str](), []
    for i in range(250):
        drawn = ev.draw(frame, plan, seed=f"mc {i}").table()
        counts.update(drawn["unit"])
        sums.append(float(drawn["weight"].sum()))
    kinds = table.set_index("village_code")["kind"]
    for village, kind in kinds.items():
        share = counts[str(village)] / 250
        assert share == 1 if kind == "贫困村" else abs(share - 0.3) < 4.3 * (0.3 * 0.7 / 250) ** 0.5
    mean = math.fsum(sums) / 250
    assert abs(mean - 10) < 3 * (math.fsum((value - mean) ** 2 for value in sums) / 249 / 250) ** 0.5


def test_waves_that_cannot_be() -> None:
    for keys, says in (
        ({"method": "systematic", "wave": [{"name": "二轮", "n": 5}]}, '只用于 method = "srs"'),
        ({"wave": [{"name": "二轮", "n": {"S1": 5}}]}, "同一写法"),
        ({"wave": [{"name": "二轮", "n": 3}]}, "应一轮比一轮多"),
        ({"wave": [{"name": "二轮"}]}, "写 n（加抽到多少），或写 column"),
    ):
        with pytest.raises(DesignError, match=says):
            staged(BASE | keys)
    with pytest.raises(DesignError, match="轮次只用于从名单抽取的阶段"):
        staged(BASE, {**HOUSEHOLD, "wave": [{"name": "二轮", "n": 5}]})


# -- no household twice -------------------------------------------------------------------------------------------------


def drawn_by(plan: Any, seed: str, earlier: list[Any]) -> ev.Sample:
    start = ev.draw(listed(province(1, 1, 1, 4)), plan, seed=seed, earlier=earlier)
    return ev.draw_next(start, people(start.villages, 12))


def households(sample: ev.Sample) -> set[tuple[str, str]]:
    return set(sample.table("household")[["village", "household"]].itertuples(index=False, name=None))


def test_three_rounds_never_repeat_a_household(tmp_path: Path) -> None:
    """Each round takes 3 mains and a reserve of 12 in each of four villages: the third round leaves none."""
    plan, frame = staged({"name": "village", "method": "take-all"}, HOUSEHOLD), listed(province(1, 1, 1, 4))
    rosters = people(frame.units, 12)
    one = drawn_by(plan, "1", [])
    two = drawn_by(plan, "2", [one])
    three = drawn_by(plan, "3", [one, two])
    assert "earlier" not in one.certificate.content and two.certificate.content["earlier"]["household"]["units"] == 16
    assert households(one) | households(two) | households(three) == set(
        rosters[["village", "household"]].itertuples(index=False, name=None)
    )
    assert set(two.table("household")["N"]) == {8} and len(households(three)) == 16
    with pytest.raises(DrawError, match="应抽 3 个，只有 0 个"):
        drawn_by(plan, "4", [one, two, three])
    files = [two.certificate.save(tmp_path / "2.json"), two.certificate.save_annex(tmp_path / "2a.json")]
    files += [one.certificate.save(tmp_path / "1.json"), one.certificate.save_annex(tmp_path / "1a.json")]
    assert drawn_by(plan, "3", files).certificate.sha256 == three.certificate.sha256
    assert ev.verify(three.certificate, frame, rosters, earlier=files).ok
    without = ev.verify(three.certificate, frame, rosters)
    assert not without.ok and "阶段 household 以前各轮已抽的单位：没有给出以前各轮的凭证" in without.differences
    assert not ev.verify(three.certificate, frame, rosters, earlier=[one.certificate]).ok


def test_a_public_certificate_alone_does_not_say_who_was_drawn(tmp_path: Path) -> None:
    plan = staged({"name": "village", "method": "take-all"}, HOUSEHOLD)
    public = drawn_by(plan, "1", []).certificate.save(tmp_path / "1.json")
    for given in (public, Certificate.load(public)):
        with pytest.raises(DrawError, match="一并给出这一轮的附件"):
            drawn_by(plan, "2", [given])
    with pytest.raises(DrawError, match="没有不得重复的阶段"):
        ev.draw(listed(), staged(BASE), seed="1", earlier=[ev.draw(listed(), staged(BASE), seed="2")])


def test_villages_and_village_groups_never_repeat() -> None:
    village = {"name": "village", "method": "srs", "n": 20, "repeat": "never"}
    one = ev.draw(listed(), staged(village), seed="1")
    two = ev.draw(listed(), staged(village), seed="1", earlier=[one])
    assert not set(one.villages) & set(two.villages) and set(two.table()["N"]) == {115}
    group = {"name": "group", "unit": "group", "method": "srs", "n": 2, "shortfall": "fail", "repeat": "never"}
    plan = staged({"name": "village", "method": "take-all"}, group, {"name": "household", "method": "take-all"}, roster=("group",))
    before, after = (drawn_by(plan, "1", earlier) for earlier in ([], [drawn_by(plan, "1", [])]))
    assert len(after.table("group")) == 8 and not households(before) & households(after)


# -- permanent tickets --------------------------------------------------------------------------------------------------


def mean_overlap(**keys: Any) -> tuple[float, float, float, float]:
    """Return means over seeds of units shared, of what independent draws would share, of the most, and the standard error."""
    base: dict[str, Any] = {"name": "village", "method": "srs", "n": 20}
    before, after = (listed(), staged(base)), (listed(province().iloc[10:]), staged(base | keys))
    shared, told = [], (0.0, 0.0)
    for i in range(60):
        one, other = ev.draw(*before, seed=f"y {i}"), ev.draw(*after, seed=f"y {i}")
        whole = overlap(one, other).iloc[0]
        shared.append(int(whole["shared"]))
        told = (float(whole["independent"]), float(whole["most"]))
        assert whole["shared"] == len(set(one.villages) & set(other.villages))
    mean = math.fsum(shared) / 60
    return mean, *told, (math.fsum((value - mean) ** 2 for value in shared) / 59 / 60) ** 0.5


def test_permanent_tickets_keep_the_most_and_a_shift_the_least() -> None:
    """Of 135 and 125 villages 20: Σπ₁π₂ = 2.96 if independent; same tickets keep all that stay; a shift of a half keeps none."""
    shared, independent, most, error = mean_overlap()
    assert independent == pytest.approx(125 * 20 / 135 * 20 / 125) and most == pytest.approx(125 * 20 / 135)
    assert abs(shared - most) < max(3 * error, 0.3)
    assert mean_overlap(shift=0.5)[0] == 0 < independent
    late, *_, error = mean_overlap(shift=0.07)
    assert independent < late < most - 5 * error


def test_a_shift_leaves_the_chances_as_they_are() -> None:
    frame, plan, counts = listed(province(1, 1, 2, 5)), staged({"name": "v", "method": "srs", "n": 3, "shift": 0.37}), Counter[str]()
    for i in range(250):
        counts.update(ev.draw(frame, plan, seed=f"s {i}").villages)
    assert len(counts) == 10 and max(abs(count / 250 - 0.3) for count in counts.values()) < 4.3 * (0.3 * 0.7 / 250) ** 0.5


def test_overlap_by_stratum_names_new_units() -> None:
    one = ev.draw(listed(province().iloc[5:]), staged(BASE), seed="1")
    table = overlap(one, ev.draw(listed(), staged(BASE), seed="2"))
    assert table["stratum"].tolist() == ["合计", "S1", "S2", "S3", "不在前一名单"]
    assert table["one"].tolist() == [12, 4, 4, 4, 0] and table.loc[1:, "other"].sum() == table.loc[0, "other"] == 12
    assert table.loc[4, ["independent", "most"]].tolist() == [0, 0]
    with pytest.raises(DrawError, match="两个设计不都有这个从名单抽取的阶段"):
        overlap(one, ev.draw(listed(), staged({"name": "other", "method": "srs", "n": 2}), seed="1"))
    assert isinstance(table, pd.DataFrame)
