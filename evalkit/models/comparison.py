"""Comparisons of groups: differences of means and of rank scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import fdtrc, ndtri, stdtr

from evalkit.errors import EstimateError, one_of
from evalkit.estimates import Estimate, mean
from evalkit.estimates.domains import Missing, number
from evalkit.models.contrast import quadratic
from evalkit.models.outcome import NO_DF, NO_SPREAD, Test, Words
from evalkit.models.rows import divided, grouped, one_domain
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey


@dataclass(frozen=True)
class Score:
    """Scores of ranks r among N population units."""

    of: Callable[[Floats, float], Floats]
    title: Words


SCORES: dict[str, Score] = {
    "wilcoxon": Score(lambda rank, whole: rank / whole, Words("秩和检验（Wilcoxon）", "rank test (Wilcoxon)")),
    "median": Score(lambda rank, whole: (rank > whole / 2).astype(float), Words("中位数检验", "median test")),
    "van-der-waerden": Score(lambda rank, whole: ndtri(rank / whole), Words("正态得分检验（van der Waerden）", "normal-score test")),
}


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of a survey in disjoint groups; `code` is negative outside the domain."""

    survey: Survey
    name: str
    code: Ints
    levels: tuple[Any, ...]

    @property
    def n(self) -> int:
        """Rows of the survey in the groups."""
        return int((self.code >= 0).sum())

    def sums(self, numbers: Floats) -> Floats:
        """Sum by group."""
        held = self.code >= 0
        return np.bincount(self.code[held], weights=numbers[held], minlength=len(self.levels)).astype(float)

    def differences(self, y: str, score: Callable[[Floats], Floats]) -> Estimate:
        """Estimate mean score of each further group minus that of the first; `score` gives the scores for weights.

        u = 1_g (s − s̄_g)/W_g − 1_0 (s − s̄_0)/W_0, the scores themselves taken as known.
        """

        def values(weights: Floats) -> Floats:
            means = divided(self.sums(weights * score(weights)), self.sums(weights), self.name)
            return np.asarray(means[1:] - means[0])

        weights = self.survey.weights
        scored, whole = score(weights), self.sums(weights)
        means = divided(self.sums(weights * scored), whole, self.name)
        inside = np.flatnonzero(self.code >= 0)
        code = self.code[inside]
        own = (scored[inside] - means[code]) / whole[code]
        u = np.zeros((len(weights), len(whole)))
        u[inside, code] = own
        labels = [(y, f"{level} − {self.levels[0]}") for level in self.levels[1:]]
        scores = u[:, 1:] - u[:, :1]
        rows = one_domain(self.survey, self.code >= 0)
        return Estimate.of_columns(self.survey, values(weights), scores, labels, ("variable", "groups"), "coefficient", values, rows)


def ttest(
    survey: Survey, y: str, group: str | None = None, *, mu: float = 0.0, where: Any = None, missing: Missing = "fail"
) -> Test:
    """Test whether a mean is `mu`, or whether the means of two groups differ by `mu`.

    Parameters
    ----------
    survey : Survey
    y : str
        Numeric or boolean column.
    group : str, optional
        Column of exactly two levels; the difference is second minus first (in order of the categories, else sorted).
    mu : float
        The mean, or the difference, that the hypothesis states.
    where : condition, column name or boolean array, optional
    missing : {"fail", "out"}

    Returns
    -------
    Test
        t with `estimate` the mean or the difference, and `interval()`. NaN with a reason where no degrees of freedom
        are left or the standard error is 0.

    Raises
    ------
    EstimateError
        A group with other than two levels, a text column for `y`, missing answers under "fail".

    Notes
    -----
    Two groups: the coefficient of the group in a linear model, with ν − 1 degrees of freedom, as R survey's `svyttest`.
    One mean: ν degrees of freedom, those of its interval by `ev.mean` (R's `svyttest` takes ν − 1 there too).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> ttest(survey, "y", "g")
    y（b − a）：两组均值的 t 检验，t(4) = 3.464，p = 0.026，n = 6；在 5% 水平上拒绝“均值之差等于 0”。
    """
    if group is None:
        grouped(survey, None, where, [number(survey, y)], missing)
        made = mean(survey, y, where=where, missing=missing)
        null = Words(f"均值等于 {mu:g}", f"the mean is {mu:g}")
        return _by_t(y, Words("均值的 t 检验", "t test of a mean"), null, "t", made, float(made.df[0]), mu, int(made.n[0]))
    groups, values = _grouped(survey, y, group, where, missing)
    if len(groups.levels) != 2:
        found = f"有 {len(groups.levels)} 组（{_some(groups.levels)}）"
        raise EstimateError(f"{group}：{found}｜应恰有两组｜用 where= 取两组，多组用 ev.glm 与 .wald")
    made = groups.differences(y, lambda weights: values)
    null = Words(f"均值之差等于 {mu:g}", f"the means differ by {mu:g}")
    title = Words("两组均值的 t 检验", "t test of two means")
    return _by_t(f"{y}（{made.labels[0][1]}）", title, null, "t", made, float(made.df[0]) - 1, mu, groups.n)


