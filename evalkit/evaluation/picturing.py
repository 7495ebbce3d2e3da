"""What the pictures of a report need beside its tables, as plain data: counts and chances, nobody named."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from evalkit.casework import cases
from evalkit.charts import strips_of
from evalkit.fieldwork import draw_number, village_board

if TYPE_CHECKING:
    from evalkit.evaluation.places import Places
    from evalkit.ledger import Ledger
    from evalkit.sample import Sample

MOST_UNITS = 3000  # of a stage, beyond which the pieces of its strips are finer than a print
STEPS = ("汇总", "验收")


def picture_facts(sample: Sample, places: Places, ledger: Ledger | None) -> dict[str, Any]:
    """Return the pieces of the draw and, where the ledger has them, the ways of the cases and the days of the board."""
    found = {"drawn": _drawn(sample, places), "cases": _cases(ledger), "board": _board(sample, ledger)}
    return {name: fact for name, fact in found.items() if fact}


def _drawn(sample: Sample, places: Places) -> list[list[Any]]:
    """Return the strips of the last stage of the frame, their strata under the names that the design allows."""
    stage = sample.design.frame_stages[-1].name
    if not sample.inference or sum(cell.population for cell in sample.cells(stage)) > MOST_UNITS:
        return []
    return [strip.told(places.stratum(strip.label)) for strip in strips_of(sample, stage, False)]


def _cases(ledger: Ledger | None) -> list[list[Any]]:
    ways = Counter(cases(ledger).ways()) if ledger is not None else Counter[tuple[str, ...]]()
    return [[list(way), count] for way, count in sorted(ways.items())]


def _board(sample: Sample, ledger: Ledger | None) -> dict[str, list[str]]:
    if ledger is None or not ledger.entries("board"):
        return {}
    board = village_board(ledger, sample.villages, draw_number(ledger.entries("draw")))
    return {step: sorted(board[step]) for step in STEPS}
