"""Allocation over two stages: the design effect of a take of b households a village follows the allocation it decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.allocation.checks import Bound, entries, lengths, limits, refuse, single
from evalkit.allocation.precision import demands
from evalkit.allocation.several import Several, bethel

Numbers = NDArray[np.float64]
ROUNDS = 200
STILL = 1e-10


@dataclass(frozen=True)
class TwoStageQuotas:
    """Households, villages and takes of each stratum, with the allocation they rest on.

    Parameters
    ----------
    households : Several
        The cheapest allocation at the design effects of the last round.
    villages, takes : tuple of float
        Villages m_h and households a village b_h = n_h/m_h of each stratum.
    effects : tuple of tuple of float
        Design effects 1 + (b_h − 1)ρ_jh, by variable and stratum.
    rounds : int
        How often the effects were renewed.
    settled : bool
        Whether the last round left every take as it was.
    """

    households: Several
    villages: tuple[float, ...]
    takes: tuple[float, ...]
    effects: tuple[tuple[float, ...], ...]
    rounds: int
    settled: bool

    @property
    def statement(self) -> str:
        """One line: that of the households, and whether takes and design effects agree."""
        end = "村内户数与设计效应已相互吻合" if self.settled else "村内户数与设计效应尚未吻合"
        return f"{self.households.statement}；第 {self.rounds} 轮，{end}"


def bethel_two_stage(
    sizes: ArrayLike,
    variances: ArrayLike,
    errors: ArrayLike,
    icc: ArrayLike,
    take: ArrayLike,
    villages: ArrayLike,
    *,
    fewest: int = 2,
    costs: ArrayLike | None = None,
    domains: ArrayLike | None = None,
    low: Bound = 2,
    high: Bound = None,
    fpc: bool = True,
) -> TwoStageQuotas:
    """Return the cheapest numbers of households and villages that keep every limit, with S²·(1 + (b − 1)ρ) for S².

    The take b is the one asked for as long as n_h/b villages lie between `fewest` and the villages there are; beyond, b_h = n_h/m_h. So b
    depends on n and n on b: both are renewed in turn until no take moves by 1e-10 of itself (the scheme of R2BEAT `beat.2st`; Kish 1965,
    §5.4 for the effect).

    Parameters
    ----------
    sizes : array, shape (strata,)
        Households N_h.
    variances : array, shape (variables, strata)
        S² of households, without clustering in it.
    errors : array, shape (variables,) or (variables, domains)
        Standard errors allowed for totals.
    icc : array, shape (strata,) or (variables, strata), or number
        ρ in [0, 1].
    take : array, shape (strata,), or number
        Households wished for in each village, ≥ 1.
    villages : array, shape (strata,)
        Villages of each stratum.
    fewest : int
        Fewest villages of a stratum; 2 allow a variance.
    costs, domains, low, high, fpc
        As in `bethel` and `demands`; `high` is N_h where it is not given.

    Returns
    -------
    TwoStageQuotas

    Raises
    ------
    ValueError
        With every fault of the input, or when the villages there are cannot keep a limit.

    Examples
    --------
    >>> found = bethel_two_stage([8000, 2000], [[.02, .04]], [60.], .05, 20, [160, 30])
    >>> [round(n, 1) for n in found.households.n], [round(b, 3) for b in found.takes], found.settled
    ([879.8, 311.1], [20.0, 20.0], True)
    """
    size, square = np.asarray(sizes, dtype=float), np.atleast_2d(np.asarray(variances, dtype=float))
    rho = np.broadcast_to(np.asarray(icc, dtype=float), square.shape)
    wished = np.broadcast_to(np.asarray(take, dtype=float), size.shape)
    there = np.asarray(villages, dtype=float)
    _refuse(rho, wished, there, fewest, len(size))
    least, most = limits(len(size), low, size.tolist() if high is None else high)
    takes, rounds, still = wished, 0, False
    while not still and rounds < ROUNDS:
        effects = 1 + (takes - 1) * rho
        rows = demands(size, square, errors, domains=domains, effects=effects, fpc=fpc)
        found = bethel(rows, costs, low=least, high=most)
        n = np.asarray(found.n)
        renewed = np.maximum(n / np.clip(n / wished, np.minimum(fewest, there), there), 1)
        still = bool(np.all(np.abs(renewed - takes) <= STILL * renewed))
        takes, rounds = renewed, rounds + 1
    shown = tuple(tuple(row) for row in effects.tolist())
    return TwoStageQuotas(found, tuple((n / takes).tolist()), tuple(takes.tolist()), shown, rounds, still)


def _refuse(rho: Numbers, take: Numbers, villages: Numbers, fewest: int, count: int) -> None:
    outside = [f"icc = {each:g}｜应在 0 与 1 之间｜改正 icc" for each in np.unique(rho[~((rho >= 0) & (rho <= 1))])]
    small = [f"take = {each:g}｜每村至少 1 户｜改大 take" for each in np.unique(take[~(take >= 1)])]
    there = lengths(count, villages=villages) + entries("positive", villages=villages.tolist())
    refuse(outside, small, there, single("size", fewest=fewest))
