"""What adjusting weights does to weighted scores: linear operators that turn scores under the new weights into scores of the sample.

With weights d before and w after a step, a statistic's scores come in as s = w·u. `pull` gives z such that the variance of the
total of z under the sampling design estimates that of the adjusted statistic: the regression residual of u for calibration (Deville &
Särndal 1992, JASA 87:376, eq. 3.4, the g-weighted form), the derivative of Σ w u by the weights before for a transfer.
Rows with w = 0 carry no u and stay out of the regressions. Formulas (15), for a transfer, and (16) of docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_array, hstack

from evalkit.calibration.bases import Alike, alike, independent, tally
from evalkit.calibration.cells import Cells, Codes, collapse
from evalkit.calibration.distances import Floats

NO_DIRECTION = 1e-11  # share of the largest eigenvalue below which the dummies of several margins are collinear


class Projection(Protocol):
    """A step of weighting, seen from the scores."""

    def pull(self, scores: Floats) -> Floats:
        """Return scores of the weights before from scores, (n,) or (n, k), of the weights after."""


@dataclass(frozen=True, eq=False)
class CellProjection:
    """Post-stratification: each score less its cell's weighted mean.

    Parameters
    ----------
    codes : (n,) int array
        Post-stratum of each row, ≥ 0.
    before, after : (n,) float arrays
        d and w.

    Notes
    -----
    z = s − w·Σ_c d u / Σ_c d, in one pass of grouped sums: R survey's `postStratify`.

    Examples
    --------
    >>> CellProjection(np.array([0, 0, 1]), np.array([10., 30, 5]), np.full(3, 20.)).pull(np.array([20., 100, 7])).tolist()
    [-60.0, 20.0, 0.0]
    """

    codes: Codes
    before: Floats
    after: Floats

    @cached_property
    def _share(self) -> Floats:
        return _over(self.before, self.after)

    @cached_property
    def _size(self) -> Floats:
        return tally(self.codes, _counted(self.before, self.after))

    def pull(self, scores: Floats) -> Floats:
        """Return scores of the sample from scores, (n,) or (n, k), of the post-stratified weights."""
        return _by_column(self._pull, scores)

    def _pull(self, scores: Floats) -> Floats:
        means = _over(tally(self.codes, self._share * scores, len(self._size)), self._size)
        return scores - self.after * np.take(means, self.codes)


@dataclass(frozen=True, eq=False)
class MatrixProjection:
    """Calibration on a design matrix: each score less w times its regression on x.

    Parameters
    ----------
    x : (n, p) float array
        For calibration of whole clusters, the means that `unit_means` gives.
    before, after : (n,) float arrays
        d and w.
    q : (n,) float array, optional
        As for `fit`.

    Notes
    -----
    R survey's `calibrate`, whatever the distance. Rows alike in x are grouped once; columns that are combinations of others are left out.

    Examples
    --------
    >>> x = np.array([[1., 0], [1, 1], [1, 2], [1, 3]])
    >>> MatrixProjection(x, np.full(4, 5.), np.full(4, 5.)).pull(np.array([5., 10, 15, 40])).round(9).tolist()
    [4.0, -2.0, -8.0, 6.0]
    """

    x: Floats
    before: Floats
    after: Floats
    q: Floats | None = None

    @cached_property
    def _weight(self) -> Floats:
        return self.before if self.q is None else self.before * self.q

    @cached_property
    def _share(self) -> Floats:
        return _over(self._weight, self.after)

    @cached_property
    def _alike(self) -> Alike:
        return alike(self.x)

    @cached_property
    def _rows(self) -> Floats:
        """Return orthonormal columns, one row a group."""
        x = self._alike.take(self.x)
        return independent(x, self._alike.add_up(_counted(self._weight, self.after))).rows(x)

    def pull(self, scores: Floats) -> Floats:
        """Return scores of the sample from scores, (n,) or (n, k), of the calibrated weights."""
        return _by_column(self._pull, scores)

    def _pull(self, scores: Floats) -> Floats:
        coefficients = self._alike.add_up(self._share * scores) @ self._rows
        return scores - self.after * self._alike.spread(self._rows @ coefficients)


@dataclass(frozen=True, eq=False)
class RakedProjection:
    """Raking over several margins: each score less w times its regression on the categories of all margins.

    Parameters
    ----------
    codes : sequence of (n,) int arrays
        Category of each row in each margin, ≥ 0.
    before, after : (n,) float arrays
        d and w.
    sweeps : int, optional
        None: the regression with weights d, as R survey's `calibrate(calfun = "raking")` has it. 10: what R survey's `rake` does,
        ten rounds in which each margin's plain (unweighted) means of s/w are taken away in turn.

    Notes
    -----
    R's `rake` and `calibrate` give different variances for the same weights; name the oracle.

    Examples
    --------
    >>> a, b, d = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([10., 10, 10, 10])
    >>> RakedProjection([a, b], d, d).pull(np.array([40., 0, 0, 0])).round(9).tolist()
    [10.0, -10.0, -10.0, 10.0]
    """

    codes: Sequence[Codes]
    before: Floats
    after: Floats
    sweeps: int | None = None

    @cached_property
    def _cells(self) -> Cells:
        return collapse(self.codes, [int(code.max(initial=0)) + 1 for code in self.codes])

    @cached_property
    def _weight(self) -> Floats:
        """Return weights of the regression: d, or 1 for the plain means of R's sweeps."""
        return _counted(self.before if self.sweeps is None else np.ones(len(self.before)), self.after)

    @cached_property
    def _share(self) -> Floats:
        return _over(self._weight, self.after)

    @cached_property
    def _size(self) -> Floats:
        return self._cells.add_up(self._weight)

    @cached_property
    def _dummies(self) -> csr_array:
        codes = self._cells.codes
        parts = [csr_array((np.ones(len(code)), (np.arange(len(code)), code))) for code in codes]
        return csr_array(hstack(parts))

    @cached_property
    def _inverse(self) -> Floats:
        """Return the generalised inverse of Σ d·dummies·dummiesᵀ; its columns are scaled alike before what is collinear is dropped."""
        table = self._dummies.multiply(self._size[:, None]).T @ self._dummies
        cross = np.asarray(table.todense(), dtype=float)
        scale = np.sqrt(_over(np.ones(len(cross)), np.diag(cross)))
        values, vectors = eigh(cross * scale * scale[:, None])
        kept = values > NO_DIRECTION * values[-1]
        vectors = vectors[:, kept] * scale[:, None]
        return np.asarray(vectors / values[kept] @ vectors.T)

    def pull(self, scores: Floats) -> Floats:
        """Return scores of the sample from scores, (n,) or (n, k), of the raked weights."""
        return _by_column(self._pull, scores)

    def _pull(self, scores: Floats) -> Floats:
        sums = self._cells.add_up(self._share * scores)
        fitted = self._regressed(sums) if self.sweeps is None else self._swept(sums, self.sweeps)
        return scores - self.after * self._cells.spread(fitted)

    def _regressed(self, sums: Floats) -> Floats:
        return np.asarray(self._dummies @ (self._inverse @ (self._dummies.T @ sums)))

    def _swept(self, sums: Floats, sweeps: int) -> Floats:
        fitted = np.zeros_like(sums)
        for _ in range(sweeps):
            for code in self._cells.codes:
                means = _over(tally(code, sums - self._size * fitted), tally(code, self._size))
                fitted += means[code]
        return fitted


