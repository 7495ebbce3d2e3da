"""Linked forms beside the household returns."""

from __future__ import annotations

import click

from evalkit.cli.group import FILES, FOLDER, command, opened, say
from evalkit.evaluation.linking import take_forms


@command(name="forms")
@FOLDER
@click.argument("name", required=False, metavar="[表名]")
@FILES
def linked_forms(folder: str, name: str | None, files: tuple[str, ...]) -> None:
    """收入关联表（人口、村、乡镇、县级、访谈、资料查阅），列出份数与发现。

    Take linked forms: persons, villages, townships, departments, interviews, documents.
    """
    say(take_forms(opened(folder), name, files))
