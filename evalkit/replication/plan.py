"""What a set of replicates is: factors by unit, made when they are asked for, and the totals of every replicate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from evalkit.errors import EstimateError, SurveyError
from evalkit.patience import Progress, tell_count
from evalkit.variances import Floats, Ints

CHUNK = 1 << 20  # factors held at once, unless a single replicate has more
TOLD = "重复权数"


@dataclass(frozen=True, eq=False, repr=False)
class Replicates(ABC):
    """R sets of factors for U units, and how the values of the replicates are put together.

    The weight of a row in replicate r is its weight times the factor of its unit, and the variance of a statistic θ

        v(θ) = scale · Σ_r rscales_r (θ_r − centre)².

    Attributes
    ----------
    kind : str
        The method, a name of `METHODS`, or ``other`` for weights from elsewhere.
    count, units : int
        R and U.
    scale : float
    rscales : (R,) float array
    df : float
        Degrees of freedom: first-stage units minus strata, at most R − 1 where replicates are drawn by lot; for weights from
        elsewhere, their rank minus 1 (R's ``degf``).
    level : int
        The stage whose units have factors, 0 for the first.
    progress : callable, optional
        Told a line while replicates are gone through; not stored with them.
    """

    kind: str
    count: int
    units: int
    scale: float
    rscales: Floats
    df: float
    level: int
    progress: Progress | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self.rscales.flags.writeable = False

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "progress": None}

    def __repr__(self) -> str:
        return f"重复权数：{self.kind}，{self.count} 套，每套第 {self.level + 1} 阶段 {self.units} 个单元，自由度 {self.df:g}"

    def factors(self, start: int = 0, stop: int | None = None) -> Floats:
        """Return the factors of replicates `start` to `stop`, (stop − start, U).

        Raises
        ------
        EstimateError
            When the range does not lie in 0 … R.
        """
        stop = self.count if stop is None else stop
        if not 0 <= start <= stop <= self.count:
            raise EstimateError(f"第 {start} 至 {stop} 套｜应在 0 与 {self.count} 之间，起不大于止｜改正范围")
        return self.between(start, stop)

    @abstractmethod
    def between(self, start: int, stop: int) -> Floats:
        """Make the factors of a sound range."""

    def totals(self, sums: Floats) -> Floats:
        """Multiply factors and sums of sound shape, a chunk of replicates at a time."""
        result = np.empty((self.count, sums.shape[1]))
        for start, stop in self.chunks():
            np.matmul(self.between(start, stop), sums, out=result[start:stop])
        return result

    @property
    def width(self) -> int:
        """Numbers that a replicate takes while it is made."""
        return self.units

    def chunks(self, width: int = 0, most: int = CHUNK) -> Iterator[tuple[int, int]]:
        """Yield ranges of replicates of about `most` numbers where one takes `width`, and tell how many are gone through."""
        step = max(1, most // max(1, width or self.width))
        for start in range(0, self.count, step):
            stop = min(start + step, self.count)
            yield start, stop
            self.tell(start, stop)

    def tell(self, before: int, done: int) -> None:
        """Tell that so many replicates are gone through."""
        tell_count(self.progress, TOLD, before, done, self.count)


def totals(plan: Replicates, sums: ArrayLike) -> Floats:
    """Return the total of every column in every replicate, Σ_u factor_ru · sums_uk.

    Parameters
    ----------
    plan : Replicates
    sums : array, shape (U, k) or (U,)
        Weighted sums by unit: what the rows of a unit contribute to each total.

    Returns
    -------
    (R, k) float array

    Raises
    ------
    EstimateError
        Sums of another number of units, or not finite.

    Notes
    -----
    Besides the result and a copy of `sums`, at most about 8 · `CHUNK` numbers are held (64 MB), more only when a single replicate has
    more. The jackknife, half-samples and differences use what they know of their factors: a jackknife costs U·k and not U²·k.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> from evalkit.replication import made
    >>> plan = made("jk1", structure([None], [np.arange(3)], [None]), seed=None)
    >>> totals(plan, [2.0, 3.0, 7.0]).ravel().tolist()
    [15.0, 13.5, 7.5]
    """
    given = np.ascontiguousarray(sums, dtype=np.float64)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or len(given) != plan.units:
        raise EstimateError(f"单元合计的形状 {given.shape}｜应为 {plan.units} 行，每单元一行｜按第 {plan.level + 1} 阶段的单元合计")
    if not np.isfinite(given).all():
        raise EstimateError("单元合计中有缺失或无穷的数｜应都是数｜先排除缺失的行")
    return plan.totals(given)


@dataclass(frozen=True, eq=False, repr=False)
class Softened(Replicates):
    """Factors drawn nearer to 1 by τ; what the deviations lose is given back by τ² in the scale."""

    plan: Replicates
    tau: float

    def between(self, start: int, stop: int) -> Floats:
        return 1 + (self.plan.between(start, stop) - 1) / self.tau

    def totals(self, sums: Floats) -> Floats:
        whole = sums.sum(axis=0)
        return np.asarray(whole + (self.plan.totals(sums) - whole) / self.tau)


def softened(plan: Replicates, tau: float) -> Replicates:
    """Return replicates with the factors 1 + (a − 1)/τ and the scale times τ².

    Variances of totals stay the same; no factor is negative once τ ≥ 1 − (smallest factor), which `lowest` gives (Beaumont &
    Patak 2012, Int. Statist. Rev. 80:127, section 4). For half-samples it is Fay's method with ρ = 1 − 1/τ.

    Parameters
    ----------
    plan : Replicates
    tau : float
        At least 1.

    Raises
    ------
    SurveyError
        τ below 1.
    """
    if not tau >= 1:
        raise SurveyError(f"tau = {tau}｜应不小于 1｜例如 tau=2")
    known = {name: getattr(plan, name) for name in ("kind", "count", "units", "rscales", "df", "level", "progress")}
    return Softened(**known, scale=plan.scale * tau**2, plan=plan, tau=tau)


def lowest(plan: Replicates) -> float:
    """Return the smallest factor of all replicates (1 without any); takes the time of one pass over all of them."""
    return min((float(plan.between(start, stop).min(initial=1.0)) for start, stop in plan.chunks()), default=1.0)


def stratum_sums(stratum: Ints, sums: Floats) -> Floats:
    """Sum the rows of `sums` by stratum, (strata, k)."""
    units = len(stratum)
    by_stratum = sparse.csr_array((np.ones(units), (stratum, np.arange(units))), shape=(int(stratum.max(initial=-1)) + 1, units))
    return np.asarray(by_stratum @ sums)


def appearance(unit: Ints, units: int) -> Ints:
    """Return the first row of each unit; R orders units by it."""
    first = np.zeros(units, dtype=np.int64)
    first[unit[::-1]] = np.arange(len(unit) - 1, -1, -1)
    return first

