"""How often intervals hold the truth: the ways to make one, the limits of a sample, the tally of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.counts import Cell, Ints, Numbers, Sums, drawn
from evalkit import intervals
from evalkit.intervals import Interval, Planning

TRUE_ICC = -1.0  # stands for the correlation of the cell itself
WALD = "wald"  # the textbook's ± t·se, which is a point where no event was found; proportion(method="wald-t") is not


@dataclass(frozen=True)
class Way:
    """One way to make an interval: its name in the table, the method of `evalkit.intervals`, and for KG-M the planned ICC."""

    title: str
    method: str
    icc: float | None = None


WAYS = (
    Way("Wald-t（书本公式，0 例时为一点）", WALD),
    Way("Wald-t（0 例改用 CP）", "wald-t"),
    Way("arcsine-t", "arcsine-t"),
    Way("Rao–Scott 似然-t", "likelihood-t"),
    Way("Jeffreys（n_eff）", "jeffreys"),
    Way("均匀先验", "uniform"),
    Way("logit-t", "logit-t"),
    Way("log-t", "log-t"),
    Way("Wilson-z", "wilson"),
    Way("Wilson-t", "wilson-t"),
    Way("Agresti–Coull-t", "agresti-coull-t"),
    Way("Clopper–Pearson，不计设计", "clopper-pearson"),
    Way("Korn–Graubard，R", "kg"),
    Way("Korn–Graubard，NCHS", "kg-nchs"),
    Way("KG-M，ρ0 = .05", "kg-m", 0.05),
    Way("KG-M，ρ0 = .02（偏小）", "kg-m", 0.02),
)
MAIN = WAYS[-2]


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples as the springs read them: numbers, or arrays with an entry a sample.

    Attributes
    ----------
    value, se : float arrays
    n, df : float or float array
    planning : Planning
        Its `icc` is replaced by that of the way.
    df_m : float, optional
        Degrees of freedom that KG-M counts, where they are not `df` (strata taken whole).
    """

    value: Numbers
    se: Numbers
    n: float | Numbers
    df: float
    planning: Planning
    df_m: float | None = None

    def interval(self, way: Way, level: float, icc: float = TRUE_ICC) -> Interval:
        """Ask the springs for two-sided limits."""
        if way.method == WALD:
            return intervals.student(self.value, self.se, self.df, level=level)
        if way.icc is None:
            return intervals.proportion(self.value, self.n, se=self.se, df=self.df, method=way.method, level=level)
        planned = Planning(**{**vars(self.planning), "icc": icc if way.icc == TRUE_ICC else way.icc})
        df = self.df if self.df_m is None else self.df_m
        return intervals.proportion(self.value, self.n, se=self.se, df=df, method=way.method, level=level, planning=planned)


def self_weighting(sums: Sums, villages: int, take: int) -> Samples:
    """Return samples of one stratum of equal takes and weights; v = Σ(y/b − p)²/(m(m − 1)) with m villages of b."""
    n = villages * take
    value = sums.total / n
    spread = np.maximum(sums.squares - sums.total**2 / villages, 0.0)
    se = np.sqrt(spread / (villages * (villages - 1))) / take
    return Samples(value, se, n, villages - 1.0, Planning(1.0, take, np.maximum(sums.hit - 1, 0)))


@dataclass(frozen=True, eq=False)
class Limits:
    """Two-sided limits and both one-sided bounds of each of some samples."""

    low: Numbers
    high: Numbers
    lower: Numbers
    upper: Numbers

    @staticmethod
    def of(samples: Samples, way: Way, icc: float = TRUE_ICC) -> Limits:
        """Ask for the two-sided interval, and for both one-sided bounds at once: they are the two-sided limits of 90 %."""
        two, bounds = samples.interval(way, 0.95, icc), samples.interval(way, 0.90, icc)
        return Limits(two.low, two.high, bounds.low, bounds.high)

    def tally(self, truth: float | Numbers, place: Ints | slice = slice(None)) -> dict[str, float]:
        """Return shares of samples: limits that hold the truth, bounds on its wrong side; and the mean width."""
        low, high, lower, upper = (part[place] for part in (self.low, self.high, self.lower, self.upper))
        held = (low <= truth) & (truth <= high)
        return {
            "cover": float(held.mean()), "upper_error": float((upper < truth).mean()), "lower_error": float((lower > truth).mean()),
            "width": float((high - low).mean()),
        }  # fmt: skip


