"""What the report tells of a design: how it sampled, which rules were chosen, what stands behind a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.design.judgement import ApprovalRate, IncidenceRate
from evalkit.figures import number, official_date, percent
from evalkit.plans.wording import shortfall_told, stage_told
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.rates import Rate
    from evalkit.sample import Sample

LIMITS = 5  # notes shown after a draw
TOTALS = {"remaining": "剩余贫困人口", "exited": "脱贫人口", "non_registry": "非建档立卡人口", "rural": "乡村人口"}


def sampling_told(design: Design) -> list[str]:
    """Return how the sample was drawn, in one sentence a stage.

    Examples
    --------
    >>> import evalkit as ev
    >>> sampling_told(ev.read_design("designs/biyang_2018.toml"))[0]
    '第一阶段抽村：分层，简单随机抽样，每层2个村。'
    """
    return [stage_told(design, place) for place in range(len(design.stages))]


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
        "village_method": METHODS[design.frame_stages[-1].method].title,
        "household_method": METHODS[household.method].title if household else "",
        "shortfall": shortfall_told(household) if household else "",
    }


def limits_told(sample: Sample) -> list[str]:
    """Return what limits whom the sample speaks for, a few lines of it."""
    notes = sample.notes
    more = [f"  …… 另有 {len(notes) - LIMITS} 条"] if len(notes) > LIMITS else []
    return [f"  留意｜{note}" for note in notes[:LIMITS]] + more
