"""An acceptance rule in a design file: the rule it states, and whether the rule keeps the risks it promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from evalkit.design.judgement import Gate
from evalkit.design.staging import Data, entries
from evalkit.errors import EstimateError, Fault
from evalkit.figures import gate_text, percent
from evalkit.later import later

if TYPE_CHECKING:
    from evalkit.acceptance import Double, Rule

acceptance = later("evalkit.acceptance")
USUAL = "pocock"  # split named in a remedy where the design names none


def rule_of(gate: Gate) -> Rule | Double:
    """Return the acceptance rule of a gate that states one.

    Raises
    ------
    EstimateError
        When its numbers do not fit together.
    """
    stated = gate.acceptance
    assert stated is not None
    first = acceptance.Layout(stated.villages, stated.take, stated.icc)
    if stated.two_phase is None:
        rule: Rule = acceptance.Rule(first, gate.threshold, stated.at_most, stated.consumer, gate.direction)
        return rule
    more = stated.two_phase
    second = acceptance.Layout(more.villages, stated.take, stated.icc)
    double: Double = acceptance.Double(
        first, second, gate.threshold, more.accept, more.reject, stated.at_most, stated.consumer, gate.direction
    )
    return double


def acceptance_faults(data: Data) -> Iterator[Fault]:
    """Yield the acceptance rules that no rate can have, and those that do not keep the risks they state."""
    rates = {str(rate.get("name")): rate for _, rate in entries(data, "rate")}
    for i, written in entries(data, "gate"):
        if not isinstance(written.get("acceptance"), Mapping):
            continue
        where = f"gate[{i}].acceptance"
        yield from _uncountable(where, rates.get(str(written.get("rate")), {}))
        try:
            gate = Gate.model_validate(written)
        except ValidationError:
            continue  # told with the section
        try:
            yield from _unkept(where, gate, rule_of(gate))
        except EstimateError as refusal:
            yield from _as_faults(where, refusal)


def _uncountable(where: str, rate: Data) -> Iterator[Fault]:
    if rate.get("kind") in ("accuracy", "incidence"):
        yield Fault(None, where, str(rate.get("name")), "由几个率与登记总数算出，不能数户接收", "删去，或写在所用的指标的门槛下")
    elif rate.get("denominator") == "villages":
        remedy = "写 denominator = \"surveyed\"，或删去 acceptance"
        yield Fault(None, where, str(rate.get("name")), "分母为抽查村全部人口，不是调查的户", remedy)


def _unkept(where: str, gate: Gate, rule: Rule | Double) -> Iterator[Fault]:
    stated = gate.acceptance
    assert stated is not None
    if not rule.kept:
        said = f"率恰为{gate_text(gate.threshold)}时误予接收的概率为{percent(rule.risk)}，大于 consumer = {stated.consumer:g}"
        yield Fault(None, f"{where}.at_most", str(stated.at_most), said, _number_that_keeps(gate))
    if stated.two_phase is not None and stated.two_phase.spending:
        yield from _overspent(where, gate, rule)
    if stated.producer is not None:
        risk = rule.producer_risk(stated.producer.rate)
        if rule.kept and risk > stated.producer.risk and (larger := _larger_number(gate, rule)):
            said = f"率为{gate_text(stated.producer.rate)}时误不接收的概率为{percent(risk)}，大于 producer.risk = {stated.producer.risk:g}"
            yield Fault(None, f"{where}.at_most", str(stated.at_most), said, larger)
        elif risk > stated.producer.risk:
            said = f"率为{gate_text(stated.producer.rate)}时误不接收的概率为{percent(risk)}，大于 {stated.producer.risk:g}"
            yield Fault(None, f"{where}.producer", f"{stated.producer.risk:g}", said, _villages_that_keep(gate))


def _number_that_keeps(gate: Gate) -> str:
    stated = gate.acceptance
    assert stated is not None
    asked: dict[str, Any] = {"consumer": stated.consumer, "direction": gate.direction}
    first = acceptance.Layout(stated.villages, stated.take, stated.icc)
    try:
        if stated.two_phase is None:
            return f"at_most 至多写 {acceptance.number(first, gate.threshold, **asked).at_most}"
        spending = stated.two_phase.spending or USUAL
        second = acceptance.Layout(stated.two_phase.villages, stated.take, stated.icc)
        plan = acceptance.double(first, second, gate.threshold, spending=spending, **asked)
        return f"例如 accept = {plan.accept}、reject = {plan.reject}、at_most = {plan.at_most}"
    except EstimateError as refusal:
        return str(refusal).partition("｜")[2].replace("｜", "；")


def _larger_number(gate: Gate, rule: Rule | Double) -> str:
    """Return which larger numbers keep both risks with the villages that are planned; empty where none does."""
    stated = gate.acceptance
    assert stated is not None and stated.producer is not None
    good: list[int] = []
    while rule.kept:
        rule = replace(rule, at_most=rule.at_most + 1)
        if rule.kept and rule.producer_risk(stated.producer.rate) <= stated.producer.risk:
            good.append(rule.at_most)
    if not good:
        return ""
    numbers = f"{good[0]}" if len(good) == 1 else f"{good[0]} 至 {good[-1]}"
    return f"at_most 写大一些：{numbers}，两种风险都合规定，村数与户数不变"


def _overspent(where: str, gate: Gate, rule: Any) -> Iterator[Fault]:
    stated = gate.acceptance
    assert stated is not None and stated.two_phase is not None
    fraction = stated.villages / (stated.villages + stated.two_phase.villages)
    allowed = acceptance.two_looks(stated.two_phase.spending, stated.consumer, fraction=fraction).alpha[0]
    if stated.two_phase.accept >= 0:
        spent = acceptance.Rule(rule.first, gate.threshold, stated.two_phase.accept, stated.consumer, gate.direction).risk
        if spent > allowed:
            said = f"第一阶段误予接收的概率为{percent(spent)}，大于 {stated.two_phase.spending} 分给它的{percent(allowed)}"
            yield Fault(None, f"{where}.two_phase.accept", str(stated.two_phase.accept), said, _number_that_keeps(gate))


def _villages_that_keep(gate: Gate) -> str:
    stated = gate.acceptance
    assert stated is not None and stated.producer is not None
    asked = {"icc": stated.icc, "consumer": stated.consumer, "direction": gate.direction}
    try:
        plan = acceptance.smallest(stated.take, gate.threshold, better=stated.producer.rate, producer=stated.producer.risk, **asked)
    except EstimateError as refusal:
        return str(refusal).rpartition("｜")[2]
    return f"每村 {stated.take} 户须 {plan.layout.villages} 个村、at_most = {plan.at_most}；或放宽 producer"


def _as_faults(where: str, refusal: EstimateError) -> Iterator[Fault]:
    for line in str(refusal).split("\n"):
        found, rule, remedy = line.split("｜", 2)
        yield Fault(None, where, found, rule, remedy)
