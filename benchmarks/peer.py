"""The peer: the same draws with svy, run by a Python that has it; imports nothing of evalkit."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import svy  # in an environment of its own

STRATA = 300


def frame(count: int) -> pl.DataFrame:
    """Return the list of ``inputs.made_list`` with text labels."""
    sizes = np.random.default_rng(20260101).lognormal(5.0, 0.8, count).astype(np.int64) + 1
    labels = [f"{k:04d}" for k in (np.arange(count) * STRATA // count).tolist()]
    return pl.DataFrame({"unit": [f"{100000000000 + 7 * k}" for k in range(count)], "stratum": labels, "size": sizes.astype(float)})


def run_of(what: str, count: int, n: int) -> Callable[[], int]:
    """Return the run of a case: it gives back how many units were chosen."""
    listed = frame(count)

    def run() -> int:
        if what == "pps-systematic":
            sample = svy.Sample(listed, svy.Design(stratum="stratum", mos="size"))
            return len(sample.sampling.pps_sys(n, certainty_threshold=1.0, rstate=1).data)
        return len(svy.Sample(listed, svy.Design(stratum="stratum")).sampling.srs(n, rstate=1).data)

    return run


def peak() -> float:
    """Return the most memory this process has held, in MB; what its parent held before is no part of it."""
    status = Path("/proc/self/status")
    held = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
    return int(held[0].split()[1]) / 1024 if held else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Time a case: ``python peer.py NAME UNITS N REPEATS``."""
    what, count, n, repeats = sys.argv[1], *map(int, sys.argv[2:5])
    run, wall, cpu, chosen = run_of(what, count, n), [], [], 0
    for _ in range(repeats):
        begin, worked = time.perf_counter(), time.process_time()
        chosen = run()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - worked)
    told = {"seconds": statistics.median(wall), "cpu": statistics.median(cpu), "peak": peak(), "chosen": chosen, "print": ""}
    print(json.dumps(told | {"version": svy.__version__}))


if __name__ == "__main__":
    main()
