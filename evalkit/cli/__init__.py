"""The command line: parse, call, print."""

from __future__ import annotations

import click

from evalkit import __version__
from evalkit.cli.casework import case, tell_distance
from evalkit.cli.ceremonies import ceremony
from evalkit.cli.completing import complete
from evalkit.cli.coverage import coverage
from evalkit.cli.daily import board, close_village, conflicts, mark, nightly, points, reserve, resolve, response
from evalkit.cli.fielding import assign, wheels, xlsform
from evalkit.cli.forms import linked_forms
from evalkit.cli.group import Group
from evalkit.cli.ledgers import history, ledger
from evalkit.cli.overseeing import clues, delivery
from evalkit.cli.papers import certify, check_numbers, sum_up, write_rectification
from evalkit.cli.planning import sampling_plan, simulated
from evalkit.cli.problems import problems
from evalkit.cli.programmes import begin_programme
from evalkit.cli.quality import inspect, visit_again
from evalkit.cli.scores import score_card
from evalkit.cli.secrets import new_secret_key, search_outputs
from evalkit.cli.sources import matched
from evalkit.cli.steps import (
    check,
    collect,
    draw,
    estimate,
    init,
    lists,
    overlap,
    publish,
    release,
    report,
    rosters,
    run_all,
    verify,
)
from evalkit.cli.tasks import tasks
from evalkit.cli.tiers import tiers


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evalkit", message="%(prog)s %(version)s", help="显示版本。")
def main() -> None:
    """第三方评估：抽样、名单、回收、估计、报告、验证。

    一次评估一个文件夹，逐步进行，各步可隔数日，可重复执行：

    init → check → plan → ceremony → draw → rosters → lists → assign → release → collect → estimate → report → verify → publish

    Third-party evaluation, step by step in one folder; `run` chains all steps on simulated data.
    """


# in the order of the work, which is the order of the help
for _command in (
    init, begin_programme, check, sampling_plan, simulated, ceremony, draw, rosters, lists, assign, xlsform, release, nightly,
    reserve, mark, board, points, close_village, conflicts, resolve, collect, linked_forms, response, inspect, visit_again,
    case, estimate, tell_distance, score_card, problems, delivery, clues, tiers, tasks, coverage,
    report, check_numbers, write_rectification, sum_up, certify, verify, publish, search_outputs,
    new_secret_key, history, ledger,
    overlap, matched, run_all, wheels, complete,
):  # fmt: skip
    main.add_command(_command)
