"""Which columns hold personal data, told by their headings: they are dropped at intake unless kept by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from evalkit.codes import shown_headings
from evalkit.errors import EvalkitError

# names, identity and disability numbers, telephones, bank accounts, health, addresses, places by satellite, network addresses
PERSONAL = re.compile(
    r"姓名|名字|户主(?!关系)|身份证|身份号|证件号|残疾证|电话|手机|联系方式|微信|银行|账号|卡号|开户|健康|患病|病种|残疾|住址|地址|经度|纬度|海拔|定位"
    r"|\bgps\b|latitude|longitude|altitude|_?precision|geo(point|location)|\bip\b|来自ip|phone|\bimei\b|device_?id|subscriber|simid|username",
    re.IGNORECASE,
)
NOT_PERSONAL = re.compile(r"与户主关系|^_?id$")


def is_personal(heading: str) -> bool:
    """Say whether a heading names personal data.

    Examples
    --------
    >>> [is_personal(name) for name in ("姓名", "来自IP", "_GPS_latitude", "健康状况", "与户主关系", "人均纯收入")]
    [True, True, True, True, False, False]
    """
    plain = unicodedata.normalize("NFKC", heading).strip()
    return not NOT_PERSONAL.search(plain) and bool(PERSONAL.search(plain.replace("_", " ")))


def dropped(headings: Iterable[str], keep: Iterable[str], error: type[EvalkitError]) -> list[str]:
    """Return the headings of personal data that are not kept by name.

    Raises
    ------
    EvalkitError
        When a name in `keep` is none of the headings.
    """
    have, kept = list(headings), {keep} if isinstance(keep, str) else set(keep)
    strange = sorted(kept - set(have))
    if strange:
        raise error(f"keep：{shown_headings(strange)}｜没有这一列｜现有：{shown_headings(have)}")
    return [heading for heading in have if is_personal(heading) and heading not in kept]
