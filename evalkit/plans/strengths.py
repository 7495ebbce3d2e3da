"""The sample that stands behind each rate of a plan: complete households, design effect, degrees of freedom."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.sizing import UnionGroup, UnionLayout

if TYPE_CHECKING:
    from evalkit.design import Design

WHOLE = 1 - 1e-9
USUAL = (
    (("错退", "退出", "返贫"), "^[^未]*(脱贫|退出)"),
    (("漏评", "应纳未纳"), "^(非|一般|其他户)"),
    (("错评",), "^(未脱贫户|贫困户)$"),
)  # by words in the name of a rate, the types of households that it is usually about


@dataclass(frozen=True)
class Strength:
    """The sample that stands behind one rate, as planned.

    Parameters
    ----------
    rate : str
    p : float
        Planning rate; NaN where the design states none.
    villages, issued, complete : float
        Villages with such households, households issued in them, and complete without replacement.
    take, deff_w, deff : float
        Complete households a village as the weights leave them, loss from unequal weights, design effect planned.
    icc, f_eff, df : float
        Correlation within villages, effective sampling fraction, degrees of freedom.
    strata : int
        First-stage strata as they count for `df`.
    population : str
        The types of households that it is about.
    households : float
        Such households of a mean village, drawn or not.
    known, share : float
        The rate is known + share × the proportion that is estimated; 0 and 1 but for 综合贫困发生率.
    groups : tuple of UnionGroup
        The households of its two rates, for 综合贫困发生率 of villages that are drawn; else empty.
    layout : UnionLayout, optional
        The villages of these.
    """

    rate: str
    p: float
    villages: float
    issued: float
    complete: float
    take: float
    deff_w: float
    deff: float
    icc: float
    f_eff: float
    df: float
    strata: int
    population: str
    households: float
    known: float = 0.0
    share: float = 1.0
    groups: tuple[UnionGroup, ...] = ()
    layout: UnionLayout | None = None

    def inner(self, value: float) -> float:
        """Return the proportion that is estimated where the rate has this value."""
        return (value - self.known) / self.share

    def outer(self, value: float) -> float:
        """Return the rate where the estimated proportion has this value."""
        return self.known + self.share * value

    def se(self, p: float) -> float:
        """Return the planned standard error of the estimated proportion, without finite-population factor."""
        return math.sqrt(max(p * (1 - p), 0.0) * self.deff / self.complete)

    def planning(self, p: float) -> intervals.Planning:
        """Return what KG-M is given at an expected proportion.

        The estimated design effect is taken to be the planned one, so it does not matter how many villages hold events.
        """
        return intervals.Planning(self.deff_w, self.take, 0.0, self.icc, self.f_eff, self.se(p))

    @property
    def mean_take(self) -> int:
        """Return the complete households of a mean village, whole; weights within villages make `take` smaller."""
        return max(1, round(self.complete / self.villages))

    def limits(self, p: float, level: float, side: Literal["two", "lower", "upper"]) -> tuple[float, float]:
        """Return the KG-M limits of the rate at an expected proportion of the estimated part; NaN without degrees of freedom."""
        made = intervals.proportion(p, self.complete, se=self.se(p), df=self.df, planning=self.planning(p), level=level, side=side)
        return self.outer(float(made.low)), self.outer(float(made.high))


def rate_strengths(design: Design, lots: pd.DataFrame, totals: Mapping[str, Mapping[str, float]]) -> Iterator[Strength]:
    """Yield for each rate the sample behind it; rates without households to come are left out.

    Parameters
    ----------
    design : Design
    lots : pandas.DataFrame
        As `counting.count` gives them.
    totals : mapping of str to mapping of str to float
        Registry totals of the incidence rates, by rate.
    """
    for rate in design.rates:
        if rate.kind == "accuracy":
            continue  # as precise as the rates of errors that it is 1 less
        if rate.kind == "incidence":
            found = _incidence(design, rate, lots, totals[rate.name])
        else:
            found = _strength(design, rate.name, planned_rate(design, rate.name), _members(lots, rate.population))
        if found is not None:
            yield found
    for name in undeclared(design):
        found = _strength(design, name, planned_rate(design, name), _members(lots, usual_population(name, lots["stratum"])))
        if found is not None:
            yield found


def planned_rate(design: Design, name: str) -> float:
    """Return the planning value of a rate; NaN where there is none."""
    assert design.planning is not None
    return design.planning.rates.get(name, math.nan)


def undeclared(design: Design) -> list[str]:
    """Return the rates that have a planning value and no `[[rate]]`."""
    assert design.planning is not None
    return [name for name in design.planning.rates if design.rate(name) is None]


def usual_population(name: str, strata: Iterable[str]) -> tuple[str, ...]:
    """Return the types of households that a rate of this name is usually about; empty where that is all of them.

    Examples
    --------
    >>> usual_population("错退率", ["脱贫户", "未脱贫户", "非建档立卡户"]), usual_population("群众认可度", ["脱贫户"])
    (('脱贫户',), ())
    """
    kinds = sorted({part for label in strata for part in parts(label)})
    rule = next((rule for words, rule in USUAL if any(word in name for word in words)), None)
    return tuple(kind for kind in kinds if rule and re.search(rule, kind))


def _members(lots: pd.DataFrame, population: tuple[str, ...]) -> pd.DataFrame:
    """Return the lots of some types of households, all of them where no type is named."""
    return lots[[not population or bool(parts(label) & set(population)) for label in lots["stratum"]]]


def parts(label: str) -> set[str]:
    """Return the parts of the label of a stratum, the mark of a certainty part among them."""
    return set(re.split(r"[|·]", label))


def _strength(design: Design, name: str, p: float, lots: pd.DataFrame, factors: float | np.ndarray = 1.0) -> Strength | None:
    """Return the sample behind a rate of these lots; `factors` weight the lots beside their chance."""
    plan, icc = design.planning, design.evaluation.icc
    assert plan is not None
    lots = lots.assign(factor=factors)
    lots = lots[(lots["n"] > 0) & (lots["prob"] > 0)]
    n = lots["n"].astype(int).to_numpy()
    rate = (1 - plan.ineligible) * plan.response
    if n.sum() * rate == 0:
        return None
    stratum = merged_strata(lots, design.evaluation.singleton)
    village = np.repeat(pd.factorize(lots["village"])[0], n)
    weights, first, overall = (np.repeat(a, n) for a in (lots["factor"] / lots["prob"], _whole(lots["village_prob"]), _whole(lots["prob"])))
    deff_w = intervals.weight_effect(weights)
    take = max(1.0, intervals.weighted_take(weights, village) * rate)
    reach = intervals.reach(weights, village, np.repeat(pd.factorize(stratum)[0], n), first, overall, icc)
    df, strata = _freedom(lots, stratum, reach.df)
    villages = float(lots["village"].nunique())
    deff = float(intervals.planning_effect(deff_w, take, icc))
    issued = float(n.sum())
    f_eff, size = float(np.clip(reach.f_eff, 0, 1)), float(lots.groupby("village")["population"].sum().mean())
    told = "、".join(dict.fromkeys(label.partition("·")[0] for label in lots["stratum"]))
    return Strength(name, p, villages, issued, issued * rate, take, deff_w, deff, icc, f_eff, df, strata, told, size)


def _whole(chances: pd.Series) -> np.ndarray:
    return np.where(chances >= WHOLE, 1.0, chances)


def merged_strata(lots: pd.DataFrame, singleton: str) -> np.ndarray:
    """Return the first-stage strata, those with a single unit joined to a neighbour where the design collapses them."""
    units = lots.groupby("psu_stratum", sort=True)["psu"].nunique()
    if singleton != "collapse" or len(units) < 2:
        return lots["psu_stratum"].to_numpy()
    into: dict[str, str] = {}
    labels = [str(label) for label in units.index]
    for at, label in enumerate(labels):
        # a stratum with one unit goes to the one before it, the first to the one behind it
        other = labels[at - 1] if at else labels[1]
        into[label] = into.get(other, other) if units[label] == 1 else label
    return lots["psu_stratum"].map(into).to_numpy()


def _freedom(lots: pd.DataFrame, stratum: np.ndarray, reached: float) -> tuple[float, int]:
    """Return degrees of freedom: first-stage units less strata, or Satterthwaite's where strata are taken whole."""
    table = lots.assign(joined=stratum)
    drawn = table[table["village_prob"] < WHOLE]
    counts = drawn.groupby("joined")["psu"].nunique()
    sampled = float((counts - 1).sum())
    whole = len(drawn) < len(table)
    return (max(reached, sampled) if whole else sampled), max(1, len(counts))


