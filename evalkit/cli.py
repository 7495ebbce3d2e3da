"""The command line: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from evalkit import __version__
from evalkit.design import read_design
from evalkit.errors import EvalkitError
from evalkit.evaluation import Evaluation, begin, comparing, opening, run
from evalkit.frame import Frame
from evalkit.plans import plan
from evalkit.report import write_plan
from evalkit.sheets import write_csv
from evalkit.trials import simulate

FOLDER = click.argument("folder", default=".", metavar="[文件夹]")
FILES = click.argument("files", nargs=-1, metavar="[文件]…")


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
        ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the work, not of the alphabet."""
        return list(self.commands)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evalkit")
def main() -> None:
    """第三方评估：抽样、名单、回收、估计、报告、验证。

    一次评估一个文件夹，逐步进行，各步可隔数日，可重复执行：

    init → check → plan → ceremony → draw → rosters → lists → release → collect → estimate → report → verify → publish

    Third-party evaluation, step by step in one folder; `run` chains all steps on simulated data.
    """


@main.command()
@click.argument("folder", metavar="文件夹")
def init(folder: str) -> None:
    """新建文件夹：设计文件样例，名单、名册、回收表的 Excel 模板。"""
    _say(begin(folder))


@main.command()
@FOLDER
def check(folder: str) -> None:
    """检查名单、名册与回收表，错误列成一张表。"""
    said, clean = Evaluation(folder).check()
    _say(said)
    if not clean:
        sys.exit(1)


@main.command(name="plan")
@click.argument("design", metavar="设计文件")
@click.option("--frame", default=None, help="名单文件；不写则用设计所写的。")
@click.option("--out", default=None, help="输出文件夹；不写则为 plans/<设计文件名>/（design.toml 用 report.name）。")
def sampling_plan(design: str, frame: str | None, out: str | None) -> None:
    """写抽样方案：分配、概率、预期精度、费用与组日；核对公布的数字。"""
    declared = read_design(design)
    made = plan(declared, Frame.from_design(declared, frame) if frame else None)
    name = declared.report.name if declared.path.stem == "design" else declared.path.stem
    written = write_plan(made, out or f"plans/{name}")
    _say([*made.lines(), f"写入 {written[0].parent}：{'、'.join(path.name for path in written)}"])


@main.command(name="simulate")
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
    """照设计模拟许多次：在真值已知的编造县里抽样、调查、估计、判定，数一数判得对不对。"""
    declared = read_design(design)
    folder = Path(out or f"trials/{declared.path.stem}")
    stated = [(name, _numbers(value)) for name, _, value in (given.rpartition("=") for given in rates)]
    truths = dict(stated)
    if len(truths) < len(stated):
        raise EvalkitError("--rate｜同一个率写了两次｜几个真值用逗号隔开：--rate 错退率=0.01,0.02")
    made = simulate(
        declared, truths, seed=seed, icc=None if icc is None else _numbers(icc), model=model.split(","), folder=folder / "batches",
        progress=_progress if sys.stderr.isatty() else None, **asked,
    )  # fmt: skip
    written = [write_csv(made.table(), folder / "trials.csv"), write_csv(made.effort(), folder / "effort.csv")]
    written.append(made.save(folder / "trials.npz"))
    _say([*repr(made).splitlines(), f"写入 {folder}：{'、'.join(path.name for path in written)}"])


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.replace("，", ",").split(",")]
    except ValueError:
        raise EvalkitError(f"{text}｜应为数，多个用逗号隔开｜如 --rate 错退率=0.005,0.02 --icc 0.05") from None


@main.group(cls=Group)
def ceremony() -> None:
    """当众产生种子：公告指纹，各方先承诺、后公开，或掷骰。"""


@ceremony.command()
@FOLDER
@click.option("--reason", default=None, help="已有一次仪式而另开的理由，记入台账。")
def announce(folder: str, reason: str | None) -> None:
    """固定名单与设计，写出它们的指纹，供种子产生之前公布。"""
    _say(opening.announce(Evaluation(folder), reason))


@ceremony.command()
@click.argument("file", metavar="秘密文件")
@click.option("--party", required=True, help="本方名称，如 县扶贫办。")
def secret(file: str, party: str) -> None:
    """产生本方的秘密数与承诺；秘密文件由本方自己保管。"""
    _say(opening.secret(party, file))


@ceremony.command()
@FOLDER
@click.argument("party", metavar="名称")
@click.argument("commitment", metavar="承诺")
def commit(folder: str, party: str, commitment: str) -> None:
    """收下一方的承诺。"""
    _say(opening.commit(Evaluation(folder), party, commitment))


