"""Division codes and identity numbers: check, normalise, mask."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from datetime import date

BLOCKS = (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66), (71, 81, 82, 83))
PROVINCES = frozenset(str(code) for block in BLOCKS for code in block)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
STARS = "*" * 12
LONGEST_SHOWN, MOST_HEADINGS = 20, 12
# letters, digits, point, minus and blank only: Chinese punctuation belongs to the words of a design
HALF_WIDTH = {0xFEE0 + ord(sign): sign for sign in string.ascii_letters + string.digits + ".-"} | {0x3000: " "}
# what a wrong number or code is made of; three letters at most, and a digit, so that no name of a person is one
NUMBERLIKE = re.compile(r"(?=.*[0-9])(?!(?:.*[A-Za-z]){4})[0-9A-Za-z.,:;%+*/|()_ \-元万千百十人户斤亩岁]+")


def normalise(code: str) -> str:
    """Return a code as it should have been typed: half-width, without blanks around it or Excel's leading apostrophe.

    Parameters
    ----------
    code : str
        A division code, an identity number or any other code.

    Returns
    -------
    str

    Examples
    --------
    >>> normalise(" ４１１７２６１０１２０１")
    '411726101201'
    """
    return unicodedata.normalize("NFKC", code).strip().removeprefix("'").strip()


def division_fault(code: str) -> str:
    """Say what is wrong with the division code of a village, or return an empty text.

    A code has 12 digits: province 2, prefecture 2, county 2, township 3, village 3 (统计用区划代码,
    National Bureau of Statistics 2009). The township part and the village part are not 000.

    Parameters
    ----------
    code : str
        The code after `normalise`.

    Returns
    -------
    str
        What is wrong, empty when nothing is.

    Examples
    --------
    >>> division_fault("411726101201")
    ''
    >>> division_fault("411726101")
    '村代码应为 12 位数字，现为 9 位'
    >>> division_fault("411726101000")
    '末三位为 000，是乡镇代码，不是村代码'
    """
    if not re.fullmatch(r"[0-9]+", code):
        return "村代码应为 12 位数字，现含其他字符"
    if len(code) != 12:
        return f"村代码应为 12 位数字，现为 {len(code)} 位"
    if code[:2] not in PROVINCES:
        return f"前两位 {code[:2]} 不是省级代码"
    if code[6:9] == "000":
        return "第 7 至 9 位为 000，没有乡镇"
    return "末三位为 000，是乡镇代码，不是村代码" if code[9:] == "000" else ""


def seem_names(cells: Iterable[str]) -> bool:
    """Say whether a column that should hold codes holds names: Chinese characters in more than half of its cells.

    Parameters
    ----------
    cells : iterable of str
        Blank ones are passed over.

    Examples
    --------
    >>> seem_names(["东关村委会", "西关村委会", "411726101201", ""]), seem_names(["411726101201", "村A", "A-2"])
    (True, False)
    """
    given = [cell for cell in cells if cell]
    return 2 * sum(bool(re.search(r"[\u3400-\u9fff]", cell)) for cell in given) > len(given)


def is_identity(text: str) -> bool:
    """Say whether a text is a citizen identity number.

    Eighteen characters: a division code, a date of birth that exists, a sequence number and the check
    character of ISO 7064 MOD 11-2 (GB 11643-1999, section 4).

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_identity("11010519491231002X"), is_identity("110105194912310021")
    (True, False)
    """
    number = normalise(text).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or number[:2] not in PROVINCES:
        return False
    return _day_exists(number[6:14]) and _check_character(number) == number[17]


def mask_identity(text: str) -> str:
    """Return an identity number with all but its division code covered.

    Parameters
    ----------
    text : str
        The number; any other text is covered whole.

    Returns
    -------
    str
        Six digits and twelve stars; an empty text stays empty.

    Examples
    --------
    >>> mask_identity("11010519491231002X")
    '110105************'
    >>> mask_identity("护照 E12345678")
    '************'
    """
    number = normalise(text)
    if not number:
        return ""
    return number[:6] + STARS if re.match(r"[0-9]{15}", number) else STARS


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


def _check_character(number: str) -> str:
    return CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True)) % 11]


def _day_exists(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
