"""Division codes: check, normalise, and old ones made new by a table that is handed in."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Mapping

BLOCKS = (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66), (71, 81, 82, 83))
PROVINCES = frozenset(str(code) for block in BLOCKS for code in block)
# letters, digits, point, minus and blank only: Chinese punctuation belongs to the words of a design
HALF_WIDTH = {0xFEE0 + ord(sign): sign for sign in string.ascii_letters + string.digits + ".-"} | {0x3000: " "}


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


def renewed(code: str, changes: Mapping[str, Iterable[str]]) -> tuple[str, str]:
    """Return the code of today for an older one, and what forbids it.

    Parameters
    ----------
    code : str
        6, 9 or 12 digits.
    changes : mapping of str to iterable of str
        Old code → the code or codes that took its place; a county (6 digits) or township (9) stands for all below it.
        The longest one that fits is applied, and again where the new code is an old one too.

    Returns
    -------
    code, fault : str
        The code as it was where nothing is said of it; the fault is empty unless a code was split or goes in a circle.

    Examples
    --------
    >>> renewed("371202101201", {"371202": ["370116"]})
    ('370116101201', '')
    >>> renewed("411726101201", {"411726101201": ["411726101211", "411726101212"]})
    ('411726101201', '旧代码 411726101201 已拆成 2 个，不能自动对应')
    """
    now, seen = code, {code}
    while old := next((now[:size] for size in (12, 9, 6) if len(now) >= size and now[:size] in changes), ""):
        new = list(dict.fromkeys(changes[old]))
        if new == [old]:
            return now, ""
        if len(new) != 1:
            return code, f"旧代码 {old} 已拆成 {len(new)} 个，不能自动对应"
        now = new[0] + now[len(old) :]
        if now in seen:
            return code, f"旧代码 {code} 的变更首尾相接，没有终点"
        seen.add(now)
    return now, ""
