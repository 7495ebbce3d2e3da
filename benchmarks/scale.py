"""Registers and answers larger than memory: ``python -m benchmarks scale --folder FOLDER [--rows 30000000 90000000] [--spark]``.

Each job runs in a process of its own; the table says seconds on the clock and of processor time, and the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evalkit as ev
from benchmarks.alone import alone
from benchmarks.inputs import copied
from benchmarks.memory import peak
from evalkit.later import later

sql = later("pyspark.sql")

SEED = "20260101-314159265358979"
HOUSEHOLDS = 400  # a village
PROVINCES, VILLAGES = 30, 10  # and how many villages are drawn in each
QUOTAS = {"脱贫户": 6, "未脱贫户": 4, "非建档立卡户": 10}
DESIGN: dict[str, Any] = {
    "format": 1,
    "evaluation": {"title": "抽样", "county": "全国", "year": 2026},
    "frame": {"file": "register.parquet", "id": "village", "name": "village", "columns": ["province"], "rows": "户数", "sums": ["persons"]},
    "stage": [
        {"name": "village", "method": "pps-systematic", "size": "户数", "strata": ["province"], "n": VILLAGES},
        {"name": "household", "method": "srs", "strata": ["户类型"], "n": QUOTAS, "shortfall": "take-all"},
    ],
    "rosters": {"village": "village", "household": "household", "stratum": "type", "persons": "persons"},
    "report": {"name": "全国", "title": "抽样", "institute": "评估机构", "date": "2026-12-31", "fieldwork": "待定"},
}


def write_register(folder: Path, rows: int) -> Path:
    """Write a register of households in no order, 923 MB for 30 million, unless it is there."""
    path, villages = folder / f"register-{rows}.parquet", max(PROVINCES * VILLAGES, rows // HOUSEHOLDS)
    at = f"(i % {villages})"
    province = f"printf('%02d', 11 + {at} * {PROVINCES} // {villages})"
    kind = "CASE WHEN hash(i) % 20 < 2 THEN '脱贫户' WHEN hash(i) % 20 < 3 THEN '未脱贫户' ELSE '非建档立卡户' END"
    listed = f"""SELECT {province} AS province, {province} || printf('%04d%06d', {at} // 250, {at} % 250 + 1) AS village,
            printf('%04d', i // {villages} + 1) AS household, {kind} AS type, (1 + hash(i + 5) % 7)::TINYINT AS persons,
            (hash(i + 3) % 100000000) / 100.0 AS income, hash(i + 11)::UBIGINT AS archive, (hash(i + 13) % 60000)::USMALLINT AS phone,
            hash(i + 17)::UBIGINT AS card
        FROM range({rows}) AS made(i)"""
    return copied(listed, path)


def write_answers(folder: Path, rows: int) -> Path:
    """Write answers of villages of 1,000 rows in counties of 100 villages, with a trade that crosses villages."""
    listed = f"""SELECT i // 100000 AS county, i // 1000 AS village, ((i * 2654435761) % 300)::INTEGER AS trade,
            (hash(i) % 1000 < 18)::INTEGER AS wrong, 1.0::DOUBLE + (hash(i + 7) % 5) AS w, hash(i + 11)::UBIGINT AS noise
        FROM range({rows}) AS made(i)"""
    return copied(listed, folder / f"answers-{rows}.parquet")


def drawn(listed: Any) -> str:
    """Count the villages of a register, draw villages and households, and seal the certificate."""
    part = {key: DESIGN["frame"][key] for key in ("id", "name", "columns", "rows", "sums")}
    design = ev.read_design(DESIGN)
    sample = ev.draw(ev.Frame.from_data(listed, **part), design, seed=SEED)
    sample = ev.draw_next(sample, ev.read_rosters(listed, design, villages=sample.villages, register=True))
    return f"{len(sample.villages)} 村 {len(sample.table('household'))} 户，凭证 {sample.certificate.sha256[:12]}"


def rated(table: Any, by: str) -> str:
    """Estimate a proportion by groups."""
    found = ev.proportion(ev.Survey.from_data(table, weights="w", strata="county", clusters="village"), "wrong", by=by).table()
    return f"{len(found)} 组，首组 {found['estimate'].iloc[0]:.6f} ± {found['se'].iloc[0]:.2e}"


def through_spark(path: Path) -> str:
    """Estimate by counties through a local session of Spark."""
    session = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    return rated(session.read.parquet(str(path)), "county")


JOBS: dict[str, tuple[str, Callable[[Path, int], Path], Callable[[Path], str]]] = {
    "draw": ("按村计数，两阶段抽样", write_register, drawn),
    "counties": ("一个比例，分县", write_answers, lambda path: rated(path, "county")),
    "trades": ("一个比例，300 个与村交叉的组", write_answers, lambda path: rated(path, "trade")),
    "spark": ("一个比例，分县，经本机 Spark", write_answers, through_spark),
}


def timed(name: str, path: Path) -> dict[str, Any]:
    """Run a job in this process and say what it cost."""
    begin, worked = time.perf_counter(), time.process_time()
    told = JOBS[name][2](path)
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - worked, "peak": peak(), "told": told}


def cost_of(name: str, folder: Path, rows: int) -> dict[str, Any]:
    """Run a job in a process of its own and return what it cost."""
    path = JOBS[name][1](folder, rows)
    cost = alone(name, [sys.executable, "-m", "benchmarks.scale", "--job", name, str(path)])
    return cost | {"size": path.stat().st_size / 1e6}


def row(name: str, folder: Path, rows: int) -> str:
    """Run a job and return its row of the table."""
    cost = cost_of(name, folder, rows)
    costs = f"{cost['seconds']:.1f} | {cost['cpu']:.1f} | {cost['peak']:,.0f}"
    return f"| {JOBS[name][0]} | {rows / 1e6:,.0f} | {cost['size']:,.0f} | {costs} | {cost['told']} |"


def main(words: list[str] | None = None) -> None:
    """Print a table of the jobs for each number of rows."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks scale")
    asked.add_argument("--folder", type=Path, default=Path("scale"))
    asked.add_argument("--rows", type=int, nargs="+", default=[30_000_000, 90_000_000])
    asked.add_argument("--only", nargs="+", choices=JOBS, default=[])
    asked.add_argument("--spark", action="store_true")
    asked.add_argument("--job", nargs=2)
    given = asked.parse_args(words)
    if given.job:
        print(json.dumps(timed(given.job[0], Path(given.job[1])), ensure_ascii=False))
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    print("| 任务 | 百万行 | 文件 MB | 秒 | 处理器秒 | 内存峰值 MB | 得到 |\n|---|---|---|---|---|---|---|")
    for rows in given.rows:
        for name in given.only or [name for name in JOBS if name != "spark" or given.spark]:
            print(row(name, given.folder, rows), flush=True)


if __name__ == "__main__":
    main()
