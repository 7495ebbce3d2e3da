"""Every design file reads, draws from its list, is drawn again by the verifier, and reproduces its published figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit.design import Design
from evalkit.design.sections import MadeList
from evalkit.design.stages import Stage
from evalkit.evaluation.places import Places
from evalkit.frame import Frame
from evalkit.sample import Sample
from evalkit.synthetic import registry

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "designs"
EVERY = sorted(path.stem for path in FOLDER.glob("*.toml"))
FILES = [name for name in EVERY if not name.startswith("national_programme")]  # drawn county by county: test_programme
SEED, OTHER = "31415926535897932384", "27182818284590452353"
FEW = 3  # villages that get a roster
WHOLE = ("daofu_2016", "district_acceptance_2017", "fengqing_2018", "guangdong_patrol_2016", "wulingyuan_2018")  # all do
Numbers = dict[str, Fraction]


@cache
def declared(name: str) -> Design:
    return ev.read_design(FOLDER / f"{name}.toml")


@cache
def listed(name: str) -> Frame:
    """The list of a design; where a real list lacks the columns of a registry, a made-up registry adds them."""
    design = declared(name)
    if design.frame.made is not None:
        return Frame.from_design(design)
    part = design.frame
    kept = ev.read_frame(
        design.resolve(part.file), id=part.id, name=part.name, columns=["township_code", "township", "county_code"],
        rules=part.rule, code=part.code,
    )  # fmt: skip
    return Frame.from_data(registry(kept.table(), design).villages(), id=part.id, name=part.name, columns=part.columns, code=part.code)


@cache
def drawn(name: str) -> Sample:
    return ev.draw(listed(name), declared(name), seed=SEED)


@cache
def with_rosters(name: str) -> tuple[Sample, pd.DataFrame]:
    """The sample after the rosters of a few villages, or of all where they are few."""
    design, sample = declared(name), drawn(name)
    villages = sample.villages if name in WHOLE else some_villages(design, sample)
    rosters = pd.concat([roster(design, village, i) for i, village in enumerate(villages)], ignore_index=True)
    return ev.draw_next(sample, rosters), rosters


def some_villages(design: Design, sample: Sample) -> list[str]:
    """The first villages of the sample, and one for every rule on what a village is like."""
    table = sample.table("village")
    chosen = list(sample.villages[:FEW])
    for rule in design.stages[-1].quota:
        fits = table
        for column, values in rule.where.items():
            fits = fits[fits[column].isin(values)]
        chosen += fits["unit"].head(1).tolist()
    return list(dict.fromkeys(chosen))


def roster(design: Design, village: str, place: int) -> pd.DataFrame:
    """A roster of plausible size: the planned number of each type, a tenth more or less."""
    assert design.planning is not None and design.rosters is not None
    types = [kind for kind, mean in design.planning.types.items() for _ in range(round(mean * (0.9 + 0.1 * (place % 3))))]
    rows = pd.DataFrame({"village": village, "stratum": types, "household": [f"{i:04d}" for i in range(1, len(types) + 1)], "persons": 3})
    units = {stage.unit for stage in design.roster_stages}
    wanted = {must.column: must.values[0] for stage in design.roster_stages for must in stage.mandatory if must.column}
    groups = max(1, round(design.planning.groups))
    for column in design.rosters.columns:
        in_groups = column in units or column not in wanted
        marked = (rows["stratum"] == types[0]) & (rows.index % 4 == 0)  # the year of exit, which only the first type has
        rows[column] = [f"{i % groups + 1}组" if in_groups else wanted[column] if marked[i] else "" for i in range(len(rows))]
    return rows


# -- the figures of a plan, by arithmetic ---------------------------------------------------------------------------


def planned_households(design: Design, sample: Sample) -> Numbers:
    """How many households of each type the whole sample asks for, with the planned number of each type in every village."""
    assert design.planning is not None
    stage, types = design.stages[-1], {kind: Fraction(mean) for kind, mean in design.planning.types.items()}
    villages = sample.table("village")
    if stage.allocation is not None:
        total = stage.allocation.total
        return {kind: Fraction(size) for kind, size in total.items()} if isinstance(total, dict) else {"": Fraction(total)}
    share = Fraction(1)
    for above in design.roster_stages[:-1]:  # of whole village groups, those that are drawn
        assert above.allocation is not None and isinstance(above.allocation.total, int)
        share = Fraction(above.allocation.total) / (len(villages) * Fraction(design.planning.groups))
    asked = [of_village(stage, types, row._asdict()) for row in villages.itertuples(index=False)]
    return {kind: share * sum(village[kind] for village in asked) for kind in types}


def of_village(stage: Stage, types: Mapping[str, Fraction], facts: Mapping[str, Any]) -> Numbers:
    """How many households of each type a village is asked for."""
    if stage.takes_all:
        return dict(types)
    rule: Any = stage
    for quota in stage.quota:
        alike = all(facts[column] in values for column, values in quota.where.items())
        if alike and all(types.get(kind, 0) >= least for kind, least in quota.holds.items()):
            rule = quota
            break
    if rule.n is not None:
        return {kind: Fraction(rule.n.get(kind, 0) if isinstance(rule.n, dict) else rule.n) for kind in types}
    most = stage.most if isinstance(stage.most, dict) else dict.fromkeys(types, stage.most)
    rates = {kind: Fraction(repr(rule.rate.get(kind, 0.0))) for kind in types}
    return {kind: min(rates[kind] * mean, Fraction(most.get(kind, 10**9))) for kind, mean in types.items()}


def parts_of(label: str) -> set[str]:
    return set(re.split(r"[|·]", label))


def number(name: str, what: str) -> Fraction:
    """A figure such as ``village``, ``village.贫困村`` or ``household.脱贫户``; ``township`` may be a column of the list."""
    design, sample = declared(name), drawn(name)
    stage, _, label = what.partition(".")
    if design.stage(stage) is None:
        return Fraction(sample.table("village")[stage].nunique())
    if design.roster_stages and stage == "household":
        planned = planned_households(design, sample)
        return sum((size for kind, size in planned.items() if parts_of(label or kind) <= parts_of(kind)), Fraction(0))
    if stage in [part.name for part in design.roster_stages]:
        shared = next(part.allocation for part in design.roster_stages if part.name == stage)
        assert shared is not None and isinstance(shared.total, int)
        return Fraction(shared.total)
    table = sample.table(stage)
    return Fraction(sum(parts_of(label) <= parts_of(cell) for cell in table["stratum"]) if label else len(table))


def listed_number(name: str, what: str) -> Fraction:
    """How many units of a stage are listed, in the strata that a label names."""
    design, frame = declared(name), listed(name).table()
    stage, _, label = what.partition(".")
    declared_stage = design.stage(stage)
    assert declared_stage is not None and design.planning is not None
    if declared_stage in design.roster_stages:
        types = design.planning.types
        return len(drawn(name).villages) * sum(Fraction(mean) for kind, mean in types.items() if label in ("", kind))
    if label:
        frame = frame[frame[list(declared_stage.strata)].isin([label]).any(axis=1)]
    return Fraction(frame[declared_stage.unit or design.frame.id].nunique())


def figure(name: str, what: str) -> Fraction:
    above, _, below = what.partition("/")
    if not below:
        return number(name, above)
    return number(name, above) / (listed_number(name, above) if below == "list" else number(name, below))


# -- every file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_published_figures_are_reproduced(name: str) -> None:
    published = declared(name).published
    assert published and all(part.text for part in published)
    found = {part.what: float(figure(name, part.what)) for part in published}
    wrong = [f"{part.what}: {found[part.what]:g}, published {part.value:g}" for part in published if not near(found[part.what], part)]
    assert wrong == []


def near(value: float, part: Any) -> bool:
    return abs(value - part.value) <= part.within + 1e-9


@pytest.mark.parametrize("name", FILES)
def test_the_verifier_draws_the_same(name: str) -> None:
    sample, rosters = (drawn(name), None) if not declared(name).roster_stages else with_rosters(name)
    result = ev.verify(sample.certificate, listed(name), rosters)
    assert result.ok, result.text()
    assert set(result.checked) == {stage.name for stage in declared(name).stages}


@pytest.mark.parametrize("name", FILES)
def test_chances_sum_to_the_number_drawn(name: str) -> None:
    design, sample = declared(name), drawn(name)
    for stage in design.frame_stages:
        for cell in sample._listed[stage.name]:
            assert all(0 <= prob <= 1 for prob in cell.probs.values())
            if not stage.wave:  # a stratum that lost units to a later wave keeps the chances of its draw
                assert sum(cell.probs.values()) == pytest.approx(cell.n, rel=1e-9), cell.label
            else:
                assert len(cell.probs) == cell.population


@pytest.mark.parametrize("name", [name for name in FILES if declared(name).roster_stages])
def test_each_village_gets_its_quota(name: str) -> None:
    """What the villages of a few rosters get is what the arithmetic says, type by type, and in all where another type fills up."""
    design, (sample, rosters) = declared(name), with_rosters(name)
    stage, table = design.stages[-1], sample.table("household")
    facts = sample.table("village").set_index("unit")
    for village, rows in rosters.groupby("village"):
        got = table[(table["village"] == village) & (table["role"] == "main")]["stratum"].value_counts()
        held = {str(kind): Fraction(int(count)) for kind, count in rows["stratum"].value_counts().items()}
        if stage.allocation is not None or len(design.roster_stages) > 1:
            assert within_shares(design, sample, got, held)
            continue
        wanted = {kind: -(-size // 1) for kind, size in of_village(stage, held, facts.loc[village]).items()}
        if stage.shortfall.startswith("fill:"):
            assert got.sum() == sum(stage.n.values()) if isinstance(stage.n, dict) else stage.n
        else:
            assert {kind: int(got.get(kind, 0)) for kind in held} == {kind: min(size, held[kind]) for kind, size in wanted.items()}


def within_shares(design: Design, sample: Sample, got: pd.Series, held: Numbers) -> bool:
    """Whether a village got its share of a total, the whole numbers next to the mean where the shares are equal."""
    stage = design.stages[-1]
    if stage.allocation is None:
        return 0 < got.sum() < sum(held.values())  # some of its groups, and whoever lives there
    if stage.allocation.rule != "equal":
        return bool(got.sum() >= stage.allocation.least)
    mean = sum(planned_households(design, sample).values()) / len(sample.villages)
    kinds = len(stage.named_strata) or 1
    return bool(mean - kinds < got.sum() < mean + kinds)


@pytest.mark.parametrize("name", [name for name in WHOLE if not declared(name).stages[-1].quota])
def test_a_whole_sample_has_the_planned_total(name: str) -> None:
    """Where all rosters are there and quotas are given, the households drawn are those of the plan."""
    design, (sample, _) = declared(name), with_rosters(name)
    assert not sample.pending
    assert (sample.table("household")["role"] == "main").sum() == sum(planned_households(design, sample).values())


# -- what single files show ----------------------------------------------------------------------------------------


def test_the_second_wave_of_biyang_keeps_the_first() -> None:
    first, both = drawn("biyang_2018"), drawn("biyang_2018_second_wave")
    frame = listed("biyang_2018_second_wave").table()
    poor = set(frame.loc[frame["贫困村"] == "是", "village_code"])
    assert len(poor) == 102 and len(first.villages) == 44 and len(frame) == 355
    assert set(both.villages) == set(first.villages) | poor
    table = both.table().set_index("unit")
    assert (table.loc[sorted(poor), "prob"] == 1).all()
    assert set(table.index[table["wave"] == "第二轮"]) == poor - set(first.villages)
    others = sorted(set(first.villages) - poor)
    assert table.loc[others, "prob"].tolist() == first.table().set_index("unit").loc[others, "prob"].tolist()


def test_the_sweep_visits_the_villages_of_the_questionnaire() -> None:
    assert drawn("national_exit_2018_sweep").villages == drawn("national_exit_2018").villages


def test_swept_groups_are_visited_whole() -> None:
    sample, rosters = with_rosters("national_exit_2018_sweep")
    table, groups = sample.table("household"), sample.table("group")
    here = rosters.merge(groups, left_on=["village", "村民小组"], right_on=["village", "unit"])
    assert sorted(zip(table["village"], table["household"], strict=True)) == sorted(zip(here["village"], here["household"], strict=True))
    assert table["prob"].tolist() == pytest.approx((table["village_prob"] * table["group_chance"]).tolist())


def test_typical_counties_are_a_census() -> None:
    table, frame = drawn("cas_assessment_2016").table("village"), listed("cas_assessment_2016").table()
    typical = frame[frame["典型县"] == "是"]
    assert typical["county"].nunique() == 3 and set(typical["village"]) <= set(table["unit"])
    assert (table.loc[table["典型县"] == "是", "prob"] == 1).all()


def test_half_of_every_county_is_picked_on_purpose() -> None:
    table = drawn("sichuan_exit_2020").table("village")
    assert table.groupby(["county", "certainty"]).size().tolist() == [13, 13] * 7
    assert (table.loc[table["certainty"], "点名"] == "是").all() and (table.loc[~table["certainty"], "点名"] == "否").all()


def test_exits_of_the_year_are_all_drawn_in_wulingyuan() -> None:
    sample, rosters = with_rosters("wulingyuan_2018")
    table = sample.table("household")
    got = set(zip(table["village"], table["household"], strict=True))
    exits = rosters[rosters["脱贫年度"] == "2018"]
    poor = exits[exits["stratum"] == "贫困户"]
    assert len(poor) and set(zip(poor["village"], poor["household"], strict=True)) <= got
    mains = table[table["role"] == "main"].groupby("village").size()
    assert set(mains) == {60, 30} and len(mains) == 22


def test_households_of_fengqing_do_not_repeat() -> None:
    design, sample = declared("fengqing_2018"), with_rosters("fengqing_2018")[0]
    rounds, seen = [sample], households(sample)
    for seed in (SEED, OTHER):
        following = ev.draw(listed("fengqing_2018"), design, seed=seed, earlier=rounds)
        lists = pd.concat([roster(design, village, i) for i, village in enumerate(following.villages)], ignore_index=True)
        following = ev.draw_next(following, lists)
        assert not households(following) & seen and len(households(following)) == 26 * 25
        assert ev.verify(following.certificate, listed("fengqing_2018"), lists, earlier=rounds_of(rounds)).ok
        seen |= households(following)
        rounds.append(following)


def households(sample: Sample) -> set[tuple[str, str]]:
    table = sample.table("household")
    return set(zip(table["village"], table["household"], strict=True))


def rounds_of(samples: list[Sample]) -> list[Any]:
    return [sample.certificate for sample in samples]


def test_general_households_of_anhui_are_capped() -> None:
    design = declared("anhui_exit_2017")
    poor = drawn("anhui_exit_2017").table("village").query("村类型 == '贫困村'")["unit"].iloc[0]
    assert design.planning is not None
    big = design.model_copy(update={"planning": design.planning.model_copy(update={"types": {"脱贫户": 210.0, "非建档立卡户": 1200.0}})})
    sample = ev.draw_next(drawn("anhui_exit_2017"), roster(big, poor, 1))
    assert sample.table("household").groupby("stratum").size().to_dict() == {"脱贫户": 210, "非建档立卡户": 200}


@pytest.mark.parametrize("name", ["daofu_2016", "guangdong_discipline_2016"])
def test_places_chosen_on_purpose_speak_for_nobody(name: str) -> None:
    sample = drawn(name)
    assert not sample.inference and any("典型选点" in note for note in sample.notes)


# -- the page -----------------------------------------------------------------------------------------------------


def test_the_page_lists_every_file() -> None:
    page = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[`([a-z0-9_]+)\.toml`\]\(\.\./designs/\1\.toml\) \|", page, re.MULTILINE)
    assert sorted(told) == EVERY and len(told) == len(set(told))


@pytest.mark.parametrize("name", EVERY)
def test_every_file_names_its_source(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    head = text.split("\nformat = ")[0]
    assert "出处：" in head and "本设计" in head and declared(name).evaluation.source
    assert re.search(r"_(20\d\d)", name) and str(declared(name).evaluation.year) in name


# -- made-up lists ------------------------------------------------------------------------------------------------


def test_made_up_lists_hold_the_published_numbers() -> None:
    """The list of 广东 has the units that were published; the parts of 宁陕 and 宁夏 are exact although no township's are."""
    assert [listed("guangdong_patrol_2016").table()[unit].nunique() for unit in ("city", "county", "township", "village")] == [
        14, 97, 1112, 2277,
    ]  # fmt: skip
    assert listed("ningshan_2019").table()["村类型"].value_counts().to_dict() == {"贫困村": 23, "非贫困村": 33}
    years = listed("ningxia_exit_2016").table().groupby("county")["退出年度"].value_counts().unstack()
    assert years.sum().to_dict() == {"2016": 327, "2017": 273} and years["2016"].between(16, 17).all()


def test_a_level_has_one_number() -> None:
    level = {"column": "village", "name": "村"}
    for numbers in ({}, {"count": 2, "total": 2}):
        with pytest.raises(ValueError, match="count 与 total"):
            MadeList.model_validate({"level": [level | numbers]})


def test_places_of_several_stages_have_one_name_each() -> None:
    """A county's villages stand under the county, whatever the township column says; coded names say 地区."""
    from_list = ev.read_design(FOLDER / "guangdong_patrol_2016.toml")
    names = Places.of(ev.Frame.from_design(from_list), from_list).names
    assert all(label.endswith("|全部") for label in names) and not any("全部" in name for name in names.values())
    coded = from_list.model_copy(update={"report": from_list.report.model_copy(update={"code_names": True})})
    assert set(Places.of(ev.Frame.from_design(from_list), coded).names.values()) == {f"乡镇{i:04d}" for i in range(1, 1113)}
