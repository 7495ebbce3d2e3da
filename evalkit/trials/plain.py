"""A plain design in numbers: so many villages, so many households in each, one rate and its gate."""

from __future__ import annotations

from typing import Any, Literal

from evalkit.design import Design, read_design
from evalkit.sample.listings import ALL

ERRORS = {
    "name": "差错率", "kind": "finding", "finding": "wrong_exit", "population": [ALL], "count": "households", "decided_by": "household",
}  # fmt: skip
APPROVALS = {"name": "认可度", "kind": "approval", "items": ["认可"], "scale": ["是", "否"], "approve": ["是"], "rule": "single"}
SHORT = {"shortfall": "fail"}
PLAIN: dict[str, Any] = {
    "format": 1,
    "rosters": {"village": "村", "household": "户", "stratum": "户类型", "persons": "人数"},
    "returns": {
        "village": "村", "household": "户", "disposition": "结果",
        "dispositions": {"完成": "complete", "拒访": "refusal", "无人": "noncontact", "不符": "ineligible"},
    },
    "criteria": {"income": "收入", "line": 1, "line_source": "模拟", "guarantees": ["保障"], "exited": [ALL]},
    "report": {name: "模拟" for name in ("name", "title", "institute", "date", "fieldwork")},
}  # fmt: skip


def plain_design(
    villages: int,
    take: int,
    *,
    frame: int = 2000,
    households: int = 600,
    threshold: float = 0.02,
    direction: Literal["below", "above"] = "below",
    strict: bool = True,
    icc: float = 0.05,
    alpha: float = 0.05,
    stages: Literal["all", "first"] = "all",
    response: float = 1.0,
    cost_village: float = 0.0,
    cost_household: float = 0.0,
    teams: int = 0,
    interviews_per_day: float | None = None,
) -> Design:
    """Return a design of two stages, simple random samples both, to simulate before anything is known of a county.

    Parameters
    ----------
    villages, take : int
        Villages drawn, and households drawn in each.
    frame, households : int
        Villages of the made-up list, and households in each of them.
    threshold : float
        Gate of the rate (差错率; for "above" 认可度), in (0, 1).
    direction : {"below", "above"}
        The side of the threshold that meets the standard.
    strict : bool
        Whether the rate must lie beyond the threshold or may equal it.
    icc : float
        Correlation within villages that the verdict is planned with.
    alpha : float
        Risk of a wrong proof.
    stages : {"all", "first"}
        Variance of all stages, or between villages only (ultimate cluster).
    response : float
        Share of the drawn households that answer.
    cost_village, cost_household, teams, interviews_per_day
        As in the section `[planning]` of a design file.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        A number outside its range.

    Examples
    --------
    >>> plain_design(20, 60)
    Design 20 村 × 60 户：village(srs) → household(srs)，1 个指标，1 道门槛，设计指纹 3bf2190d8f2b
    """
    rate = ERRORS if direction == "below" else APPROVALS
    planning: dict[str, Any] = {"rates": {rate["name"]: threshold / 4 if direction == "below" else (3 + threshold) / 4}}
    planning |= {"response": response, "households": households, "cost_village": cost_village, "cost_household": cost_household}
    planning |= {"teams": teams} | ({} if interviews_per_day is None else {"interviews_per_day": interviews_per_day})
    gate = {"rate": rate["name"], "threshold": threshold, "direction": direction, "strict": strict, "legal_value": "unweighted"}
    evaluation = {"title": f"{villages} 村 × {take} 户", "county": "模拟县", "year": 2000, "icc": icc, "alpha": alpha, "stages": stages}
    level = {"column": "village", "name": "村", "count": frame}
    whole = PLAIN | {
        "evaluation": evaluation,
        "frame": {"id": "village", "name": "village_name", "source": "编造", "columns": [], "made": {"level": [level]}},
        "stage": [{"name": "village", "method": "srs", "n": villages}, {"name": "household", "method": "srs", "n": take, **SHORT}],
        "rate": [rate],
        "gate": [{**gate, "quote": "模拟", "source": "模拟"}],
        "planning": planning,
    }  # fmt: skip
    return read_design(whole)
