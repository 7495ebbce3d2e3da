"""The quality of the fieldwork of one folder: re-interviews, and the workbook of checks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import tickets
from evalkit.charts import Chart
from evalkit.errors import EvalkitError, FieldworkError
from evalkit.evaluation.guards import sound_seed
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.figures import percent
from evalkit.quality import (
    Plausibility,
    interviewers,
    leave_out,
    plausibility,
    recheck,
    registry_bias,
    reinterview,
    without_reserves,
    worst_case,
)
from evalkit.sheets import Page, write_book, write_bytes, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.findings import Findings
    from evalkit.patience import Progress
    from evalkit.quality import Reinterview
    from evalkit.quality.askers import Interviewers, LeftOut

HEADS = {
    "rate": "指标", "left_out": "去掉", "n": "户数", "official": "样本值", "estimate": "估计", "low": "单侧下限", "high": "单侧上限",
    "legal": "达标", "zone": "区", "legal_changes": "达标与否改变", "zone_changes": "区改变", "official_mains": "样本值（只用主样本）",
    "estimate_mains": "估计（只用主样本）", "legal_mains": "达标（只用主样本）", "zone_mains": "区（只用主样本）", "interviews": "完成户",
    "replacements": "其中替换户", "share": "替换户占比", "threshold": "门槛", "respondents": "答的", "silent": "没有答的户",
    "official_low": "样本值（全无差错）", "official_high": "样本值（全是差错）", "estimate_low": "加权（全无差错）",
    "estimate_high": "加权（全是差错）", "legal_worst": "最坏时达标", "flip": "几户是差错就改变", "note": "说明", "variable": "变量",
    "level": "类", "sample": "全部访问的", "difference": "差", "se": "差的标准误", "t": "t", "n_respondents": "完成户数",
}  # fmt: skip
ZONES = {"met": "已证实达到", "not met": "已证实未达到", "not proven": "未能证实"}
SHARES = ("official", "estimate", "low", "high", "share", "threshold")
WHO = {"interviewer": "调查员", "team": "组"}
SOURCES = {
    "核查": "完成户的过程数据（时间、坐标、回访）与答案；界值见设计文件 [quality]",
    "调查员效应": "完成户；差错率看答案显示的疑似情形，认可度看每户是否认可；不加权，村内比较",
    "去掉调查员": "认定的情形；去掉一名调查员（组）后，用同样的权数、估计与判定各算一遍",
    "登记特征": "全部访问过的合格户（完成、拒访、无人），设计权数；登记特征来自名册与名单",
    "替换户": "认定的情形；全部完成户，与只用主样本完成户，各算一遍",
    "最坏情形": "认定的情形；没有答的户以名册人数计，不含抽样误差",
}  # fmt: skip


def inspect_quality(evaluation: Evaluation, slow: bool = True, progress: Progress | None = None) -> Said:
    """Write ``quality/``: one workbook of all tables, each as CSV, and the charts; return what was found.

    Parameters
    ----------
    evaluation : Evaluation
    slow : bool
        Whether each interviewer is left out in turn, which judges the evaluation as often as there are interviewers.
    progress : callable, optional
        Told how many have been.
    """
    findings, place = evaluation.findings(), evaluation.folder.part("quality")
    seen = plausibility(findings.responses)
    tables, undone = _tables(evaluation, findings, slow, progress)
    pages = {**seen.pages(), **{name: _page(name, table) for name, table in tables.items()}}
    rows = [*SOURCES.items(), *((f"未做：{name}", why) for name, why in undone.items())]
    notes = pd.DataFrame(rows, columns=["表", "用什么数据、怎样算"])
    write_book(place / "调查质量.xlsx", {"说明": Page("调查质量", notes), **pages})
    seen.save(place)
    for name, table in tables.items():
        write_csv(_headed(table), place / f"{name}.csv")
    _draw(place, seen)
    left = (f"未做 {name}：{why}" for name, why in undone.items())
    return (repr(seen), *_told(tables), *left, "写入 quality/：调查质量.xlsx、合理性核查.png 与各表 CSV")


def _tables(
    evaluation: Evaluation, findings: Findings, slow: bool, progress: Progress | None
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return every table that can be made, and why the others cannot."""
    frame, rosters = evaluation.frame, evaluation._rosters()
    named = [who for who in WHO if who in findings.table() and (findings.table()[who] != "").any()]
    asked: dict[str, Callable[[], pd.DataFrame]] = {}
    left_out = partial(leave_out, findings, frame, rosters, progress=progress)
    for who in named:
        asked[f"{WHO[who]}效应"] = partial(_tabled, interviewers, findings, who)
        if slow:
            asked[f"去掉{WHO[who]}"] = partial(_tabled, left_out, who=who)
    asked |= {
        "登记特征": lambda: registry_bias(findings.responses), "替换户": lambda: without_reserves(findings, frame, rosters),
        "最坏情形": lambda: worst_case(findings),
    }  # fmt: skip
    absent = "[returns] 没有写 {}，或全部空白"
    made, undone = dict[str, pd.DataFrame](), {f"{title}效应": absent.format(who) for who, title in WHO.items() if who not in named}
    for name, make in asked.items():
        try:
            made[name] = make()
        except EvalkitError as refused:
            undone[name] = "；".join(line.strip() for line in str(refused).splitlines()[:2])
    return made, undone


