"""Verdicts in words, Chinese and English: rounding and phrases, no arithmetic.

The main register is for the body of a report and names neither method nor p-value; the technical one
is for its appendix. A rate of which nothing was found reads 未发现: a sample cannot show that there is none.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal, TypeVar

from evalkit.errors import EstimateError
from evalkit.figures import NOT_PUBLISHED, gate_text, gate_words, told_percent
from evalkit.intervals.bounds import NO_DF, ONE_UNIT
from evalkit.verdict.needing import TOO_NEAR, UNKNOWN, WRONG_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.verdict.conclusion import Conclusion
    from evalkit.verdict.judging import Verdict
    from evalkit.verdict.programmes import Programme

Language = Literal["zh", "en"]
Register = Literal["main", "technical"]
Noun = TypeVar("Noun")


def verdict_sentence(verdict: Verdict, language: Language, register: Register) -> str:
    """Return a verdict in words."""
    return _choose(_SENTENCES, language, register)(verdict)


def conclusion_sentence(conclusion: Conclusion, language: Language, register: Register) -> str:
    """Return a conclusion in words."""
    return _choose(_CONCLUSIONS, language, register)(conclusion)


def programme_sentence(programme: Programme, language: Language) -> str:
    """Return what a programme has to expect in words."""
    return _choose(_PROGRAMMES, language, "main")(programme)


def _choose(table: dict[tuple[str, str], Callable[[Noun], str]], language: str, register: str) -> Callable[[Noun], str]:
    if (language, register) not in table:
        raise EstimateError(f"语言 {language!r}、文体 {register!r}｜没有这种句子｜语言用 \"zh\"、\"en\"，文体用 \"main\"、\"technical\"")
    return table[language, register]


# -- one verdict, for the body of a report -------------------------------------------------------------------


def _main_zh(v: Verdict) -> str:
    gate = _gate(v)
    side = {-1: "低于", 0: "等于", 1: "高于"}[_side(v.value_read, v)]
    read = "" if not _apart(v) else f"规定口径{_share(v.value_read, v)}"
    return (
        f"{_found_zh(v)}，{read}{side}{gate}的门槛，{'达到标准' if v.legal else '未达到标准'}"
        f"；统计把握程度{'充分' if v.confident else '不充分'}{_deciding_zh(v)}。"
    )


def _deciding_zh(v: Verdict) -> str:
    """Name the one-sided bound that must lie on the verdict's side of the threshold, or say why there is none."""
    upper, bound = _deciding(v)
    if math.isnan(bound):
        return f"（{v.reason}）" if v.reason else ""
    return f"（单侧{gate_text(1 - v.alpha)}{'上限' if upper else '下限'}{_share(bound, v)}）"


def _deciding(v: Verdict) -> tuple[bool, float]:
    """Return whether the upper bound decides, and the bound."""
    upper = v.legal == (v.direction == "below")
    return upper, v.high if upper else v.low


def _found_zh(v: Verdict) -> str:
    name, low, high = v.name or "该比率", _share(v.interval_low, v), _share(v.interval_high, v)
    if _none_found(v):
        return f"{name}：样本中未发现（{_level(v)}区间上限{high}）" if _known(v) else f"{name}：样本中未发现（区间无法给出）"
    interval = f"{_level(v)}区间{low}～{high}" if _known(v) else "区间无法给出"
    value = _share(v.value, v)
    if not _differ(v):
        return f"{name}为{value}（{interval}）"
    return f"{name}按规定口径为{_read_zh(v)}（加权估计{value}，{interval}）"


def _read_zh(v: Verdict) -> str:
    return _share(v.value_read, v) if v.value_read else "0（样本中未发现）"


def _main_en(v: Verdict) -> str:
    side = {-1: "below", 0: "equal to", 1: "above"}[_side(v.value_read, v)]
    read = "" if not _apart(v) else f"the value under the rule, {_share(v.value_read, v)}, is "
    return (
        f"{_found_en(v)}, {read}{side} the threshold of {_gate(v)}: the standard is {'met' if v.legal else 'not met'}. "
        f"Statistical assurance is {'sufficient' if v.confident else 'insufficient'}{_deciding_en(v)}."
    )


def _deciding_en(v: Verdict) -> str:
    upper, bound = _deciding(v)
    if math.isnan(bound):
        why = REASONS_EN.get(v.reason, "")
        return f" (no bound can be given{f': {why}' if why else ''})"
    return f" (one-sided {gate_text(1 - v.alpha)} {'upper' if upper else 'lower'} limit {_share(bound, v)})"


