"""The coverage table of methods §1.3 as it was printed, before the rule of KG-M was amended, and where new numbers leave it."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import pandas as pd

from benchmarks.counts import RATES
from benchmarks.covering import WAYS, Way

# coverage at each rate, worst cell, U-err at 2 % mean and worst (per cent), width at .5, 2 and 10 % (points)
PUBLISHED: dict[str, tuple[float, ...]] = {
    "Wald-t（书本公式，0 例时为一点）": (61.7, 77.8, 85.2, 90.0, 93.2, 94.2, 18.2, 12.7, 26.4, 1.14, 2.98, 6.95),
    "arcsine-t": (61.9, 80.2, 88.1, 92.1, 94.3, 94.8, 18.2, 9.6, 22.5, 1.33, 3.08, 6.94),
    "Rao–Scott 似然-t": (79.1, 81.3, 89.2, 92.6, 94.5, 94.9, 31.5, 8.9, 20.2, 1.43, 3.16, 6.96),
    "Jeffreys（n_eff）": (84.6, 79.0, 87.4, 91.2, 93.2, 93.6, 35.7, 9.0, 22.3, 1.36, 2.96, 6.48),
    "均匀先验": (91.0, 82.7, 87.2, 91.4, 93.3, 93.6, 31.8, 7.1, 19.4, 1.51, 3.08, 6.52),
    "logit-t": (94.3, 87.6, 90.6, 93.7, 94.9, 95.0, 36.2, 6.6, 16.0, 1.93, 3.57, 7.10),
    "log-t": (94.3, 87.5, 90.6, 93.7, 94.9, 94.9, 35.7, 6.5, 16.0, 1.97, 3.64, 7.20),
    "Wilson-t": (93.4, 90.0, 90.0, 93.3, 94.7, 95.0, 53.3, 6.9, 17.5, 1.69, 3.38, 7.02),
    "Agresti–Coull-t": (96.5, 92.0, 91.5, 94.3, 95.2, 95.2, 56.6, 6.4, 16.0, 1.90, 3.63, 7.15),
    "Clopper–Pearson，不计设计": (87.3, 74.7, 72.8, 72.6, 72.0, 71.8, 16.7, 18.7, 36.4, 0.86, 1.66, 3.51),
    "Korn–Graubard，R": (96.6, 87.6, 91.5, 94.5, 95.7, 95.6, 38.2, 6.5, 16.6, 1.73, 3.55, 7.36),
    "Korn–Graubard，NCHS": (96.6, 87.6, 91.6, 94.5, 95.7, 95.7, 38.2, 6.5, 16.6, 1.73, 3.55, 7.36),
    "KG-M，ρ0 = .05": (99.5, 99.3, 98.5, 97.5, 96.8, 96.6, 93.0, 3.0, 8.2, 2.26, 3.80, 7.59),
    "KG-M，ρ0 = .02（偏小）": (99.3, 97.6, 96.3, 95.4, 96.0, 96.0, 83.2, 5.7, 15.8, 1.90, 3.60, 7.40),
}
COLUMNS: tuple[tuple[str, Any], ...] = (
    *((f"覆盖 {100 * rate:g}%", rate) for rate in RATES), ("最差格", "worst"),
    ("上界错 均值", "upper_mean"), ("上界错 最差", "upper_worst"),
    *((f"宽度 {100 * rate:g}%", ("width", rate)) for rate in (0.005, 0.02, 0.1)),
)  # fmt: skip
CELLS = 36  # behind a mean: 6 designs × 3 ICC × 2 models
RUNS = 10_000  # a cell of the printed table
CAPPED = "原表取 n_eff ≤ n（估计的设计效应小于 1 时也不许有效样本多于户数），照此截后与原表合；evalkit 照公式，不截"
CLIPPED = "原表把限截在 [0, 1] 内，照此截后与原表合；书本公式不截"
AMENDED = "规则后来改过（方法 §1.2 第 3–6 步），此行重做"
WHY = {"wald": CLIPPED, "arcsine-t": CAPPED, "likelihood-t": CAPPED, "wilson-t": CAPPED, "agresti-coull-t": CAPPED, "kg-m": AMENDED}


def slack(share: float, replicates: int, cells: int) -> float:
    """Return three Monte-Carlo errors of the difference of two shares (per cent), each a mean over cells, and half the last digit.

    The error of a mean over cells is that of one cell with the mean share over √cells, or less: shares that differ vary less.
    """
    share = min(max(share / 100, 0.001), 0.999)
    return 0.05 + 3 * 100 * sqrt(share * (1 - share) / cells * (1 / replicates + 1 / RUNS))


def departures(summary: pd.DataFrame, replicates: int, ways: Sequence[Way] = WAYS) -> pd.DataFrame:
    """Return where a new summary leaves the printed table by more than three Monte-Carlo errors (widths: by more than 1 %).

    Returns
    -------
    pandas.DataFrame
        way, column, printed, new (per cent, or points for widths), why.
    """
    rows = []
    for way in ways:
        for (title, key), printed in zip(COLUMNS, PUBLISHED.get(way.title, ()), strict=False):
            new = 100 * float(summary[key][way.title])
            one = key in ("worst", "upper_worst")
            allowed = 0.005 + 0.01 * printed if isinstance(key, tuple) else slack(printed, replicates, 1 if one else CELLS)
            if abs(new - printed) > allowed:
                rows.append({"way": way.title, "column": title, "printed": printed, "new": new, "why": WHY.get(way.method, "")})
    return pd.DataFrame(rows, columns=["way", "column", "printed", "new", "why"])
