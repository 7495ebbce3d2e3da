"""What the estimate benchmark times, each job in a process of its own: ``python -m benchmarks.jobs NAME ROWS REPEATS``."""

from __future__ import annotations

import argparse
import ctypes
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import evalkit as ev
from benchmarks import floors
from benchmarks.memory import peak
from benchmarks.surveys import Floats, Raw, made_survey
from evalkit import calibration, intervals

Numbers = dict[str, Floats]
Run = Callable[[], Numbers]
SEED = "20260101-314159265358979"
SMALL = 20_000  # rows of the run that comes first, so that libraries loaded on demand cost the timed one nothing
COLUMNS = ("estimate", "se", "low", "high", "df", "deff", "n")
MARGIN_NAMES = ("a", "b", "c")


@dataclass(frozen=True)
class Cost:
    """What a job cost: median seconds, MB above what was held before it began, and its numbers, for comparison.

    Where it was broken off, `seconds` is how long it had run, and `above` is not known.
    """

    seconds: float
    above: float
    numbers: dict[str, float]
    version: str = ""
    broken_off: bool = False


def answers(raw: Raw, domains: int = 0) -> pd.DataFrame:
    """Return the survey as a table with text labels."""
    villages, households = raw.population()
    table = pd.DataFrame(
        {
            "stratum": pd.Series(raw.strata_labels(), dtype="str"),
            "village": pd.Series(raw.village_labels(), dtype="str"),
            "weight": raw.weight,
            "y": raw.y.astype(np.int64),
            "villages": villages,
            "households": households,
        }
    )
    return table.assign(domain=raw.domain(domains)) if domains else table


def surveyed(table: pd.DataFrame, stages: int) -> Any:
    """Describe the survey: villages with replacement, or two stages without."""
    if stages == 1:
        return ev.Survey.from_data(table, weights="weight", strata="stratum", clusters="village")
    units: Any = ["village", None]  # the second stage is the row itself
    return ev.Survey.from_data(table, weights="weight", strata="stratum", clusters=units, fpc=["villages", "households"])


def unasked(survey: Any) -> Any:
    """Return the Survey without what it remembers of earlier questions."""
    return replace(survey, stages=tuple(replace(stage) for stage in survey.stages), _known={})


def share(rows: int, domains: int, stages: int) -> Run:
    """Estimate a proportion with its full table; the Survey is ready."""
    survey = surveyed(answers(made_survey(rows), domains), stages)

    def run() -> Numbers:
        table = ev.proportion(unasked(survey), "y", by="domain" if domains else None).table()
        return {name: table[name].to_numpy(dtype=float) for name in COLUMNS}

    return run


def share_floor(rows: int, domains: int, stages: int) -> Run:
    """Make the same table in plain numpy from codes."""
    raw = made_survey(rows)
    domain = raw.domain(domains) if domains else None
    return lambda: floors.table(raw, domain, max(domains, 1), stages)


def build(rows: int) -> Run:
    """Build the Survey from text columns."""
    table = answers(made_survey(rows))

    def run() -> Numbers:
        survey = surveyed(table, 1)
        return {"df": np.array([float(survey.df)])}

    return run


def build_floor(rows: int) -> Run:
    """Turn each design column into codes once."""
    table = answers(made_survey(rows))

    def run() -> Numbers:
        strata, villages = floors.factorized([table["stratum"], table["village"]])
        return {"df": np.array([float(villages.max() - strata.max())])}

    return run


def bootstrap(rows: int, replicates: int) -> Run:
    """Make replicates and estimate a proportion by 100 domains."""
    survey = surveyed(answers(made_survey(rows), 100), 1)

    def run() -> Numbers:
        replicated = unasked(survey).replicate("rwy", replicates=replicates, seed=SEED)
        found = ev.proportion(replicated, "y", by="domain")
        return {"estimate": found.value, "random_se": found.se}

    return run


def bootstrap_floor(rows: int, replicates: int) -> Run:
    """Do the same with numpy's random numbers."""
    raw = made_survey(rows)
    domain = raw.domain(100)
    return lambda: floors.bootstrapped(raw, domain, 100, floors.drawn(raw, replicates, 1))


def rake(rows: int) -> Run:
    """Rake to three margins on codes."""
    raw = made_survey(rows)
    groups, targets = raw.margins(), raw.targets()
    return lambda: _told(raw.weight * calibration.rake(groups, raw.weight, targets, tol=1e-10).g)


def rake_floor(rows: int) -> Run:
    """Rake to three margins on codes, in plain numpy."""
    raw = made_survey(rows)
    groups, targets = raw.margins(), raw.targets()
    return lambda: _told(floors.raked(groups, targets, raw.weight))


def _told(weights: Floats) -> Numbers:
    return {"weights": weights, "squares": weights**2}


def _labelled(raw: Raw) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    table, targets = answers(raw), {}
    for name, codes, totals in zip(MARGIN_NAMES, raw.margins(), raw.targets(), strict=True):
        labels = np.array([f"{name}{level:02d}" for level in range(len(totals))], dtype=object)
        table[name] = pd.Series(labels[codes], dtype="str")
        targets[name] = dict(zip(labels.tolist(), totals.tolist(), strict=True))
    return table, targets


