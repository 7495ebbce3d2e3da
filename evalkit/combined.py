"""The combined incidence (综合贫困发生率): remaining, wrongly exited and missed persons together, and its interval.

Exited and non-registry persons are taken as one population, the union frame, of which some "count as poor": then the interval is one
interval of one proportion, and not a sum of two that each know little: formula (5) of docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.errors import EstimateError, Faults
from evalkit.estimates import Estimate, proportion
from evalkit.estimates.asking import on_one_survey
from evalkit.showing import Rows, Shown, table_of
from evalkit.survey import rows_behind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimates.domains import Missing
    from evalkit.estimates.limits import Side
    from evalkit.intervals import Planning
    from evalkit.survey import Survey

    Array = NDArray[np.float64]

GROUPS = ("exited", "non_registry")
LABEL = "综合"
TWICE = ("among_exited、among_others", "一户不能同属两类", "改写条件，使两类互不相交")


@dataclass(frozen=True, eq=False)
class Ratio:
    """Numerator and denominator of a ratio, one number a household; both 0 outside the population.

    The numerator may have a column for each of several sets of findings, (rows, k).
    """

    num: Array
    den: Array
    weight: Array

    @property
    def value(self) -> Any:
        """Σw·num/Σw·den, of each column where the numerator has several."""
        return weighted_total(self.num, self.weight) / (self.weight @ self.den)

    @property
    def scores(self) -> Array:
        """Linearised scores (y − R x) / X, of which the survey's weighted total has the ratio's variance."""
        return np.asarray((self.num - self.value * self._each) / (self.weight @ self.den))

    @property
    def event(self) -> Array:
        """Share of each household that has the property."""
        return np.divide(self.num, self._each, out=np.zeros_like(self.num), where=self._each > 0)

    @property
    def _each(self) -> Array:
        """The denominator, beside each column of a numerator that has several."""
        return self.den if self.num.ndim == 1 else self.den[:, None]

    def estimate(self, survey: Survey, label: str = "比率") -> Estimate:
        """Return the ratio as an estimate of a proportion."""
        return Estimate.of_scores(
            survey, self.value, self.scores, kind="proportion", event=self.event, weight=self.weight * self.den, label=label
        )


def weighted_total(num: Array, weight: Array) -> Any:
    """Return the weighted total, of each column where there are several: row after row, whatever the number of threads."""
    return weight @ num if num.ndim == 1 else np.einsum("i,ij->j", weight, num)


def union_incidence(survey: Survey, ratios: Mapping[str, Ratio], totals: Mapping[str, float], label: str = LABEL) -> Estimate:
    """Return (R₀ + share·(A + B))/P with the share that counts as poor among exited and non-registry persons together.

    One proportion over the union of both groups, each group weighted to its registry total; so its
    interval is one interval and not a sum of two, while the scores keep each ratio's own linearisation.

    Parameters
    ----------
    survey : Survey
    ratios : mapping with ``exited`` and ``non_registry``
        Wrong exits of the exited and missed persons of the non-registry population.
    totals : mapping with ``remaining``, ``exited``, ``non_registry`` and ``rural``
        Registry numbers of persons, without sampling error.
    label : str
        Of the row.
    """
    whole = sum(totals[key] for key in ratios)
    shares = {key: totals[key] / whole for key in ratios}
    value = sum(shares[key] * ratio.value for key, ratio in ratios.items())
    scores = sum(shares[key] * ratio.scores for key, ratio in ratios.items())
    weight = sum(ratio.weight * ratio.den * totals[key] / (ratio.weight @ ratio.den) for key, ratio in ratios.items())
    event = sum(ratio.event for ratio in ratios.values())
    share = Estimate.of_scores(survey, value, scores, kind="proportion", event=event, weight=weight, label=label)
    return (totals["remaining"] + share * whole) / totals["rural"]


@dataclass(frozen=True, eq=False, repr=False)
class Incidence(Shown):
    """The combined incidence, as one estimate over the union frame and as the sum of its two rates.

    `judge` takes it as it takes an Estimate.

    Attributes
    ----------
    estimate : Estimate
        Over the union frame; of kind "proportion", so that its interval is KG-M.
    parts : mapping of str to Estimate
        ``exited``: the wrong-exit rate; ``non_registry``: the missed rate.
    totals : mapping of str to float
        ``remaining``, ``exited``, ``non_registry``, ``rural``: persons.
    """

    estimate: Estimate
    parts: Mapping[str, Estimate]
    totals: Mapping[str, float]

    @property
    def value(self) -> Array:
        return self.estimate.value

    @property
    def se(self) -> Array:
        return self.estimate.se

    @property
    def df(self) -> Array:
        return self.estimate.df

    @property
    def n(self) -> Any:
        return self.estimate.n

    @property
    def shift(self) -> Array:
        return self.estimate.shift

    @property
    def scale(self) -> Array:
        return self.estimate.scale

    def planning(self, icc: Any = None) -> tuple[Planning, Array]:
        """Return what KG-M needs; as `Estimate.planning`."""
        return self.estimate.planning(icc)

    def __float__(self) -> float:
        return float(self.estimate)

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        row = self.interval().iloc[0]
        e, q = (float(self.parts[key]) for key in GROUPS)
        limits = f"95% 区间 {row['low']:.3%}～{row['high']:.3%}"
        return f"综合贫困发生率 {float(self):.3%}（{limits}；错退率 {e:.3%}，漏评率 {q:.3%}）"

    def interval(self, level: float = 0.95, method: str | None = None, side: Side = "two", df: Any = None, icc: Any = None) -> pd.DataFrame:
        """Return the interval over the union frame; as `Estimate.interval`."""
        return self.estimate.interval(level, method, side, df, icc)

    def bound(self, side: Side, level: float = 0.95, method: str | None = None, df: Any = None, icc: Any = None) -> Array:
        """Return the one-sided bound over the union frame; as `Estimate.bound`."""
        return self.estimate.bound(side, level, method, df, icc)

    @property
    def correlation(self) -> float:
        """Correlation of the two rates, which come from the same villages; 0 where one of them has no variance."""
        cov = self.estimate.survey.covariance([self.parts[key].blocks[0].scores for key in GROUPS])
        spread = float(np.sqrt(cov[0, 0] * cov[1, 1]))
        return float(cov[0, 1]) / spread if spread > 0 else 0.0

    def table(self, level: float = 0.95, icc: Any = None) -> pd.DataFrame:
        """Return the interval made in three ways, one row each: method, estimate, se, low, high, note.

        ``kg-m`` over the union frame is the one to judge by. ``mover`` recovers it from the KG-M intervals of the two rates, with their
        correlation clipped to [0, 1]. ``delta`` is value ± t·se, which covers as little as 37 % of the time when a rate is near 0.

        Parameters
        ----------
        level : float
        icc : float or Clustering, optional
            As for `Estimate.interval`.
        """
        union, delta = self.interval(level, icc=icc).iloc[0], self.interval(level, method="t").iloc[0]
        limits = [union[["low", "high"]].to_list(), self._mover(level, icc), delta[["low", "high"]].to_list()]
        se = float(self.se[0])
        rows = [(way, float(self), se, *found, NOTES[way]) for way, found in zip(NOTES, limits, strict=True)]
        return pd.DataFrame(rows, columns=["method", "estimate", "se", "low", "high", "note"])

    def _mover(self, level: float, icc: Any) -> list[float]:
        found = [self.parts[key].interval(level, icc=icc).iloc[0] for key in GROUPS]
        gradient = [self.totals[key] / self.totals["rural"] for key in GROUPS]
        r = min(max(self.correlation, 0.0), 1.0)
        values = [float(self.parts[key]) for key in GROUPS]
        lows, highs = ([float(row[side]) for row in found] for side in ("low", "high"))
        whole = self.totals["remaining"] / self.totals["rural"]
        return [whole + limit for limit in intervals.mover(gradient, values, lows, highs, [[1, r], [r, 1]])]


NOTES = {
    "kg-m": "两类人合为一个总体的一个比例；判定用此行",
    "mover": "由两个率各自的 KG-M 区间合成；对照",
    "delta": "估计 ± t×标准误；率近 0 时盖不住，只作描述",
}


def incidence(
    survey: Survey,
    *,
    wrong_exit: str,
    missed: str,
    among_exited: Any,
    among_others: Any,
    remaining: float,
    exited: float,
    non_registry: float,
    rural: float,
    count: str | None = None,
    missing: Missing = "fail",
) -> Incidence:
    """Estimate the combined incidence θ = (R₀ + e·A + q·B)/P over the union frame.

    Parameters
    ----------
    survey : Survey
        One row a household.
    wrong_exit, missed : str
        0/1 or boolean columns: what the household was found to be.
    among_exited, among_others : condition, column name or boolean array
        Households of the exited and of the non-registry population; no household is both.
    remaining, exited, non_registry, rural : float
        R₀, A, B and P: persons (or households without `count`) in the registry, of one date; taken as known without error.
    count : str, optional
        Column of persons; every household counts 1 without it.
    missing : {"fail", "out", "no"}
        As in `proportion`.

    Returns
    -------
    Incidence

    Raises
    ------
    EstimateError
        Totals that cannot be (negative, R₀ + A + B above P), a household in both groups; as `proportion`.

    Notes
    -----
    e = Σw·a·y/Σw·a over the exited, q likewise over the others; the union frame weighs each group to its registry total, so one
    KG-M interval holds for the share that counts as poor (simulation: it covers 97.2–99.7 %, delta 37–91 %).

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> at = np.arange(1200)
    >>> table = pd.DataFrame({"village": at // 60, "exited": at % 2 == 0, "persons": 1 + at % 5})
    >>> table = table.assign(wrong=at % 401 == 0, missed=at == 603)
    >>> survey = ev.Survey.from_data(table, clusters=["village"])
    >>> found = ev.incidence(survey, wrong_exit="wrong", missed="missed", count="persons", among_exited="exited",
    ...                      among_others=~ev.col("exited").isin([True]), remaining=1200, exited=38000, non_registry=260000, rural=300000)
    >>> found
    综合贫困发生率 0.621%（95% 区间 0.401%～2.211%；错退率 0.222%，漏评率 0.222%）
    >>> found.table()["method"].to_list()
    ['kg-m', 'mover', 'delta']
    """
    totals = {"remaining": remaining, "exited": exited, "non_registry": non_registry, "rural": rural}
    _check(totals)
    asked = {"exited": (wrong_exit, among_exited), "non_registry": (missed, among_others)}
    parts = {key: proportion(survey, column, where=where, count=count, missing=missing) for key, (column, where) in asked.items()}
    found = on_one_survey(list(parts.values()))
    assert found is not None  # both were asked of one survey
    parts, survey = dict(zip(parts, found, strict=True)), found[0].survey  # what an engine holds was brought
    ratios = {key: _ratio(survey, part) for key, part in parts.items()}
    both = np.flatnonzero((ratios["exited"].den > 0) & (ratios["non_registry"].den > 0))
    faults = Faults("综合贫困发生率")
    if survey.alike is None:
        faults.add_rows(both, *TWICE)
    elif len(both):
        column, rule, remedy = TWICE
        faults.add(None, column, f"{rows_behind(survey)[both].sum():.0f} 户", rule, remedy)
    faults.refuse(EstimateError)
    return Incidence(union_incidence(survey, ratios, totals), parts, totals)


def _check(totals: Mapping[str, float]) -> None:
    faults = Faults("综合贫困发生率")
    known = {name: number for name, number in totals.items() if faults.is_number(name, number, "写登记的人数，去掉引号")}
    for name, number in known.items():
        if not (np.isfinite(number) and number >= 0 and (number > 0 or name == "remaining")):
            faults.add(None, name, number, "人数应为有限的正数（remaining 可为 0）", "写登记的人数")
    inside = sum(number for name, number in known.items() if name != "rural")
    if not faults and inside > totals["rural"] * (1 + 1e-12):
        faults.add(None, "rural", totals["rural"], f"应不少于 remaining + exited + non_registry = {inside:g}", "核对四个数的口径与日期")
    faults.refuse(EstimateError)


def _ratio(survey: Survey, part: Estimate) -> Ratio:
    """Return numerator and denominator behind a proportion of one row."""
    block = part.blocks[0]
    held, code = block.proportion, block.domain.code
    if held is None or len(part) != 1 or np.isnan(part.value[0]):
        raise EstimateError(f"{part.labels[0][-1]}｜应为 0/1 列，其总体中至少有 1 户｜核对列与 among_exited、among_others")
    inside = np.ones(len(survey)) if code is None else (code >= 0).astype(float)
    den = inside if held.counted is None else held.counted * inside
    return Ratio(held.event * den, den, survey.weights)
