"""Quantiles of a variable, with intervals by way of the distribution function."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit import intervals, quantiles
from evalkit.errors import EstimateError, EvalkitWarning, one_of
from evalkit.estimates.blocks import ONE, Block, Proportion, binomial
from evalkit.estimates.domains import Domain, Missing, Variable, domain, number
from evalkit.estimates.estimate import Estimate
from evalkit.estimates.limits import Side
from evalkit.estimates.smooth import SHARE
from evalkit.estimates.statistics import By, Names
from evalkit.lists import as_list
from evalkit.variances import Floats, Ints, Partition

if TYPE_CHECKING:
    from evalkit.survey import Survey
    from evalkit.survey.replicated import Replicated


@dataclass(frozen=True)
class Way:
    """A way to make an interval: the method of the interval of F at the quantile that is mapped back, if it is one of those."""

    text: str
    method: str | None = None


INTERVALS = {
    "wald": Way("Woodruff：F 的对称区间映回（R 的 mean）", "wald-t"),
    "logit": Way("Woodruff：F 在对数比数尺度上的区间映回（R 的 xlogit）", "logit-t"),
    "arcsine": Way("Woodruff：F 在反正弦尺度上的区间映回（R 的 asin）", "arcsine-t"),
    "kg": Way("Woodruff：F 的 Korn–Graubard 区间映回（R 的 beta）", "kg"),
    "score": Way("Francisco–Fuller：得分检验不拒绝的值"),
    "replicate": Way("各套重复权数的分位数，t 区间（R 的 quantile）"),
}


def quantile(
    survey: Survey,
    variables: Names,
    probs: Sequence[float] | float,
    *,
    rule: str = "math",
    interval: str = "wald",
    by: By = None,
    where: Any = None,
    missing: Missing = "fail",
) -> Estimate:
    """Estimate quantiles, the values below which given shares of the population lie.

    Parameters
    ----------
    survey : Survey
    variables : str or list of str
        Numeric columns.
    probs : float or list of float
        Shares, in (0, 1).
    rule : str
        A name of `evalkit.quantiles.RULES`: ``math`` (the smallest value at which the share is reached), ``school``,
        ``shahvaish``, ``hf1`` … ``hf9``.
    interval : {"wald", "logit", "arcsine", "kg", "score", "replicate"}
        How limits are made; ``replicate`` needs a survey with replicates.
    by, where, missing
        As for `mean`.

    Returns
    -------
    Estimate
        Labelled variable, prob. `interval()` asks for limits at any level; se is the width of the 95 % interval over 2t. In
        algebra with other estimates a quantile goes by its linearisation, scaled to that se.

    Raises
    ------
    EstimateError
        An unknown rule or interval, probs outside (0, 1), text columns, missing answers under "fail".

    Notes
    -----
    Woodruff 1952, JASA 47:646: with (L, U) an interval of F(q), the limits are the quantiles at L and U. Francisco & Fuller
    1991, Ann. Statist. 19:454, for "score". Score of a row: −(1(x ≤ q) − p)/f, with f from the width of the interval.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"x": [float(k) for k in range(1, 41)]}))
    >>> found = ev.quantile(survey, "x", [.25, .5])
    >>> found.value.tolist(), found.interval()[["low", "high"]].to_numpy().tolist()
    ([10.0, 20.0], [[5.0, 16.0], [14.0, 27.0]])
    """
    asked = [float(p) for p in np.atleast_1d(np.asarray(probs, dtype=float))]
    _ask(survey, rule, interval, asked)
    found = [number(survey, name) for name in as_list(variables)]
    inside = domain(survey, by, where, found, missing)
    made = [_Asked(survey, inside, variable, rule, interval).block(p) for variable in found for p in asked]
    labels = [(*variable.label, p) for variable in found for p in asked]
    blocks = [block for _, block in made]
    return Estimate.of_blocks(survey, [value for value, _ in made], labels, (*inside.by, "variable", "prob"), "quantile", blocks)


def _ask(survey: Survey, rule: str, interval: str, probs: list[float]) -> None:
    one_of("rule", rule, quantiles.RULES, EstimateError, "分位数规则")
    one_of("interval", interval, INTERVALS, EstimateError, "区间")
    if interval == "replicate" and survey.replicated is None:
        raise EstimateError('interval="replicate"｜这个 Survey 没有重复权数｜先写 survey.replicate("jkn") 等')
    if not probs or not all(0 < p < 1 for p in probs):
        raise EstimateError(f"probs={probs}｜应在 0 与 1 之间｜中位数写 [.5]")


@dataclass(frozen=True, eq=False)
class _Asked:
    """A variable in its domains, and how its quantiles are to be told."""

    survey: Survey
    inside: Domain
    variable: Variable
    rule: str
    interval: str

    @cached_property
    def held(self) -> Ints:
        """Domains that somebody is in."""
        return np.flatnonzero(self.inside.sizes > 0)

    @cached_property
    def ordered(self) -> tuple[quantiles.Ordered, ...]:
        """The values of each of these domains, sorted."""
        place = np.full(self.inside.count + 1, -1)
        place[self.held] = np.arange(len(self.held))
        code = np.zeros(self.inside.rows, dtype=np.int64) if self.inside.code is None else self.inside.code
        return quantiles.grouped(self.variable.values, self.survey.weights, place[code], len(self.held)) if len(self.held) else ()

    def block(self, p: float) -> tuple[Floats, Block]:
        """Return the quantiles of each domain, and the block that remembers their scores."""
        value = self._spread([float(ordered.at(p, self.rule)[0]) for ordered in self.ordered])
        share = self._share(value)
        bounds = partial(self._bounds, value, share, p)
        low, high = bounds(0.95, "two", share.df)
        with np.errstate(divide="ignore", invalid="ignore"):
            width = (high - low) / (2 * _t(share.df, 0.95, "two"))
            slope = np.where(share.se > 0, width / share.se, 0.0)
        _say_open(self.variable.label[0], p, np.isfinite(value) & ~np.isfinite(width))
        slope = np.where(np.isfinite(slope), slope, np.nan)
        block = Block(
            self.survey, self.inside, (self._below(value), ONE), -slope * share.blocks[0].slopes, bounds=bounds,
            again=partial(self._again, p, value, share, slope),
        )  # fmt: skip
        return value, block

    def _spread(self, values: Sequence[float]) -> Floats:
        """Give the domains that somebody is in their values, NaN to the others."""
        made = np.full(self.inside.count, np.nan)
        made[self.held] = values
        return made

    def _below(self, value: Floats) -> Floats:
        return np.asarray(self.variable.values <= self.inside.at(value), dtype=float)

    def _share(self, value: Floats) -> Estimate:
        """Estimate the share of each domain that is not above its value."""
        below = self._below(value)
        share, block = Block.of_totals(self.survey, self.inside, (below, ONE), SHARE, proportion=Proportion(below))
        block = replace(block, reference=partial(binomial, share, self.inside))
        return Estimate.of_blocks(self.survey, [share], [("F",)], (*self.inside.by, "variable"), "proportion", [block])

    def _bounds(self, value: Floats, share: Estimate, p: float, level: float, side: Side, df: Floats) -> tuple[Floats, Floats]:
        """Return the limits of each domain."""
        if self.interval == "replicate":
            replicated = self.survey.replicated
            assert replicated is not None
            spread = replicated.variances(self._again(p, value, share, None, replicated), value)
            made = intervals.student(np.nan_to_num(value), np.nan_to_num(np.sqrt(spread)), df, level=level, side=side)
            return np.where(np.isnan(value), np.nan, made.low), np.where(np.isnan(value), np.nan, made.high)
        if self.interval == "score":
            t = _t(df, level, side)
            pairs = [self._score(at, p, float(t[at])) for at in self.held]
        else:
            found = share.interval(level, INTERVALS[self.interval].method, side, df)
            limits = found[["low", "high"]].to_numpy()[self.held]
            pairs = [_mapped(ordered, low, high, self.rule) for ordered, (low, high) in zip(self.ordered, limits.tolist(), strict=True)]
        low, high = (self._spread([pair[end] for pair in pairs]) for end in (0, 1))
        return (low if side != "upper" else np.full_like(low, -np.inf)), (high if side != "lower" else np.full_like(high, np.inf))

    def _score(self, at: int, p: float, t: float) -> tuple[float, float]:
        """Return the values that a score test does not reject in one domain."""
        code = self.inside.code
        alone = self.inside if code is None else replace(self.inside, partition=Partition(np.where(code == at, 0, -1)), keys=((),), by=())
        one = _Asked(self.survey, alone, self.variable, self.rule, self.interval)
        ordered = self.ordered[int(np.flatnonzero(self.held == at)[0])]

        def share(theta: float) -> tuple[float, float]:
            found = one._share(np.array([theta]))
            return float(found.value[0]), float(found.se[0])

        if not t > 0 or not np.isfinite(t):
            return np.nan, np.nan
        return quantiles.score_limits(ordered, share, p, t)

    def _again(self, p: float, value: Floats, share: Estimate, slope: Floats | None, made: Replicated) -> Floats:
        """Return the quantiles of replicates: computed anew, or by the linearisation that the Woodruff interval implies."""
        if slope is not None and self.interval != "replicate":
            return np.asarray(value - slope * (share.replicates - share.value))
        ordered = self.ordered

        def one(part: quantiles.Ordered, weights: Floats) -> float:
            """Return the quantile of one domain; none where nobody of it is in the replicate."""
            return float(part.at_many(weights[None, :], p, self.rule)[0, 0]) if weights[part.rows].any() else np.nan

        def anew(weights: Floats) -> Floats:
            return self._spread([one(part, weights) for part in ordered])

        return made.values(anew)


def _say_open(name: str, p: float, open_: Any) -> None:
    """Warn of quantiles whose interval the sample does not reach: their standard error is NaN."""
    if open_.any():
        told = f"{name} 的 {p:g} 分位数：{int(open_.sum())} 行的 95% 区间越出样本或自由度不足，标准误为 NaN"
        warnings.warn(f'{told}｜换 interval="logit" 或 "kg"，或合并域', EvalkitWarning, stacklevel=4)


def _t(df: Floats, level: float, side: Side) -> Floats:
    """Return the quantile of t that an interval takes; NaN where there are no degrees of freedom."""
    unit = intervals.student(np.zeros(np.shape(df)), np.ones(np.shape(df)), df, level=level, side="upper" if side != "two" else "two")
    return np.asarray(unit.high)


def _mapped(ordered: quantiles.Ordered, low: float, high: float, rule: str) -> tuple[float, float]:
    """Map limits of F to values; none where F has none."""
    if np.isnan(low) or np.isnan(high):
        return np.nan, np.nan
    below, above = quantiles.woodruff(ordered, low, high, rule)
    return float(below[0]), float(above[0])
