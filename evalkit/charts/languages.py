"""Charts in Chinese and in English: both texts stand side by side where they are said, and the fixed words in one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeVar

from evalkit.errors import ReportError, one_of

Language = Literal["zh", "en"]
Value = TypeVar("Value")
Say = Callable[[str, str], str]
LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "英文"}
# words of the procedure; what people named themselves, such as items and places, stays as it is
ENGLISH: Mapping[str, str] = {
    "综合贫困发生率": "comprehensive poverty incidence", "错退率": "wrong-exit rate", "漏评率": "missed rate",
    "错评率": "wrongful-identification rate", "群众认可度": "approval rate", "群众满意度": "satisfaction rate",
    "达到": "met", "未达到": "not met", "脱贫户": "exited households", "未脱贫户": "registered households",
    "非建档立卡户": "households not registered", "设计权数": "Design weights", "完成户基础权数": "Base weights of completes",
    "乡镇": "Township", "县": "County", "层": "Stratum", "全部": "all", "住户": "households", "一般农户": "other rural households",
    "监测对象·已消除": "monitored, risk removed", "监测对象·未消除": "monitored, risk not removed",
    "应纳未纳": "not enrolled", "识别不准": "wrongly enrolled", "风险消除不准": "wrongly removed",
    "错退": "wrong exit", "漏评": "missed", "错评": "wrongly identified", "漏退": "kept too long", "线索": "clue", "疑似": "suspected",
    "已反馈": "notified", "举证中": "answering", "认定": "confirmed", "排除": "dismissed", "上报复议": "appealed", "终定": "final",
    "汇总": "summed up", "反馈": "fed back", "通报": "reported", "交办": "handed over", "验收": "accepted",
    "户内有人未纳入": "left out of a household",
}  # fmt: skip

NUMBERED = re.compile(r"^(乡镇|县|层)(\d+)$")


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


def either(say: Say, chinese: Value, english: Value) -> Value:
    """Return one of two values, such as places on a page, by the language that is spoken.

    Examples
    --------
    >>> either(speaker("en"), 1.2, 1.3)
    1.3
    """
    return chinese if say("zh", "en") == "zh" else english


def word(say: Say, chinese: str) -> str:
    """Return a fixed word in the language; what is not known stays as it is.

    Examples
    --------
    >>> word(speaker("en"), "认定"), word(speaker("en"), "安全住房")
    ('confirmed', '安全住房')
    """
    return say(chinese, NUMBERED.sub(numbered, ENGLISH.get(chinese, chinese)))


def numbered(found: re.Match[str]) -> str:
    """Return the English of a place that has a number for a name, as `NUMBERED` finds it.

    Examples
    --------
    >>> NUMBERED.sub(numbered, "乡镇07"), NUMBERED.sub(numbered, "贺堂镇")
    ('Township 07', '贺堂镇')
    """
    return f"{ENGLISH[found[1]]} {found[2]}"


def headed(say: Say, chinese: str) -> str:
    """Return a fixed word in the language as it stands at the head of something: with a capital in English.

    Examples
    --------
    >>> headed(speaker("en"), "错退率"), headed(speaker("zh"), "错退率")
    ('Wrong-exit rate', '错退率')
    """
    text = word(say, chinese)
    return text[:1].upper() + text[1:]


def told(say: Say, parts: Iterable[str], between: str = "；") -> str:
    """Return parts as one sentence: what stands for a picture.

    Examples
    --------
    >>> told(speaker("zh"), ["甲 1", "乙 2"]), told(speaker("en"), ["A 1", "B 2"])
    ('甲 1；乙 2。', 'A 1; B 2.')
    """
    return say(between, "; ").join(part for part in parts if part) + say("。", ".")


def lines(*parts: str) -> str:
    """Return those parts of a note that say something, a line each.

    Examples
    --------
    >>> lines("甲", "", "乙")
    '甲\\n乙'
    """
    return "\n".join(part for part in parts if part)
