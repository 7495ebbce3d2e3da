"""What a test says: statistic, degrees of freedom, p-value, and one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit.errors import EstimateError
from evalkit.estimates.saving import save
from evalkit.estimates.showing import table_rows
from evalkit.figures import p_text
from evalkit.later import later
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.estimates import Estimate
    from evalkit.models.cells import Cells

charts = later("evalkit.charts")

Language = Literal["zh", "en"]
NO_DF = "自由度不大于 0，p 值无法给出"
NO_SPREAD = "标准误为 0，p 值无法给出"
ENGLISH = {NO_DF: "no degrees of freedom are left", NO_SPREAD: "the standard error is 0"}


@dataclass(frozen=True)
class Words:
    """A phrase in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, eq=False, repr=False)
class Test(Shown):
    """The outcome of one test.

    Attributes
    ----------
    subject : str
        What was tested, as it was asked.
    title, null : Words
        Name of the test, and the hypothesis it is about.
    method : str
        Name of the method as it was asked.
    symbol : str
        What the statistic follows under the hypothesis: "F", "χ²" or "t"; "X²" for a weighted sum of χ².
    statistic : float
    df : tuple of float
        Degrees of freedom: (numerator, denominator) for F, one number for χ² and t, none for a weighted sum.
    p_value : float
        NaN only with a `reason`.
    n : int
        Rows that took part.
    estimate : Estimate or None
        What was compared with the hypothesis, where it is one thing.
    details : dict of float
        Further numbers, such as Pearson's statistic and the mean design effect.
    reason : str
        Why there is no p-value; empty otherwise.
    cells : Cells or None
        The two-way table behind a test of independence, for its picture.
    """

    subject: str
    title: Words
    null: Words
    method: str
    symbol: str
    statistic: float
    df: tuple[float, ...]
    p_value: float
    n: int
    estimate: Estimate | None = None
    details: tuple[tuple[str, float], ...] = ()
    reason: str = ""
    cells: Cells | None = None
    __test__ = False  # pytest takes every class of this name for a collection of tests

    @property
    def ndf(self) -> float:
        """Degrees of freedom of the numerator, or of a χ²; NaN where there are none."""
        return self.df[0] if self.symbol in ("F", "χ²") else math.nan

    @property
    def ddf(self) -> float:
        """Degrees of freedom of the variance: F's denominator or those of t; NaN where there are none."""
        return self.df[-1] if self.symbol in ("F", "t") else math.nan

    def detail(self, name: str) -> float:
        """Return one of the further numbers.

        Raises
        ------
        EstimateError
            When the test has no number of that name.
        """
        known = dict(self.details)
        if name not in known:
            raise EstimateError(f"{name}｜这个检验没有这个数｜可用：{'、'.join(known) or '无'}")
        return known[name]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the t interval of what was compared, with the degrees of freedom of the test.

        Raises
        ------
        EstimateError
            When the test is not about one number.
        """
        if self.estimate is None or len(self.estimate) != 1:
            raise EstimateError(f"{self.subject}｜这个检验比较的不是一个数，没有区间｜用 .table() 看检验结果")
        found = self.estimate.interval(level, method="t", df=self.ddf)
        return float(found["low"].iloc[0]), float(found["high"].iloc[0])

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return the outcome as a table of one row; with an estimate also its value, se and interval at `level`."""
        found = {"subject": self.subject, "test": self.title.zh, "method": self.method, "symbol": self.symbol}
        numbers: dict[str, float] = {"statistic": self.statistic, "ndf": self.ndf, "ddf": self.ddf, "p_value": self.p_value}
        if self.estimate is not None and len(self.estimate) == 1:
            low, high = self.interval(level)
            numbers |= {"estimate": float(self.estimate), "se": float(self.estimate.se[0]), "low": low, "high": high}
        return pd.DataFrame([{**found, **numbers, **dict(self.details), "n": self.n, "reason": self.reason}])

    def sentence(self, language: Language = "zh", alpha: float = 0.05) -> str:
        """Return the outcome in one sentence.

        Parameters
        ----------
        language : {"zh", "en"}
        alpha : float
            Level at which the hypothesis is rejected, in (0, 1).

        Raises
        ------
        EstimateError
            For another language.
        """
        if language not in ("zh", "en"):
            raise EstimateError(f"语言 {language!r}｜没有这种句子｜可用：\"zh\"、\"en\"")
        return _chinese(self, alpha) if language == "zh" else _english(self, alpha)

    def _rows_shown(self) -> Rows:
        return table_rows(self.table(), self.sentence())

    def __repr__(self) -> str:
        return self.sentence("zh")

    def plot(self, **options: Any) -> Any:
        """Draw what was compared; `evalkit.charts.test_plot` says what may be asked."""
        return charts.test_plot(self, **options)

    def save(self, path: Any, *, level: float = 0.95) -> Any:
        """Write the table to a file, ``.csv``, ``.xlsx`` or ``.json`` by its name, and return the path."""
        return save(self, path, level=level)


def _chinese(test: Test, alpha: float) -> str:
    head = f"{test.subject}：{test.title.zh}，{_numbers(test)}"
    if math.isnan(test.p_value):
        return f"{head}，n = {test.n}；{test.reason}。"
    verdict = "拒绝" if test.p_value < alpha else "不能拒绝"
    return f"{head}，p {_p(test.p_value)}，n = {test.n}；在 {alpha * 100:g}% 水平上{verdict}“{test.null.zh}”。"


def _english(test: Test, alpha: float) -> str:
    head = f"{test.subject}: {test.title.en}, {_numbers(test)}"
    if math.isnan(test.p_value):
        return f"{head}, n = {test.n}; no p-value: {ENGLISH.get(test.reason, test.reason)}."
    verdict = "rejected" if test.p_value < alpha else "not rejected"
    return f"{head}, p {_p(test.p_value)}, n = {test.n}; at the {alpha * 100:g}% level it is {verdict} that {test.null.en}."


def _numbers(test: Test) -> str:
    freedom = f"({', '.join(f'{df:.4g}' for df in test.df)})" if test.df else ""
    return f"{test.symbol}{freedom} = {test.statistic:.4g}"


def _p(value: float) -> str:
    shown = p_text(value)
    return shown.replace("<", "< ") if shown.startswith("<") else f"= {shown}"
