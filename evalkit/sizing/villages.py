"""How many villages: the number of clusters solved for, degrees of freedom and rare events included.

Every function tries whole numbers of villages and returns the smallest from which all larger ones tried do as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError
from evalkit.sizing.chances import MODELS, MOST_EVENTS, accepted, county_counts, partitions, sample_counts, spread_chances, village_counts
from evalkit.sizing.demands import Demands
from evalkit.sizing.powers import beyond_gate
from evalkit.sizing.settings import Setting

Numbers = NDArray[np.float64]
Rule = Literal["kg-m", "kg-m-planned", "number"]
RULES = ("kg-m", "kg-m-planned", "number")
MOST, STEADY, TOO_MANY = 2000, 10, 0.01


@dataclass(frozen=True)
class VillagePlan:
    """Villages, and what they carry.

    `reached` is the margin, bound or power; `first` the smallest number that reaches it at all (the power is a
    sawtooth); `accept` the acceptance number of the rule "number", −1 where there is none.
    """

    villages: int
    complete: int
    issued: int
    df: int
    deff: float
    reached: float
    first: int
    accept: int = -1


def villages_for_margin(setting: Setting, p: float, margin: float, *, level: float = 0.95) -> VillagePlan:
    """Return how many villages make the KG-M interval at an expected rate no wider than ± margin.

    Half of the interval's length is meant, as it is not symmetric; the standard error is that of the planned design effect,
    the villages with events as many as the beta-binomial model expects.

    Parameters
    ----------
    setting : Setting
    p : float
        Rate expected, in (0, 1).
    margin : float
        Half-length, in (0, .5).
    level : float
        Confidence, two-sided.

    Returns
    -------
    VillagePlan

    Raises
    ------
    EstimateError
        A number outside its range; a margin out of reach of all villages there (or of 2,000).

    Examples
    --------
    >>> plan = villages_for_margin(Setting(30, .05), .02, .01)
    >>> plan.villages, plan.complete, round(plan.reached, 5)
    (73, 2190, 0.00997)
    """
    asked = Demands()
    asked.units(level=level, population=None)
    asked.within(0, 1, "()", "比例写成小数，如 .02", p=p)
    asked.within(0, 0.5, "()", "半宽写成小数，如 .01", margin=margin)
    asked.refuse()
    m = _numbers(setting)
    low, high = setting.limits(p * m * setting.take, m, _planned_se(setting, m, p), _event_villages(setting, m, p), level, "two")
    return _smallest(setting, m, (high - low) / 2, (high - low) / 2 <= margin, f"margin = {margin:g}")


def villages_for_bound(
    setting: Setting, gate: float, *, events: int | None = None, p: float | None = None, level: float = 0.95
) -> VillagePlan:
    """Return how many villages bring the one-sided KG-M upper bound below a gate, at an expected number of events.

    Parameters
    ----------
    setting : Setting
    gate : float
        Threshold of an error rate, in (0, 1); for approval count those who do not approve.
    events : int
        Events in the whole sample, whatever its size; or
    p : float
        a rate of events, below the gate; exactly one of the two.
    level : float
        One-sided confidence.

    Returns
    -------
    VillagePlan

    Raises
    ------
    EstimateError
        A number outside its range; a bound out of reach of all villages there (or of 2,000).

    Examples
    --------
    >>> plan = villages_for_bound(Setting(60, .05), .02, events=0)
    >>> plan.villages, plan.df, round(plan.reached, 5)
    (12, 11, 0.01935)
    >>> [villages_for_bound(Setting(60, .05), .02, events=x).villages for x in (1, 2, 3)]
    [13, 15, 16]
    """
    asked = Demands()
    asked.units(level=level, population=None)
    asked.one(events=events, p=p)
    if asked.within(0, 1, "()", "比例写成小数，如 .02", gate=gate, p=p):
        asked.need(p is None or p < gate, f"p = {p}、gate = {gate:g}", "预期比例应低于门槛，否则无从证明", "改 p 或 gate")
    asked.whole(0, "写预期事件数", events=events)
    asked.refuse()
    m = _numbers(setting)
    n = m * setting.take
    share = np.minimum((events or 0) / n, 1.0) if p is None else np.full(m.size, p)
    spread = np.minimum(share * n, m) if p is None else _event_villages(setting, m, p)
    bound = setting.limits(share * n, m, _planned_se(setting, m, share), spread, level, "upper")[1]
    return _smallest(setting, m, bound, bound < gate, f"gate = {gate:g}")


def villages_for_power(
    setting: Setting,
    p: float,
    gate: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
    rule: Rule = "kg-m",
    better: Literal["low", "high"] = "low",
    model: str | None = None,
) -> VillagePlan:
    """Return how many villages prove with the stated power that a rate lies on the good side of a gate.

    The power is that of `proof_chance`. The numbers are tried upwards until ten in a row reach it.

    Parameters
    ----------
    setting : Setting
    p, gate : float
        True rate, and threshold.
    power : float
        In [.5, 1).
    level, rule, better, model
        As in `proof_chance`.

    Returns
    -------
    VillagePlan

    Raises
    ------
    EstimateError
        A number outside its range; a power out of reach of all villages there (or of 2,000); too many events to
        enumerate under "kg-m".

    Examples
    --------
    >>> villages_for_power(Setting(60, .05), .005, .02, rule="number").first
    23
    """
    asked = Demands()
    asked.within(0.5, 1, "[)", "80% 写 power=.8", power=power)
    _ask_proof(asked, p, gate, level, rule, better, model)
    asked.refuse()
    first, steady, plan = 0, 0, None
    for m in _numbers(setting).astype(int):
        chance, accept = _proof(setting, int(m), p, gate, level, rule, better, model)
        if chance < power:
            steady, plan = 0, None
            continue
        first, steady = first or int(m), steady + 1
        plan = plan or _plan(setting, int(m), chance, first, accept)
        if steady == STEADY:
            break
    if plan is None:
        raise _out_of_reach(setting, f"power = {power:g}")
    return plan


def proof_chance(
    setting: Setting,
    villages: int,
    p: float,
    gate: float,
    *,
    level: float = 0.95,
    rule: Rule = "kg-m",
    better: Literal["low", "high"] = "low",
    model: str | None = None,
) -> float:
    """Return the probability that so many villages prove a rate to lie on the good side of a gate.

    Parameters
    ----------
    setting : Setting
        All villages with the same take; with several strata the villages count as one stratum, but for df.
    villages : int
        More than the strata.
    p, gate : float
        True rate, and threshold; p may lie on the bad side, the result is then the risk.
    level : float
        1 − risk of a wrong proof.
    rule : {"kg-m", "kg-m-planned", "number"}
        "kg-m": upper bound below the gate; all ways in which the events can spread over the villages are enumerated, each
        with its own estimated design effect, so nothing is simulated. More than 36 events count as no proof, and are
        refused where their probability is above .01. "kg-m-planned": as if the estimated
        design effect were the planned one, for any number of events. "number": at most d events, d fixed in the
        protocol so that the risk under either model is at most 1 − level (self-weighting samples only).
    better : {"low", "high"}
        "high" for approval: events are then those who do not approve.
    model : {"beta-binomial", "bad-village"}, optional
        How events cluster; the less favourable of the two without it. The number d always guards against both.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    EstimateError
        A number outside its range; too many events to enumerate.

    Examples
    --------
    >>> county = Setting(60, .05)
    >>> [round(proof_chance(county, 20, p, .02, model="beta-binomial"), 3) for p in (.0025, .005, .01, .02)]
    [0.847, 0.667, 0.323, 0.035]
    >>> round(proof_chance(county, 20, .005, .02), 3)
    0.548
    """
    asked = Demands()
    _ask_proof(asked, p, gate, level, rule, better, model, anywhere=True)
    most = math.inf if setting.frame is None else setting.frame
    asked.within(setting.strata + 1, most, "[]" if setting.frame else "[)", "村数应多于层数、不超过全部", villages=villages)
    asked.refuse()
    return _proof(setting, villages, p, gate, level, rule, better, model)[0]


def _proof(
    setting: Setting, m: int, p: float, gate: float, level: float, rule: str, better: str, model: str | None
) -> tuple[float, int]:
    p, gate = (p, gate) if better == "low" else (1 - p, 1 - gate)
    models = MODELS if model is None else (model,)
    if rule == "kg-m":
        return _enumerated(setting, m, p, gate, level, models), -1
    accept = accepted({setting.take: m}, gate, setting.icc, 1 - level) if rule == "number" else _planned(setting, m, gate, level)
    if accept < 0:
        return 0.0, -1
    counts = [sample_counts({setting.take: m}, p, setting.icc, each, accept) for each in models]
    return min(float(count.sum()) for count in counts), accept


def _planned(setting: Setting, m: int, gate: float, level: float) -> int:
    """Return the most events with an upper bound below the gate at the planned design effect; −1 if none."""
    x = np.arange(math.ceil(gate * m * setting.take) + 1)
    se = _planned_se(setting, np.full(x.size, float(m)), x / (m * setting.take))
    high = setting.limits(x, np.full(x.size, m), se, np.minimum(x, m), level, "upper")[1]
    return int(np.flatnonzero(high < gate)[-1]) if (high < gate).any() else -1


def _enumerated(setting: Setting, m: int, p: float, gate: float, level: float, models: tuple[str, ...]) -> float:
    x = np.arange(math.ceil(gate * m * setting.take) + 1)
    even = m * (x // m) ** 2 + (2 * (x // m) + 1) * (x % m)  # Σy² of the most even spread, which has the lowest bound
    good = _bounds(setting, m, x, even, np.minimum(x, m), level) < gate
    if not good.any():
        return 0.0
    most = min(int(np.flatnonzero(good)[-1]), MOST_EVENTS)
    villages = [village_counts(setting.take, p, setting.icc, each, most) for each in models]
    more = bool(good[most + 1 :].any())
    left = max(1 - float(county_counts(village, m).sum()) for village in villages) if more else 0.0
    if left > TOO_MANY:
        rule = f"事件多于 {MOST_EVENTS} 的概率应不大于 {TOO_MANY:g}，才能逐一列举"
        remedy = '改用 rule="kg-m-planned" 或 rule="number"'
        raise EstimateError(f"p = {p:g}、{m} 个村：事件多于 {MOST_EVENTS} 的概率 {left:.2g}｜{rule}｜{remedy}")
    ways, size = partitions(most), np.arange(1, most + 1)
    proved = _bounds(setting, m, (ways * size).sum(axis=1), (ways * size**2).sum(axis=1), ways.sum(axis=1), level) < gate
    return min(float(spread_chances(ways, village, m)[proved].sum()) for village in villages)


def _bounds(setting: Setting, m: int, events: NDArray[Any], squares: NDArray[Any], seen: NDArray[Any], level: float) -> Numbers:
    """Return the KG-M upper bounds of samples with so many events, squares of village counts, and villages with events."""
    variance = np.maximum(squares - events**2 / m, 0) / (m * (m - 1) * setting.take**2)
    return setting.limits(events, np.full(events.shape, m), np.sqrt(variance * setting.deff_w), np.minimum(seen, m), level, "upper")[1]


def _planned_se(setting: Setting, m: Numbers, p: float | Numbers) -> Numbers:
    return np.sqrt(p * (1 - p) * setting.deff / (m * setting.take))


def _event_villages(setting: Setting, m: Numbers, p: float) -> Numbers:
    rarer = min(p, 1 - p)
    return np.asarray(m * (1 - village_counts(setting.take, rarer, setting.icc, "beta-binomial", 0)[0]))


def _numbers(setting: Setting) -> Numbers:
    most = MOST if setting.frame is None else math.floor(setting.frame)
    return np.arange(setting.strata + 1, max(most, setting.strata + 1) + 1, dtype=float)


def _smallest(setting: Setting, m: Numbers, value: Numbers, good: NDArray[np.bool_], asked: str) -> VillagePlan:
    if not good[-1]:
        raise _out_of_reach(setting, asked)
    short = np.flatnonzero(~good)
    at = int(short[-1]) + 1 if short.size else 0
    return _plan(setting, int(m[at]), float(value[at]), int(m[good][0]))


def _plan(setting: Setting, m: int, reached: float, first: int, accept: int = -1) -> VillagePlan:
    return VillagePlan(m, m * setting.take, setting.issued(m), m - setting.strata, setting.deff, reached, first, accept)


def _out_of_reach(setting: Setting, asked: str) -> EstimateError:
    most = f"全部 {setting.frame:g} 个村" if setting.frame is not None else f"{MOST} 个村"
    return EstimateError(f"{asked}｜{most}、每村 {setting.take} 户也达不到｜增大 take 或放宽要求")


def _ask_proof(
    asked: Demands, p: float, gate: float, level: float, rule: str, better: str, model: str | None, anywhere: bool = False
) -> None:
    asked.units(level=level, population=None)
    asked.need(rule in RULES, f"rule = {rule!r}", "、".join(RULES), "改 rule=")
    asked.need(model is None or model in MODELS, f"model = {model!r}", "、".join(MODELS), "改 model=")
    if anywhere:
        asked.within(0, 1, "()", "比例写成小数，如 .02", p=p, gate=gate)
        asked.need(better in ("low", "high"), f"better = {better!r}", "low 或 high", "差错率写 low，认可度写 high")
    else:
        beyond_gate(asked, p, gate, better)
