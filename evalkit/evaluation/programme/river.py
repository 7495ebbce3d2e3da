"""One county of a programme from its list to its conclusion, on simulated rosters and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.evaluation.assembly import Drawing, judged
from evalkit.figures import rounding
from evalkit.findings import determine
from evalkit.frame import declared_frame
from evalkit.rates import measure
from evalkit.responses import collect
from evalkit.sample import draw, draw_next
from evalkit.sheets import Page, write_book
from evalkit.survey import weigh
from evalkit.synthetic import registry, returns

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.evaluation.folder import Folder
    from evalkit.responses import Responses
    from evalkit.sample import Sample
    from evalkit.tables import Results

ROSTER = ("village", "household", "stratum", "persons")


@dataclass(frozen=True, eq=False)
class Task:
    """What a process needs to know of one county.

    Parameters
    ----------
    plan : Design
        Of the county.
    rows : pandas.DataFrame
        Its villages.
    seed, seed_origin : str
    folder : Folder
        Of the county: its certificate and its results are kept there.
    workbooks : bool
        Whether its returns pass through a workbook in ``returns/``, as they come back from the field.
    """

    plan: Design
    rows: pd.DataFrame
    seed: str
    seed_origin: str
    folder: Folder
    workbooks: bool = False


def assess(task: Task) -> Results:
    """Draw, visit, estimate and judge one county; every noun is made by the function that makes it anywhere else."""
    # a county has thousands of cells, read one by one: texts that are Python's own are a fifth quicker than Arrow's, and the same
    with pd.option_context("mode.string_storage", "python"):
        return _results(task)


def _results(task: Task) -> Results:
    plan = task.plan
    made = registry(task.rows, plan)
    frame = declared_frame(plan.frame, plan.frame_stages, None, made.villages())
    first = draw(frame, plan, seed=task.seed, seed_origin=task.seed_origin)
    people = made.households(first.villages)
    assert plan.rosters is not None  # a specimen has them
    rosters = people[[*ROSTER, *plan.rosters.columns]]
    sample = draw_next(first, rosters)
    findings = determine(_returned(sample, people, task))
    survey = weigh(findings)
    with rounding(plan.report.rounding):  # of the numbers in sentences
        results = judged(findings, survey, measure(survey, plan, frame, rosters), Drawing(sample.certificate, (), {}))
    task.folder.part("draw")
    sample.certificate.save(task.folder.certificate)
    results.save(task.folder.part("results"))
    return results


def _returned(sample: Sample, people: pd.DataFrame, task: Task) -> Responses:
    answers = returns(sample, people, task.plan)
    if not task.workbooks:
        return collect(sample, answers)
    return collect(sample, [write_book(task.folder.part("returns") / "回收表.xlsx", {"回收表": Page("", answers)})])
