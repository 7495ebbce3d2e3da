"""What of a cell, a heading or a name a message may show: never anything of a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from evalkit.codes.divisions import PROVINCES
from evalkit.codes.identities import STARS

LONGEST_SHOWN, MOST_HEADINGS = 20, 12
# what a wrong number or code is made of; three letters at most, and a digit, so that no name of a person is one
NUMBERLIKE = re.compile(r"(?=.*[0-9])(?!(?:.*[A-Za-z]){4})[0-9A-Za-z.,:;%+*/|()_ \-元万千百十人户斤亩岁]+")


def shown(text: str) -> str:
    """Return a cell as a message may show it: a number or a code, with long numbers covered; anything else is not shown.

    A column may be shifted by one, so that names or telephone numbers stand where a number was expected:
    a cell with letters or Chinese characters stays out of messages, whatever its column.

    Parameters
    ----------
    text : str
        Any cell.

    Returns
    -------
    str
        At most 20 characters; empty when the cell must not be shown.

    Examples
    --------
    >>> shown("0.35万"), shown("13900001111"), shown("411726101201"), shown("张三")
    ('0.35万', '***********', '411726101201', '')
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    return shown_label(folded) if NUMBERLIKE.fullmatch(folded) else ""


def shown_word(text: str, known: Iterable[str]) -> str:
    """Return a cell of a column of words as a message may show it: only one that is much like a known word.

    Parameters
    ----------
    text : str
        The unknown word.
    known : iterable of str
        The words of the design.

    Returns
    -------
    str
        The word when it shares two neighbouring characters with a known one, else empty: it may be a name.

    Examples
    --------
    >>> shown_word("已脱贫", ["脱贫户", "未脱贫户"]), shown_word("张三", ["脱贫户"])
    ('已脱贫', '')
    """
    pairs = {word[i : i + 2] for word in known for i in range(len(word) - 1)}
    alike = any(text[i : i + 2] in pairs for i in range(len(text) - 1))
    return text if alike and len(text) <= 8 and text.isprintable() and not re.search(r"[0-9]", text) else ""


def shown_label(text: str) -> str:
    """Return a heading or the name of a place as a message may show it: one short line, long numbers covered.

    A run of seven digits or more, with or without blanks and hyphens between them, is covered, unless it
    is a division code (6, 9 or 12 digits).

    Examples
    --------
    >>> shown_label("户 11010519491231002X"), shown_label("层 533124101"), shown_label("电话13900001111")
    ('户 110105************', '层 533124101', '电话***********')
    """
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    return re.sub(r"[0-9](?:[ ()-]?[0-9]){6,}[Xx]?", _cover, line)[:LONGEST_SHOWN]


def shown_headings(headings: Iterable[object]) -> str:
    """Return the headings of a table as a message may show them, or say that they are none.

    Parameters
    ----------
    headings : iterable
        All of the table.

    Returns
    -------
    str
        At most twelve of them; none when they seem to be a row of data, which may hold names.

    Examples
    --------
    >>> shown_headings(["户编号", "户类型"]), shown_headings(["533124101001", "0001", "脱贫户", "李四"])
    ('户编号、户类型', '（第 1 行看来是数据，不是列名，不在此显示）')
    """
    names = [str(heading) for heading in headings]
    if seem_data(names):
        return "（第 1 行看来是数据，不是列名，不在此显示）"
    more = f"等 {len(names)} 列" if len(names) > MOST_HEADINGS else ""
    return "、".join(shown_label(name) for name in names[:MOST_HEADINGS]) + more


def seem_data(headings: Iterable[str]) -> bool:
    """Say whether headings are evidently a row of data: a number that is no year, or a run of seven digits, is among them.

    Examples
    --------
    >>> seem_data(["2014", "户编号"]), seem_data(["0001", "脱贫户"]), seem_data(["联系人13900001111"])
    (False, True, True)
    """
    plain = [unicodedata.normalize("NFKC", heading).strip() for heading in headings]
    return any(re.search(r"[0-9]{7}", name) or re.fullmatch(r"(?!(19|20)[0-9]{2}$)[0-9.,]+", name) for name in plain)


def invisible(text: str) -> bool:
    """Say whether a text holds a character that nobody sees: zero-width, control, or half of a pair.

    Examples
    --------
    >>> invisible("城关镇\\u200b"), invisible("鄠邑𠮷村")
    (True, False)
    """
    # characters without a name are left alone: rare ones of village names are among them
    return not text.isprintable() and any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in text)


def _cover(found: re.Match[str]) -> str:
    digits = found.group()
    if re.match(r"[0-9]{15}", digits):
        return digits[:6] + STARS
    place = re.fullmatch(r"[0-9]{9}(?:[0-9]{3})?", digits) and digits[:2] in PROVINCES and digits[6:9] != "000"
    return digits if place else "*" * len(digits)
