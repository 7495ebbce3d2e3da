"""Importance and performance: which questions matter and are answered badly, with the uncertainty of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EstimateError
from evalkit.estimates import Estimate
from evalkit.later import later
from evalkit.satisfaction.moments import drivers
from evalkit.satisfaction.scales import Missing, Scales
from evalkit.satisfaction.scoring import scores
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.survey import Survey

charts = later("evalkit.charts")

CEILING = 90.0  # points: where every question is above it, differences between them are no guide
QUADRANTS = {(True, False): "优先改进", (True, True): "继续保持", (False, False): "次要改进", (False, True): "维持即可"}


@dataclass(frozen=True, eq=False, repr=False)
class Priorities(Shown):
    """Performance and derived importance of several questions.

    Attributes
    ----------
    performance : Estimate
        Mean scores, 0 to 100.
    importance : Estimate
        Shares of R² by relative weights, adding up to 1.
    explained : float
        R² of the overall question on all of them.
    cuts : tuple of float
        Performance and importance that part the quadrants.
    level : float
        Of the intervals.
    """

    performance: Estimate
    importance: Estimate
    explained: float
    cuts: tuple[float, float]
    level: float

    @property
    def ceiling(self) -> bool:
        """Whether every question has more than 90 points."""
        return bool((self.performance.value > CEILING).all())

    def table(self) -> pd.DataFrame:
        """Return one row a question: both values with their intervals, the quadrant, and whether both intervals stay inside it."""
        columns: dict[str, Any] = {"item": [label[-1] for label in self.performance.labels]}
        sides = []
        for name, made, cut in zip(("performance", "importance"), (self.performance, self.importance), self.cuts, strict=True):
            limits = made.interval(self.level)
            columns |= {name: made.value, f"{name}_low": limits["low"].to_numpy(), f"{name}_high": limits["high"].to_numpy()}
            sides.append((made.value >= cut, (columns[f"{name}_low"] > cut) | (columns[f"{name}_high"] < cut)))
        (good, sure), (matters, certain) = sides
        columns["quadrant"] = [QUADRANTS[bool(m), bool(g)] for m, g in zip(matters, good, strict=True)]
        return pd.DataFrame({**columns, "firm": sure & certain})

    def sentence(self) -> str:
        """Return what may be read from it, in Chinese."""
        if self.ceiling:
            return f"各题均高于 {CEILING:g} 分（天花板），象限只示先后，不作判读。"
        table = self.table()
        urgent = table[(table["quadrant"] == QUADRANTS[True, False]) & table["firm"]]["item"]
        open_ = int((~table["firm"]).sum())
        told = f"优先改进：{'、'.join(urgent)}" if len(urgent) else "没有一题能确定为优先改进"
        return f"{told}；{open_} 题的区间跨过分界线，归属不能确定。" if open_ else f"{told}。"

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        return f"Priorities：{len(self.performance)} 题，R² {self.explained:.2f}；{self.sentence()}"

    def plot(self, **options: Any) -> Any:
        """Draw the four quadrants; `evalkit.charts.priorities_plot` says what may be asked."""
        return charts.priorities_plot(self, **options)


def prioritize(
    survey: Survey, outcome: str, items: Sequence[str], scale: Scales, *, where: Any = None, missing: Missing = "fail",
    cuts: tuple[float, float] | None = None, level: float = 0.95,
) -> Priorities:  # fmt: skip
    """Set the performance of questions beside the importance derived from an overall one.

    Parameters
    ----------
    survey : Survey
    outcome : str
        The overall question.
    items : list of str
        At least 2 questions about its parts.
    scale : Scale, or mapping of item to Scale
    where, missing
        As for `scores`.
    cuts : (float, float), optional
        Performance (0 to 100) and importance (0 to 1) that part the quadrants; the means over the questions when not given.
    level : float
        Of the intervals.

    Returns
    -------
    Priorities

    Raises
    ------
    EstimateError
        Fewer than 2 questions; and what `scores` and `drivers` refuse.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"总": [9, 8, 3, 4, 6, 9], "甲": [9, 7, 2, 5, 6, 9], "乙": [9, 9, 8, 10, 9, 8]})
    >>> found = ev.prioritize(ev.Survey.from_data(table), "总", ["甲", "乙"], ev.Scale.numbered(0, 10, top=(9, 10)))
    >>> found.table()["quadrant"].tolist()
    ['优先改进', '维持即可']
    """
    if len(items) < 2:
        raise EstimateError(f"items：{len(items)} 个｜至少 2 题才能分象限｜补上题目")
    performance = scores(survey, items, scale, where=where, missing=missing)
    found = drivers(survey, outcome, items, scale, where=where, missing=missing)
    importance = found.value[:-1]
    parted = cuts or (float(performance.value.mean()), 1 / len(items))
    shares = Estimate.of_blocks(
        survey, [importance[[at]] for at in range(len(items))], [(item,) for item in items], ("variable",), "index", list(found.blocks[:-1])
    )
    return Priorities(performance, shares, float(found.value[-1]), parted, level)
