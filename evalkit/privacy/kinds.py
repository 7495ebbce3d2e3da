"""What is personal: kinds of data, the headings they stand under, and the cells that give themselves away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from evalkit.codes import HALF_WIDTH, PROVINCES, day_exists, is_identity

FEWEST = 8  # digits that a number of a person, a telephone or an address of a machine has
ALONE = r"(?<![0-9A-Za-z.\-_]){}(?![0-9A-Za-z\-_]|\.[0-9])"  # no part of a longer number, a hash or a decimal


def _joined(text: str) -> str:
    """Return a number without what people put between its digits."""
    return re.sub(r"[ -]", "", text)


def _always(text: str) -> bool:
    return True


def _identity(text: str) -> bool:
    return is_identity(text[:18]) if len(text) >= 18 else text[:2] in PROVINCES and day_exists(f"19{text[6:12]}")


def _card(text: str) -> bool:
    """Say whether a number ends with the check digit of bank cards (Luhn, ISO/IEC 7812-1 annex B)."""
    digits = [int(digit) for digit in reversed(text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _machine(text: str) -> bool:
    parts = [int(part) for part in text.split(".")]
    return max(parts) <= 255 and max(parts) > 20  # lower ones are section numbers and versions


@dataclass(frozen=True)
class Kind:
    """One kind of personal data.

    Parameters
    ----------
    title : str
        In Chinese, for messages and tables.
    headings : re.Pattern
        What the heading of such a column contains.
    cells : re.Pattern or None
        How such a thing looks anywhere in a text; None where only its heading tells.
    sound : callable
        Whether what looks so is one: a check character, a day that exists.
    """

    title: str
    headings: re.Pattern[str]
    cells: re.Pattern[str] | None = None
    sound: Callable[[str], bool] = _always

    def found_in(self, text: str) -> list[str]:
        """Return what of this kind a text holds, as it stands there."""
        return [hit for hit in self.cells.findall(text) if self.sound(_joined(hit))] if self.cells else []


def _kind(title: str, headings: str, cells: str = "", sound: Callable[[str], bool] = _always) -> Kind:
    return Kind(title, re.compile(headings, re.IGNORECASE), re.compile(ALONE.format(cells)) if cells else None, sound)


# in the order in which a heading is tried: 残疾证号 is a number before it is an illness
KINDS = MappingProxyType(
    {
        "identity": _kind(
            "证件号码", r"身份证|证件号|身份号|残疾证|\bid_?number\b|\bid_?card\b",
            r"(?:[1-8](?:[ -]?[0-9]){16}[ -]?[0-9Xx](?:[0-9]{2}(?:[Bb][0-9]|[0-9]{2})?)?|[1-8][0-9]{14})", _identity,
        ),
        "phone": _kind(
            "电话", r"电话|手机|联系方式|热线号|\bphone|\bmobile|\btel\b", r"(?:\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}",
        ),
        "bank": _kind("银行账号", r"银行|开户行|[账帐]号|卡号|一卡通|\bbank", r"(?:62|4|5)(?:[ ]?[0-9]){14,17}", _card),
        "name": _kind("姓名", r"姓名|(?<!与)户主(?!关系)|联系人|签名|被访|受访|称呼|微信|QQ|\bname_of|\bfull_?name\b"),
        "health": _kind("健康状况", r"健康|疾病|病种|病名|病情|残疾|\bhealth|\bdisease"),
        "gps": _kind("定位", r"经度|纬度|坐标|定位|\bgps|latitude|longitude|geopoint"),
        "ip": _kind("IP 地址", r"(?<![A-Za-z])IP(?![A-Za-z])", r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", _machine),
        "address": _kind("住址", r"住址|地址|门牌|\baddress\b"),
        "clue": _kind("违规违纪线索", r"违规违纪|违纪|线索内容"),
        "accused": _kind("线索所涉的人", r"涉及人员|所涉人员|被反映人"),
    }
)  # fmt: skip


def kind_of(heading: object) -> str:
    """Return the kind of personal data that a heading announces, or an empty text.

    Parameters
    ----------
    heading : str

    Returns
    -------
    str
        A key of ``KINDS``.

    Examples
    --------
    >>> kind_of("户主姓名"), kind_of("残疾证号"), kind_of("来自IP"), kind_of("与户主关系"), kind_of("人均纯收入")
    ('name', 'identity', 'ip', '', '')
    """
    text = str(heading)
    return next((name for name, kind in KINDS.items() if kind.headings.search(text)), "")


def personal(headings: Iterable[object]) -> dict[str, str]:
    """Return the headings that announce personal data, with their kinds.

    Examples
    --------
    >>> personal(["户编号", "户主", "联系电话", "人数"])
    {'户主': 'name', '联系电话': 'phone'}
    """
    return {str(heading): kind for heading in headings if (kind := kind_of(heading))}


def personal_cells(text: str) -> dict[str, list[str]]:
    """Return what a text holds that gives itself away as personal: numbers of persons, telephones, cards, machines.

    Returns
    -------
    dict
        Kind → what was found; the caller counts it and never shows it.

    Examples
    --------
    >>> {kind: len(found) for kind, found in personal_cells("11010519491231002X，13900001111；411726101201").items()}
    {'identity': 1, 'phone': 1}
    """
    plain = text.translate(HALF_WIDTH)
    found = {name: kind.found_in(plain) for name, kind in KINDS.items()}
    found["bank"] = [card for card in found["bank"] if card not in found["identity"]]
    return {name: hits for name, hits in found.items() if hits}


def kind_of_cells(cells: Iterable[str]) -> str:
    """Return the kind of personal data that a column consists of, whatever its heading, or an empty text.

    Parameters
    ----------
    cells : iterable of str
        Blank ones are passed over.

    Returns
    -------
    str
        A key of ``KINDS`` when at least half of the cells are such a thing and nothing else.

    Examples
    --------
    >>> kind_of_cells(["13900001111", "139-0000-2222", ""]), kind_of_cells(["411726101201", "0001"])
    ('phone', '')
    """
    given = [text for cell in cells if (text := cell.translate(HALF_WIDTH).strip())]
    numbers = [text for text in given if sum(letter.isdigit() for letter in text) >= FEWEST]
    if not given or 2 * len(numbers) < len(given):
        return ""
    for name, kind in KINDS.items():
        if kind.cells and 2 * sum(kind.found_in(text) == [text] for text in numbers) >= len(given):
            return name
    return ""


def cover_numbers(text: str) -> str:
    """Return a text with the numbers of persons, telephones and cards in it covered.

    Examples
    --------
    >>> cover_numbers("电话13900001111，村代码411726101201")
    '电话***********，村代码411726101201'
    """
    if sum(letter.isdigit() for letter in text) < FEWEST:
        return text
    plain = text.translate(HALF_WIDTH)
    hits = {hit for found in personal_cells(plain).values() for hit in found}
    for hit in sorted(hits, key=len, reverse=True):
        plain = plain.replace(hit, "*" * len(hit))
    return plain if hits else text
