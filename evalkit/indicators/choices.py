"""How far places and grades hang on choices: weights, normalisation, aggregation, and which sample was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import streams
from evalkit.composites import AGGREGATIONS, NORMALISATIONS, aggregate, normalise, places, sobol
from evalkit.errors import EstimateError, Faults
from evalkit.indicators.grading import grade_codes
from evalkit.patience import Progress, counted
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.indicators.scorecard import Scorecard

    Floats = NDArray[np.float64]

STREAM = "sensitivity"


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Shown):
    """Places and grades over many scenarios of choices.

    Attributes
    ----------
    scenarios : int
    factors : tuple of str
        抽样, 归一化, 合成, and the weight of each indicator.
    spread : float
        By how much weights move, as a share.
    """

    scenarios: int
    factors: tuple[str, ...]
    spread: float
    _units: pd.DataFrame
    _indices: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a unit: score, place, median_place, place_low, place_high (90 % of scenarios), score_low, score_high.

        Where grades are stated also ``grade`` and ``changed``, the share of scenarios in which it is another; grades by bands are looked
        at only in scenarios with the system's own scoring rules, as the bands are on that scale.
        """
        return self._units.copy()

    def indices(self) -> pd.DataFrame:
        """Return one row a factor: first-order and total Sobol index of the mean shift of places (of the score, where one unit)."""
        return self._indices.copy()

    def sentences(self) -> list[str]:
        """Return what may be said, in Chinese."""
        rows: list[Any] = list(self._units.itertuples(index=False))
        made = []
        if len(rows) > 1:
            told = (f"{r.unit}名次中位数 {r.median_place:g}（90% 情景在第 {r.place_low:g}～{r.place_high:g} 名）" for r in rows)
            made.append(f"{self.scenarios} 种情景（各指标分值变动 ±{self.spread:.0%}）中，{'；'.join(told)}。")
        if "changed" in self._units:
            made.append("等次改变的情景占：" + "；".join(f"{r.unit}（{r.grade}）{r.changed:.1%}" for r in rows) + "。")
        top = self._indices.sort_values("total", ascending=False, kind="stable").iloc[0]
        made.append(f"影响最大的是{top['factor']}（总效应 {top['total']:.2f}）。" if top["total"] > 0 else "各种选择都不改变结果。")
        return made

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        return "Sensitivity " + "\n".join(self.sentences())


@dataclass(frozen=True, eq=False)
class Choices:
    """What a scenario is computed from: fractions of full marks under each normalisation, and the weights."""

    fractions: dict[str, Floats]
    weights: Floats
    normalisations: tuple[str, ...]
    aggregations: tuple[str, ...]
    spread: float

    def scores(self, u: Floats) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
        """Return the scores (scenarios, units) of scenarios that uniform numbers (scenarios, factors) choose, draws and normalisations."""
        draws = len(next(iter(self.fractions.values())))
        sample = np.minimum((u[:, 0] * draws).astype(int), draws - 1)
        chosen = np.minimum((u[:, 1] * len(self.normalisations)).astype(int), len(self.normalisations) - 1)
        way = np.minimum((u[:, 2] * len(self.aggregations)).astype(int), len(self.aggregations) - 1)
        weights = self.weights * (1 + self.spread * (2 * u[:, 3:] - 1))
        made = np.empty((len(u), next(iter(self.fractions.values())).shape[1]))
        for i, name in enumerate(self.normalisations):
            for j, how in enumerate(self.aggregations):
                here = (chosen == i) & (way == j)
                made[here] = aggregate(self.fractions[name][sample[here]], weights[here][:, None, :], how)
        return made, sample, chosen


def sensitivity(
    card: Scorecard, *, base: int = 256, spread: float = 0.25, normalisations: Sequence[str] | None = None,
    aggregations: Sequence[str] = ("linear", "geometric"), progress: Progress | None = None,
) -> Sensitivity:  # fmt: skip
    """Score again under many choices, and say which of them matter.

    Parameters
    ----------
    card : Scorecard
        With at least one scored indicator.
    base : int
        Scenarios of one set, a power of 2; base × (factors + 2) are computed.
    spread : float
        Weights move each by a factor in [1 − spread, 1 + spread], evenly, in (0, 1).
    normalisations : sequence of str, optional
        Of `evalkit.composites.NORMALISATIONS`; all of them for three units or more, else only the system's own rules.
    aggregations : sequence of str
        Of `evalkit.composites.AGGREGATIONS`, over the leaves with their weights in the whole.
    progress : callable, optional
        Told a line a factor.

    Returns
    -------
    Sensitivity

    Raises
    ------
    EstimateError
        For unknown choices, a base that is no power of 2, nothing scored, all at once.

    References
    ----------
    OECD/JRC 2008, Handbook on Constructing Composite Indicators, step 7; Saisana, Saltelli & Tarantola 2005, JRSS-A 168:307, whose
    output, the mean absolute shift of places, the Sobol indices are of.
    """
    names = tuple(normalisations or (NORMALISATIONS if len(card.units_scored) > 2 else ("rules",)))
    _refuse(card, base, spread, names, tuple(aggregations))
    choices = _choices(card, names, tuple(aggregations), spread)
    leaves = [leaf for leaf in card.system.leaves if leaf.scored and leaf.weight > 0]
    factors = ("抽样", "归一化", "合成", *(f"分值 {leaf.name}" for leaf in leaves))
    a, b = (
        np.stack([streams.numbers(STREAM, side, f"{k}", base) for k in range(len(factors))], axis=1) for side in ("a", "b")
    )  # fmt: skip
    outputs = [_output(card, choices, _mixed(a, b, k)) for k in counted(range(len(factors)), "敏感性", progress)]
    first, total = sobol(_output(card, choices, a), _output(card, choices, b), np.stack(outputs))
    indices = pd.DataFrame({"factor": factors, "first": first, "total": total})
    return Sensitivity(2 * base, factors, spread, _told(card, choices, np.concatenate([a, b])), indices)


