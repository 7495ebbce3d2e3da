"""Papers: what became of their numbers."""

from __future__ import annotations

import sys

import click

from evalkit.cli.group import FOLDER, say
from evalkit.evaluation import Evaluation, proofing


@click.command(name="proofread")
@click.argument("edited", metavar="改过的.docx")
@FOLDER
@click.option("--against", default="", help="与另一个 Word 文件核对（如抽样方案）；不写时与 results/ 核对。")
def check_numbers(edited: str, folder: str, against: str) -> None:
    """数字核对：逐处列出改过的报告中与结果不符的数。"""
    said, clean = proofing.check_numbers(Evaluation(folder), edited, against)
    say(said)
    if not clean:
        sys.exit(1)
