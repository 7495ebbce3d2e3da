"""A stage of a design in one sentence, as reports and sampling plans tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from evalkit.allocation import METHODS as RULES
from evalkit.figures import ordinal, percent
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.sections import Reserves
    from evalkit.design.stages import Mandatory, Quota, Stage

UNITS = {
    "province": ("省", "个"), "city": ("市", "个"), "county": ("县", "个"), "township": ("乡镇", "个"), "village": ("村", "个"),
    "group": ("村民小组", "个"), "household": ("户", ""), "person": ("人", ""),
}  # fmt: skip
MOST = 10**9


def stage_told(design: Design, place: int) -> str:
    """Return how one stage is drawn, in one sentence.

    Parameters
    ----------
    design : Design
    place : int
        Which stage, counted from 0.

    Examples
    --------
    >>> import evalkit as ev
    >>> stage_told(ev.read_design("designs/biyang_2018.toml"), 0)
    '第一阶段抽村：分层，简单随机抽样，每层2个村。'
    """
    stage = design.stages[place]
    parts = [part for part in (_strata(design, place), METHODS[stage.method].title, *_sizes(design, place)) if part]
    if stage.selection == "典型":
        parts = ["典型选点，不作推断"]
    told = f"第{ordinal(place + 1)}阶段抽{unit_name(stage)}：{'，'.join(parts)}"
    told += "".join(f"；{_mandatory(rule, stage)}" for rule in stage.mandatory)
    told += "".join(f"；{_wave(wave.name, wave.n, wave.column, wave.values, stage)}" for wave in stage.wave)
    told += "；以前各轮抽过的不再抽" if stage.repeat == "never" else ""
    if design.reserves and place == len(design.stages) - 1 and design.roster_stages:
        told += f"；备用户{_reserves(design.reserves)}，按抽签顺序密封，依次启用"
    return f"{told}。"


def unit_name(stage: Stage) -> str:
    """Return the word for the units of a stage; a name that has none stays as it is."""
    return UNITS.get(stage.name, (stage.name, "个"))[0]


def counted(number: int | str, stage: Stage) -> str:
    """Return a number of units of a stage with their word.

    Examples
    --------
    >>> import evalkit as ev
    >>> counted(44, ev.read_design("designs/biyang_2018.toml").stages[0])
    '44个村'
    """
    word, measure = UNITS.get(stage.name, (stage.name, "个"))
    return f"{number}{measure}{word}"


def shortfall_told(stage: Stage) -> str:
    """Return what happens where a list is short."""
    kind = "类户" if stage.name == "household" else "层"
    if stage.shortfall.startswith("fill:"):
        return f"某{kind}不足时由{stage.shortfall[5:]}补足"
    if stage.shortfall == "take-all":
        return f"某{kind}不足时全部入样" if stage.strata else "不足时全部入样"
    return f"各{kind}均不得少于配额" if stage.strata else "不得少于配额"


def _strata(design: Design, place: int) -> str:
    stage = design.stages[place]
    if stage not in design.roster_stages:
        above = f"每{unit_name(design.stages[place - 1])}内" if place else ""
        return f"{above}分层" if stage.strata else above
    types = [name for name in stage.strata if design.rosters is None or name not in design.rosters.columns]
    words = "、".join(["户类型" for _ in types[:1]] + [name for name in stage.strata if name not in types])
    above = unit_name(design.stages[place - 1])
    return f"每{above}按{words}分层" if words else f"每{above}"


def _sizes(design: Design, place: int) -> Iterator[str]:
    stage = design.stages[place]
    if stage.takes_all or stage.selection == "典型":
        return
    each = "每层" if stage.strata and stage not in design.roster_stages else ""
    if stage.allocation is not None:
        by = f"按{stage.allocation.by}" if stage.allocation.by else ""
        yield f"共{_numbers(stage.allocation.total, '', stage)}，{by}{RULES[stage.allocation.rule].title}"
    elif stage.quota:
        yield "、".join(f"{_condition(rule)}{_number(rule.n, rule.rate, '', stage)}" for rule in stage.quota)
    else:
        yield _number(stage.n, stage.rate, each, stage)
    yield from (f"{word}{limit}" for word, limit in (("至少", _bound(stage.least, 0)), ("至多", _bound(stage.most, MOST))) if limit)
    if stage.size:
        yield f"概率与{'所辖单位数' if stage.size == 'rows' else stage.size}成比例"
    if stage.sort:
        yield f"名单按{'、'.join(stage.sort)}{'蛇形' if stage.serpentine else ''}排列"
    if stage not in design.frame_stages[:1]:
        yield shortfall_told(stage)


def _number(n: int | Mapping[str, int] | None, rate: float | Mapping[str, float] | None, each: str, stage: Stage) -> str:
    if n is not None:
        return _numbers(n, each, stage)
    if isinstance(rate, Mapping):
        return "、".join(f"{_named(stratum)}{_share(float(share))}" for stratum, share in rate.items())
    return f"{each}抽{_share(float(rate or 0))}"


def _numbers(n: int | Mapping[str, int], each: str, stage: Stage) -> str:
    if isinstance(n, Mapping):
        return counted("、".join(f"{_named(stratum)}{size}" for stratum, size in n.items()), stage)
    kind = "每类" if stage.name == "household" and stage.strata else ""
    return f"{each or kind}{counted(n, stage)}"


def _bound(limit: int | Mapping[str, int], idle: int) -> str:
    """Return a bound on what a rate gives; empty where it bounds nothing."""
    if isinstance(limit, Mapping):
        return "、".join(f"{stratum}{size}" for stratum, size in limit.items())
    return "" if limit == idle else str(limit)


def _named(stratum: str) -> str:
    return f"{stratum}为" if stratum[-1:].isdigit() else stratum  # else the number would seem to be part of a code


def outside_told(design: Design, unsaid: bool = False) -> list[str]:
    """Return which share of the target population the list does not reach; with `unsaid`, also that a design does not say it."""
    if design.frame.outside is not None:
        return [design.frame.outside.sentence()]
    return ["目标总体有多少在名单之外，设计没有申报；结果只推断到名单之内。"] if unsaid else []


def _share(rate: float) -> str:
    return percent(rate, digits=0) if round(rate * 100, 9) % 1 == 0 else f"{rate * 1000:g}‰"


def _condition(rule: Quota) -> str:
    parts = [f"{column}为{'、'.join(values)}" for column, values in rule.where.items()]
    parts += [f"{stratum}不少于{least}户" for stratum, least in rule.holds.items()]
    return f"{'且'.join(parts)}的" if parts else "其余"


def _mandatory(rule: Mandatory, stage: Stage) -> str:
    kind = unit_name(stage)
    how = "计入配额" if rule.how == "within" else "在配额之外"
    purpose = rule.purpose.removesuffix(kind) + kind
    if rule.units:
        return f"点名的{len(rule.units)}个{kind}为{purpose}，{how}"
    return f"{rule.column}为{'、'.join(rule.values)}的{kind}为{purpose}，{how}"


def _wave(name: str, n: int | Mapping[str, int] | None, column: str, values: tuple[str, ...], stage: Stage) -> str:
    if n is not None:
        return f"{name}按同一签号续抽，连前共{_numbers(n, '每层', stage)}"
    return f"{name}走访{column}为{'、'.join(values)}的全部{unit_name(stage)}"


def _reserves(reserves: Reserves) -> str:
    if isinstance(reserves.n, Mapping):
        return "、".join(f"{stratum}{size}" for stratum, size in reserves.n.items()) + "户"
    return f"每类{reserves.n}户"
