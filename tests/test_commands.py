"""What is typed wrongly is told in Chinese, with what to type; help is in both languages."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from evalkit.cli import group, main
from tests.architecture_rules import ROOT

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
        ("delivery check 甲.xlsx", "evalkit delivery check：文件、--day（核查的日期）、--late（到账晚于应发日期几天以上算迟发）、"
         "--households（sample 抽中的户）｜没有写｜键入 evalkit delivery check 文件夹 文件 --day 2018-11-12 --late 30 --households sample"),
        ("tasks score 清单.xlsx --quarter 一季度", "evalkit tasks score：--scoring（如 proportional）｜没有写｜"
         "键入 evalkit tasks score 任务清单 --quarter 一季度 --scoring proportional"),
        ("tiers compare 甲.xlsx --tier 甲 --unit 村 --words 好", "evalkit tiers compare：--words｜后面应写 2 个值：词 词｜"
         "键入 evalkit tiers compare [文件]… --tier 乡级自查 --unit 村代码"),
        ("paper letter 问题清单.xlsx --date 2018-12-20",
         "evalkit paper：种类 letter｜没有这种选择｜可用：notice、plan、pledge、progress、closing"),
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


def test_a_file_in_the_place_of_a_folder_and_the_other_way_round(tmp_path: Path) -> None:
    file = tmp_path / "名单.xlsx"
    file.touch()
    assert typed("tasks", "form", str(file)) == (1, f"{file}｜是文件，不是文件夹｜写一个文件夹的路径\n")
    assert typed("run", str(tmp_path))[1].startswith(f"{tmp_path}｜是文件夹，不是文件｜写设计文件的路径")
    made = typed("clues", "form", str(tmp_path / "没有"))
    assert made == (1, f"{tmp_path / '没有'}｜没有这个文件夹｜检查路径，或键入 evalkit init 文件夹名\n")
    assert [path.name for path in tmp_path.iterdir()] == ["名单.xlsx"]
    assert group._troubled(IsADirectoryError(21, "Is a directory", "甲")) == "甲｜是文件夹，不是文件｜写一个文件的路径"


def test_a_warning_is_told_without_its_place_in_the_program() -> None:
    def warn() -> None:
        click.echo(warnings.formatwarning(UserWarning("缺 1 个字"), UserWarning, "a.py", 1))

    told = group.Group("g")
    told.add_command(click.command("w", cls=group.Command)(warn))
    before = warnings.formatwarning
    assert CliRunner().invoke(told, ["w"]).output == "留意｜缺 1 个字\n\n"
    assert warnings.formatwarning is before


def test_what_is_written_twice_is_refused_rather_than_the_last_kept(tmp_path: Path) -> None:
    twice = typed("coverage", "required", "无.xlsx", "--kind", "脱贫", "年度", "2014", "--kind", "脱贫", "年度", "2017", "--code", "村")
    assert twice[0] == 1 and twice[1].startswith("--kind 脱贫｜写了两次｜一类写一次，几个值用、隔开")
    codes = ["--code", "未到户=1", "--code", "未到户=2", "--code", "迟发=1"]
    asked = ["delivery", "check", str(tmp_path), "无.xlsx", "--day", "2018-11-12", "--late", "no", "--households", "all"]
    assert typed(*asked, *codes) == (1, "--code 未到户｜写了两个代码｜一类问题只写一个\n")


def test_forms_of_problems_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    design = tmp_path / "design.toml"
    design.write_bytes((ROOT / "designs" / "biyang_2018.toml").read_bytes())
    assert typed("problems", "form", str(tmp_path))[1].startswith("problems.chain｜")
    with design.open("a", encoding="utf-8") as more:
        more.write('\n[problems]\ntaxonomy = "分类.toml"\nchain = ["甲"]\n')
    status, said = typed("problems", "form", str(tmp_path))
    assert status == 1 and said.startswith("problems.taxonomy：分类.toml｜设计文件旁没有这个文件｜把分类文件放到")
    assert not (tmp_path / "lists").exists()
