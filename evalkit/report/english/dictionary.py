"""Fixed words of the report in English. What people wrote or named themselves, such as answers and places, stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evalkit.charts.languages import ENGLISH, NUMBERED, numbered

FEW = "“—”: too few were asked to publish. Groups are not judged by themselves."
TITLES: Mapping[str, tuple[str, str]] = {  # by key of the table: title, note
    "response": ("Completion by type of household", "The response rate is completed over eligible released households."),
    "gates": (
        "Main indicators and thresholds",
        "“Rule” reads the value that the rule names, not rounded; “Assurance” says whether the verdict stands within sampling error. "
        "A blank does not apply.",
    ),
    "statuses": (
        "Confirmed and suspected",
        "Suspected: every case raised and not dismissed. Confirmed: cases upheld. Verdicts rest on confirmed cases.",
    ),
    "groups": ("Main indicators by group", FEW),
    "small_groups": ("Main indicators by group (many categories)", FEW),
    "satisfaction": ("Answers by question", "Shares are weighted; rounded parts may not add up to 100%."),
    "findings": ("Findings by item", "A household can fall under several items, which may add up to more than the total."),
    "sample": ("Sample and completion by place", ""),
    "places": ("Households with suspected cases by place", ""),
    "causes": ("Causes of findings", "Shares are shown where there are enough confirmed households; items may overlap."),
    "distance": ("Pending cases and the thresholds", "Each row is the value if that case alone is confirmed; the last row, if all are."),
    "marks": ("Results by the system of indicators", ""),
    "flags": ("Circumstances to note", "Circumstances are noted; no measures are proposed."),
    "rules": ("Thresholds and the words of the rules", "Rules and sources are quoted as they stand."),
    "answers": ("Households and shares by answer", ""),
    "quality": ("Checks of the returns", "Rows as the spreadsheet shows them; rules as they were declared."),
    "precision": ("Estimates, standard errors and intervals", "Standard errors and intervals follow the sampling design."),
    "design_effects": ("Sample sizes and design effects", ""),
    "errors": (
        "Sampling errors of every estimate",
        "DEFT is the square root of the design effect; R ± 2 SE is cut off at 0 and 100%. With no event SE is 0, which does not mean that "
        "there is no error: see the interval. “—” is not published.",
    ),
    "verdicts": ("Statistical verdicts", "One-sided bounds at 1 minus the significance level."),
    "weights": ("Weights", "The design effect of weights is the variance that unequal weights cost."),
    "receipt": ("Certificate of the draw", ""),
}
SERIES = {"附表": "Annex table ", "技术表": "Technical table ", "凭证表": "Certificate table ", "表": "Table "}
WORDS: Mapping[str, str] = {**ENGLISH} | {  # headings, then cells
    "结果": "Result", "数据来源": "Source of data", "款项": "Clause", "情形": "Circumstance", "状态": "State", "依据": "Basis",
    "户类型": "Type of household", "计划户数": "Planned", "启用户数": "Released", "完成户数": "Completed", "拒访": "Refused",
    "未联系上": "Not contacted", "不合格": "Not eligible", "备用户完成": "By reserves", "应答率": "Response rate",
    "指标": "Indicator", "门槛": "Threshold", "单位": "Unit", "分子/分母": "Numerator/denominator", "样本比率": "Sample rate",
    "加权估计值": "Weighted estimate", "加权估计": "Weighted estimate", "按规则": "Rule", "统计把握程度": "Assurance",
    "分子": "Cases", "分母": "Base", "认定": "Confirmed", "疑似": "Suspected", "分组": "Group", "类别": "Category",
    "样本量": "n", "题目": "Question", "回答户数": "Answered", "问题类型": "Finding", "事项": "Item",
    "疑似户数": "Suspected households", "疑似人数": "Suspected persons", "认定户数": "Confirmed households",
    "认定人数": "Confirmed persons",
    "范围": "Area", "村数": "Villages", "抽中村数": "Villages drawn", "地点": "Place",
    "错退户数": "Wrong exits", "漏评户数": "Missed", "错评户数": "Wrongly identified", "其中认定户数": "Of which confirmed",
    "占认定户数": "Share of confirmed", "若认定": "If confirmed", "人数": "Persons", "现为": "Now", "变为": "Then",
    "现按规则": "Rule now", "认定后按规则": "Rule then", "规则原文": "Words of the rule", "出处": "Source",
    "读取的数值": "Value read", "数值": "Value", "回答": "Answer", "户数": "Households", "加权占比": "Weighted share", "行": "Row",
    "列": "Column", "值": "Found", "规则": "Rule", "处理": "To do", "口径": "Status", "标准误": "SE", "区间下限": "Low",
    "区间上限": "High", "自由度": "df", "区间方法": "Method", "有效样本量": "Effective n",
    "设计效应（估计）": "Design effect (estimate)", "设计效应（区间所用）": "Design effect (interval)", "设计自由度": "Design df",
    "村内相关系数": "ICC", "相关系数来源": "Source of ICC", "估计值 R": "R", "标准误 SE": "SE", "统计判定区": "Zone", "p 值": "p",
    "单侧下限": "Lower bound", "单侧上限": "Upper bound", "步骤": "Step", "权数合计": "Sum of weights", "最小": "Least",
    "中位数": "Median", "最大": "Largest", "权数设计效应": "Design effect of weights", "项目": "Item", "内容": "Content",
    "发现数": "Found", "所查数": "Visited", "合计": "Total", "户": "household", "人": "person",
    "充分": "sufficient", "不充分": "insufficient", "未设门槛": "none", "已证实达到": "proven: met",
    "已证实未达到": "proven: not met", "尚不能证实": "not proven", "规划值": "planning value", "是": "yes", "否": "no",
    "名单指纹": "Frame (SHA-256)", "设计指纹": "Design (SHA-256)", "抽样凭证指纹": "Certificate (SHA-256)", "种子": "Seed",
    "种子来源": "Origin of the seed", "样例自带": "specimen's own", "全部待定案件": "All pending cases",
    "第三方评估": "Third-party evaluation", "模拟数据": "Simulated data", "已证实": "proven",
    "贫困村": "poor village",
}  # fmt: skip
UNITS = {
    "单位：户": "Unit: households", "单位：户、人": "Unit: households, persons", "单位：个、户": "Unit: units, households",
    "单位：人": "Unit: persons",
}  # fmt: skip
RATES = ("综合贫困发生率", "错退率", "漏评率", "错评率", "群众认可度", "群众满意度")
PATTERNS = (
    (NUMBERED, numbered),
    (re.compile(r"^待定(\d+)：([^，]+)，(.+)$"), lambda found: f"Case {found[1]}: {english(found[2])}, {english(found[3])}"),
    (re.compile(r"^(-?[\d.<]+%)，(达到|未达到)(?:（(.+)）)?$"), lambda found: f"{found[1]}, {WORDS[found[2]]}{_put(found[3])}"),
    (re.compile(r"^([\d.]+%)区间$"), r"\1 interval"),
    (re.compile(r"^低于([\d.]+%)$"), r"below \1"),
    (re.compile(r"^不高于([\d.]+%)$"), r"at most \1"),
    (re.compile(r"^高于([\d.]+%)$"), r"above \1"),
    (re.compile(r"^不低于([\d.]+%)$"), r"at least \1"),
    (re.compile(r"^(-?[\d.<]+%)～(-?[\d.<]+%)$"), r"\1–\2"),
)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _put(text: str | None) -> str:
    return f" ({WORDS.get(text, text)})" if text else ""


def english(text: str) -> str:
    """Return a word or a printed cell in English; what is not known stays as it is.

    Examples
    --------
    >>> english("合计"), english("95%区间"), english("不低于90%"), english("0.12%～1.05%"), english("其中：饮水")
    ('Total', '95% interval', 'at least 90%', '0.12%–1.05%', 'of which: 饮水')
    """
    if text in WORDS:
        return WORDS[text]
    if text.startswith("其中："):
        return f"of which: {english(text.removeprefix('其中：'))}"
    for pattern, put in PATTERNS:
        if pattern.match(text):
            return pattern.sub(put, text)
    return text


def named(sentence: str) -> str:
    """Return an English sentence with the Chinese names of the statutory rates in English, a capital at its head.

    Examples
    --------
    >>> named("错退率 under the rule is 0.31%.")
    'Wrong-exit rate under the rule is 0.31%.'
    """
    for rate in RATES:
        sentence = sentence.replace(rate, WORDS[rate])
    return sentence[:1].upper() + sentence[1:]


def english_date(text: str) -> str:
    """Return the dates of a text in English.

    Examples
    --------
    >>> english_date("2018-11-05至2018年11月20日"), english_date("2018年11月5日至11月23日"), english_date("2019-11")
    ('5 November 2018 to 20 November 2018', '5 November 2018 to 23 November', 'November 2019')
    """
    found = re.sub(r"(\d{4})[-年](\d{1,2})[-月](\d{1,2})日?", lambda d: f"{int(d[3])} {MONTHS[(int(d[2]) - 1) % 12]} {d[1]}", text)
    found = re.sub(r"(?<!\d)(\d{4})(?:-|年)(0?[1-9]|1[0-2])(?![\d-])月?", lambda d: f"{MONTHS[int(d[2]) - 1]} {d[1]}", found)
    found = re.sub(r"(\d{1,2})月(\d{1,2})日", lambda d: f"{int(d[2])} {MONTHS[(int(d[1]) - 1) % 12]}", found)
    return re.sub(r"\s*至\s*", " to ", found)
