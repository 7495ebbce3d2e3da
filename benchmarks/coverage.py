"""How often intervals cover: ``python -m benchmarks coverage`` makes the table of methods §1.3 anew and writes docs/coverage.md."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import evalkit as ev
from benchmarks import beyond, coverage_page
from benchmarks.alone import ROOT
from benchmarks.counts import MODELS, RATES, SIZES, Cell, Sums, drawn, grid
from benchmarks.covering import MAIN, TRUE_ICC, WAYS, Way, by_design, self_weighting, summary, table
from evalkit import charts
from evalkit.charts import Chart

PAGE = ROOT / "docs" / "coverage.md"
FURTHER = (0.2, 0.3, 0.5)  # correlations beyond the grid
NCHS = next(way for way in WAYS if way.method == "kg-nchs")
FURTHER_WAYS = (MAIN, Way("KG-M，给定真 ICC", "kg-m", TRUE_ICC), NCHS)
SHOWN = tuple(way for way in WAYS if way.method in ("wald", "logit-t", "kg-nchs") or way == MAIN)
CHECKED = (Cell(10, 100, 0.005, 0.1, "bad"), Cell(20, 60, 0.02, 0.05, "beta"), Cell(44, 30, 0.1, 0.02, "beta"))
SAME = ("wald-t", "logit-t", "wilson-t", "kg-nchs")  # methods that go through a Survey too, beside KG-M
GATE = 0.02


@dataclass(frozen=True, eq=False)
class Found:
    """Everything the page tells.

    Attributes
    ----------
    cells, further, settings : pandas.DataFrame
        Tallies of the grid, of larger correlations, and of the settings beyond.
    turns : pandas.DataFrame
        Correlations at which verdicts change.
    difference : float
        Largest relative difference between limits through the springs and through a Survey.
    replicates, fewer, checked : int
        Samples of a cell of the grid, of the settings beyond, and of a cell that went through a Survey.
    """

    cells: pd.DataFrame
    further: pd.DataFrame
    settings: pd.DataFrame
    turns: pd.DataFrame
    difference: float
    replicates: int
    fewer: int
    checked: int

    def summary(self) -> pd.DataFrame:
        """Return the table of methods §1.3."""
        return summary(self.cells, WAYS)


def further(replicates: int, jobs: int, sizes: Sequence[tuple[int, int]] = SIZES, rates: Sequence[float] = RATES) -> pd.DataFrame:
    """Tally correlations beyond the grid, KG-M also with the true one."""
    cells = [Cell(m, b, p, rho, model) for m, b in sizes for p in rates for rho in FURTHER for model in MODELS]
    return table(by_design(cells, icc=True), FURTHER_WAYS, replicates, jobs)


def through_surveys(cell: Cell, samples: int) -> float:
    """Return the largest relative difference of limits when replicates go through `Survey.from_data`, `proportion` and `interval`."""
    counts = drawn(cell, samples)
    springs = self_weighting(Sums.of(counts), cell.villages, cell.take)
    village, place = np.repeat(np.arange(cell.villages), cell.take), np.tile(np.arange(cell.take), cell.villages)
    known = {way.method: springs.interval(way, 0.95) for way in (MAIN, *(way for way in WAYS if way.method in SAME))}
    worst = 0.0
    for at in range(samples):
        answers = pd.DataFrame({"village": village, "wrong": (place < counts[at][village]).astype(int)})
        estimate = ev.proportion(ev.Survey.from_data(answers, clusters="village"), "wrong")
        for method, limits in known.items():
            seen = estimate.interval(method=method)
            for own, other in ((limits.low[at], seen["low"].iloc[0]), (limits.high[at], seen["high"].iloc[0])):
                worst = max(worst, abs(own - other) / max(abs(other), 1e-12))
    return worst


# -- the correlation at which a verdict changes -------------------------------------------------------------------

PATTERNS: tuple[tuple[str, int, bool], ...] = (
    ("0 例", 0, True), ("1 例", 1, True), ("3 例，3 村", 3, True), ("3 例，1 村", 3, False), ("6 例，6 村", 6, True),
    ("6 例，1 村", 6, False),
)  # fmt: skip
RATES_SEEN = (0.03, 0.05, 0.08)  # spread over all villages


def zone(counts: Sequence[int], take: int, icc: float) -> str:
    """Return what one-sided 95 % bounds of KG-M prove about the gate of 2 % with a planned correlation."""
    sums = Sums.of(np.array([counts]))
    bounds = self_weighting(sums, len(counts), take).interval(Way("", "kg-m", icc), 0.90)
    return "met" if bounds.high[0] < GATE else "not met" if bounds.low[0] > GATE else "not proven"


def turning(counts: Sequence[int], take: int) -> tuple[str, float]:
    """Return the verdict with the least correlations, and the correlation up to which it holds (inf: any)."""
    first = zone(counts, take, 0.0)
    if first == "not proven" or zone(counts, take, 1.0) == first:
        return first, np.inf
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if zone(counts, take, middle) == first else (low, middle)
    return first, low


def turns(sizes: Sequence[tuple[int, int]] = (*SIZES, (10, 120), (40, 30))) -> pd.DataFrame:
    """Return the correlations at which verdicts change: villages, take, pattern, zone, icc."""
    rows = []
    for villages, take in sorted(sizes):
        patterns = [(title, _spread(count, villages if apart else 1, villages)) for title, count, apart in PATTERNS]
        patterns += [(f"{100 * rate:g}%，各村相近", _spread(round(rate * villages * take), villages, villages)) for rate in RATES_SEEN]
        for title, counts in patterns:
            held, icc = turning(counts, take)
            rows.append({"villages": villages, "take": take, "pattern": title, "zone": held, "icc": icc})
    return pd.DataFrame(rows)


def _spread(events: int, over: int, villages: int) -> list[int]:
    """Return counts of villages with so many events, as even as may be over the first `over` of them."""
    return [events // over + (at < events % over) if at < over else 0 for at in range(villages)]


# -- running --------------------------------------------------------------------------------------------------------


def found(replicates: int, fewer: int, samples: int, jobs: int) -> Found:
    """Run everything."""
    cells = table(by_design(grid()), WAYS, replicates, jobs)
    more, settings = further(replicates, jobs), beyond.table(fewer, jobs)
    difference = max(through_surveys(cell, samples) for cell in CHECKED)
    return Found(cells, more, settings, turns(), difference, replicates, fewer, samples)


def picture(made: Found) -> Chart:
    """Draw the worst coverage over designs and models, a group of rows a method and a row a correlation."""
    kept = made.cells[made.cells["way"].isin([way.title for way in SHOWN])]
    rows = pd.concat([kept, made.further[made.further["way"] == MAIN.title]])
    least = rows.groupby(["way", "icc", "rate"], sort=False, as_index=False)["cover"].min()
    least["way"] = least["way"].str.partition("（")[0]
    order = {way.title.partition("（")[0]: at for at, way in enumerate(SHOWN)}
    least = least.assign(at=least["way"].map(order)).sort_values(["at", "icc"], kind="stable")
    least["icc"] = [f"ICC {icc:g}" for icc in least["icc"]]
    title = "95% 双侧区间在最差设计与模型下的覆盖率，按真实率"
    axes = charts.heat_plot(least, ["way", "icc"], "rate", "cover", nominal=0.95, title=title)
    return Chart.of(axes, "coverage")


def processor() -> float:
    """Return the seconds of processor time that this process and those it started have taken."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def main(words: Sequence[str] | None = None) -> None:
    """Run the benchmark and write page and picture."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks coverage", description=__doc__)
    asked.add_argument("--date", default="", help="the date that the page bears, beside the time it took; without it neither is told")
    asked.add_argument("--replicates", type=int, default=10_000, help="a cell of the grid")
    asked.add_argument("--fewer", type=int, default=4_000, help="a cell of the settings beyond the grid")
    asked.add_argument("--samples", type=int, default=300, help="samples of a checked cell that go through a Survey")
    asked.add_argument("--jobs", type=int, default=2, help="processes; the numbers do not depend on them")
    asked.add_argument("--out", type=Path, default=PAGE)
    given = asked.parse_args(words)
    begin = time.perf_counter()
    made = found(given.replicates, given.fewer, given.samples, given.jobs)
    cost = (time.perf_counter() - begin, processor(), given.jobs)
    drawn_chart = picture(made)
    given.out.with_suffix(".png").write_bytes(drawn_chart.png(160))
    given.out.write_text(coverage_page.page(made, drawn_chart, given.date, cost, given.out.stem), encoding="utf-8")
    print((100 * made.summary()).round(1).to_string())
    print(f"{cost[0]:.0f} s, {cost[1]:.0f} s of processor time\n{given.out}")


if __name__ == "__main__":
    main()