def ranktest(survey: Survey, y: str, group: str, *, score: str = "wilcoxon", where: Any = None, missing: Missing = "fail") -> Test:
    """Test whether groups have the same distribution, by the mean scores of their ranks.

    Parameters
    ----------
    survey : Survey
    y : str
        Numeric or boolean column.
    group : str
        Column of two levels (t) or more (F over the differences from the first).
    score : str
        A name of `SCORES`: "wilcoxon" r/N, "median" 1 above the middle, "van-der-waerden" Φ⁻¹(r/N).
    where, missing
        As for `ttest`.

    Returns
    -------
    Test
        `estimate` holds the differences in mean score: second minus first, …

    Raises
    ------
    EstimateError
        An unknown score, a single group, missing answers under "fail".

    Notes
    -----
    r is the estimated rank in the population, the weight below plus half the weight of the tie, so it does not depend
    on the order of rows; N the sum of weights. Lumley & Scott 2013 (Biometrika 100:831): the scores may be taken as
    known. Two groups: ν − 1 degrees of freedom; g groups: F(g − 1, ν − g + 1), as R survey's `svyranktest`.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aababb")}))
    >>> ranktest(survey, "y", "g")
    y（b − a）：秩和检验（Wilcoxon），t(4) = 2.092，p = 0.105，n = 6；在 5% 水平上不能拒绝“各组分布相同”。
    """
    how = one_of("score", score, SCORES, EstimateError, "得分")
    groups, values = _grouped(survey, y, group, where, missing)
    if len(groups.levels) < 2:
        raise EstimateError(f"{group}｜只有 1 组（{_some(groups.levels)}）｜至少应有两组｜核对 where 与该列")
    made = groups.differences(y, lambda weights: _scored(values, weights, groups.code >= 0, how))
    title, null = how.title, Words("各组分布相同", "the groups have the same distribution")
    if len(groups.levels) == 2:
        return _by_t(f"{y}（{made.labels[0][1]}）", title, null, score, made, float(made.df[0]) - 1, 0.0, groups.n)
    return _by_f(f"{y}（{group}）", title, null, score, made, groups.n)


def _some(levels: tuple[Any, ...]) -> str:
    return "、".join(map(str, levels[:6])) + ("……" if len(levels) > 6 else "")


def _grouped(survey: Survey, y: str, group: str, where: Any, missing: Missing) -> tuple[Groups, Floats]:
    answers = number(survey, y)
    code, keys = grouped(survey, group, where, [answers], missing)
    return Groups(survey, group, code, tuple(key[0] for key in keys)), answers.values


def _scored(values: Floats, weights: Floats, inside: Any, score: Score) -> Floats:
    """Scores of the estimated ranks of the rows inside; 0 for the others."""
    used = np.flatnonzero(inside & (weights > 0))
    _, place = np.unique(values[used], return_inverse=True)
    tied = np.bincount(place, weights=weights[used])
    rank = np.cumsum(tied) - tied / 2
    found = np.zeros(len(values))
    found[used] = score.of(rank, float(tied.sum()))[place]
    return found


def _by_t(subject: str, title: Words, null: Words, method: str, made: Estimate, df: float, mu: float, n: int) -> Test:
    se = float(made.se[0])
    statistic = (float(made) - mu) / se if se > 0 else math.nan
    reason = NO_DF if not df > 0 else NO_SPREAD if not se > 0 else ""
    p = math.nan if reason else 2 * float(stdtr(df, -abs(statistic)))
    return Test(subject, title, null, method, "t", statistic, (df,), p, n, made, reason=reason)


def _by_f(subject: str, title: Words, null: Words, method: str, made: Estimate, n: int) -> Test:
    count, df = float(len(made)), float(made.df[0])
    ddf = df - count
    if not ddf > 0:
        return Test(subject, title, null, method, "F", math.nan, (count, ddf), math.nan, n, made, reason=NO_DF)
    statistic = quadratic(np.asarray(made.value), made.cov(), df) / count
    return Test(subject, title, null, method, "F", statistic, (count, ddf), float(fdtrc(count, ddf, statistic)), n, made)
