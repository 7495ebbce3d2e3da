"""Quadratic forms in the totals of first-stage units: a matrix from joint chances, or differences along an ordered list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.variances.stages import Floats, Ints


@dataclass(frozen=True, eq=False)
class Matrix:
    """z'Qz with a matrix Q, (units, units)."""

    matrix: Floats

    def variances(self, totals: Floats) -> Floats:
        """Return z'Qz of each column of `totals`, (units, columns)."""
        return np.asarray((totals * (self.matrix @ totals)).sum(axis=0))

    def covariance(self, totals: Floats) -> Floats:
        """Return Z'QZ."""
        return np.asarray(totals.T @ self.matrix @ totals)


@dataclass(frozen=True, eq=False)
class Successive:
    """Successive differences of units in the order of the list they were drawn from, stratum by stratum.

    v = Σ_h (1 − f_h) n_h/(2(n_h − 1)) Σ_i (z_hi − z_h,i−1)² (Wolter 2007, Introduction to Variance Estimation, eq. 8.2.2).

    Parameters
    ----------
    order, stratum : (units,) int arrays
        Place in the list, and stratum.
    fraction : (strata,) float array
        Sampling fraction.

    Examples
    --------
    >>> form = Successive(np.array([0, 1, 2]), np.zeros(3, dtype=int), np.array([0.0]))
    >>> form.variances(np.array([[1.0], [2.0], [4.0]])).round(9).tolist()
    [3.75]
    """

    order: Ints
    stratum: Ints
    fraction: Floats

    def _differences(self, totals: Floats) -> Floats:
        sequence = np.lexsort((self.order, self.stratum))
        stratum = self.stratum[sequence]
        n = np.bincount(self.stratum, minlength=len(self.fraction))
        factor = (1 - self.fraction) * n / (2 * np.maximum(n - 1, 1))
        same = stratum[1:] == stratum[:-1]
        steps = np.diff(totals[sequence], axis=0)[same]
        return np.asarray(np.sqrt(factor[stratum[1:][same]])[:, None] * steps)

    def variances(self, totals: Floats) -> Floats:
        """Return the variance of each column of `totals`, (units, columns)."""
        return np.asarray((self._differences(totals) ** 2).sum(axis=0))

    def covariance(self, totals: Floats) -> Floats:
        """Return the covariance matrix of the columns."""
        steps = self._differences(totals)
        return np.asarray(steps.T @ steps)
