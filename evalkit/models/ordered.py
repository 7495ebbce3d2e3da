"""Proportional odds: regression of answers on a scale of ordered categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from evalkit.errors import EstimateError
from evalkit.estimates import Estimate
from evalkit.estimates.domains import Missing
from evalkit.models.formula import Form, read_formula
from evalkit.models.outcome import Words
from evalkit.models.regression import Model
from evalkit.sheets import as_pandas
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey

STEPS = 100
SAME = 1e-8  # last step, in standard errors of independent rows; the error after it is the square of that
ROUNDING = 1e-12  # of the log-likelihood: a fall by less is none
MELTED = 1e-7  # information on a coefficient, as a share of what the same rows tell without any effect
TEXT = Words("比例优势回归", "proportional-odds regression")


@dataclass(frozen=True, eq=False)
class Scale:
    """The likelihood of ordered answers: P(y ≤ k) = logit⁻¹(ζ_k − x'β).

    Attributes
    ----------
    y : (n,) int array
        Category of each row, 0 … K.
    x : (n, p) float array
        Without intercept.
    count : int
        Number of thresholds K.
    """

    y: Ints
    x: Floats
    count: int

    @cached_property
    def sides(self) -> tuple[Floats, Floats]:
        """Return the derivatives of the upper and lower limit ζ_y − η and ζ_{y−1} − η by (β, ζ), (n, p + K) each."""
        marks = np.eye(self.count + 2)[:, 1:-1]
        upper, lower = (np.hstack([-self.x, marks[self.y + shift]]) for shift in (1, 0))
        return upper, lower

    def limits(self, at: Floats) -> tuple[Floats, Floats]:
        """Return ζ_y − η and ζ_{y−1} − η, infinite at the ends of the scale."""
        slopes, cuts = at[: self.x.shape[1]], np.concatenate([[-np.inf], at[self.x.shape[1] :], [np.inf]])
        eta = self.x @ slopes
        return cuts[self.y + 1] - eta, cuts[self.y] - eta

    def chances(self, at: Floats) -> Floats:
        """Return the probability of the answer given; the difference is taken in the nearer tail."""
        upper, lower = self.limits(at)
        turned = lower > 0
        return np.where(turned, expit(-lower) - expit(-upper), expit(upper) - expit(lower))

    def pulls(self, at: Floats) -> Floats:
        """Return the scores ∂ log P/∂(β, ζ) by row."""
        upper, lower = self.limits(at)
        chance = self.chances(at)
        above, below = self.sides
        return above * (_density(upper) / chance)[:, None] - below * (_density(lower) / chance)[:, None]

    def information(self, at: Floats, weights: Floats) -> Floats:
        """Return −Σ w ∂² log P/∂(β, ζ)²."""
        upper, lower = self.limits(at)
        chance = self.chances(at)
        above, below = self.sides
        first, second = _density(upper) / chance, _density(lower) / chance
        curve_above = _density(upper) * (1 - 2 * expit(upper)) / chance - first**2
        curve_below = -_density(lower) * (1 - 2 * expit(lower)) / chance - second**2
        mixed = (above * (weights * first * second)[:, None]).T @ below
        return np.asarray(-(above * (weights * curve_above)[:, None]).T @ above - (below * (weights * curve_below)[:, None]).T @ below
                          - mixed - mixed.T)


def _density(at: Floats) -> Floats:
    return np.asarray(expit(at) * expit(-at))


@dataclass(frozen=True, eq=False, repr=False)
class OrdinalModel(Model):
    """A proportional-odds model; the last rows of the estimate are the thresholds.

    Attributes
    ----------
    levels : tuple
        Categories of the response, lowest first.
    """

    levels: tuple[Any, ...] = ()

    def predict(self, table: Any, *, kind: Literal["mean", "link"] = "mean", level: float = 0.95) -> pd.DataFrame:
        """Predict the chances of the categories ("mean"), or x'β ("link"), for other rows.

        Returns
        -------
        pandas.DataFrame
            For "mean" one row a row of `table` and category: row, level, estimate, se, low, high (cut to [0, 1]).
        """
        if kind not in ("mean", "link"):
            raise EstimateError(f"kind = {kind!r}｜没有这种预测｜可用：mean（各类的概率）、link（线性预测）")
        x = self.form.matrix(as_pandas(table, EstimateError))[:, 1:]
        if kind == "link":
            slope = np.hstack([x, np.zeros((len(x), len(self.levels) - 1))])
            return self._shown(slope @ np.asarray(self.estimate.value), slope, level)
        rows = np.repeat(np.arange(len(x)), len(self.levels))
        every = Scale(np.tile(np.arange(len(self.levels)), len(x)), x[rows], len(self.levels) - 1)
        at = np.asarray(self.estimate.value)
        chance = every.chances(at)
        found = self._shown(chance, every.pulls(at) * chance[:, None], level)
        found = found.assign(low=found["low"].clip(0, 1), high=found["high"].clip(0, 1))
        return pd.concat([pd.DataFrame({"row": rows, "level": np.tile(np.array(self.levels, dtype=object), len(x))}), found], axis=1)

    def _shown(self, value: Floats, slope: Floats, level: float) -> pd.DataFrame:
        se = np.sqrt(np.maximum(((slope @ self.cov()) * slope).sum(axis=1), 0.0))
        low, high = self._limits(value, se, level)
        return pd.DataFrame({"estimate": value, "se": se, "low": low, "high": high})


def ordinal(
    survey: Survey, formula: str, *, order: Sequence[Any] | None = None, where: Any = None, missing: Missing = "fail"
) -> OrdinalModel:
    """Fit a proportional-odds model with the survey's weights: logit P(y ≤ k) = ζ_k − x'β.

    Parameters
    ----------
    survey : Survey
    formula : str
        ``"answer ~ x + group"`` as for `glm`; the left side is one column.
    order : sequence, optional
        Categories of the answer from lowest to highest; needed for a text column that is no ordered categorical.
    where, missing
        As for `glm`.

    Returns
    -------
    OrdinalModel
        Coefficients, then thresholds labelled ("threshold", "low|high"). A positive coefficient moves answers up.

    Raises
    ------
    EstimateError
        Fewer than three categories, a text column without `order`, values outside `order`, a fit that does not converge.

    Notes
    -----
    Scores u = A⁻¹ ∂ log P/∂(β, ζ) with A the observed information; degrees of freedom degf − p, as R survey's `svyolr`
    (whose A is a numerical derivative, so that its standard errors agree to about six digits). McCullagh 1980 (JRSS B
    42:109). For explanation only: a comparison of answers is `independence`.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"answer": [1, 1, 2, 2, 3, 1, 2, 3, 3, 3], "visited": [0] * 5 + [1] * 5}))
    >>> model = ordinal(survey, "answer ~ visited")
    >>> model.estimate.value.round(4)
    array([ 1.4444, -0.2735,  1.1377])
    """
    form = read_formula(survey, formula, where, missing, numeric=False)
    if form.terms[0].name != "Intercept":
        raise EstimateError(f"公式 {formula}：去掉了截距｜分界点就是截距，公式应含截距｜去掉 -1 或 0 +")
    code, levels = _categories(survey.column(form.response_column()), form, order)
    scale = Scale(code, form.x[:, 1:], len(levels) - 1)
    weights = survey.weights[form.rows]
    at = _climbed(scale, weights, _start(scale, weights), formula)

    def again(other: Floats) -> Floats:
        return _climbed(scale, other[form.rows], at, formula)

    scores = np.zeros((len(survey), len(at)))
    scores[form.rows] = np.linalg.solve(scale.information(at, weights), scale.pulls(at).T).T
    labels = form.labels[1:] + [("threshold", f"{low}|{high}") for low, high in pairwise(levels)]
    estimate = Estimate.of_columns(survey, at, scores, labels, ("term", "level"), "coefficient", again, form.inside)
    return OrdinalModel(estimate, _shifted(form), "ordinal", TEXT, len(code), scale.x.shape[1] + 1, levels)


def _shifted(form: Form) -> Form:
    """Return the form as the estimate counts its columns: without the intercept."""
    return replace(form, terms=tuple(replace(term, columns=tuple(at - 1 for at in term.columns)) for term in form.terms[1:]))


def _categories(answers: pd.Series, form: Form, order: Sequence[Any] | None) -> tuple[Ints, tuple[Any, ...]]:
    """Return the category of each row of the domain, and those that occur, lowest first."""
    held, name = answers[form.rows], form.response
    ranked = isinstance(held.dtype, pd.CategoricalDtype) and bool(held.cat.ordered)
    if order is None and not ranked and not pd.api.types.is_numeric_dtype(held):
        raise EstimateError(f"{name}｜文字列没有高低之分｜写出从低到高的次序｜order=[\"不满意\", \"一般\", \"满意\"]")
    stated = list(order) if order is not None else list(held.cat.categories) if ranked else sorted(held.unique())
    place = {value: at for at, value in enumerate(stated)}
    strange = [str(value) for value in held.unique() if value not in place]
    if strange:
        raise EstimateError(f"{name}｜有不在 order 中的值：{'、'.join(strange[:6])}｜order 应列出所有类别｜补全 order")
    code = held.map(place).to_numpy(dtype=np.int64)
    occurring, dense = np.unique(code, return_inverse=True)
    if len(occurring) < 3:
        raise EstimateError(f"{name}｜域中只有 {len(occurring)} 类｜比例优势回归至少需要 3 类｜两类用 ev.glm(…, family=\"binomial\")")
    return dense.astype(np.int64), tuple(stated[at] for at in occurring)


def _start(scale: Scale, weights: Floats) -> Floats:
    """Start from no effect: the thresholds of the distribution as a whole."""
    share = np.cumsum(np.bincount(scale.y, weights=weights))[:-1] / weights.sum()
    return np.concatenate([np.zeros(scale.x.shape[1]), logit(share)])


def _climbed(scale: Scale, weights: Floats, at: Floats, formula: str) -> Floats:
    """Return the maximum of the weighted log-likelihood by Newton's steps, halved where they would fall."""
    w = weights / weights.mean()
    reached = _height(scale, w, at)
    for _ in range(STEPS):
        pull = w @ scale.pulls(at)
        try:
            step = np.linalg.solve(scale.information(at, w), pull)
        except np.linalg.LinAlgError:
            break
        if float(pull @ step) < SAME**2:
            at = at + step
            if _told(scale, w, at):
                return np.asarray(at)
            break
        for _ in range(STEPS):
            height = _height(scale, w, at + step)
            if height >= reached - ROUNDING * abs(reached):
                break
            step = step / 2
        at, reached = at + step, height
    raise EstimateError(f"公式 {formula}：拟合不收敛，某类中答案都落在量表的一端，系数趋于无穷｜各类中答案应有变化｜合并类别或去掉该项")


def _told(scale: Scale, weights: Floats, at: Floats) -> bool:
    """Say whether the rows tell every coefficient: the information on one that runs away melts from step to step."""
    try:
        whole, here = (np.diag(np.linalg.inv(scale.information(each, weights))) for each in (_start(scale, weights), at))
    except np.linalg.LinAlgError:
        return False
    return bool((whole > MELTED * here).all())


def _height(scale: Scale, weights: Floats, at: Floats) -> float:
    chance = scale.chances(at)
    return float(weights @ np.log(chance)) if bool((chance > 0).all()) else -np.inf
