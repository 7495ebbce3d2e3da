"""Blocks of scores: what an Estimate remembers so that its variance, and that of anything made of it, can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates.domains import Domain
from evalkit.estimates.smooth import Smooth
from evalkit.variances import Floats, Ints, Partition, Scores

if TYPE_CHECKING:
    from evalkit.estimates.asking import Asked
    from evalkit.survey import Survey
    from evalkit.survey.replicated import Replicated

ONE = None  # the term that is 1 in every row, so that the weights need not be multiplied
Term = Floats | None
Bounds = Callable[[float, Any, Floats], tuple[Floats, Floats]]
Again = Callable[["Replicated"], Floats]


@dataclass(frozen=True, eq=False)
class Proportion:
    """What the interval of a proportion needs beside the variance.

    Attributes
    ----------
    event : (rows,) array
        Share of the row that has the property, in [0, 1]; a household is the unit of decision.
    counted : (rows,) float array or None
        What a row counts beside its weight (persons); None: 1. The effective weight is the product.
    """

    event: Floats
    counted: Floats | None = None


@dataclass(frozen=True)
class Held:
    """A result in place of the function that gave it: it can be stored, which functions cannot."""

    value: Any

    def __call__(self, *asked: Any) -> Any:
        return self.value


def cannot(made: Any = None) -> Any:
    """Refuse to reckon a statistic again by replicate weights."""
    raise EstimateError("这个估计不能按重复权数重算｜of_columns 应给出 again=（权数 → 数值）｜补上 again")


@dataclass(frozen=True, eq=False)
class Block:
    """A statistic in disjoint domains: a column of results for each domain, with scores linear in a few terms of the row.

    Attributes
    ----------
    survey : Survey
    domain : Domain
    terms : tuple of (rows,) float arrays or None
        Without the survey weight; None stands for 1.
    slopes : (terms, domains) float array
        The score of a row in domain d is Σ_t slopes[t, d]·terms[t]; the variance of the weighted total of the scores is that
        of the estimate.
    smooth : Smooth, optional
        The statistic as a function of the totals of the terms.
    again : callable, optional
        Where it is no such function: from the replicates of a survey to values (replicates, domains).
    reference : callable, optional
        Gives the variance, by domain, under simple random sampling with replacement.
    bounds : callable, optional
        From level, side and degrees of freedom by domain to limits by domain, where a statistic has its own interval.
    asked : (Asked, int), optional
        Of answers in an engine: the statistic that was asked, and which of its blocks this is.
    """

    survey: Survey
    domain: Domain
    terms: tuple[Term, ...]
    slopes: Floats
    smooth: Smooth | None = None
    again: Again | None = None
    reference: Callable[[], Floats] | None = None
    proportion: Proportion | None = None
    bounds: Bounds | None = None
    asked: tuple[Asked, int] | None = None
    _known: dict[Any, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is stored: results in place of the functions that give them."""
        again = self.survey.replicated is not None and (self.smooth is not None or self.again is not cannot)
        known = {"replicates": self.replicates()} if again else {}
        reference = None if self.reference is None else Held(self.reference())
        return {**vars(self), "smooth": None, "again": cannot, "reference": reference, "asked": None, "_known": known}

    @staticmethod
    def of_totals(survey: Survey, domain: Domain, terms: tuple[Term, ...], smooth: Smooth, **more: Any) -> tuple[Floats, Block]:
        """Return value and block of a smooth function of the totals of the terms; NaN where a domain has no row."""
        made = Block(survey, domain, terms, np.empty((0, 0)), smooth, **more)
        totals = np.stack([domain.totals(term, survey.stages[0]) for term in made.weighted])
        with np.errstate(divide="ignore", invalid="ignore"):
            value, slopes = smooth.value(totals), smooth.slopes(totals)
        nobody = domain.sizes == 0
        if nobody.any():
            value, slopes = np.where(nobody, np.nan, value), np.where(nobody, 0.0, slopes)
        slopes.flags.writeable = False
        return value, Block(survey, domain, terms, slopes, smooth, _known={"weighted": made.weighted}, **more)

    @property
    def count(self) -> int:
        """Number of columns."""
        return self.domain.count

    @property
    def weighted(self) -> tuple[Floats, ...]:
        """The terms times the weights, remembered."""
        if "weighted" not in self._known:
            w = self.survey.weights
            self._known["weighted"] = tuple(w if term is ONE else w * term for term in self.terms)
        found: tuple[Floats, ...] = self._known["weighted"]
        return found

    @property
    def scores(self) -> Scores:
        """The weighted scores, as a Survey takes them, remembered with their sums."""
        if "scores" not in self._known:
            self._known["scores"] = Scores(self.weighted, self.slopes, self.domain.partition)
        found: Scores = self._known["scores"]
        return found

    @property
    def score(self) -> Floats:
        """The weighted score of each row in its own domain, (rows,), read-only."""
        made = self.scores.rows()
        made.flags.writeable = False
        return made

    def sizes(self) -> Ints:
        """Rows by domain."""
        return self.domain.sizes

    def variances(self, fpc: bool = True) -> Floats:
        """Variances by domain, remembered; NaN where a domain has no row."""
        fpc = fpc or not self.survey.finite
        if fpc not in self._known:
            found = self.survey.variances(self.scores, fpc=fpc)
            self._known[fpc] = np.where(self.domain.sizes == 0, np.nan, found)
        return np.asarray(self._known[fpc])

    def replicates(self) -> Floats:
        """Values by replicate and domain, (replicates, domains), remembered."""
        if "replicates" not in self._known:
            made = self.survey.replicated
            assert made is not None
            if self.smooth is not None:
                totals = made.totals(self.terms, self.domain.partition)
                with np.errstate(divide="ignore", invalid="ignore"):
                    self._known["replicates"] = self.smooth.value(totals)
            else:
                assert self.again is not None
                self._known["replicates"] = self.again(made)
        return np.asarray(self._known["replicates"])

    def srs(self, with_fpc: bool) -> Floats:
        """Variances under simple random sampling of the same number of rows; NaN without a reference."""
        if self.reference is None:
            return np.full(self.count, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.reference()
            return found * np.maximum(0.0, 1 - self.sizes() / self.domain.sums(self.survey.weights)) if with_fpc else found

    def df(self) -> Floats:
        """First-stage units minus strata that have a row in each domain."""
        return self.domain.df(self.survey.stages[0])


def effective_weights(block: Block) -> Floats:
    """Return the weight of each row times what it counts, ω, of a proportion."""
    held = block.proportion
    assert held is not None
    return block.survey.weights if held.counted is None else block.survey.weights * held.counted


def once(again: Callable[[Floats], Floats] | None) -> Again:
    """Return a function of the replicates that runs `again` over them once, however many columns ask."""
    known: dict[int, Floats] = {}
    if again is None:
        return cannot

    def remade(made: Replicated) -> Floats:
        if id(made) not in known:
            known[id(made)] = made.values(again)
        return known[id(made)]

    return remade


def column_of(remade: Again, at: int) -> Again:
    return remade if remade is cannot else lambda made: remade(made)[:, [at]]


def of_columns(survey: Survey, values: Floats, scores: Floats, event: Any = None, weight: Any = None) -> list[Block]:
    """Return a block for each column of scores over the same rows; for shares with their events and effective weights."""
    columns, partition = np.ascontiguousarray(scores.reshape(len(survey), -1).T), survey.whole
    if event is None:
        domain = Domain(partition, ((),), (), len(survey))
        return [Block(survey, domain, (column,), np.ones((1, 1)), again=once(None)) for column in columns]
    w = np.asarray(weight, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = np.where(survey.weights > 0, w / survey.weights, 0.0)
    some = Partition(np.where(w > 0, 0, -1), held=partition.held)
    domain = Domain(partition if bool((w > 0).all()) else some, ((),), (), len(survey))
    events = np.ascontiguousarray(np.asarray(event, dtype=float).reshape(len(survey), -1).T)
    return [
        Block(survey, domain, (column,), np.ones((1, 1)), proportion=Proportion(share, counted), again=once(None),
              reference=partial(binomial, values[[at]], domain))
        for at, (column, share) in enumerate(zip(columns, events, strict=True))
    ]  # fmt: skip


def binomial(value: Floats, domain: Domain) -> Floats:
    """Variance p(1 − p)/(n − 1) of a proportion of `n` rows drawn with replacement, by domain."""
    n = domain.sizes
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 1, value * (1 - value) / (n - 1), np.nan)


def spread(values: Floats, weights: Floats, domain: Domain, blow: Floats | float = 1.0) -> Floats:
    """Variance of a mean of `n` rows drawn with replacement, s²/n with s² the weighted variance, times `blow`.

    s² = n/(n − 1) Σw(x − x̄)²/Σw by domain, as R survey's `svyvar`.
    """
    n = domain.sizes
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = domain.sums(weights)
        centre = domain.sums(weights * values) / whole
        squares = domain.sums(weights * (values - domain.at(centre)) ** 2) / whole
        return np.where(n > 1, squares / (n - 1), np.nan) * blow
