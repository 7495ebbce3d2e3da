"""Five kernels whose instructions are counted: ``python -m benchmarks.kernels`` runs each, once and six times, in a process of its own.

The processes are forks of one, so that what is imported is counted once for all; a fifth of their difference is the work of a kernel alone,
its caches warm. `guard` starts this under valgrind; by itself it only says whether the kernels run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import numpy as np

from benchmarks.surveys import made_survey
from evalkit import calibration, inclusion, intervals, selection, variances
from evalkit.selection.strata import draw_strata

Run = Callable[[], object]
SEED = "20260101-314159265358979"
TIMES = (1, 6)


def tickets() -> Run:
    """Draw 100 of 1,000 villages in 10 strata by Pareto ranks: a SHA-256 ticket a village."""
    rng = np.random.default_rng(1)
    sizes, strata = (rng.lognormal(5, 0.8, 1_000).astype(np.int64) + 1).tolist(), [f"{at % 10:02d}" for at in range(1_000)]
    units = [f"5331242{at:05d}" for at in range(1_000)]
    return lambda: draw_strata(selection.METHODS["pareto"], units, strata, 10, seed=SEED, stage="village", sizes=sizes)


def variance() -> Run:
    """Estimate the variances of a proportion in 10 domains, 20,000 households in villages in strata, two stages."""
    raw = made_survey(20_000)
    domain, ones = raw.domain(10), np.ones(10)
    strata, sizes = raw.stratum[raw.unit], [number.astype(float) for number in raw.population()]
    terms = (raw.weight * raw.y, raw.weight)
    whole, part = (np.bincount(domain, term) for term in terms[::-1])
    slopes = np.stack([ones / whole, -part / whole**2])

    def run() -> object:
        stages = variances.structure([strata, None], [raw.unit, np.arange(raw.rows)], sizes)
        scores = variances.Scores(terms, slopes, variances.Partition(domain, 10))
        return variances.variances_of_totals(stages, scores, variances.Policy())

    return run


def interval() -> Run:
    """Ask for 200 KG-M intervals of rates near 2 % among 1,200 households in 20 villages."""
    events = np.arange(200) % 40
    rates, found = events / 1_200, np.minimum(events, 19).astype(float)
    se = np.sqrt(1.4 * rates * (1 - rates) / 1_200)
    plan = intervals.Planning(deff_w=1.1, take=60, events_df=found)
    return lambda: intervals.proportion(rates, 1_200, se=se, df=19, planning=plan)


def rake() -> Run:
    """Rake 20,000 households to margins of 2, 6 and 20 groups."""
    raw = made_survey(20_000)
    groups, targets = raw.margins(), raw.targets()
    return lambda: calibration.rake(groups, raw.weight, targets, tol=1e-10).g


def pairs() -> Run:
    """Find the chances of all pairs of 60 villages under conditional Poisson sampling."""
    probs = inclusion.proportional((np.random.default_rng(2).lognormal(5, 0.6, 60).astype(np.int64) + 50).tolist(), 12)
    return lambda: inclusion.exact.cps(probs)


KERNELS: dict[str, Callable[[], Run]] = {"tickets": tickets, "variance": variance, "interval": interval, "rake": rake, "pairs": pairs}


def apart(run: Run, times: int) -> int:
    """Run so many times in a fork of this process and return its number; a kernel that fails ends everything."""
    child = os.fork()
    if not child:
        for _ in range(times):
            run()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"进程 {child} 没有做完")
    return child


def main() -> None:
    """Run every kernel as often as `TIMES` says, and say which process did which."""
    for name, make in KERNELS.items():
        run = make()
        run()  # whatever is loaded or remembered at the first call is no part of the work
        for times in TIMES:
            print(f"kernel {name} {times} {apart(run, times)}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