REASONS_EN = {NO_DF: "no degrees of freedom", ONE_UNIT: "a single unit"}


def _found_en(v: Verdict) -> str:
    name, low, high = v.name or "the rate", _share(v.interval_low, v), _share(v.interval_high, v)
    if _none_found(v):
        limit = f"upper limit of the {_level(v)} interval {high}" if _known(v) else "no interval can be given"
        return f"{name}: none found in the sample ({limit})"
    interval = f"{_level(v)} interval {low} to {high}" if _known(v) else "no interval can be given"
    value = _share(v.value, v)
    if not _differ(v):
        return f"{name} is {value} ({interval})"
    return f"{name} under the rule is {_share(v.value_read, v)} (weighted estimate {value}, {interval})"


# -- one verdict, for the technical appendix -----------------------------------------------------------------

_ZONES_ZH = {
    ("below", "met"): "U < 门槛，已证实达到标准",
    ("below", "not met"): "L > 门槛，已证实未达到标准",
    ("above", "met"): "L > 门槛，已证实达到标准",
    ("above", "not met"): "U < 门槛，已证实未达到标准",
}


def _technical_zh(v: Verdict) -> str:
    level = f"{(1 - v.alpha) * 100:.4g}%"
    zone = _ZONES_ZH.get((v.direction, v.zone), "两界均未越过门槛，两方面都未能证实")
    parts = [
        f"{v.name or '该比率'}：估计{_share(v.value, v)}，单侧{level}下界L={_share(v.low, v)}、"
        f"上界U={_share(v.high, v)}（各为单侧），门槛{_gate(v)}：{zone}{f'（{v.reason}）' if v.reason else ''}",
        f"方法{v.method.upper()}，{_numbers(v)}，{_p_text(v.p_value, '未给出')}（原假设：真值未达到标准"
        f"{_against(v, '；反过来检验真值达到标准，', '')}"
        f"{f'；{v.p_reason}' if v.p_reason else ''}）",
        f"按规则判定时读取的数值为{_share(v.value_read, v)}（规则：{gate_words(v)}）{_risks_zh(v)}",
    ]
    parts += [told for told in (_needed_zh(v), _tipping_zh(v)) if told]
    if not math.isnan(v.free_bound):
        parts.append(f"样本中未发现；若村与村之间没有差别，单侧{level}上界为{_share(v.free_bound, v)}（仅供对照）")
    if not math.isnan(v.village_bound):
        parts.append(f"有此类户的村所占比例的单侧{level}上界为{told_percent(v.village_bound)}")
    return "；".join(parts) + "。"


def _risks_zh(v: Verdict) -> str:
    risks = {"真值等于估计值时": v.risk_at_value, "真值恰在门槛时": v.risk_at_threshold}
    said = "，".join(f"{when}{_chance(risk)}" for when, risk in risks.items() if not math.isnan(risk))
    return f"；新抽一次样本而按规则得出相反结论的概率：{said}" if said else ""


def _needed_zh(v: Verdict) -> str:
    """Say how many more would prove the verdict; with nothing found also when they are enough, how few could have."""
    need = v.needed
    if math.isnan(need.villages):
        return "" if v.confident or need.reason == UNKNOWN else need.reason
    whole = f"{need.villages:.0f}个村{need.households:.0f}户"
    if not v.confident:
        return f"若估计与设计效应不变、每村户数不变，共需{whole}（再抽{need.more_villages:.0f}个村{need.more_households:.0f}户）才能证实"
    return f"未发现时，这样的判定最少要{whole}才能证实" if _none_found(v) else ""


def _needed_en(v: Verdict) -> str:
    need = v.needed
    if math.isnan(need.villages):
        return "" if v.confident or need.reason not in _NEEDED_EN else _NEEDED_EN[need.reason]
    whole = f"{need.villages:.0f} villages and {need.households:.0f} households"
    if not v.confident:
        more = f"{need.more_villages:.0f} villages and {need.more_households:.0f} households more"
        return f"with the same estimate, design effect and take, {whole} ({more}) would prove it"
    return f"with none found such a verdict takes {whole} at the least" if _none_found(v) else ""


_NEEDED_EN = {
    WRONG_SIDE: "the weighted estimate lies on the other side, so no number of households would prove it while it stays there",
    TOO_NEAR: "the estimate lies too near the threshold for any practicable number of households",
}


def _tipping_zh(v: Verdict) -> str:
    seen = v.tipping
    if math.isnan(seen.icc):
        return ""
    if v.zone == "not proven":
        return f"村内相关小于{seen.icc:.3f}时，{_PROVEN_ZH[seen.zone]}"
    return f"村内相关大于{seen.icc:.3f}时，不再能证实"


