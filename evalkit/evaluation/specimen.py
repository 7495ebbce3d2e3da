"""The whole river at once on simulated rosters and returns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from evalkit.design import Design, read_design
from evalkit.errors import EvalkitError
from evalkit.evaluation.folder import PARTS, Folder
from evalkit.evaluation.steps import Evaluation
from evalkit.frame import Frame
from evalkit.sheets import Page, read_sheet, write_book, write_bytes, write_csv
from evalkit.synthetic import Registry, registry, returns

Progress = Callable[[str], None]


def run(
    design: str | Path, folder: str | Path | None = None, *, seed: str | None = None, progress: Progress | None = None
) -> tuple[str, ...]:
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
        Told one line before each stage.

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
    target = Path(folder) if folder else Path("reports") / declared.report.name
    _refuse_strange(target)
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    if Folder(target).ceremony():
        write_bytes(Folder(part).ceremony_file, Folder(target).ceremony_file.read_bytes())
    said = _stages(declared, Evaluation(part), seed, progress or (lambda line: None))
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return tuple(line.replace(str(part), str(target)) for line in said)


def _refuse_strange(target: Path) -> None:
    if not target.exists():
        return
    own = (target / "design.toml").exists() and read_design(target / "design.toml").specimen is None
    strange = [p.name for p in sorted(target.iterdir()) if p.name not in {*PARTS, "design.toml", "ledger.sqlite"}]
    if own or strange:
        what = "自己的评估（设计中没有 [specimen]）" if own else "、".join(strange[:5])
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
    progress("7/8 写报告")
    said += evaluation.report()
    progress("8/8 验证抽样")
    verified, agrees = evaluation.verify()
    if not agrees:
        raise EvalkitError("\n".join(verified))
    return said + list(verified)


def _registry(design: Design, folder: Folder) -> Registry:
    """Write the design and the village list with made-up totals beside the villages that the rules keep."""
    frame = design.frame
    folder.root.mkdir(parents=True, exist_ok=True)
    write_bytes(folder.design, design.path.read_bytes())
    listed = read_sheet(design.resolve(frame.file), frame.sheet)
    known = [column for column in frame.columns if column in listed.columns]
    kept = Frame.from_data(listed, id=frame.id, name=frame.name, columns=known, rules=frame.rule, code=frame.code)
    made = registry(kept.table(), design)
    added = made.villages().drop(columns=[c for c in listed.columns if c != frame.id], errors="ignore")
    write_csv(listed.merge(added, on=frame.id, how="left"), folder.frame(frame.file))
    return made


def _write_rosters(made: Registry, villages: tuple[str, ...], folder: Folder) -> None:
    for village, table in made.rosters(villages).items():
        write_book(folder.part("rosters") / f"{village}.xlsx", {"名册": Page("", table)})
