"""The tables of a sampling plan as a report prints them, numbered in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from evalkit.figures import gate_text, gate_words, is_blank, number
from evalkit.plans.telling import chance_text, rule_told
from evalkit.report.model import Cell, Table, cell, interval_cell
from evalkit.tables import Column, records

if TYPE_CHECKING:
    from evalkit.plans import Plan

FIRST_PLACE = 6  # digits from which a label is the code of a place
LEVELS = {"village": "村", "household": "户"}
FORMS = {"whole": "count", "chance": "text"}
PROVEN = {True: "可以证实", False: "不能证实"}


class Head(NamedTuple):
    """One column of a printed table: the column of the plan's table (two for an interval), its heading and its form."""

    name: str
    heading: str
    form: str = "text"


def plan_tables(plan: Plan) -> dict[str, Table]:
    """Return the printed tables of a plan by key, numbered; those with nothing to show are left out.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict of str to Table
    """
    makers: Sequence[Callable[[Plan], Table]] = (
        _stages, _strata, _interviews, _chances, _weights, _sizes, _intervals, _gates, _proofs, _acceptance, _work, _reserves, _ceremony,
        _published,
    )  # fmt: skip
    made = [table for table in (make(plan) for make in makers) if table.rows]
    source = f"抽样方案（设计指纹 {plan.design.hash[:12]}）{'，' + plan.mark if plan.mark else ''}"
    return {table.key: replace(table, number=f"表{i}", source=source, rows=_total_first(table)) for i, table in enumerate(made, 1)}


def _total_first(table: Table) -> tuple[tuple[Cell, ...], ...]:
    return tuple(sorted(table.rows, key=lambda row: not table.is_total(row)))


def stratum_names(plan: Plan) -> dict[str, str]:
    """Return code → name for strata that are places: coded where the design asks for it, else as the list names them."""
    design, table = plan.design, plan.frame.table()
    names: dict[str, str] = {}
    for stage in design.frame_stages:
        for column in stage.strata:
            codes = sorted(set(table[column]))
            place = design.frame.place
            coded = design.report.code_names and not design.frame.made
            if coded and all(code.isdigit() and len(code) >= FIRST_PLACE for code in codes):
                names |= {code: f"乡镇{i:0{max(2, len(str(len(codes))))}d}" for i, code in enumerate(codes, 1)}
            elif place and table.groupby(column)[place].nunique().max() == 1:
                names |= dict(zip(table[column], table[place], strict=True))
    return names


def _shown(label: str, names: dict[str, str]) -> str:
    whole, mark, rest = label.partition("·")
    return "、".join(names.get(part, part) for part in whole.split("|")) + (f"（{rest}）" if mark else "")


def _whole(value: Any) -> Cell:
    """Return an expected number of units, printed whole; its decimals stay in the workbook."""
    return Cell("") if is_blank(value) else Cell(number(value, 0), float(value))


def _table(key: str, title: str, rows: pd.DataFrame, heads: Sequence[Head], unit: str = "", note: str = "") -> Table:
    columns = tuple(Column(head.heading, FORMS.get(head.form, head.form)) for head in heads)
    lines = tuple(tuple(_cell(row, head) for head in heads) for row in rows.to_dict("records"))
    return Table(key, title, columns, lines, unit=unit, note=note)


def _cell(row: dict[Any, Any], head: Head) -> Cell:
    if head.form == "interval":
        low, high = head.name.split()
        return interval_cell(row[low], row[high], row.get("threshold"))
    value = row[head.name]
    if head.form == "whole":
        return _whole(value)
    if head.form == "chance":
        return Cell("") if is_blank(value) else Cell(chance_text(value), chance_text(value))
    return cell(value, head.form, row.get("threshold") if head.form == "percent" else None)


def _stages(plan: Plan) -> Table:
    heads = [
        Head("unit", "抽取"), Head("method", "方法"), Head("sizes", "个数"), Head("listed", "名单单位数", "count"),
        Head("population", "其中可抽", "count"), Head("strata", "层数", "count"), Head("take", "入样", "count"),
        Head("certain", "其中必入", "count"), Head("shortfall", "不足时"),
    ]  # fmt: skip
    note = "“其中可抽”为属于抽中上级单位的单位数；从名册抽取的阶段为预计数，以名册为准。层数不分上级单位。"
    return _table("stages", "抽样的各阶段", plan.table("stages"), heads, unit="单位：个、户", note=note)


def _own(plan: Plan) -> pd.DataFrame:
    table, names = plan.table("strata"), stratum_names(plan)
    return table.assign(stratum=[_shown(label, names) for label in table["stratum"]])


