"""Charts in Chinese and in English: both texts stand side by side where they are said, and the fixed words in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from evalkit.errors import ReportError, one_of

Language = Literal["zh", "en"]
Say = Callable[[str, str], str]
LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "英文"}
# words of the procedure; what people named themselves, such as items and places, stays as it is
ENGLISH: Mapping[str, str] = {
    "错退": "wrong exit", "漏评": "missed", "错评": "wrongly identified", "漏退": "kept too long", "线索": "clue", "疑似": "suspected",
    "已反馈": "notified", "举证中": "answering", "认定": "confirmed", "排除": "dismissed", "上报复议": "appealed", "终定": "final",
    "汇总": "summed up", "反馈": "fed back", "通报": "reported", "交办": "handed over", "验收": "accepted",
    "户内有人未纳入": "left out of a household",
}  # fmt: skip


def speaker(language: str) -> Say:
    """Return a function that is given a Chinese and an English text and returns that of the language.

    Raises
    ------
    ReportError
        For another language.

    Examples
    --------
    >>> speaker("en")("户", "households")
    'households'
    """
    one_of("language", language, LANGUAGES, ReportError, "语言")
    return lambda chinese, english: chinese if language == "zh" else english


CHINESE = speaker("zh")


def word(say: Say, chinese: str) -> str:
    """Return a fixed word in the language; what is not known stays as it is.

    Examples
    --------
    >>> word(speaker("en"), "认定"), word(speaker("en"), "安全住房")
    ('confirmed', '安全住房')
    """
    return say(chinese, ENGLISH.get(chinese, chinese))


def told(say: Say, parts: Iterable[str]) -> str:
    """Return parts as one sentence: what stands for a picture.

    Examples
    --------
    >>> told(speaker("zh"), ["甲 1", "乙 2"]), told(speaker("en"), ["A 1", "B 2"])
    ('甲 1；乙 2。', 'A 1; B 2.')
    """
    return say("；", "; ").join(part for part in parts if part) + say("。", ".")


def lines(*parts: str) -> str:
    """Return those parts of a note that say something, a line each.

    Examples
    --------
    >>> lines("甲", "", "乙")
    '甲\\n乙'
    """
    return "\n".join(part for part in parts if part)