def _refuse(card: Scorecard, base: int, spread: float, names: tuple[str, ...], ways: tuple[str, ...]) -> None:
    faults = Faults("敏感性")
    for kind, given, table in (("normalisations", names, NORMALISATIONS), ("aggregations", ways, AGGREGATIONS)):
        for name in given:
            if name not in table:
                faults.add(None, kind, name, "没有这种方法", f"可用：{'、'.join(table)}")
        if not given:
            faults.add(None, kind, None, "至少一种", f"可用：{'、'.join(table)}")
    if not isinstance(base, int) or base < 2 or base & (base - 1):
        faults.add(None, "base", base, "应为 2 的幂", "写 256、512、1024")
    if not 0 < spread < 1:
        faults.add(None, "spread", spread, "应在 0 与 1 之间", "±25% 写 .25")
    if not bool((card.reach > 0).all()):
        faults.add(None, "system", card.system.title, "没有计分的指标", "只有门槛或记录的体系没有分值可变")
    faults.refuse(EstimateError)


def _mixed(a: Floats, b: Floats, k: int) -> Floats:
    made = a.copy()
    made[:, k] = b[:, k]
    return made


def _choices(card: Scorecard, names: tuple[str, ...], ways: tuple[str, ...], spread: float) -> Choices:
    system = card.system
    at = [j for j, leaf in enumerate(system.leaves) if leaf.scored and leaf.weight > 0]
    leaves = [system.leaves[j] for j in at]
    reach = np.stack([card.marks.reach[leaf.code] for leaf in leaves], axis=-1)
    own = np.stack([card.drawn.points[leaf.code] for leaf in leaves], axis=-1) / np.where(reach > 0, reach, 1.0)
    made = {"rules": own} if "rules" in names else {}
    for name in names:
        if name != "rules":
            columns = [_normalised(card.readings[..., j], system.leaves[j].direction, name, own[..., k]) for k, j in enumerate(at)]
            made[name] = np.stack(columns, axis=-1)
    return Choices(made, np.array([_whole_weight(card, leaf.code) for leaf in leaves]), names, ways, spread)


def _normalised(x: Floats, direction: str, name: str, own: Floats) -> Floats:
    """Return a leaf under another normalisation; one without direction goes by the fraction of its own points."""
    return normalise(x if direction == "above" else -x if direction == "below" else own, name)


def _whole_weight(card: Scorecard, code: str) -> float:
    """Return the weight of a leaf in the whole: shares of weighted groups are multiplied by what they are shares of."""
    item = card.system[code]
    weight = item.weight
    while item.parent:
        item = card.system[item.parent]
        weight *= item.weight if item.rule == "weighted" else 1.0
    return weight


def _output(card: Scorecard, choices: Choices, u: Floats) -> Floats:
    """Return the mean absolute shift of places against the scorecard's own; the score where there is one unit."""
    scores, _, _ = choices.scores(u)
    if scores.shape[1] == 1:
        return np.asarray(scores[:, 0] * card.system.full)
    return np.asarray(np.abs(places(scores) - places(card.scores)).mean(axis=1))


def _told(card: Scorecard, choices: Choices, u: Floats) -> pd.DataFrame:
    scores, sample, chosen = choices.scores(u)
    ranks, full = places(scores), card.system.full
    low, high = np.quantile(ranks, [0.05, 0.95], axis=0)
    bottom, top = np.quantile(scores * full, [0.05, 0.95], axis=0)
    columns: dict[str, Any] = {"unit": card.units_scored, "score": card.scores * card.scale, "place": places(card.scores)}
    columns |= {"median_place": np.median(ranks, axis=0), "place_low": low, "place_high": high, "score_low": bottom, "score_high": top}
    rule = card.system.grades
    if rule is not None and not card.open and ("rules" in choices.normalisations or rule.quota):
        vetoed = np.asarray(card.drawn.failed.any(axis=-1))[sample]
        codes = grade_codes(scores * full, vetoed, rule)
        now = np.array([rule.names.index(grade) for grade in card.grades])
        kept = np.full(len(u), bool(rule.quota))
        if not rule.quota:
            kept = np.asarray(chosen == choices.normalisations.index("rules"))
        columns |= {"grade": card.grades, "changed": np.not_equal(codes[kept], now).mean(axis=0)}
    return pd.DataFrame(columns)
