"""The Scorecard: points, gates, grades and ranks of one or several units, each with what the sample leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import ranking
from evalkit.composites import places
from evalkit.design.scoring import System
from evalkit.errors import EstimateError
from evalkit.indicators import telling
from evalkit.indicators.choices import Sensitivity, sensitivity
from evalkit.indicators.circumstances import circumstance_table
from evalkit.indicators.grading import grade_codes, light_codes
from evalkit.indicators.tree import Marks
from evalkit.indicators.values import Values, gates_of
from evalkit.later import later
from evalkit.sheets import write_csv
from evalkit.showing import Rows, Shown
from evalkit.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

charts = later("evalkit.charts")


@dataclass(frozen=True, eq=False, repr=False)
class Scorecard(Shown):
    """Units scored by a system of indicators.

    Attributes
    ----------
    system : System
    values : Values
    marks, drawn : Marks
        Points by the values, and by each of the joint draws.
    readings : (draws, units, leaves) array
        The values behind `drawn`.
    verdicts : dict of (unit, code) to Verdict
        Of the gates that rest on an estimate.
    level : float
        Of the ranges of points, scores and places.
    """

    system: System
    values: Values
    marks: Marks
    drawn: Marks
    readings: Floats
    verdicts: dict[tuple[str, str], Verdict]
    level: float

    @property
    def units_scored(self) -> tuple[str, ...]:
        """Names of the units."""
        return self.values.units

    @property
    def sampled(self) -> bool:
        """Whether any value has a sampling error."""
        return bool(self.values.sampled)

    @property
    def scores(self) -> Floats:
        """Points of each unit, (units,)."""
        return self.marks.total(self.system)[0]

    @property
    def reach(self) -> Floats:
        """Most points that each unit could have, (units,)."""
        return self.marks.total(self.system)[1]

    @property
    def scale(self) -> Floats:
        """What points are multiplied by so that the reach is full marks, (units,)."""
        return np.asarray(np.where(self.reach > 0, self.system.full / np.where(self.reach > 0, self.reach, 1.0), 1.0))

    @property
    def vetoed(self) -> NDArray[np.bool_]:
        """Which units fail a gate, (units,)."""
        return np.asarray(self.marks.failed.any(axis=-1))

    @property
    def open(self) -> bool:
        """Whether a part of the system is not published, so that no grade can be given."""
        return any(item.rule == "open" for item in self.system.item)

    @cached_property
    def grades(self) -> tuple[str, ...]:
        """The grade of each unit; empty where no grade is stated or a part is not published."""
        codes = self._grade_codes(self.scores, self.vetoed)
        names = self.system.grades.names if self.system.grades else ()
        return tuple(names[code] for code in codes) if codes is not None else ("",) * len(self.units_scored)

    @cached_property
    def grade_shares(self) -> pd.DataFrame:
        """The share of draws in which each unit has each grade, one row a unit, one column a grade.

        Raises
        ------
        EstimateError
            When the system states no grades.
        """
        codes = self._grade_codes(self.drawn.total(self.system)[0], np.asarray(self.drawn.failed.any(axis=-1)))
        if codes is None or self.system.grades is None:
            raise EstimateError("grades｜体系没有等次规则，或有未公布的部分｜写 [indicators.grades]")
        names = self.system.grades.names
        shares = {name: (codes == at).mean(axis=0) for at, name in enumerate(names)}
        return pd.DataFrame({"unit": self.units_scored, **shares})

    def _grade_codes(self, scores: Floats, vetoed: NDArray[np.bool_]) -> Any:
        rule = self.system.grades
        return None if rule is None or self.open else grade_codes(scores * self.scale, vetoed, rule)

    def range_of(self, drawn: Floats) -> tuple[Floats, Floats]:
        """Return the low and high end of the draws at the level, along the first axis."""
        low, high = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        return low, high

    def table(self) -> pd.DataFrame:
        """Return one row for each unit and indicator, groups before their members.

        Returns
        -------
        DataFrame
            unit, depth, code, name, parent, measure (its unit), rule, direction, target, value, points, reach, weight, low, high (range of
            the points over the draws), met (of a gate), zone, source, date, who, note. A number that there is not is NaN.
        """
        return pd.DataFrame(telling.rows(self))

    def units(self) -> pd.DataFrame:
        """Return one row a unit: score, reach, range, failed gates, grade and its share of the draws, place and rank sets.

        Returns
        -------
        DataFrame
            unit, score, reach, full, low, high, failed, unproven (gates that the sample does not prove), conclusion, grade, grade_share (of
            the draws with this very grade); with several units also place, place_low, place_high (over the draws), first, last (rank set at
            95 %, Mogstad et al.), first_kww, last_kww (Klein et al.).
        """
        low, high = self.range_of(self.drawn.total(self.system)[0])
        columns: dict[str, Any] = {"unit": self.units_scored, "score": self.scores, "reach": self.reach, "full": self.system.full}
        columns |= {"low": low, "high": high, "failed": [self.failed(unit) for unit in self.units_scored]}
        columns |= {"unproven": [self.unproven(unit) for unit in self.units_scored]}
        columns |= {"conclusion": [telling.conclusion(self, unit) for unit in self.units_scored], "grade": self.grades}
        if self.system.grades and not self.open:
            shares = self.grade_shares
            columns["grade_share"] = [float(shares[grade].iloc[i]) for i, grade in enumerate(self.grades)]
        return pd.DataFrame(columns | (self._placed() if len(self.units_scored) > 1 and self.system.full > 0 else {}))

    def _placed(self) -> dict[str, Any]:
        drawn = self.drawn.total(self.system)[0]
        low, high = self.range_of(places(drawn))
        half = np.quantile(drawn, [0.1587, 0.8413], axis=0)
        se = (half[1] - half[0]) / 2
        found: dict[str, Any] = {"place": places(self.scores), "place_low": low, "place_high": high}
        for method, tail in (("mrsw", ""), ("kww", "_kww")):
            sets = ranking.rank_sets(self.scores, se, method=method)
            found |= {f"first{tail}": sets.first, f"last{tail}": sets.last}
        return found

    def failed(self, unit: str) -> str:
        """Return the names of the gates that a unit fails, joined."""
        at = self.units_scored.index(unit)
        return "、".join(leaf.name for k, (_, leaf) in enumerate(gates_of(self.system)) if self.marks.failed[at, k])

    def unproven(self, unit: str) -> str:
        """Return the names of the gates whose legal result the sample does not prove, joined."""
        gates = gates_of(self.system)
        return "、".join(leaf.name for _, leaf in gates if (v := self.verdicts.get((unit, leaf.code))) is not None and not v.confident)

    def lights(self, period: str = "") -> pd.DataFrame:
        """Return the light of each unit by the system's rule: unit, period, score, light, share (of draws with this light), firm (≥ 95 %).

        Raises
        ------
        EstimateError
            When the system has no rule for lights.
        """
        rule = self.system.lights
        if rule is None:
            raise EstimateError("lights｜体系没有亮灯规则｜写 [indicators.lights]：rule、red、yellow、source")
        return telling.light_table(self, period, light_codes, rule)

    def circumstances(self, noted: Any = None) -> pd.DataFrame:
        """Return which circumstances a reader has to know of; see `evalkit.indicators.circumstance_table`."""
        return circumstance_table(self, noted)

    def sensitivity(self, **options: Any) -> Sensitivity:
        """Return how places and grades hang on weights, normalisation, aggregation and sample; see `evalkit.indicators.sensitivity`."""
        return sensitivity(self, **options)

    def beside(self, other: Scorecard, names: Sequence[str] = ("自评分", "考核分")) -> pd.DataFrame:
        """Set another scorecard, such as a self-score, beside this one.

        Parameters
        ----------
        other : Scorecard
            Of the same system and units.
        names : two of str
            What the other and this one are called.

        Returns
        -------
        DataFrame
            unit, code, name, 标准分, both points, 差 (this one less the other), source.

        Raises
        ------
        EstimateError
            When the systems or the units differ.
        """
        return telling.beside(self, other, tuple(names))

    def sentences(self) -> list[str]:
        """Return what may be said, in Chinese: the result of each unit, what the sample leaves open, what is not published."""
        return telling.sentences(self)

    def save(self, path: str | Path) -> Path:
        """Write the table as CSV and return the path."""
        return write_csv(self.table(), path)

    def _rows_shown(self) -> Rows:
        return telling.card_rows(self)

    def __repr__(self) -> str:
        return telling.tree_text(self)

    def plot(self, **options: Any) -> Any:
        """Draw the points of one unit, or the scores of several; `evalkit.charts.scorecard_plot` says what may be asked."""
        return charts.scorecard_plot(self, **options)
