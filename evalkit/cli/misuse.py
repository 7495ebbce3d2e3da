"""What was typed wrongly, told in Chinese: found｜expected｜what to type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import click

FORMS = {"text": "文字", "integer": "整数", "float": "数", "boolean": "是非", "日期": "日期"}

FEW = 12  # names that are listed where one of them is wanted


class Misuse(click.UsageError):
    """A command line that cannot be read: one line in Chinese instead of click's own words."""

    def show(self, file: Any = None) -> None:
        """Print the message on the channel of errors."""
        click.echo(self.format_message(), file=file, err=file is None)


def misuse(slip: click.UsageError, ctx: click.Context) -> click.UsageError:
    """Return a slip of the command line as it is told to its user; the help that click raises as one stays as it is."""
    if type(slip).__name__ == "NoArgsIsHelpError":
        return slip
    return Misuse(f"{ctx.command_path}：{_told(slip, ctx)}", ctx)


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Return what is said of a name that is none: the one that is most like it, and all others where they are few.

    Examples
    --------
    >>> unknown("--daz", ["--day", "--team"], "选项")
    '--daz｜没有这个选项｜是不是 --day？可用：--day、--team'
    """
    names = list(known)
    like = difflib.get_close_matches(name, names, n=1)
    others = f"可用：{'、'.join(names)}" if len(names) <= FEW else "键入 evalkit --help 看全部"
    return f"{name}｜没有这个{what}｜{f'是不是 {like[0]}？' if like else ''}{others}"


def _told(slip: click.UsageError, ctx: click.Context) -> str:
    if isinstance(slip, click.MissingParameter):
        return _missing(ctx)
    if isinstance(slip, click.BadParameter):
        return _unfit(slip)
    options = [param for param in ctx.command.get_params(ctx) if isinstance(param, click.Option)]
    if isinstance(slip, click.NoSuchOption):
        return unknown(slip.option_name, [longest(option) for option in options], "选项")
    if isinstance(slip, click.BadOptionUsage):
        meant = next((option for option in options if slip.option_name in option.opts), None)
        return f"{slip.option_name}｜{_values(meant)}｜键入 {usage(ctx)}"
    extra = re.search(r"\((.*)\)", slip.message)
    return f"{extra[1] if extra else slip.message}｜多写了，或没有加引号｜键入 {usage(ctx)}"


def _values(option: click.Option | None) -> str:
    """Return what is wrong with the values behind an option: too many, none, or fewer than it takes."""
    if option is not None and option.is_flag:
        return "后面不写值"
    if option is None or option.nargs == 1:
        return "后面没有写值"
    return f"后面应写 {option.nargs} 个值：{option.metavar}"


def _missing(ctx: click.Context) -> str:
    """Return everything that is needed and was not written: click has read what was written before it finds the first that was not."""
    lacking = [param for param in ctx.command.params if param.required and param.name not in ctx.params]
    named = "、".join(f"{longest(p)}（{_first(p.help)}）" if isinstance(p, click.Option) else str(p.metavar) for p in lacking)
    return f"{named}｜没有写｜键入 {usage(ctx)}"


def _unfit(slip: click.BadParameter) -> str:
    param = slip.param
    name = longest(param) if isinstance(param, click.Option) else str(param.metavar if param else "")
    said = re.match(r"""['"](.*?)['"] is not""", slip.message)
    if said is None:  # told by a type of evalkit's own, or in words that click did not have when this was written
        return f"{name} {slip.message}"
    if isinstance(param, click.Parameter) and isinstance(param.type, click.Choice):
        return f"{name} {said[1]}｜没有这种选择｜可用：{'、'.join(map(str, param.type.choices))}"
    form = FORMS.get(param.type.name, "") if param else ""
    return f"{name} {said[1]}｜应为{form}｜{'写不带单位与百分号的数，如 0.1' if form == '数' else '写不带单位的整数，如 2'}"


def usage(ctx: click.Context) -> str:
    """Return what is to be typed: the command, its arguments, and the options that it cannot do without."""
    needed = [f"{longest(p)} {_example(p)}" for p in ctx.command.params if isinstance(p, click.Option) and p.required]
    arguments = [str(p.metavar) for p in ctx.command.params if isinstance(p, click.Argument)]
    return " ".join([ctx.command_path, *arguments, *needed])


def longest(option: click.Parameter) -> str:
    """Return an option by its long name."""
    return max(option.opts, key=len)


def _example(option: click.Option) -> str:
    """Return what could stand behind an option: the example of its help, the first of its choices, a day, or what it is."""
    example = re.search(r"如 ([^，。；、（）]+)", option.help or "")
    if example:
        return example[1].strip()
    if isinstance(option.type, click.Choice):
        return str(option.type.choices[0])
    return "2018-11-12" if option.type.name == "日期" else _first(option.help)


def _first(help: str | None) -> str:
    return re.split("[，。；：（]", help or "")[0]
