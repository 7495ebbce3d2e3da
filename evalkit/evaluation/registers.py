"""Rosters out of the register of all villages, which may be larger than memory and stays where it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.fieldwork import write_rosters

if TYPE_CHECKING:
    from evalkit.evaluation.steps import Evaluation

NAME = "取自户名册-"


def from_register(evaluation: Evaluation, desk: Path) -> tuple[str, ...]:
    """Write the rosters of the drawn villages that have none yet as one file; nothing where the design names no register."""
    design, folder = evaluation.design, evaluation.folder
    source = design.rosters.file if design.rosters else ""
    if not source or not folder.certificate.exists() or not (wanted := evaluation.sample().pending):
        return ()
    number = next(i for i in range(1, 1000) if not (folder.root / "rosters" / f"{NAME}{i}.csv").exists())
    path = desk / f"{NAME}{number}.csv"
    return (str(path),) if write_rosters(folder.register(design, source), design, wanted, path) else ()
