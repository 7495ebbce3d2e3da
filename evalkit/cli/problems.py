"""Problems: listed, noted, signed, closed; overdue, progress, the four lists."""

from __future__ import annotations

import click

from evalkit.cli.group import FOLDER, group, opened, say
from evalkit.evaluation import rectifying

NUMBER = click.argument("number", metavar="问题编号")
WHO = click.option("--who", required=True, help="何人（代号，不写姓名）。")
DAY = click.option("--day", required=True, help="何日，如 2018-05-20。")
UNTIL = click.option("--day", required=True, help="截至哪一天，如 2018-06-20。")
START = click.option("--start", default="", help="反馈的日期；有“反馈后几天内”的阶段时须写。")


@group()
def problems() -> None:
    """问题清单与整改：登记、反馈、整改、签字、销号，逐步记入台账。

    Problems and their rectification, step by step in the ledger.
    """


@problems.command(name="form")
@FOLDER
def write_forms(folder: str) -> None:
    """写出空的问题清单与整改步骤表，供填写。

    Write empty forms of problems and steps, to be filled in.
    """
    say(rectifying.write_forms(opened(folder)))


@problems.command(name="import")
@FOLDER
@click.argument("file", metavar="文件")
@WHO
@DAY
def take_list(folder: str, file: str, who: str, day: str) -> None:
    """收入问题清单：同一个问题合并，各来源都保留。

    Take a list of problems; the same problem from several sources becomes one.
    """
    say(rectifying.take_list(opened(folder), file, who=who, day=day))


@problems.command(name="list")
@FOLDER
@click.option("--number", default="", help="只列这一个问题的各步。")
def tell_list(folder: str, number: str) -> None:
    """列出问题与现在的状态。

    List problems and their status.
    """
    say(rectifying.tell_list(opened(folder), number))


@problems.command(name="note")
@FOLDER
@NUMBER
@click.argument("step", metavar="步骤")
@WHO
@DAY
@click.option("--text", required=True, help="做了什么，或因何延期、退回。")
@click.option("--plan", default="", help="下步打算。")
@click.option("--deadline", default="", help="延期时写新的时限。")
def note_one(folder: str, number: str, step: str, who: str, day: str, text: str, plan: str, deadline: str) -> None:
    """记一步：反馈、整改、延期、退回。

    Note one step: feedback, rectification, delay, return.
    """
    say(rectifying.note_one(opened(folder), number, step, who=who, day=day, text=text, plan=plan, deadline=deadline))


@problems.command(name="sign")
@FOLDER
@NUMBER
@click.argument("role", metavar="职务")
@WHO
@DAY
@click.option("--paper", default="", help="签了字的文书：只记指纹。")
def sign_one(folder: str, number: str, role: str, who: str, day: str, paper: str) -> None:
    """签字：依设计中的各级由低到高。

    Sign, level by level from below.
    """
    say(rectifying.sign_one(opened(folder), number, role, who=who, day=day, paper=paper))


@problems.command(name="close")
@FOLDER
@NUMBER
@WHO
@DAY
@click.option("--evidence", required=True, help="佐证文件：只记文件名与指纹，不存文件。")
@click.option("--text", default="", help="备注。")
def close_one(folder: str, number: str, who: str, day: str, evidence: str, text: str) -> None:
    """销号：有佐证、各级都已签字，才能销。

    Close a problem that has evidence and all signatures.
    """
    say(rectifying.close_one(opened(folder), number, who=who, day=day, evidence=evidence, text=text))


@problems.command(name="steps")
@FOLDER
@click.argument("file", metavar="文件")
@click.option("--evidence", default="", help="佐证文件所在的文件夹；不写为表格所在的文件夹。")
def take_steps(folder: str, file: str, evidence: str) -> None:
    """从表格收入许多步，全收或全不收。

    Take many steps from a table, all or none.
    """
    say(rectifying.take_steps(opened(folder), file, evidence=evidence))


@problems.command(name="overdue")
@FOLDER
@UNTIL
def tell_overdue(folder: str, day: str) -> None:
    """列出到这一天逾期的问题。

    List the problems that are overdue on a day.
    """
    say(rectifying.tell_overdue(opened(folder), day))


@problems.command(name="progress")
@FOLDER
@UNTIL
@click.option("--by", multiple=True, type=click.Choice(rectifying.choices()), help="按组别、级、地点、牵头部门、责任单位、来源分。")
def tell_progress(folder: str, day: str, by: tuple[str, ...]) -> None:
    """整改情况：已完成、未完成、下步打算。

    What is done, what is not, and what comes next.
    """
    say(rectifying.tell_progress(opened(folder), day, by))


@problems.command(name="export")
@FOLDER
@UNTIL
@START
def write_lists(folder: str, day: str, start: str) -> None:
    """写出四清单与销号登记表。

    Write the four lists and the register of closings.
    """
    say(rectifying.write_lists(opened(folder), day, start))


@problems.command(name="stages")
@FOLDER
@START
def tell_stages(folder: str, start: str) -> None:
    """列出整改的各个阶段与日期。

    List the stages of rectification and their days.
    """
    say(rectifying.tell_stages(opened(folder), start))
