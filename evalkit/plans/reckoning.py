"""What a plan costs in days and money, and whether it reproduces the figures that were published of its design."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import DesignError
from evalkit.plans.strengths import parts
from evalkit.sizing import Costs, team_days

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.plans.counting import Trial

LISTED = "list"


def work(design: Design, lots: pd.DataFrame) -> Iterator[tuple[str, str, float | None, str]]:
    """Yield key, item, value and unit of what the fieldwork takes; a value is None where the design says nothing of it.

    Parameters
    ----------
    design : Design
    lots : pandas.DataFrame
        As `counting.count` gives them.
    """
    plan = design.planning
    assert plan is not None
    issued = lots.groupby("village")["n"].sum()
    issued = issued[issued > 0]
    villages, households = len(issued), int(issued.sum())
    costs = Costs(village=plan.cost_village, unit=plan.cost_household)
    priced = villages > 0 and plan.cost_village + plan.cost_household > 0
    yield "villages", "村", villages, "个"
    yield "households", "户（主样本）", households, "户"
    yield "cost_village", "每村费用", plan.cost_village or None, "元"
    yield "cost_household", "每户费用", plan.cost_household or None, "元"
    yield "cost", "调查费用", costs.of(villages, households / villages) if priced else None, "元"
    days, elapsed = field_days(issued, plan.interviews_per_day, plan.villages_per_day, plan.teams)
    yield "interviews_per_day", "一组一天完成", plan.interviews_per_day, "户"
    yield "villages_per_day", "一组一天至多", plan.villages_per_day, "村"
    yield "team_days", "组日", days, "组日"
    yield "days_per_village", "平均每村", days / villages if days and villages else None, "组日"
    yield "teams", "组数", plan.teams or None, "个"
    yield "days", "现场天数（不计路途）", elapsed, "天"


def field_days(issued: pd.Series, interviews: float | None, villages: float, teams: int) -> tuple[int | None, int | None]:
    """Return team-days, and the days of the busiest team; villages of one size are worked by one rule.

    Parameters
    ----------
    issued : pandas.Series
        Households to visit in each village, > 0.
    interviews, villages, teams
        As `[planning]` says.
    """
    if interviews is None or issued.empty:
        return None, None
    sizes = issued.value_counts().sort_index()
    days = [_of_size(count, take, interviews, villages, 1).team_days for take, count in zip(sizes.index, sizes, strict=True)]
    whole = sum(days)
    if not teams:
        return whole, None
    if len(sizes) == 1:
        return whole, _of_size(sizes.iloc[0], sizes.index[0], interviews, villages, teams).days
    return whole, math.ceil(whole / teams)


def _of_size(count: Any, take: Any, interviews: float, villages: float, teams: int) -> Any:
    # less than one village a day: a village takes as many days as that says, however few its households
    pace = interviews if villages >= 1 else min(interviews, take * villages)
    return team_days(int(count), float(take), interviews_per_day=pace, villages_per_day=max(1, math.floor(villages)), teams=teams)


def published(design: Design, trial: Trial, strata: pd.DataFrame) -> pd.DataFrame:
    """Return every published figure beside that of the plan.

    Parameters
    ----------
    design : Design
    trial : Trial
    strata : pandas.DataFrame
        The table of strata of the plan.

    Returns
    -------
    pandas.DataFrame
        ``what text published within planned agrees``.

    Raises
    ------
    DesignError
        With every figure that the plan does not know.
    """
    rows, strange = [], []
    for figure in design.published:
        try:
            planned = _figure(figure.what, trial, strata)
        except KeyError as name:
            strange.append(f"published.what：{figure.what}｜方案中没有 {name.args[0]}｜{_known(strata)}")
            continue
        agrees = abs(planned - figure.value) <= figure.within + 1e-9 * abs(figure.value)
        row = {"what": figure.what, "text": figure.text, "published": figure.value, "within": figure.within}
        rows.append({**row, "planned": planned, "agrees": agrees})
    if strange:
        raise DesignError("\n".join(strange))
    return pd.DataFrame(rows, columns=["what", "text", "published", "within", "planned", "agrees"])


def _figure(what: str, trial: Trial, strata: pd.DataFrame) -> float:
    top, _, bottom = what.partition("/")
    if bottom == LISTED:
        listed = trial.listed.get(top) or _number(top, trial, strata, "population")
        return _number(top, trial, strata, "take") / listed
    value = _number(top, trial, strata, "take")
    return value / _number(bottom, trial, strata, "take") if bottom else value


def _number(name: str, trial: Trial, strata: pd.DataFrame, column: str) -> float:
    """Return a number of units: of a stage, of its strata with all the parts of a label, or of the values of a column of the list."""
    stage, _, label = name.partition(".")
    rows = strata[strata["stage"] == stage]
    if rows.empty and not label and stage in trial.villages.columns:
        whole = trial.frame.table() if column == "population" else trial.villages
        return float(whole[stage].nunique())
    if label:
        rows = rows[[parts(label) <= parts(own) for own in rows["stratum"]]]
    waves = _waves(trial.drawn, stage).get(label) if label and rows.empty else None
    if waves is not None and column == "take":
        return float(waves)
    if rows.empty:
        raise KeyError(name)
    return float(rows[column].sum())


def _waves(drawn: Mapping[str, Any], stage: str) -> dict[str, int]:
    added = [wave for cell in drawn.get(stage, ()) for wave in cell.waves.values()]
    return {wave: added.count(wave) for wave in added}


def _known(strata: pd.DataFrame) -> str:
    labels = [f"{stage}.{label}" for stage, label in zip(strata["stage"], strata["stratum"], strict=True)]
    return f"可用：{'、'.join([*dict.fromkeys(strata['stage']), *labels][:12])}，两数相除，或除以 list"
