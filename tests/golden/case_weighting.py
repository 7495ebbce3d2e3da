"""Design effects of weights, small areas and nonresponse: functions of R PracTools, sae and sampling, asked of evalkit by those names.

`weighting_class` gives rows of unknown or no eligibility the weight 0, where evalkit leaves rows that neither take nor give
as they are. `deffH` and `deffS` are asked for in PracTools'
form, which departs from the papers'. `pclass` adds random noise of about
2e-5 to its propensities (R's `jitter`, without a seed), so that its propensities are not those of the model; its classes are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from case_input import Jittered, NotCovered, argument, dataset

from evalkit import nonresponse, smallareas
from evalkit.intervals import weighting

Case = dict[str, Any]


def _args(case: Case, folder: Path) -> dict[str, Any]:
    return {name: argument(value, folder) for name, value in case["args"].items()}


def _henry(case: Case, folder: Path) -> float:
    a = _args(case, folder)
    return weighting.henry_effect(a["w"], a["y"], a["x"], form="practools")


def _spencer(case: Case, folder: Path) -> float:
    a = _args(case, folder)
    return weighting.spencer_effect(a["p"], a["w"], a["y"], form="practools")


def _chen_rust(case: Case, folder: Path) -> dict[str, Any]:
    a = _args(case, folder)
    seen = weighting.chen_rust_effect(
        a["w"], a["y"], a.get("strvar"), a.get("clvar"), a.get("stages", 2), shares=a.get("Wh"), nested=bool(a.get("clnest"))
    )
    columns = {"nh": seen.n, "rhoh": seen.icc, "cv2wh": seen.cv2_w, "deff.w": seen.deff_w, "deff.c": seen.deff_c, "deff.s": seen.deff_s}
    return {"strata components": {"stratum": list(seen.strata), **columns}, "overall deff": seen.overall}


def _fay_herriot(case: Case, folder: Path) -> dict[str, Any]:
    a = case["args"]
    table = dataset(folder, a["dataset"])
    y, _, terms = a["formula"].partition(" ~ ")
    column, _, power = a["vardir"].partition("^")
    x = _dummies(table[terms.removeprefix("as.factor(").rstrip(")")]) if terms.startswith("as.factor(") else _matrix(table, terms)
    fit = smallareas.fay_herriot(table[y].to_numpy(), x, table[column].to_numpy() ** float(power or 1), a["method"].lower())
    return {"eblup": fit.eblup, "refvar": fit.refvar, "beta": fit.beta, "mse": fit.mse}


def _dummies(column: Any) -> Any:
    """Return one 0/1 column for each level but the first."""
    levels = np.unique(column)
    return (column.to_numpy()[:, None] == levels[1:]).astype(float)


def _matrix(table: Any, terms: str) -> Any:
    names = [each.strip() for each in terms.split("+")]
    if not all(name.isidentifier() for name in names):
        raise NotCovered(f"formula {terms}")
    return None if names == ["1"] else table[names].to_numpy(dtype=float)


def _released(case: Case, folder: Path) -> tuple[Any, Any, tuple[Any, ...]]:
    table = dataset(folder, case["args"]["dataset"])
    return table["w"].to_numpy(), table["status"].to_numpy(dtype=str), tuple(table[name].to_numpy(dtype=str) for name in case["args"]["by"])


def _weighting_class(case: Case, folder: Path) -> dict[str, Any]:
    w, status, by = _released(case, folder)
    done = nonresponse.cell_factors(np.where(np.isin(status, ("R", "N")), w, 0.0), status == "R", status == "N", by)
    labels = [".".join(cell) for cell in done.table.cells]
    return {"factor": dict(zip(labels, done.table.factor.tolist(), strict=True)), "weights": done.weights}


def _eligibility(case: Case, folder: Path) -> dict[str, Any]:
    w, status, by = _released(case, folder)
    first = nonresponse.spread_unknown(w, status, by).weights
    return {"step1": first, "step2": nonresponse.cell_factors(first, status == "R", status == "N", by).weights}


def _classes(case: Case, folder: Path) -> dict[str, Any]:
    a = case["args"]
    table = dataset(folder, a["dataset"])
    answered, _, terms = a["formula"].partition(" ~ ")
    weights = table["pw"].to_numpy() if a["type"] == "wtd" else None
    fit = nonresponse.response_propensity(_matrix(table, terms), table[answered].to_numpy(), weights)
    cut = nonresponse.propensity_classes(fit.propensities, classes=a["numcl"])
    return {"class_counts": cut.n, "propensities": Jittered(fit.propensities.tolist(), _jitter(fit.propensities))}


def _jitter(values: Any) -> float:
    """Return the largest noise of R's `jitter`, which PracTools adds without a seed: a fifth of the smallest gap at four digits."""
    digits = 3 - int(np.floor(np.log10(values.max() - values.min())))
    return float(np.diff(np.unique(np.round(values, digits))).min() / 5)


def _groups(case: Case, folder: Path) -> dict[str, Any]:
    a = _args(case, folder)
    seen = nonresponse.response_groups(a["selection"], a["resp"])
    units = list(range(1, len(seen.group) + 1))
    return {"ID_unit": units, "status": a["resp"], "g": a["selection"], "rhgroup": seen.group, "prob_resp": seen.chance}


ANSWERS: dict[str, Callable[[Case, Path], Any]] = {
    "deffH": _henry,
    "deffS": _spencer,
    "deffCR": _chen_rust,
    "mseFH": _fay_herriot,
    "weighting_class": _weighting_class,
    "aapor_like": _eligibility,
    "pclass": _classes,
    "rhg": _groups,
}
