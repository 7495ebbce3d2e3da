"""evalkit gives the weights and standard errors that R's survey and sampling give for data of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.calibration import (
    CellProjection,
    MatrixProjection,
    Projection,
    RakedProjection,
    fit,
    fit_many,
    poststratify,
    poststratify_cells,
    rake,
    rake_cells,
    trim,
    unit_means,
)
from tests.from_r import written

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

import case_calibration  # a script beside the cases, not a package

HERE = Path(__file__).resolve().parent / "golden"
OWN = HERE / "own"
STATED = json.loads((OWN / "calibration.json").read_text(encoding="utf-8"))
VALUES = STATED["values"]
DATA = pd.read_csv(OWN / "calibration.csv")
TOTALS = [750.0, 170, 210, 47000]
OF_A, OF_B = [370.0, 170, 210], [320.0, 430]
A, B = DATA["a"].map({"E": 0, "H": 1, "M": 2}).to_numpy(), DATA["b"].map({"no": 0, "yes": 1}).to_numpy()
D, Y, Q, UNIT = (DATA[name].to_numpy() for name in ("w", "y", "q", "psu"))
X = np.column_stack([np.ones(60), A == 1, A == 2, DATA["x"]])
UNITS = unit_means(X, D, UNIT)
NEAR = 1e-12  # R's own miss


def variance(z: np.ndarray) -> float:
    """Return the variance of a total of scores, villages as ultimate clusters in three strata of four."""
    sums = np.bincount(UNIT - 1, weights=z).reshape(3, 4)
    return float(4 / 3 * ((sums - sums.mean(axis=1, keepdims=True)) ** 2).sum())


def calibrated(x: np.ndarray = X, q: np.ndarray | None = None, **asked: Any) -> tuple[np.ndarray, Projection]:
    w = D * fit(x, D, TOTALS, q=q, tol=NEAR, **asked).g
    return w, MatrixProjection(x, D, w, q)


def raked(sweeps: int | None = 10) -> tuple[np.ndarray, Projection]:
    w = D * rake([A, B], D, [OF_A, OF_B], tol=1e-14).g
    return w, RakedProjection([A, B], D, w, sweeps)


def poststratified() -> tuple[np.ndarray, Projection]:
    w = D * poststratify(A, D, OF_A).g
    return w, CellProjection(A, D, w)


STEPS = {
    "linear": lambda: calibrated(),
    "raking": lambda: calibrated(method="raking"),
    "logit": lambda: calibrated(method="logit", bounds=(0.6, 1.6)),
    "linear.bounds": lambda: calibrated(method="linear", bounds=(0.98, 1.25)),
    "raking.bounds": lambda: calibrated(method="raking", bounds=(0.98, 1.255)),
    "sinh.bounds": lambda: calibrated(method="sinh", bounds=(0.98, 1.252)),
    "linear.variance": lambda: calibrated(q=1 / Q),
    "linear.units": lambda: calibrated(UNITS),
    "raking.units": lambda: calibrated(UNITS, method="raking"),
    "rake": raked,
    "raking.margins": lambda: raked(sweeps=None),
    "poststratify": poststratified,
}


@pytest.mark.parametrize("name", STEPS)
def test_weights_totals_and_standard_errors_of_survey(name: str) -> None:
    stated = VALUES[name]
    w, step = STEPS[name]()
    total, mean = float(w @ Y), float(w @ Y / w.sum())
    assert w == pytest.approx(np.array(stated["w"]), rel=1e-9)
    assert total == pytest.approx(stated["total"][0], rel=1e-9)
    assert np.sqrt(variance(step.pull(w * Y))) == pytest.approx(stated["se"][0], rel=1e-9)
    assert np.sqrt(variance(step.pull(w * (Y - mean) / w.sum()))) == pytest.approx(stated["se_mean"][0], rel=1e-9)


def test_truncated_is_linear_within_bounds() -> None:
    assert calibrated(method="truncated", bounds=(0.98, 1.25))[0] == pytest.approx(np.array(VALUES["linear.bounds"]["w"]), rel=1e-9)


def test_raking_and_calibration_to_margins_differ_in_their_variance_only() -> None:
    one, other = VALUES["rake"], VALUES["raking.margins"]
    assert one["total"][0] == pytest.approx(other["total"][0], rel=1e-9) and abs(one["se"][0] / other["se"][0] - 1) > 1e-4


def test_trimmed_weights_of_survey() -> None:
    assert trim(D, 8, 15) == pytest.approx(np.array(VALUES["trim"]["w"]), rel=1e-12)
    assert trim(D, 8, 13, strict=True) == pytest.approx(np.array(VALUES["trim.strict"]["w"]), rel=1e-10)


def test_replicates_of_survey() -> None:
    sets = np.array(VALUES["jkn.weights"])
    sums = np.array([np.bincount(A * 2 + B, weights=each, minlength=6) for each in sets])
    raked = rake_cells(sums, [np.arange(6) // 2, np.arange(6) % 2], [OF_A, OF_B], tol=1e-14)
    stratified = poststratify_cells(np.array([np.bincount(A, weights=each) for each in sets]), OF_A)
    found = {
        "linear": fit_many(X, sets, TOTALS).rows(),
        "raking": fit_many(X, sets, TOTALS, method="raking", tol=NEAR).rows(),
        "rake": raked[:, A * 2 + B],
        "poststratify": stratified[:, A],
    }
    for name, g in found.items():
        assert sets * g == pytest.approx(np.array(VALUES[f"jkn.{name}"]), rel=1e-9), name


def args_of(**more: Any) -> dict[str, Any]:
    return {"Xs": X, "d": D, "total": TOTALS, "method": "linear"} | more


Z = np.column_stack([X[:, :3], DATA["z"]])
JOINT = np.where(np.eye(60, dtype=bool), np.diag(1 / D), np.outer(1 / D, 1 / D) * 0.95)
SAMPLING = {
    "calib.linear": ("calib", args_of()),
    "calib.raking": ("calib", args_of(method="raking")),
    "calib.logit": ("calib", args_of(method="logit", bounds=[0.6, 1.6])),
    "calib.truncated": ("calib", args_of(method="truncated", bounds=[0.98, 1.25])),
    "calib.q": ("calib", args_of(q=Q)),
    "gencalib.linear": ("gencalib", args_of(Zs=Z)),
    "gencalib.raking": ("gencalib", args_of(Zs=Z, method="raking")),
    "calibev": ("calibev", {"Ys": Y, "Xs": X, "pikl": JOINT, "d": D, "g": fit(X, D, TOTALS).g, "with": False}),
    "calibev.with": ("calibev", {"Ys": Y, "Xs": X, "pikl": JOINT, "d": D, "g": fit(X, D, TOTALS, q=Q).g, "q": Q, "with": True}),
}


@pytest.mark.parametrize("name", SAMPLING)
def test_values_of_sampling(name: str) -> None:
    function, args = SAMPLING[name]
    found = case_calibration.ANSWERS[function]({"args": args}, OWN)
    numbers = list(found.values()) if isinstance(found, dict) else found
    assert np.asarray(numbers) == pytest.approx(np.array(VALUES[name]), rel=1e-9)


def test_strata_and_ratio_estimators_by_hand() -> None:
    y, pik, strata = [1, 2, 3, 4, 5, 6], [0.2, 0.2, 0.5, 0.5, 0.5, 0.4], [7, 7, 3, 3, 3, 5]
    args = {"y": y, "pik": pik, "strata": strata, "N": [10, 6, 3]}
    assert case_calibration.ANSWERS["HTstrata"]({"args": args}, OWN) == [[15 + 24 + 15]]
    assert case_calibration.ANSWERS["Hajekstrata"]({"args": args}, OWN) == [[pytest.approx(10 * 1.5 + 6 * 4 + 3 * 6)]]
    assert case_calibration.ANSWERS["Hajekstrata"]({"args": args | {"type": "mean"}}, OWN) == [[pytest.approx(57 / 19)]]
    ratio = {"y": [2, 4.0], "x": [1, 3.0], "Tx": 20, "pik": [0.5, 0.25]}
    assert case_calibration.ANSWERS["ratioest"]({"args": ratio}, OWN) == pytest.approx((4 + 16) * 20 / (2 + 12))


@pytest.mark.r
def test_r_still_gives_the_stated_values(tmp_path: Path) -> None:
    again = written("make_calibration.R", tmp_path)["values"]
    assert set(again) == set(VALUES)
    for name, value in VALUES.items():
        pairs = zip(value.values(), again[name].values(), strict=True) if isinstance(value, dict) else [(value, again[name])]
        for stated, found in pairs:
            assert np.array(found) == pytest.approx(np.array(stated), rel=1e-9, abs=1e-12), name
