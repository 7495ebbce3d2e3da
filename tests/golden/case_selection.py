"""Chances proportional to size, and samples by permanent random numbers, asked of evalkit's springs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evalkit.inclusion.first import by_strata, proportional, whole_sizes
from evalkit.selection.ranked import below, pareto_ranks, sequential_ranks, smallest, turned

Rows = list[dict[str, str]]


def _rows(folder: Path, dataset: str) -> Rows:
    with (folder / f"{dataset}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _values(given: Any, folder: Path) -> list[float]:
    """Return numbers given as they are, or as a column of a data set."""
    if not isinstance(given, dict):
        return list(given)
    dataset, _, column = given["ref"].partition(".")
    values = [float(row[column]) for row in _rows(folder, dataset)]
    return [values[k - 1] for k in given["rows"]] if "rows" in given else values


def _chances(case: dict[str, Any], folder: Path) -> list[float]:
    return proportional(_values(case["args"]["a"], folder), int(case["args"]["n"]))


def _stratified(case: dict[str, Any], folder: Path) -> list[float]:
    return by_strata(case["args"]["strata"], dict(enumerate(case["args"]["nh"], start=1)))


def _strata(case: dict[str, Any], folder: Path) -> Iterator[tuple[Rows, int, list[float], list[float]]]:
    """Yield for each stratum its rows, how many to draw, their chances and their permanent numbers."""
    rows = _rows(folder, case["args"]["dataset"])
    for stratum in dict.fromkeys(row["stratum"] for row in rows):
        part = [row for row in rows if row["stratum"] == stratum]
        n = int(part[0]["nsamp"])
        probs = proportional(whole_sizes([float(row["size"]) for row in part]), n)
        yield part, n, probs, [float(row["prn"]) for row in part]


def _ids(rows: Rows, positions: list[int]) -> list[int]:
    return [int(rows[k]["id"]) for k in positions]


def _srs(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    args = case["args"]
    ids: list[int] = []
    for rows, n, _, numbers in _strata(case, folder):
        ids += _ids(rows, smallest(turned(numbers, args["start"], args["direction"] == "D"), n))
    return {"sampled_ids": sorted(ids)}


def _pareto(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    ids: list[int] = []
    chances: list[float] = []
    ranks: list[float] = []
    for rows, n, probs, numbers in _strata(case, folder):
        found = pareto_ranks(numbers, probs).tolist()
        ids += _ids(rows, smallest(found, n))
        chances, ranks = chances + probs, ranks + found
    return {"sampled_ids": sorted(ids), "lambda": chances, "Q": ranks}


def _poisson(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    ids: list[int] = []
    chances: list[float] = []
    for rows, _, probs, numbers in _strata(case, folder):
        ids += _ids(rows, below(numbers, probs))
        chances += probs
    return {"sampled_ids": sorted(ids), "pik": chances}


def _sequential(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    ids: list[int] = []
    for rows, n, probs, numbers in _strata(case, folder):
        ids += _ids(rows, smallest(sequential_ranks(numbers, probs), n))
    return {"sampled_ids": sorted(ids)}


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "inclusionprobabilities": _chances,
    "inclusionprobastrata": _stratified,
    "srs": _srs,
    "pps": _pareto,
    "poisson_prn": _poisson,
    "seq_poisson": _sequential,
}
