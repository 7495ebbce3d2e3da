"""Policies that reached households or did not; clues that go to the body that may act on them, and nowhere else."""

from __future__ import annotations

from typing import Any

import click

from evalkit.cli.group import DAY_FORM, FOLDER, group, opened, repeated, say
from evalkit.delivery.checking import MISSING
from evalkit.delivery.shares import UNLISTED
from evalkit.errors import EvalkitError
from evalkit.evaluation import delivering, restricted


@group()
def delivery() -> None:
    """政策资金到户核查：应享的给没给到户，给得够不够、及时不及时、有没有凭证。

    Whether policies reached the households that they are due to.
    """


@delivery.command(name="form")
@FOLDER
@click.option("--policy", "policies", multiple=True, help="要核的政策，可写几次；抽了户的，每户每项写好一行。")
def write_form(folder: str, policies: tuple[str, ...]) -> None:
    """写出政策到户表，供填写。

    Write the table of households and policies, to be filled in.
    """
    say(delivering.write_form(opened(folder), policies))


@delivery.command(name="check")
@FOLDER
@click.argument("file", metavar="文件")
@click.option("--day", required=True, type=DAY_FORM, help="核查的日期；应发日期在这以后的不算未到户。")
@click.option("--late", required=True, help="到账晚于应发日期几天以上算迟发，如 30；不核日期写 no。")
@click.option("--households", required=True, type=click.Choice(tuple(delivering.HOUSEHOLDS)), help="sample 抽中的户，作估计；all 只计数。")
@click.option("--tolerance", default=0.0, show_default=True, help="金额相差几元以内不算。")
@click.option("--missing", default="fail", show_default=True, type=click.Choice(tuple(MISSING)), help="缺金额、日期的：out 不核。")
@click.option("--unlisted", default="fail", show_default=True, type=click.Choice(tuple(UNLISTED)), help="表中没有的户：none 无应享。")
@click.option("--code", "codes", multiple=True, help="写成问题清单：未到户=2.1 之类，一类问题一个代码，可写几次。")
@click.option("--level", default="村", show_default=True, type=click.Choice(("户", "村")), help="问题清单一户一行，或一村一行。")
def check_households(folder: str, file: str, late: str, codes: tuple[str, ...], **said: Any) -> None:
    """核查填好的政策到户表：计数、估计、名单，写入 results/。

    Check the filled table: counts, estimates, lists.
    """
    rules = {"day": said.pop("day"), "late_after": _days(late), "tolerance": said.pop("tolerance"), "missing": said.pop("missing")}
    say(delivering.check_households(opened(folder), file, rules, codes=_codes(codes), **said))


@group()
def clues() -> None:
    """违规违纪线索：只在 restricted/ 中登记，只移交有权处理的机关。

    Clues to breaches of discipline, handed over and shown nowhere else.
    """


@clues.command(name="form")
@FOLDER
def write_register(folder: str) -> None:
    """写出空的线索登记表，放在只有本人可读的 restricted/。

    Write an empty register of clues into the restricted folder.
    """
    say(restricted.begin_register(opened(folder)))


@clues.command(name="handover")
@FOLDER
@click.argument("file", metavar="[登记表]", default="")
@click.option("--to", required=True, help="接收单位，如 县纪委监委。")
@click.option("--who", required=True, help="何人移交（代号，不写姓名）。")
@click.option("--day", required=True, type=DAY_FORM, help="何日移交，如 2018-06-30。")
def hand_clues_over(folder: str, file: str, to: str, who: str, day: str) -> None:
    """写出线索移交表；不写登记表的，用 restricted/ 中的一份。

    Write the table that is handed over; the ledger keeps a count and a fingerprint.
    """
    say(restricted.hand_over(opened(folder), file, to=to, who=who, day=day))


def _days(late: str) -> int | None:
    if late.strip() == "no":
        return None
    if not (late.isascii() and late.isdigit()):
        raise EvalkitError("--late｜应为整数（天），不核日期写 no｜写如 --late 30")
    return int(late)


def _codes(said: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in said]
    if not all(kind.strip() and code.strip() for kind, _, code in pairs):
        raise EvalkitError("--code｜应为 问题=代码｜写如 --code 未到户=2.1")
    if twice := repeated([kind.strip() for kind, *_ in pairs]):
        raise EvalkitError(f"--code {'、'.join(twice)}｜写了两个代码｜一类问题只写一个")
    return {kind.strip(): code.strip() for kind, _, code in pairs}
