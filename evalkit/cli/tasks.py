"""Yearly tasks and their lights, duties by frequency, and lists of what is looked at again."""

from __future__ import annotations

from typing import Any

import click

from evalkit.cli.group import DAY_FORM, apart, group, say
from evalkit.errors import FieldworkError
from evalkit.filledin import save_book
from evalkit.sheets import Page
from evalkit.tasks import MISSING, QUARTERS, RULES, check_duties, inspector_points, read_tasks, revisit, write_task_forms

LIST = click.argument("path", metavar="任务清单")
QUARTER = click.option("--quarter", required=True, type=click.Choice(QUARTERS), help="如 一季度；全年写四季度。")
SCORING = click.option(
    "--scoring", required=True, type=click.Choice(tuple(RULES)), help="如 proportional（按完成比例）；whole（达到才计分）。"
)  # fmt: skip
UNTOLD = click.option(
    "--missing", default="fail", show_default=True, type=click.Choice(tuple(MISSING)), help="没有报的进度：fail 停下，zero 按 0，out 不计。"
)  # fmt: skip


@group()
def tasks() -> None:
    """任务与职责：年度任务清单记分、按季亮灯，按频次核对履职，抽取回头看名单，督查员积分。

    Yearly tasks with scores and lights, duties by frequency, lists to look at again, points of inspectors.
    """


@tasks.command(name="form")
@click.argument("folder", metavar="文件夹")
def write_forms(folder: str) -> None:
    """写出空的任务清单、职责表、履职记录、已办结清单、出勤表、督查问题。

    Write empty tables of tasks, duties, records, closed matters, attendance and problems.
    """
    say(f"写入 {path}" for path in write_task_forms(folder))


@tasks.command(name="score")
@LIST
@QUARTER
@SCORING
@UNTOLD
@click.option("--out", default="任务考核.xlsx", show_default=True, help="写出的工作簿。")
def score_units(path: str, quarter: str, scoring: Any, missing: Any, out: str) -> None:
    """各单位的任务完成了多少，得多少分；哪些滞后，哪些没有报。

    Score units by their tasks; list what is behind or was not reported.
    """
    found = read_tasks(path)
    late = found.state(quarter, scoring, missing=missing)["状态"].value_counts()
    told = "，".join(f"{word} {count} 项" for word, count in late.items())
    say([repr(found), f"{quarter}：{told}", f"写入 {found.save(apart(out, path), quarter, scoring, missing=missing)}"])


@tasks.command(name="lights")
@LIST
@QUARTER
@SCORING
@click.option("--rule", required=True, type=click.Choice(("rank", "threshold")), help="如 rank（末几名）；threshold（低于几分）。")
@click.option("--red", required=True, type=float, help="红灯：末几名，或低于几分，如 1。")
@click.option("--yellow", required=True, type=float, help="黄灯：红灯之上几名，或低于几分，如 2。")
@click.option("--source", required=True, help="规则出自哪个文件。")
@UNTOLD
@click.option("--out", default="亮灯.xlsx", show_default=True, help="写出的工作簿。")
def light_units(path: str, quarter: str, scoring: Any, missing: Any, out: str, **rule: Any) -> None:
    """按写明的规则亮红灯、黄灯，并列出曝光名单（已连续几个季度）。

    Give red and yellow lights by a declared rule, and the exposure list.
    """
    found = read_tasks(path)
    lit = found.lights(quarter, scoring, rule, missing=missing)
    shown = [f"{light}：{'、'.join(lit.loc[lit['light'] == light, 'unit']) or '无'}" for light in ("红灯", "黄灯")]
    say([repr(found), *shown, f"写入 {found.save(apart(out, path), quarter, scoring, rule, missing=missing)}"])


@tasks.command(name="duties")
@click.argument("duties", metavar="职责表")
@click.argument("done", metavar="履职记录")
@click.option("--first", required=True, type=DAY_FORM, help="从哪一天起，如 2018-01-01。")
@click.option("--last", required=True, type=DAY_FORM, help="到哪一天止，如 2018-03-31。")
@click.option("--out", default="履职.xlsx", show_default=True, help="写出的工作簿。")
def hold_duties(duties: str, done: str, first: str, last: str, out: str) -> None:
    """每周、每月、每季度应做几次，做了几次，哪些时段不足。

    How often each duty was due and done, and the periods in which it was not.
    """
    found = check_duties(duties, done, first=first, last=last)
    say([repr(found), f"写入 {found.save(apart(out, duties, done))}"])


@tasks.command(name="revisit")
@click.argument("path", metavar="已办结清单")
@click.option("--share", required=True, type=float, help="每类抽多少，如 0.2。")
@click.option("--seed", required=True, help="当众产生的种子，与名单一同保存。")
@click.option("--by", default=None, help="按哪一列分类，各类分别抽，如 类别。")
@click.option("--every", multiple=True, help="全部再看的类别，如 2017年脱贫户；可写几次。")
@click.option("--code", default="编号", show_default=True, help="编号所在的列。")
@click.option("--out", default="回头看.xlsx", show_default=True, help="写出的工作簿。")
def look_again(path: str, share: float, seed: str, by: str | None, every: tuple[str, ...], code: str, out: str) -> None:
    """从已办结的中抽取回头看名单：按签号，谁都可以重抽。

    Draw by ticket what of the closed is looked at again.
    """
    drawn = revisit(path, share=share, seed=seed, by=by, every=every, code=code)
    if drawn.empty:
        raise FieldworkError(f"--share {share:g}｜一件也不抽｜写大于 0 的数，如 --share 0.2；或用 --every 写明全部再看的类别")
    note = [f"种子 {seed}；签号为 SHA-256（种子|revisit|编号），每类取最小的。"]
    counts = drawn.drop_duplicates("类别")
    told = [f"{kind}：{many} 件抽 {take}" for kind, many, take in counts[["类别", "件数", "抽取"]].itertuples(index=False)]
    say([*told, f"写入 {save_book(apart(out, path), {'回头看名单': Page('回头看名单', drawn, formats={'概率': '0.0000'}, notes=note)})}"])


@tasks.command(name="inspectors")
@click.argument("attendance", metavar="出勤表")
@click.argument("problems", metavar="[督查问题]", required=False)
@click.option("--out", default="督查积分.xlsx", show_default=True, help="写出的工作簿。")
def count_points(attendance: str, problems: str | None, out: str) -> None:
    """督查员积分：缺勤 −2，所查乡村不能有效举证的问题 +1；每日公布。

    Points of inspectors: -2 for absence, +1 for a problem that was not rebutted; day by day.
    """
    found = inspector_points(attendance, problems)
    best = found.table().head(3)
    told = [f"{place}. {who} {points:+d}" for place, who, points in best[["名次", "督查员", "积分"]].itertuples(index=False)]
    say([repr(found), *told, f"写入 {found.save(apart(out, attendance, problems))}"])
