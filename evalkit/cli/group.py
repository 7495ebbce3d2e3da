"""What every command shares: readable refusals, Chinese help in the order of the work, how lines are printed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from evalkit.errors import EvalkitError

FOLDER = click.argument("folder", default=".", metavar="[文件夹]")
FILES = click.argument("files", nargs=-1, metavar="[文件]…")
STOPPED = 130  # the status of a command that its user stopped


class Group(click.Group):
    """Commands that end with a readable message and status 1 when evalkit refuses."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; a console in another code page prints what it can rather than stopping."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; print a refusal instead of a traceback."""
        try:
            return super().invoke(ctx)
        except EvalkitError as refusal:
            click.echo(str(refusal), err=True)
        except OSError as trouble:
            where = trouble.filename or "文件"
            click.echo(f"{where}｜读写不成：{trouble.strerror or trouble}｜检查权限、磁盘空间，关闭正打开它的程序后重试", err=True)
        except KeyboardInterrupt as stopped:
            click.echo(f"\n{stopped or '已中断｜写完的文件都完整｜再键入同一命令'}", err=True)
            ctx.exit(STOPPED)
        ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the work, not of the alphabet."""
        return list(self.commands)


def say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def progress(line: str) -> None:
    click.echo(line, err=True)


def tenths() -> Callable[[str], None]:
    """Return a progress that says every line on a screen, and one line a tenth of the way where lines go to a file.

    Lines count as "模拟 40/1000"; those without a count are all said.
    """
    if sys.stderr.isatty():
        return progress
    said: set[int] = set()

    def told(line: str) -> None:
        counted = re.search(r"(\d+)/(\d+)", line)
        tenth = 10 * int(counted[1]) // int(counted[2]) if counted else -1
        if tenth not in said:
            said.update({tenth} - {-1})
            progress(line)

    return told

