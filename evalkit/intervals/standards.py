"""Presentation standards: whether an estimate is precise enough to be printed without a word of warning.

The numbers are never taken away. A verdict cannot be suppressed; what a statistical office would not print is printed with its code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults

Status = Literal["show", "review", "suppress", "footnote"]
Numbers = NDArray[np.float64]
ORDER: tuple[Status, ...] = ("suppress", "review", "footnote", "show")

FEW_UNITS, NARROW, WIDE, RELATIVE, FEW_DF = 30, 0.05, 0.30, 1.30, 8
RATE_UNITS, RATE_RELATIVE = 10, 1.60


@dataclass(frozen=True)
class Flag:
    """One reason, in both languages, and what it asks for."""

    status: Status
    zh: str
    en: str


FLAGS: dict[str, Flag] = {
    "few-units": Flag("suppress", "单位数或有效单位数少于 30", "fewer than 30 units or effective units"),
    "wide": Flag("suppress", "区间宽度不小于 30 个百分点", "interval 30 points wide or more"),
    "wide-relative": Flag(
        "suppress", "区间宽度超过 5 个百分点，且超过估计值的 130%", "interval wider than 5 points and than 130 % of the estimate"
    ),
    "few-df": Flag("review", "自由度少于 8", "fewer than 8 degrees of freedom"),
    "end": Flag("review", "一例未见或全部都是", "no event, or nothing but events"),
    "complement": Flag("footnote", "区间宽度超过余下比例的 130%：余下比例不宜单独列出", "interval wider than 130 % of the complement"),
    "few-numerator": Flag("suppress", "分子的有效单位数少于 10", "fewer than 10 effective units in the numerator"),
    "few-denominator": Flag("suppress", "分母的有效单位数少于 10", "fewer than 10 effective units in the denominator"),
    "rate-relative": Flag("suppress", "区间宽度超过估计值的 160%", "interval wider than 160 % of the rate"),
    "no-interval": Flag("review", "没有区间", "no interval"),
}


@dataclass(frozen=True)
class Presentation:
    """The codes of one estimate, in the order of `FLAGS`; the gravest says what a statistical office would do."""

    codes: tuple[str, ...]

    @property
    def status(self) -> Status:
        """"suppress", "review", "footnote" or "show"; advice: the number stays."""
        return next((each for each in ORDER if any(FLAGS[code].status == each for code in self.codes)), "show")

    @property
    def zh(self) -> str:
        """Reasons in Chinese."""
        return "；".join(FLAGS[code].zh for code in self.codes)

    @property
    def en(self) -> str:
        """Reasons in English."""
        return "; ".join(FLAGS[code].en for code in self.codes)


def presentation(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, *, n: ArrayLike, n_eff: ArrayLike, df: ArrayLike,
    kind: Literal["proportion", "rate"] = "proportion", numerator: ArrayLike | None = None,
) -> Any:  # fmt: skip
    """Return the presentation codes of NCHS for proportions or rates.

    Parameters
    ----------
    value, low, high : float or array
        Estimates and two-sided 95 % limits, on the scale of shares (2 % is .02) or of the rate. At none or all events give
        limits that count the villages (KG-M): a width of 0 would let the number pass.
    n, n_eff : float or array
        Units and effective units (of the denominator); n_eff counts as n at most.
    df : float or array
        Degrees of freedom.
    kind : {"proportion", "rate"}
        Parker et al. 2017 (Vital Health Stat 2(175)), or the 2023 standard for rates.
    numerator : float or array, optional
        Effective units of the numerator, for a rate.

    Returns
    -------
    Presentation, or tuple of Presentation for arrays

    Raises
    ------
    EstimateError
        An unknown kind, a rate without numerator, a proportion outside [0, 1], arrays that do not fit.

    Notes
    -----
    Proportions: suppress when n or n_eff < 30; show when the width is .05 or less; suppress when it is .30 or more, or more than
    130 % of the value; footnote when it is more than 130 % of the complement. Rates: suppress when numerator or denominator have
    fewer than 10 effective units, or the width is more than 160 % of the value. Review when df < 8, or none or all have the property.

    Examples
    --------
    >>> shown = presentation(.004, .0012, .0105, n=1200, n_eff=410, df=19)
    >>> shown.status, shown.codes
    ('show', ())
    >>> presentation(0, 0, .0213, n=1200, n_eff=172, df=7).codes
    ('few-df', 'end')
    >>> presentation(.02, .001, .12, n=90, n_eff=48, df=14).zh
    '区间宽度超过 5 个百分点，且超过估计值的 130%'
    """
    given = {"value": value, "low": low, "high": high, "n": n, "n_eff": n_eff, "df": df}
    faults = Faults("发布标准")
    if kind not in ("proportion", "rate"):
        faults.add(None, "kind", repr(kind), "没有这种标准", '可用："proportion"、"rate"')
    if kind == "rate" and numerator is None:
        faults.add(None, "numerator", None, "率的标准要看分子的有效单位数", "写 numerator=")
    outside = kind == "proportion" and bool(((np.asarray(value) < 0) | (np.asarray(value) > 1)).any())
    if outside:
        faults.add(None, "value", None, "比例应在 0 与 1 之间", "百分数先除以 100")
    faults.refuse(EstimateError)
    parts = {name: np.asarray(part, dtype=float) for name, part in (given | {"numerator": 0.0 if numerator is None else numerator}).items()}
    rows = np.broadcast_arrays(*parts.values())
    judge = _proportion_codes if kind == "proportion" else _rate_codes
    found = tuple(
        Presentation(tuple(judge(**dict(zip(parts, map(float, row), strict=True)))))
        for row in zip(*(part.ravel() for part in rows), strict=True)
    )
    return found if rows[0].ndim else found[0]


def _proportion_codes(value: float, low: float, high: float, n: float, n_eff: float, df: float, numerator: float) -> Iterator[str]:
    width = high - low
    if not min(n, n_eff) >= FEW_UNITS:
        yield "few-units"
    if width >= WIDE:
        yield "wide"
    elif width > NARROW and width > RELATIVE * value:
        yield "wide-relative"
    yield from _reviewed(width, df, value in (0, 1))
    if NARROW < width < WIDE and width > RELATIVE * (1 - value):
        yield "complement"


def _rate_codes(value: float, low: float, high: float, n: float, n_eff: float, df: float, numerator: float) -> Iterator[str]:
    if not numerator >= RATE_UNITS:
        yield "few-numerator"
    if not min(n, n_eff) >= RATE_UNITS:
        yield "few-denominator"
    if high - low > RATE_RELATIVE * abs(value):
        yield "rate-relative"
    yield from _reviewed(high - low, df, value == 0)


def _reviewed(width: float, df: float, end: bool) -> Iterator[str]:
    if not df >= FEW_DF:
        yield "few-df"
    if end:
        yield "end"
    if np.isnan(width):
        yield "no-interval"
