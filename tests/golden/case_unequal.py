"""Unequal chances: the names of R's sampling, UPSvarApprox and svrep, and what evalkit calls them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import case_input
import numpy as np

from evalkit.variances import unequal

ESTIMATORS = {
    "Deville1": "deville1", "Deville2": "deville2", "Deville3": "deville3", "Hajek": "hajek", "Rosen": "rosen",
    "FixedPoint": "fixed-point", "Brewer1": "brewer1", "HartleyRao": "hartley-rao", "Berger": "berger", "Tille": "tille-as-r",
    "MateiTille1": "matei-tille-1", "MateiTille2": "matei-tille-2", "MateiTille3": "matei-tille-3", "MateiTille4": "matei-tille-4",
    "MateiTille5": "matei-tille-5", "Brewer2": "brewer2", "Brewer4": "brewer4-as-r",
}  # fmt: skip
TRUE = {
    "Hajek1": "hajek1", "Hajek2": "hajek2", "HartleyRao1": "hartley-rao1-as-r", "HartleyRao2": "hartley-rao2", "FixedPoint": "fixed-point",
}  # fmt: skip
KIND = {1: "ht", 2: "syg"}
# What make_quad_form_matrix was given beside the weighted values: columns of the data sets, and 60 units of 750.
ELECTION, LIST, TAKEN = "election_pps.p", "systematic", 60 / 750


def _given(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {name: case_input.argument(value, folder) for name, value in case["args"].items()}


def _approximate(case: dict[str, Any], folder: Path) -> float:
    given = _given(case, folder)
    if given["method"] not in ESTIMATORS:
        raise case_input.NotCovered(f"approx_var_est {given['method']}")
    method = ESTIMATORS[given["method"]]
    if "sample" not in given:
        return unequal.approximate(given["y"], given["pik"], method)
    sample, population = np.asarray(given["sample"]) - 1, np.asarray(given["pik"])
    return unequal.approximate(given["y"], population[sample], method, population=population, sample=sample)


def _true(case: dict[str, Any], folder: Path) -> float:
    given = _given(case, folder)
    return unequal.true_variance(given["y"], given["pik"], given["n"], TRUE[given["method"]], certain="together")


def _ratio(case: dict[str, Any], folder: Path) -> dict[str, float]:
    given = _given(case, folder)
    y, x, joint = given["Ys"], given["Xs"], np.asarray(given["pikls"])
    totals = [unequal.horvitz_thompson_total(values, np.diag(joint)) for values in (y, x)]
    return {"ratio": totals[0] / totals[1], "estvar": unequal.ratio_variance(y, x, joint, "ht")}


def _pairs(case: dict[str, Any], folder: Path) -> float:
    given = _given(case, folder)
    return unequal.horvitz_thompson_variance(given["y"], given["pikl"], KIND[given.get("method", 1)])


def _regression(case: dict[str, Any], folder: Path) -> float:
    given = _given(case, folder)
    if given.get("Xs") is None:
        return unequal.approximate(given["Ys"], given["pik"], "deville2")
    return unequal.regression_variance(given["Ys"], given["Xs"], given["pik"], given["w"])


def _total(case: dict[str, Any], folder: Path) -> list[list[float]]:
    given = _given(case, folder)
    return [[unequal.horvitz_thompson_total(given["y"], given["pik"])]]


def _mean(case: dict[str, Any], folder: Path) -> list[list[float]]:
    given = _given(case, folder)
    mean = unequal.hajek_mean(given["y"], given["pik"])
    return [[mean * given["N"] if given.get("type") == "total" else mean]]


def _poisson(case: dict[str, Any], folder: Path) -> float:
    given = _given(case, folder)
    return unequal.approximate(given["y"], given["pik"], "poisson")


def _form(case: dict[str, Any], folder: Path) -> float:
    """Answer for weighted values z: with chances π the values are πz."""
    z, name = np.asarray(case["args"]["weighted_y"]), case["args"]["variance_estimator"]
    if name in ("SD1", "SD2"):
        return float(unequal.successive(z, np.zeros(len(z), dtype=int), TAKEN, circular=name == "SD2"))
    if name in ("Deville-1", "Deville-2"):
        probs = case_input.argument({"ref": ELECTION}, folder)
        return unequal.approximate(z * probs, probs, name.replace("-", "").lower())
    if name in ("Yates-Grundy", "Horvitz-Thompson"):
        joint = case_input.dataset(folder, "election_jointprob").to_numpy()
        return unequal.horvitz_thompson_variance(z * np.diag(joint), joint, "syg" if name == "Yates-Grundy" else "ht")
    if name == "Deville-Tille":
        listed = case_input.dataset(folder, LIST)
        return unequal.balanced_variance(z * listed["pik"], listed["pik"], listed[["pik", "x"]].to_numpy())
    raise case_input.NotCovered(f"make_quad_form_matrix {name}")


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "approx_var_est": _approximate,
    "Var_approx": _true,
    "varHT": _pairs,
    "vartaylor_ratio": _ratio,
    "varest": _regression,
    "HTestimator": _total,
    "Hajekestimator": _mean,
    "poisson_ht": _poisson,
    "make_quad_form_matrix": _form,
}
