"""Operating characteristics of the verdict, by whole trials.

``python -m benchmarks operating --date 2026-01-01 [--all] [--replicates 2000]``; `--all` adds the designs beside 20 × 60.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import evalkit as ev
from evalkit.trials import Trials

PAGE = Path(__file__).parent.parent / "docs" / "operating.md"
SEED = "operating"
NAME, GATE = "差错率", 0.02
RATES = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04)
POCOCK = 0.03037  # alpha of each of two equal looks that leave 5 % together
SECONDS = 360
FIRST = ((20, 60), (40, 60))  # the rows of one design, two phases included
SIZES = (*FIRST, (40, 30), (50, 40), (10, 120))
PUBLISHED_TRIALS = 20_000
ROUNDED = 0.005  # half a unit of the last digit that was published


@dataclass(frozen=True)
class Row:
    """A published row: design, correlation, what is counted, and the shares at RATES."""

    villages: int
    take: int
    icc: float
    what: str
    published: tuple[float | None, ...]


PUBLISHED = (
    Row(20, 60, 0.05, "legal", (1, 0.99, 0.94, 0.77, 0.52, 0.29, 0.14, 0.02)),
    Row(20, 60, 0.05, "met", (0.87, 0.68, 0.32, 0.12, 0.036, 0.01, 0, 0)),
    Row(20, 60, 0.05, "not_met", (0, 0, 0, 0, 0.021, 0.09, 0.22, 0.62)),
    Row(20, 60, 0.05, "two_met", (0.97, 0.88, 0.54, 0.2, 0.049, 0.01, 0, 0)),
    Row(20, 60, 0.05, "two_not_met", (0, 0, 0, 0, 0.02, 0.13, 0.36, 0.86)),
    Row(20, 60, 0.05, "two_n", (1443, 1733, 2130, 2316, 2363, 2329, 2221, 1775)),
    Row(40, 30, 0.05, "met", (0.95, 0.85, 0.49, 0.17, 0.044, 0.01, 0, 0)),
    Row(50, 40, 0.05, "met", (0.98, 0.92, 0.61, 0.24, 0.049, 0.01, 0, 0)),
    Row(10, 120, 0.05, "met", (0, 0, 0, 0, 0, None, None, None)),
    Row(20, 60, 0.02, "met", (0.96, 0.86, 0.51, 0.18, 0.04, 0.01, 0, 0)),
    Row(10, 120, 0.02, "met", (0.88, 0.69, 0.32, 0.1, 0.027, 0.01, 0, 0)),
)
WORDS = {
    "legal": "按规则（估计 < 2%）达标", "met": "证实达标（U < 2%）", "not_met": "证实未达标（L > 2%）",
    "two_met": "两阶段 20→40 村，证实达标", "two_not_met": "两阶段，证实未达标", "two_n": "两阶段，平均户数",
}  # fmt: skip


def main(words: list[str] | None = None) -> None:
    """Run all trials and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--villages", type=int, default=2000)
    parser.add_argument("--all", action="store_true", help="the other designs too")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked, _ = parser.parse_known_args(sys.argv[1:] if words is None else words)
    wanted = [size for size in SIZES if asked.all or size in FIRST]
    trials, seconds = {}, {}
    for villages, take in wanted:
        begun = time.perf_counter()
        trials[villages, take] = simulated(villages, take, asked.replicates, asked.villages)
        seconds[villages, take] = time.perf_counter() - begun
        print(f"{villages}×{take}: {seconds[villages, take]:.0f} s", file=sys.stderr)
    text = page(trials, asked.date, seconds)
    asked.page.write_text(text, encoding="utf-8")
    print(text)


def simulated(villages: int, take: int, replicates: int, frame: int) -> Trials:
    """Return the trials of a design, at all rates and the correlations that are asked of it, judged at 5 % and for two looks."""
    iccs = sorted({row.icc for row in PUBLISHED if (row.villages, row.take) == (villages, take)} or {0.05})
    design = ev.plain_design(villages, take, frame=frame, households=600, stages="first")
    return ev.simulate(design, {NAME: RATES}, seed=SEED, replicates=replicates, icc=iccs, judged_icc="true", alphas=[POCOCK])


