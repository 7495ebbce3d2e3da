"""Units that must be reached: who they are, and which of them were."""

from __future__ import annotations

import re
import sys

import click

from evalkit.cli.group import apart, group, repeated, say
from evalkit.errors import EvalkitError
from evalkit.evaluation import Evaluation
from evalkit.filledin import save_book
from evalkit.mandatory import Coverage, check_coverage, must_visit, take_all, write_visit_forms
from evalkit.sheets import Page

OUT = click.option("--out", default="必访.xlsx", show_default=True, help="写出的工作簿。")
EVERYBODY = "全部"


@group()
def coverage() -> None:
    """必访单位：三类村、普查的全部农户、必定入样的单位，到了多少，哪些没有到。

    Units that must be reached: how many were, and which were not.
    """


@coverage.command(name="form")
@click.argument("folder", metavar="文件夹")
def write_forms(folder: str) -> None:
    """写出空的必访名单、走访记录。

    Write empty lists of required and visited units.
    """
    say(f"写入 {path}" for path in write_visit_forms(folder))


@coverage.command(name="required")
@click.argument("path", metavar="名单")
@click.option(
    "--kind", "kinds", nargs=3, multiple=True, required=True, metavar="类别 列 值",
    help="哪一列取哪些值的必访，几个值用、隔开，如 边缘村 边缘村 是；值写 全部 即每个单位。可写几次。",
)  # fmt: skip
@click.option("--code", multiple=True, required=True, help="代码所在的列，如 村代码；农户写两次：村代码、户编号。")
@click.option("--out", default="必访名单.xlsx", show_default=True, help="写出的工作簿。")
def list_required(path: str, kinds: tuple[tuple[str, str, str], ...], code: tuple[str, ...], out: str) -> None:
    """由名单上的列按规则写出必访名单。

    Write the list of required units by rules on the columns of a list.
    """
    if twice := repeated([kind for kind, *_ in kinds]):
        raise EvalkitError(f"--kind {'、'.join(twice)}｜写了两次｜一类写一次，几个值用、隔开，如 --kind 已脱贫村 脱贫年度 2014、2017")
    rules = {kind: (column, "*" if values == EVERYBODY else re.split("[、，,]", values)) for kind, column, values in kinds}
    found = must_visit(path, rules, code=list(code))
    counts = found["类别"].value_counts(sort=False)
    say([f"{kind} {count} 个" for kind, count in counts.items()])
    say([f"写入 {save_book(apart(out, path), {'必访名单': Page('', found, formats={'单位代码': '@'})})}"])


@coverage.command(name="check")
@click.argument("required", metavar="必访名单")
@click.argument("reached", metavar="走访记录")
@OUT
def hold(required: str, reached: str, out: str) -> None:
    """对照必访名单与走访记录；有没有到的，状态为 1。

    Hold required against visited units; the status is 1 while some are missing.
    """
    _tell(check_coverage(required, reached), apart(out, required, reached))


@coverage.command(name="drawn")
@click.argument("folder", metavar="文件夹")
@OUT
def hold_drawn(folder: str, out: str) -> None:
    """对照评估中必定入样的单位与回收；有没有到的，状态为 1。

    Hold units that the design takes for certain against the returns.
    """
    evaluation = Evaluation(folder)
    note = "以下为模拟数据" if evaluation.design.simulated else ""
    _tell(check_coverage(take_all(evaluation.sample()), evaluation.responses()), out, note)


def _tell(found: Coverage, out: str, note: str = "") -> None:
    say([*([note] if note else []), repr(found), f"写入 {found.save(out, note=note.replace('以下', '以上'))}"])
    if not found.complete:
        sys.exit(1)
