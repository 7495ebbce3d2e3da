"""The peer: the same estimates with svy, run by a Python that has it; imports nothing of evalkit."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import svy  # in an environment of its own

from benchmarks.surveys import made_survey

Told = dict[str, float]


def run_of(what: str, rows: int) -> Callable[[], Told]:
    """Return the run of a job, ``build`` or ``share-DOMAINS-STAGES``, its input ready."""
    raw = made_survey(rows)
    villages, households = raw.population()
    table = pl.DataFrame(
        {"stratum": raw.strata_labels().tolist(), "village": raw.village_labels().tolist(), "weight": raw.weight,
         "y": raw.y.astype(np.int64), "villages": villages, "households": households}
    ).with_columns(household=pl.int_range(pl.len()))  # fmt: skip
    if what == "build":
        return lambda: {"rows": float(len(described(table, 1).data))}
    domains, stages = map(int, what.split("-")[1:3])
    if domains:
        table = table.with_columns(domain=pl.Series(raw.domain(domains)))
    sample = described(table, stages)

    def run() -> Told:
        found = sample.estimation.prop("y", by="domain" if domains else None, ci_method="korn-graubard", deff="wr").to_polars()
        found = found.filter(pl.col("y").cast(pl.String) == "1")
        return {"estimate": float(found["est"].sum()), "se": float(found["se"].sum())}

    return run


def described(table: pl.DataFrame, stages: int) -> svy.Sample:
    """Describe the survey: villages with replacement, or two stages without."""
    if stages == 1:
        return svy.Sample(table, svy.Design(stratum="stratum", psu="village", wgt="weight"))
    sizes = svy.PopSize(psu="villages", ssu="households")
    return svy.Sample(table, svy.Design(stratum="stratum", psu="village", ssu="household", wgt="weight", pop_size=sizes))


def peak() -> float:
    """Return the most memory this process has held, in MB."""
    status = Path("/proc/self/status")
    held = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
    return int(held[0].split()[1]) / 1024 if held else 0.0


def main() -> None:
    """Time a job: ``python -m benchmarks.peer_estimate NAME ROWS REPEATS``."""
    what, rows, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    run_of(what, 20_000)()
    run, seconds, numbers = run_of(what, rows), [], Told()
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    for _ in range(repeats):
        begin = time.perf_counter()
        numbers = run()
        seconds.append(time.perf_counter() - begin)
    cost = {"seconds": statistics.median(seconds), "above": peak() - before, "numbers": numbers, "version": svy.__version__}
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
