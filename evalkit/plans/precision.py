"""What a plan may expect of each rate: an interval, a one-sided bound against its gate, and the chance of a proof."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import intervals, sizing
from evalkit.errors import EstimateError
from evalkit.plans.strengths import Strength
from evalkit.sizing.chances import MODELS, sample_counts

if TYPE_CHECKING:
    from evalkit.design.judgement import Gate

POWER = 0.8
MOST_SHOWN = 40  # events on a chart
SLACK = 1e-12  # of sums of weights


def precision_row(strength: Strength, confidence: float, icc_source: str) -> dict[str, Any]:
    """Return what the plan expects of one rate: design effect, standard error and two-sided interval at the planning rate."""
    p, known = strength.p, not math.isnan(strength.p)
    low, high = strength.limits(p, confidence, "two") if known else (math.nan, math.nan)
    se = strength.share * strength.se(p) * math.sqrt(1 - strength.f_eff) if known else math.nan
    return {
        "rate": strength.rate, "population": strength.population, "p": strength.outer(p), "villages": strength.villages,
        "issued": strength.issued, "complete": strength.complete, "take": strength.take,
        "deff_w": strength.deff_w, "icc": strength.icc, "icc_source": icc_source,
        "deff": strength.deff, "n_eff": strength.complete / strength.deff, "f_eff": strength.f_eff, "df": strength.df, "se": se,
        "low": low, "high": high, "half": (high - low) / 2, "confidence": confidence,
    }  # fmt: skip


def gate_row(strength: Strength, gate: Gate, alpha: float, frame_villages: int) -> dict[str, Any]:
    """Return what the plan can prove of one gate.

    Parameters
    ----------
    strength : Strength
    gate : Gate
    alpha : float
        Risk of a wrong proof.
    frame_villages : int
        Villages in the list.
    """
    below, level = gate.direction == "below", 1 - alpha
    p, threshold = strength.p, strength.inner(gate.threshold)
    known = not math.isnan(p)
    none = one_sided(strength, 0.0 if below else 1.0, level, below)
    bound = one_sided(strength, p, level, below) if known else math.nan
    better = p < threshold if below else p > threshold
    setting = _setting(strength, max(frame_villages, strength.villages), strength.households)
    in_reach = 0 < threshold < 1
    legal, proof = (math.nan, math.nan), math.nan
    if known and in_reach and strength.layout is not None:
        legal, proof = _union(strength, threshold, gate, level)
    elif known and in_reach:
        legal, proof = _legal(strength, p, threshold, gate), _proof(setting, strength, p, threshold, level, below)
    needed = _needed(strength, p, threshold, level, below) if better and in_reach else (None, None)
    allowed = _allowed(strength, gate.threshold, level, below)
    return {
        "rate": strength.rate, "threshold": gate.threshold, "direction": gate.direction, "strict": gate.strict,
        "quote": gate.quote, "p": strength.outer(p), "complete": strength.complete, "level": level, "bound": bound,
        "proven": _beyond(bound, gate.threshold, below), "bound_none": none, "proven_none": _beyond(none, gate.threshold, below),
        "allowed": allowed, "expected": strength.complete * (p if below else 1 - p), "legal_at_p": legal[0], "legal_at_gate": legal[1],
        "proof_at_p": proof, "villages": strength.villages, "villages_bound": needed[0], "villages_power": needed[1],
    }  # fmt: skip


def one_sided(strength: Strength, p: float, level: float, below: bool) -> float:
    """Return the one-sided KG-M bound that decides: the upper one where low is good, else the lower one."""
    return strength.limits(p, level, "upper" if below else "lower")[1 if below else 0]


def bound_curve(strength: Strength, gate: Gate, alpha: float) -> pd.DataFrame:
    """Return the deciding bound for 0, 1, 2 … events (for approval: households that do not approve), until well beyond the gate."""
    below = gate.direction == "below"
    threshold = strength.inner(gate.threshold)
    target = threshold if below else 1 - threshold
    most = max(4, math.ceil(1.6 * max(target, 0.0) * strength.complete))
    step = max(1, math.ceil(most / MOST_SHOWN))
    events = np.arange(0, min(most, math.floor(strength.complete)) + 1, step)
    bounds = [one_sided(strength, x / strength.complete if below else 1 - x / strength.complete, 1 - alpha, below) for x in events]
    return pd.DataFrame({"rate": strength.rate, "events": events, "bound": bounds})


def _beyond(bound: float, threshold: float, below: bool) -> bool | None:
    if math.isnan(bound):
        return None
    return bound < threshold if below else bound > threshold


def _allowed(strength: Strength, threshold: float, level: float, below: bool) -> int | None:
    """Return the most events with which the gate is still proved; -1 where not even none is enough."""
    if math.isnan(one_sided(strength, 0.0 if below else 1.0, level, below)):
        return None
    high = math.floor(strength.complete)
    low = -1
    while high > low:  # the bound grows with the events at the planned design effect
        middle = (low + high + 1) // 2
        share = middle / strength.complete
        good = _beyond(one_sided(strength, share if below else 1 - share, level, below), threshold, below)
        low, high = (middle, high) if good else (low, middle - 1)
    return low


def _legal(strength: Strength, p: float, threshold: float, gate: Gate) -> tuple[float, float]:
    """Return the chance that the point estimate passes: at the planning rate and at the gate, under the less favourable model."""
    below, n = gate.direction == "below", round(strength.complete)
    edge = (threshold if below else 1 - threshold) * n
    most = math.ceil(edge - 1e-9) - 1 if gate.strict else math.floor(edge + 1e-9)
    if most < 0:
        return 0.0, 0.0
    events, at_gate = (p, threshold) if below else (1 - p, 1 - threshold)
    chances = [[_at_most(most, strength, rate, model) for model in MODELS] for rate in (events, at_gate)]
    return min(chances[0]), max(chances[1])


def _at_most(most: int, strength: Strength, rate: float, model: str) -> float:
    # takes one apart, so that they add up to the households that `most` was reckoned from
    villages = round(strength.villages)
    take, larger = divmod(round(strength.complete), villages)
    takes = {size: number for size, number in ((take, villages - larger), (take + 1, larger)) if size and number}
    return min(1.0, float(sample_counts(takes, rate, strength.icc, model, most).sum()))


def _union(strength: Strength, threshold: float, gate: Gate, level: float) -> tuple[tuple[float, float], float]:
    """Return the chances that the legal rule passes, at the planning rate and at the gate, and that of a proof, of a rate made of two.

    Its events weigh differently and cluster apart, so they are drawn (`sizing.union_samples`) and not counted. A gate that
    asks for a high rate of this kind is none.
    """
    layout, at_gate = strength.layout, threshold / strength.p
    if gate.direction == "above" or layout is None or strength.df <= 0 or not 0 < strength.p < 1:
        return (math.nan, math.nan), math.nan
    moved = [replace(group, p=min(1.0, group.p * at_gate)) for group in strength.groups]
    here = [sizing.union_samples(strength.groups, layout, model, level) for model in MODELS]
    there = [sizing.union_samples(moved, layout, model, level) for model in MODELS]
    legal = [[_passes(made, threshold, gate) for made in each] for each in (here, there)]
    return (min(legal[0]), max(legal[1])), min(float((made.high < threshold).mean()) for made in here)


def _passes(made: sizing.UnionSamples, threshold: float, gate: Gate) -> float:
    read = made.read if gate.legal_value == "unweighted" else made.value
    return float(((read < threshold - SLACK) if gate.strict else (read <= threshold + SLACK)).mean())


def _setting(strength: Strength, frame: float | None, village_size: float | None) -> sizing.Setting | None:
    """Return the plan as villages of one take with the same design effect; None without degrees of freedom."""
    take = strength.mean_take
    deff_w = max(1.0, strength.deff / float(intervals.planning_effect(1.0, take, strength.icc)))
    size = None if village_size is None else max(take, village_size)
    try:
        return sizing.Setting(
            take, strength.icc, planning_icc=strength.icc, strata=strength.strata, deff_w=deff_w, frame=frame, village_size=size
        )
    except EstimateError:  # no more villages than strata
        return None


def _proof(setting: sizing.Setting | None, strength: Strength, p: float, threshold: float, level: float, below: bool) -> float:
    """Return the chance of a proof at the planning rate, by all ways in which the events can spread where they are few enough."""
    if setting is None or strength.df <= 0 or not 0 < p < 1:
        return math.nan
    better: Literal["low", "high"] = "low" if below else "high"
    villages = max(round(strength.villages), setting.strata + 1)
    for rule in ("kg-m", "kg-m-planned"):
        try:
            return sizing.proof_chance(setting, villages, p, threshold, level=level, rule=rule, better=better)
        except EstimateError:  # too many events to enumerate
            continue
    return math.nan


def _needed(strength: Strength, p: float, threshold: float, level: float, below: bool) -> tuple[int | None, int | None]:
    """Return how many villages of this take prove the gate: if the sample holds what is expected, and with a power of 80 %."""
    better: Literal["low", "high"] = "low" if below else "high"
    events, gate = (p, threshold) if below else (1 - p, 1 - threshold)
    setting = _setting(strength, None, None)
    if setting is None:
        return None, None
    return (
        _villages(lambda: sizing.villages_for_bound(setting, gate, p=events, level=level)) if events > 0 else None,
        _villages(lambda: sizing.villages_for_power(setting, p, threshold, power=POWER, level=level, rule="kg-m-planned", better=better)),
    )


def _villages(solve: Callable[[], sizing.VillagePlan]) -> int | None:
    try:
        return solve().villages
    except EstimateError:  # out of reach at this take
        return None