def _incidence(design: Design, rate: Any, lots: pd.DataFrame, totals: Mapping[str, float]) -> Strength | None:
    """Return the sample behind 综合贫困发生率: exited and non-registry households together, each group weighted to its total."""
    names = {"exited": rate.wrong_exit, "non_registry": rate.missed}
    populations = {each.name: each.population for each in design.rates if each.kind == "finding"}  # the design checks that both are
    groups = {key: _members(lots, populations[name]) for key, name in names.items()}
    if any(not part["n"].sum() for part in groups.values()) or set(groups["exited"].index) & set(groups["non_registry"].index):
        return None
    union = totals["exited"] + totals["non_registry"]
    part_p = sum(planned_rate(design, name) * totals[key] for key, name in names.items()) / union
    known, share = totals["remaining"] / totals["rural"], union / totals["rural"]
    stated = planned_rate(design, rate.name)
    # each group speaks for its registry total, whatever its own weights add up to
    sums = {key: float((part["n"] / part["prob"].where(part["prob"] > 0)).sum()) for key, part in groups.items()}
    factors = [np.full(len(part), totals[key] / sums[key]) for key, part in groups.items()]
    p = part_p if math.isnan(stated) else (stated - known) / share
    joint = pd.concat(list(groups.values()))
    made = _strength(design, rate.name, p, joint, np.concatenate(factors))
    if made is None:
        return None
    # a value stated for the whole moves both rates alike
    ps = {key: planned_rate(design, name) * p / part_p if part_p > 0 else p for key, name in names.items()}
    held = _union(design, groups, {key: totals[key] / union for key in groups}, ps, made)
    return replace(made, known=known, share=share, **held)


