"""The tables of a plan, from the trial and the expected rosters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.allocation import METHODS as RULES
from evalkit.plans.wording import shortfall_told, stage_told, unit_name
from evalkit.sample.cells import Cell
from evalkit.selection import METHODS

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.stages import Stage
    from evalkit.plans.counting import Trial

TOTAL = "合计"
STRATA = (
    "stage", "unit", "stratum", "cells", "population", "take", "take_low", "take_high", "prob_low", "prob_high",
    "overall_low", "overall_high", "weight_low", "weight_high", "certain", "method",
)  # fmt: skip
STAGES = (
    "stage", "unit", "list", "listed", "cells", "strata", "population", "take", "certain", "prob_low", "prob_high", "method",
    "sizes", "shortfall", "sentence",
)  # fmt: skip


def strata_table(design: Design, trial: Trial) -> pd.DataFrame:
    """Return one row for each stratum of each stage, over all units above: population, number to take, chances, weights."""
    rows: list[dict[str, Any]] = []
    for place, stage in enumerate(design.frame_stages):
        rows += _frame_rows(stage, trial, upto=place, last=stage is design.frame_stages[-1])
    for stage in design.roster_stages[:-1]:
        rows += _upper_rows(stage, trial.upper[trial.upper["stage"] == stage.name])
    if design.roster_stages:
        rows += _household_rows(design.roster_stages[-1], trial.lots)
    return pd.DataFrame(rows, columns=list(STRATA))


def _frame_rows(stage: Stage, trial: Trial, upto: int, last: bool) -> Iterator[dict[str, Any]]:
    groups: dict[str, list[Cell]] = {}
    for cell in trial.drawn[stage.name]:
        groups.setdefault(cell.stratum, []).append(cell)
    known = trial.villages.groupby("unit")["prob"].first() if last else None
    for stratum, cells in sorted(groups.items()):
        chances = [prob for cell in cells for prob in cell.probs.values() if prob > 0]
        overall = [float(known[unit]) for cell in cells for unit in cell.chosen] if known is not None else chances if not upto else []
        method = "take-all" if all(cell.certainty for cell in cells) else stage.method
        yield _row(stage, stratum, [cell.population for cell in cells], [cell.n for cell in cells], chances, overall, method)


def _upper_rows(stage: Stage, upper: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for stratum, rows in upper.groupby("stratum"):
        yield _row(stage, str(stratum), rows["listed"], rows["n"], (rows["n"] / rows["listed"]).tolist(), [], stage.method)


def _household_rows(stage: Stage, lots: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for stratum, rows in lots.groupby("stratum"):
        own = rows[rows["n"] > 0]
        chances = (own["prob"] / own["village_prob"]).tolist()
        yield _row(stage, str(stratum), rows["population"], rows["n"], chances, own["prob"].tolist(), stage.method)


def _row(
    stage: Stage, stratum: str, sizes: Iterable[int], takes: Iterable[int], chances: Sequence[float], overall: Sequence[float], method: str
) -> dict[str, Any]:
    sizes, takes = [int(size) for size in sizes], [int(take) for take in takes]
    chances, overall = [min(1.0, chance) for chance in chances], [min(1.0, chance) for chance in overall]
    return {
        "stage": stage.name, "unit": unit_name(stage), "stratum": stratum, "cells": len(sizes), "population": sum(sizes),
        "take": sum(takes), "take_low": min(takes), "take_high": max(takes), "prob_low": _least(chances), "prob_high": _most(chances),
        "overall_low": _least(overall), "overall_high": _most(overall),
        "weight_low": 1 / _most(overall) if overall else math.nan, "weight_high": 1 / _least(overall) if overall else math.nan,
        "certain": sum(takes) if method == "take-all" else 0, "method": METHODS[method].title if stage.inference else "典型选点",
    }  # fmt: skip


def _least(numbers: Sequence[float]) -> float:
    return min(numbers, default=math.nan)


def _most(numbers: Sequence[float]) -> float:
    return max(numbers, default=math.nan)


def stage_table(design: Design, trial: Trial, strata: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each stage: where it is drawn from, how, and what it takes."""
    rows = []
    for place, stage in enumerate(design.stages):
        own = strata[strata["stage"] == stage.name]
        source = "名单" if stage in design.frame_stages else "名册"
        told = {"stage": stage.name, "unit": unit_name(stage), "list": source, "listed": trial.listed.get(stage.name)}
        sums = {name: int(own[name].sum()) for name in ("population", "take", "certain")}
        range_ = {"prob_low": own["prob_low"].min(), "prob_high": own["prob_high"].max()}
        method = METHODS[stage.method].title if stage.inference else "典型选点"
        counted = {"cells": int(own["cells"].max()), "strata": len(own)}
        words = {"method": method, "sizes": _sizes(stage), "shortfall": _short(stage), "sentence": stage_told(design, place)}
        rows.append({**told, **counted, **sums, **range_, **words})
    return pd.DataFrame(rows, columns=list(STAGES)).astype({"listed": "Int64"})


