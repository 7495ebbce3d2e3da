"""What is typed wrongly is told in Chinese, with what to type; help is in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from evalkit.cli import main

ENGLISH = re.compile(r"Error|Usage|Try |Missing|No such|Got |Option |requires|not a valid|not one of|required\]|default:|Show ")


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that call it."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def typed(*words: str) -> tuple[int, str]:
    """Return the status and all that is said of a command line."""
    done = CliRunner().invoke(main, list(words), prog_name="evalkit")
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("marx", "evalkit：marx｜没有这个命令｜是不是 mark？键入 evalkit --help 看全部"),
        ("ledger exprot", "evalkit ledger：exprot｜没有这个命令｜是不是 export？可用：export、import"),
        ("--foo", "evalkit：--foo｜没有这个选项｜可用：--version、--help"),
        ("board --dya x", "evalkit board：--dya｜没有这个选项｜是不是 --day？可用：--day、--help"),
        ("mark 甲县", "evalkit mark：村代码、汇总|反馈|通报|交办|验收、--team（组名）、--day（日期）｜没有写｜"
         "键入 evalkit mark 文件夹 村代码 汇总|反馈|通报|交办|验收 --team 组名 --day 2018-11-12"),
        ("board --day", "evalkit board：--day｜后面没有写值｜键入 evalkit board [文件夹]"),
        ("quality --quick=1", "evalkit quality：--quick｜后面不写值｜键入 evalkit quality [文件夹]"),
        ("case list 甲 乙 丙", "evalkit case list：乙 丙｜多写了，或没有加引号｜键入 evalkit case list [文件夹]"),
        ("reinterview --share 10% --seed 1", "evalkit reinterview：--share 10%｜应为数｜写不带单位与百分号的数，如 0.1"),
        ("points a b --rule x --points 2分 --day 2018-11-12", "evalkit points：--points 2分｜应为整数｜写不带单位的整数，如 2"),
        ("match a b --key x --field y --households foo", "evalkit match：--households foo｜没有这种选择｜可用：all、field"),
        ("mark a b 汇总 --team x --day x", "evalkit mark：--day x｜应为日期｜写如 2018-11-12"),
        ("mark a b 汇总 --team x --day=", "evalkit mark：--day ｜应为日期｜写如 2018-11-12"),
        ("board --day 2018-13-01", "evalkit board：--day 2018-13-01｜应为日期｜写如 2018-11-12"),
        ("assign --start 11/12", "evalkit assign：--start 11/12｜应为日期｜写如 2018-11-12"),
    ],
)  # fmt: skip
def test_a_slip_of_the_command_line_is_told_in_chinese(line: str, told: str) -> None:
    assert typed(*line.split()) == (2, told + "\n")


def test_every_command_answers_an_unknown_option_and_what_is_lacking_in_chinese() -> None:
    for path, command in commands():
        needs = any(param.required for param in command.params)
        for more in (["--nonesuch"], *([[]] if needs else [])):
            status, said = typed(*path, *more)
            assert status == 2, path
            assert not ENGLISH.search(said) and said.count("｜") >= 2, said


def test_help_has_a_line_of_each_language_for_every_command() -> None:
    for path, command in commands():
        zh, en = (part.strip() for part in re.split(r"\n\s*\n", (command.help or "").strip()))
        assert re.search("[一-鿿]", zh), path
        assert en.isascii() and en.endswith("."), path
        status, said = typed(*path, "--help")
        assert status == 0
        assert not ENGLISH.search(said), said
        group = typed(*path[:-1], "--help")[1]
        assert zh in group and en in group, path
