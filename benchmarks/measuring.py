"""One contender in a process of its own: seconds, peak memory, and a fingerprint of whom it chose."""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contenders
from benchmarks.alone import ROOT, alone
from benchmarks.contenders import STRATA, Run, size_of
from benchmarks.memory import peak


@dataclass(frozen=True)
class Measured:
    """What a run cost: median seconds on the clock and of processor time, the peak in MB, and how many were chosen."""

    seconds: float
    cpu: float
    peak: float
    chosen: int
    print: str
    version: str = ""


def measure(name: str, folder: Path, share: float, repeats: int, listed: Path | None, peer: str = "") -> Measured | None:
    """Run a contender in a process of its own; nothing where it has no peer to run it."""
    asked = [sys.executable, "-m", "benchmarks.measuring", name, str(folder), str(share), str(repeats), str(listed or "")]
    if name.startswith("svy:"):
        if not peer:
            return None
        whole = (10_000_000, 1_000_000) if name == "svy:srs" else (600_000, 50_000)
        sizes = [size_of(share, whole[0]), size_of(share, whole[1]) // STRATA]
        asked = [peer, str(ROOT / "benchmarks" / "peer.py"), name.partition(":")[2], *map(str, sizes), str(repeats)]
    return Measured(**alone(name, asked))


def run_of(name: str, folder: Path, share: float, listed: Path | None) -> Run:
    """Return the run of a contender, its input ready."""
    what, _, method = name.partition(":")
    if what in ("pps", "pps-floor"):
        return (contenders.pps if what == "pps" else contenders.pps_floor)(method, share)
    if what == "national-designed":
        assert listed is not None
        return contenders.national_designed(folder, listed)
    table: dict[str, Callable[[], Run]] = {
        "srs": lambda: contenders.srs(share),
        "srs-floor": lambda: contenders.srs_floor(share),
        "srs-large": lambda: contenders.srs_large(share, folder),
        "national": lambda: contenders.national(folder),
        "national-floor": lambda: contenders.national_floor(folder),
    }
    return table[what]()


def times(run: Run, repeats: int) -> Measured:
    """Run several times; the peak is that of the whole process, its input included."""
    wall, cpu, chosen = [], [], list[str]()
    for _ in range(repeats):
        begin, worked = time.perf_counter(), time.process_time()
        chosen = run()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - worked)
    text = hashlib.sha256("\n".join(chosen).encode()).hexdigest()
    return Measured(statistics.median(wall), statistics.median(cpu), peak(), len(chosen), text)


def main() -> None:
    """Time one contender and say what it cost, as JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("name")
    asked.add_argument("folder", type=Path)
    asked.add_argument("share", type=float)
    asked.add_argument("repeats", type=int)
    asked.add_argument("listed")
    given = asked.parse_args()
    run = run_of(given.name, given.folder, given.share, Path(given.listed) if given.listed else None)
    print(json.dumps(vars(times(run, given.repeats))))


if __name__ == "__main__":
    main()
