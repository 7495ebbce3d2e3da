"""How long estimates take: ``python -m benchmarks.estimate --date 2026-01-01`` prints the table and writes docs/benchmarks_estimate.md."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path

from benchmarks.alone import ROOT, alone
from benchmarks.draw import machine
from benchmarks.jobs import Cost
from benchmarks.pages import table
from benchmarks.record import slope

PAGE = ROOT / "docs" / "benchmarks_estimate.md"
ROWS = 1_000_000
PATIENCE = 300.0  # seconds after which the peer is broken off


@dataclass(frozen=True)
class Case:
    """One job: its name in `jobs`, its words, and what it may cost.

    Attributes
    ----------
    times, plus : float
        Seconds allowed: so many times the floor, and so many more; none when both are 0.
    most : float, optional
        Seconds allowed at the full size, whatever the floor.
    megabytes : float, optional
        Memory allowed above what was held before.
    rows : int
        Rows at the full size.
    peer : bool
        Whether svy has such a job.
    """

    name: str
    title: str
    times: float = 0.0
    plus: float = 0.0
    most: float | None = None
    megabytes: float | None = None
    rows: int = ROWS
    peer: bool = False


CASES = (
    Case("share-0-1", "比例全表，全部样本，首阶段有放回", times=1.5, peer=True),
    Case("share-0-2", "比例全表，全部样本，两阶段有限总体", times=1.5, peer=True),
    Case("share-100-1", "比例全表，100 个域，首阶段有放回", times=1.5, megabytes=400, peer=True),
    Case("share-100-2", "比例全表，100 个域，两阶段有限总体", times=1.5, megabytes=400, peer=True),
    Case("share-1000-1", "比例全表，1000 个域，首阶段有放回", most=0.3, megabytes=200, peer=True),
    Case("share-1000-2", "比例全表，1000 个域，两阶段有限总体", most=0.3, megabytes=200, peer=True),
    Case("build", "由文字列建 Survey（下限：每个设计列一次 pandas.factorize）", times=1.2, peer=True),
    Case("bootstrap-500", "20 万行、500 份自助复本，比例按 100 个域", most=0.15, megabytes=200, rows=200_000),
    Case("bootstrap-10000", "100 万行、10,000 份自助复本，比例按 100 个域", most=2.5, megabytes=400),
    Case("rake", "迭代比例调整 3 个边际（2、6、20 组）至 1e-10，由编码", most=0.03),
    Case("rake-text", "同上，由文字列（下限：每列一次 factorize）", times=1.0, plus=0.03),
    Case("kg-m", "100 万个 KG-M 区间，都有事件（下限：numpy 与 scipy 的 betaincinv、stdtrit）", most=2.0),
    Case("import", "import evalkit（下限：numpy、pandas、scipy.special）", times=1.0, plus=0.05),
    Case("import-used", "import evalkit 并取用 Survey、proportion、weigh（下限同上）"),
)
FLOORS = {"import-used": "import-floor"}
HEADS = ("途径", "行", "毫秒", "比下限", "比 svy", "所占 MB", "目标", "达到")
LENGTHS, WIDTHS = (250_000, 500_000, 1_000_000), (10, 100, 1000)
HEAD = """# 估计的基准 · Benchmarks of estimates

本页由 `python -m benchmarks.estimate --date 日期` 写成，勿手改。Written by the benchmark itself.

