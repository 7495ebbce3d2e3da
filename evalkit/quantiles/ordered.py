"""Weighted values sorted once, to be asked for many quantiles or with many sets of weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, one_of, places
from evalkit.quantiles.checks import Floats, Ints, checked, probabilities
from evalkit.quantiles.rules import RULES, Rule, Steps

CHUNK = 1_000_000  # numbers of a block of replicate weights
SUBJECT = "分位数"


@dataclass(frozen=True, eq=False)
class Ordered:
    """Values and weights, sorted when first asked.

    Parameters
    ----------
    values : (n,) array
        Finite numbers, in the order of the caller's rows.
    weights : (n,) array
        Finite, ≥ 0, not all 0. Rows of weight 0 take no part in a quantile.
    rows : (n,) int array, optional
        Which rows of a larger table these are; `at_many` then takes the weights of the whole table.

    Raises
    ------
    EstimateError
        With every fault of values and weights at once.

    Examples
    --------
    >>> poor = Ordered([7.0, 1, 4], [1.0, 1, 2])
    >>> poor.at([.25, .5], "math").tolist(), poor.at(.25, "school").tolist()
    ([1.0, 4.0], [2.5])
    """

    values: Floats
    weights: Floats
    rows: Ints | None = None

    def __post_init__(self) -> None:
        values, weights = checked(self.values, self.weights, SUBJECT)
        for name, found in (("values", values), ("weights", weights)):
            kept = found.copy()
            kept.flags.writeable = False
            object.__setattr__(self, name, kept)

    @cached_property
    def _order(self) -> Ints:
        """Rows by value; equal values keep the order of the rows, as in R."""
        return np.argsort(self.values, kind="stable")

    @cached_property
    def steps(self) -> Steps:
        """The rows of positive weight, sorted."""
        kept = self._order[self.weights[self._order] > 0]
        return Steps(self.values[kept], self.weights[kept][None, :])

    @cached_property
    def distinct(self) -> Steps:
        """The distinct values of positive weight in ascending order, with their weights added up."""
        return self.steps.distinct()

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.steps.total[0, 0])

    def at(self, probs: ArrayLike, rule: str = "math") -> Floats:
        """Return quantiles.

        Parameters
        ----------
        probs : float or (k,) array
            In [0, 1].
        rule : str
            A name of `RULES`.

        Returns
        -------
        (k,) float array

        Raises
        ------
        EstimateError
            A probability outside [0, 1], an unknown rule.
        """
        return np.asarray(_rule(rule).pick(self.steps, probabilities(probs))[0])

    def at_many(self, weights: ArrayLike, probs: ArrayLike, rule: str = "math") -> Floats:
        """Return the quantiles under many sets of weights, such as replicate weights.

        Parameters
        ----------
        weights : (R, n) array
            One set of weights a row, in the order of `values` (of the whole table when `rows` is given).
        probs, rule
            As for `at`.

        Returns
        -------
        (R, k) float array

        Raises
        ------
        EstimateError
            Weights of another shape, not finite or below 0, or a set that is 0 throughout.

        Examples
        --------
        >>> Ordered([7.0, 1, 4], [1.0, 1, 1]).at_many([[1, 1, 1], [3, 1, 0]], .5).ravel().tolist()
        [4.0, 7.0]
        """
        how, asked, sets = _rule(rule), probabilities(probs), np.asarray(weights, dtype=float)
        columns = self._order if self.rows is None else self.rows[self._order]
        if sets.ndim != 2 or (sets.shape[1] != len(columns) if self.rows is None else sets.shape[1] <= columns.max()):
            raise EstimateError(f"{SUBJECT}：复制权数 {sets.shape}｜应为二维：一行一组，一列一个值｜核对方向（转置）与行数")
        x, step = self.values[self._order], max(1, CHUNK // len(columns))
        made = np.empty((len(sets), len(asked)))
        for start in range(0, len(sets), step):
            block = sets[start : start + step, columns]
            _check_sets(block, start)
            made[start : start + step] = how.pick(Steps(x, block), asked)
        return made


def _rule(name: str) -> Rule:
    found: Rule = one_of("rule", name, RULES, EstimateError)
    return found


def _check_sets(block: Floats, start: int) -> None:
    bad = ~((np.isfinite(block) & (block >= 0)).all(axis=1) & (block.max(axis=1) > 0))
    if bool(bad.any()):
        which = places(np.concatenate([np.zeros(start, dtype=bool), bad]))
        raise EstimateError(f"{SUBJECT}：{which}复制权数｜每组应为不小于 0 的有限数且不全为 0｜域太小时先合并域，或换一种复制方法")


def quantile(values: ArrayLike, weights: ArrayLike, probs: ArrayLike, rule: str = "math") -> Floats:
    """Return quantiles of weighted values.

    Parameters
    ----------
    values : (n,) array
        Finite numbers.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    probs : float or (k,) array
        In [0, 1].
    rule : str
        A name of `RULES`.

    Returns
    -------
    (k,) float array

    Raises
    ------
    EstimateError
        With every fault of values and weights at once; a probability outside [0, 1]; an unknown rule.

    Notes
    -----
    The rules are those of R's survey 4.5 (`svyquantile`, argument qrule), after Hyndman & Fan 1996 (Am. Stat. 50:361)
    and Shah & Vaish 2006 (from memory). They differ from R in three places where R contradicts its own definition:
    below the first step, where R gives the second value (hf4: a value below all others), here the first;
    at p = 1 under hf4, where R gives NaN, here the last; and a cumulated share that misses p by rounding alone
    (10⁻¹² or 4nε) counts as equal to it. Under "hf5" … "hf9" the order of rows of equal value but unequal weight
    matters in the last digits, as in R.

    Examples
    --------
    >>> quantile([1, 2, 3, 4], [1, 1, 1, 1], .5).tolist(), quantile([1, 2, 3, 4], [1, 1, 1, 1], .5, "hf7").tolist()
    ([2.0], [2.5])
    """
    return Ordered(*checked(values, weights, SUBJECT)).at(probs, rule)


def grouped(values: ArrayLike, weights: ArrayLike, codes: ArrayLike, count: int) -> tuple[Ordered, ...]:
    """Sort the values of many disjoint domains at once.

    Parameters
    ----------
    values, weights : (rows,) arrays
        As for `quantile`, of the whole table.
    codes : (rows,) int array
        Domain of each row, 0 … count − 1; negative: outside all.
    count : int
        Number of domains.

    Returns
    -------
    tuple of Ordered
        One a domain, with `rows` set.

    Raises
    ------
    EstimateError
        Faults of values and weights; a domain without rows.

    Examples
    --------
    >>> [float(part.at(.5)[0]) for part in grouped([5, 1, 9, 3], [1, 1, 1, 1], [0, 1, 0, -1], 2)]
    [5.0, 1.0]
    """
    y, w = checked(values, weights, SUBJECT)
    domain = np.asarray(codes, dtype=np.int64)
    inside = np.flatnonzero(domain >= 0)
    order = inside[np.lexsort((y[inside], domain[inside]))]
    starts = np.searchsorted(domain[order], np.arange(count + 1))
    empty = starts[1:] == starts[:-1]
    if bool(empty.any()):
        raise EstimateError(f"{SUBJECT}：{places(empty)}域｜没有一行｜空的域不能估计，先去掉")
    parts = np.split(order, starts[1:-1])
    return tuple(Ordered(y[rows], w[rows], rows) for rows in parts)
