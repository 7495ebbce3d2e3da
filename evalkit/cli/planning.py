"""Before the fieldwork: the sampling plan, and trials of the whole design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalkit.cli.group import command, say, tenths
from evalkit.design import read_design
from evalkit.errors import EvalkitError
from evalkit.frame import Frame
from evalkit.plans import plan
from evalkit.report import write_plan
from evalkit.sheets import write_csv
from evalkit.trials import simulate


@command(name="plan")
@click.argument("design", metavar="设计文件")
@click.option("--frame", default=None, help="名单文件；不写则用设计所写的。")
@click.option("--out", default=None, help="输出文件夹；不写则为 plans/<设计文件名>/（design.toml 用 report.name）。")
def sampling_plan(design: str, frame: str | None, out: str | None) -> None:
    """写抽样方案：分配、概率、预期精度、费用与组日；核对公布的数字。

    The sampling plan: allocation, chances, precision, cost, days of teams.
    """
    declared = read_design(design)
    made = plan(declared, Frame.from_design(declared, frame) if frame else None)
    name = declared.report.name if declared.path.stem == "design" else declared.path.stem
    written = write_plan(made, out or f"plans/{name}")
    say([*made.lines(), f"写入 {written[0].parent}：{'、'.join(path.name for path in written)}"])


@command(name="simulate")
@click.argument("design", metavar="设计文件")
@click.option("--rate", "rates", multiple=True, metavar="率=真值[,真值…]", help="真实的率，如 错退率=0.005,0.02；不写用 [planning]。")
@click.option("--seed", required=True, help="模拟的种子，任意文字；同一种子得同样的数。")
@click.option("--replicates", default=1000, show_default=True, help="模拟多少次。")
@click.option("--icc", default=None, metavar="数[,数…]", help="真实的村内相关；不写则用 [evaluation] icc。")
@click.option("--model", default="beta-binomial", show_default=True, help="村间模型：beta-binomial、bad-village，或用逗号写两个。")
@click.option("--interviewer", default=0.0, show_default=True, help="同一调查员所记回答的相关。")
@click.option("--workers", default=-1, show_default=True, help="进程数；-1 用全部核。")
@click.option("--out", default=None, help="输出文件夹，中断后再键入同一命令即接着做；不写则为 trials/<设计文件名>/。")
def simulated(design: str, rates: tuple[str, ...], seed: str, icc: str | None, model: str, out: str | None, **asked: Any) -> None:
    """照设计模拟许多次：在真值已知的编造县里抽样、调查、估计、判定，数一数判得对不对。

    Carry the design out many times on made-up counties, and count right and wrong verdicts.
    """
    declared = read_design(design)
    folder = Path(out or f"trials/{declared.path.stem}")
    stated = [(name, _numbers(value)) for name, _, value in (given.rpartition("=") for given in rates)]
    truths = dict(stated)
    if len(truths) < len(stated):
        raise EvalkitError("--rate｜同一个率写了两次｜几个真值用逗号隔开：--rate 错退率=0.01,0.02")
    made = simulate(
        declared, truths, seed=seed, icc=None if icc is None else _numbers(icc), model=model.split(","), folder=folder / "batches",
        progress=tenths(), **asked,
    )  # fmt: skip
    written = [write_csv(made.table(), folder / "trials.csv"), write_csv(made.effort(), folder / "effort.csv")]
    written.append(made.save(folder / "trials.npz"))
    say([*repr(made).splitlines(), f"写入 {folder}：{'、'.join(path.name for path in written)}"])


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.replace("，", ",").split(",")]
    except ValueError:
        raise EvalkitError(f"{text}｜应为数，多个用逗号隔开｜如 --rate 错退率=0.005,0.02 --icc 0.05") from None
