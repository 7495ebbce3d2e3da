"""Calibration and the estimators built on it, asked of evalkit by the names they have in R's sampling.

`calib` and `gencalib` stop at a relative miss of 1e-6, and `calib`'s logit takes g for the derivative on its way there; both are
asked for by name, so that the numbers are R's and not the nearer ones that a smaller `tol` gives.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from case_input import argument

from evalkit.calibration import MatrixProjection, fit, poststratify
from evalkit.variances.unequal import horvitz_thompson_total, horvitz_thompson_variance

R_TOL = 1e-6
AS_R = {"logit": "logit-r"}


def _args(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {name: argument(value, folder) for name, value in case["args"].items()}


def _calib(case: dict[str, Any], folder: Path) -> np.ndarray:
    args = _args(case, folder)
    method = AS_R.get(args["method"], args["method"])
    given = {"bounds": args.get("bounds"), "q": args.get("q"), "instruments": args.get("Zs")}
    return fit(args["Xs"], args["d"], args["total"], method=method, tol=R_TOL, max_steps=args.get("max_iter", 500), **given).g


def _calibev(case: dict[str, Any], folder: Path) -> dict[str, float]:
    args = {name: np.asarray(value) for name, value in _args(case, folder).items()}
    y, d, after, q = args["Ys"], args["d"], args["d"] * args["g"], args.get("q")
    # R regresses with the weights after calibration, whichever weights then multiply the residuals
    errors = MatrixProjection(args["Xs"], after, after, q).pull(after * y) / after
    weight = d if bool(args.get("with", False)) else after
    probs = np.diag(args["pikl"])
    variance = horvitz_thompson_variance(errors * weight * probs, args["pikl"], form="ht")
    return {"calest": float(after @ y), "evar": float(variance)}


def _ratioest(case: dict[str, Any], folder: Path) -> float:
    args = {name: np.asarray(value, dtype=float) for name, value in _args(case, folder).items()}
    d = 1 / args["pik"]
    return float((d * args["y"]) @ fit(args["x"], d, args["Tx"], q=1 / args["x"]).g)


def _ht_strata(case: dict[str, Any], folder: Path) -> list[list[float]]:
    args = _args(case, folder)
    return [[horvitz_thompson_total(args["y"], args["pik"])]]


def _hajek_strata(case: dict[str, Any], folder: Path) -> list[list[float]]:
    args = _args(case, folder)
    labels = list(dict.fromkeys(np.asarray(args["strata"]).tolist()))  # R takes the strata in the order in which they occur
    codes = np.array([labels.index(each) for each in np.asarray(args["strata"]).tolist()])
    d, sizes = 1 / np.asarray(args["pik"], dtype=float), np.asarray(args["N"], dtype=float)
    total = float((d * np.asarray(args["y"])) @ poststratify(codes, d, sizes).g)
    return [[total / float(sizes.sum()) if args.get("type") == "mean" else total]]


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "calib": _calib,
    "gencalib": _calib,
    "calibev": _calibev,
    "ratioest": _ratioest,
    "HTstrata": _ht_strata,
    "Hajekstrata": _hajek_strata,
}
