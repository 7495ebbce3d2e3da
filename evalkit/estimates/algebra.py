"""The algebra of Estimates: every result is a value and a gradient on the scores it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.estimates.asking import on_one_survey, way_to_one
from evalkit.estimates.blocks import Block
from evalkit.estimates.duals import ONE, TWO, refuse
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate
    from evalkit.survey import Survey

LONGEST = 60  # characters of a label that is made of labels


@dataclass(frozen=True)
class Act:
    """A numpy function of an Estimate and something else.

    Attributes
    ----------
    function : numpy ufunc
        Of two numbers, in `evalkit.estimates.duals.TWO` with its derivatives.
    sign : str
    keeps : bool
        Whether a constant on the other side leaves a proportion a proportion, shifted or scaled.
    mirrored : bool
        Whether the Estimate stands second.
    """

    function: Any
    sign: str
    keeps: bool = False
    mirrored: bool = False

    def value(self, a: Any, b: Any) -> Floats:
        """Return the function of the Estimate's values `a` and the other side's `b`."""
        return np.asarray(self.function(b, a) if self.mirrored else self.function(a, b))

    def slopes(self, a: Any, b: Any) -> tuple[Floats, Floats]:
        """Return the derivatives in `a` and in `b`."""
        a, b = np.broadcast_arrays(a, b)
        first, second = TWO[self.function]
        return (second(b, a), first(b, a)) if self.mirrored else (first(a, b), second(a, b))


ADD, MULTIPLY = Act(np.add, "+", True), Act(np.multiply, "×", True)
SUBTRACT, TAKE_FROM = Act(np.subtract, "−", True), Act(np.subtract, "−", True, mirrored=True)
DIVIDE, DIVIDE_INTO = Act(np.divide, "÷", True), Act(np.divide, "÷", mirrored=True)
RAISE, RAISE_TO = Act(np.power, "^"), Act(np.power, "^", mirrored=True)
ACTS: dict[Any, tuple[Act, Act]] = {
    np.add: (ADD, ADD), np.subtract: (SUBTRACT, TAKE_FROM), np.multiply: (MULTIPLY, MULTIPLY), np.divide: (DIVIDE, DIVIDE_INTO),
    np.power: (RAISE, RAISE_TO),
}  # fmt: skip


def apply(estimate: Estimate, function: Callable[[Floats], Floats], slope: Floats) -> Estimate:
    """Return a smooth function of each row, given the function and its derivative at the values."""
    with np.errstate(all="ignore"):
        value = np.asarray(function(estimate.value))
    _finite(value, slope, known=np.isfinite(estimate.value))
    gradient = sparse.csr_array(sparse.diags_array(slope) @ estimate.gradient)
    return replace(
        estimate, value=_frozen(value), kind="combination", gradient=gradient, shift=np.zeros(len(value)),
        redo=lambda: np.asarray(function(estimate.replicates)), _known={},
    )  # fmt: skip


def ufunc(estimate: Estimate, function: Any, inputs: tuple[Any, ...]) -> Any:
    """Answer a numpy function."""
    if function in ONE:
        with np.errstate(all="ignore"):
            return apply(estimate, function, ONE[function](estimate.value, function(estimate.value)))
    if function in ACTS:
        plain, mirrored = ACTS[function]
        left, right = inputs
        return join(left, right, plain) if left is estimate else join(right, left, mirrored)
    raise refuse(function)


def join(estimate: Estimate, other: Any, act: Act) -> Estimate:
    """Return a function of two Estimates, or of one and numbers, row by row; one row goes with many."""
    if isinstance(other, type(estimate)):
        return _joined(estimate, other, act)
    try:
        number = np.asarray(other, dtype=float)
    except (TypeError, ValueError):
        raise EstimateError(f"{type(other).__name__}｜只能与数或同一 Survey 的 Estimate 运算｜先取出数值") from None
    if number.ndim > 1 or (number.ndim == 1 and len(number) not in (1, len(estimate))):
        raise EstimateError(f"数组有 {number.size} 个数，Estimate 有 {len(estimate)} 行｜应等长，或只有一个数｜改正后重试")
    with np.errstate(all="ignore"):
        slope, _ = act.slopes(estimate.value, number)
    made = apply(estimate, lambda value: act.value(value, number), slope)
    if estimate.kind in ("combination", "quantile", "score", "reliability") or not act.keeps or bool((slope == 0).any()):
        return made
    # a + b·p with known a and b: still the proportion p (or the mean, total …) in other units
    shift = act.value(estimate.shift, number) if estimate.kind == "proportion" else made.shift
    return replace(made, kind=estimate.kind, shift=np.broadcast_to(shift, made.value.shape))


def _joined(left: Estimate, right: Estimate, act: Act) -> Estimate:
    found = on_one_survey((left, right))
    if found is None:
        raise EstimateError(f"两个 Estimate 出自不同的 Survey，协方差未知｜应出自同一个 Survey｜{way_to_one((left, right))}")
    left, right = found
    if len(left) != len(right) and 1 not in (len(left), len(right)):
        raise EstimateError(f"行数 {len(left)} 与 {len(right)}｜应相等，或一方只有一行｜先用标签取行")
    with np.errstate(all="ignore"):
        value = act.value(left.value, right.value)
        slopes = act.slopes(left.value, right.value)
    _finite(value, *slopes, known=np.isfinite(left.value) & np.isfinite(right.value))
    made = linked((left, right), value, [np.broadcast_to(slope, len(value)) for slope in slopes], act.value)
    return made if left.labels == right.labels else replace(made, **_named(left, right, act.sign))


def _named(left: Estimate, right: Estimate, sign: str) -> dict[str, Any]:
    """Return the labels of a combination: those of both parts with the sign between them, those of the longer where one is one row."""
    if len(left) != len(right):
        longer = left if len(left) > len(right) else right
        return {"labels": longer.labels, "parts": longer.parts}
    pairs = zip(left.labels, right.labels, strict=True)
    told = [f"{' '.join(map(str, a))} {sign} {' '.join(map(str, b))}" for a, b in pairs]
    return {"labels": tuple((text if len(text) <= LONGEST else "（组合）",) for text in told), "parts": ("variable",)}


def linked(parts: Sequence[Estimate], value: Floats, slopes: Sequence[Any], function: Callable[..., Floats]) -> Estimate:
    """Return the Estimate with these values, whose gradient is the sum of those of the parts, each times its slopes.

    A slope is an array of numbers, one a row (a part of one row goes with many), or a matrix (rows, rows of the part).
    """
    blocks: tuple[Block, ...] = ()
    for part in parts:
        blocks += tuple(block for block in part.blocks if not any(block is known for known in blocks))
    gradient = sum(_onto(part, blocks, len(value), slope) for part, slope in zip(parts, slopes, strict=True))
    longest = max(parts, key=len)
    return replace(
        longest, value=_frozen(value), kind="combination", blocks=blocks, gradient=sparse.csr_array(gradient), shift=np.zeros(len(value)),
        redo=lambda: np.asarray(function(*(part.replicates for part in parts))), _known={},
    )  # fmt: skip


def _onto(estimate: Estimate, blocks: Sequence[Block], rows: int, slope: Any) -> Any:
    """Return the gradient of an Estimate times a slope, on the columns of `blocks`."""
    starts = np.cumsum([0, *(block.count for block in blocks)])
    place = {id(block): start for block, start in zip(blocks, starts, strict=False)}
    columns = np.concatenate([place[id(block)] + np.arange(block.count) for block in estimate.blocks])
    found = sparse.coo_array(estimate.gradient)
    moved = sparse.csr_array((found.data, (found.row, columns[found.col])), shape=(len(estimate), int(starts[-1])))
    if np.ndim(slope) == 2:
        return sparse.csr_array(slope) @ moved
    if len(estimate) == 1 and rows > 1:
        moved = sparse.csr_array(sparse.vstack([moved] * rows))
    return sparse.diags_array(slope) @ moved


def degrees(survey: Survey, blocks: Sequence[Block], gradient: Any, own: Floats | None) -> Floats:
    """Degrees of freedom of each row of `gradient`: `own` where rows are single columns, those of all their columns otherwise.

    Imported replicates have theirs for all; replicates that were drawn have no more than there are of them, less one.
    """
    made = survey.replicated
    if made is not None and made.imported:
        return np.full(gradient.shape[0], made.plan.df)
    found = _joint_degrees(survey, blocks, gradient) if own is None else np.asarray(own)
    return found if made is None else np.minimum(found, made.plan.df)


def _joint_degrees(survey: Survey, blocks: Sequence[Block], gradient: Any) -> Floats:
    """First-stage units minus strata with a row in the domain of any column of each row of `gradient`."""
    first = survey.stages[0]
    starts = np.cumsum([0, *(block.count for block in blocks)])
    held = [block.domain.partition.grouping(first) for block in blocks]
    unit = np.concatenate([found.unit for found in held])
    column = np.concatenate([found.column + start for found, start in zip(held, starts, strict=False)])
    pattern = abs(gradient).astype(bool).astype(float)
    rows = None if first.alike is None else first.alike.held  # where units are rows that stand for several
    return _touched(unit, column, first.units, pattern, rows) - _touched(first.unit_stratum[unit], column, len(first.n), pattern)


def largest(blocks: Sequence[Block], gradient: Any, sizes: Floats) -> Floats:
    """Rows behind each row of `gradient`, of the block that brings most."""
    starts = np.cumsum([0, *(block.count for block in blocks)])
    taken = sparse.csr_array(abs(gradient).astype(bool).astype(float) * sizes)
    parts = [taken[:, [*range(start, stop)]].sum(axis=1) for start, stop in pairwise(starts)]
    return np.asarray(np.max(parts, axis=0))


def _touched(group: Any, column: Any, groups: int, pattern: Any, held: Floats | None = None) -> Floats:
    """Number of groups with a pair in any column of each row of `pattern`, each counted as often as `held` says."""
    seen = sparse.csr_array((np.ones(len(group)), (column, group)), shape=(pattern.shape[1], groups))
    found = sparse.csr_array(pattern @ seen)
    return np.diff(found.indptr).astype(float) if held is None else np.rint(found.astype(bool).astype(float) @ held)


def planned(estimate: Estimate, icc: float, plan: Callable[..., tuple[intervals.Planning, Floats]]) -> tuple[intervals.Planning, Floats]:
    """Make the planning of every column and pick those of the rows of `estimate`."""
    indices = estimate.gradient.indices
    starts = np.cumsum([0, *(block.count for block in estimate.blocks)])
    total = int(starts[-1])
    share, df = np.zeros(total), np.zeros(total)
    share[indices], df[indices] = estimate.share(), estimate.df
    used = [at for at in range(len(estimate.blocks)) if bool(((indices >= starts[at]) & (indices < starts[at + 1])).any())]
    names = ("deff_w", "take", "events_df", "f_eff", "se_wr", "event_villages")
    parts = {name: np.full(total, np.nan) for name in (*names, "df")}
    for at in used:
        here = slice(starts[at], starts[at + 1])
        made, freedom = plan(estimate.blocks[at], share[here], df[here], icc)
        for name in names:
            parts[name][here] = getattr(made, name)
        parts["df"][here] = freedom
    chosen: dict[str, Any] = {name: column[indices] for name, column in parts.items()}
    freedom = chosen.pop("df")
    return intervals.Planning(icc=icc, **chosen), freedom


def _frozen(value: Floats) -> Floats:
    value = np.array(value, dtype=float)
    value.flags.writeable = False
    return value


def _finite(*parts: Floats, known: Any) -> None:
    """Refuse results that are no numbers, except where a domain had no row to begin with."""
    if not all(bool((np.isfinite(part) | ~known).all()) for part in parts):
        raise EstimateError("运算结果不是有限数（除以 0，或 0 的对数等）｜分母或自变量应在定义域内｜先去掉这样的行")


class Arithmetic:
    """The operators of an Estimate."""

    def __add__(self: Any, other: Any) -> Estimate:
        return join(self, other, ADD)

    def __radd__(self: Any, other: Any) -> Estimate:
        return join(self, other, ADD)

    def __sub__(self: Any, other: Any) -> Estimate:
        return join(self, other, SUBTRACT)

    def __rsub__(self: Any, other: Any) -> Estimate:
        return join(self, other, TAKE_FROM)

    def __mul__(self: Any, other: Any) -> Estimate:
        return join(self, other, MULTIPLY)

    def __rmul__(self: Any, other: Any) -> Estimate:
        return join(self, other, MULTIPLY)

    def __truediv__(self: Any, other: Any) -> Estimate:
        return join(self, other, DIVIDE)

    def __rtruediv__(self: Any, other: Any) -> Estimate:
        return join(self, other, DIVIDE_INTO)

    def __neg__(self: Any) -> Estimate:
        return join(self, -1.0, MULTIPLY)

    def __pow__(self: Any, power: Any) -> Estimate:
        return join(self, power, RAISE)

    def __rpow__(self: Any, base: Any) -> Estimate:
        return join(self, base, RAISE_TO)

    def __array_ufunc__(self: Any, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return NotImplemented if method != "__call__" or options else ufunc(self, function, inputs)
