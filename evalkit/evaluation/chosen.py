"""The tables of an evaluation whose places were chosen on purpose: counts, and the sentence that they speak for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.evaluation.assembly import Drawing, counted_facts, counted_tables
from evalkit.evaluation.places import Places
from evalkit.rates.counts import CHOSEN, visited
from evalkit.tables import COLUMNS, Results

if TYPE_CHECKING:
    from evalkit.findings import Findings


def count_only(findings: Findings, drawing: Drawing) -> Results:
    """Gather what the report says of places chosen on purpose.

    Parameters
    ----------
    findings : Findings
    drawing : Drawing

    Returns
    -------
    Results
        Without estimates, intervals, gates and weights; ``facts["chosen"]`` is the sentence that says so.
    """
    design, frame = findings.design, findings.sample.frame
    places = Places.of(frame, design)
    rates = visited(findings)
    rates = rates.reindex(columns=list(COLUMNS["rates"]))
    tables = {**counted_tables(findings, design, places), "rates": rates}
    said = {"passed": False, "sentence": CHOSEN}
    facts = counted_facts(design, frame, places, findings.responses, drawing) | {"chosen": CHOSEN, "conclusion": said}
    return Results(facts, {name: table for name, table in tables.items() if len(table)})
