"""The ledger: shown, exported, imported."""

from __future__ import annotations

import click

from evalkit.cli.group import FOLDER, command, group, opened, say
from evalkit.evaluation import keeping

BOOK = click.argument("book", metavar="文件.xlsx")


@command(name="log")
@FOLDER
@click.option("--step", default="", help="只列这一步，如 release 或 发放名单。")
@click.option("--subject", default="", help="只列这个对象，如村代码（连同其各户）。")
def history(folder: str, step: str, subject: str) -> None:
    """列出台账：历次抽样、名册、发放、替换、五步、公布。

    List the ledger.
    """
    say(keeping.history(opened(folder), step, subject))


@group()
def ledger() -> None:
    """台账：写成 Excel，或收入 Excel 中新的记录。

    The ledger to Excel, and new entries back.
    """


@ledger.command(name="export")
@FOLDER
@BOOK
def export_book(folder: str, book: str) -> None:
    """把台账写成工作簿：一张总表，各类记录各一张。

    Write the ledger as a workbook: all entries, and a sheet for each kind.
    """
    say(keeping.export_ledger(opened(folder), book))


@ledger.command(name="import")
@FOLDER
@BOOK
def import_book(folder: str, book: str) -> None:
    """核对工作簿中的旧记录，收入新的；有冲突则列出，一条也不收。

    Check a workbook against the ledger and take its new entries.
    """
    say(keeping.import_ledger(opened(folder), book))
