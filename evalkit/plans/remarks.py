"""The words of a plan that no number stands behind: how the seed is made, what reserves are for, assumptions and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.ceremony import DIGITS
from evalkit.figures import gate_text, percent
from evalkit.plans.accepting import planned_layout
from evalkit.plans.strengths import undeclared

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.plans.counting import Trial
    from evalkit.plans.strengths import Strength

CEREMONY = (
    ("种子产生之前", "固定名单与设计，算出指纹并公布", "名单指纹、设计指纹"),
    ("当众", f"各方先承诺、后公开，或由至少两方见证掷十面骰子 {DIGITS} 位以上", "承诺；公开后的各方数字与种子由各方封存"),
    ("抽样", "由种子算出各单位的签号，一次抽定；另换种子须写明理由并记入台账", "抽样凭证的指纹"),
    ("入村期间", "按日把当天各村的名单发给一个组，发放记入台账；其余各村不公开", "只有指纹"),
    ("最后一村完成之后", "公开凭证与核对工具，任何人凭名单可以重抽核对；农户附件只交各方", "抽样凭证、名单指纹、核对工具"),
)  # when, what is done, what is published
UPPER = "县（乡）之间的差异未计入村内相关系数；自由度按最先抽取的一级计算。"


def assumptions(design: Design, trial: Trial, found: list[Strength]) -> Iterator[str]:
    """Yield what the plan reckons with and where it may be wrong, one sentence each.

    Parameters
    ----------
    design : Design
    trial : Trial
    found : list of Strength
    """
    plan, rules = design.planning, design.evaluation
    assert plan is not None
    yield "各阶段的个数由抽样程序在名单上试抽得到；试抽的种子与正式抽样无关，方案不列试抽到的单位。"
    if len(design.frame_stages) > 1:
        yield "下一阶段的个数与概率随抽中的上级单位略有不同，以正式抽样为准。"
    if trial.guessed:
        yield f"名册到达之前，{'；'.join(trial.guessed)}。实际户数以名册为准。"
    if trial.short:
        yield f"按上述户数，有{trial.short}处配额大于预计户数，预计只能有多少抽多少；正式抽样时按设计的规则停下报告。"
    if design.roster_stages:
        yield f"应答率{gate_text(plan.response)}、不合格户占{gate_text(plan.ineligible)}为规划值；精度按不计替换的完成户数计算。"
    if found:
        yield f"村内相关系数取{rules.icc:g}（{rules.icc_source}）；实际较大时，区间与单侧界限都要变宽。"
        yield "以户为判定单位；按人计的率，户与户之间人数不等造成的损失未计入。"
    for strength in found:
        if strength.layout is not None:
            yield f"{strength.rate}证实的把握按错退与漏评在各村互不相干计算（抽取一万次，误差不到半个百分点）；同在差村时把握较小。"
    if found and len(design.frame_stages) > 1:
        yield UPPER
    names = [strength.rate for strength in found if strength.rate in undeclared(design)]
    if names:
        yield f"{'、'.join(names)}的口径未在设计的指标中声明，所属户类型按名称取；未设门槛。"
    yield from (f"{sentence}。" for sentence in _silent(design, found))


def _silent(design: Design, found: list[Strength]) -> Iterator[str]:
    if not all(stage.inference for stage in design.stages):
        yield "含典型选点：结果只说明所选的单位，不作推断，不计算精度"
        return
    there = {strength.rate for strength in found}
    for rate in design.rates:
        if rate.name not in there:
            yield f"{rate.name}：样本不按户类型分层，所属户数无法预计"
    for gate in design.gates:
        p = next((strength.outer(strength.p) for strength in found if strength.rate == gate.rate), math.nan)
        if p > gate.threshold if gate.direction == "below" else p < gate.threshold:
            stated = f"规划值{percent(p, gate=gate.threshold)}在门槛{gate_text(gate.threshold)}未达到的一侧"
            yield f"{gate.rate}：{stated}，这样的县本就不该证实达到；核对 [planning] rates"
    yield from _other_rules(design, found)
    for strength in found:
        if strength.p != strength.p:
            yield f"{strength.rate}：[planning] rates 没有规划值，只列无事件时的界限"
        if strength.df <= 0:
            yield f"{strength.rate}：每层只有一个首阶段单位（singleton = \"{design.evaluation.singleton}\"），自由度为 0，不能给出区间"


def _other_rules(design: Design, found: list[Strength]) -> Iterator[str]:
    """Yield the acceptance rules that were made for another sample, or another correlation, than the plan has."""
    for gate in design.gates:
        stated, strength = gate.acceptance, next((each for each in found if each.rate == gate.rate), None)
        if stated is None or strength is None:
            continue
        layout, rules = planned_layout(strength, stated.icc), design.evaluation
        parts = []
        if (layout.villages, layout.n) != (stated.villages, stated.villages * stated.take):
            sample = f"{stated.villages}个村×{stated.take}户＝{stated.villages * stated.take}户"
            parts.append(f"按{sample}定，方案预计{layout.villages}个村、完成{layout.n}户")
        if stated.icc != rules.icc:
            parts.append(f"按村内相关{stated.icc:g}定，[evaluation] icc 为{rules.icc:g}")
        if parts:
            yield f"{gate.rate}接收规则{'；'.join(parts)}：接收数不改，按方案样本重算的风险见接收规则一表；有意如此可不改"


def replacement(design: Design) -> Iterator[str]:
    """Yield how reserves are used."""
    if design.reserves is None:
        yield "本设计不设备用户：未完成的户不替换，由加权调整。" if design.roster_stages else "本设计不抽户，不设备用户。"
        return
    yield "备用户与主样本同时抽定，按签号排在主样本之后，密封保管，依次启用，不得跳号、不得由现场自选。"
    yield f"可以启用备用户的理由：{'、'.join(design.reserves.reasons)}；每次启用都登记理由。"
