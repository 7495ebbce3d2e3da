"""Estimate: a labelled vector of values that remembers its scores, so that it is algebra."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import sparse

from evalkit.errors import EstimateError
from evalkit.estimates import algebra, limits, saving, showing
from evalkit.estimates.blocks import Block, Held, cannot, column_of, of_columns, once
from evalkit.estimates.domains import Domain
from evalkit.estimates.questions import Questions
from evalkit.later import later
from evalkit.showing import Rows, Shown
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey

charts = later("evalkit.charts")

Label = tuple[Any, ...]
Kind = Literal[
    "mean", "total", "proportion", "ratio", "variance", "covariance", "correlation", "quantile", "index", "coefficient", "combination",
    "score", "reliability",
]  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(algebra.Arithmetic, Questions, Shown):
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
    redo: Callable[[], Floats] = field(repr=False)
    _known: dict[Any, Any] = field(default_factory=dict)

    @staticmethod
    def of_blocks(
        survey: Survey, values: list[Floats], labels: list[Label], parts: tuple[str, ...], kind: Kind, blocks: list[Block]
    ) -> Estimate:
        """Put statistics together, rows by domain first and variable second."""
        columns, count = len(blocks), blocks[0].count
        order = np.arange(columns * count).reshape(columns, -1).T.ravel()
        value = np.concatenate(values)[order]
        value.flags.writeable = False
        gradient = sparse.csr_array((np.ones(len(order)), order, np.arange(len(order) + 1)), shape=(len(order), len(order)))
        named = tuple((*key, *label) for key in blocks[0].domain.keys for label in labels)

        def redo() -> Floats:
            return np.concatenate([block.replicates() for block in blocks], axis=1)[:, order]

        return Estimate(survey, value, named, parts, kind, tuple(blocks), gradient, np.zeros(len(value)), redo)

    @staticmethod
    def of_columns(
        survey: Survey,
        values: Floats,
        scores: Floats,
        labels: Sequence[Label],
        parts: tuple[str, ...] = ("term",),
        kind: Kind = "coefficient",
        again: Callable[[Floats], Floats] | None = None,
        domain: Domain | None = None,
    ) -> Estimate:
        """Make an estimate of several rows over the same rows of the survey, from their linearised scores.

        Parameters
        ----------
        survey : Survey
        values : (k,) float array
        scores : (rows, k) float array
            Linearised scores u, without the survey weight; 0 outside the domain.
        labels : sequence of k tuples
        parts : tuple of str
            What the parts of a label are.
        kind : str
        again : callable, optional
            From weights (rows,) to values (k,); needed on a survey with replicates.
        domain : Domain, optional
            The one domain that n and df count; all rows when not given.

        Returns
        -------
        Estimate

        Raises
        ------
        EstimateError
            Scores of another shape or that are no numbers.
        """
        found, u = np.asarray(values, dtype=float), np.asarray(scores, dtype=float)
        if u.shape != (len(survey), len(found)) or not bool(np.isfinite(u).all()):
            raise EstimateError(f"scores｜应为 {len(survey)} 行、{len(found)} 列有限数｜改正后重试")
        held = domain or Domain(survey.whole, ((),), (), len(survey))
        remade = once(again)
        blocks = [Block(survey, held, (column,), np.ones((1, 1)), again=column_of(remade, at)) for at, column in enumerate(u.T)]
        return Estimate.of_blocks(survey, [np.array([value]) for value in found], list(labels), parts, kind, blocks)

    @staticmethod
    def of_scores(
        survey: Survey,
        value: Any,
        scores: Any,
        *,
        kind: Kind = "proportion",
        event: Any = None,
        weight: Any = None,
        label: str | Sequence[str] = "",
    ) -> Estimate:
        """Make an estimate from its value and linearised scores; or k estimates at once, a column of scores each.

        Parameters
        ----------
        survey : Survey
        value : float or (k,) array
        scores : (rows,) or (rows, k) float array
            Linearised scores u, without the survey weight: the variance of the estimate is that of the
            total Σ w·u. For a ratio Σwy/Σwx: u = (y − R x)/Σwx.
        kind : str
            "proportion" gives the intervals of a proportion and needs `event` and `weight`.
        event : (rows,) or (rows, k) array
            Share of the row that has the property, in [0, 1] (a household's verdict).
        weight : (rows,) float array
            Effective weights ω ≥ 0 with Σω·event/Σω the proportion: survey weight × persons when persons
            are counted. Rows of weight 0 are outside the domain.
        label : str or k of them
            Name of each row; one name is numbered where there are several.

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
        u, values = np.asarray(scores, dtype=float), np.atleast_1d(np.asarray(value, dtype=float))
        several = len(values) > 1
        labels = [f"{label}{at + 1}" if several else label for at in range(len(values))] if isinstance(label, str) else list(label)
        if u.shape not in ((len(survey),), (len(survey), len(values))) or not bool(np.isfinite(u).all()) or len(labels) != len(values):
            raise EstimateError(f"scores｜应为 {len(survey)} 个有限数，每行一个，每个估计值一列、一个 label｜改正后重试")
        if kind == "proportion" and (event is None or weight is None):
            raise EstimateError("scores｜比例还需要 event 与 weight｜补上，或写 kind")
        blocks = of_columns(survey, values, u, *((event, weight) if kind == "proportion" else ()))
        return Estimate.of_blocks(survey, list(values[:, None]), [(name,) for name in labels], ("variable",), kind, blocks)

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

    def _ipython_key_completions_(self) -> list[Any]:
        """Return what a notebook offers behind ``[``: one-part keys where they say which row, else the whole label."""
        parts = [{label[at] for label in self.labels} for at in range(len(self.parts))]
        telling = [at for at, known in enumerate(parts) if len(known) == len(self)]
        return [label[telling[-1]] if telling else label for label in self.labels]

    def _key(self, at: int) -> str:
        return ", ".join(map(repr, self.labels[at]))

    def _rows(self, rows: Ints) -> Estimate:
        value = self.value[rows]
        value.flags.writeable = False
        labels = tuple(self.labels[at] for at in rows)
        gradient = self.gradient[rows]
        return replace(
            self, value=value, labels=labels, gradient=gradient, shift=self.shift[rows], redo=lambda: self.replicates[:, rows], _known={}
        )

    def _rows_shown(self) -> Rows:
        return showing.estimate_rows(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is stored: the replicates in place of the function that gives them."""
        try:
            redo: Callable[[], Floats] = Held(self.replicates)
        except EstimateError:
            redo = cannot
        return {**vars(self), "redo": redo, "_known": {}}

    def __repr__(self) -> str:
        return showing.sentence(self)

    def plot(self, kind: str = "rows", **options: Any) -> Any:
        """Draw point and interval of each row, or another of `evalkit.charts.PICTURES` ("villages", "inchworms"); see there for options."""
        return charts.picture(self, kind, **options)

    def save(self, path: Any, *, level: float = 0.95) -> Any:
        """Write the table to a file, ``.csv``, ``.xlsx`` or ``.json`` by its name, and return the path."""
        return saving.save(self, path, level=level)

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
    def replicates(self) -> Floats:
        """Values by replicate, (replicates, rows).

        Raises
        ------
        EstimateError
            On a survey without replicates.
        """
        if self.survey.replicated is None:
            raise EstimateError('这个 Survey 没有重复权数｜重复估计需要它｜先写 survey.replicate("jkn") 或 Survey.from_replicates(…)')
        if "replicates" not in self._known:
            self._known["replicates"] = self.redo()
        return np.asarray(self._known["replicates"])

    @property
    def variances(self) -> Floats:
        """Variances of the rows."""
        if self.survey.replicated is not None:
            return self.survey.replicated.variances(self.replicates, self.value)
        if self._simple:
            return np.asarray(self.scale**2 * self._columns("variances")[self.gradient.indices])
        return np.asarray(np.diag(self.cov()))

    @property
    def se(self) -> Floats:
        """Standard errors of the rows."""
        return np.asarray(limits.roots(self.variances, self.value, self.survey))

    def cov(self) -> Floats:
        """Return the covariance matrix of the rows, (rows, rows)."""
        if "cov" not in self._known:
            if self.survey.replicated is not None:
                self._known["cov"] = self.survey.replicated.covariance(self.replicates, self.value)
            else:
                base = self.survey.covariance([block.scores for block in self.blocks])
                self._known["cov"] = np.asarray(self.gradient @ (self.gradient @ base).T)
        return np.array(self._known["cov"])

    @property
    def n(self) -> Ints:
        """Rows of the survey behind each row of the estimate: of the larger part where several are combined."""
        if "n" not in self._known:
            sizes = self._columns("sizes")
            self._known["n"] = sizes[self.gradient.indices] if self._simple else algebra.largest(self.blocks, self.gradient, sizes)
        return np.asarray(self._known["n"]).round().astype(np.int64)

    @property
    def df(self) -> Floats:
        """Degrees of freedom by row: first-stage units minus strata that have a row in its domain."""
        if "df" not in self._known:
            own = self._columns("df")[self.gradient.indices] if self._simple else None
            self._known["df"] = algebra.degrees(self.survey, self.blocks, self.gradient, own)
        return np.array(self._known["df"])

    @property
    def df_design(self) -> float:
        """Degrees of freedom of the whole design."""
        return self.survey.df

    def deff(self, reference: Literal["replace", "without"] = "replace") -> Floats:
        """Return the design effect against simple random sampling of as many rows, formula (6) of docs/methods.md.

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


def _matches(label: Label, wanted: Label) -> bool:
    if len(wanted) == len(label):
        return all(part == want or str(part) == str(want) for part, want in zip(label, wanted, strict=True))
    kept = iter(label)
    return all(any(part == want or str(part) == str(want) for part in kept) for want in wanted)