@dataclass(frozen=True, eq=False)
class Redistribution:
    """Weights of givers handed to takers of the same cell in proportion to their weight (non-response by weighting cells).

    Parameters
    ----------
    cells : (n,) int array
        Weighting cell of each row, ≥ 0.
    givers, takers : (n,) bool arrays
        Rows that lose their weight, and rows that take it over; all others keep theirs.
    before, after : (n,) float arrays
        d and w, with w = d·φ for takers, φ = (D_takers + D_givers)/D_takers in the cell, and w = 0 for givers.

    Notes
    -----
    The derivative of Σ w u by the weight of each sampled row, times that weight. With m the mean of u over the takers of the cell,
    z = d·(m + φ(u − m)) for takers, d·m for givers and s for the others: the sum of z is that of s.

    Examples
    --------
    >>> d, taker = np.array([10., 10, 20]), np.array([True, True, False])
    >>> Redistribution(np.zeros(3, dtype=int), ~taker, taker, d, np.array([20., 20, 0])).pull(np.array([20., 60, 0])).tolist()
    [0.0, 40.0, 40.0]
    """

    cells: Codes
    givers: NDArray[np.bool_]
    takers: NDArray[np.bool_]
    before: Floats
    after: Floats

    @cached_property
    def _received(self) -> Floats:
        """Return the weight after of the takers, by cell."""
        return tally(self.cells, self.after * self.takers)

    def pull(self, scores: Floats) -> Floats:
        """Return scores of all sampled rows from scores, (n,) or (n, k), of the weights after."""
        return _by_column(self._pull, scores)

    def _pull(self, scores: Floats) -> Floats:
        sums = tally(self.cells, scores * self.takers, len(self._received))
        mean = np.take(_over(sums, self._received), self.cells)
        taken = scores - (self.after - self.before) * mean  # d·φ·u − d(φ − 1)·m
        return np.where(self.takers, taken, np.where(self.givers, self.before * mean, scores))


def _by_column(pull: Callable[[Floats], Floats], scores: Floats) -> Floats:
    """Apply `pull` to scores, or to each of their columns."""
    if scores.ndim == 1:
        return pull(scores)
    return np.column_stack([pull(column) for column in scores.T]) if scores.shape[1] else scores


def _over(top: Floats, bottom: Floats) -> Floats:
    """Return top/bottom, 0 where bottom is 0."""
    return np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom != 0)


def _counted(weight: Floats, after: Floats) -> Floats:
    """Return the weights of a regression, 0 for rows whose weight afterwards is 0."""
    return weight if bool((after != 0).all()) else np.where(after != 0, weight, 0.0)