def rake_text(rows: int) -> Run:
    """Rake a Survey to margins in text columns."""
    table, targets = _labelled(made_survey(rows))
    survey = surveyed(table, 1)
    return lambda: _told(ev.weigh(unasked(survey), ev.Rake(targets, tol=1e-10)).weights)


def rake_text_floor(rows: int) -> Run:
    """Turn each margin into codes once, and rake nothing."""
    table, _ = _labelled(made_survey(rows))

    def run() -> Numbers:
        floors.factorized([table[name] for name in MARGIN_NAMES])
        return {}

    return run


def rare(rows: int) -> floors.Sums:
    """Return so many surveys with events, of 10 to 50 villages and 600 to 2,400 households, each as its sums."""
    numbers = np.random.default_rng(20260101)
    n, villages = numbers.integers(600, 2400, rows), numbers.integers(10, 51, rows).astype(float)
    share = numbers.integers(1, 60, rows) / n
    loss, take, deff = numbers.uniform(1, 1.6, rows), n / villages, numbers.uniform(0.8, 5, rows)
    events_df = np.minimum(numbers.integers(0, 10, rows), villages - 1)
    weights = loss / n  # Σw² where Σw = 1
    one, none = np.ones(rows), np.zeros(rows)
    return floors.Sums(n, one, share, deff * share * (1 - share) / n, none, villages - 1, take * weights, weights, none, events_df)


def kg_m(rows: int) -> Run:
    """Ask for many KG-M intervals from plain numbers."""
    sums = rare(rows)
    se, plan = np.sqrt(sums.endless), (sums.rows * sums.weights, sums.squares / sums.weights, sums.events_df)

    def run() -> Numbers:
        seen = intervals.proportion(sums.share, sums.rows, se=se, df=sums.df, planning=intervals.Planning(*plan))
        return {"low": seen.low, "high": seen.high}

    return run


def kg_m_floor(rows: int) -> Run:
    """Ask scipy for the same quantiles, one by one."""
    sums = rare(rows)

    def run() -> Numbers:
        low, high = floors.limits(sums, 1)
        return {"low": low, "high": high}

    return run


def imported(rows: int, code: str) -> Run:
    """Import in a fresh process; the seconds are those the process says."""
    asked = f"import time; begin = time.perf_counter(); {code}; print(time.perf_counter() - begin)"

    def run() -> Numbers:
        told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        return {"seconds": np.array([float(told.stdout)])}

    return run


LIBRARIES = "import numpy, pandas, scipy.special"
JOBS: dict[str, Callable[[int], Run]] = {
    **{f"share-{domains}-{stages}": partial(share, domains=domains, stages=stages) for domains in (0, 10, 100, 1000) for stages in (1, 2)},
    **{
        f"share-{domains}-{stages}-floor": partial(share_floor, domains=domains, stages=stages)
        for domains in (0, 10, 100, 1000)
        for stages in (1, 2)
    },
    "build": build,
    "build-floor": build_floor,
    **{f"bootstrap-{count}": partial(bootstrap, replicates=count) for count in (500, 10_000)},
    **{f"bootstrap-{count}-floor": partial(bootstrap_floor, replicates=count) for count in (500, 10_000)},
    "rake": rake,
    "rake-floor": rake_floor,
    "rake-text": rake_text,
    "rake-text-floor": rake_text_floor,
    "kg-m": kg_m,
    "kg-m-floor": kg_m_floor,
    "import": partial(imported, code="import evalkit"),
    "import-floor": partial(imported, code=LIBRARIES),
    "import-used": partial(imported, code="import evalkit; evalkit.Survey, evalkit.proportion, evalkit.weigh"),
}


def cost_of(name: str, rows: int, repeats: int) -> Cost:
    """Time a job in this process."""
    JOBS[name](min(rows, SMALL))()
    return timed(JOBS[name](rows), repeats)


def timed(run: Run, repeats: int) -> Cost:
    """Return the median of several runs, and the peak above what was held before the first."""
    before, seconds, numbers = held_before(), [], Numbers()
    for _ in range(repeats):
        begin = time.perf_counter()
        numbers = run()
        told = numbers.pop("seconds", None)  # of a process of its own
        seconds.append(time.perf_counter() - begin if told is None else float(told[0]))
    sums = {name: float(np.nansum(column)) for name, column in numbers.items()}
    return Cost(statistics.median(seconds), peak() - before, sums)


def held_before() -> float:
    """Give freed memory back and set the peak of this process to what it holds now, where the system can; return the peak in MB."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")
    return peak()


def main() -> None:
    """Time one job and say what it cost, as JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("name", choices=JOBS)
    asked.add_argument("rows", type=int)
    asked.add_argument("repeats", type=int)
    given = asked.parse_args()
    print(json.dumps(asdict(cost_of(given.name, given.rows, given.repeats))))


if __name__ == "__main__":
    main()
