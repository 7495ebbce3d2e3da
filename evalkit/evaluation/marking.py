"""The scorecard of an evaluation's folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.errors import EvalkitError
from evalkit.evaluation.guards import made_from, refuse_stale_results
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.indicators import Scorecard, read_system, score
from evalkit.indicators.telling import tree_cells
from evalkit.patience import Progress
from evalkit.rates import measure
from evalkit.sheets import write_csv
from evalkit.survey import weigh
from evalkit.tables import COLUMNS, Results
from evalkit.tables.results import FACTS

CARD, UNITS, FLAGS, LAMPS = "scorecard.csv", "scorecard_units.csv", "circumstances.csv", "lights.csv"


def mark_folder(evaluation: Evaluation, system: str = "", other: str = "", missing: str = "fail") -> Said:
    """Score the county by the design's system, or by that of a file; write the card to ``results/``."""
    design = evaluation.design
    if not system and design.indicators is None:
        raise EvalkitError("design.toml｜没有 [indicators] 一节｜写上，或给出 --system 体系文件")
    rosters = evaluation._rosters()
    rates = measure(weigh(evaluation.findings()), design, evaluation.frame, rosters if len(rosters) else None)
    policies = design.evaluation
    county = design.report.name if design.simulated else policies.county  # made-up results bear no real county's name
    card = score(
        {county: rates}, read_system(system or design), other=other or None, missing=missing, level=policies.confidence,
        alpha=policies.alpha, icc=policies.icc, progress=evaluation.progress,
    )  # fmt: skip
    said = written(card, evaluation.folder.part("results"), design.simulated)
    _keep(card, evaluation)
    return (*(["以下为模拟数据"] if design.simulated else []), *said)


def _keep(card: Scorecard, evaluation: Evaluation) -> None:
    """Add the card to the results that the report is written from, where they are there and not stale."""
    place = evaluation.folder.part("results")
    if not (place / FACTS).exists():
        return
    results = Results.load(place)
    refuse_stale_results(results.facts.get("made_from", {}), made_from(evaluation.folder, evaluation.saved()))
    marks = pd.DataFrame(tree_cells(card), columns=list(COLUMNS["marks"]))
    flags = card.circumstances()[list(COLUMNS["flags"])] if card.system.circumstance else results.table("flags").iloc[:0]
    facts = {**results.facts, "scored": card.sentences(), "system": f"{card.system.title}（{card.system.source}）。"}
    Results(facts, {**results.tables, "marks": marks, "flags": flags}).save(place)


def mark_table(values: str, system: str, folder: str, missing: str = "fail", progress: Progress | None = None) -> Said:
    """Score the units of a table of values by the system of a file; write the card into a folder."""
    return written(score(values, system, missing=missing, progress=progress), Path(folder))


def written(card: Scorecard, folder: Path, simulated: bool = False) -> Said:
    """Write a scorecard and say what it says; tables of made-up data say so in every row."""
    mark = {"simulated": "模拟数据"} if simulated else {}
    write_csv(card.table().assign(**mark), folder / CARD)
    write_csv(card.units().assign(**mark), folder / UNITS)
    names = [CARD, UNITS]
    if card.system.circumstance:
        write_csv(card.circumstances().assign(**mark), folder / FLAGS)
        names.append(FLAGS)
    lamps: list[str] = []
    if card.system.lights and len(card.units_scored) > 1:
        lights = card.lights()
        write_csv(lights.assign(**mark), folder / LAMPS)
        names.append(LAMPS)
        shown = ((light, lights.loc[lights["light"] == light, "unit"]) for light in ("红灯", "黄灯"))
        lamps = [f"  {light}：{'、'.join(units) or '无'}" for light, units in shown]
    said = [f"  {line}" for line in card.sentences()]
    return (repr(card.system), *said, *lamps, f"写入 {'、'.join(f'{folder.name}/{name}' for name in names)}")
