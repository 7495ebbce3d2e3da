"""All benchmarks in one run: ``python -m benchmarks --date 2026-01-01 [--quick] [--peer PYTHON]`` writes docs/benchmarks.md.

Each measurement is a process of its own, one after another. What was measured is kept in ``runs.json``, from which the page is written;
``--page`` writes it anew without measuring.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from benchmarks import draw, estimate, record, scale
from benchmarks.alone import ROOT
from benchmarks.contenders import size_of
from benchmarks.jobs import Cost
from benchmarks.measuring import measure
from benchmarks.record import FLOOR, OWN, PARTS, SVY, Line, R, Record
from benchmarks.surveys import made_survey

PAGE, RUNS = ROOT / "docs" / "benchmarks.md", Path(__file__).parent / "runs.json"
SHARES = (0.25, 0.5, 1.0)
DRAWN, ASKED = 600_000, 1_000_000
METHODS = {"pps-systematic": "分 300 层按规模等距，抽十二分之一", "pareto": "同一名单，帕累托（每单位一个 SHA-256 签号；svy 没有此法）"}
SCRIPT = Path(__file__).parent / "survey_r.R"
JOB, TASK = "share-10-1", "比例，10 个域，首阶段有放回（R：svyby 与 svymean；R 与 svy 不给 KG-M 区间）"
PATIENCE = 120.0
HEAD = """# 基准 · Benchmarks

本页由 `python -m benchmarks --date 日期` 写成，勿手改；所测的数在 `benchmarks/runs.json`。Written by the benchmark itself.

- 日期：{date}；机器：{machine}；{versions}。{note}
- 一次测量一个新进程，一个做完再做下一个；反复几次的取中位数。秒与处理器秒都不含载入与备数据；“比”是本行的秒除以对方在同样行数时的秒。
- MB 是整个进程的峰值；估计一节是运行中增加的，不含数据与 Survey（R 例外，是整个进程的）。
- 斜率是 log 时间对 log 行数（三个以上的行数）的最小二乘斜率：1 即行数加倍时间也加倍。有处理器秒的用处理器秒。
- `import evalkit` 不载 numpy、pandas，用到时才载；所以比它们都快，第一次取用时才付这笔时间（见估计的细表）。
- numpy 与 svy 抽样用伪随机数；evalkit 每个单位一个由种子和代码算出的签号，任何人可以重算。
- 更细的表：[抽样](benchmarks_draw.md)、[估计](benchmarks_estimate.md)、[逐行核查](benchmarks_screening.md)、
  [覆盖率](coverage.md)、[操作特性](operating.md)。

## 一条命令，与看守指令数

`python -m benchmarks --date 日期 --peer 装有 svy 的 Python` 依次测下面各节，写成本页；
装有 Rscript 与 survey 的，一并与 R 比。
`--quick` 用小名单各测一次，约两分钟（另写 `--out` 与 `--runs`，以免改了本页）；`--rows` 改文件的行数；
`--only draw estimate` 只测几节（其余各节保留上次的数），`--page` 只按已测的数重写本页。
单独一项写名字：`python -m benchmarks scale --rows 30000000`。

