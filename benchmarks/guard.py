"""The guard of instructions: ``python -m benchmarks guard [--write]`` counts what five kernels execute and compares with a baseline.

Seconds differ from machine to machine and from minute to minute; instructions, counted by valgrind with the choices between
processors' own instructions switched off, do not. A kernel that has grown by more than `MOST` fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from benchmarks.alone import ROOT
from benchmarks.kernels import KERNELS, TIMES

BASELINE = Path(__file__).parent / "instructions.json"
FORMAT = 1
MOST = 0.20
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
RENEW = "python -m benchmarks guard --write"
# Names that this C library or this processor does not know are passed over.
EXTENSIONS = (
    "AVX", "AVX2", "AVX_Usable", "AVX2_Usable", "AVX_Fast_Unaligned_Load", "AVX512F", "AVX512VL", "AVX512BW", "BMI1", "BMI2", "ERMS",
    "FMA", "FMA_Usable", "FMA4", "FSRM", "LZCNT", "MOVBE", "RTM",
)  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """Instructions of each kernel, and the versions they were counted with."""

    kernels: dict[str, int]
    versions: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class Compared:
    """What has grown or come without a baseline, which fails; and what has shrunk or was counted otherwise, which does not."""

    failed: tuple[str, ...]
    told: tuple[str, ...]


def environment() -> dict[str, str]:
    """Return the variables under which every processor executes the same: numpy, OpenBLAS, OpenSSL and the C library choose nothing."""
    return {
        **os.environ,
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in EXTENSIONS),
        "NPY_DISABLE_CPU_FEATURES": " ".join(choices()),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "1",
        "OPENSSL_ia32cap": "0:0",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",  # a processor without what is switched off is no fault
    }


def choices() -> list[str]:
    """Return the extensions of processors that numpy chooses between, whether this one has them or not."""
    known: Mapping[str, Any] = np.show_config(mode="dicts") or {}
    extensions = known.get("SIMD Extensions", {})
    return [*extensions.get("found", ()), *extensions.get("not found", ())]


def count() -> Counts:
    """Run the kernels under valgrind and return what each executed."""
    asked = [*VALGRIND, sys.executable, "-m", "benchmarks.kernels"]
    try:
        told = subprocess.run(asked, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SystemExit("没有 valgrind｜数指令要用它｜Debian、Ubuntu：apt-get install valgrind") from None
    if told.returncode:
        raise SystemExit(f"数指令没有做完：\n{told.stdout}\n{told.stderr}")
    return Counts(read(told.stdout, told.stderr), versions())


def versions() -> dict[str, str]:
    """Return the versions of what executes most of the instructions."""
    return {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}


def read(said: str, report: str) -> dict[str, int]:
    """Return the instructions of each kernel from what the kernels said and what valgrind reported about each process.

    Examples
    --------
    >>> read("kernel rake 1 71\\nkernel rake 6 72\\n", "==71== I   refs:      1,000\\n==72== I refs: 1,500\\n")
    {'rake': 100}
    """
    refs = {int(process): int(number.replace(",", "")) for process, number in re.findall(r"==(\d+)== I +refs: +([\d,]+)", report)}
    whole = {(name, int(times)): refs[int(process)] for name, times, process in re.findall(r"kernel (\S+) (\d+) (\d+)", said)}
    once, often = TIMES
    return {name: (whole[name, often] - whole[name, once]) // (often - once) for name, times in whole if times == once}


def compared(found: Counts, expected: Counts, most: float = MOST) -> Compared:
    """Compare counts with a baseline, kernel by kernel.

    Examples
    --------
    >>> old, new = Counts({"rake": 100}, {"numpy": "2.4"}), Counts({"rake": 121}, {"numpy": "2.4"})
    >>> compared(new, old).failed[0].partition("｜")[0]
    'rake：121 条指令，比基线多 21.0%'
    >>> compared(old, new).failed
    ()
    """
    failed, told = [], []
    for name, now in found.kernels.items():
        before = expected.kernels.get(name)
        if before is None:
            failed.append(f"{name}：{now:,} 条指令，基线中没有｜每个内核应有基线｜{RENEW}")
        elif now > before * (1 + most):
            more = f"{name}：{now:,} 条指令，比基线多 {now / before - 1:.1%}｜基线 {before:,}，至多多 {most:.0%}"
            failed.append(f"{more}｜找出多做了什么；确有必要的，{RENEW} 并在提交说明中写明理由")
        elif now < before * (1 - most):
            told.append(f"{name}：{now:,} 条指令，比基线少 {1 - now / before:.1%}｜基线 {before:,} 已旧｜{RENEW}")
    failed += [f"{name}：基线中有，此次没有数｜内核与基线应一致｜{RENEW}" for name in expected.kernels if name not in found.kernels]
    if found.versions != expected.versions:
        told.append(f"版本不同：此次 {_named(found.versions)}；基线 {_named(expected.versions)}")
    return Compared(tuple(failed), tuple(told))


def _named(versions: Mapping[str, str]) -> str:
    return "、".join(f"{name} {version}" for name, version in versions.items())


def load(path: Path) -> Counts:
    """Read a baseline."""
    if not path.exists():
        raise SystemExit(f"{path}：没有基线｜先写一次｜{RENEW}")
    held = json.loads(path.read_text(encoding="utf-8"))
    if held.get("format") != FORMAT:
        raise SystemExit(f"{path}：格式 {held.get('format')}｜此版本读格式 {FORMAT}｜{RENEW}")
    return Counts(**held)


def table(found: Counts, expected: Counts | None) -> str:
    """Return a line for each kernel: its instructions, those of the baseline, and the quotient."""
    lines = []
    for name, now in found.kernels.items():
        before = None if expected is None else expected.kernels.get(name)
        lines.append(f"{name:10} {now:>14,}" + ("" if before is None else f" {before:>14,} {now / before:8.4f}"))
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> None:
    """Count, then compare with the baseline or write it."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks guard", description=__doc__)
    asked.add_argument("--write", action="store_true", help="write the baseline in place of comparing with it")
    asked.add_argument("--baseline", type=Path, default=BASELINE)
    given = asked.parse_args(words)
    expected = None if given.write else load(given.baseline)
    found = count()
    print(table(found, expected))
    if expected is None:
        given.baseline.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
        print(given.baseline)
        return
    seen = compared(found, expected)
    print("\n".join([*seen.told, *seen.failed]), end="\n" if seen.told or seen.failed else "")
    if seen.failed:
        raise SystemExit(1)
    print(f"{len(KERNELS)} 个内核都没有多出 {MOST:.0%} 的指令")


if __name__ == "__main__":
    main()
