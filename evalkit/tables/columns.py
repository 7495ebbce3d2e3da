"""The tables of Results: their columns, how each is headed and in which form its values are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

TOTAL = "合计"


class Column(NamedTuple):
    """How one column is headed and written: `form` names an entry of ``FORMS``."""

    heading: str
    form: str = "text"


_ESTIMATE = {
    "official": Column("样本比率", "percent"),
    "estimate": Column("加权估计值", "percent"),
    "se": Column("标准误", "percent"),
    "low": Column("区间下限", "percent"),
    "high": Column("区间上限", "percent"),
}
_FRACTION = {"numerator": Column("分子", "count"), "denominator": Column("分母", "count")}
_PROGRESS = {"planned": Column("计划户数", "count"), "released": Column("启用户数", "count"), "complete": Column("完成户数", "count")}

COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "sample": {
        "place": Column("乡镇"),
        "villages": Column("村数", "count"),
        "drawn": Column("抽中村数", "count"),
        **_PROGRESS,
        "replaced": Column("备用户完成", "count"),
    },
    "response": {
        "stratum": Column("户类型"),
        **_PROGRESS,
        "refusal": Column("拒访", "count"),
        "noncontact": Column("未联系上", "count"),
        "ineligible": Column("不合格", "count"),
        "replaced": Column("备用户完成", "count"),
        "response_rate": Column("应答率", "percent"),
    },
    "rates": {
        "rate": Column("指标"),
        "status": Column("口径"),
        "unit": Column("计数单位"),
        "population": Column("总体"),
        "denominator_rule": Column("分母口径"),
        **_FRACTION,
        **_ESTIMATE,
        "df": Column("自由度", "number"),
        "df_design": Column("设计自由度", "number"),
        "deff": Column("设计效应（估计）", "number"),
        "deff_star": Column("设计效应（区间所用）", "number"),
        "n": Column("样本量", "count"),
        "n_eff": Column("有效样本量", "number"),
        "icc": Column("村内相关系数", "fine"),
        "icc_source": Column("相关系数来源"),
        "method": Column("区间方法"),
    },
    "gates": {
        "rate": Column("指标"),
        "threshold": Column("门槛", "gate"),
        "direction": Column("方向"),
        "strict": Column("须严格越过", "flag"),
        "quote": Column("规则原文"),
        "source": Column("出处"),
        "legal_value": Column("读取的数值"),
        "value_read": Column("数值", "percent"),
        "legal": Column("按规则"),
        "confident": Column("统计把握程度"),
        "zone": Column("统计判定区"),
        "p_value": Column("p 值", "p"),
        "bound_low": Column("单侧下限", "percent"),
        "bound_high": Column("单侧上限", "percent"),
        "sentence": Column("结论"),
        "sentence_technical": Column("技术说明"),
    },
    "groups": {
        "rate": Column("指标"),
        "group_kind": Column("分组"),
        "group": Column("类别"),
        "n": Column("样本量", "count"),
        **_FRACTION,
        **_ESTIMATE,
    },
    "findings": {
        "finding": Column("问题类型"),
        "item": Column("事项"),
        "households": Column("疑似户数", "count"),
        "persons": Column("疑似人数", "count"),
        "confirmed_households": Column("认定户数", "count"),
        "confirmed_persons": Column("认定人数", "count"),
    },
    "places": {
        "place": Column("地点"),
        "households": Column("疑似户数", "count"),
        "wrong_exit": Column("错退户数", "count"),
        "missed": Column("漏评户数", "count"),
        "misidentified": Column("错评户数", "count"),
        "confirmed": Column("其中认定户数", "count"),
    },
    "causes": {
        "finding": Column("问题类型"),
        "by": Column("分组"),
        "category": Column("类别"),
        "households": Column("疑似户数", "count"),
        "persons": Column("疑似人数", "count"),
        "confirmed_households": Column("认定户数", "count"),
        "confirmed_persons": Column("认定人数", "count"),
        "share": Column("占认定户数", "percent"),
    },
    "distance": {
        "rate": Column("指标"),
        "case": Column("若认定"),
        "persons": Column("人数", "count"),
        "now": Column("现为", "percent"),
        "then": Column("变为", "percent"),
        "legal": Column("现按规则"),
        "legal_then": Column("认定后按规则"),
    },
    "marks": {"unit": Column("对象"), "item": Column("指标"), "source": Column("数据来源"), "result": Column("结果")},
    "flags": {"code": Column("款项"), "text": Column("情形"), "state": Column("状态"), "basis": Column("依据")},
    "satisfaction": {
        "item": Column("题目"),
        "answer": Column("回答"),
        "n": Column("户数", "count"),
        "share": Column("加权占比", "percent"),
    },
    "errors": {
        "rate": Column("指标"),
        "status": Column("口径"),
        "group_kind": Column("分组"),
        "group": Column("类别"),
        "estimate": Column("估计值 R", "percent"),
        "se": Column("标准误 SE", "percent"),
        "n": Column("样本量", "count"),
        "deft": Column("DEFT", "number"),
        "relative": Column("SE/R", "percent"),
        "two_low": Column("R−2SE", "percent"),
        "two_high": Column("R+2SE", "percent"),
    },
    "quality": {"行": Column("行", "count"), "列": Column("列"), "值": Column("值"), "规则": Column("规则"), "处理": Column("处理")},
    "weights": {
        "step": Column("步骤"),
        "n": Column("户数", "count"),
        "sum": Column("权数合计", "number"),
        "min": Column("最小", "number"),
        "median": Column("中位数", "number"),
        "max": Column("最大", "number"),
        "deff_w": Column("权数设计效应", "fine"),
    },
}


def finding_heads(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what each finding is called in these results: as the era or the criteria call it, else by its words of 2016–2020.

    Examples
    --------
    >>> finding_heads({"words": {"missed": "应纳未纳"}})["missed"], finding_heads({})["wrong_exit"]
    ('应纳未纳', '错退')
    """
    ours = {code: COLUMNS["places"][code].heading.removesuffix("户数") for code in ("wrong_exit", "missed", "misidentified")}
    return {**ours, **dict(facts.get("words") or {})}
