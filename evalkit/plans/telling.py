"""A plan in a few lines, as the command line prints it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.figures import gate_text, gate_words, interval, is_blank, number, percent
from evalkit.plans.wording import counted

if TYPE_CHECKING:
    from evalkit.plans.planned import Plan

MOST_LINES = 24  # and one for the place of the files
SAYS = {True: "可以证实", False: "不能证实"}


def told_lines(plan: Plan) -> list[str]:
    """Return a plan in at most 24 lines."""
    tables = plan.tables()
    head = f"{plan.design.evaluation.title}抽样方案{f'（{plan.mark}）' if plan.mark else ''}"
    parts = (_counts(plan, tables), _proofs(tables), _rules(tables), _field(tables), _checks(tables))
    told = [head, *tables["stages"]["sentence"], *(line for part in parts for line in part)]
    cut = [*told[: MOST_LINES - 1], f"……另有 {len(told) - MOST_LINES + 1} 行，见文件"]
    return told if len(told) <= MOST_LINES else cut


def chance_text(chance: float) -> str:
    """Return a chance with one decimal, without pretending to be certain.

    Examples
    --------
    >>> chance_text(0.6954), chance_text(0.99998), chance_text(0.00001)
    ('69.5%', '>99.9%', '<0.1%')
    """
    return ">99.9%" if chance > 0.999 else "<0.1%" if chance < 0.001 else percent(chance, 1)


def rule_told(rule: Any) -> str:
    """Return an acceptance rule in a few words: a row of the plan's table ``acceptance``."""
    sample = f"{number(rule.villages)}个村×{number(rule.take)}户"
    if is_blank(rule.villages_second):
        return f"{sample}，至多{number(rule.at_most)}户接收"
    first = f"至多{number(rule.accept_first)}户接收，" if rule.accept_first >= 0 else ""
    then = f"其间再抽{number(rule.villages_second)}个村，合计至多{number(rule.at_most)}户接收"
    return f"先{sample}，{first}{number(rule.reject_first)}户以上不接收，{then}"


def rows_of(table: pd.DataFrame) -> list[Any]:
    """Return the rows of a table with their cells by name."""
    return list(table.itertuples(index=False))


def _counts(plan: Plan, tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    stages = {stage.name: stage for stage in plan.design.stages}
    parts = [f"{counted(row.take, stages[row.stage])}（{_out_of(row)}）" for row in rows_of(tables["stages"])]
    yield f"入样：{' → '.join(parts)}"
    if plan.design.roster_stages:
        total = rows_of(tables["interviews"])[-1]
        lost = f"不合格{number(total.ineligible, 0)}户、未应答{number(total.nonresponse, 0)}户"
        yield f"主样本{number(total.issued)}户，预计{lost}，完成{number(total.complete, 0)}户；备用户{number(total.reserves)}户"
    last = rows_of(tables["weights"])[-1]
    yield f"权数{number(last.weight_low, 1)}至{number(last.weight_high, 1)}，权数设计效应{number(last.deff_w)}"


def _out_of(row: Any) -> str:
    return f"名单{row.listed}" if row.list == "名单" else f"抽中村约{row.population}"


def _proofs(tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    gated = set(tables["gates"]["rate"])
    for row in rows_of(tables["precision"]):
        if row.rate not in gated and not pd.isna(row.p):
            shown = interval(row.low, row.high) or "自由度为 0，无区间"
            yield f"{row.rate}：规划值{percent(row.p)}，{gate_text(row.confidence)}区间{shown}"
    for gate in rows_of(tables["gates"]):
        bound = "" if pd.isna(gate.bound) else f"，单侧界限{percent(gate.bound, gate=gate.threshold)}"
        chance = "" if pd.isna(gate.proof_at_p) else f"，证实的把握{chance_text(gate.proof_at_p)}"
        shown = percent(gate.p, gate=gate.threshold) or "未写"
        yield f"{gate.rate}（{gate_words(gate)}）：规划值{shown}{bound}，{SAYS.get(gate.proven, '规划值或自由度不足')}{chance}"


def _rules(tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    for _, models in tables["acceptance"].groupby("rate", sort=False):
        rule = rows_of(models)[0]
        yield f"{rule.rate}接收规则：{rule_told(rule)}；恰在门槛时误予接收的概率{chance_text(models['risk'].max())}"


def _field(tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    values = dict(zip(tables["work"]["key"], tables["work"]["value"], strict=True))
    days: str = "未写 interviews_per_day" if pd.isna(values["team_days"]) else f"{number(values['team_days'])}组日"
    span: str = "" if pd.isna(values["days"]) else f"，{number(values['teams'])}组约{number(values['days'])}天"
    cost: str = "" if pd.isna(values["cost"]) else f"，费用{number(values['cost'], 0)}元"
    yield f"工作量：{days}{span}{cost}"


def _checks(tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    table = tables["published"]
    wrong = [row for row in rows_of(table) if not row.agrees]
    if len(table):
        yield f"公布数字：{len(table)}个，相符{len(table) - len(wrong)}个"
    yield from (f"不相符：{row.what} 公布{number(row.published)}，方案{number(row.planned)}" for row in wrong)