def _union(
    design: Design, members: Mapping[str, pd.DataFrame], shares: Mapping[str, float], ps: Mapping[str, float], made: Strength
) -> dict[str, Any]:
    """Return the two groups of households village by village; nothing where villages are taken whole, or the rates are not known."""
    plan = design.planning
    assert plan is not None
    joint = pd.concat([part[(part["n"] > 0) & (part["prob"] > 0)] for part in members.values()])
    if (joint["village_prob"] >= WHOLE).any() or not all(0 <= p <= 1 for p in ps.values()):
        return {}
    villages = joint.assign(joined=merged_strata(joint, design.evaluation.singleton)).drop_duplicates("village").sort_values("village")
    names = villages["village"]
    units, first = np.unique(villages["psu"].astype(str), return_inverse=True), villages.drop_duplicates("psu")
    strata = pd.factorize(first.set_index(first["psu"].astype(str)).loc[units[0], "joined"])[0]
    groups = tuple(_group(members[key], names, shares[key], ps[key], (1 - plan.ineligible) * plan.response) for key in members)
    layout = UnionLayout(units[1], strata, made.icc, made.deff_w, made.take, made.f_eff, made.df)
    return {"groups": groups, "layout": layout} if all(group.takes.sum() for group in groups) else {}


def _group(lots: pd.DataFrame, villages: pd.Series, share: float, p: float, rate: float) -> UnionGroup:
    """Return the complete households of one group and their weight, village by village."""
    lots = lots[(lots["n"] > 0) & (lots["prob"] > 0)]
    issued = lots.groupby("village")["n"].sum().reindex(villages, fill_value=0).to_numpy(dtype=float)
    sums = (lots["n"] / lots["prob"]).groupby(lots["village"]).sum().reindex(villages, fill_value=0).to_numpy(dtype=float)
    # whole households whose number, summed over any first villages, is the expected one
    takes = np.diff(np.floor(np.concatenate([[0.0], issued.cumsum()]) * rate + 0.5)).astype(np.int64)
    return UnionGroup(share, p, takes, np.divide(sums, issued, out=np.zeros(len(sums)), where=issued > 0))