def tallied(cells: Sequence[Cell], ways: Sequence[Way], replicates: int) -> list[dict[str, object]]:
    """Tally cells of one design: limits are asked for once for each sample that differs.

    Where a way takes the correlation of the cell itself, all cells must share it.
    """
    villages, take = cells[0].villages, cells[0].take
    every = [Sums.of(drawn(cell, replicates)) for cell in cells]
    together = Sums(*(np.concatenate([getattr(sums, part) for sums in every]) for part in ("total", "squares", "hit")))
    distinct, place = together.distinct()
    samples, rows = self_weighting(distinct, villages, take), list[dict[str, object]]()
    for way in ways:
        limits = Limits.of(samples, way, cells[0].icc)
        for at, cell in enumerate(cells):
            own = place[at * replicates : (at + 1) * replicates]
            none = float((every[at].total == 0).mean())
            rows.append({**vars(cell), "way": way.title, **limits.tally(cell.rate, own), "none": none})
    return rows


def table(groups: Iterable[Sequence[Cell]], ways: Sequence[Way], replicates: int, jobs: int = 1) -> pd.DataFrame:
    """Tally groups of cells, each of one design, in so many processes; the numbers do not depend on how many.

    Returns
    -------
    pandas.DataFrame
        Columns villages, take, rate, icc, model, way, cover, upper_error, lower_error, width, none.
    """
    work = partial(tallied, ways=ways, replicates=replicates)
    if jobs == 1:
        return pd.DataFrame([row for group in groups for row in work(group)])
    with ProcessPoolExecutor(jobs) as pool:
        return pd.DataFrame([row for rows in pool.map(work, list(groups)) for row in rows])


def by_design(cells: Sequence[Cell], icc: bool = False) -> list[list[Cell]]:
    """Group cells by design, or by design and correlation; the largest first, so that processes end together."""
    groups: dict[tuple[float, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.villages, cell.take, cell.icc if icc else 0.0), []).append(cell)
    return sorted(groups.values(), key=lambda group: -group[0].villages * group[0].take)


def summary(found: pd.DataFrame, ways: Sequence[Way]) -> pd.DataFrame:
    """Return one row a way, as methods §1.3 prints it: means over designs, models and ICC above 0, and the worst of all cells.

    Returns
    -------
    pandas.DataFrame
        Indexed by way; columns rates (mean coverage), "worst", "upper_mean", "upper_worst" (at 2 %), and ("width", rate).
    """
    some = found[found["icc"] > 0]
    lines: dict[str, Mapping[object, float]] = {}
    for way in ways:
        own, all_own = some[some["way"] == way.title], found[found["way"] == way.title]
        at_gate = own[own["rate"] == 0.02]
        line: dict[object, float] = dict(own.groupby("rate")["cover"].mean())
        line |= {"worst": all_own["cover"].min(), "upper_mean": at_gate["upper_error"].mean(), "upper_worst": at_gate["upper_error"].max()}
        line |= {("width", rate): width for rate, width in own.groupby("rate")["width"].mean().items()}
        line["lower_worst"] = all_own["lower_error"].max()
        lines[way.title] = line
    return pd.DataFrame.from_dict(lines, orient="index")


def worst(found: pd.DataFrame, way: Way) -> tuple[float, str]:
    """Return the least coverage of a way, and the cell it is in, in words."""
    own = found[found["way"] == way.title]
    row = own.iloc[int(own["cover"].to_numpy().argmin())]
    return float(row["cover"]), f"{row['villages']}×{row['take']}，p = {100 * row['rate']:g}%，ICC {row['icc']:g}，{row['model']}"
