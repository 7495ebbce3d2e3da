"""How long a workbook of returns takes: ``python -m benchmarks returns`` reads, checks and attaches 100,000 rows of 40 columns.

The sample and the workbook are made by one process and kept in ``--folder``; another one, which has made nothing, is timed.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import evalkit as ev
from benchmarks.memory import peak
from evalkit.design import Design
from evalkit.synthetic import registry, returns

HOUSEHOLDS, COLUMNS, VILLAGES = 100_000, 40, 1_300  # some villages have fewer households than are asked for
KINDS = {"脱贫户": 60, "未脱贫户": 5, "非建档立卡户": 35}  # of a village; together 100
SEED = "31415926535897932384"


def declared(households: int) -> Design:
    """Return a design that takes every household of its villages."""
    each = households // 1_000
    quotas = {kind: each * share // 100 for kind, share in KINDS.items()}
    design = ev.read_design(Path(__file__).parent.parent / "designs" / "biyang_2018.toml")
    plain = {**design.model_dump(by_alias=True, exclude_unset=True), "path": ""}
    plain["stage"] = [
        {"name": "village", "method": "srs", "strata": ["township_code"], "n": 20},
        {"name": "household", "method": "srs", "strata": plain["stage"][-1]["strata"], "n": quotas, "shortfall": "take-all"},
    ]
    return ev.read_design({key: part for key, part in plain.items() if key != "reserves"})


def make(folder: Path, households: int) -> None:
    """Write the sample and the workbook of its returns."""
    import numpy as np

    design = declared(households)
    codes = [f"411726{1 + at // 20:03d}{200 + at % 20:03d}" for at in range(VILLAGES)]
    table = pd.DataFrame({"village_code": codes, "township_code": [code[:9] for code in codes]})
    frame = ev.Frame.from_data(table, id="village_code", columns=["township_code"])
    made = registry(table, design)
    sample = ev.draw(frame, design, seed=SEED)
    sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    answered = returns(sample, made.households(sample.villages), design).head(households)
    chance = np.random.default_rng(1)
    for at in range(COLUMNS - len(answered.columns)):
        words = np.array(["是", "否", "不清楚"]) if at % 2 else chance.integers(0, 10**4, len(answered)).astype(str)
        answered[f"另问{at + 1}"] = chance.choice(words, len(answered))
    if len(answered) < households:
        raise SystemExit(f"only {len(answered)} households were drawn: more villages are needed")
    answered.to_excel(folder / "回收表.xlsx", index=False, engine="xlsxwriter")
    (folder / "sample.pickle").write_bytes(pickle.dumps((sample, len(answered), len(answered.columns))))


def timed(folder: Path) -> str:
    """Read, check and attach; return what it took."""
    sample, rows, columns = pickle.loads((folder / "sample.pickle").read_bytes())
    before, begun, wall = peak(), time.process_time(), time.perf_counter()
    made = ev.collect(sample, folder / "回收表.xlsx")
    spent, passed = time.process_time() - begun, time.perf_counter() - wall
    size = (folder / "回收表.xlsx").stat().st_size / 1e6
    return (f"{rows} 行 × {columns} 列，{size:.1f} MB：处理器 {spent:.2f} 秒，墙上 {passed:.2f} 秒，"
            f"内存峰值 {peak():.0f} MB（读之前 {before:.0f} MB）；{made!r}")  # fmt: skip


def main(words: list[str]) -> None:
    """Make what is not there yet, then time it in processes of their own."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks returns", description=__doc__)
    asked.add_argument("--households", type=int, default=HOUSEHOLDS)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "evalkit-returns")
    asked.add_argument("--timed", action="store_true", help=argparse.SUPPRESS)
    options = asked.parse_args(words)
    if options.timed:
        print(timed(options.folder), flush=True)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    if not (options.folder / "sample.pickle").exists():
        make(options.folder, options.households)
    for _ in range(options.repeats):
        subprocess.run([sys.executable, "-m", "benchmarks", "returns", "--timed", "--folder", str(options.folder)], check=True)
