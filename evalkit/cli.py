"""The command line: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from evalkit import __version__
from evalkit.errors import EvalkitError
from evalkit.evaluation import Evaluation, begin, run

FOLDER = click.argument("folder", default=".", metavar="[文件夹]")
FILES = click.argument("files", nargs=-1, metavar="[文件]…")


class Group(click.Group):
    """Commands that end with a readable message and status 1 when evalkit refuses."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; a console in another code page prints what it can rather than stopping."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; print a refusal instead of a traceback."""
        try:
            return super().invoke(ctx)
        except EvalkitError as refusal:
            click.echo(str(refusal), err=True)
        except OSError as trouble:
            where = trouble.filename or "文件"
            click.echo(f"{where}｜读写不成：{trouble.strerror or trouble}｜检查权限、磁盘空间，关闭正打开它的程序后重试", err=True)
        ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the work, not of the alphabet."""
        return list(self.commands)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evalkit")
def main() -> None:
    """第三方评估：抽样、名单、回收、估计、报告、验证。

    一次评估一个文件夹，逐步进行，各步可隔数日，可重复执行：

    init → check → draw → rosters → lists → collect → estimate → report → verify

    Third-party evaluation, step by step in one folder; `run` chains all steps on simulated data.
    """


@main.command()
@click.argument("folder", metavar="文件夹")
def init(folder: str) -> None:
    """新建文件夹：设计文件样例，名单、名册、回收表的 Excel 模板。"""
    _say(begin(folder))


@main.command()
@FOLDER
def check(folder: str) -> None:
    """检查名单、名册与回收表，错误列成一张表。"""
    said, clean = Evaluation(folder).check()
    _say(said)
    if not clean:
        sys.exit(1)


@main.command()
@FOLDER
@click.option("--seed", default=None, help="公开产生的种子，至少 20 位数字；不写则读 draw/ceremony.toml。")
@click.option("--reason", default=None, help="另换种子重抽的理由，记入台账。")
def draw(folder: str, seed: str | None, reason: str | None) -> None:
    """抽取村，写出抽样凭证。"""
    _say(Evaluation(folder).draw(seed=seed, reason=reason))


@main.command()
@FOLDER
@FILES
def rosters(folder: str, files: tuple[str, ...]) -> None:
    """收入到达的村名册（不分先后），抽取各村农户。"""
    _say(Evaluation(folder).rosters(*files))


@main.command()
@FOLDER
def lists(folder: str) -> None:
    """每村写一份入户名单与密封备用户。"""
    _say(Evaluation(folder).lists())


@main.command()
@FOLDER
@FILES
def collect(folder: str, files: tuple[str, ...]) -> None:
    """收入回收表，与样本核对。"""
    _say(Evaluation(folder).collect(*files))


@main.command()
@FOLDER
def estimate(folder: str) -> None:
    """计算指标、区间与结论，写入 results/。"""
    _say(Evaluation(folder).estimate())


@main.command()
@FOLDER
def report(folder: str) -> None:
    """由 results/ 写出报告：docx、pdf、html、xlsx。"""
    _say(Evaluation(folder).report())


@main.command()
@FOLDER
def verify(folder: str) -> None:
    """用名单与名册重抽一遍，与凭证逐项对照。"""
    said, agrees = Evaluation(folder).verify()
    _say(said)
    if not agrees:
        sys.exit(1)


@main.command(name="run")
@click.argument("design", metavar="设计文件")
@click.option("--out", default=None, help="输出文件夹；不写则为 reports/<report.name>/。")
@click.option("--seed", default=None, help="种子；不写则用仪式产生的种子，再不然用样例自带的种子。")
def run_all(design: str, out: str | None, seed: str | None) -> None:
    """用模拟的名册与回收表把全部步骤走一遍。"""
    progress = _progress if sys.stderr.isatty() else None
    _say(run(design, out, seed=seed, progress=progress))


def _progress(line: str) -> None:
    click.echo(line, err=True)
