"""Division codes and identity numbers: check, normalise, mask."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

BLOCKS = (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66), (71, 81, 82, 83))
PROVINCES = frozenset(str(code) for block in BLOCKS for code in block)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
STARS = "*" * 12


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


def _check_character(number: str) -> str:
    return CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True)) % 11]


def _day_exists(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
