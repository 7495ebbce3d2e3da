"""Measures of spread and the local mean variance, asked of evalkit by the names they have in R."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from case_input import argument

from evalkit.selection.spread import local_balance, voronoi_balance
from evalkit.variances import local_mean


def _args(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {name: argument(value, folder) for name, value in case["args"].items()}


def _voronoi_balance(case: dict[str, Any], folder: Path) -> float:
    args = _args(case, folder)
    return voronoi_balance(args["prob"], args["x"], [i - 1 for i in args["sample"]])


def _local_balance(case: dict[str, Any], folder: Path) -> float:
    args = _args(case, folder)
    return local_balance(args["prob"], args["x"], [i - 1 for i in args["sample"]])


def _local_mean(case: dict[str, Any], folder: Path) -> float:
    args = _args(case, folder)
    return local_mean(args["ys"], args["probs"], args["xs"], args["k"])


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {"sb": _voronoi_balance, "sblb": _local_balance, "vsb": _local_mean}
