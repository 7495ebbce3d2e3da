"""What is true of the villages: their rates under a model of clustering, at every point of a grid, from the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evalkit import streams

if TYPE_CHECKING:
    Floats = NDArray[np.float64]

FINE = 2**16  # equally likely rates that stand for the beta distribution of village rates
MODELS = ("beta-binomial", "bad-village")


@dataclass(frozen=True)
class Point:
    """One point of a grid: the true rate of each rate by name, the correlation within villages, and the model of clustering."""

    rates: tuple[tuple[str, float], ...]
    icc: float
    model: str

    def rate(self, name: str) -> float:
        """Return the true value of a rate."""
        return dict(self.rates)[name]


@dataclass(frozen=True, eq=False)
class VillageRates:
    """Rates that villages may have at each of k points, each as likely as any other.

    Attributes
    ----------
    table : (k, FINE) float array
        The quantiles of the rate at (j + ½)/FINE.
    """

    table: Floats

    def at(self, u: Floats) -> Floats:
        """Return the rates of villages whose uniform numbers are `u`, (villages, k)."""
        return self.table[:, (u * FINE).astype(np.int64)].T


def village_rates(p: Floats, icc: Floats, models: list[str]) -> VillageRates:
    """Return the village rates of k points.

    "beta-binomial": beta with mean p and correlation icc. "bad-village": p + icc(1 − p) in a share p/(p + icc(1 − p)) of
    the villages, 0 in the others. Both give households of one village the correlation icc.

    Examples
    --------
    >>> made = village_rates(np.array([.02, .02]), np.array([.05, .05]), ["beta-binomial", "bad-village"])
    >>> made.table.mean(axis=1).round(5).tolist()
    [0.02, 0.02]
    """
    grid = (np.arange(FINE) + 0.5) / FINE
    return VillageRates(np.array([_quantiles(grid, *point) for point in zip(p, icc, models, strict=True)]))


def _quantiles(grid: Floats, p: float, icc: float, model: str) -> Floats:
    if model == "beta-binomial" or icc == 0 or p in (0, 1):
        return streams.beta(grid, p, icc)
    # the rarer of the two classes clusters: approval near 1 fails in bad villages
    rare = min(p, 1 - p)
    bad = rare + icc * (1 - rare)
    made = np.where(grid > 1 - rare / bad, bad, 0.0)
    return made if p <= 0.5 else 1 - made


def interviewer_rates(rates: Floats, correlation: float, u: Floats) -> Floats:
    """Return the rates that interviewers record where the true rates are `rates`: beta about them with a correlation.

    Parameters
    ----------
    rates : (interviewers, k) float array
        Of the village that each works in.
    correlation : float
        Of the answers that one interviewer takes in one village, beyond the village's own; 0 for none.
    u : (interviewers,) float array
        Uniform numbers.
    """
    return streams.beta(u[:, None], rates, correlation)
