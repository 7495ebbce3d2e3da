"""Numbers written in Chinese characters, where they count something: 三十户, 百分之二, 二〇一八年."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
PLACES = {"十": 10, "百": 100, "千": 1000}
LARGE = {"万": 10_000, "亿": 100_000_000}
SHARES = {"百分之": "%", "千分之": "‰"}
# words that a number counts; without one behind it a numeral is a word (三保障, 第三方) or numbers a heading
COUNTED = "户人口村县乡镇项次年月日天周元倍名件处道题类组轮条份座所套亩岁场批家级层对位台辆本张"
_ONE = "[零〇一二三四五六七八九]"
_WHOLE = "[零〇一二三四五六七八九十两百千万亿]"
NUMERAL = re.compile(
    rf"(?P<share>[百千]分之)(?P<part>百|{_WHOLE}+(?:点{_ONE}+)?)"
    rf"|(?<![第百千万亿零〇一二三四五六七八九十两几数\d.])(?P<year>{_ONE}{{4}})(?=年)"
    rf"|(?<![第百千万亿零〇一二三四五六七八九十两几数\d.])(?P<number>[零〇一二三四五六七八九十两]{_WHOLE}*(?:点{_ONE}+)?)"
    rf"(?P<points>个百分点)?(?(points)|(?=个?(?:[{COUNTED}]|乡镇)|个))"
)


class Numeral(NamedTuple):
    """A numeral in a text: as it is written, what it says, in which unit, and where it begins."""

    text: str
    value: Decimal
    unit: str
    start: int


def numerals_in(text: str) -> Iterator[Numeral]:
    """Yield the numbers that a text writes in Chinese characters, in order.

    Shares (百分之二, 千分之三), years (二〇一八年) and numbers before a word that they count are read. A bare 一 (一个, 一次) is mostly a
    word and is not; neither is what is counted loosely (几十户, 三五个) or in order (第二次).

    Examples
    --------
    >>> [(n.text, str(n.value), n.unit) for n in numerals_in("三十户占百分之二点五，两个村，二〇一八年")]
    [('三十', '30', ''), ('百分之二点五', '2.5', '%'), ('两', '2', ''), ('二〇一八', '2018', '')]
    >>> [n.text for n in numerals_in("第三方两不愁三保障，一个村，三五户，十余次")]
    []
    """
    for found in NUMERAL.finditer(text):
        if found["share"]:
            yield Numeral(found[0], _value(found["part"]), SHARES[found["share"]], found.start())
        elif found["year"]:
            yield Numeral(found[0], Decimal("".join(str(DIGITS[letter]) for letter in found["year"])), "", found.start())
        elif found["number"] != "一" and not _loose(found["number"]):
            unit = found["points"] or ""
            number = found["number"]
            if not unit and number[-1] in LARGE:
                number, unit = number[:-1], number[-1]
            yield Numeral(found[0], _value(number), unit, found.start())


def _loose(number: str) -> bool:
    """Say whether two digits stand side by side, as in 三五 or 七八."""
    return bool(re.search(r"[一二三四五六七八九两]{2}", number.partition("点")[0]))


def _value(number: str) -> Decimal:
    whole, _, rest = number.partition("点")
    decimals = "".join(str(DIGITS[letter]) for letter in rest)
    return Decimal(f"{_whole(whole)}.{decimals}" if decimals else _whole(whole))


def _whole(number: str) -> int:
    """Return the value of a whole number, as 三万二千零五."""
    total = part = digit = 0
    for letter in number:
        if letter in DIGITS:
            digit = DIGITS[letter]
        elif letter in PLACES:
            part, digit = part + (digit or 1) * PLACES[letter], 0
        else:
            total, part, digit = (total + part + digit) * LARGE[letter], 0, 0
    return total + part + digit
