"""What is timed: each function makes its input and returns the run, which gives back the ids it chose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import evalkit as ev
from benchmarks.inputs import made_list, read_villages, write_list
from evalkit import inclusion, selection
from evalkit.later import later
from evalkit.sample.large import draw_large
from evalkit.selection.strata import draw_strata

parquet = later("pyarrow.parquet")

Run = Callable[[], list[str]]
SEED = "20260101-314159265358979"
STRATA = 300
TYPES = {"脱贫户": 6, "未脱贫户": 4, "非建档立卡户": 10}
VILLAGES = 100  # a province


def size_of(share: float, whole: int) -> int:
    """Return a number of units at a share of the full size, at least one in each stratum."""
    return max(STRATA, round(whole * share))


def pps(method: str, share: float) -> Run:
    """Draw 50,000 of 600,000 by size with evalkit: positions, ids, and the chance of every unit of each stratum."""
    listed, n = made_list(size_of(share, 600_000), STRATA), size_of(share, 50_000) // STRATA
    bounds, way = listed.bounds(), selection.METHODS[method]

    def run() -> list[str]:
        drawn = draw_strata(way, listed.units, listed.strata, n, seed=SEED, stage="village", sizes=listed.sizes)
        for begin, end in bounds:
            inclusion.proportional(listed.sizes[begin:end], n)
        return [listed.units[k] for chosen in drawn.values() for k in chosen]

    return run


def pps_floor(method: str, share: float) -> Run:
    """Draw the same number with numpy's random numbers; units as large as the step are not looked for."""
    listed, n = made_list(size_of(share, 600_000), STRATA), size_of(share, 50_000) // STRATA
    bounds = listed.bounds()

    def run() -> list[str]:
        rng, chosen = np.random.default_rng(1), []
        for begin, end in bounds:
            x = listed.sizes[begin:end]
            if method == "pareto":
                p, u = np.minimum(n * x / x.sum(), 1.0 - 1e-9), rng.random(end - begin)
                chosen.append(begin + np.argpartition(u * (1 - p) / (p * (1 - u)), n - 1)[:n])
            else:
                chosen.append(begin + np.searchsorted(np.cumsum(x), (rng.random() + np.arange(n)) * x.sum() / n, side="right"))
        return [listed.units[k] for k in np.concatenate(chosen).tolist()]

    return run


def srs(share: float) -> Run:
    """Draw 1,000,000 of 10,000,000 with the standard library's SHA-256 from ids in memory."""
    listed, n = made_list(size_of(share, 10_000_000), STRATA), size_of(share, 1_000_000) // STRATA

    def run() -> list[str]:
        drawn = draw_strata(selection.METHODS["srs"], listed.units, listed.strata, n, seed=SEED, stage="household")
        return [listed.units[k] for chosen in drawn.values() for k in chosen]

    return run


def srs_large(share: float, folder: Path) -> Run:
    """Draw the same sample with DuckDB from a Parquet file, the checks of the list included."""
    count = size_of(share, 10_000_000)
    path, n = write_list(folder / f"list-{count}.parquet", count, STRATA), size_of(share, 1_000_000) // STRATA

    def run() -> list[str]:
        drawn = draw_large(path, n, seed=SEED, stage="household", unit="unit", strata=["area"], memory="600MB")
        chosen: list[str] = drawn["unit"].tolist()
        return chosen

    return run


def srs_floor(share: float) -> Run:
    """Draw the same number with numpy's random numbers from ids in memory."""
    listed, n = made_list(size_of(share, 10_000_000), STRATA), size_of(share, 1_000_000) // STRATA
    bounds = listed.bounds()

    def run() -> list[str]:
        rng = np.random.default_rng(1)
        chosen = [begin + np.argpartition(rng.random(end - begin), n - 1)[:n] for begin, end in bounds]
        return [listed.units[k] for k in np.concatenate(chosen).tolist()]

    return run


def national(folder: Path) -> Run:
    """Draw villages of every province by size, then households of three types in each village, from two Parquet files."""

    def run() -> list[str]:
        listed = read_villages(folder)
        names, way = listed["code"].tolist(), selection.METHODS["pareto"]
        n = {province: min(VILLAGES, count) for province, count in listed["province"].value_counts().items()}
        sizes = listed["households"].to_numpy(dtype=np.int64)
        drawn = draw_strata(way, names, listed["province"].tolist(), n, seed=SEED, stage="village", sizes=sizes)
        villages = [names[k] for chosen in drawn.values() for k in chosen]
        table = draw_large(
            folder / "households.parquet", TYPES, seed=SEED, stage="household", unit="household", strata=["type"], above="village",
            within=villages, shortfall="take-all",
        )  # fmt: skip
        chosen: list[str] = (table["village"] + "/" + table["household"]).tolist()
        return chosen

    return run


def national_floor(folder: Path) -> Run:
    """Draw the same numbers with numpy's random numbers, pyarrow reading the households of the drawn villages."""

    def run() -> list[str]:
        listed, rng = read_villages(folder), np.random.default_rng(1)
        shares = listed["households"] / listed["households"].groupby(listed["province"]).transform("sum")
        ranks = pd.Series(rng.random(len(listed)) / shares.to_numpy(), index=listed.index)
        villages = listed["code"][ranks.groupby(listed["province"]).rank() <= VILLAGES]
        rows = parquet.read_table(folder / "households.parquet", filters=[("village", "in", villages.tolist())]).to_pandas()
        order = pd.Series(rng.random(len(rows)), index=rows.index).groupby([rows["village"], rows["type"]]).rank()
        rows = rows[order <= rows["type"].map(TYPES)]
        chosen: list[str] = (rows["village"] + "/" + rows["household"]).tolist()
        return chosen

    return run


def national_designed(folder: Path, listed: Path) -> Run:
    """Draw villages of every province by a design file: list read and checked, drawn, and the certificate written out."""
    path = folder / "national.toml"
    path.write_text(DESIGN.replace("LIST", listed.name), encoding="utf-8")

    def run() -> list[str]:
        design = ev.read_design(path)
        frame = ev.read_frame(listed, id="code", name="name", columns=["provinceCode"])
        sample = ev.draw(frame, design, seed=SEED)
        assert sample.certificate.sha256
        chosen: list[str] = sample.table("village")["unit"].tolist()
        return chosen

    return run


DESIGN = """
format = 1

[evaluation]
title = "全国抽村"
county = "全国"
year = 2026
source = "统计用区划代码"

[frame]
file = "LIST"
id = "code"
name = "name"
columns = ["provinceCode"]
source = "统计用区划代码"

[[stage]]
name = "village"
method = "srs"
strata = ["provinceCode"]
n = 100
shortfall = "take-all"

[report]
name = "全国"
title = "全国抽村"
institute = "评估机构"
date = "2026-12-31"
fieldwork = "待定"
"""
