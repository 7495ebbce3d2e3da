"""What every command shares: readable refusals, Chinese help in the order of the work, how lines are printed."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from evalkit.cli.misuse import FORMS, Misuse, misuse, unknown
from evalkit.errors import EvalkitError
from evalkit.evaluation import Evaluation
from evalkit.ledger import is_day
from evalkit.patience import COUNTED, Progress, waiting, wipe
from evalkit.showing import cells_wide

FOLDER = click.argument("folder", default=".", metavar="[文件夹]")
FILES = click.argument("files", nargs=-1, metavar="[文件]…")
STOPPED = 130  # the status of a command that its user stopped
TOLD = "evalkit.told"  # under which a context keeps the line of its terminal


class Day(click.types.StringParamType):
    """A day, as 2018-11-12."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the day as it is, or refuse what is none; an option that need not be written may be blank."""
        if not is_day(value) or (not value and param is not None and param.required):
            self.fail(f"{value}｜应为日期｜写如 2018-11-12", param, ctx)
        return value


DAY_FORM = Day()


class Command(click.Command):
    """A command whose help, and whose refusal of what was typed, are in Chinese."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[选项]", **options})
        for option in self.params:
            if isinstance(option, click.Option) and not option.is_flag and option.metavar is None:
                option.metavar = FORMS.get(option.type.name)
        self._unbracket()

    def _unbracket(self) -> None:
        """Show a folder before a needed argument as needed too: the first word that is typed is read as the folder."""
        arguments = [param for param in self.params if isinstance(param, click.Argument)]
        for place, argument in enumerate(arguments):
            if argument.metavar and any(later.required for later in arguments[place + 1 :]):
                argument.metavar = argument.metavar.strip("[]")

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; on a terminal a line says how long it has taken and how far it is."""
        if isinstance(self, click.Group):
            return super().invoke(ctx)
        with waiting(ctx.command_path) as ctx.meta[TOLD]:
            return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what was typed; what cannot be read is told in Chinese."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as slip:
            raise misuse(slip, ctx) from None

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the line of usage."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="用法: ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options; the names of arguments stand in the line of usage."""
        found = [param.get_help_record(ctx) for param in self.get_params(ctx) if isinstance(param, click.Option)]
        with formatter.section("选项"):
            formatter.write(_columns([(name, _in_chinese(said)) for name, said in filter(None, found)]))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that asks for help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示本说明。"
        return option


def _in_chinese(said: str) -> str:
    """Return the help of an option with click's own marks in Chinese."""
    return re.sub(r"\s*\[default: (.*?)\]", r"（默认 \1）", re.sub(r"\s*\[required\]", "（必写）", said))


class Group(Command, click.Group):
    """Commands that end with a readable message and status 1 when evalkit refuses."""

    command_class = Command

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": "命令 [参数]…", **options})

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line; a console in another code page prints what it can rather than stopping."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        written, warnings.formatwarning = warnings.formatwarning, _noted
        try:
            return super().main(*args, **options)
        finally:
            warnings.formatwarning = written

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; print a refusal instead of a traceback."""
        try:
            return super().invoke(ctx)
        except EvalkitError as refusal:
            click.echo(str(refusal), err=True)
        except OSError as trouble:
            click.echo(_troubled(trouble), err=True)
        except KeyboardInterrupt as stopped:
            click.echo(f"\n{str(stopped) or '已中断｜写完的文件都完整｜再键入同一命令'}", err=True)
            ctx.exit(STOPPED)
        ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the work, not of the alphabet."""
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was typed, or refuse a name that is none."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise Misuse(f"{ctx.command_path}：{unknown(args[0], self.commands, '命令')}", ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then each command with a line in Chinese and one in English."""
        super().format_options(ctx, formatter)
        rows = [row for name, command in self.commands.items() for row in zip((name, ""), _lines(command), strict=True)]
        with formatter.section("命令"):
            formatter.write(_columns(rows))


def _troubled(trouble: OSError) -> str:
    where = trouble.filename or "文件"
    if isinstance(trouble, IsADirectoryError):
        return f"{where}｜是文件夹，不是文件｜写一个文件的路径"
    if isinstance(trouble, FileExistsError | NotADirectoryError):
        return f"{where}｜是文件，不是文件夹｜写一个文件夹的路径"
    return f"{where}｜读写不成：{trouble.strerror or trouble}｜检查权限、磁盘空间，关闭正打开它的程序后重试"


def _noted(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """Return a warning as a command tells it: what is to be noted, without the place in the program."""
    wipe()
    if issubclass(category, UserWarning):
        return f"留意｜{message}\n"
    return f"{filename}:{lineno}: {category.__name__}: {message}\n"


def _lines(command: click.Command) -> tuple[str, str]:
    """Return what a command does: the two paragraphs of its help, Chinese and English."""
    zh, en, *_ = [*(part.strip() for part in re.split(r"\n\s*\n", command.help or "")), "", ""]
    return zh, en


def _columns(rows: list[tuple[str, str]]) -> str:
    """Return two columns of text, in which a Chinese character is as wide as two letters."""
    wide = max(cells_wide(name) for name, _ in rows) + 2
    return "".join(f"  {name}{' ' * (wide - cells_wide(name))}{said}\n" for name, said in rows)


def command(name: str | None = None) -> Callable[[Callable[..., None]], click.Command]:
    """Return the decorator that makes a function a command."""
    return click.command(name, cls=Command)


def group(name: str | None = None) -> Callable[[Callable[..., None]], Group]:
    """Return the decorator that makes a function a group of commands."""
    return click.group(name, cls=Group)


def opened(folder: str) -> Evaluation:
    """Return the evaluation of a folder, whose steps tell the terminal how far they are."""
    return Evaluation(folder, progress)


def say(lines: Iterable[str]) -> None:
    for line in lines:
        wipe()
        click.echo(line)


def apart(out: str, *read: str | None) -> str:
    """Return the file to write, refused where it is one of those that are read.

    Raises
    ------
    EvalkitError
    """
    if Path(out).resolve() in {Path(each).resolve() for each in read if each}:
        raise EvalkitError(f"{Path(out).name}｜是读入的文件，不能写在上面｜--out 写另一个文件名")
    return out


def repeated(words: Sequence[str]) -> list[str]:
    """Return the words that were written more than once, each once."""
    return [word for word in dict.fromkeys(words) if words.count(word) > 1]


def progress(line: str) -> None:
    """Say on a terminal what a command does now, in the one line that is written over; nowhere else."""
    told: Progress = click.get_current_context().meta[TOLD]
    told(line)


def tenths() -> Progress:
    """Return a progress for a terminal, which says one line a tenth of the way where lines go to a file.

    Lines count as "模拟 40/1000"; those without a count are all said.
    """
    if sys.stderr.isatty():
        return progress
    said: set[int] = set()

    def told(line: str) -> None:
        counts = COUNTED.search(line)
        tenth = 10 * int(counts[1]) // int(counts[2]) if counts else -1
        if tenth not in said:
            said.update({tenth} - {-1})
            click.echo(line, err=True)

    return told
