"""The Verdict: what the legal rule says of a rate against its threshold, and how far the sample proves it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, SupportsFloat

import numpy as np

from evalkit.errors import EstimateError
from evalkit.figures import WORDS, gate_words, interval, number, p_text, told_percent
from evalkit.intervals import proportion, village_bound
from evalkit.later import later
from evalkit.lists import as_list
from evalkit.showing import Rows, Shown, pairs
from evalkit.verdict.asking import check_fact, check_question, check_value, refuse_unjudged, say_slips
from evalkit.verdict.chances import Side, deciding_side, other_verdict, smallest_alpha
from evalkit.verdict.deciding import ZONES, Direction, Zone, satisfies, zone_codes
from evalkit.verdict.needing import UNKNOWN, Needed, Tipping, needed, tipping, villages_of
from evalkit.verdict.words import Language, Register, verdict_sentence

if TYPE_CHECKING:
    import pandas as pd

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
    def interval(self, *, level: float, side: Literal["two", "lower", "upper"], icc: Any = None) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Verdict(Shown):
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
    p_violation : float
        The alpha at which the rate would just be proven not to meet the standard; NaN with `p_reason`. `violators` reads it.
    villages : float
        First-stage units with a row behind the estimate; NaN when unknown.
    reason : str
        Why no bound could be given, and so nothing is proven; empty otherwise.
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
    p_violation: float = math.nan
    villages: float = math.nan
    reason: str = ""
    asked: tuple[Any, Any] = field(default=(None, None), repr=False, compare=False)  # the estimate, and icc as it was given

    @cached_property
    def needed(self) -> Needed:
        """How many villages and households would prove what the legal rule says, the estimate staying as it is."""
        return needed(self, *self.asked, deciding_side(self.direction, self.legal))

    @cached_property
    def tipping(self) -> Tipping:
        """The planned correlation at which the zone would change, and to what; for KG-M."""

        def bound(side: Side, icc: float) -> float:
            return _bound(self.asked[0], side, 1 - self.alpha, {"icc": icc})

        if self.asked[0] is None:
            return Tipping(reason=UNKNOWN)
        return tipping(self, bound, {"met": deciding_side(self.direction, True), "not met": deciding_side(self.direction, False)})

    @property
    def tipping_icc(self) -> float:
        """The planned correlation at which the zone would change; NaN where none does (`tipping` says why)."""
        return self.tipping.icc

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

    def _rows_shown(self) -> Rows:
        gate = self.threshold
        return pairs({
            "指标": self.name, "门槛": gate_words(self), "估计": told_percent(self.value, gate),
            "法定规则": "达到" if self.legal else "未达到",
            f"{self.level * 100:g}%区间": interval(self.interval_low, self.interval_high, gate), "统计": WORDS[self.zone],
            "p 值": p_text(self.p_value), "n": self.n, "村": self.villages, "设计效应": number(self.deff), "村内相关": self.icc,
        })  # fmt: skip

    def __repr__(self) -> str:
        return self.sentence("zh")

    def plot(self, **options: Any) -> Any:
        """Draw rate, interval and threshold; `evalkit.charts.verdict_plot` says what may be asked."""
        return charts.verdict_plot(self, **options)


@dataclass(frozen=True)
class Standing:
    """Where a rate stands against its threshold: as much of a `Verdict` as needs no p-value and no words.

    Attributes
    ----------
    value, value_read : float
        The estimate, and the number the legal rule reads.
    legal : bool
    low, high : float
        One-sided bounds at 1 − alpha.
    zone : {"met", "not met", "not proven"}
    """

    value: float
    value_read: float
    legal: bool
    low: float
    high: float
    zone: Zone


def standing(
    estimate: Judged, threshold: float, *, direction: Direction, strict: bool, alpha: float, legal_value: float | None,
    asking: dict[str, Any],
) -> Standing:  # fmt: skip
    """Compare a rate with a threshold by the legal rule and by the bounds, as `judge` does; for those who ask many times.

    Parameters
    ----------
    estimate, threshold, direction, strict, alpha, legal_value
        As for `judge`.
    asking : dict
        ``icc`` where one is planned with; else empty.

    Raises
    ------
    EstimateError
        An estimate that is NaN, or of more than one row.
    """
    value = _one(estimate.value, "estimate")
    check_value(value)
    read = value if legal_value is None else float(legal_value)
    low, high = (_bound(estimate, side, 1 - alpha, asking) for side in ("lower", "upper"))
    legal = bool(satisfies(read, threshold, direction, strict))
    return Standing(value, read, legal, low, high, ZONES[zone_codes(low, high, threshold, direction)])


def judge(
    estimate: Judged,
    threshold: float,
    *,
    direction: Direction = "below",
    strict: bool,
    alpha: float = 0.05,
    legal_value: float | None = None,
    name: str = "",
    icc: SupportsFloat | None = None,
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
        In [0, 1], on the scale of the estimate.
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
    icc : float or Clustering, optional
        Planned correlation within villages, handed to the interval.
    villages : int, optional
        Villages drawn, where some have no row behind the estimate; with it a rate of zero events also gets the bound of the
        share of villages.
    level : float
        Confidence level of the two-sided interval that the sentences print, in (0, 1).

    Returns
    -------
    Verdict

    Raises
    ------
    EstimateError
        Threshold or legal value outside [0, 1], unknown direction, alpha outside (0, 1), more than one row, an estimate that is NaN;
        small areas, which must never be judged, and tables of limits; the correlation of another rate (``icc=float(fact)`` borrows it).

    Warns
    -----
    EvalkitWarning
        A threshold on the unlikely side for its direction, or beyond what registry totals leave open; a correlation that the county
        itself helped to make.

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
    refuse_unjudged(estimate)
    check_question(threshold, direction, strict, alpha, legal_value, level, villages, icc)
    check_fact(icc, name, [str(part) for label in getattr(estimate, "labels", ()) for part in as_list(label)])
    asking = {} if icc is None else {"icc": icc}
    found = standing(estimate, threshold, direction=direction, strict=strict, alpha=alpha, legal_value=legal_value, asking=asking)
    value, read, legal, low, high = found.value, found.value_read, found.legal, found.low, found.high
    p_values, p_reason = _p_values(estimate, threshold, direction, asking)
    two = _two_sided(estimate, level, asking)
    n, df, se = (_one(getattr(estimate, part, math.nan), part) for part in ("n", "df", "se"))
    n_eff = _cell(two, "n_eff", value * (1 - value) / se**2 if se > 0 and 0 < value < 1 else n)
    shift, scale = _moved(estimate)
    say_slips(threshold, direction, *sorted((shift, shift + scale)))
    gate, none = (threshold - shift) / scale, value == 0 and read == 0
    return Verdict(
        name, float(threshold), direction, strict, float(alpha), value, read, legal, found.zone,
        low, high, float(level), _cell(two, "low"), _cell(two, "high"), p_values[0], p_reason,
        other_verdict((value - shift) / scale, gate, n_eff, legal=legal, direction=direction),
        other_verdict(gate, gate, n_eff, legal=legal, direction=direction),
        n, n_eff, _cell(two, "deff_star", n / n_eff if n_eff else math.nan), _cell(two, "icc"), _cell(two, "df", df),
        _text(two, "method", "kg-m"), village_bound(villages, alpha) if none and villages else math.nan,
        scale * float(proportion(0.0, n, method="clopper-pearson", level=1 - alpha, side="upper").high) if none else math.nan,
        p_values[1], villages_of(estimate, villages), _text(two, "reason", "") if math.isnan(low) or math.isnan(high) else "",
        (estimate, icc),
    )  # fmt: skip


def listed_verdicts(verdicts: Any, remedy: str) -> list[Verdict]:
    """Return verdicts as a list, from a mapping its values; refuse what is none, and an empty list.

    Raises
    ------
    EstimateError
    """
    given = verdicts.values() if isinstance(verdicts, Mapping) else verdicts
    known: list[Any] = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    wrong = dict.fromkeys(type(each).__name__ for each in known if not isinstance(each, Verdict))
    if not known or wrong:
        found = f"其中有 {'、'.join(wrong)}" if wrong else "没有任何判定"
        raise EstimateError(f"verdicts｜{found}，应为 Verdict｜{remedy}")
    return known


def _moved(estimate: Judged) -> tuple[float, float]:
    """Return what a registry total added to a proportion moves and stretches its scale by: chances are those of the proportion."""
    return _one(getattr(estimate, "shift", 0.0), "shift"), _one(getattr(estimate, "scale", 1.0), "scale")


def _p_values(estimate: Judged, threshold: float, direction: Direction, asking: dict[str, Any]) -> tuple[tuple[float, float], str]:
    """Return the p-values of "not met" and of "met", or NaN and why."""
    if not _one(estimate.df, "df") >= 2:
        return (math.nan, math.nan), "自由度小于 2，不给出 p 值"

    def bound(side: Side, level: float) -> float:
        return _bound(estimate, side, level, asking)

    found = tuple(smallest_alpha(bound, threshold, deciding_side(direction, met)) for met in (True, False))
    return (found[0], found[1]), "区间无法给出，故无 p 值" if math.isnan(found[0]) else ""


def _two_sided(estimate: Judged, level: float, asking: dict[str, Any]) -> pd.DataFrame:
    two = estimate.interval(level=level, side="two", **asking)
    if "mid-p" in _text(two, "method", ""):
        raise EstimateError("mid-p 区间｜不保证覆盖，只供描述性表格，不能据以判定｜去掉 midp=True")
    return two


def _bound(estimate: Judged, side: Any, level: float, asking: dict[str, Any]) -> float:
    quick = getattr(estimate, "bound", None)  # the same number without a table around it: a p-value asks some twenty times
    if quick is not None:
        return _one(quick(side, level, **asking), "bound")
    return _cell(estimate.interval(level=level, side=side, **asking), "high" if side == "upper" else "low")


def _text(table: pd.DataFrame, column: str, otherwise: str) -> str:
    return str(table[column].iloc[0]) if column in table else otherwise


def _cell(table: pd.DataFrame, column: str, otherwise: float = math.nan) -> float:
    return float(table[column].iloc[0]) if column in table else otherwise


def _one(numbers: Any, what: str) -> float:
    flat = np.ravel(numbers)
    if len(flat) != 1:
        raise EstimateError(f"{what} 有 {len(flat)} 行｜一次只判定一行｜先用 estimate[\"行名\"] 取出一行")
    return float(flat[0])
