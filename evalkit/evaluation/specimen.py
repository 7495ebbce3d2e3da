"""The whole river at once on simulated rosters and returns."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from evalkit.clues import RESTRICTED
from evalkit.design import Design, read_design
from evalkit.design.reading import standing_alone
from evalkit.errors import EvalkitError
from evalkit.evaluation.folder import PARTS, Folder
from evalkit.evaluation.guards import chosen_seed, given_seed
from evalkit.evaluation.marking import mark_folder
from evalkit.evaluation.programme.running import COUNTIES, run_programme
from evalkit.evaluation.steps import Evaluation
from evalkit.ledger import Ledger
from evalkit.patience import Progress
from evalkit.plans.counting import specimen_list
from evalkit.sheets import Page, being_made, sweep_folder, write_book, write_bytes, write_csv
from evalkit.synthetic import Registry, returns
from evalkit.synthetic.dice import MARK

OWN = ("design.toml", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite-journal")


def run(
    design: str | Path, folder: str | Path | None = None, *, seed: str | None = None, progress: Progress | None = None,
    workers: int = 1, workbooks: bool = False,
) -> tuple[str, ...]:  # fmt: skip
    """Run every step of an evaluation on simulated rosters and returns.

    Parameters
    ----------
    design : str or pathlib.Path
        A design file with a ``[specimen]`` section.
    folder : str or pathlib.Path, optional
        Where to write; ``reports/<report.name>/`` by default. An earlier run of a specimen there is
        replaced once the new one is whole.
    seed : str, optional
        The seed of the draw; else the ceremony's in ``folder``, else the specimen's own.
    progress : callable, optional
        Told one line before each stage, or after each county of a programme.
    workers : int
        Of a programme: processes that counties are shared out to; −1 for all cores. The numbers are the same.
    workbooks : bool
        Of a programme: whether the returns of each county pass through a workbook.

    Returns
    -------
    tuple of str
        What the steps said, last the report's place and the conclusion.

    Raises
    ------
    EvalkitError
        When the design has no ``[specimen]``, or the folder holds something that no run wrote.
    """
    declared = read_design(design)
    if declared.specimen is None:
        raise EvalkitError(f"{Path(design).name}｜没有 [specimen]｜run 只用模拟数据；自己的数据请用 evalkit init 起逐步进行")
    if declared.programme is None and (workers != 1 or workbooks):
        asked = "、".join([*(["workers"] if workers != 1 else []), *(["workbooks"] if workbooks else [])])
        raise EvalkitError(f"{asked}｜只用于多个县的项目，这个设计没有 [programme]｜去掉 {asked}")
    if seed is not None:
        given_seed(seed)  # refused before the minutes that a run takes
    target = (Path(folder) if folder else Path("reports") / declared.report.name).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    _recover(target)
    _refuse_strange(target)
    held = Folder(target).ceremony()
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        with being_made(part):
            if held:
                _keep_ceremony(Folder(target), Folder(part))
            evaluation = Evaluation(part)
            evaluation.ledger.append("run", "", {"design": declared.hash})
            told = progress or (lambda line: None)
            if declared.programme is None:
                said = _stages(declared, evaluation, seed, told)
            else:
                said = run_programme(declared, evaluation.folder, chosen_seed(seed, evaluation.folder, declared), workers, workbooks, told)
        _take_place(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return tuple(line.replace(str(part), str(folder or Path("reports") / declared.report.name)) for line in said)


def _keep_ceremony(old: Folder, new: Folder) -> None:
    """Take over the ceremony of the folder that is replaced, with what its ledger says of it."""
    kept = old.record if old.record.exists() else old.ceremony_file
    write_bytes(new.root / "draw" / kept.name, kept.read_bytes())
    for entry in Ledger(old.ledger).entries():
        if "record" in entry.detail:
            Ledger(new.ledger).append(entry.step, entry.subject, entry.detail)


def _recover(target: Path) -> None:
    """Clear away what a run left that was killed; a folder that it had just set aside comes back."""
    left = [sweep_folder(part) for part in sorted(target.parent.glob(f".{target.name}.*.part"))]
    old = target.with_name(f".{target.name}.old")
    if all(left) and old.exists() and not target.exists():
        old.rename(target)


def _take_place(part: Path, target: Path) -> None:
    """Put the finished folder where the old one was; a file that is held open stops it before anything is lost."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        try:
            target.rename(old)
        except OSError:
            raise EvalkitError(f"{target}｜其中有文件正被打开，不能更换｜关闭 Word、Excel 中打开的文件后重试") from None
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _refuse_strange(target: Path) -> None:
    if not target.exists():
        return
    known = {entry.step for entry in Ledger(target / "ledger.sqlite").entries()}
    own = (target / "design.toml").exists() and "run" not in known
    strange = [p.name for p in sorted(target.iterdir()) if p.name not in {*PARTS, *OWN, COUNTIES}]
    strange += [f"{RESTRICTED}/ 中的文件"] if any((target / RESTRICTED).glob("*")) else []
    if own or strange:
        what = "自己的评估（不是 evalkit run 写出的）" if own else "、".join(strange[:5])
        raise EvalkitError(f"{target}｜已有 {what}｜换一个文件夹：--out 文件夹")


def _stages(design: Design, evaluation: Evaluation, seed: str | None, progress: Progress) -> list[str]:
    progress("1/8 模拟登记：为村名单生成户与人")
    made = _registry(design, evaluation.folder)
    progress("2/8 抽村")
    said = [*evaluation.draw(seed=seed)]
    progress("3/8 名册到达，抽户")
    drawn = evaluation.sample().villages
    _write_rosters(made, drawn, evaluation.folder)
    said += evaluation.rosters()
    progress("4/8 写入户名单")
    said += evaluation.lists()
    progress("5/8 模拟入户调查，回收")
    answers = returns(evaluation.sample(), made.households(drawn), design)
    write_book(evaluation.folder.part("returns") / "回收表.xlsx", {"回收表": Page("", answers)})
    said += evaluation.collect()
    progress("6/8 估计与判定")
    said += evaluation.estimate()
    if design.indicators is not None and evaluation.sample().inference:
        said += mark_folder(evaluation, other=_values(design, evaluation.folder))
    progress("7/8 写报告")
    said += evaluation.report()
    progress("8/8 验证抽样")
    verified, agrees = evaluation.verify()
    if not agrees:
        raise EvalkitError("\n".join(verified))
    return said + list(verified)


def _registry(design: Design, folder: Folder) -> Registry:
    """Write the design and the village list with made-up totals beside the villages that the rules keep."""
    folder.root.mkdir(parents=True, exist_ok=True)
    write_bytes(folder.design, standing_alone(design.path))
    made, listed = specimen_list(design)
    if design.frame.made is None:
        write_csv(listed, folder.frame(design.frame.file))
    return made


def _values(design: Design, folder: Folder) -> str:
    """Write the made-up values of the indicators that no survey gives; nothing where there are none."""
    assert design.specimen is not None
    if not design.specimen.values:
        return ""
    rows = [(design.report.name, code, value, MARK, design.report.date, MARK) for code, value in design.specimen.values.items()]
    table = pd.DataFrame(rows, columns=["对象", "代码", "值", "来源", "日期", "提供单位"])
    return str(write_csv(table, folder.part("results") / "其他来源的数值.csv"))


def _write_rosters(made: Registry, villages: tuple[str, ...], folder: Folder) -> None:
    for village, table in made.rosters(villages).items():
        write_book(folder.part("rosters") / f"{village}.xlsx", {"名册": Page("", table)})