def _short(stage: Stage) -> str:
    return "" if stage.takes_all or not stage.inference else shortfall_told(stage)


def _sizes(stage: Stage) -> str:
    if stage.takes_all:
        return "全部"
    if not stage.inference:
        return "点名"
    if stage.allocation is not None:
        return RULES[stage.allocation.rule].title
    return "按规则定额" if stage.quota else "定额" if stage.n is not None else "按比例"


def interview_table(design: Design, lots: pd.DataFrame) -> pd.DataFrame:
    """Return for each stratum of the last stage what is issued, lost and complete, non-response and ineligibility apart."""
    plan = design.planning
    assert plan is not None
    sums = lots.groupby("stratum")[["population", "quota", "n", "reserves"]].sum()
    sums.insert(0, "villages", lots[lots["n"] > 0].groupby("stratum")["village"].nunique())
    sums = sums.fillna({"villages": 0})
    sums.loc[TOTAL] = sums.sum()
    sums.loc[TOTAL, "villages"] = lots.loc[lots["n"] > 0, "village"].nunique()
    table = sums.astype(int).reset_index().rename(columns={"n": "issued"})
    table["ineligible"] = table["issued"] * plan.ineligible
    table["nonresponse"] = (table["issued"] - table["ineligible"]) * (1 - plan.response)
    table["complete"] = table["issued"] - table["ineligible"] - table["nonresponse"]
    table["missing"] = table["issued"] - table["complete"]
    names = ["stratum", "villages", "population", "quota", "issued", "ineligible", "nonresponse", "complete", "reserves", "missing"]
    return table[names]


def weight_table(design: Design, trial: Trial) -> pd.DataFrame:
    """Return the expected range of the weights of villages and of households, and the loss from their inequality (Kish)."""
    rows = [_weights(design.frame_stages[-1].name, trial.villages["prob"].clip(upper=1.0), np.ones(len(trial.villages)))]
    lots = trial.lots[(trial.lots["n"] > 0) & (trial.lots["prob"] > 0)]
    if design.roster_stages and len(lots):
        rows.append(_weights("household", lots["prob"], lots["n"].to_numpy()))
    return pd.DataFrame([row for row in rows if row])


def _weights(level: str, probs: pd.Series, n: np.ndarray) -> dict[str, Any]:
    weight = 1 / probs.to_numpy()
    if not len(weight):
        return {}
    spread = np.repeat(weight, n.astype(int))
    return {
        "level": level, "n": int(n.sum()), "sum": float(spread.sum()), "prob_low": float(probs.min()), "prob_high": float(probs.max()),
        "weight_low": float(weight.min()), "weight_high": float(weight.max()), "ratio": float(weight.max() / weight.min()),
        "deff_w": intervals.weight_effect(spread),
    }  # fmt: skip