def _strata(plan: Plan) -> Table:
    heads = [
        Head("unit", "抽取"), Head("stratum", "层"), Head("method", "方法"), Head("cells", "上级单位", "count"),
        Head("population", "单位数", "count"), Head("take", "入样", "count"), Head("take_low", "最少", "count"),
        Head("take_high", "最多", "count"), Head("certain", "其中必入", "count"),
    ]  # fmt: skip
    note = "各层入样数之和等于该阶段的入样数；括号内为必入的理由。"
    table = _table("strata", "各层的单位数与入样数", _own(plan), heads, unit="单位：个、户", note=note)
    return replace(table, spans=(("", 6), ("每个上级单位", 2), ("", 1)))


def _interviews(plan: Plan) -> Table:
    if not plan.design.roster_stages and len(plan.design.frame_stages) < 2:
        return _table("interviews", "", pd.DataFrame(), [])
    names = stratum_names(plan)
    table = plan.table("interviews")
    table = table.assign(stratum=[_shown(label, names) for label in table["stratum"]])
    heads = [
        Head("stratum", "户类型"), Head("villages", "村数", "count"), Head("population", "预计户数", "count"),
        Head("quota", "配额", "count"), Head("issued", "发出（主样本）", "count"),
        Head("ineligible", "预计不合格", "whole"), Head("nonresponse", "预计未应答", "whole"),
        Head("complete", "预计完成", "whole"),
    ]  # fmt: skip
    plan_ = plan.design.planning
    assert plan_ is not None
    rates = f"合格户应答率{gate_text(plan_.response)}，不合格户占{gate_text(plan_.ineligible)}"
    note = f"{rates}，均为规划值；预计完成不计备用户的替换。配额为补足之前的数。"
    return _table("interviews", "户样本：发出与预计完成", table, heads, unit="单位：户", note=note)


def _chances(plan: Plan) -> Table:
    heads = [
        Head("unit", "抽取"), Head("stratum", "层"), Head("prob_low", "最小", "percent"), Head("prob_high", "最大", "percent"),
        Head("overall_low", "最小", "percent"), Head("overall_high", "最大", "percent"), Head("weight_low", "最小", "number"),
        Head("weight_high", "最大", "number"),
    ]  # fmt: skip
    note = "合计概率为各阶段概率之积，权数为其倒数；不是最后一级的阶段不列权数。户的概率按预计户数。"
    spans = (("", 2), ("本阶段概率", 2), ("各阶段合计概率", 2), ("权数", 2))
    return replace(_table("chances", "入样概率与权数的范围", _own(plan), heads, note=note), spans=spans)


def _weights(plan: Plan) -> Table:
    table = plan.table("weights")
    table = table.assign(level=[LEVELS.get(level, level) for level in table.get("level", [])])
    heads = [
        Head("level", "单位"), Head("n", "入样", "count"), Head("sum", "权数合计", "whole"), Head("weight_low", "最小", "number"),
        Head("weight_high", "最大", "number"), Head("ratio", "最大÷最小", "number"), Head("deff_w", "权数设计效应", "fine"),
    ]  # fmt: skip
    note = "权数设计效应为 n·Σw²÷(Σw)²：权数不等使方差放大的倍数。"
    return _table("weights", "预计的权数", table, heads, note=note)


def _sizes(plan: Plan) -> Table:
    heads = [
        Head("rate", "指标"), Head("population", "所属户"), Head("villages", "村数", "count"), Head("complete", "完成户", "whole"),
        Head("take", "每村有效户数", "number"), Head("deff_w", "权数设计效应", "number"), Head("icc", "村内相关", "fine"),
        Head("deff", "设计效应", "number"), Head("n_eff", "有效样本量", "whole"), Head("df", "自由度", "number"),
    ]  # fmt: skip
    table = plan.table("precision")
    icc = "、".join(dict.fromkeys(table["icc_source"]))
    note = f"设计效应＝权数设计效应×（1＋（每村有效户数－1）×村内相关）；村内相关的来源：{icc}。每村有效户数按权数折算。"
    return _table("sizes", "各指标的样本量与设计效应", table, heads, note=note)


def _intervals(plan: Plan) -> Table:
    table = plan.table("precision")
    table = table[table["p"].notna()]
    level = gate_text(table["confidence"].iloc[0]) if len(table) else ""
    heads = [
        Head("rate", "指标"), Head("p", "规划值", "percent"), Head("se", "标准误", "percent"), Head("low high", f"{level}区间", "interval"),
        Head("half", "半宽", "percent"), Head("f_eff", "有效抽样比", "percent"),
    ]  # fmt: skip
    note = "标准误已计有限总体；区间用 kg-m 方法，与报告相同。半宽为区间长度的一半，区间不对称。"
    return _table("intervals", "规划值下的预期精度", table, heads, note=note)


def _gated(plan: Plan) -> pd.DataFrame:
    table = plan.table("gates")
    rows = list(records(table))
    table["gate"] = [gate_words(row) for row in rows]
    table["says"] = [PROVEN.get(row.proven, "不能计算") for row in rows]
    table["none"] = [PROVEN.get(row.proven_none, "不能计算") for row in rows]
    table["allowed"] = ["" if is_blank(row.allowed) else "无" if row.allowed < 0 else number(row.allowed) for row in rows]
    return table


