"""Bounds of a count over strata, each drawn by simple random sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from evalkit.errors import EstimateError, Faults, one_of
from evalkit.exact.chances import at_most, chance_of
from evalkit.exact.counts import count_bounds

Ints = NDArray[np.int_]
Numbers = NDArray[np.float64]

EXACT_STRATA = 3
MOST, BLOCK = 3e8, 2_000_000  # ways times counts that are still worked through, and at a time


@dataclass(frozen=True)
class Way:
    """One way to bound a count over strata: from found, drawn, population and tail to the upper bound."""

    upper: Callable[[Ints, Ints, Ints, float], int]
    text: str


def stratified_bounds(
    found: ArrayLike, drawn: ArrayLike, population: ArrayLike, tail: float, method: str | None = None
) -> tuple[int, int]:
    """Return the smallest and the largest number of events in strata drawn by simple random sampling, each.

    The lower bound is the population less the upper bound of the others.

    Parameters
    ----------
    found, drawn, population : array of int, one number a stratum
        Events seen, units drawn and units there.
    tail : float
        Probability in each tail, in (0, 1).
    method : str, optional
        A name of `STRATIFIED`. "wendell-schmee" where not given and strata are three at most, "fisher" beyond.

    Returns
    -------
    tuple of int

    Raises
    ------
    EstimateError
        Counts that do not fit together, more than three strata or too many counts for "wendell-schmee"; all faults at once.

    Notes
    -----
    "wendell-schmee" (Wendell & Schmee 1996, JASA 91:825): a total is possible as long as some way of spreading it over the
    strata gives a stratified estimate as small as the one seen with probability above `tail`. "fisher": as long as some way
    leaves −2Σ ln P(X_s ≤ x_s), χ² with 2S degrees of freedom at most, above `tail`; each unit is added where it costs least, which is best
    since the logarithms are concave (after P. B. Stark). "sidak": the sum of bounds at 1 − (1 − tail)^(1/S) (Wright 1991).

    Examples
    --------
    >>> [stratified_bounds([0, 1], [100, 150], [500, 1000], .05, method)[1] for method in STRATIFIED]
    [29, 41, 50]
    >>> stratified_bounds([0, 1], [100, 150], [500, 1000], .05)
    (1, 29)
    """
    x, n, size = _strata(found, drawn, population, tail)
    name = method or ("wendell-schmee" if len(x) <= EXACT_STRATA else "fisher")
    upper = one_of("method", name, STRATIFIED, EstimateError, "分层界").upper
    return int(size.sum()) - upper(n - x, n, size, tail), upper(x, n, size, tail)


def _strata(found: ArrayLike, drawn: ArrayLike, population: ArrayLike, tail: float) -> tuple[Ints, Ints, Ints]:
    parts = [np.atleast_1d(np.asarray(part)) for part in (found, drawn, population)]
    faults = Faults("分层精确界")
    if len({part.shape for part in parts}) > 1 or parts[0].ndim != 1 or not parts[0].size:
        faults.add(None, "各层", "、".join(str(part.shape) for part in parts), "事件、样本、总体应每层各一个数", "补齐后重试")
    elif any((part != np.rint(part)).any() for part in parts):
        faults.add(None, "各层", None, "应为整数", "加权的率用 kg-m")
    else:
        for at, (x, n, size) in enumerate(zip(*parts, strict=True), 1):
            if not 0 <= x <= n <= size or n < 1:
                faults.add(None, f"第 {at} 层", f"事件 {x}、样本 {n}、总体 {size}", "应有 0 ≤ 事件 ≤ 样本 ≤ 总体且样本 ≥ 1", "核对三个数")
    if not 0 < tail < 1:
        faults.add(None, "tail", tail, "应在 0 与 1 之间", "单侧 95% 写 tail=.05")
    faults.refuse(EstimateError)
    x, n, size = (np.rint(part).astype(int) for part in parts)
    return x, n, size


def _wendell_schmee(found: Ints, drawn: Ints, population: Ints, tail: float) -> int:
    if len(found) > EXACT_STRATA:
        raise EstimateError(f"层数 {len(found)}｜逐一摊派只算得动 1～{EXACT_STRATA} 层｜层数更多时用 method=\"fisher\"")
    if found.sum() * 2 > drawn.sum():  # few others: count them instead
        return int(population.sum()) - _last_possible(drawn - found, drawn, population, tail, False)
    return _last_possible(found, drawn, population, tail, True)


def _last_possible(found: Ints, drawn: Ints, population: Ints, tail: float, upper: bool) -> int:
    """Return the largest total that some spread leaves possible, or the smallest; the best chance falls (rises) with the total."""
    counts = _counts(found, drawn, population, strict=not upper)
    seen, most = int(found.sum()), int(population.sum() - (drawn - found).sum())

    def turned(total: int) -> bool:
        no_greater = _no_greater(total, counts, drawn, population)
        return bool(no_greater.max() <= tail if upper else 1 - no_greater.min() > tail)

    return max(_first(turned, seen, most + upper) - upper, seen)


def _first(test: Callable[[int], bool], start: int, most: int) -> int:
    """Return the first number from `start` to `most` that passes a test which all after it pass too; `most` passes untested."""
    step, fails = 1, start - 1
    while fails + step < most and not test(fails + step):
        fails, step = fails + step, 2 * step
    passes = min(fails + step, most)
    while passes - fails > 1:
        middle = (passes + fails) // 2
        fails, passes = (fails, middle) if test(middle) else (middle, passes)
    return passes


def _counts(found: Ints, drawn: Ints, population: Ints, strict: bool) -> tuple[Ints, Ints]:
    """Return counts of all strata but the last that leave the estimate no greater (less) than seen, and the most the last may hold."""
    factor = population / drawn
    seen = float(factor @ found)
    ends = [range(min(int(n), int(seen / each + 1e-9)) + 1) for n, each in zip(drawn[:-1], factor, strict=False)]
    if np.prod([len(end) for end in ends], initial=1.0) > MOST:
        raise EstimateError('method = "wendell-schmee"｜事件太多，逐一摊派算不动｜用 method="fisher"')
    ways = list(product(*ends))
    first = np.array(ways, dtype=int).reshape(len(ways), len(ends))
    left = (seen - first @ factor[:-1]) / factor[-1]
    last = (np.ceil(left - 1e-9) - 1 if strict else np.floor(left + 1e-9)).astype(int)
    return first[last >= 0], np.minimum(last[last >= 0], drawn[-1])


def _no_greater(total: int, counts: tuple[Ints, Ints], drawn: Ints, population: Ints) -> Numbers:
    """Return P(stratified estimate among `counts`) for every way to spread `total` events over the strata."""
    first, last = counts
    spreads = _spreads(total, population)
    if len(spreads) * max(len(last), 1) > MOST:
        raise EstimateError('method = "wendell-schmee"｜摊派的方式太多，算不动｜用 method="fisher"')
    tables = [_table(int(n), int(size), total) for n, size in zip(drawn, population, strict=True)]
    tables[-1] = np.cumsum(tables[-1], axis=1)
    found = np.empty(len(spreads))
    rows = max(1, BLOCK // max(len(last), 1))
    for start in range(0, len(spreads), rows):
        here = spreads[start : start + rows]
        chance = tables[-1][here[:, -1]][:, np.minimum(last, tables[-1].shape[1] - 1)]
        for at in range(len(drawn) - 1):
            held = np.pad(tables[at], ((0, 0), (0, 1)))  # a count beyond the table has no chance
            chance = chance * held[here[:, at]][:, np.minimum(first[:, at], held.shape[1] - 1)]
        found[start : start + rows] = chance.sum(axis=1)
    return found


def _spreads(total: int, population: Ints) -> Ints:
    """Return all ways to spread a total, (ways, strata)."""
    ends = [np.arange(min(total, int(size)) + 1) for size in population[:-1]]
    first = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, len(ends)) if ends else np.zeros((1, 0), dtype=int)
    last = total - first.sum(axis=1)
    good = (last >= 0) & (last <= population[-1])
    return np.column_stack([first[good], last[good]])


def _table(drawn: int, population: int, most: int) -> Numbers:
    """P(X = x) by number of events there, up to `most`, and x."""
    events = np.arange(min(most, population) + 1)
    return chance_of(np.arange(min(most, drawn) + 1)[None, :], drawn, events[:, None], population)


def _fisher(found: Ints, drawn: Ints, population: Ints, tail: float) -> int:
    costs = []
    for x, n, size in zip(found.tolist(), drawn.tolist(), population.tolist(), strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            costs.append(np.nan_to_num(-np.diff(np.log(at_most(x, n, size)[x : size - n + x + 1])), nan=np.inf))
    spent = np.cumsum(np.sort(np.minimum(np.concatenate(costs), 1e6)))  # no tail is left beyond e^-1000000
    return int(found.sum() + np.count_nonzero(chdtrc(2 * len(found), 2 * spent) > tail))


def _sidak(found: Ints, drawn: Ints, population: Ints, tail: float) -> int:
    each = -np.expm1(np.log1p(-tail) / len(found))
    return sum(count_bounds(*counts, each)[1] for counts in zip(found.tolist(), drawn.tolist(), population.tolist(), strict=True))


STRATIFIED: dict[str, Way] = {
    "wendell-schmee": Way(_wendell_schmee, "Wendell–Schmee：分层估计的精确界，遍历摊派，1～3 层"),
    "fisher": Way(_fisher, "Fisher 合并各层的尾概率，层数不限"),
    "sidak": Way(_sidak, "各层 Šidák 界之和（Wright，最宽，仅供对照）"),
}