_PROVEN_ZH = {"met": "可证实达到标准", "not met": "可证实未达到标准"}


def _tipping_en(v: Verdict) -> str:
    seen = v.tipping
    if math.isnan(seen.icc):
        return ""
    return f"the zone becomes {seen.zone} {'below' if v.zone == 'not proven' else 'above'} a correlation within villages of {seen.icc:.3f}"


def _technical_en(v: Verdict) -> str:
    level = f"{(1 - v.alpha) * 100:.4g}%"
    parts = [
        f"{v.name or 'the rate'}: estimate {_share(v.value, v)}, one-sided {level} bounds L = {_share(v.low, v)} and "
        f"U = {_share(v.high, v)}, threshold {_gate(v)}: {v.zone}{f' ({why})' if (why := REASONS_EN.get(v.reason)) else ''}",
        f"method {v.method.upper()}, {_numbers(v).replace('，', ', ')}, {_p_text(v.p_value, 'not given')}"
        f"{' (fewer than 2 degrees of freedom)' if v.df < 2 and v.p_reason else ''}"
        f"{_against(v, ' (against the standard being met, ', ')')}",
        f"the rule reads {_share(v.value_read, v)} and {'must pass' if v.strict else 'may equal'} the threshold; "
        f"chance that it says the other thing in a new sample: {_chance(v.risk_at_value)} if the true rate is the estimate, "
        f"{_chance(v.risk_at_threshold)} if it is the threshold",
    ]
    parts += [told for told in (_needed_en(v), _tipping_en(v)) if told]
    if not math.isnan(v.free_bound):
        parts.append(f"none found; if villages were irrelevant the {level} bound would be {_share(v.free_bound, v)}")
    if not math.isnan(v.village_bound):
        parts.append(f"{level} bound of the share of villages with such households {told_percent(v.village_bound)}")
    return "; ".join(parts) + "."


def _numbers(v: Verdict) -> str:
    stated = {"n": (v.n, ".0f"), "n_eff": (v.n_eff, ".1f"), "deff*": (v.deff, ".2f"), "icc": (v.icc, ".3g"), "df": (v.df, ".1f")}
    return "，".join(f"{label}={number:{form}}" for label, (number, form) in stated.items() if not math.isnan(number))


def _p_text(p: float, missing: str) -> str:
    if math.isnan(p):
        return f"p {missing}"
    return "p<0.0001" if p < 0.0001 else f"p={Decimal(f'{p:.12g}').quantize(Decimal('0.0001'), ROUND_HALF_UP)}"


def _against(v: Verdict, before: str, after: str) -> str:
    """Return the p-value of the other side, where the rule says that the standard is not met."""
    return "" if v.legal or v.p_reason else f"{before}{_p_text(v.p_violation, '—')}{after}"


def _chance(probability: float) -> str:
    return "—" if math.isnan(probability) else f"{Decimal(f'{probability:.12g}').quantize(Decimal('0.01'), ROUND_HALF_UP)}"


# -- what both languages ask of a verdict --------------------------------------------------------------------


def _gate(v: Verdict) -> str:
    return gate_text(v.threshold)


def _share(value: float, v: Verdict) -> str:
    """Write a share with digits enough to keep it off the threshold."""
    return told_percent(value, v.threshold) or NOT_PUBLISHED


def _side(value: float, v: Verdict) -> int:
    """Return −1, 0 or 1: below, on or above the threshold (a rounding error of floats is on it)."""
    return 0 if abs(value - v.threshold) <= 1e-12 else (-1 if value < v.threshold else 1)


def _none_found(v: Verdict) -> bool:
    return v.value == 0 and v.value_read == 0 and v.direction == "below"


def _differ(v: Verdict) -> bool:
    return _share(v.value, v) != _share(v.value_read, v)


def _apart(v: Verdict) -> bool:
    """Whether the estimate and the number the rule reads lie on different sides of the threshold."""
    return _side(v.value, v) != _side(v.value_read, v)


def _level(v: Verdict) -> str:
    return gate_text(v.level)


def _known(v: Verdict) -> bool:
    return not (math.isnan(v.interval_low) or math.isnan(v.interval_high))


# -- all gates together --------------------------------------------------------------------------------------


