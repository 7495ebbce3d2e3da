"""What goes out to the teams: assignment books and the plan of days."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pandas as pd

from evalkit.evaluation.folder import Folder
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.fieldwork import Assignment, assign, write_books, write_days, write_xlsform
from evalkit.report import write_booklets
from evalkit.sheets import read_sheet, write_csv

QUESTIONNAIRE = "questionnaire"
PART, TABLE, MANIFEST = "assignments", "分组表.csv", "清单.csv"


def assign_teams(evaluation: Evaluation, teams: str | None = None, *, start: str | None = None) -> Said:
    """Assign the drawn households to teams by the seed of the draw, and write the books of all teams.

    Books that nobody has filled in since they were written are written anew, with the villages that have arrived since; others
    stay as they are.

    Parameters
    ----------
    evaluation : Evaluation
    teams : str, optional
        A table of teams; the design's `[teams]` when left out.
    start : str, optional
        The first day, for the plan of days.
    """
    sample, saved = evaluation.agreed_sample(), evaluation.saved()
    made = assign(sample, teams, seed=saved.seed)
    with tempfile.TemporaryDirectory() as place:
        desk = Path(place)
        told = evaluation.progress
        written = [*write_books(made, desk, progress=told), *write_booklets(made, desk, progress=told), write_days(made, desk, start)]
        written.append(made.save(desk / TABLE))
        _drop_unfilled(evaluation.folder)
        homes = [(Path(PART) / path.parent.relative_to(desk)).as_posix() for path in written]
        kept = sum(evaluation.folder.add(home, [path]) for home, path in zip(homes, written, strict=True))
        _note(evaluation, desk, written)
    evaluation.ledger.append("assign", saved.sha256, {"list": made.seal, "teams": [team.name for team in made.teams]})
    return _told(made, kept)


def write_questionnaire(evaluation: Evaluation, teams: str | None = None, *, audit: bool = False, gps: bool = False) -> Said:
    """Write the questionnaire as an XLSForm, with the teams of ``assignments/`` where there are any.

    Parameters
    ----------
    evaluation : Evaluation
    teams : str, optional
        A table of teams; the design's `[teams]` when left out, and no teams when there are none.
    audit, gps : bool
        As for `write_xlsform`.
    """
    sample = evaluation.agreed_sample()
    known = teams is not None or evaluation.design.teams is not None
    source = assign(sample, teams, seed=evaluation.saved().seed) if known else sample
    place = evaluation.folder.part(PART) / QUESTIONNAIRE
    written = write_xlsform(source, place, audit=audit, gps=gps)
    named = "、".join(path.name for path in written)
    return (
        f"问卷：{named} 在 {PART}/{QUESTIONNAIRE}/",
        "问卷.xlsx 上传到服务器，households.csv 作附件；导出的答案按 列名对照.csv 改列名后键入 evalkit collect",
    )


def _told(made: Assignment, kept: int) -> Said:
    days = made.days()
    filled = f"，其中 {kept} 份已填写，保持原样" if kept else ""
    return (
        f"分组：{days['village'].nunique()} 个村，{len(made.table())} 户，{len(made.teams)} 个组；"
        f"册子（Excel、PDF）与日程在 {PART}/{filled}",
        f"日程：{int(days['day'].max())} 天，按各组户数至少 {made.least_days} 天；日程与分组表只给总队长，各组到当日才知道去哪个村",
        *(f"  留意｜{note}" for note in made.notes),
    )


def _drop_unfilled(folder: Folder) -> None:
    """Remove what an earlier step wrote and nobody has changed since."""
    manifest = folder.root / PART / MANIFEST
    if not manifest.exists():
        return
    for name, print_ in read_sheet(manifest, subject=MANIFEST).itertuples(index=False, name=None):
        path = folder.root / PART / name
        inside = path.resolve().is_relative_to((folder.root / PART).resolve())
        if inside and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == print_:
            path.unlink()


def _note(evaluation: Evaluation, desk: Path, written: list[Path]) -> None:
    """Write down what each file was when it was written, by which one that has been filled in is told."""
    rows = [(path.relative_to(desk).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in written]
    write_csv(pd.DataFrame(rows, columns=["file", "sha256"]), evaluation.folder.part(PART) / MANIFEST)
