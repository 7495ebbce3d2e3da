"""Scores: the card of a folder, or of a table of values."""

from __future__ import annotations

import click

from evalkit.cli.group import FOLDER, command, opened, progress, say
from evalkit.evaluation import marking


@command(name="score")
@FOLDER
@click.option("--system", default="", help="指标体系文件；不写时用设计的 [indicators]。")
@click.option("--other", default="", help="其他来源的数值：对象、代码、值、来源、日期、提供单位。")
@click.option("--values", default="", help="不用评估的数据，只给这张表里的对象记分；结果写入文件夹。")
@click.option("--missing", default="fail", help="缺数值的指标：fail 停下，out 不计分、满分相应减少。")
def score_card(folder: str, system: str, other: str, values: str, missing: str) -> None:
    """记分：按指标体系写出记分卡，含抽样误差与各道门槛。

    The scorecard, with sampling error and gates.
    """
    if values:
        say(marking.mark_table(values, system, folder, missing, progress))
    else:
        say(marking.mark_folder(opened(folder), system, other, missing))
