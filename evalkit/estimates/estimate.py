"""Estimate: a labelled vector of values that remembers its scores, so that it is algebra."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from evalkit import intervals
from evalkit.errors import EstimateError
from evalkit.estimates import algebra, planning
from evalkit.estimates.blocks import Block, Proportion, binomial
from evalkit.estimates.domains import Domain
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey

Label = tuple[Any, ...]
Kind = Literal["mean", "total", "proportion", "ratio", "variance", "combination"]
Side = Literal["two", "lower", "upper"]
KINDS = {"mean": "均值", "total": "总量", "proportion": "比例", "ratio": "比率", "variance": "方差", "combination": "组合"}
NUMBERS = ("low", "high", "n", "n_eff", "n_star", "deff", "deff0", "deff_star", "df", "d_e", "icc", "f_eff", "reason")


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """Values, one a domain, variable and level, with their joint variance.

    Estimates of one survey can be added, subtracted, multiplied and divided with each other and with
    numbers, and numpy functions such as `np.log` apply; the result carries the joint linearised
    variance. A number plus a number times a proportion stays a proportion, with its interval carried along.

    Attributes
    ----------
    survey : Survey
    value : (rows,) float array, read-only
    labels : tuple of tuples
        By-values in order, then variable, then level.
    parts : tuple of str
        What the parts of a label are.
    kind : str
    """

    survey: Survey
    value: Floats
    labels: tuple[Label, ...]
    parts: tuple[str, ...]
    kind: Kind
    blocks: tuple[Block, ...]
    gradient: sparse.csr_array
    shift: Floats
    _known: dict[Any, Any] = field(default_factory=dict)

    @staticmethod
    def of_blocks(
        survey: Survey, values: list[Floats], labels: list[Label], parts: tuple[str, ...], kind: Kind, blocks: list[Block]
    ) -> Estimate:
        """Put statistics together, rows by domain first and variable second."""
        columns = len(blocks)
        order = np.arange(columns * blocks[0].count).reshape(columns, -1).T.ravel()
        value = np.concatenate(values)[order]
        value.flags.writeable = False
        gradient = sparse.csr_array((np.ones(len(order)), (np.arange(len(order)), order)))
        named = tuple((*key, *label) for key in blocks[0].domain.keys for label in labels)
        return Estimate(survey, value, named, parts, kind, tuple(blocks), gradient, np.zeros(len(value)))

    @staticmethod
    def of_scores(
        survey: Survey,
        value: float,
        scores: Any,
        *,
        kind: Kind = "proportion",
        event: Any = None,
        weight: Any = None,
        label: str = "",
    ) -> Estimate:
        """Make an estimate of one row from its value and linearised scores.

        Parameters
        ----------
        survey : Survey
        value : float
        scores : (rows,) float array
            Linearised scores u, without the survey weight: the variance of the estimate is that of the
            total Σ w·u. For a ratio Σwy/Σwx: u = (y − R x)/Σwx.
        kind : str
            "proportion" gives the intervals of a proportion and needs `event` and `weight`.
        event : (rows,) array
            Share of the row that has the property, in [0, 1] (a household's verdict).
        weight : (rows,) float array
            Effective weights ω ≥ 0 with Σω·event/Σω the proportion: survey weight × persons when persons
            are counted. Rows of weight 0 are outside the domain.
        label : str
            Name of the row.

        Returns
        -------
        Estimate

        Examples
        --------
        >>> import numpy as np, pandas as pd, evalkit as ev
        >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [0.0, 1, 0, 0], "a": [2, 3, 1, 4]}))
        >>> y, a = survey.column("y").to_numpy(), survey.column("a").to_numpy()
        >>> share = (y * a).sum() / a.sum()
        >>> ev.Estimate.of_scores(survey, share, a * (y - share) / a.sum(), event=y, weight=a, label="y").value
        array([0.3])
        """
        u = np.asarray(scores, dtype=float)
        if u.shape != (len(survey),) or not bool(np.isfinite(u).all()):
            raise EstimateError(f"scores｜应为 {len(survey)} 个有限数，每行一个｜改正后重试")
        if kind == "proportion" and (event is None or weight is None):
            raise EstimateError("scores｜比例还需要 event 与 weight｜补上，或写 kind")
        held = None
        code = None
        if kind == "proportion":
            held = Proportion(np.asarray(event, dtype=float), np.asarray(weight, dtype=float))
            code = None if bool((held.weight > 0).all()) else np.where(held.weight > 0, 0, -1)
        domain = Domain(code, ((),), ())
        block = Block(survey, survey.weights * u, domain, partial(binomial, np.array([value]), domain, len(u)) if held else None, held)
        return Estimate.of_blocks(survey, [np.array([float(value)])], [(label,)], ("variable",), kind, [block])

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Estimate]:
        return (self._rows(np.array([at])) for at in range(len(self)))

    def __float__(self) -> float:
        if len(self) != 1:
            raise EstimateError(f"Estimate 有 {len(self)} 行｜只有一行时才能当作一个数｜先用标签取一行，如 e[{self._key(0)}]")
        return float(self.value[0])

    def __getitem__(self, key: Any) -> Estimate:
        wanted = key if isinstance(key, tuple) else (key,)
        rows = [at for at, label in enumerate(self.labels) if _matches(label, wanted)]
        if len(rows) != 1:
            found = "没有" if not rows else f"有 {len(rows)} 行"
            shown = "、".join(self._key(at) for at in range(min(len(self), 12)))
            raise EstimateError(f"[{'、'.join(map(repr, wanted))}]｜{found}这样的标签｜可用：{shown}")
        return self._rows(np.array(rows))

    def _key(self, at: int) -> str:
        return ", ".join(map(repr, self.labels[at]))

    def _rows(self, rows: Ints) -> Estimate:
        value = self.value[rows]
        value.flags.writeable = False
        labels = tuple(self.labels[at] for at in rows)
        return replace(self, value=value, labels=labels, gradient=self.gradient[rows], shift=self.shift[rows], _known={})

    def __repr__(self) -> str:
        head = "；".join(
            f"{' '.join(map(str, label)) or KINDS[self.kind]} {value:.6g}（标准误 {se:.4g}）"
            for label, value, se in zip(self.labels[:3], self.value, self.se, strict=False)
        )
        more = f"；……共 {len(self)} 行" if len(self) > 3 else ""
        return f"Estimate {KINDS[self.kind]}：{head}{more}"

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False))

    @property
    def _simple(self) -> bool:
        """Whether each row is a number times one column."""
        return bool((np.diff(self.gradient.indptr) == 1).all())

    @property
    def scale(self) -> Floats:
        """The factor of the one column behind each row."""
        return np.asarray(self.gradient.data, dtype=float)

    def _columns(self, name: str, *given: Any) -> Any:
        """Gather a result of the blocks, one number a column."""
        key = (name, *given)
        if key not in self._known:
            self._known[key] = np.concatenate([np.asarray(getattr(block, name)(*given), dtype=float) for block in self.blocks])
        return self._known[key]

    @property
    def variances(self) -> Floats:
        """Variances of the rows."""
        if self._simple:
            return np.asarray(self.scale**2 * self._columns("variances")[self.gradient.indices])
        return np.asarray(np.diag(self.cov()))

    @property
    def se(self) -> Floats:
        """Standard errors of the rows."""
        return np.asarray(np.sqrt(np.maximum(self.variances, 0.0)))

    def cov(self) -> Floats:
        """Return the covariance matrix of the rows, (rows, rows)."""
        if "cov" not in self._known:
            base = self.survey.covariance([block.columns for block in self.blocks])
            self._known["cov"] = np.asarray(self.gradient @ (self.gradient @ base).T)
        return np.array(self._known["cov"])

    @property
    def n(self) -> Ints:
        """Rows of the survey behind each row of the estimate: of the larger part where several are combined."""
        sizes = self._columns("sizes")
        if self._simple:
            return np.asarray(sizes[self.gradient.indices]).round().astype(np.int64)
        starts = np.cumsum([0, *(block.count for block in self.blocks)])
        taken = abs(self.gradient).astype(bool).astype(float) * sizes
        parts = [taken[:, [*range(start, stop)]].sum(axis=1) for start, stop in pairwise(starts)]
        return np.asarray(np.max(parts, axis=0)).round().astype(np.int64)

    @property
    def df(self) -> Floats:
        """Degrees of freedom by row: first-stage units minus strata that have a row in its domain."""
        if "df" not in self._known:
            self._known["df"] = algebra.degrees(self.survey, self.blocks, self.gradient)
        return np.array(self._known["df"])

    @property
    def df_design(self) -> int:
        """Degrees of freedom of the whole design."""
        return self.survey.df

    def deff(self, reference: Literal["replace", "without"] = "replace") -> Floats:
        """Return the design effect against simple random sampling of as many rows.

        Parameters
        ----------
        reference : {"replace", "without"}
            With replacement, or without (the reference then has the factor 1 − n/N with N = Σw).

        Returns
        -------
        (rows,) float array
            NaN for combinations and where the reference has no variance.
        """
        if reference not in ("replace", "without"):
            raise EstimateError(f"reference={reference}｜没有这种参照｜可用：replace、without")
        if not self._simple:
            return np.full(len(self), np.nan)
        srs = self._columns("srs", reference == "without")[self.gradient.indices] * self.scale**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(srs > 0, self.variances / srs, np.nan))

    def planning(self, icc: float | None = None) -> tuple[intervals.Planning, Floats]:
        """Return what KG-M needs beside value and n, and the degrees of freedom it counts, one entry a row.

        Parameters
        ----------
        icc : float, optional
            Correlation within first-stage units; the planning value .05 when not given.
        """
        if self.kind != "proportion":
            raise EstimateError(f"kg-m｜这是{KINDS[self.kind]}，不是比例｜改用 method=\"t\"")
        rho = intervals.PLANNING_ICC if icc is None else float(icc)
        if ("plan", rho) not in self._known:
            self._known["plan", rho] = algebra.planned(self, rho, planning.plan)
        found: tuple[intervals.Planning, Floats] = self._known["plan", rho]
        return found

    def share(self) -> Floats:
        """Return the proportion behind each row, before any shift and scale."""
        return np.clip((self.value - self.shift) / self.scale, 0.0, 1.0)

    def interval(
        self, level: float = 0.95, method: str | None = None, side: Side = "two", df: Any = None, icc: float | None = None
    ) -> pd.DataFrame:
        """Return the interval of each row.

        Parameters
        ----------
        level : float
            Confidence level in (0, 1).
        method : str, optional
            "t" or "z", or for a proportion a method of `evalkit.intervals.METHODS`. Without it "kg-m" for
            proportions and "t" otherwise.
        side : {"two", "lower", "upper"}
        df : float or array, optional
            Instead of the degrees of freedom by row.
        icc : float, optional
            For "kg-m": correlation within first-stage units, .05 when not given.

        Returns
        -------
        pandas.DataFrame
            One row a row of the estimate: ``low``, ``high``, then what the interval was made of (``n_eff``,
            ``n_star``, ``deff``, ``deff0``, ``deff_star``, ``df``, ``d_e``, ``icc``, ``f_eff``, ``reason``, ``method``).

        Raises
        ------
        EstimateError
            For an unknown method, or a method for proportions asked of something else.
        """
        how = method or ("kg-m" if self.kind == "proportion" else "t")
        if how in ("t", "z"):
            freedom = np.inf if how == "z" else self.df if df is None else df
            made = intervals.student(self.value, self.se, freedom, level=level, side=side)
            return self._shown(made, how)
        if self.kind != "proportion":
            raise EstimateError(f"{how}｜这是{KINDS[self.kind]}，不是比例｜可用：t、z")
        return self._shown(self._proportion(how, level, side, df, icc), how)

    def _proportion(self, how: str, level: float, side: Side, df: Any, icc: float | None) -> intervals.Interval:
        """Ask for the interval of the share, and carry it through shift and scale."""
        scale = self.scale
        if bool((scale < 0).any()) and side != "two":
            raise EstimateError("负系数的比例｜单侧界的方向不明｜先取正系数")
        planned, freedom = self.planning(icc) if how == "kg-m" else (None, self.df)
        se = self.se / np.abs(scale)
        found = intervals.proportion(
            self.share(), self.n, se=se, df=freedom if df is None else df, method=how, level=level, side=side, planning=planned
        )
        low, high = self.shift + scale * found.low, self.shift + scale * found.high
        return replace(found, value=self.value, low=np.minimum(low, high), high=np.maximum(low, high))

    def _shown(self, made: intervals.Interval, how: str) -> pd.DataFrame:
        return pd.DataFrame({**{name: np.broadcast_to(getattr(made, name), len(self)) for name in NUMBERS}, "method": [how] * len(self)})

    def table(self, level: float = 0.95, icc: float | None = None) -> pd.DataFrame:
        """Return one row a domain, variable and level: its label, estimate, se, low, high, df, deff, n.

        Parameters
        ----------
        level : float
            Confidence level of ``low`` and ``high``, made by the default method of the kind.
        icc : float, optional
            As for `interval`.
        """
        width = len(self.parts)
        labels = {name: [label[at] if at < len(label) else "" for label in self.labels] for at, name in enumerate(self.parts[:width])}
        found = self.interval(level, icc=icc)
        numbers = {"estimate": self.value, "se": self.se, "low": found["low"].to_numpy(), "high": found["high"].to_numpy()}
        return pd.DataFrame({**labels, **numbers, "df": self.df, "deff": self.deff(), "n": self.n})

    def _with(self, other: Any, act: algebra.Act) -> Estimate:
        return algebra.join(self, other, act)

    def __add__(self, other: Any) -> Estimate:
        return self._with(other, algebra.ADD)

    def __radd__(self, other: Any) -> Estimate:
        return self._with(other, algebra.ADD)

    def __sub__(self, other: Any) -> Estimate:
        return self._with(other, algebra.SUBTRACT)

    def __rsub__(self, other: Any) -> Estimate:
        return self._with(other, algebra.TAKE_FROM)

    def __mul__(self, other: Any) -> Estimate:
        return self._with(other, algebra.MULTIPLY)

    def __rmul__(self, other: Any) -> Estimate:
        return self._with(other, algebra.MULTIPLY)

    def __truediv__(self, other: Any) -> Estimate:
        return self._with(other, algebra.DIVIDE)

    def __rtruediv__(self, other: Any) -> Estimate:
        return self._with(other, algebra.DIVIDE_INTO)

    def __neg__(self) -> Estimate:
        return self * -1.0

    def __pow__(self, power: float) -> Estimate:
        return algebra.apply(self, self.value**power, power * self.value ** (power - 1))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return NotImplemented if method != "__call__" or options else algebra.ufunc(self, ufunc, inputs)


def _matches(label: Label, wanted: Label) -> bool:
    if len(wanted) == len(label):
        return all(part == want or str(part) == str(want) for part, want in zip(label, wanted, strict=True))
    kept = iter(label)
    return all(any(part == want or str(part) == str(want) for part in kept) for want in wanted)
