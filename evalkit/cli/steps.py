"""The steps of one evaluation, each a command."""

from __future__ import annotations

import sys

import click

from evalkit.cli.group import DAY_FORM, FILES, FOLDER, command, opened, progress, say
from evalkit.evaluation import begin, comparing, opening, run, secrecy


@command()
@click.argument("folder", metavar="文件夹")
def init(folder: str) -> None:
    """新建文件夹：设计文件样例，名单、名册、回收表的 Excel 模板。

    New folder: a sample design, and templates for frame, rosters and returns.
    """
    say(begin(folder))


@command()
@FOLDER
def check(folder: str) -> None:
    """检查名单、名册与回收表，错误列成一张表。

    Check frame, rosters and returns; all faults in one table.
    """
    said, clean = opened(folder).check()
    say(said)
    if not clean:
        sys.exit(1)


@command()
@FOLDER
@click.option("--seed", default=None, help="公开产生的种子，至少 20 位数字；不写则用仪式产生的种子。")
@click.option("--reason", default=None, help="重抽，或不用已公告的仪式的理由，记入台账。")
def draw(folder: str, seed: str | None, reason: str | None) -> None:
    """抽取村，写出抽样凭证。

    Draw the villages and write the certificate.
    """
    say(opened(folder).draw(seed=seed, reason=reason))


@command()
@FOLDER
@FILES
def rosters(folder: str, files: tuple[str, ...]) -> None:
    """收入到达的村名册（不分先后），抽取各村农户。

    Take the rosters that have arrived, and draw households.
    """
    say(opened(folder).rosters(*files))


@command()
@FOLDER
def lists(folder: str) -> None:
    """每村写一份入户名单与密封备用户。

    A list for each village, with sealed reserves.
    """
    say(opened(folder).lists())


@command()
@FOLDER
@click.argument("villages", nargs=-1, metavar="[村代码]…")
@click.option("--team", required=True, help="领取名单的组。")
@click.option("--day", required=True, type=DAY_FORM, help="入村的日期，如 2018-11-12。")
@click.option("--reason", default=None, help="已发放的村另发的理由，记入台账。")
def release(folder: str, villages: tuple[str, ...], team: str, day: str, reason: str | None) -> None:
    """按日把当天各村的名单发给一个组，记入台账。

    Give the lists of a day to a team, noted in the ledger.
    """
    say(opening.release(opened(folder), villages, team=team, day=day, reason=reason))


@command()
@FOLDER
@FILES
def collect(folder: str, files: tuple[str, ...]) -> None:
    """收入回收表，与样本核对。

    Take the returns and hold them against the sample.
    """
    say(opened(folder).collect(*files))


@command()
@FOLDER
def estimate(folder: str) -> None:
    """计算指标、区间与结论，写入 results/。

    Compute rates, intervals and verdicts into results/.
    """
    say(opened(folder).estimate())


@command()
@FOLDER
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="en 写英文报告 report.docx 等：同样的表，没有图。")
def report(folder: str, language: str) -> None:
    """由 results/ 写出报告：docx、pdf、html、xlsx。

    Write the report: docx, pdf, html, xlsx.
    """
    say(opened(folder).report(language))


@command()
@FOLDER
@click.argument("frame", required=False, metavar="[名单]")
@click.option("--annex", default=None, help="农户附件；只在给出凭证与名单时用。")
@click.option("--earlier", multiple=True, help="以前各轮的凭证或附件；只在给出凭证与名单时用。")
def verify(folder: str, frame: str | None, annex: str | None, earlier: tuple[str, ...]) -> None:
    """用名单与名册重抽一遍，与凭证逐项对照；没有文件夹的，写 凭证.json 名单.csv。

    Draw again from frame and rosters, and compare with the certificate.
    """
    said, agrees = comparing.check_receipt(folder, frame, annex, earlier) if frame else opened(folder).verify()
    say(said)
    if not agrees:
        sys.exit(1)


@command()
@FOLDER
@click.option("--reason", default=None, help="现场未完成就公开凭证的理由，记入台账。")
@click.option("--tables", is_flag=True, help="写出可公布的结果表：个数少的格不公布。")
def publish(folder: str, reason: str | None, tables: bool) -> None:
    """写出公开的文件：现场期间只有指纹，全部完成后是凭证与核对工具。

    Write what may be made public.
    """
    say(secrecy.publish_tables(opened(folder)) if tables else opening.publish(opened(folder), reason))


@command()
@click.argument("one", metavar="文件夹")
@click.argument("other", metavar="另一文件夹")
def overlap(one: str, other: str) -> None:
    """两次评估（两年、两轮）的样本村重合多少。

    How many villages two samples share.
    """
    say(comparing.compare(opened(one), opened(other)))


@command(name="run")
@click.argument("design", metavar="设计文件")
@click.option("--out", default=None, help="输出文件夹；不写则为 reports/<report.name>/。")
@click.option("--seed", default=None, help="种子；不写则用仪式产生的种子，再不然用样例自带的种子。")
@click.option("--workers", default=1, show_default=True, help="多个县的项目用几个进程，-1 为全部核；数值不因此而变。")
@click.option("--workbooks", is_flag=True, help="多个县的项目：各县的回收表写成工作簿再读回。")
def run_all(design: str, out: str | None, seed: str | None, workers: int, workbooks: bool) -> None:
    """用模拟的名册与回收表把全部步骤走一遍；设计有 [programme] 的，逐县走完并写汇总报告。

    All steps at once on simulated rosters and returns, county by county where the design is a programme.
    """
    say(run(design, out, seed=seed, progress=progress, workers=workers, workbooks=workbooks))
