"""Tiers of checking: an empty table, and the comparison."""

from __future__ import annotations

import click

from evalkit.cli.group import FILES, apart, group, say
from evalkit.errors import FieldworkError
from evalkit.tiers import compare_tiers, write_tier_form

TIERS = click.option("--tier", "names", multiple=True, required=True, help="各级的名字，低的在前，如 乡级自查；每级写一次。")
UNIT = click.option("--unit", "keys", multiple=True, required=True, help="指明一个单位的列，如 村代码；可写几次。")
WORDS = click.option(
    "--words", nargs=2, metavar="词 词", default=("达标", "不达标"), show_default=True, help="表中表示达标、不达标的两个词。"
)  # fmt: skip


@group()
def tiers() -> None:
    """各级核查对照：自评、乡级自查、县级普查、复核逐项比，一致多少，下级漏了什么。

    Compare tiers of checking item by item: agreement, and what the lower tier missed.
    """


@tiers.command(name="form")
@click.argument("path", metavar="文件")
@TIERS
@UNIT
@WORDS
def write_form(path: str, names: tuple[str, ...], keys: tuple[str, ...], words: tuple[str, str]) -> None:
    """写出空的核查表，供各级填写。

    Write an empty table for the tiers to fill.
    """
    say([f"写入 {write_tier_form(path, tiers=names, unit=keys, words=words)}"])


@tiers.command(name="compare")
@FILES
@TIERS
@UNIT
@WORDS
@click.option("--out", default="各级对照.xlsx", show_default=True, help="写出的工作簿。")
def compare(files: tuple[str, ...], names: tuple[str, ...], keys: tuple[str, ...], words: tuple[str, str], out: str) -> None:
    """逐项对照：一个文件各级各占一列；或每级一个文件（列名“结果”），次序与 --tier 相同。

    Compare: one file with a column for each tier, or one file for each tier in the order of --tier.
    """
    if len(files) not in (1, len(names)):
        typed = "evalkit tiers compare 核查表.xlsx --tier …"
        raise FieldworkError(f"{len(files)} 个文件，{len(names)} 级｜应为一个文件，或每级一个｜键入 {typed}")
    source = files[0] if len(files) == 1 else dict(zip(names, files, strict=True))
    found = compare_tiers(source, tiers=names, unit=keys, words=words)
    say([repr(found), f"写入 {found.save(apart(out, *files))}"])
