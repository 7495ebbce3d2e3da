"""Sources of the same households: held against one another."""

from __future__ import annotations

import sys

import click

from evalkit.cli.group import apart, command, progress, say
from evalkit.screening import match_sources
from evalkit.screening.matching import Households
from evalkit.sheets import read_sheet


@command(name="match")
@click.argument("archive", metavar="户档")
@click.argument("system", metavar="系统")
@click.argument("field", metavar="[实际]", required=False)
@click.option("--key", "keys", multiple=True, required=True, help="合起来指明一户的列，各文件相同。")
@click.option("--field", "fields", multiple=True, required=True, help="要对照的列。")
@click.option("--households", type=click.Choice(["all", "field"]), required=True, help="all 全部户；field 只看最后一个文件中的户。")
@click.option("--out", default="对照.xlsx", show_default=True, help="写出的 xlsx 或 csv。")
def matched(
    archive: str, system: str, field: str | None, keys: tuple[str, ...], fields: tuple[str, ...], households: Households, out: str
) -> None:
    """户档、系统、实际三个来源逐户逐项对照，列出差异；个人信息遮盖。

    Hold archive, system and field visit against each other; list the differences.
    """
    tables = [read_sheet(path, subject=name) for path, name in ((archive, "户档"), (system, "系统"), (field, "实际")) if path]
    found = match_sources(*tables, key=keys, fields=fields, households=households, progress=progress)
    say([repr(found), f"写入 {found.save(apart(out, archive, system, field))}"])
    if not found.ok:
        sys.exit(1)
