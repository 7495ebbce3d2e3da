"""Generalised linear models: statsmodels fits, the scores go to the Survey."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from evalkit.errors import EstimateError, one_of
from evalkit.estimates import Estimate
from evalkit.estimates.domains import Missing
from evalkit.estimates.saving import save
from evalkit.estimates.showing import table_rows
from evalkit.later import later
from evalkit.models.contrast import wald
from evalkit.models.fitting import FAMILIES, fitted, scores
from evalkit.models.formula import Form, read_formula
from evalkit.models.outcome import NO_DF, NO_SPREAD, Language, Test, Words
from evalkit.sheets import as_pandas
from evalkit.showing import Rows, Shown
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.survey import Survey

charts = later("evalkit.charts")


@dataclass(frozen=True, eq=False, repr=False)
class Model(Shown):
    """A regression on a survey.

    Attributes
    ----------
    estimate : Estimate
        The coefficients, labelled (term,) or (term, level); algebra, `.cov()` and intervals are those of any Estimate.
    form : Form
        The formula with its design matrix.
    family : str
    text : Words
        What the model is called.
    n : int
        Rows that took part.
    spent : int
        Coefficients that count against the degrees of freedom.
    """

    estimate: Estimate
    form: Form
    family: str
    text: Words
    n: int
    spent: int

    @property
    def df(self) -> float:
        """Degrees of freedom of t and F: those of the design in the domain + 1 − coefficients (R survey's `svyglm`)."""
        return float(self.estimate.df[0]) + 1 - self.spent

    def cov(self) -> Floats:
        """Return the covariance matrix of the coefficients."""
        return self.estimate.cov()

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a coefficient: term, level, coef, se, t, p, low, high, reason.

        Parameters
        ----------
        level : float
            Confidence of ``low`` and ``high``, in (0, 1); t with `df` degrees of freedom.
        """
        value, se = np.asarray(self.estimate.value), self.estimate.se
        low, high = self._limits(value, se, level)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(se > 0, value / se, np.nan)
        p = 2 * stdtr(self.df, -np.abs(t)) if self.df > 0 else np.full(len(t), np.nan)
        names = {"term": [label[0] for label in self.estimate.labels], "level": [" ".join(label[1:]) for label in self.estimate.labels]}
        reason = [NO_DF if not self.df > 0 else "" if each > 0 else NO_SPREAD for each in se]
        return pd.DataFrame({**names, "coef": value, "se": se, "t": t, "p": p, "low": low, "high": high, "reason": reason})

    def _limits(self, value: Floats, se: Floats, level: float) -> tuple[Floats, Floats]:
        if not 0 < level < 1:
            raise EstimateError(f"level = {level}｜置信水平应在 0 与 1 之间｜95% 写 level=.95")
        half = se * (stdtrit(self.df, (1 + level) / 2) if self.df > 0 else math.nan)
        return value - half, value + half

    def wald(self, term: str) -> Test:
        """Test whether all coefficients of a term are 0: F with `df` degrees of freedom (R survey's `regTermTest`).

        Raises
        ------
        EstimateError
            When the formula has no such term, or the design has too few degrees of freedom for its levels.
        """
        found = self.form.term(term)
        matrix = np.eye(len(self.estimate))[list(found.columns)]
        made = wald(self.estimate, matrix, df=self.df)
        null = Words(f"{found.name} 的系数均为 0", f"all coefficients of {found.name} are 0")
        return Test(self.form.formula, made.title, null, "wald", "F", made.statistic, made.df, made.p_value, self.n, reason=made.reason)

    def predict(self, table: Any, *, kind: Literal["mean", "link"] = "mean", level: float = 0.95) -> pd.DataFrame:
        """Predict for other rows.

        Parameters
        ----------
        table : table
            Rows with the columns of the right side of the formula, complete.
        kind : {"mean", "link"}
            The expected response, or the linear predictor.
        level : float

        Returns
        -------
        pandas.DataFrame
            estimate, se (of the mean by the delta method), low, high (made for the linear predictor, then carried over).

        Raises
        ------
        EstimateError
            A column is missing, a level was not in the model, or an answer is missing.
        """
        if kind not in ("mean", "link"):
            raise EstimateError(f"kind = {kind!r}｜没有这种预测｜可用：mean（期望）、link（线性预测）")
        x = self.form.matrix(as_pandas(table, EstimateError))
        eta = x @ np.asarray(self.estimate.value)
        se = np.sqrt(np.maximum(((x @ self.cov()) * x).sum(axis=1), 0.0))
        low, high = self._limits(eta, se, level)
        if kind == "mean":
            how = FAMILIES[self.family]
            se = se * how.slope(how.mean(eta))
            eta, low, high = how.mean(eta), how.mean(low), how.mean(high)
        return pd.DataFrame({"estimate": eta, "se": se, "low": low, "high": high})

    def sentence(self, language: Language = "zh") -> str:
        """Return the model in one sentence."""
        if language not in ("zh", "en"):
            raise EstimateError(f"语言 {language!r}｜没有这种句子｜可用：\"zh\"、\"en\"")
        held = self.form
        terms = ("、" if language == "zh" else ", ").join(term.name for term in held.terms if term.name != "Intercept") or "—"
        if language == "en":
            event = f" (event: {held.level})" if held.level else ""
            return f"{self.text.en} of {held.response}{event} on {terms}: {self.n} rows, {len(self.estimate)} coefficients, df {self.df:g}."
        event = f"（事件：{held.level}）" if held.level else ""
        return f"{self.text.zh}，{held.response}{event} 对 {terms}：{self.n} 行，{len(self.estimate)} 个系数，自由度 {self.df:g}。"

    def _rows_shown(self) -> Rows:
        return table_rows(self.table(), self.sentence())

    def __repr__(self) -> str:
        return self.sentence("zh")

    def plot(self, **options: Any) -> Any:
        """Draw the coefficients with their intervals; `evalkit.charts.model_plot` says what may be asked."""
        return charts.model_plot(self, **options)

    def save(self, path: Any, *, level: float = 0.95) -> Any:
        """Write the table to a file, ``.csv``, ``.xlsx`` or ``.json`` by its name, and return the path."""
        return save(self, path, level=level)


def glm(
    survey: Survey,
    formula: str,
    family: str = "gaussian",
    *,
    where: Any = None,
    missing: Missing = "fail",
    tolerance: float | None = None,
) -> Model:
    """Fit a generalised linear model with the survey's weights.

    Parameters
    ----------
    survey : Survey
    formula : str
        ``"y ~ x + group"``, in patsy's language: text and categorical columns become indicators with the first level as
        base; ``C(x)`` makes a category of numbers, ``a:b`` an interaction, ``Q("列 名")`` quotes a name.
    family : str
        A name of `FAMILIES`: "gaussian" (identity), "binomial" (logit; 0/1, shares, or a column of two levels, of which
        the second is the event), "poisson" (log).
    where : condition, column name or boolean array, optional
        The rows that the model is about; the others keep their place in the design with score 0.
    missing : {"fail", "out"}
        A row without an answer to any column of the formula raises, or leaves the model.
    tolerance : float, optional
        The ``epsilon`` of R's `glm.control`, to stop where R stops (1e-8 there, which leaves a relative error of about
        1e-5 in standard errors); without it the coefficients have to stand still.

    Returns
    -------
    Model

    Raises
    ------
    EstimateError
        An unknown family, a response outside its range, names that are no columns, terms that are combinations of
        others, missing answers under "fail", a fit that does not converge (with the reason where groups are separated).

    Notes
    -----
    u = A⁻¹ x (y − μ)(dμ/dη)/V(μ), A = Σ w x x' (dμ/dη)²/V(μ), the sandwich of Binder 1983 (Int. Stat. Rev. 51:279);
    p-values with degf + 1 − p degrees of freedom, as R survey's `svyglm`.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> model = glm(survey, "y ~ g")
    >>> model.table().round(4)[["term", "level", "coef", "se", "t", "p"]]
            term level  coef      se       t       p
    0  Intercept         2.0  0.5164  3.8730  0.0179
    1          g     b   4.0  1.1547  3.4641  0.0257
    """
    how, form = one_of("family", family, FAMILIES, EstimateError, "分布"), read_formula(survey, formula, where, missing)
    low, high = how.within
    if not bool(((form.y >= low) & (form.y <= high)).all()):
        raise EstimateError(f"{form.response}｜{how.text.zh}的因变量应在 [{low:g}, {high:g}] 内｜先转换，或换 family")
    weights = survey.weights[form.rows]
    fit = fitted(how, form, weights, tolerance)

    def again(other: Floats) -> Floats:
        return fitted(how, form, other[form.rows], tolerance, fit.beta).beta

    parts = ("term", "level") if any(len(label) > 1 for label in form.labels) else ("term",)
    made = scores(how, form, weights, fit)
    estimate = Estimate.of_columns(survey, fit.beta, made, form.labels, parts, "coefficient", again, form.inside)
    return Model(estimate, form, family, how.text, len(form.y), len(fit.beta))
