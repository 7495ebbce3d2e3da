"""While teams are in the field, each a command."""

from __future__ import annotations

from typing import Any

import click

from evalkit.cli.group import DAY_FORM, FILES, FOLDER, command, opened, say
from evalkit.evaluation import during
from evalkit.weights.reached import Pending

FOLDER_NEEDED = click.argument("folder", metavar="文件夹")
VILLAGE = click.argument("village", metavar="村代码")
DAY = click.option("--day", required=True, type=DAY_FORM, help="日期，如 2018-11-12。")
WHO = click.option("--who", default="", help="经手人的代号（不写姓名）。")
TEAM = click.option("--team", required=True, help="组名。")


@command()
@FOLDER_NEEDED
@VILLAGE
@click.argument("stratum", metavar="户类型")
@click.option("--replaces", required=True, help="未完成的那一户的编号。")
@click.option("--reason", required=True, help="设计所列的替换原因之一。")
@TEAM
@DAY
@click.option("--household", default="", help="打算启用的备用户编号；不是下一户则拒绝。不写即按顺序。")
@WHO
def reserve(folder: str, village: str, stratum: str, **asked: Any) -> None:
    """启用下一户备用户：按顺序，一次一户，写明替换谁、为什么，记入台账。

    Release the next reserve household, with whom it replaces and why.
    """
    say(during.reserve(opened(folder), village, stratum, **asked))


@command()
@FOLDER
@click.option("--day", "days", multiple=True, type=DAY_FORM, help="工作日，可写几次；不写则为发放名单的各日。")
def board(folder: str, days: tuple[str, ...]) -> None:
    """日进度：各村五步、每组每天至少一村、积分。

    The board: five steps a village, one village a team and day, points.
    """
    say(during.board(opened(folder), days))


@command()
@FOLDER_NEEDED
@VILLAGE
@click.argument("step", metavar="汇总|反馈|通报|交办|验收")
@TEAM
@DAY
@WHO
def mark(folder: str, village: str, step: str, team: str, day: str, who: str) -> None:
    """记下一村五步中的一步：汇总、反馈、通报、交办、验收，依次进行。

    Note one of the five steps of a village.
    """
    say(during.mark(opened(folder), village, step, team=team, day=day, who=who))


@command()
@FOLDER_NEEDED
@click.argument("whose", metavar="组或督查员")
@click.option("--rule", required=True, help="缺勤（−2）、问题未被反驳（+1），或其他规则。")
@click.option("--points", "worth", type=int, default=None, help="其他规则的分。")
@click.option("--inspector", is_flag=True, help="记给督查员，不是组。")
@click.option("--problem", default="", help="问题编号。")
@click.option("--village", default="", help="村代码。")
@DAY
@WHO
def points(folder: str, whose: str, rule: str, **asked: Any) -> None:
    """记一次积分。

    Note points of a team or an inspector.
    """
    say(during.points(opened(folder), whose, rule, **asked))


@command(name="close")
@FOLDER_NEEDED
@VILLAGE
@DAY
@WHO
def close_village(folder: str, village: str, day: str, who: str) -> None:
    """一村销号：信息、指标、反馈都完整才能（三个不放过）。

    Close a village when information, indicators and feedback are complete.
    """
    say(during.close(opened(folder), village, day=day, who=who))


@command()
@FOLDER
@FILES
@click.option("--team", default="", help="回收表中组所在的列名。")
@click.option("--day", default="", help="回收表中日期所在的列名。")
def nightly(folder: str, files: tuple[str, ...], team: str, day: str) -> None:
    """当晚核查表：缺答、不合逻辑、重复、待核，按组按日。

    The check of the evening by team and day: missing, illogical, duplicate, to verify.
    """
    say(during.evening(opened(folder), files, team=team, day=day))


@command(name="response")
@FOLDER
@click.option("--by", multiple=True, help="分组的列，如 stratum、village、interviewer；可写几次。")
@click.option("--e", type=float, default=None, help="不明户中合格的份额；不写则按已知户推算。")
@click.option("--pending", type=click.Choice(["out", "unknown"]), help="没有结果的户：out 不计入，unknown 作不明计入。")
def response(folder: str, by: tuple[str, ...], e: float | None, pending: Pending | None) -> None:
    """应答率 RR1–RR6、合作率、接触率、拒访率，以及替换的份额。

    Response, cooperation, contact and refusal rates; the share of replacements.
    """
    say(during.reached(opened(folder), by, e=e, pending=pending))


@command()
@FOLDER
@FILES
def conflicts(folder: str, files: tuple[str, ...]) -> None:
    """同一户有两份回收的，并列列出。

    List households that came back twice, side by side.
    """
    say(during.conflicts(opened(folder), files))


@command()
@FOLDER_NEEDED
@click.argument("name", metavar="村代码/户编号")
@FILES
@click.option("--keep", required=True, help="采用哪个文件（文件名）。")
@click.option("--row", type=int, required=True, help="采用第几行。")
@click.option("--reason", required=True, help="理由，记入台账。")
@DAY
@WHO
def resolve(folder: str, name: str, files: tuple[str, ...], **asked: Any) -> None:
    """裁定同一户两份回收中采用哪一份；文件都原样保留。

    Decide which of two rows of a household holds.
    """
    say(during.resolve(opened(folder), name, files, **asked))