def found(row: Row, trials: dict[tuple[int, int], Trials]) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of a row at RATES and their Monte-Carlo errors."""
    what, made = row.what, trials[row.villages, row.take]
    if what.startswith("two_"):
        what, made = what.removeprefix("two_"), _at(made, row.icc).at(POCOCK).then(_at(trials[40, 60], row.icc).at(POCOCK))
    table = _at(made, row.icc).table()
    return table[what].to_numpy(), table[f"{what}_se"].to_numpy()


def _at(made: Trials, icc: float) -> Trials:
    """Return the trials at the points of one correlation."""
    kept = [at for at, point in enumerate(made.points) if point.icc == icc]
    return replace(made, points=tuple(made.points[at] for at in kept), results=made.results[:, :, kept])


def differs(row: Row, shares: np.ndarray, errors: np.ndarray) -> list[bool]:
    """Return at which rates a share lies further from the published one than three errors of both and the rounding allow."""
    apart = []
    for share, error, told in zip(shares, errors, row.published, strict=True):
        if told is None:
            apart.append(False)
            continue
        own = max(error, math.sqrt(max(told * (1 - told), 1e-4) / PUBLISHED_TRIALS)) if row.what != "two_n" else error
        apart.append(bool(abs(share - told) > ROUNDED + 3 * math.hypot(own, error)))
    return apart


def page(trials: dict[tuple[int, int], Trials], date: str, seconds: dict[tuple[int, int], float]) -> str:
    """Return the page."""
    count, first = len(next(iter(trials.values()))), sum(cost for (villages, take), cost in seconds.items() if (villages, take) in FIRST)
    others = sum(seconds.values()) - first
    lines = [
        "# 判定的操作特性 · Operating characteristics",
        "",
        "本页由 `python -m benchmarks.operating --date 日期` 写成，勿手改。Written by the benchmark itself.",
        "",
        f"- 日期：{date}；{os.cpu_count()} 核，Python {platform.python_version()}，numpy {np.__version__}。",
        f"- 每格 {count} 次；20×60 的各行（含两阶段的 40×60）用 {first:.0f} 秒（目标 {SECONDS} 秒），其余设计另用 {others:.0f} 秒。",
        "- 每次都经 `ev.simulate`：编造的县（2,000 个等大的村，每村 600 户），抽样、回收、加权、估计、判定用的都是正式的程序。",
        "- 方差取首阶段，ICC 已知。",
        "- “公布”是 KG-M 修订以前的另一次模拟（每格 20,000 次，两位小数）。按规则判定的一行应相符；",
        "  其余各行按修订后的 KG-M 重做，不必相符。",
        "- 每格是占比，括号内是模拟误差（标准误）；与公布的数相差超过三倍误差加舍入的，记 ≠。",
        "",
        "| 设计 | ICC | 规则 | | " + " | ".join(f"{100 * p:g}%" for p in RATES) + " |",
        "| --- | --- | --- | --- |" + " --- |" * len(RATES),
    ]
    for row in (row for row in PUBLISHED if (row.villages, row.take) in trials):
        shares, errors = found(row, trials)
        form = "{:.0f}（{:.0f}）" if row.what == "two_n" else "{:.3f}（{:.3f}）"
        marks = ["≠" if apart else "" for apart in differs(row, shares, errors)]
        cells = [form.format(share, error) + mark for share, error, mark in zip(shares, errors, marks, strict=True)]
        told = ["–" if p is None else f"{p:g}" for p in row.published]
        head = f"| {row.villages}×{row.take} | {row.icc:g} | {WORDS[row.what]} |"
        lines += [f"{head} 公布 | {' | '.join(told)} |", f"| | | | 现在 | {' | '.join(cells)} |"]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
