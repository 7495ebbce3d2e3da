"""Identity numbers and disability-certificate numbers: check and mask."""

from __future__ import annotations

import re
from datetime import date

from evalkit.codes.divisions import PROVINCES, normalise

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
STARS = "*" * 12
LENGTHS = (18, 20, 22)  # citizen number; disability certificate, and one issued anew


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
    if len(text) < LENGTHS[0]:
        return False  # as nearly all texts are: nothing to normalise
    number = normalise(text).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or number[:2] not in PROVINCES:
        return False
    return day_exists(number[6:14]) and _check_character(number) == number[17]


def mask_identity(text: str) -> str:
    """Return an identity number with all but its division code covered.

    Parameters
    ----------
    text : str
        The number; any other text is covered whole.

    Returns
    -------
    str
        Six digits and twelve stars; an empty text and one that is covered stay as they are.

    Examples
    --------
    >>> mask_identity("11010519491231002X")
    '110105************'
    >>> mask_identity("护照 E12345678")
    '************'
    """
    number = normalise(text)
    if not number or re.fullmatch(r"[0-9]{6}\*{12}", number):
        return number
    return number[:6] + STARS if re.match(r"[0-9]{15}", number) else STARS


def mask_name(text: str) -> str:
    """Return a person's name with all but its first character covered.

    Parameters
    ----------
    text : str
        The name; one that is covered already, and an empty text, stay as they are.

    Examples
    --------
    >>> mask_name("张三丰"), mask_name("张**"), mask_name("")
    ('张**', '张**', '')
    """
    name = text.strip()
    return f"{name[0]}**" if name else ""


def _check_character(number: str) -> str:
    return CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True)) % 11]


def day_exists(digits: str) -> bool:
    """Say whether eight digits are a day of the calendar.

    Examples
    --------
    >>> day_exists("20000229"), day_exists("19000229")
    (True, False)
    """
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def identity_fault(text: str) -> str:
    """Say what is wrong with the number of a person in a registry, or return an empty text.

    Registries hold citizen numbers of 18 characters (GB 11643-1999) and, for disabled persons, the number of the
    disability certificate: the citizen number, one digit for the category (1–7), one for the grade (1–4), and where
    it was issued anew two more, B and a digit or two digits.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The rule that is broken; it never holds the number.

    Examples
    --------
    >>> identity_fault("11010519491231002X"), identity_fault("44052418800101001431"), identity_fault("44052418800101001431B1")
    ('', '', '')
    >>> identity_fault("110105194912310021"), identity_fault("110105491231002")
    ('校验码不符（GB 11643）', '是 15 位的旧号，2013 年起已停用，应为 18 位')
    """
    number = normalise(text).upper()
    if re.fullmatch(r"[0-9]{15}", number):
        return "是 15 位的旧号，2013 年起已停用，应为 18 位"
    if len(number) not in LENGTHS:
        return f"证件号码应为 18、20 或 22 位，现为 {len(number)} 位"
    if not re.fullmatch(r"[0-9]{17}[0-9X]([1-7][1-4](B[1-9]|[0-9]{2})?)?", number):
        return "证件号码中有不该有的字符（前 17 位应为数字；残疾人证号其后为类别 1–7、等级 1–4）"
    if number[:2] not in PROVINCES:
        return "前两位不是省级代码"
    if not day_exists(number[6:14]):
        return "第 7 至 14 位不是存在的出生日期"
    return "" if _check_character(number) == number[17] else "校验码不符（GB 11643）"
