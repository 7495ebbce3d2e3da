"""Papers: what became of their numbers, the papers of rectification, the summary of a programme, the page of a draw."""

from __future__ import annotations

import sys

import click

from evalkit.cli.group import DAY_FORM, FOLDER, command, opened, progress, say
from evalkit.evaluation import proofing, rectification, summing
from evalkit.report.rectifying import PAPERS


@command(name="proofread")
@click.argument("edited", metavar="改过的.docx")
@FOLDER
@click.option("--against", default="", help="与另一个 Word 文件核对（如抽样方案）；不写时与 results/ 核对。")
def check_numbers(edited: str, folder: str, against: str) -> None:
    """数字核对：逐处列出改过的报告中与结果不符的数。

    Hold every number of an edited report against the results.
    """
    said, clean = proofing.check_numbers(opened(folder), edited, against)
    say(said)
    if not clean:
        sys.exit(1)


@command(name="paper")
@click.argument("kind", type=click.Choice(list(PAPERS)), metavar="种类")
@click.argument("problems", metavar="问题清单")
@FOLDER
@click.option("--date", required=True, help="文件的日期，如 2018-12-20；是否超期也看这一天。")
@click.option("--due", default="", help="上报整改方案的期限；交办通知须写。")
@click.option("--appeal", default="", help="提出异议的期限；只在交办通知中，不写则不提。")
@click.option("--by", default="", help="落款；不写时交办通知用评估机构，其余用县人民政府。")
@click.option("--number", default="", help="文号。")
def write_rectification(kind: str, problems: str, folder: str, date: str, due: str, appeal: str, by: str, number: str) -> None:
    """整改文件：notice 问题清单及交办通知，plan 整改方案，pledge 责任书，progress 整改情况报告，closing 销号登记表；清单可写 台账。

    Papers of rectification from a list of problems, or from that of the ledger: notice, plan, pledge, progress, closing.
    """
    say(rectification.write_rectification(opened(folder), kind, problems, date=date, due=due, appeal=appeal, by=by, number=number))


@command(name="summary")
@click.argument("folders", nargs=-1, required=True, metavar="文件夹…")
@click.option("--out", required=True, help="汇总报告写到哪个文件夹。")
@click.option("--title", required=True, help="题目，如 某省2018年贫困县退出第三方评估汇总报告。")
@click.option("--by", required=True, help="落款。")
@click.option("--date", required=True, type=DAY_FORM, help="日期，如 2018-12-20。")
@click.option("--number", default="", help="文号。")
def sum_up(folders: tuple[str, ...], out: str, title: str, by: str, date: str, number: str) -> None:
    """多个县的汇总报告：各县并列，分别判定，不相加、不排名。

    The summary of several counties, each judged by itself, side by side.
    """
    say(summing.sum_up(folders, out, title=title, by=by, date=date, number=number, progress=progress))


@command(name="receipt")
@FOLDER
def certify(folder: str) -> None:
    """抽样凭证页：怎样抽、抽了多少、各项指纹；没有种子和抽中的单位。

    The page of a draw: how it was drawn, how many, and all hashes; neither seed nor units.
    """
    say(summing.certify(opened(folder)))
