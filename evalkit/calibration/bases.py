"""Columns of a design matrix: which of them say something new, an orthonormal basis of those, and rows that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.calibration.distances import Floats

Ints = NDArray[np.int64]

COLLINEAR = 1e-7  # a column whose part outside the others is smaller than this share of it says nothing new
BLOCK = 1 << 18  # rows of a block of the decomposition
TRIED = 2000  # rows looked at to see whether grouping is worth while
ALIKE = 0.5  # and the share of distinct ones among them from which it is not
FEW = 4  # rows that are always grouped
CACHED = 4096  # rows of a block read column by column


@dataclass(frozen=True, eq=False)
class Basis:
    """The independent columns of x, and how they become orthonormal under weights a: Σ a b bᵀ = I for b = x·R⁻¹.

    Attributes
    ----------
    kept : (r,) int array
        Columns kept, from the left: a column is left out when all but 1e-7 of it is a combination of those before it.
    left_out : (p − r,) int array
    triangle : (r, r) float array
        R, upper triangular.
    shares : (r, p − r) float array
        The columns left out, in the orthonormal columns.
    """

    kept: Ints
    left_out: Ints
    triangle: Floats
    shares: Floats

    @cached_property
    def inverse(self) -> Floats:
        """R⁻¹, (r, r), column by column: the library's triangular solver wakes all cores for three columns."""
        r, found = self.triangle, np.zeros_like(self.triangle)
        for at in range(len(r)):
            found[:at, at] = found[:at, :at] @ r[:at, at] / -r[at, at]
            found[at, at] = 1 / r[at, at]
        return found

    @cached_property
    def combination(self) -> Floats:
        """The columns left out as combinations of those kept, (r, p − r)."""
        return np.asarray(self.inverse @ self.shares)

    def rows(self, x: Floats) -> Floats:
        """Return b, (n, r), for the rows of x, (n, p)."""
        return np.asarray((x if len(self.kept) == x.shape[1] else x[:, self.kept]) @ self.inverse)

    def totals(self, h: Floats) -> Floats:
        """Return totals of the kept columns, (r,), as totals of b."""
        return np.asarray(h @ self.inverse)

    def multipliers(self, solution: Floats) -> Floats:
        """Return the coefficients of x, (p,), that b·solution stands for; 0 for columns left out."""
        found = np.zeros(len(self.kept) + len(self.left_out))
        found[self.kept] = self.inverse @ solution
        return found


def independent(x: Floats, weight: Floats, only: Ints | None = None) -> Basis:
    """Find the independent columns of x under weights, from the left, and their triangle.

    Parameters
    ----------
    x : (n, p) float array
    weight : (n,) float array
        Weights a ≥ 0 of the rows.
    only : (k,) int array, optional
        Look at these columns only; the others count as left out.

    Returns
    -------
    Basis

    Notes
    -----
    The rows are reduced to a triangle block by block with Householder reflections, which keeps the digits that Σ a x xᵀ would
    lose; its columns are then made orthogonal one after the other, twice.

    Examples
    --------
    >>> x = np.array([[1., 1, 0], [1, 1, 0], [1, 0, 1]])
    >>> basis = independent(x, np.ones(3))
    >>> basis.kept.tolist(), basis.left_out.tolist(), basis.combination.round(9).ravel().tolist()
    ([0, 1], [2], [1.0, -1.0])
    """
    columns = np.arange(x.shape[1]) if only is None else only
    small = _reduced(x, weight)
    size = np.sqrt((small * small).sum(axis=0))
    directions = np.zeros((len(small), 0))
    kept: list[int] = []
    for at in columns:
        rest = small[:, at].copy()
        for _ in range(2):
            rest -= directions @ (directions.T @ rest)
        length = float(np.sqrt(rest @ rest))
        if length > COLLINEAR * size[at]:
            directions = np.column_stack([directions, rest / length])
            kept.append(int(at))
    found = np.array(kept, dtype=np.int64)
    others = np.setdiff1d(np.arange(x.shape[1]), found)
    triangle = np.triu(directions.T @ small[:, found])
    return Basis(found, others, triangle, directions.T @ small[:, others])


def _reduced(x: Floats, weight: Floats) -> Floats:
    """Return a matrix of at most p rows with the same cross products as √a·x."""
    root = np.sqrt(weight)[:, None]
    blocks = [_triangle(x[at : at + BLOCK] * root[at : at + BLOCK]) for at in range(0, max(len(x), 1), BLOCK)]
    return blocks[0] if len(blocks) == 1 else _triangle(np.concatenate(blocks))


def _triangle(x: Floats) -> Floats:
    return np.asarray(np.linalg.qr(x, mode="r"), dtype=float)


def tally(keys: NDArray[Any], values: Floats | None, size: int = 0) -> Floats:
    """Sum values by key, or count keys for None; keys are 0 … at least size − 1."""
    return np.asarray(np.bincount(keys, weights=values, minlength=size), dtype=float)


@dataclass(frozen=True, eq=False)
class Alike:
    """Rows grouped by equal contents.

    Attributes
    ----------
    first : (m,) int array or None
        One row of each group; None when every row stands for itself.
    group : (n,) int array or None
        Group of each row.
    size : int
        n, number of rows.
    """

    first: Ints | None
    group: Ints | None
    size: int

    @cached_property
    def groups(self) -> int:
        """Number of groups, m."""
        return self.size if self.first is None else len(self.first)

    def take(self, rows: Floats) -> Floats:
        """Return one row a group."""
        return rows if self.first is None else rows[self.first]

    def add_up(self, values: Floats) -> Floats:
        """Sum values of rows, (n,), by group, (m,)."""
        if self.group is None:
            return values
        return tally(self.group, values, self.groups)

    def spread(self, values: Floats) -> Floats:
        """Return the values of groups, (…, m), for rows, (…, n)."""
        return values if self.group is None else np.take(values, self.group, axis=-1)


def alike(*columns: Floats | None) -> Alike:
    """Group rows with equal contents, when that saves work.

    Parameters
    ----------
    columns : (n,) or (n, p) float arrays, or None
        Side by side.

    Returns
    -------
    Alike
        Without groups when more than half of 2,000 rows looked at differ from all others of them.

    Examples
    --------
    >>> found = alike(np.array([[1., 0], [0, 1], [1, 0]]))
    >>> found.first.tolist(), found.group.tolist()
    ([0, 1], [0, 1, 0])
    """
    parts = [part[:, None] if part.ndim == 1 else part for part in columns if part is not None]
    n = len(parts[0])
    tried = _keys([part[:: max(1, n // TRIED)] for part in parts])
    if n > FEW and len(np.unique(tried)) > ALIKE * len(tried):
        return Alike(None, None, n)
    _, first, group = np.unique(_keys(parts), return_index=True, return_inverse=True)
    # equal keys of different rows are possible in principle, so that contents are compared
    return Alike(first, group, n) if _same(parts, first[group]) else Alike(None, None, n)


def _keys(parts: list[Floats]) -> Floats:
    """Return one number a row, the same for rows with the same contents; block by block, so that columns are read from the cache."""
    keys = np.zeros(len(parts[0]))
    for start in range(0, len(keys), CACHED):
        key, at = keys[start : start + CACHED], 0
        for part in parts:
            for column in part[start : start + CACHED].T:
                at += 1
                key += column * (1.5 + np.sin(at))
    return keys


def _same(parts: list[Floats], like: Ints) -> bool:
    """Say whether every row equals the row it is said to be like."""
    starts = range(0, len(like), CACHED)
    return all(np.array_equal(part[at : at + CACHED], part[like[at : at + CACHED]]) for at in starts for part in parts)
