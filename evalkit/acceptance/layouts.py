"""The Layout of a sample: how many complete households in how many villages, and how alike the households of a village are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalkit.later import later
from evalkit.lists import fixed
from evalkit.sizing.chances import MODELS, accepted, sample_counts
from evalkit.sizing.demands import SLACK, Demands

stats = later("scipy.stats")
Numbers = NDArray[np.float64]

LARGE = 0.05  # of a population: from here on the draw without replacement is reckoned as such
MOST = 100_000  # households: the convolution is exact, so it grows with their square
SELF_WEIGHTING = 1.05  # weight effect up to which a count may stand for a rate: the weights vary by a fifth
# how a design gives every household the same weight, or what else decides
EVEN = (
    "要用接收数，把设计改为自加权：村按户数 pps 抽取、每村户数相同，或村简单随机、村内同一比例，各层抽样比相同；"
    "权数不等的样本用 KG-M 区间判定（ev.judge）"
)


@dataclass(frozen=True)
class Layout:
    """A sample by villages, as an acceptance number is made for it.

    Parameters
    ----------
    villages : int
        Villages, ≥ 1.
    take : int or tuple of int
        Complete households in each village, ≥ 1; one number for all, or one a village.
    icc : float
        Correlation within villages, in [0, 1). At 0 the villages do not matter.
    population : int, optional
        Households there. Read at icc = 0 only, where more than 5 % of them are taken: the chances are then hypergeometric.
        Villages as clusters are always drawn as if from an endless county, which overstates the risk.
    deff_w : float
        Loss from unequal weights (Kish). Above 1.05 a count of households no longer stands for the rate, and is refused.

    Raises
    ------
    EstimateError
        A number outside its range, weights that are not equal; all faults at once.

    Examples
    --------
    >>> Layout(20, 60, .05).n, Layout(20, 60, .05).models
    (1200, ('beta-binomial', 'bad-village'))
    >>> Layout(1, 1200, 0).models, Layout(1, 1200, 0, population=8000).models
    (('binomial',), ('hypergeometric',))
    """

    villages: int
    take: int | tuple[int, ...]
    icc: float
    population: int | None = None
    deff_w: float = 1.0

    def __post_init__(self) -> None:
        each = self.take if isinstance(self.take, tuple) else (self.take,)
        asked = Demands()
        numbers = [("villages", self.villages), *(("take", take) for take in each), ("population", self.population)]
        strange = dict((name, value) for name, value in numbers if value is not None and not _whole(value))
        for name, value in strange.items():
            asked.need(False, f"{name} = {value!r}", "不小于 1 的整数", "村数、户数写整数，每村至少 1 户")
        asked.need(len(each) in (1, self.villages), f"take 有 {len(each)} 个数", f"一个数，或每村一个（{self.villages} 个）", "改 take")
        asked.within(0, 1, "[)", "村内相关写成小数，如 .05", icc=self.icc)
        if not strange:
            n = self.villages * each[0] if len(each) == 1 else sum(each)
            asked.need(n <= MOST, f"样本 {n} 户", f"不超过 {MOST} 户", "核对村数与每村户数")
            asked.need(self.population is None or self.population >= n, f"population = {self.population}", f"不少于样本 {n} 户", "核对户数")
        if asked.within(1, math.inf, "[)", "自加权写 deff_w=1", deff_w=self.deff_w):
            found, rule = f"deff_w = {self.deff_w:.4g}", f"接收数只用于自加权样本（权数设计效应不大于 {SELF_WEIGHTING:g}）"
            asked.need(not self.deff_w > SELF_WEIGHTING, found, rule, EVEN)
        asked.refuse()

    @cached_property
    def takes(self) -> Mapping[int, int]:
        """How many villages have each take."""
        each = self.take if isinstance(self.take, tuple) else (self.take,) * self.villages
        return fixed(dict(sorted(Counter(int(take) for take in each).items())))

    @property
    def n(self) -> int:
        """Complete households."""
        return sum(take * villages for take, villages in self.takes.items())

    @property
    def models(self) -> tuple[str, ...]:
        """The models by which its chances are reckoned; a rule must hold under each."""
        if self.icc > 0:
            return MODELS
        return ("hypergeometric",) if self.population is not None and self.n > LARGE * self.population else ("binomial",)

    def counts(self, events: float, most: int) -> dict[str, Numbers]:
        """Return P(X = 0 … most) under each model where a share `events` of the households, in [0, 1], are events.

        The hypergeometric population holds ⌈events·N⌉ of them.
        """
        return {model: self._counts(events, most, model) for model in self.models}

    def _counts(self, events: float, most: int, model: str) -> Numbers:
        if model == "hypergeometric":
            held = held_events(events, self.population or 0)
            return np.asarray(stats.hypergeom.pmf(np.arange(most + 1), self.population, held, self.n))
        return sample_counts(self.takes, events, self.icc, model, most)

    def largest(self, events: float, risk: float) -> int:
        """Return the most events that keep P(X ≤ d) ≤ risk under each model at this share of events; −1 if not even none does."""
        if self.models == ("hypergeometric",):
            chances = self.counts(events, self.n)["hypergeometric"].cumsum()
            return int((chances <= risk).sum()) - 1
        return accepted(self.takes, events, self.icc, risk)


def held_events(share: float, population: int) -> int:
    """Return the events of a finite population: the smallest whole number that is not below its share.

    Examples
    --------
    >>> held_events(.02, 1000), held_events(1 - .9, 1000), held_events(.0201, 1000)
    (20, 100, 21)
    """
    return math.ceil(share * population * (1 - SLACK))


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 1)
