"""How many a design takes: a trial of the draw's own code on the list, and expected rosters where none has arrived."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import DesignError, Faults
from evalkit.frame import Frame
from evalkit.sample.cells import Cell
from evalkit.sample.listings import ALL
from evalkit.sample.quotas import asked, fitted, village_shares
from evalkit.sample.villages import draw_villages, village_table
from evalkit.sheets import plain_numbers, read_sheet
from evalkit.synthetic import registry
from evalkit.synthetic.lists import made_list

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.planning import Planning
    from evalkit.design.stages import Stage
    from evalkit.synthetic import Registry

TRIAL = "抽样方案试抽"  # a ceremony makes digits only, so no real draw has this seed
LOTS = ("village", "psu", "psu_stratum", "village_prob", "certain", "stratum", "population", "quota", "n", "reserves", "prob")


@dataclass(frozen=True, eq=False)
class Trial:
    """A draw made only to count: its units are never shown.

    Parameters
    ----------
    frame : Frame
    drawn : mapping of str to tuple of Cell
        Stage of the frame → its cells.
    villages : pandas.DataFrame
        The units of the last stage of the frame.
    lots : pandas.DataFrame
        What will be visited: one row a village and stratum of the last stage, with its population (expected where rosters have
        not come), number to take, reserves, chance over all stages, first-stage unit and stratum.
    upper : pandas.DataFrame
        What stages of rosters above households take, one row a village.
    short : int
        Lots whose expected list is shorter than the quota and where nothing may fill it.
    guessed : tuple of str
        Words for what no list says and the plan reckons with.
    listed : mapping of str to int
        Stage of the frame → its units in the whole list, drawn upper units or not.
    """

    frame: Frame
    drawn: Mapping[str, tuple[Cell, ...]]
    villages: pd.DataFrame
    lots: pd.DataFrame
    upper: pd.DataFrame
    short: int
    guessed: tuple[str, ...]
    listed: Mapping[str, int]


def planned_frame(design: Design) -> Frame:
    """Return the list that a design names; columns that a specimen makes up are added to it.

    Examples
    --------
    >>> import evalkit as ev
    >>> len(planned_frame(ev.read_design("designs/biyang_2018.toml")))
    355
    """
    part = design.frame
    if design.programme is not None and part.made is not None:
        listed = made_list(part.made)
        known = [column for column in part.columns if column in listed.columns]
        return Frame.from_data(listed, id=part.id, name=part.name, columns=known, rules=part.rule, code=part.code)
    if design.specimen is None or part.made is not None:
        return Frame.from_design(design)
    _, whole = specimen_list(design)
    columns = (*part.columns, *([part.place] if part.place else []))
    return Frame.from_data(whole, id=part.id, name=part.name, columns=columns, rules=part.rule, notes=part.note, code=part.code)


def specimen_list(design: Design) -> tuple[Registry, pd.DataFrame]:
    """Return the made-up registry of a specimen, and its list of villages with the columns that the registry adds."""
    part = design.frame
    listed = made_list(part.made) if part.made else read_sheet(design.resolve(part.file), part.sheet)
    known = [column for column in part.columns if column in listed.columns]
    kept = Frame.from_data(listed, id=part.id, name=part.name, columns=known, rules=part.rule, code=part.code)
    made = registry(kept.table(), design)
    added = made.villages().drop(columns=[column for column in listed.columns if column != part.id], errors="ignore")
    return made, listed.merge(added, on=part.id, how="left")


def count(design: Design, frame: Frame) -> Trial:
    """Draw a design for trial and count what it takes.

    Raises
    ------
    DrawError
        With everything that a real draw would refuse.
    DesignError
        When a total cannot be shared out to the villages.
    """
    stages = design.frame_stages
    drawn = draw_villages(frame, stages, TRIAL)
    villages = village_table(frame, stages, drawn, len(stages) - 1)
    base = _clusters(design, villages, drawn)
    table = frame.table()
    listed = {stage.name: int(table[stage.unit or frame.id].nunique()) for stage in stages}
    if not design.roster_stages:
        return Trial(frame, drawn, villages, _listed_lots(villages, base, stages), pd.DataFrame(), 0, (), listed)
    rows, upper, short = _roster_lots(design, villages, base)
    return Trial(frame, drawn, villages, rows, upper, short, tuple(_guesses(design, frame)), listed)


def last_labels(design: Design) -> tuple[str, ...]:
    """Return the strata of the last stage of the rosters: those that the design names, or the types it reckons with."""
    stage = design.roster_stages[-1]
    if stage.named_strata or not stage.strata:
        return stage.named_strata or (ALL,)
    kept = design.rosters.columns if design.rosters else ()
    if len(stage.strata) > 1 or stage.strata[0] in kept:
        return (ALL,)
    types = (*design.criteria.exited, *design.criteria.registered, *design.criteria.outside) if design.criteria else ()
    return types or (tuple(design.planning.types) if design.planning else ()) or (ALL,)


def _clusters(design: Design, villages: pd.DataFrame, drawn: Mapping[str, tuple[Cell, ...]]) -> pd.DataFrame:
    """Return for each drawn unit of the last stage of the frame its village, first-stage unit and stratum, and its chance."""
    stages = design.frame_stages
    random = next((stage for stage in stages if any(cell.n < cell.population for cell in drawn[stage.name])), stages[-1])
    upper = random is not stages[-1]
    above = not design.roster_stages and len(stages) > 1
    return pd.DataFrame(
        {
            "village": villages[f"{stages[-2].name}_unit"] if above else villages["unit"],
            "psu": villages[f"{random.name}_unit"] if upper else villages["unit"],
            "psu_stratum": villages[f"{random.name}_stratum"] if upper else villages["stratum"],
            "village_prob": villages["prob"].clip(upper=1.0),
            "certain": villages["certainty"],
        }
    )


def _listed_lots(villages: pd.DataFrame, base: pd.DataFrame, stages: tuple[Stage, ...]) -> pd.DataFrame:
    """Return the lots of a design that ends with the frame: one a unit."""
    whole = base.assign(stratum=_own(villages["stratum"], len(stages)), population=1.0 / villages["chance"])
    whole = whole.assign(quota=1, n=1, reserves=0, prob=villages["prob"].clip(upper=1.0))
    # the chance of the village alone, where its units are drawn inside it
    chance = villages["chance"] if len(stages) > 1 else 1.0
    return whole.assign(village_prob=(whole["prob"] / chance).clip(upper=1.0))[list(LOTS)]


def _own(labels: pd.Series, depth: int) -> pd.Series:
    return labels.str.partition("|")[2] if depth > 1 else labels


def _roster_lots(design: Design, villages: pd.DataFrame, base: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the lots of all villages, the units taken above households, and how many lots are short."""
    shared = {stage.name: _shared(stage, villages) for stage in design.roster_stages if stage.allocation is not None}
    rows: list[dict[str, Any]] = []
    upper: list[dict[str, Any]] = []
    short = 0
    columns = [column for column in villages.columns if column in design.frame.kept or column in ("unit", "stratum", "wave")]
    for at, facts in enumerate(villages[columns].astype(str).to_dict("records")):
        mine = {name: {label: n for (unit, label), n in parts.items() if unit == facts["unit"]} for name, parts in shared.items()}
        village = _Village(design, {str(column): value for column, value in facts.items()}, mine, at, Faults("抽样方案"))
        units, above = _village_units(village, sum(row["n"] for row in upper))
        upper += above
        rows += [{**lot, "at": at} for lot in _village_lots(village, units, above[-1]["listed"] if above else 1)]
        short += len(village.faults)
    made = pd.DataFrame(rows).merge(base, left_on="at", right_index=True)
    return made.assign(prob=made["village_prob"] * made["chance"])[list(LOTS)], pd.DataFrame(upper), short


