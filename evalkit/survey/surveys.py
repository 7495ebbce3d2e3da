"""The Survey: whom each answer speaks for, and the one place that gives a variance, that of a total of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

from evalkit import engines, replication, variances
from evalkit.errors import Faults, SurveyError
from evalkit.later import later
from evalkit.patience import Progress
from evalkit.showing import Rows, Shown
from evalkit.survey import reading
from evalkit.survey.declared import Declared
from evalkit.survey.remote import RemoteSurvey
from evalkit.survey.replicated import Replicated
from evalkit.survey.unequal import PPS
from evalkit.variances import FULL, Alike, Floats, Ints, Partition, Policy, Scores, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.weights.steps import Applied

charts = later("evalkit.charts")

Columns = str | Sequence[str | None] | None
Singleton = Literal["fail", "certainty", "adjust", "average", "remove", "collapse"]


@dataclass(frozen=True, eq=False, repr=False)
class Survey(Shown):
    """A table, its weights and its stages; made by `Survey.from_data`, `Survey.from_replicates`, `join` or `weigh`.

    It keeps a snapshot of the table; nobody writes into the caller's.

    Attributes
    ----------
    weights : (rows,) float array, read-only
        Population units each row stands for; 0 for sampled units that did not answer.
    stages : tuple of Stage
        All stages of selection, outermost first.
    policy : Policy
        The rule for strata with one sampled unit.
    notes : tuple of str
        What was decided on the way: strata collapsed, weights of empty cells spread, steps taken.
    steps : tuple of Applied
        What the weights were adjusted by, in order; scores are pulled back through them before their variance is taken.
    replicated : Replicated or None
        Replicate weights, when the variance is theirs.
    alike : Alike or None
        How many answers each row stands for, where the answers stay in an engine.
    """

    _table: pd.DataFrame
    weights: Floats
    stages: tuple[Stage, ...]
    policy: Policy
    ultimate: bool = False
    notes: tuple[str, ...] = ()
    design: Any = field(default=None)
    steps: tuple[Applied, ...] = ()
    replicated: Replicated | None = None
    alike: Alike | None = None
    _known: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_data(
        table: Any,
        weights: str | None = None,
        probs: Columns = None,
        strata: Columns = None,
        clusters: Columns = None,
        *,
        nest: bool = False,
        fpc: Columns = None,
        pps: PPS | str | None = None,
        singleton: Singleton = "fail",
        singleton_domain: bool = False,
        stages: Literal["all", "first"] = "all",
    ) -> Survey:
        """Describe how a table of answers was sampled.

        Parameters
        ----------
        table : pandas, polars, pyarrow, DuckDB, Spark or Dask table, or path
            One row an answer. The rows of a polars LazyFrame, of a DuckDB relation, of a Spark or Dask table and of a Parquet or CSV
            file are not read: see `RemoteSurvey`.
        weights : str, optional
            Column of weights, finite and above 0.
        probs : str or list of str, optional
            Columns of selection probabilities in (0, 1], one a stage; the weight is one over their product.
        strata : str or list of str, optional
            Column of strata, or one column a stage.
        clusters : str or list of str, optional
            Units of each stage, outermost first; without them each row is a unit.
        nest : bool
            Whether labels of first-stage units restart in each stratum.
        fpc : str or list of str, optional
            One column a stage: units in the population of the stratum (> 1) or sampling fraction (≤ 1).
            Stages after the last column count as sampled with replacement. With `pps` the first column holds the chances of
            the first-stage units, in (0, 1].
        pps : PPS or str, optional
            How the variance of first-stage units drawn with unequal chances is taken.
        singleton : str
            What to do with a stratum of one sampled unit that is not taken whole: ``fail``,
            ``certainty`` and ``remove`` (no contribution), ``adjust`` (centred at the mean of all units),
            ``average`` (the mean contribution of the other strata), ``collapse`` (merged with the
            neighbouring stratum).
        singleton_domain : bool
            Whether ``adjust`` and ``average`` also act on strata with one unit in a domain.
        stages : {"all", "first"}
            ``first`` counts the variance of the first stage alone (ultimate cluster).

        Returns
        -------
        Survey

        Raises
        ------
        SurveyError
            With every fault of the table at once: missing columns; weights that are text, missing, not
            finite or not above 0; missing strata or clusters; a first-stage unit in two strata; a fpc
            below the sample size or not constant in its stratum; chances that contradict the fpc.

        Notes
        -----
        With neither weights nor probs, weights are the product over stages of one over the sampling
        fraction, and 1 without fpc. Units that were certain form a stratum of their own, taken whole: their variance is that
        of the next stage.

        Examples
        --------
        >>> import pandas as pd, evalkit as ev
        >>> table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "M": 10, "N": [20, 20, 30, 30, 25, 25], "y": [1, 0, 0, 0, 1, 1]})
        >>> survey = ev.Survey.from_data(table, clusters=["village", None], fpc=["M", "N"])
        >>> survey
        Survey：6 行，代表 250，权数 33.33–50，2 阶段，首阶段 3 个单元、1 层，自由度 2
        """
        declared = Declared.of(weights, (probs, strata, clusters, fpc), nest, pps, (singleton, singleton_domain, stages))
        far = engines.opened(table, SurveyError)
        if far is not None:
            return cast("Survey", RemoteSurvey(far, declared, Survey._declared))
        return Survey._declared(declared, reading.snapshot(table))

    @staticmethod
    def _declared(declared: Declared, table: pd.DataFrame, alike: Alike | None = None) -> Survey:
        value, built, policy, notes = declared.build(table, alike)
        return Survey(table, value, built, policy, declared.stages == "first", notes, alike=alike)

    @staticmethod
    def from_replicates(
        table: Any,
        weights: str,
        replicates: Sequence[str] | Floats,
        *,
        kind: str = "other",
        scale: float | None = None,
        rscales: Sequence[float] | float | None = None,
        combined: bool = True,
        centre: replication.Centre = "mean",
        df: float | None = None,
        missing: Literal["fail", "drop"] = "fail",
        progress: Progress | None = None,
    ) -> Survey:
        """Take replicate weights that somebody else made.

        Parameters
        ----------
        table : pandas, polars, pyarrow, DuckDB or Spark table
            One row an answer.
        weights : str
            Column of weights, finite and above 0.
        replicates : list of str, or (rows, replicates) array
            Replicate weights, finite and not negative.
        kind : {"jk1", "jkn", "brr", "fay", "bootstrap", "sdr", "other"}
            Gives `scale` where it follows from the number of replicates R: jk1 (R − 1)/R, jkn 1, brr 1/R, bootstrap 1/(R − 1),
            sdr 4/R; "fay" and "other" need it stated.
        scale, rscales : float, list of float
            The variance is scale·Σ rscales_r (θ_r − centre)²; rscales are 1 when not given.
        combined : bool
            Whether the replicates hold whole weights; False: factors to multiply the weights by.
        centre : {"mean", "estimate"}
            What replicates are compared with: their own mean, or the estimate (R's ``mse = TRUE``).
        df : float, optional
            Degrees of freedom; the rank of the replicate weights minus 1 when not given.
        missing : {"fail", "drop"}
            What becomes of a replicate in which a statistic has no value (nobody of a small domain is in it).
        progress : callable, optional
            Told a line a hundredth of the replicates, "重复权数 300/10000", while a statistic goes through them.

        Returns
        -------
        Survey

        Raises
        ------
        SurveyError
            Missing columns; weights or replicates that are text, missing or negative; a kind without a scale.

        Examples
        --------
        >>> import pandas as pd, evalkit as ev
        >>> table = pd.DataFrame({"y": [1.0, 2, 4], "w": 10.0, "r1": [0.0, 15, 15], "r2": [15.0, 0, 15], "r3": [15.0, 15, 0]})
        >>> survey = ev.Survey.from_replicates(table, "w", ["r1", "r2", "r3"], kind="jk1")
        >>> float(ev.mean(survey, "y").se[0].round(6))
        0.881917
        """
        snapshot = reading.snapshot(table)
        read = reading.Reading(snapshot, Faults("调查数据"))
        stated = read.weights(weights, [])
        matrix = read.replicates(replicates)
        read.faults.refuse(SurveyError)
        assert stated is not None and matrix is not None
        stated.flags.writeable = False
        plan = replication.imported(matrix if combined else matrix * stated[:, None], stated, kind, scale, rscales, df)
        rows = np.arange(len(snapshot), dtype=np.int64)
        return Survey(
            snapshot, stated, variances.structure([None], [rows], [None]), Policy(),
            replicated=Replicated(replace(plan, progress=progress), rows, stated, (), centre, missing, imported=True),
        )  # fmt: skip

    def replicate(
        self,
        method: str,
        *,
        replicates: int | None = None,
        centre: replication.Centre = "mean",
        missing: Literal["fail", "drop"] = "fail",
        **options: Any,
    ) -> Survey:
        """Return the same survey with replicate weights, whose steps are taken again on every replicate.

        Parameters
        ----------
        method : str
            A name of `evalkit.replication.METHODS`: ``jk1``, ``jkn``, ``brr``, ``fay`` (with ``rho=``), ``bootstrap``, ``rwy``,
            ``preston``, ``beaumont-emond``, ``sdr``.
        replicates : int, optional
            How many, for the methods that draw them.
        centre, missing
            As for `from_replicates`.
        **options
            Of the method: ``seed`` of those that draw (the first 500 of 10,000 replicates are those of 500), ``rho`` of ``fay``,
            ``order`` of ``sdr``, ``tau`` of all, ``singleton``; ``progress`` of all, as for `from_replicates`.

        Raises
        ------
        SurveyError
            An unknown method; a method that draws without a seed; a design the method is not made for.

        Examples
        --------
        >>> import pandas as pd, evalkit as ev
        >>> table = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "y": [1.0, 0, 0, 0, 1, 1]})
        >>> survey = ev.Survey.from_data(table, clusters="village")
        >>> float(ev.mean(survey.replicate("jk1"), "y").se[0].round(6))
        0.288675
        """
        reading.refuse_replicates(self.stages[0], method)
        if self.policy.rule not in ("fail", "collapse"):
            known = replication.METHODS[method].takes if method in replication.METHODS else ()
            options = {"singleton": self.policy.rule, **options} if "singleton" in known else options
        plan = replication.made(method, self.stages, seed=options.pop("seed", None), replicates=replicates, **options)
        unit = self.stages[plan.level].row_unit
        base = self.steps[0].before if self.steps else self.weights
        return replace(self, replicated=Replicated(plan, unit, base, self.steps, centre, missing), _known={})

    def __len__(self) -> int:
        return len(self.weights)

    def _rows_shown(self) -> Rows:
        return reading.stage_rows(self)

    def __repr__(self) -> str:
        return reading.sentence(self)

    def plot(self, kind: str = "weights", **options: Any) -> Any:
        """Draw how the weights are spread, or before and after each of the "steps"; see `evalkit.charts.WEIGHTS` for options."""
        return charts.weight_picture(self, kind, **options)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._table.columns)

    @property
    def df(self) -> float:
        """Degrees of freedom of the design: first-stage units minus first-stage strata, or those of imported replicates."""
        if self.replicated is not None:
            return float(self.replicated.plan.df)
        first = self.stages[0]
        return int(first.n.sum()) - len(np.unique(first.unit_stratum))

    @cached_property
    def answering(self) -> NDArray[np.bool_] | None:
        """Rows that stand for somebody; None when all do. The others are sampled units without an answer."""
        empty = self.weights == 0
        return ~empty if bool(empty.any()) else None

    @cached_property
    def whole(self) -> Partition:
        """The partition with every row in one domain."""
        return Partition() if self.alike is None else Partition(held=self.alike.held)

    def table(self) -> pd.DataFrame:
        """Return the answers as a table of the caller's own (pandas copies a column when either side writes to it)."""
        return self._table.copy(deep=False)

    def column(self, name: str) -> pd.Series:
        """Return one column.

        Raises
        ------
        SurveyError
            When there is no such column.
        """
        if name not in self._table.columns:
            raise SurveyError(f"{name}｜调查数据中没有这一列｜可用：{'、'.join(map(str, self._table.columns))}")
        return self._table[name].copy(deep=False)

    def levels(self, name: str) -> tuple[Ints, list[Any]]:
        """Return codes, negative where missing, and levels in order (that of the categories, else sorted), remembered."""
        if name not in self._known:
            codes, levels = reading.levels(self.column(name))
            codes.flags.writeable = False
            self._known[name] = codes, levels
        codes, levels = self._known[name]
        return codes, list(levels)

    @cached_property
    def finite(self) -> bool:
        """Whether a correction for a finite population enters the variance."""
        return any(bool(((stage.fraction > 0) & (stage.fraction < 1 - FULL)).any()) for stage in self._counted)

    def reached(self) -> Floats | float:
        """Return the sampling fraction of each row over all stages that count; 0 where a population is endless."""
        made: Floats | float = 0.0 if self.ultimate else 1.0
        for stage in self._counted:
            made = made * stage.row_fraction()
        return made

    @cached_property
    def _counted(self) -> tuple[Stage, ...]:
        """The stages whose variance counts."""
        endless = not self.stages[0].through.any()
        return self.stages[:1] if self.ultimate or endless else self.stages

    @cached_property
    def _endless(self) -> tuple[Stage, ...]:
        """The stages without corrections; below units that were certain the next stage still counts."""
        made = variances.without_fpc(self.stages)
        return made if made[0].fraction.any() else made[:1]

    def variances(self, scores: Scores, *, fpc: bool = True) -> Floats:
        """Variance of the total of weighted scores, in each of disjoint domains.

        Parameters
        ----------
        scores : Scores
            Weighted scores by domain.
        fpc : bool
            False leaves out the finite population corrections, except in strata that were taken whole.

        Returns
        -------
        (columns,) float array
        """
        stages = self._counted if fpc else self._endless
        if not self.steps:
            return variances.variances_of_totals(stages, scores, self.policy)
        return np.array([self._variance(stages, scores.only(column), fpc) for column in range(scores.columns)])

    def _variance(self, stages: tuple[Stage, ...], score: Floats, fpc: bool) -> float:
        """Variance of one score, pulled back through the steps."""
        outer = 0.0
        for step in reversed(self.steps):
            outer += float((step.outer(score, fpc) ** 2).sum())
            score = step.pull(score)
        return float(variances.variances_of_totals(stages, self._one(score), self.policy)[0]) + outer

    def _one(self, score: Floats) -> Scores:
        return Scores((score,), np.ones((1, 1)), self.whole)

    def covariance(self, blocks: Sequence[Scores]) -> Floats:
        """Covariance matrix of the totals of several weighted scores, each with its own disjoint domains."""
        if not self.steps:
            return variances.covariance_of_totals(self._counted, blocks, self.policy)
        columns = [block.only(column) for block in blocks for column in range(block.columns)]
        outer = np.zeros((len(columns), len(columns)))
        for step in reversed(self.steps):
            added = np.array([step.outer(column, True) for column in columns])
            outer += added @ added.T
            columns = [step.pull(column) for column in columns]
        return variances.covariance_of_totals(self._counted, [self._one(column) for column in columns], self.policy) + outer
