"""What was found in places chosen on purpose: counts of the households visited, which speak for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError
from evalkit.rates.parts import inside_of, unit_of
from evalkit.satisfaction import approval

if TYPE_CHECKING:
    from evalkit.findings import Findings

CHOSEN = "各村由人有意选取（典型选点），结果只说明所查的村户，不推断总体，不列比率、区间与判定。"
COLUMNS = ("rate", "status", "unit", "population", "denominator_rule", "numerator", "denominator")
STATUSES = {"认定": "_confirmed", "疑似": ""}


def visited(findings: Findings) -> pd.DataFrame:
    """Count the finds and the answers of the completed interviews, without weights, rates or intervals.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    pandas.DataFrame
        rate, status (认定, 疑似, or blank), unit, population, denominator_rule, numerator, denominator; one or two rows for each rate of
        findings or answers. Rates that are put together from others (综合贫困发生率, 准确率) speak of a whole and are left out.

    Raises
    ------
    EstimateError
        When the design declares no rate of findings or answers.
    """
    table = findings.table()
    rows = [row for declared in findings.design.rates for row in _rows(declared, findings, table)]
    if not rows:
        raise EstimateError("rate｜没有可计数的指标｜写 kind = \"finding\"、\"approval\" 或 \"prevalence\" 的 [[rate]]")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(declared: Any, findings: Findings, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    if declared.kind in ("incidence", "accuracy"):
        return []
    inside = inside_of(table, declared.population) & table["complete"].to_numpy(dtype=bool)
    unit = unit_of(table, declared.count)
    told = "户" if declared.count == "households" else "人"
    start = (declared.name, told, "、".join(declared.population) or "全部被访户", int(unit[inside].sum()))
    if declared.kind != "finding":
        return [_row(start, "", unit * approval(table, declared).approve, inside)]
    persons = findings.affected(declared.finding).to_numpy(dtype=float)
    affected = persons if declared.count == "persons" else np.ones(len(table))
    marks = {status: table[f"{declared.finding}{ending}"].to_numpy(dtype=float) for status, ending in STATUSES.items()}
    return [_row(start, status, affected * mark, inside) for status, mark in marks.items()]


def _row(start: tuple[str, str, str, int], status: str, num: Any, inside: Any) -> tuple[Any, ...]:
    name, unit, population, denominator = start
    return (name, status, unit, population, "所查户的合计", int(num[inside].sum()), denominator)
