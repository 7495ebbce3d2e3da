"""From the adjustments of a case to the steps that evalkit takes: the names of R's survey, and what evalkit calls them."""

from __future__ import annotations

from typing import Any

import pandas as pd
from case_input import NotCovered

import evalkit as ev

REPLICATES = {"JK1": "jk1", "JKn": "jkn", "BRR": "brr", "Fay": "fay"}


def taken(survey: ev.Survey, step: dict[str, Any]) -> ev.Survey:
    """Take one step."""
    if step["op"] == "replicate":
        options = {"rho": step["fay_rho"]} if "fay_rho" in step else {}
        return survey.replicate(REPLICATES[step["type"]], centre="estimate" if step.get("mse") else "mean", **options)
    if step["op"] not in STEPS:
        raise NotCovered(f"adjust: {step['op']}")
    return ev.weigh(survey, STEPS[step["op"]](step, survey))


def _counts(step: dict[str, Any]) -> dict[tuple[Any, ...], float]:
    return {tuple(row[name] for name in step["by"]): row["Freq"] for row in step["totals"]}


def _poststratify(step: dict[str, Any], survey: ev.Survey) -> Any:
    return ev.PostStratify(step["by"], _counts(step))


def _rake(step: dict[str, Any], survey: ev.Survey) -> Any:
    return ev.Rake({tuple(margin["by"]): _counts(margin) for margin in step["margins"]}, tol=step["epsilon"], sweeps=10)


def _calibrate(step: dict[str, Any], survey: ev.Survey) -> Any:
    """R states an intercept and contrasts with the first level; evalkit a total for every level."""
    stated, totals = step["totals"], {}
    for term in step["terms"]:
        if pd.api.types.is_numeric_dtype(survey.column(term)):
            totals[term] = stated[term]
            continue
        first, *others = survey.levels(term)[1]
        totals[term] = {level: stated[f"{term}{level}"] for level in others}
        totals[term][first] = stated["(Intercept)"] - sum(totals[term].values())
    bounds = tuple(step["bounds"]) if "bounds" in step else None
    return ev.Calibrate(["1", *step["terms"]], {"1": stated["(Intercept)"], **totals}, distance=step["calfun"], bounds=bounds)


def _trim(step: dict[str, Any], survey: ev.Survey) -> Any:
    bounds = {name: step[name] for name in ("lower", "upper") if name in step}
    return ev.Trim(**bounds, strict=step.get("strict", False))


STEPS = {"poststratify": _poststratify, "rake": _rake, "calibrate": _calibrate, "trim": _trim}