@dataclass(frozen=True)
class _Village:
    """One village with what the list says of it, its shares of totals, its place among the villages, and what is short there."""

    design: Design
    facts: Mapping[str, str]
    shared: Mapping[str, Mapping[str, int]]
    at: int
    faults: Faults


def _village_units(village: _Village, before: int) -> tuple[list[int], list[dict[str, Any]]]:
    """Return the running numbers of the units that households are drawn in, and what each stage above households takes."""
    units, taken = [village.at], []
    for stage in village.design.roster_stages[:-1]:
        listed = _groups(village, stage)
        sizes, quotas = _sizes(village, stage, {ALL: listed})
        n = min(listed, sum(sizes.values()))
        told = {"stage": stage.name, "village": village.facts["unit"], "stratum": ALL}
        taken.append({**told, "listed": listed, "quota": sum(quotas.values()), "n": n})
        units = list(range(before, before + n))
    return units, taken


def _village_lots(village: _Village, units: list[int], listed: int) -> Iterator[dict[str, Any]]:
    """Yield what one village is expected to give; its groups, where there are any, are alike but for rounding."""
    design = village.design
    stage, labels = design.roster_stages[-1], last_labels(design)
    means = expected_means(design, village.facts, labels)
    sums = {label: dict.fromkeys(("population", "quota", "n", "reserves"), 0) for label in labels}
    for unit in units:
        counts = {label: cascaded(mean / listed, unit) for label, mean in means.items()}
        sizes, quotas = _sizes(village, stage, counts)
        for label in labels:
            back = design.reserves.size(label) if design.reserves else 0
            left = max(0, min(back, counts[label] - sizes[label]))
            for name, value in (("population", counts[label]), ("quota", quotas[label]), ("n", sizes[label]), ("reserves", left)):
                sums[label][name] += value
    share = len(units) / listed
    for label, numbers in sums.items():
        chance = numbers["n"] / numbers["population"] if numbers["population"] else 0.0
        yield {"stratum": label, **numbers, "chance": share * chance}


