"""Acceptance numbers: accept when at most so many events are found, and the risks of saying so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.acceptance.layouts import Layout
from evalkit.errors import EstimateError
from evalkit.lists import as_numbers, fixed
from evalkit.sizing.demands import Demands

Direction = Literal["below", "above"]
DIRECTIONS = ("below", "above")
Chances = Mapping[str, Any]


class Risks:
    """The consumer risk of what accepts or not: how likely it accepts where the rate lies on the gate."""

    gate: float
    consumer: float

    def accepts(self, rates: Any) -> Chances:
        """Return the probability of accepting, by model."""
        raise NotImplementedError

    @cached_property
    def risks(self) -> Mapping[str, float]:
        """Consumer risk under each model: the probability of accepting where the rate lies on the gate."""
        return fixed(self.accepts(self.gate))

    @property
    def risk(self) -> float:
        """The larger consumer risk."""
        return max(self.risks.values())

    @property
    def kept(self) -> bool:
        """Whether the consumer risk is kept under each model."""
        return self.risk <= self.consumer


@dataclass(frozen=True)
class Rule(Risks):
    """Accept when a sample of this layout holds at most so many events; events are errors, or households that do not approve.

    Parameters
    ----------
    layout : Layout
    gate : float
        Threshold of the rate, in (0, 1).
    at_most : int
        Acceptance number, ≥ 0.
    consumer : float
        Risk allowed of accepting a county whose rate lies on the gate, in (0, .5].
    direction : {"below", "above"}
        The side of the gate that meets the standard: "below" for errors, "above" for approval.

    Raises
    ------
    EstimateError
        A number outside its range. A rule whose risk is above `consumer` can be made: `kept` says so.

    Examples
    --------
    >>> rule = Rule(Layout(20, 60, .05), .02, 8)
    >>> rule
    20 个村 × 60 户，事件至多 8 户即接收；率恰为 2% 时误予接收的概率 4.02%（beta-binomial 2.66%，bad-village 4.02%）
    >>> rule.kept, Rule(Layout(20, 60, .05), .02, 9).kept
    (True, False)
    """

    layout: Layout
    gate: float
    at_most: int
    consumer: float = 0.05
    direction: Direction = "below"

    def __post_init__(self) -> None:
        asked = Demands()
        ask_layouts(asked, layout=self.layout)
        asked.refuse()  # the number is one of its households
        ask_gate(asked, self.gate, self.consumer, self.direction)
        whole = isinstance(self.at_most, int | np.integer) and 0 <= self.at_most < self.layout.n
        asked.need(whole, f"at_most = {self.at_most!r}", f"0 至 {self.layout.n - 1} 的整数", "写接收数：至多几户事件仍予接收")
        asked.refuse()

    def accepts(self, rates: Any) -> Chances:
        """Return the probability of accepting at one rate or an array of rates in [0, 1], by model.

        Examples
        --------
        >>> {model: round(chance, 2) for model, chance in Rule(Layout(20, 60, .05), .02, 8).accepts(.005).items()}
        {'beta-binomial': 0.75, 'bad-village': 0.73}
        """
        return by_model(rates, self.direction, lambda events: _sums(self.layout.counts(events, self.at_most)))

    def producer_risk(self, better: float) -> float:
        """Return the probability of not accepting a county whose rate is `better`, under the less favourable model.

        Raises
        ------
        EstimateError
            When that rate is not on the good side of the gate.

        Examples
        --------
        >>> round(Rule(Layout(20, 60, .05), .02, 8).producer_risk(.005), 2)
        0.27
        """
        asked = Demands()
        ask_better(asked, better, self.gate, self.direction)
        asked.refuse()
        return 1 - float(min(self.accepts(better).values()))

    def at(self, layout: Layout) -> Rule:
        """Return the same number for another layout, such as the sample that came back."""
        return replace(self, layout=layout)

    def __repr__(self) -> str:
        rate = f"率恰为 {share(self.gate)} 时误予接收的概率 {told_risks(self.risks)}"
        return f"{told_layout(self.layout)}，事件至多 {self.at_most} 户即接收；{rate}"


def number(layout: Layout, gate: float, *, consumer: float = 0.05, direction: Direction = "below") -> Rule:
    """Return the rule with the largest acceptance number that keeps the consumer risk.

    d = min over the models of max{d: P(X ≤ d | gate) ≤ consumer}; X is the sum of independent village counts, its
    distribution an exact convolution. Beta-binomial villages (Hedt-Gauthier et al. 2013, Emerg. Themes Epidemiol. 10:11) and
    bad villages (rate gate + icc(1 − gate) in some, none in the others) bound what clustering can do at the lower end.

    Parameters
    ----------
    layout : Layout
    gate : float
        Threshold, in (0, 1).
    consumer : float
        Risk allowed at the gate, in (0, .5].
    direction : {"below", "above"}
        "above" for approval: events are then the households that do not approve.

    Returns
    -------
    Rule

    Raises
    ------
    EstimateError
        A number outside its range; no number keeps the risk, with layouts of as many households that can.

    Examples
    --------
    >>> [number(Layout(20, 60, icc), .02).at_most for icc in (0, .02, .05, .1)]
    [15, 12, 8, 4]
    >>> number(Layout(20, 60, .05), .9, direction="above").at_most
    85
    >>> number(Layout(10, 120, .1), .02)
    Traceback (most recent call last):
            ...
    evalkit.errors.EstimateError: 10 个村 × 120 户、村内相关 0.1｜任何接收数都不能证明低于 2%：无一事件时误予接收的概率已有 15.6%，应不大于
    5%｜同样的户数放到更多的村：20 个村 × 60 户可以，至多 4 户；40 个村 × 30 户可以，至多 8 户；每村仍为 120 户，须 17 个村
    """
    asked = Demands()
    ask_layouts(asked, layout=layout)
    ask_gate(asked, gate, consumer, direction)
    asked.refuse()
    found = layout.largest(events_at(gate, direction), consumer)
    if found < 0:
        raise impossible(layout, gate, consumer, direction)
    return Rule(layout, gate, found, consumer, direction)


def impossible(layout: Layout, gate: float, consumer: float, direction: str) -> EstimateError:
    """Return the refusal of a layout that proves nothing, with what would."""
    events = events_at(gate, direction)
    none = max(float(counts[0]) for counts in layout.counts(events, 0).values())
    side = "低于" if direction == "below" else "高于"
    found = f"{told_layout(layout)}、村内相关 {layout.icc:g}"
    rule = f"任何接收数都不能证明{side} {share(gate)}：无一事件时误予接收的概率已有 {share(none, 3)}，应不大于 {share(consumer)}"
    spread = "；".join(f"{told_layout(other)}可以，至多 {most} 户" for other, most in _wider(layout, events, consumer))
    take = max(1, round(layout.n / layout.villages))
    each = max(float(counts[0]) for counts in Layout(1, take, layout.icc).counts(events, 0).values())
    more = f"每村仍为 {take} 户，须 {math.ceil(math.log(consumer) / math.log(each))} 个村"
    return EstimateError(f"{found}｜{rule}｜{f'同样的户数放到更多的村：{spread}；' if spread else ''}{more}")


def _wider(layout: Layout, events: float, consumer: float) -> list[tuple[Layout, int]]:
    """Return the first two layouts of twice, four times … the villages and as many households that have an acceptance number."""
    found: list[tuple[Layout, int]] = []
    villages = 2 * layout.villages
    while len(found) < 2 and villages <= layout.n:
        other = Layout(villages, max(1, layout.n // villages), layout.icc)
        most = other.largest(events, consumer)
        found += [(other, most)] if most >= 0 else []
        villages *= 2
    return found


def events_at(rate: Any, direction: str) -> Any:
    """Return the share of events: the rate, or for approval its complement."""
    return rate if direction == "below" else 1 - rate


def by_model(rates: Any, direction: str, chances: Any) -> Chances:
    """Return by model what a function of the share of events gives: numbers for one rate, arrays for several."""
    asked = Demands()
    asked.within(0, 1, "[]", "比例写成小数，如 .02", rates=rates)
    asked.refuse()
    each = np.atleast_1d(np.asarray(rates, dtype=float))
    made = [chances(float(events_at(rate, direction))) for rate in each]
    if np.ndim(rates) == 0:
        return dict(made[0])
    return {model: np.array([chance[model] for chance in made]) for model in made[0]} if made else {}


def _sums(counts: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    return {model: min(1.0, float(chances.sum())) for model, chances in counts.items()}


def ask_gate(asked: Demands, gate: float, consumer: float, direction: str) -> None:
    """Note what is wrong with a gate and the risk allowed on it."""
    asked.within(0, 1, "()", "比例写成小数，如 .02", gate=gate)
    asked.within(0, 0.5, "(]", "风险写成小数，5% 写 .05", consumer=consumer)
    asked.need(direction in DIRECTIONS, f"direction = {direction!r}", "below 或 above", "差错率写 below，认可度写 above")


def ask_layouts(asked: Demands, **layouts: Any) -> None:
    """Note what is no layout."""
    for name, layout in layouts.items():
        remedy = "写 acceptance.Layout(村数, 每村户数, 村内相关)"
        asked.need(isinstance(layout, Layout), f"{name} = {type(layout).__name__}", "应为 Layout", remedy)


def ask_better(asked: Demands, better: float, gate: float, direction: str) -> None:
    """Note a better rate that is none."""
    if not asked.within(0, 1, "()", "比例写成小数，如 .005", better=better) or as_numbers(gate) is None:
        return
    good = better < gate if direction == "below" else better > gate
    side = "低于" if direction == "below" else "高于"
    asked.need(good, f"better = {better:g}、gate = {gate:g}", f"较好的率应{side}门槛", "改 better 或 gate")


def told_layout(layout: Layout) -> str:
    """Return a layout in words.

    Examples
    --------
    >>> told_layout(Layout(20, 60, .05)), told_layout(Layout(2, (30, 28), .05))
    ('20 个村 × 60 户', '2 个村共 58 户')
    """
    if len(layout.takes) == 1:
        return f"{layout.villages} 个村 × {next(iter(layout.takes))} 户"
    return f"{layout.villages} 个村共 {layout.n} 户"


def told_risks(risks: Mapping[str, float]) -> str:
    """Return the largest risk, and that of each model."""
    each = "，".join(f"{model} {share(risk, 3)}" for model, risk in risks.items())
    return f"{share(max(risks.values()), 3)}（{each}）"


def share(value: float, digits: int = 6) -> str:
    """Return a share as a percentage with so many significant digits.

    Examples
    --------
    >>> share(.02), share(.0402, 2), share(.1562, 3)
    ('2%', '4%', '15.6%')
    """
    return f"{100 * value:.{digits}g}%"
