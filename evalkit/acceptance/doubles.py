"""Double sampling: accept, reject, or draw more villages and count again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.acceptance.layouts import Layout
from evalkit.acceptance.looks import two_looks
from evalkit.acceptance.numbers import (
    Chances,
    Direction,
    Risks,
    Rule,
    ask_gate,
    ask_layouts,
    by_model,
    events_at,
    impossible,
    share,
    told_layout,
    told_risks,
)
from evalkit.sizing.demands import Demands

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Double(Risks):
    """Accept with at most `accept` events in the first villages, reject with `reject` or more, else draw the second villages.

    After the second phase the events of both are counted together: at most `at_most` is accepted. The second villages stand
    behind the first in the same order of tickets, so the plan is fixed before the first interview.

    Parameters
    ----------
    first, second : Layout
        Villages of each phase, of the same correlation; without a population.
    gate : float
        Threshold of the rate, in (0, 1).
    accept : int
        Acceptance number of the first phase; −1: never accept at once.
    reject : int
        Rejection number of the first phase, from accept + 2; at at_most + 1 the first phase stops only what is lost.
    at_most : int
        Acceptance number of both phases together, not below `accept`.
    consumer : float
        Risk allowed of accepting, in either phase, where the rate lies on the gate; in (0, .5].
    direction : {"below", "above"}

    Raises
    ------
    EstimateError
        Numbers that do not fit together.

    Examples
    --------
    >>> plan = Double(Layout(20, 60, .05), Layout(20, 60, .05), .02, 5, 25, 24)
    >>> plan.kept, {model: round(risk, 4) for model, risk in plan.risks.items()}
    (True, {'beta-binomial': 0.0287, 'bad-village': 0.0417})
    """

    first: Layout
    second: Layout
    gate: float
    accept: int
    reject: int
    at_most: int
    consumer: float = 0.05
    direction: Direction = "below"

    def __post_init__(self) -> None:
        asked = Demands()
        ask_layouts(asked, first=self.first, second=self.second)
        numbers = (self.accept, self.reject, self.at_most)
        found = f"accept = {self.accept!r}、reject = {self.reject!r}、at_most = {self.at_most!r}"
        asked.need(all(isinstance(value, int | np.integer) for value in numbers), found, "整数", "写户数")
        asked.refuse()
        ask_gate(asked, self.gate, self.consumer, self.direction)
        fits = -1 <= self.accept < self.reject - 1 and self.at_most >= max(0, self.accept)
        asked.need(fits, found, "accept 不小于 -1，reject 至少比 accept 大 2，at_most 不小于 accept", "第一阶段介于两数之间时才抽第二阶段")
        same = self.first.icc == self.second.icc and self.first.population is None and self.second.population is None
        asked.need(same, "两个阶段", "村内相关相同，且不写 population", "改 first、second")
        asked.refuse()

    @property
    def layout(self) -> Layout:
        """Both phases together."""
        takes = tuple(take for part in (self.first, self.second) for take, count in part.takes.items() for _ in range(count))
        return Layout(len(takes), takes, self.first.icc)

    def accepts(self, rates: Any) -> Chances:
        """Return the probability of accepting, in either phase, at one rate or an array of rates in [0, 1], by model."""
        return by_model(rates, self.direction, self._by_events(self._accepting))

    def continues(self, rates: Any) -> Chances:
        """Return the probability that the second villages are drawn, by model."""
        return by_model(rates, self.direction, self._by_events(lambda one, _: one[self.accept + 1 : self.reject].sum()))

    def villages(self, rates: Any) -> Chances:
        """Return the villages expected to be surveyed, by model."""
        return {model: self.first.villages + self.second.villages * chance for model, chance in self.continues(rates).items()}

    def producer_risk(self, better: float) -> float:
        """Return the probability of not accepting a county whose rate is `better`, under the less favourable model."""
        Rule(self.first, self.gate, 0, self.consumer, self.direction).producer_risk(better)  # refuses a rate that is no better
        return 1 - float(min(self.accepts(better).values()))

    def _by_events(self, chance: Callable[[Numbers, Numbers], float]) -> Callable[[float], dict[str, float]]:
        most = max(self.reject, self.at_most)

        def chances(events: float) -> dict[str, float]:
            one, two = self.first.counts(events, most), self.second.counts(events, most)
            return {model: min(1.0, float(chance(one[model], two[model].cumsum()))) for model in one}

        return chances

    def _accepting(self, one: Numbers, two: Numbers) -> float:
        """P(X₁ ≤ accept) + Σ P(X₁ = x)·P(X₂ ≤ at_most − x) over accept < x < reject; `two` is cumulated."""
        x = np.arange(self.accept + 1, min(self.reject, self.at_most + 1))
        return float(one[: self.accept + 1].sum() + (one[x] * two[self.at_most - x]).sum())

    def __repr__(self) -> str:
        later = f"{self.accept + 1} 至 {self.reject - 1} 户再抽 {told_layout(self.second)}，合计至多 {self.at_most} 户接收"
        first = f"至多 {self.accept} 户接收，" if self.accept >= 0 else " "
        rate = f"率恰为 {share(self.gate)} 时误予接收的概率 {told_risks(self.risks)}"
        return f"先 {told_layout(self.first)}：事件{first}{self.reject} 户以上不接收；{later}；{rate}"


def double(
    first: Layout,
    second: Layout,
    gate: float,
    *,
    spending: str,
    reject: int | None = None,
    consumer: float = 0.05,
    direction: Direction = "below",
) -> Double:
    """Return the double sampling plan with the largest acceptance numbers that keep the consumer risk.

    The first number spends no more than the first share of the risk (`two_looks`, by villages), the second the rest, both
    by exact probabilities under each model.

    Parameters
    ----------
    first, second : Layout
    gate : float
    spending : {"pocock", "obrien-fleming"}
    reject : int, optional
        Rejection number of the first phase; without it the first that no second phase can mend.
    consumer, direction
        As in `number`.

    Returns
    -------
    Double

    Raises
    ------
    EstimateError
        Numbers that do not fit together; no number keeps the risk.

    Examples
    --------
    >>> double(Layout(20, 60, .05), Layout(20, 60, .05), .02, spending="pocock")
    先 20 个村 × 60 户：事件至多 7 户接收，24 户以上不接收；8 至 23 户再抽 20 个村 × 60 户，合计至多 23 户接收；率恰为 2%
    时误予接收的概率 4.76%（beta-binomial 3.18%，bad-village 4.76%）
    """
    asked = Demands()
    ask_layouts(asked, first=first, second=second)
    ask_gate(asked, gate, consumer, direction)
    asked.refuse()
    fraction = first.villages / (first.villages + second.villages)
    events = events_at(gate, direction)
    accept = first.largest(events, two_looks(spending, consumer, fraction=fraction).alpha[0])
    least = Double(first, second, gate, accept, accept + 2 if reject is None else reject, max(accept, 0), consumer, direction)
    if not least.kept:
        raise impossible(least.layout, gate, consumer, direction)
    most, tried = least, least
    while tried.kept:
        most, at_most = tried, tried.at_most + 1
        tried = replace(tried, at_most=at_most, reject=max(accept + 2, at_most + 1) if reject is None else reject)
        if reject is not None and at_most > reject + second.n:
            break
    return most
