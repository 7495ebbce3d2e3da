"""The words that the writers themselves put on a page, in Chinese and English: contents, notes, marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from evalkit.figures import KEY


class Words(NamedTuple):
    """The words of one language."""

    tag: str
    contents: str
    skip: str
    swipe: str
    note: str
    source: str
    gap: str
    mark: str
    real: str
    brackets: tuple[str, str]
    pdf: str
    page: str
    front: str
    facts: tuple[str, str, str, str, str]
    survey: str
    key: str
    values: str
    pages: str
    limits: tuple[str, str]
    fraction: tuple[str, str]


WORDS: Mapping[str, Words] = {
    "zh": Words(
        "zh-CN", "目录", "跳到正文", "（可左右滑动）", "注：", "数据来源：", "　", "模拟数据", "　不反映任何真实地区", ("（", "）"),
        "本 PDF 供阅读和传阅，字体为随附的黑体类字体；同名 Word 文件按公文格式（仿宋）排版，为正式文本。",
        "本网页供阅读；同名 Word 文件按公文格式排版，为正式文本。",
        "说明", ("机构", "日期", "数据", "符号", "取值"), "入户调查", KEY,
        "表中为未舍入的数值，按格式显示；判定使用未舍入的数值。Word 报告与本工作簿出自同一结果。",
        "第 &P 页　共 &N 页", ("下限", "上限"), ("分子", "分母"),
    ),
    "en": Words(
        "en", "Contents", "Skip to the text", " (swipe sideways)", "Note: ", "Source: ", ". ", "SIMULATED DATA",
        " – says nothing of any real place", (" (", ")"),
        "This PDF is for reading; the Word file of the same name is the official copy.",
        "This page is for reading; the Word file of the same name is the official copy.",
        "About", ("Institute", "Date", "Data", "Signs", "Values"), "Household survey",
        "0 is a true zero; “…” is not zero but smaller than the last digit shown; “—” is not published, as too few were asked; "
        "a blank is unknown or does not apply.",
        "Values are not rounded and are shown by their format; verdicts rest on values that are not rounded.",
        "&P / &N", (" low", " high"), ("Numerator", "Denominator"),
    ),
}  # fmt: skip
