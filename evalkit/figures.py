"""Numbers as official tables write them: rounded once, in decimal, never mistaken for zero or for a gate."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Literal

import pandas as pd

NOT_PUBLISHED = "—"
TOO_SMALL = "…"
KEY = "表中 0 为确实为零；“…”为数值不为零但小于所示的最小位数；“—”为样本量不足、不予公布；空白为未知或不适用。"
MOST_DIGITS = 6  # of a number too small to write
FINEST = 12  # of a number that only so many digits keep off a gate
TIES: Mapping[str, str] = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN}
_TIES: ContextVar[str] = ContextVar("ties", default=ROUND_HALF_UP)
THIN = "\u2009"  # the mark of thousands (GB/T 15835)
WORDS = {"below": "低于", "above": "高于", "unweighted": "样本比率", "weighted": "加权估计值"}
WORDS |= {"met": "已证实达到", "not met": "已证实未达到", "not proven": "尚不能证实"}
WORDS |= {"beta-binomial": "贝塔二项", "bad-village": "差村", "binomial": "二项（不计聚集）", "hypergeometric": "超几何（不计聚集）"}


def is_blank(value: Any) -> bool:
    """Say whether a cell holds nothing: None, a missing value or empty text.

    Examples
    --------
    >>> is_blank(float("nan")), is_blank(""), is_blank(0)
    (True, True, False)
    """
    return value is None or value is pd.NA or value == "" or (isinstance(value, float) and math.isnan(value))


@contextmanager
def rounding(rule: Literal["half-up", "half-even"]) -> Iterator[None]:
    """Print numbers by another rule for halves, inside a ``with`` block only; no number that is computed changes.

    Parameters
    ----------
    rule : {"half-up", "half-even"}
        ``half-up`` as spreadsheets round (0.125 → 0.13), which is the rule unless another is asked for; ``half-even`` as
        GB/T 8170-2008 rounds (0.125 → 0.12, 0.135 → 0.14).

    Examples
    --------
    >>> with rounding("half-even"):
    ...     percent(0.00125), percent(0.00135)
    ('0.12%', '0.14%')
    >>> percent(0.00125)
    '0.13%'
    """
    before = _TIES.set(TIES[rule])
    try:
        yield
    finally:
        _TIES.reset(before)


def _cut(exact: Decimal, digits: int) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=_TIES.get())


def rounded(value: float, digits: int) -> Decimal:
    """Round in decimal, halves up as a spreadsheet does, or by the rule of the `rounding` block around it.

    Parameters
    ----------
    value : float
        Any finite number; it is read to 15 significant digits, which removes the dust of binary fractions.
    digits : int
        Decimal places.

    Examples
    --------
    >>> rounded(0.285, 2), rounded(2.675, 2), round(2.675, 2)
    (Decimal('0.29'), Decimal('2.68'), 2.67)
    """
    return _cut(_exact(value), digits)


def _exact(value: float) -> Decimal:
    return Decimal(f"{float(value):.15g}")


def percent(value: float, digits: int = 2, gate: float | None = None) -> str:
    """Write a share as a percentage that cannot be mistaken for zero or for the gate.

    Parameters
    ----------
    value : float
        A share: 0.0043 is 0.43%.
    digits : int
        Decimal places, more where the rounded value would fall onto `gate` (or onto 0% or 100%) and the value does not.
    gate : float, optional
        The threshold, as a share.

    Examples
    --------
    >>> percent(0.0043), percent(0.01996), percent(0.01996, gate=0.02), percent(0.02, gate=0.02)
    ('0.43%', '2.00%', '1.996%', '2.00%')
    >>> percent(0.0), percent(0.00001), percent(1e-12), percent(0.99999), percent(1.0)
    ('0%', '0.001%', '…', '99.999%', '100%')
    """
    if is_blank(value):
        return ""
    exact = _exact(value) * 100
    taken = {Decimal(0), Decimal(100)} | ({_exact(gate) * 100} if gate is not None and not is_blank(gate) else set())
    if exact in (0, 100):
        return f"{exact:.0f}%"
    for places in range(digits, FINEST + 1):
        shown = _cut(exact, places)
        if exact in taken or shown not in taken:
            return f"{shown}%"
        if shown == 0 and places == MOST_DIGITS:
            return TOO_SMALL
    return f"{shown}%"


def told_percent(value: float, gate: float | None = None, digits: int = 2) -> str:
    """Write a share for a sentence: as `percent`, but what is too small to write is a number too, as no key explains a mark there.

    Examples
    --------
    >>> told_percent(0.0043), told_percent(1e-12), told_percent(0.0)
    ('0.43%', '<0.000001%', '0%')
    """
    shown = percent(value, digits, gate)
    return f"<{Decimal(1).scaleb(-MOST_DIGITS):f}%" if shown == TOO_SMALL else shown


def adds_up(parts: Sequence[str], whole: str = "100%") -> bool:
    """Say whether printed parts add up to a printed whole; rounding may keep them from it, and then a table has to say so.

    Parameters
    ----------
    parts : sequence of str
        Printed numbers or percentages; with a blank, … or — among them nothing can be said, and the answer is yes.
    whole : str

    Examples
    --------
    >>> adds_up(["33.33%", "33.33%", "33.34%"]), adds_up(["33.33%", "33.33%", "33.33%"]), adds_up(["2", "3"], "5")
    (True, False, True)
    """
    texts = [part.rstrip("%") for part in (*parts, whole)]
    if not all(re.fullmatch(r"-?\d+(\.\d+)?", text) for text in texts):
        return True
    *numbers, total = (Decimal(text) for text in texts)
    return sum(numbers, Decimal(0)) == total


def gate_text(threshold: float) -> str:
    """Write a threshold with no more digits than it has.

    Examples
    --------
    >>> gate_text(0.02), gate_text(0.9), gate_text(0.005)
    ('2%', '90%', '0.5%')
    """
    return "" if is_blank(threshold) else f"{(_exact(threshold) * 100).normalize():f}%"


def gate_words(gate: Any) -> str:
    """Return a threshold as a rule is spoken: 低于2%, 不高于2%, 高于90%, 不低于90%.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> gate_words(SimpleNamespace(direction="above", strict=False, threshold=0.9))
    '不低于90%'
    """
    firm = bool(gate.strict)
    word = {("below", True): "低于", ("below", False): "不高于", ("above", True): "高于", ("above", False): "不低于"}[gate.direction, firm]
    return f"{word}{gate_text(gate.threshold)}"


def interval(low: float, high: float, gate: float | None = None) -> str:
    """Write an interval of shares.

    Examples
    --------
    >>> interval(0.0012, 0.0105), interval(0.0, 0.0482)
    ('0.12%～1.05%', '0.00%～4.82%')
    """
    if is_blank(low) or is_blank(high):
        return ""
    # an end at 0 or 1 is a limit, not a count of nothing, so it keeps its decimals
    ends = [f"{_exact(end) * 100:.2f}%" if end in (0, 1) else told_percent(end, gate) for end in (low, high)]
    return "～".join(ends)


def points(difference: float, digits: int = 2) -> str:
    """Write a difference of two shares in percentage points.

    Examples
    --------
    >>> points(0.0157), points(-0.003)
    ('1.57个百分点', '-0.30个百分点')
    """
    if is_blank(difference):
        return ""
    return f"{_cut(_exact(difference) * 100, digits)}个百分点"


def number(value: float, digits: int = 2) -> str:
    """Write a plain number; whole numbers keep no decimals.

    Examples
    --------
    >>> number(42.0), number(1.456), number(float("inf"))
    ('42', '1.46', '∞')
    """
    if is_blank(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return str(int(value)) if float(value).is_integer() else str(rounded(value, digits))


def ten_thousands(value: float) -> str:
    """Write a large count as the text of a programme does, in 万 with two decimals; below ten thousand as it is.

    Examples
    --------
    >>> ten_thousands(26230), ten_thousands(8177)
    ('2.62万', '8177')
    """
    return number(value) if is_blank(value) or abs(value) < 10_000 else f"{rounded(value / 10_000, 2)}万"


def plain(value: float) -> str:
    """Write a number with all its digits, at most 12, and from five digits before the point with a thin mark of thousands.

    Examples
    --------
    >>> plain(1250000.0).replace(THIN, " "), plain(2018), plain(0.25), plain(-0.0)
    ('1 250 000', '2018', '0.25', '0')
    """
    return "" if is_blank(value) else _spaced(f"{value + 0.0:,.12g}")


def significant(value: float, digits: int = 4) -> str:
    """Write a number for reading: so many significant digits, whole numbers never cut.

    Parameters
    ----------
    value : float
    digits : int
        Significant digits of numbers with decimals; zeros at the end are left out.

    Examples
    --------
    >>> significant(1234567.8).replace(THIN, " "), significant(3.14159), significant(98.996), significant(-0.25), significant(0.0)
    ('1 234 568', '3.142', '99', '-0.25', '0')
    >>> significant(0.000123456), significant(1.23456e-9), significant(float("inf"))
    ('0.0001235', '1.235e-09', '∞')
    """
    if is_blank(value) or math.isinf(value):
        return number(value)
    exact = _exact(value)
    places = digits - 1 - exact.adjusted() if exact else 0
    if places > MOST_DIGITS + digits - 3:
        return f"{value:.{digits - 1}e}"
    text = f"{rounded(value, max(places, 0)):,f}"
    return _spaced(text.rstrip("0").rstrip(".") if "." in text else text)


def _spaced(text: str) -> str:
    whole = text.partition(".")[0].lstrip("-").replace(",", "")
    return text.replace(",", THIN if len(whole) > 4 else "")


def ordinal(place: int) -> str:
    """Write a place from 1 to 99 in Chinese, as chapters and stages are numbered.

    Examples
    --------
    >>> ordinal(3), ordinal(10), ordinal(12), ordinal(20), ordinal(21)
    ('三', '十', '十二', '二十', '二十一')
    """
    tens, ones = divmod(place, 10)
    return f"{'一二三四五六七八九'[tens - 1] if tens > 1 else ''}{'十' if tens else ''}{'一二三四五六七八九'[ones - 1] if ones else ''}"


def official_date(text: str) -> str:
    """Write the dates in a text as official papers do.

    Examples
    --------
    >>> official_date("2018-11-05 至 2018-11-20"), official_date("2019-11")
    ('2018年11月5日 至 2018年11月20日', '2019年11月')
    """
    day = re.sub(r"(\d{4})-(\d{1,2})-(\d{1,2})", lambda d: f"{d[1]}年{int(d[2])}月{int(d[3])}日", text)
    return re.sub(r"(?<!\d)(\d{4})-(0?[1-9]|1[0-2])(?![\d-])", lambda d: f"{d[1]}年{int(d[2])}月", day)


def p_text(value: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_text(0.0312), p_text(0.00002)
    ('0.031', '<0.001')
    """
    return "" if is_blank(value) else "<0.001" if value < 0.001 else str(rounded(value, 3))


def _flag(value: Any) -> str:
    return "" if is_blank(value) else "是" if value else "否"


def _text(value: Any) -> str:
    return "" if is_blank(value) else WORDS.get(str(value), str(value))


FORMS: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "count": number,
    "percent": percent,
    "gate": gate_text,
    "number": number,
    "fine": lambda value: number(value, 3),
    "p": p_text,
    "flag": _flag,
}
