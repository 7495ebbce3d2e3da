"""The scorecard of an evaluation's folder."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import EvalkitError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.indicators import Scorecard, read_system, score
from evalkit.rates import measure
from evalkit.sheets import write_csv
from evalkit.survey import weigh

CARD, UNITS, FLAGS = "scorecard.csv", "scorecard_units.csv", "circumstances.csv"


def mark_folder(evaluation: Evaluation, system: str = "", other: str = "", missing: str = "fail") -> Said:
    """Score the county by the design's system, or by that of a file; write the card to ``results/``."""
    design = evaluation.design
    if not system and design.indicators is None:
        raise EvalkitError("design.toml｜没有 [indicators] 一节｜写上，或给出 --system 体系文件")
    rosters = evaluation._rosters()
    rates = measure(weigh(evaluation.findings()), design, evaluation.frame, rosters if len(rosters) else None)
    policies = design.evaluation
    card = score(
        {policies.county: rates}, read_system(system or design), other=other or None, missing=missing, level=policies.confidence,
        alpha=policies.alpha, icc=policies.icc,
    )  # fmt: skip
    return written(card, evaluation.folder.part("results"))


def mark_table(values: str, system: str, folder: str, missing: str = "fail") -> Said:
    """Score the units of a table of values by the system of a file; write the card into a folder."""
    return written(score(values, system, missing=missing), Path(folder))


def written(card: Scorecard, folder: Path) -> Said:
    """Write a scorecard and say what it says."""
    card.save(folder / CARD)
    write_csv(card.units(), folder / UNITS)
    names = [CARD, UNITS]
    if card.system.circumstance:
        write_csv(card.circumstances(), folder / FLAGS)
        names.append(FLAGS)
    return (repr(card.system), *(f"  {line}" for line in card.sentences()), f"写入 {'、'.join(f'{folder.name}/{name}' for name in names)}")
