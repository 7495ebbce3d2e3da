"""Writers that are killed at random points: ``python -m benchmarks kill [--times 200]`` says what was lost or half-written.

A writer of the ledger and a run of the specimen are started and killed with SIGKILL after a random delay, again and again in
the same folder. Whatever was acknowledged must be there, what is there must be whole, and the next start must clean up and end
with the bytes of a run that nobody disturbed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import evalkit as ev
from benchmarks.alone import ROOT
from evalkit.evaluation.folder import Folder
from evalkit.ledger import Ledger

WRITER = (
    "import sys\nfrom pathlib import Path\nfrom evalkit.ledger import Ledger\nledger = Ledger(Path(sys.argv[1]))\n"
    "for i in range(10**6): print(ledger.append('note', sys.argv[2], {'i': i}).number, flush=True)\n"
)
RUNNER = "import sys\nimport evalkit as ev\nprint('begun', flush=True)\nev.run(sys.argv[1], sys.argv[2])\n"
Start = Callable[[str, Sequence[str]], "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Toll:
    """What so many kills did."""

    what: str
    kills: int
    ended: int
    lost: int
    broken: int
    left: int

    def line(self) -> str:
        """Return the result in words."""
        return (
            f"{self.what}：杀 {self.kills} 次（其中 {self.ended} 次已做完），丢失 {self.lost}，残缺 {self.broken}，"
            f"重启后遗留临时文件 {self.left}"
        )


def started(script: str, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program that says a line when it begins to write."""
    place = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen([sys.executable, "-c", script, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=place)


def killed(program: subprocess.Popen[bytes], delay: float) -> tuple[list[bytes], bool]:
    """Kill a program some seconds after its first line; return the lines it said, and whether it had ended before."""
    assert program.stdout is not None
    first = program.stdout.readline()
    time.sleep(delay)
    ended = program.poll() is not None
    program.send_signal(signal.SIGKILL)
    rest = program.stdout.read().split(b"\n")
    program.wait()
    program.stdout.close()
    return [first, *rest], ended


def kill_appends(times: int, folder: Path, *, seed: int, longest: float = 0.3, start: Start = started) -> Toll:
    """Kill writers of one ledger at random points of their appends."""
    chance, ledger, said, broken = random.Random(seed), Ledger(folder / "ledger.sqlite"), set[int](), 0
    for i in range(times):
        lines, _ = killed(start(WRITER, [str(ledger.path), f"写者{i}"]), chance.uniform(0, longest))
        said |= {int(line) for line in lines[:-1] if line.strip().isdigit()}
        broken += ledger.check() is not None
    entries = ledger.entries()
    ledger.append("end", "", {})
    left = [path for path in folder.iterdir() if path != ledger.path]
    return Toll("台账追加", times, 0, len(said - {entry.number for entry in entries}), broken, len(left))


def kill_runs(times: int, design: Path, folder: Path, *, seed: int, longest: float, start: Start = started) -> Toll:
    """Kill runs of a specimen into one folder at random points; the folder must stay whole, or come back whole."""
    whole, target = folder / "完整" / "县", folder / "县"
    ev.run(design, whole)
    chance, wanted, broken, lost, ended, there = random.Random(seed), content(whole), 0, 0, 0, False
    for i in range(times):
        if i == times // 2 and not there:  # the second half replaces a finished run
            shutil.copytree(whole, target)
        held = target.exists()
        _, done = killed(start(RUNNER, [str(design), str(target)]), chance.uniform(0, longest))
        there = target.exists()
        ended += done
        old = target.with_name(f".{target.name}.old")
        lost += held and not (there or old.exists())
        broken += any(content(place) != wanted for place in (target, old) if place.exists() and not (there and place == old))
    ev.run(design, target)
    broken += content(target) != wanted
    left = [path for path in folder.iterdir() if path.name not in ("完整", "县")]
    return Toll("evalkit run", times, ended, lost, broken, len(left))


def content(folder: Path) -> str:
    """Return one fingerprint of all files of an evaluation, and of what its ledger says."""
    entries = [(entry.number, entry.hash) for entry in Ledger(Folder(folder).ledger).entries()] if folder.exists() else []
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("ledger.sqlite")
    }
    return hashlib.sha256(json.dumps([entries, files]).encode()).hexdigest()


def small_design(folder: Path) -> Path:
    """Write the specimen's design with fewer and smaller villages."""
    shutil.copytree(ROOT / "designs" / "data", folder / "data")
    text = (ROOT / "designs" / "biyang_2018.toml").read_text(encoding="utf-8")
    text = text.replace("households = 350", "households = 150").replace('keep = ["411726"]', 'keep = ["533124"]')
    text = text.replace("poor_villages = 102", "poor_villages = 20").replace('"411726400", "411726401"', '"533124400"')
    path = folder / "小.toml"
    path.write_text(text, encoding="utf-8")
    return path


def main(words: Sequence[str]) -> None:
    """Kill so many of each and say what came of it."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks kill", description=__doc__)
    reader.add_argument("--times", type=int, default=200)
    reader.add_argument("--seed", type=int, default=2018)
    asked = reader.parse_args(words)
    with tempfile.TemporaryDirectory() as place:
        desk, runs, ledgers = (Path(place) / name for name in ("设计", "运行", "台账"))
        for each in (desk, runs, ledgers):
            each.mkdir()
        print(kill_appends(asked.times, ledgers, seed=asked.seed).line(), flush=True)
        design, begun = small_design(desk), time.perf_counter()
        ev.run(design, runs / "先")
        longest = 1.1 * (time.perf_counter() - begun)
        shutil.rmtree(runs / "先")
        print(kill_runs(asked.times, design, runs, seed=asked.seed, longest=longest).line(), flush=True)
