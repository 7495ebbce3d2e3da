"""Why totals cannot be met: which columns stand in the way under the bounds, and how far each can reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from evalkit.calibration.bases import Ints
from evalkit.calibration.distances import Bounds, Floats
from evalkit.calibration.newton import relative_to
from evalkit.errors import Fault
from evalkit.later import later

optimize = later("scipy.optimize")

LARGEST = 2_000_000  # numbers in a linear program that is still tried
ASKED = 4  # columns whose reach beside the others is worked out
MET = 1e-7  # relative slack that counts as none
TOUCH = 1e-9  # relative distance from the end of what can be reached that counts as the end
WIDEN = "放宽 bounds、合并类别或核对总数"


def reach(x: Floats, weights: Floats, bounds: Bounds) -> tuple[Floats, Floats]:
    """Return the least and the largest total of each column, (p,) each, when every g lies within the bounds.

    Parameters
    ----------
    x : (m, p) float array
    weights : (m,) float array
        d ≥ 0.
    bounds : (float, float)
        L and U; may be infinite.

    Examples
    --------
    >>> [part.tolist() for part in reach(np.array([[1., 2], [1, -1]]), np.array([10., 10]), (.5, 2.))]
    [[10.0, -10.0], [40.0, 35.0]]
    """
    up, down = weights @ np.maximum(x, 0), weights @ np.maximum(-x, 0)
    return _times(up, bounds[0]) - _times(down, bounds[1]), _times(up, bounds[1]) - _times(down, bounds[0])


def _times(total: Floats, g: float) -> Floats:
    """Return total·g, 0 where the total is 0 and g infinite."""
    return np.multiply(total, g, out=np.zeros_like(total), where=total != 0)


def reasons(x: Floats, weights: Floats, totals: Floats, bounds: Bounds, miss: Floats, labels: Sequence[str]) -> list[Fault]:
    """Return why the totals were not met, one fault a column.

    Parameters
    ----------
    x : (m, p) float array
    weights : (m,) float array
        d ≥ 0.
    totals : (p,) float array
    bounds : (float, float)
    miss : (p,) float array
        Relative miss where the search ended.
    labels : sequence of str
        What the columns are called.

    Returns
    -------
    list of Fault
        Columns whose total no g within the bounds reaches; else, by linear programming, those that cannot be met together with the
        others; else those with the largest miss.
    """
    low, high = reach(x, weights, bounds)
    edge = TOUCH * relative_to(x, weights, totals)
    alone = ((totals <= low + edge) | (totals >= high - edge)) & ~((low == high) & (totals == low))
    if alone.any():
        return [_outside(labels[int(at)], totals[at], low[at], high[at], bounds) for at in np.flatnonzero(alone)]
    if x.size <= LARGEST:
        program = _Program(x, weights, totals, bounds, relative_to(x, weights, totals))
        lacking = program.lacking()
        if len(lacking):
            return [_together(program, int(at), labels[int(at)], beside=place < ASKED) for place, at in enumerate(lacking)]
    worst = np.flatnonzero(miss >= 0.5 * miss.max())[:ASKED]
    rule = "应满足总数；求解停在此处，总数或在可达范围的边上"
    return [Fault(None, labels[int(at)], f"相对偏差 {miss[at]:.3g}", rule, "加大 max_steps，或" + WIDEN) for at in worst]


def _within(bounds: Bounds) -> str:
    if np.isinf(bounds[1]) and np.isinf(bounds[0]):
        return "g 不设界时"
    return f"g 大于 {bounds[0]:g} 时" if np.isinf(bounds[1]) else f"g 在 {bounds[0]:g} 与 {bounds[1]:g} 之间时"


def _outside(name: str, total: float, low: float, high: float, bounds: Bounds) -> Fault:
    if low == high == 0:
        return Fault(None, name, f"总数 {total:g}", "样本中没有这样的行，只能得到 0", "补样本、合并类别或核对总数")
    return Fault(None, name, f"总数 {total:g}", f"{_within(bounds)}只能达到 {low:.8g} 至 {high:.8g}", WIDEN)


def _together(program: _Program, at: int, label: str, beside: bool) -> Fault:
    found = program.beside(at) if beside else None
    told = f"其余总数都满足、{_within(program.bounds)}只能达到 {found[0]:.8g} 至 {found[1]:.8g}" if found else ""
    rule = told or f"{_within(program.bounds)}与其余总数不能同时满足"
    return Fault(None, label, f"总数 {program.totals[at]:g}", rule, WIDEN)


@dataclass(frozen=True, eq=False)
class _Program:
    """The linear program over weights w with L·d ≤ w ≤ U·d."""

    x: Floats
    weights: Floats
    totals: Floats
    bounds: Bounds
    scale: Floats

    def _ranges(self) -> list[tuple[float | None, float | None]]:
        low, high = (np.where(np.isfinite(end), end, np.nan).tolist() for end in (_times(self.weights, g) for g in self.bounds))
        return [(None if lo != lo else lo, None if hi != hi else hi) for lo, hi in zip(low, high, strict=True)]

    def _rows(self) -> Any:
        return csr_array((self.x / self.scale).T)

    def lacking(self) -> Ints:
        """Return the columns that keep a slack when the sum of relative slacks is least, the largest first."""
        m, p = self.x.shape
        one = eye_array(p, format="csr")
        equal = hstack([self._rows(), one, -one], format="csr")
        cost = np.concatenate([np.zeros(m), np.ones(2 * p)])
        ranges = self._ranges() + [(0.0, None)] * (2 * p)
        done = optimize.linprog(cost, A_eq=equal, b_eq=self.totals / self.scale, bounds=ranges)
        if done.x is None:
            return np.zeros(0, dtype=np.int64)
        slack = done.x[m : m + p] + done.x[m + p :]
        order = np.argsort(-slack, kind="stable")
        return np.asarray(order[slack[order] > MET], dtype=np.int64)

    def beside(self, at: int) -> tuple[float, float] | None:
        """Return what column `at` can reach while all others are met; None when they cannot be met either."""
        others = np.arange(self.x.shape[1]) != at
        equal, right = self._rows()[others], (self.totals / self.scale)[others]
        ends = []
        for sign in (1.0, -1.0):
            done = optimize.linprog(sign * self.x[:, at], A_eq=equal, b_eq=right, bounds=self._ranges())
            if done.status == 3:
                ends.append(-sign * np.inf)
            elif done.status != 0:
                return None
            else:
                ends.append(float(sign * done.fun))
        return ends[0], ends[1]
