"""The tables of an evaluation whose places were chosen on purpose: counts, and the sentence that they speak for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.evaluation.assembly import Drawing, assemble, counted_facts, counted_tables
from evalkit.evaluation.places import Places
from evalkit.figures import rounding
from evalkit.rates import measure
from evalkit.rates.counts import CHOSEN, visited
from evalkit.survey import weigh
from evalkit.tables import COLUMNS, Results

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.findings import Findings


def gather(findings: Findings, rosters: pd.DataFrame, drawing: Drawing) -> Results:
    """Estimate and judge where places were drawn; only count where they were chosen on purpose."""
    with rounding(findings.design.report.rounding):  # of the numbers in sentences
        return _gathered(findings, rosters, drawing) if findings.sample.inference else count_only(findings, drawing)


def _gathered(findings: Findings, rosters: pd.DataFrame, drawing: Drawing) -> Results:
    design, frame, survey = findings.design, findings.sample.frame, weigh(findings)
    rates = measure(survey, design, frame, rosters)
    return assemble(design, frame, findings.responses, findings, survey, rates, rosters, drawing)


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
    facts = counted_facts(design, frame, places, findings, drawing) | {"chosen": CHOSEN, "conclusion": said}
    return Results(facts, {name: table for name, table in tables.items() if len(table)})
