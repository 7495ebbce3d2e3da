"""The acceptance rules of a plan: their risks under each model, for the sample they state and for the one that is planned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.acceptance import Double, Layout, curve
from evalkit.design.accepting import rule_of
from evalkit.errors import DesignError, EstimateError
from evalkit.figures import percent

if TYPE_CHECKING:
    from evalkit.acceptance import Rule
    from evalkit.design import Design
    from evalkit.design.judgement import Gate
    from evalkit.plans.strengths import Strength

RULES = (
    "rate", "threshold", "direction", "strict", "quote", "villages", "take", "icc", "at_most", "accept_first", "reject_first",
    "villages_second", "spending", "consumer", "model", "risk", "planned_villages", "planned_complete", "risk_planned", "producer_rate",
    "producer_risk", "rejects_producer", "p", "accepts_p",
)  # fmt: skip
CURVES = ("rate", "model", "p", "accept")


def acceptance_tables(design: Design, by_name: Mapping[str, Strength]) -> dict[str, pd.DataFrame]:
    """Return the acceptance rules with their risks, one row a gate and model, and their operating characteristics.

    Parameters
    ----------
    design : Design
    by_name : mapping of str to Strength
        The samples behind the rates.

    Raises
    ------
    DesignError
        With every rule that the planned sample cannot keep: unequal weights, too few households.
    """
    rows: list[dict[str, Any]] = []
    curves: list[tuple[Any, ...]] = []
    refused: list[str] = []
    for i, gate in enumerate(design.gates, 1):
        strength = by_name.get(gate.rate)
        if gate.acceptance is None or strength is None:
            continue
        try:
            rows += _rows(gate, strength)
        except EstimateError as refusal:
            refused += [f"gate[{i}].acceptance：{line}" for line in str(refusal).split("\n")]
            continue
        curves += [(gate.rate, *row) for row in _curve(gate)]
    if refused:
        raise DesignError("\n".join(refused))
    return {"acceptance": pd.DataFrame(rows, columns=list(RULES)), "curves": pd.DataFrame(curves, columns=list(CURVES))}


def _rows(gate: Gate, strength: Strength) -> Iterator[dict[str, Any]]:
    stated = gate.acceptance
    assert stated is not None
    rule, layout = rule_of(gate), planned_layout(strength, stated.icc)
    planned = replace(rule, first=layout) if isinstance(rule, Double) else rule.at(layout)
    if not planned.kept:
        found = f"预计完成 {layout.n} 户（{layout.villages} 个村），规则按 {stated.villages} 个村 × {stated.take} 户"
        risk = f"误予接收的概率将为{percent(planned.risk)}，应不大于{percent(stated.consumer)}"
        raise EstimateError(f"{found}｜{risk}｜增加村、户，或按预计的样本改 villages、take、at_most")
    more = stated.two_phase
    told = {name: getattr(gate, name) for name in ("rate", "threshold", "direction", "strict", "quote")}
    told |= {name: getattr(stated, name) for name in ("villages", "take", "icc", "at_most", "consumer")}
    if more is not None:
        told |= {"accept_first": more.accept, "reject_first": more.reject, "villages_second": more.villages, "spending": more.spending}
    told |= {"planned_villages": layout.villages, "planned_complete": layout.n}
    for model in rule.risks:
        risks = {"model": model, "risk": rule.risks[model], "risk_planned": planned.risks[model]}
        yield {**told, **risks, **_at_rates(gate, strength, rule, model)}


def _at_rates(gate: Gate, strength: Strength, rule: Rule | Double, model: str) -> dict[str, float]:
    """Return what becomes of the stated better rate and of the planning rate; NaN where there is none."""
    producer = gate.acceptance.producer if gate.acceptance else None
    return {
        "producer_rate": producer.rate if producer else math.nan,
        "producer_risk": producer.risk if producer else math.nan,
        "rejects_producer": 1 - rule.accepts(producer.rate)[model] if producer else math.nan,
        "p": strength.p,
        "accepts_p": math.nan if math.isnan(strength.p) else rule.accepts(strength.p)[model],
    }


def _curve(gate: Gate) -> Iterator[tuple[str, float, float]]:
    """Yield the operating characteristic, the gate and the better rate among its points."""
    rule = rule_of(gate)
    producer = gate.acceptance.producer if gate.acceptance else None
    marked = [gate.threshold, *([producer.rate] if producer else [])]
    return curve(rule, np.union1d(curve(rule).rates, marked)).rows()


def planned_layout(strength: Strength, icc: float) -> Layout:
    """Return the planned sample of a rate, its complete households spread as evenly as whole ones go, what is left of one dropped.

    Raises
    ------
    EstimateError
        When its weights are not equal, or a village has less than one household.
    """
    villages = round(strength.villages)
    take, larger = divmod(math.floor(strength.complete * (1 + 1e-9)), villages)
    each = take if not larger else (take,) * (villages - larger) + (take + 1,) * larger
    return Layout(villages, each, icc, deff_w=max(1.0, strength.deff_w))