def _gates(plan: Plan) -> Table:
    heads = [
        Head("rate", "指标"), Head("gate", "门槛"), Head("p", "规划值", "percent"), Head("bound", "单侧界限", "percent"),
        Head("says", "规划值下"), Head("bound_none", "无事件时的界限", "percent"),
        Head("none", "无事件时"), Head("expected", "预计事件数", "whole"),
        Head("allowed", "至多几户仍可证实"),
    ]  # fmt: skip
    table = _gated(plan)
    level = gate_text(table["level"].iloc[0]) if len(table) else ""
    note = f"界限的单侧把握程度为{level}；“可以证实”指样本恰如规划值时，界限仍在门槛达到的一侧。事件为差错户，认可度为不认可户。"
    return _table("gates", "各门槛的单侧界限", table, heads, note=note)


def _proofs(plan: Plan) -> Table:
    heads = [
        Head("rate", "指标"), Head("gate", "门槛"), Head("legal_at_p", "按规则通过：规划值", "chance"),
        Head("legal_at_gate", "按规则通过：恰在门槛", "chance"), Head("proof_at_p", "证实的把握", "chance"),
        Head("villages", "现有村数", "count"), Head("villages_bound", "恰如规划值可证实所需村数", "count"),
        Head("villages_power", "八成把握所需村数", "count"),
    ]  # fmt: skip
    note = "“按规则通过”只看点估计；恰在门槛时通过的概率就是误放的风险。概率取两种聚集模型中较不利的一种。"
    note += "所需村数按现有每村户数，空白为不能达到。"
    return _table("proofs", "通过与证实的把握", _gated(plan), heads, note=note)


def _acceptance(plan: Plan) -> Table:
    table = plan.table("acceptance")
    rows = list(records(table))
    table["gate"] = [gate_words(row) for row in rows]
    table["rule"] = [rule_told(row) for row in rows]
    heads = [
        Head("rate", "指标"), Head("gate", "门槛"), Head("rule", "接收规则"), Head("icc", "村内相关", "fine"), Head("model", "聚集模型"),
        Head("risk", "恰在门槛：误予接收", "chance"), Head("risk_planned", "同左，按预计样本", "chance"),
        Head("consumer", "至多", "percent"), Head("rejects_producer", "较好的率：误不接收", "chance"),
        Head("producer_risk", "至多", "percent"), Head("accepts_p", "规划值：接收", "chance"),
    ]  # fmt: skip
    once = records(table.drop_duplicates("rate"))
    better = "、".join(f"{row.rate}{gate_text(row.producer_rate)}" for row in once if not is_blank(row.producer_rate))
    note = "数的是户：差错户，认可度为不认可户。两种模型都要守住；差村指事件集中在少数村。接收规则在入户之前定下，不改变法定规则。"
    return _table("acceptance", "接收规则与两类风险", table, heads, note=note + (f"较好的率：{better}。" if better else ""))


def _work(plan: Plan) -> Table:
    table = plan.table("work")
    heads = [Head("item", "项目"), Head("value", "数量", "number"), Head("unit", "单位")]
    note = "组日为一个组工作一天；一组一天按整村安排，一村做不完的跨到下一天。空白为设计未写。费用不含人员工资与路途。"
    return _table("work", "费用与工作量", table, heads, note=note)


def _reserves(plan: Plan) -> Table:
    if plan.design.reserves is None or not plan.design.roster_stages:
        return _table("reserves", "", pd.DataFrame(), [])
    heads = [
        Head("stratum", "户类型"), Head("issued", "主样本", "count"), Head("missing", "预计未完成", "whole"),
        Head("reserves", "备用户", "count"),
    ]  # fmt: skip
    note = "备用户以该村该类户主样本之外的户为限；预计未完成为不合格与未应答之和。"
    return _table("reserves", "备用户", plan.table("interviews"), heads, unit="单位：户", note=note)


def _ceremony(plan: Plan) -> Table:
    heads = [Head("when", "何时"), Head("step", "做什么"), Head("published", "公布什么")]
    return _table("ceremony", "种子的产生与公布的次序", plan.table("ceremony"), heads)


def _published(plan: Plan) -> Table:
    table = plan.table("published")
    table["says"] = ["相符" if agrees else "不相符" for agrees in table["agrees"]]
    heads = [
        Head("what", "方案中的数"), Head("text", "公布的原文"), Head("published", "公布", "fine"), Head("within", "允许相差", "fine"),
        Head("planned", "方案", "fine"), Head("says", "核对"),
    ]  # fmt: skip
    note = "“a/b”为两数之商，“/list”为占名单单位数的份额；公布为约数的，允许相差已写明。"
    return _table("published", "与公布数字的核对", table, heads, note=note)