def _sizes(village: _Village, stage: Stage, counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many of each stratum are expected, and how many are asked for."""
    if not stage.inference:
        named = sum(len(rule.units) for rule in stage.mandatory)
        return {label: min(named, size) for label, size in counts.items()}, dict(counts)
    wanted = asked(stage, counts, village.facts, village.shared.get(stage.name, {}))
    found = Faults(village.faults.subject)
    sizes = dict(counts) if stage.takes_all else fitted(counts, wanted, stage, f"{village.facts['unit']} ", found)
    village.faults.extend(found)
    return {label: min(size, counts[label]) for label, size in sizes.items()}, wanted


def cascaded(mean: float, at: int) -> int:
    """Return a mean as the whole number of the unit at a place, so that the numbers of the first k units add up to k times the mean.

    Examples
    --------
    >>> [cascaded(4.2, at) for at in range(5)], [cascaded(60.0, at) for at in range(2)]
    ([4, 4, 5, 4, 4], [60, 60])
    """
    return math.floor(mean * (at + 1) + 0.5) - math.floor(mean * at + 0.5)


def expected_means(design: Design, facts: Mapping[str, str], labels: tuple[str, ...]) -> dict[str, float]:
    """Return how many households of each stratum a village is expected to have.

    A column of the list that is named as the stratum (脱贫户, 脱贫户数) says it; else one with its persons (脱贫人口) does, by
    the mean household; else `[planning] types`. Strata that nothing tells share the rest of the village alike.
    """
    planning = design.planning
    assert planning is not None
    told = _told(facts, "", planning)
    total = told if told is not None else sum(planning.types.values()) or planning.households
    if labels == (ALL,):
        return {ALL: total}
    # numbers of a made-up list tell nothing of their own, so what the design says goes first
    stated_first = design.frame.made is not None
    known = {label: planning.types.get(label) if stated_first else None for label in labels}
    known |= {label: _told(facts, label, planning) for label, size in known.items() if size is None}
    known |= {label: planning.types.get(label) for label, size in known.items() if size is None}
    stated = [size for size in known.values() if size is not None]
    rest = max(0.0, total - sum(stated)) / max(1, len(labels) - len(stated))
    return {label: rest if size is None else size for label, size in known.items()}


def _told(facts: Mapping[str, str], label: str, planning: Planning) -> float | None:
    """Return the households of a stratum (of all, where it has no name) that a row of the list tells."""
    for columns, share in zip(_columns(label), (1.0, planning.persons), strict=True):
        for column in columns:
            number = plain_numbers(pd.Series([facts[column]]))[0] if column in facts else float("nan")
            if number == number:
                return float(number) / share
    return None


def _columns(label: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the headings under which a list may tell the households, and the persons, of a stratum or of a whole village."""
    if not label:
        return ("户数", "总户数"), ("乡村人口", "人口")
    return (label, f"{label}数"), (f"{label.removesuffix('户')}人口",)


def _groups(village: _Village, stage: Stage) -> int:
    told = village.facts.get(f"{stage.unit}数", "")
    assert village.design.planning is not None
    return max(1, int(told) if told.isdigit() else cascaded(village.design.planning.groups, village.at))


def _shared(stage: Stage, villages: pd.DataFrame) -> dict[tuple[str, str], int]:
    assert stage.allocation is not None
    try:
        return village_shares(stage.allocation, villages.set_index("unit"), stage.named_strata or (ALL,))
    except (KeyError, ValueError) as found:
        raise DesignError(f"{stage.name}.allocation｜总数分不到 {len(villages)} 个村：{found}｜改正 total、least、most 或 by") from None


def _guesses(design: Design, frame: Frame) -> Iterator[str]:
    planning, columns, labels = design.planning, set(frame.columns), last_labels(design)
    assert planning is not None
    persons: list[str] = []
    for label in ("", *(label for label in labels if label != ALL)):
        words, people = _columns(label)
        by_count, by_person = [c for c in words if c in columns], [c for c in people if c in columns]
        told = by_count or (design.frame.made is not None and label in planning.types)
        persons += [] if told else by_person
        if design.frame.made is not None and label in planning.types:
            yield f"{label}每村平均按{planning.types[label]:g}户计"
        elif by_count:
            yield f"{label or '各村户'}数按名单的“{by_count[0]}”"
        elif not by_person and label in planning.types:
            yield f"{label}每村平均按{planning.types[label]:g}户计"
        elif not by_person and label:
            yield f"{label}的户数没有规划值，按其余户数平分，其入样概率只供参考"
        elif not by_person and labels == (ALL,):
            yield f"每村平均按{sum(planning.types.values()) or planning.households:g}户计"
    if persons:
        yield f"户数由名单的{'、'.join(f'“{column}”' for column in persons)}折算，每户{planning.persons:g}人"
    yield from (f"每村平均按{planning.groups:g}个{s.unit}计" for s in design.roster_stages[:-1] if f"{s.unit}数" not in columns)
    on_top = [rule.purpose for stage in design.roster_stages for rule in stage.mandatory if rule.how == "on-top"]
    if on_top:
        yield f"配额之外的{'、'.join(on_top)}户数以名册为准，未计入"
