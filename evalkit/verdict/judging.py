"""The Verdict: what the legal rule says of a rate against its threshold, and how far the sample proves it."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from scipy.special import betainc

from evalkit.errors import EstimateError
from evalkit.intervals import proportion, village_bound
from evalkit.later import later
from evalkit.verdict.words import Language, Register, verdict_sentence

if TYPE_CHECKING:
    import pandas as pd

Direction = Literal["below", "above"]
Zone = Literal["met", "not met", "not proven"]

SAME = 1e-12  # a weighted share may miss its own fraction by rounding

charts = later("evalkit.charts")


class Judged(Protocol):
    """What `judge` reads of an estimate: one value, and its interval at any level and side."""

    @property
    def value(self) -> Any: ...
    @property
    def se(self) -> Any: ...
    @property
    def df(self) -> Any: ...
    @property
    def n(self) -> Any: ...
    def interval(self, *, level: float, side: Literal["two", "lower", "upper"], icc: float | None = None) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Verdict:
    """One rate against one threshold.

    Attributes
    ----------
    name, threshold, direction, strict, alpha
        As asked.
    value, value_read : float
        The estimate, and the number the legal rule reads.
    legal : bool
        Whether the legal rule is satisfied.
    zone : {"met", "not met", "not proven"}
        Whether one-sided bounds at 1 − alpha lie on one side of the threshold.
    low, high : float
        Those two bounds, each one-sided.
    level, interval_low, interval_high : float
        The two-sided interval at `level`, for print.
    p_value : float
        The alpha at which the rate would just be proven to meet the standard; NaN with `p_reason`.
    risk_at_value, risk_at_threshold : float
        Probability that the legal rule says the other thing in a new sample when the true rate equals the
        estimate, and when it lies on the threshold (see `other_verdict`).
    n, n_eff, deff, icc, df : float
        Units, effective units, design effect used, planned correlation, degrees of freedom; NaN when unknown.
    village_bound, free_bound : float
        With no event found: upper bound of the share of villages with events, and the bound of the rate if
        villages were irrelevant; NaN otherwise.
    """

    name: str
    threshold: float
    direction: Direction
    strict: bool
    alpha: float
    value: float
    value_read: float
    legal: bool
    zone: Zone
    low: float
    high: float
    level: float
    interval_low: float
    interval_high: float
    p_value: float
    p_reason: str
    risk_at_value: float
    risk_at_threshold: float
    n: float
    n_eff: float
    deff: float
    icc: float
    df: float
    method: str
    village_bound: float
    free_bound: float

    @property
    def confident(self) -> bool:
        """Whether the sample proves what the legal rule says."""
        return self.zone == ("met" if self.legal else "not met")

    def sentence(self, language: Language = "zh", *, register: Register = "main") -> str:
        """Return the verdict in words: "main" for the body of a report, "technical" for its appendix.

        Raises
        ------
        EstimateError
            For an unknown language or register.
        """
        return verdict_sentence(self, language, register)

    def __repr__(self) -> str:
        return self.sentence("zh")

    def plot(self, **options: Any) -> Any:
        """Draw rate, interval and threshold; `evalkit.charts.verdict_plot` says what may be asked."""
        return charts.verdict_plot(self, **options)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence('zh'))}</p>"


def judge(
    estimate: Judged,
    threshold: float,
    *,
    direction: Direction = "below",
    strict: bool,
    alpha: float = 0.05,
    legal_value: float | None = None,
    name: str = "",
    icc: float | None = None,
    villages: int | None = None,
    level: float = 0.95,
) -> Verdict:
    """Judge a rate against a threshold: by the legal rule, and by what the sample proves.

    The legal rule compares one number with the threshold. The three zones compare one-sided bounds
    U and L at 1 − alpha: *met* when U < threshold (for "above": L > threshold), *not met* when the other
    bound lies beyond it, *not proven* otherwise. The p-value for "the standard is not met" is the alpha that
    puts the bound on the threshold, found by bisection.

    Parameters
    ----------
    estimate : Estimate
        One row; its own interval method is used (KG-M for a proportion).
    threshold : float
        In [0, 1].
    direction : {"below", "above"}
        The side of the threshold that meets the standard.
    strict : bool
        Whether the rate must lie beyond the threshold (True) or may equal it (False). No default: the
        regulation decides.
    alpha : float
        Risk of a wrong "met" and of a wrong "not met", in (0, 1).
    legal_value : float, optional
        The number that the legal rule reads, in [0, 1]; the estimate when left out.
    name : str
        Name of the rate, for the sentences.
    icc : float, optional
        Planned correlation within villages, handed to the interval.
    villages : int, optional
        Villages drawn; with it a rate of zero events also gets the bound of the share of villages.
    level : float
        Confidence level of the two-sided interval that the sentences print, in (0, 1).

    Returns
    -------
    Verdict

    Raises
    ------
    EstimateError
        Threshold or legal value outside [0, 1], unknown direction, alpha outside (0, 1), more than one row.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from evalkit import intervals
    >>> class Sampled:  # an Estimate, reduced to what a verdict reads
    ...     value, se, df, n = np.array([.0043]), np.array([.0019]), np.array([43.]), np.array([2640])
    ...     def interval(self, *, level, side, icc=None):
    ...         plan = intervals.Planning(deff_w=1.1, take=30, events_df=8)
    ...         seen = intervals.proportion(self.value, self.n, se=self.se, df=self.df, level=level, side=side, planning=plan)
    ...         return pd.DataFrame({"low": seen.low, "high": seen.high, "n_eff": seen.n_eff})
    >>> verdict = judge(Sampled(), .02, strict=True, name="错退率")
    >>> verdict
    错退率为0.43%（95%区间0.13%～1.05%），低于2%的门槛，达到标准；统计把握程度充分（单侧95%上限0.94%）。
    >>> verdict.zone, verdict.legal, round(verdict.p_value, 4)
    ('met', True, 0.0001)
    """
    _check(threshold, direction, strict, alpha, legal_value)
    asking = {} if icc is None else {"icc": icc}
    value = _one(estimate.value, "estimate")
    read = value if legal_value is None else float(legal_value)
    legal = _satisfies(read, threshold, direction, strict)
    low, high = (_bound(estimate, side, 1 - alpha, asking) for side in ("lower", "upper"))
    p_value, p_reason = _p_value(estimate, threshold, direction, asking)
    two = estimate.interval(level=level, side="two", **asking)
    n, df, se = (_one(getattr(estimate, part, math.nan), part) for part in ("n", "df", "se"))
    n_eff = _cell(two, "n_eff", value * (1 - value) / se**2 if se > 0 and 0 < value < 1 else n)
    # a registry total added to a proportion moves and stretches its scale: chances are those of the proportion
    shift, scale = (_one(getattr(estimate, part, plain), part) for part, plain in (("shift", 0.0), ("scale", 1.0)))
    gate = (threshold - shift) / scale
    none = value == 0 and read == 0
    return Verdict(
        name, float(threshold), direction, strict, float(alpha), value, read, legal, _zone(low, high, threshold, direction),
        low, high, float(level), _cell(two, "low"), _cell(two, "high"), p_value, p_reason,
        other_verdict((value - shift) / scale, gate, n_eff, legal=legal, direction=direction),
        other_verdict(gate, gate, n_eff, legal=legal, direction=direction),
        n, n_eff, _cell(two, "deff_star", n / n_eff if n_eff else math.nan), _cell(two, "icc"), _cell(two, "df", df),
        str(two["method"].iloc[0]) if "method" in two else "kg-m",
        village_bound(villages, alpha) if none and villages else math.nan,
        scale * float(proportion(0.0, n, method="clopper-pearson", level=1 - alpha, side="upper").high) if none else math.nan,
    )  # fmt: skip


def other_verdict(rate: float, threshold: float, n_eff: float, *, legal: bool, direction: Direction = "below") -> float:
    """Return the probability that the legal rule says the other thing in a new sample of the same size.

    The estimate of a new sample is taken as beta distributed with mean `rate` and variance
    rate(1 − rate)/n_eff: the continuous form of a beta-binomial count of village events. On the threshold of
    2 % with 20 villages of 60 and a correlation of .05 it gives .55 for "below", simulation .52.

    Parameters
    ----------
    rate : float
        True rate, in [0, 1]; at 0 and 1 every sample shows it.
    threshold : float
        In [0, 1].
    n_eff : float
        Effective number of units, > 1.
    legal : bool
        What the legal rule says of the sample at hand.
    direction : {"below", "above"}

    Returns
    -------
    float
        NaN when n_eff is unknown or not above 1, or `rate` lies outside [0, 1].

    Examples
    --------
    >>> round(other_verdict(.03, .02, 1200 / 3.95, legal=False), 2)
    0.15
    """
    if rate in (0, 1):
        return float(_satisfies(rate, threshold, direction, strict=True) != legal and rate != threshold)
    if not n_eff > 1 or not 0 < rate < 1:
        return math.nan
    below = float(betainc(rate * (n_eff - 1), (1 - rate) * (n_eff - 1), min(max(threshold, 0.0), 1.0)))
    passing = below if direction == "below" else 1 - below
    return 1 - passing if legal else passing


def _check(threshold: float, direction: str, strict: bool, alpha: float, legal_value: float | None) -> None:
    if direction not in ("below", "above"):
        raise EstimateError(f"direction = {direction!r}｜没有这个方向｜可用：\"below\"（越低越好）、\"above\"（越高越好）")
    if not isinstance(strict, bool | np.bool_):
        raise EstimateError(f"strict = {strict!r}｜应为 True（须越过门槛）或 False（可等于门槛）｜按文件原文写")
    if not 0 < alpha < 1:
        raise EstimateError(f"alpha = {alpha}｜应在 0 与 1 之间｜5% 写 alpha=.05")
    for label, number in (("threshold", threshold), ("legal_value", legal_value)):
        if number is not None and not 0 <= number <= 1:
            raise EstimateError(f"{label} = {number}｜比例应在 0 与 1 之间｜2% 写 .02")


def _satisfies(value: float, threshold: float, direction: Direction, strict: bool) -> bool:
    if abs(value - threshold) <= SAME:
        return not strict
    return value < threshold if direction == "below" else value > threshold


def _zone(low: float, high: float, threshold: float, direction: Direction) -> Zone:
    if high < threshold:
        return "met" if direction == "below" else "not met"
    if low > threshold:
        return "not met" if direction == "below" else "met"
    return "not proven"


def _p_value(estimate: Judged, threshold: float, direction: Direction, asking: dict[str, float]) -> tuple[float, str]:
    """Return the smallest alpha at which the bound clears the threshold, or NaN and why."""
    if not _one(estimate.df, "df") >= 2:
        return math.nan, "自由度小于 2，不给出 p 值"
    side: Literal["lower", "upper"] = "upper" if direction == "below" else "lower"
    least, most = 0.0, 1.0
    while most - least > 1e-9:
        alpha = (least + most) / 2
        bound = _bound(estimate, side, 1 - alpha, asking)
        if math.isnan(bound):
            return math.nan, "区间无法给出，故无 p 值"
        clears = bound < threshold if direction == "below" else bound > threshold
        least, most = (least, alpha) if clears else (alpha, most)
    return (least + most) / 2, ""


def _bound(estimate: Judged, side: Any, level: float, asking: dict[str, float]) -> float:
    return _cell(estimate.interval(level=level, side=side, **asking), "high" if side == "upper" else "low")


def _cell(table: pd.DataFrame, column: str, otherwise: float = math.nan) -> float:
    return float(table[column].iloc[0]) if column in table else otherwise


def _one(numbers: Any, what: str) -> float:
    flat = np.ravel(numbers)
    if len(flat) != 1:
        raise EstimateError(f"{what} 有 {len(flat)} 行｜一次只判定一行｜先用 estimate[\"行名\"] 取出一行")
    return float(flat[0])