def _conclusion_zh(c: Conclusion) -> str:
    advice = "，建议" + ("同意退出" if c.passed else "不同意退出") if c.recommend else ""
    if c.passed:
        found = "各项指标均达到标准" if len(c.verdicts) > 1 else f"{c.verdicts[0].name or '该指标'}达到标准"
        sure = "各项判定的统计把握程度均充分" if c.proven else f"其中{_names_zh(c, lambda v: not v.confident)}的统计把握程度不充分"
        return f"{found}{advice}；{sure}。"
    failed, met = _names_zh(c, lambda v: not v.legal), _names_zh(c, lambda v: v.legal)
    doubtful, loose = _names_zh(c, lambda v: not (v.legal or v.confident)), _names_zh(c, lambda v: v.legal and not v.confident)
    unsure = f"（{doubtful}的统计把握程度不充分）" if doubtful else ""
    rest = f"；{met}达到标准{f'，其中{loose}的统计把握程度不充分' if loose else ''}" if met else ""
    return f"{failed}未达到标准{unsure}{advice}{rest}。"


def _names_zh(c: Conclusion, which: Callable[[Verdict], bool]) -> str:
    """Name the rates of some verdicts; one without a name is told by its place."""
    return "、".join(v.name or f"第{at}项" for at, v in enumerate(c.verdicts, 1) if which(v))


def _names_en(c: Conclusion, which: Callable[[Verdict], bool]) -> str:
    return ", ".join(v.name or f"rate {at}" for at, v in enumerate(c.verdicts, 1) if which(v))


def _conclusion_en(c: Conclusion) -> str:
    found = "Every standard is met" if c.passed else f"The standard is not met for {_names_en(c, lambda v: not v.legal)}"
    advice = f"; the exit is {'recommended' if c.passed else 'not recommended'}" if c.recommend else ""
    sure = "sufficient for every verdict" if c.proven else f"insufficient for {_names_en(c, lambda v: not v.confident)}"
    return f"{found}{advice}. Statistical assurance is {sure}."


def _conclusion_technical_zh(c: Conclusion) -> str:
    return (
        f"{_conclusion_zh(c)}全部门槛均达到方为通过，属交并检验：每项各用自己的风险水平，"
        "不因项数而修正，误判通过的概率不超过其中最大者；若要断言“至少一项未达到”，则须按项数修正（Holm）。"
    )


def _conclusion_technical_en(c: Conclusion) -> str:
    return (
        f"{_conclusion_en(c)} Passing needs every gate (intersection–union test): each is tested at its own risk without correction for "
        "their number, and a wrong pass is no likelier than the largest of them; a claim that at least one gate is not met "
        "needs Holm's correction."
    )


# -- a programme of counties ---------------------------------------------------------------------------------------


def _programme_zh(p: Programme) -> str:
    left = f"（{p.unknown} 个无法计算，未计入）" if p.unknown else ""
    return (
        f"{p.counties} 个县（项）：按规则达到 {p.passed} 个，其中已证实达到 {p.met} 个；已证实未达到 {p.not_met} 个。"
        f"若各县真值都恰在门槛，按规则平均仍有约 {p.passed_at_gate:.0f} 个达到，而已证实达到的平均不超过 {p.proven_at_gate:.3g} 个；"
        f"若各县真值都等于估计，重抽一次平均约有 {p.other_at_value:.1f} 个得出相反的结论{left}。"
    )


def _programme_en(p: Programme) -> str:
    left = f" ({p.unknown} not computable and left out)" if p.unknown else ""
    counties = "1 county" if p.counties == 1 else f"{p.counties} counties"
    return (
        f"{counties}: the legal rule is satisfied by {p.passed}; {p.met} proven to meet the standard, {p.not_met} proven not to. "
        f"Were every true rate on its threshold, the legal rule would still pass about {p.passed_at_gate:.0f} of them and at most "
        f"{p.proven_at_gate:.3g} would be called proven; were every true rate its estimate, a new sample would give the other legal "
        f"verdict in about {p.other_at_value:.1f}{left}."
    )


_SENTENCES: dict[tuple[str, str], Callable[[Verdict], str]] = {
    ("zh", "main"): _main_zh,
    ("en", "main"): _main_en,
    ("zh", "technical"): _technical_zh,
    ("en", "technical"): _technical_en,
}
_CONCLUSIONS: dict[tuple[str, str], Callable[[Conclusion], str]] = {
    ("zh", "main"): _conclusion_zh,
    ("en", "main"): _conclusion_en,
    ("zh", "technical"): _conclusion_technical_zh,
    ("en", "technical"): _conclusion_technical_en,
}
_PROGRAMMES: dict[tuple[str, str], Callable[[Programme], str]] = {("zh", "main"): _programme_zh, ("en", "main"): _programme_en}
