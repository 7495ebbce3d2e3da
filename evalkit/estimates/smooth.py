"""Statistics that are smooth functions of totals: the value, and its slope in each total. Scores and replicates follow from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evalkit.variances import Floats


@dataclass(frozen=True)
class Smooth:
    """A function of totals by domain.

    Attributes
    ----------
    value : callable
        From totals (terms, …, domains) to values (…, domains); the middle axes are replicates.
    slopes : callable
        From totals (terms, domains) to derivatives (terms, domains). The linearised score of a row is Σ_t slope_t·term_t
        (Särndal, Swensson & Wretman 1992, result 5.5.1).
    """

    value: Callable[[Floats], Floats]
    slopes: Callable[[Floats], Floats]


TOTAL = Smooth(lambda t: t[0], lambda t: np.ones_like(t))
RATIO = Smooth(lambda t: t[0] / t[1], lambda t: np.stack([1 / t[1], -t[0] / t[1] ** 2]))
SHARE = Smooth(lambda t: np.clip(t[0] / t[1], 0.0, 1.0), RATIO.slopes)


def mean_about(centre: float) -> Smooth:
    """Return the mean of a variable given as deviations from `centre`: totals of the deviations and of 1."""
    return Smooth(lambda t: centre + t[0] / t[1], RATIO.slopes)


def covariance_of(factor: Floats) -> Smooth:
    """Return factor·(Σwxy/W − x̄ȳ): totals of xy, x, y and 1; `factor` by domain, n/(n − 1) in R's svyvar."""

    def value(t: Floats) -> Floats:
        return np.asarray(factor * (t[0] / t[3] - t[1] * t[2] / t[3] ** 2))

    def slopes(t: Floats) -> Floats:
        xy, x, y, w = t
        return np.asarray(factor * np.stack([1 / w, -y / w**2, -x / w**2, -xy / w**2 + 2 * x * y / w**3]))

    return Smooth(value, slopes)


def _moments(t: Floats) -> tuple[Floats, Floats, Floats]:
    """Return covariance and both variances from totals of xy, xx, yy, x, y and 1."""
    xy, xx, yy, x, y, w = t
    return xy / w - x * y / w**2, xx / w - x**2 / w**2, yy / w - y**2 / w**2


def _correlation(t: Floats) -> Floats:
    both, first, second = _moments(t)
    return np.asarray(both / np.sqrt(first * second))


def _correlation_slopes(t: Floats) -> Floats:
    both, first, second = _moments(t)
    r, w = both / np.sqrt(first * second), t[5]
    in_both, in_first, in_second = 1 / np.sqrt(first * second), -r / (2 * first), -r / (2 * second)
    x, y = t[3] / w, t[4] / w
    in_x, in_y = -in_both * y - 2 * in_first * x, -in_both * x - 2 * in_second * y
    # every total enters divided by w, so the slope in w closes the sum of slope × total at 0
    by_total = [in_both / w, in_first / w, in_second / w, in_x / w, in_y / w]
    in_w = -sum(slope * total for slope, total in zip(by_total, t[:5], strict=True)) / w
    return np.stack([*by_total, in_w])


CORRELATION = Smooth(_correlation, _correlation_slopes)
