"""After the returns: the quality of the fieldwork."""

from __future__ import annotations

import click

from evalkit.cli.group import FILES, FOLDER, command, opened, progress, say
from evalkit.evaluation import inspecting


@command(name="quality")
@FOLDER
@click.option("--quick", is_flag=True, help="不逐一去掉调查员重新判定（这一项最费时）。")
def inspect(folder: str, quick: bool) -> None:
    """核查过程数据、调查员、没有答的户，写入 quality/。

    Quality of the fieldwork: paradata, interviewers, nonrespondents.
    """
    say(inspecting.inspect_quality(opened(folder), slow=not quick, progress=progress))


@command(name="reinterview")
@FOLDER
@FILES
@click.option("--share", required=True, type=float, help="没有报差错的户复访多少，如 0.1。")
@click.option("--seed", required=True, help="首访结束后当众产生的种子。")
@click.option("--by", multiple=True, help="在什么范围内各抽，如 village（默认）、team；可写几次。")
@click.option("--reason", default="", help="已经抽过而重抽的理由，记入台账。")
def visit_again(folder: str, files: tuple[str, ...], share: float, seed: str, by: tuple[str, ...], reason: str) -> None:
    """抽取复访户，写出不含首访答案的名单；给出填好的名单，则估计真实的率。

    Draw re-interviews and write blind lists; from filled lists estimate the true rates.
    """
    evaluation = opened(folder)
    if files:
        say(inspecting.take_reinterview(evaluation, files, share=share, seed=seed, by=by))
    else:
        say(inspecting.draw_reinterview(evaluation, share=share, seed=seed, by=by, reason=reason))
