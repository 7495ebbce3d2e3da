"""What goes out: teams and their books, the questionnaire, evalkit itself."""

from __future__ import annotations

import click

from evalkit.cli.group import DAY_FORM, FOLDER, command, opened, say
from evalkit.evaluation import fielding
from evalkit.evaluation.wheels import PLATFORMS, collect_wheels


@command()
@FOLDER
@click.option("--teams", default=None, help="分组表（组、人数、每人每日户数、回避）；不写则用设计的 [teams]。")
@click.option("--start", default=None, type=DAY_FORM, help="第一天，如 2018-11-12；日程随之写日期。")
def assign(folder: str, teams: str | None, start: str | None) -> None:
    """按签号分组：同村至少两组，不在本地；写出各组册子与日程。

    Villages to teams by ticket: assignment books and the plan of days.
    """
    say(fielding.assign_teams(opened(folder), teams, start=start))


@command()
@FOLDER
@click.option("--teams", default=None, help="分组表；不写则用设计的 [teams]，没有 [teams] 时问卷不问组。")
@click.option("--audit", is_flag=True, help="记录各题停留的时间。")
@click.option("--gps", is_flag=True, help="采集定位。")
def xlsform(folder: str, teams: str | None, audit: bool, gps: bool) -> None:
    """把问卷写成 XLSForm（ODK、KoboToolbox、SurveyCTO），乡镇、村、户逐级选择。

    The questionnaire as XLSForm (ODK, KoboToolbox, SurveyCTO).
    """
    say(fielding.write_questionnaire(opened(folder), teams, audit=audit, gps=gps))


@command()
@click.argument("folder", metavar="文件夹")
@click.option("--platform", type=click.Choice(list(PLATFORMS)), default=None, help="给哪种系统；不写则与本机相同。")
@click.option("--python", default=None, help="那里的 Python 版本，如 3.12；不写则与本机相同。")
@click.option("--extra", "extras", multiple=True, help="另外要的部分，如 big。")
def wheels(folder: str, platform: str | None, python: str | None, extras: tuple[str, ...]) -> None:
    """把 evalkit 与它所需的安装包集中到一个文件夹，供没有网络的计算机安装。

    One folder of wheels, to install evalkit without a network.
    """
    say(collect_wheels(folder, platform=platform, python=python, extras=extras))
