"""A programme: one design file, one draw of counties, one folder a county."""

from __future__ import annotations

import click

from evalkit.cli.group import command, progress, say
from evalkit.evaluation.programme import open_counties


@command(name="programme")
@click.argument("design", metavar="设计文件")
@click.option("--out", required=True, help="项目的文件夹；其下 counties/ 每县一个评估文件夹。")
@click.option("--seed", required=True, help="公开产生的种子，至少 20 位数字；各县抽村、抽户都用它。")
@click.option("--how", required=True, help="种子如何产生、谁在场，如 11月12日当众摇号。")
def begin_programme(design: str, out: str, seed: str, how: str) -> None:
    """多个县的项目：按一份设计抽县，给抽中的每个县写好设计、名单与种子。

    A programme: draw its counties from one design, and lay out an evaluation folder for each.
    """
    say(open_counties(design, out, seed=seed, how=how, progress=progress))