- 日期：{date}；机器：{machine}；{versions}
- 每行各在一个新进程中运行 {repeats} 次取中位数，先在小样上运行一次，使按需载入的库不计在内。
- 数据与（除建 Survey 一项外）Survey 事先备好；每次都是对 Survey 的第一问，此前问过而记住的不算。
- “所占 MB”是运行中的峰值减去运行前所占：数据与 Survey 本身不计。
- 数据是编造的：100 层、10,000 村、每村 100 户，2% 的户有此性质，按村聚集；域不随村走，逐户随机。
- 下限是用 numpy 直接写成的同一张表（估计、标准误、KG-M 区间、自由度、设计效应、户数），由编码算起，只为这一种设计而写；数相同才算数。
- 下限不假定行已按村排好，因为原始数据的行次序不定：各和都是 np.bincount 在“村 × 域”的稠密表上求得。
- 这里的行恰按村排列；evalkit 先看次序，按村排好时全部样本的各和逐段相加，因此可以快于下限。
- 域的编码由 evalkit 自己从整数列求得，下限则事先就有。
- 到 1000 个域，稠密表有一千万格，下限自己就慢而占内存；evalkit 只记有人的格，那两项只看毫秒与 MB。
- svy 只运行 1 次，连同备数据超过 {patience:.0f} 秒即中断，写作“>”。它的表没有 KG-M 区间，也不给设计自由度；只比估计与标准误。
"""


def measure(
    name: str, rows: int, repeats: int, python: str = sys.executable, module: str = "benchmarks.jobs", most: float | None = None
) -> Cost:
    """Run a job in a process of its own, which is broken off after `most` seconds."""
    asked = [python, "-m", module, name, str(rows), str(repeats)]
    try:
        return Cost(**alone(name, asked, most))
    except subprocess.TimeoutExpired:
        return Cost(most or 0.0, float("nan"), {}, broken_off=True)


def contenders(case: Case, share: float, repeats: int, peer: str) -> tuple[Cost, Cost | None, Cost]:
    """Return what a case cost the floor, the peer (where there is one) and evalkit."""
    rows = max(1000, round(case.rows * share))
    floor = measure(FLOORS.get(case.name, f"{case.name}-floor"), rows, repeats)
    other = measure(case.name, rows, 1, peer, "benchmarks.peer_estimate", PATIENCE) if peer and case.peer else None
    return floor, other, measure(case.name, rows, repeats)


def rows_of(case: Case, share: float, floor: Cost, peer: Cost | None, own: Cost) -> list[tuple[str, ...]]:
    """Return the rows of one case as text."""
    rows = f"{max(1000, round(case.rows * share)):,}"
    lines: list[tuple[str, ...]] = [("下限", rows, *_seconds(floor, floor, peer), "", "")]
    if peer is not None:
        told = "未跑完" if peer.broken_off else "" if same(peer, floor) else "数不同"
        lines.append(("svy", rows, *_seconds(peer, floor, peer), "", told))
    reached = "" if not _goal(case, floor) else "是" if met(case, floor, own) else "否"
    return [*lines, ("evalkit", rows, *_seconds(own, floor, peer), _goal(case, floor), reached if same(own, floor) else "数不同")]


def _seconds(cost: Cost, floor: Cost, peer: Cost | None) -> tuple[str, ...]:
    more = "> " if cost.broken_off else ""
    to_floor = f"{more}{cost.seconds / floor.seconds:.2f}"
    to_peer = "—" if peer is None or cost.broken_off else f"{'< ' if peer.broken_off else ''}{cost.seconds / peer.seconds:.2g}"
    return f"{more}{1000 * cost.seconds:.1f}", to_floor, to_peer, "—" if cost.broken_off else f"{cost.above:.0f}"


def allowed(case: Case, floor: Cost) -> float | None:
    """Return the seconds a case may take."""
    return case.times * floor.seconds + case.plus if case.times else case.most


def met(case: Case, floor: Cost, own: Cost) -> bool:
    """Say whether a case kept to its time and memory."""
    limit = allowed(case, floor)
    return (limit is None or own.seconds <= limit) and (case.megabytes is None or own.above <= case.megabytes)


def _goal(case: Case, floor: Cost) -> str:
    limit = allowed(case, floor)
    how = [] if limit is None else [f"≤ {1000 * limit:.1f} 毫秒"]
    return "，".join([*how, *([f"≤ {case.megabytes:g} MB"] if case.megabytes else [])])


def same(one: Cost, other: Cost) -> bool:
    """Compare the sums of the columns that both have; what random numbers made is not compared."""
    shared = [name for name in one.numbers.keys() & other.numbers.keys() if not name.startswith("random")]
    return all(isclose(one.numbers[name], other.numbers[name], rel_tol=1e-7) for name in shared)


def slopes(share: float, repeats: int) -> list[tuple[str, ...]]:
    """Return how time grows with rows and with domains, for floor and evalkit."""
    lines: list[tuple[str, ...]] = []
    for title, end in (("下限", "-floor"), ("evalkit", "")):
        rows = [max(1000, round(length * share)) for length in LENGTHS]
        by_rows = [measure(f"share-100-1{end}", length, repeats).seconds for length in rows]
        by_domains = [measure(f"share-{width}-1{end}", rows[-1], repeats).seconds for width in WIDTHS]
        lines.append((title, _listed(by_rows), f"{slope(rows, by_rows):.2f}", _listed(by_domains), f"{slope(WIDTHS, by_domains):.2f}"))
    return lines


def _listed(seconds: Sequence[float]) -> str:
    return "、".join(f"{1000 * value:.1f}" for value in seconds)


def versions(costs: Mapping[str, tuple[Cost, Cost | None, Cost]]) -> str:
    """Return the versions of what was run."""
    peers = {other.version for _, other, _ in costs.values() if other is not None and other.version}
    named = [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "pandas")]
    return "，".join([f"Python {platform.python_version()}", *named, *(f"svy {version}" for version in sorted(peers))])


def page(date: str, share: float, repeats: int, costs: Mapping[str, tuple[Cost, Cost | None, Cost]], grown: list[tuple[str, ...]]) -> str:
    """Return docs/benchmarks_estimate.md."""
    text = HEAD.format(date=date, machine=machine(), versions=versions(costs), repeats=repeats, patience=PATIENCE)
    for case in CASES:
        text += f"\n## {case.title}\n\n{table(HEADS, rows_of(case, share, *costs[case.name]))}"
    rows = "、".join(f"{max(1000, round(length * share)):,}" for length in LENGTHS)
    heads = ("途径", f"毫秒：{rows} 行", "斜率", "毫秒：10、100、1000 个域", "斜率")
    return text + f"\n## 随行数与域数的增长（比例全表，首阶段有放回；对数–对数斜率）\n\n{table(heads, grown)}"


def main(words: Sequence[str] | None = None) -> None:
    """Run the benchmark and write the page."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.estimate", description=__doc__)
    asked.add_argument("--date", required=True, help="the date that the page bears")
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--share", type=float, default=1.0, help="share of the full sizes, for a quick look")
    asked.add_argument("--peer", default="", help="a Python that has svy; without it the peer is left out")
    asked.add_argument("--only", nargs="*", default=[], help="names of the cases to run; the page is then not written")
    asked.add_argument("--out", type=Path, default=PAGE)
    given = asked.parse_args(words)
    costs = {}
    for case in [case for case in CASES if not given.only or case.name in given.only]:
        print(f"\n{case.title}", flush=True)
        costs[case.name] = contenders(case, given.share, given.repeats, given.peer)
        for cells in (HEADS, *rows_of(case, given.share, *costs[case.name])):
            print("  ".join(cells), flush=True)
    if given.only:
        return
    grown = slopes(given.share, given.repeats)
    for cells in grown:
        print("  ".join(cells), flush=True)
    given.out.write_text(page(given.date, given.share, given.repeats, costs, grown), encoding="utf-8")
    print(f"\n{given.out}")


if __name__ == "__main__":
    main()
