"""The distance to the gates as a report shows it: pending cases by number and place, never by household."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.leeway import distance
from evalkit.tables import COLUMNS, records

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.evaluation.places import Places
    from evalkit.findings import Findings
    from evalkit.frame import Frame
    from evalkit.survey import Survey

SAYS = {True: "达到", False: "未达到", None: ""}


def pending_cases(
    survey: Survey, design: Design, frame: Frame, rosters: pd.DataFrame | None, findings: Findings, places: Places
) -> tuple[pd.DataFrame, list[str]]:
    """Return what confirming each pending case would change, and how much each gate still bears.

    Parameters
    ----------
    survey, design, frame, rosters
        As in `evalkit.distance`.
    findings : Findings
        What the kinds of cases are called.
    places : Places
        Under which names places may appear.

    Returns
    -------
    table : DataFrame
        One row for each rate and pending case, then all of them together; empty where no case is pending.
    bearing : list of str
        A sentence for each gate and kind of case; empty where no case is pending.
    """
    waiting = findings.cases()
    if not waiting["status"].isin(("suspected", "notified", "answering", "appealed")).any():
        return pd.DataFrame(columns=list(COLUMNS["distance"])), []
    made = distance(survey, design, frame, rosters)
    if not made.pending:
        return pd.DataFrame(columns=list(COLUMNS["distance"])), []
    table = made.table()
    table = table[(table["status"] == "") | (table["if_confirmed"] != table["now"])]  # of decided cases only dismissal would change
    numbers = {str(case): i for i, case in enumerate(dict.fromkeys(table.loc[table["status"] != "", "case"]), 1)}
    strata = survey.table().drop_duplicates("village").set_index("village")["village_stratum"]

    def called(row: Any) -> str:
        if row.case not in numbers:
            return "全部待定案件"
        return f"待定{numbers[row.case]}：{places.stratum(strata[row.case.split('/')[0]])}，{findings.named(row.finding)}"

    rows = [
        (row.rate, called(row), row.persons, row.now, row.if_confirmed, SAYS[row.legal_now], SAYS[row.legal_if_confirmed])
        for row in records(table.sort_values("status", key=lambda status: status == "", kind="stable"))
    ]
    rates = [rate.name for rate in design.rates]
    rows.sort(key=lambda row: rates.index(row[0]))
    return pd.DataFrame(rows, columns=list(COLUMNS["distance"])), made.bearing()["sentence"].tolist()