秒随机器而变，不宜作门槛。`python -m benchmarks guard`（用 valgrind，约 15 秒）数五个内核的指令：
签号与帕累托抽样、两阶段分域的方差、KG-M 区间、迭代比例调整、成对入样概率。
任何一个比 `benchmarks/instructions.json` 多出 20% 即不通过，少 20% 则请重写基线（`--write`）。
进程载入的部分已减去；numpy、OpenBLAS、OpenSSL、C 库按处理器另选的算法都已关掉。
同一台机器数五次，相差不到 0.2%；不关时相差可到 8%。换了 numpy、scipy、Python 的版本，数也会变，看守写明两边的版本。
"""


@dataclass(frozen=True)
class Asked:
    """What a run was asked: where inputs lie, how often each is run, the share of the full sizes, rows of files, and a peer."""

    folder: Path
    repeats: int
    share: float
    rows: tuple[int, ...]
    samples: int
    peer: str = ""


def imports(asked: Asked) -> Iterator[Line]:
    """Measure imports in processes of their own."""
    code = "import time; a, b = time.perf_counter(), time.process_time(); import {}; "
    code += "print(time.perf_counter() - a, time.process_time() - b); "
    code += "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    for way, python, module in (
        (FLOOR, sys.executable, "numpy"), ("pandas", sys.executable, "pandas"), (SVY, asked.peer, "svy"), (OWN, sys.executable, "evalkit")
    ):  # fmt: skip
        if python:
            ran = [subprocess.check_output([python, "-c", code.format(module)], cwd=ROOT, text=True).split() for _ in range(asked.repeats)]
            wall, cpu, held = (float(pd.Series(column).astype(float).median()) for column in zip(*ran, strict=True))
            yield Line("import", "import", way, 0, wall, cpu, held / 1024)


def draws(asked: Asked) -> Iterator[Line]:
    """Measure draws by size from lists of three lengths."""
    for method, task in METHODS.items():
        ways = {FLOOR: f"pps-floor:{method}", SVY: f"svy:{method}" if method == "pps-systematic" else "", OWN: f"pps:{method}"}
        for share in SHARES:
            for way, name in ways.items():
                cost = measure(name, asked.folder, asked.share * share, asked.repeats, None, asked.peer) if name else None
                if cost:
                    told = f"抽出 {cost.chosen:,}"
                    yield Line("draw", task, way, size_of(asked.share * share, DRAWN), cost.seconds, cost.cpu, cost.peak, told)


def estimates(asked: Asked) -> Iterator[Line]:
    """Measure a proportion by domain in surveys of three lengths."""
    for share in SHARES:
        rows = round(ASKED * asked.share * share)
        floor, own = estimate.measure(f"{JOB}-floor", rows, asked.repeats), estimate.measure(JOB, rows, asked.repeats)
        yield Line("estimate", TASK, FLOOR, rows, floor.seconds, None, floor.above)
        if asked.peer:
            other = estimate.measure(JOB, rows, 1, asked.peer, "benchmarks.peer_estimate", PATIENCE)
            yield Line("estimate", TASK, SVY, rows, other.seconds, None, None if other.broken_off else other.above, _same(other, floor))
        yield from _in_r(asked, rows, floor)
        yield Line("estimate", TASK, OWN, rows, own.seconds, None, own.above, _same(own, floor))


def _same(cost: Cost, floor: Cost) -> str:
    return "没有做完" if cost.broken_off else "数同 numpy" if estimate.same(cost, floor) else "数不同"


def _in_r(asked: Asked, rows: int, floor: Cost) -> Iterator[Line]:
    if shutil.which("Rscript") is None:
        return
    path, raw = asked.folder / "answers.csv", made_survey(rows)
    table = {"stratum": raw.stratum[raw.unit], "village": raw.unit, "weight": raw.weight, "y": raw.y, "domain": raw.domain(10)}
    pd.DataFrame(table).to_csv(path, index=False)
    words = ["Rscript", str(SCRIPT), str(path), "1"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    if told.returncode:
        return  # an R without survey is no peer
    seconds, peak, value, se, _ = told.stdout.split()
    cost = Cost(float(seconds), float(peak), {"estimate": float(value), "se": float(se)})
    yield Line("estimate", TASK, R, rows, cost.seconds, None, cost.above, _same(cost, floor))


def files(asked: Asked) -> Iterator[Line]:
    """Measure draws and estimates from files of several lengths."""
    for name in ("draw", "counties", "trades"):
        for rows in asked.rows:
            cost = scale.cost_of(name, asked.folder, rows)
            yield Line("scale", scale.JOBS[name][0], OWN, rows, cost["seconds"], cost["cpu"], cost["peak"], cost["told"])


def simulations(name: str, words: Sequence[str], page: str, told: str) -> Iterator[Line]:
    """Run one of the simulations in short, its page thrown away."""
    with tempfile.TemporaryDirectory() as spare:
        begin = time.perf_counter()
        asked = [sys.executable, "-m", "benchmarks", name, *words, page, str(Path(spare) / "page.md")]
        run = subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(run.pid, 0)
    if status:
        raise SystemExit(f"benchmarks {name}：没有做完")
    run.returncode = status  # the process is already waited for
    yield Line(name, told, OWN, 0, time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def coverage(asked: Asked) -> Iterator[Line]:
    """Run the table of coverage with few samples a cell."""
    words = ["--replicates", str(asked.samples), "--fewer", str(asked.samples // 2), "--samples", "2", "--jobs", "1"]
    return simulations("coverage", words, "--out", f"全部格子，每格 {asked.samples} 个样本（含载入）")


def operating(asked: Asked) -> Iterator[Line]:
    """Run whole trials of the verdict, few a cell."""
    count = max(asked.samples // 10, 4)
    return simulations("operating", ["--date", "-", "--replicates", str(count)], "--page", f"20×60 与 40×60，每格 {count} 次（含载入）")


RUNNERS: dict[str, Callable[[Asked], Iterator[Line]]] = {
    "import": imports, "draw": draws, "estimate": estimates, "scale": files, "coverage": coverage, "operating": operating
}  # fmt: skip


def run(asked: Asked, parts: Sequence[str]) -> list[Line]:
    """Run the parts, saying what each cost as it goes."""
    found = []
    for part in parts:
        for line in RUNNERS[part](asked):
            print(f"{line.part:10} {line.way:8} {line.rows:>12,} {line.seconds:9.3f} s  {line.task}", flush=True)
            found.append(line)
    return found


def versions() -> str:
    """Return the versions of what was run."""
    named = [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "pandas", "duckdb")]
    return "，".join([f"Python {platform.python_version()}", *named])


def main(words: Sequence[str] | None = None) -> None:
    """Run everything and write record and page."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("--date", default="", help="the date that the page bears")
    asked.add_argument("--note", default="", help="a sentence about the machine, such as what else ran")
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--quick", action="store_true", help="small sizes, one run each; write elsewhere with --out and --runs")
    asked.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 3_000_000, 9_000_000], help="rows of the files of scale")
    asked.add_argument("--peer", default="", help="a Python that has svy; without it that peer is left out")
    asked.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure anew; the others stay as they were")
    asked.add_argument("--folder", type=Path, help="where to keep the inputs between runs")
    asked.add_argument("--page", action="store_true", help="write the page from the record without measuring")
    asked.add_argument("--out", type=Path, default=PAGE)
    asked.add_argument("--runs", type=Path, default=RUNS)
    given = asked.parse_args(words)
    held = record.load(given.runs if given.runs.exists() else RUNS)
    if not given.page:
        if not given.date:
            asked.error("--date 日期：本页要写明哪天测的")
        held = measured(given, held)
        record.save(held, given.runs)
    given.out.write_text(record.page(held, HEAD), encoding="utf-8")
    print(given.out)


def measured(given: argparse.Namespace, held: Record) -> Record:
    """Return the record with the parts that were asked for measured anew."""
    with tempfile.TemporaryDirectory() as spare:
        folder = given.folder or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        rows = (100_000, 200_000, 400_000) if given.quick else tuple(given.rows)
        repeats, share, samples = (1, 0.05, 40) if given.quick else (given.repeats, 1.0, 400)
        asked = Asked(folder, repeats, share, rows, samples, given.peer)
        lines = run(asked, given.only)
    kept = [line for line in held.lines if line.part not in given.only]
    return replace(held, date=given.date, machine=draw.machine(), versions=versions(), note=given.note, lines=(*kept, *lines))


if __name__ == "__main__":
    main()
