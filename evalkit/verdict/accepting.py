"""The Decision of an acceptance rule: what it says of the events found, and whether the sample that came back still keeps its risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from evalkit.acceptance import SELF_WEIGHTING, Double, Layout, Rule
from evalkit.errors import EstimateError
from evalkit.figures import WORDS, gate_text, told_percent
from evalkit.showing import Rows, Shown, pairs
from evalkit.sizing.demands import Demands
from evalkit.verdict.words import Language, Register

Said = Literal["accepted", "not accepted", "continue"]
SAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "accepted": ("予以接收", "accepted"),
        "not accepted": ("不予接收", "not accepted"),
        "continue": ("须抽第二阶段的村，合计后再定", "undecided, the second villages are to be surveyed"),
    }
)


@dataclass(frozen=True)
class Decision(Shown):
    """What an acceptance rule says of one rate.

    Attributes
    ----------
    name : str
    rule : Rule or Double
        As fixed before the fieldwork.
    found : int
        Households that are events, in all villages surveyed.
    phase : {1, 2}
    says : {"accepted", "not accepted", "continue"}
    villages, households : int
        Surveyed and complete.
    risks : mapping of str to float
        Probability under each model that the rule accepts a county on the gate, for the sample that came back.
    deff_w : float
        Loss from unequal weights in that sample.
    """

    name: str
    rule: Rule | Double
    found: int
    phase: Literal[1, 2]
    says: Said
    villages: int
    households: int
    risks: Mapping[str, float]
    deff_w: float

    @property
    def risk(self) -> float:
        """The largest of the risks."""
        return max(self.risks.values())

    @property
    def sound(self) -> bool:
        """Whether the sample that came back keeps the consumer risk and weights itself; without it an acceptance proves nothing."""
        return self.risk <= self.rule.consumer and self.deff_w <= SELF_WEIGHTING

    def sentence(self, language: Language = "zh", *, register: Register = "main") -> str:
        """Return the decision in words: "main" for the body of a report, "technical" with the risks.

        Raises
        ------
        EstimateError
            For an unknown language or register.
        """
        if (language, register) not in SENTENCES:
            remedy = "语言用 \"zh\"、\"en\"，文体用 \"main\"、\"technical\""
            raise EstimateError(f"语言 {language!r}、文体 {register!r}｜没有这种句子｜{remedy}")
        return SENTENCES[language, register](self)

    def _rows_shown(self) -> Rows:
        risk = told_percent(self.risk)
        return pairs({"指标": self.name, "发现": self.found, "村": self.villages, "户": self.households, "误予接收的概率": risk})

    def __repr__(self) -> str:
        return self.sentence("zh")


def accept(
    found: int, rule: Rule | Double, *, takes: Sequence[int] | None = None, phase: Literal[1, 2] = 1, deff_w: float = 1.0, name: str = ""
) -> Decision:
    """Apply an acceptance rule, fixed before the fieldwork, to what was found.

    Parameters
    ----------
    found : int
        Households that are events: errors, or for approval those that do not approve; of both phases in the second.
    rule : Rule or Double
        Of `ev.acceptance`.
    takes : sequence of int, optional
        Complete households of each village surveyed, in the order drawn; as the rule says when left out. The number stays as it
        was fixed, its risk is reckoned anew.
    phase : {1, 2}
        Whether the second villages of a `Double` have been surveyed.
    deff_w : float
        Loss from unequal weights in the sample that came back, ≥ 1.
    name : str
        Name of the rate, for the sentences.

    Returns
    -------
    Decision

    Raises
    ------
    EstimateError
        More events than households, numbers outside their ranges, a second phase of a rule that has none.

    Examples
    --------
    >>> from evalkit import acceptance
    >>> rule = acceptance.number(acceptance.Layout(20, 60, .05), .02)
    >>> accept(5, rule, name="错退率")
    错退率按入户之前定下的接收规则（20个村×60户，差错至多8户接收）：完成20个村1200户，发现差错5户，予以接收。
    >>> accept(5, rule, takes=[50] * 20, name="错退率").sound
    False
    """
    asked = Demands()
    asked.need(isinstance(rule, Rule | Double), f"rule = {type(rule).__name__}", "应为接收规则", "写 ev.acceptance.number(…)")
    asked.whole(0, "写发现的户数", found=found)
    asked.whole(1, "如 takes=[60, 58, 60]；没有完成一户的村不写", several=True, takes=takes)
    _ask_phase(asked, rule, phase, takes)
    asked.within(1, np.inf, "[)", "自加权写 deff_w=1", deff_w=deff_w)
    asked.refuse()
    surveyed = _surveyed(rule, phase) if takes is None else tuple(int(take) for take in takes)
    achieved = _achieved(rule, surveyed, phase)
    asked.need(found <= sum(surveyed), f"found = {found}", f"不多于完成的 {sum(surveyed)} 户", "核对户数")
    asked.refuse()
    says = _says(found, rule, phase)
    return Decision(name, rule, int(found), phase, says, len(surveyed), sum(surveyed), achieved, float(deff_w))


def _ask_phase(asked: Demands, rule: Rule | Double, phase: int, takes: Sequence[int] | None) -> None:
    """Note a phase that the rule does not have, and villages that are not those of the phase."""
    if not isinstance(rule, Double):
        asked.need(phase == 1, f"phase = {phase!r}", "这条规则只有一个阶段", "去掉 phase；分两阶段的规则用 ev.acceptance.double 定")
        return
    asked.need(phase in (1, 2), f"phase = {phase!r}", "1 或 2", "第二阶段的村也完成后写 phase=2")
    if takes is None or np.ndim(takes) != 1:
        return
    found, first = f"phase = {phase}、takes 有 {len(takes)} 个村", rule.first.villages
    if phase == 2:
        asked.need(len(takes) > first, found, f"两个阶段的村都写，先第一阶段的 {first} 个", "补上第二阶段各村的户数，或写 phase=1")
    else:
        asked.need(len(takes) <= first, found, f"第一阶段只有 {first} 个村", "两个阶段都完成了写 phase=2，found 为合计")


def _surveyed(rule: Rule | Double, phase: int) -> tuple[int, ...]:
    parts = [rule.layout] if isinstance(rule, Rule) else [rule.first, rule.second][:phase]
    return tuple(take for part in parts for take, villages in part.takes.items() for _ in range(villages))


def _achieved(rule: Rule | Double, surveyed: tuple[int, ...], phase: int) -> Mapping[str, float]:
    """Return the risks of the numbers of a rule for the sample that came back."""
    if isinstance(rule, Rule):
        layout = replace(rule.layout, villages=len(surveyed), take=surveyed)
        return dict.fromkeys(layout.models, 1.0) if rule.at_most >= layout.n else rule.at(layout).risks
    first = surveyed if phase == 1 else surveyed[: rule.first.villages]
    changed = replace(rule, first=Layout(len(first), first, rule.first.icc))
    if phase == 2:
        rest = surveyed[rule.first.villages :]
        changed = replace(changed, second=Layout(len(rest), rest, rule.first.icc))
    return changed.risks


def _says(found: int, rule: Rule | Double, phase: int) -> Said:
    if isinstance(rule, Double) and phase == 1:
        return "accepted" if found <= rule.accept else "not accepted" if found >= rule.reject else "continue"
    return "accepted" if found <= rule.at_most else "not accepted"


# -- in words -------------------------------------------------------------------------------------------------------------


def _main_zh(d: Decision) -> str:
    event = "差错" if d.rule.direction == "below" else "不认可"
    done = f"完成{d.villages}个村{d.households}户，发现{event}{d.found}户，{SAYS[d.says][0]}"
    return f"{d.name or '该比率'}按入户之前定下的接收规则（{_rule_zh(d.rule, event)}）：{done}{_doubt_zh(d)}。"


def _rule_zh(rule: Rule | Double, event: str) -> str:
    if isinstance(rule, Rule):
        return f"{_layout(rule.layout, '个村', '户')}，{event}至多{rule.at_most}户接收"
    first = f"{event}至多{rule.accept}户接收、" if rule.accept >= 0 else event
    more = f"其间再抽{_layout(rule.second, '个村', '户')}，合计至多{rule.at_most}户接收"
    return f"先{_layout(rule.first, '个村', '户')}，{first}{rule.reject}户以上不接收，{more}"


def _doubt_zh(d: Decision) -> str:
    if d.deff_w > SELF_WEIGHTING:
        return f"；但样本的权数不等（权数设计效应{d.deff_w:.2f}），户数不能代替率，此项不作依据，以区间判定为准"
    return "；但完成的样本小于规则所定，误予接收的风险超过规定，此项不作依据" if _weak(d) else ""


def _weak(d: Decision) -> bool:
    """Say whether an acceptance rests on too small a sample; a rejection only becomes firmer by it."""
    return d.says == "accepted" and d.risk > d.rule.consumer


def _technical_zh(d: Decision) -> str:
    each = "、".join(f"{WORDS[model]}{told_percent(risk)}" for model, risk in d.risks.items())
    kept = "不大于" if d.risk <= d.rule.consumer else "大于"
    planned, done = told_percent(d.rule.risk), told_percent(d.risk)
    stated = f"真值恰为{gate_text(d.rule.gate)}时误予接收的概率：规则所定的样本{planned}，完成的样本{done}"
    icc = d.rule.first.icc if isinstance(d.rule, Double) else d.rule.layout.icc
    return f"{_main_zh(d).removesuffix('。')}；{stated}（{each}，村内相关{icc:g}），{kept}规定的{gate_text(d.rule.consumer)}。"


def _main_en(d: Decision) -> str:
    event = "in error" if d.rule.direction == "below" else "not approving"
    done = f"{d.found} of {d.households} households in {d.villages} villages were {event}: {SAYS[d.says][1]}"
    return f"{d.name or 'the rate'}, by the acceptance rule fixed before the fieldwork ({_rule_en(d.rule)}): {done}{_doubt_en(d)}."


def _rule_en(rule: Rule | Double) -> str:
    words = (" villages", " households")
    if isinstance(rule, Rule):
        return f"{_layout(rule.layout, *words)}, accept with at most {rule.at_most}"
    first = f"accept with at most {rule.accept}, " if rule.accept >= 0 else ""
    more = f"in between {_layout(rule.second, *words)} more and accept with at most {rule.at_most} in all"
    return f"first {_layout(rule.first, *words)}, {first}reject with {rule.reject} or more, {more}"


def _doubt_en(d: Decision) -> str:
    if d.deff_w > SELF_WEIGHTING:
        return f"; as weights are unequal (weight effect {d.deff_w:.2f}) a count does not stand for the rate, and the interval decides"
    return "; as fewer households were completed than the rule asks, its risk exceeds the one stated: no proof" if _weak(d) else ""


def _technical_en(d: Decision) -> str:
    each = ", ".join(f"{model} {told_percent(risk)}" for model, risk in d.risks.items())
    kept = "not above" if d.risk <= d.rule.consumer else "above"
    stated = f"the chance of accepting a rate of {gate_text(d.rule.gate)} is {told_percent(d.rule.risk)} for the sample of the rule"
    icc = d.rule.first.icc if isinstance(d.rule, Double) else d.rule.layout.icc
    achieved = f"{told_percent(d.risk)} for the one completed ({each}; correlation within villages {icc:g})"
    return f"{_main_en(d).removesuffix('.')}; {stated} and {achieved}, {kept} {gate_text(d.rule.consumer)}."


def _layout(layout: Layout, villages: str, households: str) -> str:
    take = f"×{next(iter(layout.takes))}" if len(layout.takes) == 1 else f"，共{layout.n}" if households == "户" else f", {layout.n}"
    return f"{layout.villages}{villages}{take}{households}"


SENTENCES: Mapping[tuple[str, str], Callable[[Decision], str]] = MappingProxyType(
    {("zh", "main"): _main_zh, ("zh", "technical"): _technical_zh, ("en", "main"): _main_en, ("en", "technical"): _technical_en}
)
