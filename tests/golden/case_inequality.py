"""Measures of inequality and poverty, asked of evalkit by the names they have in R's convey and in the forms it uses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from case_input import NotCovered, dataset

import evalkit as ev
from evalkit import inequality

# The cases name a data set only; these are the designs their numbers were made under.
DESIGNS: dict[str, dict[str, Any]] = {
    "apistrat": {"weights": "pw", "strata": "stype", "fpc": "fpc"},
    "strat2stage": {"weights": "w", "strata": "stratum", "clusters": "psu", "nest": True},
}
MEASURES: dict[str, Callable[[Any, Any], tuple[float, Any]]] = {
    "svygini": partial(inequality.gini, form="ranks"),
    "svyqsr": partial(inequality.quintile_share_ratio, form="rows"),
    "svyarpt": partial(inequality.poverty_line, relative=inequality.Relative()),
    "svyarpr": partial(inequality.fgt, line=None, alpha=0, relative=inequality.Relative()),
    "svyiqalpha": partial(inequality.quantile_alpha, prob=0.5),
    "svyzenga": partial(inequality.zenga, form="ranks"),
    "svyatk": inequality.atkinson,
    "svygei": inequality.generalised_entropy,
}


def _answer(case: dict[str, Any], folder: Path, measure: Callable[[Any, Any], tuple[float, Any]]) -> dict[str, float]:
    given = case["args"]
    if given["dataset"] not in DESIGNS:
        raise NotCovered(f"no design known for {given['dataset']}")
    table = dataset(folder, given["dataset"])
    survey = ev.Survey.from_data(table, **DESIGNS[given["dataset"]])
    value, scores = measure(np.asarray(table[given["var"]], dtype=float), survey.weights)
    found = ev.Estimate.of_scores(survey, value, scores, kind="mean", label=given["var"])
    return {"estimate": float(found), "se": float(found.se[0])}


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    name: partial(_answer, measure=measure) for name, measure in MEASURES.items()
}
