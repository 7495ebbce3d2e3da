"""The smallest plan: how many villages keep both risks, for one take, for several, or at the lowest cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.acceptance.layouts import Layout
from evalkit.acceptance.numbers import Direction, Rule, ask_better, ask_gate, events_at, share
from evalkit.errors import EstimateError
from evalkit.sizing.chances import MODELS, village_counts
from evalkit.sizing.demands import Demands
from evalkit.sizing.fielddays import Costs

Numbers = NDArray[np.float64]
MOST = 2000


@dataclass(frozen=True)
class Choice:
    """The smallest plan of one take, and what it costs: money, or complete households where no costs are given."""

    rule: Rule
    cost: float


def smallest(
    take: int,
    gate: float,
    *,
    icc: float,
    better: float,
    producer: float,
    consumer: float = 0.05,
    direction: Direction = "below",
    villages: int = MOST,
) -> Rule:
    """Return the rule with the fewest villages of one take that keeps both risks.

    The numbers of villages are tried upwards, each with its own acceptance number. As this number is whole, some larger
    plans fall short again: it is this very number of villages that keeps the risks.

    Parameters
    ----------
    take : int
        Complete households a village, ≥ 1.
    gate, better : float
        Threshold, and a rate on its good side that the rule should accept; in (0, 1).
    icc : float
        Correlation within villages, in [0, 1).
    producer, consumer : float
        Risk allowed of not accepting at `better`, in (0, 1), and of accepting at `gate`, in (0, .5].
    direction : {"below", "above"}
    villages : int
        Villages there: the most that can be asked for.

    Returns
    -------
    Rule

    Raises
    ------
    EstimateError
        A number outside its range; no number of villages keeps both risks.

    Examples
    --------
    >>> rule = smallest(60, .02, icc=.05, better=.005, producer=.2)
    >>> rule.layout.villages, rule.layout.n, rule.at_most
    (23, 1380, 11)
    """
    one = _asked([take], gate, icc, better, producer, consumer, direction, villages)[0]
    most = math.ceil(events_at(gate, direction) * villages * take) + 1
    both = zip(_growing(one, events_at(gate, direction), most), _growing(one, events_at(better, direction), most), strict=True)
    for m, (at_gate, at_better) in zip(range(1, villages + 1), both, strict=False):
        number = min(int((tail <= consumer).sum()) for tail in at_gate) - 1
        if number >= 0 and 1 - min(float(tail[number]) for tail in at_better) <= producer:
            return Rule(Layout(m, int(take), icc), gate, number, consumer, direction)
    found = f"每村 {take} 户、村内相关 {icc:g}，至多 {villages} 个村"
    rule = f"不能使率为 {share(gate)} 时误予接收的概率不大于 {share(consumer)}、率为 {share(better)} 时误不接收的不大于 {share(producer)}"
    raise EstimateError(f"{found}｜{rule}｜增大 take，或放宽 producer、consumer、better")


def _asked(
    takes: list[Any], gate: float, icc: float, better: float, producer: float, consumer: float, direction: str, villages: int
) -> list[Layout]:
    """Return one village of each take, or refuse the question with everything that is wrong with it."""
    asked = Demands()
    ask_gate(asked, gate, consumer, direction)
    ask_better(asked, better, gate, direction)
    asked.within(0, 1, "()", "风险写成小数，20% 写 .2", producer=producer)
    asked.whole(1, "写全部村数，或不写", villages=villages)
    made: list[Layout] = []
    with asked.along():
        for take in takes:
            made.append(Layout(1, take, icc))
    asked.refuse()
    return made


def _growing(one: Layout, events: float, most: int) -> Iterator[list[Numbers]]:
    """Yield P(X ≤ 0 … most) under each model for one village, two, three …"""
    models = MODELS if one.icc else MODELS[:1]
    village = [village_counts(one.n, events, one.icc, model, one.n) for model in models]
    totals = [np.eye(1, most + 1)[0] for _ in models]
    while True:
        totals = [np.convolve(total, each)[: most + 1] for total, each in zip(totals, village, strict=True)]
        yield [total.cumsum() for total in totals]


def cheapest(
    takes: Sequence[int],
    gate: float,
    *,
    icc: float,
    better: float,
    producer: float,
    consumer: float = 0.05,
    direction: Direction = "below",
    villages: int = MOST,
    costs: Costs | None = None,
) -> tuple[Choice, ...]:
    """Return the smallest plan of each take, the cheapest first; takes without one are left out.

    Parameters
    ----------
    takes : sequence of int
    gate, icc, better, producer, consumer, direction, villages
        As in `smallest`.
    costs : sizing.Costs, optional
        Of villages and households; without it the complete households are what a plan costs.

    Returns
    -------
    tuple of Choice

    Raises
    ------
    EstimateError
        No take, or none that keeps the risks; then what each of them lacks.

    Examples
    --------
    >>> found = cheapest([20, 30, 60], .02, icc=.05, better=.005, producer=.2, costs=Costs(village=600, unit=60))
    >>> [(each.rule.layout.villages, each.rule.at_most, each.cost) for each in found]
    [(33, 5, 59400.0), (29, 7, 69600.0), (23, 11, 96600.0)]
    """
    priced = Costs(unit=1.0) if costs is None else costs
    each = takes if isinstance(takes, Iterable) and not isinstance(takes, str) else [takes]
    # what is wrong with the question is told at once; a plan that keeps no risk is another thing
    takes = [int(one.n) for one in _asked(list(each), gate, icc, better, producer, consumer, direction, villages)]
    found, refused = [], []
    for take in takes:
        try:
            rule = smallest(
                take, gate, icc=icc, better=better, producer=producer, consumer=consumer, direction=direction, villages=villages
            )
        except EstimateError as refusal:
            refused.append(str(refusal))
            continue
        found.append(Choice(rule, priced.of(rule.layout.villages, take)))
    if not found:
        raise EstimateError("\n".join(dict.fromkeys(refused)) or "takes 为空｜至少一个每村户数｜写 takes=[20, 30, 60]")
    return tuple(sorted(found, key=lambda choice: choice.cost))
