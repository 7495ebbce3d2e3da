"""Cases: opened, moved, listed, taken from a table."""

from __future__ import annotations

import click

from evalkit.cli.group import DAY_FORM, FOLDER, command, group, opened, say
from evalkit.evaluation import casing

CASE = click.argument("number", metavar="案件编号")
WHO = click.option("--who", required=True, help="何人（代号，不写姓名）。")
DAY = click.option("--day", required=True, type=DAY_FORM, help="何日，如 2018-11-12。")
REASON = click.option("--reason", required=True, help="何故。")


@group()
def case() -> None:
    """案件：线索、疑似、反馈、举证、认定或排除、复议、终定，逐步记入台账。

    Cases, step by step in the ledger.
    """


@case.command(name="list")
@FOLDER
@click.option("--case", "number", default="", help="只列这一件的各步。")
def list_cases(folder: str, number: str) -> None:
    """列出案件与现在的状态。

    List cases and their status.
    """
    say(casing.list_cases(opened(folder), number))


@case.command(name="open")
@FOLDER
@click.argument("number", required=False, metavar="[案件编号]")
@WHO
@DAY
@click.option("--reason", default="", help="何故；不写案件编号时用不达标的项目。")
@click.option("--status", default="疑似", help="线索或疑似。")
@click.option("--reopen", is_flag=True, help="回收表中已认定或排除的，也从疑似走起。")
def open_case(folder: str, number: str | None, who: str, day: str, reason: str, status: str, reopen: bool) -> None:
    """立案：写案件编号（村/户/情形）立一件；不写，为回收表中每个问题立案。

    Open one case, or one for every finding of the returns.
    """
    made = opened(folder)
    if number:
        say(casing.open_one(made, number, who=who, day=day, reason=reason, status=status))
    else:
        say(casing.open_found(made, who=who, day=day, reopen=reopen))


@case.command(name="move")
@FOLDER
@CASE
@click.argument("status", metavar="状态")
@WHO
@DAY
@REASON
@click.option("--deadline", default="", type=DAY_FORM, help="举证截止的日期；已反馈时须写。")
@click.option("--outcome", default="", help="成立或不成立；终定时须写。")
def move_case(folder: str, number: str, status: str, who: str, day: str, reason: str, deadline: str, outcome: str) -> None:
    """一件案件走一步；次序不对的不记。

    Take one step of a case.
    """
    say(casing.move_one(opened(folder), number, status, who=who, day=day, reason=reason, deadline=deadline, outcome=outcome))


@case.command(name="import")
@FOLDER
@click.argument("file", metavar="文件")
def import_steps(folder: str, file: str) -> None:
    """从表格收入许多步：案件编号、状态、人、日期、理由，全收或全不收。

    Take many steps from a table, all or none.
    """
    say(casing.import_steps(opened(folder), file))


@case.command(name="evidence")
@FOLDER
@CASE
@click.argument("exhibit", metavar="证据编号")
@click.argument("name", metavar="名称")
@WHO
@click.option("--received", required=True, type=DAY_FORM, help="收到的日期。")
@click.option("--file", default="", help="证据文件：只记文件名与指纹，不存文件。")
@click.option("--page", default="", help="页码。")
@click.option("--issuer", default="", help="出具单位。")
@click.option("--issued", default="", type=DAY_FORM, help="出具日期。")
def list_evidence(
    folder: str, number: str, exhibit: str, name: str, who: str, received: str, file: str, page: str, issuer: str, issued: str
) -> None:
    """登记一件证据。

    Register a piece of evidence.
    """
    told = {"who": who, "received": received, "file": file, "page": page, "issuer": issuer, "issued": issued}
    say(casing.list_evidence(opened(folder), number, exhibit, name, **told))


@case.command(name="rule")
@FOLDER
@CASE
@click.argument("exhibit", metavar="证据编号")
@click.argument("admitted", metavar="采信或不采信")
@WHO
@DAY
@REASON
def rule_evidence(folder: str, number: str, exhibit: str, admitted: str, who: str, day: str, reason: str) -> None:
    """记一件证据采信或不采信；逾期的按设计中 [cases] late 的规则。

    Note whether evidence is admitted.
    """
    say(casing.rule_evidence(opened(folder), number, exhibit, admitted, who=who, day=day, reason=reason))


@case.command(name="pack")
@FOLDER
def write_pack(folder: str) -> None:
    """写出复议卷：每案一张举证表，经过、证据目录与全部指纹。

    Write the appeal pack.
    """
    say(casing.pack(opened(folder)))


@case.command(name="changes")
@FOLDER
@click.argument("earlier", metavar="以前的results文件夹")
@click.option("--since", required=True, type=int, help="以前的结果所据台账的末条序号。")
def tell_changes(folder: str, earlier: str, since: int) -> None:
    """复议之后哪些数变了：旧值、新值、因哪些案件、何人签字。

    Which numbers changed after appeals, and by which cases.
    """
    say(casing.tell_changes(opened(folder), earlier, since))


@command(name="distance")
@FOLDER
def tell_distance(folder: str) -> None:
    """距门槛还有多远：每个案件认定或排除后指标怎样变，各道门槛还能承受几户。

    How far the county is from each gate, and what each case would change.
    """
    say(casing.tell_distance(opened(folder)))
