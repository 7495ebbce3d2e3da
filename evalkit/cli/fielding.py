"""What goes out to the field: teams and their books."""

from __future__ import annotations

import click

from evalkit.cli.group import FOLDER, say
from evalkit.evaluation import Evaluation, fielding


@click.command()
@FOLDER
@click.option("--teams", default=None, help="分组表（组、人数、每人每日户数、回避）；不写则用设计的 [teams]。")
@click.option("--start", default=None, help="第一天，如 2018-11-12；日程随之写日期。")
def assign(folder: str, teams: str | None, start: str | None) -> None:
    """按签号分组：同村至少两组，不在本地；写出各组册子与日程。"""
    say(fielding.assign_teams(Evaluation(folder), teams, start=start))