def _tabled(make: Callable[..., Interviewers | LeftOut], *given: Any, **named: Any) -> pd.DataFrame:
    made = make(*given, **named)
    return made.table()


def _page(name: str, table: pd.DataFrame) -> Page:
    key = name.replace("组", "调查员")
    shares = [str(column) for column in table if str(column).startswith(SHARES)] if name != "登记特征" else []
    return Page(name, _headed(table), formats={HEADS.get(column, column): "0.00%" for column in shares}, notes=(SOURCES[key],))


def _headed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in the words of its readers."""
    zones = {column: table[column].map(ZONES) for column in ("zone", "zone_mains") if column in table}
    return table.assign(**zones).rename(columns=HEADS)


def _draw(place: Path, seen: Plausibility) -> None:
    write_bytes(place / "合理性核查.png", Chart.of(seen.plot(), "plausibility").png())


def _told(tables: dict[str, pd.DataFrame]) -> list[str]:
    """Return one line a table that says something of the verdicts."""
    lines = []
    if "最坏情形" in tables:
        lines += [_silent(row) for row in tables["最坏情形"].to_dict("records")]
    for name in ("去掉调查员", "去掉组"):
        if name in tables and len(tables[name]):
            changes = tables[name].groupby("rate", sort=False)["legal_changes"].sum()
            lines += [f"{name}：" + "，".join(f"{rate} 判定改变 {count} 次" for rate, count in changes.items())]
    return lines


def _silent(row: dict[Any, Any]) -> str:
    flips = row["note"] or f"其中 {row['flip']} 户是差错，判定改变"
    low, high = percent(row["official_low"]), percent(row["official_high"])
    return f"{row['rate']}：没有答的 {row['silent']} 户，率在 {low} 与 {high} 之间；{flips}"


def draw_reinterview(evaluation: Evaluation, *, share: float, seed: str, by: tuple[str, ...], reason: str = "") -> Said:
    """Draw who is visited again, note it in the ledger, and write the blind list into ``quality/``; a second draw needs a reason."""
    digits = sound_seed(seed)
    plan = reinterview(evaluation.findings(), share=share, seed=digits, by=list(by) or "village")
    detail = _drawn_as(plan)
    noted = evaluation.ledger.last("reinterview")
    again = noted is not None and any(noted.detail.get(key) != value for key, value in detail.items())
    if again and not reason.strip():
        raise FieldworkError("复访已经抽过｜同一次评估只抽一次｜用原来的种子、比例与 --by；确要重抽，加 --reason 说明理由，记入台账")
    if noted is None or again:
        evaluation.ledger.append("reinterview", "", {**detail, "reason": reason.strip()})
    plan.save(evaluation.folder.part("quality"))
    return repr(plan), "quality/复访名单.xlsx 交复访组：不含首访的答案，也不说明哪一户有问题"


def _drawn_as(plan: Reinterview) -> dict[str, Any]:
    """Return what the ledger keeps of a draw of re-interviews: never the seed itself."""
    return {"share": plan.share, "by": list(plan.by), "seed": tickets.seal(plan.seed)}


def take_reinterview(evaluation: Evaluation, files: tuple[str, ...], *, share: float, seed: str, by: tuple[str, ...]) -> Said:
    """Read the filled blind list and write what it says of the rates into ``quality/``."""
    plan = reinterview(evaluation.findings(), share=share, seed=sound_seed(seed), by=list(by) or "village")
    noted = evaluation.ledger.last("reinterview")
    if noted is None or any(noted.detail.get(key) != value for key, value in _drawn_as(plan).items()):
        raise FieldworkError("种子、比例或 --by｜与抽取复访户时所用的不同｜照抽取时的写")
    found, place = recheck(plan, list(files)), evaluation.folder.part("quality")
    write_csv(found.corrected(), place / "复访校正.csv")
    write_csv(found.counts(), place / "复访对照.csv")
    agreed = []
    for rate in found.rates:
        try:
            agreed.append(found.agreement(rate.name).table().reset_index().assign(指标=rate.name))
        except EvalkitError:
            continue  # nobody in error at either visit: the counts say so
    if agreed:
        write_csv(pd.concat(agreed, ignore_index=True), place / "复访一致性.csv")
    return repr(found), "写入 quality/：复访校正.csv、复访对照.csv" + ("、复访一致性.csv" if agreed else "；无人有差错，一致性指标不给出")