@ceremony.command()
@FOLDER
@click.argument("file", metavar="秘密文件")
def reveal(folder: str, file: str) -> None:
    """各方都承诺之后，公开一方的秘密数，与承诺核对。"""
    _say(opening.reveal(Evaluation(folder), file))


@ceremony.command()
@FOLDER
@click.argument("digits", metavar="数字")
@click.option("--witness", "witnesses", multiple=True, help="见证的一方；至少写两次。")
def dice(folder: str, digits: str, witnesses: tuple[str, ...]) -> None:
    """记下十面骰子掷出的数字，至少 20 位。"""
    _say(opening.dice(Evaluation(folder), digits, witnesses))


@main.command()
@FOLDER
@click.option("--seed", default=None, help="公开产生的种子，至少 20 位数字；不写则用仪式产生的种子。")
@click.option("--reason", default=None, help="重抽，或不用已公告的仪式的理由，记入台账。")
def draw(folder: str, seed: str | None, reason: str | None) -> None:
    """抽取村，写出抽样凭证。"""
    _say(Evaluation(folder).draw(seed=seed, reason=reason))


@main.command()
@FOLDER
@FILES
def rosters(folder: str, files: tuple[str, ...]) -> None:
    """收入到达的村名册（不分先后），抽取各村农户。"""
    _say(Evaluation(folder).rosters(*files))


@main.command()
@FOLDER
def lists(folder: str) -> None:
    """每村写一份入户名单与密封备用户。"""
    _say(Evaluation(folder).lists())


@main.command()
@FOLDER
@click.argument("villages", nargs=-1, metavar="[村代码]…")
@click.option("--team", required=True, help="领取名单的组。")
@click.option("--day", required=True, help="入村的日期，如 2018-11-12。")
@click.option("--reason", default=None, help="已发放的村另发的理由，记入台账。")
def release(folder: str, villages: tuple[str, ...], team: str, day: str, reason: str | None) -> None:
    """按日把当天各村的名单发给一个组，记入台账。"""
    _say(opening.release(Evaluation(folder), villages, team=team, day=day, reason=reason))


@main.command()
@FOLDER
@FILES
def collect(folder: str, files: tuple[str, ...]) -> None:
    """收入回收表，与样本核对。"""
    _say(Evaluation(folder).collect(*files))


@main.command()
@FOLDER
def estimate(folder: str) -> None:
    """计算指标、区间与结论，写入 results/。"""
    _say(Evaluation(folder).estimate())


@main.command()
@FOLDER
def report(folder: str) -> None:
    """由 results/ 写出报告：docx、pdf、html、xlsx。"""
    _say(Evaluation(folder).report())


@main.command()
@FOLDER
@click.argument("frame", required=False, metavar="[名单]")
@click.option("--annex", default=None, help="农户附件；只在给出凭证与名单时用。")
@click.option("--earlier", multiple=True, help="以前各轮的凭证或附件；只在给出凭证与名单时用。")
def verify(folder: str, frame: str | None, annex: str | None, earlier: tuple[str, ...]) -> None:
    """用名单与名册重抽一遍，与凭证逐项对照；没有文件夹的，写 凭证.json 名单.csv。"""
    said, agrees = comparing.check_receipt(folder, frame, annex, earlier) if frame else Evaluation(folder).verify()
    _say(said)
    if not agrees:
        sys.exit(1)


@main.command()
@FOLDER
@click.option("--reason", default=None, help="现场未完成就公开凭证的理由，记入台账。")
def publish(folder: str, reason: str | None) -> None:
    """写出公开的文件：现场期间只有指纹，全部完成后是凭证与核对工具。"""
    _say(opening.publish(Evaluation(folder), reason))


@main.command(name="log")
@FOLDER
def history(folder: str) -> None:
    """列出台账：历次抽样、名册、发放、公布。"""
    _say(opening.history(Evaluation(folder)))


@main.command()
@click.argument("one", metavar="文件夹")
@click.argument("other", metavar="另一文件夹")
def overlap(one: str, other: str) -> None:
    """两次评估（两年、两轮）的样本村重合多少。"""
    _say(comparing.compare(Evaluation(one), Evaluation(other)))


@main.command(name="run")
@click.argument("design", metavar="设计文件")
@click.option("--out", default=None, help="输出文件夹；不写则为 reports/<report.name>/。")
@click.option("--seed", default=None, help="种子；不写则用仪式产生的种子，再不然用样例自带的种子。")
def run_all(design: str, out: str | None, seed: str | None) -> None:
    """用模拟的名册与回收表把全部步骤走一遍。"""
    progress = _progress if sys.stderr.isatty() else None
    _say(run(design, out, seed=seed, progress=progress))


def _progress(line: str) -> None:
    click.echo(line, err=True)
