"""Blocks of scores: what an Estimate remembers so that its variance, and that of anything made of it, can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimates.domains import Domain
from evalkit.variances import Floats, Ints, group

if TYPE_CHECKING:
    from evalkit.survey import Survey


@dataclass(frozen=True, eq=False)
class Proportion:
    """What the interval of a proportion needs beside the variance.

    Attributes
    ----------
    event : (rows,) array
        Share of the row that has the property, in [0, 1]; a household is the unit of decision.
    weight : (rows,) float array
        Effective weights, w × persons when persons are counted.
    """

    event: Floats
    weight: Floats


@dataclass(frozen=True, eq=False)
class Block:
    """One score and one domain code a row: a column of results for each domain.

    Attributes
    ----------
    score : (rows,) float array
        Weighted linearised scores; the variance of their total in a domain is that of the estimate.
    domain : Domain
    reference : callable
        Gives the variance, by domain, under simple random sampling with replacement.
    """

    survey: Survey
    score: Floats
    domain: Domain
    reference: Callable[[], Floats] | None = None
    proportion: Proportion | None = None
    _known: dict[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.score.flags.writeable = False

    @property
    def count(self) -> int:
        """Number of columns."""
        return self.domain.count

    @property
    def columns(self) -> tuple[Floats, Ints | None, int]:
        """Score, domain codes and their number, as a Survey takes them."""
        return self.score, self.domain.code, self.count

    def sizes(self) -> Ints:
        """Rows by domain."""
        return self.domain.sizes(len(self.score))

    def variances(self, fpc: bool = True) -> Floats:
        """Variances by domain, remembered."""
        key = "fpc" if fpc else "endless"
        if key not in self._known:
            self._known[key] = self.survey.variances(*self.columns, fpc=fpc)
        return self._known[key]

    def srs(self, with_fpc: bool) -> Floats:
        """Variances under simple random sampling of the same number of rows; NaN without a reference."""
        if self.reference is None:
            return np.full(self.count, np.nan)
        if not with_fpc:
            return self.reference()
        return self.reference() * np.maximum(0.0, 1 - self.sizes() / self.domain.sums(self.survey.weights))

    def presence(self) -> tuple[Ints, Ints]:
        """Pairs (first-stage unit, column) in which there is at least one row."""
        return present(self.survey.stages[0].row_unit, self.survey.stages[0].units, self.domain)


def present(unit: Ints, units: int, domain: Domain) -> tuple[Ints, Ints]:
    """Return the distinct (unit, domain) pairs of the rows."""
    if domain.code is None:
        held = np.flatnonzero(np.bincount(unit, minlength=units))
        return held, np.zeros(len(held), dtype=np.int64)
    inside = domain.code >= 0
    keys, _ = group(unit[inside] * domain.count + domain.code[inside], units * domain.count)
    return keys // domain.count, keys % domain.count


def binomial(value: Floats, domain: Domain, rows: int) -> Floats:
    """Variance p(1 − p)/(n − 1) of a proportion of `n` rows drawn with replacement, by domain."""
    n = domain.sizes(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 1, value * (1 - value) / (n - 1), np.nan)


def spread(values: Floats, weights: Floats, domain: Domain, blow: Floats | float = 1.0) -> Floats:
    """Variance of a mean of `n` rows drawn with replacement, s²/n with s² the weighted variance, times `blow`.

    s² = n/(n − 1) Σw(x − x̄)²/Σw by domain, as R survey's `svyvar`.
    """
    n, whole = domain.sizes(len(values)), domain.sums(weights)
    centre = domain.sums(weights * values) / whole
    squares = domain.sums(weights * (values - domain.at(centre)) ** 2) / whole
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 1, squares / (n - 1), np.nan) * blow
