"""What the report tells of a design: how it sampled, which rules were chosen, what stands behind a rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evalkit.design.judgement import ApprovalRate, IncidenceRate
from evalkit.figures import number, official_date, percent
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.sections import Reserves, Stage
    from evalkit.rates import Rate

TOTALS = {"remaining": "剩余贫困人口", "exited": "脱贫人口", "non_registry": "非建档立卡人口", "rural": "乡村人口"}


def sampling_told(design: Design) -> list[str]:
    """Return how the sample was drawn, in one sentence a stage.

    Examples
    --------
    >>> import evalkit as ev
    >>> sampling_told(ev.read_design("designs/biyang_2018.toml"))[0]
    '第一阶段抽村：分层，简单随机抽样，每层2个村。'
    """
    first, *later = design.stages
    told = [f"第一阶段抽村：{'分层，' if first.strata else ''}{_drawn(first, '每层')}。"]
    if first.mandatory:
        how = "计入名额" if first.mandatory.how == "within" else "在名额之外"
        told.append(f"{first.mandatory.column}为{'、'.join(first.mandatory.values)}的村为必访村，{how}。")
    for stage in later:
        spare = f"；备用户{_sizes(design.reserves)}，按抽签顺序密封，依次启用" if design.reserves else ""
        told.append(f"第二阶段抽户：每村按户类型分层，{_drawn(stage, '')}，{_shortfall(stage)}{spare}。")
    return told


def rate_told(rate: Rate) -> list[str]:
    """Return what a reader must know beside a rate: registry totals, or the band of the don't-knows."""
    declared = rate.declared
    if isinstance(declared, IncidenceRate):
        counted = "、".join(f"{name}{number(rate.totals[key])}人" for key, name in TOTALS.items())
        source = f"来源：{declared.totals.source}；登记总数不含抽样误差。"
        return [*_pending_told(rate), f"登记总数截至{official_date(declared.totals.date)}：{counted}，{source}"]
    if isinstance(declared, ApprovalRate) and declared.dont_know and rate.band:
        return [f"“{'、'.join(declared.dont_know)}”计为不认可；若全部计为认可，样本比率为{percent(rate.band[1])}。"]
    return _pending_told(rate)


def _pending_told(rate: Rate) -> list[str]:
    """Say what the rate would be if every case still open were upheld."""
    if rate.suspected is None or rate.suspected.numerator == rate.confirmed.numerator:
        return []
    return [f"判定只计已认定的情形；若尚未定论的疑似情形全部认定，样本比率将为{percent(rate.suspected.official)}。"]


def policies_told(design: Design) -> dict[str, str]:
    """Return the rules that had to be chosen, by name."""
    household = design.stage("household")
    return {
        "singleton": design.evaluation.singleton,
        "empty_cell": design.returns.empty_cell if design.returns else "",
        "village_method": METHODS[design.stages[0].method].title,
        "household_method": METHODS[household.method].title if household else "",
        "shortfall": _shortfall(household) if household else "",
    }


def _drawn(stage: Stage, each: str) -> str:
    return f"{METHODS[stage.method].title}，{_sizes(stage, each)}"


def _sizes(part: Stage | Reserves, each: str = "") -> str:
    if isinstance(part.n, Mapping):
        named = "、".join(f"{stratum}{size}" for stratum, size in part.n.items())
        return f"{named}{'个村' if each else '户'}"
    return f"{each or '每类'}{part.n}{'个村' if each else '户'}"


def _shortfall(stage: Stage) -> str:
    if stage.shortfall.startswith("fill:"):
        return f"某类户不足时由{stage.shortfall[5:]}补足"
    return "某类户不足时全部入样" if stage.shortfall == "take-all" else "各类户均不得少于配额"
