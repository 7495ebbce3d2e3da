"""How sampling errors go through to scores: joint draws from the intervals of the estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from evalkit import streams
from evalkit.estimates import combine
from evalkit.estimates.asking import origin
from evalkit.patience import Progress, counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.scoring import System
    from evalkit.estimates import Estimate
    from evalkit.indicators.values import Value, Values

    Floats = NDArray[np.float64]

# deviates at which the limits of every estimate are asked for; between them they are taken in a straight line
GRID = np.array([0.0, 0.25, 0.52, 0.84, 1.04, 1.28, 1.645, 1.96, 2.33, 2.58, 3.09])
STREAM = "scorecard"  # these numbers only integrate: they are the same in every run, and decide nothing


def joint_draws(values: Values, system: System, draws: int, icc: Any = None, progress: Progress | None = None) -> Floats:
    """Return what the indicators could read in other samples.

    Parameters
    ----------
    values : Values
    system : System
    draws : int
    icc : float or object, optional
        For the intervals of proportions.
    progress : callable, optional
        Told a line a hundredth of the values.

    Returns
    -------
    float array, shape (draws, units, leaves)
        Values without sampling error stand still.

    Notes
    -----
    Each estimate has a confidence distribution: its q-quantile is the one-sided limit at confidence q, by the estimate's own
    interval (KG-M for rates), so that a rate with no event found still has something above it. Estimates of one survey move together,
    by a normal copula with their joint linearised (or replicate) correlation; surveys are independent. A rate that is read unweighted
    moves as its design-based estimate does.
    """
    made = np.repeat(values.read[None], draws, axis=0)
    rows = {unit: i for i, unit in enumerate(values.units)}
    columns = {leaf.code: j for j, leaf in enumerate(system.leaves)}
    for group in counted(_surveys(values), "抽样误差", progress):
        deviates = _correlated(group, draws)
        for k, value in enumerate(group):
            made[:, rows[value.unit], columns[value.code]] = _moved(value, deviates[:, k], icc)
    return made


def _surveys(values: Values) -> list[list[Value]]:
    """Return the sampled values by survey; a value from a table stands alone."""
    groups: dict[Any, list[Value]] = {}
    for at, value in enumerate(values.sampled):
        groups.setdefault(("alone", at) if value.estimate is None else origin(value.estimate), []).append(value)
    return list(groups.values())


def _correlated(group: list[Value], draws: int) -> Floats:
    """Return standard normal deviates, (draws, values), that correlate as the estimates do."""
    uniform = [streams.numbers(STREAM, "draw", f"{value.unit}/{value.code}".replace("|", "/"), draws) for value in group]
    z = streams.normal(np.stack(uniform, axis=1))
    if len(group) == 1 or group[0].estimate is None:
        return z
    values, vectors = np.linalg.eigh(_correlation([value.estimate for value in group if value.estimate is not None]))
    return np.asarray(z @ (vectors * np.sqrt(np.maximum(values, 0.0))).T)


def _correlation(rows: list[Estimate]) -> Floats:
    sizes = len(rows)
    joint = combine(
        lambda *parts: np.concatenate(parts), *rows, slopes=lambda *parts: [np.eye(sizes)[:, [k]] for k in range(sizes)]
    )  # fmt: skip
    cov = joint.cov()
    se = np.sqrt(np.maximum(np.diag(cov), 0.0))
    found = cov / np.where(se > 0, se, 1.0)[:, None] / np.where(se > 0, se, 1.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _moved(value: Value, z: Floats, icc: Any) -> Floats:
    """Return the readings of one value at the deviates."""
    if value.estimate is None:
        return np.asarray(value.read + value.se * z)
    low, high = _limits(value.estimate, icc)
    moved = np.where(z < 0, np.interp(-z, GRID, low), np.interp(z, GRID, high)) + (value.read - float(value.estimate))
    return np.asarray(np.clip(moved, 0.0, 1.0) if value.estimate.kind == "proportion" else moved)


def _limits(row: Estimate, icc: Any) -> tuple[Floats, Floats]:
    """Return the lower and upper one-sided limits at the deviates of the grid; where there is none, the estimate itself."""
    sides = []
    for side, column in (("lower", "low"), ("upper", "high")):
        found = [_limit(row, float(ndtr(z)), side, column, icc) for z in GRID[1:]]
        sides.append(np.array([float(row), *found]))
    return sides[0], sides[1]


def _limit(row: Estimate, level: float, side: Any, column: str, icc: Any) -> float:
    share = row.kind == "proportion"
    if share and bool((row.scale < 0).any()):  # 1 − p has no one-sided limits of its own: the end of the two-sided interval
        level, side = 2 * level - 1, "two"
    limit = float(row.interval(level=level, side=side, icc=icc if share else None)[column].iloc[0])
    return limit if np.isfinite(limit) else float(row)
